// completion: what may come next while a person types a kernel call, and how the call is written.
//
//     Completion c = complete_call("memblock_reserve 16M s", bindings);
//     c.candidates            // {"size=", "…", column of "s"}
//     c.signature             // "memblock_reserve base size"; c.current = the part of it that is being typed
//
// The cursor is at the end of the line that is given. All comes from commands.def; what is wrong with a line says
// parse_command (io/script_text.hpp).
#pragma once
#include "lab/command.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mmscope {

struct CompletionCandidate {
  std::string text;  // takes the place of the word from `from` on; names of arguments end with "="
  std::string about; // the call's summary, an argument's kind: "address", "result of a call before"
};

struct SignaturePart {
  std::string_view name;
  ArgKind kind{};
  bool must = false;
  bool given = false; // by what stands before the word being typed
};

struct Completion {
  std::size_t from = 0; // where the word being typed begins, in bytes
  std::vector<CompletionCandidate> candidates;
  // The call under the cursor; nothing while its name is still being typed.
  std::string_view call, summary;
  std::vector<SignaturePart> signature; // its arguments
  int current = -1;                     // the one being typed; -1 = none
};

Completion complete_call(std::string_view line, std::span<const std::string> bindings, std::size_t most = 20);

// "address", "size", "node" …
std::string_view kind_text(ArgKind kind);

} // namespace mmscope
