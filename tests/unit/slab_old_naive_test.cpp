// SLAB under random requests, against who holds what: no two objects overlap, everything adds up, every page goes back.
#include "mm/slab_old.hpp"

#include "base/prng.hpp"
#include "base/text.hpp"
#include "support/naive_page_source.hpp"

#include <doctest/doctest.h>

#include <map>

using namespace mmscope;

namespace {

u64 digest(const SlabHeap &h) {
  Digest d;
  h.add_to(d);
  return d.value();
}

struct Held {
  u32 cache;
  u64 size;
  u64 stamp;
};

// What a user knows: which bytes are whose.
class Users {
public:
  void take(phys_addr_t a, const Held &h) {
    const auto next = held.lower_bound(a.v);
    if (next != held.end()) CHECK(a.v + h.size <= next->first);
    if (next != held.begin()) CHECK(std::prev(next)->first + std::prev(next)->second.size <= a.v);
    held[a.v] = h;
  }
  std::map<u64, Held> held;
};

void play(std::string_view rules, u32 cpus, i32 nodes, u64 seed, unsigned steps) {
  CAPTURE(rules);
  CAPTURE(seed);
  LowestPages source(2048, nodes);
  SlabHeap h;
  SlabHeapMachine m;
  m.layout = {.word = seed % 2 == 0 ? 4u : 8u, .cache_line = seed % 3 == 0 ? 32u : 64u};
  m.cpu_node.clear();
  for (u32 i = 0; i < cpus; ++i) m.cpu_node.push_back(static_cast<i32>(i) % nodes);
  m.nr_nodes = static_cast<u32>(nodes);
  Prng random(seed);
  h.boot({source}, *find_slab_rules(rules), m);
  h.late({source});
  const u64 pages_of_boot = source.used();
  std::vector<u32> caches;
  Users users;
  const auto own_pages = [&] {
    u64 n = 0;
    h.for_each_slab([&](const OldSlab &s) { n += u64{1} << h.caches()[s.cache].layout.order; });
    return n;
  };
  for (unsigned i = 0; i < steps; ++i) {
    Trace t;
    const bool look = i % 37 == 0;
    const SlabHeap before = look ? h : SlabHeap{};
    const SlabHeapEnv e{source, look ? &t : nullptr, static_cast<u32>(random.below(cpus))};
    const u64 what = random.below(100);
    if (what < 3 && caches.size() < 12) {
      SlabShape shape{.size = static_cast<u32>(8 + random.below(random.below(4) == 0 ? 9000 : 600))};
      if (random.below(2) == 0) shape.flags |= slab_flag::HWCACHE_ALIGN;
      if (random.below(4) == 0) shape.flags |= slab_flag::RECLAIM_ACCOUNT;
      shape.ctor = random.below(3) == 0;
      if (const auto made = h.create(e, {concat("c", i), shape}); made.cache) caches.push_back(*made.cache);
    } else if (what < 5 && !caches.empty()) {
      const std::size_t at = static_cast<std::size_t>(random.below(caches.size()));
      bool held = false;
      for (const auto &[a, x] : users.held) held = held || x.cache == caches[at];
      CHECK(h.why_not_destroy(caches[at]).empty() == !held);
      if (!held) {
        h.destroy(e, caches[at]);
        caches.erase(caches.begin() + static_cast<std::ptrdiff_t>(at));
      }
    } else if (what < 8) {
      h.reap(e, random.below(2) == 0);
    } else if (what < 9 && !caches.empty()) {
      h.shrink(e, caches[static_cast<std::size_t>(random.below(caches.size()))]);
    } else if (what < 25) {
      const u64 size = 1 + random.below(3000);
      if (const phys_addr_t a = h.kmalloc(e, size, gfp::KERNEL); a.v != 0) users.take(a, {~0u, size, i});
    } else if (what < 62 && !caches.empty()) {
      const u32 c = caches[static_cast<std::size_t>(random.below(caches.size()))];
      const i32 nid = random.below(4) == 0 ? static_cast<i32>(random.below(static_cast<u64>(nodes))) : no_node;
      if (const phys_addr_t a = h.alloc(e, c, gfp::KERNEL, nid); a.v != 0)
        users.take(a, {c, h.caches()[c].layout.object_size, i});
    } else if (!users.held.empty()) {
      auto it = users.held.lower_bound(random.below(u64{2048} << 12));
      if (it == users.held.end()) it = users.held.begin();
      const std::optional<u32> c = it->second.cache == ~0u ? std::nullopt : std::optional(it->second.cache);
      CHECK(h.why_not_free(c, phys_addr_t{it->first}) == "");
      if (c)
        h.free(e, *c, phys_addr_t{it->first});
      else
        h.kfree(e, phys_addr_t{it->first});
      CHECK(h.why_not_free(c, phys_addr_t{it->first}) != "");
      users.held.erase(it);
    }
    if (!look) continue;
    CHECK(h.verify() == "");
    CHECK_FALSE(source.twice);
    CHECK(own_pages() == source.used());
    SlabHeap folded = before;
    for (const Event &event : t.events()) folded.fold(event, t);
    CHECK(digest(folded) == digest(h));
  }
  // Everything back: the machine is as after its boot, but for what arrays of the first caches keep.
  const SlabHeapEnv e{source};
  for (const auto &[a, x] : users.held) {
    if (x.cache == ~0u)
      h.kfree(e, phys_addr_t{a});
    else
      h.free(e, x.cache, phys_addr_t{a});
  }
  for (const u32 c : caches) h.destroy(e, c);
  for (unsigned round = 0; round < 3; ++round)
    for (const u32 c : std::vector<u32>(h.chain())) h.shrink(e, c);
  CHECK(h.verify() == "");
  CHECK(own_pages() == source.used());
  CHECK(source.used() <= pages_of_boot + 4);
}

} // namespace

TEST_CASE("slab_old: random requests") {
  for (const SlabRules &r : all_slab_rules())
    for (u64 seed = 1; seed <= 4; ++seed) play(r.name, 1 + static_cast<u32>(seed) % 3, 1, seed, 1500);
}

TEST_CASE("slab_old: random requests, two nodes") {
  for (const std::string_view rules : {"2.6.24", "4.9", "5.15"})
    for (u64 seed = 11; seed <= 12; ++seed) play(rules, 3, 2, seed, 1500);
}
