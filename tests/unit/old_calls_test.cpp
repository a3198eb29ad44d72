// The commands of the allocators before memblock, as scripts: the examples of tests/data/scripts, and the machine.
#include "lab/old_calls.hpp"

#include "base/text.hpp"
#include "io/json.hpp"
#include "io/script_text.hpp"
#include "io/views.hpp"
#include "lab/machine.hpp"
#include "lab/timeline.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

using namespace mmscope;

namespace {

Script example(std::string_view name) {
  std::ifstream in(concat(MMSCOPE_TEST_DATA "/scripts/", name, ".txt"), std::ios::binary);
  REQUIRE(in.good());
  const ParsedScript p = parse_script(std::string(std::istreambuf_iterator<char>(in), {}));
  REQUIRE(p.errors.empty());
  return p.script;
}
std::string view(View v, const Machine &m) {
  std::string s;
  append_view(s, v, m);
  return s;
}

struct Played {
  explicit Played(const Script &s) : machine(s.setup) {
    for (const Command &c : s.commands) next(c);
  }
  // The events of the call are the whole of it.
  void next(const Command &c) {
    System folded = machine.system();
    CallRecord r = play(machine, c, texts);
    REQUIRE_MESSAGE(r.result.ok(), r.result.error);
    for (const Event &e : r.events) fold(folded, e, texts);
    CHECK(folded.digest() == machine.system().digest());
    CHECK(machine.system().verify() == "");
    results.push_back(r.result.value);
    views.push_back(view(View::pairs, machine));
    last = std::move(r.events);
  }
  Machine machine;
  Trace texts;
  std::vector<u64> results;
  std::vector<std::string> views; // lists and bits after each call
  std::vector<Event> last;
};

// Why a line cannot be played after those before it; nothing changes then.
std::string refusal(std::string_view before, std::string_view line) {
  const ParsedScript p = parse_script(concat(before, '\n', line, '\n'));
  REQUIRE(p.errors.empty());
  Machine m(p.script.setup);
  Result r;
  u64 digest = 0;
  for (const Command &c : p.script.commands) {
    REQUIRE_MESSAGE(r.ok(), r.error);
    digest = m.digest();
    r = m.apply(c, nullptr);
  }
  CHECK(m.digest() == digest);
  return r.error;
}

} // namespace

TEST_CASE("old calls: the sixteen pages, as a script") {
  const Script s = example("sixteen-pages");
  const Played p(s);
  REQUIRE(p.views.size() == 10);
  const std::string beginning = "zone 0: pages 0-15, 8 free, the upper half is given out\n"
                                "order 0  list 5 10  pairs 0 0 1 0 0 1 0 0\n"
                                "order 1  list 8  pairs 0 0 1 0\n"
                                "order 2  list 12  pairs 0 1\n"
                                "order 3  list -  pairs 0\n"
                                "order 4  list -  no map\n";
  CHECK(p.views[4] == beginning);
  CHECK(p.results[5] == 8);
  CHECK(p.results[6] == 14);
  CHECK(p.views[6] == "zone 0: pages 0-15, 4 free, the upper half is given out\n"
                      "order 0  list 5 10  pairs 0 0 1 0 0 1 0 0\n"
                      "order 1  list 12  pairs 0 0 0 1\n"
                      "order 2  list -  pairs 0 0\n"
                      "order 3  list -  pairs 0\n"
                      "order 4  list -  no map\n");
  CHECK(p.views[8] == beginning);
  CHECK(p.views[9] == "zone 0: pages 0-15, 9 free, the upper half is given out\n"
                      "order 0  list 5  pairs 0 0 1 0 0 0 0 0\n"
                      "order 1  list -  pairs 0 0 0 0\n"
                      "order 2  list -  pairs 0 0\n"
                      "order 3  list 8  pairs 1\n"
                      "order 4  list -  no map\n");
  std::string toggles;
  for (const Event &e : p.last)
    if (e.kind == EventKind::lab_pair_toggle) append(toggles, e.f[1], ':', e.f[2], '=', e.f[3], ' ');
  CHECK(toggles == "0:5=0 1:2=0 2:1=0 3:0=1 ");
}

TEST_CASE("old calls: the sixteen pages by the other rule") {
  Script s = example("sixteen-pages");
  s.commands[0].text = "lower";
  const Played p(s);
  CHECK(p.results[5] == 8);
  CHECK(p.results[6] == 12);
  CHECK(p.views[6].find("order 1  list 14  pairs 0 0 0 1\n") != std::string::npos);
  CHECK(p.views[8].find("order 2  list 12  pairs 0 1\n") != std::string::npos);
  CHECK(p.views[9].find("order 3  list 8  pairs 1\n") != std::string::npos);
}

TEST_CASE("old calls: a timeline stops inside a call, between two bits") {
  Timeline timeline(example("sixteen-pages"));
  timeline.seek({9, 0, 0});
  const auto lists_and_bits = [&] {
    std::string s;
    const PairZone &z = timeline.state().pair_zones[0];
    for (unsigned o = 0; o < 4; ++o) {
      z.for_each_block(order_t{o}, [&](pfn_t p) { append(s, p.v, ' '); });
      s += '|';
      for (u64 i = 0; i < z.pairs(order_t{o}); ++i)
        if (z.bit(order_t{o}, i)) append(s, ' ', i);
      s += "; ";
    }
    return s;
  };
  std::vector<std::string> seen{lists_and_bits()};
  for (u64 e = 1; e < 14; ++e) {
    timeline.seek({9, e, 0});
    if (seen.back() != lists_and_bits()) seen.push_back(lists_and_bits());
  }
  CHECK(seen == std::vector<std::string>{"5 10 | 2 5; 8 | 2; 12 | 1; |; ", "5 10 | 2; 8 | 2; 12 | 1; |; ",
                                         "5 | 2; 8 | 2; 12 | 1; |; ", "5 | 2; 8 |; 12 | 1; |; ",
                                         "5 | 2; |; 12 | 1; |; ", "5 | 2; |; 12 |; |; ", "5 | 2; |; |; |; ",
                                         "5 | 2; |; |; | 0; ", "5 | 2; |; |; 8 | 0; "});
}

TEST_CASE("old calls: 64 MiB in 2.4, every page accounted for") {
  Script s = example("bootmem-64M");
  const Command handoff = s.commands.back();
  s.commands.pop_back();
  Played p(s);
  const u64 pages = 16384;
  REQUIRE(p.machine.system().bootmem.has_value());
  const bootmem_data before = *p.machine.system().bootmem;

  // mem_map lies at 16 MiB, wait tables and maps in the rest of its last page and of the next.
  CHECK(p.results[0] == pages / 8);
  CHECK(p.results[5] == u64{16} << 20);
  const u64 table = (u64{16} << 20) + 720'960; // mem_map's end, aligned to 32 bytes
  CHECK(p.results[6] == table);
  CHECK(p.results[7] == table + 128);
  std::string runs = view(View::bootmem, p.machine);
  CHECK(runs == "bootmem: pages 0-16383, bitmap of 2048 bytes at page 0x3a0, last_pos 4272, last_offset 0xb84\n"
                "reserved 0-0\n"
                "free     1-158\n"
                "reserved 159-929\n"
                "free     930-4095\n"
                "reserved 4096-4272\n"
                "free     4273-16383\n");

  p.next(handoff);
  const System &after = p.machine.system();
  REQUIRE(after.pair_zones.size() == 2);
  const u64 hole = 256 - 159, kernel = 0x3a0 - 256, rounded_up = 1, own = 4273 - 4096, page_0 = 1, map = 1;
  const u64 freed = after.pair_zones[0].free_pages() + after.pair_zones[1].free_pages();
  CHECK(p.results.back() == freed);
  CHECK(freed + hole + kernel + rounded_up + own + page_0 == pages);
  CHECK(freed == before.free_pages() + map);
  CHECK(view(View::bootmem, p.machine) == "bootmem: pages 0-16383, bitmap of 2048 bytes at page 0x3a0, given away\n");
  for (u64 i = 0; i < pages; ++i) {
    const PairZone &z = after.pair_zones[i < 4096 ? 0 : 1];
    REQUIRE(z.containing(pfn_t{i}).has_value() == (!before.reserved(pfn_t{i}) || i == 0x3a0));
  }
  // Nothing is left to grow together: below the highest order no two buddies are free.
  for (const PairZone &z : after.pair_zones)
    for (unsigned o = 0; o + 1 < z.rules().orders; ++o)
      z.for_each_block(order_t{o}, [&](pfn_t q) {
        const auto buddy = z.containing(z.rules().start + ((q - z.rules().start) ^ pages_of(order_t{o})));
        CHECK(!(buddy && buddy->order.v == o));
      });
  CHECK(p.views.back().starts_with("zone 0: pages 0-4095, 3325 free, the upper half is given out\n"));
  // The highest order has no map, so its list is in the order of the frees, the last one first.
  CHECK(p.views.back().find("order 9  list 3584 3072 2560 2048 1536 1024  no map\nzone 1") != std::string::npos);
  // One step for each page, and the bitmap's page is the last.
  u64 given = 0;
  for (const Event &e : p.last)
    if (e.kind == EventKind::lab_bootmem_give) {
      ++given;
      CHECK(e.f[1] == 0);
    }
  CHECK(given == freed);
}

TEST_CASE("old calls: the same memory by 2.6's rules has the same free pages, in blocks of 32") {
  Script s = example("bootmem-64M");
  Command &init = s.commands[0];
  init.args[3] = {.value = 1, .given = true};
  init.args[4] = {.value = 1, .given = true};
  for (Command &c : s.commands)
    if (c.op == Op::pair_buddy_init) c.text = "lower";
  const Played two_six(s), two_four(example("bootmem-64M"));
  CHECK(two_six.results.back() == two_four.results.back());
  u64 blocks = 0, single = 0;
  for (const Event &e : two_six.last)
    if (e.kind == EventKind::lab_bootmem_give) ++(e.f[1] == 5 ? blocks : single);
  CHECK(blocks * 32 + single == two_six.results.back());
  CHECK(blocks > 400);
  CHECK(single < 200);
}

TEST_CASE("old calls: what cannot be called is said") {
  const std::string_view zone = "pair_buddy_init 16 5\n", bits = "init_bootmem 0 16\n";
  CHECK(refusal("", "rmqueue 0") == "there is no zone with pair bitmaps: pair_buddy_init makes one");
  CHECK(refusal("", "free_pages_ok 0 0") == "no zone with pair bitmaps has page 0");
  CHECK(refusal("", "free_bootmem 0 4K") == "there is no boot bitmap: init_bootmem has not run");
  CHECK(refusal("", "free_all_bootmem") == "init_bootmem has not run");
  CHECK(refusal("", "pair_buddy_init 0 5") == "a zone has 1 to 262144 pages here");
  CHECK(refusal("", "pair_buddy_init 16 16") == "orders goes from 1 to 15");
  CHECK(refusal("", "pair_buddy_init 16 5 take=middle") ==
        "take is upper (2.4) or lower (2.6): which half of a block is given out");
  CHECK(refusal("", "init_bootmem 0 16 start=16") == "the node has no page: it begins at page 16");
  CHECK(refusal("", "init_bootmem 0 16 resume=3").starts_with("resume is 0"));
  CHECK(refusal(zone, "pair_buddy_init 16 5 start=15") == "zone 0 has pages 0 to 15");
  CHECK(refusal(zone, "rmqueue 5") == "this zone's orders go from 0 to 4");
  CHECK(refusal(zone, "rmqueue 0 zone=1") == "there is no zone 1");
  CHECK(refusal("pair_buddy_init 16 5\nfree_pages_ok 4 2", "free_pages_ok 5 0").starts_with("double free: page 5"));
  CHECK(refusal(bits, "init_bootmem 0 16") == "init_bootmem has run already");
  CHECK(refusal(bits, "reserve_bootmem 60K 5K") == "the node ends before page 16: BUG()");
  CHECK(refusal(bits, "alloc_bootmem 0") == "size is 0: BUG()");
  CHECK(refusal("init_bootmem 0 16\nfree_bootmem 4K 4K", "free_bootmem 4K 4K") == "page 1 is free already: BUG()");
  CHECK(refusal("init_bootmem 0 16\nfree_bootmem 4K 4K", "free_all_bootmem") ==
        "no zone has page 1: pair_buddy_init makes one");
}

TEST_CASE("old calls: they may come at any time, and page 0 is a page") {
  const ParsedScript p = parse_script("memblock_add 0 16M\npair_buddy_init 1 2\nfree_pages_ok 0 0\nrmqueue 0 -> p\n"
                                      "free_pages_ok p 0\nrmqueue 0\nrmqueue 0\n");
  REQUIRE(p.errors.empty());
  const Played q(p.script);
  CHECK(q.results == std::vector<u64>{0, 0, 0, 0, 0, 0, static_cast<u64>(-12)});
}

TEST_CASE("old calls: no room is told as the kernel tells it") {
  const ParsedScript p = parse_script("init_bootmem 0 16\nfree_bootmem 4K 4K\nalloc_bootmem 8K\n");
  const Played q(p.script);
  CHECK(q.results.back() == 0);
  CHECK(view(View::log, q.machine) == "bootmem alloc of 8192 bytes failed!\n");
}

TEST_CASE("old calls: as JSON, and only where they are") {
  const auto json = [](const Script &s) {
    const Played p(s);
    std::string out;
    JsonWriter w(out);
    write_json(w, {.machine = p.machine, .kernel = "2.4.22"});
    return out;
  };
  const std::string pairs = json(example("sixteen-pages"));
  CHECK(pairs.find("\"pair_zones\":[{\"start\":0,\"pages\":16,\"free\":9,\"take\":\"upper\",\"orders\":["
                   "{\"list\":[5],\"pairs_set\":[2]},{\"list\":[],\"pairs_set\":[]},{\"list\":[],\"pairs_set\":[]},"
                   "{\"list\":[8],\"pairs_set\":[0]},{\"list\":[],\"pairs_set\":null}]}]") != std::string::npos);
  CHECK(pairs.find("\"bootmem\"") == std::string::npos);
  const std::string bits = json(parse_script("init_bootmem 0 16\nfree_bootmem 4K 8K\n").script);
  CHECK(bits.find("\"bootmem\":{\"start\":0,\"end\":16,\"mapstart\":0,\"map_bytes\":8,\"given_away\":false,"
                  "\"last_pos\":0,\"last_offset\":0,\"last_success\":0,"
                  "\"runs\":[[0,1,true],[1,2,false],[3,13,true]]}") != std::string::npos);
  CHECK(bits.find("\"pair_zones\"") == std::string::npos);
}
