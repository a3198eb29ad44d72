// verify() must see what is broken: each case breaks one thing in a sound state.
#include "support/memblock_text.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

namespace {
memblock sound() {
  memblock mb;
  mb.add(nullptr, 0x1000_pa, 0x1000);
  mb.add(nullptr, 0x3000_pa, 0x1000);
  mb.reserve(nullptr, 0x1000_pa, 0x10);
  mb.reserve(nullptr, 0x1100_pa, 0x10);
  return mb;
}
} // namespace

TEST_CASE("verify: sound states are sound") {
  CHECK(memblock{}.verify() == "");
  CHECK(sound().verify() == "");
}

TEST_CASE("verify: a region that is empty") {
  memblock mb = sound();
  mb.memory.regions[1].size = 0;
  CHECK(mb.verify() == "memory[1] is empty");
}

TEST_CASE("verify: a region that wraps around") {
  memblock mb = sound();
  mb.memory.regions[1].size = ~u64{0};
  CHECK(mb.verify() == "memory[1] wraps around");
}

TEST_CASE("verify: regions out of order") {
  memblock mb = sound();
  std::swap(mb.memory.regions[0], mb.memory.regions[1]);
  CHECK(mb.verify() == "memory[1] is out of order");
}

TEST_CASE("verify: regions that overlap") {
  memblock mb = sound();
  mb.reserved.regions[0].size = 0x101;
  CHECK(mb.verify() == "reserved[1] overlaps its left neighbour");
}

TEST_CASE("verify: neighbours that should be one") {
  memblock mb = sound();
  mb.memory.regions[1].base = 0x2000_pa;
  mb.memory.unmerged = 1;
  CHECK(mb.verify() == "memory[1] should have merged with its left neighbour");
}

TEST_CASE("verify: more regions than places") {
  memblock mb = sound();
  mb.reserved.max = 1;
  CHECK(mb.verify() == "reserved has 2 regions in 1 places");
}

TEST_CASE("verify: a sum that is not the sum") {
  memblock mb = sound();
  mb.memory.total_size = 0x3000; // may exceed: trim does that
  CHECK(mb.verify() == "");
  mb.memory.total_size = 0x1fff;
  CHECK(mb.verify() == "memory total_size is 8191, its regions are 8192 bytes");
  mb = sound();
  mb.reserved.total_size = 0x21;
  CHECK(mb.verify() == "reserved total_size is 33, its regions are 32 bytes");
}

TEST_CASE("verify: the count of unmerged neighbours") {
  memblock mb = sound();
  mb.reserved.unmerged = 1;
  CHECK(mb.verify() == "reserved counts 1 unmerged neighbours wrongly");
}
