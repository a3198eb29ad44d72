// verify_slab_old: fact F9 where the kernel has SLAB: every cache of a recorded boot's slabinfo, against what the lab
// computes (mm/slab_layout.hpp).
//
//   slabinfo       name  … objsize objperslab pagesperslab : tunables limit batchcount sharedfactor : …
//   is an input    x       x
//   is compared                    x          x                       x     x          x
//
//   The last lines are the caches that the boot makes: their names, sizes and order come out of the rules, and only the
//   size of struct kmem_cache is an input.
//
// Inputs besides: the version (which rules), the architecture (word, page, zones), the log's cache line ("PCI:
// pci_cache_line_size set to …"), possible CPUs and memory; and what the kernel's source says of a cache of that name,
// which is nowhere in a capture: whether it has a constructor, is freed by RCU, counts as reclaimable, or has objects that
// do not fill their cache lines. A kernel has SLAB when it prints no "SLUB:" line and has no /sys/kernel/slab.
// Internal to io/verify.hpp.
#pragma once
#include "desc/arch.hpp"
#include "io/verify.hpp"
#include "io/verify_buddy.hpp"

namespace mmscope {

// Compares nothing when the capture is of another allocator or of a version whose rules are not known.
void check_old_slab(std::string_view log, const CaptureFile &file, const Arch &arch, const Compare &item);

} // namespace mmscope
