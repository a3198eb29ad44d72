// pcp: a CPU's page lists of one zone, beside the zone's free lists that they are filled from and drained to.
//
//   (DMA) (DMA32)
//   CPU 0  ▮▯▯▯                                       the CPUs, as full as they are; the chosen one outlined
//   [######            ]  count 62 of high 434         a free that leaves 434 drains 63 from the tails
//        head                   tail      free list
//   0 U  ▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪▪      ‹63──      12          a refill comes from there to the tail, a drain goes back
//   0 M  ▪▪                                5
//   …
//   order 0 Unmovable, 62 blocks, head first
//   0x4800 0x4801 …
#include <algorithm>
#include <array>
#include <string>

#include "base/text.hpp"
#include "base/units.hpp"
#include "canvas/lab_app.hpp"
#include "canvas/panels/choice.hpp"
#include "canvas/panels/panels.hpp"
#include "canvas/widgets/paint.hpp"
#include "canvas/widgets/scroller.hpp"
#include "lab/block_moves.hpp"

namespace mmscope::canvas {
namespace {

constexpr float label_width = 34, gap_width = 44, free_width = 46, row_pitch = 17;

/// What the step did to one list, in blocks.
struct Traffic {
  u64 refilled = 0, drained = 0, taken = 0, kept = 0;
  bool any() const { return refilled + drained + taken + kept != 0; }
};

class PcpPanel final : public Panel {
public:
  explicit PcpPanel(Desk &desk) : desk_(desk) {}
  const char *id() const override { return "pcp"; }
  const char *title() const override { return "CPU lists"; }
  void head(Frame &frame) override { title_ = place_tabs(frame, desk_, *this); }
  void draw(Frame &frame) override;

private:
  void read();
  void cpus(Frame &frame, float &y);
  void numbers(Frame &frame, float &y);
  void lists(Frame &frame, float &y, float bottom);
  void row(Frame &frame, const Rect &r, unsigned index);
  void blocks(Frame &frame, const Rect &place);
  const per_cpu_pages &pcp() const { return zone_->pcp[cpu_]; }
  std::string path() const;

  Desk &desk_;
  Scroller all_, list_;
  float height_ = 0;
  Rect title_;
  // Of the moment that is shown.
  ZoneId where_;
  const zone *zone_ = nullptr;
  u32 cpu_ = 0;
  std::array<Traffic, max_pcp_lists> traffic_{};
  std::array<std::vector<PcpBlock>, max_pcp_lists> held_;
  std::optional<unsigned> chosen_; // a list
  u64 seen_ = ~u64{0};
  std::pair<ZoneId, u32> read_of_;
};

std::string PcpPanel::path() const {
  return concat("node[", where_.nid, "].zone[", desk_.lab->state().arch->zones[where_.zid].name, "].pcp[", cpu_, "]");
}

std::string list_name(const PageAlloc &pa, unsigned index) {
  const std::string order = concat("order ", pa.pcp_order(index).v, " ");
  if (pa.pcp_lists() == 1) return order + "any type";
  if (index >= 12) return order + (index == 13 ? "Movable" : "not Movable");
  return order + std::string(migratetype_name(static_cast<migratetype>(index % 3)));
}

/// What stands at the row's left: "0 U"; a block of a whole pageblock is a huge page.
std::string short_name(const PageAlloc &pa, unsigned index) {
  constexpr std::string_view letters[] = {"U", "M", "R"};
  if (pa.pcp_lists() == 1) return "0";
  return concat(pa.pcp_order(index).v, " ", index >= 12 ? (index == 13 ? "M" : "–") : letters[index % 3]);
}

void PcpPanel::read() {
  const bool moved = seen_ != desk_.moment();
  if (!moved && read_of_ == std::pair{where_, cpu_}) return;
  seen_ = desk_.moment();
  read_of_ = {where_, cpu_};
  const PageAlloc &pa = desk_.lab->state().pages;
  for (unsigned i = 0; i < pa.pcp_lists(); ++i) {
    held_[i].clear();
    pa.for_each_pcp(where_.nid, where_.zid, cpu_, i, [&](const PcpBlock &b) { held_[i].push_back(b); });
  }
  traffic_ = {};
  const auto events = desk_.lab->events();
  BlockMoveReader reader;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto m = reader.see(i, events[i]);
    if (!m || m->kind < BlockMove::refill || m->cpu != cpu_ || m->nid != where_.nid || m->zid != where_.zid) continue;
    if (desk_.lab->inside() && i + 1 != events.size()) continue; // stepping shows each by itself
    Traffic &t = traffic_[m->index];
    ++(m->kind == BlockMove::refill    ? t.refilled
       : m->kind == BlockMove::drained ? t.drained
       : m->kind == BlockMove::taken   ? t.taken
                                       : t.kept);
  }
  // The list that the step was about shows its blocks.
  for (unsigned i = 0; moved && i < pa.pcp_lists(); ++i)
    if (traffic_[i].any()) chosen_ = i;
  if (chosen_ && *chosen_ >= pa.pcp_lists()) chosen_.reset();
  for (unsigned i = 0; i < pa.pcp_lists() && !chosen_; ++i)
    if (!held_[i].empty()) chosen_ = i;
}

void PcpPanel::draw(Frame &frame) {
  if (!desk_.lab) return;
  const bool small = narrow(frame);
  const float top = small ? all_.begin(frame, frame.area, height_, "CPU lists") : frame.area.y;
  const float bottom = frame.area.y + frame.area.h;
  float y = top;
  // Beside the free lists, their chips choose the zone for this panel too.
  const bool alone = small || !desk_.focus.empty() || ImGui::GetIO().DisplaySize.x < 780 * frame.scale;
  where_ = alone ? zone_chips(frame, desk_, title_, "CPU lists", y) : shown_zone(desk_);
  zone_ = &zone_in(desk_, where_);
  cpu_ = shown_cpu(desk_);
  if (cpu_ < zone_->pcp.size()) {
    read();
    cpus(frame, y);
    numbers(frame, y);
    // The lists come first; what is left below them is for the blocks of one.
    const float least = (16 + 15 * static_cast<float>(desk_.lab->state().pages.pcp_lists())) * frame.scale;
    const float below = bottom - y - least;
    const bool room = below > 60 * frame.scale;
    lists(frame, y, small ? 1e6f : room ? bottom - below : bottom);
    const Rect place{frame.area.x, y, frame.area.w, small ? 4 * size::target * frame.scale : bottom - y};
    if (small || room) {
      blocks(frame, place);
      y += place.h;
    }
  } else {
    const std::string_view why = zone_->populated()
                                     ? "no lists until setup_per_cpu_pageset: a request takes from the free "
                                       "lists themselves"
                                     : "";
    y = put_wrapped(frame, *ImGui::GetWindowDrawList(), frame.area.x, y, frame.area.w, frame.theme.dim, why, 11);
  }
  if (small) {
    height_ = y - top;
    all_.end();
  }
}

/// A bar for each CPU, as full as its lists; all of them are one control.
void PcpPanel::cpus(Frame &frame, float &y) {
  const Theme &theme = frame.theme;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const float s = frame.scale;
  const auto n = static_cast<u32>(zone_->pcp.size());
  const float tall = (narrow(frame) ? size::target : 20) * s;
  const std::string label = concat(desk_.lab->state().arch->zones[where_.zid].name, "  CPU ", cpu_,
                                   n > 1 ? concat(" of ", n) : std::string());
  const float words = text_width(frame, label, 11) + 10 * s;
  put_text(frame, list, frame.area.x, middle(frame, y, tall, 11), theme.ink, label, 11);
  const Rect r{frame.area.x + words, y, frame.area.w - words - (narrow(frame) ? 10 * s : 0), tall};
  ImGui::SetCursorScreenPos({r.x, r.y});
  ImGui::InvisibleButton("##cpus", {std::max(r.w, 1.0f), r.h});
  const auto id = ImGui::GetItemID();
  const double last = static_cast<double>(n - 1), now = static_cast<double>(cpu_);
  const std::string value =
      concat("CPU ", cpu_, ": ", pcp().count, " pages of zone ", desk_.lab->state().arch->zones[where_.zid].name);
  frame.mirror.annotate({.role = Role::kSlider, .name = "CPU", .value = value, .range = {0, last, now}});
  const float each = std::min(r.w / static_cast<float>(n), 46 * s);
  i64 to = cpu_;
  if (ImGui::IsItemActive()) to = static_cast<i64>((ImGui::GetIO().MousePos.x - r.x) / std::max(each, 0.01f));
  if (frame.focused == id) {
    if (ImGui::IsKeyPressed(ImGuiKey_RightArrow) || ImGui::IsKeyPressed(ImGuiKey_UpArrow)) ++to;
    if (ImGui::IsKeyPressed(ImGuiKey_LeftArrow) || ImGui::IsKeyPressed(ImGuiKey_DownArrow)) --to;
    if (ImGui::IsKeyPressed(ImGuiKey_Home)) to = 0;
    if (ImGui::IsKeyPressed(ImGuiKey_End)) to = n - 1;
  }
  to = std::clamp<i64>(to, 0, n - 1);
  if (to != cpu_) desk_.cpu = {static_cast<u32>(to), desk_.lab->generation()};
  const u64 high = std::max<u64>(zone_->pcp_high, 1);
  const float gap = each > 6 * s ? 2 * s : 0, top = r.y + (tall - 14 * s) / 2;
  // Where they are narrower than a pixel, one stands for those that share it.
  const u32 step = std::max<u32>(static_cast<u32>(1 / std::max(each, 0.001f)), 1);
  for (u32 i = 0; i < n; i += step) {
    const Rect bar{r.x + each * static_cast<float>(i), top, each - gap, 14 * s};
    const float full = std::min(static_cast<float>(zone_->pcp[i].count) / static_cast<float>(high), 1.0f);
    paint(list, bar, theme.hole, 2);
    if (full > 0) paint(list, {bar.x, bar.y + bar.h * (1 - full), bar.w, bar.h * full}, theme.free, 2);
    if (i == cpu_) frame_of(list, bar, 1, theme.ink, 3, n > 1 ? 2.0f : 1.0f);
  }
  y += tall + 2 * s;
}

void PcpPanel::numbers(Frame &frame, float &y) {
  const Theme &theme = frame.theme;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const float s = frame.scale;
  const u64 high = nr_pcp_high(*zone_, false), drain = desk_.lab->state().pages.next_drain(*zone_, cpu_);
  const bool roomy = narrow(frame) || frame.area.h > 330 * s; // else its words are the mirror's alone
  const std::string counts = concat("count ", pcp().count, " / high ", high);
  const std::string rest = concat("batch ", zone_->pcp_batch, "  free_factor ", pcp().free_factor);
  const std::string next = concat("at ", high, " a free drains ", drain, " pages, tails first");
  const float width = frame.area.w - (narrow(frame) ? 10 * s : 0), tall = (narrow(frame) ? size::target
                                                                           : roomy       ? 38.0f
                                                                                         : 23.0f) *
                                                                          s;
  const Rect r{frame.area.x, y, width, tall};
  const bool pressed = press_area(r, "##numbers", 0);
  const std::string name = concat("pages of CPU ", cpu_), facts = concat(counts, ", ", rest, ", ", next);
  frame.mirror.annotate({.role = Role::kButton, .name = name, .description = facts});
  if (pressed) desk_.select(path(), name, 0, 0);
  const bool changed =
      std::any_of(desk_.lab->changes().pcp.begin(), desk_.lab->changes().pcp.end(),
                  [&](const auto &c) { return c.nid == where_.nid && c.zid == where_.zid && c.cpu == cpu_; });
  const Rect bar{r.x, r.y + 15 * s, r.w, 6 * s};
  put_text(frame, list, r.x, r.y - 2 * s, theme.ink, counts, 11);
  if (text_width(frame, counts + rest, 11) + 12 * s < r.w)
    put_right(frame, list, r.x + r.w, r.y - 2 * s, theme.dim, rest, 11);
  paint(list, bar, theme.hole, 3);
  const float full = high == 0 ? 0 : std::min(static_cast<float>(pcp().count) / static_cast<float>(high), 1.0f);
  if (full > 0) paint(list, {bar.x, bar.y, std::max(bar.w * full, 2.0f), bar.h}, theme.free, 3);
  if (changed) frame_of(list, bar, 1.5f, theme.accent, 4, size::outline);
  if (roomy) put_fitting(frame, list, r.x, r.y + 23 * s, r.w, theme.dim, next, 11);
  if (desk_.selected(path())) frame_selected(frame, list, r);
  y += tall + 4 * s;
}

void PcpPanel::lists(Frame &frame, float &y, float bottom) {
  const PageAlloc &pa = desk_.lab->state().pages;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const float s = frame.scale, width = frame.area.w - (narrow(frame) ? 10 * s : 0);
  const float right = frame.area.x + width, from = frame.area.x + label_width * s;
  const float tail = right - (gap_width + free_width) * s;
  put_text(frame, list, from, y, frame.theme.dim, "head", 11);
  put_right(frame, list, tail, y, frame.theme.dim, "tail", 11);
  put_right(frame, list, right, y, frame.theme.dim, "free list", 11);
  y += 16 * s;
  const unsigned n = pa.pcp_lists();
  const float pitch =
      narrow(frame) ? size::target * s : std::clamp((bottom - y) / static_cast<float>(n), 9 * s, row_pitch * s);
  for (unsigned i = 0; i < n; ++i)
    row(frame, {frame.area.x, y + static_cast<float>(i) * pitch, width, pitch - (pitch > 14 * s ? 3 : 1) * s}, i);
  y += static_cast<float>(n) * pitch + 4 * s;
}

void PcpPanel::row(Frame &frame, const Rect &r, unsigned index) {
  const PageAlloc &pa = desk_.lab->state().pages;
  const Theme &theme = frame.theme;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const float s = frame.scale, t = desk_.motion();
  const auto order = static_cast<unsigned>(pa.pcp_order(index).v),
             max_order = static_cast<unsigned>(pa.rules().max_order.v);
  const auto &held = held_[index];
  const Traffic &traffic = traffic_[index];
  u64 listed = 0; // blocks of exactly this order; a refill may cut larger ones
  for (unsigned type = 0; type < migratetype_count; ++type)
    if (index < 12 ? type == index % 3 : (index == 13) == (type == static_cast<unsigned>(migratetype::MOVABLE)))
      listed += zone_->areas[order].free_list[type].nr;

  const bool pressed = press_area(r, "##cpulist", index);
  const bool hovered = ImGui::IsItemHovered();
  const std::string name =
      concat("CPU ", cpu_, " ", list_name(pa, index), ": ", held.size(), held.size() == 1 ? " block" : " blocks");
  std::string facts = concat(listed, " on the free list");
  if (traffic.refilled != 0) append(facts, ", refilled with ", traffic.refilled);
  if (traffic.drained != 0) append(facts, ", drained of ", traffic.drained);
  if (traffic.taken != 0) append(facts, ", ", traffic.taken, " taken from the head");
  if (traffic.kept != 0) append(facts, ", ", traffic.kept, " put at the head");
  frame.mirror.annotate({.role = Role::kButton, .name = name, .description = facts});
  const std::string at = concat(path(), ".lists[", index, "]");
  if (pressed) {
    chosen_ = index;
    desk_.select(at, name, 0, 0);
  }

  put_right(frame, list, r.x + (label_width - 8) * s, middle(frame, r.y, r.h, 11), held.empty() ? theme.dim : theme.ink,
            short_name(pa, index), 11);
  const Rect box{r.x + label_width * s, r.y, r.w - (label_width + gap_width + free_width) * s, r.h};
  const Rect free{r.x + r.w - free_width * s, r.y, free_width * s, r.h};
  paint(list, box, theme.hole, 3);
  const Color fill = free_color(theme, order, max_order);
  // A tick a block, from the head; where there are more than fit, each stands for several.
  const std::string count = count_text(held.size());
  const float number = held.empty() ? 0 : text_width(frame, count, 11) + 8 * s;
  const float room = std::max(box.w - number - 4 * s, 1.0f);
  const float each = std::min(room / static_cast<float>(std::max<std::size_t>(held.size(), 1)), 9 * s);
  const float tick = std::max(each - (each > 3 ? 1.0f : 0.0f), 1.0f);
  float drawn = -9;
  for (std::size_t i = 0; i < held.size(); ++i) {
    const float x = box.x + 2 * s + static_cast<float>(i) * each;
    if (x - drawn < 1) continue;
    drawn = x;
    // What a refill brought stands at the tail, what was freed at the head.
    const bool fresh = i < traffic.kept || held.size() - i <= traffic.refilled;
    paint(list, {x, box.y + 2, tick, box.h - 4}, fresh ? mix(fill, theme.accent, 0.6f) : fill, 1);
  }
  if (!held.empty())
    put_right(frame, list, box.x + box.w - 4 * s, middle(frame, box.y, box.h, 11), theme.ink, count, 11);
  const Color shade = listed != 0 ? fill : theme.hole;
  paint(list, free, shade, 3);
  const std::string blocks = count_text(listed);
  put_text(frame, list, free.x + (free.w - text_width(frame, blocks, 11)) / 2, middle(frame, free.y, free.h, 11),
           listed != 0 ? on_fill(shade) : theme.dim, blocks, 11);

  if (traffic.any()) {
    frame_of(list, box, 1, theme.accent, 4, size::outline);
    const float y = r.y + r.h / 2, left = box.x + box.w + 3 * s, right = free.x - 4 * s;
    if (traffic.refilled + traffic.drained != 0) {
      const bool in = traffic.refilled != 0;
      const std::string moved = count_text(in ? traffic.refilled : traffic.drained);
      const float tip = in ? left : right, back = in ? left + 5 * s : right - 5 * s, half = std::min(4 * s, r.h / 2);
      list.AddTriangleFilled({tip, y}, {back, y - half}, {back, y + half}, theme.accent);
      const float words = text_width(frame, moved, 11);
      put_text(frame, list, (left + right - words) / 2, middle(frame, r.y, r.h, 11), theme.accent, moved, 11);
      if (t < 1) {
        const float x = in ? free.x + (left - free.x) * t : box.x + box.w + (free.x - box.x - box.w) * t;
        paint(list, {x, r.y + 1, 9 * s, r.h - 2}, fill, 2);
      }
    }
    if (t < 1 && traffic.taken + traffic.kept != 0) {
      const float way = label_width * s, x = traffic.taken != 0 ? box.x - way * t : box.x - way * (1 - t);
      paint(list, {x, r.y + 1, 9 * s, r.h - 2}, fill, 2);
    }
  }
  if (desk_.selected(at))
    frame_selected(frame, list, {box.x, box.y + 1, box.w, box.h - 2});
  else if (chosen_ == index || hovered)
    frame_of(list, box, 0.5f, hovered ? theme.ink : theme.dim, 3);
}

/// The blocks of the chosen list, head first.
void PcpPanel::blocks(Frame &frame, const Rect &place) {
  const System &s = desk_.lab->state();
  const Theme &theme = frame.theme;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  if (!chosen_) {
    put_wrapped(frame, list, place.x, place.y, place.w, theme.dim,
                "all lists empty: the first request of each kind refills its list", 11);
    return;
  }
  const auto &held = held_[*chosen_];
  const float scale = frame.scale, pitch = (narrow(frame) ? size::target : 20) * scale, head = 16 * scale;
  put_fitting(frame, list, place.x, place.y, place.w, theme.dim,
              concat(list_name(s.pages, *chosen_), held.empty() ? ", empty" : ", head first"), 11);
  const float width = text_width(frame, hex_text(s.pages.map().end().v), 11) + 10 * scale, step = width + 4 * scale;
  const auto per_line = std::max<std::size_t>(static_cast<std::size_t>((place.w - 10 * scale) / step), 1);
  const Rect rows{place.x, place.y + head, place.w, place.h - head};
  const float lines = static_cast<float>((held.size() + per_line - 1) / per_line);
  const float top = list_.begin(frame, rows, lines * pitch, "blocks of the CPU's list");
  const auto order = static_cast<unsigned>(s.pages.pcp_order(*chosen_).v);
  const Color fill = free_color(theme, order, static_cast<unsigned>(s.pages.rules().max_order.v));
  const unsigned shift = s.arch->page_shift;
  for (std::size_t i = 0; i < held.size(); ++i) {
    const Rect r{rows.x + static_cast<float>(i % per_line) * step, top + static_cast<float>(i / per_line) * pitch,
                 width, pitch - 3 * scale};
    if (r.y + r.h < rows.y || r.y > rows.y + rows.h) continue;
    const std::string text = hex_text(held[i].pfn.v), page = concat("page[", text, "]");
    const bool pressed = press_area(r, "##pcpblock", held[i].pfn.v);
    const bool hovered = ImGui::IsItemHovered();
    const std::string name = concat("block pfn ", text, " order ", order, " of CPU ", cpu_);
    frame.mirror.annotate({.role = Role::kButton, .name = name});
    paint(list, r, fill, 3);
    put_label(frame, list, r, fill, text, 11);
    const u64 base = held[i].pfn.v << shift, end = base + (u64{1} << (order + shift));
    if (desk_.selected(page))
      frame_selected(frame, list, {r.x + 1, r.y + 1, r.w - 2, r.h - 2});
    else if (hovered)
      frame_of(list, r, 1, theme.ink, 4, 2);
    if (hovered) desk_.point(page, name, base, end);
    if (pressed) {
      desk_.select(page, name, base, end);
      desk_.reveal_selection();
    }
  }
  list_.end();
}

} // namespace

std::unique_ptr<Panel> make_pcp_panel(Desk &desk) { return std::make_unique<PcpPanel>(desk); }

} // namespace mmscope::canvas
