// The running allocator at random: against the naive model, and its events against its states.
#include "support/random_pages.hpp"
#include "support/small_pages.hpp"

#include <doctest/doctest.h>

using namespace mmscope;
using namespace mmscope::test;

namespace {

// Two nodes, three zones, CMA; tight enough that requests are refused and reclaim works.
PageAlloc tight(u32 cpus) {
  BuddyRules rules = small_rules();
  rules.cma = true;
  PageAlloc pa = small_pages(
      {{0, 256}, {256, 512, zone_normal}, {768, 512, zone_normal, 1}, {1280, 96, zone_movable, 1}}, cpus, rules, 6, 24);
  for (i32 nid = 0; nid < 2; ++nid)
    for (unsigned zid = 0; zid < rules.zone_types; ++zid) {
      const u64 managed = pa.zone_of(nid, zid).managed_pages;
      if (managed == 0) continue;
      pa.set_zone(nullptr, nid, zid, zone_field::min, managed / 32);
      pa.set_zone(nullptr, nid, zid, zone_field::low, managed / 24);
      pa.set_zone(nullptr, nid, zid, zone_field::high, managed / 16);
      pa.set_zone(nullptr, nid, zid, zone_field::stat_threshold, 6);
    }
  pa.set_zone(nullptr, 0, zone_dma32, lowmem_reserve_for(zone_normal), 12);
  pa.set_migratetype_isolate(nullptr, pfn_t{256}); // a pageblock for CMA
  pa.unset_migratetype_isolate(nullptr, pfn_t{256}, migratetype::CMA);
  return pa;
}

} // namespace

TEST_CASE("property: random calls agree with the naive model, frame for frame") {
  for (u32 cpus : {1u, 4u, 64u}) {
    PageAlloc pa = tight(cpus);
    RandomPages calls(pa, cpus, 400);
    Prng chance(cpus);
    std::string bad;
    for (u64 i = 0; i < 6000 && bad.empty(); ++i) bad = calls.call(chance, nullptr, i % 250 == 0);
    CAPTURE(cpus);
    CHECK(bad == "");
    CHECK(calls.end() == "");
    CHECK(calls.refused() > 20);
    CHECK(calls.reclaimed() > 20);
  }
}

TEST_CASE("property: the events of every call, folded over the state before it, give the state after it") {
  for (u32 cpus : {1u, 4u}) {
    PageAlloc pa = tight(cpus), folded = pa, silent = pa;
    RandomPages calls(pa, cpus, 300), untold(silent, cpus, 300);
    Prng chance(100 + cpus), same(100 + cpus);
    Trace t;
    for (u64 i = 0; i < 3000; ++i) {
      t.clear();
      REQUIRE(calls.call(chance, &t) == "");
      for (const Event &e : t.events()) folded.fold(e);
      REQUIRE(untold.call(same, nullptr) == ""); // and whether somebody listens changes nothing
      CAPTURE(i);
      const u64 now = digest(pa);
      REQUIRE(digest(folded) == now);
      REQUIRE(digest(silent) == now);
    }
    CHECK(folded.verify(false) == "");
  }
}

TEST_CASE("property: small machines without CPUs, as in the boot") {
  PageAlloc pa = tight(0);
  RandomPages calls(pa, 1, 300);
  Prng chance(7);
  std::string bad;
  for (u64 i = 0; i < 4000 && bad.empty(); ++i) bad = calls.call(chance, nullptr, i % 250 == 0);
  CHECK(bad == "");
  CHECK(calls.end() == "");
}
