// Timeline: a script with a playhead. Any position can be entered, left and
// returned to; the state there is always the state that was there.
//
//   phase   numa      │ sparse                    │ zones …
//   call    numa_init │ sparse_init               │ free_area_init …
//   event   · · · ·   │ · · · · · · · · ·         │ · · ·
//                              ▲ Position{call 41, event 7}
//
// Seeking re-executes the script from the nearest keyframe (a copy of the
// Machine); inside a call it folds the call's events, so a call can be watched
// from within although it ran in one go. Keyframes live under a byte budget.
// Editing the past does not erase it: it forks a branch.
//
//   Timeline tl(script);
//   tl.seek({tl.size(), 0});                 // the end
//   tl.step(Level::call, -1);
//   const System &s = tl.state();
//   tl.branch(command);                      // another future from here
#pragma once
#include "lab/machine.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace mmscope {

// Before call `call` when event is 0; inside it, after its first `event` events, otherwise. `part` > 0: so many
// blocks of the run that the next event adds to a free list have been applied too. After a call's last event the
// position is the start of the next call, so every state has one position.
struct Position {
  u64 call = 0;
  u64 event = 0;
  u64 part = 0;
  friend auto operator<=>(const Position &, const Position &) = default;
};

enum class Level : u8 { phase, call, event, block };

// A stride follows the calls that kernel functions make to each other (lab_call … lab_return in a call's record):
//
//   position     0    1            2             3      4              5          next call
//   depth        0    1            2             3      3              2          0
//   event          phase   call f        call g     …      return g      return f
//
//   in     the next or previous event, whatever it is
//   over   the next or previous position that is not deeper than this one: a function called in between is one thing
//   out    the next or previous position that is less deep: right after the function returned, or right before it
//          was entered
//
// Between two calls of the script (depth 0), over is one call and out is the end or start of the phase.
enum class Stride : u8 { in, over, out };

struct BranchInfo {
  u32 id = 0; // 0 = the recorded past
  u32 parent = 0;
  u64 fork_call = 0; // the first call that differs from the parent
  u64 size = 0;      // calls in this branch, the shared ones included
  std::string name;
};

class Timeline {
public:
  // Budgets in bytes: copies of the machine, and records of calls (the one asked for last is always kept).
  explicit Timeline(Script script, std::size_t keyframe_budget = std::size_t{32} << 20,
                    std::size_t record_budget = std::size_t{8} << 20);
  ~Timeline();
  Timeline(Timeline &&) noexcept;
  Timeline &operator=(Timeline &&) noexcept;

  // --- where we are ---
  Position position() const;
  u64 size() const;                       // calls in the current branch
  const Command &command(u64 call) const; // of the current branch, call < size()
  const Script &script() const;           // the script of branch 0
  const System &state() const;            // at the playhead
  const Machine &machine() const;
  // Result and events of a call, call < size(): regenerated if they are not in the window, which does not move the
  // playhead. The reference holds until the next non-const call. A call behind one that cannot be made has an error.
  const CallRecord &record(u64 call);
  const Trace &texts() const; // for text fields of events

  // --- moving ---
  // Clamped to the script; returns the position reached. A command that cannot be made stops the way forward
  // there: see error().
  Position seek(Position to);
  // Moves by n steps of a level (negative: back). Level::event goes inside calls; leaving a call's last event
  // lands on the next call's start.
  Position step(Level level, i64 n);
  Position stride(Stride how, int direction); // one; forwards when direction > 0, else back
  const std::string &error() const;           // of the command at the playhead that could not be made, or ""
  // Works for at most `budget_calls` calls towards a target and returns whether it is reached: for hosts that
  // must stay responsive. In between the playhead is somewhere on the way, before a call.
  bool seek_some(Position to, u64 budget_calls);

  // --- branches ---
  // Makes the command here and continues in a branch of its own (a new one unless the playhead is at the end of
  // a branch > 0). A kernel call does not stop halfway: inside one, the command comes after it. Returns the result;
  // on error nothing changes.
  Result branch(const Command &c);
  const std::vector<BranchInfo> &branches() const; // index = id
  u32 current_branch() const;
  // The playhead goes to where that branch begins, or, back in a branch that the current one comes from, to where it
  // was left. False when there is no such branch.
  bool switch_branch(u32 id);
  // Slot for a result name in the current branch. A new name is kept once branch() has made a command.
  u32 binding_slot(std::string_view name);
  const std::vector<std::string> &bindings() const; // names of the current branch's slots

  // Index of the first call of a phase, and one past its last; nullopt when the script has none.
  std::optional<std::pair<u64, u64>> phase_calls(Phase p) const;
  u64 digest() const; // of the state at the playhead
  std::size_t keyframe_bytes() const;
  std::size_t record_bytes() const;

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace mmscope
