// The page allocator's invariants, derived anew from its lists and pages.
#include "base/text.hpp"
#include "mm/page_alloc_inline.hpp"

namespace mmscope {

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

std::string PageAlloc::verify_pcp(i32 nid, unsigned zid, u64 &heads) const {
  const zone &z = zone_of(nid, zid);
  const u16 home = mem_map::home_of(nid, zid);
  i64 drift = 0;
  for (u32 cpu = 0; cpu < z.pcp.size(); ++cpu) {
    const per_cpu_pages &pcp = z.pcp[cpu];
    drift += pcp.stat_diff;
    u64 count = 0;
    for (unsigned index = 0; index < max_pcp_lists; ++index) {
      const PcpList &l = pcp.lists[index];
      u32 prev = 0;
      for (u32 i = l.head; i != 0; prev = i, i = pool_[i].next) {
        if (i >= pool_.size() || ++heads > pool_.size()) return concat("cpu ", cpu, " list ", index, ": a broken link");
        const Entry &e = pool_[i];
        const std::string where = concat("cpu ", cpu, " list ", index, " block ", e.pfn, ": ");
        if (e.prev != prev) return where + "not linked back";
        if (e.home != home || e.count != pcp_home(cpu, index)) return where + "on the wrong list";
        if (index >= pcp_lists() || pcp_order(index).v != e.order) return where + "of another order";
        const Mixed *m = map_.mixed_at(e.pfn >> map_.mo_);
        if (m == nullptr) return where + "the pages do not know it";
        const Page &p = (*m)[e.pfn & map_.mask()];
        if (p.link != i || p.order != (mem_map::on_pcp | e.order) || p.home != home)
          return where + "the pages do not know it";
        count += u64{1} << e.order;
      }
      if (l.tail != prev) return concat("cpu ", cpu, " list ", index, ": the tail is not the last entry");
    }
    if (count != pcp.count) return concat("cpu ", cpu, ": count is off");
  }
  return drift == z.stat_drift ? "" : "the CPUs' differences do not add up";
}

std::string PageAlloc::verify_counts(i32 nid, unsigned zid) const {
  const zone &z = zone_of(nid, zid);
  const std::string where = concat("node ", nid, " zone ", zid, ": ");
  if (z.nr_free_cma != z.sum_free_cma()) return where + "free CMA pages are off";
  if (z.nr_free_pages != z.sum_free_pages()) return where + "free pages are off";
  if (z.managed_pages < z.nr_free_pages) return where + "more pages free than managed";
  if (z.present_pages > z.spanned_pages) return where + "more pages present than spanned";
  return "";
}

std::string PageAlloc::verify(bool buddies) const {
  if (std::string s = map_.verify(); !s.empty()) return s;
  u64 heads = 0;
  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    const pglist_data &node = nodes_[n];
    if (node.nid != static_cast<i32>(n)) return concat("node ", n, ": wrong number");
    for (unsigned zid = 0; zid < rules_.zone_types; ++zid) {
      for (unsigned order = 0; order <= map_.mo_; ++order)
        for (unsigned list = 0; list < migratetype_count; ++list)
          if (const std::string s = verify_list(node.nid, zid, order, list, buddies, heads); !s.empty())
            return concat("node ", n, " zone ", zid, " order ", order, ' ',
                          migratetype_name(static_cast<migratetype>(list)), ": ", s);
      const std::string where = concat("node ", n, " zone ", zid, ": ");
      if (const std::string p = verify_pcp(node.nid, zid, heads); !p.empty()) return where + p;
      if (std::string c = verify_counts(node.nid, zid); !c.empty()) return c;
    }
  }
  for (const pglist_data &node : nodes_) {
    u32 prev = 0;
    u64 nr = 0;
    for (u32 i = node.lru.head; i != 0; prev = i, i = pool_[i].next, ++nr) {
      if (i >= pool_.size() || ++heads > pool_.size()) return concat("node ", node.nid, ": a broken LRU list");
      const Entry &e = pool_[i];
      const Mixed *m = map_.mixed_at(e.pfn >> map_.mo_);
      const Page *p = m == nullptr ? nullptr : &(*m)[e.pfn & map_.mask()];
      if (e.prev != prev || p == nullptr || p->link != i || p->order != (mem_map::on_lru | e.order))
        return concat("node ", node.nid, " LRU block ", e.pfn, ": the pages do not know it");
    }
    if (node.lru.tail != prev || node.lru.nr != nr) return concat("node ", node.nid, ": LRU counts are off");
  }
  // What is marked as on some list is on it; what is somebody's has a reference.
  u64 marks = 0;
  for (const auto &[block, s] : map_.stretches_) {
    if (s.slot == 0) {
      marks += s.link != 0;
      continue;
    }
    const Mixed &m = map_.mixed_[s.slot];
    if (m.heads == 0) continue;
    for (const Page &p : m.pages) {
      if (p.order == mem_map::not_head) continue;
      if ((p.order & mem_map::kind_bits) != mem_map::taken)
        ++marks;
      else if (p.link >> 16 == 0)
        return concat("block ", block, ": somebody's without a reference");
    }
  }
  if (marks != heads) return "pages are marked as on a list that are on none";
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

// --- what a call touched ---

// The entry that the head of a block names, seen from the page: is it that block's, and do its neighbours know it?
std::string PageAlloc::verify_entry(u32 index, u64 pfn, u16 home, unsigned order, mem_map::BlockKind kind) const {
  const std::string where = concat("block ", pfn, ": ");
  if (index == 0 || index >= pool_.size()) return where + "link out of the pool";
  const Entry &e = pool_[index];
  if (e.pfn != pfn || e.home != home || e.order != order) return where + "its entry is another block's";
  const pglist_data &n = node(mem_map::nid_of(home));
  const zone &z = n.zones[mem_map::zid_of(home)];
  u32 head = n.lru.head, tail = n.lru.tail;
  if (kind == mem_map::buddy) {
    if (e.list >= migratetype_count || (e.count != 1 && order != map_.mo_)) return where + "wrong list or run";
    const FreeList &l = z.areas[order].free_list[e.list];
    head = l.head, tail = l.tail;
    if (l.nr < e.count) return where + "more blocks than its list counts";
  } else if (kind == mem_map::on_pcp) {
    const u32 cpu = e.count >> 4, at = e.count & 15;
    if (cpu >= z.pcp.size() || at >= pcp_lists() || pcp_order(at).v != order) return where + "on no CPU's list";
    head = z.pcp[cpu].lists[at].head, tail = z.pcp[cpu].lists[at].tail;
  }
  const bool linked = (e.prev == 0 ? head == index : e.prev < pool_.size() && pool_[e.prev].next == index) &&
                      (e.next == 0 ? tail == index : e.next < pool_.size() && pool_[e.next].prev == index);
  return linked ? "" : where + "its neighbours do not know it";
}

std::string PageAlloc::verify_mixed(u64 block) const {
  const Mixed &m = *map_.mixed_at(block);
  u64 rest = 0, heads = 0, block_end = 0;
  for (u64 at = 0; at < map_.block_pages(); ++at) {
    const Page &p = m[at];
    const u64 pfn = (block << map_.mo_) + at;
    const std::string_view bad = [&]() -> std::string_view {
      const bool claimed = mem_map::state_of(p.look) == PageState::allocated;
      rest += !claimed;
      if (at < block_end && !claimed) return "in a block, but does not read allocated";
      if (p.order == mem_map::not_head) return p.link != 0 ? "heads no block, but has a link" : "";
      const unsigned order = p.order & mem_map::order_bits, kind = p.order & mem_map::kind_bits;
      const u64 pages = u64{1} << order;
      if (at < block_end) return "blocks overlap";
      if (order > map_.mo_ || kind > mem_map::on_lru || (at & (pages - 1)) != 0) return "a block out of alignment";
      ++heads;
      block_end = at + pages;
      for (u64 i = at; i < block_end; ++i)
        if (m[i].home != p.home) return "a block in two zones";
      if (kind == mem_map::taken) return p.link >> 16 == 0 ? "somebody's without a reference" : "";
      if (kind == mem_map::on_lru)
        return p.link < pool_.size() && pool_[p.link].count >> 16 == 0 ? "on the LRU without a reference" : "";
      const Page &buddy = m[at ^ (pages & map_.mask())];
      if (kind == mem_map::buddy && order < rules_.pageblock_order.v && buddy.order == order && buddy.home == p.home)
        return "free beside its free buddy";
      return "";
    }();
    if (!bad.empty()) return concat("page ", pfn, ": ", bad);
    if (p.order == mem_map::not_head) continue;
    const auto kind = static_cast<mem_map::BlockKind>(p.order & mem_map::kind_bits);
    if (kind == mem_map::taken) continue;
    if (std::string s = verify_entry(p.link, pfn, p.home, p.order & mem_map::order_bits, kind); !s.empty()) return s;
  }
  return rest == m.rest && heads == m.heads ? "" : concat("max-order block ", block, ": page counts are off");
}

std::string PageAlloc::verify_blocks(std::span<const pfn_t> pfns) const {
  std::vector<u64> blocks;
  std::vector<u16> homes;
  for (const pfn_t pfn : pfns) blocks.push_back(pfn.v >> map_.mo_);
  std::sort(blocks.begin(), blocks.end());
  blocks.erase(std::unique(blocks.begin(), blocks.end()), blocks.end());
  for (const u64 block : blocks) {
    const auto it = map_.find(block);
    if (it == map_.stretches_.end()) return concat("max-order block ", block, ": absent");
    const Stretch &s = it->second;
    if (s.slot != map_.slot_of(block)) return concat("max-order block ", block, ": the table does not know it");
    homes.push_back(s.slot != 0 ? map_.mixed_[s.slot][0].home : s.home);
    std::string bad;
    if (s.slot != 0) {
      bad = verify_mixed(block);
    } else if (s.link != 0) {
      bad = verify_entry(s.link, it->first << map_.mo_, s.home, map_.mo_, mem_map::buddy);
      if (bad.empty() && pool_[s.link].count != s.blocks) bad = concat("run ", it->first, ": pages and list differ");
    }
    if (!bad.empty()) return bad;
  }
  std::sort(homes.begin(), homes.end());
  homes.erase(std::unique(homes.begin(), homes.end()), homes.end());
  for (const u16 home : homes) {
    if (mem_map::nid_of(home) == no_node) continue;
    if (std::string s = verify_counts(mem_map::nid_of(home), mem_map::zid_of(home)); !s.empty()) return s;
  }
  return "";
}

} // namespace mmscope
