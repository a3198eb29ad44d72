// memblock_reserve and memblock_phys_free: the second array.
#include "support/memblock_text.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

TEST_CASE("reserve: touches only reserved and to the byte") {
  //   memory    [==================]
  //   reserved     [=]
  memblock mb;
  mb.add(nullptr, 0x1000_pa, 0x10000);
  CHECK(mb.reserve(nullptr, 0x2003_pa, 0x11) == 0);
  CHECK(text(mb.memory) == "[1000,11000)");
  CHECK(text(mb.reserved) == "[2003,2014)");
  CHECK(mb.reserved.total_size == 0x11);
}

TEST_CASE("reserve: what is no memory can be reserved too") {
  memblock mb;
  CHECK(mb.reserve(nullptr, 0_pa, 0x1000) == 0);
  CHECK(text(mb.reserved) == "[0,1000)");
}

TEST_CASE("reserve: adjacent reservations merge") {
  //   reserved  [==]    [==]
  //   new           [==]
  //   after     [==========]
  memblock mb;
  mb.reserve(nullptr, 0x1000_pa, 0x1000);
  mb.reserve(nullptr, 0x3000_pa, 0x1000);
  mb.reserve(nullptr, 0x2000_pa, 0x1000);
  CHECK(text(mb.reserved) == "[1000,4000)");
}

TEST_CASE("reserve: the same range twice counts once") {
  memblock mb;
  mb.reserve(nullptr, 0x1000_pa, 0x1000);
  mb.reserve(nullptr, 0x1000_pa, 0x1000);
  CHECK(text(mb.reserved) == "[1000,2000)");
  CHECK(mb.reserved.total_size == 0x1000);
}

TEST_CASE("phys_free: the middle of a reservation leaves both ends") {
  //   reserved  [============]
  //   free          [===]
  //   after     [==]     [===]
  memblock mb;
  mb.reserve(nullptr, 0x1000_pa, 0x5000);
  CHECK(mb.phys_free(nullptr, 0x2000_pa, 0x2000) == 0);
  CHECK(text(mb.reserved) == "[1000,2000) [4000,6000)");
  CHECK(mb.reserved.total_size == 0x3000);
  CHECK(mb.verify() == "");
}

TEST_CASE("phys_free: what was not reserved is no error") {
  memblock mb;
  mb.reserve(nullptr, 0x5000_pa, 0x1000);
  CHECK(mb.phys_free(nullptr, 0x1000_pa, 0x2000) == 0);
  CHECK(text(mb.reserved) == "[5000,6000)");
}

TEST_CASE("phys_free: the last region leaves an empty array that still prints cnt 1") {
  memblock mb;
  mb.reserve(nullptr, 0x1000_pa, 0x1000);
  mb.phys_free(nullptr, 0_pa, 0x100000);
  CHECK(text(mb.reserved) == "");
  CHECK(mb.reserved.cnt() == 1);
  CHECK(mb.reserved.total_size == 0);
}
