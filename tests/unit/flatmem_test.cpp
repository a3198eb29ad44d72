// One array of struct page for everything: its size, its place, what lies in its holes.
#include "mm/flatmem.hpp"

#include "mm/section_word.hpp"
#include "support/machines.hpp"

#include <doctest/doctest.h>

using namespace mmscope;
using namespace mmscope::test;

namespace {
const KernelConfig &plain() { return *find_config("6.1.0-50-686"); }
const KernelConfig &pae() { return *find_config("6.1.0-50-686-pae"); }
} // namespace

TEST_CASE("flatmem: mem_map covers whole max-order blocks") {
  CHECK(flat_mem_map_bytes(pae(), pfn_t{1}, 262111) == 0x40000 * 40); // 1 GiB less its last 32 pages
  CHECK(flat_mem_map_bytes(pae(), pfn_t{0}, 0x40000) == 0x40000 * 40);
  CHECK(flat_mem_map_bytes(pae(), pfn_t{0}, 0x40001) == 0x40400 * 40);
  CHECK(flat_mem_map_bytes(pae(), pfn_t{0x60001}, 1) == 0x400 * 40);
}

TEST_CASE("flatmem: a usage map has four bits a pageblock, in whole words") {
  CHECK(usemap_bytes(pae(), pivot_era(), 4, pfn_t{1}, 4095) == 4);        // 8 blocks
  CHECK(usemap_bytes(pae(), pivot_era(), 4, pfn_t{4096}, 221182) == 216); // 432 blocks
  CHECK(usemap_bytes(pae(), pivot_era(), 4, pfn_t{225278}, 36834) ==
        40); // from the middle of a pageblock: 73, not 72 of them
  CHECK(usemap_bytes(plain(), pivot_era(), 4, pfn_t{4096}, 220158) == 108); // pageblocks of 4 MiB
  CHECK(usemap_bytes(plain(), pivot_era(), 8, pfn_t{4096}, 220158) == 112); // a long of eight bytes
}

TEST_CASE("flatmem: from 7.2 on a usage map has a byte a pageblock") {
  const KernelConfig &arm = *find_config("7.2.13+deb14-armmp"); // pageblocks of 8 MiB
  CHECK(usemap_bytes(arm, *find_era("7.2"), 4, pfn_t{0x40000}, 0x30000) == 96);
  CHECK(usemap_bytes(arm, *find_era("6.12"), 4, pfn_t{0x40000}, 0x30000) == 48);
}

TEST_CASE("flatmem: the map comes before the usage maps, and all lie in low memory") {
  System s = machine(pc(2 * GiB), "", "6.1.0-50-686-pae");
  to_zones(s);
  const phys_addr_t map = s.pages.node(0).mem_map;
  const u64 low_end = s.get(vm_field::max_low_pfn) << 12;
  CHECK(map.v == low_end - 0x80000 * 40);
  for (unsigned z = 0; z < 3; ++z) {
    const phys_addr_t usemap = s.pages.zone_of(0, z).pageblock_flags;
    CHECK(usemap.v != 0);
    CHECK(usemap < map);
    CHECK(usemap.v % 64 == 0);
  }
  CHECK(s.pages.zone_of(0, 3).pageblock_flags.v == 0); // Movable is empty
}

TEST_CASE("flatmem: a hole has struct pages, reserved and counted, up to the end of memory") {
  System s = machine({{0, 639 * KiB}, {MiB, 255 * MiB}, {512 * MiB, 4 * MiB}}, "", "6.1.0-50-686-pae");
  to_zones(s);
  CHECK(s.pages.page(pfn_t{0x10000}).state == PageState::hole);
  CHECK(s.pages.page(pfn_t{0x1ffff}).state == PageState::hole);
  CHECK(s.pages.page(pfn_t{0x203ff}).state == PageState::init);
  CHECK(s.pages.page(pfn_t{0x20400}).state == PageState::absent); // max_mapnr
  CHECK(printed(s, "On node 0, zone Normal: 65536 pages in unavailable ranges"));
  // The hole's pages count in the estimate: nobody asks whether there is RAM behind a struct page.
  const zone &normal = s.pages.zone_of(0, 1);
  CHECK(normal.present_pages - normal.managed_pages == div_round_up(normal.spanned_pages * 40, 4096));
}

TEST_CASE("flatmem: a pageblock on a zone's border has a type on either side") {
  System s = machine(pc(1 * GiB), "", "6.1.0-50-686-pae");
  to_zones(s);
  REQUIRE(s.pages.zone_of(0, 2).start_pfn == pfn_t{0x36ffe});
  CHECK(s.pages.pageblock(pfn_t{0x36ffd}) == migratetype::MOVABLE);
  CHECK(s.pages.pageblock(pfn_t{0x36ffe}) == migratetype::UNMOVABLE); // HighMem does not begin it
  CHECK(s.pages.pageblock(pfn_t{0x37000}) == migratetype::MOVABLE);
}

TEST_CASE("flatmem: up to 5.10 a flat map's holes are not told of") {
  System s = machine({{0, 639 * KiB}, {MiB, 255 * MiB}}, "", "5.10.0-32-686-pae");
  to_zones(s);
  CHECK_FALSE(printed(s, "On node 0, zone DMA: 97 pages in unavailable ranges"));
}

TEST_CASE("sparse: classic sections have static roots, and maps of their exact size side by side") {
  System s = machine(pc(2 * GiB), "", "6.1.0-50-686-pae");
  s.config.memory_model = MemoryModel::sparsemem;
  s.config.sizeof_page = 32;
  to_memblock(s);
  s.set_node_cpus(nullptr, 0, 1);
  initmem_init(s, nullptr);
  sparse_init(s, nullptr);
  CHECK(s.sparse.roots_bytes == 0);
  CHECK(s.sparse.roots.empty());
  CHECK(s.sparse.tables.empty());
  CHECK(s.sparse.present_count() == 4);
  const SectionRun *first = s.sparse.find(0);
  REQUIRE(first != nullptr);
  CHECK(first->map.v % (4 * MiB) == 0); // 131072 pages of 32 bytes
  CHECK(s.sparse.find(3)->count == 4);
  // The word of a section leads from a page frame number straight to its struct page.
  const SectionWord word = section_word(s, 2);
  const u64 pfn = 2 * s.arch->pages_per_section() + 5;
  CHECK((((word.value & ~u64{31}) + pfn * 32) & 0xffffffff) == 0xc0000000 + first->map.v + pfn * 32);
}
