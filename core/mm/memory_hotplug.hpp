// memory_hotplug: RAM that comes and goes while the machine runs (mm/memory_hotplug.c, mm/sparse.c, v6.1; sections with a
// vmemmap).
//
//   add_memory      sections are present, their struct pages come from the page allocator        offline
//   online_pages    the zone grows, the pages go to its free lists                                online, in use
//   offline_pages   the free pages leave their lists, the zone shrinks                            offline
//   remove_memory   sections and struct pages are gone
//
//   if (why_not_add_memory(s, nid, start, size).empty()) add_memory(s, t, nid, start, size);
//   online_pages(s, t, pfn, nr, zone);
//
// A memory block is what can come or go: whole sections, memory_block_bytes() large. Pages in use are not moved elsewhere
// here: a range is taken offline only if all of it is free. Ask the why_not_ functions first; "" = it can be done.
#pragma once
#include "mm/system.hpp"

#include <optional>
#include <string>

namespace mmscope {

// What `echo … > state` of a memory block says.
enum class OnlineType : u8 {
  online,         // where the kernel would put it
  online_kernel,  // a zone that the kernel uses
  online_movable, // ZONE_MOVABLE
};
std::optional<OnlineType> online_type_of(std::string_view name); // "online_movable"

// Bytes of a memory block (arch/x86/mm/init_64.c probe_memory_block_size): a section, but with 64 GiB and more up to
// 2 GiB, as large as the end of RAM is aligned to.
u64 memory_block_bytes(const System &s);
// Index of the zone that a range of that node would join; zone_for_pfn_range.
unsigned zone_for_online(const System &s, i32 nid, pfn_t pfn, u64 nr_pages, OnlineType type);

std::string why_not_add_memory(const System &s, i32 nid, phys_addr_t start, u64 size);
void add_memory(System &s, Trace *t, i32 nid, phys_addr_t start, u64 size);
std::string why_not_online(const System &s, pfn_t pfn, u64 nr_pages);
void online_pages(System &s, Trace *t, pfn_t pfn, u64 nr_pages, OnlineType type);
std::string why_not_offline(const System &s, pfn_t pfn, u64 nr_pages);
void offline_pages(System &s, Trace *t, pfn_t pfn, u64 nr_pages);
std::string why_not_remove_memory(const System &s, phys_addr_t start, u64 size);
void remove_memory(System &s, Trace *t, phys_addr_t start, u64 size);

} // namespace mmscope
