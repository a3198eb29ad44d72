#include "base/text.hpp"
#include "mm/page_alloc_inline.hpp"

namespace mmscope {

namespace {

constexpr u32 max_cpus = u32{1} << 13; // more than any configuration here has
constexpr u32 max_refcount = u32{1} << 16;

constexpr bool is_movable(u32 word) { return (word & static_cast<u32>(BlockUse::movable)) != 0; }

} // namespace

PageAlloc::PageAlloc(BuddyRules rules) : rules_(rules), map_(rules.max_order), pool_(1) {
  MM_CHECK(rules.pageblock_order <= rules.max_order && rules.zone_types <= max_zone_types);
  settle_quick();
}

// --- nodes and zones ---

pglist_data &PageAlloc::node_ref(i32 nid) {
  MM_CHECK(nid >= 0 && static_cast<u32>(nid) < nodes_.size());
  return nodes_[static_cast<u32>(nid)];
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
  case node_field::online:
    online_nodes_ += static_cast<unsigned>(value != 0) - static_cast<unsigned>(n.online);
    n.online = value != 0;
    break;
  case node_field::spanned: n.spanned_pages = value; break;
  case node_field::present: n.present_pages = value; break;
  case node_field::start_pfn: n.start_pfn = pfn_t{value}; break;
  case node_field::movable_start_pfn: n.movable_start_pfn = value; break;
  case node_field::cpus: n.cpus = value; break;
  case node_field::kswapd_awake: n.kswapd_awake = value; break;
  case node_field::kswapd_highest_zoneidx: n.kswapd_highest_zoneidx = value; break;
  case node_field::kswapd_failures: n.kswapd_failures = value; break;
  case node_field::mem_map: n.mem_map = phys_addr_t{value}; break;
  case node_field::cma_base: n.cma_base = phys_addr_t{value}; break;
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
  case zone_field::watermark_boost: z.watermark_boost = value; break;
  case zone_field::nr_reserved_highatomic: z.nr_reserved_highatomic = value; break;
  case zone_field::boosted: z.boosted = value != 0; break;
  case zone_field::reclaim_active: z.reclaim_active = value != 0; break;
  case zone_field::stat_threshold: z.stat_threshold = value; break;
  case zone_field::nr_isolate_pageblock: z.nr_isolate_pageblock = value; break;
  case zone_field::pageblock_flags: z.pageblock_flags = phys_addr_t{value}; break;
  case zone_field::pcp_cpus:
    MM_CHECK(value <= max_cpus && value >= z.pcp.size());
    z.pcp.resize(mem_map::index(value));
    break;
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

[[gnu::noinline, gnu::cold]] void PageAlloc::trace_pcp(Trace *t, EventKind kind, const Entry &e, u64 tail) {
  t->emit(kind, {field(mem_map::nid_of(e.home)), mem_map::zid_of(e.home), e.count >> 4, e.count & 15, e.pfn, e.order,
                 e.list, tail});
}

[[gnu::noinline, gnu::cold]] void PageAlloc::tell_drift(Trace *t, zone &, u16 home, u32 cpu, i64 diff) {
  t->emit(EventKind::lab_pcp_set, {field(mem_map::nid_of(home)), mem_map::zid_of(home), cpu,
                                   static_cast<u64>(pcp_field::stat_diff), static_cast<u64>(diff)});
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

// --- CPUs' page lists ---

void PageAlloc::set_cpu_node(Trace *t, u32 cpu, i32 nid) {
  MM_CHECK(cpu < max_cpus);
  node_ref(nid);
  if (cpu_nodes_.size() <= cpu) cpu_nodes_.resize(cpu + 1);
  cpu_nodes_[cpu] = nid;
  emit(t, EventKind::lab_cpu_online, {cpu, field(nid)});
}

void PageAlloc::pcp_add(Trace *t, i32 nid, unsigned zid, u32 cpu, unsigned index, const PcpBlock &b, FreeTo to) {
  zone &z = zone_ref(nid, zid);
  MM_CHECK(cpu < z.pcp.size() && index < pcp_lists() && pcp_order(index) == b.order);
  Mixed &m = mixed_of(b.pfn);
  const u64 at = b.pfn.v & map_.mask();
  MM_CHECK(m[at].home == mem_map::home_of(nid, zid) && m[at].order == mem_map::not_head);
  if (m.rest != 0) map_.claim(m, at, pages_of(b.order));
  put_pcp(t, z, m, cpu, index, b.pfn, narrow(b.order), narrow(b.type), to);
}

void PageAlloc::pcp_del(Trace *t, i32 nid, unsigned zid, u32 cpu, unsigned index, pfn_t pfn) {
  zone &z = zone_ref(nid, zid);
  const Page &p = mixed_of(pfn)[pfn.v & map_.mask()];
  MM_CHECK(p.order != mem_map::not_head && (p.order & mem_map::kind_bits) == mem_map::on_pcp);
  MM_CHECK(pool_[p.link].count == pcp_home(cpu, index) && p.home == mem_map::home_of(nid, zid));
  take_pcp(t, z, p.link);
}

void PageAlloc::set_pcp(Trace *t, i32 nid, unsigned zid, u32 cpu, pcp_field which, i64 value) {
  zone &z = zone_ref(nid, zid);
  MM_CHECK(cpu < z.pcp.size());
  per_cpu_pages &p = z.pcp[cpu];
  switch (which) {
  case pcp_field::free_factor: p.free_factor = static_cast<u32>(value); break;
  case pcp_field::stat_diff:
    z.stat_drift += value - p.stat_diff;
    p.stat_diff = value;
    break;
  }
  emit(t, EventKind::lab_pcp_set, {field(nid), zid, cpu, static_cast<u64>(which), static_cast<u64>(value)});
}

// --- blocks that are somebody's ---

void PageAlloc::put_block(Trace *t, Mixed &m, pfn_t pfn, unsigned order, u32 refcount, u32 use) {
  Page &p = m[pfn.v & map_.mask()];
  MM_CHECK(p.order == mem_map::not_head);
  p.order = static_cast<u8>(mem_map::taken | order);
  p.link = refcount << 16 | use;
  ++m.heads;
  emit(t, EventKind::lab_page_block, {pfn.v, order, refcount, use});
}

void PageAlloc::clear_block(Trace *t, Mixed &m, pfn_t pfn) {
  Page &p = m[pfn.v & map_.mask()];
  if ((p.order & mem_map::kind_bits) == mem_map::on_lru) lru_del(t, pfn);
  const unsigned order = p.order & mem_map::order_bits;
  MM_CHECK((p.order & mem_map::kind_bits) == mem_map::taken);
  p.order = mem_map::not_head;
  p.link = 0;
  --m.heads;
  emit(t, EventKind::lab_page_block, {pfn.v, order, 0, 0});
}

void PageAlloc::set_block(Trace *t, const BlockInfo &b) {
  MM_CHECK(b.order <= map_.max_order() && (b.pfn.v & (pages_of(b.order) - 1)) == 0);
  Mixed &m = mixed_of(b.pfn);
  Page &p = m[b.pfn.v & map_.mask()];
  if (b.refcount == 0) {
    clear_block(t, m, b.pfn);
    return;
  }
  MM_CHECK(b.refcount < max_refcount && b.use < max_refcount);
  if (p.order == mem_map::not_head) {
    if (m.rest != 0) map_.claim(m, b.pfn.v & map_.mask(), pages_of(b.order));
    put_block(t, m, b.pfn, narrow(b.order), b.refcount, b.use);
    return;
  }
  MM_CHECK((p.order & mem_map::kind_bits) >= mem_map::taken && (p.order & mem_map::order_bits) == b.order.v);
  const u32 word = b.refcount << 16 | b.use;
  ((p.order & mem_map::kind_bits) == mem_map::on_lru ? pool_[p.link].count : p.link) = word;
  emit(t, EventKind::lab_page_block, {b.pfn.v, b.order.v, b.refcount, b.use});
}

void PageAlloc::lru_add(Trace *t, pfn_t pfn) {
  Page &p = mixed_of(pfn)[pfn.v & map_.mask()];
  MM_CHECK((p.order & mem_map::kind_bits) == mem_map::taken);
  const unsigned order = p.order & mem_map::order_bits;
  const u32 index = new_entry({pfn.v, p.link, 0, 0, p.home, static_cast<u8>(order), 0});
  FreeList &l = node_ref(mem_map::nid_of(p.home)).lru;
  link_after(l, l.tail, index);
  ++l.nr;
  p.link = index;
  p.order = static_cast<u8>(mem_map::on_lru | order);
  emit(t, EventKind::lab_lru_add, {pfn.v, order});
}

void PageAlloc::lru_del(Trace *t, pfn_t pfn) {
  Page &p = mixed_of(pfn)[pfn.v & map_.mask()];
  MM_CHECK(p.order != mem_map::not_head && (p.order & mem_map::kind_bits) == mem_map::on_lru);
  const u32 index = p.link;
  FreeList &l = node_ref(mem_map::nid_of(p.home)).lru;
  unlink(l, index);
  --l.nr;
  p.link = pool_[index].count;
  p.order = static_cast<u8>(mem_map::taken | (p.order & mem_map::order_bits));
  drop_entry(index);
  emit(t, EventKind::lab_lru_del, {pfn.v, p.order & u64{mem_map::order_bits}});
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
    const u64 head = map_.head_of(*m, at);
    if (head == mem_map::no_head || ((*m)[head].order & mem_map::kind_bits) != mem_map::buddy) return std::nullopt;
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

std::optional<BlockInfo> PageAlloc::block(pfn_t pfn) const {
  const Mixed *m = map_.mixed_at(pfn.v >> map_.mo_);
  if (m == nullptr) return std::nullopt;
  const u64 head = map_.head_of(*m, pfn.v & map_.mask());
  if (head == mem_map::no_head) return std::nullopt;
  const Page &p = (*m)[head];
  const u8 kind = p.order & mem_map::kind_bits;
  if (kind < mem_map::taken) return std::nullopt;
  const bool lru = kind == mem_map::on_lru;
  const u32 word = lru ? pool_[p.link].count : p.link;
  return BlockInfo{pfn_t{round_down(pfn.v, map_.block_pages()) + head}, order_t{u64{p.order} & mem_map::order_bits},
                   word >> 16, word & 0xffff, lru};
}

std::optional<PcpBlock> PageAlloc::pcp_block(pfn_t pfn) const {
  const Mixed *m = map_.mixed_at(pfn.v >> map_.mo_);
  if (m == nullptr) return std::nullopt;
  const u64 head = map_.head_of(*m, pfn.v & map_.mask());
  if (head == mem_map::no_head || ((*m)[head].order & mem_map::kind_bits) != mem_map::on_pcp) return std::nullopt;
  const Entry &e = pool_[(*m)[head].link];
  return PcpBlock{pfn_t{e.pfn}, order_t{e.order}, static_cast<migratetype>(e.list)};
}

PageAlloc::BlockCount PageAlloc::count_pageblock(pfn_t pfn) const {
  BlockCount n;
  const pfn_t first{round_down(pfn.v, pages_of(rules_.pageblock_order))},
      end = first + pages_of(rules_.pageblock_order);
  const Mixed *m = map_.mixed_at(pfn.v >> map_.mo_);
  if (m == nullptr) {
    if (containing_free_block(first)) n.free = end - first;
    return n;
  }
  for (u64 at = first.v & map_.mask(), stop = at + (end - first); at < stop;) {
    const u64 head = map_.head_of(*m, at);
    if (head == mem_map::no_head) {
      ++at;
      continue;
    }
    const u64 to = std::min(stop, mem_map::end_of(*m, head));
    const Page &p = (*m)[head];
    const u8 kind = p.order & mem_map::kind_bits;
    if (kind == mem_map::buddy) n.free += to - at;
    // Only the head of a compound page is on an LRU list.
    else if (head == at && (kind == mem_map::on_lru || (kind == mem_map::taken && is_movable(p.link))))
      ++n.movable;
    at = to;
  }
  return n;
}

WatermarkInput PageAlloc::watermark_input(const zone &z, u64 mark, order_t order, unsigned highest_zone,
                                          u32 flags) const {
  WatermarkInput in{.free = z.vm_stat_free_pages(),
                    .mark = mark,
                    .reserve = z.lowmem_reserve[highest_zone],
                    .nr_reserved_highatomic = z.nr_reserved_highatomic,
                    .free_cma = z.nr_free_cma};
  const bool any = rules_.order_test == OrderTest::any_harder && (flags & alloc_flag::NON_BLOCK) != 0;
  for (unsigned o = narrow(order); order.v != 0 && o <= map_.mo_; ++o) {
    const auto &l = z.areas[o].free_list;
    const bool usable =
        (any && z.areas[o].nr_free() != 0) || l[0].head != 0 || l[1].head != 0 || l[2].head != 0 ||
        ((flags & alloc_flag::CMA) != 0 && l[narrow(migratetype::CMA)].head != 0) ||
        ((flags & (alloc_flag::HIGHATOMIC | alloc_flag::OOM)) != 0 && l[narrow(migratetype::HIGHATOMIC)].head != 0);
    if (usable) in.usable_orders |= u32{1} << o;
  }
  if (rules_.order_test == OrderTest::halves && order.v != 0) {
    i64 left = in.free - unusable_free(in, order, flags), min = lowered_mark(static_cast<i64>(mark), flags);
    for (unsigned o = 0; o < narrow(order) && !in.scattered; ++o) {
      left -= static_cast<i64>(z.areas[o].nr_free() << o);
      min >>= 1;
      in.scattered = left <= min;
    }
    in.usable_orders = ~0u; // a block is not looked for
  }
  return in;
}

u64 PageAlloc::memory_bytes() const {
  u64 n = map_.memory_bytes() + pool_.capacity() * sizeof(Entry) + nodes_.capacity() * sizeof(pglist_data);
  n += cpu_nodes_.capacity() * sizeof(i32);
  for (const pglist_data &node : nodes_) {
    n += node.fallback.capacity() * sizeof(i32);
    for (const zone &z : node.zones) n += z.pcp.capacity() * sizeof(per_cpu_pages);
  }
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
  case EventKind::lab_cpu_online: set_cpu_node(nullptr, static_cast<u32>(f[0]), e.node(1)); break;
  case EventKind::lab_pcp_add:
    pcp_add(nullptr, e.node(0), small(1), static_cast<u32>(f[2]), small(3), {pfn_t{f[4]}, order_t{f[5]}, type(6)},
            f[7] != 0 ? FreeTo::tail : FreeTo::head);
    break;
  case EventKind::lab_pcp_del:
    pcp_del(nullptr, e.node(0), small(1), static_cast<u32>(f[2]), small(3), pfn_t{f[4]});
    break;
  case EventKind::lab_pcp_set:
    set_pcp(nullptr, e.node(0), small(1), static_cast<u32>(f[2]), static_cast<pcp_field>(f[3]), static_cast<i64>(f[4]));
    break;
  case EventKind::lab_page_block:
    set_block(nullptr, {pfn_t{f[0]}, order_t{f[1]}, static_cast<u32>(f[2]), static_cast<u32>(f[3])});
    break;
  case EventKind::lab_lru_add: lru_add(nullptr, pfn_t{f[0]}); break;
  case EventKind::lab_lru_del: lru_del(nullptr, pfn_t{f[0]}); break;
  default: return false;
  }
  return true;
}

void PageAlloc::add_to(Digest &d) const {
  d.add(rules_.max_order).add(rules_.pageblock_order).add(rules_.zone_types);
  d.add(cpu_nodes_.size());
  for (i32 nid : cpu_nodes_) d.add_signed(nid);
  d.add(nodes_.size());
  for (const pglist_data &node : nodes_) {
    mmscope::add_to(d, node);
    for (u32 i = node.lru.head; i != 0; i = pool_[i].next) d.add(pool_[i].pfn).add(pool_[i].count);
    for (const zone &z : node.zones)
      for (const per_cpu_pages &pcp : z.pcp)
        for (const PcpList &l : pcp.lists) {
          for (u32 i = l.head; i != 0; i = pool_[i].next) d.add(pool_[i].pfn).add(pool_[i].list);
          d.add(~u64{0});
        }
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

} // namespace mmscope
