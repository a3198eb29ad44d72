// trace_run: a recorded run of a real page allocator, played again by ours.
//
//   snapshotA.json ─► PageAlloc ──┐
//   events.jsonl   ─► requests ───┴─► the PFN that ours chooses, for each request in the order of the record
//   snapshotB.json ─► compared with the state at the end: lists in order, CPU lists, pageblocks, counters
//
// What a request was and when something was freed is taken from the record; what the kernel answered is not. Three
// things that no allocator can know are inputs too: that an interrupt found the CPU's list locked, when counters were
// folded, and when kswapd began and ended.
//
//   TraceRun run;
//   if (std::string e = load_trace(dir, run); !e.empty()) …      // with place and reason
//   TraceResult r = replay(run);
//   r.allocs_equal, r.allocs, r.lists_equal, r.lists, r.differences
#pragma once
#include "io/verify.hpp"
#include "mm/page_alloc.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mmscope {

struct TraceFiles {
  std::string snapshot_a, events, snapshot_b; // contents; snapshot_b may be empty
};
struct TraceDifference {
  std::string where, expected, got;
};
struct TraceResult {
  std::string error;                    // "" or FILE:LINE: reason; what could be replayed before it stands below
  std::vector<std::optional<u64>> pfns; // predicted, one for each `alloc` line; nullopt: refused
  u64 operations = 0;
  u64 allocs = 0, allocs_equal = 0;         // `alloc` lines and pages of `bulk` lines
  u64 lists = 0, lists_equal = 0;           // items of snapshot B
  std::vector<TraceDifference> differences; // the first few
  PageAlloc pages{BuddyRules{}};            // at the end
};
TraceResult replay_trace(const TraceFiles &files);
// Reads snapshotA.json, events.jsonl(.gz), snapshotB.json of a folder; "" or why not.
std::string read_trace(const std::string &dir, TraceFiles &files);
bool is_trace_folder(const std::string &dir);
// Row F10.
VerifyReport verify_trace(const std::string &dir);

} // namespace mmscope
