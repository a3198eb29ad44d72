// i386, without and with PAE. Two rows, because PAE makes another page table (entries of eight bytes, 2 MiB instead of
// 4 MiB an entry of the second level) and with it another phys_addr_t, another reach and other sections: everything
// that an Arch holds. What a build may choose besides (memory model, cache line, CPUs) is in its KernelConfig.
#include "desc/rows.hpp"

#include <algorithm>

namespace mmscope::desc {

namespace {

// clang-format off
constexpr ZoneRow i386_zones[] = {
    {"DMA",     ZoneLimit::address, u64{16} << 20, 256},
    {"Normal",  ZoneLimit::low,     0,             32},
    {"HighMem", ZoneLimit::end,     0,             0, true},
    {"Movable", ZoneLimit::movable, 0,             0},
};

constexpr Arch plain = {
    .name = "i386",
    .word = 4,
    .phys_addr_size = 4,
    .phys_addr_align = 4,
    .page_shift = 12,
    .section_size_bits = 26,
    .max_physmem_bits = 32,
    .cache_line = 64,
    .internode_align = 64,
    .pmd_shift = 22,
    .low_limit = u64{16} << 20,
    .dma_reserve_end = 0,
    .vmemmap_base = 0,
    .direct_map_base = 0xc0000000,
    .low_memory = LowMemory::x86_areas,
    .highmem_free = HighmemFree::first,
    .vmalloc_top_tables = 0,
    .zones = i386_zones,
    .source = "arch/x86/include/asm/{sparsemem,page_32_types,pgtable-2level_types,pgtable_32_areas,dma}.h, "
              "arch/x86/mm/init.c zone_sizes_init, mm/page_alloc.c sysctl_lowmem_reserve_ratio (v6.1, VMSPLIT_3G)",
};
// clang-format on
constexpr Arch pae_of(Arch a) {
  a.name = "i386-pae";
  a.phys_addr_size = 8; // and still 4-byte aligned: the i386 ABI
  a.section_size_bits = 29;
  a.max_physmem_bits = 36;
  a.pmd_shift = 21;
  a.source = "as i386, with arch/x86/include/asm/pgtable-3level_types.h";
  return a;
}
constexpr Arch pae = pae_of(plain);
static_assert(consistent(plain) && consistent(pae));

constexpr u64 KiB = 1024;

constexpr KernelConfig debian_6_1_686{
    .flavour = "-686",
    .arch = "i386",
    .era_major = 6,
    .era_minor = 1,
    .sizeof_page = 40,
    .sizeof_mem_section = 8,
    .sizeof_section_usage = 64,
    .sizeof_pgdat = 4416,
    .max_order = 10,
    .pageblock_order = 10, // a huge page has 4 MiB
    .max_numnodes = 1,
    .deferred_struct_pages = false,
    .thp = true,
    .numa = false,
    .memory_model = MemoryModel::flatmem,
    .sparse_extreme = false,
    .memory_hotremove = false,
    .image_base = 0x1000000,
    .image_end = 0x1ee6000,
    .brk_size = 0x10000,
    .text_kb = 9327,
    .rwdata_kb = 1246,
    .rodata_kb = 3188,
    .init_kb = 912,
    .bss_kb = 464,
    .percpu_static = 103316,
    .percpu_reserved = 0,
    .percpu_dynamic = 31852,
    .nr_cpus_max = 32,
    .cpumask_offstack = false,
    .log_buf_shift = 17,
    .log_cpu_max_buf_shift = 12,
    .sizeof_prb_desc = 12,
    .sizeof_printk_info = 88,
    .sizeof_pcpu_chunk = 92,
    .sizeof_io_tlb_slot = 0,
    .sizeof_io_tlb_area = 0,
    .sizeof_resource = 32,
    .sizeof_firmware_map_entry = 64,
    .sizeof_nosave_region = 16,
    .trampoline_bytes = 16 * KiB,
    .brk_pgt_bytes = 6 * 4096, // four levels (INIT_PGD_PAGE_TABLES 3), twice
    .numa_emulation = false,
    .debug_memory_init = true,
    .fixed_areas = {.fixmap_pages = 72, .kmap_slots = 16, .cpu_entry_area_pages = 43},
    .smp_locks = {0x1e6a000, 32 * KiB},
    .decrypted_unused = {},
    .initmem = {0x1d86000, 912 * KiB},
    .text_gap = {},
    .rodata_gap = {},
    .map_caller = "memmap_alloc",
    .source = "Debian 6.1.176-1 686: its config; image layout, request and freed sizes as its boots print them "
              "(6.1.0-50-686); arch/x86/include/asm/{fixmap,cpu_entry_area}.h",
};

constexpr KernelConfig pae_of(KernelConfig c) {
  c.flavour = "-686-pae";
  c.arch = "i386-pae";
  c.pageblock_order = 9;
  c.image_end = 0x1f0b000;
  c.brk_size = 0x19000;
  c.text_kb = 9423;
  c.rwdata_kb = 1265;
  c.init_kb = 928;
  c.bss_kb = 476;
  c.percpu_static = 104276;
  c.percpu_dynamic = 30892;
  c.sizeof_resource = 40;
  c.smp_locks = {0x1e8c000, 32 * KiB};
  c.initmem = {0x1da4000, 928 * KiB};
  c.source = "Debian 6.1.176-1 686-pae: its config and BTF; image layout, request and freed sizes as its boots print "
             "them (6.1.0-50-686-pae)";
  return c;
}

constexpr KernelConfig debian_6_1_686_pae = pae_of(debian_6_1_686);

// What differs from 6.1's build of the same flavour.
struct Build {
  unsigned major, minor;
  u64 image_end, brk_size;
  u64 text_kb, rwdata_kb, rodata_kb, init_kb, bss_kb;
  u64 percpu_static, percpu_dynamic;
  u64 initmem; // physical; its locks follow
  std::string_view source;
};
constexpr KernelConfig build_of(KernelConfig c, const Build &b) {
  c.era_major = b.major;
  c.era_minor = b.minor;
  c.image_end = b.image_end;
  c.brk_size = b.brk_size;
  c.text_kb = b.text_kb;
  c.rwdata_kb = b.rwdata_kb;
  c.rodata_kb = b.rodata_kb;
  c.init_kb = b.init_kb;
  c.bss_kb = b.bss_kb;
  c.percpu_static = b.percpu_static;
  c.percpu_dynamic = b.percpu_dynamic;
  c.initmem = {b.initmem, b.init_kb * KiB};
  c.smp_locks = {b.initmem + b.init_kb * KiB, c.smp_locks.size};
  if (b.major <= 5) c.fixed_areas.kmap_slots = 20; // KM_TYPE_NR
  // mm/percpu.c pcpu_setup_first_chunk (v5.10, v5.14)
  const bool before_5_14 = b.major < 5 || (b.major == 5 && b.minor < 14);
  if (before_5_14) c.pcpu_extra_slots = 2;
  if (before_5_14 && b.major == 5) c.pcpu_chunk_types = 2;
  c.source = b.source;
  return c;
}

constexpr KernelConfig configs[] = {
    build_of(debian_6_1_686, {4, 9, 0x1d24000, 0xf000, 8295, 1155, 2536, 880, 476, 115596, 31860, 0x1bc9000,
                              "no recorded boot: image layout and sizes as the 5.10 build's; struct page from "
                              "include/linux/mm_types.h (v4.9, 32 bits, CONFIG_MEMCG)"}),
    build_of(debian_6_1_686, {5, 10, 0x1d24000, 0xf000, 8295, 1155, 2536, 880, 476, 115596, 31860, 0x1bc9000,
                              "Debian 5.10.223-1 686: image layout and sizes as its boots print them (5.10.0-32-686); "
                              "structure sizes as 6.1"}),
    build_of(debian_6_1_686_pae, {5, 10, 0x1d4c000, 0x18000, 8397, 1182, 2532, 896, 488, 116428, 31028, 0x1bea000,
                                  "Debian 5.10.223-1 686-pae: image layout and sizes as its boots print them "
                                  "(5.10.0-32-686-pae); structure sizes as 6.1"}),
    build_of(debian_6_1_686, {5, 15, 0x1d24000, 0xf000, 8295, 1155, 2536, 880, 476, 115596, 31860, 0x1bc9000,
                              "no recorded boot: image layout and sizes as the 5.10 build's; structure sizes as 6.1"}),
    debian_6_1_686,
    debian_6_1_686_pae,
    build_of(debian_6_1_686, {6, 5, 0x1f95000, 0x10000, 9704, 1254, 3220, 1032, 620, 104212, 30956, 0x1df0000,
                              "Debian 6.5.10-1~bpo12 686: image layout and sizes as its boots print them "
                              "(6.5.0-0.deb12.4-686); structure sizes as 6.1"}),
    build_of(debian_6_1_686_pae, {6, 5, 0x1faf000, 0x19000, 9767, 1276, 3212, 1044, 628, 105172, 29996, 0x1e04000,
                                  "Debian 6.5.10-1~bpo12 686-pae: image layout and sizes as its boots print them "
                                  "(6.5.0-0.deb12.4-686-pae); structure sizes as 6.1"}),
};

constexpr bool image_in_order(const KernelConfig &c) {
  return c.init_kb * KiB == c.initmem.size && c.initmem.base >= c.image_base &&
         c.initmem.base + c.initmem.size == c.smp_locks.base && c.smp_locks.base + c.smp_locks.size <= c.image_end;
}
static_assert(std::all_of(std::begin(configs), std::end(configs), [](const KernelConfig &c) {
  return consistent(c, c.arch == plain.name ? plain : pae) && image_in_order(c);
}));

} // namespace

const Arch i386 = plain, i386_pae = pae;
std::span<const KernelConfig> i386_configs() { return configs; }

} // namespace mmscope::desc
