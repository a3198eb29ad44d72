// json_reader: takes a JSON text apart that somebody else wrote, and remembers the first thing that is wrong with it and
// where that is. A lesson and a receipt are read with it.
//
//     struct Reader : JsonReader { Thing thing(const In &in) {
//       Thing t;
//       if (!object(in, {"id", "count"})) return t;      any other field is refused
//       t.id = name(must(in, "id"));
//       t.count = number(field(in, "count")).value_or(1);
//
// Nothing is thrown and nothing stops at the first error: what comes after it is read as if it were empty.
#pragma once

#include <initializer_list>
#include <nlohmann/json.hpp>

#include "lesson/lesson.hpp"

namespace mmscope {

inline constexpr std::size_t max_key_bytes = 80;

class JsonReader {
public:
  using json = nlohmann::ordered_json; // values are computed in the order in which they are written
  using Names = std::initializer_list<std::string_view>;

  struct In { // a value and where it stands; or nothing
    const json *j = nullptr;
    std::string path;
    explicit operator bool() const { return j != nullptr; }
  };

  std::string path, reason; // of the first thing that is wrong

protected:
  static constexpr std::size_t max_items = 64;

  void fail(const In &in, std::string_view why);
  bool failed() const { return !reason.empty(); }

  bool object(const In &in, Names fields);
  static In field(const In &in, std::string_view name);
  In must(const In &in, std::string_view name);
  template <class Fn> void list(const In &in, std::size_t least, Fn &&fn, std::size_t most = max_items) {
    if (!is_list(in, least, most)) return;
    for (std::size_t i = 0; i < in.j->size() && !failed(); ++i) fn(item(in, i));
  }
  std::optional<u64> number(const In &in);
  Term text(const In &in, std::size_t most = max_query_bytes); ///< not empty
  Term name(const In &in);                                     ///< small letters, digits, - _ and dots
  /// The index of the text in `names`; "the WHAT is one of …" when it is none of them.
  std::size_t word(const In &in, std::string_view what, Names names);

private:
  bool is_list(const In &in, std::size_t least, std::size_t most);
  static In item(const In &in, std::size_t i);
};

/// Line and column of where `text` stops being JSON, for parse_lesson and parse_receipt.
LessonError not_json(std::string_view text);

} // namespace mmscope
