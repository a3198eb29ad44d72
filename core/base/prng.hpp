// Prng: the lab's only source of chance (splitmix64). Same seed, same numbers,
// natively and in WASM.
//
//   Prng r{7}; r.below(10);
#pragma once
#include "base/types.hpp"

namespace mmscope {

class Prng {
public:
  constexpr explicit Prng(u64 seed) : s_(seed) {}
  constexpr u64 next() {
    u64 z = (s_ += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }
  // Uniform enough for lessons and tests in [0, n); n > 0.
  constexpr u64 below(u64 n) { return next() % n; }

private:
  u64 s_;
};

} // namespace mmscope
