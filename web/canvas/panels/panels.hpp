// panels.hpp: the panels of the lab, one file each. All of them draw the machine that lies on the Desk.
#pragma once

#include <memory>

#include "canvas/app.hpp"

namespace mmscope::canvas {

struct Desk;

std::unique_ptr<Panel> make_strip_panel(Desk &desk);    // the address axis and its layers
std::unique_ptr<Panel> make_memblock_panel(Desk &desk); // both arrays
std::unique_ptr<Panel> make_sections_panel(Desk &desk); // root, section, mem_map, and the word that joins them
std::unique_ptr<Panel> make_zones_panel(Desk &desk);    // nodes and zones
std::unique_ptr<Panel> make_buddy_panel(Desk &desk);    // free_area[order].free_list[migratetype]
std::unique_ptr<Panel> make_timeline_panel(Desk &desk); // phases, calls, events, playhead

/// The title of the middle place: two tabs. A press pins what it shows, another lets go.
void middle_tabs(Frame &frame, Desk &desk);

// CSS pixels before scaling.
float strip_panel_height(float pitch);     // of one row
float timeline_panel_height(float canvas); // of a canvas so high

} // namespace mmscope::canvas
