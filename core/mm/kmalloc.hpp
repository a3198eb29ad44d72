// kmalloc: which cache serves a request for bytes (kmalloc_slab, kmalloc_type, setup_kmalloc_cache_index_table,
// create_kmalloc_caches; mm/slab_common.c, include/linux/slab.h, v6.1).
//
//   bytes    1..8  9..16  17..32  33..64  65..96  97..128  129..192  193..256  …  4097..8192   more
//   index      3     4      5       6       1        7        2         8            13         whole pages
//   type     gfp: __GFP_DMA, else __GFP_RECLAIMABLE, else __GFP_ACCOUNT, else normal
//
//   KmallocTable t;
//   t.setup(rules);                        // a larger ARCH_KMALLOC_MINALIGN redirects small sizes
//   t.caches[type][*t.index(rules, 100)]   // index 7: kmalloc-128
#pragma once
#include "desc/gfp.hpp"
#include "mm/slub_layout.hpp"

#include <array>
#include <optional>
#include <string>

namespace mmscope {

enum class kmalloc_cache_type : u8 { NORMAL, CGROUP, RECLAIM, DMA };
inline constexpr unsigned nr_kmalloc_types = 4;
inline constexpr unsigned max_kmalloc_index = 17; // of 64 KiB pages: PAGE_SHIFT + 1

struct KmallocTable {
  std::array<u8, 24> size_index{}; // for up to 192 bytes, by (bytes - 1) / 8
  std::array<std::array<u32, max_kmalloc_index + 1>, nr_kmalloc_types> caches; // cache numbers, ~0: none

  KmallocTable();
  void setup(const SlubRules &rules); // setup_kmalloc_cache_index_table
  // nullopt: 0 bytes, or more than the largest cache holds.
  std::optional<u32> index(const SlubRules &rules, u64 size) const;
};
u64 kmalloc_max_cache_size(const SlubRules &rules); // two pages; above, whole pages are given out
u32 kmalloc_shift_low(const SlubRules &rules);      // the smallest index that is a power of two
u32 kmalloc_shift_high(const SlubRules &rules);
kmalloc_cache_type kmalloc_type(const SlubRules &rules, gfp_t gfp);
// The types in the order in which the boot makes their caches.
std::array<kmalloc_cache_type, nr_kmalloc_types> kmalloc_order(const SlubRules &rules);
bool kmalloc_type_exists(const SlubRules &rules, kmalloc_cache_type type);
u32 kmalloc_size(u32 index);                                  // 96 of index 1
std::string kmalloc_name(kmalloc_cache_type type, u32 index); // "kmalloc-cg-1k"

} // namespace mmscope
