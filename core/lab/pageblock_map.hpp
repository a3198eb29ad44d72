// pageblock_map: a zone's pageblocks on a grid of few cells: what types lie in each cell, and how much of it is free. A
// terabyte has half a million pageblocks; a picture has room for a thousand.
//
//   zone DMA32, 504 pageblocks, 100 cells:  each cell stands for 6 of them
//   PageblockMap m = pageblock_map(pages, nid, zid, 100);
//   m.cells[7].pages[type], m.cells[7].free; m.first_of(7);
//
// Costs what the zone's stretches, touched pageblocks and free list entries cost, and the cells.
#pragma once
#include "mm/page_alloc.hpp"

#include <array>
#include <vector>

namespace mmscope {

struct PageblockCell {
  std::array<u64, migratetype_count> pages{}; // with a struct page, by the type of their pageblock
  u64 free = 0;                               // of them on free lists
  u64 all() const;
  unsigned most() const; // the type of most pages
};

struct PageblockMap {
  u64 start = 0, end = 0; // page frames of the zone, half-open
  u64 origin = 0;         // the first cell's first page frame: a pageblock's
  u64 pageblock = 1;      // pages
  u64 each = 1;           // pageblocks a cell
  std::vector<PageblockCell> cells;
  std::array<u64, migratetype_count> blocks{}; // pageblocks of each type, of those that have pages
  u64 cell_pages() const { return pageblock * each; }
  u64 first_of(std::size_t cell) const { return origin + cell * cell_pages(); }
  std::size_t cell_of(u64 pfn) const { return static_cast<std::size_t>((pfn - origin) / cell_pages()); }
};

// At most `most_cells` cells, at least 1.
PageblockMap pageblock_map(const PageAlloc &pa, i32 nid, unsigned zid, u64 most_cells);

} // namespace mmscope
