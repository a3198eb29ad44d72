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

void goals(JsonWriter &w, std::span<const GoalState> all) {
  w.key("goals").begin_array();
  for (const GoalState &g : all)
    w.begin_object().key("id").string(g.id).key("text").string(g.text).key("met").boolean(g.met).end_object();
  w.end_array();
}

std::string hex16(u64 n) {
  std::string s;
  append_hex(s, n, 16);
  return s;
}

constexpr std::array<std::string_view, 4> states{"open", "solved", "skipped", "answered"};
constexpr std::array<std::string_view, 2> levels{"nudge", "rule"};
constexpr std::array<std::string_view, 3> lists{"memblock.memory", "memblock.reserved", "e820"};

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

void write_lesson(JsonWriter &w, const Lesson &lesson, u64 seed, u64 digest) {
  std::string hex;
  append_hex(hex, digest, 16);
  w.begin_object().key("id").string(lesson.id.text).key("digest").string(hex);
  w.key("title").string(lesson.title.text);
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
  w.begin_object()
      .key("mode")
      .string(mode_names[static_cast<std::size_t>(run.mode())])
      .key("step")
      .number(at)
      .key("id")
      .string(s ? std::string_view(s->id.text) : "exercise");
  w.key("prose").string(s ? s->prose.text : l.exercise->prose.text);
  text_or_null(w, "home", s ? s->home.text : l.exercise->home.text);
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
    const Prediction &p = q->prediction;
    w.begin_object().key("kind").string(answer_kinds[static_cast<std::size_t>(p.kind)]);
    text_or_null(w, "unit", unit_text(p.unit));
    text_or_null(w, "of", p.kind == AnswerKind::region ? lists[static_cast<std::size_t>(p.of)] : std::string_view());
    w.key("ask").string(p.ask.text).key("choices").begin_array();
    for (const Prediction::Choice &c : p.choices)
      w.begin_object().key("id").string(c.id.text).key("text").string(c.text.text).end_object();
    w.end_array().key("items").begin_array();
    for (const Prediction::Item *i : q->items)
      w.begin_object().key("id").string(i->id.text).key("text").string(i->text.text).end_object();
    w.end_array().end_object();
  } else {
    w.null();
  }
  w.key("hints").begin_array();
  for (const Hint *h : run.hints_shown()) w.string(h->text.text);
  w.end_array().key("hint_levels").begin_array();
  for (const Hint *h : run.hints_shown()) w.string(levels[static_cast<std::size_t>(h->level)]);
  w.end_array().key("hints_left").number(run.hints_left()).key("hints_due").number(run.hints_due());
  w.key("tries").number(run.tries(at)).key("progress").begin_array();
  for (std::size_t i = 0; i < all; ++i) w.string(states[static_cast<std::size_t>(run.state(i))]);
  w.end_array().key("done").boolean(run.done()).end_object();
}

void write_verdict(JsonWriter &w, const LessonRun &run, const Verdict &v) {
  w.begin_object().key("understood").boolean(v.understood);
  if (!run.silent()) w.key("right").boolean(v.right);
  text_or_null(w, "reading", v.reading);
  if (!run.silent()) {
    text_or_null(w, "why", v.why);
    text_or_null(w, "rule", v.rule);
    position(w, "goto", v.goes_to);
  }
  values(w, v.values);
  text_or_null(w, "error", v.error);
  w.end_object();
}

void write_call(JsonWriter &w, const TriedCall &c) {
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
  w.end_array();
  if (run.silent()) {
    w.key("goals").begin_array();
    for (const Exercise::Goal &g : run.lesson().exercise->goals)
      w.begin_object().key("id").string(g.id.text).key("text").string(g.text.text).end_object();
    w.end_array();
  } else {
    goals(w, run.goals());
    w.key("solved").boolean(run.solved());
  }
  w.key("digest").string(hex16(run.bench().digest())).end_object();
}

void write_results(JsonWriter &w, LessonRun &run) {
  const auto r = run.results();
  if (!r) return void(w.null());
  const Lesson &l = run.lesson();
  w.begin_object().key("mode").string(mode_names[static_cast<std::size_t>(run.mode())]);
  w.key("points").number(r->points).key("of").number(r->of).key("questions").begin_array();
  for (const Results::Answered &a : r->questions) {
    const LessonStep &s = l.steps[a.step];
    w.begin_object().key("step").number(a.step).key("id").string(s.id.text);
    w.key("kind").string(answer_kinds[static_cast<std::size_t>(s.prediction->kind)]);
    w.key("ask").string(s.prediction->ask.text).key("right").boolean(a.right);
    text_or_null(w, "given", a.given);
    text_or_null(w, "answer", a.answer);
    text_or_null(w, "why", a.why);
    text_or_null(w, "rule", a.rule);
    position(w, "goto", a.goes_to);
    values(w, a.values);
    w.end_object();
  }
  w.end_array().key("exercise");
  if (l.exercise) {
    w.begin_object().key("right").boolean(r->exercise).key("calls").begin_array();
    for (const std::string &c : run.calls()) w.string(c);
    w.end_array();
    goals(w, r->goals);
    w.end_object();
  } else {
    w.null();
  }
  w.end_object();
}

void write_report(JsonWriter &w, const LessonReport &r, bool done) {
  w.begin_object().key("ok").boolean(r.errors.empty() && r.prose.empty()).key("done").boolean(done);
  w.key("answers").number(r.answers).key("ways").number(r.ways);
  const auto errors = [&](std::string_view key, const std::vector<LessonError> &all) {
    w.key(key).begin_array();
    for (const LessonError &e : all) {
      w.begin_object().key("line").number(e.line).key("column").number(e.column);
      w.key("path").string(e.path).key("reason").string(e.reason).end_object();
    }
    w.end_array();
  };
  errors("errors", r.errors);
  errors("prose", r.prose);
  w.end_object();
}

} // namespace mmscope
