// Folding events, the digest, and questions about one object.
#include "base/check.hpp"
#include "base/digest.hpp"
#include "mm/slub.hpp"

#include <algorithm>

namespace mmscope {

bool Slub::fold(const Event &e, const Trace &texts) {
  const auto n32 = [&](unsigned i) { return static_cast<u32>(e.f[i]); };
  const auto n16 = [&](unsigned i) { return static_cast<u16>(e.f[i]); };
  const auto slab_of = [&](unsigned i) { return slab_at(pfn_t{e.f[i]}); };
  switch (e.kind) {
  case EventKind::lab_slab_setup: set_machine(nullptr, n32(0), n32(1), n32(2)); return true;
  case EventKind::lab_slab_node: add_node(nullptr, e.node(0)); return true;
  case EventKind::lab_slab_state: set_state(nullptr, static_cast<slab_state>(e.f[0])); return true;
  case EventKind::lab_slab_cache: {
    const CacheRequest r{texts.text(e.f[1]), n32(2), n32(3), n32(4), e.f[5] != 0, n32(6), n32(7)};
    const auto l = make_layout(rules_, {r.size, r.align, r.ctor}, kmem_cache_flags(rules_, r.flags, r.name));
    MM_CHECK(l);
    add_cache(nullptr, r, r.align, *l);
    return true;
  }
  case EventKind::lab_slab_cache_set: set_cache(nullptr, n32(0), static_cast<cache_field>(e.f[1]), e.f[2]); return true;
  case EventKind::lab_slab_cache_node:
    set_cache_node(nullptr, n32(0), e.node(1), phys_addr_t{e.f[2]}, e.f[3]);
    return true;
  case EventKind::lab_slab_cache_random: set_random_seq(nullptr, n32(0), phys_addr_t{e.f[1]}); return true;
  case EventKind::lab_slab_cache_alias: add_alias(nullptr, n32(0), texts.text(e.f[1]), n32(2)); return true;
  case EventKind::lab_slab_cache_list: list_cache(nullptr, n32(0), e.f[1] != 0); return true;
  case EventKind::lab_slab_cache_gone: drop_cache(nullptr, n32(0)); return true;
  case EventKind::lab_slab_kmalloc: set_kmalloc(nullptr, n32(0), n32(1), n32(2)); return true;
  case EventKind::lab_slab_new: add_slab(nullptr, n32(0), pfn_t{e.f[1]}, n32(2), e.node(3)); return true;
  case EventKind::lab_slab_discard: drop_slab(nullptr, slab_of(1)); return true;
  case EventKind::lab_slab_list_add: list_add(nullptr, slab_of(1), e.f[2] != 0, e.f[3] != 0); return true;
  case EventKind::lab_slab_list_del: list_del(nullptr, slab_of(1)); return true;
  case EventKind::lab_slab_freeze: freeze(nullptr, slab_of(0), e.f[1] != 0); return true;
  case EventKind::lab_slab_cpu_load: cpu_load(nullptr, n32(0), n32(1), slab_of(2)); return true;
  case EventKind::lab_slab_cpu_forget: cpu_forget(nullptr, n32(0), n32(1)); return true;
  case EventKind::lab_slab_cpu_unload: cpu_unload(nullptr, n32(0), n32(1)); return true;
  case EventKind::lab_slab_cpu_partial_push: cpu_partial_push(nullptr, n32(0), n32(1), slab_of(2)); return true;
  case EventKind::lab_slab_cpu_partial_pop: cpu_partial_pop(nullptr, n32(0), n32(1)); return true;
  case EventKind::lab_slab_cpu_partial_cut: cpu_partial_cut(nullptr, n32(0), n32(1)); return true;
  case EventKind::lab_slab_pop_cpu: pop_cpu(nullptr, n32(0), n32(1)); return true;
  case EventKind::lab_slab_push_cpu: push_cpu(nullptr, n32(0), n32(1), n16(3)); return true;
  case EventKind::lab_slab_pop: pop(nullptr, slab_of(1)); return true;
  case EventKind::lab_slab_push: push(nullptr, slab_of(1), n16(2), e.f[3] != 0); return true;
  case EventKind::lab_slab_isolate: isolate(nullptr, slab_of(1)); return true;
  case EventKind::lab_slab_write:
    add_write(nullptr, slab_of(0), n16(1), static_cast<i64>(e.f[2]), e.f[3], static_cast<u8>(e.f[4]));
    return true;
  case EventKind::lab_slab_clean: clean(nullptr, slab_of(0), n16(1)); return true;
  case EventKind::lab_slab_report: add_report(nullptr, n32(0), slab_of(1), n16(2), {}); return true;
  case EventKind::lab_slab_large: set_large(nullptr, pfn_t{e.f[0]}, n32(1), e.f[2] != 0); return true;
  default: return false;
  }
}

void Slub::add_to(Digest &d) const {
  d.add(static_cast<u64>(state_)).add(rules_.nr_cpu_ids).add(rules_.present_cpus).add(rules_.nr_node_ids);
  for (const u8 n : nodes_) d.add(n);
  const auto pfn = [&](u32 index) { d.add(index != 0 ? slabs_[index].pfn + 1 : 0); };
  d.add(caches_.size());
  for (const KmemCache &s : caches_) {
    d.add(s.alive);
    if (!s.alive) continue;
    const SlabLayout &l = s.layout;
    d.add(s.name).add(s.aliases.size());
    for (const std::string &a : s.aliases) d.add(a);
    for (const u64 x : {u64{l.object_size}, u64{l.size}, u64{l.align}, u64{l.inuse}, u64{l.offset}, u64{l.flags},
                        u64{l.order}, u64{l.objects}, u64{l.min_partial}, u64{l.cpu_partial}})
      d.add(x);
    d.add(s.ctor).add(s.listed).add_signed(s.refcount).add(s.useroffset).add(s.usersize);
    d.add(s.self).add(s.random).add(s.random_object);
    for (const u16 o : s.random_seq) d.add(o);
    for (const SlabCpu &c : s.cpus) {
      pfn(c.slab);
      pfn(c.partial);
      d.add(c.freelist);
    }
    for (const SlabNode &n : s.nodes) {
      d.add(n.object).add(n.nr_partial).add(n.nr_slabs).add(n.total_objects);
      for (const SlabList *list : {&n.partial, &n.full}) {
        pfn(list->head);
        pfn(list->tail);
      }
    }
  }
  for (const cache_id id : order_) d.add(id);
  for (const auto &type : kmalloc_.caches)
    for (const u32 id : type) d.add(id);
  for_each_slab([&](u32, const Slab &s) {
    d.add(s.pfn).add(s.cache).add_signed(s.nid);
    pfn(s.prev);
    pfn(s.next);
    for (const u64 x : {u64{s.objects}, u64{s.inuse}, u64{s.freelist}, u64{s.slabs}, u64{s.cpu}, u64{s.order},
                        static_cast<u64>(s.place), u64{s.frozen}})
      d.add(x);
    for (u16 o = 0; o < s.objects; ++o) d.add(links_[s.links + o]);
  });
  for (const Write &w : writes_) d.add(w.slab).add(w.object).add_signed(w.offset).add(w.length).add(w.value);
  for (const Large &l : large_) d.add(l.pfn).add(l.order);
  d.add(draws_).add(reports_);
}

bool operator==(const Slub &a, const Slub &b) {
  Digest x, y;
  a.add_to(x);
  b.add_to(y);
  return x.value() == y.value();
}

// --- questions ---

std::string_view slab_path_name(SlabPath p) {
  static constexpr std::string_view names[] = {"fast",       "refill",   "cpu_partial", "node_partial",
                                               "other_node", "new_slab", "large"};
  return names[static_cast<std::size_t>(p)];
}
std::string_view slab_verdict_name(SlabVerdict v) {
  static constexpr std::string_view names[] = {"done", "no_memory", "reported", "noticed",
                                               "bug",  "unnoticed", "refused"};
  return names[static_cast<std::size_t>(v)];
}

bool Slub::has_node(i32 nid) const {
  return nid >= 0 && static_cast<u32>(nid) < nodes_.size() && nodes_[static_cast<u32>(nid)] != 0;
}

std::optional<cache_id> Slub::find_cache(std::string_view name) const {
  for (const cache_id id : order_)
    if (caches_[id].name == name) return id;
  for (const cache_id id : order_)
    for (const std::string &a : caches_[id].aliases)
      if (a == name) return id;
  return std::nullopt;
}

phys_addr_t Slub::address_of(const Slab &s, u16 object) const {
  const SlabLayout &l = caches_[s.cache].layout;
  return to_phys(pfn_t{s.pfn}, rules_.page_shift) + u64{object} * l.size + l.red_left_pad;
}

Slub::ObjectAt Slub::object_at(phys_addr_t address) const {
  const u32 index = slab_at(to_pfn_down(address, rules_.page_shift));
  if (index == 0) return {};
  const Slab &s = slabs_[index];
  const SlabLayout &l = caches_[s.cache].layout;
  const u64 at = address - to_phys(pfn_t{s.pfn}, rules_.page_shift);
  const u64 object = std::min<u64>(at / l.size, s.objects);
  return {index, static_cast<u16>(object), static_cast<i64>(at - object * l.size) - static_cast<i64>(l.red_left_pad)};
}

u64 Slub::stored_free_pointer(const Slab &s, u16 object) const {
  const KmemCache &c = caches_[s.cache];
  const u16 next = links_[s.links + object];
  u64 value = next == no_object ? 0 : virtual_of(address_of(s, next));
  if (rules_.freelist_hardened) {
    u64 place = virtual_of(address_of(s, object)) + c.layout.offset, swapped = 0;
    for (u32 i = 0; i < rules_.word; ++i, place >>= 8) swapped = swapped << 8 | (place & 0xff);
    value ^= c.random ^ swapped;
  }
  return rules_.word == 8 ? value : value & 0xffffffff;
}

Slub::Counts Slub::counts(cache_id id) const {
  Counts c;
  u64 free = 0;
  for (const SlabNode &n : cache(id).nodes) {
    c.num_slabs += n.nr_slabs;
    c.num_objs += n.total_objects;
    for_each_in(n.partial.head, [&](u32, const Slab &s) { free += static_cast<u64>(s.objects) - s.inuse; });
  }
  c.active_objs = c.num_objs - free;
  return c;
}

u64 Slub::memory_bytes() const {
  const auto held = [](const auto &v) { return u64{v.capacity()} * sizeof(v[0]); };
  u64 n = held(caches_) + held(order_) + held(nodes_) + held(slabs_) + held(links_) + held(table_dir_) + held(table_) +
          held(writes_) + held(large_) + held(link_spans_);
  for (const auto &v : link_spans_) n += held(v);
  for (const KmemCache &s : caches_) n += held(s.random_seq) + held(s.cpus) + held(s.nodes) + held(s.aliases);
  return n;
}

} // namespace mmscope
