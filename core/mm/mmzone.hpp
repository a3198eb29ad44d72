// mmzone: nodes, their zones, and a zone's free lists (include/linux/mmzone.h, v6.1).
//
//   node 0                                   node 1
//   DMA   DMA32              Normal  Movable  DMA32 …
//   [1..  [1000 ..           [100000 ..
//    spanned = present + holes;  managed = what was given to the buddy allocator
//
//   zone.free_area[order].free_list[migratetype]:  head ⇄ block ⇄ run ⇄ block ⇄ tail
//
// A list entry is a block, or a *run*: n blocks of that order side by side, in
// ascending order, handed over together. A run is split when somebody takes one
// of its blocks; nobody else can tell it from n entries.
//
//   zone z; z.populated(); z.free_pages() << 2;   // kB, as /proc/zoneinfo's "pages free" would give
#pragma once
#include "base/digest.hpp"
#include "base/types.hpp"
#include "mm/mem_map.hpp"

#include <array>
#include <vector>

namespace mmscope {

inline constexpr unsigned max_zone_types = 6; // enough for every era: DMA DMA32 NORMAL HIGHMEM MOVABLE DEVICE
inline constexpr unsigned max_orders = 16;    // order 0 .. 15

enum class watermark : u8 { min, low, high };

// The `which` of lab_zone_set. lowmem_reserve + j is the reserve against requests for zone j.
enum class zone_field : u8 {
  managed,
  min,
  low,
  high,
  spanned,
  present,
  pcp_high,
  pcp_batch,
  watermark_boost,
  nr_reserved_highatomic,
  boosted,        // ZONE_BOOSTED_WATERMARK
  reclaim_active, // ZONE_RECLAIM_ACTIVE
  stat_threshold,
  pcp_cpus, // so many CPUs have a page list here
  nr_isolate_pageblock,
  pageblock_flags,
  lowmem_reserve = 16
};
constexpr zone_field lowmem_reserve_for(unsigned j) { return static_cast<zone_field>(16 + j); } // j < max_zone_types
// The `which` of lab_node_set.
enum class node_field : u8 {
  first_deferred_pfn,
  memoryless,
  online,
  spanned,
  present,
  start_pfn,
  movable_start_pfn,
  cpus,
  kswapd_awake, // + 1 of the order it was woken for; 0 = asleep
  kswapd_highest_zoneidx,
  kswapd_failures,
  mem_map,
  cma_base
};

// One list of free blocks: doubly linked, in list order, over a pool shared by the machine (PageAlloc).
struct FreeList {
  u32 head = 0, tail = 0; // pool indices; 0 = empty
  u64 nr = 0;             // blocks (a run counts all of its blocks)
};

inline constexpr unsigned max_pcp_lists = 14;

// A CPU's page list of one order and migratetype. The head is taken first, the tail is drained first.
struct PcpList {
  u32 head = 0, tail = 0; // pool indices; 0 = empty
};
// The `which` of lab_pcp_set.
enum class pcp_field : u8 { free_factor, stat_diff };
// One CPU's pages of one zone (struct per_cpu_pages), and what it has not told the zone's counter yet (struct
// per_cpu_zonestat). Pages here are in no free list and not in NR_FREE_PAGES.
struct per_cpu_pages {
  std::array<PcpList, max_pcp_lists> lists{}; // see PageAlloc::pcp_index
  u32 count = 0;                              // pages
  u32 free_factor = 0;                        // the next drain is batch << free_factor; halved by every allocation
  i64 stat_diff = 0;                          // vm_stat_diff[NR_FREE_PAGES]: pages
};

struct free_area { // the free blocks of one order
  std::array<FreeList, migratetype_count> free_list;
  u64 nr_free() const { // blocks, of every type
    u64 n = 0;
    for (const FreeList &l : free_list) n += l.nr;
    return n;
  }
};

struct zone {                     // struct zone
  pfn_t start_pfn;                // zone_start_pfn; 0 when empty
  u64 spanned_pages = 0;          // pages from first to last, holes included
  u64 present_pages = 0;          // pages with RAM behind them
  u64 managed_pages = 0;          // pages the buddy allocator was given (an estimate until the handoff)
  std::array<u64, 3> watermark{}; // pages: min, low, high
  std::array<u64, max_zone_types> lowmem_reserve{}; // pages
  u64 pcp_high = 0, pcp_batch = 1;                  // pages: limits of a CPU's page list
  u64 watermark_boost = 0;                          // pages: added to every mark until kswapd has run
  u64 nr_reserved_highatomic = 0;                   // pages in pageblocks kept for high-order atomic requests
  u64 nr_isolate_pageblock = 0;                     // pageblocks
  phys_addr_t pageblock_flags;                      // FLATMEM: where its usage map lies; 0 = none
  u64 stat_threshold = 0;                           // a CPU tells the counter when its difference exceeds this
  i64 stat_drift = 0;                               // sum of all CPUs' stat_diff
  bool boosted = false, reclaim_active = false;     // zone->flags
  std::vector<per_cpu_pages> pcp;                   // index = CPU; empty until setup_per_cpu_pageset
  std::array<free_area, max_orders> areas{};
  u64 nr_free_pages = 0; // kept by the free lists; see free_pages()
  u64 nr_free_cma = 0;   // likewise: pages on CMA lists
  // NR_FREE_PAGES: pages in free lists, those of type ISOLATE not counted.
  u64 free_pages() const { return nr_free_pages; }
  // The same as the zone's global counter has it: what the CPUs have not told it is missing. Watermarks see this.
  i64 vm_stat_free_pages() const { return static_cast<i64>(nr_free_pages) - stat_drift; }
  u64 sum_free_cma() const;   // nr_free_cma, summed up from the lists
  u64 sum_free_pages() const; // the same as free_pages, summed up from the lists: verify() compares
  bool populated() const { return present_pages != 0; }
  pfn_t end_pfn() const { return start_pfn + spanned_pages; }
};

// At how many pages a CPU's list is too long (nr_pcp_high): less while the zone is being reclaimed, none once `free_high`,
// when large blocks are freed one after the other.
constexpr u64 nr_pcp_high(const zone &z, bool free_high) {
  if (free_high) return 0;
  return z.reclaim_active && z.pcp_batch << 2 < z.pcp_high ? z.pcp_batch << 2 : z.pcp_high;
}
// So many pages go back then (nr_pcp_free): more each time, but a batch stays.
constexpr u64 nr_pcp_free(const zone &z, const per_cpu_pages &pcp, u64 high, bool free_high) {
  if (free_high) return pcp.count;
  if (high < z.pcp_batch) return 1;
  const u64 least = z.pcp_batch, most = high - z.pcp_batch, wanted = z.pcp_batch << pcp.free_factor;
  if (wanted < least) return least;
  return wanted < most ? wanted : most;
}

inline constexpr u64 never_deferred = ~u64{0}; // first_deferred_pfn of a node that has nothing to defer

struct pglist_data { // struct pglist_data; NODE_DATA(nid)
  i32 nid = 0;
  bool online = false;
  bool memoryless = false;
  phys_addr_t pgdat; // where NODE_DATA(nid) lives; 0 = not known
  pfn_t start_pfn;   // node_start_pfn
  u64 spanned_pages = 0, present_pages = 0;
  u64 first_deferred_pfn = never_deferred;
  u64 movable_start_pfn = 0; // zone_movable_pfn[nid]; 0 = none
  u64 cpus = 0;
  u64 kswapd_awake = 0;           // see node_field
  u64 kswapd_highest_zoneidx = 0; // highest zone that it was woken for
  phys_addr_t mem_map;            // FLATMEM: where its array of struct page lies; 0 = none
  phys_addr_t cma_base;           // its own CMA area, as large as the default one; 0 = none
  u64 kswapd_failures = 0;        // runs in a row that reclaimed nothing; at 16 it gives up
  FreeList lru;                   // blocks that reclaim may free, oldest first
  std::vector<i32> fallback;      // node order of ZONELIST_FALLBACK, itself first
  std::array<zone, max_zone_types> zones{};
};

// Every field that is not a link: two nodes that a learner cannot tell apart give equal digests.
// (What lists hold is PageAlloc's to add.)
void add_to(Digest &d, const zone &z);
void add_to(Digest &d, const pglist_data &node);

} // namespace mmscope
