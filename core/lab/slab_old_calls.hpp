// slab_old_calls: the script's commands about SLAB and SLOB, one row each (see call_rows.hpp).
//
//   slab_init rules=2.4.22 cpus=2           kmem_cache_init and the general caches; result: how many caches there are.
//                                           Without rules those of the machine's era
//   slab_init_late                          arrays for the CPUs (2.4, 4.9 and later; 2.6.24 has them at once)
//   slab_create inode_cache 480 -> c        result: the cache's number
//   slab_alloc c -> a                       result: an address, 0 = no memory
//   slab_free c a cpu=1
//   slab_kmalloc 100 -> b
//   slab_kfree b
//   slab_reap                               result: pages that went back
//   slab_shrink c                           result: slabs that went back
//   slab_destroy c
//   slob_init
//   slob_alloc 40 align=8 -> p              an object of which only who asked knows the size
//   slob_free p 40
//   slob_kmalloc 100 -> q                   with its size in front
//   slob_kfree q
//
// The pages come from zones with pair bitmaps if the script has made any, else from the machine's page allocator.
#pragma once
#include "lab/call_rows.hpp"

namespace mmscope {

std::span<const CallRow> slab_old_call_rows();

} // namespace mmscope
