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

#include "lesson/check.hpp"
#include "session.hpp"

namespace mmscope {

class Lessons {
public:
  explicit Lessons(Session &session) : session_(session) {}

  /// The machine that the lesson wants for this seed.
  static std::string machine(const std::string &text, unsigned seed);
  /// On the machine that lies on the desk now: another machine ends the lesson.
  std::string begin(const std::string &text, unsigned seed, const std::string &mode);
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
  // --- the end, and going on after a reload ---
  std::string finish();
  std::string results();
  std::string inputs();
  std::string replay(const std::string &inputs);
  std::string receipt(const std::string &name);
  // --- on the machine that lies on the desk, whatever lesson is being taken ---
  std::string grade(const std::string &receipt, const std::string &lesson);
  std::string check(const std::string &text, unsigned machine, const std::string &prose);

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
  std::string text_; ///< of it
  std::unique_ptr<LessonRun> run_;
  unsigned machine_ = 0;
  std::optional<u32> branch_; ///< of the exercise
  struct Checked {
    Lesson lesson;
    LessonCheck check;
    Checked(Lesson l, std::string_view text) : lesson(std::move(l)), check(lesson, text) {}
  };
  std::unique_ptr<Checked> checked_; ///< until its last machine was played
};

} // namespace mmscope
