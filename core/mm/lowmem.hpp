// lowmem: where the memory ends that a 32-bit kernel has mapped at all times. The kernel's own addresses begin at
// PAGE_OFFSET; the direct map shares them with vmalloc and with a few fixed things at the top, so only so much RAM has
// an address of its own. What lies above is ZONE_HIGHMEM.
//
//   PAGE_OFFSET                    high_memory        vmalloc_end                                   4 GiB
//   | direct map of low memory  ...  | 8 MiB | vmalloc  | kmap | LDT | CPU entry areas | fixmap |
//   |<-------- maxmem: at most ----->|<-- vmalloc= ---->|
//
//   LowPfnRange l = find_low_pfn_range(system, max_pfn);   // arch/x86/mm/init_32.c of that name
//   l.max_low_pfn, l.max_pfn, l.notes
//
// Addresses are bytes; a machine whose architecture has no such end has all of its RAM low.
#pragma once
#include "mm/system.hpp"

#include <string>
#include <vector>

namespace mmscope {

// What 32-bit x86 keeps at the top of its addresses, as virtual addresses (arch/x86/include/asm/pgtable_32_areas.h). Each
// area begins at a whole PMD below the one above it; how large the upper two are depends on how many CPUs the kernel is
// built for.
struct X86Areas {
  u64 vmalloc_end, pkmap, ldt, cpu_entry_area, cpu_entry_area_end, fixmap;
};
X86Areas x86_areas(const Arch &arch, const KernelConfig &config);

struct LowPfnRange {
  u64 max_low_pfn = 0, max_pfn = 0;
  std::vector<std::string> notes; // kernel lines: what of highmem= could not be done
};
// What becomes of `max_pfn` with the machine's parameters vmalloc= and highmem=.
LowPfnRange find_low_pfn_range(const System &s, u64 max_pfn);

// One past the last byte of RAM that is mapped at all times: get_max_mapped(), once init_mem_mapping has run.
u64 max_mapped(const System &s);

// is_highmem: ZONE_HIGHMEM, and ZONE_MOVABLE when it is carved out of that.
bool is_highmem(const System &s, unsigned zid);
u64 totalhigh_pages(const System &s); // pages of such zones that the buddy allocator manages

} // namespace mmscope
