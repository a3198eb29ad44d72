#include "canvas/lab_app.hpp"

#include <algorithm>
#include <cmath>

#include "canvas/panels/panels.hpp"

namespace mmscope::canvas {

void Desk::put(std::unique_ptr<Lab> next) {
  lab = std::move(next);
  selection.reset();
  axis.set_whole(lab->index().address_end());
}

std::vector<std::unique_ptr<Panel>> make_panels(Desk &desk) {
  // In reading order, which is the order of focus and the order in which memory flows.
  std::vector<std::unique_ptr<Panel>> panels;
  panels.push_back(make_strip_panel(desk));
  panels.push_back(make_memblock_panel(desk));
  panels.push_back(make_zones_panel(desk));
  panels.push_back(make_buddy_panel(desk));
  panels.push_back(make_timeline_panel(desk));
  return panels;
}

Layout layout_of(const Desk &desk) {
  return [&desk](float width, float height, float scale, std::span<Rect> places) {
    enum { strip, memblock, zones, buddy, timeline };
    const float gap = 3 * size::space * scale;
    std::fill(places.begin(), places.end(), Rect{});
    const float strip_height = strip_panel_height(scale);
    if (width < 600 * scale) {
      places[strip] = {0, 0, width, std::min(strip_height, height * 0.55f)};
      const float top = places[strip].h + gap / 2;
      const std::size_t which = desk.panel == "zones" ? zones : desk.panel == "buddy" ? buddy : memblock;
      places[which] = {gap / 2, top, width - gap, height - top - gap / 2};
      return;
    }
    const float timeline_height = timeline_panel_height(scale);
    places[strip] = {0, 0, width, strip_height};
    places[timeline] = {0, height - timeline_height, width, timeline_height};
    const float top = strip_height + gap / 2, room = height - timeline_height - gap - top;
    if (room < 80 * scale) return;
    const float inner = width - 4 * gap, first = std::floor(inner * 0.41f), second = std::floor(inner * 0.25f);
    places[memblock] = {gap, top, first, room};
    places[zones] = {2 * gap + first, top, second, room};
    places[buddy] = {3 * gap + first + second, top, inner - first - second, room};
  };
}

} // namespace mmscope::canvas
