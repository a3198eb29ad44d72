#include "base/text.hpp"
#include "base/units.hpp"
#include "query/query.hpp"

namespace mmscope {

std::string to_text(const QueryValue &v) {
  switch (v.kind) {
  case QueryValue::Kind::nothing: return "nothing";
  case QueryValue::Kind::boolean: return v.number != 0 ? "yes" : "no";
  case QueryValue::Kind::text: return v.text;
  case QueryValue::Kind::number: break;
  }
  if (v.negative) return concat("-", ~v.number + 1);
  switch (v.unit) {
  case QueryUnit::bytes: return bytes_text(v.number);
  case QueryUnit::address:
  case QueryUnit::pfn:
  case QueryUnit::flags: return hex_text(v.number);
  case QueryUnit::pages: return concat(count_text(v.number), v.number == 1 ? "\u00a0page" : "\u00a0pages");
  case QueryUnit::none:
  case QueryUnit::count: return count_text(v.number);
  case QueryUnit::order:
  case QueryUnit::node:
  case QueryUnit::index: break;
  }
  return concat(v.number);
}

} // namespace mmscope
