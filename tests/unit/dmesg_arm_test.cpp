// Logs of device-tree machines: what had been reserved before the log begins, and what is found in it.
#include "io/dmesg.hpp"

#include "base/text.hpp"
#include "io/dmesg_head.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace mmscope;

namespace {

constexpr std::string_view head =
    "[    0.000000] memblock_phys_alloc_range: 4096 bytes align=0x1000 from=0x0 max_addr=0x1 "
    "early_pgtable_alloc+0x28/0x50\n"
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

// Its first lines are lost, so the release is told beside it.
ImportResult import(std::string_view between) {
  ImportHints h;
  h.release = "7.2.13+deb14-arm64";
  return import_dmesg(concat(head, between, tail), h);
}
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

TEST_CASE("dmesg: in a log that is whole nothing was reserved by requests before its first") {
  const ImportResult whole =
      import_dmesg(concat("Linux version 7.2.13+deb14-arm64 (debian-kernel@lists.debian.org) #1 SMP\n", head, tail));
  REQUIRE(!whole.error);
  // The page table that it shows came out of the block's topmost region, above which nothing is made up.
  for (const Command &c : whole.script.commands) CHECK(c.args[0].value != 0x7fdff000);
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

namespace {

constexpr std::string_view within_sparse_init =
    "[    0.000000] __memblock_reserve: [0x7ff44000-0x7ff47fff] nid=0 flags=20 memblock_alloc_range_nid+0x108/0x1b0\n"
    "[    0.000000] memblock_alloc_try_nid_raw: 16384 bytes align=0x4000 nid=0 from=0xfff0800040000000 max_addr=0x1 "
    "memmap_alloc+0x34/0x48\n"
    "[    0.000000] __memblock_reserve: [0x7ff40000-0x7ff43fff] nid=0 flags=20 memblock_alloc_range_nid+0x108/0x1b0\n"
    "[    0.000000] Zone ranges:\n"
    "[    0.000000] SLUB: HWalign=64, Order=0-3, MinObjects=0, CPUs=1, Nodes=1\n"
    "[    0.219912] devtmpfs: initialized\n"
    "[    1.059727] Freeing initrd memory: 960K\n";
constexpr std::string_view debugfs = "## /sys/kernel/debug/memblock/memory\n"
                                     "   0: 0x0000000040000000..0x000000007fffffff    0 NONE\n"
                                     "## /sys/kernel/debug/memblock/reserved\n"
                                     "   0: 0x0000000044200000..0x000000004673ffff    0 NONE\n"
                                     "   1: 0x0000000046b50000..0x000000004719ffff    0 NONE\n"
                                     "   2: 0x00000000480f1db7..0x00000000480f3fff    0 NONE\n"
                                     "   3: 0x0000000048200000..0x00000000482fffff    0 NONE\n"
                                     "   4: 0x000000007ff71230..0x000000007ff7bffb    0 RSV_KERN\n"
                                     "   5: 0x000000007ff7c000..0x000000007fffffff    0 RSV_KERN\n"
                                     "## /sys/kernel/debug/extfrag/unusable_index\n"
                                     "   6: 0x0000000050000000..0x0000000050ffffff    0 NONE\n";
ImportHints hints() {
  ImportHints h;
  h.release = "7.2.13+deb14-arm64-16k";
  read_memblock_debugfs(debugfs, h);
  return h;
}

} // namespace

TEST_CASE("dmesg: memblock's lists of a running system") {
  const ImportHints h = hints();
  REQUIRE(h.memory.size() == 1);
  CHECK(h.memory[0].size == u64{1} << 30);
  CHECK(h.memory[0].nid == 0);
  REQUIRE(h.reserved.size() == 6);
  CHECK(!h.reserved[3].kernel);
  CHECK(h.reserved[4].kernel);
}

TEST_CASE("dmesg: a log that begins within sparse_init gets its head from the running system and the build") {
  const ImportResult r = import_dmesg(within_sparse_init, hints());
  REQUIRE(!r.error);
  const auto &all = r.script.commands;
  // The image has moved by 64 MiB; of the initrd the end of its last page is left.
  const Command *image = call(r, Op::memblock_reserve, "kernel image"),
                *initrd = call(r, Op::memblock_reserve, "initrd");
  REQUIRE(image != nullptr);
  CHECK(image->args[0].value == 0x44200000);
  REQUIRE(initrd != nullptr);
  CHECK(initrd->args[0].value == 0x48000000);
  CHECK(initrd->args[1].value == 0xf4000);
  CHECK(std::count_if(all.begin(), all.end(), [](const Command &c) { return c.caller == "early_pgtable_alloc"; }) ==
        33);
  const Command *tree = call(r, Op::memblock_alloc_try_nid, "device tree");
  REQUIRE(tree != nullptr);
  CHECK(tree->args[0].value == 44492);
  // What the log shows is the last of sparse_init's.
  REQUIRE(r.facts.cut_step < all.size());
  CHECK(all[r.facts.cut_step].op == Op::sparse_init);
  REQUIRE(r.facts.allocs.size() == 1);
  CHECK(r.facts.allocs[0].addr->v == 0x7ff40000);
  // No address of the log is in the script, and it is the same without them.
  for (const Command &c : all)
    for (const auto &a : c.args) CHECK((a.value != 0x7ff40000 && a.value != 0x7ff44000));
  CHECK(import_dmesg(strip_results(within_sparse_init, hints()), hints()).script.commands == all);

  ImportHints none;
  none.release = hints().release;
  CHECK(import_dmesg(within_sparse_init, none).error);
}

TEST_CASE("dmesg: an unknown build takes the configuration of its architecture's build, whatever era that one is of") {
  const auto log = [](std::string_view release) {
    return import_dmesg(concat("Linux version ", release, " (x)\nMEMBLOCK configuration:\n",
                               " memory[0x0]\t[0x80000000-0xbfffffff], 0x40000000 bytes flags: 0x0\n"));
  };
  for (const std::string_view release : {"6.1.0-50-arm64-16k", "6.1.0-50-riscv64", "5.10.0-32-arm64-16k"}) {
    CAPTURE(release);
    const ImportResult r = log(release);
    REQUIRE(!r.error);
    CHECK(!r.script.commands.empty());
    CHECK(r.script.setup.config.arch == r.script.setup.arch->name);
    bool said = false;
    for (const std::string &a : r.script.assumed)
      said = said || a.find("its configuration is taken from 6.12") != a.npos;
    CHECK(said);
  }
}
