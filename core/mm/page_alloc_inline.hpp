// The page allocator's innermost steps, inlined into every file that implements PageAlloc. Nobody else includes this.
//
// A step here is a handful of instructions when nothing is traced: what only a trace needs is in functions of their own.
#pragma once
#include "mm/page_alloc.hpp"

#include <algorithm>

namespace mmscope {

constexpr unsigned narrow(order_t o) { return static_cast<unsigned>(o.v); }
constexpr unsigned narrow(migratetype m) { return static_cast<unsigned>(m); }

// What a block is, by the request that it answers (BlockUse bits).
constexpr u32 use_of(gfp_t g, unsigned order) {
  u32 use = 0;
  if (order != 0 && (g & gfp::COMP) != 0) use |= static_cast<u32>(BlockUse::compound);
  if ((g & gfp::MOVABLE) != 0) use |= static_cast<u32>(BlockUse::movable);
  return use;
}

// May two free blocks of at least a pageblock become one? (__free_one_page)
constexpr bool types_merge(migratetype a, migratetype b) {
  return a == b || (migratetype_is_mergeable(a) && migratetype_is_mergeable(b));
}

// By a page's own word: no division on the way.
inline zone &PageAlloc::zone_ref(u16 home) {
  const unsigned zid = mem_map::zid_of(home);
  MM_CHECK(home >> 3 != 0 && zid < max_zone_types); // an absent page has no zone
  pglist_data *const node = nodes_.data() + ((home >> 3) - 1);
  MM_CHECK(node < nodes_.data() + nodes_.size());
  return node->zones[zid];
}

inline u32 PageAlloc::take_entry() {
  const u32 index = pool_free_;
  if (index == 0) return grow_pool();
  pool_free_ = pool_[index].next;
  return index;
}

template <class List> void PageAlloc::link_after(List &l, u32 anchor, u32 index) {
  const u32 next = anchor == 0 ? l.head : pool_[anchor].next;
  pool_[index].prev = anchor;
  pool_[index].next = next;
  (anchor == 0 ? l.head : pool_[anchor].next) = index;
  (next == 0 ? l.tail : pool_[next].prev) = index;
}

template <class List> void PageAlloc::unlink(List &l, u32 index) {
  const u32 prev = pool_[index].prev, next = pool_[index].next;
  (prev == 0 ? l.head : pool_[prev].next) = next;
  (next == 0 ? l.tail : pool_[next].prev) = prev;
}

inline void PageAlloc::count_free(zone &z, FreeList &l, unsigned order, u64 list, i64 blocks) {
  l.nr += static_cast<u64>(blocks);
  const u64 pages = static_cast<u64>(blocks) << order;
  if (list == narrow(migratetype::ISOLATE)) return;
  z.nr_free_pages += pages;
  if (list == narrow(migratetype::CMA)) z.nr_free_cma += pages;
}

// These two run for every block that is freed: one zone lookup for all of them.
[[gnu::always_inline]] inline void PageAlloc::add_mixed(Trace *t, zone &z, Mixed &m, pfn_t pfn, unsigned order,
                                                        unsigned list, FreeTo to) {
  Page &p = m[pfn.v & map_.mask()];
  FreeList &l = z.areas[order].free_list[list];
  const u32 index = take_entry();
  Entry *const pool = pool_.data();
  Entry &e = pool[index];
  e.pfn = pfn.v;
  e.count = 1;
  e.home = p.home;
  e.order = static_cast<u8>(order);
  e.list = static_cast<u8>(list);
  if (to == FreeTo::tail) {
    e.prev = l.tail;
    e.next = 0;
    (l.tail == 0 ? l.head : pool[l.tail].next) = index;
    l.tail = index;
  } else {
    e.prev = 0;
    e.next = l.head;
    (l.head == 0 ? l.tail : pool[l.head].prev) = index;
    l.head = index;
  }
  count_free(z, l, order, list, 1);
  p.link = index;
  p.order = static_cast<u8>(order);
  ++m.heads;
  if (t != nullptr) trace_add(t, e, to);
}

[[gnu::always_inline]] inline void PageAlloc::del_mixed(Trace *t, zone &z, Mixed &m, pfn_t pfn) {
  Page &p = m[pfn.v & map_.mask()];
  const u32 index = p.link;
  Entry &e = pool_[index];
  FreeList &l = z.areas[e.order].free_list[e.list];
  unlink(l, index);
  count_free(z, l, e.order, e.list, -1);
  p.link = 0;
  p.order = mem_map::not_head;
  --m.heads;
  if (t != nullptr) trace_del(t, e, pfn);
  e.count = 0;
  e.next = pool_free_;
  pool_free_ = index;
}

// A block that is on no list and not marked joins a CPU's page list; its pages read `allocated` already.
[[gnu::always_inline]] inline void PageAlloc::put_pcp(Trace *t, zone &z, Mixed &m, u32 cpu, unsigned index, pfn_t pfn,
                                                      unsigned order, unsigned type, FreeTo to) {
  Page &p = m[pfn.v & map_.mask()];
  per_cpu_pages &pcp = z.pcp[cpu];
  PcpList &l = pcp.lists[index];
  const u32 at = take_entry();
  Entry &e = pool_[at];
  e.pfn = pfn.v;
  e.count = pcp_home(cpu, index);
  e.home = p.home;
  e.order = static_cast<u8>(order);
  e.list = static_cast<u8>(type);
  link_after(l, to == FreeTo::tail ? l.tail : 0, at);
  pcp.count += u32{1} << order;
  p.link = at;
  p.order = static_cast<u8>(mem_map::on_pcp | order);
  ++m.heads;
  if (t != nullptr) trace_pcp(t, EventKind::lab_pcp_add, e, to == FreeTo::tail);
}

// The opposite, wherever the block is in its list. The entry is given back; its pfn, order and type stay readable until
// the next one is taken.
[[gnu::always_inline]] inline u32 PageAlloc::take_pcp(Trace *t, zone &z, u32 entry) {
  Entry &e = pool_[entry];
  per_cpu_pages &pcp = z.pcp[e.count >> 4];
  unlink(pcp.lists[e.count & 15], entry);
  pcp.count -= u32{1} << e.order;
  Mixed &m = mixed_of(pfn_t{e.pfn});
  Page &p = m[e.pfn & map_.mask()];
  p.link = 0;
  p.order = mem_map::not_head;
  --m.heads;
  if (t != nullptr) trace_pcp(t, EventKind::lab_pcp_del, e, 0);
  e.next = pool_free_;
  pool_free_ = entry;
  return entry;
}

// NR_FREE_PAGES moves by `pages` on this CPU: the free lists have moved already, the zone's counter hears of it once the
// difference exceeds the threshold (__mod_zone_page_state).
[[gnu::always_inline]] inline void PageAlloc::mod_free_pages(Trace *t, zone &z, u16 home, u32 cpu, i64 pages) {
  if (z.pcp.empty()) return;
  per_cpu_pages &p = z.pcp[cpu];
  const i64 threshold = static_cast<i64>(z.stat_threshold);
  i64 diff = p.stat_diff + pages;
  if (diff > threshold || diff < -threshold) diff = 0;
  if (diff == p.stat_diff) return;
  z.stat_drift += diff - p.stat_diff;
  p.stat_diff = diff;
  if (t != nullptr) tell_drift(t, z, home, cpu, diff);
}

// fn(zone, home) for the zones that the attempt may use, in its node's order, until it returns true.
template <class Fn> bool PageAlloc::walk_zonelist(const AllocAttempt &a, Fn &&fn) {
  const auto of_node = [&](i32 nid) {
    pglist_data &n = nodes_[static_cast<std::size_t>(nid)];
    for (unsigned zid = a.highest_zone + 1; zid-- > 0;)
      if (n.zones[zid].present_pages != 0 && fn(n.zones[zid], mem_map::home_of(nid, zid))) return true;
    return false;
  };
  if ((a.gfp & gfp::THISNODE) != 0) return of_node(a.nid);
  for (i32 nid : nodes_[static_cast<std::size_t>(a.nid)].fallback)
    if (of_node(nid)) return true;
  return false;
}

} // namespace mmscope
