// Caches made and released, and the boot: how the allocator makes the caches that it needs for making caches.
//
//   cache                    struct kmem_cache   arrays            lists
//   kmem_cache               image               image, moved      image, moved
//   size-32 (2.6)            kmem_cache          image, moved      image, moved
//   size-64 (2.6)            kmem_cache          size-32           image, moved
//   all others               kmem_cache          size-32           size-64
//
// In 2.4 there are no arrays and the lists are part of struct kmem_cache; where arrays are per-CPU memory the second row is
// left out.
#include "mm/slab_old.hpp"

#include "base/check.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace mmscope {

namespace {
constexpr u32 boot_entries = 1; // BOOT_CPUCACHE_ENTRIES
} // namespace

void SlabHeap::boot(const SlabHeapEnv &e, const SlabRules &rules, const SlabHeapMachine &machine) {
  MM_CHECK(rules_ == nullptr && !machine.cpu_node.empty());
  const Call call(e.t, "kmem_cache_init");
  setup(e.t, rules, machine);
  const SlabMachine &m = machine_.layout;
  const bool nodes = rules.nodes;
  const u32 bytes = rules.kmem_cache[m.word == 8 ? 1 : 0] + (nodes ? static_cast<u32>(this->nodes()) * m.word : 0);
  const u32 first = add_cache(e.t, "kmem_cache",
                              {.size = bytes, .flags = nodes ? slab_flag::HWCACHE_ALIGN : 0, .early = true}, !nodes);
  open(e, first, true, true);
  const GeneralCaches general = general_caches(rules, m);
  for (std::size_t i = 0; i < general.list.size(); ++i) {
    if (i == general.early && rules.lists_move_early) move_static_lists(e);
    const GeneralCache &g = general.list[i];
    const u32 cache = make_cache(e, general_name(rules, g.size, g.type), general_shape(rules, m, g), false);
    set_general(e.t, cache, g.size, g.type);
    open(e, cache, i == 0, i < general.early);
  }
  if (nodes && !rules.percpu_arrays) move_static_arrays(e);
  if (nodes && !rules.lists_move_early) move_static_lists(e);
  if (rules.full_arrays_at_once) late(e);
}

void SlabHeap::late(const SlabHeapEnv &e) {
  if (is_late()) return;
  std::vector<u32> order = chain_;
  if (!rules_->nodes) std::rotate(order.begin(), order.end() - 1, order.end()); // the ring begins with the first cache
  for (const u32 cache : order) enable_cpucache(e, cache);
  set(e.t, heap_field::late, 1);
}

SlabHeap::Created SlabHeap::create(const SlabHeapEnv &e, const OldCacheRequest &r) {
  Call call(e.t, "kmem_cache_create", {}, {r.shape.size, r.shape.flags});
  for (const OldCache &c : caches_)
    if (c.alive && c.name == r.name) return {{}, concat("there is a cache of this name: ", r.name)};
  const auto layout = make_cache_layout(*rules_, machine_.layout, r.shape);
  if (!layout) return {{}, concat("no slab is large enough for objects of ", r.shape.size, " bytes")};
  const u32 cache = make_cache(e, r.name, r.shape, false);
  if (cache == nobody) return {{}, "there is no memory for a struct kmem_cache"};
  if (is_late())
    enable_cpucache(e, cache);
  else
    open(e, cache, false, false);
  call.result(cache);
  return {cache, {}};
}

u32 SlabHeap::make_cache(const SlabHeapEnv &e, std::string_view name, const SlabShape &shape, bool no_reap) {
  const phys_addr_t self = alloc(e, 0, gfp::KERNEL);
  if (self.v == 0) return nobody;
  const u32 cache = add_cache(e.t, name, shape, no_reap);
  set_cache(e.t, cache, old_cache_field::self, self.v);
  return cache;
}

// setup_cpu_cache, before arrays have their size: one object for the CPU that boots.
void SlabHeap::open(const SlabHeapEnv &e, u32 cache, bool static_array, bool static_lists) {
  if (!rules_->nodes) {
    set_node(e.t, cache, 0, old_node_field::there, 1);
    return;
  }
  phys_addr_t self;
  if (!static_array && !rules_->percpu_arrays) self = array_memory(e, boot_entries, no_node);
  set_array(e.t, {cache, false, e.cpu}, self, boot_entries, 1);
  set_cache(e.t, cache, old_cache_field::limit, boot_entries);
  set_cache(e.t, cache, old_cache_field::batchcount, 1);
  for (i32 nid = 0; nid < nodes(); ++nid) {
    if (!static_lists)
      set_node(e.t, cache, nid, old_node_field::self,
               kmalloc(e, kmem_list_size(*rules_, machine_.layout), gfp::KERNEL, nid).v);
    set_node(e.t, cache, nid, old_node_field::there, 1);
  }
}

phys_addr_t SlabHeap::array_memory(const SlabHeapEnv &e, u32 limit, i32 nid) {
  return kmalloc(e, array_bytes(*rules_, machine_.layout, limit), gfp::KERNEL, nid);
}

void SlabHeap::move_static_arrays(const SlabHeapEnv &e) {
  for (const u32 cache : {0u, 1u}) {
    const ArrayAt a{cache, false, e.cpu};
    set_array(e.t, a, array_memory(e, boot_entries, no_node), boot_entries, 1);
  }
}
void SlabHeap::move_static_lists(const SlabHeapEnv &e) {
  for (u32 cache = 0; cache < caches_.size(); ++cache)
    for (i32 nid = 0; nid < nodes(); ++nid)
      if (lists_of(cache, nid).get(old_node_field::there) != 0 && lists_of(cache, nid).get(old_node_field::self) == 0)
        set_node(e.t, cache, nid, old_node_field::self,
                 kmalloc(e, kmem_list_size(*rules_, machine_.layout), gfp::KERNEL, nid).v);
}

// enable_cpucache, do_tune_cpucache, alloc_kmemlist: arrays of the size that suits the objects. The old ones' objects go
// back to their slabs.
void SlabHeap::enable_cpucache(const SlabHeapEnv &e, u32 cache) {
  const CacheLayout l = caches_[cache].layout;
  const auto cpus = static_cast<u32>(machine_.cpu_node.size());
  if (!rules_->nodes) set_node(e.t, cache, 0, old_node_field::there, 1);
  if (!rules_->nodes && cpus < 2) return; // not an SMP kernel: no arrays
  std::vector<phys_addr_t> fresh(cpus);
  if (l.limit != 0 && !rules_->percpu_arrays)
    for (u32 cpu = 0; cpu < cpus; ++cpu) {
      fresh[cpu] = array_memory(e, l.limit, rules_->nodes ? node_of_cpu(cpu) : no_node);
      if (fresh[cpu].v != 0) continue;
      for (u32 i = 0; i < cpu; ++i) free_quietly(e, fresh[i]); // the arrays stay as they are
      return;
    }
  set_cache(e.t, cache, old_cache_field::limit, l.limit);
  set_cache(e.t, cache, old_cache_field::batchcount, l.batchcount);
  set_cache(e.t, cache, old_cache_field::shared, l.shared);
  // Objects of a CPU's array lie on its own node.
  std::vector<ArrayCache> before(cpus);
  for (u32 cpu = 0; cpu < cpus; ++cpu) {
    const ArrayAt a{cache, false, cpu};
    before[cpu] = array(a);
    cut(e.t, a, 0, before[cpu].entry.size());
    if (l.limit != 0) set_array(e.t, a, fresh[cpu], l.limit, l.batchcount);
  }
  for (u32 cpu = 0; cpu < cpus; ++cpu) {
    if (!before[cpu].entry.empty()) free_block(e, cache, node_of_cpu(cpu), before[cpu].entry);
    if (before[cpu].self.v != 0) free_quietly(e, before[cpu].self);
  }
  for (i32 nid = 0; rules_->nodes && nid < nodes(); ++nid) {
    const ArrayAt a{cache, true, static_cast<u32>(nid)};
    const u32 room = l.shared * l.batchcount;
    const phys_addr_t shared = room != 0 ? array_memory(e, room, nid) : phys_addr_t{};
    if (lists_of(cache, nid).get(old_node_field::there) == 0) {
      set_node(e.t, cache, nid, old_node_field::self,
               kmalloc(e, kmem_list_size(*rules_, machine_.layout), gfp::KERNEL, nid).v);
      set_node(e.t, cache, nid, old_node_field::there, 1);
    }
    if (shared.v != 0) set_array(e.t, a, shared, room, room);
    set_node(e.t, cache, nid, old_node_field::free_limit, u64{1 + cpus_of(nid)} * l.batchcount + l.num);
  }
}

std::string SlabHeap::why_not_destroy(u32 cache) const {
  const OldCache &c = caches_[cache];
  if (cache == 0) return "this is the cache of caches: BUG()";
  for (const auto &[key, general] : general_)
    if (general == cache) return concat("kmalloc needs ", c.name);
  u64 used = 0;
  for_each_slab([&](const OldSlab &s) {
    if (s.cache == cache) used += static_cast<u64>(std::count(s.is.begin(), s.is.end(), ObjectIs::used));
  });
  if (used == 0) return {};
  return concat("kmem_cache_destroy: Can't free all objects: ", used, " of ", c.name, " are in use");
}

void SlabHeap::destroy(const SlabHeapEnv &e, u32 cache) {
  const Call call(e.t, "kmem_cache_destroy", {}, {cache});
  MM_CHECK(why_not_destroy(cache).empty());
  shrink(e, cache);
  std::vector<phys_addr_t> memory; // of its arrays and lists
  for (const ArrayCache &a : caches_[cache].cpus) memory.push_back(a.self);
  for (const SlabNodeLists &n : caches_[cache].nodes) {
    memory.push_back(n.shared.self);
    memory.push_back(phys_addr_t{n.get(old_node_field::self)});
  }
  memory.push_back(phys_addr_t{caches_[cache].get(old_cache_field::self)});
  // 2.4's hand does not point at a cache that is gone.
  if (const auto i = std::find(chain_.begin(), chain_.end(), cache); get(heap_field::clock) == cache)
    set(e.t, heap_field::clock, i + 1 == chain_.end() ? chain_.front() : *(i + 1));
  drop_cache(e.t, cache);
  for (const phys_addr_t a : memory)
    if (a.v != 0) free_quietly(e, a);
}

} // namespace mmscope
