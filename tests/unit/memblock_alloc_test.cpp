// Where an allocation lands.
#include "support/memblock_text.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

namespace {

memblock one_region() {
  memblock mb;
  mb.add(nullptr, 0x1000_pa, 0xf000);
  return mb;
}
memblock two_nodes() {
  //   [10000 node 0 20000)[20000 node 1 30000)
  memblock mb;
  mb.add_node(nullptr, 0x10000_pa, 0x10000, 0, MEMBLOCK_NONE);
  mb.add_node(nullptr, 0x20000_pa, 0x10000, 1, MEMBLOCK_NONE);
  return mb;
}
u64 alloc(memblock &mb, const AllocRequest &r) { return mb.alloc_range_nid(nullptr, r).v; }
std::vector<u64> wishes_given_up(const Trace &t) {
  std::vector<u64> wishes;
  for (const Event &e : t.events())
    if (e.kind == EventKind::lab_memblock_retry) wishes.push_back(e.f[0]);
  return wishes;
}

} // namespace

TEST_CASE("alloc: top-down takes the highest place that fits") {
  //   memory   [==========================]
  //   1st                             [===]
  //   2nd                         [===]
  memblock mb = one_region();
  CHECK(alloc(mb, {.size = 0x1000, .align = 0x1000}) == 0xf000);
  CHECK(alloc(mb, {.size = 0x1000, .align = 0x1000}) == 0xe000);
  CHECK(text(mb.reserved) == "[e000,10000)");
}

TEST_CASE("alloc: bottom-up takes the lowest") {
  memblock mb = one_region();
  mb.set(nullptr, memblock_setting::bottom_up, 1);
  CHECK(alloc(mb, {.size = 0x1000, .align = 0x1000}) == 0x1000);
  CHECK(alloc(mb, {.size = 0x1000, .align = 0x1000}) == 0x2000);
}

TEST_CASE("alloc: the exact size is reserved and the alignment is the address's") {
  //   memory   [=====================]
  //   1st                        [=]     0x33 bytes at the last multiple of 0x40 below them
  //   2nd                     [=]        so they do not touch
  memblock mb = one_region();
  CHECK(alloc(mb, {.size = 0x33, .align = 0x40}) == 0xffc0);
  CHECK(alloc(mb, {.size = 0x33, .align = 0x40}) == 0xff80);
  CHECK(text(mb.reserved) == "[ff80,ffb3) [ffc0,fff3)");
}

TEST_CASE("alloc: no alignment means a cache line") {
  memblock mb = one_region();
  CHECK(alloc(mb, {.size = 1}) == 0xffc0);
  mb.rules.cache_line = 0x100;
  CHECK(alloc(mb, {.size = 1}) == 0xfe00 + 0x100);
}

TEST_CASE("alloc: top-down fills a hole that a free left") {
  //   reserved                 [========]
  //   freed                      [==]
  //   next                       [==]
  memblock mb = one_region();
  const u64 a = alloc(mb, {.size = 0x3000, .align = 0x1000});
  CHECK(a == 0xd000);
  mb.phys_free(nullptr, 0xe000_pa, 0x1000);
  CHECK(alloc(mb, {.size = 0x1000, .align = 0x1000}) == 0xe000);
  CHECK(alloc(mb, {.size = 0x1000, .align = 0x1000}) == 0xc000);
}

TEST_CASE("alloc: a large alignment skips free space above it") {
  //   memory   [1000 =========== 10000)
  //   align 8000        [8000 =..
  memblock mb = one_region();
  CHECK(alloc(mb, {.size = 0x1000, .align = 0x8000}) == 0x8000);
  CHECK(alloc(mb, {.size = 0x1000, .align = 0x8000}) == 0); // the next would be page 0
  mb.set(nullptr, memblock_setting::bottom_up, 1);
  CHECK(alloc(mb, {.size = 0x1000, .align = 0x2000}) == 0x2000);
}

TEST_CASE("alloc: limits bound the place from both sides") {
  //   memory   [1000 ======================== 10000)
  //   limits          [4000 ===== 6800)
  //   top-down                [5000, 6000)
  //   bottom-up       [4000, 5000)
  const AllocRequest r{.size = 0x1000, .align = 0x1000, .min_addr = 0x4000_pa, .max_addr = 0x6800_pa};
  memblock mb = one_region();
  CHECK(alloc(mb, r) == 0x5000);
  CHECK(alloc(mb, r) == 0x4000);
  CHECK(alloc(mb, r) == 0);
  memblock up = one_region();
  up.bottom_up = true;
  CHECK(alloc(up, r) == 0x4000);
  CHECK(alloc(up, r) == 0x5000);
  CHECK(alloc(up, r) == 0);
}

TEST_CASE("alloc: without a maximum the current limit counts and with one it does not") {
  memblock mb = one_region();
  mb.set(nullptr, memblock_setting::current_limit, 0x8000);
  CHECK(alloc(mb, {.size = 0x1000, .align = 0x1000}) == 0x7000);
  CHECK(alloc(mb, {.size = 0x1000, .align = 0x1000, .max_addr = 1_pa}) == 0x6000);
  CHECK(alloc(mb, {.size = 0x1000, .align = 0x1000, .max_addr = 0xc000_pa}) == 0xb000);
  // memblock_alloc_internal caps the maximum first.
  CHECK(mb.alloc_try_nid(nullptr, {.size = 0x1000, .align = 0x1000, .max_addr = 0xc000_pa}) == 0x5000_pa);
}

TEST_CASE("alloc: page 0 is never given out") {
  //   memory   [0 ========== 3000)
  //   places      [1000][2000]      and then 0 = failure
  for (const bool bottom_up : {false, true}) {
    CAPTURE(bottom_up);
    memblock mb;
    mb.add(nullptr, 0_pa, 0x3000);
    mb.bottom_up = bottom_up;
    CHECK(alloc(mb, {.size = 0x1000, .align = 0x1000}) == (bottom_up ? 0x1000 : 0x2000));
    CHECK(alloc(mb, {.size = 0x1000, .align = 0x1000}) == (bottom_up ? 0x2000 : 0x1000));
    CHECK(alloc(mb, {.size = 0x1000, .align = 0x1000}) == 0);
    CHECK(alloc(mb, {.size = 1, .align = 1}) == 0);
  }
}

TEST_CASE("alloc: more than there is fails without harm") {
  memblock mb = one_region();
  const memblock before = mb;
  CHECK(alloc(mb, {.size = 0xf001, .align = 1}) == 0);
  CHECK(alloc(mb, {.size = ~u64{0}, .align = 1}) == 0);
  CHECK(alloc(mb, {.size = 0x1000, .align = u64{1} << 63}) == 0);
  mb.bottom_up = true;
  CHECK(alloc(mb, {.size = ~u64{0}, .align = u64{1} << 63}) == 0);
  mb.bottom_up = false;
  CHECK(mb == before);
  memblock empty;
  CHECK(alloc(empty, {.size = 1, .align = 1}) == 0);
}

TEST_CASE("alloc: size 0 finds an address and reserves nothing") {
  memblock mb = one_region();
  CHECK(alloc(mb, {.size = 0, .align = 0x1000}) == 0x10000);
  // Below all memory too: clamped to the limits, the free range above is an empty one that "holds" 0 bytes.
  CHECK(alloc(mb, {.size = 0, .align = 0x1000, .max_addr = 0x800_pa}) == 0x1000);
  CHECK(text(mb.reserved) == "");
}

TEST_CASE("alloc: never across two regions that touch") {
  //   memory   [= node 0 =][= node 1 =]
  //   wanted         [======]               would fit only across the border
  memblock mb = two_nodes();
  CHECK(alloc(mb, {.size = 0x10001, .align = 1}) == 0);
  CHECK(alloc(mb, {.size = 0x10000, .align = 1}) == 0x20000);
}

TEST_CASE("alloc: the wanted node comes first") {
  //   memory   [= node 0 =][= node 1 =]
  //   node 0            [=]
  //   any                            [=]
  memblock mb = two_nodes();
  CHECK(alloc(mb, {.size = 0x1000, .align = 0x1000, .nid = 0}) == 0x1f000);
  CHECK(alloc(mb, {.size = 0x1000, .align = 0x1000}) == 0x2f000);
}

TEST_CASE("alloc: a full node falls back to any unless it must be exact") {
  //   memory    [= node 0 =][= node 1 =]
  //   reserved  [==========]
  memblock mb = two_nodes();
  mb.reserve(nullptr, 0x10000_pa, 0x10000);
  Trace t;
  AllocRequest r{.size = 0x1000, .align = 0x1000, .nid = 0, .exact_nid = true};
  CHECK(mb.alloc_range_nid(&t, r) == 0_pa);
  CHECK(wishes_given_up(t) == std::vector<u64>{});
  r.exact_nid = false;
  CHECK(mb.alloc_range_nid(&t, r) == 0x2f000_pa);
  CHECK(wishes_given_up(t) == std::vector<u64>{1});
  // A node that does not exist is a full one.
  CHECK(alloc(mb, {.size = 0x1000, .align = 0x1000, .nid = 7}) == 0x2e000);
}

TEST_CASE("alloc: mirrored memory is preferred and given up last") {
  //   memory   [= node 0 =][= node 1, mirror =][= node 0 =]
  memblock mb;
  mb.add_node(nullptr, 0x10000_pa, 0x3000, 0, MEMBLOCK_NONE);
  mb.add_node(nullptr, 0x13000_pa, 0x1000, 1, MEMBLOCK_NONE);
  mb.add_node(nullptr, 0x14000_pa, 0x1000, 0, MEMBLOCK_NONE);
  // A flag alone does nothing: the system must know of it.
  mb.mark_mirror(nullptr, 0x13000_pa, 0x1000);
  CHECK(mb.mirror);
  Trace t;
  const AllocRequest r{.size = 0x1000, .align = 0x1000, .nid = 0};
  // Node 0 has none, so another node's mirrored memory is taken.
  CHECK(mb.alloc_range_nid(&t, r) == 0x13000_pa);
  CHECK(wishes_given_up(t) == std::vector<u64>{1});
  t.clear();
  // None is left: node, then mirror, and then the node counts again.
  CHECK(mb.alloc_range_nid(&t, r) == 0x14000_pa);
  CHECK(wishes_given_up(t) == std::vector<u64>{1, 2});
  mb.mirror = false;
  CHECK(alloc(mb, r) == 0x12000);
}

TEST_CASE("alloc: exact node and mirror") {
  memblock mb = two_nodes();
  mb.mark_mirror(nullptr, 0x20000_pa, 0x1000);
  Trace t;
  const AllocRequest r{.size = 0x1000, .align = 0x1000, .nid = 0, .exact_nid = true};
  CHECK(mb.alloc_range_nid(&t, r) == 0x1f000_pa);
  CHECK(wishes_given_up(t) == std::vector<u64>{2});
}

TEST_CASE("alloc: hotplug memory is skipped when movable_node is on") {
  //   memory   [=======][= hotplug =]
  memblock mb = one_region();
  mb.mark_hotplug(nullptr, 0x8000_pa, 0x8000);
  CHECK(alloc(mb, {.size = 0x1000, .align = 0x1000}) == 0xf000);
  mb.set(nullptr, memblock_setting::movable_node, 1);
  CHECK(alloc(mb, {.size = 0x1000, .align = 0x1000}) == 0x7000);
}

TEST_CASE("alloc: nomap and driver-managed memory is skipped") {
  memblock mb = one_region();
  mb.mark_nomap(nullptr, 0xc000_pa, 0x4000);
  CHECK(alloc(mb, {.size = 0x1000, .align = 0x1000}) == 0xb000);
  mb.add_node(nullptr, 0x20000_pa, 0x1000, no_node, MEMBLOCK_DRIVER_MANAGED);
  CHECK(alloc(mb, {.size = 0x1000, .align = 0x1000}) == 0xa000);
  const u32 asked = MEMBLOCK_DRIVER_MANAGED;
  CHECK(mb.find_in_range_node(nullptr, 0x1000, 0x1000, 0_pa, 0_pa, no_node, asked) == 0x20000_pa);
  CHECK(mb.find_in_range_node(nullptr, 0x4000, 0x1000, 0_pa, 0_pa, no_node, MEMBLOCK_NOMAP) == 0xc000_pa);
}

TEST_CASE("alloc_try_nid: the lower limit is given up last of all") {
  //   memory    [= node 0 =][= node 1 =]
  //   reserved              [==========]
  //   limit                 >
  memblock mb = two_nodes();
  mb.reserve(nullptr, 0x20000_pa, 0x10000);
  Trace t;
  const AllocRequest r{.size = 0x1000, .align = 0x1000, .min_addr = 0x20000_pa, .nid = 1};
  CHECK(mb.alloc_try_nid(&t, r) == 0x1f000_pa);
  CHECK(wishes_given_up(t) == std::vector<u64>{1, 3, 1});
  CHECK(alloc(mb, r) == 0);
}

TEST_CASE("alloc_try_nid: without a lower limit there is no second try") {
  memblock mb = one_region();
  Trace t;
  CHECK(mb.alloc_try_nid(&t, {.size = 0x100000, .align = 0x1000}) == 0_pa);
  CHECK(wishes_given_up(t) == std::vector<u64>{});
}

TEST_CASE("alloc: a place that cannot be reserved is no place") {
  //   reserved  [0] [1]    max 2 and no growing: whatever does not touch one is refused
  memblock mb = two_nodes();
  mb.reserved.max = 2;
  mb.reserve(nullptr, 0x10000_pa, 0x100);
  mb.reserve(nullptr, 0x18000_pa, 0x100);
  Trace t;
  CHECK(mb.alloc_range_nid(&t, {.size = 0x1000, .align = 0x1000, .nid = 1}) == 0_pa);
  CHECK(wishes_given_up(t) == std::vector<u64>{1});
  CHECK(text(mb.reserved) == "[10000,10100) [18000,18100)");
}
