// accounting_old: the part of the accounting that knows eras before memblock: RAM is what the firmware's map says, bootmem
// and zones of pair bitmaps hold what is free.
#pragma once
#include "mm/system.hpp"

#include <vector>

namespace mmscope {

struct AddressRange { // half-open, bytes
  u64 base, end;
};

// Bytes of RAM that no owner holds, by what they are.
struct UnownedBytes {
  u64 free_boot = 0;  // in the boot allocator
  u64 free_pairs = 0; // in zones of pair bitmaps
  u64 waiting = 0;    // nobody has been given them yet, or ever will be
  u64 allocated = 0;
  u64 cut = 0; // of pages that are not RAM throughout
};

// Up to max_pfn, ascending.
std::vector<AddressRange> ram_before_memblock(const System &s);
// `gaps`: what of that RAM no owner holds.
UnownedBytes count_unowned_before_memblock(const System &s, const std::vector<AddressRange> &gaps, bool handed_over);

} // namespace mmscope
