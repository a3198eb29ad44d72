// views: the machine in the kernel's own formats, field by field as /proc and
// dmesg print them, so that `diff` against a file of a real machine shows only
// counters that the model does not have (it leaves those lines out).
//
//   std::string s;
//   append_view(s, View::zoneinfo, machine);
//
//   view           like                          left out
//   memblock       "MEMBLOCK configuration:"
//   zones          a table of ours, a zone a line
//   zoneinfo       /proc/zoneinfo                per-node stats, events, node_unreclaimable
//   buddyinfo      /proc/buddyinfo
//   pagetypeinfo   /proc/pagetypeinfo
//   iomem          /proc/iomem                   devices; Kernel code and data (their last bytes are not modelled)
//   free-lists     every free list, head first   (pfns in hex)
//   sections       a table of ours, neighbours joined
//   slabinfo       /proc/slabinfo                of SLAB if a script runs it (slab_views.hpp)
//   bootmem        the boot bitmap of 2.4 and 2.6, as runs of pages   (old_views.hpp)
//   pairs          lists and pair bitmaps of 2.4, an order a line
//   slob           SLOB's pages and their free blocks
//   log            the kernel lines that the model printed
//   digest         one number over the whole state
#pragma once
#include "lab/machine.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mmscope {

enum class View : u8 {
  memblock,
  zones,
  zoneinfo,
  buddyinfo,
  pagetypeinfo,
  iomem,
  free_lists,
  sections,
  slabinfo,
  bootmem,
  pairs,
  slob,
  log,
  digest
};

std::span<const std::string_view> view_names(); // in the order of View
std::optional<View> find_view(std::string_view name);

void append_view(std::string &out, View view, const Machine &m);

// "Unmovable" …: the types that this era's kernel prints, in its order.
std::span<const migratetype> printed_migratetypes(const System &s);

} // namespace mmscope
