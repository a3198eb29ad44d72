#include "mm/slob.hpp"

#include "base/check.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <bit>

namespace mmscope {

std::string_view slob_list_name(SlobList l) {
  static constexpr std::string_view names[] = {"small", "medium", "large", "full"};
  return names[static_cast<std::size_t>(l)];
}

SlobHeap::SlobHeap(Trace *t, const SlobRules &rules) : rules_(rules) {
  emit(t, EventKind::lab_slob_setup,
       {rules.page_shift, rules.min_align, rules.natural_align ? 1u : 0u, rules.pairs ? 1u : 0u});
}

SlobList SlobHeap::list_for(u64 bytes) {
  return bytes < 256 ? SlobList::small : bytes < 1024 ? SlobList::medium : SlobList::large;
}

// --- blocks ---

// slob_page_alloc's search: where the units begin. `align` 0: anywhere; else offset + align_offset bytes is a multiple.
std::optional<u32> SlobHeap::first_fit(u64 page, u32 units, u32 align, u32 align_offset) const {
  const u64 base = page << rules_.page_shift;
  for (const SlobBlock &b : pages_.at(page).free) {
    u32 delta = 0;
    if (align != 0) {
      const u64 here = base + u64{b.offset} * rules_.unit();
      delta = static_cast<u32>((round_up(here + align_offset, align) - align_offset - here) / rules_.unit());
    }
    if (b.units >= units + delta) return b.offset + delta;
  }
  return std::nullopt;
}

// slob_alloc
phys_addr_t SlobHeap::block_alloc(const SlobEnv &e, u64 size, u32 align, u32 align_offset, gfp_t gfp) {
  const SlobList list = list_for(size);
  const u32 units = units_of(size);
  std::optional<u64> page;
  std::optional<u32> offset;
  for (const u64 p : lists_[at(list)]) {
    const u32 free = pages_.at(p).units;
    if (free >= units) offset = first_fit(p, units, align, align_offset);
    emit(e.t, EventKind::lab_slob_look, {p, free, units, offset ? 1u : 0u});
    if (!offset) continue;
    page = p;
    break;
  }
  const bool is_new = !page;
  if (is_new) {
    const auto pfn = e.pages.get(e.t, {.gfp = gfp, .order = order_t{0}, .nid = no_node, .cpu = e.cpu});
    if (!pfn) return {};
    page = pfn->v;
    add_page(e.t, *page, list);
    offset = first_fit(*page, units, align, align_offset);
  }
  MM_CHECK(page && offset);
  take(e.t, *page, *offset, units);
  if (pages_.at(*page).units == 0)
    set_list(e.t, *page, SlobList::full);
  else if (!is_new && lists_[at(list)].front() != *page)
    rotate(e.t, *page); // the next search begins here
  return phys_addr_t{(*page << rules_.page_shift) + u64{*offset} * rules_.unit()};
}

phys_addr_t SlobHeap::alloc(const SlobEnv &e, u64 size, u32 align, gfp_t gfp) {
  return block_alloc(e, size, align, 0, gfp);
}

// slob_free
void SlobHeap::free(const SlobEnv &e, phys_addr_t object, u64 size) {
  const u64 page = object.v >> rules_.page_shift;
  const auto offset = static_cast<u32>((object.v & (rules_.page_size() - 1)) / rules_.unit());
  const u32 units = units_of(size);
  const SlobPage &p = pages_.at(page);
  const bool was_full = p.list == SlobList::full;
  put(e.t, page, offset, units);
  if (p.units == rules_.page_units()) {
    drop_page(e.t, page);
    e.pages.give(e.t, pfn_t{page}, order_t{0}, e.cpu);
  } else if (was_full) {
    set_list(e.t, page, list_for(size)); // by the size of what came back, not of what is there
  }
}

// --- bytes ---

phys_addr_t SlobHeap::kmalloc(const SlobEnv &e, u64 size, gfp_t gfp) {
  Call call(e.t, "kmalloc", {}, {size, gfp});
  const u32 head = rules_.min_align;
  phys_addr_t object;
  if (size < rules_.page_size() - head) {
    const bool power = rules_.natural_align && std::has_single_bit(size);
    const phys_addr_t block =
        block_alloc(e, size + head, power ? std::max(head, static_cast<u32>(size)) : head, head, gfp);
    if (block.v != 0) {
      object = block + head;
      set_header(e.t, object, static_cast<u32>(size));
    }
  } else {
    const u64 pages = div_round_up(size, rules_.page_size());
    const order_t order{static_cast<u64>(std::bit_width(pages - 1))};
    if (const auto pfn = e.pages.get(e.t, {.gfp = gfp, .order = order, .nid = no_node, .cpu = e.cpu, .slab = false})) {
      set_large(e.t, pfn->v, static_cast<u8>(order.v), true);
      object = to_phys(*pfn, rules_.page_shift);
    }
  }
  call.result(object.v);
  return object;
}

void SlobHeap::kfree(const SlobEnv &e, phys_addr_t object) {
  const Call call(e.t, "kfree", {}, {object.v});
  if (const auto i = large_.find(object.v >> rules_.page_shift); i != large_.end()) {
    const u64 page = i->first;
    const u8 order = i->second;
    set_large(e.t, page, order, false);
    e.pages.give(e.t, pfn_t{page}, order_t{order}, e.cpu);
    return;
  }
  const u32 size = headers_.at(object.v);
  set_header(e.t, object, 0);
  free(e, object - rules_.min_align, u64{size} + rules_.min_align);
}

std::string SlobHeap::why_not_put(phys_addr_t block, u64 size) const {
  const auto p = pages_.find(block.v >> rules_.page_shift);
  if (p == pages_.end()) return "this page is not SLOB's";
  const u64 inside = block.v & (rules_.page_size() - 1);
  const auto g = p->second.given.find(static_cast<u32>(inside / rules_.unit()));
  if (g == p->second.given.end() || inside % rules_.unit() != 0)
    return "no object begins here: SLOB would not notice, and believe that these bytes are free";
  if (g->second != units_of(size))
    return concat("the object has ", u64{g->second} * rules_.unit(), " bytes, not ", size,
                  ": SLOB would not notice, for only who asked knows the size");
  return {};
}
std::string SlobHeap::why_not_free(phys_addr_t object, u64 size) const {
  if (size == 0) return "size is 0: BUG()";
  if (headers_.contains(object.v + rules_.min_align)) return "kmalloc gave this: kfree takes it back";
  return why_not_put(object, size);
}
std::string SlobHeap::why_not_kfree(phys_addr_t object) const {
  if (const auto i = large_.find(object.v >> rules_.page_shift); i != large_.end())
    return object.v == i->first << rules_.page_shift ? "" : "this is not where the pages begin";
  if (!headers_.contains(object.v))
    return "kmalloc has not given this: what stands in front of it would be read as its size";
  return {};
}

std::vector<i64> SlobHeap::words_of(const SlobPage &p, std::size_t block) const {
  const i64 next = block + 1 < p.free.size() ? p.free[block + 1].offset : rules_.page_units();
  if (p.free[block].units == 1) return {-next};
  return {p.free[block].units, next};
}

// --- primitives ---

void SlobHeap::add_page(Trace *t, u64 page, SlobList list) {
  SlobPage &p = pages_[page];
  p.units = rules_.page_units();
  p.free = {{0, p.units}};
  p.list = list;
  lists_[at(list)].insert(lists_[at(list)].begin(), page);
  emit(t, EventKind::lab_slob_page_add, {page, static_cast<u64>(list)});
}
void SlobHeap::drop_page(Trace *t, u64 page) {
  MM_CHECK(pages_.at(page).given.empty());
  if (pages_.at(page).list != SlobList::full) set_list(nullptr, page, SlobList::full);
  pages_.erase(page);
  emit(t, EventKind::lab_slob_page_del, {page});
}
void SlobHeap::set_list(Trace *t, u64 page, SlobList list) {
  SlobPage &p = pages_.at(page);
  if (p.list != SlobList::full) {
    std::vector<u64> &from = lists_[at(p.list)];
    from.erase(std::find(from.begin(), from.end(), page));
  }
  p.list = list;
  if (list != SlobList::full) lists_[at(list)].insert(lists_[at(list)].begin(), page);
  emit(t, EventKind::lab_slob_list, {page, static_cast<u64>(list)});
}
void SlobHeap::rotate(Trace *t, u64 page) {
  const SlobList list = pages_.at(page).list;
  std::vector<u64> &l = lists_[at(list)];
  std::rotate(l.begin(), std::find(l.begin(), l.end(), page), l.end());
  emit(t, EventKind::lab_slob_rotate, {page, static_cast<u64>(list)});
}

void SlobHeap::take(Trace *t, u64 page, u32 offset, u32 units) {
  SlobPage &p = pages_.at(page);
  const auto b = std::find_if(p.free.begin(), p.free.end(),
                              [&](const SlobBlock &x) { return x.offset <= offset && offset < x.offset + x.units; });
  MM_CHECK(b != p.free.end() && offset + units <= b->offset + b->units);
  const SlobBlock before{b->offset, offset - b->offset}, behind{offset + units, b->offset + b->units - offset - units};
  auto i = p.free.erase(b);
  if (behind.units != 0) i = p.free.insert(i, behind);
  if (before.units != 0) p.free.insert(i, before);
  p.units -= units;
  p.given[offset] = units;
  emit(t, EventKind::lab_slob_take, {page, offset, units});
}
void SlobHeap::put(Trace *t, u64 page, u32 offset, u32 units) {
  SlobPage &p = pages_.at(page);
  const auto g = p.given.find(offset);
  MM_CHECK(g != p.given.end() && g->second == units);
  p.given.erase(g);
  p.units += units;
  auto i = std::find_if(p.free.begin(), p.free.end(), [&](const SlobBlock &x) { return x.offset > offset; });
  i = p.free.insert(i, {offset, units});
  if (const auto next = i + 1; next != p.free.end() && next->offset == offset + units) {
    i->units += next->units;
    i = p.free.erase(next) - 1;
  }
  if (i != p.free.begin() && (i - 1)->offset + (i - 1)->units == offset) {
    (i - 1)->units += i->units;
    p.free.erase(i);
  }
  emit(t, EventKind::lab_slob_put, {page, offset, units});
}
void SlobHeap::set_header(Trace *t, phys_addr_t object, u32 size) {
  if (size == 0)
    headers_.erase(object.v);
  else
    headers_[object.v] = size;
  emit(t, EventKind::lab_slob_header, {object.v, size});
}
void SlobHeap::set_large(Trace *t, u64 page, u8 order, bool given) {
  if (given)
    large_[page] = order;
  else
    large_.erase(page);
  emit(t, EventKind::lab_slob_large, {page, order, given ? 1u : 0u});
}

// --- state ---

bool SlobHeap::fold(const Event &e) {
  const auto u = [&](unsigned i) { return static_cast<u32>(e.f[i]); };
  switch (e.kind) {
  case EventKind::lab_slob_page_add: add_page(nullptr, e.f[0], static_cast<SlobList>(e.f[1])); return true;
  case EventKind::lab_slob_page_del: drop_page(nullptr, e.f[0]); return true;
  case EventKind::lab_slob_list: set_list(nullptr, e.f[0], static_cast<SlobList>(e.f[1])); return true;
  case EventKind::lab_slob_rotate: rotate(nullptr, e.f[0]); return true;
  case EventKind::lab_slob_take: take(nullptr, e.f[0], u(1), u(2)); return true;
  case EventKind::lab_slob_put: put(nullptr, e.f[0], u(1), u(2)); return true;
  case EventKind::lab_slob_header: set_header(nullptr, phys_addr_t{e.f[0]}, u(1)); return true;
  case EventKind::lab_slob_large: set_large(nullptr, e.f[0], static_cast<u8>(e.f[1]), e.f[2] != 0); return true;
  default: return false;
  }
}

void SlobHeap::add_to(Digest &d) const {
  d.add(rules_.page_shift).add(rules_.min_align).add(rules_.natural_align ? 1 : 0).add(rules_.pairs ? 1 : 0);
  for (const auto &[page, p] : pages_) {
    d.add(page).add(p.units).add(static_cast<u64>(p.list));
    for (const SlobBlock &b : p.free) d.add(b.offset).add(b.units);
    for (const auto &[offset, units] : p.given) d.add(offset).add(units);
  }
  for (const std::vector<u64> &l : lists_) {
    for (const u64 page : l) d.add(page);
    d.add(~u64{0});
  }
  for (const auto &[a, size] : headers_) d.add(a).add(size);
  for (const auto &[page, order] : large_) d.add(page).add(order);
}

std::string SlobHeap::verify() const {
  u64 listed = 0;
  for (std::size_t l = 0; l < slob_lists; ++l)
    for (const u64 page : lists_[l]) {
      const auto p = pages_.find(page);
      if (p == pages_.end() || at(p->second.list) != l) return concat("page ", page, " is on a list that it is not of");
      ++listed;
    }
  for (const auto &[page, p] : pages_) {
    if (p.list != SlobList::full) --listed;
    if ((p.list == SlobList::full) != (p.units == 0)) return concat("page ", page, ": ", p.units, " free units");
    // Free blocks and objects cover the page, and no two free blocks touch.
    u32 at_unit = 0, free = 0;
    std::size_t b = 0;
    bool was_free = false;
    for (auto g = p.given.begin(); at_unit < rules_.page_units();) {
      if (b < p.free.size() && p.free[b].offset == at_unit && !was_free) {
        at_unit += p.free[b].units;
        free += p.free[b++].units;
        was_free = true;
      } else if (g != p.given.end() && g->first == at_unit) {
        at_unit += g->second;
        ++g;
        was_free = false;
      } else {
        return concat("page ", page, ": unit ", at_unit, " is neither free nor given out");
      }
    }
    if (at_unit != rules_.page_units() || free != p.units || b != p.free.size())
      return concat("page ", page, ": its units do not add up");
  }
  if (listed != 0) return "a page is on two lists";
  for (const auto &[object, size] : headers_) {
    const phys_addr_t block = phys_addr_t{object} - rules_.min_align;
    if (std::string why = why_not_put(block, u64{size} + rules_.min_align); !why.empty()) return "a header: " + why;
  }
  return {};
}

} // namespace mmscope
