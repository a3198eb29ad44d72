// verify_slab: fact F9: how SLUB lays out every cache of a recorded boot, against what the lab computes.
//
//   capture's slab_sysfs   name object_size  slab_size   align  objs_per_slab order min_partial cpu_partial  flags
//   is an input            x    x                        x                                                   x
//   is compared                              x                  x             x     x           x
//
//   slabinfo               every line again: size, objects and pages per slab; and its last lines, the caches that
//                          kmem_cache_init makes, with their names and order, come out of the lab's own boot
//
// Inputs besides: the kernel's flavour ("6.1.0-50-amd64": word, page, least alignment), the line "SLUB: HWalign=…"
// of its log (cache line, orders, CPUs, nodes), its command line's slub_debug, and which caches have a constructor,
// which is nowhere in a capture. The engine never reads a column that is compared.
// Internal to io/verify.hpp.
#pragma once
#include "io/verify.hpp"
#include "io/verify_buddy.hpp"

namespace mmscope {

// Compares nothing when the capture has no slab_sysfs, or is of a kernel whose slab allocator the lab does not know.
void check_slab(std::string_view log, const CaptureFile &file, const Compare &item);

// Whether the kernel's source makes the cache of this name with a constructor.
bool slab_has_constructor(std::string_view name);

} // namespace mmscope
