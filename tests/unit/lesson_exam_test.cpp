// An exam says nothing until its end, goes forwards only, and is told from its inputs alone.
#include "support/small_lesson.hpp"

#include "base/text.hpp"
#include "lesson/lesson_json.hpp"

using namespace mmscope;

namespace {

std::string json(LessonRun &run, void (*write)(JsonWriter &, LessonRun &)) {
  std::string out;
  JsonWriter w(out);
  write(w, run);
  return out;
}
std::string step_json(LessonRun &run) {
  return json(run, [](JsonWriter &w, LessonRun &r) { write_step(w, r); });
}

} // namespace

TEST_CASE("lesson: an exam takes answers and says only how it understood them") {
  Small s;
  LessonRun run(s.lesson, s.lab, 4, Mode::exam);
  REQUIRE(run.enter(0));
  CHECK(run.hint() == nullptr);
  CHECK((run.hints_left() == 0 && run.hints_due() == 0));
  CHECK(!run.skip().understood);
  const u64 bytes = run.values().back().second.number;
  for (const u64 pages : {u64{7}, bytes, bytes / 4096}) {
    const Verdict v = run.answer(concat(pages, " pages"));
    CHECK(v.understood);
    CHECK(!v.reading.empty());
    CHECK((!v.right && v.why.empty() && v.rule.empty() && !v.goes_to));
    CHECK(v.values.back().first == "given");
    std::string out;
    JsonWriter w(out);
    write_verdict(w, run, v);
    CHECK(out.starts_with(R"({"understood":true,"reading":")"));
    for (const std::string_view told : {"\"right\"", "\"why\"", "\"rule\"", "\"goto\""})
      CHECK_MESSAGE(out.find(told) == std::string::npos, told);
    CHECK(run.state(0) == StepState::answered);
    CHECK(run.tries(0) == 0);
  }
  CHECK(step_json(run).find(R"("progress":["answered","open","open"],"done":false})") != std::string::npos);
  CHECK(!run.results());
  CHECK(json(run, write_results) == "null");

  REQUIRE(run.enter(1));
  CHECK(!run.enter(0)); // what lies behind is closed
  CHECK(run.trouble().reason == "an exam goes forwards only");
  CHECK(run.current() == 1);
  CHECK(run.question()->prediction.kind == AnswerKind::choice);
  run.answer("gone");
  REQUIRE(run.enter(2));
  const TriedCall o = run.try_call("memblock_remove 8M 2M");
  CHECK((o.made && o.why.empty() && !o.goes_to));
  CHECK(json(run, write_exercise)
            .find(R"("goals":[{"id":"kept","text":"do.kept"},{"id":"ram","text":"do.ram"}],"digest")") !=
        std::string::npos);
  CHECK(run.undo_call());
  CHECK(run.state(2) == StepState::open);
  run.try_call("memblock_reserve 8M 2M");
  CHECK(run.state(2) == StepState::answered);
  CHECK(!run.done());
  CHECK(run.finish());
  CHECK(run.done());
  CHECK(!run.answer("7").understood);
  CHECK(!run.try_call("memblock_reserve 8M 2M").made);
  CHECK(!run.undo_call());
  CHECK(run.state(2) == StepState::solved);

  const auto r = run.results();
  REQUIRE(r);
  CHECK((r->points == 2 && r->of == 3 && r->exercise));
  REQUIRE(r->questions.size() == 2);
  CHECK(r->questions[0].right);
  CHECK(r->questions[0].why == "one.right");
  CHECK(!r->questions[1].right);
  CHECK((r->questions[1].given == "gone" && r->questions[1].answer == "kept"));
  CHECK(r->questions[1].why == "one.other");
  CHECK(r->questions[1].goes_to == Position{4, 0});
  CHECK(json(run, write_results)
            .find(R"("exercise":{"right":true,"calls":["memblock_reserve 8M 2M"],"goals":[{"id":"kept",)"
                  R"("text":"do.kept","met":true})") != std::string::npos);
  CHECK(json(run, write_results).starts_with(R"({"mode":"exam","points":2,"of":3,"questions":[{"step":0,"id":"one",)"));
  CHECK(step_json(run).find(R"("progress":["solved","answered","solved"],"done":true})") != std::string::npos);
  // Looking back is allowed now, and the answer is shown; the grade stays.
  REQUIRE(run.enter(1));
  CHECK(run.skip().reading == "kept");
  CHECK(run.results()->points == 2);
  CHECK(run.inputs().back() == "2 f");

  LessonRun again(s.lesson, s.lab, 4, Mode::exam);
  REQUIRE(again.replay(run.inputs()) == run.inputs().size());
  CHECK(again.inputs() == run.inputs());
  CHECK(again.results()->points == 2);
  CHECK(again.exercise_digest() == run.exercise_digest());
}

TEST_CASE("lesson: an exam that was left empty has its answers too") {
  Small s;
  LessonRun run(s.lesson, s.lab, 4, Mode::exam);
  CHECK(!run.finish()); // nothing has begun
  REQUIRE(run.enter(0));
  REQUIRE(run.finish());
  const auto r = run.results();
  REQUIRE(r);
  CHECK((r->points == 0 && r->of == 3 && !r->exercise));
  CHECK((r->questions[0].given.empty() && !r->questions[0].answer.empty() && r->questions[0].why.empty()));
  CHECK(r->questions[1].answer == "kept");
  CHECK(run.current() == 0);
  CHECK(run.values().size() == 3);
  CHECK(s.lab.position() == Position{3, 0});
}

TEST_CASE("lesson: an exam's exercise is what it is at the end") {
  Small s;
  LessonRun run(s.lesson, s.lab, 4, Mode::exam);
  REQUIRE(run.enter(2));
  run.try_call("memblock_reserve 8M 2M");
  run.try_call("memblock_remove 8M 2M"); // the goals were met, and are no more
  REQUIRE(run.finish());
  const auto r = run.results();
  REQUIRE(r);
  CHECK((r->points == 0 && !r->exercise && !r->goals[1].met));
  CHECK(run.state(2) == StepState::answered);
}

TEST_CASE("lesson: practice has results when nothing is open") {
  Small s;
  LessonRun run(s.lesson, s.lab, 4);
  REQUIRE(run.enter(0));
  run.answer("7");
  CHECK(!run.results());
  CHECK(!run.finish());
  run.skip();
  REQUIRE(run.enter(1));
  run.answer("gone");
  run.answer("kept");
  run.answer("gone");
  REQUIRE(run.enter(2));
  run.try_call("memblock_reserve 8M 2M");
  REQUIRE(run.done());
  const auto r = run.results();
  REQUIRE(r);
  CHECK((r->points == 2 && r->of == 3));
  CHECK(!r->questions[0].right);
  CHECK(r->questions[0].given.starts_with("7"));
  CHECK((r->questions[1].right && r->questions[1].given == "kept"));
  CHECK(run.finish());
}

TEST_CASE("lesson: a run goes on after a reload, as far as the lesson is still the same") {
  Small s;
  LessonRun run(s.lesson, s.lab, 4);
  REQUIRE(run.enter(0));
  run.answer("7");
  run.hint();
  REQUIRE(run.enter(1));
  run.answer("kept");
  REQUIRE(run.enter(2));
  run.try_call("memblock_reserve 8M 1M");
  LessonRun same(s.lesson, s.lab, 4);
  CHECK(same.replay(run.inputs()) == 4);
  CHECK((same.tries(0) == 1 && same.state(1) == StepState::solved && same.calls() == run.calls()));

  Small changed(with(R"({"id": "kept", "text": "two.kept")", R"({"id": "held", "text": "two.kept")"));
  LessonRun other(changed.lesson, changed.lab, 4);
  CHECK(other.replay(run.inputs()) == 2);
  CHECK((other.tries(0) == 1 && other.state(1) == StepState::open));
  CHECK(!other.trouble());
  CHECK(other.enter(1));

  const std::vector<std::string> exam{"0 e", "0 a 7", "1 e", "0 a 8", "1 a kept"};
  LessonRun forwards(s.lesson, s.lab, 4, Mode::exam);
  CHECK(forwards.replay(exam) == 3);
  for (const char *line : {"0 s", "0 h", "0 x", "0", "", "f", "1 f f", "0 u"}) {
    const std::vector<std::string> one{line};
    LessonRun fresh(s.lesson, s.lab, 4, Mode::exam);
    CHECK_MESSAGE(fresh.replay(one) == (std::string_view(line) == "1 f f" ? 1 : 0), line);
  }
}
