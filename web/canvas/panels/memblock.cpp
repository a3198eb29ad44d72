// memblock: both arrays as the kernel holds them, and who asked for what is reserved. What this step inserted, merged,
// split, trimmed or marked is tinted and says so.
//
//   memory    cnt 2 / max 128    1023.5 MiB
//   0  0x00001000   632 KiB  node 0
//   reserved  cnt 13 / max 128   58.7 MiB
//   2  0x3dc00000    16 MiB  mem_map                     new
//   this step
//   insert reserved[2] 0x3dc00000 16 MiB
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

namespace mmscope::canvas {
namespace {

constexpr float line_height = 20, note_height = 16;
constexpr std::size_t most_rows = 4096; // laid out; the table below the picture pages through the rest

std::string_view mark_name(Mark m) {
  constexpr std::array<std::string_view, 6> names = {"", "new", "merged", "split", "trimmed", "marked"};
  return names[static_cast<std::size_t>(m)];
}

std::string flags_text(u32 flags) {
  std::string s;
  if (flags & MEMBLOCK_HOTPLUG) s += " hotplug";
  if (flags & MEMBLOCK_MIRROR) s += " mirror";
  if (flags & MEMBLOCK_NOMAP) s += " nomap";
  return s;
}

class MemblockPanel final : public Panel {
public:
  explicit MemblockPanel(Desk &desk) : desk_(desk) {}
  const char *id() const override { return "memblock"; }
  const char *title() const override { return "memblock"; }
  void head(Frame &frame) override {
    // Alone in its place until there is something to ask for.
    if (desk_.whole && desk_.lab && desk_.lab->handed_over())
      place_tabs(frame, desk_, *this);
    else
      Panel::head(frame);
  }
  void draw(Frame &frame) override;

private:
  void step(Frame &frame, const Rect &place);
  float line(const Frame &frame) const { return (narrow(frame) ? size::target : line_height) * frame.scale; }
  void array(Frame &frame, const Rect &place, memblock_list which);
  void row(Frame &frame, const Rect &place, memblock_list which, u64 index, const memblock_region &r, Mark mark);
  /// Who holds most of a region, and how many others there are in it.
  const Owner *holder(const memblock_region &r, u64 &others) const;

  u32 lab_owner(const Owner &o) const { return static_cast<u32>(&o - desk_.lab->index().owners().data()); }

  Desk &desk_;
  Scroller scrolls_[2];
  u64 seen_ = 0;
};

void MemblockPanel::draw(Frame &frame) {
  if (!desk_.lab) return;
  const memblock &mb = desk_.lab->state().memblock;
  const float one = line(frame), head = 20 * frame.scale, gap = 6 * frame.scale;
  const Rect &area = frame.area;
  const auto lines = [&](const memblock_type &type) {
    return static_cast<float>(std::clamp<std::size_t>(type.regions.size(), 1, most_rows)) * one;
  };
  // memory is short nearly everywhere; it gets what it needs, up to a third.
  const float room = area.h - 2 * head - gap;
  const float first = std::min(lines(mb.memory), std::max(room / 3, 2 * one));
  const float second = std::min(lines(mb.reserved), room - first);
  array(frame, {area.x, area.y - 2, area.w, head + first}, memblock_list::memory);
  array(frame, {area.x, area.y + head + first + gap, area.w, head + second}, memblock_list::reserved);
  const float used = 2 * head + first + second + 2 * gap;
  step(frame, {area.x, area.y + used, area.w, area.h - used});
  seen_ = desk_.lab->generation();
}

/// What the step did to the arrays, one after the other, where the arrays leave room for it: the last ones.
void MemblockPanel::step(Frame &frame, const Rect &place) {
  const Lab &lab = *desk_.lab;
  if (!lab.call()) return;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const float one = note_height * frame.scale;
  const auto room = static_cast<std::size_t>(std::max(place.h / one - 1, 0.0f));
  const auto events = lab.events();
  std::vector<std::size_t> found;
  for (std::size_t i = events.size(); i-- > 0 && found.size() < room;)
    if (events[i].kind >= EventKind::lab_memblock_insert && events[i].kind <= EventKind::lab_memblock_mark)
      found.push_back(i);
  if (found.empty()) return;
  float y = place.y;
  put_text(frame, list, place.x, y, frame.theme.dim, lab.inside() ? "so far in this call" : "in this call", 11);
  for (std::size_t n = found.size(); n-- > 0;) {
    y += one;
    const Event &e = events[found[n]];
    std::string text =
        concat(event_info(e.kind).name.substr(13), " ", e.f[0] == 0 ? "memory[" : "reserved[", e.f[1], "]");
    u64 base = 0, end = 0;
    if (e.kind == EventKind::lab_memblock_split)
      append(text, " at ", hex_text(e.f[2]));
    else if (e.kind != EventKind::lab_memblock_mark) {
      base = e.f[2];
      end = base + e.f[3];
      append(text, " ", hex_text(base), " ", bytes_text(e.f[3]));
    }
    const std::string path = concat("event[", *lab.call(), ".", found[n], "]");
    const bool pressed = press_area({place.x, y, place.w, one}, "##event", found[n]);
    frame.mirror.annotate({.role = Role::kButton, .name = text});
    const bool last = lab.inside() && found[n] + 1 == events.size();
    const Color ink = last || ImGui::IsItemHovered() || desk_.selected(path) ? frame.theme.ink : frame.theme.dim;
    list.AddRectFilled({place.x + 2, y + 3}, {place.x + 4, y + one - 3}, last ? frame.theme.accent : frame.theme.line);
    put_fitting(frame, list, place.x + 12 * frame.scale, middle(frame, y, one, 11), place.w - 14 * frame.scale, ink,
                text, 11);
    if (pressed) desk_.select(path, text, base, end);
  }
}

void MemblockPanel::array(Frame &frame, const Rect &place, memblock_list which) {
  const Lab &lab = *desk_.lab;
  const auto n = static_cast<std::size_t>(which);
  const memblock_type &type = lab.state().memblock.type(which);
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const std::string_view name = which == memblock_list::memory ? "memory" : "reserved";
  put_text(frame, list, place.x, place.y, frame.theme.ink, name, size::mono_small);
  put_text(frame, list, place.x + 76 * frame.scale, place.y, frame.theme.dim,
           concat("cnt ", type.cnt(), " / max ", type.max), size::mono_small);
  put_right(frame, list, place.x + place.w - 8 * frame.scale, place.y, frame.theme.dim, bytes_text(type.total_size),
            size::mono_small);

  const float head = 20 * frame.scale, one = line(frame);
  const Rect rows{place.x, place.y + head, place.w, place.h - head};
  const auto &marks = lab.changes().marks[n];
  if (seen_ != lab.generation())
    for (std::size_t i = 0; i < marks.size(); ++i)
      if (marks[i] != Mark::none) scrolls_[n].reveal(static_cast<float>(i) * one, one);
  const std::size_t count = std::min(type.regions.size(), most_rows);
  const float top = scrolls_[n].begin(frame, rows, static_cast<float>(count) * one,
                                      which == memblock_list::memory ? "memblock.memory" : "memblock.reserved");
  if (type.regions.empty())
    put_fitting(frame, list, rows.x, top, rows.w, frame.theme.dim,
                lab.state().era->boot_allocator == BootAllocator::bootmem
                    ? "none: bootmem has a bitmap, see the side Page"
                : which == memblock_list::memory ? "empty until e820__memblock_setup"
                                                 : "empty: nothing reserved yet",
                size::mono_small);
  for (std::size_t i = 0; i < count; ++i) {
    const float y = top + static_cast<float>(i) * one;
    if (y + one < rows.y || y > rows.y + rows.h) continue;
    row(frame, {rows.x, y, rows.w - 10 * frame.scale, one - 1}, which, i, type.regions[i],
        i < marks.size() ? marks[i] : Mark::none);
  }
  scrolls_[n].end();
}

void MemblockPanel::row(Frame &frame, const Rect &place, memblock_list which, u64 index, const memblock_region &r,
                        Mark mark) {
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const Theme &theme = frame.theme;
  const float s = frame.scale, y = middle(frame, place.y, place.h, size::mono_small);
  ImGui::SetCursorScreenPos({place.x, place.y});
  ImGui::PushID(static_cast<int>(which));
  ImGui::PushID(static_cast<int>(index));
  const bool pressed = ImGui::InvisibleButton("##region", {std::max(place.w, 1.0f), place.h});
  const bool hovered = ImGui::IsItemHovered();
  ImGui::PopID();
  ImGui::PopID();

  const std::string path =
      concat("memblock.", which == memblock_list::memory ? "memory" : "reserved", ".regions[", index, "]");
  const bool changed = mark != Mark::none;
  if (changed || hovered)
    list.AddRectFilled({place.x - 3, place.y}, {place.x + place.w, place.y + place.h},
                       changed ? theme.changed : theme.hole, 4);
  if (changed)
    list.AddRect({place.x - 2.5f, place.y + 0.5f}, {place.x + place.w - 0.5f, place.y + place.h - 0.5f}, theme.accent,
                 4);

  if (desk_.selected(path)) frame_selected(frame, list, {place.x - 1, place.y + 2, place.w - 1, place.h - 4});

  std::string name;
  float x = place.x + 3 * s;
  u64 others = 0;
  const Owner *owner = which == memblock_list::reserved ? holder(r, others) : nullptr;
  Fill fill = which == memblock_list::memory ? Fill{theme.memory}
              : owner                        ? owner_fill(theme, owner->kind)
                                             : Fill{theme.reserved};
  const bool dimmed = which == memblock_list::memory
                          ? !desk_.shows(PartKind::free_memblock)
                          : owner != nullptr && !desk_.shows(PartKind::owner, lab_owner(*owner));
  if (dimmed) fill.color = mix(theme.panel, fill.color, 0.28f);
  const Color ink = dimmed ? theme.dim : theme.ink;
  fill_rect(list, theme, {x, place.y + (place.h - 9 * s) / 2, 9 * s, 9 * s}, fill, 2);
  x += 14 * s;
  const std::string number = concat(index);
  put_right(frame, list, x + 3 * 7.3f * s, y, theme.dim, number, size::mono_small);
  x += 3 * 7.3f * s + 8 * s;
  const unsigned digits = desk_.axis.whole() > (u64{1} << 40) ? 12 : desk_.axis.whole() > (u64{1} << 32) ? 10 : 8;
  const std::string base = hex_text(r.base.v, digits);
  put_text(frame, list, x, y, ink, base, size::mono_small);
  x += text_width(frame, base, size::mono_small) + 82 * s;
  const std::string amount = bytes_text(r.size);
  put_right(frame, list, x, y, ink, amount, size::mono_small);
  x += 10 * s;

  std::string about;
  if (owner != nullptr) {
    about = owner->label;
    if (others != 0) append(about, " +", others);
  }
  if (which == memblock_list::memory) about = r.nid == no_node ? "no node yet" : concat("node ", r.nid);
  about += flags_text(r.flags);
  const std::string_view word = mark_name(mark);
  const float word_width = word.empty() ? 0 : text_width(frame, word, 11) + 10 * s;
  put_fitting(frame, list, x, y, place.x + place.w - word_width - x, changed ? theme.ink : theme.dim, about,
              size::mono_small);
  if (!word.empty())
    put_right(frame, list, place.x + place.w - 5 * s, middle(frame, place.y, place.h, 11), theme.accent, word, 11);

  append(name, which == memblock_list::memory ? "memory[" : "reserved[", index, "] ", hex_text(r.base.v), " ", amount,
         " ", about);
  frame.mirror.annotate({.role = Role::kButton, .name = name, .description = word});
  if (pressed) {
    desk_.select(path, name, r.base.v, r.end().v);
    desk_.reveal_selection();
  }
  if (hovered) desk_.point(path, name, r.base.v, r.end().v);
}

const Owner *MemblockPanel::holder(const memblock_region &r, u64 &others) const {
  const Lab &lab = *desk_.lab;
  const auto &held = lab.owners().held();
  std::vector<std::pair<u32, u64>> shares;
  for (auto at = held.lower_bound(r.base.v); at != held.end() && at->first < r.end().v; ++at) {
    const auto known =
        std::find_if(shares.begin(), shares.end(), [&](const auto &s) { return s.first == at->second.owner; });
    const u64 bytes = at->second.end - at->first;
    if (known == shares.end())
      shares.emplace_back(at->second.owner, bytes);
    else
      known->second += bytes;
  }
  if (shares.empty()) return nullptr;
  others = shares.size() - 1;
  const auto most =
      std::max_element(shares.begin(), shares.end(), [](const auto &a, const auto &b) { return a.second < b.second; });
  return &lab.index().owners()[most->first];
}

} // namespace

std::unique_ptr<Panel> make_memblock_panel(Desk &desk) { return std::make_unique<MemblockPanel>(desk); }

} // namespace mmscope::canvas
