// flags_layout: where a page's section, node and zone are kept in the upper bits of page->flags
// (include/linux/page-flags-layout.h, include/linux/mm.h; kernel/bounds.c gives the widths).
//
//   63        54 53  51 50            30 29  27 26 25 24                     0
//   [   node    | zone |   last_cpupid  | gen | refs | PG_… flags             ]      x86_64, 6.1 as Debian builds it
//
//   FlagsLayout l = flags_layout(rules, config);
//   l.find("zone")->pgshift;  l.unused;  l.error           // "" when the fields have room
//   u64 word = place(l, "zone", 1) | place(l, "node", 0);  take(l, "zone", word)
//
// Fields lie from the top down in the order of `fields`. One of no width has pgshift 0, as the kernel prints it.
#pragma once
#include "base/types.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace mmscope {

// Who reads the upper bits, and how.
enum class FlagsScheme : u8 {
  zone_byte, // 2.4: the top 8 bits are an index of zone_table[], node * MAX_NR_ZONES + zone
  nodezone,  // 2.6.11: (node << 2) | zone at the top, an index of zone_table[]
  packed,    // 2.6.20 on: fields side by side, the zone is found from node and zone
};
struct FlagsRules {
  FlagsScheme scheme = FlagsScheme::packed;
  unsigned reserved_32 = 0, reserved_64 = 0; // FLAGS_RESERVED; 0 = whatever the PG flags leave
  bool generations = false;                  // knows the LRU's generation (LRU_GEN)
};

struct FlagsConfig {
  unsigned long_bits = 64;     // BITS_PER_LONG
  unsigned word_bits = 64;     // of page->flags: the same but in 2.6.11, where it may be an int
  unsigned pageflags = 0;      // NR_PAGEFLAGS
  unsigned zones = 0;          // MAX_NR_ZONES
  unsigned sections_shift = 0; // MAX_PHYSMEM_BITS - SECTION_SIZE_BITS; 0 = no sections
  bool vmemmap = false;        // sections need no number in the word
  unsigned nodes_shift = 0;    // NODES_SHIFT
  bool numa = false;           // 2.6.11: decides the width kept for nodes
  unsigned cpu_bits = 0;       // order_base_2(CONFIG_NR_CPUS) with NUMA_BALANCING; 0 = without
  unsigned kasan_bits = 0;     // 8 with KASAN's tags
  unsigned gen_bits = 0;       // order_base_2(MAX_NR_GENS + 1) = 3 with LRU_GEN
  unsigned tier_bits = 0;      // MAX_NR_TIERS - 2 = 2 with LRU_GEN, as far as there is room
};

struct FlagsField {
  std::string_view name;
  unsigned width, pgshift; // bits
  friend bool operator==(const FlagsField &, const FlagsField &) = default;
};
struct FlagsLayout {
  std::vector<FlagsField> fields; // from the top: section node zone last_cpupid kasan_tag gen tier
  unsigned pageflags = 0, word_bits = 0;
  unsigned unused = 0;         // bits between the fields and the PG flags
  bool node_outside = false;   // looked up in section_to_node_table[]
  bool cpupid_outside = false; // an int of its own, _last_cpupid
  unsigned zoneid_shift = 0;   // what tells two pages' zones apart, node or section included
  unsigned zoneid_bits = 0;
  std::string_view zone_lookup; // from the word to the struct zone, in C
  std::string error;            // such a kernel does not compile: why

  const FlagsField *find(std::string_view name) const; // null when the scheme has none
};

FlagsLayout flags_layout(const FlagsRules &rules, const FlagsConfig &config);
u64 place(const FlagsLayout &layout, std::string_view field, u64 value); // cut to the field's width
u64 take(const FlagsLayout &layout, std::string_view field, u64 word);

} // namespace mmscope
