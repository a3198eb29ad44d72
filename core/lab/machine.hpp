// Machine: a System that plays commands. Apply a command and it makes the kernel
// call, records what happened, and answers with the call's result.
//
//   Machine m(script.setup);
//   Trace t;
//   Result r = m.apply(script.commands[0], &t);
//   if (!r.ok()) r.error      // a call that cannot be made: bad argument, misuse
//
// A simulated failure (an allocation that finds nothing) is a result of 0, not an error.
//
// What a call leaves in the trace: lab_phase if the command names another phase, then the call's span (lab_call …
// lab_return) with what happened inside it. The span's name is the kernel function that runs. Most functions of mm/
// open it themselves; for the others (the memblock_alloc family, firmware facts, boot parameters) the machine does, so
// no span holds another one of its name. play() also writes the command's caller into the span:
//
//   CallRecord r = play(m, command, texts);
//   r.result.value; for (const Event &e : r.events) …
#pragma once
#include "lab/command.hpp"
#include "lab/workload.hpp"
#include "mm/system.hpp"
#include "trace/trace.hpp"

#include <bitset>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mmscope {

inline constexpr unsigned no_arg = ~0u;
inline constexpr u32 max_bindings = u32{1} << 20; // result slots of one machine

struct Result {
  u64 value = 0;
  std::string error;     // "" = the call was made
  unsigned arg = no_arg; // with an error: index of the argument at fault, if it is one
  bool ok() const { return error.empty(); }
};

class Machine {
public:
  explicit Machine(const SystemSetup &setup);

  // Makes the call. On error nothing has changed. `t` may be null.
  Result apply(const Command &c, Trace *t);

  const System &system() const { return system_; }
  System &system() { return system_; } // for Timeline, which folds events into a copy
  // The result in a slot; nothing when no call has put one there.
  std::optional<u64> bound(u32 slot) const { return slot < bound_.size() ? bound_[slot] : std::nullopt; }
  // Who uses the machine; nothing before the first `workload`.
  const std::optional<Workload> &workload() const { return workload_; }
  // Whether this kind of call has been made.
  bool made(Op op) const { return made_[static_cast<std::size_t>(op)]; }
  // Over the system's state, the bound results and the calls made: all that its future depends on. What is shown to
  // people is system().digest(), the same after the same boot however it was written down.
  u64 digest() const;
  // Bytes that a copy of it takes, heap included.
  std::size_t bytes() const;

private:
  struct Site; // one call, its arguments resolved
  void check_order(Site &site) const;
  void check_facts(Site &site) const;
  Result make(const Site &site, Trace *t);

  System system_;
  std::optional<Workload> workload_;
  std::vector<std::optional<u64>> bound_;
  std::bitset<op_count> made_;
};

struct CallRecord { // a call that has been made: its result and what happened
  Result result;
  std::vector<Event> events;
  std::size_t bytes() const { return sizeof *this + events.capacity() * sizeof(Event) + result.error.capacity(); }
};
// Applies the command and takes its events out of `texts`, which must hold none from before; the span of the call
// gets the command's caller.
CallRecord play(Machine &m, const Command &c, Trace &texts);

// Blocks handed over by memblock_free_all, in order: (first pfn, order), runs expanded.
struct HandedBlock {
  pfn_t pfn;
  order_t order;
  friend bool operator==(const HandedBlock &, const HandedBlock &) = default;
};
// A terabyte is a quarter of a million blocks: handed_count() before asking for them all.
u64 handed_count(std::span<const Event> events);
std::vector<HandedBlock> handed_blocks(std::span<const Event> events);

} // namespace mmscope
