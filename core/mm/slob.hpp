// slob: SLOB, the slab allocator for very small machines (mm/slob.c, 2.6.16 to 6.3): a page is a row of units of two bytes,
// its free blocks a list in order of address, and objects of every size lie side by side.
//
//   small   < 256 bytes     page ─ page           three lists of pages that have free units
//   medium  < 1024          page
//   large                   page
//
//   page    |used|free 12, next at 40|used|free 6, end|used …      first fit; the rest of a block stays free
//
//   kmalloc: |size, padding|object|     a header of `min_align` bytes in front; a page and more: whole pages instead
//
// A free block of several units has its length in its first unit and where the next one begins in its second; a block of one
// unit has the latter alone, negative. The list ends at the next page's beginning.
//
//   SlobHeap h(trace, {});
//   phys_addr_t a = h.kmalloc({pages, trace}, 100, gfp::KERNEL);   // 0: no memory
//   h.kfree({pages, trace}, a);                                    // ask why_not_kfree first
//   phys_addr_t b = h.alloc({pages, trace}, 40, 8, gfp::KERNEL);   // kmem_cache_alloc: the caller knows the size
//   h.free({pages, trace}, b, 40);
//
// Offsets are units from the page's beginning. Left out: nodes.
#pragma once
#include "base/digest.hpp"
#include "mm/page_source.hpp"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mmscope {

struct SlobRules {
  unsigned page_shift = 12;
  u32 min_align = 8;         // of kmalloc, and the size of its header: ARCH_KMALLOC_MINALIGN
  bool natural_align = true; // kmalloc aligns powers of two to themselves (since 5.4)
  bool pairs = false;        // its pages come from zones with pair bitmaps
  u64 page_size() const { return u64{1} << page_shift; }
  u32 unit() const { return page_size() <= 32767 * 2 ? 2 : 4; } // sizeof(slob_t)
  u32 page_units() const { return static_cast<u32>(page_size() / unit()); }
};

enum class SlobList : u8 { small, medium, large, full }; // full: on no list
inline constexpr unsigned slob_lists = 3;
std::string_view slob_list_name(SlobList l);

struct SlobBlock {
  u32 offset, units;
  friend bool operator==(const SlobBlock &, const SlobBlock &) = default;
};
struct SlobPage {
  u32 units = 0; // free ones
  SlobList list = SlobList::full;
  std::vector<SlobBlock> free; // ascending
  std::map<u32, u32> given;    // offset: units; the kernel does not keep this
};

struct SlobEnv {
  PageSource &pages;
  Trace *t = nullptr;
  u32 cpu = 0;
};

class SlobHeap {
public:
  SlobHeap(Trace *t, const SlobRules &rules);

  phys_addr_t alloc(const SlobEnv &e, u64 size, u32 align, gfp_t gfp);
  void free(const SlobEnv &e, phys_addr_t object, u64 size);
  phys_addr_t kmalloc(const SlobEnv &e, u64 size, gfp_t gfp);
  void kfree(const SlobEnv &e, phys_addr_t object);
  // Why the kernel would go wrong; "" = the call can be made.
  std::string why_not_free(phys_addr_t object, u64 size) const;
  std::string why_not_kfree(phys_addr_t object) const;

  const SlobRules &rules() const { return rules_; }
  const std::map<u64, SlobPage> &pages() const { return pages_; }          // by page
  const std::vector<u64> &list(SlobList l) const { return lists_[at(l)]; } // pages, head first
  const std::map<u64, u32> &headers() const { return headers_; }           // of kmalloc's objects: their size
  const std::map<u64, u8> &large() const { return large_; }                // first page: order
  // What the units of a free block hold: one or two numbers of 16 (32) bits, as they are signed.
  std::vector<i64> words_of(const SlobPage &p, std::size_t block) const;

  bool fold(const Event &e); // applies one state event of ours but lab_slob_setup; other kinds give false
  void add_to(Digest &d) const;
  std::string verify() const;

private:
  static std::size_t at(SlobList l) { return static_cast<std::size_t>(l); }
  static SlobList list_for(u64 bytes);
  u32 units_of(u64 bytes) const { return static_cast<u32>(div_round_up(bytes, rules_.unit())); }
  phys_addr_t block_alloc(const SlobEnv &e, u64 size, u32 align, u32 align_offset, gfp_t gfp);
  std::optional<u32> first_fit(u64 page, u32 units, u32 align, u32 align_offset) const;
  std::string why_not_put(phys_addr_t block, u64 size) const;

  // --- primitives: one change and one state event each ---
  void add_page(Trace *t, u64 page, SlobList list);
  void drop_page(Trace *t, u64 page);
  void set_list(Trace *t, u64 page, SlobList list);
  void rotate(Trace *t, u64 page);
  void take(Trace *t, u64 page, u32 offset, u32 units);
  void put(Trace *t, u64 page, u32 offset, u32 units);
  void set_header(Trace *t, phys_addr_t object, u32 size);
  void set_large(Trace *t, u64 page, u8 order, bool given);

  SlobRules rules_;
  std::map<u64, SlobPage> pages_;
  std::array<std::vector<u64>, slob_lists> lists_;
  std::map<u64, u32> headers_;
  std::map<u64, u8> large_;
};

} // namespace mmscope
