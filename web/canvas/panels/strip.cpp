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
#include <utility>

#include "base/text.hpp"
#include "base/units.hpp"
#include "canvas/lab_app.hpp"
#include "canvas/panels/panels.hpp"
#include "canvas/panels/strip_things.hpp"
#include "canvas/widgets/paint.hpp"

namespace mmscope::canvas {
namespace {

constexpr std::array<const char *, layer_count> layer_names = {"e820",     "memory", "reserved",
                                                               "sections", "zones",  "pages"};

constexpr float minimap_height = 18, first_row = 66, foot = 10;
constexpr std::size_t most_controls = 40; // of one row: more could not be told apart, the tables have them all
constexpr float least_control = 3;        // pixels

class StripPanel final : public Panel {
public:
  explicit StripPanel(Desk &desk) : desk_(desk) {}
  const char *id() const override { return "strip"; }
  const char *title() const override { return "address strip"; }
  bool card() const override { return false; }
  void draw(Frame &frame) override;

private:
  /// The things of one layer in view; found again only when the boot or the view has moved.
  struct Row {
    Rect area;
    std::vector<Thing> things;
  };
  void find(const Rect &rows);
  void layer(Frame &frame, unsigned n);
  void control(Frame &frame, unsigned n, const Thing &t, const Rect &at);
  void hover(const Rect &rows);
  void changed(Frame &frame, unsigned n);
  void relatives(Frame &frame);
  void chosen(Frame &frame, const Rect &rows);
  void minimap(Frame &frame, const Rect &area);
  void grid(Frame &frame, const Rect &area);
  void steer(Frame &frame, const Rect &area, std::uint32_t id);
  void walk(int step);
  void go(const Thing &t);
  void explain(Frame &frame, float x, float y, const std::vector<std::string> &lines);
  std::vector<std::string> words(const Thing &t) const;
  double bytes_a_pixel(const Rect &rows) const {
    return desk_.axis.span() / static_cast<double>(std::max(rows.w, 1.0f));
  }

  Desk &desk_;
  std::array<Row, layer_count> rows_;
  // What the rows were found for.
  u64 generation_ = ~u64{0};
  const Lab *lab_ = nullptr;
  double from_ = 0, to_ = 0;
  float width_ = 0;

  std::vector<std::string> hovered_; // what the pointer is at, in lines
  std::optional<Thing> under_;       // if it is one thing
  std::size_t mixed_ = 0;            // or so many
  std::optional<Thing> cursor_;      // the keyboard's
  unsigned cursor_layer_ = static_cast<unsigned>(Layer::memory);
  float grip_ = 0; // where in the minimap's window it was taken
};

void StripPanel::draw(Frame &frame) {
  if (!desk_.lab) return;
  desk_.begin_frame(frame);
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const Rect all = frame.area;
  const float s = frame.scale;
  const bool small = narrow(frame);
  const float margin = (small ? 8 : 16) * s, names = (small ? 68 : 84) * s;
  const Rect area{all.x + margin + names, all.y, all.w - 2 * margin - names, all.h};

  minimap(frame, {area.x, all.y + 10 * s, area.w, minimap_height * s});
  put_text(frame, list, all.x + margin, middle(frame, all.y + 10 * s, minimap_height * s, size::mono_small),
           frame.theme.dim, bytes_text(desk_.axis.whole()), size::mono_small);

  // The rows share what height there is.
  const float pitch = std::max(all.h - (first_row + foot) * s, 60.0f) / layer_count;
  const float height = pitch - std::clamp(pitch * 0.25f, 4 * s, 9 * s);
  const Rect rows{area.x, all.y + first_row * s, area.w, pitch * (layer_count - 1) + height};
  for (unsigned i = 0; i < layer_count; ++i)
    rows_[i].area = {rows.x, rows.y + static_cast<float>(i) * pitch, rows.w, height};
  desk_.memory_row = rows_[static_cast<unsigned>(Layer::memory)].area;

  ImGui::SetCursorScreenPos({rows.x, rows.y - 22 * s});
  ImGui::InvisibleButton("##address strip", {std::max(rows.w, 1.0f), rows.h + 26 * s});
  const auto id = ImGui::GetItemID();
  const bool hovered = ImGui::IsItemHovered();
  const bool clicked = hovered && ImGui::IsMouseReleased(ImGuiMouseButton_Left) &&
                       ImGui::GetMouseDragDelta(ImGuiMouseButton_Left, 3).x == 0;
  steer(frame, rows, id);
  const Axis &axis = desk_.axis;
  std::string value = concat(range_text(static_cast<u64>(axis.from()), static_cast<u64>(axis.span())), ", ",
                             bytes_text(static_cast<u64>(axis.span())));
  // With no control in focus the keys are the canvas', and the strip is what they move.
  const bool keys = frame.focused == id || frame.focused == 0;
  if (keys && ImGui::GetIO().AppFocusLost) cursor_.reset();
  if (cursor_ && keys)
    value = concat(name_of(desk_, *cursor_), ", ", range_text(cursor_->base, cursor_->end - cursor_->base),
                   "; in view ", value);
  frame.mirror.annotate({.role = Role::kSlider,
                         .name = "address strip, part in view",
                         .value = value,
                         .description = "arrow keys go from thing to thing and from layer to layer, Enter selects, "
                                        "Page Up and Page Down zoom, with Shift the arrows move the view",
                         .range = {0, static_cast<double>(axis.whole()), axis.from()}});
  find(rows);
  grid(frame, rows);
  for (unsigned i = 0; i < layer_count; ++i) {
    put_text(frame, list, all.x + margin, middle(frame, rows_[i].area.y, height, size::mono_small), frame.theme.dim,
             layer_names[i], size::mono_small);
    layer(frame, i);
    changed(frame, i);
  }
  hovered_.clear();
  under_.reset();
  mixed_ = 0;
  if (hovered) hover(rows);
  chosen(frame, rows);
  relatives(frame);
  if (clicked) {
    cursor_.reset();
    if (under_)
      go(*under_);
    else if (mixed_ > 1) // nothing that could be told apart: look closer
      desk_.axis.zoom(0.1, axis.address_of(ImGui::GetIO().MousePos.x, rows.x, rows.w));
    else
      desk_.clear_selection();
  }
  if (!hovered_.empty()) {
    explain(frame, ImGui::GetIO().MousePos.x, ImGui::GetIO().MousePos.y, hovered_);
    ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
  } else if (cursor_ && keys) {
    const Row &row = rows_[cursor_layer_];
    const Rect at = Columns(frame, list, row.area, axis)
                        .place(static_cast<double>(cursor_->base), static_cast<double>(cursor_->end), 3);
    if (!at.empty()) {
      outline(frame, list, at, frame.theme.accent);
      explain(frame, at.x, at.y + at.h, words(*cursor_));
      desk_.point(path_of(desk_, *cursor_), name_of(desk_, *cursor_), cursor_->base, cursor_->end);
    }
  }
}

void StripPanel::find(const Rect &rows) {
  const Axis &axis = desk_.axis;
  if (lab_ == desk_.lab.get() && generation_ == lab_->generation() && from_ == axis.from() && to_ == axis.to() &&
      width_ == rows.w)
    return;
  if (lab_ != desk_.lab.get()) cursor_.reset();
  lab_ = desk_.lab.get();
  generation_ = lab_->generation();
  from_ = axis.from();
  to_ = axis.to();
  width_ = rows.w;
  for (unsigned i = 0; i < layer_count; ++i) {
    rows_[i].things.clear();
    things_in(desk_, static_cast<Layer>(i), from_, to_, bytes_a_pixel(rows), rows_[i].things);
  }
}

namespace {
// Why a layer has nothing.
std::string_view why_empty(const System &s, Layer layer) {
  constexpr std::array<std::string_view, layer_count> why = {"empty: the firmware's map is not read yet",
                                                             "empty: e820__memblock_setup fills it",
                                                             "empty: nothing is reserved yet",
                                                             "none present: sparse_init makes them",
                                                             "none: free_area_init sets them up",
                                                             "no struct page yet"};
  if (layer == Layer::firmware && s.arch->firmware == Firmware::device_tree)
    return "none: a device tree says where RAM is";
  if (layer == Layer::memory && s.arch->firmware == Firmware::device_tree) return "empty: no RAM is known yet";
  if (layer == Layer::memory && s.era->boot_allocator == BootAllocator::bootmem) return "none: bootmem has a bitmap";
  if (layer == Layer::sections && s.config.memory_model == MemoryModel::flatmem) return "none: the map is flat";
  if (layer == Layer::pages && s.on_pair_zones())
    return "no struct page says it: lists and pair bitmaps do, in the side Page";
  return why[static_cast<std::size_t>(layer)];
}
} // namespace

void StripPanel::layer(Frame &frame, unsigned n) {
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const Theme &theme = frame.theme;
  const Row &row = rows_[n];
  const float s = frame.scale, inset = 7 * s;
  if (row.things.empty()) {
    const Rect &r = row.area;
    if (!is_empty(desk_, static_cast<Layer>(n))) return; // there are some elsewhere
    paint(list, r, theme.background);
    frame_of(list, r, -0.5f, theme.line, 3);
    put_fitting(frame, list, r.x + inset, middle(frame, r.y, r.h, size::mono_small), r.w - 2 * inset, theme.dim,
                why_empty(lab_->state(), static_cast<Layer>(n)), size::mono_small);
    return;
  }
  Columns columns(frame, list, row.area, desk_.axis);
  std::size_t controls = 0;
  float border = -1;
  for (const Thing &t : row.things) {
    Fill fill = fill_of(desk_, theme, t);
    if (!shown(desk_, t)) fill.color = mix(theme.background, fill.color, 0.28f);
    columns.add(t.base, t.end, fill);
    const Rect at = columns.place(static_cast<double>(t.base), static_cast<double>(t.end));
    if (at.w < least_control) {
      border = -1;
      continue;
    }
    // Neighbours of one colour are told apart by a line.
    if (border >= 0 && std::abs(at.x - border) < 0.5f)
      list.AddRectFilled({frame.snap(at.x) - 1 / frame.dpr, at.y}, {frame.snap(at.x), at.y + at.h}, theme.background);
    border = at.x + at.w;
    if (at.w > 20 * s) {
      const float room = at.w - 2 * inset;
      std::string label = label_of(desk_, t);
      if (text_width(frame, label, size::mono_small) > room) { // the number alone says enough of these
        if (t.kind == Thing::Kind::section)
          label = t.count == 1 ? concat(t.index) : concat(t.index, "–", t.index + t.count - 1);
        if (t.kind == Thing::Kind::block) label = concat(t.order);
        if (t.kind == Thing::Kind::page) label = hex_text(t.base >> desk_.lab->state().arch->page_shift);
      }
      const float width = std::min(text_width(frame, label, size::mono_small), room);
      if (fill.pattern != Pattern::plain && room > 20)
        list.AddRectFilled({at.x + inset - 3, at.y + 2}, {at.x + inset + width + 3, at.y + at.h - 2}, fill.color, 2);
      put_fitting(frame, list, at.x + inset, middle(frame, at.y, at.h, size::mono_small), room, on_fill(fill.color),
                  label, size::mono_small);
    }
    if (controls++ < most_controls) control(frame, n, t, at);
  }
  columns.finish();
}

/// Makes a thing known to the screen reader and to a keyboard that goes from control to control.
void StripPanel::control(Frame &frame, unsigned n, const Thing &t, const Rect &at) {
  ImGui::PushID(static_cast<int>(n));
  ImGui::PushID(static_cast<int>(t.base >> 32));
  const auto item = ImGui::GetID(reinterpret_cast<const void *>(static_cast<std::uintptr_t>(t.base & 0xffffffff)));
  ImGui::PopID();
  ImGui::PopID();
  const std::string name = name_of(desk_, t);
  const std::string range = concat(range_text(t.base, t.end - t.base), ", ", bytes_text(t.end - t.base));
  frame.mirror.item(item, at, {.role = Role::kButton, .name = name, .description = range});
}

void StripPanel::hover(const Rect &rows) {
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const Axis &axis = desk_.axis;
  for (const Row &row : rows_) {
    if (!inside({row.area.x, row.area.y - 3, row.area.w, row.area.h + 6}, mouse)) continue;
    const double lo = axis.address_of(std::floor(mouse.x), rows.x, rows.w), hi = lo + bytes_a_pixel(rows);
    auto at = std::partition_point(row.things.begin(), row.things.end(),
                                   [&](const Thing &t) { return static_cast<double>(t.end) <= lo; });
    const auto first = at;
    const Thing *best = nullptr;
    double most = 0;
    bool hides = false;
    for (; at != row.things.end() && static_cast<double>(at->base) < hi; ++at) {
      const auto base = static_cast<double>(at->base), end = static_cast<double>(at->end);
      ++mixed_;
      if (base >= lo && end <= hi) hides = true;
      const double share = std::min(end, hi) - std::max(base, lo);
      if (share > most) {
        most = share;
        best = &*at;
      }
    }
    if (best == nullptr) return;
    if (!hides || mixed_ == 1) {
      mixed_ = 1;
      under_ = *best;
      hovered_ = words(*best);
      desk_.point(path_of(desk_, *best), name_of(desk_, *best), best->base, best->end);
      return;
    }
    constexpr std::size_t named = 3;
    std::string text = concat(mixed_, " things in this pixel:");
    hovered_ = {text};
    std::size_t i = 0;
    for (auto t = first; t != at && i < named; ++t, ++i) {
      hovered_.push_back(concat(name_of(desk_, *t), ", ", bytes_text(t->end - t->base)));
      append(text, i == 0 ? " " : ", ", name_of(desk_, *t));
    }
    if (mixed_ > named) {
      hovered_.push_back(concat("and ", mixed_ - named, " more"));
      append(text, ", …");
    }
    hovered_.push_back("press to look closer");
    desk_.point("", text, static_cast<u64>(lo), static_cast<u64>(hi));
    return;
  }
}

void StripPanel::go(const Thing &t) { desk_.select(path_of(desk_, t), name_of(desk_, t), t.base, t.end); }

std::vector<std::string> StripPanel::words(const Thing &t) const {
  const unsigned shift = desk_.lab->state().arch->page_shift;
  const u64 pages = (t.end - t.base) >> shift;
  std::vector<std::string> lines{name_of(desk_, t), concat(bytes_text(t.end - t.base), " at ", hex_text(t.base)),
                                 pages == 0 ? concat("inside pfn ", hex_text(t.base >> shift))
                                 : pages == 1
                                     ? concat("pfn ", hex_text(t.base >> shift))
                                     : concat("pfn ", hex_text(t.base >> shift), "–", hex_text((t.end - 1) >> shift),
                                              ", ", count_text(pages), " pages")};
  if (std::string note = note_of(desk_, t); !note.empty()) lines.push_back(std::move(note));
  return lines;
}

void StripPanel::changed(Frame &frame, unsigned n) {
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const Theme &theme = frame.theme;
  const Row &row = rows_[n];
  const Rect &area = row.area;
  const Columns columns(frame, list, area, desk_.axis);
  const float t = desk_.motion();
  std::vector<Rect> frames;
  bool left = false, right = false;
  for (const Place &p : desk_.lab->changes().places) {
    if (p.layer != static_cast<Layer>(n)) continue;
    Rect at = columns.place(static_cast<double>(p.base), static_cast<double>(p.end), 3);
    if (at.empty()) {
      (static_cast<double>(p.base) < desk_.axis.from() ? left : right) = true;
      continue;
    }
    if (t < 1) {
      // It grows from its middle: what has not been reached yet still looks as if nothing were there.
      const float cover = at.w * (1 - t) / 2;
      list.AddRectFilled({at.x, at.y}, {at.x + cover, at.y + at.h}, theme.background);
      list.AddRectFilled({at.x + at.w - cover, at.y}, {at.x + at.w, at.y + at.h}, theme.background);
      at = {at.x + cover, at.y, at.w - 2 * cover, at.h};
    }
    frames.push_back(at);
  }
  // Neighbours closer than their frames are wide get one frame.
  for (std::size_t i = 1; i < frames.size(); ++i) // in order nearly always, so this is a walk over them
    for (std::size_t j = i; j > 0 && frames[j].x < frames[j - 1].x; --j) std::swap(frames[j], frames[j - 1]);
  for (std::size_t i = 0; i < frames.size();) {
    Rect r = frames[i++];
    for (; i < frames.size() && frames[i].x <= r.x + r.w + 5; ++i) r.w = std::max(r.w, frames[i].x + frames[i].w - r.x);
    outline(frame, list, r, theme.accent);
    // The accent is close to some fills: a line of ink inside keeps the frame visible on all of them.
    frame_of(list, r, 0.5f, theme.ink, 2);
  }
  const float y = area.y + area.h / 2, w = 7 * frame.scale;
  if (left)
    list.AddTriangleFilled({area.x - 3, y}, {area.x - 3 + w, y - w / 1.4f}, {area.x - 3 + w, y + w / 1.4f},
                           theme.accent);
  const float x = area.x + area.w + 3;
  if (right) list.AddTriangleFilled({x, y}, {x - w, y + w / 1.4f}, {x - w, y - w / 1.4f}, theme.accent);

  // Where neighbours became one the gap between them closes, where one was cut a gap opens.
  const bool memory = static_cast<Layer>(n) == Layer::memory;
  if (t >= 1 || (!memory && static_cast<Layer>(n) != Layer::reserved)) return;
  const auto gap = [&](u64 address, float width) {
    const float at = desk_.axis.x_of(static_cast<double>(address), area.x, area.w);
    if (at < area.x || at > area.x + area.w) return;
    list.AddRectFilled({at - width / 2, area.y - 2}, {at + width / 2, area.y + area.h + 2}, theme.background);
  };
  for (const Event &e : desk_.lab->events()) {
    if (e.f[0] != (memory ? 0u : 1u)) continue;
    if (e.kind == EventKind::lab_memblock_split) gap(e.f[2], 12 * t);
    if (e.kind == EventKind::lab_memblock_insert) { // its ends are where neighbours were joined
      gap(e.f[2], 10 * (1 - t));
      gap(e.f[2] + e.f[3], 10 * (1 - t));
    }
  }
}

/// Of a free block: its buddy, and the block of the next order that the two would make.
void StripPanel::relatives(Frame &frame) {
  const auto &at = desk_.pointed() ? desk_.pointed() : desk_.selection;
  if (!at || !at->path.starts_with("block[")) return;
  const System &s = desk_.lab->state();
  const u64 size = at->end - at->base, base = at->base;
  if (size == 0 || size >= pages_of(s.pages.rules().max_order) << s.arch->page_shift) return;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const Rect &area = rows_[static_cast<unsigned>(Layer::pages)].area;
  const Columns columns(frame, list, area, desk_.axis);
  const auto place = [&](u64 from, u64 bytes) {
    return columns.place(static_cast<double>(from), static_cast<double>(from + bytes), 2);
  };
  const Rect buddy = place(base ^ size, size), parent = place(base & ~size, 2 * size);
  if (!buddy.empty()) {
    outline(frame, list, buddy, frame.theme.accent);
    if (buddy.w > 60 * frame.scale) {
      const Rect tag{buddy.x + buddy.w - 46 * frame.scale, buddy.y + 3, 42 * frame.scale, buddy.h - 6};
      paint(list, tag, frame.theme.accent, 3);
      put_label(frame, list, tag, frame.theme.accent, "buddy", 11);
    }
  }
  if (!parent.empty()) { // a bracket below both
    const float y = area.y + area.h + 4;
    list.AddRectFilled({parent.x, y}, {parent.x + parent.w, y + 2}, frame.theme.ink);
    list.AddRectFilled({parent.x, y - 3}, {parent.x + 2, y}, frame.theme.ink);
    list.AddRectFilled({parent.x + parent.w - 2, y - 3}, {parent.x + parent.w, y}, frame.theme.ink);
  }
}

void StripPanel::chosen(Frame &frame, const Rect &rows) {
  const auto &chosen = desk_.selection;
  if (!chosen || chosen->end <= chosen->base) return;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const Columns all(frame, list, {rows.x, rows.y - 4, rows.w, rows.h + 8}, desk_.axis);
  const Rect band = all.place(static_cast<double>(chosen->base), static_cast<double>(chosen->end), 2);
  if (band.empty()) return;
  // Its edges through all layers, and a frame in the layer it belongs to.
  for (const float x : {frame.snap(band.x), frame.snap(band.x + band.w)})
    list.AddRectFilled({x - 0.5f, band.y}, {x + 0.5f, band.y + band.h}, frame.theme.ink);
  const std::string_view path = chosen->path;
  const Layer layer = path.starts_with("e820")              ? Layer::firmware
                      : path.starts_with("memblock.memory") ? Layer::memory
                      : path.starts_with("memblock")        ? Layer::reserved
                      : path.starts_with("section")         ? Layer::sections
                      : path.starts_with("node")            ? Layer::zones
                                                            : Layer::pages;
  const Rect &row = rows_[static_cast<unsigned>(layer)].area;
  frame_selected(frame, list, {band.x, row.y, band.w, row.h});
}

void StripPanel::minimap(Frame &frame, const Rect &area) {
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const Lab &lab = *desk_.lab;
  const Theme &theme = frame.theme;
  Axis whole;
  whole.set_whole(desk_.axis.whole());
  paint(list, area, theme.hole, 2);
  {
    Columns row(frame, list, area, whole);
    for (const memblock_region &r : lab.state().memblock.memory.regions)
      row.add(r.base.v, r.end().v,
              {desk_.shows(PartKind::free_memblock) ? theme.memory : mix(theme.hole, theme.memory, 0.4f)});
    row.finish();
  }
  const Rect lower{area.x, area.y, area.w, area.h};
  Columns row(frame, list, lower, whole);
  for (const auto &[base, held] : lab.owners().held())
    if (desk_.shows(PartKind::owner, held.owner))
      row.add(base, held.end, owner_fill(theme, lab.index().owners()[held.owner].kind));
  row.finish();
  float marked = -100;
  for (const Place &p : lab.changes().places) {
    const float x = whole.x_of((static_cast<double>(p.base) + static_cast<double>(p.end)) / 2, area.x, area.w);
    const float w = 4 * frame.scale;
    if (x < area.x || x > area.x + area.w || std::abs(x - marked) < 3 * w) continue; // one for those close by
    marked = x;
    list.AddTriangleFilled({x, area.y - 1}, {x + w, area.y - 1 - w * 1.4f}, {x - w, area.y - 1 - w * 1.4f},
                           theme.accent);
  }

  const float reach = narrow(frame) ? (size::target * frame.scale - area.h) / 2 : 4;
  ImGui::SetCursorScreenPos({area.x, area.y - reach});
  ImGui::InvisibleButton("##minimap", {std::max(area.w, 1.0f), area.h + 2 * reach});
  frame.mirror.annotate({.role = Role::kButton, .name = "whole machine: show all of it"});
  if (ImGui::IsItemActive() && ImGui::IsMouseDown(ImGuiMouseButton_Left)) {
    // Taken inside the window it is moved from there; a press elsewhere brings its middle to that place.
    const float mouse = ImGui::GetIO().MousePos.x, half = static_cast<float>(desk_.axis.span()) / 2;
    const float centre = whole.x_of(desk_.axis.from() + static_cast<double>(half), area.x, area.w);
    if (ImGui::IsItemActivated()) {
      const float edge = half / static_cast<float>(whole.span()) * area.w;
      grip_ = std::abs(mouse - centre) <= std::max(edge, 6.0f) ? mouse - centre : 0;
    }
    const double at = whole.address_of(mouse - grip_, area.x, area.w);
    if (!desk_.axis.all()) desk_.axis.set_view(at - desk_.axis.span() / 2, at + desk_.axis.span() / 2);
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
    if (io.MouseWheel != 0) axis.zoom(std::pow(0.8f, io.MouseWheel), at);
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
  const bool pans = io.KeyShift;
  if (pressed(ImGuiKey_LeftArrow)) pans ? axis.pan(-axis.span() / 8) : walk(-1);
  if (pressed(ImGuiKey_RightArrow)) pans ? axis.pan(axis.span() / 8) : walk(1);
  if (pressed(ImGuiKey_UpArrow) && cursor_layer_ > 0) {
    --cursor_layer_;
    walk(0);
  }
  if (pressed(ImGuiKey_DownArrow) && cursor_layer_ + 1 < layer_count) {
    ++cursor_layer_;
    walk(0);
  }
  if (pressed(ImGuiKey_Enter) && cursor_) go(*cursor_);
  // Closer is closer to the thing that the keyboard is at.
  const double fixed =
      cursor_ && static_cast<double>(cursor_->end) > axis.from() && static_cast<double>(cursor_->base) < axis.to()
          ? (static_cast<double>(cursor_->base) + static_cast<double>(cursor_->end)) / 2
          : middle;
  if (pressed(ImGuiKey_KeypadAdd) || pressed(ImGuiKey_PageUp)) axis.zoom(0.5, fixed);
  if (pressed(ImGuiKey_Minus) || pressed(ImGuiKey_PageDown)) axis.zoom(2, fixed);
  if (pressed(ImGuiKey_Home)) axis.show_all();
  if (pressed(ImGuiKey_End) && !desk_.lab->changes().places.empty()) {
    const Place &p = desk_.lab->changes().places.back();
    axis.show(p.base, p.end);
  }
}

/// To the next thing of the layer (1), the one before (-1), or the one at the same place (0), in view or not.
void StripPanel::walk(int step) {
  Axis &axis = desk_.axis;
  const auto layer = static_cast<Layer>(cursor_layer_);
  const auto whole = static_cast<double>(axis.whole());
  const double scale = axis.span() / static_cast<double>(std::max(width_, 1.0f));
  const bool in_view =
      cursor_ && static_cast<double>(cursor_->end) > axis.from() && static_cast<double>(cursor_->base) < axis.to();
  double from = step < 0 ? axis.to() : axis.from();
  if (in_view) from = static_cast<double>(step > 0 ? cursor_->end : cursor_->base);
  std::vector<Thing> found;
  // The window that is searched grows until there is something in it.
  for (double reach = axis.span();; reach *= 4) {
    const double lo = step < 0 ? std::max(from - reach, 0.0) : from,
                 hi = step < 0 ? from : std::min(from + reach, whole);
    if (hi > lo) things_in(desk_, layer, lo, hi, scale, found);
    if (!found.empty() || hi - lo < reach) break;
  }
  if (found.empty()) {
    if (step == 0) walk(-1);
    return;
  }
  cursor_ = step < 0 ? found.back() : found.front();
  const auto base = static_cast<double>(cursor_->base), end = static_cast<double>(cursor_->end);
  if (end - base <= axis.span() && (base < axis.from() || end > axis.to()))
    axis.set_view((base + end - axis.span()) / 2, (base + end + axis.span()) / 2);
  else if (base >= axis.to() || end <= axis.from())
    axis.set_view(base, base + axis.span());
}

void StripPanel::explain(Frame &frame, float x, float y, const std::vector<std::string> &lines) {
  const float s = frame.scale, pad = 8 * s, line = 17 * s;
  float width = 0;
  for (const std::string &text : lines) width = std::max(width, text_width(frame, text, size::mono_small));
  const ImVec2 screen = ImGui::GetIO().DisplaySize;
  const float height = static_cast<float>(lines.size()) * line + 1.5f * pad;
  x = std::clamp(x + 14, 4.0f, std::max(screen.x - width - 2 * pad - 4, 4.0f));
  y = y + 18 + height > screen.y ? y - height - 8 : y + 18;
  ImDrawList &list = *ImGui::GetForegroundDrawList();
  list.AddRectFilled({x, y}, {x + width + 2 * pad, y + height}, frame.theme.panel, 6);
  list.AddRect({x, y}, {x + width + 2 * pad, y + height}, frame.theme.dim, 6);
  for (std::size_t i = 0; i < lines.size(); ++i)
    put_text(frame, list, x + pad, y + pad * 0.75f + static_cast<float>(i) * line,
             i == 0 ? frame.theme.ink : frame.theme.dim, lines[i], size::mono_small);
}

} // namespace

std::unique_ptr<Panel> make_strip_panel(Desk &desk) { return std::make_unique<StripPanel>(desk); }

float strip_panel_height(float pitch) { return first_row + foot + layer_count * pitch; }

} // namespace mmscope::canvas
