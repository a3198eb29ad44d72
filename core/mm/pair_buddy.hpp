// pair_buddy: the buddy allocator of Linux 2.4 (mm/page_alloc.c): a zone has for each order a list of free blocks and a
// map with one bit for each *pair* of buddies, which says: exactly one of the two is on the list.
//
//   order 1, blocks     0-1 2-3 | 4-5 6-7 | 8-9 10-11 | …     list: 8
//   pair                   0    |    1    |     2     | …     map:  0 0 1 …
//
// Taking a block or giving one back turns its pair's bit over (MARK_USED). So a bit that was 1 when a block comes back
// means that its buddy is free: the two become one block, and the next order is asked. Nothing else tells a free page
// from a used one, which is why a page that is freed twice goes unnoticed. The highest order has no map.
//
//   PairZone z(trace, 0, {.pages = 16, .orders = 5});   // all pages in use
//   z.free_pages_ok(trace, pfn_t{8}, order_t{1});
//   std::optional<pfn_t> p = z.rmqueue(trace, order_t{0});
//
// Blocks are aligned from the zone's first page on, not from page 0. Lists are last in, first out.
#pragma once
#include "base/digest.hpp"
#include "base/types.hpp"
#include "trace/trace.hpp"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace mmscope {

// expand(): which half of a block that is too large is cut further and given out at last; the other joins its list.
// Both are sound: the pair's bit is the same whichever of the two is free.
enum class PairTake : u8 {
  upper, // 2.4
  lower, // 2.6, and most lecture slides
};

// A zone's watermarks, pages (zone_t, 2.4).
struct PairMarks {
  u64 pages_min = 0, pages_low = 0, pages_high = 0;
};

struct PairRules {
  pfn_t start{0};
  u64 pages = 0;        // 1 to most_pair_pages
  unsigned orders = 10; // MAX_ORDER: orders 0 to orders - 1
  PairTake take = PairTake::upper;
  unsigned long_bytes = 4; // maps are whole longs
};
inline constexpr unsigned max_pair_orders = 15;
inline constexpr u64 most_pair_pages = u64{1} << 18; // 1 GiB: what a kernel with 32 bits maps at all times, and more

class PairZone {
public:
  // Zone number `id`, all of its pages in use.
  PairZone(Trace *t, u32 id, const PairRules &rules);

  // The first page of a block; nothing when no list has one that is large enough.
  std::optional<pfn_t> rmqueue(Trace *t, order_t order);
  // A block comes back. Ask why_not_free first: the kernel would not notice.
  void free_pages_ok(Trace *t, pfn_t pfn, order_t order);
  std::string why_not_free(pfn_t pfn, order_t order) const;

  const PairRules &rules() const { return rules_; }
  const PairMarks &marks() const { return marks_; }
  u32 id() const { return id_; }
  pfn_t end() const { return rules_.start + rules_.pages; }
  bool contains(pfn_t pfn) const { return pfn >= rules_.start && pfn < end(); }
  bool has_map(order_t order) const { return order.v + 1 < rules_.orders; }
  u64 pairs(order_t order) const { return ((rules_.pages - 1) >> (order.v + 1)) + 1; }
  u64 map_bytes(order_t order) const; // 0 without a map
  bool bit(order_t order, u64 pair) const;
  u64 free_pages() const { return free_; }
  u64 nr_free(order_t order) const { return order.v < rules_.orders ? nr_[at(order.v)] : 0; } // blocks
  bool can_give(order_t order) const; // some list has a block that is large enough
  // The free block that a page is in: its first page and order.
  struct Block {
    pfn_t pfn;
    order_t order;
  };
  std::optional<Block> containing(pfn_t pfn) const;
  // fn(first page) for the list of an order, head first.
  template <class Fn> void for_each_block(order_t order, Fn &&fn) const {
    for (u32 i = heads_[at(order.v)]; i != nobody; i = frames_[i].next) fn(rules_.start + i);
  }

  // The primitives that events are folded with.
  void list_add(Trace *t, order_t order, pfn_t pfn);
  void list_del(Trace *t, order_t order, pfn_t pfn);
  void toggle(Trace *t, order_t order, u64 pair);
  void set_marks(Trace *t, u64 min, u64 low, u64 high);

  void add_to(Digest &d) const;
  std::string verify() const; // lists and bits tell the same
  u64 memory_bytes() const { return frames_.capacity() * sizeof(Frame) + maps_.capacity(); }

private:
  static constexpr u32 nobody = ~u32{0};
  static constexpr u8 on_no_list = 0xff;
  struct Frame { // one for each page; only the first page of a block is on a list
    u32 prev = nobody, next = nobody;
    u8 order = on_no_list;
  };
  u32 index_of(pfn_t pfn) const { return static_cast<u32>(pfn - rules_.start); }
  bool on_list(u64 index, order_t order) const { return index < rules_.pages && frames_[at(index)].order == order.v; }
  static std::size_t at(u64 i) { return static_cast<std::size_t>(i); }

  u32 id_;
  PairRules rules_;
  PairMarks marks_;
  u64 free_ = 0;                          // pages on the lists
  std::array<u32, max_pair_orders> nr_{}; // blocks on each
  std::vector<Frame> frames_;
  std::array<u32, max_pair_orders> heads_;
  std::vector<u8> maps_;                      // all orders' maps, one behind the other
  std::array<u32, max_pair_orders + 1> base_; // where an order's map begins in it
};

} // namespace mmscope
