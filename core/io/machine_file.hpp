// machine_file: a machine described in JSON, for `mmscope boot --machine FILE.json`.
//
//   { "like": "qemu-1g",                                    a preset to start from; everything else is optional
//     "command_line": "nokaslr memblock=debug mem=900M",
//     "e820": [ ["0", "0x9fc00", "usable"], ["1M", "2047M", "usable"] ],          base, size, type
//     "node_memory": [ {"nid": 0, "base": 0, "size": "1G"} ] }
//
// The keys are the fields of MachineSpec (lab/presets.hpp). Numbers may be written as text, with 0x or K, M, G, T.
#pragma once
#include "io/script_text.hpp"
#include "lab/presets.hpp"

#include <optional>
#include <string_view>

namespace mmscope {

struct ParsedMachine {
  std::optional<MachineSpec> spec; // nothing: see error (line 0 = the description as a whole)
  ScriptError error;
};
ParsedMachine parse_machine_file(std::string_view text);

} // namespace mmscope
