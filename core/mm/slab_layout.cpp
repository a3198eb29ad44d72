#include "mm/slab_layout.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <bit>

namespace mmscope {

namespace {

constexpr u32 chain_entry = 4;    // kmem_bufctl_t
constexpr u32 least_indexed = 16; // SLAB_OBJ_MIN_SIZE, where indexes are bytes

bool is_chain(const SlabRules &r) { return r.books == SlabBooks::chain; }
u64 align_any(u64 x, u64 to) { return to <= 1 ? x : round_up_any(x, to); }

struct Slot {
  u32 size, align;
};
Slot slot_of(const SlabRules &r, const SlabMachine &m, const SlabShape &s) {
  u32 align = std::max({m.word, r.least_align, s.align});
  u64 size = round_up(s.size, m.word);
  if ((s.flags & slab_flag::HWCACHE_ALIGN) != 0) {
    u32 line = m.cache_line;
    while (r.half_line_is_enough ? size <= line / 2 : size < line / 2) line /= 2;
    align = std::max(align, line);
  }
  size = align_any(size, align);
  if (!is_chain(r) && books_entry_size(r, m) == 1) size = std::max<u64>(size, align_any(least_indexed, align));
  return {static_cast<u32>(size), align};
}

struct Fit {
  u32 num = 0;
  u64 left = 0;
};
u64 chain_books(const SlabRules &r, const SlabMachine &m, u64 num, u32 align) {
  return align_any(slab_head_size(r, m) + num * chain_entry, r.books_fill_lines ? m.cache_line : align);
}
// kmem_cache_estimate, cache_estimate: how many objects go into a slab of 2^order pages.
Fit estimate(const SlabRules &r, const SlabMachine &m, u32 order, u64 size, u32 align, bool books_inside) {
  const u64 bytes = m.page_size() << order;
  const auto fit = [&](u64 num, u64 used) { return Fit{static_cast<u32>(num), bytes - used}; };
  if (!books_inside) return fit(bytes / size, bytes / size * size);
  if (!is_chain(r)) {
    const u64 num = bytes / (size + books_entry_size(r, m));
    return fit(num, num * (size + books_entry_size(r, m)));
  }
  const u64 head = slab_head_size(r, m);
  u64 num = bytes > head ? (bytes - head) / (size + chain_entry) : 0;
  while (num != 0 && chain_books(r, m, num, align) + num * size > bytes) --num;
  return fit(num, num == 0 ? 0 : chain_books(r, m, num, align) + num * size);
}

// How many objects a slab may have whose books lie elsewhere.
u64 off_slab_limit(const SlabRules &r, const SlabMachine &m, u64 size) {
  const u64 head = slab_head_size(r, m);
  if (r.off_limit == OffSlabLimit::own_object) return size > head ? (size - head) / chain_entry : 0;
  u64 largest = 0;
  for (const u32 s : general_sizes(r, m))
    if (s < m.page_size() / 8) largest = s;
  return largest > head ? (largest - head) / 2 : 0;
}

u32 most_order(const SlabRules &r, const SlabMachine &m) {
  if (r.most_order != 0) return r.most_order;
  const u32 largest = general_sizes(r, m).back();
  return static_cast<u32>(std::bit_width(largest) - 1) - m.page_shift;
}

struct Found {
  Fit fit;
  u32 order = 0;
};
// calculate_slab_order. `usable` says whether a slab of so many objects can have its books where they shall lie:
// 0 yes, 1 try the next order, 2 stay with the order before.
enum class Usable : u8 { yes, next, stop };
template <class F>
std::optional<Found> find_order(const SlabRules &r, const SlabMachine &m, const SlabShape &s, u64 size, u32 align,
                                bool books_inside, F &&usable) {
  std::optional<Found> found;
  for (u32 order = 0; order <= most_order(r, m); ++order) {
    const Fit fit = estimate(r, m, order, size, align, books_inside);
    if (fit.num == 0) continue;
    const Usable u = usable(fit.num);
    if (u == Usable::next) continue;
    if (u == Usable::stop) break;
    found = {fit, order};
    if (r.reclaimable_stays_small && (s.flags & slab_flag::RECLAIM_ACCOUNT) != 0) break;
    if (order >= r.enough_order[m.more_than_32M ? 1 : 0]) break;
    if (fit.left * 8 <= m.page_size() << order) break;
  }
  return found;
}

bool lay_out_chain(const SlabRules &r, const SlabMachine &m, const SlabShape &s, bool off, CacheLayout &l, u64 &left) {
  const auto found = find_order(r, m, s, l.size, l.align, !off, [&](u32 num) {
    return off && num > off_slab_limit(r, m, l.size) ? Usable::stop : Usable::yes;
  });
  if (!found) return false;
  l.num = found->fit.num;
  l.order = found->order;
  left = found->fit.left;
  const u64 books = chain_books(r, m, l.num, l.align);
  // Books that were to lie elsewhere come back when there is room for them.
  if (off && left >= books) {
    off = false;
    left -= books;
  }
  l.books = off ? BooksPlace::off_slab : BooksPlace::on_slab;
  l.books_size = static_cast<u32>(off && !r.books_fill_lines ? slab_head_size(r, m) + l.num * chain_entry : books);
  return true;
}

// set_objfreelist_slab_cache, set_off_slab_cache, set_on_slab_cache, in this order.
bool lay_out_indexes(const SlabRules &r, const SlabMachine &m, const SlabShape &s, CacheLayout &l, u64 &left) {
  const u32 entry = books_entry_size(r, m);
  const u64 most = (u64{1} << (8 * entry)) - 1;
  const auto found = [&](bool inside, bool off) {
    return find_order(r, m, s, l.size, l.align, inside, [&](u32 num) {
      if (num > most) return Usable::stop;
      if (!off) return Usable::yes;
      // The cache that the indexes would lie in must have its own elsewhere, and be small beside an object.
      const u32 general = general_size_for(r, m, u64{num} * entry);
      return general == 0 || slot_of(r, m, general_shape(r, m, {general})).size > s.size / 2 ? Usable::next
                                                                                             : Usable::yes;
    });
  };
  const auto take = [&](const Found &f, BooksPlace place) {
    l.num = f.fit.num;
    l.order = f.order;
    l.books = place;
    l.books_size = f.fit.num * entry;
    left = f.fit.left;
    return true;
  };
  const bool keeps_bytes = s.ctor || (s.flags & slab_flag::TYPESAFE_BY_RCU) != 0;
  if (!keeps_bytes)
    if (const auto f = found(false, false); f && u64{f->fit.num} * entry <= s.size)
      return take(*f, BooksPlace::in_object);
  if ((s.flags & slab_flag::NOLEAKTRACE) == 0)
    if (const auto f = found(false, true); f && f->fit.left < u64{f->fit.num} * entry)
      return take(*f, BooksPlace::off_slab);
  const auto f = found(true, false);
  return f && take(*f, BooksPlace::on_slab);
}

} // namespace

std::string_view books_place_name(BooksPlace p) {
  return p == BooksPlace::on_slab ? "on the slab" : p == BooksPlace::off_slab ? "off the slab" : "in a free object";
}

u32 slab_head_size(const SlabRules &r, const SlabMachine &m) {
  return is_chain(r) ? static_cast<u32>(round_up(u64{4} * m.word + r.head_bytes, m.word)) : 0;
}
u32 books_entry_size(const SlabRules &r, const SlabMachine &m) {
  if (is_chain(r)) return chain_entry;
  return m.page_size() >> 8 <= least_indexed ? 1 : 2;
}

std::optional<CacheLayout> make_cache_layout(const SlabRules &r, const SlabMachine &m, const SlabShape &shape) {
  if (shape.size == 0) return std::nullopt;
  const Slot slot = slot_of(r, m, shape);
  CacheLayout l;
  l.object_size = shape.size;
  l.align = slot.align;
  l.size = slot.size;
  const bool large = round_up(shape.size, m.word) >= m.page_size() / 8;
  u64 left = 0;
  if (is_chain(r) ? !lay_out_chain(r, m, shape, large && !shape.early, l, left)
                  : !lay_out_indexes(r, m, shape, l, left))
    return std::nullopt;
  l.colour_off =
      shape.offset != 0 ? static_cast<u32>(round_up(shape.offset, l.align)) : std::max(m.cache_line, l.align);
  l.colour = static_cast<u32>(left / l.colour_off);
  const u64 steps[] = {131072, m.page_size(), 1024, 256};
  std::size_t row = 0;
  while (row < std::size(steps) && l.size <= steps[row]) ++row;
  l.limit = r.array_limit[row];
  l.batchcount = (l.limit + 1) / 2;
  l.shared = l.size <= m.page_size() && m.cpus > 1 ? r.shared_factor : 0;
  return l;
}

// --- general caches ---

std::vector<u32> general_sizes(const SlabRules &r, const SlabMachine &m) {
  const u32 largest =
      r.largest != 0 ? r.largest : static_cast<u32>(u64{1} << std::min(m.max_order + m.page_shift, 25u));
  std::vector<u32> sizes;
  for (u32 s = m.page_size() > 4096 ? r.least_of_large_pages : 32; s <= largest; s *= 2) {
    sizes.push_back(s);
    if (!r.odd_sizes) continue;
    // By the line where they are a table of the build; those made at run time are made anyway, and padded.
    if (s == 64 && (!is_chain(r) || m.cache_line < 64)) sizes.push_back(96);
    if (s == 128 && (!is_chain(r) || m.cache_line < 128)) sizes.push_back(192);
  }
  return sizes;
}

SlabShape general_shape(const SlabRules &r, const SlabMachine &m, const GeneralCache &c) {
  const bool power = (c.size & (c.size - 1)) == 0;
  SlabShape s{.size = c.size, .align = r.general_naturally_aligned && power ? c.size : r.kmalloc_align};
  if (r.least_align != 0) s.align = std::max(s.align, r.least_align);
  s.flags = slab_flag::HWCACHE_ALIGN;
  if (c.type == GeneralType::dma) s.flags |= slab_flag::CACHE_DMA;
  if (c.type == GeneralType::reclaimable) s.flags |= slab_flag::RECLAIM_ACCOUNT;
  const GeneralCaches g = general_caches(r, m);
  for (unsigned i = 0; i < g.early; ++i) s.early = s.early || g.list[i] == c;
  return s;
}

std::string general_name(const SlabRules &r, u32 size, GeneralType type) {
  if (r.names == GeneralNames::size) return concat("size-", size, type == GeneralType::dma ? "(DMA)" : "");
  std::string_view prefix = "kmalloc-";
  if (type == GeneralType::dma) prefix = "dma-kmalloc-";
  if (type == GeneralType::reclaimable) prefix = "kmalloc-rcl-";
  if (r.names == GeneralNames::kmalloc_bytes || size < 1024) return concat(prefix, size);
  return size < 1u << 20 ? concat(prefix, size / 1024, 'k') : concat(prefix, size >> 20, 'M');
}

u32 general_size_for(const SlabRules &r, const SlabMachine &m, u64 bytes) {
  for (const u32 s : general_sizes(r, m))
    if (s >= bytes) return s;
  return 0;
}
u32 kmem_list_size(const SlabRules &r, const SlabMachine &m) { return r.kmem_list[m.word == 8 ? 1 : 0]; }
u32 array_bytes(const SlabRules &r, const SlabMachine &m, u32 limit) {
  return r.array_cache[m.word == 8 ? 1 : 0] + limit * m.word;
}

GeneralCaches general_caches(const SlabRules &r, const SlabMachine &m) {
  GeneralCaches g;
  const auto add = [&](u32 size, GeneralType type) {
    if (const GeneralCache c{size, type}; std::find(g.list.begin(), g.list.end(), c) == g.list.end())
      g.list.push_back(c);
  };
  // Those that hold the allocator's own arrays and lists come before all others.
  if (r.nodes && !r.percpu_arrays) add(general_size_for(r, m, array_bytes(r, m, 1)), GeneralType::normal);
  if (r.nodes) add(general_size_for(r, m, kmem_list_size(r, m)), GeneralType::normal);
  g.early = static_cast<unsigned>(g.list.size());
  const std::vector<u32> sizes = general_sizes(r, m);
  if (r.names == GeneralNames::size) {
    for (const u32 s : sizes) {
      add(s, GeneralType::normal);
      if (m.zone_dma) add(s, GeneralType::dma);
    }
    return g;
  }
  // By index: 96 and 192 are made right behind 64 and 128, but have the lowest indexes.
  for (const u32 s : sizes) add(s, GeneralType::normal);
  if (r.names == GeneralNames::kmalloc)
    for (const u32 s : sizes) add(s, GeneralType::reclaimable);
  if (!m.zone_dma) return g;
  for (const u32 odd : {96u, 192u})
    if (std::find(sizes.begin(), sizes.end(), odd) != sizes.end()) add(odd, GeneralType::dma);
  for (const u32 s : sizes) add(s, GeneralType::dma);
  return g;
}

} // namespace mmscope
