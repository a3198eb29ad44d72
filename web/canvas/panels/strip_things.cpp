#include "canvas/panels/strip_things.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "base/units.hpp"

namespace mmscope::canvas {
namespace {

using Kind = Thing::Kind;

/// The part of the axis that is asked for, in bytes.
struct Window {
  u64 from, to;
  bool holds(u64 base, u64 end) const { return end > from && base < to; }
};

void regions_in(const std::vector<memblock_region> &regions, Kind kind, const Window &w, std::vector<Thing> &out) {
  auto at = std::partition_point(regions.begin(), regions.end(),
                                 [&](const memblock_region &r) { return r.end().v <= w.from; });
  for (; at != regions.end() && at->base.v < w.to; ++at)
    out.push_back({.kind = kind,
                   .nid = at->nid,
                   .base = at->base.v,
                   .end = at->end().v,
                   .index = static_cast<u64>(at - regions.begin())});
}

void sections_in(const System &s, const Window &w, double bytes_a_pixel, std::vector<Thing> &out) {
  const unsigned bits = s.arch->section_size_bits;
  const bool single = static_cast<double>(s.arch->section_bytes()) > 14 * bytes_a_pixel;
  for (const SectionRun &run : s.sparse.sections) {
    u64 first = run.first, end = run.first + run.count;
    if (!w.holds(first << bits, end << bits)) continue;
    if (single) { // those in view, one by one
      first = std::max(first, w.from >> bits);
      end = std::min(end, ((w.to - 1) >> bits) + 1);
    }
    for (u64 n = first, step = single ? 1 : end - first; n < end; n += step)
      out.push_back({.kind = Kind::section,
                     .ready = run.initialised,
                     .nid = run.nid,
                     .base = n << bits,
                     .end = (n + step) << bits,
                     .index = n,
                     .count = step});
  }
}

void pages_in(const System &s, const Window &w, double bytes_a_pixel, std::vector<Thing> &out) {
  const unsigned shift = s.arch->page_shift;
  const u64 end = s.pages.map().end().v;
  const u64 first = std::min(w.from >> shift, end), last = std::min(((w.to - 1) >> shift) + 1, end);
  const double page = static_cast<double>(s.arch->page_size());
  const auto max_order = static_cast<unsigned>(s.pages.rules().max_order.v);
  const bool cells = page >= 12 * bytes_a_pixel;
  const bool blocks = page * static_cast<double>(u64{1} << max_order) >= 24 * bytes_a_pixel;
  s.pages.for_each_run(pfn_t{first}, pfn_t{last}, [&](const PageRun &run) {
    Thing t{.kind = Kind::pages, .state = run.info.state, .zone = run.info.zone, .nid = run.info.nid};
    if (t.state == PageState::absent) return;
    const u64 stop = run.start.v + run.count;
    const bool split = cells || (blocks && t.state == PageState::free);
    for (u64 pfn = run.start.v; pfn < stop;) {
      u64 next = split ? pfn + 1 : stop;
      t.kind = cells ? Kind::page : Kind::pages;
      if (split && t.state == PageState::free) {
        const auto block = s.pages.containing_free_block(pfn_t{pfn});
        if (block) {
          t.order = static_cast<u8>(block->order.v);
          t.index = block->pfn.v;
          if (!cells) {
            t.kind = Kind::block;
            pfn = block->pfn.v;
            next = pfn + pages_of(block->order);
          }
        }
      }
      t.base = pfn << shift;
      t.end = next << shift;
      out.push_back(t);
      pfn = next;
    }
  });
}

std::string_view state_text(PageState state) {
  switch (state) {
  case PageState::absent: return "no struct page";
  case PageState::uninit: return "not initialised yet";
  case PageState::hole: return "hole: struct pages without RAM behind them";
  case PageState::init: return "initialised, not given to anybody yet";
  case PageState::reserved: return "PG_reserved";
  case PageState::free: return "free";
  case PageState::allocated: return "allocated";
  case PageState::pcp: return "on a CPU's page list";
  }
  return "";
}

} // namespace

void things_in(const Desk &desk, Layer layer, double from, double to, double bytes_a_pixel, std::vector<Thing> &out) {
  const System &s = desk.lab->state();
  const Window w{static_cast<u64>(std::max(from, 0.0)), static_cast<u64>(std::max(to, 1.0))};
  switch (layer) {
  case Layer::firmware:
    for (std::size_t i = 0; i < s.e820.entries.size(); ++i) {
      const e820_entry &e = s.e820.entries[i];
      if (w.holds(e.addr.v, e.addr.v + e.size))
        out.push_back({.kind = Kind::firmware, .base = e.addr.v, .end = e.addr.v + e.size, .index = i});
    }
    break;
  case Layer::memory: regions_in(s.memblock.memory.regions, Kind::memory, w, out); break;
  case Layer::reserved: {
    const auto &held = desk.lab->owners().held();
    auto at = held.upper_bound(w.from);
    if (at != held.begin() && std::prev(at)->second.end > w.from) --at;
    for (; at != held.end() && at->first < w.to; ++at)
      out.push_back({.kind = Kind::reserved, .base = at->first, .end = at->second.end, .index = at->second.owner});
    break;
  }
  case Layer::sections: sections_in(s, w, bytes_a_pixel, out); break;
  case Layer::zones: {
    const unsigned shift = s.arch->page_shift;
    for (const pglist_data &node : s.pages.nodes())
      for (std::size_t i = 0; i < s.arch->zones.size() && i < node.zones.size(); ++i) {
        const zone &z = node.zones[i];
        const u64 base = z.start_pfn.v << shift, end = z.end_pfn().v << shift;
        if (z.spanned_pages != 0 && w.holds(base, end))
          out.push_back({.kind = Kind::zone, .zone = static_cast<u8>(i), .nid = node.nid, .base = base, .end = end});
      }
    if (s.on_pair_zones())
      for (const PairZone &z : s.pair_zones) {
        const u64 base = z.rules().start.v << shift, end = z.end().v << shift;
        if (w.holds(base, end))
          out.push_back({.kind = Kind::zone, .zone = static_cast<u8>(z.id()), .nid = 0, .base = base, .end = end});
      }
    break;
  }
  case Layer::pages: pages_in(s, w, bytes_a_pixel, out); break;
  }
}

bool is_empty(const Desk &desk, Layer layer) {
  const System &s = desk.lab->state();
  switch (layer) {
  case Layer::firmware: return s.e820.entries.empty();
  case Layer::memory: return s.memblock.memory.regions.empty();
  case Layer::reserved: return desk.lab->owners().held().empty();
  case Layer::sections: return s.sparse.sections.empty();
  case Layer::zones:
    for (const pglist_data &node : s.pages.nodes())
      if (node.spanned_pages != 0) return false;
    return !s.on_pair_zones() || s.pair_zones.empty();
  case Layer::pages: return s.pages.map().stretches() == 0;
  }
  return true;
}

Fill fill_of(const Desk &desk, const Theme &theme, const Thing &t) {
  const System &s = desk.lab->state();
  const auto max_order = static_cast<unsigned>(s.pages.rules().max_order.v);
  switch (t.kind) {
  case Kind::firmware:
    return s.e820.entries[t.index].type == E820_TYPE_RAM ? Fill{mix(theme.hole, theme.memory, 0.6f)}
                                                         : Fill{theme.misc, Pattern::hatch};
  case Kind::memory: {
    const bool nomap = (s.memblock.memory.regions[t.index].flags & MEMBLOCK_NOMAP) != 0;
    return {theme.memory, nomap ? Pattern::hatch : Pattern::plain};
  }
  case Kind::reserved: return owner_fill(theme, desk.lab->index().owners()[t.index].kind);
  case Kind::section: return {t.ready ? mix(theme.panel, theme.mem_map, 0.35f) : theme.hole};
  case Kind::zone: return {zone_color(theme, s.arch->zones[t.zone].name)};
  case Kind::block: return {free_color(theme, t.order, max_order)};
  case Kind::pages:
  case Kind::page: break;
  }
  switch (t.state) {
  case PageState::uninit: return {theme.hole, Pattern::hatch};
  case PageState::absent:
  case PageState::hole: return {theme.hole};
  case PageState::init: return {mix(theme.hole, theme.memory, 0.35f)};
  case PageState::reserved: return {theme.reserved};
  case PageState::allocated: return {theme.misc};
  case PageState::pcp: return {free_color(theme, 0, max_order), Pattern::hatch};
  case PageState::free: break;
  }
  return {free_color(theme, t.kind == Kind::page ? t.order : max_order, max_order)};
}

std::string label_of(const Desk &desk, const Thing &t) {
  const System &s = desk.lab->state();
  switch (t.kind) {
  case Kind::firmware: return std::string(e820_type_name(s.e820.entries[t.index].type));
  case Kind::memory: {
    std::string text = concat("memory[", t.index, "] ", range_text(t.base, t.end - t.base));
    if (t.nid != no_node) append(text, " node ", t.nid);
    return text;
  }
  case Kind::reserved: return concat(desk.lab->index().owners()[t.index].label, " ", bytes_text(t.end - t.base));
  case Kind::section: return name_of(desk, t);
  case Kind::zone:
    return s.pages.nodes().size() > 1 ? concat("node ", t.nid, " ", s.arch->zones[t.zone].name)
                                      : std::string(s.arch->zones[t.zone].name);
  case Kind::block: return concat("order ", t.order);
  case Kind::page: return concat(hex_text(t.base >> s.arch->page_shift), " ", page_state_name(t.state));
  case Kind::pages: break;
  }
  return t.state == PageState::hole ? "hole" : std::string(state_text(t.state));
}

std::string name_of(const Desk &desk, const Thing &t) {
  const System &s = desk.lab->state();
  switch (t.kind) {
  case Kind::firmware: return concat("e820 ", e820_type_name(s.e820.entries[t.index].type));
  case Kind::memory: {
    std::string text = concat("memory[", t.index, "]");
    if (t.nid != no_node) append(text, " node ", t.nid);
    return text;
  }
  case Kind::reserved: return concat("reserved for ", desk.lab->index().owners()[t.index].label);
  case Kind::section:
    return t.count == 1 ? concat("section ", t.index) : concat("sections ", t.index, "–", t.index + t.count - 1);
  case Kind::zone: return concat("node ", t.nid, " zone ", s.arch->zones[t.zone].name);
  case Kind::block: return concat("free block pfn ", hex_text(t.base >> s.arch->page_shift), " order ", t.order);
  case Kind::pages: return concat("pages: ", state_text(t.state));
  case Kind::page: break;
  }
  return concat("page ", hex_text(t.base >> s.arch->page_shift), ": ", state_text(t.state));
}

std::string note_of(const Desk &desk, const Thing &t) {
  const Lab &lab = *desk.lab;
  switch (t.kind) {
  case Kind::reserved: {
    // The last change before now that gave these bytes their owner says which call it was.
    const auto &all = lab.index().changes();
    const u64 now = lab.position().call + (lab.inside() ? 1 : 0);
    for (std::size_t i = all.size(); i-- > 0;) {
      const OwnerChange &c = all[i];
      if (c.call >= now || c.owner != t.index || c.base > t.base || c.end <= t.base) continue;
      const Command &made = lab.command(c.call);
      return concat("asked by ", made.caller.empty() ? op_info(made.op).name : std::string_view(made.caller), ", call ",
                    c.call + 1);
    }
    return "";
  }
  case Kind::section: return t.ready ? "has its part of mem_map" : "present, no mem_map yet";
  case Kind::page:
    if (t.state == PageState::free) return concat("in the free block at pfn ", hex_text(t.index), ", order ", t.order);
    [[fallthrough]];
  case Kind::pages:
    if (const Owner *owner = lab.owner_at(t.base)) return concat("held by ", owner->label);
    return "";
  default: return "";
  }
}

std::string path_of(const Desk &desk, const Thing &t) {
  const System &s = desk.lab->state();
  const u64 pfn = t.base >> s.arch->page_shift;
  switch (t.kind) {
  case Kind::firmware: return concat("e820.entries[", t.index, "]");
  case Kind::memory: return concat("memblock.memory.regions[", t.index, "]");
  case Kind::reserved: {
    const int at = s.memblock.search(memblock_list::reserved, phys_addr_t{t.base});
    // After the handoff the owner has the page frames, not a region.
    return at < 0 ? concat("page[", hex_text(pfn), "]") : concat("memblock.reserved.regions[", at, "]");
  }
  case Kind::section: return concat("section[", t.index, "]");
  case Kind::zone: return concat("node[", t.nid, "].zone[", s.arch->zones[t.zone].name, "]");
  case Kind::block: return concat("block[", hex_text(pfn), "]");
  case Kind::pages:
  case Kind::page: break;
  }
  return concat("page[", hex_text(pfn), "]");
}

bool shown(const Desk &desk, const Thing &t) {
  if (desk.filter().empty()) return true;
  switch (t.kind) {
  case Kind::firmware:
  case Kind::section:
  case Kind::zone: return false; // they hold everything, so they are nothing that was chosen
  case Kind::memory: return desk.shows(PartKind::free_memblock);
  case Kind::reserved: return desk.shows(PartKind::owner, static_cast<u32>(t.index));
  case Kind::block: return desk.shows(PartKind::free_buddy);
  case Kind::pages:
  case Kind::page: break;
  }
  switch (t.state) {
  case PageState::free: return desk.shows(PartKind::free_buddy);
  case PageState::pcp: return desk.shows(PartKind::on_pcp);
  case PageState::allocated: return desk.shows(PartKind::allocated);
  case PageState::reserved: return desk.shows(PartKind::owner, desk.lab->owners().at(t.base));
  default: return desk.shows(PartKind::waiting);
  }
}

} // namespace mmscope::canvas
