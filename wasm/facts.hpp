// facts.hpp: what the page shows as text, read off a Lab and written as JSON. Numbers only: the words are the page's
// (web/page/locale). A number that JavaScript cannot hold exactly is null.
//
//     facts::story(lab, record)                      the step that is shown: call, answer, sums, accounting
//     facts::table(lab, record, "reserved", 0, 50)   {"total":13,"from":0,"rows":[["new",2,…],…]}: a window of a table
#pragma once

#include <string>
#include <string_view>

#include "canvas/lab_app.hpp"
#include "io/dmesg.hpp"
#include "io/facts_table.hpp"

namespace mmscope::facts {

/// What a boot's log says the kernel did, beside what the lab computed; empty for a preset.
struct Record {
  AllocTable allocs;
  LoggedFacts logged;
  std::string release;
};

std::string story(const Lab &lab, const Record &record);
/// Rows [from, from + count) of a table. The first cell of a row is what the step did to it ("" = nothing).
std::string table(const Lab &lab, const Record &record, std::string_view name, u64 from, u64 count);

/// "owner", "free_buddy", …: a line of the accounting.
std::string_view part_name(PartKind kind);

/// {"ok":false,"line":…,"column":…,"reason":…}
std::string refusal(const ImportError &error);

} // namespace mmscope::facts
