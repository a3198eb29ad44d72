// Allocating and freeing objects: the fast path and every slow one (mm/slub.c).
#include "mm/slub.hpp"

#include "base/check.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace mmscope {

namespace {

// What of a request for an object is passed on with the request for its slab's pages.
constexpr gfp_t reclaim_mask = gfp::RECLAIM | gfp::HIGH | gfp::IO | gfp::FS | gfp::NOWARN | gfp::RETRY_MAYFAIL |
                               gfp::NOFAIL | gfp::NORETRY | gfp::MEMALLOC | gfp::NOMEMALLOC | gfp::ATOMIC_BIT;
constexpr gfp_t constraint_mask = gfp::HARDWALL | gfp::THISNODE;

} // namespace

// gfp_allowed_mask: until the boot is through, nothing may wait.
gfp_t Slub::allowed(gfp_t gfp) const {
  return state_ == slab_state::FULL ? gfp : gfp & ~(gfp::RECLAIM | gfp::IO | gfp::FS);
}

// numa_mem_id: the CPU's node, or the nearest with memory.
i32 Slub::mem_node(const SlabEnv &e) const {
  const i32 nid = e.pages.cpu_node(e.cpu);
  if (has_node(nid)) return nid;
  for (const i32 near : e.pages.node(nid).fallback)
    if (has_node(near)) return near;
  return nid;
}

// --- pages ---

// alloc_slab_page: pages that are marked as a slab's.
std::optional<pfn_t> Slub::take_pages(const SlabEnv &e, gfp_t gfp, u32 order, i32 nid) {
  const std::optional<pfn_t> pfn =
      e.pages.alloc_pages(e.t, {.gfp = gfp, .order = order_t{order}, .nid = nid, .cpu = e.cpu});
  if (pfn) mark_pages(e, *pfn, true);
  return pfn;
}
void Slub::mark_pages(const SlabEnv &e, pfn_t pfn, bool slab) {
  std::optional<BlockInfo> b = e.pages.block(pfn);
  MM_CHECK(b && b->pfn == pfn);
  constexpr u32 bit = static_cast<u32>(BlockUse::slab);
  b->use = slab ? b->use | bit : b->use & ~bit;
  e.pages.set_block(e.t, *b);
}

// allocate_slab: the order that wastes least, and the smallest that holds an object when that cannot be had.
u32 Slub::new_slab(const SlabEnv &e, cache_id id, gfp_t gfp, i32 nid) {
  const SlabLayout &l = cache_ref(id).layout;
  const gfp_t flags = allowed(gfp & (reclaim_mask | constraint_mask)) | l.allocflags;
  gfp_t first = (flags | gfp::NOWARN | gfp::NORETRY) & ~gfp::NOFAIL;
  if ((first & gfp::DIRECT_RECLAIM) != 0 && l.order > l.min_order) first = (first | gfp::NOMEMALLOC) & ~gfp::RECLAIM;
  u32 order = l.order;
  std::optional<pfn_t> pfn = take_pages(e, first, order, nid);
  if (!pfn) {
    order = l.min_order;
    pfn = take_pages(e, flags, order, nid);
    if (!pfn) return 0;
  }
  return add_slab(e.t, id, *pfn, order, e.pages.page(*pfn).nid);
}

// __free_slab
void Slub::discard_slab(const SlabEnv &e, u32 index) {
  const pfn_t pfn{slabs_[index].pfn};
  const order_t order{slabs_[index].order};
  if (const KmemCache &c = caches_[slabs_[index].cache]; c.layout.has(slab_flag::CONSISTENCY_CHECKS)) {
    SlabResult r; // what is found here goes to the log alone
    check_slab_padding(e, index, r);
    for (u16 o = 0; o < slabs_[index].objects; ++o) check_object(e, index, o, false, r);
  }
  drop_slab(e.t, index);
  mark_pages(e, pfn, false);
  e.pages.free_pages(e.t, pfn, order, e.cpu);
}

void Slub::out_of_memory(cache_id id, gfp_t gfp, i32 nid, SlabResult &r) const {
  const KmemCache &s = caches_[id];
  const SlabLayout &l = s.layout;
  r.verdict = SlabVerdict::no_memory;
  r.why = concat("no pages for a new slab of ", s.name);
  if ((gfp & gfp::NOWARN) != 0) return;
  std::string bits;
  append_hex(bits, gfp);
  r.report.push_back(
      concat("SLUB: Unable to allocate memory on node ", nid, ", gfp=0x", bits, '(', gfp_text(gfp), ')'));
  r.report.push_back(concat("  cache: ", s.name, ", object size: ", l.object_size, ", buffer size: ", l.size,
                            ", default order: ", u32{l.order}, ", min order: ", u32{l.min_order}));
  if (l.min_order > get_order(rules_, l.object_size))
    r.report.push_back(concat("  ", s.name, " debugging increased min order, use slub_debug=O to disable."));
  for (std::size_t i = 0; i < s.nodes.size(); ++i) {
    const SlabNode &n = s.nodes[i];
    if (n.object.v == 0) continue;
    u64 free = 0;
    for_each_in(n.partial.head, [&](u32, const Slab &slab) { free += static_cast<u64>(slab.objects) - slab.inuse; });
    r.report.push_back(concat("  node ", i, ": slabs: ", n.nr_slabs, ", objs: ", n.total_objects, ", free: ", free));
  }
}

// --- a CPU's slabs ---

void Slub::deactivate_slab(const SlabEnv &e, cache_id id, u32 cpu) {
  const u32 index = caches_[id].cpus[cpu].slab;
  // Freed into by others meanwhile: those objects are cold, so the slab goes behind.
  const bool tail = slabs_[index].freelist != no_object;
  cpu_unload(e.t, id, cpu);
  const Slab &s = slabs_[index];
  if (s.inuse == 0 && node_of(s).nr_partial >= caches_[id].layout.min_partial)
    discard_slab(e, index);
  else if (s.freelist != no_object)
    list_add(e.t, index, false, tail);
  else if (caches_[id].layout.has(slab_flag::STORE_USER))
    list_add(e.t, index, true, false);
}

// __unfreeze_partials
void Slub::unfreeze_partials(const SlabEnv &e, cache_id id, u32 cpu) {
  if (caches_[id].cpus[cpu].partial == 0) return;
  std::vector<u32> discard;
  for (u32 i = cpu_partial_cut(e.t, id, cpu), next = 0; i != 0; i = next) {
    next = slabs_[i].next;
    freeze(e.t, i, false);
    if (slabs_[i].inuse == 0 && node_of(slabs_[i]).nr_partial >= caches_[id].layout.min_partial)
      discard.push_back(i);
    else
      list_add(e.t, i, false, true);
  }
  for (std::size_t i = discard.size(); i-- != 0;) discard_slab(e, discard[i]);
}

// With `drain`, a chain that is long enough goes to the nodes first.
void Slub::put_cpu_partial(const SlabEnv &e, u32 index, bool drain) {
  const cache_id id = slabs_[index].cache;
  const KmemCache &s = caches_[id];
  const u32 old = s.cpus[e.cpu].partial;
  if (old == 0 || !drain || slabs_[old].slabs < s.layout.cpu_partial_slabs) {
    cpu_partial_push(e.t, id, e.cpu, index);
    return;
  }
  // The kernel swaps the chains first and unfreezes the old one then; nothing sees it in between.
  unfreeze_partials(e, id, e.cpu);
  cpu_partial_push(e.t, id, e.cpu, index);
}

void Slub::flush_cpu(const SlabEnv &e, cache_id id, u32 cpu) {
  if (caches_[id].cpus[cpu].slab != 0) deactivate_slab(e, id, cpu);
  unfreeze_partials(e, id, cpu);
}
void Slub::flush_all(const SlabEnv &e, cache_id id) {
  // Each CPU does it itself.
  for (u32 cpu = 0; cpu < rules_.nr_cpu_ids; ++cpu) flush_cpu({e.pages, e.t, cpu}, id, cpu);
}
void Slub::cpu_dead(const SlabEnv &e, u32 cpu) {
  MM_CHECK(cpu < rules_.nr_cpu_ids);
  const Call call(e.t, "slub_cpu_dead", {}, {cpu});
  for_each_cache([&](cache_id id, const KmemCache &) { flush_cpu(e, id, cpu); });
}

// --- allocation ---

// A node's first partial slab for the CPU itself (returned, frozen), and some more for its chain. A cache under
// debugging gives a single object instead (`object`), and the slab stays.
u32 Slub::get_partial_node(const SlabEnv &e, cache_id id, i32 nid, phys_addr_t *object, SlabResult &r) {
  const KmemCache &s = caches_[id];
  u32 taken = 0;
  unsigned more = 0;
  for (u32 i = s.nodes[static_cast<u32>(nid)].partial.head, next = 0; i != 0; i = next) {
    next = slabs_[i].next;
    if (object != nullptr) {
      *object = alloc_single(e, i, r);
      if (object->v != 0) return i;
      continue;
    }
    list_del(e.t, i);
    freeze(e.t, i, true);
    if (taken == 0) {
      taken = i;
    } else {
      put_cpu_partial(e, i, false);
      ++more;
    }
    if (!has_cpu_partial(s) || more > s.layout.cpu_partial_slabs / 2) break;
  }
  return taken;
}

u32 Slub::get_partial(const SlabEnv &e, cache_id id, gfp_t gfp, i32 nid, phys_addr_t *object, SlabResult &r) {
  const i32 local = nid == no_node ? mem_node(e) : nid;
  const KmemCache &s = caches_[id];
  const auto has_lists = [&](i32 n) {
    return static_cast<u32>(n) < s.nodes.size() && s.nodes[static_cast<u32>(n)].object.v != 0;
  };
  r.path = SlabPath::node_partial;
  if (has_lists(local))
    if (const u32 i = get_partial_node(e, id, local, object, r); i != 0) return i;
  if (nid != no_node) return 0;
  // get_any_partial: nodes near to far that have more than they need, and a zone the request may use. (The kernel
  // skips this two times in a hundred, by its cycle counter.)
  r.path = SlabPath::other_node;
  const unsigned highest = e.pages.rules().gfp_zones[gfp & gfp::zone_bits];
  for (const i32 near : e.pages.node(local).fallback) {
    if (!has_lists(near) || s.nodes[static_cast<u32>(near)].nr_partial <= s.layout.min_partial) continue;
    bool usable = false;
    for (unsigned z = 0; z <= highest && z < e.pages.rules().zone_types; ++z)
      usable = usable || e.pages.zone_of(near, z).managed_pages != 0;
    if (!usable) continue;
    if (const u32 i = get_partial_node(e, id, near, object, r); i != 0) return i;
  }
  return 0;
}

// alloc_single_from_partial: an object of a slab on a list, checked. 0: the slab failed the check.
phys_addr_t Slub::alloc_single(const SlabEnv &e, u32 index, SlabResult &r) {
  const u16 object = pop(e.t, index);
  const SlabLayout &l = caches_[slabs_[index].cache].layout;
  const bool listed = slabs_[index].place == SlabPlace::partial;
  if (l.has(slab_flag::CONSISTENCY_CHECKS) && !alloc_consistency_checks(e, index, object, r)) {
    if (listed) list_del(e.t, index);
    isolate(e.t, index);
    r.report.push_back(concat("FIX ", caches_[slabs_[index].cache].name, ": Marking all objects used"));
    return {};
  }
  if (written(index, object)) clean(e.t, index, object); // init_object
  if (slabs_[index].inuse == slabs_[index].objects) {
    if (listed) list_del(e.t, index);
    if (l.has(slab_flag::STORE_USER)) list_add(e.t, index, true, false);
  } else if (!listed) {
    list_add(e.t, index, false, false);
  }
  return address_of(slabs_[index], object);
}

phys_addr_t Slub::alloc_debug(const SlabEnv &e, cache_id id, gfp_t gfp, i32 nid, SlabResult &r) {
  phys_addr_t object;
  while (true) {
    if (get_partial(e, id, gfp, nid, &object, r) != 0) return object;
    r.path = SlabPath::new_slab;
    const u32 index = new_slab(e, id, gfp, nid);
    if (index == 0) {
      out_of_memory(id, gfp, nid, r);
      return {};
    }
    object = alloc_single(e, index, r);
    if (object.v != 0) return object;
  }
}

// ___slab_alloc
phys_addr_t Slub::slab_alloc_slow(const SlabEnv &e, cache_id id, gfp_t gfp, i32 nid, SlabResult &r) {
  if (nid != no_node && !has_node(nid)) nid = no_node; // a wish that no slab can fulfil
  if (caches_[id].layout.debug()) return alloc_debug(e, id, gfp, nid, r);
  const auto cpu = [&]() -> const SlabCpu & { return caches_[id].cpus[e.cpu]; };
  const auto take = [&] {
    const Slab &s = slabs_[cpu().slab];
    return address_of(s, pop_cpu(e.t, id, e.cpu));
  };
  r.path = SlabPath::fast;
  while (true) {
    if (cpu().slab == 0) {
      if (cpu().partial == 0) break;
      cpu_partial_pop(e.t, id, e.cpu);
      r.path = SlabPath::cpu_partial;
    }
    const u32 index = cpu().slab;
    if (nid != no_node && slabs_[index].nid != nid) {
      deactivate_slab(e, id, e.cpu);
    } else if (cpu().freelist != no_object) {
      return take();
    } else if (slabs_[index].freelist != no_object) { // get_freelist
      if (r.path == SlabPath::fast) r.path = SlabPath::refill;
      cpu_load(e.t, id, e.cpu, index);
      return take();
    } else {
      cpu_forget(e.t, id, e.cpu);
    }
  }
  u32 index = get_partial(e, id, gfp, nid, nullptr, r);
  if (index == 0) {
    r.path = SlabPath::new_slab;
    index = new_slab(e, id, gfp, nid);
    if (index == 0) {
      out_of_memory(id, gfp, nid, r);
      return {};
    }
  }
  cpu_load(e.t, id, e.cpu, index);
  return take();
}

// slab_alloc_node
phys_addr_t Slub::slab_alloc(const SlabEnv &e, cache_id id, gfp_t gfp, i32 nid, SlabResult &r) {
  MM_CHECK(e.cpu < rules_.nr_cpu_ids);
  gfp = allowed(gfp);
  const SlabCpu &c = cache_ref(id).cpus[e.cpu];
  if (c.freelist != no_object && (nid == no_node || slabs_[c.slab].nid == nid)) {
    const Slab &s = slabs_[c.slab];
    r.path = SlabPath::fast;
    r.object = address_of(s, pop_cpu(e.t, id, e.cpu));
  } else {
    r.object = slab_alloc_slow(e, id, gfp, nid, r);
  }
  if (r.object.v != 0 && !writes_.empty() && !caches_[id].layout.debug()) {
    const ObjectAt o = object_at(r.object); // init_on_alloc clears what was there
    if (written(o.slab, o.object)) clean(e.t, o.slab, o.object);
  }
  emit(e.t, EventKind::lab_slab_path, {id, static_cast<u64>(r.path)});
  return r.object;
}

SlabResult Slub::kmem_cache_alloc(const SlabEnv &e, cache_id id, gfp_t gfp, i32 nid) {
  SlabResult r;
  const KmemCache &s = cache_ref(id);
  Call call(e.t, "kmem_cache_alloc", {}, {id, gfp, field(nid)});
  slab_alloc(e, id, gfp, nid, r);
  if (e.t != nullptr)
    e.t->emit(EventKind::kmem_cache_alloc,
              {r.object.v, e.t->text_id(s.name), s.layout.object_size, s.layout.size, gfp, field(nid)});
  call.result(r.object.v);
  return r;
}

// --- freeing ---

// __slab_free, for a cache without debugging.
void Slub::slab_free_slow(const SlabEnv &e, u32 index, u16 object, SlabResult &) {
  const Slab &s = slabs_[index];
  const KmemCache &c = caches_[s.cache];
  const bool was_full = s.freelist == no_object, was_frozen = s.frozen;
  const bool to_chain = !was_frozen && was_full && has_cpu_partial(c);
  push(e.t, index, object, to_chain);
  if (was_frozen) return;
  if (to_chain) {
    put_cpu_partial(e, index, true);
    return;
  }
  if (s.inuse == 0 && node_of(s).nr_partial >= c.layout.min_partial) {
    if (!was_full) list_del(e.t, index);
    discard_slab(e, index);
  } else if (was_full) {
    list_add(e.t, index, false, true);
  }
}

// do_slab_free, once it is sure that the object is one and is in use.
void Slub::slab_free(const SlabEnv &e, const ObjectAt &o, SlabResult &r) {
  const cache_id id = slabs_[o.slab].cache;
  if (caches_[id].cpus[e.cpu].slab == o.slab) {
    push_cpu(e.t, id, e.cpu, o.object);
    r.path = SlabPath::fast;
  } else {
    slab_free_slow(e, o.slab, o.object, r);
    r.path = SlabPath::refill;
  }
}

// free_to_partial_list: a cache under debugging checks, and keeps its slabs on lists.
void Slub::free_debug(const SlabEnv &e, cache_id id, const ObjectAt &o, phys_addr_t address, SlabResult &r) {
  const KmemCache &c = caches_[id];
  if (c.layout.has(slab_flag::CONSISTENCY_CHECKS) && !free_consistency_checks(e, id, o, address, r)) {
    r.verdict = SlabVerdict::reported;
    std::string at;
    append_hex(at, virtual_of(address), 2 * rules_.word);
    r.report.push_back(concat("FIX ", c.name, ": Object at 0x", at, " not freed"));
    return;
  }
  if (written(o.slab, o.object)) clean(e.t, o.slab, o.object); // init_object
  const Slab &s = slabs_[o.slab];
  const bool was_full = s.freelist == no_object;
  push(e.t, o.slab, o.object, false);
  const bool discard = s.inuse == 0 && node_of(s).nr_partial >= c.layout.min_partial;
  if (was_full) {
    if (s.place == SlabPlace::full) list_del(e.t, o.slab);
    if (!discard) list_add(e.t, o.slab, false, true);
  } else if (discard) {
    list_del(e.t, o.slab);
  }
  if (discard) discard_slab(e, o.slab);
}

// slab_free of whatever address: what this kernel would notice, and what not.
void Slub::free_object(const SlabEnv &e, cache_id id, const ObjectAt &o, phys_addr_t address, SlabResult &r) {
  const KmemCache &c = caches_[id];
  const Slab &s = slabs_[o.slab];
  if (c.layout.has(slab_flag::CONSISTENCY_CHECKS)) {
    free_debug(e, id, o, address, r);
    return;
  }
  if (o.offset != 0 || o.object >= s.objects) {
    r.verdict = SlabVerdict::unnoticed;
    r.why = "the pointer is not the start of an object: a free pointer would be written in the middle of others' "
            "bytes; slub_debug=F would report \"Invalid object pointer\"";
    return;
  }
  if (in_use(s, o.object)) {
    if (c.layout.debug())
      free_debug(e, id, o, address, r);
    else
      slab_free(e, o, r);
    return;
  }
  // Freed before. Hardened, set_freepointer sees it when the object is the first of the list it would join.
  const SlabCpu &cpu = c.cpus[e.cpu];
  const u16 first = cpu.slab == o.slab ? cpu.freelist : s.freelist;
  if (rules_.freelist_hardened && first == o.object) {
    r.verdict = SlabVerdict::bug;
    r.why = "double free: the object is the first of the freelist it would join, and with "
            "CONFIG_SLAB_FREELIST_HARDENED a free pointer to itself is a BUG";
    r.report = {"kernel BUG at mm/slub.c! (set_freepointer: object == fp)"};
    add_report(e.t, id, o.slab, o.object, r.report.front());
    return;
  }
  r.verdict = SlabVerdict::unnoticed;
  r.why = "double free: nothing looks behind the first object of the freelist, so the object would be on it twice and "
          "be given out twice; slub_debug=F would report \"Object already free\"";
}

SlabResult Slub::kmem_cache_free(const SlabEnv &e, cache_id id, phys_addr_t object) {
  SlabResult r;
  MM_CHECK(e.cpu < rules_.nr_cpu_ids);
  const KmemCache &s = cache_ref(id);
  const Call call(e.t, "kmem_cache_free", {}, {id, object.v});
  const ObjectAt o = object_at(object);
  const bool looks = rules_.freelist_hardened || s.layout.has(slab_flag::CONSISTENCY_CHECKS);
  // cache_from_obj
  if (o.slab == 0) {
    r.verdict = looks ? SlabVerdict::reported : SlabVerdict::unnoticed;
    r.why = "the address is in no slab";
    if (looks) r.report = {"virt_to_cache: Object is not a Slab page!"};
    if (looks) add_report(e.t, id, 0, 0, r.report.front());
    return r;
  }
  cache_id owner = slabs_[o.slab].cache;
  if (owner != id) {
    if (!looks) {
      r.verdict = SlabVerdict::unnoticed;
      r.why = concat("the object is of ", caches_[owner].name, " and would join a freelist of ", s.name,
                     "; CONFIG_SLAB_FREELIST_HARDENED or slub_debug=F would warn \"Wrong slab cache\"");
      return r;
    }
    r.verdict = SlabVerdict::noticed;
    r.why = concat("the object is of ", caches_[owner].name, ", and that is where it is freed to");
    r.report.push_back(
        concat("cache_from_obj: Wrong slab cache. ", s.name, " but object is from ", caches_[owner].name));
    add_report(e.t, owner, o.slab, o.object, r.report.front());
  }
  if (e.t != nullptr) e.t->emit(EventKind::kmem_cache_free, {object.v, e.t->text_id(caches_[owner].name)});
  free_object(e, owner, o, object, r);
  return r;
}

} // namespace mmscope
