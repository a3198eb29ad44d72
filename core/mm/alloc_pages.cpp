// The way of a request (mm/page_alloc.c, v6.1).
//
//   first attempt   low watermark                                              most requests end here
//   slow path       wake kswapd, min watermark (less for who is in need)
//                   compaction? reclaim, try again, … out of memory? refused, with a reason
#include "mm/alloc_flags.hpp"
#include "mm/page_alloc_inline.hpp"

namespace mmscope {

namespace {
constexpr u64 reclaim_batch = 32; // SWAP_CLUSTER_MAX
constexpr u64 most_rounds = 16;   // MAX_RECLAIM_RETRIES
} // namespace

std::string_view alloc_step_name(AllocStep s) {
  static constexpr std::string_view names[] = {"slow_path",      "wake_kswapd",    "kswapd_not_needed",
                                               "direct_compact", "direct_reclaim", "drain_all",
                                               "unreserve",      "retry",          "oom",
                                               "no_oom",         "nofail",         "fails"};
  return names[static_cast<std::size_t>(s)];
}

std::string_view alloc_failure_name(AllocFailure f) {
  static constexpr std::string_view names[] = {"no zone may be used",
                                               "the caller cannot wait for reclaim",
                                               "__GFP_NORETRY: no second round",
                                               "more than 8 pages: not worth another round",
                                               "reclaim found nothing more",
                                               "out of memory",
                                               "larger than the largest block"};
  return names[static_cast<std::size_t>(f)];
}

// --- one attempt ---

bool PageAlloc::zone_allows(Trace *t, const zone &z, u16 home, const AllocAttempt &a) {
  const u32 which = a.flags & alloc_flag::WMARK_MASK;
  const u64 mark = z.watermark[which] + z.watermark_boost;
  const u64 reserve = z.lowmem_reserve[a.highest_zone];
  const i64 free = z.vm_stat_free_pages();
  // The usual case in a few instructions: one page, and plenty of them.
  if (t == nullptr && a.order.v == 0) {
    i64 usable = free;
    if ((a.flags & alloc_flag::RESERVES) == 0) usable -= static_cast<i64>(z.nr_reserved_highatomic);
    if ((a.flags & alloc_flag::CMA) == 0) usable -= static_cast<i64>(z.nr_free_cma);
    if (usable > static_cast<i64>(mark + reserve)) return true;
  }
  const auto tell = [&](const WatermarkCheck &c, u64 asked) {
    emit(t, EventKind::lab_zone_check,
         {field(mem_map::nid_of(home)), mem_map::zid_of(home), static_cast<u64>(free), static_cast<u64>(c.usable),
          asked, static_cast<u64>(c.min), c.reserve, static_cast<u64>(c.verdict)});
  };
  WatermarkInput in = watermark_input(z, mark, a.order, a.highest_zone, a.flags);
  WatermarkCheck c = check_watermark(in, a.order, a.flags);
  // One page above the mark itself is enough, whatever the flags (zone_watermark_fast).
  if (a.order.v == 0 && c.usable > static_cast<i64>(mark + reserve)) c.verdict = WatermarkVerdict::ok;
  tell(c, mark);
  if (c.ok()) return true;
  // Who cannot wait and asks for one page is not held back by a boost.
  if (a.order.v == 0 && (a.gfp & gfp::ATOMIC_BIT) != 0 && z.watermark_boost != 0 && which == alloc_flag::WMARK_MIN) {
    in.mark = z.watermark[0];
    c = check_watermark(in, a.order, a.flags);
    tell(c, in.mark);
    if (c.ok()) return true;
  }
  return (a.flags & alloc_flag::NO_WATERMARKS) != 0;
}

std::optional<pfn_t> PageAlloc::get_page_from_freelist(Trace *t, const AllocAttempt &attempt) {
  AllocAttempt a = attempt;
  while (true) {
    if (t != nullptr)
      t->emit(EventKind::lab_attempt, {a.gfp, a.order.v, narrow(a.type), a.highest_zone, a.flags, field(a.nid), a.cpu});
    const bool unmixed = (a.flags & alloc_flag::NOFRAGMENT) != 0;
    std::optional<pfn_t> found;
    u16 preferred = 0;
    walk_zonelist(a, [&](zone &z, u16 home) {
      if (preferred == 0) preferred = home;
      // Near memory matters more than unmixed pageblocks: before another node is asked, this one may be mixed.
      if (unmixed && online_nodes_ > 1 && mem_map::nid_of(home) != mem_map::nid_of(preferred)) return true;
      if (!zone_allows(t, z, home, a)) return false;
      found = rmqueue(t, z, home, a);
      if (!found) return false;
      if ((a.flags & alloc_flag::HIGHATOMIC) != 0) {
        put_block(t, mixed_of(*found), *found, narrow(a.order), 1, 0); // the judged pageblock holds it already
        reserve_highatomic_pageblock(t, z, home, *found);
        clear_block(t, mixed_of(*found), *found);
      }
      return true;
    });
    if (found || !unmixed) return found;
    a.flags &= ~alloc_flag::NOFRAGMENT;
  }
}

std::optional<AllocAttempt> PageAlloc::first_attempt(const PageRequest &r) const {
  AllocAttempt a;
  a.gfp = r.gfp;
  a.order = r.order;
  a.cpu = r.cpu;
  a.nid = r.nid == no_node ? cpu_node(r.cpu) : r.nid;
  a.highest_zone = rules_.gfp_zones[r.gfp & gfp::zone_bits];
  const unsigned type = gfp_migratetype_index(r.gfp);
  if (a.highest_zone >= rules_.zone_types || type > 2 || a.nid < 0 || static_cast<u32>(a.nid) >= nodes_.size())
    return std::nullopt;
  static constexpr migratetype types[] = {migratetype::UNMOVABLE, migratetype::MOVABLE, migratetype::RECLAIMABLE};
  a.type = mobility_ ? types[type] : migratetype::UNMOVABLE;
  a.flags = alloc_flag::WMARK_LOW | (r.gfp & gfp::KSWAPD_RECLAIM);
  if (rules_.cma && a.type == migratetype::MOVABLE) a.flags |= alloc_flag::CMA;
  // alloc_flags_nofragment: where Normal is preferred and DMA32 could help out.
  if (rules_.avoids_mixing && a.highest_zone >= rules_.zone_normal && rules_.zone_dma32 != no_zone) {
    const auto &fallback = nodes_[static_cast<std::size_t>(a.nid)].fallback;
    const i32 nid = fallback.empty() || (r.gfp & gfp::THISNODE) != 0 ? a.nid : fallback.front();
    const auto &zones = nodes_[static_cast<std::size_t>(nid)].zones;
    unsigned zid = a.highest_zone;
    while (zid > 0 && !zones[zid].populated()) --zid;
    if (zid == rules_.zone_normal && (online_nodes_ <= 1 || zones[rules_.zone_dma32].populated()))
      a.flags |= alloc_flag::NOFRAGMENT;
  }
  return a;
}

pfn_t PageAlloc::hand_out(Trace *t, pfn_t pfn, const PageRequest &r, unsigned type) {
  put_block(t, mixed_of(pfn), pfn, narrow(r.order), 1, use_of(r.gfp, narrow(r.order)));
  emit(t, EventKind::mm_page_alloc, {pfn.v, r.order.v, r.gfp, type});
  return pfn;
}

[[gnu::always_inline]] inline pfn_t PageAlloc::take_quickly(const PageRequest &r) {
  // A CPU's own node, no CMA, grouped by mobility, a list that holds something, a zone with plenty of pages.
  const unsigned order = narrow(r.order), type = gfp_migratetype_index(r.gfp);
  const unsigned highest = rules_.gfp_zones[r.gfp & gfp::zone_bits];
  if (order >= quick_takes_ || type > 2 || highest >= rules_.zone_types || r.nid != no_node) return no_page;
  if (r.cpu >= cpu_nodes_.size()) return no_page;
  pglist_data &node = nodes_[static_cast<std::size_t>(cpu_nodes_[r.cpu])];
  if (node.fallback.empty() || node.fallback.front() != node.nid) return no_page;
  unsigned zid = highest;
  while (node.zones[zid].present_pages == 0)
    if (zid-- == 0) return no_page;
  zone &z = node.zones[zid];
  if (z.boosted || r.cpu >= z.pcp.size()) return no_page;
  per_cpu_pages &pcp = z.pcp[r.cpu];
  PcpList &l = pcp.lists[3 * order + type];
  const u32 index = l.head;
  const u32 pages = u32{1} << order;
  const u64 kept = z.nr_reserved_highatomic + z.nr_free_cma + pages - 1 + z.watermark[alloc_flag::WMARK_LOW] +
                   z.watermark_boost + z.lowmem_reserve[highest];
  if (index == 0 || z.vm_stat_free_pages() <= static_cast<i64>(kept)) return no_page;
  if (order != 0) { // a block that large must be on a list; of the largest there nearly always is one
    const auto &lists = z.areas[map_.mo_].free_list;
    if ((lists[0].head | lists[1].head | lists[2].head) == 0) return no_page;
  }
  Entry *const pool = pool_.data();
  Entry &e = pool[index];
  pcp.free_factor >>= 1;
  pcp.count -= pages;
  l.head = e.next;
  (e.next == 0 ? l.tail : pool[e.next].prev) = 0;
  e.next = pool_free_;
  pool_free_ = index;
  const u64 pfn = e.pfn;
  Page &p = map_.mixed_[map_.known_slot(pfn >> map_.mo_)][pfn & map_.mask()];
  p.order = static_cast<u8>(mem_map::taken | order);
  p.link = u32{1} << 16 | use_of(r.gfp, order);
  return pfn_t{pfn};
}

std::optional<pfn_t> PageAlloc::alloc_pages(Trace *t, const PageRequest &r) {
  if (t == nullptr)
    if (const pfn_t pfn = take_quickly(r); pfn != no_page) return pfn;
  return alloc_step_by_step(t, r);
}

[[gnu::noinline]] std::optional<pfn_t> PageAlloc::alloc_step_by_step(Trace *t, const PageRequest &r) {
  const auto refuse = [&](AllocFailure why) {
    emit(t, EventKind::lab_alloc_step, {static_cast<u64>(AllocStep::fails), static_cast<u64>(why)});
    emit(t, EventKind::mm_page_alloc, {0, r.order.v, r.gfp, gfp_migratetype_index(r.gfp)});
    return std::nullopt;
  };
  if (r.order > map_.max_order()) return refuse(AllocFailure::order_too_large);
  const std::optional<AllocAttempt> a = first_attempt(r);
  if (!a) return refuse(AllocFailure::no_usable_zone);
  if (const auto pfn = get_page_from_freelist(t, *a)) return hand_out(t, *pfn, r, narrow(a->type));
  if (const auto pfn = slow_path(t, r, *a)) return hand_out(t, *pfn, r, narrow(a->type));
  emit(t, EventKind::mm_page_alloc, {0, r.order.v, r.gfp, narrow(a->type)});
  return std::nullopt;
}

// --- the slow path ---

std::optional<pfn_t> PageAlloc::slow_path(Trace *t, const PageRequest &r, AllocAttempt a) {
  const auto step = [&](AllocStep s, u64 value = 0) {
    emit(t, EventKind::lab_alloc_step, {static_cast<u64>(s), value});
  };
  const auto refuse = [&](AllocFailure why) -> std::optional<pfn_t> {
    if ((r.gfp & gfp::NOFAIL) != 0 && (r.gfp & gfp::DIRECT_RECLAIM) != 0) {
      step(AllocStep::nofail);
      AllocAttempt last = a;
      last.flags = alloc_flag::MIN_RESERVE;
      if (const auto pfn = get_page_from_freelist(t, last)) return pfn;
    }
    step(AllocStep::fails, static_cast<u64>(why));
    return std::nullopt;
  };
  const bool can_reclaim = (r.gfp & gfp::DIRECT_RECLAIM) != 0, costly = r.order.v > costly_order;
  const bool no_reserve = (r.gfp & gfp::NOMEMALLOC) != 0, memalloc = (r.gfp & gfp::MEMALLOC) != 0 && !no_reserve;

  step(AllocStep::slow_path);
  a.flags = gfp_to_alloc_flags(r.gfp, r.order) | (a.flags & alloc_flag::CMA);
  if (!rules_.highatomic_reserve) a.flags &= ~alloc_flag::HIGHATOMIC;
  if (!walk_zonelist(a, [](zone &, u16) { return true; })) return refuse(AllocFailure::no_usable_zone);
  if ((a.flags & alloc_flag::KSWAPD) != 0) wake_all_kswapds(t, a);
  if (const auto pfn = get_page_from_freelist(t, a)) return pfn;

  if (can_reclaim && !memalloc && (costly || (r.order.v > 0 && a.type != migratetype::MOVABLE))) {
    const CompactResult result = compaction_suitable(a);
    step(AllocStep::direct_compact, static_cast<u64>(result));
    if (costly && (r.gfp & gfp::NORETRY) != 0 && (result == CompactResult::skipped || (r.gfp & gfp::THISNODE) != 0))
      return refuse(AllocFailure::noretry);
  }
  for (u64 rounds = 0;;) {
    if ((a.flags & alloc_flag::KSWAPD) != 0) wake_all_kswapds(t, a);
    if (memalloc) a.flags = alloc_flag::NO_WATERMARKS | (a.flags & (alloc_flag::KSWAPD | alloc_flag::CMA));
    if (const auto pfn = get_page_from_freelist(t, a)) return pfn;
    if (!can_reclaim) return refuse(AllocFailure::no_direct_reclaim);

    u64 freed = 0;
    if (const auto pfn = direct_reclaim(t, a, freed)) return pfn;
    if (r.order.v > 0) step(AllocStep::direct_compact, static_cast<u64>(compaction_suitable(a)));
    if ((r.gfp & gfp::NORETRY) != 0) return refuse(AllocFailure::noretry);
    if (costly && (r.gfp & gfp::RETRY_MAYFAIL) == 0) return refuse(AllocFailure::costly);
    if (should_reclaim_retry(t, a, freed > 0, rounds)) {
      step(AllocStep::retry, rounds);
      continue;
    }

    // __alloc_pages_may_oom: has somebody else freed enough meanwhile? If not, who may not cause a kill fails.
    AllocAttempt last = a;
    last.flags = alloc_flag::WMARK_HIGH | alloc_flag::CPUSET;
    last.gfp = (r.gfp | gfp::HARDWALL) & ~gfp::DIRECT_RECLAIM;
    if (const auto pfn = get_page_from_freelist(t, last)) return pfn;
    const auto no_oom = [&](NoOom why) {
      step(AllocStep::no_oom, static_cast<u64>(why));
      return refuse(AllocFailure::reclaim_failed);
    };
    if (costly) return no_oom(NoOom::costly);
    if ((r.gfp & gfp::RETRY_MAYFAIL) != 0) return no_oom(NoOom::retry_mayfail);
    if (a.highest_zone < rules_.zone_normal) return no_oom(NoOom::low_zone);
    if ((r.gfp & gfp::THISNODE) != 0) return no_oom(NoOom::thisnode);
    step(AllocStep::oom); // a process would go, and the request wait for its memory; here nobody goes
    return refuse(AllocFailure::oom);
  }
}

std::optional<pfn_t> PageAlloc::direct_reclaim(Trace *t, const AllocAttempt &a, u64 &freed) {
  freed = 0;
  walk_zonelist(a, [&, last = no_node](zone &, u16 home) mutable {
    const i32 nid = mem_map::nid_of(home);
    if (nid != last && freed < reclaim_batch)
      freed += shrink_node(t, nid, a.highest_zone, reclaim_batch - freed, a.cpu);
    last = nid;
    return false;
  });
  emit(t, EventKind::lab_alloc_step, {static_cast<u64>(AllocStep::direct_reclaim), freed});
  if (freed == 0) return std::nullopt;
  if (const auto pfn = get_page_from_freelist(t, a)) return pfn;
  // What was freed may wait on a CPU's list, or in the reserve.
  unreserve_highatomic_pageblock(t, a, false);
  emit(t, EventKind::lab_alloc_step, {static_cast<u64>(AllocStep::drain_all), 0});
  drain_all_pages(t);
  return get_page_from_freelist(t, a);
}

bool PageAlloc::should_reclaim_retry(Trace *t, const AllocAttempt &a, bool progress, u64 &rounds) {
  rounds = progress && a.order.v <= costly_order ? 0 : rounds + 1;
  if (rounds <= most_rounds) {
    // Would it be enough if everything that can be reclaimed were?
    const bool enough = walk_zonelist(a, [&](zone &z, u16 home) {
      WatermarkInput in = watermark_input(z, z.watermark[0] + z.watermark_boost, a.order, a.highest_zone, a.flags);
      in.free = static_cast<i64>(z.nr_free_pages + reclaimable_pages(mem_map::nid_of(home), mem_map::zid_of(home)));
      return check_watermark(in, a.order, a.flags).ok();
    });
    if (enough) return true;
  }
  return unreserve_highatomic_pageblock(t, a, true);
}

CompactResult PageAlloc::compaction_suitable(const AllocAttempt &a) const {
  // __compaction_suitable: a zone with room for the pages that would be moved (compact_gap), above its watermark.
  bool room = false;
  const_cast<PageAlloc *>(this)->walk_zonelist(a, [&](zone &z, u16) {
    const u64 mark = z.watermark[a.order.v > costly_order ? 1 : 0] + (u64{2} << a.order.v);
    const u32 flags = alloc_flag::CMA;
    room = check_watermark(watermark_input(z, mark, order_t{0}, a.highest_zone, flags), order_t{0}, flags).ok();
    return room;
  });
  return room ? CompactResult::fragmented : CompactResult::skipped;
}

// --- many, exact ---

std::vector<pfn_t> PageAlloc::bulk_from_pcp(Trace *t, const AllocAttempt &attempt, u64 nr) {
  std::vector<pfn_t> pages;
  AllocAttempt a = attempt;
  a.order = order_t{0};
  a.flags &= alloc_flag::WMARK_MASK | alloc_flag::CMA;
  u16 preferred = 0;
  walk_zonelist(a, [&](zone &z, u16 home) {
    if (preferred == 0) preferred = home;
    if (mem_map::nid_of(home) != mem_map::nid_of(preferred)) return true;
    // Enough for all of them, checked once; the reserve is that against the preferred zone.
    const u64 mark = z.watermark[a.flags & alloc_flag::WMARK_MASK] + z.watermark_boost + nr;
    const WatermarkCheck c =
        check_watermark(watermark_input(z, mark, order_t{0}, mem_map::zid_of(preferred), a.flags), order_t{0}, a.flags);
    emit(t, EventKind::lab_zone_check,
         {field(mem_map::nid_of(home)), mem_map::zid_of(home), static_cast<u64>(z.vm_stat_free_pages()),
          static_cast<u64>(c.usable), mark, static_cast<u64>(c.min), c.reserve, static_cast<u64>(c.verdict)});
    if (!c.ok()) return false;
    if (z.pcp.empty() || a.pcp_locked) return true;
    while (pages.size() < nr) {
      const auto pfn = rmqueue_pcplist(t, z, home, a, false);
      if (!pfn) break;
      pages.push_back(*pfn);
      put_block(t, mixed_of(*pfn), *pfn, 0, 1, use_of(a.gfp, 0));
    }
    return true;
  });
  return pages;
}

std::vector<pfn_t> PageAlloc::alloc_pages_bulk(Trace *t, const PageRequest &r, u64 nr) {
  PageRequest one = r;
  one.order = order_t{0};
  std::vector<pfn_t> pages;
  if (nr > 1)
    if (const auto a = first_attempt(one)) pages = bulk_from_pcp(t, *a, nr);
  if (pages.empty() && nr > 0)
    if (const auto pfn = alloc_pages(t, one)) pages.push_back(*pfn);
  return pages;
}

std::optional<pfn_t> PageAlloc::alloc_pages_exact(Trace *t, const PageRequest &r, u64 pages) {
  PageRequest whole = r;
  whole.gfp &= ~(gfp::COMP | gfp::HIGHMEM); // it will be cut, and the kernel must reach it
  whole.order = order_t{0};
  while (pages_of(whole.order) < pages && whole.order <= map_.max_order()) whole.order += 1;
  const std::optional<pfn_t> pfn = alloc_pages(t, whole);
  if (!pfn) return std::nullopt;
  if (whole.order.v != 0) split_page(t, *pfn);
  for (u64 i = pages; i < pages_of(whole.order); ++i) {
    const migratetype type = free_prepare(t, *pfn + i, order_t{0});
    free_to_buddy(t, *pfn + i, order_t{0}, type, r.cpu, FreeTo::tail);
  }
  return pfn;
}

} // namespace mmscope
