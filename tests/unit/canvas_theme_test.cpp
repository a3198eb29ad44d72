// The tokens as C++ sees them, and what is computed from them at run time. Pairs of tokens are checked by the generator
// (web/hosting/tokens.mjs --check); here are the colours that only exist while drawing.
#include <doctest/doctest.h>

#include "canvas/theme.hpp"

using namespace mmscope::canvas;

namespace {

constexpr ThemeKind kThemes[] = {ThemeKind::kDark, ThemeKind::kLight, ThemeKind::kContrast};

Color opaque(const ImVec4 &color) { return ImGui::ColorConvertFloat4ToU32(ImVec4(color.x, color.y, color.z, 1)); }

} // namespace

TEST_CASE("contrast: the ratios of WCAG's own examples") {
  CHECK(contrast(rgb(0x000000), rgb(0xffffff)) == doctest::Approx(21));
  CHECK(contrast(rgb(0x777777), rgb(0xffffff)) == doctest::Approx(4.48).epsilon(0.01));
  CHECK(contrast(rgb(0x123456), rgb(0x123456)) == doctest::Approx(1));
}

TEST_CASE("on_fill: white on dark blue, near-black on orange") {
  CHECK(on_fill(theme(ThemeKind::kDark).memory) == rgb(0xffffff));
  CHECK(on_fill(theme(ThemeKind::kDark).reserved) == rgb(0x04060a));
}

TEST_CASE("on_fill: text reaches 4.5 on any grey, the hardest of which lies between the two inks") {
  for (std::uint32_t level = 0; level < 256; ++level) {
    const Color grey = rgb(level << 16 | level << 8 | level);
    CHECK(contrast(on_fill(grey), grey) >= 4.5f);
  }
}

TEST_CASE("on_fill: text on any shade between a fill and the panel reaches 4.5") {
  for (const ThemeKind kind : kThemes) {
    const Theme &t = theme(kind);
    for (const Color fill :
         {t.memory, t.reserved, t.kernel, t.mem_map, t.misc, t.free, t.hole, t.zone_dma, t.zone_dma32}) {
      for (int step = 0; step <= 10; ++step) {
        const Color shade = mix(fill, t.panel, static_cast<float>(step) / 10);
        CHECK(contrast(on_fill(shade), shade) >= 4.5f);
      }
    }
  }
}

TEST_CASE("mix: the ends are exact") {
  const Color a = rgb(0x2f6fb0), b = rgb(0xe69f00);
  CHECK(mix(a, b, 0) == a);
  CHECK(mix(a, b, 1) == b);
}

TEST_CASE("apply_theme: text keeps its contrast on every background a widget can have") {
  for (const ThemeKind kind : kThemes) {
    ImGuiStyle style;
    apply_theme(theme(kind), 1, style);
    const Color ink = opaque(style.Colors[ImGuiCol_Text]);
    for (const ImGuiCol slot : {ImGuiCol_WindowBg, ImGuiCol_Button, ImGuiCol_ButtonHovered, ImGuiCol_ButtonActive,
                                ImGuiCol_FrameBg, ImGuiCol_FrameBgHovered, ImGuiCol_FrameBgActive, ImGuiCol_Header,
                                ImGuiCol_HeaderHovered, ImGuiCol_Tab, ImGuiCol_TabHovered, ImGuiCol_TabSelected}) {
      CAPTURE(ImGui::GetStyleColorName(slot));
      CHECK(contrast(ink, opaque(style.Colors[slot])) >= 4.5f);
    }
  }
}

TEST_CASE("apply_theme: projector mode scales text and distances alike") {
  ImGuiStyle once, half_again;
  apply_theme(theme(ThemeKind::kDark), 1, once);
  apply_theme(theme(ThemeKind::kDark), 1.5f, half_again);
  CHECK(half_again.FontScaleMain == 1.5f);
  CHECK(half_again.WindowPadding.x == once.WindowPadding.x * 1.5f);
}

TEST_CASE("theme_from_name: the names of data-theme, an unknown one is dark") {
  CHECK(theme_from_name("light") == ThemeKind::kLight);
  CHECK(theme_from_name("contrast") == ThemeKind::kContrast);
  CHECK(theme_from_name("dark") == ThemeKind::kDark);
  CHECK(theme_from_name("") == ThemeKind::kDark);
}
