// block_moves: where free blocks went during a call: which were cut, which became one, which changed lists. Read off the
// call's events, for views that show a block on its way.
//
//   free_list_del order 3 ─ free_list_add order 2 ─ free_list_add order 1 ─ buddy_split
//                           half                    half                                    two upper halves went back
//   free_list_del order 0 ─ buddy_merge ─ free_list_add order 1
//                           merge          joins                                            two became one, which is listed
//   pcp_add at the tail: refill · pcp_del: taken, or drained · pcp_add at the head: kept
//
//   for (const BlockMove &m : block_moves(lab.events())) if (m.kind == BlockMove::half) …
//
// It works on the first events of a call, too: what has not happened yet makes no move.
#pragma once
#include "base/types.hpp"
#include "trace/event.hpp"

#include <optional>
#include <span>
#include <vector>

namespace mmscope {

struct BlockMove {
  enum Kind : u8 {
    half,    // a half of the block at `from` that was cut, of order `to_order`, goes back to its list
    merge,   // the block and its buddy at `from`, both of `order`, are one at min(pfn, from) now
    joins,   // a block comes onto a free list from outside of it
    retyped, // a free block goes from the list of `from_type` to that of `type`
    refill,  // a block comes from the free lists onto a CPU's page list
    drained, // a block leaves a CPU's page list, for the free lists
    taken,   // a block leaves a CPU's page list, for whoever asked
    kept,    // a block that is freed comes onto a CPU's page list
  };
  Kind kind{};
  std::size_t event = 0; // index in the events
  i32 nid = 0;
  unsigned zid = 0; // of list moves; a merge has the zone of what happened before it
  u64 pfn = 0, from = 0;
  unsigned order = 0;      // of the block at pfn
  unsigned from_order = 0; // of the block that was cut
  unsigned type = 0, from_type = 0;
  u32 cpu = 0;
  unsigned index = 0; // of a CPU's list
};

/// Fed with a call's events one after the other; each makes one move at most.
class BlockMoveReader {
public:
  std::optional<BlockMove> see(std::size_t index, const Event &e);

private:
  BlockMove list_add(std::size_t i, const Event &e);
  BlockMove merge(std::size_t i, const Event &e);
  std::optional<Event> gone_; // the block that left a free list last, until it is known why
  u64 draining_ = 0;          // pages that a drain has still to take
};

std::vector<BlockMove> block_moves(std::span<const Event> events);

} // namespace mmscope
