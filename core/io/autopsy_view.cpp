#include "io/autopsy_view.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace mmscope {

namespace {

std::string_view kind_text(FailureReport::Kind k) {
  switch (k) {
  case FailureReport::Kind::oom: return "oom-killer";
  case FailureReport::Kind::memcg: return "memory cgroup";
  default: return "page allocation failure";
  }
}

bool several_nodes(const FailureReport &r) {
  return std::any_of(r.zones.begin(), r.zones.end(), [&](const ReportZone &z) { return z.nid != r.zones[0].nid; });
}

// Zones as rows, amounts right-aligned.
void append_table(std::string &out, const FailureReport &report, const Attempt &a) {
  constexpr std::size_t columns = 9;
  using Row = std::array<std::string, columns>;
  std::vector<Row> rows{{"zone", "free", "not counted", "usable", "mark", "lowered", "reserve", "needed", "verdict"}};
  const bool nodes = several_nodes(report);
  for (const ZoneFinding &f : a.zones) {
    Row row{report.zones[f.zone].label(nodes),  concat(f.free), "-", "-", concat(f.mark), "-", "-", "-",
            to_text(say(verdict_id(f.verdict)))};
    if (was_asked(f.verdict)) {
      row[2] = concat(f.free - f.check.usable);
      row[3] = concat(f.check.usable);
      row[5] = concat(f.check.min);
      row[6] = concat(f.check.reserve);
      row[7] = concat(f.check.needed());
    }
    rows.push_back(std::move(row));
  }
  std::array<std::size_t, columns> width{};
  for (const Row &row : rows)
    for (std::size_t i = 0; i < columns; ++i) width[i] = std::max(width[i], row[i].size());
  for (const Row &row : rows) {
    append(out, row[0], std::string(width[0] - row[0].size(), ' '));
    for (std::size_t i = 1; i + 1 < columns; ++i) append(out, "  ", std::string(width[i] - row[i].size(), ' '), row[i]);
    append(out, "  ", row.back(), '\n');
  }
}

void write_saying(JsonWriter &w, const Saying &s, SayingText text) {
  w.begin_object().key("id").string(s.id);
  if (text != nullptr) w.key("text").string(text(s));
  w.key("values").begin_object();
  for (const Saying::Value &v : s.values) {
    w.key(v.name);
    if (v.is_text)
      w.string(v.text);
    else
      w.number(v.number);
  }
  w.end_object();
  if (s.line != 0) w.key("line").number(s.line);
  w.end_object();
}

void write_sayings(JsonWriter &w, std::string_view key, const std::vector<Saying> &all, SayingText text) {
  w.key(key).begin_array();
  for (const Saying &s : all) write_saying(w, s, text);
  w.end_array();
}

void write_zone(JsonWriter &w, const ReportZone &z, const ZoneFinding &f, bool nodes) {
  const auto checked = [&](std::string_view key, i64 n) {
    w.key(key);
    if (was_asked(f.verdict))
      w.number_signed(n);
    else
      w.null();
  };
  w.begin_object().key("node").number_signed(z.nid).key("zone").string(z.name).key("label").string(z.label(nodes));
  w.key("verdict").string(verdict_id(f.verdict)).key("free").number_signed(f.free).key("mark").number(f.mark);
  checked("uncounted", f.free - f.check.usable);
  checked("usable", f.check.usable);
  checked("lowered", f.check.min);
  checked("reserve", static_cast<i64>(f.check.reserve));
  checked("needed", f.check.needed());
  w.end_object();
}

} // namespace

void append_autopsy(std::string &out, const FailureReport &report, const Autopsy &a) {
  append(out, kind_text(report.kind), ": ", report.task.empty() ? "?" : report.task, ", order ", report.order.v, " (",
         pages_of(report.order), report.order.v == 0 ? " page), " : " pages), ", gfp_text(report.gfp));
  if (!a.attempts.empty()) append(out, ", highest zone ", report.zone_names[a.highest]);
  if (!report.kernel.empty()) append(out, ", Linux ", report.kernel);
  append(out, "\n\n", to_text(a.cause), "\n");
  for (const Attempt &attempt : a.attempts) {
    append(out, '\n', to_text(say(attempt.id)), " (", alloc_flags_text(attempt.flags), "), in pages:\n");
    append_table(out, report, attempt);
  }
  if (!a.remedies.empty()) out += "\nwhat would have let it succeed:\n";
  for (const Saying &s : a.remedies) append(out, "  ", to_text(s), '\n');
  if (!a.assumed.empty()) out += "\nassumed:\n";
  for (const Saying &s : a.assumed) {
    out += "  ";
    if (s.line != 0) append(out, "line ", s.line, ": ");
    append(out, to_text(s), '\n');
  }
}

void write_autopsy(JsonWriter &w, const FailureReport &report, const Autopsy &a, SayingText text) {
  w.begin_object().key("kind").string(kind_text(report.kind)).key("task").string(report.task);
  w.key("kernel").string(report.kernel).key("order").number(report.order.v).key("gfp").string(gfp_text(report.gfp));
  w.key("page_kb").number(report.page_kb).key("zone_names").begin_array();
  for (const std::string &name : report.zone_names) w.string(name);
  w.end_array().key("highest").string(a.attempts.empty() ? "" : report.zone_names[a.highest]);
  w.key("deciding").number(a.deciding).key("attempts").begin_array();
  const bool nodes = several_nodes(report);
  for (const Attempt &attempt : a.attempts) {
    w.begin_object().key("id").string(attempt.id).key("flags").string(alloc_flags_text(attempt.flags)).key("zones");
    w.begin_array();
    for (const ZoneFinding &f : attempt.zones) write_zone(w, report.zones[f.zone], f, nodes);
    w.end_array().end_object();
  }
  w.end_array().key("cause");
  write_saying(w, a.cause, text);
  write_sayings(w, "remedies", a.remedies, text);
  write_sayings(w, "assumed", a.assumed, text);
  w.end_object();
}

} // namespace mmscope
