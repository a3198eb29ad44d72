#include "trace/event.hpp"

namespace mmscope {

namespace {

struct FieldTable {
  std::array<FieldInfo, max_event_fields> fields{};
  unsigned count = 0;
};

constexpr FieldTable make_fields(std::initializer_list<FieldInfo> list) {
  FieldTable t;
  for (const FieldInfo &f : list) t.fields[t.count++] = f;
  return t;
}

#define F(name, unit)                   FieldInfo{#name, FieldUnit::unit},
#define EVENT(name, role, meaning, ...) make_fields({__VA_ARGS__}),
constexpr FieldTable field_tables[] = {
#include "trace/events.def"
};
#undef EVENT
#undef F

constexpr EventInfo infos[] = {
#define EVENT(name, role, meaning, ...)                                                                                \
  {#name,                                                                                                              \
   EventRole::role,                                                                                                    \
   meaning,                                                                                                            \
   {field_tables[static_cast<unsigned>(EventKind::name)].fields.data(),                                                \
    field_tables[static_cast<unsigned>(EventKind::name)].count}},
#include "trace/events.def"
#undef EVENT
};

} // namespace

const EventInfo &event_info(EventKind kind) { return infos[static_cast<unsigned>(kind)]; }

std::string_view unit_name(FieldUnit unit) {
  static constexpr std::string_view names[] = {"addr", "bytes", "pfn",   "pages", "order", "node", "zone",
                                               "type", "list",  "flags", "index", "count", "text", "number"};
  return names[static_cast<unsigned>(unit)];
}

} // namespace mmscope
