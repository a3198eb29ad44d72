#include "mm/sparse.hpp"

#include "base/check.hpp"

#include <algorithm>

namespace mmscope {

const SectionRun *SparseMem::find(u64 section) const {
  const auto it = std::upper_bound(sections.begin(), sections.end(), section,
                                   [](u64 s, const SectionRun &r) { return s < r.first; });
  if (it == sections.begin()) return nullptr;
  const SectionRun &r = *std::prev(it);
  return section < r.first + r.count ? &r : nullptr;
}

u64 SparseMem::present_count() const {
  u64 n = 0;
  for (const SectionRun &r : sections) n += r.count;
  return n;
}

void SparseMem::set_roots(Trace *t, phys_addr_t addr, u64 bytes) {
  roots_addr = addr;
  roots_bytes = bytes;
  emit(t, EventKind::lab_section_roots, {addr.v, bytes});
}

void SparseMem::add_root(Trace *t, u64 index, phys_addr_t addr) {
  const auto at =
      std::lower_bound(roots.begin(), roots.end(), index, [](const SectionRoot &r, u64 i) { return r.index < i; });
  roots.insert(at, {index, addr});
  emit(t, EventKind::lab_section_root, {index, addr.v});
}

void SparseMem::mark_present(Trace *t, u64 first, u64 count, i32 nid) {
  const u64 end = first + count;
  std::vector<SectionRun> fresh;
  u64 at = first;
  for (const SectionRun &r : sections) { // the gaps of [first, end) between runs that are there already
    if (r.first >= end) break;
    if (r.first + r.count <= at) continue;
    if (r.first > at) fresh.push_back({.first = at, .count = r.first - at, .nid = nid});
    at = r.first + r.count;
  }
  if (at < end) fresh.push_back({.first = at, .count = end - at, .nid = nid});
  for (const SectionRun &r : fresh) {
    const auto pos = std::lower_bound(sections.begin(), sections.end(), r.first,
                                      [](const SectionRun &a, u64 s) { return a.first < s; });
    const bool joins = pos != sections.begin() && std::prev(pos)->first + std::prev(pos)->count == r.first &&
                       std::prev(pos)->nid == nid && !std::prev(pos)->initialised;
    if (joins)
      std::prev(pos)->count += r.count;
    else
      sections.insert(pos, r);
  }
  emit(t, EventKind::lab_section_present, {first, count, field(nid)});
}

void SparseMem::init(Trace *t, u64 first, u64 count, phys_addr_t usage, phys_addr_t map) {
  // Callers pass stretches of present, uninitialised sections of one node: they lie within one run.
  const auto it =
      std::upper_bound(sections.begin(), sections.end(), first, [](u64 s, const SectionRun &r) { return s < r.first; });
  MM_CHECK(it != sections.begin());
  const auto pos = std::prev(it);
  const SectionRun old = *pos;
  MM_CHECK(!old.initialised && first >= old.first && first + count <= old.first + old.count);
  std::vector<SectionRun> parts;
  if (first > old.first) parts.push_back({.first = old.first, .count = first - old.first, .nid = old.nid});
  parts.push_back({first, count, old.nid, true, usage, map});
  const u64 end = first + count, old_end = old.first + old.count;
  if (end < old_end) parts.push_back({.first = end, .count = old_end - end, .nid = old.nid});
  sections.insert(sections.erase(pos), parts.begin(), parts.end());
  emit(t, EventKind::lab_section_init, {first, count, usage.v, map.v});
}

void SparseMem::remove(Trace *t, u64 first, u64 count, u64 usage_bytes, u64 map_bytes) {
  const auto it =
      std::upper_bound(sections.begin(), sections.end(), first, [](u64 s, const SectionRun &r) { return s < r.first; });
  MM_CHECK(it != sections.begin());
  const auto pos = std::prev(it);
  const SectionRun old = *pos;
  const u64 end = first + count, old_end = old.first + old.count;
  MM_CHECK(first >= old.first && end <= old_end);
  std::vector<SectionRun> parts;
  const auto keep = [&](u64 from, u64 to) {
    if (from >= to) return;
    SectionRun part = old;
    part.first = from;
    part.count = to - from;
    if (part.usage.v != 0) part.usage += usage_bytes * (from - old.first);
    if (part.map.v != 0) part.map += map_bytes * (from - old.first);
    parts.push_back(part);
  };
  keep(old.first, first);
  keep(end, old_end);
  sections.insert(sections.erase(pos), parts.begin(), parts.end());
  emit(t, EventKind::lab_section_gone, {first, count, usage_bytes, map_bytes});
}

void SparseMem::add_table(Trace *t, u64 level, phys_addr_t addr) {
  tables.push_back({level, addr});
  emit(t, EventKind::lab_vmemmap_table, {level, addr.v});
}

bool SparseMem::fold(const Event &e) {
  switch (e.kind) {
  case EventKind::lab_section_roots: set_roots(nullptr, phys_addr_t{e.f[0]}, e.f[1]); return true;
  case EventKind::lab_section_root: add_root(nullptr, e.f[0], phys_addr_t{e.f[1]}); return true;
  case EventKind::lab_section_present: mark_present(nullptr, e.f[0], e.f[1], e.node(2)); return true;
  case EventKind::lab_section_init:
    init(nullptr, e.f[0], e.f[1], phys_addr_t{e.f[2]}, phys_addr_t{e.f[3]});
    return true;
  case EventKind::lab_section_gone: remove(nullptr, e.f[0], e.f[1], e.f[2], e.f[3]); return true;
  case EventKind::lab_vmemmap_table: add_table(nullptr, e.f[0], phys_addr_t{e.f[1]}); return true;
  default: return false;
  }
}

void SparseMem::add_to(Digest &d) const {
  d.add(roots_addr).add(roots_bytes).add(roots.size());
  for (const SectionRoot &r : roots) d.add(r.index).add(r.addr);
  d.add(sections.size());
  for (const SectionRun &r : sections)
    d.add(r.first).add(r.count).add_signed(r.nid).add(r.initialised ? 1 : 0).add(r.usage).add(r.map);
  d.add(tables.size());
  for (const VmemmapTable &v : tables) d.add(v.level).add(v.addr);
}

} // namespace mmscope
