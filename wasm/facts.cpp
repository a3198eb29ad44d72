#include "facts.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "base/units.hpp"
#include "io/json_writer.hpp"

namespace mmscope::facts {
namespace {

std::string_view kind_name(ArgKind k) {
  switch (k) {
  case ArgKind::addr: return "addr";
  case ArgKind::size: return "bytes";
  case ArgKind::num: return "number";
  case ArgKind::nid: return "node";
  case ArgKind::boolean: return "boolean";
  case ArgKind::text: return "text";
  case ArgKind::flags: return "flags";
  case ArgKind::value: return "addr";
  }
  return "number";
}

std::string_view owner_kind_name(OwnerKind k) {
  switch (k) {
  case OwnerKind::kernel: return "kernel";
  case OwnerKind::mem_map: return "mem_map";
  case OwnerKind::misc: return "misc";
  case OwnerKind::reserved: break;
  }
  return "reserved";
}

std::string_view part_name(PartKind k) {
  switch (k) {
  case PartKind::owner: return "owner";
  case PartKind::free_memblock: return "free_memblock";
  case PartKind::free_buddy: return "free_buddy";
  case PartKind::waiting: return "waiting";
  case PartKind::allocated: return "allocated";
  case PartKind::cut_off: break;
  }
  return "cut_off";
}

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

std::string_view without_offset(std::string_view caller) { return caller.substr(0, caller.find('+')); }

/// A number that JavaScript may not be able to hold exactly ("no limit") is null.
void exact(JsonWriter &j, u64 n) {
  if (n > u64{1} << 53)
    j.null();
  else
    j.number(n);
}

void field_value(JsonWriter &j, const Event &e, unsigned i, FieldUnit unit, const Trace &texts) {
  if (unit == FieldUnit::text)
    j.string(texts.text(e.f[i]));
  else if (unit == FieldUnit::node)
    j.number_signed(e.node(i));
  else
    exact(j, e.f[i]);
}

void event_json(JsonWriter &j, const Event &e, const Trace &texts) {
  const EventInfo &info = event_info(e.kind);
  j.begin_object()
      .key("kind")
      .string(info.name)
      .key("meaning")
      .string(info.meaning)
      .key("text")
      .string(to_text(texts, e));
  j.key("fields").begin_object();
  for (unsigned i = 0; i < info.fields.size(); ++i) {
    j.key(info.fields[i].name);
    field_value(j, e, i, info.fields[i].unit, texts);
  }
  j.end_object().end_object();
}

/// Functions entered and not left after the events, outermost first.
std::vector<std::string_view> stack_of(std::span<const Event> events, const Trace &texts) {
  std::vector<std::string_view> stack;
  for (const Event &e : events) {
    if (e.kind == EventKind::lab_call) stack.push_back(texts.text(e.f[0]));
    if (e.kind == EventKind::lab_return && !stack.empty()) stack.pop_back();
  }
  return stack;
}

/// What the events of a call come to.
struct Sums {
  u64 counts[event_kind_count] = {};
  u64 handed_blocks = 0, handed_pages = 0, merges = 0, tries = 0, reserved = 0, freed = 0, added = 0, waiting_pages = 0;
};
Sums sums_of(std::span<const Event> events) {
  Sums s;
  for (const Event &e : events) {
    ++s.counts[static_cast<std::size_t>(e.kind)];
    switch (e.kind) {
    case EventKind::lab_hand_over:
      s.handed_blocks += e.f[2];
      s.handed_pages += e.f[2] << e.f[1];
      break;
    case EventKind::lab_buddy_merge: ++s.merges; break;
    case EventKind::lab_memblock_candidate: ++s.tries; break;
    case EventKind::lab_memblock_insert: (e.f[0] == 0 ? s.added : s.reserved) += e.f[3]; break;
    case EventKind::lab_memblock_remove: s.freed += e.f[3]; break;
    case EventKind::lab_deferred_skip: s.waiting_pages += e.f[2] << e.f[1]; break;
    default: break;
    }
  }
  return s;
}

void call_json(JsonWriter &j, const Lab &lab, std::size_t index) {
  const Command &c = lab.script().commands[index];
  const OpInfo &op = op_info(c.op);
  const CallRecord &made = lab.record();
  j.begin_object().key("index").number(index).key("name").string(op.name).key("summary").string(op.summary);
  j.key("args").begin_array();
  for (unsigned i = 0; i < op.args.size() && i < max_args; ++i) {
    if (!c.args[i].given && op.args[i].kind != ArgKind::text) continue;
    j.begin_object().key("name").string(op.args[i].name).key("kind").string(kind_name(op.args[i].kind)).key("value");
    if (op.args[i].kind == ArgKind::text) {
      j.string(c.text);
    } else if (op.args[i].kind == ArgKind::nid) {
      j.number_signed(static_cast<i32>(static_cast<i64>(c.args[i].value)));
    } else {
      const u64 bound = c.args[i].binding == no_binding ? 0 : lab.bound(c.args[i].binding).value_or(0);
      exact(j, bound + c.args[i].value);
    }
    j.end_object();
  }
  j.end_array();
  j.key("caller").string(without_offset(c.caller)).key("owner").string(c.owner).key("line").number(c.line);
  j.key("result");
  exact(j, made.result.value);
  j.key("address").boolean(returns_address(c.op));
  j.key("error").string(made.result.error);
  j.key("events").number(made.events.size()).key("seen").number(lab.events().size()).end_object();
}

void answer_json(JsonWriter &j, const Record &record, u64 call) {
  u64 made = 0, logged = 0, equal = 0;
  const AllocRow *only = nullptr;
  for (const AllocRow &row : record.allocs.rows()) {
    if (row.command != call) continue;
    ++made;
    only = &row;
    if (row.logged) ++logged;
    if (row.logged && *row.logged == row.addr) ++equal;
  }
  j.begin_object().key("made").number(made).key("logged").number(logged).key("equal").number(equal);
  if (made == 1) {
    j.key("addr").number(only->addr.v).key("line").number(only->line).key("loggedAddr");
    if (only->logged)
      j.number(only->logged->v);
    else
      j.null();
  }
  j.end_object();
}

void score_json(JsonWriter &j, const Record &record, u64 calls_made) {
  u64 logged = 0, equal = 0, so_far = 0;
  for (const AllocRow &row : record.allocs.rows()) {
    if (!row.logged) continue;
    ++logged;
    if (row.command >= calls_made) continue;
    ++so_far;
    if (*row.logged == row.addr) ++equal;
  }
  j.begin_object().key("logged").number(logged).key("soFar").number(so_far).key("equal").number(equal).end_object();
}

void accounting_json(JsonWriter &j, const Lab &lab) {
  const Accounting a = lab.accounting();
  j.begin_object().key("ram").number(a.ram).key("sum").number(a.sum()).key("parts").begin_array();
  for (const Part &p : a.parts) {
    j.begin_object().key("part").string(part_name(p.kind)).key("bytes").number(p.bytes);
    if (p.owner != nobody) {
      const Owner &owner = lab.index().owners()[p.owner];
      j.key("label").string(owner.label).key("kind").string(owner_kind_name(owner.kind));
    }
    j.end_object();
  }
  j.end_array().end_object();
}

// ---- tables ----------------------------------------------------------------------------------------------------

/// Writes the rows of one window and counts all of them.
class Rows {
public:
  Rows(u64 from, u64 count) : j_(out_), from_(from), to_(from + count) {
    j_.begin_object().key("from").number(from).key("rows").begin_array();
  }
  /// True if the next row is in the window: then it must be written, from row() on.
  bool wanted() {
    const u64 n = total_++;
    return n >= from_ && n < to_;
  }
  JsonWriter &row(std::string_view mark) { return j_.begin_array().string(mark); }
  void end_row() { j_.end_array(); }
  std::string finish() {
    j_.end_array().key("total").number(total_).end_object();
    return std::move(out_);
  }

private:
  std::string out_;
  JsonWriter j_;
  u64 from_, to_, total_ = 0;
};

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

void allocations(Rows &rows, const Lab &lab, const Record &record) {
  const std::optional<std::size_t> call = lab.call();
  for (const AllocRow &row : record.allocs.rows()) {
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

std::string story(const Lab &lab, const Record &record) {
  const Position at = lab.position();
  const std::optional<std::size_t> call = lab.call();
  std::string out;
  JsonWriter j(out);
  j.begin_object().key("title").string(lab.script().title).key("release").string(record.release);
  j.key("arch").string(lab.state().arch->name).key("addressEnd").number(lab.index().address_end());
  j.key("place").begin_object().key("call").number(at.call).key("event").number(at.event).key("part").number(at.part);
  j.key("calls").number(lab.size()).end_object();
  j.key("inside").boolean(lab.inside()).key("handed").boolean(lab.handed_over());
  j.key("phase").string(phase_name(call ? lab.index().calls()[*call].phase : Phase::none));
  j.key("phases").begin_array();
  for (const PhaseSpan &p : lab.index().phases())
    j.begin_object()
        .key("name")
        .string(phase_name(p.phase))
        .key("first")
        .number(p.first)
        .key("end")
        .number(p.end)
        .end_object();
  j.end_array();
  j.key("stopped").string(lab.index().error());
  if (call) {
    j.key("call");
    call_json(j, lab, *call);
    j.key("path").begin_array();
    const Command &c = lab.script().commands[*call];
    if (!c.caller.empty()) j.string(without_offset(c.caller));
    const auto stack = stack_of(lab.events(), lab.texts());
    if (stack.empty()) j.string(op_info(c.op).name);
    for (const std::string_view function : stack) j.string(function);
    j.end_array();
    if (const Event *e = lab.last_event()) {
      j.key("event");
      event_json(j, *e, lab.texts());
    }
    const Sums s = sums_of(lab.events());
    j.key("counts").begin_object();
    for (std::size_t kind = 0; kind < event_kind_count; ++kind)
      if (s.counts[kind] != 0) j.key(event_info(static_cast<EventKind>(kind)).name).number(s.counts[kind]);
    j.end_object().key("sums").begin_object();
    j.key("handedBlocks")
        .number(s.handed_blocks)
        .key("handedPages")
        .number(s.handed_pages)
        .key("merges")
        .number(s.merges);
    j.key("tries").number(s.tries).key("added").number(s.added).key("reserved").number(s.reserved);
    j.key("freed").number(s.freed).key("waitingPages").number(s.waiting_pages);
    j.key("sections").number(lab.state().sparse.present_count()).end_object();
    j.key("answer");
    answer_json(j, record, *call);
  }
  j.key("score");
  score_json(j, record, at.call);
  j.key("accounting");
  accounting_json(j, lab);
  j.key("digest").string(hex_text(lab.digest(), 16));
  j.end_object();
  return out;
}

std::string table(const Lab &lab, const Record &record, std::string_view name, u64 from, u64 count) {
  Rows rows(from, std::min<u64>(count, 1000));
  if (name == "memory") regions(rows, lab, memblock_list::memory);
  if (name == "reserved") regions(rows, lab, memblock_list::reserved);
  if (name == "firmware") firmware(rows, lab);
  if (name == "zones") zones(rows, lab);
  if (name == "lists") free_lists(rows, lab);
  if (name == "sections") sections(rows, lab);
  if (name == "events") events(rows, lab);
  if (name == "allocations") allocations(rows, lab, record);
  if (name == "lines") texts(rows, lab.state().lines);
  if (name == "assumed") texts(rows, lab.script().assumed);
  return rows.finish();
}

std::string refusal(const ImportError &error) {
  std::string out;
  JsonWriter j(out);
  j.begin_object().key("ok").boolean(false).key("line").number(error.line).key("column").number(error.column);
  j.key("reason").string(error.reason).end_object();
  return out;
}

} // namespace mmscope::facts
