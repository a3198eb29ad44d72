// The primitives: each one change of the state and one state event.
#include "mm/slub.hpp"

#include "base/check.hpp"
#include "base/prng.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace mmscope {

Slub::Slub(SlubRules rules) : rules_(std::move(rules)), slabs_(1), link_spans_(16), table_(1024) {
  MM_CHECK(rules_.nr_cpu_ids != 0 && rules_.nr_node_ids != 0);
}

// --- parts of the state ---

KmemCache &Slub::cache_ref(cache_id id) {
  MM_CHECK(id < caches_.size() && caches_[id].alive);
  return caches_[id];
}
const KmemCache &Slub::cache(cache_id id) const { return const_cast<Slub *>(this)->cache_ref(id); }

u64 Slub::draw() { return Prng(rules_.seed + draws_++ * 0xD1342543DE82EF95ull).next(); }

u32 Slub::take_links(u32 objects) {
  const auto k = static_cast<unsigned>(std::bit_width(objects - 1));
  std::vector<u32> &unused = link_spans_[k];
  u32 first = static_cast<u32>(links_.size());
  if (unused.empty()) {
    links_.resize(links_.size() + (std::size_t{1} << k));
  } else {
    first = unused.back();
    unused.pop_back();
  }
  return first;
}
void Slub::give_links(u32 first, u32 objects) {
  link_spans_[static_cast<unsigned>(std::bit_width(objects - 1))].push_back(first);
}

u32 &Slub::table_entry(u64 pfn) {
  const auto d = static_cast<std::size_t>(pfn >> 10);
  if (d >= table_dir_.size()) table_dir_.resize(d + 1);
  if (table_dir_[d] == 0) {
    table_dir_[d] = static_cast<u32>(table_.size() / 1024);
    table_.resize(table_.size() + 1024);
  }
  return table_[std::size_t{table_dir_[d]} * 1024 + static_cast<std::size_t>(pfn & 1023)];
}
u32 Slub::slab_at(pfn_t pfn) const {
  const auto d = static_cast<std::size_t>(pfn.v >> 10);
  return d < table_dir_.size() ? table_[std::size_t{table_dir_[d]} * 1024 + static_cast<std::size_t>(pfn.v & 1023)]
                               : 0; // leaf 0 is empty
}

u16 Slub::count_free(const Slab &s, u16 first) const {
  u16 n = 0;
  for_each_free(first, s, [&](u16) { ++n; });
  return n;
}

// --- the machine ---

void Slub::set_machine(Trace *t, u32 nr_cpu_ids, u32 present, u32 nr_node_ids) {
  MM_CHECK(nr_cpu_ids != 0 && nr_node_ids != 0 && caches_.empty());
  rules_.nr_cpu_ids = nr_cpu_ids;
  rules_.present_cpus = present;
  rules_.nr_node_ids = nr_node_ids;
  nodes_.assign(nr_node_ids, 0);
  emit(t, EventKind::lab_slab_setup, {nr_cpu_ids, present, nr_node_ids});
}
void Slub::add_node(Trace *t, i32 nid) {
  MM_CHECK(nid >= 0 && static_cast<u32>(nid) < nodes_.size());
  nodes_[static_cast<u32>(nid)] = 1;
  emit(t, EventKind::lab_slab_node, {field(nid)});
}
void Slub::set_state(Trace *t, slab_state s) {
  state_ = s;
  emit(t, EventKind::lab_slab_state, {static_cast<u64>(s)});
}

// --- caches ---

cache_id Slub::add_cache(Trace *t, const CacheRequest &r, u32 align, const SlabLayout &layout) {
  const auto id = static_cast<cache_id>(caches_.size());
  KmemCache s;
  s.name = r.name;
  s.layout = layout;
  s.alive = true;
  s.ctor = r.ctor;
  s.useroffset = r.useroffset;
  s.usersize = r.usersize;
  if (rules_.freelist_hardened) s.random = draw();
  s.cpus.resize(rules_.nr_cpu_ids);
  s.nodes.resize(rules_.nr_node_ids);
  caches_.push_back(std::move(s));
  if (t != nullptr)
    t->emit(EventKind::lab_slab_cache,
            {id, t->text_id(r.name), r.size, align, r.flags, r.ctor ? 1u : 0u, r.useroffset, r.usersize});
  return id;
}

void Slub::set_cache(Trace *t, cache_id id, cache_field which, u64 value) {
  KmemCache &s = cache_ref(id);
  switch (which) {
  case cache_field::refcount: s.refcount = static_cast<i32>(static_cast<i64>(value)); break;
  case cache_field::self: s.self = phys_addr_t{value}; break;
  case cache_field::min_partial: s.layout.min_partial = static_cast<u32>(value); break;
  case cache_field::cpu_partial:
    s.layout.cpu_partial = static_cast<u32>(value);
    s.layout.cpu_partial_slabs = static_cast<u32>(div_round_up(value * 2, s.layout.objects));
    break;
  }
  emit(t, EventKind::lab_slab_cache_set, {id, static_cast<u64>(which), value});
}

void Slub::set_cache_node(Trace *t, cache_id id, i32 nid, phys_addr_t object, u64 slabs) {
  KmemCache &s = cache_ref(id);
  SlabNode &n = s.nodes[static_cast<u32>(nid)];
  n = {};
  n.object = object;
  n.nr_slabs = slabs;
  n.total_objects = slabs * s.layout.objects;
  emit(t, EventKind::lab_slab_cache_node, {id, field(nid), object.v, slabs});
}

void Slub::set_random_seq(Trace *t, cache_id id, phys_addr_t object) {
  KmemCache &s = cache_ref(id);
  s.random_object = object;
  s.random_seq.clear();
  if (object.v != 0) {
    Prng random(draw());
    for (u16 i = 0; i < s.layout.objects; ++i) s.random_seq.push_back(i);
    for (std::size_t i = s.random_seq.size() - 1; i > 0; --i)
      std::swap(s.random_seq[i], s.random_seq[static_cast<std::size_t>(random.below(i + 1))]);
  }
  emit(t, EventKind::lab_slab_cache_random, {id, object.v});
}

void Slub::add_alias(Trace *t, cache_id id, std::string_view name, u32 object_size) {
  KmemCache &s = cache_ref(id);
  s.aliases.emplace_back(name);
  ++s.refcount;
  s.layout.object_size = std::max(s.layout.object_size, object_size);
  s.layout.inuse = std::max(s.layout.inuse, static_cast<u32>(round_up(object_size, rules_.word)));
  if (t != nullptr) t->emit(EventKind::lab_slab_cache_alias, {id, t->text_id(name), object_size});
}

void Slub::list_cache(Trace *t, cache_id id, bool listed) {
  cache_ref(id).listed = listed;
  if (listed)
    order_.push_back(id);
  else
    order_.erase(std::find(order_.begin(), order_.end(), id));
  emit(t, EventKind::lab_slab_cache_list, {id, listed ? 1u : 0u});
}

void Slub::drop_cache(Trace *t, cache_id id) {
  MM_CHECK(!cache_ref(id).listed);
  caches_[id] = {};
  emit(t, EventKind::lab_slab_cache_gone, {id});
}

void Slub::set_kmalloc(Trace *t, u32 type, u32 index, cache_id id) {
  kmalloc_.caches[type][index] = id;
  emit(t, EventKind::lab_slab_kmalloc, {type, index, id});
}

// --- slabs ---

u32 Slub::add_slab(Trace *t, cache_id id, pfn_t pfn, u32 order, i32 nid) {
  const KmemCache &c = cache_ref(id);
  u32 index = slab_free_;
  if (index == 0) {
    index = static_cast<u32>(slabs_.size());
    slabs_.emplace_back();
  } else {
    slab_free_ = slabs_[index].next;
  }
  Slab &s = slabs_[index] = {};
  s.pfn = pfn.v;
  s.cache = id;
  s.nid = nid;
  s.order = static_cast<u8>(order);
  s.objects = static_cast<u16>((rules_.page_size() << order) / c.layout.size);
  s.links = take_links(s.objects);
  for (u64 p = 0; p < pages_of(order_t{order}); ++p) table_entry(pfn.v + p) = index;

  // The freelist: ascending, or from a random place on in the cache's own order.
  std::size_t at = 0;
  const bool shuffle = s.objects >= 2 && !c.random_seq.empty();
  if (shuffle) at = static_cast<std::size_t>(draw() % c.random_seq.size());
  const auto next_object = [&] {
    if (!shuffle) return static_cast<u16>(at++);
    u16 o;
    do {
      o = c.random_seq[at];
      if (++at == c.random_seq.size()) at = 0;
    } while (o >= s.objects); // a slab of the smaller order has fewer
    return o;
  };
  u16 last = s.freelist = next_object();
  for (u16 i = 1; i < s.objects; ++i) {
    const u16 o = next_object();
    link(s, last) = o;
    last = o;
  }
  link(s, last) = no_object;

  if (SlabNode &n = node_of(s); n.object.v != 0) {
    ++n.nr_slabs;
    n.total_objects += s.objects;
  }
  emit(t, EventKind::lab_slab_new, {id, pfn.v, order, field(nid), s.objects, s.freelist});
  return index;
}

void Slub::drop_slab(Trace *t, u32 index) {
  Slab &s = slabs_[index];
  SlabNode &n = node_of(s);
  --n.nr_slabs;
  n.total_objects -= s.objects;
  for (u64 p = 0; p < pages_of(order_t{s.order}); ++p) table_entry(s.pfn + p) = 0;
  give_links(s.links, s.objects);
  if (!writes_.empty()) std::erase_if(writes_, [&](const Write &w) { return w.slab == s.pfn; });
  emit(t, EventKind::lab_slab_discard, {s.cache, s.pfn});
  s = {};
  s.next = slab_free_;
  slab_free_ = index;
}

void Slub::list_add(Trace *t, u32 index, bool full, bool tail) {
  Slab &s = slabs_[index];
  SlabNode &n = node_of(s);
  SlabList &l = full ? n.full : n.partial;
  s.prev = tail ? l.tail : 0;
  s.next = tail ? 0 : l.head;
  (s.prev != 0 ? slabs_[s.prev].next : l.head) = index;
  (s.next != 0 ? slabs_[s.next].prev : l.tail) = index;
  s.place = full ? SlabPlace::full : SlabPlace::partial;
  if (!full) ++n.nr_partial;
  emit(t, EventKind::lab_slab_list_add, {s.cache, s.pfn, full ? 1u : 0u, tail ? 1u : 0u});
}

void Slub::list_del(Trace *t, u32 index) {
  Slab &s = slabs_[index];
  SlabNode &n = node_of(s);
  MM_CHECK(s.place == SlabPlace::partial || s.place == SlabPlace::full);
  SlabList &l = s.place == SlabPlace::full ? n.full : n.partial;
  (s.prev != 0 ? slabs_[s.prev].next : l.head) = s.next;
  (s.next != 0 ? slabs_[s.next].prev : l.tail) = s.prev;
  if (s.place == SlabPlace::partial) --n.nr_partial;
  s.prev = s.next = 0;
  s.place = SlabPlace::loose;
  emit(t, EventKind::lab_slab_list_del, {s.cache, s.pfn});
}

void Slub::freeze(Trace *t, u32 index, bool frozen) {
  slabs_[index].frozen = frozen;
  emit(t, EventKind::lab_slab_freeze, {slabs_[index].pfn, frozen ? 1u : 0u});
}

// --- a CPU's slabs ---

void Slub::cpu_load(Trace *t, cache_id id, u32 cpu, u32 index) {
  SlabCpu &c = cache_ref(id).cpus[cpu];
  Slab &s = slabs_[index];
  const u64 free = static_cast<u64>(s.objects) - s.inuse;
  c.slab = index;
  c.freelist = std::exchange(s.freelist, no_object);
  s.inuse = s.objects;
  s.frozen = true;
  s.place = SlabPlace::cpu;
  s.cpu = static_cast<u16>(cpu);
  emit(t, EventKind::lab_slab_cpu_load, {id, cpu, s.pfn, free});
}

void Slub::cpu_forget(Trace *t, cache_id id, u32 cpu) {
  SlabCpu &c = cache_ref(id).cpus[cpu];
  Slab &s = slabs_[c.slab];
  MM_CHECK(c.freelist == no_object && s.freelist == no_object);
  s.frozen = false;
  s.place = SlabPlace::loose;
  s.cpu = 0;
  c.slab = 0;
  emit(t, EventKind::lab_slab_cpu_forget, {id, cpu, s.pfn});
}

void Slub::cpu_unload(Trace *t, cache_id id, u32 cpu) {
  SlabCpu &c = cache_ref(id).cpus[cpu];
  Slab &s = slabs_[c.slab];
  u16 n = 0, last = no_object;
  for_each_free(c.freelist, s, [&](u16 o) {
    last = o;
    ++n;
  });
  if (last != no_object) {
    link(s, last) = s.freelist;
    s.freelist = c.freelist;
  }
  s.inuse = static_cast<u16>(s.inuse - n);
  s.frozen = false;
  s.place = SlabPlace::loose;
  s.cpu = 0;
  c.slab = 0;
  c.freelist = no_object;
  emit(t, EventKind::lab_slab_cpu_unload, {id, cpu, s.pfn, n});
}

void Slub::cpu_partial_push(Trace *t, cache_id id, u32 cpu, u32 index) {
  SlabCpu &c = cache_ref(id).cpus[cpu];
  Slab &s = slabs_[index];
  s.slabs = static_cast<u16>(c.partial != 0 ? slabs_[c.partial].slabs + 1 : 1);
  s.next = c.partial;
  s.place = SlabPlace::cpu_partial;
  s.cpu = static_cast<u16>(cpu);
  c.partial = index;
  emit(t, EventKind::lab_slab_cpu_partial_push, {id, cpu, s.pfn, s.slabs});
}

void Slub::cpu_partial_pop(Trace *t, cache_id id, u32 cpu) {
  SlabCpu &c = cache_ref(id).cpus[cpu];
  Slab &s = slabs_[c.partial];
  c.slab = std::exchange(c.partial, s.next);
  s.next = 0;
  s.slabs = 0;
  s.place = SlabPlace::cpu;
  emit(t, EventKind::lab_slab_cpu_partial_pop, {id, cpu, s.pfn});
}

// The chain stays linked; whoever cut it puts its slabs elsewhere.
u32 Slub::cpu_partial_cut(Trace *t, cache_id id, u32 cpu) {
  SlabCpu &c = cache_ref(id).cpus[cpu];
  const u32 head = std::exchange(c.partial, 0);
  emit(t, EventKind::lab_slab_cpu_partial_cut, {id, cpu, slabs_[head].pfn, slabs_[head].slabs});
  for (u32 i = head; i != 0; i = slabs_[i].next) {
    slabs_[i].place = SlabPlace::loose;
    slabs_[i].slabs = slabs_[i].cpu = 0;
  }
  return head;
}

// --- objects ---

u16 Slub::pop_cpu(Trace *t, cache_id id, u32 cpu) {
  SlabCpu &c = cache_ref(id).cpus[cpu];
  const Slab &s = slabs_[c.slab];
  const u16 o = c.freelist;
  c.freelist = std::exchange(link(s, o), object_in_use);
  emit(t, EventKind::lab_slab_pop_cpu, {id, cpu, s.pfn, o});
  return o;
}
void Slub::push_cpu(Trace *t, cache_id id, u32 cpu, u16 object) {
  SlabCpu &c = cache_ref(id).cpus[cpu];
  const Slab &s = slabs_[c.slab];
  link(s, object) = std::exchange(c.freelist, object);
  emit(t, EventKind::lab_slab_push_cpu, {id, cpu, s.pfn, object});
}
u16 Slub::pop(Trace *t, u32 index) {
  Slab &s = slabs_[index];
  const u16 o = s.freelist;
  s.freelist = std::exchange(link(s, o), object_in_use);
  ++s.inuse;
  emit(t, EventKind::lab_slab_pop, {s.cache, s.pfn, o});
  return o;
}
void Slub::push(Trace *t, u32 index, u16 object, bool freeze) {
  Slab &s = slabs_[index];
  link(s, object) = std::exchange(s.freelist, object);
  --s.inuse;
  s.frozen = s.frozen || freeze;
  emit(t, EventKind::lab_slab_push, {s.cache, s.pfn, object, freeze ? 1u : 0u});
}

void Slub::isolate(Trace *t, u32 index) {
  Slab &s = slabs_[index];
  for (u16 o = s.freelist; o != no_object;) o = std::exchange(link(s, o), object_in_use);
  s.freelist = no_object;
  s.inuse = s.objects;
  s.frozen = true;
  s.place = SlabPlace::isolated;
  emit(t, EventKind::lab_slab_isolate, {s.cache, s.pfn});
}

// --- misuse ---

void Slub::add_write(Trace *t, u32 index, u16 object, i64 offset, u64 length, u8 value) {
  const u64 pfn = slabs_[index].pfn;
  writes_.push_back({pfn, static_cast<i32>(offset), static_cast<u32>(length), object, value});
  emit(t, EventKind::lab_slab_write, {pfn, object, static_cast<u64>(offset), length, value});
}
void Slub::clean(Trace *t, u32 index, u16 object) {
  const u64 pfn = slabs_[index].pfn;
  std::erase_if(writes_, [&](const Write &w) { return w.slab == pfn && w.object == object; });
  emit(t, EventKind::lab_slab_clean, {pfn, object});
}
void Slub::add_report(Trace *t, cache_id id, u32 index, u16 object, std::string_view line) {
  ++reports_;
  if (t != nullptr) t->emit(EventKind::lab_slab_report, {id, slabs_[index].pfn, object, t->text_id(line)});
}

void Slub::set_large(Trace *t, pfn_t pfn, u32 order, bool given) {
  const auto at =
      std::lower_bound(large_.begin(), large_.end(), pfn.v, [](const Large &l, u64 p) { return l.pfn < p; });
  if (given)
    large_.insert(at, {pfn.v, static_cast<u8>(order)});
  else
    large_.erase(at);
  emit(t, EventKind::lab_slab_large, {pfn.v, order, given ? 1u : 0u});
}

} // namespace mmscope
