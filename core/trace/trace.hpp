// Trace: the events of the calls being made, in order. Every function of mm/
// that changes the machine takes a `Trace *`; null means "do not record", and
// costs one comparison.
//
//   lab_call memblock_alloc_try_nid           depth 0
//     lab_call memblock_reserve               depth 1
//       lab_memblock_insert …
//     lab_return
//   lab_return
//
//   Trace t;
//   { Call c(&t, "memblock_reserve", caller, {base, size}); … c.result(0); }
//   for (const Event &e : t.events()) …
//
// The events live until clear(); whoever plays a script decides how long.
#pragma once
#include "trace/event.hpp"

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mmscope {

class Trace {
public:
  void emit(EventKind kind, std::initializer_list<u64> fields);
  // Id of a text, the same for equal texts.
  u64 text_id(std::string_view s);
  std::string_view text(u64 id) const { return texts_[static_cast<std::size_t>(id)]; }
  const std::vector<Event> &events() const { return events_; }
  // Forgets the events, keeps the texts (ids stay valid).
  void clear() { events_.clear(); }
  // Forgets what came after the first `events`, which are at most as many as there are.
  void cut(std::size_t events) { events_.erase(events_.begin() + static_cast<std::ptrdiff_t>(events), events_.end()); }
  std::vector<Event> take_events() { return std::exchange(events_, {}); }

private:
  void grow();

  std::vector<Event> events_;
  std::vector<std::string> texts_;
  // Where a text's id is found: a hash table with open addressing, id + 1 in each slot, at most half full.
  std::vector<u32> slots_;
};

inline void emit(Trace *t, EventKind kind, std::initializer_list<u64> fields) {
  if (t != nullptr) t->emit(kind, fields);
}
constexpr u64 field(i32 node) { return static_cast<u64>(static_cast<i64>(node)); }

// A kernel function's span in the trace: lab_call now, lab_return when it goes out of scope.
class Call {
public:
  Call(Trace *t, std::string_view name, std::string_view caller = {}, std::initializer_list<u64> args = {});
  ~Call();
  Call(const Call &) = delete;
  Call &operator=(const Call &) = delete;
  void result(u64 r) { result_ = r; }

private:
  Trace *t_;
  u64 result_ = 0;
};

// One event as text: "lab_buddy_merge pfn=0x100 buddy=0x101 order=0".
std::string to_text(const Trace &t, const Event &e);

} // namespace mmscope
