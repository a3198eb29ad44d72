// autopsy: why the kernel could not give pages, from its own report: the request is made again on the zones that the
// report shows, with the check of the running allocator (mm/watermark.hpp), and then once more with something changed.
//
//   report ─► attempts: zone by zone what was there, what was needed, and the verdict
//         └─► cause: one of a closed list; chosen by what a change of would have let the request through
//         └─► remedies: such changes, each tried, with the smallest number that is enough
//
//   const Autopsy a = autopsy(*parse_failure(text).report);
//   a.cause.id, to_text(a.cause)                       "cause.fragmented", "Memory is fragmented: …"
//   for (const ZoneFinding &z : a.last().zones) z.verdict, z.check.usable, z.check.needed()
//
// The order of attempts, their flags and what binds a request to nodes are those of __alloc_pages_slowpath,
// gfp_to_alloc_flags, get_page_from_freelist and __alloc_pages_may_oom (mm/page_alloc.c, v6.1). What the report does not
// say (which node asked, whether reclaim would find what counts as reclaimable) is listed in `assumed`, or said "up to".
#pragma once
#include "lab/failure_report.hpp"
#include "mm/watermark.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mmscope {

enum class ZoneVerdict : u8 {
  ok,        // would give the pages now
  low,       // its usable pages do not exceed mark and reserve
  no_block,  // enough pages, but no block that large on a list that the request may use
  above,     // the rest was not asked: above the request's highest zone
  this_node, // … __GFP_THISNODE, and another node
  nodemask,  // … outside the memory policy
  cpuset,    // … outside the cpuset
  empty,     // … the zone has no pages at all
  unknown,   // … the report does not say how much is free, or the watermark
};
std::string_view verdict_id(ZoneVerdict v); // "verdict.low"
constexpr bool was_asked(ZoneVerdict v) { return v <= ZoneVerdict::no_block; }

struct ZoneFinding {    // pages
  std::size_t zone = 0; // of FailureReport::zones
  ZoneVerdict verdict = ZoneVerdict::unknown;
  i64 free = 0;
  u64 mark = 0;         // as printed
  WatermarkCheck check; // only where the zone was asked
  bool operator==(const ZoneFinding &) const;
};

struct Attempt {
  std::string_view id;            // "attempt.slow"
  u32 flags = 0;                  // alloc_flag
  std::vector<ZoneFinding> zones; // in the order in which the request looks
};

struct Autopsy {
  std::size_t highest = 0;       // of FailureReport::zone_names: the highest zone that the request may use
  std::vector<Attempt> attempts; // none for a memory cgroup at its limit
  std::size_t deciding = 0;      // the attempt that the cause is about
  Saying cause;
  std::vector<Saying> remedies, assumed;
  const Attempt &last() const { return attempts[deciding]; }
};

Autopsy autopsy(const FailureReport &report);

// The highest zone of a request, as an index of FailureReport::zone_names; no_zone when its flags ask for two.
u8 highest_zone(const FailureReport &report, gfp_t gfp);

// The sentence in English. Every id that there is, with its sentence, is in autopsy.def.
std::string to_text(const Saying &s);
struct AutopsySentence {
  std::string_view id, sentence;
};
std::span<const AutopsySentence> autopsy_sentences();

} // namespace mmscope
