#include "lab/biography.hpp"

#include "lab/call_stack.hpp"

#include <algorithm>

namespace mmscope {
namespace {

constexpr std::string_view names[life_count] = {
    "firmware",      "firmware_changed", "memory",      "no_memory", "reserved",   "unreserved", "node",      "flags",
    "firmware_node", "section",          "section_map", "node_span", "zone",       "page",       "pageblock", "waits",
    "handed",        "merged",           "free",        "taken",     "split",      "stolen",     "on_cpu",    "drained",
    "allocated",     "references",       "freed",       "lru",       "no_lru"};

constexpr u8 none = 0xff;

// Which field of an event says what; memblock's own events are compared with the arrays instead.
struct Row {
  EventKind kind{};
  Life what{};
  u8 nid = none, zone = none, order = none, list = none, number = none;
};
// clang-format off
constexpr Row rows[] = {
    {EventKind::lab_e820_add,        Life::firmware,         none, none, none, none, 2},
    {EventKind::lab_e820_update,     Life::firmware_changed, none, none, none, none, 3},
    {EventKind::lab_numa_memblk,     Life::firmware_node,    0},
    {EventKind::lab_section_present, Life::section,          2},
    {EventKind::lab_section_init,    Life::section_map},
    {EventKind::lab_node_init,       Life::node_span,        0},
    {EventKind::lab_zone_init,       Life::zone,             0, 1},
    {EventKind::lab_page_run,        Life::page,             3, 4, none, none, 2},
    {EventKind::lab_pageblock_run,   Life::pageblock,        none, none, none, 2},
    {EventKind::lab_deferred_skip,   Life::waits,            none, none, 1},
    {EventKind::lab_hand_over,       Life::handed,           none, none, 1},
    {EventKind::lab_buddy_merge,     Life::merged,           none, none, 2},
    {EventKind::lab_free_list_add,   Life::free,             0, 1, 2, 3},
    {EventKind::lab_free_list_del,   Life::taken,            0, 1, 2, 3},
    {EventKind::lab_buddy_split,     Life::split,            none, none, 1, 3},
    {EventKind::mm_page_alloc_extfrag, Life::stolen,         none, none, 2, 3, 4},
    {EventKind::lab_pcp_add,         Life::on_cpu,           0, 1, 5, 6, 2},
    {EventKind::mm_page_pcpu_drain,  Life::drained,          none, none, 1, 2},
    {EventKind::mm_page_alloc,       Life::allocated,        none, none, 1, 3, 2},
    {EventKind::lab_page_block,      Life::references,       none, none, 1, none, 2},
    {EventKind::mm_page_free,        Life::freed,            none, none, 1},
    {EventKind::lab_lru_add,         Life::lru,              none, none, 1},
    {EventKind::lab_lru_del,         Life::no_lru,           none, none, 1},
};
// clang-format on

const Row *row_of(EventKind kind) {
  const auto *const row = std::find_if(std::begin(rows), std::end(rows), [&](const Row &r) { return r.kind == kind; });
  return row == std::end(rows) ? nullptr : row;
}

std::string_view without_offset(std::string_view caller) { return caller.substr(0, caller.find('+')); }

} // namespace

std::string_view life_name(Life what) { return names[static_cast<std::size_t>(what)]; }

Biography::Biography(const Lab &lab, pfn_t pfn) : lab_(lab), replay_(lab), pfn_(pfn) {
  const unsigned shift = lab.state().arch->page_shift;
  if (pfn.v >> (63 - shift) != 0) return; // no such page: nothing happens to it
  base_ = pfn.v << shift;
  end_ = (pfn.v + 1) << shift;
}

bool Biography::advance(u64 calls) {
  const auto restarted = [&] {
    arrays_ = replay_.machine().system().memblock;
    events_.clear();
    cut_ = false;
  };
  return replay_.advance(calls, restarted, [&](u64 call, const Command &c, const CallRecord &r) { see(call, c, r); });
}

void Biography::see(u64 call, const Command &c, const CallRecord &r) {
  const Arch &arch = *lab_.state().arch;
  CallStack stack;
  const auto entry_at = [&](std::size_t i, bool memblocks) {
    LifeEvent entry;
    entry.at = shown_at(call, i, r);
    entry.call = call;
    // memblock's functions call each other; who wants the memory called the first of them.
    const std::vector<CallFrame> &open = stack.frames();
    CallFrame who = memblocks ? stack.asked(c) : CallFrame{};
    if (who.function.empty() && !open.empty()) {
      who = open.back();
      if (who.caller.empty()) who.caller = open.size() > 1 ? open[open.size() - 2].function : c.caller;
    }
    entry.function = who.function;
    entry.caller = without_offset(who.caller);
    return entry;
  };
  for (std::size_t i = 0; i < r.events.size(); ++i) {
    const Event &e = r.events[i];
    stack.see(e, replay_.texts());
    const auto fields = event_info(e.kind).fields;
    if (!fields.empty() && fields[0].unit == FieldUnit::list) { // memblock's
      see_memblock(e, entry_at(i, true), i);
      continue;
    }
    const Row *row = row_of(e.kind);
    if (row == nullptr) continue;
    if (e.kind == EventKind::lab_page_block && e.f[2] == 0) continue; // freed or taken apart, which is told itself
    const auto place = reach(e, arch);
    if (!place || !place->covers(base_, end_)) continue;
    LifeEvent entry = entry_at(i, false);
    entry.what = row->what;
    entry.base = place->base;
    entry.end = place->end;
    if (row->nid != none) entry.nid = e.node(row->nid);
    if (row->zone != none) entry.zone = static_cast<u8>(e.f[row->zone]);
    if (row->list != none) entry.list = static_cast<u8>(e.f[row->list]);
    if (row->number != none) entry.number = e.f[row->number];
    if (e.kind == EventKind::lab_page_run) entry.state = static_cast<PageState>(e.f[2]);
    if (row->order != none) {
      // The page's own block of the run.
      entry.from_order = static_cast<u8>(e.f[row->order]);
      entry.order = static_cast<u8>(entry.from_order + (row->what == Life::merged ? 1 : 0));
      if (row->what == Life::split && base_ < (e.f[0] + (u64{1} << e.f[2])) << arch.page_shift)
        entry.order = static_cast<u8>(e.f[2]); // the part that was kept is the page's
      const unsigned bits = entry.order + arch.page_shift;
      entry.base += (base_ - entry.base) >> bits << bits;
      entry.end = entry.base + (u64{1} << bits);
    }
    add(std::move(entry));
  }
}

void Biography::see_memblock(const Event &e, LifeEvent entry, std::size_t index) {
  const memblock_list list = e.f[0] == 0 ? memblock_list::memory : memblock_list::reserved;
  const auto region = [&]() -> std::optional<memblock_region> {
    // What begins or ends within the page counts for it as well.
    const auto &all = arrays_.type(list).regions;
    const auto it =
        std::partition_point(all.begin(), all.end(), [&](const memblock_region &r) { return r.end().v <= base_; });
    if (it == all.end() || it->base.v >= end_) return std::nullopt;
    return *it;
  };
  const auto before = region();
  arrays_.fold(e);
  const auto after = region();
  if (!before && !after) return;
  const bool memory = list == memblock_list::memory;
  const memblock_region &told = after ? *after : *before;
  entry.base = told.base.v;
  entry.end = told.end().v;
  entry.nid = told.nid;
  if (!before) {
    entry.what = memory ? Life::memory : Life::reserved;
    if (const OwnerChange *o = lab_.index().change_at(entry.call, index + 1); o != nullptr && o->owner != nobody)
      entry.owner = lab_.index().owners()[o->owner].label;
  } else if (!after) {
    entry.what = memory ? Life::no_memory : Life::unreserved;
  } else if (!memory) {
    return;
  } else if (before->nid != after->nid) {
    entry.what = Life::node;
  } else if (before->flags != after->flags) {
    entry.what = Life::flags;
    entry.number = after->flags;
  } else {
    return;
  }
  add(std::move(entry));
}

void Biography::add(LifeEvent entry) {
  const auto last = [&](Life what) {
    return !events_.empty() && events_.back().call == entry.call && events_.back().what == what;
  };
  if (entry.what == Life::merged) {
    // A block leaves its list for the merge, and joined it only to wait for it.
    u32 passed = 0;
    while (last(Life::taken) || last(Life::free)) {
      passed += events_.back().count;
      events_.pop_back();
    }
    entry.count += passed;
  }
  // Cut right from its list, or handed out with its first reference: one thing.
  if ((entry.what == Life::split && entry.order != entry.from_order && last(Life::taken)) ||
      (entry.what == Life::allocated && last(Life::references))) {
    entry.count += events_.back().count;
    events_.pop_back();
  }
  if (last(entry.what) && entry.state == events_.back().state) {
    LifeEvent &e = events_.back();
    entry.count += e.count;
    if (entry.what == Life::merged) entry.from_order = e.from_order;
    e = std::move(entry);
    return;
  }
  if (events_.size() >= max_life_events) {
    cut_ = true;
    return;
  }
  events_.push_back(std::move(entry));
}

} // namespace mmscope
