// FailureReport: what the kernel prints when it could not give pages, as data: the request, and the zones as they were.
// (warn_alloc and dump_header print the request, show_free_areas the zones: mm/page_alloc.c, mm/oom_kill.c)
//
//   app: page allocation failure: order:3, mode:0x820(GFP_ATOMIC), nodemask=(null),cpuset=/,mems_allowed=0
//        └ task                   └ order  └ gfp                   └ nodemask             └ mems_allowed
//   Node 0 DMA32 free:15972kB boost:0kB min:5476kB …          ReportZone, counted in pages
//   lowmem_reserve[]: 0 0 934 934 934                         ReportZone::lowmem_reserve
//   Node 0 DMA32: 3993*4kB (UME) 0*8kB … = 15972kB            ReportZone::blocks
//
// io/failure_text.hpp reads it from text, lab/autopsy.hpp says why it failed. Amounts are pages unless named otherwise;
// what a report need not hold is optional, because "not printed" and 0 are different findings.
#pragma once
#include "base/types.hpp"
#include "desc/gfp.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mmscope {

// The lists that a block was on, as the letters in a report name them.
namespace block_list {
inline constexpr u8 ordinary = 1, highatomic = 2, cma = 4, isolate = 8; // ordinary: unmovable, movable, reclaimable
}

struct ReportBlocks {
  u64 count = 0;
  u8 lists = 0; // block_list bits
  bool operator==(const ReportBlocks &) const = default;
};

struct ReportZone {
  i32 nid = 0;
  std::string name; // "DMA32"
  std::optional<i64> free;
  std::optional<u64> min, low, high; // as printed: a boost is in them
  std::optional<u64> boost, reserved_highatomic, free_highatomic, free_cma, free_pcp, managed;
  u64 file = 0, anon = 0; // active and inactive
  std::vector<u64> lowmem_reserve;
  std::vector<ReportBlocks> blocks; // by order; empty: the line is missing
  std::string label(bool with_node) const;
};

struct NodeList {
  std::vector<std::pair<u32, u32>> ranges; // both ends included; none: nothing was said, every node may serve
  bool holds(i32 nid) const;
};

// Something to be said: which sentence of lab/autopsy.def, and what stands in its gaps.
struct Saying {
  struct Value {
    std::string name;
    u64 number = 0;
    std::string text; // when it is not a number
    bool is_text = false;
    bool operator==(const Value &) const = default;
  };
  std::string id;
  std::vector<Value> values;
  u32 line = 0; // where in the report; 0: nowhere in particular
  Saying &with(std::string name, u64 number);
  Saying &with(std::string name, std::string text);
  bool operator==(const Saying &) const = default;
};
Saying say(std::string_view id);

struct FailureReport {
  enum class Kind : u8 {
    failure, // page allocation failure
    oom,     // invoked oom-killer
    memcg,   // the same for a memory cgroup at its limit
  };
  Kind kind = Kind::failure;
  std::string task, kernel; // kernel: "6.1.0-13-amd64", or ""
  order_t order;
  gfp_t gfp = 0;
  NodeList nodemask, mems_allowed;     // mems_allowed: of a cpuset that is not the root, which holds every node
  std::vector<std::string> zone_names; // every zone type of this kernel, lowest first: lowmem_reserve[] counts in these
  std::vector<ReportZone> zones;       // as printed
  unsigned page_kb = 4;

  // Of the whole machine.
  std::optional<u64> free, slab_unreclaimable, managed;
  std::optional<u64> free_swap_kb, total_swap_kb;
  u64 memcg_usage_kb = 0, memcg_limit_kb = 0;

  std::vector<Saying> assumed; // what the report does not say and was taken to be so
};

} // namespace mmscope
