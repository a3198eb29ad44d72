// dmesg_arm: what logs of device-tree machines need besides (io/dmesg_script.cpp puts logs together). Internal to the
// importer.
//
//   lost lines            first MEMBLOCK configuration
//   ┊ reserve, request ┊ request, request, sparse_init, … ┊ [==] [=]  [====]
//   └─ wanted            └─ known                           └─ known
//
// Such a kernel shows its first configuration late, and its page tables push the first lines out of the log. What had
// been reserved by then is found by playing backwards: what the block shows and no known request explains was there
// before. No address of an answer is used.
#pragma once
#include "lab/command.hpp"

#include <span>
#include <vector>

namespace mmscope {

struct ByteRange { // half-open
  u64 base = 0, size = 0;
  u32 flags = 0; // of a memblock region
  u64 end() const { return base + size; }
  friend bool operator==(const ByteRange &, const ByteRange &) = default;
};

// `script` as far as the block (`commands` of them), made without early reservations; `block`: its reserved list.
// `lost`: the log has lost its first lines, and with them requests. Ascending, apart from each other or of different
// flags.
std::vector<ByteRange> reserved_before(const Script &script, u32 commands, std::span<const ByteRange> block, bool lost);

// The boot of a device-tree machine, as steps of the importer: what each brings, in order.
enum class BootStep : unsigned {
  setup_memory,
  map_memory,
  init_numa,
  init_sparse,
  init_zones,
  build_zonelists,
  hand_over,
  init_deferred,
  init_watermarks,
  init_huge
};
struct BootPhase {
  BootStep step;
  Op op;
  std::string_view caller;
  Phase phase;
};
std::span<const BootPhase> device_tree_phases(const Arch &arch);

} // namespace mmscope
