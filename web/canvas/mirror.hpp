// mirror.hpp: what is on the canvas, as data. A screen reader, a keyboard and a browser test cannot see pixels, so the
// page keeps a real DOM control over each item listed here (web/page/mirror.ts).
//
//      ImGui widgets ──hooks──►┐
//                              ├─► Mirror: items() + generation() ──► to_json() ──► <button>, role=slider, ...
//      custom drawing ─item()─►┘                                                        │ click, focus, arrow keys
//                        CanvasApp::click(id), focus_item(id), io().AddKeyEvent  ◄──────┘
//
// Widgets of Dear ImGui are seen by themselves: with IMGUI_ENABLE_TEST_ENGINE it reports id, rectangle, label and
// checked state of each one to four hook functions, which mirror.cpp implements. What ImGui does not know is added
// right after the widget; what is drawn by hand is reported whole:
//
//     ImGui::SliderInt("order", &order, 0, 10);
//     frame.mirror.annotate({.value = "order 3", .range = {0, 10, 3}});
//
//     frame.mirror.item(ImGui::GetID("log buffer"), rect,
//                       {.role = Role::kButton, .name = "log buffer", .description = "18 MiB reserved at 0x3eca0000"});
//
// Items are in order of submission, which is the focus order: draw in reading order. generation() changes only when
// something a reader could notice changed, so an idle or merely repainted canvas costs the page nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

struct ImGuiContext;
struct ImGuiLastItemData;

namespace mmscope::canvas {

/// In CSS pixels, from the canvas' top left corner.
struct Rect {
  float x = 0, y = 0, w = 0, h = 0;

  bool empty() const { return w <= 0 || h <= 0; }
  bool operator==(const Rect &) const = default;
};

/// kPicture is drawing with a name and a description that is not operated; kDisclosure opens and closes something.
enum class Role : std::uint8_t { kAuto, kButton, kCheckbox, kRadio, kTab, kSlider, kDisclosure, kPicture };

struct Range {
  double min = 0, max = 0, now = 0;
  bool operator==(const Range &) const = default;
};

/// Said by the author of a panel. Empty fields leave what ImGui reported.
struct Note {
  Role role = Role::kAuto;
  std::string_view name = {};
  std::string_view value = {};       ///< a slider's value in words ("0x3dc00000")
  std::string_view description = {}; ///< read after the name
  Range range = {};                  ///< for sliders
  bool checked = false;              ///< checkbox and radio: on; tab: selected; disclosure: open
  bool disabled = false;
  bool takes_keys = false; ///< arrows, Home, End and Page keys come to the canvas while it has focus; sliders always
};

struct MirrorItem {
  std::uint32_t id = 0;
  std::uint32_t group = 0; ///< index into groups()
  Rect rect;               ///< the visible part, whole pixels
  Role role = Role::kButton;
  bool checked = false;
  bool disabled = false;
  bool focusable = true;
  bool takes_keys = false;
  bool imgui_slider = false; ///< Dear ImGui's own slider, which moves by keys only while it is active
  Range range;
  std::string name, value, description;

  bool operator==(const MirrorItem &) const = default;
};

/// One panel.
struct MirrorGroup {
  std::string id, name;
  bool operator==(const MirrorGroup &) const = default;
};

class Mirror {
public:
  /// The frame that is being built goes between these two; the readers below see the last complete one.
  void begin_frame();
  void end_frame();

  /// What follows belongs to this panel.
  void begin_group(std::string_view id, std::string_view name);

  /// More about the ImGui widget just submitted.
  void annotate(const Note &note);

  /// Something drawn by hand. The part outside the current clip rectangle is cut off; nothing left, nothing mirrored.
  void item(std::uint32_t id, const Rect &rect, const Note &note);

  const std::vector<MirrorItem> &items() const { return shown_.items; }
  const std::vector<MirrorGroup> &groups() const { return shown_.groups; }
  const MirrorItem *find(std::uint32_t id) const;
  std::uint32_t generation() const { return generation_; }

  /// {"groups":[{"id","name"}],"items":[{"id","group","role","x","y","w","h","name", ...}]}; what is false, empty or
  /// zero is left out.
  std::string to_json() const;

  /// Called by the hooks only.
  void on_item_add(ImGuiContext &g, std::uint32_t id, const Rect &rect, const ImGuiLastItemData *data);
  void on_item_info(ImGuiContext &g, std::uint32_t id, const char *label, int status_flags);

private:
  struct List {
    std::vector<MirrorItem> items;
    std::vector<MirrorGroup> groups;
    bool operator==(const List &) const = default;
  };

  MirrorItem &item_of_frame(std::uint32_t id);
  static void apply(const Note &note, MirrorItem &item);

  List building_;
  List shown_;
  std::uint32_t generation_ = 0;
};

} // namespace mmscope::canvas
