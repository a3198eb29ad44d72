#include "canvas/panels/choice.hpp"

#include <algorithm>
#include <string>

#include "base/text.hpp"
#include "canvas/panels/panels.hpp"
#include "canvas/widgets/paint.hpp"

namespace mmscope::canvas {
namespace {

struct Tab {
  std::string_view id, label, name;
};
constexpr Tab tabs[] = {
    {"memblock", "memblock", "memblock"}, {"walk", "walk", "walk of a request"},     {"slab", "slab", "slab"},
    {"sections", "sections", "sections"}, {"zones", "zones", "nodes and zones"},     {"pcp", "CPU lists", "CPU lists"},
    {"buddy", "buddy", "buddy"},          {"pageblocks", "pageblocks", "pageblocks"}};

/// Before the handoff there is nothing to ask for: sections and zones are all there is to choose. 2.4 has neither page
/// lists of CPUs nor pageblocks.
bool offered(const Desk &desk, std::string_view id) {
  if (id == "sections" || id == "zones") return true;
  return desk.lab->handed_over() && !(desk.lab->state().on_pair_zones() && (id == "pcp" || id == "pageblocks"));
}

std::vector<ZoneId> populated(const System &s, ZoneId &largest) {
  std::vector<ZoneId> all;
  u64 pages = 0;
  for (const pglist_data &node : s.pages.nodes())
    for (unsigned z = 0; z < std::min<std::size_t>(s.arch->zones.size(), max_zone_types); ++z) {
      if (!node.zones[z].populated()) continue;
      all.push_back({node.nid, z});
      if (node.zones[z].present_pages <= pages) continue;
      pages = node.zones[z].present_pages;
      largest = all.back();
    }
  return all;
}

bool has(const std::vector<ZoneId> &all, ZoneId z) { return std::find(all.begin(), all.end(), z) != all.end(); }

/// Whose lists the events touched last, or which zone they looked at last.
std::optional<ZoneId> touched(const Desk &desk) {
  const auto events = desk.lab->events();
  std::optional<ZoneId> looked;
  for (std::size_t i = events.size(); i-- > 0;) {
    const Event &e = events[i];
    const ZoneId z{e.node(0), static_cast<unsigned>(e.f[1])};
    switch (e.kind) {
    case EventKind::lab_free_list_add:
    case EventKind::lab_free_list_del:
    case EventKind::lab_pcp_add:
    case EventKind::lab_pcp_del: return z;
    case EventKind::lab_zone_check:
      if (!looked) looked = z;
      break;
    default: break;
    }
  }
  return looked;
}

ZoneId zone_of(const Desk &desk, const std::vector<ZoneId> &all, ZoneId largest) {
  const std::optional<ZoneId> z = desk.lab->handed_over() ? touched(desk) : std::nullopt;
  const bool follow = z && has(all, *z);
  // A choice holds until a request goes elsewhere.
  if (desk.zone && has(all, desk.zone->what) && !(follow && desk.zone->passed(*desk.lab))) return desk.zone->what;
  return follow ? *z : largest;
}

} // namespace

Rect place_tabs(Frame &frame, Desk &desk, Panel &panel) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  unsigned place = place_count, many = 0;
  for (const PanelPlace &p : panel_places)
    if (p.id == panel.id()) place = p.place;
  if (desk.lab)
    for (const PanelPlace &p : panel_places) many += p.place == place && offered(desk, p.id);
  const bool single = !desk.focus.empty() || (narrow(frame) && place != 1);
  if (many < 2 || single || desk.shown(place) != panel.id()) {
    ImGui::TextUnformatted(panel.title());
    return {at.x, at.y, ImGui::GetItemRectSize().x, ImGui::GetItemRectSize().y};
  }
  ImDrawList &list = *ImGui::GetWindowDrawList();
  float x = at.x - 8 * frame.scale;
  for (std::size_t i = 0; i < std::size(tabs); ++i) {
    const Tab &tab = tabs[i];
    if (panel_places[i].place != place || !offered(desk, tab.id)) continue;
    if (narrow(frame) && tab.id == "pcp") continue; // the page's own tabs have it
    const std::string_view label = many < 3 ? tab.name : tab.label;
    if (chip(frame, list, x, at.y - 3 * frame.scale, label, tab.name, Role::kTab, tab.id == panel.id(),
             frame.theme.accent))
      desk.pin(tab.id);
  }
  ImGui::SetCursorScreenPos(at);
  ImGui::TextUnformatted("");
  return {at.x, at.y, x - at.x, ImGui::GetItemRectSize().y};
}

ZoneId shown_zone(const Desk &desk) {
  ZoneId largest;
  const auto all = populated(desk.lab->state(), largest);
  return zone_of(desk, all, largest);
}

ZoneId zone_chips(Frame &frame, Desk &desk, const Rect &title, std::string_view what, float &y) {
  const System &s = desk.lab->state();
  ImDrawList &list = *ImGui::GetWindowDrawList();
  ZoneId where;
  const auto all = populated(s, where);
  where = zone_of(desk, all, where);
  const float scale = frame.scale;
  if (all.empty()) {
    const std::string_view why = !s.on_pair_zones() || s.pair_zones.empty()
                                     ? "no zones until free_area_init"
                                     : "none in 2.4: its zones have lists and pair bitmaps";
    y = put_wrapped(frame, list, frame.area.x, y, frame.area.w, frame.theme.dim, why, size::mono_small);
    y += 4 * scale;
    return where;
  }
  constexpr int most_lines = 2; // what is below needs room too; the tables have all zones
  const bool many = s.pages.nodes().size() > 1;
  const float pitch = (narrow(frame) ? size::target : 22) * scale;
  if (narrow(frame)) y += (size::target - 20) / 2 * scale;
  int line = 0;
  float x = frame.area.x, width = 0;
  const auto label_of = [&](const ZoneId &w) {
    const std::string_view zone = s.arch->zones[w.zid].name;
    return many ? concat(w.nid, ":", zone) : std::string(zone);
  };
  for (const ZoneId &w : all) width += text_width(frame, label_of(w), size::mono_small) + 20 * scale;
  const bool beside = title.x + title.w + 8 * scale + width <= frame.area.x + frame.area.w;
  const float below = y;
  if (beside) {
    x = frame.area.x + frame.area.w - width;
    y = title.y;
  }
  for (const ZoneId &w : all) {
    const std::string_view zone = s.arch->zones[w.zid].name;
    const std::string label = label_of(w);
    if (x > frame.area.x && x + text_width(frame, label, size::mono_small) + 16 * scale > frame.area.x + frame.area.w) {
      x = frame.area.x;
      if (++line == most_lines) break;
      y += pitch;
    }
    const std::string name = concat(what, " of node ", w.nid, " zone ", zone);
    if (chip(frame, list, x, y - 3 * scale, label, name, Role::kRadio, w == where, zone_color(frame.theme, zone)))
      desk.zone = {where = w, desk.lab->generation()};
  }
  y = beside ? below : y + pitch + 2 * scale;
  return where;
}

const zone &zone_in(const Desk &desk, ZoneId where) {
  static const struct zone empty {};
  const auto nodes = desk.lab->state().pages.nodes();
  const bool real = static_cast<std::size_t>(where.nid) < nodes.size() && where.zid < max_zone_types;
  return real ? nodes[static_cast<std::size_t>(where.nid)].zones[where.zid] : empty;
}

u32 shown_cpu(const Desk &desk) {
  const u32 cpus = desk.lab->state().pages.cpus();
  if (desk.cpu && desk.cpu->what < cpus && !desk.cpu->passed(*desk.lab)) return desk.cpu->what;
  const auto events = desk.lab->events();
  for (std::size_t i = events.size(); i-- > 0;) {
    const Event &e = events[i];
    if (e.kind == EventKind::lab_attempt) return static_cast<u32>(e.f[6]);
    if (e.kind == EventKind::lab_pcp_add || e.kind == EventKind::lab_pcp_del) return static_cast<u32>(e.f[2]);
  }
  return desk.cpu && desk.cpu->what < cpus ? desk.cpu->what : 0;
}

} // namespace mmscope::canvas
