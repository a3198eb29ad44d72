// verify: predictions against what a real kernel did.
//
//   VerifyReport r = verify_path("captures/x64-6.1-1G");   // a capture's folder, or a vectors file
//   std::string s; append_report(s, r);                    // fact, expected, got, equal
//   return r.ok() ? 0 : 1;
//
// Nothing is echoed: the engine is given the log without its results
// (strip_results), the facts are read from the whole log, and the two are
// compared afterwards. A fact that a capture does not contain is "unknown".
#pragma once
#include "io/facts_table.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mmscope {

enum class FactStatus : u8 { equal, differs, unknown };
std::string_view fact_status_name(FactStatus s);

struct FactRow {
  std::string fact;         // "F1" … or "vectors"
  std::string about;        // "memblock", "zones" …
  u64 equal = 0, total = 0; // items
  FactStatus status = FactStatus::unknown;
  std::string where, expected, got; // of the first item that differs
};

struct VerifyReport {
  std::string name;  // the folder's or file's name
  std::string error; // "" unless nothing could be compared
  std::vector<FactRow> rows;
  std::vector<std::string> assumed;
  std::string digest; // of the predicted machine at the end
  bool ok() const;    // no error, nothing differs
};

// Reads a file of the capture: name ("zoneinfo") to content, nullopt when the capture has none.
using CaptureFile = std::function<std::optional<std::string>(std::string_view name)>;

VerifyReport verify_log(std::string_view log, const CaptureFile &file);
VerifyReport verify_capture(const std::string &dir);
VerifyReport verify_path(const std::string &path);
void append_report(std::string &out, const VerifyReport &r);

} // namespace mmscope
