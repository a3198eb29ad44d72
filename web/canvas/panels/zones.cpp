// Nodes and zones: what each zone spans, how much of that is present, how much of that the buddy allocator manages.
//
//   node 0                          262 014 pages
//   DMA32                         present 258 016
//   [  |==============   ======================]     what it spans, and what of that is present: holes where they lie
//   managed 0 until the handoff                      or
//   [|||##################                     ]     what it manages, how much of that is free, the watermarks
//   min … low … high …
//   protection 0 973 973                             lowmem_reserve: what it keeps from requests for other zones
#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "base/units.hpp"
#include "canvas/lab_app.hpp"
#include "canvas/panels/choice.hpp"
#include "canvas/panels/panels.hpp"
#include "canvas/widgets/paint.hpp"
#include "canvas/widgets/scroller.hpp"
#include "mm/pair_alloc.hpp"

namespace mmscope::canvas {
namespace {

constexpr float node_height = 22, zone_height = 98, distance_height = 16, empty_zone_height = 20;

class ZonesPanel final : public Panel {
public:
  explicit ZonesPanel(Desk &desk) : desk_(desk) {}
  const char *id() const override { return "zones"; }
  const char *title() const override { return "nodes and zones"; }
  void head(Frame &frame) override { place_tabs(frame, desk_, *this); }
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

/// The nodes; of 2.4 its one, with zones as later kernels' would be.
std::vector<pglist_data> nodes_with_pairs(const System &s) {
  if (!s.on_pair_zones() || s.pair_zones.empty() || s.pages.nodes().empty()) return {};
  pglist_data node = s.pages.nodes()[0];
  for (const PairZone &z : s.pair_zones) node.zones[z.id()] = as_zone(z);
  node.start_pfn = pfn_t{0};
  node.spanned_pages = node.present_pages = s.pair_zones.back().end().v;
  std::vector<pglist_data> one;
  one.push_back(std::move(node));
  return one;
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

  const std::vector<pglist_data> with_pairs = nodes_with_pairs(s);
  const std::span<const pglist_data> nodes = with_pairs.empty() ? s.pages.nodes() : with_pairs;
  const bool many = nodes.size() > 1;
  const float head = (narrow(frame) ? size::target : node_height) + (many ? distance_height : 0);
  float height = 0;
  bool any = false;
  for (const pglist_data &node : nodes) {
    if (!worth_showing(node)) continue;
    any = true;
    if (seen_ != lab.generation() && !lab.changes().zones.empty() && lab.changes().zones.front().first == node.nid)
      scroll_.reveal(height, node_height * scale + zone_height * scale);
    height += head * scale;
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
  for (const pglist_data &node : nodes) {
    if (!worth_showing(node)) continue;
    const std::string name = concat("node ", node.nid), path = concat("node[", node.nid, "]");
    const u64 base = node.start_pfn.v << s.arch->page_shift;
    const u64 end = base + (node.spanned_pages << s.arch->page_shift);
    const float tall = narrow(frame) ? size::target * scale : 18 * scale;
    if (press_area({frame.area.x, y, width, tall}, "##node", static_cast<u64>(node.nid))) {
      desk_.select(path, name, base, end);
      desk_.reveal_selection();
    }
    const std::string facts = concat("spanned ", node.spanned_pages, ", present ", node.present_pages);
    frame.mirror.annotate({.role = Role::kButton, .name = name, .description = facts});
    if (ImGui::IsItemHovered()) desk_.point(path, name, base, end);
    y += (tall - 18 * scale) / 2;
    if (desk_.selected(path)) frame_selected(frame, list, {frame.area.x, y, width, 18 * scale});
    put_text(frame, list, frame.area.x, y, frame.theme.ink, name, size::mono_small);
    put_right(frame, list, frame.area.x + width, y, frame.theme.dim,
              node.memoryless ? std::string("memoryless") : concat(count_text(node.present_pages), " pages"),
              size::mono_small);
    if (many) {
      std::string distance = "distance to each node";
      for (const pglist_data &other : nodes) append(distance, " ", s.numa.distance_of(node.nid, other.nid));
      put_fitting(frame, list, frame.area.x, y + 16 * scale, width, frame.theme.dim, distance, 11);
    }
    y += head * scale - (tall - 18 * scale) / 2;
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
    const Rect r{place.x - 3, place.y - 3, place.w + 6, place.h - 5 * scale};
    paint(list, r, theme.changed, 5);
    frame_of(list, r, -0.5f, theme.accent, 5);
  }

  put_text(frame, list, place.x, place.y, theme.ink, name, size::mono_small);
  put_right(frame, list, place.x + place.w, place.y, theme.dim, concat("present ", count_text(z.present_pages)),
            size::mono_small);

  // The bar is the node's span; the zone lies in it where it lies in memory.
  const Rect bar{place.x, place.y + 19 * scale, place.w, 12 * scale};
  const Color color = zone_color(theme, name);
  paint(list, bar, theme.hole, 3);
  const auto at = [&](u64 pfn) {
    const double all = static_cast<double>(std::max<u64>(node.spanned_pages, 1));
    return bar.x + static_cast<float>((static_cast<double>(pfn) - static_cast<double>(node.start_pfn.v)) / all) * bar.w;
  };
  const float x0 = std::max(at(z.start_pfn.v), bar.x),
              x1 = std::min(std::max(at(z.end_pfn().v), x0 + 3), bar.x + bar.w);
  // Present is what memblock.memory has of it; the gaps are the zone's holes.
  list.AddRectFilled({x0, bar.y}, {x1, bar.y + bar.h}, theme.background);
  const unsigned shift = s.arch->page_shift;
  const auto &regions = s.memblock.memory.regions;
  auto r = std::partition_point(regions.begin(), regions.end(),
                                [&](const memblock_region &m) { return m.end().v >> shift <= z.start_pfn.v; });
  float drawn = x0 - 1;
  for (; r != regions.end() && r->base.v >> shift < z.end_pfn().v; ++r) {
    if (r->nid != no_node && r->nid != node.nid) continue;
    const float a = std::max(at(r->base.v >> shift), x0), b = std::min(std::max(at(r->end().v >> shift), a + 1), x1);
    if (b - drawn < 1) continue; // narrower than a pixel
    list.AddRectFilled({std::max(a, drawn), bar.y}, {b, bar.y + bar.h}, mix(theme.hole, color, 0.75f));
    drawn = b;
  }
  if (s.on_pair_zones()) list.AddRectFilled({x0, bar.y}, {x1, bar.y + bar.h}, mix(theme.hole, color, 0.75f));
  list.AddRect({x0, bar.y}, {x1, bar.y + bar.h}, color, 3);

  float y = place.y + 34 * scale;
  const bool handed = desk_.lab->handed_over();
  std::string managed = z.managed_pages == 0 ? std::string("managed 0 until the handoff")
                                             : concat("managed ", count_text(z.managed_pages), " expected");
  if (handed) managed = concat("managed ", count_text(z.managed_pages), "  free ", count_text(z.free_pages()));
  if (s.on_pair_zones()) managed = concat("free ", count_text(z.free_pages()));
  put_fitting(frame, list, place.x, y, place.w, theme.dim, managed, 11);
  y += 15 * scale;
  std::string marks = "watermarks not computed yet";
  if (z.watermark[2] != 0) marks = concat("min ", z.watermark[0], " low ", z.watermark[1], " high ", z.watermark[2]);
  if (handed && z.managed_pages != 0) {
    const Rect free{place.x, y + 1, place.w, 7 * scale};
    const auto of = [&](u64 pages) {
      return free.x +
             free.w *
                 std::min(static_cast<float>(static_cast<double>(pages) / static_cast<double>(z.managed_pages)), 1.0f);
    };
    paint(list, free, theme.hole, 3);
    list.AddRectFilled({free.x, free.y}, {of(z.free_pages()), free.y + free.h}, theme.free, 3);
    for (const u64 mark : z.watermark) {
      if (mark == 0) continue;
      const float x = frame.snap(of(mark));
      list.AddRectFilled({x - 1, free.y - 2}, {x + 2, free.y + free.h + 2}, theme.background);
      list.AddRectFilled({x, free.y - 2}, {x + 1, free.y + free.h + 2}, theme.ink);
    }
    y += 12 * scale;
  }
  put_fitting(frame, list, place.x, y, place.w, theme.dim, marks, 11);
  std::string protection = "protection";
  for (std::size_t i = 0; i < s.arch->zones.size() && i < max_zone_types; ++i)
    append(protection, " ", z.lowmem_reserve[i]);
  const bool reserves = std::any_of(z.lowmem_reserve.begin(), z.lowmem_reserve.end(), [](u64 n) { return n != 0; });
  if (reserves) put_fitting(frame, list, place.x, y + 14 * scale, place.w, theme.dim, protection, 11);

  const std::string label = concat("node ", node.nid, " zone ", name);
  const std::string facts =
      concat("spanned ", z.spanned_pages, ", present ", z.present_pages, ", ", managed, ", ", marks, ", ", protection);
  frame.mirror.annotate({.role = Role::kButton, .name = label, .description = facts});
  const std::string path = concat("node[", node.nid, "].zone[", name, "]");
  if (desk_.selected(path)) frame_selected(frame, list, {place.x - 2, place.y - 2, place.w + 4, place.h - 10 * scale});
  if (ImGui::IsItemHovered()) desk_.point(path, label, z.start_pfn.v << shift, z.end_pfn().v << shift);
  if (pressed) {
    desk_.select(path, label, z.start_pfn.v << shift, z.end_pfn().v << shift);
    desk_.reveal_selection();
  }
}

} // namespace

std::unique_ptr<Panel> make_zones_panel(Desk &desk) { return std::make_unique<ZonesPanel>(desk); }

} // namespace mmscope::canvas
