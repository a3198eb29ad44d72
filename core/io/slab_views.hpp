// slab_views: SLAB and SLOB as text and as JSON (mm/old_slabs.hpp).
//
//   slabinfo - version: 2.1                                    /proc/slabinfo as SLAB's eras print it; 2.4: version 1.1,
//   # name            <active_objs> <num_objs> …               and each object's tunables only on SMP
//   kmalloc-32          3220   3224     32  124    1 : tunables  120   60    8 : slabdata     26     26      0
//
//   slob: 2 pages, 1 of them full                              SLOB has no file of its own: offsets in units of two bytes
//   small   0x1: 1998 units free: 50+1998 [1998 2048]          a free block's place, length, and what its units hold
//   medium  -
//   large   -
#pragma once
#include "io/json_writer.hpp"
#include "mm/old_slabs.hpp"

#include <string>

namespace mmscope {

bool has_slab(const System &s); // SLAB runs
void append_old_slabinfo(std::string &out, const SlabHeap &h);
void append_slob(std::string &out, const System &s); // nothing when SLOB does not run
// "slab" and "slob" of the object that is open, each only if it runs.
void write_old_slabs(JsonWriter &w, const System &s);

} // namespace mmscope
