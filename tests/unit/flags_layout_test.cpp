// The upper bits of page->flags: as kernels print them (mminit_loglevel=4), and those of older ones by hand.
#include "desc/flags_layout.hpp"
#include "desc/page_layout.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

namespace {

const FlagsRules &rules_of(std::string_view era) {
  const PageRow *row = find_page_row(era);
  REQUIRE(row != nullptr);
  return row->rules;
}

FlagsField field(const FlagsLayout &l, std::string_view name) {
  const FlagsField *f = l.find(name);
  return f == nullptr ? FlagsField{name, 99, 99} : *f;
}

struct Printed { // a kernel's pageflags_layout lines
  const char *kernel;
  std::string_view era;
  FlagsConfig config;
  unsigned section, node, zone, gen, tier;                        // widths
  unsigned section_at, node_at, zone_at, zoneid_end, unused_from; // where
};
const Printed printed[] = {
    {"5.15 i386 FLATMEM",
     "5.15",
     {.long_bits = 32, .word_bits = 32, .pageflags = 22, .zones = 4},
     0,
     0,
     2,
     0,
     0,
     0,
     0,
     30,
     30,
     30},
    {"5.15 i386 PAE SPARSEMEM",
     "5.15",
     {.long_bits = 32, .word_bits = 32, .pageflags = 22, .zones = 4, .sections_shift = 7},
     7,
     0,
     2,
     0,
     0,
     25,
     0,
     23,
     23,
     23},
    {"5.15 x86_64 SPARSEMEM",
     "5.15",
     {.pageflags = 23, .zones = 4, .sections_shift = 19},
     19,
     0,
     2,
     0,
     0,
     45,
     0,
     43,
     43,
     43},
    {"5.15 x86_64 NUMA vmemmap",
     "5.15",
     {.pageflags = 23, .zones = 4, .sections_shift = 19, .vmemmap = true, .nodes_shift = 6},
     0,
     6,
     2,
     0,
     0,
     0,
     58,
     56,
     56,
     56},
    {"5.10 i386",
     "5.10",
     {.long_bits = 32, .word_bits = 32, .pageflags = 24, .zones = 4},
     0,
     0,
     2,
     0,
     0,
     0,
     0,
     30,
     30,
     30},
    {"6.1 mips64 loongson-3",
     "6.1",
     {.pageflags = 23, .zones = 3, .sections_shift = 20, .nodes_shift = 6, .gen_bits = 3, .tier_bits = 2},
     20,
     6,
     2,
     3,
     2,
     44,
     38,
     36,
     36,
     31},
    {"7.2 arm",
     "7.2",
     {.long_bits = 32, .word_bits = 32, .pageflags = 21, .zones = 3, .gen_bits = 3, .tier_bits = 2},
     0,
     0,
     2,
     3,
     2,
     0,
     0,
     30,
     30,
     25},
};

} // namespace

TEST_CASE("flags_layout: as kernels print it") {
  for (const Printed &p : printed) {
    CAPTURE(p.kernel);
    const FlagsLayout l = flags_layout(rules_of(p.era), p.config);
    CHECK(l.error.empty());
    CHECK(field(l, "section") == FlagsField{"section", p.section, p.section_at});
    CHECK(field(l, "node") == FlagsField{"node", p.node, p.node_at});
    CHECK(field(l, "zone") == FlagsField{"zone", p.zone, p.zone_at});
    CHECK(field(l, "gen").width == p.gen);
    CHECK(field(l, "tier").width == p.tier);
    CHECK(l.zoneid_shift == p.zoneid_end);
    CHECK(l.unused == p.unused_from - p.config.pageflags);
  }
}

TEST_CASE("flags_layout: Debian's 6.1 for amd64") {
  const FlagsLayout l = flags_layout(rules_of("6.1"), {.pageflags = 25,
                                                       .zones = 5,
                                                       .sections_shift = 19,
                                                       .vmemmap = true,
                                                       .nodes_shift = 10,
                                                       .cpu_bits = 13,
                                                       .gen_bits = 3,
                                                       .tier_bits = 2});
  CHECK(field(l, "node") == FlagsField{"node", 10, 54});
  CHECK(field(l, "zone") == FlagsField{"zone", 3, 51});
  CHECK(field(l, "last_cpupid") == FlagsField{"last_cpupid", 21, 30});
  CHECK(field(l, "gen") == FlagsField{"gen", 3, 27});
  CHECK(field(l, "tier") == FlagsField{"tier", 2, 25});
  CHECK(l.unused == 0);
  CHECK(!l.node_outside);
  CHECK(!l.cpupid_outside);
  const u64 word = place(l, "node", 3) | place(l, "zone", 2) | 0x1ff;
  CHECK(word == (u64{3} << 54 | u64{2} << 51 | 0x1ff));
  CHECK(take(l, "node", word) == 3);
  CHECK(take(l, "zone", word) == 2);
  CHECK(place(l, "zone", 8) == 0); // no bit of a neighbour's
}

TEST_CASE("flags_layout: what has no room is looked up elsewhere, or does not compile") {
  FlagsConfig c{.pageflags = 25, .zones = 5, .sections_shift = 19, .nodes_shift = 10, .cpu_bits = 13};
  CHECK(flags_layout(rules_of("6.1"), c).cpupid_outside); // the section needs its bits
  CHECK(!flags_layout(rules_of("6.1"), c).node_outside);
  c.sections_shift = 30;
  FlagsLayout l = flags_layout(rules_of("6.1"), c);
  CHECK(l.node_outside);
  CHECK(l.error.empty());
  CHECK(l.zoneid_bits == 33); // section and zone together
  CHECK(l.zoneid_shift == 31);
  c.vmemmap = true;
  c.nodes_shift = 40;
  CHECK(!flags_layout(rules_of("6.1"), c).error.empty());
  // Two bits fewer for the tier when little is left.
  c = {.long_bits = 32, .word_bits = 32, .pageflags = 26, .zones = 4, .gen_bits = 3, .tier_bits = 2};
  CHECK(field(flags_layout(rules_of("6.1"), c), "tier").width == 1);
  CHECK(field(flags_layout(rules_of("5.15"), c), "gen").width == 0); // does not know it
}

TEST_CASE("flags_layout: 2.6.20 and 2.6.24 keep a fixed part of the word for it") {
  FlagsConfig c{.long_bits = 32, .word_bits = 32, .pageflags = 20, .zones = 4, .sections_shift = 6};
  FlagsLayout l = flags_layout(rules_of("2.6.24"), c);
  CHECK(field(l, "section") == FlagsField{"section", 6, 26});
  CHECK(field(l, "zone") == FlagsField{"zone", 2, 24});
  c.nodes_shift = 4; // 12 of 9 bits
  CHECK(flags_layout(rules_of("2.6.24"), c).node_outside);
  c = {.pageflags = 32, .zones = 4, .sections_shift = 13, .nodes_shift = 6};
  l = flags_layout(rules_of("2.6.20"), c);
  CHECK(field(l, "section") == FlagsField{"section", 13, 51});
  CHECK(field(l, "node") == FlagsField{"node", 6, 45});
  CHECK(field(l, "zone") == FlagsField{"zone", 2, 43});
  c.sections_shift = 28;
  CHECK(flags_layout(rules_of("2.6.20"), c).node_outside); // 36 of 32 bits
}

TEST_CASE("flags_layout: 2.6.11 and 2.4 keep an index of zone_table") {
  FlagsConfig c{.long_bits = 32, .word_bits = 32, .pageflags = 20, .zones = 3};
  FlagsLayout l = flags_layout(rules_of("2.6.11"), c);
  CHECK(l.zoneid_shift == 29); // one node and two zone bits
  CHECK(((place(l, "node", 0) | place(l, "zone", 2)) >> l.zoneid_shift) == 2);
  c.numa = true;
  l = flags_layout(rules_of("2.6.11"), c);
  CHECK(l.zoneid_shift == 24);
  CHECK(((place(l, "node", 3) | place(l, "zone", 1)) >> l.zoneid_shift) == ((3 << 2) | 1));
  // x86_64: the flags are an int there.
  l = flags_layout(rules_of("2.6.11"), {.long_bits = 64, .word_bits = 32, .pageflags = 20, .zones = 3});
  CHECK(l.zoneid_shift == 20);
  CHECK(l.unused == 0);

  l = flags_layout(rules_of("2.4.22"), {.long_bits = 32, .word_bits = 32, .pageflags = 17, .zones = 3});
  CHECK(field(l, "zone") == FlagsField{"zone", 8, 24});
  CHECK(l.find("node") == nullptr);
  CHECK(take(l, "zone", u64{4} << 24 | 0x40) == 4); // node 1 * MAX_NR_ZONES + zone 1
  l = flags_layout(rules_of("2.4.22"), {.pageflags = 17, .zones = 3});
  CHECK(field(l, "zone").pgshift == 56);
}
