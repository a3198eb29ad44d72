// gunzip on good, cut, damaged and oversized input.
#include "io/gzip.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

namespace {
// printf 'mmscope\n' | gzip -n9
const std::string packed("\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\xcd\x2d\x4e"
                         "\xce\x2f\x48\xe5\x02\x00\x2d\xcc\x62\x58\x08\x00\x00\x00",
                         28);
} // namespace

TEST_CASE("gunzip: a file comes back whole") {
  CHECK(is_gzip(packed));
  CHECK(gunzip(packed, 1000) == "mmscope\n");
  CHECK(gunzip(packed + packed, 1000) == "mmscope\nmmscope\n");
  CHECK(gunzip(packed + std::string(512, '\0'), 1000) == "mmscope\n");
}

TEST_CASE("gunzip: plain text passes through") {
  CHECK(!is_gzip("plain"));
  CHECK(gunzip("plain", 1000) == "plain");
  CHECK(gunzip("", 1000) == "");
}

TEST_CASE("gunzip: never more than allowed") {
  CHECK(gunzip(packed, 8) == "mmscope\n");
  CHECK(!gunzip(packed, 7));
  CHECK(!gunzip(packed + packed, 15));
  CHECK(!gunzip("plain", 4));
}

TEST_CASE("gunzip: cut or damaged input is refused") {
  for (std::size_t n = 2; n < packed.size(); ++n) {
    CAPTURE(n);
    CHECK(!gunzip(packed.substr(0, n), 1000));
  }
  for (const std::size_t i : {10u, 12u, 20u, 24u}) {
    CAPTURE(i);
    std::string damaged = packed;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    CHECK(!gunzip(damaged, 1000));
  }
  CHECK(!gunzip(packed + "x", 1000));
}
