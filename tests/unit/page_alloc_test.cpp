// The buddy allocator's free side: each rule alone, then everything at random
// against the naive model. Expected results stand in the sentences.
#include "mm/page_alloc.hpp"

#include "base/prng.hpp"
#include "base/text.hpp"
#include "support/naive_buddy.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using namespace mmscope;

namespace {

constexpr migratetype U = migratetype::UNMOVABLE, M = migratetype::MOVABLE, R = migratetype::RECLAIMABLE,
                      I = migratetype::ISOLATE;

// Node 0 with zone 0 over [0, pages): all `init`, all MOVABLE, nothing free.
// Largest block 16 pages, pageblock 4 pages, unless said otherwise.
PageAlloc machine(u64 pages = 64, u64 max_order = 4, u64 pageblock_order = 2) {
  PageAlloc pa(BuddyRules{order_t{max_order}, order_t{pageblock_order}});
  pa.init_node(nullptr, 0, pfn_t{}, pages, pages, phys_addr_t{});
  pa.init_zone(nullptr, 0, 0, pfn_t{}, pages, pages);
  pa.set_zone(nullptr, 0, 0, zone_field::managed, pages);
  pa.set_pages(nullptr, pfn_t{}, pages, PageState::init, 0, 0);
  pa.set_pageblocks(nullptr, pfn_t{}, pages, M);
  return pa;
}

// The free lists, head first: "2M: 8 4 | 4M: 16 32" = order 2 MOVABLE holds 8 then 4, order 4 holds 16 then 32.
std::string lists(const PageAlloc &pa, i32 nid = 0, unsigned zid = 0) {
  std::string s;
  for (u64 order = 0; order <= pa.rules().max_order.v; ++order)
    for (unsigned type = 0; type < migratetype_count; ++type) {
      if (pa.zone_of(nid, zid).areas[order].free_list[type].nr == 0) continue;
      append(s, s.empty() ? "" : " | ", order, "UMRHCI"[type], ':');
      pa.for_each_block(nid, zid, order_t{order}, static_cast<migratetype>(type), [&](FreeBlock b) {
        for (u64 i = 0; i < b.count; ++i) append(s, ' ', b.pfn.v + (i << order));
      });
    }
  return s;
}

// How the entries of one list are grouped: "16x2 48" = a run of two blocks, then one block.
std::string entries(const PageAlloc &pa, u64 order, migratetype list = M) {
  std::string s;
  pa.for_each_block(0, 0, order_t{order}, list, [&](FreeBlock b) {
    append(s, s.empty() ? "" : " ", b.pfn.v);
    if (b.count > 1) append(s, 'x', b.count);
  });
  return s;
}

u64 digest(const PageAlloc &pa) {
  Digest d;
  pa.add_to(d);
  return d.value();
}

void free_head(PageAlloc &pa, u64 pfn, u64 order) { pa.free_one(nullptr, pfn_t{pfn}, order_t{order}, FreeTo::head); }
void free_tail(PageAlloc &pa, u64 pfn, u64 order) { pa.free_one(nullptr, pfn_t{pfn}, order_t{order}, FreeTo::tail); }
void take(PageAlloc &pa, u64 pfn) {
  const auto b = pa.free_head(pfn_t{pfn});
  REQUIRE(b);
  const PageInfo p = pa.page(pfn_t{pfn});
  pa.list_del(nullptr, p.nid, p.zone, b->order, b->list, pfn_t{pfn});
}

} // namespace

TEST_CASE("list_add and list_del: a block joins and leaves and its pages say so") {
  //  0       4       8      12      16
  //  |.......|#######|.......|.......|      # = block 4 of order 2
  PageAlloc pa = machine();
  Trace t;
  pa.list_add(&t, 0, 0, order_t{2}, M, pfn_t{4}, 1, FreeTo::head);
  CHECK(lists(pa) == "2M: 4");
  CHECK(pa.page(pfn_t{3}).state == PageState::init);
  CHECK(pa.page(pfn_t{4}).state == PageState::free);
  CHECK(pa.page(pfn_t{7}).state == PageState::free);
  CHECK(pa.page(pfn_t{8}).state == PageState::init);
  CHECK(pa.zone_of(0, 0).free_pages() == 4);
  CHECK(pa.verify() == "");
  pa.list_del(&t, 0, 0, order_t{2}, M, pfn_t{4});
  CHECK(lists(pa) == "");
  CHECK(pa.page(pfn_t{4}).state == PageState::allocated);
  CHECK(pa.page(pfn_t{7}).state == PageState::allocated);
  CHECK(pa.page(pfn_t{8}).state == PageState::init);
  CHECK(pa.zone_of(0, 0).free_pages() == 0);
  REQUIRE(t.events().size() == 2);
  CHECK(to_text(t, t.events()[0]) == "lab_free_list_add nid=0 zone=0 order=2 migratetype=1 pfn=0x4 count=1 tail=0");
  CHECK(to_text(t, t.events()[1]) == "lab_free_list_del nid=0 zone=0 order=2 migratetype=1 pfn=0x4");
}

TEST_CASE("list_add: to the head the newest comes first and to the tail last") {
  PageAlloc pa = machine();
  for (u64 pfn : {0u, 8u, 16u}) pa.list_add(nullptr, 0, 0, order_t{2}, M, pfn_t{pfn}, 1, FreeTo::head);
  for (u64 pfn : {40u, 32u, 24u}) pa.list_add(nullptr, 0, 0, order_t{2}, M, pfn_t{pfn}, 1, FreeTo::tail);
  CHECK(lists(pa) == "2M: 16 8 0 40 32 24");
}

TEST_CASE("list_add: a run is one entry and joins the run that it continues") {
  //  0       16      32      48      64
  //  |  1st entry x2 |  + 1  |       |
  PageAlloc pa = machine(96);
  pa.list_add(nullptr, 0, 0, order_t{4}, M, pfn_t{16}, 2, FreeTo::tail);
  CHECK(entries(pa, 4) == "16x2");
  pa.list_add(nullptr, 0, 0, order_t{4}, M, pfn_t{48}, 1, FreeTo::tail);
  CHECK(entries(pa, 4) == "16x3");
  pa.list_add(nullptr, 0, 0, order_t{4}, M, pfn_t{0}, 1, FreeTo::tail); // does not continue it
  CHECK(entries(pa, 4) == "16x3 0");
  pa.list_add(nullptr, 0, 0, order_t{4}, M, pfn_t{64}, 2, FreeTo::head); // ascending, though at the head
  CHECK(lists(pa) == "4M: 64 80 16 32 48 0");
  PageAlloc head = machine(96);
  for (u64 pfn : {48u, 32u, 0u}) {
    head.list_add(nullptr, 0, 0, order_t{4}, M, pfn_t{pfn}, 1, FreeTo::head);
    CHECK(head.verify() == "");
  }
  CHECK(entries(head, 4) == "0 32x2");
  CHECK(pa.verify() == "");
}

TEST_CASE("list_del: a run is split at its start and in its middle and at its end") {
  //  0   16   32   48   64   80   96
  //  [a ][ b ][ c ][ d ][ e ][ f ]         take a, then d, then f, then what is left
  PageAlloc pa = machine(96);
  pa.list_add(nullptr, 0, 0, order_t{4}, M, pfn_t{0}, 6, FreeTo::tail);
  CHECK(entries(pa, 4) == "0x6");
  take(pa, 0);
  CHECK(entries(pa, 4) == "16x5");
  take(pa, 48);
  CHECK(entries(pa, 4) == "16x2 64x2");
  CHECK(pa.verify() == "");
  take(pa, 80);
  CHECK(entries(pa, 4) == "16x2 64");
  CHECK(pa.page(pfn_t{95}).state == PageState::allocated);
  CHECK(pa.page(pfn_t{79}).state == PageState::free);
  CHECK(pa.zone_of(0, 0).areas[4].nr_free() == 3);
  for (u64 pfn : {32u, 16u, 64u}) take(pa, pfn);
  CHECK(lists(pa) == "");
  CHECK(pa.verify() == "");
  CHECK(pa.map().mixed_blocks() == 0); // whole blocks came and went: no page has a record of its own
  CHECK(pa.map().stretches() == 1);
}

TEST_CASE("free_one: a block alone goes to the head of its pageblock's list") {
  PageAlloc pa = machine();
  free_head(pa, 4, 1);
  free_head(pa, 10, 1);
  CHECK(lists(pa) == "1M: 10 4");
}

TEST_CASE("free_one: two buddies become one and the chain goes up to the largest order") {
  //  0 1 2   4       8               16
  //  |f|X|f f|f f f f|f f f f f f f f|      X is freed: orders 0 1 2 3 merge, one block of order 4
  PageAlloc pa = machine();
  free_tail(pa, 0, 0);
  free_tail(pa, 2, 1);
  free_tail(pa, 4, 2);
  free_tail(pa, 8, 3);
  CHECK(lists(pa) == "0M: 0 | 1M: 2 | 2M: 4 | 3M: 8");
  Trace t;
  pa.free_one(&t, pfn_t{1}, order_t{0}, FreeTo::head);
  CHECK(lists(pa) == "4M: 0");
  std::string merges;
  for (const Event &e : t.events())
    if (e.kind == EventKind::lab_buddy_merge) append(merges, ' ', e.f[0], '+', e.f[1], '@', e.f[2]);
  CHECK(merges == " 1+0@0 0+2@1 0+4@2 0+8@3");
  CHECK(pa.page(pfn_t{15}).state == PageState::free);
  CHECK(pa.verify() == "");
}

TEST_CASE("free_one: a free block of another order beside it is no buddy") {
  //  0 1 2 3 4
  //  |f|.|X X|       1 is taken, so 0 stays order 0 and [2,4) does not merge with it
  PageAlloc pa = machine();
  free_head(pa, 0, 0);
  free_head(pa, 2, 1);
  CHECK(lists(pa) == "0M: 0 | 1M: 2");
}

TEST_CASE("free_one: behind the tail if the pair's buddy is free and merging is likely soon") {
  //  0 1 2 3 4
  //  |X|.|f f|       freeing 0: when 1 follows, [0,2) will merge with [2,4): 0 goes to the tail
  PageAlloc pa = machine();
  free_head(pa, 8, 0);
  free_head(pa, 2, 1);
  free_head(pa, 0, 0);
  CHECK(lists(pa) == "0M: 8 0 | 1M: 2");
  free_head(pa, 20, 0); // nothing is free near 20: to the head
  CHECK(lists(pa) == "0M: 20 8 0 | 1M: 2");
}

TEST_CASE("free_one: at the two largest orders merging is never likely") {
  //  0       8       16          order 3 is the second largest of 4: 8 is not put behind 40
  PageAlloc pa = machine(96);
  free_head(pa, 48, 4);
  free_head(pa, 40, 3);
  free_head(pa, 8, 3);
  CHECK(lists(pa) == "3M: 8 40 | 4M: 48");
  // one order lower it is: [0,4) would become [0,8), whose buddy [8,16) is free
  free_head(pa, 80, 2);
  free_head(pa, 0, 2);
  CHECK(lists(pa) == "2M: 80 0 | 3M: 8 40 | 4M: 48");
}

TEST_CASE("free_one: tail placement keeps the order of freeing and not of pfn") {
  PageAlloc pa = machine(96);
  for (u64 pfn : {64u, 0u, 32u}) free_tail(pa, pfn, 4);
  for (u64 pfn : {26u, 20u, 16u}) free_tail(pa, pfn, 1);
  CHECK(lists(pa) == "1M: 26 20 16 | 4M: 64 0 32");
}

TEST_CASE("free_one: an UNMOVABLE and a MOVABLE pageblock merge onto the list of the page freed last") {
  //  pageblocks   0    4    8    12   16
  //               [ U ][ M ][ M ][ M ]
  PageAlloc pa = machine();
  pa.set_pageblocks(nullptr, pfn_t{0}, 4, U);
  free_tail(pa, 0, 2);
  free_tail(pa, 4, 2);
  CHECK(lists(pa) == "3M: 0");
  CHECK(pa.pageblock(pfn_t{0}) == U); // the tags stay
  CHECK(pa.pageblock(pfn_t{4}) == M);
  take(pa, 0);
  free_tail(pa, 4, 2);
  free_tail(pa, 0, 2);
  CHECK(lists(pa) == "3U: 0");
  CHECK(pa.verify() == "");
}

TEST_CASE("free_one: ISOLATE HIGHATOMIC and CMA pageblocks do not merge with another type") {
  for (migratetype other : {migratetype::HIGHATOMIC, migratetype::CMA, I}) {
    PageAlloc pa = machine();
    pa.set_pageblocks(nullptr, pfn_t{0}, 4, other);
    free_tail(pa, 0, 2);
    free_tail(pa, 4, 2);
    CHECK(pa.zone_of(0, 0).areas[2].nr_free() == 2);
    CHECK(pa.zone_of(0, 0).areas[3].nr_free() == 0);
    CHECK(pa.verify() == "");
    // two of the kind do
    pa.set_pageblocks(nullptr, pfn_t{8}, 8, other);
    free_tail(pa, 8, 2);
    free_tail(pa, 12, 2);
    CHECK(pa.zone_of(0, 0).areas[3].free_list[static_cast<unsigned>(other)].nr == 1);
  }
}

TEST_CASE("free_one: below a pageblock types do not matter and a given type wins over the pageblock") {
  PageAlloc pa = machine();
  pa.free_one(nullptr, pfn_t{0}, order_t{0}, FreeTo::head, I);
  CHECK(lists(pa) == "0I: 0");
  pa.free_one(nullptr, pfn_t{1}, order_t{0}, FreeTo::head, R);
  CHECK(lists(pa) == "1R: 0");
}

TEST_CASE("free_pages: what is isolated is on a list but does not count as free") {
  PageAlloc pa = machine();
  pa.set_pageblocks(nullptr, pfn_t{0}, 4, I);
  free_tail(pa, 0, 2);
  free_tail(pa, 8, 1);
  CHECK(lists(pa) == "1M: 8 | 2I: 0");
  CHECK(pa.zone_of(0, 0).free_pages() == 2);
}

TEST_CASE("free_one: buddies do not merge across a zone border") {
  //  0           6   8               16
  //  |  zone 0   | zone 1            |      [4,6) and [6,8) are buddies, but strangers
  PageAlloc pa = machine();
  pa.init_zone(nullptr, 0, 0, pfn_t{0}, 6, 6);
  pa.init_zone(nullptr, 0, 1, pfn_t{6}, 58, 58);
  pa.set_zone(nullptr, 0, 1, zone_field::managed, 58);
  pa.set_pages(nullptr, pfn_t{6}, 58, PageState::init, 0, 1);
  pa.set_zone(nullptr, 0, 0, zone_field::managed, 6);
  free_tail(pa, 4, 1);
  free_tail(pa, 6, 1);
  CHECK(lists(pa, 0, 0) == "1M: 4");
  CHECK(lists(pa, 0, 1) == "1M: 6");
  CHECK(pa.verify() == "");
}

TEST_CASE("free_one: nor across a border between nodes") {
  PageAlloc pa = machine();
  pa.init_node(nullptr, 1, pfn_t{8}, 56, 56, phys_addr_t{});
  pa.init_zone(nullptr, 1, 0, pfn_t{8}, 56, 56);
  pa.set_zone(nullptr, 1, 0, zone_field::managed, 56);
  pa.set_pages(nullptr, pfn_t{8}, 56, PageState::init, 1, 0);
  free_tail(pa, 0, 3);
  free_tail(pa, 8, 3);
  CHECK(lists(pa, 0) == "3M: 0");
  CHECK(lists(pa, 1) == "3M: 8");
  CHECK(pa.verify() == "");
}

TEST_CASE("free_one: a block that is absent in part frees what is there") {
  //  0       4       8              16
  //  | no struct page|  [8,16) init  |
  PageAlloc pa = machine();
  pa.set_pages(nullptr, pfn_t{0}, 8, PageState::absent, 0, 0);
  free_tail(pa, 8, 3);
  CHECK(lists(pa) == "3M: 8");
  CHECK(pa.page(pfn_t{7}).state == PageState::absent);
  CHECK(pa.page(pfn_t{7}).nid == no_node);
  CHECK(pa.verify() == "");
}

TEST_CASE("free_core: blocks become managed and go to the tail as memblock hands them over") {
  //  1   2       4               8              16      32
  //  [1 )[2,4   )[4,8           )[8,16          )[16,32 )      the chop of [1,32)
  PageAlloc pa = machine(64);
  pa.set_zone(nullptr, 0, 0, zone_field::managed, 0);
  Trace t;
  for (auto [pfn, order] : {std::pair{1, 0}, {2, 1}, {4, 2}, {8, 3}, {16, 4}})
    pa.free_core(&t, pfn_t(static_cast<u64>(pfn)), order_t(static_cast<u64>(order)));
  CHECK(lists(pa) == "0M: 1 | 1M: 2 | 2M: 4 | 3M: 8 | 4M: 16");
  CHECK(pa.zone_of(0, 0).managed_pages == 31);
  pa.free_core(nullptr, pfn_t{33}, order_t{0});
  CHECK(lists(pa) == "0M: 1 33 | 1M: 2 | 2M: 4 | 3M: 8 | 4M: 16");
  CHECK(to_text(t, t.events()[0]) == "lab_hand_over pfn=0x1 order=0 count=1");
  CHECK(pa.verify() == "");
}

TEST_CASE("free_core: after every k-th block handed over the lists are as if there were no runs") {
  // 12 blocks in one call on the left, one by one on the right, a reserved block 5 between
  PageAlloc one = machine(256), many = machine(256);
  for (PageAlloc *pa : {&one, &many}) pa->set_pages(nullptr, pfn_t{80}, 16, PageState::reserved, 0, 0);
  for (u64 k = 0; k < 12; ++k) {
    PageAlloc some = one;
    some.free_core(nullptr, pfn_t{0}, order_t{4}, k + 1);
    many.free_core(nullptr, pfn_t{16 * k}, order_t{4});
    CHECK(lists(some) == lists(many));
    CHECK(some == many);
  }
}

TEST_CASE("free_core: a run of blocks is one event and one entry whatever its length") {
  PageAlloc pa = machine(1u << 20);
  Trace t;
  pa.free_core(&t, pfn_t{0}, order_t{4}, 1u << 16);
  CHECK(t.events().size() == 3); // lab_hand_over, lab_zone_set managed, lab_free_list_add
  CHECK(entries(pa, 4) == "0x65536");
  CHECK(pa.map().stretches() == 1);
}

TEST_CASE("free_core: what deferred init has not reached waits and a run is cut at the border") {
  //  0       16      32      48      64      80
  //  | init          | uninit        | init  |
  PageAlloc pa = machine(80);
  pa.set_zone(nullptr, 0, 0, zone_field::managed, 0);
  pa.set_pages(nullptr, pfn_t{32}, 32, PageState::uninit, 0, 0);
  Trace t;
  pa.free_core(&t, pfn_t{0}, order_t{4}, 5);
  CHECK(lists(pa) == "4M: 0 16 64");
  CHECK(pa.zone_of(0, 0).managed_pages == 48);
  CHECK(pa.uninit_pages(pfn_t{0}, pfn_t{80}) == 32);
  CHECK(pa.uninit_pages(pfn_t{40}, pfn_t{50}) == 10);
  std::string said;
  for (const Event &e : t.events())
    if (event_info(e.kind).role == EventRole::info) append(said, to_text(t, e), '\n');
  CHECK(said == "lab_hand_over pfn=0x0 order=4 count=2\n"
                "lab_deferred_skip pfn=0x20 order=4 count=2\n"
                "lab_hand_over pfn=0x40 order=4 count=1\n");
  pa.free_core(nullptr, pfn_t{40}, order_t{2}); // a small block there waits too
  CHECK(pa.page(pfn_t{40}).state == PageState::uninit);
}

TEST_CASE("free_core: runs of different pageblock types go to their lists") {
  PageAlloc pa = machine(64);
  pa.set_pageblocks(nullptr, pfn_t{16}, 16, U);
  pa.free_core(nullptr, pfn_t{0}, order_t{4}, 4);
  CHECK(lists(pa) == "4U: 16 | 4M: 0 32 48");
  CHECK(pa.verify() == "");
}

TEST_CASE("free_deferred: whole blocks end at the tail of the largest order and are MOVABLE") {
  PageAlloc pa = machine(96);
  pa.set_pages(nullptr, pfn_t{32}, 64, PageState::uninit, 0, 0);
  pa.set_pageblocks(nullptr, pfn_t{32}, 64, U);
  pa.set_zone(nullptr, 0, 0, zone_field::managed, 0);
  pa.free_core(nullptr, pfn_t{16}, order_t{4});
  CHECK(pa.free_deferred(nullptr, 0, pfn_t{32}, pfn_t{96}) == 64);
  CHECK(lists(pa) == "4M: 16 32 48 64 80");
  CHECK(entries(pa, 4) == "16x5");
  CHECK(pa.pageblock(pfn_t{95}) == M);
  CHECK(pa.zone_of(0, 0).managed_pages == 80);
  CHECK(pa.verify() == "");
}

TEST_CASE("free_deferred: odd edges are freed page by page and their pageblocks keep their type") {
  //  0    4    8    12   16             32    36   38
  //  |    |  ..[6,8)[8,12)[12,16)  ...  |     |    |      range [6,38), pageblocks of 4
  //  pageblock [4,8) is not whole and its first page is not in the range: it stays UNMOVABLE.
  //  pageblock [36,40) is not whole, its first page is: MOVABLE.
  PageAlloc pa = machine(64);
  pa.set_pages(nullptr, pfn_t{0}, 64, PageState::uninit, 0, 0);
  pa.set_pageblocks(nullptr, pfn_t{0}, 64, U);
  pa.set_zone(nullptr, 0, 0, zone_field::managed, 0);
  Trace t;
  CHECK(pa.free_deferred(&t, 0, pfn_t{6}, pfn_t{38}) == 32);
  CHECK(lists(pa) == "1U: 6 | 1M: 36 | 2M: 32 | 3M: 8 | 4M: 16");
  CHECK(pa.pageblock(pfn_t{4}) == U);
  CHECK(pa.pageblock(pfn_t{8}) == M);
  CHECK(pa.pageblock(pfn_t{39}) == M);
  CHECK(pa.page(pfn_t{5}).state == PageState::uninit);
  CHECK(pa.zone_of(0, 0).managed_pages == 32);
  std::string said;
  for (const Event &e : t.events())
    if (e.kind == EventKind::lab_hand_over) append(said, ' ', e.f[0], '@', e.f[1], 'x', e.f[2]);
  CHECK(said == " 6@0x2 8@2x1 12@2x1 16@4x1 32@2x1 36@0x2");
  CHECK(pa.verify() == "");
}

TEST_CASE("free_deferred: two ranges in one max-order block are both initialised before either is freed") {
  //  0      3   4      7   8              16
  //  | [0,3)| . | [4,7)| . | [8,16)       |      3 and 7 are reserved
  PageAlloc pa = machine(64);
  pa.set_pages(nullptr, pfn_t{0}, 16, PageState::uninit, 0, 0);
  for (u64 pfn : {3u, 7u}) pa.set_pages(nullptr, pfn_t{pfn}, 1, PageState::reserved, 0, 0);
  const PfnRange ranges[] = {{pfn_t{0}, pfn_t{3}}, {pfn_t{4}, pfn_t{7}}, {pfn_t{8}, pfn_t{16}}};
  Trace t;
  CHECK(pa.free_deferred(&t, 0, ranges) == 14);
  CHECK(lists(pa) == "0M: 2 6 | 1M: 0 4 | 3M: 8");
  std::string order;
  for (const Event &e : t.events()) {
    if (e.kind == EventKind::lab_page_run) append(order, 'i', e.f[0], ' ');
    if (e.kind == EventKind::lab_hand_over) append(order, 'f', e.f[0], ' ');
  }
  CHECK(order == "i0 i4 i8 f0 f4 f8 f12 ");
  CHECK(pa.verify() == "");
}

TEST_CASE("free_deferred: the pages get the zone that deferred init works on") {
  PageAlloc pa = machine(96);
  pa.init_zone(nullptr, 0, 0, pfn_t{0}, 40, 40);
  pa.init_zone(nullptr, 0, 2, pfn_t{40}, 56, 56);
  pa.set_pages(nullptr, pfn_t{40}, 56, PageState::uninit, 0, 0);
  pa.free_deferred(nullptr, 0, pfn_t{44}, pfn_t{80});
  CHECK(lists(pa, 0, 2) == "2M: 44 | 4M: 48 64");
  CHECK(pa.zone_of(0, 2).managed_pages == 36);
  CHECK(pa.zone_at(pfn_t{44}) == &pa.zone_of(0, 2));
}

TEST_CASE("free_deferred: as without runs when a pageblock is as large as the largest block") {
  PageAlloc pa = machine(64, 4, 4);
  pa.set_pages(nullptr, pfn_t{0}, 64, PageState::uninit, 0, 0);
  pa.free_deferred(nullptr, 0, pfn_t{13}, pfn_t{50});
  CHECK(lists(pa) == "0M: 13 | 1M: 14 48 | 4M: 16 32");
}

TEST_CASE("free_reserved: page by page to the head except where merging is likely") {
  //  4 5 6   8       12  14 15
  //  |.|f|f f|f f f f|f f|f|.|      [5,15) makes blocks 5 [6,8) [8,12) [12,14) 14
  //  12 goes behind 6: with 14 and 15 it would merge with [8,12). 14 goes behind 5 likewise.
  PageAlloc pa = machine();
  pa.set_pages(nullptr, pfn_t{0}, 64, PageState::reserved, 0, 0);
  pa.set_zone(nullptr, 0, 0, zone_field::managed, 0);
  pa.free_reserved(nullptr, pfn_t{5}, 10);
  CHECK(lists(pa) == "0M: 5 14 | 1M: 6 12 | 2M: 8");
  CHECK(pa.zone_of(0, 0).managed_pages == 10);
  Trace t;
  pa.free_reserved(&t, pfn_t{32}, 32); // whole blocks come out descending
  CHECK(lists(pa) == "0M: 5 14 | 1M: 6 12 | 2M: 8 | 4M: 48 32");
  CHECK(to_text(t, t.events().back()) == "lab_zone_set nid=0 zone=0 which=0 value=42");
  CHECK(pa.verify() == "");
}

TEST_CASE("free_reserved: a block across an UNMOVABLE and a MOVABLE pageblock lands where its last page belongs") {
  PageAlloc pa = machine();
  pa.set_pages(nullptr, pfn_t{0}, 64, PageState::reserved, 0, 0);
  pa.set_pageblocks(nullptr, pfn_t{0}, 4, U);
  pa.free_reserved(nullptr, pfn_t{0}, 8);
  CHECK(lists(pa) == "3M: 0");
}

TEST_CASE("queries: the head of a free block and the block around a page") {
  PageAlloc pa = machine(96);
  free_tail(pa, 8, 3);
  free_tail(pa, 32, 4);
  free_tail(pa, 48, 4);
  CHECK(pa.free_head(pfn_t{8})->order == order_t{3});
  CHECK_FALSE(pa.free_head(pfn_t{9}));
  CHECK_FALSE(pa.free_head(pfn_t{0}));
  CHECK(pa.containing_free_block(pfn_t{13})->pfn == pfn_t{8});
  CHECK(pa.containing_free_block(pfn_t{13})->list == M);
  CHECK_FALSE(pa.containing_free_block(pfn_t{7}));
  CHECK_FALSE(pa.containing_free_block(pfn_t{16}));
  CHECK(pa.containing_free_block(pfn_t{63})->pfn == pfn_t{48}); // the second block of a run
  CHECK(pa.free_head(pfn_t{48})->order == order_t{4});
  CHECK(pa.zone_at(pfn_t{8}) == &pa.zone_of(0, 0));
  CHECK(pa.zone_at(pfn_t{1000}) == nullptr);
}

TEST_CASE("set_pageblocks: a free block may get another type and stays where it is") {
  //  0   16   32   48   64
  //  [ free run of 4 blocks ]      tag the pageblock [20,24), then the block [32,48)
  PageAlloc pa = machine(64);
  pa.free_core(nullptr, pfn_t{0}, order_t{4}, 4);
  pa.set_pageblocks(nullptr, pfn_t{20}, 4, R);
  CHECK(lists(pa) == "4M: 0 16 32 48");
  CHECK(pa.pageblock(pfn_t{19}) == M);
  CHECK(pa.pageblock(pfn_t{20}) == R);
  CHECK(pa.pageblock(pfn_t{24}) == M);
  CHECK(pa.page(pfn_t{20}).state == PageState::free);
  pa.set_pageblocks(nullptr, pfn_t{32}, 16, U);
  CHECK(lists(pa) == "4M: 0 16 32 48");
  CHECK(pa.pageblock(pfn_t{47}) == U);
  CHECK(pa.verify() == "");
  for (u64 pfn : {32u, 48u, 16u, 0u}) take(pa, pfn);
  CHECK(lists(pa) == "");
  CHECK(pa.verify() == "");
}

TEST_CASE("cost: taking whole blocks one after the other makes no page records") {
  PageAlloc pa = machine(1u << 16);
  pa.free_core(nullptr, pfn_t{0}, order_t{4}, 1u << 12);
  const u64 before = pa.memory_bytes();
  for (u64 i = 0; i < 2000; ++i) take(pa, 16 * i);
  CHECK(pa.map().mixed_blocks() == 0);
  CHECK(pa.map().stretches() == 2);
  CHECK(pa.memory_bytes() < before + 512);
}

TEST_CASE("digest: a run and the same blocks one by one are equal") {
  PageAlloc run = machine(128), single = machine(128);
  run.list_add(nullptr, 0, 0, order_t{4}, M, pfn_t{32}, 4, FreeTo::tail);
  for (u64 pfn : {80u, 64u, 48u, 32u}) single.list_add(nullptr, 0, 0, order_t{4}, M, pfn_t{pfn}, 1, FreeTo::head);
  CHECK(digest(run) == digest(single));
  // one of them with page records, as after an allocation that came back whole
  PageAlloc mixed = run;
  take(mixed, 48);
  for (u64 pfn : {48u, 56u}) mixed.set_pages(nullptr, pfn_t{pfn}, 8, PageState::reserved, 0, 0);
  mixed.set_pages(nullptr, pfn_t{50}, 2, PageState::init, 0, 0);
  CHECK(mixed.map().mixed_blocks() == 1);
  CHECK(digest(run) != digest(mixed));
  for (u64 pfn : {32u, 64u, 80u}) take(mixed, pfn);
  for (u64 pfn : {32u, 48u, 64u, 80u}) free_tail(mixed, pfn, 4);
  CHECK(mixed.map().mixed_blocks() == 1);
  CHECK(entries(mixed, 4) == "32 48 64x2");
  CHECK(digest(run) == digest(mixed));
  CHECK(run == mixed);
}

TEST_CASE("digest: changing any one field changes it") {
  PageAlloc base = machine(96);
  base.init_node(nullptr, 1, pfn_t{}, 0, 0, phys_addr_t{});
  base.add_fallback(nullptr, 0, 0);
  free_tail(base, 0, 4);
  free_tail(base, 20, 2);
  free_tail(base, 28, 2);
  std::vector<std::pair<const char *, PageAlloc>> seen;
  seen.emplace_back("base", base);
  const auto change = [&](const char *name, auto &&edit) {
    PageAlloc pa = base;
    edit(pa);
    for (const auto &other : seen) {
      CAPTURE(name);
      CAPTURE(other.first);
      CHECK(digest(pa) != digest(other.second));
    }
    seen.emplace_back(name, std::move(pa));
  };
  change("node start", [](PageAlloc &p) { p.init_node(nullptr, 0, pfn_t{1}, 96, 96, phys_addr_t{}); });
  change("node spanned", [](PageAlloc &p) { p.init_node(nullptr, 0, pfn_t{}, 95, 96, phys_addr_t{}); });
  change("node present", [](PageAlloc &p) { p.init_node(nullptr, 0, pfn_t{}, 96, 95, phys_addr_t{}); });
  change("node pgdat", [](PageAlloc &p) { p.init_node(nullptr, 0, pfn_t{}, 96, 96, phys_addr_t{4096}); });
  change("another node", [](PageAlloc &p) { p.init_node(nullptr, 2, pfn_t{}, 0, 0, phys_addr_t{}); });
  for (node_field f : {node_field::first_deferred_pfn, node_field::memoryless, node_field::online,
                       node_field::movable_start_pfn, node_field::cpus})
    change("node field", [f](PageAlloc &p) { p.set_node(nullptr, 0, f, 1); });
  for (node_field f : {node_field::spanned, node_field::present, node_field::start_pfn})
    change("node field", [f](PageAlloc &p) { p.set_node(nullptr, 0, f, 77); });
  change("the other node's field", [](PageAlloc &p) { p.set_node(nullptr, 1, node_field::cpus, 1); });
  change("fallback", [](PageAlloc &p) { p.add_fallback(nullptr, 0, 1); });
  change("fallback node", [](PageAlloc &p) { p.set_fallback(nullptr, 0, 0, 1); });
  change("zone start", [](PageAlloc &p) { p.init_zone(nullptr, 0, 0, pfn_t{1}, 96, 96); });
  for (zone_field f : {zone_field::managed, zone_field::min, zone_field::low, zone_field::high, zone_field::spanned,
                       zone_field::present, zone_field::pcp_high, zone_field::pcp_batch})
    change("zone field", [f](PageAlloc &p) { p.set_zone(nullptr, 0, 0, f, 1234); });
  for (unsigned j = 0; j < max_zone_types; ++j)
    change("lowmem_reserve", [j](PageAlloc &p) { p.set_zone(nullptr, 0, 0, lowmem_reserve_for(j), 9); });
  change("the next zone's field", [](PageAlloc &p) { p.set_zone(nullptr, 0, 1, zone_field::min, 1234); });
  for (PageState s : {PageState::absent, PageState::uninit, PageState::hole, PageState::reserved, PageState::allocated})
    change("page state", [s](PageAlloc &p) { p.set_pages(nullptr, pfn_t{50}, 1, s, 0, 0); });
  change("page zone", [](PageAlloc &p) { p.set_pages(nullptr, pfn_t{50}, 1, PageState::init, 0, 1); });
  change("page node", [](PageAlloc &p) { p.set_pages(nullptr, pfn_t{50}, 1, PageState::init, 1, 0); });
  change("another page", [](PageAlloc &p) { p.set_pages(nullptr, pfn_t{51}, 1, PageState::reserved, 0, 0); });
  for (unsigned m = 0; m < migratetype_count; ++m)
    if (static_cast<migratetype>(m) != M)
      change("pageblock", [m](PageAlloc &p) { p.set_pageblocks(nullptr, pfn_t{48}, 4, static_cast<migratetype>(m)); });
  change("a pageblock under a free block", [](PageAlloc &p) { p.set_pageblocks(nullptr, pfn_t{0}, 4, U); });
  change("one block more", [](PageAlloc &p) { free_tail(p, 32, 4); });
  change("one block more at the head", [](PageAlloc &p) { free_head(p, 40, 3); });
  change("a block less", [](PageAlloc &p) { take(p, 20); });
  change("list order", [](PageAlloc &p) {
    take(p, 20);
    p.list_add(nullptr, 0, 0, order_t{2}, M, pfn_t{20}, 1, FreeTo::tail);
  });
  change("another list", [](PageAlloc &p) {
    take(p, 20);
    p.list_add(nullptr, 0, 0, order_t{2}, U, pfn_t{20}, 1, FreeTo::head);
  });
  change("two blocks for one", [](PageAlloc &p) {
    take(p, 28);
    p.list_add(nullptr, 0, 0, order_t{1}, M, pfn_t{28}, 1, FreeTo::head);
    p.list_add(nullptr, 0, 0, order_t{1}, M, pfn_t{30}, 1, FreeTo::head);
  });
  PageAlloc other_rules(BuddyRules{order_t{4}, order_t{3}});
  CHECK(digest(PageAlloc(BuddyRules{order_t{4}, order_t{2}})) != digest(other_rules));
}

TEST_CASE("fold: info events and other modules' events are not for us") {
  PageAlloc pa = machine();
  const u64 before = digest(pa);
  CHECK_FALSE(pa.fold(Event{EventKind::lab_buddy_merge, {1, 2, 3}}));
  CHECK_FALSE(pa.fold(Event{EventKind::lab_phase, {1}}));
  CHECK(digest(pa) == before);
}

TEST_CASE("fold: the events of every primitive rebuild the machine from nothing") {
  Trace t;
  const BuddyRules rules{order_t{4}, order_t{2}};
  PageAlloc pa(rules), copy(rules);
  pa.init_node(&t, 1, pfn_t{8}, 88, 80, phys_addr_t{0x5000});
  pa.set_node(&t, 1, node_field::online, 1);
  pa.init_zone(&t, 1, 2, pfn_t{8}, 88, 80);
  pa.set_zone(&t, 1, 2, lowmem_reserve_for(3), 17);
  pa.set_fallback(&t, 1, 0, 1);
  pa.add_fallback(&t, 1, 0);
  pa.set_pages(&t, pfn_t{0}, 8, PageState::absent, no_node, 0);
  pa.set_pages(&t, pfn_t{8}, 88, PageState::uninit, 1, 2);
  pa.set_pages(&t, pfn_t{8}, 56, PageState::init, 1, 2);
  pa.set_pageblocks(&t, pfn_t{8}, 56, M);
  pa.free_core(&t, pfn_t{8}, order_t{3});
  pa.free_core(&t, pfn_t{16}, order_t{4}, 4);
  pa.free_deferred(&t, 1, pfn_t{70}, pfn_t{96});
  pa.list_del(&t, 1, 2, order_t{4}, M, pfn_t{32});
  for (const Event &e : t.events()) CHECK(copy.fold(e) == (event_info(e.kind).role == EventRole::state));
  CHECK(copy == pa);
  CHECK(copy.verify() == "");
}

TEST_CASE("verify: says what is wrong") {
  PageAlloc pa = machine();
  pa.list_add(nullptr, 0, 0, order_t{1}, M, pfn_t{4}, 1, FreeTo::head);
  pa.list_add(nullptr, 0, 0, order_t{1}, M, pfn_t{6}, 1, FreeTo::head);
  CHECK(pa.verify() == "node 0 zone 0 order 1 Movable: block 6: free beside its free buddy");
  CHECK(pa.verify(false) == "");
  PageAlloc few = machine();
  few.set_zone(nullptr, 0, 0, zone_field::managed, 15);
  free_tail(few, 0, 4);
  CHECK(few.verify() == "node 0 zone 0: more pages free than managed");
  PageAlloc out = machine();
  out.init_zone(nullptr, 0, 0, pfn_t{}, 60, 60);
  CHECK(out.verify() == "page 0: outside its zone");
}

// --- everything at random against the naive model ---

namespace {

// A small machine of three zones on node 0 and one on node 1 with borders anywhere, driven at random.
struct Pair {
  BuddyRules rules;
  u64 size;
  Prng r;
  bool retag; // may give pageblocks other types and frees a type of their own
  PageAlloc pa;
  NaiveBuddy naive;
  PageAlloc folded;
  Trace trace;
  std::vector<std::pair<i32, unsigned>> home;
  u64 done[12] = {};

  Pair(u64 seed, bool with_retag)
      : rules(rules_for(seed)), size(u64{12} << rules.max_order.v), r(seed), retag(with_retag), pa(rules),
        naive(rules, size), folded(rules), home(size) {
    u64 border[4] = {0, 1 + r.below(size / 2), 0, 0};
    border[2] = border[1] + 1 + r.below(size / 4);
    border[3] = border[2] + 1 + r.below(size - border[2] - 1);
    if (r.below(2) != 0) border[3] = round_up(border[3], u64{1} << rules.max_order.v);
    pa.init_node(&trace, 0, pfn_t{}, size, size, phys_addr_t{});
    pa.init_node(&trace, 1, pfn_t{}, size, size, phys_addr_t{});
    const std::pair<i32, unsigned> zones[4] = {{0, 0}, {0, 1}, {0, 2}, {1, 2}};
    for (unsigned z = 0; z < 4; ++z) {
      const u64 end = z == 3 ? size : border[z + 1];
      const auto [nid, zid] = zones[z];
      if (border[z] >= end) continue;
      pa.init_zone(&trace, nid, zid, pfn_t{border[z]}, end - border[z], end - border[z]);
      pa.set_zone(&trace, nid, zid, zone_field::managed, size * 1000); // frees without free_core are many
      naive.managed[{nid, zid}] = size * 1000;
      naive.zone_end[{nid, zid}] = end;
      for (u64 p = border[z]; p < end; ++p) home[p] = {nid, zid};
      set_pages(border[z], end - border[z], PageState::init);
    }
    set_types(0, size, M);
    set_types(0, u64{1} << rules.pageblock_order.v, U);
  }
  static BuddyRules rules_for(u64 seed) {
    const u64 max = 1 + seed % 6;
    return {order_t{max}, order_t{seed / 6 % (max + 1)}, 3};
  }

  // [a, b) of pages that are all `ok`, around a random place; may be empty.
  template <class Ok> std::pair<u64, u64> some_range(u64 most, Ok ok) {
    const u64 a = r.below(size);
    u64 b = a;
    while (b < size && b - a < most && ok(b)) ++b;
    return {a, b};
  }
  bool is_free(u64 p) const { return naive.pages[p].info.state == PageState::free; }
  bool usable(u64 p) const {
    const PageState s = naive.pages[p].info.state;
    return s == PageState::init || s == PageState::reserved || s == PageState::allocated;
  }
  // A block that may be freed: usable pages of one zone.
  bool block_ok(u64 pfn, u64 order, bool uninit_too = false) const {
    for (u64 p = pfn; p < pfn + (u64{1} << order); ++p) {
      if (!usable(p) && !(uninit_too && naive.pages[p].info.state == PageState::uninit)) return false;
      if (home[p] != home[pfn]) return false;
    }
    return true;
  }
  void set_pages(u64 pfn, u64 count, PageState s) {
    for (u64 p = pfn, q = p; p < pfn + count; p = q) { // one zone at a time
      while (q < pfn + count && home[q] == home[p]) ++q;
      pa.set_pages(&trace, pfn_t{p}, q - p, s, home[p].first, home[p].second);
      naive.set_pages(p, q - p, s, home[p].first, home[p].second);
    }
  }
  void set_types(u64 pfn, u64 count, migratetype m) {
    pa.set_pageblocks(&trace, pfn_t{pfn}, count, m);
    naive.set_pageblocks(pfn, count, m);
  }
  void take_and_split(u64 pfn) { // as an allocation of a smaller order would
    const NaiveBuddy::Page head = naive.pages[pfn];
    const auto [nid, zid] = home[pfn];
    pa.list_del(&trace, nid, zid, order_t(static_cast<u64>(head.head)), head.list, pfn_t{pfn});
    naive.list_del(pfn);
    u64 low = r.below(static_cast<u64>(head.head) + 1);
    for (u64 high = static_cast<u64>(head.head); high > low;) {
      --high;
      const u64 upper = pfn + (u64{1} << high);
      pa.list_add(&trace, nid, zid, order_t{high}, head.list, pfn_t{upper}, 1, FreeTo::head);
      naive.list_add(static_cast<unsigned>(high), head.list, upper, false);
    }
  }

  void step() {
    const u64 what = r.below(12), max = rules.max_order.v;
    const u64 order = r.below(max + 1), pfn = round_down(r.below(size), u64{1} << order);
    const unsigned small = static_cast<unsigned>(order);
    switch (what) {
    case 0:
    case 1:
    case 2: {
      if (!block_ok(pfn, order)) return;
      std::optional<migratetype> type;
      if (retag && r.below(8) == 0) type = static_cast<migratetype>(r.below(migratetype_count));
      const bool tail = r.below(2) != 0;
      pa.free_one(&trace, pfn_t{pfn}, order_t{order}, tail ? FreeTo::tail : FreeTo::head, type);
      naive.free_one(pfn, small, tail, type);
      break;
    }
    case 3:
    case 4:
    case 5: {
      u64 p = r.below(size);
      for (u64 n = 0; n < size && naive.pages[p].head < 0; ++n) p = (p + 1) % size;
      if (naive.pages[p].head < 0) return;
      take_and_split(p);
      break;
    }
    case 6:
    case 7: { // pages change state, often several blocks of them
      const auto [a, b] = some_range(1 + r.below(u64{3} << max), [&](u64 p) { return !is_free(p); });
      if (a == b) return;
      constexpr PageState to[] = {PageState::absent, PageState::uninit,   PageState::hole,
                                  PageState::init,   PageState::reserved, PageState::allocated,
                                  PageState::init,   PageState::reserved, PageState::init};
      set_pages(a, b - a, to[r.below(std::size(to))]);
      break;
    }
    case 8: {
      if (!retag) return;
      const u64 pageblock = u64{1} << rules.pageblock_order.v, a = round_down(r.below(size), pageblock);
      const u64 count = std::min(size - a, pageblock * (1 + r.below(r.below(4) == 0 ? 64 : 2)));
      set_types(a, count, r.below(2) != 0 ? M : static_cast<migratetype>(r.below(migratetype_count)));
      break;
    }
    case 9: {
      u64 count = 0;
      const u64 most = order == max ? 1 + r.below(6) : 1;
      while (count < most && pfn + (count << order) < size && block_ok(pfn + (count << order), order, order == max))
        ++count;
      if (count == 0) return;
      pa.free_core(&trace, pfn_t{pfn}, order_t{order}, count);
      naive.free_core(pfn, small, count);
      break;
    }
    case 10: {
      const auto [a, b] = some_range(1 + r.below(u64{2} << max), [&](u64 p) { return usable(p); });
      if (a == b) return;
      pa.free_reserved(&trace, pfn_t{a}, b - a);
      naive.free_reserved(a, b - a);
      break;
    }
    default: { // some ranges of one zone, with pages between them that stay
      std::vector<PfnRange> ranges;
      u64 pos = r.below(size);
      const auto where = home[pos];
      const u64 n = 1 + r.below(4), most = r.below(3) == 0 ? u64{4} << max : u64{1} << max;
      for (u64 i = 0; i < n && pos < size; ++i) {
        u64 to = pos;
        const u64 want = r.below(most);
        while (to < size && to - pos < want && !is_free(to) && home[to] == where) ++to;
        ranges.push_back({pfn_t{pos}, pfn_t{to}});
        set_pages(pos, to - pos, PageState::uninit);
        pos = to + 1 + r.below(3);
      }
      pa.free_deferred(&trace, where.first, ranges);
      naive.free_deferred(where.first, ranges);
    }
    }
    ++done[what];
  }

  void check(bool whole) {
    REQUIRE(naive.list_difference(pa) == "");
    for (const Event &e : trace.events()) folded.fold(e);
    trace.clear();
    if (!whole) return;
    REQUIRE(naive.page_difference(pa) == "");
    REQUIRE(pa.verify(!retag) == "");
    REQUIRE(folded.verify(!retag) == "");
    REQUIRE(naive.list_difference(folded) == "");
    REQUIRE(digest(folded) == digest(pa));
  }
};

void run_pairs(u64 seeds, u64 steps, bool retag) {
  u64 done[12] = {};
  for (u64 seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    Pair pair(seed, retag);
    for (u64 i = 0; i < steps; ++i) {
      CAPTURE(i);
      pair.step();
      pair.check(i % 64 == 0 || i + 1 == steps);
    }
    for (unsigned k = 0; k < 12; ++k) done[k] += pair.done[k];
  }
  for (unsigned k = 0; k < 12; ++k) {
    CAPTURE(k);
    if (retag || k != 8) CHECK(done[k] > steps / 100); // every operation had its share
  }
}

} // namespace

TEST_CASE("property: 150000 random operations with types changing equal the naive model list for list") {
  run_pairs(50, 3000, true);
}

TEST_CASE("property: 60000 random operations leave no two free buddies unmerged") { run_pairs(30, 2000, false); }
