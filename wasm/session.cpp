#include "session.hpp"

#include "io/dmesg.hpp"

namespace mmscope {
namespace {

Level level_of(const std::string &name) {
  if (name == "phase") return Level::phase;
  if (name == "event") return Level::event;
  if (name == "block") return Level::block;
  return Level::call;
}

} // namespace

std::string Session::log_finish() {
  if (!importer_) return facts::refusal({.reason = "no log"});
  ImportResult r = importer_->finish();
  importer_.reset();
  if (r.error) return facts::refusal(*r.error);
  begin(std::move(r.script), std::move(r.facts), r.release);
  return "{\"ok\":true}";
}

void Session::begin(Script script, LoggedFacts logged, std::string release) {
  next_ = std::make_unique<Lab>(std::move(script));
  next_record_ = {{}, std::move(logged), std::move(release)};
}

double Session::prepare(unsigned calls) {
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

void Session::step(const std::string &level, int n) {
  if (lab()) lab()->step(level_of(level), n);
}

double Session::after(const std::string &function) const {
  if (!lab()) return -1;
  for (u64 i = 0; i < lab()->size(); ++i)
    if (op_info(lab()->command(i).op).name == function) return static_cast<double>(i + 1);
  return -1;
}

canvas::CanvasPlatform *Session::open_canvas(const std::string &selector) {
  auto app = std::make_unique<canvas::CanvasApp>(canvas::make_panels(desk_));
  app->set_layout(canvas::layout_of(desk_));
  return canvas::CanvasPlatform::open(std::move(app), selector).release();
}

} // namespace mmscope
