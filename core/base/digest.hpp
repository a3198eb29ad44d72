// Digest: one 64-bit number over every field of a state, equal natively and in
// WASM. FNV-1a over 64-bit words, then mixed; not cryptographic.
//
//   Digest d; d.add(x).add(y); d.value();
#pragma once
#include "base/types.hpp"

#include <string>
#include <string_view>

namespace mmscope {

class Digest {
public:
  constexpr Digest &add(u64 x) {
    // One multiply and one shift a word: every input bit reaches the high half.
    h_ = (h_ ^ x) * 0x9E3779B97F4A7C15ull;
    h_ ^= h_ >> 29;
    return *this;
  }
  constexpr Digest &add(phys_addr_t a) { return add(a.v); }
  constexpr Digest &add(pfn_t p) { return add(p.v); }
  constexpr Digest &add(order_t o) { return add(o.v); }
  constexpr Digest &add_signed(i64 x) { return add(static_cast<u64>(x)); }
  constexpr Digest &add(std::string_view s) {
    add(s.size());
    for (char c : s) add(static_cast<u8>(c));
    return *this;
  }
  constexpr u64 value() const { return h_; }
  // 16 lower-case hex digits.
  std::string hex() const;

private:
  u64 h_ = 0xcbf29ce484222325ull;
};

} // namespace mmscope
