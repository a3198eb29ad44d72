// High memory: without nodes of its own, low memory's end as the log tells it, and its pages given to the buddy allocator
// (arch/x86/mm/{init_32,highmem_32}.c, v6.1).
//
//   free range   [36ffe ...                        ... 3fedb)     one page after the other, each to a list's head
//   merges       [2][2 .. 1024][1024][1024] ... [512][256]…       a block reaches its list when its last page is free:
//   list         order 10: 3f800 3f400 … 37400 37000              so the last block is the list's head
#include "base/text.hpp"
#include "mm/boot.hpp"
#include "mm/lowmem.hpp"
#include "mm/old_boot.hpp"

#include <algorithm>

namespace mmscope {

namespace {

std::string hex8(u64 n) {
  std::string s;
  append_hex(s, n, 8);
  return s;
}

// add_highpages_with_active_regions: what memblock has free of [start, end).
void free_highmem(System &s, Trace *t, i32 nid, pfn_t start, pfn_t end) {
  Call call(t, "add_highpages_with_active_regions", "set_highmem_pages_init", {field(nid), start.v, end.v});
  u64 pages = 0;
  for (const FreeRange &r : s.memblock.free_ranges(nid)) {
    const pfn_t a = std::clamp(to_pfn_up(r.base, s.arch->page_shift), start, end);
    const pfn_t b = std::clamp(to_pfn_down(r.end, s.arch->page_shift), start, end);
    if (a >= b) continue;
    s.pages.free_reserved(t, a, b - a);
    pages += b - a;
  }
  s.set(t, vm_field::totalram_pages, s.get(vm_field::totalram_pages) + pages);
  call.result(pages);
}

} // namespace

[[gnu::noinline]] void initmem_init(System &s, Trace *t) {
  Call call(t, "initmem_init", "setup_arch");
  const u64 max_pfn = s.get(vm_field::max_pfn), max_low = s.get(vm_field::max_low_pfn);
  const unsigned mb = 20 - s.arch->page_shift;
  if (s.arch->highmem_free != HighmemFree::none) s.print(t, concat((max_pfn - max_low) >> mb, "MB HIGHMEM available."));
  s.pages.init_node(t, 0, pfn_t{0}, 0, 0, phys_addr_t{0}); // contig_page_data lies in the kernel image
  s.pages.set_node(t, 0, node_field::online, 1);
  if (s.arch->low_memory == LowMemory::all) return;
  s.print(t, concat(max_low >> mb, "MB LOWMEM available."));
  if (s.era->boot_allocator == BootAllocator::bootmem) return;
  s.print(t, "  mapped low ram: 0 - " + hex8(max_mapped(s)));
  s.print(t, "  low ram: 0 - " + hex8(max_low << s.arch->page_shift));
}

[[gnu::noinline]] void set_highmem_pages_init(System &s, Trace *t) {
  if (s.era->boot_allocator == BootAllocator::bootmem) return old_highmem_init(s, t);
  Call call(t, "set_highmem_pages_init", "mem_init");
  reset_all_zones_managed_pages(s, t);
  for (std::size_t n = 0; n < s.pages.nodes().size(); ++n)
    for (unsigned z = 0; z < s.arch->zones.size(); ++z) {
      if (!is_highmem(s, z)) continue;
      const i32 nid = s.pages.nodes()[n].nid;
      const pfn_t start = s.pages.zone_of(nid, z).start_pfn, end = s.pages.zone_of(nid, z).end_pfn();
      s.print(t, concat("Initializing ", s.arch->zones[z].name, " for node ", nid, " (", hex8(start.v), ":",
                        hex8(end.v), ")"));
      free_highmem(s, t, nid, start, end);
    }
}

// What the struct pages of high memory still hold back, whatever its zone.
[[gnu::noinline]] void free_highpages(System &s, Trace *t) {
  Call call(t, "free_highpages", "mem_init");
  const unsigned shift = s.arch->page_shift;
  const pfn_t max_low{s.get(vm_field::max_low_pfn)};
  u64 pages = 0;
  for (const FreeRange &r : s.memblock.free_ranges()) {
    const pfn_t a = std::max(to_pfn_up(r.base, shift), max_low), b = to_pfn_down(r.end, shift);
    if (a >= b) continue;
    s.pages.free_reserved(t, a, b - a);
    pages += b - a;
  }
  s.set(t, vm_field::totalram_pages, s.get(vm_field::totalram_pages) + pages);
  call.result(pages);
}

} // namespace mmscope
