// call_rows: a command that the running machine makes, as a row: how to check it and how to make it.
//
//   const CallRow *row = …;                                    // by its op
//   CallSite site{system, trace, command, values, workload};
//   if (CallFault f = row->check(site); !f.reason.empty()) …   // nothing has changed
//   CallOutcome o = row->make(site);
#pragma once
#include "lab/command.hpp"
#include "lab/workload.hpp"
#include "mm/system.hpp"

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mmscope {

struct CallFault {
  std::string reason; // "" = the call can be made
  unsigned arg = ~0u; // index of the argument at fault
};

struct CallSite {
  System &s;
  Trace *t;
  const Command &c;
  const std::array<u64, max_args> &v; // resolved; what was left out is 0
  std::optional<Workload> &workload;  // who uses the machine
  bool given(unsigned i) const { return i < max_args && c.args[i].given; }
  // Where the command's argument of that name stands; max_args when it has none.
  unsigned index_of(std::string_view name) const {
    const auto args = op_info(c.op).args;
    for (unsigned i = 0; i < args.size(); ++i)
      if (args[i].name == name) return i;
    return max_args;
  }
};

// A misuse that only the call itself finds out leaves the machine as it was and gives its reason.
struct CallOutcome {
  u64 value = 0;
  std::string error{};
};

struct CallRow {
  Op op;
  CallFault (*check)(const CallSite &);
  CallOutcome (*make)(CallSite &);
};

} // namespace mmscope
