#include "mm/memblock.hpp"

#include "base/check.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace mmscope {

namespace {

constexpr int no_memory = -12; // -ENOMEM

// What a search notes of the ranges it looked at in vain; the one that fits is always noted.
constexpr unsigned max_noted_candidates = 64;

constexpr u64 id(memblock_list l) { return static_cast<u64>(l); }
constexpr u64 as_result(int r) { return static_cast<u64>(static_cast<i64>(r)); }

// No range reaches the last byte of the address space, so ends never wrap.
u64 cap_size(phys_addr_t base, u64 size) { return std::min(size, phys_addr_max - base); }

bool mergeable(const memblock_region &a, const memblock_region &b) {
  return a.end() == b.base && a.nid == b.nid && a.flags == b.flags;
}

// Mergeable neighbours among the `count` regions from `i` on and the one on either side.
u64 mergeable_pairs(const memblock_type &type, std::size_t i, std::size_t count) {
  u64 n = 0;
  const std::size_t last = std::min(i + count, type.regions.size()); // right-hand region of the last pair
  for (std::size_t j = i == 0 ? 1 : i; j <= last && j < type.regions.size(); ++j)
    n += mergeable(type.regions[j - 1], type.regions[j]);
  return n;
}

// Runs `change`, which replaces `before` regions at `i` by `after`, and keeps type.unmerged right.
template <class F> void edit(memblock_type &type, std::size_t i, std::size_t before, std::size_t after, F &&change) {
  MM_CHECK(i + before <= type.regions.size());
  const u64 pairs = mergeable_pairs(type, i, before);
  change();
  type.unmerged += mergeable_pairs(type, i, after) - pairs;
}

// Index of the first region that ends above `a`: where a range beginning at `a` lands.
std::size_t first_ending_above(const memblock_type &type, phys_addr_t a) {
  const auto it = std::partition_point(type.regions.begin(), type.regions.end(),
                                       [a](const memblock_region &r) { return r.end() <= a; });
  return static_cast<std::size_t>(it - type.regions.begin());
}

auto at(const memblock_type &type, std::size_t i) { return type.regions.begin() + static_cast<std::ptrdiff_t>(i); }

} // namespace

// --- the changes ---

void memblock::insert_region(Trace *t, memblock_list l, std::size_t i, const memblock_region &r) {
  if (t != nullptr) t->emit(EventKind::lab_memblock_insert, {id(l), i, r.base.v, r.size, field(r.nid), r.flags});
  memblock_type &ty = type(l);
  // The first region of an empty array starts the sum anew, whatever a trim had left in it.
  if (ty.regions.empty()) ty.total_size = 0;
  ty.total_size += r.size;
  edit(ty, i, 0, 1, [&] { ty.regions.insert(at(ty, i), r); });
}

void memblock::remove_region(Trace *t, memblock_list l, std::size_t i) {
  memblock_type &ty = type(l);
  MM_CHECK(i < ty.regions.size());
  const memblock_region r = ty.regions[i];
  if (t != nullptr) t->emit(EventKind::lab_memblock_remove, {id(l), i, r.base.v, r.size, field(r.nid), r.flags});
  ty.total_size -= r.size;
  edit(ty, i, 1, 0, [&] { ty.regions.erase(at(ty, i)); });
}

void memblock::merge_region(Trace *t, memblock_list l, std::size_t i) {
  memblock_type &ty = type(l);
  edit(ty, i, 2, 1, [&] {
    memblock_region &r = ty.regions[i];
    r.size += ty.regions[i + 1].size;
    if (t != nullptr) t->emit(EventKind::lab_memblock_merge, {id(l), i, r.base.v, r.size});
    ty.regions.erase(at(ty, i + 1));
  });
}

void memblock::split_region(Trace *t, memblock_list l, std::size_t i, phys_addr_t where) {
  if (t != nullptr) t->emit(EventKind::lab_memblock_split, {id(l), i, where.v});
  memblock_type &ty = type(l);
  edit(ty, i, 1, 2, [&] {
    memblock_region low = ty.regions[i];
    MM_CHECK(low.base < where && where < low.end());
    ty.regions[i].size = low.end() - where;
    ty.regions[i].base = where;
    low.size = where - low.base;
    ty.regions.insert(at(ty, i), low);
  });
}

void memblock::trim_region(Trace *t, memblock_list l, std::size_t i, phys_addr_t base, u64 size) {
  if (t != nullptr) t->emit(EventKind::lab_memblock_trim, {id(l), i, base.v, size});
  memblock_type &ty = type(l);
  edit(ty, i, 1, 1, [&] {
    ty.regions[i].base = base;
    ty.regions[i].size = size;
  });
}

void memblock::mark_region(Trace *t, memblock_list l, std::size_t i, i32 nid, u32 flags) {
  memblock_type &ty = type(l);
  MM_CHECK(i < ty.regions.size());
  if (ty.regions[i].nid == nid && ty.regions[i].flags == flags) return;
  if (t != nullptr) t->emit(EventKind::lab_memblock_mark, {id(l), i, field(nid), flags});
  edit(ty, i, 1, 1, [&] {
    ty.regions[i].nid = nid;
    ty.regions[i].flags = flags;
  });
}

void memblock::grow_array(Trace *t, memblock_list l, u64 max, phys_addr_t array, u64 size) {
  if (t != nullptr) t->emit(EventKind::lab_memblock_grow, {id(l), max, array.v, size});
  type(l).max = max;
  type(l).array = array;
}

void memblock::change_setting(Trace *t, memblock_setting which, u64 value) {
  if (t != nullptr) t->emit(EventKind::lab_memblock_set, {static_cast<u64>(which), value});
  switch (which) {
  case memblock_setting::bottom_up: bottom_up = value != 0; break;
  case memblock_setting::current_limit: current_limit = phys_addr_t{value}; break;
  case memblock_setting::can_resize: can_resize = value != 0; break;
  case memblock_setting::movable_node: movable_node = value != 0; break;
  case memblock_setting::mirror: mirror = value != 0; break;
  }
}

bool memblock::fold(const Event &e) {
  const auto list = [&] {
    MM_CHECK(e.f[0] <= 1);
    return static_cast<memblock_list>(e.f[0]);
  };
  const auto index = static_cast<std::size_t>(e.f[1]);
  switch (e.kind) {
  case EventKind::lab_memblock_insert:
    insert_region(nullptr, list(), index, {phys_addr_t{e.f[2]}, e.f[3], static_cast<u32>(e.f[5]), e.node(4)});
    return true;
  case EventKind::lab_memblock_remove: remove_region(nullptr, list(), index); return true;
  case EventKind::lab_memblock_merge: merge_region(nullptr, list(), index); return true;
  case EventKind::lab_memblock_split: split_region(nullptr, list(), index, phys_addr_t{e.f[2]}); return true;
  case EventKind::lab_memblock_trim: trim_region(nullptr, list(), index, phys_addr_t{e.f[2]}, e.f[3]); return true;
  case EventKind::lab_memblock_mark:
    mark_region(nullptr, list(), index, e.node(2), static_cast<u32>(e.f[3]));
    return true;
  case EventKind::lab_memblock_grow: grow_array(nullptr, list(), e.f[1], phys_addr_t{e.f[2]}, e.f[3]); return true;
  case EventKind::lab_memblock_set: change_setting(nullptr, static_cast<memblock_setting>(e.f[0]), e.f[1]); return true;
  default: return false;
  }
}

// --- adding ---

//   region      [===]      [====]        existing regions stay as they are,
//   new      [------------------------]
//   inserted [==]   [======]    [=====]  and each part not yet covered goes in, then neighbours merge.
int memblock::add_range(Trace *t, memblock_list l, memblock_region r) {
  r.size = cap_size(r.base, r.size);
  if (r.size == 0) return 0;
  memblock_type &ty = type(l);
  if (ty.regions.empty()) {
    insert_region(t, l, 0, r);
    return 0;
  }

  // Goes over the uncovered parts: part(index where it belongs, its bounds) returns by how much the array grew.
  const phys_addr_t end = r.end();
  const auto for_each_part = [&](auto &&part) {
    phys_addr_t from = r.base;
    std::size_t i = first_ending_above(ty, from);
    for (; i < ty.regions.size() && ty.regions[i].base < end; ++i) {
      if (ty.regions[i].base > from) i += part(i, from, ty.regions[i].base);
      from = ty.regions[i].end();
    }
    if (from < end) part(i, from, end);
  };

  // How many places are needed must be known before the first one is taken. (The kernel skips the count when
  // the array is less than half full; there are then always places enough, so it comes to the same.)
  u64 parts = 0;
  for_each_part([&](std::size_t, phys_addr_t, phys_addr_t) {
    ++parts;
    return std::size_t{0};
  });
  if (parts == 0) return 0;
  while (ty.cnt() + parts > ty.max)
    if (double_array(t, l, r.base, r.size) != 0) return no_memory;

  std::size_t first = ty.regions.size(), last = 0;
  for_each_part([&](std::size_t i, phys_addr_t from, phys_addr_t to) {
    insert_region(t, l, i, {from, to - from, r.flags, r.nid});
    first = std::min(first, i);
    last = i;
    return std::size_t{1};
  });
  merge_regions(t, l, first, last);
  return 0;
}

// Joins neighbours that touch and agree, as a walk over the whole array would. Regions [first, last] have changed;
// outside there is nothing to join unless `unmerged` says so.
void memblock::merge_regions(Trace *t, memblock_list l, std::size_t first, std::size_t last) {
  const memblock_type &ty = type(l);
  const auto walk = [&](std::size_t i, std::size_t end) { // pairs whose left-hand region is in [i, end)
    while (ty.unmerged != 0 && i < end && i + 1 < ty.regions.size()) {
      if (mergeable(ty.regions[i], ty.regions[i + 1])) {
        merge_region(t, l, i);
        --end;
      } else {
        ++i;
      }
    }
  };
  walk(first == 0 ? 0 : first - 1, last + 1);
  walk(0, ty.regions.size());
}

// Room for an array twice as large, taken from memblock itself. For `reserved` the range about to be reserved is
// still free, so the search goes above it first, then below it.
//
//   free          [...........................................]
//   new area              [------]
//   searched      2nd <---          ---> 1st
int memblock::double_array(Trace *t, memblock_list l, phys_addr_t new_area, u64 new_area_size) {
  if (!can_resize) return no_memory;
  memblock_type &ty = type(l);
  Call call(t, "memblock_double_array", {}, {id(l), ty.max, new_area.v, new_area_size});
  call.result(as_result(-1));
  const u64 page = u64{1} << rules.page_shift;
  const u64 old_bytes = ty.max * rules.region_bytes, new_bytes = old_bytes * 2;
  if (l == memblock_list::memory) {
    new_area = {};
    new_area_size = 0;
  }
  const u64 wanted = round_up(new_bytes, page);
  phys_addr_t array = find_in_range(t, new_area + new_area_size, current_limit, wanted, page);
  if (array.v == 0 && new_area_size != 0) array = find_in_range(t, {}, std::min(new_area, current_limit), wanted, page);
  if (array.v == 0) return no_memory;

  const phys_addr_t old = ty.array;
  grow_array(t, l, ty.max * 2, array, new_bytes);
  if (old.v != 0) phys_free(t, old, round_up(old_bytes, page));
  // The kernel stops for good if this fails (a full `reserved` that finds no room of its own).
  if (reserve(t, array, wanted, rules.alloc_flags) != 0) return no_memory;
  call.result(0);
  return 0;
}

int memblock::add(Trace *t, phys_addr_t base, u64 size) {
  Call call(t, "memblock_add", {}, {base.v, size});
  const int r = add_range(t, memblock_list::memory, {base, size, MEMBLOCK_NONE, no_node});
  call.result(as_result(r));
  return r;
}

int memblock::add_node(Trace *t, phys_addr_t base, u64 size, i32 nid, u32 flags) {
  Call call(t, "memblock_add_node", {}, {base.v, size, field(nid), flags});
  const int r = add_range(t, memblock_list::memory, {base, size, flags, rules.numa ? nid : no_node});
  call.result(as_result(r));
  return r;
}

int memblock::reserve(Trace *t, phys_addr_t base, u64 size, u32 flags, i32 nid) {
  Call call(t, "memblock_reserve", {}, {base.v, size});
  const int r = add_range(t, memblock_list::reserved, {base, size, flags, nid});
  call.result(as_result(r));
  return r;
}

// --- cutting out ---

// Cuts the regions that cross a bound, so that [first, last) are exactly those inside; both 0 when there are none.
// The two places that this may take must be there even when nothing is cut.
int memblock::isolate(Trace *t, memblock_list l, phys_addr_t base, u64 size, std::size_t &first, std::size_t &last) {
  first = last = 0;
  size = cap_size(base, size);
  if (size == 0) return 0;
  memblock_type &ty = type(l);
  while (ty.cnt() + 2 > ty.max)
    if (double_array(t, l, base, size) != 0) return no_memory;

  const phys_addr_t end = base + size;
  std::size_t i = first_ending_above(ty, base);
  if (i < ty.regions.size() && ty.regions[i].base < base) split_region(t, l, i++, base);
  const std::size_t from = i;
  for (; i < ty.regions.size() && ty.regions[i].base < end; ++i)
    if (ty.regions[i].end() > end) split_region(t, l, i, end);
  if (from != i) {
    first = from;
    last = i;
  }
  return 0;
}

int memblock::remove_range(Trace *t, memblock_list l, phys_addr_t base, u64 size) {
  std::size_t first = 0, last = 0;
  if (const int r = isolate(t, l, base, size, first, last); r != 0) return r;
  while (last > first) remove_region(t, l, --last);
  return 0;
}

int memblock::remove(Trace *t, phys_addr_t base, u64 size) {
  Call call(t, "memblock_remove", {}, {base.v, size});
  const int r = remove_range(t, memblock_list::memory, base, size);
  call.result(as_result(r));
  return r;
}

int memblock::phys_free(Trace *t, phys_addr_t base, u64 size) {
  Call call(t, "memblock_phys_free", {}, {base.v, size});
  const int r = remove_range(t, memblock_list::reserved, base, size);
  call.result(as_result(r));
  return r;
}

// --- flags and nodes ---

int memblock::set_flag(Trace *t, std::string_view name, phys_addr_t base, u64 size, u32 flag, bool on) {
  Call call(t, name, {}, {base.v, size});
  if (on && flag == MEMBLOCK_MIRROR && !mirror) change_setting(t, memblock_setting::mirror, 1);
  std::size_t first = 0, last = 0;
  if (const int r = isolate(t, memblock_list::memory, base, size, first, last); r != 0) {
    call.result(as_result(r));
    return r;
  }
  for (std::size_t i = first; i < last; ++i) {
    const memblock_region &r = memory.regions[i];
    mark_region(t, memblock_list::memory, i, r.nid, on ? r.flags | flag : r.flags & ~flag);
  }
  merge_regions(t, memblock_list::memory, first, last);
  return 0;
}

int memblock::mark_hotplug(Trace *t, phys_addr_t base, u64 size) {
  return set_flag(t, "memblock_mark_hotplug", base, size, MEMBLOCK_HOTPLUG, true);
}
int memblock::clear_hotplug(Trace *t, phys_addr_t base, u64 size) {
  return set_flag(t, "memblock_clear_hotplug", base, size, MEMBLOCK_HOTPLUG, false);
}
int memblock::mark_mirror(Trace *t, phys_addr_t base, u64 size) {
  return set_flag(t, "memblock_mark_mirror", base, size, MEMBLOCK_MIRROR, true);
}
int memblock::mark_kho_scratch(Trace *t, phys_addr_t base, u64 size) {
  return set_flag(t, "memblock_mark_kho_scratch", base, size, MEMBLOCK_KHO_SCRATCH, true);
}
int memblock::clear_kho_scratch(Trace *t, phys_addr_t base, u64 size) {
  return set_flag(t, "memblock_clear_kho_scratch", base, size, MEMBLOCK_KHO_SCRATCH, false);
}
int memblock::mark_nomap(Trace *t, phys_addr_t base, u64 size) {
  return set_flag(t, "memblock_mark_nomap", base, size, MEMBLOCK_NOMAP, true);
}
int memblock::clear_nomap(Trace *t, phys_addr_t base, u64 size) {
  return set_flag(t, "memblock_clear_nomap", base, size, MEMBLOCK_NOMAP, false);
}

int memblock::set_node(Trace *t, phys_addr_t base, u64 size, memblock_list list, i32 nid) {
  if (!rules.numa) return 0;
  Call call(t, "memblock_set_node", {}, {base.v, size, id(list), field(nid)});
  std::size_t first = 0, last = 0;
  if (const int r = isolate(t, list, base, size, first, last); r != 0) {
    call.result(as_result(r));
    return r;
  }
  for (std::size_t i = first; i < last; ++i) mark_region(t, list, i, nid, type(list).regions[i].flags);
  merge_regions(t, list, first, last);
  return 0;
}

// --- bounds ---

void memblock::trim_memory(Trace *t, u64 align) {
  Call call(t, "memblock_trim_memory", {}, {align});
  for (std::size_t i = 0; i < memory.regions.size();) {
    const memblock_region r = memory.regions[i];
    const phys_addr_t start{round_up(r.base.v, align)}, end{round_down(r.end().v, align)};
    // Rounding up past the top of the address space leaves nothing (the kernel would wrap around).
    if (start < r.base || start >= end) {
      remove_region(t, memblock_list::memory, i);
      continue;
    }
    if (start != r.base || end != r.end()) trim_region(t, memblock_list::memory, i, start, end - start);
    ++i;
  }
}

//   memory  [====|=======]   [===]   [==|====]  [NOMAP]
//   cap          [----------------------]
//   after        [=======]   [===]   [==]       [NOMAP]    what is not mapped stays
void memblock::cap_memory_range(Trace *t, phys_addr_t base, u64 size) {
  Call call(t, "memblock_cap_memory_range", {}, {base.v, size});
  if (size == 0 || memory.total_size == 0) return;
  std::size_t first = 0, last = 0;
  if (isolate(t, memblock_list::memory, base, size, first, last) != 0) return;
  const auto drop = [&](std::size_t i) {
    if ((memory.regions[i].flags & MEMBLOCK_NOMAP) == 0) remove_region(t, memblock_list::memory, i);
  };
  for (std::size_t i = memory.regions.size(); i > last;) drop(--i);
  for (std::size_t i = first; i > 0;) drop(--i);
  remove_range(t, memblock_list::reserved, {}, base.v);
  remove_range(t, memblock_list::reserved, base + size, phys_addr_max.v);
}

// The address below which `limit` bytes of memory lie, or the end of the address space if there is less.
phys_addr_t memblock::find_max_addr(u64 limit) const {
  for (const memblock_region &r : memory.regions) {
    if (limit <= r.size) return r.base + limit;
    limit -= r.size;
  }
  return phys_addr_max;
}

void memblock::enforce_memory_limit(Trace *t, u64 limit) {
  Call call(t, "memblock_enforce_memory_limit", {}, {limit});
  if (limit == 0) return;
  const phys_addr_t max = find_max_addr(limit);
  if (max == phys_addr_max) return;
  remove_range(t, memblock_list::memory, max, phys_addr_max.v);
  remove_range(t, memblock_list::reserved, max, phys_addr_max.v);
}

void memblock::mem_limit_remove_map(Trace *t, u64 limit) {
  Call call(t, "memblock_mem_limit_remove_map", {}, {limit});
  if (limit == 0) return;
  const phys_addr_t max = find_max_addr(limit);
  if (max == phys_addr_max) return;
  cap_memory_range(t, {}, max.v);
}

void memblock::set(Trace *t, memblock_setting which, u64 value) {
  switch (which) {
  case memblock_setting::bottom_up: {
    Call call(t, "memblock_set_bottom_up", {}, {value});
    change_setting(t, which, value);
    break;
  }
  case memblock_setting::current_limit: {
    Call call(t, "memblock_set_current_limit", {}, {value});
    change_setting(t, which, value);
    break;
  }
  case memblock_setting::can_resize: {
    Call call(t, "memblock_allow_resize", {}, {});
    change_setting(t, which, value);
    break;
  }
  case memblock_setting::movable_node:
  case memblock_setting::mirror: change_setting(t, which, value); break;
  }
}

// --- free ranges ---

bool memblock::should_skip(const memblock_region &r, i32 nid, u32 flags) const {
  if (nid != no_node && nid != node_of(r)) return true;
  if (movable_node && (r.flags & MEMBLOCK_HOTPLUG) != 0 && (flags & MEMBLOCK_HOTPLUG) == 0) return true;
  if ((flags & MEMBLOCK_MIRROR) != 0 && (r.flags & MEMBLOCK_MIRROR) == 0) return true;
  // Neither kind is given out unless it is asked for.
  return (r.flags & ~flags & (MEMBLOCK_NOMAP | MEMBLOCK_DRIVER_MANAGED)) != 0;
}

phys_addr_t memblock::gap_start(std::size_t gap) const {
  return gap == 0 ? phys_addr_t{} : reserved.regions[gap - 1].end();
}
phys_addr_t memblock::gap_end(std::size_t gap) const {
  return gap == reserved.regions.size() ? phys_addr_max : reserved.regions[gap].base;
}

FreeCursor memblock::free_up(phys_addr_t from) const {
  // Gap g ends where reserved region g begins, and starts where region g - 1 ends.
  const auto gap = std::partition_point(reserved.regions.begin(), reserved.regions.end(),
                                        [from](const memblock_region &r) { return r.base <= from; });
  return {first_ending_above(memory, from), static_cast<std::size_t>(gap - reserved.regions.begin())};
}

FreeCursor memblock::free_down(phys_addr_t to) const {
  const auto region = std::partition_point(memory.regions.begin(), memory.regions.end(),
                                           [to](const memblock_region &r) { return r.base < to; });
  const auto gap = std::partition_point(reserved.regions.begin(), reserved.regions.end(),
                                        [to](const memblock_region &r) { return r.end() < to; });
  return {static_cast<std::size_t>(region - memory.regions.begin()),
          static_cast<std::size_t>(gap - reserved.regions.begin())};
}

bool memblock::next_free(FreeCursor &c, i32 nid, u32 flags, FreeRange &out) const {
  for (; c.region < memory.regions.size(); ++c.region) {
    const memblock_region &m = memory.regions[c.region];
    if (should_skip(m, nid, flags)) continue;
    if (gap_end(c.gap) <= m.base) { // on to the first gap that ends above the region's start
      const auto it = std::partition_point(at(reserved, c.gap), reserved.regions.end(),
                                           [&](const memblock_region &r) { return r.base <= m.base; });
      c.gap = static_cast<std::size_t>(it - reserved.regions.begin());
    }
    const phys_addr_t start = gap_start(c.gap), end = gap_end(c.gap);
    if (start >= m.end()) continue;
    out = {std::max(m.base, start), std::min(m.end(), end), node_of(m)};
    ++(m.end() <= end ? c.region : c.gap);
    return true;
  }
  return false;
}

bool memblock::prev_free(FreeCursor &c, i32 nid, u32 flags, FreeRange &out) const {
  for (; c.region > 0; --c.region) {
    const memblock_region &m = memory.regions[c.region - 1];
    if (should_skip(m, nid, flags)) continue;
    if (gap_start(c.gap) >= m.end()) { // on to the last gap that starts below the region's end
      const auto it = std::partition_point(reserved.regions.begin(), at(reserved, c.gap),
                                           [&](const memblock_region &r) { return r.end() < m.end(); });
      c.gap = static_cast<std::size_t>(it - reserved.regions.begin());
    }
    const phys_addr_t start = gap_start(c.gap), end = gap_end(c.gap);
    if (end <= m.base) continue;
    out = {std::max(m.base, start), std::min(m.end(), end), node_of(m)};
    --(m.base >= start ? c.region : c.gap);
    return true;
  }
  return false;
}

std::vector<FreeRange> memblock::free_ranges(i32 nid, u32 flags) const {
  std::vector<FreeRange> ranges;
  FreeRange r;
  for (FreeCursor c = free_up(); next_free(c, nid, flags, r);)
    if (r.base < r.end) ranges.push_back(r);
  return ranges;
}

// --- allocating ---

phys_addr_t memblock::find_in_range_node(Trace *t, u64 size, u64 align, phys_addr_t start, phys_addr_t end, i32 nid,
                                         u32 flags) const {
  // 0 is MEMBLOCK_ALLOC_ACCESSIBLE, 1 is MEMBLOCK_ALLOC_NOLEAKTRACE.
  if (end.v <= 1) end = current_limit;
  // Page 0 is never given out: address 0 means failure.
  start = std::max(start, phys_addr_t{u64{1} << rules.page_shift});
  end = std::max(start, end);

  unsigned noted = 0;
  const auto note = [&](phys_addr_t from, phys_addr_t to, u64 found) {
    if (t == nullptr || (found == 0 && noted++ >= max_noted_candidates)) return;
    t->emit(EventKind::lab_memblock_candidate, {from.v, to.v, found});
  };
  FreeRange r;
  if (bottom_up) {
    for (FreeCursor c = free_up(start); next_free(c, nid, flags, r) && r.base < end;) {
      const phys_addr_t from = std::clamp(r.base, start, end), to = std::clamp(r.end, start, end);
      const phys_addr_t found{round_up(from.v, align)};
      const bool fits = found < to && to - found >= size;
      note(from, to, fits ? found.v : 0);
      if (fits) return found;
    }
    return {};
  }
  // A request for 0 bytes "fits" between ranges too, so it looks at all of them.
  for (FreeCursor c = free_down(size == 0 ? phys_addr_max : end); prev_free(c, nid, flags, r);) {
    const phys_addr_t from = std::clamp(r.base, start, end), to = std::clamp(r.end, start, end);
    const u64 found = to.v < size ? 0 : round_down(to.v - size, align);
    const bool fits = found >= from.v;
    note(from, to, fits ? found : 0);
    if (fits) return phys_addr_t{found};
    if (size != 0 && r.base <= start) break;
  }
  return {};
}

phys_addr_t memblock::find_in_range(Trace *t, phys_addr_t start, phys_addr_t end, u64 size, u64 align) const {
  const u32 flags = choose_flags();
  phys_addr_t found = find_in_range_node(t, size, align, start, end, no_node, flags);
  if (found.v == 0 && (flags & MEMBLOCK_MIRROR) != 0) {
    emit(t, EventKind::lab_memblock_retry, {2});
    found = find_in_range_node(t, size, align, start, end, no_node, flags & ~MEMBLOCK_MIRROR);
  }
  return found;
}

phys_addr_t memblock::alloc_range_nid(Trace *t, const AllocRequest &r) {
  Call call(t, "memblock_alloc_range_nid", {}, {r.size, r.align, r.min_addr.v, r.max_addr.v, field(r.nid)});
  const u64 align = r.align != 0 ? r.align : rules.cache_line;
  const auto attempt = [&](i32 nid, u32 flags) {
    const phys_addr_t found = find_in_range_node(t, r.size, align, r.min_addr, r.max_addr, nid, flags);
    // A place that cannot be reserved (array full) is no place.
    const i32 owner = rules.alloc_keeps_nid ? nid : no_node;
    return found.v != 0 && reserve(t, found, r.size, rules.alloc_flags, owner) == 0 ? found : phys_addr_t{};
  };
  for (u32 flags = choose_flags();; flags &= ~MEMBLOCK_MIRROR) {
    phys_addr_t found = attempt(r.nid, flags);
    if (found.v == 0 && r.nid != no_node && !r.exact_nid) {
      emit(t, EventKind::lab_memblock_retry, {1});
      found = attempt(no_node, flags);
    }
    if (found.v != 0 || (flags & MEMBLOCK_MIRROR) == 0) {
      call.result(found.v);
      return found;
    }
    emit(t, EventKind::lab_memblock_retry, {2});
  }
}

phys_addr_t memblock::alloc_try_nid(Trace *t, AllocRequest r) {
  Call call(t, "memblock_alloc_internal", {}, {r.size, r.align, r.min_addr.v, r.max_addr.v, field(r.nid)});
  r.max_addr = std::min(r.max_addr, current_limit);
  phys_addr_t found = alloc_range_nid(t, r);
  if (found.v == 0 && r.min_addr.v != 0) {
    emit(t, EventKind::lab_memblock_retry, {3});
    r.min_addr = {};
    found = alloc_range_nid(t, r);
  }
  call.result(found.v);
  return found;
}

// --- questions ---

phys_addr_t memblock::start_of_dram() const { return memory.regions.empty() ? phys_addr_t{} : memory.regions[0].base; }

phys_addr_t memblock::end_of_dram() const {
  return memory.regions.empty() ? phys_addr_t{} : memory.regions.back().end();
}

int memblock::search(memblock_list list, phys_addr_t a) const {
  const memblock_type &ty = type(list);
  const std::size_t i = first_ending_above(ty, a);
  return i < ty.regions.size() && ty.regions[i].base <= a ? static_cast<int>(i) : -1;
}

void memblock::add_to(Digest &d) const {
  for (const memblock_type *ty : {&memory, &reserved}) {
    d.add(ty->regions.size()).add(ty->max).add(ty->total_size).add(ty->array);
    for (const memblock_region &r : ty->regions) d.add(r.base).add(r.size).add(r.flags).add_signed(r.nid);
  }
  d.add(bottom_up).add(current_limit).add(can_resize).add(movable_node).add(mirror);
  d.add(rules.region_bytes).add(rules.page_shift).add(rules.cache_line);
}

std::string memblock::verify() const {
  for (const memblock_list l : {memblock_list::memory, memblock_list::reserved}) {
    const memblock_type &ty = type(l);
    const bool is_memory = l == memblock_list::memory;
    const char *const name = is_memory ? "memory" : "reserved";
    u64 sum = 0;
    for (std::size_t i = 0; i < ty.regions.size(); ++i) {
      const memblock_region &r = ty.regions[i];
      if (r.size == 0) return concat(name, '[', i, "] is empty");
      if (r.size > phys_addr_max - r.base) return concat(name, '[', i, "] wraps around");
      sum += r.size;
      if (i == 0) continue;
      const memblock_region &left = ty.regions[i - 1];
      if (r.base < left.base) return concat(name, '[', i, "] is out of order");
      if (r.base < left.end()) return concat(name, '[', i, "] overlaps its left neighbour");
      if (mergeable(left, r) && !(is_memory && (r.flags & MEMBLOCK_NOMAP) != 0))
        return concat(name, '[', i, "] should have merged with its left neighbour");
    }
    if (ty.cnt() > ty.max) return concat(name, " has ", ty.cnt(), " regions in ", ty.max, " places");
    if (is_memory ? ty.total_size < sum : ty.total_size != sum)
      return concat(name, " total_size is ", ty.total_size, ", its regions are ", sum, " bytes");
    if (ty.unmerged != mergeable_pairs(ty, 0, ty.regions.size()))
      return concat(name, " counts ", ty.unmerged, " unmerged neighbours wrongly");
  }
  return {};
}

} // namespace mmscope
