// panels.hpp: the panels of the lab, one file each. All of them draw the machine that lies on the Desk.
#pragma once

#include <memory>

#include "canvas/app.hpp"

namespace mmscope::canvas {

struct Desk;

std::unique_ptr<Panel> make_strip_panel(Desk &desk);      // the address axis and its layers
std::unique_ptr<Panel> make_memblock_panel(Desk &desk);   // both arrays
std::unique_ptr<Panel> make_walk_panel(Desk &desk);       // the way of one request through the zones
std::unique_ptr<Panel> make_slab_panel(Desk &desk);       // caches, their slabs, one slab's objects, one object's bytes
std::unique_ptr<Panel> make_sections_panel(Desk &desk);   // root, section, mem_map, and the word that joins them
std::unique_ptr<Panel> make_zones_panel(Desk &desk);      // nodes and zones
std::unique_ptr<Panel> make_pcp_panel(Desk &desk);        // the CPUs' page lists beside the free lists
std::unique_ptr<Panel> make_buddy_panel(Desk &desk);      // free_area[order].free_list[migratetype]
std::unique_ptr<Panel> make_pageblocks_panel(Desk &desk); // pageblocks by migratetype, and how fragmented a zone is
std::unique_ptr<Panel> make_timeline_panel(Desk &desk);   // phases, calls, events, playhead

// CSS pixels before scaling.
float strip_panel_height(float pitch);     // of one row
float timeline_panel_height(float canvas); // of a canvas so high

} // namespace mmscope::canvas
