// What calls have got from the running page allocator and still have, what would have let a refused one through, and the
// life of a page that goes on after the boot.
#include "lab/holdings.hpp"

#include "io/script_text.hpp"
#include "lab/biography.hpp"
#include "lab/presets.hpp"
#include "lab/remedies.hpp"

#include <doctest/doctest.h>

#include <memory>

using namespace mmscope;

namespace {

std::unique_ptr<Lab> booted() {
  auto lab = std::make_unique<Lab>(make_script(*find_preset("qemu-1g")));
  while (!lab->prepare(100)) {}
  lab->seek({lab->size(), 0});
  return lab;
}
u64 make(Lab &lab, const std::string &line) {
  ParsedCommand p = parse_command(line, lab.bindings());
  REQUIRE_MESSAGE(p.command, p.error.reason);
  if (!p.bind_name.empty()) p.command->bind = lab.binding_slot(p.bind_name);
  const Result r = lab.branch(*p.command);
  REQUIRE_MESSAGE(r.ok(), r.error);
  return r.value;
}
std::string text(const std::vector<Holding> &held) {
  std::string s;
  for (const Holding &h : held) {
    if (!s.empty()) s += ' ';
    s += std::to_string(h.pfn.v) + '/' + std::to_string(h.order.v);
  }
  return s;
}

} // namespace

TEST_CASE("holdings: a block is held from its request to its last reference, wherever the playhead stands") {
  auto lab = booted();
  Holdings mine;
  CHECK(mine.at(*lab).empty());
  const u64 p = make(*lab, "alloc_pages GFP_KERNEL|__GFP_ZERO order=2 -> p");
  const u64 after = lab->position().call;
  auto held = mine.at(*lab);
  REQUIRE(held.size() == 1);
  CHECK(held[0].pfn.v == p);
  CHECK(held[0].order.v == 2);
  CHECK(held[0].gfp == (gfp::KERNEL | gfp::ZERO));
  CHECK(held[0].call == after - 1);
  CHECK(lab->bindings()[held[0].slot] == "p");

  make(*lab, "get_page p");
  make(*lab, "free_pages p");
  CHECK(mine.at(*lab).size() == 1);
  make(*lab, "free_pages p");
  CHECK(mine.at(*lab).empty());

  lab->seek({after, 0});
  CHECK(text(mine.at(*lab)) == std::to_string(p) + "/2");
  lab->seek({after - 1, 0});
  CHECK(mine.at(*lab).empty());
  lab->seek({after - 1, 1}); // inside the request: nothing is handed out yet
  CHECK(mine.at(*lab).empty());
}

TEST_CASE("holdings: a zone of pair bitmaps beside the machine has no say in the machine's own pages") {
  auto lab = booted();
  Holdings mine;
  make(*lab, "pair_buddy_init 262144 10"); // pages 0 to 262143, all in use there
  const u64 p = make(*lab, "alloc_pages GFP_KERNEL order=1 -> p");
  CHECK(text(mine.at(*lab)) == std::to_string(p) + "/1");
  make(*lab, "free_pages_ok " + std::to_string(p / 512 * 512) + " 9"); // its pages of the same numbers
  CHECK(text(mine.at(*lab)) == std::to_string(p) + "/1");
  make(*lab, "free_pages p");
  CHECK(mine.at(*lab).empty());
}

TEST_CASE("holdings: what is cut stays its owner's, many pages at once are each one's") {
  auto lab = booted();
  Holdings mine;
  const u64 p = make(*lab, "alloc_pages GFP_USER order=1 -> p");
  make(*lab, "split_page p");
  auto held = mine.at(*lab);
  CHECK(text(held) == std::to_string(p) + "/0 " + std::to_string(p + 1) + "/0");
  for (const Holding &h : held) CHECK(h.gfp == gfp::USER);
  make(*lab, "free_pages p+1");
  CHECK(text(mine.at(*lab)) == std::to_string(p) + "/0");

  // Not its last reference: what is behind the first page goes, the first page stays.
  const u64 q = make(*lab, "alloc_pages GFP_KERNEL order=2 -> q");
  make(*lab, "get_page q");
  make(*lab, "free_pages q order=2");
  bool first = false;
  for (const Holding &h : mine.at(*lab)) {
    if (h.pfn.v == q) first = h.order.v == 0;
    CHECK_FALSE((h.pfn.v > q && h.pfn.v < q + 4));
  }
  CHECK(first);

  const std::size_t before = mine.at(*lab).size();
  CHECK(make(*lab, "alloc_pages_bulk GFP_KERNEL 20") == 20);
  CHECK(mine.at(*lab).size() == before + 20);
  make(*lab, "alloc_pages_exact 12K GFP_KERNEL -> e");
  CHECK(mine.at(*lab).size() == before + 23);
}

TEST_CASE("holdings: another branch has others, the recorded past has none") {
  auto lab = booted();
  Holdings mine;
  const Position end = lab->position();
  const u64 p = make(*lab, "alloc_pages GFP_KERNEL -> p");
  lab->seek(end);
  const u64 q = make(*lab, "alloc_pages GFP_KERNEL order=5 -> q");
  CHECK(text(mine.at(*lab)) == std::to_string(q) + "/5");
  REQUIRE(lab->switch_branch(1));
  lab->seek({lab->size(), 0});
  CHECK(text(mine.at(*lab)) == std::to_string(p) + "/0");
  REQUIRE(lab->switch_branch(0));
  CHECK(mine.at(*lab).empty());
}

TEST_CASE("remedies: only what helps is named") {
  auto lab = booted();
  const PageAlloc &pages = lab->state().pages;
  const auto of = [&](const PageRequest &r) {
    std::string s;
    for (const Remedy &one : remedies(pages, r)) {
      s += std::string(remedy_name(one.what)) + ' ';
      if (one.what == RemedyKind::smaller_order) s += std::to_string(one.value) + ' ';
    }
    return s;
  };
  // Larger than the largest block: nothing but a smaller one helps.
  CHECK(of({.gfp = gfp::KERNEL, .order = order_t{11}}) == "smaller_order 10 ");

  // Zone DMA is used up by who may go down to its reserve: others would still find room elsewhere.
  while (make(*lab, "alloc_pages GFP_ATOMIC|GFP_DMA order=6") != 0) {}
  while (make(*lab, "alloc_pages GFP_ATOMIC|GFP_DMA") != 0) {}
  const std::string atomic = of({.gfp = gfp::ATOMIC | gfp::DMA});
  CHECK(atomic.find("other_zones") != std::string::npos);
  CHECK(atomic.find("reserve") == std::string::npos);
  CHECK(atomic.find("smaller_order") == std::string::npos);
  CHECK(atomic.find("wait") == std::string::npos); // nothing can be reclaimed
}

TEST_CASE("biography: after the boot a page is requested, given back, and waits on a CPU's list") {
  auto lab = booted();
  const u64 p = make(*lab, "alloc_pages GFP_KERNEL -> p");
  make(*lab, "get_page p");
  make(*lab, "folio_add_lru p");
  make(*lab, "free_pages p");
  Biography life(*lab, pfn_t{p});
  while (!life.advance(50)) {}
  std::string told;
  bool branch = false;
  for (const LifeEvent &e : life.events()) {
    branch = branch || e.what == Life::on_cpu;
    if (!branch) continue;
    told += std::string(life_name(e.what)) + ' ';
    if (e.what == Life::allocated) CHECK(e.number == gfp::KERNEL);
    if (e.what == Life::references) CHECK((e.number == 1 || e.number == 2));
  }
  CAPTURE(told);
  CHECK(told.find("on_cpu allocated ") != std::string::npos);
  CHECK(told.find("references lru ") != std::string::npos);
}

TEST_CASE("holdings: what a workload takes is its own, and what it reclaims is one's own no more") {
  auto lab = booted();
  Holdings mine;
  const u64 p = make(*lab, "alloc_pages GFP_HIGHUSER_MOVABLE -> p");
  make(*lab, "alloc_pages GFP_HIGHUSER_MOVABLE -> q");
  make(*lab, "folio_add_lru p");
  CHECK(mine.at(*lab).size() == 2);
  u64 calls = 0;
  for (; calls < 200 && lab->state().pages.block(pfn_t{p}) && mine.at(*lab).size() == 2; ++calls)
    make(*lab, "workload files 20000");
  for (const Holding &h : mine.at(*lab)) CHECK(lab->bindings()[h.slot] == "q");
  CHECK(mine.at(*lab).size() == 1);
}

TEST_CASE("lab: a seek in slices arrives where one at once does") {
  auto lab = booted();
  const u64 from = lab->size();
  for (int i = 0; i < 20; ++i) make(*lab, "workload mixed 500");
  lab->seek({from + 7, 5});
  const u64 digest = lab->digest();
  lab->seek({0, 0});
  while (!lab->seek_some({from + 7, 5}, 1)) {}
  CHECK(lab->digest() == digest);
  CHECK(lab->position() == Position{from + 7, 5});
}
