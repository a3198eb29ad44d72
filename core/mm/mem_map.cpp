#include "mm/mem_map.hpp"

#include "base/text.hpp"

namespace mmscope {

std::string_view page_state_name(PageState s) {
  static constexpr std::string_view names[page_state_count] = {"absent",   "uninit", "hole",      "init",
                                                               "reserved", "free",   "allocated", "pcp"};
  return names[static_cast<unsigned>(s)];
}

std::string_view migratetype_name(migratetype m) {
  static constexpr std::string_view names[migratetype_count] = {"Unmovable",  "Movable", "Reclaimable",
                                                                "HighAtomic", "CMA",     "Isolate"};
  return names[static_cast<unsigned>(m)];
}

mem_map::mem_map(order_t max_order) : mo_(static_cast<unsigned>(max_order.v)), mixed_(1) {
  MM_CHECK(max_order.v <= 15);
}

// --- stretches and mixed blocks ---

mem_map::Stretches::iterator mem_map::find(u64 block) {
  auto it = stretches_.upper_bound(block);
  if (it == stretches_.begin()) return stretches_.end();
  --it;
  return block < it->first + it->second.blocks ? it : stretches_.end();
}

void mem_map::set_slot(u64 block, u32 slot) {
  const std::size_t hi = index(block >> leaf_bits), leaf_size = std::size_t{1} << leaf_bits;
  if (hi >= top_.size()) top_.resize(hi + 1);
  if (top_[hi] == 0) {
    leaves_.resize(leaves_.size() + leaf_size);
    top_[hi] = static_cast<u32>(leaves_.size() >> leaf_bits);
  }
  leaves_[(top_[hi] - 1) * leaf_size + index(block & (leaf_size - 1))] = slot;
}

void mem_map::cut(u64 block) {
  const auto it = find(block);
  if (it == stretches_.end() || it->first == block) return;
  MM_CHECK(it->second.link == 0); // a free run is split by its list's owner
  Stretch right = it->second;
  it->second.blocks = block - it->first;
  right.blocks -= it->second.blocks;
  stretches_.emplace_hint(std::next(it), block, right);
}

void mem_map::join(u64 first, u64 last) {
  auto it = find(first);
  if (it == stretches_.end()) it = stretches_.lower_bound(first);
  if (it != stretches_.begin()) --it;
  while (it != stretches_.end() && it->first <= last) {
    const auto next = std::next(it);
    if (next == stretches_.end()) return;
    if (it->first + it->second.blocks == next->first && it->second.joins(next->second)) {
      it->second.blocks += next->second.blocks;
      stretches_.erase(next);
    } else {
      it = next;
    }
  }
}

mem_map::Mixed &mem_map::make_mixed(u64 block) {
  if (Mixed *m = mixed_at(block)) return *m;
  auto it = find(block);
  if (it == stretches_.end()) {
    it = stretches_.emplace(block, Stretch{}).first;
  } else {
    MM_CHECK(it->second.link == 0 || it->second.blocks == 1);
    cut(block);
    cut(block + 1);
    it = stretches_.find(block);
  }
  u32 slot = static_cast<u32>(mixed_.size());
  if (free_slots_.empty()) {
    mixed_.emplace_back();
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  Stretch &s = it->second;
  Mixed &m = mixed_[slot];
  m.pages.assign(index(block_pages()), Page{0, s.home, s.look, not_head});
  m.rest = state_of(s.look) == PageState::allocated ? 0 : static_cast<u32>(block_pages());
  m.heads = 0;
  if (s.link != 0) {
    m[0].link = s.link;
    m[0].order = static_cast<u8>(mo_);
    m.heads = 1;
  }
  s = Stretch{.slot = slot};
  set_slot(block, slot);
  return m;
}

mem_map::Stretches::iterator mem_map::make_uniform(Stretches::iterator it) {
  Stretch &s = it->second;
  Mixed &m = mixed_[s.slot];
  const Page p = m[0];
  m = Mixed{};
  free_slots_.push_back(s.slot);
  set_slot(it->first, 0);
  s = Stretch{.home = p.home, .look = p.look};
  if (s.absent()) return stretches_.erase(it);
  return std::next(it);
}

bool mem_map::alike(const Mixed &m) const {
  if (m.heads != 0) return false;
  const Page &a = m[0];
  for (const Page &p : m.pages)
    if (p.home != a.home || p.look != a.look) return false;
  return true;
}

void mem_map::settle(u64 first, u64 last) {
  for (auto it = stretches_.lower_bound(first); it != stretches_.end() && it->first < last;) {
    const u32 slot = it->second.slot;
    if (slot == 0 || mixed_[slot].heads != 0) {
      ++it;
      continue;
    }
    Mixed &m = mixed_[slot];
    bool same = true;
    for (const Page &p : m.pages) same = same && p.home == m[0].home && type_of(p.look) == type_of(m[0].look);
    if (!same) {
      ++it;
      continue;
    }
    claim(m, 0, block_pages());
    it = make_uniform(it);
  }
  join(first, last);
}

bool mem_map::claim(Mixed &m, u64 at, u64 count) {
  if (m.rest == 0) return false;
  const u32 before = m.rest;
  for (Page *p = &m[at], *end = p + count; p != end; ++p) {
    if (state_of(p->look) == PageState::allocated) continue;
    p->look = with_state(p->look, PageState::allocated);
    --m.rest;
  }
  return m.rest != before;
}

u64 mem_map::head_of(const Mixed &m, u64 at) const {
  if (m.heads == 0) return no_head;
  for (unsigned o = 0; o <= mo_; ++o) {
    const u64 head = round_down(at, u64{1} << o);
    const u8 order = m[head].order;
    if (order != not_head) return (order & order_bits) >= o ? head : no_head;
  }
  return no_head;
}

// --- changes ---

template <class Change> void mem_map::edit_part(u64 block, u64 from, u64 to, Change change) {
  Mixed *m = mixed_at(block);
  if (m == nullptr) {
    const auto it = find(block);
    Stretch was = it == stretches_.end() ? Stretch{} : it->second, now = was;
    change(now.look, now.home);
    if (now.look == was.look && now.home == was.home) return;
    m = &make_mixed(block);
  }
  for (u64 at = from; at < to; ++at) {
    Page &p = (*m)[at];
    m->rest -= state_of(p.look) != PageState::allocated;
    change(p.look, p.home);
    m->rest += state_of(p.look) != PageState::allocated;
  }
  if (alike(*m)) {
    make_uniform(stretches_.find(block));
    join(block, block + 1);
  }
}

template <class Change> void mem_map::edit_whole(u64 first, u64 last, Change change) {
  cut(first);
  cut(last);
  auto it = stretches_.lower_bound(first);
  for (u64 pos = first; pos < last;) {
    if (it == stretches_.end() || it->first > pos) {
      Stretch s;
      s.blocks = (it == stretches_.end() ? last : std::min(last, it->first)) - pos;
      change(s.look, s.home);
      if (!s.absent()) stretches_.emplace_hint(it, pos, s);
      pos += s.blocks;
      continue;
    }
    Stretch &s = it->second;
    pos += s.blocks;
    if (s.slot != 0) {
      Mixed &m = mixed_[s.slot];
      m.rest = 0;
      for (Page &p : m.pages) {
        change(p.look, p.home);
        m.rest += state_of(p.look) != PageState::allocated;
      }
      it = alike(m) ? make_uniform(it) : std::next(it);
    } else {
      change(s.look, s.home);
      it = s.absent() ? stretches_.erase(it) : std::next(it);
    }
  }
  join(first, last);
}

template <class Change> void mem_map::edit(u64 first, u64 last, Change change) {
  u64 b0 = first >> mo_, b1 = last >> mo_;
  const u64 from = first & mask(), to = last & mask();
  if (b0 == b1) return edit_part(b0, from, to, change);
  if (from != 0) edit_part(b0++, from, block_pages(), change);
  if (b0 < b1) edit_whole(b0, b1, change);
  if (to != 0) edit_part(b1, 0, to, change);
}

void mem_map::set_run(Trace *t, pfn_t pfn, u64 count, PageState state, i32 nid, unsigned zid) {
  if (count == 0) return;
  MM_CHECK(state != PageState::free && nid >= no_node && nid <= 8190 && zid < 8);
  MM_CHECK(!any_free(pfn, pfn + count));
  const u16 to = state == PageState::absent ? u16{0} : home_of(nid, zid);
  edit(pfn.v, pfn.v + count, [=](u8 &look, u16 &home) {
    look = with_state(look, state);
    home = to;
  });
  emit(t, EventKind::lab_page_run, {pfn.v, count, static_cast<u64>(state), field(nid), zid});
}

void mem_map::set_types(Trace *t, pfn_t pfn, u64 count, migratetype type) {
  if (count == 0) return;
  edit(pfn.v, pfn.v + count, [=](u8 &look, u16 &) { look = look_of(state_of(look), type); });
  emit(t, EventKind::lab_pageblock_run, {pfn.v, count, static_cast<u64>(type)});
}

// --- questions ---

PageInfo mem_map::at(pfn_t pfn) const {
  const u64 block = pfn.v >> mo_;
  if (const Mixed *m = mixed_at(block)) {
    const u64 at = pfn.v & mask();
    const Page &p = (*m)[at];
    const u64 head = head_of(*m, at);
    return info_of(p.look, p.home, head == no_head ? not_head : (*m)[head].order);
  }
  const auto it = find(block);
  if (it == stretches_.end()) return {};
  return info_of(it->second.look, it->second.home, it->second.link != 0 ? u8{buddy} : not_head);
}

u64 mem_map::count_state(pfn_t first, pfn_t last, PageState state) const {
  u64 n = 0;
  for_each_run(first, last, [&](const PageRun &r) {
    if (r.info.state == state) n += r.count;
  });
  return n;
}

bool mem_map::has_all(pfn_t first, pfn_t last) const {
  for (u64 pfn = first.v; pfn < last.v;) {
    const u64 block = pfn >> mo_;
    if (const Mixed *m = mixed_at(block)) {
      if (state_of((*m)[pfn & mask()].look) == PageState::absent) return false;
      ++pfn;
    } else {
      const auto it = find(block);
      if (it == stretches_.end()) return false;
      pfn = (it->first + it->second.blocks) << mo_;
    }
  }
  return true;
}

bool mem_map::any_free(pfn_t first, pfn_t last) const {
  const u64 b0 = first.v >> mo_;
  auto it = find(b0);
  if (it == stretches_.end()) it = stretches_.lower_bound(b0);
  for (; it != stretches_.end() && it->first << mo_ < last.v; ++it) {
    const Stretch &s = it->second;
    if (s.link != 0) return true;
    if (s.slot == 0 || mixed_[s.slot].heads == 0) continue;
    const Mixed &m = mixed_[s.slot];
    const u64 base = it->first << mo_;
    const u64 from = first.v > base ? first.v - base : 0, to = std::min(last.v - base, block_pages());
    const auto waits = [&](u64 head) { return head != no_head && (m[head].order & kind_bits) <= on_pcp; };
    if (waits(head_of(m, from))) return true;
    for (u64 at = from; at < to; ++at)
      if (m[at].order != not_head && waits(at)) return true;
  }
  return false;
}

pfn_t mem_map::end() const {
  if (stretches_.empty()) return {};
  const auto &[block, s] = *stretches_.rbegin();
  return pfn_t{(block + s.blocks) << mo_};
}

u64 mem_map::memory_bytes() const {
  // A node of std::map: three pointers, a colour, the pair; and what the heap adds.
  u64 n = stretches_.size() * (sizeof(Stretches::value_type) + 5 * sizeof(void *));
  n += mixed_.capacity() * sizeof(Mixed);
  for (const Mixed &m : mixed_) n += m.pages.capacity() * sizeof(Page);
  return n + (free_slots_.capacity() + top_.capacity() + leaves_.capacity()) * sizeof(u32);
}

void mem_map::add_to(Digest &d) const {
  d.add(mo_);
  for_each_run(pfn_t{}, end(), [&](const PageRun &r) {
    if (r.info == PageInfo{}) return;
    d.add(r.start).add(r.count).add(static_cast<u64>(r.info.state)).add_signed(r.info.nid);
    d.add(r.info.zone).add(static_cast<u64>(r.info.block_type));
  });
  d.add(~u64{0}); // no run starts there: the end of the list
  for (const auto &[block, s] : stretches_) {
    if (s.slot == 0 || mixed_[s.slot].heads == 0) continue;
    const Mixed &m = mixed_[s.slot];
    for (u64 at = 0; at < block_pages(); ++at) {
      const Page &p = m[at];
      if (p.order == not_head || (p.order & kind_bits) < taken) continue; // what is on a list, the lists tell
      d.add((block << mo_) + at).add(p.order);
      if ((p.order & kind_bits) == taken) d.add(p.link);
    }
  }
}

std::string mem_map::verify() const {
  u64 end = 0, mixed = 0;
  for (const auto &[block, s] : stretches_) {
    const std::string where = concat("mem_map block ", block, ": ");
    if (s.blocks == 0) return where + "empty stretch";
    if (block < end) return where + "stretches overlap";
    end = block + s.blocks;
    if (s.absent()) return where + "absent, but recorded";
    if (s.link != 0 && state_of(s.look) != PageState::allocated) return where + "free, but does not read allocated";
    if (s.slot == 0) {
      // A table entry under a uniform stretch would hide it; the ends tell, mixed blocks count below.
      if (slot_of(block) != 0 || slot_of(end - 1) != 0) return where + "uniform, but in the table";
      continue;
    }
    ++mixed;
    if (s.blocks != 1 || slot_of(block) != s.slot || s.link != 0) return where + "mixed, but not in the table";
    const Mixed &m = mixed_[s.slot];
    if (m.pages.size() != block_pages()) return where + "wrong number of page records";
    u64 rest = 0, heads = 0, block_end = 0;
    for (u64 at = 0; at < m.pages.size(); ++at) {
      const Page &p = m[at];
      rest += state_of(p.look) != PageState::allocated;
      if (p.order != not_head) {
        ++heads;
        if ((p.order & order_bits) > mo_ || (p.order & kind_bits) > on_lru || at != round_down(at, end_of(m, at) - at))
          return where + "a block out of alignment";
        if (at < block_end) return where + "blocks overlap";
        block_end = end_of(m, at);
      } else if (p.link != 0) {
        return where + "a page that heads no block has a list entry";
      }
      if (at < block_end && state_of(p.look) != PageState::allocated)
        return where + "in a block, but does not read allocated";
    }
    if (rest != m.rest || heads != m.heads) return where + "page counts are off";
  }
  u64 listed = 0;
  for (u32 slot : leaves_) listed += slot != 0;
  if (mixed != mixed_blocks() || listed != mixed) return "mem_map: mixed blocks and table differ";
  return "";
}

} // namespace mmscope
