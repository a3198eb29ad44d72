#include "tools.hpp"

#include "io/completion.hpp"
#include "io/json_writer.hpp"
#include "io/script_text.hpp"
#include "query/query.hpp"

namespace mmscope::tools {
namespace {

constexpr u64 exact_limit = u64{1} << 53; // what JavaScript's numbers hold

JsonWriter &exact(JsonWriter &j, u64 value) { return value <= exact_limit ? j.number(value) : j.null(); }

std::string refused(u32 column, std::string_view reason) {
  std::string out;
  JsonWriter j(out);
  j.begin_object().key("ok").boolean(false).key("column").number(column).key("reason").string(reason).end_object();
  return out;
}

} // namespace

std::string completion(const Lab &lab, const std::string &line) {
  const Completion c = complete_call(line, lab.bindings());
  std::string out;
  JsonWriter j(out);
  j.begin_object().key("from").number(c.from).key("candidates").begin_array();
  for (const CompletionCandidate &one : c.candidates)
    j.begin_object().key("text").string(one.text).key("about").string(one.about).end_object();
  j.end_array().key("call").string(c.call).key("summary").string(c.summary).key("signature").begin_array();
  for (const SignaturePart &part : c.signature)
    j.begin_object()
        .key("name")
        .string(part.name)
        .key("kind")
        .string(kind_text(part.kind))
        .key("must")
        .boolean(part.must)
        .end_object();
  j.end_array().key("current").number_signed(c.current).end_object();
  return out;
}

std::string make_call(Lab &lab, const std::string &line) {
  ParsedCommand typed = parse_command(line, lab.bindings());
  if (!typed.command) return refused(typed.error.column, typed.error.reason);
  if (!typed.bind_name.empty()) typed.command->bind = lab.binding_slot(typed.bind_name);
  const Result r = lab.branch(*typed.command);
  if (!r.ok()) {
    const bool of_argument = r.arg < max_args && typed.place.arg_columns[r.arg] != 0;
    return refused(of_argument ? typed.place.arg_columns[r.arg] : typed.place.column, r.error);
  }
  const bool address = returns_address(typed.command->op);
  std::string out;
  JsonWriter j(out);
  j.begin_object().key("ok").boolean(true).key("call").number(lab.size());
  j.key("text").string(call_text(*typed.command, lab.bindings()));
  j.key("address").boolean(address).key("value");
  if (address)
    exact(j, r.value);
  else
    j.number_signed(static_cast<i64>(r.value));
  j.end_object();
  return out;
}

std::string branches(const Lab &lab) {
  std::string out;
  JsonWriter j(out);
  const u64 recorded = lab.recorded_calls();
  j.begin_object().key("current").number(lab.current_branch()).key("recorded").number(recorded);
  j.key("list").begin_array();
  for (const BranchInfo &b : lab.branches())
    j.begin_object()
        .key("id")
        .number(b.id)
        .key("parent")
        .number(b.parent)
        .key("fork")
        .number(b.fork_call)
        .key("size")
        .number(b.size)
        .end_object();
  j.end_array().key("calls").begin_array();
  for (u64 call = recorded; call < lab.size(); ++call) j.string(to_text(lab.command(call), lab.bindings()));
  j.end_array().end_object();
  return out;
}

std::string view(const canvas::Desk &desk) {
  std::string out;
  JsonWriter j(out);
  const Position at = desk.lab->position();
  j.begin_object().key("at").begin_array().number(at.call).number(at.event).number(at.part).end_array();
  j.key("panel").string(desk.panel).key("focus").string(desk.focus).key("pinned").string(desk.pinned);
  j.key("axis");
  if (desk.axis.all())
    j.null();
  else
    j.begin_array().number(static_cast<u64>(desk.axis.from())).number(static_cast<u64>(desk.axis.to())).end_array();
  j.key("select").string(desk.selection ? desk.selection->path : "").end_object();
  return out;
}

} // namespace mmscope::tools
