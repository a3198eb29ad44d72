// figure: one number that the bench program prints.
#pragma once
#include <chrono>
#include <string>
#include <string_view>

namespace mmscope::bench {

struct Figure {
  std::string name;
  double value;
  std::string_view unit;
};

inline double milliseconds(std::chrono::steady_clock::duration d) {
  return std::chrono::duration<double, std::milli>(d).count();
}

} // namespace mmscope::bench
