#include "lab/memory_strip.hpp"

#include <algorithm>
#include <array>

namespace mmscope {
namespace {

StripKind kind_of(OwnerKind k) {
  switch (k) {
  case OwnerKind::kernel: return StripKind::kernel;
  case OwnerKind::mem_map: return StripKind::mem_map;
  case OwnerKind::misc: return StripKind::misc;
  case OwnerKind::reserved: break;
  }
  return StripKind::reserved;
}

struct Columns {
  u64 width; // bytes
  std::vector<std::array<u64, strip_kinds>> bytes;

  /// [base, end) becomes `to`; it was `from`.
  void paint(u64 base, u64 end, StripKind from, StripKind to) {
    for (u64 at = base; at < end;) {
      const u64 column = at / width, stop = std::min(end, (column + 1) * width);
      if (column >= bytes.size()) return;
      auto &here = bytes[static_cast<std::size_t>(column)];
      here[static_cast<std::size_t>(from)] -= stop - at;
      here[static_cast<std::size_t>(to)] += stop - at;
      at = stop;
    }
  }
};

} // namespace

std::string_view strip_kind_name(StripKind k) {
  static constexpr std::string_view names[] = {"none", "memory", "free", "reserved", "kernel", "mem_map", "misc"};
  return names[static_cast<std::size_t>(k)];
}

std::vector<StripKind> memory_strip(const Lab &lab, u64 end, unsigned columns) {
  if (end == 0 || columns == 0) return {};
  Columns c{(end + columns - 1) / columns, {}};
  c.bytes.resize(columns);
  for (auto &column : c.bytes) column[0] = c.width;

  const System &s = lab.state();
  const std::vector<AddressRange> ram = ram_ranges(s);
  for (const AddressRange &r : ram) c.paint(r.base, r.end, StripKind::none, StripKind::memory);
  if (ram.empty()) // the kernel has not taken it over yet
    for (const e820_entry &e : s.e820.entries)
      if (e.type == E820_TYPE_RAM) c.paint(e.addr.v, e.addr.v + e.size, StripKind::none, StripKind::memory);
  auto it = lab.owners().held().begin();
  for (const AddressRange &r : ram) {
    while (it != lab.owners().held().end() && it->second.end <= r.base) ++it;
    for (auto at = it; at != lab.owners().held().end() && at->first < r.end; ++at)
      c.paint(std::max(at->first, r.base), std::min(at->second.end, r.end), StripKind::memory,
              kind_of(lab.index().owners()[at->second.owner].kind));
  }

  const unsigned shift = s.arch->page_shift;
  const mem_map &map = s.pages.map();
  map.for_each_run(pfn_t{0}, map.end(), [&](const PageRun &run) {
    if (run.info.state == PageState::free || run.info.state == PageState::pcp)
      c.paint(run.start.v << shift, (run.start.v + run.count) << shift, StripKind::memory, StripKind::free);
  });
  for (const PairZone &zone : s.pair_zones)
    for (unsigned order = 0; order < zone.rules().orders; ++order)
      zone.for_each_block(order_t{order}, [&](pfn_t p) {
        c.paint(p.v << shift, (p.v + (u64{1} << order)) << shift, StripKind::memory, StripKind::free);
      });

  std::vector<StripKind> strip;
  for (const auto &column : c.bytes)
    strip.push_back(static_cast<StripKind>(std::max_element(column.begin(), column.end()) - column.begin()));
  return strip;
}

} // namespace mmscope
