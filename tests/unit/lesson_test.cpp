// A person going through a lesson: verdicts, why-nots, hints, seeds, the exercise.
#include "support/small_lesson.hpp"

#include "base/text.hpp"
#include "lesson/lesson_json.hpp"

#include <set>

using namespace mmscope;

TEST_CASE("lesson: verdicts, why-nots, hints and skipping") {
  Small s;
  LessonRun run(s.lesson, s.lab, 4);
  CHECK(!run.question());
  REQUIRE(run.enter(0));
  CHECK(s.lab.position() == Position{3, 0});
  CHECK(run.values()[1].second.number == 4);
  REQUIRE(run.question());
  CHECK(!run.answer("so many").understood);
  CHECK(run.tries(0) == 0);

  const u64 bytes = run.values().back().second.number;
  Verdict v = run.answer(concat(bytes, " pages"));
  CHECK((v.understood && !v.right));
  CHECK(v.why == "one.bytes");
  CHECK(v.rule == "one.rule");
  CHECK(v.goes_to == Position{1, 0});
  CHECK(v.values.back().first == "given");
  CHECK(s.lab.position() == Position{3, 0}); // asking moves nothing
  v = run.answer("7");
  CHECK(v.why == "one.other");
  CHECK(v.reading.starts_with("7"));
  CHECK(v.reading.ends_with("pages"));
  CHECK(run.tries(0) == 2);
  CHECK(run.hints_due() == 1); // the second one, after two tries: it comes before the one that waits to be asked for
  CHECK(run.hint()->tries == 2);
  CHECK(run.hints_due() == 0);
  CHECK(run.hint()->tries == 0);
  CHECK(run.hint() == nullptr);

  v = run.answer(concat(bytes >> 10, " KiB"));
  CHECK(v.right);
  CHECK(v.why == "one.right");
  CHECK(run.state(0) == StepState::solved);
  run.skip(); // what is solved stays solved
  CHECK(run.state(0) == StepState::solved);

  REQUIRE(run.enter(1));
  CHECK(s.lab.position() == Position{3, 0});
  v = run.skip();
  CHECK(!v.right);
  CHECK(v.reading == "kept");
  CHECK(run.state(1) == StepState::skipped);
  CHECK(!run.done());
  CHECK(!run.enter(3));
}

TEST_CASE("lesson: whoever plays on a branch of their own is asked about the recorded boot") {
  Small s;
  LessonRun run(s.lesson, s.lab, 4);
  REQUIRE(run.enter(0));
  const Values values = run.values();
  REQUIRE(s.lab.branch(command(Op::memblock_remove, {0, u64{64} << 20})).ok());
  REQUIRE(s.lab.current_branch() == 1);
  const u64 digest = s.lab.digest();
  CHECK(run.answer(concat(values.back().second.number >> 12)).right);
  CHECK(s.lab.current_branch() == 1);
  CHECK(s.lab.position() == Position{4, 0});
  CHECK(s.lab.digest() == digest);
  REQUIRE(run.enter(0));
  CHECK(s.lab.current_branch() == 0);
  CHECK(s.lab.position() == Position{3, 0});
  CHECK(run.values() == values);
}

TEST_CASE("lesson: the same seed is the same question and seeds differ") {
  Small s;
  std::set<std::size_t> variants;
  for (u64 seed = 0; seed < 20; ++seed) {
    LessonRun a(s.lesson, s.lab, seed), b(s.lesson, s.lab, seed);
    REQUIRE((a.enter(0) && b.enter(1) && b.enter(0)));
    CHECK(a.variant() == b.variant());
    CHECK(a.values() == b.values());
    variants.insert(a.variant());
  }
  CHECK(variants.size() == 2);
}

TEST_CASE("lesson: an exercise is done with kernel calls and can be replayed") {
  Small s;
  LessonRun run(s.lesson, s.lab, 1);
  CHECK(!run.try_call("memblock_free_all").made);
  REQUIRE(run.enter(2));
  CHECK(run.in_exercise());
  TriedCall o = run.try_call("memblock_reserve 8M x");
  CHECK(!o.made);
  CHECK(o.column == 21);
  o = run.try_call("memblock_phys_free nothing 4K");
  CHECK(!o.made);
  CHECK(!o.error.empty());
  CHECK(run.calls().empty());

  o = run.try_call("memblock_remove 8M 2M");
  CHECK(o.made);
  CHECK(o.why == "do.removed");
  CHECK(o.goes_to == Position{4, 0});
  CHECK(!run.goals()[1].met);
  CHECK(run.undo_call());
  CHECK(run.goals()[1].met);
  o = run.try_call("memblock_phys_alloc_range 2M 2M -> mine");
  CHECK(o.result_is_address);
  CHECK(o.result == 0x3e00000);
  CHECK(run.solved());
  CHECK(run.state(2) == StepState::solved);
  CHECK(run.bench().state().memblock.reserved.total_size == 0x300008);
  CHECK(s.lab.size() == 4); // the recorded boot is as it was

  LessonRun again(s.lesson, s.lab, 1);
  REQUIRE(again.replay(run.inputs()) == run.inputs().size());
  CHECK(again.calls() == run.calls());
  CHECK(again.bench().digest() == run.bench().digest());
  CHECK(again.inputs() == run.inputs());
  const std::vector<std::string> bad{"0 a 7", "9 a 1", "0 a 8"};
  CHECK(LessonRun(s.lesson, s.lab, 1).replay(bad) == 1);
  run.undo_call();
  CHECK(run.try_call("memblock_reserve mine 1M").error.find("mine") != std::string::npos); // its name went with it
}

TEST_CASE("lesson: as JSON for the page") {
  Small s;
  LessonRun run(s.lesson, s.lab, 4);
  std::string out;
  const auto json = [&](auto &&write) {
    out.clear();
    JsonWriter w(out);
    write(w);
    return out;
  };
  CHECK(json([&](JsonWriter &w) { write_step(w, run); }) == "null");
  run.enter(1);
  CHECK(
      json([&](JsonWriter &w) { write_step(w, run); }) ==
      R"({"mode":"practice","step":1,"id":"two","prose":"two","home":null,"function":"memblock_free_all",)"
      R"("file":"mm/memblock.c",)"
      R"("position":{"call":3,"event":0,"part":0},"panel":null,"select":null,"look":null,"values":{},)"
      R"("question":{"kind":"choice","unit":null,"of":null,"ask":"two.ask","choices":[{"id":"gone","text":"two.gone"},)"
      R"({"id":"kept","text":"two.kept"}],"items":[]},"hints":[],"hint_levels":[],"hints_left":1,"hints_due":0,"tries":0,)"
      R"("progress":["open","open","open"],"done":false})");
  CHECK(json([&](JsonWriter &w) { write_verdict(w, run, run.answer("gone")); }) ==
        R"({"understood":true,"right":false,"reading":"gone","why":"one.other","rule":null,)"
        R"("goto":{"call":4,"event":0,"part":0},"values":{"given":"gone"},"error":null})");
  run.enter(2);
  CHECK(json([&](JsonWriter &w) { write_call(w, run.try_call("memblock_reserve 8M 2M")); }) ==
        R"({"made":true,"error":null,"column":0,"result":"0","why":null,"rule":null,"goto":null})");
  CHECK(json([&](JsonWriter &w) { write_exercise(w, run); }).find(R"("met":true}],"solved":true,"digest":")") !=
        std::string::npos);
  const std::string lesson = json([&](JsonWriter &w) { write_lesson(w, s.lesson, 4, 0xabc); });
  CHECK(lesson.find(R"({"id":"small","digest":"0000000000000abc",)") == 0);
  CHECK(lesson.find(R"({"id":"exercise","function")") != std::string::npos);
}
