// verify_buddy: free lists as a capture froze them, against the lab's; and the
// handoff replayed block by block, against the simplest allocator there is.
// Internal to io/verify.hpp.
#pragma once
#include "mm/system.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mmscope {

struct Range64 {
  u64 base = 0, size = 0;
};

// freeze_*_buddy
struct FrozenList {
  unsigned order = 0;
  std::string type;      // "MOVABLE"
  std::vector<u64> pfns; // head first
};
struct FrozenZone {
  i32 nid = 0;
  std::string name;
  u64 start_pfn = 0, spanned = 0, present = 0, managed = 0, nr_free_pages = 0;
  std::vector<u64> watermark, lowmem_reserve;
  std::string pageblocks; // FLATMEM: types of the zone's pageblocks, four bits each, byte by byte
  std::vector<FrozenList> lists;
};
struct FrozenNode {
  i32 nid = 0;
  u64 pgdat = 0; // virtual address
  u64 start_pfn = 0, present = 0, spanned = 0, first_deferred_pfn = 0;
};
struct FrozenBuddy {
  u64 totalram = 0;
  std::vector<FrozenNode> nodes;
  std::vector<FrozenZone> zones;
};
FrozenBuddy read_buddy(std::string_view text);

using Compare = std::function<void(std::string_view where, std::string_view expected, std::string_view got)>;

// What `pageblocks` would be.
std::string zone_pageblocks(const System &s, i32 nid, unsigned zid);

// One item for each list of the file and each that only the lab has, one for each order's nr_free.
void compare_lists(const FrozenZone &expected, unsigned zid, const System &s, std::string_view where,
                   const Compare &item);

// The events of a memblock_free_all folded over the state before it, up to the k-th block for a few k: the free lists
// must be what a naive allocator makes of the first k blocks.
void check_on_the_way(const System &before, std::span<const Event> events, const Compare &item);

} // namespace mmscope
