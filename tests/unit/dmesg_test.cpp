#include "io/dmesg.hpp"
#include "io/dmesg_lines.hpp"

#include "base/prng.hpp"
#include "base/text.hpp"
#include "io/facts_table.hpp"
#include "support/small_log.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace mmscope;
using namespace mmscope::test;

namespace {

std::string_view message(std::string_view line) { return line.substr(decoration(line)); }

LogLine read(std::string_view line, LogKind section = LogKind::none) { return classify(message(line), section); }

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}
std::string each_line(std::string_view text, auto &&change) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    out += change(text.substr(0, end));
    out += '\n';
    text.remove_prefix(end + 1);
  }
  return out;
}

std::vector<const Command *> of(const Script &s, Op op) {
  std::vector<const Command *> out;
  for (const Command &c : s.commands)
    if (c.op == op) out.push_back(&c);
  return out;
}
bool assumes(const Script &s, std::string_view what) {
  return std::any_of(s.assumed.begin(), s.assumed.end(),
                     [&](const std::string &a) { return a.find(what) != std::string::npos; });
}

} // namespace

TEST_CASE("dmesg: the message begins behind stamps, levels, caller ids and syslog heads") {
  const std::string_view m = "Zone ranges:";
  for (const std::string_view head :
       {"", "[    0.000000] ", "<6>[    0.000000] ", "<6>", "[    0.000000][    T0] ", "[12345.678901][   C12] ",
        "[Thu Nov 21 10:00:00 2024] ", "Nov 21 10:00:00 host kernel: ", "Nov 21 10:00:00 host kernel: [    0.000000] ",
        "2024-11-21T10:00:00+0000 host kernel: ", "[    0.000000] host kernel: ", "kern  :info  : [    0.000000] ",
        "\x1b[2J\x1b[H[    0.000000] "}) {
    CAPTURE(head);
    CHECK(message(concat(head, m)) == m);
  }
  // The blank that sets a list's lines apart stays.
  CHECK(message("[    0.000000]   DMA      [mem 0x1000-0x1fff]") == "  DMA      [mem 0x1000-0x1fff]");
  CHECK(message("[mem 0x40000000-0xfffbffff] available for PCI devices") ==
        "[mem 0x40000000-0xfffbffff] available for PCI devices");
}

TEST_CASE("dmesg: lines of memblock=debug") {
  const LogLine a = read("memblock_alloc_try_nid: 1048576 bytes align=0x8 nid=-1 from=0x0000000000001000 "
                         "max_addr=0x0000000000002000 setup_log_buf+0x112/0x337");
  CHECK(a.kind == LogKind::request);
  CHECK(a.size == 1048576);
  CHECK(a.align == 8);
  CHECK(a.nid == no_node);
  CHECK(a.base == 0x1000);
  CHECK(a.end == 0x2000);
  CHECK(a.caller == "setup_log_buf");

  const LogLine r = read("memblock_reserve: [0x0000000004400000-0x0000000004410fff] setup_arch+0x797/0xd4f\r");
  CHECK(r.kind == LogKind::reserve);
  CHECK(r.base == 0x4400000);
  CHECK(r.size == 0x11000);

  CHECK(read("memblock_alloc_try_nid_raw: 4096 bytes align=0x1000 nid=0 from=0x1 max_addr=0x0 "
             "vmemmap_alloc_block_zero.constprop.0+0xc/0x28")
            .caller == "vmemmap_alloc_block_zero");
  CHECK(read("memblock_reserve: [0x0000000000002000-0x0000000000001000] setup_arch+0x1/0x2").kind == LogKind::none);
  CHECK(read("memblock_reserve: [0x1000-").kind == LogKind::none);

  const LogLine region =
      read(" reserved[0x5]\t[0x13fb7d000-0x13fffffff], 0x483000 bytes on node 1 flags: 0x2", LogKind::dump);
  CHECK(region.kind == LogKind::dump_region);
  CHECK(region.list == memblock_list::reserved);
  CHECK(region.nid == 1);
  CHECK(region.flags == 2);
}

TEST_CASE("dmesg: a list's lines count only under their header") {
  CHECK(read("  DMA      [mem 0x0000000000001000-0x0000000000ffffff]").kind == LogKind::none);
  const LogLine l = read("  DMA      [mem 0x0000000000001000-0x0000000000ffffff]", LogKind::zone_ranges);
  CHECK(l.kind == LogKind::fact);
  CHECK(l.fact == LineKind::zone_range);
  CHECK(read("  Normal   empty", LogKind::zone_ranges).kind == LogKind::fact);
  CHECK(read("  Normal   empty", LogKind::node_ranges).kind == LogKind::none);
}

TEST_CASE("dmesg: a log becomes the calls that were made, in order") {
  const ImportResult r = import_dmesg(small_log);
  REQUIRE_FALSE(r.error);
  std::vector<std::string_view> ops;
  for (const Command &c : r.script.commands) ops.push_back(op_info(c.op).name);
  const std::vector<std::string_view> want{"e820_add",
                                           "e820_add",
                                           "e820_add",
                                           "e820_finish",
                                           "memblock_reserve",
                                           "memblock_reserve",
                                           "memblock_reserve",
                                           "memblock_reserve", // low 64 KiB, BIOS, kernel, initrd
                                           "memblock_reserve", // brk, which has a line
                                           "memblock_set_current_limit",
                                           "e820__memblock_setup",
                                           "memblock_phys_alloc_range",
                                           "memblock_reserve",
                                           "memblock_phys_alloc_range",
                                           "memblock_phys_free",
                                           "memblock_set_current_limit",
                                           "memblock_alloc_try_nid",
                                           "memblock_reserve",
                                           "numa_set_cpus",
                                           "numa_init",
                                           "sparse_init",
                                           "free_area_init",
                                           "memblock_alloc_try_nid",
                                           "memblock_alloc_try_nid",
                                           "memblock_alloc_try_nid",
                                           "memblock_phys_free",
                                           "memblock_phys_free",
                                           "memblock_phys_free",
                                           "memblock_phys_free", // tails, then two tables
                                           "build_all_zonelists",
                                           "memblock_free_all",
                                           "mem_init",
                                           "setup_per_cpu_pageset",
                                           "free_reserved_area",
                                           "page_alloc_init_late",
                                           "init_per_zone_wmark_min",
                                           "hugepage_init",
                                           "free_reserved_area",
                                           "free_reserved_area",
                                           "write_sysctl"};
  CHECK(ops == want);
  CHECK(r.release == "6.1.0-50-amd64");
  CHECK(r.cpus == 2);
  CHECK(r.script.title == "Linux 6.1.0-50-amd64, 128 MiB");
  CHECK(r.script.assumed.empty());

  const auto reserved = of(r.script, Op::memblock_reserve);
  CHECK(reserved[0]->owner == "first 64 KiB");
  CHECK(reserved[1]->owner == "BIOS area");
  CHECK(reserved[2]->owner == "kernel image");
  CHECK(reserved[2]->args[1].value == 0x3400000);
  CHECK(reserved[3]->owner == "initrd");
  CHECK(reserved[4]->owner == "brk");
  CHECK(reserved[6]->owner == "ACPI table FACP");
  const Command &buffer = *of(r.script, Op::memblock_alloc_try_nid)[0];
  CHECK(buffer.caller == "setup_log_buf");
  CHECK(buffer.phase == Phase::memblock);
  CHECK(small_log.substr(line_start(small_log, buffer.line)).starts_with("memblock_alloc_try_nid: 1048576"));
  CHECK(of(r.script, Op::memblock_set_current_limit)[1]->args[0].value == 0x7fe0000);
}

TEST_CASE("dmesg: frees name what they give back, not where it was") {
  const ImportResult r = import_dmesg(small_log);
  const auto frees = of(r.script, Op::memblock_phys_free);
  REQUIRE(frees.size() == 5);
  const auto freed = [&](const Command &c) {
    return concat(r.script.bindings.at(c.args[0].binding), "+", c.args[0].value, " ", c.args[1].value);
  };
  CHECK(freed(*frees[0]) == "init_mem_mapping+0 2097152");
  // two units of 1 MiB, 62 pages of each in use
  CHECK(freed(*frees[1]) == "pcpu_fc_alloc+253952 794624");
  CHECK(freed(*frees[2]) == "pcpu_fc_alloc+1302528 794624");
  // the layout goes first although the group addresses were allocated last
  CHECK(freed(*frees[3]) == "pcpu_build_alloc_info+0 4096");
  CHECK(freed(*frees[4]) == "pcpu_embed_first_chunk+0 4096");
}

TEST_CASE("dmesg: results are kept apart from the script") {
  const ImportResult r = import_dmesg(small_log);
  REQUIRE(r.facts.allocs.size() == 13);
  CHECK(r.facts.allocs[0].addr == phys_addr_t{0x98000});
  CHECK(r.facts.allocs[0].command == 11);
  CHECK(std::count_if(r.facts.allocs.begin(), r.facts.allocs.end(), [](const LoggedAlloc &a) { return a.inside; }) ==
        7);
  CHECK(r.facts.adds.size() == 2);
  CHECK(r.facts.dumps.size() == 2);
  CHECK(r.facts.dumps[1].memory[0].nid == 0);
  REQUIRE(r.facts.memory);
  CHECK(r.facts.memory->total_kb == 130552);
  CHECK(r.facts.lines.back().text == "Policy zone: DMA32");
}

TEST_CASE("dmesg: nothing of a result is left in a stripped log, and it gives the same script") {
  const std::string stripped = strip_results(small_log);
  CHECK(std::count(stripped.begin(), stripped.end(), '\n') == std::count(small_log.begin(), small_log.end(), '\n'));
  for (const std::string_view result :
       {"0x0000000000098000", "7de4000", "7db9000", "130552", "58744", "31968", "Policy zone", "DMA32"})
    CHECK_MESSAGE(stripped.find(result) == std::string::npos, result);
  const ImportResult a = import_dmesg(small_log), b = import_dmesg(stripped);
  REQUIRE_FALSE(b.error);
  CHECK(a.script.commands == b.script.commands);
  CHECK(a.script.bindings == b.script.bindings);
  CHECK(b.facts.allocs.size() == 6); // requests; no answers
  CHECK(std::none_of(b.facts.allocs.begin(), b.facts.allocs.end(),
                     [](const LoggedAlloc &x) { return x.addr && x.addr->v != 0; }));
  CHECK(b.facts.lines.empty());
  CHECK(strip_results("nonsense\n").empty());
}

TEST_CASE("dmesg: any chunking, any decoration, the same script") {
  const ImportResult plain = import_dmesg(small_log);
  for (const std::size_t chunk : {1, 2, 7, 63, 4096}) {
    DmesgImporter in;
    for (std::size_t at = 0; at < small_log.size(); at += chunk) CHECK(in.feed(small_log.substr(at, chunk)));
    CHECK(in.finish().script.commands == plain.script.commands);
  }
  for (const std::string_view head :
       {"[    0.000000] ", "<5>[    0.000000][    T0] ", "Nov 21 10:00:00 h kernel: [    0.000000] ",
        "2024-11-21T10:00:00+0000 h kernel: "}) {
    CAPTURE(head);
    const std::string log = each_line(small_log, [&](std::string_view l) { return concat(head, l); });
    CHECK(import_dmesg(log).script.commands == plain.script.commands);
  }
  const std::string crlf = each_line(small_log, [](std::string_view l) { return concat(l, "\r"); });
  CHECK(import_dmesg(crlf).script.commands == plain.script.commands);
}

TEST_CASE("dmesg: other lines in between do no harm") {
  Prng r{7};
  const std::string log = each_line(small_log, [&](std::string_view l) {
    return r.below(2) == 0 ? std::string(l) : concat("pci 0000:00:01.1: BAR 4 [io  0xc000-0xc00f]\n", l);
  });
  const ImportResult a = import_dmesg(small_log), b = import_dmesg(log);
  REQUIRE(a.script.commands.size() == b.script.commands.size());
  for (std::size_t i = 0; i < a.script.commands.size(); ++i)
    CHECK(a.script.commands[i].args == b.script.commands[i].args);
}

TEST_CASE("dmesg: a cut last line is dropped and noted") {
  const std::string log = std::string(small_log.substr(0, small_log.find("Zone ranges:"))) + "Zone ra";
  const ImportResult r = import_dmesg(log);
  REQUIRE_FALSE(r.error);
  CHECK(assumes(r.script, "was cut and is left out"));
  CHECK(assumes(r.script, "ends before the page allocator takes over"));
  CHECK(of(r.script, Op::free_area_init).empty());
  CHECK(of(r.script, Op::sparse_init).size() == 1);
}

TEST_CASE("dmesg: a log that cannot be used is refused with line and reason") {
  const auto refused = [](std::string_view log) {
    const ImportResult r = import_dmesg(log);
    REQUIRE(r.error);
    CHECK(r.script.commands.empty());
    return to_text(*r.error, "log");
  };
  CHECK(refused("") ==
        "log:0:0: no usable line about memory: no BIOS-e820 line and no MEMBLOCK configuration in the whole log");
  CHECK(refused("hello\nworld\n").starts_with("log:2:0: no usable line"));
  CHECK(refused("BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] reserved\n") ==
        "log:1:0: the firmware's map has no usable range");
  CHECK(refused("[    0.000000] Linux version 4.19.0-27-amd64 (x)\nBIOS-e820: [mem 0x0-0xfffffff] usable\n") ==
        "log:1:0: Linux 4.19.0-27-amd64: this version models Linux 4.9, 5.10, 5.15, 6.1, 6.5, 6.12, 7.2 only");
  CHECK(refused("\n[    0.000000] Linux version 6.1.0-50-powerpc64le (x)\n")
            .starts_with("log:2:0: a log of powerpc, Linux 6.1.0-50-powerpc64le: this version models x86_64, i386, "));
  CHECK(refused("MEMBLOCK configuration:\n memory[0x0]\t[0x40000000-0x4fffffff], 0x10000000 bytes flags: 0x0\n") ==
        "log:1:0: no BIOS-e820 line, and nothing else in the log says that it is one of an x86_64 kernel");
  CHECK(refused("MEMBLOCK configuration:\n memory[0x0]\t[0x40000000-0x4fffffff], 0x10000000 bytes flags: 0x0\n"
                "CPU features: detected: 32-bit EL0 Support\n")
            .starts_with("log:3:0: a log of arm64: this version"));
  CHECK(refused("Linux version 6.1.0-50-arm64 (x)\nBIOS-e820: [mem 0x0-0xfffffff] usable\n") ==
        "log:2:0: a BIOS-e820 line, but this kernel has its memory from a device tree");
  CHECK(refused("Linux version 6.1.0-50-arm64-64k (x)\nMEMBLOCK configuration:\n"
                " memory[0x0]\t[0x40000000-0x4fffffff], 0x10000000 bytes flags: 0x0\n") ==
        "log:1:0: no build for arm64-64k is in the table: all sizes would be guesses");
  CHECK(refused("a\n[    0.000000] BIOS-e820: [mem 0x0010000000000000-0x00100000ffffffff] usable\n") ==
        "log:2:32: an address beyond the 46 bits of physical address that x86_64 has");
  CHECK(refused("memblock_reserve: [0x0000000000000000-0xffffffffffffffff] setup_arch+0x0/0x1\n")
            .starts_with("log:1:20: an address beyond"));
}

TEST_CASE("dmesg: what is kept has a cap, and crossing it is said with the line") {
  ImportLimits limits;
  limits.kept_lines = 40;
  const ImportResult r = import_dmesg(small_log, {}, limits);
  REQUIRE(r.error);
  CHECK(r.error->line > 40);
  CHECK(r.error->reason.starts_with("too many lines about memory"));
  DmesgImporter in(limits);
  CHECK_FALSE(in.feed(small_log));
  CHECK_FALSE(in.feed("more\n"));

  std::string log(small_log);
  log += std::string(1 << 20, 'x') + "\n";
  CHECK(import_dmesg(log).script.commands == import_dmesg(small_log).script.commands);
}

TEST_CASE("dmesg: only the first of several boots is read") {
  const ImportResult r = import_dmesg(concat(small_log, small_log));
  CHECK(r.script.commands == import_dmesg(small_log).script.commands);
  CHECK(assumes(r.script, "another boot begins at line"));
}

TEST_CASE("dmesg: a log that begins behind the firmware's map starts from the first configuration block") {
  const std::string log(small_log.substr(small_log.find("MEMBLOCK configuration:")));
  const ImportResult r = import_dmesg(log);
  REQUIRE_FALSE(r.error);
  CHECK(of(r.script, Op::e820_add).size() == 2);
  CHECK(assumes(r.script, "behind the firmware's map"));
  CHECK(assumes(r.script, "does not name its kernel"));
  CHECK(import_dmesg(strip_results(log)).script.commands == r.script.commands);
}

TEST_CASE("dmesg: a build that is not in the table is read off the request sizes") {
  const std::string log = replaced(std::string(small_log), "6.1.0-50-amd64", "6.1.55-custom");
  const std::string cloud = replaced(log, "memblock_alloc_try_nid: 32768 bytes", "memblock_alloc_try_nid: 16384 bytes");
  const ImportResult r = import_dmesg(cloud);
  REQUIRE_FALSE(r.error);
  CHECK(r.script.setup.config.sizeof_mem_section == 16);
  CHECK(import_dmesg(log).script.setup.config.sizeof_mem_section == 32);
  CHECK(r.script.setup.config.sizeof_section_usage == 56);
  CHECK(assumes(r.script, "6.1.55-custom is not in the table"));
  CHECK(assumes(r.script, "sizeof(struct mem_section) is 16"));
  CHECK(import_dmesg(strip_results(cloud)).script.setup.config.sizeof_mem_section == 16);
}

TEST_CASE("dmesg: SRAT lines give nodes and CPUs, a SLIT distances that the log does not show") {
  const std::string srat = "SRAT: PXM 0 -> APIC 0x00 -> Node 0\nSRAT: PXM 1 -> APIC 0x01 -> Node 1\n"
                           "ACPI: SRAT: Node 0 PXM 0 [mem 0x00000000-0x03ffffff]\n"
                           "ACPI: SRAT: Node 1 PXM 1 [mem 0x04000000-0x07ffffff] hotplug\n";
  const std::string log = replaced(std::string(small_log), "No NUMA configuration found\n", srat);
  const ImportResult r = import_dmesg(log);
  const auto blocks = of(r.script, Op::numa_add_memblk);
  REQUIRE(blocks.size() == 2);
  CHECK(blocks[1]->args[0].value == 1);
  CHECK(blocks[1]->args[1].value == 0x4000000);
  CHECK(blocks[1]->args[3].value == 1);
  CHECK_FALSE(blocks[0]->args[3].given);
  CHECK(of(r.script, Op::numa_set_cpus).size() == 2);
  CHECK(of(r.script, Op::numa_set_distance).empty());

  const std::string slit =
      replaced(log, "SRAT: PXM 0", "ACPI: SLIT 0x0000000007FE1BAC 00002C (v01 BOCHS)\nSRAT: PXM 0");
  const ImportResult assumed = import_dmesg(slit);
  CHECK(of(assumed.script, Op::numa_set_distance).size() == 4);
  CHECK(assumes(assumed.script, "SLIT"));
  ImportHints hints;
  hints.distance = {{10, 31}, {32, 10}};
  const ImportResult told = import_dmesg(slit, hints);
  CHECK(of(told.script, Op::numa_set_distance)[1]->args[2].value == 31);
  CHECK_FALSE(assumes(told.script, "SLIT"));
}

TEST_CASE("dmesg: a gigantic page is counted later, by name") {
  const std::string log =
      replaced(std::string(small_log), "Memory: ",
               "memblock_alloc_try_nid_raw: 33554432 bytes align=0x2000000 nid=0 from=0x0000000000000000 "
               "max_addr=0x0000000000000000 __alloc_bootmem_huge_page+0x61/0x130\n"
               "memblock_reserve: [0x0000000004800000-0x00000000067fffff] memblock_alloc_range_nid+0xb0/0x13d\n"
               "Memory: ");
  const ImportResult r = import_dmesg(log);
  const auto counted = of(r.script, Op::hugetlb_init);
  REQUIRE(counted.size() == 1);
  CHECK(counted[0]->args[1].value == 33554432);
  CHECK(r.script.bindings.at(counted[0]->args[0].binding) == "__alloc_bootmem_huge_page");
  CHECK(import_dmesg(strip_results(log)).script.commands == r.script.commands);
}

TEST_CASE("dmesg: a reservation of a crash kernel is one more request") {
  const std::string log =
      replaced(std::string(small_log), "Zone ranges:",
               "memblock_phys_alloc_range: 16777216 bytes align=0x1000000 from=0x0000000001000000 "
               "max_addr=0x0000000100000000 setup_arch+0xa00/0xd4f\n"
               "memblock_reserve: [0x0000000005000000-0x0000000005ffffff] memblock_alloc_range_nid+0xb0/0x13d\n"
               "Zone ranges:");
  const ImportResult r = import_dmesg(log);
  const auto all = of(r.script, Op::memblock_phys_alloc_range);
  REQUIRE(all.size() == 3);
  CHECK(all[2]->phase == Phase::sparse);
}

TEST_CASE("dmesg: an initrd that was moved is freed where it went") {
  std::string log =
      replaced(std::string(small_log), "RAMDISK: [mem 0x07ee4000-0x07fdffff]\n",
               "RAMDISK: [mem 0x07ee4000-0x07fdffff]\n"
               "memblock_phys_alloc_range: 1032192 bytes align=0x1000 from=0x0000000000000000 "
               "max_addr=0x0000000007fe0000 setup_arch+0x8da/0xd4f\n"
               "memblock_reserve: [0x0000000007ce8000-0x0000000007de3fff] memblock_alloc_range_nid+0xb0/0x13d\n"
               "memblock_phys_free: [0x0000000007ee4000-0x0000000007fdffff] setup_arch+0x964/0xd4f\n");
  const ImportResult r = import_dmesg(log);
  const auto frees = of(r.script, Op::memblock_phys_free);
  CHECK(frees[1]->args[0].binding == no_binding); // the place itself is an input
  CHECK(frees[1]->args[0].value == 0x7ee4000);
  const auto late = of(r.script, Op::free_reserved_area);
  REQUIRE(late.size() == 3);
  CHECK(late[1]->owner == "initrd");
  CHECK(r.script.bindings.at(late[1]->args[0].binding) == "setup_arch");
  CHECK(import_dmesg(strip_results(log)).script.commands == r.script.commands);
}

TEST_CASE("dmesg: without memblock=debug the boot model speaks for the kernel") {
  const std::string log = each_line(small_log, [in_dump = false](std::string_view l) mutable {
    if (l.starts_with("MEMBLOCK"))
      in_dump = true;
    else if (!l.starts_with(" "))
      in_dump = false;
    return in_dump || l.starts_with("memblock") ? std::string("-") : std::string(l);
  });
  const ImportResult r = import_dmesg(log);
  REQUIRE_FALSE(r.error);
  CHECK(assumes(r.script, "without memblock=debug"));
  CHECK(of(r.script, Op::memblock_alloc_try_nid).size() > 10);
  CHECK(r.facts.memory);
  CHECK(import_dmesg(strip_results(log)).script.commands == r.script.commands);
}

TEST_CASE("dmesg: logs cut anywhere and logs with flipped bytes are read or refused, never worse") {
  for (std::size_t cut = 0; cut < small_log.size(); cut += 97) {
    const std::string_view log = small_log.substr(0, cut);
    const ImportResult r = import_dmesg(log);
    if (r.error) continue;
    Machine m(r.script.setup);
    for (const Command &c : r.script.commands) CHECK_MESSAGE(m.apply(c, nullptr).ok(), cut);
    CHECK(import_dmesg(strip_results(log)).script.commands == r.script.commands);
  }
  Prng rng{11};
  for (unsigned round = 0; round < 150; ++round) {
    std::string log(small_log);
    for (unsigned i = 0; i < 20; ++i)
      log[static_cast<std::size_t>(rng.below(log.size()))] = static_cast<char>(rng.below(128));
    const ImportResult r = import_dmesg(log);
    if (r.error) continue;
    Machine m(r.script.setup);
    for (const Command &c : r.script.commands)
      if (!m.apply(c, nullptr).ok()) break;
  }
}

TEST_CASE("dmesg: the build of an unknown 32-bit kernel is read off what it asks for") {
  const ImportResult r = import_dmesg(
      "Linux version 6.1.9 (x)\nBIOS-e820: [mem 0x100000-0x3fffffff] usable\n"
      "last_pfn = 0x40000 max_arch_pfn = 0x1000000\n"
      "memblock_reserve: [0x1400000-0x140bfff] setup_arch+0x1/0x2\nMEMBLOCK configuration:\n"
      " reserved[0x0]\t[0x1000000-0x140bfff], 0x40c000 bytes flags: 0x0\nZone ranges:\n"
      "memblock_alloc_try_nid_raw: 8388608 bytes align=0x20 nid=0 from=0x0 max_addr=0x0 memmap_alloc+0x1/0x2\n"
      "memblock_alloc_try_nid: 71 bytes align=0x20 nid=-1 from=0x0 max_addr=0x0 start_kernel+0x1/0x2\n"
      "setup_percpu: NR_CPUS:8 nr_cpumask_bits:8 nr_cpu_ids:1 nr_node_ids:1\n"
      "Memory: 1K/2K available (2595K kernel code, 583K rwdata, 692K rodata, 324K init, 244K bss, 1K reserved)\n"
      "Freeing SMP alternatives memory: 12K\nRun /init as init process\n");
  REQUIRE_FALSE(r.error);
  const KernelConfig &c = r.script.setup.config;
  CHECK(c.memory_model == MemoryModel::flatmem);
  CHECK(c.sizeof_page == 32);
  CHECK(c.cache_line == 32);
  CHECK(c.nr_cpus_max == 8);
  CHECK_FALSE(c.thp);
  CHECK(c.pageblock_order == c.max_order);
  CHECK(c.smp_locks == ImagePart{0x1400000 - 0x3d000 - 0x3000, 0x3000});
  CHECK(c.initmem == ImagePart{0x1400000 - 0x3d000 - 0x3000 - 0x51000, 0x51000});
}

TEST_CASE("dmesg: the architecture is read off the build, the reach of its page tables or the end of low memory") {
  const auto arch = [](std::string_view log) {
    const ImportResult r = import_dmesg(log);
    REQUIRE_FALSE(r.error);
    return r.script.setup.arch->name;
  };
  const std::string map = "BIOS-e820: [mem 0x100000-0x3fffffff] usable\nMEMBLOCK configuration:\n";
  CHECK(arch("Linux version 6.1.0-50-686-pae (x)\n" + map) == "i386-pae");
  CHECK(arch("Linux version 6.1.0-50-686 (x)\n" + map) == "i386");
  CHECK(arch("Linux version 6.1.0 (x)\n" + map + "last_pfn = 0x40000 max_arch_pfn = 0x1000000\n") == "i386-pae");
  CHECK(arch("Linux version 6.1.0 (x)\n" + map + "last_pfn = 0x40000 max_arch_pfn = 0x100000\n") == "i386");
  CHECK(arch("Linux version 6.1.0 (x)\n" + map + "last_pfn = 0x40000 max_arch_pfn = 0x400000000\n") == "x86_64");
  CHECK(arch(map + "875MB LOWMEM available.\n") == "i386");
  CHECK(arch(map) == "x86_64");
}
