// flatmem: one array of struct page for all frames from the first to the last, holes included (mm/page_alloc.c, v6.1).
//
//   pfn        0 1            9f   100                                          3ffe0        40000
//   RAM          [============]    [================================================]
//   mem_map    [-----------------------------------------------------------------------------]
//              └ node start, down to a max-order block         node end, up to a max-order block ┘
//
// Beside it each zone has a usage map of its own, four or eight bits a pageblock. There are no sections: a frame is valid when
// it lies below the end of memory, RAM or not.
//
//   alloc_node_mem_map(s, t, 0);  setup_usemap(s, t, 0, zid);
//   flat_pages_valid(s, a, b)     // where [a, b) has struct pages that hole initialisation reaches
#pragma once
#include "mm/system.hpp"

namespace mmscope {

// Bytes of the array for a node that spans [start, start + spanned) pages.
u64 flat_mem_map_bytes(const KernelConfig &config, pfn_t start, u64 spanned);
// Bytes of a zone's usage map; `word` = sizeof(long).
u64 usemap_bytes(const KernelConfig &config, const Era &era, unsigned word, pfn_t zone_start, u64 spanned);

// The node's array and a zone's usage map are allocated; both know their span already.
void alloc_node_mem_map(System &s, Trace *t, i32 nid);
void setup_usemap(System &s, Trace *t, i32 nid, unsigned zid);

// The part of [start, end) whose pageblocks begin with a valid frame (pfn_valid: below max_mapnr).
PfnRange flat_pages_valid(const System &s, pfn_t start, pfn_t end);

} // namespace mmscope
