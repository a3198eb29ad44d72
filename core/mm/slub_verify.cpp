// What must hold between two calls, derived anew from the lists.
#include "base/text.hpp"
#include "mm/slub.hpp"

#include <algorithm>

namespace mmscope {

std::string Slub::verify_slab(u32 index) const {
  const Slab &s = slabs_[index];
  const auto wrong = [&](std::string_view what) { return concat("slab at pfn ", s.pfn, ": ", what); };
  if (s.cache >= caches_.size() || !caches_[s.cache].alive) return wrong("its cache is gone");
  const KmemCache &c = caches_[s.cache];
  if (s.objects != (rules_.page_size() << s.order) / c.layout.size) return wrong("number of objects");
  if (s.order != c.layout.order && s.order != c.layout.min_order) return wrong("order");
  for (u64 p = 0; p < pages_of(order_t{s.order}); ++p)
    if (slab_at(pfn_t{s.pfn + p}) != index) return wrong("a page of it does not lead to it");
  // Every object once: in use, on the slab's freelist or on its CPU's.
  std::vector<u8> seen(s.objects);
  u32 on_lists = 0;
  const auto walk = [&](u16 first) {
    u32 n = 0;
    for (u16 o = first; o != no_object; o = links_[s.links + o]) {
      if (o >= s.objects || seen[o] != 0) return ~u32{0};
      seen[o] = 1;
      ++n;
    }
    return n;
  };
  const u32 own = walk(s.freelist);
  if (own == ~u32{0}) return wrong("freelist leaves the slab or has a loop");
  on_lists += own;
  if (s.inuse != s.objects - own) return wrong("inuse");
  if (s.place == SlabPlace::cpu) {
    if (s.cpu >= c.cpus.size() || slabs_[c.cpus[s.cpu].slab].pfn != s.pfn) return wrong("not its CPU's slab");
    const u32 cpus = walk(c.cpus[s.cpu].freelist);
    if (cpus == ~u32{0}) return wrong("the CPU's freelist leaves the slab or has a loop");
    on_lists += cpus;
  }
  u32 used = 0;
  for (u16 o = 0; o < s.objects; ++o) {
    if (in_use(s, o) == (seen[o] != 0)) return wrong(concat("object ", o, " is neither or both in use and free"));
    used += in_use(s, o);
  }
  if (used + on_lists != s.objects) return wrong("an object is lost");
  const bool frozen = s.place == SlabPlace::cpu || s.place == SlabPlace::cpu_partial || s.place == SlabPlace::isolated;
  if (s.frozen != frozen) return wrong("frozen");
  const bool full = s.freelist == no_object;
  switch (s.place) {
  case SlabPlace::loose:
    if (!full) return wrong("has free objects and is on no list");
    if (c.layout.has(slab_flag::STORE_USER)) return wrong("full, and not on the list of full slabs");
    break;
  case SlabPlace::full:
    if (!full) return wrong("has free objects and is on the list of full slabs");
    break;
  case SlabPlace::partial:
  case SlabPlace::cpu_partial:
    if (full) return wrong("full, and on a list of partial slabs");
    break;
  case SlabPlace::cpu:
  case SlabPlace::isolated: break;
  }
  return {};
}

std::string Slub::verify_cache(cache_id id, std::vector<u8> &seen) const {
  const KmemCache &s = caches_[id];
  const auto wrong = [&](std::string_view what) { return concat("cache ", s.name, ": ", what); };
  const auto take = [&](u32 index, SlabPlace place) {
    if (index == 0 || index >= slabs_.size() || seen[index] != 0) return false;
    seen[index] = 1;
    return slabs_[index].cache == id && slabs_[index].place == place;
  };
  for (u32 cpu = 0; cpu < s.cpus.size(); ++cpu) {
    const SlabCpu &c = s.cpus[cpu];
    if (c.slab == 0 && c.freelist != no_object) return wrong("a CPU has a freelist and no slab");
    if (c.slab != 0 && !take(c.slab, SlabPlace::cpu)) return wrong("a CPU's slab is also elsewhere");
    u32 left = c.partial != 0 ? slabs_[c.partial].slabs : 0;
    for (u32 i = c.partial; i != 0; i = slabs_[i].next, --left) {
      if (!take(i, SlabPlace::cpu_partial) || slabs_[i].cpu != cpu)
        return wrong("a CPU's partial slab is also elsewhere");
      if (slabs_[i].slabs != left) return wrong("count in a CPU's chain");
    }
    if (left != 0) return wrong("length of a CPU's chain");
  }
  for (std::size_t nid = 0; nid < s.nodes.size(); ++nid) {
    const SlabNode &n = s.nodes[nid];
    u64 nr[2] = {0, 0};
    for (const bool full : {false, true}) {
      const SlabList &l = full ? n.full : n.partial;
      u32 last = 0;
      for (u32 i = l.head; i != 0; i = slabs_[i].next) {
        if (!take(i, full ? SlabPlace::full : SlabPlace::partial)) return wrong("a listed slab is also elsewhere");
        if (slabs_[i].prev != last || slabs_[i].nid != static_cast<i32>(nid)) return wrong("links of a node's list");
        last = i;
        ++nr[full];
      }
      if (l.tail != last) return wrong("tail of a node's list");
    }
    if (nr[0] != n.nr_partial) return wrong("nr_partial");
  }
  return {};
}

std::string Slub::verify() const {
  std::vector<u8> seen(slabs_.size());
  for (cache_id id = 0; id < caches_.size(); ++id) {
    if (!caches_[id].alive) continue;
    if (std::string w = verify_cache(id, seen); !w.empty()) return w;
    if (caches_[id].listed != (std::find(order_.begin(), order_.end(), id) != order_.end()))
      return concat("cache ", caches_[id].name, ": on the list of caches or not");
  }
  // Slabs of each cache and node, counted from the pages.
  struct Sum {
    u64 slabs = 0, objects = 0;
  };
  std::vector<std::vector<Sum>> sums(caches_.size(), std::vector<Sum>(nodes_.size()));
  std::string first;
  for_each_slab([&](u32 i, const Slab &s) {
    if (!first.empty()) return;
    first = verify_slab(i);
    if (!first.empty()) return;
    const bool elsewhere = s.place == SlabPlace::loose || s.place == SlabPlace::isolated;
    if (elsewhere == (seen[i] != 0)) first = concat("slab at pfn ", s.pfn, ": on a list or not");
    Sum &sum = sums[s.cache][static_cast<u32>(s.nid)];
    ++sum.slabs;
    sum.objects += s.objects;
  });
  if (!first.empty()) return first;
  for (cache_id id = 0; id < caches_.size(); ++id)
    for (std::size_t n = 0; n < caches_[id].nodes.size(); ++n)
      if (caches_[id].nodes[n].nr_slabs != sums[id][n].slabs ||
          caches_[id].nodes[n].total_objects != sums[id][n].objects)
        return concat("cache ", caches_[id].name, ", node ", n, ": nr_slabs or total_objects");
  for (std::size_t i = 1; i < large_.size(); ++i)
    if (large_[i - 1].pfn + pages_of(order_t{large_[i - 1].order}) > large_[i].pfn) return "large kmallocs overlap";
  return {};
}

} // namespace mmscope
