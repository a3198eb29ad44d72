// Blocks are freed: at boot, when memory arrives, and while the machine runs (mm/page_alloc.c, v6.1).
#include "mm/page_alloc_inline.hpp"

namespace mmscope {

namespace {

// The naturally aligned blocks of [start, end), none larger than 2^cap pages, for which fits(pfn, order) holds.
template <class Fits, class Out> void chop(u64 start, u64 end, unsigned cap, Fits fits, Out out) {
  while (start < end) {
    unsigned order = start == 0 ? cap : std::min(cap, static_cast<unsigned>(__builtin_ctzll(start)));
    while (start + (u64{1} << order) > end || !fits(start, order)) --order;
    out(start, order);
    start += u64{1} << order;
  }
}

} // namespace

// free_one where no page of the max-order block has a record of its own.
[[gnu::noinline]] bool PageAlloc::free_in_stretch(Trace *t, pfn_t pfn, order_t order, FreeTo to,
                                                  std::optional<migratetype> given) {
  const PageInfo page = map_.at(pfn);
  MM_CHECK(page.state != PageState::absent && page.state != PageState::free);
  if (order < map_.max_order()) {
    map_.make_mixed(pfn.v >> map_.mo_);
    return false;
  }
  // Nothing above the largest order, so nothing to merge and no merge to expect.
  list_add(t, page.nid, page.zone, order, given.value_or(page.block_type), pfn, 1, to);
  return true;
}

void PageAlloc::free_one(Trace *t, pfn_t pfn, order_t pfn_order, FreeTo to, std::optional<migratetype> given) {
  const unsigned max_order = map_.mo_;
  unsigned order = narrow(pfn_order);
  MM_CHECK(pfn_order.v <= max_order && (pfn.v & (pages_of(pfn_order) - 1)) == 0);
  u32 slot = map_.slot_of(pfn.v >> max_order);
  if (slot == 0) {
    if (free_in_stretch(t, pfn, pfn_order, to, given)) return;
    slot = map_.slot_of(pfn.v >> max_order);
  }
  mem_map::Mixed &m = map_.mixed_[slot];
  Page *const pages = m.pages.data();
  u64 at = pfn.v & map_.mask();
  const u64 base = pfn.v - at;
  MM_CHECK(pages[at].order == mem_map::not_head);
  const u16 home = pages[at].home;
  const migratetype type = given.value_or(mem_map::type_of(pages[at].look));
  zone &z = zone_ref(home);
  if (m.rest != 0) map_.claim(m, at, u64{1} << order);
  for (; order < max_order; ++order) {
    const u64 buddy = at ^ (u64{1} << order);
    const Page &b = pages[buddy];
    if (b.order != order || b.home != home) break;
    if (order >= rules_.pageblock_order.v && !types_merge(type, mem_map::type_of(b.look))) break;
    if (t != nullptr) trace_merge(t, pfn_t{base + at}, pfn_t{base + buddy}, order);
    del_mixed(t, z, m, pfn_t{base + buddy});
    at &= buddy;
  }
  // Merging is likely soon if the pair's own buddy is free: then the tail, to be taken last.
  if (to == FreeTo::head && rules_.expects_merges && order + 1 < max_order) {
    const u64 pair = at & ~(u64{1} << order), buddy = pair ^ (u64{2} << order);
    if (pages[buddy].order == order + 1 && pages[buddy].home == pages[pair].home) to = FreeTo::tail;
  }
  add_mixed(t, z, m, pfn_t{base + at}, order, narrow(type), to);
}

void PageAlloc::free_core(Trace *t, pfn_t pfn, order_t order, u64 count) {
  MM_CHECK(count == 1 || order == map_.max_order());
  struct Alike { // blocks that go the same way
    bool waits = false;
    u16 home = 0;
    migratetype type{};
    u64 blocks = 0;
  };
  const auto look_at = [&](pfn_t p, u64 most) {
    const u64 block = p.v >> map_.mo_;
    if (const mem_map::Mixed *m = map_.mixed_at(block)) {
      const Page &page = (*m)[p.v & map_.mask()];
      return Alike{mem_map::state_of(page.look) == PageState::uninit, page.home, mem_map::type_of(page.look), 1};
    }
    const auto it = map_.find(block);
    MM_CHECK(it != map_.stretches_.end());
    const auto &s = it->second;
    return Alike{mem_map::state_of(s.look) == PageState::uninit, s.home, mem_map::type_of(s.look),
                 std::min(most, it->first + s.blocks - block)};
  };
  while (count > 0) {
    Alike run = look_at(pfn, count);
    while (run.blocks < count) {
      const Alike next = look_at(pfn + (run.blocks << order.v), count - run.blocks);
      if (next.waits != run.waits) break;
      if (!run.waits && (next.home != run.home || next.type != run.type)) break;
      run.blocks += next.blocks;
    }
    if (run.waits) {
      emit(t, EventKind::lab_deferred_skip, {pfn.v, order.v, run.blocks});
    } else {
      emit(t, EventKind::lab_hand_over, {pfn.v, order.v, run.blocks});
      add_managed(t, run.home, run.blocks << order.v);
      if (order == map_.max_order()) {
        const u64 block = pfn.v >> map_.mo_;
        map_.settle(block, block + run.blocks);
        const auto add = [&](pfn_t first, u64 blocks) {
          list_add(t, mem_map::nid_of(run.home), mem_map::zid_of(run.home), order, run.type, first, blocks,
                   rules_.boot_to);
        };
        // Before the head they come one by one, so that the last is the first.
        if (rules_.boot_to == FreeTo::tail)
          add(pfn, run.blocks);
        else
          for (u64 i = 0; i < run.blocks; ++i) add(pfn + (i << order.v), 1);
      } else {
        free_one(t, pfn, order, rules_.boot_to);
      }
    }
    pfn += run.blocks << order.v;
    count -= run.blocks;
  }
}

// Pages of one max-order block, initialised already, go to the buddy allocator.
void PageAlloc::free_deferred_part(Trace *t, pfn_t start, pfn_t end) {
  const u64 pageblock = pages_of(rules_.pageblock_order);
  while (start < end) {
    const pfn_t to = std::min(end, pfn_t{round_down(start.v, pageblock) + pageblock});
    if ((start.v & (pageblock - 1)) == 0) set_pageblocks(t, start, pageblock, migratetype::MOVABLE);
    if (to - start == pageblock) {
      free_core(t, start, rules_.pageblock_order);
    } else {
      const PageInfo page = map_.at(start);
      emit(t, EventKind::lab_hand_over, {start.v, 0, to - start});
      add_managed(t, mem_map::home_of(page.nid, page.zone), to - start);
      chop(
          start.v, to.v, narrow(rules_.pageblock_order), [](u64, unsigned) { return true; },
          [&](u64 pfn, unsigned order) { free_one(t, pfn_t{pfn}, order_t{order}, rules_.boot_to); });
    }
    start = to;
  }
}

u64 PageAlloc::free_deferred(Trace *t, i32 nid, std::span<const PfnRange> ranges) {
  u64 freed = 0;
  std::size_t i = 0;
  pfn_t pos;
  const auto next_range = [&] {
    while (i < ranges.size() && ranges[i].start >= ranges[i].end) ++i;
    if (i < ranges.size()) pos = ranges[i].start;
  };
  next_range();
  if (i == ranges.size()) return 0;
  // The zone that deferred init works on: the first that ends above the first page.
  unsigned zid = 0;
  while (zid < rules_.zone_types && pos >= zone_ref(nid, zid).end_pfn()) ++zid;
  while (i < ranges.size()) {
    const pfn_t block{round_down(pos.v, map_.block_pages())}, block_end = block + map_.block_pages();
    if (pos == block && ranges[i].end >= block_end) {
      // Whole blocks: their pageblocks merge up, each block ends at the tail of the largest order.
      const u64 blocks = (ranges[i].end - pos) >> map_.mo_, pages = blocks << map_.mo_;
      set_pages(t, pos, pages, PageState::init, nid, zid);
      set_pageblocks(t, pos, pages, migratetype::MOVABLE);
      free_core(t, pos, map_.max_order(), blocks);
      freed += pages;
      pos += pages;
    } else {
      const auto part = [&](const PfnRange &r) { return PfnRange{std::max(r.start, pos), std::min(r.end, block_end)}; };
      std::size_t j = i;
      for (; j < ranges.size() && ranges[j].start < block_end; ++j) {
        const PfnRange p = part(ranges[j]);
        if (p.start < p.end) set_pages(t, p.start, p.end - p.start, PageState::init, nid, zid);
      }
      for (std::size_t k = i; k < j; ++k) {
        const PfnRange p = part(ranges[k]);
        if (p.start >= p.end) continue;
        free_deferred_part(t, p.start, p.end);
        freed += p.end - p.start;
      }
      i = j - 1;
      pos = std::max(pos, std::min(ranges[i].end, block_end));
    }
    if (pos >= ranges[i].end) {
      ++i;
      next_range();
    }
  }
  return freed;
}

u64 PageAlloc::free_deferred(Trace *t, i32 nid, pfn_t start, pfn_t end) {
  const PfnRange range{start, end};
  return free_deferred(t, nid, std::span(&range, 1));
}

bool PageAlloc::block_is_plain(pfn_t pfn, unsigned order) const {
  const mem_map::Mixed *m = map_.mixed_at(pfn.v >> map_.mo_);
  if (m == nullptr) return true;
  const Page *p = &(*m)[pfn.v & map_.mask()], *end = p + (u64{1} << order);
  return std::all_of(p, end, [p](const Page &q) {
    return q.home == p->home && mem_map::type_of(q.look) == mem_map::type_of(p->look);
  });
}

void PageAlloc::free_reserved(Trace *t, pfn_t pfn, u64 count) {
  u16 home = 0;
  u64 pages = 0;
  const auto settle_managed = [&] {
    if (pages != 0) add_managed(t, home, pages);
    pages = 0;
  };
  const auto arrive = [&](u16 its_home, u64 more) {
    if (its_home != home) settle_managed();
    home = its_home;
    pages += more;
  };
  MM_CHECK(!map_.any_free(pfn, pfn + count));
  if (const zone *z = zone_at(pfn); z != nullptr && !z->pcp.empty()) {
    for (pfn_t p = pfn; p < pfn + count; p += 1) {
      arrive(mixed_of(p)[p.v & map_.mask()].home, 1);
      free_commit(t, p, order_t{0}, free_prepare(t, p, order_t{0}), 0);
    }
    return settle_managed();
  }
  chop(
      pfn.v, pfn.v + count, map_.mo_, [&](u64 p, unsigned order) { return block_is_plain(pfn_t{p}, order); },
      [&](u64 p, unsigned order) {
        const PageInfo page = map_.at(pfn_t{p});
        arrive(mem_map::home_of(page.nid, page.zone), u64{1} << order);
        free_one(t, pfn_t{p}, order_t{order}, FreeTo::head);
      });
  settle_managed();
}

// --- while the machine runs ---

void PageAlloc::clear_blocks(Trace *t, Mixed &m, pfn_t pfn, unsigned order) {
  const u64 at = pfn.v & map_.mask(), end = at + (u64{1} << order);
  for (u64 head = map_.head_of(m, at); head != mem_map::no_head; head = map_.head_of(m, at)) {
    const Page &p = m[head];
    MM_CHECK((p.order & mem_map::kind_bits) >= mem_map::taken); // or it is free already
    if (head == at && at + (u64{1} << (p.order & mem_map::order_bits)) <= end) break;
    split_page(t, pfn - (at - head)); // the caller has split it, and frees a part
  }
  for (u64 i = at; i < end; ++i)
    if (m[i].order != mem_map::not_head) clear_block(t, m, pfn + (i - at));
}

migratetype PageAlloc::free_prepare(Trace *t, pfn_t pfn, order_t order) {
  MM_CHECK(order <= map_.max_order() && (pfn.v & (pages_of(order) - 1)) == 0);
  Mixed &m = mixed_of(pfn);
  const Page &p = m[pfn.v & map_.mask()];
  MM_CHECK(p.home != 0);
  const bool whole = p.order == (mem_map::taken | order.v); // its pages read `allocated`
  if (whole)
    clear_block(t, m, pfn);
  else if (m.heads != 0)
    clear_blocks(t, m, pfn, narrow(order));
  if (!whole && m.rest != 0 && map_.claim(m, pfn.v & map_.mask(), pages_of(order)))
    emit(t, EventKind::lab_page_run,
         {pfn.v, pages_of(order), static_cast<u64>(PageState::allocated), field(mem_map::nid_of(p.home)),
          mem_map::zid_of(p.home)});
  emit(t, EventKind::mm_page_free, {pfn.v, order.v});
  return mem_map::type_of(p.look);
}

void PageAlloc::free_to_buddy(Trace *t, pfn_t pfn, order_t order, migratetype type, u32 cpu, FreeTo to) {
  const u16 home = mixed_of(pfn)[pfn.v & map_.mask()].home;
  zone &z = zone_ref(home);
  free_one(t, pfn, order, to, type);
  if (type != migratetype::ISOLATE) mod_free_pages(t, z, home, cpu, static_cast<i64>(pages_of(order)));
}

void PageAlloc::free_commit(Trace *t, pfn_t pfn, order_t order, migratetype type, u32 cpu) {
  Mixed &m = mixed_of(pfn);
  const u16 home = m[pfn.v & map_.mask()].home;
  zone &z = zone_ref(home);
  if (z.pcp.empty() || !pcp_allowed(order) || type == migratetype::ISOLATE)
    free_to_buddy(t, pfn, order, type, cpu);
  else
    commit_pcp(t, z, home, m, pfn, narrow(order), narrow(type), cpu);
}

// A reference goes, but not the last one.
[[gnu::noinline]] void PageAlloc::free_shared(Trace *t, BlockInfo b, order_t order, u32 cpu) {
  --b.refcount;
  set_block(t, b);
  if (b.is(BlockUse::compound) || order.v == 0) return;
  // The caller gives up the whole block; who holds the other reference holds its first page. The rest goes.
  split_page(t, b.pfn);
  for (unsigned o = narrow(order); o-- > 0;) {
    const pfn_t tail = b.pfn + (u64{1} << o);
    free_commit(t, tail, order_t{o}, free_prepare(t, tail, order_t{o}), cpu);
  }
}

[[gnu::always_inline]] inline bool PageAlloc::free_quickly(pfn_t pfn, unsigned order, u32 cpu) {
  // The last reference to a whole block of an ordinary pageblock, and the list has room.
  const u32 slot = map_.slot_of(pfn.v >> map_.mo_), at = pool_free_;
  if (slot == 0 || at == 0 || order >= quick_frees_) return false;
  Page &p = map_.mixed_[slot][pfn.v & map_.mask()];
  const migratetype type = mem_map::type_of(p.look);
  if (p.order != (mem_map::taken | order) || p.link >> 16 != 1 || !migratetype_is_mergeable(type)) return false;
  zone &z = nodes_[static_cast<std::size_t>(mem_map::nid_of(p.home))].zones[mem_map::zid_of(p.home)];
  if (cpu >= z.pcp.size()) return false;
  per_cpu_pages &pcp = z.pcp[cpu];
  const u32 count = pcp.count + (u32{1} << order);
  if (count >= nr_pcp_high(z, order != 0 && pcp.free_factor != 0)) return false;
  Entry *const pool = pool_.data();
  Entry &e = pool[at];
  pool_free_ = e.next;
  const unsigned index = 3 * order + narrow(type);
  PcpList &l = pcp.lists[index];
  const u32 next = l.head;
  e = Entry{pfn.v, pcp_home(cpu, index), 0, next, p.home, static_cast<u8>(order), static_cast<u8>(type)};
  l.head = at;
  (next == 0 ? l.tail : pool[next].prev) = at;
  pcp.count = count;
  p.link = at;
  p.order = static_cast<u8>(mem_map::on_pcp | order);
  return true;
}

void PageAlloc::free_pages(Trace *t, pfn_t pfn, order_t order, u32 cpu) {
  if (t != nullptr || !free_quickly(pfn, narrow(order), cpu)) free_step_by_step(t, pfn, order, cpu);
}

[[gnu::noinline]] void PageAlloc::free_step_by_step(Trace *t, pfn_t pfn, order_t order, u32 cpu) {
  const Page &p = mixed_of(pfn)[pfn.v & map_.mask()];
  const u8 kind = p.order & mem_map::kind_bits;
  const u32 word = kind == mem_map::taken ? p.link : kind == mem_map::on_lru ? pool_[p.link].count : 0;
  if (word >> 16 > 1)
    free_shared(t, *block(pfn), order, cpu);
  else
    free_commit(t, pfn, order, free_prepare(t, pfn, order), cpu);
}

void PageAlloc::free_pages_list(Trace *t, std::span<const pfn_t> pfns, u32 cpu) {
  std::vector<migratetype> types;
  types.reserve(pfns.size());
  for (pfn_t pfn : pfns) {
    types.push_back(free_prepare(t, pfn, order_t{0}));
    if (types.back() == migratetype::ISOLATE) free_to_buddy(t, pfn, order_t{0}, types.back(), cpu);
  }
  for (std::size_t i = 0; i < pfns.size(); ++i) {
    if (types[i] == migratetype::ISOLATE) continue; // went at once
    emit(t, EventKind::mm_page_free_batched, {pfns[i].v});
    free_commit(t, pfns[i], order_t{0}, types[i], cpu);
  }
}

void PageAlloc::get_page(Trace *t, pfn_t pfn) {
  std::optional<BlockInfo> b = block(pfn);
  MM_CHECK(b.has_value());
  ++b->refcount;
  set_block(t, *b);
}

void PageAlloc::split_page(Trace *t, pfn_t pfn) {
  const std::optional<BlockInfo> b = block(pfn);
  MM_CHECK(b && b->pfn == pfn);
  Mixed &m = mixed_of(pfn);
  clear_block(t, m, pfn);
  const u32 use = b->use & ~static_cast<u32>(BlockUse::compound);
  for (u64 i = 0; i < pages_of(b->order); ++i) put_block(t, m, pfn + i, 0, b->refcount, use);
}

} // namespace mmscope
