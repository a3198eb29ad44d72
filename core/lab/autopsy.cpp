#include "lab/autopsy.hpp"

#include "base/text.hpp"
#include "lab/autopsy_replay.hpp"

#include <algorithm>
#include <array>

namespace mmscope {

namespace {

constexpr std::array<std::string_view, 9> verdicts{"verdict.ok",     "verdict.low",       "verdict.no_block",
                                                   "verdict.above",  "verdict.this_node", "verdict.nodemask",
                                                   "verdict.cpuset", "verdict.empty",     "verdict.unknown"};
constexpr u64 costly_order = 3; // PAGE_ALLOC_COSTLY_ORDER

// The least number in [0, limit] for which `enough` holds, which it does from there on; nothing if it never does.
template <class F> std::optional<u64> least(u64 limit, F enough) {
  if (!enough(limit)) return std::nullopt;
  u64 low = 0, high = limit;
  while (low < high) {
    const u64 middle = low + (high - low) / 2;
    if (enough(middle))
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

// Looks at one request until its cause is found.
class Examiner {
public:
  explicit Examiner(const FailureReport &r) : report_(r), replay_(r), request_{r.order, r.gfp} {}
  Autopsy examine();

private:
  bool wants(gfp_t bits) const { return (report_.gfp & bits) == bits; }
  bool waits() const { return wants(gfp::DIRECT_RECLAIM); }
  bool costly() const { return report_.order.v > costly_order; }
  std::optional<std::size_t> giver(const Change &c) const { return replay_.giver(request_, c); }
  const ReportZone &zone(std::size_t i) const { return report_.zones[i]; }
  u64 reserve(std::size_t i) const {
    const auto &r = zone(i).lowmem_reserve;
    return out_.highest < r.size() ? r[out_.highest] : 0;
  }
  u64 highatomic(std::size_t i) const {
    return zone(i).free_highatomic.value_or(zone(i).reserved_highatomic.value_or(0));
  }
  template <class F> u64 sum_of_asked(F pages) const {
    u64 n = 0;
    for (const ZoneFinding &f : out_.last().zones)
      if (was_asked(f.verdict)) n += pages(zone(f.zone));
    return n;
  }
  u64 anon() const {
    return sum_of_asked([](const ReportZone &z) { return z.anon; });
  }
  // What the kernel counts as reclaimable: processes' pages only where there is swap for them.
  bool can_swap() const { return report_.free_swap_kb.value_or(0) > 0; }
  u64 reclaimable() const {
    return sum_of_asked([&](const ReportZone &z) { return z.file + (can_swap() ? z.anon : 0); });
  }
  // On a large machine all of the small zone DMA is always kept back; that is not why memory is short.
  bool counts(std::size_t i) const {
    return zone(i).managed.value_or(0) >= sum_of_asked([](const ReportZone &z) { return z.managed.value_or(0); }) / 8;
  }
  Change reclaimed() const { return {.any_block = true, .reclaim_file = true, .reclaim_anon = can_swap()}; }
  std::string bound_nodes(const NodeList &list) const;

  Saying cause() const;
  Saying bound(std::size_t giver) const;
  Saying cause_no_block(const ZoneFinding &zone) const;
  Saying cause_low() const;
  u64 unseen() const;
  std::optional<Saying> elsewhere() const;
  std::optional<Saying> one_thing() const; // that stands between the free memory and the request
  void remedies();
  void missing_pages();
  void other_requests();
  void other_zones();

  const FailureReport &report_;
  FailureReplay replay_;
  ReplayRequest request_;
  Autopsy out_;
};

std::string Examiner::bound_nodes(const NodeList &list) const {
  std::string s;
  for (const auto &[first, last] : list.ranges) {
    append(s, s.empty() ? "" : ",", first);
    if (last != first) append(s, '-', last);
  }
  return s;
}

Saying Examiner::bound(std::size_t giver) const {
  const std::string name = replay_.label(giver);
  const auto is = [&](ZoneVerdict v) {
    const auto &zones = out_.last().zones;
    return std::any_of(zones.begin(), zones.end(),
                       [&](const ZoneFinding &f) { return f.zone == giver && f.verdict == v; });
  };
  if (is(ZoneVerdict::this_node))
    return say("cause.this_node").with("node", static_cast<u64>(replay_.this_node())).with("zone", name);
  if (is(ZoneVerdict::nodemask))
    return say("cause.nodemask").with("nodes", bound_nodes(report_.nodemask)).with("zone", name);
  return say("cause.cpuset").with("nodes", bound_nodes(report_.mems_allowed)).with("zone", name);
}

Saying Examiner::cause() const {
  const auto &zones = out_.last().zones;
  std::size_t orders = 0;
  for (const ReportZone &z : report_.zones) orders = std::max(orders, z.blocks.size());
  if (orders != 0 && report_.order.v >= orders)
    return say("cause.order_too_large").with("order", report_.order.v).with("largest", u64{orders - 1});
  const auto first = [&](auto is) { return std::find_if(zones.begin(), zones.end(), is); };
  if (const auto ok = first([](const ZoneFinding &f) { return f.verdict == ZoneVerdict::ok; }); ok != zones.end())
    return say("cause.race").with("zone", replay_.label(ok->zone));
  if (const auto z = giver({.any_node = true})) return bound(*z);
  if (first([](const ZoneFinding &f) { return was_asked(f.verdict); }) == zones.end()) {
    const bool cut = first([](const ZoneFinding &f) { return f.verdict == ZoneVerdict::unknown; }) != zones.end();
    return say(cut ? "cause.unknown" : "cause.no_zone");
  }
  const auto no_block = first([](const ZoneFinding &f) { return f.verdict == ZoneVerdict::no_block; });
  return no_block != zones.end() ? cause_no_block(*no_block) : cause_low();
}

// There are pages enough, but no block that large on a list that counts.
Saying Examiner::cause_no_block(const ZoneFinding &f) const {
  if (const auto z = giver({.no_highatomic = true}))
    return say("cause.highatomic_only").with("zone", replay_.label(*z));
  if (const auto z = giver({.with_cma = true})) return say("cause.cma_only").with("zone", replay_.label(*z));
  const u64 order = report_.order.v;
  if (waits() && wants(gfp::NORETRY)) return say("cause.noretry").with("order", order);
  if (waits() && costly() && !wants(gfp::RETRY_MAYFAIL)) return say("cause.costly").with("order", order);
  return say("cause.fragmented")
      .with("zone", replay_.label(f.zone))
      .with("pages", static_cast<u64>(f.check.usable))
      .with("needed", static_cast<u64>(std::max<i64>(f.check.needed(), 0)))
      .with("order", order);
}

// Free pages of the machine that no zone of the report shows; only where it shows every zone's, and they are plenty.
u64 Examiner::unseen() const {
  u64 shown = 0;
  for (const ReportZone &z : report_.zones) {
    if (!z.free) return 0;
    shown += static_cast<u64>(*z.free);
  }
  const u64 all = report_.free.value_or(0);
  return all > 2 * shown && all - shown >= pages_of(report_.order) ? all - shown : 0;
}

// The request's zones are exhausted; are others? Since 6.1 a report leaves out the zones above, and nodes outside the
// request's always, but its count of free pages is of the whole machine.
std::optional<Saying> Examiner::elsewhere() const {
  const std::string &highest = report_.zone_names[out_.highest];
  if (const auto z = giver({.any_zone = true}))
    return say("cause.zone_exhausted").with("highest", highest).with("zone", replay_.label(*z));
  if (unseen() == 0) return std::nullopt;
  const NodeList &bound = report_.nodemask.ranges.empty() ? report_.mems_allowed : report_.nodemask;
  const bool left_out = !bound.ranges.empty() && std::all_of(report_.zones.begin(), report_.zones.end(),
                                                             [&](const ReportZone &z) { return bound.holds(z.nid); });
  if (left_out && highest != "DMA" && highest != "DMA32")
    return say("cause.nodes_unseen").with("nodes", bound_nodes(bound)).with("pages", unseen());
  if (out_.highest + 1 >= report_.zone_names.size()) return std::nullopt;
  return say("cause.zone_exhausted_unseen").with("highest", highest).with("pages", unseen());
}

std::optional<Saying> Examiner::one_thing() const {
  if (const auto z = giver({.with_cma = true})) return say("cause.cma_only").with("zone", replay_.label(*z));
  if (const auto z = giver({.no_highatomic = true}))
    return say("cause.highatomic_only").with("zone", replay_.label(*z));
  if (const auto z = giver({.no_boost = true}))
    return say("cause.boosted").with("zone", replay_.label(*z)).with("pages", zone(*z).boost.value_or(0));
  for (const ZoneFinding &f : out_.last().zones)
    if (was_asked(f.verdict) && counts(f.zone) && replay_.gives(f.zone, request_, {.no_lowmem_reserve = true}))
      return say("cause.lowmem_reserve").with("zone", replay_.label(f.zone)).with("pages", reserve(f.zone));
  if (const auto z = giver({.drain_pcp = true}))
    return say("cause.pcp_lists").with("zone", replay_.label(*z)).with("pages", zone(*z).free_pcp.value_or(0));
  return std::nullopt;
}

// Every zone that was asked is below its mark.
Saying Examiner::cause_low() const {
  if (auto s = elsewhere()) return *s;
  if (auto s = one_thing()) return *s;
  if (giver(reclaimed())) {
    const u64 pages = reclaimable();
    if (!waits()) return say("cause.cannot_wait").with("pages", pages);
    if (wants(gfp::NORETRY)) return say("cause.noretry_low").with("pages", pages);
    if (costly() && !wants(gfp::RETRY_MAYFAIL)) return say("cause.costly_low").with("pages", pages);
    return say("cause.reclaim_failed").with("pages", pages).with("gfp", gfp_text(report_.gfp));
  }
  const u64 slab = report_.slab_unreclaimable.value_or(0), managed = report_.managed.value_or(0);
  if (managed != 0 && slab >= managed / 2) return say("cause.slab").with("pages", slab).with("managed", managed);
  if (report_.total_swap_kb && !can_swap() && giver({.any_block = true, .reclaim_file = true, .reclaim_anon = true}))
    return say(*report_.total_swap_kb > 0 ? "cause.swap_full" : "cause.no_swap").with("pages", anon());
  return say("cause.out_of_memory");
}

// In the zone that needs the fewest, of those that count.
void Examiner::missing_pages() {
  struct Need {
    u64 pages;
    bool block;
    std::size_t zone;
  };
  std::optional<Need> best;
  for (const ZoneFinding &f : out_.last().zones) {
    if (!was_asked(f.verdict) || !counts(f.zone)) continue;
    const auto with = [&](u64 pages, bool block) {
      return replay_.gives(f.zone, request_, {.any_block = block, .extra_free = static_cast<i64>(pages)});
    };
    const auto pages = least(u64{1} << 52, [&](u64 n) { return with(n, true); });
    if (pages && (!best || *pages < best->pages)) best = {*pages, !with(*pages, false), f.zone};
  }
  if (!best) return;
  Saying s = say(!best->block       ? "remedy.free_pages"
                 : best->pages == 0 ? "remedy.free_block"
                                    : "remedy.free_pages_and_block");
  s.with("zone", replay_.label(best->zone));
  if (best->pages != 0) s.with("pages", best->pages);
  if (best->block) s.with("order", report_.order.v);
  out_.remedies.push_back(std::move(s));
}

// The same zones, asked otherwise.
void Examiner::other_requests() {
  auto &out = out_.remedies;
  for (u64 order = report_.order.v; order-- > 0;)
    if (replay_.giver({order_t{order}, report_.gfp}, {})) {
      out.push_back(order == 0 ? say("remedy.single_pages")
                               : say("remedy.smaller_order").with("order", order).with("pages", u64{1} << order));
      break;
    }
  const gfp_t high = report_.gfp | gfp::HIGH | (waits() ? 0 : gfp::ATOMIC_BIT);
  if (!wants(gfp::HIGH) && replay_.giver({report_.order, high}, {}))
    out.push_back(say("remedy.may_use_reserve").with("gfp", gfp_text(high)));
  if (!waits()) {
    const gfp_t patient = (report_.gfp & ~(gfp::HIGH | gfp::ATOMIC_BIT | gfp::NOMEMALLOC)) | gfp::KERNEL;
    if (replay_.giver({report_.order, patient}, {.reclaim_file = true, .reclaim_anon = can_swap()}) &&
        reclaimable() != 0)
      out.push_back(say("remedy.may_wait").with("gfp", gfp_text(report_.gfp)).with("pages", reclaimable()));
  }
  const gfp_t movable = (report_.gfp & ~(gfp::DMA | gfp::DMA32 | gfp::RECLAIMABLE)) | gfp::HIGHMEM | gfp::MOVABLE;
  if (gfp_migratetype_index(report_.gfp) != 1)
    if (const auto z = replay_.giver({report_.order, movable}, {}))
      out.push_back(say("remedy.movable").with("zone", replay_.label(*z)));
}

// The same request, on zones that are otherwise.
void Examiner::other_zones() {
  auto &out = out_.remedies;
  const auto zone_says = [&](std::string_view id, std::size_t z) { return say(id).with("zone", replay_.label(z)); };
  if (const auto z = giver({.any_node = true})) out.push_back(zone_says("remedy.any_node", *z));
  if (const auto z = giver({.any_zone = true})) out.push_back(zone_says("remedy.any_zone", *z));
  if (const auto z = giver({.no_highatomic = true}))
    out.push_back(zone_says("remedy.no_highatomic", *z).with("pages", highatomic(*z)));
  if (const auto z = giver({.no_boost = true}))
    out.push_back(zone_says("remedy.no_boost", *z).with("pages", zone(*z).boost.value_or(0)));
  if (const auto z = giver({.no_lowmem_reserve = true}))
    out.push_back(zone_says("remedy.no_lowmem_reserve", *z).with("pages", reserve(*z)));
  if (const auto z = giver({.drain_pcp = true}))
    out.push_back(zone_says("remedy.drain_pcp", *z).with("pages", zone(*z).free_pcp.value_or(0)));
  if (const auto z = giver({.mark = u64{0}})) {
    const auto refused =
        least(zone(*z).min.value_or(0), [&](u64 m) { return !replay_.gives(*z, request_, {.mark = m}); });
    if (refused && *refused > 0)
      out.push_back(
          zone_says("remedy.lower_mark", *z).with("pages", *refused - 1).with("mark", zone(*z).min.value_or(0)));
  }
  if (waits() && !can_swap() && anon() != 0 && !giver({.reclaim_file = true}) &&
      giver({.reclaim_file = true, .reclaim_anon = true}))
    out.push_back(say("remedy.swap").with("pages", anon()));
}

void Examiner::remedies() {
  if (out_.cause.id == "cause.race") return; // it would succeed as it is
  missing_pages();
  other_requests();
  other_zones();
}

Autopsy Examiner::examine() {
  out_.assumed = report_.assumed;
  if (report_.kind == FailureReport::Kind::memcg) {
    out_.cause = say("cause.memcg").with("usage", report_.memcg_usage_kb).with("limit", report_.memcg_limit_kb);
    return std::move(out_);
  }
  out_.highest = highest_zone(report_, report_.gfp);
  if (replay_.several_nodes()) {
    const bool bound = wants(gfp::THISNODE);
    const i32 node = bound ? replay_.this_node() : replay_.local_node();
    out_.assumed.push_back(
        say(bound ? "assumed.this_node" : "assumed.local_node").with("node", static_cast<u64>(node)));
  }
  const bool outside = std::any_of(report_.zones.begin(), report_.zones.end(),
                                   [&](const ReportZone &z) { return !report_.mems_allowed.holds(z.nid); });
  if (outside && !wants(gfp::HARDWALL)) out_.assumed.push_back(say("assumed.no_cpuset"));

  out_.attempts.push_back(replay_.fast(request_));
  out_.attempts.push_back(replay_.slow(request_));
  out_.deciding = 1;
  if (report_.kind == FailureReport::Kind::oom) out_.attempts.push_back(replay_.before_oom(request_));
  out_.cause = cause();
  remedies();
  return std::move(out_);
}

} // namespace

std::string_view verdict_id(ZoneVerdict v) { return verdicts[static_cast<std::size_t>(v)]; }

Autopsy autopsy(const FailureReport &report) { return Examiner(report).examine(); }

} // namespace mmscope
