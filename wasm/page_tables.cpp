#include "page_tables.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "base/units.hpp"
#include "lab/page_walk.hpp"
#include "lab/pageblock_map.hpp"
#include "lab/slab_view.hpp"
#include "mm/fragmentation.hpp"

namespace mmscope::facts {
namespace {

/// fn(node, zone number, zone) for each zone that has pages.
template <class Fn> void each_zone(const System &s, Fn &&fn) {
  for (const pglist_data &node : s.pages.nodes())
    for (unsigned z = 0; z < std::min<std::size_t>(s.arch->zones.size(), max_zone_types); ++z)
      if (node.zones[z].populated()) fn(node, z, node.zones[z]);
}

std::string_view type_name(u64 type) { return migratetype_name(static_cast<migratetype>(type % migratetype_count)); }

bool touched(const Lab &lab, const PcpChange &list, bool numbers) {
  const auto &all = lab.changes().pcp;
  return std::any_of(all.begin(), all.end(), [&](const PcpChange &c) {
    return c.nid == list.nid && c.zid == list.zid && c.cpu == list.cpu && (numbers || c.index == list.index);
  });
}

/// The sentence of a row of the walk.
std::string said(const System &s, const WalkRow &row, const Event &e) {
  const std::string_view name = walk_kind_name(row.kind);
  switch (row.kind) {
  case WalkKind::attempt:
    return concat(name, " gfp=", gfp_text(static_cast<gfp_t>(e.f[0])), " order=", e.f[1], " type=", type_name(e.f[2]),
                  " zone=", s.arch->zones[static_cast<std::size_t>(e.f[3])].name,
                  " flags=", alloc_flags_text(static_cast<u32>(e.f[4])), " cpu=", e.f[6]);
  case WalkKind::check: return std::string(name);
  case WalkKind::fallback:
    return concat(e.f[5] != 0 ? "fallback.whole" : "fallback", " pfn=", hex_text(e.f[0]), " order=", e.f[2],
                  " from=", type_name(e.f[4]));
  case WalkKind::judged:
    return concat(e.f[1] + e.f[2] >= e.f[3] ? "judged.claimed" : "judged.left", " free=", e.f[1], " alike=", e.f[2],
                  " half=", e.f[3], " from=", type_name(e.f[5]), " to=", type_name(e.f[6]));
  case WalkKind::split: return concat(name, " pfn=", hex_text(e.f[0]), " from=", e.f[1], " order=", e.f[2]);
  case WalkKind::refill: return concat(name, " cpu=", e.f[2], " asked=", e.f[5], " got=", e.f[6]);
  case WalkKind::cached:
  case WalkKind::kept: return concat(name, " cpu=", e.f[2], " pfn=", hex_text(e.f[4]), " order=", e.f[5]);
  case WalkKind::listed:
  case WalkKind::freed:
  case WalkKind::got: return concat(name, " pfn=", hex_text(e.f[0]), " order=", e.f[1]);
  case WalkKind::step: {
    const auto step = static_cast<AllocStep>(e.f[0]);
    if (step == AllocStep::fails) return concat("fails.", e.f[1]);
    return concat("step.", alloc_step_name(step),
                  " n=", step == AllocStep::unreserve ? hex_text(e.f[1]) : concat(e.f[1]));
  }
  case WalkKind::reclaim: return concat(name, " node=", e.f[0], " asked=", e.f[1], " freed=", e.f[2]);
  case WalkKind::drain: return concat(name, " cpu=", e.f[2], " pages=", e.f[3], " blocks=", row.times);
  case WalkKind::merge: return concat(name, " pfn=", hex_text(e.f[0]), " buddy=", hex_text(e.f[1]), " order=", e.f[2]);
  case WalkKind::joins: return concat(name, " pfn=", hex_text(e.f[4]), " order=", e.f[2], " type=", type_name(e.f[3]));
  case WalkKind::refused: return std::string(name);
  }
  return {};
}

} // namespace

void cpus(Rows &rows, const Lab &lab) {
  const System &s = lab.state();
  each_zone(s, [&](const pglist_data &node, unsigned zid, const zone &z) {
    for (u32 cpu = 0; cpu < z.pcp.size(); ++cpu) {
      if (!rows.wanted()) continue;
      const per_cpu_pages &p = z.pcp[cpu];
      JsonWriter &j = rows.row(touched(lab, {node.nid, zid, cpu}, true) ? "changed" : "");
      j.number_signed(node.nid).string(s.arch->zones[zid].name).number(cpu).number(p.count).number(z.pcp_high);
      j.number(z.pcp_batch).number(p.free_factor).number(s.pages.next_drain(z, cpu));
      rows.end_row();
    }
  });
}

void cpu_lists(Rows &rows, const Lab &lab) {
  constexpr u64 shown_blocks = 8;
  const System &s = lab.state();
  each_zone(s, [&](const pglist_data &node, unsigned zid, const zone &z) {
    for (u32 cpu = 0; cpu < z.pcp.size(); ++cpu)
      for (unsigned index = 0; index < s.pages.pcp_lists(); ++index) {
        const bool changed = touched(lab, {node.nid, zid, cpu, index}, false);
        if (z.pcp[cpu].lists[index].head == 0 && !changed) continue;
        if (!rows.wanted()) continue;
        u64 n = 0;
        std::string first;
        s.pages.for_each_pcp(node.nid, zid, cpu, index, [&](const PcpBlock &b) {
          if (n++ < shown_blocks) append(first, first.empty() ? "" : " ", hex_text(b.pfn.v));
        });
        if (n > shown_blocks) first += " …";
        JsonWriter &j = rows.row(changed ? "changed" : "");
        j.number_signed(node.nid).string(s.arch->zones[zid].name).number(cpu).number(index);
        j.number(s.pages.pcp_order(index).v);
        j.string(s.pages.pcp_lists() == 1 ? "any"
                 : index < 12             ? type_name(index % 3)
                 : index == 13            ? type_name(1)
                                          : "–")
            .number(n)
            .string(first);
        rows.end_row();
      }
  });
}

void walk(Rows &rows, const Lab &lab) {
  const System &s = lab.state();
  const auto events = lab.events();
  const auto all = page_walk(events);
  for (const WalkRow &row : all) {
    if (!rows.wanted()) continue;
    const Event &e = events[row.event];
    const bool last = lab.inside() && &row == &all.back();
    JsonWriter &j = rows.row(last ? "last" : "");
    j.number(row.event + 1).string(said(s, row, e)).number(std::max<u32>(row.times, 1));
    if (row.kind == WalkKind::check) {
      constexpr std::string_view verdicts[] = {"ok", "low", "no_block", "scattered"};
      j.string(concat(e.f[0], ":", s.arch->zones[static_cast<std::size_t>(e.f[1])].name));
      j.number_signed(static_cast<i64>(e.f[2])).number_signed(static_cast<i64>(e.f[3])).number(e.f[4]);
      j.number_signed(static_cast<i64>(e.f[5])).number(e.f[6]).string(verdicts[e.f[7] % 4]);
    } else {
      j.string("").null().null().null().null().null().string("");
    }
    rows.end_row();
  }
}

void pageblocks(Rows &rows, const Lab &lab) {
  const System &s = lab.state();
  each_zone(s, [&](const pglist_data &node, unsigned zid, const zone &z) {
    PageblockMap map; // made for the first row that is wanted
    for (unsigned type = 0; type < migratetype_count; ++type) {
      const auto m = static_cast<migratetype>(type);
      if (m == migratetype::HIGHATOMIC && z.nr_reserved_highatomic == 0) continue;
      if (m == migratetype::CMA && !s.pages.rules().cma) continue;
      if (m == migratetype::ISOLATE && z.nr_isolate_pageblock == 0) continue;
      if (!rows.wanted()) continue;
      if (map.cells.empty()) map = pageblock_map(s.pages, node.nid, zid, 1);
      u64 free = 0;
      for (unsigned o = 0; o < max_orders; ++o) free += z.areas[o].free_list[type].nr << o;
      JsonWriter &j = rows.row("");
      j.number_signed(node.nid)
          .string(s.arch->zones[zid].name)
          .string(type_name(type))
          .number(map.blocks[type])
          .number(free);
      rows.end_row();
    }
  });
}

void fragmentation(Rows &rows, const Lab &lab) {
  const System &s = lab.state();
  if (!lab.handed_over()) return;
  each_zone(s, [&](const pglist_data &node, unsigned zid, const zone &z) {
    const FreeBlocks f = free_blocks(z);
    for (unsigned order = 0; order <= s.pages.rules().max_order.v; ++order) {
      if (!rows.wanted()) continue;
      JsonWriter &j = rows.row("");
      j.number_signed(node.nid).string(s.arch->zones[zid].name).number(order).number(f.nr[order]);
      j.number(unusable_free_index(f, order)).number_signed(fragmentation_index(f, order));
      rows.end_row();
    }
  });
}

void caches(Rows &rows, const Lab &lab) {
  const Slub &slub = lab.state().slub;
  const SlabStep step = slab_step(lab.events());
  slub.for_each_cache([&](cache_id id, const KmemCache &c) {
    if (!rows.wanted()) return;
    const Slub::Counts n = slub.counts(id);
    JsonWriter &j = rows.row(step.cache == id ? "changed" : "");
    j.string(c.name).number(n.active_objs).number(n.num_objs).number(c.layout.object_size).number(c.layout.size);
    j.number(c.layout.objects).number(c.layout.order).number(n.num_slabs);
    rows.end_row();
  });
}

void slabs(Rows &rows, const Lab &lab) {
  constexpr std::size_t shown_objects = 16;
  const Slub &slub = lab.state().slub;
  const SlabStep step = slab_step(lab.events());
  slub.for_each_cache([&](cache_id id, const KmemCache &c) {
    for (const SlabRow &row : slab_rows(slub, id)) {
      if (!rows.wanted()) continue;
      const Slab &s = slub.slab(row.slab);
      const auto order = free_order(slub, row.slab);
      std::string free;
      for (std::size_t i = 0; i < std::min(order.size(), shown_objects); ++i)
        append(free, i == 0 ? "" : " ", u64{order[i]});
      if (order.size() > shown_objects) free += " …";
      JsonWriter &j = rows.row(step.pfn == s.pfn ? "changed" : "");
      constexpr std::string_view places[] = {"cpu", "cpu_partial", "node_partial", "full", "isolated"};
      j.string(c.name).number(s.pfn).string(places[static_cast<std::size_t>(row.where)]);
      if (row.where == SlabWhere::cpu || row.where == SlabWhere::cpu_partial)
        j.number(row.cpu);
      else
        j.null();
      j.number_signed(s.nid).number(s.objects - order.size()).number(s.objects).string(free);
      rows.end_row();
    }
  });
}

} // namespace mmscope::facts
