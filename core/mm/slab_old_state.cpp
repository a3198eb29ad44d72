// The state of SlabHeap: its primitives, each with one event, their fold and the digest.
#include "mm/slab_old.hpp"

#include "base/check.hpp"

#include <algorithm>

namespace mmscope {

namespace {
std::size_t at(u64 i) { return static_cast<std::size_t>(i); }
} // namespace

u32 SlabHeap::cpus_of(i32 nid) const {
  return static_cast<u32>(std::count(machine_.cpu_node.begin(), machine_.cpu_node.end(), nid));
}

ArrayCache &SlabHeap::array(const ArrayAt &a) {
  OldCache &c = caches_[a.cache];
  return a.shared ? c.nodes[a.at].shared : c.cpus[a.at];
}
const ArrayCache &SlabHeap::array(const ArrayAt &a) const {
  const OldCache &c = caches_[a.cache];
  return a.shared ? c.nodes[a.at].shared : c.cpus[a.at];
}

phys_addr_t SlabHeap::address_of(const OldSlab &s, u32 object) const {
  const CacheLayout &l = caches_[s.cache].layout;
  const bool in_front = l.books == BooksPlace::on_slab && is_chain();
  return to_phys(s.pfn, machine_.layout.page_shift) + s.colour + (in_front ? l.books_size : 0) + u64{object} * l.size;
}
u32 SlabHeap::slab_at(phys_addr_t a) const {
  const u64 page = a.v >> machine_.layout.page_shift;
  auto i = by_page_.upper_bound(page);
  if (i == by_page_.begin()) return nobody;
  --i;
  return page < i->first + (u64{1} << caches_[slabs_[i->second].cache].layout.order) ? i->second : nobody;
}
SlabHeap::ObjectAt SlabHeap::object_at(phys_addr_t a) const {
  const u32 slab = slab_at(a);
  if (slab == nobody) return {};
  const OldSlab &s = slabs_[slab];
  const CacheLayout &l = caches_[s.cache].layout;
  const phys_addr_t first = address_of(s, 0);
  if (a < first) return {slab, 0, false};
  const u64 object = (a - first) / l.size;
  return {slab, static_cast<u32>(object), object < l.num && (a - first) % l.size == 0};
}

SlabHeap::Counts SlabHeap::counts(u32 cache) const {
  Counts n;
  const OldCache &c = caches_[cache];
  for (const SlabNodeLists &l : c.nodes) {
    const auto length = [&](OldSlabList list) { return l.length[static_cast<std::size_t>(list)]; };
    n.active_slabs += length(OldSlabList::full) + length(OldSlabList::partial);
    n.num_slabs += length(OldSlabList::full) + length(OldSlabList::partial) + length(OldSlabList::free);
    n.active_objs -= l.free_objects;
    n.shared_avail += l.shared.entry.size();
  }
  n.num_objs = n.num_slabs * c.layout.num;
  n.active_objs += n.num_objs;
  return n;
}

// --- primitives ---

void SlabHeap::setup(Trace *t, const SlabRules &rules, const SlabHeapMachine &machine) {
  rules_ = &rules;
  machine_ = machine;
  machine_.layout.cpus = static_cast<u32>(machine_.cpu_node.size());
  if (t == nullptr) return;
  const SlabMachine &m = machine_.layout;
  const u64 flags = (m.more_than_32M ? 1u : 0u) | (m.zone_dma ? 2u : 0u) | (machine_.pairs ? 4u : 0u);
  t->emit(EventKind::lab_oldslab_setup, {t->text_id(rules.name), m.page_shift, m.word, m.cache_line, m.max_order, flags,
                                         field(machine_.cpu_node[0]), machine_.nr_nodes});
  for (std::size_t cpu = 1; cpu < machine_.cpu_node.size(); ++cpu)
    t->emit(EventKind::lab_oldslab_cpu, {cpu, field(machine_.cpu_node[cpu])});
}

void SlabHeap::set(Trace *t, heap_field which, u64 value) {
  u64 &slot = fields_[at(static_cast<u64>(which))];
  if (slot == value) return;
  slot = value;
  emit(t, EventKind::lab_oldslab_set, {static_cast<u64>(which), value});
}

u32 SlabHeap::add_cache(Trace *t, std::string_view name, const SlabShape &shape, bool no_reap) {
  const auto cache = static_cast<u32>(caches_.size());
  const std::optional<CacheLayout> layout = make_cache_layout(*rules_, machine_.layout, shape);
  MM_CHECK(layout);
  OldCache c;
  c.name = name;
  c.shape = shape;
  c.layout = *layout;
  c.no_reap = no_reap;
  c.nodes.resize(at(static_cast<u64>(nodes())));
  c.cpus.resize(machine_.cpu_node.size());
  caches_.push_back(std::move(c));
  chain_.insert(chain_.begin(), cache);
  if (t != nullptr)
    t->emit(EventKind::lab_oldslab_cache, {cache, t->text_id(name), shape.size, shape.align, shape.offset, shape.flags,
                                           (shape.ctor ? 1u : 0u) | (shape.early ? 2u : 0u) | (no_reap ? 4u : 0u)});
  return cache;
}
void SlabHeap::drop_cache(Trace *t, u32 cache) {
  OldCache gone;
  gone.name = caches_[cache].name;
  gone.layout = caches_[cache].layout;
  gone.alive = false;
  caches_[cache] = std::move(gone);
  chain_.erase(std::find(chain_.begin(), chain_.end(), cache));
  emit(t, EventKind::lab_oldslab_cache_gone, {cache});
}
void SlabHeap::set_general(Trace *t, u32 cache, u32 size, GeneralType type) {
  general_[{static_cast<u32>(type), size}] = cache;
  emit(t, EventKind::lab_oldslab_general, {cache, size, static_cast<u64>(type)});
}
void SlabHeap::set_cache(Trace *t, u32 cache, old_cache_field which, u64 value) {
  u64 &slot = caches_[cache].fields[at(static_cast<u64>(which))];
  if (slot == value) return;
  slot = value;
  emit(t, EventKind::lab_oldslab_cache_set, {cache, static_cast<u64>(which), value});
}
void SlabHeap::set_node(Trace *t, u32 cache, i32 nid, old_node_field which, u64 value) {
  u64 &slot = lists_of(cache, nid).fields[at(static_cast<u64>(which))];
  if (slot == value) return;
  slot = value;
  emit(t, EventKind::lab_oldslab_node_set, {cache, field(nid), static_cast<u64>(which), value});
}

void SlabHeap::set_array(Trace *t, const ArrayAt &a, phys_addr_t self, u32 limit, u32 batchcount) {
  ArrayCache &c = array(a);
  MM_CHECK(c.entry.size() <= limit);
  c.self = self;
  c.limit = limit;
  c.batchcount = batchcount;
  emit(t, EventKind::lab_oldslab_array, {a.cache, a.shared ? 1u : 0u, a.at, self.v, limit, batchcount});
}
void SlabHeap::touch(Trace *t, const ArrayAt &a, bool touched) {
  if (array(a).touched == touched) return;
  array(a).touched = touched;
  emit(t, EventKind::lab_oldslab_touch, {a.cache, a.shared ? 1u : 0u, a.at, touched ? 1u : 0u});
}
void SlabHeap::push(Trace *t, const ArrayAt &a, u64 object) {
  ArrayCache &c = array(a);
  const ObjectAt o = object_at(phys_addr_t{object});
  MM_CHECK(c.entry.size() < c.limit && o.exact && slabs_[o.slab].is[o.object] == ObjectIs::used);
  slabs_[o.slab].is[o.object] = ObjectIs::waiting;
  c.entry.push_back(object);
  emit(t, EventKind::lab_oldslab_push, {a.cache, a.shared ? 1u : 0u, a.at, object});
}
std::vector<u64> SlabHeap::cut(Trace *t, const ArrayAt &a, u64 from, u64 count) {
  if (count == 0) return {};
  std::vector<u64> &entry = array(a).entry;
  MM_CHECK(from + count <= entry.size());
  const auto begin = entry.begin() + static_cast<std::ptrdiff_t>(from),
             end = begin + static_cast<std::ptrdiff_t>(count);
  std::vector<u64> out(begin, end);
  entry.erase(begin, end);
  for (const u64 object : out) {
    const ObjectAt o = object_at(phys_addr_t{object});
    slabs_[o.slab].is[o.object] = ObjectIs::used;
  }
  emit(t, EventKind::lab_oldslab_cut, {a.cache, a.shared ? 1u : 0u, a.at, from, count, out[0]});
  return out;
}

u32 SlabHeap::add_slab(Trace *t, u32 cache, pfn_t pfn, i32 nid, u32 colour, phys_addr_t books) {
  const CacheLayout &l = caches_[cache].layout;
  u32 i = static_cast<u32>(slabs_.size());
  if (!unused_.empty()) {
    i = unused_.back();
    unused_.pop_back();
  } else {
    slabs_.emplace_back();
  }
  OldSlab s;
  s.pfn = pfn;
  s.cache = cache;
  s.nid = nid;
  s.colour = colour;
  s.books = books;
  s.prev = s.next = nobody;
  for (u32 o = 0; o < l.num; ++o)
    s.index.push_back(!is_chain() ? static_cast<u16>(o) : o + 1 < l.num ? static_cast<u16>(o + 1) : end_of_chain);
  s.holder = l.books == BooksPlace::in_object ? static_cast<u16>(l.num - 1) : end_of_chain;
  s.is.assign(l.num, ObjectIs::free);
  slabs_[i] = std::move(s);
  by_page_[pfn.v] = i;
  lists_of(cache, nid).free_objects += l.num;
  emit(t, EventKind::lab_oldslab_new, {cache, pfn.v, field(nid), colour, books.v, l.num, l.order});
  return i;
}

void SlabHeap::drop_slab(Trace *t, u32 slab) {
  if (slabs_[slab].list != OldSlabList::none) move(nullptr, slab, OldSlabList::none, false);
  OldSlab &s = slabs_[slab];
  MM_CHECK(s.inuse == 0);
  const u32 cache = s.cache;
  const pfn_t pfn = s.pfn;
  lists_of(cache, s.nid).free_objects -= caches_[cache].layout.num;
  by_page_.erase(pfn.v);
  s = {};
  unused_.push_back(slab);
  emit(t, EventKind::lab_oldslab_gone, {cache, pfn.v});
}

void SlabHeap::move(Trace *t, u32 slab, OldSlabList list, bool tail) {
  OldSlab &s = slabs_[slab];
  SlabNodeLists &n = lists_of(s.cache, s.nid);
  if (s.list != OldSlabList::none) {
    const std::size_t from = at(static_cast<u64>(s.list));
    (s.prev == nobody ? n.head[from] : slabs_[s.prev].next) = s.next;
    (s.next == nobody ? n.tail[from] : slabs_[s.next].prev) = s.prev;
    --n.length[from];
  }
  s.list = list;
  s.prev = s.next = nobody;
  if (list != OldSlabList::none) {
    const std::size_t to = at(static_cast<u64>(list));
    u32 &end = tail ? n.tail[to] : n.head[to], &other = tail ? n.head[to] : n.tail[to];
    if (end == nobody)
      other = slab;
    else
      (tail ? slabs_[end].next : slabs_[end].prev) = slab;
    (tail ? s.prev : s.next) = end;
    end = slab;
    ++n.length[to];
  }
  emit(t, EventKind::lab_oldslab_list, {s.cache, s.pfn.v, static_cast<u64>(list), tail ? 1u : 0u});
}

u32 SlabHeap::take(Trace *t, u32 slab) {
  OldSlab &s = slabs_[slab];
  MM_CHECK(s.inuse < s.is.size());
  const u32 object = is_chain() ? s.free : s.index[s.inuse];
  if (is_chain()) s.free = s.index[object];
  if (++s.inuse == s.is.size()) s.holder = end_of_chain; // a full slab has no books
  s.is[object] = ObjectIs::used;
  --lists_of(s.cache, s.nid).free_objects;
  emit(t, EventKind::lab_oldslab_take, {s.cache, s.pfn.v, object});
  return object;
}
void SlabHeap::put(Trace *t, u32 slab, u32 object) {
  OldSlab &s = slabs_[slab];
  MM_CHECK(s.is[object] == ObjectIs::used);
  s.is[object] = ObjectIs::free;
  --s.inuse;
  if (is_chain()) {
    s.index[object] = s.free;
    s.free = static_cast<u16>(object);
  } else {
    s.index[s.inuse] = static_cast<u16>(object);
    if (caches_[s.cache].layout.books == BooksPlace::in_object && s.holder == end_of_chain)
      s.holder = static_cast<u16>(object);
  }
  ++lists_of(s.cache, s.nid).free_objects;
  emit(t, EventKind::lab_oldslab_put, {s.cache, s.pfn.v, object});
}

// --- fold, digest ---

bool SlabHeap::fold(const Event &e, const Trace &texts) {
  const auto u = [&](unsigned i) { return static_cast<u32>(e.f[i]); };
  const auto array_of = [&] { return ArrayAt{u(0), e.f[1] != 0, u(2)}; };
  const auto slab_of = [&] { return by_page_.at(e.f[1]); };
  switch (e.kind) {
  case EventKind::lab_oldslab_setup: {
    SlabHeapMachine m;
    m.layout = {.page_shift = u(1),
                .word = u(2),
                .cache_line = u(3),
                .max_order = u(4),
                .more_than_32M = (e.f[5] & 1) != 0,
                .zone_dma = (e.f[5] & 2) != 0};
    m.pairs = (e.f[5] & 4) != 0;
    m.cpu_node = {e.node(6)};
    m.nr_nodes = u(7);
    setup(nullptr, *find_slab_rules(texts.text(e.f[0])), m);
    return true;
  }
  case EventKind::lab_oldslab_cpu:
    machine_.cpu_node.push_back(e.node(1));
    machine_.layout.cpus = static_cast<u32>(machine_.cpu_node.size());
    return true;
  case EventKind::lab_oldslab_set: set(nullptr, static_cast<heap_field>(e.f[0]), e.f[1]); return true;
  case EventKind::lab_oldslab_cache:
    add_cache(nullptr, texts.text(e.f[1]),
              {.size = u(2),
               .align = u(3),
               .offset = u(4),
               .flags = u(5),
               .ctor = (e.f[6] & 1) != 0,
               .early = (e.f[6] & 2) != 0},
              (e.f[6] & 4) != 0);
    return true;
  case EventKind::lab_oldslab_cache_gone: drop_cache(nullptr, u(0)); return true;
  case EventKind::lab_oldslab_general: set_general(nullptr, u(0), u(1), static_cast<GeneralType>(e.f[2])); return true;
  case EventKind::lab_oldslab_cache_set:
    set_cache(nullptr, u(0), static_cast<old_cache_field>(e.f[1]), e.f[2]);
    return true;
  case EventKind::lab_oldslab_node_set:
    set_node(nullptr, u(0), e.node(1), static_cast<old_node_field>(e.f[2]), e.f[3]);
    return true;
  case EventKind::lab_oldslab_array: set_array(nullptr, array_of(), phys_addr_t{e.f[3]}, u(4), u(5)); return true;
  case EventKind::lab_oldslab_touch: touch(nullptr, array_of(), e.f[3] != 0); return true;
  case EventKind::lab_oldslab_push: push(nullptr, array_of(), e.f[3]); return true;
  case EventKind::lab_oldslab_cut: cut(nullptr, array_of(), e.f[3], e.f[4]); return true;
  case EventKind::lab_oldslab_new:
    add_slab(nullptr, u(0), pfn_t{e.f[1]}, e.node(2), u(3), phys_addr_t{e.f[4]});
    return true;
  case EventKind::lab_oldslab_gone: drop_slab(nullptr, slab_of()); return true;
  case EventKind::lab_oldslab_list:
    move(nullptr, slab_of(), static_cast<OldSlabList>(e.f[2]), e.f[3] != 0);
    return true;
  case EventKind::lab_oldslab_take: take(nullptr, slab_of()); return true;
  case EventKind::lab_oldslab_put: put(nullptr, slab_of(), u(2)); return true;
  default: return false;
  }
}

void SlabHeap::add_to(Digest &d) const {
  d.add(rules_->name).add(machine_.pairs ? 1 : 0);
  const SlabMachine &m = machine_.layout;
  d.add(m.page_shift)
      .add(m.word)
      .add(m.cache_line)
      .add(m.max_order)
      .add(m.more_than_32M ? 1 : 0)
      .add(m.zone_dma ? 1 : 0);
  d.add(machine_.nr_nodes);
  for (const i32 nid : machine_.cpu_node) d.add_signed(nid);
  for (const u64 f : fields_) d.add(f);
  for (const u32 c : chain_) d.add(c);
  for (const auto &[key, cache] : general_) d.add(key[0]).add(key[1]).add(cache);
  const auto add_array = [&](const ArrayCache &a) {
    d.add(a.limit).add(a.batchcount).add(a.touched ? 1 : 0).add(a.self).add(a.entry.size());
    for (const u64 object : a.entry) d.add(object);
  };
  for (const OldCache &c : caches_) {
    d.add(c.name).add(c.alive ? 1 : 0).add(c.no_reap ? 1 : 0).add(c.shape.size).add(c.shape.align).add(c.shape.offset);
    d.add(c.shape.flags).add(c.shape.ctor ? 1 : 0).add(c.shape.early ? 1 : 0);
    for (const u64 f : c.fields) d.add(f);
    for (const ArrayCache &a : c.cpus) add_array(a);
    for (const SlabNodeLists &n : c.nodes) {
      for (const u64 f : n.fields) d.add(f);
      d.add(n.free_objects);
      add_array(n.shared);
      for (const OldSlabList list : {OldSlabList::full, OldSlabList::partial, OldSlabList::free}) {
        for_each_in(n, list, [&](const OldSlab &s) { d.add(s.pfn); });
        d.add(~u64{0});
      }
    }
  }
  for_each_slab([&](const OldSlab &s) {
    d.add(s.pfn).add(s.cache).add_signed(s.nid).add(s.colour).add(s.books).add(s.inuse).add(s.free).add(s.holder);
    for (const u16 i : s.index) d.add(i);
    for (const ObjectIs i : s.is) d.add(static_cast<u64>(i));
  });
}

} // namespace mmscope
