// Era: the rules of a kernel version, as data. 6.1 is complete; another era is a
// list of differences from its neighbour. Only parameters and policies exist:
// nothing outside desc/ asks for an era by name.
#pragma once
#include "base/types.hpp"

#include <span>
#include <string_view>

namespace mmscope {

struct Era {
  std::string_view name;                  // "6.1"
  unsigned major, minor;                  // kernel versions from this one up to the next row's
  unsigned migratetypes;                  // MIGRATE_TYPES without CMA: the mobility test multiplies by it
  u64 min_free_floor_kb, min_free_cap_kb; // clamp of min_free_kbytes
  u64 movable_grouping_types;             // as compiled (with or without CMA and ISOLATE)
  u64 memblock_region_bytes;              // sizeof(struct memblock_region) on 64-bit NUMA
  u64 thp_zone_factor;                    // recommended min_free = factor * pageblock pages * zones (2 + 3*3)
  u64 thp_cap_divisor;                    // … at most free buffer pages / this
  u64 thp_min_pages_bytes;                // THP stays off below this much managed memory
  i32 no_node_region;                     // how an unset region node prints (MAX_NUMNODES in 6.1)
  std::string_view source;
};

const Era *find_era(std::string_view name);                // "6.1"; null when unknown
const Era *era_of_version(unsigned major, unsigned minor); // the row that covers it; null when none does
std::span<const Era> all_eras();

} // namespace mmscope
