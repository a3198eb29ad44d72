// lessons.hpp: the lesson that is being taken, on the machine that lies on the desk. Everything is answered as JSON
// (core/lesson/lesson_json.hpp); what the learner types in the exercise is made on the boot that is shown too, in a
// branch, so that the picture and the timeline follow.
//
//     Lessons lessons(session);
//     lessons.begin(text, seed);      {"id":…,"steps":[…]} or {"error":"lesson.json:12:7: …"}
//     lessons.enter(0);               the playhead stands where the step stands
//     lessons.answer("256 pages");
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lesson/run.hpp"
#include "session.hpp"

namespace mmscope {

class Lessons {
public:
  explicit Lessons(Session &session) : session_(session) {}

  /// On the machine that lies on the desk now: another machine ends the lesson.
  std::string begin(const std::string &text, unsigned seed);
  void end();
  std::string enter(unsigned step);
  std::string answer(const std::string &typed);
  std::string skip();
  std::string hint(); ///< the step, with one more hint
  std::string step();
  // --- the exercise ---
  std::string call(const std::string &line);
  std::string undo();
  std::string exercise();
  /// Where an outcome says that reality parted from the answer: in the exercise's branch, or the recorded boot.
  void show(double call, double event);
  /// What the step wants to be looked at: a thing by its path, and a part of the address axis; "" and 0, 0 = nothing.
  void look(const std::string &path, double from, double to);

private:
  LessonRun *run();
  bool make(const std::string &line); ///< on the boot that is shown
  void rebuild();

  Session &session_;
  std::unique_ptr<Lesson> lesson_;
  std::unique_ptr<LessonRun> run_;
  unsigned machine_ = 0;
  std::optional<u32> branch_; ///< of the exercise
};

} // namespace mmscope
