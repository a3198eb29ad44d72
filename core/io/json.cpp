#include "io/json.hpp"

#include "base/text.hpp"
#include "io/old_views.hpp"
#include "io/slab_views.hpp"

#include <algorithm>

namespace mmscope {

namespace {

void write_nid(JsonWriter &w, i32 nid) {
  if (nid == no_node)
    w.null();
  else
    w.number_signed(nid);
}

void write_allocations(JsonWriter &w, std::span<const AllocRow> rows) {
  w.begin_array();
  for (const AllocRow &a : rows) {
    w.begin_object().key("caller").string(a.caller).key("size").number(a.size).key("align").number(a.align);
    w.key("nid").number_signed(a.nid).key("addr").number(a.addr.v).key("logged");
    if (a.logged)
      w.number(a.logged->v);
    else
      w.null();
    w.end_object();
  }
  w.end_array();
}

void write_handed(JsonWriter &w, const std::vector<HandedRun> &runs) {
  u64 room = max_handed_blocks, left_out = 0;
  w.key("handed").begin_array();
  for (const HandedRun &r : runs) {
    const u64 n = std::min(room, r.count);
    for (u64 i = 0; i < n; ++i) w.begin_array().number(r.pfn.v + (i << r.order.v)).number(r.order.v).end_array();
    room -= n;
    left_out += r.count - n;
  }
  w.end_array();
  if (left_out != 0) w.key("handed_left_out").number(left_out);
}

void write_results(JsonWriter &w, const std::vector<CommandResult> &results) {
  w.key("results").begin_array();
  for (const CommandResult &r : results) {
    if (!r.result.ok())
      w.begin_object().key("error").string(r.result.error).end_object();
    else if (r.is_address)
      w.number(r.result.value);
    else
      w.number_signed(static_cast<i64>(r.result.value));
  }
  w.end_array();
}

void write_all_events(JsonWriter &w, const Script &script, u64 calls) {
  Machine m(script.setup);
  Trace texts;
  w.key("events").begin_array();
  for (const Command &c : script.commands) {
    if (calls-- == 0) break;
    write_events(w, play(m, c, texts).events, texts);
  }
  w.end_array();
}

} // namespace

std::vector<HandedRun> handed_runs(std::span<const Event> events) {
  std::vector<HandedRun> runs;
  for (const Event &e : events)
    if (e.kind == EventKind::lab_hand_over) runs.push_back({pfn_t{e.f[0]}, order_t{e.f[1]}, e.f[2]});
  return runs;
}

void write_regions(JsonWriter &w, const memblock_type &type) {
  w.begin_array();
  for (const memblock_region &r : type.regions) {
    w.begin_array().number(r.base.v).number(r.size).number(r.flags);
    write_nid(w, r.nid);
    w.end_array();
  }
  w.end_array();
}

void write_zones(JsonWriter &w, const System &s) {
  w.begin_array();
  for (const pglist_data &node : s.pages.nodes()) {
    if (!node.online) continue;
    for (unsigned z = 0; z < s.arch->zones.size(); ++z) {
      const zone &zn = node.zones[z];
      w.begin_object().key("node").number_signed(node.nid).key("name").string(s.arch->zones[z].name);
      w.key("start_pfn").number(zn.start_pfn.v).key("spanned").number(zn.spanned_pages);
      w.key("present")
          .number(zn.present_pages)
          .key("managed")
          .number(zn.managed_pages)
          .key("free")
          .number(zn.free_pages());
      w.key("min").number(zn.watermark[static_cast<std::size_t>(watermark::min)]);
      w.key("low").number(zn.watermark[static_cast<std::size_t>(watermark::low)]);
      w.key("high").number(zn.watermark[static_cast<std::size_t>(watermark::high)]);
      w.key("protection").begin_array();
      for (unsigned j = 0; j < s.arch->zones.size(); ++j) w.number(zn.lowmem_reserve[j]);
      w.end_array().key("nr_free").begin_array();
      for (unsigned order = 0; order <= s.pages.rules().max_order.v; ++order) w.number(zn.areas[order].nr_free());
      w.end_array().end_object();
    }
  }
  w.end_array();
}

void write_free_lists(JsonWriter &w, const PageAlloc &pages, std::span<const ZoneRow> zones) {
  w.begin_array();
  for (const pglist_data &node : pages.nodes()) {
    if (!node.online) continue;
    for (unsigned z = 0; z < zones.size(); ++z)
      for (unsigned order = 0; order <= pages.rules().max_order.v; ++order)
        for (unsigned m = 0; m < migratetype_count; ++m) {
          if (node.zones[z].areas[order].free_list[m].nr == 0) continue;
          const auto type = static_cast<migratetype>(m);
          w.begin_object().key("node").number_signed(node.nid).key("zone").string(zones[z].name);
          w.key("order").number(order).key("migratetype").string(migratetype_name(type)).key("pfns").begin_array();
          pages.for_each_block(node.nid, z, order_t{order}, type, [&](const FreeBlock &b) {
            for (u64 i = 0; i < b.count; ++i) w.number(b.pfn.v + (i << order));
          });
          w.end_array().end_object();
        }
  }
  w.end_array();
}

void write_event(JsonWriter &w, const Event &e, const Trace &texts) {
  const EventInfo &info = event_info(e.kind);
  w.begin_object().key("event").string(info.name);
  for (std::size_t i = 0; i < info.fields.size(); ++i) {
    w.key(info.fields[i].name);
    switch (info.fields[i].unit) {
    case FieldUnit::text: w.string(texts.text(e.f[i])); break;
    case FieldUnit::node: w.number_signed(static_cast<i64>(e.f[i])); break;
    default: w.number(e.f[i]);
    }
  }
  w.end_object();
}

void write_events(JsonWriter &w, std::span<const Event> events, const Trace &texts) {
  w.begin_array();
  for (const Event &e : events) write_event(w, e, texts);
  w.end_array();
}

void write_json(JsonWriter &w, const JsonReport &r) {
  const System &s = r.machine.system();
  w.begin_object().key("schema").number(1).key("kernel").string(r.kernel).key("arch").string(s.arch->name);
  w.key("phase").string(phase_name(s.phase));
  w.key("memblock").begin_object().key("memory");
  write_regions(w, s.memblock.memory);
  w.key("reserved");
  write_regions(w, s.memblock.reserved);
  w.end_object().key("allocations");
  write_allocations(w, r.allocations);
  w.key("zones");
  write_zones(w, s);
  w.key("free_lists");
  write_free_lists(w, s.pages, s.arch->zones);
  write_old(w, s);
  write_old_slabs(w, s);
  w.key("lines").begin_array();
  for (const std::string &line : s.lines) w.string(line);
  w.end_array();
  w.key("slabs").begin_array().end_array(); // the slab allocator's issue fills it
  if (r.results != nullptr) write_results(w, *r.results);
  if (r.handed != nullptr) write_handed(w, *r.handed);
  w.key("assumed").begin_array();
  for (const std::string &a : r.assumed) w.string(a);
  w.end_array();
  if (r.events_of != nullptr) write_all_events(w, *r.events_of, r.events_calls);
  std::string digest;
  append_hex(digest, s.digest(), 16);
  w.key("digest").string(digest).end_object();
}

} // namespace mmscope
