// SLUB against the simplest model there is: who has which object. No object twice, none lost, and a call's events
// folded give the state; on 1, 4 and 64 CPUs, with and without debugging.
#include "mm/slub.hpp"

#include "base/prng.hpp"
#include "support/slub_bench.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

using namespace mmscope;

namespace {

struct Owner {
  cache_id cache = no_cache; // no_cache: kmalloc
  u64 size = 0;
};

// The state as the naive model sees it: in use exactly what was given out (or belongs to the allocator itself).
std::string compare(const Slub &slub, const std::map<u64, Owner> &owners) {
  std::string wrong;
  const cache_id own[] = {*slub.find_cache("kmem_cache"), *slub.find_cache("kmem_cache_node")};
  std::map<u64, u32> sequences;
  for (const KmemCache &s : slub.caches())
    if (s.alive && s.random_object.v != 0) sequences[s.random_object.v] = 1;
  u64 used = 0, large = 0;
  slub.for_each_slab([&](u32, const Slab &s) {
    if (s.cache == own[0] || s.cache == own[1]) return;
    for (u16 o = 0; o < s.objects; ++o) {
      const u64 at = slub.address_of(s, o).v;
      if (slub.in_use(s, o) != (owners.count(at) + sequences.count(at) == 1)) append(wrong, "object at ", at, "; ");
      used += slub.in_use(s, o);
    }
  });
  for (const auto &[at, owner] : owners) large += slub.object_at(phys_addr_t{at}).slab == 0;
  if (used + large != owners.size() + sequences.size()) append(wrong, used, " in use");
  return wrong;
}

void play(u32 cpus, u32 nodes, std::string_view command_line, u64 seed, u32 calls) {
  BenchSetup setup{.cpus = cpus, .nodes = nodes, .pages = 8192, .random = (seed & 1) != 0};
  read_slub_params(setup.rules, command_line);
  SlubBench b(setup);
  Prng rng{seed};
  std::vector<cache_id> caches;
  for (const u32 size : {24u, 200u, 520u, 1500u, 4096u, 9000u})
    caches.push_back(b.create({.name = concat("c", size), .size = size, .flags = slab_flag::NOLEAKTRACE}));
  std::map<u64, Owner> owners;
  std::vector<u64> list; // keys of owners
  const u64 start_pages = b.free_pages();
  Trace t;
  for (u32 n = 0; n < calls; ++n) {
    const u32 cpu = static_cast<u32>(rng.below(cpus));
    const bool whole = rng.below(1000) == 0; // fold and verify
    const Slub slub_before = whole ? b.slub : Slub();
    const PageAlloc pages_before = whole ? b.pages : PageAlloc();
    t.clear();
    const SlabEnv e{b.pages, whole ? &t : nullptr, cpu};
    const bool growing = (n / 2000) % 2 == 0;
    const u64 dice = rng.below(1000);
    if (dice < (growing ? 600u : 380u)) {
      const bool k = rng.below(3) == 0;
      const u64 size = rng.below(20) == 0 ? 1 + rng.below(40000) : 1 + rng.below(600);
      const i32 nid = rng.below(8) == 0 ? static_cast<i32>(rng.below(nodes)) : no_node;
      const cache_id c = caches[rng.below(caches.size())];
      const SlabResult r =
          k ? b.slub.kmalloc(e, size, rng.below(2) != 0 ? gfp::KERNEL : gfp::ATOMIC | gfp::ACCOUNT, nid)
            : b.slub.kmem_cache_alloc(e, c, gfp::KERNEL, nid);
      if (r.object.v == 0) {
        REQUIRE(r.verdict == SlabVerdict::no_memory);
      } else {
        REQUIRE(owners.count(r.object.v) == 0);
        owners[r.object.v] = {k ? no_cache : c, size};
        list.push_back(r.object.v);
      }
    } else if (dice < 998 && !list.empty()) {
      const std::size_t i = static_cast<std::size_t>(rng.below(list.size()));
      const phys_addr_t o{list[i]};
      const Owner owner = owners[o.v];
      list[i] = list.back();
      list.pop_back();
      owners.erase(o.v);
      const SlabResult r = owner.cache == no_cache ? b.slub.kfree(e, o) : b.slub.kmem_cache_free(e, owner.cache, o);
      REQUIRE(r.verdict == SlabVerdict::done);
    } else if (dice == 998) {
      b.slub.kmem_cache_shrink(e, caches[rng.below(caches.size())]);
    } else if (dice == 999) {
      b.slub.cpu_dead(e, cpu);
    }
    if (whole) {
      Slub s = slub_before;
      PageAlloc p = pages_before;
      for (const Event &ev : t.events())
        if (event_info(ev.kind).role == EventRole::state && !s.fold(ev, t)) REQUIRE(p.fold(ev));
      CHECK(s == b.slub);
      CHECK(p == b.pages);
      REQUIRE(b.slub.verify() == "");
      REQUIRE(compare(b.slub, owners) == "");
    }
  }
  // Everything comes back; what is left is what empty caches keep, and that goes with them.
  const SlabEnv e{b.pages, nullptr, 0};
  for (const auto &[at, owner] : owners) {
    const SlabResult r = owner.cache == no_cache ? b.slub.kfree(e, phys_addr_t{at})
                                                 : b.slub.kmem_cache_free(e, owner.cache, phys_addr_t{at});
    REQUIRE(r.ok());
  }
  for (const cache_id c : caches) CHECK(b.slub.kmem_cache_shrink(e, c));
  for (const cache_id c : caches) CHECK(b.slub.kmem_cache_destroy(e, c).verdict == SlabVerdict::done);
  b.slub.for_each_cache([&](cache_id id, const KmemCache &) { b.slub.kmem_cache_shrink(e, id); });
  CHECK(b.slub.verify() == "");
  CHECK(b.pages.verify() == "");
  CHECK(compare(b.slub, {}) == "");
  CHECK(b.free_pages() + 64 >= start_pages);
}

} // namespace

TEST_CASE("slub: no object is given out twice and none is lost, on 1, 4 and 64 CPUs") {
  play(1, 1, "", 1, 30000);
  play(4, 1, "", 2, 30000);
  play(4, 2, "", 3, 30000);
  play(64, 4, "", 5, 30000);
  play(4, 1, "slub_debug=FZPU", 6, 12000);
  play(4, 2, "slub_debug=F slub_max_order=1", 7, 12000);
}
