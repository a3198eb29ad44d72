#include "mm/boot_params.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

namespace {
constexpr u64 KiB = 1024, MiB = KiB << 10, GiB = MiB << 10;
BootParams parse(std::string_view line) { return parse_boot_params(line, 12); }
} // namespace

TEST_CASE("boot parameters: an empty line says nothing") {
  BootParams none;
  CHECK(parse("") == none);
  CHECK(parse("   ").mem_limit == 0);
}

TEST_CASE("boot parameters: mem= takes sizes as memparse does") {
  CHECK(parse("mem=900M").mem_limit == 900 * MiB);
  CHECK(parse("mem=0x10000000").mem_limit == 256 * MiB);
  CHECK(parse("mem=1g quiet").mem_limit == GiB);
  CHECK(parse("mem=2G mem=1G").mem_limit == GiB); // each cuts further
  CHECK(parse("mem=1G mem=2G").mem_limit == GiB);
}

TEST_CASE("boot parameters: what the kernel would not accept is ignored and named") {
  const BootParams p = parse("mem=lots movablecore memmap=exact hugepages=x transparent_hugepage=maybe quiet");
  CHECK(p.mem_limit == 0);
  CHECK(p.ignored == std::vector<std::string>{"mem=lots", "movablecore", "memmap=exact", "hugepages=x",
                                              "transparent_hugepage=maybe"});
}

TEST_CASE("boot parameters: memmap= in all its forms, several by comma") {
  const BootParams p =
      parse("memmap=16M$0x10000000,64K@1M memmap=4K#0x1000 memmap=1G!4G memmap=2M%0x200000-1 memmap=2M%0x400000+2");
  REQUIRE(p.memmap.size() == 6);
  CHECK(p.memmap[0] == MemmapParam{MemmapKind::reserved, phys_addr_t{0x10000000}, 16 * MiB});
  CHECK(p.memmap[1] == MemmapParam{MemmapKind::usable, phys_addr_t{MiB}, 64 * KiB});
  CHECK(p.memmap[2] == MemmapParam{MemmapKind::acpi, phys_addr_t{0x1000}, 4 * KiB});
  CHECK(p.memmap[3] == MemmapParam{MemmapKind::persistent, phys_addr_t{4 * GiB}, GiB});
  CHECK(p.memmap[4] == MemmapParam{MemmapKind::remove, phys_addr_t{2 * MiB}, 2 * MiB});
  CHECK(p.memmap[5] == MemmapParam{MemmapKind::reserved, phys_addr_t{4 * MiB}, 2 * MiB});
  CHECK(p.ignored.empty());
}

TEST_CASE("boot parameters: memmap=SIZE alone limits memory, exactmap forgets what came before") {
  CHECK(parse("memmap=512M").mem_limit == 512 * MiB);
  const BootParams p = parse("memmap=16M$256M memmap=exactmap memmap=640K@0 memmap=511M@1M");
  CHECK(p.exactmap);
  REQUIRE(p.memmap.size() == 2);
  CHECK(p.memmap[1].base == phys_addr_t{MiB});
}

TEST_CASE("boot parameters: kernelcore= and movablecore= in bytes, percent or mirror") {
  CHECK(parse("kernelcore=512M").kernelcore == CoreParam{131072, 0});
  CHECK(parse("movablecore=50%").movablecore == CoreParam{0, 50});
  CHECK(parse("movablecore=50% movablecore=4M").movablecore == CoreParam{1024, 0});
  CHECK(parse("kernelcore=mirror").kernelcore_mirror);
}

TEST_CASE("boot parameters: NUMA") {
  CHECK(parse("numa=fake=4").numa_fake == "4");
  CHECK(parse("numa=fake=512M").numa_fake == "512M");
  CHECK(parse("numa=off").numa_off);
  CHECK(parse("movable_node").movable_node);
}

TEST_CASE("boot parameters: huge pages count for the size named last") {
  using H = std::vector<HugepagesParam>;
  CHECK(parse("hugepages=64").hugepages == H{{0, 64}});
  CHECK(parse("hugepagesz=1G hugepages=2 hugepagesz=2M hugepages=8").hugepages == H{{GiB, 2}, {2 * MiB, 8}});
  CHECK(parse("default_hugepagesz=1G hugepages=1").hugepages == H{{GiB, 1}});
  CHECK(parse("hugepagesz=1G hugepages=0:1,1:3").hugepages == H{{GiB, 4}});
  const BootParams p = parse("hugepagesz=3M hugepages=7");
  CHECK(p.hugepages.empty());
  CHECK(p.ignored.size() == 2);
}

TEST_CASE("boot parameters: transparent huge pages, log buffer, sysctls") {
  CHECK(parse("transparent_hugepage=never").thp_never);
  CHECK_FALSE(parse("transparent_hugepage=never transparent_hugepage=always").thp_never);
  CHECK(parse("transparent-hugepage=never").thp_never); // - and _ are one
  CHECK(parse("log_buf_len=3M").log_buf_len == 4 * MiB);
  const BootParams p = parse("sysctl.vm.min_free_kbytes=65536 sysctl/vm/watermark_scale_factor=0x64");
  CHECK(p.min_free_kbytes == 65536);
  CHECK(p.watermark_scale_factor == 100);
}

TEST_CASE("boot parameters: quotes hold blanks, and what follows -- is for init") {
  CHECK(parse("foo=\"a mem=1G b\" mem=2G").mem_limit == 2 * GiB);
  CHECK(parse("\"mem=1G\"").mem_limit == GiB);
  CHECK(parse("quiet -- mem=1G").mem_limit == 0);
}
