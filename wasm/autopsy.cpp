// The autopsy as a module of its own: it needs no machine, and nobody should wait for it who does not open it.
//
//     const { autopsy } = await createAutopsy();      build/web/autopsy.js
//     JSON.parse(autopsy(text));                      as io/autopsy_view.hpp says, or {"line","column","reason"}
#include <string>

#include <emscripten/bind.h>

#include "io/autopsy_view.hpp"
#include "io/failure_text.hpp"

namespace {

using namespace mmscope;

std::string examined(const std::string &text) {
  std::string out;
  JsonWriter j(out);
  const ParsedFailure parsed = parse_failure(text);
  if (parsed.report) {
    write_autopsy(j, *parsed.report, autopsy(*parsed.report));
  } else {
    const ScriptError &e = parsed.error;
    j.begin_object().key("line").number(e.line).key("column").number(e.column).key("reason").string(e.reason);
    j.end_object();
  }
  return out;
}

} // namespace

EMSCRIPTEN_BINDINGS(autopsy) { emscripten::function("autopsy", &examined); }
