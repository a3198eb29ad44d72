// page_address: from a page frame number to its struct page and back, step by step, in five memory models
// (include/asm-generic/memory_model.h, mm/sparse.c, arch code of DISCONTIGMEM).
//
//   FLATMEM       mem_map ──────────────[ one array, holes included ]
//   DISCONTIGMEM  memnodemap[pfn] ─► node_data[nid] ─► node_mem_map ──[ an array a node ]
//   SPARSEMEM     mem_section[pfn >> 15] ─► section_mem_map ──[ an array a section ]       static: one table
//     EXTREME     mem_section[root] ─► root page ─► section_mem_map ──[ … ]                … of two levels
//     VMEMMAP     vmemmap ──[ … side by side in the kernel's addresses ]
//
//   PageAddresses a(AddressModel::sparsemem_extreme, geometry_of(system), ram_of(system));
//   Conversion there = a.pfn_to_page(pfn_t{0x12345}), back = a.page_to_pfn(there.result);
//   for (const AddressStep &s : there.steps) …      // "nr", "pfn >> 15", 2
//   a.cost().hole_pages
//
// Where arrays lie is ours: tables first, then one array behind the other from `maps_at`; a vmemmap lies where the
// architecture has it. The zone's bits of page->flags are left 0. Addresses are virtual and wrap at the word's size.
#pragma once
#include "desc/flags_layout.hpp"
#include "desc/page_layout.hpp"
#include "mm/system.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mmscope {

enum class AddressModel : u8 { flatmem, discontigmem, sparsemem_static, sparsemem_extreme, vmemmap, count_ };
std::string_view model_name(AddressModel m);    // "sparsemem-extreme"
AddressModel find_model(std::string_view name); // count_ when unknown
std::string_view model_limit(AddressModel m);   // what it cannot represent, in a sentence

struct RamPages { // [start, end)
  pfn_t start, end;
  i32 nid = 0;
};

struct PageGeometry {
  unsigned word = 8; // bytes
  unsigned page_shift = 12;
  unsigned section_size_bits = 27, max_physmem_bits = 46;
  unsigned pmd_shift = 21; // a vmemmap is mapped in pieces of this size
  unsigned max_order = 10; // the largest order: arrays are made of whole blocks
  u64 sizeof_page = 64, sizeof_mem_section = 32;
  u64 cache_line = 64;     // arrays and the table of roots are aligned to it
  u64 arch_pfn_offset = 0; // ARCH_PFN_OFFSET
  u64 vmemmap_base = 0;    // 0 = no addresses are kept for one
  MapRules map{};
  u64 maps_at = 0; // page aligned
  FlagsRules flags_rules{};
  FlagsConfig flags{}; // sections and vmemmap are filled in by model
};

struct AddressStep {
  enum class Op : u8 { load, shift, mask, add, subtract, multiply, divide };
  Op op;
  std::string name;       // of what comes out: "section_mem_map"
  std::string expression; // with names: "mem_section[root] + nr % 128 * 32"
  std::string numbers;    // with values; for a load "*0x…"
  u64 value;
};
struct Conversion {
  std::vector<AddressStep> steps;
  u64 result = 0;    // address of the struct page, or the page frame number
  std::string error; // why there is none; the steps up to there are kept
  bool ok() const { return error.empty(); }
  u64 loads() const;
};

struct ModelCost {
  u64 arrays = 0;
  u64 map_bytes = 0;                       // of memory, for struct pages
  u64 struct_pages = 0;                    // that the arrays have
  u64 hole_pages = 0;                      // … for frames that are no RAM
  u64 table_bytes = 0;                     // of the tables that lead to the arrays
  u64 address_bytes = 0;                   // of the kernel's addresses, used or not
  u64 loads_to_page = 0, loads_to_pfn = 0; // of a conversion
};

class PageAddresses {
public:
  // `ram` ascends and does not overlap.
  PageAddresses(AddressModel model, PageGeometry geometry, std::vector<RamPages> ram);

  const std::string &error() const { return error_; } // the model cannot be used here: why; "" when it can
  const FlagsLayout &flags() const { return flags_; } // of page->flags in this model
  bool pfn_valid(pfn_t pfn) const;                    // has a struct page, RAM or not
  Conversion pfn_to_page(pfn_t pfn) const;
  Conversion page_to_pfn(u64 page) const;
  ModelCost cost() const;

private:
  struct Array { // frames [first, first + pages), their struct pages at `at`
    u64 first, pages, at;
    i32 nid;
    u64 bytes;
  };
  bool sparse() const { return model_ != AddressModel::flatmem && model_ != AddressModel::discontigmem; }
  void add_span(u64 first, u64 end, i32 nid);
  void add_nodes();
  void add_sections();
  const Array *array_of(u64 pfn) const;
  const Array *array_of_node(i32 nid) const;
  const Array *array_at(u64 page) const;
  i32 nid_of(u64 pfn) const; // as the node table tells; no_node
  u64 flags_word(const Array &a) const;
  u64 section_word(const Array *a) const; // section_mem_map
  u64 section_map(Conversion &c, u64 nr) const;
  void load_node(Conversion &c, i32 nid, u64 map) const;
  u64 node_start(i32 nid) const;
  u64 entry_at(u64 nr) const;
  u64 root_at(u64 nr) const;

  AddressModel model_;
  PageGeometry g_;
  std::vector<RamPages> ram_;
  std::vector<Array> arrays_; // ascending
  FlagsLayout flags_;
  unsigned node_shift_ = 0; // one entry of the node table covers this many frames, log2
  u64 tables_at_ = 0, table_bytes_ = 0, next_ = 0;
  u64 nodes_at_ = 0;       // node_data[], then a page for each node's pglist_data
  std::vector<u64> roots_; // numbers of those that have a page
  std::string error_;
};

// Of a machine that has booted, or is about to.
PageGeometry geometry_of(const System &s);
std::vector<RamPages> ram_of(const System &s);
u64 ram_bytes_of(const System &s); // whole pages
AddressModel model_of(const System &s);
// The row of a kernel's own version, or of the nearest older one that is told apart.
const PageRow &page_row_of(const Era &era);
// The same machine with another era's struct page.
PageGeometry geometry_of(const System &s, const PageRow &row, u32 options);

} // namespace mmscope
