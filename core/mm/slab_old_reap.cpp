// Slabs that go back: kmem_cache_shrink, kmem_cache_reap (2.4), cache_reap (2.6 and later).
#include "mm/slab_old.hpp"

#include "base/check.hpp"

#include <algorithm>

namespace mmscope {

// An array's oldest objects go back to their slabs.
void SlabHeap::drain(const SlabHeapEnv &e, const ArrayAt &a, i32 nid, u64 count) {
  if (count != 0) free_block(e, a.cache, nid, cut(e.t, a, 0, count));
}

// drain_array: an array that was idle since the last time loses a fifth of what it may hold.
void SlabHeap::drain_part(const SlabHeapEnv &e, const ArrayAt &a, i32 nid) {
  const u64 there = array(a).entry.size();
  if (there == 0) return;
  if (array(a).touched) {
    touch(e.t, a, false);
    return;
  }
  const u64 fifth = (array(a).limit + u64{4}) / 5;
  drain(e, a, nid, fifth > there ? (there + 1) / 2 : fifth);
}

u64 SlabHeap::drain_freelist(const SlabHeapEnv &e, u32 cache, i32 nid, u64 most) {
  u64 count = 0;
  for (; count < most; ++count) {
    const u32 last = lists_of(cache, nid).tail[static_cast<std::size_t>(OldSlabList::free)];
    if (last == nobody) break;
    give_back(e, last);
  }
  return count;
}

u64 SlabHeap::shrink(const SlabHeapEnv &e, u32 cache) {
  Call call(e.t, "kmem_cache_shrink", {}, {cache});
  for (u32 cpu = 0; cpu < machine_.cpu_node.size(); ++cpu) {
    const ArrayAt a{cache, false, cpu};
    drain(e, a, node_of_cpu(cpu), array(a).entry.size());
  }
  u64 count = 0;
  for (i32 nid = 0; nid < nodes(); ++nid) {
    const ArrayAt a{cache, true, static_cast<u32>(nid)};
    drain(e, a, nid, array(a).entry.size());
    count += drain_freelist(e, cache, nid, ~u64{0});
  }
  call.result(count);
  return count;
}

u64 SlabHeap::reap(const SlabHeapEnv &e, bool lists) {
  Call call(e.t, rules_->nodes ? "cache_reap" : "kmem_cache_reap", {}, {lists ? u64{1} : u64{0}});
  const u64 pages = rules_->nodes ? reap_timer(e, lists) : reap_one(e);
  call.result(pages);
  return pages;
}

// kmem_cache_reap: a hand goes round the caches, looks at ten of them, and half of the free slabs of the one that has
// most pages in them go.
u64 SlabHeap::reap_one(const SlabHeapEnv &e) {
  constexpr unsigned scan_length = 10; // REAP_SCANLEN
  constexpr u64 perfect = 10;          // REAP_PERFECT: pages that end the search
  auto at = static_cast<std::size_t>(std::find(chain_.begin(), chain_.end(), static_cast<u32>(get(heap_field::clock))) -
                                     chain_.begin());
  MM_CHECK(at < chain_.size());
  const std::size_t begin = at;
  u32 best = nobody;
  u64 best_pages = 0;
  for (unsigned i = 0; i < scan_length; ++i) {
    const u32 cache = chain_[at];
    const OldCache &c = caches_[cache];
    at = (at + 1) % chain_.size();
    bool done = false;
    if (c.no_reap) {
    } else if (c.get(old_cache_field::grown) != 0) {
      set_cache(e.t, cache, old_cache_field::grown, 0); // it has grown since the last look: spared this time
    } else {
      for (u32 cpu = 0; cpu < machine_.cpu_node.size(); ++cpu)
        drain(e, {cache, false, cpu}, 0, caches_[cache].cpus[cpu].entry.size());
      u64 pages = u64{lists_of(cache, 0).length[static_cast<std::size_t>(OldSlabList::free)]} << c.layout.order;
      if (c.shape.ctor) pages = (pages * 4 + 1) / 5;
      if (c.layout.order != 0) pages = (pages * 4 + 1) / 5;
      emit(e.t, EventKind::lab_oldslab_reap, {cache, pages, best_pages});
      if (pages > best_pages) {
        best = cache;
        best_pages = pages;
        done = pages >= perfect;
      }
    }
    if (done || at == begin) break;
  }
  set(e.t, heap_field::clock, chain_[at]);
  if (best == nobody) return 0;
  const u64 half = (lists_of(best, 0).length[static_cast<std::size_t>(OldSlabList::free)] + u64{1}) / 2;
  return drain_freelist(e, best, 0, half) << caches_[best].layout.order;
}

// cache_reap, of the CPU that asks
u64 SlabHeap::reap_timer(const SlabHeapEnv &e, bool lists) {
  const i32 nid = node_of_cpu(e.cpu);
  u64 pages = 0;
  for (const u32 cache : std::vector<u32>(chain_)) {
    drain_part(e, {cache, false, e.cpu}, nid);
    if (!lists) continue;
    drain_part(e, {cache, true, static_cast<u32>(nid)}, nid);
    const SlabNodeLists &n = lists_of(cache, nid);
    if (n.get(old_node_field::free_touched) != 0) {
      set_node(e.t, cache, nid, old_node_field::free_touched, 0);
      continue;
    }
    const u32 num = caches_[cache].layout.num;
    const u64 most = (n.get(old_node_field::free_limit) + u64{5} * num - 1) / (u64{5} * num);
    pages += drain_freelist(e, cache, nid, most) << caches_[cache].layout.order;
  }
  return pages;
}

} // namespace mmscope
