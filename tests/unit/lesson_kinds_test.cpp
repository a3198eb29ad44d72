// Predictions that name a region, a zone, a page or an order of events.
#include "support/small_lesson.hpp"

#include "base/text.hpp"
#include "lab/presets.hpp"
#include "lesson/lesson_json.hpp"

#include <algorithm>
#include <set>

using namespace mmscope;

namespace {

// A lesson with one step, before the handoff, and this prediction.
std::string asking(std::string_view prediction) {
  return concat(R"({"format": 1, "id": "l", "title": "title", "machine": {"preset": "qemu-1g"},
    "start": {"before": "memblock_free_all"},
    "steps": [{"id": "s", "prose": "p", "function": "f", "file": "f.c", "prediction": {"ask": "ask", )",
                prediction,
                R"(, "otherwise": {"why": "no"}, "right": "yes", "hints": [{"level": "nudge", "text": "hint"}]}}]})");
}

struct Played {
  Lesson lesson;
  Lab lab;
  explicit Played(std::string_view prediction, Script script = parse_script(small_boot).script)
      : lab(std::move(script)) {
    ParsedLesson p = parse_lesson(asking(prediction));
    REQUIRE_MESSAGE(p.lesson, (p.error ? p.error->reason : std::string()));
    lesson = std::move(*p.lesson);
    lab.prepare(~u64{0});
  }
  std::string errors() {
    LessonCheck c(lesson, asking("")); // places do not matter
    c.play(lab);
    std::string all;
    for (const LessonError &e : c.report().errors) append(all, e.path, ": ", e.reason, '\n');
    return all;
  }
};

Lab &numa_boot() {
  static Lab *lab = [] {
    auto *made = new Lab(make_script(*find_preset("numa-2x32g")));
    made->prepare(~u64{0});
    return made;
  }();
  return *lab;
}

} // namespace

TEST_CASE("lesson: a region is named by its index, its path or any address inside") {
  Played l(R"("kind": "region", "of": "memblock.reserved", "answer": "0x301004",
    "wrong": [{"when": "$given == 0", "why": "first"}],
    "try": [{"says": "{$answer}", "right": true}, {"says": "memory[0]", "right": true}])");
  LessonRun run(l.lesson, l.lab, 1);
  REQUIRE(run.enter(0));
  for (const std::string_view same : {"reserved[1]", "memblock.reserved.regions[1]", "Reserved[ 1 ]", "reserved 1",
                                      "0x301000", "0x301007", "page[0x301]", "301004"})
    CHECK_MESSAGE(run.answer(same).right, same);
  Verdict v = run.answer("0x301003");
  CHECK(v.reading == "memblock.reserved.regions[1]");
  CHECK(v.values.back().second.number == 0x301000);
  v = run.answer("reserved[0]");
  CHECK(v.why == "first");
  CHECK(v.reading == "memblock.reserved.regions[0]");
  CHECK(v.values.back().second.number == 0);
  CHECK(run.answer("512K").why == "first");
  v = run.answer("32M"); // between the regions
  CHECK((v.understood && v.why == "no" && v.reading == "0x2000000"));
  for (const std::string_view none : {"memory[0]", "memblock.memory.regions[0]", "e820[0]", "reserved[2]",
                                      "reserved[x]", "reserved", "reserved[99999999999999999999]"})
    CHECK_MESSAGE(!run.answer(none).understood, none);
  CHECK(l.errors().find("'memory[0]' is not understood") != std::string::npos);

  Played none(R"("kind": "region", "of": "memblock.reserved", "answer": "32M", "try": [{"says": "1", "right": true},
    {"says": "2", "right": true}])");
  CHECK(none.errors().find("steps[0].prediction.answer: '32M' is in no region of that list there") !=
        std::string::npos);
}

TEST_CASE("lesson: a region of the firmware's map, looked up where the step stands") {
  Played l(R"("kind": "region", "of": "e820", "answer": {"at": {"after": "memblock_free_all"}, "value": "2M"},
    "try": [{"says": "{$answer}", "right": true}, {"says": "e820[0]", "why": "no"}])",
           make_script(*find_preset("qemu-1g")));
  CHECK(l.errors() == "");
  LessonRun run(l.lesson, l.lab, 1);
  REQUIRE(run.enter(0));
  const Verdict v = run.answer("16M");
  CHECK(v.right);
  CHECK(v.reading.starts_with("e820.entries["));
  CHECK(run.answer(v.reading).right);
  CHECK(run.answer("section[0]").understood);
}

TEST_CASE("lesson: a zone is named by its name, with its node where that leaves a doubt") {
  ParsedLesson p = parse_lesson(asking(
      R"("kind": "zone", "answer": {"at": {"after": "free_area_init"}, "value": "node[1].zone[Normal].zone_start_pfn + 5"},
    "wrong": [{"when": "$given == \"node[0].zone[DMA]\"", "why": "dma"}],
    "try": [{"says": "{$answer}", "right": true}, {"says": "dma", "why": "dma"}, {"says": "DMA32", "why": "no"}])"));
  REQUIRE(p.lesson);
  Lab &lab = numa_boot();
  LessonRun run(*p.lesson, lab, 1);
  REQUIRE(run.enter(0));
  for (const std::string_view same : {"node 1 Normal", "node[1].zone[Normal]", "node 1, zone normal",
                                      "Normal on node 1", "NODE1 NORMAL", "node[1].zone[Normal].free_area[10]"})
    CHECK_MESSAGE(run.answer(same).right, same);
  const Verdict v = run.answer("node 1 normal");
  CHECK(v.reading == "node[1].zone[Normal]");
  CHECK(v.values.back().second.text == "node[1].zone[Normal]");
  CHECK(run.answer("DMA").why == "dma");   // only node 0 has one that spans anything
  CHECK(!run.answer("Normal").understood); // of which node?
  CHECK(run.answer("page[0x10]").why == "dma");
  for (const std::string_view none : {"node 1", "Narmal", "node 7 Normal", "DMA Normal", "0x10", ""})
    CHECK_MESSAGE(!run.answer(none).understood, none);
  LessonCheck c(*p.lesson, asking(""));
  c.play(lab);
  CHECK(c.report().errors.empty());
}

TEST_CASE("lesson: a page is meant by its number, its address, or the thing that begins there") {
  Played l(R"("kind": "page", "answer": "memblock.reserved.regions[1].base / 4K",
    "try": [{"says": "{$answer}", "right": true}, {"says": "7", "why": "no"}])");
  CHECK(l.errors() == "");
  LessonRun run(l.lesson, l.lab, 1);
  REQUIRE(run.enter(0));
  for (const std::string_view same :
       {"0x301", "769", "page[0x301]", "address 0x301000", "memblock.reserved.regions[1]"})
    CHECK_MESSAGE(run.answer(same).right, same);
  CHECK(run.answer("memblock.reserved.regions[0]").why == "no");
  CHECK(l.lab.position() == Position{3, 0});
}

TEST_CASE("lesson: a sequence is right in the order of the boot, and never shown in it") {
  constexpr std::string_view prediction = R"("kind": "sequence",
    "items": [{"id": "add", "text": "t1", "at": {"after": "memblock_add"}},
              {"id": "odd", "text": "t2", "at": {"call_where": "memblock.reserved.cnt == 2"}},
              {"id": "one", "text": "t3", "at": {"after": "memblock_reserve"}}],
    "wrong": [{"when": "$first_wrong == 1", "why": "start", "goto": {"after": "memblock_free_all"}},
              {"when": "$given == \"one odd add\"", "why": "never"}],
    "try": [{"says": "{$answer}", "right": true}, {"says": "add, odd, one", "why": "no"},
            {"says": "one odd add", "why": "start"}])";
  Played l(prediction);
  CHECK(l.errors() == "steps[0].prediction.wrong[1].why: no answer of \"try\" is told this\n");
  std::set<std::string> orders;
  for (u64 seed = 0; seed < 12; ++seed) {
    LessonRun run(l.lesson, l.lab, seed);
    REQUIRE(run.enter(0));
    std::string shown;
    const auto question = run.question();
    for (const Prediction::Item *i : question->items) append(shown, shown.empty() ? "" : " ", i->id.text);
    CHECK(shown != "add one odd");
    CHECK(!run.answer("1 2 3").right);
    CHECK(run.answer("1 2 3").reading == shown);
    orders.insert(shown);
  }
  CHECK(orders.size() > 1);
  LessonRun run(l.lesson, l.lab, 1);
  REQUIRE(run.enter(0));
  for (const std::string_view same : {"add one odd", "add, one, odd", " ADD > one;odd "})
    CHECK_MESSAGE(run.answer(same).right, same);
  Verdict v = run.answer("add odd one");
  CHECK(v.why == "no");
  CHECK(v.values[v.values.size() - 2].second.text == "add odd one");
  CHECK(v.values.back().first == "first_wrong");
  CHECK(v.values.back().second.number == 2);
  CHECK(v.goes_to == Position{3, 0}); // where "odd" happens, which was put second
  v = run.answer("odd add one");
  CHECK(v.why == "start");
  CHECK(v.goes_to == Position{4, 0}); // its own
  for (const std::string_view none : {"add one", "add one one", "add one odd add", "add one even", "1 2 4"})
    CHECK_MESSAGE(!run.answer(none).understood, none);
  std::string out;
  JsonWriter w(out);
  write_step(w, run);
  CHECK(out.find(R"("kind":"sequence","unit":null,"of":null,"ask":"ask","choices":[],"items":[{"id":)") !=
        std::string::npos);

  std::string twice(prediction);
  twice.replace(twice.find("memblock.reserved.cnt == 2"), 26, "memblock.reserved.total_size == 1M");
  CHECK(Played(twice).errors() == "steps[0].prediction.items[2].id: 'odd' happens at the same moment\n");
}

TEST_CASE("lesson: a hint comes by itself once its why-not was told") {
  Small s(with(R"({"level": "nudge", "tries": 2, "text": "one.hint"})",
               R"({"level": "rule", "after": "one.bytes", "text": "b"}, {"level": "rule", "tries": 3, "text": "c"})"));
  LessonRun run(s.lesson, s.lab, 4);
  REQUIRE(run.enter(0));
  const u64 bytes = run.values().back().second.number;
  run.answer("7");
  CHECK(run.hints_due() == 0);
  run.answer(concat(bytes));
  CHECK(run.hints_due() == 1);
  CHECK(run.hint()->text.text == "b");
  CHECK(run.hints_due() == 0);
  run.answer("8");
  CHECK(run.hints_due() == 1);
  CHECK(run.hint()->text.text == "c");
  std::string out;
  JsonWriter w(out);
  write_step(w, run);
  CHECK(out.find(R"("hints":["b","c"],"hint_levels":["rule","rule"],"hints_left":1,"hints_due":0)") !=
        std::string::npos);
  LessonRun again(s.lesson, s.lab, 4);
  REQUIRE(again.replay(run.inputs()) == run.inputs().size());
  CHECK(again.hints_shown() == run.hints_shown());
}

TEST_CASE("lesson: every machine of a lesson is checked, and what one of them reaches is not dead") {
  const std::string text =
      with(R"({"script": "memblock_add 0 64M"})", R"([{"preset": "a"}, {"preset": "b"}])",
           with(R"({"says": "7", "why": "one.other"})",
                R"({"says": "7", "why": "one.other"}, {"says": "16384", "right": true, "variant": 1, "machine": 0})"));
  Small s(text);
  std::string larger(small_boot);
  larger.replace(larger.find("64M"), 3, "96M");
  Lab lab(parse_script(larger).script);
  lab.prepare(~u64{0});
  LessonCheck both(s.lesson, text);
  both.play(s.lab, 0);
  both.play(lab, 1);
  CHECK(both.report().errors.empty());
  const std::string anywhere = with(R"(, "machine": 0)", "", text);
  Small t(anywhere);
  LessonCheck second(t.lesson, anywhere);
  second.play(t.lab, 0);
  second.play(lab, 1);
  REQUIRE(second.report().errors.size() == 1);
  CHECK(second.report().errors[0].reason.ends_with("(machine 1)"));
  LessonCheck wrong(s.lesson, text);
  wrong.play(lab, 0);
  REQUIRE(wrong.report().errors.size() == 1);
  CHECK(wrong.report().errors[0].reason.find("'16384' is wrong") != std::string::npos);
  CHECK(wrong.report().errors[0].reason.ends_with("(machine 0)"));
}
