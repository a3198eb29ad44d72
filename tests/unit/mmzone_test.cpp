// Nodes and zones: the numbers that follow from their fields.
#include "mm/mmzone.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

TEST_CASE("zone: free pages are the blocks of every order without what is isolated") {
  //  order 0: 3 Unmovable, 2 Movable    order 3: 5 Movable, 1 Isolate     3 + 2 + 5 * 8 = 45
  zone z;
  z.areas[0].free_list[0].nr = 3;
  z.areas[0].free_list[1].nr = 2;
  z.areas[3].free_list[1].nr = 5;
  z.areas[3].free_list[static_cast<unsigned>(migratetype::ISOLATE)].nr = 1;
  CHECK(z.areas[0].nr_free() == 5);
  CHECK(z.areas[3].nr_free() == 6);
  CHECK(z.sum_free_pages() == 45);
}

TEST_CASE("zone: is populated when pages are present and ends after what it spans") {
  zone z;
  CHECK_FALSE(z.populated());
  z.start_pfn = pfn_t{1};
  z.spanned_pages = 4095;
  CHECK(z.end_pfn() == pfn_t{4096});
  CHECK_FALSE(z.populated());
  z.present_pages = 3998;
  CHECK(z.populated());
}

TEST_CASE("node: has nothing deferred until it is told") {
  CHECK(pglist_data{}.first_deferred_pfn == never_deferred);
  CHECK(lowmem_reserve_for(0) == zone_field::lowmem_reserve);
  CHECK(static_cast<unsigned>(lowmem_reserve_for(4)) == 20);
}
