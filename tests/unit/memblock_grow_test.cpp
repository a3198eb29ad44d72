// Array doubling: where the new array lands and what becomes of the old.
// One place is 24 bytes, so 128 → 256 places ask for 6144 bytes = 2 pages, 512 for 3 pages.
#include "support/memblock_text.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

namespace {

// Memory [0, 1 MiB) with `n` one-byte reservations, one at the start of each of the first pages.
memblock with_reservations(u64 n) {
  memblock mb;
  mb.add(nullptr, 0_pa, 0x100000);
  for (u64 i = 0; i < n; ++i) mb.reserve(nullptr, phys_addr_t{i * 0x1000}, 1);
  return mb;
}
// `n` regions of two pages, one page apart, and a large one on top: the only place for an array.
memblock with_memory(u64 n) {
  memblock mb;
  for (u64 i = 1; i < n; ++i) mb.add(nullptr, phys_addr_t{i * 0x3000}, 0x1000);
  mb.add(nullptr, 0x1000000_pa, 0x100000);
  return mb;
}

std::string last(std::size_t n, const memblock_type &type) {
  memblock_type tail;
  tail.regions.assign(type.regions.end() - static_cast<std::ptrdiff_t>(n), type.regions.end());
  return text(tail);
}

} // namespace

TEST_CASE("grow: not before memblock_allow_resize") {
  memblock mb = with_reservations(128);
  CHECK(mb.reserved.cnt() == 128);
  const memblock before = mb;
  CHECK(mb.reserve(nullptr, 0x90000_pa, 1) == -12);
  CHECK(mb == before);
}

TEST_CASE("grow: the reserved array lands at the top of memory") {
  //   memory    [0 ================================= 100000)
  //   reserved   | | | | … 128            new [90000,90001)
  //   array                                            [fe000, 100000)
  memblock mb = with_reservations(128);
  mb.set(nullptr, memblock_setting::can_resize, 1);
  CHECK(mb.reserve(nullptr, 0x90000_pa, 1) == 0);
  CHECK(mb.reserved.max == 256);
  CHECK(mb.reserved.array == 0xfe000_pa);
  CHECK(mb.reserved.cnt() == 130);
  CHECK(last(2, mb.reserved) == "[90000,90001) [fe000,100000)");
  CHECK(mb.reserved.total_size == 129 + 0x2000);
  CHECK(mb.verify() == "");
}

TEST_CASE("grow: the array keeps clear of the range being reserved") {
  //   memory    [0 ============================ 100000)
  //   new                        [f0000 ====== 100000)     nothing is free above it
  //   array                [ee000)                          so it lands below
  memblock mb = with_reservations(128);
  mb.set(nullptr, memblock_setting::can_resize, 1);
  CHECK(mb.reserve(nullptr, 0xf0000_pa, 0x10000) == 0);
  CHECK(mb.reserved.array == 0xee000_pa);
  CHECK(last(1, mb.reserved) == "[ee000,100000)");
  CHECK(mb.verify() == "");
}

TEST_CASE("grow: above the range is tried before below it") {
  //   memory    [0 ============================ 100000)
  //   new            [90000)
  //   limit                    [a0000
  //   array                [9e000)
  memblock mb = with_reservations(128);
  mb.can_resize = true;
  mb.current_limit = 0xa0000_pa;
  CHECK(mb.reserve(nullptr, 0x90000_pa, 1) == 0);
  CHECK(mb.reserved.array == 0x9e000_pa);
}

TEST_CASE("grow: without room the reservation fails and nothing has changed") {
  memblock mb;
  mb.add(nullptr, 0_pa, 0x80000);
  for (u64 i = 0; i < 128; ++i) mb.reserve(nullptr, phys_addr_t{i * 0x1000}, 1);
  mb.can_resize = true;
  const memblock before = mb;
  CHECK(mb.reserve(nullptr, 0x90000_pa, 1) == -12);
  CHECK(mb == before);
}

TEST_CASE("grow: the second time the first array is given back") {
  //   1st array                         [fe000, 100000)     2 pages
  //   2nd array                  [fb000, fe000)             3 pages: the first is still reserved while it looks
  //   after      | | | …         [fb000, fe000)
  memblock mb = with_reservations(128);
  mb.can_resize = true;
  for (u64 i = 0; i < 126; ++i) CHECK(mb.reserve(nullptr, phys_addr_t{0x800 + i * 0x1000}, 1) == 0);
  CHECK(mb.reserved.max == 256);
  CHECK(mb.reserved.cnt() == 255);
  CHECK(mb.reserve(nullptr, 0x7e800_pa, 1) == 0); // 256 in use
  CHECK(mb.reserved.max == 256);
  CHECK(mb.reserve(nullptr, 0x7f800_pa, 1) == 0);
  CHECK(mb.reserved.max == 512);
  CHECK(mb.reserved.array == 0xfb000_pa);
  CHECK(last(1, mb.reserved) == "[fb000,fe000)");
  CHECK(mb.reserved.total_size == 256 + 0x3000);
  CHECK(mb.verify() == "");
}

TEST_CASE("grow: the memory array is taken from memory and reserved") {
  //   memory    | | | … 127   [1000000 ============ 1100000)
  //   new                                                     [2000000)
  //   array                                 [10fe000,1100000)
  memblock mb = with_memory(128);
  mb.can_resize = true;
  CHECK(mb.memory.cnt() == 128);
  CHECK(mb.add(nullptr, 0x2000000_pa, 0x1000) == 0);
  CHECK(mb.memory.max == 256);
  CHECK(mb.memory.array == 0x10fe000_pa);
  CHECK(text(mb.reserved) == "[10fe000,1100000)");
  CHECK(mb.reserved.max == 128);
  CHECK(mb.memory.cnt() == 129);
  CHECK(mb.verify() == "");
}

TEST_CASE("grow: the memory array may lie in the range being added") {
  //   memory    | | | … 127   [1000000 ============ 1100000)
  //   new                                     [10f0000 ===== 1200000)
  //   array                                  [10fe000,1100000)          only reserved keeps clear of it
  memblock mb = with_memory(128);
  mb.can_resize = true;
  CHECK(mb.add(nullptr, 0x10f0000_pa, 0x110000) == 0);
  CHECK(mb.memory.array == 0x10fe000_pa);
  CHECK(last(1, mb.memory) == "[1000000,1200000)");
}

TEST_CASE("grow: a cut asks for room too") {
  //   memory    127 regions of 128 places; cutting may take two
  memblock mb = with_memory(127);
  mb.can_resize = true;
  CHECK(mb.remove(nullptr, 0x3000_pa, 0x1000) == 0);
  CHECK(mb.memory.max == 256);
  CHECK(mb.memory.cnt() == 126);
  CHECK(text(mb.reserved) == "[10fe000,1100000)");
}

TEST_CASE("grow: growing memory can make reserved grow") {
  //   memory    4 of 4 places            reserved 4 of 4 places
  //   memory's array takes a place in reserved, whose own array goes above it, else below
  memblock mb;
  mb.memory.max = mb.reserved.max = 4;
  for (u64 i = 0; i < 3; ++i) mb.add(nullptr, phys_addr_t{0x1000 + i * 0x2000}, 0x1000);
  mb.add(nullptr, 0x100000_pa, 0x10000);
  for (u64 i = 0; i < 4; ++i) mb.reserve(nullptr, phys_addr_t{0x1000 + i * 0x800}, 1);
  mb.can_resize = true;
  CHECK(mb.add(nullptr, 0x200000_pa, 0x800) == 0);
  CHECK(mb.memory.max == 8);
  CHECK(mb.memory.array == 0x10f000_pa);
  CHECK(mb.reserved.max == 8);
  CHECK(mb.reserved.array == 0x10e000_pa);
  CHECK(mb.verify() == "");
}

TEST_CASE("grow: a new range at 0 has no below and is not kept clear of") {
  // The kernel passes the range's start as the upper limit, and an upper limit of 0 means "no limit".
  //   memory    [0 ======= 10000)
  //   new       [0 ======= 10000)      nothing above: the second search sees the whole of memory again
  //   array              [f000)
  memblock mb;
  mb.reserved.max = 2;
  mb.add(nullptr, 0_pa, 0x10000);
  mb.reserve(nullptr, 0x20000_pa, 1);
  mb.reserve(nullptr, 0x30000_pa, 1);
  mb.can_resize = true;
  CHECK(mb.reserve(nullptr, 0_pa, 0x10000) == 0);
  CHECK(mb.reserved.array == 0xf000_pa);
  CHECK(text(mb.reserved) == "[0,10000) [20000,20001) [30000,30001)");
}

TEST_CASE("grow: mirrored memory is preferred for the array") {
  memblock mb = with_reservations(128);
  mb.mark_mirror(nullptr, 0x90000_pa, 0x4000);
  mb.can_resize = true;
  CHECK(mb.reserve(nullptr, 0x84000_pa, 1) == 0);
  CHECK(mb.reserved.array == 0x92000_pa);
  memblock none = with_reservations(128);
  none.mirror = none.can_resize = true;
  CHECK(none.reserve(nullptr, 0x84000_pa, 1) == 0);
  CHECK(none.reserved.array == 0xfe000_pa);
}

TEST_CASE("grow: one event carries the move") {
  memblock mb = with_reservations(128);
  mb.can_resize = true;
  Trace t;
  mb.reserve(&t, 0x90000_pa, 1);
  u64 grown = 0;
  for (const Event &e : t.events())
    if (e.kind == EventKind::lab_memblock_grow) {
      ++grown;
      CHECK(to_text(t, e) == "lab_memblock_grow list=1 max=256 array=0xfe000 size=0x1800");
    }
  CHECK(grown == 1);
}
