// query: asks anything of a boot on show, by the kernel's own names. The query box, the inspector and the lessons' goals
// all speak this one language.
//
//     node[0].zone[DMA32].free_area[10].nr_free          a path: fields and indices, as the kernel's structs nest
//     page[0x1234].flags    memblock.reserved.cnt    section[7].section_mem_map    vm.min_free_kbytes
//     free(zone=DMA32, order>=3) >= 1                     a question of ours, compared
//     all_bytes_accounted && no_unmerged_buddies          joined
//     $given == node[0].zone[DMA].spanned_pages           $name: a value that the asker supplies
//
//     QueryAnswer a = ask(lab, "node[0].zone[DMA32].managed_pages * 4K");
//     if (a.ok()) a.value.number;                         else a.error, a.column
//     Sheet s = inspect(lab, "page[0x1234]");             fields with units, related things, sources
//
// Asking changes nothing. An expression is bounded in length and depth; what cannot be read is refused with its column.
// What does not exist at this moment is an answer too: nothing. Calls and events count from 0; event[7] is of the call on
// show, event[41.7] of call 41. All names stand in fields.def, the reference made from it in docs/query.md.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lab/lab.hpp"

namespace mmscope {

enum class QueryUnit : u8 { none, bytes, address, pages, pfn, order, node, count, index, flags };

struct QueryValue {
  enum class Kind : u8 { number, text, boolean, nothing } kind = Kind::nothing; // nothing: there is no such value here
  u64 number = 0; // two's complement if `negative`; 0 or 1 for a boolean
  bool negative = false;
  QueryUnit unit = QueryUnit::none;
  std::string text; // of a text: "reserved", "PG_reserved|PG_buddy"
  bool truth() const { return kind == Kind::text ? !text.empty() : number != 0; }
  friend bool operator==(const QueryValue &, const QueryValue &) = default;
};
// As a person reads it: "16 MiB", "0x3dc00000", "262 014 pages", "yes".
std::string to_text(const QueryValue &v);

struct QueryAnswer {
  QueryValue value;
  std::string error; // "" = answered
  u32 column = 0;    // of the error, from 1, in bytes
  bool ok() const { return error.empty(); }
};

struct QueryVariable { // `$name`
  std::string_view name;
  QueryValue value;
};

inline constexpr std::size_t max_query_bytes = 1024;

QueryAnswer ask(const Lab &lab, std::string_view expression, std::span<const QueryVariable> variables = {});

// --- things, as the inspector shows them ---

struct SheetField {
  std::string name; // the kernel's: "managed_pages"
  QueryValue value;
  std::string path;       // that asks for this field alone
  std::string_view about; // key of its meaning in the page's words: "zone.managed_pages"
};
struct SheetLink {           // to a related thing
  std::string_view relation; // key: "buddy", "zone", "owner", "made_by"
  std::string path;
  std::string text; // what it is: "node 0 zone DMA32"
};
// Bits of a word taken apart, highest first.
struct SheetBits {
  std::string name; // "section_mem_map"
  u64 word = 0;
  struct Part {
    unsigned high = 0, low = 0;
    std::string_view about; // key
    std::string text;       // what these bits say: "SECTION_HAS_MEM_MAP", "node 0"; "" = a flag that is clear
  };
  std::vector<Part> parts;
};
struct Sheet {
  std::string path; // canonical; "" = there is no such thing: see error
  // Key, as Thing in schema.hpp: "page", "zone", "memblock_region", "section", "block", "node", "call", "event",
  // "e820_entry", "free_area", "free_list", "memblock", "memblock_type", "mem_section", "e820", "vm".
  std::string_view kind;
  std::string title;
  std::vector<SheetField> fields;
  std::vector<SheetLink> links;
  std::vector<SheetBits> bits;
  std::string_view source; // "mm/page_alloc.c, free_area_init_core, v6.1"
  std::vector<std::string>
      at_home;           // lines to type on one's own machine: "grep -A 20 'Node 0, zone DMA32' /proc/zoneinfo"
  u64 base = 0, end = 0; // bytes that it is about, half-open; 0, 0 = no place on the address axis
  std::string error;
};
// The thing at a path, or the one that a field's path belongs to: page[…], block[pfn], section[…], node[…],
// node[…].zone[…], memblock.memory.regions[…], memblock.reserved.regions[…], e820.entries[…], call[n], event[call.n], vm.
Sheet inspect(const Lab &lab, std::string_view path);

// Ways to go on from what has been typed: whole words that may replace the one at the end, in order, with the bracket
// that has to follow ("zone[", "free("); at most `most`.
std::vector<std::string> complete(const Lab &lab, std::string_view typed, std::size_t most = 20);

} // namespace mmscope
