// The way of a request through the zones of 2.4: which zone gives, how far down, and who is refused.
#include "mm/pair_alloc.hpp"

#include "base/prng.hpp"
#include "base/text.hpp"
#include "io/script_text.hpp"
#include "lab/holdings.hpp"
#include "lab/presets.hpp"
#include "lab/remedies.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace mmscope;

namespace {

// DMA, Normal and HighMem of 64 pages each, all free, as single pages (`order` 0) or as blocks.
std::vector<PairZone> zones(u64 order = 0) {
  static constexpr std::array<PairMarks, 3> marks{{{4, 8, 12}, {10, 20, 30}, {6, 12, 18}}};
  std::vector<PairZone> all;
  for (u32 id = 0; id < 3; ++id) {
    // Seven orders and no free buddies unless whole blocks are given: every second page stays taken.
    const u64 step = order == 0 ? 2 : u64{1} << order;
    PairZone &z = all.emplace_back(nullptr, id, PairRules{.start = pfn_t{128 * id}, .pages = 128, .orders = 8});
    for (u64 p = 0; p < (order == 0 ? 128u : 64u); p += step)
      z.free_pages_ok(nullptr, z.rules().start + p, order_t{order});
    z.set_marks(nullptr, marks[id].pages_min, marks[id].pages_low, marks[id].pages_high);
  }
  return all;
}
std::string left(const std::vector<PairZone> &all) {
  return concat(all[0].free_pages(), ' ', all[1].free_pages(), ' ', all[2].free_pages());
}
// Asks until it is refused; where the pages came from, in order: "2:51 1:31 …".
std::string drain(std::vector<PairZone> &all, gfp_t gfp) {
  std::string s;
  u64 zone = ~u64{0}, n = 0;
  const auto tell = [&] {
    if (n != 0) append(s, s.empty() ? "" : " ", zone, ':', n);
  };
  while (const auto pfn = pair_alloc_pages(all, nullptr, gfp, order_t{0})) {
    const u64 from = pfn->v / 128;
    if (from != zone) {
      tell();
      zone = from;
      n = 0;
    }
    ++n;
  }
  tell();
  return s;
}
std::vector<u32> list_of(u32 bits, std::size_t count = 3) {
  const std::vector<PairZone> all = zones();
  return pair_zonelist(std::span(all).first(count), bits);
}
// The last reason that a trace gives.
AllocFailure failure(std::vector<PairZone> &all, gfp_t gfp, u64 order) {
  Trace t;
  CHECK(!pair_alloc_pages(all, &t, gfp, order_t{order}));
  AllocFailure why{};
  for (const Event &e : t.events())
    if (e.kind == EventKind::lab_alloc_step && e.f[0] == static_cast<u64>(AllocStep::fails))
      why = static_cast<AllocFailure>(e.f[1]);
  return why;
}

} // namespace

TEST_CASE("pair_alloc: sixteen zonelists, of which two bits choose") {
  using List = std::vector<u32>;
  for (u32 bits = 0; bits < 16; ++bits)
    CHECK(list_of(bits) == ((bits & 1) != 0 ? List{0} : (bits & 2) != 0 ? List{2, 1, 0} : List{1, 0}));
  CHECK(list_of(gfp::HIGHMEM, 2) == List{1, 0}); // no high memory
  CHECK(list_of(gfp::KERNEL, 1) == List{0});
  CHECK(list_of(gfp::KERNEL, 0).empty());
}

TEST_CASE("pair_alloc: marks add up along the list") {
  // 64 pages each. The last page that a zone gives leaves it with one more than the sum of the marks, and that one stays:
  //   low   HighMem 12 · Normal 12 + 20 · DMA 12 + 20 + 8
  //   min   HighMem  6 · Normal  6 + 10 · DMA  6 + 10 + 4
  std::vector<PairZone> all = zones();
  CHECK(drain(all, gfp::HIGHUSER) == "2:51 1:31 0:23 2:6 1:16 0:20");
  CHECK(left(all) == "21 17 7");
  // Who could not do with high memory may go further.
  CHECK(drain(all, gfp::KERNEL) == "1:6 0:6");
  CHECK(left(all) == "15 11 7");
  CHECK(drain(all, gfp::DMA | gfp::KERNEL) == "0:10");
  CHECK(left(all) == "5 11 7");
  // Who cannot wait counts a quarter of each min: 2 and 1.
  CHECK(drain(all, gfp::ATOMIC) == "1:8 0:1");
  CHECK(left(all) == "4 3 7");
  // Who frees memory takes what there is.
  CHECK(drain(all, gfp::ATOMIC | gfp::HIGHMEM | gfp::MEMALLOC) == "2:7 1:3 0:4");
  CHECK(failure(all, gfp::KERNEL | gfp::MEMALLOC, 0) == AllocFailure::reclaim_failed);
}

TEST_CASE("pair_alloc: what a walk says") {
  std::vector<PairZone> all = zones();
  drain(all, gfp::HIGHUSER);
  Trace t;
  CHECK(pair_alloc_pages(all, &t, gfp::HIGHMEM, order_t{0}) == pfn_t{0x10c});
  std::string s;
  for (const Event &e : t.events()) append(s, to_text(t, e), '\n');
  CHECK(s == "lab_attempt gfp=0x2 order=0 migratetype=0 highest=2 flags=0x1 nid=0 cpu=0\n"
             "lab_zone_check nid=0 zone=2 free=7 usable=6 mark=12 min=12 reserve=0 verdict=1\n"
             "lab_zone_check nid=0 zone=1 free=17 usable=16 mark=20 min=20 reserve=12 verdict=1\n"
             "lab_zone_check nid=0 zone=0 free=21 usable=20 mark=8 min=8 reserve=32 verdict=1\n"
             "lab_alloc_step step=0 a=0\n"
             "lab_alloc_step step=1 a=0\n"
             "lab_attempt gfp=0x2 order=0 migratetype=0 highest=2 flags=0x10 nid=0 cpu=0\n"
             "lab_zone_check nid=0 zone=2 free=7 usable=6 mark=6 min=1 reserve=0 verdict=0\n"
             "lab_pair_list_del zone=2 order=0 pfn=0x10c\n"
             "lab_pair_toggle zone=2 order=0 pair=6 value=0\n"
             "mm_page_alloc pfn=0x10c order=0 gfp=0x2 migratetype=0\n");
}

TEST_CASE("pair_alloc: a zone without a block that is large enough is passed over") {
  std::vector<PairZone> all = zones(); // single pages only
  PairZone &dma = all[0];
  dma = std::move(zones(4)[0]);
  const auto pfn = pair_alloc_pages(all, nullptr, gfp::HIGHUSER, order_t{2});
  REQUIRE(pfn);
  CHECK(dma.contains(*pfn));
  CHECK(dma.free_pages() == 60);
  for (const PairZone &z : all) CHECK(z.verify() == "");
}

TEST_CASE("pair_alloc: who is refused, and why") {
  std::vector<PairZone> all = zones();
  CHECK(failure(all, gfp::KERNEL, 8) == AllocFailure::order_too_large);
  CHECK(failure(all, gfp::KERNEL, 4) == AllocFailure::costly);
  CHECK(failure(all, gfp::KERNEL, 3) == AllocFailure::reclaim_failed);
  CHECK(failure(all, gfp::ATOMIC, 1) == AllocFailure::no_direct_reclaim);
  std::vector<PairZone> none;
  CHECK(failure(none, gfp::KERNEL, 0) == AllocFailure::no_usable_zone);

  const auto tried = [&](gfp_t g, u64 order) {
    std::string s;
    for (const Remedy &r : remedies(all, {.gfp = g, .order = order_t{order}}))
      append(s, remedy_name(r.what), ' ', r.value, ' ');
    return s;
  };
  CHECK(tried(gfp::KERNEL, 3) == "smaller_order 0 ");
  drain(all, gfp::DMA | gfp::KERNEL);
  CHECK(left(all) == "5 64 64");
  CHECK(tried(gfp::DMA | gfp::KERNEL, 0) == "reserve 0 other_zones 0 ");
  CHECK(remedies(none, {}).empty());
}

// The rule once more, as one would write it on a sheet of paper.
TEST_CASE("pair_alloc: random requests, against the rule written down once more") {
  Prng rng(7);
  for (unsigned round = 0; round < 200; ++round) {
    std::vector<PairZone> all = zones(rng.below(3));
    std::vector<std::pair<pfn_t, u64>> held;
    for (unsigned i = 0; i < 120; ++i) {
      if (!held.empty() && rng.below(3) == 0) {
        const auto [pfn, order] = held.back();
        held.pop_back();
        all[pfn.v / 128].free_pages_ok(nullptr, pfn, order_t{order});
        continue;
      }
      const u64 order = rng.below(3);
      const gfp_t gfp = (std::array{gfp::KERNEL, gfp::ATOMIC})[rng.below(2)] | static_cast<gfp_t>(rng.below(4));
      const std::vector<u32> list = (gfp & 1) != 0   ? std::vector<u32>{0}
                                    : (gfp & 2) != 0 ? std::vector<u32>{2, 1, 0}
                                                     : std::vector<u32>{1, 0};
      const bool waits = (gfp & gfp::DIRECT_RECLAIM) != 0;
      std::optional<u32> expected;
      for (unsigned walk = 0; walk < 2 && !expected; ++walk) {
        u64 min = u64{1} << order;
        for (const u32 id : list) {
          const PairZone &z = all[id];
          min += walk == 0 ? z.marks().pages_low : waits ? z.marks().pages_min : z.marks().pages_min / 4;
          bool block = false;
          for (u64 o = order; o < 8; ++o) z.for_each_block(order_t{o}, [&](pfn_t) { block = true; });
          if (z.free_pages() > min && block) {
            expected = id;
            break;
          }
        }
      }
      const auto pfn = pair_alloc_pages(all, nullptr, gfp, order_t{order});
      REQUIRE(pfn.has_value() == expected.has_value());
      if (!pfn) continue;
      REQUIRE(pfn->v / 128 == *expected);
      held.emplace_back(*pfn, order);
    }
    for (const PairZone &z : all) CHECK(z.verify() == "");
  }
}

TEST_CASE("pair_alloc: alloc_pages and free_pages of a machine of 2.4") {
  Lab lab(make_script(*find_preset("pc-256m-2.4.22")));
  while (!lab.prepare(100)) {}
  lab.seek({lab.size(), 0});
  const auto play = [&](const std::string &line) {
    ParsedCommand p = parse_command(line, lab.bindings());
    REQUIRE_MESSAGE(p.command, p.error.reason);
    if (!p.bind_name.empty()) p.command->bind = lab.binding_slot(p.bind_name);
    return lab.branch(*p.command);
  };
  const u64 digest = lab.state().digest();
  const Result r = play("alloc_pages GFP_HIGHUSER order=2 -> p");
  REQUIRE(r.ok());
  Holdings mine;
  auto held = mine.at(lab);
  REQUIRE(held.size() == 1);
  CHECK(held[0].pfn.v == r.value);
  CHECK(held[0].order.v == 2);
  CHECK(lab.accounting().sum() == lab.accounting().ram);
  CHECK(play("free_pages p order=10").error.find("orders go from 0 to 9") != std::string::npos);
  CHECK(play("alloc_pages_bulk GFP_KERNEL 4").error.find("zones of pair bitmaps know alloc_pages") !=
        std::string::npos);
  REQUIRE(play("free_pages p order=2").ok());
  CHECK(mine.at(lab).empty());
  CHECK(play("free_pages p order=2").error.find("double free") != std::string::npos);
  CHECK(lab.state().verify() == "");
  CHECK(lab.state().digest() == digest);
}
