// accounting.hpp: every byte of RAM has an owner, and the sum balances.
//
//     RAM  =  held by owners  +  free in memblock or bootmem (+ what bootmem was not told of)    before the handoff
//     RAM  =  held by owners  +  free in the buddy allocator  +  on CPUs' page lists  +  waiting  +  allocated  +  cut off     after it
//
// The parts are counted independently of each other, so that a sum that balances says something.
#pragma once

#include <vector>

#include "lab/accounting_old.hpp"
#include "lab/owners.hpp"
#include "mm/system.hpp"

namespace mmscope {

enum class PartKind : u8 { owner, free_memblock, free_buddy, on_pcp, waiting, allocated, cut_off };

struct Part {
  PartKind kind = PartKind::owner;
  u32 owner = nobody; // for PartKind::owner
  u64 bytes = 0;
};

struct Accounting {
  u64 ram = 0;             // bytes in memblock.memory; before memblock, of RAM in the firmware's map
  std::vector<Part> parts; // owners by size, largest first, then the rest; none is empty
  u64 sum() const;
  bool balanced() const { return sum() == ram; }
};

std::vector<AddressRange> ram_ranges(const System &s); // what counts as RAM, ascending
Accounting account(const System &s, const OwnerMap &owners, bool handed_over);

} // namespace mmscope
