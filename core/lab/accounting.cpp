#include "lab/accounting.hpp"

#include <algorithm>
#include <utility>

namespace mmscope {

u64 Accounting::sum() const {
  u64 sum = 0;
  for (const Part &p : parts) sum += p.bytes;
  return sum;
}

std::vector<AddressRange> ram_ranges(const System &s) {
  if (s.era->boot_allocator == BootAllocator::bootmem) return ram_before_memblock(s);
  std::vector<AddressRange> ram;
  for (const memblock_region &r : s.memblock.memory.regions) ram.push_back({r.base.v, r.end().v});
  return ram;
}

namespace {

using Range = AddressRange;

// What of RAM no owner holds.
std::vector<Range> gaps_of(const std::vector<Range> &ram, const OwnerMap &owners) {
  std::vector<Range> gaps;
  const auto gap = [&](u64 from, u64 to) {
    if (from < to) gaps.push_back({from, to});
  };
  auto holder = owners.held().begin();
  for (const Range &r : ram) {
    u64 pos = r.base;
    while (holder != owners.held().end() && holder->second.end <= r.base) ++holder;
    for (auto at = holder; at != owners.held().end() && at->first < r.end; ++at) {
      gap(pos, at->first);
      pos = std::max(pos, at->second.end);
    }
    gap(pos, r.end);
  }
  return gaps;
}

UnownedBytes count_unowned(const System &s, const std::vector<Range> &gaps, bool handed_over) {
  UnownedBytes n;
  const unsigned shift = s.arch->page_shift;
  FreeRange range;
  for (FreeCursor c = s.memblock.free_up(); s.memblock.next_free(c, no_node, MEMBLOCK_NONE, range);) {
    const u64 first = to_pfn_up(range.base, shift).v, last = to_pfn_down(range.end, shift).v;
    if (!handed_over)
      n.free_boot += range.end - range.base;
    else
      n.cut += (range.end - range.base) - ((last > first ? last - first : 0) << shift);
  }
  if (!handed_over) return n;
  // A page that waits may be reserved or not, and who holds it counts already.
  for (const Range &gap : gaps) {
    const pfn_t first = to_pfn_up(phys_addr_t{gap.base}, shift), last = to_pfn_down(phys_addr_t{gap.end}, shift);
    if (first >= last) continue;
    s.pages.for_each_run(first, last, [&](const PageRun &run) {
      if (run.info.state == PageState::uninit || run.info.state == PageState::init)
        n.waiting += run.count << shift;
      else if (run.info.state == PageState::allocated)
        n.allocated += run.count << shift;
    });
  }
  return n;
}

} // namespace

Accounting account(const System &s, const OwnerMap &owners, bool handed_over) {
  Accounting a;
  const std::vector<Range> ram = ram_ranges(s);
  for (const Range &r : ram) a.ram += r.end - r.base;

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
  for (const Range &r : ram) {
    while (it != owners.held().end() && it->second.end <= r.base) ++it;
    for (auto at = it; at != owners.held().end() && at->first < r.end; ++at)
      add(at->second.owner, std::min(at->second.end, r.end) - std::max(at->first, r.base));
  }
  for (const auto &[owner, bytes] : held)
    if (bytes != 0) a.parts.push_back({PartKind::owner, owner, bytes});
  std::sort(a.parts.begin(), a.parts.end(),
            [](const Part &x, const Part &y) { return x.bytes != y.bytes ? x.bytes > y.bytes : x.owner < y.owner; });

  const auto part = [&](PartKind kind, u64 bytes) {
    if (bytes != 0) a.parts.push_back({kind, nobody, bytes});
  };
  const std::vector<Range> gaps = gaps_of(ram, owners);
  const bool old = s.era->boot_allocator == BootAllocator::bootmem;
  const UnownedBytes n =
      old ? count_unowned_before_memblock(s, gaps, handed_over) : count_unowned(s, gaps, handed_over);
  u64 buddy = 0, pcp = 0;
  for (const pglist_data &node : s.pages.nodes())
    for (const zone &z : node.zones) {
      buddy += z.free_pages();
      for (const per_cpu_pages &p : z.pcp) pcp += p.count;
    }
  const unsigned shift = s.arch->page_shift;
  part(PartKind::free_memblock, n.free_boot);
  if (handed_over) part(PartKind::free_buddy, (buddy << shift) + n.free_pairs);
  if (handed_over) part(PartKind::on_pcp, pcp << shift);
  part(PartKind::waiting, n.waiting);
  part(PartKind::allocated, n.allocated);
  part(PartKind::cut_off, n.cut);
  return a;
}

} // namespace mmscope
