#include "lesson/answer_key.hpp"

#include "lesson/lesson_json.hpp"

namespace mmscope {

namespace {

bool write_tries(JsonWriter &w, LessonRun &run, const Prediction &p, std::size_t machine) {
  w.key("tries").begin_array();
  for (const Prediction::Try &t : p.tries) {
    if ((t.variant && *t.variant != run.variant()) || (t.machine && *t.machine != machine)) continue;
    const auto says = run.example(t.says);
    if (!says) return false;
    w.begin_object().key("says").string(*says).key("right").boolean(t.right).key("why");
    t.right ? w.null() : w.string(t.why.text);
    w.end_object();
  }
  w.end_array();
  return true;
}

bool write_calls(JsonWriter &w, const LessonRun &run, const Lab &lab, const Exercise::Calls &calls) {
  w.begin_array();
  for (const Term &line : calls) {
    Trouble trouble;
    const auto filled = fill_in(lab, line, run.values(), trouble);
    if (!filled) return false;
    w.string(*filled);
  }
  w.end_array();
  return true;
}

bool write_ways(JsonWriter &w, const LessonRun &run, const Lab &lab, const Exercise &e, std::size_t machine) {
  w.begin_object().key("solution");
  if (!write_calls(w, run, lab, e.solution)) return false;
  w.key("alternatives").begin_array();
  for (const Exercise::Calls &calls : e.alternatives)
    if (!write_calls(w, run, lab, calls)) return false;
  w.end_array().key("wrong_ways").begin_array();
  for (const Exercise::WrongWay &wrong : e.wrong_ways) {
    if (wrong.machine && *wrong.machine != machine) continue;
    w.begin_object().key("calls");
    if (!write_calls(w, run, lab, wrong.calls)) return false;
    w.key("why").string(wrong.why.text).end_object();
  }
  w.end_array().end_object();
  return true;
}

} // namespace

bool write_answer_key(JsonWriter &w, LessonRun &run, const Lab &lab) {
  const Lesson &lesson = run.lesson();
  const std::size_t machine = machine_of(lesson, run.seed());
  w.begin_object().key("lesson").string(lesson.id.text).key("seed").number(run.seed()).key("machine");
  write_machine(w, lesson, run.seed());
  w.key("steps").begin_array();
  for (std::size_t step = 0; step < run.steps(); ++step) {
    const auto &p = lesson.steps[step].prediction;
    if (!run.enter(step)) return false;
    if (!p) continue;
    w.begin_object()
        .key("id")
        .string(lesson.steps[step].id.text)
        .key("kind")
        .string(answer_kinds[static_cast<std::size_t>(p->kind)]);
    if (!write_tries(w, run, *p, machine)) return false;
    const Verdict shown = run.skip();
    if (!shown.error.empty()) return false;
    w.key("answer").string(shown.reading).end_object();
  }
  w.end_array().key("exercise");
  if (!lesson.exercise)
    w.null();
  else if (!run.enter(run.steps()) || !write_ways(w, run, lab, *lesson.exercise, machine))
    return false;
  w.end_object();
  return true;
}

} // namespace mmscope
