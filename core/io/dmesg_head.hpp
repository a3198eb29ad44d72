// dmesg_head: what a log of a device-tree machine needs that has lost its beginning and the first MEMBLOCK
// configuration with it. Internal to the importer.
//
//   lost                                                             the log
//   ┊ loader: image, initrd, tree ┊ page tables ┊ requests, nodes ┊ ▒▒▒│ sparse_init, …
//     memblock's list at the end     from RAM      by the build      └ compared from here on
//
// Memory and what the loader had put into it are read off the running system (/sys/kernel/debug/memblock); of what the
// kernel has reserved for itself only the size of the unpacked device tree is taken, which is the tree's. The other
// requests are those that every such boot makes. No address of an answer is used.
#pragma once
#include "io/dmesg.hpp"
#include "io/dmesg_arm.hpp"

#include <span>
#include <vector>

namespace mmscope {

struct LostHead {
  std::vector<ByteRange> loaded; // what the loader had put into memory, ascending; the kernel image is not among it
  ByteRange initrd;              // one of these; size 0 = not found
  u64 image_base = 0;            // where the kernel lies; 0 = not found
  u64 page_tables = 0;           // pages that the direct map's tables take
  u64 tree_bytes = 0;            // the unpacked device tree; 0 = not known
};

// `setup`: the log's build; `initrd_freed`: bytes that were given back of the initrd.
LostHead lost_head(const SystemSetup &setup, std::span<const HintRegion> memory, std::span<const HintRegion> reserved,
                   u64 initrd_freed);

// "## /sys/kernel/debug/memblock/memory" and ".../reserved" of a capture's file, into the hints.
void read_memblock_debugfs(std::string_view text, ImportHints &hints);

} // namespace mmscope
