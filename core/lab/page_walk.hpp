// page_walk: the way of one request for pages, or of one block that is freed, as rows to be read one after the other. Read
// off the events of the call that is shown, so far as they have happened; the canvas and the tables show the same rows.
//
//   attempt   WMARK_LOW, highest zone Normal
//     check   node 0 DMA32: usable 1 203 of 1 210 free, must exceed min 1 393 + reserve 0        low
//   step      slow_path
//   attempt   WMARK_MIN …
//     check   node 0 DMA32: …                                                                    ok
//     split   order 4 at 0x1230 into order 3
//   got       0x1230
//
//   for (const WalkRow &row : page_walk(lab.events())) lab.events()[row.event].f …
//
// A row is one event, or several of a kind in a row (`times`): 63 blocks that a refill takes are one row, and a round of
// the slow path that finds the very same numbers as the round before it adds to that one. Of a call that makes thousands of
// requests (workload) only the last one is told.
#pragma once
#include "base/types.hpp"
#include "trace/event.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace mmscope {

enum class WalkKind : u8 {
  attempt,  // lab_attempt
  check,    // lab_zone_check
  fallback, // mm_page_alloc_extfrag: a block of another migratetype
  judged,   // lab_steal: a pageblock is judged
  split,    // lab_buddy_split; of several the first
  refill,   // lab_pcp_refill
  cached,   // lab_pcp_del: from the head of a CPU's list
  listed,   // mm_page_alloc_zone_locked: from the free lists
  step,     // lab_alloc_step
  reclaim,  // lab_reclaim
  freed,    // mm_page_free
  kept,     // lab_pcp_add: a freed block waits on a CPU's list
  drain,    // lab_pcp_drain; times: blocks that have left so far
  merge,    // lab_buddy_merge; of several the last
  joins,    // lab_free_list_add: of a freed block
  got,      // mm_page_alloc with a pfn
  refused,  // mm_page_alloc without
};
std::string_view walk_kind_name(WalkKind k);

struct WalkRow {
  WalkKind kind{};
  std::size_t event = 0; // whose fields say it
  std::size_t last = 0;  // the last event that the row has taken in
  u32 times = 1;
};

std::vector<WalkRow> page_walk(std::span<const Event> events);

} // namespace mmscope
