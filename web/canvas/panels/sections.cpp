// Sections: how the kernel gets from a page frame number to its struct page. The chain of the section that is chosen,
// the word that holds the chain together taken apart, and the roots with the sections that they hold.
//
//   section 7   pfn 0x38000–0x3ffff, node 0
//   [mem_section[0]] → [section 7 of 128] → [mem_map 0x3ea00000 + 2 MiB]
//   section_mem_map  0xffffea000000001f
//     63…6  vmemmap − first struct page    4 IS_EARLY   3 …  1 HAS_MEM_MAP  0 PRESENT
//   root 0  0x3ffd8000   ■■■■■■■■
#include <algorithm>
#include <cmath>
#include <string>

#include "base/text.hpp"
#include "base/units.hpp"
#include "canvas/lab_app.hpp"
#include "canvas/panels/choice.hpp"
#include "canvas/panels/panels.hpp"
#include "canvas/widgets/paint.hpp"
#include "canvas/widgets/scroller.hpp"
#include "mm/section_word.hpp"

namespace mmscope::canvas {
namespace {

class SectionsPanel final : public Panel {
public:
  explicit SectionsPanel(Desk &desk) : desk_(desk) {}
  const char *id() const override { return "sections"; }
  const char *title() const override { return "sections"; }
  void head(Frame &frame) override { place_tabs(frame, desk_, *this); }
  void draw(Frame &frame) override;

private:
  u64 pick() const;
  void chain(Frame &frame, float &y, u64 section, const SectionRun &run);
  void word(Frame &frame, float &y, u64 section);
  void roots(Frame &frame, float &y, u64 section);
  bool box(Frame &frame, float &x, float y, float width, std::string_view head, std::string_view text, Color edge,
           std::string_view name, u64 n);

  Desk &desk_;
  Scroller scroll_;
  float height_ = 0; // of what was drawn in the frame before
};

constexpr unsigned subsection_bits = 21; // 2 MiB: what can be plugged in by itself

u64 per_root(const System &s) { return s.arch->page_size() / s.config.sizeof_mem_section; }

u64 number_in(std::string_view path) {
  const auto open = path.find('['), close = path.find(']');
  if (open == std::string_view::npos || close == std::string_view::npos) return 0;
  return parse_u64(path.substr(open + 1, close - open - 1)).value_or(0);
}

void SectionsPanel::draw(Frame &frame) {
  if (!desk_.lab) return;
  const System &s = desk_.lab->state();
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const Rect &area = frame.area;
  if (s.sparse.sections.empty()) {
    const bool flat = s.config.memory_model == MemoryModel::flatmem;
    const std::string_view a = flat ? "none: the map is flat" : "none present until sparse_init";
    const std::string b = concat("a section is ", bytes_text(s.arch->section_bytes()), ": ",
                                 count_text(s.arch->pages_per_section()), " pages");
    put_fitting(frame, list, area.x, area.y, area.w, frame.theme.dim, a, size::mono_small);
    if (!flat)
      put_fitting(frame, list, area.x, area.y + 20 * frame.scale, area.w, frame.theme.dim, b, size::mono_small);
    return;
  }
  const float top = scroll_.begin(frame, area, height_, "sections");
  float y = top;
  const u64 section = pick();
  if (const SectionRun *run = s.sparse.find(section)) {
    chain(frame, y, section, *run);
    word(frame, y, section);
  }
  roots(frame, y, section);
  height_ = y - top;
  scroll_.end();
}

/// The section that is selected or changed, or else the last one.
u64 SectionsPanel::pick() const {
  const System &s = desk_.lab->state();
  const unsigned bits = s.arch->section_size_bits;
  if (const auto &chosen = desk_.selection) {
    if (chosen->path.starts_with("section[")) return number_in(chosen->path);
    if (chosen->end > chosen->base && s.sparse.present(chosen->base >> bits)) return chosen->base >> bits;
  }
  const auto &places = desk_.lab->changes().places;
  for (auto p = places.rbegin(); p != places.rend(); ++p)
    if (p->layer == Layer::sections && s.sparse.present((p->end - 1) >> bits)) return (p->end - 1) >> bits;
  const SectionRun &last = s.sparse.sections.back();
  return last.first + last.count - 1;
}

bool SectionsPanel::box(Frame &frame, float &x, float y, float width, std::string_view head, std::string_view text,
                        Color edge, std::string_view name, u64 n) {
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const float s = frame.scale;
  const Rect r{x, y, width, 38 * s};
  const bool pressed = press_area(r, "##box", n);
  frame.mirror.annotate({.role = Role::kButton, .name = name, .description = text});
  frame_of(list, r, -0.5f, ImGui::IsItemHovered() ? frame.theme.ink : edge, 5);
  put_fitting(frame, list, r.x + 6 * s, r.y + 3 * s, r.w - 8 * s, frame.theme.dim, head, 11);
  put_fitting(frame, list, r.x + 6 * s, r.y + 19 * s, r.w - 8 * s, frame.theme.ink, text, 11);
  x += width;
  return pressed;
}

void SectionsPanel::chain(Frame &frame, float &y, u64 section, const SectionRun &run) {
  const System &s = desk_.lab->state();
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const float scale = frame.scale, width = frame.area.w - 10 * scale;
  const unsigned bits = s.arch->section_size_bits, shift = s.arch->page_shift;
  const u64 base = section << bits;
  put_text(frame, list, frame.area.x, y, frame.theme.ink, concat("section ", section), size::mono_small);
  std::string where = concat("pfn ", hex_text(base >> shift));
  if (run.nid != no_node) append(where, ", node ", run.nid);
  put_right(frame, list, frame.area.x + width, y, frame.theme.dim, where, size::mono_small);
  y += 20 * scale;

  const u64 root = section / per_root(s);
  const auto at =
      std::find_if(s.sparse.roots.begin(), s.sparse.roots.end(), [&](const SectionRoot &r) { return r.index == root; });
  const u64 map_bytes = s.arch->pages_per_section() * s.config.sizeof_page, before = section - run.first;
  const float arrow = 14 * scale, each = (width - 2 * arrow) * 0.36f, entry = width - 2 * arrow - 2 * each;
  float x = frame.area.x;
  const auto then = [&] {
    put_text(frame, list, x + 3 * scale, y + 11 * scale, frame.theme.dim, "→", size::mono_small);
    x += arrow;
  };
  const std::string path = concat("section[", section, "]"), self = concat("section ", section);
  const std::string root_name = concat("root ", root);
  const std::string root_at = at == s.sparse.roots.end() ? std::string("not allocated") : hex_text(at->addr.v);
  const std::string of = concat(section % per_root(s), " of ", per_root(s));
  const std::string map = run.initialised ? hex_text(run.map.v + before * map_bytes) : std::string("no mem_map yet");
  bool go = box(frame, x, y, each, root_name, root_at, frame.theme.line, concat("root of ", self), 1);
  then();
  go |= box(frame, x, y, entry, "entry", of, frame.theme.accent, concat("entry of ", self), 2);
  then();
  if (box(frame, x, y, each, concat("mem_map ", bytes_text(map_bytes)), map, frame.theme.mem_map,
          concat("mem_map of ", self), 3)) {
    if (run.initialised) {
      const u64 from = run.map.v + before * map_bytes;
      desk_.select(path, concat("mem_map of ", self), from, from + map_bytes);
      desk_.reveal_selection();
    }
  }
  if (go) {
    desk_.select(path, self, base, base + s.arch->section_bytes());
    desk_.reveal_selection();
  }
  y += 44 * scale;
  if (run.initialised) {
    const std::string usage =
        concat("usage ", hex_text(run.usage.v + before * s.config.sizeof_section_usage), ", ",
               s.arch->section_bytes() >> subsection_bits, " subsections of ", bytes_text(u64{1} << subsection_bits));
    put_fitting(frame, list, frame.area.x, y, width, frame.theme.dim, usage, 11);
    y += 18 * scale;
  }
}

void SectionsPanel::word(Frame &frame, float &y, u64 section) {
  const System &s = desk_.lab->state();
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const float scale = frame.scale, width = frame.area.w - 10 * scale;
  const SectionWord w = section_word(s, section);
  y += 2 * scale;
  put_text(frame, list, frame.area.x, y, frame.theme.dim, "section_mem_map", 11);
  const std::string hex = hex_text(w.value, 16);
  put_right(frame, list, frame.area.x + width, y, frame.theme.ink, hex, size::mono_small);
  y += 19 * scale;

  // Its parts side by side, the highest bits first; the flags are single bits and get boxes of their own.
  const float flag = 18 * scale, h = 18 * scale;
  const float flags = flag * static_cast<float>(SectionWord::flag_bits);
  const Rect upper{frame.area.x, y, width - flags - 4 * scale, h};
  const Color fill = w.ready ? frame.theme.mem_map : frame.theme.misc;
  paint(list, upper, fill, 3);
  const std::string what =
      w.ready ? concat("63…", SectionWord::flag_bits, "  encoded mem_map") : concat("early node id ", w.nid);
  put_fitting(frame, list, upper.x + 6 * scale, middle(frame, upper.y, upper.h, 11), upper.w - 10 * scale,
              on_fill(fill), what, 11);
  std::string spoken = what;
  for (unsigned bit = SectionWord::flag_bits; bit-- > 0;) {
    const Rect r{frame.area.x + width - static_cast<float>(bit + 1) * flag + scale, y, flag - 2 * scale, h};
    const bool on = (w.value >> bit) & 1;
    const Color color = on ? frame.theme.accent : frame.theme.hole;
    paint(list, r, color, 3);
    put_label(frame, list, r, color, on ? "1" : "0", 11);
    if (on) append(spoken, ", ", section_flag_name(bit));
  }
  frame.mirror.item(ImGui::GetID("section_mem_map"), {frame.area.x, y, width, h},
                    {.role = Role::kPicture, .name = concat("section_mem_map ", hex), .description = spoken});
  y += h + 4 * scale;
  float x = frame.area.x;
  for (unsigned bit = SectionWord::flag_bits; bit-- > 0;) {
    const std::string text = concat(bit, " ", section_flag_name(bit));
    const float tw = text_width(frame, text, 11);
    if (x > frame.area.x && x + tw > frame.area.x + width) {
      x = frame.area.x;
      y += 15 * scale;
    }
    put_text(frame, list, x, y, (w.value >> bit) & 1 ? frame.theme.ink : frame.theme.dim, text, 11);
    x += tw + 10 * scale;
  }
  y += 22 * scale;
}

void SectionsPanel::roots(Frame &frame, float &y, u64 section) {
  const System &s = desk_.lab->state();
  const Theme &theme = frame.theme;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const float scale = frame.scale, width = frame.area.w - 10 * scale;
  const u64 per = per_root(s);
  const unsigned bits = s.arch->section_size_bits;
  constexpr std::size_t most_roots = 24;
  std::size_t drawn = 0;
  for (const SectionRoot &root : s.sparse.roots) {
    const u64 first = root.index * per;
    // The roots around the chosen section stand for the others of a large machine.
    if (s.sparse.roots.size() > most_roots && root.index + most_roots / 2 < section / per) continue;
    if (drawn++ == most_roots) {
      put_text(frame, list, frame.area.x, y, theme.dim, concat("of ", s.sparse.roots.size(), " roots"), 11);
      y += 16 * scale;
      break;
    }
    put_text(frame, list, frame.area.x, y, theme.dim, concat("root ", root.index, "  ", hex_text(root.addr.v)), 11);
    u64 present = 0;
    for (const SectionRun &run : s.sparse.sections) {
      const u64 a = std::max(run.first, first), b = std::min(run.first + run.count, first + per);
      if (a < b) present += b - a;
    }
    put_right(frame, list, frame.area.x + width, y, theme.dim, concat(present, " of ", per), 11);
    y += 16 * scale;
    const float cell = std::max(std::floor(width / 32), 5.0f), h = std::min(cell, 11 * scale);
    const auto columns = static_cast<u64>(width / cell);
    // Whole lines of cells up to the last one that is present.
    u64 used = 0;
    for (const SectionRun &run : s.sparse.sections)
      if (run.first < first + per && run.first + run.count > first)
        used = std::max(used, std::min(run.first + run.count, first + per) - first);
    const u64 rows = (used + columns - 1) / columns;
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    const u64 cells = y > frame.area.y + frame.area.h || y + static_cast<float>(rows) * (h + 2) < frame.area.y
                          ? 0 // scrolled away
                          : std::min(rows * columns, per);
    for (u64 i = 0; i < cells; ++i) {
      const SectionRun *run = s.sparse.find(first + i);
      const Rect r{frame.area.x + static_cast<float>(i % columns) * cell, y + static_cast<float>(i / columns) * (h + 2),
                   cell - 2, h};
      const Color color = run == nullptr ? theme.hole : run->initialised ? theme.mem_map : theme.misc;
      paint(list, r, color);
      if (first + i == section) frame_of(list, r, 1, theme.ink, 2, 2);
      if (run != nullptr && inside(r, mouse))
        desk_.point(concat("section[", first + i, "]"), concat("section ", first + i), (first + i) << bits,
                    (first + i + 1) << bits);
    }
    const Rect all{frame.area.x, y, width, static_cast<float>(rows) * (h + 2)};
    if (press_area(all, "##sections", root.index)) {
      const u64 n = first + static_cast<u64>(std::max((mouse.y - y) / (h + 2), 0.0f)) * columns +
                    static_cast<u64>(std::max((mouse.x - frame.area.x) / cell, 0.0f));
      if (s.sparse.present(n)) {
        desk_.select(concat("section[", n, "]"), concat("section ", n), n << bits, (n + 1) << bits);
        desk_.reveal_selection();
      }
    }
    const std::string name = concat("sections of root ", root.index);
    const std::string facts = concat(present, " of ", per, " present");
    frame.mirror.annotate({.role = Role::kButton, .name = name, .description = facts});
    y = all.y + all.h + 6 * scale;
  }
}

} // namespace

std::unique_ptr<Panel> make_sections_panel(Desk &desk) { return std::make_unique<SectionsPanel>(desk); }

} // namespace mmscope::canvas
