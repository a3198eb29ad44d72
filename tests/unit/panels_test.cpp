// The lab's canvas without a browser: what the panels draw and name, and what they are drawn from.
#include "canvas/lab_app.hpp"

#include "base/text.hpp"
#include "base/units.hpp"
#include "canvas/panels/panels.hpp"
#include "canvas/widgets/paint.hpp"
#include "lab/presets.hpp"
#include "panels_bench.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

using namespace mmscope;
using namespace mmscope::canvas;

TEST_CASE("panels: nothing on the desk draws nothing and does not crash") {
  Desk desk;
  CanvasApp app(make_panels(desk));
  app.set_layout(layout_of(desk));
  app.set_font(page_font());
  app.use_null_renderer();
  for (int i = 0; i < 3; ++i) app.frame(950, 752, 2, i * 0.016);
  CHECK(app.mirror().items().empty());
}

TEST_CASE("panels: every step of a boot draws, in every size and theme") {
  Bench b("qemu-1g");
  const float sizes[][2] = {{950, 752}, {390, 640}, {1600, 900}, {320, 200}, {60, 40}};
  for (u64 call = 0; call <= b.lab().size(); ++call) {
    b.lab().seek({call, 0, 0});
    b.app.set_theme(static_cast<ThemeKind>(call % 3));
    b.app.set_scale(call % 2 ? 1.5f : 1.0f);
    b.app.frame(sizes[call % 5][0], sizes[call % 5][1], 1 + static_cast<float>(call % 3), b.time += 0.016);
  }
  CHECK(b.lab().position().call == b.lab().size());
}

TEST_CASE("panels: a free block is a button with its pfn, order, type and zone, pressing it brings it into view") {
  Bench b("qemu-1g");
  b.lab().seek({after(b.lab(), Op::memblock_free_all) - 1, 0, 0});
  b.draw();
  CHECK(b.named("free block pfn") == nullptr);
  b.lab().step(Level::call, 1);
  b.draw();
  const MirrorItem *block = b.named("free block pfn");
  REQUIRE(block != nullptr);
  CHECK(block->name.ends_with(" order 10 Movable zone DMA32"));
  CHECK(b.desk.axis.all());
  b.press("free block pfn");
  CHECK_FALSE(b.desk.axis.all());
  REQUIRE(b.desk.selection);
  CHECK(b.desk.selection->end - b.desk.selection->base == u64{4} << 20);
  CHECK(b.desk.axis.from() < static_cast<double>(b.desk.selection->base));
  CHECK(b.desk.axis.to() > static_cast<double>(b.desk.selection->end));
}

TEST_CASE("selection: whatever is pressed is selected by its path and outlined wherever it is drawn") {
  Bench b("qemu-1g");
  b.lab().seek({after(b.lab(), Op::sparse_init), 0, 0});
  b.draw();
  CHECK(b.desk.selections == 0);
  b.press("reserved[1] ");
  REQUIRE(b.desk.selection);
  CHECK(b.desk.selection->path == "memblock.reserved.regions[1]");
  CHECK(b.desk.selection->base == 0x1000000);
  CHECK(b.desk.selections == 1);
  CHECK(b.desk.selected("memblock.reserved.regions[1]"));
  const struct {
    std::string_view item, path;
  } strip[] = {{"e820 usable", "e820.entries["},
               {"memory[1]", "memblock.memory.regions[1]"},
               {"reserved for mem_map", "memblock.reserved.regions["},
               {"section 5", "section[5]"}};
  for (const auto &row : strip) {
    const std::string_view item = row.item, path = row.path;
    CAPTURE(item);
    b.desk.axis.show_all();
    b.draw();
    b.press(item);
    REQUIRE(b.desk.selection);
    CHECK(b.desk.selection->path.starts_with(path));
    CHECK(b.desk.selection->end > b.desk.selection->base);
  }
  b.lab().seek({after(b.lab(), Op::memblock_free_all), 0, 0});
  b.desk.axis.show_all();
  b.draw();
  b.press("node 0 zone DMA32");
  CHECK(b.desk.selection->path == "node[0].zone[DMA32]");
  const auto &items = b.app.mirror().items();
  const auto node = std::find_if(items.begin(), items.end(), [](const MirrorItem &i) { return i.name == "node 0"; });
  REQUIRE(node != items.end());
  b.app.click(node->id);
  b.draw();
  CHECK(b.desk.selection->path == "node[0]");
  b.press("free block pfn");
  CHECK(b.desk.selection->path.starts_with("block[0x"));
  const u64 before = b.desk.selections;
  b.desk.clear_selection();
  b.desk.clear_selection();
  CHECK(b.desk.selections == before + 1);
  CHECK_FALSE(b.desk.selection);
}

TEST_CASE("strip: a pixel that hides things says how many, a press looks closer") {
  Bench b("server-1t");
  b.lab().seek({after(b.lab(), Op::sparse_init), 0, 0});
  b.draw();
  // Everything that is reserved below 16 MiB lies in the first pixel of a terabyte.
  const MirrorItem *strip = b.named("address strip");
  const float y = b.named("memory")->rect.y + 34;
  b.app.pointer(strip->rect.x + 0.5f, y + 4, 0, false);
  b.draw();
  REQUIRE(b.desk.pointed());
  CHECK(b.desk.pointed()->name.find(" things in this pixel: reserved for ") != std::string::npos);
  CHECK(b.desk.pointed()->path == "");
  // One sees it too: a comb of the colour of ink below such columns.
  std::size_t teeth = 0;
  for (const ImDrawList *list : ImGui::GetDrawData()->CmdLists)
    if (std::string_view(list->_OwnerName).starts_with("strip"))
      for (int i = 0; i + 3 < list->VtxBuffer.Size; ++i) {
        const ImDrawVert *v = &list->VtxBuffer[i];
        if (v[0].col == theme(ThemeKind::kDark).ink && v[2].pos.x - v[0].pos.x == 1 && v[2].pos.y - v[0].pos.y == 4)
          ++teeth;
      }
  CHECK(teeth > 3);
  CHECK(parse_u64(b.desk.pointed()->name.substr(0, b.desk.pointed()->name.find(' '))).value_or(0) >= 2);
  const double span = b.desk.axis.span();
  b.app.pointer(strip->rect.x + 0.5f, y + 4, 1, false);
  b.app.pointer(strip->rect.x + 0.5f, y + 4, 0, false);
  b.draw();
  CHECK(b.desk.axis.span() < span / 2);
}

TEST_CASE("strip: the arrow keys go from thing to thing, also to one that is out of view, Enter selects") {
  Bench b("qemu-1g");
  b.lab().seek({after(b.lab(), Op::sparse_init), 0, 0});
  b.draw();
  b.app.focus_item(b.named("address strip")->id);
  b.key(ImGuiKey_DownArrow); // to the layer of what is reserved
  std::vector<std::string> seen;
  b.desk.axis.set_view(0, 0x800000);
  for (int i = 0; i < 5; ++i) {
    b.key(ImGuiKey_RightArrow);
    b.key(ImGuiKey_Enter);
    REQUIRE(b.desk.selection);
    seen.push_back(b.desk.selection->name);
    CHECK(b.desk.axis.from() <= static_cast<double>(b.desk.selection->base));
    CHECK(b.desk.axis.to() > static_cast<double>(b.desk.selection->base));
  }
  CHECK(std::find(seen.begin(), seen.end(), "reserved for kernel image") != seen.end());
  b.key(ImGuiKey_LeftArrow);
  b.key(ImGuiKey_Enter);
  CHECK(b.desk.selection->name == seen[3]);
  CHECK(b.named("address strip")->value.starts_with(seen[3]));
}

TEST_CASE("strip: at the deepest zoom a cell is a page with its number and state") {
  Bench b("qemu-1g");
  b.lab().seek({after(b.lab(), Op::memblock_free_all), 0, 0});
  b.desk.axis.set_view(0x8000000, 0x8000000 + 1);
  b.draw();
  CHECK(b.desk.axis.span() == 4 * 4096);
  b.press("page 0x8000: free");
  CHECK(b.desk.selection->path == "page[0x8000]");
  CHECK(b.desk.selection->end - b.desk.selection->base == 4096);
}

TEST_CASE("filter: what was not chosen is dimmed, everything is there again without a filter") {
  Bench b("qemu-1g");
  CHECK(b.desk.shows(PartKind::owner, 3));
  b.desk.set_filter({{PartKind::owner, 3}, {PartKind::free_buddy}});
  CHECK(b.desk.shows(PartKind::owner, 3));
  CHECK_FALSE(b.desk.shows(PartKind::owner, 2));
  CHECK(b.desk.shows(PartKind::free_buddy));
  b.lab().seek({after(b.lab(), Op::sparse_init), 0, 0});
  const auto strong = [&] { // vertices of the strip in the colour of memory
    b.draw();
    std::size_t n = 0;
    for (const ImDrawList *list : ImGui::GetDrawData()->CmdLists)
      if (std::string_view(list->_OwnerName).starts_with("strip"))
        for (const ImDrawVert &v : list->VtxBuffer) n += v.col == theme(ThemeKind::kDark).memory;
    return n;
  };
  CHECK(strong() == 0);
  b.desk.set_filter({{PartKind::free_memblock}});
  CHECK(strong() > 0);
  b.desk.set_filter({});
  CHECK(strong() > 0);
  CHECK(b.desk.shows(PartKind::allocated));
}

TEST_CASE("motion: a step forwards is seen to happen and comes to rest, a jump is not, nor with reduced motion") {
  Bench b("qemu-1g");
  const u64 handoff = after(b.lab(), Op::memblock_free_all);
  b.lab().seek({handoff - 1, 0, 0});
  b.draw();
  CHECK_FALSE(b.app.frame(950, 752, 1, b.time += 0.016));
  b.lab().step(Level::call, 1);
  CHECK(b.app.frame(950, 752, 1, b.time += 0.016));
  CHECK(b.desk.motion() < 0.2f);
  int frames = 0;
  while (b.app.frame(950, 752, 1, b.time += 0.016) && frames < 100) ++frames;
  CHECK(frames >= 9); // 150 ms
  CHECK(frames <= 16);
  CHECK(b.desk.motion() == 1);
  b.lab().seek({3, 0, 0});
  CHECK_FALSE(b.app.frame(950, 752, 1, b.time += 0.016));
  b.app.set_reduced_motion(true);
  b.lab().step(Level::call, 1);
  CHECK_FALSE(b.app.frame(950, 752, 1, b.time += 0.016));
  CHECK(b.desk.motion() == 1);
}

TEST_CASE("sections: the chain of a section and its word, before and after it has a map") {
  Bench b("qemu-1g");
  const u64 done = after(b.lab(), Op::sparse_init);
  b.lab().seek({done - 1, 0, 0});
  while (b.lab().state().sparse.sections.empty()) b.lab().step(Level::event, 1);
  b.draw();
  REQUIRE(b.named("section_mem_map ") != nullptr);
  CHECK(b.named("section_mem_map ")->name == "section_mem_map 0x0000000000000005");
  CHECK(b.named("section_mem_map ")->description == "early node id 0, IS_ONLINE, MARKED_PRESENT");
  b.lab().seek({done, 0, 0});
  b.draw();
  CHECK(b.named("section_mem_map ")->name == "section_mem_map 0xffffea000000000f");
  CHECK(b.named("section_mem_map ")->description ==
        "63…5  encoded mem_map, IS_EARLY, IS_ONLINE, HAS_MEM_MAP, MARKED_PRESENT");
  b.desk.select("section[3]", "section 3", u64{3} << 27, u64{4} << 27); // as the page does
  b.draw();
  CHECK(b.named("entry of section 3") != nullptr);
  b.press("mem_map of section 3");
  CHECK(b.desk.selection->end - b.desk.selection->base == u64{2} << 20);
  CHECK(b.lab().owner_at(b.desk.selection->base)->label == "mem_map");
}

TEST_CASE("layout: the middle place shows sections until there are zones, or what was pinned") {
  Bench b("qemu-1g");
  const auto tab = [&](std::string_view name) { return b.named(name)->checked; };
  b.lab().seek({after(b.lab(), Op::sparse_init), 0, 0});
  b.draw();
  CHECK(tab("sections"));
  CHECK(b.named("nodes and zones")->role == Role::kTab);
  b.lab().seek({b.lab().size(), 0, 0});
  b.draw();
  CHECK(tab("nodes and zones"));
  b.press("sections");
  CHECK(b.desk.pinned == "sections");
  CHECK(tab("sections"));
  b.press("sections"); // lets go
  CHECK(tab("nodes and zones"));
}

TEST_CASE("layout: nothing overlaps, in any mode, and a focused panel has all of the place") {
  Bench b("qemu-1g");
  const Layout layout = layout_of(b.desk);
  const struct {
    float w, h, scale;
  } sizes[] = {{950, 752, 1}, {950, 752, 1.5f}, {390, 640, 1}, {1600, 900, 1}, {700, 500, 1}, {1280, 800, 2}};
  for (const u64 call : {u64{17}, b.lab().size()}) {
    b.lab().seek({call, 0, 0});
    for (const auto &size : sizes)
      for (const char *focus : {"", "memblock", "buddy", "timeline"}) {
        const float w = size.w, h = size.h, scale = size.scale;
        b.desk.focus = focus;
        std::vector<Rect> places(std::size(panel_places) + 2);
        layout(w, h, scale, places);
        CAPTURE(w);
        CAPTURE(scale);
        CAPTURE(focus);
        std::size_t shown = 0;
        for (std::size_t i = 0; i < places.size(); ++i) {
          const Rect &a = places[i];
          if (a.empty()) continue;
          ++shown;
          CHECK(a.x >= 0);
          CHECK(a.y + a.h <= h + 0.5f);
          CHECK(a.x + a.w <= w + 0.5f);
          for (std::size_t j = i + 1; j < places.size(); ++j) {
            const Rect &c = places[j];
            if (!c.empty())
              CHECK((a.x + a.w <= c.x || c.x + c.w <= a.x || a.y + a.h <= c.y + 0.5f || c.y + c.h <= a.y + 0.5f));
          }
        }
        CHECK(shown == (w < 600 * scale || *focus != 0 ? 2u : w < 780 * scale ? 4u : 5u));
      }
  }
}

TEST_CASE("layout: on a telephone what is pressed is at least 44 pixels high") {
  Bench b("qemu-1g");
  b.lab().seek({b.lab().size(), 0, 0});
  for (const char *panel : {"memblock", "zones", "buddy"}) {
    b.desk.panel = panel;
    b.draw(390, 640);
    const auto &groups = b.app.mirror().groups();
    std::size_t seen = 0;
    for (const MirrorItem &item : b.app.mirror().items()) {
      if (groups[item.group].id == "strip" || item.role == Role::kSlider || !item.focusable) continue;
      if (item.rect.y + item.rect.h > 610 || item.rect.y < 330) continue; // cut off where the panel scrolls
      CAPTURE(item.name);
      CHECK(item.rect.h >= 40); // of 44, less the line between two
      ++seen;
    }
    CAPTURE(panel);
    CHECK(seen >= 2);
  }
}

TEST_CASE("buddy: a merge is followed level by level from inside the call") {
  Bench b("tiny-128m");
  // The first call that merges, and the last of its merges.
  bool found = false;
  for (u64 call = 0; call < b.lab().size() && !found; ++call) {
    b.lab().seek({call + 1, 0, 0});
    const auto events = b.lab().events();
    for (std::size_t i = 0; i + 1 < events.size() && !found; ++i) {
      const bool merge = events[i].kind == EventKind::lab_buddy_merge;
      if (!merge) continue;
      const Event e = events[i];
      b.lab().seek({call, i + 1, 0});
      b.draw();
      const MirrorItem *rung = b.named(concat("merge of order ", e.f[2], ": ", hex_text(e.f[0])));
      REQUIRE(rung != nullptr);
      b.press(rung->name);
      CHECK(b.desk.selection->path == concat("event[", call, ".", i, "]"));
      CHECK(b.desk.selection->end - b.desk.selection->base == u64{2} << (e.f[2] + 12));
      found = true;
    }
  }
  CHECK(found);
  b.lab().seek({b.lab().size(), 0, 0});
  b.draw();
  CHECK(b.named("merge of order") == nullptr);
}

TEST_CASE("buddy: a long list says how much of it is drawn and scrolls to the rest") {
  Bench b("server-1t");
  b.lab().seek({b.lab().size(), 0, 0});
  b.draw();
  b.press("order 10 Movable: ");
  const MirrorItem *scroll = b.named("blocks of the list, scroll");
  REQUIRE(scroll != nullptr);
  const std::string first = b.named("free block pfn")->name;
  b.app.focus_item(scroll->id);
  b.key(ImGuiKey_End);
  CHECK(b.named("free block pfn")->name != first);
  std::size_t blocks = 0;
  for (const MirrorItem &item : b.app.mirror().items()) blocks += item.name.starts_with("free block pfn");
  CHECK(blocks < 40);
}

TEST_CASE("timeline: inside the call that is shown one goes to any function that it made, bookmarks bring back") {
  Bench b("qemu-1g");
  const u64 call = after(b.lab(), Op::sparse_init) - 1;
  b.lab().seek({call + 1, 0, 0});
  b.draw();
  b.press("inside: sparse_init");
  CHECK(b.lab().position().call == call);
  CHECK(b.lab().inside());
  CHECK(b.desk.selection->path.starts_with(concat("event[", call, ".")));
  b.desk.focus = "timeline"; // there is room for the events in words
  b.draw();
  b.press("7  ");
  CHECK(b.lab().position() == Position{call, 7, 0});
  CHECK(b.desk.selection->path == concat("event[", call, ".6]"));
  b.desk.focus = "";
  b.desk.bookmarks = {{5, 0, 0}, {call, 9, 0}};
  b.draw();
  b.press("bookmark 1, call 5");
  CHECK(b.lab().position() == Position{5, 0, 0});
  b.press("bookmark 2");
  CHECK(b.lab().position() == Position{call, 9, 0});
  b.press("timeline of calls"); // its middle
  CHECK(b.lab().position().call == doctest::Approx(static_cast<double>(b.lab().size()) / 2).epsilon(0.03));
  CHECK(b.desk.selection->path == concat("call[", b.lab().position().call - 1, "]"));
}

TEST_CASE("timeline: while the desk is locked it is not there, and nothing moves the playhead") {
  Bench b("qemu-1g");
  const Position here{after(b.lab(), Op::sparse_init), 0, 0};
  b.lab().seek(here);
  const auto told = [&] {
    b.draw();
    return b.named("timeline of calls") != nullptr || b.named("phase memblock") != nullptr;
  };
  for (const char *focus : {"", "timeline"}) {
    b.desk.focus = focus;
    b.desk.locked = false;
    CHECK(told());
    b.desk.locked = true;
    CHECK(!told());
  }
  b.desk.seek({5, 0, 0});
  b.desk.step(Level::call, 1);
  CHECK(b.lab().position() == here);
  b.desk.locked = false;
  b.desk.seek({5, 0, 0});
  CHECK(b.lab().position() == Position{5, 0, 0});
}

TEST_CASE("timeline: the wheel shows fewer calls around the pointer, the playhead stays in view when it moves") {
  Bench b("server-1t");
  b.draw();
  const MirrorItem *line = b.named("timeline of calls");
  b.app.pointer(line->rect.x + line->rect.w - 5, line->rect.y + 10, 0, false);
  b.draw();
  const auto last = [&] { return b.named("phase done")->rect.w; };
  const float before = last();
  b.app.io().AddMouseWheelEvent(0, 5);
  b.draw();
  CHECK(last() > before);
  CHECK(b.named("phase memblock") == nullptr); // out of view
  b.lab().seek({3, 0, 0});
  b.draw();
  CHECK(b.named("phase memblock") != nullptr);
}

TEST_CASE("panels: keys move the strip's view and the playhead") {
  Bench b("qemu-1g");
  b.lab().seek({after(b.lab(), Op::sparse_init), 0, 0});
  b.draw();
  b.app.focus_item(b.named("address strip")->id);
  b.key(ImGuiKey_PageUp);
  CHECK(b.desk.axis.span() == doctest::Approx(static_cast<double>(b.desk.axis.whole()) / 2));
  const double from = b.desk.axis.from();
  b.app.io().AddKeyEvent(ImGuiMod_Shift, true);
  b.key(ImGuiKey_RightArrow);
  b.app.io().AddKeyEvent(ImGuiMod_Shift, false);
  CHECK(b.desk.axis.from() > from);
  b.key(ImGuiKey_Home);
  CHECK(b.desk.axis.all());
  const u64 call = b.lab().position().call;
  b.app.focus_item(b.named("timeline of calls")->id);
  b.key(ImGuiKey_LeftArrow);
  CHECK(b.lab().position().call == call - 1);
  CHECK(b.desk.axis.all());
  b.key(ImGuiKey_DownArrow);
  CHECK(b.lab().position().event == 1);
  b.press("phase handoff");
  CHECK(b.lab().call() == after(b.lab(), Op::memblock_free_all) - 1);
}

TEST_CASE("panels: an idle canvas changes nothing that a reader could notice") {
  Bench b("qemu-1g");
  b.draw();
  const u32 generation = b.app.mirror().generation();
  for (int i = 0; i < 20; ++i) CHECK_FALSE(b.app.frame(950, 752, 1, b.time += 0.016));
  CHECK(b.app.mirror().generation() == generation);
}

TEST_CASE("panels: a terabyte is as few controls as a gigabyte") {
  Bench small("qemu-1g"), large("server-1t");
  for (Bench *b : {&small, &large}) {
    b->lab().seek({b->lab().size(), 0, 0});
    b->draw();
  }
  // And as little to draw: a rectangle is a dozen vertices, a pixel column of a row one rectangle.
  large.draw();
  CHECK(ImGui::GetDrawData()->TotalVtxCount < 30000);
  large.lab().seek({after(large.lab(), Op::sparse_init), 0, 0});
  large.draw();
  CHECK(ImGui::GetDrawData()->TotalVtxCount < 40000);
  large.lab().seek({large.lab().size(), 0, 0});
  large.draw();
  CHECK(large.app.mirror().items().size() < 2 * small.app.mirror().items().size() + 200);
}

TEST_CASE("accounting: every byte has an owner and the sum balances, at every step of every small preset") {
  for (const char *preset : {"tiny-128m", "qemu-1g", "numa-2x32g"}) {
    CAPTURE(preset);
    const auto lab = booted(preset);
    REQUIRE(lab->index().error() == "");
    for (u64 call = 0; call <= lab->size(); ++call) {
      lab->seek({call, 0, 0});
      const Accounting a = lab->accounting();
      CAPTURE(call);
      CHECK(a.sum() == a.ram);
    }
  }
}

TEST_CASE("owners: the ranges that have owners are memblock.reserved, as long as memblock rules") {
  const auto lab = booted("qemu-1g");
  const u64 handoff = after(*lab, Op::memblock_free_all) - 1;
  for (u64 call = 0; call <= handoff; ++call) {
    lab->seek({call, 0, 0});
    std::vector<std::pair<u64, u64>> joined;
    for (const auto &[base, held] : lab->owners().held()) {
      if (!joined.empty() && joined.back().second == base)
        joined.back().second = held.end;
      else
        joined.emplace_back(base, held.end);
    }
    std::vector<std::pair<u64, u64>> reserved;
    for (const memblock_region &r : lab->state().memblock.reserved.regions) {
      if (!reserved.empty() && reserved.back().second == r.base.v)
        reserved.back().second = r.end().v;
      else
        reserved.emplace_back(r.base.v, r.end().v);
    }
    CAPTURE(call);
    CHECK(joined == reserved);
  }
}

TEST_CASE("owners: ranges are cut, replaced and forgotten") {
  OwnerMap m;
  m.set(0, 100, 1);
  m.set(40, 60, 2); //  [1  ][2 ][1  ]
  CHECK(m.at(39) == 1);
  CHECK(m.at(40) == 2);
  CHECK(m.at(60) == 1);
  m.set(10, 90, nobody); // [1]          [1]
  CHECK(m.held().size() == 2);
  CHECK(m.at(50) == nobody);
  CHECK(m.at(95) == 1);
  m.set(0, 1000, 3);
  CHECK(m.held().size() == 1);
}

TEST_CASE("owners: the caller says what a reservation is for, the command's own words win") {
  CHECK(owner_of("memblock_alloc_exact_nid_raw", "sparse_init_nid+0x11f/0x34d", "").label == "mem_map");
  CHECK(owner_of("memblock_alloc_try_nid", "sparse_init_nid+0x8d/0x34d", "").label == "section usage");
  CHECK(owner_of("memblock_reserve", "early_reserve_memory", "kernel image").kind == OwnerKind::kernel);
  CHECK(owner_of("memblock_reserve", "early_reserve_memory", "initrd").kind == OwnerKind::misc);
  CHECK(owner_of("memblock_reserve", "my_driver+0x1/0x2", "").label == "my_driver");
}

TEST_CASE("changes: marks stand at the place that a region has after the step") {
  const auto lab = booted("qemu-1g");
  for (u64 call = 1; call <= lab->size(); ++call) {
    lab->seek({call, 0, 0});
    for (int list = 0; list < 2; ++list) {
      const auto &regions = list == 0 ? lab->state().memblock.memory.regions : lab->state().memblock.reserved.regions;
      REQUIRE(lab->changes().marks[list].size() == regions.size());
    }
    for (const Event &e : lab->events()) {
      if (e.kind != EventKind::lab_memblock_insert || e.f[0] != 1) continue;
      // What was inserted lies in a region that is marked, unless the same call took it out again.
      const int at = lab->state().memblock.search(memblock_list::reserved, phys_addr_t{e.f[2]});
      CAPTURE(call);
      if (at >= 0) CHECK(lab->changes().marks[1][static_cast<std::size_t>(at)] != Mark::none);
    }
  }
}

TEST_CASE("axis: zooming keeps the address under the pointer, and the view inside the machine") {
  Axis a;
  a.set_whole(0x3ffe0000);
  CHECK(a.whole() == u64{1} << 30);
  const double fixed = 0x3dc00000;
  for (int i = 0; i < 40; ++i) {
    const float before = a.x_of(fixed, 100, 800);
    a.zoom(0.7, fixed);
    CHECK(a.x_of(fixed, 100, 800) == doctest::Approx(before).epsilon(0.01));
    CHECK(a.span() >= 4 * 4096);
  }
  a.pan(1e18);
  CHECK(a.to() == static_cast<double>(a.whole()));
  a.pan(-1e18);
  CHECK(a.from() == 0);
  a.zoom(1e9, 0);
  CHECK(a.all());
  a.set_whole(0);
  CHECK(a.whole() >= 4 * 4096);
}

TEST_CASE("units: bytes, addresses, counts") {
  CHECK(bytes_text(0) == "0 B");
  CHECK(bytes_text(448) == "448 B");
  CHECK(bytes_text(u64{16} << 20) == "16 MiB");
  CHECK(bytes_text((u64{1} << 30) - 4096) == "1.0 GiB");
  CHECK(bytes_text((u64{52} << 20) + (u64{68} << 10)) == "52.1 MiB");
  CHECK(bytes_text(~u64{0}) == "16.0 EiB");
  CHECK(hex_text(0x1000, 8) == "0x00001000");
  CHECK(range_text(0x1000, 0x9e000) == "0x1000–0x9efff");
  CHECK(count_text(262144) == "262\u00a0144");
  CHECK(count_text(12) == "12");
}
