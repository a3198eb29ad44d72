#include "io/eras_text.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace mmscope {

std::string eras_text() {
  std::string out;
  for (const Era &e : all_eras()) append(out, e.name, "  ", e.source, '\n');
  return out;
}

std::string era_changes_text(const Era &from, const Era &to) {
  std::string out;
  const bool backwards = &to < &from; // rows are in order of time
  std::vector<EraStep> steps = era_steps(from, to);
  if (backwards) std::reverse(steps.begin(), steps.end());
  for (const EraStep &s : steps) {
    const Era &a = backwards ? *s.younger : *s.older, &b = backwards ? *s.older : *s.younger;
    append(out, a.name, " to ", b.name, s.changes.empty() ? ": nothing\n" : "\n");
    for (const EraChange &c : s.changes)
      append(out, "  ", era_fields()[static_cast<std::size_t>(c.field)].name, ": ", era_value_text(a, c.field), " to ",
             era_value_text(b, c.field), "\n    since ", s.younger->name, ": ", c.what, "\n    ", c.source, '\n');
  }
  return out;
}

} // namespace mmscope
