#include "io/failure_gfp.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <span>

namespace mmscope {

namespace {

// What other versions call a bit of 6.1, and what has none there (include/linux/gfp.h of 2.6.24 to 6.12).
constexpr GfpName other_names[] = {
    {"__GFP_WAIT", gfp::RECLAIM, ""},
    {"__GFP_REPEAT", gfp::RETRY_MAYFAIL, ""},
    {"GFP_TEMPORARY", gfp::KERNEL | gfp::RECLAIMABLE, ""},
    {"__GFP_COLD", 0, ""},
    {"__GFP_NOTRACK", 0, ""},
    {"__GFP_OTHER_NODE", 0, ""},
    {"__GFP_NOLOCKDEP", 0, ""},
    {"__GFP_NO_OBJ_EXT", 0, ""},
    {"__GFP_SKIP_ZERO", 0, ""},
    {"__GFP_SKIP_KASAN", 0, ""},
    {"__GFP_SKIP_KASAN_POISON", 0, ""},
    {"__GFP_SKIP_KASAN_UNPOISON", 0, ""},
};

struct Bit {
  gfp_t theirs, ours;
};
constexpr Bit common[] = {{0x01, gfp::DMA},         {0x02, gfp::HIGHMEM},     {0x04, gfp::DMA32},
                          {0x08, gfp::MOVABLE},     {0x20, gfp::HIGH},        {0x40, gfp::IO},
                          {0x80, gfp::FS},          {0x200, gfp::NOWARN},     {0x400, gfp::RETRY_MAYFAIL},
                          {0x800, gfp::NOFAIL},     {0x1000, gfp::NORETRY},   {0x2000, gfp::MEMALLOC},
                          {0x4000, gfp::COMP},      {0x8000, gfp::ZERO},      {0x10000, gfp::NOMEMALLOC},
                          {0x20000, gfp::HARDWALL}, {0x40000, gfp::THISNODE}, {0x1000000, gfp::WRITE}};
// Up to 4.3 kswapd was always woken, and what did not wait was atomic.
constexpr Bit up_to_4_3[] = {
    {0x10, gfp::DIRECT_RECLAIM}, {0x80000, gfp::RECLAIMABLE}, {0x100000, gfp::MOVABLE}, {0, gfp::KSWAPD_RECLAIM}};
constexpr Bit up_to_4_12[] = {{0x10, gfp::RECLAIMABLE},
                              {0x80000, gfp::ATOMIC_BIT},
                              {0x100000, gfp::ACCOUNT},
                              {0x400000, gfp::DIRECT_RECLAIM},
                              {0x2000000, gfp::KSWAPD_RECLAIM}};

gfp_t translated(u64 number, std::span<const Bit> bits) {
  gfp_t g = 0;
  for (const Bit &b : bits)
    if ((number & b.theirs) == b.theirs) g |= b.ours;
  return g;
}

} // namespace

KernelVersion version_of(std::string_view release) {
  const std::size_t dot = release.find('.');
  if (dot == std::string_view::npos) return {};
  std::size_t end = dot + 1;
  while (end < release.size() && release[end] >= '0' && release[end] <= '9') ++end;
  const auto major = parse_u64(release.substr(0, dot)), minor = parse_u64(release.substr(dot + 1, end - dot - 1));
  if (!major || !minor || *major == 0 || *major > 99 || *minor > 999) return {};
  return {static_cast<unsigned>(*major), static_cast<unsigned>(*minor)};
}

std::optional<gfp_t> gfp_of_names(std::string_view names, std::vector<Saying> &assumed, u32 line) {
  gfp_t g = 0;
  bool any = false;
  for (bool more = true; more;) {
    const std::size_t bar = names.find('|');
    const std::string_view word = trim(names.substr(0, bar));
    more = bar != std::string_view::npos;
    if (more) names.remove_prefix(bar + 1);
    const auto old =
        std::find_if(std::begin(other_names), std::end(other_names), [&](const GfpName &n) { return n.name == word; });
    const bool is_name = !word.empty() && (word.front() < '0' || word.front() > '9');
    const std::optional<gfp_t> bits = old != std::end(other_names) ? old->bits
                                      : is_name                    ? parse_gfp(word)
                                                                   : std::nullopt;
    if (bits) {
      g |= *bits;
      any = true;
    } else if (assumed.size() < 32) {
      assumed.push_back(say("assumed.gfp_unknown").with("name", std::string(word.substr(0, 40))));
      assumed.back().line = line;
    }
  }
  return any ? std::optional(g) : std::nullopt;
}

std::optional<gfp_t> gfp_of_number(u64 number, KernelVersion version, std::vector<Saying> &assumed, u32 line) {
  std::optional<gfp_t> g;
  std::string_view era;
  if (!version.known() || version >= KernelVersion{5, 0}) {
    if ((number & ~u64{gfp::all_bits}) == 0) g = static_cast<gfp_t>(number);
    era = "5.0 to 6.12";
  } else if (version < KernelVersion{4, 4}) {
    g = translated(number, common);
    *g |= translated(number, up_to_4_3);
    if ((*g & gfp::DIRECT_RECLAIM) == 0) *g |= gfp::ATOMIC_BIT;
    era = "2.6.24 to 4.3";
  } else if (version <= KernelVersion{4, 12}) {
    g = translated(number, common) | translated(number, up_to_4_12);
    era = "4.4 to 4.12";
  }
  if (!g) return std::nullopt;
  assumed.push_back(say("assumed.gfp_number").with("era", std::string(era)));
  assumed.back().line = line;
  return g;
}

} // namespace mmscope
