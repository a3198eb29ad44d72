#include "lab/pageblock_map.hpp"

#include <algorithm>

namespace mmscope {

u64 PageblockCell::all() const {
  u64 n = 0;
  for (u64 p : pages) n += p;
  return n;
}
unsigned PageblockCell::most() const {
  return static_cast<unsigned>(std::max_element(pages.begin(), pages.end()) - pages.begin());
}

PageblockMap pageblock_map(const PageAlloc &pa, i32 nid, unsigned zid, u64 most_cells) {
  const zone &z = pa.zone_of(nid, zid);
  PageblockMap m;
  m.pageblock = u64{1} << pa.rules().pageblock_order.v;
  m.start = z.start_pfn.v;
  m.end = z.end_pfn().v;
  m.origin = round_down(m.start, m.pageblock);
  if (m.end <= m.start) return m;
  const u64 blocks = div_round_up(m.end - m.origin, m.pageblock);
  m.each = std::max<u64>(div_round_up(blocks, std::max<u64>(most_cells, 1)), 1);
  m.cells.resize(static_cast<std::size_t>(div_round_up(blocks, m.each)));

  // fn(cell, pages) for the cells of [first, last)
  const auto spread = [&](u64 first, u64 last, auto &&fn) {
    for (u64 at = first; at < last;) {
      const std::size_t cell = m.cell_of(at);
      const u64 end = std::min(m.first_of(cell + 1), last);
      fn(m.cells[cell], end - at);
      at = end;
    }
  };
  pa.map().for_each_type(pfn_t{m.start}, pfn_t{m.end}, pa.rules().pageblock_order, [&](const PageRun &run) {
    if (run.info.state == PageState::absent || run.info.nid != nid || run.info.zone != zid) return;
    const auto type = static_cast<std::size_t>(run.info.block_type);
    const u64 first = run.start.v, last = first + run.count;
    // A pageblock is counted where it begins; a zone may begin or go on inside of one.
    u64 begun = div_round_up(last, m.pageblock) - div_round_up(first, m.pageblock);
    if (first == m.start && first % m.pageblock != 0) ++begun;
    m.blocks[type] += begun;
    spread(first, last, [&](PageblockCell &cell, u64 pages) { cell.pages[type] += pages; });
  });
  for (unsigned order = 0; order < max_orders; ++order)
    for (unsigned type = 0; type < migratetype_count; ++type) {
      if (z.areas[order].free_list[type].nr == 0) continue;
      pa.for_each_block(nid, zid, order_t{order}, static_cast<migratetype>(type), [&](const FreeBlock &b) {
        spread(b.pfn.v, b.pfn.v + (b.count << order), [](PageblockCell &cell, u64 pages) { cell.free += pages; });
      });
    }
  return m;
}

} // namespace mmscope
