#include "io/dmesg_lowmem.hpp"

#include "base/text.hpp"
#include "desc/config.hpp"

namespace mmscope {

namespace {

constexpr std::string_view highmem_mark = "Initializing - for node - (-)";

bool any_start(std::string_view m, std::initializer_list<std::string_view> starts) {
  for (const std::string_view s : starts)
    if (m.starts_with(s)) return true;
  return false;
}

// Flavours by what a release says of them, the longer before what they contain; modelled or not.
struct ReleaseArch {
  std::string_view part, arch;
};
constexpr ReleaseArch release_archs[] = {
    {"arm64-16k", "arm64-16k"}, {"arm64-64k", "arm64-64k"}, {"arm64", "arm64"},       {"aarch64", "arm64"},
    {"armmp-lpae", "arm-lpae"}, {"armmp", "arm"},           {"-686-pae", "i386-pae"}, {"-686", "i386"},
    {"-586", "i386"},           {"i686-pae", "i386-pae"},   {"i686", "i386"},         {"riscv64", "riscv64"},
    {"loongson", "mips64el"},   {"malta", "mips"},          {"powerpc", "powerpc"},   {"ppc64", "powerpc"},
    {"s390x", "s390x"},         {"amd64", "x86_64"},        {"x86_64", "x86_64"},
};

} // namespace

LogLine lowmem_line(std::string_view m) {
  const bool amount = m.ends_with("MB HIGHMEM available.") || m.ends_with("MB LOWMEM available.");
  const bool note = any_start(m, {"  mapped low ram: ", "  low ram: "}) ||
                    (m.starts_with("only ") && m.find("MB highmem pages available, ignoring") != m.npos) ||
                    m.starts_with("highmem size (");
  const bool init = m.starts_with("Initializing ") && m.find(" for node ") != m.npos && m.ends_with(")");
  if (!amount && !note && !init) return {};
  LogLine l;
  l.kind = LogKind::fact;
  l.fact = init ? LineKind::highmem_init : LineKind::lowmem;
  l.masked = m.front() == '-' || m == highmem_mark;
  l.flag = amount || init; // a mark
  l.text = m;
  return l;
}

std::string strip_lowmem(const LogLine &l) {
  if (!l.flag) return {};
  if (l.fact == LineKind::highmem_init) return std::string(highmem_mark);
  return l.text.find("HIGHMEM") != std::string::npos ? "-MB HIGHMEM available." : "-MB LOWMEM available.";
}

// Of a build that is in no row. It comes with the later half of the page (web/hosting/split.mjs).
[[gnu::noinline]] static const Arch *guess_arch(std::string_view release, u64 max_arch_pfn, std::string &why_not) {
  for (const ReleaseArch &a : release_archs)
    if (release.find(a.part) != release.npos && find_arch(a.arch) == nullptr) {
      why_not = a.arch;
      return nullptr;
    }
  for (const Arch *a : all_arches())
    if (max_arch_pfn != 0 && a->physical_bytes() >> a->page_shift == max_arch_pfn) return a;
  for (const ReleaseArch &a : release_archs)
    if (release.find(a.part) != release.npos) return find_arch(a.arch);
  return nullptr;
}
const Arch *arch_of_log(std::string_view release, u64 max_arch_pfn, std::string &why_not) {
  if (const KernelConfig *row = find_config(release)) return find_arch(row->arch);
  return release.empty() && max_arch_pfn == 0 ? nullptr : guess_arch(release, max_arch_pfn, why_not);
}

} // namespace mmscope
