#include "canvas/widgets/paint.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace mmscope::canvas {
namespace {

/// A translucent shade of the background: patterns are holes in the colour.
Color veil(const Theme &theme, float alpha) {
  return (theme.background & ~IM_COL32_A_MASK) | (static_cast<Color>(alpha * 255.0f) << IM_COL32_A_SHIFT);
}

void hatch(ImDrawList &list, const Rect &r, Color color) {
  constexpr float step = 7;
  list.PushClipRect({r.x, r.y}, {r.x + r.w, r.y + r.h}, true);
  // Anchored to the screen, so that neighbours match.
  for (float x = std::floor((r.x - r.h) / step) * step; x < r.x + r.w; x += step)
    list.AddLine({x, r.y + r.h}, {x + r.h, r.y}, color, 1.6f);
  list.PopClipRect();
}

void dots(ImDrawList &list, const Rect &r, Color color) {
  constexpr float step = 6;
  for (float y = r.y + step / 2; y < r.y + r.h; y += step)
    for (float x = std::ceil(r.x / step) * step + step / 2; x < r.x + r.w - 1; x += step)
      list.AddRectFilled({x, y}, {x + 1.6f, y + 1.6f}, color);
}

} // namespace

Fill owner_fill(const Theme &theme, OwnerKind kind) {
  switch (kind) {
  case OwnerKind::kernel: return {theme.kernel, Pattern::hatch};
  case OwnerKind::mem_map: return {theme.mem_map, Pattern::dots};
  case OwnerKind::misc: return {theme.misc, Pattern::plain};
  case OwnerKind::reserved: break;
  }
  return {theme.reserved, Pattern::plain};
}

Color zone_color(const Theme &theme, std::string_view name) {
  if (name == "DMA") return theme.zone_dma;
  if (name == "DMA32") return theme.zone_dma32;
  if (name == "HighMem") return theme.zone_highmem;
  if (name == "Movable") return theme.zone_movable;
  return theme.zone_normal;
}

Color free_color(const Theme &theme, unsigned order, unsigned max_order) {
  const float t = max_order == 0 ? 1 : static_cast<float>(order) / static_cast<float>(max_order);
  return mix(theme.hole, theme.free, 0.45f + 0.55f * t);
}

void paint(ImDrawList &list, const Rect &r, Color color, float radius) {
  list.AddRectFilled({r.x, r.y}, {r.x + r.w, r.y + r.h}, color, radius);
}

void frame_of(ImDrawList &list, const Rect &r, float out, Color color, float radius, float thick) {
  list.AddRect({r.x - out, r.y - out}, {r.x + r.w + out, r.y + r.h + out}, color, radius, 0, thick);
}

void fill_rect(ImDrawList &list, const Theme &theme, const Rect &r, const Fill &fill, float radius) {
  if (r.empty()) return;
  if (fill.pattern == Pattern::outline) {
    frame_of(list, r, -0.5f, fill.color, radius);
    return;
  }
  paint(list, r, fill.color, std::min(radius, r.w / 2));
  if (r.w < 5) return; // a pattern needs room to be one
  if (fill.pattern == Pattern::hatch) hatch(list, r, veil(theme, 0.30f));
  if (fill.pattern == Pattern::dots) dots(list, r, veil(theme, 0.45f));
}

float text_width(const Frame &frame, std::string_view text, float size) {
  return ImGui::GetFont()
      ->CalcTextSizeA(font_size(size) * frame.scale, 1e9f, 0, text.data(), text.data() + text.size())
      .x;
}

void put_text(const Frame &frame, ImDrawList &list, float x, float y, Color color, std::string_view text, float size) {
  list.AddText(ImGui::GetFont(), font_size(size) * frame.scale, {frame.snap(x), frame.snap(y)}, color, text.data(),
               text.data() + text.size());
}

float middle(const Frame &frame, float y, float height, float size) {
  return y + (height - font_size(size) * frame.scale) / 2;
}

void put_right(const Frame &frame, ImDrawList &list, float x, float y, Color color, std::string_view text, float size) {
  put_text(frame, list, x - text_width(frame, text, size), y, color, text, size);
}

float put_fitting(const Frame &frame, ImDrawList &list, float x, float y, float width, Color color,
                  std::string_view text, float size) {
  const float whole = text_width(frame, text, size);
  if (whole <= width) {
    put_text(frame, list, x, y, color, text, size);
    return whole;
  }
  // The font has one width, so the cut can be computed; a cut never splits a UTF-8 character.
  const float advance = text_width(frame, "0", size);
  auto fits = static_cast<std::size_t>(std::max(width / advance - 1, 0.0f));
  std::size_t cut = 0;
  for (std::size_t seen = 0; cut < text.size() && seen < fits; ++seen) do
      ++cut;
    while (cut < text.size() && (static_cast<unsigned char>(text[cut]) & 0xc0) == 0x80);
  if (fits < 3) return 0;
  std::string s(text.substr(0, cut));
  s += "…";
  put_text(frame, list, x, y, color, s, size);
  return text_width(frame, s, size);
}

float put_wrapped(const Frame &frame, ImDrawList &list, float x, float y, float width, Color color,
                  std::string_view text, float size) {
  const float advance = std::max(text_width(frame, "0", size), 1.0f); // one for all characters
  const auto room = static_cast<std::size_t>(std::max(width / advance, 1.0f));
  while (!text.empty()) {
    std::size_t cut = text.size();
    if (cut > room) {
      cut = text.rfind(' ', room);
      if (cut == std::string_view::npos) cut = std::min(text.find(' '), text.size());
    }
    put_fitting(frame, list, x, y, width, color, text.substr(0, cut), size);
    text.remove_prefix(std::min(cut + 1, text.size()));
    y += (size + 5) * frame.scale;
  }
  return y;
}

bool narrow(const Frame &frame) { return ImGui::GetIO().DisplaySize.x < 600 * frame.scale; }

void put_label(const Frame &frame, ImDrawList &list, const Rect &r, Color fill, std::string_view text, float size) {
  const float w = text_width(frame, text, size);
  if (w <= r.w) put_text(frame, list, r.x + (r.w - w) / 2, middle(frame, r.y, r.h, size), on_fill(fill), text, size);
}

bool press_area(const Rect &r, const char *name, u64 n) {
  ImGui::SetCursorScreenPos({r.x, r.y});
  // Two halves: a pointer of wasm has 32 bits.
  ImGui::PushID(static_cast<int>(n >> 32));
  ImGui::PushID(static_cast<int>(n));
  const bool pressed = ImGui::InvisibleButton(name, {std::max(r.w, 1.0f), std::max(r.h, 1.0f)});
  ImGui::PopID();
  ImGui::PopID();
  return pressed;
}

bool chip(Frame &frame, ImDrawList &list, float &x, float y, std::string_view label, std::string_view name, Role role,
          bool on, Color mark) {
  const float s = frame.scale;
  const float tall = narrow(frame) ? size::target * s : 20 * s;
  const Rect touch{x, y - (tall - 20 * s) / 2, text_width(frame, label, size::mono_small) + 16 * s, tall};
  const Rect r{x, y, touch.w, 20 * s};
  const std::string id(name);
  const bool pressed = press_area(touch, id.c_str(), 0);
  frame.mirror.annotate({.role = role, .name = name, .checked = on});
  if (on || ImGui::IsItemHovered()) paint(list, r, frame.theme.hole, 5);
  list.AddRectFilled({r.x + 6 * s, r.y + r.h - 3 * s}, {r.x + r.w - 6 * s, r.y + r.h - s},
                     on ? mark : frame.theme.hole);
  put_text(frame, list, r.x + 8 * s, middle(frame, r.y - 2 * s, r.h, size::mono_small),
           on ? frame.theme.ink : frame.theme.dim, label, size::mono_small);
  x += r.w + 4 * s;
  return pressed;
}

void frame_selected(const Frame &frame, ImDrawList &list, const Rect &r) {
  const float x0 = frame.snap(r.x), y0 = frame.snap(r.y), x1 = frame.snap(r.x + r.w), y1 = frame.snap(r.y + r.h);
  list.AddRect({x0 - 2, y0 - 2}, {x1 + 2, y1 + 2}, frame.theme.background, 3, 0, 4);
  list.AddRect({x0 - 2, y0 - 2}, {x1 + 2, y1 + 2}, frame.theme.ink, 3, 0, 2);
}

void outline(const Frame &frame, ImDrawList &list, const Rect &r, Color color) {
  const float w = size::outline;
  list.AddRect({frame.snap(r.x) - w, frame.snap(r.y) - w}, {frame.snap(r.x + r.w) + w, frame.snap(r.y + r.h) + w},
               color, 3, 0, w);
}

Columns::Columns(const Frame &frame, ImDrawList &list, const Rect &area, const Axis &axis)
    : frame_(frame), list_(list), area_(area), axis_(axis) {}

Rect Columns::place(double base, double end, float least) const {
  float x0 = axis_.x_of(base, area_.x, area_.w), x1 = axis_.x_of(end, area_.x, area_.w);
  if (x1 < area_.x || x0 > area_.x + area_.w || end <= base) return {};
  if (x1 - x0 < least) {
    const float middle = (x0 + x1) / 2;
    x0 = middle - least / 2;
    x1 = middle + least / 2;
  }
  x0 = std::max(x0, area_.x);
  x1 = std::min(x1, area_.x + area_.w);
  return {x0, area_.y, x1 - x0, area_.h};
}

void Columns::add(u64 base, u64 end, const Fill &fill) {
  const float x0 = std::max(axis_.x_of(static_cast<double>(base), area_.x, area_.w), area_.x);
  const float x1 = std::min(axis_.x_of(static_cast<double>(end), area_.x, area_.w), area_.x + area_.w);
  if (x1 <= x0) return;
  const float pixel = 1 / frame_.dpr;
  // Whole columns are drawn at once; the one at either end may have to be shared with a neighbour.
  const float first = std::floor(x0 / pixel) * pixel, last = std::floor(x1 / pixel) * pixel;
  const auto share = [&](float column, float width) {
    if (column != column_) {
      flush();
      column_ = column;
    }
    ++things_;
    const auto at = std::find_if(shares_.begin(), shares_.end(), [&](const Share &s) { return s.fill == fill; });
    if (at == shares_.end())
      shares_.push_back({fill, width});
    else
      at->width += width;
  };
  if (first == last) {
    share(first, x1 - x0);
    hides_ = true;
    return;
  }
  if (x0 > first) share(first, first + pixel - x0);
  const float whole = x0 > first ? first + pixel : first;
  if (last > whole) {
    flush();
    fill_rect(list_, frame_.theme, {whole, area_.y, last - whole, area_.h}, fill, last - whole > 6 ? 2.0f : 0.0f);
  }
  if (x1 > last) share(last, x1 - last);
}

void Columns::flush() {
  // A mixed pixel shows what it is a mixture of, the larger share above: never one at the cost of the other.
  if (shares_.empty()) return;
  for (std::size_t i = 1; i < shares_.size(); ++i) // a handful: sorted by hand, which std::sort would do in a kilobyte
    for (std::size_t j = i; j > 0 && shares_[j].width > shares_[j - 1].width; --j)
      std::swap(shares_[j], shares_[j - 1]);
  float sum = 0;
  for (const Share &s : shares_) sum += s.width;
  float y = area_.y;
  for (std::size_t i = 0; i < shares_.size(); ++i) {
    const float h = i + 1 == shares_.size() ? area_.y + area_.h - y : std::round(area_.h * shares_[i].width / sum);
    if (h > 0) list_.AddRectFilled({column_, y}, {column_ + 1 / frame_.dpr, y + h}, shares_[i].fill.color);
    y += h;
  }
  if (hides_ && things_ > 1) {
    const float pixel = 1 / frame_.dpr;
    // A tooth on every other one of neighbours.
    if (column_ - mixed_ > 1.5f * pixel) {
      mixed_ = column_;
      const float tooth = std::min(4.0f, area_.h / 4), foot = area_.y + area_.h;
      list_.AddRectFilled({column_, foot - tooth - 1}, {column_ + pixel, foot}, frame_.theme.background);
      list_.AddRectFilled({column_, foot - tooth}, {column_ + pixel, foot}, frame_.theme.ink);
    }
  }
  shares_.clear();
  things_ = 0;
  hides_ = false;
}

void Columns::finish() { flush(); }

} // namespace mmscope::canvas
