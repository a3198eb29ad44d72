#include "desc/gfp.hpp"

#include "base/text.hpp"

namespace mmscope {

namespace {

// clang-format off
constexpr GfpName names[] = {
    {"GFP_TRANSHUGE", gfp::TRANSHUGE, "a huge page, worth reclaiming for"},
    {"GFP_TRANSHUGE_LIGHT", gfp::TRANSHUGE_LIGHT, "a huge page if one is free"},
    {"GFP_HIGHUSER_MOVABLE", gfp::HIGHUSER_MOVABLE, "a page of a process, which may be moved"},
    {"GFP_HIGHUSER", gfp::HIGHUSER, "a page of a process that stays where it is"},
    {"GFP_USER", gfp::USER, "for a process, used by the kernel too"},
    {"GFP_KERNEL_ACCOUNT", gfp::KERNEL_ACCOUNT, "for the kernel, charged to a process"},
    {"GFP_KERNEL", gfp::KERNEL, "for the kernel; the caller can wait"},
    {"GFP_NOFS", gfp::NOFS, "can wait, but must not call a file system"},
    {"GFP_ATOMIC", gfp::ATOMIC, "cannot wait and may use part of the reserve"},
    {"GFP_NOIO", gfp::NOIO, "can wait, but must not start I/O"},
    {"GFP_NOWAIT", gfp::NOWAIT, "cannot wait and gets no reserve"},
    {"GFP_DMA32", gfp::DMA32, "below 4 GiB"},
    {"GFP_DMA", gfp::DMA, "below 16 MiB"},
    {"__GFP_RECLAIM", gfp::RECLAIM, "may reclaim itself and wake kswapd"},
    {"__GFP_DMA", gfp::DMA, "zone DMA"},
    {"__GFP_HIGHMEM", gfp::HIGHMEM, "high memory is fine"},
    {"__GFP_DMA32", gfp::DMA32, "zone DMA32"},
    {"__GFP_MOVABLE", gfp::MOVABLE, "the page can be moved"},
    {"__GFP_RECLAIMABLE", gfp::RECLAIMABLE, "a shrinker can free it"},
    {"__GFP_HIGH", gfp::HIGH, "may use part of the reserve"},
    {"__GFP_IO", gfp::IO, "may start I/O"},
    {"__GFP_FS", gfp::FS, "may call a file system"},
    {"__GFP_ZERO", gfp::ZERO, "zeroed"},
    {"__GFP_ATOMIC", gfp::ATOMIC_BIT, "cannot wait"},
    {"__GFP_DIRECT_RECLAIM", gfp::DIRECT_RECLAIM, "may reclaim itself"},
    {"__GFP_KSWAPD_RECLAIM", gfp::KSWAPD_RECLAIM, "wakes kswapd below the low watermark"},
    {"__GFP_WRITE", gfp::WRITE, "will be dirtied: spread over nodes"},
    {"__GFP_NOWARN", gfp::NOWARN, "no report when it fails"},
    {"__GFP_RETRY_MAYFAIL", gfp::RETRY_MAYFAIL, "try hard, but no OOM kill"},
    {"__GFP_NOFAIL", gfp::NOFAIL, "must not fail"},
    {"__GFP_NORETRY", gfp::NORETRY, "give up early"},
    {"__GFP_MEMALLOC", gfp::MEMALLOC, "no watermark: the request frees memory"},
    {"__GFP_COMP", gfp::COMP, "a compound page"},
    {"__GFP_NOMEMALLOC", gfp::NOMEMALLOC, "never touches the reserves"},
    {"__GFP_HARDWALL", gfp::HARDWALL, "stays inside the cpuset"},
    {"__GFP_THISNODE", gfp::THISNODE, "this node or none"},
    {"__GFP_ACCOUNT", gfp::ACCOUNT, "charged to a memory cgroup"},
    {"__GFP_ZEROTAGS", gfp::ZEROTAGS, "memory tags zeroed too"},
};
// clang-format on

std::optional<unsigned> index_of(std::span<const ZoneRow> zones, std::string_view name) {
  for (unsigned i = 0; i < zones.size(); ++i)
    if (zones[i].name == name) return i;
  return std::nullopt;
}

std::optional<gfp_t> one_name(std::string_view word) {
  for (const GfpName &n : names)
    if (n.name == word) return n.bits;
  return std::nullopt;
}

} // namespace

std::span<const GfpName> gfp_names() { return names; }

std::optional<gfp_t> parse_gfp(std::string_view text) {
  gfp_t g = 0;
  while (true) {
    const std::size_t bar = text.find('|');
    const std::string_view word = trim(text.substr(0, bar));
    if (word.empty()) return std::nullopt;
    if (word.front() >= '0' && word.front() <= '9') {
      const std::optional<u64> n = parse_u64(word);
      if (!n || (*n & ~u64{gfp::all_bits}) != 0) return std::nullopt;
      g |= static_cast<gfp_t>(*n);
    } else {
      const std::optional<gfp_t> bits = one_name(word);
      if (!bits) return std::nullopt;
      g |= *bits;
    }
    if (bar == std::string_view::npos) return g;
    text.remove_prefix(bar + 1);
  }
}

std::string gfp_text(gfp_t g) {
  std::string out;
  gfp_t left = g;
  for (const GfpName &n : names) {
    if ((left & n.bits) != n.bits) continue;
    left &= ~n.bits;
    if (!out.empty()) out += '|';
    out += n.name;
  }
  return out.empty() ? "0" : out;
}

std::array<u8, 16> gfp_zone_table(std::span<const ZoneRow> zones) {
  const unsigned normal = index_of(zones, "Normal").value_or(0);
  const auto zone = [&](std::string_view name) { return static_cast<u8>(index_of(zones, name).value_or(normal)); };
  std::array<u8, 16> t{};
  t.fill(no_zone);
  t[0] = t[gfp::MOVABLE] = static_cast<u8>(normal);
  t[gfp::DMA] = t[gfp::DMA | gfp::MOVABLE] = zone("DMA");
  t[gfp::HIGHMEM] = zone("HighMem");
  t[gfp::DMA32] = t[gfp::DMA32 | gfp::MOVABLE] = zone("DMA32");
  t[gfp::HIGHMEM | gfp::MOVABLE] = zone("Movable");
  return t;
}

std::string alloc_flags_text(u32 flags) {
  static constexpr std::string_view marks[] = {"WMARK_MIN", "WMARK_LOW", "WMARK_HIGH", "WMARK_PROMO"};
  static constexpr std::pair<u32, std::string_view> bits[] = {{alloc_flag::NO_WATERMARKS, "NO_WATERMARKS"},
                                                              {alloc_flag::OOM, "OOM"},
                                                              {alloc_flag::NON_BLOCK, "NON_BLOCK"},
                                                              {alloc_flag::MIN_RESERVE, "MIN_RESERVE"},
                                                              {alloc_flag::CPUSET, "CPUSET"},
                                                              {alloc_flag::CMA, "CMA"},
                                                              {alloc_flag::NOFRAGMENT, "NOFRAGMENT"},
                                                              {alloc_flag::HIGHATOMIC, "HIGHATOMIC"},
                                                              {alloc_flag::KSWAPD, "KSWAPD"}};
  std::string out(marks[flags & alloc_flag::WMARK_MASK]);
  for (const auto &[bit, name] : bits)
    if ((flags & bit) != 0) out += concat("|", name);
  return out;
}

} // namespace mmscope
