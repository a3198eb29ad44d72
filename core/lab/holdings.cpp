#include "lab/holdings.hpp"

namespace mmscope {
namespace {

bool asks_for_pages(Op op) {
  return op == Op::alloc_pages || op == Op::alloc_pages_bulk || op == Op::alloc_pages_exact;
}

// The branch whose own the call is: it is shared by those that fork off behind it.
u32 branch_of(const Lab &lab, u64 call) {
  u32 id = lab.current_branch();
  while (id != 0 && call < lab.branches()[id].fork_call) id = lab.branches()[id].parent;
  return id;
}

bool is_taken(const System &s, pfn_t pfn) {
  if (s.on_pair_zones()) {
    for (const PairZone &z : s.pair_zones)
      if (z.contains(pfn)) return !z.containing(pfn);
    return false;
  }
  const auto b = s.pages.block(pfn);
  return b && b->pfn == pfn;
}

// What the request said, and where it was made.
Holding origin(const Command &c, u64 call) {
  Holding h;
  h.call = call;
  h.slot = c.bind;
  const auto args = op_info(c.op).args;
  for (unsigned i = 0; i < args.size(); ++i) {
    if (args[i].name == "gfp") h.gfp = static_cast<gfp_t>(c.args[i].value);
    if (args[i].name == "cpu") h.cpu = static_cast<u32>(c.args[i].value);
  }
  return h;
}

} // namespace

std::vector<Holdings::Change> Holdings::read(Op op, std::span<const Event> events, bool pairs) {
  std::vector<Change> all;
  for (const Event &e : events)
    if (pairs) {
      const bool taken = e.kind == EventKind::mm_page_alloc;
      if ((taken && e.f[0] != 0) || e.kind == EventKind::mm_page_free)
        all.push_back({e.f[0], static_cast<u8>(e.f[1]), taken});
    } else if (op == Op::workload) {
      // It gives back what is its own. Of others' blocks only reclaim frees any, those on the LRU lists.
      if (e.kind == EventKind::lab_lru_del) all.push_back({e.f[0], static_cast<u8>(e.f[1]), false});
    } else if (e.kind == EventKind::lab_page_block)
      all.push_back({e.f[0], static_cast<u8>(e.f[1]), e.f[2] != 0});
  return all;
}

const std::vector<Holdings::Change> &Holdings::changes(const Lab &lab, u64 call) {
  const auto [it, fresh] = known_.try_emplace({branch_of(lab, call), call});
  if (fresh) it->second = read(lab.command(call).op, lab.record(call).events, lab.state().on_pair_zones());
  return it->second;
}

std::vector<Holding> Holdings::at(const Lab &lab) {
  std::map<u64, Holding> held; // by first page
  const auto apply = [&](u64 call, std::span<const Change> all) {
    const Command &c = lab.command(call);
    const bool asks = asks_for_pages(c.op);
    std::vector<Holding> cut; // blocks that this call took apart: their pages are still somebody's
    for (const Change &change : all) {
      const auto it = held.find(change.pfn);
      if (!change.taken) {
        if (it == held.end()) continue;
        cut.push_back(it->second);
        held.erase(it);
        continue;
      }
      std::optional<Holding> h;
      if (asks) h = origin(c, call);
      for (const Holding &whole : cut)
        if (change.pfn - whole.pfn.v < u64{1} << whole.order.v) h = whole;
      if (it != held.end()) h = it->second;
      if (!h) continue;
      h->pfn = pfn_t{change.pfn};
      h->order = order_t{change.order};
      held[change.pfn] = *h;
    }
  };
  const Position at = lab.position();
  const auto about_pages = [&](u64 call) { return lab.command(call).op > Op::setup_per_cpu_pageset; };
  for (u64 call = 0; call < at.call; ++call)
    if (about_pages(call)) apply(call, changes(lab, call));
  if (lab.inside() && about_pages(at.call))
    apply(at.call, read(lab.command(at.call).op, lab.events(), lab.state().on_pair_zones()));

  std::vector<Holding> out;
  for (const auto &[pfn, h] : held)
    if (is_taken(lab.state(), h.pfn)) out.push_back(h);
  return out;
}

} // namespace mmscope
