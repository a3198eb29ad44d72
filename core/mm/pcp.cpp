// The CPUs' page lists (struct per_cpu_pages, mm/page_alloc.c, v6.1).
//
//   alloc ◄── head [ block ⇄ block ⇄ … ⇄ block ] tail ──► drain            one list for each order and migratetype
//   free  ──► head                        tail ◄── refill, `batch` blocks
//
// A list is used without the zone's lock, so most requests never see the free lists. When more pages than `high` have
// gathered, the tails go back; the more often that happens without an allocation in between, the more (free_factor).
#include "mm/page_alloc_inline.hpp"

#include <bit>

namespace mmscope {

u64 PageAlloc::rmqueue_bulk(Trace *t, zone &z, u16 home, unsigned index, u64 count, const AllocAttempt &a) {
  u64 got = 0;
  const unsigned order = narrow(a.order);
  std::vector<pfn_t> ahead; // in front of the pages of other types, in their order
  for (; got < count; ++got) {
    const std::optional<pfn_t> pfn = rmqueue_any(t, z, home, order, narrow(a.type), a);
    if (!pfn) break;
    emit(t, EventKind::mm_page_alloc_zone_locked, {pfn->v, order, narrow(a.type), 1});
    if (rules_.pcp_lists == PcpLists::one)
      ahead.push_back(*pfn);
    else
      put_pcp(t, z, mixed_of(*pfn), a.cpu, index, *pfn, order, narrow(a.type), FreeTo::tail);
  }
  for (; !ahead.empty(); ahead.pop_back())
    put_pcp(t, z, mixed_of(ahead.back()), a.cpu, index, ahead.back(), order, narrow(a.type), FreeTo::head);
  mod_free_pages(t, z, home, a.cpu, -static_cast<i64>(got << order));
  emit(t, EventKind::lab_pcp_refill,
       {field(mem_map::nid_of(home)), mem_map::zid_of(home), a.cpu, order, narrow(a.type), count, got});
  return got;
}

std::optional<pfn_t> PageAlloc::rmqueue_pcplist(Trace *t, zone &z, u16 home, const AllocAttempt &a, bool halve) {
  per_cpu_pages &pcp = z.pcp[a.cpu];
  if (halve && pcp.free_factor != 0) {
    pcp.free_factor >>= 1;
    emit(t, EventKind::lab_pcp_set,
         {field(mem_map::nid_of(home)), mem_map::zid_of(home), a.cpu, static_cast<u64>(pcp_field::free_factor),
          pcp.free_factor});
  }
  const unsigned index = pcp_index(a.order, a.type);
  if (rules_.pcp_lists > PcpLists::by_type) {
    const u32 entry = page_of_one_list(t, z, home, a);
    return entry == 0 ? std::nullopt : std::optional(pfn_t{pool_[take_pcp(t, z, entry)].pfn});
  }
  if (pcp.lists[index].head == 0) {
    const u64 batch = z.pcp_batch;
    rmqueue_bulk(t, z, home, index, batch > 1 ? std::max<u64>(batch >> a.order.v, 2) : batch, a);
    if (pcp.lists[index].head == 0) return std::nullopt;
  }
  return pfn_t{pool_[take_pcp(t, z, pcp.lists[index].head)].pfn};
}

// Of one list for all types: the first page of that type, if there is none of a refill that goes to the head; or the first
// page at all of a list that is filled up as soon as two batches are left. 0: there is no page.
[[gnu::noinline]] u32 PageAlloc::page_of_one_list(Trace *t, zone &z, u16 home, const AllocAttempt &a) {
  PcpList &l = z.pcp[a.cpu].lists[0];
  if (rules_.pcp_lists == PcpLists::one_stocked) {
    if (z.pcp[a.cpu].count <= 2 * z.pcp_batch) rmqueue_bulk(t, z, home, 0, z.pcp_batch, a);
    return l.head;
  }
  for (u32 i = l.head; i != 0; i = pool_[i].next)
    if (pool_[i].list == narrow(a.type)) return i;
  rmqueue_bulk(t, z, home, 0, z.pcp_batch, a);
  return l.head;
}

// Older eras: `count` pages from the tails, round and round over the lists; one that is passed over empty lets the next
// give more in its turn.
[[gnu::noinline]] void PageAlloc::free_pcp_batch(Trace *t, zone &z, u16 home, u32 cpu, u64 count) {
  per_cpu_pages &pcp = z.pcp[cpu];
  const u64 asked = count;
  count = std::min<u64>(pcp.count, count);
  emit(t, EventKind::lab_pcp_drain,
       {field(mem_map::nid_of(home)), mem_map::zid_of(home), cpu, count, asked, z.pcp_high, 0});
  const unsigned lists = pcp_lists();
  unsigned index = 0;
  for (u64 turn = 0; count != 0;) {
    do {
      ++turn;
      index = index + 1 == lists ? 0 : index + 1;
    } while (pcp.lists[index].tail == 0);
    if (turn == lists) turn = count; // the only one that holds something
    do free_pcp_page(t, z, home, cpu, pcp.lists[index].tail);
    while (--count != 0 && --turn != 0 && pcp.lists[index].tail != 0);
  }
}

void PageAlloc::free_pcp_page(Trace *t, zone &z, u16 home, u32 cpu, u32 entry) {
  const Entry e = pool_[take_pcp(t, z, entry)];
  const pfn_t pfn{e.pfn};
  migratetype type = static_cast<migratetype>(e.list);
  // It may have been isolated meanwhile; and one list for all types is not asked which it was.
  if (z.nr_isolate_pageblock != 0 || rules_.pcp_lists > PcpLists::by_type) type = map_.at(pfn).block_type;
  free_one(t, pfn, order_t{e.order}, FreeTo::head, type);
  if (type != migratetype::ISOLATE) mod_free_pages(t, z, home, cpu, i64{1} << e.order);
  emit(t, EventKind::mm_page_pcpu_drain, {pfn.v, e.order, narrow(type)});
}

void PageAlloc::free_pcppages_bulk(Trace *t, zone &z, u16 home, u32 cpu, u64 asked, unsigned index) {
  per_cpu_pages &pcp = z.pcp[cpu];
  i64 count = static_cast<i64>(std::min<u64>(pcp.count, asked));
  emit(t, EventKind::lab_pcp_drain,
       {field(mem_map::nid_of(home)), mem_map::zid_of(home), cpu, static_cast<u64>(count), asked, z.pcp_high, index});
  // Round and round over the lists, each emptied before the next; the window of lists that still hold something shrinks.
  unsigned first = 0, last = pcp_lists() - 1;
  while (count > 0) {
    while (pcp.lists[index].tail == 0) {
      if (index == last) --last;
      if (index == first) ++first;
      index = index + 1 > last ? first : index + 1;
    }
    do {
      const u32 entry = pcp.lists[index].tail;
      const i64 pages = i64{1} << pool_[entry].order;
      free_pcp_page(t, z, home, cpu, entry);
      count -= pages;
    } while (count > 0 && pcp.lists[index].tail != 0);
    index = index + 1 > last ? first : index + 1;
  }
}

void PageAlloc::commit_pcp(Trace *t, zone &z, u16 home, Mixed &m, pfn_t pfn, unsigned order, unsigned type, u32 cpu) {
  // Pages of the reserves wait on the movable list, but go back where they belong.
  const unsigned index = pcp_index(order_t{order}, type < 3 ? static_cast<migratetype>(type) : migratetype::MOVABLE);
  per_cpu_pages &pcp = z.pcp[cpu];
  if (rules_.pcp_lists != PcpLists::by_order) {
    const bool first = rules_.pcp_lists == PcpLists::one_stocked; // room is made before the page comes
    if (first && pcp.count >= z.pcp_high) free_pcp_batch(t, z, home, cpu, z.pcp_batch);
    put_pcp(t, z, m, cpu, index, pfn, order, type, FreeTo::head);
    if (!first && pcp.count >= z.pcp_high) free_pcp_batch(t, z, home, cpu, z.pcp_batch);
    return;
  }
  put_pcp(t, z, m, cpu, index, pfn, order, type, FreeTo::head);
  const bool flush = pcp.free_factor != 0 && order != 0 && order <= costly_order;
  const u64 high = nr_pcp_high(z, flush);
  if (pcp.count < high) return;

  const u64 drain = nr_pcp_free(z, pcp, high, flush);
  // The next drain takes more, until one takes all but a batch.
  if (!flush && high >= z.pcp_batch && z.pcp_batch << pcp.free_factor < high - z.pcp_batch &&
      pcp.free_factor < rules_.pcp_batch_scale_max) {
    ++pcp.free_factor;
    emit(t, EventKind::lab_pcp_set,
         {field(mem_map::nid_of(home)), mem_map::zid_of(home), cpu, static_cast<u64>(pcp_field::free_factor),
          pcp.free_factor});
  }
  free_pcppages_bulk(t, z, home, cpu, drain, index);
}

u64 PageAlloc::next_drain(const zone &z, u32 cpu) const {
  return rules_.pcp_lists == PcpLists::by_order ? nr_pcp_free(z, z.pcp[cpu], nr_pcp_high(z, false), false)
                                                : z.pcp_batch;
}

void PageAlloc::drain_pages_zone(Trace *t, i32 nid, unsigned zid, u32 cpu) {
  zone &z = zone_ref(nid, zid);
  if (cpu >= z.pcp.size() || z.pcp[cpu].count == 0) return;
  Call call(t, "drain_pages_zone", "drain_pages", {cpu, field(nid), zid});
  if (rules_.pcp_lists != PcpLists::by_order)
    return free_pcp_batch(t, z, mem_map::home_of(nid, zid), cpu, z.pcp[cpu].count);
  for (u64 count = z.pcp[cpu].count; count != 0;) {
    const u64 now = std::min(count, z.pcp_batch << rules_.pcp_batch_scale_max);
    free_pcppages_bulk(t, z, mem_map::home_of(nid, zid), cpu, now, 0);
    count -= now;
  }
}

void PageAlloc::drain_all_pages(Trace *t) {
  for (u32 cpu = 0; cpu < cpus(); ++cpu)
    for (const pglist_data &n : nodes_)
      for (unsigned zid = 0; zid < rules_.zone_types; ++zid)
        if (n.zones[zid].populated()) drain_pages_zone(t, n.nid, zid, cpu);
}

void PageAlloc::refresh_cpu_vm_stats(Trace *t, u32 cpu) {
  for (const pglist_data &n : nodes_)
    for (unsigned zid = 0; zid < rules_.zone_types; ++zid)
      if (cpu < n.zones[zid].pcp.size() && n.zones[zid].pcp[cpu].stat_diff != 0)
        set_pcp(t, n.nid, zid, cpu, pcp_field::stat_diff, 0);
}

// --- limits ---

void PageAlloc::setup_per_cpu_pageset(Trace *t) {
  for (std::size_t n = 0; n < nodes_.size(); ++n)
    for (unsigned zid = 0; zid < rules_.zone_types; ++zid)
      if (nodes_[n].zones[zid].populated()) set_zone(t, static_cast<i32>(n), zid, zone_field::pcp_cpus, cpus());
  update_pcp_limits(t);
}

u64 PageAlloc::zone_batchsize(u64 pages) const {
  // A thousandth of the zone, so many pages at most; of that a quarter, made 2^n - 1, but in 2.6.11.
  const u64 quarter = std::max<u64>(std::min(pages >> 10, rules_.pcp_most_pages) / 4, 1);
  return rules_.pcp_lists == PcpLists::one_stocked ? quarter : std::bit_floor(quarter + quarter / 2) - 1;
}

void PageAlloc::update_pcp_limits(Trace *t) {
  const auto fls = [](u64 x) { return static_cast<u64>(std::bit_width(x)); };
  for (std::size_t n = 0; n < nodes_.size(); ++n)
    for (unsigned zid = 0; zid < rules_.zone_types; ++zid) {
      const zone &z = nodes_[n].zones[zid];
      if (z.pcp.empty()) continue;
      const u64 size = zone_batchsize(rules_.pcp_lists > PcpLists::by_type ? z.present_pages : z.managed_pages),
                batch = std::max<u64>(size, 1);
      // zone_highsize: all CPUs of the node together keep as much as lies below the low watermark. Where the traffic
      // tunes it, this is the least.
      const auto here = static_cast<u64>(std::count(cpu_nodes_.begin(), cpu_nodes_.end(), static_cast<i32>(n)));
      const u64 sharing = here != 0 ? here : cpus();
      const u64 low = z.watermark[1] + z.watermark_boost;
      const u64 high = rules_.pcp_high == PcpHigh::six_batches ? 6 * size : std::max(low / sharing, batch << 2);
      // calculate_normal_threshold: memory in units of 128 MiB
      const u64 unit = 128 * rules_.mib_pages;
      const u64 threshold = std::min<u64>(125, 2 * fls(cpus()) * (1 + fls(z.managed_pages / unit)));
      const std::array<std::pair<zone_field, u64>, 3> numbers{
          {{zone_field::pcp_batch, batch}, {zone_field::pcp_high, high}, {zone_field::stat_threshold, threshold}}};
      const std::array<u64, 3> now{z.pcp_batch, z.pcp_high, z.stat_threshold};
      for (std::size_t i = 0; i < numbers.size(); ++i)
        if (now[i] != numbers[i].second) set_zone(t, static_cast<i32>(n), zid, numbers[i].first, numbers[i].second);
    }
}

} // namespace mmscope
