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
constexpr FieldTable all_fields[] = {
#include "trace/events.def"
};
#undef EVENT
#undef F

constexpr EventInfo all_infos[] = {
#define EVENT(name, role, meaning, ...) {#name, EventRole::role, meaning, {}},
#include "trace/events.def"
#undef EVENT
};
constexpr std::size_t kinds = std::size(all_infos);

// The page begins with the boot of a recent kernel, and with the tables of what happens in one: those of the allocators
// before memblock, of requests and of slabs come later (web/hosting/split.mjs). Nobody else can tell the difference.
constexpr bool is_of_boot(std::size_t k) {
  const auto kind = static_cast<EventKind>(k);
  return kind < EventKind::lab_bootmem_init ||
         (kind >= EventKind::lab_cpu_online && kind <= EventKind::mm_page_pcpu_drain) ||
         kind == EventKind::mm_page_free; // init memory goes back
}
template <class T> constexpr std::array<T, kinds> part_of(const T (&all)[kinds], bool of_boot) {
  std::array<T, kinds> part{};
  for (std::size_t k = 0; k < kinds; ++k)
    if (is_of_boot(k) == of_boot) part[k] = all[k];
  return part;
}
constexpr auto boot_fields = part_of(all_fields, true), later_fields = part_of(all_fields, false);
constexpr std::array<EventInfo, kinds> with_fields(std::array<EventInfo, kinds> infos,
                                                   const std::array<FieldTable, kinds> &fields) {
  for (std::size_t k = 0; k < kinds; ++k) infos[k].fields = {fields[k].fields.data(), fields[k].count};
  return infos;
}
constexpr auto boot_infos = with_fields(part_of(all_infos, true), boot_fields),
               later_infos = with_fields(part_of(all_infos, false), later_fields);

[[gnu::noinline]] const EventInfo &later_event_info(std::size_t k) { return later_infos[k]; }

} // namespace

const EventInfo &event_info(EventKind kind) {
  const auto k = static_cast<std::size_t>(kind);
  return is_of_boot(k) ? boot_infos[k] : later_event_info(k);
}

std::string_view unit_name(FieldUnit unit) {
  static constexpr std::string_view names[] = {"addr", "bytes", "pfn",   "pages", "order", "node", "zone",
                                               "type", "list",  "flags", "index", "count", "text", "number"};
  return names[static_cast<unsigned>(unit)];
}

} // namespace mmscope
