#include "mm/pair_buddy.hpp"

#include "base/check.hpp"
#include "base/text.hpp"

namespace mmscope {

PairZone::PairZone(Trace *t, u32 id, const PairRules &rules) : id_(id), rules_(rules) {
  MM_CHECK(rules.pages != 0 && rules.pages <= most_pair_pages);
  MM_CHECK(rules.orders != 0 && rules.orders <= max_pair_orders);
  frames_.resize(at(rules.pages));
  heads_.fill(nobody);
  u64 bytes = 0;
  for (unsigned o = 0; o <= max_pair_orders; ++o) {
    base_[o] = static_cast<u32>(bytes);
    bytes += map_bytes(order_t{o});
  }
  maps_.resize(at(bytes));
  emit(t, EventKind::lab_pair_zone,
       {id, rules.start.v, rules.pages, rules.orders, static_cast<u64>(rules.take), rules.long_bytes});
}

u64 PairZone::map_bytes(order_t order) const {
  return has_map(order) ? round_up(((rules_.pages - 1) >> (order.v + 4)) + 1, rules_.long_bytes) : 0;
}

bool PairZone::bit(order_t order, u64 pair) const {
  return (maps_[at(base_[at(order.v)] + pair / 8)] >> (pair % 8) & 1) != 0;
}

bool PairZone::can_give(order_t order) const {
  for (u64 o = order.v; o < rules_.orders; ++o)
    if (heads_[at(o)] != nobody) return true;
  return false;
}

std::optional<PairZone::Block> PairZone::containing(pfn_t pfn) const {
  if (!contains(pfn)) return std::nullopt;
  for (unsigned o = 0; o < rules_.orders; ++o) {
    const u64 first = round_down(index_of(pfn), pages_of(order_t{o}));
    if (on_list(first, order_t{o})) return Block{rules_.start + first, order_t{o}};
  }
  return std::nullopt;
}

std::string PairZone::why_not_free(pfn_t pfn, order_t order) const {
  if (order.v >= rules_.orders) return concat("this zone's orders go from 0 to ", rules_.orders - 1);
  if (!contains(pfn) || pages_of(order) > end() - pfn)
    return concat("the zone has pages ", rules_.start.v, " to ", end().v - 1);
  if (index_of(pfn) % pages_of(order) != 0)
    return concat("no block of order ", order.v, " begins at page ", pfn.v,
                  ": BUG(), for it must be aligned, counted from the zone's first page");
  for (u64 i = 0; i < pages_of(order); ++i)
    if (const auto b = containing(pfn + i))
      return concat("double free: page ", (pfn + i).v, " is in the free block ", b->pfn.v, " of order ", b->order.v,
                    ". The kernel has no mark for that: it would turn the pair's bit over and believe from then on "
                    "that a buddy is free which is not, or the other way round");
  return {};
}

// --- the calls ---

std::optional<pfn_t> PairZone::rmqueue(Trace *t, order_t order) {
  for (unsigned o = static_cast<unsigned>(order.v); o < rules_.orders; ++o) {
    if (heads_[o] == nobody) continue;
    u64 index = heads_[o];
    list_del(t, order_t{o}, rules_.start + index);
    if (has_map(order_t{o})) toggle(t, order_t{o}, index >> (o + 1));
    while (o > order.v) { // expand
      --o;
      const u64 lower = index, upper = index + (u64{1} << o);
      const u64 kept = rules_.take == PairTake::upper ? lower : upper;
      index = rules_.take == PairTake::upper ? upper : lower;
      emit(t, EventKind::lab_pair_split, {id_, o, (rules_.start + kept).v, (rules_.start + index).v});
      list_add(t, order_t{o}, rules_.start + kept);
      toggle(t, order_t{o}, kept >> (o + 1));
    }
    return rules_.start + index;
  }
  return std::nullopt;
}

void PairZone::free_pages_ok(Trace *t, pfn_t pfn, order_t order) {
  u64 index = index_of(pfn);
  for (; has_map(order); order += 1) {
    const u64 pair = index >> (order.v + 1);
    const bool buddy_is_free = bit(order, pair);
    toggle(t, order, pair);
    if (!buddy_is_free) break;
    const u64 buddy = index ^ pages_of(order);
    emit(t, EventKind::lab_pair_merge, {id_, order.v, (rules_.start + index).v, (rules_.start + buddy).v});
    list_del(t, order, rules_.start + buddy);
    index &= ~pages_of(order);
  }
  list_add(t, order, rules_.start + index);
}

// --- primitives ---

void PairZone::list_add(Trace *t, order_t order, pfn_t pfn) {
  const u32 i = index_of(pfn);
  Frame &f = frames_[i];
  MM_CHECK(f.order == on_no_list);
  u32 &head = heads_[at(order.v)];
  f = {.prev = nobody, .next = head, .order = static_cast<u8>(order.v)};
  if (head != nobody) frames_[head].prev = i;
  head = i;
  free_ += pages_of(order);
  ++nr_[at(order.v)];
  emit(t, EventKind::lab_pair_list_add, {id_, order.v, pfn.v});
}

void PairZone::list_del(Trace *t, order_t order, pfn_t pfn) {
  Frame &f = frames_[index_of(pfn)];
  MM_CHECK(f.order == order.v);
  (f.prev == nobody ? heads_[at(order.v)] : frames_[f.prev].next) = f.next;
  if (f.next != nobody) frames_[f.next].prev = f.prev;
  f = {};
  free_ -= pages_of(order);
  --nr_[at(order.v)];
  emit(t, EventKind::lab_pair_list_del, {id_, order.v, pfn.v});
}

void PairZone::toggle(Trace *t, order_t order, u64 pair) {
  MM_CHECK(has_map(order) && pair < pairs(order));
  u8 &byte = maps_[at(base_[at(order.v)] + pair / 8)];
  byte = static_cast<u8>(byte ^ (1u << (pair % 8)));
  emit(t, EventKind::lab_pair_toggle, {id_, order.v, pair, bit(order, pair) ? 1u : 0u});
}

void PairZone::set_marks(Trace *t, u64 min, u64 low, u64 high) {
  marks_ = {min, low, high};
  emit(t, EventKind::lab_pair_marks, {id_, min, low, high});
}

// --- state ---

void PairZone::add_to(Digest &d) const {
  d.add(id_).add(rules_.start).add(rules_.pages).add(rules_.orders).add(static_cast<u64>(rules_.take));
  d.add(rules_.long_bytes).add(marks_.pages_min).add(marks_.pages_low).add(marks_.pages_high);
  for (unsigned o = 0; o < rules_.orders; ++o) {
    for_each_block(order_t{o}, [&](pfn_t p) { d.add(p); });
    d.add(~u64{0});
  }
  for (const u8 byte : maps_) d.add(byte);
}

std::string PairZone::verify() const {
  u64 listed = 0, pages = 0;
  std::vector<bool> free(at(rules_.pages));
  for (unsigned o = 0; o < rules_.orders; ++o) {
    const order_t order{o};
    const u64 listed_before = listed;
    u32 before = nobody;
    for (u32 i = heads_[o]; i != nobody; before = i, i = frames_[i].next) {
      if (frames_[i].order != o || frames_[i].prev != before) return concat("order ", o, ": the list is broken at ", i);
      if (i % pages_of(order) != 0 || i + pages_of(order) > rules_.pages)
        return concat("order ", o, ": block ", i, " does not lie in the zone");
      for (u64 k = i; k < i + pages_of(order); ++k) {
        if (free[at(k)]) return concat("order ", o, ": page ", k, " is free twice");
        free[at(k)] = true;
      }
      ++listed;
      pages += pages_of(order);
    }
    if (listed - listed_before != nr_free(order)) return concat("order ", o, ": the count of its list is off");
    if (!has_map(order)) continue;
    for (u64 pair = 0; pair < u64{8} * map_bytes(order); ++pair) {
      const u64 left = pair << (o + 1);
      if (bit(order, pair) != (on_list(left, order) != on_list(left + pages_of(order), order)))
        return concat("order ", o, ": the bit of pair ", pair, " is ", bit(order, pair) ? 1 : 0);
    }
  }
  if (pages != free_) return concat(pages, " pages are on the lists, ", free_, " are counted");
  for (const Frame &f : frames_) listed -= f.order == on_no_list ? 0u : 1u;
  return listed == 0 ? std::string() : "a page says that it is on a list, and is not";
}

} // namespace mmscope
