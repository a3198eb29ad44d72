// Trim, cap, enforce, limit: memory made smaller as a whole.
#include "support/memblock_text.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

TEST_CASE("trim: bounds move inwards to the alignment") {
  //   pages    |    |    |    |    |
  //   memory     [=========]  [=]
  //   after       [====]                  the second holds no whole page and goes
  memblock mb;
  mb.add(nullptr, 0x1800_pa, 0x2000);
  mb.add(nullptr, 0x4100_pa, 0x200);
  mb.trim_memory(nullptr, 0x1000);
  CHECK(text(mb.memory) == "[2000,3000)");
}

TEST_CASE("trim: total_size keeps what was trimmed but not what was removed") {
  memblock mb;
  mb.add(nullptr, 0x1800_pa, 0x2000);
  mb.add(nullptr, 0x4100_pa, 0x200);
  CHECK(mb.memory.total_size == 0x2200);
  mb.trim_memory(nullptr, 0x1000);
  CHECK(mb.memory.total_size == 0x2000);
  CHECK(mb.verify() == "");
}

TEST_CASE("trim: the sum starts anew with the first region after everything went") {
  //   memory   [=====]  trimmed: sum 2000, region 1000; removed: sum 1000, nothing there
  memblock mb;
  mb.add(nullptr, 0x1800_pa, 0x2000);
  mb.trim_memory(nullptr, 0x1000);
  mb.remove(nullptr, 0_pa, 0x10000);
  CHECK(mb.memory.total_size == 0x1000);
  CHECK(text(mb.memory) == "");
  mb.add(nullptr, 0x5000_pa, 0x3000);
  CHECK(mb.memory.total_size == 0x3000);
}

TEST_CASE("trim: an aligned region and an empty array stay as they are") {
  memblock mb;
  mb.trim_memory(nullptr, 0x1000);
  CHECK(mb == memblock{});
  mb.add(nullptr, 0x1000_pa, 0x2000);
  const memblock before = mb;
  Trace t;
  mb.trim_memory(&t, 0x1000);
  CHECK(mb == before);
  CHECK(t.events().size() == 2);
}

TEST_CASE("trim: parts of one page that touch do not help each other") {
  //   page     |              |
  //   memory   [= 0 =][== 1 ==]     neither holds a whole page: both go
  memblock mb;
  mb.add_node(nullptr, 0x1000_pa, 0x800, 0, MEMBLOCK_NONE);
  mb.add_node(nullptr, 0x1800_pa, 0x800, 1, MEMBLOCK_NONE);
  mb.trim_memory(nullptr, 0x1000);
  CHECK(text(mb.memory) == "");
  CHECK(mb.memory.total_size == 0);
}

TEST_CASE("cap: both arrays are cut to the range") {
  //   memory    [==========]    [==========]
  //   reserved    [=]  [==========]     [=]
  //   cap             [===========]
  //   memory          [====]    [=]
  //   reserved         [==========]
  memblock mb;
  mb.add(nullptr, 0x1000_pa, 0x5000);
  mb.add(nullptr, 0x8000_pa, 0x5000);
  mb.reserve(nullptr, 0x2000_pa, 0x1000);
  mb.reserve(nullptr, 0x5000_pa, 0x6000);
  mb.reserve(nullptr, 0xc000_pa, 0x1000);
  mb.cap_memory_range(nullptr, 0x4000_pa, 0x6000);
  CHECK(text(mb.memory) == "[4000,6000) [8000,a000)");
  CHECK(text(mb.reserved) == "[5000,a000)");
  CHECK(mb.memory.total_size == 0x4000);
  CHECK(mb.verify() == "");
}

TEST_CASE("cap: what is not mapped stays and is left in two parts until the next merge") {
  //   memory   [nomap]  [==========][== nomap ==]
  //   cap               [==================]
  //   after    [nomap]  [==========][nomap ][no.]
  memblock mb;
  mb.add_node(nullptr, 0x1000_pa, 0x1000, 0, MEMBLOCK_NOMAP);
  mb.add_node(nullptr, 0x4000_pa, 0x2000, 0, MEMBLOCK_NONE);
  mb.add_node(nullptr, 0x6000_pa, 0x4000, 0, MEMBLOCK_NOMAP);
  mb.cap_memory_range(nullptr, 0x4000_pa, 0x4000);
  CHECK(text(mb.memory) ==
        "[1000,2000) node 0 nomap [4000,6000) node 0 [6000,8000) node 0 nomap [8000,a000) node 0 nomap");
  CHECK(mb.memory.unmerged == 1);
  CHECK(mb.verify() == "");
  SUBCASE("a region added anywhere joins them") {
    mb.add_node(nullptr, 0x20000_pa, 0x1000, 0, MEMBLOCK_NONE);
    CHECK(text(mb.memory) ==
          "[1000,2000) node 0 nomap [4000,6000) node 0 [6000,a000) node 0 nomap [20000,21000) node 0");
  }
  SUBCASE("so does a mark that finds nothing to mark") {
    mb.clear_hotplug(nullptr, 0_pa, 0);
    CHECK(text(mb.memory) == "[1000,2000) node 0 nomap [4000,6000) node 0 [6000,a000) node 0 nomap");
  }
  SUBCASE("adding what is there already does not") {
    mb.add(nullptr, 0x4000_pa, 0x1000);
    CHECK(mb.memory.regions.size() == 4);
  }
  CHECK(mb.verify() == "");
}

TEST_CASE("cap: size 0 and an empty memory do nothing") {
  memblock mb;
  mb.reserve(nullptr, 0x1000_pa, 0x1000);
  memblock before = mb;
  mb.cap_memory_range(nullptr, 0_pa, 0x1000);
  CHECK(mb == before);
  mb.add(nullptr, 0x1000_pa, 0x1000);
  before = mb;
  mb.cap_memory_range(nullptr, 0x5000_pa, 0);
  CHECK(mb == before);
}

TEST_CASE("cap: a range without memory leaves none") {
  memblock mb;
  mb.add(nullptr, 0x1000_pa, 0x1000);
  mb.cap_memory_range(nullptr, 0x8000_pa, 0x1000);
  CHECK(text(mb.memory) == "");
}

TEST_CASE("enforce: the limit counts memory and not addresses") {
  //   memory    [==]      [=====]     3 pages lie below a000
  //   limit 3   1..2      3
  //   after     [==]      [=]
  memblock mb;
  mb.add(nullptr, 0x1000_pa, 0x2000);
  mb.add(nullptr, 0x9000_pa, 0x4000);
  mb.reserve(nullptr, 0x9800_pa, 0x2000);
  mb.enforce_memory_limit(nullptr, 0x3000);
  CHECK(text(mb.memory) == "[1000,3000) [9000,a000)");
  CHECK(text(mb.reserved) == "[9800,a000)");
}

TEST_CASE("enforce: a limit that ends with a region ends there and not at the next") {
  //   memory    [==]          [=====]
  //   reserved       [=]                  lies in the hole above the limit: goes
  memblock mb;
  mb.add(nullptr, 0x1000_pa, 0x2000);
  mb.add(nullptr, 0x9000_pa, 0x4000);
  mb.reserve(nullptr, 0x5000_pa, 0x1000);
  mb.enforce_memory_limit(nullptr, 0x2000);
  CHECK(text(mb.memory) == "[1000,3000)");
  CHECK(text(mb.reserved) == "");
}

TEST_CASE("enforce: removes unmapped memory too") {
  memblock mb;
  mb.add(nullptr, 0x1000_pa, 0x4000);
  mb.mark_nomap(nullptr, 0x4000_pa, 0x1000);
  mb.enforce_memory_limit(nullptr, 0x2000);
  CHECK(text(mb.memory) == "[1000,3000)");
}

TEST_CASE("enforce: 0 and more than there is do nothing") {
  memblock mb;
  mb.add(nullptr, 0x1000_pa, 0x4000);
  const memblock before = mb;
  mb.enforce_memory_limit(nullptr, 0);
  mb.enforce_memory_limit(nullptr, 0x4001);
  CHECK(mb == before);
}

TEST_CASE("mem_limit_remove_map: unmapped memory above the limit stays") {
  //   memory   [=========][nomap]
  //   limit 2  [====]
  //   after    [====]     [nomap]
  memblock mb;
  mb.add(nullptr, 0x1000_pa, 0x4000);
  mb.mark_nomap(nullptr, 0x4000_pa, 0x1000);
  mb.mem_limit_remove_map(nullptr, 0x2000);
  CHECK(text(mb.memory) == "[1000,3000) [4000,5000) nomap");
  const memblock before = mb;
  mb.mem_limit_remove_map(nullptr, 0);
  mb.mem_limit_remove_map(nullptr, 0x100000);
  CHECK(mb == before);
}
