// replay.hpp: makes the calls of the branch on show once more, on a machine of its own and in slices, for whoever must
// see every event of a boot. The playhead is not moved.
//
//     Replay replay(lab);
//     while (!replay.advance(200, [] { … }, [&](u64 call, const Command &, const CallRecord &r) { … })) …;
//
// When the lab goes to another branch it starts over: `restarted` is called first.
#pragma once

#include <optional>

#include "lab/lab.hpp"

namespace mmscope {

class Replay {
public:
  explicit Replay(const Lab &lab) : lab_(lab) {}

  const Trace &texts() const { return texts_; }
  const Machine &machine() const { return *machine_; } // after the call that is being seen
  double progress() const {
    return lab_.size() == 0 ? 1 : static_cast<double>(next_) / static_cast<double>(lab_.size());
  }

  /// At most `calls` further calls; true when it is through. Goes on where it was when the branch has grown.
  template <class Restarted, class See> bool advance(u64 calls, Restarted &&restarted, See &&see) {
    if (!machine_ || branch_ != lab_.current_branch()) {
      machine_.emplace(lab_.script().setup);
      branch_ = lab_.current_branch();
      next_ = 0;
      stopped_ = false;
      restarted();
    }
    for (; !stopped_ && calls != 0 && next_ < lab_.size(); --calls) {
      const Command &c = lab_.command(next_);
      const CallRecord r = play(*machine_, c, texts_);
      stopped_ = !r.result.ok(); // nothing comes behind a call that cannot be made
      if (stopped_) break;
      see(next_++, c, r);
    }
    return stopped_ || next_ == lab_.size();
  }

private:
  const Lab &lab_;
  std::optional<Machine> machine_;
  Trace texts_;
  u64 next_ = 0;
  u32 branch_ = 0;
  bool stopped_ = false;
};

/// Where an event is shown: right after it has happened.
inline Position shown_at(u64 call, std::size_t event, const CallRecord &r) {
  return event + 1 == r.events.size() ? Position{call + 1, 0, 0} : Position{call, event + 1, 0};
}

} // namespace mmscope
