#include "support/machines.hpp"

#include <doctest/doctest.h>

using namespace mmscope;
using namespace mmscope::test;

namespace {
constexpr unsigned DMA = 0, DMA32 = 1, NORMAL = 2;
u64 mark(const System &s, unsigned z, watermark w) {
  return s.pages.zone_of(0, z).watermark[static_cast<std::size_t>(w)];
}

// A machine whose zones were given these managed pages by hand.
System managed(u64 dma, u64 dma32, u64 normal, const std::string &command_line = {}) {
  System s = machine(pc(4 * GiB), command_line);
  to_zones(s);
  s.pages.set_zone(nullptr, 0, DMA, zone_field::managed, dma);
  s.pages.set_zone(nullptr, 0, DMA32, zone_field::managed, dma32);
  s.pages.set_zone(nullptr, 0, NORMAL, zone_field::managed, normal);
  s.set(nullptr, vm_field::totalram_pages, dma + dma32 + normal);
  return s;
}
} // namespace

TEST_CASE("watermarks: a 4 GiB machine comes out as Linux 6.1 printed it") {
  System s = managed(3840, 752348, 243845);
  init_per_zone_wmark_min(s, nullptr);
  hugepage_init(s, nullptr);
  CHECK(s.get(vm_field::min_free_kbytes) == 67584); // 11 * 512 pages * 3 zones
  CHECK(mark(s, DMA, watermark::min) == 64);
  CHECK(mark(s, DMA, watermark::low) == 80);
  CHECK(mark(s, DMA32, watermark::min) == 12711);
  CHECK(mark(s, DMA32, watermark::low) == 15888);
  CHECK(mark(s, DMA32, watermark::high) == 19065);
  CHECK(mark(s, NORMAL, watermark::high) == 6177);
}

TEST_CASE("reserves: what a zone keeps from requests that could go higher") {
  System s = managed(3840, 752348, 243845);
  init_per_zone_wmark_min(s, nullptr);
  CHECK(s.pages.zone_of(0, DMA).lowmem_reserve == std::array<u64, max_zone_types>{0, 2938, 3891, 3891, 3891, 0});
  CHECK(s.pages.zone_of(0, DMA32).lowmem_reserve == std::array<u64, max_zone_types>{0, 0, 952, 952, 952, 0});
  CHECK(s.pages.zone_of(0, NORMAL).lowmem_reserve == std::array<u64, max_zone_types>{});
}

TEST_CASE("watermarks: below 512 MiB transparent huge pages ask for nothing") {
  System s = managed(3840, 100000, 0);
  init_per_zone_wmark_min(s, nullptr);
  const u64 before = s.get(vm_field::min_free_kbytes);
  hugepage_init(s, nullptr);
  CHECK(s.get(vm_field::min_free_kbytes) == before);
  CHECK(before == 2577); // floor(sqrt(16 * 415360))
}

TEST_CASE("watermarks: the wish of huge pages is capped at a twentieth") {
  System s = managed(3840, 200000, 0);
  init_per_zone_wmark_min(s, nullptr);
  hugepage_init(s, nullptr);
  u64 above_high = 0;
  for (unsigned z : {DMA, DMA32}) above_high += s.pages.zone_of(0, z).managed_pages;
  CHECK(s.get(vm_field::min_free_kbytes) < above_high / 20 * 4 + 4);
  CHECK(s.get(vm_field::min_free_kbytes) > above_high / 20 * 4 - 1000);
}

TEST_CASE("watermarks: with huge pages off the value is computed again after the marks exist") {
  System s = managed(3840, 752348, 243845, "transparent_hugepage=never");
  init_per_zone_wmark_min(s, nullptr);
  const u64 first = s.get(vm_field::min_free_kbytes);
  hugepage_init(s, nullptr);
  CHECK(s.get(vm_field::min_free_kbytes) < first); // the high marks are no longer counted as free
}

TEST_CASE("watermarks: the user's values win and the scale widens the distance") {
  System s = managed(3840, 752348, 243845, "transparent_hugepage=never");
  init_per_zone_wmark_min(s, nullptr);
  CHECK(write_sysctl(s, nullptr, "min_free_kbytes", 65536));
  CHECK(write_sysctl(s, nullptr, "watermark_scale_factor", 100));
  CHECK(mark(s, DMA32, watermark::min) == 16384 * 752348ull / (3840 + 752348 + 243845));
  CHECK(mark(s, DMA32, watermark::low) - mark(s, DMA32, watermark::min) == 7523); // one percent of managed
  hugepage_init(s, nullptr);
  CHECK(s.get(vm_field::min_free_kbytes) == 65536);
  CHECK_FALSE(write_sysctl(s, nullptr, "swappiness", 60));
}

TEST_CASE("hugetlb: a gigantic boot page is managed though never free") {
  System s = machine(pc(4 * GiB));
  to_zones(s);
  s.memblock.reserve(nullptr, phys_addr_t{0x40000000}, 1 * GiB);
  memblock_free_all(s, nullptr);
  const u64 before = s.pages.zone_of(0, DMA32).managed_pages;
  hugetlb_init(s, nullptr, phys_addr_t{0x40000000}, 1 * GiB);
  CHECK(s.pages.zone_of(0, DMA32).managed_pages == before + 262144);
}
