#include "query/expression.hpp"

#include "base/text.hpp"
#include "query/functions.hpp"
#include "query/tokens.hpp"

#include <algorithm>
#include <utility>

namespace mmscope {

namespace {

using Kind = QueryValue::Kind;

constexpr unsigned max_depth = 64;

// A value on its way, and which words its text is one of.
struct Operand {
  QueryValue value;
  Words words = Words::none;
};

// --- numbers: a sign and a magnitude, so that nothing is lost that 64 bits can hold ---

struct Signed {
  bool negative;
  u64 size;
};
Signed split(const QueryValue &v) { return v.negative ? Signed{true, ~v.number + 1} : Signed{false, v.number}; }

// Nothing when it does not fit.
QueryValue join(Signed n, QueryUnit unit) {
  if (n.size == 0) n.negative = false;
  if (n.negative && n.size > u64{1} << 63) return {};
  return {.kind = Kind::number, .number = n.negative ? ~n.size + 1 : n.size, .negative = n.negative, .unit = unit};
}

QueryValue calculate(char op, const QueryValue &left, const QueryValue &right) {
  const Signed a = split(left);
  Signed b = split(right);
  u64 size = 0;
  switch (op) {
  case '-': b.negative = !b.negative; [[fallthrough]];
  case '+':
    if (a.negative != b.negative)
      return join(a.size >= b.size ? Signed{a.negative, a.size - b.size} : Signed{b.negative, b.size - a.size},
                  left.unit);
    if (__builtin_add_overflow(a.size, b.size, &size)) return {};
    return join({a.negative, size}, left.unit);
  case '*':
    if (__builtin_mul_overflow(a.size, b.size, &size)) return {};
    return join({a.negative != b.negative, size}, QueryUnit::none);
  default: // as in C: towards zero, and the rest has the sign of what was divided
    if (b.size == 0) return {};
    return op == '/' ? join({a.negative != b.negative, a.size / b.size}, QueryUnit::none)
                     : join({a.negative, a.size % b.size}, QueryUnit::none);
  }
}

bool smaller(const QueryValue &a, const QueryValue &b) {
  if (a.negative != b.negative) return a.negative;
  return a.number < b.number; // two's complement keeps the order among negatives
}

QueryValue boolean(bool b) { return {.kind = Kind::boolean, .number = b ? u64{1} : u64{0}}; }

std::optional<Relation> relation_of(const Token &t) {
  constexpr std::pair<std::string_view, Relation> signs[] = {{"==", Relation::equal},   {"!=", Relation::unequal},
                                                             {"<=", Relation::at_most}, {">=", Relation::at_least},
                                                             {"<", Relation::less},     {">", Relation::more}};
  if (t.kind == Token::Kind::sign)
    for (const auto &[sign, relation] : signs)
      if (sign == t.text) return relation;
  return std::nullopt;
}

constexpr std::string_view literals[] = {"true", "false", "nothing"};

class Parser {
public:
  Parser(const Context &c, std::string_view text, std::span<const QueryVariable> variables)
      : c_(c), tokens_(text), variables_(variables) {}

  std::string error;
  u32 column = 0;
  bool ok() const { return error.empty(); }

  Operand whole() {
    Operand o = either();
    expect_end();
    return o;
  }
  Ref whole_thing() {
    Ref thing{.there = false};
    if (tokens_.peek().kind != Token::Kind::word || find_row(Thing::root, tokens_.peek().text) == nullptr)
      fail(tokens_.peek(), concat("not a thing", hint(root_words())));
    else
      path(&thing);
    expect_end();
    return thing;
  }

private:
  // --- errors: the first one counts; after it everything ends quickly ---

  void fail(const Token &t, std::string why) {
    if (!ok()) return;
    error = std::move(why);
    column = static_cast<u32>(t.at + 1);
  }
  void unexpected(const char *wanted) {
    const Token &t = tokens_.peek();
    if (t.kind == Token::Kind::end)
      fail(t, concat(wanted, " is missing"));
    else if (t.kind == Token::Kind::bad)
      fail(t, t.text.starts_with('"') ? "a quote is not closed" : "this cannot be read");
    else
      fail(t, concat(wanted, " is expected here"));
  }
  void expect(const char *sign) {
    if (!tokens_.accept(sign)) unexpected(sign);
  }
  void expect_end() {
    if (ok() && tokens_.peek().kind != Token::Kind::end) unexpected("an operator");
  }
  std::string hint(const std::vector<std::string_view> &names) const {
    return tokens_.peek().kind == Token::Kind::word ? did_you_mean(tokens_.peek().text, names) : std::string();
  }
  std::vector<std::string_view> root_words() const {
    std::vector<std::string_view> names = row_names(Thing::root);
    for (const Function &f : functions()) names.push_back(f.name);
    names.insert(names.end(), std::begin(literals), std::end(literals));
    return names;
  }
  // The place of `word` in a list; fills in the error when it is not there.
  std::optional<u64> place_in(Words words, const Token &word) {
    const std::vector<std::string_view> list = word_list(c_, words);
    const auto it = std::find(list.begin(), list.end(), word.text);
    if (it != list.end()) return static_cast<u64>(it - list.begin());
    std::string known;
    for (const std::string_view w : list) append(known, known.empty() ? "" : ", ", w);
    fail(word, concat("there is no '", word.text, "'", did_you_mean(word.text, list), " (", known, ')'));
    return std::nullopt;
  }

  // --- from the loosest operator to the tightest ---

  Operand either() {
    Operand left = both();
    while (ok() && (tokens_.is("||") || tokens_.is_word("or"))) {
      tokens_.take();
      const Operand right = both();
      left = {boolean(left.value.truth() || right.value.truth())};
    }
    return left;
  }
  Operand both() {
    Operand left = negation();
    while (ok() && (tokens_.is("&&") || tokens_.is_word("and"))) {
      tokens_.take();
      const Operand right = negation();
      left = {boolean(left.value.truth() && right.value.truth())};
    }
    return left;
  }
  Operand negation() { // `not` takes a whole comparison, `!` only the next value
    bool turned = false;
    bool any = false;
    while (tokens_.is_word("not")) {
      tokens_.take();
      turned = !turned;
      any = true;
    }
    Operand o = comparison();
    return any ? Operand{negate(o.value, turned)} : o;
  }
  static QueryValue negate(const QueryValue &v, bool turned) {
    if (v.kind == Kind::nothing) return v;
    return boolean(v.truth() != turned);
  }

  Operand comparison() {
    const Operand left = sum();
    const Token sign = tokens_.peek();
    if (tokens_.is("=")) fail(sign, "== compares");
    const auto relation = relation_of(sign);
    if (!ok() || !relation) return left;
    tokens_.take();
    const Operand right = word_ahead(left) ? bare_word(left) : sum();
    if (ok() && relation_of(tokens_.peek())) fail(tokens_.peek(), "comparisons do not chain: join them with &&");
    return {compare(left.value, *relation, right.value, sign)};
  }
  // A word that is nothing else is a text, if it is compared with one (or with what is not there now).
  bool word_ahead(const Operand &left) {
    const Token &t = tokens_.peek();
    if (t.kind != Token::Kind::word) return false;
    if (left.value.kind != Kind::text && left.value.kind != Kind::nothing) return false;
    const std::vector<std::string_view> names = root_words();
    if (std::find(names.begin(), names.end(), t.text) == names.end()) return true;
    if (left.words == Words::none) return false;
    const std::vector<std::string_view> list = word_list(c_, left.words);
    return std::find(list.begin(), list.end(), t.text) != list.end() && tokens_.behind() != '(';
  }
  Operand bare_word(const Operand &left) {
    const Token word = tokens_.take();
    if (left.words != Words::none && !place_in(left.words, word)) return {};
    return {{.kind = Kind::text, .text = std::string(word.text)}};
  }
  QueryValue compare(const QueryValue &a, Relation relation, const QueryValue &b, const Token &sign) {
    const bool equality = relation == Relation::equal || relation == Relation::unequal;
    const bool wants_equal = relation == Relation::equal;
    if (a.kind == Kind::nothing || b.kind == Kind::nothing) {
      if (!equality) return {};
      return boolean((a.kind == b.kind) == wants_equal);
    }
    if ((a.kind == Kind::text) != (b.kind == Kind::text)) {
      fail(sign, "a text cannot be compared with a number");
      return {};
    }
    if (a.kind == Kind::text) {
      if (!equality) fail(sign, "texts are compared with == and != only");
      return boolean((a.text == b.text) == wants_equal);
    }
    const bool less = smaller(a, b), more = smaller(b, a);
    switch (relation) {
    case Relation::equal: return boolean(!less && !more);
    case Relation::unequal: return boolean(less || more);
    case Relation::less: return boolean(less);
    case Relation::at_most: return boolean(!more);
    case Relation::more: return boolean(more);
    case Relation::at_least: return boolean(!less);
    }
    return {};
  }

  Operand sum() {
    Operand left = product();
    while (ok() && (tokens_.is("+") || tokens_.is("-"))) {
      const Token op = tokens_.take();
      left = {combine(op, left.value, product().value)};
    }
    return left;
  }
  Operand product() {
    Operand left = unary();
    while (ok() && (tokens_.is("*") || tokens_.is("/") || tokens_.is("%"))) {
      const Token op = tokens_.take();
      left = {combine(op, left.value, unary().value)};
    }
    return left;
  }
  QueryValue combine(const Token &op, const QueryValue &a, const QueryValue &b) {
    if (a.kind == Kind::text || b.kind == Kind::text) fail(op, "a text is no number");
    if (!ok() || a.kind == Kind::nothing || b.kind == Kind::nothing) return {};
    return calculate(op.text[0], a, b);
  }
  Operand unary() {
    const Depth depth(*this);
    if (!ok()) return {};
    const Token op = tokens_.peek();
    if (tokens_.accept("!")) return {negate(unary().value, true)};
    if (tokens_.accept("-")) {
      const QueryValue v = unary().value;
      const QueryValue zero{.kind = Kind::number, .unit = v.unit};
      return {combine(op, zero, v)};
    }
    return primary();
  }

  // Every way down passes through unary(): its depth is the expression's.
  struct Depth {
    explicit Depth(Parser &of) : p(of) {
      if (++p.depth_ > max_depth) p.fail(p.tokens_.peek(), "too deeply nested");
    }
    ~Depth() { --p.depth_; }
    Depth(const Depth &) = delete;
    Depth &operator=(const Depth &) = delete;
    Parser &p;
  };

  Operand primary() {
    const Token t = tokens_.peek();
    switch (t.kind) {
    case Token::Kind::number: {
      tokens_.take();
      const auto n = parse_size(t.text);
      if (!n) {
        fail(t, concat("not a number of 64 bits: '", t.text, "'"));
        return {};
      }
      const bool plain = parse_u64(t.text).has_value();
      return {{.kind = Kind::number, .number = *n, .unit = plain ? QueryUnit::none : QueryUnit::bytes}};
    }
    case Token::Kind::text: tokens_.take(); return {{.kind = Kind::text, .text = std::string(t.text)}};
    case Token::Kind::variable: return variable();
    case Token::Kind::word: return named();
    default: break;
    }
    if (tokens_.accept("(")) {
      Operand o = either();
      if (ok()) expect(")");
      return o;
    }
    unexpected("a value");
    return {};
  }
  Operand variable() {
    const Token t = tokens_.take();
    std::vector<std::string_view> names;
    for (const QueryVariable &v : variables_) {
      if (v.name == t.text) return {v.value};
      names.push_back(v.name);
    }
    fail(t, concat("there is no $", t.text, did_you_mean(t.text, names)));
    return {};
  }
  Operand named() {
    const Token t = tokens_.peek();
    if (find_row(Thing::root, t.text) != nullptr) return path(nullptr);
    if (const Function *f = find_function(t.text)) return call(*f);
    if (t.text == "true" || t.text == "false" || t.text == "nothing") {
      tokens_.take();
      return {t.text == "nothing" ? QueryValue{} : boolean(t.text == "true")};
    }
    fail(t, concat("there is no '", t.text, "'", hint(root_words())));
    return {};
  }

  // --- paths ---

  // With `thing`: that is where the path leads, or whose field it names.
  Operand path(Ref *thing) {
    Ref at{};
    for (;;) {
      const Token name = tokens_.peek();
      if (name.kind != Token::Kind::word) {
        unexpected("a name");
        return {};
      }
      const Row *row = find_row(at.thing, name.text);
      if (row == nullptr) {
        fail(name, concat(thing_name(at.thing), " has no '", name.text, "'", hint(row_names(at.thing))));
        return {};
      }
      tokens_.take();
      u64 i = no_index, j = no_index;
      if (!indices(*row, name, i, j)) return {};
      const bool goes_on = tokens_.is(".");
      if (goes_on && row->child == Thing::root) {
        fail(tokens_.peek(), concat("'", row->name(), "' has no fields"));
        return {};
      }
      if (!goes_on) {
        if (thing != nullptr) *thing = row->child != Thing::root ? enter(c_, *row, at, i, j) : at;
        // An index that is nothing leads to nothing.
        if (!may_lack_index(*row) && i == no_index) return {};
        return {read(c_, *row, at, i, j), row->words};
      }
      tokens_.take();
      at = enter(c_, *row, at, i, j);
    }
  }

  // Without an index, `call` and `event` are the ones on show.
  static bool may_lack_index(const Row &row) {
    return row.index == Index::none || row.index == Index::maybe || row.index == Index::event;
  }
  bool indices(const Row &row, const Token &name, u64 &i, u64 &j) {
    if (!tokens_.is("[")) {
      if (may_lack_index(row)) return true;
      fail(name, concat("'", row.name(), "' needs an index: ", row.name(), "[…]"));
      return false;
    }
    if (row.index == Index::none) {
      fail(tokens_.peek(), concat("'", row.name(), "' has no index"));
      return false;
    }
    tokens_.take();
    i = one_index(words_of(row.index));
    if (ok() && row.index == Index::event && tokens_.accept(".")) j = one_index(Words::none);
    if (ok()) expect("]");
    return ok();
  }
  // no_index when it is nothing now, or below 0.
  u64 one_index(Words words) {
    const Token t = tokens_.peek();
    const bool word = t.kind == Token::Kind::word && tokens_.behind() == ']';
    if (words != Words::none && word && find_row(Thing::root, t.text) == nullptr) {
      tokens_.take();
      return place_in(words, t).value_or(no_index);
    }
    const QueryValue v = sum().value;
    if (v.kind == Kind::text && words != Words::none) {
      const std::vector<std::string_view> list = word_list(c_, words);
      const auto it = std::find(list.begin(), list.end(), v.text);
      return it == list.end() ? no_index : static_cast<u64>(it - list.begin());
    }
    if (v.kind == Kind::text || v.kind == Kind::boolean) fail(t, "an index is a number");
    return v.kind == Kind::number && !v.negative ? v.number : no_index;
  }

  // --- functions ---

  Operand call(const Function &f) {
    const Token name = tokens_.take();
    if (!tokens_.is("(")) {
      fail(name, concat("'", f.name, "' is asked with ( )"));
      return {};
    }
    tokens_.take();
    std::vector<Condition> conditions;
    std::string_view text;
    bool sensible = true; // no condition is compared with nothing
    if (f.subjects.empty()) {
      if (tokens_.peek().kind != Token::Kind::text && tokens_.peek().kind != Token::Kind::word)
        unexpected("an owner");
      else
        text = tokens_.take().text;
    } else if (!tokens_.is(")")) {
      do sensible = condition(f, conditions) && sensible;
      while (ok() && tokens_.accept(","));
    }
    if (ok()) expect(")");
    if (!ok() || !sensible) return {};
    return {answer(c_, f, conditions, text)};
  }
  bool condition(const Function &f, std::vector<Condition> &out) {
    const Token name = tokens_.peek();
    std::vector<std::string_view> names;
    const Subject *subject = nullptr;
    for (const Subject &s : f.subjects) {
      names.push_back(subject_name(s));
      if (name.kind == Token::Kind::word && names.back() == name.text) subject = &s;
    }
    if (subject == nullptr) {
      std::string known;
      for (const std::string_view n : names) append(known, known.empty() ? "" : ", ", n);
      fail(name, concat("not a condition of ", f.name, hint(names), " (", known, ')'));
      return false;
    }
    tokens_.take();
    const Token sign = tokens_.peek();
    const auto relation = tokens_.is("=") ? std::optional(Relation::equal) : relation_of(sign);
    if (!relation) {
      unexpected("a comparison");
      return false;
    }
    tokens_.take();
    const Token at = tokens_.peek();
    const Words words = words_of(*subject);
    u64 value = 0;
    if (words != Words::none && at.kind == Token::Kind::word && find_row(Thing::root, at.text) == nullptr &&
        (tokens_.behind() == ',' || tokens_.behind() == ')')) {
      tokens_.take();
      value = place_in(words, at).value_or(0);
    } else {
      const QueryValue v = sum().value;
      if (v.kind == Kind::text && words != Words::none)
        value = place_in(words, {Token::Kind::word, v.text, at.at}).value_or(0);
      else if (v.kind == Kind::text || v.kind == Kind::boolean || v.negative)
        fail(at, concat(name.text, " is a number"));
      else if (v.kind == Kind::nothing)
        return false;
      else
        value = v.number;
    }
    out.push_back({*subject, *relation, value});
    return ok();
  }

  const Context &c_;
  Tokens tokens_;
  std::span<const QueryVariable> variables_;
  unsigned depth_ = 0;
};

} // namespace

QueryAnswer ask(const Lab &lab, std::string_view expression, std::span<const QueryVariable> variables) {
  if (expression.size() > max_query_bytes)
    return {{}, concat("longer than ", max_query_bytes, " bytes"), static_cast<u32>(max_query_bytes + 1)};
  const Context c(lab);
  Parser p(c, expression, variables);
  const Operand o = p.whole();
  if (!p.ok()) return {{}, std::move(p.error), p.column};
  return {o.value, {}, 0};
}

FoundThing find_thing(const Context &c, std::string_view path) {
  if (path.size() > max_query_bytes)
    return {{}, concat("longer than ", max_query_bytes, " bytes"), static_cast<u32>(max_query_bytes + 1)};
  Parser p(c, path, {});
  FoundThing found;
  found.ref = p.whole_thing();
  found.error = std::move(p.error);
  found.column = p.column;
  if (found.error.empty() && (!found.ref.there || found.ref.thing == Thing::root)) {
    found.error = "there is no such thing at this moment";
    found.column = 1;
  }
  return found;
}

} // namespace mmscope
