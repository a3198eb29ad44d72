// The bits of page->flags by their names, and what _mapcount's word says of a page that no one maps.
#include "desc/page_layout.hpp"

namespace mmscope {

namespace {

struct FlagWord {
  std::string_view name, what;
};
constexpr FlagWord flag_words[] = {
    {"locked", "the page is locked: someone reads it in or changes its state"},
    {"error", "reading or writing the page failed"},
    {"referenced", "the page has been used since the LRU last looked"},
    {"uptodate", "the page holds what the disk holds, or newer"},
    {"dirty", "the page must be written back"},
    {"lru", "the page is on a list of the LRU"},
    {"active", "… on an active one"},
    {"workingset", "the page came back soon after it had been reclaimed"},
    {"waiters", "someone waits for the page"},
    {"slab", "the page holds objects of a slab cache"},
    {"skip", "memory that must not be touched"},
    {"highmem", "the page is of high memory"},
    {"checked", "for the file system's own use"},
    {"owner_priv_1", "for the owner's own use"},
    {"owner_2", "for the owner's own use, a second one"},
    {"arch_1", "for the architecture's own use"},
    {"arch_2", "for the architecture's own use (arm64: memory tags are set)"},
    {"arch_3", "for the architecture's own use (arm64: memory tags are being set)"},
    {"fs_1", "for the file system's own use"},
    {"reserved", "not for the page allocator: kernel image, holes, devices"},
    {"private", "the member private is in use"},
    {"private_2", "more private data (a cache on disk of a network file system)"},
    {"launder", "reclaim has begun to write the page"},
    {"writeback", "the page is being written back"},
    {"nosave", "software suspend does not save the page"},
    {"nosave_free", "software suspend: the page was free"},
    {"compound", "the page is part of a compound page"},
    {"head", "the first page of a compound page"},
    {"swapcache", "private is a swap entry"},
    {"mappedtodisk", "the page has blocks on the disk"},
    {"reclaim", "to be reclaimed as soon as it is written; when read: read ahead from here"},
    {"swapbacked", "backed by swap or RAM, not by a file"},
    {"unevictable", "reclaim leaves the page alone"},
    {"mlocked", "locked into memory by mlock"},
    {"dropbehind", "to be dropped as soon as it has been read or written"},
    {"buddy", "the first page of a free block; private is its order"},
    {"uncached", "mapped without the caches"},
    {"hwpoison", "the memory is broken"},
    {"young", "used since someone last asked (idle page tracking)"},
    {"idle", "not used since it was marked (idle page tracking)"},
    {"skip_kasan_poison", "KASAN does not poison the page"},
};

} // namespace

std::string_view page_flag_meaning(std::string_view name) {
  for (const FlagWord &w : flag_words)
    if (w.name == name) return w.what;
  return "";
}

std::vector<PlacedFlag> page_flags(const PageRow &row, unsigned word, u32 options) {
  const u32 set = options | (word == 8 ? page_option::word_64 : page_option::word_32);
  std::vector<PlacedFlag> flags;
  unsigned next = 0;
  for (const PageFlag &f : row.flags) {
    if ((f.when & ~set) != 0) continue;
    if (f.bit != PageFlag::next_bit) next = f.bit;
    flags.push_back({f.name, page_flag_meaning(f.name), next++});
  }
  return flags;
}

unsigned nr_pageflags(const PageRow &row, unsigned word, u32 options) {
  const std::vector<PlacedFlag> flags = page_flags(row, word, options);
  return flags.empty() ? 0 : flags.back().bit + 1;
}

std::string_view page_type_of(const PageRow &row, u32 word) {
  for (const PageType &t : row.types)
    if ((word & t.mask) == t.value) return t.name;
  return "";
}

std::vector<FlagChange> compare(const std::vector<PlacedFlag> &from, const std::vector<PlacedFlag> &to) {
  const auto bit_in = [](const std::vector<PlacedFlag> &flags, std::string_view name) {
    for (const PlacedFlag &f : flags)
      if (f.name == name) return static_cast<int>(f.bit);
    return -1;
  };
  std::vector<FlagChange> changes;
  for (const PlacedFlag &f : from)
    if (const int bit = bit_in(to, f.name); bit != static_cast<int>(f.bit))
      changes.push_back({f.name, static_cast<int>(f.bit), bit});
  for (const PlacedFlag &f : to)
    if (bit_in(from, f.name) < 0) changes.push_back({f.name, -1, static_cast<int>(f.bit)});
  return changes;
}

} // namespace mmscope
