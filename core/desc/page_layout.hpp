// page_layout: struct page of every era, as data. A row declares the members as the kernel does, unions in structs in
// unions; sizes and offsets follow by the rules of alignment of C for a word size and a set of options
// (include/linux/mm_types.h; mm/slab.h struct slab; struct folio's tails).
//
//   offset   0      8                              48          52         56
//            flags | five words, a union of uses  | _mapcount | _refcount | memcg_data        6.1, 64-bit, memcg
//
//   const PageRow *row = find_page_row("6.1");
//   PageLayout l = page_layout(*row, 8, page_option::memcg);   // word in bytes
//   l.size;                                                    // 64
//   for (const PlacedMember &m : l.members) …                  // offset, size, use, what
//   page_flags(*row, 8, options)                               // PG_… by bit
//
// Every row names its source.
#pragma once
#include "base/types.hpp"
#include "desc/flags_layout.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mmscope {

// What a kernel is configured with, bits of a set. A row knows which of them mean anything in its era.
namespace page_option {
inline constexpr u32 memcg = 1 << 0, virtual_address = 1 << 1, last_cpupid = 1 << 2, aligned = 1 << 3,
                     big_locks = 1 << 4, kmemcheck = 1 << 5, kmsan = 1 << 6, int_flags = 1 << 7, uncached = 1 << 8,
                     hwpoison = 1 << 9, idle = 1 << 10, arch_2 = 1 << 11, arch_3 = 1 << 12, kasan_tags = 1 << 13;
// Not chosen but given: the word has 64 bits, or 32.
inline constexpr u32 word_64 = 1u << 30, word_32 = 1u << 31;
} // namespace page_option
struct PageOptionInfo {
  u32 bit;
  std::string_view name, what;
};
std::span<const PageOptionInfo> page_options();

// What a page is used as, and with it which members of a union hold.
enum class PageUse : u8 {
  any,
  cache,      // a file's or anonymous memory
  mlocked,    // unevictable, counted by the locks on it
  free_block, // in the buddy allocator
  pcp,        // on a CPU's list
  pool,       // of a network card's page_pool
  slab,
  tail,       // any but the first of a compound page
  first_tail, // … the second page
  second_tail,
  third_tail,
  table, // page table
  device,
  rcu, // waits to be freed
  count_,
};
std::string_view page_use_name(PageUse use); // "page cache or anonymous"

enum class MemberType : u8 {
  begin_struct,
  begin_union,
  end,
  word,    // unsigned long
  pointer, // also function pointers
  list,    // struct list_head
  rcu,     // struct rcu_head
  integer, // int, atomic_t
  half,    // half a word: int on 64-bit, short on 32-bit
  byte,
  spinlock, // four bytes; with `big_locks` a pointer to one
  bits,     // a bit-field of an int
  words,    // two unsigned longs
  pair,     // two words that one instruction exchanges
};
std::string_view member_type_name(MemberType t);

struct PageMember {
  MemberType type;
  std::string_view name = {}, what = {};
  u32 when = 0;               // options that must all be set
  PageUse use = PageUse::any; // any: that of the struct around it
  u8 bits = 0;
  u32 unless = 0; // options of which none may be set
};
struct PageOverlay { // another structure laid over the same bytes
  std::string_view name;
  u8 page; // of a compound page
  PageUse use;
  std::span<const PageMember> members;
  std::string_view source;
  u32 when = 0; // as of a member
};
struct PageFlag {
  std::string_view name; // without PG_
  u8 bit = next_bit;     // or behind the one before
  u32 when = 0;
  static constexpr u8 next_bit = 255;
};
struct PageFlagAlias {
  std::string_view name, of;
};
struct PageType { // what _mapcount's word holds in a page that no one maps
  std::string_view name;
  u32 value, mask; // the word has it when (word & mask) == value
  u32 stored;      // what the kernel writes
};
struct PageMeaning { // of a member, while the page is used so
  PageUse use;
  std::string_view member, what;
};

// How the arrays of struct pages are made and found (mm/page_alloc.c alloc_node_mem_map, include/linux/mmzone.h).
struct MapRules {
  bool whole_blocks = true;    // an array begins and ends at blocks of the largest order; else one page more than RAM
  bool roots_allocated = true; // SPARSEMEM_EXTREME's table of roots is found through a pointer
  unsigned section_flag_bits = 5; // low bits of section_mem_map that are no address
};

struct PageRow {
  std::string_view name; // "6.1"
  std::span<const PageMember> members;
  std::span<const PageOverlay> overlays;
  std::span<const PageFlag> flags;
  std::span<const PageFlagAlias> aliases;
  std::span<const PageType> types;
  std::span<const PageMeaning> meanings;
  std::string_view free_mark; // how the first page of a free block is known
  FlagsRules rules;
  MapRules map;
  u32 usual; // options of a usual 64-bit kernel
  std::string_view source, flags_source;
};
std::span<const PageRow *const> page_rows();         // oldest first
const PageRow *find_page_row(std::string_view name); // null when unknown
u32 options_of(const PageRow &row);                  // that change anything in this row

struct PlacedMember {
  std::string_view structure; // "page", "slab", …
  std::string_view name, what;
  MemberType type;
  PageUse use;
  unsigned depth;       // of nesting
  u64 offset, size;     // bytes; of a bit-field: those of the first byte and of its int
  u8 bit = 0, bits = 0; // of a bit-field: first bit in its int, and how many
};
struct PageLayout {
  u64 size = 0, align = 0;           // bytes
  std::vector<PlacedMember> members; // in order of declaration, overlays behind
  std::vector<u64> unused;           // bytes of the structure that no member has, padding included
};
PageLayout page_layout(const PageRow &row, unsigned word, u32 options);

struct PlacedFlag {
  std::string_view name, what;
  unsigned bit;
};
std::string_view page_flag_meaning(std::string_view name);
std::vector<PlacedFlag> page_flags(const PageRow &row, unsigned word, u32 options); // by bit
unsigned nr_pageflags(const PageRow &row, unsigned word, u32 options);              // bits, gaps included
std::string_view page_type_of(const PageRow &row, u32 mapcount_word);               // "" for none

// What a member holds while the page is used so: the row's own word for it, or the member's.
std::string_view meaning_of(const PageRow &row, const PlacedMember &member, PageUse use);

// --- two layouts compared ---

struct MemberChange {
  enum class Kind : u8 { gone, added, moved };
  Kind kind;
  const PlacedMember *from, *to; // null where it is not; point into the layouts compared
};
// Members by use and name; those that stay as they are, are left out.
std::vector<MemberChange> compare(const PageLayout &from, const PageLayout &to);

struct FlagChange {
  std::string_view name;
  int from, to; // bit; -1 = not there
};
std::vector<FlagChange> compare(const std::vector<PlacedFlag> &from, const std::vector<PlacedFlag> &to);

// --- what mem_map costs ---

struct MemMapCost {
  u64 bytes;
  u64 share; // of RAM, in 1/10000
};
MemMapCost mem_map_cost(u64 sizeof_page, u64 pages, u64 ram_bytes);

} // namespace mmscope
