// A whole boot log in 100 lines: 128 MiB, two CPUs, one node. Made by hand for tests (the requests are few), with
// the results that the lab computes: what the kernel computes is for tests/fidelity to say.
#pragma once
#include "base/types.hpp"

#include <string_view>

namespace mmscope::test {

// Offset of a 1-based line.
inline std::size_t line_start(std::string_view text, u32 line) {
  std::size_t at = 0;
  while (--line != 0) at = text.find('\n', at) + 1;
  return at;
}

inline constexpr std::string_view small_log =
    R"(Linux version 6.1.0-50-amd64 (kernel@example.org) #1 SMP PREEMPT_DYNAMIC
Command line: memblock=debug sysctl.vm.min_free_kbytes=4096
BIOS-provided physical RAM map:
BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable
BIOS-e820: [mem 0x000000000009fc00-0x000000000009ffff] reserved
BIOS-e820: [mem 0x0000000000100000-0x0000000007fdffff] usable
e820: update [mem 0x00000000-0x00000fff] usable ==> reserved
last_pfn = 0x7fe0 max_arch_pfn = 0x400000000
memblock_reserve: [0x0000000004400000-0x0000000004410fff] setup_arch+0x797/0xd4f
memblock_add: [0x0000000000001000-0x000000000009fbff] e820__memblock_setup+0x65/0x7d
memblock_add: [0x0000000000100000-0x0000000007fdffff] e820__memblock_setup+0x65/0x7d
MEMBLOCK configuration:
 memory size = 0x0000000007f7ec00 reserved size = 0x000000000357e000
 memory.cnt  = 0x2
 memory[0x0]	[0x0000000000001000-0x000000000009efff], 0x000000000009e000 bytes flags: 0x0
 memory[0x1]	[0x0000000000100000-0x0000000007fdffff], 0x0000000007ee0000 bytes flags: 0x0
 reserved.cnt  = 0x4
 reserved[0x0]	[0x0000000000000000-0x000000000000ffff], 0x0000000000010000 bytes flags: 0x0
 reserved[0x1]	[0x000000000009f000-0x00000000000fffff], 0x0000000000061000 bytes flags: 0x0
 reserved[0x2]	[0x0000000001000000-0x0000000004410fff], 0x0000000003411000 bytes flags: 0x0
 reserved[0x3]	[0x0000000007ee4000-0x0000000007fdffff], 0x00000000000fc000 bytes flags: 0x0
memblock_phys_alloc_range: 28672 bytes align=0x1000 from=0x0000000000000000 max_addr=0x0000000000100000 reserve_real_mode+0x50/0x89
memblock_reserve: [0x0000000000098000-0x000000000009efff] memblock_alloc_range_nid+0xb0/0x13d
memblock_reserve: [0x0000000000000000-0x00000000000fffff] setup_arch+0x7e0/0xd4f
memblock_phys_alloc_range: 2097152 bytes align=0x200000 from=0x0000000000100000 max_addr=0x0000000007fe0000 init_mem_mapping+0x1ee/0x31f
memblock_reserve: [0x0000000007c00000-0x0000000007dfffff] memblock_alloc_range_nid+0xb0/0x13d
memblock_phys_free: [0x0000000007c00000-0x0000000007dfffff] init_mem_mapping+0x22e/0x31f
memblock_alloc_try_nid: 1048576 bytes align=0x8 nid=-1 from=0x0000000000000000 max_addr=0x0000000000000000 setup_log_buf+0x112/0x337
memblock_reserve: [0x0000000007de4000-0x0000000007ee3fff] memblock_alloc_range_nid+0xb0/0x13d
RAMDISK: [mem 0x07ee4000-0x07fdffff]
ACPI: Reserving FACP table memory at [mem 0x7fe1931-0x7fe19a4]
memblock_reserve: [0x0000000007fe1931-0x0000000007fe19a4] acpi_reserve_initial_tables+0x51/0x61
No NUMA configuration found
Faking a node at [mem 0x0000000000000000-0x0000000007fdffff]
memblock_reserve: [0x0000000007db9000-0x0000000007de3fff] memblock_alloc_range_nid+0xb0/0x13d
NODE_DATA(0) allocated [mem 0x07db9000-0x07de3fff]
MEMBLOCK configuration:
 memory size = 0x0000000007f7ec00 reserved size = 0x0000000003738074
 memory.cnt  = 0x2
 memory[0x0]	[0x0000000000001000-0x000000000009efff], 0x000000000009e000 bytes on node 0 flags: 0x0
 memory[0x1]	[0x0000000000100000-0x0000000007fdffff], 0x0000000007ee0000 bytes on node 0 flags: 0x0
 reserved.cnt  = 0x5
 reserved[0x0]	[0x0000000000000000-0x00000000000fffff], 0x0000000000100000 bytes on node 0 flags: 0x0
 reserved[0x1]	[0x0000000001000000-0x0000000004410fff], 0x0000000003411000 bytes on node 0 flags: 0x0
 reserved[0x2]	[0x0000000007db9000-0x0000000007de3fff], 0x000000000002b000 bytes flags: 0x0
 reserved[0x3]	[0x0000000007de4000-0x0000000007fdffff], 0x00000000001fc000 bytes on node 0 flags: 0x0
 reserved[0x4]	[0x0000000007fe1931-0x0000000007fe19a4], 0x0000000000000074 bytes flags: 0x0
memblock_alloc_try_nid: 32768 bytes align=0x40 nid=-1 from=0x0000000000000000 max_addr=0x0000000000000000 sparse_init+0x9f/0x23c
memblock_reserve: [0x0000000007db1000-0x0000000007db8fff] memblock_alloc_range_nid+0xb0/0x13d
memblock_alloc_try_nid: 4096 bytes align=0x40 nid=0 from=0x0000000000000000 max_addr=0x0000000000000000 sparse_index_alloc+0x40/0x65
memblock_reserve: [0x0000000007db0000-0x0000000007db0fff] memblock_alloc_range_nid+0xb0/0x13d
memblock_alloc_try_nid: 56 bytes align=0x40 nid=0 from=0x0000000000000000 max_addr=0x0000000008000000 sparse_init_nid+0x8d/0x34d
memblock_reserve: [0x0000000007daffc0-0x0000000007dafff7] memblock_alloc_range_nid+0xb0/0x13d
memblock_alloc_exact_nid_raw: 2097152 bytes align=0x200000 nid=0 from=0x0000000001000000 max_addr=0x0000000000000000 sparse_init_nid+0x11f/0x34d
memblock_reserve: [0x0000000007a00000-0x0000000007bfffff] memblock_alloc_range_nid+0xb0/0x13d
memblock_alloc_try_nid_raw: 4096 bytes align=0x1000 nid=0 from=0x0000000001000000 max_addr=0x0000000000000000 vmemmap_alloc_block_zero.constprop.0+0xc/0x28
memblock_reserve: [0x0000000007dae000-0x0000000007daefff] memblock_alloc_range_nid+0xb0/0x13d
memblock_alloc_try_nid_raw: 4096 bytes align=0x1000 nid=0 from=0x0000000001000000 max_addr=0x0000000000000000 vmemmap_alloc_block_zero.constprop.0+0xc/0x28
memblock_reserve: [0x0000000007dad000-0x0000000007dadfff] memblock_alloc_range_nid+0xb0/0x13d
Zone ranges:
  DMA      [mem 0x0000000000001000-0x0000000000ffffff]
  DMA32    [mem 0x0000000001000000-0x0000000007fdffff]
  Normal   empty
  Device   empty
Movable zone start for each node
Early memory node ranges
  node   0: [mem 0x0000000000001000-0x000000000009efff]
  node   0: [mem 0x0000000000100000-0x0000000007fdffff]
Initmem setup node 0 [mem 0x0000000000001000-0x0000000007fdffff]
On node 0, zone DMA: 1 pages in unavailable ranges
On node 0, zone DMA: 97 pages in unavailable ranges
On node 0, zone DMA32: 32 pages in unavailable ranges
smpboot: Allowing 2 CPUs, 0 hotplug CPUs
memblock_alloc_try_nid: 4096 bytes align=0x1000 nid=-1 from=0x0000000000000000 max_addr=0x0000000000000000 pcpu_build_alloc_info+0x346/0x488
memblock_reserve: [0x0000000007dac000-0x0000000007dacfff] memblock_alloc_range_nid+0xb0/0x13d
memblock_alloc_try_nid: 4096 bytes align=0x40 nid=-1 from=0x0000000000000000 max_addr=0x0000000000000000 pcpu_embed_first_chunk+0x69/0x70f
memblock_reserve: [0x0000000007dab000-0x0000000007dabfff] memblock_alloc_range_nid+0xb0/0x13d
memblock_alloc_try_nid: 2097152 bytes align=0x200000 nid=0 from=0x0000000001000000 max_addr=0x0000000000000000 pcpu_fc_alloc+0xf2/0x148
memblock_reserve: [0x0000000007800000-0x00000000079fffff] memblock_alloc_range_nid+0xb0/0x13d
memblock_phys_free: [0x000000000783e000-0x00000000078fffff] pcpu_embed_first_chunk+0x216/0x70f
memblock_phys_free: [0x000000000793e000-0x00000000079fffff] pcpu_embed_first_chunk+0x216/0x70f
percpu: Embedded 62 pages/cpu s217088 r8192 d28672 u1048576
pcpu-alloc: s217088 r8192 d28672 u1048576 alloc=1*2097152
pcpu-alloc: [0] 0 1
memblock_phys_free: [0x0000000007dac000-0x0000000007dacfff] pcpu_embed_first_chunk+0x285/0x70f
memblock_phys_free: [0x0000000007dab000-0x0000000007dabfff] pcpu_embed_first_chunk+0x2cf/0x70f
Fallback order for Node 0: 0
Built 1 zonelists, mobility grouping on.  Total pages: 31968
Policy zone: DMA32
Memory: 71552K/130552K available (14343K kernel code, 2338K rwdata, 9116K rodata, 2820K init, 17356K bss, 58744K reserved, 0K cma-reserved)
Freeing SMP alternatives memory: 36K
smp: Brought up 1 node, 2 CPUs
node 0 deferred pages initialised in 4ms
devtmpfs: initialized
HugeTLB: registered 2.00 MiB page size, pre-allocated 0 pages
Freeing initrd memory: 1008K
Freeing unused kernel image (initmem) memory: 2820K
Run /init as init process
)";

} // namespace mmscope::test
