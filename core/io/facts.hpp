// facts: what a kernel log says the kernel *arrived at*. They are kept apart
// from the script that the log becomes: the engine never sees them, they are
// what its predictions are compared with (io/verify.hpp).
//
//   log ─► Script       requests, firmware, parameters        what the kernel was given
//       └► LoggedFacts  addresses, zones, totals              what it made of that
#pragma once
#include "base/types.hpp"
#include "lab/command.hpp"
#include "mm/memblock.hpp"

#include <optional>
#include <string>
#include <vector>

namespace mmscope {

inline constexpr u32 no_command = ~u32{0};

// One allocation request of the log and the address that answered it.
struct LoggedAlloc {
  std::string function;    // "memblock_alloc_try_nid"; "" for a reservation that has no request line (NODE_DATA)
  std::string caller;      // without offset: "sparse_init_nid"
  u64 size = 0, align = 0; // bytes
  i32 nid = no_node;
  phys_addr_t from, max_addr;
  std::optional<phys_addr_t> addr; // nullopt: the log has no answer
  u64 answer_size = 0;             // bytes that the answer names
  u32 line = 0;                    // of the request
  u32 answer_line = 0;             // of the address; 0 = none
  u32 command = no_command;        // index in the script: the request itself, or the boot step that makes it
  bool inside = false;             // a boot step of the model makes it (sparse_init …): not a command of its own
};

// A "MEMBLOCK configuration:" block.
struct LoggedDump {
  u32 line = 0;
  u32 commands = 0;                              // commands of the script made before it
  std::optional<u64> memory_size, reserved_size; // bytes, as printed (running totals)
  std::optional<u64> memory_cnt, reserved_cnt;
  std::vector<memblock_region> memory, reserved;
  bool whole = false; // the log goes on behind it
};

// A range that a call of the log names as its result.
struct LoggedRange {
  phys_addr_t base;
  u64 size = 0; // bytes
  std::string function, caller;
  u32 line = 0;
  u32 command = no_command; // of the script: the call itself or the step that makes it
};

// What a line of text is about; the fact it belongs to is in docs/fidelity.md.
enum class LineKind : u8 {
  node_data,     // F1  "NODE_DATA(0) allocated [mem …]"
  lowmem,        // F2  "143MB HIGHMEM available.", "  low ram: 0 - 36ffe000", what of highmem= cannot be
  highmem_init,  // F2  "Initializing HighMem for node 0 (00036ffe:0003ffe0)"
  zone_range,    // F2  "  DMA      [mem …]", "  Normal   empty"
  movable_start, // F2  "  Node 0: 0x…" under "Movable zone start for each node"
  node_range,    // F2  "  node   0: [mem …]"
  initmem,       // F2  "Initmem setup node …", "Initializing node 0 as memoryless"
  unavailable,   // F2  "On node 0, zone DMA: 1 pages in unavailable ranges"
  fallback,      // F5  "Fallback order for Node 0: 0 1"
  built,         // F5  "Built 1 zonelists, mobility grouping on.  Total pages: …"
  policy,        // F5  "Policy zone: Normal"
  count_
};
struct LoggedLine {
  LineKind kind{};
  u32 line = 0;
  std::string text; // without timestamp and trailing blanks
};

// The numbers of the "Memory:" line that the model determines, in KiB.
struct LoggedMemory {
  u32 line = 0;
  u64 available_kb = 0, total_kb = 0, reserved_kb = 0;
};

struct LoggedFacts {
  std::vector<LoggedAlloc> allocs; // in log order
  std::vector<LoggedRange> adds;   // memblock_add lines
  std::vector<LoggedRange> frees;  // memblock_phys_free lines of commands
  std::vector<LoggedDump> dumps;
  std::vector<LoggedLine> lines;
  std::optional<LoggedMemory> memory;
  u32 cut_step = no_command; // the log begins within this step: it has the last of its allocations
};

} // namespace mmscope
