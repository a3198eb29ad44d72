// check: plays a lesson as everybody will, right and wrong, before anybody does (`mmscope lessons check`).
//
// Every expression evaluates and every moment exists, whatever the seed; what the prose relies on holds; every answer of
// "try" gets what it must get, and so does the true answer as we write it ourselves; the solution and each alternative
// reach the goals; each wrong way is told its own why-not and no other; no clause is dead; every key has its prose and
// every piece of prose its key.
//
//     LessonCheck check(lesson, lesson_text);
//     for (each machine of the lesson) check.play(lab, machine);
//     LessonReport r = check.report();
//     check_prose(lesson, lesson_text, en_md, r);
#pragma once

#include <set>

#include "lesson/run.hpp"

namespace mmscope {

inline constexpr u64 checked_seeds = 20;

struct LessonReport {
  std::vector<LessonError> errors; ///< in lesson.json
  std::vector<LessonError> prose;  ///< in the prose that was checked last
  u64 answers = 0, ways = 0;       ///< tried
};

class LessonCheck {
public:
  LessonCheck(const Lesson &lesson, std::string_view text) : l_(lesson), text_(text) { written(); }
  /// On lesson.machines[machine], which `lab` has played to its end.
  void play(Lab &lab, std::size_t machine = 0);
  /// What one machine reaches is not dead: that is known once all were played.
  LessonReport report();
  const LessonReport &so_far() const { return report_; }

private:
  void fail(const Term &where, std::string reason);
  bool trouble(const LessonRun &r);
  void written();
  void hints(const Term &where, const std::vector<Hint> &hints, const std::vector<WhyNot> &wrong,
             const WhyNot &otherwise);
  void all_variants(std::size_t step, const std::vector<Named> &variants);
  void dead(const std::vector<WhyNot> &all, std::string_view reason);
  void truths(const LessonRun &r, const LessonStep &s);
  void prediction(LessonRun &r, const Prediction &p);
  void told(const std::vector<WhyNot> &wrong, const WhyNot &otherwise, std::string_view why);
  struct Way {
    bool made = false, solved = false;
    std::vector<std::string> whys, unmet; ///< what it was told, without repetitions; goals
  };
  Way way(u64 seed, const Exercise::Calls &calls);
  void exercise(LessonRun &r, u64 seed, const Exercise &e);

  const Lesson &l_;
  std::string text_;
  Lab *lab_ = nullptr;
  std::size_t machine_ = 0;
  LessonReport report_;
  std::set<std::pair<std::size_t, std::size_t>> seen_, played_; // step and variant: on this machine, on any
  std::set<std::string> told_;                                  // paths of why keys
};

void check_prose(const Lesson &lesson, std::string_view text, std::string_view prose, LessonReport &report);

} // namespace mmscope
