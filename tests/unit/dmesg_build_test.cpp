// A build of x86_64 that no row knows: what its boot's requests, and the lines that are missing, tell of its options.
#include "io/dmesg.hpp"

#include "base/text.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace mmscope;

namespace {

constexpr std::string_view head = "Linux version 5.15.0 (x) #1 SMP\n"
                                  "Command line: nokaslr\n"
                                  "BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable\n"
                                  "BIOS-e820: [mem 0x0000000000100000-0x000000003ffdffff] usable\n"
                                  "MEMBLOCK configuration:\n";
constexpr std::string_view tail = "Zone ranges:\n"
                                  "Run /init as init process\n";
constexpr std::string_view node_data = "NODE_DATA(0) allocated [mem 0x3ffb6000-0x3ffdffff]\n";

std::string requests(std::string_view usage, std::string_view map, std::string_view align) {
  const auto line = [](std::string_view bytes, std::string_view alignment) {
    return concat("memblock_alloc_try_nid: ", bytes, " bytes align=", alignment,
                  " nid=0 from=0x0 max_addr=0x0 sparse_init_nid+0x32/0x189\n"
                  "memblock_reserve: [0x3f000000-0x3f000fff] memblock_alloc_range_nid+0x8a/0xf8\n");
  };
  return line(usage, "0x40") + line(map, align);
}
// As the log stands and as it is stripped, which must not differ.
KernelConfig config_of(const std::string &log, const ImportHints &hints = {}) {
  const ImportResult r = import_dmesg(log, hints);
  REQUIRE(!r.error);
  const ImportResult stripped = import_dmesg(strip_results(log, hints), hints);
  CHECK(stripped.script.setup.config.sizeof_page == r.script.setup.config.sizeof_page);
  CHECK(stripped.script.setup.config.memory_model == r.script.setup.config.memory_model);
  CHECK(stripped.script.setup.config.numa == r.script.setup.config.numa);
  CHECK(stripped.script.commands == r.script.commands);
  return r.script.setup.config;
}

} // namespace

TEST_CASE("dmesg: maps that do not fill PMDs are arrays of their own, as long as their alignment says") {
  const KernelConfig classic = config_of(concat(head, node_data, requests("128", "14680064", "0x1c0000"), tail));
  CHECK(classic.memory_model == MemoryModel::sparsemem);
  CHECK(classic.sizeof_page == 56);
  CHECK(classic.sizeof_section_usage == 16);
  const KernelConfig vmemmap = config_of(concat(head, node_data, requests("192", "16777216", "0x200000"), tail));
  CHECK(vmemmap.memory_model == MemoryModel::vmemmap);
  CHECK(vmemmap.sizeof_page == 64);
  CHECK(vmemmap.sizeof_section_usage == 24);
}

TEST_CASE("dmesg: a whole boot that allocates no NODE_DATA is of a build without NUMA") {
  const std::string rest = concat(requests("192", "16777216", "0x200000"), tail);
  const std::string without = concat(head, rest);
  CHECK(!config_of(without).numa);
  CHECK(config_of(concat(head, node_data, rest)).numa);
  const ImportResult r = import_dmesg(without);
  const auto made = [&](Op op) {
    return std::any_of(r.script.commands.begin(), r.script.commands.end(),
                       [&](const Command &c) { return c.op == op; });
  };
  CHECK(made(Op::initmem_init));
  CHECK(!made(Op::numa_init));
}

TEST_CASE("dmesg: without HugeTLB the capture tells whether there are transparent huge pages") {
  const std::string log = concat(head, node_data, tail);
  CHECK(!config_of(log).thp);
  CHECK(!config_of(log, {.release = {}, .thp = false, .distance = {}}).thp);
  CHECK(config_of(log, {.release = {}, .thp = true, .distance = {}}).thp);
  CHECK(config_of(log, {.release = {}, .thp = true, .distance = {}}).pageblock_order == 10);
}
