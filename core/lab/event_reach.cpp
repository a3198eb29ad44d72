#include "lab/event_reach.hpp"

#include <algorithm>
#include <array>

namespace mmscope {
namespace {

// How the fields a, b and c say where.
enum class Shape : u8 {
  nowhere,
  bytes,    // an address and a size
  between,  // two addresses
  page,     // the page at an address
  region,   // the region at an index
  pages,    // a pfn and a count
  blocks,   // a pfn, an order and a number of blocks
  block,    // a pfn and an order
  buddies,  // two pfns and the order of both
  sections, // a section's number and a count
};
struct Row {
  EventKind kind{};
  Shape shape = Shape::nowhere;
  Layer layer{}; // of memblock's events the list says whether it is memory or reserved
  u8 a = 0, b = 0, c = 0;
};

// clang-format off
constexpr Row rows[] = {
    {EventKind::lab_e820_add,            Shape::bytes,    Layer::firmware, 0, 1},
    {EventKind::lab_e820_update,         Shape::bytes,    Layer::firmware, 0, 1},
    {EventKind::lab_memblock_insert,     Shape::bytes,    Layer::memory,   2, 3},
    {EventKind::lab_memblock_remove,     Shape::bytes,    Layer::memory,   2, 3},
    {EventKind::lab_memblock_merge,      Shape::bytes,    Layer::memory,   2, 3},
    {EventKind::lab_memblock_trim,       Shape::bytes,    Layer::memory,   2, 3},
    {EventKind::lab_memblock_split,      Shape::region,   Layer::memory,   1},
    {EventKind::lab_memblock_mark,       Shape::region,   Layer::memory,   1},
    {EventKind::lab_memblock_grow,       Shape::bytes,    Layer::memory,   2, 3},
    {EventKind::lab_memblock_candidate,  Shape::between,  Layer::memory,   0, 1},
    {EventKind::lab_numa_memblk,         Shape::bytes,    Layer::memory,   1, 2},
    {EventKind::lab_section_roots,       Shape::bytes,    Layer::sections, 0, 1},
    {EventKind::lab_section_root,        Shape::page,     Layer::sections, 1},
    {EventKind::lab_section_present,     Shape::sections, Layer::sections, 0, 1},
    {EventKind::lab_section_gone,        Shape::sections, Layer::sections, 0, 1},
    {EventKind::lab_section_init,        Shape::sections, Layer::sections, 0, 1},
    {EventKind::lab_vmemmap_table,       Shape::page,     Layer::sections, 1},
    {EventKind::lab_node_init,           Shape::pages,    Layer::zones,    1, 2},
    {EventKind::lab_zone_init,           Shape::pages,    Layer::zones,    2, 3},
    {EventKind::lab_page_run,            Shape::pages,    Layer::pages,    0, 1},
    {EventKind::lab_pageblock_run,       Shape::pages,    Layer::pages,    0, 1},
    {EventKind::lab_free_list_add,       Shape::blocks,   Layer::pages,    4, 2, 5},
    {EventKind::lab_free_list_del,       Shape::block,    Layer::pages,    4, 2},
    {EventKind::lab_hand_over,           Shape::blocks,   Layer::pages,    0, 1, 2},
    {EventKind::lab_buddy_merge,         Shape::buddies,  Layer::pages,    0, 1, 2},
    {EventKind::lab_deferred_skip,       Shape::blocks,   Layer::pages,    0, 1, 2},
    {EventKind::lab_pcp_add,             Shape::block,    Layer::pages,    4, 5},
    {EventKind::lab_pcp_del,             Shape::block,    Layer::pages,    4, 5},
    {EventKind::lab_page_block,          Shape::block,    Layer::pages,    0, 1},
    {EventKind::lab_lru_add,             Shape::block,    Layer::pages,    0, 1},
    {EventKind::lab_lru_del,             Shape::block,    Layer::pages,    0, 1},
    {EventKind::lab_buddy_split,         Shape::block,    Layer::pages,    0, 1},
    {EventKind::mm_page_alloc,           Shape::block,    Layer::pages,    0, 1},
    {EventKind::mm_page_free,            Shape::block,    Layer::pages,    0, 1},
    {EventKind::mm_page_pcpu_drain,      Shape::block,    Layer::pages,    0, 1},
    {EventKind::mm_page_alloc_zone_locked, Shape::block,  Layer::pages,    0, 1},
    {EventKind::mm_page_alloc_extfrag,   Shape::block,    Layer::pages,    0, 2},
};
// clang-format on

constexpr std::array<Row, event_kind_count> table = [] {
  std::array<Row, event_kind_count> t{};
  for (const Row &row : rows) t[static_cast<std::size_t>(row.kind)] = row;
  return t;
}();

bool names_a_list(EventKind k) {
  const auto fields = event_info(k).fields;
  return !fields.empty() && fields[0].unit == FieldUnit::list;
}

} // namespace

std::optional<Place> reach(const Event &e, const Arch &arch, const struct memblock *before) {
  const Row &row = table[static_cast<std::size_t>(e.kind)];
  const u64 a = e.f[row.a], b = e.f[row.b], c = e.f[row.c];
  const unsigned page = arch.page_shift, section = arch.section_size_bits;
  Place p{row.layer, 0, 0};
  if (names_a_list(e.kind)) p.layer = e.f[0] == 0 ? Layer::memory : Layer::reserved;
  const auto span = [&](u64 first, u64 count, unsigned shift) {
    p.base = first << shift;
    p.end = (first + count) << shift;
  };
  switch (row.shape) {
  case Shape::nowhere: break;
  case Shape::bytes: span(a, b, 0); break;
  case Shape::between: span(a, b - a, 0); break;
  case Shape::page: span(a, u64{1} << page, 0); break;
  case Shape::region:
    if (before != nullptr) {
      const auto &regions = before->type(e.f[0] == 0 ? memblock_list::memory : memblock_list::reserved).regions;
      if (a < regions.size()) {
        const memblock_region &r = regions[static_cast<std::size_t>(a)];
        span(r.base.v, r.size, 0);
      }
    }
    break;
  case Shape::pages: span(a, b, page); break;
  case Shape::blocks: span(a, c << b, page); break;
  case Shape::block: span(a, u64{1} << b, page); break;
  case Shape::buddies: span(std::min(a, b), u64{2} << c, page); break;
  case Shape::sections: span(a, b, section); break;
  }
  if (p.base >= p.end) return std::nullopt;
  return p;
}

} // namespace mmscope
