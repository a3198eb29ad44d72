// JsonWriter: writes JSON straight into a string, value by value; it holds
// nothing but the nesting. What comes out is valid JSON whatever the bytes of a
// text are (what is not UTF-8 becomes U+FFFD).
//
//   std::string out;
//   JsonWriter w(out);
//   w.begin_object().key("pfn").number(7).key("runs").begin_array().number(1).number(2).end_array().end_object();
//   // {"pfn":7,"runs":[1,2]}
//
// A document larger than memory allows is written in pieces: give `drain`, which gets the string whenever it has
// grown past 64 KiB, and must empty it.
#pragma once
#include "base/types.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace mmscope {

class JsonWriter {
public:
  explicit JsonWriter(std::string &out, std::function<void(std::string &)> drain = {})
      : out_(out), drain_(std::move(drain)) {}

  JsonWriter &begin_object() { return open('{'); }
  JsonWriter &end_object() { return close('}'); }
  JsonWriter &begin_array() { return open('['); }
  JsonWriter &end_array() { return close(']'); }
  JsonWriter &key(std::string_view name);
  JsonWriter &string(std::string_view s);
  JsonWriter &number(u64 n);
  JsonWriter &number_signed(i64 n);
  JsonWriter &boolean(bool b);
  JsonWriter &null();

private:
  JsonWriter &open(char c);
  JsonWriter &close(char c);
  void before_value();
  void after_value();

  std::string &out_;
  std::function<void(std::string &)> drain_;
  std::string filled_; // for each open object or array: 1 when it has something in it
  bool after_key_ = false;
};

} // namespace mmscope
