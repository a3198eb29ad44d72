// The way of a request, rule by rule (FINDINGS 18-20, 07-buddy 7.7-7.9): zones, watermarks, the slow path's decisions,
// many pages and exact ones, references.
#include "support/small_pages.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace mmscope;
using namespace mmscope::test;

namespace {

constexpr gfp_t user = gfp::USER | gfp::MOVABLE;

void mark(PageAlloc &pa, u64 min, u64 low, u64 high, unsigned zid = zone_dma32, i32 nid = 0) {
  pa.set_zone(nullptr, nid, zid, zone_field::min, min);
  pa.set_zone(nullptr, nid, zid, zone_field::low, low);
  pa.set_zone(nullptr, nid, zid, zone_field::high, high);
}
// Zones DMA32 [0, 64) and Normal [64, 128), no CPUs: straight from the lists.
PageAlloc two_zones() { return small_pages({{0, 64}, {64, 64, zone_normal}}, 0); }
// Everything of that order that `gfp` may have.
u64 drain(PageAlloc &pa, u64 order, gfp_t gfp) {
  u64 n = 0;
  while (pa.alloc_pages(nullptr, {.gfp = gfp, .order = order_t{order}})) ++n;
  return n;
}
AllocFailure why(const Trace &t) {
  const Event *e = last(t, EventKind::lab_alloc_step);
  REQUIRE(e);
  REQUIRE(e->f[0] == static_cast<u64>(AllocStep::fails));
  return static_cast<AllocFailure>(e->f[1]);
}

} // namespace

TEST_CASE("alloc_pages: the zone bits choose the highest zone, the walk goes down from there") {
  PageAlloc pa = small_pages({{0, 32, 0}, {32, 32}, {64, 32, zone_normal}, {96, 32, zone_movable}}, 0);
  const auto zone = [&](gfp_t gfp) { return unsigned{pa.page(*pa.alloc_pages(nullptr, {.gfp = gfp})).zone}; };
  CHECK(zone(gfp::KERNEL) == zone_normal);
  CHECK(zone(gfp::KERNEL | gfp::DMA) == 0);
  CHECK(zone(gfp::KERNEL | gfp::DMA32) == zone_dma32);
  CHECK(zone(gfp::HIGHUSER) == zone_normal);
  CHECK(zone(user) == zone_normal); // movable alone does not lead to ZONE_MOVABLE
  CHECK(zone(gfp::HIGHUSER_MOVABLE) == zone_movable);
  // bits that do not go together: refused without an attempt
  Trace t;
  CHECK_FALSE(pa.alloc_pages(&t, {.gfp = gfp::KERNEL | gfp::DMA | gfp::DMA32}));
  CHECK(why(t) == AllocFailure::no_usable_zone);
  CHECK(count(t, EventKind::lab_attempt) == 0);
  CHECK_FALSE(pa.alloc_pages(nullptr, {.gfp = gfp::KERNEL | gfp::MOVABLE | gfp::RECLAIMABLE}));
  CHECK_FALSE(pa.alloc_pages(nullptr, {.gfp = gfp::KERNEL, .order = order_t{6}}));
}

TEST_CASE("alloc_pages: free pages must exceed mark and reserve, one page decides") {
  for (u64 free : {u64{30}, u64{31}}) {
    PageAlloc pa = small_pages({{0, 64}}, 0);
    mark(pa, 0, 20, 40);
    pa.set_zone(nullptr, 0, zone_dma32, lowmem_reserve_for(zone_normal), 10);
    for (u64 i = 64; i > free; --i) pa.alloc_pages(nullptr, {.gfp = gfp::KERNEL | gfp::MEMALLOC}); // past every mark
    Trace t;
    CHECK(pa.alloc_pages(&t, {.gfp = user}).has_value());
    const bool first = count(t, EventKind::lab_alloc_step) == 0;
    CAPTURE(free);
    CHECK(first == (free > 30));
    const Event *e = nullptr;
    for (const Event &x : t.events())
      if (e == nullptr && x.kind == EventKind::lab_zone_check) e = &x;
    REQUIRE(e);
    CHECK(e->f[2] == free);
    CHECK(e->f[4] == 20);
    CHECK(e->f[6] == 10);
  }
}

TEST_CASE("alloc_pages: lowmem_reserve counts for the zone that the request could have had") {
  PageAlloc pa = two_zones();
  pa.set_zone(nullptr, 0, zone_dma32, lowmem_reserve_for(zone_normal), 64);
  CHECK(drain(pa, 0, gfp::NOWAIT) == 64); // Normal's, and nothing of DMA32's
  CHECK(drain(pa, 0, gfp::NOWAIT | gfp::DMA32) == 64);
}

TEST_CASE("alloc_pages: for order > 0 a block that large must be there") {
  PageAlloc pa = small_pages({{0, 64}}, 0);
  std::vector<pfn_t> all;
  while (const auto p = pa.alloc_pages(nullptr, {.gfp = user})) all.push_back(*p);
  CHECK(all.size() == 64); // the last one exceeds a mark of 0
  for (const pfn_t p : all)
    if (p.v % 4 == 1) pa.free_pages(nullptr, p, order_t{}, 0);
  CHECK(pa.zone_of(0, zone_dma32).free_pages() == 16);
  Trace t;
  CHECK_FALSE(pa.alloc_pages(&t, {.gfp = gfp::NOWAIT, .order = order_t{1}}));
  const Event *e = last(t, EventKind::lab_zone_check);
  REQUIRE(e);
  CHECK(e->f[7] == static_cast<u64>(WatermarkVerdict::no_block));
  CHECK(e->f[3] == 15); // 16 - (2^1 - 1)
  CHECK(why(t) == AllocFailure::no_direct_reclaim);
}

TEST_CASE("alloc_pages: the check sees the counter, which may lag behind the lists") {
  PageAlloc pa = small_pages({{0, 64}}, 2);
  pa.set_zone(nullptr, 0, zone_dma32, zone_field::stat_threshold, 100);
  mark(pa, 0, 60, 62);
  // 8 pages are gone, but the counter says 64: the low watermark is passed once more
  for (u64 i = 0; i < 8; ++i) CHECK(pa.alloc_pages(nullptr, {.gfp = user}));
  Trace t;
  CHECK(pa.alloc_pages(&t, {.gfp = user}));
  CHECK(steps(t) == "");
  pa.refresh_cpu_vm_stats(nullptr, 0);
  t.clear();
  CHECK(pa.alloc_pages(&t, {.gfp = user}));
  CHECK(steps(t) == "slow_path wake_kswapd");
}

TEST_CASE("alloc_pages: what a CPU's list has must pass the zone's watermark all the same") {
  PageAlloc pa = small_pages({{0, 64}}, 1);
  CHECK(pa.alloc_pages(nullptr, {.gfp = user}));
  CHECK(cpu_lists(pa) == "0M: 1 2 3");
  mark(pa, 60, 60, 60); // 60 free, not more
  CHECK_FALSE(pa.alloc_pages(nullptr, {.gfp = gfp::NOWAIT | gfp::MOVABLE}));
  CHECK(cpu_lists(pa) == "0M: 1 2 3");
}

TEST_CASE("alloc_pages: who is in need may go below min: half, three eighths, nothing at all") {
  struct Row {
    gfp_t gfp;
    u64 left; // pages that stay
  };
  // min 64: 65 must be there; __GFP_HIGH: half; atomic: three eighths; __GFP_MEMALLOC: the last one
  for (const Row &r : {Row{gfp::NOWAIT, 64}, Row{gfp::KERNEL | gfp::HIGH | gfp::NORETRY, 32}, Row{gfp::ATOMIC, 24},
                       Row{gfp::NOWAIT | gfp::NOMEMALLOC, 64}, Row{gfp::KERNEL | gfp::MEMALLOC, 0},
                       Row{gfp::KERNEL | gfp::MEMALLOC | gfp::NOMEMALLOC | gfp::NORETRY, 64}}) {
    PageAlloc pa = small_pages({{0, 128}}, 0);
    mark(pa, 64, 80, 96);
    drain(pa, 0, r.gfp);
    CAPTURE(gfp_text(r.gfp));
    CHECK(pa.zone_of(0, zone_dma32).free_pages() == r.left);
  }
}

TEST_CASE("alloc_pages: one page for an atomic request is not held back by a boost") {
  PageAlloc pa = small_pages({{0, 128}}, 0);
  mark(pa, 64, 80, 96);
  pa.set_zone(nullptr, 0, zone_dma32, zone_field::watermark_boost, 400);
  CHECK(drain(pa, 0, gfp::NOWAIT) == 0);
  CHECK(drain(pa, 1, gfp::ATOMIC) == 0);
  Trace t;
  CHECK(pa.alloc_pages(&t, {.gfp = gfp::ATOMIC}));
  CHECK(last(t, EventKind::lab_zone_check)->f[4] == 64); // the mark without the boost
}

TEST_CASE("alloc_pages: nodes in their fallback order, THISNODE only its own, far before mixed") {
  PageAlloc pa = small_pages({{0, 64}, {64, 64, zone_dma32, 1}, {128, 64, zone_dma32, 2}}, 0);
  const auto node = [&](i32 nid, gfp_t gfp) {
    const auto p = pa.alloc_pages(nullptr, {.gfp = gfp, .order = order_t{5}, .nid = nid});
    return p ? pa.page(*p).nid : no_node;
  };
  CHECK(node(1, user) == 1);
  CHECK(node(1, user | gfp::THISNODE | gfp::NORETRY) == 1);
  CHECK(node(1, user | gfp::THISNODE | gfp::NORETRY) == no_node);
  CHECK(node(1, user) == 2);
  CHECK(node(1, user) == 2);
  CHECK(node(1, user) == 0);
}

TEST_CASE("alloc_pages: without a node a request begins at its CPU's") {
  PageAlloc pa = small_pages({{0, 64}, {64, 64, zone_dma32, 1}}, 2);
  CHECK(pa.page(*pa.alloc_pages(nullptr, {.gfp = user, .cpu = 0})).nid == 0);
  CHECK(pa.page(*pa.alloc_pages(nullptr, {.gfp = user, .cpu = 1})).nid == 1);
  CHECK(pa.page(*pa.alloc_pages(nullptr, {.gfp = user, .nid = 0, .cpu = 1})).nid == 0);
}

TEST_CASE("alloc_pages: near and mixed before far and unmixed") {
  // node 0 has Normal with movable halves only, node 1 whole blocks: the unmovable request stays near
  PageAlloc pa = small_pages({{0, 32}, {32, 32, zone_normal}, {64, 64, zone_normal, 1}}, 0);
  CHECK(pa.alloc_pages(nullptr, {.gfp = user, .order = order_t{4}}) == pfn_t{32});
  CHECK(pa.alloc_pages(nullptr, {.gfp = user, .order = order_t{3}}) == pfn_t{48});
  for (u64 order : {u64{4}, u64{3}}) pa.alloc_pages(nullptr, {.gfp = user | gfp::DMA32, .order = order_t{order}});
  CHECK(pa.alloc_pages(nullptr, {.gfp = gfp::KERNEL}) == pfn_t{56});
}

TEST_CASE("alloc_pages: a compound page has one head, its mark goes with it") {
  PageAlloc pa = small_pages({{0, 64}});
  const pfn_t p = *pa.alloc_pages(nullptr, {.gfp = gfp::KERNEL | gfp::COMP, .order = order_t{2}});
  const auto b = pa.block(p + 3);
  REQUIRE(b);
  CHECK(b->pfn == p);
  CHECK(b->order == order_t{2});
  CHECK(b->refcount == 1);
  CHECK(b->is(BlockUse::compound));
  const pfn_t single = *pa.alloc_pages(nullptr, {.gfp = gfp::KERNEL | gfp::COMP});
  CHECK_FALSE(pa.block(single)->is(BlockUse::compound)); // one page is none
  pa.free_pages(nullptr, p, order_t{2}, 0);
  CHECK_FALSE(pa.block(p));
  CHECK(pa.verify(false) == "");
}

TEST_CASE("references: a block goes back with the last one") {
  PageAlloc pa = small_pages({{0, 64}});
  for (gfp_t comp : {gfp_t{0}, gfp::COMP}) {
    const u64 order = comp != 0 ? 2 : 0;
    const pfn_t p = *pa.alloc_pages(nullptr, {.gfp = gfp::KERNEL | comp, .order = order_t{order}});
    pa.get_page(nullptr, p);
    CHECK(pa.block(p)->refcount == 2);
    Trace t;
    pa.free_pages(&t, p, order_t{order}, 0);
    CHECK(count(t, EventKind::mm_page_free) == 0);
    CHECK(pa.block(p)->refcount == 1);
    pa.free_pages(&t, p, order_t{order}, 0);
    CHECK(count(t, EventKind::mm_page_free) == 1);
    CHECK_FALSE(pa.block(p));
  }
}

TEST_CASE("references: a block that is no compound page and is held once more loses its tails") {
  // order 3 at 8: freed while somebody holds 8: blocks 12 (order 2), 10 (order 1), 9 (order 0) go, 8 stays
  PageAlloc pa = small_pages({{0, 64}}, 0);
  while (true) {
    const pfn_t p = *pa.alloc_pages(nullptr, {.gfp = user, .order = order_t{3}});
    if (p.v == 8) break;
  }
  pa.get_page(nullptr, pfn_t{8});
  Trace t;
  pa.free_pages(&t, pfn_t{8}, order_t{3}, 0);
  std::string freed;
  for (const Event &e : t.events())
    if (e.kind == EventKind::mm_page_free) append(freed, ' ', e.f[0], '@', e.f[1]);
  CHECK(freed == " 12@2 10@1 9@0");
  CHECK(pa.block(pfn_t{8})->order == order_t{0});
  CHECK(pa.block(pfn_t{8})->refcount == 1);
  CHECK_FALSE(pa.block(pfn_t{9}));
  pa.free_pages(nullptr, pfn_t{8}, order_t{}, 0);
  CHECK(pa.free_head(pfn_t{8})->order == order_t{3});
}

TEST_CASE("split_page: single pages, each with the block's references, freed one by one") {
  PageAlloc pa = small_pages({{0, 64}}, 0);
  const pfn_t p = *pa.alloc_pages(nullptr, {.gfp = user, .order = order_t{2}});
  pa.get_page(nullptr, p);
  pa.split_page(nullptr, p);
  for (u64 i = 0; i < 4; ++i) {
    const auto b = pa.block(p + i);
    REQUIRE(b);
    CHECK(b->pfn == p + i);
    CHECK(b->order == order_t{0});
    CHECK(b->refcount == 2);
    CHECK(b->is(BlockUse::movable));
  }
  for (u64 round = 0; round < 2; ++round)
    for (u64 i = 0; i < 4; ++i) pa.free_pages(nullptr, p + i, order_t{}, 0);
  CHECK(lists(pa) == "5M: 0 32");
}

TEST_CASE("alloc_pages_exact: the block of the next order, its rest freed at once to the tail") {
  // 5 pages: order 3 at 0, split; 5, 6, 7 go back: 5 alone, then 6 and 7 to one block; compound is left out
  PageAlloc pa = small_pages({{0, 64}});
  Trace t;
  const pfn_t p = *pa.alloc_pages_exact(&t, {.gfp = user | gfp::COMP}, 5);
  CHECK(p == pfn_t{0});
  CHECK(lists(pa) == "0M: 5 | 1M: 6 | 4M: 16 | 5M: 32");
  CHECK(cpu_lists(pa) == "3M: 8"); // the refill's second block
  CHECK(count(t, EventKind::mm_page_free) == 3);
  for (u64 i = 0; i < 5; ++i) CHECK(pa.block(pfn_t{i})->order == order_t{0});
  CHECK_FALSE(pa.block(pfn_t{5}));
  CHECK(pa.alloc_pages_exact(nullptr, {.gfp = user}, 1));
  CHECK_FALSE(pa.alloc_pages_exact(nullptr, {.gfp = user}, 33)); // more than the largest block
  CHECK(pa.verify(false) == "");
}

TEST_CASE("alloc_pages_bulk: pages of the CPU's list, refilled as often as needed, in their order") {
  PageAlloc pa = small_pages({{0, 64}});
  Trace t;
  const auto got = pa.alloc_pages_bulk(&t, {.gfp = user}, 6);
  CHECK(got == std::vector<pfn_t>{pfn_t{0}, pfn_t{1}, pfn_t{2}, pfn_t{3}, pfn_t{4}, pfn_t{5}});
  CHECK(count(t, EventKind::lab_pcp_refill) == 2);
  CHECK(count(t, EventKind::mm_page_alloc) == 0); // it has no tracepoint
  CHECK(cpu_lists(pa) == "0M: 6 7");
  for (const pfn_t p : got) CHECK(pa.block(p)->is(BlockUse::movable));
}

TEST_CASE("alloc_pages_bulk: the watermark is checked once, with room for all of them") {
  for (u64 nr : {u64{9}, u64{10}}) {
    PageAlloc pa = small_pages({{0, 64}});
    mark(pa, 0, 54, 60);
    Trace t;
    const auto got = pa.alloc_pages_bulk(&t, {.gfp = user}, nr);
    CAPTURE(nr);
    CHECK(got.size() == (nr == 9 ? 9 : 1)); // 64 must exceed 54 + nr; else one page by the usual way
    CHECK(count(t, EventKind::mm_page_alloc) == (nr == 9 ? 0 : 1));
  }
}

TEST_CASE("alloc_pages_bulk: the reserve is that against the preferred zone, not against the highest") {
  // HIGHUSER_MOVABLE may have ZONE_MOVABLE, which is empty: DMA32 is preferred
  PageAlloc pa = small_pages({{0, 64}});
  pa.set_zone(nullptr, 0, zone_dma32, lowmem_reserve_for(zone_movable), 64);
  CHECK(pa.alloc_pages_bulk(nullptr, {.gfp = gfp::HIGHUSER_MOVABLE}, 4).size() == 4);
  pa.set_zone(nullptr, 0, zone_dma32, lowmem_reserve_for(zone_dma32), 64);
  CHECK(pa.alloc_pages_bulk(nullptr, {.gfp = gfp::NOWAIT | gfp::HIGHMEM | gfp::MOVABLE}, 4).empty());
}

TEST_CASE("alloc_pages_bulk: another zone of the node, but no other node") {
  PageAlloc pa = small_pages({{0, 64}, {64, 64, zone_normal}, {128, 64, zone_normal, 1}});
  mark(pa, 0, 64, 64, zone_normal, 0);
  const auto got = pa.alloc_pages_bulk(nullptr, {.gfp = user}, 3);
  CHECK(got == std::vector<pfn_t>{pfn_t{0}, pfn_t{1}, pfn_t{2}});
  mark(pa, 0, 64, 64, zone_dma32, 0);
  CHECK(pa.alloc_pages_bulk(nullptr, {.gfp = user}, 3).size() == 1); // node 1 would have them
  CHECK(pa.alloc_pages_bulk(nullptr, {.gfp = user}, 0).empty());
}

// --- the slow path's decisions ---

TEST_CASE("slow path: who cannot wait is refused at once") {
  PageAlloc pa = small_pages({{0, 64}}, 0);
  mark(pa, 200, 200, 200);
  Trace t;
  CHECK_FALSE(pa.alloc_pages(&t, {.gfp = gfp::NOWAIT}));
  CHECK(steps(t) == "slow_path wake_kswapd fails=1");
  CHECK(pa.node(0).kswapd_awake == 1);
  t.clear();
  CHECK_FALSE(pa.alloc_pages(&t, {.gfp = gfp::HIGH | gfp::ATOMIC_BIT | gfp::NOMEMALLOC, .order = order_t{5}}));
  CHECK(steps(t) == "slow_path fails=1"); // no __GFP_KSWAPD_RECLAIM: nobody is woken
}

TEST_CASE("slow path: the decisions in their order, one flag each") {
  struct Row {
    gfp_t gfp;
    u64 order;
    AllocFailure why;
    std::string_view way;
  };
  const Row rows[] = {
      {gfp::KERNEL | gfp::NORETRY, 0, AllocFailure::noretry, "slow_path direct_reclaim fails=2"},
      {gfp::KERNEL, 4, AllocFailure::costly, "slow_path direct_compact direct_reclaim direct_compact fails=3"},
      {gfp::KERNEL | gfp::NORETRY, 4, AllocFailure::noretry, "slow_path direct_compact fails=2"}, // compaction skipped
      {gfp::KERNEL | gfp::RETRY_MAYFAIL, 4, AllocFailure::reclaim_failed,
       "slow_path direct_compact direct_reclaim direct_compact no_oom fails=4"},
      {gfp::KERNEL | gfp::RETRY_MAYFAIL, 0, AllocFailure::reclaim_failed, "slow_path direct_reclaim no_oom=1 fails=4"},
      {gfp::KERNEL | gfp::THISNODE, 0, AllocFailure::reclaim_failed, "slow_path direct_reclaim no_oom=2 fails=4"},
      {gfp::KERNEL | gfp::DMA32, 0, AllocFailure::reclaim_failed, "slow_path direct_reclaim no_oom=3 fails=4"},
      {gfp::KERNEL, 0, AllocFailure::oom, "slow_path direct_reclaim oom fails=5"},
      {gfp::KERNEL, 2, AllocFailure::oom, "slow_path direct_compact direct_reclaim direct_compact oom fails=5"},
      {gfp::USER | gfp::MOVABLE, 2, AllocFailure::oom, "slow_path direct_reclaim direct_compact oom fails=5"},
      {gfp::KERNEL | gfp::NOFAIL, 0, AllocFailure::oom, "slow_path direct_reclaim oom nofail fails=5"},
      {gfp::DIRECT_RECLAIM | gfp::MEMALLOC, 5, AllocFailure::costly, "slow_path direct_reclaim direct_compact fails=3"},
  };
  for (const Row &r : rows) {
    PageAlloc pa = small_pages({{0, 64}, {64, 64, zone_normal}}, 0);
    drain(pa, 0, gfp::KERNEL | gfp::MEMALLOC | gfp::NORETRY);
    for (unsigned z : {zone_dma32, zone_normal}) mark(pa, 4, 8, 12, z);
    pa.set_node(nullptr, 0, node_field::kswapd_awake, 9); // so that its waking does not show
    Trace t;
    CAPTURE(gfp_text(r.gfp));
    CAPTURE(r.order);
    CHECK_FALSE(pa.alloc_pages(&t, {.gfp = r.gfp, .order = order_t{r.order}}));
    CHECK(steps(t) == r.way);
    CHECK(why(t) == r.why);
    const Event *e = last(t, EventKind::mm_page_alloc);
    REQUIRE(e);
    CHECK(e->f[0] == 0); // refused
  }
}

TEST_CASE("slow path: compaction is skipped without room, and has nothing to do it with where there is") {
  PageAlloc pa = small_pages({{0, 64}}, 0);
  std::vector<pfn_t> all;
  while (const auto p = pa.alloc_pages(nullptr, {.gfp = user | gfp::MEMALLOC | gfp::NORETRY})) all.push_back(*p);
  for (const pfn_t p : all)
    if (p.v % 2 == 1) pa.free_pages(nullptr, p, order_t{}, 0); // 32 pages, no two beside each other
  const auto compact = [&](u64 order) {
    Trace t;
    CHECK_FALSE(pa.alloc_pages(&t, {.gfp = gfp::KERNEL | gfp::NORETRY, .order = order_t{order}}));
    for (const Event &e : t.events())
      if (e.kind == EventKind::lab_alloc_step && e.f[0] == static_cast<u64>(AllocStep::direct_compact))
        return static_cast<CompactResult>(e.f[1]);
    return CompactResult::not_suitable;
  };
  CHECK(compact(3) == CompactResult::fragmented); // 32 pages above 2 << 3
  CHECK(compact(4) == CompactResult::skipped);    // not above 2 << 4
}

TEST_CASE("slow path: NOFAIL gets half of min before it would wait for ever") {
  PageAlloc pa = small_pages({{0, 128}, {128, 32, zone_normal}}, 0);
  mark(pa, 64, 80, 96);
  mark(pa, 32, 32, 32, zone_normal);
  drain(pa, 0, gfp::NOWAIT);
  CHECK(pa.zone_of(0, zone_dma32).free_pages() == 64);
  Trace t;
  CHECK(pa.alloc_pages(&t, {.gfp = gfp::KERNEL | gfp::NOFAIL}));
  CHECK(steps(t) == "slow_path direct_reclaim oom nofail");
}

TEST_CASE("slow path: before a kill, one attempt at the high watermark") {
  PageAlloc pa = small_pages({{0, 64}, {64, 64, zone_normal}}, 0);
  for (unsigned z : {zone_dma32, zone_normal}) mark(pa, 64, 64, 64, z);
  Trace t;
  CHECK_FALSE(pa.alloc_pages(&t, {.gfp = gfp::KERNEL}));
  const Event *e = last(t, EventKind::lab_attempt);
  REQUIRE(e);
  CHECK(e->f[4] == (alloc_flag::WMARK_HIGH | alloc_flag::CPUSET));
  CHECK((e->f[0] & gfp::DIRECT_RECLAIM) == 0);
}

TEST_CASE("slow path: the last highatomic pageblock is given up before a kill") {
  PageAlloc pa = small_pages({{0, 128}}, 0);
  drain(pa, 5, gfp::KERNEL | gfp::MEMALLOC | gfp::NORETRY);
  pa.set_pageblocks(nullptr, pfn_t{0}, 16, migratetype::HIGHATOMIC);
  pa.set_zone(nullptr, 0, zone_dma32, zone_field::nr_reserved_highatomic, 16);
  pa.set_block(nullptr, {pfn_t{0}, order_t{5}, 0, 0});
  pa.free_one(nullptr, pfn_t{0}, order_t{4}, FreeTo::head);
  mark(pa, 4, 8, 12);
  Trace t;
  CHECK(pa.alloc_pages(&t, {.gfp = gfp::KERNEL}) == pfn_t{0});
  CHECK(steps(t) == "slow_path direct_reclaim unreserve retry=1");
  CHECK(pa.zone_of(0, zone_dma32).nr_reserved_highatomic == 0);
  CHECK(pa.pageblock(pfn_t{0}) == migratetype::UNMOVABLE);
}
