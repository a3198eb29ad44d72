// SLUB's layout of a cache: each rule alone. The numbers stand in the sentences.
#include "mm/slub_layout.hpp"

#include "mm/kmalloc.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

namespace {
SlubRules cpus(u32 n) {
  SlubRules r;
  r.nr_cpu_ids = r.present_cpus = n;
  return r;
}
SlabLayout layout(u32 size, slab_flags_t flags = 0, bool ctor = false, const SlubRules &r = {}) {
  const auto l = make_layout(r, {size, calculate_alignment(r, flags, 0, size), ctor}, flags);
  REQUIRE(l);
  return *l;
}
} // namespace

TEST_CASE("slub layout: more CPUs want more objects in a slab") {
  // objects wanted: 1 CPU 8, 2 and 3: 12, 4 to 7: 16, 8 to 15: 20, 16 to 31: 24
  CHECK(slub_min_objects(cpus(1)) == 8);
  CHECK(slub_min_objects(cpus(3)) == 12);
  CHECK(slub_min_objects(cpus(4)) == 16);
  CHECK(slub_min_objects(cpus(16)) == 24);
  CHECK(calculate_order(cpus(1), 192) == 0u);
  CHECK(calculate_order(cpus(16), 192) == 1u);
  CHECK(calculate_order(cpus(1), 512) == 0u);
  CHECK(calculate_order(cpus(2), 512) == 1u);
  CHECK(calculate_order(cpus(8), 512) == 2u);
  CHECK(calculate_order(cpus(64), 8192) == 3u); // never above slub_max_order for want of objects
  SlubRules one_present = cpus(4);
  one_present.present_cpus = 1; // then it counts those that may come
  CHECK(slub_min_objects(one_present) == 16);
  SlubRules asked = cpus(4);
  asked.slub_min_objects = 30;
  CHECK(slub_min_objects(asked) == 30);
}

TEST_CASE("slub layout: an object larger than the largest usual slab gets an order of its own, or none") {
  CHECK(calculate_order(cpus(1), 32768) == 3u);
  CHECK(calculate_order(cpus(1), 32769) == 4u);
  CHECK(calculate_order(cpus(1), u32{4} << 20) == 10u);
  CHECK_FALSE(calculate_order(cpus(1), (u32{4} << 20) + 1));
  SlubRules least = cpus(1);
  least.slub_min_order = 2;
  CHECK(calculate_order(least, 64) == 2u);
}

TEST_CASE("slub layout: a free pointer lies in the middle of the object, behind it only when the object must stay") {
  CHECK(layout(192).offset == 96);
  CHECK(layout(100).offset == 48);
  CHECK(layout(100).size == 104);
  CHECK_FALSE(layout(100).free_pointer_outside());
  const SlabLayout ctor = layout(584, 0, true);
  CHECK(ctor.offset == 584);
  CHECK(ctor.size == 592);
  CHECK(ctor.free_pointer_outside());
  CHECK(layout(264, slab_flag::TYPESAFE_BY_RCU).size == 272);
}

TEST_CASE("slub layout: debugging puts red zones, owners and padding around the object") {
  // kmalloc-64 under FZPU: 64 + a word of red zone, free pointer behind, two owners, the size asked for,
  // a word behind, and a red zone before the object as wide as its alignment
  const SlubRules r;
  const auto l = make_layout(r, {64, 64, false}, slab_flag::DEBUG_DEFAULT | slab_flag::KMALLOC);
  REQUIRE(l);
  CHECK(l->inuse == 72);
  CHECK(l->offset == 72);
  CHECK(l->red_left_pad == 64);
  CHECK(l->size == 256); // 72 + 8 + 64 + 4 + 8 + 64 = 220
  CHECK(l->objects == 16);
  CHECK(l->cpu_partial == 0);
  CHECK(l->has(slab_flag::OBJECT_POISON));
  CHECK_FALSE(layout(64, slab_flag::POISON, true).has(slab_flag::OBJECT_POISON));
  // consistency checks alone cost no byte
  CHECK(layout(64, slab_flag::CONSISTENCY_CHECKS).size == 64);
  // slub_debug=O takes it all back where the smallest order would grow
  SlubRules o;
  o.no_higher_order_debug = true;
  CHECK(layout(4096, slab_flag::DEBUG_DEFAULT, false, o).size == 4096);
  CHECK(layout(64, slab_flag::DEBUG_DEFAULT, false, o).size > 64);
}

TEST_CASE("slub layout: partial slabs a CPU and a node may keep") {
  CHECK(layout(64).cpu_partial == 120);
  CHECK(layout(64).cpu_partial_slabs == 4); // 240 objects' worth of slabs of 64
  CHECK(layout(256).cpu_partial == 52);
  CHECK(layout(1024).cpu_partial == 24);
  CHECK(layout(4096).cpu_partial == 6);
  CHECK(layout(4096).cpu_partial_slabs == 2);
  CHECK(layout(64).min_partial == 5);
  CHECK(layout(4096).min_partial == 6);
  CHECK(layout(u32{1} << 21).min_partial == 10);
}

TEST_CASE("slub layout: alignment to the cache line only as far as the object is worth it") {
  const SlubRules r;
  CHECK(calculate_alignment(r, 0, 0, 100) == 8);
  CHECK(calculate_alignment(r, slab_flag::HWCACHE_ALIGN, 0, 100) == 64);
  CHECK(calculate_alignment(r, slab_flag::HWCACHE_ALIGN, 0, 32) == 32);
  CHECK(calculate_alignment(r, slab_flag::HWCACHE_ALIGN, 0, 33) == 64);
  CHECK(calculate_alignment(r, slab_flag::HWCACHE_ALIGN, 256, 100) == 256);
}

TEST_CASE("slub layout: slub_debug= names options, and caches they are for") {
  const auto rules = [](std::string_view command_line) {
    SlubRules r;
    read_slub_params(r, command_line);
    return r;
  };
  CHECK(rules("quiet").debug == 0);
  CHECK(rules("slub_debug").debug == slab_flag::DEBUG_DEFAULT);
  CHECK(rules("slub_debug=FZ").debug == (slab_flag::CONSISTENCY_CHECKS | slab_flag::RED_ZONE));
  CHECK(rules("slub_debug=-").debug == 0);
  const SlubRules named = rules("slub_debug=P,kmalloc-*,dentry;F,inode_cache");
  CHECK(named.debug == 0);
  CHECK(kmem_cache_flags(named, 0, "kmalloc-64") == slab_flag::POISON);
  CHECK(kmem_cache_flags(named, 0, "dentry") == slab_flag::POISON);
  CHECK(kmem_cache_flags(named, 0, "dentry2") == 0);
  CHECK(kmem_cache_flags(named, 0, "inode_cache") == slab_flag::CONSISTENCY_CHECKS);
  CHECK(kmem_cache_flags(rules("slub_debug=U"), slab_flag::NOLEAKTRACE, "x") == slab_flag::NOLEAKTRACE);
  CHECK(kmem_cache_flags(rules("slub_debug"), slab_flag::NO_USER_FLAGS, "x") == slab_flag::NO_USER_FLAGS);
  CHECK(rules("slab_nomerge").nomerge);
  CHECK(rules("slub_max_order=1").slub_max_order == 1);
  CHECK(parse_slab_flags("SLAB_HWCACHE_ALIGN|PANIC") == (slab_flag::HWCACHE_ALIGN | slab_flag::PANIC));
  CHECK(slab_flags_text(slab_flag::HWCACHE_ALIGN | slab_flag::PANIC) == "SLAB_HWCACHE_ALIGN|SLAB_PANIC");
  CHECK_FALSE(parse_slab_flags("SLAB_SHINY"));
}

TEST_CASE("kmalloc: sizes to caches, also where a device needs more room between objects") {
  SlubRules r;
  const auto size = [&](u64 bytes) {
    KmallocTable t;
    t.setup(r);
    const auto i = t.index(r, bytes);
    return i ? kmalloc_size(*i) : 0;
  };
  CHECK(size(1) == 8);
  CHECK(size(8) == 8);
  CHECK(size(9) == 16);
  CHECK(size(33) == 64);
  CHECK(size(65) == 96);
  CHECK(size(97) == 128);
  CHECK(size(129) == 192);
  CHECK(size(192) == 192);
  CHECK(size(193) == 256);
  CHECK(size(8192) == 8192);
  CHECK(size(8193) == 0);
  CHECK(size(0) == 0);
  r.kmalloc_min_align = 64; // no 96
  CHECK(size(1) == 64);
  CHECK(size(65) == 128);
  CHECK(size(129) == 192);
  r.kmalloc_min_align = 128; // no 192 either
  CHECK(size(1) == 128);
  CHECK(size(129) == 256);
}

TEST_CASE("kmalloc: DMA before reclaimable before counted") {
  const SlubRules r;
  CHECK(kmalloc_type(r, gfp::KERNEL) == kmalloc_cache_type::NORMAL);
  CHECK(kmalloc_type(r, gfp::KERNEL_ACCOUNT) == kmalloc_cache_type::CGROUP);
  CHECK(kmalloc_type(r, gfp::KERNEL_ACCOUNT | gfp::RECLAIMABLE) == kmalloc_cache_type::RECLAIM);
  CHECK(kmalloc_type(r, gfp::KERNEL_ACCOUNT | gfp::RECLAIMABLE | gfp::DMA) == kmalloc_cache_type::DMA);
  SlubRules plain;
  plain.memcg_kmem = plain.zone_dma = false;
  CHECK(kmalloc_type(plain, gfp::KERNEL_ACCOUNT | gfp::DMA) == kmalloc_cache_type::NORMAL);
  CHECK(kmalloc_name(kmalloc_cache_type::CGROUP, 10) == "kmalloc-cg-1k");
  CHECK(kmalloc_name(kmalloc_cache_type::DMA, 1) == "dma-kmalloc-96");
}
