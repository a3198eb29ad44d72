// changes.hpp: what the step that is being shown changed, so that views can outline it. Nothing is compared: it is read
// off the events of that step.
#pragma once

#include <span>
#include <vector>

#include "lab/event_reach.hpp"
#include "mm/system.hpp"
#include "trace/event.hpp"

namespace mmscope {

/// What happened to a place of a memblock array.
enum class Mark : u8 { none, inserted, merged, split, trimmed, marked };

/// A CPU's page list (PageAlloc::pcp_index), or only its numbers.
struct PcpChange {
  i32 nid = 0;
  u32 zid = 0, cpu = 0;
  u32 index = max_pcp_lists; ///< max_pcp_lists: its numbers
  friend bool operator==(const PcpChange &, const PcpChange &) = default;
};
struct PageblockChange { // half-open [first, end), page frames
  u64 first = 0, end = 0;
};

struct Changes {
  std::vector<Place> places;              // on the address axis, in order of time; the last ones if there are many
  std::vector<Mark> marks[2];             // for each region of memblock.memory and memblock.reserved
  u64 removed[2] = {};                    // regions that left the arrays
  std::vector<std::pair<i32, u32>> zones; // node and zone of zone events
  bool buddy[max_zone_types][max_orders][migratetype_count] = {}; // lists that changed, of any node
  bool any_buddy = false;
  std::vector<PcpChange> pcp;              // CPUs' page lists that changed, in order of time, each once
  std::vector<PageblockChange> pageblocks; // pageblocks that got a type, neighbours together
};

/// `after` is the state after the last of the events.
Changes changes_of(std::span<const Event> events, const System &after);

} // namespace mmscope
