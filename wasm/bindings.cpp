// The page's module: one class, a dozen thin functions. Small facts cross as JSON (facts.hpp), the canvas as a
// CanvasPlatform (platform.hpp). wasm/mmscope.d.ts says the same in TypeScript.
//
//     const lab = new module.Lab();
//     lab.logBegin(); lab.logFeed(bytes); …              a log, or lab.loadPreset("qemu-1g")
//     JSON.parse(lab.logFinish());                       {"ok":true} or why not; the machine on show is still the old one
//     while (lab.prepare(200) < 1) …;                    the new one is played once, then it takes the old one's place
//     lab.step("call", 1); JSON.parse(lab.story());
#include "base/text.hpp"

#include <emscripten/bind.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "canvas/lab_app.hpp"
#include "facts.hpp"
#include "io/json_writer.hpp"
#include "lab/presets.hpp"
#include "platform.hpp"

namespace mmscope {
namespace {

using canvas::CanvasApp;
using canvas::CanvasPlatform;

Level level_of(const std::string &name) {
  if (name == "phase") return Level::phase;
  if (name == "event") return Level::event;
  if (name == "block") return Level::block;
  return Level::call;
}

class Session {
public:
  std::string preset_list() const {
    std::string out;
    JsonWriter j(out);
    j.begin_array();
    for (const MachineSpec &m : presets())
      j.begin_object().key("name").string(m.name).key("title").string(m.title).end_object();
    j.end_array();
    return out;
  }

  bool load_preset(const std::string &name) {
    const MachineSpec *spec = find_preset(name);
    if (spec == nullptr) return false;
    begin(make_script(*spec), {}, spec->release);
    return true;
  }

  void log_begin() { importer_ = std::make_unique<DmesgImporter>(); }
  bool log_feed(const std::string &chunk) { return importer_ && importer_->feed(chunk); }
  std::string log_finish() {
    if (!importer_) return facts::refusal({.reason = "no log"});
    ImportResult r = importer_->finish();
    importer_.reset();
    if (r.error) return facts::refusal(*r.error);
    begin(std::move(r.script), std::move(r.facts), r.release);
    return "{\"ok\":true}";
  }

  /// Plays up to so many calls of the machine that was loaded last; at 1 it is on the desk.
  double prepare(unsigned calls) {
    if (!next_) return 1;
    const auto observe = [this](u64 index, const Command &c, const Result &r, std::span<const Event> events,
                                const Trace &texts) {
      next_record_.allocs.add(static_cast<u32>(index), c, r, events, texts);
    };
    if (!next_->prepare(calls, observe)) return next_->index().progress();
    next_record_.allocs.match(next_record_.logged);
    record_ = std::move(next_record_);
    desk_.put(std::move(next_));
    ++machines_;
    return 1;
  }
  void forget() { next_.reset(); }

  void seek(double call, double event) {
    if (lab()) lab()->seek({static_cast<u64>(call), static_cast<u64>(event), 0});
  }
  void step(const std::string &level, int n) {
    if (lab()) lab()->step(level_of(level), n);
  }
  /// The position right after the first call of a kernel function; -1 when the boot does not make it.
  double after(const std::string &function) const {
    if (!lab()) return -1;
    const std::vector<Command> &all = lab()->script().commands;
    for (std::size_t i = 0; i < all.size(); ++i)
      if (op_info(all[i].op).name == function) return static_cast<double>(i + 1);
    return -1;
  }

  /// Changes whenever there is something new to read, be it by the page or by a press on the canvas.
  unsigned generation() const {
    return machines_ * 1000003u + (lab() ? static_cast<unsigned>(lab()->generation()) : 0);
  }
  std::string digest() const {
    std::string hex;
    if (lab()) append_hex(hex, lab()->digest(), 16);
    return hex;
  }
  std::string story() const { return lab() ? facts::story(*lab(), record_) : "null"; }
  std::string table(const std::string &name, unsigned from, unsigned count) const {
    return lab() ? facts::table(*lab(), record_, name, from, count) : "null";
  }

  CanvasPlatform *open_canvas(const std::string &selector) {
    auto app = std::make_unique<CanvasApp>(canvas::make_panels(desk_));
    app->set_layout(canvas::layout_of(desk_));
    return CanvasPlatform::open(std::move(app), selector).release();
  }
  void show_panel(const std::string &id) { desk_.panel = id; }
  void show_all() { desk_.axis.show_all(); }

private:
  Lab *lab() const { return desk_.lab.get(); }

  void begin(Script script, LoggedFacts logged, std::string release) {
    next_ = std::make_unique<Lab>(std::move(script));
    next_record_ = {{}, std::move(logged), std::move(release)};
  }

  canvas::Desk desk_;
  facts::Record record_;      // of the machine on the desk
  std::unique_ptr<Lab> next_; // loaded, not on the desk yet
  facts::Record next_record_;
  std::unique_ptr<DmesgImporter> importer_;
  unsigned machines_ = 0;
};

} // namespace

EMSCRIPTEN_BINDINGS(mmscope_lab) {
  emscripten::class_<Session>("Lab")
      .constructor<>()
      .function("presets", &Session::preset_list)
      .function("loadPreset", &Session::load_preset)
      .function("logBegin", &Session::log_begin)
      .function("logFeed", &Session::log_feed)
      .function("logFinish", &Session::log_finish)
      .function("prepare", &Session::prepare)
      .function("forget", &Session::forget)
      .function("seek", &Session::seek)
      .function("step", &Session::step)
      .function("after", &Session::after)
      .function("generation", &Session::generation)
      .function("digest", &Session::digest)
      .function("story", &Session::story)
      .function("table", &Session::table)
      .function("openCanvas", &Session::open_canvas, emscripten::allow_raw_pointers())
      .function("showPanel", &Session::show_panel)
      .function("showAll", &Session::show_all);
}

} // namespace mmscope
