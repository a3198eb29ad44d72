#include "support/machines.hpp"

#include <doctest/doctest.h>

using namespace mmscope;
using namespace mmscope::test;

namespace {
// What numa_init made of the firmware's ranges.
std::vector<numa_memblk> blocks_of(System &s) {
  to_memblock(s);
  numa_init(s, nullptr);
  return s.numa.blocks;
}
numa_memblk blk(i32 nid, u64 start, u64 end) { return {nid, phys_addr_t{start}, phys_addr_t{end}, false}; }
} // namespace

TEST_CASE("numa: without firmware ranges one node holds everything") {
  System s = machine(pc(256 * MiB));
  CHECK(blocks_of(s) == std::vector{blk(0, 0, 256 * MiB)});
  CHECK(printed(s, "No NUMA configuration found"));
  CHECK(s.memblock.memory.regions[1].nid == 0);
}

TEST_CASE("numa: ranges of one node join across a hole that no other node uses") {
  // node 0 [0..a0000) [100000..512M)   node 1 [512M..1G)
  System s = machine(pc(1 * GiB));
  s.add_numa_memblk(nullptr, 0, phys_addr_t{0}, 0xa0000, false);
  s.add_numa_memblk(nullptr, 0, phys_addr_t{MiB}, 511 * MiB, false);
  s.add_numa_memblk(nullptr, 1, phys_addr_t{512 * MiB}, 512 * MiB, false);
  CHECK(blocks_of(s) == std::vector{blk(0, 0, 512 * MiB), blk(1, 512 * MiB, 1 * GiB)});
}

TEST_CASE("numa: ranges of one node stay apart when another node lies between") {
  System s = machine(pc(768 * MiB));
  s.add_numa_memblk(nullptr, 0, phys_addr_t{0}, 256 * MiB, false);
  s.add_numa_memblk(nullptr, 1, phys_addr_t{256 * MiB}, 256 * MiB, false);
  s.add_numa_memblk(nullptr, 0, phys_addr_t{512 * MiB}, 256 * MiB, false);
  CHECK(blocks_of(s).size() == 3);
}

TEST_CASE("numa: ranges of two nodes that overlap make the kernel fall back to one node") {
  System s = machine(pc(512 * MiB));
  s.add_numa_memblk(nullptr, 0, phys_addr_t{0}, 300 * MiB, false);
  s.add_numa_memblk(nullptr, 1, phys_addr_t{256 * MiB}, 256 * MiB, false);
  CHECK(blocks_of(s) == std::vector{blk(0, 0, 512 * MiB)});
  CHECK(printed(s, "No NUMA configuration found"));
}

TEST_CASE("numa: firmware that leaves out RAM is not believed") {
  System s = machine(pc(512 * MiB));
  s.add_numa_memblk(nullptr, 0, phys_addr_t{0}, 256 * MiB, false);
  CHECK(blocks_of(s) == std::vector{blk(0, 0, 512 * MiB)});
}

TEST_CASE("numa: a range beyond the end of RAM is cut and one without RAM is dropped") {
  System s = machine(pc(512 * MiB));
  s.add_numa_memblk(nullptr, 0, phys_addr_t{0}, 1 * GiB, false);
  s.add_numa_memblk(nullptr, 1, phys_addr_t{8 * GiB}, 1 * GiB, false);
  CHECK(blocks_of(s) == std::vector{blk(0, 0, 512 * MiB)});
}

TEST_CASE("numa: numa=fake=2 gives two nodes of equal RAM") {
  System s = machine(pc(512 * MiB), "numa=fake=2");
  CHECK(blocks_of(s) == std::vector{blk(0, 0, 256 * MiB), blk(1, 256 * MiB, 512 * MiB)});
  CHECK(s.get(vm_field::numa_distance_cnt) == 2);
  CHECK(s.numa.distance_of(0, 1) == 10); // both lie on the one real node
}

TEST_CASE("numa: numa=fake=64M cuts nodes of that size") {
  System s = machine(pc(256 * MiB), "numa=fake=64M");
  const auto blocks = blocks_of(s);
  REQUIRE(blocks.size() >= 2);
  for (std::size_t i = 0; i + 1 < blocks.size(); ++i) CHECK(blocks[i].end - blocks[i].start >= 64 * MiB);
  CHECK(blocks.back().end == phys_addr_t{256 * MiB});
}

TEST_CASE("numa: numa=fake=2U cuts every real node in two") {
  System s = machine(pc(1 * GiB), "numa=fake=2U");
  s.add_numa_memblk(nullptr, 0, phys_addr_t{0}, 512 * MiB, false);
  s.add_numa_memblk(nullptr, 1, phys_addr_t{512 * MiB}, 512 * MiB, false);
  CHECK(blocks_of(s) == std::vector{blk(0, 0, 256 * MiB), blk(1, 256 * MiB, 512 * MiB), blk(2, 512 * MiB, 768 * MiB),
                                    blk(3, 768 * MiB, 1 * GiB)});
}

TEST_CASE("numa: NODE_DATA lies on its own node") {
  System s = machine(pc(1 * GiB));
  s.add_numa_memblk(nullptr, 0, phys_addr_t{0}, 512 * MiB, false);
  s.add_numa_memblk(nullptr, 1, phys_addr_t{512 * MiB}, 512 * MiB, false);
  blocks_of(s);
  const u64 bytes = round_up(s.config.sizeof_pgdat, 4096);
  CHECK(s.pages.node(0).pgdat == phys_addr_t{512 * MiB - bytes});
  CHECK(s.pages.node(1).pgdat == phys_addr_t{1 * GiB - bytes});
}

TEST_CASE("numa: a node that holds the kernel cannot be unplugged") {
  System s = machine(pc(1 * GiB), "movable_node");
  s.add_numa_memblk(nullptr, 0, phys_addr_t{0}, 512 * MiB, true);
  s.add_numa_memblk(nullptr, 1, phys_addr_t{512 * MiB}, 512 * MiB, true);
  blocks_of(s);
  for (const memblock_region &r : s.memblock.memory.regions) CHECK(((r.flags & MEMBLOCK_HOTPLUG) != 0) == (r.nid == 1));
}
