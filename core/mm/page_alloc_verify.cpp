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
      if (const std::string p = verify_pcp(node.nid, zid, heads); !p.empty()) return where + p;
      if (z.nr_free_cma != z.sum_free_cma()) return where + "free CMA pages are off";
      if (z.nr_free_pages != z.sum_free_pages()) return where + "free pages are off";
      if (z.managed_pages < z.nr_free_pages) return where + "more pages free than managed";
      if (z.present_pages > z.spanned_pages) return where + "more pages present than spanned";
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

} // namespace mmscope
