// mem_map: one `struct page` for each page frame, kept as runs.
//
//   pfn      0  1        9f   100      1000            4411              3ffe0    40000
//   state    [h][reserved][hole][init  ][reserved      ][init ....      ][ hole   ]
//   run       1     2       3      4        5              6                7
//
// Frames that nothing has told apart share one record, so a terabyte that was
// handed over in one piece costs as much as a megabyte. A max-order block whose
// pages differ gets per-page records of its own ("mixed"), so that looking a
// page up while the allocator runs costs one table walk:
//
//   stretches (ordered)   [0: mixed #1][1..3: init][4: mixed #2][5..900: free, list entry 7]   gap = absent
//   table (O(1))          block 0 ─► #1            block 4 ─► #2        everything else ─► look among the stretches
//   mixed #1              1024 records of 8 bytes: 8 KiB for a touched block of 4 MiB
//
// What a frame's state means:
//   absent    no struct page: its section is not present
//   uninit    a struct page that deferred init has not reached yet
//   hole      initialised, PG_reserved, no RAM behind it ("unavailable ranges")
//   init      initialised RAM, not yet given to anybody (refcount 1, not reserved)
//   reserved  initialised RAM, PG_reserved (kernel image, mem_map itself, …)
//   free      in a free list (head or tail of a free block)
//   allocated taken out of the buddy allocator
//   pcp       on a CPU's page list: out of the free lists, but nobody's yet
//
// Only the head of a block is marked, with its order and what it is (BlockKind); the other
// pages are free, cached or allocated because they lie inside. Under any block every page
// reads `allocated`, so that taking a block off its list is one write (mm/page_alloc.hpp
// does that, not this file).
//
// Pageblock migratetypes live here too (the usage map's pageblock_flags), one a
// page: where a zone border cuts a pageblock, FLATMEM has a type on either side.
//
//   mem_map map(order_t{10});
//   map.set_run(t, pfn_t{1}, 4095, PageState::init, 0, 0);
//   map.at(pfn_t{7}).state;
#pragma once
#include "base/check.hpp"
#include "base/digest.hpp"
#include "base/types.hpp"
#include "trace/trace.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mmscope {

enum class PageState : u8 { absent, uninit, hole, init, reserved, free, allocated, pcp };
inline constexpr unsigned page_state_count = 8;
std::string_view page_state_name(PageState s);

// enum migratetype (include/linux/mmzone.h, v6.1); an era's table says which exist and in which order they print.
enum class migratetype : u8 { UNMOVABLE, MOVABLE, RECLAIMABLE, HIGHATOMIC, CMA, ISOLATE };
inline constexpr unsigned migratetype_count = 6;
std::string_view migratetype_name(migratetype m); // "Unmovable", as /proc/pagetypeinfo prints it
// Can fall back to each other, so free blocks may merge across them (include/linux/mmzone.h, v6.1).
constexpr bool migratetype_is_mergeable(migratetype m) { return m <= migratetype::RECLAIMABLE; }

// What the lab knows of one frame.
struct PageInfo {
  PageState state = PageState::absent;
  i32 nid = no_node; // node and zone as in page->flags; holes belong to the zone that initialised them
  u8 zone = 0;
  migratetype block_type = migratetype::UNMOVABLE; // of its pageblock
  friend bool operator==(const PageInfo &, const PageInfo &) = default;
};
struct PageRun { // half-open [start, start + count)
  pfn_t start;
  u64 count = 0; // pages
  PageInfo info;
  friend bool operator==(const PageRun &, const PageRun &) = default;
};

class mem_map {
public:
  explicit mem_map(order_t max_order); // max_order 0..15

  // --- changes, one event each; an empty range changes nothing and emits nothing ---
  // Pages [pfn, pfn + count) get a state (not `free`: that is the free lists' business), node and
  // zone; their pageblock types stay. None of them may be free. An absent page has no node or zone:
  // those two arguments are ignored. nid ≤ 8190, zid ≤ 7. (init_single_page, reserve_bootmem_region,
  // init_unavailable_range)
  void set_run(Trace *t, pfn_t pfn, u64 count, PageState state, i32 nid, unsigned zid);
  // The pageblocks of pages [pfn, pfn + count) get a type. The pages may be free: they stay on the
  // list where they are. The caller rounds to whole pageblocks. (set_pageblock_migratetype)
  void set_types(Trace *t, pfn_t pfn, u64 count, migratetype type);

  // --- questions ---
  PageInfo at(pfn_t pfn) const;
  // fn(PageRun) for each maximal run of equal pages in [first, last), ascending and without gaps: absent
  // pages come as runs too, and runs are cut at the window. Costs O(stretches + pages of mixed blocks).
  template <class Fn> void for_each_run(pfn_t first, pfn_t last, Fn &&fn) const;
  // The same for pageblocks' types: fn(PageRun) of which only state absent or not, node, zone and type mean something.
  // Asks one page of each pageblock that has records a page: a zone's map costs O(stretches + touched pageblocks).
  template <class Fn> void for_each_type(pfn_t first, pfn_t last, order_t pageblock, Fn &&fn) const;
  u64 count_state(pfn_t first, pfn_t last, PageState state) const; // pages of [first, last) in that state
  bool has_all(pfn_t first, pfn_t last) const;                     // no page of [first, last) is absent
  bool any_free(pfn_t first, pfn_t last) const;
  pfn_t end() const; // one past the last page that was ever described; 0 = none
  order_t max_order() const { return order_t{mo_}; }
  u64 mixed_blocks() const { return mixed_.size() - 1 - free_slots_.size(); } // that have records a page
  u64 stretches() const { return stretches_.size(); }
  u64 memory_bytes() const; // heap held

  void add_to(Digest &d) const;
  // First violated invariant in words, or "".
  std::string verify() const;

private:
  friend class PageAlloc;

  // What a block whose head is marked is: in a free list, on a CPU's page list, somebody's, or somebody's and on an
  // LRU list besides. Kept in the high half of Page::order; a free block's is 0, so that it reads as a plain order.
  enum BlockKind : u8 { buddy = 0x00, on_pcp = 0x10, taken = 0x20, on_lru = 0x30 };
  static constexpr u8 not_head = 0xff, order_bits = 0x0f, kind_bits = 0xf0;
  static constexpr unsigned leaf_bits = 10;
  static constexpr std::size_t index(u64 n) { return static_cast<std::size_t>(n); } // wasm32's is narrower

  // A page of a mixed block.
  struct Page {
    u32 link = 0;        // head of a block: its list entry; of a taken one: see PageAlloc::BlockInfo
    u16 home = 0;        // node and zone
    u8 look = 0;         // state | type << 4
    u8 order = not_head; // order and kind of the block whose head this is
  };
  static_assert(sizeof(Page) == 8);
  struct Mixed {
    std::vector<Page> pages; // empty = slot not in use
    u32 rest = 0;            // pages that do not read `allocated`
    u32 heads = 0;           // heads of blocks, of every kind
    Page &operator[](u64 at) { return pages[index(at)]; }
    const Page &operator[](u64 at) const { return pages[index(at)]; }
  };
  // Blocks side by side that look alike in every page (slot 0), or one mixed block.
  struct Stretch {
    u64 blocks = 1;
    u32 slot = 0; // index into mixed_
    u32 link = 0; // list entry when free: entry and stretch cover the same blocks
    u16 home = 0;
    u8 look = 0;
    bool absent() const { return slot == 0 && home == 0 && look == 0; }
    bool joins(const Stretch &o) const { // same pages, not told apart by a list
      return slot == 0 && o.slot == 0 && link == 0 && o.link == 0 && home == o.home && look == o.look;
    }
  };
  using Stretches = std::map<u64, Stretch>; // key: block = pfn >> max_order

  static constexpr u8 look_of(PageState s, migratetype m) {
    return static_cast<u8>(static_cast<unsigned>(s) | static_cast<unsigned>(m) << 4);
  }
  static constexpr PageState state_of(u8 look) { return static_cast<PageState>(look & 15); }
  static constexpr migratetype type_of(u8 look) { return static_cast<migratetype>(look >> 4); }
  static constexpr u8 with_state(u8 look, PageState s) {
    return static_cast<u8>((look & 0xf0) | static_cast<unsigned>(s));
  }
  static constexpr u16 home_of(i32 nid, unsigned zid) {
    return static_cast<u16>(static_cast<unsigned>(nid + 1) << 3 | zid);
  }
  static constexpr i32 nid_of(u16 home) { return (home >> 3) - 1; }
  static constexpr unsigned zid_of(u16 home) { return home & 7; }
  // Of a page in a block of that head's `order`, or in none (not_head).
  static constexpr PageInfo info_of(u8 look, u16 home, u8 order) {
    const u8 kind = order & kind_bits;
    const PageState s = kind == buddy ? PageState::free : kind == on_pcp ? PageState::pcp : state_of(look);
    return {s, nid_of(home), static_cast<u8>(zid_of(home)), type_of(look)};
  }

  u64 mask() const { return (u64{1} << mo_) - 1; }
  u64 block_pages() const { return u64{1} << mo_; }
  u32 slot_of(u64 block) const {
    const std::size_t hi = index(block >> leaf_bits);
    if (hi >= top_.size()) return 0;
    const u32 leaf = top_[hi];
    return leaf == 0 ? 0 : leaves_[index((u64{leaf - 1} << leaf_bits) + (block & ((u64{1} << leaf_bits) - 1)))];
  }
  // Of a block that is known to be mixed.
  u32 known_slot(u64 block) const {
    return leaves_[index((u64{top_[index(block >> leaf_bits)] - 1} << leaf_bits) +
                         (block & ((u64{1} << leaf_bits) - 1)))];
  }
  Mixed *mixed_at(u64 block) {
    const u32 slot = slot_of(block);
    return slot == 0 ? nullptr : &mixed_[slot];
  }
  const Mixed *mixed_at(u64 block) const { return const_cast<mem_map *>(this)->mixed_at(block); }
  void set_slot(u64 block, u32 slot);
  Stretches::iterator find(u64 block); // the stretch that covers `block`, or end()
  Stretches::const_iterator find(u64 block) const { return const_cast<mem_map *>(this)->find(block); }
  void cut(u64 block);                                      // a stretch may not cross `block` any more
  void join(u64 first, u64 last);                           // what may be one stretch in [first, last] becomes one
  Mixed &make_mixed(u64 block);                             // gives the block records a page
  Stretches::iterator make_uniform(Stretches::iterator it); // the opposite; its pages are alike
  bool alike(const Mixed &m) const;                         // not free, and all pages equal
  void settle(u64 first,
              u64 last); // mixed blocks of [first, last) that differ in state only become uniform, `allocated`
  // Pages read `allocated` from now on; whether one of them did not before.
  bool claim(Mixed &m, u64 at, u64 count);
  // The head of the marked block that page `at` of the max-order block lies in, or no_head.
  static constexpr u64 no_head = ~u64{0};
  u64 head_of(const Mixed &m, u64 at) const;
  static u64 end_of(const Mixed &m, u64 head) { return head + (u64{1} << (m[head].order & order_bits)); }
  template <class Change> void edit(u64 first, u64 last, Change change); // change(u8 &look, u16 &home)
  template <class Change> void edit_part(u64 block, u64 from, u64 to, Change change);
  template <class Change> void edit_whole(u64 first, u64 last, Change change);

  unsigned mo_;
  Stretches stretches_;      // what no stretch covers is absent
  std::vector<Mixed> mixed_; // [0] unused
  std::vector<u32> free_slots_;
  std::vector<u32> top_, leaves_; // block -> index into mixed_; 0 = not mixed
};

template <class Fn> void mem_map::for_each_run(pfn_t first, pfn_t last, Fn &&fn) const {
  if (first >= last) return;
  PageRun run{first, 0, {}};
  const auto put = [&](u64 count, PageInfo info) {
    if (run.count != 0 && !(run.info == info)) {
      fn(static_cast<const PageRun &>(run));
      run.start += run.count;
      run.count = 0;
    }
    run.info = info;
    run.count += count;
  };
  u64 pos = first.v;
  auto it = find(pos >> mo_);
  if (it == stretches_.end()) it = stretches_.lower_bound(pos >> mo_);
  while (pos < last.v) {
    const u64 start = it == stretches_.end() ? last.v : std::min(it->first << mo_, last.v);
    if (start > pos) {
      put(start - pos, PageInfo{});
      pos = start;
      continue;
    }
    const Stretch &s = it->second;
    const u64 end = std::min((it->first + s.blocks) << mo_, last.v);
    if (s.slot == 0) {
      put(end - pos, info_of(s.look, s.home, s.link != 0 ? u8{buddy} : not_head));
    } else {
      const Mixed &m = mixed_[s.slot];
      const u64 from = pos & mask(), to = from + (end - pos);
      const u64 head = head_of(m, from);
      u64 block_end = head == no_head ? 0 : end_of(m, head);
      u8 order = head == no_head ? not_head : m[head].order;
      for (u64 at = from; at < to; ++at) {
        const Page &p = m[at];
        if (p.order != not_head) {
          order = p.order;
          block_end = end_of(m, at);
        }
        put(1, info_of(p.look, p.home, at < block_end ? order : not_head));
      }
    }
    pos = end;
    ++it;
  }
  fn(static_cast<const PageRun &>(run));
}

template <class Fn> void mem_map::for_each_type(pfn_t first, pfn_t last, order_t pageblock, Fn &&fn) const {
  const u64 step = u64{1} << pageblock.v;
  auto it = find(first.v >> mo_);
  if (it == stretches_.end()) it = stretches_.lower_bound(first.v >> mo_);
  for (u64 pos = first.v; pos < last.v;) {
    const u64 start = it == stretches_.end() ? last.v : std::min(it->first << mo_, last.v);
    if (start > pos) {
      fn(PageRun{pfn_t{pos}, start - pos, PageInfo{}});
      pos = start;
      continue;
    }
    const Stretch &s = it->second;
    const u64 end = std::min((it->first + s.blocks) << mo_, last.v);
    if (s.slot == 0) {
      fn(PageRun{pfn_t{pos}, end - pos, info_of(s.look, s.home, not_head)});
    } else {
      for (u64 next; pos < end; pos = next) {
        next = std::min((pos | (step - 1)) + 1, end);
        const Page &p = mixed_[s.slot][pos & mask()];
        fn(PageRun{pfn_t{pos}, next - pos, info_of(p.look, p.home, not_head)});
      }
    }
    pos = end;
    ++it;
  }
}

} // namespace mmscope
