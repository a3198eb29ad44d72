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
  case ArgKind::page: return "pfn";
  case ArgKind::gfp: return "gfp";
  case ArgKind::slab: return "slab";
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
  const Command &c = lab.command(index);
  const OpInfo &op = op_info(c.op);
  const CallRecord &made = lab.record();
  j.begin_object().key("index").number(index).key("name").string(op.name).key("summary").string(op.summary);
  j.key("args").begin_array();
  for (unsigned i = 0; i < op.args.size() && i < max_args; ++i) {
    if (!c.args[i].given && op.args[i].kind != ArgKind::text) continue;
    j.begin_object().key("name").string(op.args[i].name).key("kind").string(kind_name(op.args[i].kind)).key("value");
    if (op.args[i].kind == ArgKind::text) {
      j.string(c.text);
    } else if (op.args[i].kind == ArgKind::gfp) {
      j.string(gfp_text(static_cast<gfp_t>(c.args[i].value)));
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
  j.key("address").boolean(returns_address(c.op)).key("page").boolean(returns_page(c.op));
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

} // namespace

std::string_view part_name(PartKind k) {
  switch (k) {
  case PartKind::owner: return "owner";
  case PartKind::free_memblock: return "free_memblock";
  case PartKind::free_buddy: return "free_buddy";
  case PartKind::waiting: return "waiting";
  case PartKind::on_pcp: return "pcp";
  case PartKind::allocated: return "allocated";
  case PartKind::cut_off: break;
  }
  return "cut_off";
}

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
    const Command &c = lab.command(*call);
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
    // The log has no answer to a call that somebody has typed.
    answer_json(j, record, *call < lab.recorded_calls() ? u64{*call} : ~u64{0});
  }
  j.key("score");
  score_json(j, record, std::min(at.call, lab.recorded_calls()));
  j.key("accounting");
  accounting_json(j, lab);
  j.end_object();
  return out;
}

std::string refusal(const ImportError &error) {
  std::string out;
  JsonWriter j(out);
  j.begin_object().key("ok").boolean(false).key("line").number(error.line).key("column").number(error.column);
  j.key("reason").string(error.reason).end_object();
  return out;
}

} // namespace mmscope::facts
