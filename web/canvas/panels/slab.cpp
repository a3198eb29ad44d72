// slab: a cache, where its slabs are, the objects of one slab with its freelist, and the bytes of one object.
//
//   kmalloc-192      42/63  3 slabs         the caches, newest first
//   object 192 in 192 bytes, 21 a slab of order 0
//   CPU 0 slab       ▪▪▪▪▪▪▫▫▫▫             strong = in use, pale = free
//   node 0 partial   ▪▪▫▫▫▫▫▫▫▫
//   slab 0x1234: [0][1]─►[5]─►[2] …         numbers: the order in which free objects would be handed out
//   bb bb bb bb | 6b 6b 6b a5 | …           one object's slot, byte by byte
#include <algorithm>
#include <string>

#include "base/text.hpp"
#include "base/units.hpp"
#include "canvas/lab_app.hpp"
#include "canvas/panels/choice.hpp"
#include "canvas/panels/panels.hpp"
#include "canvas/widgets/paint.hpp"
#include "canvas/widgets/scroller.hpp"
#include "lab/slab_view.hpp"

namespace mmscope::canvas {
namespace {

constexpr float row_height = 18;
constexpr std::size_t most_slabs = 64, most_bytes = 512; // drawn; the tables have all slabs

class SlabPanel final : public Panel {
public:
  explicit SlabPanel(Desk &desk) : desk_(desk) {}
  const char *id() const override { return "slab"; }
  const char *title() const override { return "slab"; }
  void head(Frame &frame) override { place_tabs(frame, desk_, *this); }
  void draw(Frame &frame) override;

private:
  void follow();
  void caches(Frame &frame, float &y, float width);
  void slabs(Frame &frame, float &y, float width);
  void objects(Frame &frame, float &y, float width);
  void bytes(Frame &frame, float &y, float width);
  float line(const Frame &frame) const { return (narrow(frame) ? size::target : row_height) * frame.scale; }
  void choose_slab(u32 index);
  const Slub &slub() const { return desk_.lab->state().slub; }

  Desk &desk_;
  Scroller all_, list_;
  float height_ = 0;
  u64 seen_ = ~u64{0};
  cache_id cache_ = no_cache, revealed_ = no_cache;
  std::vector<cache_id> listed_;
  std::vector<SlabRow> rows_;
  u64 slab_pfn_ = 0; // the chosen slab's first page
  u32 slab_ = 0;     // its index now; 0: it is gone
  u16 object_ = 0;
  SlabStep step_;
};

Color used_color(const Theme &theme) { return theme.memory; }
Color free_object(const Theme &theme) { return mix(theme.hole, theme.free, 0.55f); }

/// What the step was about is chosen; else what was chosen before, as long as it is there.
void SlabPanel::follow() {
  if (seen_ == desk_.moment()) return;
  seen_ = desk_.moment();
  listed_.clear();
  slub().for_each_cache([&](cache_id id, const KmemCache &) { listed_.push_back(id); });
  step_ = slab_step(desk_.lab->events());
  const auto is_listed = [&](cache_id id) { return std::find(listed_.begin(), listed_.end(), id) != listed_.end(); };
  if (step_.cache && is_listed(*step_.cache)) cache_ = *step_.cache;
  if (!is_listed(cache_)) cache_ = listed_.empty() ? no_cache : listed_.front();
  if (step_.pfn) slab_pfn_ = *step_.pfn;
  if (step_.object) object_ = *step_.object;
  if (cache_ == no_cache) return;
  rows_ = slab_rows(slub(), cache_);
  const auto at =
      std::find_if(rows_.begin(), rows_.end(), [&](const SlabRow &r) { return slub().slab(r.slab).pfn == slab_pfn_; });
  slab_ = at != rows_.end() ? at->slab : rows_.empty() ? 0 : rows_.front().slab;
  if (slab_ != 0) slab_pfn_ = slub().slab(slab_).pfn;
}

void SlabPanel::choose_slab(u32 index) {
  const Slab &s = slub().slab(index);
  if (slab_ != index) object_ = 0;
  slab_ = index;
  slab_pfn_ = s.pfn;
  const unsigned shift = desk_.lab->state().arch->page_shift;
  desk_.select(concat("page[", hex_text(s.pfn), "]"), concat("slab of ", slub().cache(s.cache).name), s.pfn << shift,
               (s.pfn + (u64{1} << s.order)) << shift);
  desk_.reveal_selection();
}

void SlabPanel::draw(Frame &frame) {
  if (!desk_.lab) return;
  follow();
  const Rect &area = frame.area;
  if (cache_ == no_cache) {
    put_wrapped(frame, *ImGui::GetWindowDrawList(), area.x, area.y, area.w, frame.theme.dim,
                "no caches until kmem_cache_init", 11);
    return;
  }
  const float top = all_.begin(frame, area, height_, "slab"), width = area.w - 10 * frame.scale;
  float y = top;
  caches(frame, y, width);
  slabs(frame, y, width);
  if (slab_ != 0) {
    objects(frame, y, width);
    bytes(frame, y, width);
  }
  height_ = y - top;
  all_.end();
}

void SlabPanel::caches(Frame &frame, float &y, float width) {
  const Theme &theme = frame.theme;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const float s = frame.scale, one = line(frame);
  const Rect place{frame.area.x, y, width, one * (narrow(frame) ? 3.0f : 4.0f)};
  const auto at = std::find(listed_.begin(), listed_.end(), cache_) - listed_.begin();
  if (revealed_ != cache_) list_.reveal(static_cast<float>(at) * one, one);
  revealed_ = cache_;
  const float top = list_.begin(frame, place, static_cast<float>(listed_.size()) * one, "caches");
  for (std::size_t i = 0; i < listed_.size(); ++i) {
    const Rect r{place.x, top + static_cast<float>(i) * one, place.w - 10 * s, one - 1};
    if (r.y + r.h < place.y || r.y > place.y + place.h) continue;
    const cache_id id = listed_[i];
    const KmemCache &c = slub().cache(id);
    const Slub::Counts n = slub().counts(id);
    const bool pressed = press_area(r, "##cache", id);
    const std::string figures = concat(n.active_objs, "/", n.num_objs);
    const std::string name = concat("cache ", c.name);
    const std::string facts = concat(figures, " objects of ", c.layout.object_size, " bytes, ", n.num_slabs, " slabs");
    frame.mirror.annotate({.role = Role::kRadio, .name = name, .description = facts, .checked = id == cache_});
    if (id == cache_) paint(list, r, theme.changed, 4);
    if (step_.cache == id) frame_of(list, r, -0.5f, theme.accent, 4);
    if (ImGui::IsItemHovered()) frame_of(list, r, -0.5f, theme.ink, 4);
    put_right(frame, list, r.x + r.w - 4 * s, middle(frame, r.y, r.h, 11), theme.dim, figures, 11);
    put_fitting(frame, list, r.x + 4 * s, middle(frame, r.y, r.h, 11), r.w - text_width(frame, figures, 11) - 14 * s,
                id == cache_ ? theme.ink : theme.dim, c.name, 11);
    if (!pressed) continue;
    cache_ = id;
    rows_ = slab_rows(slub(), cache_);
    slab_ = rows_.empty() ? 0 : rows_.front().slab;
    if (slab_ != 0) slab_pfn_ = slub().slab(slab_).pfn;
  }
  list_.end();
  y += place.h + 5 * s;
  const SlabLayout &l = slub().cache(cache_).layout;
  const std::string facts = concat("object ", l.object_size, " in ", l.size, " bytes, ", l.objects, " a slab of order ",
                                   u64{l.order}, ", min_partial ", l.min_partial);
  y = put_wrapped(frame, list, frame.area.x, y, width, theme.dim, facts, 11) + 4 * s;
}

/// One line a slab: where it is, and its objects.
void SlabPanel::slabs(Frame &frame, float &y, float width) {
  const Theme &theme = frame.theme;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const float s = frame.scale, one = line(frame), words = 104 * s;
  if (rows_.empty()) {
    y = put_wrapped(frame, list, frame.area.x, y, width, theme.dim, "no slabs: the first object makes one", 11) + 4 * s;
    return;
  }
  for (std::size_t i = 0; i < std::min(rows_.size(), most_slabs); ++i) {
    const SlabRow &row = rows_[i];
    const Slab &slab = slub().slab(row.slab);
    const Rect r{frame.area.x, y, width, one - 2 * s};
    const bool pressed = press_area(r, "##slab", slab.pfn);
    const bool of_cpu = row.where == SlabWhere::cpu || row.where == SlabWhere::cpu_partial;
    const std::string where = of_cpu ? concat("CPU ", row.cpu, row.where == SlabWhere::cpu ? " slab" : " partial")
                              : row.where == SlabWhere::node_partial ? concat("node ", slab.nid, " partial")
                                                                     : std::string(slab_where_name(row.where));
    const std::size_t free = free_order(slub(), row.slab).size();
    const std::string name = concat("slab ", hex_text(slab.pfn), ", ", where);
    const std::string facts = concat(slab.objects - free, " of ", u64{slab.objects}, " objects in use");
    frame.mirror.annotate({.role = Role::kRadio, .name = name, .description = facts, .checked = row.slab == slab_});
    if (row.slab == slab_) paint(list, {r.x - 2, r.y, r.w + 4, r.h}, theme.changed, 3);
    if (step_.pfn == slab.pfn) frame_of(list, {r.x - 2, r.y, r.w + 4, r.h}, -0.5f, theme.accent, 3);
    put_fitting(frame, list, r.x + 2 * s, middle(frame, r.y, r.h, 11), words, row.slab == slab_ ? theme.ink : theme.dim,
                where, 11);
    const float room = r.w - words - 8 * s, each = std::min(room / static_cast<float>(slab.objects), 12 * s);
    const float tall = std::min(r.h - 4 * s, 12 * s), top = r.y + (r.h - tall) / 2;
    if (each >= 2) {
      for (u16 o = 0; o < slab.objects; ++o) {
        const bool used = slub().in_use(slab, o);
        paint(list, {r.x + words + each * o, top, each - 1, tall}, used ? used_color(theme) : free_object(theme), 1);
      }
    } else { // more objects than there is room for: their share
      const float share = static_cast<float>(slab.objects - free) / static_cast<float>(slab.objects);
      paint(list, {r.x + words, top, room, tall}, free_object(theme), 1);
      paint(list, {r.x + words, top, room * share, tall}, used_color(theme), 1);
    }
    if (pressed) choose_slab(row.slab);
    y += one;
  }
  if (rows_.size() > most_slabs) {
    put_text(frame, list, frame.area.x, y, theme.dim, concat("and ", rows_.size() - most_slabs, " more"), 11);
    y += 16 * s;
  }
  y += 6 * s;
}

/// The slab's objects where they lie, the free ones joined in the order of the freelist.
void SlabPanel::objects(Frame &frame, float &y, float width) {
  const Theme &theme = frame.theme;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const float s = frame.scale;
  const Slab &slab = slub().slab(slab_);
  const auto order = free_order(slub(), slab_);
  const std::string head = concat("slab ", hex_text(slab.pfn), ": ", u64{slab.objects} - order.size(), " of ",
                                  u64{slab.objects}, " in use", order.empty() ? "" : ", next free ");
  put_fitting(frame, list, frame.area.x, y, width, theme.dim, order.empty() ? head : concat(head, u64{order.front()}),
              11);
  y += 17 * s;
  const float tall = narrow(frame) ? size::target * s : 22 * s, wide = narrow(frame) ? size::target * s : 26 * s;
  const auto columns = std::max<u32>(static_cast<u32>(width / wide), 1);
  const auto rect = [&](u32 o) {
    return Rect{frame.area.x + static_cast<float>(o % columns) * wide, y + static_cast<float>(o / columns) * tall,
                wide - 4 * s, tall - 5 * s};
  };
  constexpr u32 most = 512;
  const u32 shown = std::min<u32>(slab.objects, most);
  if (object_ >= slab.objects) object_ = 0;
  for (u32 o = 0; o < shown; ++o) {
    const Rect r = rect(o);
    const bool used = slub().in_use(slab, static_cast<u16>(o));
    const bool pressed = press_area(r, "##object", o);
    const auto place = std::find(order.begin(), order.end(), static_cast<u16>(o));
    const std::string state = used                   ? std::string("in use")
                              : place == order.end() ? std::string("free")
                                                     : concat("free, number ", place - order.begin() + 1, " to go");
    const std::string name = concat("object ", o, ", ", state);
    frame.mirror.annotate({.role = Role::kRadio, .name = name, .checked = o == object_});
    const Color fill = used ? used_color(theme) : free_object(theme);
    paint(list, r, fill, 3);
    put_label(frame, list, r, fill, concat(o), 10);
    if (step_.pfn == slab.pfn && step_.object == o) frame_of(list, r, 1, theme.accent, 4, size::outline);
    if (o == object_) frame_selected(frame, list, {r.x + 1, r.y + 1, r.w - 2, r.h - 2});
    const u64 base = slub().address_of(slab, static_cast<u16>(o)).v;
    const u64 end = base + slub().cache(slab.cache).layout.object_size;
    const std::string path = concat("page[", hex_text(base >> desk_.lab->state().arch->page_shift), "]");
    if (ImGui::IsItemHovered()) desk_.point(path, name, base, end);
    if (!pressed) continue;
    object_ = static_cast<u16>(o);
    desk_.select(path, name, base, end);
    desk_.reveal_selection();
  }
  // Arrows: from the first to be handed out to the next, and so on.
  const auto centre = [&](u16 o) {
    const Rect r = rect(o);
    return ImVec2{r.x + r.w / 2, r.y + r.h};
  };
  constexpr std::size_t most_arrows = 5; // more is a tangle: names and tables say the rest
  for (std::size_t i = 0; i + 1 < std::min(order.size(), most_arrows); ++i) {
    if (order[i] >= shown || order[i + 1] >= shown) continue;
    const ImVec2 a = centre(order[i]), b = centre(order[i + 1]);
    const Color color = i == 0 ? theme.accent : theme.dim;
    list.AddBezierCubic(a, {a.x, a.y + 7 * s}, {b.x, b.y + 7 * s}, b, color, i == 0 ? 1.6f : 1.0f);
    list.AddTriangleFilled({b.x, b.y}, {b.x - 3 * s, b.y + 4 * s}, {b.x + 3 * s, b.y + 4 * s}, color);
  }
  y += static_cast<float>((shown + columns - 1) / columns) * tall + 8 * s;
}

/// The chosen object's slot, 16 bytes a line, in the colours of what they are.
void SlabPanel::bytes(Frame &frame, float &y, float width) {
  const Theme &theme = frame.theme;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const float s = frame.scale;
  const Slab &slab = slub().slab(slab_);
  const auto all = slub().slot_bytes(slab, object_);
  struct Look {
    std::string_view name;
    Color color;
  };
  using Kind = Slub::ByteKind;
  const auto look = [&](Kind k) -> Look {
    switch (k) {
    case Kind::unknown: return {"anything", theme.hole};
    case Kind::object: return {"object", used_color(theme)};
    case Kind::poison: return {"poison", theme.zone_movable};
    case Kind::red_zone: return {"red zone", theme.kernel};
    case Kind::free_pointer: return {"free pointer", theme.free};
    case Kind::metadata: return {"metadata", theme.misc};
    case Kind::padding: return {"padding", theme.reserved};
    case Kind::written: return {"written", theme.zone_dma};
    }
    return {};
  };
  const u64 address = slub().address_of(slab, object_).v;
  put_fitting(frame, list, frame.area.x, y, width, theme.dim,
              concat("object ", u64{object_}, " at ", hex_text(address), ", slot of ", all.size(), " bytes"), 11);
  y += 17 * s;
  // What there is of each kind, in the order in which it lies there.
  float x = frame.area.x;
  std::string spoken;
  bool seen[8] = {};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto k = static_cast<std::size_t>(all[i].kind);
    if (i == 0 || all[i].kind != all[i - 1].kind)
      append(spoken, spoken.empty() ? "" : ", ", look(all[i].kind).name, " from ", i);
    if (seen[k]) continue;
    seen[k] = true;
    const Look l = look(all[i].kind);
    const float w = 16 * s + text_width(frame, l.name, 11) + 10 * s;
    if (x + w > frame.area.x + width) {
      x = frame.area.x;
      y += 16 * s;
    }
    paint(list, {x, y + 2, 11 * s, 11 * s}, l.color, 2);
    put_text(frame, list, x + 15 * s, y, theme.dim, l.name, 11);
    x += w;
  }
  y += 19 * s;
  const float wide = 19 * s, tall = 16 * s;
  const std::size_t columns = width >= 16 * wide ? 16 : 8, shown = std::min(all.size(), most_bytes);
  const Rect place{frame.area.x, y, static_cast<float>(columns) * wide,
                   static_cast<float>((shown + columns - 1) / columns) * tall};
  const std::string name = concat("bytes of object ", u64{object_});
  frame.mirror.item(ImGui::GetID("bytes"), place, {.role = Role::kPicture, .name = name, .description = spoken});
  constexpr std::string_view digits = "0123456789abcdef";
  for (std::size_t i = 0; i < shown; ++i) {
    const Rect r{frame.area.x + static_cast<float>(i % columns) * wide, y + static_cast<float>(i / columns) * tall,
                 wide - 1, tall - 1};
    const Color fill = look(all[i].kind).color;
    paint(list, r, fill, 1);
    const char text[] = {digits[all[i].value >> 4], digits[all[i].value & 15]};
    const bool known = all[i].kind != Kind::unknown && all[i].kind != Kind::object;
    put_label(frame, list, r, fill, known ? std::string_view(text, 2) : std::string_view("··"), 10);
  }
  y += place.h + 4 * s;
  if (all.size() > shown) {
    put_text(frame, list, frame.area.x, y, theme.dim, concat("and ", all.size() - shown, " bytes more"), 11);
    y += 16 * s;
  }
}

} // namespace

std::unique_ptr<Panel> make_slab_panel(Desk &desk) { return std::make_unique<SlabPanel>(desk); }

} // namespace mmscope::canvas
