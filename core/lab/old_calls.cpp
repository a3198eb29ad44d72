#include "lab/old_calls.hpp"

#include "base/text.hpp"
#include "mm/old_mem.hpp"

namespace mmscope {

namespace page_calls { // the same half of the program (web/hosting/split.mjs)

namespace {

constexpr u64 most_align = u64{1} << 32;
constexpr u64 max_dma_address = u64{16} << 20; // __pa(MAX_DMA_ADDRESS): alloc_bootmem keeps what lies below
// 512 MiB: giving that away page by page is more than half a million events, which are kept while the call is on show.
constexpr u64 most_pages = u64{1} << 18;
constexpr std::size_t most_zones = 4; // like DMA, Normal, HighMem, and one to try
static_assert(most_pages <= most_pair_pages);
constexpr i64 no_memory = -12; // ENOMEM

CallFault fault_if(std::string why, unsigned arg = ~0u) {
  return why.empty() ? CallFault{} : CallFault{std::move(why), arg};
}

// --- bootmem ---

CallFault check_init(const CallSite &c) {
  if (c.s.bootmem) return {"init_bootmem has run already"};
  const u64 start = c.v[2];
  if (c.v[1] <= start) return {concat("the node has no page: it begins at page ", start), 1};
  if (c.v[1] - start > most_pages) return {concat("a bitmap has ", most_pages, " pages at most here"), 1};
  if (c.v[1] > u64{1} << (c.s.arch->max_physmem_bits - c.s.arch->page_shift))
    return {"the node ends beyond physical memory", 1};
  if (c.v[3] > static_cast<u64>(BootmemResume::lowered_by_free))
    return {"resume is 0 (at the goal), 1 (from the last success) or 2 (which a free brings down)", 3};
  return {};
}
CallOutcome init(CallSite &c) {
  const BootmemRules rules{.page_shift = c.s.arch->page_shift,
                           .long_bytes = c.s.arch->word,
                           .resume = static_cast<BootmemResume>(c.v[3]),
                           .whole_longs = c.v[4] != 0};
  c.s.bootmem.emplace(c.t, rules, pfn_t{c.v[0]}, pfn_t{c.v[2]}, pfn_t{c.v[1]});
  return {c.s.bootmem->map_bytes()};
}
CallFault check_bootmem(const CallSite &c) {
  if (!c.s.bootmem) return {"there is no boot bitmap: init_bootmem has not run"};
  return fault_if(c.s.bootmem->is_gone() ? "free_all_bootmem has given the bitmap away" : "");
}
CallFault check_free(const CallSite &c) {
  if (CallFault f = check_bootmem(c); !f.reason.empty()) return f;
  return fault_if(c.s.bootmem->why_not_free(phys_addr_t{c.v[0]}, c.v[1]), 0);
}
CallOutcome free(CallSite &c) {
  c.s.bootmem->free(c.t, phys_addr_t{c.v[0]}, c.v[1]);
  return {};
}
CallFault check_reserve(const CallSite &c) {
  if (CallFault f = check_bootmem(c); !f.reason.empty()) return f;
  return fault_if(c.s.bootmem->why_not_reserve(phys_addr_t{c.v[0]}, c.v[1]), 0);
}
CallOutcome reserve(CallSite &c) {
  c.s.bootmem->reserve(c.t, phys_addr_t{c.v[0]}, c.v[1]);
  return {};
}
CallFault check_alloc(const CallSite &c) {
  if (CallFault f = check_bootmem(c); !f.reason.empty()) return f;
  if (c.v[0] == 0) return {"size is 0: BUG()", 0};
  if (c.v[1] > most_align) return {"align is 4 GiB at most", 1};
  return {};
}
CallOutcome alloc(CallSite &c) {
  const u64 cache_line = c.s.config.cache_line != 0 ? c.s.config.cache_line : c.s.arch->cache_line;
  const auto a = c.s.bootmem->alloc(c.t, {.size = c.v[0],
                                          .align = c.v[1] != 0 ? c.v[1] : cache_line,
                                          .goal = phys_addr_t{c.given(2) ? c.v[2] : max_dma_address}});
  if (!a) c.s.print(c.t, concat("bootmem alloc of ", c.v[0], " bytes failed!"));
  return {a ? a->v : 0};
}
CallFault check_free_all(const CallSite &c) { return fault_if(why_not_free_all_bootmem(c.s)); }
CallOutcome free_all(CallSite &c) { return {free_all_bootmem(c.s, c.t)}; }

// --- pair bitmaps ---

CallFault check_zone(const CallSite &c) {
  // Zones are known by their numbers: one more would be HighMem to requests, and one before its own would shift those.
  if (c.s.on_pair_zones()) return {"this machine stands on such zones itself: free_area_init makes them"};
  const u64 pages = c.v[0], start = c.v[2];
  if (pages == 0 || pages > most_pages) return {concat("a zone has 1 to ", most_pages, " pages here"), 0};
  if (c.v[1] == 0 || c.v[1] > max_pair_orders) return {concat("orders goes from 1 to ", max_pair_orders), 1};
  if (start > u64{1} << (c.s.arch->max_physmem_bits - c.s.arch->page_shift))
    return {"the zone begins beyond physical memory", 2};
  if (!c.c.text.empty() && c.c.text != "upper" && c.c.text != "lower")
    return {"take is upper (2.4) or lower (2.6): which half of a block is given out", 3};
  if (c.s.pair_zones.size() >= most_zones) return {concat("there are ", most_zones, " zones already")};
  for (const PairZone &z : c.s.pair_zones)
    if (start < z.end().v && z.rules().start.v < start + pages)
      return {concat("zone ", z.id(), " has pages ", z.rules().start.v, " to ", z.end().v - 1), 0};
  return {};
}
CallOutcome make_zone(CallSite &c) {
  const u32 id = static_cast<u32>(c.s.pair_zones.size());
  c.s.pair_zones.emplace_back(c.t, id,
                              PairRules{.start = pfn_t{c.v[2]},
                                        .pages = c.v[0],
                                        .orders = static_cast<unsigned>(c.v[1]),
                                        .take = c.c.text == "lower" ? PairTake::lower : PairTake::upper,
                                        .long_bytes = c.s.arch->word});
  return {id};
}
std::size_t zone_number(const CallSite &c) {
  return c.given(1) ? static_cast<std::size_t>(c.v[1]) : c.s.pair_zones.size() - 1;
}
CallFault check_rmqueue(const CallSite &c) {
  if (c.s.pair_zones.empty()) return {"there is no zone with pair bitmaps: pair_buddy_init makes one"};
  if (c.given(1) && c.v[1] >= c.s.pair_zones.size()) return {concat("there is no zone ", c.v[1]), 1};
  const unsigned orders = c.s.pair_zones[zone_number(c)].rules().orders;
  if (c.v[0] >= orders) return {concat("this zone's orders go from 0 to ", orders - 1), 0};
  return {};
}
CallOutcome take(CallSite &c) {
  const auto p = c.s.pair_zones[zone_number(c)].rmqueue(c.t, order_t{c.v[0]});
  return {p ? p->v : static_cast<u64>(no_memory)};
}
constexpr CallRow rows[] = {
    {Op::init_bootmem, check_init, init},
    {Op::free_bootmem, check_free, page_calls::free},
    {Op::reserve_bootmem, check_reserve, reserve},
    {Op::alloc_bootmem, check_alloc, alloc},
    {Op::free_all_bootmem, check_free_all, free_all},
    {Op::pair_buddy_init, check_zone, make_zone},
    {Op::rmqueue, check_rmqueue, take},
    {Op::free_pages_ok, check_free_pages_ok, free_pages_ok},
};

} // namespace

CallFault check_free_pages_ok(const CallSite &c) {
  const PairZone *z = pair_zone_of(c.s, pfn_t{c.v[0]});
  if (z == nullptr) return {concat("no zone with pair bitmaps has page ", c.v[0]), 0};
  return fault_if(z->why_not_free(pfn_t{c.v[0]}, order_t{c.v[1]}), c.v[1] < z->rules().orders ? 0 : 1);
}
CallOutcome free_pages_ok(CallSite &c) {
  pair_zone_of(c.s, pfn_t{c.v[0]})->free_pages_ok(c.t, pfn_t{c.v[0]}, order_t{c.v[1]});
  return {};
}

} // namespace page_calls

std::span<const CallRow> old_call_rows() { return page_calls::rows; }

} // namespace mmscope
