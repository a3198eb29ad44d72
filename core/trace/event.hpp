// Event: one thing that happened inside a kernel call. Eight numbers and a kind;
// what the numbers mean stands in events.def, the only list of kinds.
//
//   Event e{EventKind::lab_buddy_merge, {pfn, buddy, order}};
//   event_info(e.kind).name          // "lab_buddy_merge"
//   event_info(e.kind).fields[0]     // {"pfn", FieldUnit::pfn}
//
// Text fields hold an id of Trace::text().
#pragma once
#include "base/types.hpp"

#include <array>
#include <span>
#include <string_view>

namespace mmscope {

enum class EventKind : u16 {
#define EVENT(name, role, meaning, ...) name,
#include "trace/events.def"
#undef EVENT
};
#define EVENT(name, role, meaning, ...) +1
inline constexpr unsigned event_kind_count = 0
#include "trace/events.def"
    ;
#undef EVENT

enum class EventRole : u8 { state, info };
enum class FieldUnit : u8 { addr, bytes, pfn, pages, order, node, zone, type, list, flags, index, count, text, number };

inline constexpr unsigned max_event_fields = 8;

struct Event {
  EventKind kind{};
  std::array<u64, max_event_fields> f{};
  friend bool operator==(const Event &, const Event &) = default;
  i32 node(unsigned i) const { return static_cast<i32>(static_cast<i64>(f[i])); }
};

struct FieldInfo {
  std::string_view name;
  FieldUnit unit;
};
struct EventInfo {
  std::string_view name;
  EventRole role;
  std::string_view meaning;
  std::span<const FieldInfo> fields;
};

const EventInfo &event_info(EventKind kind);
std::string_view unit_name(FieldUnit unit);

} // namespace mmscope
