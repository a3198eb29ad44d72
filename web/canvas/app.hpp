// app.hpp: the canvas application, without a platform. It owns a Dear ImGui context, a theme, a font, a mirror and a
// list of panels; it builds a frame when asked and never asks for one by itself.
//
//      page (DOM events) ──► wasm/platform ──► CanvasApp::pointer(), io(), click() ...
//                                  │
//                                  └─ frame(w, h, dpr, t) ─► layout ─► Panel::draw(Frame&) ... ─► ImGui draw data
//                                         returns: "draw me again" (something moves)
//
// A panel draws and submits commands to the lab; it keeps no copy of the machine:
//
//     class BuddyPanel final : public Panel {
//      public:
//       const char* id() const override { return "buddy"; }
//       const char* title() const override { return "buddy  free_area[order]"; }
//       void draw(Frame& frame) override { ... ImGui calls, draw list in frame.area, frame.mirror.item(...) ... }
//     };
//
//     std::vector<std::unique_ptr<Panel>> panels;
//     panels.push_back(std::make_unique<BuddyPanel>());
//     CanvasApp app(std::move(panels));
//     app.use_null_renderer();                       // in a test; in the browser wasm/platform renders
//     app.frame(950, 752, 1.0f, 0.0);
//
// There is no text entry here and no prose: both live in the DOM.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "canvas/mirror.hpp"
#include "canvas/theme.hpp"

namespace mmscope::canvas {

/// Two fingers since the last frame: scale > 1 spreads, around (x, y).
struct Pinch {
  float scale = 1, x = 0, y = 0;
};

/// What a panel gets to draw one frame.
struct Frame {
  const Theme &theme;
  Mirror &mirror;
  Rect area;                 ///< the panel's content, CSS pixels; the ImGui cursor stands at its top left corner
  double time = 0;           ///< seconds
  float scale = 1;           ///< 1, or 1.5 in projector mode: multiply own distances by it
  float dpr = 1;             ///< device pixels per CSS pixel
  bool still = false;        ///< the learner prefers reduced motion: show the end state at once
  Pinch pinch = {};          ///< handle it if it is in your area
  std::uint32_t focused = 0; ///< the mirrored item with keyboard focus; its keys come through ImGui::IsKeyPressed
  bool animating = false;

  /// Asks for one more frame. Without it the canvas stays as it is until the next event.
  void animate() { animating = true; }

  /// The nearest edge of a device pixel, for one-pixel lines that stay sharp at any ratio.
  float snap(float css) const;
};

class Panel {
public:
  virtual ~Panel() = default;
  virtual const char *id() const = 0;        ///< stable, unique
  virtual const char *title() const = 0;     ///< in kernel terms, with the figure that matters
  virtual bool card() const { return true; } ///< background, border and title; else the panel draws all of its place
  virtual void head(Frame &frame);           ///< of a card; the title, unless the panel has more to say
  virtual void draw(Frame &frame) = 0;
};

/// Says where each panel goes; an empty rectangle hides it.
using Layout = std::function<void(float width, float height, float scale, std::span<Rect> places)>;

class CanvasApp {
public:
  explicit CanvasApp(std::vector<std::unique_ptr<Panel>> panels);
  ~CanvasApp();
  CanvasApp(const CanvasApp &) = delete;
  CanvasApp &operator=(const CanvasApp &) = delete;

  void set_layout(Layout layout); ///< default: all panels below each other, equally high
  void set_theme(ThemeKind kind);
  void set_scale(float scale);
  void set_reduced_motion(bool still) { still_ = still; }

  /// A TrueType file; it is copied. Refused (false) if it is not one.
  bool set_font(std::span<const std::byte> ttf);
  bool has_font() const { return !font_.empty(); }

  /// Builds one frame, ready in ImGui::GetDrawData(). Returns whether another one is wanted soon.
  bool frame(float width_css, float height_css, float dpr, double time_s);

  /// For wheel, keys and window focus. Makes this app's context the current one.
  ImGuiIO &io();

  /// Buttons as in the DOM: 1 left, 2 right, 4 middle.
  void pointer(float x, float y, int buttons, bool touch);
  /// The pointer left or its gesture was cancelled: what it held is let go and not pressed.
  void pointer_gone();
  /// Presses a mirrored item, as a click at its centre; the pointer returns to where it was. False if there is none.
  bool click(std::uint32_t id);
  /// Tells which mirrored item has keyboard focus; 0 for none.
  void focus_item(std::uint32_t id);
  void pinch(float scale, float x, float y);

  const Mirror &mirror() const { return mirror_; }

  /// For tests: frames are built and dropped, no graphics needed.
  void use_null_renderer();

private:
  void draw_panel(Panel &panel, const Rect &place, Frame &frame);

  std::vector<std::unique_ptr<Panel>> panels_;
  std::vector<Rect> places_;
  Layout layout_;
  Mirror mirror_;
  ImGuiContext *context_;
  std::vector<std::byte> font_;
  ThemeKind theme_ = ThemeKind::kDark;
  float scale_ = 1;
  bool still_ = false;
  bool null_renderer_ = false;
  double last_time_ = 0;
  int buttons_ = 0;
  Pinch pinch_;
  std::uint32_t focused_ = 0;
};

} // namespace mmscope::canvas
