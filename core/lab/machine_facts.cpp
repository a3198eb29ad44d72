#include "lab/machine_facts.hpp"

#include "mm/flatmem.hpp"

#include <algorithm>

namespace mmscope {
namespace {

constexpr FactInfo infos[] = {
#define FACT(kind, group, unit) {#kind, FactGroup::group, FactUnit::unit},
#include "lab/machine_facts.def"
#undef FACT
};

std::string_view model_of(const KernelConfig &c) {
  switch (c.memory_model) {
  case MemoryModel::flatmem: return "FLATMEM";
  case MemoryModel::vmemmap: return "SPARSEMEM_VMEMMAP";
  case MemoryModel::sparsemem: break;
  }
  return c.sparse_extreme ? "SPARSEMEM_EXTREME" : "SPARSEMEM";
}

struct Table {
  std::vector<Fact> rows;
  Fact &add(FactKind kind, u64 value) {
    rows.push_back({});
    rows.back().kind = kind;
    rows.back().value = value;
    return rows.back();
  }
  void add(FactKind kind, std::string_view text) { add(kind, 0).text = text; }
};

/// Of all nodes, zone by zone.
void add_zones(Table &t, const System &s) {
  const unsigned shift = s.arch->page_shift;
  const auto add = [&](FactKind kind, i32 nid, std::size_t zid, u64 value) {
    Fact &f = t.add(kind, value);
    f.nid = nid;
    f.zone = s.arch->zones[zid].name;
  };
  for (const pglist_data &node : s.pages.nodes())
    for (std::size_t z = 0; z < node.zones.size() && z < s.arch->zones.size(); ++z) {
      const zone &zone = node.zones[z];
      if (!zone.populated()) continue;
      add(FactKind::zone_start, node.nid, z, zone.start_pfn.v << shift);
      add(FactKind::zone_end, node.nid, z, zone.end_pfn().v << shift);
      add(FactKind::zone_present, node.nid, z, zone.present_pages << shift);
      add(FactKind::zone_managed, node.nid, z, zone.managed_pages << shift);
      add(FactKind::zone_free, node.nid, z, zone.free_pages() << shift);
      add(FactKind::zone_min, node.nid, z, zone.watermark[0] << shift);
      add(FactKind::zone_low, node.nid, z, zone.watermark[1] << shift);
      add(FactKind::zone_high, node.nid, z, zone.watermark[2] << shift);
    }
  // Zones of pair bitmaps are numbered in the order of the architecture's, the last of which may be missing. They do not
  // tell holes from memory.
  for (const PairZone &zone : s.pair_zones) {
    if (zone.id() >= s.arch->zones.size()) continue;
    add(FactKind::zone_start, 0, zone.id(), zone.rules().start.v << shift);
    add(FactKind::zone_end, 0, zone.id(), zone.end().v << shift);
    add(FactKind::zone_free, 0, zone.id(), zone.free_pages() << shift);
    add(FactKind::zone_min, 0, zone.id(), zone.marks().pages_min << shift);
    add(FactKind::zone_low, 0, zone.id(), zone.marks().pages_low << shift);
    add(FactKind::zone_high, 0, zone.id(), zone.marks().pages_high << shift);
  }
}

void add_orders(Table &t, const System &s) {
  for (unsigned order = 0; order <= s.config.max_order && order < max_orders; ++order) {
    u64 blocks = 0;
    for (const pglist_data &node : s.pages.nodes())
      for (const zone &z : node.zones) blocks += z.areas[order].nr_free();
    for (const PairZone &z : s.pair_zones)
      if (order < z.rules().orders) z.for_each_block(order_t{order}, [&](pfn_t) { ++blocks; });
    t.add(FactKind::free_blocks, blocks).order = order;
  }
}

} // namespace

const FactInfo &fact_info(FactKind k) { return infos[static_cast<std::size_t>(k)]; }

std::string_view group_name(FactGroup g) {
  static constexpr std::string_view names[] = {"machine", "memory", "mem_map", "zones", "orders"};
  return names[static_cast<std::size_t>(g)];
}

std::string_view allocator_name(Allocator a) {
  static constexpr std::string_view names[] = {"", "memblock", "bootmem", "buddy"};
  return names[static_cast<std::size_t>(a)];
}

Allocator allocator_in_charge(const Lab &lab) {
  const System &s = lab.state();
  if (lab.handed_over()) return Allocator::buddy;
  if (s.bootmem) return Allocator::bootmem;
  return s.memblock.memory.regions.empty() ? Allocator::none : Allocator::memblock;
}

MapSize map_size(const System &s) {
  MapSize size{0, s.config.sizeof_page, s.arch->page_size()};
  for (const SectionRun &run : s.sparse.sections)
    if (run.initialised) size.struct_pages += run.count * s.arch->pages_per_section();
  if (size.struct_pages != 0 || size.sizeof_page == 0) return size;
  for (const pglist_data &node : s.pages.nodes()) {
    if (node.mem_map.v == 0) continue;
    if (s.on_pair_zones())
      size.struct_pages += s.get(vm_field::max_pfn) + 1; // mm/old_boot.cpp
    else
      size.struct_pages += flat_mem_map_bytes(s.config, node.start_pfn, node.spanned_pages) / size.sizeof_page;
  }
  return size;
}

std::vector<Fact> machine_facts(const Lab &lab) {
  const System &s = lab.state();
  const Accounting sums = lab.accounting();
  u64 held = 0, free = 0;
  for (const Part &p : sums.parts) {
    if (p.kind == PartKind::owner) held += p.bytes;
    if (p.kind == PartKind::free_memblock || p.kind == PartKind::free_buddy || p.kind == PartKind::on_pcp)
      free += p.bytes;
  }
  const MapSize map = map_size(s);
  Table t;
  t.add(FactKind::arch, s.arch->name);
  t.add(FactKind::era, s.era->name);
  t.add(FactKind::memory_model, model_of(s.config));
  t.add(FactKind::word, u64{s.arch->word} * 8);
  t.add(FactKind::page_size, s.arch->page_size());
  t.add(FactKind::sizeof_page, s.config.sizeof_page);
  if (s.config.memory_model != MemoryModel::flatmem) t.add(FactKind::section_size, s.arch->section_bytes());
  t.add(FactKind::allocator, allocator_name(allocator_in_charge(lab)));
  t.add(FactKind::ram, sums.ram);
  t.add(FactKind::reserved, held);
  t.add(FactKind::free, free);
  t.add(FactKind::nodes, s.pages.nodes().size());
  t.add(FactKind::mem_map, map.bytes());
  t.add(FactKind::mem_map_share, sums.ram == 0 ? 0 : map.bytes() / std::max<u64>(sums.ram / 1000, 1));
  t.add(FactKind::struct_pages, map.struct_pages);
  if (const u64 sections = s.sparse.present_count(); sections != 0) t.add(FactKind::sections, sections);
  add_zones(t, s);
  add_orders(t, s);
  return std::move(t.rows);
}

} // namespace mmscope
