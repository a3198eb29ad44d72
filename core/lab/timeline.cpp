#include "lab/timeline.hpp"

#include "base/check.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <list>
#include <map>

namespace mmscope {

namespace {

// What re-executing a call costs, in units of about one event.
constexpr u64 call_cost = 8;
// Keyframes start this far apart; each thinning doubles it.
constexpr u64 first_keyframe_distance = 512;
// Copying so many bytes takes about as long as one unit of re-execution: closer keyframes would cost more than
// they spare.
constexpr u64 bytes_per_unit = 1024;

// Calls and events are counted in 64 bits everywhere, containers in those of the target.
template <class V> auto &at(V &v, u64 i) { return v[static_cast<std::size_t>(i)]; }

// Steps that an event has at Level::block.
u64 parts_of(const Event &e) { return e.kind == EventKind::lab_free_list_add ? std::max<u64>(e.f[5], 1) : 1; }

} // namespace

struct Timeline::Impl {
  // The state before a call, and which script it is in.
  struct Cursor {
    Machine machine;
    u32 branch = 0;
    u64 call = 0;
  };
  // Kept by the branch whose command was the last one before it; the very first by branch 0.
  struct Keyframe {
    Machine machine;
    std::size_t bytes;
    u64 cost; // of all calls before it
  };
  struct Made {
    u64 events;
    u64 cost; // of all calls up to and with this one
  };
  struct Branch {
    std::vector<Command> own; // from fork_call on; branch 0 has them in `script`
    std::vector<std::string> bindings;
    std::vector<Made> made; // own calls that have been made at least once
    std::map<u64, Keyframe> keyframes;
  };
  struct Stop { // branch 0 cannot go on: a command is only taken into another branch once it has been made
    u64 call;
    std::string error;
  };
  using RecordKey = std::pair<u32, u64>; // owner, call
  struct Kept {
    RecordKey key;
    CallRecord record;
  };

  Script script;
  Trace texts;
  std::vector<BranchInfo> infos;
  std::vector<Branch> branches;
  std::optional<Stop> stop;
  Cursor head;
  Position pos;
  std::optional<Machine> inside; // the head's state with the first pos.event events folded in
  std::vector<std::string> new_bindings;
  mutable std::vector<std::string> binding_names; // of the current branch with the new ones
  std::string no_error;

  std::size_t keyframe_budget, keyframe_total = 0;
  u64 keyframe_distance = first_keyframe_distance;
  std::size_t record_budget, record_total = 0;
  std::list<Kept> kept; // most recently used first
  std::map<RecordKey, std::list<Kept>::iterator> kept_at;
  CallRecord not_reached;

  mutable std::array<std::optional<std::pair<u64, u64>>, phase_count> phase_table{};
  mutable std::optional<std::pair<u32, u64>> phase_table_of; // branch, size

  Impl(Script s, std::size_t keyframes, std::size_t records)
      : script(std::move(s)), head{Machine(script.setup), 0, 0}, keyframe_budget(keyframes), record_budget(records) {
    infos.push_back({0, 0, 0, script.commands.size(), script.title});
    branches.emplace_back();
    branches[0].bindings = script.bindings;
    add_keyframe(branches[0], 0, head.machine, 0);
  }

  // --- the tree of branches ---

  u64 size(u32 branch) const { return infos[branch].size; }
  // The branch whose command call `call` of `branch` is.
  u32 owner(u32 branch, u64 call) const {
    while (branch != 0 && call < infos[branch].fork_call) branch = infos[branch].parent;
    return branch;
  }
  // The branch that the state before `call` belongs to.
  u32 state_owner(u32 branch, u64 call) const { return call == 0 ? 0 : owner(branch, call - 1); }
  const Command &command(u32 branch, u64 call) const {
    const u32 o = owner(branch, call);
    return o == 0 ? at(script.commands, call) : at(branches[o].own, call - infos[o].fork_call);
  }
  // Cost of all calls before `call`, which have been made.
  u64 cost_before(u32 branch, u64 call) const {
    if (call == 0) return 0;
    const u32 o = owner(branch, call - 1);
    return at(branches[o].made, call - 1 - infos[o].fork_call).cost;
  }
  // One past the last call that can be made, as far as is known.
  u64 end(u32 branch) const { return branch == 0 && stop ? stop->call : size(branch); }
  bool is_ancestor(u32 a, u32 of) const {
    for (; of != 0; of = infos[of].parent)
      if (infos[of].parent == a) return true;
    return false;
  }

  // --- keyframes ---

  void add_keyframe(Branch &b, u64 call, const Machine &m, u64 cost) {
    const std::size_t bytes = m.bytes();
    b.keyframes.insert_or_assign(call, Keyframe{m, bytes, cost});
    keyframe_total += bytes;
  }
  // The last keyframe on the way to `call`; there is always the first.
  std::pair<u64, const Keyframe *> keyframe_before(u32 branch, u64 call) const {
    for (u32 b = state_owner(branch, call);; b = infos[b].parent) {
      const auto &frames = branches[b].keyframes;
      if (auto it = frames.upper_bound(call); it != frames.begin()) {
        --it;
        return {it->first, &it->second};
      }
      call = std::min(call, infos[b].fork_call);
    }
  }
  void maybe_keyframe(const Cursor &c) {
    const u64 cost = cost_before(c.branch, c.call);
    const u64 since = cost - keyframe_before(c.branch, c.call).second->cost;
    if (since < keyframe_distance) return;
    const std::size_t bytes = c.machine.bytes();
    if (since < bytes / bytes_per_unit || bytes > keyframe_budget) return;
    add_keyframe(branches[state_owner(c.branch, c.call)], c.call, c.machine, cost);
    while (keyframe_total > keyframe_budget && thin()) {}
  }
  // Twice as far apart. False when only the first keyframe is left.
  bool thin() {
    keyframe_distance *= 2;
    bool any = false;
    for (u32 b = 0; b < branches.size(); ++b) {
      auto &frames = branches[b].keyframes;
      // Parents come first, so what is left of theirs is known.
      u64 last = b == 0 ? 0 : keyframe_before(infos[b].parent, infos[b].fork_call).second->cost;
      for (auto it = frames.begin(); it != frames.end();) {
        const bool first = b == 0 && it->first == 0;
        if (first || it->second.cost - last >= keyframe_distance) {
          last = it->second.cost;
          any = any || !first;
          ++it;
        } else {
          keyframe_total -= it->second.bytes;
          it = frames.erase(it);
        }
      }
    }
    return any;
  }

  // --- records ---

  const CallRecord &keep(RecordKey key, CallRecord r) {
    r.events.shrink_to_fit();
    record_total += r.bytes();
    kept.push_front({key, std::move(r)});
    kept_at[key] = kept.begin();
    while (record_total > record_budget && kept.size() > 1) {
      record_total -= kept.back().record.bytes();
      kept_at.erase(kept.back().key);
      kept.pop_back();
    }
    return kept.front().record;
  }
  const CallRecord *find_record(RecordKey key) {
    const auto it = kept_at.find(key);
    if (it == kept_at.end()) return nullptr;
    kept.splice(kept.begin(), kept, it->second);
    return &it->second->record;
  }

  // --- making calls ---

  // Makes the cursor's next call and keeps its record. False when it cannot be made.
  bool play_next(Cursor &c) {
    const u32 o = owner(c.branch, c.call);
    CallRecord r = play(c.machine, command(c.branch, c.call), texts);
    if (!r.result.ok()) {
      stop = Stop{c.call, r.result.error};
      keep({o, c.call}, std::move(r));
      return false;
    }
    note_made(o, c.call, cost_before(c.branch, c.call), r.events.size());
    keep({o, c.call}, std::move(r));
    ++c.call;
    maybe_keyframe(c);
    return true;
  }
  void note_made(u32 o, u64 call, u64 cost, u64 events) {
    auto &made = branches[o].made;
    if (call - infos[o].fork_call == made.size()) made.push_back({events, cost + events + call_cost});
  }
  // The same without a record, if it is known how it ends.
  bool advance(Cursor &c) {
    if (c.call >= end(c.branch)) return false;
    const u32 o = owner(c.branch, c.call);
    if (c.call - infos[o].fork_call >= branches[o].made.size()) return play_next(c);
    MM_CHECK(c.machine.apply(command(c.branch, c.call), nullptr).ok());
    ++c.call;
    maybe_keyframe(c);
    return true;
  }
  // Nearest state before `call` or at it: the playhead's own, or a keyframe.
  void bring_near(Cursor &c, u64 call) const {
    const auto [from, frame] = keyframe_before(c.branch, call);
    if (c.call <= call && from <= c.call) return;
    c.machine = frame->machine;
    c.call = from;
  }

  const CallRecord &record(u64 call) {
    MM_CHECK(call < size(head.branch));
    const RecordKey key{owner(head.branch, call), call};
    if (const CallRecord *r = find_record(key)) return *r;
    Cursor c = head;
    bring_near(c, call);
    while (c.call < call)
      if (!advance(c)) {
        not_reached = {{0, concat("not reached: call ", c.call, " could not be made"), no_arg}, {}};
        return not_reached;
      }
    play_next(c);
    return *find_record(key);
  }

  // --- moving ---

  void go_outside() {
    inside.reset();
    pos = {head.call, 0, 0};
  }

  // Folds the head's call up to its first `event` events; past the last one is the next call.
  bool go_inside(u64 event, u64 part) {
    if (head.call >= end(head.branch)) return true;
    const CallRecord *r = &record(head.call);
    if (event < r->events.size() && part >= parts_of(at(r->events, event))) {
      ++event;
      part = 0;
    }
    if (event >= r->events.size()) {
      advance(head);
      go_outside();
      return true;
    }
    if (event == 0 && part == 0) return true;
    // The state after whole events is a start for all that comes behind it.
    u64 from = pos.event;
    if (!inside || pos.part != 0 || pos.event > event) {
      inside = head.machine;
      from = 0;
    }
    for (u64 i = from; i < event; ++i) fold(inside->system(), at(r->events, i), texts);
    if (part != 0) fold(inside->system(), at(r->events, event), texts, part);
    pos = {head.call, event, part};
    return true;
  }

  bool seek(Position to, u64 budget) {
    if (to.call > size(head.branch)) to = {size(head.branch), 0, 0};
    if (to.call != head.call) {
      inside.reset();
      bring_near(head, to.call);
      while (head.call < to.call && budget != 0 && advance(head)) --budget;
      go_outside();
      if (head.call < to.call) return head.call >= end(head.branch);
    }
    if (to.event == 0 && to.part == 0) {
      go_outside();
      return true;
    }
    return go_inside(to.event, to.part);
  }

  const Machine &machine() const { return inside ? *inside : head.machine; }

  // --- phases ---

  // Starts of the stretches of calls that share a phase; a command without one goes on in the phase before it.
  std::vector<u64> phase_starts() const {
    std::vector<u64> starts;
    Phase now = Phase::none;
    for (u64 i = 0; i < size(head.branch); ++i) {
      const Phase p = command(head.branch, i).phase;
      if (i == 0 || (p != Phase::none && p != now)) starts.push_back(i);
      if (p != Phase::none) now = p;
    }
    return starts;
  }

  // --- steps ---

  u64 steps_in(const CallRecord &r, Level level) const {
    if (level == Level::event) return r.events.size();
    u64 n = 0;
    for (const Event &e : r.events) n += parts_of(e);
    return n;
  }
  // The position `n` steps into a call.
  Position nth(u64 call, const CallRecord &r, Level level, u64 n) const {
    if (level == Level::event) return {call, n, 0};
    for (u64 i = 0; i < r.events.size(); ++i) {
      const u64 parts = parts_of(at(r.events, i));
      if (n < parts) return {call, i, n};
      n -= parts;
    }
    return {call + 1, 0, 0};
  }
  // The other way round. Inside a run, Level::event counts its beginning.
  u64 steps_to(const Position &p, const CallRecord &r, Level level) const {
    if (level == Level::event) return p.event;
    u64 n = p.part;
    for (u64 i = 0; i < p.event; ++i) n += parts_of(at(r.events, i));
    return n;
  }

  void step_inside(Level level, i64 n) {
    while (n > 0 && head.call < end(head.branch)) {
      const CallRecord &r = record(head.call);
      if (!r.result.ok()) break;
      const u64 here = steps_to(pos, r, level), all = std::max<u64>(steps_in(r, level), 1);
      const u64 left = all - here;
      if (static_cast<u64>(n) < left) {
        seek(nth(head.call, r, level, here + static_cast<u64>(n)), ~u64{0});
        return;
      }
      n -= static_cast<i64>(left);
      seek({head.call + 1, 0, 0}, ~u64{0});
    }
    if (n < 0 && level == Level::event && pos.part > 0) {
      seek({pos.call, pos.event, 0}, ~u64{0});
      ++n;
    }
    while (n < 0) {
      const u64 wanted = u64{0} - static_cast<u64>(n);
      if (pos.event == 0 && pos.part == 0) {
        if (pos.call == 0) return;
        const CallRecord &r = record(pos.call - 1);
        const u64 all = std::max<u64>(steps_in(r, level), 1);
        if (wanted < all) return void(seek(nth(pos.call - 1, r, level, all - wanted), ~u64{0}));
        n += static_cast<i64>(all);
        seek({pos.call - 1, 0, 0}, ~u64{0});
      } else {
        const CallRecord &r = record(pos.call);
        const u64 here = steps_to(pos, r, level);
        if (wanted < here) return void(seek(nth(pos.call, r, level, here - wanted), ~u64{0}));
        n += static_cast<i64>(here);
        seek({pos.call, 0, 0}, ~u64{0});
      }
    }
  }

  // Where a stride from inside a call ends that may not end deeper than here, or must end less deep.
  Position stride_inside(bool out, bool forwards) {
    const std::vector<Event> &events = record(pos.call).events;
    std::vector<u64> depths(1, 0); // of the position before each event
    u64 open = 1;
    for (const Event &e : events) {
      if (e.kind == EventKind::lab_call) ++open;
      if (e.kind == EventKind::lab_return && open > 1) --open;
      depths.push_back(open);
    }
    const u64 here = pos.event == 0 ? 1 : at(depths, pos.event); // in the middle of the first event is inside
    const u64 most = out ? here - 1 : here;
    if (forwards) {
      for (u64 i = pos.event + 1; i < events.size(); ++i)
        if (at(depths, i) <= most) return {pos.call, i, 0};
      return {pos.call + 1, 0, 0};
    }
    for (u64 i = pos.part != 0 ? pos.event : pos.event - 1; i > 0; --i)
      if (at(depths, i) <= most) return {pos.call, i, 0};
    return {pos.call, 0, 0};
  }
};

Timeline::Timeline(Script script, std::size_t keyframe_budget, std::size_t record_budget)
    : impl_(std::make_unique<Impl>(std::move(script), keyframe_budget, record_budget)) {}
Timeline::~Timeline() = default;
Timeline::Timeline(Timeline &&) noexcept = default;
Timeline &Timeline::operator=(Timeline &&) noexcept = default;

Position Timeline::position() const { return impl_->pos; }
u64 Timeline::size() const { return impl_->size(impl_->head.branch); }
const Command &Timeline::command(u64 call) const {
  MM_CHECK(call < size());
  return impl_->command(impl_->head.branch, call);
}
const Script &Timeline::script() const { return impl_->script; }
const System &Timeline::state() const { return impl_->machine().system(); }
const Machine &Timeline::machine() const { return impl_->machine(); }
const CallRecord &Timeline::record(u64 call) { return impl_->record(call); }
const Trace &Timeline::texts() const { return impl_->texts; }

Position Timeline::seek(Position to) {
  impl_->seek(to, ~u64{0});
  return impl_->pos;
}

bool Timeline::seek_some(Position to, u64 budget_calls) { return impl_->seek(to, budget_calls); }

Position Timeline::step(Level level, i64 n) {
  Impl &m = *impl_;
  const bool midway = m.pos.event != 0 || m.pos.part != 0;
  switch (level) {
  case Level::phase: {
    const std::vector<u64> starts = m.phase_starts();
    for (; n > 0; --n) {
      const auto next = std::upper_bound(starts.begin(), starts.end(), m.pos.call);
      m.seek({next == starts.end() ? size() : *next, 0, 0}, ~u64{0});
    }
    for (; n < 0; ++n) {
      // A start that lies before the playhead; its own call's start does too when it is inside.
      const u64 here = m.pos.call + (m.pos.event != 0 || m.pos.part != 0);
      const auto it = std::lower_bound(starts.begin(), starts.end(), here);
      m.seek({it == starts.begin() ? 0 : *std::prev(it), 0, 0}, ~u64{0});
    }
    break;
  }
  case Level::call: {
    const u64 call = m.pos.call;
    if (n > 0) {
      m.seek({call + std::min(static_cast<u64>(n), size() - call), 0, 0}, ~u64{0});
    } else if (n < 0) {
      const u64 back = u64{0} - static_cast<u64>(n) - midway;
      m.seek({call - std::min(back, call), 0, 0}, ~u64{0});
    }
    break;
  }
  case Level::event:
  case Level::block: m.step_inside(level, n); break;
  }
  return m.pos;
}

Position Timeline::stride(Stride how, int direction) {
  Impl &m = *impl_;
  const int n = direction > 0 ? 1 : -1;
  if (how == Stride::in) return step(Level::event, n);
  if (m.pos.event == 0 && m.pos.part == 0) return step(how == Stride::over ? Level::call : Level::phase, n);
  return seek(m.stride_inside(how == Stride::out, n > 0));
}

const std::string &Timeline::error() const {
  const Impl &m = *impl_;
  const bool stopped = m.head.branch == 0 && m.stop && m.pos == Position{m.stop->call, 0, 0};
  return stopped ? m.stop->error : m.no_error;
}

Result Timeline::branch(const Command &c) {
  Impl &m = *impl_;
  Impl::Cursor next = m.head;
  if (m.inside) MM_CHECK(m.advance(next));
  CallRecord r = play(next.machine, c, m.texts);
  if (!r.result.ok()) return r.result;
  const Result result = r.result;

  const u32 from = m.head.branch;
  u32 id = from;
  if (from == 0 || next.call != m.size(from)) {
    id = static_cast<u32>(m.branches.size());
    m.infos.push_back({id, m.state_owner(from, next.call), next.call, next.call, {}});
    m.branches.emplace_back();
    m.branches[id].bindings = bindings();
  } else {
    m.branches[id].bindings = bindings();
  }
  m.new_bindings.clear();
  const u64 cost = m.cost_before(from, next.call);
  m.branches[id].own.push_back(c);
  ++m.infos[id].size;
  m.note_made(id, next.call, cost, r.events.size());
  m.keep({id, next.call}, std::move(r));
  m.head = std::move(next);
  m.head.branch = id;
  ++m.head.call;
  m.maybe_keyframe(m.head);
  m.go_outside();
  return result;
}

const std::vector<BranchInfo> &Timeline::branches() const { return impl_->infos; }
u32 Timeline::current_branch() const { return impl_->head.branch; }

bool Timeline::switch_branch(u32 id) {
  Impl &m = *impl_;
  if (id >= m.branches.size()) return false;
  if (id == m.head.branch) return true;
  u64 to = m.infos[id].fork_call;
  if (m.is_ancestor(id, m.head.branch)) {
    u32 child = m.head.branch;
    while (m.infos[child].parent != id) child = m.infos[child].parent;
    to = m.infos[child].fork_call;
  }
  // The head's state may be of calls that the other branch does not have.
  const auto [call, frame] = m.keyframe_before(id, to);
  m.head = {frame->machine, id, call};
  m.new_bindings.clear();
  m.go_outside();
  m.seek({to, 0, 0}, ~u64{0});
  return true;
}

const std::vector<std::string> &Timeline::bindings() const {
  const Impl &m = *impl_;
  m.binding_names = m.branches[m.head.branch].bindings;
  m.binding_names.insert(m.binding_names.end(), m.new_bindings.begin(), m.new_bindings.end());
  return m.binding_names;
}

u32 Timeline::binding_slot(std::string_view name) {
  const std::vector<std::string> &names = bindings();
  const auto it = std::find(names.begin(), names.end(), name);
  const auto slot = static_cast<u32>(it - names.begin());
  if (it == names.end()) impl_->new_bindings.emplace_back(name);
  return slot;
}

std::optional<std::pair<u64, u64>> Timeline::phase_calls(Phase p) const {
  const Impl &m = *impl_;
  const std::pair<u32, u64> of{m.head.branch, size()};
  if (m.phase_table_of != of) {
    m.phase_table = {};
    Phase now = Phase::none;
    for (u64 i = 0; i < of.second; ++i) {
      if (const Phase own = m.command(of.first, i).phase; own != Phase::none) now = own;
      auto &entry = m.phase_table[static_cast<std::size_t>(now)];
      if (!entry) entry = {i, i};
      entry->second = i + 1;
    }
    m.phase_table_of = of;
  }
  return m.phase_table[static_cast<std::size_t>(p)];
}

u64 Timeline::digest() const { return state().digest(); }
std::size_t Timeline::keyframe_bytes() const { return impl_->keyframe_total; }
std::size_t Timeline::record_bytes() const { return impl_->record_total; }

} // namespace mmscope
