#include "lab/failure_report.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace mmscope {

std::string ReportZone::label(bool with_node) const { return with_node ? concat("node ", nid, ' ', name) : name; }

bool NodeList::holds(i32 nid) const {
  const auto n = static_cast<u32>(nid);
  return ranges.empty() ||
         std::any_of(ranges.begin(), ranges.end(), [&](const auto &r) { return r.first <= n && n <= r.second; });
}

Saying say(std::string_view id) {
  Saying s;
  s.id = id;
  return s;
}
Saying &Saying::with(std::string name, u64 number) {
  values.push_back({std::move(name), number, {}, false});
  return *this;
}
Saying &Saying::with(std::string name, std::string text) {
  values.push_back({std::move(name), 0, std::move(text), true});
  return *this;
}

} // namespace mmscope
