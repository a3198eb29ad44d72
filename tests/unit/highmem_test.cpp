// Where low memory ends, and what becomes of the memory above.
#include "mm/lowmem.hpp"

#include "support/machines.hpp"

#include <doctest/doctest.h>

using namespace mmscope;
using namespace mmscope::test;

namespace {

constexpr unsigned NORMAL = 1, HIGHMEM = 2, MOVABLE = 3;
constexpr std::string_view plain = "6.1.0-50-686", pae = "6.1.0-50-686-pae";

u64 low_end(u64 ram, const std::string &command_line, std::string_view release) {
  System s = machine(pc(ram), command_line, release);
  e820_finish(s, nullptr);
  return s.get(vm_field::max_low_pfn) << 12;
}

std::vector<u64> list_of(const System &s, unsigned zid, unsigned order, migratetype type) {
  std::vector<u64> out;
  s.pages.for_each_block(0, zid, order_t{order}, type, [&](FreeBlock b) {
    for (u64 i = 0; i < b.count; ++i) out.push_back(b.pfn.v + (i << order));
  });
  return out;
}

void to_handoff(System &s) {
  to_zones(s);
  set_highmem_pages_init(s, nullptr);
}

} // namespace

TEST_CASE("lowmem: vmalloc ends below the areas that the number of CPUs makes large") {
  KernelConfig c = *find_config(pae);
  CHECK(x86_areas(*find_arch("i386-pae"), c).vmalloc_end == 0xfeffe000);
  c.nr_cpus_max = 8;
  CHECK(x86_areas(*find_arch("i386-pae"), c).vmalloc_end == 0xff5fe000);
  CHECK(x86_areas(*find_arch("i386"), *find_config(plain)).vmalloc_end == 0xfebfe000);
}

TEST_CASE("lowmem: ends at 875 or 879 MiB, moved by vmalloc=") {
  CHECK(low_end(2 * GiB, "", pae) == 0x36ffe000);
  CHECK(low_end(2 * GiB, "", plain) == 0x36bfe000);
  CHECK(low_end(2 * GiB, "vmalloc=256M", pae) == 0x2e7fe000); // 8 MiB more than asked for
  CHECK(low_end(512 * MiB, "", pae) == 512 * MiB);
  CHECK(low_end(2 * GiB, "", "6.1.0-50-amd64") == 2 * GiB);
}

TEST_CASE("lowmem: highmem= takes from the top, or is ignored and said") {
  CHECK(low_end(512 * MiB, "highmem=128M", pae) == 384 * MiB);
  const auto said = [](u64 ram, const std::string &command_line, std::string_view line) {
    System s = machine(pc(ram), command_line, pae);
    e820_finish(s, nullptr);
    return printed(s, line);
  };
  CHECK(said(512 * MiB, "highmem=1G", "highmem size (1024MB) is bigger than pages available (512MB)!"));
  CHECK(said(512 * MiB, "highmem=500M", "highmem size (500MB) results in <64MB lowmem, ignoring it!"));
  CHECK(said(1 * GiB, "highmem=256M", "only 144MB highmem pages available, ignoring highmem size of 256MB!"));
  // Less than there is: the rest of RAM is not used at all.
  System s = machine(pc(2 * GiB), "highmem=256M", pae);
  to_end(s);
  CHECK(s.get(vm_field::max_pfn) == 0x36ffe + 0x10000);
  CHECK(s.pages.zone_of(0, HIGHMEM).managed_pages == 0x10000);
  CHECK(s.verify() == "");
}

TEST_CASE("lowmem: a kernel without PAE leaves out what lies above 4 GiB") {
  System s = machine(pc(4 * GiB), "", plain);
  to_memblock(s);
  CHECK(s.memblock.end_of_dram() == phys_addr_t{3 * GiB});
  System p = machine(pc(4 * GiB), "", pae);
  to_memblock(p);
  CHECK(p.memblock.end_of_dram() == phys_addr_t{5 * GiB});
}

TEST_CASE("lowmem: memblock gives nothing above what is mapped, and knows no nodes") {
  System s = machine(pc(2 * GiB), "", pae);
  to_memblock(s);
  CHECK(s.memblock.alloc_range_nid(nullptr, {.size = 4096, .align = 4096}) == phys_addr_t{0x36ffd000});
  CHECK(s.memblock.alloc_range_nid(nullptr, {.size = 4096, .align = 4096, .nid = 0}) == phys_addr_t{0x36ffc000});
  s.memblock.set_node(nullptr, phys_addr_t{0}, 2 * GiB, memblock_list::memory, 0);
  CHECK(s.memblock.memory.regions[0].nid == no_node);
}

TEST_CASE("highmem: its pages come first, the lists end with the last block in front") {
  System s = machine(pc(1 * GiB), "", pae);
  to_handoff(s);
  CHECK(s.pages.zone_of(0, HIGHMEM).managed_pages == 0x40000 - 0x36ffe);
  CHECK(s.pages.zone_of(0, NORMAL).managed_pages == 0);
  CHECK(s.get(vm_field::totalram_pages) == 0x40000 - 0x36ffe);
  CHECK(printed(s, "Initializing HighMem for node 0 (00036ffe:00040000)"));
  CHECK(printed(s, "Initializing Movable for node 0 (00000000:00000000)"));
  const std::vector<u64> top = list_of(s, HIGHMEM, 10, migratetype::MOVABLE);
  REQUIRE(top.size() == 36);
  CHECK(top.front() == 0x3fc00);
  CHECK(top.back() == 0x37000);
  CHECK(std::is_sorted(top.rbegin(), top.rend()));
  CHECK(list_of(s, HIGHMEM, 1, migratetype::UNMOVABLE) == std::vector<u64>{0x36ffe});
  // The other zones' pages do not forget it.
  memblock_free_all(s, nullptr);
  CHECK(s.pages.zone_of(0, HIGHMEM).managed_pages == 0x40000 - 0x36ffe);
  CHECK(s.verify() == "");
}

TEST_CASE("highmem: freed as page after page to the head of a list, merges and all") {
  // The same pages, one by one, in an allocator that was told nothing of ranges.
  System s = machine({{0, 639 * KiB}, {MiB, 1023 * MiB}}, "memmap=300K$0x39003000 memmap=5M$0x3b700000", pae);
  to_zones(s);
  System naive = s;
  for (const FreeRange &r : naive.memblock.free_ranges()) {
    const pfn_t a = std::max(to_pfn_up(r.base, 12), pfn_t{0x36ffe}), b = to_pfn_down(r.end, 12);
    for (pfn_t p = a; p < b; p += 1) naive.pages.free_one(nullptr, p, order_t{0}, FreeTo::head);
  }
  set_highmem_pages_init(s, nullptr);
  u64 lists = 0;
  for (unsigned order = 0; order <= 10; ++order)
    for (const migratetype type : {migratetype::UNMOVABLE, migratetype::MOVABLE}) {
      CAPTURE(order);
      const std::vector<u64> got = list_of(s, HIGHMEM, order, type);
      CHECK(got == list_of(naive, HIGHMEM, order, type));
      lists += got.size() > 1;
    }
  CHECK(lists > 3);
}

TEST_CASE("highmem: the Memory: line tells of it, and reserved highmem stays") {
  System s = machine(pc(1 * GiB), "", pae);
  to_zones(s);
  s.memblock.reserve(nullptr, phys_addr_t{0x3f000000}, 0x10000);
  set_highmem_pages_init(s, nullptr);
  memblock_free_all(s, nullptr);
  mem_init(s, nullptr);
  CHECK(s.pages.page(pfn_t{0x3f000}).state == PageState::reserved);
  CHECK(s.lines.back().ends_with(" 147400K highmem)")); // 36866 pages less 16
}

TEST_CASE("highmem: ZONE_MOVABLE is carved out of it and is high too") {
  System s = machine(pc(2 * GiB), "movablecore=256M", pae);
  to_end(s);
  CHECK(s.pages.zone_of(0, MOVABLE).start_pfn == pfn_t{0x70000});
  CHECK(is_highmem(s, HIGHMEM));
  CHECK(is_highmem(s, MOVABLE));
  CHECK_FALSE(is_highmem(s, NORMAL));
  CHECK(s.pages.zone_of(0, MOVABLE).watermark[0] == 64);
  CHECK(s.pages.zone_of(0, MOVABLE).managed_pages == 65536);
}

TEST_CASE("highmem: little is kept there, between 32 and 128 pages, and the marks' distance is that of the others") {
  System s = machine(pc(2 * GiB), "transparent_hugepage=never", pae);
  to_end(s);
  const zone &high = s.pages.zone_of(0, HIGHMEM);
  CHECK(high.watermark[0] == 128);
  CHECK(high.watermark[2] - high.watermark[1] == high.watermark[1] - high.watermark[0]);
  CHECK(high.watermark[1] - high.watermark[0] > 128);
  CHECK(s.pages.zone_of(0, MOVABLE).watermark[2] == 32); // empty, but high
  CHECK(s.pages.zone_of(0, NORMAL).lowmem_reserve[HIGHMEM] == high.managed_pages / 32);
  CHECK(high.lowmem_reserve[MOVABLE] == 0);
  // With all of RAM low it is HighMem that is empty, and Movable is not high.
  System small = machine(pc(512 * MiB), "", pae);
  to_end(small);
  CHECK(small.pages.zone_of(0, HIGHMEM).watermark[0] == 32);
  CHECK(small.pages.zone_of(0, MOVABLE).watermark[0] == 0);
  // Up to 5.10 it was high all the same, in a kernel without nodes.
  System old = machine(pc(512 * MiB), "", "5.10.0-32-686-pae");
  to_end(old);
  CHECK(old.pages.zone_of(0, MOVABLE).watermark[0] == 32);
}
