// watermark: may a request take pages from a zone? (__zone_watermark_ok and zone_watermark_fast, mm/page_alloc.c, v6.1)
//
//   free pages as the counter says      ───────────────────────────────────►
//   - what this request may not use     [high-order atomic reserve][free CMA pages][2^order - 1]
//   must stay above                     [mark, lowered for requests in need][lowmem_reserve of the request's zone]
//   and for order > 0                   a block that large must be on a list the request may use
//
// The function is pure: the running allocator, the replay of a recorded one and the reading of a failure report all
// ask it, and all show the numbers it compared.
//
//   WatermarkCheck c = check_watermark({.free = 5000, .mark = 3797, .reserve = 181}, order_t{0}, flags);
//   if (!c.ok()) c.verdict, c.usable, c.needed
#pragma once
#include "base/types.hpp"
#include "desc/gfp.hpp"

namespace mmscope {

struct WatermarkInput {           // pages
  i64 free = 0;                   // NR_FREE_PAGES, as the zone's counter says
  u64 mark = 0;                   // the watermark that the attempt asks for, boost included
  u64 reserve = 0;                // lowmem_reserve[highest zone of the request]
  u64 nr_reserved_highatomic = 0; // kept for high-order atomic requests
  u64 free_cma = 0;               // NR_FREE_CMA_PAGES
  bool scattered = false;         // by the rule of 2.6, too few of the free pages lie in blocks that large
  u32 usable_orders = 0;          // bit o: a block of order o is on a list that the request may use (order > 0 only)
};

enum class WatermarkVerdict : u8 {
  ok,
  low,      // free pages do not exceed mark and reserve
  no_block, // enough pages, but no block is that large
  scattered // enough pages, but too few of them in large blocks (up to 4.3)
};

struct WatermarkCheck {
  WatermarkVerdict verdict = WatermarkVerdict::ok;
  i64 usable = 0; // free pages that count for this request; may be negative
  i64 min = 0;    // the mark, lowered for requests in need
  u64 reserve = 0;
  constexpr bool ok() const { return verdict == WatermarkVerdict::ok; }
  constexpr i64 needed() const { return min + static_cast<i64>(reserve) + 1; } // usable must be at least this
};

constexpr i64 unusable_free(const WatermarkInput &z, order_t order, u32 flags) {
  i64 n = (i64{1} << order.v) - 1;
  if ((flags & alloc_flag::RESERVES) == 0) n += static_cast<i64>(z.nr_reserved_highatomic);
  if ((flags & alloc_flag::CMA) == 0) n += static_cast<i64>(z.free_cma);
  return n;
}

// The mark for a request in need: half for __GFP_HIGH, of that three quarters if it cannot wait; half for an OOM victim.
constexpr i64 lowered_mark(i64 min, u32 flags) {
  if ((flags & alloc_flag::MIN_RESERVE) != 0) {
    min -= min / 2;
    if ((flags & alloc_flag::NON_BLOCK) != 0) min -= min / 4;
  }
  if ((flags & alloc_flag::OOM) != 0) min -= min / 2;
  return min;
}

constexpr WatermarkCheck check_watermark(const WatermarkInput &z, order_t order, u32 flags) {
  WatermarkCheck c;
  c.usable = z.free - unusable_free(z, order, flags);
  c.min = lowered_mark(static_cast<i64>(z.mark), flags);
  c.reserve = z.reserve;
  if (c.usable < c.needed())
    c.verdict = WatermarkVerdict::low;
  else if (z.scattered)
    c.verdict = WatermarkVerdict::scattered;
  else if (order.v != 0 && (z.usable_orders >> order.v) == 0)
    c.verdict = WatermarkVerdict::no_block;
  return c;
}

} // namespace mmscope
