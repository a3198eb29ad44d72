// pfn_to_page and page_to_pfn in five memory models: there and back over random memory, and the sizes that real
// kernels printed.
#include "base/prng.hpp"
#include "base/text.hpp"
#include "lab/machine.hpp"
#include "lab/presets.hpp"
#include "mm/page_address.hpp"

#include <algorithm>
#include <doctest/doctest.h>

using namespace mmscope;

namespace {

constexpr std::array models = {AddressModel::flatmem, AddressModel::discontigmem, AddressModel::sparsemem_static,
                               AddressModel::sparsemem_extreme, AddressModel::vmemmap};
constexpr u64 GiB = u64{1} << 30;

// x86_64 with few sections and no nodes in the way: every model fits.
PageGeometry wide() {
  PageGeometry g;
  g.vmemmap_base = 0xffffea0000000000;
  g.maps_at = 0xffff888001000000;
  g.flags = {.pageflags = 25, .zones = 5, .nodes_shift = 6};
  return g;
}
PageGeometry i386_pae() {
  PageGeometry g;
  g.word = 4;
  g.section_size_bits = 29;
  g.max_physmem_bits = 36;
  g.sizeof_page = 32;
  g.sizeof_mem_section = 8;
  g.maps_at = 0xc1000000;
  g.flags = {.long_bits = 32, .word_bits = 32, .pageflags = 22, .zones = 4};
  return g;
}
std::vector<RamPages> flat(u64 bytes) { return {{pfn_t{0}, pfn_t{bytes >> 12}, 0}}; }

std::vector<RamPages> random_ram(Prng &prng, u64 nodes) {
  std::vector<RamPages> ram;
  u64 at = prng.below(5000);
  for (u64 nid = 0; nid < nodes; ++nid)
    for (u64 i = 0; i < 1 + prng.below(4); ++i) {
      const u64 start = at + prng.below(i == 0 ? 300000 : 90000), end = start + 1 + prng.below(70000);
      ram.push_back({pfn_t{start}, pfn_t{end}, static_cast<i32>(nid)});
      at = end;
    }
  return ram;
}

} // namespace

TEST_CASE("page_address: there and back in every model over random memory") {
  Prng prng(6);
  u64 checked = 0;
  for (int round = 0; round < 30; ++round) {
    const auto ram = random_ram(prng, 1 + prng.below(4));
    for (const AddressModel m : models) {
      PageGeometry g = wide();
      g.map.whole_blocks = round % 3 != 0;
      g.sizeof_page = round % 2 == 0 ? 64 : 56;
      CAPTURE(std::string(model_name(m)));
      const PageAddresses a(m, g, ram);
      REQUIRE(a.error() == "");
      for (const RamPages &r : ram)
        for (const u64 pfn : {r.start.v, r.start.v + prng.below(r.end - r.start), r.end.v - 1}) {
          CAPTURE(pfn);
          const Conversion there = a.pfn_to_page(pfn_t{pfn});
          CHECK(there.error == "");
          CHECK(a.pfn_valid(pfn_t{pfn}));
          CHECK(there.steps.back().value == there.result);
          const Conversion back = a.page_to_pfn(there.result);
          CHECK(back.error == "");
          CHECK(back.result == pfn);
          ++checked;
        }
    }
  }
  CHECK(checked > 1000);
}

TEST_CASE("page_address: no two frames share a struct page") {
  Prng prng(7);
  const auto ram = random_ram(prng, 3);
  for (const AddressModel m : models) {
    const PageAddresses a(m, wide(), ram);
    std::vector<u64> pages;
    for (const RamPages &r : ram)
      for (u64 pfn = r.start.v; pfn < r.end.v; pfn += 97) pages.push_back(a.pfn_to_page(pfn_t{pfn}).result);
    std::sort(pages.begin(), pages.end());
    bool apart = true;
    for (std::size_t i = 1; i < pages.size(); ++i) apart = apart && pages[i] - pages[i - 1] >= 64;
    CHECK_MESSAGE(apart, model_name(m));
  }
}

TEST_CASE("page_address: SPARSEMEM_EXTREME step by step") {
  PageGeometry g = wide();
  const PageAddresses a(AddressModel::sparsemem_extreme, g, flat(4 * GiB));
  const Conversion c = a.pfn_to_page(pfn_t{0x12345});
  REQUIRE(c.ok());
  REQUIRE(c.steps.size() == 9);
  CHECK(c.steps[0].numbers == "0x12345 >> 15");
  CHECK(c.steps[0].value == 2);
  CHECK(c.steps[1].numbers == "2 / 128");
  CHECK(c.steps[2].name == "mem_section");
  CHECK(c.steps[3].numbers == "*0xffff888001000000");
  CHECK(c.steps[3].value == 0xffff888001000000 + 32768); // behind 4096 pointers to roots
  CHECK(c.steps[4].value == c.steps[3].value + 2 * 32);
  // Section 2's array is the third, and it is stored less 2 * 32768 struct pages.
  const u64 maps = 0xffff888001000000 + 32768 + 4096;
  const u64 map = maps + 2 * (u64{2} << 20) - 2 * 32768 * 64;
  CHECK(c.steps[5].value == (map | 15));
  CHECK(c.steps[6].value == map);
  CHECK(c.steps[7].value == 0x12345 * 64);
  CHECK(c.result == map + 0x12345 * 64);
  CHECK(c.loads() == 3);
  CHECK(a.page_to_pfn(c.result).loads() == 4); // and page->flags
  g.map.roots_allocated = false;
  CHECK(PageAddresses(AddressModel::sparsemem_extreme, g, flat(4 * GiB)).pfn_to_page(pfn_t{0}).loads() == 2);
}

TEST_CASE("page_address: FLATMEM counts from ARCH_PFN_OFFSET") {
  PageGeometry g = i386_pae();
  g.arch_pfn_offset = 0x40000; // arm's RAM at 1 GiB
  g.sizeof_page = 36;
  g.max_order = 11;
  const PageAddresses a(AddressModel::flatmem, g, {{pfn_t{0x40000}, pfn_t{0x80000}, 0}});
  CHECK(a.cost().map_bytes == 9437184); // as a recorded boot of 6.1 on arm asks for
  const Conversion c = a.pfn_to_page(pfn_t{0x40001});
  REQUIRE(c.ok());
  CHECK(c.steps[1].numbers == "0x40001 - 0x40000");
  CHECK(c.result == 0xc1000000 + 36);
  CHECK(a.page_to_pfn(c.result).result == 0x40001);
  CHECK(!a.pfn_to_page(pfn_t{0x3ffff}).ok());
  CHECK(!a.pfn_to_page(pfn_t{0x80000}).ok());
}

TEST_CASE("page_address: bytes of mem_map as real kernels ask for") {
  PageGeometry g = i386_pae();
  g.sizeof_page = 40;
  // 6.1 i386, 1 GiB and 2 GiB: what lies behind the last block of the largest order is rounded up to one.
  CHECK(PageAddresses(AddressModel::flatmem, g, {{pfn_t{1}, pfn_t{0x3ffe0}, 0}}).cost().map_bytes == 10485760);
  CHECK(PageAddresses(AddressModel::flatmem, g, {{pfn_t{1}, pfn_t{0x7ffe0}, 0}}).cost().map_bytes == 20971520);
  // 5.15 i386 PAE, classic SPARSEMEM, 2 GiB: four sections of 512 MiB, 32 bytes a page.
  const PageAddresses pae(AddressModel::sparsemem_static, i386_pae(), flat(2 * GiB));
  CHECK(pae.error() == "");
  CHECK(pae.cost().arrays == 4);
  CHECK(pae.cost().map_bytes == 16777216);
  CHECK(pae.cost().table_bytes == 128 * 8);
  // 6.1 x86_64, 4 GiB, vmemmap: 32 sections, 2 MiB each; the table of roots has 4096 pointers.
  const ModelCost big = PageAddresses(AddressModel::vmemmap, wide(), flat(4 * GiB)).cost();
  CHECK(big.arrays == 32);
  CHECK(big.map_bytes == 67108864);
  CHECK(big.table_bytes == 32768 + 4096);
  CHECK(big.address_bytes == u64{1} << 40);
  CHECK(big.loads_to_page == 1);
  // 6.1 arm64: sections of 128 MiB in 48 bits.
  PageGeometry arm64 = wide();
  arm64.max_physmem_bits = 48;
  CHECK(PageAddresses(AddressModel::vmemmap, arm64, flat(GiB)).cost().table_bytes == 131072 + 4096);
  // 2.4 and 2.6.11: one struct page more than there are frames.
  g = i386_pae();
  g.sizeof_page = 44;
  g.map.whole_blocks = false;
  CHECK(PageAddresses(AddressModel::flatmem, g, flat(64 << 20)).cost().map_bytes == (16384 + 1) * 44);
}

TEST_CASE("page_address: what a hole costs in each model") {
  // 1 GiB at 0, 1 GiB at 63 GiB.
  const std::vector<RamPages> ram = {{pfn_t{0}, pfn_t{262144}, 0}, {pfn_t{63 * 262144}, pfn_t{64 * 262144}, 1}};
  const auto cost = [&](AddressModel m) { return PageAddresses(m, wide(), ram).cost(); };
  CHECK(cost(AddressModel::flatmem).hole_pages == 62 * 262144);
  CHECK(cost(AddressModel::flatmem).loads_to_page == 1);
  for (const AddressModel m : models)
    if (m != AddressModel::flatmem) CHECK_MESSAGE(cost(m).hole_pages == 0, model_name(m));
  CHECK(cost(AddressModel::discontigmem).loads_to_page == 4);
  CHECK(cost(AddressModel::discontigmem).loads_to_pfn == 4);
  CHECK(cost(AddressModel::sparsemem_static).loads_to_page == 1);
  CHECK(cost(AddressModel::sparsemem_static).table_bytes == (u64{1} << 19) * 32);
  CHECK(cost(AddressModel::vmemmap).loads_to_pfn == 1);

  // A hole that no model can leave out: half a section.
  const std::vector<RamPages> half = {{pfn_t{0}, pfn_t{16384}, 0}};
  CHECK(PageAddresses(AddressModel::sparsemem_extreme, wide(), half).cost().hole_pages == 16384);
  CHECK(PageAddresses(AddressModel::flatmem, wide(), half).cost().hole_pages == 0);
}

TEST_CASE("page_address: what each model cannot represent") {
  const std::vector<RamPages> ram = {{pfn_t{0}, pfn_t{262144}, 0}, {pfn_t{3 * 262144}, pfn_t{4 * 262144}, 1}};
  const pfn_t hole{400000};
  CHECK(PageAddresses(AddressModel::flatmem, wide(), ram).pfn_to_page(hole).ok()); // has a struct page, RAM or not
  for (const AddressModel m : models) {
    const PageAddresses a(m, wide(), ram);
    CAPTURE(std::string(model_name(m)));
    CHECK(!model_limit(m).empty());
    CHECK(find_model(model_name(m)) == m);
    CHECK(a.pfn_valid(hole) == a.pfn_to_page(hole).ok());
    if (m != AddressModel::flatmem) CHECK(!a.pfn_valid(hole));
    CHECK(!a.pfn_to_page(pfn_t{u64{1} << 40}).ok());
    CHECK(!a.page_to_pfn(0x1000).ok());
    CHECK(!PageAddresses(m, wide(), {}).error().empty());
  }
  CHECK(find_model("sparse") == AddressModel::count_);
  // 32-bit kernels have no addresses for a vmemmap; memory beyond the table of sections; no room in page->flags.
  CHECK(!PageAddresses(AddressModel::vmemmap, i386_pae(), flat(GiB)).error().empty());
  CHECK(!PageAddresses(AddressModel::sparsemem_static, i386_pae(), flat(65 * GiB)).error().empty());
  PageGeometry narrow = i386_pae();
  narrow.section_size_bits = 26; // ten bits for the section
  CHECK(!PageAddresses(AddressModel::sparsemem_static, narrow, flat(GiB)).error().empty());
  CHECK(PageAddresses(AddressModel::flatmem, narrow, flat(GiB)).error().empty());
}

TEST_CASE("page_address: a machine's own memory") {
  const MachineSpec *spec = find_preset("qemu-1g");
  REQUIRE(spec != nullptr);
  const Script script = make_script(*spec);
  Machine machine(script.setup);
  for (const Command &c : script.commands) machine.apply(c, nullptr);
  const System &s = machine.system();
  const PageGeometry g = geometry_of(s);
  const PageAddresses a(AddressModel::vmemmap, g, ram_of(s));
  REQUIRE(a.error() == "");
  CHECK(a.pfn_to_page(pfn_t{0x1000}).result == s.arch->vmemmap_base + 0x1000 * 64);
  // As many sections as the boot made present, with as much memory for struct pages.
  CHECK(a.cost().arrays == s.sparse.present_count());
  const FlagsField *node = a.flags().find("node"), *cpupid = a.flags().find("last_cpupid");
  REQUIRE(node != nullptr);
  CHECK(node->pgshift == 54);
  REQUIRE(cpupid != nullptr);
  CHECK(cpupid->width == 21);
  // Without a vmemmap the section needs its bits.
  CHECK(PageAddresses(AddressModel::sparsemem_extreme, g, ram_of(s)).flags().cpupid_outside);
}
