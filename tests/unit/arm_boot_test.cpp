// Device-tree machines: where the direct map begins, where low memory and devices' reach end, nodes, and the CMA area.
#include "mm/boot.hpp"
#include "mm/direct_map.hpp"

#include "support/machines.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace mmscope;
using namespace mmscope::test;

namespace {

System board(const std::vector<Ram> &ram, const std::string &command_line = {},
             std::string_view release = "6.1.0-50-arm64") {
  System s = machine({}, command_line, release);
  for (const Ram &r : ram) s.memblock.add(nullptr, phys_addr_t{r.base}, r.size);
  return s;
}
std::string last_line(const System &s) { return s.lines.empty() ? std::string() : s.lines.back(); }
u64 cma_at(const std::vector<Ram> &ram, const std::string &command_line = {}) {
  System s = board(ram, command_line);
  arm64_memblock_init(s, nullptr);
  dma_contiguous_reserve(s, nullptr, dma_phys_limit(s));
  return s.get(vm_field::cma_base);
}

} // namespace

TEST_CASE("arm64: the direct map begins at a whole GiB, and holds 2^47 bytes") {
  System s = board({{0x48000000, GiB}});
  arm64_memblock_init(s, nullptr);
  CHECK(s.get(vm_field::memstart_addr) == 0x40000000);
  CHECK(s.get(vm_field::max_pfn) == 0x88000);
  CHECK(direct_map_base(s) + 0x40000000 == 0xffff000000000000);
  CHECK(vmemmap_base(s) + 0x40000 * 64 == 0xfffffc0000000000);
  CHECK(low_limit(s).v == 0x40000000);

  // A bank that lies farther away than that is out of reach.
  System far = board({{0x40000000, GiB}, {0x40000000 + (u64{1} << 47), GiB}});
  arm64_memblock_init(far, nullptr);
  CHECK(far.memblock.memory.cnt() == 1);
  CHECK(far.memblock.end_of_dram().v == 0x80000000);
}

TEST_CASE("arm64: a build for 52-bit addresses places the direct map for the 48 bits of its CPU") {
  System s = board({{0x40000000, GiB}}, "", "6.12.107+deb13-arm64");
  arm64_memblock_init(s, nullptr);
  CHECK(low_limit(s).v == 0xfff1000040000000); // below 0, as its log prints it
  CHECK(direct_map_base(s) + 0x40000000 == 0xffff000000000000);
  CHECK(vmemmap_base(s) == 0xfffffdffbf000000);
}

TEST_CASE("arm64: mem= keeps the kernel wherever it lies") {
  System s = board({{0x40000000, 2 * GiB}}, "mem=16M");
  arm64_memblock_init(s, nullptr);
  CHECK(s.memblock.memory.cnt() == 1); // 16 MiB and the kernel overlap
  CHECK(s.memblock.end_of_dram().v == s.config.image_end);
}

TEST_CASE("arm64: what devices reach widens when RAM begins above it") {
  CHECK(max_zone_phys(board({{0x40000000, 8 * GiB}}), 4 * GiB).v == 4 * GiB);
  CHECK(max_zone_phys(board({{0x40000000, GiB}}), 4 * GiB).v == 2 * GiB); // the end of RAM
  CHECK(max_zone_phys(board({{0x40000000, 8 * GiB}}), GiB / 2).v == 4 * GiB);
  CHECK(max_zone_phys(board({{8 * GiB, GiB}}), 4 * GiB).v == 9 * GiB);
}

TEST_CASE("cma: the default area lies on top, below what devices reach") {
  CHECK(cma_at({{0x40000000, GiB}}) == 0x80000000 - 64 * MiB);
  CHECK(cma_at({{0x40000000, 8 * GiB}}) == 4 * GiB - 64 * MiB);
  CHECK(cma_at({{0x40000000, GiB}}, "cma=100M") == 0x80000000 - 100 * MiB);
  CHECK(cma_at({{0x40000000, GiB}}, "cma=16M@0x50000000") == 0x50000000);
  CHECK(cma_at({{0x40000000, GiB}}, "cma=16M@0x50000000-0x60000000") == 0x60000000 - 16 * MiB);
  CHECK(cma_at({{0x40000000, GiB}}, "cma=0") == 0);
  CHECK(cma_at({{0x40000000, GiB}}, "cma=2G") == 0);
  // All of RAM lies above 4 GiB: from its start upwards, where moving pages is never in its way.
  CHECK(cma_at({{4 * GiB, GiB}}) == 4 * GiB);
}

TEST_CASE("cma: the area becomes managed pages of its own type, late") {
  System s = board({{0x40000000, GiB}});
  arm64_memblock_init(s, nullptr);
  s.set_node_cpus(nullptr, 0, 1);
  arch_numa_init(s, nullptr);
  sparse_init(s, nullptr);
  free_area_init(s, nullptr);
  dma_contiguous_reserve(s, nullptr, dma_phys_limit(s));
  CHECK(last_line(s) == "cma: Reserved 64 MiB at 0x000000007ae00000");
  build_all_zonelists(s, nullptr);
  memblock_free_all(s, nullptr);
  mem_init(s, nullptr);
  CHECK(last_line(s).ends_with(" 65536K cma-reserved)"));
  page_alloc_init_late(s, nullptr);
  const u64 managed = s.pages.zone_of(0, 0).managed_pages, total = s.get(vm_field::totalram_pages);
  const pfn_t first{s.get(vm_field::cma_base) >> 12};
  CHECK(s.pages.page(first).state == PageState::reserved);
  cma_init_reserved_areas(s, nullptr);
  CHECK(s.pages.zone_of(0, 0).managed_pages == managed + 16384);
  CHECK(s.get(vm_field::totalram_pages) == total + 16384);
  CHECK(s.pages.pageblock(first) == migratetype::CMA);
  CHECK(s.pages.zone_of(0, 0).nr_free_cma == 16384);
  CHECK(s.verify().empty());
}

TEST_CASE("cma: from 7.2 on each of several nodes has an area of its own") {
  const auto boot = [](std::string_view release, const std::string &command_line) {
    System s = board({{0x40000000, 4 * GiB}}, command_line, release);
    arm64_memblock_init(s, nullptr);
    s.add_numa_memblk(nullptr, 0, phys_addr_t{0x40000000}, GiB, false);
    s.add_numa_memblk(nullptr, 1, phys_addr_t{0x80000000}, 3 * GiB, false);
    s.set_node_cpus(nullptr, 0, 1);
    s.set_node_cpus(nullptr, 1, 1);
    arch_numa_init(s, nullptr);
    dma_contiguous_reserve(s, nullptr, cma_limit(s));
    return s;
  };
  System s = boot("7.2.13+deb14-arm64-16k", "");
  CHECK(s.get(vm_field::cma_base) == 0xfc000000); // below what devices reach, as in a recorded boot
  CHECK(s.pages.node(0).cma_base.v == 0x7a000000);
  CHECK(s.pages.node(1).cma_base.v == 0x100000000); // from 4 GiB upwards, where the node has room there
  CHECK(s.get(vm_field::totalcma_pages) == 3 * 4096);
  sparse_init(s, nullptr);
  free_area_init(s, nullptr);
  build_all_zonelists(s, nullptr);
  memblock_free_all(s, nullptr);
  mem_init(s, nullptr);
  page_alloc_init_late(s, nullptr);
  cma_init_reserved_areas(s, nullptr);
  CHECK(s.pages.zone_of(0, 0).nr_free_cma == 4096);
  CHECK(s.pages.zone_of(1, 0).nr_free_cma == 4096);
  CHECK(s.pages.zone_of(1, 2).nr_free_cma == 4096);
  CHECK(s.verify().empty());

  for (const System &one : {boot("6.12.107+deb13-arm64-16k", ""), boot("7.2.13+deb14-arm64-16k", "numa_cma=0:0")}) {
    CHECK(one.get(vm_field::totalcma_pages) == 4096);
    CHECK(one.pages.node(1).cma_base.v == 0);
  }
}

TEST_CASE("arm64: the direct map's tables, page by page, as recorded boots of 7.2 take them") {
  const auto tables = [](const std::vector<Ram> &ram, std::string_view release) {
    System s = board(ram, "", release);
    arm64_memblock_init(s, nullptr);
    return direct_map_tables(s);
  };
  CHECK(tables({{0x40000000, GiB}}, "7.2.13+deb14-arm64") == 512 + 1 + 1);
  CHECK(tables({{0x40000000, GiB}}, "7.2.13+deb14-arm64-16k") == 32 + 1); // no PUDs: 47 bits of address
  CHECK(tables({{0x40000000, 4 * GiB}}, "7.2.13+deb14-arm64-16k") == 128 + 1);
  // Two banks in one table's reach share it.
  CHECK(tables({{0x40000000, 16 * MiB}, {0x41800000, 8 * MiB}}, "7.2.13+deb14-arm64-16k") == 1 + 1);
}

TEST_CASE("arch_numa: one node is faked, or the device tree's are taken") {
  System one = board({{0x40000000, GiB}});
  arm64_memblock_init(one, nullptr);
  arch_numa_init(one, nullptr);
  CHECK(last_line(one) == "NUMA: NODE_DATA [mem 0x7fffc380-0x7fffefff]"); // below the distance table's page
  CHECK(one.memblock.memory.regions[0].nid == 0);
  CHECK(one.memblock.reserved.regions[0].nid == no_node);

  System two = board({{0x40000000, 2 * GiB}});
  arm64_memblock_init(two, nullptr);
  two.add_numa_memblk(nullptr, 0, phys_addr_t{0x40000000}, GiB, false);
  two.add_numa_memblk(nullptr, 1, phys_addr_t{0x80000000}, GiB, false);
  arch_numa_init(two, nullptr);
  CHECK(two.memblock.memory.cnt() == 2);
  CHECK(two.pages.node(1).pgdat.v > 0x80000000);
  CHECK(two.pages.node(0).pgdat.v < 0x80000000);

  // 6.12 keeps the ranges as x86 does: no distance table, and reserved memory has a node.
  System late = board({{0x40000000, GiB}}, "", "6.12.107+deb13-arm64");
  late.era = find_era("6.12");
  late.memblock.reserve(nullptr, phys_addr_t{0x40200000}, MiB);
  arm64_memblock_init(late, nullptr);
  arch_numa_init(late, nullptr);
  CHECK(last_line(late) == "NODE_DATA(0) allocated [mem 0x7fffc8c0-0x7fffffff]");
  CHECK(late.memblock.reserved.regions[0].nid == 0);
}

TEST_CASE("arm64: from 7.2 on pages of 16 KiB get their struct pages one by one, a table before the first") {
  const auto boot = [](u64 sections, std::string_view release) {
    System s = board({{0x40000000, sections * 128 * MiB}}, "", release);
    s.set_node_cpus(nullptr, 0, 1);
    arm64_memblock_init(s, nullptr);
    arch_numa_init(s, nullptr);
    sparse_init(s, nullptr);
    return s;
  };
  const u64 page = 16 * KiB, pages = 32; // 8192 struct pages of 64 bytes a section
  const System s = boot(2, "7.2.13+deb14-arm64-16k");
  REQUIRE(s.sparse.tables.size() == 2); // below the root: PMDs, PTEs
  REQUIRE(s.sparse.sections.size() == 2);
  const SectionRun &first = s.sparse.sections[0], &second = s.sparse.sections[1];
  CHECK(s.sparse.tables[1].addr.v - first.map.v == pages * page); // downwards, right below the tables
  CHECK(first.map.v - second.map.v == pages * page);
  // One PTE table maps 32 MiB of vmemmap, which is 64 sections: the next one comes before the page that needs it.
  const System more = boot(65, "7.2.13+deb14-arm64-16k");
  REQUIRE(more.sparse.tables.size() == 3);
  const phys_addr_t last = more.sparse.sections[63].map;
  CHECK(last.v - more.sparse.tables[2].addr.v == page);
  CHECK(last.v - more.sparse.sections[64].map.v == (pages + 1) * page);
  // With pages of 4 KiB a section has one block; before, a node had one buffer.
  const System small = boot(2, "7.2.13+deb14-arm64"), old = boot(2, "6.12.107+deb13-arm64");
  CHECK(small.sparse.sections[0].map.v - small.sparse.sections[1].map.v == 2 * MiB);
  CHECK(old.sparse.sections[0].count == 2); // upwards in it
}

TEST_CASE("arm: low memory ends below vmalloc") {
  const auto low_pages = [](u64 bytes, const std::string &command_line) {
    System s = board({{0x40000000, bytes}}, command_line, "6.1.0-50-armmp");
    adjust_lowmem_bounds(s, nullptr);
    bootmem_init(s, nullptr);
    return s.get(vm_field::max_low_pfn) - 0x40000;
  };
  CHECK(low_pages(2 * GiB, "") == 768 * MiB >> 12);
  CHECK(low_pages(256 * MiB, "") == 256 * MiB >> 12);
  CHECK(low_pages(2 * GiB, "vmalloc=512M") == 496 * MiB >> 12);
  CHECK(low_pages(2 * GiB, "vmalloc=1M") == 992 * MiB >> 12);   // at least 16 MiB of it
  CHECK(low_pages(2 * GiB, "vmalloc=4000M") == 32 * MiB >> 12); // at least 32 MiB low
}

TEST_CASE("arm: a first bank that begins inside a PMD loses its head, and the limit is whole PMDs") {
  System s = board({{0x40100000, 100 * MiB}}, "", "6.1.0-50-armmp");
  adjust_lowmem_bounds(s, nullptr);
  CHECK(s.memblock.memory.regions[0].size == MiB);
  CHECK((s.memblock.memory.regions[0].flags & MEMBLOCK_NOMAP) != 0);
  CHECK(s.memblock.current_limit.v % (2 * MiB) == 0);
}

TEST_CASE("arm: high memory goes to the buddy allocator behind low memory, the CMA area lies in it") {
  System s = board({{0x40000000, GiB}}, "", "6.1.0-50-armmp");
  adjust_lowmem_bounds(s, nullptr);
  dma_contiguous_reserve(s, nullptr, dma_phys_limit(s));
  CHECK(s.get(vm_field::cma_base) == 0x7f000000);
  s.set_node_cpus(nullptr, 0, 1);
  bootmem_init(s, nullptr);
  free_area_init(s, nullptr);
  build_all_zonelists(s, nullptr);
  memblock_free_all(s, nullptr);
  CHECK(s.pages.zone_of(0, 2).managed_pages == 0);
  free_highpages(s, nullptr);
  CHECK(s.pages.zone_of(0, 2).managed_pages == (256 - 16) * MiB >> 12);
  mem_init(s, nullptr);
  CHECK(last_line(s).ends_with("16384K cma-reserved, 245760K highmem)"));
  CHECK(s.verify().empty());
}
