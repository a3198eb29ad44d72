// Views print what the kernel prints, character for character.
#include "io/views.hpp"

#include "base/text.hpp"
#include "lab/presets.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

namespace {

constexpr u64 KiB = 1024, MiB = 1024 * KiB;

Machine bare(std::initializer_list<Command> commands) {
  Machine m({all_arches()[0], &pivot_era(), *all_configs()[0], ""});
  for (const Command &c : commands) REQUIRE(m.apply(c, nullptr).ok());
  return m;
}
Machine booted(std::string_view preset, Phase until = Phase::done) {
  const Script s = make_script(*find_preset(preset));
  Machine m(s.setup);
  for (const Command &c : s.commands) {
    if (c.phase > until) break;
    REQUIRE(m.apply(c, nullptr).ok());
  }
  return m;
}
std::string shown(View v, const Machine &m) {
  std::string s;
  append_view(s, v, m);
  return s;
}
u64 lines_of(std::string_view s) { return static_cast<u64>(std::count(s.begin(), s.end(), '\n')); }

} // namespace

TEST_CASE("views: every name leads to a view") {
  for (const std::string_view name : view_names()) CHECK(find_view(name));
  CHECK(find_view("free-lists") == View::free_lists);
  CHECK(find_view("digest") == View::digest);
  CHECK(find_view("slabinfo") == View::slabinfo);
  CHECK(!find_view("meminfo"));
}

TEST_CASE("views: memblock as memblock=debug dumps it") {
  const Machine m = bare({command(Op::memblock_add, {0x1000, 0x9e000, 0}),
                          command(Op::memblock_add, {MiB, 1022 * MiB, field(no_node), 1}),
                          command(Op::memblock_reserve, {0x98000, 28 * KiB})});
  CHECK(shown(View::memblock, m) ==
        "MEMBLOCK configuration:\n"
        " memory size = 0x000000003fe9e000 reserved size = 0x0000000000007000\n"
        " memory.cnt  = 0x2\n"
        " memory[0x0]\t[0x0000000000001000-0x000000000009efff], 0x000000000009e000 bytes on node 0 flags: 0x0\n"
        " memory[0x1]\t[0x0000000000100000-0x000000003fefffff], 0x000000003fe00000 bytes flags: 0x1\n"
        " reserved.cnt  = 0x1\n"
        " reserved[0x0]\t[0x0000000000098000-0x000000000009efff], 0x0000000000007000 bytes flags: 0x0\n");
}

TEST_CASE("views: an empty memblock counts its dummy regions") {
  CHECK(shown(View::memblock, bare({})) ==
        "MEMBLOCK configuration:\n"
        " memory size = 0x0000000000000000 reserved size = 0x0000000000000000\n"
        " memory.cnt  = 0x1\n"
        " memory[0x0]\t[0x0000000000000000-0xffffffffffffffff], 0x0000000000000000 bytes flags: 0x0\n"
        " reserved.cnt  = 0x1\n"
        " reserved[0x0]\t[0x0000000000000000-0xffffffffffffffff], 0x0000000000000000 bytes flags: 0x0\n");
}

TEST_CASE("views: nothing of zones before there are any") {
  const Machine m = bare({});
  for (const View v :
       {View::zones, View::zoneinfo, View::buddyinfo, View::pagetypeinfo, View::iomem, View::free_lists, View::log})
    CHECK(shown(v, m).empty());
}

TEST_CASE("views: zoneinfo of populated and empty zones") {
  const std::string s = shown(View::zoneinfo, booted("qemu-1g"));
  CHECK(s.starts_with("Node 0, zone      DMA\n"
                      "  pages free     3840\n"
                      "        boost    0\n"
                      "        min      178\n"
                      "        low      222\n"
                      "        high     266\n"
                      "        spanned  4095\n"
                      "        present  3998\n"
                      "        managed  3840\n"
                      "        cma      0\n"
                      "        protection: (0, 932, 932, 932, 932)\n"
                      "      nr_free_pages 3840\n"
                      "  pagesets\n"
                      "    cpu: 0\n"
                      "              count: 0\n"
                      "              high:  222\n"
                      "              batch: 1\n"
                      "  vm stats threshold: 2\n"
                      "  start_pfn:           1\n"
                      "Node 0, zone    DMA32\n"));
  CHECK(s.ends_with("Node 0, zone   Device\n"
                    "  pages free     0\n"
                    "        boost    0\n"
                    "        min      0\n"
                    "        low      0\n"
                    "        high     0\n"
                    "        spanned  0\n"
                    "        present  0\n"
                    "        managed  0\n"
                    "        cma      0\n"
                    "        protection: (0, 0, 0, 0, 0)\n"));
}

TEST_CASE("views: buddyinfo and pagetypeinfo at the handoff") {
  const Machine m = booted("qemu-1g", Phase::handoff);
  const std::string buddy = shown(View::buddyinfo, m);
  CHECK(buddy.starts_with(
      "Node 0, zone      DMA      0      0      0      0      0      0      0      0      1      1      3 \n"
      "Node 0, zone    DMA32 "));
  CHECK(lines_of(buddy) == 2); // only populated zones
  const std::string types = shown(View::pagetypeinfo, m);
  CHECK(types.starts_with("Page block order: 9\n"
                          "Pages per block:  512\n"
                          "\n"
                          "Free pages count per migrate type at order       0      1      2      3      4      5      "
                          "6      7      8      9     10 \n"
                          "Node    0, zone      DMA, type    Unmovable      0      0      0      0      0      0      "
                          "0      0      1      0      0 \n"
                          "Node    0, zone      DMA, type      Movable      0      0      0      0      0      0      "
                          "0      0      0      1      3 \n"
                          "Node    0, zone      DMA, type  Reclaimable      0      0      0      0      0      0      "
                          "0      0      0      0      0 \n"
                          "Node    0, zone      DMA, type   HighAtomic      0      0      0      0      0      0      "
                          "0      0      0      0      0 \n"
                          "Node    0, zone      DMA, type      Isolate      0      0      0      0      0      0      "
                          "0      0      0      0      0 \n"));
  CHECK(types.find("\nNumber of blocks type     Unmovable      Movable  Reclaimable   HighAtomic      Isolate \n"
                   "Node 0, zone      DMA            1            7            0            0            0 \n") !=
        std::string::npos);
}

TEST_CASE("views: pagetypeinfo stops counting a list at 100000") {
  const std::string s = shown(View::pagetypeinfo, booted("server-1t"));
  // 256 GiB a node are 65536 blocks of 4 MiB, below the bound; the block counts have none.
  CHECK(s.find('>') == std::string::npos);
  CHECK(s.find("Node 3, zone   Normal ") != std::string::npos);
  Machine m(make_script(machine_of_size(u64{2} << 40, 1)).setup);
  const Script big = make_script(machine_of_size(u64{2} << 40, 1));
  for (const Command &c : big.commands) REQUIRE(m.apply(c, nullptr).ok());
  CHECK(shown(View::pagetypeinfo, m).find(" >100000 \n") != std::string::npos);
}

TEST_CASE("views: free lists are printed block by block, head first") {
  const std::string s = shown(View::free_lists, booted("qemu-1g", Phase::handoff));
  CHECK(s.find("  order 8 UNMOVABLE n 1 : 100\n  order 9 MOVABLE n 1 : 200\n  order 10 MOVABLE n 3 : 400 800 c00\n") !=
        std::string::npos);
  CHECK(s.starts_with("node 0 start_pfn 1 present 262014 spanned 262111\n"
                      " zone 0 DMA start_pfn 1 spanned 4095 present 3998 managed 3840 nr_free_pages 3840\n"));
}

TEST_CASE("views: iomem names RAM and what lies in it that is known to the byte") {
  const std::string s = shown(View::iomem, booted("qemu-1g"));
  CHECK(s.starts_with("00000000-00000fff : Reserved\n"
                      "00001000-0009fbff : System RAM\n"
                      "0009fc00-0009ffff : Reserved\n"
                      "000f0000-000fffff : Reserved\n"
                      "00100000-3ffdffff : System RAM\n"
                      "  02000000-028e6fff : Kernel rodata\n"
                      "  0330d000-043fffff : Kernel bss\n"
                      "3ffe0000-3fffffff : Reserved\n"));
  CHECK(s.ends_with("fd00000000-ffffffffff : Reserved\n"));
}

TEST_CASE("views: sections and zones and log and digest") {
  const Machine m = booted("qemu-1g");
  CHECK(shown(View::sections, m)
            .starts_with("sections of 128 MiB, 8 present\nroots     at 0x000000003fa31000, 32768 bytes\nroot 0 at 0x"));
  CHECK(shown(View::sections, m).find("section 0-7          node 0 usage 0x") != std::string::npos);
  CHECK(shown(View::zones, m)
            .starts_with("Node 0, zone      DMA  start_pfn 1  spanned 4095  present 3998  managed 3840  free 3840\n"));
  CHECK(shown(View::log, m).find("\nOn node 0, zone DMA: 1 pages in unavailable ranges\n") != std::string::npos);
  CHECK(lines_of(shown(View::log, m)) == m.system().lines.size());
  std::string hex;
  append_hex(hex, m.system().digest(), 16);
  CHECK(shown(View::digest, m) == hex + "\n");
}

TEST_CASE("views: a node without memory shows where the kernel shows it") {
  Machine m =
      bare({command(Op::e820_add, {MiB, 2047 * MiB, E820_TYPE_RAM}), command(Op::e820_finish, {}),
            command(Op::memblock_reserve, {0, MiB}), command(Op::e820__memblock_setup, {}),
            command(Op::memblock_set_current_limit, {2048 * MiB}), command(Op::numa_add_memblk, {1, 0, 2048 * MiB}),
            command(Op::numa_set_cpus, {0, 1}), command(Op::numa_set_cpus, {1, 1}), command(Op::numa_init, {}),
            command(Op::sparse_init, {}), command(Op::free_area_init, {}), command(Op::build_all_zonelists, {}),
            command(Op::memblock_free_all, {})});
  CHECK(shown(View::zoneinfo, m).starts_with("Node 0, zone      DMA\n  pages free     0\n"));
  CHECK(shown(View::buddyinfo, m).starts_with("Node 1, zone      DMA "));
  CHECK(shown(View::pagetypeinfo, m).find("Node    0") == std::string::npos);
}

TEST_CASE("views: pageblocks of a node that lies inside another are not counted twice") {
  //   node   0            1            0
  //   [1M .. 512M) [512M .. 1024M) [1024M .. 1536M)
  Machine m =
      bare({command(Op::e820_add, {MiB, 1535 * MiB, E820_TYPE_RAM}), command(Op::e820_finish, {}),
            command(Op::memblock_reserve, {0, MiB}), command(Op::e820__memblock_setup, {}),
            command(Op::memblock_set_current_limit, {1536 * MiB}), command(Op::numa_add_memblk, {0, 0, 512 * MiB}),
            command(Op::numa_add_memblk, {1, 512 * MiB, 512 * MiB}),
            command(Op::numa_add_memblk, {0, 1024 * MiB, 512 * MiB}), command(Op::numa_init, {}),
            command(Op::sparse_init, {}), command(Op::free_area_init, {}), command(Op::build_all_zonelists, {}),
            command(Op::memblock_free_all, {}), command(Op::mem_init, {}), command(Op::page_alloc_init_late, {})});
  const std::string s = shown(View::pagetypeinfo, m);
  const auto blocks = [&](std::string_view head) {
    const std::size_t at = s.rfind(head);
    REQUIRE(at != std::string::npos);
    std::string_view rest = std::string_view(s).substr(at + head.size());
    rest = rest.substr(0, rest.find('\n'));
    u64 n = 0;
    while (!trim(rest).empty()) n += *parse_u64(next_word(rest));
    return n;
  };
  CHECK(blocks("Node 0, zone    DMA32") == (512 - 16 + 512) / 2);
  CHECK(blocks("Node 1, zone    DMA32") == 512 / 2);
}
