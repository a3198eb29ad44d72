// dmesg: a kernel log becomes a script of what the kernel was given, and apart
// from it the facts that it arrived at.
//
//   [    0.000000] BIOS-e820: [mem 0x…-0x…] usable                     ─► e820_add
//   [    0.000000] memblock_alloc_try_nid: 4096 bytes align=… caller   ─► a command …
//   [    0.000000] memblock_reserve: [0x…-0x…] memblock_alloc_range_nid ─► … and a fact
//   [    0.000000] Zone ranges:                                        ─► free_area_init, facts
//
//   DmesgImporter in;
//   while (…) in.feed(chunk);            // any chunking, the memory held is capped
//   ImportResult r = in.finish();
//   if (r.error) … r.error->line, r.error->reason
//   Machine m(r.script.setup);  for (const Command &c : r.script.commands) m.apply(c, trace);
//
// Timestamps, `<6>` levels, caller ids ("[    T0]"), syslog and journalctl heads,
// CRLF and foreign lines in between are all fine. What could not be read off the
// log and was taken for granted is listed in `script.assumed`.
#pragma once
#include "io/facts.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mmscope {

struct ImportError {
  u32 line = 0;   // 1-based; 0 = the log as a whole
  u32 column = 0; // 1-based, in bytes; 0 = the whole line
  std::string reason;
};
// "FILE:LINE:COLUMN: reason", as editors like it.
std::string to_text(const ImportError &e, std::string_view file);

struct ImportResult {
  std::optional<ImportError> error; // then script and facts are empty
  Script script;
  LoggedFacts facts;
  std::string release; // "6.1.0-50-amd64", "" when the log does not say
  u64 lines = 0;       // lines read
  u64 cpus = 0;        // 0 = the log does not say
};

struct HintRegion { // of memblock's lists in a running system
  u64 base = 0, size = 0;
  i32 nid = no_node;
  bool kernel = false; // reserved by the kernel for itself (RSV_KERN)
};

// What a log does not say although it is an input.
struct ImportHints {
  std::string release;                      // of a log that has lost its first lines: "6.1.0-50-arm64"
  std::optional<bool> thp;                  // of a build in no row: does it have transparent huge pages?
  std::vector<std::vector<u64>> distance;   // [from][to] of the firmware's SLIT; used when the log shows a SLIT
  std::vector<HintRegion> memory, reserved; // for a log that has lost its first MEMBLOCK configuration
};

struct ImportLimits {
  u64 kept_bytes = u64{32} << 20; // text of the lines that matter
  u64 kept_lines = 400000;
  u64 line_bytes = 4096; // the rest of a longer line is dropped
};

class DmesgImporter {
public:
  explicit DmesgImporter(ImportLimits limits = {}, ImportHints hints = {});
  ~DmesgImporter();
  DmesgImporter(DmesgImporter &&) noexcept;
  DmesgImporter &operator=(DmesgImporter &&) noexcept;

  // False once the log was refused: feeding more is pointless (and harmless).
  bool feed(std::string_view chunk);
  ImportResult finish();

private:
  struct Impl;
  friend std::string strip_results(std::string_view log, const ImportHints &hints);
  std::unique_ptr<Impl> impl_;
};

// All at once.
ImportResult import_dmesg(std::string_view log, const ImportHints &hints = {}, ImportLimits limits = {});

// The log without what the kernel arrived at: result lines are emptied, logged addresses removed, so that line
// numbers stay and nothing of a result is left. Importing it gives the same script. `log` must be importable;
// otherwise it comes back empty.
std::string strip_results(std::string_view log, const ImportHints &hints = {});

} // namespace mmscope
