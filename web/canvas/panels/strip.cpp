// The address strip: physical memory from left to right, what each layer of the kernel thinks of it from top to bottom.
//
//   1 GiB     [minimap .......................[view]..]
//             0x3c000000      0x3d000000     …
//   e820      [usable ..............................]
//   memory    [memory[1] ...........................]
//   reserved        [mem_map][log buffer][initrd]
//   sections  [7 ...................................]
//   zones     [DMA32 ...............................]
//   pages     [free ......][PG_reserved ............]
#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "base/text.hpp"
#include "base/units.hpp"
#include "canvas/lab_app.hpp"
#include "canvas/panels/panels.hpp"
#include "canvas/widgets/paint.hpp"

namespace mmscope::canvas {
namespace {

constexpr std::array<const char *, layer_count> layer_names = {"e820",     "memory", "reserved",
                                                               "sections", "zones",  "pages"};

constexpr float minimap_height = 18, row_height = 22, row_pitch = 30, first_row = 68;
constexpr std::size_t most_controls = 40; // of one row: more could not be told apart, the tables have them all
constexpr float least_control = 3;        // pixels

/// Something under the pointer.
struct Hit {
  std::string name;
  u64 base = 0, end = 0;
};

class StripPanel final : public Panel {
public:
  explicit StripPanel(Desk &desk) : desk_(desk) {}
  const char *id() const override { return "strip"; }
  const char *title() const override { return "address strip"; }
  bool card() const override { return false; }
  void draw(Frame &frame) override;

private:
  struct Row;
  void layers(Frame &frame, const Rect &area);
  void firmware(Row &row);
  void memory(Row &row);
  void reserved(Row &row);
  void sections(Row &row);
  void zones(Row &row);
  void pages(Row &row);
  void changed(Frame &frame, const Rect &area);
  void minimap(Frame &frame, const Rect &area);
  void grid(Frame &frame, const Rect &area);
  void steer(Frame &frame, const Rect &area, std::uint32_t id);
  void explain(Frame &frame);

  Desk &desk_;
  std::optional<Hit> hit_;
  bool clicked_ = false;
};

/// One layer while it is being drawn.
struct StripPanel::Row {
  StripPanel &panel;
  Frame &frame;
  ImDrawList &list;
  Layer layer;
  Rect area;
  Columns columns;
  std::size_t controls = 0;
  bool empty = true;

  const Axis &axis() const { return panel.desk_.axis; }
  bool in_view(u64 base, u64 end) const {
    return static_cast<double>(end) > axis().from() && static_cast<double>(base) < axis().to();
  }

  void add(u64 base, u64 end, const Fill &fill, const std::string &label, const std::string &name) {
    empty = false;
    if (!in_view(base, end)) return;
    columns.add(base, end, fill);
    const Rect at = columns.place(static_cast<double>(base), static_cast<double>(end));
    if (at.w > 24 * frame.scale && !label.empty()) {
      const Color ink = fill.pattern == Pattern::outline ? frame.theme.dim : on_fill(fill.color);
      const float y = middle(frame, at.y, at.h, size::mono_small);
      const float inset = 8 * frame.scale;
      const float width = std::min(text_width(frame, label, size::mono_small), at.w - 2 * inset);
      if (fill.pattern != Pattern::plain && fill.pattern != Pattern::outline && at.w - 2 * inset > 20)
        list.AddRectFilled({at.x + inset - 3, at.y + 3}, {at.x + inset + width + 3, at.y + at.h - 3}, fill.color, 2);
      put_fitting(frame, list, at.x + inset, y, at.w - 2 * inset, ink, label, size::mono_small);
    }
    point(at, base, end, name);
  }

  /// Makes a place known to pointer, keyboard and screen reader.
  void point(const Rect &at, u64 base, u64 end, const std::string &name) {
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    const float reach = std::max(0.0f, (3 - at.w) / 2);
    if (mouse.x >= at.x - reach && mouse.x < at.x + at.w + reach && mouse.y >= at.y && mouse.y < at.y + at.h)
      panel.hit_ = Hit{name, base, end};
    if (at.w < least_control || controls >= most_controls) return;
    ++controls;
    ImGui::PushID(static_cast<int>(layer));
    ImGui::PushID(static_cast<int>(base >> 32));
    const auto item = ImGui::GetID(reinterpret_cast<const void *>(static_cast<std::uintptr_t>(base & 0xffffffff)));
    ImGui::PopID();
    ImGui::PopID();
    const std::string range = concat(range_text(base, end - base), ", ", bytes_text(end - base));
    frame.mirror.item(item, at, {.role = Role::kButton, .name = name, .description = range});
  }

  void why_empty(std::string_view why) {
    list.AddRectFilled({area.x, area.y}, {area.x + area.w, area.y + area.h}, frame.theme.background);
    list.AddRect({area.x + 0.5f, area.y + 0.5f}, {area.x + area.w - 0.5f, area.y + area.h - 0.5f}, frame.theme.line, 3);
    put_fitting(frame, list, area.x + 8 * frame.scale, middle(frame, area.y, area.h, size::mono_small),
                area.w - 16 * frame.scale, frame.theme.dim, why, size::mono_small);
  }
};

void StripPanel::draw(Frame &frame) {
  if (!desk_.lab) return;
  hit_.reset();
  clicked_ = false;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const Rect all = frame.area;
  const float s = frame.scale;
  const bool narrow = all.w < 600 * s;
  const float margin = (narrow ? 8 : 16) * s, names = (narrow ? 68 : 84) * s;
  const Rect area{all.x + margin + names, all.y, all.w - 2 * margin - names, all.h};

  minimap(frame, {area.x, all.y + 10 * s, area.w, minimap_height * s});
  put_text(frame, list, all.x + margin, middle(frame, all.y + 10 * s, minimap_height * s, size::mono_small),
           frame.theme.dim, bytes_text(desk_.axis.whole()), size::mono_small);

  const Rect rows{area.x, all.y + first_row * s, area.w, (layer_count - 1) * row_pitch * s + row_height * s};
  ImGui::SetCursorScreenPos({rows.x, rows.y - 22 * s});
  ImGui::InvisibleButton("##address strip", {std::max(rows.w, 1.0f), rows.h + 26 * s});
  const auto id = ImGui::GetItemID();
  const Axis &axis = desk_.axis;
  const std::string view = concat(range_text(static_cast<u64>(axis.from()), static_cast<u64>(axis.span())), ", ",
                                  bytes_text(static_cast<u64>(axis.span())));
  frame.mirror.annotate({.role = Role::kSlider,
                         .name = "address strip, part in view",
                         .value = view,
                         .range = {0, static_cast<double>(axis.whole()), axis.from()}});
  clicked_ = ImGui::IsItemHovered() && ImGui::IsMouseReleased(ImGuiMouseButton_Left) &&
             ImGui::GetMouseDragDelta(ImGuiMouseButton_Left).x == 0;
  const bool hovered = ImGui::IsItemHovered();
  steer(frame, rows, id);
  grid(frame, rows);
  for (unsigned i = 0; i < layer_count; ++i)
    put_text(frame, list, all.x + margin,
             middle(frame, rows.y + static_cast<float>(i) * row_pitch * s, row_height * s, size::mono_small),
             frame.theme.dim, layer_names[i], size::mono_small);
  layers(frame, rows);
  changed(frame, rows);
  if (!hovered) hit_.reset();
  if (clicked_) {
    if (hit_)
      desk_.selection = Selection{hit_->name, hit_->base, hit_->end};
    else
      desk_.selection.reset();
  }
  explain(frame);
}

void StripPanel::layers(Frame &frame, const Rect &area) {
  ImDrawList &list = *ImGui::GetWindowDrawList();
  constexpr std::array<std::string_view, layer_count> why = {"empty: the firmware's map is not read yet",
                                                             "empty: e820__memblock_setup fills it",
                                                             "empty: nothing is reserved yet",
                                                             "none present: sparse_init makes them",
                                                             "none: free_area_init sets them up",
                                                             "no struct page yet"};
  for (unsigned i = 0; i < layer_count; ++i) {
    const Rect place{area.x, area.y + static_cast<float>(i) * row_pitch * frame.scale, area.w,
                     row_height * frame.scale};
    Row row{*this, frame, list, static_cast<Layer>(i), place, Columns(frame, list, place, desk_.axis)};
    switch (row.layer) {
    case Layer::firmware: firmware(row); break;
    case Layer::memory: memory(row); break;
    case Layer::reserved: reserved(row); break;
    case Layer::sections: sections(row); break;
    case Layer::zones: zones(row); break;
    case Layer::pages: pages(row); break;
    }
    row.columns.finish();
    if (row.empty) row.why_empty(why[i]);
  }
}

void StripPanel::firmware(Row &row) {
  for (const e820_entry &e : desk_.lab->state().e820.entries) {
    const std::string_view type = e820_type_name(e.type);
    const Theme &theme = row.frame.theme;
    const Fill fill =
        e.type == E820_TYPE_RAM ? Fill{mix(theme.hole, theme.memory, 0.6f)} : Fill{theme.misc, Pattern::hatch};
    row.add(e.addr.v, e.addr.v + e.size, fill, std::string(type),
            concat("e820 ", type, " ", range_text(e.addr.v, e.size)));
  }
}

void StripPanel::memory(Row &row) {
  std::size_t i = 0;
  for (const memblock_region &r : desk_.lab->state().memblock.memory.regions) {
    std::string name = concat("memory[", i++, "] ", range_text(r.base.v, r.size));
    if (r.nid != no_node) append(name, " node ", r.nid);
    const Fill fill{row.frame.theme.memory, (r.flags & MEMBLOCK_NOMAP) != 0 ? Pattern::hatch : Pattern::plain};
    row.add(r.base.v, r.end().v, fill, name, name);
  }
}

void StripPanel::reserved(Row &row) {
  const Lab &lab = *desk_.lab;
  for (const auto &[base, held] : lab.owners().held()) {
    const Owner &owner = lab.index().owners()[held.owner];
    std::string label = concat(owner.label, " ", bytes_text(held.end - base));
    const Rect at = row.columns.place(static_cast<double>(base), static_cast<double>(held.end));
    if (text_width(row.frame, label, size::mono_small) > at.w - 12 * row.frame.scale) label = owner.label;
    row.add(base, held.end, owner_fill(row.frame.theme, owner.kind), label,
            concat("reserved for ", owner.label, " ", range_text(base, held.end - base)));
  }
}

void StripPanel::sections(Row &row) {
  const System &s = desk_.lab->state();
  const unsigned bits = s.arch->section_size_bits;
  const Theme &theme = row.frame.theme;
  for (const SectionRun &run : s.sparse.sections) {
    const float width = static_cast<float>(std::ldexp(1.0, static_cast<int>(bits)) / row.axis().span()) * row.area.w;
    const Fill fill{run.initialised ? mix(theme.panel, theme.mem_map, 0.35f) : theme.hole, Pattern::plain};
    const std::string_view what = run.initialised ? "has its part of mem_map" : "present, no mem_map yet";
    if (width < 14 * row.frame.scale) { // too narrow one by one: as they are kept, in a run
      const std::string name = run.count == 1 ? concat("section ", run.first)
                                              : concat("sections ", run.first, "–", run.first + run.count - 1);
      // A large machine has many runs: a name that does not fit is none.
      const float room = width * static_cast<float>(run.count) - 16 * row.frame.scale;
      const bool fits = text_width(row.frame, name, size::mono_small) <= room;
      row.add(run.first << bits, (run.first + run.count) << bits, fill, fits ? name : std::string(),
              concat(name, ", ", what));
      continue;
    }
    for (u64 n = run.first; n < run.first + run.count; ++n) {
      if (!row.in_view(n << bits, (n + 1) << bits)) continue;
      const std::string label = width > 90 * row.frame.scale ? concat("section ", n) : concat(n);
      row.add(n << bits, (n + 1) << bits, fill, label, concat("section ", n, ", ", what));
      const Rect at = row.columns.place(static_cast<double>(n << bits), static_cast<double>((n + 1) << bits));
      row.list.AddRectFilled({at.x + at.w - 1, at.y}, {at.x + at.w, at.y + at.h}, theme.background);
    }
    row.empty = false;
  }
}

void StripPanel::zones(Row &row) {
  const System &s = desk_.lab->state();
  const unsigned shift = s.arch->page_shift;
  for (const pglist_data &node : s.pages.nodes())
    for (std::size_t i = 0; i < s.arch->zones.size() && i < node.zones.size(); ++i) {
      const zone &z = node.zones[i];
      if (z.spanned_pages == 0) continue;
      const std::string name = concat("node ", node.nid, " zone ", s.arch->zones[i].name);
      row.add(z.start_pfn.v << shift, z.end_pfn().v << shift, Fill{zone_color(row.frame.theme, s.arch->zones[i].name)},
              s.pages.nodes().size() > 1 ? name : std::string(s.arch->zones[i].name), name);
    }
}

void StripPanel::pages(Row &row) {
  const System &s = desk_.lab->state();
  const unsigned shift = s.arch->page_shift;
  const Theme &theme = row.frame.theme;
  const unsigned max_order = static_cast<unsigned>(s.pages.rules().max_order.v);
  const u64 end = s.pages.map().end().v;
  if (end == 0) return;
  const u64 first = std::min(static_cast<u64>(row.axis().from()) >> shift, end);
  const u64 last = std::min((static_cast<u64>(row.axis().to()) >> shift) + 1, end);
  // Blocks are drawn one by one where one of the largest order is wide enough to be seen.
  const double pixels_a_block = std::ldexp(1.0, static_cast<int>(max_order + shift)) / row.axis().span() * row.area.w;
  bool described = false;
  s.pages.for_each_run(pfn_t{first}, pfn_t{last}, [&](const PageRun &run) {
    const u64 base = run.start.v << shift, stop = (run.start.v + run.count) << shift;
    if (run.info.state != PageState::absent) described = true;
    switch (run.info.state) {
    case PageState::absent: return;
    case PageState::uninit:
      return row.add(base, stop, {theme.hole, Pattern::hatch}, "not initialised yet", "pages not initialised yet");
    case PageState::hole:
      return row.add(base, stop, {theme.hole}, "hole", "hole: struct pages without RAM behind them");
    case PageState::init:
      return row.add(base, stop, {mix(theme.hole, theme.memory, 0.35f)}, "initialised, nobody's yet",
                     "pages initialised, not given to anybody yet");
    case PageState::reserved: return row.add(base, stop, {theme.reserved}, "PG_reserved", "pages marked PG_reserved");
    case PageState::allocated: return row.add(base, stop, {theme.misc}, "allocated", "allocated pages");
    case PageState::free: break;
    }
    if (pixels_a_block < 24)
      return row.add(base, stop, {free_color(theme, max_order, max_order)}, "free", "free pages");
    for (u64 pfn = run.start.v; pfn < run.start.v + run.count;) {
      const auto block = s.pages.containing_free_block(pfn_t{pfn});
      if (!block) {
        ++pfn;
        continue;
      }
      const auto order = static_cast<unsigned>(block->order.v);
      const u64 begin = block->pfn.v << shift, finish = (block->pfn.v + pages_of(block->order)) << shift;
      row.add(begin, finish, {free_color(theme, order, max_order)}, concat("order ", order),
              concat("free block pfn ", hex_text(block->pfn.v), " order ", order));
      const Rect at = row.columns.place(static_cast<double>(begin), static_cast<double>(finish));
      if (at.w > 3) row.list.AddRectFilled({at.x + at.w - 1, at.y}, {at.x + at.w, at.y + at.h}, theme.background);
      pfn = block->pfn.v + pages_of(block->order);
    }
  });
  row.empty = !described && row.axis().all();
}

void StripPanel::changed(Frame &frame, const Rect &area) {
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const Theme &theme = frame.theme;
  for (unsigned layer = 0; layer < layer_count; ++layer) {
    const Rect row{area.x, area.y + static_cast<float>(layer) * row_pitch * frame.scale, area.w,
                   row_height * frame.scale};
    const Columns columns(frame, list, row, desk_.axis);
    std::vector<Rect> frames;
    bool left = false, right = false;
    for (const Place &p : desk_.lab->changes().places) {
      if (p.layer != static_cast<Layer>(layer)) continue;
      const Rect at = columns.place(static_cast<double>(p.base), static_cast<double>(p.end), 3);
      if (at.empty())
        (static_cast<double>(p.base) < desk_.axis.from() ? left : right) = true;
      else
        frames.push_back(at);
    }
    // Neighbours closer than their frames are wide get one frame.
    std::sort(frames.begin(), frames.end(), [](const Rect &a, const Rect &b) { return a.x < b.x; });
    for (std::size_t i = 0; i < frames.size();) {
      Rect r = frames[i++];
      for (; i < frames.size() && frames[i].x <= r.x + r.w + 5; ++i)
        r.w = std::max(r.w, frames[i].x + frames[i].w - r.x);
      outline(frame, list, r, theme.accent);
      // The accent is close to some fills: a line of ink inside keeps the frame visible on all of them.
      list.AddRect({r.x - 0.5f, r.y - 0.5f}, {r.x + r.w + 0.5f, r.y + r.h + 0.5f}, theme.ink, 2);
    }
    const float y = row.y + row.h / 2, w = 7 * frame.scale;
    if (left)
      list.AddTriangleFilled({row.x - 3, y}, {row.x - 3 + w, y - w / 1.4f}, {row.x - 3 + w, y + w / 1.4f},
                             theme.accent);
    const float x = row.x + row.w + 3;
    if (right) list.AddTriangleFilled({x, y}, {x - w, y + w / 1.4f}, {x - w, y - w / 1.4f}, theme.accent);
  }
  if (desk_.selection) {
    const Columns columns(frame, list, {area.x, area.y - 4, area.w, area.h + 8}, desk_.axis);
    const Rect at =
        columns.place(static_cast<double>(desk_.selection->base), static_cast<double>(desk_.selection->end), 2);
    if (!at.empty())
      list.AddRect({frame.snap(at.x) - 1, at.y}, {frame.snap(at.x + at.w) + 1, at.y + at.h}, theme.ink, 3, 0, 1);
  }
}

void StripPanel::minimap(Frame &frame, const Rect &area) {
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const Lab &lab = *desk_.lab;
  const Theme &theme = frame.theme;
  Axis whole;
  whole.set_whole(desk_.axis.whole());
  list.AddRectFilled({area.x, area.y}, {area.x + area.w, area.y + area.h}, theme.hole, 2);
  {
    Columns row(frame, list, area, whole);
    for (const memblock_region &r : lab.state().memblock.memory.regions) row.add(r.base.v, r.end().v, {theme.memory});
    row.finish();
  }
  const Rect lower{area.x, area.y, area.w, area.h};
  Columns row(frame, list, lower, whole);
  for (const auto &[base, held] : lab.owners().held())
    row.add(base, held.end, owner_fill(theme, lab.index().owners()[held.owner].kind));
  row.finish();
  for (const Place &p : lab.changes().places) {
    const float x = whole.x_of((static_cast<double>(p.base) + static_cast<double>(p.end)) / 2, area.x, area.w);
    if (x < area.x || x > area.x + area.w) continue;
    const float w = 4 * frame.scale;
    list.AddTriangleFilled({x, area.y - 1}, {x + w, area.y - 1 - w * 1.4f}, {x - w, area.y - 1 - w * 1.4f},
                           theme.accent);
  }

  ImGui::SetCursorScreenPos({area.x, area.y - 4});
  ImGui::InvisibleButton("##minimap", {std::max(area.w, 1.0f), area.h + 8});
  frame.mirror.annotate({.role = Role::kButton, .name = "whole machine: show all of it"});
  if (ImGui::IsItemActive() && ImGui::IsMouseDown(ImGuiMouseButton_Left)) {
    const double at = whole.address_of(ImGui::GetIO().MousePos.x, area.x, area.w), half = desk_.axis.span() / 2;
    if (!desk_.axis.all()) desk_.axis.set_view(at - half, at + half);
  }
  // A press that is not a drag shows everything: that is what a keyboard gets from this button.
  if (ImGui::IsItemDeactivated() && frame.focused == ImGui::GetItemID()) desk_.axis.show_all();
  if (ImGui::IsItemHovered() && ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) desk_.axis.show_all();
  if (ImGui::IsItemHovered()) ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
  if (!desk_.axis.all()) {
    const Columns view(frame, list, area, whole);
    const Rect at = view.place(desk_.axis.from(), desk_.axis.to(), 6);
    list.AddRect({at.x - 1, at.y - 3}, {at.x + at.w + 1, at.y + at.h + 3}, theme.ink, 3, 0, size::outline);
  }
}

void StripPanel::grid(Frame &frame, const Rect &area) {
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const Axis &axis = desk_.axis;
  const u64 step = grid_step(axis.span(), area.w, 96 * frame.scale);
  const float y = area.y - 22 * frame.scale;
  float free_from = area.x;
  for (u64 a = static_cast<u64>(axis.from()) / step * step; static_cast<double>(a) <= axis.to(); a += step) {
    const float x = frame.snap(axis.x_of(static_cast<double>(a), area.x, area.w));
    if (x < area.x - 1 || x > area.x + area.w + 1) continue;
    list.AddRectFilled({x, area.y - 6 * frame.scale}, {x + 1 / frame.dpr, area.y + area.h + 4}, frame.theme.line);
    const std::string text = hex_text(a);
    const float w = text_width(frame, text, 11);
    if (x < free_from || x + w > area.x + area.w) continue;
    put_text(frame, list, x, y, frame.theme.dim, text, 11);
    free_from = x + w + 8 * frame.scale;
  }
}

void StripPanel::steer(Frame &frame, const Rect &area, std::uint32_t id) {
  Axis &axis = desk_.axis;
  const ImGuiIO &io = ImGui::GetIO();
  const double at = axis.address_of(io.MousePos.x, area.x, area.w);
  if (ImGui::IsItemHovered()) {
    if (io.MouseWheel != 0) axis.zoom(std::pow(0.8, static_cast<double>(io.MouseWheel)), at);
    if (io.MouseWheelH != 0) axis.pan(-static_cast<double>(io.MouseWheelH) * axis.span() / 10);
  }
  if (ImGui::IsItemActive() && ImGui::IsMouseDragging(ImGuiMouseButton_Left, 3)) {
    axis.pan(-static_cast<double>(io.MouseDelta.x / area.w) * axis.span());
    ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeAll);
  }
  const Pinch &pinch = frame.pinch;
  if (pinch.scale != 1 && pinch.y >= area.y - 20 && pinch.y < area.y + area.h)
    axis.zoom(1 / static_cast<double>(pinch.scale), axis.address_of(pinch.x, area.x, area.w));

  // Keys: when the strip's own control has focus, or the canvas as such.
  if (frame.focused != id && frame.focused != 0) return;
  const auto pressed = [](ImGuiKey key) { return ImGui::IsKeyPressed(key, false); };
  const double middle = (axis.from() + axis.to()) / 2;
  if (pressed(ImGuiKey_LeftArrow)) axis.pan(-axis.span() / 8);
  if (pressed(ImGuiKey_RightArrow)) axis.pan(axis.span() / 8);
  if (pressed(ImGuiKey_KeypadAdd) || pressed(ImGuiKey_PageUp) || pressed(ImGuiKey_UpArrow)) axis.zoom(0.5, middle);
  if (pressed(ImGuiKey_Minus) || pressed(ImGuiKey_PageDown) || pressed(ImGuiKey_DownArrow)) axis.zoom(2, middle);
  if (pressed(ImGuiKey_Home)) axis.show_all();
  if (pressed(ImGuiKey_End) && !desk_.lab->changes().places.empty()) {
    const Place &p = desk_.lab->changes().places.back();
    axis.show(p.base, p.end);
  }
}

void StripPanel::explain(Frame &frame) {
  if (!hit_) return;
  const unsigned shift = desk_.lab->state().arch->page_shift;
  const u64 pages = (hit_->end - hit_->base) >> shift;
  const std::string lines[] = {hit_->name, concat(bytes_text(hit_->end - hit_->base), " at ", hex_text(hit_->base)),
                               pages == 0 ? concat("inside pfn ", hex_text(hit_->base >> shift))
                                          : concat("pfn ", hex_text(hit_->base >> shift), "–",
                                                   hex_text((hit_->end - 1) >> shift), ", ", count_text(pages),
                                                   pages == 1 ? " page" : " pages")};
  const float s = frame.scale, pad = 8 * s, line = 17 * s;
  float width = 0;
  for (const std::string &text : lines) width = std::max(width, text_width(frame, text, size::mono_small));
  const ImVec2 mouse = ImGui::GetIO().MousePos, screen = ImGui::GetIO().DisplaySize;
  const float x = std::clamp(mouse.x + 14, 4.0f, std::max(screen.x - width - 2 * pad - 4, 4.0f));
  const float y = mouse.y + 18;
  ImDrawList &list = *ImGui::GetForegroundDrawList();
  list.AddRectFilled({x, y}, {x + width + 2 * pad, y + 3 * line + 1.5f * pad}, frame.theme.panel, 6);
  list.AddRect({x, y}, {x + width + 2 * pad, y + 3 * line + 1.5f * pad}, frame.theme.dim, 6);
  for (int i = 0; i < 3; ++i)
    put_text(frame, list, x + pad, y + pad * 0.75f + static_cast<float>(i) * line,
             i == 0 ? frame.theme.ink : frame.theme.dim, lines[i], size::mono_small);
  ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
}

} // namespace

std::unique_ptr<Panel> make_strip_panel(Desk &desk) { return std::make_unique<StripPanel>(desk); }

float strip_panel_height(float scale) {
  return (first_row + static_cast<float>(layer_count - 1) * row_pitch + row_height + 14) * scale;
}

} // namespace mmscope::canvas
