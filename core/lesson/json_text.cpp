#include "lesson/json_text.hpp"

#include <algorithm>

namespace mmscope {

namespace {

// Walks over text that is known to be JSON; at its end it stays there.
struct Walker {
  std::string_view text;
  std::size_t at = 0;

  char here() const { return at < text.size() ? text[at] : '\0'; }
  void space() {
    while (at < text.size() && std::string_view(" \t\r\n").find(text[at]) != std::string_view::npos) ++at;
  }
  std::string_view string() { // between its quotes, escapes as they are
    const std::size_t begin = ++at;
    while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
    const std::size_t end = std::min(at, text.size());
    at = std::min(end + 1, text.size());
    return text.substr(begin, end - begin);
  }
  void value() {
    std::size_t depth = 0;
    do {
      space();
      const char c = here();
      if (c == '"')
        string();
      else if (c == '{' || c == '[')
        ++depth, ++at;
      else if (c == '}' || c == ']')
        --depth, ++at;
      else if (c == ',' || c == ':')
        ++at;
      else
        while (at < text.size() && std::string_view(",]} \t\r\n").find(text[at]) == std::string_view::npos) ++at;
    } while (depth != 0 && at < text.size());
  }
  // To the value of a field of the object here.
  bool field(std::string_view name) {
    if (here() != '{') return false;
    ++at;
    for (space(); here() == '"'; space()) {
      const bool found = string() == name;
      space();
      ++at; // the colon
      space();
      if (found) return true;
      value();
      space();
      if (here() == ',') ++at;
    }
    return false;
  }
  bool item(u64 index) {
    if (here() != '[') return false;
    ++at;
    for (space(); index != 0 && at < text.size(); --index, space()) {
      value();
      space();
      if (here() != ',') return false;
      ++at;
    }
    return at < text.size();
  }
};

} // namespace

std::size_t json_offset(std::string_view text, std::string_view path) {
  Walker w{text};
  w.space();
  while (!path.empty()) {
    if (path[0] == '.') path.remove_prefix(1);
    if (!path.empty() && path[0] == '[') {
      u64 index = 0;
      for (path.remove_prefix(1); !path.empty() && path[0] != ']'; path.remove_prefix(1))
        index = index * 10 + static_cast<u64>(path[0] - '0');
      path.remove_prefix(std::min<std::size_t>(1, path.size()));
      if (!w.item(index)) return 0;
    } else {
      const std::size_t end = std::min(path.find_first_of(".["), path.size());
      if (!w.field(path.substr(0, end))) return 0;
      path.remove_prefix(end);
    }
  }
  return std::min(w.at, text.size());
}

} // namespace mmscope
