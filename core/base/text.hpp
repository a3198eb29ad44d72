// Small text helpers that C++20 in libc++ 14 lacks: formatting numbers without
// locale, parsing them without exceptions.
//
//   std::string s; append_hex(s, 0x1000, 16);  // "0000000000001000"
//   append(s, "cnt ", 3, " of ", 128);         // numbers in decimal
#pragma once
#include "base/types.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace mmscope {

void append_dec(std::string &out, u64 n);
void append_signed(std::string &out, i64 n);
// Lower-case, zero-padded to `width` digits, without 0x.
void append_hex(std::string &out, u64 n, unsigned width = 1);
// Right-aligned decimal, padded with spaces to `width`.
void append_padded(std::string &out, u64 n, unsigned width);

inline void append_one(std::string &out, std::string_view s) { out += s; }
inline void append_one(std::string &out, const char *s) { out += s; }
inline void append_one(std::string &out, char c) { out += c; }
template <class T>
requires std::is_integral_v<T>
void append_one(std::string &out, T n) {
  if constexpr (std::is_signed_v<T>)
    append_signed(out, n);
  else
    append_dec(out, n);
}
template <class... A> void append(std::string &out, const A &...parts) { (append_one(out, parts), ...); }
template <class... A> std::string concat(const A &...parts) {
  std::string s;
  append(s, parts...);
  return s;
}

// "[0x%016x-0x%016x]" of the half-open range [base, base+size), as the kernel prints it (last byte inclusive).
void append_range(std::string &out, phys_addr_t base, u64 size);

// Whole-string numbers: decimal or 0x-hex; no sign, no spaces. nullopt on anything else or on overflow.
std::optional<u64> parse_u64(std::string_view s);
std::optional<u64> parse_hex(std::string_view s); // digits only, without 0x
// The kernel's memparse: a number with an optional K, M, G, T, P, E suffix (either case). Whole string.
std::optional<u64> parse_size(std::string_view s);

// Splits off and returns the next word (separated by spaces or tabs); empty when none is left.
std::string_view next_word(std::string_view &rest);
std::string_view trim(std::string_view s);

// The name in `names` that `word` was most likely meant to be, or "".
std::string_view closest(std::string_view word, std::span<const std::string_view> names);
// ", did you mean 'x'?" or "".
std::string did_you_mean(std::string_view word, std::span<const std::string_view> names);

} // namespace mmscope
