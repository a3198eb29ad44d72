// grade: `mmscope grade [--lessons DIR] RECEIPT…`: does again what the receipts say and prints a gradebook as CSV.
#pragma once

#include "cli/cli.hpp"

namespace mmscope {

// 0 all accepted, 1 some refused, 2 a file that cannot be read, or no lessons.
int grade(const Io &io, std::string_view lessons, std::span<const std::string_view> files);

// A field of a CSV line. What a spreadsheet would take for a formula gets an apostrophe in front.
std::string csv_field(std::string_view text);

} // namespace mmscope
