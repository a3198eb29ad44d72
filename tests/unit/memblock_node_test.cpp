// memblock_set_node, on memory and on reserved.
#include "support/memblock_text.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

namespace {
memblock filled() {
  //   memory    [1000 ================= 9000)
  //   reserved     [2000 ===== 6000)
  memblock mb;
  mb.add(nullptr, 0x1000_pa, 0x8000);
  mb.reserve(nullptr, 0x2000_pa, 0x4000);
  return mb;
}
} // namespace

TEST_CASE("set_node: memory is cut at the node's bounds") {
  //   memory   [=====================]
  //   nodes    [= 0 =][===== 1 ======]
  memblock mb = filled();
  CHECK(mb.set_node(nullptr, 0_pa, 0x4000, memblock_list::memory, 0) == 0);
  CHECK(mb.set_node(nullptr, 0x4000_pa, 0x100000, memblock_list::memory, 1) == 0);
  CHECK(text(mb.memory) == "[1000,4000) node 0 [4000,9000) node 1");
  CHECK(text(mb.reserved) == "[2000,6000)");
  CHECK(mb.memory.total_size == 0x8000);
}

TEST_CASE("set_node: a reservation across two nodes becomes two regions") {
  //   reserved   [============]
  //   nodes    [= 0 =][===== 1 ======]
  //   after      [ 0 ][== 1 ==]
  memblock mb = filled();
  mb.set_node(nullptr, 0_pa, 0x4000, memblock_list::reserved, 0);
  mb.set_node(nullptr, 0x4000_pa, 0x100000, memblock_list::reserved, 1);
  CHECK(text(mb.reserved) == "[2000,4000) node 0 [4000,6000) node 1");
  CHECK(text(mb.memory) == "[1000,9000)");
}

TEST_CASE("set_node: a later reservation has no node and stays apart from one that has") {
  //   reserved     [= node 0 =]
  //   new                      [==]
  //   after        [= node 0 =][==]      "reserved[4]" without "on node" in a kernel's dump
  memblock mb = filled();
  mb.set_node(nullptr, 0_pa, 0x100000, memblock_list::reserved, 0);
  mb.reserve(nullptr, 0x6000_pa, 0x1000);
  CHECK(text(mb.reserved) == "[2000,6000) node 0 [6000,7000)");
}

TEST_CASE("set_node: equal nodes grow together") {
  //   before   [= 0 =][= 1 =][= 0 =]
  //   set 0           [=====]
  //   after    [======== 0 ========]
  memblock mb = filled();
  mb.set_node(nullptr, 0_pa, 0x100000, memblock_list::memory, 0);
  mb.set_node(nullptr, 0x3000_pa, 0x2000, memblock_list::memory, 1);
  CHECK(mb.memory.regions.size() == 3);
  mb.set_node(nullptr, 0x3000_pa, 0x2000, memblock_list::memory, 0);
  CHECK(text(mb.memory) == "[1000,9000) node 0");
}

TEST_CASE("set_node: flags stay") {
  memblock mb = filled();
  mb.mark_hotplug(nullptr, 0x3000_pa, 0x2000);
  mb.set_node(nullptr, 0_pa, 0x100000, memblock_list::memory, 3);
  CHECK(text(mb.memory) == "[1000,3000) node 3 [3000,5000) node 3 hotplug [5000,9000) node 3");
}

TEST_CASE("set_node: a full array refuses") {
  memblock mb = filled();
  mb.reserved.max = 2;
  CHECK(mb.set_node(nullptr, 0_pa, 0x100000, memblock_list::reserved, 0) == -12);
  CHECK(text(mb.reserved) == "[2000,6000)");
}
