// slub_layout: how SLUB lays out a cache: the place of everything in one object's slot, and how many slots make a
// slab (calculate_sizes, calculate_order, calculate_alignment, set_cpu_partial; mm/slub.c, mm/slab_common.c, v6.1).
//
//   one slot, `size` bytes; an object's address is where `object_size` begins
//
//   |red_left_pad| object_size ....... |to inuse|free pointer|track track|orig| padding |
//   |  0xbb/0xcc | 0x6b … 0x6b 0xa5    |0xbb/cc |if outside  |store_user |size|  0x5a   |
//   '-- red zone '-- the user's bytes  '-- red zone                             debugging only
//
//   Without debugging a slot is the object, rounded up, and a free one keeps the free pointer in its middle.
//   A slab is 2^order pages cut into slots from the start; what is left over at the end is wasted.
//
//   SlubRules rules;                                           // of the build, the machine and its command line
//   auto l = make_layout(rules, {.object_size = 192, .align = 8}, slab_flag::HWCACHE_ALIGN);
//   l->order, l->objects, l->size                              // nullopt: no order holds such an object
//
// Everything here is pure; all sizes are bytes.
#pragma once
#include "base/types.hpp"
#include "desc/era.hpp"
#include "desc/gfp.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace mmscope {

using slab_flags_t = u32;

// As 6.1 numbers them (include/linux/slab.h). OBJECT_POISON is SLUB's own.
namespace slab_flag {
inline constexpr slab_flags_t CONSISTENCY_CHECKS = 0x100, RED_ZONE = 0x400, POISON = 0x800, KMALLOC = 0x1000,
                              HWCACHE_ALIGN = 0x2000, CACHE_DMA = 0x4000, CACHE_DMA32 = 0x8000, STORE_USER = 0x10000,
                              RECLAIM_ACCOUNT = 0x20000, PANIC = 0x40000, TYPESAFE_BY_RCU = 0x80000,
                              MEM_SPREAD = 0x100000, TRACE = 0x200000, NOLEAKTRACE = 0x800000, ACCOUNT = 0x4000000,
                              NO_USER_FLAGS = 0x10000000, OBJECT_POISON = 0x80000000;
inline constexpr slab_flags_t DEBUG_FLAGS = RED_ZONE | POISON | STORE_USER | TRACE | CONSISTENCY_CHECKS;
inline constexpr slab_flags_t DEBUG_DEFAULT = CONSISTENCY_CHECKS | RED_ZONE | POISON | STORE_USER; // slub_debug alone
inline constexpr slab_flags_t DEBUG_METADATA = RED_ZONE | POISON | STORE_USER; // what makes slots larger
inline constexpr slab_flags_t NEVER_MERGE = RED_ZONE | POISON | STORE_USER | TRACE | TYPESAFE_BY_RCU | NOLEAKTRACE;
inline constexpr slab_flags_t MERGE_SAME = RECLAIM_ACCOUNT | CACHE_DMA | CACHE_DMA32 | ACCOUNT;
// What kmem_cache_create accepts.
inline constexpr slab_flags_t PERMITTED = HWCACHE_ALIGN | CACHE_DMA | CACHE_DMA32 | PANIC | TYPESAFE_BY_RCU |
                                          DEBUG_FLAGS | MEM_SPREAD | NOLEAKTRACE | RECLAIM_ACCOUNT | ACCOUNT |
                                          NO_USER_FLAGS;
} // namespace slab_flag
std::string slab_flags_text(slab_flags_t flags);                     // "SLAB_HWCACHE_ALIGN|SLAB_PANIC"; "0" for none
std::optional<slab_flags_t> parse_slab_flags(std::string_view text); // the same, a number, or "0"

// What the build, the machine and the command line fix for all caches.
struct SlubRules {
  // architecture
  unsigned page_shift = 12;
  u32 word = 8; // sizeof(void *)
  u32 cache_line = 64;
  u32 kmalloc_min_align = 8; // ARCH_KMALLOC_MINALIGN, a power of two up to 256
  u32 slab_min_align = 8;    // arch_slab_minalign()
  u32 max_order = 10;        // the page allocator's largest order
  u64 direct_map_base = 0;   // what an object's virtual address is its physical one plus
  // build
  u32 sizeof_track = 32;      // struct track
  u32 kmem_cache_base = 216;  // offsetof(struct kmem_cache, node)
  u32 sizeof_cache_node = 64; // struct kmem_cache_node
  // era
  SlabOrder order_search = SlabOrder::fewer_objects;
  KmallocCaches kmalloc_caches = KmallocCaches::cgroup;
  std::array<u32, 4> cpu_partial_objects{6, 24, 52, 120}; // of a page or more, 1 KiB, 256 bytes, less
  bool kmalloc_size_word = false; // the size asked of kmalloc is kept in a word, the free pointer behind the object
  bool freelist_hardened = true, freelist_random = true, cpu_partial = true, memcg_kmem = true, zone_dma = true;
  // command line
  u32 slub_min_order = 0, slub_max_order = 3, slub_min_objects = 0; // min_objects 0: by the number of CPUs
  bool nomerge = false;
  bool no_higher_order_debug = false; // slub_debug=O
  slab_flags_t debug = 0;             // of every cache
  std::string debug_blocks;           // slub_debug's text when it names caches
  // machine
  u32 nr_cpu_ids = 1, present_cpus = 1, nr_node_ids = 1; // all at least 1
  u64 seed = 0;                                          // of every random number that SLUB draws

  constexpr u64 page_size() const { return u64{1} << page_shift; }
};
// Reads slub_debug, slub_min_order, slub_max_order, slub_min_objects, slab_nomerge, slab_merge and their aliases.
void read_slub_params(SlubRules &rules, std::string_view command_line);
void read_slub_era(SlubRules &rules, const Era &era); // what the era says about slabs
// kmem_cache_flags: the flags of a cache of this name once slub_debug= has had its say.
slab_flags_t kmem_cache_flags(const SlubRules &rules, slab_flags_t flags, std::string_view name);

struct CacheShape { // what a creator says about its objects
  u32 object_size = 0;
  u32 align = 0; // after calculate_alignment
  bool ctor = false;
  bool own_free_pointer = false; // kmem_cache_args.use_freeptr_offset: it may lie inside an object that keeps its bytes
};

// An object's slot and a slab's, as in struct kmem_cache.
struct SlabLayout {
  u32 object_size = 0, size = 0, align = 0;
  u32 inuse = 0;        // where metadata begins: the object, rounded up, and its red zone
  u32 offset = 0;       // of the free pointer, from the object's start
  u32 red_left_pad = 0; // from the slot's start to the object
  slab_flags_t flags = 0;
  gfp_t allocflags = 0;
  u8 order = 0, min_order = 0;            // of a slab; of one when memory is short
  u16 objects = 0, min_order_objects = 0; // in each of them
  u32 min_partial = 0;                    // empty slabs are given back beyond so many on a node's partial list
  u32 cpu_partial = 0, cpu_partial_slabs = 0;

  bool debug() const { return (flags & slab_flag::DEBUG_FLAGS) != 0; }
  bool has(slab_flags_t f) const { return (flags & f) != 0; }
  bool free_pointer_outside() const { return offset >= inuse; }
};

// calculate_alignment: what the creator asked for, the cache line if wanted and worth it, the architecture's least.
u32 calculate_alignment(const SlubRules &rules, slab_flags_t flags, u32 align, u32 size);
// min_objects that calculate_order starts from.
u32 slub_min_objects(const SlubRules &rules);
// calculate_order: nullopt when no order holds one object.
std::optional<u32> calculate_order(const SlubRules &rules, u32 size);
// kmem_cache_open without what allocates: `flags` are those after kmem_cache_flags.
std::optional<SlabLayout> make_layout(const SlubRules &rules, const CacheShape &shape, slab_flags_t flags);
u32 get_order(const SlubRules &rules, u64 size); // the least order of at least `size` bytes; 0 for 0

} // namespace mmscope
