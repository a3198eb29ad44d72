#include "lesson/json_reader.hpp"

#include "base/text.hpp"
#include "io/json_place.hpp"

#include <algorithm>

namespace mmscope {

namespace {

std::string one_of(JsonReader::Names names) {
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

} // namespace

void JsonReader::fail(const In &in, std::string_view why) {
  if (!reason.empty()) return;
  path = in.path;
  reason = why;
}

bool JsonReader::object(const In &in, Names fields) {
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

JsonReader::In JsonReader::field(const In &in, std::string_view name) {
  if (!in || !in.j->is_object()) return {};
  const auto it = in.j->find(name);
  if (it == in.j->end()) return {};
  return {&*it, in.path.empty() ? std::string(name) : concat(in.path, '.', name)};
}

JsonReader::In JsonReader::must(const In &in, std::string_view name) {
  In found = field(in, name);
  if (!found && in) fail(in, concat("\"", name, "\" is missing"));
  return found;
}

JsonReader::In JsonReader::item(const In &in, std::size_t i) { return {&(*in.j)[i], concat(in.path, '[', i, ']')}; }

bool JsonReader::is_list(const In &in, std::size_t least, std::size_t most) {
  if (!in) return false;
  if (!in.j->is_array())
    fail(in, "a list is wanted here");
  else if (in.j->size() < least)
    fail(in, concat("at least ", least, least == 1 ? " is" : " are", " needed"));
  else if (in.j->size() > most)
    fail(in, concat("at most ", most, " are allowed"));
  return !failed();
}

std::optional<u64> JsonReader::number(const In &in) {
  if (!in) return std::nullopt;
  if (!in.j->is_number_unsigned()) {
    fail(in, "a number from 0 on is wanted here");
    return std::nullopt;
  }
  return in.j->get<u64>();
}

Term JsonReader::text(const In &in, std::size_t most) {
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

Term JsonReader::name(const In &in) {
  Term t = text(in, max_key_bytes);
  if (in && !is_name(t.text)) fail(in, "a name has small letters, digits, - and _, and dots between");
  return t;
}

std::size_t JsonReader::word(const In &in, std::string_view what, Names names) {
  const Term t = text(in);
  const auto it = std::find(names.begin(), names.end(), t.text);
  if (it != names.end()) return static_cast<std::size_t>(it - names.begin());
  if (in) fail(in, concat("the ", what, " is one of ", one_of(names)));
  return 0;
}

LessonError not_json(std::string_view text) {
  const auto [line, column] = line_and_column(text, json_error_offset(text));
  return {line, column, "", "this is not JSON from here on"};
}

} // namespace mmscope
