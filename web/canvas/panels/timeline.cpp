// The timeline: phases, calls and the events of the call that is shown, under one playhead. A press or a drag moves it.
//
//   phases  [memblock        ][sparse][zones][…        ][handoff]
//   calls   ▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌|▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌        height: how much a call did
//   events                 ' ' ' ' ' |
#include <algorithm>
#include <cmath>
#include <string>

#include "base/text.hpp"
#include "base/units.hpp"
#include "canvas/lab_app.hpp"
#include "canvas/panels/panels.hpp"
#include "canvas/widgets/paint.hpp"

namespace mmscope::canvas {
namespace {

constexpr float phases_y = 12, calls_y = 42, calls_h = 26, events_y = 78, events_h = 9, flag_y = 96, height = 124;

Color phase_color(const Theme &theme, Phase p) {
  switch (p) {
  case Phase::none:
  case Phase::memblock: return theme.memory;
  case Phase::numa: return theme.misc;
  case Phase::sparse: return theme.mem_map;
  case Phase::zones: return theme.zone_dma32;
  case Phase::zonelists: return theme.misc;
  case Phase::handoff: return theme.free;
  case Phase::slab: return theme.misc;
  case Phase::deferred: return mix(theme.panel, theme.free, 0.7f);
  case Phase::done: return theme.misc;
  }
  return theme.misc;
}

Color call_color(const Theme &theme, const CallSummary &c) {
  if (c.frees) return theme.free;
  return owner_fill(theme, c.kind).color;
}

/// 0 to 1 by the logarithm, so that one busy call does not flatten all others.
float busyness(u64 events) {
  return 0.35f + 0.65f * std::min(static_cast<float>(std::log2(static_cast<double>(events) + 1)) / 12.0f, 1.0f);
}

class TimelinePanel final : public Panel {
public:
  explicit TimelinePanel(Desk &desk) : desk_(desk) {}
  const char *id() const override { return "timeline"; }
  const char *title() const override { return "timeline"; }
  bool card() const override { return false; }
  void draw(Frame &frame) override;

private:
  void phases(Frame &frame, const Rect &area, float played);
  void calls(Frame &frame, const Rect &area, float played);
  void events(Frame &frame, const Rect &area);
  float x_of(const Rect &area, double call) const {
    return area.x + static_cast<float>(call / static_cast<double>(std::max<u64>(desk_.lab->size(), 1))) * area.w;
  }
  Desk &desk_;
};

void TimelinePanel::draw(Frame &frame) {
  if (!desk_.lab || desk_.lab->size() == 0) return;
  Lab &lab = *desk_.lab;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const Theme &theme = frame.theme;
  const float s = frame.scale;
  const Rect &all = frame.area;
  list.AddRectFilled({all.x, all.y}, {all.x + all.w, all.y + all.h}, theme.panel);
  list.AddRectFilled({all.x, all.y}, {all.x + all.w, all.y + 1}, theme.line);
  const Rect area{all.x + 100 * s, all.y, all.w - 116 * s, all.h};

  ImGui::SetCursorScreenPos({area.x, area.y + calls_y * s - 4});
  ImGui::InvisibleButton("##timeline", {std::max(area.w, 1.0f), (flag_y - calls_y) * s});
  const auto id = ImGui::GetItemID();
  const Position at = lab.position();
  const std::string value = concat("call ", at.call, " of ", lab.size());
  frame.mirror.annotate({.role = Role::kSlider,
                         .name = "timeline of calls",
                         .value = value,
                         .range = {0, static_cast<double>(lab.size()), static_cast<double>(at.call)}});
  if (ImGui::IsItemActive()) {
    const float share = (ImGui::GetIO().MousePos.x - area.x) / std::max(area.w, 1.0f);
    const double call =
        std::round(static_cast<double>(std::clamp(share, 0.0f, 1.0f)) * static_cast<double>(lab.size()));
    if (static_cast<u64>(call) != at.call || at.event != 0) lab.seek({static_cast<u64>(call), 0, 0});
  }
  if (ImGui::IsItemHovered()) ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
  if (frame.focused == id) {
    const auto pressed = [](ImGuiKey key) { return ImGui::IsKeyPressed(key, false); };
    if (pressed(ImGuiKey_RightArrow)) lab.step(Level::call, 1);
    if (pressed(ImGuiKey_LeftArrow)) lab.step(Level::call, -1);
    if (pressed(ImGuiKey_DownArrow)) lab.step(Level::event, 1);
    if (pressed(ImGuiKey_UpArrow)) lab.step(Level::event, -1);
    if (pressed(ImGuiKey_PageDown)) lab.step(Level::phase, 1);
    if (pressed(ImGuiKey_PageUp)) lab.step(Level::phase, -1);
    if (pressed(ImGuiKey_Home)) lab.seek({});
    if (pressed(ImGuiKey_End)) lab.seek({lab.size(), 0, 0});
  }

  const Position now = lab.position();
  double within = 0;
  if (lab.inside() && !lab.record().events.empty())
    within = static_cast<double>(now.event) / static_cast<double>(lab.record().events.size() + 1);
  const float head = x_of(area, static_cast<double>(now.call) + within);
  const char *names[] = {"phases", "calls", "events"};
  const float name_y[] = {phases_y + 3, calls_y + 8, events_y - 3};
  for (int i = 0; i < 3; ++i)
    put_text(frame, list, all.x + 16 * s, all.y + name_y[i] * s, theme.dim, names[i], size::mono_small);
  phases(frame, area, head);
  calls(frame, area, head);
  events(frame, area);

  // The playhead and where it stands.
  list.AddRectFilled({frame.snap(head) - 1, area.y + 6 * s}, {frame.snap(head) + 1, area.y + flag_y * s}, theme.ink);
  std::string flag = concat(now.call + (lab.inside() ? 1 : 0), "/", lab.size());
  if (lab.inside()) append(flag, " +", now.event);
  const float w = text_width(frame, flag, 11) + 14 * s;
  const float x = std::clamp(head - w / 2, area.x - 4, std::max(area.x + area.w - w + 4, area.x));
  list.AddRectFilled({x, area.y + flag_y * s}, {x + w, area.y + (flag_y + 18) * s}, theme.accent, 4);
  put_text(frame, list, x + 7 * s, middle(frame, area.y + flag_y * s, 18 * s, 11), on_fill(theme.accent), flag, 11);
}

void TimelinePanel::phases(Frame &frame, const Rect &area, float played) {
  ImDrawList &list = *ImGui::GetWindowDrawList();
  Lab &lab = *desk_.lab;
  const float s = frame.scale;
  int i = 0;
  for (const PhaseSpan &p : lab.index().phases()) {
    const float x0 = x_of(area, static_cast<double>(p.first)),
                x1 = std::max(x_of(area, static_cast<double>(p.end)), x0 + 1);
    const Rect r{x0 + 0.5f, area.y + phases_y * s, std::max(x1 - x0 - 1, 1.0f), 22 * s};
    const bool future = x0 >= played;
    const Color color = mix(frame.theme.panel, phase_color(frame.theme, p.phase), future ? 0.45f : 1.0f);
    const std::string_view name = p.phase == Phase::none ? std::string_view("firmware") : phase_name(p.phase);
    ImGui::SetCursorScreenPos({r.x, r.y});
    ImGui::PushID(i++);
    if (r.w >= 1 && ImGui::InvisibleButton("##phase", {r.w, r.h})) lab.seek({p.end, 0, 0});
    ImGui::PopID();
    const std::string label = concat("phase ", name, ", calls ", p.first + 1, " to ", p.end);
    frame.mirror.annotate({.role = Role::kButton, .name = label});
    list.AddRectFilled({r.x, r.y}, {r.x + r.w, r.y + r.h}, color, std::min(4.0f, r.w / 2));
    if (ImGui::IsItemHovered()) list.AddRect({r.x, r.y}, {r.x + r.w, r.y + r.h}, frame.theme.ink, 4);
    put_fitting(frame, list, r.x + 7 * s, middle(frame, r.y, r.h, 11), r.w - 12 * s, on_fill(color), name, 11);
  }
}

void TimelinePanel::calls(Frame &frame, const Rect &area, float played) {
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const auto &calls = desk_.lab->index().calls();
  const float bottom = area.y + (calls_y + calls_h) * frame.scale, h = calls_h * frame.scale;
  // Several calls on one pixel column: the busiest stands for them.
  const float pixel = std::max(1 / frame.dpr, 1.0f);
  float column = -1;
  float top = 0;
  Color color = 0;
  const auto flush = [&](float width) {
    if (column < 0) return;
    const Color shade = mix(frame.theme.panel, color, column < played ? 1.0f : 0.38f);
    list.AddRectFilled({column, bottom - h * top}, {column + width, bottom}, shade);
  };
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const float x0 = x_of(area, static_cast<double>(i)), x1 = x_of(area, static_cast<double>(i + 1));
    const float height_of = busyness(calls[i].events);
    if (x1 - x0 >= 2 * pixel) {
      column = x0 + 0.5f;
      top = height_of;
      color = call_color(frame.theme, calls[i]);
      flush(x1 - x0 - 1);
      column = -1;
      continue;
    }
    const float at = std::floor(x0 / pixel) * pixel;
    if (at != column) {
      flush(pixel);
      column = at;
      top = 0;
    }
    if (height_of >= top) {
      top = height_of;
      color = call_color(frame.theme, calls[i]);
    }
  }
  if (column >= 0) flush(pixel);
}

void TimelinePanel::events(Frame &frame, const Rect &area) {
  Lab &lab = *desk_.lab;
  if (!lab.call()) return;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const float s = frame.scale, y = area.y + events_y * s;
  const std::size_t n = lab.record().events.size(), done = lab.events().size();
  if (n == 0) return;
  // The events of the shown call over the whole width: a call opened up.
  const float pitch = area.w / static_cast<float>(n);
  list.AddRectFilled({area.x, y + events_h * s / 2}, {area.x + area.w, y + events_h * s / 2 + 1}, frame.theme.line);
  float drawn_to = -1;
  for (std::size_t i = 0; i < n; ++i) {
    const float x = area.x + static_cast<float>(i) * pitch;
    if (x < drawn_to) continue;
    const float w = std::clamp(pitch - 1, 1.0f, 10.0f * s);
    drawn_to = x + 1;
    const bool state = event_info(lab.record().events[i].kind).role == EventRole::state;
    const Color color = i < done ? (state ? frame.theme.accent : frame.theme.dim) : frame.theme.line;
    const float inset = state ? 0 : 2 * s;
    list.AddRectFilled({x, y + inset}, {x + w, y + events_h * s - inset}, color, 1);
  }
}

} // namespace

std::unique_ptr<Panel> make_timeline_panel(Desk &desk) { return std::make_unique<TimelinePanel>(desk); }

float timeline_panel_height(float scale) { return height * scale; }

} // namespace mmscope::canvas
