// strip_things.hpp: what lies on the address axis, layer by layer: the things that the strip draws, names and selects.
// A thing is a few numbers; its words are made only for the one that is pointed at or has room for a label.
//
//     std::vector<Thing> things;
//     things_in(desk, Layer::reserved, axis.from(), axis.to(), bytes_a_pixel, things);    // ascending
//     things[0].base; name_of(desk, things[0]); path_of(desk, things[0]);
//
// The cost follows what lies in the window and how closely one looks: page frames come one by one only where a pixel
// is smaller than a page.
#pragma once

#include <string>
#include <vector>

#include "canvas/lab_app.hpp"
#include "canvas/widgets/paint.hpp"

namespace mmscope::canvas {

struct Thing {
  enum class Kind : u8 { firmware, memory, reserved, section, zone, pages, block, page } kind{};
  PageState state{}; ///< of pages
  u8 order = 0;      ///< of a block, or of the block that a free page lies in
  u8 zone = 0;
  bool ready = false; ///< a section that has its mem_map
  i32 nid = no_node;
  u64 base = 0, end = 0; ///< bytes, half-open
  u64 index = 0;         ///< of the entry, region or section; of a page in a block: the block's first pfn
  u64 count = 1;         ///< sections
};

void things_in(const Desk &desk, Layer layer, double from, double to, double bytes_a_pixel, std::vector<Thing> &out);

/// Whether there is nothing in a layer, wherever one looks.
bool is_empty(const Desk &desk, Layer layer);

Fill fill_of(const Desk &desk, const Theme &theme, const Thing &t);
/// Short, to stand in the thing.
std::string label_of(const Desk &desk, const Thing &t);
/// "reserved for mem_map", without address and size, which every thing has.
std::string name_of(const Desk &desk, const Thing &t);
/// What else there is to say: the caller that asked for it; may be "".
std::string note_of(const Desk &desk, const Thing &t);
std::string path_of(const Desk &desk, const Thing &t);
/// Whether the filter lets it through.
bool shown(const Desk &desk, const Thing &t);

} // namespace mmscope::canvas
