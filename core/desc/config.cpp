#include "desc/config.hpp"

#include "desc/rows.hpp"

namespace mmscope {

namespace {

bool is_digit(char ch) { return ch >= '0' && ch <= '9'; }

// "6.1.0-50" of "6.1.0-50-amd64": MAJOR.MINOR.PATCH-ABI, the way Debian numbers its builds.
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

} // namespace

std::vector<const KernelConfig *> all_configs() {
  std::vector<const KernelConfig *> all;
  for (const auto rows : {desc::x86_64_configs(), desc::i386_configs(), desc::arm64_configs(), desc::arm_configs()})
    for (const KernelConfig &c : rows) all.push_back(&c);
  return all;
}

const KernelConfig *find_config(std::string_view release) {
  unsigned major = 0, minor = 0, patch = 0, abi = 0;
  std::string_view rest = release;
  if (!take_number(rest, major) || !take(rest, '.') || !take_number(rest, minor) || !take(rest, '.') ||
      !take_number(rest, patch) || patch != 0 || !take(rest, '-') || !take_number(rest, abi))
    return nullptr;
  for (const KernelConfig *c : all_configs())
    if (c->era_major == major && c->era_minor == minor && c->flavour == rest) return c;
  return nullptr;
}

} // namespace mmscope
