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

struct Changes {
  std::vector<Place> places;              // on the address axis, in order of time; the last ones if there are many
  std::vector<Mark> marks[2];             // for each region of memblock.memory and memblock.reserved
  u64 removed[2] = {};                    // regions that left the arrays
  std::vector<std::pair<i32, u32>> zones; // node and zone of zone events
  bool buddy[max_zone_types][max_orders][migratetype_count] = {}; // lists that changed, of any node
  bool any_buddy = false;
};

/// `after` is the state after the last of the events.
Changes changes_of(std::span<const Event> events, const System &after);

} // namespace mmscope
