// era_rows: the eras, oldest first, each as its differences from the neighbour on the side of the pivot. A new era is
// a list of its own and a line in `era_rows`; a new kind of difference is a line in era_fields.def.
//
//   constexpr EraChange v5_15[] = {            // 5.15 as it differs from 6.1
//       {EraField::cpu_partial_small, 30, "what 6.1 does differently", "file function (v5.15)"},
//   };
#pragma once
#include "desc/era.hpp"

namespace mmscope::desc {

struct EraRow {
  std::string_view name;
  unsigned major, minor, patch;       // patch: 0 unless it tells versions of one minor number apart
  unsigned last_minor;                // versions up to this one follow the same rules, as far as the fields tell them
  std::span<const EraChange> changes; // from the next row (before the pivot) or the row before (behind it)
  std::string_view source;
};

template <class Policy> constexpr u64 value(Policy v) { return static_cast<u64>(v); }

inline constexpr Era pivot_row{
    .name = "6.1",
    .major = 6,
    .minor = 1,
    .patch = 0,
    .boot_allocator = BootAllocator::memblock,
    .bootmem_resume = BootmemResume::lowered_by_free,
    .bootmem_whole_longs = true,
    .trims_bios_range = true,
    .lowmem_below_areas = true,
    .no_node_region = 1024,
    .marks_kernel_reservations = false,
    .reservations_know_node = false,
    .alloc_or_panic = false,
    .marks_first_mib = false,
    .first_mib = FirstMiB::whole,
    .finds_then_reserves = false,
    .numa_within_dram = false,
    .node_data_whole_pages = true,
    .usage_near_pgdat = true,
    .sparse_map_buffer = true,
    .pageblock_bits = 4,
    .mem_map_max_addr = 0,
    .zones_know_holes = true,
    .present_less_map = false,
    .zone_wait_queues = 0,
    .flat_map_aligned = true,
    .buddy_marks = BuddyMarks::frames,
    .boot_pages_last = true,
    .expects_merges = true,
    .numa_memblks = false,
    .migratetypes = 5,
    .zone_estimate = ZoneEstimate::without_mem_map,
    .zones_behind_setup_arch = false,
    .flat_holes_initialised = true,
    .movable_high_by_zone = true,
    .announces_memoryless = true,
    .memoryless_falls_back = false,
    .node_load = NodeLoad::counted,
    .names_zonelist_order = false,
    .prints_fallback_order = true,
    .watermarks = Watermarks::from_share,
    .watermark_scale = 10,
    .thp_counts_all_zones = false,
    .min_free_floor_kb = 128,
    .min_free_cap_kb = 262144,
    .movable_is_lowmem = true,
    .reserves_follow_managed = false,
    .thp_zone_factor = 2 + 3 * 3,
    .thp_cap_divisor = 20,
    .thp_min_pages_bytes = u64{512} << 20,
    .cma_for_each_node = false,
    .alternatives_late = false,
    .memory_line_late = false,
    .order_test = OrderTest::listed,
    .fallback = FallbackRule::spares,
    .boost_factor = 15000,
    .avoids_mixing = true,
    .highatomic_reserve = true,
    .pcp_lists = PcpLists::by_order,
    .pcp_most_kib = 1024,
    .pcp_high = PcpHigh::low_watermark,
    .slub = true,
    .slab_order = SlabOrder::fewer_objects,
    .kmalloc_caches = KmallocCaches::cgroup,
    .kmalloc_size_word = false,
    .cpu_partial_page = 6,
    .cpu_partial_kib = 24,
    .cpu_partial_256 = 52,
    .cpu_partial_small = 120,
    .source = "include/linux/mmzone.h enum migratetype, include/linux/memblock.h, mm/page_alloc.c "
              "calculate_min_free_kbytes, mm/khugepaged.c set_recommended_min_free_kbytes, mm/huge_memory.c "
              "hugepage_init, mm/slub.c set_cpu_partial, arch/x86/realmode/init.c reserve_real_mode (v6.1)",
};

// --- older than the pivot: differences from the next younger ---

inline constexpr EraChange v5_15[] = {
    {EraField::node_load, value(NodeLoad::by_place), "equidistant nodes take turns by how often each was first",
     "mm/page_alloc.c build_zonelists (v5.15, v6.1)"},
    {EraField::prints_fallback_order, 0, "the fallback order of each node is printed",
     "mm/page_alloc.c build_zonelists (v6.1); recorded boots of 5.15 and 5.10 have no such line"},
    {EraField::cpu_partial_page, 2, "a CPU's partial list is limited by slabs, so that more objects may wait on it",
     "mm/slub.c set_cpu_partial (v5.15, v6.1)"},
    {EraField::cpu_partial_kib, 6, "likewise, objects of 1 KiB or more", "mm/slub.c set_cpu_partial (v5.15, v6.1)"},
    {EraField::cpu_partial_256, 13, "likewise, objects of 256 bytes or more",
     "mm/slub.c set_cpu_partial (v5.15, v6.1)"},
    {EraField::cpu_partial_small, 30, "likewise, objects of less", "mm/slub.c set_cpu_partial (v5.15, v6.1)"},
};

inline constexpr EraChange v5_10[] = {
    {EraField::finds_then_reserves, 1,
     "what x86 allocates before the direct map stands is one request, memblock_phys_alloc_range, that a log shows",
     "arch/x86/mm/init.c alloc_low_pages, arch/x86/realmode/init.c reserve_real_mode (v5.15); recorded boots of 5.10"},
    {EraField::flat_holes_initialised, 0, "a flat map's holes get struct pages that say so, and the log tells how many",
     "mm/page_alloc.c init_unavailable_range (v5.15); recorded boots of 5.10 on i386 have no such line"},
    {EraField::movable_high_by_zone, 0,
     "without nodes ZONE_MOVABLE counts as high memory only when it is carved out of that",
     "include/linux/mmzone.h zone_movable_is_highmem (v5.10), is_highmem_idx (v5.15)"},
    {EraField::pcp_lists, value(PcpLists::by_type),
     "a CPU's page lists keep blocks up to order 3 too, and drain more the longer nothing is taken from them",
     "mm/page_alloc.c free_unref_page_commit, free_pcppages_bulk (v5.10), nr_pcp_free, order_to_pindex (v5.15)"},
    {EraField::pcp_high, value(PcpHigh::six_batches),
     "a CPU's page list may hold its share of the low watermark; before, six batches",
     "mm/page_alloc.c pageset_set_batch (v5.10), zone_highsize (v5.15); recorded boots: /proc/zoneinfo"},
    {EraField::kmalloc_caches, value(KmallocCaches::dma_twins),
     "what is counted by a cgroup comes from kmalloc caches of its own",
     "mm/slab_common.c create_kmalloc_caches (v5.10, v5.15); recorded boots: /proc/slabinfo"},
    {EraField::first_mib, value(FirstMiB::as_needed),
     "the whole first MiB is reserved as soon as the real-mode trampoline has its place in it",
     "arch/x86/kernel/setup.c setup_arch, arch/x86/realmode/init.c reserve_real_mode (v5.15); recorded boots of 5.10: "
     "zone DMA has 3977 managed pages"},
};

inline constexpr EraChange v4_9[] = {
    {EraField::names_zonelist_order, 1, "zonelists go by node; that they might go by zone is not said any more",
     "mm/page_alloc.c build_all_zonelists, numa_zonelist_order (v4.9, v5.10)"},
    {EraField::boot_pages_last, 0,
     "what the boot hands over joins the end of its free list, so that it is not what the first requests get",
     "mm/page_alloc.c __free_pages_core, FPI_TO_TAIL (v5.10), __free_pages_boot_core (v4.9)"},
    {EraField::min_free_cap_kb, 65536, "min_free_kbytes may reach 256 MiB instead of 64",
     "mm/page_alloc.c init_per_zone_wmark_min (v4.9, v5.10)"},
    {EraField::order_test, value(OrderTest::any_harder),
     "who cannot wait is not promised blocks any more that only other requests may use",
     "mm/page_alloc.c __zone_watermark_ok (v4.9, v5.10)"},
    {EraField::fallback, value(FallbackRule::largest),
     "movable pages take the smallest block of another type when they cannot have its pageblock",
     "mm/page_alloc.c __rmqueue_fallback (v4.9, v5.10)"},
    {EraField::boost_factor, 0, "when types mix in a pageblock, kswapd is to free some pageblocks more",
     "mm/page_alloc.c boost_watermark (v5.10)"},
    {EraField::avoids_mixing, 0, "a request that may have Normal takes from DMA32 before it mixes types",
     "mm/page_alloc.c alloc_flags_nofragment (v5.10)"},
    {EraField::pcp_most_kib, 512, "a CPU's page list is refilled with up to 63 pages instead of 31",
     "mm/page_alloc.c zone_batchsize (v4.9, v5.10)"},
    {EraField::thp_counts_all_zones, 1,
     "the reserve that huge pages ask for does not count high memory and ZONE_MOVABLE any more",
     "mm/khugepaged.c set_recommended_min_free_kbytes (v4.9, v5.10)"},
};

inline constexpr EraChange v2_6_24[] = {
    {EraField::boot_allocator, value(BootAllocator::bootmem),
     "memblock, lists of regions, takes the place of a bitmap of pages", "mm/memblock.c (v4.9), mm/bootmem.c (2.6.24)"},
    {EraField::trims_bios_range, 0, "page 0 and the BIOS area are cut out of the firmware's map",
     "arch/x86/kernel/setup.c trim_bios_range (v4.9), arch/x86/kernel/setup_32.c setup_memory (2.6.24)"},
    {EraField::lowmem_below_areas, 0,
     "low memory ends below what the fixed mappings and kmap leave, no longer at 896 MiB",
     "arch/x86/include/asm/pgtable_32_types.h MAXMEM (v4.9), include/asm-x86/page_32.h MAXMEM (2.6.24)"},
    {EraField::pageblock_bits, 3, "a pageblock has a mark of compaction's beside its type",
     "include/linux/pageblock-flags.h (2.6.24, v4.9)"},
    {EraField::zones_know_holes, 0,
     "i386 tells the zones which pages are RAM; before, all up to the end of memory counted as present",
     "arch/x86/kernel/setup_32.c zone_sizes_init, add_active_range (2.6.24)"},
    {EraField::present_less_map, 1,
     "present pages are those of RAM, and managed pages a number of their own; before, the struct pages' pages were "
     "subtracted from what was called present",
     "mm/page_alloc.c free_area_init_core (2.6.24, v4.9)"},
    {EraField::zone_wait_queues, 4, "one table of wait queues serves all pages; before, each zone had its own",
     "mm/page_alloc.c zone_wait_table_init (2.6.24), kernel/sched/wait.c (v4.9)"},
    {EraField::expects_merges, 0,
     "a block whose pair may soon be whole goes to the end of its list, to be there when that happens",
     "mm/page_alloc.c __free_one_page (2.6.24, v4.9)"},
    {EraField::order_test, value(OrderTest::halves),
     "one free block that is large enough is enough; before, pages of smaller blocks were counted off order by order",
     "mm/page_alloc.c zone_watermark_ok (2.6.24), __zone_watermark_ok (v4.9)"},
    {EraField::fallback, value(FallbackRule::by_order),
     "what is left of another type's block always becomes the wanted type's",
     "mm/page_alloc.c __rmqueue_fallback (2.6.24, v4.9)"},
    {EraField::highatomic_reserve, 0, "a large request that cannot wait has pageblocks kept for it",
     "mm/page_alloc.c reserve_highatomic_pageblock (v4.9)"},
    {EraField::pcp_lists, value(PcpLists::one), "a CPU's pages wait in a list for each type instead of one for all",
     "mm/page_alloc.c buffered_rmqueue, free_hot_cold_page (2.6.24, v4.9)"},
    {EraField::watermark_scale, 0,
     "watermarks lie at least a thousandth of the zone apart, whatever min_free_kbytes is",
     "mm/page_alloc.c setup_per_zone_pages_min (2.6.24), __setup_per_zone_wmarks (v4.9)"},
};

inline constexpr EraChange v2_6_11[] = {
    {EraField::node_load, value(NodeLoad::summed_up), "what a node was burdened with before is forgotten",
     "mm/page_alloc.c build_zonelists (2.6.11, 2.6.24)"},
    {EraField::names_zonelist_order, 0, "the zonelist line says in which order zones of several nodes come",
     "mm/page_alloc.c build_all_zonelists (2.6.11, 2.6.24)"},
    {EraField::bootmem_resume, value(BootmemResume::from_last_success),
     "memory that is freed again is found by the next search", "mm/bootmem.c free_bootmem_core (2.6.11, 2.6.24)"},
    {EraField::present_less_map, 0, "a zone's present pages leave out those of its struct pages",
     "mm/page_alloc.c free_area_init_core (2.6.11, 2.6.24)"},
    {EraField::zone_wait_queues, 1, "the smallest zone has four wait queues too",
     "mm/page_alloc.c wait_table_size (2.6.11), wait_table_hash_nr_entries (2.6.24)"},
    {EraField::flat_map_aligned, 0, "a flat map begins and ends at blocks of the largest order",
     "mm/page_alloc.c alloc_node_mem_map (2.6.24), node_alloc_mem_map (2.6.11)"},
    {EraField::pageblock_bits, 0, "pages are grouped by mobility in pageblocks",
     "include/linux/mmzone.h (2.6.11, 2.6.24)"},
    {EraField::pcp_lists, value(PcpLists::one_stocked),
     "a CPU's page list is refilled when nothing on it fits, no longer at two batches",
     "mm/page_alloc.c buffered_rmqueue, free_hot_cold_page (2.6.11, 2.6.24)"},
    {EraField::slub, 0, "SLUB can stand in SLAB's place: a slab keeps its free objects itself, and nothing queues them",
     "mm/slub.c (2.6.24), mm/slab.c (2.6.11)"},
    {EraField::pcp_most_kib, 256, "a CPU's page list is refilled with up to 31 pages instead of 16",
     "mm/page_alloc.c free_area_init_core (2.6.11), zone_batchsize (2.6.24)"},
    {EraField::watermarks, value(Watermarks::from_min),
     "low and high lie above min by parts of the zone's share, also where min is smaller than that",
     "mm/page_alloc.c setup_per_zone_pages_min (2.6.11, 2.6.24)"},
};

inline constexpr EraChange v2_4_22[] = {
    {EraField::bootmem_resume, value(BootmemResume::no), "bootmem goes on searching where it found something last",
     "mm/bootmem.c __alloc_bootmem_core (2.4.22, 2.6.11)"},
    {EraField::bootmem_whole_longs, 0, "bootmem gives a long of free pages away as one block",
     "mm/bootmem.c free_all_bootmem_core (2.4.22, 2.6.11)"},
    {EraField::buddy_marks, value(BuddyMarks::pair_bits),
     "a free block's struct page says that it is free, and its order; before, a bit for each pair of buddies did",
     "mm/page_alloc.c MARK_USED (2.4.22), page_is_buddy (2.6.11)"},
    {EraField::watermarks, value(Watermarks::clamped),
     "the watermarks of all zones come from one number, min_free_kbytes, by their sizes",
     "mm/page_alloc.c free_area_init_core (2.4.22), setup_per_zone_pages_min (2.6.11)"},
};

// --- younger than the pivot: differences from the next older ---

inline constexpr EraChange v6_5[] = {
    {EraField::kmalloc_caches, value(KmallocCaches::dma_cgroup),
     "kmalloc caches that are counted by a cgroup are made last",
     "include/linux/slab.h enum kmalloc_cache_type (v6.5); recorded boots: /proc/slabinfo"},
};

inline constexpr EraChange v6_12[] = {
    {EraField::numa_memblks, 1,
     "nodes of a device tree are kept as x86 keeps its own: reserved memory has nodes too, and a distance table is "
     "made "
     "only for distances that are named",
     "drivers/base/arch_numa.c numa_init, mm/numa_memblks.c numa_memblks_init (v6.12)"},
    {EraField::announces_memoryless, 0, "a node without memory gets its NODE_DATA without a line",
     "mm/mm_init.c free_area_init (v6.12)"},
    {EraField::memoryless_falls_back, 1, "a node without memory is not first in its own fallback order",
     "mm/page_alloc.c find_next_best_node (v6.12)"},
    {EraField::numa_within_dram, 1,
     "the nodes' ranges are cut to where RAM begins and ends, so that page 0 and tables behind the RAM have no node",
     "mm/numa_memblks.c numa_cleanup_meminfo (v6.12)"},
    {EraField::node_data_whole_pages, 0, "NODE_DATA is rounded up to a cache line only",
     "mm/numa.c alloc_node_data (v6.12), arch/x86/mm/numa.c alloc_node_data (v6.1)"},
    {EraField::pcp_high, value(PcpHigh::tuned),
     "how long a CPU's page list may grow follows the traffic, between two limits",
     "mm/page_alloc.c zone_set_pageset_high_and_batch (v6.12)"},
    {EraField::slab_order, value(SlabOrder::more_waste),
     "a slab may be wasted up to its half rather than hold fewer objects", "mm/slub.c calculate_order (v6.12)"},
    {EraField::kmalloc_caches, value(KmallocCaches::cgroup_last),
     "of each kind of kmalloc caches 96 and 192 come first, and callers may have their own set",
     "mm/slab_common.c create_kmalloc_caches, include/linux/slab.h enum kmalloc_cache_type (v6.12)"},
    {EraField::kmalloc_size_word, 1,
     "with debugging, the size asked of kmalloc is kept in a word and the free pointer lies behind the object",
     "mm/slub.c calculate_sizes, slub_debug_orig_size (v6.12)"},
    {EraField::zone_estimate, value(ZoneEstimate::present),
     "\"Total pages\" counts present pages: the struct pages are not estimated any more",
     "mm/mm_init.c calculate_node_totalpages, mm/page_alloc.c build_all_zonelists (v6.12)"},
    {EraField::movable_is_lowmem, 0,
     "ZONE_MOVABLE gets the small fixed reserve of high memory instead of a share of min_free_kbytes",
     "mm/page_alloc.c __setup_per_zone_wmarks (v6.12)"},
    {EraField::memory_line_late, 1, "the \"Memory:\" line is printed when all struct pages are initialised",
     "mm/mm_init.c page_alloc_init_late (v6.12)"},
};

inline constexpr EraChange v7_2[] = {
    {EraField::pageblock_bits, 8, "a pageblock has a byte of flags", "recorded boots of 7.2: freeze_A_sections"},
    {EraField::no_node_region, static_cast<u64>(-1), "a reserved region without a node has node -1",
     "recorded boots of 7.2: freeze_A_memblock"},
    {EraField::marks_kernel_reservations, 1,
     "what the kernel allocates for itself is marked RSRV_KERN and does not merge with other reservations",
     "recorded boots of 7.2: flags 0x20 in freeze_A_memblock"},
    {EraField::reservations_know_node, 1, "what is allocated for a node is reserved as that node's",
     "recorded boots of 7.2: __memblock_reserve lines with nid="},
    {EraField::alloc_or_panic, 1, "what must succeed is asked for by memblock_alloc_or_panic",
     "recorded boots of 7.2: callers of memblock_alloc_try_nid"},
    {EraField::marks_first_mib, 1, "the first MiB is marked KHO_SCRATCH until the real-mode trampoline has its place",
     "recorded boots of 7.2: flags 0x40 in the first MEMBLOCK configuration, none in the second"},
    {EraField::usage_near_pgdat, 0, "usage arrays may lie anywhere on their node",
     "recorded boots of 7.2: requests of sparse_init_nid have no limits"},
    {EraField::sparse_map_buffer, 0, "each section asks for its struct pages by itself",
     "recorded boots of 7.2: one request a section, with pages of 16 KiB one a page of vmemmap"},
    {EraField::mem_map_max_addr, 1, "struct pages are asked for with MEMBLOCK_ALLOC_NOLEAKTRACE",
     "recorded boots of 7.2: max_addr=1"},
    {EraField::zones_behind_setup_arch, 1, "sections and zones are made when setup_arch has returned",
     "recorded boots of 7.2: requests of e820__reserve_resources come before those of sparse_init_nid, and a caller "
     "mm_core_init_early"},
    {EraField::alternatives_late, 1, "x86 gives the list of SMP alternatives back with the initcalls",
     "recorded boots of 7.2: \"Freeing SMP alternatives\" behind the \"Memory:\" line"},
    {EraField::cma_for_each_node, 1, "with several nodes each gets a CMA area of the default one's size",
     "kernel/dma/contiguous.c dma_numa_cma_reserve, CONFIG_CMA_SIZE_PERNUMA; a recorded boot of 7.2 with two nodes: "
     "/sys/kernel/mm/cma/numa0 and numa1"},
    {EraField::reserves_follow_managed, 1, "lowmem_reserve follows every change of a zone's managed pages",
     "recorded boots of 7.2: freeze_D_buddy"},
    {EraField::cpu_partial_page, 0, "CPUs keep sheaves of objects instead of partial slabs",
     "recorded boots of 7.2: /sys/kernel/slab/*/cpu_partial"},
    {EraField::cpu_partial_kib, 0, "likewise, objects of 1 KiB or more", "recorded boots of 7.2"},
    {EraField::cpu_partial_256, 0, "likewise, objects of 256 bytes or more", "recorded boots of 7.2"},
    {EraField::cpu_partial_small, 0, "likewise, objects of less", "recorded boots of 7.2"},
};

inline constexpr std::string_view pivot_name = pivot_row.name;

inline constexpr EraRow era_rows[] = {
    {"2.4.22", 2, 4, 22, 4, v2_4_22, "what 2.6.11 says, and its own list"},
    {"2.6.11", 2, 6, 11, 6, v2_6_11, "what 2.6.24 says, and its own list"},
    {"2.6.24", 2, 6, 24, 6, v2_6_24, "what 4.9 says, and its own list"},
    {"4.9", 4, 9, 0, 9, v4_9, "what 5.10 says, and its own list"},
    {"5.10", 5, 10, 0, 12, v5_10, "what 5.15 says, and its own list"},
    {"5.15", 5, 15, 0, 15, v5_15, "what 6.1 says, and its own list"},
    {"6.1", 6, 1, 0, 4, {}, pivot_row.source},
    {"6.5", 6, 5, 0, 5, v6_5, "what 6.1 says, and its own list"},
    {"6.12", 6, 12, 0, 12, v6_12, "what 6.5 says, and its own list"},
    {"7.2", 7, 2, 0, 2, v7_2, "what 6.12 says, and its own list"},
};

} // namespace mmscope::desc
