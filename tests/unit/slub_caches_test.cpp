// Caches: the boot, merging, shrinking, destroying, kmalloc.
#include "mm/slub.hpp"

#include "support/slub_bench.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

TEST_CASE("slub boot: caches are made of caches") {
  SlubBench b;
  CHECK(b.slub.state() == slab_state::FULL);
  std::vector<std::string> oldest_first;
  b.slub.for_each_cache([&](cache_id, const KmemCache &s) { oldest_first.insert(oldest_first.begin(), s.name); });
  REQUIRE(oldest_first.size() == 2 + 4 * 13);
  // 96 follows 64, 192 follows 128; normal, counted, reclaimable, DMA
  const std::vector<std::string> head(oldest_first.begin(), oldest_first.begin() + 16);
  CHECK(head == std::vector<std::string>{"kmem_cache", "kmem_cache_node", "kmalloc-8", "kmalloc-16", "kmalloc-32",
                                         "kmalloc-64", "kmalloc-96", "kmalloc-128", "kmalloc-192", "kmalloc-256",
                                         "kmalloc-512", "kmalloc-1k", "kmalloc-2k", "kmalloc-4k", "kmalloc-8k",
                                         "kmalloc-cg-8"});
  CHECK(oldest_first[28] == "kmalloc-rcl-8");
  CHECK(oldest_first.back() == "dma-kmalloc-8k");
  // every cache's struct is an object of kmem_cache, its lists one of kmem_cache_node: 54 of each
  const cache_id kc = *b.slub.find_cache("kmem_cache"), kn = *b.slub.find_cache("kmem_cache_node");
  u32 caches = 0, nodes = 0;
  b.slub.for_each_slab([&](u32, const Slab &s) {
    for (u16 o = 0; o < s.objects; ++o)
      if (b.slub.in_use(s, o))
        (s.cache == kc ? caches : s.cache == kn ? nodes : nodes) += s.cache == kc || s.cache == kn;
  });
  CHECK(caches == 54);
  CHECK(nodes == 54);
  CHECK(b.slub.cache(kc).self.v != 0);
  CHECK(b.slub.slab(b.slub.object_at(b.slub.cache(kn).nodes[0].object).slab).cache == kn); // its own lists too
  CHECK(b.slub.cache(kn).refcount == -1);
  CHECK(b.slub.cache(*b.slub.find_cache("kmalloc-64")).refcount == -1); // counted and not counted do not merge
  CHECK(b.slub.cache(*b.slub.find_cache("kmalloc-cg-64")).refcount == 1);
}

TEST_CASE("slub boot: without counting there are two kinds less to ask for") {
  SlubRules plain;
  plain.memcg_kmem = plain.zone_dma = false;
  SlubBench b({.rules = plain});
  CHECK_FALSE(b.slub.find_cache("kmalloc-cg-64"));
  CHECK_FALSE(b.slub.find_cache("dma-kmalloc-64"));
  CHECK(b.slub.cache(*b.slub.find_cache("kmalloc-64")).refcount == 1);
}

TEST_CASE("slub: a cache that fits another's slots is only a second name for it") {
  SlubBench b;
  const cache_id first = b.create({.name = "first", .size = 190});
  const cache_id second = b.create({.name = "second", .size = 186});
  CHECK(second == first); // both make slots of 192
  const KmemCache &s = b.slub.cache(first);
  CHECK(s.refcount == 2);
  CHECK(s.aliases == std::vector<std::string>{"second"});
  CHECK(b.slub.find_cache("second") == first);
  CHECK(b.create({.name = "larger", .size = 192}) == first);
  CHECK(s.layout.object_size == 192);
  // 184 would waste a word a slot; aligned to 64 it fits again
  CHECK(b.create({.name = "smaller", .size = 184}) != first);
  CHECK(b.create({.name = "aligned", .size = 184, .flags = slab_flag::HWCACHE_ALIGN}) == first);
  // what differs in these cannot share
  for (const slab_flags_t f : {slab_flag::RECLAIM_ACCOUNT, slab_flag::ACCOUNT, slab_flag::CACHE_DMA,
                               slab_flag::TYPESAFE_BY_RCU, slab_flag::NOLEAKTRACE})
    CHECK(b.create({.name = "other", .size = 190, .flags = f}) != first);
  CHECK(b.create({.name = "constructed", .size = 190, .ctor = true}) != first);
  CHECK(b.create({.name = "copied", .size = 190, .usersize = 8}) != first);
}

TEST_CASE("slub: merging takes the oldest cache that fits, and never with slab_nomerge or debugging") {
  SlubBench b;
  const cache_id a = b.create({.name = "a", .size = 320, .ctor = true});
  const cache_id c = b.create({.name = "c", .size = 328});
  const cache_id d = b.create({.name = "d", .size = 328, .usersize = 1});
  CHECK(a != c);
  CHECK(c != d);
  CHECK(b.create({.name = "e", .size = 328}) == c);
  for (const char *line : {"slab_nomerge", "slub_debug=Z", "slub_debug=U"}) {
    SlubRules r;
    read_slub_params(r, line);
    SlubBench n({.rules = r});
    CHECK(n.create({.name = "a", .size = 320}) != n.create({.name = "b", .size = 320}));
  }
}

TEST_CASE("slub: what a cache must not be") {
  SlubBench b;
  const auto refusal = [&](const CacheRequest &r) {
    return b.call([&](const SlabEnv &e) { return b.slub.kmem_cache_create(e, r); }).refusal;
  };
  CHECK(refusal({.name = "x", .size = 0}).find("no size") != std::string::npos);
  CHECK(refusal({.name = "x", .size = 8, .align = 24}).find("alignment") != std::string::npos);
  CHECK(refusal({.name = "x", .size = 8, .flags = slab_flag::KMALLOC}).find("flags") != std::string::npos);
  CHECK(refusal({.name = "x", .size = u32{5} << 20}).find("no order") != std::string::npos);
}

TEST_CASE("slub: shrink gives back what is empty and puts the fullest slabs first") {
  SlubBench b;
  const cache_id c = b.create({.name = "big", .size = 4096});
  const auto o = b.alloc_many(c, 33);
  (void)b.shape(c);
  const auto keep = [&](u32 slab, u32 n) { // of its 8 objects
    for (u32 i = n; i < 8; ++i) b.free(c, o[slab * 8 + i]);
  };
  keep(0, 2);
  keep(1, 0);
  keep(2, 7);
  keep(3, 5);
  CHECK_FALSE(b.call([&](const SlabEnv &e) { return b.slub.kmem_cache_shrink(e, c); }));
  CHECK(b.discards() == "B");
  CHECK(b.shape(c) == "node0 partial C7/8 D5/8 A2/8 E1/8");
  for (const phys_addr_t x : o)
    if (const auto at = b.slub.object_at(x); at.slab != 0 && b.slub.in_use(b.slub.slab(at.slab), at.object))
      b.free(c, x);
  CHECK(b.call([&](const SlabEnv &e) { return b.slub.kmem_cache_shrink(e, c); }));
  CHECK(b.shape(c) == "");
}

TEST_CASE("slub: destroy drops a reference, and the cache with the last one, unless objects are left") {
  SlubBench b({.random = true});
  const u64 pages = b.free_pages();
  const auto in_kmem_cache = [&] { return b.slub.counts(*b.slub.find_cache("kmem_cache")).active_objs; };
  const auto destroy = [&](cache_id id) {
    return b.call([&](const SlabEnv &e) { return b.slub.kmem_cache_destroy(e, id); });
  };
  const cache_id c = b.create({.name = "a", .size = 4000});
  CHECK(b.create({.name = "b", .size = 4000}) == c);
  CHECK(destroy(c).ok());
  CHECK(b.slub.cache(c).refcount == 1);
  const phys_addr_t o = b.alloc(c);
  const SlabResult busy = destroy(c);
  CHECK(busy.verdict == SlabVerdict::reported);
  REQUIRE(busy.report.size() == 4);
  CHECK(busy.report[0] == "BUG a (Not tainted): Objects remaining in a on __kmem_cache_shutdown()");
  CHECK(busy.report[2].starts_with("Object 0xffff888"));
  CHECK(busy.report[3] == "kmem_cache_destroy a: Slab cache still has objects");
  CHECK(b.slub.caches()[c].alive);
  b.free(c, o);

  const u64 active = in_kmem_cache();
  const cache_id d = b.create({.name = "d", .size = 2000});
  CHECK(in_kmem_cache() >= active);
  b.free(d, b.alloc(d));
  CHECK(destroy(d).ok());
  CHECK_FALSE(b.slub.caches()[d].alive);
  CHECK_FALSE(b.slub.find_cache("d"));
  (void)pages;
}

TEST_CASE("kmalloc: bytes of a cache, whole pages beyond the largest, and the pointer for nothing") {
  SlubBench b;
  const auto kmalloc = [&](u64 n, gfp_t g) {
    return b.call([&](const SlabEnv &e) { return b.slub.kmalloc(e, n, g); });
  };
  const auto kfree = [&](phys_addr_t o) { return b.call([&](const SlabEnv &e) { return b.slub.kfree(e, o); }); };
  const auto name_of = [&](phys_addr_t o) { return b.slub.cache(b.slub.slab(b.slub.object_at(o).slab).cache).name; };
  const phys_addr_t o = kmalloc(100, gfp::KERNEL).object;
  CHECK(name_of(o) == "kmalloc-128");
  CHECK(name_of(kmalloc(100, gfp::KERNEL_ACCOUNT).object) == "kmalloc-cg-128");
  CHECK(name_of(kmalloc(90, gfp::KERNEL | gfp::RECLAIMABLE).object) == "kmalloc-rcl-96");
  CHECK(kfree(o).ok());
  CHECK(kmalloc(100, gfp::KERNEL).object == o);
  CHECK(kmalloc(0, gfp::KERNEL).object == zero_size_ptr);
  CHECK(kfree(zero_size_ptr).ok());
  CHECK(kfree({}).ok());

  const u64 before = b.free_pages();
  const SlabResult large = kmalloc(8193, gfp::KERNEL); // 4 pages
  CHECK(large.path == SlabPath::large);
  CHECK(b.free_pages() == before - 4);
  CHECK(b.slub.object_at(large.object).slab == 0);
  CHECK(kfree(large.object + 4096).verdict == SlabVerdict::unnoticed);
  CHECK(kfree(large.object).ok());
  CHECK(b.free_pages() == before);
  CHECK(kfree(large.object).verdict == SlabVerdict::unnoticed);
  CHECK(kmalloc(u64{1} << 40, gfp::KERNEL).verdict == SlabVerdict::no_memory);
}
