// check: plays a lesson as everybody will, right and wrong, before anybody does (`mmscope lessons check`).
//
// Every expression evaluates and every moment exists, whatever the seed; what the prose relies on holds; every answer of
// "try" gets what it must get, and so does the true answer as we write it ourselves; the solution and each alternative
// reach the goals; each wrong way is told its own why-not and no other; no clause is dead; every key has its prose and
// every piece of prose its key.
//
//     LessonReport r = check_lesson(lesson, lesson_text, lab);
//     check_prose(lesson, lesson_text, en_md, r);
#pragma once

#include "lesson/run.hpp"

namespace mmscope {

inline constexpr u64 checked_seeds = 20;

struct LessonReport {
  std::vector<LessonError> errors; ///< in lesson.json
  std::vector<LessonError> prose;  ///< in the prose that was checked last
  u64 answers = 0, ways = 0;       ///< tried
};

LessonReport check_lesson(const Lesson &lesson, std::string_view text, Lab &lab);
void check_prose(const Lesson &lesson, std::string_view text, std::string_view prose, LessonReport &report);

} // namespace mmscope
