// The parts of verify that read files: a capture's folder, a file of vectors.
#include "base/text.hpp"
#include "io/capture.hpp"
#include "io/trace_run.hpp"
#include "io/vectors.hpp"
#include "io/verify.hpp"

#include <utility>

namespace mmscope {

VerifyReport verify_capture(const std::string &dir) {
  std::string error;
  const auto log = read_file(dir + "/dmesg", error);
  VerifyReport r;
  if (log)
    r = verify_log(*log, [&](std::string_view name) {
      std::string ignored;
      return read_file(concat(dir, "/", name), ignored);
    });
  else
    r.error = error;
  std::string_view name = dir;
  while (name.ends_with('/')) name.remove_suffix(1);
  r.name = name.substr(name.rfind('/') + 1);
  return r;
}

VerifyReport verify_path(const std::string &path) {
  if (is_directory(path)) return is_trace_folder(path) ? verify_trace(path) : verify_capture(path);
  VerifyReport r;
  r.name = path.substr(path.rfind('/') + 1);
  const auto text = read_file(path, r.error);
  if (!text) return r;
  FactRow row;
  row.fact = "vectors";
  row.about = "memblock calls";
  for (const VectorResult &v : check_vectors(*text)) {
    ++row.total;
    if (v.error.empty() && v.equal == v.compared) {
      ++row.equal;
      continue;
    }
    if (std::exchange(row.status, FactStatus::differs) == FactStatus::differs) continue;
    row.where = v.id;
    if (!v.error.empty()) {
      row.expected = "a vector";
      row.got = v.error;
    } else if (v.differences.empty()) {
      row.expected = concat(v.compared, " equal");
      row.got = concat(v.equal, " equal");
    } else {
      const VectorDifference &d = v.differences.front();
      append(row.where, ", call ", d.op, ", ", d.what);
      row.expected = d.expected;
      row.got = d.got;
    }
  }
  if (row.status == FactStatus::unknown && row.total != 0) row.status = FactStatus::equal;
  r.rows.push_back(std::move(row));
  return r;
}

} // namespace mmscope
