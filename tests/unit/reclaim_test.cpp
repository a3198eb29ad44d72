// Reclaim as the allocator sees it: who wakes kswapd, when it is done, what direct reclaim and its retries do.
#include "support/small_pages.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using namespace mmscope;
using namespace mmscope::test;

namespace {

constexpr gfp_t user = gfp::USER | gfp::MOVABLE;

void mark(PageAlloc &pa, u64 min, u64 low, u64 high, unsigned zid = zone_dma32) {
  pa.set_zone(nullptr, 0, zid, zone_field::min, min);
  pa.set_zone(nullptr, 0, zid, zone_field::low, low);
  pa.set_zone(nullptr, 0, zid, zone_field::high, high);
}
// 128 pages, no CPUs, all taken page by page; those for which `lru` holds may be reclaimed, in the order of their pfn.
template <class Fn> PageAlloc full(Fn &&lru, std::initializer_list<SmallZone> zones = {{0, 128}}) {
  PageAlloc pa = small_pages(zones, 0);
  std::vector<pfn_t> all;
  while (const auto p = pa.alloc_pages(nullptr, {.gfp = user | gfp::MEMALLOC | gfp::NORETRY})) all.push_back(*p);
  std::sort(all.begin(), all.end());
  for (const pfn_t p : all)
    if (lru(p.v)) pa.lru_add(nullptr, p);
  pa.set_node(nullptr, 0, node_field::kswapd_awake, 0);
  pa.set_node(nullptr, 0, node_field::kswapd_highest_zoneidx, 0);
  return pa;
}
u64 free_pages(const PageAlloc &pa, unsigned zid = zone_dma32) { return pa.zone_of(0, zid).free_pages(); }

} // namespace

TEST_CASE("lru: a block joins at the end, leaves from anywhere, and a free takes it off") {
  PageAlloc pa = full([](u64 p) { return p < 4; });
  std::string order;
  const auto list = [&] {
    order.clear();
    pa.for_each_lru(0, [&](pfn_t p) { append(order, ' ', p.v); });
    return order;
  };
  CHECK(list() == " 0 1 2 3");
  CHECK(pa.block(pfn_t{2})->lru);
  pa.lru_del(nullptr, pfn_t{1});
  CHECK_FALSE(pa.block(pfn_t{1})->lru);
  CHECK(pa.block(pfn_t{1})->refcount == 1);
  pa.lru_add(nullptr, pfn_t{1});
  CHECK(list() == " 0 2 3 1");
  pa.free_pages(nullptr, pfn_t{2}, order_t{}, 0);
  CHECK(list() == " 0 3 1");
  CHECK(pa.reclaimable_pages(0, zone_dma32) == 3);
  CHECK(pa.node(0).lru.nr == 3);
  CHECK(pa.verify() == "");
}

TEST_CASE("kswapd: balanced when one zone is above its high watermark") {
  PageAlloc pa = small_pages({{0, 64}, {64, 64, zone_normal}}, 0);
  mark(pa, 0, 0, 63);
  mark(pa, 0, 0, 1000, zone_normal);
  CHECK(pa.pgdat_balanced(0, order_t{0}, zone_normal));       // DMA32: 64 > 63
  CHECK_FALSE(pa.pgdat_balanced(0, order_t{1}, zone_normal)); // 64 - 1 is not
  mark(pa, 0, 0, 64);
  CHECK_FALSE(pa.pgdat_balanced(0, order_t{0}, zone_normal));
  mark(pa, 0, 0, 63, zone_normal);
  CHECK(pa.pgdat_balanced(0, order_t{0}, zone_normal));
  CHECK_FALSE(pa.pgdat_balanced(0, order_t{0}, zone_dma32)); // Normal does not count for it
}

TEST_CASE("kswapd: is woken when nothing is balanced, or boosted, and has not given up") {
  PageAlloc pa = small_pages({{0, 64}}, 0);
  mark(pa, 0, 0, 10);
  CHECK_FALSE(pa.wakeup_kswapd(nullptr, 0, zone_dma32, order_t{0}, zone_dma32));   // balanced
  CHECK_FALSE(pa.wakeup_kswapd(nullptr, 0, zone_normal, order_t{0}, zone_normal)); // an empty zone wakes nobody
  pa.set_zone(nullptr, 0, zone_dma32, zone_field::watermark_boost, 1);
  Trace t;
  CHECK(pa.wakeup_kswapd(&t, 0, zone_dma32, order_t{2}, zone_dma32)); // balanced, but boosted
  CHECK(count(t, EventKind::mm_vmscan_kswapd_wake) == 1);
  CHECK(pa.node(0).kswapd_awake == 3);
  CHECK(pa.node(0).kswapd_highest_zoneidx == zone_dma32);
  // awake: it hears of more, not of less
  CHECK_FALSE(pa.wakeup_kswapd(nullptr, 0, zone_dma32, order_t{3}, zone_normal));
  CHECK_FALSE(pa.wakeup_kswapd(nullptr, 0, zone_dma32, order_t{1}, zone_dma32));
  CHECK(pa.node(0).kswapd_awake == 4);
  CHECK(pa.node(0).kswapd_highest_zoneidx == zone_normal);
  pa.balance_pgdat(nullptr, 0, 0);
  mark(pa, 0, 0, 100);
  pa.set_node(nullptr, 0, node_field::kswapd_failures, 16);
  CHECK_FALSE(pa.wakeup_kswapd(nullptr, 0, zone_dma32, order_t{0}, zone_dma32)); // hopeless
  pa.set_node(nullptr, 0, node_field::kswapd_failures, 15);
  CHECK(pa.wakeup_kswapd(nullptr, 0, zone_dma32, order_t{0}, zone_dma32));
}

TEST_CASE("kswapd: a request below the low watermark wakes it on every node of its list") {
  PageAlloc pa = small_pages({{0, 64}, {64, 64, zone_dma32, 1}}, 0);
  for (i32 n = 0; n < 2; ++n) {
    pa.set_zone(nullptr, n, zone_dma32, zone_field::low, 64);
    pa.set_zone(nullptr, n, zone_dma32, zone_field::high, 64);
  }
  CHECK(pa.alloc_pages(nullptr, {.gfp = user, .order = order_t{1}}));
  CHECK(pa.node(0).kswapd_awake == 2);
  CHECK(pa.node(1).kswapd_awake == 2);
}

TEST_CASE("kswapd: frees the oldest, 32 pages a round, until high is reached") {
  PageAlloc pa = full([](u64) { return true; });
  mark(pa, 10, 20, 40);
  CHECK(pa.balance_pgdat(nullptr, 0, 0) == 0); // asleep
  REQUIRE(pa.wakeup_kswapd(nullptr, 0, zone_dma32, order_t{0}, zone_dma32));
  Trace t;
  CHECK(pa.balance_pgdat(&t, 0, 0) == 64);
  CHECK(free_pages(pa) == 64);
  CHECK(count(t, EventKind::lab_reclaim) == 2);
  CHECK(pa.free_head(pfn_t{0}));
  CHECK_FALSE(pa.free_head(pfn_t{64}));
  CHECK(pa.node(0).kswapd_awake == 0);
  CHECK(count(t, EventKind::mm_vmscan_kswapd_sleep) == 1);
  CHECK(pa.zone_of(0, zone_dma32).reclaim_active == false);
  CHECK(pa.verify() == "");
}

TEST_CASE("kswapd: zones are reclaim active while it works, and the boost that it saw ends") {
  PageAlloc pa = full([](u64 p) { return p < 32; });
  mark(pa, 0, 0, 16);
  pa.set_zone(nullptr, 0, zone_dma32, zone_field::watermark_boost, 24);
  REQUIRE(pa.wakeup_kswapd(nullptr, 0, zone_dma32, order_t{0}, zone_dma32));
  Trace t;
  CHECK(pa.balance_pgdat(&t, 0, 0) == 32); // nothing more to have; 16 + 24 not reached
  std::string active;
  for (const Event &e : t.events())
    if (e.kind == EventKind::lab_zone_set && e.f[2] == static_cast<u64>(zone_field::reclaim_active))
      append(active, ' ', e.f[3]);
  CHECK(active == " 1 0");
  CHECK(pa.zone_of(0, zone_dma32).watermark_boost == 0);
  // a boost that came while it worked stays
  pa.set_zone(nullptr, 0, zone_dma32, zone_field::watermark_boost, 30);
  std::array<u64, max_zone_types> seen{};
  seen[zone_dma32] = 20;
  pa.end_boosts(nullptr, 0, seen);
  CHECK(pa.zone_of(0, zone_dma32).watermark_boost == 10);
}

TEST_CASE("kswapd: runs that free nothing are counted, and one that does ends the count") {
  PageAlloc pa = full([](u64) { return false; });
  mark(pa, 10, 20, 40);
  for (u64 i = 1; i <= 16; ++i) {
    REQUIRE(pa.wakeup_kswapd(nullptr, 0, zone_dma32, order_t{0}, zone_dma32));
    pa.balance_pgdat(nullptr, 0, 0);
    CHECK(pa.node(0).kswapd_failures == i);
  }
  CHECK_FALSE(pa.wakeup_kswapd(nullptr, 0, zone_dma32, order_t{0}, zone_dma32));
  pa.set_node(nullptr, 0, node_field::kswapd_failures, 3);
  for (u64 p = 0; p < 64; ++p) pa.lru_add(nullptr, pfn_t{p});
  REQUIRE(pa.wakeup_kswapd(nullptr, 0, zone_dma32, order_t{0}, zone_dma32));
  pa.balance_pgdat(nullptr, 0, 0);
  CHECK(pa.node(0).kswapd_failures == 0);
}

TEST_CASE("direct reclaim: 32 pages, then another attempt") {
  PageAlloc pa = full([](u64) { return true; });
  mark(pa, 8, 16, 24);
  Trace t;
  const auto p = pa.alloc_pages(&t, {.gfp = user});
  REQUIRE(p);
  CHECK(steps(t) == "slow_path wake_kswapd direct_reclaim=32");
  CHECK(free_pages(pa) == 31);
}

TEST_CASE("direct reclaim: what was freed may wait on CPUs' lists: all of them are drained, the reserve gives") {
  PageAlloc pa = small_pages({{0, 128}}, 2, small_rules(), 4, 100);
  std::vector<pfn_t> all;
  while (const auto p = pa.alloc_pages(nullptr, {.gfp = user | gfp::MEMALLOC | gfp::NORETRY})) all.push_back(*p);
  for (const pfn_t p : all) pa.lru_add(nullptr, p);
  mark(pa, 8, 16, 24);
  Trace t;
  // freed pages gather on CPU 0's list, below high = 100: only the drain brings them back
  CHECK(pa.alloc_pages(&t, {.gfp = user, .order = order_t{3}}));
  CHECK(steps(t) == "slow_path direct_reclaim=32 drain_all");
  CHECK(count(t, EventKind::mm_page_pcpu_drain) == 32);
  CHECK(cpu_lists(pa) == "3M: 8"); // refilled for this request
}

TEST_CASE("direct reclaim: only zones that the request may have") {
  PageAlloc pa = full([](u64 p) { return p >= 64; }, {{0, 64}, {64, 64, zone_normal}});
  for (unsigned z : {zone_dma32, zone_normal}) mark(pa, 4, 8, 12, z);
  Trace t;
  CHECK_FALSE(pa.alloc_pages(&t, {.gfp = user | gfp::DMA32 | gfp::NORETRY}));
  CHECK(free_pages(pa, zone_normal) == 0);
  CHECK(pa.alloc_pages(&t, {.gfp = user}));
  CHECK(free_pages(pa, zone_normal) == 31);
}

TEST_CASE("direct reclaim: more pages are no reason to go on when no list has a block that large") {
  // every second page is reclaimable, never two beside each other: one round of 32, then the watermark check of order 2
  // would still fail
  PageAlloc pa = full([](u64 p) { return p % 2 == 1; });
  mark(pa, 0, 0, 0);
  Trace t;
  CHECK_FALSE(pa.alloc_pages(&t, {.gfp = user, .order = order_t{2}}));
  CHECK(free_pages(pa) == 32);
  CHECK(pa.reclaimable_pages(0, zone_dma32) == 32);
  const std::string way = steps(t);
  CHECK(way.starts_with("slow_path wake_kswapd direct_reclaim=32 drain_all direct_compact"));
  CHECK(way.ends_with("oom fails=5"));
}

TEST_CASE("direct reclaim: a costly request that may fail tries at most 16 rounds") {
  // many blocks of order 0 free, far above the marks, none of order 4; there is always something to reclaim
  PageAlloc pa = full([](u64 p) { return p % 2 == 1; }, {{0, 4096}});
  mark(pa, 0, 0, 0);
  Trace t;
  CHECK_FALSE(pa.alloc_pages(&t, {.gfp = user | gfp::RETRY_MAYFAIL, .order = order_t{4}}));
  u64 rounds = 0;
  for (const Event &e : t.events())
    rounds += e.kind == EventKind::lab_alloc_step && e.f[0] == static_cast<u64>(AllocStep::direct_reclaim);
  CHECK(rounds <= 17);
  CHECK(last(t, EventKind::lab_alloc_step)->f[1] == static_cast<u64>(AllocFailure::reclaim_failed));
}

TEST_CASE("reclaim: a block that somebody else holds too leaves the list and stays") {
  PageAlloc pa = full([](u64 p) { return p < 2; });
  mark(pa, 10, 20, 40);
  pa.get_page(nullptr, pfn_t{0});
  REQUIRE(pa.wakeup_kswapd(nullptr, 0, zone_dma32, order_t{0}, zone_dma32));
  pa.balance_pgdat(nullptr, 0, 0);
  CHECK(pa.block(pfn_t{0})->refcount == 1);
  CHECK_FALSE(pa.block(pfn_t{0})->lru);
  CHECK_FALSE(pa.block(pfn_t{1}));
}
