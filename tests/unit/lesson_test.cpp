// Lessons: what is refused and where, answers in every notation, why-nots, seeds, the exercise, and the check itself.
#include "lesson/check.hpp"
#include "lesson/lesson_json.hpp"

#include "base/text.hpp"
#include "io/script_text.hpp"
#include "lesson/json_text.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <set>

using namespace mmscope;

namespace {

// 64 MiB with 1 MiB reserved at its start and one odd range; no zones, which a bare memblock does not have.
constexpr std::string_view boot = "memblock_add 0 64M nid=0\n"
                                  "memblock_reserve 0 1M caller=setup_arch\n"
                                  "memblock_reserve 0x301000 8 caller=reserve_it\n"
                                  "memblock_free_all\n";

constexpr std::string_view good = R"({
  "format": 1, "id": "small", "title": "title",
  "machine": {"script": "memblock_add 0 64M"},
  "start": {"before": "memblock_free_all"},
  "steps": [
    {"id": "one", "prose": "one", "function": "memblock_reserve", "file": "mm/memblock.c",
     "values": {"n": "memblock.reserved.cnt", "twice": "$n * 2"},
     "truth": ["memblock.reserved.cnt == 2"],
     "prediction": {
       "kind": "number", "unit": "pages", "ask": "one.ask",
       "variants": [{"list": {"value": "memblock.reserved.regions[0].size", "unit": "bytes"}},
                    {"list": {"value": "memblock.memory.regions[0].size", "unit": "bytes"}}],
       "answer": "$list / 4K",
       "wrong": [{"when": "$given == $list", "why": "one.bytes", "rule": "one.rule", "goto": {"after": "memblock_add"}}],
       "otherwise": {"why": "one.other"},
       "right": "one.right", "hints": [{"text": "one.hint"}, {"tries": 2, "text": "one.hint"}],
       "try": [{"says": "{$answer}", "right": true}, {"says": "{$list} pages", "why": "one.bytes"},
               {"says": "7", "why": "one.other"}]}},
    {"id": "two", "prose": "two", "function": "memblock_free_all", "file": "mm/memblock.c",
     "at": {"call_where": "memblock.reserved.cnt == 2"},
     "prediction": {
       "kind": "choice", "ask": "two.ask", "answer": {"at": {"after": "memblock_free_all"}},
       "choices": [{"id": "gone", "text": "two.gone", "right": "memblock.reserved.total_size == 0"},
                   {"id": "kept", "text": "two.kept", "right": "memblock.reserved.total_size > 0"}],
       "otherwise": {"why": "one.other"}, "right": "one.right", "hints": [{"text": "one.hint"}],
       "try": [{"says": "kept", "right": true}, {"says": "1", "why": "one.other"}]}}
  ],
  "exercise": {
    "prose": "do", "function": "memblock_free_all", "file": "mm/memblock.c", "at": {"before": "memblock_free_all"},
    "given": {"ram": "memblock.memory.total_size", "fork": "call.n"},
    "goals": [{"id": "kept", "text": "do.kept", "holds": "memblock.reserved.total_size == 1M + 8 + 2M"},
              {"id": "ram", "text": "do.ram", "holds": "memblock.memory.total_size == $ram"}],
    "wrong": [{"when": "memblock.memory.total_size < $ram", "why": "do.removed",
               "goto": {"call_where": "memblock.memory.total_size < $ram && call.n > $fork"}},
              {"when": "memblock.reserved.total_size < 1M", "why": "do.freed"}],
    "otherwise": {"why": "do.other"}, "finished": "memblock.reserved.total_size > 3M + 8",
    "hints": [{"text": "do.hint"}],
    "solution": ["memblock_reserve 8M 2M"],
    "alternatives": [["memblock_reserve 8M 1M", "memblock_reserve 9M 1M"],
                     ["memblock_phys_alloc_range 2M 2M -> mine", "memblock_reserve mine 1M"]],
    "wrong_ways": [{"calls": ["memblock_remove 8M 2M"], "why": "do.removed"},
                   {"calls": ["memblock_phys_free 0 1M"], "why": "do.freed"},
                   {"calls": ["memblock_reserve 8M 4M"], "why": "do.other"}]}
})";

constexpr std::string_view prose = R"(# Small

## one
There are {n} ranges, twice that is {twice}. See [two](step:two).

## one.ask
How many pages are {list}?

## one.bytes
{given} would be bytes.

## one.rule
A page is 4 KiB.

## one.other
No.

## one.right
Yes.

## one.hint
Divide.

## two
And then?

## two.ask
What now?

## two.gone
Gone.

## two.kept
Kept.

## do
Keep {ram}.

## do.kept
Kept.

## do.ram
All of it.

## do.removed
Removed.

## do.freed
Freed.

## do.other
No.

## do.hint
Reserve.
)";

std::string with(std::string_view from, std::string_view to, std::string_view text = good) {
  std::string s(text);
  const std::size_t at = s.find(from);
  REQUIRE(at != std::string::npos);
  return s.replace(at, from.size(), to);
}

struct Small {
  Lesson lesson;
  Lab lab{parse_script(boot).script};
  explicit Small(std::string_view text = good) {
    ParsedLesson p = parse_lesson(text);
    REQUIRE(p.lesson.has_value());
    lesson = std::move(*p.lesson);
    lab.prepare(~u64{0});
  }
  LessonReport check(std::string_view text = good) { return check_lesson(lesson, text, lab); }
};

std::string refused(std::string_view text) {
  const ParsedLesson p = parse_lesson(text);
  return p.error ? to_text(*p.error, "l") : std::string("read");
}

// The first number that it is read as, or all ones.
u64 read(std::string_view typed, QueryUnit unit, AnswerKind kind = AnswerKind::number) {
  const auto all = read_answer(typed, {kind, unit, 4096, 0x40000, {}});
  return all.empty() ? ~u64{0} : all[0].number;
}
bool may_mean(std::string_view typed, QueryUnit unit, u64 n) {
  const auto all = read_answer(typed, {AnswerKind::pfn, unit, 4096, 0x40000, {}});
  return std::any_of(all.begin(), all.end(), [&](const QueryValue &v) { return v.number == n; });
}

} // namespace

TEST_CASE("lesson: what is no lesson is refused with its place") {
  CHECK(refused(good) == "read");
  CHECK(refused(with("\"format\": 1", "\"$schema\": \"../lesson.schema.json\", \"format\": 1")) == "read");
  CHECK(refused(with("\"format\": 1", "\"$schema\": 1, \"format\": 1")).find("$schema: a text is wanted") !=
        std::string::npos);
  CHECK(refused("{\n \"a\": tru }") == "l:2:10: this is not JSON from here on");
  CHECK(refused("") == "l:1:1: this is not JSON from here on");
  CHECK(refused("[]").find("l:1:1: ") == 0);
  CHECK(refused(std::string(200'000, ' ')) == "l:1:1: the lesson is longer than 128 KiB");
  CHECK(refused(with("\"format\": 1", "\"format\": 2")).find("\"format\" must be 1") != std::string::npos);
  CHECK(refused(with("\"id\": \"one\"", "\"ib\": \"one\"")) ==
        "l:6:5: steps[0]: there is no field 'ib', did you mean 'id'?; there are: id, prose, function, file, at, look, "
        "values, truth, prediction");
  CHECK(refused(with("{\"before\": \"memblock_free_all\"}", "{\"before\": \"memblock_freeall\"}")) ==
        "l:4:23: start.before: no call of a boot is named 'memblock_freeall', did you mean 'memblock_free_all'?");
  CHECK(refused(with("\"kind\": \"number\"", "\"kind\": \"guess\"")).find("l:10:16: steps[0].prediction.kind: ") == 0);
  CHECK(refused(with("\"unit\": \"pages\", ", "")).find("a number needs a \"unit\"") != std::string::npos);
  CHECK(refused(with("\"truth\": [\"memblock.reserved.cnt == 2\"]", "\"truth\": \"yes\""))
            .find("l:8:15: steps[0].truth: a list is wanted") == 0);
  CHECK(refused(with("\"tries\": 2", "\"tries\": -2")).find("steps[0].prediction.hints[1].tries") != std::string::npos);
  CHECK(
      refused(with("{\"call_where\": ", "{\"after\": \"memblock_add\", \"call_where\": ")).find("a moment is one of") !=
      std::string::npos);
  CHECK(refused(with("\"script\": \"memblock_add 0 64M\"", "\"capture\": \"../../etc\"")).find("a capture's name") !=
        std::string::npos);
  CHECK(refused(with("{\"list\": {\"value\": \"memblock.memory", "{\"lost\": {\"value\": \"memblock.memory"))
            .find("every variant gives the same names") != std::string::npos);
  CHECK(refused(with("{\"ram\": ", "{\"answer\": ")).find("$given and $answer") != std::string::npos);
  CHECK(refused(with("\"kept\", \"text\": \"two.kept\"", "\"gone\", \"text\": \"two.kept\"")).find("another choice") !=
        std::string::npos);
  CHECK(refused(with("[\"memblock_reserve 8M 1M\", \"memblock_reserve 9M 1M\"],", "")).find("at least 2 are needed") !=
        std::string::npos);
}

TEST_CASE("lesson: the place of a field in JSON text") {
  const std::string_view text = "{\"a\": [1, \"x]\\\"\", {\"b\" : {}}],\n \"c\": -1}";
  CHECK(json_offset(text, "") == 0);
  CHECK(text.substr(json_offset(text, "a")).starts_with("[1"));
  CHECK(text.substr(json_offset(text, "a[1]")).starts_with("\"x]"));
  CHECK(text.substr(json_offset(text, "a[2].b")).starts_with("{}"));
  CHECK(line_and_column(text, json_offset(text, "c")) == std::pair<u32, u32>{2, 7});
  CHECK(json_offset(text, "a[3]") == 0);
  CHECK(json_offset(text, "d.e") == 0);
}

TEST_CASE("lesson: a number counts in any sensible notation") {
  using U = QueryUnit;
  for (const std::string_view same : {"256", "0x100", " 256 pages", "1M", "1 MiB", "1mb", "1048576 bytes",
                                      "1,048,576 B", "1 048 576 bytes", "1024K", "order 8", "8 order", "~256", "= 256.",
                                      "about 256 pages", "1\u00a0MiB", "1.0 MiB", "0.25K pages", "256 frames"})
    CHECK_MESSAGE(read(same, U::pages) == 256, same);
  CHECK(read("262 144", U::pages) == 262144);
  CHECK(read("262.144", U::pages) == 262144);
  CHECK(read("262'144", U::count) == 262144);
  CHECK(read("1.5 MiB", U::bytes) == 0x180000);
  CHECK(read("1,5 MiB", U::bytes) == 0x180000);
  CHECK(read("3 pages", U::bytes) == 12288);
  CHECK(read("256 pages", U::order) == 8);
  CHECK(read("4M", U::order) == 10);
  CHECK(read("46 blocks", U::count) == 46);
  for (const std::string_view none : {"", "many", "-1", "1 2", "0x", "12 parsecs", "1e3", "5 bytes", "order 99",
                                      "99999999999999999999", "16 16 pages"})
    CHECK_MESSAGE(read(none, U::pages) == ~u64{0}, none);
  CHECK(read(std::string(1000, '1'), U::pages) == ~u64{0});
}

TEST_CASE("lesson: a place counts as page frame and as address") {
  using U = QueryUnit;
  for (const std::string_view same : {"0x4800", "4800", "4800h", "18432", "18 432", "page[0x4800]", "pfn 0x4800", "72M",
                                      "0x4800000", "0x4800-0x4bff", "block[0x4800]", "address 0x4800000"})
    CHECK_MESSAGE(may_mean(same, U::pfn, 0x4800), same);
  CHECK(may_mean("3fa2c", U::pfn, 0x3fa2c));
  CHECK(may_mean("pfn 0x4800", U::address, 0x4800000));
  CHECK(may_mean("4800000", U::address, 0x4800000));
  CHECK(!may_mean("72M", U::pfn, 72));
  CHECK(!may_mean("0x4801", U::pfn, 0x4800));
}

TEST_CASE("lesson: yes and no, and choices by id or number or letter") {
  const auto truth = [](std::string_view s) { return read_answer(s, {AnswerKind::truth, {}, 4096, 0, {}}); };
  CHECK(truth("Yes!")[0].number == 1);
  CHECK(truth(" no")[0].number == 0);
  CHECK(truth("maybe").empty());
  const AnswerForm form{AnswerKind::choice, {}, 4096, 0, {"gone", "kept"}};
  for (const std::string_view s : {"kept", "KEPT", "2", "b"}) CHECK(read_answer(s, form)[0].text == "kept");
  CHECK(read_answer("3", form).empty());
  CHECK(read_answer("c", form).empty());
}

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
  CHECK(run.hints_due() == 0); // the first one comes when asked for
  CHECK(run.hint() == "one.hint");
  CHECK(run.hints_due() == 1);
  CHECK(run.hint() == "one.hint");
  CHECK(run.hint().empty());

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
  CallOutcome o = run.try_call("memblock_reserve 8M x");
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
  REQUIRE(again.replay(run.inputs()));
  CHECK(again.calls() == run.calls());
  CHECK(again.bench().digest() == run.bench().digest());
  CHECK(again.inputs() == run.inputs());
  const std::vector<std::string> bad{"9 a 1"};
  CHECK(!LessonRun(s.lesson, s.lab, 1).replay(bad));
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
  CHECK(json([&](JsonWriter &w) { write_step(w, run); }) ==
        R"({"step":1,"id":"two","prose":"two","function":"memblock_free_all","file":"mm/memblock.c",)"
        R"("position":{"call":3,"event":0,"part":0},"panel":null,"select":null,"look":null,"values":{},)"
        R"("question":{"kind":"choice","unit":null,"ask":"two.ask","choices":[{"id":"gone","text":"two.gone"},)"
        R"({"id":"kept","text":"two.kept"}]},"hints":[],"hints_left":1,"hints_due":0,"tries":0,)"
        R"("progress":["open","open","open"],"done":false})");
  CHECK(json([&](JsonWriter &w) { write_verdict(w, run.answer("gone")); }) ==
        R"({"understood":true,"right":false,"reading":"gone","why":"one.other","rule":null,)"
        R"("goto":{"call":4,"event":0,"part":0},"values":{"given":"gone"},"error":null})");
  run.enter(2);
  CHECK(json([&](JsonWriter &w) { write_call(w, run.try_call("memblock_reserve 8M 2M")); }) ==
        R"({"made":true,"error":null,"column":0,"result":"0","why":null,"rule":null,"goto":null})");
  CHECK(json([&](JsonWriter &w) { write_exercise(w, run); }).find(R"("met":true}],"solved":true,"digest":")") !=
        std::string::npos);
  CHECK(json([&](JsonWriter &w) { write_lesson(w, s.lesson); }).find(R"({"id":"exercise","function")") !=
        std::string::npos);
}

TEST_CASE("lesson: the check finds what is wrong and where") {
  Small s;
  LessonReport r = s.check();
  CHECK(r.errors.empty());
  CHECK(r.answers == 8);
  CHECK(r.ways == 6);
  check_prose(s.lesson, good, prose, r);
  CHECK((r.prose.empty() && r.errors.empty()));

  const auto finds = [](std::string_view from, std::string_view to, std::string_view reason) {
    const std::string text = with(from, to);
    Small bad(text);
    for (const LessonError &e : bad.check(text).errors)
      if (e.reason.find(reason) != std::string::npos && e.line > 1) return true;
    return false;
  };
  CHECK(finds("cnt == 2\"]", "cnt == 3\"]", "does not hold"));
  CHECK(finds("\"$list / 4K\"", "\"$lost / 4K\"", "there is no $lost"));
  CHECK(finds("\"$list / 4K\"", "\"$list == 4K\"", "is not a number"));
  CHECK(finds("cnt == 2\"}", "cnt == 99\"}", "holds after no call"));
  CHECK(finds("{\"after\": \"memblock_add\"}", "{\"after\": \"mem_init\"}", "makes no call of mem_init"));
  CHECK(
      finds("\"says\": \"7\", \"why\": \"one.other\"", "\"says\": \"7\", \"why\": \"one.bytes\"", "is told one.other"));
  CHECK(finds("{\"says\": \"7\"", "{\"says\": \"{$answer}\"", "is right"));
  CHECK(finds("\"$given == $list\"", "\"$given == 1\"", "no answer of \"try\" is told this"));
  CHECK(finds("total_size == 0\"", "total_size > 1\"", "is right as well"));
  CHECK(finds("[\"memblock_reserve 8M 2M\"]", "[\"memblock_reserve 8M 1M\"]", "does not reach the goals: kept"));
  CHECK(finds("[\"memblock_reserve 8M 2M\"]", "[\"memblock_reserve 8Q 2M\"]", "8Q"));
  CHECK(finds("[\"memblock_remove 8M 2M\"]", "[\"memblock_reserve 8M 2M\"]", "this way reaches the goals"));
  CHECK(finds("[\"memblock_remove 8M 2M\"]", "[\"memblock_reserve 8M 4M\"]", "this way is told do.other"));

  const auto prose_finds = [&](std::string_view from, std::string_view to, std::string_view reason) {
    LessonReport report;
    check_prose(s.lesson, good, with(from, to, prose), report);
    std::vector<LessonError> all = report.prose;
    all.insert(all.end(), report.errors.begin(), report.errors.end());
    return std::any_of(all.begin(), all.end(),
                       [&](const LessonError &e) { return e.reason.find(reason) != std::string::npos && e.line > 0; });
  };
  CHECK(prose_finds("## do.hint", "## do.hind", "there is no prose for 'do.hint'"));
  CHECK(prose_finds("## do.hint", "## do.hind", "the lesson has no such key"));
  CHECK(prose_finds("{twice}", "{thrice}", "there is no value {thrice}"));
  CHECK(prose_finds("How many pages are {list}", "It is {answer}", "there is no value {answer}"));
  CHECK(prose_finds("step:two", "step:three", "there is no step 'three'"));
  CHECK(prose_finds("## two.gone\nGone.", "## two.gone", "nothing under this heading"));
  CHECK(prose_finds("## do.hint", "## do", "has its prose already"));
}
