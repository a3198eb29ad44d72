// axis.hpp: the address axis that all layers of the strip share, and the part of it that is in view.
//
//     whole   [0 ........................................ 1 GiB)
//     view                        [0x3c000000 .... 0x40000000)      zoom and pan move this
//
// The view is kept in double precision, which holds every address below 2^53 exactly, so that zooming is smooth.
#pragma once

#include "base/types.hpp"

namespace mmscope::canvas {

class Axis {
public:
  /// From 0 to `end`, rounded up to where a scale looks even. Shows all of it.
  void set_whole(u64 end);
  u64 whole() const { return whole_; }
  double from() const { return from_; }
  double to() const { return to_; }
  double span() const { return to_ - from_; }
  bool all() const { return from_ <= 0 && to_ >= static_cast<double>(whole_); }

  /// factor > 1 shows more; the address `fixed` stays where it is.
  void zoom(double factor, double fixed);
  void pan(double bytes);
  void show_all() { set_view(0, static_cast<double>(whole_)); }
  /// Puts a range into the middle with room around it.
  void show(u64 base, u64 end);
  void set_view(double from, double to);

  /// Address to a pixel of [x, x + width), and back.
  float x_of(double address, float x, float width) const;
  double address_of(float at, float x, float width) const;

private:
  u64 whole_ = u64{1} << 30;
  double from_ = 0, to_ = static_cast<double>(u64{1} << 30);
};

/// Distance of grid lines: the power of two that gives about one line every `pixels`.
u64 grid_step(double span, float width, float pixels);

} // namespace mmscope::canvas
