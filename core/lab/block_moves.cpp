#include "lab/block_moves.hpp"

#include <algorithm>
#include <optional>

namespace mmscope {

namespace {

unsigned small(u64 n) { return static_cast<unsigned>(n); }

struct Reader {
  std::vector<BlockMove> moves;
  std::optional<Event> gone; // the block that left a free list last, until it is known why
  u64 draining = 0;          // pages that a drain has still to take

  void list_add(std::size_t i, const Event &e) {
    BlockMove m{.kind = BlockMove::joins, .event = i, .nid = e.node(0), .zid = small(e.f[1]), .pfn = e.f[4]};
    m.order = small(e.f[2]);
    m.type = m.from_type = small(e.f[3]);
    if (gone && gone->f[4] == m.pfn && gone->f[2] == m.order) {
      m.kind = BlockMove::retyped;
      m.from_type = small(gone->f[3]);
      gone.reset();
    } else if (gone && m.order < gone->f[2] && m.pfn - gone->f[4] < u64{1} << gone->f[2]) {
      m.kind = BlockMove::half;
      m.from = gone->f[4];
      m.from_order = small(gone->f[2]);
    }
    moves.push_back(m);
  }
  void merge(std::size_t i, const Event &e) {
    BlockMove m{.kind = BlockMove::merge, .event = i, .pfn = e.f[0], .from = e.f[1]};
    m.order = small(e.f[2]);
    if (gone) {
      m.nid = gone->node(0);
      m.zid = small(gone->f[1]);
      m.type = m.from_type = small(gone->f[3]);
    }
    gone.reset();
    moves.push_back(m);
  }
  void pcp(std::size_t i, const Event &e, BlockMove::Kind kind) {
    BlockMove m{.kind = kind, .event = i, .nid = e.node(0), .zid = small(e.f[1]), .pfn = e.f[4]};
    m.order = small(e.f[5]);
    m.type = m.from_type = small(e.f[6]);
    m.cpu = static_cast<u32>(e.f[2]);
    m.index = small(e.f[3]);
    moves.push_back(m);
  }
  void see(std::size_t i, const Event &e) {
    switch (e.kind) {
    case EventKind::lab_free_list_del: gone = e; break;
    case EventKind::lab_free_list_add: list_add(i, e); break;
    case EventKind::lab_buddy_merge: merge(i, e); break;
    case EventKind::lab_buddy_split:
    case EventKind::mm_page_alloc_zone_locked: gone.reset(); break;
    case EventKind::lab_pcp_drain: draining = e.f[3]; break;
    case EventKind::lab_pcp_add: pcp(i, e, e.f[7] != 0 ? BlockMove::refill : BlockMove::kept); break;
    case EventKind::lab_pcp_del:
      pcp(i, e, draining != 0 ? BlockMove::drained : BlockMove::taken);
      draining -= std::min(draining, u64{1} << e.f[5]);
      break;
    default: break;
    }
  }
};

} // namespace

std::vector<BlockMove> block_moves(std::span<const Event> events) {
  Reader r;
  for (std::size_t i = 0; i < events.size(); ++i) r.see(i, events[i]);
  return std::move(r.moves);
}

} // namespace mmscope
