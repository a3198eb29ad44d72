// align: the calls of several boots on one list of moments, by what the calls are.
//
//   boot 0    add add     setup numa        sparse zones
//   boot 1    add         setup      initm  sparse       zones reserve
//   moments   add add     setup numa initm  sparse zones       reserve
//             0   0       0 1   0    1      0 1    0 1         1          who has this step
//
// First the phases of the boots are brought into line, then within each phase the calls: a longest common subsequence
// of step names, boot by boot into the list made so far. What one boot alone does gets a moment of its own, so no call
// is lost and none changes its place among those of its boot.
//
//   std::vector<AlignedMoment> all = align({{steps of boot 0}, {steps of boot 1}});
//   all[7].has(1), all[7].made[1]        // boot 1 has made so many calls once moment 7 is over
//
// Two stretches of n and m calls that begin and end differently take n * m cells if these are at most `align_cells`;
// longer ones are cut at steps that both have once, and where there are none, into pieces.
#pragma once
#include "mm/system.hpp"

#include <array>
#include <span>
#include <vector>

namespace mmscope {

inline constexpr unsigned max_compared = 5;      // boots
inline constexpr u64 align_cells = u64{1} << 20; // of one table
inline constexpr std::size_t align_piece = 1000; // calls; align_piece squared is at most align_cells
inline constexpr unsigned align_depth = 32;      // of cutting

struct AlignStep {
  Phase phase = Phase::none;
  u32 name = 0; // equal names: the same step
};

struct AlignedMoment {
  Phase phase = Phase::none;
  u32 name = 0;
  u32 who = 0;                          // bit i: boot i makes a call here
  std::array<u32, max_compared> made{}; // calls that boot i has made once this moment is over
  bool has(unsigned boot) const { return (who >> boot & 1) != 0; }
};

// At most max_compared boots; the order of the boots decides only how what they do not share is interleaved.
std::vector<AlignedMoment> align(std::span<const std::vector<AlignStep>> boots);

// Pairs (i, j), both ascending, with a[i] == b[j]: as many as there can be, unless the sequences are too long for that.
struct AlignPair {
  u32 a, b;
  friend bool operator==(const AlignPair &, const AlignPair &) = default;
};
std::vector<AlignPair> common_steps(std::span<const u32> a, std::span<const u32> b);

} // namespace mmscope
