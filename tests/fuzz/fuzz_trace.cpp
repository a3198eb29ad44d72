// libFuzzer: any bytes as the files of a recorded run: snapshot A, the record and snapshot B, one after the other with a
// line of "---" between them. Whatever they hold, they are played or refused with place and reason.
#include "base/check.hpp"
#include "io/trace_run.hpp"

#include <cstdint>

using namespace mmscope;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  constexpr std::string_view border = "\n---\n";
  std::string_view rest(reinterpret_cast<const char *>(data), size);
  const auto next = [&] {
    const std::size_t end = std::min(rest.find(border), rest.size());
    std::string part(rest.substr(0, end));
    rest.remove_prefix(std::min(end + border.size(), rest.size()));
    return part;
  };
  TraceFiles files;
  files.snapshot_a = next();
  files.events = next();
  files.snapshot_b = next();
  const TraceResult r = replay_trace(files);
  if (!r.error.empty())
    MM_CHECK(r.error.starts_with("snapshotA.json: ") || r.error.starts_with("snapshotB.json: ") ||
             r.error.starts_with("events.jsonl:"));
  MM_CHECK(r.allocs_equal <= r.allocs && r.lists_equal <= r.lists);
  // What was loaded and played is in order. A snapshot may have free blocks that should have merged.
  if (r.operations != 0) {
    const std::string broken = r.pages.verify(false);
    if (!broken.empty()) check_failed(broken.c_str(), __FILE__, __LINE__);
  }
  return 0;
}
