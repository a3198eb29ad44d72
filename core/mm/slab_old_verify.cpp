// What must hold in a SlabHeap at every moment between two calls.
#include "mm/slab_old.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace mmscope {

std::string SlabHeap::verify_slab(const OldSlab &s) const {
  const CacheLayout &l = caches_[s.cache].layout;
  if (s.is.size() != l.num || s.inuse > l.num) return "its objects are not as many as its cache says";
  const auto free_ones = static_cast<u64>(std::count(s.is.begin(), s.is.end(), ObjectIs::free));
  if (free_ones != l.num - s.inuse) return concat("inuse is ", s.inuse, ", but ", free_ones, " objects are free");
  // The books name each free object once.
  std::vector<bool> seen(l.num);
  u64 named = 0;
  const auto name = [&](u16 o) {
    if (o >= l.num || seen[o] || s.is[o] != ObjectIs::free) return false;
    seen[o] = true;
    ++named;
    return true;
  };
  if (is_chain()) {
    for (u16 o = s.free; o != end_of_chain; o = s.index[o])
      if (!name(o)) return concat("the chain has object ", o, ", which is not free, or stands in it twice");
  } else {
    for (u32 i = s.inuse; i < l.num; ++i)
      if (!name(s.index[i]))
        return concat("index ", i, " is object ", s.index[i], ", which is not free, or named twice");
  }
  if (named != free_ones) return concat(free_ones, " objects are free, the books name ", named);
  if (l.books == BooksPlace::in_object && s.inuse < l.num && (s.holder >= l.num || s.is[s.holder] != ObjectIs::free))
    return "the object that holds the indexes is not free";
  if ((l.books == BooksPlace::off_slab) != (s.books.v != 0)) return "its books lie in the wrong place";
  if (s.books.v != 0) {
    const ObjectAt o = object_at(s.books);
    if (!o.exact || slabs_[o.slab].is[o.object] != ObjectIs::used)
      return "its books lie in no object that is given out";
  }
  const u64 end = (u64{1} << (l.order + machine_.layout.page_shift)) + (s.pfn.v << machine_.layout.page_shift);
  const u64 tail = l.books == BooksPlace::on_slab && !is_chain() ? l.books_size : 0;
  if (address_of(s, l.num).v + tail > end) return "its objects reach beyond its pages";
  return {};
}

std::string SlabHeap::verify_cache(u32 cache) const {
  const OldCache &c = caches_[cache];
  for (std::size_t nid = 0; nid < c.nodes.size(); ++nid) {
    const SlabNodeLists &n = c.nodes[nid];
    u64 free_objects = 0;
    for (const OldSlabList list : {OldSlabList::full, OldSlabList::partial, OldSlabList::free}) {
      u32 before = nobody, length = 0;
      for (u32 i = n.head[static_cast<std::size_t>(list)]; i != nobody; before = i, i = slabs_[i].next) {
        const OldSlab &s = slabs_[i];
        if (s.prev != before || s.list != list || s.cache != cache || s.nid != static_cast<i32>(nid))
          return concat("a list is broken at page ", s.pfn.v);
        const bool fits = list == OldSlabList::full   ? s.inuse == c.layout.num
                          : list == OldSlabList::free ? s.inuse == 0
                                                      : s.inuse != 0 && s.inuse < c.layout.num;
        if (!fits) return concat("the slab at page ", s.pfn.v, " is on the wrong list: inuse is ", s.inuse);
        free_objects += c.layout.num - s.inuse;
        ++length;
      }
      if (n.tail[static_cast<std::size_t>(list)] != before || n.length[static_cast<std::size_t>(list)] != length)
        return "a list's tail or length is wrong";
    }
    if (free_objects != n.free_objects) return concat("free_objects is ", n.free_objects, ", not ", free_objects);
  }
  return {};
}

std::string SlabHeap::verify() const {
  if (rules_ == nullptr) return {};
  u64 before = 0, listed = 0, there = 0;
  for (const auto &[pfn, i] : by_page_) {
    const OldSlab &s = slabs_[i];
    if (pfn < before || s.pfn.v != pfn) return concat("slabs overlap at page ", pfn);
    before = pfn + (u64{1} << caches_[s.cache].layout.order);
    if (!caches_[s.cache].alive) return concat("the slab at page ", pfn, " is of a cache that is gone");
    if (std::string why = verify_slab(s); !why.empty()) return concat(caches_[s.cache].name, ", page ", pfn, ": ", why);
    ++there;
  }
  std::vector<u64> waiting; // all that is in arrays
  for (const u32 cache : chain_) {
    const OldCache &c = caches_[cache];
    if (std::string why = verify_cache(cache); !why.empty()) return concat(c.name, ": ", why);
    const auto array = [&](const ArrayCache &a) {
      for (const u64 object : a.entry) {
        const ObjectAt o = object_at(phys_addr_t{object});
        if (!o.exact || slabs_[o.slab].cache != cache || slabs_[o.slab].is[o.object] != ObjectIs::waiting) return false;
        waiting.push_back(object);
      }
      return a.entry.size() <= a.limit;
    };
    for (const ArrayCache &a : c.cpus)
      if (!array(a)) return concat(c.name, ": a CPU's array is wrong");
    for (const SlabNodeLists &n : c.nodes) {
      if (!array(n.shared)) return concat(c.name, ": a shared array is wrong");
      for (const u32 length : n.length) listed += length;
    }
  }
  if (listed != there) return concat(there, " slabs, ", listed, " of them on lists");
  std::sort(waiting.begin(), waiting.end());
  if (std::adjacent_find(waiting.begin(), waiting.end()) != waiting.end()) return "an object waits in two arrays";
  u64 marked = 0;
  for_each_slab(
      [&](const OldSlab &s) { marked += static_cast<u64>(std::count(s.is.begin(), s.is.end(), ObjectIs::waiting)); });
  return marked == waiting.size() ? std::string() : "an object waits in no array";
}

} // namespace mmscope
