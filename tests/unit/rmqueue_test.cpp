// Blocks leave the free lists, rule by rule (FINDINGS 12-18): splitting, falling back, stealing, reserves, isolation.
#include "support/small_pages.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace mmscope;
using namespace mmscope::test;

namespace {

constexpr migratetype U = migratetype::UNMOVABLE, M = migratetype::MOVABLE, R = migratetype::RECLAIMABLE,
                      H = migratetype::HIGHATOMIC, C = migratetype::CMA, I = migratetype::ISOLATE;

gfp_t gfp_of(migratetype type) {
  return type == M ? gfp::USER | gfp::MOVABLE : type == R ? gfp::KERNEL | gfp::RECLAIMABLE : gfp::KERNEL;
}
// Straight from the free lists: one attempt with the CPU's lists locked.
std::optional<pfn_t> take(PageAlloc &pa, u64 order, migratetype type, u32 flags = 0, Trace *t = nullptr) {
  AllocAttempt a = *pa.first_attempt({.gfp = gfp_of(type), .order = order_t{order}});
  a.flags |= flags;
  a.pcp_locked = true;
  return pa.get_page_from_freelist(t, a);
}
// Nothing free but these blocks, each on its own list: for tests of the search.
struct Free {
  u64 pfn, order;
  migratetype list;
};
PageAlloc only(std::initializer_list<Free> blocks, u64 pages = 128, unsigned zid = zone_dma32,
               const BuddyRules &rules = small_rules()) {
  PageAlloc pa = small_pages({{0, pages, zid}}, 1, rules);
  while (const auto p = take(pa, 5, M)) pa.set_block(nullptr, {*p, order_t{5}, 1, 0});
  for (u64 p = 0; p < pages; p += 32) pa.set_block(nullptr, {pfn_t{p}, order_t{5}, 0, 0});
  for (const Free &b : blocks) {
    if (b.order < 4) {
      pa.set_pageblocks(nullptr, pfn_t{b.pfn / 16 * 16}, 16, b.list);
    } else {
      pa.set_pageblocks(nullptr, pfn_t{b.pfn}, u64{1} << b.order, b.list);
    }
    pa.free_one(nullptr, pfn_t{b.pfn}, order_t{b.order}, FreeTo::tail, b.list);
  }
  return pa;
}

} // namespace

TEST_CASE("rmqueue: the smallest order that fits, from the list's head, the upper halves go back") {
  PageAlloc pa = only({{8, 1, M}, {16, 2, M}, {24, 2, M}, {32, 5, M}});
  CHECK(lists(pa) == "1M: 8 | 2M: 16 24 | 5M: 32");
  CHECK(take(pa, 0, M) == pfn_t{8});
  CHECK(lists(pa) == "0M: 9 | 2M: 16 24 | 5M: 32");
  CHECK(take(pa, 1, M) == pfn_t{16});
  CHECK(lists(pa) == "0M: 9 | 1M: 18 | 2M: 24 | 5M: 32");
  CHECK(take(pa, 3, M) == pfn_t{32});
  CHECK(lists(pa) == "0M: 9 | 1M: 18 | 2M: 24 | 3M: 40 | 4M: 48");
  CHECK(pa.verify() == "");
}

TEST_CASE("rmqueue: the event says what was split") {
  PageAlloc pa = only({{32, 5, M}});
  Trace t;
  take(pa, 2, M, 0, &t);
  const Event *e = last(t, EventKind::lab_buddy_split);
  REQUIRE(e);
  CHECK(e->f[0] == 32);
  CHECK(e->f[1] == 5);
  CHECK(e->f[2] == 2);
}

TEST_CASE("fallback: each type tries the others in its own order") {
  struct Row {
    migratetype wanted;
    std::vector<Free> free;
    u64 got;
  };
  const Row rows[] = {
      {U, {{0, 3, M}, {16, 3, R}}, 16}, // unmovable: reclaimable, then movable
      {U, {{0, 3, M}}, 0},
      {M, {{0, 3, U}, {16, 3, R}}, 16}, // movable: reclaimable, then unmovable
      {M, {{0, 3, U}}, 0},
      {R, {{0, 3, M}, {16, 3, U}}, 16}, // reclaimable: unmovable, then movable
      {R, {{0, 3, M}}, 0},
  };
  for (const Row &r : rows) {
    PageAlloc pa = r.free.size() == 2 ? only({r.free[0], r.free[1]}) : only({r.free[0]});
    CAPTURE(migratetype_name(r.wanted));
    CHECK(take(pa, 0, r.wanted) == pfn_t{r.got});
  }
  // what is reserved, CMA's or isolated is nobody's fallback
  for (migratetype m : {H, C, I}) {
    PageAlloc pa = only({{0, 3, m}});
    CHECK_FALSE(take(pa, 0, U));
  }
}

TEST_CASE("fallback: the largest block first, and with it all free pages of its pageblock") {
  // pageblock 16 (MOVABLE): [16 order 2][24 order 1]; pageblock 32: [32 order 3]. An unmovable page: from 32
  PageAlloc pa = only({{16, 2, M}, {24, 1, M}, {32, 3, M}, {42, 0, M}});
  Trace t;
  CHECK(take(pa, 0, U, 0, &t) == pfn_t{42}); // 32's pageblock moved to unmovable, whose smallest block is 42
  CHECK(lists(pa) == "1M: 24 | 2M: 16 | 3U: 32");
  const Event *e = last(t, EventKind::mm_page_alloc_extfrag);
  REQUIRE(e);
  CHECK(e->f[0] == 32);
  CHECK(e->f[2] == 3); // the order found
  CHECK(e->f[5] == 1); // whole
}

TEST_CASE("fallback: moved blocks go to the tail of the wanted lists in the order of their pfn") {
  PageAlloc pa = only({{2, 1, R}, {34, 1, M}, {40, 1, M}, {44, 2, M}});
  CHECK(lists(pa) == "1M: 34 40 | 1R: 2 | 2M: 44");
  // an order-2 reclaimable request: its own list has only order 1; 44 is stolen with 34 and 40
  CHECK(take(pa, 2, R) == pfn_t{44});
  CHECK(lists(pa) == "1R: 2 34 40");
}

TEST_CASE("fallback: a movable request that may not take the whole pageblock takes the smallest block") {
  // orders below pageblock_order / 2 = 2 do not give a movable request the whole pageblock
  PageAlloc pa = only({{0, 1, U}, {4, 0, U}, {16, 1, R}});
  Trace t;
  CHECK(take(pa, 0, M, 0, &t) == pfn_t{4});
  CHECK(lists(pa) == "1U: 0 | 1R: 16");
  CHECK(last(t, EventKind::mm_page_alloc_extfrag)->f[5] == 0);
  CHECK(pa.pageblock(pfn_t{4}) == U);
  // an unmovable one may, whatever the order
  PageAlloc unmovable = only({{0, 1, M}, {4, 0, M}});
  CHECK(take(unmovable, 0, U) == pfn_t{4});
  CHECK(lists(unmovable) == "1U: 0");
  // and so does a movable one from order 2 on
  PageAlloc movable = only({{0, 2, U}, {4, 0, U}});
  CHECK(take(movable, 0, M) == pfn_t{4});
  CHECK(lists(movable) == "2M: 0");
}

TEST_CASE("fallback: half a pageblock free or alike changes its type, one page less does not") {
  // 8 of 16 pages are half. UNMOVABLE from RECLAIMABLE: only free pages count.
  PageAlloc half = only({{0, 3, R}});
  Trace t;
  take(half, 0, U, 0, &t);
  CHECK(half.pageblock(pfn_t{0}) == U);
  const Event *e = last(t, EventKind::lab_steal);
  REQUIRE(e);
  CHECK(e->f[1] == 8);
  CHECK(e->f[2] == 0);
  CHECK(e->f[3] == 8);
  CHECK(last(t, EventKind::mm_page_alloc_extfrag)->f[6] == 1);
  PageAlloc less = only({{0, 2, R}, {4, 1, R}, {6, 0, R}});
  take(less, 0, U);
  CHECK(less.pageblock(pfn_t{0}) == R);
  CHECK(lists(less) == "1U: 4 | 2U: 0"); // its free pages moved all the same
}

TEST_CASE("fallback: from a MOVABLE pageblock what is not movable counts as alike") {
  // free 4 pages, 12 taken: of these 12 - movable are alike
  for (u64 movable : {u64{8}, u64{9}}) {
    PageAlloc pa = only({{0, 2, M}});
    for (u64 p = 4; p < 16; ++p)
      pa.set_block(nullptr, {pfn_t{p}, order_t{}, 1, p < 4 + movable ? static_cast<u32>(BlockUse::movable) : 0});
    take(pa, 0, U);
    CAPTURE(movable);
    CHECK(pa.pageblock(pfn_t{0}) == (4 + 12 - movable >= 8 ? U : M));
  }
}

TEST_CASE("fallback: a movable request counts the movable pages as alike") {
  for (u64 movable : {u64{3}, u64{4}}) {
    PageAlloc pa = only({{0, 2, U}});
    for (u64 p = 4; p < 16; ++p)
      pa.set_block(nullptr, {pfn_t{p}, order_t{}, 1, p < 4 + movable ? static_cast<u32>(BlockUse::movable) : 0});
    take(pa, 0, M);
    CHECK(pa.pageblock(pfn_t{0}) == (movable == 4 ? M : U));
  }
  // of a compound page only the head counts; a page on the LRU counts
  PageAlloc pa = only({{0, 2, U}});
  pa.set_block(nullptr,
               {pfn_t{8}, order_t{3}, 1, static_cast<u32>(BlockUse::movable) | static_cast<u32>(BlockUse::compound)});
  pa.set_block(nullptr, {pfn_t{4}, order_t{}, 1, 0});
  pa.lru_add(nullptr, pfn_t{4});
  CHECK(pa.count_pageblock(pfn_t{0}).movable == 2);
  CHECK(pa.count_pageblock(pfn_t{0}).free == 4);
}

TEST_CASE("fallback: without grouping by mobility a pageblock is always claimed") {
  PageAlloc pa = only({{0, 0, R}});
  pa.set_mobility(false);
  CHECK(take(pa, 0, M) == pfn_t{0}); // asked as movable, served as unmovable: one free page is enough
  CHECK(pa.pageblock(pfn_t{0}) == U);
}

TEST_CASE("fallback: a block of a pageblock or more takes its pageblocks with it and leaves the rest") {
  PageAlloc pa = only({{32, 5, M}, {64, 4, M}});
  Trace t;
  CHECK(take(pa, 0, U, 0, &t) == pfn_t{32});
  CHECK(pa.pageblock(pfn_t{32}) == U);
  CHECK(pa.pageblock(pfn_t{48}) == U);
  CHECK(pa.pageblock(pfn_t{64}) == M);
  CHECK(lists(pa) == "0U: 33 | 1U: 34 | 2U: 36 | 3U: 40 | 4U: 48 | 4M: 64");
  CHECK(count(t, EventKind::lab_steal) == 0);
}

TEST_CASE("fallback: a highatomic pageblock is not stolen whole") {
  PageAlloc pa = only({{0, 2, M}, {4, 1, M}});
  pa.set_pageblocks(nullptr, pfn_t{0}, 16, H); // reserved meanwhile, its free pages still on the movable lists
  CHECK(take(pa, 0, U) == pfn_t{0});
  CHECK(pa.pageblock(pfn_t{0}) == H);
  CHECK(lists(pa) == "0U: 1 | 1U: 2 | 1M: 4");
}

TEST_CASE("fallback: NOFRAGMENT takes a pageblock or more, or lets the other zones be tried first") {
  // Normal is preferred: first everything without mixing, then again with
  PageAlloc pa = small_pages({{0, 32}, {32, 32, zone_normal}}, 0);
  const AllocAttempt a = *pa.first_attempt({.gfp = gfp::KERNEL});
  CHECK((a.flags & alloc_flag::NOFRAGMENT) != 0);
  // whole block of order 5 in Normal: it may be taken
  CHECK(pa.alloc_pages(nullptr, {.gfp = gfp::KERNEL}) == pfn_t{32});
  // Normal keeps MOVABLE blocks below a pageblock only: DMA32's large one is taken instead
  PageAlloc low = small_pages({{0, 32}, {32, 32, zone_normal}}, 0);
  CHECK(low.alloc_pages(nullptr, {.gfp = gfp::USER | gfp::MOVABLE, .order = order_t{4}}) == pfn_t{32});
  CHECK(low.alloc_pages(nullptr, {.gfp = gfp::USER | gfp::MOVABLE, .order = order_t{3}}) == pfn_t{48});
  CHECK(lists(low, zone_normal) == "3M: 56");
  CHECK(low.alloc_pages(nullptr, {.gfp = gfp::KERNEL}) == pfn_t{0});
  // and when nobody has a whole pageblock, it is mixed after all, in Normal
  PageAlloc both = small_pages({{0, 32}, {32, 32, zone_normal}}, 0);
  for (gfp_t g : {gfp_t{0}, gfp::DMA32})
    for (u64 order : {u64{4}, u64{3}})
      both.alloc_pages(nullptr, {.gfp = gfp::USER | gfp::MOVABLE | g, .order = order_t{order}});
  CHECK(lists(both) + lists(both, zone_normal) == "3M: 243M: 56");
  Trace t;
  CHECK(both.alloc_pages(&t, {.gfp = gfp::KERNEL}) == pfn_t{56});
  CHECK(count(t, EventKind::lab_attempt) == 2); // unmixed, then mixed
}

TEST_CASE("fallback of older eras: the largest block is taken itself, and what becomes of the rest") {
  struct Row {
    FallbackRule rule;
    migratetype wanted;
    u64 order;
    std::vector<Free> free;
    u64 got;
    std::string_view left;
  };
  constexpr FallbackRule now = FallbackRule::spares, v4_9 = FallbackRule::largest, v2_6_24 = FallbackRule::by_order;
  const Row rows[] = {
      // Half a pageblock: claimed, whoever asks.
      {v4_9, M, 0, {{0, 1, U}, {16, 3, R}}, 16, "0M: 17 | 1U: 0 | 1M: 18 | 2M: 20"},
      {v2_6_24, M, 0, {{0, 1, U}, {16, 3, R}}, 16, "0M: 17 | 1U: 0 | 1M: 18 | 2M: 20"},
      // Less than the fourth part of one: movable pages cannot have it. Today they take the smallest block instead.
      {now, M, 0, {{0, 1, U}, {16, 0, R}}, 16, "1U: 0"},
      {v4_9, M, 0, {{0, 1, U}, {16, 0, R}}, 0, "0M: 1 | 0R: 16"},
      {v2_6_24, M, 0, {{0, 1, U}, {16, 0, R}}, 0, "0U: 1 | 0R: 16"},
      // Others claim whatever there is; in 2.6.24 only reclaimable pages do.
      {v4_9, U, 0, {{0, 1, M}}, 0, "0U: 1"},
      {v2_6_24, U, 0, {{0, 1, M}}, 0, "0M: 1"},
      {v2_6_24, R, 0, {{0, 1, M}}, 0, "0R: 1"},
      // The block that was found is the one that is taken, although a smaller one has come along with it.
      {now, U, 0, {{0, 2, M}, {8, 0, M}}, 8, "2U: 0"},
      {v4_9, U, 0, {{0, 2, M}, {8, 0, M}}, 0, "0U: 1 8 | 1U: 2"},
      {v2_6_24, U, 0, {{0, 2, M}, {8, 0, M}}, 0, "0U: 1 8 | 1U: 2"},
      // A pageblock, and two at once.
      {v4_9, U, 2, {{32, 4, M}}, 32, "2U: 36 | 3U: 40"},
      {v2_6_24, U, 2, {{32, 4, M}}, 32, "2U: 36 | 3U: 40"},
      {v4_9, U, 4, {{32, 5, M}}, 32, "4U: 48"},
      {v2_6_24, U, 4, {{32, 5, M}}, 32, "4U: 48"},
  };
  for (const Row &r : rows) {
    BuddyRules rules = small_rules();
    rules.fallback = r.rule;
    PageAlloc pa = only({}, 128, zone_dma32, rules);
    for (const Free &b : r.free) {
      pa.set_pageblocks(nullptr, pfn_t{b.pfn / 16 * 16}, b.order > 4 ? 32 : 16, b.list);
      pa.free_one(nullptr, pfn_t{b.pfn}, order_t{b.order}, FreeTo::tail, b.list);
    }
    CAPTURE(&r - rows);
    Trace t;
    PageAlloc folded = pa;
    CHECK(take(pa, r.order, r.wanted, 0, &t) == pfn_t{r.got});
    CHECK(lists(pa) == r.left);
    for (const Event &e : t.events()) folded.fold(e);
    CHECK(digest(folded) == digest(pa));
    CHECK(pa.verify(false) == "");
  }
}

TEST_CASE("fallback of older eras: whose the pageblocks are afterwards") {
  for (const FallbackRule rule : {FallbackRule::largest, FallbackRule::by_order}) {
    const bool v4_9 = rule == FallbackRule::largest;
    BuddyRules rules = small_rules();
    rules.fallback = rule;
    PageAlloc half = only({{16, 3, R}}, 128, zone_dma32, rules), less = only({{16, 2, R}}, 128, zone_dma32, rules),
              two = only({{32, 5, M}}, 128, zone_dma32, rules);
    take(half, 0, M);
    CHECK(half.pageblock(pfn_t{16}) == M);
    take(less, 0, M); // a fourth part: its pages move, it stays what it was
    CHECK(less.pageblock(pfn_t{16}) == R);
    CHECK(lists(less) == "0M: 17 | 1M: 18");
    take(two, 0, U);
    CHECK(two.pageblock(pfn_t{32}) == U);
    CHECK(two.pageblock(pfn_t{48}) == (v4_9 ? U : M)); // 2.6.24 sees to the first
    // No boost, and nothing more to be had.
    CHECK_FALSE(take(less, 5, M));
    CHECK(less.zone_of(0, zone_dma32).watermark_boost == 0);
  }
}

TEST_CASE("requests of older eras: no pageblocks kept for atomic ones, no detour by DMA32") {
  BuddyRules rules = small_rules();
  CHECK((only({}, 128, zone_normal, rules).first_attempt({.gfp = gfp::KERNEL, .order = order_t{}})->flags &
         alloc_flag::NOFRAGMENT) != 0);
  rules.avoids_mixing = false;
  CHECK((only({}, 128, zone_normal, rules).first_attempt({.gfp = gfp::KERNEL, .order = order_t{}})->flags &
         alloc_flag::NOFRAGMENT) == 0);
  for (const bool reserve : {true, false}) {
    rules.highatomic_reserve = reserve;
    PageAlloc pa = small_pages({{0, 2048}}, 1, rules);
    pa.set_zone(nullptr, 0, zone_dma32, zone_field::low, 4096);
    REQUIRE(pa.alloc_pages(nullptr, {.gfp = gfp::ATOMIC, .order = order_t{1}}));
    CHECK(pa.zone_of(0, zone_dma32).nr_reserved_highatomic == (reserve ? 16 : 0));
  }
}

TEST_CASE("watermarks of older eras: half as many pages must be left for each order up") {
  struct Row {
    OrderTest test;
    u64 low;
    bool given;
  };
  // Six pages are free, 4 + 1 + 1: of order 2 three count. Without the two single ones 1 must exceed half of the mark.
  for (const Row &r :
       {Row{OrderTest::listed, 2, true}, Row{OrderTest::halves, 0, true}, Row{OrderTest::halves, 1, true},
        Row{OrderTest::halves, 2, false}, Row{OrderTest::listed, 3, false}}) {
    BuddyRules rules = small_rules();
    rules.order_test = r.test;
    PageAlloc pa = only({{0, 2, M}, {8, 0, M}, {10, 0, M}}, 128, zone_dma32, rules);
    pa.set_zone(nullptr, 0, zone_dma32, zone_field::low, r.low);
    CAPTURE(r.low);
    Trace t;
    CHECK(take(pa, 2, M, 0, &t).has_value() == r.given);
    const auto verdict = static_cast<WatermarkVerdict>(last(t, EventKind::lab_zone_check)->f[7]);
    CHECK((verdict == WatermarkVerdict::scattered) == (!r.given && r.low == 2));
  }
}

TEST_CASE("watermarks of older eras: who cannot wait is promised any block in 4.9") {
  for (const OrderTest test : {OrderTest::listed, OrderTest::any_harder}) {
    BuddyRules rules = small_rules();
    rules.order_test = test;
    PageAlloc pa = only({{0, 1, H}}, 128, zone_dma32, rules);
    CHECK_FALSE(take(pa, 1, U));
    CHECK(take(pa, 1, U, alloc_flag::NON_BLOCK).has_value() == (test == OrderTest::any_harder));
  }
}

TEST_CASE("boost: a steal below a pageblock raises the watermark by a pageblock up to half above high") {
  PageAlloc pa = only({{0, 1, M}, {16, 1, M}, {32, 1, M}, {48, 1, M}});
  pa.set_zone(nullptr, 0, zone_dma32, zone_field::high, 30);
  pa.set_zone(nullptr, 0, zone_dma32, zone_field::low, 0);
  const zone &z = pa.zone_of(0, zone_dma32);
  take(pa, 1, U, alloc_flag::KSWAPD | alloc_flag::NO_WATERMARKS);
  CHECK(z.watermark_boost == 16);
  CHECK_FALSE(z.boosted); // the request itself has woken kswapd and cleared it
  take(pa, 1, U, alloc_flag::NO_WATERMARKS);
  CHECK(z.watermark_boost == 32);
  take(pa, 1, U, alloc_flag::NO_WATERMARKS);
  CHECK(z.watermark_boost == 45); // 30 * 15000 / 10000
  take(pa, 1, U, alloc_flag::NO_WATERMARKS);
  CHECK(z.watermark_boost == 45);
}

TEST_CASE("boost: not in a zone of fewer than four pageblocks, not before there are watermarks, not when off") {
  PageAlloc small = only({{0, 1, M}}, 32);
  small.set_zone(nullptr, 0, zone_dma32, zone_field::high, 1);
  take(small, 0, U, alloc_flag::NO_WATERMARKS);
  CHECK(small.zone_of(0, zone_dma32).watermark_boost == 0);
  PageAlloc early = only({{0, 1, M}});
  take(early, 0, U);
  CHECK(early.zone_of(0, zone_dma32).watermark_boost == 0);
  // at least a pageblock, however small high is
  PageAlloc least = only({{0, 1, M}});
  least.set_zone(nullptr, 0, zone_dma32, zone_field::high, 1);
  take(least, 0, U, alloc_flag::NO_WATERMARKS);
  CHECK(least.zone_of(0, zone_dma32).watermark_boost == 16);
}

TEST_CASE("highatomic: a large atomic request below its watermark reserves the pageblock it came from") {
  PageAlloc pa = small_pages({{0, 512}});
  pa.set_zone(nullptr, 0, zone_dma32, zone_field::min, 450);
  pa.set_zone(nullptr, 0, zone_dma32, zone_field::low, 511);
  const zone &z = pa.zone_of(0, zone_dma32);
  // low fails, half of a quarter less of min is enough
  const auto p = pa.alloc_pages(nullptr, {.gfp = gfp::ATOMIC, .order = order_t{2}});
  REQUIRE(p);
  CHECK(z.nr_reserved_highatomic == 16);
  CHECK(pa.pageblock(*p) == H);
  CHECK(z.areas[3].free_list[static_cast<unsigned>(H)].nr > 0); // its free pages moved
  // the next one is served from there
  const auto q = pa.alloc_pages(nullptr, {.gfp = gfp::ATOMIC, .order = order_t{2}});
  REQUIRE(q);
  CHECK(pa.pageblock(*q) == H);
  CHECK(q->v / 16 == p->v / 16);
  // never more than a pageblock and a hundredth of the zone: 16 + 5
  for (u64 i = 0; i < 12; ++i) pa.alloc_pages(nullptr, {.gfp = gfp::ATOMIC, .order = order_t{3}});
  CHECK(z.nr_reserved_highatomic == 32);
  CHECK(pa.verify(false) == "");
}

TEST_CASE("highatomic: a request that may wait does not eat into the reserve") {
  PageAlloc pa = only({{0, 3, H}});
  pa.set_zone(nullptr, 0, zone_dma32, zone_field::nr_reserved_highatomic, 16);
  CHECK_FALSE(take(pa, 2, U));
  CHECK_FALSE(take(pa, 0, U));
  CHECK(take(pa, 0, U, alloc_flag::NON_BLOCK) == pfn_t{0}); // better than failing
}

TEST_CASE("highatomic: unreserving gives one pageblock to the requester's type, the last one only when forced") {
  for (bool force : {false, true}) {
    PageAlloc pa = only({{0, 3, H}, {16, 2, H}});
    pa.set_zone(nullptr, 0, zone_dma32, zone_field::nr_reserved_highatomic, 32);
    const AllocAttempt a = *pa.first_attempt({.gfp = gfp::KERNEL | gfp::RECLAIMABLE});
    CHECK(pa.unreserve_highatomic_pageblock(nullptr, a, force));
    CHECK(pa.zone_of(0, zone_dma32).nr_reserved_highatomic == 16);
    CHECK(lists(pa) == "2R: 16 | 3H: 0"); // the smallest order first
    CHECK(pa.pageblock(pfn_t{16}) == R);
    CHECK(pa.unreserve_highatomic_pageblock(nullptr, a, force) == force);
    CHECK(pa.zone_of(0, zone_dma32).nr_reserved_highatomic == (force ? 0 : 16));
    CHECK_FALSE(pa.unreserve_highatomic_pageblock(nullptr, a, force));
  }
}

TEST_CASE("isolate_free_page: watermarks obeyed, half a pageblock becomes MOVABLE") {
  PageAlloc pa = only({{0, 3, U}, {16, 2, U}});
  const zone &z = pa.zone_of(0, zone_dma32);
  pa.set_zone(nullptr, 0, zone_dma32, zone_field::min, 4);
  CHECK_FALSE(pa.isolate_free_page(nullptr, pfn_t{0}, 0)); // 12 free, 4 + 8 must stay below
  CHECK(pa.free_head(pfn_t{0}));
  pa.set_zone(nullptr, 0, zone_dma32, zone_field::min, 3);
  CHECK(pa.isolate_free_page(nullptr, pfn_t{0}, 0));
  CHECK(z.free_pages() == 4);
  CHECK(pa.pageblock(pfn_t{0}) == M);
  pa.set_zone(nullptr, 0, zone_dma32, zone_field::min, 0);
  CHECK_FALSE(pa.isolate_free_page(nullptr, pfn_t{16}, 0)); // 4 free, 0 + 4 must stay below
  pa.set_pageblocks(nullptr, pfn_t{16}, 16, I);             // of an isolated pageblock: always
  CHECK(pa.isolate_free_page(nullptr, pfn_t{16}, 0));
  CHECK(pa.pageblock(pfn_t{16}) == I);
}

TEST_CASE("isolation: a pageblock's free pages leave and come back, and freed ones stay out") {
  PageAlloc pa = small_pages({{0, 64}});
  const auto p = *take(pa, 0, M);
  const zone &z = pa.zone_of(0, zone_dma32);
  CHECK(z.free_pages() == 63);
  CHECK(pa.set_migratetype_isolate(nullptr, pfn_t{0}));
  CHECK_FALSE(pa.set_migratetype_isolate(nullptr, pfn_t{0}));
  CHECK(z.free_pages() == 48);
  CHECK(z.nr_isolate_pageblock == 1);
  CHECK(lists(pa) == "0I: 1 | 1I: 2 | 2I: 4 | 3I: 8 | 4M: 16 | 5M: 32");
  pa.free_pages(nullptr, p, order_t{}, 0);
  CHECK(lists(pa) == "4M: 16 | 4I: 0 | 5M: 32"); // merged inside, not with its neighbour
  CHECK(z.free_pages() == 48);
  CHECK(take(pa, 4, M) == pfn_t{16});
  CHECK(pa.unset_migratetype_isolate(nullptr, pfn_t{0}, M));
  CHECK_FALSE(pa.unset_migratetype_isolate(nullptr, pfn_t{0}, M));
  CHECK(z.nr_isolate_pageblock == 0);
  CHECK(z.free_pages() == 48);
  CHECK(pa.verify(false) == "");
}

TEST_CASE("isolation: a larger free block is cut, so that the other pageblock can be used") {
  PageAlloc pa = small_pages({{0, 64}});
  CHECK(pa.set_migratetype_isolate(nullptr, pfn_t{16}));
  CHECK(lists(pa) == "4M: 0 | 4I: 16 | 5M: 32");
  CHECK(pa.verify(false) == "");
}

TEST_CASE("isolation: a page drained from a CPU's list meanwhile goes where its pageblock is now") {
  PageAlloc pa = small_pages({{0, 64}});
  const auto p = pa.alloc_pages(nullptr, {.gfp = gfp::USER | gfp::MOVABLE});
  pa.set_migratetype_isolate(nullptr, pfn_t{0});
  CHECK(cpu_lists(pa) == "0M: 1 2 3");
  pa.drain_all_pages(nullptr);
  CHECK(lists(pa) == "0I: 1 | 1I: 2 | 2I: 4 | 3I: 8 | 4M: 16 | 5M: 32");
  CHECK(pa.zone_of(0, zone_dma32).free_pages() == 48);
  REQUIRE(p);
}

TEST_CASE("CMA: reserved pageblocks become free CMA pages that only movable requests may borrow") {
  BuddyRules rules = small_rules();
  rules.cma = true;
  PageAlloc pa = small_pages({{0, 64}}, 1, rules);
  while (const auto p = take(pa, 4, M)) pa.set_block(nullptr, {*p, order_t{4}, 1, 0});
  pa.set_block(nullptr, {pfn_t{32}, order_t{4}, 0, 0});
  pa.set_pages(nullptr, pfn_t{32}, 16, PageState::reserved, 0, zone_dma32);
  const u64 managed = pa.zone_of(0, zone_dma32).managed_pages;
  pa.init_cma_reserved(nullptr, pfn_t{32}, 16);
  const zone &z = pa.zone_of(0, zone_dma32);
  CHECK(lists(pa) == "4C: 32");
  CHECK(z.nr_free_cma == 16);
  CHECK(z.managed_pages == managed + 16);
  CHECK_FALSE(take(pa, 0, U));
  CHECK_FALSE(take(pa, 0, R));
  CHECK(take(pa, 0, M) == pfn_t{32}); // ALLOC_CMA
  CHECK(z.nr_free_cma == 15);
  // what is CMA's does not count for those who may not have it
  const AllocAttempt a = *pa.first_attempt({.gfp = gfp::KERNEL});
  CHECK(check_watermark(pa.watermark_input(z, 0, order_t{0}, 1, a.flags), order_t{0}, a.flags).usable == 0);
}

TEST_CASE("CMA: movable requests take CMA first while more than half of what is free is CMA's") {
  BuddyRules rules = small_rules();
  rules.cma = true;
  PageAlloc pa = small_pages({{0, 64}}, 1, rules);
  pa.set_migratetype_isolate(nullptr, pfn_t{32}); // cuts the block at 32
  pa.unset_migratetype_isolate(nullptr, pfn_t{32}, C);
  CHECK(pa.zone_of(0, zone_dma32).nr_free_cma == 16);
  CHECK(take(pa, 0, M) == pfn_t{48}); // 16 of 64: movable's own, smallest first
  CHECK(take(pa, 5, M) == pfn_t{0});  // 31 left, 16 of them CMA's
  CHECK(take(pa, 0, M) == pfn_t{32}); // more than half
  CHECK(take(pa, 0, M) == pfn_t{49}); // 15 of 30 is not more than half
  CHECK(pa.zone_of(0, zone_dma32).nr_free_cma == 15);
  // who may not have CMA keeps away from a CPU's movable list: it may hold CMA pages
  const AllocAttempt kernel = *pa.first_attempt({.gfp = gfp::KERNEL});
  CHECK((kernel.flags & alloc_flag::CMA) == 0);
}
