// Branches on show: index, owners and sums are those of the branch, and the recorded past comes back untouched.
#include "lab/lab.hpp"

#include "lab/presets.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <tuple>

using namespace mmscope;

namespace {

constexpr u64 MiB = u64{1} << 20;

std::unique_ptr<Lab> booted() {
  auto lab = std::make_unique<Lab>(make_script(*find_preset("qemu-1g")));
  while (!lab->prepare(100)) {}
  return lab;
}

u64 call_of(const Lab &lab, Op op) {
  for (u64 i = 0; i < lab.size(); ++i)
    if (lab.command(i).op == op) return i;
  return lab.size();
}

// All that a view reads of the whole line.
struct Seen {
  u64 digest, size, phases, changes, address_end, held;
  std::vector<u32> events;
  friend bool operator==(const Seen &, const Seen &) = default;
};
Seen seen(const Lab &lab) {
  Seen s{lab.digest(),
         lab.size(),
         lab.index().phases().size(),
         lab.index().changes().size(),
         lab.index().address_end(),
         lab.owners().held().size(),
         {}};
  for (const CallSummary &c : lab.index().calls()) s.events.push_back(c.events);
  return s;
}

// The index of the line on show is that of a boot of those very commands.
void check_index(const Lab &lab) {
  Script s = lab.script();
  s.commands.clear();
  for (u64 i = 0; i < lab.size(); ++i) s.commands.push_back(lab.command(i));
  s.bindings = lab.bindings();
  BootIndex fresh(s);
  while (!fresh.advance(1000)) {}
  REQUIRE(fresh.error() == "");
  const BootIndex &index = lab.index();
  REQUIRE(index.calls().size() == fresh.calls().size());
  for (std::size_t i = 0; i < fresh.calls().size(); ++i) {
    REQUIRE(index.calls()[i].events == fresh.calls()[i].events);
    REQUIRE(index.calls()[i].first_change == fresh.calls()[i].first_change);
    REQUIRE(index.calls()[i].phase == fresh.calls()[i].phase);
    REQUIRE(index.calls()[i].kind == fresh.calls()[i].kind);
    REQUIRE(index.calls()[i].frees == fresh.calls()[i].frees);
  }
  REQUIRE(index.phases().size() == fresh.phases().size());
  for (std::size_t i = 0; i < fresh.phases().size(); ++i) {
    REQUIRE(index.phases()[i].phase == fresh.phases()[i].phase);
    REQUIRE(index.phases()[i].first == fresh.phases()[i].first);
    REQUIRE(index.phases()[i].end == fresh.phases()[i].end);
  }
  REQUIRE(index.changes().size() == fresh.changes().size());
  for (std::size_t i = 0; i < fresh.changes().size(); ++i) {
    const OwnerChange &a = index.changes()[i], &b = fresh.changes()[i];
    REQUIRE(std::tuple(a.call, a.event, a.base, a.end) == std::tuple(b.call, b.event, b.base, b.end));
    REQUIRE((a.owner == nobody) == (b.owner == nobody));
    if (a.owner != nobody) REQUIRE(index.owners()[a.owner] == fresh.owners()[b.owner]);
  }
}

} // namespace

TEST_CASE("lab_branch: a reservation before the handoff is held back from the buddy allocator") {
  auto lab = booted();
  const u64 handoff = call_of(*lab, Op::memblock_free_all);
  lab->seek({lab->size(), 0, 0});
  const Seen end = seen(*lab);
  lab->seek({handoff, 0, 0});
  const Seen before = seen(*lab);

  REQUIRE(lab->branch(command(Op::memblock_reserve, {0x10000000, 2 * MiB}, "my_driver")).ok());
  CHECK(lab->current_branch() == 1);
  CHECK(lab->size() == handoff + 1);
  CHECK(lab->recorded_calls() == handoff);
  CHECK(lab->call() == handoff);
  CHECK(lab->command(handoff).op == Op::memblock_reserve);
  REQUIRE(lab->changes().places.size() == 1);
  CHECK(lab->changes().places[0].base == 0x10000000);
  CHECK(lab->changes().places[0].end == 0x10000000 + 2 * MiB);
  REQUIRE(lab->owner_at(0x10000000) != nullptr);
  CHECK(lab->owner_at(0x10000000)->label == "my_driver");
  CHECK(lab->accounting().balanced());

  REQUIRE(lab->branch(command(Op::memblock_free_all, {}, "mem_init", Phase::handoff)).ok());
  CHECK(lab->current_branch() == 1);
  CHECK(lab->size() == handoff + 2);
  CHECK(lab->index().calls().back().frees);
  CHECK(lab->index().phases().back().phase == Phase::handoff);
  CHECK(lab->index().phases().back().end == lab->size());
  CHECK(lab->handed_over());
  CHECK(lab->accounting().balanced());
  CHECK(lab->owner_at(0x10000000)->label == "my_driver");
  CHECK(lab->state().pages.page(pfn_t{0x10000}).state == PageState::reserved);
  CHECK(lab->state().pages.page(pfn_t{0x10200}).state == PageState::uninit); // above the first section they wait
  REQUIRE(lab->branch(command(Op::mem_init, {})).ok());
  REQUIRE(lab->branch(command(Op::page_alloc_init_late, {})).ok());
  CHECK(lab->state().pages.page(pfn_t{0x10000}).state == PageState::reserved);
  CHECK(lab->state().pages.page(pfn_t{0x101ff}).state == PageState::reserved);
  CHECK(lab->state().pages.page(pfn_t{0x10200}).state == PageState::free);
  CHECK(lab->accounting().balanced());
  check_index(*lab);
  const Seen left = seen(*lab);

  REQUIRE(lab->switch_branch(0));
  CHECK(lab->position() == Position{handoff, 0, 0});
  CHECK(seen(*lab) == before);
  CHECK(lab->owner_at(0x10000000) == nullptr);
  CHECK(lab->command(handoff).op == Op::memblock_free_all);
  lab->seek({lab->size(), 0, 0});
  CHECK(seen(*lab) == end);
  check_index(*lab);

  REQUIRE(lab->switch_branch(1));
  lab->seek({lab->size(), 0, 0});
  CHECK(seen(*lab) == left);
  CHECK(lab->owner_at(0x10000000)->label == "my_driver");
  check_index(*lab);
}

TEST_CASE("lab_branch: branches of branches are put together from what they share") {
  auto lab = booted();
  const u64 fork = call_of(*lab, Op::sparse_init);
  lab->seek({fork, 0, 0});
  REQUIRE(lab->branch(command(Op::memblock_reserve, {0x10000000, MiB}, "one")).ok());
  REQUIRE(lab->branch(command(Op::memblock_reserve, {0x11000000, MiB}, "two")).ok());
  REQUIRE(lab->branch(command(Op::memblock_add, {0x100000000, MiB})).ok());
  CHECK(lab->index().address_end() == 0x100000000 + MiB);
  lab->seek({fork + 1, 0, 0}); // after "one"
  REQUIRE(lab->branch(command(Op::memblock_reserve, {0x12000000, MiB}, "three")).ok());
  CHECK(lab->current_branch() == 2);
  CHECK(lab->branches()[2].parent == 1);
  CHECK(lab->owner_at(0x10000000)->label == "one");
  CHECK(lab->owner_at(0x11000000) == nullptr);
  CHECK(lab->owner_at(0x12000000)->label == "three");
  check_index(*lab);
  lab->seek({10, 2, 0}); // inside a call that all share: the command comes after it
  REQUIRE(lab->branch(command(Op::memblock_reserve, {0x13000000, MiB}, "four")).ok());
  CHECK(lab->size() == 12);
  CHECK(lab->recorded_calls() == 11);
  check_index(*lab);
  for (const u32 id : {1u, 3u, 2u, 0u, 2u}) {
    REQUIRE(lab->switch_branch(id));
    lab->seek({lab->size(), 0, 0});
    check_index(*lab);
    CHECK(lab->accounting().balanced());
  }
  CHECK(lab->owner_at(0x12000000)->label == "three");
  CHECK(lab->recorded_calls() == fork); // of a branch of a branch
  REQUIRE(lab->switch_branch(0));
  CHECK(lab->recorded_calls() == lab->size());
  CHECK_FALSE(lab->switch_branch(4));
}

TEST_CASE("lab_branch: a branch in which more happened than in the whole boot leaves nothing behind") {
  auto lab = booted();
  const u64 handoff = call_of(*lab, Op::memblock_free_all);
  const std::size_t whole = lab->index().changes().size();
  lab->seek({handoff, 0, 0});
  const Seen before = seen(*lab);
  for (u64 at = 0x8000000; lab->index().changes().size() <= whole; at += 0x10000)
    REQUIRE(lab->branch(command(Op::memblock_reserve, {at, 4096}, "my_driver")).ok());
  CHECK(lab->owner_at(0x8000000)->label == "my_driver");
  REQUIRE(lab->switch_branch(0));
  CHECK(seen(*lab) == before);
  CHECK(lab->owner_at(0x8000000) == nullptr);
  CHECK(lab->accounting().balanced());
}

TEST_CASE("lab_branch: a command that cannot be made changes nothing") {
  auto lab = booted();
  lab->seek({20, 0, 0});
  const Seen before = seen(*lab);
  CHECK_FALSE(lab->branch(command(Op::memblock_trim_memory, {3})).ok());
  CHECK(lab->current_branch() == 0);
  CHECK(lab->branches().size() == 1);
  CHECK(seen(*lab) == before);
}

TEST_CASE("lab_branch: what a typed call reserves belongs to whoever typed it") {
  auto lab = booted();
  lab->seek({call_of(*lab, Op::memblock_free_all), 0, 0});
  REQUIRE(lab->branch(command(Op::memblock_reserve, {0x10000000, 2 * MiB})).ok());
  REQUIRE(lab->owner_at(0x10000000) != nullptr);
  CHECK(lab->owner_at(0x10000000)->label == "your call");
}
