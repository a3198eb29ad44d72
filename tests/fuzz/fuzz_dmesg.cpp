// libFuzzer: any bytes as a kernel log, in chunks; what can be imported is stripped, imported again and played.
#include "base/check.hpp"
#include "io/dmesg.hpp"
#include "lab/machine.hpp"

#include <cstdint>

using namespace mmscope;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  const std::string_view log(reinterpret_cast<const char *>(data), size);
  ImportLimits limits;
  limits.kept_bytes = u64{1} << 20;
  DmesgImporter in(limits);
  for (std::size_t at = 0; at < size; at += 257) in.feed(log.substr(at, 257));
  const ImportResult r = in.finish();
  if (r.error) {
    MM_CHECK(r.script.commands.empty() && !r.error->reason.empty());
    return 0;
  }
  // The same calls come out of what is left without the results.
  const ImportResult given = import_dmesg(strip_results(log));
  MM_CHECK(!given.error && given.script.commands == r.script.commands);
  // Sections of a huge machine are runs, but a fuzzer that makes thousands of ranges should not wait for them.
  if (r.script.commands.size() > 2000) return 0;
  Machine m(r.script.setup);
  for (const Command &c : r.script.commands)
    if (!m.apply(c, nullptr).ok()) break;
  return 0;
}
