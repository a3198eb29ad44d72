// Requests: objects given out and taken back (kmem_cache_alloc, kmem_cache_free, kmalloc, kfree, cache_grow).
#include "mm/slab_old.hpp"

#include "base/check.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace mmscope {

// --- giving out ---

phys_addr_t SlabHeap::alloc(const SlabHeapEnv &e, u32 cache, gfp_t gfp, i32 nid) {
  Call call(e.t, "kmem_cache_alloc", {}, {cache, gfp, field(nid)});
  const i32 here = node_of_cpu(e.cpu);
  phys_addr_t object;
  if (nid == no_node || nid == here || !rules_->nodes) {
    object = alloc_local(e, cache, gfp);
    nid = here;
  }
  // The CPU's array is filled from its own node only; what comes from elsewhere is given out at once.
  if (object.v == 0 && nodes() > 1) object = alloc_on_node(e, cache, gfp, nid, true);
  call.result(object.v);
  return object;
}

phys_addr_t SlabHeap::alloc_local(const SlabHeapEnv &e, u32 cache, gfp_t gfp) {
  const ArrayAt a{cache, false, e.cpu};
  if (array(a).limit != 0) {
    if (array(a).entry.empty()) return refill(e, cache, gfp);
    if (rules_->nodes) touch(e.t, a, true);
    return phys_addr_t{cut(e.t, a, array(a).entry.size() - 1, 1)[0]};
  }
  u32 slab = first_slab(e, cache, 0);
  if (slab == nobody) slab = grow(e, cache, gfp, 0);
  if (slab == nobody) return {};
  const u32 object = take(e.t, slab);
  fix_list(e, slab);
  return address_of(slabs_[slab], object);
}

// kmem_cache_alloc_batch, cache_alloc_refill
phys_addr_t SlabHeap::refill(const SlabHeapEnv &e, u32 cache, gfp_t gfp) {
  const ArrayAt a{cache, false, e.cpu};
  const i32 nid = node_of_cpu(e.cpu);
  const ArrayAt shared{cache, true, static_cast<u32>(nid)};
  for (;;) {
    u32 batch = array(a).batchcount;
    if (rules_->first_refill != 0 && !array(a).touched) batch = std::min(batch, rules_->first_refill);
    if (const u64 there = array(shared).entry.size(); there != 0) {
      const u64 n = std::min<u64>(batch, there);
      for (const u64 object : cut(e.t, shared, there - n, n)) push(e.t, a, object);
      if (rules_->refill_touches_shared) touch(e.t, shared, true);
      break;
    }
    while (batch != 0) {
      const u32 slab = first_slab(e, cache, nid);
      if (slab == nobody) break;
      batch -= take_some(e, a, slab, batch);
      fix_list(e, slab);
    }
    if (!array(a).entry.empty()) break;
    gfp_t own = gfp;
    if (nodes() > 1) own |= gfp::THISNODE;
    const u32 slab = grow(e, cache, own, nid);
    if (slab == nobody) return {};
    if (!rules_->new_slab_serves_first) continue;
    take_some(e, a, slab, batch);
    fix_list(e, slab);
    break;
  }
  if (rules_->nodes) touch(e.t, a, true);
  return phys_addr_t{cut(e.t, a, array(a).entry.size() - 1, 1)[0]};
}

// ____cache_alloc_node, fallback_alloc
phys_addr_t SlabHeap::alloc_on_node(const SlabHeapEnv &e, u32 cache, gfp_t gfp, i32 nid, bool fall_back) {
  u32 slab = first_slab(e, cache, nid);
  if (slab == nobody) slab = grow(e, cache, gfp | gfp::THISNODE, nid);
  if (slab != nobody) {
    const u32 object = take(e.t, slab);
    fix_list(e, slab);
    return address_of(slabs_[slab], object);
  }
  if (!fall_back || (gfp & gfp::THISNODE) != 0) return {};
  for (const i32 other : e.pages.nodes_from(node_of_cpu(e.cpu))) {
    if (lists_of(cache, other).free_objects == 0) continue;
    if (const phys_addr_t object = alloc_on_node(e, cache, gfp, other, false); object.v != 0) return object;
  }
  slab = grow(e, cache, gfp, node_of_cpu(e.cpu));
  if (slab == nobody) return {};
  const u32 object = take(e.t, slab);
  fix_list(e, slab);
  return address_of(slabs_[slab], object);
}

// The slab that the next object comes from.
u32 SlabHeap::first_slab(const SlabHeapEnv &e, u32 cache, i32 nid) {
  const SlabNodeLists &n = lists_of(cache, nid);
  if (const u32 slab = n.head[static_cast<std::size_t>(OldSlabList::partial)]; slab != nobody) return slab;
  if (rules_->nodes) set_node(e.t, cache, nid, old_node_field::free_touched, 1);
  return n.head[static_cast<std::size_t>(OldSlabList::free)];
}

// Up to `batch` objects of a slab go into an array; returns how many.
u32 SlabHeap::take_some(const SlabHeapEnv &e, const ArrayAt &a, u32 slab, u32 batch) {
  const u32 num = caches_[a.cache].layout.num;
  u32 taken = 0;
  for (; taken < batch && slabs_[slab].inuse < num; ++taken) {
    const u32 object = take(e.t, slab);
    push(e.t, a, address_of(slabs_[slab], object).v);
  }
  return taken;
}

// After objects were taken: the list that fits, at its head. A new slab without a taker waits at the tail.
void SlabHeap::fix_list(const SlabHeapEnv &e, u32 slab) {
  const OldSlab &s = slabs_[slab];
  const OldSlabList to = s.inuse == caches_[s.cache].layout.num ? OldSlabList::full
                         : s.inuse != 0                         ? OldSlabList::partial
                                                                : OldSlabList::free;
  const u32 first = lists_of(s.cache, s.nid).head[static_cast<std::size_t>(to)];
  if (s.list == to && first == slab) return;
  move(e.t, slab, to, to == OldSlabList::free);
}

u32 SlabHeap::step_colour(const SlabHeapEnv &e, u32 cache, i32 nid) {
  const CacheLayout &l = caches_[cache].layout;
  const auto now = static_cast<u32>(lists_of(cache, nid).get(old_node_field::colour_next));
  const u32 next = now + 1 >= l.colour ? 0 : now + 1;
  set_node(e.t, cache, nid, old_node_field::colour_next, next);
  return (rules_->colour_steps_first ? next : now) * l.colour_off;
}

// kmem_cache_grow, cache_grow: a slab more, its objects all free; nobody: no memory. The caller puts it onto a list where
// new slabs serve first.
u32 SlabHeap::grow(const SlabHeapEnv &e, u32 cache, gfp_t gfp, i32 nid) {
  const CacheLayout l = caches_[cache].layout;
  const slab_flags_t flags = caches_[cache].shape.flags;
  u32 colour = rules_->colour_steps_first ? 0 : step_colour(e, cache, nid);
  PageWish wish{.gfp = gfp, .order = order_t{l.order}, .nid = rules_->nodes ? nid : no_node, .cpu = e.cpu};
  if ((flags & slab_flag::CACHE_DMA) != 0) wish.gfp |= gfp::DMA;
  if ((flags & slab_flag::RECLAIM_ACCOUNT) != 0) wish.gfp |= gfp::RECLAIMABLE;
  const std::optional<pfn_t> pfn = e.pages.get(e.t, wish);
  if (!pfn) return nobody;
  if (rules_->nodes) nid = e.pages.node_of(*pfn);
  if (rules_->colour_steps_first) colour = step_colour(e, cache, nid);
  phys_addr_t books;
  if (l.books == BooksPlace::off_slab) {
    books = kmalloc(e, l.books_size, gfp & ~(gfp::DMA | gfp::THISNODE), rules_->nodes ? nid : no_node);
    if (books.v == 0) {
      e.pages.give(e.t, *pfn, order_t{l.order}, e.cpu);
      return nobody;
    }
  }
  const u32 slab = add_slab(e.t, cache, *pfn, nid, colour, books);
  if (!rules_->nodes) set_cache(e.t, cache, old_cache_field::grown, 1);
  if (!rules_->new_slab_serves_first) move(e.t, slab, OldSlabList::free, true);
  return slab;
}

// --- taking back ---

std::string SlabHeap::why_not_free(std::optional<u32> cache, phys_addr_t object) const {
  const ObjectAt o = object_at(object);
  if (o.slab == nobody) return "no slab has this address: BUG(), or a wild write";
  const OldSlab &s = slabs_[o.slab];
  const OldCache &c = caches_[s.cache];
  if (cache && *cache != s.cache)
    return concat("the object is of ", c.name, ", not of ", caches_[*cache].name,
                  ". Without debugging the kernel would count it into the wrong slab lists");
  if (!o.exact) return concat("this is not where an object of ", c.name, " begins");
  const ObjectIs is = s.is[o.object];
  if (is == ObjectIs::used) return {};
  return concat("double free: object ", o.object, " of this slab of ", c.name,
                is == ObjectIs::free ? " is free already. Its entry in the books would point at itself or stand twice"
                                     : " waits in an array already. It would be given out to two owners");
}

void SlabHeap::free(const SlabHeapEnv &e, u32 cache, phys_addr_t object) {
  const Call call(e.t, "kmem_cache_free", {}, {cache, object.v});
  free_local(e, cache, object);
}

void SlabHeap::free_local(const SlabHeapEnv &e, u32 cache, phys_addr_t object) {
  const ObjectAt o = object_at(object);
  MM_CHECK(o.exact && slabs_[o.slab].cache == cache && slabs_[o.slab].is[o.object] == ObjectIs::used);
  const i32 nid = slabs_[o.slab].nid;
  const ArrayAt a{cache, false, e.cpu};
  if (array(a).limit == 0 || nid != node_of_cpu(e.cpu)) {
    free_block(e, cache, nid, {object.v});
    return;
  }
  if (array(a).entry.size() >= array(a).limit) flush(e, a);
  push(e.t, a, object.v);
}

// cache_flusharray; in 2.4 part of kmem_cache_free
void SlabHeap::flush(const SlabHeapEnv &e, const ArrayAt &a) {
  const i32 nid = node_of_cpu(e.cpu);
  const ArrayAt shared{a.cache, true, static_cast<u32>(nid)};
  const u64 there = array(a).entry.size(), batch = std::min<u64>(array(a).batchcount, there);
  if (const u64 room = array(shared).limit - array(shared).entry.size(); room != 0) {
    for (const u64 object : cut(e.t, a, 0, std::min(batch, room))) push(e.t, shared, object);
    return;
  }
  free_block(e, a.cache, nid, cut(e.t, a, rules_->flush_newest ? there - batch : 0, batch));
}

// Objects go back to their slabs, all of one node.
void SlabHeap::free_block(const SlabHeapEnv &e, u32 cache, i32 nid, const std::vector<u64> &objects) {
  const u32 num = caches_[cache].layout.num;
  const auto too_many = [&] {
    const SlabNodeLists &n = lists_of(cache, nid);
    return rules_->nodes && n.free_objects > n.get(old_node_field::free_limit);
  };
  for (const u64 object : objects) {
    const ObjectAt o = object_at(phys_addr_t{object});
    put(e.t, o.slab, o.object);
    if (slabs_[o.slab].inuse == 0) {
      if (!rules_->frees_then_destroys && too_many())
        give_back(e, o.slab);
      else
        move(e.t, o.slab, OldSlabList::free, false);
    } else if (rules_->nodes) {
      move(e.t, o.slab, OldSlabList::partial, true); // as much time as can be had for its other objects to come back
    } else if (slabs_[o.slab].inuse + 1 == num) {
      move(e.t, o.slab, OldSlabList::partial, false);
    }
  }
  if (!rules_->frees_then_destroys) return;
  std::vector<u32> gone; // off the list first, given back last in, first out
  const auto last = [&] { return lists_of(cache, nid).tail[static_cast<std::size_t>(OldSlabList::free)]; };
  for (u64 count = 0; last() != nobody; ++count) {
    const SlabNodeLists &n = lists_of(cache, nid);
    if (n.free_objects - count * num <= n.get(old_node_field::free_limit)) break;
    gone.push_back(last());
    move(e.t, gone.back(), OldSlabList::none, false);
  }
  for (auto i = gone.rbegin(); i != gone.rend(); ++i) give_back(e, *i);
}

// kmem_slab_destroy, slab_destroy
void SlabHeap::give_back(const SlabHeapEnv &e, u32 slab) {
  const OldSlab s = slabs_[slab];
  const order_t order{caches_[s.cache].layout.order};
  drop_slab(e.t, slab);
  e.pages.give(e.t, s.pfn, order, e.cpu);
  if (s.books.v != 0) free_quietly(e, s.books);
}

// --- bytes ---

u32 SlabHeap::general_cache(u64 size, gfp_t gfp) const {
  GeneralType type = GeneralType::normal;
  if ((gfp & gfp::DMA) != 0)
    type = GeneralType::dma;
  else if ((gfp & gfp::RECLAIMABLE) != 0)
    type = GeneralType::reclaimable;
  for (const GeneralType t : {type, GeneralType::normal}) {
    const auto i = general_.lower_bound({static_cast<u32>(t), static_cast<u32>(std::min<u64>(size, ~u32{0}))});
    if (i != general_.end() && i->first[0] == static_cast<u32>(t)) return i->second;
  }
  return nobody;
}

phys_addr_t SlabHeap::kmalloc(const SlabHeapEnv &e, u64 size, gfp_t gfp, i32 nid) {
  Call call(e.t, "kmalloc", {}, {size, gfp, field(nid)});
  const u32 cache = general_cache(size, gfp);
  const phys_addr_t object = cache == nobody ? phys_addr_t{} : alloc(e, cache, gfp & ~gfp::DMA, nid);
  call.result(object.v);
  return object;
}

void SlabHeap::kfree(const SlabHeapEnv &e, phys_addr_t object) {
  const Call call(e.t, "kfree", {}, {object.v});
  free_quietly(e, object);
}
void SlabHeap::free_quietly(const SlabHeapEnv &e, phys_addr_t object) {
  const u32 slab = slab_at(object);
  MM_CHECK(slab != nobody);
  free_local(e, slabs_[slab].cache, object);
}

} // namespace mmscope
