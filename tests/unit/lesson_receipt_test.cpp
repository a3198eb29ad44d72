// Receipts: written, read by whoever grades, done again; and everything that is wrong with one.
#include "support/small_lesson.hpp"

#include "base/text.hpp"
#include "lesson/receipt.hpp"

using namespace mmscope;

namespace {

std::string text_of(const Receipt &r) {
  std::string out;
  JsonWriter w(out);
  write_receipt(w, r);
  return out;
}

Receipt exam(Small &s, u64 seed = 4) {
  LessonRun run(s.lesson, s.lab, seed, Mode::exam);
  REQUIRE(run.enter(0));
  CHECK(!receipt_of(run, good, "me"));
  run.answer("  7\tpages ");
  REQUIRE(run.enter(1));
  run.answer("kept");
  REQUIRE(run.enter(2));
  run.try_call("memblock_reserve 8M 2M");
  run.finish();
  const auto r = receipt_of(run, good, "A. Learner");
  REQUIRE(r);
  return *r;
}

std::string refusal(std::string_view text) {
  const std::vector<ParsedReceipt> all = parse_receipts(text);
  REQUIRE(all.size() == 1);
  return all[0].error ? to_text(*all[0].error, "r") : std::string("read");
}

std::string changed(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  REQUIRE_MESSAGE(at != std::string::npos, from);
  return text.replace(at, from.size(), to);
}

} // namespace

TEST_CASE("receipt: what was written is read and graded the same") {
  Small s;
  const Receipt r = exam(s);
  CHECK((r.points == 2 && r.of == 3));
  const std::string text = text_of(r);
  CHECK(text.starts_with(R"({"mmscope":"receipt","version":1,"lesson":"small","lesson_digest":")"));
  CHECK(text.find(R"("seed":4,"mode":"exam","name":"A. Learner","inputs":["0 e","0 a 7 pages","1 e",)") !=
        std::string::npos);
  const std::vector<ParsedReceipt> all = parse_receipts(text);
  REQUIRE((all.size() == 1 && all[0].receipt));
  CHECK(text_of(*all[0].receipt) == text);
  const Grade g = regrade(*all[0].receipt, s.lesson, good, s.lab);
  CHECK(g.reason == "");
  CHECK((g.accepted && g.points == 2 && g.of == 3));

  // Practice too, without a name.
  LessonRun run(s.lesson, s.lab, 9);
  for (std::size_t step = 0; step < 2; ++step) {
    REQUIRE(run.enter(step));
    run.skip();
  }
  REQUIRE(run.enter(2));
  CHECK(!receipt_of(run, good, ""));
  run.try_call("memblock_reserve 8M 2M");
  const auto practice = receipt_of(run, good, "");
  REQUIRE(practice);
  CHECK(text_of(*practice).find("name") == std::string::npos);
  CHECK(regrade(*practice, s.lesson, good, s.lab).points == 1);
}

TEST_CASE("receipt: a list of them, each for itself") {
  Small s;
  const std::string text = text_of(exam(s));
  const std::vector<ParsedReceipt> all =
      parse_receipts(concat("[", text, ",\n", changed(text, "\"seed\":4", "\"seed\":-4"), ",", text, "]"));
  REQUIRE(all.size() == 3);
  CHECK((all[0].receipt && all[2].receipt && !all[1].receipt));
  CHECK(to_text(*all[1].error, "r").starts_with("r:2:"));
  CHECK(all[1].error->path == "[1].seed");
}

TEST_CASE("receipt: what is none is refused with its place") {
  Small s;
  const std::string text = text_of(exam(s));
  CHECK(refusal(text) == "read");
  CHECK(refusal("{\n \"a\": tru }") == "r:2:10: this is not JSON from here on");
  CHECK(refusal("") == "r:1:1: this is not JSON from here on");
  CHECK(refusal("[]") == "r:1:1: the list is empty");
  CHECK(refusal("7") == "r:1:1: an object is wanted here");
  CHECK(refusal(std::string((16 << 20) + 1, ' ')).find("longer than 16 MiB") != std::string::npos);
  CHECK(refusal(std::string(100'000, '[')).find("not JSON") != std::string::npos);
  const auto says = [&](std::string_view from, std::string_view to, std::string_view reason) {
    const std::string r = refusal(changed(text, from, to));
    CHECK_MESSAGE(r.find(reason) != std::string::npos, r);
  };
  says("\"mmscope\":\"receipt\"", "\"mmscope\":\"lesson\"", "this is no receipt of mmscope");
  says("\"version\":1", "\"version\":2", "\"version\" must be 1");
  says("\"seed\":4,", "", "\"seed\" is missing");
  says("\"mode\":\"exam\"", "\"mode\":\"test\"", "mode: the mode is one of practice, exam");
  says("A. Learner", "A.\\nLearner", "name: a name is one line of text");
  says("A. Learner", std::string(81, 'x'), "name: the text is longer than 80 bytes");
  says("\"lesson\":\"small\"", "\"lesson\":\"../x\"", "a name has small letters");
  says("\"lesson_digest\":\"", "\"lesson_digest\":\"x", "lesson_digest: ");
  says("\"lesson_digest\":\"", "\"lesson_digest\":\"g", "lesson_digest: ");
  says("\"0 e\"", "7", "inputs[0]: a text is wanted here");
  says("\"0 e\"", concat("\"", std::string(2000, 'a'), "\""), "inputs[0]: the text is longer");
  says("\"points\":2", "\"points\":2,\"bonus\":1", "there is no field 'bonus'");
  std::string many;
  for (int i = 0; i < 1001; ++i) many += "\"0 e\",";
  says("\"0 e\",", many, "inputs: at most 1001 are allowed");
}

TEST_CASE("receipt: what was changed by hand is refused with the reason") {
  Small s;
  const Receipt honest = exam(s);
  const auto says = [&](auto &&change, std::string_view reason) {
    Receipt r = honest;
    change(r);
    const Grade g = regrade(r, s.lesson, good, s.lab);
    CHECK(!g.accepted);
    CHECK_MESSAGE(g.reason.find(reason) != std::string::npos, g.reason);
  };
  says([](Receipt &r) { r.points = 3; }, "it says 3 of 3 points, its inputs give 2 of 3");
  says([](Receipt &r) { r.name = "B. Learner"; }, "its digest is not that of its contents");
  says([](Receipt &r) { r.lesson = "large"; }, "it is about another lesson, large");
  says([](Receipt &r) { ++r.lesson_digest; }, "another version of the lesson");
  says([](Receipt &r) { r.digest ^= 1; }, "its digest is not");
  says([](Receipt &r) { r.inputs[1] = "0 a 8 pages"; }, "its digest is not");
  says([](Receipt &r) { r.inputs[1] = "0 h"; }, "line 2 of its inputs cannot be done");
  says([](Receipt &r) { r.inputs.pop_back(); }, "the lesson was not done to its end");
  says([](Receipt &r) { r.mode = Mode::practice; }, "line 1 of its inputs cannot be done");
  says([](Receipt &r) { r.inputs.clear(); }, "not done to its end");
  // Another lesson text, even if it plays the same.
  CHECK(!regrade(honest, s.lesson, concat(good, " "), s.lab).accepted);
  // Another machine: the exercise ends elsewhere.
  std::string larger(small_boot);
  larger.replace(larger.find("64M"), 3, "96M");
  Lab lab(parse_script(larger).script);
  lab.prepare(~u64{0});
  CHECK(!regrade(honest, s.lesson, good, lab).accepted);
}

TEST_CASE("receipt: a name is cut between letters, and a run has an end") {
  Small s;
  LessonRun run(s.lesson, s.lab, 4, Mode::exam);
  REQUIRE(run.enter(0));
  for (int i = 0; i < 2000; ++i) run.answer("7");
  CHECK(run.inputs().size() == LessonRun::max_inputs);
  CHECK(!run.enter(1));
  REQUIRE(run.finish());
  std::string name(79, 'x');
  name += "\u00e9\n";
  const auto r = receipt_of(run, good, name);
  REQUIRE(r);
  CHECK(r->name == std::string(79, 'x'));
  const std::vector<ParsedReceipt> all = parse_receipts(text_of(*r));
  REQUIRE(all[0].receipt);
  CHECK(regrade(*all[0].receipt, s.lesson, good, s.lab).accepted);
}
