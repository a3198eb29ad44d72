// Addresses, pages and orders, and rounding between them.
#include "base/types.hpp"

#include <doctest/doctest.h>

#include <type_traits>

using namespace mmscope;

TEST_CASE("types: an address is no page and no number") {
  static_assert(!std::is_convertible_v<phys_addr_t, pfn_t>);
  static_assert(!std::is_convertible_v<u64, phys_addr_t>);
  static_assert(!std::is_convertible_v<phys_addr_t, u64>);
  static_assert(std::is_same_v<decltype(phys_addr_t{} - phys_addr_t{}), u64>);
  CHECK(phys_addr_t{5} - phys_addr_t{2} == 3);
}

TEST_CASE("types: first page at or above and the page that contains") {
  //   bytes  0x1000      0x1001 …  0x2000
  //   up     1           2         2
  //   down   1           1         2
  CHECK(to_pfn_up(phys_addr_t{0x1000}, 12).v == 1);
  CHECK(to_pfn_up(phys_addr_t{0x1001}, 12).v == 2);
  CHECK(to_pfn_up(phys_addr_t{0}, 12).v == 0);
  CHECK(to_pfn_up(phys_addr_max, 12).v == u64{1} << 52);
  CHECK(to_pfn_down(phys_addr_t{0x1fff}, 12).v == 1);
  CHECK(to_phys(pfn_t{2}, 12).v == 0x2000);
  CHECK(to_phys(pfn_t{2}, 16).v == 0x20000);
  CHECK(pages_of(order_t{10}) == 1024);
}

TEST_CASE("types: rounding") {
  CHECK(round_down(0x1fff, 0x1000) == 0x1000);
  CHECK(round_up(0x1001, 0x1000) == 0x2000);
  CHECK(round_up(0x1000, 0x1000) == 0x1000);
  CHECK(round_up(0, 0x1000) == 0);
  CHECK(div_round_up(10, 3) == 4);
  CHECK(div_round_up(9, 3) == 3);
  CHECK(round_up_any(10, 3) == 12);
  CHECK(div_round_up(~u64{0}, 2) == u64{1} << 63);
}
