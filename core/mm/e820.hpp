// e820: the firmware's map of physical addresses, and what the kernel makes of
// it before memblock exists (arch/x86/kernel/e820.c, v6.1).
//
//   firmware:  [usable 0-9fbff][reserved]…[usable 100000-3ffdffff][reserved]
//   kernel:    page 0 → reserved, a0000-fffff not RAM, mem= and memmap= applied
//
//   e820_table t;
//   t.add(trace, phys_addr_t{0}, 0x9fc00, E820_TYPE_RAM);
#pragma once
#include "base/digest.hpp"
#include "base/types.hpp"
#include "trace/trace.hpp"

#include <vector>

namespace mmscope {

// enum e820_type. 0 stands for "nothing" in updates.
inline constexpr u32 E820_TYPE_RAM = 1, E820_TYPE_RESERVED = 2, E820_TYPE_ACPI = 3, E820_TYPE_NVS = 4,
                     E820_TYPE_UNUSABLE = 5, E820_TYPE_PMEM = 7, E820_TYPE_PRAM = 12,
                     E820_TYPE_SOFT_RESERVED = 0xefffffff;
// "usable", "reserved", "ACPI data", … as BIOS-e820 lines print it; parse gives 0 for an unknown text.
std::string_view e820_type_name(u32 type);
u32 e820_type_of(std::string_view text);

struct e820_entry { // half-open [addr, addr + size), bytes
  phys_addr_t addr;
  u64 size = 0;
  u32 type = 0;
  friend bool operator==(const e820_entry &, const e820_entry &) = default;
};

struct e820_table {
  std::vector<e820_entry> entries; // sorted by address, disjoint, neighbours of one type joined
  friend bool operator==(const e820_table &, const e820_table &) = default;

  // Adds a range; where it overlaps others the larger type number wins, as in e820__update_table.
  void add(Trace *t, phys_addr_t addr, u64 size, u32 type);
  // e820__range_update: what is of type `from` inside the range becomes `to` (to 0: e820__range_remove).
  void update(Trace *t, phys_addr_t addr, u64 size, u32 from, u32 to);
  // Highest page of RAM below `limit`, one past it: e820_end_pfn(limit, RAM).
  pfn_t end_of_ram(pfn_t limit, unsigned page_shift) const;
  bool fold(const Event &e);
  void add_to(Digest &d) const;
};

} // namespace mmscope
