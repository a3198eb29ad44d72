#include "io/json_writer.hpp"

#include "base/check.hpp"
#include "base/text.hpp"

namespace mmscope {

namespace {

constexpr std::size_t drain_size = 64 * 1024;

// Length of the UTF-8 sequence that `s` begins with, 0 if it is none.
std::size_t utf8_length(std::string_view s) {
  const auto byte = [&](std::size_t i) { return i < s.size() ? static_cast<unsigned char>(s[i]) : 0u; };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
  const unsigned a = byte(0), b = byte(1);
  if (a < 0x80) return 1;
  if (a >= 0xc2 && a <= 0xdf) return follows(1) ? 2 : 0;
  if (a >= 0xe0 && a <= 0xef) {
    if ((a == 0xe0 && b < 0xa0) || (a == 0xed && b >= 0xa0)) return 0; // too long a form, a surrogate
    return follows(1) && follows(2) ? 3 : 0;
  }
  if (a >= 0xf0 && a <= 0xf4) {
    if ((a == 0xf0 && b < 0x90) || (a == 0xf4 && b >= 0x90)) return 0;
    return follows(1) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

} // namespace

void JsonWriter::before_value() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (filled_.empty()) return;
  if (filled_.back() != 0) out_ += ',';
  filled_.back() = 1;
}

void JsonWriter::after_value() {
  if (drain_ && out_.size() > drain_size) drain_(out_);
}

JsonWriter &JsonWriter::open(char c) {
  before_value();
  out_ += c;
  filled_.push_back(0);
  return *this;
}

JsonWriter &JsonWriter::close(char c) {
  MM_CHECK(!filled_.empty() && !after_key_);
  filled_.pop_back();
  out_ += c;
  after_value();
  return *this;
}

JsonWriter &JsonWriter::key(std::string_view name) {
  MM_CHECK(!filled_.empty() && !after_key_);
  string(name);
  out_ += ':';
  after_key_ = true;
  return *this;
}

JsonWriter &JsonWriter::string(std::string_view s) {
  before_value();
  out_ += '"';
  while (!s.empty()) {
    const char c = s[0];
    std::size_t n = utf8_length(s);
    if (n == 0) {
      out_ += "\xef\xbf\xbd";
      n = 1;
    } else if (c == '"' || c == '\\') {
      append(out_, '\\', c);
    } else if (c == '\n') {
      out_ += "\\n";
    } else if (c == '\t') {
      out_ += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out_ += "\\u";
      append_hex(out_, static_cast<unsigned char>(c), 4);
    } else {
      out_ += s.substr(0, n);
    }
    s.remove_prefix(n);
  }
  out_ += '"';
  after_value();
  return *this;
}

JsonWriter &JsonWriter::number(u64 n) {
  before_value();
  append_dec(out_, n);
  after_value();
  return *this;
}

JsonWriter &JsonWriter::number_signed(i64 n) {
  before_value();
  append_signed(out_, n);
  after_value();
  return *this;
}

JsonWriter &JsonWriter::boolean(bool b) {
  before_value();
  out_ += b ? "true" : "false";
  after_value();
  return *this;
}

JsonWriter &JsonWriter::null() {
  before_value();
  out_ += "null";
  after_value();
  return *this;
}

} // namespace mmscope
