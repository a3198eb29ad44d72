#include "lesson/receipt.hpp"

#include "base/digest.hpp"
#include "base/text.hpp"
#include "lesson/json_reader.hpp"

#include <algorithm>

namespace mmscope {

namespace {

constexpr std::size_t max_text_bytes = std::size_t{16} << 20;
constexpr std::size_t max_receipts = 10'000;
constexpr std::size_t max_line_bytes = Bench::max_line_bytes + 100; // with the step, and what was done there
constexpr std::string_view what = "receipt";
constexpr u64 version = 1;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

u64 digest_of(const Receipt &r, u64 exercise) {
  Digest d;
  d.add(r.lesson).add(r.lesson_digest).add(r.seed).add(static_cast<u64>(r.mode)).add(r.name).add(r.inputs.size());
  for (const std::string &line : r.inputs) d.add(line);
  return d.add(r.points).add(r.of).add(exercise).value();
}

std::string hex16(u64 n) {
  std::string s;
  append_hex(s, n, 16);
  return s;
}

class Reader : public JsonReader {
public:
  Receipt receipt(const In &in) {
    Receipt r;
    if (!object(in, {"mmscope", "version", "lesson", "lesson_digest", "seed", "mode", "name", "inputs", "points", "of",
                     "digest"}))
      return r;
    if (text(must(in, "mmscope")).text != what) fail(in, "this is no receipt of mmscope");
    if (number(must(in, "version")) != version) fail(in, concat("\"version\" must be ", version));
    r.lesson = name(must(in, "lesson")).text;
    r.lesson_digest = hex(must(in, "lesson_digest"));
    r.seed = number(must(in, "seed")).value_or(0);
    r.mode = static_cast<Mode>(word(must(in, "mode"), "mode", {mode_names[0], mode_names[1]}));
    if (const In n = field(in, "name")) {
      r.name = text(n, max_name_bytes).text;
      if (std::any_of(r.name.begin(), r.name.end(), is_control)) fail(n, "a name is one line of text");
    }
    r.inputs = inputs(must(in, "inputs"));
    r.points = number(must(in, "points")).value_or(0);
    r.of = number(must(in, "of")).value_or(0);
    r.digest = hex(must(in, "digest"));
    return r;
  }

  std::vector<std::string> inputs(const In &in) {
    std::vector<std::string> all;
    list(
        in, 0, [&](const In &i) { all.push_back(text(i, max_line_bytes).text); }, LessonRun::max_inputs + 1);
    return all;
  }

private:
  u64 hex(const In &in) {
    const Term t = text(in, 16);
    const auto n = parse_hex(t.text);
    if (in && (t.text.size() != 16 || !n)) fail(in, "16 hex digits are wanted here");
    return n.value_or(0);
  }
};

ParsedReceipt one(std::string_view text, const JsonReader::In &in) {
  Reader reader;
  Receipt r = reader.receipt(in);
  if (!reader.reason.empty()) return {std::nullopt, place_of(text, reader.path, std::move(reader.reason))};
  return {std::move(r), std::nullopt};
}

} // namespace

u64 lesson_digest(std::string_view lesson_text) { return Digest().add(lesson_text).value(); }

std::optional<Receipt> receipt_of(LessonRun &run, std::string_view lesson_text, std::string_view name) {
  const auto results = run.results();
  if (!results) return std::nullopt;
  std::size_t bytes = std::min(name.size(), max_name_bytes);
  while (bytes < name.size() && bytes > 0 && (static_cast<unsigned char>(name[bytes]) & 0xc0) == 0x80) --bytes;
  Receipt r{.lesson = run.lesson().id.text,
            .lesson_digest = lesson_digest(lesson_text),
            .seed = run.seed(),
            .mode = run.mode(),
            .name = std::string(name.substr(0, bytes)),
            .inputs = run.inputs(),
            .points = results->points,
            .of = results->of};
  std::replace_if(r.name.begin(), r.name.end(), is_control, ' ');
  r.digest = digest_of(r, run.exercise_digest());
  return r;
}

void write_receipt(JsonWriter &w, const Receipt &r) {
  w.begin_object().key("mmscope").string(what).key("version").number(version).key("lesson").string(r.lesson);
  w.key("lesson_digest").string(hex16(r.lesson_digest)).key("seed").number(r.seed);
  w.key("mode").string(mode_names[static_cast<std::size_t>(r.mode)]);
  if (!r.name.empty()) w.key("name").string(r.name);
  w.key("inputs").begin_array();
  for (const std::string &line : r.inputs) w.string(line);
  w.end_array().key("points").number(r.points).key("of").number(r.of).key("digest").string(hex16(r.digest));
  w.end_object();
}

std::vector<ParsedReceipt> parse_receipts(std::string_view text) {
  const auto refused = [](std::string_view reason) {
    return std::vector<ParsedReceipt>{{std::nullopt, LessonError{1, 1, "", std::string(reason)}}};
  };
  if (text.size() > max_text_bytes) return refused("longer than 16 MiB");
  const JsonReader::json j = JsonReader::json::parse(text, nullptr, false);
  if (j.is_discarded()) return {{std::nullopt, not_json(text)}};
  if (!j.is_array()) return {one(text, {&j, ""})};
  if (j.empty()) return refused("the list is empty");
  if (j.size() > max_receipts) return refused("more than 10000 receipts");
  std::vector<ParsedReceipt> all;
  for (std::size_t i = 0; i < j.size(); ++i) all.push_back(one(text, {&j[i], concat('[', i, ']')}));
  return all;
}

std::optional<std::vector<std::string>> parse_inputs(std::string_view text) {
  if (text.size() > max_text_bytes) return std::nullopt;
  const JsonReader::json j = JsonReader::json::parse(text, nullptr, false);
  Reader reader;
  std::vector<std::string> all = reader.inputs({&j, ""}); // what is no JSON is no list either
  if (!reader.reason.empty()) return std::nullopt;
  return all;
}

Grade regrade(const Receipt &r, const Lesson &lesson, std::string_view lesson_text, Lab &lab) {
  const auto refuse = [&](std::string reason) { return Grade{false, std::move(reason), 0, 0}; };
  if (r.lesson != lesson.id.text) return refuse(concat("it is about another lesson, ", r.lesson));
  if (r.lesson_digest != lesson_digest(lesson_text)) return refuse("it was made with another version of the lesson");
  LessonRun run(lesson, lab, r.seed, r.mode);
  if (const std::size_t taken = run.replay(r.inputs); taken != r.inputs.size())
    return refuse(concat("line ", taken + 1, " of its inputs cannot be done"));
  const auto again = receipt_of(run, lesson_text, r.name);
  if (!again) return refuse("the lesson was not done to its end");
  if (again->points != r.points || again->of != r.of)
    return refuse(concat("it says ", r.points, " of ", r.of, " points, its inputs give ", again->points, " of ", again->of));
  if (again->digest != r.digest) return refuse("its digest is not that of its contents");
  return {true, {}, r.points, r.of};
}

void write_grade(JsonWriter &w, const Receipt &r, const Grade &g) {
  w.begin_object().key("ok").boolean(g.accepted).key("reason");
  if (g.accepted)
    w.null();
  else
    w.string(g.reason);
  w.key("points").number(g.points).key("of").number(g.of).key("name").string(r.name).key("lesson").string(r.lesson);
  w.key("seed").number(r.seed).key("mode").string(mode_names[static_cast<std::size_t>(r.mode)]).end_object();
}

} // namespace mmscope
