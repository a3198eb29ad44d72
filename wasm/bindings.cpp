// The page's module, first half: what the first steppable picture needs. Small facts cross as JSON (facts.hpp), the
// canvas as a CanvasPlatform (platform.hpp). wasm/mmscope.d.ts says the same in TypeScript.
//
//     const lab = new module.Lab();
//     lab.logBegin(); lab.logFeed(bytes); …              a log
//     JSON.parse(lab.logFinish());                       {"ok":true} or why not; the machine on show is still the old one
//     while (lab.prepare(200) < 1) …;                    the new one is played once, then it takes the old one's place
//     lab.step("call", 1); JSON.parse(lab.story());
//
// Everything else is later.cpp.
#include <emscripten/bind.h>

#include "session.hpp"

namespace mmscope {

EMSCRIPTEN_BINDINGS(mmscope_lab) {
  emscripten::class_<Session>("Lab")
      .constructor<>()
      .function("logBegin", &Session::log_begin)
      .function("logFeed", &Session::log_feed)
      .function("logFinish", &Session::log_finish)
      .function("prepare", &Session::prepare)
      .function("forget", &Session::forget)
      .function("seek", &Session::seek)
      .function("step", &Session::step)
      .function("after", &Session::after)
      .function("generation", &Session::generation)
      .function("story", &Session::story)
      .function("openCanvas", &Session::open_canvas, emscripten::allow_raw_pointers())
      .function("showPanel", &Session::show_panel)
      .function("lock", &Session::lock);
}

} // namespace mmscope
