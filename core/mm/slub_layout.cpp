#include "mm/slub_layout.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <bit>

namespace mmscope {

namespace {

constexpr u32 max_objects_per_slab = 32767; // struct slab counts in 15 bits
constexpr u32 min_partial_floor = 5, min_partial_cap = 10;

struct FlagName {
  std::string_view name;
  slab_flags_t bit;
};
constexpr FlagName flag_names[] = {
    {"SLAB_CONSISTENCY_CHECKS", slab_flag::CONSISTENCY_CHECKS},
    {"SLAB_RED_ZONE", slab_flag::RED_ZONE},
    {"SLAB_POISON", slab_flag::POISON},
    {"SLAB_KMALLOC", slab_flag::KMALLOC},
    {"SLAB_HWCACHE_ALIGN", slab_flag::HWCACHE_ALIGN},
    {"SLAB_CACHE_DMA", slab_flag::CACHE_DMA},
    {"SLAB_CACHE_DMA32", slab_flag::CACHE_DMA32},
    {"SLAB_STORE_USER", slab_flag::STORE_USER},
    {"SLAB_RECLAIM_ACCOUNT", slab_flag::RECLAIM_ACCOUNT},
    {"SLAB_PANIC", slab_flag::PANIC},
    {"SLAB_TYPESAFE_BY_RCU", slab_flag::TYPESAFE_BY_RCU},
    {"SLAB_MEM_SPREAD", slab_flag::MEM_SPREAD},
    {"SLAB_TRACE", slab_flag::TRACE},
    {"SLAB_NOLEAKTRACE", slab_flag::NOLEAKTRACE},
    {"SLAB_ACCOUNT", slab_flag::ACCOUNT},
    {"SLAB_NO_USER_FLAGS", slab_flag::NO_USER_FLAGS},
};

u64 order_objects(const SlubRules &r, u32 order, u32 size) { return (r.page_size() << order) / size; }

// calc_slab_order: the least order that holds `min_objects` and wastes at most 1/fraction; above max_order when none.
u32 calc_slab_order(const SlubRules &r, u32 size, u32 min_objects, u32 max_order, u32 fraction) {
  if (order_objects(r, r.slub_min_order, size) > max_objects_per_slab)
    return get_order(r, u64{size} * max_objects_per_slab) - 1;
  u32 order = std::max(r.slub_min_order, get_order(r, u64{min_objects} * size));
  for (; order <= max_order; ++order) {
    const u64 bytes = r.page_size() << order;
    if (bytes % size <= bytes / fraction) break;
  }
  return order;
}

// One block of slub_debug=: "FZ,kmalloc-*,dentry". Caches nullopt: all of them.
struct DebugBlock {
  slab_flags_t flags = 0;
  bool no_higher_order = false;
  std::optional<std::string_view> caches;
};
DebugBlock parse_debug_block(std::string_view block) {
  DebugBlock b;
  const std::size_t comma = std::min(block.find(','), block.size());
  if (comma != block.size()) b.caches = block.substr(comma + 1);
  if (comma == 0) {
    b.flags = slab_flag::DEBUG_DEFAULT;
    return b;
  }
  for (const char c : block.substr(0, comma)) switch (c | 0x20) {
    case '-' | 0x20: b.flags = 0; break;
    case 'f': b.flags |= slab_flag::CONSISTENCY_CHECKS; break;
    case 'z': b.flags |= slab_flag::RED_ZONE; break;
    case 'p': b.flags |= slab_flag::POISON; break;
    case 'u': b.flags |= slab_flag::STORE_USER; break;
    case 't': b.flags |= slab_flag::TRACE; break;
    case 'o': b.no_higher_order = true; break;
    default: break; // failslab is not in the build; others the kernel skips with a line
    }
  return b;
}
template <class Fn> void for_each_part(std::string_view text, char separator, Fn &&fn) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (end != 0) fn(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void read_slub_debug(SlubRules &rules, std::string_view value) {
  if (value.empty()) {
    rules.debug = slab_flag::DEBUG_DEFAULT;
    return;
  }
  for_each_part(value, ';', [&](std::string_view text) {
    const DebugBlock b = parse_debug_block(text);
    rules.no_higher_order_debug = rules.no_higher_order_debug || b.no_higher_order;
    if (b.caches)
      rules.debug_blocks = std::string(value);
    else
      rules.debug = b.flags;
  });
}

} // namespace

std::string slab_flags_text(slab_flags_t flags) {
  std::string s;
  for (const FlagName &f : flag_names)
    if ((flags & f.bit) != 0) append(s, s.empty() ? "" : "|", f.name);
  return s.empty() ? "0" : s;
}

std::optional<slab_flags_t> parse_slab_flags(std::string_view text) {
  slab_flags_t flags = 0;
  while (true) {
    const std::size_t bar = text.find('|');
    const std::string_view word = trim(text.substr(0, bar));
    const auto *f = std::find_if(std::begin(flag_names), std::end(flag_names),
                                 [&](const FlagName &n) { return word == n.name || word == n.name.substr(5); });
    if (f != std::end(flag_names))
      flags |= f->bit;
    else if (const std::optional<u64> n = parse_u64(word); n && *n <= 0xffffffff)
      flags |= static_cast<slab_flags_t>(*n);
    else
      return std::nullopt;
    if (bar == std::string_view::npos) return flags;
    text.remove_prefix(bar + 1);
  }
}

void read_slub_params(SlubRules &rules, std::string_view command_line) {
  for (std::string_view word = next_word(command_line); !word.empty(); word = next_word(command_line)) {
    const std::size_t equals = std::min(word.find('='), word.size());
    const std::string_view name = word.substr(0, equals);
    const std::string_view value = word.substr(std::min(equals + 1, word.size()));
    const std::optional<u64> n = parse_u64(value);
    const auto number = [&](u32 &slot, u64 cap) {
      if (n) slot = static_cast<u32>(std::min(*n, cap));
    };
    if (name == "slub_debug")
      read_slub_debug(rules, value);
    else if (name == "slub_min_order")
      number(rules.slub_min_order, rules.max_order);
    else if (name == "slub_max_order")
      number(rules.slub_max_order, rules.max_order);
    else if (name == "slub_min_objects")
      number(rules.slub_min_objects, max_objects_per_slab);
    else if (name == "slab_nomerge" || name == "slub_nomerge")
      rules.nomerge = true;
    else if (name == "slab_merge" || name == "slub_merge")
      rules.nomerge = false;
  }
}

void read_slub_era(SlubRules &rules, const Era &era) {
  rules.order_search = era.slab_order;
  rules.kmalloc_caches = era.kmalloc_caches;
  rules.memcg_kmem = rules.memcg_kmem && era.kmalloc_caches != KmallocCaches::dma_twins;
  rules.kmalloc_size_word = era.kmalloc_size_word;
  const auto objects = [](u64 n) { return static_cast<u32>(n); };
  rules.cpu_partial_objects = {objects(era.cpu_partial_page), objects(era.cpu_partial_kib),
                               objects(era.cpu_partial_256), objects(era.cpu_partial_small)};
}

slab_flags_t kmem_cache_flags(const SlubRules &rules, slab_flags_t flags, std::string_view name) {
  if ((flags & slab_flag::NO_USER_FLAGS) != 0) return flags;
  std::optional<slab_flags_t> named;
  for_each_part(rules.debug_blocks, ';', [&](std::string_view text) {
    const DebugBlock b = parse_debug_block(text);
    if (named || !b.caches) return;
    for_each_part(*b.caches, ',', [&](std::string_view pattern) {
      const std::size_t star = pattern.find('*');
      const bool match = star == std::string_view::npos ? name == pattern : name.starts_with(pattern.substr(0, star));
      if (match && !named) named = b.flags;
    });
  });
  if (named) return flags | *named;
  // A cache of the leak detector keeps no owners unless asked to by name.
  const slab_flags_t left_out = (flags & slab_flag::NOLEAKTRACE) != 0 ? slab_flag::STORE_USER : 0;
  return flags | (rules.debug & ~left_out);
}

u32 get_order(const SlubRules &rules, u64 size) {
  u32 order = 0;
  while ((rules.page_size() << order) < size) ++order;
  return order;
}

u32 calculate_alignment(const SlubRules &rules, slab_flags_t flags, u32 align, u32 size) {
  if ((flags & slab_flag::HWCACHE_ALIGN) != 0) {
    u32 line = rules.cache_line;
    while (size <= line / 2) line /= 2;
    align = std::max(align, line);
  }
  return static_cast<u32>(round_up(std::max(align, rules.slab_min_align), rules.word));
}

u32 slub_min_objects(const SlubRules &rules) {
  if (rules.slub_min_objects != 0) return rules.slub_min_objects;
  // Some architectures count only the booting CPU as present this early.
  const u32 cpus = rules.present_cpus > 1 ? rules.present_cpus : rules.nr_cpu_ids;
  return 4 * (static_cast<u32>(std::bit_width(cpus)) + 1);
}

std::optional<u32> calculate_order(const SlubRules &rules, u32 size) {
  const u32 max_order = rules.slub_max_order;
  const u64 most = order_objects(rules, max_order, size);
  u32 min_objects = static_cast<u32>(std::min<u64>(slub_min_objects(rules), most));
  if (rules.order_search == SlabOrder::more_waste) {
    min_objects = std::max(min_objects, 1u);
    for (u32 fraction = 16; fraction > 1; fraction /= 2)
      if (const u32 order = calc_slab_order(rules, size, min_objects, max_order, fraction); order <= max_order)
        return order;
    const u32 order = get_order(rules, size);
    return order <= rules.max_order ? std::optional(order) : std::nullopt;
  }
  for (; min_objects > 1; --min_objects)
    for (u32 fraction = 16; fraction >= 4; fraction /= 2)
      if (const u32 order = calc_slab_order(rules, size, min_objects, max_order, fraction); order <= max_order)
        return order;
  if (const u32 order = calc_slab_order(rules, size, 1, max_order, 1); order <= max_order) return order;
  const u32 order = calc_slab_order(rules, size, 1, rules.max_order + 1, 1);
  return order <= rules.max_order ? std::optional(order) : std::nullopt;
}

namespace {

// calculate_sizes
std::optional<SlabLayout> calculate_sizes(const SlubRules &rules, const CacheShape &shape, slab_flags_t flags) {
  using namespace slab_flag;
  SlabLayout l;
  l.object_size = shape.object_size;
  l.align = shape.align;
  const bool poison = (flags & POISON) != 0, rcu = (flags & TYPESAFE_BY_RCU) != 0, red = (flags & RED_ZONE) != 0;
  // A constructed object, or one that may be looked at after its free, keeps its bytes.
  flags &= ~OBJECT_POISON;
  if (poison && !rcu && !shape.ctor) flags |= OBJECT_POISON;
  l.flags = flags;

  u64 size = round_up(shape.object_size, rules.word);
  if (red && size == shape.object_size) size += rules.word; // a red zone needs at least a word
  l.inuse = static_cast<u32>(size);
  const bool keeps_size = (flags & STORE_USER) != 0 && (flags & KMALLOC) != 0;
  if (((rcu || shape.ctor) && !shape.own_free_pointer) || poison ||
      (red && (shape.object_size < rules.word || (keeps_size && rules.kmalloc_size_word)))) {
    l.offset = static_cast<u32>(size);
    size += rules.word;
  } else {
    // In the middle, away from small overruns of the neighbours.
    l.offset = static_cast<u32>(round_down(shape.object_size / 2, rules.word));
  }
  if ((flags & STORE_USER) != 0) {
    size += 2 * u64{rules.sizeof_track};
    if (keeps_size) size += rules.kmalloc_size_word ? rules.word : sizeof(u32);
  }
  if (red) {
    // A word behind the metadata, and one in front, so that writing before an object hits nothing else.
    l.red_left_pad = static_cast<u32>(round_up(rules.word, shape.align));
    size += rules.word + l.red_left_pad;
  }
  size = round_up(size, shape.align);
  if (size > (rules.page_size() << rules.max_order)) return std::nullopt;
  l.size = static_cast<u32>(size);
  const std::optional<u32> order = calculate_order(rules, l.size);
  if (!order) return std::nullopt;
  l.order = static_cast<u8>(*order);
  l.min_order = static_cast<u8>(get_order(rules, size));
  l.objects = static_cast<u16>(order_objects(rules, l.order, l.size));
  l.min_order_objects = static_cast<u16>(order_objects(rules, l.min_order, l.size));
  if (l.order != 0) l.allocflags |= gfp::COMP;
  if ((flags & CACHE_DMA) != 0) l.allocflags |= gfp::DMA;
  if ((flags & CACHE_DMA32) != 0) l.allocflags |= gfp::DMA32;
  if ((flags & RECLAIM_ACCOUNT) != 0) l.allocflags |= gfp::RECLAIMABLE;
  return l.objects != 0 ? std::optional(l) : std::nullopt;
}

// set_cpu_partial
u32 cpu_partial_objects(const SlubRules &rules, const SlabLayout &l) {
  if (!rules.cpu_partial || l.debug()) return 0;
  const std::array<u32, 4> &n = rules.cpu_partial_objects;
  if (l.size >= rules.page_size()) return n[0];
  if (l.size >= 1024) return n[1];
  return l.size >= 256 ? n[2] : n[3];
}

} // namespace

std::optional<SlabLayout> make_layout(const SlubRules &rules, const CacheShape &shape, slab_flags_t flags) {
  if (shape.object_size == 0) return std::nullopt;
  std::optional<SlabLayout> l = calculate_sizes(rules, shape, flags);
  if (!l) return std::nullopt;
  if (rules.no_higher_order_debug && get_order(rules, l->size) > get_order(rules, l->object_size)) {
    l = calculate_sizes(rules, shape, flags & ~slab_flag::DEBUG_METADATA);
    if (!l) return std::nullopt;
  }
  const u32 log2 = static_cast<u32>(std::bit_width(l->size)) - 1;
  l->min_partial = std::clamp(log2 / 2, min_partial_floor, min_partial_cap);
  l->cpu_partial = cpu_partial_objects(rules, *l);
  l->cpu_partial_slabs = static_cast<u32>(div_round_up(u64{l->cpu_partial} * 2, l->objects));
  return l;
}

} // namespace mmscope
