#include "desc/rows.hpp"

#include <algorithm>

namespace mmscope::desc {

namespace {

constexpr u64 KiB = 1024, GiB = u64{1} << 30;

constexpr ZoneRow zones[] = {
    {"DMA32", ZoneLimit::mask, 4 * GiB, 256},
    {"Normal", ZoneLimit::end, 0, 32},
    {"Movable", ZoneLimit::movable, 0, 0},
    {"Device", ZoneLimit::device, 0, 0},
};

// Page tables of five levels (Sv57), as QEMU's CPUs have them.
constexpr Arch row{
    .name = "riscv64",
    .word = 8,
    .phys_addr_size = 8,
    .phys_addr_align = 8,
    .page_shift = 12,
    .section_size_bits = 27,
    .max_physmem_bits = 56,
    .cache_line = 64,
    .internode_align = 64,
    .pmd_shift = 21,
    .low_limit = 0,
    .dma_reserve_end = 0,
    .vmemmap_base = 0xff1c000000000000, // of the page that the direct map begins with
    .direct_map_base = 0xff60000000000000,
    .low_memory = LowMemory::all,
    .highmem_free = HighmemFree::none,
    .vmalloc_top_tables = 0,
    .firmware = Firmware::device_tree,
    .memstart_align = u64{1} << 21,
    .linear_region_bits = 55,
    .keep_memblock = true,
    .zones = zones,
    .source = "arch/riscv/include/asm/{sparsemem,page,pgtable-64,cache}.h, arch/riscv/mm/init.c setup_bootmem, "
              "zone_sizes_init (v6.12)",
};
static_assert(consistent(row));

constexpr KernelConfig debian_6_12_riscv64{
    .flavour = "-riscv64",
    .arch = "riscv64",
    .era_major = 6,
    .era_minor = 12,
    .debian = 13,
    .sizeof_page = 64,
    .sizeof_mem_section = 32,
    .sizeof_section_usage = 56,
    .sizeof_pgdat = 0x2440,
    .max_order = 10,
    .pageblock_order = 9,
    .max_numnodes = 4,
    .deferred_struct_pages = true,
    .thp = true,
    .numa = true,
    .memory_model = MemoryModel::vmemmap,
    .image_base = 0x80200000,
    .image_end = 0x82200000,
    .brk_size = 0,
    .text_kb = 10706,
    .rwdata_kb = 5220,
    .rodata_kb = 10240,
    .init_kb = 2687,
    .bss_kb = 708,
    .percpu_static = 90712,
    .percpu_reserved = 8 * KiB,
    .percpu_dynamic = 32168,
    .nr_cpus_max = 128,
    .cpumask_offstack = false,
    .log_buf_shift = 17,
    .log_cpu_max_buf_shift = 12,
    .sizeof_prb_desc = 24,
    .sizeof_printk_info = 88,
    .sizeof_pcpu_chunk = 192,
    .sizeof_io_tlb_slot = 24,
    .sizeof_io_tlb_area = 16,
    .sizeof_resource = 64,
    .sizeof_firmware_map_entry = 0,
    .sizeof_nosave_region = 0,
    .trampoline_bytes = 0,
    .brk_pgt_bytes = 0,
    .numa_emulation = false,
    .debug_memory_init = true,
    .smp_locks = {},
    .decrypted_unused = {},
    .initmem = {0x80e00000, 2684 * KiB},
    .text_gap = {},
    .rodata_gap = {},
    .direct_map = {.bits = 56}, // half of 57
    .map_caller = "memmap_alloc",
    .table_caller = "__earlyonly_bootmem_alloc",
    .source =
        "Debian 6.12.107 riscv64: its config; image layout (/proc/iomem), request and freed sizes as its boots on "
        "QEMU's virt machine print them (6.12.107+deb13-riscv64)",
};

constexpr KernelConfig debian_7_2_riscv64 = [] {
  KernelConfig c = debian_6_12_riscv64;
  c.debian = 14;
  c.era_major = 7;
  c.era_minor = 2;
  c.sizeof_section_usage = 88;
  c.sizeof_pgdat = 0x2a00;
  c.cma = true;
  c.cma_bytes = 128 * KiB * KiB;
  c.image_end = 0x82600000;
  c.text_kb = 14150;
  c.rwdata_kb = 6338;
  c.rodata_kb = 12288;
  c.init_kb = 2831;
  c.bss_kb = 682;
  c.percpu_static = 95704;
  c.percpu_dynamic = 31272;
  c.initmem = {0x81000000, 2828 * KiB};
  c.table_caller = "memmap_alloc";
  // Four levels (Sv48) where 6.12 took five; vmemmap begins with the struct page of frame 0, not with RAM's first
  // (freeze_A_sections).
  c.direct_map = {0xffffaf8000000000, 0xffff8d8000000000 + (u64{0x80000000} >> 12) * 64, 47, 0};
  c.source = "Debian 7.2.13 riscv64: its config; image layout (/proc/iomem), request and freed sizes as its boots on "
             "QEMU's virt machine print them (7.2.13+deb14-riscv64)";
  return c;
}();

constexpr KernelConfig configs[] = {debian_6_12_riscv64, debian_7_2_riscv64};
static_assert(std::all_of(std::begin(configs), std::end(configs), [](const KernelConfig &c) {
  return consistent(c, row) && c.initmem.base >= c.image_base && c.initmem.base + c.initmem.size <= c.image_end;
}));

} // namespace

const Arch riscv64 = row;
std::span<const KernelConfig> riscv64_configs() { return configs; }

} // namespace mmscope::desc
