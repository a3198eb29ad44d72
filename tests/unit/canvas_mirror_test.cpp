// The mirror, seen through a CanvasApp that runs headless: one panel whose drawing each test supplies.
//
//     test ──► Bench(draw) ──► CanvasApp::frame ──► ImGui hooks ──► Mirror ──► items, generation, JSON
#include <doctest/doctest.h>

#include <cstddef>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "canvas/app.hpp"
#include "imgui.h"

using namespace mmscope::canvas;

namespace {

class Drawing final : public Panel {
public:
  explicit Drawing(std::function<void(Frame &)> draw) : draw_(std::move(draw)) {}
  const char *id() const override { return "test"; }
  const char *title() const override { return "memblock.reserved"; }
  void draw(Frame &frame) override { draw_(frame); }

private:
  std::function<void(Frame &)> draw_;
};

std::vector<std::unique_ptr<Panel>> one_panel(std::function<void(Frame &)> draw) {
  std::vector<std::unique_ptr<Panel>> panels;
  panels.push_back(std::make_unique<Drawing>(std::move(draw)));
  return panels;
}

/// The font that the page ships, so that text has its real size here too.
std::vector<std::byte> shipped_font() {
  std::ifstream file(MMSCOPE_TEST_DATA "/../../web/canvas/assets/JetBrainsMono-subset.ttf", std::ios::binary);
  std::vector<std::byte> bytes;
  for (char c; file.get(c);) bytes.push_back(static_cast<std::byte>(c));
  return bytes;
}

/// Frames of 400 x 300 at 60 Hz, like the browser's scheduler: on while the app asks, then three more.
struct Bench {
  explicit Bench(std::function<void(Frame &)> draw) : app(one_panel(std::move(draw))) {
    app.use_null_renderer();
    app.set_font(shipped_font());
    settle();
  }

  void settle() {
    for (int rest = 3, limit = 100; rest > 0 && limit > 0; --limit)
      rest = app.frame(400, 300, 1, time += 1.0 / 60) ? 3 : rest - 1;
  }

  const MirrorItem &named(std::string_view name) {
    static const MirrorItem kNone{.name = "(not mirrored)"};
    for (const MirrorItem &item : app.mirror().items())
      if (item.name == name) return item;
    return kNone;
  }

  double time = 0;
  CanvasApp app;
};

} // namespace

TEST_CASE("mirror: a button has a name, a rectangle, a role and its panel") {
  Bench bench([](Frame &) { ImGui::Button("Step##forward"); });
  REQUIRE(bench.app.mirror().items().size() == 1);
  const MirrorItem &step = bench.app.mirror().items()[0];
  CHECK(step.name == "Step");
  CHECK(step.role == Role::kButton);
  CHECK(step.focusable);
  CHECK_FALSE(step.rect.empty());
  CHECK(bench.app.mirror().groups()[step.group].name == "memblock.reserved");
}

TEST_CASE("mirror: roles and states of ImGui's widgets are recognised") {
  bool on = true;
  int order = 3;
  Bench bench([&](Frame &) {
    ImGui::Checkbox("bottom-up", &on);
    ImGui::SliderInt("order", &order, 0, 10);
    if (ImGui::TreeNode("node 0")) ImGui::TreePop();
    if (ImGui::BeginTabBar("era")) {
      for (const char *era : {"v6.1", "v2.6"})
        if (ImGui::BeginTabItem(era)) ImGui::EndTabItem();
      ImGui::EndTabBar();
    }
    ImGui::BeginDisabled();
    ImGui::Button("Back");
    ImGui::EndDisabled();
    ImGui::Text("text is the page's, not a control");
  });
  CHECK(bench.app.mirror().items().size() == 6);
  CHECK(bench.named("bottom-up").role == Role::kCheckbox);
  CHECK(bench.named("bottom-up").checked);
  CHECK(bench.named("order").role == Role::kSlider);
  CHECK(bench.named("order").takes_keys);
  CHECK(bench.named("node 0").role == Role::kDisclosure);
  CHECK_FALSE(bench.named("node 0").checked);
  CHECK(bench.named("v6.1").role == Role::kTab);
  CHECK(bench.named("v6.1").checked);
  CHECK_FALSE(bench.named("v2.6").checked);
  CHECK(bench.named("Back").disabled);
}

TEST_CASE("mirror: what is drawn by hand is there, cut to what can be seen") {
  Bench bench([](Frame &frame) {
    const Rect &area = frame.area;
    frame.mirror.item(7, {area.x, area.y, 5000, 20},
                      {.role = Role::kPicture, .name = "reserved", .description = "16 MiB"});
    frame.mirror.item(8, {area.x, 9000, 10, 10}, {.name = "out of sight"});
  });
  REQUIRE(bench.app.mirror().items().size() == 1);
  const MirrorItem &strip = bench.app.mirror().items()[0];
  CHECK(strip.rect.x + strip.rect.w <= 400);
  CHECK_FALSE(strip.focusable);
  CHECK(strip.description == "16 MiB");
}

TEST_CASE("mirror: a note completes the widget before it") {
  int order = 3;
  Bench bench([&](Frame &frame) {
    ImGui::SliderInt("order", &order, 0, 10);
    frame.mirror.annotate({.value = "order 3", .range = {0, 10, 3}});
    ImGui::InvisibleButton("##playhead", ImVec2(100, 12));
    frame.mirror.annotate({.role = Role::kSlider, .name = "time"});
  });
  CHECK(bench.named("order").value == "order 3");
  CHECK(bench.named("order").range == Range{0, 10, 3});
  CHECK(bench.named("time").role == Role::kSlider);
  CHECK(bench.named("time").takes_keys);
}

TEST_CASE("mirror: the generation counts changes, not frames") {
  bool on = false;
  Bench bench([&](Frame &) { ImGui::Checkbox("bottom-up", &on); });
  const std::uint32_t before = bench.app.mirror().generation();
  bench.settle();
  CHECK(bench.app.mirror().generation() == before);
  on = true;
  bench.settle();
  CHECK(bench.app.mirror().generation() == before + 1);
}

TEST_CASE("mirror: JSON escapes what a label may contain and leaves out what is empty") {
  Bench bench([](Frame &frame) {
    frame.mirror.item(7, {20, 60, 30, 20}, {.name = "a \"b\" \\ \n \xE2\x86\x92", .disabled = true});
    frame.mirror.item(9, {60, 60, 30, 20}, {.role = Role::kSlider, .name = "at", .range = {0, 1099511627776.0, 4096}});
  });
  CHECK(
      bench.app.mirror().to_json() ==
      R"({"groups":[{"id":"test","name":"memblock.reserved"}],"items":[)"
      R"({"id":7,"group":0,"role":"button","x":20,"y":60,"w":30,"h":20,"name":"a \"b\" \\ \u000a →","disabled":true,"focusable":true},)"
      R"({"id":9,"group":0,"role":"slider","x":60,"y":60,"w":30,"h":20,"name":"at","min":0,"max":1099511627776,"now":4096,)"
      R"("focusable":true,"keys":true}]})");
}

TEST_CASE("click: presses the item and leaves the pointer where it was") {
  int pressed = 0;
  bool on = false;
  Bench bench([&](Frame &) {
    if (ImGui::Button("Step")) ++pressed;
    ImGui::Checkbox("bottom-up", &on);
  });
  bench.app.pointer(350, 280, 0, false);
  bench.settle();
  CHECK(bench.app.click(bench.named("Step").id));
  CHECK(bench.app.click(bench.named("bottom-up").id));
  bench.settle();
  CHECK(pressed == 1);
  CHECK(on);
  CHECK(bench.app.io().MousePos.x == 350);
}

TEST_CASE("click: selects a tab, which ImGui wants to see hovered before it is pressed") {
  Bench bench([](Frame &) {
    if (ImGui::BeginTabBar("era")) {
      for (const char *era : {"v6.1", "v2.6"})
        if (ImGui::BeginTabItem(era)) ImGui::EndTabItem();
      ImGui::EndTabBar();
    }
  });
  bench.app.click(bench.named("v2.6").id);
  bench.settle();
  CHECK(bench.named("v2.6").checked);
  CHECK_FALSE(bench.named("v6.1").checked);
}

TEST_CASE("pointer: a press that is cancelled presses nothing") {
  int pressed = 0;
  Bench bench([&](Frame &) {
    if (ImGui::Button("Step")) ++pressed;
  });
  const Rect at = bench.named("Step").rect;
  bench.app.pointer(at.x + 5, at.y + 5, 1, true);
  bench.settle();
  bench.app.pointer_gone();
  bench.settle();
  CHECK(pressed == 0);
  bench.app.pointer(at.x + 5, at.y + 5, 1, true);
  bench.app.pointer(at.x + 5, at.y + 5, 0, true);
  bench.settle();
  CHECK(pressed == 1);
}

TEST_CASE("click: refuses what is disabled, a picture, or not there") {
  int pressed = 0;
  Bench bench([&](Frame &frame) {
    ImGui::BeginDisabled();
    if (ImGui::Button("Back")) ++pressed;
    ImGui::EndDisabled();
    frame.mirror.item(7, {20, 80, 30, 20}, {.role = Role::kPicture, .name = "reserved"});
  });
  CHECK_FALSE(bench.app.click(bench.named("Back").id));
  CHECK_FALSE(bench.app.click(7));
  CHECK_FALSE(bench.app.click(12345));
  bench.settle();
  CHECK(pressed == 0);
}

TEST_CASE("focus: the arrow keys move a slider of ImGui while it has focus, and only then") {
  int order = 3;
  Bench bench([&](Frame &) { ImGui::SliderInt("order", &order, 0, 10); });
  const auto press = [&](ImGuiKey key) {
    bench.app.io().AddKeyEvent(key, true);
    bench.app.io().AddKeyEvent(key, false);
    bench.settle();
  };
  press(ImGuiKey_RightArrow);
  CHECK(order == 3);
  bench.app.focus_item(bench.named("order").id);
  bench.settle();
  press(ImGuiKey_RightArrow);
  press(ImGuiKey_RightArrow);
  CHECK(order == 5);
  press(ImGuiKey_LeftArrow);
  CHECK(order == 4);
  bench.app.focus_item(0);
  bench.settle();
  press(ImGuiKey_RightArrow);
  CHECK(order == 4);
}

TEST_CASE("focus: a panel sees which of its items has focus") {
  std::uint32_t seen = 0;
  Bench bench([&](Frame &frame) {
    frame.mirror.item(7, {20, 60, 30, 20}, {.role = Role::kSlider, .name = "playhead"});
    seen = frame.focused;
  });
  bench.app.focus_item(7);
  bench.settle();
  CHECK(seen == 7);
}

TEST_CASE("frame: another one is wanted only while something moves") {
  bool moving = false;
  Bench bench([&](Frame &frame) {
    if (moving) frame.animate();
  });
  CHECK_FALSE(bench.app.frame(400, 300, 1, 10));
  moving = true;
  CHECK(bench.app.frame(400, 300, 1, 11));
}

TEST_CASE("frame: a canvas without a size draws nothing") {
  Bench bench([](Frame &) {});
  CHECK_FALSE(bench.app.frame(0, 300, 1, 10));
  CHECK_FALSE(bench.app.frame(400, 300, 0, 10));
}

TEST_CASE("layout: places the panels, an empty rectangle hides one, with its controls") {
  bool shown = true;
  Bench bench([](Frame &) { ImGui::Button("Step"); });
  bench.app.set_layout([&](float width, float height, float, std::span<Rect> places) {
    places[0] = shown ? Rect{40, 0, width - 40, height} : Rect{};
  });
  bench.settle();
  CHECK(bench.named("Step").rect.x >= 40);
  shown = false;
  bench.settle();
  CHECK(bench.app.mirror().items().empty());
}

TEST_CASE("pinch: reaches the panel once, two in one frame multiply") {
  std::vector<float> scales;
  Bench bench([&](Frame &frame) {
    if (frame.pinch.scale != 1) scales.push_back(frame.pinch.scale);
  });
  bench.app.pinch(2, 10, 10);
  bench.app.pinch(1.5f, 10, 10);
  bench.settle();
  CHECK(scales == std::vector<float>{3});
}

TEST_CASE("font: what is no TrueType file is refused") {
  Bench bench([](Frame &) {});
  const std::byte nonsense[64] = {};
  CHECK_FALSE(bench.app.set_font({}));
  CHECK_FALSE(bench.app.set_font(nonsense));
  CHECK(bench.app.has_font());
}

TEST_CASE("font: has the signs that the views print") {
  Bench bench([](Frame &) {});
  bench.app.io();
  for (const unsigned sign : {0x41U, 0xa0U, 0xb7U, 0xd7U, 0x2013U, 0x2014U, 0x2026U, 0x2190U, 0x2191U, 0x2192U, 0x2193U,
                              0x2264U, 0x2265U, 0x25b8U, 0x2713U, 0x2717U}) {
    CAPTURE(sign);
    CHECK(ImGui::GetIO().FontDefault->IsGlyphInFont(static_cast<ImWchar>(sign)));
  }
}

TEST_CASE("font: all characters are equally wide, and larger on a projector") {
  float narrow = 0, wide = 0;
  Bench bench([&](Frame &) {
    narrow = ImGui::CalcTextSize("iiii").x;
    wide = ImGui::CalcTextSize("MMMM").x;
  });
  CHECK(narrow == wide);
  const float once = wide;
  bench.app.set_scale(1.5f);
  bench.settle();
  CHECK(wide == doctest::Approx(once * 1.5f).epsilon(0.05));
}

TEST_CASE("font: can be replaced while running") {
  int pressed = 0;
  Bench bench([&](Frame &) {
    if (ImGui::Button("Step")) ++pressed;
  });
  CHECK(bench.app.set_font(shipped_font()));
  bench.settle();
  bench.app.click(bench.named("Step").id);
  bench.settle();
  CHECK(pressed == 1);
}

TEST_CASE("two canvases in one process do not see each other's controls") {
  Bench left([](Frame &) { ImGui::Button("left"); });
  Bench right([](Frame &) { ImGui::Button("right"); });
  left.settle();
  CHECK(left.app.mirror().items().size() == 1);
  CHECK(left.named("left").role == Role::kButton);
  CHECK(right.named("right").role == Role::kButton);
}
