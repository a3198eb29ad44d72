// The running page allocator against the naive model on every machine that there is, with 1, 4 and 64 CPUs. What no
// recorded run shows rests on this.
//
// `./lab bench` makes ten million calls for each machine, the tests 200 000.
#include "lab/machine.hpp"
#include "lab/presets.hpp"
#include "lab/workload.hpp"
#include "support/random_pages.hpp"
#include "support/small_pages.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

using namespace mmscope;
using namespace mmscope::test;

namespace {

u64 calls_wanted() {
  const char *text = std::getenv("PAGE_ALLOC_CALLS");
  const auto n = text == nullptr ? std::optional<u64>() : parse_u64(text);
  return n.value_or(200'000);
}

std::string run(PageAlloc &pa, u32 cpus, u64 calls, u64 seed, std::size_t most_held) {
  RandomPages random(pa, cpus, most_held);
  Prng chance(seed);
  for (u64 i = 0; i < calls; ++i)
    if (std::string bad = random.call(chance, nullptr, i % 1000 == 999); !bad.empty()) return bad;
  return random.end();
}

} // namespace

TEST_CASE("page allocator: random calls on every preset agree with the naive model") {
  const u64 calls = calls_wanted() / 3;
  for (const MachineSpec &spec : presets()) {
    const Script script = make_script(spec);
    if (script.setup.era->buddy_marks == BuddyMarks::pair_bits) continue; // its zones have a naive model of their own
    Machine machine(script.setup);
    for (const Command &c : script.commands) REQUIRE(machine.apply(c, nullptr).ok());
    for (u32 cpus : {1u, 4u, 64u}) {
      PageAlloc pa = machine.system().pages;
      bring_up_cpus(pa, cpus);
      CAPTURE(spec.name);
      CAPTURE(cpus);
      CHECK(run(pa, cpus, calls, cpus, 4096) == "");
    }
  }
}

TEST_CASE("page allocator: random calls on a full machine of 64 MiB agree with the naive model") {
  for (u32 cpus : {1u, 4u, 64u}) {
    BuddyRules rules;
    rules.cma = cpus == 4;
    PageAlloc pa = small_pages({{0, 4096, 0}, {4096, 8192}, {12288, 4096, zone_normal}}, cpus, rules, 7, 60);
    for (unsigned zid : {0u, zone_dma32, zone_normal}) {
      pa.set_zone(nullptr, 0, zid, zone_field::min, 64);
      pa.set_zone(nullptr, 0, zid, zone_field::low, 80);
      pa.set_zone(nullptr, 0, zid, zone_field::high, 96);
      pa.set_zone(nullptr, 0, zid, zone_field::stat_threshold, 8);
    }
    CAPTURE(cpus);
    CHECK(run(pa, cpus, calls_wanted() / 3, 10 + cpus, 8192) == "");
  }
}

TEST_CASE("page allocator: a thousand times a thousand calls of a workload, twice, are equal") {
  const Script script = make_script(*find_preset("qemu-1g"));
  Machine machine(script.setup);
  for (const Command &c : script.commands) REQUIRE(machine.apply(c, nullptr).ok());
  PageAlloc a = machine.system().pages;
  bring_up_cpus(a, 4);
  PageAlloc b = a;
  Workload u({.seed = 1, .cpus = 4}), v = u;
  for (u64 i = 0; i < 1000; ++i) u.run(a, nullptr, 1000);
  v.run(b, nullptr, 1'000'000);
  Digest x, y;
  u.add_to(x);
  v.add_to(y);
  CHECK(u.calls() == 1'000'000);
  CHECK(x.value() == y.value());
  CHECK(a == b);
  CHECK(a.verify(false) == "");
}
