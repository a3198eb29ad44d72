// boot: the kernel's boot of physical memory, call by call, in boot order
// (x86_64, v6.1). Read it as a table of contents.
//
//   firmware   e820_add … · e820_finish              arch/x86/kernel/{e820,setup}.c
//   memblock   e820__memblock_setup                  arch/x86/kernel/e820.c
//   numa       numa_init                             arch/x86/mm/numa.c, numa_emulation.c
//   sparse     memblock_find_dma_reserve, sparse_init  arch/x86/mm/init.c, mm/sparse.c
//   zones      free_area_init                        mm/page_alloc.c
//   zonelists  build_all_zonelists                   mm/page_alloc.c
//   handoff    memblock_free_all                     mm/memblock.c
//   slab       mem_init's rest                       arch/x86/mm/init_64.c
//   slab       kmem_cache_init                       mm/slub.c
//   slab       setup_per_cpu_pageset                 mm/page_alloc.c
//   deferred   page_alloc_init_late                  mm/page_alloc.c
//   done       init_per_zone_wmark_min, hugetlb_init, hugepage_init, freed init memory
//
// Each function is one kernel call: it opens a Call span in the trace and does
// everything that call does, nested calls included. Between them the boot's many
// plain memblock requests are played as commands of their own (lab/command.hpp).
#pragma once
#include "mm/system.hpp"

namespace mmscope {

// --- firmware and memblock -------------------------------------------------------------------------------------
// early mem=/memmap= handling, trim_bios_range, max_pfn and max_low_pfn (setup_arch up to find_smp_config).
void e820_finish(System &s, Trace *t);
// memblock_add of every usable range, then memblock_trim_memory.
void e820__memblock_setup(System &s, Trace *t);

// arm64: RAM beyond the direct map and above mem= goes; memstart_addr, max_pfn.
void arm64_memblock_init(System &s, Trace *t);
// arm64: pages that the tables of the direct map take, mapped page by page (paging_init; rodata=full).
u64 direct_map_tables(const System &s);
// arm: where low memory ends; memblock's limit.
void adjust_lowmem_bounds(System &s, Trace *t);
// The end of what devices of a zone reach, in RAM that may begin above it (arch/arm64/mm/init.c).
phys_addr_t max_zone_phys(const System &s, u64 limit);
phys_addr_t dma_phys_limit(const System &s); // … of the first zone that has such a border; else the end of RAM

// --- NUMA ------------------------------------------------------------------------------------------------------
// numa_init: firmware ranges (or one dummy node) cleaned up and merged, numa=fake, nodes set on memory and
// reserved, NODE_DATA allocated for each node with memory.
void numa_init(System &s, Trace *t);

// arch_numa_init: the same for device trees (drivers/base/arch_numa.c).
void arch_numa_init(System &s, Trace *t);
// Without NUMA: node 0 has everything; the end of low memory is told.
void initmem_init(System &s, Trace *t);
void bootmem_init(System &s, Trace *t); // likewise on arm; memblock's arrays may grow from here on

// --- sections ----------------------------------------------------------------------------------------------------
void memblock_find_dma_reserve(System &s, Trace *t);
// memblocks_present and sparse_init: roots, present sections, usage arrays, mem_map, vmemmap page tables.
void sparse_init(System &s, Trace *t);

// --- nodes and zones ----------------------------------------------------------------------------------------------
// zone borders, ZONE_MOVABLE, node and zone spans, accounting, memmap_init with its holes and deferral.
void free_area_init(System &s, Trace *t);
// Below which setup_arch wants the default CMA area: x86 what the direct map covers, others what devices reach.
phys_addr_t cma_limit(const System &s);
// dma_contiguous_reserve: the default CMA area, below `limit`.
void dma_contiguous_reserve(System &s, Trace *t, phys_addr_t limit);
// fallback orders of all nodes, vm_total_pages, mobility grouping.
void build_all_zonelists(System &s, Trace *t);

// --- handoff ------------------------------------------------------------------------------------------------------
// Why memblock's free RAM of [first, end) cannot go to the buddy allocator: some of it came after the struct pages were
// laid out and has none. "" when it can.
std::string why_not_handed_over(const System &s, pfn_t first, pfn_t end);
// From the first page that arrives on, `managed` counts what really does: done once.
void reset_all_zones_managed_pages(System &s, Trace *t);
// What memblock has free of high memory goes to the buddy allocator, page by page.
void set_highmem_pages_init(System &s, Trace *t);
void free_highpages(System &s, Trace *t); // the same, behind memblock_free_all
// reserved pages marked, every free page given to the buddy allocator; totalram_pages set.
void memblock_free_all(System &s, Trace *t);
// What mem_init does after that (preallocate_vmalloc_pages), and the "Memory:" line.
void mem_init(System &s, Trace *t);
// kmem_cache_init: the slab allocator gets its CPUs and nodes and makes its first caches; its line is printed. Free
// pages are there; CPUs are those of vm_field::nr_cpus.
void kmem_cache_init(System &s, Trace *t);
// fold() of the slab allocator's events.
bool fold_slub(System &s, const Event &e, const Trace &texts);
// setup_per_cpu_pageset, with all CPUs that the firmware named (the kernel begins with one; the others come before the
// deferred pages do). CPUs are numbered node by node.
void setup_per_cpu_pageset(System &s, Trace *t);
// page_alloc_init_late: the struct pages that waited are initialised and their pages freed.
void page_alloc_init_late(System &s, Trace *t);
// cma_init_reserved_areas: the area's pageblocks get their type and go to the buddy allocator.
void cma_init_reserved_areas(System &s, Trace *t);

// --- watermarks and late frees --------------------------------------------------------------------------------------
void init_per_zone_wmark_min(System &s, Trace *t);
// adjust_managed_page_count, after it: the reserves follow where the era says so. Nothing before the watermarks stand.
void managed_pages_changed(System &s, Trace *t);
// gather_bootmem_prealloc for one gigantic huge page that was reserved at boot: its pages count as managed from now
// on, though they never see the buddy allocator. [base, base + size), bytes.
void hugetlb_init(System &s, Trace *t, phys_addr_t base, u64 size);
void hugepage_init(System &s, Trace *t); // THP: raises min_free_kbytes when it is on
// A sysctl written from the command line or later: "min_free_kbytes", "watermark_scale_factor".
// False when the name is not one the model knows.
bool write_sysctl(System &s, Trace *t, std::string_view name, u64 value);
// free_reserved_area over [base, base + size): page by page; bytes.
void free_reserved_area(System &s, Trace *t, phys_addr_t base, u64 size, std::string_view what);

} // namespace mmscope
