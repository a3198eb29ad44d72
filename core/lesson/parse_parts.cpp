#include "lesson/parse_parts.hpp"

#include "base/text.hpp"
#include "io/script_text.hpp"

#include <algorithm>
#include <array>

namespace mmscope {

namespace {

constexpr std::size_t max_script_bytes = std::size_t{64} << 10;

} // namespace

Term LessonParts::variable(const In &in, std::string_view key) {
  const bool good = !key.empty() && key.size() <= max_key_bytes && key[0] >= 'a' && key[0] <= 'z' &&
                    std::all_of(key.begin(), key.end(),
                                [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
  if (!good) fail(in, "a value's name has small letters, digits and _");
  for (const std::string_view ours : {"given", "answer", "first_wrong"})
    if (key == ours) fail(in, concat("$", ours, " is the engine's to give"));
  return {std::string(key), in.path};
}

MachineOfLesson LessonParts::machine(const In &in) {
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

Moment LessonParts::moment(const In &in) {
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

Term LessonParts::function(const In &in) {
  Term t = text(in, max_key_bytes);
  if (in && !failed() && !find_op(t.text)) {
    std::vector<std::string_view> names;
    for (unsigned i = 0; i < op_count; ++i) names.push_back(op_info(static_cast<Op>(i)).name);
    fail(in, concat("no call of a boot is named '", t.text, "'", did_you_mean(t.text, names)));
  }
  return t;
}

QueryUnit LessonParts::unit(const In &in) {
  constexpr std::array units{QueryUnit::pages, QueryUnit::bytes, QueryUnit::order,  QueryUnit::node,
                             QueryUnit::count, QueryUnit::pfn,   QueryUnit::address};
  return units[word(in, "unit", {"pages", "bytes", "order", "node", "count", "pfn", "address"})];
}

Computed LessonParts::computed(const In &in) {
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

Named LessonParts::named(const In &in) {
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

WhyNot LessonParts::why_not(const In &in, bool conditional) {
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

std::vector<Hint> LessonParts::hints(const In &in) {
  std::vector<Hint> all;
  list(in, 1, [&](const In &i) {
    object(i, {"level", "tries", "after", "text"});
    Hint h;
    h.level = static_cast<Hint::Level>(word(must(i, "level"), "level", {"nudge", "rule"}));
    const u64 tries = number(field(i, "tries")).value_or(0);
    if (tries > max_items) fail(i, "so many tries nobody makes");
    h.tries = static_cast<u32>(tries);
    if (const In after = field(i, "after")) h.after = name(after);
    h.text = name(must(i, "text"));
    all.push_back(std::move(h));
  });
  return all;
}

std::vector<Named> LessonParts::variants(const In &in) {
  std::vector<Named> all;
  list(in, 1, [&](const In &i) { all.push_back(named(i)); });
  for (std::size_t v = 1; v < all.size() && !failed(); ++v) {
    const auto same = [](const auto &a, const auto &b) { return a.first.text == b.first.text; };
    if (!std::equal(all[v].begin(), all[v].end(), all[0].begin(), all[0].end(), same))
      fail({in.j, concat(in.path, '[', v, ']')}, "every variant gives the same names");
  }
  return all;
}

} // namespace mmscope
