// events.def: the table that everything else about events is made from.
#include "trace/event.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace mmscope;

TEST_CASE("events: names are unique and say whose they are") {
  std::set<std::string_view> names;
  for (unsigned k = 0; k < event_kind_count; ++k) {
    const EventInfo &e = event_info(static_cast<EventKind>(k));
    CAPTURE(std::string(e.name));
    CHECK(names.insert(e.name).second);
    // The kernel's tracepoints carry their own name, ours a prefix.
    const bool known = e.name.starts_with("lab_") || e.name.starts_with("mm_") || e.name.starts_with("k");
    CHECK(known);
    CHECK(e.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos);
  }
  CHECK(names.size() == event_kind_count);
  CHECK(names.size() > 30);
}

TEST_CASE("events: at most 8 fields with names that differ") {
  for (unsigned k = 0; k < event_kind_count; ++k) {
    const EventInfo &e = event_info(static_cast<EventKind>(k));
    CAPTURE(std::string(e.name));
    CHECK(e.fields.size() <= max_event_fields);
    std::set<std::string_view> fields;
    for (const FieldInfo &f : e.fields) {
      CHECK(fields.insert(f.name).second);
      CHECK(!unit_name(f.unit).empty());
    }
  }
}

TEST_CASE("events: a meaning is one sentence without a full stop") {
  for (unsigned k = 0; k < event_kind_count; ++k) {
    const EventInfo &e = event_info(static_cast<EventKind>(k));
    CAPTURE(std::string(e.meaning));
    CHECK(e.meaning.size() > 10);
    CHECK(e.meaning.size() < 120);
    CHECK(!e.meaning.ends_with('.'));
  }
}

TEST_CASE("events: the table row of a kind") {
  const EventInfo &e = event_info(EventKind::lab_memblock_insert);
  CHECK(e.name == "lab_memblock_insert");
  const bool is_state = e.role == EventRole::state;
  CHECK(is_state);
  CHECK(e.fields.size() == 6);
  CHECK(e.fields[4].name == "nid");
  CHECK(unit_name(e.fields[4].unit) == "node");
  CHECK(unit_name(FieldUnit::addr) == "addr");
  CHECK(unit_name(FieldUnit::number) == "number");
  CHECK(unit_name(FieldUnit::text) == "text");
  const bool call_is_info = event_info(EventKind::lab_call).role == EventRole::info;
  CHECK(call_is_info);
}
