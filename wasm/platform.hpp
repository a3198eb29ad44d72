// platform.hpp: the browser under a CanvasApp. TypeScript owns the DOM (web/page/canvas-host.ts: listeners, sizes,
// when to draw), Dear ImGui owns the picture, and this class is the thin seam between the two.
//
//     CanvasHost (TS) ── pointer, wheel, pinch, key, focus, resize ──► CanvasPlatform ──► ImGuiIO
//                     ── frame(t) ──► CanvasApp::frame ──► imgui_impl_opengl3 ──► WebGL2
//                     ◄─ wants more? cursor, mirror as JSON ──
//
// Why not Emscripten's GLFW or SDL: they take Tab and Backspace from the whole page and are blurred on screens with a
// device pixel ratio above 1.
//
// platform.cpp binds the methods for JavaScript as `CanvasPlatform`. Only the making of one is left to the caller,
// which knows the panels; the page deletes it (CanvasHost.dispose):
//
//     CanvasPlatform* open_canvas(const std::string& selector) {
//       return CanvasPlatform::open(std::make_unique<CanvasApp>(make_panels()), selector).release();
//     }
//     EMSCRIPTEN_BINDINGS(lab) { emscripten::function("openCanvas", &open_canvas, emscripten::allow_raw_pointers()); }
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "canvas/app.hpp"

namespace mmscope::canvas {

class CanvasPlatform {
public:
  /// The canvas element that a CSS selector finds. Null if the browser gives no WebGL2.
  static std::unique_ptr<CanvasPlatform> open(std::unique_ptr<CanvasApp> app, const std::string &selector);
  ~CanvasPlatform();
  CanvasPlatform(const CanvasPlatform &) = delete;
  CanvasPlatform &operator=(const CanvasPlatform &) = delete;

  /// Buttons as in PointerEvent.buttons.
  void pointer(float x, float y, int buttons, bool touch);
  void pointer_gone();
  void wheel(float dx, float dy);
  void pinch(float scale, float x, float y);
  /// KeyboardEvent.key; modifiers: 1 shift, 2 ctrl, 4 alt, 8 meta. False if the canvas has no use for the key.
  bool key(const std::string &key, bool down, int modifiers);
  void focus(bool focused);
  /// The size of the backing store in device pixels, and how many of them make a CSS pixel.
  void resize(int width, int height, float dpr);
  /// Draws. True if something moves and the next frame is wanted.
  bool frame(double time_s);

  std::uint32_t mirror_generation() const;
  std::string mirror() const; ///< Mirror::to_json()
  bool click(std::uint32_t id);
  void focus_item(std::uint32_t id);
  std::string cursor() const; ///< for CSS

  void set_theme(const std::string &name); ///< "dark", "light", "contrast"
  void set_scale(float scale);
  void set_reduced_motion(bool still);
  bool set_font(const std::string &ttf); ///< from JavaScript: a Uint8Array

  void context_lost();
  void context_restored();

  CanvasApp &app() { return *app_; }

private:
  CanvasPlatform(std::unique_ptr<CanvasApp> app, std::intptr_t webgl);

  std::unique_ptr<CanvasApp> app_;
  std::intptr_t webgl_;
  int width_ = 0, height_ = 0;
  float dpr_ = 1;
  bool lost_ = false;
};

} // namespace mmscope::canvas
