#include "lab/presets.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "desc/arch.hpp"
#include "desc/config.hpp"

#include <algorithm>
#include <initializer_list>

namespace mmscope {

namespace {

constexpr u64 KiB = 1024, MiB = 1024 * KiB, GiB = 1024 * MiB, TiB = 1024 * GiB;

void add(MachineSpec &m, u64 first, u64 end, u32 type) { m.e820.push_back({phys_addr_t{first}, end - first, type}); }

// --- QEMU ------------------------------------------------------------------------------------------------------------

// ACPI tables as SeaBIOS lays them out: FACS, DSDT, then the others without gaps, from the reserved end of low RAM on.
struct TableSize {
  std::string_view name;
  u64 size;
};
void qemu_tables(MachineSpec &m, u64 base, u64 dsdt_bytes, std::initializer_list<TableSize> others) {
  const u64 dsdt = base + 64;
  u64 at = dsdt + dsdt_bytes;
  bool first = true;
  for (const TableSize &t : others) {
    m.acpi.push_back({std::string(t.name), at, t.size});
    if (first) { // FACP names the two that come before it in memory
      m.acpi.push_back({"DSDT", dsdt, dsdt_bytes});
      m.acpi.push_back({"FACS", base, 64});
      first = false;
    }
    at += t.size;
  }
}

} // namespace

MachineSpec qemu_pc(u64 bytes, u64 cpus) {
  MachineSpec m;
  m.cpus = cpus;
  m.command_line = "console=ttyS0 nokaslr memblock=debug loglevel=8 mminit_loglevel=4 log_buf_len=1M";
  // From 3.5 GiB on, what is above 3 GiB goes above 4 GiB; the last 128 KiB below hold the ACPI tables.
  const u64 low = bytes >= 0xe0000000 ? 3 * GiB : bytes, tables = low - 128 * KiB;
  add(m, 0, 0x9fc00, E820_TYPE_RAM);
  add(m, 0x9fc00, 0xa0000, E820_TYPE_RESERVED);
  add(m, 0xf0000, MiB, E820_TYPE_RESERVED);
  add(m, MiB, tables, E820_TYPE_RAM);
  add(m, tables, low, E820_TYPE_RESERVED);
  add(m, 0xfffc0000, 4 * GiB, E820_TYPE_RESERVED);
  if (bytes > low) add(m, 4 * GiB, 4 * GiB + bytes - low, E820_TYPE_RAM);
  add(m, 0xfd00000000, 0x10000000000, E820_TYPE_RESERVED);
  // The DSDT describes each CPU after the first; the APIC table has 8 bytes a CPU.
  const u64 dsdt = 0x18f1 + (cpus == 1 ? 0 : 0x53 + (cpus - 2) * 0x56);
  qemu_tables(m, tables, dsdt, {{"FACP", 0x74}, {"APIC", 0x70 + 8 * cpus}, {"HPET", 0x38}, {"WAET", 0x28}});
  m.mp_table = {{0xf5ba0, 16}, {0xf5bb0, 0xc8}};
  m.initrd_bytes = 0xfb800;
  return m;
}

MachineSpec qemu_i386(u64 bytes, std::string_view release) {
  MachineSpec m = qemu_pc(bytes, 1);
  m.release = release;
  // A processor of 32 bits has no place that far up for QEMU to reserve.
  std::erase_if(m.e820, [](const e820_entry &e) { return e.addr.v == 0xfd00000000; });
  m.initrd_bytes = 0x104bb8;
  return m;
}

namespace {

MachineSpec named(MachineSpec m, std::string_view name, std::string_view title) {
  m.name = name;
  m.title = title;
  return m;
}

// --- real machines -----------------------------------------------------------------------------------------------------

MachineSpec laptop_16g() {
  MachineSpec m;
  m.name = "laptop-16g";
  m.title = "laptop, 8 CPUs, 16 GiB";
  m.command_line = "BOOT_IMAGE=/boot/vmlinuz-6.1.0-50-amd64 root=/dev/nvme0n1p2 ro nokaslr quiet";
  // Firmware keeps pieces of low RAM for itself; 2 GiB below 4 GiB go to devices and return above it.
  add(m, 0, 0x9f000, E820_TYPE_RAM);
  add(m, 0x9f000, MiB, E820_TYPE_RESERVED);
  add(m, MiB, 0x6f9d4000, E820_TYPE_RAM);
  add(m, 0x6f9d4000, 0x72c7f000, E820_TYPE_RESERVED);
  add(m, 0x72c7f000, 0x72d4b000, E820_TYPE_ACPI);
  add(m, 0x72d4b000, 0x731ea000, E820_TYPE_NVS);
  add(m, 0x731ea000, 0x73fff000, E820_TYPE_RESERVED);
  add(m, 0x73fff000, 0x74000000, E820_TYPE_RAM);
  add(m, 0x74000000, 0x7c000000, E820_TYPE_RESERVED); // graphics
  add(m, 0xe0000000, 0xf0000000, E820_TYPE_RESERVED); // PCI configuration
  add(m, 0xfe000000, 0xfe011000, E820_TYPE_RESERVED);
  add(m, 0xfec00000, 0xfec01000, E820_TYPE_RESERVED);
  add(m, 0xfee00000, 0xfee01000, E820_TYPE_RESERVED);
  add(m, 0xff000000, 4 * GiB, E820_TYPE_RESERVED);
  add(m, 4 * GiB, 0x484000000, E820_TYPE_RAM);
  m.acpi = {{"FACP", 0x72d44000, 0x114},  {"DSDT", 0x72cd4000, 0x6c9a1}, {"FACS", 0x7318e000, 0x40},
            {"SSDT", 0x72d46000, 0x2a61}, {"SSDT", 0x72d49000, 0x1f28},  {"APIC", 0x72d43000, 0x12c},
            {"HPET", 0x72d42000, 0x38},   {"MCFG", 0x72d41000, 0x3c},    {"SSDT", 0x72cc9000, 0x5c3d},
            {"DMAR", 0x72cc8000, 0x88},   {"TPM2", 0x72cc7000, 0x4c},    {"BGRT", 0x72cc6000, 0x38}};
  m.cpus = 8;
  m.gbpages = true;
  m.intel = true;
  m.initrd_bytes = 48 * MiB + 700 * KiB;
  m.initrd_max = 0x37ffffff;
  return m;
}

// Firmware map of a two-or-more-socket server: 2 GiB of RAM below 4 GiB, the rest above.
MachineSpec server(u64 bytes, u64 nodes, u64 cpus_per_node) {
  MM_CHECK(nodes != 0 && bytes % nodes == 0 && bytes / nodes >= 2 * GiB);
  MachineSpec m;
  constexpr u64 low = 2 * GiB, tables = 0x77000000, low_ram = 0x76000000;
  add(m, 0, 0x99000, E820_TYPE_RAM);
  add(m, 0x99000, MiB, E820_TYPE_RESERVED);
  add(m, MiB, low_ram, E820_TYPE_RAM);
  add(m, low_ram, tables, E820_TYPE_RESERVED);
  add(m, tables, 0x77800000, E820_TYPE_ACPI);
  add(m, 0x77800000, 0x79000000, E820_TYPE_NVS);
  add(m, 0x79000000, low, E820_TYPE_RESERVED);
  add(m, low, 0x90000000, E820_TYPE_RESERVED); // PCI configuration
  add(m, 0xfd000000, 0xfe800000, E820_TYPE_RESERVED);
  add(m, 0xfed20000, 0xfed45000, E820_TYPE_RESERVED);
  add(m, 0xff000000, 4 * GiB, E820_TYPE_RESERVED);
  if (bytes > low) add(m, 4 * GiB, 4 * GiB + bytes - low, E820_TYPE_RAM);

  const u64 share = bytes / nodes, cpus = nodes * cpus_per_node;
  if (nodes > 1) {
    m.node_memory.push_back({0, 0, low, false});
    for (u64 nid = 0; nid < nodes; ++nid) {
      const u64 base = 4 * GiB - low + nid * share + (nid == 0 ? low : 0);
      m.node_memory.push_back({static_cast<i32>(nid), base, share - (nid == 0 ? low : 0), false});
      m.node_cpus.push_back(cpus_per_node);
    }
    if (m.node_memory[1].size == 0) m.node_memory.erase(m.node_memory.begin() + 1);
    for (u64 from = 0; from < nodes; ++from) {
      std::vector<u8> row;
      // A neighbour's socket is one hop away, the others two.
      for (u64 to = 0; to < nodes; ++to) row.push_back(from == to ? 10 : (from ^ to) == 1 ? 21 : 31);
      m.distances.push_back(std::move(row));
    }
  }
  m.cpus = cpus;
  m.gbpages = true;
  m.intel = true;
  m.ioapics = nodes;
  u64 at = tables + 0x100000;
  const auto table = [&](std::string_view name, u64 size) {
    m.acpi.push_back({std::string(name), at, size});
    at += round_up_any(size, 4 * KiB);
  };
  table("FACP", 0x114);
  table("DSDT", 0x3b000 + nodes * 0x2800);
  m.acpi.push_back({"FACS", 0x78f00000, 0x40});
  table("APIC", 0x6c + 12 * nodes + 16 * cpus);
  table("MCFG", 0x3c);
  table("HPET", 0x38);
  if (nodes > 1) {
    table("SLIT", 0x2c + nodes * nodes);
    table("SRAT", 0x30 + 24 * cpus + 40 * m.node_memory.size());
  }
  table("SSDT", 0x1000 + 0x120 * cpus);
  table("DMAR", 0x100 + 0x40 * nodes);
  m.command_line =
      "BOOT_IMAGE=/boot/vmlinuz-6.1.0-50-amd64 root=/dev/sda2 ro nokaslr console=tty0 console=ttyS0,115200";
  m.initrd_bytes = 36 * MiB;
  m.initrd_max = 0x37ffffff;
  return m;
}

std::string size_text(u64 bytes) {
  return bytes % TiB == 0   ? concat(bytes / TiB, " TiB")
         : bytes % GiB == 0 ? concat(bytes / GiB, " GiB")
                            : concat(bytes / MiB, " MiB");
}

// The same PC with 256 MiB, without an initrd, for a kernel of any year: one of 32 bits as long as they were built.
MachineSpec era_pc(std::string_view release) {
  const KernelConfig *config = find_config(release);
  MM_CHECK(config != nullptr);
  MachineSpec m = find_arch(config->arch)->word == 8 ? qemu_pc(256 * MiB, 1) : qemu_i386(256 * MiB, release);
  m.release = release;
  m.initrd_bytes = 0;
  const Era *era = era_of_release(release);
  return named(std::move(m), concat("pc-256m-", era->name), concat("PC, 1 CPU, 256 MiB, Linux ", era->name));
}

std::vector<MachineSpec> make_presets() {
  return {
      named(qemu_pc(128 * MiB, 1), "tiny-128m", "QEMU PC, 1 CPU, 128 MiB"),
      named(qemu_pc(GiB, 1), "qemu-1g", "QEMU PC, 1 CPU, 1 GiB"),
      laptop_16g(),
      named(qemu_i386(2 * GiB, "6.1.0-50-686-pae"), "i386-pae-2g", "QEMU PC of 32 bits with PAE, 1 CPU, 2 GiB"),
      era_pc("2.4.22-1-386"),
      era_pc("2.6.11-1-386"),
      era_pc("2.6.24-1-486"),
      era_pc("4.9.0-19-686"),
      era_pc("5.10.0-32-686"),
      era_pc("5.15.0-1-686"),
      era_pc("6.1.0-50-686"),
      era_pc("6.5.0-0.deb12.4-686"),
      era_pc("6.12.107+deb13-amd64"),
      era_pc("7.2.13+deb14-amd64"),
      named(server(64 * GiB, 2, 16), "numa-2x32g", "server, 2 nodes of 16 CPUs and 32 GiB"),
      named(server(TiB, 4, 32), "server-1t", "server, 4 nodes of 32 CPUs and 256 GiB"),
  };
}

} // namespace

std::span<const MachineSpec> presets() {
  static const std::vector<MachineSpec> all = make_presets(); // constant: made once, never changed
  return all;
}

const MachineSpec *find_preset(std::string_view name) {
  for (const MachineSpec &m : presets())
    if (m.name == name) return &m;
  return nullptr;
}

MachineSpec machine_of_size(u64 bytes, u64 nodes) {
  return named(server(bytes, nodes, 32), "",
               concat("server, ", nodes, nodes == 1 ? " node, " : " nodes, ", size_text(bytes)));
}

u64 ram_bytes(const MachineSpec &m) {
  u64 n = 0;
  for (const e820_entry &e : m.e820)
    if (e.type == E820_TYPE_RAM) n += e.size;
  return n;
}

u64 cpu_count(const MachineSpec &m) {
  if (m.node_cpus.empty()) return m.cpus;
  u64 n = 0;
  for (const u64 c : m.node_cpus) n += c;
  return n;
}

namespace {

// The map as the kernel sees it: sorted, and where entries overlap one of them wins.
e820_table firmware_map(const MachineSpec &m) {
  e820_table t;
  for (const e820_entry &e : m.e820) t.add(nullptr, e.addr, e.size, e.type);
  return t;
}
bool in_ram(const e820_table &map, u64 base, u64 end) {
  return std::any_of(map.entries.begin(), map.entries.end(), [&](const e820_entry &e) {
    return e.type == E820_TYPE_RAM && e.addr.v <= base && end <= e.addr.v + e.size;
  });
}

} // namespace

u64 initrd_place(const MachineSpec &m) {
  if (m.initrd_bytes == 0 || m.initrd_base != 0) return m.initrd_base;
  const u64 limit = std::min(m.initrd_max, 4 * GiB - 1) + 1;
  u64 best = 0;
  for (const e820_entry &e : firmware_map(m).entries) {
    const u64 end = std::min(e.addr.v + e.size, limit);
    if (e.type != E820_TYPE_RAM || e.addr.v < MiB || end <= m.initrd_bytes) continue;
    const u64 base = round_down(end - 1 - m.initrd_bytes, 4 * KiB);
    if (base >= e.addr.v) best = std::max(best, base);
  }
  return best;
}

std::string check_spec(const MachineSpec &m) {
  const KernelConfig *config = find_config(m.release);
  if (config == nullptr) return concat("kernel ", m.release, " is not one whose sizes are known");
  const Arch &arch = *find_arch(config->arch);
  // A 32-bit kernel leaves out what it cannot reach.
  const u64 physical = arch.word == 8 ? arch.physical_bytes() : u64{1} << 52;

  if (m.e820.empty() || m.e820.size() > 128) return "the firmware's map needs 1 to 128 entries";
  for (const e820_entry &e : m.e820)
    if (e.size == 0 || e.type == 0 || e.addr.v >= physical || e.size > physical - e.addr.v)
      return concat("an entry of the firmware's map is empty or ends beyond ", arch.max_physmem_bits,
                    " bits of address");
  const e820_table map = firmware_map(m);
  const u64 image_end = config->image_end + config->brk_size;
  if (!in_ram(map, config->image_base, image_end)) return "the kernel image does not lie in RAM";

  const u64 cpus = cpu_count(m);
  if (cpus == 0 || cpus > config->nr_cpus_max) return concat("the number of CPUs must be 1 to ", config->nr_cpus_max);
  if (m.ioapics > 128) return "no more than 128 I/O APICs are possible";
  if (m.node_cpus.size() > config->max_numnodes) return concat("node ids go up to ", config->max_numnodes - 1);
  if (!m.node_memory.empty() && m.node_cpus.empty()) return "with nodes, node_cpus must say where the CPUs are";
  if (m.node_memory.size() > 2 * config->max_numnodes) return "too many node ranges";
  for (const NodeMemory &n : m.node_memory) {
    if (n.nid < 0 || static_cast<u64>(n.nid) >= config->max_numnodes)
      return concat("node ids go up to ", config->max_numnodes - 1);
    if (n.size == 0 || n.base >= physical || n.size > physical - n.base) return "a node's range is empty or too high";
  }
  if (m.distances.size() > 256) return "distances are known for up to 256 nodes";
  for (std::size_t from = 0; from < m.distances.size(); ++from) {
    if (m.distances[from].size() != m.distances.size()) return "distances must be a square table";
    for (std::size_t to = 0; to < m.distances.size(); ++to)
      if (m.distances[from][to] < 10 || (from == to && m.distances[from][to] != 10))
        return "a distance is 10 from a node to itself and at least 10 elsewhere";
  }

  for (const FirmwareTable &t : m.acpi)
    if (t.size == 0 || t.addr >= physical || t.size > physical - t.addr)
      return concat("ACPI table ", t.name, " is empty or too high");
  for (const FirmwareRange &r : m.mp_table)
    if (r.size == 0 || r.base >= physical || r.size > physical - r.base) return "an MP table is empty or too high";
  if (m.bios_start > MiB) return "low RAM cannot end for the BIOS above 1 MiB";

  if (m.initrd_bytes > ram_bytes(m)) return "the initrd is larger than RAM";
  if (m.initrd_bytes != 0) {
    const u64 base = initrd_place(m), end = base + round_up_any(m.initrd_bytes, 4 * KiB);
    if (base == 0) return "there is no room for the initrd where the boot loader may put it";
    if (!in_ram(map, base, base + m.initrd_bytes)) return "the initrd does not lie in RAM";
    if (base < image_end && config->image_base < end) return "the initrd lies over the kernel image";
  }
  if (m.command_line.size() > 2047) return "the command line is longer than 2047 characters";
  return {};
}

} // namespace mmscope
