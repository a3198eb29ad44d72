#include "lesson/question.hpp"

#include "base/prng.hpp"
#include "base/text.hpp"
#include "base/units.hpp"

#include <algorithm>
#include <numeric>

namespace mmscope {

namespace {

using Kind = QueryValue::Kind;

QueryValue text_value(std::string_view text) { return {.kind = Kind::text, .text = std::string(text)}; }

// The one choice that holds where the lab stands.
std::optional<QueryValue> right_choice(const Lab &lab, const Prediction &p, const Values &names, Trouble &trouble) {
  std::optional<QueryValue> right;
  for (const Prediction::Choice &c : p.choices) {
    const auto holds = evaluate(lab, c.right, names, trouble);
    if (!holds) return std::nullopt;
    if (!holds->truth()) continue;
    if (right) {
      trouble = {c.right.path, concat("'", right->text, "' is right as well")};
      return std::nullopt;
    }
    right = text_value(c.id.text);
  }
  if (!right) trouble = {p.choices[0].right.path, "no choice is right"};
  return right;
}

std::vector<std::size_t> by_time(std::span<const Position> moments) {
  std::vector<std::size_t> order(moments.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return moments[a] < moments[b]; });
  return order;
}

// The value of the expression, as this kind of question takes it.
std::optional<QueryValue> right_value(const Lab &lab, const Prediction &p, const AnswerForm &form, const Values &names,
                                      Trouble &trouble) {
  auto v = evaluate(lab, p.answer.value, names, trouble);
  if (!v) return v;
  const auto refuse = [&](std::string_view why) {
    trouble = {p.answer.value.path, concat("'", p.answer.value.text, "' is ", why, " there")};
    return std::nullopt;
  };
  if (p.kind == AnswerKind::truth) return v->kind == Kind::boolean ? v : refuse("not true or false");
  if (v->kind != Kind::number) return refuse("not a number");
  if (p.kind == AnswerKind::region) {
    const RegionName *r = region_at(form.regions, v->number);
    if (r == nullptr) return refuse("in no region of that list");
    v->number = r->base;
  }
  if (p.kind == AnswerKind::zone) {
    const ZoneName *z = zone_at(lab, form.zones, v->number);
    return z != nullptr ? std::optional(text_value(z->path)) : refuse("in no zone");
  }
  v->unit = p.unit;
  return v;
}

} // namespace

std::optional<std::vector<Position>> moments_of(Lab &lab, const Prediction &p, Position here, const Values &names,
                                                Trouble &trouble) {
  std::vector<Position> moments;
  for (const Prediction::Item &i : p.items) {
    const auto at = find_moment(lab, i.at, here, names, trouble);
    if (!at) return std::nullopt;
    if (const auto same = std::find(moments.begin(), moments.end(), *at); same != moments.end()) {
      const Term &other = p.items[static_cast<std::size_t>(same - moments.begin())].id;
      trouble = {i.id.path, concat("'", other.text, "' happens at the same moment")};
      return std::nullopt;
    }
    moments.push_back(*at);
  }
  return moments;
}

std::vector<std::size_t> shuffled(const Prediction &p, std::span<const Position> moments, u64 chance) {
  std::vector<std::size_t> order(p.items.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  Prng prng(chance);
  for (std::size_t n = order.size(); n > 1; --n) std::swap(order[n - 1], order[static_cast<std::size_t>(prng.below(n))]);
  if (order == by_time(moments)) std::swap(order[0], order[1]);
  return order;
}

std::optional<Truth> truth_of(Lab &lab, const Prediction &p, Position here, std::span<const std::string_view> shown,
                              const Values &names, Trouble &trouble) {
  Truth t{.value = {}, .at = here, .form = {p.kind, p.unit, lab.state().arch->page_size(), 0, {}, p.of, {}, {}}, .moments = {}};
  t.form.choices.assign(shown.begin(), shown.end());
  if (lab.position() != here) lab.seek(here);
  t.form.pfn_end = lab.state().get(vm_field::max_pfn);
  if (p.kind == AnswerKind::region) t.form.regions = regions_of(lab.state(), p.of);

  std::optional<QueryValue> value;
  if (p.kind == AnswerKind::sequence) {
    auto moments = moments_of(lab, p, here, names, trouble);
    if (!moments) return std::nullopt;
    std::string ids;
    for (const std::size_t i : by_time(*moments)) {
      append(ids, ids.empty() ? "" : " ", p.items[i].id.text);
      t.at = (*moments)[i];
    }
    t.moments = std::move(*moments);
    value = text_value(ids);
    lab.seek(t.at);
  } else {
    const auto at = find_moment(lab, p.answer.at, here, names, trouble);
    if (!at) return std::nullopt;
    t.at = *at;
    lab.seek(t.at);
    if (p.kind == AnswerKind::zone) t.form.zones = zones_of(lab.state());
    value = p.kind == AnswerKind::choice ? right_choice(lab, p, names, trouble)
                                         : right_value(lab, p, t.form, names, trouble);
  }
  if (!value) return std::nullopt;
  t.value = std::move(*value);
  return t;
}

std::vector<QueryValue> readings(Lab &lab, Position here, std::string_view typed, const AnswerForm &form) {
  std::vector<QueryValue> all = read_answer(typed, form);
  const bool places = form.unit == QueryUnit::pfn || form.unit == QueryUnit::address;
  if (!all.empty() || !places || typed.size() > max_answer_bytes || typed.find('[') == std::string_view::npos) return all;
  const Position back = lab.position();
  lab.seek(here);
  const Sheet sheet = inspect(lab, trim(typed));
  lab.seek(back);
  if (sheet.end <= sheet.base) return all;
  // Of regions, those of another list are no answer.
  if (form.kind == AnswerKind::region && (sheet.kind == "memblock_region" || sheet.kind == "e820_entry")) return all;
  return read_answer(concat("address ", hex_text(sheet.base)), form);
}

bool is_right(const Prediction &p, const QueryValue &reading, const QueryValue &truth) {
  if (reading.kind != Kind::number) return reading.text == truth.text && reading.truth() == truth.truth();
  if (truth.negative) return false;
  return (reading.number > truth.number ? reading.number - truth.number : truth.number - reading.number) <= p.tolerance;
}

u64 first_wrong(std::string_view given, std::string_view answer) {
  u64 place = 1;
  while (!given.empty() && next_word(given) == next_word(answer)) ++place;
  return place;
}

} // namespace mmscope
