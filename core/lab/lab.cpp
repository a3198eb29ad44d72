#include "lab/lab.hpp"

#include "mm/lowmem.hpp"

#include <algorithm>

namespace mmscope {

Lab::Lab(Script script, std::size_t keyframe_budget)
    : timeline_(std::move(script), keyframe_budget), index_(timeline_.script()) {}

bool Lab::prepare(u64 calls, const BootIndex::Observer &observer) {
  if (!index_.advance(calls, observer)) return false;
  moved();
  return true;
}

void Lab::seek(Position to) {
  timeline_.seek(to);
  moved();
}

bool Lab::seek_some(Position to, u64 calls) {
  const bool there = timeline_.seek_some(to, calls);
  moved();
  return there;
}

void Lab::step(Level level, i64 n) {
  timeline_.step(level, n);
  moved();
}

void Lab::stride(Stride how, int direction) {
  timeline_.stride(how, direction);
  moved();
}

Result Lab::branch(const Command &c) {
  Command typed = c;
  if (typed.owner.empty() && typed.caller.empty()) typed.owner = "your call";
  const Result r = timeline_.branch(typed);
  if (!r.ok()) return r;
  const u64 call = size() - 1;
  index_.extend(branches(), current_branch(), command(call), timeline_.record(call).events, timeline_.machine(),
                texts());
  moved(); // the owners up to here are those of the calls that both branches share
  return r;
}

u64 Lab::recorded_calls() const {
  u64 calls = size();
  for (u32 id = current_branch(); id != 0; id = branches()[id].parent) calls = branches()[id].fork_call;
  return calls;
}

bool Lab::switch_branch(u32 id) {
  if (!timeline_.switch_branch(id)) return false;
  index_.show(branches(), id);
  owners_.clear();
  owner_changes_ = 0;
  moved();
  return true;
}

void Lab::moved() {
  ++generation_;
  const Position at = timeline_.position();
  // What an owner change says is true once its event has happened.
  const auto happened = [&](const OwnerChange &c) {
    return c.call < at.call || (c.call == at.call && c.event <= at.event);
  };
  const std::vector<OwnerChange> &all = index_.changes();
  if (owner_changes_ > 0 && !happened(all[owner_changes_ - 1])) {
    owners_.clear();
    owner_changes_ = 0;
  }
  for (; owner_changes_ < all.size() && happened(all[owner_changes_]); ++owner_changes_)
    owners_.set(all[owner_changes_].base, all[owner_changes_].end, all[owner_changes_].owner);

  if (const Event *event = last_event())
    changes_ = changes_of({event, 1}, state());
  else if (call())
    changes_ = changes_of(events(), state());
  else
    changes_ = {};
}

std::optional<std::size_t> Lab::call() const {
  const Position at = position();
  if (inside()) return static_cast<std::size_t>(at.call);
  if (at.call == 0) return std::nullopt;
  return static_cast<std::size_t>(at.call - 1);
}

bool Lab::inside() const {
  const Position at = position();
  return at.event != 0 || at.part != 0;
}

const CallRecord &Lab::record() const { return timeline_.record(*call()); }

std::span<const Event> Lab::events() const {
  if (!call()) return {};
  const std::vector<Event> &all = record().events;
  const Position at = position();
  const u64 n = inside() ? at.event + (at.part != 0 ? 1 : 0) : all.size();
  return {all.data(), static_cast<std::size_t>(std::min<u64>(n, all.size()))};
}

const Event *Lab::last_event() const { return inside() && !events().empty() ? &events().back() : nullptr; }

const Owner *Lab::owner_at(u64 address) const {
  const u32 id = owners_.at(address);
  return id == nobody ? nullptr : &index_.owners()[id];
}

bool Lab::handed_over() const {
  // High memory may have been freed before, while memblock still gives out the rest.
  const System &s = state();
  if (s.era->boot_allocator == BootAllocator::bootmem) return s.bootmem && s.bootmem->is_gone();
  for (const pglist_data &node : s.pages.nodes())
    for (unsigned z = 0; z < node.zones.size() && z < s.arch->zones.size(); ++z)
      if (!is_highmem(s, z) && node.zones[z].free_pages() != 0) return true;
  return false;
}

Accounting Lab::accounting() const { return account(state(), owners_, handed_over()); }

} // namespace mmscope
