// Blocks leave the free lists (mm/page_alloc.c, v6.1).
//
//   rmqueue_smallest   the smallest order whose list of that type holds something; the lower half is kept, the upper
//                      halves go back:   [ order 3 ] ─► [taken][o0][ o1 ][   o2   ]
//   rmqueue_fallback   nothing of that type: from the largest order down, the first block of another type. Taken alone,
//                      or with all free pages of its pageblock, which then may change its type
//   highatomic         pageblocks kept for requests that are large and cannot wait
#include "mm/page_alloc_inline.hpp"

namespace mmscope {

namespace {

// In the order they are tried (fallbacks[], mm/page_alloc.c).
constexpr migratetype fallbacks[3][2] = {{migratetype::RECLAIMABLE, migratetype::MOVABLE},
                                         {migratetype::RECLAIMABLE, migratetype::UNMOVABLE},
                                         {migratetype::UNMOVABLE, migratetype::MOVABLE}};

constexpr unsigned highatomic = narrow(migratetype::HIGHATOMIC);
constexpr unsigned no_list = ~0u;

} // namespace

std::optional<pfn_t> PageAlloc::rmqueue_smallest(Trace *t, zone &z, unsigned order, unsigned list) {
  for (unsigned found = order; found <= map_.mo_; ++found) {
    const u32 index = z.areas[found].free_list[list].head;
    if (index != 0) return cut(t, z, pfn_t{pool_[index].pfn}, found, order, list);
  }
  return std::nullopt;
}

[[gnu::always_inline]] inline pfn_t PageAlloc::cut(Trace *t, zone &z, pfn_t pfn, unsigned found, unsigned order,
                                                   unsigned rest) {
  if (Mixed *m = map_.mixed_at(pfn.v >> map_.mo_)) {
    del_mixed(t, z, *m, pfn);
  } else {
    const PageInfo page = map_.at(pfn);
    list_del(t, page.nid, page.zone, order_t{found}, free_head(pfn)->list, pfn);
  }
  if (found == order) return pfn;
  Mixed &m = mixed_of(pfn);
  for (unsigned half = found; half-- > order;) add_mixed(t, z, m, pfn + (u64{1} << half), half, rest, FreeTo::head);
  emit(t, EventKind::lab_buddy_split, {pfn.v, found, order, rest});
  return pfn;
}

std::optional<pfn_t> PageAlloc::rmqueue_any(Trace *t, zone &z, u16 home, unsigned order, unsigned list,
                                            const AllocAttempt &a) {
  const bool cma = (a.flags & alloc_flag::CMA) != 0;
  // More than half of what is free is CMA's: keep the rest for those who cannot use it.
  if (cma && static_cast<i64>(z.nr_free_cma) > z.vm_stat_free_pages() / 2)
    if (const auto pfn = rmqueue_smallest(t, z, order, narrow(migratetype::CMA))) return pfn;
  while (true) {
    if (const auto pfn = rmqueue_smallest(t, z, order, list)) return pfn;
    if (cma)
      if (const auto pfn = rmqueue_smallest(t, z, order, narrow(migratetype::CMA))) return pfn;
    if (rules_.fallback != FallbackRule::spares) return old_fallback(t, z, home, order, list);
    if (!rmqueue_fallback(t, z, home, order, list, a)) return std::nullopt;
  }
}

std::optional<pfn_t> PageAlloc::rmqueue_buddy(Trace *t, zone &z, u16 home, const AllocAttempt &a) {
  const unsigned order = narrow(a.order);
  std::optional<pfn_t> pfn;
  if ((a.flags & alloc_flag::HIGHATOMIC) != 0) pfn = rmqueue_smallest(t, z, order, highatomic);
  if (!pfn) pfn = rmqueue_any(t, z, home, order, narrow(a.type), a);
  // Better to eat into that reserve now than to fail.
  if (!pfn && (a.flags & (alloc_flag::OOM | alloc_flag::NON_BLOCK)) != 0)
    pfn = rmqueue_smallest(t, z, order, highatomic);
  if (!pfn) return std::nullopt;
  mod_free_pages(t, z, home, a.cpu, -static_cast<i64>(u64{1} << order));
  emit(t, EventKind::mm_page_alloc_zone_locked, {pfn->v, order, narrow(a.type), 0});
  return pfn;
}

std::optional<pfn_t> PageAlloc::rmqueue(Trace *t, zone &z, u16 home, const AllocAttempt &a) {
  std::optional<pfn_t> pfn;
  // With CMA, the CPU's movable list may hold CMA pages: who may not have those keeps away from it.
  const bool use_pcp = pcp_allowed(a.order) && !z.pcp.empty() && !a.pcp_locked &&
                       (!rules_.cma || (a.flags & alloc_flag::CMA) != 0 || a.type != migratetype::MOVABLE);
  if (use_pcp) pfn = rmqueue_pcplist(t, z, home, a, true);
  if (!pfn) pfn = rmqueue_buddy(t, z, home, a);
  if ((a.flags & alloc_flag::KSWAPD) != 0 && z.boosted) {
    const i32 nid = mem_map::nid_of(home);
    const unsigned zid = mem_map::zid_of(home);
    set_zone(t, nid, zid, zone_field::boosted, 0);
    wakeup_kswapd(t, nid, zid, order_t{0}, zid);
  }
  return pfn;
}

// --- fallback ---

bool PageAlloc::rmqueue_fallback(Trace *t, zone &z, u16 home, unsigned order, unsigned list, const AllocAttempt &a) {
  if (list >= 3) return false;
  // find_suitable_fallback: the first other type that has a block of this order.
  const auto other = [&](unsigned o) {
    for (migratetype m : fallbacks[list])
      if (z.areas[o].free_list[narrow(m)].head != 0) return narrow(m);
    return no_list;
  };
  // can_steal_fallback: a large block, or a request that would otherwise spoil one movable pageblock after the other.
  const auto takes_all = [&](unsigned o) {
    return o >= rules_.pageblock_order.v / 2 || list != narrow(migratetype::MOVABLE);
  };
  unsigned least = order;
  if (order < rules_.pageblock_order.v && (a.flags & alloc_flag::NOFRAGMENT) != 0)
    least = narrow(rules_.pageblock_order);

  unsigned found = no_list, from = no_list;
  for (unsigned o = map_.mo_ + 1; o-- > least && found == no_list;)
    if ((from = other(o)) != no_list) found = o;
  if (found == no_list) return false;
  if (!takes_all(found) && found > order)
    for (found = order; (from = other(found)) == no_list;) ++found; // as little harm as possible: the smallest

  const pfn_t pfn{pool_[z.areas[found].free_list[from].head].pfn};
  const bool whole = takes_all(found);
  steal_fallback(t, z, home, pfn, found, from, list, whole, a);
  emit(t, EventKind::mm_page_alloc_extfrag,
       {pfn.v, order, found, list, from, whole, narrow(map_.at(pfn).block_type) == list});
  return true;
}

// Up to 4.9: the first block of another type, from the largest order down, is taken itself. In 4.9 its pageblock's free
// pages come along whenever today's would; in 2.6.24 only those of a large block, or for reclaimable pages, and else what
// is left of it stays what it was.
[[gnu::noinline]] std::optional<pfn_t> PageAlloc::old_fallback(Trace *t, zone &z, u16 home, unsigned order,
                                                               unsigned list) {
  if (list >= 3) return std::nullopt;
  const unsigned pageblock_order = narrow(rules_.pageblock_order);
  const u64 half = pages_of(rules_.pageblock_order) / 2;
  for (unsigned found = map_.mo_ + 1; found-- > order;)
    for (migratetype m : fallbacks[list]) {
      const unsigned from = narrow(m);
      const u32 index = z.areas[found].free_list[from].head;
      if (index == 0) continue;
      const pfn_t pfn{pool_[index].pfn};
      const bool by_order = rules_.fallback == FallbackRule::by_order;
      const bool claims = found >= pageblock_order / 2 || list == narrow(migratetype::RECLAIMABLE) ||
                          (!by_order && list != narrow(migratetype::MOVABLE));
      const auto wanted = static_cast<migratetype>(list);
      const pfn_t block{round_down(pfn.v, 2 * half)};
      if (claims && !by_order && found >= pageblock_order)
        set_pageblocks(t, pfn, u64{1} << found, wanted);
      else if (claims && (move_freepages_block(t, home, pfn, list, nullptr) >= half || (!by_order && !mobility_)))
        set_pageblocks(t, block, 2 * half, wanted);
      if (by_order && found == pageblock_order) set_pageblocks(t, block, 2 * half, wanted);
      emit(t, EventKind::mm_page_alloc_extfrag,
           {pfn.v, order, found, list, from, claims, map_.at(pfn).block_type == wanted});
      return cut(t, z, pfn, found, order, claims || !by_order ? list : from);
    }
  return std::nullopt;
}

void PageAlloc::list_move(Trace *t, u16 home, pfn_t pfn, unsigned order, unsigned from, unsigned to) {
  const i32 nid = mem_map::nid_of(home);
  const unsigned zid = mem_map::zid_of(home);
  list_del(t, nid, zid, order_t{order}, static_cast<migratetype>(from), pfn);
  list_add(t, nid, zid, order_t{order}, static_cast<migratetype>(to), pfn, 1, FreeTo::tail);
}

void PageAlloc::steal_fallback(Trace *t, zone &z, u16 home, pfn_t pfn, unsigned order, unsigned from, unsigned to,
                               bool whole, const AllocAttempt &a) {
  const migratetype old_type = map_.at(pfn).block_type;
  const u64 pageblock = pages_of(rules_.pageblock_order);
  const auto alone = [&] { list_move(t, home, pfn, order, from, to); };
  if (old_type == migratetype::HIGHATOMIC) return alone();
  if (order >= rules_.pageblock_order.v) {
    set_pageblocks(t, pfn, u64{1} << order, static_cast<migratetype>(to));
    return alone();
  }
  if (boost_watermark(t, z, home) && (a.flags & alloc_flag::KSWAPD) != 0 && !z.boosted)
    set_zone(t, mem_map::nid_of(home), mem_map::zid_of(home), zone_field::boosted, 1);
  if (!whole) return alone();

  u64 movable = 0;
  const u64 free = move_freepages_block(t, home, pfn, to, &movable);
  if (free == 0) return alone();
  u64 alike = 0;
  if (to == narrow(migratetype::MOVABLE))
    alike = movable;
  else if (old_type == migratetype::MOVABLE)
    alike = pageblock - (free + movable);
  emit(t, EventKind::lab_steal, {pfn.v, free, alike, pageblock / 2, whole, narrow(old_type), to});
  if (free + alike >= pageblock / 2 || !mobility_)
    set_pageblocks(t, pfn_t{round_down(pfn.v, pageblock)}, pageblock, static_cast<migratetype>(to));
}

u64 PageAlloc::move_freepages_block(Trace *t, u16 home, pfn_t pfn, unsigned to, u64 *movable) {
  const u64 pageblock = pages_of(rules_.pageblock_order);
  const zone &z = zone_ref(home);
  pfn_t start{round_down(pfn.v, pageblock)};
  const pfn_t end = start + pageblock;
  if (start < z.start_pfn) start = pfn;
  if (end > z.end_pfn()) return 0;
  if (movable != nullptr) *movable = count_pageblock(pfn).movable;
  u64 moved = 0;
  for (pfn_t p = start; p < end;) {
    const std::optional<BuddyBlock> b = free_head(p);
    if (!b) {
      p += 1;
      continue;
    }
    list_move(t, home, p, narrow(b->order), narrow(b->list), to);
    moved += pages_of(b->order);
    p += pages_of(b->order);
  }
  return moved;
}

bool PageAlloc::boost_watermark(Trace *t, zone &z, u16 home) {
  const u64 pageblock = pages_of(rules_.pageblock_order), factor = rules_.watermark_boost_factor;
  if (factor == 0 || pageblock * 4 > z.managed_pages) return false;
  const u64 high = z.watermark[static_cast<std::size_t>(watermark::high)];
  const u64 most = high / 10000 * factor + high % 10000 * factor / 10000;
  if (most == 0) return false; // fragmentation before there are watermarks
  const u64 boost = std::min(z.watermark_boost + pageblock, std::max(pageblock, most));
  if (boost != z.watermark_boost)
    set_zone(t, mem_map::nid_of(home), mem_map::zid_of(home), zone_field::watermark_boost, boost);
  return true;
}

// --- the high-order atomic reserve ---

void PageAlloc::reserve_highatomic_pageblock(Trace *t, zone &z, u16 home, pfn_t pfn) {
  const u64 pageblock = pages_of(rules_.pageblock_order);
  if (z.nr_reserved_highatomic >= z.managed_pages / 100 + pageblock) return;
  if (!migratetype_is_mergeable(map_.at(pfn).block_type)) return;
  set_zone(t, mem_map::nid_of(home), mem_map::zid_of(home), zone_field::nr_reserved_highatomic,
           z.nr_reserved_highatomic + pageblock);
  set_pageblocks(t, pfn_t{round_down(pfn.v, pageblock)}, pageblock, migratetype::HIGHATOMIC);
  move_freepages_block(t, home, pfn, highatomic, nullptr);
}

bool PageAlloc::unreserve_highatomic_pageblock(Trace *t, const AllocAttempt &a, bool force) {
  const u64 pageblock = pages_of(rules_.pageblock_order);
  return walk_zonelist(a, [&](zone &z, u16 home) {
    if (z.nr_reserved_highatomic == 0 || (!force && z.nr_reserved_highatomic <= pageblock)) return false;
    for (unsigned order = 0; order <= map_.mo_; ++order) {
      const u32 index = z.areas[order].free_list[highatomic].head;
      if (index == 0) continue;
      const pfn_t pfn{pool_[index].pfn};
      if (map_.at(pfn).block_type == migratetype::HIGHATOMIC)
        set_zone(t, mem_map::nid_of(home), mem_map::zid_of(home), zone_field::nr_reserved_highatomic,
                 z.nr_reserved_highatomic - std::min(pageblock, z.nr_reserved_highatomic));
      set_pageblocks(t, pfn_t{round_down(pfn.v, pageblock)}, pageblock, a.type);
      if (move_freepages_block(t, home, pfn, narrow(a.type), nullptr) != 0) {
        emit(t, EventKind::lab_alloc_step, {static_cast<u64>(AllocStep::unreserve), pfn.v});
        return true;
      }
    }
    return false;
  });
}

// --- isolation and CMA ---

bool PageAlloc::isolate_free_page(Trace *t, pfn_t pfn, u32 cpu) {
  const std::optional<BuddyBlock> b = free_head(pfn);
  MM_CHECK(b.has_value());
  const PageInfo page = map_.at(pfn);
  const u16 home = mem_map::home_of(page.nid, page.zone);
  zone &z = zone_ref(home);
  const u64 pages = pages_of(b->order), pageblock = pages_of(rules_.pageblock_order);
  if (page.block_type != migratetype::ISOLATE) {
    const u64 mark = z.watermark[0] + pages;
    if (!check_watermark(watermark_input(z, mark, order_t{0}, 0, alloc_flag::CMA), order_t{0}, alloc_flag::CMA).ok())
      return false;
  }
  list_del(t, page.nid, page.zone, b->order, b->list, pfn);
  if (page.block_type != migratetype::ISOLATE) mod_free_pages(t, z, home, cpu, -static_cast<i64>(pages));
  // Half a pageblock or more: it will hold movable pages from now on.
  if (pages >= pageblock / 2)
    for (pfn_t p{round_down(pfn.v, pageblock)}; p < pfn + pages; p += pageblock) {
      const migratetype m = map_.at(p).block_type;
      if (migratetype_is_mergeable(m) && m != migratetype::MOVABLE)
        set_pageblocks(t, p, pageblock, migratetype::MOVABLE);
    }
  return true;
}

bool PageAlloc::set_migratetype_isolate(Trace *t, pfn_t pfn) {
  const PageInfo page = map_.at(pfn);
  if (page.block_type == migratetype::ISOLATE) return false;
  // A free block of several pageblocks is cut first: one of them may be isolated without the others.
  if (const auto b = containing_free_block(pfn); b && b->order > rules_.pageblock_order) {
    list_del(t, page.nid, page.zone, b->order, b->list, b->pfn);
    for (pfn_t p = b->pfn; p < b->pfn + pages_of(b->order); p += pages_of(rules_.pageblock_order))
      list_add(t, page.nid, page.zone, rules_.pageblock_order, b->list, p, 1, FreeTo::head);
  }
  const u16 home = mem_map::home_of(page.nid, page.zone);
  const u64 pageblock = pages_of(rules_.pageblock_order);
  set_pageblocks(t, pfn_t{round_down(pfn.v, pageblock)}, pageblock, migratetype::ISOLATE);
  set_zone(t, page.nid, page.zone, zone_field::nr_isolate_pageblock, zone_ref(home).nr_isolate_pageblock + 1);
  move_freepages_block(t, home, pfn, narrow(migratetype::ISOLATE), nullptr);
  return true;
}

bool PageAlloc::unset_migratetype_isolate(Trace *t, pfn_t pfn, migratetype type) {
  const PageInfo page = map_.at(pfn);
  if (page.block_type != migratetype::ISOLATE) return false;
  const u16 home = mem_map::home_of(page.nid, page.zone);
  const u64 pageblock = pages_of(rules_.pageblock_order);
  set_pageblocks(t, pfn_t{round_down(pfn.v, pageblock)}, pageblock, type);
  set_zone(t, page.nid, page.zone, zone_field::nr_isolate_pageblock, zone_ref(home).nr_isolate_pageblock - 1);
  move_freepages_block(t, home, pfn, narrow(type), nullptr);
  return true;
}

void PageAlloc::init_cma_reserved(Trace *t, pfn_t pfn, u64 count) {
  const u64 pageblock = pages_of(rules_.pageblock_order);
  MM_CHECK(pfn.v % pageblock == 0 && count % pageblock == 0);
  for (const pfn_t end = pfn + count; pfn < end; pfn += pageblock) {
    const PageInfo page = map_.at(pfn);
    set_pages(t, pfn, pageblock, PageState::allocated, page.nid, page.zone);
    set_pageblocks(t, pfn, pageblock, migratetype::CMA);
    free_one(t, pfn, rules_.pageblock_order, FreeTo::head, migratetype::CMA);
    add_managed(t, mem_map::home_of(page.nid, page.zone), pageblock);
  }
}

} // namespace mmscope
