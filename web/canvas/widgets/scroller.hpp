// scroller.hpp: a column of drawn things that may be taller than its place. Wheel, drag and keys move it; where there is
// nothing to scroll it takes no place in the order of focus.
//
//     const float top = scroll.begin(frame, place, height_of_all, "memblock.reserved");
//     ... draw from y = top on ...
//     scroll.end();
#pragma once

#include "canvas/app.hpp"

namespace mmscope::canvas {

class Scroller {
public:
  /// Returns the y at which the content starts. Clips to `place`.
  float begin(Frame &frame, const Rect &place, float content, const char *name);
  void end();
  /// Moves as little as needed to have [y, y + h) of the content in view.
  void reveal(float y, float h) { wanted_ = {0, y, 1, h}; }

private:
  float offset_ = 0;
  Rect wanted_;
};

} // namespace mmscope::canvas
