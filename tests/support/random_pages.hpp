// Calls of the running page allocator as chance (or a fuzzer's bytes) has them, each checked against NaivePages and the
// allocator's own invariants: on the blocks that it touched, and as a whole now and then.
//
//   PageAlloc pa = …; Prng chance(1);
//   RandomPages calls(pa, 4);                             // CPUs 0..3
//   for (…) if (std::string s = calls.call(chance, nullptr); !s.empty()) …   // in words
//
// Every call that takes or gives back pages occurs: requests of all orders and gfp mixes, bulk, exact, splits, shared
// references, lists of pages, reclaim in all its ways, drains, isolation of blocks and pageblocks.
#pragma once
#include "base/prng.hpp"
#include "support/naive_pages.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace mmscope {

// CPUs of the nodes that are online, one after the other; with their page lists.
inline void bring_up_cpus(PageAlloc &pa, u32 cpus) {
  std::vector<i32> online;
  for (const pglist_data &n : pa.nodes())
    if (n.online) online.push_back(n.nid);
  for (u32 cpu = 0; cpu < cpus; ++cpu) pa.set_cpu_node(nullptr, cpu, online[cpu % online.size()]);
  pa.setup_per_cpu_pageset(nullptr);
}

class RandomPages {
public:
  RandomPages(PageAlloc &pa, u32 cpus, std::size_t most_held = 4096)
      : pa_(pa), naive_(pa), cpus_(cpus), most_held_(most_held) {
    for (const pglist_data &n : pa.nodes())
      if (n.online && n.present_pages != 0) nodes_.push_back(n.nid);
  }

  // Makes one call. `whole`: everything is checked, not only what it touched.
  template <class Chance> std::string call(Chance &c, Trace *t, bool whole = false) {
    touched_.clear();
    bad_.clear();
    cpu_ = static_cast<u32>(c.below(cpus_));
    const u64 what = c.below(1000);
    if (what < 480 && held_.size() < most_held_)
      request(c, t);
    else if (what < 900)
      release(c, t);
    else
      rare(c, t, what - 900);
    ++calls_;
    if (bad_.empty()) bad_ = pa_.verify_blocks(touched_);
    if (bad_.empty() && calls_ % 16 == 0) bad_ = naive_.count_difference(pa_);
    if (bad_.empty() && whole) bad_ = pa_.verify(false);
    if (bad_.empty() && whole) bad_ = naive_.difference(pa_);
    return bad_.empty() ? "" : concat("call ", calls_, ": ", bad_);
  }
  u64 refused() const { return refused_; }
  u64 reclaimed() const { return reclaimed_; }
  // Everything that is held goes back, and all lists are drained.
  std::string end() {
    bad_.clear();
    while (!held_.empty()) {
      while (held_.back().refs > 1) free_once(held_.size() - 1, nullptr);
      free_once(held_.size() - 1, nullptr);
    }
    for (const pfn_t p : isolated_) pa_.unset_migratetype_isolate(nullptr, p, migratetype::MOVABLE);
    isolated_.clear();
    pa_.drain_all_pages(nullptr);
    if (bad_.empty()) bad_ = pa_.verify(false);
    if (bad_.empty()) bad_ = naive_.difference(pa_);
    return bad_;
  }

private:
  struct Held {
    pfn_t pfn;
    u64 order, owner;
    u32 refs = 1;
    bool compound = false, lru = false;
    bool loose = false; // taken by isolate_free_page: nobody's, but not the allocator's either
  };

  void note(std::string s) {
    if (bad_.empty()) bad_ = std::move(s);
  }
  void give(pfn_t pfn, u64 order, bool compound = false, bool loose = false) {
    held_.push_back({pfn, order, next_owner_++, 1, compound && order != 0, false, loose});
    note(naive_.give(pfn, u64{1} << order, held_.back().owner));
    touched_.push_back(pfn);
  }
  void take_back(const Held &h, u64 from, u64 pages) {
    note(naive_.take_back(h.pfn + from, pages, h.owner));
    touched_.push_back(h.pfn);
  }
  void drop(std::size_t i) {
    held_[i] = held_.back();
    held_.pop_back();
  }

  template <class Chance> PageRequest any_request(Chance &c) {
    static constexpr std::array mixes{gfp::KERNEL,
                                      gfp::KERNEL,
                                      gfp::USER | gfp::MOVABLE,
                                      gfp::HIGHUSER_MOVABLE,
                                      gfp::HIGHUSER_MOVABLE | gfp::COMP,
                                      gfp::KERNEL | gfp::RECLAIMABLE,
                                      gfp::KERNEL | gfp::COMP,
                                      gfp::ATOMIC,
                                      gfp::NOWAIT,
                                      gfp::NOFS | gfp::RECLAIMABLE,
                                      gfp::KERNEL | gfp::DMA32,
                                      gfp::KERNEL | gfp::DMA,
                                      gfp::TRANSHUGE_LIGHT,
                                      gfp::TRANSHUGE | gfp::NORETRY,
                                      gfp::KERNEL | gfp::THISNODE,
                                      gfp::KERNEL | gfp::NORETRY,
                                      gfp::KERNEL | gfp::RETRY_MAYFAIL,
                                      gfp::KERNEL | gfp::NOFAIL,
                                      gfp::KERNEL | gfp::MEMALLOC,
                                      gfp::ATOMIC | gfp::NOMEMALLOC,
                                      gfp::KERNEL | gfp::HIGH};
    PageRequest r;
    r.gfp = mixes[static_cast<std::size_t>(c.below(mixes.size()))];
    const u64 dice = c.below(100), most = pa_.rules().max_order.v;
    r.order = order_t{dice < 60 ? 0 : dice < 75 ? 1 : dice < 84 ? 2 : dice < 91 ? 3 : c.below(most + 1)};
    r.nid = c.below(3) == 0 ? nodes_[static_cast<std::size_t>(c.below(nodes_.size()))] : no_node;
    r.cpu = cpu_;
    return r;
  }
  template <class Chance> void request(Chance &c, Trace *t) {
    const PageRequest r = any_request(c);
    const auto pfn = pa_.alloc_pages(t, r);
    settle_reclaim();
    if (!pfn) {
      ++refused_;
      return;
    }
    give(*pfn, r.order.v, (r.gfp & gfp::COMP) != 0);
    if (c.below(4) == 0 && (r.gfp & gfp::MOVABLE) != 0) {
      pa_.lru_add(t, *pfn);
      held_.back().lru = true;
      ++on_lru_;
    }
  }
  template <class Chance> void release(Chance &c, Trace *t) {
    if (held_.empty()) return;
    free_once(static_cast<std::size_t>(c.below(held_.size())), t);
  }
  // One reference of a held block goes.
  void free_once(std::size_t i, Trace *t) {
    Held &h = held_[i];
    if (h.loose) {
      const migratetype type = pa_.free_prepare(t, h.pfn, order_t{h.order});
      pa_.free_to_buddy(t, h.pfn, order_t{h.order}, type, cpu_);
    } else {
      pa_.free_pages(t, h.pfn, order_t{h.order}, cpu_);
    }
    lost_reference(i);
  }
  void lost_reference(std::size_t i) {
    Held &h = held_[i];
    const bool last = h.refs == 1, cut = !last && !h.compound && h.order != 0;
    if (h.lru && (last || cut)) {
      h.lru = false;
      --on_lru_;
    }
    if (last) {
      take_back(h, 0, u64{1} << h.order);
      drop(i);
      return;
    }
    --h.refs;
    if (!cut) return;
    take_back(h, 1, (u64{1} << h.order) - 1); // who holds the other reference holds the first page
    h.order = 0;
  }
  // What reclaim has freed in a call that might: blocks that were on an LRU list and are not any more.
  void settle_reclaim() {
    u64 now = 0;
    for (const pglist_data &n : pa_.nodes()) now += n.lru.nr;
    for (std::size_t i = held_.size(); i-- > 0 && now < on_lru_;) {
      if (!held_[i].lru) continue;
      const auto b = pa_.block(held_[i].pfn);
      if (b && b->pfn == held_[i].pfn && b->lru) continue;
      held_[i].lru = false;
      --on_lru_;
      ++reclaimed_;
      lost_reference(i);
    }
    if (now != on_lru_) note(concat(now, " blocks on LRU lists, not ", on_lru_));
  }

  template <class Chance> void rare(Chance &c, Trace *t, u64 what) {
    const auto any = [&] { return static_cast<std::size_t>(c.below(held_.size())); };
    const i32 nid = nodes_[static_cast<std::size_t>(c.below(nodes_.size()))];
    if (what < 12) {
      PageRequest r = any_request(c);
      const auto pages = pa_.alloc_pages_bulk(t, r, c.below(40));
      settle_reclaim();
      for (const pfn_t p : pages) give(p, 0);
    } else if (what < 24) {
      PageRequest r = any_request(c);
      const u64 pages = 1 + c.below(40);
      const auto pfn = pa_.alloc_pages_exact(t, r, pages);
      settle_reclaim();
      for (u64 i = 0; pfn && i < pages; ++i) give(*pfn + i, 0);
    } else if (what < 36) {
      if (held_.empty()) return;
      const std::size_t i = any();
      const Held h = held_[i];
      if (h.compound || h.loose || h.order > 5) return;
      pa_.split_page(t, h.pfn);
      on_lru_ -= h.lru;
      note(naive_.take_back(h.pfn, u64{1} << h.order, h.owner));
      drop(i);
      for (u64 k = 0; k < u64{1} << h.order; ++k) {
        give(h.pfn + k, 0);
        held_.back().refs = h.refs;
      }
    } else if (what < 48) {
      if (held_.empty()) return;
      Held &h = held_[any()];
      if (h.loose || h.refs > 3) return;
      pa_.get_page(t, h.pfn);
      ++h.refs;
    } else if (what < 60) {
      std::vector<pfn_t> list;
      for (std::size_t i = held_.size(); i-- > 0 && list.size() < 20;) {
        if (held_[i].order != 0 || held_[i].refs != 1 || held_[i].loose) continue;
        list.push_back(held_[i].pfn);
        on_lru_ -= held_[i].lru;
        take_back(held_[i], 0, 1);
        drop(i);
      }
      pa_.free_pages_list(t, list, cpu_);
    } else if (what < 68) {
      const unsigned zid = static_cast<unsigned>(c.below(pa_.rules().zone_types));
      if (pa_.node(nid).zones[zid].populated()) pa_.wakeup_kswapd(t, nid, zid, order_t{c.below(4)}, zid);
    } else if (what < 76) {
      pa_.balance_pgdat(t, nid, cpu_);
      settle_reclaim();
    } else if (what < 80) {
      for (unsigned zid = 0; zid < pa_.rules().zone_types; ++zid)
        if (pa_.node(nid).zones[zid].populated()) pa_.drain_pages_zone(t, nid, zid, cpu_);
    } else if (what < 81) {
      pa_.drain_all_pages(t);
    } else if (what < 84) {
      pa_.refresh_cpu_vm_stats(t, cpu_);
    } else if (what < 85) {
      pa_.update_pcp_limits(t);
    } else if (what < 87) {
      if (const auto a = pa_.first_attempt({.gfp = gfp::KERNEL, .cpu = cpu_}))
        pa_.unreserve_highatomic_pageblock(t, *a, c.below(2) != 0);
    } else if (what < 93) {
      isolate_pageblock(c, t);
    } else {
      isolate_free(c, t, nid);
    }
  }
  template <class Chance> void isolate_pageblock(Chance &c, Trace *t) {
    if (!isolated_.empty() && (isolated_.size() > 1 || c.below(2) == 0)) {
      pa_.unset_migratetype_isolate(t, isolated_.back(), migratetype::MOVABLE);
      isolated_.pop_back();
      return;
    }
    if (held_.empty()) return;
    const pfn_t pfn = held_[static_cast<std::size_t>(c.below(held_.size()))].pfn;
    // Its zone must hold all of the pageblock.
    const u64 size = pages_of(pa_.rules().pageblock_order);
    const pfn_t first{round_down(pfn.v, size)};
    const zone *z = pa_.zone_at(pfn);
    if (first < z->start_pfn || first + size > z->end_pfn() || !migratetype_is_mergeable(pa_.pageblock(pfn))) return;
    pa_.set_migratetype_isolate(t, pfn);
    isolated_.push_back(pfn);
    touched_.push_back(pfn);
  }
  template <class Chance> void isolate_free(Chance &c, Trace *t, i32 nid) {
    const unsigned zid = static_cast<unsigned>(c.below(pa_.rules().zone_types));
    const order_t order{c.below(pa_.rules().max_order.v + 1)};
    const auto list = static_cast<migratetype>(c.below(3));
    pfn_t found;
    bool any = false;
    if (pa_.node(nid).zones[zid].areas[static_cast<std::size_t>(order.v)].free_list[static_cast<unsigned>(list)].nr <
        500)
      pa_.for_each_block(nid, zid, order, list, [&](FreeBlock b) {
        found = b.pfn;
        any = true;
      });
    if (any && pa_.isolate_free_page(t, found, cpu_)) give(found, order.v, false, true);
  }

  PageAlloc &pa_;
  NaivePages naive_;
  u32 cpus_, cpu_ = 0;
  std::size_t most_held_;
  std::vector<i32> nodes_;
  std::vector<Held> held_;
  std::vector<pfn_t> isolated_, touched_;
  u64 next_owner_ = NaivePages::first_owner, calls_ = 0, refused_ = 0, reclaimed_ = 0, on_lru_ = 0;
  std::string bad_;
};

} // namespace mmscope
