// autopsy_replay: one request made on the zones of a report, as they were or with something changed.
//
//   FailureReplay replay(report);
//   Attempt a = replay.slow(request);                            as it was
//   replay.giver(request, {.no_lowmem_reserve = true})           the first zone that would give the pages then
#pragma once
#include "lab/autopsy.hpp"

#include <optional>

namespace mmscope {

struct ReplayRequest {
  order_t order;
  gfp_t gfp = 0;
};

// What is different from the report; nothing by default.
struct Change {
  bool any_node = false, any_zone = false;
  bool no_lowmem_reserve = false, no_boost = false, no_highatomic = false, with_cma = false;
  bool any_block = false;                          // a block of every order is there
  bool drain_pcp = false;                          // what is on per-CPU lists is free
  bool reclaim_file = false, reclaim_anon = false; // what is on the LRU lists is free
  i64 extra_free = 0;
  std::optional<u64> mark = {}; // in place of the zone's
};

class FailureReplay {
public:
  explicit FailureReplay(const FailureReport &report);

  Attempt fast(ReplayRequest r) const;
  Attempt slow(ReplayRequest r, const Change &c = {}) const; // the last attempt before giving up
  Attempt before_oom(ReplayRequest r) const;

  // The zone that gives the pages at the last attempt.
  std::optional<std::size_t> giver(ReplayRequest r, const Change &c) const;
  bool gives(std::size_t zone, ReplayRequest r, const Change &c) const;
  std::string label(std::size_t zone) const;
  i32 local_node() const { return order_.empty() ? 0 : report_.zones[order_.front()].nid; }
  i32 this_node() const { return this_node_; } // of a request with __GFP_THISNODE
  bool several_nodes() const { return several_nodes_; }

private:
  Attempt attempt(std::string_view id, u32 flags, bool hardwall, ReplayRequest r, const Change &c) const;
  ZoneFinding judge(std::size_t zone, u32 flags, bool hardwall, ReplayRequest r, const Change &c) const;
  std::optional<ZoneVerdict> not_asked(const ReportZone &z, u32 flags, bool hardwall, gfp_t gfp, const Change &c) const;

  const FailureReport &report_;
  std::vector<std::size_t> order_; // zones in the order of the zonelist
  std::vector<u32> rank_;          // of each zone: its index among zone_names
  i32 this_node_ = 0;
  bool several_nodes_ = false;
};

// Those of the last attempt.
u32 slow_flags(ReplayRequest r);

} // namespace mmscope
