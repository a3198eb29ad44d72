// slab_rules: what an era fixes for the SLAB allocator (mm/slab.c), as a row. The mechanism (mm/slab_layout.hpp,
// mm/slab_old.hpp) asks the fields and knows no versions.
//
//   rule             2.4.22          2.6.24            4.9, 5.15
//   books            chain behind    chain behind      array of small indexes,
//                    a slab_t        a struct slab     the rest in struct page
//   off the slab     from PAGE/8     from PAGE/8       if it saves an object
//   order grows to   2 (1: ≤32 MiB)  1 (0: ≤32 MiB)    1 (0: ≤32 MiB)
//   lists            one set         a set a node      a set a node
//   a CPU keeps up to 252, 124, 60    120, 54, 24, 8, 1 likewise
//   general caches   32 … 131072     32 … 4 MiB, 96, 192
//   their names      size-32         size-32           kmalloc-32
//                    size-32(DMA)    size-32(DMA)      dma-kmalloc-32
//
//   const SlabRules *r = find_slab_rules("2.6.24");    // null: no such row
#pragma once
#include "base/types.hpp"

#include <array>
#include <span>
#include <string_view>

namespace mmscope {

// How a slab knows its free objects.
enum class SlabBooks : u8 {
  chain,   // kmem_bufctl_t of 4 bytes, one an object: the next free one; struct slab in front has the first
  indexes, // an array of 1 or 2 bytes an object: the first `active` are given out, those behind are free
};
// Until when an order is tried for a cache whose books lie elsewhere.
enum class OffSlabLimit : u8 {
  general_cache, // half as many objects as bytes fit behind a slab_t in the largest general cache with books on the slab
  own_object,    // as many objects as entries fit behind a struct slab into one object
};
enum class GeneralNames : u8 {
  size,          // size-1024, size-1024(DMA), each followed by its twin
  kmalloc_bytes, // kmalloc-1024, all of them; then dma-kmalloc-1024
  kmalloc,       // kmalloc-1k; then kmalloc-rcl-1k; then dma-kmalloc-1k
};

struct KernelRange { // both ends included
  unsigned first_major, first_minor, last_major, last_minor;
};

struct SlabRules {
  std::string_view name; // "2.4.22"
  std::string_view source;
  KernelRange kernels; // that follow it
  // --- layout ---
  SlabBooks books;
  u32 head_bytes; // struct slab has four words and so many bytes
  OffSlabLimit off_limit;
  bool half_line_is_enough;        // an object of exactly half a cache line is aligned to the half
  bool books_fill_lines;           // books on the slab end at a cache line, else at the objects' alignment
  bool reclaimable_stays_small;    // SLAB_RECLAIM_ACCOUNT: the first order that fits
  std::array<u32, 2> enough_order; // no order above it is tried; on a machine of 32 MiB or less, and of more
  u32 most_order;                  // beyond which no order is tried at all; 0: as the largest general cache
  u32 least_align;                 // of any object; 0: a word
  // --- running ---
  bool nodes;                     // a node has lists of its own, a limit of free objects, and a shared array
  std::array<u32, 5> array_limit; // of a CPU's array: objects over 128 KiB, over a page, over 1 KiB, over 256, else
  u32 first_refill;               // at most so many for an array that was idle; 0: a whole batch
  bool flush_newest;              // a full array gives up its newest objects, else its oldest
  u32 shared_factor;              // the shared array has room for so many batches
  bool refill_touches_shared;     // … and counts as in use when a CPU takes from it
  bool colour_steps_first;        // a new slab takes the next colour, else the one that is next
  bool new_slab_serves_first;     // a new slab's objects are taken before it joins a list
  bool frees_then_destroys;       // empty slabs beyond the limit go when a batch is freed, else each at once
  bool percpu_arrays;             // arrays come from the per-CPU allocator, else from kmalloc
  bool lists_move_early;          // the first caches' lists leave the kernel image before other caches are made
  bool full_arrays_at_once;       // arrays get their size at the end of kmem_cache_init, else by a later call
  // --- general caches ---
  GeneralNames names;
  bool odd_sizes;                 // 96 and 192, if the cache line is shorter than 64 resp. 128
  u32 least_of_large_pages;       // the smallest where pages are larger than 4 KiB; else it is 32 bytes
  u32 largest;                    // bytes; 0: the largest block of pages, 32 MiB at most
  bool general_naturally_aligned; // powers of two lie at multiples of themselves
  u32 kmalloc_align;              // ARCH_KMALLOC_MINALIGN; 0: a word
  // --- bytes of its structures, with 4 and 8 byte words ---
  std::array<u32, 2> kmem_cache;  // struct kmem_cache without its array of nodes
  std::array<u32, 2> kmem_list;   // struct kmem_list3, kmem_cache_node
  std::array<u32, 2> array_cache; // struct array_cache, cpucache_t; without entries
};

const SlabRules *find_slab_rules(std::string_view name);
const SlabRules *slab_rules_of_version(unsigned major, unsigned minor); // null: unknown, or none
std::span<const SlabRules> all_slab_rules();                            // oldest first

} // namespace mmscope
