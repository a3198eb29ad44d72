#include "lab/block_moves.hpp"

#include <algorithm>

namespace mmscope {

namespace {

unsigned small(u64 n) { return static_cast<unsigned>(n); }

BlockMove of_pcp(std::size_t i, const Event &e, BlockMove::Kind kind) {
  BlockMove m{.kind = kind, .event = i, .nid = e.node(0), .zid = small(e.f[1]), .pfn = e.f[4]};
  m.order = small(e.f[5]);
  m.type = m.from_type = small(e.f[6]);
  m.cpu = static_cast<u32>(e.f[2]);
  m.index = small(e.f[3]);
  return m;
}

} // namespace

BlockMove BlockMoveReader::list_add(std::size_t i, const Event &e) {
  BlockMove m{.kind = BlockMove::joins, .event = i, .nid = e.node(0), .zid = small(e.f[1]), .pfn = e.f[4]};
  m.order = small(e.f[2]);
  m.type = m.from_type = small(e.f[3]);
  if (gone_ && gone_->f[4] == m.pfn && gone_->f[2] == m.order) {
    m.kind = BlockMove::retyped;
    m.from_type = small(gone_->f[3]);
    gone_.reset();
  } else if (gone_ && m.order < gone_->f[2] && m.pfn - gone_->f[4] < u64{1} << gone_->f[2]) {
    m.kind = BlockMove::half;
    m.from = gone_->f[4];
    m.from_order = small(gone_->f[2]);
  }
  return m;
}

BlockMove BlockMoveReader::merge(std::size_t i, const Event &e) {
  BlockMove m{.kind = BlockMove::merge, .event = i, .pfn = e.f[0], .from = e.f[1]};
  m.order = small(e.f[2]);
  if (gone_) {
    m.nid = gone_->node(0);
    m.zid = small(gone_->f[1]);
    m.type = m.from_type = small(gone_->f[3]);
  }
  gone_.reset();
  return m;
}

std::optional<BlockMove> BlockMoveReader::see(std::size_t i, const Event &e) {
  switch (e.kind) {
  case EventKind::lab_free_list_del: gone_ = e; break;
  case EventKind::lab_free_list_add: return list_add(i, e);
  case EventKind::lab_buddy_merge: return merge(i, e);
  case EventKind::lab_buddy_split:
  case EventKind::mm_page_alloc_zone_locked: gone_.reset(); break;
  case EventKind::lab_pcp_drain: draining_ = e.f[3]; break;
  case EventKind::lab_pcp_add: return of_pcp(i, e, e.f[7] != 0 ? BlockMove::refill : BlockMove::kept);
  case EventKind::lab_pcp_del: {
    const bool drained = draining_ != 0;
    draining_ -= std::min(draining_, u64{1} << e.f[5]);
    return of_pcp(i, e, drained ? BlockMove::drained : BlockMove::taken);
  }
  default: break;
  }
  return std::nullopt;
}

std::vector<BlockMove> block_moves(std::span<const Event> events) {
  std::vector<BlockMove> moves;
  BlockMoveReader reader;
  for (std::size_t i = 0; i < events.size(); ++i)
    if (const auto m = reader.see(i, events[i])) moves.push_back(*m);
  return moves;
}

} // namespace mmscope
