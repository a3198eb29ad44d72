// The default CMA area of x86 (arm's is in arm_boot_test): where setup_arch wants it, and what becomes of it.
#include "io/dmesg.hpp"
#include "lab/presets.hpp"
#include "mm/boot.hpp"

#include "base/text.hpp"
#include "lab/machine.hpp"
#include "support/machines.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace mmscope;
using namespace mmscope::test;

namespace {

Machine booted(const Script &script) {
  Machine m(script.setup);
  for (const Command &c : script.commands) {
    const Result r = m.apply(c, nullptr);
    REQUIRE_MESSAGE(r.ok(), op_info(c.op).name, ": ", r.error);
  }
  return m;
}
Machine pc_with(std::string_view release, std::string_view command_line) {
  MachineSpec spec = qemu_pc(GiB, 1);
  spec.release = release;
  spec.command_line = command_line;
  return booted(make_script(spec));
}

} // namespace

TEST_CASE(
    "cma: x86 sets the area aside where the direct map reaches, behind the nodes, and gives its pages back late") {
  const Machine with = pc_with("7.2.13+deb14-amd64", "nokaslr cma=64M");
  const Machine without = pc_with("7.2.13+deb14-amd64", "nokaslr");
  const System &s = with.system();
  const u64 base = s.get(vm_field::cma_base);
  CHECK(base % (2 * MiB) == 0);
  CHECK(base + 64 * MiB < s.pages.node(0).pgdat.v); // the first room below what had been taken before
  CHECK(s.pages.node(0).pgdat.v - base < 68 * MiB);
  CHECK(s.pages.pageblock(pfn_t{base >> 12}) == migratetype::CMA);
  CHECK(s.pages.zone_of(0, 1).nr_free_cma == 16384);
  CHECK(s.pages.zone_of(0, 1).managed_pages == without.system().pages.zone_of(0, 1).managed_pages);
  CHECK(s.verify().empty());
  CHECK(without.system().get(vm_field::totalcma_pages) == 0);
}

TEST_CASE("cma: a build without CMA ignores the parameter") {
  const Machine m = pc_with("6.1.0-50-amd64", "nokaslr cma=64M");
  CHECK(m.system().get(vm_field::cma_base) == 0);
  CHECK(!m.made(Op::dma_contiguous_reserve));
}

TEST_CASE("cma: x86 has no RAM to set aside before e820__memblock_setup") {
  MachineSpec spec = qemu_pc(GiB, 1);
  spec.release = "7.2.13+deb14-amd64";
  Machine m(make_script(spec).setup);
  CHECK(!m.apply(command(Op::dma_contiguous_reserve, {}), nullptr).ok());
}

TEST_CASE("cma: an area that a log of x86 shows is the model's, not the log's") {
  const ImportResult r = import_dmesg(
      "Linux version 7.2.13+deb14-amd64 (x) #1 SMP\n"
      "Command line: nokaslr cma=64M\n"
      "BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable\n"
      "BIOS-e820: [mem 0x0000000000100000-0x000000003ffdffff] usable\n"
      "MEMBLOCK configuration:\n"
      "__memblock_reserve: [0x000000003b800000-0x000000003f7fffff] nid=-1 flags=20 memblock_alloc_range_nid+0x0/0x1\n"
      "cma: Reserved 64 MiB at 0x000000003b800000\n"
      "Zone ranges:\n"
      "SLUB: HWalign=64, Order=0-3, MinObjects=0, CPUs=1, Nodes=1\n"
      "devtmpfs: initialized\n");
  REQUIRE(!r.error);
  const auto &all = r.script.commands;
  const auto at = [&](Op op) {
    return std::find_if(all.begin(), all.end(), [&](const Command &c) { return c.op == op; });
  };
  REQUIRE(at(Op::dma_contiguous_reserve) != all.end());
  CHECK(at(Op::numa_init) < at(Op::dma_contiguous_reserve));
  CHECK(at(Op::dma_contiguous_reserve) < at(Op::sparse_init));
  CHECK(at(Op::cma_init_reserved_areas) < at(Op::init_per_zone_wmark_min));
  for (const Command &c : all) CHECK(c.args[0].value != 0x3b800000);
}
