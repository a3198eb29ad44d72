// memblock_add and memblock_add_node: what an array looks like after a range joined it.
#include "support/memblock_text.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

TEST_CASE("add: the first region of an empty array") {
  //   after  [====]      the array prints cnt 1 before and after: an empty one counts its dummy
  memblock mb;
  CHECK(mb.memory.cnt() == 1);
  CHECK(mb.add(nullptr, 0x1000_pa, 0x2000) == 0);
  CHECK(text(mb.memory) == "[1000,3000)");
  CHECK(mb.memory.cnt() == 1);
  CHECK(mb.memory.total_size == 0x2000);
  CHECK(mb.verify() == "");
}

TEST_CASE("add: size 0 changes nothing") {
  memblock mb;
  CHECK(mb.add(nullptr, 0x1000_pa, 0) == 0);
  CHECK(mb == memblock{});
}

TEST_CASE("add: disjoint regions are sorted") {
  //   first              [==]
  //   then   [==]                     [==]
  //   after  [==]        [==]         [==]
  memblock mb;
  mb.add(nullptr, 0x4000_pa, 0x1000);
  mb.add(nullptr, 0x1000_pa, 0x1000);
  mb.add(nullptr, 0x8000_pa, 0x1000);
  CHECK(text(mb.memory) == "[1000,2000) [4000,5000) [8000,9000)");
  CHECK(mb.memory.total_size == 0x3000);
  CHECK(mb.verify() == "");
}

TEST_CASE("add: overlap at the bottom") {
  //   region       [=======]
  //   new      [======]
  //   after    [===========]
  memblock mb;
  mb.add(nullptr, 0x3000_pa, 0x4000);
  mb.add(nullptr, 0x1000_pa, 0x3000);
  CHECK(text(mb.memory) == "[1000,7000)");
  CHECK(mb.memory.total_size == 0x6000);
}

TEST_CASE("add: overlap at the top") {
  //   region   [=======]
  //   new          [========]
  //   after    [============]
  memblock mb;
  mb.add(nullptr, 0x1000_pa, 0x4000);
  mb.add(nullptr, 0x3000_pa, 0x5000);
  CHECK(text(mb.memory) == "[1000,8000)");
  CHECK(mb.memory.total_size == 0x7000);
}

TEST_CASE("add: adjacent ranges become one") {
  //   region   [===]     [===]
  //   new           [===]
  //   after    [=============]
  memblock mb;
  mb.add(nullptr, 0x1000_pa, 0x1000);
  mb.add(nullptr, 0x3000_pa, 0x1000);
  CHECK(mb.memory.regions.size() == 2);
  mb.add(nullptr, 0x2000_pa, 0x1000);
  CHECK(text(mb.memory) == "[1000,4000)");
}

TEST_CASE("add: inside a region nothing changes") {
  //   region   [=============]
  //   new          [====]
  //   after    [=============]
  memblock mb;
  mb.add(nullptr, 0x1000_pa, 0x8000);
  const memblock before = mb;
  Trace t;
  CHECK(mb.add(&t, 0x3000_pa, 0x1000) == 0);
  CHECK(mb == before);
  CHECK(t.events().size() == 2); // the call and its return
}

TEST_CASE("add: covering several regions fills every gap") {
  //   regions     [==]   [=]      [==]
  //   new      [=========================]
  //   after    [=========================]
  memblock mb;
  mb.add(nullptr, 0x2000_pa, 0x1000);
  mb.add(nullptr, 0x5000_pa, 0x1000);
  mb.add(nullptr, 0x9000_pa, 0x1000);
  mb.add(nullptr, 0x1000_pa, 0xb000);
  CHECK(text(mb.memory) == "[1000,c000)");
  CHECK(mb.memory.total_size == 0xb000);
}

TEST_CASE("add: a gap of one byte is filled") {
  //   regions   [====]1[====]
  //   new       [===========]
  memblock mb;
  mb.add(nullptr, 0x1000_pa, 0xfff);
  mb.add(nullptr, 0x2000_pa, 0x1000);
  CHECK(mb.memory.regions.size() == 2);
  mb.add(nullptr, 0x1000_pa, 0x2000);
  CHECK(text(mb.memory) == "[1000,3000)");
}

TEST_CASE("add_node: what is there already keeps its node and flags") {
  //   region           [== node 1 ==]
  //   new      [====== node 0, nomap ======]
  //   after    [ 0 nomap ][= 1 =][ 0 nomap ]
  memblock mb;
  mb.add_node(nullptr, 0x3000_pa, 0x2000, 1, MEMBLOCK_NONE);
  mb.add_node(nullptr, 0x1000_pa, 0x8000, 0, MEMBLOCK_NOMAP);
  CHECK(text(mb.memory) == "[1000,3000) node 0 nomap [3000,5000) node 1 [5000,9000) node 0 nomap");
  CHECK(mb.verify() == "");
}

TEST_CASE("add_node: neighbours of different nodes stay apart") {
  //   after    [= node 0 =][= node 1 =]
  memblock mb;
  mb.add_node(nullptr, 0x1000_pa, 0x1000, 0, MEMBLOCK_NONE);
  mb.add_node(nullptr, 0x2000_pa, 0x1000, 1, MEMBLOCK_NONE);
  CHECK(text(mb.memory) == "[1000,2000) node 0 [2000,3000) node 1");
}

TEST_CASE("add_node: neighbours of different flags stay apart") {
  //   after    [= node 0 =][= node 0, hotplug =]
  memblock mb;
  mb.add_node(nullptr, 0x1000_pa, 0x1000, 0, MEMBLOCK_NONE);
  mb.add_node(nullptr, 0x2000_pa, 0x1000, 0, MEMBLOCK_HOTPLUG);
  CHECK(text(mb.memory) == "[1000,2000) node 0 [2000,3000) node 0 hotplug");
}

TEST_CASE("add: a size that would wrap is cut one byte short of the end of the address space") {
  memblock mb;
  mb.add(nullptr, phys_addr_t{~u64{0} - 0xfff}, 0x100000);
  CHECK(mb.memory.regions[0].size == 0xfff);
  CHECK(mb.verify() == "");
}

TEST_CASE("add: a full array that may not grow refuses and stays as it was") {
  //   memory   [0] [1] [2] [3]         max 4
  //   new                        [=]   -ENOMEM
  memblock mb;
  mb.memory.max = 4;
  for (u64 i = 0; i < 4; ++i) CHECK(mb.add(nullptr, phys_addr_t{0x1000 + i * 0x2000}, 0x1000) == 0);
  const memblock before = mb;
  CHECK(mb.add(nullptr, 0x10000_pa, 0x1000) == -12);
  CHECK(mb == before);
  // It counts places before it merges: this one would have joined its neighbours.
  CHECK(mb.add(nullptr, 0x2000_pa, 0x1000) == -12);
  // What needs no place is still no trouble.
  CHECK(mb.add(nullptr, 0x1000_pa, 0x1000) == 0);
}
