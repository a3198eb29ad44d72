// The panels of the running allocator: what they draw and name for known calls.
#include "base/text.hpp"
#include "panels_bench.hpp"
#include "query/query.hpp"

using namespace mmscope;
using namespace mmscope::canvas;

namespace {

void at_end(Bench &b) { b.lab().seek({b.lab().size(), 0, 0}); }
bool tab(Bench &b, std::string_view name) {
  for (const MirrorItem &item : b.app.mirror().items())
    if (item.role == Role::kTab && item.name == name) return item.checked;
  return false;
}
bool says(const MirrorItem *item, std::string_view text) {
  return item != nullptr && item->description.find(text) != std::string::npos;
}

} // namespace

TEST_CASE("layout: a request shows its walk, the CPUs' lists and the free lists, and lets go of them after it") {
  Bench b("qemu-1g");
  at_end(b);
  b.draw();
  CHECK(tab(b, "memblock"));
  CHECK(tab(b, "nodes and zones"));
  CHECK(tab(b, "buddy"));
  const u64 before = b.lab().size();
  b.call("alloc_pages GFP_KERNEL order=3");
  b.draw();
  CHECK(tab(b, "walk of a request"));
  CHECK(tab(b, "CPU lists"));
  CHECK(tab(b, "buddy"));
  b.lab().seek({before, 0, 0});
  b.draw();
  CHECK(tab(b, "memblock"));
  // One panel a place can be kept, and let go again.
  b.press("pageblocks");
  b.press("walk of a request");
  CHECK(b.desk.pinned == "walk+pageblocks");
  CHECK(tab(b, "pageblocks"));
  b.press("slab");
  CHECK(b.desk.pinned == "slab+pageblocks");
  b.press("pageblocks");
  b.press("slab");
  CHECK(b.desk.pinned == "");
}

TEST_CASE("walk: what is compared is said, and what has not happened is not") {
  Bench b("qemu-1g");
  at_end(b);
  const u64 pfn = b.call("alloc_pages GFP_KERNEL order=3");
  b.draw();
  CHECK(b.named("attempt  WMARK_LOW") != nullptr);
  const zone &z = b.lab().state().pages.zone_of(0, 1);
  CHECK(says(b.named("node 0 DMA32"), concat("min ", z.watermark[1])));
  CHECK(says(b.named("node 0 DMA32"), "enough"));
  CHECK(b.named("split  order") != nullptr);
  CHECK(b.named("CPU 0's list was empty: refilled with") != nullptr);
  std::string got = "got 0x";
  append_hex(got, pfn);
  REQUIRE(b.named(got) != nullptr);
  b.press(got);
  CHECK(b.desk.selection->path.starts_with(concat("event[", b.lab().size() - 1, ".")));
  CHECK(b.desk.selection->end - b.desk.selection->base == u64{8} << 12);
  const auto events = b.lab().events();
  const auto last =
      std::find_if(events.begin(), events.end(), [](const Event &e) { return e.kind == EventKind::mm_page_alloc; });
  b.lab().seek({b.lab().size() - 1, static_cast<u64>(last - events.begin()), 0});
  b.draw();
  CHECK(b.named("from the head of CPU 0's list: ") != nullptr);
  CHECK(b.named("got 0x") == nullptr);
  b.lab().seek({b.lab().size() - 1, 1, 0});
  b.draw();
  CHECK(b.named("attempt  WMARK_LOW") == nullptr);
}

TEST_CASE("walk: a refusal reads why") {
  Bench b("tiny-128m");
  at_end(b);
  while (b.call("alloc_pages GFP_NOWAIT order=10") != 0) {}
  b.desk.focus = "walk"; // all of it in view
  b.draw();
  CHECK(says(b.named("node 0 DMA"), "no block is that large"));
  CHECK(b.named("gives up: the caller cannot wait for reclaim") != nullptr);
  CHECK(b.named("refused") != nullptr);
}

TEST_CASE("pcp: the lists of the step's CPU, what came and went, and each block") {
  Bench b("qemu-1g");
  at_end(b);
  b.call("drain_all_pages"); // the boot has freed pages that way
  const u64 pfn = b.call("alloc_pages GFP_KERNEL -> p");
  b.desk.focus = "pcp";
  b.draw();
  const MirrorItem *list = b.named("CPU 0 order 0 Unmovable: ");
  REQUIRE(list != nullptr);
  CHECK(says(list, "refilled with 63"));
  CHECK(says(list, "1 taken from the head"));
  CHECK(list->name == "CPU 0 order 0 Unmovable: 62 blocks");
  CHECK(says(b.named("pages of CPU 0"), "count 62"));
  b.press("CPU 0 order 0 Unmovable: ");
  CHECK(b.desk.selection->path == "node[0].zone[DMA32].pcp[0].lists[0]");
  CHECK(inspect(b.lab(), b.desk.selection->path).error == "");
  b.call("free_pages p");
  b.draw();
  CHECK(says(b.named("CPU 0 order 0 Unmovable: 63 blocks"), "1 put at the head"));
  std::string head = "block pfn 0x"; // what was freed last goes first
  append_hex(head, pfn);
  REQUIRE(b.named("block pfn ") != nullptr);
  CHECK(b.named("block pfn ")->name.starts_with(head));
  b.call("drain_local_pages 0");
  b.draw();
  CHECK(says(b.named("CPU 0 order 0 Unmovable: 0 blocks"), "drained of 63"));
}

TEST_CASE("pcp: keys choose among the CPUs, and a request on another one is followed") {
  Bench b("numa-2x32g");
  at_end(b);
  b.desk.pin("pcp");
  b.draw();
  const MirrorItem *cpu = b.named("CPU");
  for (const MirrorItem &item : b.app.mirror().items())
    if (item.name == "CPU") cpu = &item;
  REQUIRE(cpu->role == Role::kSlider);
  CHECK(cpu->range.max == static_cast<double>(b.lab().state().pages.cpus() - 1));
  b.app.focus_item(cpu->id);
  b.key(ImGuiKey_RightArrow);
  CHECK(b.desk.cpu->what == 1);
  CHECK(b.named("pages of CPU 1") != nullptr);
  b.call("alloc_pages GFP_KERNEL cpu=2");
  b.draw();
  CHECK(b.named("pages of CPU 2") != nullptr);
}

TEST_CASE("buddy: a split is followed half by half from inside the call") {
  Bench b("qemu-1g");
  at_end(b);
  // One of these finds no block of its own size.
  const auto was_split = [&] {
    const auto events = b.lab().events();
    return std::any_of(events.begin(), events.end(),
                       [](const Event &e) { return e.kind == EventKind::lab_buddy_split; });
  };
  for (unsigned order = 4; order <= 8; ++order) {
    b.call(concat("alloc_pages GFP_KERNEL order=", order));
    if (was_split()) break;
  }
  REQUIRE(was_split());
  const u64 call = b.lab().size() - 1, n = b.lab().events().size();
  std::size_t halves = 0;
  for (u64 i = 1; i < n; ++i) {
    b.lab().seek({call, i, 0});
    const bool add = b.lab().last_event()->kind == EventKind::lab_free_list_add;
    if (!add) continue;
    b.draw();
    halves += b.named("half of order") != nullptr; // a stolen block's move is none
  }
  CHECK(halves >= 1);
  at_end(b);
  b.draw();
  CHECK(b.named("half of order") == nullptr);
}

TEST_CASE("pageblocks: keys walk over the map, and what a steal claims is there") {
  Bench b("qemu-1g");
  at_end(b);
  b.desk.pin("pageblocks");
  const u64 pfn = b.call("alloc_pages GFP_KERNEL|__GFP_RECLAIMABLE");
  b.draw();
  const MirrorItem *map = b.named("map of pageblocks");
  REQUIRE(map != nullptr);
  CHECK(b.named("2 pageblocks Reclaimable") != nullptr); // the block that was taken is as large as two
  b.app.focus_item(map->id);
  b.key(ImGuiKey_RightArrow);
  REQUIRE(b.desk.selection.has_value());
  CHECK(b.desk.selection->path.starts_with("pageblock[0x"));
  CHECK(inspect(b.lab(), b.desk.selection->path).error == "");
  const Sheet claimed = inspect(b.lab(), concat("pageblock[", pfn, "]"));
  CHECK(std::any_of(claimed.fields.begin(), claimed.fields.end(),
                    [](const auto &f) { return f.value.text == "Reclaimable"; }));
  CHECK(b.named("order 9: unusable 0.") != nullptr);
  int frames = 0; // the curve is worked out, then the canvas lies still
  while (b.app.frame(950, 752, 1, b.time += 0.016) && frames < 200) ++frames;
  CHECK(frames < 200);
  CHECK(b.named("order 9 over the calls") != nullptr);
}

TEST_CASE("pageblocks: a terabyte is as much to draw as a gigabyte") {
  Bench b("server-1t");
  at_end(b);
  b.desk.pin("pageblocks");
  b.desk.pin("pcp");
  b.draw();
  CHECK(ImGui::GetDrawData()->TotalVtxCount < 40000);
  CHECK(b.app.mirror().items().size() < 400);
}

TEST_CASE("slab: the cache of the step, its slabs, the objects in freelist order, the bytes") {
  Bench b("qemu-1g");
  at_end(b);
  b.call("kmem_cache_init");
  b.call("kmem_cache_create things 512 -> c");
  b.call("kmem_cache_alloc c -> o");
  b.draw();
  CHECK(tab(b, "slab"));
  REQUIRE(b.named("cache things") != nullptr);
  CHECK(b.named("cache things")->checked);
  const MirrorItem *slab = nullptr;
  for (const MirrorItem &item : b.app.mirror().items())
    if (item.name.starts_with("slab 0x")) slab = &item;
  REQUIRE(slab != nullptr);
  CHECK(slab->name.find("CPU 0 slab") != std::string::npos);
  CHECK(slab->description.starts_with("1 of "));
  b.desk.focus = "slab"; // all of it in view
  b.draw();
  std::size_t used = 0, next = 0;
  for (const MirrorItem &item : b.app.mirror().items()) {
    used += item.name.starts_with("object ") && item.name.ends_with(", in use");
    next += item.name.ends_with("free, number 1 to go");
  }
  CHECK(used == 1);
  CHECK(next == 1);
  CHECK(says(b.named("bytes of object"), "object from 0"));
}

TEST_CASE("layout: on a telephone the allocator's panels have targets for fingers") {
  Bench b("qemu-1g");
  at_end(b);
  b.call("alloc_pages GFP_KERNEL");
  for (const char *panel : {"walk", "pcp", "pageblocks", "slab"}) {
    b.desk.panel = panel;
    b.draw(390, 640);
    const auto &groups = b.app.mirror().groups();
    CHECK(std::any_of(groups.begin(), groups.end(), [&](const MirrorGroup &g) { return g.id == panel; }));
    for (const MirrorItem &item : b.app.mirror().items()) {
      if (groups[item.group].id != panel || item.role == Role::kSlider || item.role == Role::kPicture) continue;
      if (item.rect.y + item.rect.h > 610 || item.rect.y < 330) continue;
      CAPTURE(panel);
      CAPTURE(item.name);
      CHECK(item.rect.h >= 40);
    }
  }
}
