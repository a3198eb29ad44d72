#include "canvas/lab_app.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "canvas/panels/panels.hpp"

namespace mmscope::canvas {

void Desk::put(std::unique_ptr<Lab> next) {
  lab = std::move(next);
  ++machines;
  clear_selection();
  pointed_.reset();
  pointing_.reset();
  zone.reset();
  cpu.reset();
  filter_.clear();
  bookmarks.clear();
  seen_ = lab->generation();
  seen_at_ = lab->position();
  motion_ = 1;
  moved_ = -1e9;
  axis.set_whole(lab->index().address_end());
}

void Desk::select(std::string_view path, std::string_view name, u64 base, u64 end) {
  selection = Selection{std::string(path), std::string(name), base, end};
  ++selections;
}

void Desk::clear_selection() {
  if (!selection) return;
  selection.reset();
  ++selections;
}

void Desk::reveal_selection() {
  if (!selection || selection->end <= selection->base) return;
  const auto base = static_cast<double>(selection->base), end = static_cast<double>(selection->end);
  if (base < axis.from() || end > axis.to() || end - base < axis.span() / 4) axis.show(selection->base, selection->end);
}

bool Desk::shows(PartKind kind, u32 owner) const {
  return filter_.empty() || std::find(filter_.begin(), filter_.end(), Chosen{kind, owner}) != filter_.end();
}

void Desk::point(std::string_view path, std::string_view name, u64 base, u64 end) {
  pointing_ = Selection{std::string(path), std::string(name), base, end};
}

namespace {

bool names(std::string_view pinned, std::string_view panel) {
  const std::size_t at = pinned.find(panel);
  return at != std::string_view::npos && (at == 0 || pinned[at - 1] == '+') &&
         (at + panel.size() == pinned.size() || pinned[at + panel.size()] == '+');
}

/// Whether the call that is shown asks for pages or gives some back.
bool asks_for_pages(const Lab &lab) { return lab.call() && lab.command(*lab.call()).op > Op::setup_per_cpu_pageset; }

bool about_slabs(const Lab &lab) {
  const Op op = lab.command(*lab.call()).op;
  return op >= Op::kmem_cache_init && op <= Op::write_object;
}

} // namespace

std::string_view Desk::shown(unsigned place) const {
  for (const PanelPlace &p : panel_places)
    if (p.place == place && names(pinned, p.id)) return p.id;
  const bool pairs = lab->state().on_pair_zones();
  if (place == 2) return "buddy";
  if (asks_for_pages(*lab)) return place == 1 ? pairs ? "zones" : "pcp" : about_slabs(*lab) ? "slab" : "walk";
  if (place == 0) return "memblock";
  for (const pglist_data &node : lab->state().pages.nodes())
    if (node.spanned_pages != 0) return "zones";
  return "sections";
}

void Desk::begin_frame(Frame &frame) {
  constexpr double duration = 0.22; // seconds: LOOK.md
  pointed_ = std::exchange(pointing_, std::nullopt);
  if (seen_ != lab->generation()) {
    // A step forwards is a thing that happens; a jump is another picture.
    const Position now = lab->position();
    const bool step = now > seen_at_ && now.call - seen_at_.call <= 1;
    moved_ = step && !frame.still ? frame.time : -1e9;
    seen_ = lab->generation();
    seen_at_ = now;
  }
  const double t = std::clamp((frame.time - moved_) / duration, 0.0, 1.0);
  motion_ = static_cast<float>(1 - (1 - t) * (1 - t));
  if (t < 1) frame.animate();
}

void Desk::pin(std::string_view id) {
  unsigned place = place_count;
  for (const PanelPlace &p : panel_places)
    if (p.id == id) place = p.place;
  const bool off = names(pinned, id);
  std::string next;
  for (const PanelPlace &p : panel_places) {
    if (p.place == place ? off || p.id != id : !names(pinned, p.id)) continue;
    if (!next.empty()) next += '+';
    next += p.id;
  }
  pinned = std::move(next);
}

std::vector<std::unique_ptr<Panel>> make_panels(Desk &desk) {
  // In reading order, which is the order of focus and the order in which memory flows.
  std::vector<std::unique_ptr<Panel>> panels;
  panels.push_back(make_strip_panel(desk));
  panels.push_back(make_memblock_panel(desk));
  panels.push_back(make_walk_panel(desk));
  panels.push_back(make_slab_panel(desk));
  panels.push_back(make_sections_panel(desk));
  panels.push_back(make_zones_panel(desk));
  panels.push_back(make_pcp_panel(desk));
  panels.push_back(make_buddy_panel(desk));
  panels.push_back(make_pageblocks_panel(desk));
  panels.push_back(make_timeline_panel(desk));
  return panels;
}

namespace {

void arrange(const Desk &desk, float width, float height, float scale, std::span<Rect> places) {
  // As make_panels has them: the strip, those of panel_places, the timeline.
  constexpr std::size_t strip = 0, timeline = std::size(panel_places) + 1;
  const auto index_of = [](std::string_view id) {
    std::size_t i = 1;
    for (const PanelPlace &p : panel_places) {
      if (p.id == id) break;
      ++i;
    }
    return i; // timeline, if it is none of them
  };
  if (!desk.lab) return;
  std::fill(places.begin(), places.end(), Rect{});
  const float w = width / scale, h = height / scale;
  const float gap = 3 * size::space * scale;
  const bool narrow = w < 600, compact = h < 620;
  const bool handed = desk.lab->handed_over();

  if (desk.focus == "strip") {
    places[strip] = {0, 0, width, height};
    return;
  }
  const float strip_height = std::min(strip_panel_height(narrow ? 38 : compact ? 20 : 31) * scale, height * 0.55f);
  places[strip] = {0, 0, width, strip_height};
  const float top = strip_height + (narrow ? gap / 2 : 0);
  const std::size_t focused = index_of(desk.focus);
  const bool alone = !desk.focus.empty();
  if (narrow) {
    const bool sections = desk.panel == "zones" && desk.shown(1) == "sections";
    const std::size_t which = alone ? focused : sections ? index_of("sections") : index_of(desk.panel);
    places[which] = {gap / 2, top, width - gap, height - top - gap / 2};
    return;
  }
  if (alone) {
    const float edge = focused == timeline ? 0 : gap;
    places[focused] = {edge, top, width - 2 * edge, height - top - edge};
    return;
  }
  // The timeline tells what is to come: while the desk is locked, others have its place.
  const float timeline_height = desk.locked ? 0 : timeline_panel_height(h) * scale;
  places[timeline] = {0, height - timeline_height, width, timeline_height};
  const float room = height - timeline_height - gap - top;
  if (room < 80 * scale) return;
  std::size_t at[place_count];
  for (unsigned i = 0; i < place_count; ++i) at[i] = index_of(desk.shown(i));
  const bool request = desk.shown(1) == "pcp";
  if (w < 780) { // two panels: what memory comes from, and what it goes to
    const bool right = handed && !request;
    const float each = std::floor((width - 3 * gap) * (right ? 0.45f : 0.55f));
    places[at[right ? 1 : 0]] = {gap, top, each, room};
    places[at[right ? 2 : 1]] = {2 * gap + each, top, width - 3 * gap - each, room};
    return;
  }
  // Until the handoff memblock is where things happen, after it the free lists are.
  const float inner = width - 4 * gap;
  const float first = std::floor(inner * (request  ? 0.35f
                                          : handed ? 0.38f
                                                   : 0.41f)),
              second = std::floor(inner * (request  ? 0.33f
                                           : handed ? 0.27f
                                                    : 0.33f));
  places[at[0]] = {gap, top, first, room};
  places[at[1]] = {2 * gap + first, top, second, room};
  places[at[2]] = {3 * gap + first + second, top, inner - first - second, room};
}

} // namespace

Layout layout_of(const Desk &desk) {
  return [&desk](float width, float height, float scale, std::span<Rect> places) {
    arrange(desk, width, height, scale, places);
    if (desk.locked) places.back() = Rect{}; // not even alone
    if (!desk.whole) std::fill(places.begin() + 2, places.end(), Rect{});
  };
}

} // namespace mmscope::canvas
