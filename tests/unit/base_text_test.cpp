// Numbers to text and back.
#include "base/text.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

namespace {
template <class F> std::string written(F &&f) {
  std::string s;
  f(s);
  return s;
}
constexpr u64 max = ~u64{0};
} // namespace

TEST_CASE("text: numbers in decimal") {
  CHECK(concat(0) == "0");
  CHECK(concat("cnt ", 3, " of ", u64{128}, ' ', -7) == "cnt 3 of 128 -7");
  CHECK(concat(max) == "18446744073709551615");
  CHECK(concat(static_cast<i64>(u64{1} << 63)) == "-9223372036854775808");
  CHECK(concat(u8{65}) == "65");
}

TEST_CASE("text: hex with and without padding") {
  CHECK(written([](std::string &s) { append_hex(s, 0); }) == "0");
  CHECK(written([](std::string &s) { append_hex(s, 0xabc, 8); }) == "00000abc");
  CHECK(written([](std::string &s) { append_hex(s, max, 4); }) == "ffffffffffffffff");
}

TEST_CASE("text: padded decimal") {
  CHECK(written([](std::string &s) { append_padded(s, 42, 6); }) == "    42");
  CHECK(written([](std::string &s) { append_padded(s, 1234567, 6); }) == "1234567");
}

TEST_CASE("text: a range as the kernel prints it names the last byte") {
  CHECK(written([](std::string &s) { append_range(s, phys_addr_t{0x1000}, 0x2000); }) ==
        "[0x0000000000001000-0x0000000000002fff]");
}

TEST_CASE("text: whole numbers only") {
  CHECK(parse_u64("0") == 0);
  CHECK(parse_u64("18446744073709551615") == max);
  CHECK(parse_u64("0xffffffffffffffff") == max);
  CHECK(parse_u64("0X1f") == 0x1f);
  CHECK(parse_u64("007") == 7);
  for (const char *bad : {"", " 1", "1 ", "-1", "+1", "0x", "x1", "1f", "18446744073709551616", "0x10000000000000000",
                          "1.0", "1e3", "0x1g"}) {
    CAPTURE(bad);
    CHECK(!parse_u64(bad));
  }
  CHECK(parse_hex("1f") == 0x1f);
  CHECK(parse_hex("F") == 15);
  CHECK(!parse_hex("0x1f"));
  CHECK(!parse_hex(""));
}

TEST_CASE("text: sizes with a suffix") {
  CHECK(parse_size("4096") == 4096);
  CHECK(parse_size("4K") == 4096);
  CHECK(parse_size("16m") == u64{16} << 20);
  CHECK(parse_size("0x10G") == u64{16} << 30);
  CHECK(parse_size("2T") == u64{2} << 40);
  CHECK(parse_size("1P") == u64{1} << 50);
  CHECK(parse_size("15E") == u64{15} << 60);
  CHECK(parse_size("0x1e") == 0x1e); // a digit, no suffix
  for (const char *bad : {"", "K", "4KB", "4 K", "16E", "17179869184G", "1Q", "-4K"}) {
    CAPTURE(bad);
    CHECK(!parse_size(bad));
  }
}

TEST_CASE("text: words") {
  std::string_view rest = "  one\ttwo   three";
  CHECK(next_word(rest) == "one");
  CHECK(next_word(rest) == "two");
  CHECK(next_word(rest) == "three");
  CHECK(next_word(rest).empty());
  CHECK(next_word(rest).empty());
  CHECK(trim(" \tkeep this\t\r") == "keep this");
  CHECK(trim("  ").empty());
}
