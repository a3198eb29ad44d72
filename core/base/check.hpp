// MM_CHECK: our own bugs stop the program, in every build. (A simulated kernel's
// failure is a value, never a check.)
#pragma once

namespace mmscope {
// Prints `file:line: what` to standard error and aborts.
[[noreturn]] void check_failed(const char *what, const char *file, int line);
} // namespace mmscope

#define MM_CHECK(cond)                                                                                                 \
  do {                                                                                                                 \
    if (!(cond)) ::mmscope::check_failed(#cond, __FILE__, __LINE__);                                                   \
  } while (0)
