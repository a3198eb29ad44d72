#include "lab/boot_index.hpp"

#include <algorithm>
#include <string_view>

namespace mmscope {

BootIndex::BootIndex(const Script &script) : script_(script), machine_(std::make_unique<Machine>(script.setup)) {}

double BootIndex::progress() const {
  return script_.commands.empty() ? 1 : static_cast<double>(next_) / static_cast<double>(script_.commands.size());
}

bool BootIndex::advance(u64 calls, const Observer &observer) {
  if (!machine_) return true;
  for (; calls != 0 && next_ < script_.commands.size(); --calls, ++next_) {
    const Command &c = script_.commands[next_];
    trace_.clear();
    const Result r = machine_->apply(c, &trace_);
    if (!r.ok()) {
      error_ = r.error;
      break;
    }
    scan(next_, c, trace_.events());
    if (observer) observer(next_, c, r, trace_.events(), trace_);
  }
  if (error_.empty() && next_ < script_.commands.size()) return false;
  machine_.reset();
  return true;
}

void BootIndex::scan(u64 call, const Command &c, std::span<const Event> events) {
  const System &s = machine_->system();
  CallSummary summary{.events = static_cast<u32>(events.size()),
                      .first_change = static_cast<u32>(changes_.size()),
                      .phase = c.phase != Phase::none ? c.phase : s.phase};

  struct Frame {
    std::string_view function, caller;
  };
  std::vector<Frame> stack;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Event &e = events[i];
    switch (e.kind) {
    case EventKind::lab_call: stack.push_back({trace_.text(e.f[0]), trace_.text(e.f[1])}); break;
    case EventKind::lab_return:
      if (!stack.empty()) stack.pop_back();
      break;
    case EventKind::lab_memblock_insert:
    case EventKind::lab_memblock_remove: {
      if (e.f[0] != static_cast<u64>(memblock_list::reserved)) break;
      u32 owner = nobody;
      if (e.kind == EventKind::lab_memblock_insert) {
        // The outermost function of memblock's own was called by the owner; a step of the boot calls it itself, and
        // then the function that calls it is the owner unless a caller is named.
        Frame asked{};
        for (std::size_t depth = 0; depth < stack.size(); ++depth)
          if (stack[depth].function.starts_with("memblock_")) {
            asked = stack[depth];
            if (asked.caller.empty() && depth > 0) asked.caller = stack[depth - 1].function;
            break;
          }
        if (asked.caller.empty()) asked.caller = c.caller;
        const Owner who = owner_of(asked.function, asked.caller, c.owner);
        owner = owner_id(who);
        summary.kind = who.kind;
      }
      changes_.push_back({call, i + 1, e.f[2], e.f[2] + e.f[3], owner});
      break;
    }
    case EventKind::lab_free_list_add: summary.frees = true; break;
    default: break;
    }
  }
  // Memory that the buddy allocator gets later has no owner any more (init sections, initrd).
  if (c.op == Op::free_reserved_area) {
    const Arg &from = c.args[0];
    const u64 base = from.value + (from.binding == no_binding ? 0 : machine_->bound(from.binding).value_or(0));
    changes_.push_back({call, events.size(), base, base + c.args[1].value, nobody});
  }

  calls_.push_back(summary);
  if (phases_.empty() || phases_.back().phase != summary.phase) phases_.push_back({summary.phase, call, call});
  phases_.back().end = call + 1;
  address_end_ = std::max(address_end_, s.memblock.end_of_dram().v);
}

u32 BootIndex::owner_id(const Owner &owner) {
  const auto at = std::find(owners_.begin(), owners_.end(), owner);
  if (at != owners_.end()) return static_cast<u32>(at - owners_.begin());
  owners_.push_back(owner);
  return static_cast<u32>(owners_.size() - 1);
}

} // namespace mmscope
