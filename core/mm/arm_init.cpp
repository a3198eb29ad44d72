// Low memory of a 32-bit ARM kernel (arch/arm/mm/{mmu,init}.c, v6.1).
//
//   physical  [========= low memory =========|== high memory ==]
//             memstart                       lowmem limit
//   virtual   PAGE_OFFSET …                  | 8 MiB | vmalloc= (240 MiB) | VMALLOC_END
#include "mm/boot.hpp"

#include <algorithm>

namespace mmscope {

namespace {
constexpr u64 MiB = u64{1} << 20;
constexpr u64 vmalloc_end = 0xff800000, vmalloc_offset = 8 * MiB, default_vmalloc = 240 * MiB, least_lowmem = 32 * MiB;
} // namespace

[[gnu::noinline]] void adjust_lowmem_bounds(System &s, Trace *t) {
  Call call(t, "adjust_lowmem_bounds", "setup_arch");
  const Arch &arch = *s.arch;
  struct memblock &mb = s.memblock;
  const u64 pmd = u64{1} << arch.pmd_shift, start = round_down(mb.start_of_dram().v, arch.memstart_align);
  s.set(t, vm_field::memstart_addr, start);
  const u64 most = vmalloc_end - (arch.direct_map_base + least_lowmem + vmalloc_offset);
  const u64 vmalloc = std::clamp(s.params.vmalloc.value_or(default_vmalloc), 16 * MiB, most);
  const u64 border = vmalloc_end - vmalloc - vmalloc_offset - arch.direct_map_base + start;

  // The first bank is mapped from a whole PMD on.
  if (const u64 base = mb.start_of_dram().v; base % pmd != 0)
    mb.mark_nomap(t, phys_addr_t{base}, round_up(base, pmd) - base);
  u64 lowmem = 0, limit = 0;
  for (const memblock_region &r : mb.memory.regions) {
    if ((r.flags & MEMBLOCK_NOMAP) != 0 || r.base.v >= border) continue;
    if (r.end().v > lowmem) lowmem = std::min(border, r.end().v);
    // Allocations stay below what may need a page table before there is memory for one.
    if (limit != 0) continue;
    if (r.base.v % pmd != 0)
      limit = r.base.v;
    else if (r.end().v % pmd != 0)
      limit = lowmem;
  }
  s.set(t, vm_field::max_low_pfn, lowmem >> arch.page_shift);
  mb.set(t, memblock_setting::current_limit, round_down(limit != 0 ? limit : lowmem, pmd));
}

[[gnu::noinline]] void bootmem_init(System &s, Trace *t) {
  Call call(t, "bootmem_init", "paging_init");
  s.memblock.set(t, memblock_setting::can_resize, 1);
  const unsigned shift = s.arch->page_shift;
  s.set(t, vm_field::max_low_pfn, to_pfn_down(s.memblock.current_limit, shift).v);
  s.set(t, vm_field::max_pfn, to_pfn_down(s.memblock.end_of_dram(), shift).v);
  s.pages.init_node(t, 0, pfn_t{0}, 0, 0, phys_addr_t{0}); // contig_page_data lies in the kernel image
  s.pages.set_node(t, 0, node_field::online, 1);
}

} // namespace mmscope
