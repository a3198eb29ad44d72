// Which bytes an event is about.
#include "lab/event_reach.hpp"

#include "lab/changes.hpp"
#include "lab/presets.hpp"
#include "lab/timeline.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

namespace {

const Arch &arch() { return *all_arches()[0]; }

void check_reach(const Event &e, Layer layer, u64 base, u64 end) {
  const auto p = reach(e, arch());
  REQUIRE(p);
  CHECK(p->layer == layer);
  CHECK(p->base == base);
  CHECK(p->end == end);
}

} // namespace

TEST_CASE("event_reach: bytes and pages and blocks and sections become bytes on their layer") {
  check_reach({EventKind::lab_e820_add, {0x1000, 0x2000, 1}}, Layer::firmware, 0x1000, 0x3000);
  check_reach({EventKind::lab_memblock_insert, {0, 4, 0x1000, 0x2000}}, Layer::memory, 0x1000, 0x3000);
  check_reach({EventKind::lab_memblock_insert, {1, 4, 0x1000, 0x2000}}, Layer::reserved, 0x1000, 0x3000);
  check_reach({EventKind::lab_memblock_candidate, {0x1000, 0x9000, 0}}, Layer::memory, 0x1000, 0x9000);
  check_reach({EventKind::lab_page_run, {0x10, 2, 4, 0, 1}}, Layer::pages, 0x10000, 0x12000);
  check_reach({EventKind::lab_zone_init, {0, 1, 0x1000, 0x10, 0x8}}, Layer::zones, 0x1000000, 0x1010000);
  check_reach({EventKind::lab_free_list_add, {0, 1, 3, 1, 0x40, 4, 1}}, Layer::pages, 0x40000, 0x60000);
  check_reach({EventKind::lab_free_list_del, {0, 1, 3, 1, 0x40}}, Layer::pages, 0x40000, 0x48000);
  check_reach({EventKind::lab_hand_over, {0x400, 10, 2}}, Layer::pages, 0x400000, 0xc00000);
  check_reach({EventKind::lab_buddy_merge, {0x101, 0x100, 0}}, Layer::pages, 0x100000, 0x102000);
  check_reach({EventKind::lab_section_present, {1, 2, 0}}, Layer::sections, u64{1} << 27, u64{3} << 27);
}

TEST_CASE("event_reach: what is about no place has none") {
  CHECK(!reach({EventKind::lab_call, {1, 2, 0x1000, 0x2000}}, arch()));
  CHECK(!reach({EventKind::lab_phase, {3}}, arch()));
  CHECK(!reach({EventKind::lab_page_run, {0x10, 0, 4, 0, 1}}, arch()));
}

TEST_CASE("event_reach: a region named by its index is found in the arrays before the event") {
  struct memblock before;
  before.add(nullptr, phys_addr_t{0x1000}, 0x1000);
  before.add(nullptr, phys_addr_t{0x4000}, 0x2000);
  const Event mark{EventKind::lab_memblock_mark, {0, 1, 3, 0}};
  CHECK(!reach(mark, arch()));
  const auto p = reach(mark, arch(), &before);
  REQUIRE(p);
  CHECK(p->base == 0x4000);
  CHECK(p->end == 0x6000);
  CHECK(!reach({EventKind::lab_memblock_mark, {0, 2, 3, 0}}, arch(), &before));
}

TEST_CASE("event_reach: every place of a boot lies within its physical address space") {
  Timeline tl(make_script(*find_preset("numa-2x32g")));
  REQUIRE(tl.size() > 0);
  u64 places = 0;
  for (u64 call = 0; call < tl.size(); ++call)
    for (const Event &e : tl.record(call).events)
      if (const auto p = reach(e, *tl.state().arch)) {
        ++places;
        REQUIRE(p->base < p->end);
        REQUIRE(p->end <= u64{1} << tl.state().arch->max_physmem_bits);
      }
  CHECK(places > 1000);
}
