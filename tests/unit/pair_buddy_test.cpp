// The buddy allocator of 2.4: lists and one bit for each pair. In the texts a line is an order: "list | pairs set".
#include "mm/pair_buddy.hpp"

#include "base/prng.hpp"
#include "base/text.hpp"
#include "support/naive_pairs.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

namespace {

// The example of lecture slides. Five orders, so that order 3 has a map.
PairZone sixteen_pages(PairTake take) {
  PairZone z(nullptr, 0, {.pages = 16, .orders = 5, .take = take});
  z.free_pages_ok(nullptr, pfn_t{10}, order_t{0});
  z.free_pages_ok(nullptr, pfn_t{5}, order_t{0});
  z.free_pages_ok(nullptr, pfn_t{8}, order_t{1});
  z.free_pages_ok(nullptr, pfn_t{12}, order_t{2});
  return z;
}

u64 digest(const PairZone &z) {
  Digest d;
  z.add_to(d);
  return d.value();
}

void fold(PairZone &z, const Event &e) {
  if (e.kind == EventKind::lab_pair_list_add) z.list_add(nullptr, order_t{e.f[1]}, pfn_t{e.f[2]});
  if (e.kind == EventKind::lab_pair_list_del) z.list_del(nullptr, order_t{e.f[1]}, pfn_t{e.f[2]});
  if (e.kind == EventKind::lab_pair_toggle) z.toggle(nullptr, order_t{e.f[1]}, e.f[2]);
}

// What a call did, a line an event; they are all of it.
template <class F> std::string told(PairZone &z, F &&call) {
  PairZone folded = z;
  Trace t;
  call(z, &t);
  std::string s;
  for (const Event &e : t.events()) {
    fold(folded, e);
    append(s, to_text(t, e).substr(std::string_view("lab_pair_").size()), '\n');
  }
  CHECK(digest(folded) == digest(z));
  CHECK(z.verify() == "");
  return s;
}

} // namespace

TEST_CASE("pair_buddy: the example's first state") {
  for (const PairTake take : {PairTake::upper, PairTake::lower}) {
    const PairZone z = sixteen_pages(take);
    CHECK(pairs_text(z) == "5 10 | 2 5\n8 | 2\n12 | 1\n|\n|\n");
    CHECK(z.free_pages() == 8);
    CHECK(z.verify() == "");
  }
}

TEST_CASE("pair_buddy: two pages and two again, 2.4.22 gives out the upper half") {
  PairZone z = sixteen_pages(PairTake::upper);
  std::optional<pfn_t> p;
  const auto take = [&](PairZone &zone, Trace *t) { p = zone.rmqueue(t, order_t{1}); };
  CHECK(told(z, take) == "list_del zone=0 order=1 pfn=0x8\n"
                         "toggle zone=0 order=1 pair=2 value=0\n");
  CHECK(p == pfn_t{8});
  CHECK(pairs_text(z) == "5 10 | 2 5\n|\n12 | 1\n|\n|\n");
  CHECK(told(z, take) == "list_del zone=0 order=2 pfn=0xc\n"
                         "toggle zone=0 order=2 pair=1 value=0\n"
                         "split zone=0 order=1 kept=0xc taken=0xe\n"
                         "list_add zone=0 order=1 pfn=0xc\n"
                         "toggle zone=0 order=1 pair=3 value=1\n");
  CHECK(p == pfn_t{14});
  CHECK(pairs_text(z) == "5 10 | 2 5\n12 | 3\n|\n|\n|\n");
}

TEST_CASE("pair_buddy: with the other rule the same bits are turned over, and 14 stays on the list") {
  PairZone z = sixteen_pages(PairTake::lower);
  CHECK(z.rmqueue(nullptr, order_t{1}) == pfn_t{8});
  std::optional<pfn_t> p;
  CHECK(told(z, [&](PairZone &zone, Trace *t) { p = zone.rmqueue(t, order_t{1}); }) ==
        "list_del zone=0 order=2 pfn=0xc\n"
        "toggle zone=0 order=2 pair=1 value=0\n"
        "split zone=0 order=1 kept=0xe taken=0xc\n"
        "list_add zone=0 order=1 pfn=0xe\n"
        "toggle zone=0 order=1 pair=3 value=1\n");
  CHECK(p == pfn_t{12});
  CHECK(pairs_text(z) == "5 10 | 2 5\n14 | 3\n|\n|\n|\n");
}

TEST_CASE("pair_buddy: page 11 comes back and absorbs 10, 8 and 12 one after the other") {
  for (const PairTake take : {PairTake::upper, PairTake::lower}) {
    PairZone z = sixteen_pages(take);
    CHECK(told(z, [](PairZone &zone, Trace *t) { zone.free_pages_ok(t, pfn_t{11}, order_t{0}); }) ==
          "toggle zone=0 order=0 pair=5 value=0\n"
          "merge zone=0 order=0 pfn=0xb buddy=0xa\n"
          "list_del zone=0 order=0 pfn=0xa\n"
          "toggle zone=0 order=1 pair=2 value=0\n"
          "merge zone=0 order=1 pfn=0xa buddy=0x8\n"
          "list_del zone=0 order=1 pfn=0x8\n"
          "toggle zone=0 order=2 pair=1 value=0\n"
          "merge zone=0 order=2 pfn=0x8 buddy=0xc\n"
          "list_del zone=0 order=2 pfn=0xc\n"
          "toggle zone=0 order=3 pair=0 value=1\n"
          "list_add zone=0 order=3 pfn=0x8\n");
    CHECK(pairs_text(z) == "5 | 2\n|\n|\n8 | 0\n|\n");
  }
}

TEST_CASE("pair_buddy: the highest order has no map, and its blocks do not grow together") {
  PairZone z(nullptr, 0, {.pages = 16, .orders = 4});
  CHECK(!z.has_map(order_t{3}));
  CHECK(z.map_bytes(order_t{3}) == 0);
  z.free_pages_ok(nullptr, pfn_t{0}, order_t{3});
  CHECK(told(z, [](PairZone &zone, Trace *t) { zone.free_pages_ok(t, pfn_t{8}, order_t{3}); }) ==
        "list_add zone=0 order=3 pfn=0x8\n");
  CHECK(pairs_text(z) == "|\n|\n|\n8 0 |\n");
  CHECK(z.rmqueue(nullptr, order_t{3}) == pfn_t{8}); // last in, first out
}

TEST_CASE("pair_buddy: bytes of the maps") {
  // 4096 pages: 2048 pairs of single pages are 256 bytes, and so on; whole longs.
  const PairZone dma(nullptr, 0, {.pages = 4096, .orders = 10});
  const u64 bytes[] = {256, 128, 64, 32, 16, 8, 4, 4, 4, 0};
  for (unsigned o = 0; o < 10; ++o) CHECK(dma.map_bytes(order_t{o}) == bytes[o]);
  const PairZone other(nullptr, 0, {.pages = 4097, .orders = 10, .long_bytes = 8});
  CHECK(other.map_bytes(order_t{0}) == 264);
}

TEST_CASE("pair_buddy: nothing is large enough") {
  PairZone z = sixteen_pages(PairTake::upper);
  Trace t;
  CHECK(!z.rmqueue(&t, order_t{3}));
  CHECK(t.events().empty());
}

TEST_CASE("pair_buddy: what a kernel would not notice is said") {
  const PairZone z = sixteen_pages(PairTake::upper);
  CHECK(z.why_not_free(pfn_t{11}, order_t{0}) == "");
  CHECK(z.why_not_free(pfn_t{10}, order_t{0}).starts_with("double free: page 10 is in the free block 10 of order 0"));
  CHECK(z.why_not_free(pfn_t{13}, order_t{0}).starts_with("double free: page 13 is in the free block 12 of order 2"));
  CHECK(z.why_not_free(pfn_t{4}, order_t{1}).starts_with("double free: page 5 "));
  CHECK(z.why_not_free(pfn_t{1}, order_t{1}).starts_with("no block of order 1 begins at page 1"));
  CHECK(z.why_not_free(pfn_t{16}, order_t{0}) == "the zone has pages 0 to 15");
  CHECK(z.why_not_free(pfn_t{0}, order_t{5}) == "this zone's orders go from 0 to 4");
}

TEST_CASE("pair_buddy: blocks are aligned from the zone's first page on") {
  PairZone z(nullptr, 0, {.start = pfn_t{3}, .pages = 8, .orders = 4});
  CHECK(z.why_not_free(pfn_t{3}, order_t{3}) == "");
  CHECK(z.why_not_free(pfn_t{4}, order_t{1}) != "");
  z.free_pages_ok(nullptr, pfn_t{5}, order_t{0});
  z.free_pages_ok(nullptr, pfn_t{6}, order_t{0});
  CHECK(pairs_text(z) == "|\n5 | 0\n|\n|\n");
}

TEST_CASE("pair_buddy: verify finds a bit that lies") {
  PairZone z = sixteen_pages(PairTake::upper);
  z.toggle(nullptr, order_t{1}, 0);
  CHECK(z.verify() == "order 1: the bit of pair 0 is 1");
  z.toggle(nullptr, order_t{1}, 0);
  CHECK(z.verify() == "");
  z.list_del(nullptr, order_t{0}, pfn_t{10});
  CHECK(z.verify() == "order 0: the bit of pair 5 is 1");
}

TEST_CASE("pair_buddy: random calls, against the definition") {
  u64 calls = 0;
  for (u64 seed = 1; seed <= 60; ++seed) {
    Prng r{seed};
    const PairRules rules{.start = pfn_t{r.below(3) * 37},
                          .pages = 1 + r.below(200),
                          .orders = 1 + static_cast<unsigned>(r.below(9)),
                          .take = r.below(2) == 0 ? PairTake::upper : PairTake::lower,
                          .long_bytes = r.below(2) == 0 ? 4u : 8u};
    CAPTURE(seed);
    PairZone z(nullptr, 0, rules);
    NaivePairs naive(rules);
    struct Held {
      u64 page, order;
    };
    std::vector<Held> held;
    for (u64 p = 0; p < rules.pages; ++p) held.push_back({rules.start.v + p, 0});
    for (int i = 0; i < 300; ++i, ++calls) {
      PairZone folded = z;
      Trace t;
      if (!held.empty() && r.below(2) == 0) {
        const u64 at = r.below(held.size());
        const Held h = held[at];
        held.erase(held.begin() + static_cast<std::ptrdiff_t>(at));
        REQUIRE(z.why_not_free(pfn_t{h.page}, order_t{h.order}) == "");
        z.free_pages_ok(&t, pfn_t{h.page}, order_t{h.order});
        naive.give(h.page, h.order);
        CHECK(z.why_not_free(pfn_t{h.page}, order_t{h.order}).starts_with("double free"));
      } else {
        const u64 order = r.below(rules.orders);
        const std::optional<pfn_t> p = z.rmqueue(&t, order_t{order});
        const std::optional<u64> expected = naive.take(order);
        REQUIRE(p.has_value() == expected.has_value());
        if (p) {
          CHECK(p->v == *expected);
          held.push_back({p->v, order});
        }
      }
      for (const Event &e : t.events()) fold(folded, e);
      CHECK(digest(folded) == digest(z));
      REQUIRE(pairs_text(z) == naive.text());
      REQUIRE(z.verify() == "");
    }
    u64 pages = z.free_pages();
    for (const Held &h : held) pages += u64{1} << h.order;
    CHECK(pages == rules.pages);
  }
  CHECK(calls == 60 * 300);
}
