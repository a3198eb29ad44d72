// remedies: what would have let a refused request through. Each is tried on a copy of the machine: the same request once
// more, with one thing changed; what does not help is not told.
//
//   for (const Remedy &r : remedies(pages, {.gfp = gfp::ATOMIC, .order = order_t{9}})) r.what, r.value
//
// `pages` is the allocator as the refusal left it; so are `zones`, where 2.4 was asked (mm/pair_alloc.hpp).
#pragma once
#include "mm/page_alloc.hpp"
#include "mm/pair_buddy.hpp"

#include <span>
#include <vector>

namespace mmscope {

enum class RemedyKind : u8 {
  smaller_order, // value: the largest order that would have been given
  drain,         // the CPUs' page lists go back first
  wait,          // __GFP_DIRECT_RECLAIM: the caller frees what can be freed
  reserve,       // GFP_ATOMIC's bits: part of the reserve may be used
  other_zones,   // no zone asked for: GFP_KERNEL's
  other_nodes,   // without __GFP_THISNODE
};
std::string_view remedy_name(RemedyKind k);
struct Remedy {
  RemedyKind what{};
  u64 value = 0;
};

std::vector<Remedy> remedies(const PageAlloc &pages, const PageRequest &refused);
std::vector<Remedy> remedies(std::span<const PairZone> zones, const PageRequest &refused);

} // namespace mmscope
