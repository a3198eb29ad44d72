// Boots side by side: moments, facts, and the one difference that is worth a sentence.
#include "lab/compare.hpp"
#include "lab/machine_choice.hpp"
#include "lab/memory_strip.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace mmscope;

namespace {

constexpr u64 MiB = u64{1} << 20, GiB = u64{1} << 30;

Script boot(std::string_view build, u64 ram, std::string_view parameters = "") {
  Script script;
  REQUIRE(make_choice({.build = std::string(build), .ram = ram, .parameters = std::string(parameters)}, script) == "");
  return script;
}

Comparison compared(std::vector<Script> scripts) {
  Comparison c(std::move(scripts));
  u64 slices = 0;
  while (!c.prepare(50)) {
    CHECK(c.progress() < 1);
    REQUIRE(++slices < 100'000);
  }
  CHECK(c.progress() == 1);
  return c;
}

u64 moment_of(const Comparison &c, std::string_view function) {
  for (u64 m = 0; m < c.moments().size(); ++m)
    for (unsigned i = 0; i < c.size(); ++i)
      if (c.moments()[m].has(i) && op_info(c.machine(i).command(c.moments()[m].made[i] - 1).op).name == function)
        return m + 1;
  FAIL("no machine makes this call");
  return 0;
}

const ComparedFact *row(const std::vector<ComparedFact> &rows, FactKind kind, std::string_view zone = "") {
  const auto at = std::find_if(rows.begin(), rows.end(),
                               [&](const ComparedFact &r) { return r.head.kind == kind && r.head.zone == zone; });
  return at == rows.end() ? nullptr : &*at;
}

/// What the accounting knows of the array of struct page.
u64 map_held(const Lab &lab) {
  u64 held = 0;
  for (const Part &p : lab.accounting().parts)
    if (p.kind == PartKind::owner && lab.index().owners()[p.owner].label == "mem_map") held += p.bytes;
  return held;
}

Difference map_of(const Comparison &c) {
  for (const Difference &d : c.differences())
    if (d.is_map) return d;
  FAIL("no difference of mem_map");
  return {};
}

const std::string x64 = "6.1.0-1-amd64", pae = "6.1.0-1-686-pae", i386 = "6.1.0-1-686";

} // namespace

TEST_CASE("compare: every build that is offered boots, beside any other") {
  const auto builds = kernel_builds();
  REQUIRE(builds.size() >= 3);
  for (const std::string &name : {x64, pae, i386})
    CHECK(std::any_of(builds.begin(), builds.end(), [&](const KernelBuild &b) { return b.release == name; }));
  for (const KernelBuild &b : builds) {
    CAPTURE(b.release);
    Comparison c = compared({boot(x64, GiB), boot(b.release, GiB)});
    CHECK(c.machine(1).index().error() == "");
    c.seek(c.moments().size());
    CHECK(c.machine(1).position().call == c.machine(1).size());
    CHECK(c.machine(1).state().arch == b.arch);
    CHECK(c.machine(1).state().era == b.era);
    CHECK(c.machine(1).accounting().balanced());
    CHECK(allocator_in_charge(c.machine(1)) == Allocator::buddy);
    // The accounting knows of the same array; bootmem gives whole pages.
    const u64 map = row(c.facts(), FactKind::mem_map)->cells[1]->value, held = map_held(c.machine(1));
    CHECK(map > 0);
    CHECK(held == (b.era->boot_allocator == BootAllocator::bootmem ? round_up(map, b.arch->page_size()) : map));
    u64 free_zones = 0, free_blocks = 0;
    for (const ComparedFact &r : c.facts()) {
      if (!r.cells[1]) continue;
      if (r.head.kind == FactKind::zone_free) free_zones += r.cells[1]->value;
      if (r.head.kind == FactKind::free_blocks) free_blocks += r.cells[1]->value << r.head.order << b.arch->page_shift;
    }
    CHECK(free_zones > GiB / 2);
    CHECK(free_blocks == free_zones);
    const auto strip = memory_strip(c.machine(1), GiB, 64);
    CHECK(std::count(strip.begin(), strip.end(), StripKind::free) > 40);
  }
  // With any amount of RAM: refused in words, or it boots.
  for (const KernelBuild &b : builds)
    for (const u64 ram : {choice_least, 4 * GiB, choice_most}) {
      CAPTURE(b.release);
      CAPTURE(ram);
      Script script;
      if (!make_choice({.build = b.release, .ram = ram, .cpus = choice_cpus}, script).empty()) continue;
      Comparison c = compared({std::move(script)});
      CHECK(c.machine(0).index().error() == "");
    }
  // Of eras before memblock too.
  CHECK(std::any_of(builds.begin(), builds.end(),
                    [](const KernelBuild &b) { return b.era->boot_allocator == BootAllocator::bootmem; }));
}

TEST_CASE("compare: a machine beside itself differs nowhere, and steps as it does alone") {
  Comparison c = compared({boot(x64, GiB), boot(x64, GiB)});
  Lab alone(boot(x64, GiB));
  while (!alone.prepare(1000)) {}
  REQUIRE(c.moments().size() == alone.size());
  for (u64 at = 0; at <= c.moments().size(); at += 37) {
    c.seek(at);
    alone.seek({at, 0});
    CHECK(c.machine(0).digest() == alone.digest());
    CHECK(c.machine(1).digest() == alone.digest());
    const auto rows = c.facts();
    CHECK(std::none_of(rows.begin(), rows.end(), [](const ComparedFact &r) { return r.differs; }));
    CHECK(c.differences().empty());
  }
}

TEST_CASE("compare: boots of other builds share their large steps, and go on in order") {
  Comparison c = compared({boot(x64, GiB), boot(i386, GiB), boot(pae, GiB)});
  for (const std::string_view step : {"e820_finish", "free_area_init", "build_all_zonelists", "memblock_free_all",
                                      "init_per_zone_wmark_min", "free_reserved_area"}) {
    CAPTURE(step);
    CHECK(c.moments()[moment_of(c, step) - 1].who == 7);
  }
  // Only one of them has nodes to set by numa_init; initmem_init is the same step.
  CHECK(c.moments()[moment_of(c, "numa_init") - 1].who == 7);
  // The flat map is no call of its own: sparse_init is missing there.
  const AlignedMoment &sparse = c.moments()[moment_of(c, "sparse_init") - 1];
  CHECK(sparse.has(0));
  CHECK(!sparse.has(1));
  c.seek(moment_of(c, "sparse_init"));
  CHECK(c.call_of(0).has_value());
  CHECK(!c.call_of(1).has_value());
  c.seek(0);
  CHECK(c.differences().empty()); // kernels differ, machines do not yet
  CHECK(!c.call_of(0).has_value());
  // Seeking in slices arrives where seeking at once does.
  c.seek(c.moments().size() / 2);
  const u64 digest = c.machine(2).digest();
  c.seek(0);
  while (!c.seek_some(c.moments().size() / 2, 3)) {}
  CHECK(c.machine(2).digest() == digest);
}

TEST_CASE("compare: rows of the table, and which of them differ") {
  Comparison c = compared({boot(x64, GiB), boot(i386, GiB)});
  c.seek(c.moments().size());
  const auto rows = c.facts();
  const ComparedFact *page = row(rows, FactKind::sizeof_page);
  REQUIRE(page != nullptr);
  CHECK(page->differs);
  CHECK(page->cells[0]->value == 64);
  CHECK(page->cells[1]->value == c.machine(1).state().config.sizeof_page);
  CHECK(!row(rows, FactKind::page_size)->differs);
  CHECK(row(rows, FactKind::allocator)->cells[1]->text == "buddy");
  // Zones that only one has.
  const ComparedFact *high = row(rows, FactKind::zone_managed, "HighMem"),
                     *dma32 = row(rows, FactKind::zone_managed, "DMA32");
  REQUIRE(high != nullptr);
  REQUIRE(dma32 != nullptr);
  CHECK(!high->cells[0].has_value());
  CHECK(high->cells[1].has_value());
  CHECK(high->differs);
  CHECK(dma32->cells[0].has_value());
  CHECK(!dma32->cells[1].has_value());
  const ComparedFact *dma = row(rows, FactKind::zone_end, "DMA");
  CHECK(!dma->differs);
  CHECK(dma->cells[0]->value == 16 * MiB);
  for (unsigned i = 0; i < 2; ++i) CHECK(row(rows, FactKind::mem_map)->cells[i]->value == map_held(c.machine(i)));
}

TEST_CASE("compare: what differs most comes first, and of the map it is told why") {
  Comparison c = compared({boot(i386, GiB), boot(x64, GiB)});
  c.seek(moment_of(c, "free_area_init"));
  const auto all = c.differences();
  REQUIRE(all.size() >= 2);
  for (std::size_t i = 0; i < all.size(); ++i) {
    REQUIRE(all[i].more_bytes > all[i].less_bytes);
    if (i + 1 < all.size() && all[i + 1].kind == Difference::Kind::held)
      CHECK(all[i].more_bytes - all[i].less_bytes >= all[i + 1].more_bytes - all[i + 1].less_bytes);
  }
  CHECK(all[0].label == "kernel image");
  const Difference d = map_of(c);
  CHECK(d.more == 1);
  CHECK(d.less == 0);
  CHECK(d.more_bytes == 16 * MiB);
  CHECK(d.reason == MapReason::sizeof_page);
  CHECK(d.more_reason == 64);
  CHECK(d.less_reason == c.machine(0).state().config.sizeof_page);

  Comparison ram = compared({boot(x64, 4 * GiB), boot(x64, GiB)});
  ram.seek(ram.moments().size());
  const Difference by_ram = map_of(ram);
  CHECK(by_ram.more == 0);
  CHECK(by_ram.reason == MapReason::ram);
  CHECK(by_ram.more_reason > 3 * by_ram.less_reason);
  CHECK(ram.differences().back().kind == Difference::Kind::ram);

  // A parameter: nobody holds other bytes, but zones lie differently.
  Comparison core = compared({boot(x64, GiB), boot(x64, GiB, "movablecore=256M")});
  core.seek(moment_of(core, "free_area_init"));
  REQUIRE(core.differences().size() == 1);
  CHECK(core.differences()[0].kind == Difference::Kind::fact);
  CHECK(fact_info(core.differences()[0].fact.kind).group == FactGroup::zones);
}

TEST_CASE("compare: while one machine is farther, that comes first") {
  // Its own boot, and one that ends before the handoff.
  Script cut = boot(x64, GiB);
  const auto end = std::find_if(cut.commands.begin(), cut.commands.end(),
                                [](const Command &c) { return c.op == Op::memblock_free_all; });
  REQUIRE(end != cut.commands.end());
  cut.commands.erase(end, cut.commands.end());
  Comparison c = compared({std::move(cut), boot(x64, GiB)});
  c.seek(moment_of(c, "memblock_free_all"));
  REQUIRE(!c.differences().empty());
  CHECK(c.differences()[0].kind == Difference::Kind::allocator);
  CHECK(c.differences()[0].more == 1);
  c.seek(c.position() - 1);
  CHECK(c.differences().empty());
}

TEST_CASE("compare: memory in columns") {
  Lab lab(boot(x64, GiB));
  while (!lab.prepare(1000)) {}
  lab.seek({0, 0});
  CHECK(memory_strip(lab, GiB, 0).empty());
  const auto none = memory_strip(lab, GiB, 64);
  CHECK(std::count(none.begin(), none.end(), StripKind::none) == 64); // the firmware has not spoken
  lab.seek({lab.size(), 0});
  const auto strip = memory_strip(lab, 2 * GiB, 128); // columns of 16 MiB
  REQUIRE(strip.size() == 128);
  CHECK(strip[1] == StripKind::kernel); // from 16 MiB on
  CHECK(strip[30] == StripKind::free);
  CHECK(std::count(strip.begin(), strip.end(), StripKind::none) == 64);
  // As many columns as the map has bytes for: 16 MiB, where the accounting has it.
  const auto fine = memory_strip(lab, GiB, 1024);
  const auto map = std::count(fine.begin(), fine.end(), StripKind::mem_map);
  CHECK(map >= 15);
  CHECK(map <= 18);
}

TEST_CASE("compare: why a map is larger") {
  const u64 page = 4096;
  const MapSize base{GiB / page, 64, page};
  CHECK(why_larger(base, GiB, base, GiB).reason == MapReason::none);
  CHECK(why_larger({GiB / page, 64, page}, GiB, {GiB / page, 40, page}, GiB).reason == MapReason::sizeof_page);
  const MapWhy pages = why_larger(base, GiB, {GiB / 16384, 64, 16384}, GiB);
  CHECK(pages.reason == MapReason::page_size);
  CHECK(pages.more == 4096);
  CHECK(pages.less == 16384);
  CHECK(why_larger({4 * GiB / page, 64, page}, 4 * GiB, base, GiB).reason == MapReason::ram);
  const MapWhy holes = why_larger({4 * GiB / page, 64, page}, GiB, base, GiB);
  CHECK(holes.reason == MapReason::holes);
  CHECK(holes.more == 3 * GiB);
  // The larger ratio counts: four times the RAM, once and a half the structure.
  CHECK(why_larger({4 * GiB / page, 64, page}, 4 * GiB, {GiB / page, 40, page}, GiB).reason == MapReason::ram);
  CHECK(why_larger(base, GiB, {0, 64, page}, GiB).reason == MapReason::none); // it is not there yet
}

TEST_CASE("compare: what cannot be made up is refused in words, five machines are the most") {
  Script script;
  CHECK(make_choice({.build = "9.9.9-nothing", .ram = GiB}, script) != "");
  CHECK(make_choice({.build = x64, .ram = 0}, script) != "");
  CHECK(make_choice({.build = x64, .ram = GiB + 1}, script) != "");
  CHECK(make_choice({.build = x64, .ram = choice_most + MiB}, script) != "");
  CHECK(make_choice({.build = x64, .ram = GiB, .cpus = 0}, script) != "");
  CHECK(make_choice({.build = x64, .ram = GiB, .parameters = "a\nb"}, script) != "");
  CHECK(make_choice({.build = x64, .ram = GiB, .parameters = std::string(choice_text + 1, 'x')}, script) != "");
  CHECK(make_choice({.build = "6.1.0-1-arm64", .ram = GiB}, script) != "");
  CHECK(script.commands.empty());
  CHECK(make_choice({.build = x64, .ram = choice_least}, script) == "the kernel image does not lie in RAM");
  CHECK(compared({boot(x64, 128 * MiB), boot(x64, GiB, "mem=512M"), boot(pae, choice_most), boot(x64, choice_most)})
            .size() == 4);
  std::vector<Script> six;
  for (int i = 0; i < 6; ++i) six.push_back(boot(x64, 128 * MiB));
  CHECK(Comparison(std::move(six)).size() == max_compared);
}
