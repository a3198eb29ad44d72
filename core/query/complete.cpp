// How to go on from what has been typed: the same tokens and the same table as the language itself, read once from the
// left; what is open at the end says what may follow.
#include "base/text.hpp"
#include "query/functions.hpp"
#include "query/tokens.hpp"

#include <algorithm>

namespace mmscope {

namespace {

// What one pair of brackets, or the whole, is in the middle of.
struct Open {
  const Row *indexed = nullptr;       // inside the [ ] of this row
  const Function *function = nullptr; // inside the ( ) of this function
  Thing at = Thing::root;             // the next name is one of its
  bool dot = false;                   // a . has been typed just now
  bool dead = false;                  // … behind something that has no fields
  bool value = false;                 // a value is complete: an operator has to come
  bool empty = true;                  // nothing has been typed in it
  bool compared = false;              // behind a comparison
  const Row *row = nullptr;           // what the path has led to
  const Function *called = nullptr;   // the name just typed
  std::optional<Subject> subject;     // of the condition just typed
};

void take(std::vector<Open> &levels, const Token &t) {
  Open &l = levels.back();
  switch (t.kind) {
  case Token::Kind::word: {
    const Subject *subject = nullptr;
    if (l.function != nullptr && !l.compared && !l.dot)
      for (const Subject &s : l.function->subjects)
        if (subject_name(s) == t.text) subject = &s;
    if (subject != nullptr) l.subject = *subject;
    l.row = l.dead ? nullptr : find_row(l.dot ? l.at : Thing::root, t.text);
    l.called = l.dot ? nullptr : find_function(t.text);
    l.dot = false;
    l.value = t.text != "and" && t.text != "or" && t.text != "not";
    if (!l.value) l.compared = false;
    break;
  }
  case Token::Kind::sign:
    if (t.text == "[" || t.text == "(") {
      Open inner;
      if (t.text == "[")
        inner.indexed = l.row;
      else
        inner.function = l.called;
      l.empty = false;
      levels.push_back(inner);
      return;
    }
    if (t.text == "]" || t.text == ")") {
      if (levels.size() > 1) levels.pop_back();
      levels.back().value = true;
      return;
    }
    if (t.text == ".") {
      l.dot = true;
      l.dead = l.row == nullptr || l.row->child == Thing::root;
      l.at = l.dead ? Thing::root : l.row->child;
      break;
    }
    l.compared = t.text == "==" || t.text == "!=" || t.text[0] == '<' || t.text[0] == '>' || t.text == "=";
    if (!l.compared) l.row = nullptr;
    if (t.text == ",") l.subject.reset();
    l.value = false;
    l.dead = false;
    break;
  default:
    l.value = true;
    l.row = nullptr;
    break;
  }
  l.empty = false;
}

} // namespace

std::vector<std::string> complete(const Lab &lab, std::string_view typed, std::size_t most) {
  std::vector<std::string> found;
  if (typed.size() > max_query_bytes) return found;
  const Context c(lab);
  std::vector<Open> levels(1);
  std::string_view begun; // of the word at the end
  for (Tokens tokens(typed); tokens.peek().kind != Token::Kind::end;) {
    const Token t = tokens.take();
    if (t.kind == Token::Kind::bad) return found;
    const bool last = t.at + t.text.size() == typed.size();
    if (t.kind == Token::Kind::word && last)
      begun = t.text;
    else
      take(levels, t);
  }

  const auto offer = [&](std::string_view name, std::string_view behind = {}) {
    if (found.size() < most && name.starts_with(begun)) found.push_back(concat(name, behind));
  };
  const auto offer_rows = [&](Thing t) {
    for (const std::string_view name : row_names(t)) {
      const Index index = find_row(t, name)->index;
      offer(name, index == Index::none || index == Index::maybe ? "" : "[");
    }
  };
  const auto offer_words = [&](Words words) {
    for (const std::string_view word : word_list(c, words)) offer(word);
  };
  const Open &l = levels.back();
  if (l.dot) {
    if (!l.dead) offer_rows(l.at);
    return found;
  }
  if (l.value) {
    if (!begun.empty() || typed.ends_with(' '))
      for (const std::string_view word : {"and", "or"}) offer(word);
    return found;
  }
  if (l.compared) offer_words(l.subject ? words_of(*l.subject) : l.row != nullptr ? l.row->words : Words::none);
  if (l.empty && l.indexed != nullptr) {
    offer_words(words_of(l.indexed->index));
    if (l.indexed->child == Thing::node)
      for (const pglist_data &node : c.s.pages.nodes())
        if (node.online) offer(concat(node.nid));
  }
  if (l.function != nullptr && !l.compared) {
    for (const Subject s : l.function->subjects) offer(subject_name(s));
    return found;
  }
  offer_rows(Thing::root);
  for (const Function &f : functions()) offer(f.name, "(");
  for (const std::string_view word : {"not", "true", "false", "nothing"}) offer(word);
  return found;
}

} // namespace mmscope
