#include "desc/rows.hpp"

#include <algorithm>

namespace mmscope::desc {

namespace {

constexpr u64 KiB = 1024, GiB = u64{1} << 30;

// ZONE_DMA ends where the least capable device of the device tree or of ACPI's IORT reaches; without either that is
// 4 GiB, and ZONE_DMA32 is empty.
constexpr ZoneRow zones[] = {
    {"DMA", ZoneLimit::mask, 4 * GiB, 256}, {"DMA32", ZoneLimit::mask, 4 * GiB, 256}, {"Normal", ZoneLimit::end, 0, 32},
    {"Movable", ZoneLimit::movable, 0, 0},  {"Device", ZoneLimit::device, 0, 0},
};

// A row for each page size: what follows from it is computed here, so that nothing else has to ask which it is.
// Addresses of 48 bits, physical and virtual.
constexpr Arch arm64_of(std::string_view name, unsigned page_shift, unsigned section_shift) {
  const unsigned pmd_shift = page_shift + (page_shift - 3); // a table fills a page with entries of 8 bytes
  // One entry of the level above PMDs, or 32 PMD entries that are mapped as one, or one PMD entry.
  const unsigned memstart_shift = page_shift == 12 ? 30 : page_shift == 14 ? 30 : 29;
  return {
      .name = name,
      .word = 8,
      .phys_addr_size = 8,
      .phys_addr_align = 8,
      .page_shift = page_shift,
      .section_size_bits = section_shift,
      .max_physmem_bits = 48,
      .cache_line = 64,
      .internode_align = 64,
      .pmd_shift = pmd_shift,
      .low_limit = 0,
      .dma_reserve_end = 0,
      .vmemmap_base = ~u64{0} - (u64{1} << (48 - page_shift + 6)) + 1, // of the page that the direct map begins with
      .direct_map_base = 0xffff000000000000,                           // likewise
      .low_memory = LowMemory::all,
      .highmem_free = HighmemFree::none,
      .vmalloc_top_tables = 0,
      .firmware = Firmware::device_tree,
      .memstart_align = u64{1} << memstart_shift,
      .linear_region_bits = 47,
      .keep_memblock = true,
      .vmemmap_pmd = page_shift == 12,
      .memory_regions = 1024, // EFI's map may be long
      .region_for_each_cpu = true,
      .zones = zones,
      .source = "arch/arm64/include/asm/{sparsemem,memory,kernel-pgtable,pgtable-hwdef,cache}.h, "
                "arch/arm64/mm/init.c zone_sizes_init, mm/page_alloc.c sysctl_lowmem_reserve_ratio (v6.1)",
  };
}
constexpr Arch row = arm64_of("arm64", 12, 27), row_16k = arm64_of("arm64-16k", 14, 27),
               row_64k = arm64_of("arm64-64k", 16, 29);
// Up to 5.11 sections were of 1 GiB (arch/arm64/include/asm/sparsemem.h).
constexpr Arch row_1g = arm64_of("arm64-5.10", 12, 30);
static_assert(consistent(row) && consistent(row_16k) && consistent(row_64k) && consistent(row_1g));

constexpr KernelConfig debian_6_1_arm64{
    .flavour = "-arm64",
    .arch = "arm64",
    .era_major = 6,
    .era_minor = 1,
    .sizeof_page = 64,
    .sizeof_mem_section = 32,
    .sizeof_section_usage = 56,
    .sizeof_pgdat = 11392,
    .max_order = 10,
    .pageblock_order = 9,
    .max_numnodes = 16,
    .deferred_struct_pages = true,
    .thp = true,
    .numa = true,
    .cma = true,
    .cma_bytes = 64 * KiB * KiB,
    .memory_model = MemoryModel::vmemmap,
    .zone_device = false,
    .image_base = 0x40210000,
    .image_end = 0x42210000,
    .brk_size = 0,
    .text_kb = 13248,
    .rwdata_kb = 2806,
    .rodata_kb = 9504,
    .init_kb = 6464,
    .bss_kb = 627,
    .percpu_static = 87208,
    .percpu_reserved = 8 * KiB,
    .percpu_dynamic = 31576,
    .nr_cpus_max = 256,
    .log_buf_shift = 17,
    .log_cpu_max_buf_shift = 12,
    .sizeof_prb_desc = 24,
    .sizeof_printk_info = 88,
    .sizeof_pcpu_chunk = 136,
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
    .initmem = {0x41860000, 6464 * KiB},
    .text_gap = {},
    .rodata_gap = {},
    .map_caller = "memmap_alloc",
    .table_caller = "__earlyonly_bootmem_alloc",
    .source = "Debian 6.1.176-1 arm64: its config and BTF; image layout, request and freed sizes as "
              "its boots on QEMU's virt machine print them (6.1.0-50-arm64)",
};

// What differs in 5.10.
constexpr KernelConfig v5_10_of(KernelConfig c) {
  c.arch = "arm64-5.10";
  c.era_major = 5;
  c.era_minor = 10;
  c.sizeof_section_usage = 336;
  c.sizeof_pgdat = 9472;
  c.image_base = 0x40200000;
  c.image_end = 0x41cd0000;
  c.text_kb = 11712;
  c.rwdata_kb = 2440;
  c.rodata_kb = 7104;
  c.init_kb = 5440;
  c.bss_kb = 597;
  c.percpu_static = 95576;
  c.percpu_dynamic = 31400;
  c.initmem = {0x41480000, 5440 * KiB};
  c.map_caller = "sparse_init_nid";
  c.source = "Debian 5.10 arm64: its config and BTF; image layout, request and freed sizes as its boots on QEMU's "
             "virt machine print them (5.10.0-32-arm64)";
  return c;
}

// Built for addresses of 52 bits, from 6.12 on; QEMU's CPUs have fewer, and the direct map is placed for those.
constexpr KernelConfig v6_12_of(KernelConfig c) {
  c.debian = 13;
  c.era_major = 6;
  c.era_minor = 12;
  c.sizeof_pgdat = 14144;
  c.image_base = 0x40200000;
  c.image_end = 0x426f0000;
  c.text_kb = 15680;
  c.rwdata_kb = 3816;
  c.rodata_kb = 13980;
  c.init_kb = 3136;
  c.bss_kb = 938;
  c.percpu_static = 101528;
  c.percpu_dynamic = 29544;
  c.nr_cpus_max = 512;
  c.cpumask_offstack = true;
  c.initmem = {0x41f20000, 3136 * KiB};
  c.direct_map = {0xfff0000000000000, 0xffffc1ffc0000000, 47, 0x000f000000000000};
  c.zone_device = true;
  c.source = "Debian 6.12.107 arm64: its config and BTF; image layout, request and freed sizes as its boots on QEMU's "
             "virt machine print them (6.12.107+deb13-arm64)";
  return c;
}
// Pages of 16 KiB; on CPUs without 52-bit addresses these tables resolve 47 bits.
constexpr KernelConfig v6_12_16k_of(KernelConfig c) {
  c.flavour = "-arm64-16k";
  c.arch = "arm64-16k";
  c.sizeof_section_usage = 32;
  c.sizeof_pgdat = 14464;
  c.max_order = 11;
  c.pageblock_order = 11;
  c.image_end = 0x427a0000;
  c.text_kb = 15744;
  c.rwdata_kb = 3838;
  c.rodata_kb = 14096;
  c.init_kb = 3392;
  c.bss_kb = 1038;
  c.percpu_static = 200024;
  c.percpu_dynamic = 37544;
  c.initmem = {0x41f60000, 3392 * KiB};
  c.direct_map = {0xfff0000000000000, 0xfffff03fc0000000, 46, 0x000f800000000000};
  c.source = "Debian 6.12.107 arm64-16k: its config and BTF; image layout, request and freed sizes as its boots on "
             "QEMU's virt machine print them (6.12.107+deb13-arm64-16k)";
  return c;
}

constexpr KernelConfig v7_2_of(KernelConfig c) {
  c.debian = 14;
  c.era_major = 7;
  c.era_minor = 2;
  c.sizeof_section_usage = 88;
  c.sizeof_pgdat = 14336;
  c.image_end = 0x43100000;
  c.text_kb = 19136;
  c.rwdata_kb = 5282;
  c.rodata_kb = 18632;
  c.init_kb = 3904;
  c.bss_kb = 884;
  c.percpu_static = 109144;
  c.percpu_dynamic = 30120;
  c.initmem = {0x42710000, 3904 * KiB};
  c.table_caller = "memmap_alloc";
  c.source = "Debian 7.2.13 arm64: its config and BTF; image layout, request and freed sizes as its boots on QEMU's "
             "virt machine print them (7.2.13+deb14-arm64)";
  return c;
}
constexpr KernelConfig v7_2_16k_of(KernelConfig c) {
  c.debian = 14;
  c.era_major = 7;
  c.era_minor = 2;
  c.sizeof_pgdat = 14656;
  c.image_end = 0x431a0000;
  c.text_kb = 19136;
  c.rwdata_kb = 5298;
  c.rodata_kb = 18784;
  c.init_kb = 4160;
  c.bss_kb = 928;
  c.percpu_static = 109272;
  c.percpu_dynamic = 29992;
  c.initmem = {0x42740000, 4160 * KiB};
  c.table_caller = "memmap_alloc";
  c.source = "Debian 7.2.13 arm64-16k: its config and BTF; image layout, request and freed sizes as its boots on "
             "QEMU's virt machine print them (7.2.13+deb14-arm64-16k)";
  return c;
}

constexpr KernelConfig configs[] = {
    debian_6_1_arm64,
    v5_10_of(debian_6_1_arm64),
    v6_12_of(debian_6_1_arm64),
    v6_12_16k_of(v6_12_of(debian_6_1_arm64)),
    v7_2_of(v6_12_of(debian_6_1_arm64)),
    v7_2_16k_of(v6_12_16k_of(v6_12_of(debian_6_1_arm64))),
};

constexpr const Arch &arch_of(const KernelConfig &c) {
  return c.arch == row_16k.name ? row_16k : c.arch == row_1g.name ? row_1g : row;
}
static_assert(std::all_of(std::begin(configs), std::end(configs), [](const KernelConfig &c) {
  return consistent(c, arch_of(c)) && c.init_kb * KiB == c.initmem.size && c.initmem.base >= c.image_base &&
         c.initmem.base + c.initmem.size <= c.image_end;
}));

} // namespace

const Arch arm64 = row, arm64_16k = row_16k, arm64_64k = row_64k, arm64_5_10 = row_1g;
std::span<const KernelConfig> arm64_configs() { return configs; }

} // namespace mmscope::desc
