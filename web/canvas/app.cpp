#include "canvas/app.hpp"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <utility>

#include "imgui.h"
#include "imgui_internal.h"

namespace mmscope::canvas {
namespace {

void rows(float width, float height, float /*scale*/, std::span<Rect> places) {
  const float each = height / static_cast<float>(places.size());
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = {0, static_cast<float>(i) * each, width, each};
}

/// "true", "OTTO", or the version number 1.0 that the TrueType format prescribes.
bool is_truetype(std::span<const std::byte> file) {
  constexpr std::size_t kHeader = 12;
  if (file.size() < kHeader) return false;
  const auto at = [&](std::size_t i) { return std::to_integer<char>(file[i]); };
  return (at(0) == 0 && at(1) == 1 && at(2) == 0 && at(3) == 0) ||
         (at(0) == 't' && at(1) == 'r' && at(2) == 'u' && at(3) == 'e');
}

/// Dear ImGui wants each texture request answered by a renderer; this one says yes and does nothing.
void acknowledge_textures() {
  for (ImTextureData *texture : ImGui::GetPlatformIO().Textures) {
    if (texture->Status == ImTextureStatus_WantDestroy) {
      texture->SetTexID(ImTextureID_Invalid);
      texture->SetStatus(ImTextureStatus_Destroyed);
    } else if (texture->Status != ImTextureStatus_Destroyed) {
      texture->SetTexID(1);
      texture->SetStatus(ImTextureStatus_OK);
    }
  }
}

} // namespace

float Frame::snap(float css) const { return std::round(css * dpr) / dpr; }

void Panel::head(Frame &) { ImGui::TextUnformatted(title()); }

CanvasApp::CanvasApp(std::vector<std::unique_ptr<Panel>> panels)
    : panels_(std::move(panels)), places_(panels_.size()), layout_(rows), context_(ImGui::CreateContext()) {
  ImGuiIO &io = this->io();
  io.IniFilename = nullptr;
  io.LogFilename = nullptr;
  io.ConfigFlags |= ImGuiConfigFlags_NoMouseCursorChange; // the page sets the cursor
  context_->TestEngine = &mirror_;
  context_->TestEngineHookItems = true;
  set_theme(theme_);
}

CanvasApp::~CanvasApp() {
  if (null_renderer_) {
    io();
    for (ImTextureData *texture : ImGui::GetPlatformIO().Textures) texture->SetStatus(ImTextureStatus_Destroyed);
  }
  ImGui::DestroyContext(context_);
}

void CanvasApp::set_layout(Layout layout) { layout_ = std::move(layout); }

void CanvasApp::set_theme(ThemeKind kind) {
  io();
  theme_ = kind;
  apply_theme(theme(kind), scale_, ImGui::GetStyle());
}

void CanvasApp::set_scale(float scale) {
  scale_ = std::clamp(scale, 0.5f, 4.0f);
  set_theme(theme_);
}

bool CanvasApp::set_font(std::span<const std::byte> ttf) {
  if (!is_truetype(ttf)) return false;
  ImFontAtlas &atlas = *io().Fonts;
  std::vector<std::byte> bytes(ttf.begin(), ttf.end());
  ImFontConfig config;
  config.FontDataOwnedByAtlas = false;
  config.PixelSnapH = true; // one width for all characters in whole pixels: columns align and stems stay sharp
  ImFont *font =
      atlas.AddFontFromMemoryTTF(bytes.data(), static_cast<int>(bytes.size()), font_size(size::mono), &config);
  if (font == nullptr) return false;
  for (ImFont *other : std::vector<ImFont *>(atlas.Fonts.begin(), atlas.Fonts.end()))
    if (other != font) atlas.RemoveFont(other);
  ImGui::GetIO().FontDefault = font;
  font_ = std::move(bytes); // the buffer moves along, the atlas keeps pointing at it
  return true;
}

bool CanvasApp::frame(float width_css, float height_css, float dpr, double time_s) {
  if (!(width_css >= 1 && height_css >= 1 && dpr > 0)) return false;
  ImGuiIO &io = this->io();
  io.DisplaySize = ImVec2(width_css, height_css);
  io.DisplayFramebufferScale = ImVec2(dpr, dpr);
  // A canvas that is drawn on demand sleeps for minutes; ImGui's own timers shall not take that for one slow frame.
  io.DeltaTime = std::clamp(static_cast<float>(time_s - last_time_), 0.001f, 0.05f);
  last_time_ = time_s;

  layout_(width_css, height_css, scale_, places_);
  Frame frame{.theme = theme(theme_),
              .mirror = mirror_,
              .time = time_s,
              .scale = scale_,
              .dpr = dpr,
              .still = still_,
              .pinch = std::exchange(pinch_, Pinch{}),
              .focused = focused_};
  mirror_.begin_frame();
  ImGui::NewFrame();
  ImGui::GetBackgroundDrawList()->AddRectFilled(ImVec2(), io.DisplaySize, frame.theme.background);
  for (std::size_t i = 0; i < panels_.size(); ++i)
    if (!places_[i].empty()) draw_panel(*panels_[i], places_[i], frame);
  ImGui::Render();
  mirror_.end_frame();
  if (null_renderer_) acknowledge_textures();

  // Dear ImGui spreads fast input over several frames (a click is down, then up), so the queue must run dry first.
  return frame.animating || context_->InputEventsQueue.Size > 0;
}

void CanvasApp::draw_panel(Panel &panel, const Rect &place, Frame &frame) {
  constexpr ImGuiWindowFlags kPlain = ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                                      ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoBringToFrontOnFocus |
                                      ImGuiWindowFlags_NoNav | ImGuiWindowFlags_NoScrollWithMouse;
  const bool card = panel.card();
  mirror_.begin_group(panel.id(), panel.title());
  ImGui::SetNextWindowPos(ImVec2(place.x, place.y));
  ImGui::SetNextWindowSize(ImVec2(place.w, place.h));
  if (!card) ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2());
  if (ImGui::Begin(panel.id(), nullptr, card ? kPlain : kPlain | ImGuiWindowFlags_NoBackground)) {
    if (card) {
      panel.head(frame);
      ImGui::Dummy(ImVec2(0, size::space * scale_));
    }
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const ImVec2 room = ImGui::GetContentRegionAvail();
    frame.area = {at.x, at.y, room.x, room.y};
    panel.draw(frame);
  }
  ImGui::End();
  if (!card) ImGui::PopStyleVar();
}

ImGuiIO &CanvasApp::io() {
  ImGui::SetCurrentContext(context_);
  return ImGui::GetIO();
}

void CanvasApp::pointer(float x, float y, int buttons, bool touch) {
  ImGuiIO &io = this->io();
  io.AddMouseSourceEvent(touch ? ImGuiMouseSource_TouchScreen : ImGuiMouseSource_Mouse);
  io.AddMousePosEvent(x, y);
  // A press can come together with the movement that led there, but a widget is pressed only if it was hovered before.
  // ImGui puts a frame in between for touch screens; mice moved by software need it as well.
  io.AddMouseSourceEvent(ImGuiMouseSource_TouchScreen);
  for (int button = 0; button < 3; ++button)
    if (((buttons ^ buttons_) >> button) & 1) io.AddMouseButtonEvent(button, (buttons >> button) & 1);
  buttons_ = buttons;
}

void CanvasApp::pointer_gone() { pointer(-FLT_MAX, -FLT_MAX, 0, false); }

bool CanvasApp::click(std::uint32_t id) {
  const MirrorItem *item = mirror_.find(id);
  if (item == nullptr || item->disabled || !item->focusable) return false;
  const ImVec2 back = io().MousePos;
  const float x = item->rect.x + item->rect.w / 2;
  const float y = item->rect.y + item->rect.h / 2;
  pointer(x, y, 1, false);
  pointer(x, y, 0, false);
  pointer(back.x, back.y, 0, false);
  return true;
}

void CanvasApp::focus_item(std::uint32_t id) {
  io();
  // A slider of Dear ImGui follows the arrow keys only while it is active, which a keyboard makes it here. A slider
  // drawn by hand (an invisible button) would take the activation for a press; it asks for frame.focused instead.
  if (context_->ActiveId == focused_ && !context_->IO.MouseDown[0]) ImGui::ClearActiveID();
  focused_ = id;
  const MirrorItem *item = mirror_.find(id);
  if (item != nullptr && item->imgui_slider) ImGui::ActivateItemByID(id);
}

void CanvasApp::pinch(float scale, float x, float y) { pinch_ = {pinch_.scale * scale, x, y}; }

void CanvasApp::use_null_renderer() {
  null_renderer_ = true;
  io().BackendFlags |= ImGuiBackendFlags_RendererHasTextures;
}

} // namespace mmscope::canvas
