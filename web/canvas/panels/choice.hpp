// choice: what several panels let one choose: which panel stands in a place, which zone's lists are shown, which CPU's.
// What is chosen lies on the Desk, so that the panels beside each other show the same zone and the same CPU.
//
//     void head(Frame &frame) override { title_ = place_tabs(frame, desk_, *this); }
//     const ZoneId where = zone_chips(frame, desk_, title_, "free lists", y); // y moves below them
//     const u32 cpu = shown_cpu(desk_, where);
#pragma once

#include "canvas/lab_app.hpp"

namespace mmscope::canvas {

/// The title of a panel's place: a tab for each panel that can stand there; a press pins it. Where a panel has all the
/// room, its title alone. Returns where it ends: what is beside it is free.
Rect place_tabs(Frame &frame, Desk &desk, Panel &panel);

/// The zone that was chosen, or whose lists the step touched last, or the largest one.
ZoneId shown_zone(const Desk &desk);
/// A chip for each zone that has pages, beside the title if there is room. Says so when there are none yet.
ZoneId zone_chips(Frame &frame, Desk &desk, const Rect &title, std::string_view what, float &y);
/// For reading: the zone, or an empty one before there are any.
const struct zone &zone_in(const Desk &desk, ZoneId where);

/// The CPU that was chosen, or that the step ran on, or 0.
u32 shown_cpu(const Desk &desk);

} // namespace mmscope::canvas
