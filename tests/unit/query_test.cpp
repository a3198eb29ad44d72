// The language: what it answers is what the machine says when it is read straight off, at several moments of a boot.
#include "query/query.hpp"

#include "base/text.hpp"
#include "lab/presets.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <memory>

using namespace mmscope;

namespace {

using Kind = QueryValue::Kind;

// One boot for all cases: they only ask.
Lab &qemu() {
  static const std::unique_ptr<Lab> lab = [] {
    auto l = std::make_unique<Lab>(make_script(*find_preset("qemu-1g")));
    while (!l->prepare(1000))
      ;
    return l;
  }();
  return *lab;
}
u64 call_of(const Lab &lab, Op op) {
  const auto &commands = lab.script().commands;
  const auto it = std::find_if(commands.begin(), commands.end(), [&](const Command &c) { return c.op == op; });
  REQUIRE(it != commands.end());
  return static_cast<u64>(it - commands.begin());
}
Lab &at_end() {
  qemu().seek({qemu().size(), 0, 0});
  return qemu();
}
Lab &after(Op op) {
  qemu().seek({call_of(qemu(), op) + 1, 0, 0});
  return qemu();
}

QueryValue value(const Lab &lab, std::string_view expression) {
  const QueryAnswer a = ask(lab, expression);
  INFO(std::string(expression));
  CHECK(a.error == "");
  return a.value;
}
u64 number(const Lab &lab, std::string_view expression) {
  const QueryValue v = value(lab, expression);
  INFO(std::string(expression));
  CHECK(v.kind == Kind::number);
  return v.number;
}
bool yes(const Lab &lab, std::string_view expression) { return value(lab, expression).truth(); }
bool nothing(const Lab &lab, std::string_view expression) { return value(lab, expression).kind == Kind::nothing; }
std::string words(const Lab &lab, std::string_view expression) { return value(lab, expression).text; }
// "COLUMN: reason"
std::string refused(const Lab &lab, std::string_view expression) {
  const QueryAnswer a = ask(lab, expression);
  CHECK(!a.ok());
  CHECK(a.value.kind == Kind::nothing);
  return concat(a.column, ": ", a.error);
}

} // namespace

TEST_CASE("query: numbers and operators as in C") {
  const Lab &lab = at_end();
  CHECK(number(lab, "1 + 2 * 3") == 7);
  CHECK(number(lab, "(1 + 2) * 3") == 9);
  CHECK(number(lab, "0x10 + 4K / 4") == 16 + 1024);
  CHECK(number(lab, "7 % 4 - 3 + 2T - 2T") == 0);
  CHECK(number(lab, "10 - 3 - 2") == 5);
  CHECK(number(lab, "18446744073709551615") == ~u64{0});
  CHECK(yes(lab, "-5 < 3 && -5 < -4 && 3 > -9223372036854775808"));
  CHECK(yes(lab, "-7 / 2 == -3 && -7 % 2 == -1"));
  CHECK(value(lab, "2 - 3") == QueryValue{.kind = Kind::number, .number = ~u64{0}, .negative = true});
}

TEST_CASE("query: what does not fit is nothing") {
  const Lab &lab = at_end();
  for (const char *e : {"18446744073709551615 + 1", "4T * 4T * 4T", "-9223372036854775808 - 1", "1 / 0", "1 % 0",
                        "1 / 0 + 1", "-18446744073709551615", "!nothing", "not nothing", "nothing < 1"})
    CHECK_MESSAGE(nothing(lab, e), e);
  CHECK(yes(lab, "1 / 0 == nothing && nothing == nothing && nothing != 0 && !(nothing == false)"));
  CHECK(!yes(lab, "nothing || nothing && true"));
}

TEST_CASE("query: truths are joined by signs or by words") {
  const Lab &lab = at_end();
  CHECK(yes(lab, "true || false && false"));
  CHECK(yes(lab, "true or false and false"));
  CHECK(!yes(lab, "!true || false"));
  CHECK(yes(lab, "not 1 == 2"));
  CHECK(!yes(lab, "not not 1 == 2"));
  CHECK(!yes(lab, "!(1 == 1)"));
}

TEST_CASE("query: units stay with sums") {
  const Lab &lab = at_end();
  CHECK(value(lab, "4K").unit == QueryUnit::bytes);
  CHECK(value(lab, "4096").unit == QueryUnit::none);
  CHECK(value(lab, "node[0].node_present_pages + 1").unit == QueryUnit::pages);
  CHECK(value(lab, "node[0].node_present_pages * 4K").unit == QueryUnit::none);
  CHECK(value(lab, "page[0x1234].phys").unit == QueryUnit::address);
  CHECK(to_text(value(lab, "16M")) == "16 MiB");
  CHECK(to_text(value(lab, "page[0x3dc00].phys")) == "0x3dc00000");
  CHECK(to_text(value(lab, "1 == 1")) == "yes");
  CHECK(to_text(value(lab, "1 - 2")) == "-1");
  CHECK(to_text(value(lab, "page[0x1234].order")) == "nothing");
}

TEST_CASE("query: nodes and zones as the machine has them at several moments") {
  for (const Op op : {Op::e820__memblock_setup, Op::sparse_init, Op::free_area_init, Op::memblock_free_all,
                      Op::init_per_zone_wmark_min}) {
    const Lab &lab = after(op);
    const System &s = lab.state();
    CHECK(number(lab, "memblock.memory.cnt") == s.memblock.memory.cnt());
    CHECK(number(lab, "memblock.reserved.total_size") == s.memblock.reserved.total_size);
    CHECK(number(lab, "memblock.memory.regions[1].end - memblock.memory.regions[1].base") ==
          s.memblock.memory.regions[1].size);
    CHECK(nothing(lab, concat("memblock.memory.regions[", s.memblock.memory.regions.size(), "].base")));
    CHECK(number(lab, "mem_section.present") == s.sparse.present_count());
    CHECK(number(lab, "vm.max_pfn") == s.get(vm_field::max_pfn));
    if (s.pages.nodes().empty()) {
      CHECK(nothing(lab, "node[0].node_start_pfn"));
      CHECK(nothing(lab, "node[0].zone[DMA].free_area[3].free_list[Movable].nr"));
      continue;
    }
    const pglist_data &node = s.pages.node(0);
    CHECK(number(lab, "node[0].node_spanned_pages") == node.spanned_pages);
    CHECK(number(lab, "node[0].node_start_pfn") == node.start_pfn.v);
    for (const unsigned z : {0u, 1u}) {
      const std::string zone = concat("node[0].zone[", s.arch->zones[z].name, "].");
      CHECK(number(lab, zone + "managed_pages") == node.zones[z].managed_pages);
      CHECK(number(lab, zone + "watermark[low]") == node.zones[z].watermark[1]);
      CHECK(number(lab, zone + "lowmem_reserve[DMA32]") == node.zones[z].lowmem_reserve[1]);
      CHECK(number(lab, concat("node[0].zone[", z, "].free_area[10].nr_free")) == node.zones[z].areas[10].nr_free());
      CHECK(number(lab, zone + "free_area[9].free_list[Movable].nr") == node.zones[z].areas[9].free_list[1].nr);
    }
  }
  CHECK(number(at_end(), "node[0].nr_zones") == 2);
  CHECK(nothing(at_end(), "node[7].cpus"));
  CHECK(nothing(at_end(), "node[0].zone[9].managed_pages"));
  CHECK(nothing(at_end(), "node[0].first_deferred_pfn"));
}

TEST_CASE("query: every vm field is asked for by its own name") {
  const Lab &lab = at_end();
  const System &s = lab.state();
  CHECK(number(lab, "vm.totalram_pages") == s.get(vm_field::totalram_pages));
  CHECK(number(lab, "vm.min_free_kbytes") == s.get(vm_field::min_free_kbytes));
  CHECK(number(lab, "vm.total_reserve_pages") == s.get(vm_field::total_reserve_pages));
  CHECK(number(lab, "vm.nr_cpus") == 1);
  CHECK(number(lab, "node[0].cpus") == 1);
  CHECK(nothing(lab, "vm.user_min_free_kbytes"));
}

TEST_CASE("query: pages and blocks agree with the allocator page by page") {
  const Lab &lab = at_end();
  const PageAlloc &pages = lab.state().pages;
  u64 heads = 0;
  for (u64 pfn = 0; pfn < 0x40100; pfn += pfn % 97 == 0 ? 1 : 61) {
    const std::string page = concat("page[", pfn, "].");
    CHECK(words(lab, page + "state") == page_state_name(pages.page(pfn_t{pfn}).state));
    const auto block = pages.containing_free_block(pfn_t{pfn});
    if (!block) {
      CHECK(nothing(lab, page + "block"));
      CHECK(nothing(lab, concat("block[", pfn, "]")));
      continue;
    }
    CHECK(number(lab, page + "block") == block->pfn.v);
    CHECK(number(lab, page + "block.order") == block->order.v);
    CHECK(number(lab, concat("block[", pfn, "].pages")) == pages_of(block->order));
    const u64 buddy = block->pfn.v ^ pages_of(block->order);
    const auto other = pages.free_head(pfn_t{buddy});
    if (block->order.v == 10) {
      CHECK(nothing(lab, concat("block[", pfn, "].buddy")));
    } else {
      CHECK(number(lab, concat("block[", pfn, "].buddy")) == buddy);
      CHECK(yes(lab, concat("block[", pfn, "].buddy_free")) == (other && other->order == block->order));
      CHECK(number(lab, concat("block[", pfn, "].parent")) == std::min(buddy, block->pfn.v));
    }
    heads += block->pfn.v == pfn;
  }
  CHECK(heads > 0);
  CHECK(words(lab, "page[0x1234].flags") == "PG_reserved");
  CHECK(words(lab, concat("page[", number(lab, "page[0x9000].block"), "].flags")) == "PG_buddy");
  CHECK(nothing(lab, "page[0x50000].flags"));
  CHECK(yes(lab, "page[0x1234].state == reserved and page[0x1234].zone == DMA32 and page[0x50000].state == absent"));
  CHECK(yes(lab, "page[0x9000].state == free")); // also the name of a function
  CHECK(yes(lab, "page[0x1234].zone.zone_start_pfn == 0x1000"));
  CHECK(yes(lab, "page[node[0].zone[DMA32].zone_start_pfn].section == 0"));
  CHECK(nothing(lab, "page[0x50000].zone"));
  CHECK(nothing(lab, "page[0 - 1].state"));
  CHECK(nothing(lab, "page[18446744073709551615].state"));
}

TEST_CASE("query: the blocks of a list in its order") {
  const Lab &lab = at_end();
  const PageAlloc &pages = lab.state().pages;
  unsigned lists = 0;
  for (unsigned order = 0; order <= 10; ++order) {
    std::vector<u64> blocks;
    pages.for_each_block(0, 1, order_t{order}, migratetype::MOVABLE, [&](const FreeBlock &b) {
      for (u64 i = 0; i < b.count; ++i) blocks.push_back(b.pfn.v + (i << order));
    });
    const std::string list = concat("node[0].zone[DMA32].free_area[", order, "].free_list[Movable].");
    lists += !blocks.empty();
    CHECK(number(lab, list + "nr") == blocks.size());
    for (std::size_t i = 0; i < blocks.size(); i += 1 + blocks.size() / 7) {
      CHECK(number(lab, concat(list, "block[", i, "]")) == blocks[i]);
      CHECK(number(lab, concat(list, "block[", i, "].order")) == order);
    }
    CHECK(nothing(lab, concat(list, "block[", blocks.size(), "]")));
  }
  CHECK(lists >= 5);
}

TEST_CASE("query: free and pages equal a naive count") {
  const u64 moments[] = {call_of(qemu(), Op::free_area_init) + 1, call_of(qemu(), Op::memblock_free_all) + 1,
                         qemu().size()}; // at the end blocks of several types lie in DMA32
  for (const u64 moment : moments) {
    Lab &lab = qemu();
    lab.seek({moment, 0, 0});
    const PageAlloc &pages = lab.state().pages;
    u64 blocks = 0, small = 0, movable_pages = 0, dma = 0, reserved = 0, unmovable_dma32 = 0, structs = 0;
    for (u64 pfn = 0; pfn < 0x41000; ++pfn) {
      const PageInfo info = pages.page(pfn_t{pfn});
      structs += info.state != PageState::absent;
      reserved += info.state == PageState::reserved;
      dma += info.state == PageState::reserved && info.zone == 0;
      unmovable_dma32 += info.state != PageState::absent && info.zone == 1 && info.block_type == migratetype::UNMOVABLE;
      const auto head = pages.free_head(pfn_t{pfn});
      if (!head) continue;
      ++blocks;
      small += head->order.v < 3;
      if (info.zone == 1 && head->list == migratetype::MOVABLE) movable_pages += pages_of(head->order);
    }
    CHECK(number(lab, "free()") == blocks);
    CHECK(number(lab, "free(order<3)") == small);
    CHECK(number(lab, "free(order >= 3) + free(order<=2, node=0)") == blocks);
    CHECK(number(lab, "free_pages(zone=DMA32, type=Movable)") == movable_pages);
    if (moment == qemu().size()) CHECK(movable_pages < number(lab, "free_pages(zone=DMA32)"));
    CHECK(number(lab, "free(node != 0)") == 0);
    CHECK(number(lab, "pages(state=reserved)") == reserved);
    CHECK(number(lab, "pages(zone = DMA, state == reserved)") == dma);
    CHECK(number(lab, "pages(zone=DMA32, type=Unmovable)") == unmovable_dma32);
    CHECK(number(lab, "pages()") == structs);
    CHECK(number(lab, "pages(state=free)") == number(lab, "free_pages()"));
  }
}

TEST_CASE("query: what is handed over is counted while it happens") {
  Lab &lab = qemu();
  const u64 call = call_of(lab, Op::memblock_free_all);
  lab.seek({call + 1, 0, 0});
  const std::vector<HandedBlock> all = handed_blocks(lab.events());
  REQUIRE(all.size() > 40);
  u64 large = 0, dma = 0;
  for (const HandedBlock &b : all) {
    large += b.order.v == 10;
    dma += lab.state().pages.page(b.pfn).zone == 0;
  }
  CHECK(number(lab, "handed()") == all.size());
  CHECK(number(lab, "handed(order=10)") == large);
  CHECK(number(lab, "handed(zone=DMA)") == dma);
  CHECK(dma > 0);
  CHECK(number(lab, "handed(zone=DMA32) + handed(zone=DMA, node=0)") == all.size());
  lab.seek({call, 40, 0});
  CHECK(number(lab, "handed()") == handed_count(lab.events()));
  CHECK(number(lab, "handed()") < all.size());
  lab.seek({call, 0, 0});
  CHECK(nothing(lab, "handed()"));
}

TEST_CASE("query: owners and sums") {
  const Lab &lab = after(Op::sparse_init);
  u64 bytes = 0;
  for (const auto &[base, held] : lab.owners().held())
    if (lab.index().owners()[held.owner].label == "mem_map") bytes += held.end - base;
  CHECK(bytes == u64{16} << 20);
  CHECK(number(lab, "reserved_by(\"mem_map\")") == bytes);
  CHECK(number(lab, "reserved_by(mem_map)") == bytes);
  CHECK(number(lab, "reserved_by(\"nobody at all\")") == 0);
  CHECK(yes(lab, "all_bytes_accounted and valid and no_unmerged_buddies and !handed_over"));
  CHECK(yes(lab, "phase == sparse"));
  CHECK(words(lab, "page[0x1234].owner") == "kernel image");
  CHECK(yes(after(Op::memblock_free_all), "handed_over and all_bytes_accounted and phase == handoff"));
}

TEST_CASE("query: section_mem_map before and after sparse_init_one_section") {
  Lab &lab = qemu();
  const u64 call = call_of(lab, Op::sparse_init);
  lab.seek({call, 0, 0});
  CHECK(nothing(lab, "section[3].map"));
  CHECK(number(lab, "section[3].section_mem_map") == 0);
  lab.seek({call + 1, 0, 0});
  CHECK(number(lab, "section[3].section_mem_map") == 0xffffea000000000f);
  CHECK(number(lab, "section[8].section_mem_map") == 0);
  const SectionRun &run = lab.state().sparse.sections[0];
  CHECK(number(lab, "section[3].map") == run.map.v + 3 * (u64{2} << 20));
  CHECK(number(lab, "section[3].usage") == run.usage.v + 3 * lab.state().config.sizeof_section_usage);
  // What memory_present leaves, in the middle of the call: the node in the pointer's place.
  bool seen = false;
  for (u64 e = 1; e < lab.record(call).events.size() && !seen; ++e) {
    lab.seek({call, e, 0});
    const SectionRun *present = lab.state().sparse.find(3);
    if (present == nullptr || present->initialised) continue;
    seen = true;
    CHECK(number(lab, "section[3].section_mem_map") == 5);
    CHECK(yes(lab, "section[3].present and not section[3].has_mem_map"));
  }
  CHECK(seen);
}

TEST_CASE("query: calls and events up to the moment on show") {
  Lab &lab = qemu();
  const u64 call = call_of(lab, Op::sparse_init);
  lab.seek({call, 7, 0});
  CHECK(number(lab, "call.n") == call);
  CHECK(words(lab, "call.name") == "sparse_init");
  CHECK(number(lab, "call.events") == 7);
  CHECK(nothing(lab, "call.result"));
  CHECK(!yes(lab, "call.happened"));
  CHECK(words(lab, "event[6].kind") == event_info(lab.events()[6].kind).name);
  CHECK(nothing(lab, "event[7].kind"));
  CHECK(nothing(lab, concat("call[", call + 1, "].result")));
  CHECK(words(lab, concat("call[", call + 1, "].name")) == "free_area_init");
  CHECK(nothing(lab, concat("event[", call + 1, ".0].kind")));
  u64 alloc = call;
  while (lab.script().commands[alloc].op != Op::memblock_reserve) --alloc;
  CHECK(number(lab, concat("call[", alloc, "].result")) == 0);
  const std::vector<Event> events = lab.record(alloc).events;
  CHECK(number(lab, concat("call[", alloc, "].events")) == events.size());
  for (u64 i = 0; i < events.size(); ++i) {
    CHECK(words(lab, concat("event[", alloc, ".", i, "].kind")) == event_info(events[i].kind).name);
    if (events[i].kind == EventKind::lab_memblock_insert)
      CHECK(number(lab, concat("event[", alloc, ".", i, "].base")) == events[i].f[2]);
  }
  CHECK(nothing(lab, concat("event[", alloc, ".0].pfn"))); // this kind has none
  lab.seek({0, 0, 0});
  CHECK(nothing(lab, "call.name"));
  CHECK(nothing(lab, "call[0].result"));
  CHECK(nothing(lab, "event[0]"));
}

TEST_CASE("query: variables") {
  const Lab &lab = at_end();
  const QueryVariable given[] = {{"given", {.kind = Kind::number, .number = 4095}},
                                 {"zone", {.kind = Kind::text, .text = "DMA"}}};
  const QueryAnswer a =
      ask(lab, "$given == node[0].zone[$zone].spanned_pages && free(zone=$zone) == free(zone=DMA)", given);
  CHECK(a.error == "");
  CHECK(a.value.truth());
  CHECK(ask(lab, "$givn", given).error == "there is no $givn, did you mean 'given'?");
  CHECK(refused(lab, "1 + $given") == "5: there is no $given");
}

TEST_CASE("query: errors have a place and a reason") {
  const Lab &lab = at_end();
  CHECK(refused(lab, "") == "1: a value is missing");
  CHECK(refused(lab, "1 +") == "4: a value is missing");
  CHECK(refused(lab, "1 2") == "3: an operator is expected here");
  CHECK(refused(lab, "(1") == "3: ) is missing");
  CHECK(refused(lab, "nod[0]") == "1: there is no 'nod', did you mean 'node'?");
  CHECK(refused(lab, "node[0].zone[DMA3].spanned_pages") ==
        "14: there is no 'DMA3', did you mean 'DMA'? (DMA, DMA32, Normal, Movable, Device)");
  CHECK(refused(lab, "node[0].node_strt_pfn") == "9: node has no 'node_strt_pfn', did you mean 'node_start_pfn'?");
  CHECK(refused(lab, "node.cpus") == "1: 'node' needs an index: node[…]");
  CHECK(refused(lab, "vm[1]") == "3: 'vm' has no index");
  CHECK(refused(lab, "node[0].cpus.x") == "13: 'cpus' has no fields");
  CHECK(refused(lab, "node[true].cpus") == "6: an index is a number");
  CHECK(refused(lab, "1 = 1") == "3: == compares");
  CHECK(refused(lab, "1 < 2 < 3") == "7: comparisons do not chain: join them with &&");
  CHECK(refused(lab, "page[1].state == 3") == "15: a text cannot be compared with a number");
  CHECK(refused(lab, "page[1].state < \"free\"") == "15: texts are compared with == and != only");
  CHECK(refused(lab, "\"a\" + 1") == "5: a text is no number");
  CHECK(refused(lab, "page[1].state == \"free") == "18: a quote is not closed");
  CHECK(refused(lab, "1 @ 2") == "3: this cannot be read");
  CHECK(refused(lab, "12monkeys") == "1: not a number of 64 bits: '12monkeys'");
  CHECK(refused(lab, "99999999999999999999").starts_with("1: not a number"));
  CHECK(refused(lab, "free(size=3)") == "6: not a condition of free (node, zone, order, type)");
  CHECK(refused(lab, "free(odrer=3)") == "6: not a condition of free, did you mean 'order'? (node, zone, order, type)");
  CHECK(refused(lab, "free(order 3)") == "12: a comparison is expected here");
  CHECK(refused(lab, "free(order=\"3\")") == "12: order is a number");
  CHECK(refused(lab, "free") == "1: 'free' is asked with ( )");
  CHECK(refused(lab, "page[5].state == resrved").starts_with("18: there is no 'resrved', did you mean 'reserved'?"));
}

TEST_CASE("query: length and depth are bounded") {
  const Lab &lab = at_end();
  CHECK(refused(lab, std::string(max_query_bytes + 1, ' ')) == "1025: longer than 1024 bytes");
  CHECK(number(lab, std::string(60, '(') + "1" + std::string(60, ')')) == 1);
  CHECK(refused(lab, std::string(500, '(')) == "65: too deeply nested");
  CHECK(refused(lab, std::string(1000, '!') + "1") == "65: too deeply nested");
  CHECK(refused(lab, std::string(1000, '-') + "1") == "65: too deeply nested");
  std::string paths;
  for (int i = 0; i < 200; ++i) paths += "page[";
  CHECK(refused(lab, paths) == "321: too deeply nested");
}

TEST_CASE("query: 16 TiB are asked as quickly as 1 GiB") {
  Lab lab(make_script(machine_of_size(u64{16} << 40, 8)));
  while (!lab.prepare(1000))
    ;
  lab.seek({lab.size(), 0, 0});
  const System &s = lab.state();
  u64 present = 0;
  for (const pglist_data &node : s.pages.nodes()) present += node.present_pages;
  // A walk over four thousand million pages would not end: these do.
  CHECK(number(lab, "pages(state=reserved) + pages(state=free) + pages(state=pcp) + pages(state=allocated) + "
                    "pages(state=init)") == present);
  CHECK(number(lab, "free_pages()") == number(lab, "pages(state=free)"));
  CHECK(number(lab, "free_pages(node=7)") == s.pages.node(7).zones[2].nr_free_pages);
  CHECK(number(lab, "page[0x80000000].node") > 0);
  const u64 nr = number(lab, "node[5].zone[Normal].free_area[10].free_list[Movable].nr");
  CHECK(nr > 100'000);
  CHECK(number(lab, concat("node[5].zone[Normal].free_area[10].free_list[Movable].block[", nr - 1, "]")) > 0);
  CHECK(!inspect(lab, "node[5].zone[Normal]").fields.empty());
  for (u64 i = 0; i < lab.size(); ++i)
    if (lab.script().commands[i].op == Op::memblock_free_all) lab.seek({i + 1, 0, 0});
  CHECK(number(lab, "handed()") == handed_count(lab.events()));
  CHECK(number(lab, "handed(node<8)") == handed_count(lab.events()));
}

TEST_CASE("query: a CPU's page lists, read as the machine has them") {
  Lab lab(make_script(*find_preset("qemu-1g")));
  while (!lab.prepare(1000))
    ;
  lab.seek({lab.size(), 0, 0});
  REQUIRE(lab.branch(command(Op::alloc_pages, {gfp::KERNEL, 0})).ok()); // the list is filled, and one page is taken
  const zone &z = lab.state().pages.zone_of(0, 1);
  REQUIRE(!z.pcp.empty());
  CHECK(number(lab, "node[0].zone[DMA32].pcp[0].count") == z.pcp[0].count);
  CHECK(number(lab, "node[0].zone[DMA32].pcp[0].high") == z.pcp_high);
  CHECK(number(lab, "node[0].zone[DMA32].pcp[0].batch") == z.pcp_batch);
  CHECK(number(lab, "node[0].zone[DMA32].pcp[0].free_factor") == z.pcp[0].free_factor);
  CHECK(number(lab, "node[0].zone[DMA32].pcp[0].next_drain") == nr_pcp_free(z, z.pcp[0], z.pcp_high, false));
  u64 pages = 0;
  for (unsigned i = 0; i < lab.state().pages.pcp_lists(); ++i) {
    u64 blocks = 0, first = 0;
    lab.state().pages.for_each_pcp(0, 1, 0, i, [&](const PcpBlock &b) {
      if (blocks++ == 0) first = b.pfn.v;
    });
    const std::string list = concat("node[0].zone[DMA32].pcp[0].lists[", i, "]");
    CHECK(number(lab, list + ".nr") == blocks);
    pages += blocks << number(lab, list + ".order");
    if (blocks == 0) continue;
    CHECK(number(lab, list + ".page[0]") == first);
    CHECK(words(lab, list + ".page[0].state") == "pcp");
    CHECK(number(lab, list + ".page[0]._refcount") == 0);
  }
  CHECK(pages == z.pcp[0].count);
  CHECK(pages > 0);
  CHECK(nothing(lab, "node[0].zone[DMA32].pcp[1000].count"));
  CHECK(nothing(lab, "node[0].zone[DMA32].pcp[0].lists[14].nr"));
  CHECK(number(lab, "node[0].zone[DMA32].pageset_high") == z.pcp_high);
  CHECK(number(lab, "node[0].zone[DMA32].watermark_boost") == 0);
  CHECK(number(lab, "node[0].zone[DMA32].nr_reserved_highatomic") == 0);
  CHECK(number(lab, "node[0].zone[DMA32].unusable[0]") == 0);
  CHECK(value(lab, "node[0].zone[DMA32].extfrag[0]").negative);
  CHECK(nothing(lab, "node[0].zone[DMA32].unusable[99]"));
}

TEST_CASE("query: pageblocks, the first of a zone that begins inside of one too") {
  const Lab &lab = at_end();
  CHECK(number(lab, "pageblock[1].pfn") == 1); // pfn 0 is no page of a zone
  CHECK(number(lab, "pageblock[0x5123].pfn") == 0x5000);
  CHECK(words(lab, "pageblock[0x5123].migratetype") == words(lab, "page[0x5123].migratetype"));
  CHECK(words(lab, "pageblock[0x5123].zone") == "DMA32");
  CHECK(number(lab, "pageblock[0x5123].free") == lab.state().pages.count_pageblock(pfn_t{0x5123}).free);
}

TEST_CASE("query: 2.4's zones know which of their pages are free, and of the others no more than that") {
  Lab lab(make_script(*find_preset("pc-256m-2.4.22")));
  while (!lab.prepare(1000))
    ;
  lab.seek({lab.size(), 0, 0});
  u64 free = 0, blocks = 0, pages = 0;
  for (const PairZone &z : lab.state().pair_zones) {
    free += z.free_pages();
    pages += z.rules().pages;
    for (unsigned order = 3; order < z.rules().orders; ++order) blocks += z.nr_free(order_t{order});
  }
  CHECK(value(lab, "free(order>=3)").number == blocks);
  CHECK(value(lab, "free_pages()").number == free);
  CHECK(value(lab, "pages(state=free)").number == free);
  CHECK(value(lab, "pages(state!=free)").number == pages - free);
  CHECK(value(lab, "pages(zone=DMA)").number == 4096);
  CHECK(value(lab, "pages(state=reserved)").kind == Kind::nothing);
  CHECK(value(lab, "pages(type=Movable)").kind == Kind::nothing);
  // A free page lies in a block; of the kernel image it is known that it is not free.
  CHECK(words(lab, "page[0x3001].state") == "free");
  CHECK(yes(lab, "page[0x3001].zone == Normal and page[0x3001].head == 0x3000 and page[0x3000].order == 9"));
  CHECK(to_text(value(lab, "page[0x3001].order")) == "nothing");
  CHECK(value(lab, "block[0x3001].pfn").number == 0x3000);
  CHECK(to_text(value(lab, "page[0x100].state")) == "nothing");
  CHECK(to_text(value(lab, "page[0x100]._refcount")) == "nothing");
  CHECK(to_text(value(lab, "page[0x100].migratetype")) == "nothing");
  CHECK(words(lab, "page[0x100].zone.name") == "DMA");
}
