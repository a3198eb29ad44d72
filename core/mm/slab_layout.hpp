// slab_layout: how SLAB lays out a cache: how large a slot is, how many pages a slab has, where its books lie and how
// many colours it has (kmem_cache_estimate, calculate_slab_order, kmem_cache_create; mm/slab.c). Not SLUB: for that see
// slub_layout.hpp.
//
//   on the slab    |colour|struct slab, chain|obj|obj|obj| … |   2.4, 2.6: books in front
//                  |colour|obj|obj|obj| … | left |indexes|       later: books at the end
//   off the slab   |colour|obj|obj|obj| … |                      books in an object of a general cache
//   in an object   |colour|obj|obj|obj| … |                      books in a free object; a full slab needs none
//
//   A slab begins `colour_next` × `colour_off` bytes into its first page, so that the first objects of neighbours do
//   not fall into the same cache lines. What is left over decides how many colours there are.
//
//   const SlabRules &r = *find_slab_rules("2.4.22");
//   auto l = make_cache_layout(r, {.word = 4, .cache_line = 32}, {.size = 128, .flags = slab_flag::HWCACHE_ALIGN});
//   l->num, l->order, l->colour                                  // 30, 0, 3; nullopt: no order holds such an object
//
// Everything here is pure; all sizes are bytes.
#pragma once
#include "desc/slab_rules.hpp"
#include "mm/slub_layout.hpp"

#include <optional>
#include <string>
#include <vector>

namespace mmscope {

// What the machine and its build fix. All powers of two where they must be in a kernel.
struct SlabMachine {
  unsigned page_shift = 12;
  u32 word = 8;
  u32 cache_line = 64;
  u32 max_order = 10; // the page allocator's largest
  bool more_than_32M = true;
  bool zone_dma = true; // general caches have DMA twins
  u32 cpus = 1;         // possible ones

  u64 page_size() const { return u64{1} << page_shift; }
};

struct SlabShape { // what a creator says
  u32 size = 0;
  u32 align = 0;  // 2.6 and later
  u32 offset = 0; // 2.4: the distance of two colours; 0: a cache line
  slab_flags_t flags = 0;
  bool ctor = false;
  bool early = false; // one of the first caches, whose books cannot lie in others
};

enum class BooksPlace : u8 { on_slab, off_slab, in_object };
std::string_view books_place_name(BooksPlace p); // "on the slab" …

struct CacheLayout {
  u32 object_size = 0, size = 0, align = 0;
  u32 num = 0;   // objects a slab
  u32 order = 0; // pages a slab, log2
  BooksPlace books = BooksPlace::on_slab;
  u32 books_size = 0; // as they take room on the slab, or are asked of kmalloc
  u32 colour = 0, colour_off = 0;
  u32 limit = 0, batchcount = 0, shared = 0; // what enable_cpucache gives it; limit 0: no arrays
  friend bool operator==(const CacheLayout &, const CacheLayout &) = default;
};

// kmem_cache_create without what allocates.
std::optional<CacheLayout> make_cache_layout(const SlabRules &r, const SlabMachine &m, const SlabShape &shape);

u32 slab_head_size(const SlabRules &r, const SlabMachine &m);   // struct slab; 0 when there is none
u32 books_entry_size(const SlabRules &r, const SlabMachine &m); // one an object

// --- general caches ---

// Their sizes, ascending: 32, 64, …
std::vector<u32> general_sizes(const SlabRules &r, const SlabMachine &m);
enum class GeneralType : u8 { normal, reclaimable, dma };
std::string general_name(const SlabRules &r, u32 size, GeneralType type);
struct GeneralCache {
  u32 size = 0;
  GeneralType type = GeneralType::normal;
  friend bool operator==(const GeneralCache &, const GeneralCache &) = default;
};
// All of them in the order in which the boot makes them; the first `early` ones serve the allocator's own structures.
struct GeneralCaches {
  std::vector<GeneralCache> list;
  unsigned early = 0;
};
GeneralCaches general_caches(const SlabRules &r, const SlabMachine &m);
SlabShape general_shape(const SlabRules &r, const SlabMachine &m, const GeneralCache &c);
// The smallest that holds so many bytes; 0: none.
u32 general_size_for(const SlabRules &r, const SlabMachine &m, u64 bytes);
u32 kmem_list_size(const SlabRules &r, const SlabMachine &m);
u32 array_bytes(const SlabRules &r, const SlabMachine &m, u32 limit); // of a CPU's or shared array

} // namespace mmscope
