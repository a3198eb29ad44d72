// Memblock vectors: sequences of memblock calls with what the kernel's own memblock did, one JSON object a line.
// The lab makes the same calls, and says where it came to something else.
//
//   {"id":"1-0","ops":["add 4096 102400", …, "free_all"],"ret":[0,…],
//    "states":[{"memory":[[base,size,flags,nid|null],…],"reserved":[…]},…],
//    "memory":[…],"reserved":[…],"handed":[[pfn,order],…]}
//
// The expected side never reaches the memblock under test: it is only compared. A line from outside may hold
// anything: a line that is not a vector gets a reason in `error`, and no number in it can ask for more work or
// memory than the line is long.
//
//   VectorResult r = check_vector(line);
//   r.error.empty() && r.equal == r.compared     // the same as the kernel
#pragma once
#include "mm/memblock.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mmscope {

// One call of a sequence, spelled "name argument…" (numbers in decimal or 0x-hex, a node may be -1).
struct VectorOp {
  unsigned call = 0; // row of the table of calls, in vectors.cpp
  u64 args[6] = {};
};
std::optional<VectorOp> parse_vector_op(std::string_view text);
// Makes the call. Returns what the kernel's returns: 0, a negative errno or, for alloc, the address.
// (free_all is the part of memblock_free_all that changes memblock: all HOTPLUG flags go.)
i64 apply_vector_op(memblock &mb, Trace *t, const VectorOp &op);

struct VectorDifference {
  std::size_t op = 0; // index into the sequence
  std::string what;   // "ret", "memory", "reserved" or "handed"
  std::string expected, got;
};

struct VectorResult {
  std::string id;
  std::string error; // why the line is no vector; else empty
  std::size_t compared = 0, equal = 0;
  std::vector<VectorDifference> differences; // the first few
};
VectorResult check_vector(std::string_view line);

// Every line of a file (blank ones are skipped), in order.
std::vector<VectorResult> check_vectors(std::string_view lines);

} // namespace mmscope
