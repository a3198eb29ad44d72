// Machines without a log against real boots: from a machine's description alone, the boot model must make the calls
// that its kernel made, and end in the state that a replay of its log ends in.
#include "base/text.hpp"
#include "io/capture.hpp"
#include "io/dmesg.hpp"
#include "lab/machine.hpp"
#include "lab/presets.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

using namespace mmscope;

namespace {

constexpr u64 KiB = 1024, GiB = 1024 * 1024 * KiB;

// --- a recorded boot: the machine it ran on, and what its kernel asked memblock for --------------------------------

struct Recorded {
  std::string log;
  MachineSpec spec;
  std::vector<std::string> calls; // "memblock_reserve: [0x…-0x…] caller", requests with the address they got
};

// What the model leaves to one call of the engine (numa_init, sparse_init, free_area_init).
bool inside_a_step(std::string_view caller) {
  return caller == "sparse_init" || caller == "sparse_index_alloc" || caller == "sparse_init_nid" ||
         caller == "vmemmap_alloc_block_zero" || caller == "numa_alloc_distance" || caller == "free_area_init";
}

Recorded read_log(std::string_view log) {
  Recorded out;
  MachineSpec &m = out.spec;
  std::string request; // an allocation whose address the next line tells
  while (!log.empty()) {
    const std::size_t eol = std::min(log.find('\n'), log.size());
    std::string line(log.substr(0, eol));
    log.remove_prefix(std::min(eol + 1, log.size()));
    if (line.starts_with("[")) line.erase(0, std::min(line.find("] ") + 2, line.size()));
    unsigned long long a = 0, b = 0;
    int nid = 0;
    char text[64] = "";
    if (std::sscanf(line.c_str(), "BIOS-e820: [mem 0x%llx-0x%llx] %63[^\r\n]", &a, &b, text) == 3)
      m.e820.push_back({phys_addr_t{a}, b - a + 1, e820_type_of(text)});
    else if (line.starts_with("Linux version "))
      m.release = line.substr(14, line.find(' ', 14) - 14);
    else if (line.starts_with("Command line: "))
      m.command_line = line.substr(14);
    else if (std::sscanf(line.c_str(), "RAMDISK: [mem 0x%llx-0x%llx]", &a, &b) == 2) {
      m.initrd_base = a;
      m.initrd_bytes = b - a + 1;
    } else if (std::sscanf(line.c_str(), "ACPI: Reserving %4s table memory at [mem 0x%llx-0x%llx]", text, &a, &b) == 3)
      m.acpi.push_back({text, a, b - a + 1});
    else if (std::sscanf(line.c_str(), "SRAT: PXM %d -> APIC 0x%llx -> Node %llu", &nid, &a, &b) == 3) {
      if (m.node_cpus.size() <= b) m.node_cpus.resize(b + 1);
      ++m.node_cpus[b];
    } else if (std::sscanf(line.c_str(), "ACPI: SRAT: Node %d PXM %*d [mem 0x%llx-0x%llx]", &nid, &a, &b) == 3)
      m.node_memory.push_back({nid, a, b - a + 1, line.find("hotplug") != line.npos});
    else if (std::sscanf(line.c_str(), "smpboot: Allowing %llu CPUs", &a) == 1)
      m.cpus = a;

    if (!line.starts_with("memblock_") || line.starts_with("memblock_add")) continue;
    line.resize(std::min(line.find("+0x"), line.size()));
    line.resize(std::min(line.find(".constprop"), line.size()));
    const std::string caller = line.substr(line.rfind(' ') + 1);
    if (caller == "memblock_alloc_range_nid") {
      if (!request.empty()) out.calls.push_back(request + " -> " + line.substr(line.find("[0x") + 1, 18));
      request.clear(); // without a request it is NODE_DATA
      continue;
    }
    request.clear();
    if (inside_a_step(caller)) continue;
    if (caller == "smp_scan_config" && std::sscanf(line.c_str(), "memblock_reserve: [0x%llx-0x%llx]", &a, &b) == 2)
      m.mp_table.push_back({a, b - a + 1});
    if (line.find(" bytes align=") != line.npos)
      request = line;
    else
      out.calls.push_back(line);
  }
  return out;
}

std::string hex16(u64 n) {
  std::string s = "0x";
  append_hex(s, n, 16);
  return s;
}

// Plays the script and tells its calls in the words of a log.
std::vector<std::string> calls_of(const Script &script) {
  std::vector<std::string> out;
  Machine machine(script.setup);
  bool logged = false; // before memblock=debug is parsed nothing is
  for (const Command &c : script.commands) {
    const Result r = machine.apply(c, nullptr);
    REQUIRE_MESSAGE(r.ok(), op_info(c.op).name, ": ", r.error);
    logged = logged || c.op == Op::e820_finish;
    if (!logged) continue;
    const auto &a = c.args;
    const auto base = [&] {
      return a[0].value + (a[0].binding == no_binding ? 0 : machine.bound(a[0].binding).value_or(0));
    };
    std::string line = concat(op_info(c.op).name, ": ");
    switch (c.op) {
    case Op::memblock_reserve:
    case Op::memblock_phys_free:
      out.push_back(concat(line, "[", hex16(base()), "-", hex16(base() + a[1].value - 1), "] ", c.caller));
      break;
    case Op::memblock_phys_alloc_range:
    case Op::memblock_alloc_try_nid: {
      append(line, a[0].value, " bytes align=0x");
      append_hex(line, a[1].value);
      const bool by_node = c.op == Op::memblock_alloc_try_nid;
      if (by_node) append(line, " nid=", a[2].given ? static_cast<i64>(a[2].value) : -1);
      append(line, " from=", hex16(a[by_node ? 3 : 2].value), " max_addr=", hex16(a[by_node ? 4 : 3].value), " ",
             c.caller);
      out.push_back(concat(line, " -> ", hex16(r.value)));
      break;
    }
    default: break;
    }
  }
  return out;
}

u64 end_state(const Script &script) {
  Machine machine(script.setup);
  for (const Command &c : script.commands) {
    const Result r = machine.apply(c, nullptr);
    REQUIRE_MESSAGE(r.ok(), op_info(c.op).name, ": ", r.error);
  }
  return machine.system().digest();
}

// One difference is enough: the rest follows from it.
void check_same_calls(const std::vector<std::string> &got, const std::vector<std::string> &want) {
  for (std::size_t i = 0; i < std::min(got.size(), want.size()); ++i) {
    if (got[i] == want[i]) continue;
    CAPTURE(i);
    CHECK(got[i] == want[i]);
    return;
  }
  CHECK(got.size() == want.size());
}

std::vector<std::string> capture_logs() {
  std::vector<std::string> out;
  std::error_code none;
  for (const auto &dir : std::filesystem::directory_iterator(MMSCOPE_TEST_DATA "/captures", none))
    out.push_back(dir.path().string() + "/dmesg");
  std::sort(out.begin(), out.end());
  return out;
}

// Recorded boots of x86_64 builds that we have a row for, with memblock's lines. (The boot model of 32 bits is held to the
// facts of its boots, in captures_test: it does not name the functions that the compiler has merged.)
std::vector<std::pair<std::string, Recorded>> recorded_boots() {
  std::vector<std::pair<std::string, Recorded>> out;
  for (const std::string &path : capture_logs()) {
    std::string error;
    const auto log = read_file(path, error);
    if (!log) continue;
    Recorded r = read_log(*log);
    r.log = *log;
    const KernelConfig *config = find_config(r.spec.release);
    if (config != nullptr && config->arch == "x86_64" && !r.calls.empty()) out.emplace_back(path, std::move(r));
  }
  return out;
}

} // namespace

TEST_CASE("boot model: the calls of every recorded boot, from the machine alone") {
  const auto boots = recorded_boots();
  CHECK(boots.size() > 10);
  for (const auto &[path, recorded] : boots) {
    CAPTURE(path);
    REQUIRE(check_spec(recorded.spec) == "");
    check_same_calls(calls_of(make_script(recorded.spec)), recorded.calls);
  }
}

TEST_CASE("qemu-1g and its kin: one model, several recorded boots, by changing parameters only") {
  unsigned met = 0;
  for (const auto &[path, recorded] : recorded_boots()) {
    const MachineSpec &real = recorded.spec;
    if (!real.node_memory.empty()) continue;
    u64 low = 0, high = 0;
    for (const e820_entry &e : real.e820) {
      if (e.type != E820_TYPE_RAM) continue;
      if (e.addr.v < 4 * GiB)
        low = std::max(low, e.addr.v + e.size);
      else
        high += e.size;
    }
    MachineSpec m = qemu_pc(low + 128 * KiB + high, real.cpus);
    if (m.e820 != real.e820 || m.release != real.release) continue; // another board, or another build
    m.command_line = real.command_line;
    CAPTURE(path);
    CHECK(m.acpi == real.acpi);
    CHECK(m.mp_table == real.mp_table);
    const Script script = make_script(m);
    check_same_calls(calls_of(script), recorded.calls);
    // Whoever replays the log ends in the same state, to the last field.
    DmesgImporter importer;
    importer.feed(recorded.log);
    const ImportResult imported = importer.finish();
    REQUIRE(!imported.error);
    CHECK(end_state(script) == end_state(imported.script));
    ++met;
  }
  CHECK(met >= 3);
}
