// dmesg_script: the lines that matter become a script and facts. Internal to the
// importer (io/dmesg.hpp is what others use).
#pragma once
#include "io/dmesg.hpp"
#include "io/dmesg_lines.hpp"

#include <vector>

namespace mmscope {

struct LogText { // a log's relevant lines and what is known of the whole
  std::vector<LogLine> lines;
  u64 line_count = 0;
  bool cut = false;    // the last line had no end and was dropped
  u32 second_boot = 0; // line where another boot's log begins; 0 = none
};

// How a free of the log was understood, for strip_results().
struct FreeNote {
  u32 line = 0;             // of the free
  bool keep = false;        // its address is an input
  u32 ref = 0;              // line of the request whose result it gives back; 0 = part of a boot step
  u64 offset = 0, size = 0; // bytes: where in that result, and how much
};
struct BuildNotes {
  std::vector<FreeNote> frees;
  std::vector<u32> bare;               // reservations that no request line announces
  u32 first_dump = 0, second_dump = 0; // lines of the headers; 0 = none
  bool config_known = false, has_e820 = false;
};

ImportResult build_script(const LogText &log, const ImportHints &hints, BuildNotes *notes);

} // namespace mmscope
