// pageblocks: what a zone's pageblocks are kept for and how much of each is free, and how fragmented that leaves the zone.
//
//   U ■ 12   M ■ 480   R ■ 4            strong = in use, pale = free
//   UMMMMMMMMMMMMMMMM…                  a cell each; of a large zone a cell stands for several
//   largest free order 10
//   ▁▁▁▁▂▂▃▅▇█                          by order: the share of free pages in blocks that are too small for it
//   ~~~~~~~~~~~~~~~~~                   that of a pageblock's order, over the calls of the branch
#include <algorithm>
#include <string>

#include "base/text.hpp"
#include "base/units.hpp"
#include "canvas/lab_app.hpp"
#include "canvas/panels/choice.hpp"
#include "canvas/panels/panels.hpp"
#include "canvas/widgets/paint.hpp"
#include "canvas/widgets/scroller.hpp"
#include "lab/fragmentation_history.hpp"
#include "lab/pageblock_map.hpp"
#include "mm/fragmentation.hpp"

namespace mmscope::canvas {
namespace {

constexpr float largest_cell = 15, least_cell = 6, letter_cell = 11;
constexpr u64 events_a_frame = 8000; // of the curve, which is worked out while one looks at the rest

std::string_view letter(unsigned type) {
  constexpr std::string_view letters[] = {"U", "M", "R", "H", "C", "I"};
  return letters[type];
}

Color type_color(const Theme &theme, unsigned type) {
  const Color colors[] = {theme.kernel,       theme.zone_dma32, theme.zone_dma,
                          theme.zone_movable, theme.reserved,   theme.misc};
  return colors[type];
}

std::string thousandths(int n) {
  const auto size = static_cast<unsigned>(n < 0 ? -n : n);
  const std::string digits = concat(size % 1000);
  return concat(n < 0 ? "−" : "", size / 1000, ".", std::string(3 - digits.size(), '0'), digits);
}

class PageblocksPanel final : public Panel {
public:
  explicit PageblocksPanel(Desk &desk) : desk_(desk) {}
  const char *id() const override { return "pageblocks"; }
  const char *title() const override { return "pageblocks"; }
  void head(Frame &frame) override { title_ = place_tabs(frame, desk_, *this); }
  void draw(Frame &frame) override;

private:
  void legend(Frame &frame, float &y, float width);
  void map(Frame &frame, const Rect &place);
  void cell(Frame &frame, const Rect &r, std::size_t i) const;
  void keys(Frame &frame, unsigned id, std::size_t columns);
  void indices(Frame &frame, float &y, float width, float height);
  void curve(Frame &frame, const Rect &place);
  void choose(std::size_t cell);
  std::string words(std::size_t cell) const;

  Desk &desk_;
  Scroller all_;
  float height_ = 0;
  Rect title_;
  ZoneId where_;
  PageblockMap map_;
  u64 seen_ = ~u64{0}, most_ = 0;
  ZoneId mapped_;
  std::size_t at_ = 0; // the cell that keys are at
  u64 machine_ = 0;
  std::unique_ptr<FragmentationHistory> history_; // of that machine
};

void PageblocksPanel::draw(Frame &frame) {
  if (!desk_.lab) return;
  const float s = frame.scale;
  const bool small = narrow(frame);
  const float top = small ? all_.begin(frame, frame.area, height_, "pageblocks") : frame.area.y;
  const float width = frame.area.w - (small ? 10 * s : 0);
  float y = top;
  where_ = zone_chips(frame, desk_, title_, "pageblocks", y);
  const zone &z = zone_in(desk_, where_);
  if (!z.populated()) return;

  // What is below the map: bars, and the curve where there is room for one.
  const float room = small ? 560 * s : frame.area.y + frame.area.h - y;
  // The curve tells what is to come: not while the desk is locked.
  const float bars = std::min(70 * s, room * 0.28f), line = room > 220 * s && !desk_.locked ? 50 * s : 0;
  const float below = bars + line + 14 * s;
  const Rect place{frame.area.x, y + 20 * s, width, std::max(room - below - 20 * s, 20 * s)};
  const auto most =
      static_cast<u64>(place.w / (least_cell * s)) * static_cast<u64>(std::max(place.h / (least_cell * s), 1.0f));
  if (machine_ != desk_.machines) history_.reset();
  machine_ = desk_.machines;
  if (seen_ != desk_.moment() || !(mapped_ == where_) || most_ != most) {
    map_ = pageblock_map(desk_.lab->state().pages, where_.nid, where_.zid, most);
    seen_ = desk_.moment();
    mapped_ = where_;
    most_ = most;
  }
  legend(frame, y, width);
  y = place.y;
  map(frame, place);
  y += place.h + 6 * s;
  indices(frame, y, width, bars);
  if (line > 0) curve(frame, {frame.area.x, y + 4 * s, width, line});
  y += line + 8 * s;
  if (small) {
    height_ = y - top;
    all_.end();
  }
}

void PageblocksPanel::legend(Frame &frame, float &y, float width) {
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const float s = frame.scale;
  float x = frame.area.x;
  for (unsigned t = 0; t < migratetype_count; ++t) {
    if (t >= 3 && map_.blocks[t] == 0) continue;
    const std::string text = count_text(map_.blocks[t]);
    const float w = 17 * s + text_width(frame, text, 11) + 10 * s;
    if (x + w > frame.area.x + width) break;
    const Rect r{x, y + 1, 13 * s, 13 * s};
    const Color color = type_color(frame.theme, t);
    paint(list, r, color, 2);
    put_label(frame, list, r, color, letter(t), 10);
    put_text(frame, list, x + 17 * s, y, frame.theme.ink, text, 11);
    const std::string name = concat(text, " pageblocks ", migratetype_name(static_cast<migratetype>(t)));
    frame.mirror.item(ImGui::GetID(static_cast<int>(t) + 1), {r.x, r.y, w, 16 * s},
                      {.role = Role::kPicture, .name = name});
    x += w;
  }
  const std::string_view note = "pale = free";
  if (x + text_width(frame, note, 11) < frame.area.x + width)
    put_right(frame, list, frame.area.x + width, y, frame.theme.dim, note, 11);
}

std::string PageblocksPanel::words(std::size_t i) const {
  const PageblockCell &c = map_.cells[i];
  std::string text = map_.each == 1 ? concat("pageblock ", hex_text(std::max(map_.first_of(i), map_.start)))
                                    : concat(map_.each, " pageblocks from ", hex_text(map_.first_of(i)));
  if (c.all() == 0) return text + ": no pages";
  for (unsigned t = 0; t < migratetype_count; ++t)
    if (c.pages[t] != 0) append(text, " ", migratetype_name(static_cast<migratetype>(t)));
  return concat(text, ", ", c.free, " of ", c.all(), " pages free");
}

void PageblocksPanel::choose(std::size_t i) {
  at_ = i;
  const u64 first = std::max(map_.first_of(i), map_.start), end = std::min(map_.first_of(i + 1), map_.end);
  const unsigned shift = desk_.lab->state().arch->page_shift;
  desk_.select(concat("pageblock[", hex_text(first), "]"), words(i), first << shift, end << shift);
  desk_.reveal_selection();
}

void PageblocksPanel::map(Frame &frame, const Rect &place) {
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const Theme &theme = frame.theme;
  const float s = frame.scale;
  const std::size_t n = map_.cells.size();
  if (n == 0) return;
  // As large as fits.
  float size = largest_cell * s;
  const auto fits = [&](float c) {
    return static_cast<std::size_t>(place.w / c) * static_cast<std::size_t>(place.h / c) >= n;
  };
  while (size > least_cell * s && !fits(size)) size -= 0.5f * s;
  size = std::max(size, least_cell * s);
  const std::size_t columns = std::max<std::size_t>(static_cast<std::size_t>(place.w / size), 1);
  const auto rect = [&](std::size_t i) {
    return Rect{place.x + static_cast<float>(i % columns) * size, place.y + static_cast<float>(i / columns) * size,
                size - 1, size - 1};
  };
  const float rows = static_cast<float>((n + columns - 1) / columns);
  ImGui::SetCursorScreenPos({place.x, place.y});
  const bool pressed =
      ImGui::InvisibleButton("##map", {std::max(place.w, 1.0f), std::max(std::min(rows * size, place.h), 1.0f)});
  const auto id = ImGui::GetItemID();
  const bool hovered = ImGui::IsItemHovered();
  at_ = std::min(at_, n - 1);
  const std::string value = words(at_);
  const double last = static_cast<double>(n - 1), now = static_cast<double>(at_);
  frame.mirror.annotate({.role = Role::kSlider, .name = "map of pageblocks", .value = value, .range = {0, last, now}});
  keys(frame, id, columns);
  if (pressed || hovered) {
    const ImVec2 p = ImGui::GetIO().MousePos;
    const auto column = static_cast<std::size_t>(std::max(p.x - place.x, 0.0f) / size);
    const auto at = static_cast<std::size_t>(std::max(p.y - place.y, 0.0f) / size) * columns + column;
    if (column < columns && at < n) {
      if (pressed) choose(at);
      const u64 first = std::max(map_.first_of(at), map_.start), end = std::min(map_.first_of(at + 1), map_.end);
      const unsigned shift = desk_.lab->state().arch->page_shift;
      desk_.point(concat("pageblock[", hex_text(first), "]"), words(at), first << shift, end << shift);
    }
  }
  for (std::size_t i = 0; i < n; ++i) cell(frame, rect(i), i);
  // A letter where a run of one type begins: the colour alone does not say it.
  for (std::size_t i = 0; size >= letter_cell * s && i < n; ++i) {
    const PageblockCell &c = map_.cells[i];
    if (c.all() == 0 || (i % columns != 0 && map_.cells[i - 1].all() != 0 && map_.cells[i - 1].most() == c.most()))
      continue;
    const float share = static_cast<float>(c.free) / static_cast<float>(c.all());
    const Color fill = mix(type_color(theme, c.most()), theme.hole, 0.65f * share);
    put_label(frame, list, rect(i), fill, letter(c.most()), 9);
  }
  // What the step claimed.
  for (const PageblockChange &change : desk_.lab->changes().pageblocks) {
    if (change.end <= map_.start || change.first >= map_.end) continue;
    const std::size_t first = map_.cell_of(std::max(change.first, map_.start)),
                      end = map_.cell_of(std::min(change.end, map_.end) - 1);
    for (std::size_t i = first; i <= end && i < first + 64; ++i)
      frame_of(list, rect(i), 1, theme.accent, 2, size::outline);
  }
  if (desk_.selection && desk_.selection->end > desk_.selection->base) {
    const u64 pfn = desk_.selection->base >> desk_.lab->state().arch->page_shift;
    if (pfn >= map_.start && pfn < map_.end) frame_selected(frame, list, rect(map_.cell_of(pfn)));
  }
}

void PageblocksPanel::keys(Frame &frame, unsigned id, std::size_t columns) {
  if (frame.focused != id) return;
  const std::size_t n = map_.cells.size();
  const auto pressed = [](ImGuiKey key) { return ImGui::IsKeyPressed(key); };
  std::size_t to = at_;
  if (pressed(ImGuiKey_RightArrow)) to = std::min(at_ + 1, n - 1);
  if (pressed(ImGuiKey_LeftArrow)) to = at_ - (at_ > 0);
  if (pressed(ImGuiKey_DownArrow)) to = std::min(at_ + columns, n - 1);
  if (pressed(ImGuiKey_UpArrow)) to = at_ >= columns ? at_ - columns : at_;
  if (pressed(ImGuiKey_Home)) to = 0;
  if (pressed(ImGuiKey_End)) to = n - 1;
  if (to != at_) choose(to);
}

void PageblocksPanel::cell(Frame &frame, const Rect &r, std::size_t i) const {
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const PageblockCell &c = map_.cells[i];
  const u64 all = c.all();
  if (all == 0) {
    paint(list, r, frame.theme.hole);
    return;
  }
  const float share = std::min(static_cast<float>(c.free) / static_cast<float>(all), 1.0f);
  float x = r.x;
  for (unsigned t = 0; t < migratetype_count; ++t) {
    if (c.pages[t] == 0) continue;
    const float w = r.w * static_cast<float>(c.pages[t]) / static_cast<float>(all);
    paint(list, {x, r.y, std::max(w, 1.0f), r.h}, mix(type_color(frame.theme, t), frame.theme.hole, 0.65f * share));
    x += w;
  }
}

/// A bar for each order: how much of what is free cannot serve it.
void PageblocksPanel::indices(Frame &frame, float &y, float width, float height) {
  const Theme &theme = frame.theme;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const float s = frame.scale;
  const zone &z = zone_in(desk_, where_);
  const FreeBlocks f = free_blocks(z);
  const auto orders = static_cast<unsigned>(desk_.lab->state().pages.rules().max_order.v) + 1;
  const std::string_view name = desk_.lab->state().arch->zones[where_.zid].name;
  const std::optional<unsigned> largest = f.largest();
  const std::string head = largest ? concat("unusable by order; largest free ", *largest) : "nothing is free";
  put_fitting(frame, list, frame.area.x, y, width, theme.dim, head, 11);
  y += 16 * s;
  const float each = width / static_cast<float>(orders), tall = std::max(height - 34 * s, 12 * s);
  for (unsigned o = 0; o < orders; ++o) {
    const unsigned unusable = unusable_free_index(f, o);
    const int extfrag = fragmentation_index(f, o);
    const Rect bar{frame.area.x + each * static_cast<float>(o), y, each - 3 * s, tall};
    const bool pressed = press_area({bar.x, bar.y, bar.w, tall + 16 * s}, "##order", o);
    const std::string text =
        concat("order ", o, ": unusable ", thousandths(static_cast<int>(unusable)), ", extfrag ", thousandths(extfrag));
    frame.mirror.annotate({.role = Role::kButton, .name = text});
    const std::string path = concat("node[", where_.nid, "].zone[", name, "].free_area[", o, "]");
    if (pressed) desk_.select(path, text, 0, 0);
    paint(list, bar, theme.hole, 2);
    const float h = tall * static_cast<float>(unusable) / 1000;
    // Where a request would fail now, the bar says why: hatched for fragmentation, plain for lack of memory.
    const bool fails = extfrag >= 0;
    if (h > 0)
      fill_rect(list, theme, {bar.x, bar.y + tall - h, bar.w, h},
                {fails ? theme.differs : theme.misc, fails && extfrag >= 500 ? Pattern::hatch : Pattern::plain}, 2);
    if (ImGui::IsItemHovered() || desk_.selected(path)) frame_of(list, bar, 1, theme.ink, 3);
    const std::string number = concat(o);
    put_text(frame, list, bar.x + (bar.w - text_width(frame, number, 11)) / 2, y + tall + 1,
             fails ? theme.differs : theme.dim, number, 11);
  }
  y += tall + 18 * s;
}

void PageblocksPanel::curve(Frame &frame, const Rect &place) {
  const Theme &theme = frame.theme;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const float s = frame.scale;
  if (!history_) history_ = std::make_unique<FragmentationHistory>(*desk_.lab);
  const bool through = history_->advance(events_a_frame);
  if (!through) frame.animate();
  const auto &samples = history_->samples();
  const std::size_t index = FragmentationHistory::zone_index(where_.nid, where_.zid);
  const auto order = desk_.lab->state().pages.rules().pageblock_order.v;
  const Rect r{place.x, place.y + 16 * s, place.w, place.h - 18 * s};
  paint(list, r, theme.hole, 3);
  u64 first = 0;
  for (const auto &sample : samples)
    if (index < sample.unusable.size() && sample.unusable[index] != FragmentationHistory::no_value) {
      first = sample.call;
      break;
    }
  const u64 last = std::max(desk_.lab->size(), first + 1);
  const auto x_of = [&](u64 call) {
    return r.x + r.w * static_cast<float>(static_cast<double>(call - first) / static_cast<double>(last - first));
  };
  const auto y_of = [&](unsigned value) { return r.y + 2 + (r.h - 4) * (1 - static_cast<float>(value) / 1000); };
  std::vector<ImVec2> points;
  for (const auto &sample : samples)
    if (sample.call >= first && index < sample.unusable.size() &&
        sample.unusable[index] != FragmentationHistory::no_value)
      points.push_back({x_of(sample.call), y_of(sample.unusable[index])});
  list.AddPolyline(points.data(), static_cast<int>(points.size()), theme.ink, 0, 1.5f);
  const u64 now = desk_.lab->position().call;
  const unsigned unusable = unusable_free_index(free_blocks(zone_in(desk_, where_)), static_cast<unsigned>(order));
  const std::string text =
      concat("order ", order, " over the calls: ", thousandths(static_cast<int>(unusable)), " now");
  put_fitting(frame, list, place.x, place.y, place.w, theme.dim, text, 11);
  if (now >= first && first != 0) {
    const float x = frame.snap(x_of(std::min(now, last)));
    list.AddLine({x, r.y}, {x, r.y + r.h}, theme.accent, 1);
    list.AddCircleFilled({x, y_of(unusable)}, 3, theme.accent);
  }
  frame.mirror.item(ImGui::GetID("curve"), place, {.role = Role::kPicture, .name = text});
}

} // namespace

std::unique_ptr<Panel> make_pageblocks_panel(Desk &desk) { return std::make_unique<PageblocksPanel>(desk); }

} // namespace mmscope::canvas
