// lab_app.hpp: the lab on the canvas. Desk is the place where one Lab lies and can be exchanged for another (a pasted
// log), with what the learner did to the view of it: the part of the address axis in view, the thing that is selected,
// what is filtered, which panels show. The panels draw the Desk, and the page asks it for the same facts as text.
//
//     Desk desk;
//     auto lab = std::make_unique<Lab>(script);
//     while (!lab->prepare(200)) …;
//     desk.put(std::move(lab));
//     CanvasApp app(make_panels(desk));
//     app.set_layout(layout_of(desk));
//
//     desk.select("memblock.reserved.regions[2]", "mem_map", base, end);   // by a click, or by the page
//     desk.set_filter({{PartKind::free_memblock}});                        // the rest is drawn dimmed
//     desk.focus = "timeline";                                             // one panel below the strip; "" = all
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "canvas/app.hpp"
#include "canvas/widgets/axis.hpp"
#include "lab/lab.hpp"

namespace mmscope::canvas {

/// A thing that was pointed at: its path in the language of core/query, and its bytes, half-open; 0, 0 = it has no
/// place on the address axis.
struct Selection {
  std::string path, name;
  u64 base = 0, end = 0;
};

/// A line of the accounting that the filter lets through.
struct Chosen {
  PartKind kind = PartKind::owner;
  u32 owner = nobody; ///< for PartKind::owner
  friend bool operator==(const Chosen &, const Chosen &) = default;
};

/// The panels below the strip stand side by side in three places; of each place one of them is shown.
inline constexpr unsigned place_count = 3;
struct PanelPlace {
  std::string_view id;
  unsigned place;
};
inline constexpr PanelPlace panel_places[] = {{"memblock", 0}, {"walk", 0}, {"slab", 0},  {"sections", 1},
                                              {"zones", 1},    {"pcp", 1},  {"buddy", 2}, {"pageblocks", 2}};

struct ZoneId {
  i32 nid = 0;
  unsigned zid = 0;
  friend bool operator==(const ZoneId &, const ZoneId &) = default;
};

/// What was chosen, and at which moment.
template <class T> struct Picked {
  T what{};
  u64 generation = 0;
  bool passed(const Lab &lab) const { return lab.generation() != generation; }
};

struct Desk {
  std::unique_ptr<Lab> lab; ///< null until a machine is chosen
  Axis axis;
  std::string panel = "memblock"; ///< the one below the strip where there is room for one only
  std::string focus;              ///< a panel that has all of the place below the strip, or "strip" alone; "" = none
  std::string pinned;             ///< "zones+pageblocks": what a place shows whatever the boot has reached
  std::optional<Picked<ZoneId>> zone; ///< whose lists show; none: those that a step touched last (panels/choice.hpp)
  std::optional<Picked<u32>> cpu;     ///< whose page lists show; none: those of the step
  std::optional<Selection> selection;
  bool whole = true;   ///< false: strip and memblock alone, while the code of the other panels is on its way
  bool locked = false; ///< the playhead stays where it is, whatever is pressed on the canvas
  u64 selections = 0;  ///< counts the changes of it, so that the page knows when to read
  std::vector<Position> bookmarks;

  void put(std::unique_ptr<Lab> next); ///< a prepared one
  /// Another number whenever there is another state to show: another machine, or the playhead moved.
  u64 moment() const { return machines << 40 | lab->generation(); }
  u64 machines = 0; ///< counts those that were put here

  // --- the learner moves the playhead ---
  void seek(Position to) {
    if (!locked) lab->seek(to);
  }
  void step(Level level, i64 n) {
    if (!locked) lab->step(level, n);
  }

  void select(std::string_view path, std::string_view name, u64 base, u64 end);
  void clear_selection();
  bool selected(std::string_view path) const { return selection && selection->path == path; }
  /// Brings the selection into view, if it has a place and is not there.
  void reveal_selection();

  /// Only these are drawn at full strength; none = all.
  void set_filter(std::vector<Chosen> filter) { filter_ = std::move(filter); }
  const std::vector<Chosen> &filter() const { return filter_; }
  bool shows(PartKind kind, u32 owner = nobody) const;

  /// Panels say what the pointer or the keyboard is at; all of them see it in the next frame.
  void point(std::string_view path, std::string_view name, u64 base, u64 end);
  const std::optional<Selection> &pointed() const { return pointed_; }

  /// What a place shows: what was pinned there, or what the step is about: memblock; sections until free_area_init has
  /// made zones, then those; the free lists. Of a request for pages its way and the CPUs' lists.
  std::string_view shown(unsigned place) const;
  /// A press on the tab of a panel keeps it in its place; another lets go.
  void pin(std::string_view id);

  // --- a step is seen to happen ---
  /// Once a frame, before anything is drawn.
  void begin_frame(Frame &frame);
  /// 0 when a step has just been made, 1 when it lies at rest: always 1 without motion.
  float motion() const { return motion_; }
  /// Where blocks that are handed over come from on the screen: the strip's row of memory in this frame.
  Rect memory_row;

private:
  std::vector<Chosen> filter_;
  std::optional<Selection> pointed_, pointing_;
  Position seen_at_;
  u64 seen_ = 0;
  double moved_ = -1e9;
  float motion_ = 1;
};

std::vector<std::unique_ptr<Panel>> make_panels(Desk &desk);
/// Strip above, three panels below, timeline at the bottom; where that is too narrow, two panels or one.
Layout layout_of(const Desk &desk);

} // namespace mmscope::canvas
