// Timeline: wherever one goes, the state there is the state that was there.
#include "lab/timeline.hpp"

#include "base/prng.hpp"
#include "base/text.hpp"

#include <doctest/doctest.h>
#include <map>

using namespace mmscope;

namespace {

SystemSetup setup() { return {all_arches()[0], &pivot_era(), *all_configs()[0], ""}; }

Script script_of(std::vector<Command> commands) {
  Script s;
  s.setup = setup();
  s.commands = std::move(commands);
  return s;
}

constexpr u64 MiB = u64{1} << 20;

// Some memory, and allocations and frees that split and merge regions.
Script memblock_script(u64 calls, u64 seed) {
  std::vector<Command> commands;
  Prng r{seed};
  commands.push_back(command(Op::memblock_allow_resize, {}));
  commands.push_back(command(Op::memblock_add, {MiB, 512 * MiB}));
  while (commands.size() < calls) {
    const u64 base = MiB + r.below(512 * 256) * 4096, size = (1 + r.below(64)) * 4096;
    switch (r.below(4)) {
    case 0: commands.push_back(command(Op::memblock_reserve, {base, size}, "setup_arch")); break;
    case 1: commands.push_back(command(Op::memblock_phys_free, {base, size})); break;
    case 2: commands.push_back(command(Op::memblock_alloc_try_nid, {size, 64}, "some_init")); break;
    default: commands.push_back(command(Op::memblock_set_node, {base, size, r.below(4)})); break;
    }
  }
  return script_of(std::move(commands));
}

// The whole boot of a small machine, two nodes, up to freed init memory.
Script boot_script() {
  const auto at = [](Phase p, Op op, std::initializer_list<u64> v = {}) { return command(op, v, "start_kernel", p); };
  return script_of({
      at(Phase::memblock, Op::e820_add, {0, 0x9fc00, E820_TYPE_RAM}),
      at(Phase::memblock, Op::e820_add, {0x9fc00, 0x400, E820_TYPE_RESERVED}),
      at(Phase::memblock, Op::e820_add, {MiB, 1023 * MiB, E820_TYPE_RAM}),
      at(Phase::memblock, Op::e820_finish),
      at(Phase::memblock, Op::memblock_reserve, {16 * MiB, 64 * MiB}),
      at(Phase::memblock, Op::memblock_reserve, {0, MiB}),
      at(Phase::memblock, Op::e820__memblock_setup),
      at(Phase::memblock, Op::memblock_set_current_limit, {1024 * MiB}),
      at(Phase::numa, Op::numa_add_memblk, {0, 0, 512 * MiB}),
      at(Phase::numa, Op::numa_add_memblk, {1, 512 * MiB, 512 * MiB}),
      at(Phase::numa, Op::numa_set_cpus, {0, 1}),
      at(Phase::numa, Op::numa_init),
      at(Phase::sparse, Op::sparse_init),
      at(Phase::zones, Op::free_area_init),
      at(Phase::zones, Op::memblock_alloc_try_nid, {123456, 64}),
      at(Phase::zonelists, Op::build_all_zonelists),
      at(Phase::handoff, Op::memblock_free_all),
      at(Phase::slab, Op::mem_init),
      at(Phase::deferred, Op::page_alloc_init_late),
      at(Phase::done, Op::init_per_zone_wmark_min),
      at(Phase::done, Op::hugepage_init),
      at(Phase::done, Op::free_reserved_area, {20 * MiB, MiB}),
  });
}

// Digest of every position on the way forward, event by event.
std::map<Position, u64> walk(Timeline &tl, Level level) {
  std::map<Position, u64> seen;
  for (;;) {
    const Position here = tl.position();
    seen[here] = tl.digest();
    if (tl.step(level, 1) == here) return seen;
  }
}

} // namespace

TEST_CASE("timeline: a new one stands before the first call of an empty machine") {
  Timeline tl(memblock_script(5, 1));
  CHECK(tl.position() == Position{});
  CHECK(tl.size() == 5);
  CHECK(tl.state().memblock.memory.regions.empty());
  CHECK(tl.error().empty());
  CHECK(tl.machine().digest() == Machine(setup()).digest());
  CHECK(tl.digest() == Machine(setup()).system().digest());
}

TEST_CASE("timeline: an empty script has one position") {
  Timeline tl(script_of({}));
  CHECK(tl.seek({7, 3, 1}) == Position{});
  for (const Level l : {Level::phase, Level::call, Level::event, Level::block}) {
    CHECK(tl.step(l, 1) == Position{});
    CHECK(tl.step(l, -1) == Position{});
  }
  CHECK(!tl.phase_calls(Phase::memblock));
}

TEST_CASE("timeline: the state before a call is that of a machine that made the calls before it") {
  const Script s = memblock_script(200, 7);
  Timeline tl(s);
  Machine m(s.setup);
  for (u64 i = 0; i <= s.commands.size(); ++i) {
    REQUIRE(tl.seek({i, 0, 0}) == Position{i, 0, 0});
    REQUIRE(tl.machine().digest() == m.digest());
    if (i < s.commands.size()) REQUIRE(m.apply(s.commands[i], nullptr).ok());
  }
}

TEST_CASE("timeline: folding all events of a call gives the state after it") {
  for (const Script &s : {memblock_script(120, 3), boot_script()}) {
    Machine m(s.setup);
    Trace texts;
    for (const Command &c : s.commands) {
      Machine folded = m;
      const CallRecord r = play(m, c, texts);
      REQUIRE_MESSAGE(r.result.ok(), r.result.error);
      for (const Event &e : r.events) fold(folded.system(), e, texts);
      REQUIRE_MESSAGE(folded.system().digest() == m.system().digest(), op_info(c.op).name);
    }
  }
}

TEST_CASE("timeline: after any seek the digest is that of the first visit") {
  for (const Script &s : {memblock_script(60, 11), boot_script()}) {
    Timeline first(s);
    const std::map<Position, u64> seen = walk(first, Level::event);
    REQUIRE(seen.size() > s.commands.size());
    std::vector<Position> places;
    for (const auto &[p, d] : seen) places.push_back(p);
    // With room, without any, and with records that are always gone.
    for (const auto &[keyframes, records] :
         {std::pair<std::size_t, std::size_t>{32 << 20, 8 << 20}, {0, 8 << 20}, {1 << 16, 0}}) {
      Timeline tl(s, keyframes, records);
      Prng r{5};
      for (int i = 0; i < 300; ++i) {
        const Position to = places[r.below(places.size())];
        REQUIRE(tl.seek(to) == to);
        REQUIRE(tl.digest() == seen.at(to));
      }
    }
  }
}

TEST_CASE("timeline: steps of one level undo each other") {
  for (const Level level : {Level::phase, Level::call, Level::event, Level::block}) {
    Timeline tl(boot_script());
    const std::map<Position, u64> seen = walk(tl, level);
    CHECK(tl.position() == Position{tl.size(), 0, 0});
    auto at = seen.rbegin();
    for (++at; at != seen.rend(); ++at) {
      REQUIRE(tl.step(level, -1) == at->first);
      REQUIRE(tl.digest() == at->second);
    }
    CHECK(tl.step(level, -1) == Position{});
  }
}

TEST_CASE("timeline: n steps at once lead where n single steps lead") {
  for (const Level level : {Level::event, Level::block}) {
    Timeline walker(boot_script());
    std::vector<Position> order{walker.position()};
    for (;;) {
      const Position p = walker.step(level, 1);
      if (p == order.back()) break;
      order.push_back(p);
    }
    Timeline tl(boot_script());
    Prng r{9};
    u64 at = 0;
    for (int i = 0; i < 100; ++i) {
      const u64 to = r.below(order.size());
      REQUIRE(tl.step(level, static_cast<i64>(to) - static_cast<i64>(at)) == order[to]);
      at = to;
    }
  }
}

TEST_CASE("timeline: blocks of a run are handed over one by one") {
  Timeline tl(boot_script());
  const auto calls = tl.phase_calls(Phase::handoff);
  REQUIRE(calls);
  tl.seek({calls->first, 0, 0});
  const std::vector<Event> events = tl.record(calls->first).events;
  u64 runs = 0;
  for (u64 i = 0; i < events.size(); ++i) {
    if (events[i].kind != EventKind::lab_free_list_add || events[i].f[5] < 3) continue;
    ++runs;
    const auto free_pages = [&] {
      u64 n = 0;
      for (const pglist_data &node : tl.state().pages.nodes())
        for (const zone &z : node.zones) n += z.free_pages();
      return n;
    };
    tl.seek({calls->first, i, 0});
    const u64 before = free_pages();
    for (u64 part = 1; part < events[i].f[5]; ++part) {
      REQUIRE(tl.step(Level::block, 1) == Position{calls->first, i, part});
      REQUIRE(free_pages() == before + (part << events[i].f[2]));
    }
    REQUIRE(tl.step(Level::block, 1) == Position{calls->first, i + 1, 0});
    REQUIRE(tl.step(Level::block, -1) == Position{calls->first, i, events[i].f[5] - 1});
    // One step back of a coarser level ends at the run's beginning.
    REQUIRE(tl.step(Level::event, -1) == Position{calls->first, i, 0});
  }
  CHECK(runs > 0);
}

TEST_CASE("timeline: positions beyond what there is are brought back") {
  Timeline tl(boot_script());
  CHECK(tl.seek({1000, 5, 5}) == Position{tl.size(), 0, 0});
  CHECK(tl.seek({2, 100000, 0}) == Position{3, 0, 0});
  CHECK(tl.seek({0, 1, 7}) == Position{0, 2, 0}); // lab_call is one thing, not a run
  CHECK(tl.seek({tl.size() - 1, 1 << 20, 0}) == Position{tl.size(), 0, 0});
}

TEST_CASE("timeline: phases are found and stepped over") {
  Timeline tl(boot_script());
  CHECK(tl.phase_calls(Phase::memblock) == std::pair<u64, u64>{0, 8});
  CHECK(tl.phase_calls(Phase::sparse) == std::pair<u64, u64>{12, 13});
  CHECK(!tl.phase_calls(Phase::none));
  CHECK(tl.step(Level::phase, 1) == Position{8, 0, 0});
  CHECK(tl.step(Level::phase, 2) == Position{13, 0, 0});
  tl.step(Level::event, 3);
  CHECK(tl.step(Level::phase, -1) == Position{13, 0, 0});
  CHECK(tl.step(Level::phase, -1) == Position{12, 0, 0});
  CHECK(tl.step(Level::phase, -100) == Position{});
  CHECK(tl.step(Level::phase, 100) == Position{tl.size(), 0, 0});
}

TEST_CASE("timeline: a step back from inside a call ends at its start") {
  Timeline tl(boot_script());
  for (const Position inside : {Position{12, 5, 0}, Position{12, 1, 0}}) {
    tl.seek(inside);
    CHECK(tl.step(Level::call, -1) == Position{12, 0, 0});
    tl.seek(inside);
    CHECK(tl.step(Level::call, -3) == Position{10, 0, 0});
    tl.seek(inside);
    CHECK(tl.step(Level::call, 1) == Position{13, 0, 0});
  }
}

TEST_CASE("timeline: a command that cannot be made stops the way forward") {
  Script s = memblock_script(20, 2);
  s.commands[10] = command(Op::memblock_trim_memory, {3});
  Timeline tl(s);
  CHECK(tl.seek({20, 0, 0}) == Position{10, 0, 0});
  CHECK(tl.error() == "align must be a power of two, not 3");
  CHECK(tl.size() == 20);
  CHECK(tl.record(10).result.error == "align must be a power of two, not 3");
  CHECK(tl.record(11).result.error == "not reached: call 10 could not be made");
  CHECK(tl.step(Level::event, 1) == Position{10, 0, 0});
  CHECK(tl.step(Level::call, 3) == Position{10, 0, 0});
  CHECK(tl.step(Level::call, -1) == Position{9, 0, 0});
  CHECK(tl.error().empty());
  CHECK(tl.seek({10, 4, 0}) == Position{10, 0, 0});
  CHECK(tl.error() == "align must be a power of two, not 3");
  // Another future has no such command in its way.
  CHECK(tl.branch(command(Op::memblock_reserve, {0, 4096})).ok());
  CHECK(tl.error().empty());
  CHECK(tl.position() == Position{11, 0, 0});
}

TEST_CASE("timeline: records are the same whenever they are asked for") {
  const Script s = memblock_script(100, 4);
  Timeline all(s, 32 << 20, 64 << 20), none(s, 32 << 20, 0);
  Prng r{1};
  for (int i = 0; i < 200; ++i) {
    const u64 call = r.below(100);
    const std::vector<Event> events = all.record(call).events;
    REQUIRE(!events.empty());
    REQUIRE(none.record(call).events == events);
    REQUIRE(none.record(call).result.value == all.record(call).result.value);
  }
  CHECK(all.position() == Position{});
  CHECK(none.position() == Position{});
}

TEST_CASE("timeline: a call's span carries the caller that the command names") {
  Timeline tl(memblock_script(40, 4));
  for (u64 i = 0; i < tl.size(); ++i) {
    const CallRecord &r = tl.record(i);
    REQUIRE(r.events.front().kind == EventKind::lab_call);
    CHECK(tl.texts().text(r.events.front().f[1]) == tl.command(i).caller);
    CHECK(r.events.back().kind == EventKind::lab_return);
  }
}

TEST_CASE("timeline: seek_some works in portions and arrives at the same state") {
  const Script s = memblock_script(500, 6);
  Timeline whole(s), parts(s, 1 << 18);
  whole.seek({500, 0, 0});
  int rounds = 1;
  while (!parts.seek_some({500, 0, 0}, 40)) {
    REQUIRE(parts.position() == Position{static_cast<u64>(rounds) * 40, 0, 0});
    ++rounds;
  }
  CHECK(rounds == 13);
  CHECK(parts.digest() == whole.digest());
  CHECK(!parts.seek_some({123, 2, 0}, 0));
  while (!parts.seek_some({123, 2, 0}, 1)) {}
  CHECK(parts.position() == Position{123, 2, 0});
  whole.seek({123, 2, 0});
  CHECK(parts.digest() == whole.digest());
}

TEST_CASE("timeline: branches do not disturb the recorded past") {
  // Long enough for keyframes in the past and in the branches.
  const Script s = memblock_script(400, 13);
  Timeline reference(s);
  const std::map<Position, u64> seen = walk(reference, Level::event);
  std::vector<Position> places;
  for (const auto &[p, d] : seen) places.push_back(p);

  Timeline tl(s, 1 << 20, 1 << 14);
  tl.seek({400, 0, 0});
  REQUIRE(tl.keyframe_bytes() > 4 * Machine(setup()).bytes());
  Prng r{21};
  for (int i = 0; i < 40; ++i) {
    const u32 from = static_cast<u32>(r.below(tl.branches().size()));
    REQUIRE(tl.switch_branch(from));
    tl.seek({r.below(tl.size() + 1), r.below(3), 0});
    REQUIRE(tl.branch(command(Op::memblock_reserve, {r.below(512) * MiB, 4096 * (1 + r.below(9))})).ok());
    if (r.below(2) == 0) REQUIRE(tl.branch(command(Op::memblock_alloc_try_nid, {4096 * (1 + r.below(9)), 64})).ok());
  }
  REQUIRE(tl.branches().size() > 30);
  REQUIRE(tl.switch_branch(0));
  for (int i = 0; i < 200; ++i) {
    const Position to = places[r.below(places.size())];
    REQUIRE(tl.seek(to) == to);
    REQUIRE(tl.digest() == seen.at(to));
  }
  // And every branch is what its commands make, whatever was visited in between.
  for (u32 id = 0; id < tl.branches().size(); ++id) {
    REQUIRE(tl.switch_branch(id));
    Machine m(s.setup);
    for (u64 i = 0; i < tl.size(); ++i) REQUIRE(m.apply(tl.command(i), nullptr).ok());
    tl.seek({tl.size(), 0, 0});
    REQUIRE(tl.machine().digest() == m.digest());
    const u64 call = r.below(tl.size() + 1);
    Machine midway(s.setup);
    for (u64 i = 0; i < call; ++i) midway.apply(tl.command(i), nullptr);
    tl.seek({call, 0, 0});
    REQUIRE(tl.machine().digest() == midway.digest());
  }
}

TEST_CASE("timeline: keyframes of the past behind a fork are not those of the branch") {
  // The past is dear (searches that look everywhere in vain), the branches are cheap: when there are too many
  // keyframes it is theirs that go.
  Script s = memblock_script(200, 5);
  for (int i = 0; i < 200; ++i) s.commands.push_back(command(Op::memblock_alloc_try_nid, {1024 * MiB, 64}));
  Timeline tl(s, 500'000);
  tl.seek({400, 0, 0});
  std::vector<u64> digests;
  for (u64 fork = 200; fork < 400; fork += 3) {
    REQUIRE(tl.switch_branch(0));
    tl.seek({fork, 0, 0});
    for (u64 i = 0; i < 9; ++i) REQUIRE(tl.branch(command(Op::memblock_set_bottom_up, {1 - i % 2})).ok());
    digests.push_back(tl.machine().digest());
  }
  for (u32 id = 1; id < tl.branches().size(); ++id) {
    REQUIRE(tl.switch_branch(id));
    tl.seek({0, 0, 0});
    tl.seek({tl.size(), 0, 0});
    REQUIRE(tl.machine().digest() == digests[id - 1]);
  }
}

TEST_CASE("timeline: a branch begins where the playhead is and goes on from its end") {
  Timeline tl(memblock_script(30, 8));
  tl.seek({10, 2, 0}); // inside a call: the command comes after it
  const Result r = tl.branch(command(Op::memblock_alloc_try_nid, {4096, 4096}));
  REQUIRE(r.ok());
  CHECK(r.value != 0);
  REQUIRE(tl.branches().size() == 2);
  CHECK(tl.current_branch() == 1);
  CHECK(tl.branches()[1].parent == 0);
  CHECK(tl.branches()[1].fork_call == 11);
  CHECK(tl.size() == 12);
  CHECK(tl.position() == Position{12, 0, 0});
  CHECK(tl.record(11).result.value == r.value);

  REQUIRE(tl.branch(command(Op::memblock_reserve, {0, 4096})).ok());
  CHECK(tl.branches().size() == 2);
  CHECK(tl.size() == 13);
  tl.seek({12, 0, 0});
  REQUIRE(tl.branch(command(Op::memblock_reserve, {4096, 4096})).ok()); // not at the end
  REQUIRE(tl.branches().size() == 3);
  CHECK(tl.branches()[2].parent == 1);
  tl.seek({5, 0, 0});
  REQUIRE(tl.branch(command(Op::memblock_reserve, {4096, 4096})).ok()); // in the past that all share
  CHECK(tl.branches()[3].parent == 0);

  CHECK(!tl.switch_branch(4));
  REQUIRE(tl.switch_branch(2));
  CHECK(tl.position() == Position{12, 0, 0});
  REQUIRE(tl.switch_branch(0));
  CHECK(tl.position() == Position{11, 0, 0}); // where that line left it
  CHECK(tl.size() == 30);
}

TEST_CASE("timeline: a command that fails makes no branch and moves nothing") {
  Timeline tl(memblock_script(30, 8));
  tl.seek({10, 1, 0});
  const u64 digest = tl.digest();
  const Result r = tl.branch(command(Op::memblock_trim_memory, {0}));
  CHECK(!r.ok());
  CHECK(tl.branches().size() == 1);
  CHECK(tl.position() == Position{10, 1, 0});
  CHECK(tl.digest() == digest);
  CHECK(tl.error().empty());
}

TEST_CASE("timeline: names of results belong to their branch") {
  Script s = script_of({command(Op::memblock_add, {MiB, MiB}), command(Op::memblock_alloc_try_nid, {4096, 64})});
  s.commands[1].bind = 0;
  s.bindings = {"a"};
  Timeline tl(s);
  tl.seek({2, 0, 0});
  CHECK(tl.binding_slot("a") == 0);
  CHECK(tl.binding_slot("b") == 1);
  CHECK(tl.binding_slot("b") == 1);
  Command c = command(Op::memblock_alloc_try_nid, {4096, 64});
  c.bind = 1;
  REQUIRE(tl.branch(c).ok());
  CHECK(tl.bindings() == std::vector<std::string>{"a", "b"});
  Command f = command(Op::memblock_phys_free, {0, 4096});
  f.args[0].binding = tl.binding_slot("b");
  REQUIRE(tl.branch(f).ok());
  tl.switch_branch(0);
  CHECK(tl.bindings() == std::vector<std::string>{"a"});
  CHECK(tl.script().bindings == std::vector<std::string>{"a"});
}

TEST_CASE("timeline: budgets hold and ten thousand calls stay quick to reach") {
  const Script s = memblock_script(10'000, 17);
  constexpr std::size_t keyframes = std::size_t{1} << 20, records = std::size_t{1} << 18;
  Timeline tl(s, keyframes, records);
  for (u64 i = 0; i <= 10'000; i += 250) {
    tl.seek({i, 0, 0});
    REQUIRE(tl.keyframe_bytes() <= keyframes);
    REQUIRE(tl.record_bytes() <= records);
  }
  REQUIRE(tl.error().empty());
  const u64 end = tl.digest();
  CHECK(tl.keyframe_bytes() > keyframes / 8); // thinned out, not thrown away
  Prng r{3};
  for (int i = 0; i < 50; ++i) tl.seek({r.below(10'001), r.below(4), 0});
  tl.seek({10'000, 0, 0});
  CHECK(tl.digest() == end);
  CHECK(tl.keyframe_bytes() <= keyframes);
}
