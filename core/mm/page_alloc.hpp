// page_alloc: the page allocator (mm/page_alloc.c, v6.1): free lists, the CPUs' page lists, and the walk that a request
// takes through them.
//
//   alloc_pages(gfp, order, cpu)
//     zonelist    DMA32 ── watermark? ──► rmqueue                        alloc_pages.cpp, watermark.hpp
//     CPU's list  [head … tail]  empty? refill `batch` blocks from       pcp.cpp
//     free lists  order 0 … 10 × migratetype: smallest that fits, split  rmqueue.cpp
//     fallback    none of that type left: steal from another             rmqueue.cpp
//   free_pages(pfn, order, cpu)
//     CPU's list  too long? drain its tails into                         pcp.cpp
//     free lists  0x104 + its free buddy 0x100 = one block of order 3    free_pages.cpp
//
// PageAlloc owns the page frames (mem_map), the nodes with their zones, and the pool of list entries; every change goes
// through one of its primitives, which emits one state event (events.def), so that folding the events gives the state.
//
//   PageAlloc pa(BuddyRules{});
//   pa.init_node(t, 0, pfn_t{1}, 0x3ffdf, 0x3ff7e, phys_addr_t{});
//   pa.init_zone(t, 0, 0, pfn_t{1}, 4095, 3998);                          // node 0, DMA
//   pa.set_pages(t, pfn_t{1}, 4095, PageState::init, 0, 0);
//   pa.set_pageblocks(t, pfn_t{512}, 3584, migratetype::MOVABLE);
//   pa.free_core(t, pfn_t{0x400}, order_t{10}, 3);                        // memblock hands over
//   std::optional<pfn_t> p = pa.alloc_pages(t, {.gfp = gfp::KERNEL, .order = order_t{2}});
//   pa.free_pages(t, *p, order_t{2}, 0);
//
// It is a value: copy it to keep a moment. Its links are indices, and what it costs follows what was touched: one record
// for each run of max-order blocks, and 8 bytes a page inside a max-order block whose pages differ (8 KiB in 4 MiB).
#pragma once
#include "desc/era.hpp"
#include "desc/gfp.hpp"
#include "mm/mem_map.hpp"
#include "mm/mmzone.hpp"
#include "mm/watermark.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mmscope {

enum class FreeTo : u8 { head, tail }; // FPI_TO_TAIL or the usual head (or tail, if merging is likely soon)

struct BuddyRules {
  order_t max_order{10};      // the largest order, 0..15 (Linux' MAX_ORDER is one more in 6.1)
  order_t pageblock_order{9}; // at most max_order
  unsigned zone_types = 5;    // MAX_NR_ZONES, at most max_zone_types
  bool thp = true;            // CONFIG_TRANSPARENT_HUGEPAGE: CPUs keep blocks of pageblock_order too
  bool cma = false;           // CONFIG_CMA
  u8 zone_normal = 2;         // index of zone Normal …
  u8 zone_dma32 = 1;          // … and of DMA32 right below it, or no_zone: no request avoids mixing pageblocks
  std::array<u8, 16> gfp_zones{2, 0, 2, no_zone, 1, no_zone, no_zone, no_zone, // gfp_zone_table
                               2, 0, 3, no_zone, 1, no_zone, no_zone, no_zone};
  FreeTo boot_to = FreeTo::tail;      // where on its list goes what the boot hands over …
  bool expects_merges = true;         // … and, to the tail, a block whose pair may soon be whole
  u64 watermark_boost_factor = 15000; // of 10000, of the high watermark
  OrderTest order_test = OrderTest::listed;
  FallbackRule fallback = FallbackRule::spares;
  bool avoids_mixing = true, highatomic_reserve = true;
  PcpLists pcp_lists = PcpLists::by_order;
  PcpHigh pcp_high = PcpHigh::low_watermark;
  u64 pcp_most_pages = 256;         // a batch is cut from no more (zone_batchsize)
  u64 mib_pages = 256;              // 1 MiB
  unsigned pcp_batch_scale_max = 5; // free_factor goes no higher (CONFIG_PCP_BATCH_SCALE_MAX)
  friend bool operator==(const BuddyRules &, const BuddyRules &) = default;
};
inline constexpr unsigned costly_order = 3; // PAGE_ALLOC_COSTLY_ORDER

struct FreeBlock { // one list entry: `count` blocks of its list's order, ascending from `pfn`
  pfn_t pfn;
  u64 count = 1;
};
struct BuddyBlock { // one free block
  pfn_t pfn;
  order_t order;
  migratetype list = migratetype::UNMOVABLE; // whose list it is on; its pageblock may say otherwise
};
struct PcpBlock { // one block on a CPU's page list
  pfn_t pfn;
  order_t order;
  migratetype type = migratetype::UNMOVABLE; // remembered when it came: whose free list it goes back to
};
struct PfnRange { // half-open [start, end)
  pfn_t start, end;
};

// What the allocator remembers of a block that it gave to somebody.
enum class BlockUse : u8 {
  none = 0,
  compound = 1, // head and tails are one page (__GFP_COMP)
  movable = 2,  // asked for with __GFP_MOVABLE: counts as PageLRU when a pageblock is judged
  slab = 4,     // PG_slab
};
struct BlockInfo {
  pfn_t pfn;
  order_t order;
  u32 refcount = 0;
  u32 use = 0;      // BlockUse bits
  bool lru = false; // reclaim may free it
  bool is(BlockUse u) const { return (use & static_cast<u32>(u)) != 0; }
};

struct PageRequest {
  gfp_t gfp = gfp::KERNEL;
  order_t order;
  i32 nid = no_node; // where to begin; no_node: the CPU's own node
  u32 cpu = 0;
};
// One attempt: get_page_from_freelist's arguments (struct alloc_context and the ALLOC_ flags).
struct AllocAttempt {
  gfp_t gfp = 0;
  order_t order;
  migratetype type = migratetype::UNMOVABLE;
  unsigned highest_zone = 0;
  u32 flags = 0; // alloc_flag::
  i32 nid = 0;   // whose zonelist
  u32 cpu = 0;
  bool pcp_locked = false; // an interrupt came while the CPU's list was in use: only a record of a real run knows
};
// Where a request's way led when the first attempt failed (lab_alloc_step), in the order of the slow path.
enum class AllocStep : u8 {
  slow_path,         // below the low watermark: try with the min watermark
  wake_kswapd,       // a: node
  kswapd_not_needed, // a: node, balanced already or given up
  direct_compact,    // a: CompactResult
  direct_reclaim,    // a: pages freed
  drain_all,         // every CPU's page lists go back
  unreserve,         // a high-order atomic pageblock was given up
  retry,             // a: rounds without progress
  oom,               // a process would be killed
  no_oom,            // a: why not, see NoOom
  nofail,            // __GFP_NOFAIL: would go on for ever
  fails,             // a: why, see AllocFailure
};
enum class AllocFailure : u8 {
  no_usable_zone,
  no_direct_reclaim,
  noretry,
  costly,
  reclaim_failed,
  oom,
  order_too_large
};
enum class CompactResult : u8 { skipped, fragmented, not_suitable };
enum class NoOom : u8 { costly, retry_mayfail, thisnode, low_zone };
std::string_view alloc_step_name(AllocStep s);
std::string_view alloc_failure_name(AllocFailure f);

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
  void set_cpu_node(Trace *t, u32 cpu, i32 nid); // the CPU is online and of that node
  void set_mobility(bool on) {                   // page_group_by_mobility_disabled is vm's, and told there
    mobility_ = on;
    settle_quick();
  }
  // See mem_map::set_run and set_types; here blocks on a list may get another type and stay on it.
  void set_pages(Trace *t, pfn_t pfn, u64 count, PageState state, i32 nid, unsigned zid);
  void set_pageblocks(Trace *t, pfn_t pfn, u64 count_pages, migratetype type);
  // `count` blocks of `order` (more than 1 only at max order) join a list, ascending, before its head or
  // behind its tail. Their pages belong to that zone and are not free; they read `free` from now on.
  void list_add(Trace *t, i32 nid, unsigned zid, order_t order, migratetype list, pfn_t pfn, u64 count, FreeTo to);
  // The free block at pfn leaves its list, wherever in it; its pages read `allocated`.
  void list_del(Trace *t, i32 nid, unsigned zid, order_t order, migratetype list, pfn_t pfn);
  // A block that is on no list joins or leaves a CPU's page list, at its head or tail. `type` is remembered with it.
  void pcp_add(Trace *t, i32 nid, unsigned zid, u32 cpu, unsigned index, const PcpBlock &b, FreeTo to);
  void pcp_del(Trace *t, i32 nid, unsigned zid, u32 cpu, unsigned index, pfn_t pfn);
  void set_pcp(Trace *t, i32 nid, unsigned zid, u32 cpu, pcp_field which, i64 value);
  // A block that is on no list becomes somebody's, or (refcount 0) nobody's.
  void set_block(Trace *t, const BlockInfo &b);
  // A taken block goes onto or leaves its node's list of what reclaim may free; to the end.
  void lru_add(Trace *t, pfn_t pfn);
  void lru_del(Trace *t, pfn_t pfn);

  // === boot: memory arrives (free_pages.cpp) ===

  // __free_one_page: merges upwards with free buddies, then joins the list of `type` (default: the type of
  // its pageblock). pfn is aligned to the order; the pages are on no list and of one zone.
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
  // free_reserved_area, free_reserved_page: page by page, ascending, through CPU 0's page list, then managed. Before
  // there are such lists, to the head (or the tail, if merging is likely); the pages of an aligned block of one zone and
  // one type are then freed as that block, which is what they end as. None of them may be free.
  void free_reserved(Trace *t, pfn_t pfn, u64 count);

  // === requests (alloc_pages.cpp) ===

  // __alloc_pages: the first attempt at the low watermark, then the slow path. nullopt: refused; the events say why,
  // zone by zone (lab_zone_check) and step by step (lab_alloc_step). mm_page_alloc.
  std::optional<pfn_t> alloc_pages(Trace *t, const PageRequest &r);
  // get_page_from_freelist: one attempt, without the tracepoint.
  std::optional<pfn_t> get_page_from_freelist(Trace *t, const AllocAttempt &a);
  // The attempt that alloc_pages makes first; nullopt when the zone bits of gfp do not go together.
  std::optional<AllocAttempt> first_attempt(const PageRequest &r) const;
  // __alloc_pages_bulk: up to `nr` single pages, as many as the CPU's list and one zone give; then, if there were none,
  // one by alloc_pages. Returns them in the order taken.
  std::vector<pfn_t> alloc_pages_bulk(Trace *t, const PageRequest &r, u64 nr);
  // Its first part alone.
  std::vector<pfn_t> bulk_from_pcp(Trace *t, const AllocAttempt &a, u64 nr);
  // alloc_pages_exact: the block of the next order, split, what is beyond `pages` freed at once, page by page to the
  // tail. The rest are single pages.
  std::optional<pfn_t> alloc_pages_exact(Trace *t, const PageRequest &r, u64 pages);
  // split_page: a block that is no compound page becomes 2^order single pages of the same refcount.
  void split_page(Trace *t, pfn_t pfn);

  // __free_pages: the last reference goes, the block goes back: orders 0..3 and pageblock_order to the CPU's list, others
  // to the free lists. Not the last reference and not compound: its tails go (blocks of order-1 … 0). mm_page_free.
  // The block may also be part of one that was taken whole (split before), or one that nobody took (since the boot).
  void free_pages(Trace *t, pfn_t pfn, order_t order, u32 cpu);
  // free_unref_page_list: all prepared first, then all committed. Single pages.
  void free_pages_list(Trace *t, std::span<const pfn_t> pfns, u32 cpu);
  // The two halves: the pageblock's type is read when freeing starts, and counts when the page arrives.
  migratetype free_prepare(Trace *t, pfn_t pfn, order_t order);
  void free_commit(Trace *t, pfn_t pfn, order_t order, migratetype type, u32 cpu);
  // Straight to the free lists (__free_pages_ok, or a free that finds the CPU's list locked).
  void free_to_buddy(Trace *t, pfn_t pfn, order_t order, migratetype type, u32 cpu, FreeTo to = FreeTo::head);
  void get_page(Trace *t, pfn_t pfn); // one reference more to a taken block

  // === CPUs' page lists (pcp.cpp) ===
  void setup_per_cpu_pageset(Trace *t); // every zone gets lists for the CPUs that set_cpu_node named
  // zone_set_pageset_high_and_batch and refresh_zone_stat_thresholds, from managed pages, watermarks and CPUs.
  void update_pcp_limits(Trace *t);
  u64 zone_batchsize(u64 pages) const; // of a zone of so many pages; 0 stands for 1 where it is used
  // How many pages a drain gives back now.
  u64 next_drain(const zone &z, u32 cpu) const;
  void drain_pages_zone(Trace *t, i32 nid, unsigned zid, u32 cpu); // all of that zone's pages of a CPU go back
  void drain_all_pages(Trace *t);                                  // all of all
  void refresh_cpu_vm_stats(Trace *t, u32 cpu); // what the CPU has not told the zones' counters yet, it tells now

  // === reserves, isolation (rmqueue.cpp) ===
  bool unreserve_highatomic_pageblock(Trace *t, const AllocAttempt &a, bool force);
  // __isolate_free_page: the free block at pfn leaves its list for compaction or isolation, watermarks obeyed. False:
  // refused.
  bool isolate_free_page(Trace *t, pfn_t pfn, u32 cpu);
  // set_migratetype_isolate and unset: a pageblock and its free pages; nothing is allocated from it meanwhile. False: it
  // is isolated already, or not.
  bool set_migratetype_isolate(Trace *t, pfn_t pfn);
  bool unset_migratetype_isolate(Trace *t, pfn_t pfn, migratetype type);
  // init_cma_reserved_pageblock for every pageblock of [pfn, pfn + count): reserved pages become CMA pages.
  void init_cma_reserved(Trace *t, pfn_t pfn, u64 count);

  // === reclaim (reclaim.cpp) ===
  // wakeup_kswapd: true when it wakes (node_field::kswapd_awake).
  bool wakeup_kswapd(Trace *t, i32 nid, unsigned zid, order_t order, unsigned highest_zone);
  // balance_pgdat: kswapd's work, until one zone is above its high watermark or nothing is left to free. Boosts end.
  // Returns pages freed.
  u64 balance_pgdat(Trace *t, i32 nid, u32 cpu);
  void begin_balance(Trace *t, i32 nid, unsigned highest_zone); // its first and last steps, which a recorded run names
  void end_balance(Trace *t, i32 nid, unsigned highest_zone);
  void end_boosts(Trace *t, i32 nid, const std::array<u64, max_zone_types> &seen); // pages that it saw at its start
  bool pgdat_balanced(i32 nid, order_t order, unsigned highest_zone) const;
  u64 reclaimable_pages(i32 nid, unsigned zid) const;

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
  std::optional<BlockInfo> block(pfn_t pfn) const;                  // the taken block that the page lies in
  std::optional<PcpBlock> pcp_block(pfn_t pfn) const;               // the block of a CPU's list that it lies in
  u64 uninit_pages(pfn_t first, pfn_t last) const { return map_.count_state(first, last, PageState::uninit); }
  template <class Fn> void for_each_run(pfn_t first, pfn_t last, Fn &&fn) const { map_.for_each_run(first, last, fn); }
  // fn(FreeBlock) for each entry of a list, head first. How blocks are grouped into runs means nothing.
  template <class Fn> void for_each_block(i32 nid, unsigned zid, order_t order, migratetype list, Fn &&fn) const;
  // fn(PcpBlock), head first.
  template <class Fn> void for_each_pcp(i32 nid, unsigned zid, u32 cpu, unsigned index, Fn &&fn) const;
  template <class Fn> void for_each_lru(i32 nid, Fn &&fn) const; // fn(pfn_t), oldest first
  std::optional<pfn_t> lru_oldest(i32 nid) const;
  // The lists of a CPU: orders 0..3 by migratetype, then pageblock_order: not movable, movable. In older eras single
  // pages by migratetype, or all in one.
  unsigned pcp_lists() const {
    if (rules_.pcp_lists != PcpLists::by_order) return rules_.pcp_lists == PcpLists::by_type ? 3 : 1;
    return rules_.thp ? 14 : 12;
  }
  bool pcp_allowed(order_t order) const {
    if (rules_.pcp_lists != PcpLists::by_order) return order.v == 0;
    return order.v <= costly_order || (rules_.thp && order == rules_.pageblock_order);
  }
  unsigned pcp_index(order_t order, migratetype type) const {
    if (rules_.pcp_lists > PcpLists::by_type) return 0;
    if (order.v > costly_order) return 12 + (type == migratetype::MOVABLE);
    return 3 * static_cast<unsigned>(order.v) + static_cast<unsigned>(type);
  }
  order_t pcp_order(unsigned index) const { return index >= 12 ? rules_.pageblock_order : order_t{index / 3}; }
  u32 cpus() const { return static_cast<u32>(cpu_nodes_.size()); }
  i32 cpu_node(u32 cpu) const { return cpu < cpu_nodes_.size() ? cpu_nodes_[cpu] : 0; }
  WatermarkInput watermark_input(const zone &z, u64 mark, order_t order, unsigned highest_zone, u32 flags) const;
  // Of a pageblock: its free pages, and those of taken blocks that count as movable.
  struct BlockCount {
    u64 free = 0, movable = 0;
  };
  BlockCount count_pageblock(pfn_t pfn) const;
  u64 memory_bytes() const; // heap held

  // Applies one state event of ours; other kinds give false.
  bool fold(const Event &e);
  void add_to(Digest &d) const;
  friend bool operator==(const PageAlloc &a, const PageAlloc &b); // equal digests
  // Re-derives the invariants: lists linked both ways, counts, alignment, pages agree with lists, inside
  // their zone, managed ≥ free; and, with `buddies`, no two free buddies that should have merged (false after
  // pageblocks were given another type). Returns the first violation in words, or "".
  std::string verify(bool buddies = true) const;
  // The same for what a call touched: the max-order blocks of `pfns` and the counts of their zones.
  std::string verify_blocks(std::span<const pfn_t> pfns) const;

private:
  // An entry of a free list, of a CPU's page list (order and list: of the block and its remembered type; count: see
  // PcpHome), or of a node's LRU list (count: refcount and use).
  struct Entry {
    u64 pfn = 0;
    u32 count = 0; // blocks
    u32 prev = 0, next = 0;
    u16 home = 0;
    u8 order = 0, list = 0;
  };
  using Page = mem_map::Page;
  using Mixed = mem_map::Mixed;
  using Stretch = mem_map::Stretch;

  pglist_data &node_ref(i32 nid);
  zone &zone_ref(i32 nid, unsigned zid);
  zone &zone_ref(u16 home);
  FreeList &list_ref(const Entry &e) { return zone_ref(e.home).areas[e.order].free_list[e.list]; }

  u32 take_entry(); // its fields are anything
  u32 grow_pool();
  u32 new_entry(const Entry &e);
  void drop_entry(u32 index);
  template <class List> void link_after(List &l, u32 anchor, u32 index); // anchor 0: before the head
  template <class List> void unlink(List &l, u32 index);
  u32 join_entries(FreeList &l, u32 left, u32 right); // one run if they can be; the index of what is left of `right`
  void count_free(zone &z, FreeList &l, unsigned order, u64 list, i64 blocks);
  void split_run(u64 block); // no free run crosses `block` any more
  // A block inside a mixed one joins or leaves zone z's lists; its pages read `allocated` already.
  void add_mixed(Trace *t, zone &z, Mixed &m, pfn_t pfn, unsigned order, unsigned list, FreeTo to);
  void del_mixed(Trace *t, zone &z, Mixed &m, pfn_t pfn);
  static void trace_add(Trace *t, const Entry &e, FreeTo to);
  static void trace_del(Trace *t, const Entry &e, pfn_t pfn);
  static void trace_merge(Trace *t, pfn_t pfn, pfn_t buddy, unsigned order);
  bool free_in_stretch(Trace *t, pfn_t pfn, order_t order, FreeTo to, std::optional<migratetype> type);
  void del_from_run(Trace *t, mem_map::Stretches::iterator it, u64 block);
  void add_managed(Trace *t, u16 home, u64 pages);
  void free_deferred_part(Trace *t, pfn_t start, pfn_t end);
  bool block_is_plain(pfn_t pfn, unsigned order) const; // one zone and one pageblock type
  std::string verify_list(i32 nid, unsigned zid, unsigned order, unsigned list, bool buddies, u64 &heads) const;
  std::string verify_pcp(i32 nid, unsigned zid, u64 &heads) const;
  std::string verify_counts(i32 nid, unsigned zid) const;
  std::string verify_entry(u32 index, u64 pfn, u16 home, unsigned order, mem_map::BlockKind kind) const;
  std::string verify_mixed(u64 block) const;

  // The max-order block's page records; made when it has none.
  Mixed &mixed_of(pfn_t pfn) {
    const u32 slot = map_.slot_of(pfn.v >> map_.mo_);
    return slot != 0 ? map_.mixed_[slot] : map_.make_mixed(pfn.v >> map_.mo_);
  }
  // An entry of a CPU's list says in `count` which: cpu * 16 + index.
  static u32 pcp_home(u32 cpu, unsigned index) { return cpu << 4 | index; }
  void put_pcp(Trace *t, zone &z, Mixed &m, u32 cpu, unsigned index, pfn_t pfn, unsigned order, unsigned type,
               FreeTo to);
  u32 take_pcp(Trace *t, zone &z, u32 entry); // the entry leaves its list, unlinked but not dropped
  static void trace_pcp(Trace *t, EventKind kind, const Entry &e, u64 tail);
  void put_block(Trace *t, Mixed &m, pfn_t pfn, unsigned order, u32 refcount, u32 use);
  void clear_block(Trace *t, Mixed &m, pfn_t pfn);                  // that starts there
  void clear_blocks(Trace *t, Mixed &m, pfn_t pfn, unsigned order); // all marks of taken blocks on those pages
  void mod_free_pages(Trace *t, zone &z, u16 home, u32 cpu, i64 pages);
  void tell_drift(Trace *t, zone &z, u16 home, u32 cpu, i64 diff);

  bool zone_allows(Trace *t, const zone &z, u16 home, const AllocAttempt &a);
  std::optional<pfn_t> rmqueue(Trace *t, zone &z, u16 home, const AllocAttempt &a);
  std::optional<pfn_t> rmqueue_buddy(Trace *t, zone &z, u16 home, const AllocAttempt &a);
  // The block may be on no list of `list`; its pages read `allocated` afterwards. No counter moves.
  std::optional<pfn_t> rmqueue_smallest(Trace *t, zone &z, unsigned order, unsigned list);
  std::optional<pfn_t> rmqueue_any(Trace *t, zone &z, u16 home, unsigned order, unsigned list, const AllocAttempt &a);
  bool rmqueue_fallback(Trace *t, zone &z, u16 home, unsigned order, unsigned list, const AllocAttempt &a);
  std::optional<pfn_t> old_fallback(Trace *t, zone &z, u16 home, unsigned order, unsigned list);
  // The free block of order `found` leaves its list; its upper halves go to `rest`, until 2^order pages are left.
  pfn_t cut(Trace *t, zone &z, pfn_t pfn, unsigned found, unsigned order, unsigned rest);
  void steal_fallback(Trace *t, zone &z, u16 home, pfn_t pfn, unsigned order, unsigned from, unsigned to, bool whole,
                      const AllocAttempt &a);
  bool boost_watermark(Trace *t, zone &z, u16 home);
  void list_move(Trace *t, u16 home, pfn_t pfn, unsigned order, unsigned from, unsigned to);
  // move_freepages_block: pages that moved; 0 when the pageblock sticks out of the zone.
  u64 move_freepages_block(Trace *t, u16 home, pfn_t pfn, unsigned to, u64 *movable);
  void reserve_highatomic_pageblock(Trace *t, zone &z, u16 home, pfn_t pfn);
  u64 rmqueue_bulk(Trace *t, zone &z, u16 home, unsigned index, u64 count, const AllocAttempt &a);
  std::optional<pfn_t> rmqueue_pcplist(Trace *t, zone &z, u16 home, const AllocAttempt &a, bool halve);
  void free_pcppages_bulk(Trace *t, zone &z, u16 home, u32 cpu, u64 count, unsigned index);
  void free_pcp_batch(Trace *t, zone &z, u16 home, u32 cpu, u64 count);
  void free_pcp_page(Trace *t, zone &z, u16 home, u32 cpu, u32 entry);
  u32 page_of_one_list(Trace *t, zone &z, u16 home, const AllocAttempt &a);
  void free_shared(Trace *t, BlockInfo b, order_t order, u32 cpu);
  // The usual request and the usual free, when nobody listens: the same as the long way, in one go. Nothing happens
  // when it is not so usual after all.
  static constexpr pfn_t no_page{~u64{0}};
  pfn_t take_quickly(const PageRequest &r);
  std::optional<pfn_t> alloc_step_by_step(Trace *t, const PageRequest &r);
  void free_step_by_step(Trace *t, pfn_t pfn, order_t order, u32 cpu);
  bool free_quickly(pfn_t pfn, unsigned order, u32 cpu);
  void commit_pcp(Trace *t, zone &z, u16 home, Mixed &m, pfn_t pfn, unsigned order, unsigned type, u32 cpu);

  std::optional<pfn_t> slow_path(Trace *t, const PageRequest &r, AllocAttempt a);
  std::optional<pfn_t> direct_reclaim(Trace *t, const AllocAttempt &a, u64 &freed);
  void wake_all_kswapds(Trace *t, const AllocAttempt &a);
  CompactResult compaction_suitable(const AllocAttempt &a) const;
  bool should_reclaim_retry(Trace *t, const AllocAttempt &a, bool progress, u64 &rounds);
  u64 shrink_node(Trace *t, i32 nid, unsigned highest_zone, u64 pages, u32 cpu);
  pfn_t hand_out(Trace *t, pfn_t pfn, const PageRequest &r, unsigned type); // prep_new_page and the tracepoint
  // fn(zone, home) for the zones of a's zonelist, first to last, until it returns true; the preferred one comes first.
  template <class Fn> bool walk_zonelist(const AllocAttempt &a, Fn &&fn);

  BuddyRules rules_;
  mem_map map_;
  std::vector<pglist_data> nodes_;
  std::vector<i32> cpu_nodes_; // index = CPU
  std::vector<Entry> pool_;    // [0] unused
  u32 pool_free_ = 0;          // first unused entry, linked by next
  unsigned online_nodes_ = 0;
  bool mobility_ = true;
  // Orders below these may go the quick way (take_quickly, free_quickly): none with an older era's lists.
  unsigned quick_takes_ = 0, quick_frees_ = 0;
  void settle_quick() {
    quick_frees_ = rules_.pcp_lists == PcpLists::by_order ? costly_order + 1 : 0;
    quick_takes_ = mobility_ && !rules_.cma ? quick_frees_ : 0;
  }
};

template <class Fn>
void PageAlloc::for_each_block(i32 nid, unsigned zid, order_t order, migratetype list, Fn &&fn) const {
  const FreeList &l = zone_of(nid, zid).areas[mem_map::index(order.v)].free_list[static_cast<unsigned>(list)];
  for (u32 i = l.head; i != 0; i = pool_[i].next) fn(FreeBlock{pfn_t{pool_[i].pfn}, pool_[i].count});
}
template <class Fn> void PageAlloc::for_each_pcp(i32 nid, unsigned zid, u32 cpu, unsigned index, Fn &&fn) const {
  const zone &z = zone_of(nid, zid);
  if (cpu >= z.pcp.size()) return;
  for (u32 i = z.pcp[cpu].lists[index].head; i != 0; i = pool_[i].next)
    fn(PcpBlock{pfn_t{pool_[i].pfn}, order_t{pool_[i].order}, static_cast<migratetype>(pool_[i].list)});
}
template <class Fn> void PageAlloc::for_each_lru(i32 nid, Fn &&fn) const {
  for (u32 i = node(nid).lru.head; i != 0; i = pool_[i].next) fn(pfn_t{pool_[i].pfn});
}

} // namespace mmscope
