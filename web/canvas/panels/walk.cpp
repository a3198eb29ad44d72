// walk: the way of one request for pages: attempt by attempt, zone by zone, with the numbers that are compared, until a
// block is found or the request is refused. Of a block that is freed: the list that it waits on, a drain, its merges.
//
//   alloc_pages  order 3, GFP_KERNEL  Unmovable  CPU 0              → 0x3d4a8
//   attempt 1   WMARK_LOW|KSWAPD                  up to Normal
//   ✗ node 0 DMA32    1 203 usable ≤ 1 393 min + 0 reserve
//     [=====|/////      ]                         free; of that what does not count; the line that must be passed
//   slow path: the min watermark
//   …
//   ✓ split   order 10 at 0x3d400 → order 3
//
// What has not happened yet is not shown.
#include <algorithm>
#include <string>

#include "base/text.hpp"
#include "base/units.hpp"
#include "canvas/lab_app.hpp"
#include "canvas/panels/choice.hpp"
#include "canvas/panels/panels.hpp"
#include "canvas/widgets/paint.hpp"
#include "canvas/widgets/scroller.hpp"
#include "lab/page_walk.hpp"

namespace mmscope::canvas {
namespace {

constexpr float row_height = 19, check_height = 38, head_height = 40;

class WalkPanel final : public Panel {
public:
  explicit WalkPanel(Desk &desk) : desk_(desk) {}
  const char *id() const override { return "walk"; }
  const char *title() const override { return "walk of a request"; }
  void head(Frame &frame) override { place_tabs(frame, desk_, *this); }
  void draw(Frame &frame) override;

private:
  void request(Frame &frame, float &y);
  void row(Frame &frame, const Rect &r, const WalkRow &row, bool last);
  void check(Frame &frame, const Rect &r, const Event &e);
  std::string words(const WalkRow &row) const;
  float height(const Frame &frame, const WalkRow &row) const;
  std::string zone_name(const Event &e) const;

  Desk &desk_;
  Scroller scroll_;
  std::vector<WalkRow> rows_;
  u64 seen_ = ~u64{0};
};

std::string_view type_text(u64 type) { return migratetype_name(static_cast<migratetype>(type % migratetype_count)); }
std::string times(u32 n) { return n > 1 ? concat("  × ", n) : std::string(); }
std::string_view plural(u64 n, std::string_view one, std::string_view many) { return n == 1 ? one : many; }

std::string step_words(const Event &e) {
  const u64 a = e.f[1];
  switch (static_cast<AllocStep>(e.f[0])) {
  case AllocStep::slow_path: return "slow path: wake kswapd, try the min watermark";
  case AllocStep::wake_kswapd: return concat("kswapd of node ", a, " is woken");
  case AllocStep::kswapd_not_needed: return concat("kswapd of node ", a, " has nothing to do");
  case AllocStep::direct_compact:
    return a == static_cast<u64>(CompactResult::skipped) ? "compaction: too few free pages to move into"
                                                         : "compaction: nothing that can be moved";
  case AllocStep::direct_reclaim: return concat("direct reclaim: ", a, plural(a, " page freed", " pages freed"));
  case AllocStep::drain_all: return "every CPU's lists are drained";
  case AllocStep::unreserve: return concat("an atomic reserve is given up: pageblock of ", hex_text(a));
  case AllocStep::retry: return concat("once more, round ", a);
  case AllocStep::oom: return "out of memory: a process would be killed";
  case AllocStep::no_oom: return "no process is killed for it";
  case AllocStep::nofail: return "__GFP_NOFAIL: would go on for ever";
  case AllocStep::fails: return concat("gives up: ", alloc_failure_name(static_cast<AllocFailure>(a)));
  }
  return {};
}

std::string WalkPanel::zone_name(const Event &e) const {
  return concat("node ", e.f[0], " ", desk_.lab->state().arch->zones[static_cast<std::size_t>(e.f[1])].name);
}

/// A row in one line.
std::string WalkPanel::words(const WalkRow &row) const {
  const Event &e = desk_.lab->events()[row.event];
  const auto &zones = desk_.lab->state().arch->zones;
  switch (row.kind) {
  case WalkKind::attempt:
    return concat("attempt  ", alloc_flags_text(static_cast<u32>(e.f[4])), "  up to ",
                  zones[static_cast<std::size_t>(e.f[3])].name, times(row.times));
  case WalkKind::check: return zone_name(e);
  case WalkKind::fallback:
    return concat(e.f[5] != 0 ? "takes from " : "borrows from ", type_text(e.f[4]), ": order ", e.f[2], " at ",
                  hex_text(e.f[0]), e.f[6] != 0 ? ", pageblock changes type" : "");
  case WalkKind::judged:
    return concat("pageblock: ", e.f[1], " free + ", e.f[2], " alike ", e.f[1] + e.f[2] >= e.f[3] ? "≥ " : "< ", e.f[3],
                  e.f[1] + e.f[2] >= e.f[3] ? ": it becomes " : ": it stays ",
                  type_text(e.f[1] + e.f[2] >= e.f[3] ? e.f[6] : e.f[5]));
  case WalkKind::split:
    return concat("split  order ", e.f[1], " at ", hex_text(e.f[0]), " → order ", e.f[2], times(row.times));
  case WalkKind::refill:
    return concat("CPU ", e.f[2], "'s list was empty: refilled with ", e.f[6],
                  e.f[6] == e.f[5] ? std::string() : concat(" of ", e.f[5]));
  case WalkKind::cached:
    return concat("from the head of CPU ", e.f[2], "'s list: ", hex_text(e.f[4]), times(row.times));
  case WalkKind::listed: return concat("from the free lists: ", hex_text(e.f[0]), " order ", e.f[1]);
  case WalkKind::step: return step_words(e);
  case WalkKind::reclaim: return concat("node ", e.f[0], ": ", e.f[2], " of ", e.f[1], " pages reclaimed");
  case WalkKind::freed: return concat("free  ", hex_text(e.f[0]), " order ", e.f[1]);
  case WalkKind::kept: return concat("to the head of CPU ", e.f[2], "'s list: ", hex_text(e.f[4]), times(row.times));
  case WalkKind::drain:
    return concat("CPU ", e.f[2], "'s lists: ", e.f[3], plural(e.f[3], " page drained", " pages drained"),
                  row.times != 0 ? concat(", ", row.times, plural(row.times, " block", " blocks")) : std::string());
  case WalkKind::merge:
    return concat("merge  order ", e.f[2], ": ", hex_text(std::max(e.f[0], e.f[1])), " joins ",
                  hex_text(std::min(e.f[0], e.f[1])), times(row.times));
  case WalkKind::joins:
    return concat("to the ", e.f[6] != 0 ? "tail" : "head", " of ", type_text(e.f[3]), " order ", e.f[2], ": ",
                  hex_text(e.f[4]));
  case WalkKind::got: return concat("got ", hex_text(e.f[0]), " order ", e.f[1]);
  case WalkKind::refused: return "refused";
  }
  return {};
}

float WalkPanel::height(const Frame &frame, const WalkRow &row) const {
  const float one = row.kind == WalkKind::check ? check_height : row_height;
  return (narrow(frame) ? std::max(one, size::target) : one) * frame.scale;
}

void WalkPanel::draw(Frame &frame) {
  if (!desk_.lab) return;
  const Lab &lab = *desk_.lab;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const bool moved = seen_ != desk_.moment();
  if (moved) rows_ = page_walk(lab.events());
  seen_ = desk_.moment();
  const auto &rows = rows_;
  if (rows.empty()) {
    put_wrapped(frame, list, frame.area.x, frame.area.y, frame.area.w, frame.theme.dim,
                lab.inside() ? "nothing has been asked yet" : "this step asks for no pages and frees none", 11);
    return;
  }
  float y = frame.area.y;
  request(frame, y);
  float whole = 0;
  for (const WalkRow &r : rows) whole += height(frame, r);
  if (moved && lab.inside())
    scroll_.reveal(whole - height(frame, rows.back()), height(frame, rows.back()));
  else if (moved)
    scroll_.reveal(0, 1);
  const Rect place{frame.area.x, y, frame.area.w, frame.area.y + frame.area.h - y};
  const float top = scroll_.begin(frame, place, whole, "walk of the request");
  y = top;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const float h = height(frame, rows[i]);
    const bool visible = y + h >= place.y && y <= place.y + place.h;
    if (visible) row(frame, {place.x, y, place.w - 10 * frame.scale, h}, rows[i], lab.inside() && i + 1 == rows.size());
    y += h;
  }
  scroll_.end();
}

/// What was asked and, once it is known, what came of it.
void WalkPanel::request(Frame &frame, float &y) {
  const Lab &lab = *desk_.lab;
  const Theme &theme = frame.theme;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const auto events = lab.events();
  const float s = frame.scale;
  std::string asked(op_info(lab.command(*lab.call()).op).name), how, answer;
  Color color = theme.dim;
  for (const WalkRow &row : rows_) {
    const Event &e = events[row.event];
    if (e.kind == EventKind::lab_attempt && how.empty())
      how = concat(gfp_text(static_cast<gfp_t>(e.f[0])), lab.state().on_pair_zones() ? "" : "  ",
                   lab.state().on_pair_zones() ? "" : type_text(e.f[2]), "  CPU ", e.f[6]);
    if (e.kind == EventKind::lab_attempt && asked.find(" order ") == std::string::npos)
      append(asked, "  order ", e.f[1]);
    if (e.kind != EventKind::mm_page_alloc) continue;
    answer = e.f[0] != 0 ? concat("✓ ", hex_text(e.f[0])) : "✗ refused";
    color = e.f[0] != 0 ? theme.equal : theme.differs;
  }
  put_right(frame, list, frame.area.x + frame.area.w, y, color, answer, size::mono_small);
  const float room = frame.area.w - text_width(frame, answer, size::mono_small) - 8 * s;
  put_fitting(frame, list, frame.area.x, y, room, theme.ink, asked, size::mono_small);
  if (!how.empty()) put_fitting(frame, list, frame.area.x, y + 17 * s, frame.area.w, theme.dim, how, 11);
  y += (how.empty() ? 22 : head_height) * s;
}

void WalkPanel::row(Frame &frame, const Rect &r, const WalkRow &row, bool last) {
  const Lab &lab = *desk_.lab;
  const Theme &theme = frame.theme;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const Event &e = lab.events()[row.event];
  const float s = frame.scale;
  const bool pressed = press_area({r.x, r.y, r.w, r.h - 1}, "##walk", row.event);
  const bool hovered = ImGui::IsItemHovered();
  const std::string text = words(row), path = concat("event[", *lab.call(), ".", row.event, "]");
  std::string facts;
  if (row.kind == WalkKind::check) {
    const auto verdict = static_cast<WatermarkVerdict>(e.f[7]);
    facts = concat("usable ", static_cast<i64>(e.f[3]), " of ", static_cast<i64>(e.f[2]), " free, min ",
                   static_cast<i64>(e.f[5]), e.f[5] != e.f[4] ? concat(" of mark ", e.f[4]) : std::string(),
                   ", reserve ", e.f[6], ": ",
                   verdict == WatermarkVerdict::ok          ? "enough"
                   : verdict == WatermarkVerdict::low       ? "too few"
                   : verdict == WatermarkVerdict::scattered ? "too few in large blocks"
                                                            : "no block is that large");
  }
  frame.mirror.annotate({.role = Role::kButton, .name = text, .description = facts});
  if (last) {
    paint(list, {r.x - 3, r.y - 1, r.w + 6, r.h - 2}, theme.changed, 4);
    frame_of(list, {r.x - 3, r.y - 1, r.w + 6, r.h - 2}, -0.5f, theme.accent, 4);
  } else if (hovered) {
    paint(list, {r.x - 3, r.y - 1, r.w + 6, r.h - 2}, theme.hole, 4);
  }
  if (row.kind == WalkKind::check) {
    check(frame, r, e);
  } else {
    const bool begins = row.kind == WalkKind::attempt || row.kind == WalkKind::freed;
    const bool bad = row.kind == WalkKind::refused ||
                     (row.kind == WalkKind::step && static_cast<AllocStep>(e.f[0]) == AllocStep::fails);
    const float in = begins || bad || row.kind == WalkKind::got ? 0 : 12 * s;
    const Color ink = bad ? theme.differs : row.kind == WalkKind::got ? theme.equal : begins ? theme.ink : theme.dim;
    put_fitting(frame, list, r.x + in, middle(frame, r.y, r.h - 2, 11), r.w - in, ink, text, 11);
  }
  if (desk_.selected(path)) frame_selected(frame, list, {r.x - 1, r.y + 1, r.w + 2, r.h - 5});
  const std::optional<Place> place = reach(e, *lab.state().arch);
  const u64 base = place ? place->base : 0, end = place ? place->end : 0;
  if (hovered) desk_.point(path, text, base, end);
  if (!pressed) return;
  desk_.select(path, text, base, end);
  desk_.reveal_selection();
}

/// Two lines: the zone and what is compared; a bar of its free pages, with the line that they must pass.
void WalkPanel::check(Frame &frame, const Rect &r, const Event &e) {
  const Theme &theme = frame.theme;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const float s = frame.scale;
  const auto verdict = static_cast<WatermarkVerdict>(e.f[7]);
  const bool ok = verdict == WatermarkVerdict::ok;
  const i64 free = std::max<i64>(static_cast<i64>(e.f[2]), 0), usable = std::max<i64>(static_cast<i64>(e.f[3]), 0);
  const i64 min = static_cast<i64>(e.f[5]);
  const auto reserve = static_cast<i64>(e.f[6]);
  const std::string name = concat(ok ? "✓ " : "✗ ", zone_name(e));
  const Color ink = ok ? theme.equal : theme.differs;
  const float x = r.x + 12 * s, width = r.w - 12 * s;
  const float used = put_fitting(frame, list, x, r.y + 1, width, ink, name, 11);
  const auto number = [](i64 n) {
    return n < 0 ? concat("−", count_text(static_cast<u64>(-n))) : count_text(static_cast<u64>(n));
  };
  const bool passes = static_cast<i64>(e.f[3]) > min + reserve;
  std::string compared = concat(number(static_cast<i64>(e.f[3])), passes ? " > " : " ≤ ", number(min), " min");
  if (reserve != 0) append(compared, " + ", number(reserve), " reserve");
  if (verdict == WatermarkVerdict::no_block) compared = concat(number(usable), " pages, no block that large");
  if (verdict == WatermarkVerdict::scattered) compared = concat(number(usable), " pages, too few in large blocks");
  if (text_width(frame, compared, 11) + used + 8 * s < width)
    put_right(frame, list, r.x + r.w, r.y + 1, theme.ink, compared, 11);
  else
    put_fitting(frame, list, x + used + 8 * s, r.y + 1, width - used - 8 * s, theme.ink, compared, 11);

  // Twice the line, or all that is free if that is little: where the line stands, is seen.
  const Rect bar{x, r.y + 18 * s, width, 9 * s};
  const double line = static_cast<double>(std::max<i64>(min + reserve, 0));
  const double all = std::max({static_cast<double>(free), line * 1.25, 1.0});
  const auto at = [&](double pages) { return bar.x + bar.w * static_cast<float>(std::min(pages / all, 1.0)); };
  paint(list, bar, theme.hole, 2);
  const float to_usable = at(static_cast<double>(std::min(usable, free))), to_free = at(static_cast<double>(free));
  if (to_usable > bar.x)
    paint(list, {bar.x, bar.y, to_usable - bar.x, bar.h}, ok ? theme.free : mix(theme.hole, theme.free, 0.6f), 2);
  if (to_free - to_usable > 1) // free, but not for this request
    fill_rect(list, theme, {to_usable, bar.y, to_free - to_usable, bar.h}, {theme.misc, Pattern::hatch}, 0);
  const float from = frame.snap(at(static_cast<double>(std::max<i64>(min, 0)))), to = frame.snap(at(line));
  if (to - from > 2) list.AddRectFilled({from, bar.y + bar.h - 2}, {to, bar.y + bar.h + 2}, theme.differs);
  list.AddRectFilled({to - 1, bar.y - 3}, {to + 2, bar.y + bar.h + 3}, theme.panel);
  list.AddRectFilled({to, bar.y - 3}, {to + 1.5f, bar.y + bar.h + 3}, theme.ink);
}

} // namespace

std::unique_ptr<Panel> make_walk_panel(Desk &desk) { return std::make_unique<WalkPanel>(desk); }

} // namespace mmscope::canvas
