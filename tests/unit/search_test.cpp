// Finding things in the whole of a boot.
#include "lab/search.hpp"

#include "lab/presets.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <memory>

using namespace mmscope;

namespace {

std::unique_ptr<Lab> booted(const char *preset = "qemu-1g") {
  auto lab = std::make_unique<Lab>(make_script(*find_preset(preset)));
  while (!lab->prepare(100)) {}
  return lab;
}

struct Found {
  u64 total = 0;
  std::vector<SearchHit> hits;
  std::string error;
};
Found find(const Lab &lab, std::string_view query, u64 slice = 50) {
  Search s(lab, query, 1'000'000);
  while (!s.advance(slice)) {}
  return {s.total(), {s.hits().begin(), s.hits().end()}, s.error()};
}

// Events that a plain walk over the boot finds.
u64 count_events(const Lab &lab, const std::function<bool(const Event &)> &wanted) {
  Timeline tl(lab.script());
  u64 n = 0;
  for (u64 call = 0; call < tl.size(); ++call)
    for (const Event &e : tl.record(call).events) n += wanted(e) ? 1 : 0;
  return n;
}

const Event &shown(Lab &lab, const SearchHit &hit) {
  lab.seek(hit.at);
  REQUIRE(lab.position() == hit.at);
  return lab.events().back();
}

} // namespace

TEST_CASE("search: a call that all words fit is one hit and it is shown at its position") {
  auto lab = booted();
  const Found f = find(*lab, "MEMBLOCK_reserve setup_arch function:memblock_reserve");
  REQUIRE(f.total > 1);
  for (const SearchHit &hit : f.hits) {
    if (hit.event) continue;
    lab->seek(hit.at);
    CHECK(lab->command(*lab->call()).op == Op::memblock_reserve);
    CHECK(lab->command(*lab->call()).caller.find("setup_arch") != std::string::npos);
    CHECK(hit.text.starts_with("memblock_reserve by setup_arch"));
  }
  u64 calls = 0;
  for (u64 i = 0; i < lab->size(); ++i)
    if (lab->command(i).op == Op::memblock_reserve && lab->command(i).caller.find("setup_arch") != std::string::npos)
      ++calls;
  CHECK(static_cast<u64>(std::count_if(f.hits.begin(), f.hits.end(), [](const SearchHit &h) { return !h.event; })) ==
        calls);
}

TEST_CASE("search: kinds and fields and orders are those of the events") {
  auto lab = booted();
  const Found adds = find(*lab, "kind:lab_free_list_add");
  CHECK(adds.total == count_events(*lab, [](const Event &e) { return e.kind == EventKind::lab_free_list_add; }));
  REQUIRE(adds.total > 10);
  for (const SearchHit &hit : adds.hits) REQUIRE(shown(*lab, hit).kind == EventKind::lab_free_list_add);
  const auto order10 = [](const Event &e) { return e.kind == EventKind::lab_free_list_add && e.f[2] == 10; };
  CHECK(find(*lab, "kind:lab_free_list_add order:10").total == count_events(*lab, order10));
  CHECK(find(*lab, "free_list_add order 10").total == count_events(*lab, order10));
  CHECK(find(*lab, "free_list_add order:10 type:movable zone:dma32").total ==
        count_events(*lab, [&](const Event &e) { return order10(e) && e.f[3] == 1 && e.f[1] == 1; }));
  CHECK(find(*lab, "page_run state:reserved").total == count_events(*lab, [](const Event &e) {
          return e.kind == EventKind::lab_page_run && static_cast<PageState>(e.f[2]) == PageState::reserved;
        }));
}

TEST_CASE("search: an address or a page finds every event whose range covers it") {
  auto lab = booted();
  const Arch &arch = *lab->state().arch;
  // Names of regions by index depend on the arrays: those are counted with a fold of their own.
  Timeline tl(lab->script());
  Machine m(lab->script().setup);
  Trace texts;
  struct memblock before = m.system().memblock;
  u64 address = 0, page = 0;
  for (u64 call = 0; call < tl.size(); ++call)
    for (const Event &e : play(m, tl.command(call), texts).events) {
      const auto at = reach(e, arch, &before);
      if (at && at->covers(0x3ffdfff0, 0x3ffdfff1)) ++address;
      if (at && at->covers(0x3ffdf000, 0x3ffe0000)) ++page;
      before.fold(e);
    }
  REQUIRE(address > 10);
  REQUIRE(page >= address);
  CHECK(find(*lab, "0x3ffdfff0").total == address);
  CHECK(find(*lab, "addr:0x3ffdfff0").total == address);
  for (const char *query : {"pfn:0x3ffdf", "pfn 0x3ffdf", "0x3ffdfp", "page:262111", "  PFN:0x3FFDF  "})
    CHECK_MESSAGE(find(*lab, query).total == page, query);
  CHECK(find(*lab, "0x3ffdfff0 kind:lab_section_present").total == 1);
  CHECK(find(*lab, "addr:0x7fffffffffff").total == 0);
}

TEST_CASE("search: owners and phases and functions around an event") {
  auto lab = booted();
  const Found owner = find(*lab, "owner:mem_map");
  REQUIRE(owner.total > 0);
  for (const SearchHit &hit : owner.hits) {
    REQUIRE(hit.event);
    const Event e = shown(*lab, hit);
    CHECK(e.kind == EventKind::lab_memblock_insert);
    CHECK(lab->owner_at(e.f[2])->label.find("mem_map") != std::string::npos);
  }
  CHECK(find(*lab, "phase:numa").total == lab->index().phases()[1].end - lab->index().phases()[1].first);
  const Found inside = find(*lab, "function:sparse_init kind:lab_memblock_insert");
  REQUIRE(inside.total > 0);
  for (const SearchHit &hit : inside.hits) {
    lab->seek(hit.at);
    CHECK(lab->command(*lab->call()).op == Op::sparse_init);
  }
  CHECK(find(*lab, "function:sparse_init phase:numa").total == 0);
  CHECK(find(*lab, "nothing_like_this").total == 0);
}

TEST_CASE("search: slices do not matter and the number of hits is true beyond those that are kept") {
  auto lab = booted();
  const Found whole = find(*lab, "memblock", 1'000'000), parts = find(*lab, "memblock", 3);
  REQUIRE(whole.total > 100);
  CHECK(parts.total == whole.total);
  REQUIRE(parts.hits.size() == whole.hits.size());
  for (std::size_t i = 0; i < whole.hits.size(); ++i) REQUIRE(parts.hits[i].at == whole.hits[i].at);
  CHECK(std::is_sorted(whole.hits.begin(), whole.hits.end(),
                       [](const SearchHit &a, const SearchHit &b) { return a.at < b.at; }));
  Search few(*lab, "memblock", 5);
  CHECK(few.progress() == 0);
  while (!few.advance(20)) CHECK(few.progress() < 1);
  CHECK(few.progress() == 1);
  CHECK(few.hits().size() == 5);
  CHECK(few.total() == whole.total);
  // Walking from hit to hit passes them all, also those without text.
  u64 n = 0;
  Position at{};
  while (const auto next = few.next(at)) {
    REQUIRE(*next > at);
    at = *next;
    ++n;
  }
  CHECK(at == whole.hits.back().at);
  while (const auto previous = few.previous(at)) {
    REQUIRE(*previous < at);
    at = *previous;
    --n;
  }
  CHECK(n == 1); // the first one is not left again
  CHECK(at == whole.hits.front().at);
}

TEST_CASE("search: what cannot be read is said") {
  auto lab = booted();
  CHECK(find(*lab, "").error == "nothing to look for");
  CHECK(find(*lab, "   ").error == "nothing to look for");
  CHECK(find(*lab, "pfn:abc").error == "not a page frame number: abc");
  CHECK(find(*lab, "addr:12x").error == "not an address: 12x");
  CHECK(find(*lab, "pfn:0xffffffffffffffff").error == "not a page frame number: 0xffffffffffffffff");
  CHECK(find(*lab, std::string(300, 'x')).error == "a search has at most 256 bytes");
  std::string many;
  for (int i = 0; i < 17; ++i) many += "a ";
  CHECK(find(*lab, many).error == "a search has at most 16 words");
  many.resize(2 * 16);
  CHECK(find(*lab, many).error.empty());
  CHECK(find(*lab, "no_key:here").error.empty()); // a word like any other
  CHECK(find(*lab, "no_key:here").total == 0);
  CHECK(Search(*lab, "").advance(1));
}

TEST_CASE("search: it follows the branch on show and the playhead stays") {
  auto lab = booted();
  lab->seek({30, 0, 0});
  Search s(*lab, "my_driver");
  while (!s.advance(100)) {}
  CHECK(s.total() == 0);
  REQUIRE(lab->branch(command(Op::memblock_reserve, {0x10000000, 4096}, "my_driver")).ok());
  CHECK(lab->position() == Position{31, 0, 0});
  while (!s.advance(100)) {}
  REQUIRE(s.total() == 1);
  CHECK(s.hits()[0].at == Position{31, 0, 0});
  CHECK_FALSE(s.hits()[0].event);
  REQUIRE(lab->branch(command(Op::memblock_reserve, {0x20000000, 4096}, "my_driver")).ok());
  while (!s.advance(100)) {}
  CHECK(s.total() == 2);
  REQUIRE(lab->switch_branch(0));
  while (!s.advance(100)) {}
  CHECK(s.total() == 0);
  CHECK(lab->position() == Position{30, 0, 0});
}
