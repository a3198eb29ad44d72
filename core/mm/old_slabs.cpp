#include "mm/old_slabs.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "mm/old_mem.hpp"
#include "mm/pair_alloc.hpp"

#include <algorithm>

namespace mmscope {

// --- pages ---

std::optional<pfn_t> SystemPages::get(Trace *t, const PageWish &w) {
  // No slab lies in high memory.
  if (pairs_) return pair_alloc_pages(s_.pair_zones, t, w.gfp & ~gfp::HIGHMEM, w.order);
  PageRequest r{.gfp = w.gfp, .order = w.order, .nid = w.nid, .cpu = w.cpu < s_.pages.cpus() ? w.cpu : 0};
  if (w.order.v != 0) r.gfp |= gfp::COMP;
  if (w.order.v > s_.pages.rules().max_order.v) return std::nullopt;
  const std::optional<pfn_t> pfn = s_.pages.alloc_pages(t, r);
  if (!pfn || !w.slab) return pfn;
  std::optional<BlockInfo> b = s_.pages.block(*pfn);
  b->use |= static_cast<u32>(BlockUse::slab);
  s_.pages.set_block(t, *b);
  return pfn;
}

void SystemPages::give(Trace *t, pfn_t pfn, order_t order, u32 cpu) {
  if (pairs_) {
    pair_zone_of(s_, pfn)->free_pages_ok(t, pfn, order);
    return;
  }
  std::optional<BlockInfo> b = s_.pages.block(pfn);
  MM_CHECK(b && b->pfn == pfn);
  if (b->is(BlockUse::slab)) {
    b->use &= ~static_cast<u32>(BlockUse::slab);
    s_.pages.set_block(t, *b);
  }
  s_.pages.free_pages(t, pfn, order, cpu < s_.pages.cpus() ? cpu : 0);
}

i32 SystemPages::node_of(pfn_t pfn) const { return pairs_ ? 0 : s_.pages.page(pfn).nid; }
std::vector<i32> SystemPages::nodes_from(i32 nid) const {
  if (pairs_) return {0};
  return s_.pages.nodes()[static_cast<std::size_t>(nid)].fallback;
}

// --- begin ---

std::string why_no_pages(const System &s) {
  if (!s.pair_zones.empty()) return {};
  if (s.get(vm_field::totalram_pages) != 0) return {};
  return "there are no pages to stand on yet: memblock_free_all has not run, and pair_buddy_init has made no zone";
}

void slab_init(System &s, Trace *t, const SlabRules &rules, u32 cpus, u32 cache_line) {
  MM_CHECK(why_no_pages(s).empty());
  SlabHeapMachine m;
  m.pairs = !s.pair_zones.empty();
  u64 pages = 0;
  if (m.pairs)
    for (const PairZone &z : s.pair_zones) pages += z.rules().pages;
  else
    pages = s.get(vm_field::totalram_pages);
  const u64 line = s.config.cache_line != 0 ? s.config.cache_line : s.arch->cache_line;
  m.layout = {.page_shift = s.arch->page_shift,
              .word = static_cast<u32>(s.arch->word),
              .cache_line = cache_line != 0 ? cache_line : static_cast<u32>(line),
              .max_order = m.pairs ? s.pair_zones[0].rules().orders - 1 : static_cast<u32>(s.config.max_order),
              .more_than_32M = pages > (u64{32} << 20) >> s.arch->page_shift,
              .zone_dma = m.pairs ? s.pair_zones.size() > 1
                                  : std::any_of(s.arch->zones.begin(), s.arch->zones.end(),
                                                [](const ZoneRow &z) { return z.name == "DMA"; })};
  if (cpus == 0) cpus = static_cast<u32>(std::max<u64>(s.get(vm_field::nr_cpus), 1));
  m.cpu_node.assign(cpus, 0);
  if (!m.pairs) {
    m.nr_nodes = static_cast<u32>(std::max<std::size_t>(s.pages.nodes().size(), 1));
    for (u32 cpu = 0; cpu < cpus && cpu < s.pages.cpus(); ++cpu) m.cpu_node[cpu] = s.pages.cpu_node(cpu);
  }
  SystemPages source(s, m.pairs);
  SlabHeap &heap = s.old_slabs.edit().slab.emplace();
  heap.boot({source, t}, rules, m);
}

void slob_init(System &s, Trace *t, bool natural_align) {
  MM_CHECK(why_no_pages(s).empty());
  s.old_slabs.edit().slob.emplace(
      t, SlobRules{.page_shift = s.arch->page_shift, .natural_align = natural_align, .pairs = !s.pair_zones.empty()});
}

// --- state ---

bool fold_old_slabs(System &s, const Event &e, const Trace &texts) {
  if (e.kind == EventKind::lab_oldslab_setup) s.old_slabs.edit().slab.emplace();
  if (e.kind == EventKind::lab_slob_setup) {
    s.old_slabs.edit().slob.emplace(nullptr, SlobRules{.page_shift = static_cast<unsigned>(e.f[0]),
                                                       .min_align = static_cast<u32>(e.f[1]),
                                                       .natural_align = e.f[2] != 0,
                                                       .pairs = e.f[3] != 0});
    return true;
  }
  OldSlabs &o = s.old_slabs.edit();
  return (o.slab && o.slab->fold(e, texts)) || (o.slob && o.slob->fold(e));
}

void add_old_slabs_to(const System &s, Digest &d) {
  const OldSlabs &o = *s.old_slabs.get();
  d.add(o.slab ? 1 : 0).add(o.slob ? 1 : 0);
  if (o.slab) o.slab->add_to(d);
  if (o.slob) o.slob->add_to(d);
}

std::string verify_old_slabs(const System &s) {
  const OldSlabs &o = *s.old_slabs.get();
  // No page of theirs is free to others.
  std::string why;
  const auto check = [&](pfn_t pfn, u64 pages, bool pairs) {
    for (u64 i = 0; i < pages && why.empty(); ++i) {
      if (!pairs) {
        if (s.pages.page(pfn + i).state != PageState::allocated)
          why = concat("page ", (pfn + i).v, " is not allocated");
        continue;
      }
      for (const PairZone &z : s.pair_zones)
        if (z.containing(pfn + i)) why = concat("page ", (pfn + i).v, " is free in zone ", z.id());
    }
  };
  if (o.slab) {
    o.slab->for_each_slab([&](const OldSlab &slab) {
      check(slab.pfn, u64{1} << o.slab->caches()[slab.cache].layout.order, o.slab->machine().pairs);
    });
    if (why.empty()) why = o.slab->verify();
    if (!why.empty()) return "SLAB: " + why;
  }
  if (o.slob) {
    for (const auto &[page, p] : o.slob->pages()) check(pfn_t{page}, 1, o.slob->rules().pairs);
    for (const auto &[page, order] : o.slob->large()) check(pfn_t{page}, u64{1} << order, o.slob->rules().pairs);
    if (why.empty()) why = o.slob->verify();
    if (!why.empty()) return "SLOB: " + why;
  }
  return {};
}

u64 old_slabs_bytes(const System &s) {
  const OldSlabs &o = *s.old_slabs.get();
  u64 n = sizeof(OldSlabs);
  if (o.slab) {
    for (const OldCache &c : o.slab->caches())
      n += sizeof c + c.nodes.size() * sizeof(SlabNodeLists) + c.cpus.size() * 1024;
    o.slab->for_each_slab([&](const OldSlab &slab) { n += sizeof slab + 64 + slab.is.size() * 3; });
  }
  if (o.slob)
    for (const auto &[page, p] : o.slob->pages()) n += sizeof p + 64 + p.free.size() * 8 + p.given.size() * 48;
  return n;
}

} // namespace mmscope
