// schema: the tree of things that can be asked of, as rows made from fields.def. One table serves the language, the
// inspector and completion.
//
//   root ── node[0] ── zone[DMA32] ── free_area[10] ── free_list[Movable] ── block[0]
//        ├─ page[0x1234] ── block, zone, node, section, …        a Ref says which thing; a Row how to go on from it
//        └─ memblock ── reserved ── regions[3]
//
//   Context c{lab};
//   Ref node = enter(c, *find_row(Thing::root, "node"), Ref{}, 0);
//   read(c, *find_row(Thing::node, "node_start_pfn"), node).number;
#pragma once
#include "mm/section_word.hpp"
#include "query/query.hpp"

namespace mmscope {

enum class Thing : u8 {
  root,
  node,
  zone,
  free_area,
  free_list,
  block,
  pcp,
  pcp_list,
  pageblock,
  page,
  section,
  mem_section,
  memblock,
  memblock_type,
  memblock_region,
  e820,
  e820_entry,
  vm,
  call,
  event
};
std::string_view thing_name(Thing t);

// What stands in a path's brackets. maybe: may be left out; event: n or call.n; the last four also go by name.
enum class Index : u8 { none, number, maybe, event, zone, order, watermark, migratetype };
// The words that a text or an index is one of.
enum class Words : u8 { none, zone, migratetype, watermark, page_state, phase };

inline constexpr u64 no_index = ~u64{0};

// Which thing. Only the members that its kind needs are set.
struct Ref {
  Thing thing = Thing::root;
  bool there = true; // false: there is no such thing at this moment
  i32 nid = 0;
  unsigned zid = 0, order = 0, type = 0; // zone number, order, migratetype
  u32 cpu = 0, index = 0;                // of a CPU's page list
  memblock_list list{};
  u64 n = 0; // pfn of page, block or pageblock; number of section, region, entry, call, event
  u64 call = 0;
};

class Context { // a lab at the moment of asking; costly answers are found once
public:
  explicit Context(const Lab &of) : lab(of), s(of.state()) {}
  const Lab &lab;
  const System &s;
  bool buddies_sound() const;
  bool system_sound() const;
  // A zone of 2.4, which has lists and pair bitmaps and no more, reads like any other: its pages are present and managed,
  // and its free blocks are of one type.
  const zone &zone_of(i32 nid, unsigned zid) const;

private:
  mutable std::vector<zone> pair_zones_;
  mutable std::optional<bool> buddies_, system_;
};

struct Row {
  Thing of;
  std::string_view key; // "zone.managed_pages"
  Index index;
  Thing child; // of a thing that a path can go on from; root = none, a path ends here
  QueryUnit unit;
  Words words;
  QueryValue (*value)(const Context &c, const Ref &r, u64 i);
  Ref (*go)(const Context &c, const Ref &r, u64 i, u64 j);
  std::string_view name() const { return key.substr(key.find('.') + 1); }
  bool has_value() const { return child == Thing::root || unit != QueryUnit::none || words != Words::none; }
};

std::span<const Row> rows_of(Thing t); // in the order of fields.def, where a thing's rows follow each other
const Row *find_row(Thing t, std::string_view name); // an event's own fields are found too; null: there is none
std::vector<std::string_view> row_names(Thing t);

// The child that a row leads to; `there` is false when there is none.
Ref enter(const Context &c, const Row &row, const Ref &from, u64 i = no_index, u64 j = no_index);
// The value of a field, or of a thing that a path ends in.
QueryValue read(const Context &c, const Row &row, const Ref &of, u64 i = no_index, u64 j = no_index);

Words words_of(Index index); // the names that an index goes by
std::vector<std::string_view> word_list(const Context &c, Words words);
std::string path_of(const Context &c, const Ref &r); // canonical: "node[0].zone[DMA32]"

// Things that others lead to.
Ref node_ref(const Context &c, u64 nid);
Ref zone_ref(const Context &c, i32 nid, u64 zid);
Ref page_ref(const Context &c, u64 pfn);
Ref block_ref(const Context &c, u64 pfn);
Ref pageblock_ref(const Context &c, u64 pfn);
Ref section_ref(const Context &c, u64 n);
Ref region_at(const Context &c, memblock_list list, u64 pfn); // that holds the page's first byte
Ref region_ref(memblock_list list, u64 n, const Context &c);
Ref call_ref(const Context &c, u64 n);
Ref event_ref(const Context &c, u64 i, u64 j);

const Event *event_of(const Context &c, const Ref &r); // null: it has not happened
QueryUnit unit_of(FieldUnit unit);

inline unsigned section_shift(const Context &c) { return c.s.arch->section_size_bits - c.s.arch->page_shift; }

} // namespace mmscope
