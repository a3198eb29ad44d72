#include "query/tokens.hpp"

#include <utility>

namespace mmscope {

namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word_char(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_'; }

} // namespace

Token Tokens::take() { return std::exchange(next_, scan()); }

char Tokens::behind() const {
  std::size_t i = pos_;
  while (i < s_.size() && is_space(s_[i])) ++i;
  return i < s_.size() ? s_[i] : '\0';
}

Token Tokens::scan() {
  while (pos_ < s_.size() && is_space(s_[pos_])) ++pos_;
  Token t{Token::Kind::end, {}, pos_};
  if (pos_ == s_.size()) return t;
  const char c = s_[pos_];
  const auto word_end = [&](std::size_t i) {
    while (i < s_.size() && is_word_char(s_[i])) ++i;
    return i;
  };
  const auto cut = [&](Token::Kind kind, std::size_t from, std::size_t to, std::size_t end) {
    t.kind = kind;
    t.text = s_.substr(from, to - from);
    pos_ = end;
    return t;
  };
  if (is_word_char(c)) {
    const std::size_t end = word_end(pos_);
    return cut(is_digit(c) ? Token::Kind::number : Token::Kind::word, pos_, end, end);
  }
  if (c == '$') {
    const std::size_t end = word_end(pos_ + 1);
    return cut(end == pos_ + 1 ? Token::Kind::bad : Token::Kind::variable, pos_ + 1, end, end);
  }
  if (c == '"') {
    const std::size_t end = s_.find('"', pos_ + 1);
    if (end == std::string_view::npos) return cut(Token::Kind::bad, pos_, s_.size(), s_.size());
    return cut(Token::Kind::text, pos_ + 1, end, end + 1);
  }
  constexpr std::string_view two[] = {"==", "!=", "<=", ">=", "&&", "||"};
  for (const std::string_view sign : two)
    if (s_.substr(pos_, 2) == sign) return cut(Token::Kind::sign, pos_, pos_ + 2, pos_ + 2);
  constexpr std::string_view one = "<>+-*/%!()[].,=";
  const bool known = one.find(c) != std::string_view::npos;
  return cut(known ? Token::Kind::sign : Token::Kind::bad, pos_, pos_ + 1, pos_ + 1);
}

} // namespace mmscope
