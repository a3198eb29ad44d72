// json_place: where a text stops being JSON. (The page carries this and no more of nlohmann/json than core/lesson does:
// a header, so that the rest of io needs none of it.)
//
//     const auto [line, column] = line_and_column(text, json_error_offset(text));
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/types.hpp"

#include <nlohmann/json.hpp>

namespace mmscope {

/// Of the first byte that no JSON text has there; for a text that nlohmann::json could not parse.
inline std::size_t json_error_offset(std::string_view text) {
  using json = nlohmann::ordered_json;
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
  } place;
  json::sax_parse(text, &place);
  return place.position;
}

/// From 1, in bytes.
inline std::pair<u32, u32> line_and_column(std::string_view text, std::size_t offset) {
  u32 line = 1, column = 1;
  for (const char c : text.substr(0, offset)) {
    ++column;
    if (c == '\n') {
      ++line;
      column = 1;
    }
  }
  return {line, column};
}

} // namespace mmscope
