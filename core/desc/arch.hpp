// Arch: what an architecture fixes about physical memory. Rows of data, each
// with its source; code asks the row, never for a name.
#pragma once
#include "base/types.hpp"

#include <array>
#include <span>
#include <string_view>

namespace mmscope {

// A zone type's upper border, in the order of enum zone_type (free_area_init's max_zone_pfn[]).
enum class ZoneLimit : u8 {
  address, // fixed physical address (`limit`), capped by the end of low memory
  mask,    // what devices reach (`limit`); RAM that begins above it widens it to 4 GiB or to all there is
  low,     // the end of low memory (max_low_pfn)
  end,     // the end of memory (max_pfn)
  movable, // ZONE_MOVABLE: carved out of another zone
  device,  // ZONE_DEVICE: empty at boot
};
struct ZoneRow {
  std::string_view name; // as in zone_names[]
  ZoneLimit kind;
  u64 limit;         // bytes, for ZoneLimit::address and mask
  u64 reserve_ratio; // sysctl_lowmem_reserve_ratio[] of this zone; 0 = none
  bool high = false; // ZONE_HIGHMEM: the kernel has no lasting address for its pages
};

// What ends low memory, the part of RAM that the kernel has mapped at all times (mm/lowmem.hpp).
enum class LowMemory : u8 {
  all,         // no end: addresses suffice for all of RAM
  x86_areas,   // below what 32-bit x86 keeps for vmalloc, kmap and its fixed mappings
  arm_vmalloc, // below vmalloc= (mm/arm_init.cpp)
};
// When the pages of ZONE_HIGHMEM go to the buddy allocator.
enum class HighmemFree : u8 {
  none,  // there is no such zone
  first, // before memblock_free_all
  after, // behind it
};

// What tells the kernel where RAM is. With it comes the list of boot phases (boot.hpp).
enum class Firmware : u8 {
  e820,        // the BIOS's map
  device_tree, // memory nodes of a flattened device tree
};

struct Arch {
  std::string_view name;
  unsigned word;            // sizeof(long), bytes
  unsigned phys_addr_size;  // sizeof(phys_addr_t), bytes
  unsigned phys_addr_align; // alignof it inside a structure
  unsigned page_shift;
  unsigned section_size_bits; // log2 of a section's bytes
  unsigned max_physmem_bits;  // section numbers span this many address bits
  u64 cache_line;             // SMP_CACHE_BYTES
  u64 internode_align;        // 1 << INTERNODE_CACHE_SHIFT, alignment of the section root table
  unsigned pmd_shift;         // log2 of what one PMD entry maps
  u64 low_limit;              // __pa(MAX_DMA_ADDRESS): mem_map and per-CPU chunks stay above it
  u64 dma_reserve_end;        // memblock_find_dma_reserve counts below this; 0 = arch has none
  u64 vmemmap_base;           // virtual address of vmemmap without KASLR
  u64 direct_map_base;        // virtual address of physical 0 without KASLR (PAGE_OFFSET)
  LowMemory low_memory;
  HighmemFree highmem_free;
  u64 vmalloc_top_tables; // pages that mem_init allocates after the handoff (preallocate_vmalloc_pages)
  Firmware firmware = Firmware::e820;
  u64 memstart_align = 0;           // the direct map begins at RAM's start rounded down to this; 0 = at address 0
  unsigned linear_region_bits = 0;  // log2 of what the direct map can hold; 0 = everything that can be addressed
  bool keep_memblock = false;       // ARCH_KEEP_MEMBLOCK: its arrays stay when the boot is over
  bool vmemmap_pmd = true;          // vmemmap is mapped by PMD entries, else page by page
  u64 memory_regions = 128;         // INIT_MEMBLOCK_MEMORY_REGIONS
  bool region_for_each_cpu = false; // INIT_MEMBLOCK_RESERVED_REGIONS counts NR_CPUS + 1 besides its 128
  std::span<const ZoneRow> zones;
  std::string_view source;
  constexpr u64 page_size() const { return u64{1} << page_shift; }
  constexpr u64 section_bytes() const { return u64{1} << section_size_bits; }
  constexpr u64 pages_per_section() const { return u64{1} << (section_size_bits - page_shift); }
  constexpr u64 physical_bytes() const { return u64{1} << max_physmem_bits; } // the end of what can be addressed
};

const Arch *find_arch(std::string_view name); // null when unknown
std::span<const Arch *const> all_arches();

} // namespace mmscope
