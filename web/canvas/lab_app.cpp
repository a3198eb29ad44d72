#include "canvas/lab_app.hpp"

#include <algorithm>
#include <cmath>

#include "canvas/panels/panels.hpp"

namespace mmscope::canvas {

Lab::Lab(Script script) : timeline_(std::move(script)), index_(timeline_.script()) {}

bool Lab::prepare(u64 calls, const BootIndex::Observer &observer) {
  if (!index_.advance(calls, observer)) return false;
  moved();
  return true;
}

void Lab::seek(Position to) {
  timeline_.seek(to);
  moved();
}

void Lab::step(Level level, i64 n) {
  timeline_.step(level, n);
  moved();
}

void Lab::moved() {
  ++generation_;
  const Position at = timeline_.position();
  // What an owner change says is true once its event has happened.
  const auto happened = [&](const OwnerChange &c) {
    return c.call < at.call || (c.call == at.call && c.event <= at.event);
  };
  const std::vector<OwnerChange> &all = index_.changes();
  if (owner_changes_ > 0 && !happened(all[owner_changes_ - 1])) {
    owners_.clear();
    owner_changes_ = 0;
  }
  for (; owner_changes_ < all.size() && happened(all[owner_changes_]); ++owner_changes_)
    owners_.set(all[owner_changes_].base, all[owner_changes_].end, all[owner_changes_].owner);

  if (const Event *event = last_event())
    changes_ = changes_of({event, 1}, state());
  else if (call())
    changes_ = changes_of(events(), state());
  else
    changes_ = {};
}

std::optional<std::size_t> Lab::call() const {
  const Position at = position();
  if (inside()) return static_cast<std::size_t>(at.call);
  if (at.call == 0) return std::nullopt;
  return static_cast<std::size_t>(at.call - 1);
}

bool Lab::inside() const {
  const Position at = position();
  return at.event != 0 || at.part != 0;
}

const CallRecord &Lab::record() const { return timeline_.record(*call()); }

std::span<const Event> Lab::events() const {
  if (!call()) return {};
  const std::vector<Event> &all = record().events;
  const Position at = position();
  const u64 n = inside() ? at.event + (at.part != 0 ? 1 : 0) : all.size();
  return {all.data(), static_cast<std::size_t>(std::min<u64>(n, all.size()))};
}

const Event *Lab::last_event() const { return inside() && !events().empty() ? &events().back() : nullptr; }

const Owner *Lab::owner_at(u64 address) const {
  const u32 id = owners_.at(address);
  return id == nobody ? nullptr : &index_.owners()[id];
}

bool Lab::handed_over() const {
  for (const pglist_data &node : state().pages.nodes())
    for (const zone &z : node.zones)
      if (z.free_pages() != 0) return true;
  return false;
}

Accounting Lab::accounting() const { return account(state(), owners_, handed_over()); }

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
