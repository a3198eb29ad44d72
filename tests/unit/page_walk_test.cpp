// What views read off a request: its walk, the moves of blocks, pageblocks, fragmentation, slabs.
#include "lab/page_walk.hpp"

#include "base/text.hpp"
#include "io/script_text.hpp"
#include "lab/block_moves.hpp"
#include "lab/fragmentation_history.hpp"
#include "lab/lab.hpp"
#include "lab/pageblock_map.hpp"
#include "lab/presets.hpp"
#include "lab/slab_view.hpp"
#include "mm/fragmentation.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>

using namespace mmscope;

namespace {

std::unique_ptr<Lab> booted(const char *preset) {
  auto lab = std::make_unique<Lab>(make_script(*find_preset(preset)));
  while (!lab->prepare(100)) {}
  lab->seek({lab->size(), 0, 0});
  return lab;
}
u64 call(Lab &lab, std::string_view line) {
  ParsedCommand typed = parse_command(line, lab.bindings());
  REQUIRE_MESSAGE(typed.command.has_value(), typed.error.reason);
  if (!typed.bind_name.empty()) typed.command->bind = lab.binding_slot(typed.bind_name);
  const Result r = lab.branch(*typed.command);
  REQUIRE_MESSAGE(r.ok(), r.error);
  return r.value;
}
std::vector<WalkKind> kinds(const Lab &lab) {
  std::vector<WalkKind> v;
  for (const WalkRow &r : page_walk(lab.events())) v.push_back(r.kind);
  return v;
}
bool has(const Lab &lab, WalkKind k) {
  const auto all = kinds(lab);
  return std::find(all.begin(), all.end(), k) != all.end();
}
const Event &event_of(const Lab &lab, WalkKind k) {
  for (const WalkRow &r : page_walk(lab.events()))
    if (r.kind == k) return lab.events()[r.event];
  FAIL("there is no such row");
  return lab.events()[0];
}

} // namespace

TEST_CASE("walk: a request that refills a CPU's list, then one that finds it filled") {
  const auto lab = booted("qemu-1g");
  const u64 first = call(*lab, "alloc_pages GFP_KERNEL order=3");
  CHECK(kinds(*lab) == std::vector{WalkKind::attempt, WalkKind::check, WalkKind::split, WalkKind::refill,
                                   WalkKind::cached, WalkKind::got});
  CHECK(event_of(*lab, WalkKind::got).f[0] == first);
  CHECK(event_of(*lab, WalkKind::cached).f[4] == first);
  const Event refill = event_of(*lab, WalkKind::refill);
  const zone &z = lab->state().pages.zone_of(refill.node(0), static_cast<unsigned>(refill.f[1]));
  CHECK(refill.f[5] == std::max<u64>(z.pcp_batch >> 3, 2));
  call(*lab, "alloc_pages GFP_KERNEL order=3");
  CHECK(kinds(*lab) == std::vector{WalkKind::attempt, WalkKind::check, WalkKind::cached, WalkKind::got});
}

TEST_CASE("walk: inside the call only what has happened") {
  const auto lab = booted("qemu-1g");
  call(*lab, "alloc_pages GFP_KERNEL order=0");
  const u64 at = lab->size() - 1, n = lab->events().size();
  const auto whole = kinds(*lab);
  std::size_t rows = 0;
  for (u64 i = 1; i < n; ++i) {
    lab->seek({at, i, 0});
    const auto now = kinds(*lab);
    CHECK(now.size() >= rows);
    CHECK(now.size() <= whole.size());
    CHECK(std::equal(now.begin(), now.end(), whole.begin()));
    rows = now.size();
  }
}

TEST_CASE("walk: the first reclaimable request takes from another type, and claims the pageblock") {
  const auto lab = booted("qemu-1g");
  const u64 pfn = call(*lab, "alloc_pages GFP_KERNEL|__GFP_RECLAIMABLE");
  CHECK(has(*lab, WalkKind::fallback));
  const Event &e = event_of(*lab, WalkKind::fallback);
  CHECK(e.f[3] == static_cast<u64>(migratetype::RECLAIMABLE));
  CHECK(e.f[4] != e.f[3]);
  REQUIRE(lab->changes().pageblocks.size() == 1);
  const PageblockChange &claimed = lab->changes().pageblocks.front();
  CHECK((claimed.first <= pfn && pfn < claimed.end));
  CHECK(lab->state().pages.pageblock(pfn_t{pfn}) == migratetype::RECLAIMABLE);
}

TEST_CASE("walk: a refusal says of each zone why, and of the request why it gives up") {
  const auto lab = booted("tiny-128m");
  while (call(*lab, "alloc_pages GFP_NOWAIT order=10") != 0) {}
  CHECK(kinds(*lab).back() == WalkKind::refused);
  u64 attempts = 0, checks = 0;
  for (const WalkRow &r : page_walk(lab->events())) {
    const Event &e = lab->events()[r.event];
    attempts += r.kind == WalkKind::attempt;
    if (r.kind != WalkKind::check) continue;
    ++checks;
    CHECK(static_cast<WatermarkVerdict>(e.f[7]) != WatermarkVerdict::ok);
  }
  CHECK(attempts >= 2); // low mark, min mark
  CHECK(checks >= attempts);
  bool told = false;
  for (const WalkRow &r : page_walk(lab->events())) {
    const Event &e = lab->events()[r.event];
    told |= r.kind == WalkKind::step && e.f[0] == static_cast<u64>(AllocStep::fails) &&
            e.f[1] == static_cast<u64>(AllocFailure::no_direct_reclaim);
  }
  CHECK(told);
}

TEST_CASE("walk: rounds of the slow path that find the same numbers are one") {
  const Event attempt{EventKind::lab_attempt, {1, 2, 3}}, check{EventKind::lab_zone_check, {0, 1, 50}};
  const auto retry = [](u64 n) { return Event{EventKind::lab_alloc_step, {static_cast<u64>(AllocStep::retry), n}}; };
  std::vector<Event> events;
  for (u64 round = 0; round < 5; ++round) {
    events.push_back(attempt);
    events.push_back(check);
    events.push_back(retry(round));
  }
  Event other = check;
  other.f[2] = 51;
  events.push_back(attempt);
  events.push_back(other);
  const auto rows = page_walk(events);
  REQUIRE(rows.size() == 5);
  CHECK(rows[0].times == 5);
  CHECK(rows[2].times == 5);
  CHECK(rows[3].times == 1);
  CHECK(events[rows[4].event] == other);
}

TEST_CASE("walk: a freed page waits on the CPU's list, a larger block merges, a drain counts its blocks") {
  const auto lab = booted("qemu-1g");
  call(*lab, "alloc_pages GFP_KERNEL -> p");
  // A block that was split off merges again; one of these is.
  for (unsigned order = 4; order <= 8; ++order) {
    call(*lab, concat("alloc_pages GFP_KERNEL order=", order, " -> b"));
    if (has(*lab, WalkKind::split)) break;
  }
  REQUIRE(has(*lab, WalkKind::split));
  call(*lab, "free_pages p");
  CHECK(kinds(*lab) == std::vector{WalkKind::freed, WalkKind::kept});
  call(*lab, "free_pages b");
  const auto freed = kinds(*lab);
  CHECK(freed.front() == WalkKind::freed);
  CHECK(freed.back() == WalkKind::joins);
  CHECK(has(*lab, WalkKind::merge));
  u64 held = 0;
  for (const pglist_data &n : lab->state().pages.nodes())
    for (const zone &z : n.zones)
      if (!z.pcp.empty()) held += z.pcp[0].count;
  REQUIRE(held > 0);
  call(*lab, "drain_local_pages 0");
  u64 blocks = 0, pages = 0;
  for (const WalkRow &r : page_walk(lab->events())) {
    REQUIRE(r.kind == WalkKind::drain);
    blocks += r.times;
    pages += lab->events()[r.event].f[3];
  }
  CHECK(pages == held);
  CHECK(blocks > 0);
  CHECK(blocks <= held);
}

TEST_CASE("moves: halves, merges, blocks that change lists") {
  const Event events[] = {{EventKind::lab_free_list_del, {0, 1, 3, 0, 0x100}},
                          {EventKind::lab_free_list_add, {0, 1, 2, 0, 0x104, 1, 0}},
                          {EventKind::lab_free_list_add, {0, 1, 1, 0, 0x102, 1, 0}},
                          {EventKind::lab_buddy_split, {0x100, 3, 1, 0}},
                          {EventKind::lab_free_list_del, {0, 1, 1, 0, 0x102}},
                          {EventKind::lab_buddy_merge, {0x100, 0x102, 1}},
                          {EventKind::lab_free_list_add, {0, 1, 2, 0, 0x100, 1, 0}},
                          {EventKind::lab_free_list_del, {0, 1, 2, 0, 0x104}},
                          {EventKind::lab_free_list_add, {0, 1, 2, 1, 0x104, 1, 1}}};
  const auto moves = block_moves(events);
  REQUIRE(moves.size() == 5);
  CHECK(moves[0].kind == BlockMove::half);
  CHECK(moves[0].from_order == 3);
  CHECK(moves[1].kind == BlockMove::half);
  CHECK(moves[1].from == 0x100);
  CHECK(moves[2].kind == BlockMove::merge);
  CHECK(moves[2].zid == 1);
  CHECK(moves[3].kind == BlockMove::joins);
  CHECK(moves[4].kind == BlockMove::retyped);
  CHECK(moves[4].from_type == 0);
  CHECK(moves[4].type == 1);
}

TEST_CASE("fragmentation: the kernel's two indices") {
  FreeBlocks f;
  CHECK(unusable_free_index(f, 0) == 1000);
  CHECK(fragmentation_index(f, 0) == 0);
  f.nr = {6, 3, 1};
  CHECK(f.pages() == 16);
  CHECK(f.largest() == 2u);
  CHECK(unusable_free_index(f, 0) == 0);
  CHECK(unusable_free_index(f, 2) == 750);
  CHECK(fragmentation_index(f, 2) == -1000);
  CHECK(unusable_free_index(f, 3) == 1000);
  CHECK(fragmentation_index(f, 3) == 700); // 1000 - (1000 + 16000 / 8) / 10
  f.nr = {1024};
  CHECK(fragmentation_index(f, 9) == 998);
  f.nr = {};
  f.nr[10] = 3;
  CHECK(unusable_free_index(f, 9) == 0);
  CHECK(unusable_free_index(f, 10) == 0);
}

TEST_CASE("pageblocks: however few the cells, they hold what the zone holds") {
  const auto lab = booted("qemu-1g");
  call(*lab, "alloc_pages GFP_KERNEL|__GFP_RECLAIMABLE");
  const PageAlloc &pa = lab->state().pages;
  for (const pglist_data &node : pa.nodes())
    for (unsigned zid = 0; zid < max_zone_types; ++zid) {
      const zone &z = node.zones[zid];
      if (!z.populated()) continue;
      std::array<u64, migratetype_count> pages{};
      pa.for_each_run(z.start_pfn, z.end_pfn(), [&](const PageRun &run) {
        if (run.info.state != PageState::absent) pages[static_cast<std::size_t>(run.info.block_type)] += run.count;
      });
      for (const u64 cells : {u64{1}, u64{7}, u64{100}, u64{1000000}}) {
        const PageblockMap m = pageblock_map(pa, node.nid, zid, cells);
        CAPTURE(zid);
        CAPTURE(cells);
        CHECK(m.cells.size() <= cells);
        std::array<u64, migratetype_count> sum{};
        u64 free = 0;
        for (const PageblockCell &c : m.cells) {
          CHECK(c.free <= c.all());
          free += c.free;
          for (unsigned t = 0; t < migratetype_count; ++t) sum[t] += c.pages[t];
        }
        CHECK(sum == pages);
        CHECK(free == z.sum_free_pages());
      }
      const PageblockMap m = pageblock_map(pa, node.nid, zid, 1000000);
      CHECK(m.each == 1);
      std::array<u64, migratetype_count> blocks{};
      for (const PageblockCell &c : m.cells)
        if (c.all() != 0) ++blocks[c.most()];
      CHECK(m.blocks == blocks);
      CHECK(m.cell_of(z.end_pfn().v - 1) == m.cells.size() - 1);
    }
}

TEST_CASE("fragmentation: its history has the branch's own calls, in few samples") {
  const auto lab = booted("tiny-128m");
  FragmentationHistory h(*lab);
  while (!h.advance(500)) {}
  REQUIRE(!h.samples().empty());
  const u64 before = h.samples().back().call;
  CHECK(before == lab->size());
  for (int i = 0; i < 600; ++i) call(*lab, "alloc_pages GFP_KERNEL");
  while (!h.advance(5000)) {}
  CHECK(h.samples().size() <= FragmentationHistory::most_samples);
  CHECK(h.samples().back().call > lab->size() - 8);
  for (std::size_t i = 0; i < h.samples().size(); i += 37) {
    const auto &s = h.samples()[i];
    lab->seek({s.call, 0, 0});
    const zone &z = lab->state().pages.zone_of(0, 0);
    CHECK(s.unusable[FragmentationHistory::zone_index(0, 0)] == unusable_free_index(free_blocks(z), 9));
  }
}

TEST_CASE("slabs: in the order in which they are looked for, objects in the order in which they go") {
  const auto lab = booted("qemu-1g");
  call(*lab, "kmem_cache_init");
  const auto c = static_cast<cache_id>(call(*lab, "kmem_cache_create things 512 -> c"));
  const u64 first = call(*lab, "kmem_cache_alloc c -> a");
  const Slub &slub = lab->state().slub;
  auto rows = slab_rows(slub, c);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].where == SlabWhere::cpu);
  const u16 objects = slub.slab(rows[0].slab).objects;
  CHECK(free_order(slub, rows[0].slab).size() == objects - 1u);
  const SlabStep step = slab_step(lab->events());
  CHECK(step.cache == c);
  CHECK(step.pfn == slub.slab(rows[0].slab).pfn);
  // The next one is the one that is said to be next.
  const Slab &slab = slub.slab(rows[0].slab);
  const u64 next = slub.address_of(slab, free_order(slub, rows[0].slab).front()).v;
  CHECK(call(*lab, "kmem_cache_alloc c") == next);
  for (u16 i = 2; i < objects; ++i) call(*lab, "kmem_cache_alloc c");
  CHECK(free_order(lab->state().slub, rows[0].slab).empty());
  call(*lab, "kmem_cache_alloc c");
  rows = slab_rows(lab->state().slub, c);
  REQUIRE(rows.size() == 2);
  CHECK(rows[1].where == SlabWhere::full);
  call(*lab, "kmem_cache_free c a"); // of the full one
  rows = slab_rows(lab->state().slub, c);
  REQUIRE(rows.size() == 2);
  CHECK(rows[1].where == SlabWhere::cpu_partial);
  const u32 back = rows[1].slab;
  REQUIRE(free_order(lab->state().slub, back).size() == 1);
  CHECK(lab->state().slub.address_of(lab->state().slub.slab(back), free_order(lab->state().slub, back)[0]).v == first);
}
