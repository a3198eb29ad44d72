#include "lab/remedies.hpp"

#include "mm/pair_alloc.hpp"

namespace mmscope {

namespace {

// `given(request)`: would it be, on a copy?
template <class Given> class Tries {
public:
  Tries(Given given, const PageRequest &refused) : given_(std::move(given)), refused_(refused) {}
  void smaller(order_t most) {
    PageRequest r = refused_;
    r.order = std::min(r.order, most + 1);
    while (r.order.v != 0) {
      r.order = order_t{r.order.v - 1};
      if (!given_(r)) continue;
      out.push_back({RemedyKind::smaller_order, r.order.v});
      return;
    }
  }
  void with(gfp_t g, RemedyKind what) {
    PageRequest r = refused_;
    r.gfp = g;
    if (g != refused_.gfp && given_(r)) out.push_back({what});
  }
  std::vector<Remedy> out;

private:
  Given given_;
  const PageRequest &refused_;
};

} // namespace

std::string_view remedy_name(RemedyKind k) {
  static constexpr std::string_view names[] = {"smaller_order", "drain",       "wait",
                                               "reserve",       "other_zones", "other_nodes"};
  return names[static_cast<std::size_t>(k)];
}

std::vector<Remedy> remedies(const PageAlloc &pages, const PageRequest &refused) {
  const auto given = [](PageAlloc machine, const PageRequest &r) {
    return machine.alloc_pages(nullptr, r).has_value();
  };
  Tries tries([&](const PageRequest &r) { return given(pages, r); }, refused);
  tries.smaller(pages.rules().max_order);
  if (PageAlloc drained = pages; drained.drain_all_pages(nullptr), given(std::move(drained), refused))
    tries.out.push_back({RemedyKind::drain});
  tries.with(refused.gfp | gfp::RECLAIM, RemedyKind::wait);
  tries.with((refused.gfp & ~(gfp::DIRECT_RECLAIM | gfp::NOMEMALLOC)) | gfp::ATOMIC, RemedyKind::reserve);
  tries.with(refused.gfp & ~gfp::zone_bits, RemedyKind::other_zones);
  tries.with(refused.gfp & ~gfp::THISNODE, RemedyKind::other_nodes);
  return std::move(tries.out);
}

std::vector<Remedy> remedies(std::span<const PairZone> zones, const PageRequest &refused) {
  if (zones.empty()) return {};
  Tries tries(
      [&](const PageRequest &r) {
        std::vector<PairZone> copy(zones.begin(), zones.end());
        return pair_alloc_pages(copy, nullptr, r.gfp, r.order).has_value();
      },
      refused);
  tries.smaller(order_t{zones.front().rules().orders - 1});
  tries.with(refused.gfp | gfp::RECLAIM, RemedyKind::wait);
  tries.with(refused.gfp & ~gfp::DIRECT_RECLAIM, RemedyKind::reserve); // a quarter of the mark
  tries.with(refused.gfp & ~gfp::DMA, RemedyKind::other_zones);
  return std::move(tries.out);
}

} // namespace mmscope
