// alloc_flags: how hard the last attempts for a request try, from its gfp flags (gfp_to_alloc_flags, mm/page_alloc.c, v6.1).
// The running allocator and the autopsy of a failure report both ask it.
//
//   gfp_to_alloc_flags(gfp::ATOMIC, order_t{3})    WMARK_MIN|NON_BLOCK|MIN_RESERVE|HIGHATOMIC|KSWAPD
//
// Not in it: CMA, which the type of the page decides, and what lets a task below every watermark.
#pragma once
#include "base/types.hpp"
#include "desc/gfp.hpp"

namespace mmscope {

static_assert(gfp::HIGH == alloc_flag::MIN_RESERVE && gfp::KSWAPD_RECLAIM == alloc_flag::KSWAPD);

constexpr u32 gfp_to_alloc_flags(gfp_t g, order_t order) {
  u32 f = alloc_flag::WMARK_MIN | alloc_flag::CPUSET | (g & (gfp::HIGH | gfp::KSWAPD_RECLAIM));
  if ((g & gfp::DIRECT_RECLAIM) != 0) return f;
  if ((g & gfp::NOMEMALLOC) == 0) {
    f |= alloc_flag::NON_BLOCK;
    if (order.v > 0 && (f & alloc_flag::MIN_RESERVE) != 0) f |= alloc_flag::HIGHATOMIC;
  }
  // Who may use part of the reserve and cannot wait is not held to policies and cpusets.
  if ((f & alloc_flag::MIN_RESERVE) != 0) f &= ~alloc_flag::CPUSET;
  return f;
}

} // namespace mmscope
