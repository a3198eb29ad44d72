#include "lab/page_walk.hpp"

#include "lab/block_moves.hpp"

#include <algorithm>
#include <optional>

namespace mmscope {

namespace {

std::optional<WalkKind> kind_of(const Event &e) {
  switch (e.kind) {
  case EventKind::lab_attempt: return WalkKind::attempt;
  case EventKind::lab_zone_check: return WalkKind::check;
  case EventKind::mm_page_alloc_extfrag: return WalkKind::fallback;
  case EventKind::lab_steal: return WalkKind::judged;
  case EventKind::lab_buddy_split: return WalkKind::split;
  case EventKind::lab_pcp_refill: return WalkKind::refill;
  case EventKind::lab_alloc_step: return WalkKind::step;
  case EventKind::lab_reclaim: return WalkKind::reclaim;
  case EventKind::mm_page_free: return WalkKind::freed;
  case EventKind::lab_pcp_drain: return WalkKind::drain;
  case EventKind::lab_buddy_merge: return WalkKind::merge;
  case EventKind::mm_page_alloc: return e.f[0] != 0 ? WalkKind::got : WalkKind::refused;
  case EventKind::mm_page_alloc_zone_locked:
    return e.f[3] == 0 ? std::optional(WalkKind::listed) : std::nullopt; // of a refill: its row says how many
  default: return std::nullopt;
  }
}

class Writer {
public:
  explicit Writer(std::span<const Event> events) : events_(events) {}

  std::vector<WalkRow> write() {
    BlockMoveReader reader;
    for (std::size_t i = first(); i < events_.size(); ++i) {
      const auto m = reader.see(i, events_[i]);
      if (m && m->kind != BlockMove::merge)
        moved(*m);
      else if (const auto kind = kind_of(events_[i]))
        add(*kind, i);
    }
    return std::move(rows_);
  }

private:
  /// Of thousands of requests only the last one is a walk to be read.
  std::size_t first() const {
    constexpr std::size_t most_events = 1 << 14;
    if (events_.size() <= most_events) return 0;
    bool ended = false; // an allocation ends with its tracepoint, a free begins with it
    for (std::size_t i = events_.size(); i-- > events_.size() - most_events;) {
      if (events_[i].kind == EventKind::mm_page_free && !ended) return i;
      if (events_[i].kind != EventKind::mm_page_alloc && events_[i].kind != EventKind::mm_page_free) continue;
      if (ended) return i + 1;
      ended = true;
    }
    return events_.size() - most_events;
  }

  void moved(const BlockMove &m) {
    if (m.kind == BlockMove::taken) add(WalkKind::cached, m.event);
    if (m.kind == BlockMove::kept) add(WalkKind::kept, m.event);
    if (m.kind == BlockMove::joins && drain_ == none) add(WalkKind::joins, m.event);
    if (m.kind == BlockMove::drained && drain_ != none) {
      WalkRow &row = rows_[drain_];
      row.times = drained_++ == 0 ? 1 : row.times + 1;
      row.last = m.event;
    }
  }

  void add(WalkKind kind, std::size_t i) {
    if (kind == WalkKind::merge && drain_ != none)
      return; // what a drain gives back merges, too: its blocks are counted
    if (kind == WalkKind::attempt) fold_round();
    if (kind == WalkKind::drain) {
      drain_ = rows_.size();
      drained_ = 0;
    } else if (kind != WalkKind::merge) {
      drain_ = none;
    }
    WalkRow *before = rows_.empty() ? nullptr : &rows_.back();
    if (before != nullptr && before->kind == kind && adds_up(kind)) {
      ++before->times;
      before->last = i;
      if (kind != WalkKind::split) before->event = i;
      return;
    }
    rows_.push_back({kind, i, i, kind == WalkKind::drain ? 0u : 1u});
  }

  static bool adds_up(WalkKind k) {
    return k == WalkKind::split || k == WalkKind::merge || k == WalkKind::cached || k == WalkKind::kept;
  }

  /// A round of the slow path ends where the next attempt begins: the very same as the round before, it adds to that one.
  void fold_round() {
    const std::size_t second = attempt_before(rows_.size()), first = attempt_before(second);
    const std::size_t length = rows_.size() - second;
    if (first == none || second - first != length || !same(first, second, length)) return;
    for (std::size_t k = 0; k < length; ++k) rows_[first + k].times += rows_[second + k].times;
    rows_.resize(second);
  }
  std::size_t attempt_before(std::size_t end) const {
    if (end == none) return none;
    while (end-- > 0)
      if (rows_[end].kind == WalkKind::attempt) return end;
    return none;
  }
  bool same(std::size_t a, std::size_t b, std::size_t count) const {
    for (std::size_t k = 0; k < count; ++k) {
      const WalkRow &x = rows_[a + k], &y = rows_[b + k];
      if (x.kind != y.kind) return false;
      const Event &p = events_[x.event], &q = events_[y.event];
      // Which round it is (a retry's number) is all that may differ.
      const bool counts = p.kind == EventKind::lab_alloc_step && p.f[0] == q.f[0];
      if (!counts && !(p == q)) return false;
    }
    return true;
  }

  static constexpr std::size_t none = ~std::size_t{0};
  std::span<const Event> events_;
  std::vector<WalkRow> rows_;
  std::size_t drain_ = none; // the row of the drain that is going on
  u32 drained_ = 0;
};

} // namespace

std::string_view walk_kind_name(WalkKind k) {
  static constexpr std::string_view names[] = {"attempt", "check",  "fallback", "judged",  "split",  "refill",
                                               "cached",  "listed", "step",     "reclaim", "freed",  "kept",
                                               "drain",   "merge",  "joins",    "got",     "refused"};
  return names[static_cast<std::size_t>(k)];
}

std::vector<WalkRow> page_walk(std::span<const Event> events) { return Writer(events).write(); }

} // namespace mmscope
