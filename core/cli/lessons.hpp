// lessons: `mmscope lessons check [FOLDER…]` and `mmscope lessons key FOLDER`. A lesson's folder has lesson.json and its prose, en.md and others.
#pragma once

#include "cli/cli.hpp"
#include "lab/lab.hpp"
#include "lesson/lesson.hpp"

namespace mmscope {

inline constexpr std::string_view lessons_folder = "web/lessons";

// One line for each lesson, FILE:LINE:COLUMN for each thing that is wrong; 0, 1 or 2 as in cli.hpp.
int check_lessons(const Io &io, std::span<const std::string_view> folders);

// All right answers of a seed, and what wrong ones are told, as JSON (lesson/answer_key.hpp).
int write_lesson_key(const Io &io, const std::string &folder, u64 seed);

// The boot that a lesson is about, or nothing and the reason. Captures lie where the page has them too.
std::optional<Script> lesson_boot(const Io &io, const std::string &folder, const MachineOfLesson &m, std::string &error);

} // namespace mmscope
