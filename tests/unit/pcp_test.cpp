// The CPUs' page lists, rule by rule (FINDINGS 1-11): expected lists stand in the sentences.
#include "support/small_pages.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace mmscope;
using namespace mmscope::test;

namespace {

constexpr gfp_t user = gfp::HIGHUSER_MOVABLE & ~gfp::HIGHMEM; // movable, up to Normal

pfn_t take(PageAlloc &pa, u64 order, gfp_t gfp = gfp::KERNEL, u32 cpu = 0, Trace *t = nullptr) {
  const auto pfn = pa.alloc_pages(t, {.gfp = gfp, .order = order_t{order}, .cpu = cpu});
  REQUIRE(pfn);
  return *pfn;
}
// So many pages of order 0, in the order given.
std::vector<pfn_t> take_many(PageAlloc &pa, u64 n, gfp_t gfp = user) {
  std::vector<pfn_t> v;
  for (u64 i = 0; i < n; ++i) v.push_back(take(pa, 0, gfp));
  return v;
}
u64 factor(const PageAlloc &pa, u32 cpu = 0) { return pa.zone_of(0, zone_dma32).pcp[cpu].free_factor; }
u64 pcp_pages(const PageAlloc &pa, u32 cpu = 0) { return pa.zone_of(0, zone_dma32).pcp[cpu].count; }

} // namespace

TEST_CASE("pcp: 14 lists: three types of orders 0 to 3 and two of a pageblock") {
  PageAlloc pa = small_pages({{0, 64}});
  CHECK(pa.pcp_lists() == 14);
  CHECK(pa.pcp_index(order_t{0}, migratetype::UNMOVABLE) == 0);
  CHECK(pa.pcp_index(order_t{1}, migratetype::MOVABLE) == 4);
  CHECK(pa.pcp_index(order_t{3}, migratetype::RECLAIMABLE) == 11);
  CHECK(pa.pcp_index(order_t{4}, migratetype::RECLAIMABLE) == 12); // not movable
  CHECK(pa.pcp_index(order_t{4}, migratetype::MOVABLE) == 13);
  CHECK(pa.pcp_allowed(order_t{4}));
  CHECK_FALSE(pa.pcp_allowed(order_t{5}));
  BuddyRules rules = small_rules();
  rules.thp = false;
  CHECK(PageAlloc(rules).pcp_lists() == 12);
  CHECK_FALSE(PageAlloc(rules).pcp_allowed(order_t{4}));
}

TEST_CASE("pcp: a real pageblock's orders 4 to 8 and 10 go past the lists") {
  BuddyRules rules; // max order 10, pageblock order 9
  PageAlloc pa = small_pages({{0, 4096}}, 1, rules, 63, 10000);
  for (u64 order = 0; order <= 10; ++order) {
    const pfn_t p = take(pa, order, user);
    const u64 before = pcp_pages(pa);
    pa.free_pages(nullptr, p, order_t{order}, 0);
    CAPTURE(order);
    CHECK((pcp_pages(pa) == before + (u64{1} << order)) == (order <= 3 || order == 9));
  }
  CHECK(pa.verify() == "");
}

TEST_CASE("pcp: an empty list is refilled by a batch, and the first block found is the first one used") {
  // batch 4: [0 32] is split down for 0, then 1, 2, 3 follow: appended at the tail, the head goes to the caller
  PageAlloc pa = small_pages({{0, 64}});
  Trace t;
  CHECK(take(pa, 0, user, 0, &t) == pfn_t{0});
  CHECK(cpu_lists(pa) == "0M: 1 2 3");
  CHECK(lists(pa) == "2M: 4 | 3M: 8 | 4M: 16 | 5M: 32");
  const Event *refill = last(t, EventKind::lab_pcp_refill);
  REQUIRE(refill);
  CHECK(refill->f[5] == 4); // asked
  CHECK(refill->f[6] == 4); // got
  CHECK(take_many(pa, 3) == std::vector<pfn_t>{pfn_t{1}, pfn_t{2}, pfn_t{3}});
  CHECK(cpu_lists(pa) == "");
  CHECK(pa.verify() == "");
}

TEST_CASE("pcp: a refill of order k asks for batch >> k blocks, and at least 2") {
  struct Row {
    u64 batch, order, asked;
  };
  for (const Row &r : {Row{63, 0, 63}, Row{63, 1, 31}, Row{63, 3, 7}, Row{4, 1, 2}, Row{4, 3, 2}, Row{63, 4, 3},
                       Row{2, 3, 2}, Row{1, 0, 1}, Row{1, 3, 1}, Row{1, 4, 1}}) {
    PageAlloc pa = small_pages({{0, 256}}, 1, small_rules(), r.batch, 1000);
    Trace t;
    take(pa, r.order, user, 0, &t);
    CAPTURE(r.batch);
    CAPTURE(r.order);
    CHECK(last(t, EventKind::lab_pcp_refill)->f[5] == r.asked);
    CHECK(pcp_pages(pa) == (r.asked - 1) << r.order);
  }
}

TEST_CASE("pcp: a short refill is fine") {
  PageAlloc pa = small_pages({{0, 32}}, 1, small_rules(), 63, 1000);
  Trace t;
  take(pa, 3, user, 0, &t); // 7 asked, 4 there
  CHECK(last(t, EventKind::lab_pcp_refill)->f[6] == 4);
  CHECK(cpu_lists(pa) == "3M: 8 16 24");
  CHECK(lists(pa) == "");
}

TEST_CASE("pcp: a freed block goes to the head of the list of its pageblock's type") {
  PageAlloc pa = small_pages({{0, 64}});
  const auto p = take_many(pa, 4);
  pa.free_pages(nullptr, p[1], order_t{}, 0);
  pa.free_pages(nullptr, p[3], order_t{}, 0);
  CHECK(cpu_lists(pa) == "0M: 3 1");
  CHECK(pa.page(pfn_t{3}).state == PageState::pcp);
  CHECK(pa.page(pfn_t{2}).state == PageState::allocated);
  CHECK(take(pa, 0, user) == pfn_t{3}); // last in, first out
}

TEST_CASE("pcp: what the boot gives back goes onto the list page by page, and a batch at a time to the free lists") {
  PageAlloc pa(small_rules());
  pa.init_node(nullptr, 0, pfn_t{0}, 64, 64, phys_addr_t{});
  pa.init_zone(nullptr, 0, zone_dma32, pfn_t{0}, 64, 64);
  pa.set_pages(nullptr, pfn_t{0}, 64, PageState::reserved, 0, zone_dma32);
  pa.set_pageblocks(nullptr, pfn_t{0}, 64, migratetype::MOVABLE);
  pa.set_zone(nullptr, 0, zone_dma32, zone_field::managed, 0);
  pa.free_reserved(nullptr, pfn_t{32}, 32); // no lists yet: straight to the free lists
  CHECK(lists(pa) == "5M: 32");
  pa.set_cpu_node(nullptr, 0, 0);
  pa.setup_per_cpu_pageset(nullptr);
  pa.set_zone(nullptr, 0, zone_dma32, zone_field::pcp_batch, 4);
  pa.set_zone(nullptr, 0, zone_dma32, zone_field::pcp_high, 16);

  // 0…15 fill the list: 4 drain. 16…19 fill it again: 8 drain, as no request came between. 20…23 stay with the rest.
  PageAlloc mid = pa;
  Trace t;
  pa.free_reserved(&t, pfn_t{0}, 24);
  CHECK(cpu_lists(pa) == "0M: 23 22 21 20 19 18 17 16 15 14 13 12");
  CHECK(lists(pa) == "2M: 8 | 3M: 0 | 5M: 32");
  CHECK(factor(pa) == 2);
  CHECK(pa.zone_of(0, zone_dma32).managed_pages == 56);
  CHECK(pa.page(pfn_t{24}).state == PageState::reserved);
  CHECK(pa.verify() == "");

  // On the way: each page is reserved until it is its turn.
  for (const Event &e : t.events()) {
    mid.fold(e);
    if (e.kind == EventKind::lab_pcp_drain) break;
  }
  CHECK(pcp_pages(mid) == 16);
  CHECK(mid.page(pfn_t{15}).state == PageState::pcp);
  CHECK(mid.page(pfn_t{16}).state == PageState::reserved);
}

TEST_CASE("pcp: highatomic and CMA pages wait on the movable list and remember where they belong") {
  for (const auto &[type, letter] : {std::pair{migratetype::HIGHATOMIC, "0M: 0H"}, {migratetype::CMA, "0M: 0C"}}) {
    PageAlloc pa = small_pages({{0, 64}});
    const auto p = take_many(pa, 4);
    pa.set_pageblocks(nullptr, pfn_t{0}, 16, type);
    pa.free_pages(nullptr, p[0], order_t{}, 0);
    CHECK(cpu_lists(pa) == letter);
    pa.drain_pages_zone(nullptr, 0, zone_dma32, 0);
    CHECK(pa.free_head(pfn_t{0})->list == type);
  }
}

TEST_CASE("pcp: an isolated page does not wait on a CPU's list") {
  PageAlloc pa = small_pages({{0, 64}});
  const auto p = take_many(pa, 4);
  pa.set_pageblocks(nullptr, pfn_t{0}, 16, migratetype::ISOLATE);
  pa.free_pages(nullptr, p[0], order_t{}, 0);
  CHECK(cpu_lists(pa) == "");
  CHECK(pa.free_head(pfn_t{0})->list == migratetype::ISOLATE);
  // in a list of pages it goes at once, before the others are committed
  PageAlloc two = small_pages({{0, 64}});
  const auto q = take_many(two, 4);
  two.set_pageblocks(nullptr, pfn_t{0}, 16, migratetype::ISOLATE);
  const pfn_t far = pfn_t{20};
  two.list_del(nullptr, 0, zone_dma32, order_t{4}, migratetype::MOVABLE, pfn_t{16});
  const pfn_t pages[] = {far, q[1]};
  Trace t;
  two.free_pages_list(&t, pages, 0);
  CHECK(count(t, EventKind::mm_page_free_batched) == 1);
  CHECK(cpu_lists(two) == "0M: 20");
  CHECK(two.free_head(pfn_t{1})->list == migratetype::ISOLATE);
}

TEST_CASE("pcp: a page remembers the type it was prepared with, whatever happens to its pageblock later") {
  PageAlloc pa = small_pages({{0, 64}});
  const auto p = take_many(pa, 1);
  const migratetype type = pa.free_prepare(nullptr, p[0], order_t{});
  pa.set_pageblocks(nullptr, pfn_t{0}, 16, migratetype::UNMOVABLE);
  pa.free_commit(nullptr, p[0], order_t{}, type, 0);
  CHECK(cpu_lists(pa) == "0M: 0 1 2 3");
  pa.drain_pages_zone(nullptr, 0, zone_dma32, 0);
  CHECK(lists(pa).find('U') == std::string::npos); // to the list it remembers, not its pageblock's
  CHECK(pa.verify(false) == "");
}

TEST_CASE("pcp: when high is reached the tails go back, a batch at first") {
  // high 16, batch 4: at 16 pages `batch << 0` = 4 go, oldest first
  PageAlloc pa = small_pages({{0, 256}});
  const auto p = take_many(pa, 16); // four refills, nothing left over
  CHECK(cpu_lists(pa) == "");
  for (u64 i = 0; i < 15; ++i) pa.free_pages(nullptr, p[i], order_t{}, 0);
  CHECK(pcp_pages(pa) == 15);
  Trace t;
  pa.free_pages(&t, p[15], order_t{}, 0);
  CHECK(pcp_pages(pa) == 12);
  CHECK(cpu_lists(pa) == "0M: 15 14 13 12 11 10 9 8 7 6 5 4");
  std::string drained;
  for (const Event &e : t.events())
    if (e.kind == EventKind::mm_page_pcpu_drain) append(drained, ' ', e.f[0]);
  CHECK(drained == " 0 1 2 3");
  CHECK(factor(pa) == 1);
}

TEST_CASE("pcp: every further drain is twice as large until high minus batch, and an allocation halves it") {
  PageAlloc pa = small_pages({{0, 1024}}, 1, small_rules(), 4, 64);
  const auto p = take_many(pa, 256);
  std::vector<u64> amounts;
  Trace t;
  for (const pfn_t x : p) {
    t.clear();
    pa.free_pages(&t, x, order_t{}, 0);
    if (const Event *e = last(t, EventKind::lab_pcp_drain)) amounts.push_back(e->f[4]);
  }
  // 4 8 16 32, then 64 is clamped to high - batch = 60: the factor stops when the amount reaches that
  REQUIRE(amounts.size() >= 6);
  CHECK(std::vector<u64>(amounts.begin(), amounts.begin() + 6) == std::vector<u64>{4, 8, 16, 32, 60, 60});
  CHECK(factor(pa) == 4);
  take(pa, 0, user); // from a list that is not empty: halved all the same
  CHECK(factor(pa) == 2);
  take(pa, 0, user);
  take(pa, 0, user);
  CHECK(factor(pa) == 0);
}

TEST_CASE("pcp: the factor goes no higher than 5") {
  PageAlloc pa = small_pages({{0, 8192}}, 1, small_rules(), 4, 2000);
  std::vector<pfn_t> p = take_many(pa, 6000);
  for (const pfn_t x : p) pa.free_pages(nullptr, x, order_t{}, 0);
  CHECK(factor(pa) == 5);
}

TEST_CASE("pcp: the bulk allocator leaves the factor alone") {
  PageAlloc pa = small_pages({{0, 256}});
  pa.set_pcp(nullptr, 0, zone_dma32, 0, pcp_field::free_factor, 4);
  CHECK(pa.alloc_pages_bulk(nullptr, {.gfp = user}, 3).size() == 3);
  CHECK(factor(pa) == 4);
  take(pa, 0, user);
  CHECK(factor(pa) == 2);
}

TEST_CASE("pcp: freeing order 1 to 3 while the factor is not 0 empties every list") {
  for (u64 order = 0; order <= 4; ++order) {
    PageAlloc pa = small_pages({{0, 256}}, 1, small_rules(), 4, 200);
    const pfn_t big = take(pa, order, user);
    take(pa, 0, gfp::KERNEL);
    pa.set_pcp(nullptr, 0, zone_dma32, 0, pcp_field::free_factor, 3);
    CHECK(pcp_pages(pa) > 0);
    pa.free_pages(nullptr, big, order_t{order}, 0);
    CAPTURE(order);
    CHECK((pcp_pages(pa) == 0) == (order >= 1 && order <= 3));
  }
}

TEST_CASE("pcp: with high below batch one page goes at a time") {
  PageAlloc pa = small_pages({{0, 256}}, 1, small_rules(), 8, 4);
  const auto p = take_many(pa, 8);
  for (u64 i = 0; i < 4; ++i) pa.free_pages(nullptr, p[i], order_t{}, 0);
  CHECK(cpu_lists(pa) == "0M: 3 2 1");
  CHECK(factor(pa) == 0);
}

TEST_CASE("pcp: while kswapd works no more than four batches are kept") {
  PageAlloc pa = small_pages({{0, 256}}, 1, small_rules(), 4, 100);
  const auto p = take_many(pa, 20);
  pa.set_zone(nullptr, 0, zone_dma32, zone_field::reclaim_active, 1);
  for (u64 i = 0; i < 15; ++i) pa.free_pages(nullptr, p[i], order_t{}, 0);
  CHECK(pcp_pages(pa) == 15);
  pa.free_pages(nullptr, p[15], order_t{}, 0);
  CHECK(pcp_pages(pa) == 12); // 16 = 4 * 4 reached: a batch goes
}

TEST_CASE("pcp: a drain begins with the list just freed to, empties it, then goes on round") {
  // lists 0U: a b c (index 0), 0M: d (index 1), 0R: e f (index 2); 5 pages, beginning at 0M: d, then 0R's, then 0U's tail
  PageAlloc pa = small_pages({{0, 256}}, 1, small_rules(), 1, 6);
  std::vector<pfn_t> p = take_many(pa, 6, gfp::KERNEL); // all of one pageblock
  const auto put = [&](u64 i, migratetype type) { pa.free_commit(nullptr, p[i], order_t{}, type, 0); };
  for (u64 i = 0; i < 6; ++i) pa.free_prepare(nullptr, p[i], order_t{});
  for (u64 i = 0; i < 3; ++i) put(i, migratetype::UNMOVABLE);
  put(3, migratetype::RECLAIMABLE);
  put(4, migratetype::RECLAIMABLE);
  pa.set_pcp(nullptr, 0, zone_dma32, 0, pcp_field::free_factor, 5); // 1 << 5, clamped to high - batch = 5
  Trace t;
  pa.free_commit(&t, p[5], order_t{}, migratetype::MOVABLE, 0);
  std::string drained;
  for (const Event &e : t.events())
    if (e.kind == EventKind::mm_page_pcpu_drain) append(drained, ' ', e.f[0] - p[0].v);
  CHECK(drained == " 5 3 4 0 1");
  CHECK(cpu_lists(pa) == concat("0U: ", p[2].v));
}

TEST_CASE("pcp: a block of higher order may overshoot the amount") {
  PageAlloc pa = small_pages({{0, 256}}, 1, small_rules(), 4, 12);
  const pfn_t a = take(pa, 3, user), b = take(pa, 3, user); // 2 blocks refilled, both taken
  pa.free_pages(nullptr, a, order_t{3}, 0);
  Trace t;
  pa.free_pages(&t, b, order_t{3}, 0); // 16 >= 12: 4 pages asked, a block of 8 goes
  CHECK(last(t, EventKind::lab_pcp_drain)->f[3] == 4);
  CHECK(pcp_pages(pa) == 8);
}

TEST_CASE("pcp: an explicit drain begins with list 0, portion by portion") {
  PageAlloc pa = small_pages({{0, 1024}}, 1, small_rules(), 2, 1000);
  std::vector<pfn_t> p = take_many(pa, 100);
  for (const pfn_t x : p) pa.free_pages(nullptr, x, order_t{}, 0);
  take(pa, 0, gfp::KERNEL);
  const u64 all = pcp_pages(pa);
  Trace t;
  pa.drain_pages_zone(&t, 0, zone_dma32, 0);
  CHECK(pcp_pages(pa) == 0);
  CHECK(count(t, EventKind::lab_pcp_drain) == (all + 63) / 64); // batch << 5
  const Event *first = nullptr;
  for (const Event &e : t.events())
    if (first == nullptr && e.kind == EventKind::mm_page_pcpu_drain) first = &e;
  CHECK(first->f[2] == static_cast<u64>(migratetype::UNMOVABLE));
  CHECK(pa.verify(false) == "");
}

TEST_CASE("pcp: a request that finds the CPU's list locked goes to the free lists") {
  PageAlloc pa = small_pages({{0, 64}});
  take(pa, 0, user);
  CHECK(cpu_lists(pa) == "0M: 1 2 3");
  AllocAttempt a = *pa.first_attempt({.gfp = user});
  a.pcp_locked = true;
  CHECK(pa.get_page_from_freelist(nullptr, a) == pfn_t{4});
  CHECK(cpu_lists(pa) == "0M: 1 2 3");
  CHECK(pa.bulk_from_pcp(nullptr, a, 2).empty());
  pa.free_to_buddy(nullptr, pfn_t{4}, order_t{}, migratetype::MOVABLE, 0);
  CHECK(lists(pa) == "2M: 4 | 3M: 8 | 4M: 16 | 5M: 32");
}

TEST_CASE("pcp: a list of pages is prepared whole, then committed in its order, with drains in the middle") {
  PageAlloc pa = small_pages({{0, 256}}, 1, small_rules(), 2, 4);
  const auto p = take_many(pa, 6);
  Trace t;
  pa.free_pages_list(&t, p, 0);
  std::string order;
  for (const Event &e : t.events()) {
    if (e.kind == EventKind::mm_page_free) append(order, 'p', e.f[0]);
    if (e.kind == EventKind::mm_page_free_batched) append(order, 'b', e.f[0]);
    if (e.kind == EventKind::mm_page_pcpu_drain) append(order, 'd', e.f[0]);
  }
  CHECK(order == "p0p1p2p3p4p5b0b1b2b3d0d1b4b5d2d3");
  CHECK(cpu_lists(pa) == "0M: 5 4");
}

TEST_CASE("pcp: CPUs have lists of their own, and drain_all_pages empties all of them") {
  PageAlloc pa = small_pages({{0, 256}}, 4);
  CHECK(take(pa, 0, user, 0) == pfn_t{0});
  CHECK(take(pa, 0, user, 3) == pfn_t{4});
  CHECK(take(pa, 0, user, 1) == pfn_t{8});
  CHECK(cpu_lists(pa, 0) == "0M: 1 2 3");
  CHECK(cpu_lists(pa, 1) == "0M: 9 10 11");
  CHECK(cpu_lists(pa, 2) == "");
  CHECK(cpu_lists(pa, 3) == "0M: 5 6 7");
  pa.free_pages(nullptr, pfn_t{8}, order_t{}, 0); // by another CPU: to its list
  CHECK(cpu_lists(pa, 0) == "0M: 8 1 2 3");
  pa.drain_all_pages(nullptr);
  for (u32 cpu = 0; cpu < 4; ++cpu) CHECK(cpu_lists(pa, cpu) == "");
  CHECK(pa.verify() == "");
}

TEST_CASE("pcp: before there are CPUs every request goes to the free lists") {
  PageAlloc pa = small_pages({{0, 64}}, 0);
  CHECK(take(pa, 0, user) == pfn_t{0});
  CHECK(lists(pa) == "0M: 1 | 1M: 2 | 2M: 4 | 3M: 8 | 4M: 16 | 5M: 32");
  CHECK(pa.alloc_pages_bulk(nullptr, {.gfp = user}, 3) == std::vector<pfn_t>{pfn_t{1}}); // no list: one page
  pa.free_pages(nullptr, pfn_t{0}, order_t{}, 0);
  pa.free_pages(nullptr, pfn_t{1}, order_t{}, 0);
  CHECK(lists(pa) == "5M: 0 32");
}

TEST_CASE("pcp: the zone's counter hears of a change when the CPU's difference exceeds the threshold") {
  PageAlloc pa = small_pages({{0, 256}}, 2, small_rules(), 4, 100);
  pa.set_zone(nullptr, 0, zone_dma32, zone_field::stat_threshold, 5);
  const zone &z = pa.zone_of(0, zone_dma32);
  const auto p = take_many(pa, 1); // refill of 4: one change of -4
  CHECK(z.free_pages() == 252);
  CHECK(z.pcp[0].stat_diff == -4);
  CHECK(z.vm_stat_free_pages() == 256);
  take_many(pa, 4); // the next refill: -8 exceeds 5
  CHECK(z.pcp[0].stat_diff == 0);
  CHECK(z.vm_stat_free_pages() == 248);
  take(pa, 0, user, 1); // another CPU has its own
  CHECK(z.pcp[1].stat_diff == -4);
  CHECK(z.vm_stat_free_pages() == 248);
  pa.refresh_cpu_vm_stats(nullptr, 1);
  CHECK(z.vm_stat_free_pages() == 244);
  CHECK(z.stat_drift == 0);
  pa.free_to_buddy(nullptr, p[0], order_t{}, pa.free_prepare(nullptr, p[0], order_t{}), 0);
  CHECK(z.pcp[0].stat_diff == 1); // a block freed: + its pages
}

TEST_CASE("pcp: batch, high and threshold follow from the zone and the CPUs") {
  struct Row {
    u64 managed, low;
    u32 cpus;
    u64 batch, high, threshold;
  };
  // 16 MiB, 148 MiB, 256 MiB, 512 MiB, 1 GiB, 4 GiB less a little, as recorded and as §6.8 says
  for (const Row &r :
       {Row{3840, 81, 1, 1, 81, 2}, Row{37888, 500, 1, 7, 500, 4}, Row{65536, 800, 1, 15, 800, 6},
        Row{131072, 1000, 1, 31, 1000, 8}, Row{262144, 2000, 1, 63, 2000, 10}, Row{752348, 15962, 2, 63, 7981, 24},
        Row{239237, 5075, 2, 63, 2537, 16}, Row{3840, 81, 2, 1, 40, 4}, Row{262144, 100, 64, 63, 252, 70}}) {
    PageAlloc pa(BuddyRules{});
    pa.init_node(nullptr, 0, pfn_t{}, 1 << 20, 1 << 20, phys_addr_t{});
    pa.init_zone(nullptr, 0, zone_dma32, pfn_t{}, 1 << 20, 1 << 20);
    pa.set_zone(nullptr, 0, zone_dma32, zone_field::managed, r.managed);
    pa.set_zone(nullptr, 0, zone_dma32, zone_field::low, r.low);
    for (u32 cpu = 0; cpu < r.cpus; ++cpu) pa.set_cpu_node(nullptr, cpu, 0);
    pa.setup_per_cpu_pageset(nullptr);
    const zone &z = pa.zone_of(0, zone_dma32);
    CAPTURE(r.managed);
    CAPTURE(r.cpus);
    CHECK(z.pcp.size() == r.cpus);
    CHECK(z.pcp_batch == r.batch);
    CHECK(z.pcp_high == r.high);
    CHECK(z.stat_threshold == r.threshold);
  }
}

TEST_CASE("pcp: a node without CPUs shares its high among all of them") {
  PageAlloc pa = small_pages({{0, 64}, {64, 64, zone_dma32, 1}}, 0);
  for (i32 n = 0; n < 2; ++n) pa.set_zone(nullptr, n, zone_dma32, zone_field::low, 120);
  for (u32 cpu = 0; cpu < 3; ++cpu) pa.set_cpu_node(nullptr, cpu, 0);
  pa.setup_per_cpu_pageset(nullptr);
  CHECK(pa.zone_of(0, zone_dma32).pcp_high == 40);
  CHECK(pa.zone_of(1, zone_dma32).pcp_high == 40);
}
