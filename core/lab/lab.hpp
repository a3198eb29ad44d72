// lab.hpp: a boot on show: a timeline with what whoever shows it must know about it: who owns what, what the step that is
// shown changed. The canvas draws it, the page tells it, lessons ask it, the command line checks it.
//
//     Lab lab(script);
//     while (!lab.prepare(200)) …;                  // a pass over the whole boot, in slices
//     lab.seek({41, 0});
//     lab.accounting().balanced(); lab.changes().places; lab.owner_at(0x1000000)->label;
//
// A step is shown after it has happened: at Position{42, 0} that is call 41 with all it did, at Position{41, 7} the
// seventh event of call 41.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lab/accounting.hpp"
#include "lab/boot_index.hpp"
#include "lab/changes.hpp"
#include "lab/timeline.hpp"

namespace mmscope {

class Lab {
public:
  /// `keyframe_budget`: bytes for copies of the machine (lab/timeline.hpp).
  explicit Lab(Script script, std::size_t keyframe_budget = std::size_t{32} << 20);

  /// The pass over the whole boot: at most `calls` further calls. True when it is through; only then may the rest be used.
  bool prepare(u64 calls, const BootIndex::Observer &observer = {});
  const BootIndex &index() const { return index_; }

  const Script &script() const { return timeline_.script(); }                ///< as it was recorded: branch 0
  const Command &command(u64 call) const { return timeline_.command(call); } ///< of the branch on show
  const System &state() const { return timeline_.state(); }
  Position position() const { return timeline_.position(); }
  u64 size() const { return timeline_.size(); }

  void seek(Position to);
  /// Works for at most `calls` calls towards it; true when it is there. In between it stands somewhere on the way.
  bool seek_some(Position to, u64 calls);
  void step(Level level, i64 n);
  void stride(Stride how, int direction);
  // --- branches: see Timeline. All that is said here is said of the current one. ---
  /// Makes the command at the playhead, in a branch of its own. On error nothing changes. What it reserves belongs to
  /// "your call" unless the command says whose it is.
  Result branch(const Command &c);
  bool switch_branch(u32 id);
  const std::vector<BranchInfo> &branches() const { return timeline_.branches(); }
  u32 current_branch() const { return timeline_.current_branch(); }
  /// So many calls of the branch, from the first one, are those of the recorded boot.
  u64 recorded_calls() const;
  const std::vector<std::string> &bindings() const { return timeline_.bindings(); }
  u32 binding_slot(std::string_view name) { return timeline_.binding_slot(name); }

  /// Counts the moves, so that a view knows when to read again.
  u64 generation() const { return generation_; }

  // --- the step that is shown ---
  std::optional<std::size_t> call() const; ///< its index; none at the very beginning
  bool inside() const;                     ///< the call has not returned yet
  const CallRecord &record() const;        ///< of call(), which must be there
  /// Of any call below size(). It may be made again for that; the reference holds until the next one is asked for.
  const CallRecord &record(u64 call) const { return timeline_.record(call); }
  std::span<const Event> events() const; ///< the call's, as far as they have happened
  /// The event shown by itself when inside a call, or null.
  const Event *last_event() const;
  const Trace &texts() const { return timeline_.texts(); }
  const Changes &changes() const { return changes_; }

  const OwnerMap &owners() const { return owners_; }
  const Owner *owner_at(u64 address) const;
  bool handed_over() const; ///< the buddy allocator has got the memory that the kernel itself can use
  Accounting accounting() const;
  u64 digest() const { return timeline_.digest(); }
  const std::optional<Workload> &workload() const { return timeline_.machine().workload(); } ///< who uses the machine
  std::optional<u64> bound(u32 slot) const { return timeline_.machine().bound(slot); }       ///< a named result

private:
  void moved();

  mutable Timeline timeline_;
  BootIndex index_;
  OwnerMap owners_;
  std::size_t owner_changes_ = 0; // applied to owners_
  Changes changes_;
  u64 generation_ = 0;
};

} // namespace mmscope
