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
enum class zone_field : u8 { managed, min, low, high, spanned, present, pcp_high, pcp_batch, lowmem_reserve = 16 };
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
  cpus
};

// One list of free blocks: doubly linked, in list order, over a pool shared by the machine (PageAlloc).
struct FreeList {
  u32 head = 0, tail = 0; // pool indices; 0 = empty
  u64 nr = 0;             // blocks (a run counts all of its blocks)
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
  std::array<free_area, max_orders> areas{};
  u64 nr_free_pages = 0; // kept by the free lists; see free_pages()
  // NR_FREE_PAGES: pages in free lists, those of type ISOLATE not counted.
  u64 free_pages() const { return nr_free_pages; }
  u64 sum_free_pages() const; // the same, summed up from the lists: verify() compares
  bool populated() const { return present_pages != 0; }
  pfn_t end_pfn() const { return start_pfn + spanned_pages; }
};

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
  std::vector<i32> fallback; // node order of ZONELIST_FALLBACK, itself first
  std::array<zone, max_zone_types> zones{};
};

// Every field that is not a link: two nodes that a learner cannot tell apart give equal digests.
// (The lists' contents are PageAlloc's to add.)
void add_to(Digest &d, const zone &z);
void add_to(Digest &d, const pglist_data &node);

} // namespace mmscope
