// bootmem: the boot allocator before memblock (Linux 2.4 and 2.6, mm/bootmem.c): one bit for each page of the memory
// that the kernel maps, 1 = reserved. It begins with every bit set, the firmware's RAM clears bits, requests set them.
//
//   page     0 1 2 3 4 5 6 7 8
//   bit      1 0 0 1 1 1 0 0 …        last_pos 5, last_offset 0x80: page 5 is full up to byte 0x80,
//                      ▲              so a small request that finds page 6 lies in the rest of page 5
//
//   bootmem_data b(trace, {}, pfn_t{0x3a0}, pfn_t{0}, pfn_t{16384}); // init_bootmem_core: the map lies at 0x3a0
//   b.free(trace, phys_addr_t{0}, 0x9f000);                           // free_bootmem: whole pages inside
//   b.reserve(trace, phys_addr_t{0}, 4096);                           // reserve_bootmem: every page touched
//   std::optional<phys_addr_t> a = b.alloc(trace, {.size = 100});     // alloc_bootmem
//   b.free_all(trace, [](pfn_t first, order_t order) { … });          // free_all_bootmem: block by block
//
// Addresses and sizes are bytes; last_pos is counted from the node's first page, as in the kernel. What a kernel would
// stop at (BUG) the why_not_ functions say; ask them first. What its versions do differently is a rule, not a version:
//
//   rule          2.4.22   2.6.11              2.6.24
//   resume        no       from_last_success   lowered_by_free
//   whole_longs   no       yes                 yes
#pragma once
#include "base/digest.hpp"
#include "base/types.hpp"
#include "desc/era.hpp"
#include "trace/trace.hpp"

#include <optional>
#include <string>
#include <vector>

namespace mmscope {

struct BootmemRules {
  unsigned page_shift = 12;
  unsigned long_bytes = 4;
  BootmemResume resume = BootmemResume::no;
  bool whole_longs = false; // free_all gives a long of free bits as one block, if the node begins aligned enough
};

struct BootmemRequest {
  u64 size = 0;
  u64 align = 32;      // a power of two; SMP_CACHE_BYTES of the processor that the kernel is for
  phys_addr_t goal{0}; // 0 = none
};

class bootmem_data {
public:
  // `start` to `end` are the node's pages; the bitmap itself lies from page `mapstart` on, and nobody reserves it here.
  bootmem_data(Trace *t, const BootmemRules &rules, pfn_t mapstart, pfn_t start, pfn_t end);

  // Why the kernel would stop; "" = the call can be made.
  std::string why_not_free(phys_addr_t addr, u64 size) const;
  std::string why_not_reserve(phys_addr_t addr, u64 size) const;
  std::string why_not_free_all() const;

  void free(Trace *t, phys_addr_t addr, u64 size);
  void reserve(Trace *t, phys_addr_t addr, u64 size);
  // Nothing when no place is large enough; the kernel panics then.
  std::optional<phys_addr_t> alloc(Trace *t, const BootmemRequest &r);
  // Gives every free page away, ascending, then those of the bitmap, which is gone then. Returns the number of pages.
  template <class Give> u64 free_all(Trace *t, Give &&give) {
    u64 count = 0;
    for_each_gift([&](pfn_t first, order_t order) {
      emit(t, EventKind::lab_bootmem_give, {first.v, order.v});
      give(first, order);
      count += pages_of(order);
    });
    drop_map(t);
    return count;
  }
  // fn(first page, order) for what free_all would give away, in its order.
  template <class Fn> void for_each_gift(Fn &&fn) const;

  const BootmemRules &rules() const { return rules_; }
  pfn_t mapstart() const { return mapstart_; }
  pfn_t start() const { return start_; }
  pfn_t end() const { return end_; } // node_low_pfn
  u64 pages() const { return end_ - start_; }
  u64 map_bytes() const;                        // what init_bootmem returns
  bool is_gone() const { return map_.empty(); } // after free_all
  bool reserved(pfn_t pfn) const { return bit(pfn - start_); }
  u64 free_pages() const;
  u64 last_pos() const { return last_pos_; }
  u64 last_offset() const { return last_offset_; }
  u64 last_success() const { return last_success_; } // bytes from the node's start

  // The primitives that events are folded with.
  void set_bits(Trace *t, u64 first, u64 count, bool value);
  void set_last(Trace *t, u64 pos, u64 offset, u64 success);
  void drop_map(Trace *t);

  void add_to(Digest &d) const;
  std::string verify() const;
  u64 memory_bytes() const { return map_.capacity(); }

private:
  bool bit(u64 index) const { return (map_[static_cast<std::size_t>(index / 8)] >> (index % 8) & 1) != 0; }
  std::optional<u64> first_fit(u64 from, u64 step, u64 pages) const; // page index
  bool gives_longs() const;

  BootmemRules rules_;
  pfn_t mapstart_, start_, end_;
  std::vector<u8> map_;
  u64 last_pos_ = 0, last_offset_ = 0, last_success_ = 0;
};

template <class Fn> void bootmem_data::for_each_gift(Fn &&fn) const {
  const u64 bits = u64{8} * rules_.long_bytes, n = pages();
  const bool longs = gives_longs();
  for (u64 i = 0; i < n;) {
    u64 clear = 0;
    while (longs && i % bits == 0 && clear < bits && i + clear < n && !bit(i + clear)) ++clear;
    if (longs && clear == bits) {
      fn(start_ + i, order_t{rules_.long_bytes == 8 ? u64{6} : u64{5}});
      i += bits;
      continue;
    }
    if (!bit(i)) fn(start_ + i, order_t{0});
    ++i;
  }
  // As many as hold the node's bits in whole bytes; the long that the map was rounded up to is not thought of.
  const u64 map_pages = div_round_up(n / 8, u64{1} << rules_.page_shift);
  for (u64 i = 0; i < map_pages; ++i) fn(mapstart_ + i, order_t{0});
}

} // namespace mmscope
