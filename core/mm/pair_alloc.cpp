#include "mm/pair_alloc.hpp"

#include "mm/page_alloc.hpp"

namespace mmscope {

namespace {

constexpr u64 most_tries_order = 3; // larger requests do not go round

class Walk {
public:
  Walk(std::span<PairZone> zones, Trace *t, gfp_t gfp, order_t order)
      : zones_(zones), t_(t), gfp_(gfp), order_(order), list_(pair_zonelist(zones, gfp)) {}

  // Zone after zone, each with the marks of those before it on top of its own.
  template <class Mark> std::optional<pfn_t> marks(u32 flags, Mark &&mark_of) {
    attempt(flags);
    u64 sum = 0;
    for (const u32 id : list_) {
      PairZone &z = zones_[id];
      const u64 free = z.free_pages(), mark = mark_of(z.marks()), own = quarter(flags, mark);
      const i64 usable = static_cast<i64>(free) - static_cast<i64>(pages_of(order_));
      WatermarkVerdict verdict = WatermarkVerdict::low;
      if (usable > static_cast<i64>(sum + own))
        verdict = z.can_give(order_) ? WatermarkVerdict::ok : WatermarkVerdict::no_block;
      emit(t_, EventKind::lab_zone_check,
           {0, id, free, static_cast<u64>(usable), mark, own, sum, static_cast<u64>(verdict)});
      if (verdict == WatermarkVerdict::ok) return z.rmqueue(t_, order_);
      sum += own;
    }
    return std::nullopt;
  }
  std::optional<pfn_t> whatever_there_is() {
    attempt(alloc_flag::NO_WATERMARKS);
    for (const u32 id : list_)
      if (const auto pfn = zones_[id].rmqueue(t_, order_)) return pfn;
    return std::nullopt;
  }
  void step(AllocStep s, u64 value = 0) { emit(t_, EventKind::lab_alloc_step, {static_cast<u64>(s), value}); }
  std::optional<pfn_t> refuse(AllocFailure why) {
    step(AllocStep::fails, static_cast<u64>(why));
    return std::nullopt;
  }

  std::optional<pfn_t> all() {
    const bool waits = (gfp_ & gfp::DIRECT_RECLAIM) != 0;
    const auto low = [](const PairMarks &m) { return m.pages_low; };
    const auto min = [](const PairMarks &m) { return m.pages_min; };
    if (list_.empty()) return refuse(AllocFailure::no_usable_zone);
    if (order_.v >= zones_[list_.front()].rules().orders) return refuse(AllocFailure::order_too_large);
    if (const auto pfn = marks(alloc_flag::WMARK_LOW, low)) return pfn;
    step(AllocStep::slow_path);
    step(AllocStep::wake_kswapd, 0);
    if (const auto pfn = marks(waits ? alloc_flag::WMARK_MIN : alloc_flag::WMARK_MIN | alloc_flag::NON_BLOCK, min))
      return pfn;
    if ((gfp_ & gfp::MEMALLOC) != 0) {
      const auto pfn = whatever_there_is();
      return pfn ? pfn : refuse(AllocFailure::reclaim_failed);
    }
    if (!waits) return refuse(AllocFailure::no_direct_reclaim);
    step(AllocStep::direct_reclaim, 0);
    if (const auto pfn = marks(alloc_flag::WMARK_MIN, min)) return pfn;
    return refuse(order_.v > most_tries_order ? AllocFailure::costly : AllocFailure::reclaim_failed);
  }

private:
  static u64 quarter(u32 flags, u64 mark) { return (flags & alloc_flag::NON_BLOCK) != 0 ? mark >> 2 : mark; }
  void attempt(u32 flags) { emit(t_, EventKind::lab_attempt, {gfp_, order_.v, 0, list_.front(), flags, 0, 0}); }

  std::span<PairZone> zones_;
  Trace *t_;
  gfp_t gfp_;
  order_t order_;
  std::vector<u32> list_;
};

} // namespace

std::vector<u32> pair_zonelist(std::span<const PairZone> zones, gfp_t gfp) {
  const std::size_t highest = (gfp & gfp::DMA) != 0 ? 0 : (gfp & gfp::HIGHMEM) != 0 ? 2 : 1;
  std::vector<u32> list;
  for (std::size_t id = std::min(highest + 1, zones.size()); id-- > 0;) list.push_back(static_cast<u32>(id));
  return list;
}

std::optional<pfn_t> pair_alloc_pages(std::span<PairZone> zones, Trace *t, gfp_t gfp, order_t order) {
  const std::optional<pfn_t> pfn = Walk(zones, t, gfp, order).all();
  emit(t, EventKind::mm_page_alloc, {pfn ? pfn->v : 0, order.v, gfp, 0});
  return pfn;
}

zone as_zone(const PairZone &from) {
  zone z;
  z.start_pfn = from.rules().start;
  z.spanned_pages = z.present_pages = z.managed_pages = from.rules().pages;
  z.watermark = {from.marks().pages_min, from.marks().pages_low, from.marks().pages_high};
  z.nr_free_pages = from.free_pages();
  for (unsigned o = 0; o < from.rules().orders; ++o) z.areas[o].free_list[0].nr = from.nr_free(order_t{o});
  return z;
}

} // namespace mmscope
