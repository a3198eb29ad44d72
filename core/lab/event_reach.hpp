// event_reach.hpp: which bytes of the machine an event is about, on which layer. What outlines a step, finds an address
// or follows a page asks here; only this file knows which fields of an event say it.
//
//     reach(e, *system.arch)                        // lab_buddy_merge pfn=0x100 buddy=0x101 order=0 → pages, 0x100000–0x101fff
//     reach(e, *system.arch, &memblock_before)      // also those that name a region by its index
#pragma once

#include <optional>

#include "desc/arch.hpp"
#include "mm/memblock.hpp"
#include "trace/event.hpp"

namespace mmscope {

/// A row of the address strip.
enum class Layer : u8 { firmware, memory, reserved, sections, zones, pages };
inline constexpr unsigned layer_count = 6;

struct Place { // half-open [base, end), bytes
  Layer layer{};
  u64 base = 0, end = 0;
  bool covers(u64 from, u64 to) const { return base < to && from < end; } // some byte of [from, to)
};

/// Nothing for events that are about no place, and, without `before` (the arrays before the event), for those whose
/// place is a region named by its index.
std::optional<Place> reach(const Event &e, const Arch &arch, const struct memblock *before = nullptr);

} // namespace mmscope
