// bootmem: rounding, the first fit with goal and alignment, what shares a page, and the way to the buddy allocator.
#include "mm/bootmem.hpp"

#include "base/prng.hpp"
#include "base/text.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace mmscope;

namespace {

constexpr u64 page = 4096, MiB = u64{1} << 20;
constexpr BootmemRules rules_2_6_11{.resume = BootmemResume::from_last_success, .whole_longs = true};
constexpr BootmemRules rules_2_6_24{.resume = BootmemResume::lowered_by_free, .whole_longs = true};

// Pages 0 to pages - 1, all free but page 0; the map lies in page 0.
bootmem_data small(const BootmemRules &rules, u64 pages) {
  bootmem_data b(nullptr, rules, pfn_t{0}, pfn_t{0}, pfn_t{pages});
  b.free(nullptr, phys_addr_t{page}, (pages - 1) * page);
  return b;
}
u64 at(bootmem_data &b, u64 size, u64 align = 32, u64 goal = 0) {
  const auto a = b.alloc(nullptr, {.size = size, .align = align, .goal = phys_addr_t{goal}});
  REQUIRE(a.has_value());
  return a->v;
}
u64 digest(const bootmem_data &b) {
  Digest d;
  b.add_to(d);
  return d.value();
}
void fold(bootmem_data &b, const Event &e) {
  if (e.kind == EventKind::lab_bootmem_bits) b.set_bits(nullptr, pfn_t{e.f[0]} - b.start(), e.f[1], e.f[2] != 0);
  if (e.kind == EventKind::lab_bootmem_last) b.set_last(nullptr, e.f[0], e.f[1], e.f[2]);
  if (e.kind == EventKind::lab_bootmem_gone) b.drop_map(nullptr);
}
struct Gift {
  u64 pfn, order;
  friend bool operator==(const Gift &, const Gift &) = default;
};
std::vector<Gift> gifts(const bootmem_data &b) {
  std::vector<Gift> all;
  b.for_each_gift([&](pfn_t p, order_t o) { all.push_back({p.v, o.v}); });
  return all;
}

// The search and the bookkeeping as one reads them off the description: page by page, no shortcut.
struct Naive {
  std::vector<bool> reserved;
  u64 start, pos = 0, offset = 0, success = 0;
  BootmemRules rules;

  std::optional<u64> find(u64 from, u64 step, u64 pages) const {
    for (u64 i = from; i < reserved.size(); i += step) {
      bool fits = true;
      for (u64 j = i; j < i + pages && fits; ++j) fits = j < reserved.size() && !reserved[j];
      if (fits) return i;
    }
    return std::nullopt;
  }
  std::optional<u64> alloc(u64 size, u64 align, u64 goal) {
    u64 ahead = 0;
    while ((start * page + ahead) % align != 0) ++ahead;
    ahead /= page;
    u64 from = 0;
    if (goal != 0 && goal >= start * page && goal / page < start + reserved.size()) {
      from = goal - start * page;
      if (rules.resume != BootmemResume::no && success >= from) from = success;
    }
    while (from % align != 0) ++from;
    from = from / page + ahead;
    const u64 step = align > page ? align / page : 1;
    u64 pages = (size + page - 1) / page;
    auto found = find(from, step, pages);
    if (!found) found = find(ahead, step, pages);
    if (!found) return std::nullopt;
    if (rules.resume != BootmemResume::no) success = *found * page;
    u64 address = (start + *found) * page;
    if (align <= page && offset != 0 && pos + 1 == *found) {
      while (offset % align != 0) ++offset;
      address = (start + pos) * page + offset;
      const u64 end = offset + size; // from the start of page pos
      pages = end <= page ? 0 : (end - page + page - 1) / page;
      pos += pages;
      offset = end % page;
    } else {
      pos = *found + pages - 1;
      offset = size % page;
    }
    for (u64 i = *found; i < *found + pages; ++i) reserved[i] = true;
    return address;
  }
};

} // namespace

TEST_CASE("bootmem: everything is reserved until it is free, and only whole pages are") {
  bootmem_data b(nullptr, {}, pfn_t{0}, pfn_t{0}, pfn_t{100});
  CHECK(b.free_pages() == 0);
  CHECK(b.map_bytes() == 16);                       // 100 bits are 13 bytes, in longs of 4
  b.free(nullptr, phys_addr_t{page + 1}, 4 * page); // from inside page 1 to inside page 5
  CHECK(b.free_pages() == 3);
  CHECK(b.reserved(pfn_t{1}));
  CHECK(!b.reserved(pfn_t{2}));
  CHECK(!b.reserved(pfn_t{4}));
  CHECK(b.reserved(pfn_t{5}));
  b.free(nullptr, phys_addr_t{10 * page + 1}, page); // holds no whole page
  CHECK(b.free_pages() == 3);
  b.reserve(nullptr, phys_addr_t{3 * page - 1}, 2); // touches pages 2 and 3
  CHECK(b.free_pages() == 1);
  CHECK(!b.reserved(pfn_t{4}));
  CHECK(b.verify() == "");
}

TEST_CASE("bootmem: what the kernel stops at, and what it only mentions") {
  bootmem_data b = small({}, 100);
  CHECK(b.why_not_free(phys_addr_t{5 * page}, page) == "page 5 is free already: BUG()");
  CHECK(b.why_not_free(phys_addr_t{0}, 0) == "size is 0: BUG()");
  CHECK(b.why_not_free(phys_addr_t{0}, 101 * page) == "the node ends before page 100: BUG()");
  CHECK(b.why_not_free(phys_addr_t{0}, page) == "");
  CHECK(b.why_not_reserve(phys_addr_t{99 * page}, page + 1) == "the node ends before page 100: BUG()");
  CHECK(b.why_not_reserve(phys_addr_t{99 * page}, 0) == "size is 0: BUG()");
  Trace t;
  b.reserve(&t, phys_addr_t{0}, 2 * page);
  REQUIRE(t.events().size() == 2);
  CHECK(to_text(t, t.events()[0]) == "lab_bootmem_twice pfn=0x0 count=2 twice=1");
  CHECK(to_text(t, t.events()[1]) == "lab_bootmem_bits pfn=0x0 count=2 value=1");
  const bootmem_data above(nullptr, {}, pfn_t{16}, pfn_t{16}, pfn_t{32});
  CHECK(above.why_not_reserve(phys_addr_t{15 * page}, page) == "the node begins at page 16");
}

TEST_CASE("bootmem: a small request lies in the rest of the last page") {
  bootmem_data b = small({}, 100);
  CHECK(at(b, 100) == page);
  CHECK(b.last_pos() == 1);
  CHECK(b.last_offset() == 100);
  CHECK(at(b, 100) == page + 128);  // aligned to 32 behind the first
  CHECK(at(b, 4096) == page + 256); // the rest of page 1 and what is missing of page 2
  CHECK(b.last_pos() == 2);
  CHECK(b.last_offset() == 256);
  CHECK(b.free_pages() == 97);
  CHECK(at(b, page - 256) == 2 * page + 256); // fills the page to its end
  CHECK(b.last_offset() == 0);                // so nobody joins there
  CHECK(at(b, 8) == 3 * page);
  CHECK(b.free_pages() == 96);
}

TEST_CASE("bootmem: only where the first fit follows the last page directly") {
  bootmem_data b = small({}, 100);
  b.reserve(nullptr, phys_addr_t{3 * page}, page);
  CHECK(at(b, 100) == page);
  CHECK(at(b, 2 * page - 8) == 4 * page); // two pages do not fit into page 2
  CHECK(at(b, 8) == 2 * page);            // page 2 does not follow page 5
  CHECK(b.last_pos() == 2);
}

TEST_CASE("bootmem: what is aligned to a page has it to itself, and others join behind it") {
  bootmem_data b = small({}, 100);
  CHECK(at(b, 100) == page);
  CHECK(at(b, 100, page) == 2 * page);
  CHECK(b.last_offset() == 100);
  CHECK(at(b, 8) == 2 * page + 128);
}

TEST_CASE("bootmem: the goal first, then from the beginning") {
  bootmem_data b = small({}, 8192); // 32 MiB
  CHECK(at(b, page, 32, 16 * MiB) == 16 * MiB);
  CHECK(at(b, page, 32, 0) == page);
  CHECK(at(b, page, 32, 64 * MiB) == 2 * page);       // a goal outside of the node is none
  CHECK(at(b, 15 * MiB, page, 20 * MiB) == 3 * page); // 12 MiB are left there, so it starts anew
}

TEST_CASE("bootmem: steps of the alignment, from the first aligned page of a node that is not aligned") {
  bootmem_data b(nullptr, {}, pfn_t{3}, pfn_t{3}, pfn_t{100});
  b.free(nullptr, phys_addr_t{3 * page}, 97 * page);
  CHECK(at(b, page, 8 * page) == 8 * page);
  CHECK(at(b, page, 8 * page) == 16 * page);
  CHECK(at(b, 2 * page, 4 * page) == 4 * page);
  CHECK(at(b, page, page) == 3 * page);
  CHECK(!b.alloc(nullptr, {.size = page, .align = 128 * page}));
}

TEST_CASE("bootmem: where a search with a goal begins") {
  const auto three = [](const BootmemRules &rules) {
    bootmem_data b = small(rules, 8192);
    const u64 goal = 4 * MiB;
    std::string s;
    const auto first = b.alloc(nullptr, {.size = 100 * page, .goal = phys_addr_t{goal}});
    const auto second = b.alloc(nullptr, {.size = page, .goal = phys_addr_t{goal}});
    append(s, first->v / page, ' ', second->v / page);
    b.free(nullptr, *first, 100 * page);
    append(s, ' ', b.alloc(nullptr, {.size = page, .goal = phys_addr_t{goal}})->v / page);
    return s;
  };
  CHECK(three({}) == "1024 1124 1024");
  CHECK(three(rules_2_6_11) == "1024 1124 1125"); // what was freed below is not seen
  CHECK(three(rules_2_6_24) == "1024 1124 1024");
}

TEST_CASE("bootmem: no room is an answer") {
  bootmem_data b = small({}, 10);
  const u64 before = digest(b);
  Trace t;
  CHECK(!b.alloc(&t, {.size = 10 * page, .goal = phys_addr_t{5 * page}}));
  CHECK(digest(b) == before);
  REQUIRE(t.events().size() == 2);
  CHECK(to_text(t, t.events()[0]) == "lab_bootmem_search pfn=0x5 step=1 pages=10 found=0");
  CHECK(to_text(t, t.events()[1]) == "lab_bootmem_search pfn=0x0 step=1 pages=10 found=0");
}

TEST_CASE("bootmem: 2.4 gives page by page, 2.6 a long of bits at once where the node begins aligned") {
  // Pages 1 to 99 free: the first long has a set bit, the last is not whole.
  CHECK(gifts(small({}, 100)).size() == 100); // 99 pages and the map's
  const std::vector<Gift> longs = gifts(small({.whole_longs = true}, 100));
  REQUIRE(longs.size() == 31 + 2 + 4 + 1);
  CHECK(longs[30] == Gift{31, 0});
  CHECK(longs[31] == Gift{32, 5});
  CHECK(longs[32] == Gift{64, 5});
  CHECK(longs[33] == Gift{96, 0});
  CHECK(longs.back() == Gift{0, 0});
  const std::vector<Gift> wide = gifts(small({.long_bytes = 8, .whole_longs = true}, 200));
  CHECK(wide[63] == Gift{64, 6});
  // ffs(node_boot_start) - PAGE_SHIFT > ffs(BITS_PER_LONG): page 32 is not aligned enough for it, page 64 is.
  for (const u64 start : {32u, 64u}) {
    bootmem_data b(nullptr, {.whole_longs = true}, pfn_t{0}, pfn_t{start}, pfn_t{start + 64});
    b.free(nullptr, phys_addr_t{start * page}, 64 * page);
    CHECK(gifts(b).front() == Gift{start, start == 32 ? 0u : 5u});
  }
}

TEST_CASE("bootmem: the bitmap goes last, and then it is gone") {
  bootmem_data b = small({}, 65536); // 8 KiB of bits: two pages
  CHECK(b.why_not_free_all() == "page 1 holds the bitmap but nobody has reserved it: it would be freed twice");
  b.reserve(nullptr, phys_addr_t{page}, page);
  CHECK(b.why_not_free_all() == "");
  std::vector<Gift> given;
  CHECK(b.free_all(nullptr, [&](pfn_t p, order_t o) { given.push_back({p.v, o.v}); }) == 65536);
  CHECK(given[0] == Gift{2, 0});
  CHECK(given[given.size() - 2] == Gift{0, 0});
  CHECK(given.back() == Gift{1, 0});
  CHECK(b.is_gone());
  CHECK(b.why_not_free_all() != "");
  CHECK(b.why_not_free(phys_addr_t{0}, page) != "");
  CHECK(b.why_not_reserve(phys_addr_t{0}, page) != "");
}

TEST_CASE("bootmem: random calls, against the description read line by line") {
  u64 placed = 0, refused = 0, shared = 0;
  for (u64 seed = 1; seed <= 120; ++seed) {
    Prng r{seed};
    const BootmemRules rules{.resume = static_cast<BootmemResume>(r.below(3)), .whole_longs = r.below(2) == 0};
    const u64 start = r.below(3) * 5, pages = 20 + r.below(150);
    CAPTURE(seed);
    bootmem_data b(nullptr, rules, pfn_t{start}, pfn_t{start}, pfn_t{start + pages});
    Naive naive{std::vector<bool>(pages, true), start, 0, 0, 0, rules};
    for (int i = 0; i < 80; ++i) {
      bootmem_data folded = b;
      Trace t;
      const u64 what = r.below(10);
      if (what < 2) {
        const u64 from = start * page + r.below(pages * page), size = 1 + r.below(20 * page);
        if (b.why_not_free(phys_addr_t{from}, size).empty()) {
          b.free(&t, phys_addr_t{from}, size);
          if (rules.resume == BootmemResume::lowered_by_free && from < naive.success) naive.success = from;
          for (u64 p = 0; p < pages; ++p)
            if ((start + p) * page >= from && (start + p + 1) * page <= from + size) naive.reserved[p] = false;
        }
      } else if (what < 3) {
        const u64 from = start * page + r.below(pages * page), size = 1 + r.below(3 * page);
        if (b.why_not_reserve(phys_addr_t{from}, size).empty()) {
          b.reserve(&t, phys_addr_t{from}, size);
          for (u64 p = 0; p < pages; ++p)
            if ((start + p + 1) * page > from && (start + p) * page < from + size) naive.reserved[p] = true;
        }
      } else {
        const u64 size = 1 + r.below(r.below(2) == 0 ? 1000 : 3 * page), align = u64{1} << r.below(15);
        const u64 goal = r.below(2) == 0 ? 0 : r.below((start + pages + 5) * page);
        const auto a = b.alloc(&t, {.size = size, .align = align, .goal = phys_addr_t{goal}});
        const auto expected = naive.alloc(size, align, goal);
        REQUIRE(a.has_value() == expected.has_value());
        if (a) CHECK(a->v == *expected);
        ++(a ? placed : refused);
        if (a && a->v % page != 0) ++shared;
      }
      for (const Event &e : t.events()) fold(folded, e);
      CHECK(digest(folded) == digest(b));
      REQUIRE(b.verify() == "");
      CHECK(b.last_pos() == naive.pos);
      CHECK(b.last_offset() == naive.offset);
      CHECK(b.last_success() == naive.success);
      for (u64 p = 0; p < pages; ++p) REQUIRE(b.reserved(pfn_t{start + p}) == naive.reserved[p]);
    }
  }
  CHECK(placed > 1000);
  CHECK(refused > 1000);
  CHECK(shared > 100);
}
