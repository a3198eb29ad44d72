#include "desc/rows.hpp"

#include <algorithm>

namespace mmscope::desc {

namespace {

// clang-format off
constexpr ZoneRow x86_64_zones[] = {
    {"DMA",     ZoneLimit::address, u64{16} << 20, 256},
    {"DMA32",   ZoneLimit::address, u64{4} << 30,  256},
    {"Normal",  ZoneLimit::end,     0,             32},
    {"Movable", ZoneLimit::movable, 0,             0},
    {"Device",  ZoneLimit::device,  0,             0},
};

constexpr Arch row = {
    .name = "x86_64",
    .word = 8,
    .phys_addr_size = 8,
    .phys_addr_align = 8,
    .page_shift = 12,
    .section_size_bits = 27,
    .max_physmem_bits = 46,
    .cache_line = 64,
    .internode_align = 64,
    .pmd_shift = 21,
    .low_limit = u64{16} << 20,
    .dma_reserve_end = u64{16} << 20,
    .vmemmap_base = 0xffffea0000000000,
    .direct_map_base = 0xffff888000000000,
    .low_memory = LowMemory::all,
    .highmem_free = HighmemFree::none,
    .vmalloc_top_tables = 64, // 32 TiB of vmalloc space, 512 GiB a table
    .zones = x86_64_zones,
    .source = "arch/x86/include/asm/{sparsemem,page_64_types,pgtable_64_types,dma,cache}.h, "
              "arch/x86/mm/init.c zone_sizes_init, mm/page_alloc.c sysctl_lowmem_reserve_ratio "
              "(v6.1, four-level page tables)",
};
// clang-format on
static_assert(consistent(row));

constexpr u64 KiB = 1024;

constexpr KernelConfig debian_6_1_amd64{
    .flavour = "-amd64",
    .arch = "x86_64",
    .era_major = 6,
    .era_minor = 1,
    .sizeof_page = 64,
    .sizeof_mem_section = 32,
    .sizeof_section_usage = 56,
    .sizeof_pgdat = 174208,
    .max_order = 10,
    .pageblock_order = 9,
    .max_numnodes = 1024,
    .deferred_struct_pages = true,
    .thp = true,
    .numa = true,
    .memory_model = MemoryModel::vmemmap,
    .image_base = 0x1000000,
    .image_end = 0x4400000,
    .brk_size = 0x11000,
    .text_kb = 14343,
    .rwdata_kb = 2338,
    .rodata_kb = 9116,
    .init_kb = 2820,
    .bss_kb = 17356,
    .percpu_static = 217088,
    .percpu_reserved = 8 * KiB,
    .percpu_dynamic = 28 * KiB,
    .nr_cpus_max = 8192,
    .cpumask_offstack = true,
    .log_buf_shift = 17,
    .log_cpu_max_buf_shift = 12,
    .sizeof_prb_desc = 24,
    .sizeof_printk_info = 88,
    .sizeof_pcpu_chunk = 136,
    .sizeof_io_tlb_slot = 24,
    .sizeof_io_tlb_area = 16,
    .sizeof_resource = 64,
    .sizeof_firmware_map_entry = 104,
    .sizeof_nosave_region = 32,
    .trampoline_bytes = 28 * KiB,
    .brk_pgt_bytes = 16 * 4096, // five levels (INIT_PGD_PAGE_TABLES 4) and KASLR of memory
    .numa_emulation = true,
    .debug_memory_init = true,
    .smp_locks = {0x3303000, 36 * KiB},
    .decrypted_unused = {0x4203000, 2036 * KiB},
    .initmem = {0x3042000, 2820 * KiB},
    .text_gap = {0x1e02000, 2040 * KiB},
    .rodata_gap = {0x28e7000, 1124 * KiB},
    .source = "Debian 6.1.176-1 amd64: its config and BTF; image layout, request and freed sizes as "
              "its boots print them (6.1.0-50-amd64)",
};

// The cloud build differs from amd64 in what it leaves out.
constexpr KernelConfig cloud_of(KernelConfig c) {
  c.flavour = "-cloud-amd64";
  c.sizeof_mem_section = 16; // no PAGE_EXTENSION
  c.image_end = 0x3800000;
  c.text_kb = 14343;
  c.rwdata_kb = 2327;
  c.rodata_kb = 8332;
  c.init_kb = 2600;
  c.bss_kb = 5456;
  c.percpu_static = 212992;
  c.numa_emulation = false;
  c.debug_memory_init = false;
  c.smp_locks = {0x32a2000, 36 * KiB};
  c.decrypted_unused = {0x3603000, 2036 * KiB};
  c.initmem = {0x3018000, 2600 * KiB};
  c.text_gap = {0x1e02000, 2040 * KiB};
  c.rodata_gap = {0x2823000, 1908 * KiB};
  c.source = "Debian 6.1.176-1 cloud-amd64: its config; image layout, request and freed sizes as "
             "its boots print them (6.1.0-50-cloud-amd64); structure sizes not seen in a log as amd64";
  return c;
}

constexpr KernelConfig debian_5_10_amd64 = [] {
  KernelConfig c = debian_6_1_amd64;
  c.era_major = 5;
  c.era_minor = 10;
  c.sizeof_pgdat = 171968;
  c.image_end = 0x4000000;
  c.brk_size = 0xd000;
  c.text_kb = 12295;
  c.rwdata_kb = 2538;
  c.rodata_kb = 7632;
  c.init_kb = 2676;
  c.bss_kb = 17700;
  c.percpu_static = 221184;
  c.sizeof_io_tlb_list = 4;
  c.sizeof_io_tlb_slot = 8;
  c.sizeof_io_tlb_area = 0;
  c.pcpu_chunk_types = 2;
  c.pcpu_extra_slots = 2;
  c.trampoline_bytes = 24 * KiB;
  c.brk_pgt_bytes = 12 * 4096; // four levels (no X86_5LEVEL) and KASLR of memory
  c.smp_locks = {0x2eae000, 32 * KiB};
  c.decrypted_unused = {0x3e03000, 2036 * KiB};
  c.initmem = {0x2c11000, 2676 * KiB};
  c.text_gap = {0x1c02000, 2040 * KiB};
  c.rodata_gap = {0x2574000, 560 * KiB};
  c.source = "Debian 5.10.223-1 amd64: its config and BTF; image layout (/proc/iomem, /proc/kpageflags), request and "
             "freed sizes as its boots print them (5.10.0-32-amd64)";
  return c;
}();

constexpr KernelConfig debian_6_12_amd64 = [] {
  KernelConfig c = debian_6_1_amd64;
  c.era_major = 6;
  c.era_minor = 12;
  c.debian = 13;
  c.sizeof_pgdat = 174464;
  c.sizeof_pcpu_chunk = 192;
  c.boot_cpumasks = 1;
  c.image_end = 0x3c00000;
  c.text_kb = 16384;
  c.rwdata_kb = 2499;
  c.rodata_kb = 11828;
  c.init_kb = 4172;
  c.bss_kb = 4896;
  c.percpu_static = 233472;
  c.smp_locks = {0x372d000, 40 * KiB};
  c.decrypted_unused = {0x3a05000, 2028 * KiB};
  c.initmem = {0x331a000, 4172 * KiB};
  c.text_gap = {}; // the text ends where read-only data begins
  c.rodata_gap = {0x2b8d000, 460 * KiB};
  c.source = "Debian 6.12.107-1 amd64: its config and BTF; image layout (/proc/iomem, /proc/kpageflags), request and "
             "freed sizes as its boots print them (6.12.107+deb13-amd64)";
  return c;
}();

constexpr KernelConfig debian_7_2_amd64 = [] {
  KernelConfig c = debian_6_12_amd64;
  c.era_major = 7;
  c.era_minor = 2;
  c.debian = 14;
  c.cma = true;
  c.map_caller = "vmemmap_populate_hugepages";
  c.sizeof_pgdat = 176256;
  c.sizeof_section_usage = 88; // eight bits a pageblock
  c.sizeof_printk_info = 112;
  c.sizeof_pcpu_chunk = 128;
  c.image_end = 0x4200000;
  c.text_kb = 19242;
  c.rwdata_kb = 3438;
  c.rodata_kb = 13708;
  c.init_kb = 4648;
  c.bss_kb = 3776;
  c.percpu_static = 221184;
  c.smp_locks = {0x3e43000, 48 * KiB};
  c.decrypted_unused = {0x4005000, 2028 * KiB};
  c.initmem = {0x39b9000, 4648 * KiB};
  c.text_gap = {0x22cb000, 1236 * KiB};
  c.rodata_gap = {0x3163000, 628 * KiB};
  c.source = "Debian 7.2.13-1 amd64: its config and BTF; image layout (/proc/iomem, /proc/kpageflags), request and "
             "freed sizes as its boots print them (7.2.13+deb14-amd64)";
  return c;
}();

constexpr KernelConfig debian_7_2_cloud = [] {
  KernelConfig c = debian_7_2_amd64;
  c.flavour = "-cloud-amd64";
  c.sizeof_mem_section = 16; // no PAGE_EXTENSION
  c.text_kb = 18802;
  c.rwdata_kb = 3446;
  c.rodata_kb = 12752;
  c.init_kb = 4392;
  c.bss_kb = 4192;
  c.percpu_static = 217088;
  c.numa_emulation = false;
  c.debug_memory_init = false;
  c.smp_locks = {0x3ddb000, 48 * KiB};
  c.initmem = {0x3991000, 4392 * KiB};
  c.text_gap = {0x225d000, 1676 * KiB};
  c.rodata_gap = {0x3074000, 1584 * KiB};
  c.source = "Debian 7.2.13-1 cloud-amd64: its config; image layout (/proc/iomem, /proc/kpageflags), request and freed "
             "sizes as its boots print them; structure sizes not seen in a log as amd64 (7.2.13+deb14-cloud-amd64)";
  return c;
}();

constexpr KernelConfig pivot_configs[] = {debian_6_1_amd64, cloud_of(debian_6_1_amd64)};
constexpr KernelConfig configs[] = {debian_5_10_amd64, debian_6_12_amd64, debian_7_2_amd64, debian_7_2_cloud};

constexpr bool inside(const KernelConfig &c, const ImagePart &p) {
  if (p.size == 0) return true;
  return p.base % row.page_size() == 0 && p.size % row.page_size() == 0 && p.base >= c.image_base &&
         p.base + p.size <= c.image_end;
}
constexpr bool image_in_order(const KernelConfig &c) {
  return c.init_kb * KiB == c.initmem.size && inside(c, c.smp_locks) && inside(c, c.decrypted_unused) &&
         inside(c, c.initmem) && inside(c, c.text_gap) && inside(c, c.rodata_gap) &&
         c.initmem.base + c.initmem.size == c.smp_locks.base;
}
constexpr auto fine = [](const KernelConfig &c) { return consistent(c, row) && image_in_order(c); };
static_assert(std::all_of(std::begin(pivot_configs), std::end(pivot_configs), fine));
static_assert(std::all_of(std::begin(configs), std::end(configs), fine));

} // namespace

const Arch x86_64 = row;
std::span<const KernelConfig> x86_64_pivot_configs() { return pivot_configs; }
std::span<const KernelConfig> x86_64_configs() { return configs; }

} // namespace mmscope::desc
