// sparse: sections of physical memory and where their struct pages live
// (mm/sparse.c, mm/sparse-vmemmap.c, v6.1; SPARSEMEM_EXTREME with VMEMMAP).
//
//   roots ──► root page (128 mem_section) ──► section 5: usage ─► pageblock flags, subsection map
//                                                        map   ─► 2 MiB of struct page
//   section:   0    1    2 … 23   24 … 31   32 …
//   present:   ■    ■    ■    ■    .    .    ■        (any RAM in it makes all of it present)
//
// Present sections are kept as runs: neighbours on one node whose maps and usage
// arrays follow each other are one record.
#pragma once
#include "base/digest.hpp"
#include "base/types.hpp"
#include "trace/trace.hpp"

#include <vector>

namespace mmscope {

struct SectionRun { // sections [first, first + count)
  u64 first = 0, count = 0;
  i32 nid = no_node;
  bool initialised = false; // has usage and map (SECTION_HAS_MEM_MAP)
  phys_addr_t usage{};      // of the first section; the next ones follow at usage_bytes
  phys_addr_t map{};        // physical address of the first section's struct pages; the next follow at map_bytes.
                            // Taken page by page, the later ones lie lower: then it is where the lowest lies
  friend bool operator==(const SectionRun &, const SectionRun &) = default;
};
struct SectionRoot {
  u64 index;        // root number
  phys_addr_t addr; // of its page of mem_section entries
  friend bool operator==(const SectionRoot &, const SectionRoot &) = default;
};
struct VmemmapTable {
  u64 level; // 3 = PUD page, 2 = PMD page
  phys_addr_t addr;
  friend bool operator==(const VmemmapTable &, const VmemmapTable &) = default;
};

struct SparseMem {
  phys_addr_t roots_addr; // the table of roots
  u64 roots_bytes = 0;
  std::vector<SectionRoot> roots;   // ascending
  std::vector<SectionRun> sections; // ascending, disjoint
  std::vector<VmemmapTable> tables; // in order of allocation
  friend bool operator==(const SparseMem &, const SparseMem &) = default;

  const SectionRun *find(u64 section) const; // the run holding a section, or null (binary search)
  bool present(u64 section) const { return find(section) != nullptr; }
  u64 present_count() const;

  void set_roots(Trace *t, phys_addr_t addr, u64 bytes);
  void add_root(Trace *t, u64 index, phys_addr_t addr);
  // Marks [first, first+count) present; those already present keep their node.
  void mark_present(Trace *t, u64 first, u64 count, i32 nid);
  // Gives usage and map to present sections [first, first+count); usage_bytes and map_bytes apart.
  void init(Trace *t, u64 first, u64 count, phys_addr_t usage, phys_addr_t map);
  // Present sections [first, first + count) of one run are gone; what is left of it keeps usage and map, which are so
  // many bytes a section.
  void remove(Trace *t, u64 first, u64 count, u64 usage_bytes, u64 map_bytes);
  void add_table(Trace *t, u64 level, phys_addr_t addr);
  bool fold(const Event &e);
  void add_to(Digest &d) const;
};

} // namespace mmscope
