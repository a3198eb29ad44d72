#include "canvas/theme.hpp"

#include <cmath>

namespace mmscope::canvas {
namespace {

constexpr Theme kThemes[] = {
    {
#define MMSCOPE_COLOR(name, dark, light, contrast) .name = rgb(dark),
#include "canvas/tokens.inc"
    },
    {
#define MMSCOPE_COLOR(name, dark, light, contrast) .name = rgb(light),
#include "canvas/tokens.inc"
    },
    {
#define MMSCOPE_COLOR(name, dark, light, contrast) .name = rgb(contrast),
#include "canvas/tokens.inc"
    },
};

float channel(Color color, int shift) { return static_cast<float>((color >> shift) & 255) / 255.0f; }

float linear(float c) { return c <= 0.04045f ? c / 12.92f : std::pow((c + 0.055f) / 1.055f, 2.4f); }

float luminance(Color color) {
  return 0.2126f * linear(channel(color, IM_COL32_R_SHIFT)) + 0.7152f * linear(channel(color, IM_COL32_G_SHIFT)) +
         0.0722f * linear(channel(color, IM_COL32_B_SHIFT));
}

} // namespace

const Theme &theme(ThemeKind kind) { return kThemes[static_cast<int>(kind)]; }

ThemeKind theme_from_name(std::string_view name) {
  return name == "light" ? ThemeKind::kLight : name == "contrast" ? ThemeKind::kContrast : ThemeKind::kDark;
}

float contrast(Color a, Color b) {
  const float la = luminance(a);
  const float lb = luminance(b);
  return la > lb ? (la + 0.05f) / (lb + 0.05f) : (lb + 0.05f) / (la + 0.05f);
}

Color on_fill(Color fill) {
#define MMSCOPE_ON_FILL(dark_ink, light_ink)                                                                           \
  return contrast(rgb(dark_ink), fill) >= contrast(rgb(light_ink), fill) ? rgb(dark_ink) : rgb(light_ink);
#include "canvas/tokens.inc"
}

Color mix(Color a, Color b, float t) {
  const auto blend = [&](int shift) {
    const float ca = channel(a, shift);
    return std::lround((ca + (channel(b, shift) - ca) * t) * 255.0f);
  };
  return IM_COL32(blend(IM_COL32_R_SHIFT), blend(IM_COL32_G_SHIFT), blend(IM_COL32_B_SHIFT), 255);
}

void apply_theme(const Theme &t, float scale, ImGuiStyle &style) {
  style = ImGuiStyle();
  style.WindowPadding = ImVec2(3 * size::space, 3 * size::space);
  style.FramePadding = ImVec2(3 * size::space, size::space);
  style.ItemSpacing = ImVec2(2 * size::space, size::space);
  style.ItemInnerSpacing = ImVec2(2 * size::space, size::space);
  style.CellPadding = ImVec2(2 * size::space, size::space / 2);
  style.WindowRounding = style.ChildRounding = style.PopupRounding = size::radius_panel;
  style.FrameRounding = style.GrabRounding = style.TabRounding = style.ScrollbarRounding = size::radius;
  style.WindowBorderSize = style.FrameBorderSize = style.PopupBorderSize = style.ChildBorderSize = 1;
  style.TabBarBorderSize = style.TabBarOverlineSize = 0;
  style.GrabMinSize = style.ScrollbarSize = 3 * size::space;
  style.WindowMinSize = ImVec2(1, 1); // the layout decides, on a telephone too
  style.ScaleAllSizes(scale);
  style.FontSizeBase = font_size(size::mono);
  style.FontScaleMain = scale;

  const auto set = [&](ImGuiCol slot, Color color) { style.Colors[slot] = ImGui::ColorConvertU32ToFloat4(color); };
  constexpr Color kNone = IM_COL32_BLACK_TRANS;
  const Color hovered = mix(t.panel, t.accent, 0.12f);
  const Color pressed = mix(t.panel, t.accent, 0.24f);
  for (int slot = 0; slot < ImGuiCol_COUNT; ++slot) set(slot, kNone); // what no rule below names is not drawn
  set(ImGuiCol_Text, t.ink);
  set(ImGuiCol_TextDisabled, t.dim);
  set(ImGuiCol_WindowBg, t.panel);
  set(ImGuiCol_PopupBg, t.panel);
  set(ImGuiCol_Border, t.line);
  for (const ImGuiCol slot : {ImGuiCol_FrameBg, ImGuiCol_Button, ImGuiCol_Tab}) set(slot, t.panel);
  for (const ImGuiCol slot :
       {ImGuiCol_FrameBgHovered, ImGuiCol_ButtonHovered, ImGuiCol_HeaderHovered, ImGuiCol_TabHovered})
    set(slot, hovered);
  for (const ImGuiCol slot : {ImGuiCol_FrameBgActive, ImGuiCol_ButtonActive, ImGuiCol_HeaderActive}) set(slot, pressed);
  for (const ImGuiCol slot : {ImGuiCol_Header, ImGuiCol_TabSelected}) set(slot, t.changed);
  for (const ImGuiCol slot : {ImGuiCol_CheckMark, ImGuiCol_SliderGrab, ImGuiCol_SliderGrabActive, ImGuiCol_NavCursor,
                              ImGuiCol_ScrollbarGrabHovered, ImGuiCol_ScrollbarGrabActive, ImGuiCol_SeparatorHovered,
                              ImGuiCol_SeparatorActive, ImGuiCol_ResizeGripHovered, ImGuiCol_ResizeGripActive})
    set(slot, t.accent);
  for (const ImGuiCol slot : {ImGuiCol_Separator, ImGuiCol_ScrollbarGrab, ImGuiCol_TableBorderLight,
                              ImGuiCol_TableBorderStrong, ImGuiCol_TreeLines})
    set(slot, t.line);
}

} // namespace mmscope::canvas
