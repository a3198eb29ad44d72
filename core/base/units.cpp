#include "base/units.hpp"

#include <array>
#include <string_view>

#include "base/text.hpp"

namespace mmscope {

std::string bytes_text(u64 bytes) {
  constexpr std::array<std::string_view, 7> names = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  std::size_t unit = 0;
  while (unit + 1 < names.size() && bytes >> (10 * (unit + 1)) != 0) ++unit;
  const u64 whole = bytes >> (10 * unit);
  const u64 rest = unit == 0 ? 0 : bytes & ((u64{1} << (10 * unit)) - 1);
  if (rest == 0) return concat(whole, " ", names[unit]);
  // One place, rounded; the rest is below 2^60, so that ten times it still fits.
  const u64 tenths = (rest * 10 + (u64{1} << (10 * unit - 1))) >> (10 * unit);
  if (whole + tenths / 10 == 1024 && unit + 1 < names.size()) return concat("1.0 ", names[unit + 1]);
  return concat(whole + tenths / 10, ".", tenths % 10, " ", names[unit]);
}

std::string hex_text(u64 n, unsigned digits) {
  std::string s = "0x";
  append_hex(s, n, digits);
  return s;
}

std::string range_text(u64 base, u64 size) {
  if (size == 0) return hex_text(base);
  return concat(hex_text(base), "–", hex_text(base + size - 1));
}

std::string count_text(u64 n) {
  const std::string digits = concat(n);
  std::string s;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && (digits.size() - i) % 3 == 0) s += "\u00a0";
    s += digits[i];
  }
  return s;
}

} // namespace mmscope
