// buddy: free_area[order].free_list[migratetype] of one zone as a matrix, and the blocks of one list in list order. A
// block that came out of merging is followed level by level.
//
//   (DMA) (DMA32)
//        Unmovable  Movable  Reclaimable
//   10       ·         58        ·
//    …
//   order 10 Movable, 58 blocks, head first          or    merged
//   0x4800 0x4c00 0x5000 …                                 order 3   0x108 + 0x100 → 0x100
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

constexpr float row_pitch = 19, ladder_height = 16;
constexpr std::size_t most_levels = 4; // of a ladder: the last ones

struct Cell {
  unsigned order = 0;
  unsigned type = 0;
  friend bool operator==(const Cell &, const Cell &) = default;
};

/// Enough of a call's last events to see what moves; one call may make thousands of requests.
std::span<const Event> latest(std::span<const Event> events) {
  constexpr std::size_t most = 2048;
  return events.last(std::min(events.size(), most));
}

class BuddyPanel final : public Panel {
public:
  explicit BuddyPanel(Desk &desk) : desk_(desk) {}
  const char *id() const override { return "buddy"; }
  const char *title() const override { return "buddy  free_area[order]"; }
  void head(Frame &frame) override { title_ = place_tabs(frame, desk_, *this); }
  void draw(Frame &frame) override;

private:
  void matrix(Frame &frame, ZoneId where, float &y, float bottom);
  void pairs(Frame &frame, float &y, float bottom);
  void fly(Frame &frame, ZoneId where);
  std::vector<BlockMove> levels() const;
  void ladder(Frame &frame, const std::vector<BlockMove> &levels, float y);
  void blocks(Frame &frame, ZoneId where, const Rect &place);

  Desk &desk_;
  Scroller all_, list_; // of a narrow canvas; of the blocks
  float height_ = 0;    // of everything, in the frame before
  Rect title_;          // where it ends is room for the zones
  std::optional<Cell> chosen_;
  std::vector<std::pair<Cell, Rect>> cells_; // of this frame
};

void BuddyPanel::draw(Frame &frame) {
  if (!desk_.lab) return;
  const bool small = narrow(frame);
  const float top = small ? all_.begin(frame, frame.area, height_, "buddy") : frame.area.y;
  float y = top;
  if (desk_.lab->state().on_pair_zones() && !desk_.lab->state().pair_zones.empty()) {
    pairs(frame, y, small ? 1e6f : frame.area.y + frame.area.h);
    if (small) {
      height_ = y - top;
      all_.end();
    }
    return;
  }
  const ZoneId where = zone_chips(frame, desk_, title_, "free lists", y);
  const auto levels = this->levels();
  const float bottom = frame.area.y + frame.area.h;
  // The matrix comes first; what is left below it is the list's.
  const float least = (17 + 12 * static_cast<float>(desk_.lab->state().pages.rules().max_order.v + 1)) * frame.scale;
  const float wanted =
      (levels.empty() ? 58 : static_cast<float>(std::min(levels.size(), most_levels) + 1) * ladder_height) *
      frame.scale;
  const float below = std::clamp(wanted, 0.0f, std::max(bottom - y - least, 0.0f));
  matrix(frame, where, y, small ? 1e6f : bottom - below);
  fly(frame, where);
  if (!small && bottom - y < 28 * frame.scale) {
    // no room for either
  } else if (!levels.empty()) {
    ladder(frame, levels, y);
    y += wanted;
  } else {
    const Rect place{frame.area.x, y, frame.area.w, small ? 4 * size::target * frame.scale : bottom - y};
    blocks(frame, where, place);
    y += place.h;
  }
  if (small) {
    height_ = y - top;
    all_.end();
  }
}

/// 2.4: a column for each zone, which has one list an order.
void BuddyPanel::pairs(Frame &frame, float &y, float bottom) {
  const System &s = desk_.lab->state();
  const Theme &theme = frame.theme;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const float scale = frame.scale, gap = 6 * scale, label = 20 * scale;
  y = put_wrapped(frame, list, frame.area.x, y, frame.area.w, theme.dim, "free blocks; pair bitmaps: see the side Page",
                  size::mono_small) +
      4 * scale;
  const auto n = static_cast<float>(s.pair_zones.size());
  const float width = (frame.area.w - (narrow(frame) ? 10 * scale : 0) - label - gap * (n - 1)) / n;
  const auto column = [&](const PairZone &z) {
    return frame.area.x + label + static_cast<float>(z.id()) * (width + gap);
  };
  unsigned orders = 0;
  for (const PairZone &z : s.pair_zones) {
    const std::string_view name = s.arch->zones[z.id()].name;
    put_fitting(frame, list, column(z) + std::max((width - text_width(frame, name, 11)) / 2, 0.0f), y, width, theme.dim,
                name, 11);
    orders = std::max(orders, z.rules().orders);
  }
  y += 17 * scale;
  const float rows = static_cast<float>(orders);
  const float pitch =
      narrow(frame) ? size::target * scale : std::clamp((bottom - y) / rows, 9 * scale, row_pitch * scale);
  for (unsigned row = 0; row < orders; ++row) {
    const unsigned order = orders - 1 - row;
    const float top = y + static_cast<float>(row) * pitch, h = pitch - (pitch > 15 * scale ? 3 : 1) * scale;
    put_right(frame, list, frame.area.x + label - 6 * scale, middle(frame, top, h, 11), theme.dim, concat(order), 11);
    for (const PairZone &z : s.pair_zones) {
      const u64 count = z.nr_free(order_t{order});
      const Rect r{column(z), top, width, h};
      Color fill = count != 0 ? free_color(theme, order, orders - 1) : theme.hole;
      if (!desk_.shows(PartKind::free_buddy)) fill = mix(theme.panel, fill, 0.28f);
      paint(list, r, fill, 3);
      const std::string text = count_text(count);
      put_text(frame, list, r.x + (r.w - text_width(frame, text, 11)) / 2, middle(frame, r.y, r.h, 11),
               count != 0 ? on_fill(fill) : theme.dim, text, 11);
      if (count == 0) continue;
      const std::string name = concat("order ", order, " ", s.arch->zones[z.id()].name, ": ", count,
                                      count == 1 ? " free block" : " free blocks");
      const std::string path = concat("node[0].zone[", s.arch->zones[z.id()].name, "].free_area[", order, "]");
      if (press_area(r, "##pairs", z.id() * max_pair_orders + order)) desk_.select(path, name, 0, 0);
      if (desk_.selected(path)) frame_selected(frame, list, r);
      frame.mirror.annotate({.role = Role::kButton, .name = name});
    }
  }
  y += rows * pitch + 4 * scale;
}

void BuddyPanel::matrix(Frame &frame, ZoneId where, float &y, float bottom) {
  const Lab &lab = *desk_.lab;
  const System &s = lab.state();
  const Theme &theme = frame.theme;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const zone &z = zone_in(desk_, where);
  const auto max_order = static_cast<unsigned>(s.pages.rules().max_order.v);

  // The three types that every machine has; others once they hold something. As wide as their names.
  std::array<unsigned, migratetype_count> types{};
  unsigned n = 0;
  std::size_t letters = 0;
  for (unsigned t = 0; t < migratetype_count; ++t) {
    u64 blocks = 0;
    for (const free_area &area : z.areas) blocks += area.free_list[t].nr;
    if (t >= 3 && blocks == 0) continue;
    types[n++] = t;
    letters += migratetype_name(static_cast<migratetype>(t)).size();
  }

  const float scale = frame.scale, gap = 6 * scale, label = 20 * scale;
  const float room = frame.area.w - (narrow(frame) ? 10 * scale : 0) - label - gap * static_cast<float>(n - 1);
  std::array<Rect, migratetype_count> columns{};
  float x = frame.area.x + label;
  for (unsigned i = 0; i < n; ++i) {
    const std::string_view name = migratetype_name(static_cast<migratetype>(types[i]));
    const float width = room * static_cast<float>(name.size()) / static_cast<float>(letters);
    columns[i] = {x, y, width, 0};
    const float w = std::min(text_width(frame, name, 11), width);
    put_fitting(frame, list, x + (width - w) / 2, y, width + 1, theme.dim, name, 11);
    x += width + gap;
  }
  y += 17 * scale;

  const float rows = static_cast<float>(max_order + 1);
  const float pitch =
      narrow(frame) ? size::target * scale : std::clamp((bottom - y) / rows, 9 * scale, row_pitch * scale);
  const bool dimmed = !desk_.shows(PartKind::free_buddy);
  std::optional<Cell> largest, newest;
  cells_.clear();
  for (unsigned row = 0; row <= max_order; ++row) {
    const unsigned order = max_order - row;
    const float top = y + static_cast<float>(row) * pitch, h = pitch - (pitch > 15 * scale ? 3 : 1) * scale;
    put_right(frame, list, frame.area.x + label - 6 * scale, middle(frame, top, h, 11), theme.dim, concat(order), 11);
    for (unsigned i = 0; i < n; ++i) {
      const Cell cell{order, types[i]};
      const u64 count = z.areas[order].free_list[cell.type].nr;
      const Rect r{columns[i].x, top, columns[i].w, h};
      cells_.emplace_back(cell, r);
      const bool changed = lab.changes().buddy[where.zid][order][cell.type];
      Color fill = count != 0 ? free_color(theme, order, max_order) : theme.hole;
      if (dimmed) fill = mix(theme.panel, fill, 0.28f);
      paint(list, r, fill, 3);
      const std::string text = count_text(count);
      const float w = text_width(frame, text, 11);
      put_text(frame, list, r.x + (r.w - w) / 2, middle(frame, r.y, r.h, 11), count != 0 ? on_fill(fill) : theme.dim,
               text, 11);
      if (changed) {
        frame_of(list, r, 1.5f, theme.accent, 4, size::outline);
        if (count != 0 && !newest) newest = cell;
      }
      if (chosen_ == cell) frame_of(list, r, 0.5f, theme.ink, 3);
      if (count == 0) continue;
      if (!largest) largest = cell;
      if (press_area(r, "##list", order * migratetype_count + cell.type)) chosen_ = cell;
      const std::string name = concat("order ", order, " ", migratetype_name(static_cast<migratetype>(cell.type)), ": ",
                                      count, count == 1 ? " free block" : " free blocks");
      frame.mirror.annotate({.role = Role::kButton, .name = name});
    }
  }
  y += rows * pitch + 4 * scale;
  // A list that was emptied makes room for one that has something.
  if (!chosen_ || z.areas[chosen_->order].free_list[chosen_->type].nr == 0) chosen_ = newest ? newest : largest;
}

/// Blocks are seen on their way: those that joined a list fly there from where they lie in memory, a half from the block
/// that was cut, two buddies become one, a stolen block goes over to the other type.
void BuddyPanel::fly(Frame &frame, ZoneId where) {
  const float t = desk_.motion();
  if (t >= 1) return;
  const Lab &lab = *desk_.lab;
  const System &s = lab.state();
  const auto max_order = static_cast<unsigned>(s.pages.rules().max_order.v), shift = s.arch->page_shift;
  ImDrawList &list = *ImGui::GetForegroundDrawList();
  const auto events = latest(lab.events());
  const auto moves = block_moves(events);
  // Inside a call the step is its last event; of a whole call the last blocks stand for all.
  const std::size_t first = lab.inside() && !events.empty() ? events.size() - 1 : 0;
  const auto cell = [&](unsigned order, unsigned type) {
    const auto c = std::find_if(cells_.begin(), cells_.end(), [&](const auto &at) {
      return at.first == Cell{order, type};
    });
    return c == cells_.end() ? Rect{} : c->second;
  };
  const auto draw = [&](const Rect &a, const Rect &b, unsigned order) {
    if (a.empty() || b.empty()) return;
    const auto between = [&](float p, float q) { return p + (q - p) * t; };
    const Rect r{between(a.x, b.x), between(a.y, b.y), between(a.w, b.w), between(a.h, b.h)};
    paint(list, r, free_color(frame.theme, order, max_order), 3);
    frame_of(list, r, 0, frame.theme.accent, 3);
  };
  std::size_t left = 12;
  for (std::size_t i = moves.size(); i-- > 0 && left > 0;) {
    const BlockMove &m = moves[i];
    if (m.event < first || m.nid != where.nid || m.zid != where.zid || m.kind > BlockMove::retyped) continue;
    --left;
    const Rect to = cell(m.order, m.type);
    if (m.kind == BlockMove::half) {
      const Rect whole = cell(m.from_order, m.type);
      draw({whole.x + whole.w / 2, whole.y, whole.w / 2, whole.h}, to, m.order);
    } else if (m.kind == BlockMove::merge) {
      const Rect one = cell(m.order + 1, m.type);
      draw({to.x, to.y, to.w / 2, to.h}, {one.x, one.y, one.w / 2, one.h}, m.order);
      draw({to.x + to.w / 2, to.y, to.w / 2, to.h}, {one.x + one.w / 2, one.y, one.w / 2, one.h}, m.order);
    } else if (m.kind == BlockMove::retyped) {
      draw(cell(m.order, m.from_type), to, m.order);
    } else if (!desk_.memory_row.empty()) {
      const Event &e = events[m.event];
      const Columns strip(frame, list, desk_.memory_row, desk_.axis);
      draw(strip.place(static_cast<double>(e.f[4] << shift),
                       static_cast<double>((e.f[4] + (e.f[5] << e.f[2])) << shift), 6),
           to, m.order);
    }
  }
}

/// The merges that the block which is being freed has gone through, or the halves that one which is taken has left, as
/// long as one watches from inside the call.
std::vector<BlockMove> BuddyPanel::levels() const {
  const Lab &lab = *desk_.lab;
  if (!lab.inside()) return {};
  const auto all = lab.events(), events = latest(all);
  auto moves = block_moves(events);
  std::size_t end = events.size();
  if (!moves.empty() && moves.back().kind == BlockMove::joins && moves.back().event + 1 == end) {
    moves.pop_back();
    --end;
  }
  if (moves.empty() || (moves.back().kind != BlockMove::merge && moves.back().kind != BlockMove::half)) return {};
  const auto goes_on = [](EventKind k) { return k == EventKind::lab_free_list_del || k == EventKind::lab_buddy_split; };
  for (std::size_t i = moves.back().event + 1; i < end; ++i)
    if (!goes_on(events[i].kind)) return {}; // that is over
  std::size_t first = moves.size() - 1;
  for (; first > 0; --first) {
    const BlockMove &m = moves[first], &before = moves[first - 1];
    const bool same = m.kind == BlockMove::merge ? m.event - before.event == 2 : m.from == before.from;
    if (before.kind != m.kind || !same) break;
  }
  moves.erase(moves.begin(), moves.begin() + static_cast<std::ptrdiff_t>(first));
  for (BlockMove &m : moves) m.event += all.size() - events.size();
  return moves;
}

void BuddyPanel::ladder(Frame &frame, const std::vector<BlockMove> &levels, float y) {
  const Lab &lab = *desk_.lab;
  const unsigned shift = lab.state().arch->page_shift;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const float h = ladder_height * frame.scale;
  const std::size_t hidden = levels.size() > most_levels ? levels.size() - most_levels : 0;
  const bool merged = levels.front().kind == BlockMove::merge;
  const std::string head =
      merged ? concat("merged ", levels.size(), levels.size() == 1 ? " time" : " times", ", from small to large")
             : concat("order ", levels.front().from_order, " at ", hex_text(levels.front().from),
                      " is cut: upper halves go back");
  put_fitting(frame, list, frame.area.x, y, frame.area.w, frame.theme.dim, head, 11);
  for (std::size_t i = hidden; i < levels.size(); ++i) {
    y += h;
    const BlockMove &m = levels[i];
    const u64 parent = std::min(m.pfn, m.from);
    const std::string text =
        merged ? concat("order ", m.order, "  ", hex_text(m.pfn), " + ", hex_text(m.from), " → ", hex_text(parent))
               : concat("order ", m.order, "  ", hex_text(m.pfn), " → free list");
    const bool last = i + 1 == levels.size();
    const bool pressed = press_area({frame.area.x, y, frame.area.w, h}, "##merge", i);
    const std::string spoken = merged ? concat("merge of order ", m.order, ": ", hex_text(m.pfn), " and its buddy ",
                                               hex_text(m.from), " become ", hex_text(parent))
                                      : concat("half of order ", m.order, " at ", hex_text(m.pfn), " goes back");
    frame.mirror.annotate({.role = Role::kButton, .name = spoken});
    // A rung is as far in as its order is high.
    const float x = frame.area.x + 4 * frame.scale * static_cast<float>(i - hidden);
    list.AddRectFilled({x, y + 3}, {x + 2, y + h - 3}, last ? frame.theme.accent : frame.theme.free);
    put_fitting(frame, list, x + 8 * frame.scale, middle(frame, y, h, 11), frame.area.w - 10 * frame.scale,
                last ? frame.theme.ink : frame.theme.dim, text, 11);
    const u64 base = (merged ? parent : m.pfn) << shift, bytes = u64{1} << (m.order + (merged ? 1 : 0) + shift);
    if (pressed) desk_.select(concat("event[", *lab.call(), ".", m.event, "]"), spoken, base, base + bytes);
    if (ImGui::IsItemHovered()) desk_.point("", spoken, base, base + bytes);
  }
}

void BuddyPanel::blocks(Frame &frame, ZoneId where, const Rect &place) {
  const System &s = desk_.lab->state();
  const Theme &theme = frame.theme;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  if (!chosen_) {
    put_wrapped(frame, list, place.x, place.y, place.w, theme.dim,
                s.era->boot_allocator == BootAllocator::bootmem ? "all lists empty until free_all_bootmem"
                                                                : "all lists empty until memblock_free_all",
                11);
    return;
  }
  const auto type = static_cast<migratetype>(chosen_->type);
  const unsigned order = chosen_->order, shift = s.arch->page_shift;
  const std::string_view zone = s.arch->zones[where.zid].name;
  const u64 count = s.pages.zone_of(where.nid, where.zid).areas[order].free_list[chosen_->type].nr;
  const float scale = frame.scale, pitch = (narrow(frame) ? size::target : 20) * scale;

  // All chips are as wide as the largest number, so that the one at a place can be computed.
  const std::string widest = hex_text(s.pages.map().end().v);
  const float width = text_width(frame, widest, 11) + 10 * scale, step = width + 4 * scale;
  const auto per_line = std::max<u64>(static_cast<u64>((place.w - 10 * scale) / step), 1);
  const u64 lines = (count + per_line - 1) / per_line;
  const float head = 16 * scale;
  const Rect rows{place.x, place.y + head, place.w, place.h - head};
  const float top = list_.begin(frame, rows, static_cast<float>(lines) * pitch, "blocks of the list");
  list_.end();
  const auto first = static_cast<u64>(std::max((rows.y - top) / pitch, 0.0f)) * per_line;
  const u64 shown = (static_cast<u64>(std::max(rows.h, 0.0f) / pitch) + 1) * per_line;
  const u64 last = std::min(first + shown, count);
  std::string title = concat("order ", order, " ", migratetype_name(type), ", ", count_text(count),
                             count == 1 ? " block" : " blocks", ", head first");
  if (last - first < count)
    title = concat("order ", order, " ", migratetype_name(type), ", ", first + 1, "–", last, " of ", count_text(count),
                   " from head");
  put_fitting(frame, list, place.x, place.y, place.w, theme.dim, title, 11);

  ImGui::PushClipRect({rows.x - 3, rows.y - 2}, {rows.x + rows.w, rows.y + rows.h + 4}, true);
  const Color fill = free_color(theme, order, static_cast<unsigned>(s.pages.rules().max_order.v));
  const auto &pointed = desk_.pointed() ? desk_.pointed() : desk_.selection;
  u64 buddy = ~u64{0};
  if (pointed && pointed->path.starts_with("block[")) {
    const u64 size = (pointed->end - pointed->base) >> shift;
    buddy = (pointed->base >> shift) ^ size;
  }
  u64 at = 0; // place in the list
  s.pages.for_each_block(where.nid, where.zid, order_t{order}, type, [&](const FreeBlock &entry) {
    const u64 from = at;
    at += entry.count;
    for (u64 i = std::max(from, first); i < std::min(at, last); ++i) {
      const u64 pfn = entry.pfn.v + ((i - from) << order);
      const Rect r{rows.x + static_cast<float>(i % per_line) * step, top + static_cast<float>(i / per_line) * pitch,
                   width, pitch - 3 * scale};
      const std::string text = hex_text(pfn), path = concat("block[", text, "]");
      const bool pressed = press_area(r, "##block", pfn);
      const bool hovered = ImGui::IsItemHovered();
      const std::string name =
          concat("free block pfn ", text, " order ", order, " ", migratetype_name(type), " zone ", zone);
      frame.mirror.annotate({.role = Role::kButton, .name = name});
      paint(list, r, fill, 3);
      put_label(frame, list, r, fill, text, 11);
      if (desk_.selected(path))
        frame_selected(frame, list, {r.x + 1, r.y + 1, r.w - 2, r.h - 2});
      else if (hovered || pfn == buddy)
        frame_of(list, r, 1, hovered ? theme.ink : theme.accent, 4, 2);
      const u64 base = pfn << shift, end = base + (u64{1} << (order + shift));
      if (hovered) desk_.point(path, name, base, end);
      if (pressed) {
        desk_.select(path, name, base, end);
        desk_.reveal_selection();
      }
    }
  });
  ImGui::PopClipRect();
}

} // namespace

std::unique_ptr<Panel> make_buddy_panel(Desk &desk) { return std::make_unique<BuddyPanel>(desk); }

} // namespace mmscope::canvas
