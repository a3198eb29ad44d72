#include "lab/accounting.hpp"

#include <algorithm>
#include <utility>

namespace mmscope {

u64 Accounting::sum() const {
  u64 sum = 0;
  for (const Part &p : parts) sum += p.bytes;
  return sum;
}

Accounting account(const System &s, const OwnerMap &owners, bool handed_over) {
  Accounting a;
  for (const memblock_region &r : s.memblock.memory.regions) a.ram += r.size;

  // Owners, as far as there is RAM under them.
  std::vector<std::pair<u32, u64>> held; // owner, bytes; few enough to look through
  const auto add = [&](u32 owner, u64 bytes) {
    const auto at = std::find_if(held.begin(), held.end(), [&](const auto &h) { return h.first == owner; });
    if (at == held.end())
      held.emplace_back(owner, bytes);
    else
      at->second += bytes;
  };
  auto it = owners.held().begin();
  for (const memblock_region &r : s.memblock.memory.regions) {
    while (it != owners.held().end() && it->second.end <= r.base.v) ++it;
    for (auto at = it; at != owners.held().end() && at->first < r.end().v; ++at)
      add(at->second.owner, std::min(at->second.end, r.end().v) - std::max(at->first, r.base.v));
  }
  for (const auto &[owner, bytes] : held)
    if (bytes != 0) a.parts.push_back({PartKind::owner, owner, bytes});
  std::sort(a.parts.begin(), a.parts.end(),
            [](const Part &x, const Part &y) { return x.bytes != y.bytes ? x.bytes > y.bytes : x.owner < y.owner; });

  const auto part = [&](PartKind kind, u64 bytes) {
    if (bytes != 0) a.parts.push_back({kind, nobody, bytes});
  };
  u64 free = 0, cut = 0;
  const unsigned shift = s.arch->page_shift;
  FreeRange range;
  for (FreeCursor c = s.memblock.free_up(); s.memblock.next_free(c, no_node, MEMBLOCK_NONE, range);) {
    free += range.end - range.base;
    const u64 first = to_pfn_up(range.base, shift).v, last = to_pfn_down(range.end, shift).v;
    cut += (range.end - range.base) - ((last > first ? last - first : 0) << shift);
  }
  if (!handed_over) {
    part(PartKind::free_memblock, free);
    return a;
  }
  u64 buddy = 0, waiting = 0, allocated = 0, pcp = 0;
  for (const pglist_data &node : s.pages.nodes())
    for (const zone &z : node.zones) {
      buddy += z.free_pages();
      for (const per_cpu_pages &p : z.pcp) pcp += p.count;
    }
  // What nobody holds of RAM; a page that waits may be reserved or not, and who holds it counts already.
  const auto gap = [&](u64 from, u64 to) {
    const pfn_t first = to_pfn_up(phys_addr_t{from}, shift), last = to_pfn_down(phys_addr_t{to}, shift);
    if (from >= to || first >= last) return;
    s.pages.for_each_run(first, last, [&](const PageRun &run) {
      if (run.info.state == PageState::uninit || run.info.state == PageState::init)
        waiting += run.count;
      else if (run.info.state == PageState::allocated)
        allocated += run.count;
    });
  };
  auto holder = owners.held().begin();
  for (const memblock_region &r : s.memblock.memory.regions) {
    u64 pos = r.base.v;
    while (holder != owners.held().end() && holder->second.end <= r.base.v) ++holder;
    for (auto at = holder; at != owners.held().end() && at->first < r.end().v; ++at) {
      gap(pos, at->first);
      pos = std::max(pos, at->second.end);
    }
    gap(pos, r.end().v);
  }
  part(PartKind::free_buddy, buddy << shift);
  part(PartKind::on_pcp, pcp << shift);
  part(PartKind::waiting, waiting << shift);
  part(PartKind::allocated, allocated << shift);
  part(PartKind::cut_off, cut);
  return a;
}

} // namespace mmscope
