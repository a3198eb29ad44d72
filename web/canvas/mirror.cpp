#include "canvas/mirror.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <utility>

#include "imgui.h"
#include "imgui_internal.h"

#ifndef IMGUI_ENABLE_TEST_ENGINE
#error "Dear ImGui and everything that uses it must be built with -DIMGUI_ENABLE_TEST_ENGINE"
#endif

namespace mmscope::canvas {
namespace {

/// Whole pixels, so that a scroll by a fraction of one is not a change.
Rect visible_part(const Rect &r, const ImRect &clip) {
  const float x0 = std::round(std::max(r.x, clip.Min.x));
  const float y0 = std::round(std::max(r.y, clip.Min.y));
  const float x1 = std::round(std::min(r.x + r.w, clip.Max.x));
  const float y1 = std::round(std::min(r.y + r.h, clip.Max.y));
  return {x0, y0, x1 - x0, y1 - y0};
}

/// "Step##2" is named Step; "##strip", an invisible button, is named by its id for want of anything better.
std::string_view visible_label(std::string_view label) {
  const std::size_t hashes = label.find("##");
  if (hashes != 0) return label.substr(0, hashes);
  return label.substr(std::min(label.find_first_not_of('#'), label.size()));
}

const char *role_name(Role role) {
  switch (role) {
  case Role::kAuto:
  case Role::kButton: return "button";
  case Role::kCheckbox: return "checkbox";
  case Role::kRadio: return "radio";
  case Role::kTab: return "tab";
  case Role::kSlider: return "slider";
  case Role::kDisclosure: return "disclosure";
  case Role::kPicture: return "picture";
  }
  return "button";
}

/// A JSON object under construction.
class JsonObject {
public:
  explicit JsonObject(std::string &out) : out_(out) { out_ += '{'; }
  ~JsonObject() { out_ += '}'; }

  void text(std::string_view key, std::string_view value) {
    begin(key);
    out_ += '"';
    for (const char c : value) {
      constexpr char kHex[] = "0123456789abcdef";
      const auto u = static_cast<unsigned char>(c);
      if (u < 0x20) {
        out_ += "\\u00";
        out_ += kHex[u >> 4];
        out_ += kHex[u & 15];
        continue;
      }
      if (c == '"' || c == '\\') out_ += '\\';
      out_ += c;
    }
    out_ += '"';
  }
  void text_if(std::string_view key, std::string_view value) {
    if (!value.empty()) text(key, value);
  }
  /// Whole numbers up to 2^53, which is what JavaScript can hold; a range may be a span of addresses.
  void number(std::string_view key, double value) {
    char digits[24];
    begin(key);
    out_.append(digits, std::to_chars(digits, std::end(digits), static_cast<std::int64_t>(value)).ptr);
  }
  void flag(std::string_view key, bool value) {
    if (!value) return;
    begin(key);
    out_ += "true";
  }

private:
  void begin(std::string_view key) {
    if (out_.back() != '{') out_ += ',';
    out_ += '"';
    out_ += key;
    out_ += "\":";
  }

  std::string &out_;
};

} // namespace

void Mirror::begin_frame() { building_ = {}; }

void Mirror::end_frame() {
  // A hook that saw only half of an item (a scrollbar has no label, a closed tab has no rectangle) leaves no control.
  std::erase_if(building_.items, [](const MirrorItem &item) { return item.name.empty() || item.rect.empty(); });
  if (building_ == shown_) return;
  std::swap(building_, shown_);
  ++generation_;
}

void Mirror::begin_group(std::string_view id, std::string_view name) {
  building_.groups.push_back({std::string(id), std::string(name)});
}

void Mirror::annotate(const Note &note) {
  const ImGuiID last = ImGui::GetItemID();
  for (MirrorItem &item : building_.items)
    if (item.id == last) apply(note, item);
}

void Mirror::item(std::uint32_t id, const Rect &rect, const Note &note) {
  MirrorItem &item = item_of_frame(id);
  item.rect = visible_part(rect, ImGui::GetCurrentWindow()->ClipRect);
  apply(note, item);
}

const MirrorItem *Mirror::find(std::uint32_t id) const {
  const auto at =
      std::find_if(shown_.items.begin(), shown_.items.end(), [&](const MirrorItem &i) { return i.id == id; });
  return at == shown_.items.end() ? nullptr : &*at;
}

std::string Mirror::to_json() const {
  std::string out = "{\"groups\":[";
  for (const MirrorGroup &group : shown_.groups) {
    if (out.back() == '}') out += ',';
    JsonObject json(out);
    json.text("id", group.id);
    json.text("name", group.name);
  }
  out += "],\"items\":[";
  for (const MirrorItem &item : shown_.items) {
    if (out.back() == '}') out += ',';
    JsonObject json(out);
    json.number("id", item.id);
    json.number("group", item.group);
    json.text("role", role_name(item.role));
    json.number("x", item.rect.x);
    json.number("y", item.rect.y);
    json.number("w", item.rect.w);
    json.number("h", item.rect.h);
    json.text("name", item.name);
    json.text_if("value", item.value);
    json.text_if("description", item.description);
    if (item.role == Role::kSlider) {
      json.number("min", item.range.min);
      json.number("max", item.range.max);
      json.number("now", item.range.now);
    }
    json.flag("checked", item.checked);
    json.flag("disabled", item.disabled);
    json.flag("focusable", item.focusable);
    json.flag("keys", item.takes_keys);
  }
  out += "]}";
  return out;
}

MirrorItem &Mirror::item_of_frame(std::uint32_t id) {
  // From the back: the two hooks of one widget come one after the other, in either order.
  const auto at =
      std::find_if(building_.items.rbegin(), building_.items.rend(), [&](const MirrorItem &i) { return i.id == id; });
  if (at != building_.items.rend()) return *at;
  MirrorItem &item = building_.items.emplace_back();
  item.id = id;
  item.group = static_cast<std::uint32_t>(std::max<std::size_t>(building_.groups.size(), 1) - 1);
  return item;
}

void Mirror::apply(const Note &note, MirrorItem &item) {
  if (note.role != Role::kAuto) item.role = note.role;
  if (!note.name.empty()) item.name = note.name;
  if (!note.value.empty()) item.value = note.value;
  if (!note.description.empty()) item.description = note.description;
  if (note.range != Range{}) item.range = note.range;
  item.checked |= note.checked;
  item.disabled |= note.disabled;
  item.takes_keys |= note.takes_keys || item.role == Role::kSlider;
  item.focusable = item.role != Role::kPicture;
}

void Mirror::on_item_add(ImGuiContext &g, std::uint32_t id, const Rect &rect, const ImGuiLastItemData *data) {
  if (data == nullptr) return; // a window, a scrollbar: not an item of ours
  MirrorItem &item = item_of_frame(id);
  item.rect = visible_part(rect, g.CurrentWindow->ClipRect);
  item.disabled = (data->ItemFlags & ImGuiItemFlags_Disabled) != 0;
}

void Mirror::on_item_info(ImGuiContext &g, std::uint32_t id, const char *label, int flags) {
  if (label == nullptr) return;
  MirrorItem &item = item_of_frame(id);
  item.name = visible_label(label);
  if (flags & ImGuiItemStatusFlags_Checkable) {
    item.role = Role::kCheckbox;
    item.checked = (flags & ImGuiItemStatusFlags_Checked) != 0;
  } else if (flags & ImGuiItemStatusFlags_Openable) {
    item.role = Role::kDisclosure;
    item.checked = (flags & ImGuiItemStatusFlags_Opened) != 0;
  } else if (flags & ImGuiItemStatusFlags_Inputable) {
    item.role = Role::kSlider;
    item.takes_keys = item.imgui_slider = true;
  } else if (g.CurrentTabBar != nullptr && ImGui::TabBarFindTabByID(g.CurrentTabBar, id) != nullptr) {
    item.role = Role::kTab;
    item.checked = g.CurrentTabBar->VisibleTabId == id;
  }
}

} // namespace mmscope::canvas

// The hooks that Dear ImGui calls. The context says which mirror is meant, so that several canvases can live in one
// process.

static mmscope::canvas::Mirror *mirror_of(ImGuiContext *g) {
  return static_cast<mmscope::canvas::Mirror *>(g->TestEngine);
}

void ImGuiTestEngineHook_ItemAdd(ImGuiContext *g, ImGuiID id, const ImRect &bb, const ImGuiLastItemData *data) {
  if (auto *mirror = mirror_of(g))
    mirror->on_item_add(*g, id, {bb.Min.x, bb.Min.y, bb.GetWidth(), bb.GetHeight()}, data);
}

void ImGuiTestEngineHook_ItemInfo(ImGuiContext *g, ImGuiID id, const char *label, ImGuiItemStatusFlags flags) {
  if (auto *mirror = mirror_of(g)) mirror->on_item_info(*g, id, label, flags);
}

void ImGuiTestEngineHook_Log(ImGuiContext *, const char *, ...) {}

const char *ImGuiTestEngine_FindItemDebugLabel(ImGuiContext *, ImGuiID) { return nullptr; }
