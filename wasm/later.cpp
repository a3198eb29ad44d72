// The page's module, later half: everything that can wait until the first picture stands. The functions of the class
// Later, and what only they reach, are in a file of their own that loads while the learner looks (web/hosting/split.mjs).
//
//     const later = new module.Later(lab);                once that file is there (web/page/module.ts)
//     later.loadPreset("server-1t"); JSON.parse(later.table("reserved", 0, 50));
#include "base/text.hpp"

#include <emscripten.h>
#include <emscripten/bind.h>

#include "io/json_writer.hpp"
#include "lab/presets.hpp"
#include "lessons.hpp"
#include "session.hpp"

namespace mmscope {
namespace {

class Later {
public:
  explicit Later(Session &session) : session_(session), lessons_(session) { session.desk().whole = true; }

  // --- machines ---
  std::string presets() const {
    std::string out;
    JsonWriter j(out);
    j.begin_array();
    for (const MachineSpec &m : mmscope::presets())
      j.begin_object().key("name").string(m.name).key("title").string(m.title).end_object();
    j.end_array();
    return out;
  }
  bool load_preset(const std::string &name) {
    const MachineSpec *spec = find_preset(name);
    if (spec == nullptr) return false;
    session_.begin(make_script(*spec), {}, spec->release);
    return true;
  }

  // --- facts ---
  std::string table(const std::string &name, unsigned from, unsigned count) const {
    return lab() ? facts::table(*lab(), session_.record(), name, from, count) : "null";
  }
  std::string digest() const {
    std::string hex;
    if (lab()) append_hex(hex, lab()->digest(), 16);
    return hex;
  }

  // --- lessons ---
  std::string lesson_begin(const std::string &text, unsigned seed) { return lessons_.begin(text, seed); }
  void lesson_end() { lessons_.end(); }
  std::string lesson_enter(unsigned step) { return lessons_.enter(step); }
  std::string lesson_step() { return lessons_.step(); }
  std::string lesson_answer(const std::string &typed) { return lessons_.answer(typed); }
  std::string lesson_skip() { return lessons_.skip(); }
  std::string lesson_hint() { return lessons_.hint(); }
  std::string lesson_call(const std::string &line) { return lessons_.call(line); }
  std::string lesson_undo() { return lessons_.undo(); }
  std::string lesson_exercise() { return lessons_.exercise(); }
  void lesson_look(const std::string &path, double from, double to) { lessons_.look(path, from, to); }
  void lesson_show(double call, double event) { lessons_.show(call, event); }

private:
  Lab *lab() const { return session_.lab(); }
  Session &session_;
  Lessons lessons_;
};

} // namespace

// Called by the page once the later half is there; at start, as EMSCRIPTEN_BINDINGS does it, Embind would look at functions
// that are not.
extern "C" EMSCRIPTEN_KEEPALIVE void mmscope_later() {
  emscripten::class_<Later>("Later")
      .constructor<Session &>()
      .function("presets", &Later::presets)
      .function("loadPreset", &Later::load_preset)
      .function("table", &Later::table)
      .function("digest", &Later::digest)
      .function("lessonBegin", &Later::lesson_begin)
      .function("lessonEnd", &Later::lesson_end)
      .function("lessonEnter", &Later::lesson_enter)
      .function("lessonStep", &Later::lesson_step)
      .function("lessonAnswer", &Later::lesson_answer)
      .function("lessonSkip", &Later::lesson_skip)
      .function("lessonHint", &Later::lesson_hint)
      .function("lessonCall", &Later::lesson_call)
      .function("lessonUndo", &Later::lesson_undo)
      .function("lessonExercise", &Later::lesson_exercise)
      .function("lessonLook", &Later::lesson_look)
      .function("lessonShow", &Later::lesson_show);
}

} // namespace mmscope
