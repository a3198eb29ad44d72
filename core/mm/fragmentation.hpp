// fragmentation: how well a zone's free pages serve requests of an order (mm/vmstat.c, v6.1).
//
//   free blocks   order  0   1   2   3        a request of order 2:
//                 count  6   3   1   0          4 of 16 free pages lie in blocks that are large enough
//                                               unusable index 0.750     the share of free pages that cannot serve it
//                                               extfrag index -1.000     it would not fail: nothing to explain
//
//   unusable index   0 = all free pages could serve it, 1 = none could        (unusable_free_index, debugfs)
//   extfrag index    only where the request would fail: towards 0 for lack of memory, towards 1 for fragmentation,
//                    -1 where a block is large enough                         (fragmentation_index, debugfs)
//
//   const FreeBlocks f = free_blocks(zone);
//   unusable_free_index(f, 9);   // thousandths
#pragma once
#include "mm/mmzone.hpp"

#include <optional>

namespace mmscope {

struct FreeBlocks {
  std::array<u64, max_orders> nr{}; // of every migratetype
  u64 pages() const;
  u64 blocks() const;
  u64 suitable(unsigned order) const; // blocks of `order` that larger ones could be cut into, too
  std::optional<unsigned> largest() const;
};
FreeBlocks free_blocks(const zone &z);

// Thousandths: 0..1000, and 1000 when nothing is free.
unsigned unusable_free_index(const FreeBlocks &f, unsigned order);
// Thousandths: -1000 when the request would not fail; 0 when nothing is free.
int fragmentation_index(const FreeBlocks &f, unsigned order);

} // namespace mmscope
