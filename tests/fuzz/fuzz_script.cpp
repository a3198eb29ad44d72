// libFuzzer: any bytes as a script. What can be read is printed and read again, and played with every invariant
// checked: events fold to the state they lead to, errors change nothing, playing twice gives the same machine.
#include "base/check.hpp"
#include "io/json.hpp"
#include "io/script_text.hpp"
#include "io/views.hpp"
#include "lab/timeline.hpp"

#include <cstdint>

using namespace mmscope;

namespace {

// Enough for every mistake, and a run stays within milliseconds.
constexpr std::size_t max_commands = 100;

void check_state(const Machine &m) {
  const std::string broken = m.system().verify();
  if (!broken.empty()) check_failed(broken.c_str(), __FILE__, __LINE__);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  const ScriptLimits limits{
      .text_bytes = std::size_t{1} << 16, .line_bytes = 1024, .commands = max_commands, .errors = 50};
  const ParsedScript p = parse_script({reinterpret_cast<const char *>(data), size}, limits);
  MM_CHECK(p.places.size() == p.script.commands.size());
  for (const ScriptError &e : p.errors) MM_CHECK(e.line != 0 && e.column != 0 && !e.reason.empty());

  const std::string text = to_text(p.script);
  const ParsedScript again = parse_script(text);
  MM_CHECK(again.errors.empty() && again.script.commands.size() == p.script.commands.size());
  MM_CHECK(to_text(again.script) == text);

  Machine m(p.script.setup), folded(p.script.setup);
  Trace texts;
  u64 events = 0;
  for (const Command &c : p.script.commands) {
    const CallRecord r = play(m, c, texts);
    events += r.events.size();
    MM_CHECK(r.result.ok() || r.events.empty());
    for (const Event &e : r.events) fold(folded.system(), e, texts);
    if (r.result.ok()) check_state(m);
  }
  MM_CHECK(folded.system().digest() == m.system().digest());
  Machine second(p.script.setup);
  for (const Command &c : again.script.commands) second.apply(c, nullptr);
  MM_CHECK(second.digest() == m.digest());

  // Everything can be shown. Lists of a huge machine's blocks are not worth the wait.
  for (std::size_t v = 0; v < view_names().size(); ++v) {
    if (static_cast<View>(v) == View::free_lists && m.system().get(vm_field::max_pfn) > u64{1} << 26) continue;
    std::string s;
    append_view(s, static_cast<View>(v), m);
  }
  // A walk back and forth through the script ends where it began.
  if (events < 5'000) {
    Timeline tl(p.script, std::size_t{1} << 20, std::size_t{1} << 16);
    const Position end = tl.seek({tl.size(), 0, 0});
    const u64 digest = tl.machine().digest();
    tl.step(Level::event, -7);
    tl.step(Level::block, -5);
    tl.seek({end.call / 2, 3, 1});
    tl.step(Level::phase, 1);
    MM_CHECK(tl.seek(end) == end && tl.machine().digest() == digest);
  }
  return 0;
}
