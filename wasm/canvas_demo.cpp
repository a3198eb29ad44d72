// The smallest canvas: one card with widgets of Dear ImGui, one strip drawn by hand. tests/browser/canvas.test.mjs drives
// it, in the page of tests/browser/canvas_demo/.
#include <emscripten/bind.h>

#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "canvas/app.hpp"
#include "imgui.h"
#include "platform.hpp"

namespace {

using namespace mmscope::canvas;

class Widgets final : public Panel {
public:
  const char *id() const override { return "widgets"; }
  const char *title() const override { return "memblock.reserved  cnt 13 / max 128"; }
  void draw(Frame &frame) override {
    if (ImGui::Button("Step")) ++steps_;
    ImGui::SameLine();
    ImGui::Text("steps %d \xE2\x86\x92 0x3dc00000 \xC2\xB7 \xE2\x89\xA4 \xC2\xBD \xE2\x9C\x93", steps_);
    ImGui::Checkbox("bottom-up", &bottom_up_);
    ImGui::SliderInt("order", &order_, 0, 10);
    frame.mirror.annotate({.value = std::to_string(order_), .range = {0, 10, static_cast<double>(order_)}});
    if (ImGui::BeginTabBar("era")) {
      for (const char *era : {"v6.1", "v2.6"})
        if (ImGui::BeginTabItem(era)) ImGui::EndTabItem();
      ImGui::EndTabBar();
    }
    ImGui::BeginDisabled();
    ImGui::Button("Back");
    ImGui::EndDisabled();
    ImGui::SameLine();
    ImGui::Checkbox("pulse", &pulse_);
    if (pulse_) frame.animate();
    if (steps_ >= 3) return;
    ImGui::SameLine();
    ImGui::Button("three times");
  }

private:
  int steps_ = 0, order_ = 3;
  bool bottom_up_ = false, pulse_ = false;
};

class Strip final : public Panel {
public:
  const char *id() const override { return "strip"; }
  const char *title() const override { return "addresses"; }
  bool card() const override { return false; }
  void draw(Frame &frame) override {
    const Theme &t = frame.theme;
    const Rect &a = frame.area;
    ImDrawList &draw = *ImGui::GetWindowDrawList();
    const Rect bar{a.x + 16, a.y + 12, a.w - 32, 22};
    if (frame.pinch.scale != 1) zoom_ *= frame.pinch.scale;
    if (ImGui::IsWindowHovered() && ImGui::GetIO().MouseWheel != 0) zoom_ *= std::exp2(ImGui::GetIO().MouseWheel / 4);

    const struct {
      const char *name;
      Color color;
      float from, to;
    } regions[] = {{"usable", t.memory, 0, 0.4f},
                   {"kernel image", t.kernel, 0.4f, 0.55f},
                   {"mem_map", t.mem_map, 0.55f, 0.7f},
                   {"log buffer", t.reserved, 0.7f, 0.85f},
                   {"hole", t.hole, 0.85f, 1}};
    for (const auto &r : regions) {
      const Rect at{frame.snap(bar.x + r.from * bar.w), bar.y, frame.snap((r.to - r.from) * bar.w) - 2, bar.h};
      draw.AddRectFilled({at.x, at.y}, {at.x + at.w, at.y + at.h}, r.color, 3);
      draw.AddText({at.x + 8, at.y + (at.h - ImGui::GetTextLineHeight()) / 2}, on_fill(r.color), r.name);
      frame.mirror.item(ImGui::GetID(r.name), at, {.role = Role::kPicture, .name = r.name, .description = "a region"});
    }

    const ImGuiID scrubber = ImGui::GetID("playhead");
    if (frame.focused == scrubber) {
      if (ImGui::IsKeyPressed(ImGuiKey_RightArrow)) ++at_;
      if (ImGui::IsKeyPressed(ImGuiKey_LeftArrow)) --at_;
    }
    const Rect rail{bar.x, bar.y + 36, bar.w, 12};
    const float x = rail.x + rail.w * static_cast<float>(at_) / 318;
    draw.AddRectFilled({rail.x, rail.y}, {rail.x + rail.w, rail.y + rail.h}, t.hole, 4);
    draw.AddRectFilled({x - 2, rail.y - 4}, {x + 2, rail.y + rail.h + 4}, t.accent, 2);
    frame.mirror.item(scrubber, rail,
                      {.role = Role::kSlider,
                       .name = "playhead",
                       .value = std::to_string(at_) + " of 318",
                       .range = {0, 318, static_cast<double>(at_)}});
    char zoom[32];
    std::snprintf(zoom, sizeof zoom, "zoom %.2f", zoom_);
    draw.AddText({bar.x, rail.y + 20}, t.dim, zoom);
    frame.mirror.item(ImGui::GetID("zoom"), {bar.x, rail.y + 20, 120, 16}, {.role = Role::kPicture, .name = zoom});
  }

private:
  int at_ = 97;
  float zoom_ = 1;
};

CanvasPlatform *open_canvas(const std::string &selector) {
  std::vector<std::unique_ptr<Panel>> panels;
  panels.push_back(std::make_unique<Strip>());
  panels.push_back(std::make_unique<Widgets>());
  auto app = std::make_unique<CanvasApp>(std::move(panels));
  app->set_layout([](float width, float height, float, std::span<Rect> places) {
    places[0] = {0, 0, width, 100};
    places[1] = {16, 104, width - 32, height - 120};
  });
  return CanvasPlatform::open(std::move(app), selector).release();
}

} // namespace

EMSCRIPTEN_BINDINGS(canvas_demo) { emscripten::function("openCanvas", &open_canvas, emscripten::allow_raw_pointers()); }
