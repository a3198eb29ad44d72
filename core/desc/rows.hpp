// rows: where the rows of each architecture are, and what every row must satisfy. One file an architecture
// (x86_64.cpp): the architecture itself and the builds of kernels for it. The lists that a new file is added to are at
// the end of this one, in arch.cpp and in config.cpp.
#pragma once
#include "desc/arch.hpp"
#include "desc/config.hpp"

#include <span>

namespace mmscope::desc {

constexpr bool consistent(const Arch &a) {
  if (a.page_shift >= a.section_size_bits || a.section_size_bits >= a.max_physmem_bits) return false;
  if (a.pmd_shift <= a.page_shift || a.pmd_shift > a.section_size_bits) return false;
  if ((a.cache_line & (a.cache_line - 1)) != 0 || (a.internode_align & (a.internode_align - 1)) != 0) return false;
  if (a.low_limit % a.page_size() != 0 || a.dma_reserve_end % a.page_size() != 0) return false;
  if ((a.word != 4 && a.word != 8) || a.phys_addr_size < a.word || (a.phys_addr_align & (a.phys_addr_align - 1)) != 0)
    return false;
  // Zones with an address come first and ascend, then low memory may end; exactly one zone reaches the end of memory.
  u64 last = 0;
  unsigned lows = 0, ends = 0, highs = 0;
  for (const ZoneRow &z : a.zones) {
    if (z.kind == ZoneLimit::address || z.kind == ZoneLimit::mask) {
      // What devices reach may be the same twice: one of the two zones is then empty.
      const bool ascends = z.limit > last || (z.kind == ZoneLimit::mask && z.limit == last);
      if (lows != 0 || ends != 0 || !ascends || z.limit % a.page_size() != 0) return false;
      last = z.limit;
    }
    if (z.kind == ZoneLimit::low && ends != 0) return false;
    lows += z.kind == ZoneLimit::low;
    ends += z.kind == ZoneLimit::end;
    highs += z.high;
    if (z.high && z.kind != ZoneLimit::end) return false;
  }
  const bool split = a.low_memory != LowMemory::all;
  return ends == 1 && lows <= 1 && highs == (split ? 1 : 0) && (a.highmem_free != HighmemFree::none) == split;
}

constexpr bool is_power(u64 x) { return x != 0 && (x & (x - 1)) == 0; }
constexpr bool consistent(const KernelConfig &c, const Arch &arch) {
  const u64 page = arch.page_size();
  return c.arch == arch.name && c.image_base < c.image_end && c.image_base % page == 0 && c.image_end % page == 0 &&
         c.brk_size % page == 0 && c.brk_pgt_bytes <= c.brk_size &&
         (c.memory_model == MemoryModel::flatmem || is_power(c.sizeof_mem_section)) && c.sizeof_page % 4 == 0 &&
         c.pageblock_order <= c.max_order && is_power(c.max_numnodes) &&
         (c.cache_line == 0 || is_power(c.cache_line)) &&
         // the first chunk fills whole pages
         (c.percpu_static + c.percpu_reserved + c.percpu_dynamic) % page == 0;
}

extern const Arch arm, arm_lpae;
std::span<const KernelConfig> arm_configs();
extern const Arch arm64, arm64_16k, arm64_64k, arm64_5_10;
std::span<const KernelConfig> arm64_configs();
extern const Arch i386, i386_pae;
std::span<const KernelConfig> i386_configs();
std::span<const KernelConfig> i386_old_configs(); // before memblock
extern const Arch riscv64;
std::span<const KernelConfig> riscv64_configs();
extern const Arch x86_64;
std::span<const KernelConfig> x86_64_pivot_configs(); // of the pivot era: the builds that the page begins with
std::span<const KernelConfig> x86_64_configs();

} // namespace mmscope::desc
