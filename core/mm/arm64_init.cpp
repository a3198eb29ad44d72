// What an arm64 kernel does with the memory of its device tree before it maps it (arch/arm64/mm/init.c, v6.1).
//
//   device tree   [=== RAM ===]    [===== RAM =====]
//   memstart_addr [ rounded down                      the direct map holds 2^47 bytes from here
//   mem=          [=== RAM ===]    [==]               what is above goes, but for the kernel itself
#include "mm/boot.hpp"
#include "mm/direct_map.hpp"

#include <algorithm>

namespace mmscope {

[[gnu::noinline]] void arm64_memblock_init(System &s, Trace *t) {
  Call call(t, "arm64_memblock_init", "setup_arch");
  const Arch &arch = *s.arch;
  struct memblock &mb = s.memblock;
  const auto cut_above = [&](u64 end) { mb.remove(t, phys_addr_t{end}, ~u64{0}); };
  cut_above(u64{1} << arch.max_physmem_bits);

  const KernelMap &map = s.config.direct_map;
  const u64 span = u64{1} << (map.bits != 0 ? map.bits : arch.linear_region_bits);
  u64 start = round_down(mb.start_of_dram().v, arch.memstart_align);
  cut_above(std::max(start + span, s.config.image_end));
  if (start + span < mb.end_of_dram().v) {
    start = round_up(mb.end_of_dram().v - span, arch.memstart_align);
    mb.remove(t, phys_addr_t{0}, start);
  }
  s.set(t, vm_field::memstart_addr, start - map.lowered);

  if (const u64 limit = round_down(s.params.mem_limit, arch.page_size()); limit != 0) {
    mb.mem_limit_remove_map(t, limit);
    mb.add(t, phys_addr_t{s.config.image_base}, s.config.image_end - s.config.image_base);
  }
  const u64 end = to_pfn_down(mb.end_of_dram(), arch.page_shift).v; // bootmem_init
  s.set(t, vm_field::max_pfn, end);
  s.set(t, vm_field::max_low_pfn, end);
}

[[gnu::noinline]] u64 direct_map_tables(const System &s) {
  const unsigned entries = s.arch->page_shift - 3;
  const unsigned bits = s.config.direct_map.bits != 0 ? s.config.direct_map.bits + 1 : 48;
  u64 tables = 0;
  // PTEs, PMDs, PUDs; the root is part of the kernel image.
  for (unsigned shift = s.arch->pmd_shift; shift < bits; shift += entries) {
    u64 next = 0; // the first table that does not exist yet
    for (const memblock_region &r : s.memblock.memory.regions) {
      if ((r.flags & MEMBLOCK_NOMAP) != 0 || r.size == 0) continue;
      const u64 base = direct_map_base(s);
      const u64 first = std::max(next, (base + r.base.v) >> shift), last = (base + r.end().v - 1) >> shift;
      if (last < first) continue;
      tables += last - first + 1;
      next = last + 1;
    }
  }
  return tables;
}

phys_addr_t max_zone_phys(const System &s, u64 limit) {
  const u64 four_gib = u64{1} << 32, start = s.memblock.start_of_dram().v;
  u64 end = limit;
  if (start >= four_gib)
    end = ~u64{0};
  else if (start >= limit)
    end = four_gib;
  return std::min(phys_addr_t{end}, s.memblock.end_of_dram());
}

phys_addr_t dma_phys_limit(const System &s) {
  for (const ZoneRow &z : s.arch->zones)
    if (z.kind == ZoneLimit::mask)
      return max_zone_phys(s, z.limit);
    else if (z.kind == ZoneLimit::address)
      return phys_addr_t{z.limit - 1}; // arm_dma_limit is an address that is reached
  return s.memblock.end_of_dram();
}

} // namespace mmscope
