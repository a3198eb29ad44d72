// buddy: free_area[order].free_list[migratetype] of one zone as a matrix, and the first blocks of one list in list order.
//
//   (DMA) (DMA32)
//        Unmovable  Movable  Reclaimable
//   10       ·         58        ·
//    …
//   order 10 Movable   head → 0x4800 0x4c00 0x5000 …
#include <algorithm>
#include <array>
#include <string>

#include "base/text.hpp"
#include "base/units.hpp"
#include "canvas/lab_app.hpp"
#include "canvas/panels/panels.hpp"
#include "canvas/widgets/paint.hpp"

namespace mmscope::canvas {
namespace {

constexpr float row_pitch = 19;

struct Cell {
  unsigned order = 0;
  unsigned type = 0;
  friend bool operator==(const Cell &, const Cell &) = default;
};

class BuddyPanel final : public Panel {
public:
  explicit BuddyPanel(Desk &desk) : desk_(desk) {}
  const char *id() const override { return "buddy"; }
  const char *title() const override { return "buddy  free_area[order]"; }
  void draw(Frame &frame) override;

private:
  struct Where {
    i32 nid = 0;
    unsigned zid = 0;
    friend bool operator==(const Where &, const Where &) = default;
  };
  Where pick(Frame &frame, float &y);
  void matrix(Frame &frame, Where where, float &y, float bottom);
  void blocks(Frame &frame, Where where, float y);

  Desk &desk_;
  std::optional<Where> chosen_zone_;
  std::optional<Cell> chosen_;
};

void BuddyPanel::draw(Frame &frame) {
  if (!desk_.lab) return;
  float y = frame.area.y;
  const Where where = pick(frame, y);
  const float list_height = 66 * frame.scale;
  matrix(frame, where, y, frame.area.y + frame.area.h - list_height);
  blocks(frame, where, y);
}

BuddyPanel::Where BuddyPanel::pick(Frame &frame, float &y) {
  const System &s = desk_.lab->state();
  ImDrawList &list = *ImGui::GetWindowDrawList();
  std::vector<Where> all;
  Where most;
  u64 pages = 0;
  const bool many = s.pages.nodes().size() > 1;
  for (const pglist_data &node : s.pages.nodes())
    for (unsigned z = 0; z < std::min<std::size_t>(s.arch->zones.size(), max_zone_types); ++z) {
      if (!node.zones[z].populated()) continue;
      all.push_back({node.nid, z});
      if (node.zones[z].present_pages > pages) {
        pages = node.zones[z].present_pages;
        most = all.back();
      }
    }
  Where where = most;
  if (chosen_zone_ && std::find(all.begin(), all.end(), *chosen_zone_) != all.end()) where = *chosen_zone_;
  if (all.empty()) {
    put_fitting(frame, list, frame.area.x, y, frame.area.w, frame.theme.dim, "no zones until free_area_init",
                size::mono_small);
  }
  constexpr int most_lines = 3; // the matrix needs room too; the tables below have all zones
  int line = 0;
  float x = frame.area.x;
  const float s1 = frame.scale, h = 20 * s1;
  for (const Where &w : all) {
    const std::string_view zone = s.arch->zones[w.zid].name;
    const std::string label = many ? concat(w.nid, ":", zone) : std::string(zone);
    const float width = text_width(frame, label, size::mono_small) + 16 * s1;
    if (x + width > frame.area.x + frame.area.w) {
      x = frame.area.x;
      if (++line == most_lines) break;
      y += h + 2 * s1;
    }
    ImGui::SetCursorScreenPos({x, y - 3 * s1});
    ImGui::PushID(w.nid);
    ImGui::PushID(static_cast<int>(w.zid));
    if (ImGui::InvisibleButton("##pick", {width, h})) chosen_zone_ = where = w;
    ImGui::PopID();
    ImGui::PopID();
    const bool on = w == where;
    const std::string name = concat("free lists of node ", w.nid, " zone ", zone);
    frame.mirror.annotate({.role = Role::kRadio, .name = name, .checked = on});
    if (on) list.AddRectFilled({x, y - 3 * s1}, {x + width, y - 3 * s1 + h}, frame.theme.hole, 5);
    list.AddRectFilled({x + 6 * s1, y + h - 8 * s1}, {x + width - 6 * s1, y + h - 6 * s1},
                       on ? zone_color(frame.theme, zone) : frame.theme.hole);
    put_text(frame, list, x + 8 * s1, middle(frame, y - 5 * s1, h, size::mono_small),
             on ? frame.theme.ink : frame.theme.dim, label, size::mono_small);
    x += width + 4 * s1;
  }
  y += h + 4 * s1;
  return where;
}

void BuddyPanel::matrix(Frame &frame, Where where, float &y, float bottom) {
  const Lab &lab = *desk_.lab;
  const System &s = lab.state();
  const Theme &theme = frame.theme;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const bool real = !s.pages.nodes().empty() && static_cast<std::size_t>(where.nid) < s.pages.nodes().size();
  const zone empty{};
  const zone &z = real ? s.pages.zone_of(where.nid, where.zid) : empty;
  const auto max_order = static_cast<unsigned>(s.pages.rules().max_order.v);

  // The three types that every machine has; others once they hold something.
  std::array<unsigned, migratetype_count> types{};
  unsigned n = 0;
  for (unsigned t = 0; t < migratetype_count; ++t) {
    u64 blocks = 0;
    for (const free_area &area : z.areas) blocks += area.free_list[t].nr;
    if (t < 3 || blocks != 0) types[n++] = t;
  }

  const float scale = frame.scale, gap = 6 * scale, label = 22 * scale;
  const float width = (frame.area.w - label - gap * static_cast<float>(n - 1)) / static_cast<float>(n);
  for (unsigned i = 0; i < n; ++i) {
    const std::string_view name = migratetype_name(static_cast<migratetype>(types[i]));
    const float x = frame.area.x + label + static_cast<float>(i) * (width + gap);
    const float w = std::min(text_width(frame, name, 11), width);
    put_fitting(frame, list, x + (width - w) / 2, y, width, theme.dim, name, 11);
  }
  y += 17 * scale;

  const float pitch =
      std::min(row_pitch * scale, std::max((bottom - y) / static_cast<float>(max_order + 1), 9 * scale));
  std::optional<Cell> largest, newest;
  for (unsigned row = 0; row <= max_order; ++row) {
    const unsigned order = max_order - row;
    const float top = y + static_cast<float>(row) * pitch;
    put_right(frame, list, frame.area.x + label - 8 * scale, middle(frame, top, pitch - 3 * scale, 11), theme.dim,
              concat(order), 11);
    for (unsigned i = 0; i < n; ++i) {
      const unsigned type = types[i];
      const u64 count = z.areas[order].free_list[type].nr;
      const Rect r{frame.area.x + label + static_cast<float>(i) * (width + gap), top, width, pitch - 3 * scale};
      const bool changed = real && where.zid < max_zone_types && lab.changes().buddy[where.zid][order][type];
      const Color fill = count != 0 ? free_color(theme, order, max_order) : theme.hole;
      list.AddRectFilled({r.x, r.y}, {r.x + r.w, r.y + r.h}, fill, 3);
      const std::string text = count_text(count);
      const float w = text_width(frame, text, 11);
      put_text(frame, list, r.x + (r.w - w) / 2, middle(frame, r.y, r.h, 11), count != 0 ? on_fill(fill) : theme.dim,
               text, 11);
      if (changed) {
        list.AddRect({r.x - 1.5f, r.y - 1.5f}, {r.x + r.w + 1.5f, r.y + r.h + 1.5f}, theme.accent, 4, 0, size::outline);
        if (count != 0 && !newest) newest = Cell{order, type};
      }
      if (chosen_ == Cell{order, type})
        list.AddRect({r.x - 0.5f, r.y - 0.5f}, {r.x + r.w + 0.5f, r.y + r.h + 0.5f}, theme.ink, 3);
      if (count == 0) continue;
      if (!largest) largest = Cell{order, type};
      ImGui::SetCursorScreenPos({r.x, r.y});
      ImGui::PushID(static_cast<int>(order));
      ImGui::PushID(static_cast<int>(type));
      if (ImGui::InvisibleButton("##list", {r.w, r.h})) chosen_ = Cell{order, type};
      ImGui::PopID();
      ImGui::PopID();
      const std::string name = concat("order ", order, " ", migratetype_name(static_cast<migratetype>(type)), ": ",
                                      count, count == 1 ? " free block" : " free blocks");
      frame.mirror.annotate({.role = Role::kButton, .name = name});
    }
  }
  y += static_cast<float>(max_order + 1) * pitch + 4 * scale;
  // A list that was emptied makes room for one that has something.
  if (!chosen_ || z.areas[chosen_->order].free_list[chosen_->type].nr == 0) chosen_ = newest ? newest : largest;
}

void BuddyPanel::blocks(Frame &frame, Where where, float y) {
  const System &s = desk_.lab->state();
  const Theme &theme = frame.theme;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  if (!chosen_) {
    put_fitting(frame, list, frame.area.x, y, frame.area.w, theme.dim, "all lists empty until memblock_free_all", 11);
    return;
  }
  const auto type = static_cast<migratetype>(chosen_->type);
  const std::string_view zone = s.arch->zones[where.zid].name;
  put_fitting(frame, list, frame.area.x, y, frame.area.w, theme.dim,
              concat("order ", chosen_->order, " ", migratetype_name(type), ", head first"), 11);
  y += 16 * frame.scale;

  const float scale = frame.scale, h = 17 * scale, right = frame.area.x + frame.area.w,
              bottom = frame.area.y + frame.area.h;
  float x = frame.area.x;
  bool full = false;
  const Color fill = free_color(theme, chosen_->order, static_cast<unsigned>(s.pages.rules().max_order.v));
  s.pages.for_each_block(where.nid, where.zid, order_t{chosen_->order}, type, [&](const FreeBlock &entry) {
    for (u64 i = 0; i < entry.count && !full; ++i) {
      const u64 pfn = entry.pfn.v + (i << chosen_->order);
      const std::string text = hex_text(pfn);
      const float w = text_width(frame, text, 11) + 10 * scale;
      if (x + w > right) {
        x = frame.area.x;
        y += h + 3 * scale;
      }
      if (y + h > bottom + 6 * scale) {
        full = true;
        return;
      }
      ImGui::SetCursorScreenPos({x, y});
      ImGui::PushID(reinterpret_cast<const void *>(static_cast<std::uintptr_t>(pfn)));
      const bool pressed = ImGui::InvisibleButton("##block", {w, h});
      ImGui::PopID();
      const std::string name =
          concat("free block pfn ", text, " order ", chosen_->order, " ", migratetype_name(type), " zone ", zone);
      frame.mirror.annotate({.role = Role::kButton, .name = name});
      list.AddRectFilled({x, y}, {x + w, y + h}, fill, 3);
      if (ImGui::IsItemHovered()) list.AddRect({x - 1, y - 1}, {x + w + 1, y + h + 1}, theme.ink, 4);
      put_text(frame, list, x + 5 * scale, middle(frame, y, h, 11), on_fill(fill), text, 11);
      if (pressed) {
        const unsigned shift = s.arch->page_shift;
        desk_.select(concat("block[", text, "]"), name, pfn << shift, (pfn + (u64{1} << chosen_->order)) << shift);
        desk_.reveal_selection();
      }
      x += w + 4 * scale;
    }
  });
}

} // namespace

std::unique_ptr<Panel> make_buddy_panel(Desk &desk) { return std::make_unique<BuddyPanel>(desk); }

} // namespace mmscope::canvas
