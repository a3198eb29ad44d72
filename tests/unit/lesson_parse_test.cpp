// Lessons as text: what is refused, and where.
#include "support/small_lesson.hpp"

#include "base/text.hpp"
#include "io/json_place.hpp"
#include "lesson/json_text.hpp"

#include <set>

using namespace mmscope;

TEST_CASE("lesson: what is no lesson is refused with its place") {
  CHECK(refused(good) == "read");
  CHECK(refused("{\n \"a\": tru }") == "l:2:10: this is not JSON from here on");
  CHECK(refused("") == "l:1:1: this is not JSON from here on");
  CHECK(refused("[]").find("l:1:1: ") == 0);
  CHECK(refused(std::string(200'000, ' ')) == "l:1:1: the lesson is longer than 128 KiB");
  CHECK(refused(with("\"format\": 1", "\"$schema\": \"../lesson.schema.json\", \"format\": 1")) == "read");
  CHECK(refused(with("\"format\": 1", "\"$schema\": 1, \"format\": 1")).find("$schema: a text is wanted") !=
        std::string::npos);
  CHECK(refused(with("\"format\": 1", "\"format\": 2")).find("\"format\" must be 1") != std::string::npos);
  CHECK(refused(with("\"id\": \"one\"", "\"ib\": \"one\"")) ==
        "l:6:5: steps[0]: there is no field 'ib', did you mean 'id'?; there are: id, prose, home, function, file, at, "
        "look, "
        "values, truth, prediction");
  CHECK(refused(with("{\"before\": \"memblock_free_all\"}", "{\"before\": \"memblock_freeall\"}")) ==
        "l:4:23: start.before: no call of a boot is named 'memblock_freeall', did you mean 'memblock_free_all'?");
  CHECK(refused(with("\"kind\": \"number\"", "\"kind\": \"guess\"")).find("l:10:16: steps[0].prediction.kind: ") == 0);
  CHECK(refused(with("\"unit\": \"pages\", ", "")).find("of kind number needs \"unit\"") != std::string::npos);
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
  CHECK(refused(with("{\"ram\": ", "{\"answer\": ")).find("$answer is the engine's") != std::string::npos);
  CHECK(refused(with("\"kept\", \"text\": \"two.kept\"", "\"gone\", \"text\": \"two.kept\""))
            .find("another one has this id") != std::string::npos);
  CHECK(refused(with("[\"memblock_reserve 8M 1M\", \"memblock_reserve 9M 1M\"],", "")).find("at least 2 are needed") !=
        std::string::npos);
}

TEST_CASE("lesson: its place in the course, its machines, and how to see it at home") {
  const std::string text =
      with(R"("title": "title",)", R"("title": "title", "number": 8, "minutes": 7, "needs": ["zones"],)",
           with(R"("prose": "one",)", R"("prose": "one", "home": "one.home",)"));
  const ParsedLesson p = parse_lesson(text);
  REQUIRE(p.lesson);
  CHECK(p.lesson->number == 8);
  CHECK(p.lesson->minutes == 7);
  CHECK(p.lesson->needs[0].text == "zones");
  CHECK(p.lesson->steps[0].home.text == "one.home");
  CHECK(p.lesson->steps[1].home.empty());
  CHECK(p.lesson->machines.size() == 1);

  const std::string several =
      with(R"({"script": "memblock_add 0 64M"})", R"([{"preset": "qemu-1g"}, {"capture": "x"}])");
  const ParsedLesson q = parse_lesson(several);
  REQUIRE(q.lesson);
  CHECK(q.lesson->machines[1].text.text == "x");
  std::set<std::size_t> picked;
  for (u64 seed = 0; seed < 20; ++seed) {
    picked.insert(machine_of(*q.lesson, seed));
    CHECK(machine_of(*q.lesson, seed) == machine_of(*q.lesson, seed));
    CHECK(machine_of(*p.lesson, seed) == 0);
  }
  CHECK(picked == std::set<std::size_t>{0, 1});
  CHECK(refused(with(R"({"script": "memblock_add 0 64M"})", "[]")).find("machine: at least 1 is needed") !=
        std::string::npos);
  CHECK(refused(with(R"({"says": "7")", R"({"machine": 1, "says": "7")")).find("there is no such machine") !=
        std::string::npos);
}

TEST_CASE("lesson: hints say how much they give away, and when they come") {
  const ParsedLesson p = parse_lesson(with(
      R"({"level": "nudge", "tries": 2, "text": "one.hint"})",
      R"({"level": "rule", "tries": 2, "text": "one.hint"}, {"level": "rule", "after": "one.bytes", "text": "x"})"));
  REQUIRE(p.lesson);
  const std::vector<Hint> &h = p.lesson->steps[0].prediction->hints;
  REQUIRE(h.size() == 3);
  CHECK((h[0].level == Hint::Level::nudge && h[1].level == Hint::Level::rule));
  CHECK((h[1].tries == 2 && h[1].after.empty() && h[2].after.text == "one.bytes"));
  const auto said = [](std::string_view begin) { return refused(with(R"({"level": "nudge", "tries": 2,)", begin)); };
  CHECK(said(R"({"level": "answer", "tries": 2,)").find("hints[1].level: the level is one of nudge, rule") !=
        std::string::npos);
  CHECK(said(R"({"tries": 2,)").find("hints[1]: \"level\" is missing") != std::string::npos);
}

TEST_CASE("lesson: kinds of predictions that name a place or an order") {
  const auto kind = [](std::string_view fields) {
    return with(R"("kind": "number", "unit": "pages", "ask": "one.ask",)", fields);
  };
  const auto parsed = [&](std::string_view fields) {
    const ParsedLesson p = parse_lesson(kind(fields));
    REQUIRE_MESSAGE(p.lesson, fields);
    return *p.lesson->steps[0].prediction;
  };
  const Prediction region = parsed(R"("kind": "region", "of": "memblock.reserved", "ask": "one.ask",)");
  CHECK((region.kind == AnswerKind::region && region.of == RegionList::reserved && region.unit == QueryUnit::address));
  CHECK(parsed(R"("kind": "region", "of": "e820", "ask": "one.ask",)").of == RegionList::e820);
  CHECK(parsed(R"("kind": "zone", "ask": "one.ask",)").kind == AnswerKind::zone);
  CHECK(parsed(R"("kind": "page", "ask": "one.ask",)").unit == QueryUnit::pfn);
  const std::string_view items = R"("items": [{"id": "a", "text": "t.a", "at": {"after": "memblock_add"}},
    {"id": "b", "text": "t.b", "at": {"after": "memblock_reserve"}},
    {"id": "c", "text": "t.c", "at": {"after": "memblock_free_all"}}],)";
  const std::string order = with(R"("answer": "$list / 4K",)", items, kind(R"("kind": "sequence", "ask": "one.ask",)"));
  const ParsedLesson p = parse_lesson(order);
  REQUIRE(p.lesson);
  const Prediction &sequence = *p.lesson->steps[0].prediction;
  REQUIRE(sequence.items.size() == 3);
  CHECK((sequence.items[1].id.text == "b" && sequence.items[1].text.text == "t.b"));
  CHECK(sequence.items[2].at.call.text == "memblock_free_all");

  const auto says = [](const std::string &text, std::string_view reason) {
    CHECK_MESSAGE(refused(text).find(reason) != std::string::npos, refused(text));
  };
  says(kind(R"("kind": "region", "ask": "one.ask",)"), "a prediction of kind region needs \"of\"");
  says(kind(R"("kind": "region", "of": "memory", "ask": "one.ask",)"), "the list is one of memblock.memory, ");
  says(kind(R"("kind": "zone", "of": "e820", "ask": "one.ask",)"), "only a prediction of kind region has \"of\"");
  says(kind(R"("kind": "sequence", "ask": "one.ask",)"), "needs \"items\"");
  says(with(R"("answer": "$list / 4K",)", concat(R"("answer": "$list",)", items),
            kind(R"("kind": "sequence", "ask": "one.ask",)")),
       "a sequence has no \"answer\"");
  says(with(R"("id": "c")", R"("id": "a")", order), "another one has this id");
  says(with(R"(,
    {"id": "c", "text": "t.c", "at": {"after": "memblock_free_all"}})",
            "", order),
       "at least 3 are needed");
  says(with(R"("variants": [{"list")", R"("variants": [{"first_wrong")", order), "is the engine's to give");
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
