#include "mm/direct_map.hpp"

#include "support/machines.hpp"

#include <doctest/doctest.h>

using namespace mmscope;
using namespace mmscope::test;

namespace {
constexpr unsigned DMA = 0, DMA32 = 1, NORMAL = 2, MOVABLE = 3;
}

TEST_CASE("sparse: any RAM in a section makes all of it present and its map costs 2 MiB") {
  System s = machine({{0, 639 * KiB}, {MiB, 255 * MiB}, {512 * MiB, 4 * KiB}});
  to_memblock(s);
  numa_init(s, nullptr);
  sparse_init(s, nullptr);
  CHECK(s.sparse.present(0));
  CHECK(s.sparse.present(1));
  CHECK_FALSE(s.sparse.present(2));
  CHECK(s.sparse.present(4));
  CHECK(s.sparse.present_count() == 3);
  const SectionRun *first = s.sparse.find(0);
  REQUIRE(first != nullptr);
  CHECK(first->initialised);
  CHECK(s.sparse.find(4)->map == first->map + 2 * 2 * MiB); // maps follow each other although sections do not
}

TEST_CASE("sparse: sections of two nodes get two buffers and each on its node") {
  System s = machine(pc(1 * GiB));
  s.add_numa_memblk(nullptr, 0, phys_addr_t{0}, 512 * MiB, false);
  s.add_numa_memblk(nullptr, 1, phys_addr_t{512 * MiB}, 512 * MiB, false);
  to_memblock(s);
  numa_init(s, nullptr);
  sparse_init(s, nullptr);
  CHECK(s.sparse.find(0)->map < phys_addr_t{512 * MiB});
  CHECK(s.sparse.find(7)->map >= phys_addr_t{512 * MiB});
  CHECK(s.sparse.tables.size() == 2); // one PUD and one PMD page serve both
}

TEST_CASE("sparse: maps of an odd size begin at multiples of it, so that the buffer may be too short for the last") {
  System s = machine(pc(GiB));
  s.config.memory_model = MemoryModel::sparsemem;
  s.config.sizeof_page = 56;
  to_memblock(s);
  s.set_node_cpus(nullptr, 0, 1);
  numa_init(s, nullptr);
  const u64 before = s.memblock.reserved.total_size;
  sparse_init(s, nullptr);
  const u64 map_bytes = 32768 * 56;
  REQUIRE(s.sparse.sections.size() == 8);
  for (std::size_t i = 0; i < 7; ++i) {
    CHECK((direct_map_base(s) + s.sparse.sections[i].map.v) % map_bytes == 0);
    if (i != 0) CHECK(s.sparse.sections[i].map == s.sparse.sections[i - 1].map + map_bytes);
  }
  // A request's alignment is a mask, which is another thing where it is no power of two.
  CHECK((s.sparse.sections[7].map.v & (map_bytes - 1)) == 0);
  CHECK(s.sparse.sections[7].map < s.sparse.sections[0].map);
  // What alignment skipped before the first and behind the last has been given back.
  const u64 small = s.sparse.roots_bytes + 4096 + 8 * s.config.sizeof_section_usage;
  CHECK(s.memblock.reserved.total_size - before == 8 * map_bytes + small);
}

TEST_CASE("sparse: dma_reserve is what is not free below 16 MiB") {
  System s = machine(pc(256 * MiB));
  to_memblock(s);
  memblock_find_dma_reserve(s, nullptr);
  CHECK(s.get(vm_field::dma_reserve) == 158); // pages 1 to 9e, all of the reserved first MiB that is RAM
}

TEST_CASE("zones: a PC's zone DMA starts at page 1 and has the BIOS hole") {
  System s = machine(pc(256 * MiB));
  to_zones(s);
  const zone &dma = s.pages.zone_of(0, DMA);
  CHECK(dma.start_pfn == pfn_t{1});
  CHECK(dma.spanned_pages == 4095);
  CHECK(dma.present_pages == 3998);
  CHECK(printed(s, "On node 0, zone DMA: 1 pages in unavailable ranges"));
  CHECK(printed(s, "On node 0, zone DMA: 97 pages in unavailable ranges"));
  CHECK(s.pages.page(pfn_t{0}).state == PageState::hole);
  CHECK(s.pages.pageblock(pfn_t{0}) == migratetype::UNMOVABLE);
  CHECK(s.pages.pageblock(pfn_t{512}) == migratetype::MOVABLE);
}

TEST_CASE("zones: the PCI hole belongs to no section and counts as absent") {
  System s = machine(pc(4 * GiB));
  to_zones(s);
  const zone &dma32 = s.pages.zone_of(0, DMA32);
  CHECK(dma32.spanned_pages == 0x100000 - 0x1000);
  CHECK(dma32.present_pages == 0xc0000 - 0x1000);
  CHECK(s.pages.page(pfn_t{0xc0000}).state == PageState::absent);
  CHECK(s.pages.zone_of(0, NORMAL).start_pfn == pfn_t{0x100000});
}

TEST_CASE("zones: only the last zone waits and only behind a section's worth of pages") {
  System s = machine(pc(512 * MiB));
  to_zones(s);
  CHECK(s.pages.node(0).first_deferred_pfn ==
        0x10000); // DMA32 begins at 1000, so the first aligned page after 8000 more
  CHECK(s.pages.page(pfn_t{0xffff}).state == PageState::init);
  CHECK(s.pages.page(pfn_t{0x10000}).state == PageState::uninit);
}

TEST_CASE("zones: movablecore= takes the end of the highest zone") {
  System s = machine(pc(2 * GiB), "movablecore=512M");
  to_zones(s);
  CHECK(s.pages.zone_of(0, MOVABLE).start_pfn == pfn_t{0x60000});
  CHECK(s.pages.zone_of(0, MOVABLE).present_pages == 0x20000);
  CHECK(s.pages.zone_of(0, DMA32).end_pfn() == pfn_t{0x60000});
  CHECK(printed(s, "  Node 0: 0x0000000060000000"));
}

TEST_CASE("zones: movablecore= in percent is of all pages") {
  System s = machine(pc(2 * GiB), "movablecore=25%");
  to_zones(s);
  const u64 total = s.get(vm_field::physpages);
  CHECK(s.pages.zone_of(0, MOVABLE).present_pages >= total / 4);
  CHECK(s.pages.zone_of(0, MOVABLE).present_pages < total / 4 + 2048);
}

TEST_CASE("zones: kernelcore= below what lower zones hold leaves the highest zone to ZONE_MOVABLE") {
  System s = machine(pc(4 * GiB), "kernelcore=512M");
  to_zones(s);
  CHECK_FALSE(s.pages.zone_of(0, NORMAL).populated());
  CHECK(s.pages.zone_of(0, MOVABLE).start_pfn == pfn_t{0x100000});
}

TEST_CASE("zones: kernelcore= is spread over the nodes") {
  System s = machine({{0, 639 * KiB}, {MiB, 3 * GiB - MiB}, {4 * GiB, 5 * GiB}}, "kernelcore=6G");
  s.add_numa_memblk(nullptr, 0, phys_addr_t{0}, 5 * GiB, false);
  s.add_numa_memblk(nullptr, 1, phys_addr_t{5 * GiB}, 4 * GiB, false);
  to_zones(s);
  // 8 GiB in all: node 0 keeps the 3 GiB below 4 GiB and up to its share, node 1 the rest of the 6.
  const u64 kernel0 = s.pages.node(0).present_pages - s.pages.zone_of(0, MOVABLE).present_pages;
  const u64 kernel1 = s.pages.node(1).present_pages - s.pages.zone_of(1, MOVABLE).present_pages;
  CHECK(kernel0 + kernel1 >= 6 * GiB / 4096 - 1024);
  CHECK(kernel0 + kernel1 <= 6 * GiB / 4096 + 2 * 1024);
}

TEST_CASE("zones: an estimate of managed pages leaves out mem_map and the reserve below 16 MiB") {
  System s = machine(pc(256 * MiB));
  to_zones(s);
  CHECK(s.pages.zone_of(0, DMA).managed_pages == 3998 - 64 - 158);
  CHECK(s.pages.zone_of(0, DMA32).managed_pages == 61440 - 960);
  CHECK(s.get(vm_field::total_pages) == 3776 + 60480);
  CHECK(printed(s, "Built 1 zonelists, mobility grouping on.  Total pages: 64256"));
}

TEST_CASE("zonelists: equidistant nodes are tried in turn") {
  System s = machine(pc(2 * GiB));
  for (i32 n = 0; n < 4; ++n)
    s.add_numa_memblk(nullptr, n, phys_addr_t{static_cast<u64>(n) * 512 * MiB}, 512 * MiB, false);
  to_zones(s);
  CHECK(s.pages.node(0).fallback == std::vector<i32>{0, 1, 2, 3});
  CHECK(s.pages.node(1).fallback == std::vector<i32>{1, 2, 3, 0});
  CHECK(s.pages.node(3).fallback == std::vector<i32>{3, 0, 1, 2});
}

TEST_CASE("zonelists: distance comes first") {
  // a ring: 0 - 1 - 2 - 3 - 0, the opposite node is far
  System s = machine(pc(2 * GiB));
  const int d[4][4] = {{10, 16, 22, 16}, {16, 10, 16, 22}, {22, 16, 10, 16}, {16, 22, 16, 10}};
  for (i32 i = 0; i < 4; ++i) {
    s.add_numa_memblk(nullptr, i, phys_addr_t{static_cast<u64>(i) * 512 * MiB}, 512 * MiB, false);
    for (i32 j = 0; j < 4; ++j) s.set_numa_distance(nullptr, i, j, static_cast<u64>(d[i][j]));
  }
  to_zones(s);
  CHECK(s.pages.node(0).fallback == std::vector<i32>{0, 1, 3, 2});
  CHECK(s.pages.node(2).fallback.back() == 0);
}

TEST_CASE("zonelists: how equidistant nodes take turns, by era") {
  struct Row {
    std::string_view era;
    std::vector<i32> last;
  };
  // Two pairs: within a pair it is nearer. Nodes 2 and 3 choose between 0 and 1, of which both were first before.
  for (const Row &r : {Row{"6.1", {3, 2, 1, 0}}, Row{"5.15", {3, 2, 0, 1}}, Row{"2.6.24", {3, 2, 0, 1}},
                       Row{"2.6.11", {3, 2, 1, 0}}}) {
    System s = machine(pc(2 * GiB));
    for (i32 i = 0; i < 4; ++i) {
      s.add_numa_memblk(nullptr, i, phys_addr_t{static_cast<u64>(i) * 512 * MiB}, 512 * MiB, false);
      for (i32 j = 0; j < 4; ++j) s.set_numa_distance(nullptr, i, j, i == j ? 10 : i / 2 == j / 2 ? 15 : 20);
    }
    to_zones(s);
    s.era = find_era(r.era);
    build_all_zonelists(s, nullptr);
    CAPTURE(r.era);
    CHECK(s.pages.node(1).fallback == std::vector<i32>{1, 0, 3, 2});
    CHECK(s.pages.node(3).fallback == r.last);
  }
}

TEST_CASE("zones: a node with CPUs and no memory gets its node data elsewhere and comes online") {
  System s = machine(pc(512 * MiB));
  s.set_node_cpus(nullptr, 0, 1);
  s.set_node_cpus(nullptr, 1, 1);
  s.add_numa_memblk(nullptr, 1, phys_addr_t{0}, 512 * MiB, false);
  to_zones(s);
  CHECK(s.pages.node(0).memoryless);
  CHECK(s.pages.node(0).online);
  CHECK(s.pages.node(0).fallback == std::vector<i32>{0, 1});
  CHECK(printed(s, "Initmem setup node 0 as memoryless"));
  CHECK(s.get(vm_field::nr_online_nodes) == 2);
}
