// memblock_remove: cutting a range out of memory.
#include "support/memblock_text.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

namespace {
memblock three_regions() {
  //   [1000,3000)   [5000,8000)   [a000,c000)
  memblock mb;
  mb.add(nullptr, 0x1000_pa, 0x2000);
  mb.add(nullptr, 0x5000_pa, 0x3000);
  mb.add(nullptr, 0xa000_pa, 0x2000);
  return mb;
}
} // namespace

TEST_CASE("remove: a whole region") {
  //   memory   [==]   [===]   [==]
  //   remove          [===]
  //   after    [==]           [==]
  memblock mb = three_regions();
  CHECK(mb.remove(nullptr, 0x5000_pa, 0x3000) == 0);
  CHECK(text(mb.memory) == "[1000,3000) [a000,c000)");
  CHECK(mb.memory.total_size == 0x4000);
}

TEST_CASE("remove: parts of two regions and all between") {
  //   memory   [==]   [===]   [==]
  //   remove     [=============]
  //   after    [=]              [=]
  memblock mb = three_regions();
  CHECK(mb.remove(nullptr, 0x2000_pa, 0x9000) == 0);
  CHECK(text(mb.memory) == "[1000,2000) [b000,c000)");
  CHECK(mb.memory.total_size == 0x2000);
  CHECK(mb.verify() == "");
}

TEST_CASE("remove: the inside of a region") {
  //   memory   [==]   [===]   [==]
  //   remove           [=]
  //   after    [==]   [] []   [==]
  memblock mb = three_regions();
  CHECK(mb.remove(nullptr, 0x6000_pa, 0x1000) == 0);
  CHECK(text(mb.memory) == "[1000,3000) [5000,6000) [7000,8000) [a000,c000)");
}

TEST_CASE("remove: a hole changes nothing") {
  //   memory   [==]   [===]   [==]
  //   remove       [=]
  memblock mb = three_regions();
  const memblock before = mb;
  CHECK(mb.remove(nullptr, 0x3000_pa, 0x2000) == 0);
  CHECK(mb.remove(nullptr, 0x5000_pa, 0) == 0);
  CHECK(mb == before);
}

TEST_CASE("remove: up to the end of the address space") {
  memblock mb = three_regions();
  CHECK(mb.remove(nullptr, 0x6000_pa, ~u64{0}) == 0);
  CHECK(text(mb.memory) == "[1000,3000) [5000,6000)");
}

TEST_CASE("remove: the parts keep node and flags") {
  //   memory   [== node 2, hotplug ==]
  //   remove          [===]
  //   after    [ 2 h ]     [== 2 h ==]
  memblock mb;
  mb.add_node(nullptr, 0x1000_pa, 0x5000, 2, MEMBLOCK_HOTPLUG);
  mb.remove(nullptr, 0x2000_pa, 0x1000);
  CHECK(text(mb.memory) == "[1000,2000) node 2 hotplug [3000,6000) node 2 hotplug");
}

TEST_CASE("remove: two spare places are asked for even where nothing is cut") {
  //   memory   [0] [1] [2]    max 4: 3 + 2 places are too many, though removing [1] needs none
  memblock mb = three_regions();
  mb.memory.max = 4;
  const memblock before = mb;
  CHECK(mb.remove(nullptr, 0x5000_pa, 0x3000) == -12);
  CHECK(mb == before);
  mb.memory.max = 5;
  CHECK(mb.remove(nullptr, 0x5000_pa, 0x3000) == 0);
}
