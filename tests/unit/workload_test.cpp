// The workload: the same calls from the same spec, whatever machine is copied on the way; every mix does what it is for.
#include "lab/workload.hpp"
#include "support/small_pages.hpp"

#include <doctest/doctest.h>

using namespace mmscope;
using namespace mmscope::test;

namespace {

// 64 MiB in two zones with watermarks, four CPUs.
PageAlloc pages_64m(u32 cpus = 4) {
  PageAlloc pa = small_pages({{0, 8192}, {8192, 8192, zone_normal}}, cpus, BuddyRules{}, 15, 120);
  for (unsigned zid : {zone_dma32, zone_normal}) {
    pa.set_zone(nullptr, 0, zid, zone_field::min, 128);
    pa.set_zone(nullptr, 0, zid, zone_field::low, 160);
    pa.set_zone(nullptr, 0, zid, zone_field::high, 192);
  }
  return pa;
}
u64 digest_of(const PageAlloc &pa, const Workload &w) {
  Digest d;
  pa.add_to(d);
  w.add_to(d);
  return d.value();
}
constexpr WorkloadMix all[] = {WorkloadMix::mixed, WorkloadMix::fragment, WorkloadMix::network, WorkloadMix::files,
                               WorkloadMix::forks};

} // namespace

TEST_CASE("workload: mixes have names") {
  for (const WorkloadMix m : all) CHECK(find_workload_mix(workload_mix_name(m)) == m);
  CHECK_FALSE(find_workload_mix("nothing"));
}

TEST_CASE("workload: the same spec makes the same calls, in one go or a thousand at a time") {
  for (const WorkloadMix mix : all) {
    const WorkloadSpec spec{.seed = 5, .mix = mix, .cpus = 4};
    PageAlloc a = pages_64m(), b = pages_64m();
    Workload u(spec), v(spec);
    u.run(a, nullptr, 10000);
    for (u64 i = 0; i < 10; ++i) v.run(b, nullptr, 1000);
    CAPTURE(workload_mix_name(mix));
    CHECK(digest_of(a, u) == digest_of(b, v));
    // copied midway, both go on alike
    PageAlloc copy = a;
    Workload w = u;
    u.run(a, nullptr, 3000);
    CHECK(digest_of(copy, w) != digest_of(a, u));
    w.run(copy, nullptr, 3000);
    CHECK(digest_of(copy, w) == digest_of(a, u));
    CHECK(a.verify(false) == "");
    // another seed is another story
    PageAlloc other = pages_64m();
    Workload x({.seed = 6, .mix = mix, .cpus = 4});
    x.run(other, nullptr, 13000);
    CHECK_FALSE(other == a);
  }
}

TEST_CASE("workload: tracing changes nothing, and the events fold to the state") {
  for (const WorkloadMix mix : all) {
    PageAlloc told = pages_64m(), silent = told, folded = told;
    Workload u({.seed = 9, .mix = mix, .cpus = 2}), v = u;
    Trace t;
    for (u64 i = 0; i < 5; ++i) {
      t.clear();
      CHECK(u.run(told, &t, 1000) == v.run(silent, nullptr, 1000));
      for (const Event &e : t.events()) folded.fold(e);
    }
    CAPTURE(workload_mix_name(mix));
    CHECK(digest_of(told, u) == digest_of(silent, v));
    CHECK(folded == told);
  }
}

TEST_CASE("workload: what it holds, it gives back") {
  for (const WorkloadMix mix : all) {
    PageAlloc pa = pages_64m();
    const u64 free = pa.zone_of(0, zone_dma32).free_pages() + pa.zone_of(0, zone_normal).free_pages();
    Workload w({.seed = 2, .mix = mix, .cpus = 4});
    w.run(pa, nullptr, 20000);
    CAPTURE(workload_mix_name(mix));
    CHECK(w.held() > 20);
    CHECK(w.held() <= 4096);
    w.stop(pa, nullptr);
    CHECK(w.held() == 0);
    pa.drain_all_pages(nullptr);
    const u64 cache = pa.reclaimable_pages(0, zone_dma32) + pa.reclaimable_pages(0, zone_normal);
    CHECK((cache > 0) == (mix == WorkloadMix::mixed || mix == WorkloadMix::files));
    CHECK(pa.zone_of(0, zone_dma32).free_pages() + pa.zone_of(0, zone_normal).free_pages() + cache == free);
  }
}

TEST_CASE("workload: a small machine refuses, and it goes on") {
  for (const WorkloadMix mix : all) {
    PageAlloc pa = small_pages({{0, 1024}}, 2, BuddyRules{}, 3, 20);
    Workload w({.seed = 3, .mix = mix, .cpus = 2, .slots = 65536});
    u64 refused = 0;
    for (u64 i = 0; i < 20; ++i) refused += w.run(pa, nullptr, 1000);
    CAPTURE(workload_mix_name(mix));
    CHECK(refused > 0);
    CHECK(refused < 15000);
    CHECK(pa.verify(false) == "");
  }
}

TEST_CASE("workload: every mix does what it is for") {
  const auto after = [](WorkloadMix mix, Trace &t) {
    PageAlloc pa = pages_64m();
    Workload w({.seed = 4, .mix = mix, .cpus = 4, .slots = 16384});
    w.run(pa, nullptr, 60000);
    w.run(pa, &t, 4000);
    return pa;
  };
  Trace fragment, network, files, forks;
  after(WorkloadMix::fragment, fragment);
  CHECK(count(fragment, EventKind::lab_alloc_step) > 0); // larger blocks are hard to get
  after(WorkloadMix::network, network);
  u64 atomic = 0, requests = 0, large = 0;
  for (const Event &e : network.events())
    if (e.kind == EventKind::mm_page_alloc) {
      ++requests;
      atomic += (e.f[2] & gfp::ATOMIC) == gfp::ATOMIC;
      large += e.f[1] > 0;
    }
  CHECK(requests > 1000);
  CHECK(atomic == requests);
  CHECK(large > requests / 10);
  const PageAlloc cache = after(WorkloadMix::files, files);
  CHECK(cache.node(0).lru.nr > 5000);
  CHECK(count(files, EventKind::lab_reclaim) > 0); // memory is full of files: kswapd works
  after(WorkloadMix::forks, forks);
  CHECK(count(forks, EventKind::mm_page_free_batched) > 500);
}

TEST_CASE("workload: without CPUs, as in the boot, it does no harm") {
  PageAlloc boot = small_pages({{0, 64}}, 0);
  Workload w({.seed = 1, .mix = WorkloadMix::mixed, .cpus = 8, .slots = 64});
  w.run(boot, nullptr, 500);
  CHECK(boot.verify(false) == "");
}
