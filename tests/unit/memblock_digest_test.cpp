// The digest covers every field: change any one and it is another number.
#include "support/memblock_text.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace mmscope;

namespace {
u64 digest(const memblock &mb) {
  Digest d;
  mb.add_to(d);
  return d.value();
}
} // namespace

TEST_CASE("digest: every field of memblock counts") {
  memblock base;
  base.add_node(nullptr, 0x1000_pa, 0x1000, 0, MEMBLOCK_NONE);
  base.add_node(nullptr, 0x4000_pa, 0x2000, 1, MEMBLOCK_HOTPLUG);
  base.reserve(nullptr, 0x1000_pa, 0x10);

  using Change = void (*)(memblock &);
  const Change changes[] = {
      [](memblock &m) { m.memory.regions[0].base += 1; },
      [](memblock &m) { m.memory.regions[0].size += 1; },
      [](memblock &m) { m.memory.regions[0].flags = MEMBLOCK_NOMAP; },
      [](memblock &m) { m.memory.regions[0].nid = no_node; },
      [](memblock &m) { m.memory.regions[1].base += 1; },
      [](memblock &m) { m.memory.regions[1].size += 1; },
      [](memblock &m) { m.memory.regions[1].flags = MEMBLOCK_NONE; },
      [](memblock &m) { m.memory.regions[1].nid = 2; },
      [](memblock &m) { m.memory.regions.pop_back(); },
      [](memblock &m) { m.memory.max += 1; },
      [](memblock &m) { m.memory.total_size += 1; },
      [](memblock &m) { m.memory.array += 1; },
      [](memblock &m) { m.reserved.regions[0].base += 1; },
      [](memblock &m) { m.reserved.regions[0].size += 1; },
      [](memblock &m) { m.reserved.regions[0].flags = MEMBLOCK_HOTPLUG; },
      [](memblock &m) { m.reserved.regions[0].nid = 0; },
      [](memblock &m) { m.reserved.regions.clear(); },
      [](memblock &m) { m.reserved.max += 1; },
      [](memblock &m) { m.reserved.total_size += 1; },
      [](memblock &m) { m.reserved.array += 1; },
      [](memblock &m) { std::swap(m.memory, m.reserved); },
      [](memblock &m) { m.bottom_up = true; },
      [](memblock &m) { m.current_limit -= 1; },
      [](memblock &m) { m.can_resize = true; },
      [](memblock &m) { m.movable_node = true; },
      [](memblock &m) { m.mirror = true; },
      [](memblock &m) { m.rules.region_bytes += 1; },
      [](memblock &m) { m.rules.page_shift += 1; },
      [](memblock &m) { m.rules.cache_line += 1; },
  };
  std::set<u64> seen{digest(base)};
  int i = 0;
  for (const Change change : changes) {
    CAPTURE(i++);
    memblock mb = base;
    change(mb);
    CHECK(!(mb == base));
    CHECK(seen.insert(digest(mb)).second);
  }
}

TEST_CASE("digest: equal states have equal digests however they came about") {
  memblock a, b;
  a.reserve(nullptr, 0x1000_pa, 0x2000);
  b.reserve(nullptr, 0x2000_pa, 0x1000);
  b.reserve(nullptr, 0x1000_pa, 0x1000);
  CHECK(a == b);
  CHECK(digest(a) == digest(b));
}
