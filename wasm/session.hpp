// session.hpp: what the page's calls work on: the desk with the machine on it, the machine that is being loaded, and the
// log's own record of what the kernel did. bindings.cpp gives it to JavaScript as Lab: what the first steppable picture
// needs. later.cpp gives the rest, as Later.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "canvas/lab_app.hpp"
#include "facts.hpp"
#include "platform.hpp"

namespace mmscope {

class Session {
public:
  Session() { desk_.whole = false; } // until Later is there

  // --- a machine comes onto the desk ---
  void log_begin() { importer_ = std::make_unique<DmesgImporter>(); }
  bool log_feed(const std::string &chunk) { return importer_ && importer_->feed(chunk); }
  std::string log_finish();
  /// Loads a script; prepare() puts it on the desk.
  void begin(Script script, LoggedFacts logged, std::string release);
  /// Plays up to so many calls of the machine that was loaded last; at 1 it is on the desk.
  double prepare(unsigned calls);
  void forget() { next_.reset(); }

  // --- the playhead ---
  void seek(double call, double event) {
    if (lab()) lab()->seek({static_cast<u64>(call), static_cast<u64>(event), 0});
  }
  void step(const std::string &level, int n);
  double after(const std::string &function) const;
  /// Changes whenever there is something new to read, be it by the page or by a press on the canvas.
  unsigned generation() const {
    return machines_ * 1000003u + (lab() ? static_cast<unsigned>(lab()->generation()) : 0);
  }
  std::string story() const { return lab() ? facts::story(*lab(), record_) : "null"; }

  // --- the picture ---
  canvas::CanvasPlatform *open_canvas(const std::string &selector);
  void show_panel(const std::string &id) { desk_.panel = id; }
  /// An exam: whoever looks at the canvas cannot move the playhead there.
  void lock(bool locked) { desk_.locked = locked; }

  /// Counts the machines that lay on the desk.
  unsigned machines() const { return machines_; }
  canvas::Desk &desk() { return desk_; }
  Lab *lab() const { return desk_.lab.get(); }
  const facts::Record &record() const { return record_; }

private:
  canvas::Desk desk_;
  facts::Record record_;      // of the machine on the desk
  std::unique_ptr<Lab> next_; // loaded, not on the desk yet
  facts::Record next_record_;
  std::unique_ptr<DmesgImporter> importer_;
  unsigned machines_ = 0;
};

} // namespace mmscope
