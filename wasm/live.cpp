#include "live.hpp"

#include <algorithm>
#include <bit>
#include <vector>

#include "base/text.hpp"
#include "io/json_writer.hpp"
#include "lab/remedies.hpp"
#include "lab/replay.hpp"
#include "mm/fragmentation.hpp"
#include "mm/pair_alloc.hpp"

namespace mmscope::live {
namespace {

constexpr unsigned most_rows = 300, most_details = 3;

std::string_view zone_name(const System &s, u64 zone) {
  return zone < s.arch->zones.size() ? s.arch->zones[static_cast<std::size_t>(zone)].name : std::string_view();
}
struct NodeZone {
  i32 nid;
  unsigned zone;
};
NodeZone zone_of(const System &s, pfn_t pfn) {
  for (const PairZone &z : s.pair_zones)
    if (s.on_pair_zones() && z.contains(pfn)) return {0, z.id()};
  const PageInfo page = s.pages.page(pfn);
  return {page.nid, page.zone};
}
std::string_view type_name(u64 type) {
  return type < migratetype_count ? migratetype_name(static_cast<migratetype>(type)) : std::string_view();
}
std::string_view verdict_name(u64 verdict) {
  static constexpr std::string_view names[] = {"ok", "low", "no_block", "scattered"};
  return names[std::min<u64>(verdict, 3)];
}
std::string_view zone_field_name(u64 which) {
  switch (static_cast<zone_field>(which)) {
  case zone_field::watermark_boost: return "watermark_boost";
  case zone_field::nr_reserved_highatomic: return "nr_reserved_highatomic";
  case zone_field::nr_isolate_pageblock: return "nr_isolate_pageblock";
  default: return "";
  }
}

void flags(JsonWriter &j, const Event &e, unsigned i, std::string_view name) {
  if (name == "gfp" || name == "gfp_flags")
    j.string(gfp_text(static_cast<gfp_t>(e.f[i])));
  else if (e.kind == EventKind::lab_attempt)
    j.string(alloc_flags_text(static_cast<u32>(e.f[i])));
  else
    j.number(e.f[i]);
}

/// One event, its values as a person names them.
void row(JsonWriter &j, const Lab &lab, const Event &e, const Position &at, u64 more) {
  const System &s = lab.state();
  const EventInfo &info = event_info(e.kind);
  j.begin_object().key("call").number(at.call).key("event").number(at.event).key("kind").string(info.name);
  j.key("f").begin_object();
  for (unsigned i = 0; i < info.fields.size(); ++i) {
    const auto &[name, unit] = info.fields[i];
    j.key(name);
    switch (unit) {
    case FieldUnit::zone: j.string(zone_name(s, e.f[i])); break;
    case FieldUnit::type: j.string(type_name(e.f[i])); break;
    case FieldUnit::node: j.number_signed(e.node(i)); break;
    case FieldUnit::flags: flags(j, e, i, name); break;
    case FieldUnit::text: j.string(lab.texts().text(e.f[i])); break;
    default: j.number_signed(static_cast<i64>(e.f[i])); break;
    }
  }
  if (s.on_pair_zones()) j.key("pairs").number(1); // the marks add up, and no list has a type
  switch (e.kind) {
  case EventKind::lab_zone_check: j.key("verdict").string(verdict_name(e.f[7])); break;
  case EventKind::lab_alloc_step: j.key("step").string(alloc_step_name(static_cast<AllocStep>(e.f[0]))); break;
  case EventKind::lab_slab_path: j.key("path_name").string(slab_path_name(static_cast<SlabPath>(e.f[1]))); break;
  case EventKind::lab_zone_set: j.key("which").string(zone_field_name(e.f[2])); break;
  case EventKind::mm_page_alloc:
  case EventKind::mm_page_free: {
    const auto [nid, zone] = zone_of(s, pfn_t{e.f[0]});
    j.key("zone").string(zone_name(s, zone)).key("nid").number_signed(nid);
    break;
  }
  default: break;
  }
  j.end_object();
  if (more != 0) j.key("more").number(more);
  j.end_object();
}

enum class Telling : u8 { no, head, detail };
/// Whether the event belongs to the way of a call, and how much it matters. `asks`: a request has begun.
Telling telling(const Event &e, bool asks) {
  switch (e.kind) {
  case EventKind::lab_attempt:
  case EventKind::lab_zone_check:
  case EventKind::lab_pcp_refill:
  case EventKind::lab_pcp_drain:
  case EventKind::mm_page_alloc_extfrag:
  case EventKind::lab_steal:
  case EventKind::lab_alloc_step:
  case EventKind::mm_vmscan_kswapd_wake:
  case EventKind::mm_vmscan_kswapd_sleep:
  case EventKind::lab_reclaim:
  case EventKind::lab_pageblock_run:
  case EventKind::mm_page_alloc:
  case EventKind::lab_slab_path:
  case EventKind::lab_slab_cache:
  case EventKind::lab_slab_cache_alias:
  case EventKind::lab_slab_new:
  case EventKind::lab_slab_discard:
  case EventKind::lab_slab_isolate:
  case EventKind::lab_slab_report:
  case EventKind::lab_slab_write:
  case EventKind::lab_slab_large:
  case EventKind::kmem_cache_alloc:
  case EventKind::kmem_cache_free:
  case EventKind::kmalloc:
  case EventKind::kfree: return Telling::head;
  case EventKind::lab_slab_cpu_load:
  case EventKind::lab_slab_cpu_unload:
  case EventKind::lab_slab_cpu_forget:
  case EventKind::lab_slab_cpu_partial_push:
  case EventKind::lab_slab_cpu_partial_pop:
  case EventKind::lab_slab_cpu_partial_cut:
  case EventKind::lab_slab_list_add:
  case EventKind::lab_slab_list_del:
  case EventKind::lab_slab_freeze:
  case EventKind::lab_slab_pop_cpu:
  case EventKind::lab_slab_push_cpu:
  case EventKind::lab_slab_pop:
  case EventKind::lab_slab_push:
  case EventKind::lab_buddy_split:
  case EventKind::lab_pair_split:
  case EventKind::lab_pair_merge:
  case EventKind::lab_pcp_del:
  case EventKind::mm_page_free:
  case EventKind::lab_buddy_merge:
  case EventKind::mm_page_pcpu_drain:
  case EventKind::lab_lru_add:
  case EventKind::lab_lru_del: return Telling::detail;
  case EventKind::mm_page_alloc_zone_locked: return e.f[3] == 0 ? Telling::detail : Telling::no;
  case EventKind::lab_pcp_add: return e.f[7] == 0 ? Telling::detail : Telling::no;
  case EventKind::lab_page_block: return e.f[2] != 0 && !asks ? Telling::detail : Telling::no;
  case EventKind::lab_free_list_add: return asks ? Telling::no : Telling::detail;
  case EventKind::lab_zone_set: return zone_field_name(e.f[2]).empty() ? Telling::no : Telling::head;
  default: return Telling::no;
  }
}

/// The request that a call made, if it was one.
std::optional<PageRequest> request_of(const Lab &lab, const Command &c) {
  if (c.op != Op::alloc_pages && c.op != Op::alloc_pages_exact) return std::nullopt;
  PageRequest r;
  const auto args = op_info(c.op).args;
  for (unsigned i = 0; i < args.size(); ++i) {
    const Arg &a = c.args[i];
    if (!a.given) continue;
    if (args[i].name == "gfp") r.gfp = static_cast<gfp_t>(a.value);
    if (args[i].name == "order") r.order = order_t{a.value};
    if (args[i].name == "nid") r.nid = static_cast<i32>(static_cast<i64>(a.value));
    if (args[i].name == "cpu") r.cpu = static_cast<u32>(a.value);
    if (args[i].name == "size")
      r.order =
          order_t{static_cast<u64>(std::bit_width((std::max<u64>(a.value, 1) - 1) >> lab.state().arch->page_shift))};
  }
  return r;
}

/// Of a refusal: the zones, each at the attempt that came nearest, and what would have helped.
void refusal(JsonWriter &j, const Lab &lab, const PageRequest &r, std::span<const Event> events) {
  const System &s = lab.state();
  const auto missing = [](const Event &e) { return static_cast<i64>(e.f[5] + e.f[6]) + 1 - static_cast<i64>(e.f[3]); };
  std::vector<Event> nearest;
  for (const Event &e : events) {
    if (e.kind != EventKind::lab_zone_check) continue;
    const auto same = [&](const Event &n) { return n.f[0] == e.f[0] && n.f[1] == e.f[1]; };
    const auto it = std::find_if(nearest.begin(), nearest.end(), same);
    if (it == nearest.end())
      nearest.push_back(e);
    else if (missing(e) < missing(*it))
      *it = e;
  }
  j.key("refused").begin_object().key("zones").begin_array();
  for (const Event &e : nearest) {
    unsigned largest = 0;
    if (s.on_pair_zones()) {
      const PairZone &z = s.pair_zones[static_cast<std::size_t>(e.f[1])];
      while (z.can_give(order_t{largest + 1})) ++largest;
    } else {
      const zone &z = s.pages.zone_of(e.node(0), static_cast<unsigned>(e.f[1]));
      for (unsigned order = 0; order <= s.pages.rules().max_order.v; ++order)
        if (z.areas[order].nr_free() != 0) largest = order;
    }
    j.begin_object().key("nid").number_signed(e.node(0)).key("zone").string(zone_name(s, e.f[1]));
    j.key("usable").number_signed(static_cast<i64>(e.f[3])).key("missing").number_signed(missing(e));
    j.key("verdict").string(verdict_name(e.f[7])).key("largest").number(largest).end_object();
  }
  j.end_array().key("remedies").begin_array();
  for (const Remedy &one : s.on_pair_zones() ? remedies(s.pair_zones, r) : remedies(s.pages, r))
    j.begin_object().key("what").string(remedy_name(one.what)).key("value").number(one.value).end_object();
  j.end_array().end_object();
}

void block(JsonWriter &j, const Lab &lab, const Holding &h) {
  const System &s = lab.state();
  // 2.4 keeps no books of it.
  const BlockInfo b = s.on_pair_zones() ? BlockInfo{h.pfn, h.order, 1} : *s.pages.block(h.pfn);
  const auto [nid, zone] = zone_of(s, h.pfn);
  j.begin_object().key("pfn").number(h.pfn.v).key("order").number(b.order.v).key("gfp").string(gfp_text(h.gfp));
  j.key("cpu").number(h.cpu).key("call").number(h.call).key("refcount").number(b.refcount);
  j.key("compound").boolean(b.is(BlockUse::compound)).key("lru").boolean(b.lru);
  j.key("nid").number_signed(nid).key("zone").string(zone_name(s, zone));
  j.key("pageblock").string(s.on_pair_zones() ? std::string_view() : migratetype_name(s.pages.pageblock(h.pfn)));
  const bool named = h.slot != no_binding && lab.bound(h.slot) == h.pfn.v;
  j.key("name").string(named ? std::string_view(lab.bindings()[h.slot]) : std::string_view()).end_object();
}

/// A name that no result bears yet: p1, p2 …
std::string free_name(const Lab &lab) {
  const auto &taken = lab.bindings();
  for (u64 n = taken.size() + 1;; ++n) {
    std::string name = concat('p', n);
    if (std::find(taken.begin(), taken.end(), name) == taken.end()) return name;
  }
}

} // namespace

std::string state(const Lab &lab, Holdings &holdings, unsigned from, unsigned count) {
  const System &s = lab.state();
  std::string out;
  JsonWriter j(out);
  j.begin_object().key("ready").boolean(lab.handed_over()).key("cpus").number(std::max(s.pages.cpus(), 1u));
  j.key("pairs")
      .boolean(s.on_pair_zones())
      .key("maxOrder")
      .number(s.pages.rules().max_order.v)
      .key("pageSize")
      .number(s.arch->page_size());
  j.key("pageblock").number(u64{1} << s.pages.rules().pageblock_order.v);
  j.key("name").string(free_name(lab)).key("nodes").begin_array();
  bool lists = false;
  for (const pglist_data &n : s.pages.nodes()) {
    if (!n.online) continue;
    u64 reclaimable = 0;
    for (unsigned zid = 0; zid < s.arch->zones.size(); ++zid) {
      reclaimable += s.pages.reclaimable_pages(n.nid, zid);
      lists = lists || !n.zones[zid].pcp.empty();
    }
    j.begin_object().key("nid").number_signed(n.nid).key("awake").boolean(n.kswapd_awake != 0);
    j.key("reclaimable").number(reclaimable).end_object();
  }
  j.end_array().key("lists").boolean(lists);
  // A CPU's pages, over all zones.
  j.key("onCpu").begin_array();
  for (u32 cpu = 0; cpu < s.pages.cpus(); ++cpu) {
    u64 pages = 0;
    for (const pglist_data &n : s.pages.nodes())
      for (const zone &z : n.zones)
        if (cpu < z.pcp.size()) pages += z.pcp[cpu].count;
    j.number(pages);
  }
  j.end_array();
  const std::vector<Holding> held = count != 0 ? holdings.at(lab) : std::vector<Holding>();
  u64 pages = 0;
  for (const Holding &h : held) pages += u64{1} << h.order.v;
  j.key("held").number(held.size()).key("heldPages").number(pages).key("blocks").begin_array();
  for (std::size_t i = from; i < held.size() && i - from < count; ++i) block(j, lab, held[i]);
  j.end_array().end_object();
  return out;
}

std::string usage(const Lab &lab) {
  const System &s = lab.state();
  const unsigned pageblock = static_cast<unsigned>(s.pages.rules().pageblock_order.v);
  std::string out;
  JsonWriter j(out);
  j.begin_object().key("mixes").begin_array();
  for (unsigned i = 0; i < workload_mixes; ++i) j.string(workload_mix_name(static_cast<WorkloadMix>(i)));
  j.end_array().key("ready").boolean(s.phase >= Phase::done).key("pageblock").number(pageblock);
  if (const std::optional<Workload> &w = lab.workload()) {
    j.key("mix").string(workload_mix_name(w->spec().mix)).key("seed").number(w->spec().seed);
    j.key("calls").number(w->calls()).key("refused").number(w->refused()).key("held").number(w->held());
  }
  j.key("zones").begin_array();
  for (const pglist_data &n : s.pages.nodes())
    for (unsigned zid = 0; n.online && zid < s.arch->zones.size(); ++zid) {
      const zone &z = n.zones[zid];
      if (z.managed_pages == 0) continue;
      const FreeBlocks f = free_blocks(z);
      j.begin_object().key("nid").number_signed(n.nid).key("zone").string(zone_name(s, zid));
      j.key("free").number(z.free_pages()).key("managed").number(z.managed_pages);
      j.key("largest").number_signed(f.largest() ? static_cast<i64>(*f.largest()) : -1);
      j.key("unusable").number(unusable_free_index(f, pageblock));
      j.key("extfrag").number_signed(fragmentation_index(f, pageblock)).end_object();
    }
  j.end_array().end_object();
  return out;
}

std::string holding(const Lab &lab, Holdings &holdings, u64 pfn) {
  for (const Holding &h : holdings.at(lab)) {
    if (pfn - h.pfn.v >= u64{1} << h.order.v) continue;
    std::string out;
    JsonWriter j(out);
    block(j, lab, h);
    return out;
  }
  return "null";
}

std::string gfp(const Lab &lab, const std::string &text) {
  const System &s = lab.state();
  std::string out;
  JsonWriter j(out);
  const std::optional<gfp_t> g = parse_gfp(text);
  u8 zone = g ? s.pages.rules().gfp_zones[*g & gfp::zone_bits] : no_zone;
  if (g && s.on_pair_zones())
    if (const auto list = pair_zonelist(s.pair_zones, *g); !list.empty()) zone = static_cast<u8>(list.front());
  const bool ok = g && zone != no_zone && gfp_migratetype_index(*g) <= 2;
  j.begin_object().key("ok").boolean(ok);
  if (ok) {
    static constexpr migratetype types[] = {migratetype::UNMOVABLE, migratetype::MOVABLE, migratetype::RECLAIMABLE};
    j.key("text").string(gfp_text(*g)).key("zone").string(zone_name(s, zone));
    const auto type = s.on_pair_zones() ? std::string_view() : migratetype_name(types[gfp_migratetype_index(*g)]);
    j.key("type").string(type).key("words").begin_array();
    gfp_t left = *g;
    for (const GfpName &n : gfp_names()) {
      if ((left & n.bits) != n.bits) continue;
      left &= ~n.bits;
      j.begin_object().key("name").string(n.name).key("about").string(n.meaning).end_object();
    }
    j.end_array();
  }
  j.end_object();
  return out;
}

std::string gfp_words() {
  std::string out;
  JsonWriter j(out);
  j.begin_array();
  for (const GfpName &n : gfp_names())
    j.begin_object().key("name").string(n.name).key("about").string(n.meaning).end_object();
  j.end_array();
  return out;
}

std::string walk(const Lab &lab) {
  const auto call = lab.call();
  if (!call || lab.command(*call).op < Op::setup_per_cpu_pageset) return "null";
  const CallRecord &made = lab.record();
  const std::vector<Event> events = made.events; // asking for other records may take this one away
  struct Row {
    std::size_t event;
    u64 more;
  };
  std::vector<Row> rows;
  bool asks = false, refused = false;
  unsigned details = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Event &e = events[i];
    asks = asks || e.kind == EventKind::lab_attempt;
    if (e.kind == EventKind::mm_page_alloc) refused = e.f[0] == 0;
    const Telling how = telling(e, asks);
    if (how == Telling::no) continue;
    details = how == Telling::detail ? details + 1 : 0;
    if (!rows.empty() && (details > most_details || rows.size() >= most_rows))
      ++rows.back().more;
    else
      rows.push_back({i, 0});
  }
  std::string out;
  JsonWriter j(out);
  j.begin_object().key("call").number(*call).key("name").string(op_info(lab.command(*call).op).name);
  j.key("rows").begin_array();
  for (const Row &r : rows) row(j, lab, events[r.event], shown_at(*call, r.event, made), r.more);
  j.end_array();
  if (const auto request = request_of(lab, lab.command(*call)); refused && request && !lab.inside())
    refusal(j, lab, *request, events);
  j.end_object();
  return out;
}

std::string told(const Lab &lab) {
  const Event *e = lab.last_event();
  if (e == nullptr) return "null";
  std::string out;
  JsonWriter j(out);
  row(j, lab, *e, lab.position(), 0);
  return out;
}

} // namespace mmscope::live
