#include "canvas/widgets/scroller.hpp"

#include <algorithm>
#include <string>

#include "base/text.hpp"
#include "imgui.h"

namespace mmscope::canvas {

float Scroller::begin(Frame &frame, const Rect &place, float content, const char *name) {
  const float most = std::max(content - place.h, 0.0f);
  if (!wanted_.empty()) {
    offset_ = std::clamp(offset_, wanted_.y + wanted_.h - place.h, std::max(wanted_.y, 0.0f));
    wanted_ = {};
  }
  if (most > 0) {
    ImGui::SetCursorScreenPos({place.x + place.w - 9 * frame.scale, place.y});
    ImGui::PushID(name);
    ImGui::InvisibleButton("##scroll", {9 * frame.scale, std::max(place.h, 1.0f)});
    ImGui::PopID();
    const auto id = ImGui::GetItemID();
    const ImGuiIO &io = ImGui::GetIO();
    const std::string label = concat(name, ", scroll");
    const double share = static_cast<double>(offset_ / most * 100);
    const std::string percent = concat(static_cast<u64>(share), " %");
    frame.mirror.annotate({.role = Role::kSlider, .name = label, .value = percent, .range = {0, 100, share}});
    const float line = 18 * frame.scale;
    if (ImGui::IsItemActive()) {
      const float thumb = place.h * place.h / content;
      offset_ = (io.MousePos.y - place.y - thumb / 2) / std::max(place.h - thumb, 1.0f) * most;
    }
    if (ImGui::IsMouseHoveringRect({place.x, place.y}, {place.x + place.w, place.y + place.h}, false))
      offset_ -= io.MouseWheel * 3 * line;
    if (frame.focused == id) {
      const auto pressed = [](ImGuiKey key) { return ImGui::IsKeyPressed(key, false); };
      if (pressed(ImGuiKey_DownArrow) || pressed(ImGuiKey_RightArrow)) offset_ += line;
      if (pressed(ImGuiKey_UpArrow) || pressed(ImGuiKey_LeftArrow)) offset_ -= line;
      if (pressed(ImGuiKey_PageDown)) offset_ += place.h;
      if (pressed(ImGuiKey_PageUp)) offset_ -= place.h;
      if (pressed(ImGuiKey_Home)) offset_ = 0;
      if (pressed(ImGuiKey_End)) offset_ = most;
    }
  }
  offset_ = std::clamp(offset_, 0.0f, most);
  if (most > 0) {
    ImDrawList &list = *ImGui::GetWindowDrawList();
    const float thumb = std::max(place.h * place.h / content, 16.0f);
    const float y = place.y + offset_ / most * (place.h - thumb), x = place.x + place.w - 5 * frame.scale;
    list.AddRectFilled({x, place.y}, {x + 4 * frame.scale, place.y + place.h}, frame.theme.hole, 2);
    list.AddRectFilled({x, y}, {x + 4 * frame.scale, y + thumb}, frame.theme.dim, 2);
  }
  ImGui::PushClipRect({place.x - 3, place.y}, {place.x + place.w + 3, place.y + place.h}, true);
  return frame.snap(place.y - offset_);
}

void Scroller::end() { ImGui::PopClipRect(); }

} // namespace mmscope::canvas
