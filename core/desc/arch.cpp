#include "desc/arch.hpp"

#include <algorithm>

namespace mmscope {

namespace {

// clang-format off
constexpr ZoneRow x86_64_zones[] = {
    {"DMA",     ZoneLimit::address, u64{16} << 20, 256},
    {"DMA32",   ZoneLimit::address, u64{4} << 30,  256},
    {"Normal",  ZoneLimit::end,     0,             32},
    {"Movable", ZoneLimit::movable, 0,             0},
    {"Device",  ZoneLimit::device,  0,             0},
};

constexpr Arch arches[] = {
    {
        .name = "x86_64",
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
        .vmalloc_top_tables = 64, // 32 TiB of vmalloc space, 512 GiB a table
        .zones = x86_64_zones,
        .source = "arch/x86/include/asm/{sparsemem,page_64_types,pgtable_64_types,dma,cache}.h, "
                  "arch/x86/mm/init.c zone_sizes_init, mm/page_alloc.c sysctl_lowmem_reserve_ratio "
                  "(v6.1, four-level page tables)",
    },
};
// clang-format on

constexpr bool consistent(const Arch &a) {
  if (a.page_shift >= a.section_size_bits || a.section_size_bits >= a.max_physmem_bits) return false;
  if (a.pmd_shift <= a.page_shift || a.pmd_shift > a.section_size_bits) return false;
  if ((a.cache_line & (a.cache_line - 1)) != 0 || (a.internode_align & (a.internode_align - 1)) != 0) return false;
  if (a.low_limit % a.page_size() != 0 || a.dma_reserve_end % a.page_size() != 0) return false;
  // Zones with an address come first and ascend; exactly one reaches the end of memory.
  u64 last = 0;
  unsigned ends = 0;
  for (const ZoneRow &z : a.zones) {
    if (z.kind == ZoneLimit::address) {
      if (ends != 0 || z.limit <= last || z.limit % a.page_size() != 0) return false;
      last = z.limit;
    }
    ends += z.kind == ZoneLimit::end;
  }
  return ends == 1;
}
static_assert(std::all_of(std::begin(arches), std::end(arches), consistent));

} // namespace

std::span<const Arch> all_arches() { return arches; }

const Arch *find_arch(std::string_view name) {
  for (const Arch &a : arches)
    if (a.name == name) return &a;
  return nullptr;
}

} // namespace mmscope
