// An architecture, an era and a build that nobody told the core about: rows alone make a machine. The worked example of
// docs/adding-an-era.md.
#include "lab/lab.hpp"
#include "mm/lowmem.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace mmscope;

namespace {

constexpr u64 KiB = 1024, MiB = 1024 * KiB, GiB = 1024 * MiB;

// --- the architecture: pages of 16 KiB, sections of 64 MiB, devices that reach 1 GiB ---

constexpr ZoneRow zones[] = {
    {"Near", ZoneLimit::address, GiB, 64},
    {"Normal", ZoneLimit::end, 0, 32},
    {"Movable", ZoneLimit::movable, 0, 0},
};
constexpr Arch tundra{
    .name = "tundra",
    .word = 8,
    .phys_addr_size = 8,
    .phys_addr_align = 8,
    .page_shift = 14,
    .section_size_bits = 26,
    .max_physmem_bits = 40,
    .cache_line = 128,
    .internode_align = 128,
    .pmd_shift = 25,
    .low_limit = 0,
    .dma_reserve_end = 0,
    .vmemmap_base = 0xffff800000000000,
    .direct_map_base = 0xffff000000000000,
    .low_memory = LowMemory::all,
    .highmem_free = HighmemFree::none,
    .vmalloc_top_tables = 0,
    .firmware = Firmware::device_tree,
    .memstart_align = 32 * MiB,
    .linear_region_bits = 40,
    .zones = zones,
    .source = "this test",
};

// --- the era: what its kernel does otherwise than 7.2 ---

constexpr EraChange later[] = {
    {EraField::min_free_cap_kb, 2048, "min_free_kbytes goes no higher than 2 MiB", "this test"},
    {EraField::boot_pages_last, 0, "what the boot hands over is taken first", "this test"},
    {EraField::thp_zone_factor, 4, "huge pages ask for less", "this test"},
};
const Era &era_of_tomorrow() {
  static const Era era = era_from(*find_era("7.2"), {"9.9", 9, 9, 0, "this test"}, later);
  return era;
}

// --- the build ---

constexpr KernelConfig build{
    .flavour = "-tundra",
    .arch = "tundra",
    .era_major = 9,
    .era_minor = 9,
    .sizeof_page = 64,
    .sizeof_mem_section = 16,
    .sizeof_section_usage = 40,
    .sizeof_pgdat = 16 * KiB,
    .max_order = 11,
    .pageblock_order = 11,
    .max_numnodes = 4,
    .deferred_struct_pages = false,
    .thp = true,
    .numa = true,
    .memory_model = MemoryModel::vmemmap,
    .image_base = 0x80200000,
    .image_end = 0x82000000,
    .nr_cpus_max = 8,
    .source = "this test",
};

Script boot() {
  Script s;
  s.setup = {&tundra, &era_of_tomorrow(), build, {}};
  const auto add = [&](Op op, std::initializer_list<u64> args) { s.commands.push_back(command(op, args)); };
  const auto step = [&](Op op) { add(op, {}); };
  add(Op::memblock_add, {GiB / 2, 3 * GiB}); // 512 MiB below what devices reach, the rest above
  add(Op::memblock_reserve, {build.image_base, build.image_end - build.image_base});
  step(Op::arm64_memblock_init);
  step(Op::memblock_allow_resize);
  add(Op::numa_set_cpus, {0, 2});
  step(Op::arch_numa_init);
  step(Op::sparse_init);
  step(Op::free_area_init);
  step(Op::build_all_zonelists);
  step(Op::memblock_free_all);
  step(Op::mem_init);
  step(Op::setup_per_cpu_pageset);
  step(Op::init_per_zone_wmark_min);
  return s;
}

} // namespace

TEST_CASE("outside rows: an architecture, an era and a build of a test boot to the last byte") {
  Script script = boot();
  const std::size_t calls = script.commands.size();
  Lab lab(std::move(script));
  REQUIRE(lab.prepare(calls + 1));
  for (std::size_t i = 0; i <= calls; ++i) {
    lab.seek({i, 0, 0});
    CAPTURE(i);
    REQUIRE(lab.accounting().balanced());
  }
  const System &s = lab.state();
  CHECK(s.verify() == "");
  // The zones are the row's, in pages of 16 KiB.
  const zone &near = s.pages.zone_of(0, 0), &normal = s.pages.zone_of(0, 1);
  CHECK(near.start_pfn == pfn_t{GiB / 2 >> 14});
  CHECK(near.spanned_pages == GiB / 2 >> 14);
  CHECK(normal.present_pages == (3 * GiB - GiB / 2) >> 14);
  // … so are the sections.
  u64 sections = 0;
  for (const SectionRun &r : s.sparse.sections) sections += r.count;
  CHECK(sections == 3 * GiB / (64 * MiB));
  // The era's cap: sqrt(16 * 3 GiB in KiB) would be 7 MiB.
  CHECK(s.get(vm_field::min_free_kbytes) == 2048);
  CHECK(near.lowmem_reserve[1] == normal.managed_pages / 64);
  // And its order of the free lists: the last block that came is the first to go.
  std::vector<u64> blocks;
  s.pages.for_each_block(0, 1, order_t{11}, migratetype::MOVABLE,
                         [&](const FreeBlock &b) { blocks.push_back(b.pfn.v); });
  REQUIRE(blocks.size() > 10);
  CHECK(std::is_sorted(blocks.rbegin(), blocks.rend()));
}

TEST_CASE("outside rows: an era is its neighbour but for its list") {
  const Era &tomorrow = era_of_tomorrow(), &today = *find_era("7.2");
  u64 differ = 0;
  for (std::size_t f = 0; f < era_fields().size(); ++f)
    differ += era_value_text(tomorrow, static_cast<EraField>(f)) != era_value_text(today, static_cast<EraField>(f));
  CHECK(differ == std::size(later));
  CHECK(tomorrow.name == "9.9");
  CHECK(find_era("9.9") == nullptr); // the table has not changed
}
