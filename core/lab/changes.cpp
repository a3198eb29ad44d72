#include "lab/changes.hpp"

#include <algorithm>

namespace mmscope {
namespace {

constexpr std::size_t most_places = 256; // outlines on one picture that can still be told apart

void note_memblock(const Event &e, std::vector<Mark> &marks, u64 &removed) {
  const auto i = static_cast<std::size_t>(e.f[1]);
  const auto set = [&](std::size_t at, Mark m) {
    if (at < marks.size()) marks[at] = m;
  };
  switch (e.kind) {
  case EventKind::lab_memblock_insert:
    marks.insert(marks.begin() + static_cast<std::ptrdiff_t>(std::min(i, marks.size())), Mark::inserted);
    break;
  case EventKind::lab_memblock_remove:
    if (i < marks.size()) marks.erase(marks.begin() + static_cast<std::ptrdiff_t>(i));
    ++removed;
    break;
  case EventKind::lab_memblock_merge:
    if (i + 1 < marks.size()) marks.erase(marks.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    set(i, Mark::merged);
    break;
  case EventKind::lab_memblock_split:
    if (i < marks.size()) marks.insert(marks.begin() + static_cast<std::ptrdiff_t>(i), Mark::split);
    set(i + 1, Mark::split);
    break;
  case EventKind::lab_memblock_trim: set(i, Mark::trimmed); break;
  case EventKind::lab_memblock_mark: set(i, Mark::marked); break;
  default: break;
  }
}

void note_pcp(Changes &c, const PcpChange &change) {
  if (std::find(c.pcp.begin(), c.pcp.end(), change) == c.pcp.end()) c.pcp.push_back(change);
}

/// Regions that an array had before the events.
std::size_t size_before(std::span<const Event> events, u64 list, std::size_t after) {
  std::ptrdiff_t n = static_cast<std::ptrdiff_t>(after);
  for (const Event &e : events) {
    if (e.f[0] != list) continue;
    if (e.kind == EventKind::lab_memblock_insert || e.kind == EventKind::lab_memblock_split) --n;
    if (e.kind == EventKind::lab_memblock_remove || e.kind == EventKind::lab_memblock_merge) ++n;
  }
  return static_cast<std::size_t>(std::max<std::ptrdiff_t>(n, 0));
}

} // namespace

Changes changes_of(std::span<const Event> events, const System &after) {
  Changes c;
  const memblock_type *types[2] = {&after.memblock.memory, &after.memblock.reserved};
  for (u64 list = 0; list < 2; ++list)
    c.marks[list].resize(size_before(events, list, types[list]->regions.size()), Mark::none);

  const auto place = [&](const Event &e) {
    const std::optional<Place> p = reach(e, *after.arch);
    if (!p) return;
    // Blocks handed over one after the other are one place.
    if (!c.places.empty() && c.places.back().layer == p->layer && c.places.back().end == p->base)
      c.places.back().end = p->end;
    else
      c.places.push_back(*p);
  };

  for (const Event &e : events) {
    switch (e.kind) {
    case EventKind::lab_memblock_insert:
    case EventKind::lab_memblock_remove: place(e); [[fallthrough]];
    case EventKind::lab_memblock_merge:
    case EventKind::lab_memblock_split:
    case EventKind::lab_memblock_trim:
    case EventKind::lab_memblock_mark:
      if (e.f[0] < 2) note_memblock(e, c.marks[e.f[0]], c.removed[e.f[0]]);
      break;
    case EventKind::lab_zone_init: place(e); [[fallthrough]];
    case EventKind::lab_zone_set: c.zones.emplace_back(e.node(0), static_cast<u32>(e.f[1])); break;
    case EventKind::lab_free_list_add:
    case EventKind::lab_free_list_del:
      place(e);
      if (e.f[1] < max_zone_types && e.f[2] < max_orders && e.f[3] < migratetype_count)
        c.buddy[e.f[1]][e.f[2]][e.f[3]] = true;
      c.any_buddy = true;
      break;
    case EventKind::lab_pcp_add:
    case EventKind::lab_pcp_del:
      place(e);
      note_pcp(c, {e.node(0), static_cast<u32>(e.f[1]), static_cast<u32>(e.f[2]), static_cast<u32>(e.f[3])});
      break;
    case EventKind::lab_pcp_set: note_pcp(c, {e.node(0), static_cast<u32>(e.f[1]), static_cast<u32>(e.f[2])}); break;
    case EventKind::lab_pageblock_run:
      if (!c.pageblocks.empty() && c.pageblocks.back().end == e.f[0])
        c.pageblocks.back().end += e.f[1];
      else
        c.pageblocks.push_back({e.f[0], e.f[0] + e.f[1]});
      break;
    case EventKind::lab_e820_add:
    case EventKind::lab_e820_update:
    case EventKind::lab_numa_memblk:
    case EventKind::lab_section_present:
    case EventKind::lab_section_gone:
    case EventKind::lab_section_init:
    case EventKind::lab_page_block:
    case EventKind::lab_page_run: place(e); break;
    default: break;
    }
  }
  if (c.places.size() > most_places) c.places.erase(c.places.begin(), c.places.end() - most_places);
  for (u64 list = 0; list < 2; ++list) c.marks[list].resize(types[list]->regions.size(), Mark::none);
  return c;
}

} // namespace mmscope
