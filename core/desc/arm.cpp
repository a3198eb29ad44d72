#include "desc/rows.hpp"

#include <algorithm>

namespace mmscope::desc {

namespace {

constexpr u64 KiB = 1024, GiB = u64{1} << 30;

// Kernels for many machines: no machine narrows what its devices reach, so all low memory is ZONE_DMA.
constexpr ZoneRow zones[] = {
    {"DMA", ZoneLimit::address, 4 * GiB, 256},
    {"Normal", ZoneLimit::low, 0, 32},
    {"HighMem", ZoneLimit::end, 0, 0, true},
    {"Movable", ZoneLimit::movable, 0, 0},
};

constexpr Arch row{
    .name = "arm",
    .word = 4,
    .phys_addr_size = 4,
    .phys_addr_align = 4,
    .page_shift = 12,
    .section_size_bits = 28,
    .max_physmem_bits = 32,
    .cache_line = 64,
    .internode_align = 64,
    .pmd_shift = 21,
    .low_limit = 0,
    .dma_reserve_end = 0,
    .vmemmap_base = 0,
    .direct_map_base = 0xc0000000,
    .low_memory = LowMemory::arm_vmalloc,
    .highmem_free = HighmemFree::after,
    .vmalloc_top_tables = 0,
    .firmware = Firmware::device_tree,
    .memstart_align = u64{2} << 20,
    .keep_memblock = true,
    .zones = zones,
    .source = "arch/arm/include/asm/{memory,pgtable,pgtable-2level,cache}.h, arch/arm/mm/{init,mmu}.c, "
              "mm/page_alloc.c sysctl_lowmem_reserve_ratio (v6.1, VMSPLIT_3G)",
};
constexpr Arch lpae_of(Arch a) {
  a.name = "arm-lpae";
  a.phys_addr_size = a.phys_addr_align = 8;
  a.max_physmem_bits = 40;
  a.source = "as arm, with arch/arm/include/asm/pgtable-3level.h";
  return a;
}
constexpr Arch lpae = lpae_of(row);
static_assert(consistent(row) && consistent(lpae));

constexpr KernelConfig debian_6_1_armmp{
    .flavour = "-armmp",
    .arch = "arm",
    .era_major = 6,
    .era_minor = 1,
    .sizeof_page = 36,
    .sizeof_mem_section = 0,
    .sizeof_section_usage = 0,
    .sizeof_pgdat = 4928,
    .max_order = 11,
    .pageblock_order = 11, // no huge pages: the largest order
    .max_numnodes = 1,
    .deferred_struct_pages = false,
    .thp = false,
    .numa = false,
    .cma = true,
    .cma_bytes = 16 * KiB * KiB,
    .memory_model = MemoryModel::flatmem,
    .image_base = 0x40300000,
    .image_end = 0x41608000,
    .brk_size = 0,
    .text_kb = 11264,
    .rwdata_kb = 1700,
    .rodata_kb = 3732,
    .init_kb = 2048,
    .bss_kb = 377,
    .percpu_static = 45012,
    .percpu_reserved = 8 * KiB,
    .percpu_dynamic = 20524,
    .nr_cpus_max = 8,
    .log_buf_shift = 17,
    .log_cpu_max_buf_shift = 12,
    .sizeof_prb_desc = 12,
    .sizeof_printk_info = 88,
    .sizeof_pcpu_chunk = 96,
    .sizeof_io_tlb_slot = 0,
    .sizeof_io_tlb_area = 0,
    .sizeof_resource = 32,
    .sizeof_firmware_map_entry = 0,
    .sizeof_nosave_region = 0,
    .trampoline_bytes = 0,
    .brk_pgt_bytes = 0,
    .numa_emulation = false,
    .debug_memory_init = true,
    .smp_locks = {},
    .decrypted_unused = {},
    .initmem = {0x41200000, 2048 * KiB},
    .text_gap = {},
    .rodata_gap = {},
    .map_caller = "free_area_init",
    .source = "Debian 6.1.176-1 armmp: its config; image layout, request and freed sizes as its boots on QEMU's virt "
              "machine print them (6.1.0-50-armmp)",
};

constexpr KernelConfig lpae_of(KernelConfig c) {
  c.flavour = "-armmp-lpae";
  c.arch = "arm-lpae";
  c.max_order = 10;
  c.pageblock_order = 9;
  c.thp = true;
  c.image_base = 0x40400000;
  c.image_end = 0x4180e000;
  c.text_kb = 12288;
  c.rwdata_kb = 1716;
  c.rodata_kb = 3752;
  c.bss_kb = 384;
  c.percpu_static = 45204;
  c.percpu_dynamic = 24428;
  c.sizeof_resource = 40;
  c.initmem = {0x41400000, 2048 * KiB};
  c.source = "Debian 6.1.176-1 armmp-lpae: its config; image layout, request and freed sizes as its boots on QEMU's "
             "virt machine print them (6.1.0-50-armmp-lpae)";
  return c;
}

constexpr KernelConfig v6_12_of(KernelConfig c) {
  c.era_major = 6;
  c.era_minor = 12;
  c.debian = 13;
  c.image_end = 0x4182d000;
  c.text_kb = 12288;
  c.rwdata_kb = 1797;
  c.rodata_kb = 4196;
  c.bss_kb = 427;
  c.percpu_static = 50508;
  c.percpu_dynamic = 23220;
  c.initmem = {0x41400000, 2048 * KiB};
  c.source = "Debian 6.12.107 armmp: its config; image layout, request and freed sizes as its boots on QEMU's virt "
             "machine print them (6.12.107+deb13-armmp)";
  return c;
}

constexpr KernelConfig v7_2_of(KernelConfig c) {
  c.era_major = 7;
  c.era_minor = 2;
  c.debian = 14;
  c.cma_bytes = 128 * KiB * KiB;
  c.image_end = 0x41aad000;
  c.text_kb = 14336;
  c.rwdata_kb = 2359;
  c.rodata_kb = 4776;
  c.bss_kb = 380;
  c.percpu_static = 51788;
  c.percpu_dynamic = 21940;
  c.initmem = {0x41600000, 2048 * KiB};
  c.map_caller = "memmap_alloc";
  c.source = "Debian 7.2.13 armmp: its config; image layout, request and freed sizes as its boots on QEMU's virt "
             "machine print them (7.2.13+deb14-armmp)";
  return c;
}
constexpr KernelConfig v7_2_lpae_of(KernelConfig c) {
  c.image_end = 0x41eb7000;
  c.text_kb = 16384;
  c.rwdata_kb = 2392;
  c.rodata_kb = 4808;
  c.bss_kb = 386;
  c.percpu_static = 52876;
  c.percpu_dynamic = 20852;
  c.initmem = {0x41a00000, 2048 * KiB};
  c.source = "Debian 7.2.13 armmp-lpae: its config; image layout, request and freed sizes as its boots on QEMU's virt "
             "machine print them (7.2.13+deb14-armmp-lpae)";
  return c;
}

constexpr KernelConfig configs[] = {
    debian_6_1_armmp,
    lpae_of(debian_6_1_armmp),
    v6_12_of(debian_6_1_armmp),
    v7_2_of(debian_6_1_armmp),
    v7_2_lpae_of(v7_2_of(lpae_of(debian_6_1_armmp))),
};

static_assert(std::all_of(std::begin(configs), std::end(configs), [](const KernelConfig &c) {
  return consistent(c, c.arch == lpae.name ? lpae : row) && c.init_kb * KiB == c.initmem.size &&
         c.initmem.base >= c.image_base && c.initmem.base + c.initmem.size <= c.image_end;
}));

} // namespace

const Arch arm = row, arm_lpae = lpae;
std::span<const KernelConfig> arm_configs() { return configs; }

} // namespace mmscope::desc
