#include "lab/boot_index.hpp"

#include "lab/call_stack.hpp"

#include <algorithm>

namespace mmscope {

BootIndex::BootIndex(const Script &script) : script_(script), machine_(std::make_unique<Machine>(script.setup)) {}

double BootIndex::progress() const {
  return script_.commands.empty() ? 1 : static_cast<double>(next_) / static_cast<double>(script_.commands.size());
}

bool BootIndex::advance(u64 calls, const Observer &observer) {
  if (!machine_) return true;
  for (; calls != 0 && next_ < script_.commands.size(); --calls, ++next_) {
    const Command &c = script_.commands[next_];
    trace_.clear();
    const Result r = machine_->apply(c, &trace_);
    if (!r.ok()) {
      error_ = r.error;
      break;
    }
    scan(boot_, c, trace_.events(), *machine_, trace_);
    if (observer) observer(next_, c, r, trace_.events(), trace_);
  }
  if (error_.empty() && next_ < script_.commands.size()) return false;
  machine_.reset();
  return true;
}

void BootIndex::scan(Line &line, const Command &c, std::span<const Event> events, const Machine &after,
                     const Trace &texts) {
  const System &s = after.system();
  const u64 call = line.calls.size();
  CallSummary summary{.events = static_cast<u32>(events.size()),
                      .first_change = static_cast<u32>(line.changes.size()),
                      .phase = c.phase != Phase::none ? c.phase : s.phase};

  CallStack stack;
  // [base, end) is whoever's the call is made for, or nobody's any more.
  const auto take = [&](u64 event, u64 base, u64 end, bool held) {
    u32 owner = nobody;
    if (held) {
      const CallFrame asked = stack.asked(c);
      const Owner who = owner_of(asked.function, asked.caller, c.owner);
      owner = owner_id(who);
      summary.kind = who.kind;
    }
    line.changes.push_back({call, event, base, end, owner});
  };
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Event &e = events[i];
    stack.see(e, texts);
    switch (e.kind) {
    case EventKind::lab_memblock_insert:
    case EventKind::lab_memblock_remove: {
      if (e.f[0] != static_cast<u64>(memblock_list::reserved)) break;
      take(i + 1, e.f[2], e.f[2] + e.f[3], e.kind == EventKind::lab_memblock_insert);
      break;
    }
    case EventKind::lab_bootmem_bits: {
      const unsigned shift = s.arch->page_shift;
      take(i + 1, e.f[0] << shift, (e.f[0] + e.f[1]) << shift, e.f[2] != 0);
      break;
    }
    case EventKind::lab_bootmem_gone: {
      const u64 base = e.f[0] << s.arch->page_shift, bytes = round_up(s.bootmem->pages() / 8, s.arch->page_size());
      take(i + 1, base, base + bytes, false);
      summary.frees = true;
      break;
    }
    case EventKind::lab_free_list_add: summary.frees = true; break;
    default: break;
    }
  }
  // Memory that the buddy allocator gets later has no owner any more (init sections, initrd).
  if (c.op == Op::free_reserved_area) {
    const Arg &from = c.args[0];
    const u64 base = from.value + (from.binding == no_binding ? 0 : after.bound(from.binding).value_or(0));
    line.changes.push_back({call, events.size(), base, base + c.args[1].value, nobody});
  }
  append(line, summary);
  line.address_end = std::max(line.address_end, s.memblock.end_of_dram().v);
  if (s.bootmem) line.address_end = std::max(line.address_end, to_phys(s.bootmem->end(), s.arch->page_shift).v);
}

void BootIndex::append(Line &line, const CallSummary &call) {
  const u64 at = line.calls.size();
  line.calls.push_back(call);
  if (line.phases.empty() || line.phases.back().phase != call.phase) line.phases.push_back({call.phase, at, at});
  line.phases.back().end = at + 1;
}

const OwnerChange *BootIndex::change_at(u64 call, u64 event) const {
  const std::vector<OwnerChange> &all = line().changes;
  const auto it = std::lower_bound(all.begin(), all.end(), std::pair(call, event),
                                   [](const OwnerChange &c, auto at) { return std::pair(c.call, c.event) < at; });
  return it != all.end() && it->call == call && it->event == event ? &*it : nullptr;
}

void BootIndex::put_together(const std::vector<BranchInfo> &tree, u32 id, u64 calls) {
  if (id == 0) {
    const auto n = static_cast<std::size_t>(calls);
    const bool all = n >= boot_.calls.size();
    const std::size_t changes = all ? boot_.changes.size() : boot_.calls[n].first_change;
    other_.calls.clear();
    other_.phases.clear();
    for (std::size_t i = 0; i < std::min(n, boot_.calls.size()); ++i) append(other_, boot_.calls[i]);
    other_.changes.assign(boot_.changes.begin(), boot_.changes.begin() + static_cast<std::ptrdiff_t>(changes));
    other_.address_end = boot_.address_end;
    return;
  }
  const u64 shared = std::min(calls, tree[id].fork_call);
  put_together(tree, tree[id].parent, shared);
  const Part &own = parts_[id];
  for (const CallSummary &call : own.calls)
    if (other_.calls.size() < calls) append(other_, call);
  for (const OwnerChange &change : own.changes)
    if (change.call < calls) other_.changes.push_back(change);
  other_.address_end = std::max(other_.address_end, own.address_end);
}

void BootIndex::extend(const std::vector<BranchInfo> &tree, u32 id, const Command &c, std::span<const Event> events,
                       const Machine &after, const Trace &texts) {
  if (id >= parts_.size()) parts_.resize(std::size_t{id} + 1);
  if (id != shown_) show(tree, id);
  const std::size_t before = other_.changes.size();
  scan(other_, c, events, after, texts);
  Part &own = parts_[id];
  own.calls.push_back(other_.calls.back());
  own.changes.insert(own.changes.end(), other_.changes.begin() + static_cast<std::ptrdiff_t>(before),
                     other_.changes.end());
  own.address_end = other_.address_end;
}

void BootIndex::show(const std::vector<BranchInfo> &tree, u32 id) {
  shown_ = id;
  if (id == 0)
    other_ = {};
  else
    put_together(tree, id, tree[id].fork_call + parts_[id].calls.size());
}

u32 BootIndex::owner_id(const Owner &owner) {
  const auto at = std::find(owners_.begin(), owners_.end(), owner);
  if (at != owners_.end()) return static_cast<u32>(at - owners_.begin());
  owners_.push_back(owner);
  return static_cast<u32>(owners_.size() - 1);
}

} // namespace mmscope
