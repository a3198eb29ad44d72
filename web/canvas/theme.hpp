// theme.hpp: the colours and sizes of the canvas, and Dear ImGui's style made of them.
//
// They are the tokens of web/tokens.json, which the page's CSS uses too; tokens.inc is generated from it. A Theme is a
// plain struct with a field a token, ready for a draw list:
//
//     draw_list->AddRectFilled(a, b, theme.reserved);
//     draw_list->AddText(at, on_fill(theme.reserved), "log buffer");
//
// Text on a coloured fill always takes on_fill(fill): of a near-black and white, the one that contrasts more. The black
// is so dark that one of the two reaches 4.5 on any fill whatever, so a shade made with mix() (free blocks by order)
// needs no care.
#pragma once

#include <cstdint>
#include <string_view>

#include "imgui.h"

namespace mmscope::canvas {

/// Packed as Dear ImGui wants it (IM_COL32).
using Color = ImU32;

constexpr Color rgb(std::uint32_t hex) { return IM_COL32((hex >> 16) & 255, (hex >> 8) & 255, hex & 255, 255); }

enum class ThemeKind : std::uint8_t { kDark, kLight, kContrast };

struct Theme {
#define MMSCOPE_COLOR(name, dark, light, contrast) Color name;
#include "canvas/tokens.inc"
};

/// Sizes in CSS pixels, before the scale of projector mode.
namespace size {
#define MMSCOPE_SIZE(name, px) inline constexpr float name = px;
#include "canvas/tokens.inc"
} // namespace size

/// CSS measures a font by its em square, Dear ImGui by its line: the ascent and descent of JetBrains Mono add up to
/// 1.32 em. For ImGui::PushFont(nullptr, font_size(size::mono_small)); ImGui multiplies by the scale itself.
constexpr float font_size(float em) { return em * 1.32f; }

const Theme &theme(ThemeKind kind);

/// "dark", "light" or "contrast", as in the page's data-theme; anything else is dark.
ThemeKind theme_from_name(std::string_view name);

/// WCAG 2 contrast ratio, 1 to 21.
float contrast(Color a, Color b);

Color on_fill(Color fill);

/// a at t = 0, b at t = 1, opaque.
Color mix(Color a, Color b, float t);

/// Sets every colour and size that a widget without own drawing uses.
void apply_theme(const Theme &theme, float scale, ImGuiStyle &style);

} // namespace mmscope::canvas
