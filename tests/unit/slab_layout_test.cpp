// SLAB's layouts: objects a slab, order, books and colours, by each era's rules.
#include "mm/slab_layout.hpp"

#include "base/text.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

namespace {

// "size: order/num place colours" of each general cache, a line each.
std::string table(std::string_view rules, const SlabMachine &m) {
  const SlabRules &r = *find_slab_rules(rules);
  std::string s;
  for (const u32 size : general_sizes(r, m)) {
    const auto l = make_cache_layout(r, m, general_shape(r, m, {size}));
    if (!l)
      append(s, size, ": none\n");
    else
      append(s, size, ": ", l->order, '/', l->num, l->size != size ? concat(" of ", l->size) : std::string(),
             l->books == BooksPlace::off_slab    ? " off"
             : l->books == BooksPlace::in_object ? " in"
                                                 : "",
             l->colour > 1 ? concat(" x", l->colour) : std::string(), '\n');
  }
  return s;
}
const SlabMachine i386_line32{.word = 4, .cache_line = 32, .cpus = 2}, i386{.word = 4, .cpus = 2}, x64{.cpus = 2};

CacheLayout layout(std::string_view rules, const SlabMachine &m, const SlabShape &s) {
  const auto l = make_cache_layout(*find_slab_rules(rules), m, s);
  REQUIRE(l);
  return *l;
}
std::string tunables(std::string_view rules, const SlabMachine &m, u32 size) {
  const CacheLayout l = layout(rules, m, {.size = size});
  return concat(l.limit, '/', l.batchcount, '/', l.shared);
}
constexpr slab_flags_t line = slab_flag::HWCACHE_ALIGN;

} // namespace

TEST_CASE("slab_layout: the rows") {
  CHECK(all_slab_rules().size() == 4);
  CHECK(find_slab_rules("2.4") == nullptr);
  for (const SlabRules &r : all_slab_rules()) CHECK(find_slab_rules(r.name) == &r);
}

TEST_CASE("slab_layout: a version's rules") {
  const auto name = [](unsigned major, unsigned minor) {
    const SlabRules *r = slab_rules_of_version(major, minor);
    return r != nullptr ? r->name : "none";
  };
  CHECK(name(2, 4) == "2.4.22");
  CHECK(name(2, 6) == "2.6.24");
  CHECK(name(4, 9) == "4.9");
  CHECK(name(5, 10) == "5.15");
  CHECK(name(6, 0) == "5.15");
  CHECK(name(3, 10) == "none");
  CHECK(name(6, 1) == "none");
}

TEST_CASE("slab_layout: 2.4.22, the general caches of a Pentium") {
  CHECK(table("2.4.22", i386_line32) == "32: 0/113\n64: 0/59\n128: 0/30 x3\n256: 0/15 x5\n512: 0/8 off\n1024: 0/4 off\n"
                                        "2048: 0/2 off\n4096: 0/1 off\n8192: 1/1 off\n16384: 2/1 off\n32768: 3/1 off\n"
                                        "65536: 4/1 off\n131072: 5/1 off\n");
  CHECK(layout("2.4.22", i386_line32, {.size = 64, .flags = line}).colour == 1);
  // An object of exactly half a line gets the whole line.
  const CacheLayout l = layout("2.4.22", i386, {.size = 32, .flags = line});
  CHECK(l.size == 64);
  CHECK(l.num == 59);
  CHECK(layout("2.6.24", i386, {.size = 32, .flags = line}).size == 32);
}

TEST_CASE("slab_layout: 2.4.22, books and colours in bytes") {
  CHECK(slab_head_size(*find_slab_rules("2.4.22"), i386) == 24);
  CHECK(slab_head_size(*find_slab_rules("2.4.22"), x64) == 40);
  const CacheLayout l = layout("2.4.22", i386_line32, {.size = 128, .flags = line});
  CHECK(l.books_size == 160); // 24 + 30 * 4, to the end of the line
  CHECK(l.colour_off == 32);
  CHECK(layout("2.4.22", i386_line32, {.size = 100, .offset = 50}).colour_off == 52);
  // 500 bytes fill a multiple of the line that would be large, but whether it is large was asked before.
  CHECK(layout("2.4.22", i386_line32, {.size = 500, .flags = line}).books == BooksPlace::on_slab);
  CHECK(layout("2.4.22", i386_line32, {.size = 512, .flags = line}).books == BooksPlace::off_slab);
  // 1300: three a page, and the 196 bytes left hold the books.
  CHECK(layout("2.4.22", i386_line32, {.size = 1300}).books == BooksPlace::on_slab);
  CHECK(layout("2.4.22", i386_line32, {.size = 1300}).num == 3);
}

TEST_CASE("slab_layout: 2.4.22, orders grow until an eighth is left, or up to the machine's limit") {
  // 2100: one a page, 1996 left; three in two pages, 1892 left; seven in four, 1684 left: 1684 * 8 is below 16384.
  CHECK(layout("2.4.22", i386_line32, {.size = 2100}).order == 2);
  CHECK(layout("2.4.22", i386_line32, {.size = 2100}).num == 7);
  SlabMachine small = i386_line32;
  small.more_than_32M = false;
  CHECK(layout("2.4.22", small, {.size = 2100}).order == 1);
  CHECK(layout("2.6.24", i386, {.size = 2100}).order == 1);
  small.cache_line = 64;
  CHECK(layout("2.6.24", small, {.size = 2100}).order == 0);
  CHECK_FALSE(make_cache_layout(*find_slab_rules("2.4.22"), i386, {.size = 131073}));
  CHECK_FALSE(make_cache_layout(*find_slab_rules("2.4.22"), i386, {}));
}

TEST_CASE("slab_layout: 2.6.24, the general caches") {
  const std::string large = "512: 0/8 off\n1024: 0/4 off\n2048: 0/2 off\n4096: 0/1 off\n8192: 1/1 off\n16384: 2/1 off\n"
                            "32768: 3/1 off\n65536: 4/1 off\n131072: 5/1 off\n262144: 6/1 off\n524288: 7/1 off\n"
                            "1048576: 8/1 off\n2097152: 9/1 off\n4194304: 10/1 off\n";
  CHECK(table("2.6.24", i386) == "32: 0/113\n64: 0/59\n128: 0/30\n192: 0/20 x2\n256: 0/15 x2\n" + large);
  CHECK(table("2.6.24", x64) == "32: 0/112\n64: 0/59\n128: 0/30\n192: 0/20 x2\n256: 0/15 x2\n" + large);
  CHECK(table("2.6.24", i386_line32).starts_with("32: 0/113\n64: 0/59\n96: 0/40 x2\n128: 0/30 x3"));
  CHECK(slab_head_size(*find_slab_rules("2.6.24"), i386) == 28);
  CHECK(slab_head_size(*find_slab_rules("2.6.24"), x64) == 48);
}

TEST_CASE("slab_layout: 2.6.24, off the slab at most as many objects as entries fit into one") {
  // A large object of a cache line more: as many as its own bytes have entries for is no limit here.
  CHECK(layout("2.6.24", x64, {.size = 520}).num == 7);
  // The first caches keep their books with them, however large.
  CHECK(layout("2.6.24", x64, {.size = 512, .flags = line, .early = true}).books == BooksPlace::on_slab);
  CHECK(layout("2.6.24", x64, {.size = 512, .flags = line, .early = true}).num == 7);
  // Reclaimable caches stay with the first order.
  CHECK(layout("2.6.24", x64, {.size = 2100}).order == 1);
  CHECK(layout("2.6.24", x64, {.size = 2100, .flags = slab_flag::RECLAIM_ACCOUNT}).order == 0);
}

TEST_CASE("slab_layout: 5.15, the general caches as recorded") {
  const std::string large = "512: 0/8 in\n1024: 0/4 in\n2048: 0/2 in\n4096: 0/1 in\n8192: 1/1 in\n16384: 2/1 in\n"
                            "32768: 3/1 in\n65536: 4/1 in\n131072: 5/1 in\n262144: 6/1 in\n524288: 7/1 in\n"
                            "1048576: 8/1 in\n2097152: 9/1 in\n4194304: 10/1 in\n";
  CHECK(table("5.15", i386_line32) ==
        "32: 0/124\n64: 0/64 in\n96: 0/42 in x2\n128: 0/32 in\n192: 0/21 in x2\n256: 0/16 in\n" + large);
  CHECK(table("5.15", x64) ==
        "32: 0/124\n64: 0/64 in\n96: 0/32 of 128 in\n128: 0/32 in\n192: 0/21 in\n256: 0/16 in\n" + large);
  CHECK(table("4.9", x64) == table("5.15", x64));
}

TEST_CASE("slab_layout: 5.15, caches of recorded boots") {
  const auto num = [](const SlabMachine &m, const SlabShape &s) {
    const CacheLayout l = layout("5.15", m, s);
    return concat(l.size, ':', l.num, '/', u32{1} << l.order);
  };
  CHECK(num(x64, {.size = 40}) == "40:99/1");                // pde_opener
  CHECK(num(x64, {.size = 48}) == "48:83/1");                // fasync_cache
  CHECK(num(x64, {.size = 80, .ctor = true}) == "80:50/1");  // anon_vma
  CHECK(num(x64, {.size = 80}) == "80:51/1");                // sigqueue
  CHECK(num(x64, {.size = 64}) == "64:64/1");                // anon_vma_chain
  CHECK(num(x64, {.size = 56, .flags = line}) == "64:63/1"); // fs_cache: the indexes do not fit into 56 bytes
  CHECK(num(x64, {.size = 24}) == "24:163/1");
  CHECK(num(x64, {.size = 704, .flags = line}) == "704:11/2");                // files_cache
  CHECK(num(x64, {.size = 2112, .flags = line, .ctor = true}) == "2112:3/2"); // sighand_cache
  CHECK(num(x64, {.size = 568, .ctor = true}) == "568:7/1");
  CHECK(num(x64, {.size = 568, .flags = slab_flag::TYPESAFE_BY_RCU}) == "568:7/1");
  CHECK(num(i386_line32, {.size = 688}) == "688:11/2"); // perf_event
  CHECK(num(i386_line32, {.size = 1984, .flags = line}) == "1984:2/1");
  CHECK(num(i386_line32, {.size = 1}) == "16:240/1"); // no smaller object has an index of one byte
}

TEST_CASE("slab_layout: 5.15, off the slab only if that saves an object") {
  // With a constructor the objects' bytes are theirs. 1024: four a page, nothing left for four indexes; one general
  // cache of 32 bytes is small beside such an object.
  const CacheLayout l = layout("5.15", x64, {.size = 1024, .ctor = true});
  CHECK(l.books == BooksPlace::off_slab);
  CHECK(l.num == 4);
  CHECK(l.books_size == 4);
  CHECK(layout("5.15", x64, {.size = 1024, .flags = slab_flag::NOLEAKTRACE, .ctor = true}).num == 7);
  CHECK(layout("5.15", x64, {.size = 1000, .ctor = true}).books == BooksPlace::on_slab); // 96 bytes are left
}

TEST_CASE("slab_layout: large pages need indexes of two bytes") {
  const SlabMachine m{.page_shift = 14, .cache_line = 128};
  CHECK(books_entry_size(*find_slab_rules("5.15"), x64) == 1);
  CHECK(books_entry_size(*find_slab_rules("5.15"), m) == 2);
  CHECK(layout("5.15", m, {.size = 8}).num == 16384 / 10);
  CHECK(general_sizes(*find_slab_rules("5.15"), m).front() == 32);
  CHECK(general_sizes(*find_slab_rules("2.6.24"), m).front() == 64);
  CHECK(general_sizes(*find_slab_rules("5.15"), m).back() == 16u << 20);
}

TEST_CASE("slab_layout: a CPU's array") {
  CHECK(tunables("2.4.22", i386, 256) == "252/126/0");
  CHECK(tunables("2.4.22", i386, 260) == "124/62/0");
  CHECK(tunables("2.4.22", i386, 1028) == "60/30/0");
  CHECK(tunables("2.4.22", i386, 4096) == "60/30/0");
  CHECK(tunables("2.4.22", i386, 8192) == "0/0/0");
  for (const std::string_view r : {"2.6.24", "4.9", "5.15"}) {
    CHECK(tunables(r, x64, 256) == "120/60/8");
    CHECK(tunables(r, x64, 257) == "54/27/8");
    CHECK(tunables(r, x64, 2048) == "24/12/8");
    CHECK(tunables(r, x64, 4096) == "24/12/8");
    CHECK(tunables(r, x64, 8192) == "8/4/0");
    CHECK(tunables(r, x64, 262144) == "1/1/0");
    CHECK(tunables(r, SlabMachine{}, 256) == "120/60/0");
  }
}

TEST_CASE("slab_layout: the order in which the boot makes general caches") {
  const auto names = [](std::string_view rules, const SlabMachine &m, std::size_t count) {
    const SlabRules &r = *find_slab_rules(rules);
    const GeneralCaches g = general_caches(r, m);
    std::string s = concat(g.early, ':');
    for (std::size_t i = 0; i < count; ++i) append(s, ' ', general_name(r, g.list[i].size, g.list[i].type));
    return s;
  };
  CHECK(names("2.4.22", i386_line32, 4) == "0: size-32 size-32(DMA) size-64 size-64(DMA)");
  CHECK(names("2.6.24", i386, 5) == "2: size-32 size-64 size-32(DMA) size-64(DMA) size-128");
  CHECK(names("2.6.24", x64, 5) == "2: size-32 size-128 size-32(DMA) size-64 size-64(DMA)");
  CHECK(names("5.15", i386_line32, 6) == "1: kmalloc-64 kmalloc-32 kmalloc-96 kmalloc-128 kmalloc-192 kmalloc-256");
  CHECK(names("5.15", x64, 5) == "1: kmalloc-128 kmalloc-32 kmalloc-64 kmalloc-96 kmalloc-192");
  const SlabRules &r = *find_slab_rules("5.15");
  const GeneralCaches g = general_caches(r, x64);
  REQUIRE(g.list.size() == 60);
  CHECK(general_name(r, g.list[20].size, g.list[20].type) == "kmalloc-rcl-32");
  CHECK(general_name(r, g.list[40].size, g.list[40].type) == "dma-kmalloc-96");
  CHECK(general_name(r, g.list[42].size, g.list[42].type) == "dma-kmalloc-32");
  CHECK(general_name(r, g.list[59].size, g.list[59].type) == "dma-kmalloc-4M");
  CHECK(general_name(*find_slab_rules("4.9"), 4096, GeneralType::dma) == "dma-kmalloc-4096");
  CHECK(general_size_for(r, x64, 65) == 96);
  CHECK(general_size_for(r, x64, (4u << 20) + 1) == 0);
}
