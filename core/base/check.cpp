#include "base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace mmscope {
void check_failed(const char *what, const char *file, int line) {
  std::fprintf(stderr, "%s:%d: internal check failed: %s\n", file, line, what);
  std::abort();
}
} // namespace mmscope
