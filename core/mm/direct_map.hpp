// direct_map: kernel addresses of physical memory, on architectures whose RAM need not begin at 0.
//
//   physical   0 ······ memstart_addr [====== RAM ======]
//   virtual             PAGE_OFFSET   [================]      VMEMMAP_START [struct pages of it]
//
// The row names the addresses that memstart_addr has; these functions give those of physical address 0 and of page
// frame 0, which is what __va() and pfn_to_page() add to. memstart_addr is 0 where the direct map begins there.
#pragma once
#include "mm/system.hpp"

namespace mmscope {

// Virtual address of physical 0; may wrap around, as the kernel's own does. Bytes.
inline u64 direct_map_base(const System &s) {
  const u64 base = s.config.direct_map.base != 0 ? s.config.direct_map.base : s.arch->direct_map_base;
  return base - s.get(vm_field::memstart_addr);
}
// Virtual address of the struct page of frame 0: vmemmap.
inline u64 vmemmap_base(const System &s) {
  const u64 base = s.config.direct_map.vmemmap != 0 ? s.config.direct_map.vmemmap : s.arch->vmemmap_base;
  // memstart_addr is a signed number: on some CPUs it is below 0.
  const i64 first = static_cast<i64>(s.get(vm_field::memstart_addr)) >> s.arch->page_shift;
  return base - static_cast<u64>(first) * s.config.sizeof_page;
}
// __pa(MAX_DMA_ADDRESS): mem_map and per-CPU chunks are asked for above it.
inline phys_addr_t low_limit(const System &s) {
  return phys_addr_t{s.arch->low_limit + s.get(vm_field::memstart_addr)};
}

} // namespace mmscope
