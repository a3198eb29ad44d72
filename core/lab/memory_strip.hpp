// memory_strip: physical memory at a glance: the addresses from 0 to `end` in so many columns of equal width, each with
// what takes most of its bytes. Several machines with one `end` stand below each other on one axis.
//
//   0                                             end
//   |memory memory kernel kernel memory … mem_map none|
//
//   for (StripKind k : memory_strip(lab, lab.index().address_end(), 240)) …
#pragma once
#include "lab/lab.hpp"

#include <vector>

namespace mmscope {

// none: no RAM. free: free with the buddy allocator. memory: RAM that is neither that nor reserved: before the handoff, or
// waiting for it, or given to somebody. The others: held by an owner of that kind (lab/owners.hpp).
enum class StripKind : u8 { none, memory, free, reserved, kernel, mem_map, misc };
inline constexpr unsigned strip_kinds = 7;
std::string_view strip_kind_name(StripKind k); // "mem_map"

std::vector<StripKind> memory_strip(const Lab &lab, u64 end, unsigned columns);

} // namespace mmscope
