// bench: the boot on which an exercise is done. It is the recorded one up to where the exercise begins and goes on with the
// calls that were typed; the lab on show is not touched. (Positions in it are those of a branch of that lab with the same
// calls.)
//
//     Bench bench(lab.script(), here.call);
//     TriedCall o = bench.make("memblock_reserve 96M 2M");     o.error and o.column when it cannot be made
//     bench.lab().state();
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lab/lab.hpp"
#include "lab/machine.hpp"

namespace mmscope {

struct TriedCall {
  bool made = false;
  std::string error; ///< why the line is no call, or the call cannot be made
  u32 column = 0;    ///< of the error, from 1; 0 = the whole line
  u64 result = 0;
  bool result_is_address = false;
  std::string_view why, rule;      ///< keys, when this way does not lead there
  std::optional<Position> goes_to; ///< in the bench's lab
};

class Bench {
public:
  static constexpr std::size_t max_calls = 200, max_line_bytes = 1000;

  /// The first `calls` calls of a recorded boot.
  Bench(const Script &boot, u64 calls);

  TriedCall make(std::string_view line);
  bool undo();
  const std::vector<std::string> &calls() const { return calls_; } ///< that were made
  Lab &lab();                                                      ///< after all of them

private:
  Script script_;                    // the boot so far, and what was typed
  std::vector<std::string> calls_;   // typed
  std::vector<std::size_t> bound_;   // number of result names before each of them
  std::unique_ptr<Machine> machine_; // after all of script_
  std::unique_ptr<Lab> lab_;         // null: to be made again
};

} // namespace mmscope
