#include "canvas/widgets/axis.hpp"

#include <algorithm>
#include <bit>

namespace mmscope::canvas {
namespace {
constexpr double least_span = 4 * 4096; // four pages fill the strip
}

void Axis::set_whole(u64 end) {
  // A 64th of the next power of two: 0x3ffe0000 becomes 1 GiB, 5.2 GiB becomes 5.25 GiB.
  const u64 unit = std::max<u64>(std::bit_ceil(std::max<u64>(end, 1)) / 64, 1);
  whole_ = std::max<u64>(round_up(std::max<u64>(end, 1), unit), static_cast<u64>(least_span));
  show_all();
}

void Axis::set_view(double from, double to) {
  const auto whole = static_cast<double>(whole_);
  const double span = std::clamp(to - from, std::min(least_span, whole), whole);
  // Too narrow or too wide, it keeps its middle; beyond an end, it is moved back.
  const double middle = (from + to) / 2;
  from_ = std::clamp(to - from == span ? from : middle - span / 2, 0.0, whole - span);
  to_ = from_ + span;
}

void Axis::zoom(double factor, double fixed) {
  const double span =
      std::clamp(this->span() * factor, std::min(least_span, static_cast<double>(whole_)), static_cast<double>(whole_));
  const double before = (fixed - from_) / this->span();
  set_view(fixed - before * span, fixed - before * span + span);
}

void Axis::pan(double bytes) { set_view(from_ + bytes, to_ + bytes); }

void Axis::show(u64 base, u64 end) {
  const auto a = static_cast<double>(base), b = static_cast<double>(end);
  const double room = std::max(b - a, 2 * 4096.0) * 1.5;
  set_view(a - room, b + room);
}

float Axis::x_of(double address, float x, float width) const {
  return x + static_cast<float>((address - from_) / span() * static_cast<double>(width));
}

double Axis::address_of(float at, float x, float width) const {
  return from_ + static_cast<double>((at - x) / width) * span();
}

u64 grid_step(double span, float width, float pixels) {
  const double wanted = span * static_cast<double>(pixels) / static_cast<double>(std::max(width, 1.0f));
  return std::bit_ceil(static_cast<u64>(std::max(wanted, 1.0)));
}

} // namespace mmscope::canvas
