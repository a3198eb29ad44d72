// lessons: `mmscope lessons check [FOLDER…]`. A lesson's folder has lesson.json and its prose, en.md and others.
#pragma once

#include "cli/cli.hpp"

namespace mmscope {

// One line for each lesson, FILE:LINE:COLUMN for each thing that is wrong; 0, 1 or 2 as in cli.hpp.
int check_lessons(const Io &io, std::span<const std::string_view> folders);

} // namespace mmscope
