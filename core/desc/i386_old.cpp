// Builds of i386 before memblock. Nobody recorded a boot of them for us: what a structure takes is from the kernels'
// headers, the image's place and size are ours, chosen like those of a distribution's kernel of the time for one CPU.
#include "desc/rows.hpp"

#include <algorithm>

namespace mmscope::desc {

namespace {

constexpr u64 KiB = 1024, MiB = 1024 * KiB;

constexpr KernelConfig build_2_6_24{
    .flavour = "-486",
    .arch = "i386",
    .era_major = 2,
    .era_minor = 6,
    .era_patch = 24,
    .sizeof_page = 32,
    .sizeof_mem_section = 8,
    .sizeof_section_usage = 48,
    .sizeof_pgdat = 0, // contig_page_data, in the image
    .max_order = 10,
    .pageblock_order = 10, // a huge page has 4 MiB
    .max_numnodes = 1,
    .deferred_struct_pages = false,
    .thp = false,
    .numa = false,
    .memory_model = MemoryModel::flatmem,
    .sparse_extreme = false,
    .memory_hotremove = false,
    .zone_device = false,
    .cache_line = 32,
    .image_base = MiB,
    .image_end = 4 * MiB + 448 * KiB,
    .brk_size = 0,
    .text_kb = 2048,
    .rwdata_kb = 896,
    .rodata_kb = 0,
    .init_kb = 256,
    .bss_kb = 320,
    .percpu_static = 0,
    .percpu_reserved = 0,
    .percpu_dynamic = 0,
    .nr_cpus_max = 1,
    .cpumask_offstack = false,
    .log_buf_shift = 14,
    .log_cpu_max_buf_shift = 0,
    .sizeof_prb_desc = 0,
    .sizeof_printk_info = 0,
    .sizeof_pcpu_chunk = 0,
    .sizeof_io_tlb_slot = 0,
    .sizeof_io_tlb_area = 0,
    .sizeof_wait_queue_head = 8, // a list's head; the lock is nothing with one CPU
    .sizeof_resource = 28,
    .sizeof_firmware_map_entry = 0,
    .sizeof_nosave_region = 0,
    .trampoline_bytes = 0,
    .brk_pgt_bytes = 0,
    .numa_emulation = false,
    .debug_memory_init = false,
    .fixed_areas = {.fixmap_pages = 16, .kmap_slots = 13, .cpu_entry_area_pages = 1},
    .smp_locks = {},
    .decrypted_unused = {},
    .initmem = {4 * MiB - 128 * KiB, 256 * KiB},
    .text_gap = {},
    .rodata_gap = {},
    .map_caller = "alloc_node_mem_map",
    .source =
        "include/linux/mm_types.h struct page, include/linux/wait.h, include/linux/ioport.h (2.6.24, 32 bits, one "
        "CPU); image of our own",
};

constexpr KernelConfig build_2_6_11 = [] {
  KernelConfig c = build_2_6_24;
  c.flavour = "-386";
  c.era_patch = 11;
  c.image_end = 3 * MiB + 704 * KiB;
  c.text_kb = 1664;
  c.rwdata_kb = 704;
  c.init_kb = 192;
  c.bss_kb = 256;
  c.initmem = {3 * MiB + 256 * KiB, 192 * KiB};
  c.map_caller = "node_alloc_mem_map";
  c.source = "include/linux/mm.h struct page, include/linux/wait.h, include/linux/ioport.h (2.6.11, 32 bits, one CPU); "
             "image of our own";
  return c;
}();

constexpr KernelConfig build_2_4_22 = [] {
  KernelConfig c = build_2_6_11;
  c.era_minor = 4;
  c.era_patch = 22;
  c.sizeof_page = 48; // with `virtual`: CONFIG_HIGHMEM
  c.max_order = 9;
  c.pageblock_order = 9;
  c.image_end = 2 * MiB + 512 * KiB;
  c.text_kb = 1152;
  c.rwdata_kb = 256;
  c.init_kb = 96;
  c.bss_kb = 128;
  c.initmem = {2 * MiB + 128 * KiB, 96 * KiB};
  c.map_caller = "free_area_init_core";
  c.source = "include/linux/mm.h struct page, include/linux/wait.h, include/linux/ioport.h (2.4.22, 32 bits, one CPU, "
             "CONFIG_HIGHMEM); image of our own";
  return c;
}();

constexpr KernelConfig configs[] = {build_2_4_22, build_2_6_11, build_2_6_24};
static_assert(std::all_of(std::begin(configs), std::end(configs), [](const KernelConfig &c) {
  return c.initmem.base >= c.image_base && c.initmem.base + c.initmem.size <= c.image_end &&
         c.init_kb * KiB == c.initmem.size && c.image_base < c.image_end && c.pageblock_order <= c.max_order;
}));

} // namespace

std::span<const KernelConfig> i386_old_configs() { return configs; }

} // namespace mmscope::desc
