// page_alloc: the buddy allocator's state and its free side (mm/page_alloc.c, v6.1).
//
//   free block 0x104, order 2          its buddy 0x100 is free too
//        [100..103][104..107]   ──►    one block 0x100 of order 3, and so on upwards
//
// PageAlloc owns the page frames (mem_map), the nodes with their zones, and the
// pool of list entries; every change goes through one of its primitives, which
// emits one state event (events.def), so that folding the events gives the state.
//
//   PageAlloc pa(BuddyRules{});
//   pa.init_node(t, 0, pfn_t{1}, 0x3ffdf, 0x3ff7e, phys_addr_t{});
//   pa.init_zone(t, 0, 0, pfn_t{1}, 4095, 3998);                          // node 0, DMA
//   pa.set_pages(t, pfn_t{1}, 4095, PageState::init, 0, 0);
//   pa.set_pageblocks(t, pfn_t{512}, 3584, migratetype::MOVABLE);
//   pa.free_core(t, pfn_t{0x400}, order_t{10}, 3);                        // memblock hands over
//   pa.for_each_block(0, 0, order_t{10}, migratetype::MOVABLE, [](FreeBlock b) { … });
//
// It is a value: copy it to keep a moment. Its links are indices, and what it
// costs follows what was touched: one record for each run of max-order blocks,
// and 8 bytes a page inside a max-order block whose pages differ (8 KiB in 4 MiB).
#pragma once
#include "mm/mem_map.hpp"
#include "mm/mmzone.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mmscope {

struct BuddyRules {
  order_t max_order{10};      // the largest order, 0..15 (Linux' MAX_ORDER is one more in 6.1)
  order_t pageblock_order{9}; // at most max_order
  unsigned zone_types = 5;    // MAX_NR_ZONES, at most max_zone_types
  friend bool operator==(const BuddyRules &, const BuddyRules &) = default;
};

enum class FreeTo : u8 { head, tail }; // FPI_TO_TAIL or the usual head (or tail, if merging is likely soon)

struct FreeBlock { // one list entry: `count` blocks of its list's order, ascending from `pfn`
  pfn_t pfn;
  u64 count = 1;
};
struct BuddyBlock { // one free block
  pfn_t pfn;
  order_t order;
  migratetype list = migratetype::UNMOVABLE; // whose list it is on; its pageblock may say otherwise
};
struct PfnRange { // half-open [start, end)
  pfn_t start, end;
};

class PageAlloc {
public:
  explicit PageAlloc(BuddyRules rules = {});

  // === primitives: each is one change and one state event ===
  // A node or zone number that was never initialised is our own bug, except in init_node.

  // A node gets its span (pages). Its other fields stay: set_node(online) is a step of its own. nid 0..1023.
  void init_node(Trace *t, i32 nid, pfn_t start, u64 spanned, u64 present, phys_addr_t pgdat);
  void set_node(Trace *t, i32 nid, node_field which, u64 value);
  // A zone gets its span (pages); its lists, managed pages and watermarks stay.
  void init_zone(Trace *t, i32 nid, unsigned zid, pfn_t start, u64 spanned, u64 present);
  void set_zone(Trace *t, i32 nid, unsigned zid, zone_field which, u64 value); // or lowmem_reserve_for(j)
  // `node` is the next in nid's fallback order; set_fallback keeps only the first `position` before (0: anew).
  void add_fallback(Trace *t, i32 nid, i32 node);
  void set_fallback(Trace *t, i32 nid, u64 position, i32 node);
  // See mem_map::set_run and set_types; here blocks on a list may get another type and stay on it.
  void set_pages(Trace *t, pfn_t pfn, u64 count, PageState state, i32 nid, unsigned zid);
  void set_pageblocks(Trace *t, pfn_t pfn, u64 count_pages, migratetype type);
  // `count` blocks of `order` (more than 1 only at max order) join a list, ascending, before its head or
  // behind its tail. Their pages belong to that zone and are not free; they read `free` from now on.
  void list_add(Trace *t, i32 nid, unsigned zid, order_t order, migratetype list, pfn_t pfn, u64 count, FreeTo to);
  // The free block at pfn leaves its list, wherever in it; its pages read `allocated`.
  void list_del(Trace *t, i32 nid, unsigned zid, order_t order, migratetype list, pfn_t pfn);

  // === operations: the kernel's functions ===

  // __free_one_page: merges upwards with free buddies, then joins the list of `type` (default: the type of
  // its pageblock). pfn is aligned to the order; the pages are not free and of one zone.
  // One lab_buddy_merge for each level.
  void free_one(Trace *t, pfn_t pfn, order_t order, FreeTo to, std::optional<migratetype> type = std::nullopt);
  // memblock_free_pages, __free_pages_core: `count` blocks (more than 1 only at max order), ascending, each
  // to the tail, its pages managed. A block whose first page deferred init has not reached is skipped.
  // The same as block by block, but a stretch costs as much as a block. lab_hand_over, lab_deferred_skip.
  void free_core(Trace *t, pfn_t pfn, order_t order, u64 count = 1);
  // deferred_init_memmap (one thread): initialises and frees `ranges`, the node's free ranges in its last
  // zone from first_deferred_pfn on: ascending, disjoint, whole pages. Returns the pages freed.
  // A max-order block at a time: initialise its part of every range, then free them, whole pageblocks as
  // one and the rest page by page. Freed to the tail, n pages one by one end as the blocks that n makes,
  // so that is what the events say: lab_hand_over order 0, count n, then those blocks.
  u64 free_deferred(Trace *t, i32 nid, std::span<const PfnRange> ranges);
  u64 free_deferred(Trace *t, i32 nid, pfn_t start, pfn_t end);
  // free_reserved_area, free_reserved_page: page by page, ascending, order 0, to the head (or the tail, if
  // merging is likely), then managed. Not through a CPU's page list. Here too the pages of an aligned block
  // of one zone and one type are freed as that block, which is what they end as. None of them may be free.
  void free_reserved(Trace *t, pfn_t pfn, u64 count);

  // === questions ===
  const BuddyRules &rules() const { return rules_; }
  const mem_map &map() const { return map_; }
  std::span<const pglist_data> nodes() const { return nodes_; } // index = node id
  const pglist_data &node(i32 nid) const;
  const zone &zone_of(i32 nid, unsigned zid) const;
  const zone *zone_at(pfn_t pfn) const; // the zone of that page; null: absent
  PageInfo page(pfn_t pfn) const { return map_.at(pfn); }
  migratetype pageblock(pfn_t pfn) const { return map_.at(pfn).block_type; }
  std::optional<BuddyBlock> free_head(pfn_t pfn) const;             // if a free block starts there
  std::optional<BuddyBlock> containing_free_block(pfn_t pfn) const; // if the page is free
  u64 uninit_pages(pfn_t first, pfn_t last) const { return map_.count_state(first, last, PageState::uninit); }
  template <class Fn> void for_each_run(pfn_t first, pfn_t last, Fn &&fn) const { map_.for_each_run(first, last, fn); }
  // fn(FreeBlock) for each entry of a list, head first. How blocks are grouped into runs means nothing.
  template <class Fn> void for_each_block(i32 nid, unsigned zid, order_t order, migratetype list, Fn &&fn) const;
  u64 memory_bytes() const; // heap held

  // Applies one state event of ours; other kinds give false.
  bool fold(const Event &e);
  void add_to(Digest &d) const;
  friend bool operator==(const PageAlloc &a, const PageAlloc &b); // equal digests
  // Re-derives the invariants: lists linked both ways, counts, alignment, pages agree with lists, inside
  // their zone, managed ≥ free; and, with `buddies`, no two free buddies that should have merged (false after
  // pageblocks were given another type). Returns the first violation in words, or "".
  std::string verify(bool buddies = true) const;

private:
  // An entry of a free list.
  struct Entry {
    u64 pfn = 0;
    u32 count = 0; // blocks
    u32 prev = 0, next = 0;
    u16 home = 0;
    u8 order = 0, list = 0;
  };
  using Page = mem_map::Page;
  using Stretch = mem_map::Stretch;

  pglist_data &node_ref(i32 nid);
  zone &zone_ref(i32 nid, unsigned zid);
  zone &zone_ref(u16 home);
  FreeList &list_ref(const Entry &e) { return zone_ref(e.home).areas[e.order].free_list[e.list]; }

  u32 take_entry(); // its fields are anything
  u32 grow_pool();
  u32 new_entry(const Entry &e);
  void drop_entry(u32 index);
  void link_after(FreeList &l, u32 anchor, u32 index); // anchor 0: before the head
  void unlink(FreeList &l, u32 index);
  u32 join_entries(FreeList &l, u32 left, u32 right); // one run if they can be; the index of what is left of `right`
  void count_free(zone &z, FreeList &l, unsigned order, u64 list, i64 blocks);
  void split_run(u64 block); // no free run crosses `block` any more
  // A block inside a mixed one joins or leaves zone z's lists; its pages read `allocated` already.
  void add_mixed(Trace *t, zone &z, mem_map::Mixed &m, pfn_t pfn, unsigned order, unsigned list, FreeTo to);
  void del_mixed(Trace *t, zone &z, mem_map::Mixed &m, pfn_t pfn);
  static void trace_add(Trace *t, const Entry &e, FreeTo to);
  static void trace_del(Trace *t, const Entry &e, pfn_t pfn);
  static void trace_merge(Trace *t, pfn_t pfn, pfn_t buddy, unsigned order);
  bool free_in_stretch(Trace *t, pfn_t pfn, order_t order, FreeTo to, std::optional<migratetype> type);
  void del_from_run(Trace *t, mem_map::Stretches::iterator it, u64 block);
  void add_managed(Trace *t, u16 home, u64 pages);
  void free_deferred_part(Trace *t, pfn_t start, pfn_t end);
  bool block_is_plain(pfn_t pfn, unsigned order) const; // one zone and one pageblock type
  std::string verify_list(i32 nid, unsigned zid, unsigned order, unsigned list, bool buddies, u64 &heads) const;

  BuddyRules rules_;
  mem_map map_;
  std::vector<pglist_data> nodes_;
  std::vector<Entry> pool_; // [0] unused
  u32 pool_free_ = 0;       // first unused entry, linked by next
};

template <class Fn>
void PageAlloc::for_each_block(i32 nid, unsigned zid, order_t order, migratetype list, Fn &&fn) const {
  const FreeList &l = zone_of(nid, zid).areas[mem_map::index(order.v)].free_list[static_cast<unsigned>(list)];
  for (u32 i = l.head; i != 0; i = pool_[i].next) fn(FreeBlock{pfn_t{pool_[i].pfn}, pool_[i].count});
}

} // namespace mmscope
