// panels_bench.hpp: the lab's canvas without a browser, for tests: a machine that has booted, drawn and pressed.
//
//     Bench b("qemu-1g");
//     b.call("alloc_pages GFP_KERNEL order=3 -> p");
//     b.draw();
//     b.press("pageblocks");
#pragma once

#include "canvas/lab_app.hpp"

#include "io/script_text.hpp"
#include "lab/presets.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace mmscope::canvas {

inline std::vector<std::byte> page_font() {
  std::ifstream file(MMSCOPE_TEST_DATA "/../../web/canvas/assets/JetBrainsMono-subset.ttf", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const auto *data = reinterpret_cast<const std::byte *>(bytes.data());
  return {data, data + bytes.size()};
}

inline std::unique_ptr<Lab> booted(const char *preset) {
  auto lab = std::make_unique<Lab>(make_script(*find_preset(preset)));
  while (!lab->prepare(16)) {}
  return lab;
}

/// The position right after the first call of an op.
inline u64 after(const Lab &lab, Op op) {
  const auto &all = lab.script().commands;
  const auto at = std::find_if(all.begin(), all.end(), [&](const Command &c) { return c.op == op; });
  return static_cast<u64>(at - all.begin()) + 1;
}

struct Bench {
  Desk desk;
  CanvasApp app{make_panels(desk)};
  double time = 0;

  explicit Bench(const char *preset) {
    desk.put(booted(preset));
    app.set_layout(layout_of(desk));
    REQUIRE(app.set_font(page_font()));
    app.use_null_renderer();
  }
  Lab &lab() { return *desk.lab; }
  /// Makes a call of one's own behind what has happened; its result.
  u64 call(std::string_view line) {
    ParsedCommand typed = parse_command(line, lab().bindings());
    REQUIRE_MESSAGE(typed.command.has_value(), typed.error.reason);
    if (!typed.bind_name.empty()) typed.command->bind = lab().binding_slot(typed.bind_name);
    const Result r = lab().branch(*typed.command);
    REQUIRE_MESSAGE(r.ok(), r.error);
    return r.value;
  }
  void draw(float width = 950, float height = 752) {
    for (int i = 0; i < 4; ++i) app.frame(width, height, 1, time += 0.016);
  }
  const MirrorItem *named(std::string_view begin) const {
    for (const MirrorItem &item : app.mirror().items())
      if (item.name.starts_with(begin)) return &item;
    return nullptr;
  }
  void press(std::string_view name) {
    const MirrorItem *item = named(name);
    REQUIRE_MESSAGE(item != nullptr, std::string(name));
    app.focus_item(item->id);
    REQUIRE(app.click(item->id));
    draw();
  }
  void key(ImGuiKey key) {
    app.io().AddKeyEvent(key, true);
    draw();
    app.io().AddKeyEvent(key, false);
    draw();
  }
};

} // namespace mmscope::canvas
