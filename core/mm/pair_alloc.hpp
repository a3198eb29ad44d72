// pair_alloc: the way of a request through the zones of 2.4 (__alloc_pages, mm/page_alloc.c, v2.4.22).
//
//   zonelist      HighMem ─► Normal ─► DMA, begun at the highest zone that the request's flags name
//   first walk    a zone gives if it has more free pages than 2^order and the pages_low of all zones asked so far
//   second walk   kswapd is woken; the same with pages_min, of which who cannot wait counts a quarter
//   then          who frees memory himself takes the last pages; who cannot wait is refused; others reclaim and walk once
//                 more with pages_min. More than 8 pages are then refused; for fewer the kernel begins again, for ever
//
// Marks add up along the list, so who could do with high memory leaves more of the lower zones alone than who could not.
// Told by the events of the younger allocators: lab_attempt, lab_zone_check (min: this zone's mark, reserve: the sum of
// the zones before it), lab_alloc_step, mm_page_alloc. Zones are numbered from the lowest on, as the architecture's are.
#pragma once
#include "desc/gfp.hpp"
#include "mm/mmzone.hpp"
#include "mm/pair_buddy.hpp"

#include <span>

namespace mmscope {

// The zones that a request may use, in their order: numbers of `zones` (build_zonelists; 16 lists, chosen by the four
// lowest bits, of which 2.4 knows __GFP_DMA and __GFP_HIGHMEM). __GFP_DMA wins.
std::vector<u32> pair_zonelist(std::span<const PairZone> zones, gfp_t gfp);

// The first page of a block, or nothing. In 6.1's bits __GFP_DIRECT_RECLAIM stands for __GFP_WAIT, and __GFP_MEMALLOC for
// a task that frees memory (PF_MEMALLOC). Reclaim frees nothing here.
std::optional<pfn_t> pair_alloc_pages(std::span<PairZone> zones, Trace *t, gfp_t gfp, order_t order);

// What struct zone of later kernels would say of it: all its pages are present and managed, its free blocks of one type.
zone as_zone(const PairZone &z);

} // namespace mmscope
