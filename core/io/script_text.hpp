// script_text: scripts as people write them, one kernel call a line.
//
//   machine era=6.1 arch=x86_64 cmdline="movable_node"   # optional, first
//   memblock_add 0 1G nid=0                              # arguments in order, or by name
//   memblock_alloc_range_nid 64K 4K 0 0 nid=0 -> a       # the result gets a name
//   memblock_phys_free a+0x1000 size=4K
//   memblock_reserve 0x1000000 52M caller=setup_arch owner="kernel image" phase=memblock
//   memblock_free_all
//
// Numbers are decimal or 0x-hex, with K, M, G, T suffixes. caller, owner and phase may stand behind any call: they
// say where it came from (lab/command.hpp). A line that cannot be read becomes an error with line and column, and
// the lines after it are read all the same; so is everything within the limits, whatever the bytes.
//
//   ParsedScript p = parse_script(text);
//   if (!p.errors.empty()) to_text(p.errors[0], "boot.txt");   // "boot.txt:3:14: not a number: 'abc'"
//   std::string again = to_text(p.script);                     // parses to the same script
#pragma once
#include "base/text.hpp"
#include "lab/command.hpp"

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mmscope {

struct ScriptError {
  u32 line = 0, column = 0; // from 1, in bytes
  std::string reason;
};
// "FILE:LINE:COLUMN: reason"
std::string to_text(const ScriptError &e, std::string_view file);

// Where a command stands in the text.
struct CommandPlace {
  u32 line = 0, column = 0;
  std::array<u32, max_args> arg_columns{}; // 0 = left out
};

struct ScriptLimits {
  std::size_t text_bytes = std::size_t{16} << 20;
  std::size_t line_bytes = 8192;
  std::size_t commands = 100'000;
  std::size_t errors = 2'000;
};

struct ParsedScript {
  Script script;
  std::vector<CommandPlace> places; // one for each command
  std::vector<ScriptError> errors;  // in order of lines
};
ParsedScript parse_script(std::string_view text, const ScriptLimits &limits = {});

// One line, for a command typed into a running machine. A new result name gets the slot after the last one:
// Timeline::binding_slot(name) makes it.
struct ParsedCommand {
  std::optional<Command> command; // nothing: see error
  std::string bind_name;
  ScriptError error;
  CommandPlace place;
};
ParsedCommand parse_command(std::string_view line, std::span<const std::string> bindings);

// "memblock_reserve 0x1000000 0x3400000 caller=setup_arch". `bindings` names the result slots.
std::string to_text(const Command &c, std::span<const std::string> bindings = {});
// The same without where it came from, for headings: "memblock_reserve 0x1000000 0x3400000".
std::string call_text(const Command &c, std::span<const std::string> bindings = {});
// A whole script, machine line first; title and assumptions become comments. A build that no row of desc/config
// describes is written as the row of its flavour.
std::string to_text(const Script &s);

// The machine that a script without a machine line gets.
SystemSetup default_setup();

} // namespace mmscope
