// page_bytes: the struct page of a page on show, member by member, with what stands there now.
//
//   PageBytes b = page_bytes(system, pfn_t{0x12000}, *find_page_row("6.1"), row.usual);
//   b.use;                                    // PageUse::free_block
//   for (const LiveMember &m : b.members) …   // private: 10, "the block's order, in its first page"
//
// Only members that hold while the page is used so; a value only where the model knows it (links of lists, what the
// owner keeps, are not known). A page inside a free block has no mark of its own: it is of no use in particular.
#pragma once
#include "desc/page_layout.hpp"
#include "mm/page_address.hpp"

#include <optional>
#include <string>
#include <vector>

namespace mmscope {

struct LiveMember {
  PlacedMember member;
  std::string_view what;    // for this use
  std::optional<u64> value; // as wide as the member
};
struct PageBytes {
  PageUse use = PageUse::any;
  u64 at = 0;                      // address of the struct page with a vmemmap; 0 = not told
  u64 size = 0;                    // bytes
  std::vector<LiveMember> members; // by offset
  std::string error;               // there is no struct page: why
};
PageBytes page_bytes(const System &s, pfn_t pfn, const PageRow &row, u32 options);

// The word of flags as the page would have it in a memory model; nothing while there is no struct page.
struct PageFlagsWord {
  FlagsLayout layout;
  FlagsConfig config; // what the widths come from
  std::optional<u64> value;
};
PageFlagsWord page_flags_word(const System &s, pfn_t pfn, const PageRow &row, u32 options, AddressModel model);

// The options with which the row's struct page is as large as the machine's: the usual ones, or with as few changed as
// it takes.
u32 options_of_machine(const System &s, const PageRow &row);

} // namespace mmscope
