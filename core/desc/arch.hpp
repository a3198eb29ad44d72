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
  low,     // the end of low memory (max_low_pfn)
  end,     // the end of memory (max_pfn)
  movable, // ZONE_MOVABLE: carved out of another zone
  device,  // ZONE_DEVICE: empty at boot
};
struct ZoneRow {
  std::string_view name; // as in zone_names[]
  ZoneLimit kind;
  u64 limit;         // bytes, for ZoneLimit::address
  u64 reserve_ratio; // sysctl_lowmem_reserve_ratio[] of this zone; 0 = none
  bool high = false; // ZONE_HIGHMEM: the kernel has no lasting address for its pages
};

// What ends low memory, the part of RAM that the kernel has mapped at all times (mm/lowmem.hpp).
enum class LowMemory : u8 {
  all,       // no end: addresses suffice for all of RAM
  x86_areas, // below what 32-bit x86 keeps for vmalloc, kmap and its fixed mappings
};
// When the pages of ZONE_HIGHMEM go to the buddy allocator.
enum class HighmemFree : u8 {
  none,  // there is no such zone
  first, // before memblock_free_all
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
