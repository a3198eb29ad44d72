// owners.hpp: who holds which bytes. memblock.reserved keeps no owners (neighbours merge), so the lab keeps them beside
// it: each range that enters the array belongs to the caller that asked for it, until it leaves the array or the buddy
// allocator gets it.
//
//     reserved   [==================]   [====]
//     owners     [kernel][ initrd   ]   [mem_map]
//
// The changes are recorded once, on a pass over the whole boot (boot_index.hpp), and replayed up to the playhead.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.hpp"

namespace mmscope {

/// What a reservation is about, which is what its colour says.
enum class OwnerKind : u8 { reserved, kernel, mem_map, misc };

struct Owner {
  OwnerKind kind = OwnerKind::reserved;
  std::string label;
  friend bool operator==(const Owner &, const Owner &) = default;
};

/// The owner of a reservation that `function` makes for `caller`; `said` is the command's own word for it ("initrd"),
/// which wins. Offsets ("+0x52/0x60") may follow the caller.
Owner owner_of(std::string_view function, std::string_view caller, std::string_view said);

inline constexpr u32 nobody = ~u32{0};

/// Half-open [base, end) gets an owner, or loses it (nobody), once `event` events of call `call` have happened.
struct OwnerChange {
  u64 call = 0, event = 0;
  u64 base = 0, end = 0;
  u32 owner = nobody;
};

/// Who holds what at one moment: disjoint ranges, ascending.
class OwnerMap {
public:
  struct Held {
    u64 end = 0;
    u32 owner = nobody;
  };
  void set(u64 base, u64 end, u32 owner);
  void clear() { held_.clear(); }
  const std::map<u64, Held> &held() const { return held_; } // by base
  u32 at(u64 address) const;

private:
  std::map<u64, Held> held_;
};

} // namespace mmscope
