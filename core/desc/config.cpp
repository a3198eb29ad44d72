#include "desc/config.hpp"

#include "desc/rows.hpp"

namespace mmscope {

namespace {

bool is_digit(char ch) { return ch >= '0' && ch <= '9'; }

// "6.1.0-50" of "6.1.0-50-amd64": MAJOR.MINOR.PATCH-ABI, the way Debian numbers its builds, PATCH being 0 since 3.0; since
// Debian 13 MAJOR.MINOR.PATCH+debN.
bool take_number(std::string_view &s, unsigned &out) {
  std::size_t n = 0;
  unsigned value = 0;
  while (n < s.size() && n < 6 && is_digit(s[n])) value = value * 10 + static_cast<unsigned>(s[n++] - '0');
  if (n == 0 || (n < s.size() && is_digit(s[n]))) return false;
  s.remove_prefix(n);
  out = value;
  return true;
}
bool take(std::string_view &s, char ch) {
  if (s.empty() || s.front() != ch) return false;
  s.remove_prefix(1);
  return true;
}

// ".deb12.4" of "6.5.0-0.deb12.4-686": a build for the stable release before. False when there is half of it.
bool skip_backport(std::string_view &s) {
  unsigned number = 0;
  if (!s.starts_with(".deb")) return true;
  s.remove_prefix(4);
  return take_number(s, number) && take(s, '.') && take_number(s, number);
}

struct Release { // "6.12.107+deb13-amd64" in parts
  unsigned major = 0, minor = 0, patch = 0, debian = 0;
  std::string_view flavour;
  bool names(const KernelConfig &c) const {
    return c.era_major == major && c.era_minor == minor && c.era_patch == patch && c.debian == debian &&
           c.flavour == flavour;
  }
};

// The page's first load has the rows that it begins with; all others come later (web/hosting/split.mjs).
[[gnu::noinline]] const KernelConfig *find_later_config(const Release &r) {
  for (const KernelConfig *c : all_configs())
    if (r.names(*c)) return c;
  return nullptr;
}

} // namespace

bool is_of(const KernelConfig &config, const Era &era) {
  return config.era_major == era.major && config.era_minor == era.minor && config.era_patch == era.patch;
}

std::vector<const KernelConfig *> all_configs() {
  std::vector<const KernelConfig *> all;
  for (const auto rows :
       {desc::x86_64_pivot_configs(), desc::x86_64_configs(), desc::i386_configs(), desc::i386_old_configs(),
        desc::arm64_configs(), desc::arm_configs(), desc::riscv64_configs()})
    for (const KernelConfig &c : rows) all.push_back(&c);
  return all;
}

const KernelConfig *find_config(std::string_view release) {
  unsigned major = 0, minor = 0, patch = 0, abi = 0, debian = 0;
  std::string_view rest = release;
  if (!take_number(rest, major) || !take(rest, '.') || !take_number(rest, minor) || !take(rest, '.') ||
      !take_number(rest, patch))
    return nullptr;
  if (rest.starts_with("+deb")) {
    rest.remove_prefix(4);
    if (!take_number(rest, debian) || debian == 0) return nullptr;
    patch = 0; // of a stable release: its rules are those of the version
  } else if ((patch != 0 && major > 2) || !take(rest, '-') || !take_number(rest, abi) || !skip_backport(rest)) {
    return nullptr;
  }
  const Release r{major, minor, patch, debian, rest};
  for (const KernelConfig &c : desc::x86_64_pivot_configs())
    if (r.names(c)) return &c;
  return find_later_config(r);
}

} // namespace mmscope
