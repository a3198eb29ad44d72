#include "lesson/lesson.hpp"

#include "base/text.hpp"
#include "io/script_text.hpp"
#include "lesson/json_text.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <nlohmann/json.hpp>

namespace mmscope {

namespace {

using json = nlohmann::ordered_json; // values are computed in the order in which they are written

constexpr std::size_t max_bytes = std::size_t{128} << 10;
constexpr std::size_t max_script_bytes = std::size_t{64} << 10;
constexpr std::size_t max_items = 64;
constexpr std::size_t max_key_bytes = 80;
constexpr u64 format = 1;

// Only tells where the text stops being JSON.
struct ErrorPlace final : nlohmann::json_sax<json> {
  std::size_t position = 0;
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t &) override { return true; }
  bool string(string_t &) override { return true; }
  bool binary(binary_t &) override { return true; }
  bool start_object(std::size_t) override { return true; }
  bool key(string_t &) override { return true; }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t at, const std::string &, const json::exception &) override {
    position = at == 0 ? 0 : at - 1;
    return false;
  }
};

struct In { // a value and where it stands
  const json *j = nullptr;
  std::string path;
  explicit operator bool() const { return j != nullptr; }
};

using Names = std::initializer_list<std::string_view>;

std::string one_of(Names names) {
  std::string s;
  for (const std::string_view n : names) append(s, s.empty() ? "" : ", ", n);
  return s;
}

// A name of ours: letters, digits, -, _ and dots between.
bool is_name(std::string_view s) {
  return !s.empty() && s.size() <= max_key_bytes && std::all_of(s.begin(), s.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  });
}

class Reader {
public:
  std::string path, reason; // of the first thing that is wrong

  Lesson lesson(const In &in) {
    Lesson l;
    object(in, {"$schema", "format", "id", "title", "machine", "start", "steps", "exercise"});
    text(field(in, "$schema")); // for the author's editor
    if (number(field(in, "format")) != format) fail(in, concat("\"format\" must be ", format));
    l.id = name(must(in, "id"));
    l.title = name(must(in, "title"));
    l.machine = machine(must(in, "machine"));
    l.start = moment(must(in, "start"));
    if (l.start.kind == Moment::Kind::here) fail(field(in, "start"), "the start cannot be where the step stands");
    list(must(in, "steps"), 1, [&](const In &i) { l.steps.push_back(step(i)); });
    if (const In e = field(in, "exercise")) l.exercise = exercise(e);
    return l;
  }

private:
  void fail(const In &in, std::string_view why) {
    if (!reason.empty()) return;
    path = in.path;
    reason = why;
  }
  bool failed() const { return !reason.empty(); }

  // --- JSON ---
  bool object(const In &in, Names fields) {
    if (!in) return false;
    if (!in.j->is_object()) {
      fail(in, "an object is wanted here");
      return false;
    }
    for (const auto &[key, value] : in.j->items())
      if (std::find(fields.begin(), fields.end(), key) == fields.end()) {
        const std::vector<std::string_view> known(fields);
        fail(in, concat("there is no field '", std::string_view(key).substr(0, max_key_bytes), "'",
                        did_you_mean(key, known), "; there are: ", one_of(fields)));
      }
    return true;
  }
  In field(const In &in, std::string_view name) {
    if (!in || !in.j->is_object()) return {};
    const auto it = in.j->find(name);
    if (it == in.j->end()) return {};
    return {&*it, in.path.empty() ? std::string(name) : concat(in.path, '.', name)};
  }
  In must(const In &in, std::string_view name) {
    In found = field(in, name);
    if (!found && in) fail(in, concat("\"", name, "\" is missing"));
    return found;
  }
  template <class Fn> void list(const In &in, std::size_t least, Fn &&fn) {
    if (!in) return;
    if (!in.j->is_array()) return fail(in, "a list is wanted here");
    if (in.j->size() < least) return fail(in, concat("at least ", least, least == 1 ? " is" : " are", " needed"));
    if (in.j->size() > max_items) return fail(in, concat("at most ", max_items, " are allowed"));
    for (std::size_t i = 0; i < in.j->size() && !failed(); ++i) fn(In{&(*in.j)[i], concat(in.path, '[', i, ']')});
  }
  std::optional<u64> number(const In &in) {
    if (!in) return std::nullopt;
    if (!in.j->is_number_unsigned()) {
      fail(in, "a number from 0 on is wanted here");
      return std::nullopt;
    }
    return in.j->get<u64>();
  }
  Term text(const In &in, std::size_t most = max_query_bytes) {
    if (!in) return {};
    if (!in.j->is_string()) {
      fail(in, "a text is wanted here");
      return {};
    }
    const std::string &s = in.j->get_ref<const std::string &>();
    if (s.empty()) fail(in, "the text is empty");
    if (s.size() > most) {
      fail(in, concat("the text is longer than ", most, " bytes"));
      return {};
    }
    return {s, in.path};
  }
  Term name(const In &in) {
    Term t = text(in, max_key_bytes);
    if (in && !is_name(t.text)) fail(in, "a name has small letters, digits, - and _, and dots between");
    return t;
  }
  Term variable(const In &in, std::string_view key) {
    const bool good = !key.empty() && key.size() <= max_key_bytes && key[0] >= 'a' && key[0] <= 'z' &&
                      std::all_of(key.begin(), key.end(),
                                  [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
    if (!good) fail(in, "a value's name has small letters, digits and _");
    if (key == "given" || key == "answer") fail(in, "$given and $answer are there already");
    return {std::string(key), in.path};
  }

  // --- the lesson's things ---
  MachineOfLesson machine(const In &in) {
    MachineOfLesson m;
    if (!object(in, {"capture", "preset", "script"})) return m;
    if (in.j->size() != 1) fail(in, "one of capture, preset, script");
    if (const In c = field(in, "capture")) {
      m = {MachineOfLesson::Kind::capture, text(c, max_key_bytes)};
      // It becomes part of a file's name.
      for (const char ch : m.text.text)
        if ((ch < 'a' || ch > 'z') && (ch < 'A' || ch > 'Z') && (ch < '0' || ch > '9') && ch != '-' && ch != '.')
          fail(c, "a capture's name has letters, digits, - and dots");
      if (m.text.text.find("..") != std::string::npos) fail(c, "a capture's name has no two dots in a row");
    } else if (const In p = field(in, "preset")) {
      m = {MachineOfLesson::Kind::preset, text(p, max_key_bytes)};
    } else {
      m = {MachineOfLesson::Kind::script, text(field(in, "script"), max_script_bytes)};
    }
    return m;
  }
  Moment moment(const In &in) {
    Moment m;
    if (!object(in, {"before", "after", "call_where", "in", "event_where"})) return m;
    const In event = field(in, "event_where");
    if (in.j->size() != (event ? 2u : 1u) || (event && !field(in, "in"))) {
      fail(in, "a moment is one of {before}, {after}, {call_where}, {in, event_where}");
      return m;
    }
    if (const In before = field(in, "before"))
      m = {Moment::Kind::before, function(before), {}};
    else if (const In after = field(in, "after"))
      m = {Moment::Kind::after, function(after), {}};
    else if (const In where = field(in, "call_where"))
      m = {Moment::Kind::call_where, {}, text(where)};
    else
      m = {Moment::Kind::event_where, function(field(in, "in")), text(event)};
    return m;
  }
  // A call of a script, which is a kernel function's name.
  Term function(const In &in) {
    Term t = text(in, max_key_bytes);
    if (in && !failed() && !find_op(t.text)) {
      std::vector<std::string_view> names;
      for (unsigned i = 0; i < op_count; ++i) names.push_back(op_info(static_cast<Op>(i)).name);
      fail(in, concat("no call of a boot is named '", t.text, "'", did_you_mean(t.text, names)));
    }
    return t;
  }
  QueryUnit unit(const In &in) {
    static constexpr std::array<std::pair<std::string_view, QueryUnit>, 7> units{{{"pages", QueryUnit::pages},
                                                                                  {"bytes", QueryUnit::bytes},
                                                                                  {"order", QueryUnit::order},
                                                                                  {"node", QueryUnit::node},
                                                                                  {"count", QueryUnit::count},
                                                                                  {"pfn", QueryUnit::pfn},
                                                                                  {"address", QueryUnit::address}}};
    const Term t = text(in);
    for (const auto &[name, unit] : units)
      if (name == t.text) return unit;
    fail(in, "the unit is one of pages, bytes, order, node, count, pfn, address");
    return QueryUnit::none;
  }
  Computed computed(const In &in) {
    Computed c;
    if (in && in.j->is_string()) {
      c.value = text(in);
    } else if (object(in, {"at", "value", "unit"})) {
      if (const In at = field(in, "at")) c.at = moment(at);
      if (const In u = field(in, "unit")) c.unit = unit(u);
      c.value = text(must(in, "value"));
    }
    return c;
  }
  Named named(const In &in) {
    Named all;
    if (!in) return all;
    if (!in.j->is_object() || in.j->size() > max_items) {
      fail(in, "an object of named values is wanted here");
      return all;
    }
    for (const auto &[key, value] : in.j->items()) {
      if (failed()) break;
      Term n = variable(in, key);
      if (!failed()) all.emplace_back(std::move(n), computed({&value, concat(in.path, '.', key)}));
    }
    return all;
  }
  WhyNot why_not(const In &in, bool conditional) {
    WhyNot w;
    if (!object(in, {"when", "why", "rule", "goto"})) return w;
    if (conditional)
      w.when = text(must(in, "when"));
    else if (field(in, "when"))
      fail(in, "this one is for any other answer: it has no \"when\"");
    w.why = name(must(in, "why"));
    if (const In rule = field(in, "rule")) w.rule = name(rule);
    if (const In to = field(in, "goto")) w.goes_to = moment(to);
    return w;
  }
  std::vector<Hint> hints(const In &in) {
    std::vector<Hint> all;
    list(in, 1, [&](const In &i) {
      object(i, {"tries", "text"});
      const u64 tries = number(field(i, "tries")).value_or(0);
      if (tries > max_items) fail(i, "so many tries nobody makes");
      all.push_back({static_cast<u32>(tries), name(must(i, "text"))});
    });
    return all;
  }
  std::vector<Named> variants(const In &in) {
    std::vector<Named> all;
    list(in, 1, [&](const In &i) { all.push_back(named(i)); });
    for (std::size_t v = 1; v < all.size() && !failed(); ++v) {
      const auto same = [](const auto &a, const auto &b) { return a.first.text == b.first.text; };
      if (!std::equal(all[v].begin(), all[v].end(), all[0].begin(), all[0].end(), same))
        fail({in.j, concat(in.path, '[', v, ']')}, "every variant gives the same names");
    }
    return all;
  }

  Prediction prediction(const In &in) {
    static constexpr std::array<std::string_view, 6> kinds{"number", "pfn", "address", "truth", "choice", "block"};
    Prediction p;
    if (!object(in, {"kind", "unit", "ask", "variants", "given", "answer", "choices", "tolerance", "wrong", "otherwise",
                     "right", "hints", "try"}))
      return p;
    const In kind_in = must(in, "kind");
    const Term kind = text(kind_in);
    const auto k = std::find(kinds.begin(), kinds.end(), kind.text);
    if (k == kinds.end())
      fail(kind_in, "the kind is one of number, pfn, address, truth, choice, block");
    else
      p.kind = static_cast<AnswerKind>(k - kinds.begin());
    if (const In u = field(in, "unit")) {
      if (p.kind != AnswerKind::number) fail(u, "only a number has a unit");
      p.unit = unit(u);
    } else if (p.kind == AnswerKind::number) {
      fail(in, "a number needs a \"unit\"");
    }
    if (p.kind == AnswerKind::pfn || p.kind == AnswerKind::block) p.unit = QueryUnit::pfn;
    if (p.kind == AnswerKind::address) p.unit = QueryUnit::address;

    p.ask = name(must(in, "ask"));
    p.variants = variants(field(in, "variants"));
    p.given = named(field(in, "given"));
    if (p.kind == AnswerKind::choice) {
      const In answer = field(in, "answer");
      if (answer && object(answer, {"at"})) p.answer.at = moment(must(answer, "at"));
      list(must(in, "choices"), 2, [&](const In &i) {
        object(i, {"id", "text", "right"});
        p.choices.push_back({name(must(i, "id")), name(must(i, "text")), text(must(i, "right"))});
        for (std::size_t c = 0; c + 1 < p.choices.size(); ++c)
          if (p.choices[c].id.text == p.choices.back().id.text) fail(i, "another choice has this id");
      });
    } else {
      p.answer = computed(must(in, "answer"));
      if (field(in, "choices")) fail(field(in, "choices"), "only a prediction of kind choice has choices");
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
      object(i, {"says", "right", "why", "variant"});
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
      p.tries.push_back(std::move(t));
    });
    return p;
  }

  LessonStep step(const In &in) {
    static constexpr std::array<std::string_view, 6> panels{"strip", "memblock", "sections",
                                                            "zones", "buddy",    "timeline"};
    LessonStep s;
    if (!object(in, {"id", "prose", "function", "file", "at", "look", "values", "truth", "prediction"})) return s;
    s.id = name(must(in, "id"));
    s.prose = name(must(in, "prose"));
    s.function = text(must(in, "function"), max_key_bytes);
    s.file = text(must(in, "file"), max_key_bytes);
    if (const In at = field(in, "at")) s.at = moment(at);
    if (const In look = field(in, "look"); look && object(look, {"panel", "select", "from", "to"})) {
      if (const In panel = field(look, "panel")) {
        s.panel = text(panel).text;
        if (std::find(panels.begin(), panels.end(), s.panel) == panels.end())
          fail(panel, "the panel is one of strip, memblock, sections, zones, buddy, timeline");
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
    if (!object(in, {"prose", "function", "file", "at", "variants", "given", "goals", "wrong", "otherwise", "finished",
                     "hints", "solution", "alternatives", "wrong_ways"}))
      return e;
    e.prose = name(must(in, "prose"));
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
      object(i, {"calls", "why"});
      e.wrong_ways.push_back({calls(must(i, "calls")), name(must(i, "why"))});
    });
    return e;
  }
};

} // namespace

ParsedLesson parse_lesson(std::string_view text) {
  if (text.size() > max_bytes) return {std::nullopt, LessonError{1, 1, "", "the lesson is longer than 128 KiB"}};
  const json j = json::parse(text, nullptr, false);
  if (j.is_discarded()) {
    ErrorPlace place;
    json::sax_parse(text, &place);
    const auto [line, column] = line_and_column(text, place.position);
    return {std::nullopt, LessonError{line, column, "", "this is not JSON from here on"}};
  }
  Reader r;
  Lesson l = r.lesson({&j, ""});
  if (!r.reason.empty()) return {std::nullopt, place_of(text, r.path, std::move(r.reason))};
  return {std::move(l), std::nullopt};
}

LessonError place_of(std::string_view text, std::string_view path, std::string reason) {
  const auto [line, column] = line_and_column(text, json_offset(text, path));
  return {line, column, std::string(path), std::move(reason)};
}

std::string to_text(const LessonError &e, std::string_view file) {
  return concat(file, ':', e.line, ':', e.column, ": ", e.path, e.path.empty() ? "" : ": ", e.reason);
}

} // namespace mmscope
