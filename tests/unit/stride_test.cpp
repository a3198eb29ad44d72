// Strides: in, over and out of the functions that the kernel calls.
#include "lab/lab.hpp"
#include "lab/presets.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using namespace mmscope;

namespace {

Timeline qemu() { return Timeline(make_script(*find_preset("qemu-1g"))); }

u64 call_of(const Timeline &tl, Op op) {
  for (u64 i = 0; i < tl.size(); ++i)
    if (tl.command(i).op == op) return i;
  return tl.size();
}

// Functions that are open at a position; what stands between two calls is less deep than what is inside one.
u64 depth(Timeline &tl, Position at) {
  if (at.event == 0 && at.part == 0) return 0;
  const std::vector<Event> &events = tl.record(at.call).events;
  u64 open = 1;
  for (u64 i = 0; i < at.event; ++i) {
    if (events[i].kind == EventKind::lab_call) ++open;
    if (events[i].kind == EventKind::lab_return) --open;
  }
  return open;
}

// Every place of some calls of the boot, event by event.
std::vector<Position> places(Timeline &tl, u64 first, u64 end) {
  std::vector<Position> all;
  for (u64 call = first; call < end; ++call)
    for (u64 i = 0; i < std::max<u64>(tl.record(call).events.size(), 1); ++i) all.push_back({call, i, 0});
  all.push_back({end, 0, 0});
  return all;
}

void check_strides(Timeline &tl, u64 first, u64 end) {
  const std::vector<Position> all = places(tl, first, end);
  const auto index = [&](Position p) {
    const auto it = std::lower_bound(all.begin(), all.end(), p);
    REQUIRE(it != all.end());
    REQUIRE(*it == p); // `in` comes there too
    return static_cast<std::size_t>(it - all.begin());
  };
  for (std::size_t i = 0; i + 1 < all.size(); ++i) {
    const u64 here = depth(tl, all[i]);
    tl.seek(all[i]);
    REQUIRE(tl.stride(Stride::in, 1) == all[i + 1]);
    REQUIRE(tl.stride(Stride::in, -1) == all[i]);

    const Position over = tl.stride(Stride::over, 1);
    const std::size_t to = index(over);
    REQUIRE(to > i);
    REQUIRE(depth(tl, over) <= here);
    for (std::size_t k = i + 1; k < to; ++k) REQUIRE(depth(tl, all[k]) > here);
    const Position back = tl.stride(Stride::over, -1);
    if (depth(tl, over) == here)
      REQUIRE(back == all[i]);
    else
      REQUIRE(back < all[i]); // out of a function at its end: back is before all that it did
    if (here == 0) continue;

    tl.seek(all[i]);
    const std::size_t after = index(tl.stride(Stride::out, 1));
    REQUIRE(depth(tl, all[after]) < here);
    for (std::size_t k = i + 1; k < after; ++k) REQUIRE(depth(tl, all[k]) >= here);
    tl.seek(all[i]);
    const std::size_t before = index(tl.stride(Stride::out, -1));
    REQUIRE(depth(tl, all[before]) < here);
    for (std::size_t k = before + 1; k < i; ++k) REQUIRE(depth(tl, all[k]) >= here);
  }
}

} // namespace

TEST_CASE("stride: over and out keep to the depth of calls and in goes everywhere") {
  Timeline tl = qemu();
  const u64 sparse = call_of(tl, Op::sparse_init), numa = call_of(tl, Op::numa_init);
  check_strides(tl, 0, 6);
  check_strides(tl, numa, numa + 2);
  check_strides(tl, sparse, sparse + 1);
}

TEST_CASE("stride: over from the entry of a function ends right behind its return") {
  Timeline tl = qemu();
  const u64 call = call_of(tl, Op::sparse_init);
  const std::vector<Event> events = tl.record(call).events;
  u64 inner = 0; // the entry of a function that does something, inside another one
  u64 open = 0;
  for (u64 i = 0; i < events.size() && inner == 0; ++i) {
    if (events[i].kind == EventKind::lab_call && open++ > 0) inner = i;
    if (events[i].kind == EventKind::lab_return) --open;
  }
  REQUIRE(inner > 0);
  tl.seek({call, inner, 0});
  const Position behind = tl.stride(Stride::over, 1);
  REQUIRE(behind.call == call);
  REQUIRE(behind.event > inner + 2);
  CHECK(events[behind.event - 1].kind == EventKind::lab_return);
  tl.seek({call, inner + 1, 0});
  CHECK(tl.stride(Stride::out, 1) == behind);
  tl.seek({call, inner + 1, 0});
  CHECK(tl.stride(Stride::out, -1) == Position{call, inner, 0});
}

TEST_CASE("stride: between calls over is a call and out is a phase") {
  Timeline tl = qemu();
  const auto zones = tl.phase_calls(Phase::zones);
  REQUIRE(zones);
  REQUIRE(zones->second > zones->first + 2);
  tl.seek({zones->first + 1, 0, 0});
  CHECK(tl.stride(Stride::over, 1) == Position{zones->first + 2, 0, 0});
  CHECK(tl.stride(Stride::over, -1) == Position{zones->first + 1, 0, 0});
  CHECK(tl.stride(Stride::out, 1) == Position{zones->second, 0, 0});
  CHECK(tl.stride(Stride::out, -1) == Position{zones->first, 0, 0});
}

TEST_CASE("stride: nothing goes beyond the ends") {
  Timeline tl = qemu();
  for (const Stride how : {Stride::in, Stride::over, Stride::out}) {
    tl.seek({0, 0, 0});
    CHECK(tl.stride(how, -1) == Position{});
    tl.seek({tl.size(), 0, 0});
    CHECK(tl.stride(how, 1) == Position{tl.size(), 0, 0});
  }
  // From the middle of a run of blocks, back is to where the run begins.
  const u64 handoff = call_of(tl, Op::memblock_free_all);
  const std::vector<Event> &events = tl.record(handoff).events;
  const auto run = std::find_if(events.begin(), events.end(),
                                [](const Event &e) { return e.kind == EventKind::lab_free_list_add && e.f[5] > 2; });
  REQUIRE(run != events.end());
  const u64 i = static_cast<u64>(run - events.begin());
  for (const Stride how : {Stride::in, Stride::over}) {
    tl.seek({handoff, i, 1});
    CHECK(tl.stride(how, -1) == Position{handoff, i, 0});
    tl.seek({handoff, i, 1});
    CHECK(tl.stride(how, 1) == Position{handoff, i + 1, 0});
  }
}

TEST_CASE("stride: a branch is walked like the recorded past") {
  Timeline tl = qemu();
  const u64 fork = call_of(tl, Op::memblock_free_all);
  tl.seek({fork, 0, 0});
  REQUIRE(tl.branch(command(Op::memblock_reserve, {0x10000000, 0x200000})).ok());
  REQUIRE(tl.branch(command(Op::memblock_alloc_try_nid, {4096, 64})).ok());
  REQUIRE(tl.current_branch() == 1);
  check_strides(tl, fork, tl.size());
  CHECK(tl.stride(Stride::over, 1) == Position{fork + 2, 0, 0});
}
