// boot_index.hpp: a script played through once, and what the views need to know about the whole of it: where the phases
// lie, how much each call did, who came to hold what. The timeline, the owners and the axis of the strip are made of it.
//
//     BootIndex index(script);
//     while (!index.advance(200, observer)) report(index.progress());   // in slices, so that the page stays alive
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lab/machine.hpp"
#include "lab/owners.hpp"

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

  const std::vector<CallSummary> &calls() const { return calls_; }
  const std::vector<PhaseSpan> &phases() const { return phases_; }
  const std::vector<Owner> &owners() const { return owners_; }
  const std::vector<OwnerChange> &changes() const { return changes_; } // in order of time
  u64 address_end() const { return address_end_; } // one past the last byte of RAM that the boot ever saw
  const std::string &error() const { return error_; }

private:
  void scan(u64 call, const Command &c, std::span<const Event> events);
  u32 owner_id(const Owner &owner);

  const Script &script_;
  std::unique_ptr<Machine> machine_; // gone when the pass is through
  Trace trace_;
  std::size_t next_ = 0;
  std::vector<CallSummary> calls_;
  std::vector<PhaseSpan> phases_;
  std::vector<Owner> owners_;
  std::vector<OwnerChange> changes_;
  u64 address_end_ = 0;
  std::string error_;
};

} // namespace mmscope
