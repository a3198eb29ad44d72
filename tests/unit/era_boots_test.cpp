// The same PC in every era: each boots to the end, and every byte of its RAM has a place all the way.
#include "lab/bootmem_model.hpp"
#include "lab/lab.hpp"
#include "lab/presets.hpp"
#include "mm/old_boot.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace mmscope;

namespace {

Script boot_of(std::string_view era) {
  const MachineSpec *m = find_preset("pc-256m-" + std::string(era));
  REQUIRE(m != nullptr);
  return make_script(*m);
}
System end_of(std::string_view era) {
  const Script script = boot_of(era);
  Machine m(script.setup);
  for (const Command &c : script.commands) REQUIRE(m.apply(c, nullptr).ok());
  return m.system();
}
u64 part_of(const Accounting &a, PartKind kind) {
  u64 n = 0;
  for (const Part &p : a.parts) n += p.kind == kind ? p.bytes : 0;
  return n;
}
bool printed(const System &s, std::string_view line) {
  for (const std::string &l : s.lines)
    if (l == line) return true;
  return false;
}

} // namespace

TEST_CASE("era boots: the same PC boots in every era, and every byte of it is accounted for at every call") {
  for (const Era &era : all_eras()) {
    CAPTURE(era.name);
    Script script = boot_of(era.name);
    CHECK(script.setup.era == &era);
    for (const std::string &a : script.assumed) CHECK_MESSAGE(a.find("stops") == std::string::npos, a);
    const std::size_t calls = script.commands.size();
    Lab lab(std::move(script));
    REQUIRE(lab.prepare(calls + 1));
    u64 ram = 0;
    for (std::size_t i = 0; i <= calls; ++i) {
      lab.seek({i, 0, 0});
      const Accounting a = lab.accounting();
      CAPTURE(i);
      REQUIRE(a.sum() == a.ram);
      ram = a.ram;
    }
    CHECK(lab.state().verify() == "");
    CHECK(lab.handed_over());
    const Accounting end = lab.accounting();
    // 256 MiB less what QEMU's BIOS keeps: the same to all of them, but for the pages that x86 cuts off since 4.9.
    const u64 map = 0x9fc00 + (0xffe0000 - 0x100000);
    CHECK(ram == (era.trims_bios_range ? map - 4096 - 0xc00 : map));
    CHECK(part_of(end, PartKind::free_memblock) == 0);
    CHECK(part_of(end, PartKind::free_buddy) > end.ram / 4 * 3);
  }
}

TEST_CASE("era boots: inside every call the events lead from one state to the next") {
  for (const std::string_view era : {"2.4.22", "2.6.11", "2.6.24", "4.9"}) {
    CAPTURE(era);
    const Script script = boot_of(era);
    Machine m(script.setup);
    System folded = m.system();
    for (const Command &c : script.commands) {
      Trace trace;
      REQUIRE(m.apply(c, &trace).ok());
      for (const Event &e : trace.events()) fold(folded, e, trace);
      REQUIRE(folded.digest() == m.system().digest());
    }
  }
}

TEST_CASE("era boots: 2.4 keeps a 128th of a zone, between 20 and 255 pages") {
  const System s = end_of("2.4.22");
  REQUIRE(s.pair_zones.size() == 2);
  CHECK(s.pair_zones[0].marks().pages_min == 32);
  CHECK(s.pair_zones[0].marks().pages_low == 64);
  CHECK(s.pair_zones[0].marks().pages_high == 96);
  CHECK(s.pair_zones[1].marks().pages_min == 255);
  CHECK(s.pair_zones[1].marks().pages_high == 765);
  CHECK(printed(s, "zone(0): 4096 pages."));
  CHECK(printed(s, "zone(1): 61408 pages.")); // QEMU's tables take the last 32
  CHECK(s.get(vm_field::totalram_pages) == s.pair_zones[0].free_pages() + s.pair_zones[1].free_pages());
}

TEST_CASE("era boots: watermarks of 2.6 come from min_free_kbytes and present pages") {
  // 2.6.11: 65504 pages of 4 KiB less nothing: sqrt(262016 * 16) = 2047 KiB, 511 pages.
  const System a = end_of("2.6.11");
  CHECK(a.get(vm_field::min_free_kbytes) == 2047);
  const zone &dma = a.pages.zone_of(0, 0), &normal = a.pages.zone_of(0, 1), &high = a.pages.zone_of(0, 2);
  CHECK(dma.present_pages == 4096);
  CHECK(dma.watermark[0] == 511 * 4096 / 65504);
  CHECK(dma.watermark[1] == dma.watermark[0] * 5 / 4);
  CHECK(dma.watermark[2] == dma.watermark[0] * 6 / 4);
  CHECK(normal.watermark[0] == u64{511} * 61408 / 65504);
  CHECK(high.watermark[0] == 32); // an empty zone of high memory still has its least
  CHECK(dma.lowmem_reserve[1] == 61408 / 256);
  // 2.6.24 takes the struct pages off first: 4096 * 32 bytes are 32 pages, 61408 * 32 are 479 and a half.
  const System b = end_of("2.6.24");
  CHECK(b.pages.zone_of(0, 0).present_pages == 4096 - 32);
  CHECK(b.pages.zone_of(0, 1).present_pages == 61408 - 479);
  const u64 min = b.get(vm_field::min_free_kbytes) / 4, present = 4064 + 60929;
  CHECK(b.get(vm_field::min_free_kbytes) == 2039); // sqrt(64993 * 4 * 16)
  const u64 share = min * 60929 / present;
  CHECK(b.pages.zone_of(0, 1).watermark[0] == share);
  CHECK(b.pages.zone_of(0, 1).watermark[1] == share + share / 4);
  CHECK(b.pages.zone_of(0, 1).watermark[2] == share + share / 2);
  CHECK(printed(b, "Built 1 zonelists in Zone order, mobility grouping on.  Total pages: 64993"));
  CHECK(printed(a, "Built 1 zonelists"));
}

TEST_CASE("era boots: a CPU's batch is a quarter of a thousandth of its zone, from 2.6.24 on a power of two less one") {
  const System a = end_of("2.6.11"), b = end_of("2.6.24");
  CHECK(printed(a, "  DMA zone: 4096 pages, LIFO batch:1"));
  CHECK(printed(a, "  Normal zone: 61408 pages, LIFO batch:14")); // 59 / 4
  CHECK(printed(a, "  HighMem zone: 0 pages, LIFO batch:1"));
  CHECK(printed(b, "  DMA zone: 4064 pages, LIFO batch:0"));
  CHECK(printed(b, "  Normal zone: 60929 pages, LIFO batch:15"));
}

TEST_CASE("era boots: what the boot hands over is found last in 4.9 and before, first since 5.10") {
  const auto head = [](const System &s) {
    pfn_t first{0};
    bool any = false;
    const auto list = s.era->pageblock_bits == 0 ? migratetype::UNMOVABLE : migratetype::MOVABLE;
    s.pages.for_each_block(0, 1, order_t{10}, list, [&](const FreeBlock &b) {
      if (!any) first = b.pfn;
      any = true;
    });
    return first.v;
  };
  for (const std::string_view era : {"2.6.11", "2.6.24", "4.9"}) CHECK(head(end_of(era)) > 0xe000);
  for (const std::string_view era : {"5.10", "6.1"}) CHECK(head(end_of(era)) < 0x3000);
}

TEST_CASE("era boots: wait tables have a queue for 256 pages, a power of two") {
  CHECK(wait_table_entries(4096, 1) == 16);
  CHECK(wait_table_entries(12288, 1) == 64); // 48 is none
  CHECK(wait_table_entries(0, 1) == 1);
  CHECK(wait_table_entries(100, 4) == 4);
  CHECK(wait_table_entries(u64{1} << 22, 4) == 4096);
}

TEST_CASE("era boots: the first page tables of 2.6 map the image, themselves and 128 KiB") {
  CHECK(initial_page_tables(0x300000) == 1);
  CHECK(initial_page_tables(0x3df000) == 1); // one page and 128 KiB before 4 MiB
  CHECK(initial_page_tables(0x3df001) == 2);
  CHECK(initial_page_tables(0x470000) == 2);
}

TEST_CASE("era boots: kernels before SLUB have none, those since may") {
  for (const std::string_view era : {"2.4.22", "2.6.11", "2.6.24", "4.9"}) {
    const Script script = boot_of(era);
    Machine m(script.setup);
    for (const Command &c : script.commands) REQUIRE(m.apply(c, nullptr).ok());
    const std::string error = m.apply(command(Op::kmem_cache_init, {}), nullptr).error;
    if (era < "2.6.24")
      CHECK(error == "there is no kmem_cache_init in this boot: SLUB came with 2.6.22, and slab_init makes this "
                     "kernel's SLAB");
    else
      CHECK(error == "");
    CHECK(m.apply(command(Op::slab_init, {}), nullptr).error == "");
  }
}

TEST_CASE("era boots: steps of later kernels are refused, with the reason") {
  const Script script = boot_of("2.4.22");
  Machine m(script.setup);
  for (const Command &c : script.commands) REQUIRE(m.apply(c, nullptr).ok());
  const u64 digest = m.digest();
  for (const Op op : {Op::memblock_free_all, Op::sparse_init, Op::build_all_zonelists, Op::init_per_zone_wmark_min,
                      Op::setup_per_cpu_pageset, Op::kmem_cache_init, Op::page_alloc_init_late, Op::free_area_init,
                      Op::free_all_bootmem, Op::initmem_init}) {
    CAPTURE(op_info(op).name);
    CHECK(m.apply(command(op, {}), nullptr).error != "");
  }
  CHECK(m.apply(command(Op::pair_buddy_init, {16, 5, 0x40000}), nullptr).error ==
        "this machine stands on such zones itself: free_area_init makes them");
  CHECK(m.apply(command(Op::alloc_pages_bulk, {gfp::KERNEL, 4}), nullptr).error.find("alloc_pages and free_pages") !=
        std::string::npos);
  CHECK(m.apply(command(Op::free_reserved_area, {0x8000000, 4096}), nullptr).error.find("double free") !=
        std::string::npos);
  CHECK(m.digest() == digest);
  CHECK(m.apply(command(Op::rmqueue, {3}), nullptr).ok());
  CHECK(m.system().verify() == "");
}
