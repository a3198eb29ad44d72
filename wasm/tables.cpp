// The tables of facts.hpp: the twin's windows.
#include "facts.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "base/units.hpp"
#include "page_tables.hpp"
#include "table_rows.hpp"

namespace mmscope::facts {
namespace {

std::string_view mark_name(Mark m) {
  switch (m) {
  case Mark::none: return "";
  case Mark::inserted: return "new";
  case Mark::merged: return "merged";
  case Mark::split: return "split";
  case Mark::trimmed: return "trimmed";
  case Mark::marked: return "marked";
  }
  return "";
}

void node_cell(JsonWriter &j, i32 nid) {
  if (nid == no_node)
    j.null();
  else
    j.number_signed(nid);
}

std::string flags_text(u32 flags) {
  std::string s;
  const auto add = [&](u32 bit, std::string_view name) {
    if ((flags & bit) == 0) return;
    if (!s.empty()) s += ' ';
    s += name;
  };
  add(MEMBLOCK_HOTPLUG, "hotplug");
  add(MEMBLOCK_MIRROR, "mirror");
  add(MEMBLOCK_NOMAP, "nomap");
  add(MEMBLOCK_DRIVER_MANAGED, "driver_managed");
  return s;
}

std::string owners_text(const Lab &lab, const memblock_region &r) {
  const auto &held = lab.owners().held();
  std::string s;
  u64 more = 0;
  std::vector<u32> named;
  for (auto at = held.lower_bound(r.base.v); at != held.end() && at->first < r.end().v; ++at) {
    if (std::find(named.begin(), named.end(), at->second.owner) != named.end()) continue;
    named.push_back(at->second.owner);
    if (named.size() > 6)
      ++more;
    else
      append(s, s.empty() ? "" : ", ", lab.index().owners()[at->second.owner].label);
  }
  if (more != 0) append(s, " +", more);
  return s;
}

void regions(Rows &rows, const Lab &lab, memblock_list which) {
  const auto &marks = lab.changes().marks[static_cast<std::size_t>(which)];
  const auto &all = lab.state().memblock.type(which).regions;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!rows.wanted()) continue;
    const memblock_region &r = all[i];
    JsonWriter &j = rows.row(i < marks.size() ? mark_name(marks[i]) : "");
    j.number(i).number(r.base.v).number(r.end().v - 1).number(r.size);
    node_cell(j, r.nid);
    j.string(flags_text(r.flags));
    if (which == memblock_list::reserved) j.string(owners_text(lab, r));
    rows.end_row();
  }
}

void firmware(Rows &rows, const Lab &lab) {
  for (const e820_entry &e : lab.state().e820.entries) {
    if (!rows.wanted()) continue;
    rows.row("").number(e.addr.v).number(e.addr.v + e.size - 1).number(e.size).string(e820_type_name(e.type));
    rows.end_row();
  }
}

void zones(Rows &rows, const Lab &lab) {
  const System &s = lab.state();
  const auto &changed = lab.changes().zones;
  for (const pglist_data &node : s.pages.nodes())
    for (unsigned z = 0; z < std::min<std::size_t>(s.arch->zones.size(), max_zone_types); ++z) {
      const zone &zone = node.zones[z];
      if (!zone.populated() || !rows.wanted()) continue;
      const bool hit = std::find(changed.begin(), changed.end(), std::pair<i32, u32>{node.nid, z}) != changed.end();
      JsonWriter &j = rows.row(hit ? "changed" : "");
      j.number_signed(node.nid).string(s.arch->zones[z].name).number(zone.start_pfn.v).number(zone.spanned_pages);
      j.number(zone.present_pages).number(zone.managed_pages).number(zone.free_pages());
      for (const u64 mark : zone.watermark) j.number(mark);
      rows.end_row();
    }
}

void free_lists(Rows &rows, const Lab &lab) {
  constexpr u64 shown_blocks = 8;
  const System &s = lab.state();
  const auto max_order = static_cast<unsigned>(s.pages.rules().max_order.v);
  for (const pglist_data &node : s.pages.nodes())
    for (unsigned z = 0; z < std::min<std::size_t>(s.arch->zones.size(), max_zone_types); ++z)
      for (unsigned o = 0; o <= max_order; ++o)
        for (unsigned t = 0; t < migratetype_count; ++t) {
          const unsigned order = max_order - o;
          const u64 nr = node.zones[z].areas[order].free_list[t].nr;
          if (nr == 0 || !rows.wanted()) continue;
          const auto type = static_cast<migratetype>(t);
          JsonWriter &j = rows.row(lab.changes().buddy[z][order][t] ? "changed" : "");
          j.number_signed(node.nid)
              .string(s.arch->zones[z].name)
              .number(order)
              .string(migratetype_name(type))
              .number(nr);
          std::string first;
          u64 n = 0;
          s.pages.for_each_block(node.nid, z, order_t{order}, type, [&](const FreeBlock &b) {
            for (u64 i = 0; i < b.count && n < shown_blocks; ++i, ++n)
              append(first, first.empty() ? "" : " ", hex_text(b.pfn.v + (i << order)));
          });
          if (nr > n) first += " …";
          j.string(first);
          rows.end_row();
        }
}

void sections(Rows &rows, const Lab &lab) {
  for (const SectionRun &run : lab.state().sparse.sections) {
    if (!rows.wanted()) continue;
    JsonWriter &j = rows.row("");
    j.number(run.first).number(run.count);
    node_cell(j, run.nid);
    if (run.initialised)
      j.number(run.usage.v).number(run.map.v);
    else
      j.null().null();
    rows.end_row();
  }
}

void events(Rows &rows, const Lab &lab) {
  if (!lab.call()) return;
  const std::span<const Event> all = lab.events();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!rows.wanted()) continue;
    const EventInfo &info = event_info(all[i].kind);
    std::string_view name = info.name;
    const std::string text = to_text(lab.texts(), all[i]);
    std::string_view fields = text;
    if (fields.starts_with(name)) fields.remove_prefix(name.size());
    rows.row(lab.inside() && i + 1 == all.size() ? "last" : "")
        .number(i + 1)
        .string(name)
        .string(trim(fields))
        .string(info.meaning);
    rows.end_row();
  }
}

std::string_view without_offset(std::string_view caller) { return caller.substr(0, caller.find('+')); }

void allocations(Rows &rows, const Lab &lab, const Record &record) {
  const std::optional<std::size_t> call = lab.call();
  for (const AllocRow &row : record.allocs.rows()) {
    if (row.command >= lab.recorded_calls()) continue; // the branch has other calls from there on
    if (!rows.wanted()) continue;
    JsonWriter &j = rows.row(call == row.command ? "here" : "");
    j.number(u64{row.command} + 1).string(without_offset(row.caller)).number(row.size).number(row.align);
    // A prediction is shown once the call has been made.
    if (call && row.command <= *call)
      j.number(row.addr.v);
    else
      j.null();
    if (row.logged)
      j.number(row.logged->v);
    else
      j.null();
    j.string(!row.logged ? "unknown" : *row.logged == row.addr ? "equal" : "differs");
    rows.end_row();
  }
}

void texts(Rows &rows, const std::vector<std::string> &all) {
  for (const std::string &line : all) {
    if (!rows.wanted()) continue;
    rows.row("").string(line);
    rows.end_row();
  }
}

} // namespace

std::string table(const Lab &lab, const Record &record, std::string_view name, u64 from, u64 count) {
  Rows rows(from, std::min<u64>(count, 1000));
  if (name == "memory") regions(rows, lab, memblock_list::memory);
  if (name == "reserved") regions(rows, lab, memblock_list::reserved);
  if (name == "firmware") firmware(rows, lab);
  if (name == "zones") zones(rows, lab);
  if (name == "lists") free_lists(rows, lab);
  if (name == "cpus") cpus(rows, lab);
  if (name == "cpu_lists") cpu_lists(rows, lab);
  if (name == "walk") walk(rows, lab);
  if (name == "pageblocks") pageblocks(rows, lab);
  if (name == "caches") caches(rows, lab);
  if (name == "slabs") slabs(rows, lab);
  if (name == "fragmentation") fragmentation(rows, lab);
  if (name == "sections") sections(rows, lab);
  if (name == "events") events(rows, lab);
  if (name == "allocations") allocations(rows, lab, record);
  if (name == "lines") texts(rows, lab.state().lines);
  if (name == "assumed") texts(rows, lab.script().assumed);
  return rows.finish();
}

} // namespace mmscope::facts
