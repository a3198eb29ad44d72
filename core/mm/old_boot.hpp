// old_boot: what a boot before memblock does differently where it shares the steps of later ones (i386: 2.4.22, 2.6.11,
// 2.6.24), and the zones of 2.4, which are nothing but lists and pair bitmaps.
//
//   setup_arch        init_bootmem · free_bootmem · reserve_bootmem          commands of their own (lab/old_calls.hpp)
//   zone_sizes_init   free_area_init                                         2.6: mm_init.cpp asks the functions here
//                     free_area_init_core                                    2.4: mem_map, wait tables, pair bitmaps
//   mem_init          free_all_bootmem · set_highmem_pages_init · "Memory:"
//
// No zone knows of holes: all pages up to the end of memory are present, and those without RAM stay reserved for good.
// Sizes are bytes unless they say pages.
#pragma once
#include "mm/boot_request.hpp"
#include "mm/system.hpp"

namespace mmscope {

// 2.4's zones: their struct pages, wait tables and maps from bootmem, their watermarks. Needs max_pfn and max_low_pfn.
void free_area_init_core(System &s, Trace *t);
// Every page of high memory that the firmware's map calls RAM, ascending, one by one.
void old_highmem_init(System &s, Trace *t);
// "Memory: 254552k/262016k available (…)", as i386's mem_init prints it.
void print_old_memory_line(System &s, Trace *t);
// free_initmem of 2.4: pages [first, end) go to their zone one by one.
void free_to_pair_zones(System &s, Trace *t, pfn_t first, pfn_t end);
std::string why_not_free_to_pair_zones(System &s, pfn_t first, pfn_t end);

// --- for mm_init.cpp ---
void old_totals(System &s, Trace *t, u64 pages);             // "On node 0 totalpages: …"
void old_zone(System &s, Trace *t, unsigned zid, u64 pages); // "  DMA zone: 4096 pages, LIFO batch:…"
// Pages that the struct pages of a zone fill, where they are charged to it (2.6.24): at most what it has.
u64 old_map_pages(const System &s, u64 present, u64 spanned);
// A zone's table of wait queues for its pages (zone_wait_table_init), by its size in pages.
void zone_wait_table_init(System &s, Trace *t, u64 pages);
u64 wait_table_entries(u64 pages, u64 least);

} // namespace mmscope
