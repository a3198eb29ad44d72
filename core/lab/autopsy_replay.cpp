#include "lab/autopsy_replay.hpp"

#include "mm/alloc_flags.hpp"

#include <algorithm>
#include <tuple>

namespace mmscope {

namespace {

constexpr bool has(u32 set, u32 bits) { return (set & bits) == bits; }

u32 cma_flag(gfp_t g) { return gfp_migratetype_index(g) == 1 ? alloc_flag::CMA : 0; }
u32 kswapd_flag(gfp_t g) { return has(g, gfp::KSWAPD_RECLAIM) ? alloc_flag::KSWAPD : 0; }
// Such a request may take what it finds.
bool below_watermarks(gfp_t g) { return has(g, gfp::MEMALLOC) && !has(g, gfp::NOMEMALLOC); }

u32 usable_orders(const ReportZone &z, u32 flags, const Change &c) {
  if (z.blocks.empty() || c.any_block) return ~u32{0};
  u8 lists = block_list::ordinary;
  if (has(flags, alloc_flag::CMA) || c.with_cma) lists |= block_list::cma;
  if ((flags & (alloc_flag::HIGHATOMIC | alloc_flag::OOM)) != 0 || c.no_highatomic) lists |= block_list::highatomic;
  u32 orders = 0;
  for (std::size_t o = 0; o < z.blocks.size(); ++o)
    if (z.blocks[o].count != 0 && (z.blocks[o].lists & lists) != 0) orders |= u32{1} << o;
  return orders;
}

std::optional<u64> printed_mark(const ReportZone &z, u32 flags) {
  switch (flags & alloc_flag::WMARK_MASK) {
  case alloc_flag::WMARK_LOW: return z.low;
  case alloc_flag::WMARK_HIGH: return z.high;
  default: return z.min;
  }
}

} // namespace

bool ZoneFinding::operator==(const ZoneFinding &o) const {
  const auto all = [](const ZoneFinding &f) {
    return std::tuple(f.zone, f.verdict, f.free, f.mark, f.check.usable, f.check.min, f.check.reserve);
  };
  return all(*this) == all(o);
}

u8 highest_zone(const FailureReport &report, gfp_t gfp) {
  std::vector<ZoneRow> rows;
  for (const std::string &name : report.zone_names) rows.push_back({name, ZoneLimit::end, 0, 0});
  return gfp_zone_table(rows)[gfp & gfp::zone_bits];
}

u32 slow_flags(ReplayRequest r) {
  if (below_watermarks(r.gfp)) return alloc_flag::NO_WATERMARKS | cma_flag(r.gfp) | kswapd_flag(r.gfp);
  return gfp_to_alloc_flags(r.gfp, r.order) | cma_flag(r.gfp);
}

FailureReplay::FailureReplay(const FailureReport &report) : report_(report) {
  for (std::size_t i = 0; i < report.zones.size(); ++i) {
    const auto &names = report.zone_names;
    order_.push_back(i);
    rank_.push_back(static_cast<u32>(std::find(names.begin(), names.end(), report.zones[i].name) - names.begin()));
    several_nodes_ = several_nodes_ || report.zones[i].nid != report.zones[0].nid;
  }
  const auto key = [&](std::size_t i) { // nodes that may serve first, their highest zone first
    const i32 nid = report.zones[i].nid;
    const bool allowed = report.nodemask.holds(nid) && report.mems_allowed.holds(nid);
    return std::tuple(!allowed, nid, ~rank_[i]);
  };
  std::sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });

  // A node that refuses is the one that was asked.
  this_node_ = local_node();
  if (!has(report.gfp, gfp::THISNODE)) return;
  for (const std::size_t i : order_) {
    this_node_ = report.zones[i].nid;
    if (!giver({report.order, report.gfp}, {})) return;
  }
  this_node_ = local_node();
}

std::string FailureReplay::label(std::size_t zone) const { return report_.zones[zone].label(several_nodes_); }

std::optional<ZoneVerdict> FailureReplay::not_asked(const ReportZone &z, u32 flags, bool hardwall, gfp_t gfp,
                                                    const Change &c) const {
  const std::size_t zone = static_cast<std::size_t>(&z - report_.zones.data());
  if (!c.any_zone && rank_[zone] > highest_zone(report_, gfp)) return ZoneVerdict::above;
  if (!c.any_node) {
    if (has(gfp, gfp::THISNODE) && z.nid != this_node_) return ZoneVerdict::this_node;
    // Who may dip into the reserves without waiting is not held to policies and cpusets.
    if (has(flags, alloc_flag::CPUSET)) {
      if (!report_.nodemask.holds(z.nid)) return ZoneVerdict::nodemask;
      if (hardwall && !report_.mems_allowed.holds(z.nid)) return ZoneVerdict::cpuset;
    }
  }
  if (z.managed == 0 && z.free.value_or(0) == 0) return ZoneVerdict::empty;
  if (!z.free || (!printed_mark(z, flags) && !has(flags, alloc_flag::NO_WATERMARKS))) return ZoneVerdict::unknown;
  return std::nullopt;
}

ZoneFinding FailureReplay::judge(std::size_t zone, u32 flags, bool hardwall, ReplayRequest r, const Change &c) const {
  const ReportZone &z = report_.zones[zone];
  ZoneFinding f;
  f.zone = zone;
  f.free = z.free.value_or(0);
  f.mark = printed_mark(z, flags).value_or(0);
  if (const auto why = not_asked(z, flags, hardwall, r.gfp, c)) {
    f.verdict = *why;
    return f;
  }
  WatermarkInput in;
  in.free = f.free + c.extra_free;
  if (c.drain_pcp) in.free += static_cast<i64>(z.free_pcp.value_or(0));
  if (c.reclaim_file) in.free += static_cast<i64>(z.file);
  if (c.reclaim_anon) in.free += static_cast<i64>(z.anon);
  const u64 boost = std::min(z.boost.value_or(0), f.mark);
  in.mark = c.mark.value_or(c.no_boost ? f.mark - boost : f.mark);
  const std::size_t highest = c.any_zone ? report_.zone_names.size() - 1 : highest_zone(report_, r.gfp);
  if (!c.no_lowmem_reserve && highest < z.lowmem_reserve.size()) in.reserve = z.lowmem_reserve[highest];
  // 6.13 counts what is free of the high-order atomic reserve, others all of it.
  if (!c.no_highatomic) in.nr_reserved_highatomic = z.free_highatomic.value_or(z.reserved_highatomic.value_or(0));
  in.free_cma = c.with_cma ? 0 : z.free_cma.value_or(0);
  in.usable_orders = usable_orders(z, flags, c);

  if (has(flags, alloc_flag::NO_WATERMARKS)) {
    f.check.usable = in.free;
    f.check.min = (i64{1} << r.order.v) - 1;
    const bool low = in.free < f.check.needed();
    const bool block = r.order.v == 0 || (in.usable_orders >> r.order.v) != 0;
    f.check.verdict = low ? WatermarkVerdict::low : block ? WatermarkVerdict::ok : WatermarkVerdict::no_block;
  } else {
    f.check = check_watermark(in, r.order, flags);
    // For a single page a GFP_ATOMIC request forgets the boost.
    const bool atomic = has(r.gfp, gfp::ATOMIC_BIT) || has(flags, alloc_flag::MIN_RESERVE | alloc_flag::NON_BLOCK);
    if (!f.check.ok() && r.order.v == 0 && atomic && boost != 0 && !c.mark &&
        (flags & alloc_flag::WMARK_MASK) == alloc_flag::WMARK_MIN) {
      in.mark = f.mark - boost;
      f.check = check_watermark(in, r.order, flags);
    }
  }
  f.verdict = f.check.ok()                               ? ZoneVerdict::ok
              : f.check.verdict == WatermarkVerdict::low ? ZoneVerdict::low
                                                         : ZoneVerdict::no_block;
  return f;
}

Attempt FailureReplay::attempt(std::string_view id, u32 flags, bool hardwall, ReplayRequest r, const Change &c) const {
  Attempt a{id, flags, {}};
  for (const std::size_t zone : order_) a.zones.push_back(judge(zone, flags, hardwall, r, c));
  return a;
}

Attempt FailureReplay::fast(ReplayRequest r) const {
  const u32 flags = alloc_flag::WMARK_LOW | alloc_flag::CPUSET | cma_flag(r.gfp) | kswapd_flag(r.gfp);
  return attempt("attempt.fast", flags, true, r, {});
}
Attempt FailureReplay::slow(ReplayRequest r, const Change &c) const {
  const std::string_view id = below_watermarks(r.gfp) ? "attempt.reserves" : "attempt.slow";
  return attempt(id, slow_flags(r), has(r.gfp, gfp::HARDWALL), r, c);
}
Attempt FailureReplay::before_oom(ReplayRequest r) const {
  return attempt("attempt.oom", alloc_flag::WMARK_HIGH | alloc_flag::CPUSET, true, r, {});
}

bool FailureReplay::gives(std::size_t zone, ReplayRequest r, const Change &c) const {
  return judge(zone, slow_flags(r), has(r.gfp, gfp::HARDWALL), r, c).verdict == ZoneVerdict::ok;
}

std::optional<std::size_t> FailureReplay::giver(ReplayRequest r, const Change &c) const {
  for (const std::size_t zone : order_)
    if (gives(zone, r, c)) return zone;
  return std::nullopt;
}

} // namespace mmscope
