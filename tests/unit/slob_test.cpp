// SLOB: blocks of units, first fit, split and merge, kmalloc's header; and random requests against who holds what.
#include "mm/slob.hpp"

#include "base/prng.hpp"
#include "base/text.hpp"
#include "support/naive_page_source.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

namespace {

u64 digest(const SlobHeap &h) {
  Digest d;
  h.add_to(d);
  return d.value();
}
// Free blocks of a page: "offset+units", in units.
std::string blocks(const SlobHeap &h, u64 page) {
  std::string s;
  for (const SlobBlock &b : h.pages().at(page).free) append(s, s.empty() ? "" : " ", b.offset, '+', b.units);
  return s;
}

struct Bench {
  explicit Bench(const SlobRules &rules = {}, u64 pages = 64) : source(pages), heap(nullptr, rules) {}
  template <class F> std::string told(F &&call) {
    SlobHeap folded = heap;
    Trace t;
    call(SlobEnv{source, &t});
    std::string s;
    for (const Event &e : t.events()) {
      folded.fold(e);
      const std::string line = to_text(t, e);
      if (line.starts_with("lab_slob_")) append(s, line.substr(9), '\n');
    }
    CHECK(digest(folded) == digest(heap));
    CHECK(heap.verify() == "");
    CHECK_FALSE(source.twice);
    u64 large = 0;
    for (const auto &[page, order] : heap.large()) large += u64{1} << order;
    CHECK(source.used() == heap.pages().size() + large);
    return s;
  }
  phys_addr_t alloc(u64 size, u32 align = 0) {
    phys_addr_t a;
    told([&](const SlobEnv &e) { a = heap.alloc(e, size, align, gfp::KERNEL); });
    return a;
  }
  void free(phys_addr_t a, u64 size) {
    REQUIRE(heap.why_not_free(a, size) == "");
    told([&](const SlobEnv &e) { heap.free(e, a, size); });
  }
  phys_addr_t kmalloc(u64 size) {
    phys_addr_t a;
    told([&](const SlobEnv &e) { a = heap.kmalloc(e, size, gfp::KERNEL); });
    return a;
  }
  void kfree(phys_addr_t a) {
    REQUIRE(heap.why_not_kfree(a) == "");
    told([&](const SlobEnv &e) { heap.kfree(e, a); });
  }
  LowestPages source;
  SlobHeap heap;
};

} // namespace

TEST_CASE("slob: a page is cut from its beginning") {
  Bench b;
  CHECK(b.told([&](const SlobEnv &e) { CHECK(b.heap.alloc(e, 100, 0, gfp::KERNEL).v == 0x1000); }) ==
        "page_add page=0x1 list=0\ntake page=0x1 offset=0 units=50\n");
  CHECK(blocks(b.heap, 1) == "50+1998");
  CHECK(b.alloc(3).v == 0x1000 + 100); // two units
  CHECK(blocks(b.heap, 1) == "52+1996");
  CHECK(b.alloc(10, 64).v == 0x1000 + 128); // the units in front stay free
  CHECK(blocks(b.heap, 1) == "52+12 69+1979");
  CHECK(b.alloc(24).v == 0x1000 + 104); // exactly what was left in front
  CHECK(blocks(b.heap, 1) == "69+1979");
}

TEST_CASE("slob: neighbours grow together, an empty page goes at once") {
  Bench b;
  const phys_addr_t a = b.alloc(100), c = b.alloc(100), d = b.alloc(100);
  b.free(a, 100);
  CHECK(blocks(b.heap, 1) == "0+50 150+1898");
  b.free(d, 100);
  CHECK(blocks(b.heap, 1) == "0+50 100+1948");
  CHECK(b.told([&](const SlobEnv &e) { b.heap.free(e, c, 100); }) ==
        "put page=0x1 offset=50 units=50\npage_del page=0x1\n");
  CHECK(b.source.used() == 0);
  CHECK(b.heap.pages().empty());
}

TEST_CASE("slob: three lists, by the size of the request") {
  Bench b;
  CHECK(b.alloc(255).v == 0x1000);
  CHECK(b.alloc(256).v == 0x2000);
  CHECK(b.alloc(1023).v == 0x2000 + 256);
  CHECK(b.alloc(1024).v == 0x3000);
  CHECK(b.heap.list(SlobList::small) == std::vector<u64>{1});
  CHECK(b.heap.list(SlobList::medium) == std::vector<u64>{2});
  CHECK(b.heap.list(SlobList::large) == std::vector<u64>{3});
}

TEST_CASE("slob: a full page leaves its list and comes back by the size of what is freed") {
  Bench b;
  const phys_addr_t p = b.alloc(2000), q = b.alloc(2000), r = b.alloc(96);
  REQUIRE(r.v == 0x2000); // of another list
  CHECK(b.told([&](const SlobEnv &e) { CHECK(b.heap.alloc(e, 2200, 0, gfp::KERNEL).v == 0x3000); }) ==
        "look page=0x1 free=48 units=1100 fits=0\npage_add page=0x3 list=2\ntake page=0x3 offset=0 units=1100\n");
  b.free(q, 2000);
  CHECK(b.alloc(2096).v == 0x1000 + 2000);
  CHECK(b.heap.pages().at(1).list == SlobList::full);
  CHECK(b.heap.list(SlobList::large) == std::vector<u64>{3});
  CHECK(b.told([&](const SlobEnv &e) { b.heap.free(e, p, 2000); }) ==
        "put page=0x1 offset=0 units=1000\nlist page=0x1 list=2\n");
  CHECK(b.heap.list(SlobList::large) == std::vector<u64>{1, 3});
}

TEST_CASE("slob: the next search begins at the page that served the last one") {
  Bench b;
  // Seven of 584 bytes fill a page but for 8 bytes. Pages 1 to 3, newest first.
  std::vector<phys_addr_t> taken;
  for (unsigned i = 0; i < 21; ++i) taken.push_back(b.alloc(584));
  const std::vector<u64> &list = b.heap.list(SlobList::medium);
  CHECK(list == std::vector<u64>{3, 2, 1});
  b.free(taken[8], 584); // a hole in page 2
  CHECK(b.told([&](const SlobEnv &e) { CHECK(b.heap.alloc(e, 584, 0, gfp::KERNEL) == taken[8]); }) ==
        "look page=0x3 free=4 units=292 fits=0\nlook page=0x2 free=296 units=292 fits=1\n"
        "take page=0x2 offset=292 units=292\nrotate page=0x2 list=1\n");
  CHECK(list == std::vector<u64>{2, 1, 3}); // turned, not moved
}

TEST_CASE("slob: what a free block holds") {
  Bench b;
  const phys_addr_t one = b.alloc(2), keep = b.alloc(2), three = b.alloc(6), last = b.alloc(2);
  b.free(one, 2);
  b.free(three, 6);
  CHECK(keep.v + 2 == three.v);
  CHECK(last.v == three.v + 6);
  const SlobPage &p = b.heap.pages().at(1);
  CHECK(b.heap.words_of(p, 0) == std::vector<i64>{-2}); // one unit: where the next begins, negative
  CHECK(b.heap.words_of(p, 1) == std::vector<i64>{3, 6});
  CHECK(b.heap.words_of(p, 2) == std::vector<i64>{2042, 2048}); // the last points behind the page
}

TEST_CASE("slob: kmalloc puts the size in front, and pages stand alone") {
  Bench b;
  CHECK(b.kmalloc(100).v == 0x1000 + 8);
  CHECK(b.heap.headers().at(0x1008) == 100);
  CHECK(blocks(b.heap, 1) == "54+1994");
  CHECK(b.kmalloc(64).v == 0x1000 + 128); // a power of two lies at a multiple of itself
  CHECK(b.kmalloc(4087).v == 0x2000 + 8); // 4095 bytes: one short of a page
  CHECK(b.kmalloc(4088).v == 0x3000);     // a page
  CHECK(b.heap.large().at(3) == 0);
  CHECK(b.kmalloc(8193).v == 0x4000); // four pages
  CHECK(b.heap.large().at(4) == 2);
  b.kfree(phys_addr_t{0x4000});
  b.kfree(phys_addr_t{0x3000});
  b.kfree(phys_addr_t{0x2008});
  b.kfree(phys_addr_t{0x1008});
  b.kfree(phys_addr_t{0x1080});
  CHECK(b.source.used() == 0);
  Bench old({.natural_align = false});
  old.kmalloc(100);
  CHECK(old.kmalloc(64).v == 0x1000 + 108 + 4 + 8); // header at a multiple of 8
}

TEST_CASE("slob: misuse is said") {
  Bench b;
  const phys_addr_t a = b.alloc(100), k = b.kmalloc(40);
  CHECK(b.heap.why_not_free(a, 50).starts_with("the object has 100 bytes, not 50"));
  CHECK(b.heap.why_not_free(a + 2, 98).starts_with("no object begins here"));
  CHECK(b.heap.why_not_free(phys_addr_t{0x9000}, 4) == "this page is not SLOB's");
  CHECK(b.heap.why_not_free(k - 8, 48) == "kmalloc gave this: kfree takes it back");
  CHECK(b.heap.why_not_kfree(a).starts_with("kmalloc has not given this"));
  const phys_addr_t pages = b.kmalloc(8192);
  CHECK(b.heap.why_not_kfree(pages) == "");
}

TEST_CASE("slob: no memory") {
  Bench b({}, 4);
  unsigned n = 0;
  while (b.alloc(1000).v != 0) ++n;
  CHECK(n == 3 * 4);
  CHECK(b.kmalloc(4096).v == 0);
}

TEST_CASE("slob: random requests") {
  for (u64 seed = 1; seed <= 6; ++seed) {
    CAPTURE(seed);
    Bench b({.natural_align = seed % 2 == 0}, 256);
    Prng random(seed);
    std::map<u64, std::pair<u64, bool>> held; // address: size, by kmalloc
    for (unsigned i = 0; i < 1500; ++i) {
      if (random.below(5) < 3) {
        const u64 size = 1 + random.below(random.below(4) == 0 ? 5000 : 300);
        const bool bytes = random.below(2) == 0 || size > 4096;
        const u32 align = random.below(3) == 0 ? u32{1} << random.below(7) : 0;
        const phys_addr_t a = bytes ? b.kmalloc(size) : b.alloc(size, align);
        if (a.v == 0) continue;
        if (!bytes && align != 0) CHECK(a.v % align == 0);
        if (bytes) CHECK(a.v % 8 == 0);
        const auto next = held.lower_bound(a.v);
        if (next != held.end()) CHECK(a.v + size <= next->first);
        if (next != held.begin()) CHECK(std::prev(next)->first + std::prev(next)->second.first <= a.v);
        held[a.v] = {size, bytes};
      } else if (!held.empty()) {
        auto it = held.lower_bound(random.below(u64{256} << 12));
        if (it == held.end()) it = held.begin();
        if (it->second.second)
          b.kfree(phys_addr_t{it->first});
        else
          b.free(phys_addr_t{it->first}, it->second.first);
        held.erase(it);
      }
    }
    for (const auto &[a, h] : held) {
      if (h.second)
        b.kfree(phys_addr_t{a});
      else
        b.free(phys_addr_t{a}, h.first);
    }
    CHECK(b.source.used() == 0);
  }
}
