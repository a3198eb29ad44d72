// The page's module, later half: everything that can wait until the first picture stands. The functions of the class
// Later, and what only they reach, are in a file of their own that loads while the learner looks (web/hosting/split.mjs).
//
//     const later = new module.Later(lab);                once that file is there (web/page/module.ts)
//     later.loadPreset("server-1t"); JSON.parse(later.table("reserved", 0, 50));
#include "base/text.hpp"

#include <emscripten/bind.h>

#include "io/json_writer.hpp"
#include "lab/presets.hpp"
#include "session.hpp"

namespace mmscope {
namespace {

class Later {
public:
  explicit Later(Session &session) : session_(session) {}

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

private:
  Lab *lab() const { return session_.lab(); }
  Session &session_;
};

} // namespace

EMSCRIPTEN_BINDINGS(mmscope_later) {
  emscripten::class_<Later>("Later")
      .constructor<Session &>()
      .function("presets", &Later::presets)
      .function("loadPreset", &Later::load_preset)
      .function("table", &Later::table)
      .function("digest", &Later::digest);
}

} // namespace mmscope
