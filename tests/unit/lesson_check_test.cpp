// The check of a lesson finds what is wrong, and where.
#include "support/small_lesson.hpp"

#include "base/text.hpp"

#include <algorithm>

using namespace mmscope;

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

TEST_CASE("lesson: a lesson of the course has its minutes, a way to see it at home, and hints of both levels") {
  const auto complains = [](const std::string &text) {
    Small s(text);
    std::string all;
    for (const LessonError &e : s.check(text).errors) append(all, e.path, ": ", e.reason, '\n');
    return all;
  };
  std::string text = with(R"("title": "title",)", R"("title": "title", "number": 1,)");
  const std::string poor = complains(text);
  for (const std::string_view what :
       {"id: \"minutes\" is missing", "steps[0].id: \"home\" is missing", "steps[1].id: \"home\" is missing",
        "exercise.prose: \"home\" is missing", "steps[0].id: there is no hint of level rule"})
    CHECK_MESSAGE(poor.find(what) != std::string::npos, what);

  text = with(R"("number": 1,)", R"("number": 1, "minutes": 3, "needs": [],)", text);
  for (const std::string_view key : {"one", "two", "do"})
    text = with(concat("\"prose\": \"", key, "\","), concat("\"prose\": \"", key, "\", \"home\": \"home\","), text);
  text = with(R"({"level": "nudge", "tries": 2, "text": "one.hint"})",
              R"({"level": "rule", "text": "one.rule", "after": "one.bytes"})", text);
  text = with(
      R"("right": "one.right", "hints": [{"level": "nudge", "text": "one.hint"}])",
      R"("right": "one.right", "hints": [{"level": "nudge", "text": "one.hint"}, {"level": "rule", "text": "one.rule"}])",
      text);
  text = with(R"([{"level": "nudge", "text": "do.hint"}])",
              R"([{"level": "nudge", "text": "do.hint"}, {"level": "rule", "text": "one.rule"}])", text);
  CHECK(complains(text) == "");
  CHECK(complains(with(R"("after": "one.bytes")", R"("after": "two.bytes")", text))
            .find("hints[1].after: nobody is told this here") != std::string::npos);
  CHECK(complains(with(R"({"level": "nudge", "text": "do.hint"}, {"level": "rule", "text": "one.rule"})",
                       R"({"level": "rule", "text": "one.rule"}, {"level": "nudge", "text": "do.hint"})", text))
            .find("exercise.hints[0].text: nudges come before rules") != std::string::npos);

  Small s(text);
  LessonReport r;
  check_prose(s.lesson, text, prose, r);
  REQUIRE(!r.errors.empty());
  CHECK(r.errors[0].reason == "there is no prose for 'home'");
  LessonReport found;
  check_prose(s.lesson, text, concat(prose, "\n## home\nRead `/proc/iomem`.\n"), found);
  CHECK((found.errors.empty() && found.prose.empty()));
}
