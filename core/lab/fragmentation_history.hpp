// fragmentation_history: how fragmented each zone was over the calls of the branch on show, in few samples, worked out in
// slices by making the calls once more.
//
//   FragmentationHistory h(lab);
//   while (!h.advance(5000)) …;                     // some events further each frame
//   for (const auto &s : h.samples()) s.call, s.unusable[h.zone_index(nid, zid)]
//
// At most `most_samples` are kept: when they are full, every other one goes and from then on half as many are taken.
#pragma once
#include "lab/replay.hpp"

#include <vector>

namespace mmscope {

class FragmentationHistory {
public:
  struct Sample {
    u64 call = 0; // calls that have been made
    // Of node nid's zone zid at nid * max_zone_types + zid: unusable free index of a pageblock, thousandths; no_value
    // while nothing is managed there.
    std::vector<u16> unusable;
  };
  static constexpr std::size_t most_samples = 256;
  static constexpr u16 no_value = 0xffff;

  explicit FragmentationHistory(const Lab &lab) : replay_(lab) {}
  // Calls with about so many further events, at least one; true when it is through. Goes on when the branch has grown,
  // begins anew in another one.
  bool advance(u64 events);
  const std::vector<Sample> &samples() const { return samples_; }
  static std::size_t zone_index(i32 nid, unsigned zid) { return static_cast<std::size_t>(nid) * max_zone_types + zid; }

private:
  void see(u64 call);
  Replay replay_;
  std::vector<Sample> samples_;
  u64 stride_ = 1;
};

} // namespace mmscope
