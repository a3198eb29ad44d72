// The CPUs' page lists before blocks were kept on them (5.13): single pages by type (4.9, 5.10), all in one list (2.6.24),
// in one that is always filled up (2.6.11).
#include "base/prng.hpp"
#include "desc/era.hpp"
#include "support/small_pages.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <vector>

using namespace mmscope;
using namespace mmscope::test;

namespace {

constexpr gfp_t movable = gfp::HIGHUSER_MOVABLE & ~gfp::HIGHMEM, unmovable = gfp::KERNEL,
                reclaimable = gfp::KERNEL | gfp::RECLAIMABLE;

PageAlloc machine(PcpLists lists, u64 batch = 4, u64 high = 16, u64 pages = 64) {
  BuddyRules rules = small_rules();
  rules.pcp_lists = lists;
  return small_pages({{0, pages}}, 1, rules, batch, high);
}
pfn_t take(PageAlloc &pa, gfp_t gfp, Trace *t = nullptr) {
  const auto pfn = pa.alloc_pages(t, {.gfp = gfp, .order = order_t{}});
  REQUIRE(pfn);
  return *pfn;
}
std::vector<pfn_t> take_many(PageAlloc &pa, u64 n, gfp_t gfp = movable) {
  std::vector<pfn_t> v;
  for (u64 i = 0; i < n; ++i) v.push_back(take(pa, gfp));
  return v;
}
void give(PageAlloc &pa, pfn_t pfn, Trace *t = nullptr) { pa.free_pages(t, pfn, order_t{}, 0); }
// The pages that a trace's drains gave back, in their order.
std::string drained(const Trace &t) {
  std::string s;
  for (const Event &e : t.events())
    if (e.kind == EventKind::mm_page_pcpu_drain) append(s, s.empty() ? "" : " ", e.f[0]);
  return s;
}

} // namespace

TEST_CASE("pcp of older eras: who has which") {
  const auto lists = [](std::string_view era) { return find_era(era)->pcp_lists; };
  CHECK(lists("6.1") == PcpLists::by_order);
  CHECK(lists("5.15") == PcpLists::by_order);
  CHECK(lists("5.10") == PcpLists::by_type);
  CHECK(lists("4.9") == PcpLists::by_type);
  CHECK(lists("2.6.24") == PcpLists::one);
  CHECK(lists("2.6.11") == PcpLists::one_stocked);
  const PageAlloc by_type = machine(PcpLists::by_type), one = machine(PcpLists::one);
  CHECK(by_type.pcp_lists() == 3);
  CHECK(one.pcp_lists() == 1);
  CHECK(one.pcp_index(order_t{0}, migratetype::RECLAIMABLE) == 0);
}

TEST_CASE("pcp of older eras: only single pages") {
  for (const PcpLists lists : {PcpLists::by_type, PcpLists::one, PcpLists::one_stocked}) {
    PageAlloc pa = machine(lists);
    const auto p = pa.alloc_pages(nullptr, {.gfp = movable, .order = order_t{1}});
    REQUIRE(p);
    CHECK(cpu_lists(pa) == "");
    pa.free_pages(nullptr, *p, order_t{1}, 0);
    CHECK(cpu_lists(pa) == "");
    CHECK(test::lists(pa) == "5M: 0 32");
    CHECK(pa.verify() == "");
  }
}

TEST_CASE("pcp by type: a batch goes back, turn by turn, and an empty list adds to the next one's turn") {
  PageAlloc pa = machine(PcpLists::by_type, 6, 16);
  const auto m = take_many(pa, 12);
  CHECK(cpu_lists(pa) == "");
  const pfn_t u = take(pa, unmovable); // 5 of its batch stay
  CHECK(u == pfn_t{32});               // the largest block of another type
  CHECK(cpu_lists(pa) == "0U: 33 34 35 36 37");
  Trace t;
  for (std::size_t i = 0; i < 11; ++i) give(pa, m[i], &t);
  // 16 pages: Movable's turn is one page; Reclaimable is empty, so Unmovable's are two; and once more: 6 in all.
  CHECK(drained(t) == "0 37 36 1 35 34");
  CHECK(cpu_lists(pa) == "0U: 33 | 0M: 10 9 8 7 6 5 4 3 2");
  CHECK(pa.zone_of(0, zone_dma32).pcp[0].free_factor == 0);
  CHECK(pa.verify() == "");
}

TEST_CASE("pcp by type: the only list that holds something gives all") {
  PageAlloc pa = machine(PcpLists::by_type, 4, 8);
  const auto m = take_many(pa, 8);
  Trace t;
  for (const pfn_t p : m) give(pa, p, &t);
  CHECK(drained(t) == "0 1 2 3");
  CHECK(cpu_lists(pa) == "0M: 7 6 5 4");
  // The next batch is as large as the first.
  const auto more = take_many(pa, 8);
  Trace u;
  for (const pfn_t p : more) give(pa, p, &u);
  CHECK(drained(u).size() == drained(t).size());
}

TEST_CASE("pcp in one list: a request looks for its type, a refill goes in front, the oldest go back") {
  PageAlloc pa = machine(PcpLists::one, 4, 16);
  CHECK(take(pa, movable) == pfn_t{0});
  CHECK(take(pa, unmovable) == pfn_t{32});
  CHECK(cpu_lists(pa) == "0U: 33 34 35 1M 2M 3M");
  CHECK(take(pa, movable) == pfn_t{1}); // behind the unmovable ones
  give(pa, pfn_t{0});
  CHECK(cpu_lists(pa) == "0U: 0M 33 34 35 2M 3M");
  pa.set_zone(nullptr, 0, zone_dma32, zone_field::pcp_high, 7);
  Trace t;
  give(pa, pfn_t{1}, &t);
  CHECK(drained(t) == "3 2 35 34");
  CHECK(cpu_lists(pa) == "0U: 1M 0M 33");
  CHECK(pa.verify() == "");
}

TEST_CASE("pcp in one list: a page goes back to what its pageblock is by then") {
  PageAlloc pa = machine(PcpLists::one, 4, 16);
  take(pa, movable);
  pa.set_pageblocks(nullptr, pfn_t{0}, 16, migratetype::RECLAIMABLE);
  pa.drain_all_pages(nullptr);
  CHECK(lists(pa).find("0R: 1") != std::string::npos);
  PageAlloc typed = machine(PcpLists::by_type, 4, 16);
  take(typed, movable);
  typed.set_pageblocks(nullptr, pfn_t{0}, 16, migratetype::RECLAIMABLE);
  typed.drain_all_pages(nullptr);
  CHECK(lists(typed).find("0M: 1") != std::string::npos); // remembered
}

TEST_CASE("pcp in one stocked list: filled up at two batches, drained before the page comes") {
  PageAlloc pa = machine(PcpLists::one_stocked, 4, 12);
  Trace t;
  CHECK(take(pa, unmovable, &t) == pfn_t{0});
  CHECK(count(t, EventKind::lab_pcp_refill) == 1);
  take(pa, unmovable, &t); // 3 are left: 4 more come, at the tail
  CHECK(count(t, EventKind::lab_pcp_refill) == 2);
  CHECK(pa.zone_of(0, zone_dma32).pcp[0].count == 6);
  take(pa, unmovable, &t);
  CHECK(count(t, EventKind::lab_pcp_refill) == 3);
  CHECK(pa.zone_of(0, zone_dma32).pcp[0].count == 9);
  take(pa, unmovable, &t); // 9 are more than 8
  CHECK(count(t, EventKind::lab_pcp_refill) == 3);
  for (u64 p = 0; p < 4; ++p) give(pa, pfn_t{p}, &t);
  CHECK(drained(t) == "");
  CHECK(pa.zone_of(0, zone_dma32).pcp[0].count == 12);
  const pfn_t p = take(pa, unmovable);
  give(pa, p);
  const auto other = pa.alloc_pages(nullptr, {.gfp = unmovable, .order = order_t{1}});
  REQUIRE(other);
  pa.split_page(nullptr, *other);
  Trace u;
  give(pa, *other, &u);
  CHECK(drained(u) == "11 10 9 8"); // 12 were there: 4 left, then it came
  CHECK(pa.zone_of(0, zone_dma32).pcp[0].count == 9);
  CHECK(pa.verify() == "");
}

TEST_CASE("pcp of older eras: batch and high") {
  struct Row {
    PcpLists lists;
    u64 most_kib, pages, batch, high;
  };
  // 4.9 has 31 from 1 GiB on; 2.6.11 does not round.
  for (const Row &r : {Row{PcpLists::by_type, 1024, 262144, 63, 378}, Row{PcpLists::by_type, 512, 262144, 31, 186},
                       Row{PcpLists::by_type, 512, 65536, 15, 90}, Row{PcpLists::by_type, 512, 4096, 1, 0},
                       Row{PcpLists::one, 512, 225280, 31, 186}, Row{PcpLists::one_stocked, 256, 225280, 16, 96},
                       Row{PcpLists::one_stocked, 256, 28672, 7, 42}, Row{PcpLists::one_stocked, 256, 4096, 1, 6}}) {
    PageAlloc pa(BuddyRules{.pcp_lists = r.lists, .pcp_high = PcpHigh::six_batches, .pcp_most_pages = r.most_kib / 4});
    pa.init_node(nullptr, 0, pfn_t{}, 1 << 20, 1 << 20, phys_addr_t{});
    pa.init_zone(nullptr, 0, zone_dma32, pfn_t{}, 1 << 20, r.pages);
    pa.set_zone(nullptr, 0, zone_dma32, zone_field::managed, r.pages);
    pa.set_cpu_node(nullptr, 0, 0);
    pa.setup_per_cpu_pageset(nullptr);
    CAPTURE(r.pages);
    CHECK(pa.zone_of(0, zone_dma32).pcp_batch == r.batch);
    CHECK(pa.zone_of(0, zone_dma32).pcp_high == r.high);
  }
}

namespace {

// The lists by their definition: what a refill brings is taken from the trace, everything else is worked out.
struct NaiveLists {
  struct Page {
    u64 pfn;
    u64 type;
    friend bool operator==(const Page &, const Page &) = default;
  };
  PcpLists rule;
  std::size_t batch, high;
  std::array<std::deque<Page>, 3> lists;

  std::deque<Page> &of(u64 type) { return lists[rule == PcpLists::by_type ? type : 0]; }
  std::size_t count() const { return lists[0].size() + lists[1].size() + lists[2].size(); }
  bool refills(u64 type) {
    if (rule == PcpLists::one_stocked) return count() <= 2 * batch;
    return std::none_of(of(type).begin(), of(type).end(), [&](const Page &p) { return p.type == type; });
  }
  u64 take(u64 type, const std::vector<Page> &refill) {
    auto &l = of(type);
    l.insert(rule == PcpLists::one ? l.begin() : l.end(), refill.begin(), refill.end());
    auto it = l.begin();
    if (rule == PcpLists::one) it = std::find_if(it, l.end(), [&](const Page &p) { return p.type == type; });
    const u64 pfn = it->pfn;
    l.erase(it);
    return pfn;
  }
  std::vector<u64> give(const Page &p) {
    std::vector<u64> out;
    if (rule == PcpLists::one_stocked && count() >= high) out = drain(batch);
    of(p.type).push_front(p);
    if (rule != PcpLists::one_stocked && count() >= high) out = drain(batch);
    return out;
  }
  std::vector<u64> drain(std::size_t n) {
    std::vector<u64> out;
    std::size_t at = 0, turn = 0;
    n = std::min(n, count());
    while (out.size() < n) {
      if (rule == PcpLists::by_type) {
        ++turn;
        at = (at + 1) % 3;
        if (lists[at].empty()) continue;
      }
      if (rule != PcpLists::by_type || turn == 3) turn = n;
      for (; turn != 0 && out.size() < n && !lists[at].empty(); --turn) { // a turn that was cut short is not lost
        out.push_back(lists[at].back().pfn);
        lists[at].pop_back();
      }
    }
    return out;
  }
};

} // namespace

TEST_CASE("pcp of older eras: random requests, against lists by their definition") {
  struct Row {
    PcpLists rule;
    std::size_t batch, high;
  };
  for (const auto &[rule, batch, high] : {Row{PcpLists::by_type, 5, 17}, Row{PcpLists::by_type, 8, 11},
                                          Row{PcpLists::one, 5, 17}, Row{PcpLists::one_stocked, 5, 17}}) {
    PageAlloc pa = machine(rule, batch, high, 1024);
    if (rule == PcpLists::one_stocked) pa.set_mobility(false);
    NaiveLists naive{rule, batch, high, {}};
    Prng rng(11);
    std::vector<pfn_t> held;
    for (unsigned i = 0; i < 4000; ++i) {
      CAPTURE(i);
      Trace t;
      PageAlloc folded = pa;
      if (!held.empty() && (held.size() > 300 || rng.below(2) == 0)) {
        std::swap(held[static_cast<std::size_t>(rng.below(held.size()))], held.back());
        const pfn_t pfn = held.back();
        held.pop_back();
        const auto type = static_cast<u64>(pa.pageblock(pfn));
        give(pa, pfn, &t);
        std::string expected;
        for (const u64 p : naive.give({pfn.v, type})) append(expected, expected.empty() ? "" : " ", p);
        REQUIRE(drained(t) == expected);
      } else {
        const gfp_t gfp = (std::array{movable, unmovable, reclaimable})[static_cast<std::size_t>(rng.below(3))];
        const u64 type = rule == PcpLists::one_stocked ? 0 : gfp_migratetype_index(gfp);
        const bool refills = naive.refills(type);
        const pfn_t pfn = take(pa, gfp, &t);
        std::vector<NaiveLists::Page> refill;
        for (const Event &e : t.events())
          if (e.kind == EventKind::mm_page_alloc_zone_locked && e.f[3] == 1) refill.push_back({e.f[0], type});
        REQUIRE(refill.empty() != refills);
        REQUIRE(naive.take(type, refill) == pfn.v);
        held.push_back(pfn);
      }
      for (const Event &e : t.events()) folded.fold(e);
      REQUIRE(digest(folded) == digest(pa));
      for (unsigned index = 0; index < pa.pcp_lists(); ++index) {
        std::vector<u64> now, want;
        pa.for_each_pcp(0, zone_dma32, 0, index, [&](const PcpBlock &b) { now.push_back(b.pfn.v); });
        for (const auto &p : naive.lists[index]) want.push_back(p.pfn);
        REQUIRE(now == want);
      }
    }
    CHECK(pa.verify(false) == "");
  }
}
