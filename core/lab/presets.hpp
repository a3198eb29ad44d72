// MachineSpec: a machine as its buyer and its boot loader know it: firmware map,
// nodes, CPUs, kernel, command line, initrd. From it the boot model makes the
// whole list of kernel calls that a boot of Debian 6.1 makes on that machine.
//
//   const MachineSpec *m = find_preset("qemu-1g");
//   Script s = make_script(*m);              // play it with a Machine or a Timeline
//
// A spec is plain data: change a field and another machine boots. Addresses and
// sizes are bytes, ranges half-open.
#pragma once
#include "lab/command.hpp"
#include "mm/e820.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mmscope {

struct FirmwareTable { // an ACPI table that the kernel reserves at boot
  std::string name;    // its signature, "FACP"
  u64 addr = 0;
  u64 size = 0;
  friend bool operator==(const FirmwareTable &, const FirmwareTable &) = default;
};
struct FirmwareRange {
  u64 base = 0;
  u64 size = 0;
  friend bool operator==(const FirmwareRange &, const FirmwareRange &) = default;
};
struct NodeMemory { // a line of the firmware's SRAT
  i32 nid = 0;
  u64 base = 0;
  u64 size = 0;
  bool hotplug = false; // may be plugged in later: the range need not have RAM
  friend bool operator==(const NodeMemory &, const NodeMemory &) = default;
};

struct MachineSpec {
  std::string name;                       // "qemu-1g"
  std::string title;                      // one line for people
  std::string release = "6.1.0-50-amd64"; // of a kernel build that desc/config knows
  std::string command_line;               // log_buf_len=, mem=, numa=fake= … are honoured

  // --- firmware ---
  std::vector<e820_entry> e820;        // in any order
  std::vector<FirmwareTable> acpi;     // in the order the kernel reserves them: FACP, DSDT, FACS, others
  std::vector<FirmwareRange> mp_table; // floating pointer and table of the MP specification; empty = none
  u64 bios_start = 0x9fc00;            // where low RAM ends for the BIOS (0x40:0x13 or the EBDA)

  // --- processors ---
  u64 cpus = 1;         // possible CPUs; with `node_cpus`, their sum counts instead
  bool gbpages = false; // 1 GiB pages in page tables
  bool intel = false;   // the debug store of the entry area gets page tables on Intel only
  u64 ioapics = 1;

  // --- nodes; empty = the firmware says nothing ---
  std::vector<NodeMemory> node_memory;    // in SRAT order
  std::vector<u64> node_cpus;             // CPUs of node 0, 1, …: numbered node by node
  std::vector<std::vector<u8>> distances; // SLIT: [from][to]; empty = no SLIT

  // --- boot loader ---
  u64 initrd_bytes = 0;        // 0 = none
  u64 initrd_base = 0;         // 0 = as high as RAM below 4 GiB and `initrd_max` allow
  u64 initrd_max = 0xffffffff; // last address the loader uses for it

  friend bool operator==(const MachineSpec &, const MachineSpec &) = default;
};

std::span<const MachineSpec> presets();
const MachineSpec *find_preset(std::string_view name); // null when unknown

// A server of this much RAM, shared evenly by `nodes` nodes of 32 CPUs; bytes a multiple of 2 GiB a node.
MachineSpec machine_of_size(u64 bytes, u64 nodes);
// QEMU's PC (`-M pc`) with this much RAM and one node: e820, tables and initrd as QEMU 7.2 places them.
MachineSpec qemu_pc(u64 bytes, u64 cpus);
// The same with one processor of 32 bits, for an i386 release.
MachineSpec qemu_i386(u64 bytes, std::string_view release);

u64 ram_bytes(const MachineSpec &m); // usable in the firmware's map
u64 cpu_count(const MachineSpec &m); // possible CPUs
// Where the boot loader puts the initrd: `initrd_base`, or as high as RAM allows; 0 = there is no room (or no initrd).
u64 initrd_place(const MachineSpec &m);

// What stops a spec from booting, in words ("the kernel image does not lie in RAM"), or "".
std::string check_spec(const MachineSpec &m);

// Every call that this machine's boot makes, in order, with callers and owners (lab/boot_model.cpp). The spec must
// pass check_spec; with an unknown release the script has no commands and says so in `assumed`.
Script make_script(const MachineSpec &m);

} // namespace mmscope
