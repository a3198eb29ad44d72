// The simplest memblock there is, as a judge for the real one: one cell for every 64 bytes of a small address
// space, and every question answered by looking at all cells. Regions are not kept, they are read off the cells.
//
//   cell      0 1 2 3 4 5 6 7 8 9
//   memory    . A A A B B . . A A       regions [1,4) A  [4,6) B  [8,10) A
//
// Addresses, sizes and alignments must be whole cells. There is no array, so nothing is ever full.
#pragma once
#include "mm/memblock.hpp"

#include <algorithm>
#include <vector>

namespace mmscope {

struct NaiveMemblock {
  static constexpr u64 cell_bytes = 64;
  static constexpr std::size_t cells = 256;
  static constexpr unsigned page_shift = 8;

  struct Cell {
    bool present = false;
    u32 flags = 0;
    i32 nid = no_node;
    bool cut = false; // a region begins here although the cell to the left is alike
  };
  struct List {
    std::vector<Cell> cell = std::vector<Cell>(cells);
    u64 total_size = 0;
  };
  List lists[2];
  bool bottom_up = false, movable_node = false, mirror = false;
  u64 limit = ~u64{0};

  std::vector<Cell> &cell(memblock_list l) { return lists[static_cast<int>(l)].cell; }

  static std::size_t at(u64 address) { return std::min<std::size_t>(address / cell_bytes, cells); }
  static bool begins(const std::vector<Cell> &c, std::size_t i) { // does a region begin at this cell?
    if (!c[i].present) return false;
    return i == 0 || !c[i - 1].present || c[i].cut || c[i - 1].nid != c[i].nid || c[i - 1].flags != c[i].flags;
  }
  std::vector<memblock_region> regions(memblock_list l) const {
    const std::vector<Cell> &c = lists[static_cast<int>(l)].cell;
    std::vector<memblock_region> out;
    for (std::size_t i = 0; i < cells; ++i) {
      if (begins(c, i)) out.push_back({phys_addr_t{i * cell_bytes}, 0, c[i].flags, c[i].nid});
      if (c[i].present) out.back().size += cell_bytes;
    }
    return out;
  }
  void merge(memblock_list l) {
    for (Cell &c : cell(l)) c.cut = false;
  }

  void add(memblock_list l, u64 base, u64 size, i32 nid, u32 flags) {
    List &list = lists[static_cast<int>(l)];
    const bool was_empty = regions(l).empty();
    u64 added = 0;
    for (std::size_t i = at(base); i < at(base + size); ++i)
      if (!list.cell[i].present) {
        list.cell[i] = {true, flags, nid, false};
        added += cell_bytes;
      }
    if (added == 0) return;
    list.total_size = was_empty ? added : list.total_size + added;
    merge(l);
  }
  void remove(memblock_list l, u64 base, u64 size) {
    List &list = lists[static_cast<int>(l)];
    for (std::size_t i = at(base); i < at(base + size); ++i)
      if (std::exchange(list.cell[i], {}).present) list.total_size -= cell_bytes;
  }
  void set_flag(u64 base, u64 size, u32 flag, bool on) {
    for (std::size_t i = at(base); i < at(base + size); ++i) {
      Cell &c = cell(memblock_list::memory)[i];
      if (c.present) c.flags = on ? c.flags | flag : c.flags & ~flag;
    }
    merge(memblock_list::memory);
  }
  void set_node(memblock_list l, u64 base, u64 size, i32 nid) {
    for (std::size_t i = at(base); i < at(base + size); ++i)
      if (cell(l)[i].present) cell(l)[i].nid = nid;
    merge(l);
  }
  void trim(u64 align) {
    List &list = lists[0];
    for (const memblock_region &r : regions(memblock_list::memory)) {
      u64 whole = 0;
      for (u64 a = r.base.v; a < r.end().v; a += cell_bytes) {
        // A cell stays when the whole aligned piece around it lies in the region.
        const u64 piece = a / align * align;
        if (piece >= r.base.v && piece + align <= r.end().v)
          ++whole;
        else
          list.cell[at(a)] = {};
      }
      if (whole == 0) list.total_size -= r.size;
    }
  }
  void cap(u64 base, u64 size) {
    List &list = lists[0];
    if (size == 0 || list.total_size == 0) return;
    for (const u64 bound : {base, base + size})
      if (at(bound) < cells) list.cell[at(bound)].cut = true;
    for (std::size_t i = 0; i < cells; ++i) {
      const bool inside = i >= at(base) && i < at(base + size);
      if (inside || (list.cell[i].flags & MEMBLOCK_NOMAP) != 0) continue;
      if (std::exchange(list.cell[i], {}).present) list.total_size -= cell_bytes;
    }
    remove(memblock_list::reserved, 0, base);
    remove(memblock_list::reserved, base + size, cells * cell_bytes);
  }
  // The address behind the cell that makes `limit` bytes full; 0 if there are fewer.
  u64 max_addr(u64 limit_bytes) {
    u64 bytes = 0;
    for (std::size_t i = 0; i < cells; ++i) {
      bytes += cell(memblock_list::memory)[i].present ? cell_bytes : 0;
      if (limit_bytes != 0 && bytes == limit_bytes) return (i + 1) * cell_bytes;
    }
    return 0;
  }
  void enforce(u64 limit_bytes) {
    const u64 max = max_addr(limit_bytes);
    if (max == 0) return;
    remove(memblock_list::memory, max, cells * cell_bytes);
    remove(memblock_list::reserved, max, cells * cell_bytes);
  }
  void remove_map(u64 limit_bytes) {
    if (const u64 max = max_addr(limit_bytes); max != 0) cap(0, max);
  }

  bool usable(std::size_t i, i32 nid, bool mirrored) const {
    const Cell &c = lists[0].cell[i];
    if (!c.present || lists[1].cell[i].present) return false;
    if (nid != no_node && c.nid != nid) return false;
    if (movable_node && (c.flags & MEMBLOCK_HOTPLUG) != 0) return false;
    if (mirrored && (c.flags & MEMBLOCK_MIRROR) == 0) return false;
    return (c.flags & (MEMBLOCK_NOMAP | MEMBLOCK_DRIVER_MANAGED)) == 0;
  }
  bool fits(u64 address, u64 size, i32 nid, bool mirrored) const {
    for (std::size_t i = at(address); i < at(address) + size / cell_bytes; ++i) {
      if (i >= cells || !usable(i, nid, mirrored)) return false;
      if (i != at(address) && begins(lists[0].cell, i)) return false;
    }
    return true;
  }
  u64 find(u64 size, u64 align, u64 start, u64 end, i32 nid, bool mirrored) const {
    start = std::max(start, u64{1} << page_shift);
    end = std::min(end == 0 ? limit : end, cells * cell_bytes);
    u64 highest = 0;
    for (u64 a = 0; a + size <= end; a += align) {
      if (a < start || !fits(a, size, nid, mirrored)) continue;
      if (bottom_up) return a;
      highest = a;
    }
    return highest;
  }
  u64 alloc(u64 size, u64 align, u64 start, u64 end, i32 nid, bool exact) {
    for (const bool mirrored : {true, false}) {
      if (mirrored && !mirror) continue;
      u64 found = find(size, align, start, end, nid, mirrored);
      if (found == 0 && nid != no_node && !exact) found = find(size, align, start, end, no_node, mirrored);
      if (found == 0) continue;
      add(memblock_list::reserved, found, size, no_node, MEMBLOCK_NONE);
      return found;
    }
    return 0;
  }
  u64 alloc_try(u64 size, u64 align, u64 start, u64 end, i32 nid, bool exact) {
    end = std::min(end, limit);
    const u64 found = alloc(size, align, start, end, nid, exact);
    return found != 0 || start == 0 ? found : alloc(size, align, 0, end, nid, exact);
  }
  // Free ranges: runs of usable cells within one region.
  std::vector<FreeRange> free_ranges() const {
    std::vector<FreeRange> out;
    for (std::size_t i = 0; i < cells; ++i) {
      if (!usable(i, no_node, false)) continue;
      const bool goes_on = i > 0 && usable(i - 1, no_node, false) && !begins(lists[0].cell, i);
      const phys_addr_t base{i * cell_bytes};
      if (!goes_on) out.push_back({base, base, lists[0].cell[i].nid});
      out.back().end = base + cell_bytes;
    }
    return out;
  }
};

} // namespace mmscope
