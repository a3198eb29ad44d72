#include "lab/remedies.hpp"

namespace mmscope {

std::string_view remedy_name(RemedyKind k) {
  static constexpr std::string_view names[] = {"smaller_order", "drain",       "wait",
                                               "reserve",       "other_zones", "other_nodes"};
  return names[static_cast<std::size_t>(k)];
}

std::vector<Remedy> remedies(const PageAlloc &pages, const PageRequest &refused) {
  std::vector<Remedy> out;
  const auto given = [](PageAlloc machine, const PageRequest &r) { return machine.alloc_pages(nullptr, r).has_value(); };
  const auto with = [&](gfp_t g) {
    PageRequest r = refused;
    r.gfp = g;
    return g != refused.gfp && given(pages, r);
  };

  PageRequest smaller = refused;
  smaller.order = std::min(refused.order, pages.rules().max_order + 1);
  while (smaller.order.v != 0) {
    smaller.order = order_t{smaller.order.v - 1};
    if (!given(pages, smaller)) continue;
    out.push_back({RemedyKind::smaller_order, smaller.order.v});
    break;
  }
  if (PageAlloc drained = pages; drained.drain_all_pages(nullptr), given(std::move(drained), refused))
    out.push_back({RemedyKind::drain});
  if (with(refused.gfp | gfp::RECLAIM)) out.push_back({RemedyKind::wait});
  if (with((refused.gfp & ~(gfp::DIRECT_RECLAIM | gfp::NOMEMALLOC)) | gfp::ATOMIC)) out.push_back({RemedyKind::reserve});
  if (with(refused.gfp & ~gfp::zone_bits)) out.push_back({RemedyKind::other_zones});
  if (with(refused.gfp & ~gfp::THISNODE)) out.push_back({RemedyKind::other_nodes});
  return out;
}

} // namespace mmscope
