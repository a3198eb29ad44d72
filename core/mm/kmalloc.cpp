#include "mm/kmalloc.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "mm/slub.hpp"

#include <algorithm>
#include <bit>

namespace mmscope {

KmallocTable::KmallocTable() {
  for (auto &type : caches) type.fill(no_cache);
}

void KmallocTable::setup(const SlubRules &rules) {
  // Up to 64 a power of two; 96 and 192 have caches of their own.
  for (u32 i = 0; i < size_index.size(); ++i) {
    const u32 size = (i + 1) * 8;
    size_index[i] = static_cast<u8>(size > 128  ? 2u
                                    : size > 96 ? 7u
                                    : size > 64 ? 1u
                                                : std::max(static_cast<u32>(std::bit_width(size - 1)), 3u));
  }
  const u32 min = rules.kmalloc_min_align;
  for (u32 size = 8; size < min && size <= 192; size += 8)
    size_index[(size - 1) / 8] = static_cast<u8>(kmalloc_shift_low(rules));
  if (min >= 64)
    for (u32 size = 72; size <= 96; size += 8) size_index[(size - 1) / 8] = 7;
  if (min >= 128)
    for (u32 size = 136; size <= 192; size += 8) size_index[(size - 1) / 8] = 8;
}

std::optional<u32> KmallocTable::index(const SlubRules &rules, u64 size) const {
  if (size == 0 || size > kmalloc_max_cache_size(rules)) return std::nullopt;
  if (size <= 192) return size_index[static_cast<std::size_t>((size - 1) / 8)];
  return static_cast<u32>(std::bit_width(size - 1));
}

u64 kmalloc_max_cache_size(const SlubRules &rules) { return rules.page_size() * 2; }
u32 kmalloc_shift_low(const SlubRules &rules) {
  return std::max(static_cast<u32>(std::bit_width(rules.kmalloc_min_align)) - 1, 3u);
}
u32 kmalloc_shift_high(const SlubRules &rules) { return rules.page_shift + 1; }

kmalloc_cache_type kmalloc_type(const SlubRules &rules, gfp_t gfp) {
  if (rules.zone_dma && (gfp & gfp::DMA) != 0) return kmalloc_cache_type::DMA;
  if ((gfp & gfp::RECLAIMABLE) != 0) return kmalloc_cache_type::RECLAIM;
  if (rules.memcg_kmem && (gfp & gfp::ACCOUNT) != 0) return kmalloc_cache_type::CGROUP;
  return kmalloc_cache_type::NORMAL;
}
std::array<kmalloc_cache_type, nr_kmalloc_types> kmalloc_order(const SlubRules &rules) {
  using enum kmalloc_cache_type;
  if (rules.kmalloc_caches == KmallocCaches::dma_cgroup || rules.kmalloc_caches == KmallocCaches::cgroup_last)
    return {NORMAL, RECLAIM, DMA, CGROUP};
  return {NORMAL, CGROUP, RECLAIM, DMA};
}
bool kmalloc_type_exists(const SlubRules &rules, kmalloc_cache_type type) {
  return (type != kmalloc_cache_type::CGROUP || rules.memcg_kmem) &&
         (type != kmalloc_cache_type::DMA || rules.zone_dma);
}

u32 kmalloc_size(u32 index) { return index == 1 ? 96 : index == 2 ? 192 : u32{1} << index; }

std::string kmalloc_name(kmalloc_cache_type type, u32 index) {
  static constexpr std::string_view prefixes[] = {"kmalloc-", "kmalloc-cg-", "kmalloc-rcl-", "dma-kmalloc-"};
  const u32 size = kmalloc_size(index);
  return size < 1024 ? concat(prefixes[static_cast<u32>(type)], size)
                     : concat(prefixes[static_cast<u32>(type)], size / 1024, 'k');
}

// --- the calls ---

cache_id Slub::kmalloc_cache(u64 size, gfp_t gfp) const {
  const std::optional<u32> index = kmalloc_.index(rules_, size);
  return index ? kmalloc_.caches[static_cast<u32>(kmalloc_type(rules_, gfp))][*index] : no_cache;
}

SlabResult Slub::kmalloc(const SlabEnv &e, u64 size, gfp_t gfp, i32 nid) {
  SlabResult r;
  Call call(e.t, "kmalloc", {}, {size, gfp, field(nid)});
  u64 given = 0;
  if (size > kmalloc_max_cache_size(rules_)) {
    const u32 order = get_order(rules_, size);
    r.path = SlabPath::large;
    given = rules_.page_size() << order;
    std::optional<pfn_t> pfn;
    if (order <= rules_.max_order)
      pfn = e.pages.alloc_pages(e.t,
                                {.gfp = allowed(gfp | gfp::COMP), .order = order_t{order}, .nid = nid, .cpu = e.cpu});
    if (pfn) {
      set_large(e.t, *pfn, order, true);
      r.object = to_phys(*pfn, rules_.page_shift);
    } else {
      r.verdict = SlabVerdict::no_memory;
      r.why = concat("no ", given, " bytes of pages in one piece");
    }
  } else if (size == 0) {
    r.object = zero_size_ptr;
  } else if (const cache_id id = kmalloc_cache(size, gfp); id != no_cache) {
    given = caches_[id].layout.size;
    slab_alloc(e, id, gfp, nid, r);
  } else {
    r.verdict = SlabVerdict::refused;
    r.why = "kmalloc has no caches yet";
  }
  emit(e.t, EventKind::kmalloc, {r.object.v, size, given, gfp, field(nid)});
  call.result(r.object.v);
  return r;
}

SlabResult Slub::kfree(const SlabEnv &e, phys_addr_t object) {
  SlabResult r;
  MM_CHECK(e.cpu < rules_.nr_cpu_ids);
  const Call call(e.t, "kfree", {}, {object.v});
  emit(e.t, EventKind::kfree, {object.v});
  if (object.v == 0 || object == zero_size_ptr) return r;
  if (const ObjectAt o = object_at(object); o.slab != 0) {
    free_object(e, slabs_[o.slab].cache, o, object, r);
    return r;
  }
  const pfn_t pfn = to_pfn_down(object, rules_.page_shift);
  const auto at =
      std::lower_bound(large_.begin(), large_.end(), pfn.v, [](const Large &l, u64 p) { return l.pfn < p; });
  if (at == large_.end() || at->pfn != pfn.v || to_phys(pfn, rules_.page_shift) != object) {
    r.verdict = SlabVerdict::unnoticed;
    r.why = "kmalloc has not given this address: the kernel would give back whatever page it is in, with no more than "
            "a warning";
    return r;
  }
  const u32 order = at->order;
  r.path = SlabPath::large;
  set_large(e.t, pfn, order, false);
  e.pages.free_pages(e.t, pfn, order_t{order}, e.cpu);
  return r;
}

} // namespace mmscope
