#include "lab/accounting_old.hpp"

#include <algorithm>

namespace mmscope {

[[gnu::noinline]] std::vector<AddressRange> ram_before_memblock(const System &s) {
  std::vector<AddressRange> ram;
  const u64 end = s.get(vm_field::max_pfn) << s.arch->page_shift;
  for (const e820_entry &e : s.e820.entries)
    if (e.type == E820_TYPE_RAM && e.addr.v < end) ram.push_back({e.addr.v, std::min(e.addr.v + e.size, end)});
  return ram;
}

[[gnu::noinline]] UnownedBytes count_unowned_before_memblock(const System &s, const std::vector<AddressRange> &gaps,
                                                             bool handed_over) {
  UnownedBytes n;
  const unsigned shift = s.arch->page_shift;
  const u64 page = s.arch->page_size();
  if (s.bootmem && !handed_over) n.free_boot = s.bootmem->free_pages() << shift;
  // Page by page until then: bootmem may not have been told of it yet, or it is high.
  const auto before = [&](pfn_t p) {
    const bool inside = s.bootmem && p >= s.bootmem->start() && p < s.bootmem->end();
    if (!inside || s.bootmem->reserved(p)) n.waiting += page;
    return p + 1;
  };
  const auto in_pair_zone = [&](pfn_t p, pfn_t end) {
    for (const PairZone &z : s.pair_zones)
      if (const auto block = z.containing(p)) {
        const pfn_t next = std::min(block->pfn + pages_of(block->order), end);
        n.free_pairs += (next - p) << shift;
        return next;
      }
    n.allocated += page;
    return p + 1;
  };
  for (const AddressRange &gap : gaps) {
    const pfn_t first = to_pfn_up(phys_addr_t{gap.base}, shift), end = to_pfn_down(phys_addr_t{gap.end}, shift);
    n.cut += gap.end - gap.base - (first < end ? (end - first) << shift : 0);
    for (pfn_t p = first; !handed_over && p < end;) p = before(p);
    if (!handed_over || first >= end) continue;
    for (pfn_t p = first; !s.pair_zones.empty() && p < end;) p = in_pair_zone(p, end);
    s.pages.for_each_run(first, end, [&](const PageRun &run) {
      if (run.info.state == PageState::reserved) n.waiting += run.count << shift;
      if (run.info.state == PageState::allocated) n.allocated += run.count << shift;
    });
  }
  return n;
}

} // namespace mmscope
