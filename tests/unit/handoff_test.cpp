#include "base/text.hpp"
#include "lab/machine.hpp"
#include "lab/presets.hpp"
#include "support/machines.hpp"

#include <doctest/doctest.h>

using namespace mmscope;
using namespace mmscope::test;

namespace {
constexpr unsigned DMA32 = 1;

u64 managed_total(const System &s) {
  u64 n = 0;
  for (const pglist_data &node : s.pages.nodes())
    for (const zone &z : node.zones) n += z.managed_pages;
  return n;
}
} // namespace

TEST_CASE("handoff: free and reserved pages together are the present pages") {
  System s = machine(pc(1 * GiB));
  to_zones(s);
  memblock_free_all(s, nullptr);
  u64 reserved = 0;
  s.pages.for_each_run(pfn_t{0}, pfn_t{s.get(vm_field::max_pfn)}, [&](const PageRun &r) {
    if (r.info.state == PageState::reserved) reserved += r.count;
  });
  CHECK(s.get(vm_field::totalram_pages) + reserved == s.get(vm_field::physpages));
  CHECK(s.verify() == "");
}

TEST_CASE("handoff: pages that wait are counted in totalram but not free until deferred init") {
  System s = machine(pc(1 * GiB));
  to_zones(s);
  memblock_free_all(s, nullptr);
  const u64 total = s.get(vm_field::totalram_pages);
  CHECK(managed_total(s) < total);
  page_alloc_init_late(s, nullptr);
  CHECK(managed_total(s) == total);
  CHECK(s.pages.uninit_pages(pfn_t{0}, pfn_t{s.get(vm_field::max_pfn)}) == 0);
  CHECK(s.pages.node(0).first_deferred_pfn == never_deferred);
  CHECK(s.verify() == "");
}

TEST_CASE("handoff: a partly reserved page is not free") {
  // reserved [40000100 .. 40000140) inside one page
  System s = machine(pc(256 * MiB));
  to_zones(s);
  s.memblock.reserve(nullptr, phys_addr_t{0x6000100}, 0x40);
  memblock_free_all(s, nullptr);
  CHECK(s.pages.page(pfn_t{0x6000}).state == PageState::reserved);
  CHECK(s.pages.page(pfn_t{0x6001}).state == PageState::free);
}

TEST_CASE("handoff: NOMAP memory has struct pages and stays reserved") {
  System s = machine(pc(256 * MiB));
  to_memblock(s);
  s.memblock.mark_nomap(nullptr, phys_addr_t{64 * MiB}, 4 * MiB);
  s.set_node_cpus(nullptr, 0, 1);
  numa_init(s, nullptr);
  sparse_init(s, nullptr);
  free_area_init(s, nullptr);
  memblock_free_all(s, nullptr);
  CHECK(s.pages.page(pfn_t{64 * MiB / 4096}).state == PageState::reserved);
}

TEST_CASE("handoff: RAM that comes after the struct pages were laid out cannot be handed over") {
  // RAM up to 0x74000000, whose section ends at 0x78000000; no section up to 4 GiB; RAM again
  const Script boot = make_script(*find_preset("laptop-16g"));
  const auto refusal = [&](Op before, u64 base, u64 size) {
    Machine m(boot.setup);
    for (const Command &c : boot.commands) {
      if (c.op == before) {
        const Result r = m.apply(command(Op::memblock_add, {base, size, 0}), nullptr);
        if (!r.ok()) return r.error;
      }
      const u64 digest = m.system().digest();
      if (const Result r = m.apply(c, nullptr); !r.ok()) {
        CHECK(c.op == Op::memblock_free_all);
        CHECK(m.system().digest() == digest);
        return r.error;
      }
    }
    return std::string();
  };
  const std::string no_pages = " has no struct pages: it came after they were laid out";
  CHECK(refusal(Op::build_all_zonelists, 0xd0000000, 0x1000) ==
        "RAM at [0x00000000d0000000-0x00000000d0000fff]" + no_pages);
  CHECK(refusal(Op::memblock_free_all, 0x77fff000, 0x2000) ==
        "RAM at [0x0000000078000000-0x0000000078000fff]" + no_pages);
  // A hole that lies in a section has struct pages, and beyond the highest page nobody looks.
  CHECK(refusal(Op::memblock_free_all, 0xa0000, 0x1000) == "");
  CHECK(refusal(Op::memblock_free_all, u64{64} << 30, 0x1000) == "");
}

TEST_CASE("handoff: a bare memblock hands its blocks to nobody but says which") {
  System s = machine({});
  s.memblock.add(nullptr, phys_addr_t{0x1001000}, 0x7ff000);
  Trace t;
  memblock_free_all(s, &t);
  std::vector<u64> orders;
  for (const Event &e : t.events())
    if (e.kind == EventKind::lab_hand_over) orders.push_back(e.f[1]);
  CHECK(orders == std::vector<u64>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
}

TEST_CASE("handoff: a grown memblock array is given back when it is no longer needed") {
  System s = machine(pc(512 * MiB));
  to_zones(s);
  for (u64 i = 0; i < 200; ++i) s.memblock.reserve(nullptr, phys_addr_t{0x8000000 + i * 0x2000}, 0x1000);
  const phys_addr_t array = s.memblock.reserved.array;
  REQUIRE(array.v != 0);
  memblock_free_all(s, nullptr);
  CHECK(s.pages.page(to_pfn_down(array, 12)).state == PageState::reserved);
  page_alloc_init_late(s, nullptr);
  CHECK(s.pages.page(to_pfn_down(array, 12)).state == PageState::free);
  CHECK(s.verify() == "");
}

TEST_CASE("late frees: each page raises managed and totalram by one") {
  System s = machine(pc(512 * MiB));
  to_end(s);
  const u64 before = s.pages.zone_of(0, DMA32).managed_pages, total = s.get(vm_field::totalram_pages);
  free_reserved_area(s, nullptr, phys_addr_t{s.config.image_base}, 36 * KiB, "SMP alternatives");
  CHECK(s.pages.zone_of(0, DMA32).managed_pages == before + 9);
  CHECK(s.get(vm_field::totalram_pages) == total + 9);
  CHECK(s.verify() == "");
}

TEST_CASE("boot: folding a call's events over the state before it gives the state after it") {
  System s = machine(pc(4 * GiB), "movablecore=256M");
  s.set_node_cpus(nullptr, 0, 2);
  System folded = s;
  Trace t;
  const auto check = [&](const char *what, auto call) {
    t.clear();
    call(s, &t);
    for (const Event &e : t.events()) fold(folded, e, t);
    INFO(what);
    CHECK(folded.digest() == s.digest());
  };
  check("e820_finish", [](System &m, Trace *tr) { e820_finish(m, tr); });
  check("memblock", [](System &m, Trace *tr) {
    m.memblock.reserve(tr, phys_addr_t{m.config.image_base}, m.config.image_end - m.config.image_base);
    e820__memblock_setup(m, tr);
    m.memblock.set(tr, memblock_setting::current_limit, m.get(vm_field::max_pfn) << 12);
  });
  check("numa_init", [](System &m, Trace *tr) { numa_init(m, tr); });
  check("dma_reserve", [](System &m, Trace *tr) { memblock_find_dma_reserve(m, tr); });
  check("sparse_init", [](System &m, Trace *tr) { sparse_init(m, tr); });
  check("free_area_init", [](System &m, Trace *tr) { free_area_init(m, tr); });
  check("build_all_zonelists", [](System &m, Trace *tr) { build_all_zonelists(m, tr); });
  check("memblock_free_all", [](System &m, Trace *tr) { memblock_free_all(m, tr); });
  check("mem_init", [](System &m, Trace *tr) { mem_init(m, tr); });
  check("page_alloc_init_late", [](System &m, Trace *tr) { page_alloc_init_late(m, tr); });
  check("init_per_zone_wmark_min", [](System &m, Trace *tr) { init_per_zone_wmark_min(m, tr); });
  check("hugepage_init", [](System &m, Trace *tr) { hugepage_init(m, tr); });
  check("write_sysctl", [](System &m, Trace *tr) { write_sysctl(m, tr, "min_free_kbytes", 70000); });
}

TEST_CASE("boot: a copied machine goes its own way") {
  System a = machine(pc(512 * MiB));
  to_zones(a);
  const System b = a;
  const u64 digest = b.digest();
  memblock_free_all(a, nullptr);
  CHECK(b.digest() == digest);
  CHECK(a.digest() != digest);
}

TEST_CASE("boot: a trace changes nothing but the record") {
  System a = machine(pc(1 * GiB)), b = a;
  Trace t;
  to_end(a, &t);
  to_end(b, nullptr);
  CHECK(a.digest() == b.digest());
}

TEST_CASE("boot: every field of the system reaches the digest") {
  System base = machine(pc(512 * MiB));
  to_end(base);
  const u64 digest = base.digest();
  const auto differs = [&](const char *what, auto change) {
    System s = base;
    change(s);
    INFO(what);
    CHECK(s.digest() != digest);
  };
  differs("e820", [](System &s) { s.e820.entries.front().size += 1; });
  differs("numa block", [](System &s) { s.numa.blocks.front().end += 1; });
  differs("numa hotplug", [](System &s) { s.numa.blocks.front().hotplug = true; });
  differs("distance", [](System &s) { s.set_numa_distance(nullptr, 0, 0, 11); });
  differs("cpus", [](System &s) { s.set_node_cpus(nullptr, 0, 7); });
  differs("roots", [](System &s) { s.sparse.roots_addr += 1; });
  differs("roots size", [](System &s) { s.sparse.roots_bytes += 1; });
  differs("root", [](System &s) { s.sparse.roots.front().addr += 1; });
  differs("section node", [](System &s) { s.sparse.sections.front().nid = 3; });
  differs("section usage", [](System &s) { s.sparse.sections.front().usage += 1; });
  differs("section map", [](System &s) { s.sparse.sections.front().map += 1; });
  differs("section init", [](System &s) { s.sparse.sections.front().initialised = false; });
  differs("table", [](System &s) { s.sparse.tables.front().level = 4; });
  differs("line", [](System &s) { s.lines.back() += "!"; });
  differs("phase", [](System &s) { s.phase = Phase::slab; });
  for (unsigned i = 0; i < static_cast<unsigned>(vm_field::count_); ++i)
    differs("vm field", [&](System &s) { s.vm[i] += 1; });
}
