// Caches: made, merged, shrunk, destroyed, and the boot that makes the first (mm/slab_common.c, mm/slub.c).
#include "mm/slub.hpp"

#include "base/check.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <bit>

namespace mmscope {

namespace {
constexpr u32 shrink_promote_max = 32; // slabs with up to so many free objects are sorted
constexpr u64 minus_one = ~u64{0};
} // namespace

// --- making one ---

// A cache whose slots fit so well that it can serve this one too; the oldest of them.
cache_id Slub::find_mergeable(const CacheRequest &r) const {
  if (rules_.nomerge || r.ctor) return no_cache;
  u32 size = static_cast<u32>(round_up(r.size, rules_.word));
  const u32 align = calculate_alignment(rules_, r.flags, r.align, size);
  size = static_cast<u32>(round_up(size, align));
  const slab_flags_t flags = kmem_cache_flags(rules_, r.flags, r.name);
  if ((flags & slab_flag::NEVER_MERGE) != 0) return no_cache;
  for (const cache_id id : order_) {
    const KmemCache &s = caches_[id];
    if (s.layout.has(slab_flag::NEVER_MERGE) || s.ctor || s.usersize != 0 || s.refcount < 0) continue;
    if (size > s.layout.size || ((flags ^ s.layout.flags) & slab_flag::MERGE_SAME) != 0) continue;
    if (s.layout.size % align != 0 || s.layout.size - size >= rules_.word) continue;
    return id;
  }
  return no_cache;
}

// init_cache_random_seq: the kernel keeps the sequence in bytes of kmalloc.
bool Slub::init_random_seq(const SlabEnv &e, cache_id id) {
  const u16 objects = cache_ref(id).layout.objects;
  if (!rules_.freelist_random || !caches_[id].random_seq.empty() || objects < 2) return true;
  const SlabResult o = kmalloc(e, u64{objects} * sizeof(u32), gfp::KERNEL | gfp::ZERO);
  if (o.object.v == 0) return false;
  set_random_seq(e.t, id, o.object);
  return true;
}

// kmem_cache_open: what it allocates. The layout stands already.
bool Slub::open_cache(const SlabEnv &e, cache_id id) {
  if (state_ >= slab_state::UP && !init_random_seq(e, id)) return false;
  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    if (nodes_[n] == 0) continue;
    const auto nid = static_cast<i32>(n);
    if (state_ == slab_state::DOWN) {
      // early_kmem_cache_node_alloc: the first slab's first object is the cache's own kmem_cache_node.
      const u32 index = new_slab(e, id, gfp::NOWAIT, nid);
      MM_CHECK(index != 0 && slabs_[index].nid == nid); // the kernel panics
      const u16 object = pop(e.t, index);
      set_cache_node(e.t, id, nid, address_of(slabs_[index], object), 1);
      list_add(e.t, index, false, false);
      continue;
    }
    SlabResult r;
    if (slab_alloc(e, node_cache, gfp::KERNEL, nid, r).v == 0) return false;
    set_cache_node(e.t, id, nid, r.object, 0);
  }
  return true;
}

// slab_kmem_cache_release
void Slub::release_cache(const SlabEnv &e, cache_id id) {
  const KmemCache &s = cache_ref(id);
  if (s.random_object.v != 0) {
    const phys_addr_t sequence = s.random_object;
    set_random_seq(e.t, id, {});
    kfree(e, sequence);
  }
  for (std::size_t n = 0; n < s.nodes.size(); ++n) {
    const phys_addr_t object = s.nodes[n].object;
    if (object.v == 0) continue;
    set_cache_node(e.t, id, static_cast<i32>(n), {}, 0);
    kmem_cache_free(e, node_cache, object);
  }
  const phys_addr_t self = s.self;
  drop_cache(e.t, id);
  if (self.v != 0) kmem_cache_free(e, cache_cache, self);
}

CreateResult Slub::kmem_cache_create(const SlabEnv &e, const CacheRequest &request) {
  CreateResult result;
  CacheRequest r = request;
  Call call(e.t, "kmem_cache_create", {}, {r.size, r.align, r.flags, r.ctor ? 1u : 0u, r.usersize});
  const auto fail = [&](std::string_view why, i64 error) {
    result.refusal = concat("kmem_cache_create_usercopy(", r.name, ") failed with error ", error, ": ", why);
    return result;
  };
  if (state_ < slab_state::UP) return fail("the slab allocator is not up yet", -22);
  if (r.size == 0 || !std::has_single_bit(std::max(r.align, 1u))) return fail("no size, or an odd alignment", -22);
  if ((r.flags & ~slab_flag::PERMITTED) != 0) return fail("flags that a caller must not set", -22);
  if ((r.usersize == 0 && r.useroffset != 0) || r.size < r.usersize || r.size - r.usersize < r.useroffset)
    r.usersize = r.useroffset = 0; // the kernel warns and allows no copying
  if (r.usersize == 0)
    if (const cache_id id = find_mergeable(r); id != no_cache) {
      add_alias(e.t, id, r.name, r.size);
      call.result(id);
      return {id, true, {}};
    }
  const u32 align = calculate_alignment(rules_, r.flags, r.align, r.size);
  const std::optional<SlabLayout> layout =
      make_layout(rules_, {r.size, align, r.ctor}, kmem_cache_flags(rules_, r.flags, r.name));
  SlabResult self;
  if (slab_alloc(e, cache_cache, gfp::KERNEL | gfp::ZERO, no_node, self).v == 0) return fail("no memory", -12);
  if (!layout) {
    kmem_cache_free(e, cache_cache, self.object);
    return fail("no order holds an object of this size", -22);
  }
  const cache_id id = add_cache(e.t, r, align, *layout);
  set_cache(e.t, id, cache_field::self, self.object.v);
  if (!open_cache(e, id)) {
    release_cache(e, id);
    return fail("no memory", -22);
  }
  set_cache(e.t, id, cache_field::refcount, 1);
  list_cache(e.t, id, true);
  call.result(id);
  return {id, false, {}};
}

// --- shrinking and destroying ---

bool Slub::kmem_cache_shrink(const SlabEnv &e, cache_id id) {
  Call call(e.t, "kmem_cache_shrink", {}, {id});
  const KmemCache &s = cache_ref(id);
  flush_all(e, id);
  bool left = false;
  for (const SlabNode &n : s.nodes) {
    std::vector<u32> empty;
    std::array<std::vector<u32>, shrink_promote_max> promote;
    for_each_in(n.partial.head, [&](u32 i, const Slab &slab) {
      const u32 free = u32{slab.objects} - slab.inuse;
      if (free == slab.objects)
        empty.push_back(i);
      else if (free <= shrink_promote_max)
        promote[free - 1].push_back(i);
    });
    for (const u32 i : empty) list_del(e.t, i);
    // The fullest to the head: they fill up and leave the list, the emptiest may become empty.
    for (std::size_t k = promote.size(); k-- != 0;)
      for (const u32 i : promote[k]) {
        list_del(e.t, i);
        list_add(e.t, i, false, false);
      }
    for (std::size_t k = empty.size(); k-- != 0;) discard_slab(e, empty[k]);
    left = left || n.nr_slabs != 0;
  }
  call.result(left ? 1 : 0);
  return !left;
}

SlabResult Slub::kmem_cache_destroy(const SlabEnv &e, cache_id id) {
  SlabResult r;
  const Call call(e.t, "kmem_cache_destroy", {}, {id});
  const KmemCache &s = cache_ref(id);
  set_cache(e.t, id, cache_field::refcount, static_cast<u64>(static_cast<i64>(s.refcount) - 1));
  if (s.refcount != 0) {
    r.why = concat(s.name, " serves others yet: one reference less");
    return r;
  }
  // __kmem_cache_shutdown
  flush_all(e, id);
  for (const SlabNode &n : s.nodes) {
    if (n.object.v == 0) continue;
    std::vector<u32> empty;
    for_each_in(n.partial.head, [&](u32 i, const Slab &slab) {
      if (slab.inuse == 0) {
        empty.push_back(i);
        return;
      }
      report_slab(e, id, i, concat("Objects remaining in ", s.name, " on __kmem_cache_shutdown()"), r);
      for (u16 o = 0; o < slab.objects; ++o) {
        if (!in_use(slab, o)) continue;
        std::string at = "0x";
        append_hex(at, virtual_of(address_of(slab, o)), 2 * rules_.word);
        r.report.push_back(
            concat("Object ", at, " @offset=", address_of(slab, o) - to_phys(pfn_t{slab.pfn}, rules_.page_shift)));
      }
    });
    for (const u32 i : empty) list_del(e.t, i);
    for (std::size_t k = empty.size(); k-- != 0;) discard_slab(e, empty[k]);
    if (n.nr_slabs == 0) continue;
    r.verdict = SlabVerdict::reported;
    r.why = concat(s.name, " has objects in use: its slabs stay, and the cache with them");
    r.report.push_back(concat("kmem_cache_destroy ", s.name, ": Slab cache still has objects"));
    add_report(e.t, id, 0, 0, r.report.back());
    return r;
  }
  list_cache(e.t, id, false);
  release_cache(e, id);
  return r;
}

// --- the boot ---

cache_id Slub::create_boot_cache(const SlabEnv &e, const CacheRequest &r, phys_addr_t self) {
  u32 align = rules_.kmalloc_min_align;
  if (std::has_single_bit(r.size)) align = std::max(align, r.size);
  align = calculate_alignment(rules_, r.flags, align, r.size);
  const auto layout = make_layout(rules_, {r.size, align, false}, kmem_cache_flags(rules_, r.flags, r.name));
  MM_CHECK(layout);
  const cache_id id = add_cache(e.t, r, align, *layout);
  if (self.v != 0) set_cache(e.t, id, cache_field::self, self.v);
  MM_CHECK(open_cache(e, id)); // the kernel panics
  set_cache(e.t, id, cache_field::refcount, minus_one);
  return id;
}

void Slub::create_kmalloc_caches(const SlabEnv &e, bool memcg_kmem_disabled) {
  kmalloc_.setup(rules_);
  const auto make = [&](kmalloc_cache_type type, u32 index) {
    const auto row = static_cast<u32>(type);
    CacheRequest r;
    r.size = r.usersize = kmalloc_size(index);
    r.flags = slab_flag::KMALLOC;
    switch (type) {
    case kmalloc_cache_type::NORMAL: break;
    case kmalloc_cache_type::CGROUP:
      if (memcg_kmem_disabled) {
        set_kmalloc(e.t, row, index, kmalloc_.caches[0][index]);
        return;
      }
      r.flags |= slab_flag::ACCOUNT;
      break;
    case kmalloc_cache_type::RECLAIM: r.flags |= slab_flag::RECLAIM_ACCOUNT; break;
    case kmalloc_cache_type::DMA: r.flags |= slab_flag::CACHE_DMA; break;
    }
    const std::string name = kmalloc_name(type, index);
    r.name = name;
    SlabResult self;
    MM_CHECK(slab_alloc(e, cache_cache, gfp::NOWAIT | gfp::ZERO, no_node, self).v != 0); // the kernel panics
    const cache_id id = create_boot_cache(e, r, self.object);
    list_cache(e.t, id, true);
    // With cgroups counting, what is counted must not merge with what is not.
    const bool unmergeable = rules_.memcg_kmem && type == kmalloc_cache_type::NORMAL;
    set_cache(e.t, id, cache_field::refcount, unmergeable ? minus_one : 1);
    set_kmalloc(e.t, row, index, id);
  };
  // 96 and 192 exist where no larger alignment makes them 128 and 256.
  const bool has_96 = rules_.kmalloc_min_align <= 32, has_192 = rules_.kmalloc_min_align <= 64;
  const u32 low = kmalloc_shift_low(rules_), high = kmalloc_shift_high(rules_);
  const auto odd_sizes = [&](kmalloc_cache_type t) {
    if (has_96) make(t, 1);
    if (has_192) make(t, 2);
  };
  const bool odd_first = rules_.kmalloc_caches == KmallocCaches::cgroup_last;
  for (const kmalloc_cache_type t : kmalloc_order(rules_)) {
    if (!kmalloc_type_exists(rules_, t)) continue;
    const bool by_index = t == kmalloc_cache_type::DMA && rules_.kmalloc_caches == KmallocCaches::dma_twins;
    if (odd_first || by_index) odd_sizes(t);
    for (u32 i = low; i <= high; ++i) {
      make(t, i);
      if (odd_first || by_index) continue;
      if (i == 6 && has_96) make(t, 1);
      if (i == 7 && has_192) make(t, 2);
    }
  }
}

void Slub::kmem_cache_init(const SlabEnv &e, const SlubMachine &machine) {
  MM_CHECK(state_ == slab_state::DOWN && caches_.empty());
  const Call call(e.t, "kmem_cache_init");
  set_machine(e.t, machine.nr_cpu_ids, machine.present_cpus, machine.nr_node_ids);
  for (const i32 nid : machine.normal_nodes) add_node(e.t, nid);

  // Both are static at first: there is nowhere to put them.
  create_boot_cache(e, {.name = "kmem_cache_node", .size = rules_.sizeof_cache_node, .flags = slab_flag::HWCACHE_ALIGN},
                    {});
  set_state(e.t, slab_state::PARTIAL);
  const u32 size = rules_.kmem_cache_base + rules_.nr_node_ids * rules_.word;
  create_boot_cache(e, {.name = "kmem_cache", .size = size, .flags = slab_flag::HWCACHE_ALIGN}, {});
  // bootstrap: they move into objects of their own.
  for (const cache_id id : {cache_cache, node_cache}) {
    SlabResult self;
    MM_CHECK(slab_alloc(e, cache_cache, gfp::NOWAIT | gfp::ZERO, no_node, self).v != 0);
    set_cache(e.t, id, cache_field::self, self.object.v);
    flush_cpu(e, id, e.cpu);
    list_cache(e.t, id, true);
  }
  create_kmalloc_caches(e, machine.memcg_kmem_disabled);
  set_state(e.t, slab_state::UP);
  if (rules_.kmalloc_caches == KmallocCaches::cgroup_last) {
    const u32 bytes = (kmalloc_shift_high(rules_) + 1) * rules_.word; // a pointer for each index
    const CreateResult made = kmem_cache_create(e, {.name = "kmalloc_buckets", .size = bytes});
    if (made.cache != no_cache) set_cache(e.t, made.cache, cache_field::refcount, minus_one); // SLAB_NO_MERGE
  }
  // init_freelist_randomization, newest cache first.
  for (std::size_t i = order_.size(); i-- != 0;) MM_CHECK(init_random_seq(e, order_[i]));
}

void Slub::slab_sysfs_init(Trace *t) {
  MM_CHECK(state_ == slab_state::UP);
  set_state(t, slab_state::FULL);
}

} // namespace mmscope
