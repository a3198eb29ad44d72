#include "lesson/lesson_json.hpp"

#include "base/text.hpp"
#include "base/units.hpp"

#include <array>

namespace mmscope {

namespace {

void text_or_null(JsonWriter &w, std::string_view key, std::string_view text) {
  w.key(key);
  if (text.empty())
    w.null();
  else
    w.string(text);
}

void position(JsonWriter &w, std::string_view key, const std::optional<Position> &at) {
  w.key(key);
  if (!at) return void(w.null());
  w.begin_object().key("call").number(at->call).key("event").number(at->event).key("part").number(at->part);
  w.end_object();
}

void values(JsonWriter &w, const Values &all) {
  w.key("values").begin_object();
  for (const auto &[name, value] : all) w.key(name).string(to_text(value));
  w.end_object();
}

constexpr std::array<std::string_view, 3> states{"open", "solved", "skipped"};

std::string_view unit_text(QueryUnit unit) {
  switch (unit) {
  case QueryUnit::pages: return "pages";
  case QueryUnit::bytes: return "bytes";
  case QueryUnit::order: return "order";
  case QueryUnit::node: return "node";
  case QueryUnit::count: return "count";
  case QueryUnit::pfn: return "pfn";
  case QueryUnit::address: return "address";
  default: return {};
  }
}

} // namespace

void write_machine(JsonWriter &w, const Lesson &lesson, u64 seed) {
  constexpr std::array<std::string_view, 3> kinds{"capture", "preset", "script"};
  const MachineOfLesson &m = lesson.machines[machine_of(lesson, seed)];
  w.begin_object().key(kinds[static_cast<std::size_t>(m.kind)]).string(m.text.text).end_object();
}

void write_lesson(JsonWriter &w, const Lesson &lesson, u64 seed) {
  w.begin_object().key("id").string(lesson.id.text).key("title").string(lesson.title.text);
  w.key("machine");
  write_machine(w, lesson, seed);
  w.key("steps").begin_array();
  const auto step = [&](std::string_view id, const Term &function, const Term &file, bool asks) {
    w.begin_object().key("id").string(id).key("function").string(function.text).key("file").string(file.text);
    w.key("asks").boolean(asks).end_object();
  };
  for (const LessonStep &s : lesson.steps) step(s.id.text, s.function, s.file, s.prediction.has_value());
  if (lesson.exercise) step("exercise", lesson.exercise->function, lesson.exercise->file, true);
  w.end_array().key("exercise").boolean(lesson.exercise.has_value()).end_object();
}

void write_step(JsonWriter &w, const LessonRun &run) {
  const Lesson &l = run.lesson();
  const std::size_t all = run.steps() + (l.exercise ? 1 : 0);
  const std::size_t at = run.current();
  if (at >= all) return void(w.null());
  const LessonStep *s = run.in_exercise() ? nullptr : &l.steps[at];
  w.begin_object().key("step").number(at).key("id").string(s ? std::string_view(s->id.text) : "exercise");
  w.key("prose").string(s ? s->prose.text : l.exercise->prose.text);
  w.key("function").string(s ? s->function.text : l.exercise->function.text);
  w.key("file").string(s ? s->file.text : l.exercise->file.text);
  position(w, "position", run.place());
  text_or_null(w, "panel", s ? std::string_view(s->panel) : "");
  text_or_null(w, "select", s ? std::string_view(s->select.text) : "");
  w.key("look");
  if (const auto look = run.look())
    w.begin_object().key("from").number(look->first).key("to").number(look->second).end_object();
  else
    w.null();
  values(w, run.values());
  w.key("question");
  if (const auto q = run.question()) {
    w.begin_object().key("kind").string(answer_kinds[static_cast<std::size_t>(q->kind)]);
    text_or_null(w, "unit", unit_text(q->unit));
    w.key("ask").string(q->ask).key("choices").begin_array();
    for (const Prediction::Choice &c : q->choices)
      w.begin_object().key("id").string(c.id.text).key("text").string(c.text.text).end_object();
    w.end_array().end_object();
  } else {
    w.null();
  }
  w.key("hints").begin_array();
  for (const std::string_view h : run.hints_shown()) w.string(h);
  w.end_array().key("hints_left").number(run.hints_left()).key("hints_due").number(run.hints_due());
  w.key("tries").number(run.tries(at)).key("progress").begin_array();
  for (std::size_t i = 0; i < all; ++i) w.string(states[static_cast<std::size_t>(run.state(i))]);
  w.end_array().key("done").boolean(run.done()).end_object();
}

void write_verdict(JsonWriter &w, const Verdict &v) {
  w.begin_object().key("understood").boolean(v.understood).key("right").boolean(v.right);
  text_or_null(w, "reading", v.reading);
  text_or_null(w, "why", v.why);
  text_or_null(w, "rule", v.rule);
  position(w, "goto", v.goes_to);
  values(w, v.values);
  text_or_null(w, "error", v.error);
  w.end_object();
}

void write_call(JsonWriter &w, const CallOutcome &c) {
  w.begin_object().key("made").boolean(c.made);
  text_or_null(w, "error", c.error);
  w.key("column").number(c.column);
  text_or_null(w, "result",
               !c.made               ? std::string()
               : c.result_is_address ? hex_text(c.result)
                                     : concat(static_cast<i64>(c.result)));
  text_or_null(w, "why", c.why);
  text_or_null(w, "rule", c.rule);
  position(w, "goto", c.goes_to);
  w.end_object();
}

void write_exercise(JsonWriter &w, LessonRun &run) {
  if (!run.in_exercise()) return void(w.null());
  w.begin_object().key("calls").begin_array();
  for (const std::string &c : run.calls()) w.string(c);
  w.end_array().key("goals").begin_array();
  for (const GoalState &g : run.goals())
    w.begin_object().key("id").string(g.id).key("text").string(g.text).key("met").boolean(g.met).end_object();
  std::string digest;
  append_hex(digest, run.bench().digest(), 16);
  w.end_array().key("solved").boolean(run.solved()).key("digest").string(digest).end_object();
}

} // namespace mmscope
