// section_mem_map: the one word of a mem_section that says where its struct pages are and what state it is in
// (include/linux/mmzone.h, mm/sparse.c, v6.1, with SPARSEMEM_VMEMMAP and ZONE_DEVICE as x86_64 builds have it).
//
//   before sparse_init gives it a map    63 … 5  node id                               4 … 0  flags
//   afterwards                           63 … 5  vmemmap: struct page of pfn 0         4 … 0  flags
//
//   SectionWord w = section_word(system, 7);
//   w.value;  w.ready;  w.nid;  section_flag_name(1) == "HAS_MEM_MAP"
//
// The pointer is encoded so that adding a page frame number to it gives that frame's struct page; with vmemmap that
// makes it the same in every section.
#pragma once
#include "mm/system.hpp"

namespace mmscope {

struct SectionWord {
  static constexpr unsigned flag_bits = 5; // SECTION_MAP_LAST_BIT's number
  u64 value = 0;                           // 0: the section is not present
  bool ready = false;                      // has its map: the upper bits are the pointer, else the node id
  i32 nid = no_node;
};
SectionWord section_word(const System &s, u64 section);
// Of flag bit 0 … 4, without SECTION_.
std::string_view section_flag_name(unsigned bit);

} // namespace mmscope
