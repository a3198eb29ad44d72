// Walking over free memory, searching, and the blocks that the page allocator gets.
#include "support/memblock_text.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace mmscope;

namespace {

// The ranges by the two cursors, empty gaps left out.
std::vector<FreeRange> upwards(const memblock &mb) {
  std::vector<FreeRange> ranges;
  FreeRange r;
  for (FreeCursor c = mb.free_up(); mb.next_free(c, no_node, MEMBLOCK_NONE, r);)
    if (r.base < r.end) ranges.push_back(r);
  return ranges;
}
std::vector<FreeRange> downwards(const memblock &mb) {
  std::vector<FreeRange> ranges;
  FreeRange r;
  for (FreeCursor c = mb.free_down(); mb.prev_free(c, no_node, MEMBLOCK_NONE, r);)
    if (r.base < r.end) ranges.push_back(r);
  std::reverse(ranges.begin(), ranges.end());
  return ranges;
}

std::string blocks(u64 start, u64 end, u64 max_order = 10) {
  std::string s;
  chop_into_blocks(pfn_t{start}, pfn_t{end}, order_t{max_order}, [&](pfn_t pfn, order_t order, u64 count) {
    if (!s.empty()) s += ' ';
    append_hex(s, pfn.v);
    append(s, '/', order.v);
    if (count != 1) append(s, 'x', count);
  });
  return s;
}

} // namespace

TEST_CASE("free_ranges: memory minus reserved") {
  //   memory    [===========]      [=======================]
  //   reserved      [==]  [==========]     [=====]       [====]
  //   free      [==]    [=]          [=====]     [=======]
  memblock mb;
  mb.add(nullptr, 0x1000_pa, 0x6000);
  mb.add(nullptr, 0xa000_pa, 0x8000);
  mb.reserve(nullptr, 0x3000_pa, 0x1000);
  mb.reserve(nullptr, 0x6000_pa, 0x6000);
  mb.reserve(nullptr, 0xe000_pa, 0x1000);
  mb.reserve(nullptr, 0x11000_pa, 0x3000);
  CHECK(text(mb.free_ranges()) == "[1000,3000) [4000,6000) [c000,e000) [f000,11000)");
  CHECK(upwards(mb) == mb.free_ranges());
  CHECK(downwards(mb) == mb.free_ranges());
}

TEST_CASE("free_ranges: nothing without memory and everything without reservations") {
  memblock mb;
  CHECK(mb.free_ranges().empty());
  mb.reserve(nullptr, 0x1000_pa, 0x1000);
  CHECK(mb.free_ranges().empty());
  memblock all;
  all.add(nullptr, 0_pa, 0x5000);
  CHECK(text(all.free_ranges()) == "[0,5000)");
  all.reserve(nullptr, 0_pa, 0x5000);
  CHECK(all.free_ranges().empty());
}

TEST_CASE("free_ranges: regions that touch stay apart") {
  //   memory    [= node 0 =][= node 1 =]
  //   reserved         [=======]
  //   free      [======]       [=======]
  memblock mb;
  mb.add_node(nullptr, 0x1000_pa, 0x4000, 0, MEMBLOCK_NONE);
  mb.add_node(nullptr, 0x5000_pa, 0x4000, 1, MEMBLOCK_NONE);
  CHECK(text(mb.free_ranges()) == "[1000,5000) node 0 [5000,9000) node 1");
  mb.reserve(nullptr, 0x4000_pa, 0x2000);
  CHECK(text(mb.free_ranges()) == "[1000,4000) node 0 [6000,9000) node 1");
  CHECK(text(mb.free_ranges(1)) == "[6000,9000) node 1");
  CHECK(text(mb.free_ranges(2)) == "");
  CHECK(downwards(mb) == mb.free_ranges());
}

TEST_CASE("free_ranges: the gap between reservations that touch is empty and left out") {
  //   memory    [====================]
  //   reserved      [ 0 ][ - ]
  memblock mb;
  mb.add(nullptr, 0x1000_pa, 0x8000);
  mb.reserve(nullptr, 0x3000_pa, 0x1000);
  mb.set_node(nullptr, 0x3000_pa, 0x1000, memblock_list::reserved, 0);
  mb.reserve(nullptr, 0x4000_pa, 0x1000);
  CHECK(mb.reserved.regions.size() == 2);
  CHECK(text(mb.free_ranges()) == "[1000,3000) [5000,9000)");
  CHECK(downwards(mb) == mb.free_ranges());
}

TEST_CASE("free_ranges: flags decide what is skipped") {
  //   memory    [ none ][ hotplug ][ mirror ][ nomap ][ driver ]
  memblock mb;
  const u32 all[] = {MEMBLOCK_NONE, MEMBLOCK_HOTPLUG, MEMBLOCK_MIRROR, MEMBLOCK_NOMAP, MEMBLOCK_DRIVER_MANAGED};
  for (u64 i = 0; i < 5; ++i) mb.add_node(nullptr, phys_addr_t{0x1000 * (i + 1)}, 0x1000, 0, all[i]);
  const auto first_pages = [&](u32 flags) {
    std::string s;
    for (const FreeRange &r : mb.free_ranges(no_node, flags)) append_hex(s, r.base.v >> 12);
    return s;
  };
  CHECK(first_pages(MEMBLOCK_NONE) == "123");
  CHECK(first_pages(MEMBLOCK_MIRROR) == "3");
  CHECK(first_pages(MEMBLOCK_NOMAP) == "1234");
  CHECK(first_pages(MEMBLOCK_DRIVER_MANAGED) == "1235");
  mb.movable_node = true;
  CHECK(first_pages(MEMBLOCK_NONE) == "13");
  CHECK(first_pages(MEMBLOCK_HOTPLUG) == "123");
}

TEST_CASE("free cursors: start where asked") {
  //   memory    [1000 ============================ 11000)
  //   reserved       [3000 ] [6000 ] [9000 ] [c000 ]
  //   up from 7000                   [a000  c000) …
  //   down to 7000                ..6000)
  memblock mb;
  mb.add(nullptr, 0x1000_pa, 0x10000);
  for (u64 a = 0x3000; a < 0x10000; a += 0x3000) mb.reserve(nullptr, phys_addr_t{a}, 0x1000);
  FreeRange r;
  FreeCursor c = mb.free_up(0x6800_pa);
  CHECK(mb.next_free(c, no_node, MEMBLOCK_NONE, r));
  CHECK(text(r.base, r.end) == "[7000,9000)");
  c = mb.free_up(0x9000_pa);
  CHECK(mb.next_free(c, no_node, MEMBLOCK_NONE, r));
  CHECK(text(r.base, r.end) == "[a000,c000)");
  c = mb.free_down(0x7000_pa);
  CHECK(mb.prev_free(c, no_node, MEMBLOCK_NONE, r));
  CHECK(text(r.base, r.end) == "[4000,6000)");
  c = mb.free_down(0x7001_pa);
  CHECK(mb.prev_free(c, no_node, MEMBLOCK_NONE, r));
  CHECK(text(r.base, r.end) == "[7000,9000)");
  c = mb.free_down(0x1000_pa);
  CHECK(!mb.prev_free(c, no_node, MEMBLOCK_NONE, r));
  c = mb.free_up(0x11000_pa);
  CHECK(!mb.next_free(c, no_node, MEMBLOCK_NONE, r));
}

TEST_CASE("search: the region that holds an address") {
  memblock mb;
  mb.add(nullptr, 0x1000_pa, 0x1000);
  mb.add(nullptr, 0x4000_pa, 0x2000);
  CHECK(mb.search(memblock_list::memory, 0xfff_pa) == -1);
  CHECK(mb.search(memblock_list::memory, 0x1000_pa) == 0);
  CHECK(mb.search(memblock_list::memory, 0x1fff_pa) == 0);
  CHECK(mb.search(memblock_list::memory, 0x2000_pa) == -1);
  CHECK(mb.search(memblock_list::memory, 0x5fff_pa) == 1);
  CHECK(mb.search(memblock_list::memory, 0x6000_pa) == -1);
  CHECK(mb.search(memblock_list::reserved, 0x1000_pa) == -1);
  CHECK(mb.start_of_dram() == 0x1000_pa);
  CHECK(mb.end_of_dram() == 0x6000_pa);
  CHECK(memblock{}.start_of_dram() == 0_pa);
  CHECK(memblock{}.end_of_dram() == 0_pa);
}

TEST_CASE("chop: each block as large as its address and the end allow") {
  //   pfn   1001 1002   1004       1008            …       1400                1800
  //         [0]  [ 1 ]  [   2   ]  [      3      ] … [ 9 ] [        10        ]
  CHECK(blocks(0x1001, 0x1800) == "1001/0 1002/1 1004/2 1008/3 1010/4 1020/5 1040/6 1080/7 1100/8 1200/9 1400/10");
  //   pfn   400                        7f8       7fe
  //         [ 9 ][ 8 ] …               [ 2 ][ 1 ]
  CHECK(blocks(0x400, 0x7fe) == "400/9 600/8 700/7 780/6 7c0/5 7e0/4 7f0/3 7f8/2 7fc/1");
}

TEST_CASE("chop: blocks of the largest order come as one run") {
  CHECK(blocks(0x400, 0x1400) == "400/10x4");
  CHECK(blocks(0x400, 0x1401) == "400/10x4 1400/0");
  CHECK(blocks(0x3ff, 0x1400) == "3ff/0 400/10x4");
  CHECK(blocks(0x1000, 0x2000) == "1000/10x4"); // aligned to more than the largest order
  CHECK(blocks(0x40, 0x100, 6) == "40/6x3");
}

TEST_CASE("chop: page 0 is as aligned as can be") {
  CHECK(blocks(0, 0x400) == "0/10");
  CHECK(blocks(0, 0x9f) == "0/7 80/4 90/3 98/2 9c/1 9e/0");
}

TEST_CASE("chop: nothing from nothing") {
  CHECK(blocks(5, 5) == "");
  CHECK(blocks(6, 5) == "");
  CHECK(blocks(5, 6) == "5/0");
}
