// The life of one page frame.
#include "lab/biography.hpp"

#include "lab/presets.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>

using namespace mmscope;

namespace {

constexpr u64 MiB = u64{1} << 20;

std::unique_ptr<Lab> booted(const char *preset = "qemu-1g") {
  auto lab = std::make_unique<Lab>(make_script(*find_preset(preset)));
  while (!lab->prepare(100)) {}
  return lab;
}

std::vector<LifeEvent> life_of(const Lab &lab, u64 pfn, u64 slice = 50) {
  Biography b(lab, pfn_t{pfn});
  while (!b.advance(slice)) {}
  CHECK_FALSE(b.cut());
  return {b.events().begin(), b.events().end()};
}

std::string story(const std::vector<LifeEvent> &life) {
  std::string s;
  for (const LifeEvent &e : life) s += std::string(life_name(e.what)) + ' ';
  return s;
}
const LifeEvent &first(const std::vector<LifeEvent> &life, Life what) {
  const auto it = std::find_if(life.begin(), life.end(), [&](const LifeEvent &e) { return e.what == what; });
  REQUIRE_MESSAGE(it != life.end(), story(life));
  return *it;
}

// What every life must be, whatever the page: told in order, and true where it says what is.
void check_life(Lab &lab, u64 pfn) {
  const std::vector<LifeEvent> life = life_of(lab, pfn);
  CAPTURE(pfn);
  CAPTURE(story(life));
  const unsigned shift = lab.state().arch->page_shift;
  for (std::size_t i = 0; i < life.size(); ++i) {
    const LifeEvent &e = life[i];
    const u64 base = pfn << shift, end = (pfn + 1) << shift;
    REQUIRE(e.base < end);
    REQUIRE(e.end > base);
    if (i > 0) REQUIRE(life[i - 1].at < e.at);
    lab.seek(e.at);
    REQUIRE(lab.position() == e.at);
    const System &s = lab.state();
    const auto touching = [&](memblock_list list) -> const memblock_region * {
      for (const memblock_region &r : s.memblock.type(list).regions)
        if (r.base.v < end && base < r.end().v) return &r;
      return nullptr;
    };
    const memblock_region *reserved = touching(memblock_list::reserved), *memory = touching(memblock_list::memory);
    switch (e.what) {
    case Life::memory: CHECK(memory != nullptr); break;
    case Life::no_memory: CHECK(memory == nullptr); break;
    case Life::reserved: CHECK(reserved != nullptr); break;
    case Life::unreserved: CHECK(reserved == nullptr); break;
    case Life::node:
      REQUIRE(memory != nullptr);
      CHECK(memory->nid == e.nid);
      break;
    case Life::page: CHECK(s.pages.page(pfn_t{pfn}).state == e.state); break;
    case Life::free: {
      CHECK(s.pages.page(pfn_t{pfn}).state == PageState::free);
      const auto block = s.pages.containing_free_block(pfn_t{pfn});
      REQUIRE(block);
      const u64 start = block->pfn.v << shift;
      CHECK(start == e.base);
      CHECK(block->order.v == e.order);
      break;
    }
    case Life::taken: CHECK(s.pages.page(pfn_t{pfn}).state != PageState::free); break;
    default: break;
    }
  }
}

} // namespace

TEST_CASE("biography: a page of mem_map from the firmware to PG_reserved") {
  auto lab = booted();
  lab->seek({lab->size(), 0, 0});
  u64 pfn = 0;
  for (const auto &[base, held] : lab->owners().held())
    if (lab->index().owners()[held.owner].label == "mem_map") pfn = base >> 12;
  REQUIRE(pfn > 0);
  const std::vector<LifeEvent> life = life_of(*lab, pfn);
  CAPTURE(story(life));
  const LifeEvent &firmware = first(life, Life::firmware), &memory = first(life, Life::memory),
                  &node = first(life, Life::node), &reserved = first(life, Life::reserved),
                  &section = first(life, Life::section), &page = first(life, Life::page);
  CHECK(firmware.number == E820_TYPE_RAM);
  CHECK(firmware.at < memory.at);
  CHECK(memory.at < node.at);
  CHECK(node.nid == 0);
  CHECK(node.at < reserved.at);
  CHECK(reserved.owner == "mem_map");
  CHECK(reserved.caller == "sparse_init_nid");
  CHECK(reserved.function == "memblock_alloc_exact_nid_raw");
  CHECK(lab->command(reserved.call).op == Op::sparse_init);
  CHECK(section.at < page.at);
  CHECK(life.back().state == PageState::reserved);
  CHECK(life.back().what == Life::page);
}

TEST_CASE("biography: a free page is handed over and ends on a list") {
  auto lab = booted();
  lab->seek({lab->size(), 0, 0});
  const std::vector<LifeEvent> life = life_of(*lab, 0x10000);
  CAPTURE(story(life));
  const LifeEvent &handed = first(life, Life::handed), &free = first(life, Life::free);
  CHECK(handed.order == 10);
  CHECK(handed.end - handed.base == 4 * MiB);
  CHECK(handed.base == 0x10000000);
  CHECK(handed.at < free.at);
  CHECK(free.zone == 1);
  CHECK(free.nid == 0);
  CHECK(static_cast<migratetype>(free.list) == migratetype::MOVABLE);
  CHECK(std::none_of(life.begin(), life.end(), [](const LifeEvent &e) { return e.what == Life::reserved; }));
}

TEST_CASE("biography: pages given back one by one merge and that is one entry") {
  auto lab = booted();
  // What the boot gave back late waits on a CPU's list until that is drained. A block that is freed then, and the one
  // that waited for it on a free list.
  lab->seek({lab->size(), 0, 0});
  REQUIRE(lab->branch(command(Op::drain_all_pages, {})).ok());
  u64 freed = 0, waited = 0;
  for (const Event &e : lab->events())
    if (e.kind == EventKind::lab_buddy_merge && freed == 0) {
      freed = e.f[0];
      waited = e.f[1];
    }
  REQUIRE(freed != 0);
  for (const u64 pfn : {freed, waited}) {
    const std::vector<LifeEvent> life = life_of(*lab, pfn);
    CAPTURE(story(life));
    const LifeEvent &merged = first(life, Life::merged);
    CHECK(merged.order > merged.from_order);
    CHECK(merged.end - merged.base == u64{4096} << merged.order);
    for (std::size_t i = 1; i < life.size(); ++i) {
      if (life[i].call != life[i - 1].call) continue;
      if (life[i].what == life[i - 1].what) CHECK(life[i].what == Life::page); // of different states
      // Nobody is told that a block joined or left a list only to merge.
      if (life[i].what != Life::merged) continue;
      CHECK(life[i - 1].what != Life::taken);
      CHECK(life[i - 1].what != Life::free);
    }
    CHECK(life.back().what == Life::free);
    check_life(*lab, pfn);
  }
}

TEST_CASE("biography: what it says is so at its position for pages all over a machine") {
  auto lab = booted();
  for (const u64 pfn :
       {0ull, 1ull, 0x9full, 0x100ull, 0x1000ull, 0x1a00ull, 0x8000ull, 0x3fe00ull, 0x3ffdfull, 0x3ffe0ull})
    check_life(*lab, pfn);
  auto server = booted("numa-2x32g");
  for (const u64 pfn : {0x100ull, 0x100000ull, 0x880000ull}) check_life(*server, pfn);
}

TEST_CASE("biography: the future begins behind the playhead") {
  auto lab = booted();
  Biography b(*lab, pfn_t{0x10000});
  int slices = 0;
  for (double last = -1; !b.advance(10); last = b.progress(), ++slices) REQUIRE(b.progress() > last);
  CHECK(slices > 3);
  const LifeEvent handed = first({b.events().begin(), b.events().end()}, Life::handed);
  lab->seek({handed.call, 0, 0});
  CHECK(b.future(handed));
  CHECK_FALSE(b.future(b.events().front()));
  lab->seek(handed.at);
  CHECK_FALSE(b.future(handed));
  CHECK(story(life_of(*lab, 0x10000, 1)) == story({b.events().begin(), b.events().end()}));
}

TEST_CASE("biography: nothing happens to a page that no machine has") {
  auto lab = booted();
  CHECK(life_of(*lab, ~u64{0}).empty());
  CHECK(life_of(*lab, u64{1} << 40).empty());
}

TEST_CASE("biography: in a branch it is the branch's life") {
  auto lab = booted();
  u64 handoff = 0;
  while (lab->command(handoff).op != Op::memblock_free_all) ++handoff;
  Biography b(*lab, pfn_t{0x10000});
  while (!b.advance(100)) {}
  const std::string past = story({b.events().begin(), b.events().end()});
  lab->seek({handoff, 0, 0});
  REQUIRE(lab->branch(command(Op::memblock_reserve, {0x10000000, 2 * MiB}, "my_driver")).ok());
  REQUIRE(lab->branch(command(Op::memblock_free_all, {})).ok());
  while (!b.advance(100)) {}
  const std::vector<LifeEvent> life{b.events().begin(), b.events().end()};
  CHECK(first(life, Life::reserved).owner == "my_driver");
  CHECK(life.back().state == PageState::reserved);
  REQUIRE(lab->switch_branch(0));
  while (!b.advance(100)) {}
  CHECK(story({b.events().begin(), b.events().end()}) == past);
}

TEST_CASE("biography: every sort has a name of its own") {
  std::vector<std::string_view> names;
  for (unsigned i = 0; i < life_count; ++i) names.push_back(life_name(static_cast<Life>(i)));
  std::sort(names.begin(), names.end());
  CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
  CHECK_FALSE(names.front().empty());
  CHECK(life_name(Life::handed) == "handed");
  CHECK(life_name(Life::section_map) == "section_map");
  CHECK(life_name(Life::taken) == "taken");
}
