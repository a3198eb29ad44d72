// Page frames as runs: what is set is what is read, however it is kept.
#include "mm/mem_map.hpp"

#include "base/prng.hpp"
#include "base/text.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace mmscope;

namespace {

// The runs of a window: "0+8 init 0/1 M | 8+8 absent": start + count, state, node/zone, type if not UNMOVABLE.
std::string runs(const mem_map &map, u64 first, u64 last) {
  std::string s;
  map.for_each_run(pfn_t{first}, pfn_t{last}, [&](const PageRun &r) {
    append(s, s.empty() ? "" : " | ", r.start.v, '+', r.count, ' ', page_state_name(r.info.state));
    if (r.info.nid != no_node) append(s, ' ', r.info.nid, '/', static_cast<unsigned>(r.info.zone));
    if (r.info.block_type != migratetype::UNMOVABLE) append(s, ' ', "UMRHCI"[static_cast<unsigned>(r.info.block_type)]);
  });
  return s;
}

u64 digest(const mem_map &map) {
  Digest d;
  map.add_to(d);
  return d.value();
}

} // namespace

TEST_CASE("names: as Linux prints them") {
  CHECK(migratetype_name(migratetype::UNMOVABLE) == "Unmovable");
  CHECK(migratetype_name(migratetype::HIGHATOMIC) == "HighAtomic");
  CHECK(migratetype_name(migratetype::ISOLATE) == "Isolate");
  CHECK(page_state_name(PageState::absent) == "absent");
  CHECK(page_state_name(PageState::allocated) == "allocated");
}

TEST_CASE("mem_map: nothing described is absent everywhere") {
  const mem_map map(order_t{4});
  CHECK(map.at(pfn_t{0}) == PageInfo{});
  CHECK(map.at(pfn_t{u64{1} << 40}).state == PageState::absent);
  CHECK(runs(map, 3, 1000) == "3+997 absent");
  CHECK(runs(map, 3, 3) == "");
  CHECK(map.end() == pfn_t{0});
  CHECK(map.verify() == "");
}

TEST_CASE("set_run: whole blocks are one stretch and edges get page records") {
  //  0       16      32      48      64
  //  |     [5        whole        51)|          blocks of 16 pages: 0 and 3 are mixed
  mem_map map(order_t{4});
  map.set_run(nullptr, pfn_t{5}, 46, PageState::init, 2, 3);
  CHECK(runs(map, 0, 64) == "0+5 absent | 5+46 init 2/3 | 51+13 absent");
  CHECK(map.mixed_blocks() == 2);
  CHECK(map.stretches() == 3);
  CHECK(map.at(pfn_t{4}).state == PageState::absent);
  CHECK(map.at(pfn_t{5}).nid == 2);
  CHECK(map.at(pfn_t{50}).zone == 3);
  CHECK(map.at(pfn_t{51}).nid == no_node);
  CHECK(map.verify() == "");
}

TEST_CASE("set_run: an empty range changes nothing and says nothing") {
  mem_map map(order_t{4});
  Trace t;
  map.set_run(&t, pfn_t{5}, 0, PageState::init, 0, 0);
  map.set_types(&t, pfn_t{5}, 0, migratetype::MOVABLE);
  CHECK(t.events().empty());
  CHECK(map.stretches() == 0);
  map.set_run(&t, pfn_t{5}, 3, PageState::init, 0, 1);
  map.set_types(&t, pfn_t{4}, 4, migratetype::MOVABLE);
  REQUIRE(t.events().size() == 2);
  CHECK(to_text(t, t.events()[0]) == "lab_page_run pfn=0x5 count=3 state=3 nid=0 zone=1");
  CHECK(to_text(t, t.events()[1]) == "lab_pageblock_run pfn=0x4 count=4 migratetype=1");
}

TEST_CASE("set_run: a block that becomes alike again gives its page records back") {
  //  16      20              32
  //  | init  | reserved      |      then reserved as a whole
  mem_map map(order_t{4});
  map.set_run(nullptr, pfn_t{0}, 64, PageState::init, 0, 0);
  map.set_run(nullptr, pfn_t{20}, 12, PageState::reserved, 0, 0);
  CHECK(map.mixed_blocks() == 1);
  CHECK(runs(map, 0, 64) == "0+20 init 0/0 | 20+12 reserved 0/0 | 32+32 init 0/0");
  map.set_run(nullptr, pfn_t{16}, 4, PageState::reserved, 0, 0);
  CHECK(map.mixed_blocks() == 0);
  map.set_run(nullptr, pfn_t{16}, 16, PageState::init, 0, 0);
  CHECK(map.stretches() == 1);
  CHECK(runs(map, 0, 64) == "0+64 init 0/0");
  CHECK(map.verify() == "");
}

TEST_CASE("set_run: over stretches and gaps and mixed blocks in one go") {
  mem_map map(order_t{4});
  map.set_run(nullptr, pfn_t{0}, 32, PageState::init, 0, 0);
  map.set_run(nullptr, pfn_t{70}, 4, PageState::reserved, 1, 0);
  map.set_types(nullptr, pfn_t{64}, 8, migratetype::MOVABLE);
  map.set_run(nullptr, pfn_t{8}, 104, PageState::hole, 0, 1);
  CHECK(runs(map, 0, 128) == "0+8 init 0/0 | 8+56 hole 0/1 | 64+8 hole 0/1 M | 72+40 hole 0/1 | 112+16 absent");
  map.set_run(nullptr, pfn_t{0}, 128, PageState::absent, 0, 1);
  CHECK(runs(map, 0, 128) == "0+64 absent | 64+8 absent M | 72+56 absent"); // types stay
  map.set_types(nullptr, pfn_t{64}, 8, migratetype::UNMOVABLE);
  CHECK(map.stretches() == 0);
  CHECK(map.verify() == "");
}

TEST_CASE("set_types: a pageblock cut by a zone border may have a type on either side") {
  //  0               16        FLATMEM: zone 0 ends at 6, its half of pageblock [4,8) is MOVABLE
  //  |...... zone 0|zone 1 ...
  mem_map map(order_t{4});
  map.set_run(nullptr, pfn_t{0}, 6, PageState::init, 0, 0);
  map.set_run(nullptr, pfn_t{6}, 10, PageState::init, 0, 1);
  map.set_types(nullptr, pfn_t{0}, 6, migratetype::MOVABLE);
  map.set_types(nullptr, pfn_t{8}, 8, migratetype::MOVABLE);
  CHECK(runs(map, 0, 16) == "0+6 init 0/0 M | 6+2 init 0/1 | 8+8 init 0/1 M");
}

TEST_CASE("for_each_run: a window cuts runs and joins what is kept apart") {
  mem_map map(order_t{4});
  map.set_run(nullptr, pfn_t{3}, 100, PageState::init, 0, 0); // mixed, stretch, mixed
  CHECK(runs(map, 10, 90) == "10+80 init 0/0");
  CHECK(runs(map, 1, 5) == "1+2 absent | 3+2 init 0/0");
  CHECK(runs(map, 100, 200) == "100+3 init 0/0 | 103+97 absent");
  CHECK(map.count_state(pfn_t{0}, pfn_t{50}, PageState::init) == 47);
  CHECK(map.count_state(pfn_t{0}, pfn_t{50}, PageState::absent) == 3);
  CHECK(map.has_all(pfn_t{3}, pfn_t{50}));
  CHECK(!map.has_all(pfn_t{2}, pfn_t{50}));
  CHECK(map.has_all(pfn_t{40}, pfn_t{103}));
  CHECK(!map.has_all(pfn_t{40}, pfn_t{104}));
  CHECK(!map.has_all(pfn_t{160}, pfn_t{161}));
}

TEST_CASE("cost: sixteen terabytes that are alike are one record") {
  mem_map map(order_t{10});
  map.set_run(nullptr, pfn_t{0}, u64{1} << 32, PageState::uninit, 0, 2);
  map.set_types(nullptr, pfn_t{0}, u64{1} << 32, migratetype::MOVABLE);
  CHECK(map.stretches() == 1);
  CHECK(map.memory_bytes() < 1024);
  map.set_run(nullptr, pfn_t{(u64{1} << 31) + 5}, 1, PageState::reserved, 0, 2);
  CHECK(map.stretches() == 3);
  CHECK(map.mixed_blocks() == 1);
  CHECK(map.memory_bytes() < 64 * 1024);
}

TEST_CASE("mem_map: is a value") {
  mem_map a(order_t{4});
  a.set_run(nullptr, pfn_t{3}, 50, PageState::init, 0, 0);
  mem_map b = a;
  b.set_run(nullptr, pfn_t{4}, 1, PageState::reserved, 0, 0);
  CHECK(a.at(pfn_t{4}).state == PageState::init);
  CHECK(digest(a) != digest(b));
  b = a;
  CHECK(digest(a) == digest(b));
}

TEST_CASE("digest: every field of a run and its bounds count") {
  const auto with = [](u64 pfn, u64 count, PageState s, i32 nid, unsigned zid, migratetype m) {
    mem_map map(order_t{4});
    map.set_run(nullptr, pfn_t{pfn}, count, s, nid, zid);
    map.set_types(nullptr, pfn_t{pfn}, count, m);
    return digest(map);
  };
  const u64 seen[] = {
      with(16, 32, PageState::init, 0, 0, migratetype::MOVABLE),
      with(32, 32, PageState::init, 0, 0, migratetype::MOVABLE),
      with(16, 48, PageState::init, 0, 0, migratetype::MOVABLE),
      with(16, 32, PageState::hole, 0, 0, migratetype::MOVABLE),
      with(16, 32, PageState::init, 1, 0, migratetype::MOVABLE),
      with(16, 32, PageState::init, 0, 1, migratetype::MOVABLE),
      with(16, 32, PageState::init, 0, 0, migratetype::CMA),
  };
  for (std::size_t a = 0; a < std::size(seen); ++a)
    for (std::size_t b = 0; b < a; ++b) CHECK(seen[a] != seen[b]);
}

TEST_CASE("property: random ranges read back page by page and the digest does not know how they are kept") {
  for (u64 seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    Prng r(seed);
    const u64 order = r.below(6), size = u64{20} << order;
    mem_map map(order_t{order});
    std::vector<PageInfo> want(size);
    for (unsigned i = 0; i < 300; ++i) {
      const u64 a = r.below(size),
                n = r.below(2) != 0 ? r.below(size - a + 1) : r.below(std::min(size - a, u64{9}) + 1);
      if (r.below(3) == 0) {
        const migratetype m = static_cast<migratetype>(r.below(migratetype_count));
        map.set_types(nullptr, pfn_t{a}, n, m);
        for (u64 p = a; p < a + n; ++p) want[p].block_type = m;
      } else {
        constexpr PageState states[] = {PageState::absent, PageState::uninit, PageState::hole, PageState::init};
        const PageState s = states[r.below(4)];
        const i32 nid = static_cast<i32>(r.below(3));
        const unsigned zid = static_cast<unsigned>(r.below(3));
        map.set_run(nullptr, pfn_t{a}, n, s, nid, zid);
        for (u64 p = a; p < a + n; ++p)
          want[p] = s == PageState::absent ? PageInfo{s, no_node, 0, want[p].block_type}
                                           : PageInfo{s, nid, static_cast<u8>(zid), want[p].block_type};
      }
      if (i % 20 != 0) continue;
      REQUIRE(map.verify() == "");
      mem_map again(order_t{order}); // the same pages, set one by one from the end
      for (u64 p = size; p-- > 0;) {
        REQUIRE(map.at(pfn_t{p}) == want[p]);
        again.set_types(nullptr, pfn_t{p}, 1, want[p].block_type);
        again.set_run(nullptr, pfn_t{p}, 1, want[p].state, want[p].nid, want[p].zone);
      }
      REQUIRE(digest(map) == digest(again));
      u64 pos = 0;
      map.for_each_run(pfn_t{0}, pfn_t{size}, [&](const PageRun &run) {
        REQUIRE(run.start.v == pos);
        if (pos > 0) REQUIRE_FALSE(want[pos - 1] == run.info); // maximal
        for (u64 p = pos; p < pos + run.count; ++p) REQUIRE(want[p] == run.info);
        pos += run.count;
      });
      REQUIRE(pos == size);
    }
  }
}
