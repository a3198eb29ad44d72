// SlubBench: a slab allocator on a small machine, each call checked: the state verifies, and its events, folded over
// the state before, give the state after.
//
//   SlubBench b({.cpus = 2});
//   const cache_id c = b.create({.name = "big", .size = 4096});
//   const phys_addr_t o = b.alloc(c);           // on CPU 0
//   b.free(c, o, 1);                            // on CPU 1
//   b.shape(c)                                  // "cpu1 chain A7/8": which slab is where, in use/objects
#pragma once
#include "base/text.hpp"
#include "mm/slub.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace mmscope {

struct BenchSetup {
  u32 cpus = 1, nodes = 1;
  u64 pages = 16384; // of each node
  SlubRules rules = {};
  bool random = false; // SLAB_FREELIST_RANDOM
};

class SlubBench {
public:
  explicit SlubBench(BenchSetup s = {})
      : pages(BuddyRules{.zone_types = 1, .zone_normal = 0, .zone_dma32 = no_zone, .gfp_zones = {}}),
        slub(rules_of(s)) {
    SlubMachine machine{s.cpus, s.cpus, s.nodes, {}, false};
    for (u32 n = 0; n < s.nodes; ++n) {
      const auto nid = static_cast<i32>(n);
      const pfn_t start{(n + 1) * s.pages};
      pages.init_node(nullptr, nid, start, s.pages, s.pages, {});
      pages.init_zone(nullptr, nid, 0, start, s.pages, s.pages);
      pages.set_pages(nullptr, start, s.pages, PageState::init, nid, 0);
      pages.set_pageblocks(nullptr, start, s.pages, migratetype::MOVABLE);
      pages.free_core(nullptr, start, order_t{10}, s.pages / 1024);
      for (u32 i = 0; i < s.nodes; ++i) pages.add_fallback(nullptr, nid, static_cast<i32>((n + i) % s.nodes));
      machine.normal_nodes.push_back(nid);
    }
    for (u32 c = 0; c < s.cpus; ++c) pages.set_cpu_node(nullptr, c, static_cast<i32>(c % s.nodes));
    pages.setup_per_cpu_pageset(nullptr);
    call([&](const SlabEnv &e) { slub.kmem_cache_init(e, machine); });
    call([&](const SlabEnv &e) { slub.slab_sysfs_init(e.t); });
  }

  // Makes one call on a CPU and checks it.
  template <class Fn> std::invoke_result_t<Fn, const SlabEnv &> call(Fn &&fn, u32 cpu = 0) {
    const PageAlloc pages_before = pages;
    const Slub slub_before = slub;
    trace.clear();
    struct Check {
      SlubBench &b;
      const PageAlloc &p;
      const Slub &s;
      ~Check() { b.check(p, s); }
    } const check{*this, pages_before, slub_before};
    return fn(SlabEnv{pages, &trace, cpu});
  }

  cache_id create(const CacheRequest &r) {
    const CreateResult c = call([&](const SlabEnv &e) { return slub.kmem_cache_create(e, r); });
    CHECK(c.refusal == "");
    return c.cache;
  }
  SlabResult get(cache_id id, u32 cpu = 0, i32 nid = no_node, gfp_t g = gfp::KERNEL) {
    return call([&](const SlabEnv &e) { return slub.kmem_cache_alloc(e, id, g, nid); }, cpu);
  }
  phys_addr_t alloc(cache_id id, u32 cpu = 0, i32 nid = no_node) { return get(id, cpu, nid).object; }
  std::vector<phys_addr_t> alloc_many(cache_id id, u32 n, u32 cpu = 0, i32 nid = no_node) {
    std::vector<phys_addr_t> v;
    while (n-- != 0) v.push_back(alloc(id, cpu, nid));
    return v;
  }
  SlabResult free(cache_id id, phys_addr_t o, u32 cpu = 0) {
    return call([&](const SlabEnv &e) { return slub.kmem_cache_free(e, id, o); }, cpu);
  }
  // "fast", "new_slab": how the last allocation came about.
  std::string path(cache_id id, u32 cpu = 0, i32 nid = no_node) {
    return std::string(slab_path_name(get(id, cpu, nid).path));
  }

  // Slabs are letters in the order in which this was asked about them.
  std::string letter(const Slab &s) {
    const auto it = letters_.emplace(s.pfn, static_cast<char>('A' + letters_.size())).first;
    return std::string(1, it->second);
  }
  std::string shape(cache_id id) {
    std::string out;
    const auto one = [&](const Slab &s) { append(out, ' ', letter(s), s.inuse, '/', s.objects); };
    const KmemCache &c = slub.cache(id);
    slub.for_each_slab([&](u32, const Slab &s) {
      if (s.cache == id) letter(s);
    });
    for (u32 cpu = 0; cpu < c.cpus.size(); ++cpu) {
      const SlabCpu &k = c.cpus[cpu];
      if (k.slab != 0) {
        u32 free = 0;
        slub.for_each_free(k.freelist, slub.slab(k.slab), [&](u16) { ++free; });
        append(out, out.empty() ? "" : " ", "cpu", cpu, " slab");
        one(slub.slab(k.slab));
        append(out, '+', free);
      }
      if (k.partial != 0) {
        append(out, out.empty() ? "" : " ", "cpu", cpu, " chain");
        slub.for_each_in(k.partial, [&](u32, const Slab &s) { one(s); });
      }
    }
    for (std::size_t n = 0; n < c.nodes.size(); ++n)
      for (const bool full : {false, true}) {
        const SlabList &l = full ? c.nodes[n].full : c.nodes[n].partial;
        if (l.head == 0) continue;
        append(out, out.empty() ? "" : " ", "node", n, full ? " full" : " partial");
        slub.for_each_in(l.head, [&](u32, const Slab &s) { one(s); });
      }
    std::string loose;
    slub.for_each_slab([&](u32, const Slab &s) {
      if (s.cache != id || (s.place != SlabPlace::loose && s.place != SlabPlace::isolated)) return;
      append(loose, ' ', letter(s), s.inuse, '/', s.objects, s.place == SlabPlace::isolated ? "!" : "");
    });
    if (!loose.empty()) append(out, out.empty() ? "" : " ", "nowhere", loose);
    return out;
  }
  // The events of the last call of these kinds, by their slab's letter: "discard C D".
  std::string discards() {
    std::string out;
    for (const Event &e : trace.events())
      if (e.kind == EventKind::lab_slab_discard) append(out, out.empty() ? "" : " ", letters_.at(e.f[1]));
    return out;
  }
  u64 free_pages() const { // with those on the CPUs' page lists
    u64 n = 0;
    for (const pglist_data &node : pages.nodes()) {
      n += node.zones[0].free_pages();
      for (u32 cpu = 0; cpu < pages.cpus(); ++cpu)
        for (unsigned i = 0; i < pages.pcp_lists(); ++i)
          pages.for_each_pcp(node.nid, 0, cpu, i, [&](const PcpBlock &b) { n += pages_of(b.order); });
    }
    return n;
  }

  PageAlloc pages;
  Slub slub;
  Trace trace;

private:
  static SlubRules rules_of(const BenchSetup &s) {
    SlubRules r = s.rules;
    r.freelist_random = s.random;
    r.direct_map_base = 0xffff888000000000;
    return r;
  }
  void check(const PageAlloc &pages_before, const Slub &slub_before) const {
    PageAlloc p = pages_before;
    Slub s = slub_before;
    for (const Event &e : trace.events())
      if (event_info(e.kind).role == EventRole::state && !s.fold(e, trace)) CHECK(p.fold(e));
    CHECK(s == slub);
    CHECK(p == pages);
    CHECK(s.verify() == "");
    CHECK(slub.verify() == "");
    CHECK(pages.verify() == "");
  }

  std::map<u64, char> letters_;
};

} // namespace mmscope
