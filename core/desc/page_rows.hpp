// page_rows: how the rows of struct page are written, and their list. A row stands in the file of its years.
//
//   constexpr PageMember page[] = {
//       word("flags", "…"),
//       one_of(),                                   // a union
//       in_use(PageUse::cache),                     //   a struct, for pages used so
//       list("lru", "…"), pointer("mapping", "…"),
//       end(),
//       in_use(PageUse::rcu), rcu("rcu_head", "…"), end(),
//       end(),
//       integer("_refcount", "…"),
//   };
#pragma once
#include "desc/page_layout.hpp"

#include <string_view>

namespace mmscope::desc {

constexpr PageMember word(std::string_view name, std::string_view what, u32 when = 0) {
  return {MemberType::word, name, what, when};
}
constexpr PageMember pointer(std::string_view name, std::string_view what, u32 when = 0) {
  return {MemberType::pointer, name, what, when};
}
constexpr PageMember list(std::string_view name, std::string_view what) { return {MemberType::list, name, what}; }
constexpr PageMember rcu(std::string_view name, std::string_view what) { return {MemberType::rcu, name, what}; }
constexpr PageMember integer(std::string_view name, std::string_view what, u32 when = 0) {
  return {MemberType::integer, name, what, when};
}
constexpr PageMember half(std::string_view name, std::string_view what) { return {MemberType::half, name, what}; }
constexpr PageMember byte(std::string_view name, std::string_view what) { return {MemberType::byte, name, what}; }
constexpr PageMember spinlock(std::string_view name, std::string_view what) {
  return {MemberType::spinlock, name, what};
}
constexpr PageMember words(std::string_view name, std::string_view what) { return {MemberType::words, name, what}; }
constexpr PageMember pair(std::string_view name, std::string_view what, u32 when) {
  return {MemberType::pair, name, what, when};
}
constexpr PageMember bits(std::string_view name, u8 count, std::string_view what) {
  return {MemberType::bits, name, what, 0, PageUse::any, count};
}
constexpr PageMember one_of() { return {MemberType::begin_union}; }
constexpr PageMember together() { return {MemberType::begin_struct}; }
constexpr PageMember in_use(PageUse use, u32 when = 0) { return {MemberType::begin_struct, {}, {}, when, use}; }
constexpr PageMember end() { return {MemberType::end}; }
// A member of a union that only a page of this use has.
constexpr PageMember when_used(PageUse use, PageMember m) {
  m.use = use;
  return m;
}
constexpr PageMember without(u32 options, PageMember m) {
  m.unless = options;
  return m;
}

// What says the same in every era.
namespace say {
inline constexpr std::string_view flags = "PG_ flags below; section, node and zone at the top";
inline constexpr std::string_view mapcount = "page table entries that map the page, less one";
inline constexpr std::string_view refcount = "users of the page; 0 while it is free";
inline constexpr std::string_view mapping = "the file's address_space; bit 0 set: an anon_vma";
inline constexpr std::string_view index = "the page's place in the file or mapping, in pages";
inline constexpr std::string_view private_ =
    "the owner's: buffer heads with PG_private, a swap entry with PG_swapcache";
inline constexpr std::string_view lru = "link in a list of the LRU";
inline constexpr std::string_view virtual_ = "kernel address, NULL for high memory that is not mapped";
inline constexpr std::string_view cpupid = "the CPU and the process that touched the page last";
inline constexpr std::string_view rcu = "link and function while the page waits for a grace period";
inline constexpr std::string_view head = "the first page's address, bit 0 set as the mark of a tail";
inline constexpr std::string_view pgmap = "the device that the page belongs to";
inline constexpr std::string_view ptl = "lock of this page table";
inline constexpr std::string_view pmd_huge_pte = "page tables laid by for the huge pages in this one";
inline constexpr std::string_view slab_cache = "the kmem_cache that the objects are of";
inline constexpr std::string_view freelist = "the first free object";
inline constexpr std::string_view counters = "the three counts below as one word";
inline constexpr std::string_view inuse = "objects handed out";
inline constexpr std::string_view objects = "objects in the slab";
inline constexpr std::string_view frozen = "1: a CPU has the slab for itself";
inline constexpr std::string_view pad = "kept clear of what others read here";
} // namespace say

extern const PageRow page_2_4_22, page_2_6_11, page_2_6_20, page_2_6_24, page_4_9;
extern const PageRow page_5_10, page_5_15, page_6_1;
extern const PageRow page_6_12, page_7_2;

inline constexpr const PageRow *page_row_list[] = {
    &page_2_4_22, &page_2_6_11, &page_2_6_20, &page_2_6_24, &page_4_9,
    &page_5_10,   &page_5_15,   &page_6_1,    &page_6_12,   &page_7_2,
};

} // namespace mmscope::desc
