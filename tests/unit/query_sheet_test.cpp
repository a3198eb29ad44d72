// Sheets and completion: made from the same table as the language, so that what they say can be asked again.
#include "query/query.hpp"

#include "base/text.hpp"
#include "lab/presets.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <memory>
#include <set>

using namespace mmscope;

namespace {

Lab &qemu(Op op = Op::free_reserved_area) {
  static const std::unique_ptr<Lab> lab = [] {
    auto l = std::make_unique<Lab>(make_script(*find_preset("qemu-1g")));
    while (!l->prepare(1000))
      ;
    return l;
  }();
  const auto &commands = lab->script().commands;
  const auto it = std::find_if(commands.begin(), commands.end(), [&](const Command &c) { return c.op == op; });
  REQUIRE(it != commands.end());
  lab->seek({static_cast<u64>(it - commands.begin()) + 1, 0, 0});
  return *lab;
}

bool has(const std::vector<std::string> &list, std::string_view s) {
  return std::find(list.begin(), list.end(), s) != list.end();
}
const SheetLink *link_to(const Sheet &s, std::string_view relation) {
  const auto it =
      std::find_if(s.links.begin(), s.links.end(), [&](const SheetLink &l) { return l.relation == relation; });
  return it == s.links.end() ? nullptr : &*it;
}
std::string path_to(const Sheet &s, std::string_view relation) {
  const SheetLink *l = link_to(s, relation);
  return l == nullptr ? std::string("none") : l->path;
}
const QueryValue &field(const Sheet &s, std::string_view name) {
  const auto it = std::find_if(s.fields.begin(), s.fields.end(), [&](const SheetField &f) { return f.name == name; });
  REQUIRE(it != s.fields.end());
  return it->value;
}

} // namespace

TEST_CASE("sheet: what it shows can be asked for and what it links to can be opened") {
  for (const Op op : {Op::e820_add, Op::memblock_reserve, Op::numa_init, Op::sparse_init, Op::memblock_free_all,
                      Op::free_reserved_area}) {
    Lab &lab = qemu(op);
    std::set<std::string> seen;
    std::vector<std::string> todo{"memblock",   "e820",         "vm",           "mem_section",  "call",
                                  "call[3]",    "event[0]",     "node[0]",      "page[0x1234]", "page[0x50000]",
                                  "section[3]", "section[100]", "block[0x9000]"};
    while (!todo.empty() && seen.size() < 150) {
      const std::string path = todo.back();
      todo.pop_back();
      if (!seen.insert(path).second) continue;
      const Sheet s = inspect(lab, path);
      INFO(path);
      if (s.path.empty()) {
        CHECK(s.error == "there is no such thing at this moment (column 1)");
        continue;
      }
      CHECK(inspect(lab, s.path).path == s.path);
      CHECK((!s.kind.empty() && !s.title.empty() && s.base <= s.end));
      CHECK((!s.fields.empty() || s.kind == "memblock"));
      for (const SheetField &f : s.fields) {
        const QueryAnswer a = ask(lab, f.path);
        INFO(f.path);
        CHECK(a.error == "");
        CHECK(a.value == f.value);
        CHECK(!f.about.empty());
      }
      for (const SheetLink &l : s.links) {
        INFO(l.path);
        CHECK(inspect(lab, l.path).error == "");
        CHECK(!l.text.empty());
        todo.push_back(l.path);
      }
    }
    CHECK(seen.size() > 20);
  }
}

TEST_CASE("sheet: a page leads to all it belongs to") {
  const Sheet s = inspect(qemu(), "page[0x1234]");
  CHECK(s.path == "page[0x1234]");
  CHECK(s.kind == "page");
  CHECK(s.base == 0x1234000);
  CHECK(s.end == 0x1235000);
  CHECK(field(s, "state").text == "reserved");
  CHECK(path_to(s, "zone") == "node[0].zone[DMA32]");
  CHECK(path_to(s, "node") == "node[0]");
  CHECK(path_to(s, "section") == "section[0]");
  CHECK(path_to(s, "memory") == "memblock.memory.regions[1]");
  CHECK(link_to(s, "block") == nullptr);
  // The call that reserved the kernel image.
  const std::string made_by = path_to(s, "made_by");
  CHECK(ask(qemu(), made_by + ".owner").value.text == "kernel image");
  CHECK(ask(qemu(), made_by + ".name").value.text == "memblock_reserve");
  // Its struct page lies in mem_map: section 0's begins where the section says.
  const u64 map = ask(qemu(), "section[0].map").value.number;
  CHECK(ask(qemu(), path_to(s, "struct_page") + ".phys").value.number == (map + 0x1234 * 64) / 4096 * 4096);
  CHECK(has(s.at_home, "dd if=/proc/kpageflags bs=8 skip=4660 count=1 2>/dev/null | od -An -tx8"));
  CHECK(has(s.at_home, "page-types -l -a 0x1234"));
}

TEST_CASE("sheet: a free block and its buddy") {
  Lab &lab = qemu();
  u64 pfn = 0, order = 0; // of a block that is neither a page nor the largest
  for (u64 p = 0x1000; p < 0x40000 && pfn == 0; ++p)
    if (const auto b = lab.state().pages.free_head(pfn_t{p}); b && b->order.v > 1 && b->order.v < 10) {
      pfn = p;
      order = b->order.v;
    }
  REQUIRE(pfn != 0);
  const Sheet s = inspect(lab, concat("block[", pfn + 3, "]"));
  CHECK(field(s, "pfn").number == pfn);
  CHECK(s.end - s.base == u64{4096} << order);
  CHECK(path_to(s, "buddy").starts_with("page[0x"));
  CHECK(ask(lab, path_to(s, "buddy") + ".phys").value.number == (pfn ^ u64{1} << order) * 4096);
  CHECK(path_to(s, "zone") == "node[0].zone[DMA32]");
  CHECK(path_to(s, "free_list").starts_with(concat("node[0].zone[DMA32].free_area[", order, "].free_list[")));
}

TEST_CASE("sheet: section_mem_map is taken apart without gap or overlap") {
  const Sheet s = inspect(qemu(), "section[3]");
  REQUIRE(s.bits.size() == 1);
  CHECK(s.bits[0].word == 0xffffea000000000f);
  unsigned next = 64;
  for (const SheetBits::Part &p : s.bits[0].parts) {
    CHECK(p.high + 1 == next);
    CHECK(p.low <= p.high);
    next = p.low;
  }
  CHECK(next == 0);
  CHECK(s.bits[0].parts[0].text == "0xffffea0000000000 = mem_map 0xffffea0000600000 - pfn 0x18000 * 64");
  CHECK(s.bits[0].parts[1].text.empty()); // SECTION_TAINT_ZONE_DEVICE is clear
  CHECK(s.bits[0].parts[2].text == "SECTION_IS_EARLY");
  CHECK(path_to(s, "map") == "page[0x3f000]");
  CHECK(inspect(qemu(), "section[100]").bits.empty());
}

TEST_CASE("sheet: zones name the file and the lines for one's own machine") {
  const Sheet s = inspect(qemu(), "node[0].zone[1]");
  CHECK(s.path == "node[0].zone[DMA32]");
  CHECK(s.source == "mm/page_alloc.c, free_area_init_core, v6.1");
  CHECK(has(s.at_home, "grep -A 15 'Node 0, zone *DMA32$' /proc/zoneinfo"));
  CHECK(has(s.at_home, "grep 'Node 0, zone *DMA32 ' /proc/buddyinfo"));
  CHECK(field(s, "watermark[min]").number == qemu().state().pages.zone_of(0, 1).watermark[0]);
  CHECK(link_to(s, "first_block") != nullptr);
  CHECK(inspect(qemu(Op::sparse_init), "node[0].zone[DMA32]").links.size() < s.links.size());
}

TEST_CASE("sheet: what is not there or not a thing is refused") {
  CHECK(inspect(qemu(), "node[9]").error == "there is no such thing at this moment (column 1)");
  CHECK(inspect(qemu(), "nod[9]").error == "not a thing, did you mean 'node'? (column 1)");
  CHECK(inspect(qemu(), "node[0").error == "] is missing (column 7)");
  CHECK(inspect(qemu(), "1 + 1").error == "not a thing (column 1)");
  CHECK(inspect(qemu(), "node[0] node").error == "an operator is expected here (column 9)");
  CHECK(inspect(qemu(), "valid").error == "there is no such thing at this moment (column 1)");
  CHECK(inspect(qemu(), "node[0].cpus").path == "node[0]"); // a field leads to its thing
  CHECK(inspect(qemu(), "node[9]").path.empty());
}

TEST_CASE("complete: names of what the path has led to") {
  Lab &lab = qemu();
  using List = std::vector<std::string>;
  CHECK(complete(lab, "node[0].zone[DMA32].man") == List{"managed_pages"});
  CHECK(complete(lab, "node[0].zone[DM") == List{"DMA", "DMA32"});
  CHECK(complete(lab, "node[0].zone[DMA].watermark[") == List{"min",
                                                              "low",
                                                              "high",
                                                              "node[",
                                                              "page[",
                                                              "block[",
                                                              "pageblock[",
                                                              "section[",
                                                              "mem_section",
                                                              "memblock",
                                                              "e820",
                                                              "vm",
                                                              "call",
                                                              "event[",
                                                              "phase",
                                                              "all_bytes_accounted",
                                                              "no_unmerged_buddies",
                                                              "handed_over",
                                                              "valid",
                                                              "free("});
  CHECK(complete(lab, "node[0].zone[DMA].free_a") == List{"free_area["});
  CHECK(complete(lab, "1 + memb") == List{"memblock"});
  CHECK(complete(lab, "memblock.res") == List{"reserved"});
  CHECK(complete(lab, "memblock.reserved.regions[0].") == List{"base", "size", "end", "flags", "nid", "owner"});
  CHECK(complete(lab, "page[1].state == re") == List{"reserved", "reserved_by("});
  CHECK(complete(lab, "free(ord") == List{"order"});
  CHECK(complete(lab, "free(zone=D") == List{"DMA", "DMA32", "Device"});
  CHECK(complete(lab, "free(zone=DMA, ty") == List{"type"});
  CHECK(complete(lab, "node[")[0] == "0");
  CHECK(complete(lab, "vm.min_free_kbytes ") == List{"and", "or"});
  CHECK(complete(lab, "page[0x1234].zone.managed") == List{"managed_pages"});
  CHECK(complete(lab, "vm.max_pfn.").empty());
  CHECK(complete(lab, "node[0].x.").empty());
  CHECK(complete(lab, "\"abc").empty());
  CHECK(complete(lab, "", 3) == List{"node[", "page[", "block["});
  CHECK(complete(lab, std::string(max_query_bytes + 1, 'a')).empty());
  const List e = complete(lab, "event[0].pf");
  CHECK(e == List{"pfn"});
}

TEST_CASE("complete: every word that is offered for a thing can be asked") {
  Lab &lab = qemu();
  for (const std::string thing :
       {"node[0].", "node[0].zone[DMA32].", "page[0x1234].", "section[0].", "memblock.", "vm.", "memblock.memory.",
        "memblock.memory.regions[0].", "e820.", "call.", "block[0x9000].", "e820.entries[0].", "mem_section.",
        "node[0].zone[DMA32].free_area[0]."}) {
    const std::vector<std::string> names = complete(lab, thing, 100);
    CHECK(names.size() > 1);
    for (const std::string &name : names) {
      const std::string path = thing + name;
      INFO(path);
      CHECK(ask(lab, path + (name.ends_with('[') ? "0]" : "")).error == "");
    }
  }
}
