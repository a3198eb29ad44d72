// Preset machines and the parts of the boot model. (tests/fidelity/presets_test.cpp holds it against real boots.)
#include "lab/boot_model.hpp"
#include "lab/machine.hpp"
#include "lab/percpu_model.hpp"
#include "lab/presets.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace mmscope;

namespace {

constexpr u64 KiB = 1024, MiB = 1024 * KiB, GiB = 1024 * MiB;

u64 end_state(const Script &script) {
  Machine machine(script.setup);
  for (const Command &c : script.commands) {
    const Result r = machine.apply(c, nullptr);
    REQUIRE_MESSAGE(r.ok(), op_info(c.op).name, ": ", r.error);
  }
  return machine.system().digest();
}

} // namespace

TEST_CASE("presets: every one boots to the end and keeps its invariants") {
  std::vector<MachineSpec> all(presets().begin(), presets().end());
  all.push_back(machine_of_size(64 * GiB, 1));
  all.push_back(machine_of_size(u64{16} << 40, 16));
  for (const std::string_view name : {"qemu-1g", "laptop-16g", "i386-pae-2g", "numa-2x32g", "server-1t", "tiny-128m"})
    CHECK(find_preset(name) != nullptr);
  CHECK(find_preset("") == nullptr);
  for (const MachineSpec &m : all) {
    CAPTURE(m.title);
    REQUIRE(check_spec(m) == "");
    const Script s = make_script(m);
    Machine machine(s.setup);
    for (const Command &c : s.commands) {
      const Result r = machine.apply(c, nullptr);
      REQUIRE_MESSAGE(r.ok(), op_info(c.op).name, ": ", r.error);
      CHECK(!c.caller.empty());
      const bool takes =
          c.op == Op::memblock_reserve || c.op == Op::memblock_alloc_try_nid || c.op == Op::memblock_phys_alloc_range;
      if (takes) CHECK(!c.owner.empty());
    }
    const bool old = s.setup.era->boot_allocator == BootAllocator::bootmem;
    CHECK(machine.made(old ? Op::free_reserved_area : Op::hugepage_init));
    CHECK(machine.system().verify() == "");
    for (const std::string &what : s.assumed) CHECK(!what.starts_with("the boot stops"));
  }
}

TEST_CASE("presets: a machine too small for its CPUs stops where the kernel would panic") {
  MachineSpec m = *find_preset("tiny-128m");
  m.cpus = 4096;
  REQUIRE(check_spec(m) == "");
  const Script s = make_script(m);
  REQUIRE(!s.assumed.empty());
  CHECK(s.assumed.front() == "the boot stops: no memory for per-CPU first chunk");
  CHECK(s.commands.back().caller == "pcpu_fc_alloc");
  end_state(s); // and every call up to there can be made
}

TEST_CASE("presets: a log buffer that does not fit is given up whole") {
  MachineSpec m = *find_preset("tiny-128m");
  m.command_line = "nokaslr log_buf_len=32M";
  const Script s = make_script(m);
  //   32 MiB of text and 24 MiB of descriptors fit, 88 MiB of records do not; later the kernel tries once more
  unsigned taken = 0, given_back = 0;
  for (const Command &c : s.commands)
    if (c.caller == "setup_log_buf") ++(c.op == Op::memblock_phys_free ? given_back : taken);
  CHECK(taken > 3);
  CHECK(given_back == taken - 2); // all but the request that failed, both times
  CHECK(s.commands.back().op == Op::free_reserved_area);
  end_state(s);
}

TEST_CASE("presets: the same machine makes the same script") {
  const MachineSpec &m = *find_preset("numa-2x32g");
  CHECK(make_script(m).commands == make_script(m).commands);
  CHECK(make_script(m).bindings == make_script(m).bindings);
}

TEST_CASE("specs: what cannot boot is named") {
  const MachineSpec good = *find_preset("qemu-1g");
  const auto broken = [&](auto change) {
    MachineSpec m = good;
    change(m);
    return check_spec(m);
  };
  CHECK(check_spec(good) == "");
  CHECK(broken([](MachineSpec &m) { m.release = "6.1.0-13-generic"; }).find("6.1.0-13-generic") != std::string::npos);
  CHECK(broken([](MachineSpec &m) { m.e820.clear(); }) != "");
  CHECK(broken([](MachineSpec &m) { m.e820[3].size = 16 * MiB; }) == "the kernel image does not lie in RAM");
  CHECK(broken([](MachineSpec &m) { m.e820.push_back({phys_addr_t{~u64{0} - 4095}, 4096, E820_TYPE_RAM}); }) != "");
  CHECK(broken([](MachineSpec &m) { m.cpus = 0; }) != "");
  CHECK(broken([](MachineSpec &m) { m.cpus = 8193; }) != "");
  CHECK(broken([](MachineSpec &m) { m.initrd_bytes = 2 * GiB; }) == "the initrd is larger than RAM");
  CHECK(broken([](MachineSpec &m) { m.initrd_base = 0x2000000; }) == "the initrd lies over the kernel image");
  CHECK(broken([](MachineSpec &m) { m.initrd_bytes = 1000 * MiB; }) == "the initrd lies over the kernel image");
  CHECK(broken([](MachineSpec &m) { m.initrd_max = 8 * MiB, m.initrd_bytes = 9 * MiB; }).find("no room") !=
        std::string::npos);
  //   a larger type number wins where entries overlap: this takes the RAM under the kernel away
  CHECK(broken([](MachineSpec &m) {
          m.e820.push_back({phys_addr_t{2 * MiB}, 64 * MiB, E820_TYPE_ACPI});
        }) == "the kernel image does not lie in RAM");
  CHECK(broken([](MachineSpec &m) { m.node_memory = {{0, 0, GiB, false}}; }) != "");
  CHECK(broken([](MachineSpec &m) { m.distances = {{10, 20}}; }) == "distances must be a square table");
  CHECK(broken([](MachineSpec &m) { m.acpi.push_back({"SSDT", 0, 0}); }) != "");
  MachineSpec unknown = good;
  unknown.release = "6.1.0-13-generic";
  CHECK(make_script(unknown).commands.empty());
  CHECK(make_script(unknown).assumed.size() == 1);
}

// --- the parts -------------------------------------------------------------------------------------------------------

TEST_CASE("per-CPU: units of 2 MiB, 1 MiB and 512 KiB") {
  const KernelConfig &c = *find_config("6.1.0-50-amd64");
  const auto layout = [&](std::vector<i32> nodes) { return percpu_layout(c, *find_arch("x86_64"), nodes); };
  //   one CPU takes a whole block, two share one, four share one; of three no unit may stay empty
  CHECK(layout({0}).unit_bytes == 2 * MiB);
  CHECK(layout({0, 0}).unit_bytes == MiB);
  CHECK(layout({0, 0, 0, 0}).unit_bytes == 512 * KiB);
  CHECK(layout({0, 0, 0, 0}).used_bytes == 62 * 4096);
  CHECK(layout({0, 0, 0}).unit_bytes == 512 * KiB);
  CHECK(layout({0, 0, 0}).groups[0].units == 4);
  //   each node has a block of its own
  const PercpuLayout two = layout({0, 1});
  CHECK(two.unit_bytes == 2 * MiB);
  CHECK(two.groups.size() == 2);
  CHECK(two.groups[1].nid == 1);
  //   CPUs that take turns on two nodes
  const PercpuLayout turns = layout({1, 0, 1, 0, 1, 0, 1, 0});
  CHECK(turns.groups.size() == 2);
  CHECK(turns.groups[0].nid == 1);
  CHECK(turns.groups[0].units == 4);
  CHECK(turns.unit_bytes == 512 * KiB);
  CHECK(layout(std::vector<i32>(8192, 0)).info_bytes == 36864);
}

TEST_CASE("per-CPU: in 32 bits a unit is whole pages, and lists have short pointers") {
  const KernelConfig &c = *find_config("6.1.0-50-686-pae");
  const Arch &arch = *find_arch("i386-pae");
  const PercpuLayout one = percpu_layout(c, arch, std::vector<i32>{0});
  CHECK(one.unit_bytes == 33 * 4096);
  CHECK(one.atom_bytes == 4096);
  CHECK(one.slots_bytes == 152);
  const PercpuChunk chunk = percpu_chunk(c, arch, 8 * 4096);
  CHECK(chunk.alloc_map_bytes == 1024);
  CHECK(chunk.bound_map_bytes == 1028);
}

TEST_CASE("log buffer: by parameter, and by the number of CPUs") {
  const KernelConfig &c = *find_config("6.1.0-50-amd64");
  CHECK(wanted_log_buf(c, 0, 1, true) == 0);
  CHECK(wanted_log_buf(c, MiB, 1, true) == MiB);
  CHECK(wanted_log_buf(c, MiB + 1, 1, true) == 2 * MiB);
  CHECK(wanted_log_buf(c, 64 * KiB, 1, true) == 0); // the built-in one is larger
  CHECK(wanted_log_buf(c, 0, 128, true) == 0);      // CPUs count later
  CHECK(wanted_log_buf(c, 0, 17, false) == 0);
  CHECK(wanted_log_buf(c, 0, 18, false) == 256 * KiB);
  CHECK(wanted_log_buf(c, 0, 128, false) == MiB);
}

TEST_CASE("hash tables: a bucket for 8 KiB, fewer from 64 GiB on") {
  const Arch &a = *find_arch("x86_64");
  CHECK(large_hash_bytes(a, 1031904, 1031904, 13, 2, 0) == 4 * MiB);
  CHECK(large_hash_bytes(a, 1031904, 1031904, 14, 0, 0) == 2 * MiB);
  CHECK(large_hash_bytes(a, 16514784, 16514784, 13, 2, 0) == 64 * MiB);
  CHECK(large_hash_bytes(a, 4 * 16777216 + 1, 4 * 16777216 + 1, 13, 2, 0) == 128 * MiB); // scale + 2
  CHECK(large_hash_bytes(a, 128736, 128736, 14, 1 << 12, 1 << 20) == 256 * KiB);         // stack depot
  CHECK(large_hash_bytes(a, 16, 100000, 13, 2, 0) == 4 * KiB);
}

TEST_CASE("hash tables: in 32 bits a bucket has four bytes") {
  CHECK(large_hash_bytes(*find_arch("i386-pae"), 222980, 259814, 13, 2, 0) == 512 * KiB);
  CHECK(large_hash_bytes(*find_arch("i386-pae"), 222980, 259814, 14, 0, 0) == 256 * KiB);
}

TEST_CASE("i386: the entry areas' tables come out of the brk as far as it goes") {
  const KernelConfig &pae = *find_config("6.1.0-50-686-pae"), &plain = *find_config("6.1.0-50-686");
  CHECK(late_x86_tables(*find_arch("i386-pae"), pae, 0x36ffe000) == 2);
  CHECK(late_x86_tables(*find_arch("i386-pae"), pae, 0x10000000) == 1); // the direct map needs one less
  CHECK(late_x86_tables(*find_arch("i386"), plain, 0x36bfe000) == 0);
}

TEST_CASE("swiotlb: 64 MiB, more when each CPU's area would be too small") {
  CHECK(swiotlb_size(1).slots == 32768);
  CHECK(swiotlb_size(3).areas == 4);
  CHECK(swiotlb_size(256).slots == 32768);
  CHECK(swiotlb_size(257).slots == 65536);
  CHECK(swiotlb_size(257).areas == 512);
}

TEST_CASE("command line: what goes to user space") {
  const KernelConfig &c = *find_config("6.1.0-50-amd64");
  CHECK(unknown_options_bytes(c, "root=/dev/sda1 ro quiet") == 0);
  CHECK(unknown_options_bytes(c, "nokaslr") == 9);
  CHECK(unknown_options_bytes(c, "nokaslr cma=64M") == 17);
  CHECK(unknown_options_bytes(c, "mminit_loglevel=4 nokaslr") == 9);
  CHECK(unknown_options_bytes(*find_config("6.1.0-50-cloud-amd64"), "mminit_loglevel=4 nokaslr") == 27);
  CHECK(unknown_options_bytes(c, "i915.modeset=1 init-on-alloc=1") == 0);
  CHECK(unknown_options_bytes(c, "ro -- single") == 0);
}

TEST_CASE("CPU entry areas: one page of tables for 8 CPUs and a bit") {
  CHECK(entry_area_tables(1, false) == 3);
  CHECK(entry_area_tables(4, false) == 3);
  CHECK(entry_area_tables(8, true) == 3);
  CHECK(entry_area_tables(9, true) == 4);
  CHECK(entry_area_tables(128, true) == 2 + 15);
}

TEST_CASE("direct map: without 1 GiB pages one table a gigabyte, with them none") {
  DirectMap::Setup s;
  s.ram = {{phys_addr_t{0x1000}, phys_addr_t{0x9f000}},
           {phys_addr_t{MiB}, phys_addr_t{2 * GiB}},
           {phys_addr_t{4 * GiB}, phys_addr_t{66 * GiB}}};
  s.max_addr = phys_addr_t{66 * GiB};
  s.brk_tables = phys_addr_t{0x4401000};
  s.brk_table_pages = 16;
  s.kernel_end = phys_addr_t{0x4411000};
  u64 asked = 0;
  s.alloc_page = [&](phys_addr_t from, phys_addr_t max) {
    CHECK(from < max);
    CHECK(max <= phys_addr_t{66 * GiB});
    ++asked;
  };
  DirectMap small(s);
  small.map_isa();
  CHECK(small.tables() == 3); // 512 GiB, 1 GiB and 2 MiB level for the first MiB
  small.map_top_down(phys_addr_t{66 * GiB});
  CHECK(small.tables() == 3 + 1 + 62); // the second gigabyte, and those from 4 to 66
  CHECK(small.brk_pages_used() + asked == small.tables());
  CHECK(small.max_mapped() == phys_addr_t{66 * GiB});

  asked = 0;
  s.gbpages = true;
  DirectMap giant(s);
  giant.map_isa();
  giant.map_top_down(phys_addr_t{66 * GiB});
  CHECK(giant.max_mapped() == phys_addr_t{66 * GiB});
  CHECK(giant.tables() == 3); // even the first step's 2 MiB: a whole gigabyte of RAM lies around them
  CHECK(asked == 0);
}

TEST_CASE("direct map: bottom-up begins behind the kernel") {
  DirectMap::Setup s;
  s.ram = {{phys_addr_t{MiB}, phys_addr_t{GiB}}};
  s.max_addr = phys_addr_t{GiB};
  s.brk_tables = phys_addr_t{0x4401000};
  s.brk_table_pages = 16;
  s.kernel_end = phys_addr_t{0x4411000};
  u64 lowest = ~u64{0};
  s.alloc_page = [&](phys_addr_t from, phys_addr_t) { lowest = std::min(lowest, from.v); };
  DirectMap map(s);
  map.map_isa();
  map.map_bottom_up();
  CHECK(map.max_mapped() == phys_addr_t{GiB});
  CHECK(lowest >= MiB);
}
