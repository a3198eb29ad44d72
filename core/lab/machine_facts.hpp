// machine_facts: what can be said of a machine at one moment, one number a row, so that two machines can be laid side
// by side whatever their architecture, era and memory model.
//
//   kind          of            this machine    another
//   sizeof_page                 64              32              bytes
//   mem_map                     16777216        0               bytes: not there yet
//   zone_managed  node 0 DMA32  1005031424      -               it has no such zone
//
//   for (const Fact &f : machine_facts(lab)) …      // in the order of the table
//
// Amounts of memory are bytes, because pages differ in size. What a machine does not have has no row.
#pragma once
#include "lab/lab.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace mmscope {

// text: the words are in Fact::text. Addresses are physical; ends are one past the last byte.
enum class FactUnit : u8 { text, bytes, address, count, permille };
// Facts of one group stand together.
enum class FactGroup : u8 { machine, memory, mem_map, zones, orders };

enum class FactKind : u8 {
#define FACT(kind, group, unit) kind,
#include "lab/machine_facts.def"
#undef FACT
};
struct FactInfo {
  std::string_view name; // "zone_managed"
  FactGroup group;
  FactUnit unit;
};
const FactInfo &fact_info(FactKind k);
std::string_view group_name(FactGroup g); // "zones"

struct Fact {
  FactKind kind{};
  i32 nid = no_node; // of a zone's facts
  u64 order = 0;     // of free_blocks
  std::string zone;  // "DMA32"
  u64 value = 0;
  std::string text;
  // The same row of the table.
  bool beside(const Fact &o) const { return kind == o.kind && nid == o.nid && order == o.order && zone == o.zone; }
  bool equal(const Fact &o) const { return value == o.value && text == o.text; }
};

std::vector<Fact> machine_facts(const Lab &lab);

// Who gives out memory at this moment.
enum class Allocator : u8 { none, memblock, bootmem, buddy };
Allocator allocator_in_charge(const Lab &lab);
std::string_view allocator_name(Allocator a); // "memblock"; "" for none

// The array of struct page, as far as it is there: bytes = struct_pages * sizeof_page, and it covers
// struct_pages * page_size bytes of addresses.
struct MapSize {
  u64 struct_pages = 0, sizeof_page = 0, page_size = 0;
  u64 bytes() const { return struct_pages * sizeof_page; }
  u64 covered() const { return struct_pages * page_size; }
};
MapSize map_size(const System &s);

} // namespace mmscope
