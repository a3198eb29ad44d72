#include "mm/page_alloc.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace mmscope {

namespace {

constexpr unsigned narrow(order_t o) { return static_cast<unsigned>(o.v); }
constexpr unsigned narrow(migratetype m) { return static_cast<unsigned>(m); }

// May two free blocks of at least a pageblock become one? (__free_one_page)
constexpr bool types_merge(migratetype a, migratetype b) {
  return a == b || (migratetype_is_mergeable(a) && migratetype_is_mergeable(b));
}

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

PageAlloc::PageAlloc(BuddyRules rules) : rules_(rules), map_(rules.max_order), pool_(1) {
  MM_CHECK(rules.pageblock_order <= rules.max_order && rules.zone_types <= max_zone_types);
}

// --- nodes and zones ---

pglist_data &PageAlloc::node_ref(i32 nid) {
  MM_CHECK(nid >= 0 && static_cast<u32>(nid) < nodes_.size());
  return nodes_[static_cast<u32>(nid)];
}
// By a page's own word: no division on the way.
inline zone &PageAlloc::zone_ref(u16 home) {
  const unsigned zid = mem_map::zid_of(home);
  MM_CHECK(home >> 3 != 0 && zid < max_zone_types); // an absent page has no zone
  pglist_data *const node = nodes_.data() + ((home >> 3) - 1);
  MM_CHECK(node < nodes_.data() + nodes_.size());
  return node->zones[zid];
}
zone &PageAlloc::zone_ref(i32 nid, unsigned zid) {
  MM_CHECK(zid < rules_.zone_types);
  return node_ref(nid).zones[zid];
}
const pglist_data &PageAlloc::node(i32 nid) const { return const_cast<PageAlloc *>(this)->node_ref(nid); }
const zone &PageAlloc::zone_of(i32 nid, unsigned zid) const {
  return const_cast<PageAlloc *>(this)->zone_ref(nid, zid);
}

void PageAlloc::init_node(Trace *t, i32 nid, pfn_t start, u64 spanned, u64 present, phys_addr_t pgdat) {
  MM_CHECK(nid >= 0 && nid < 1024);
  while (nodes_.size() <= static_cast<u32>(nid)) {
    pglist_data next;
    next.nid = static_cast<i32>(nodes_.size());
    nodes_.push_back(std::move(next));
  }
  pglist_data &n = node_ref(nid);
  n.start_pfn = start;
  n.spanned_pages = spanned;
  n.present_pages = present;
  n.pgdat = pgdat;
  emit(t, EventKind::lab_node_init, {field(nid), start.v, spanned, present, pgdat.v});
}

void PageAlloc::set_node(Trace *t, i32 nid, node_field which, u64 value) {
  pglist_data &n = node_ref(nid);
  switch (which) {
  case node_field::first_deferred_pfn: n.first_deferred_pfn = value; break;
  case node_field::memoryless: n.memoryless = value != 0; break;
  case node_field::online: n.online = value != 0; break;
  case node_field::spanned: n.spanned_pages = value; break;
  case node_field::present: n.present_pages = value; break;
  case node_field::start_pfn: n.start_pfn = pfn_t{value}; break;
  case node_field::movable_start_pfn: n.movable_start_pfn = value; break;
  case node_field::cpus: n.cpus = value; break;
  }
  emit(t, EventKind::lab_node_set, {field(nid), static_cast<u64>(which), value});
}

void PageAlloc::init_zone(Trace *t, i32 nid, unsigned zid, pfn_t start, u64 spanned, u64 present) {
  zone &z = zone_ref(nid, zid);
  z.start_pfn = start;
  z.spanned_pages = spanned;
  z.present_pages = present;
  emit(t, EventKind::lab_zone_init, {field(nid), zid, start.v, spanned, present});
}

void PageAlloc::set_zone(Trace *t, i32 nid, unsigned zid, zone_field which, u64 value) {
  zone &z = zone_ref(nid, zid);
  switch (which) {
  case zone_field::managed: z.managed_pages = value; break;
  case zone_field::min: z.watermark[0] = value; break;
  case zone_field::low: z.watermark[1] = value; break;
  case zone_field::high: z.watermark[2] = value; break;
  case zone_field::spanned: z.spanned_pages = value; break;
  case zone_field::present: z.present_pages = value; break;
  case zone_field::pcp_high: z.pcp_high = value; break;
  case zone_field::pcp_batch: z.pcp_batch = value; break;
  default: {
    const unsigned j = static_cast<unsigned>(which) - static_cast<unsigned>(zone_field::lowmem_reserve);
    MM_CHECK(j < max_zone_types);
    z.lowmem_reserve[j] = value;
  }
  }
  emit(t, EventKind::lab_zone_set, {field(nid), zid, static_cast<u64>(which), value});
}

void PageAlloc::set_fallback(Trace *t, i32 nid, u64 position, i32 node) {
  std::vector<i32> &order = node_ref(nid).fallback;
  MM_CHECK(position <= order.size());
  order.resize(mem_map::index(position));
  order.push_back(node);
  emit(t, EventKind::lab_fallback_node, {field(nid), position, field(node)});
}
void PageAlloc::add_fallback(Trace *t, i32 nid, i32 node) { set_fallback(t, nid, node_ref(nid).fallback.size(), node); }

void PageAlloc::add_managed(Trace *t, u16 home, u64 pages) {
  set_zone(t, mem_map::nid_of(home), mem_map::zid_of(home), zone_field::managed, zone_ref(home).managed_pages + pages);
}

// --- pages ---

void PageAlloc::set_pages(Trace *t, pfn_t pfn, u64 count, PageState state, i32 nid, unsigned zid) {
  map_.set_run(t, pfn, count, state, nid, zid);
}

void PageAlloc::set_pageblocks(Trace *t, pfn_t pfn, u64 count_pages, migratetype type) {
  if (count_pages == 0) return;
  // Free runs end where the range does; a block that it covers in part stands alone.
  const u64 last = pfn.v + count_pages, mask = map_.mask();
  split_run(pfn.v >> map_.mo_);
  split_run((pfn.v + mask) >> map_.mo_);
  split_run(last >> map_.mo_);
  split_run((last + mask) >> map_.mo_);
  map_.set_types(t, pfn, count_pages, type);
}

// --- list entries ---

[[gnu::noinline]] u32 PageAlloc::grow_pool() {
  pool_.emplace_back();
  return static_cast<u32>(pool_.size() - 1);
}

u32 PageAlloc::take_entry() {
  const u32 index = pool_free_;
  if (index == 0) return grow_pool();
  pool_free_ = pool_[index].next;
  return index;
}

u32 PageAlloc::new_entry(const Entry &e) {
  const u32 index = take_entry();
  pool_[index] = e;
  return index;
}

void PageAlloc::drop_entry(u32 index) {
  pool_[index] = Entry{};
  pool_[index].next = pool_free_;
  pool_free_ = index;
}

void PageAlloc::link_after(FreeList &l, u32 anchor, u32 index) {
  const u32 next = anchor == 0 ? l.head : pool_[anchor].next;
  pool_[index].prev = anchor;
  pool_[index].next = next;
  (anchor == 0 ? l.head : pool_[anchor].next) = index;
  (next == 0 ? l.tail : pool_[next].prev) = index;
}

void PageAlloc::unlink(FreeList &l, u32 index) {
  const u32 prev = pool_[index].prev, next = pool_[index].next;
  (prev == 0 ? l.head : pool_[prev].next) = next;
  (next == 0 ? l.tail : pool_[next].prev) = prev;
}

void PageAlloc::count_free(zone &z, FreeList &l, unsigned order, u64 list, i64 blocks) {
  l.nr += static_cast<u64>(blocks);
  if (list != narrow(migratetype::ISOLATE)) z.nr_free_pages += static_cast<u64>(blocks) << order;
}

u32 PageAlloc::join_entries(FreeList &l, u32 left, u32 right) {
  if (left == 0 || right == 0) return right;
  Entry &a = pool_[left];
  const Entry &b = pool_[right];
  if (a.order != map_.mo_ || a.pfn + (u64{a.count} << map_.mo_) != b.pfn) return right;
  if (u64{a.count} + b.count > ~u32{0}) return right;
  const auto it = map_.stretches_.find(a.pfn >> map_.mo_), next = std::next(it);
  if (it->second.slot != 0 || next->second.slot != 0 || it->second.look != next->second.look) return right;
  it->second.blocks += next->second.blocks;
  map_.stretches_.erase(next);
  a.count += b.count;
  unlink(l, right);
  drop_entry(right);
  return left;
}

void PageAlloc::split_run(u64 block) {
  const auto it = map_.find(block);
  if (it == map_.stretches_.end() || it->second.link == 0 || it->first == block) return;
  const u32 index = it->second.link;
  Stretch right = it->second;
  it->second.blocks = block - it->first;
  right.blocks -= it->second.blocks;
  Entry e = pool_[index];
  e.pfn = block << map_.mo_;
  e.count = static_cast<u32>(right.blocks);
  pool_[index].count -= e.count;
  right.link = new_entry(e);
  link_after(list_ref(e), index, right.link);
  map_.stretches_.emplace_hint(std::next(it), block, right);
}

// These two and free_one run for every block that is freed: one zone lookup for all of them, and
// what only a trace needs is out of the way.
[[gnu::always_inline]] inline void PageAlloc::add_mixed(Trace *t, zone &z, mem_map::Mixed &m, pfn_t pfn, unsigned order,
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

[[gnu::always_inline]] inline void PageAlloc::del_mixed(Trace *t, zone &z, mem_map::Mixed &m, pfn_t pfn) {
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

[[gnu::noinline, gnu::cold]] void PageAlloc::trace_add(Trace *t, const Entry &e, FreeTo to) {
  t->emit(EventKind::lab_free_list_add, {field(mem_map::nid_of(e.home)), mem_map::zid_of(e.home), e.order, e.list,
                                         e.pfn, e.count, to == FreeTo::tail});
}
[[gnu::noinline, gnu::cold]] void PageAlloc::trace_del(Trace *t, const Entry &e, pfn_t pfn) {
  t->emit(EventKind::lab_free_list_del,
          {field(mem_map::nid_of(e.home)), mem_map::zid_of(e.home), e.order, e.list, pfn.v});
}

[[gnu::noinline, gnu::cold]] void PageAlloc::trace_merge(Trace *t, pfn_t pfn, pfn_t buddy, unsigned order) {
  t->emit(EventKind::lab_buddy_merge, {pfn.v, buddy.v, order});
}

void PageAlloc::list_add(Trace *t, i32 nid, unsigned zid, order_t order, migratetype list, pfn_t pfn, u64 count,
                         FreeTo to) {
  const u16 home = mem_map::home_of(nid, zid);
  MM_CHECK(order <= map_.max_order() && (pfn.v & (pages_of(order) - 1)) == 0);
  const u64 block = pfn.v >> map_.mo_;
  if (order < map_.max_order()) {
    MM_CHECK(count == 1);
    mem_map::Mixed *m = map_.mixed_at(block);
    if (m == nullptr) {
      MM_CHECK(!map_.any_free(pfn, pfn + 1));
      m = &map_.make_mixed(block);
    }
    const u64 at = pfn.v & map_.mask();
    MM_CHECK((*m)[at].home == home && (*m)[at].order == mem_map::not_head);
    if (m->rest != 0) map_.claim(*m, at, pages_of(order));
    add_mixed(t, zone_ref(home), *m, pfn, narrow(order), narrow(list), to);
    return;
  }
  MM_CHECK(count > 0 && count <= ~u32{0});
  zone &z = zone_ref(nid, zid);
  FreeList &l = z.areas[narrow(order)].free_list[narrow(list)];
  u32 anchor = to == FreeTo::tail ? l.tail : 0;
  map_.cut(block);
  map_.cut(block + count);
  auto it = map_.stretches_.find(block);
  for (u64 pos = block; pos < block + count;) {
    MM_CHECK(it != map_.stretches_.end() && it->first == pos); // an absent page cannot be freed
    Stretch &s = it->second;
    const u32 index = new_entry(
        {pos << map_.mo_, static_cast<u32>(s.blocks), 0, 0, home, static_cast<u8>(order.v), static_cast<u8>(list)});
    if (s.slot != 0) {
      mem_map::Mixed &m = map_.mixed_[s.slot];
      MM_CHECK(m.heads == 0 && m[0].home == home);
      map_.claim(m, 0, map_.block_pages());
      m[0].link = index;
      m[0].order = static_cast<u8>(order.v);
      m.heads = 1;
    } else {
      MM_CHECK(s.link == 0 && s.home == home);
      s.link = index;
      s.look = mem_map::with_state(s.look, PageState::allocated);
    }
    pos += s.blocks;
    ++it;
    link_after(l, anchor, index);
    anchor = join_entries(l, anchor, index);
  }
  if (to == FreeTo::head) join_entries(l, anchor, pool_[anchor].next);
  count_free(z, l, narrow(order), narrow(list), static_cast<i64>(count));
  emit(t, EventKind::lab_free_list_add,
       {field(nid), zid, order.v, static_cast<u64>(list), pfn.v, count, to == FreeTo::tail});
}

void PageAlloc::del_from_run(Trace *t, mem_map::Stretches::iterator it, u64 block) {
  const u32 index = it->second.link;
  const Entry e = pool_[index];
  zone &z = zone_ref(e.home);
  FreeList &l = z.areas[e.order].free_list[e.list];
  unlink(l, index);
  drop_entry(index);
  count_free(z, l, e.order, e.list, -1);
  it->second.link = 0;
  map_.join(block, block + 1);
  if (t != nullptr) trace_del(t, e, pfn_t{block << map_.mo_});
}

void PageAlloc::list_del(Trace *t, i32 nid, unsigned zid, order_t order, migratetype list, pfn_t pfn) {
  const u64 block = pfn.v >> map_.mo_;
  mem_map::Mixed *m = map_.mixed_at(block);
  u32 index = 0;
  auto it = map_.stretches_.end();
  if (m != nullptr) {
    const Page &p = (*m)[pfn.v & map_.mask()];
    index = p.link;
  } else if ((pfn.v & map_.mask()) == 0) {
    split_run(block);
    split_run(block + 1);
    it = map_.stretches_.find(block);
    if (it != map_.stretches_.end()) index = it->second.link;
  }
  MM_CHECK(index != 0);
  const Entry &e = pool_[index];
  MM_CHECK(e.order == order.v && e.list == narrow(list) && e.home == mem_map::home_of(nid, zid));
  if (m != nullptr)
    del_mixed(t, zone_ref(e.home), *m, pfn);
  else
    del_from_run(t, it, block);
}

// --- the kernel's functions ---

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
  if (to == FreeTo::head && order + 1 < max_order) {
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
        list_add(t, mem_map::nid_of(run.home), mem_map::zid_of(run.home), order, run.type, pfn, run.blocks,
                 FreeTo::tail);
      } else {
        free_one(t, pfn, order, FreeTo::tail);
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
          [&](u64 pfn, unsigned order) { free_one(t, pfn_t{pfn}, order_t{order}, FreeTo::tail); });
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
  MM_CHECK(!map_.any_free(pfn, pfn + count));
  chop(
      pfn.v, pfn.v + count, map_.mo_, [&](u64 p, unsigned order) { return block_is_plain(pfn_t{p}, order); },
      [&](u64 p, unsigned order) {
        const PageInfo page = map_.at(pfn_t{p});
        const u16 its_home = mem_map::home_of(page.nid, page.zone);
        if (its_home != home) settle_managed();
        home = its_home;
        pages += u64{1} << order;
        free_one(t, pfn_t{p}, order_t{order}, FreeTo::head);
      });
  settle_managed();
}

// --- questions ---

const zone *PageAlloc::zone_at(pfn_t pfn) const {
  const PageInfo p = map_.at(pfn);
  return p.nid == no_node ? nullptr : &zone_of(p.nid, p.zone);
}

std::optional<BuddyBlock> PageAlloc::containing_free_block(pfn_t pfn) const {
  const u64 block = pfn.v >> map_.mo_, at = pfn.v & map_.mask();
  const auto answer = [&](u64 head, u32 link) {
    const Entry &e = pool_[link];
    return BuddyBlock{pfn_t{(block << map_.mo_) + head}, order_t{e.order}, static_cast<migratetype>(e.list)};
  };
  if (const mem_map::Mixed *m = map_.mixed_at(block)) {
    if (map_.free_end(*m, at) == at) return std::nullopt;
    unsigned o = 0;
    while ((*m)[round_down(at, u64{1} << o)].order == mem_map::not_head) ++o;
    const u64 head = round_down(at, u64{1} << o);
    return answer(head, (*m)[head].link);
  }
  const auto it = map_.find(block);
  if (it == map_.stretches_.end() || it->second.link == 0) return std::nullopt;
  return answer(0, it->second.link);
}

std::optional<BuddyBlock> PageAlloc::free_head(pfn_t pfn) const {
  auto b = containing_free_block(pfn);
  if (b && b->pfn != pfn) b.reset();
  return b;
}

u64 PageAlloc::memory_bytes() const {
  u64 n = map_.memory_bytes() + pool_.capacity() * sizeof(Entry) + nodes_.capacity() * sizeof(pglist_data);
  for (const pglist_data &node : nodes_) n += node.fallback.capacity() * sizeof(i32);
  return n;
}

bool PageAlloc::fold(const Event &e) {
  const auto &f = e.f;
  const auto small = [&](unsigned i) { return static_cast<unsigned>(f[i]); };
  const auto type = [&](unsigned i) { return static_cast<migratetype>(f[i]); };
  switch (e.kind) {
  case EventKind::lab_node_init: init_node(nullptr, e.node(0), pfn_t{f[1]}, f[2], f[3], phys_addr_t{f[4]}); break;
  case EventKind::lab_node_set: set_node(nullptr, e.node(0), static_cast<node_field>(f[1]), f[2]); break;
  case EventKind::lab_zone_init: init_zone(nullptr, e.node(0), small(1), pfn_t{f[2]}, f[3], f[4]); break;
  case EventKind::lab_zone_set: set_zone(nullptr, e.node(0), small(1), static_cast<zone_field>(f[2]), f[3]); break;
  case EventKind::lab_fallback_node: set_fallback(nullptr, e.node(0), f[1], e.node(2)); break;
  case EventKind::lab_page_run:
    set_pages(nullptr, pfn_t{f[0]}, f[1], static_cast<PageState>(f[2]), e.node(3), small(4));
    break;
  case EventKind::lab_pageblock_run: set_pageblocks(nullptr, pfn_t{f[0]}, f[1], type(2)); break;
  case EventKind::lab_free_list_add:
    list_add(nullptr, e.node(0), small(1), order_t{f[2]}, type(3), pfn_t{f[4]}, f[5],
             f[6] != 0 ? FreeTo::tail : FreeTo::head);
    break;
  case EventKind::lab_free_list_del: list_del(nullptr, e.node(0), small(1), order_t{f[2]}, type(3), pfn_t{f[4]}); break;
  default: return false;
  }
  return true;
}

void PageAlloc::add_to(Digest &d) const {
  d.add(rules_.max_order).add(rules_.pageblock_order).add(rules_.zone_types);
  d.add(nodes_.size());
  for (const pglist_data &node : nodes_) {
    mmscope::add_to(d, node);
    for (unsigned zid = 0; zid < rules_.zone_types; ++zid)
      for (unsigned order = 0; order <= map_.mo_; ++order)
        for (const FreeList &l : node.zones[zid].areas[order].free_list) {
          // Blocks that ascend side by side count as one run, however they are kept.
          u64 start = 0, count = 0;
          for (u32 i = l.head; i != 0; i = pool_[i].next) {
            if (count != 0 && pool_[i].pfn == start + (count << order)) {
              count += pool_[i].count;
              continue;
            }
            if (count != 0) d.add(start).add(count);
            start = pool_[i].pfn;
            count = pool_[i].count;
          }
          if (count != 0) d.add(start).add(count);
          d.add(~u64{0});
        }
  }
  map_.add_to(d);
}

bool operator==(const PageAlloc &a, const PageAlloc &b) {
  Digest x, y;
  a.add_to(x);
  b.add_to(y);
  return x.value() == y.value();
}

// --- verify ---

std::string PageAlloc::verify_list(i32 nid, unsigned zid, unsigned order, unsigned list, bool buddies,
                                   u64 &heads) const {
  const FreeList &l = zone_of(nid, zid).areas[order].free_list[list];
  const u16 home = mem_map::home_of(nid, zid);
  u64 nr = 0;
  u32 prev = 0;
  for (u32 i = l.head; i != 0; prev = i, i = pool_[i].next) {
    if (i >= pool_.size()) return "link out of the pool";
    const Entry &e = pool_[i];
    const std::string where = concat("block ", e.pfn, ": ");
    if (e.prev != prev) return where + "not linked back";
    if (++heads > pool_.size()) return where + "the list is a circle";
    if (e.home != home || e.order != order || e.list != list) return where + "on the wrong list";
    if (e.count == 0 || (e.count > 1 && order != map_.mo_)) return where + "wrong run";
    if ((e.pfn & ((u64{1} << order) - 1)) != 0) return where + "out of alignment";
    nr += e.count;
    const u64 block = e.pfn >> map_.mo_, at = e.pfn & map_.mask(), pages = u64{1} << order;
    const mem_map::Mixed *m = map_.mixed_at(block);
    if (m == nullptr) {
      const auto it = map_.stretches_.find(block);
      if (it == map_.stretches_.end() || it->second.link != i || it->second.blocks != e.count ||
          it->second.home != home || order != map_.mo_)
        return where + "the pages do not know it";
      continue;
    }
    const Page &p = (*m)[at];
    if (p.link != i || p.order != order) return where + "the pages do not know it";
    for (u64 n = 0; n < pages; ++n)
      if ((*m)[at + n].home != home) return where + "not in one zone";
    if (!buddies || order == map_.mo_) continue;
    const Page &b = (*m)[at ^ pages];
    if (b.order != order || b.home != home) continue;
    const migratetype types[] = {mem_map::type_of(p.look), static_cast<migratetype>(list), mem_map::type_of(b.look),
                                 static_cast<migratetype>(pool_[b.link].list)};
    bool merge = true;
    for (migratetype x : types)
      for (migratetype y : types) merge = merge && types_merge(x, y);
    if (merge || order < rules_.pageblock_order.v) return where + "free beside its free buddy";
  }
  if (l.tail != prev) return "the tail is not the last entry";
  if (l.nr != nr) return "nr_free is off";
  return "";
}

std::string PageAlloc::verify(bool buddies) const {
  if (std::string s = map_.verify(); !s.empty()) return s;
  u64 heads = 0;
  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    const pglist_data &node = nodes_[n];
    if (node.nid != static_cast<i32>(n)) return concat("node ", n, ": wrong number");
    for (unsigned zid = 0; zid < rules_.zone_types; ++zid) {
      const zone &z = node.zones[zid];
      for (unsigned order = 0; order <= map_.mo_; ++order)
        for (unsigned list = 0; list < migratetype_count; ++list)
          if (const std::string s = verify_list(node.nid, zid, order, list, buddies, heads); !s.empty())
            return concat("node ", n, " zone ", zid, " order ", order, ' ',
                          migratetype_name(static_cast<migratetype>(list)), ": ", s);
      const std::string where = concat("node ", n, " zone ", zid, ": ");
      if (z.nr_free_pages != z.sum_free_pages()) return where + "free pages are off";
      if (z.managed_pages < z.nr_free_pages) return where + "more pages free than managed";
      if (z.present_pages > z.spanned_pages) return where + "more pages present than spanned";
    }
  }
  u64 marks = 0;
  for (const auto &[block, s] : map_.stretches_) marks += s.slot == 0 ? s.link != 0 : map_.mixed_[s.slot].heads;
  if (marks != heads) return "pages are marked free that are on no list";
  std::string bad;
  map_.for_each_run(pfn_t{}, map_.end(), [&](const PageRun &r) {
    const PageState s = r.info.state;
    if (!bad.empty() || (s != PageState::init && s != PageState::free && s != PageState::allocated)) return;
    if (r.info.nid < 0 || static_cast<u32>(r.info.nid) >= nodes_.size() || r.info.zone >= rules_.zone_types) {
      bad = concat("page ", r.start.v, ": no such zone");
      return;
    }
    const zone &z = zone_of(r.info.nid, r.info.zone);
    if (r.start < z.start_pfn || r.start + r.count > z.end_pfn())
      bad = concat("page ", r.start.v, ": outside its zone");
  });
  return bad;
}

} // namespace mmscope
