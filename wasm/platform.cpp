#include "platform.hpp"

#include <emscripten/bind.h>
#include <emscripten/html5.h>

#include <cfloat>
#include <cmath>
#include <span>
#include <string_view>
#include <utility>

#include "imgui.h"
#include "imgui_impl_opengl3.h"

namespace mmscope::canvas {
namespace {

ImGuiKey imgui_key(std::string_view key) {
  if (key.size() == 1) {
    const char c = key[0];
    if (c >= 'a' && c <= 'z') return static_cast<ImGuiKey>(ImGuiKey_A + (c - 'a'));
    if (c >= 'A' && c <= 'Z') return static_cast<ImGuiKey>(ImGuiKey_A + (c - 'A'));
    if (c >= '0' && c <= '9') return static_cast<ImGuiKey>(ImGuiKey_0 + (c - '0'));
  }
  constexpr std::pair<std::string_view, ImGuiKey> kNamed[] = {{"ArrowLeft", ImGuiKey_LeftArrow},
                                                              {"ArrowRight", ImGuiKey_RightArrow},
                                                              {"ArrowUp", ImGuiKey_UpArrow},
                                                              {"ArrowDown", ImGuiKey_DownArrow},
                                                              {"Home", ImGuiKey_Home},
                                                              {"End", ImGuiKey_End},
                                                              {"PageUp", ImGuiKey_PageUp},
                                                              {"PageDown", ImGuiKey_PageDown},
                                                              {"Enter", ImGuiKey_Enter},
                                                              {" ", ImGuiKey_Space},
                                                              {"+", ImGuiKey_KeypadAdd},
                                                              {"-", ImGuiKey_Minus},
                                                              {"Delete", ImGuiKey_Delete},
                                                              {"Backspace", ImGuiKey_Backspace},
                                                              {"/", ImGuiKey_Slash}};
  for (const auto &[name, value] : kNamed)
    if (name == key) return value;
  return ImGuiKey_None;
}

/// The CSS size whose product with dpr is not a hair below the device pixels, since the renderer cuts fractions off.
float css_size(int device_pixels, float dpr) {
  float css = static_cast<float>(device_pixels) / dpr;
  while (static_cast<int>(css * dpr) < device_pixels) css = std::nextafter(css, FLT_MAX);
  return css;
}

} // namespace

std::unique_ptr<CanvasPlatform> CanvasPlatform::open(std::unique_ptr<CanvasApp> app, const std::string &selector) {
  EmscriptenWebGLContextAttributes attributes;
  emscripten_webgl_init_context_attributes(&attributes);
  attributes.majorVersion = 2;
  attributes.alpha = false;
  attributes.depth = false;
  attributes.antialias = false; // Dear ImGui smooths its own edges
  attributes.powerPreference = EM_WEBGL_POWER_PREFERENCE_LOW_POWER;
  const EMSCRIPTEN_WEBGL_CONTEXT_HANDLE webgl = emscripten_webgl_create_context(selector.c_str(), &attributes);
  if (webgl <= 0) return nullptr;
  emscripten_webgl_make_context_current(webgl);
  app->io();
  if (!ImGui_ImplOpenGL3_Init("#version 300 es")) {
    emscripten_webgl_destroy_context(webgl);
    return nullptr;
  }
  return std::unique_ptr<CanvasPlatform>(new CanvasPlatform(std::move(app), webgl));
}

CanvasPlatform::CanvasPlatform(std::unique_ptr<CanvasApp> app, std::intptr_t webgl)
    : app_(std::move(app)), webgl_(webgl) {}

CanvasPlatform::~CanvasPlatform() {
  app_->io();
  emscripten_webgl_make_context_current(webgl_);
  ImGui_ImplOpenGL3_Shutdown();
  app_.reset();
  emscripten_webgl_destroy_context(webgl_);
}

void CanvasPlatform::pointer(float x, float y, int buttons, bool touch) { app_->pointer(x, y, buttons, touch); }

void CanvasPlatform::pointer_gone() { app_->pointer_gone(); }

void CanvasPlatform::wheel(float dx, float dy) { app_->io().AddMouseWheelEvent(dx, dy); }

void CanvasPlatform::pinch(float scale, float x, float y) { app_->pinch(scale, x, y); }

bool CanvasPlatform::key(const std::string &key, bool down, int modifiers) {
  const ImGuiKey known = imgui_key(key);
  if (known == ImGuiKey_None) return false;
  ImGuiIO &io = app_->io();
  io.AddKeyEvent(ImGuiMod_Shift, modifiers & 1);
  io.AddKeyEvent(ImGuiMod_Ctrl, modifiers & 2);
  io.AddKeyEvent(ImGuiMod_Alt, modifiers & 4);
  io.AddKeyEvent(ImGuiMod_Super, modifiers & 8);
  io.AddKeyEvent(known, down);
  return true;
}

void CanvasPlatform::focus(bool focused) { app_->io().AddFocusEvent(focused); }

void CanvasPlatform::resize(int width, int height, float dpr) {
  width_ = width;
  height_ = height;
  dpr_ = dpr;
}

bool CanvasPlatform::frame(double time_s) {
  if (!app_->has_font() || width_ <= 0 || height_ <= 0) return false;
  app_->io();
  if (!lost_) {
    emscripten_webgl_make_context_current(webgl_);
    ImGui_ImplOpenGL3_NewFrame();
  }
  // A lost context leaves input and the mirror working: only the picture is missing until it is restored.
  const bool more = app_->frame(css_size(width_, dpr_), css_size(height_, dpr_), dpr_, time_s);
  if (!lost_) ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
  return more;
}

std::uint32_t CanvasPlatform::mirror_generation() const { return app_->mirror().generation(); }

std::string CanvasPlatform::mirror() const { return app_->mirror().to_json(); }

bool CanvasPlatform::click(std::uint32_t id) { return app_->click(id); }

void CanvasPlatform::focus_item(std::uint32_t id) { app_->focus_item(id); }

std::string CanvasPlatform::cursor() const {
  app_->io();
  switch (ImGui::GetMouseCursor()) {
  case ImGuiMouseCursor_Hand: return "pointer";
  case ImGuiMouseCursor_ResizeEW: return "ew-resize";
  case ImGuiMouseCursor_ResizeNS: return "ns-resize";
  case ImGuiMouseCursor_ResizeAll: return "grab";
  case ImGuiMouseCursor_NotAllowed: return "not-allowed";
  default: return "default";
  }
}

void CanvasPlatform::set_theme(const std::string &name) { app_->set_theme(theme_from_name(name)); }

void CanvasPlatform::set_scale(float scale) { app_->set_scale(scale); }

void CanvasPlatform::set_reduced_motion(bool still) { app_->set_reduced_motion(still); }

bool CanvasPlatform::set_font(const std::string &ttf) { return app_->set_font(std::as_bytes(std::span(ttf))); }

void CanvasPlatform::context_lost() { lost_ = true; }

void CanvasPlatform::context_restored() {
  app_->io();
  emscripten_webgl_make_context_current(webgl_);
  ImGui_ImplOpenGL3_Shutdown();
  ImGui_ImplOpenGL3_Init("#version 300 es");
  lost_ = false;
}

} // namespace mmscope::canvas

EMSCRIPTEN_BINDINGS(mmscope_canvas) {
  using mmscope::canvas::CanvasPlatform;
  emscripten::class_<CanvasPlatform>("CanvasPlatform")
      .function("pointer", &CanvasPlatform::pointer)
      .function("pointerGone", &CanvasPlatform::pointer_gone)
      .function("wheel", &CanvasPlatform::wheel)
      .function("pinch", &CanvasPlatform::pinch)
      .function("key", &CanvasPlatform::key)
      .function("focus", &CanvasPlatform::focus)
      .function("resize", &CanvasPlatform::resize)
      .function("frame", &CanvasPlatform::frame)
      .function("mirrorGeneration", &CanvasPlatform::mirror_generation)
      .function("mirror", &CanvasPlatform::mirror)
      .function("click", &CanvasPlatform::click)
      .function("focusItem", &CanvasPlatform::focus_item)
      .function("cursor", &CanvasPlatform::cursor)
      .function("setTheme", &CanvasPlatform::set_theme)
      .function("setScale", &CanvasPlatform::set_scale)
      .function("setReducedMotion", &CanvasPlatform::set_reduced_motion)
      .function("setFont", &CanvasPlatform::set_font)
      .function("contextLost", &CanvasPlatform::context_lost)
      .function("contextRestored", &CanvasPlatform::context_restored);
}
