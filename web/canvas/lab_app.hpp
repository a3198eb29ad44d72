// lab_app.hpp: the lab on the canvas. Desk is the place where one Lab lies and can be exchanged for another (a pasted
// log), with the part of the address axis that is in view; the panels draw the Desk, and the page asks it for the same
// facts as text.
//
//     Desk desk;
//     auto lab = std::make_unique<Lab>(script);
//     while (!lab->prepare(200)) …;
//     desk.put(std::move(lab));
//     CanvasApp app(make_panels(desk));
//     app.set_layout(layout_of(desk));
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "canvas/app.hpp"
#include "canvas/widgets/axis.hpp"
#include "lab/lab.hpp"

namespace mmscope::canvas {

/// What the learner has pointed at on the canvas.
struct Selection {
  std::string name;
  u64 base = 0, end = 0;
};

struct Desk {
  std::unique_ptr<Lab> lab; ///< null until a machine is chosen
  Axis axis;
  std::string panel = "memblock"; ///< the one below the strip where there is room for one only
  std::optional<Selection> selection;

  void put(std::unique_ptr<Lab> next); ///< a prepared one
};

std::vector<std::unique_ptr<Panel>> make_panels(Desk &desk);
/// Strip above, three panels below, timeline at the bottom; narrower than 600 CSS pixels strip and one panel.
Layout layout_of(const Desk &desk);

} // namespace mmscope::canvas
