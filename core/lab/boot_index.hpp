// boot_index.hpp: a script played through once, and what the views need to know about the whole of it: where the phases
// lie, how much each call did, who came to hold what. The timeline, the owners and the axis of the strip are made of it.
//
//     BootIndex index(script);
//     while (!index.advance(200, observer)) report(index.progress());   // in slices, so that the page stays alive
//
// A branch shares the beginning of the boot and has calls of its own. What is known of those is kept beside the boot's,
// and the two are put together for the branch on show; no call is made again for it.
//
//     calls      0 1 2 3 4 5 6 7 8      branch 0, the recorded past
//                        └ 5 6          branch 1: shares 0 … 4
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lab/machine.hpp"
#include "lab/owners.hpp"
#include "lab/timeline.hpp"

namespace mmscope {

struct CallSummary {
  u32 events = 0;
  u32 first_change = 0; // into changes(): the first owner change of this call
  Phase phase = Phase::none;
  OwnerKind kind = OwnerKind::reserved; // of what it reserved, if it did
  bool frees = false;                   // hands pages to the buddy allocator
};

struct PhaseSpan { // calls [first, end)
  Phase phase;
  u64 first, end;
};

class BootIndex {
public:
  /// Sees each call as it is made.
  using Observer =
      std::function<void(u64 call, const Command &, const Result &, std::span<const Event>, const Trace &)>;

  explicit BootIndex(const Script &script);

  /// Plays at most `calls` further calls; true when the script is through, or its next command cannot be made.
  bool advance(u64 calls, const Observer &observer = {});
  double progress() const;

  // --- of the branch on show ---
  const std::vector<CallSummary> &calls() const { return line().calls; }
  const std::vector<PhaseSpan> &phases() const { return line().phases; }
  const std::vector<OwnerChange> &changes() const { return line().changes; } // in order of time
  /// The owner change that event `event` (from 1) of a call made, or null.
  const OwnerChange *change_at(u64 call, u64 event) const;
  u64 address_end() const { return line().address_end; } // one past the last byte of RAM that it ever saw
  const std::string &error() const { return shown_ == 0 ? error_ : no_error_; }

  const std::vector<Owner> &owners() const { return owners_; } // of all branches

  // --- branches, once the pass is through; `tree` is the timeline's ---
  /// Branch `id`, new or not, has made its last call.
  void extend(const std::vector<BranchInfo> &tree, u32 id, const Command &c, std::span<const Event> events,
              const Machine &after, const Trace &texts);
  void show(const std::vector<BranchInfo> &tree, u32 id);

private:
  struct Line { // from the first call to the last
    std::vector<CallSummary> calls;
    std::vector<PhaseSpan> phases;
    std::vector<OwnerChange> changes;
    u64 address_end = 0;
  };
  struct Part { // a branch's own calls
    std::vector<CallSummary> calls;
    std::vector<OwnerChange> changes;
    u64 address_end = 0;
  };
  const Line &line() const { return shown_ == 0 ? boot_ : other_; }
  void scan(Line &line, const Command &c, std::span<const Event> events, const Machine &after, const Trace &texts);
  static void append(Line &line, const CallSummary &call);
  /// The first `calls` calls of a branch, as `other_`.
  void put_together(const std::vector<BranchInfo> &tree, u32 id, u64 calls);
  u32 owner_id(const Owner &owner);

  const Script &script_;
  std::unique_ptr<Machine> machine_; // gone when the pass is through
  Trace trace_;
  std::size_t next_ = 0;
  Line boot_, other_;
  std::vector<Part> parts_; // by branch; that of branch 0 is not used
  u32 shown_ = 0;
  std::vector<Owner> owners_;
  std::string error_, no_error_;
};

} // namespace mmscope
