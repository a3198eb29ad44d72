// SLAB running, by the rules of its eras: where objects come from and go to, what the allocator needs for itself.
#include "mm/slab_old.hpp"

#include "base/text.hpp"
#include "support/naive_page_source.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace mmscope;

namespace {

u64 digest(const SlabHeap &h) {
  Digest d;
  h.add_to(d);
  return d.value();
}

struct Bench {
  explicit Bench(std::string_view rules, u32 cpus = 1, u64 pages = 4096, u32 cache_line = 32) : source(pages) {
    SlabHeapMachine m;
    m.layout = {.word = 4, .cache_line = cache_line};
    m.cpu_node.assign(cpus, 0);
    told([&](const SlabHeapEnv &e) { heap.boot(e, *find_slab_rules(rules), m); });
  }
  // A call; its events over the state before give the state after.
  template <class F> std::string told(F &&call, u32 cpu = 0) {
    SlabHeap folded = heap;
    Trace t;
    call(SlabHeapEnv{source, &t, cpu});
    std::string s;
    for (const Event &e : t.events()) {
      folded.fold(e, t);
      const std::string line = to_text(t, e);
      if (line.starts_with("lab_oldslab_")) append(s, line.substr(12), '\n');
    }
    CHECK(digest(folded) == digest(heap));
    CHECK(heap.verify() == "");
    CHECK_FALSE(source.twice);
    u64 pages = 0;
    heap.for_each_slab([&](const OldSlab &slab) { pages += u64{1} << heap.caches()[slab.cache].layout.order; });
    CHECK(source.used() == pages);
    return s;
  }
  void late() {
    told([&](const SlabHeapEnv &e) { heap.late(e); });
  }
  u32 create(std::string_view name, const SlabShape &shape) {
    std::optional<u32> c;
    told([&](const SlabHeapEnv &e) { c = heap.create(e, {std::string(name), shape}).cache; });
    REQUIRE(c);
    return *c;
  }
  phys_addr_t alloc(u32 cache, u32 cpu = 0) {
    phys_addr_t a;
    told([&](const SlabHeapEnv &e) { a = heap.alloc(e, cache, gfp::KERNEL); }, cpu);
    return a;
  }
  void free(u32 cache, phys_addr_t a, u32 cpu = 0) {
    REQUIRE(heap.why_not_free(cache, a) == "");
    told([&](const SlabHeapEnv &e) { heap.free(e, cache, a); }, cpu);
  }
  u32 find(std::string_view name) const {
    for (const u32 c : heap.chain())
      if (heap.caches()[c].name == name) return c;
    FAIL("no cache ", name);
    return 0;
  }
  u64 used(std::string_view name) const {
    const u32 cache = find(name);
    u64 n = 0;
    heap.for_each_slab([&](const OldSlab &s) {
      if (s.cache == cache) n += static_cast<u64>(std::count(s.is.begin(), s.is.end(), ObjectIs::used));
    });
    return n;
  }
  std::string counts(u32 cache) const { // active/all objects, active/all slabs
    const SlabHeap::Counts n = heap.counts(cache);
    return concat(n.active_objs, '/', n.num_objs, ' ', n.active_slabs, '/', n.num_slabs);
  }
  LowestPages source;
  SlabHeap heap;
};

} // namespace

TEST_CASE("slab_old: 2.4.22, the boot") {
  Bench b("2.4.22");
  CHECK(b.heap.caches().size() == 27);
  CHECK(b.heap.caches()[0].name == "kmem_cache");
  CHECK(b.heap.caches()[1].name == "size-32");
  CHECK(b.heap.caches()[26].name == "size-131072(DMA)");
  CHECK(b.counts(0) == "26/32 2/2"); // 16 of 244 bytes a page; its own is in the kernel image
  CHECK(b.source.used() == 2);
  b.late(); // one CPU: no arrays
  CHECK(b.heap.is_late());
  CHECK(b.source.used() == 2);
}

TEST_CASE("slab_old: 2.4.22, arrays of two CPUs") {
  Bench b("2.4.22", 2);
  b.late();
  // Two arrays each: of 252 pointers and 8 bytes for nine caches, of 124 for four, of 60 for four; none beyond a page.
  CHECK(b.used("size-1024") == 18);
  CHECK(b.used("size-512") == 8);
  CHECK(b.used("size-256") == 8);
  CHECK(b.heap.caches()[b.find("size-8192")].get(old_cache_field::limit) == 0);
  // Slabs of 512 and 1024 bytes have their books elsewhere: 24 + 8 * 4, and 24 + 4 * 4, to a cache line: size-64.
  CHECK(b.used("size-64") == 5 + 1);
  CHECK(b.source.used() == 2 + 5 + 1 + 1 + 1);
}

TEST_CASE("slab_old: 2.4.22, from free over partial to full and back") {
  Bench b("2.4.22");
  const u32 c = b.create("three", {.size = 1300}); // three a slab
  CHECK(b.told([&](const SlabHeapEnv &e) { CHECK(b.heap.alloc(e, c, gfp::KERNEL).v == 0x3000 + 64); }) ==
        "node_set cache=27 nid=0 which=3 value=1\n" // the next slab's colour
        "new cache=27 slab=0x3 nid=0 colour=0x0 books=0x0 objects=3 order=0\n"
        "cache_set cache=27 which=3 value=1\n"
        "list cache=27 slab=0x3 list=3 tail=1\n"
        "take cache=27 slab=0x3 object=0\n"
        "list cache=27 slab=0x3 list=2 tail=0\n");
  CHECK(b.alloc(c).v == 0x3000 + 64 + 1300);
  CHECK(b.told([&](const SlabHeapEnv &e) { b.heap.alloc(e, c, gfp::KERNEL); }) ==
        "take cache=27 slab=0x3 object=2\nlist cache=27 slab=0x3 list=1 tail=0\n");
  CHECK(b.counts(c) == "3/3 1/1");
  // Freed out of order: the last one freed is the first one given out.
  b.free(c, phys_addr_t{0x3000 + 64 + 1300});
  CHECK(b.told([&](const SlabHeapEnv &e) { b.heap.free(e, c, phys_addr_t{0x3000 + 64}); }) ==
        "put cache=27 slab=0x3 object=0\n");
  CHECK(b.alloc(c).v == 0x3000 + 64);
  b.free(c, phys_addr_t{0x3000 + 64});
  CHECK(b.told([&](const SlabHeapEnv &e) { b.heap.free(e, c, phys_addr_t{0x3000 + 64 + 2600}); }) ==
        "put cache=27 slab=0x3 object=2\nlist cache=27 slab=0x3 list=3 tail=0\n");
  CHECK(b.counts(c) == "0/3 0/1");
}

TEST_CASE("slab_old: 2.4.22, colours of neighbours") {
  Bench b("2.4.22");
  const u32 c = b.create("c", {.size = 128, .flags = slab_flag::HWCACHE_ALIGN}); // 30 a slab, three colours
  std::vector<u64> first;
  for (unsigned i = 0; i < 30 * 4; ++i)
    if (const phys_addr_t a = b.alloc(c); i % 30 == 0) first.push_back(a.v % 4096);
  CHECK(first == std::vector<u64>{160, 192, 224, 160});
}

TEST_CASE("slab_old: 2.4.22, misuse is said") {
  Bench b("2.4.22", 2);
  b.late();
  const u32 c = b.create("c", {.size = 100}), d = b.create("d", {.size = 100});
  const phys_addr_t a = b.alloc(c);
  CHECK(b.heap.why_not_free(d, a).starts_with("the object is of c, not of d"));
  CHECK(b.heap.why_not_free(c, a + 4).starts_with("this is not where an object of c begins"));
  CHECK(b.heap.why_not_free(c, phys_addr_t{4096 * 4000}).starts_with("no slab has this address"));
  b.free(c, a);
  CHECK(b.heap.why_not_free(c, a).find("waits in an array already") != std::string::npos);
  CHECK(b.heap.why_not_destroy(0) == "this is the cache of caches: BUG()");
  CHECK(b.heap.why_not_destroy(1) == "kmalloc needs size-32");
  std::string why;
  b.told([&](const SlabHeapEnv &e) { why = b.heap.create(e, {"c", {.size = 8}}).why_not; });
  CHECK(why == "there is a cache of this name: c");
}

TEST_CASE("slab_old: 2.4.22, an array is filled by a batch and gives up its newest") {
  Bench b("2.4.22", 2);
  b.late();
  const u32 c = b.create("c", {.size = 2000}); // limit 60, batch 30; two a page
  CHECK(b.heap.caches()[c].get(old_cache_field::limit) == 60);
  std::vector<phys_addr_t> taken;
  for (unsigned i = 0; i < 61; ++i) taken.push_back(b.alloc(c));
  // A new slab serves what it has, not a whole batch: the array is empty when the next one is made.
  CHECK(b.heap.caches()[c].cpus[0].entry.size() == 1);
  for (const phys_addr_t a : taken) b.free(c, a, 1);
  const ArrayCache &cpu1 = b.heap.caches()[c].cpus[1];
  REQUIRE(cpu1.entry.size() == 31); // 60, less 30, and the 61st
  CHECK(cpu1.entry[29] == taken[29].v);
  CHECK(cpu1.entry[30] == taken[60].v);
  CHECK(b.counts(c) == "32/62 16/31");
}

TEST_CASE("slab_old: 2.4.22, reap spares who has grown, and halves who has most") {
  Bench b("2.4.22");
  const u32 c = b.create("c", {.size = 1300}), d = b.create("d", {.size = 1300});
  std::vector<phys_addr_t> ca, da;
  for (unsigned i = 0; i < 9; ++i) ca.push_back(b.alloc(c));
  for (unsigned i = 0; i < 15; ++i) da.push_back(b.alloc(d));
  for (const phys_addr_t a : ca) b.free(c, a);
  for (const phys_addr_t a : da) b.free(d, a);
  const auto reap = [&] {
    u64 pages = 0;
    b.told([&](const SlabHeapEnv &e) { pages = b.heap.reap(e); });
    return pages;
  };
  const std::size_t caches = b.heap.chain().size(); // 29: the hand comes round every third time
  REQUIRE(caches == 29);
  CHECK(reap() == 0); // begins at the first cache, which is never reaped; then the newest: both have grown
  CHECK(reap() == 0);
  CHECK(reap() == 0);
  CHECK(b.counts(d) == "0/15 0/5");
  CHECK(reap() == 3); // half of five, rounded up
  CHECK(b.counts(d) == "0/6 0/2");
  CHECK(b.counts(c) == "0/9 0/3");
  u64 pages = 0;
  b.told([&](const SlabHeapEnv &e) { pages = b.heap.shrink(e, c); });
  CHECK(pages == 3);
  CHECK(b.counts(c) == "0/0 0/0");
}

TEST_CASE("slab_old: 2.6.24, the boot takes the first caches' arrays and lists out of the image") {
  Bench b("2.6.24", 1, 4096, 64);
  CHECK(b.heap.is_late());
  const auto name = [&](u32 c) { return b.heap.caches()[c].name; };
  CHECK(concat(name(0), ' ', name(1), ' ', name(2), ' ', name(3), ' ', name(4)) ==
        "kmem_cache size-32 size-64 size-32(DMA) size-64(DMA)");
  const u64 caches = b.heap.caches().size(); // 17 sizes of 32 … 4 MiB and 192, twice, and the first
  CHECK(caches == 1 + 2 * 19);
  CHECK(b.used("kmem_cache") == caches - 1);
  // Lists of 56 bytes, one a cache; arrays of 8 entries, for 8 to 128 KiB; books of the two slabs of size-512.
  CHECK(b.used("size-64") == caches + 10 + 2);
  CHECK(b.used("size-512") == 11); // arrays of 120 entries
  for (const OldCache &c : b.heap.caches()) {
    CHECK(c.nodes[0].get(old_node_field::self) != 0);
    CHECK(c.cpus[0].self.v != 0);
    CHECK(c.cpus[0].limit == c.layout.limit);
    CHECK(c.nodes[0].get(old_node_field::free_limit) == 2 * c.layout.batchcount + c.layout.num);
    CHECK(c.nodes[0].shared.limit == 0); // one CPU
  }
}

TEST_CASE("slab_old: 2.6.24, a shared array stands between the CPUs") {
  Bench b("2.6.24", 2);
  const u32 c = b.create("c", {.size = 2000}); // limit 24, batch 12, shared 96
  CHECK(b.heap.caches()[c].nodes[0].shared.limit == 96);
  std::vector<phys_addr_t> taken;
  for (unsigned i = 0; i < 30; ++i) taken.push_back(b.alloc(c));
  for (const phys_addr_t a : taken) b.free(c, a, 1);
  // CPU 1 held 24 when the 25th came: its oldest 12 went to the shared array.
  const OldCache &cache = b.heap.caches()[c];
  REQUIRE(cache.nodes[0].shared.entry.size() == 12);
  CHECK(cache.nodes[0].shared.entry[0] == taken[0].v);
  CHECK(cache.cpus[1].entry[0] == taken[12].v);
  // CPU 0 refills from it, the newest of the shared ones last.
  CHECK(cache.cpus[0].entry.empty());
  CHECK(b.alloc(c) == taken[11]);
  CHECK(cache.nodes[0].shared.entry.empty());
  CHECK(cache.cpus[0].entry.size() == 11);
  CHECK_FALSE(cache.nodes[0].shared.touched);
}

TEST_CASE("slab_old: 2.6.24, an idle array is refilled by 16") {
  Bench b("2.6.24");
  const u32 c = b.create("c", {.size = 64});
  b.alloc(c);
  CHECK(b.heap.caches()[c].cpus[0].entry.size() == 15);
  for (unsigned i = 0; i < 16; ++i) b.alloc(c);
  CHECK(b.heap.caches()[c].cpus[0].entry.size() == 43 - 1); // the rest of 59, below the batch of 60
}

TEST_CASE("slab_old: 2.6.24 gives slabs back beyond the limit of free objects, and by the timer") {
  for (const std::string_view rules : {"2.6.24", "5.15"}) {
    CAPTURE(rules);
    Bench b(rules);
    b.late();
    const u32 c = b.create("c", {.size = 2000}); // two a slab; limit 24, batch 12: free_limit 2 * 12 + 2
    const auto limit = b.heap.caches()[c].nodes[0].get(old_node_field::free_limit);
    CHECK(limit == 26);
    std::vector<phys_addr_t> taken;
    for (unsigned i = 0; i < 100; ++i) taken.push_back(b.alloc(c));
    for (const phys_addr_t a : taken) b.free(c, a);
    const SlabNodeLists &n = b.heap.caches()[c].nodes[0];
    CHECK(n.free_objects <= limit);
    CHECK(b.heap.counts(c).num_slabs < 50);
    const auto tick = [&](bool lists) {
      u64 pages = 0;
      b.told([&](const SlabHeapEnv &e) { pages = b.heap.reap(e, lists); });
      return pages;
    };
    const std::size_t waiting = b.heap.caches()[c].cpus[0].entry.size();
    tick(false); // the array was in use: it only loses the mark
    CHECK(b.heap.caches()[c].cpus[0].entry.size() == waiting);
    tick(false); // a fifth of 24, rounded up
    CHECK(b.heap.caches()[c].cpus[0].entry.size() == waiting - 5);
    const u64 slabs = n.length[static_cast<std::size_t>(OldSlabList::free)];
    tick(true); // free slabs were used of late: spared
    CHECK(n.get(old_node_field::free_touched) == 0);
    tick(true);
    CHECK(n.length[static_cast<std::size_t>(OldSlabList::free)] < slabs + 4);
  }
}

TEST_CASE("slab_old: 5.15, the boot") {
  Bench b("5.15", 2);
  CHECK(b.heap.caches()[1].name == "kmalloc-64"); // where struct kmem_cache_node goes
  CHECK_FALSE(b.heap.is_late());
  CHECK(b.heap.caches()[5].cpus[0].limit == 1);
  b.late();
  CHECK(b.heap.caches()[5].cpus[0].limit == 120);
  CHECK(b.heap.caches().size() == 1 + 3 * 20);
  CHECK(b.used("kmem_cache") == 60);
  CHECK(b.used("kmalloc-64") >= 61); // lists; beside them books of slabs, if any
  // Shared arrays: 8 batches. Up to 256 bytes: 480 pointers and 16 bytes.
  CHECK(b.used("kmalloc-2k") == 1 + 3 * 6);
  for (const OldCache &c : b.heap.caches()) CHECK(c.cpus[1].self.v == 0); // per-CPU memory
}

TEST_CASE("slab_old: 5.15, the indexes move with the last free object") {
  Bench b("5.15");
  b.late();
  const u32 c = b.create("c", {.size = 2048});
  CHECK(b.heap.caches()[c].layout.books == BooksPlace::in_object);
  const phys_addr_t a = b.alloc(c);
  const u32 slab = b.heap.slab_at(a);
  CHECK(b.heap.slab(slab).holder == SlabHeap::end_of_chain); // the batch took both
  CHECK(b.heap.slab(slab).list == OldSlabList::full);
}

TEST_CASE("slab_old: colours step before or after") {
  // 13 of 312 bytes and 13 indexes leave 27 bytes … with a line of 32 no colour; 288: 14, 64 left: two colours.
  for (const auto &row : {std::pair{"5.15", u64{32}}, std::pair{"2.6.24", u64{0}}}) {
    const auto rules = row.first;
    const u64 first = row.second;
    CAPTURE(rules);
    Bench b(rules);
    b.late();
    const u32 c = b.create("c", {.size = 512 - 32 * 4, .ctor = true});
    const CacheLayout &l = b.heap.caches()[c].layout;
    REQUIRE(l.colour > 1);
    const phys_addr_t a = b.alloc(c);
    CHECK(b.heap.slab(b.heap.slab_at(a)).colour == first);
  }
}

TEST_CASE("slab_old: two nodes have lists of their own") {
  LowestPages source(4096, 2);
  SlabHeap h;
  SlabHeapMachine m;
  m.cpu_node = {0, 1};
  m.nr_nodes = 2;
  const SlabHeapEnv zero{source, nullptr, 0}, one{source, nullptr, 1};
  h.boot(zero, *find_slab_rules("2.6.24"), m);
  CHECK(h.verify() == "");
  const auto c = h.create(zero, {"c", {.size = 512}}).cache;
  REQUIRE(c);
  const phys_addr_t a = h.alloc(zero, *c, gfp::KERNEL), b = h.alloc(one, *c, gfp::KERNEL),
                    d = h.alloc(zero, *c, gfp::KERNEL, 1);
  CHECK(h.slab(h.slab_at(a)).nid == 0);
  CHECK(h.slab(h.slab_at(b)).nid == 1);
  CHECK(h.slab(h.slab_at(d)).nid == 1);
  // What is not of the CPU's node goes to its slab at once.
  const std::size_t waiting = h.caches()[*c].cpus[0].entry.size();
  h.free(zero, *c, b);
  CHECK(h.caches()[*c].cpus[0].entry.size() == waiting);
  CHECK(h.why_not_free(*c, b).find("is free already") != std::string::npos);
  CHECK(h.verify() == "");
}

TEST_CASE("slab_old: no memory") {
  for (const std::string_view rules : {"2.4.22", "2.6.24", "5.15"}) {
    CAPTURE(rules);
    Bench b(rules, 1, 64);
    b.late();
    const u32 c = b.create("c", {.size = 4096});
    unsigned n = 0;
    while (b.alloc(c).v != 0 && n < 100) ++n;
    CHECK(n > 10);
    CHECK(n < 64);
    CHECK(b.alloc(c).v == 0);
  }
}
