// SLUB's paths, one at a time. "big" has slabs of 8 objects, a CPU keeps 2 partial ones, a node 6 empty ones.
#include "mm/slub.hpp"

#include "support/slub_bench.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

using namespace mmscope;

namespace {
cache_id big(SlubBench &b) { return b.create({.name = "big", .size = 4096}); }
void free_all(SlubBench &b, cache_id c, std::span<const phys_addr_t> objects, u32 cpu = 0) {
  for (const phys_addr_t o : objects) CHECK(b.free(c, o, cpu).ok());
}
} // namespace

TEST_CASE("slub: a slab goes from empty to full to partial") {
  SlubBench b;
  const cache_id c = big(b);
  CHECK(b.shape(c) == "");
  const SlabResult first = b.get(c);
  CHECK(slab_path_name(first.path) == "new_slab");
  CHECK(b.shape(c) == "cpu0 slab A8/8+7"); // taken whole: 7 on the CPU's freelist
  std::vector<phys_addr_t> a{first.object};
  for (int i = 0; i < 7; ++i) {
    const SlabResult r = b.get(c);
    CHECK(slab_path_name(r.path) == "fast");
    CHECK(r.object == a.back() + 4096); // ascending
    a.push_back(r.object);
  }
  CHECK(b.shape(c) == "cpu0 slab A8/8+0");
  CHECK(b.path(c) == "new_slab");
  CHECK(b.shape(c) == "cpu0 slab B8/8+7 nowhere A8/8"); // a full slab is on no list
  b.free(c, a[3]);
  CHECK(b.shape(c) == "cpu0 slab B8/8+7 cpu0 chain A7/8");
  b.free(c, a[5]); // the slab is the CPU's already: only its own freelist grows
  CHECK(b.shape(c) == "cpu0 slab B8/8+7 cpu0 chain A6/8");
  b.alloc_many(c, 7);
  CHECK(b.get(c).object == a[5]); // freed last, given out first
  CHECK(b.shape(c) == "cpu0 slab A8/8+1 nowhere B8/8");
  CHECK(b.get(c).object == a[3]);
}

TEST_CASE("slub: an object freed to the CPU's own slab is the next to be given out") {
  SlubBench b;
  const cache_id c = big(b);
  const auto o = b.alloc_many(c, 3);
  b.free(c, o[0]);
  CHECK(b.shape(c) == "cpu0 slab A8/8+6");
  CHECK(b.alloc(c) == o[0]);
}

TEST_CASE("slub: another CPU frees to the slab's own freelist, and the owner takes that over when its own is empty") {
  SlubBench b({.cpus = 2});
  const cache_id c = big(b); // two CPUs: 8 objects yet, in 8 pages
  const auto o = b.alloc_many(c, 8);
  b.free(c, o[2], 1);
  b.free(c, o[6], 1);
  CHECK(b.shape(c) == "cpu0 slab A6/8+0");
  CHECK(b.path(c) == "refill");
  CHECK(b.shape(c) == "cpu0 slab A8/8+1");
  CHECK(b.alloc(c) == o[2]);
}

TEST_CASE("slub: a chain that is full goes to the node, in its order, and a new one begins") {
  SlubBench b;
  const cache_id c = big(b);
  const auto o = b.alloc_many(c, 33); // A B C D full, E the CPU's
  CHECK(b.shape(c) == "cpu0 slab E8/8+7 nowhere A8/8 B8/8 C8/8 D8/8");
  b.free(c, o[0]);
  b.free(c, o[8]);
  CHECK(b.shape(c) == "cpu0 slab E8/8+7 cpu0 chain B7/8 A7/8 nowhere C8/8 D8/8");
  b.free(c, o[16]);
  CHECK(b.shape(c) == "cpu0 slab E8/8+7 cpu0 chain C7/8 node0 partial B7/8 A7/8 nowhere D8/8");
}

TEST_CASE("slub: a CPU that finds nothing takes the node's first slab, and more for its chain") {
  SlubBench b({.cpus = 2});
  const cache_id c = big(b);
  const auto o = b.alloc_many(c, 41);
  for (const u32 i : {0u, 8u, 16u, 24u, 32u}) b.free(c, o[i]); // E stays in the chain, A to D are drained
  CHECK(b.shape(c) == "cpu0 slab F8/8+7 cpu0 chain E7/8 node0 partial B7/8 A7/8 D7/8 C7/8");
  // the first for itself, then until more than half of cpu_partial_slabs (2) are in the chain
  CHECK(b.path(c, 1) == "node_partial");
  CHECK(b.shape(c) == "cpu0 slab F8/8+7 cpu0 chain E7/8 cpu1 slab B8/8+0 cpu1 chain D7/8 A7/8 node0 partial C7/8");
  CHECK(b.path(c, 1) == "cpu_partial");
}

TEST_CASE("slub: a node keeps min_partial empty slabs, the rest goes back to the page allocator") {
  SlubBench b;
  const cache_id c = big(b);
  const auto o = b.alloc_many(c, 81);
  (void)b.shape(c); // letters A to K
  const u64 before = b.free_pages();
  free_all(b, c, std::span(o).first(64)); // A to H
  CHECK(b.shape(c) ==
        "cpu0 slab K8/8+7 cpu0 chain H0/8 G0/8 node0 partial B0/8 A0/8 D0/8 C0/8 F0/8 E0/8 nowhere I8/8 J8/8");
  CHECK(b.free_pages() == before);
  CHECK(b.free(c, o[64]).ok()); // I: the chain is full, and the node has its six
  CHECK(b.discards() == "G H"); // last in, first out
  CHECK(b.shape(c) == "cpu0 slab K8/8+7 cpu0 chain I7/8 node0 partial B0/8 A0/8 D0/8 C0/8 F0/8 E0/8 nowhere J8/8");
  CHECK(b.free_pages() == before + 16);
}

TEST_CASE("slub: a slab on the node's list that becomes empty goes back only beyond min_partial") {
  SlubBench b;
  const cache_id c = big(b);
  const auto o = b.alloc_many(c, 73);
  for (u32 s = 0; s < 9; ++s) b.free(c, o[s * 8]); // nine slabs partial: I in the chain, the rest on the node
  CHECK(b.shape(c) == "cpu0 slab J8/8+7 cpu0 chain I7/8 node0 partial B7/8 A7/8 D7/8 C7/8 F7/8 E7/8 H7/8 G7/8");
  std::string gone;
  for (u32 s = 0; s < 4; ++s)
    for (u32 i = 1; i < 8; ++i) {
      b.free(c, o[s * 8 + i]);
      gone += b.discards();
    }
  CHECK(gone == "ABC"); // eight, seven and six others
  CHECK(b.shape(c) == "cpu0 slab J8/8+7 cpu0 chain I7/8 node0 partial D0/8 F7/8 E7/8 H7/8 G7/8");
}

TEST_CASE("slub: a wish for a node gives up the CPU's slab, whose remote frees send it to the tail") {
  SlubBench b({.cpus = 2, .nodes = 2});
  const cache_id c = big(b);
  const auto o = b.alloc_many(c, 2);
  CHECK(b.path(c, 0, 1) == "new_slab");
  CHECK(b.shape(c) == "cpu0 slab B8/8+7 node0 partial A2/8");
  CHECK(b.slub.slab(b.slub.cache(c).cpus[0].slab).nid == 1);
  b.free(c, o[0]); // A: on its list, unfrozen
  CHECK(b.shape(c) == "cpu0 slab B8/8+7 node0 partial A1/8");
  CHECK(b.path(c, 0, 0) == "node_partial");
  CHECK(b.shape(c) == "cpu0 slab A8/8+6 node1 partial B1/8");
  // a node without memory of its own is no wish at all
  CHECK(b.path(c, 0, 5) == "fast");
}

TEST_CASE("slub: another node's slabs are taken only beyond what that node keeps") {
  SlubBench b({.cpus = 2, .nodes = 2});
  const cache_id c = big(b);
  const auto o = b.alloc_many(c, 8 * 9 + 1);
  const auto free_one_of = [&](u32 slab) { b.free(c, o[slab * 8]); };
  for (u32 s = 0; s < 7; ++s) free_one_of(s); // six on node 0, one in the chain
  CHECK(b.slub.cache(c).nodes[0].nr_partial == 6);
  CHECK(b.path(c, 1) == "new_slab"); // not more than min_partial
  free_one_of(7);
  free_one_of(8);
  CHECK(b.slub.cache(c).nodes[0].nr_partial == 8);
  const auto rest = b.alloc_many(c, 7, 1);
  CHECK(b.path(c, 1) == "other_node");
}

TEST_CASE("slub: short of large blocks a slab is made of the smallest order") {
  // 512 bytes: order 1 on 2 CPUs, order 0 will do
  SlubBench b({.cpus = 2, .pages = 1024});
  const cache_id c = b.create({.name = "half", .size = 512});
  CHECK(u32{b.slub.cache(c).layout.order} == 1);
  std::vector<phys_addr_t> pages;
  // every other page in use: nothing but order 0 is free
  const cache_id page = b.create({.name = "page", .size = 4096, .flags = slab_flag::NOLEAKTRACE});
  CHECK(u32{b.slub.cache(page).layout.order} == 3);
  for (SlabResult r = b.get(c); r.ok(); r = b.get(c)) pages.push_back(r.object);
  u32 small = 0, usual = 0;
  b.slub.for_each_slab([&](u32, const Slab &s) {
    if (s.cache == c) (s.order == 0 ? small : usual) += 1;
  });
  CHECK(usual > 0);
  CHECK(small > 0);
  const SlabResult none = b.get(c);
  CHECK(none.verdict == SlabVerdict::no_memory);
  REQUIRE(none.report.size() >= 3);
  CHECK(none.report[0] == "SLUB: Unable to allocate memory on node -1, gfp=0xcc0(GFP_KERNEL)");
  CHECK(none.report[1] == "  cache: half, object size: 512, buffer size: 512, default order: 1, min order: 0");
  CHECK(b.get(c, 0, no_node, gfp::KERNEL | gfp::NOWARN).report.empty());
}

TEST_CASE("slub: the freelist is drawn as it is stored: mixed with the cache's number and its own place") {
  SlubBench b;
  const cache_id c = big(b);
  b.alloc(c);
  const KmemCache &k = b.slub.cache(c);
  const Slab &s = b.slub.slab(k.cpus[0].slab);
  const u64 place = b.slub.virtual_of(b.slub.address_of(s, 1)) + k.layout.offset;
  const u64 next = b.slub.virtual_of(b.slub.address_of(s, 2));
  CHECK(k.random != 0);
  CHECK((b.slub.stored_free_pointer(s, 1) ^ k.random ^ __builtin_bswap64(place)) == next);
  CHECK((b.slub.stored_free_pointer(s, 7) ^ k.random) ==
        __builtin_bswap64(b.slub.virtual_of(b.slub.address_of(s, 7)) + k.layout.offset));
}

TEST_CASE("slub: random freelists give out every object once, from another place on in every slab") {
  SlubBench b({.random = true});
  const cache_id c = b.create({.name = "x", .size = 256});
  const auto o = b.alloc_many(c, 8 * 16);
  std::vector<u64> first; // the order of the first slab's objects; the others' begin elsewhere in the same circle
  std::set<u64> starts;
  for (std::size_t slab = 0; slab < 8; ++slab) {
    std::vector<u64> order;
    for (std::size_t i = 0; i < 16; ++i) order.push_back((o[slab * 16 + i].v & 4095) / 256);
    starts.insert(order[0]);
    if (slab == 0) first = order;
    std::rotate(order.begin(), std::find(order.begin(), order.end(), first[0]), order.end());
    CHECK(order == first);
  }
  CHECK(starts.size() > 3);
  CHECK_FALSE(std::is_sorted(first.begin(), first.end()));
  std::sort(first.begin(), first.end());
  for (u64 i = 0; i < 16; ++i) CHECK(first[i] == i);
  // the sequence itself is bytes of kmalloc: 16 numbers, 64 bytes
  CHECK(b.slub.cache(c).random_object.v != 0);
  CHECK(b.slub.cache(b.slub.slab(b.slub.object_at(b.slub.cache(c).random_object).slab).cache).name == "kmalloc-64");
}

TEST_CASE("slub: a CPU that dies gives back what it held") {
  SlubBench b({.cpus = 2});
  const cache_id c = big(b);
  const auto o = b.alloc_many(c, 17, 1);
  b.free(c, o[0], 1);
  CHECK(b.shape(c) == "cpu1 slab C8/8+7 cpu1 chain A7/8 nowhere B8/8");
  b.call([&](const SlabEnv &e) { b.slub.cpu_dead(e, 1); });
  CHECK(b.shape(c) == "node0 partial C1/8 A7/8 nowhere B8/8");
}
