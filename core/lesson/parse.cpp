#include "lesson/lesson.hpp"

#include "base/digest.hpp"
#include "base/prng.hpp"
#include "base/text.hpp"
#include "io/json_place.hpp"
#include "lesson/json_text.hpp"
#include "lesson/parse_parts.hpp"

#include <algorithm>

namespace mmscope {

namespace {

constexpr std::size_t max_bytes = std::size_t{128} << 10;
constexpr std::size_t max_sequence = 6;
constexpr u64 format = 1;

class Reader : public LessonParts {
public:
  Lesson lesson(const In &in) {
    Lesson l;
    object(in,
           {"$schema", "format", "id", "title", "number", "minutes", "needs", "machine", "start", "steps", "exercise"});
    text(field(in, "$schema")); // for the author's editor
    if (number(field(in, "format")) != format) fail(in, concat("\"format\" must be ", format));
    l.id = name(must(in, "id"));
    l.title = name(must(in, "title"));
    l.number = number(field(in, "number")).value_or(0);
    l.minutes = number(field(in, "minutes")).value_or(0);
    list(field(in, "needs"), 0, [&](const In &i) { l.needs.push_back(name(i)); });
    const In machines = must(in, "machine");
    if (machines && machines.j->is_array())
      list(machines, 1, [&](const In &i) { l.machines.push_back(machine(i)); });
    else
      l.machines.push_back(machine(machines));
    machines_ = l.machines.size();
    l.start = moment(must(in, "start"));
    if (l.start.kind == Moment::Kind::here) fail(field(in, "start"), "the start cannot be where the step stands");
    list(must(in, "steps"), 1, [&](const In &i) { l.steps.push_back(step(i)); });
    if (const In e = field(in, "exercise")) l.exercise = exercise(e);
    return l;
  }

private:
  AnswerKind kind(const In &in) {
    const Term t = text(in);
    const auto it = std::find(answer_kinds.begin(), answer_kinds.end(), t.text);
    if (it != answer_kinds.end()) return static_cast<AnswerKind>(it - answer_kinds.begin());
    std::string all;
    for (const std::string_view k : answer_kinds) append(all, all.empty() ? "" : ", ", k);
    if (in) fail(in, concat("the kind is one of ", all));
    return AnswerKind::number;
  }
  // The last one's id stands there only once.
  template <class T> void once(const std::vector<T> &all, const In &in) {
    for (std::size_t i = 0; i + 1 < all.size(); ++i)
      if (all[i].id.text == all.back().id.text) fail(in, "another one has this id");
  }
  std::optional<u64> which_machine(const In &in) {
    const auto machine = number(field(in, "machine"));
    if (machine && *machine >= machines_) fail(in, "there is no such machine");
    return machine;
  }

  Prediction prediction(const In &in) {
    Prediction p;
    if (!object(in, {"kind", "unit", "of", "ask", "variants", "given", "answer", "choices", "items", "tolerance", "wrong",
                     "otherwise", "right", "hints", "try"}))
      return p;
    p.kind = kind(must(in, "kind"));
    const auto only = [&](std::string_view what, AnswerKind kind) { // what no other kind may have, and this one must
      const In f = field(in, what);
      const std::string_view of = answer_kinds[static_cast<std::size_t>(kind)];
      if (f && p.kind != kind) fail(f, concat("only a prediction of kind ", of, " has \"", what, '"'));
      if (!f && p.kind == kind) fail(in, concat("a prediction of kind ", of, " needs \"", what, '"'));
      return f && p.kind == kind ? f : In{};
    };
    if (const In u = only("unit", AnswerKind::number)) p.unit = unit(u);
    if (const In of = only("of", AnswerKind::region))
      p.of = static_cast<RegionList>(word(of, "list", {"memblock.memory", "memblock.reserved", "e820"}));
    switch (p.kind) {
    case AnswerKind::pfn:
    case AnswerKind::page:
    case AnswerKind::block: p.unit = QueryUnit::pfn; break;
    case AnswerKind::address:
    case AnswerKind::region: p.unit = QueryUnit::address; break;
    default: break;
    }

    p.ask = name(must(in, "ask"));
    p.variants = variants(field(in, "variants"));
    p.given = named(field(in, "given"));
    list(only("choices", AnswerKind::choice), 2, [&](const In &i) {
      object(i, {"id", "text", "right"});
      p.choices.push_back({name(must(i, "id")), name(must(i, "text")), text(must(i, "right"))});
      once(p.choices, i);
    });
    list(
        only("items", AnswerKind::sequence), 3,
        [&](const In &i) {
          object(i, {"id", "text", "at"});
          p.items.push_back({name(must(i, "id")), name(must(i, "text")), moment(must(i, "at"))});
          once(p.items, i);
        },
        max_sequence);
    if (p.kind == AnswerKind::sequence) {
      if (const In a = field(in, "answer")) fail(a, "the boot says the order: a sequence has no \"answer\"");
    } else if (p.kind == AnswerKind::choice) {
      const In answer = field(in, "answer");
      if (answer && object(answer, {"at"})) p.answer.at = moment(must(answer, "at"));
    } else {
      p.answer = computed(must(in, "answer"));
    }
    if (const In t = field(in, "tolerance")) {
      p.tolerance = number(t).value_or(0);
      if (p.kind != AnswerKind::number) fail(t, "only a number has a tolerance");
    }
    list(field(in, "wrong"), 1, [&](const In &i) { p.wrong.push_back(why_not(i, true)); });
    p.otherwise = why_not(must(in, "otherwise"), false);
    p.right = name(must(in, "right"));
    p.hints = hints(field(in, "hints"));
    list(must(in, "try"), 2, [&](const In &i) {
      object(i, {"says", "right", "why", "variant", "machine"});
      Prediction::Try t;
      t.says = text(must(i, "says"));
      if (const In r = field(i, "right")) {
        if (!r.j->is_boolean() || !r.j->get<bool>()) fail(r, "\"right\" is true or not there");
        t.right = true;
      }
      if (const In w = field(i, "why")) t.why = name(w);
      if (t.right == !t.why.empty()) fail(i, "a try is right, or has the key of its why-not");
      t.variant = number(field(i, "variant"));
      if (t.variant && *t.variant >= p.variants.size()) fail(i, "there is no such variant");
      t.machine = which_machine(i);
      p.tries.push_back(std::move(t));
    });
    return p;
  }

  LessonStep step(const In &in) {
    LessonStep s;
    if (!object(in, {"id", "prose", "home", "function", "file", "at", "look", "values", "truth", "prediction"})) return s;
    s.id = name(must(in, "id"));
    s.prose = name(must(in, "prose"));
    if (const In home = field(in, "home")) s.home = name(home);
    s.function = text(must(in, "function"), max_key_bytes);
    s.file = text(must(in, "file"), max_key_bytes);
    if (const In at = field(in, "at")) s.at = moment(at);
    if (const In look = field(in, "look"); look && object(look, {"panel", "select", "from", "to"})) {
      if (const In panel = field(look, "panel")) {
        word(panel, "panel", {"strip", "memblock", "sections", "zones", "buddy", "timeline"});
        s.panel = text(panel).text;
      }
      if (const In select = field(look, "select")) s.select = text(select);
      const In from = field(look, "from"), to = field(look, "to");
      if (!from != !to) fail(look, "\"from\" and \"to\" go together");
      if (from) s.from = computed(from);
      if (to) s.to = computed(to);
    }
    s.values = named(field(in, "values"));
    list(field(in, "truth"), 1, [&](const In &i) { s.truth.push_back(text(i)); });
    if (const In p = field(in, "prediction")) s.prediction = prediction(p);
    return s;
  }

  Exercise::Calls calls(const In &in) {
    Exercise::Calls all;
    list(in, 1, [&](const In &i) { all.push_back(text(i)); });
    return all;
  }
  Exercise exercise(const In &in) {
    Exercise e;
    if (!object(in, {"prose", "home", "function", "file", "at", "variants", "given", "goals", "wrong", "otherwise",
                     "finished", "hints", "solution", "alternatives", "wrong_ways"}))
      return e;
    e.prose = name(must(in, "prose"));
    if (const In home = field(in, "home")) e.home = name(home);
    e.function = text(must(in, "function"), max_key_bytes);
    e.file = text(must(in, "file"), max_key_bytes);
    e.at = moment(must(in, "at"));
    e.variants = variants(field(in, "variants"));
    e.given = named(field(in, "given"));
    list(must(in, "goals"), 1, [&](const In &i) {
      object(i, {"id", "text", "holds"});
      e.goals.push_back({name(must(i, "id")), name(must(i, "text")), text(must(i, "holds"))});
    });
    list(must(in, "wrong"), 1, [&](const In &i) { e.wrong.push_back(why_not(i, true)); });
    e.otherwise = why_not(must(in, "otherwise"), false);
    e.finished = text(must(in, "finished"));
    e.hints = hints(field(in, "hints"));
    e.solution = calls(must(in, "solution"));
    list(must(in, "alternatives"), 2, [&](const In &i) { e.alternatives.push_back(calls(i)); });
    list(must(in, "wrong_ways"), 3, [&](const In &i) {
      object(i, {"calls", "why", "machine"});
      e.wrong_ways.push_back({calls(must(i, "calls")), name(must(i, "why")), which_machine(i)});
    });
    return e;
  }

  std::size_t machines_ = 0;
};

} // namespace

ParsedLesson parse_lesson(std::string_view text) {
  if (text.size() > max_bytes) return {std::nullopt, LessonError{1, 1, "", "the lesson is longer than 128 KiB"}};
  const JsonReader::json j = JsonReader::json::parse(text, nullptr, false);
  if (j.is_discarded()) return {std::nullopt, not_json(text)};
  Reader r;
  Lesson l = r.lesson({&j, ""});
  if (!r.reason.empty()) return {std::nullopt, place_of(text, r.path, std::move(r.reason))};
  return {std::move(l), std::nullopt};
}

std::size_t machine_of(const Lesson &lesson, u64 seed) {
  return static_cast<std::size_t>(Prng(Digest().add(seed).add("machine").value()).below(lesson.machines.size()));
}

LessonError place_of(std::string_view text, std::string_view path, std::string reason) {
  const auto [line, column] = line_and_column(text, json_offset(text, path));
  return {line, column, std::string(path), std::move(reason)};
}

std::string to_text(const LessonError &e, std::string_view file) {
  return concat(file, ':', e.line, ':', e.column, ": ", e.path, e.path.empty() ? "" : ": ", e.reason);
}

} // namespace mmscope
