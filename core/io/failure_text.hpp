// failure_text: reads "page allocation failure" and "invoked oom-killer" reports as they stand in a kernel log, of 2.6.24
// to today: whole logs or a piece, with timestamps, levels, or a journal's heads.
//
//   ParsedFailure p = parse_failure(text);
//   if (!p.report) p.error.line, p.error.column, p.error.reason
//
// Lines and their "key:value" pairs may come in any order, be missing, or be new: what is not there is listed in
// report->assumed. Refused is text with no such report, a number that is none, and what is beyond any machine; no number
// in the text decides how much memory or work it takes to read it.
#pragma once
#include "io/script_text.hpp"
#include "lab/failure_report.hpp"

#include <optional>
#include <string_view>

namespace mmscope {

struct ParsedFailure {
  std::optional<FailureReport> report; // nothing: see error
  ScriptError error;
};
ParsedFailure parse_failure(std::string_view text);

} // namespace mmscope
