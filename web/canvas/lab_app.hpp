// lab_app.hpp: a boot on show. Lab is a timeline with what the views know about it: who owns what, what the step that is
// shown changed. Desk is the place where one Lab lies and can be exchanged for another (a pasted log), with the part of
// the address axis that is in view; the panels draw the Desk, and the page asks it for the same facts as text.
//
//     Desk desk;
//     desk.lab = std::make_unique<Lab>(script);
//     while (!desk.lab->prepare(200)) …;                  // a pass over the whole boot, in slices
//     desk.lab->seek({41, 0});
//     CanvasApp app(make_panels(desk));
//     app.set_layout(layout_of(desk));
//
// A step is shown after it has happened: at Position{42, 0} that is call 41 with all it did, at Position{41, 7} the
// seventh event of call 41.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "canvas/app.hpp"
#include "canvas/widgets/accounting.hpp"
#include "canvas/widgets/axis.hpp"
#include "canvas/widgets/boot_index.hpp"
#include "canvas/widgets/shown.hpp"
#include "lab/timeline.hpp"

namespace mmscope::canvas {

class Lab {
public:
  explicit Lab(Script script);

  /// The pass over the whole boot: at most `calls` further calls. True when it is through; only then may the rest be used.
  bool prepare(u64 calls, const BootIndex::Observer &observer = {});
  const BootIndex &index() const { return index_; }

  const Script &script() const { return timeline_.script(); }
  const System &state() const { return timeline_.state(); }
  Position position() const { return timeline_.position(); }
  u64 size() const { return timeline_.size(); }

  void seek(Position to);
  void step(Level level, i64 n);
  /// Counts the moves, so that a view knows when to read again.
  u64 generation() const { return generation_; }

  // --- the step that is shown ---
  std::optional<std::size_t> call() const; ///< its index; none at the very beginning
  bool inside() const;                     ///< the call has not returned yet
  const CallRecord &record() const;        ///< of call(), which must be there
  std::span<const Event> events() const;   ///< the call's, as far as they have happened
  /// The event shown by itself when inside a call, or null.
  const Event *last_event() const;
  const Trace &texts() const { return timeline_.texts(); }
  const Changes &changes() const { return changes_; }

  const OwnerMap &owners() const { return owners_; }
  const Owner *owner_at(u64 address) const;
  bool handed_over() const; ///< the buddy allocator has got something
  Accounting accounting() const;
  u64 digest() const { return timeline_.digest(); }
  std::optional<u64> bound(u32 slot) const { return timeline_.machine().bound(slot); } ///< a named result

private:
  void moved();

  mutable Timeline timeline_;
  BootIndex index_;
  OwnerMap owners_;
  std::size_t owner_changes_ = 0; // applied to owners_
  Changes changes_;
  u64 generation_ = 0;
};

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
