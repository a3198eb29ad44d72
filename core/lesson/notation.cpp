#include "lesson/notation.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace mmscope {

namespace {

enum class Measure : u8 { plain, bytes, pages, order, pfn, address };

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }
bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

// Small letters; every kind of space and dash becomes the plain one.
std::string simplified(std::string_view s) {
  static constexpr std::array<std::pair<std::string_view, char>, 9> same{{{"\u00a0", ' '},
                                                                          {"\u2009", ' '},
                                                                          {"\u202f", ' '},
                                                                          {"\u2007", ' '},
                                                                          {"\u2013", '-'},
                                                                          {"\u2212", '-'},
                                                                          {"\u2019", '\''},
                                                                          {"\u2248", '~'},
                                                                          {"\t", ' '}}};
  std::string out;
  while (!s.empty()) {
    const auto it = std::find_if(same.begin(), same.end(), [&](const auto &e) { return s.starts_with(e.first); });
    if (it != same.end()) {
      out += it->second;
      s.remove_prefix(it->first.size());
      continue;
    }
    out += s[0] >= 'A' && s[0] <= 'Z' ? static_cast<char>(s[0] - 'A' + 'a') : s[0];
    s.remove_prefix(1);
  }
  return out;
}

// Power of 1024 and measure of a word behind a number; nothing: no such word.
struct Suffix {
  unsigned power = 0;
  Measure measure = Measure::plain;
};
std::optional<Suffix> suffix_of(std::string_view word) {
  if (word == "b" || word == "byte" || word == "bytes") return Suffix{0, Measure::bytes};
  if (word == "p" || word == "page" || word == "pages" || word == "frame" || word == "frames")
    return Suffix{0, Measure::pages};
  if (word == "pfn") return Suffix{0, Measure::pfn};
  if (word == "block" || word == "blocks" || word == "regions" || word == "region") return Suffix{};
  const std::size_t power = std::string_view("kmgt").find(word.empty() ? ' ' : word[0]);
  if (power == std::string_view::npos) return std::nullopt;
  const std::string_view rest = word.substr(1);
  if (!rest.empty() && rest != "b" && rest != "i" && rest != "ib") return std::nullopt;
  return Suffix{static_cast<unsigned>(power) + 1, Measure::bytes};
}

// Takes a decimal number with its separators off the front: "262 144", "1,048,576", "1.5". As digits and places.
bool take_decimal(std::string_view &s, std::string &digits, std::size_t &places) {
  const auto group_at = [&](std::size_t i) { // a separator and exactly three digits
    return i + 3 < s.size() && is_digit(s[i + 1]) && is_digit(s[i + 2]) && is_digit(s[i + 3]) &&
           (i + 4 >= s.size() || !is_digit(s[i + 4]));
  };
  std::size_t i = 0;
  char separator = 0;
  for (; i < s.size(); ++i) {
    const char c = s[i];
    if (is_digit(c)) {
      digits += c;
      continue;
    }
    if (digits.empty() || std::string_view(" ,_'.").find(c) == std::string_view::npos || !group_at(i)) break;
    if (separator != 0 && separator != c) break;
    separator = c;
  }
  places = 0;
  if (i + 1 < s.size() && (s[i] == '.' || s[i] == ',') && is_digit(s[i + 1]) && !digits.empty())
    for (++i; i < s.size() && is_digit(s[i]); ++i, ++places) digits += s[i];
  s.remove_prefix(i);
  return !digits.empty();
}

struct Amount {
  u64 n = 0;
  Measure measure = Measure::plain;
};

std::optional<u64> times(u64 a, u64 b) {
  if (b != 0 && a > ~u64{0} / b) return std::nullopt;
  return a * b;
}

// The number's digits in base `base` with the words around it.
std::optional<Amount> amount(std::string_view digits, unsigned base, std::size_t places, std::string_view words,
                             Measure said) {
  Amount a{0, said};
  const auto n = base == 16 ? parse_hex(digits) : parse_u64(digits);
  if (!n || places > 6) return std::nullopt;
  u64 scale = 1;
  for (std::string_view word = next_word(words); !word.empty(); word = next_word(words)) {
    const auto s = suffix_of(word);
    if (!s) return std::nullopt;
    for (unsigned p = 0; p < s->power; ++p) scale <<= 10;
    // "256K pages" counts pages.
    if (s->measure != Measure::plain) a.measure = s->measure;
  }
  u64 tenths = 1;
  for (std::size_t p = 0; p < places; ++p) tenths *= 10;
  const auto whole = times(*n, scale);
  if (!whole || *whole % tenths != 0) return std::nullopt;
  a.n = *whole / tenths;
  return a;
}

// A bare number that is no page frame of the machine's, but would be one's address.
bool reads_as_address(u64 n, const AnswerForm &form) {
  return form.pfn_end != 0 && n >= form.pfn_end && n % form.page_size == 0;
}

// In the unit that was asked for.
std::optional<u64> in_unit(const Amount &a, const AnswerForm &form) {
  const auto pages = [&]() -> std::optional<u64> { // of what says how much
    if (a.measure == Measure::order) return a.n < 52 ? std::optional(u64{1} << a.n) : std::nullopt;
    if (a.measure == Measure::bytes)
      return a.n % form.page_size == 0 ? std::optional(a.n / form.page_size) : std::nullopt;
    return a.n;
  };
  switch (form.unit) {
  case QueryUnit::pages:
    if (a.measure == Measure::pfn || a.measure == Measure::address) return std::nullopt;
    return pages();
  case QueryUnit::bytes:
    if (a.measure == Measure::pages) return times(a.n, form.page_size);
    if (a.measure == Measure::order) return a.n < 40 ? times(form.page_size, u64{1} << a.n) : std::nullopt;
    if (a.measure == Measure::pfn) return std::nullopt;
    return a.n;
  case QueryUnit::order:
    if (a.measure == Measure::pages || a.measure == Measure::bytes) {
      const auto n = pages();
      return n && std::has_single_bit(*n) ? std::optional(static_cast<u64>(std::countr_zero(*n))) : std::nullopt;
    }
    return a.n;
  case QueryUnit::address:
    if (a.measure == Measure::pfn || a.measure == Measure::pages) return times(a.n, form.page_size);
    return a.n;
  case QueryUnit::pfn:
    if (a.measure == Measure::bytes || a.measure == Measure::address ||
        (a.measure == Measure::plain && reads_as_address(a.n, form)))
      return a.n / form.page_size;
    return a.n;
  default: return a.measure == Measure::plain ? std::optional(a.n) : std::nullopt;
  }
}

std::vector<QueryValue> read_number(std::string_view s, const AnswerForm &form) {
  Measure said = Measure::plain;
  // Words in front: "about", "pfn", "order", "page[".
  bool bracket = false;
  for (;;) {
    while (!s.empty() && std::string_view(" ~=:<").find(s[0]) != std::string_view::npos) s.remove_prefix(1);
    std::size_t n = 0;
    while (n < s.size() && is_letter(s[n])) ++n;
    const std::string_view word = s.substr(0, n);
    if (word == "order")
      said = Measure::order;
    else if (word == "pfn" || word == "page" || word == "frame" || word == "block")
      said = form.unit == QueryUnit::pfn || form.unit == QueryUnit::address ? Measure::pfn : said;
    else if (word == "address" || word == "addr")
      said = Measure::address;
    else if (word != "about" && word != "number" && word != "at")
      break;
    s.remove_prefix(n);
    if (!s.empty() && s[0] == '[') {
      bracket = true;
      s.remove_prefix(1);
    }
  }
  if (bracket && s.ends_with(']')) s.remove_suffix(1);
  // A range is named by where it begins.
  if (form.unit == QueryUnit::pfn || form.unit == QueryUnit::address)
    for (const std::string_view dash : {"..", "-", " to "})
      if (const std::size_t at = s.find(dash); at != std::string_view::npos && at != 0) s = s.substr(0, at);
  s = trim(s);

  std::vector<QueryValue> all;
  const auto add = [&](const std::optional<Amount> &a) {
    if (!a) return;
    const auto n = in_unit(*a, form);
    if (!n) return;
    QueryValue v{.kind = QueryValue::Kind::number, .number = *n, .unit = form.unit};
    if (std::find(all.begin(), all.end(), v) == all.end()) all.push_back(std::move(v));
  };
  const auto hex_digits = [](std::string_view t) {
    std::size_t n = 0;
    while (n < t.size() && is_hex(t[n])) ++n;
    return n;
  };
  if (s.starts_with("0x")) {
    s.remove_prefix(2);
    const std::size_t n = hex_digits(s);
    add(amount(s.substr(0, n), 16, 0, s.substr(n), said));
    return all;
  }
  std::string digits;
  std::size_t places = 0;
  std::string_view rest = s;
  if (take_decimal(rest, digits, places)) {
    // "order" may stand behind as well: "8th order" is too much, "8 order" is not.
    const std::string_view word = trim(rest);
    if (word == "order")
      add(amount(digits, 10, places, "", Measure::order));
    else
      add(amount(digits, 10, places, rest, said));
  }
  // Places are often written in hex without 0x.
  if (form.unit == QueryUnit::pfn || form.unit == QueryUnit::address)
    if (const std::size_t n = hex_digits(s); n != 0) {
      std::string_view behind = s.substr(n);
      if (behind.starts_with('h')) behind.remove_prefix(1);
      if (trim(behind).empty()) add(amount(s.substr(0, n), 16, 0, "", said));
    }
  return all;
}

QueryValue text_value(std::string_view text) { return {.kind = QueryValue::Kind::text, .text = std::string(text)}; }

// Index of the choice with that id, number or letter.
std::optional<std::size_t> choice_of(std::string_view s, const AnswerForm &form, bool letters) {
  for (std::size_t i = 0; i < form.choices.size(); ++i) {
    const bool number = parse_u64(s) == i + 1;
    const bool letter = letters && s.size() == 1 && s[0] == static_cast<char>('a' + i);
    if (s == form.choices[i] || number || letter) return i;
  }
  return std::nullopt;
}

// Every id once, in any order; nothing else.
std::vector<QueryValue> read_sequence(std::string_view s, const AnswerForm &form) {
  std::string plain(s), ids;
  std::replace_if(
      plain.begin(), plain.end(), [](char c) { return c == ',' || c == ';' || c == '>'; }, ' ');
  std::vector<std::size_t> taken;
  std::string_view rest = plain;
  for (std::string_view word = next_word(rest); !word.empty(); word = next_word(rest)) {
    const auto i = choice_of(word, form, false);
    if (!i || std::find(taken.begin(), taken.end(), *i) != taken.end()) return {};
    taken.push_back(*i);
    append(ids, ids.empty() ? "" : " ", form.choices[*i]);
  }
  if (taken.size() != form.choices.size()) return {};
  return {text_value(ids)};
}

// The region that is named, or the regions in which the addresses lie that this may mean.
std::vector<QueryValue> read_region(std::string_view s, const AnswerForm &form) {
  const auto value = [](u64 address) {
    return QueryValue{.kind = QueryValue::Kind::number, .number = address, .unit = QueryUnit::address};
  };
  bool other = false;
  if (const RegionName *r = read_region(s, form.regions, form.of, other)) return {value(r->base)};
  if (other) return {};
  std::vector<QueryValue> inside, all = read_number(s, form);
  for (const QueryValue &v : all)
    if (const RegionName *r = region_at(form.regions, v.number))
      if (std::find(inside.begin(), inside.end(), value(r->base)) == inside.end()) inside.push_back(value(r->base));
  return inside.empty() ? all : inside; // an address between them is an answer too
}

std::vector<QueryValue> read_zone(std::string_view s, const AnswerForm &form) {
  if (const ZoneName *z = read_zone(s, form.zones)) return {text_value(z->path)};
  if (!s.starts_with("page[") && !s.starts_with("block[")) return {};
  for (const QueryValue &pfn : read_number(s, form))
    for (const ZoneName &z : form.zones)
      if (pfn.number >= z.start && pfn.number < z.end) return {text_value(z.path)};
  return {};
}

} // namespace

std::string answer_text(const QueryValue &answer, const AnswerForm &form) {
  if (form.kind == AnswerKind::region)
    for (const RegionName &r : form.regions)
      if (r.base == answer.number) return r.path;
  if (answer.unit == QueryUnit::pfn && reads_as_address(answer.number, form)) return "pfn " + to_text(answer);
  return to_text(answer);
}

std::vector<QueryValue> read_answer(std::string_view typed, const AnswerForm &form) {
  if (typed.size() > max_answer_bytes) return {};
  const std::string text = simplified(typed);
  std::string_view s = trim(text);
  while (s.ends_with('.') || s.ends_with('!')) s.remove_suffix(1);
  if (form.kind == AnswerKind::truth) {
    for (const std::string_view yes : {"yes", "y", "true", "1", "it will", "right"})
      if (s == yes) return {{.kind = QueryValue::Kind::boolean, .number = 1}};
    for (const std::string_view no : {"no", "n", "false", "0", "it will not", "wrong"})
      if (s == no) return {{.kind = QueryValue::Kind::boolean, .number = 0}};
    return {};
  }
  switch (form.kind) {
  case AnswerKind::choice:
    if (const auto i = choice_of(s, form, true)) return {text_value(form.choices[*i])};
    return {};
  case AnswerKind::sequence: return read_sequence(s, form);
  case AnswerKind::region: return read_region(s, form);
  case AnswerKind::zone: return read_zone(s, form);
  default: return read_number(s, form);
  }
}

} // namespace mmscope
