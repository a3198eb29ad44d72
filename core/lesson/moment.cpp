#include "lesson/moment.hpp"

#include "base/text.hpp"
#include "base/units.hpp"

namespace mmscope {

std::vector<QueryVariable> variables(const Values &values) {
  std::vector<QueryVariable> all;
  for (const auto &[name, value] : values) all.push_back({name, value});
  return all;
}

std::optional<QueryValue> evaluate(const Lab &lab, const Term &expression, const Values &names, Trouble &trouble) {
  QueryAnswer a = ask(lab, expression.text, variables(names));
  if (a.ok()) return std::move(a.value);
  trouble = {expression.path, concat("'", expression.text, "', column ", a.column, ": ", a.error)};
  return std::nullopt;
}

std::optional<Position> find_moment(Lab &lab, const Moment &m, Position here, const Values &names, Trouble &trouble) {
  if (m.kind == Moment::Kind::here) return here;
  u64 call = 0;
  const u64 calls = lab.script().commands.size();
  if (m.kind == Moment::Kind::call_where) {
    for (; call < calls; ++call) {
      lab.seek({call + 1, 0});
      if (lab.position() != Position{call + 1, 0}) break; // a call that cannot be made
      const auto holds = evaluate(lab, m.where, names, trouble);
      if (!holds) return std::nullopt;
      if (holds->truth()) return lab.position();
    }
    trouble = {m.where.path, concat("'", m.where.text, "' holds after no call of this boot")};
    return std::nullopt;
  }

  while (call < calls && op_info(lab.script().commands[static_cast<std::size_t>(call)].op).name != m.call.text) ++call;
  if (call < calls) lab.seek({call + 1, 0});
  if (call == calls || lab.position() != Position{call + 1, 0}) {
    trouble = {m.call.path, concat("this boot makes no call of ", m.call.text)};
    return std::nullopt;
  }
  if (m.kind == Moment::Kind::before) return Position{call, 0};
  if (m.kind == Moment::Kind::after) return Position{call + 1, 0};
  const std::size_t events = lab.record().events.size();
  for (std::size_t e = 1; e <= events; ++e) {
    lab.seek({call, e});
    const auto holds = evaluate(lab, m.where, names, trouble);
    if (!holds) return std::nullopt;
    if (holds->truth()) return lab.position();
  }
  trouble = {m.where.path, concat("'", m.where.text, "' holds at no event of ", m.call.text)};
  return std::nullopt;
}

std::optional<QueryValue> compute(Lab &lab, const Computed &c, Position here, const Values &names, Trouble &trouble) {
  const Stay stay(lab);
  const auto at = find_moment(lab, c.at, here, names, trouble);
  if (!at) return std::nullopt;
  if (lab.position() != *at) lab.seek(*at);
  auto value = evaluate(lab, c.value, names, trouble);
  if (value && c.unit && value->kind == QueryValue::Kind::number) value->unit = *c.unit;
  return value;
}

bool compute(Lab &lab, const Named &named, Position here, Values &names, Trouble &trouble) {
  for (const auto &[name, what] : named) {
    auto value = compute(lab, what, here, names, trouble);
    if (value && value->kind == QueryValue::Kind::nothing) {
      trouble = {what.value.path, concat("'", what.value.text, "' has no value there")};
      return false;
    }
    if (!value) return false;
    names.emplace_back(name.text, std::move(*value));
  }
  return true;
}

std::optional<std::string> fill_in(const Lab &lab, const Term &text, const Values &names, Trouble &trouble) {
  std::string out;
  std::string_view rest = text.text;
  for (;;) {
    const std::size_t open = std::min(rest.find('{'), rest.size());
    out += rest.substr(0, open);
    rest.remove_prefix(open);
    if (rest.empty()) return out;
    const std::size_t close = rest.find('}');
    if (close == std::string_view::npos) {
      trouble = {text.path, "a { has no }"};
      return std::nullopt;
    }
    const auto v = evaluate(lab, {std::string(rest.substr(1, close - 1)), text.path}, names, trouble);
    if (!v) return std::nullopt;
    switch (v->kind) {
    case QueryValue::Kind::text: out += v->text; break;
    case QueryValue::Kind::boolean: out += v->truth() ? "yes" : "no"; break;
    case QueryValue::Kind::nothing: trouble = {text.path, "a value does not exist there"}; return std::nullopt;
    case QueryValue::Kind::number:
      if (v->unit == QueryUnit::address || v->unit == QueryUnit::pfn)
        out += hex_text(v->number);
      else if (v->negative)
        append_signed(out, static_cast<i64>(v->number));
      else
        append_dec(out, v->number);
    }
    rest.remove_prefix(close + 1);
  }
}

} // namespace mmscope
