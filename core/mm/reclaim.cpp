// Reclaim, as far as a model of physical memory needs it (mm/vmscan.c, v6.1): who wakes whom, when it stops, and what
// that does to the allocator. What can be reclaimed is what has been put onto a node's LRU list; the oldest goes first,
// always with success.
#include "mm/page_alloc_inline.hpp"

namespace mmscope {

namespace {
constexpr u64 most_failures = 16; // MAX_RECLAIM_RETRIES
constexpr u64 one_round = 32;     // SWAP_CLUSTER_MAX
} // namespace

std::optional<pfn_t> PageAlloc::lru_oldest(i32 nid) const {
  const u32 head = node(nid).lru.head;
  if (head == 0) return std::nullopt;
  return pfn_t{pool_[head].pfn};
}

u64 PageAlloc::reclaimable_pages(i32 nid, unsigned zid) const {
  u64 pages = 0;
  const u16 home = mem_map::home_of(nid, zid);
  for (u32 i = node(nid).lru.head; i != 0; i = pool_[i].next)
    if (pool_[i].home == home) pages += u64{1} << pool_[i].order;
  return pages;
}

bool PageAlloc::pgdat_balanced(i32 nid, order_t order, unsigned highest_zone) const {
  const pglist_data &n = node(nid);
  for (unsigned zid = 0; zid <= highest_zone && zid < rules_.zone_types; ++zid) {
    const zone &z = n.zones[zid];
    if (z.managed_pages == 0) continue;
    const u64 mark = z.watermark[static_cast<std::size_t>(watermark::high)] + z.watermark_boost;
    if (check_watermark(watermark_input(z, mark, order, highest_zone, 0), order, 0).ok()) return true;
  }
  return false;
}

bool PageAlloc::wakeup_kswapd(Trace *t, i32 nid, unsigned zid, order_t order, unsigned highest_zone) {
  const pglist_data &n = node(nid);
  if (n.zones[zid].managed_pages == 0) return false;
  const auto step = [&](AllocStep s) { emit(t, EventKind::lab_alloc_step, {static_cast<u64>(s), field(nid)}); };
  // Awake already: it hears of the larger order and the higher zone.
  if (n.kswapd_awake != 0) {
    if (order.v + 1 > n.kswapd_awake) set_node(t, nid, node_field::kswapd_awake, order.v + 1);
    if (highest_zone > n.kswapd_highest_zoneidx) set_node(t, nid, node_field::kswapd_highest_zoneidx, highest_zone);
    return false;
  }
  bool boosted = false; // pgdat_watermark_boosted
  for (unsigned z = 0; z <= highest_zone && z < rules_.zone_types; ++z)
    boosted = boosted || (n.zones[z].managed_pages != 0 && n.zones[z].watermark_boost != 0);
  if (n.kswapd_failures >= most_failures || (!boosted && pgdat_balanced(nid, order, highest_zone))) {
    step(AllocStep::kswapd_not_needed);
    return false;
  }
  set_node(t, nid, node_field::kswapd_awake, order.v + 1);
  set_node(t, nid, node_field::kswapd_highest_zoneidx, highest_zone);
  emit(t, EventKind::mm_vmscan_kswapd_wake, {field(nid), highest_zone, order.v});
  step(AllocStep::wake_kswapd);
  return true;
}

void PageAlloc::wake_all_kswapds(Trace *t, const AllocAttempt &a) {
  i32 last = no_node;
  walk_zonelist(a, [&](zone &z, u16 home) {
    const i32 nid = mem_map::nid_of(home);
    if (z.managed_pages != 0 && nid != last) {
      wakeup_kswapd(t, nid, mem_map::zid_of(home), a.order, a.highest_zone);
      last = nid;
    }
    return false;
  });
}

u64 PageAlloc::shrink_node(Trace *t, i32 nid, unsigned highest_zone, u64 pages, u32 cpu) {
  u64 freed = 0;
  for (u32 i = node(nid).lru.head; i != 0 && freed < pages;) {
    const Entry e = pool_[i];
    i = e.next;
    if (mem_map::zid_of(e.home) > highest_zone) continue;
    freed += u64{1} << e.order;
    const pfn_t pfn{e.pfn};
    lru_del(t, pfn);
    free_pages(t, pfn, order_t{e.order}, cpu);
  }
  emit(t, EventKind::lab_reclaim, {field(nid), pages, freed});
  return freed;
}

void PageAlloc::begin_balance(Trace *t, i32 nid, unsigned highest_zone) {
  for (unsigned zid = 0; zid <= highest_zone && zid < rules_.zone_types; ++zid)
    if (node(nid).zones[zid].managed_pages != 0 && !node(nid).zones[zid].reclaim_active)
      set_zone(t, nid, zid, zone_field::reclaim_active, 1);
}

void PageAlloc::end_balance(Trace *t, i32 nid, unsigned highest_zone) {
  for (unsigned zid = 0; zid <= highest_zone && zid < rules_.zone_types; ++zid)
    if (node(nid).zones[zid].reclaim_active) set_zone(t, nid, zid, zone_field::reclaim_active, 0);
}

void PageAlloc::end_boosts(Trace *t, i32 nid, const std::array<u64, max_zone_types> &seen) {
  for (unsigned zid = 0; zid < rules_.zone_types; ++zid) {
    const u64 now = node(nid).zones[zid].watermark_boost;
    if (seen[zid] != 0) set_zone(t, nid, zid, zone_field::watermark_boost, now - std::min(seen[zid], now));
  }
}

u64 PageAlloc::balance_pgdat(Trace *t, i32 nid, u32 cpu) {
  const pglist_data &n = node(nid);
  if (n.kswapd_awake == 0) return 0;
  const order_t order{n.kswapd_awake - 1};
  const unsigned highest = static_cast<unsigned>(n.kswapd_highest_zoneidx);
  std::array<u64, max_zone_types> boost{};
  for (unsigned zid = 0; zid <= highest && zid < rules_.zone_types; ++zid) boost[zid] = n.zones[zid].watermark_boost;
  begin_balance(t, nid, highest);
  u64 freed = 0;
  while (!pgdat_balanced(nid, order, highest)) {
    const u64 now = shrink_node(t, nid, highest, one_round, cpu);
    if (now == 0) break;
    freed += now;
  }
  end_balance(t, nid, highest);
  end_boosts(t, nid, boost);
  const u64 failures = freed == 0 && !pgdat_balanced(nid, order, highest) ? n.kswapd_failures + 1 : 0;
  if (failures != n.kswapd_failures) set_node(t, nid, node_field::kswapd_failures, failures);
  set_node(t, nid, node_field::kswapd_awake, 0);
  set_node(t, nid, node_field::kswapd_highest_zoneidx, 0);
  emit(t, EventKind::mm_vmscan_kswapd_sleep, {field(nid), freed});
  return freed;
}

} // namespace mmscope
