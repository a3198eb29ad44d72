// The timeline: phases, calls and the events of the call that is shown, under one playhead. A press or a drag moves it,
// the wheel shows fewer calls. The call that is shown is opened up below: who called whom, and what happened in there.
//
//   phases  [memblock        ][sparse][zones][…        ][handoff]
//   calls   ▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌|▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌        height: how much a call did
//           ────────────┬──────────────                            branches, where there are some
//   inside  [memblock_alloc_range_nid                       ]
//           [find_in_range ][memblock_reserve               ]
//   events  ' ' ' ' ' ' ' ' ' ' '|
#include <algorithm>
#include <cmath>
#include <string>

#include "base/text.hpp"
#include "base/units.hpp"
#include "canvas/lab_app.hpp"
#include "canvas/panels/panels.hpp"
#include "canvas/widgets/paint.hpp"
#include "canvas/widgets/scroller.hpp"

namespace mmscope::canvas {
namespace {

constexpr float inside_y = 74, span_h = 15, events_h = 8, flag_h = 18;

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

/// A function that the call on show made, from its lab_call to its lab_return.
struct Span {
  u32 begin = 0, end = 0, depth = 0; // events [begin, end)
  u64 name = 0;                      // text id
};

class TimelinePanel final : public Panel {
public:
  explicit TimelinePanel(Desk &desk) : desk_(desk) {}
  const char *id() const override { return "timeline"; }
  const char *title() const override { return "timeline"; }
  bool card() const override { return false; }
  void draw(Frame &frame) override;

private:
  void open_call();
  void follow();
  void move(Frame &frame, const Rect &area, std::uint32_t id);
  void phases(Frame &frame, const Rect &area, float played);
  void calls(Frame &frame, const Rect &area, float played);
  void branches(Frame &frame, const Rect &area);
  void bookmarks(Frame &frame, const Rect &area);
  void spans(Frame &frame, const Rect &area);
  void events(Frame &frame, const Rect &area);
  void listing(Frame &frame, const Rect &area);
  void enter(u64 event);
  double calls_in_all() const { return static_cast<double>(std::max<u64>(desk_.lab->size(), 1)); }
  float x_of(const Rect &area, double call) const {
    return area.x + static_cast<float>((call - from_) / std::max(to_ - from_, 1e-9)) * area.w;
  }
  void view(double from, double to);

  Desk &desk_;
  // CSS pixels before scaling; a low canvas has less.
  float phases_y_ = 10, phases_h_ = 20, calls_y_ = 40, calls_h_ = 26;
  double from_ = 0, to_ = 1; // calls in view
  double size_ = -1;
  u64 seen_ = ~u64{0};
  const Lab *lab_ = nullptr;
  u64 total_ = 0; // events of all calls
  // The call that is opened up.
  u64 opened_ = ~u64{0};
  u32 branch_ = 0;
  std::vector<Span> spans_;
  u32 deepest_ = 0;
  Scroller scroll_;
  u64 listed_ = 0;
  std::vector<bool> states_; // of its events: whether it changed something
};

void TimelinePanel::view(double from, double to) {
  const double all = calls_in_all(), span = std::clamp(to - from, std::min(8.0, all), all);
  from_ = std::clamp((from + to - span) / 2, 0.0, all - span);
  to_ = from_ + span;
}

/// What is known about the call on show; found once, for a handoff can have a hundred thousand events.
void TimelinePanel::open_call() {
  Lab &lab = *desk_.lab;
  if (lab_ != &lab || size_ != calls_in_all()) {
    lab_ = &lab;
    size_ = calls_in_all();
    view(0, size_);
    total_ = 0;
    for (const CallSummary &c : lab.index().calls()) total_ += c.events;
    opened_ = ~u64{0};
  }
  const auto call = lab.call();
  const u64 now = call ? *call : ~u64{0};
  if (opened_ == now && branch_ == lab.current_branch()) return;
  opened_ = now;
  branch_ = lab.current_branch();
  spans_.clear();
  states_.clear();
  deepest_ = 0;
  if (!call) return;
  std::vector<std::size_t> open;
  u32 i = 0;
  for (const Event &e : lab.record().events) {
    states_.push_back(event_info(e.kind).role == EventRole::state);
    if (e.kind == EventKind::lab_call) {
      deepest_ = std::max(deepest_, static_cast<u32>(open.size()) + 1);
      open.push_back(spans_.size());
      spans_.push_back({i, i + 1, static_cast<u32>(open.size()) - 1, e.f[0]});
    } else if (e.kind == EventKind::lab_return && !open.empty()) {
      spans_[open.back()].end = i + 1;
      open.pop_back();
    }
    ++i;
  }
  for (const std::size_t s : open) spans_[s].end = i;
}

/// A playhead that moved is in view.
void TimelinePanel::follow() {
  const Lab &lab = *desk_.lab;
  if (seen_ == lab.generation()) return;
  seen_ = lab.generation();
  const auto at = static_cast<double>(lab.position().call);
  if (at < from_ || at + 1 > to_) view(at - (to_ - from_) / 2, at + (to_ - from_) / 2);
}

void TimelinePanel::draw(Frame &frame) {
  if (!desk_.lab || desk_.lab->size() == 0) return;
  open_call();
  follow();
  Lab &lab = *desk_.lab;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const Theme &theme = frame.theme;
  const float s = frame.scale;
  const Rect &all = frame.area;
  const bool low = all.h < 120 * s;
  phases_y_ = low ? 6 : 10;
  phases_h_ = low ? 18 : 20;
  calls_y_ = low ? 29 : 40;
  calls_h_ = low ? 18 : 26;
  paint(list, all, theme.panel);
  list.AddRectFilled({all.x, all.y}, {all.x + all.w, all.y + 1}, theme.line);
  const Rect area{all.x + 100 * s, all.y, all.w - 116 * s, all.h};

  ImGui::SetCursorScreenPos({area.x, area.y + calls_y_ * s - 4});
  ImGui::SetNextItemAllowOverlap(); // bookmarks stand in it
  ImGui::InvisibleButton("##timeline", {std::max(area.w, 1.0f), (calls_h_ + 6) * s});
  const auto id = ImGui::GetItemID();
  const std::string value = concat("call ", lab.position().call, " of ", lab.size());
  frame.mirror.annotate({.role = Role::kSlider,
                         .name = "timeline of calls",
                         .value = value,
                         .range = {0, static_cast<double>(lab.size()), static_cast<double>(lab.position().call)}});
  move(frame, area, id);
  open_call();

  const Position now = lab.position();
  double within = 0;
  if (lab.inside() && !lab.record().events.empty())
    within = static_cast<double>(now.event) / static_cast<double>(lab.record().events.size() + 1);
  const float head = x_of(area, static_cast<double>(now.call) + within);
  const float flag_y = all.h - (flag_h + 4) * s, events_y = flag_y - (events_h + 8) * s;
  const bool roomy = events_y > (inside_y + span_h) * s;
  const auto name = [&](float y, float h, std::string_view text) {
    put_text(frame, list, all.x + 16 * s, middle(frame, all.y + y, h, size::mono_small), theme.dim, text,
             size::mono_small);
  };
  name(phases_y_ * s, phases_h_ * s, "phases");
  name(calls_y_ * s, calls_h_ * s, "calls");
  name(events_y, events_h * s, "events");
  phases(frame, area, head);
  ImGui::PushClipRect({area.x - 2, area.y}, {area.x + area.w + 2, area.y + area.h}, true);
  calls(frame, area, head);
  branches(frame, area);
  ImGui::PopClipRect();
  float opened = events_y; // how far down the calls inside reach
  if (roomy) {
    name(inside_y * s, span_h * s, "inside");
    const float room = events_y - (inside_y + 4) * s, levels = static_cast<float>(deepest_ + 1) * span_h * s;
    // In focus there is room for the events in words too.
    const bool words = room > levels + 120 * s;
    spans(frame, {area.x, area.y + inside_y * s, area.w, words ? levels : room});
    if (words) opened = inside_y * s + levels;
    if (words) listing(frame, {area.x, area.y + inside_y * s + levels, area.w, room - levels - 8 * s});
  }
  events(frame, {area.x, area.y + events_y, area.w, events_h * s});
  bookmarks(frame, area);

  // The playhead and where it stands; inside a call, where in that call too.
  std::string flag = concat(now.call + (lab.inside() ? 1 : 0), "/", lab.size());
  if (lab.inside()) append(flag, " +", now.event);
  const float w = text_width(frame, flag, 11) + 14 * s;
  const float x = std::clamp(head - w / 2, area.x - 4, std::max(area.x + area.w - w + 4, area.x));
  const float foot = area.y + (calls_y_ + calls_h_ + 4) * s;
  if (head >= area.x - 2 && head <= area.x + area.w + 2)
    list.AddRectFilled({frame.snap(head) - 1, area.y + 5 * s}, {frame.snap(head) + 1, roomy ? foot : area.y + flag_y},
                       theme.ink);
  if (lab.inside() && !states_.empty()) {
    const float at = frame.snap(area.x + static_cast<float>(now.event) / static_cast<float>(states_.size()) * area.w);
    if (roomy) paint(list, {at - 1, area.y + inside_y * s - 2, 2, opened - inside_y * s}, theme.ink);
    paint(list, {at - 1, area.y + events_y - 3, 2, events_h * s + 6}, theme.ink);
  }
  list.AddRectFilled({x, area.y + flag_y}, {x + w, area.y + flag_y + flag_h * s}, theme.accent, 4);
  put_text(frame, list, x + 7 * s, middle(frame, area.y + flag_y, flag_h * s, 11), on_fill(theme.accent), flag, 11);

  const float text_y = middle(frame, area.y + flag_y, flag_h * s, 11);
  std::string said = concat(count_text(total_), " events in all");
  if (lab.call()) {
    said = concat(op_info(lab.command(*lab.call()).op).name, ": ", count_text(states_.size()), " of ", said);
  }
  const float room = text_width(frame, said, 11);
  // It stands on the side that the flag leaves free.
  if (x > area.x + room + 12 * s)
    put_text(frame, list, area.x, text_y, theme.dim, said, 11);
  else
    put_right(frame, list, area.x + area.w, text_y, theme.dim, said, 11);
}

void TimelinePanel::move(Frame &frame, const Rect &area, std::uint32_t id) {
  Lab &lab = *desk_.lab;
  const ImGuiIO &io = ImGui::GetIO();
  const double at = from_ + static_cast<double>((io.MousePos.x - area.x) / std::max(area.w, 1.0f)) * (to_ - from_);
  if (ImGui::IsItemActive()) {
    const double call = std::round(std::clamp(at, 0.0, calls_in_all()));
    if (static_cast<u64>(call) != lab.position().call || lab.inside()) desk_.seek({static_cast<u64>(call), 0, 0});
  }
  if (ImGui::IsItemDeactivated() && ImGui::GetMouseDragDelta(ImGuiMouseButton_Left, 3).x == 0)
    if (const auto call = lab.call())
      desk_.select(concat("call[", *call, "]"), op_info(lab.command(*call).op).name, 0, 0);
  if (ImGui::IsItemHovered()) {
    ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
    if (io.MouseWheel != 0) {
      const double factor = std::pow(0.8f, io.MouseWheel); // the floats' pow is there for the colours already
      view(at - (at - from_) * factor, at + (to_ - at) * factor);
    }
    if (io.MouseWheelH != 0) {
      const double by = -static_cast<double>(io.MouseWheelH) * (to_ - from_) / 10;
      view(from_ + by, to_ + by);
    }
  }
  if (frame.focused != id) return;
  const auto pressed = [](ImGuiKey key) { return ImGui::IsKeyPressed(key, false); };
  if (pressed(ImGuiKey_RightArrow)) desk_.step(Level::call, 1);
  if (pressed(ImGuiKey_LeftArrow)) desk_.step(Level::call, -1);
  if (pressed(ImGuiKey_DownArrow)) desk_.step(Level::event, 1);
  if (pressed(ImGuiKey_UpArrow)) desk_.step(Level::event, -1);
  if (pressed(ImGuiKey_PageDown)) desk_.step(Level::phase, 1);
  if (pressed(ImGuiKey_PageUp)) desk_.step(Level::phase, -1);
  if (pressed(ImGuiKey_Home)) desk_.seek({});
  if (pressed(ImGuiKey_End)) desk_.seek({lab.size(), 0, 0});
}

void TimelinePanel::phases(Frame &frame, const Rect &area, float played) {
  ImDrawList &list = *ImGui::GetWindowDrawList();
  Lab &lab = *desk_.lab;
  const float s = frame.scale;
  int i = 0;
  for (const PhaseSpan &p : lab.index().phases()) {
    ++i;
    const float begin = x_of(area, static_cast<double>(p.first)), end = x_of(area, static_cast<double>(p.end));
    if (end <= area.x || begin >= area.x + area.w) continue;
    const float x0 = std::max(begin, area.x), x1 = std::min(std::max(end, x0 + 1), area.x + area.w);
    const Rect r{x0 + 0.5f, area.y + phases_y_ * s, std::max(x1 - x0 - 1, 1.0f), phases_h_ * s};
    const bool future = x0 >= played;
    const Color color = mix(frame.theme.panel, phase_color(frame.theme, p.phase), future ? 0.45f : 1.0f);
    const std::string_view name = p.phase == Phase::none ? std::string_view("firmware") : phase_name(p.phase);
    if (press_area(r, "##phase", static_cast<u64>(i))) desk_.seek({p.end, 0, 0});
    const std::string label = concat("phase ", name, ", calls ", p.first + 1, " to ", p.end);
    frame.mirror.annotate({.role = Role::kButton, .name = label});
    paint(list, r, color, std::min(4.0f, r.w / 2));
    if (ImGui::IsItemHovered()) frame_of(list, r, 0, frame.theme.ink, 4);
    put_fitting(frame, list, r.x + 7 * s, middle(frame, r.y, r.h, 11), r.w - 12 * s, on_fill(color), name, 11);
  }
}

void TimelinePanel::calls(Frame &frame, const Rect &area, float played) {
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const auto &calls = desk_.lab->index().calls();
  const float bottom = area.y + (calls_y_ + calls_h_) * frame.scale, h = calls_h_ * frame.scale;
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
  const auto end = std::min(static_cast<std::size_t>(to_) + 1, calls.size());
  for (auto i = static_cast<std::size_t>(from_); i < end; ++i) {
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

/// A line for every branch from where it left the one it comes from; the one on show in accent.
void TimelinePanel::branches(Frame &frame, const Rect &area) {
  const auto &all = desk_.lab->branches();
  if (all.size() < 2) return;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const float s = frame.scale;
  float y = area.y + (calls_y_ + calls_h_ + 1) * s;
  constexpr std::size_t most = 3; // lines; the page lists all
  const u32 current = desk_.lab->current_branch();
  std::size_t drawn = 0;
  for (std::size_t i = all.size(); i-- > 0 && drawn < most;) {
    const BranchInfo &b = all[i];
    if (b.id != current && b.id != all[current].parent && all.size() > most && b.parent != current) continue;
    ++drawn;
    const Color color = b.id == current ? frame.theme.accent : frame.theme.dim;
    const float x0 = std::max(x_of(area, static_cast<double>(b.id == 0 ? 0 : b.fork_call)), area.x);
    const float x1 = std::min(x_of(area, static_cast<double>(std::max(b.size, b.fork_call + 1))), area.x + area.w);
    if (x1 < area.x || x0 > area.x + area.w) continue;
    list.AddRectFilled({x0, y}, {x1, y + 2 * s}, color);
    if (b.id != 0) list.AddRectFilled({x0 - 1, area.y + calls_y_ * s}, {x0 + 1, y + 2 * s}, color); // the fork
    const std::string name =
        b.id == 0 ? std::string("the recorded past") : concat("branch ", b.id, ", from call ", b.fork_call);
    const std::string facts = concat(b.id == current ? "on show, " : "", b.size, " calls");
    frame.mirror.item(ImGui::GetID(name.c_str()), {x0, y - 2, x1 - x0, 5 * s},
                      {.role = Role::kPicture, .name = name, .description = facts});
    y += 3 * s;
  }
}

void TimelinePanel::bookmarks(Frame &frame, const Rect &area) {
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const float s = frame.scale, y = area.y + (phases_y_ + phases_h_) * s;
  u64 i = 0;
  for (const Position &p : desk_.bookmarks) {
    const float x = x_of(area, static_cast<double>(p.call));
    ++i;
    if (x < area.x - 1 || x > area.x + area.w + 1) continue;
    if (press_area({x - 5 * s, y - 2 * s, 16 * s, 14 * s}, "##bookmark", i)) desk_.seek(p);
    const std::string name = concat("bookmark ", i, ", call ", p.call);
    frame.mirror.annotate({.role = Role::kButton, .name = name});
    list.AddRectFilled({x - 0.5f, y}, {x + 0.5f, y + 34 * s}, frame.theme.ink);
    list.AddTriangleFilled({x, y}, {x + 9 * s, y + 4 * s}, {x, y + 8 * s},
                           ImGui::IsItemHovered() ? frame.theme.accent : frame.theme.ink);
  }
}

void TimelinePanel::spans(Frame &frame, const Rect &area) {
  Lab &lab = *desk_.lab;
  if (!lab.call() || states_.empty()) return;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const float s = frame.scale, pitch = area.w / static_cast<float>(states_.size());
  const auto rows = static_cast<u32>(std::clamp(area.h / (span_h * s), 1.0f, 12.0f));
  // Where there are more levels than rows, those around the playhead.
  u32 here = 0;
  const std::size_t done = lab.events().size();
  for (const Span &span : spans_)
    if (lab.inside() && span.begin < done && done <= span.end) here = std::max(here, span.depth);
  const u32 first = deepest_ <= rows ? 0 : std::min(here + 2 > rows ? here + 2 - rows : 0, deepest_ - rows);
  constexpr std::size_t most_controls = 48;
  std::size_t controls = 0;
  float drawn[12];
  std::fill(std::begin(drawn), std::end(drawn), -1.0f);
  for (const Span &span : spans_) {
    if (span.depth < first || span.depth - first >= rows) continue;
    const u32 row = span.depth - first;
    const float x0 = area.x + static_cast<float>(span.begin) * pitch,
                x1 = area.x + static_cast<float>(span.end) * pitch;
    if (x1 - drawn[row] < 1) continue;
    drawn[row] = x1;
    const Rect r{x0, area.y + static_cast<float>(row) * span_h * s, std::max(x1 - x0 - 1, 1.0f), (span_h - 2) * s};
    const bool open = lab.inside() && span.begin < done && done < span.end;
    const float share = span.begin >= done ? 0.25f : 0.55f;
    const Color color = open ? frame.theme.accent : mix(frame.theme.panel, frame.theme.memory, share);
    paint(list, r, color, std::min(3.0f, r.w / 2));
    const std::string_view text = lab.texts().text(span.name);
    put_fitting(frame, list, r.x + 5 * s, middle(frame, r.y, r.h, 11), r.w - 8 * s, on_fill(color), text, 11);
    if (r.w < 4 || controls++ >= most_controls) continue;
    const bool pressed = press_area(r, "##span", span.begin);
    const std::string name = concat("inside: ", text);
    const std::string where = concat("events ", span.begin + 1, " to ", span.end, ", depth ", span.depth);
    frame.mirror.annotate({.role = Role::kButton, .name = name, .description = where});
    if (ImGui::IsItemHovered()) frame_of(list, r, 0, frame.theme.ink, 3);
    if (pressed) {
      enter(span.begin);
      return;
    }
  }
  if (deepest_ > rows) {
    const std::string more = concat(first + 1, "–", first + rows, " of ", deepest_);
    put_right(frame, list, area.x - 8 * s, area.y + span_h * s, frame.theme.dim, more, 11);
  }
}

/// Goes to where an event of the call on show has just happened.
void TimelinePanel::enter(u64 event) {
  const u64 call = *desk_.lab->call();
  desk_.select(concat("event[", call, ".", event, "]"), event_info(desk_.lab->record().events[event].kind).name, 0, 0);
  desk_.seek({call, event + 1, 0});
}

void TimelinePanel::listing(Frame &frame, const Rect &area) {
  const Lab &lab = *desk_.lab;
  const std::size_t n = states_.size();
  if (!lab.call() || n == 0) return;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const float one = 17 * frame.scale;
  const std::size_t done = lab.events().size();
  if (listed_ != lab.generation() && done > 0) scroll_.reveal(static_cast<float>(done - 1) * one, one);
  listed_ = lab.generation();
  const float top = scroll_.begin(frame, area, static_cast<float>(n) * one, "events in words");
  const auto first = static_cast<std::size_t>(std::max((area.y - top) / one, 0.0f));
  const std::size_t last = std::min(first + static_cast<std::size_t>(area.h / one) + 2, n);
  u64 to = ~u64{0};
  for (std::size_t i = first; i < last; ++i) {
    const Rect r{area.x, top + static_cast<float>(i) * one, area.w - 12 * frame.scale, one};
    if (press_area(r, "##line", i)) to = i;
    const bool here = i + 1 == done && lab.inside();
    if (here || ImGui::IsItemHovered()) paint(list, r, here ? frame.theme.changed : frame.theme.hole, 3);
    const std::string text = concat(i + 1, "  ", to_text(lab.texts(), lab.record().events[i]));
    frame.mirror.annotate({.role = Role::kButton, .name = text});
    put_fitting(frame, list, r.x + 6 * frame.scale, middle(frame, r.y, r.h, 11), r.w - 8 * frame.scale,
                i < done ? frame.theme.ink : frame.theme.dim, text, 11);
  }
  scroll_.end();
  if (to != ~u64{0}) enter(to);
}

void TimelinePanel::events(Frame &frame, const Rect &area) {
  Lab &lab = *desk_.lab;
  const std::size_t n = states_.size();
  if (!lab.call() || n == 0) return;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const std::size_t done = lab.events().size();
  // The events of the shown call over the whole width: a call opened up.
  const float pitch = area.w / static_cast<float>(n);
  list.AddRectFilled({area.x, area.y + area.h / 2}, {area.x + area.w, area.y + area.h / 2 + 1}, frame.theme.line);
  const float w = std::clamp(pitch - 1, 1.0f, 10.0f * frame.scale);
  // Where several share a pixel, one that changed something stands for them.
  const auto step = std::max<std::size_t>(static_cast<std::size_t>(1 / std::max(pitch, 1e-6f)), 1);
  for (std::size_t i = 0; i < n; i += step) {
    const std::size_t end = std::min(i + step, n);
    const bool state =
        std::find(states_.begin() + static_cast<std::ptrdiff_t>(i), states_.begin() + static_cast<std::ptrdiff_t>(end),
                  true) != states_.begin() + static_cast<std::ptrdiff_t>(end);
    const float x = area.x + static_cast<float>(i) * pitch;
    const Color color = i < done ? (state ? frame.theme.accent : frame.theme.dim) : frame.theme.line;
    const float inset = state ? 0 : 2 * frame.scale;
    list.AddRectFilled({x, area.y + inset}, {x + w, area.y + area.h - inset}, color, 1);
  }
  if (press_area({area.x, area.y - 3, area.w, area.h + 6}, "##events", 0)) {
    const float at = (ImGui::GetIO().MousePos.x - area.x) / std::max(pitch, 1e-6f);
    const auto i = static_cast<u64>(std::clamp(at, 0.0f, static_cast<float>(n - 1)));
    enter(i);
  }
  const std::string facts = concat(done, " of ", n, " have happened");
  frame.mirror.annotate({.role = Role::kButton, .name = "events of this call", .description = facts});
}

} // namespace

std::unique_ptr<Panel> make_timeline_panel(Desk &desk) { return std::make_unique<TimelinePanel>(desk); }

float timeline_panel_height(float canvas) { return canvas < 620 ? 90 : std::min(canvas * 0.22f, 220.0f); }

} // namespace mmscope::canvas
