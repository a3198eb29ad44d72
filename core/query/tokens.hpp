// tokens: an expression cut into words, numbers and signs, with their places.
//
//   free(order>=3) == 4K        word ( word >= number ) == number
//
//   Tokens t("node[0]");  while (t.peek().kind != Token::Kind::end) t.take();
#pragma once
#include "base/types.hpp"

#include <string_view>

namespace mmscope {

struct Token {
  enum class Kind : u8 { end, word, number, text, variable, sign, bad } kind = Kind::end;
  std::string_view text; // of a text without its quotes, of a variable without its $
  std::size_t at = 0;    // of its first byte
};

class Tokens { // looks one token ahead
public:
  explicit Tokens(std::string_view s) : s_(s) { take(); }
  const Token &peek() const { return next_; }
  // The byte behind the token ahead, spaces skipped; 0 at the end.
  char behind() const;
  Token take();
  bool is(std::string_view sign) const { return next_.kind == Token::Kind::sign && next_.text == sign; }
  bool is_word(std::string_view word) const { return next_.kind == Token::Kind::word && next_.text == word; }
  bool accept(std::string_view sign) {
    if (!is(sign)) return false;
    take();
    return true;
  }

private:
  Token scan();
  std::string_view s_;
  std::size_t pos_ = 0;
  Token next_;
};

} // namespace mmscope
