// The digest and the dice: the same numbers on every machine.
#include "base/digest.hpp"
#include "base/prng.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace mmscope;

TEST_CASE("digest: a known value (native and wasm must agree)") {
  CHECK(Digest{}.value() == 0xcbf29ce484222325);
  CHECK(Digest{}.add(1).add(2).add("three").hex() == "f567cb28b0704501");
}

TEST_CASE("digest: order and grouping count") {
  const auto of = [](auto... parts) {
    Digest d;
    (d.add(parts), ...);
    return d.value();
  };
  using namespace std::string_view_literals;
  CHECK(of(u64{1}, u64{2}) != of(u64{2}, u64{1}));
  CHECK(of("ab"sv, "c"sv) != of("a"sv, "bc"sv));
  CHECK(of(u64{0}) != of(u64{0}, u64{0}));
  CHECK(of(phys_addr_t{7}) == of(u64{7}));
  CHECK(Digest{}.add_signed(-1).value() == of(~u64{0}));
}

TEST_CASE("digest: every single bit counts wherever it is") {
  std::set<u64> seen{Digest{}.add(0).add(0).add(0).value()};
  for (int word = 0; word < 3; ++word)
    for (int bit = 0; bit < 64; ++bit) {
      Digest d;
      for (int i = 0; i < 3; ++i) d.add(i == word ? u64{1} << bit : 0);
      CHECK(seen.insert(d.value()).second);
    }
}

TEST_CASE("digest: hex has 16 digits") { CHECK(Digest{}.hex() == "cbf29ce484222325"); }

TEST_CASE("prng: known numbers from a known seed") {
  Prng r{0};
  CHECK(r.next() == 0xe220a8397b1dcdaf);
  CHECK(r.next() == 0x6e789e6aa1b965f4);
  Prng a{7}, b{7};
  for (int i = 0; i < 100; ++i) {
    const u64 x = a.below(10);
    CHECK(x == b.below(10));
    CHECK(x < 10);
  }
}
