// paint.hpp: how the canvas draws a meaning. A Fill is a colour and a pattern, so that no meaning rests on colour alone;
// Columns draws many ranges on one row without ever drawing more than one thing per pixel column.
//
//     Columns row(frame, area, axis);
//     for (...) row.add(base, end, fill_of(theme, Meaning::mem_map));     // ascending, disjoint
//     row.finish();
#pragma once

#include <string_view>
#include <vector>

#include "canvas/app.hpp"
#include "canvas/widgets/axis.hpp"
#include "imgui.h"
#include "lab/owners.hpp"

namespace mmscope::canvas {

enum class Pattern : u8 { plain, hatch, dots, outline };

struct Fill {
  Color color = 0;
  Pattern pattern = Pattern::plain;
  friend bool operator==(const Fill &, const Fill &) = default;
};

Fill owner_fill(const Theme &theme, OwnerKind kind);
/// By the zone's name, as zone_names[] has it.
Color zone_color(const Theme &theme, std::string_view name);
/// A block free in the buddy allocator: the larger, the stronger.
Color free_color(const Theme &theme, unsigned order, unsigned max_order);

void paint(ImDrawList &list, const Rect &r, Color color, float radius = 0);
/// A line around a rectangle, `out` pixels outside of it.
void frame_of(ImDrawList &list, const Rect &r, float out, Color color, float radius = 0, float thick = 1);
/// In its colour and pattern.
void fill_rect(ImDrawList &list, const Theme &theme, const Rect &r, const Fill &fill, float radius);

/// Text in the mono font; `size` in CSS pixels of its em square, before scaling.
float text_width(const Frame &frame, std::string_view text, float size);
void put_text(const Frame &frame, ImDrawList &list, float x, float y, Color color, std::string_view text, float size);
/// The y of a line of text in the middle of [y, y + height).
float middle(const Frame &frame, float y, float height, float size);
/// Right end at x.
void put_right(const Frame &frame, ImDrawList &list, float x, float y, Color color, std::string_view text, float size);
/// Cut with an ellipsis to fit a width; nothing if not even three characters fit. Returns the width that was used.
float put_fitting(const Frame &frame, ImDrawList &list, float x, float y, float width, Color color,
                  std::string_view text, float size);
/// Broken into lines at spaces; returns the y below the last one.
float put_wrapped(const Frame &frame, ImDrawList &list, float x, float y, float width, Color color,
                  std::string_view text, float size);
/// One panel at a time, for fingers: what is pressed is at least 44 px high.
bool narrow(const Frame &frame);
/// Text in the middle of a fill, in its ink.
void put_label(const Frame &frame, ImDrawList &list, const Rect &r, Color fill, std::string_view text, float size);
/// An invisible button; `n` tells several of one name apart.
bool press_area(const Rect &r, const char *name, u64 n);
/// A small switch of a row of them, mirrored; `mark` is the colour of the line below its word. Moves x behind it.
bool chip(Frame &frame, ImDrawList &list, float &x, float y, std::string_view label, std::string_view name, Role role,
          bool on, Color mark);
/// A 2-pixel frame around what changed.
void outline(const Frame &frame, ImDrawList &list, const Rect &r, Color color);

/// A thin frame around what is selected: ink, with the background on either side, so that it shows on every fill.
void frame_selected(const Frame &frame, ImDrawList &list, const Rect &r);
inline bool inside(const Rect &r, const ImVec2 &p) {
  return p.x >= r.x && p.x < r.x + r.w && p.y >= r.y && p.y < r.y + r.h;
}

/// One row of ranges on the address axis. A pixel column that hides a thing (one that is narrower than the column and
/// not alone in it) is mixed: it shows what it is a mixture of, and a comb along the bottom says so.
class Columns {
public:
  Columns(const Frame &frame, ImDrawList &list, const Rect &area, const Axis &axis);
  /// The part of [base, end) in view, in pixels; empty if there is none. Not below `least` wide.
  Rect place(double base, double end, float least = 0) const;
  void add(u64 base, u64 end, const Fill &fill);
  void finish();

private:
  void flush();
  struct Share {
    Fill fill;
    float width = 0;
  };
  const Frame &frame_;
  ImDrawList &list_;
  Rect area_;
  const Axis &axis_;
  float column_ = -1; // left edge of the pixel column that is being collected
  unsigned things_ = 0;
  bool hides_ = false;
  float mixed_ = -1; // the last column that was
  std::vector<Share> shares_;
};

} // namespace mmscope::canvas
