// call_stack.hpp: which functions are open while one walks through the events of a call.
//
//     CallStack stack;
//     for (const Event &e : events) { stack.see(e, texts); stack.frames().back().function; }
#pragma once

#include <string_view>
#include <vector>

#include "lab/command.hpp"
#include "trace/trace.hpp"

namespace mmscope {

struct CallFrame {
  std::string_view function, caller; // texts of the trace; the caller may be unknown
};

class CallStack {
public:
  void see(const Event &e, const Trace &texts) {
    if (e.kind == EventKind::lab_call) frames_.push_back({texts.text(e.f[0]), texts.text(e.f[1])});
    if (e.kind == EventKind::lab_return && !frames_.empty()) frames_.pop_back();
  }
  const std::vector<CallFrame> &frames() const { return frames_; }

  /// What was asked of memblock, and by whom. The outermost function of memblock's own was called by whoever wants the
  /// memory; a step of the boot calls it itself, and then the function that calls it is the one unless a caller is named.
  CallFrame asked(const Command &c) const {
    CallFrame f{};
    for (std::size_t depth = 0; depth < frames_.size(); ++depth)
      if (frames_[depth].function.starts_with("memblock_") || frames_[depth].function == "alloc_bootmem_node") {
        f = frames_[depth];
        if (f.caller.empty() && depth > 0) f.caller = frames_[depth - 1].function;
        break;
      }
    if (f.caller.empty()) f.caller = c.caller;
    return f;
  }

private:
  std::vector<CallFrame> frames_;
};

} // namespace mmscope
