// Small machines whose page allocator runs, and their lists as text.
//
//   PageAlloc pa = small_pages({{0, 64}});          // pages 0..63 free and MOVABLE, zone DMA32 of node 0, one CPU
//   lists(pa)                                       // "5M: 0 32" = order 5, MOVABLE: block 0, then block 32
//   cpu_lists(pa)                                   // "1U: 4 6 8" = order 1, UNMOVABLE; head first
#pragma once
#include "base/text.hpp"
#include "mm/page_alloc.hpp"

#include <initializer_list>
#include <string>

namespace mmscope::test {

inline constexpr unsigned zone_dma32 = 1, zone_normal = 2, zone_movable = 3;

struct SmallZone {
  u64 start, pages;
  unsigned zid = zone_dma32; // no NOFRAGMENT there: requests that prefer Normal have it
  i32 nid = 0;
};

// Largest block 32 pages, pageblock 16: a CPU's lists hold orders 0..3 and 4.
inline BuddyRules small_rules() {
  BuddyRules r;
  r.max_order = order_t{5};
  r.pageblock_order = order_t{4};
  return r;
}

// All pages of every zone are free, MOVABLE and managed; every watermark is 0; a node falls back to the next higher one.
// CPU i is of node i modulo the nodes; a CPU's list is refilled by `batch` pages and drained at `high`. Without CPUs it
// is the boot's allocator: straight from the free lists.
inline PageAlloc small_pages(std::initializer_list<SmallZone> zones, u32 cpus = 1, BuddyRules rules = small_rules(),
                             u64 batch = 4, u64 high = 16) {
  PageAlloc pa(rules);
  for (const SmallZone &z : zones) {
    const bool known = static_cast<u64>(z.nid) < pa.nodes().size();
    const u64 start = known ? pa.node(z.nid).start_pfn.v : z.start;
    pa.init_node(nullptr, z.nid, pfn_t{start}, z.start + z.pages - start, z.pages, phys_addr_t{});
    pa.set_node(nullptr, z.nid, node_field::online, 1);
    pa.init_zone(nullptr, z.nid, z.zid, pfn_t{z.start}, z.pages, z.pages);
    pa.set_pages(nullptr, pfn_t{z.start}, z.pages, PageState::init, z.nid, z.zid);
    pa.set_pageblocks(nullptr, pfn_t{z.start}, z.pages, migratetype::MOVABLE);
  }
  for (const SmallZone &z : zones) pa.free_core(nullptr, pfn_t{z.start}, rules.max_order, z.pages >> rules.max_order.v);
  const i32 nodes = static_cast<i32>(pa.nodes().size());
  for (i32 n = 0; n < nodes; ++n)
    for (i32 k = 0; k < nodes; ++k) pa.add_fallback(nullptr, n, (n + k) % nodes);
  for (u32 cpu = 0; cpu < cpus; ++cpu) pa.set_cpu_node(nullptr, cpu, static_cast<i32>(cpu) % nodes);
  if (cpus == 0) return pa;
  pa.setup_per_cpu_pageset(nullptr);
  for (const SmallZone &z : zones) {
    pa.set_zone(nullptr, z.nid, z.zid, zone_field::pcp_batch, batch);
    pa.set_zone(nullptr, z.nid, z.zid, zone_field::pcp_high, high);
    pa.set_zone(nullptr, z.nid, z.zid, zone_field::stat_threshold, 0);
  }
  return pa;
}

// The free lists of a zone: order, type (U M R H C I), blocks head first.
inline std::string lists(const PageAlloc &pa, unsigned zid = zone_dma32, i32 nid = 0) {
  std::string s;
  for (u64 order = 0; order <= pa.rules().max_order.v; ++order)
    for (unsigned type = 0; type < migratetype_count; ++type) {
      if (pa.zone_of(nid, zid).areas[order].free_list[type].nr == 0) continue;
      append(s, s.empty() ? "" : " | ", order, "UMRHCI"[type], ':');
      pa.for_each_block(nid, zid, order_t{order}, static_cast<migratetype>(type), [&](FreeBlock b) {
        for (u64 i = 0; i < b.count; ++i) append(s, ' ', b.pfn.v + (i << order));
      });
    }
  return s;
}

// A CPU's page lists: order, the list's type (the remembered one behind a block if it is another), head first.
inline std::string cpu_lists(const PageAlloc &pa, u32 cpu = 0, unsigned zid = zone_dma32, i32 nid = 0) {
  std::string s;
  for (unsigned index = 0; index < pa.pcp_lists(); ++index) {
    std::string blocks;
    const char type = index >= 12 ? "UM"[index - 12] : "UMR"[index % 3];
    pa.for_each_pcp(nid, zid, cpu, index, [&](const PcpBlock &b) {
      append(blocks, ' ', b.pfn.v);
      if ("UMRHCI"[static_cast<unsigned>(b.type)] != type) blocks += "UMRHCI"[static_cast<unsigned>(b.type)];
    });
    if (!blocks.empty()) append(s, s.empty() ? "" : " | ", pa.pcp_order(index).v, type, ':', blocks);
  }
  return s;
}

inline u64 digest(const PageAlloc &pa) {
  Digest d;
  pa.add_to(d);
  return d.value();
}

// The kernel's own tracepoints and our steps of a trace, without the state events: "mm_page_alloc lab_zone_check …".
inline u64 count(const Trace &t, EventKind kind) {
  u64 n = 0;
  for (const Event &e : t.events()) n += e.kind == kind;
  return n;
}
inline const Event *last(const Trace &t, EventKind kind) {
  const Event *found = nullptr;
  for (const Event &e : t.events())
    if (e.kind == kind) found = &e;
  return found;
}
// "slow_path wake_kswapd=0 …": the way that a request took.
inline std::string steps(const Trace &t) {
  std::string s;
  for (const Event &e : t.events()) {
    if (e.kind != EventKind::lab_alloc_step) continue;
    append(s, s.empty() ? "" : " ", alloc_step_name(static_cast<AllocStep>(e.f[0])));
    if (e.f[1] != 0) append(s, '=', e.f[1]);
  }
  return s;
}

} // namespace mmscope::test
