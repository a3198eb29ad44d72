// libFuzzer: any bytes as a failure report. What is refused has a place in the text; what is read gets one known cause and
// the same one again, every sentence is whole, and each zone is found once in every attempt.
#include "base/check.hpp"
#include "io/autopsy_view.hpp"
#include "io/failure_text.hpp"

#include <cstdint>

using namespace mmscope;

namespace {

void check_sentence(const Saying &s) {
  bool known = false;
  for (const AutopsySentence &a : autopsy_sentences()) known = known || a.id == s.id;
  MM_CHECK(known);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char *>(data), size);
  const ParsedFailure p = parse_failure(text);
  if (!p.report) {
    MM_CHECK(p.error.line != 0 && p.error.column != 0 && !p.error.reason.empty());
    return 0;
  }
  const Autopsy a = autopsy(*p.report);
  check_sentence(a.cause);
  for (const Saying &s : a.remedies) check_sentence(s);
  for (const Saying &s : a.assumed) check_sentence(s);
  for (const Attempt &attempt : a.attempts) {
    std::vector<bool> seen(p.report->zones.size());
    for (const ZoneFinding &f : attempt.zones) {
      MM_CHECK(!seen[f.zone]);
      seen[f.zone] = true;
    }
    MM_CHECK(attempt.zones.size() == seen.size());
  }
  std::string once, again;
  append_autopsy(once, *p.report, a);
  append_autopsy(again, *p.report, autopsy(*p.report));
  MM_CHECK(once == again);
  JsonWriter w(once);
  write_autopsy(w, *p.report, a, to_text);
  return 0;
}
