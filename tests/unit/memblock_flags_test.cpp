// Marking parts of memory: hotplug, mirror, nomap.
#include "support/memblock_text.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

namespace {

memblock one_region() {
  memblock mb;
  mb.add(nullptr, 0x1000_pa, 0x8000);
  return mb;
}

struct Flag {
  const char *name;
  u32 value;
  int (memblock::*mark)(Trace *, phys_addr_t, u64);
  int (memblock::*clear)(Trace *, phys_addr_t, u64); // null: the kernel has none
};
constexpr Flag flags[] = {
    {"hotplug", MEMBLOCK_HOTPLUG, &memblock::mark_hotplug, &memblock::clear_hotplug},
    {"mirror", MEMBLOCK_MIRROR, &memblock::mark_mirror, nullptr},
    {"nomap", MEMBLOCK_NOMAP, &memblock::mark_nomap, &memblock::clear_nomap},
};

} // namespace

TEST_CASE("mark: the middle of a region is cut out and marked") {
  //   memory   [==========================]
  //   mark             [========]
  //   after    [======][= flag =][========]
  for (const Flag &f : flags) {
    CAPTURE(f.name);
    memblock mb = one_region();
    CHECK((mb.*f.mark)(nullptr, 0x3000_pa, 0x2000) == 0);
    CHECK(text(mb.memory) == concat("[1000,3000) [3000,5000) ", f.name, " [5000,9000)"));
    CHECK(mb.memory.regions[1].flags == f.value);
    CHECK(mb.memory.total_size == 0x8000);
    CHECK(mb.mirror == (f.value == MEMBLOCK_MIRROR));
    CHECK(mb.verify() == "");
  }
}

TEST_CASE("mark: two marks that touch become one region") {
  //   marked   [==][ 1st ][ 2nd ][==]
  //   after    [==][=====flag===][==]
  for (const Flag &f : flags) {
    CAPTURE(f.name);
    memblock mb = one_region();
    (mb.*f.mark)(nullptr, 0x3000_pa, 0x1000);
    (mb.*f.mark)(nullptr, 0x4000_pa, 0x1000);
    CHECK(text(mb.memory) == concat("[1000,3000) [3000,5000) ", f.name, " [5000,9000)"));
  }
}

TEST_CASE("clear: the regions grow together again") {
  //   marked   [======][= flag =][========]
  //   clear        [================]
  //   after    [==========================]
  for (const Flag &f : flags) {
    if (f.clear == nullptr) continue;
    CAPTURE(f.name);
    memblock mb = one_region();
    (mb.*f.mark)(nullptr, 0x3000_pa, 0x2000);
    CHECK((mb.*f.clear)(nullptr, 0x2000_pa, 0x5000) == 0);
    CHECK(text(mb.memory) == "[1000,9000)");
  }
}

TEST_CASE("clear: half of a mark") {
  //   marked   [==][==== nomap ====][==]
  //   clear        [=====]
  //   after    [==========][ nomap ][==]
  memblock mb = one_region();
  mb.mark_nomap(nullptr, 0x3000_pa, 0x4000);
  mb.clear_nomap(nullptr, 0x3000_pa, 0x2000);
  CHECK(text(mb.memory) == "[1000,5000) [5000,7000) nomap [7000,9000)");
}

TEST_CASE("mark: flags add up and go one by one") {
  memblock mb = one_region();
  mb.mark_hotplug(nullptr, 0_pa, 0x10000);
  mb.mark_nomap(nullptr, 0_pa, 0x10000);
  CHECK(text(mb.memory) == "[1000,9000) hotplug nomap");
  mb.clear_hotplug(nullptr, 0_pa, 0x10000);
  CHECK(text(mb.memory) == "[1000,9000) nomap");
}

TEST_CASE("mark: reserved is never touched") {
  memblock mb = one_region();
  mb.reserve(nullptr, 0x2000_pa, 0x4000);
  mb.mark_nomap(nullptr, 0x3000_pa, 0x1000);
  CHECK(text(mb.reserved) == "[2000,6000)");
}

TEST_CASE("mark: outside of memory there is nothing to mark") {
  memblock mb = one_region();
  const memblock before = mb;
  CHECK(mb.mark_nomap(nullptr, 0x20000_pa, 0x1000) == 0);
  CHECK(mb == before);
}

TEST_CASE("mark: a full array refuses") {
  memblock mb = one_region();
  mb.memory.max = 2;
  CHECK(mb.mark_nomap(nullptr, 0x3000_pa, 0x1000) == -12);
  CHECK(text(mb.memory) == "[1000,9000)");
}
