// memblock: what Linux knows of physical memory before it has a page allocator.
// Two sorted arrays of regions, and nothing else (mm/memblock.c, v6.1).
//
//   memory    [===========]      [=======================]     RAM that exists
//   reserved      [==]  [=]             [=====]       [==]     parts already spoken for
//   free      [==]    [=]        [=====]       [=====]         memory minus reserved
//
// An allocation searches the free ranges, from the top down unless told
// otherwise, and reserves what it found to the byte. memblock_free_all gives
// every whole free page to the buddy allocator (mm/boot.hpp wires that).
//
//   memblock mb;
//   mb.add(t, phys_addr_t{0x100000}, 0x3fee0000);
//   mb.reserve(t, phys_addr_t{0x1000000}, 0x3400000);
//   phys_addr_t a = mb.alloc_range_nid(t, {.size = 4096, .align = 64});   // 0 = failed
//
// Era differences are in `memblock_rules`. A call's Trace gets every change of
// an array as an event; replaying those gives the same arrays (mm/fold.hpp).
#pragma once
#include "base/digest.hpp"
#include "base/types.hpp"
#include "trace/trace.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace mmscope {

// Flags of a region (include/linux/memblock.h, enum memblock_flags).
inline constexpr u32 MEMBLOCK_NONE = 0, MEMBLOCK_HOTPLUG = 1, MEMBLOCK_MIRROR = 2, MEMBLOCK_NOMAP = 4,
                     MEMBLOCK_DRIVER_MANAGED = 8, MEMBLOCK_RSRV_KERN = 0x20, MEMBLOCK_KHO_SCRATCH = 0x40;

struct memblock_region {
  phys_addr_t base; // bytes
  u64 size = 0;     // bytes
  u32 flags = 0;
  i32 nid = no_node;
  phys_addr_t end() const { return base + size; }
  friend bool operator==(const memblock_region &, const memblock_region &) = default;
};

enum class memblock_list : u8 { memory = 0, reserved = 1 };

struct memblock_type {
  std::vector<memblock_region> regions; // never holds the kernel's dummy region; see cnt()
  u64 max = 128;                        // places in the array (INIT_MEMBLOCK_REGIONS)
  u64 total_size = 0;                   // bytes; the kernel's running sum, which trim does not update
  phys_addr_t array;                    // where a grown array lives; 0 = the static one
  // Neighbours that touch and agree in node and flags: the next merge joins them. Nearly always 0 (only
  // cap_memory_range leaves some, between NOMAP parts). Ours: derived, kept by every change, checked by verify(),
  // it spares the merge a walk over the whole array.
  u64 unmerged = 0;
  // What the kernel prints as cnt: an empty array counts its dummy region.
  u64 cnt() const { return regions.empty() ? 1 : regions.size(); }
  friend bool operator==(const memblock_type &, const memblock_type &) = default;
};

// Settings that calls change; the `which` of lab_memblock_set.
enum class memblock_setting : u8 { bottom_up, current_limit, can_resize, movable_node, mirror };

// What differs between builds and eras.
struct memblock_rules {
  u64 region_bytes = 24; // sizeof(struct memblock_region): what array doubling asks for
  unsigned page_shift = 12;
  u64 cache_line = 64;             // SMP_CACHE_BYTES, the alignment of a request that names none
  u32 alloc_flags = MEMBLOCK_NONE; // of what an allocation reserves
  bool alloc_keeps_nid = false;    // … which then is the asked node's
  bool numa = true; // CONFIG_NUMA: regions have a node; without it everything is of node 0, and nothing says so
  friend bool operator==(const memblock_rules &, const memblock_rules &) = default;
};

// A half-open free range and the node of the memory region it lies in.
struct FreeRange {
  phys_addr_t base, end;
  i32 nid = no_node;
  friend bool operator==(const FreeRange &, const FreeRange &) = default;
};

// A place in the walk over the free ranges, which allocates nothing (the kernel packs the same two numbers
// into one u64). Gap g lies before reserved region g; the last gap reaches to the end of the address space.
//
//   memory       [    0    ]   [       1       ]
//   reserved   [0]   [1]          [2]
//   gaps       0  [ 1 ]  [   2   ]  [    3   …
struct FreeCursor {
  std::size_t region = 0; // ascending: the next memory region; descending: one past it
  std::size_t gap = 0;    // the next gap
};

struct AllocRequest {
  u64 size = 0;           // bytes
  u64 align = 0;          // bytes, power of two; 0 = cache line
  phys_addr_t min_addr{}; // lowest address wanted
  phys_addr_t max_addr{}; // one past the highest; 0 = MEMBLOCK_ALLOC_ACCESSIBLE = up to current_limit
  i32 nid = no_node;
  bool exact_nid = false; // no other node will do
};

struct memblock {
  memblock_type memory, reserved;
  bool bottom_up = false;
  phys_addr_t current_limit = phys_addr_max;
  bool can_resize = false;   // memblock_allow_resize() was called
  bool movable_node = false; // boot parameter movable_node
  bool mirror = false;       // kernelcore=mirror and mirrored memory exists (system_has_some_mirror)
  memblock_rules rules;

  friend bool operator==(const memblock &, const memblock &) = default;

  // --- the kernel's calls. Return 0 or -ENOMEM (array full and not allowed to grow), as the kernel's do. ---
  int add(Trace *t, phys_addr_t base, u64 size);                          // memblock_add
  int add_node(Trace *t, phys_addr_t base, u64 size, i32 nid, u32 flags); // memblock_add_node
  int remove(Trace *t, phys_addr_t base, u64 size);                       // memblock_remove
  // memblock_reserve; with flags it is memblock_reserve_kern, and __memblock_reserve gives a node too.
  int reserve(Trace *t, phys_addr_t base, u64 size, u32 flags = MEMBLOCK_NONE, i32 nid = no_node);
  int phys_free(Trace *t, phys_addr_t base, u64 size); // memblock_phys_free
  int mark_hotplug(Trace *t, phys_addr_t base, u64 size);
  int clear_hotplug(Trace *t, phys_addr_t base, u64 size);
  int mark_mirror(Trace *t, phys_addr_t base, u64 size); // also sets `mirror`
  int mark_nomap(Trace *t, phys_addr_t base, u64 size);
  int clear_nomap(Trace *t, phys_addr_t base, u64 size);
  int mark_kho_scratch(Trace *t, phys_addr_t base, u64 size);
  int clear_kho_scratch(Trace *t, phys_addr_t base, u64 size);
  int set_node(Trace *t, phys_addr_t base, u64 size, memblock_list list, i32 nid); // memblock_set_node
  void trim_memory(Trace *t, u64 align);                                           // memblock_trim_memory
  void cap_memory_range(Trace *t, phys_addr_t base, u64 size);                     // memblock_cap_memory_range
  void enforce_memory_limit(Trace *t, u64 limit);                                  // memblock_enforce_memory_limit
  void mem_limit_remove_map(Trace *t, u64 limit);                                  // memblock_mem_limit_remove_map
  void set(Trace *t, memblock_setting which, u64 value);

  // memblock_alloc_range_nid: searches, reserves, returns the address; 0 = failed.
  // Order of concessions: wanted node → any node (unless exact) → not mirrored.
  phys_addr_t alloc_range_nid(Trace *t, const AllocRequest &r);
  // memblock_alloc_internal, the body of memblock_alloc_try_nid and its family (the outer layer opens their span):
  // caps max_addr by current_limit, and when nothing is found gives up min_addr.
  phys_addr_t alloc_try_nid(Trace *t, AllocRequest r);
  // memblock_find_in_range_node: search only. `flags` as choose_memblock_flags() gives.
  phys_addr_t find_in_range_node(Trace *t, u64 size, u64 align, phys_addr_t start, phys_addr_t end, i32 nid,
                                 u32 flags) const;

  // for_each_free_mem_range over (nid, flags), ascending: memory minus reserved, one range for
  // each memory region and gap (regions that touch but differ in node or flags stay apart). The kernel's walk
  // also yields the empty gap between two reserved regions that touch; it is left out here.
  std::vector<FreeRange> free_ranges(i32 nid = no_node, u32 flags = MEMBLOCK_NONE) const;
  // The same walk, one step at a time and with those empty gaps: ascending from the first range that ends
  // above `from` (free_up, next_free), or descending from the last that begins below `to` (free_down, prev_free).
  //   FreeRange r; for (FreeCursor c = mb.free_down(); mb.prev_free(c, no_node, MEMBLOCK_NONE, r);) …
  FreeCursor free_up(phys_addr_t from = {}) const;
  FreeCursor free_down(phys_addr_t to = phys_addr_max) const;
  bool next_free(FreeCursor &c, i32 nid, u32 flags, FreeRange &out) const;
  bool prev_free(FreeCursor &c, i32 nid, u32 flags, FreeRange &out) const;
  u32 choose_flags() const { return mirror ? MEMBLOCK_MIRROR : MEMBLOCK_NONE; }

  // --- questions ---
  i32 node_of(const memblock_region &r) const { return rules.numa ? r.nid : 0; } // memblock_get_region_node
  phys_addr_t start_of_dram() const;                                             // 0 when empty
  phys_addr_t end_of_dram() const;                                               // one past the last byte
  // Index of the region holding `a`, or -1 (binary search).
  int search(memblock_list list, phys_addr_t a) const;
  const memblock_type &type(memblock_list l) const { return l == memblock_list::memory ? memory : reserved; }
  memblock_type &type(memblock_list l) { return l == memblock_list::memory ? memory : reserved; }

  // Applies one lab_memblock_* event; other kinds are not for us and give false.
  bool fold(const Event &e);
  void add_to(Digest &d) const;
  // Re-derives the invariants: sorted, disjoint, minimal up to node and flags (except NOMAP parts after
  // cap_memory_range), non-empty regions, within max, total_size. Returns the first violation in words, or "".
  std::string verify() const;

private:
  bool should_skip(const memblock_region &r, i32 nid, u32 flags) const;
  phys_addr_t gap_start(std::size_t gap) const;
  phys_addr_t gap_end(std::size_t gap) const;
  phys_addr_t find_in_range(Trace *t, phys_addr_t start, phys_addr_t end, u64 size, u64 align) const;
  phys_addr_t find_max_addr(u64 limit) const;

  int add_range(Trace *t, memblock_list l, memblock_region r);
  int isolate(Trace *t, memblock_list l, phys_addr_t base, u64 size, std::size_t &first, std::size_t &last);
  int remove_range(Trace *t, memblock_list l, phys_addr_t base, u64 size);
  int set_flag(Trace *t, std::string_view name, phys_addr_t base, u64 size, u32 flag, bool on);
  void merge_regions(Trace *t, memblock_list l, std::size_t first, std::size_t last);
  int double_array(Trace *t, memblock_list l, phys_addr_t new_area, u64 new_area_size);

  // The only places where state changes: each is one state event, and fold() goes through them too.
  void insert_region(Trace *t, memblock_list l, std::size_t i, const memblock_region &r);
  void remove_region(Trace *t, memblock_list l, std::size_t i);
  void merge_region(Trace *t, memblock_list l, std::size_t i); // with the one to its right
  void split_region(Trace *t, memblock_list l, std::size_t i, phys_addr_t at);
  void trim_region(Trace *t, memblock_list l, std::size_t i, phys_addr_t base, u64 size);
  void mark_region(Trace *t, memblock_list l, std::size_t i, i32 nid, u32 flags);
  void grow_array(Trace *t, memblock_list l, u64 max, phys_addr_t array, u64 size);
  void change_setting(Trace *t, memblock_setting which, u64 value);
};

// The kernel's blocks for one free range of pages: ascending, each as large as
// its alignment and the end allow, at most 2^max_order pages
// (__free_pages_memory). Calls out(pfn, order, count) with runs of equal blocks.
template <class Out> void chop_into_blocks(pfn_t start, pfn_t end, order_t max_order, Out &&out) {
  while (start < end) {
    unsigned order =
        start.v == 0 ? static_cast<unsigned>(max_order.v) : static_cast<unsigned>(__builtin_ctzll(start.v));
    if (order > max_order.v) order = static_cast<unsigned>(max_order.v);
    while (start + (u64{1} << order) > end) --order;
    const u64 count = order == max_order.v ? (end - start) >> order : 1;
    out(start, order_t{order}, count);
    start += count << order;
  }
}

} // namespace mmscope
