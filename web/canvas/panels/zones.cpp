// Nodes and zones: what each zone spans, how much of that is present, how much of that the buddy allocator manages.
//
//   node 0                          262 014 pages
//   DMA32                         present 258 016
//   [  |=======================================]     spanned, present, managed: one bar, from dark to strong
//   managed 0 until the handoff
//   free … · min … low … high …
#include <algorithm>
#include <string>

#include "base/text.hpp"
#include "base/units.hpp"
#include "canvas/lab_app.hpp"
#include "canvas/panels/panels.hpp"
#include "canvas/widgets/paint.hpp"
#include "canvas/widgets/scroller.hpp"

namespace mmscope::canvas {
namespace {

constexpr float node_height = 24, zone_height = 78, empty_zone_height = 20;

class ZonesPanel final : public Panel {
public:
  explicit ZonesPanel(Desk &desk) : desk_(desk) {}
  const char *id() const override { return "zones"; }
  const char *title() const override { return "nodes and zones"; }
  void head(Frame &frame) override { middle_tabs(frame, desk_); }
  void draw(Frame &frame) override;

private:
  void one_zone(Frame &frame, const Rect &place, const pglist_data &node, unsigned zid);
  bool changed(i32 nid, unsigned zid) const {
    const auto &zones = desk_.lab->changes().zones;
    return std::find(zones.begin(), zones.end(), std::pair<i32, u32>{nid, zid}) != zones.end();
  }
  Desk &desk_;
  Scroller scroll_;
  u64 seen_ = 0;
};

bool worth_a_line(const System &s, unsigned zid) {
  // ZONE_MOVABLE and ZONE_DEVICE are empty on most machines: named only where they hold something.
  return s.arch->zones[zid].kind == ZoneLimit::address || s.arch->zones[zid].kind == ZoneLimit::end;
}

/// Before free_area_init a node is a name: it has no span yet.
bool worth_showing(const pglist_data &node) { return node.spanned_pages != 0 || node.memoryless; }

void ZonesPanel::draw(Frame &frame) {
  if (!desk_.lab) return;
  const Lab &lab = *desk_.lab;
  const System &s = lab.state();
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const float scale = frame.scale;
  const auto zones = static_cast<unsigned>(std::min<std::size_t>(s.arch->zones.size(), max_zone_types));

  float height = 0;
  bool any = false;
  for (const pglist_data &node : s.pages.nodes()) {
    if (!worth_showing(node)) continue;
    any = true;
    if (seen_ != lab.generation() && !lab.changes().zones.empty() && lab.changes().zones.front().first == node.nid)
      scroll_.reveal(height, node_height * scale + zone_height * scale);
    height += node_height * scale;
    for (unsigned z = 0; z < zones; ++z) {
      if (node.zones[z].populated())
        height += zone_height * scale;
      else if (worth_a_line(s, z))
        height += empty_zone_height * scale;
    }
  }
  seen_ = lab.generation();
  const float top = scroll_.begin(frame, frame.area, height, "nodes and zones");
  float y = top;
  const float width = frame.area.w - 10 * scale;
  if (!any)
    put_fitting(frame, list, frame.area.x, y, width, frame.theme.dim, "none until free_area_init", size::mono_small);
  for (const pglist_data &node : s.pages.nodes()) {
    if (!worth_showing(node)) continue;
    put_text(frame, list, frame.area.x, y, frame.theme.ink, concat("node ", node.nid), size::mono_small);
    put_right(frame, list, frame.area.x + width, y, frame.theme.dim,
              node.memoryless ? std::string("memoryless") : concat(count_text(node.present_pages), " pages"),
              size::mono_small);
    y += node_height * scale;
    for (unsigned z = 0; z < zones; ++z) {
      if (node.zones[z].populated()) {
        one_zone(frame, {frame.area.x, y, width, zone_height * scale}, node, z);
        y += zone_height * scale;
      } else if (worth_a_line(s, z)) {
        put_text(frame, list, frame.area.x, y, frame.theme.dim, s.arch->zones[z].name, size::mono_small);
        put_right(frame, list, frame.area.x + width, y, frame.theme.dim, "empty", size::mono_small);
        y += empty_zone_height * scale;
      }
    }
  }
  scroll_.end();
}

void ZonesPanel::one_zone(Frame &frame, const Rect &place, const pglist_data &node, unsigned zid) {
  const System &s = desk_.lab->state();
  const zone &z = node.zones[zid];
  const Theme &theme = frame.theme;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const float scale = frame.scale;
  const std::string_view name = s.arch->zones[zid].name;

  ImGui::SetCursorScreenPos({place.x, place.y});
  ImGui::PushID(node.nid);
  ImGui::PushID(static_cast<int>(zid));
  const bool pressed = ImGui::InvisibleButton("##zone", {std::max(place.w, 1.0f), place.h - 8 * scale});
  ImGui::PopID();
  ImGui::PopID();
  if (changed(node.nid, zid)) {
    const Rect r{place.x - 3, place.y - 3, place.w + 6, place.h - 8 * scale};
    list.AddRectFilled({r.x, r.y}, {r.x + r.w, r.y + r.h}, theme.changed, 5);
    list.AddRect({r.x + 0.5f, r.y + 0.5f}, {r.x + r.w - 0.5f, r.y + r.h - 0.5f}, theme.accent, 5);
  }

  put_text(frame, list, place.x, place.y, theme.ink, name, size::mono_small);
  put_right(frame, list, place.x + place.w, place.y, theme.dim, concat("present ", count_text(z.present_pages)),
            size::mono_small);

  // The bar is the node's span; the zone lies in it where it lies in memory.
  const Rect bar{place.x, place.y + 19 * scale, place.w, 12 * scale};
  const Color color = zone_color(theme, name);
  list.AddRectFilled({bar.x, bar.y}, {bar.x + bar.w, bar.y + bar.h}, theme.hole, 3);
  const auto at = [&](u64 pfn) {
    const double all = static_cast<double>(std::max<u64>(node.spanned_pages, 1));
    return bar.x + static_cast<float>((static_cast<double>(pfn) - static_cast<double>(node.start_pfn.v)) / all) * bar.w;
  };
  const float x0 = std::max(at(z.start_pfn.v), bar.x),
              x1 = std::min(std::max(at(z.end_pfn().v), x0 + 3), bar.x + bar.w);
  const auto share = [&](u64 pages) {
    return (x1 - x0) *
           static_cast<float>(static_cast<double>(pages) / static_cast<double>(std::max<u64>(z.spanned_pages, 1)));
  };
  const bool handed = desk_.lab->handed_over();
  list.AddRectFilled({x0, bar.y}, {x0 + share(z.present_pages), bar.y + bar.h}, mix(theme.hole, color, 0.45f), 3);
  if (handed) list.AddRectFilled({x0, bar.y}, {x0 + share(z.managed_pages), bar.y + bar.h}, color, 3);
  list.AddRect({x0, bar.y}, {x1, bar.y + bar.h}, color, 3);

  const float y = place.y + 35 * scale;
  const std::string managed =
      handed                 ? concat("managed ", count_text(z.managed_pages), "  free ", count_text(z.free_pages()))
      : z.managed_pages == 0 ? std::string("managed 0 until the handoff")
                             : concat("managed ", count_text(z.managed_pages), " expected");
  put_fitting(frame, list, place.x, y, place.w, theme.dim, managed, 11);
  const std::string marks = z.watermark[2] == 0
                                ? std::string("watermarks not computed yet")
                                : concat("min ", z.watermark[0], "  low ", z.watermark[1], "  high ", z.watermark[2]);
  put_fitting(frame, list, place.x, y + 15 * scale, place.w, theme.dim, marks, 11);

  const std::string label = concat("node ", node.nid, " zone ", name);
  const std::string facts =
      concat("spanned ", z.spanned_pages, ", present ", z.present_pages, ", ", managed, ", ", marks);
  frame.mirror.annotate({.role = Role::kButton, .name = label, .description = facts});
  if (pressed) {
    const unsigned shift = s.arch->page_shift;
    desk_.select(concat("node[", node.nid, "].zone[", name, "]"), label, z.start_pfn.v << shift,
                 z.end_pfn().v << shift);
    desk_.reveal_selection();
  }
}

} // namespace

std::unique_ptr<Panel> make_zones_panel(Desk &desk) { return std::make_unique<ZonesPanel>(desk); }

} // namespace mmscope::canvas
