// Logs of device-tree machines: what had been reserved before the log begins, and what is found in it.
#include "io/dmesg.hpp"

#include "base/text.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace mmscope;

namespace {

constexpr std::string_view head =
    "[    0.000000] Linux version 7.2.13+deb14-arm64 (debian-kernel@lists.debian.org) #1 SMP\n"
    "[    0.000000] memblock_phys_alloc_range: 4096 bytes align=0x1000 from=0x0 max_addr=0x1 early_pgtable_alloc+0x28/0x50\n"
    "[    0.000000] __memblock_reserve: [0x7fdfe000-0x7fdfefff] nid=-1 flags=20 memblock_alloc_range_nid+0x108/0x1b0\n"
    "[    0.000000] memblock_alloc_try_nid: 44492 bytes align=0x8 nid=-1 from=0x0 max_addr=0x0 "
    "__memblock_alloc_or_panic+0x30/0x60\n"
    "[    0.000000] __memblock_reserve: [0x7fdf3230-0x7fdfdffb] nid=-1 flags=20 memblock_alloc_range_nid+0x108/0x1b0\n"
    "[    0.000000] NODE_DATA(0) allocated [mem 0x7fdefa00-0x7fdf31ff]\n"
    "[    0.000000] MEMBLOCK configuration:\n"
    "[    0.000000]  memory size = 0x40000000 reserved size = 0x0\n"
    "[    0.000000]  memory.cnt  = 0x1\n"
    "[    0.000000]  memory[0x0]\t[0x40000000-0x7fffffff], 0x40000000 bytes on node 0 flags: 0x0\n"
    "[    0.000000]  reserved.cnt  = 0x6\n"
    "[    0.000000]  reserved[0x0]\t[0x40200000-0x430fffff], 0x2f00000 bytes on node 0 flags: 0x0\n";
constexpr std::string_view tail =
    "[    0.000000]  reserved[0x3]\t[0x7fdefa00-0x7fdf31ff], 0x3800 bytes on node 0 flags: 0x20\n"
    "[    0.000000]  reserved[0x4]\t[0x7fdf3230-0x7fdfdffb], 0xadcc bytes on node 0 flags: 0x20\n"
    "[    0.000000]  reserved[0x5]\t[0x7fdfe000-0x7fffffff], 0x202000 bytes on node 0 flags: 0x20\n"
    "[    0.000000] Zone ranges:\n"
    "[    0.000000] SLUB: HWalign=64, Order=0-3, MinObjects=0, CPUs=1, Nodes=1\n"
    "[    0.219912] devtmpfs: initialized\n"
    "[    1.059727] Freeing initrd memory: 964K\n";

ImportResult import(std::string_view between) { return import_dmesg(concat(head, between, tail)); }
const Command *call(const ImportResult &r, Op op, std::string_view owner) {
  const auto &all = r.script.commands;
  const auto c = std::find_if(all.begin(), all.end(), [&](const Command &k) { return k.op == op && k.owner == owner; });
  return c == all.end() ? nullptr : &*c;
}

} // namespace

TEST_CASE("dmesg: a reservation of before the log keeps the flags that the first block shows") {
  const ImportResult r = import("");
  REQUIRE(!r.error);
  const Command *lost = nullptr; // above the first known page table
  for (const Command &c : r.script.commands)
    if (c.op == Op::memblock_reserve && c.args[0].value == 0x7fdff000) lost = &c;
  REQUIRE(lost != nullptr);
  CHECK(lost->args[1].value == 0x201000);
  CHECK(lost->args[2].value == MEMBLOCK_RSRV_KERN);
  const Command *image = call(r, Op::memblock_reserve, "kernel image");
  REQUIRE(image != nullptr);
  CHECK(!image->args[2].given);
}

TEST_CASE("dmesg: an initrd that no line places is the early reservation of its size, if it is not the kernel's own") {
  const std::string_view kernels = // of the right size, too
      "[    0.000000]  reserved[0x1]\t[0x47000000-0x470f1fff], 0xf2000 bytes on node 0 flags: 0x20\n";
  const std::string_view initrd =
      "[    0.000000]  reserved[0x2]\t[0x48000000-0x480f1fff], 0xf2000 bytes on node 0 flags: 0x0\n";
  const ImportResult r = import(concat(kernels, initrd));
  const Command *freed = call(r, Op::free_reserved_area, "initrd");
  REQUIRE(freed != nullptr);
  CHECK(freed->args[0].value == 0x48000000);
  CHECK(freed->args[1].value == 964 << 10);
  CHECK(call(import(kernels), Op::free_reserved_area, "initrd") == nullptr);
}
