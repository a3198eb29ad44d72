// Small x86 machines for unit tests: a firmware map, the kernel's image, and the boot up to where a test begins.
#pragma once
#include "base/check.hpp"
#include "mm/boot.hpp"
#include "mm/lowmem.hpp"

#include <string>
#include <vector>

namespace mmscope::test {

inline constexpr u64 KiB = 1024, MiB = 1024 * KiB, GiB = 1024 * MiB;

struct Ram {
  u64 base, size;
};

// A machine with the given RAM (bytes), as firmware reports it, with the command line given, and a kernel of Debian's.
inline System machine(const std::vector<Ram> &ram, const std::string &command_line = {},
                      std::string_view release = "6.1.0-50-amd64") {
  const KernelConfig *config = find_config(release);
  MM_CHECK(config != nullptr);
  System s =
      make_system({find_arch(config->arch), era_of_version(config->era_major, config->era_minor, config->era_patch),
                   *config, command_line});
  for (const Ram &r : ram) s.e820.add(nullptr, phys_addr_t{r.base}, r.size, E820_TYPE_RAM);
  return s;
}

// Boots it to where memblock is complete: kernel image and first MiB reserved.
inline void to_memblock(System &s, Trace *t = nullptr) {
  e820_finish(s, t);
  s.memblock.reserve(t, phys_addr_t{s.config.image_base}, s.config.image_end - s.config.image_base);
  e820__memblock_setup(s, t);
  s.memblock.reserve(t, phys_addr_t{0}, MiB);
  s.memblock.set(t, memblock_setting::current_limit, max_mapped(s));
}
inline void to_zones(System &s, Trace *t = nullptr) {
  to_memblock(s, t);
  if (s.numa.cpus.empty()) s.set_node_cpus(t, 0, 1);
  s.config.numa ? numa_init(s, t) : initmem_init(s, t);
  memblock_find_dma_reserve(s, t);
  if (s.config.memory_model != MemoryModel::flatmem) sparse_init(s, t);
  free_area_init(s, t);
  build_all_zonelists(s, t);
}
inline void to_end(System &s, Trace *t = nullptr) {
  to_zones(s, t);
  if (s.arch->highmem_free == HighmemFree::first) set_highmem_pages_init(s, t);
  memblock_free_all(s, t);
  mem_init(s, t);
  page_alloc_init_late(s, t);
  init_per_zone_wmark_min(s, t);
  hugepage_init(s, t);
}

// The usual PC: low RAM below 640 KiB, the rest from 1 MiB, what does not fit below 3 GiB from 4 GiB on.
inline std::vector<Ram> pc(u64 bytes) {
  const u64 low = bytes < 3 * GiB ? bytes : 3 * GiB;
  std::vector<Ram> ram{{0, 639 * KiB}, {MiB, low - MiB}};
  if (bytes > low) ram.push_back({4 * GiB, bytes - low});
  return ram;
}

inline bool printed(const System &s, std::string_view line) {
  for (const std::string &l : s.lines)
    if (l == line) return true;
  return false;
}

} // namespace mmscope::test
