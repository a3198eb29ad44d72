// The events of a call are the whole of it: folding them over the state before gives the state after.
#include "support/memblock_text.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

namespace {

// Makes the call on `mb` and returns its events as lines, after checking that they add up.
template <class F> std::string traced(memblock &mb, F &&call) {
  memblock folded = mb;
  Trace t;
  call(t);
  std::string lines;
  int depth = 0;
  for (const Event &e : t.events()) {
    const bool is_state = event_info(e.kind).role == EventRole::state;
    CHECK(folded.fold(e) == is_state);
    if (e.kind == EventKind::lab_return) --depth;
    if (e.kind == EventKind::lab_memblock_candidate) continue;
    lines.append(static_cast<std::size_t>(depth) * 2, ' ');
    if (e.kind == EventKind::lab_call) {
      append(lines, t.text(e.f[0]), '\n');
      ++depth;
    } else if (e.kind != EventKind::lab_return) {
      append(lines, to_text(t, e).substr(std::string_view("lab_memblock_").size()), '\n');
    } else {
      append(lines, "= ", static_cast<i64>(e.f[0]), '\n');
    }
  }
  CHECK(depth == 0);
  CHECK(folded == mb);
  CHECK(mb.verify() == "");
  return lines;
}

} // namespace

TEST_CASE("fold: an insertion between two neighbours is one insert and two merges") {
  //   reserved  [==]    [==]
  //   new           [==]
  memblock mb;
  mb.reserve(nullptr, 0x1000_pa, 0x1000);
  mb.reserve(nullptr, 0x3000_pa, 0x1000);
  CHECK(traced(mb, [&](Trace &t) { mb.reserve(&t, 0x2000_pa, 0x1000); }) ==
        "memblock_reserve\n"
        "  insert list=1 index=1 base=0x2000 size=0x1000 nid=-1 flags=0x0\n"
        "  merge list=1 index=0 base=0x1000 size=0x2000\n"
        "  merge list=1 index=0 base=0x1000 size=0x3000\n"
        "= 0\n");
}

TEST_CASE("fold: freeing the middle is two splits and a removal") {
  //   reserved  [============]
  //   free          [===]
  memblock mb;
  mb.reserve(nullptr, 0x1000_pa, 0x5000);
  CHECK(traced(mb, [&](Trace &t) { mb.phys_free(&t, 0x2000_pa, 0x2000); }) ==
        "memblock_phys_free\n"
        "  split list=1 index=0 at=0x2000\n"
        "  split list=1 index=1 at=0x4000\n"
        "  remove list=1 index=1 base=0x2000 size=0x2000 nid=-1 flags=0x0\n"
        "= 0\n");
}

TEST_CASE("fold: marking says which region got what") {
  memblock mb;
  mb.add_node(nullptr, 0x1000_pa, 0x1000, 3, MEMBLOCK_NONE);
  CHECK(traced(mb, [&](Trace &t) { mb.mark_mirror(&t, 0x1000_pa, 0x1000); }) ==
        "memblock_mark_mirror\n"
        "  set which=4 value=1\n"
        "  mark list=0 index=0 nid=3 flags=0x2\n"
        "= 0\n");
  CHECK(traced(mb, [&](Trace &t) { mb.mark_mirror(&t, 0x1000_pa, 0x1000); }) == "memblock_mark_mirror\n= 0\n");
}

TEST_CASE("fold: an allocation nests its reservation and says what it gave up") {
  memblock mb;
  mb.add_node(nullptr, 0x10000_pa, 0x10000, 0, MEMBLOCK_NONE);
  CHECK(traced(mb, [&](Trace &t) { mb.alloc_try_nid(&t, {.size = 0x100, .min_addr = 0x20000_pa, .nid = 1}); }) ==
        "memblock_alloc_internal\n"
        "  memblock_alloc_range_nid\n"
        "    retry wish=1\n"
        "  = 0\n"
        "  retry wish=3\n"
        "  memblock_alloc_range_nid\n"
        "    retry wish=1\n"
        "    memblock_reserve\n"
        "      insert list=1 index=0 base=0x1ff00 size=0x100 nid=-1 flags=0x0\n"
        "    = 0\n"
        "  = 130816\n"
        "= 130816\n");
}

TEST_CASE("fold: a growing array") {
  memblock mb;
  mb.add(nullptr, 0_pa, 0x100000);
  mb.reserved.max = 1;
  mb.reserved.array = 0x50000_pa;
  mb.reserve(nullptr, 0x50000_pa, 0x1000);
  mb.can_resize = true;
  CHECK(traced(mb, [&](Trace &t) { mb.reserve(&t, 0x80000_pa, 0x1000); }) ==
        "memblock_reserve\n"
        "  memblock_double_array\n"
        "    grow list=1 max=2 array=0xff000 size=0x30\n"
        "    memblock_phys_free\n"
        "      memblock_double_array\n"
        "        grow list=1 max=4 array=0xff000 size=0x60\n"
        "        memblock_phys_free\n"
        "        = 0\n"
        "        memblock_reserve\n"
        "          insert list=1 index=1 base=0xff000 size=0x1000 nid=-1 flags=0x0\n"
        "        = 0\n"
        "      = 0\n"
        "      remove list=1 index=0 base=0x50000 size=0x1000 nid=-1 flags=0x0\n"
        "    = 0\n"
        "    memblock_reserve\n"
        "    = 0\n"
        "  = 0\n"
        "  insert list=1 index=0 base=0x80000 size=0x1000 nid=-1 flags=0x0\n"
        "= 0\n");
}

TEST_CASE("fold: trim cap and limits") {
  memblock mb;
  mb.add(nullptr, 0x1800_pa, 0x8000);
  mb.add(nullptr, 0x10100_pa, 0x100);
  mb.reserve(nullptr, 0x8000_pa, 0x4000);
  CHECK(traced(mb, [&](Trace &t) { mb.trim_memory(&t, 0x1000); }) ==
        "memblock_trim_memory\n"
        "  trim list=0 index=0 base=0x2000 size=0x7000\n"
        "  remove list=0 index=1 base=0x10100 size=0x100 nid=-1 flags=0x0\n"
        "= 0\n");
  traced(mb, [&](Trace &t) { mb.enforce_memory_limit(&t, 0x5000); });
  CHECK(text(mb.memory) == "[2000,7000)");
  traced(mb, [&](Trace &t) { mb.cap_memory_range(&t, 0x3000_pa, 0x2000); });
  CHECK(text(mb.memory) == "[3000,5000)");
  traced(mb, [&](Trace &t) { mb.mem_limit_remove_map(&t, 0x1000); });
  CHECK(text(mb.memory) == "[3000,4000)");
}

TEST_CASE("fold: every setting") {
  for (u64 which = 0; which <= static_cast<u64>(memblock_setting::mirror); ++which) {
    CAPTURE(which);
    memblock mb;
    traced(mb, [&](Trace &t) { mb.set(&t, static_cast<memblock_setting>(which), 1); });
    CHECK(!(mb == memblock{}));
  }
}

TEST_CASE("fold: events of others are not for memblock") {
  memblock mb;
  CHECK(!mb.fold({EventKind::lab_zone_init, {}}));
  CHECK(!mb.fold({EventKind::lab_call, {}}));
  CHECK(mb == memblock{});
}

TEST_CASE("candidates: what the search looked at is noted but not without bound") {
  //   memory    | | | | … 200 pages with holes, all too small        [====]
  memblock mb;
  mb.memory.max = 1000;
  for (u64 i = 1; i <= 200; ++i) mb.add(nullptr, phys_addr_t{i * 0x2000}, 0x1000);
  mb.bottom_up = true;
  mb.add(nullptr, 0x1000000_pa, 0x8000);
  Trace t;
  CHECK(mb.find_in_range_node(&t, 0x2000, 0x1000, 0_pa, 0_pa, no_node, MEMBLOCK_NONE) == 0x1000000_pa);
  CHECK(t.events().size() == 65);
  CHECK(to_text(t, t.events()[0]) == "lab_memblock_candidate base=0x2000 end=0x3000 found=0x0");
  CHECK(to_text(t, t.events()[64]) == "lab_memblock_candidate base=0x1000000 end=0x1008000 found=0x1000000");
}
