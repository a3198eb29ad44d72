// dmesg_lines: one line of a kernel log, recognised. Nothing here knows what
// came before; io/dmesg.cpp puts the lines together.
//
//   "<6>[    0.000000][    T0] memblock_reserve: [0x1000-0x1fff] setup_arch+0x797/0xd4f\r"
//    └ decoration(): where the message starts     └ classify(): kind reserve, base, size, caller "setup_arch"
//
// Besides the kernel's own lines it reads the few forms that strip_results()
// writes in place of a result ("memblock_phys_free: 4096 bytes at line 12+0x0 …").
#pragma once
#include "base/types.hpp"
#include "io/facts.hpp"

#include <string>
#include <string_view>

namespace mmscope {

enum class LogKind : u8 {
  none,         // not a line that matters
  version,      // text = release
  command_line, // text; flag: the late repetition ("Kernel command line")
  x86,          // shows that this is a log of an x86
  foreign_arch, // text = what shows that this is not an x86_64 log
  e820,         // base, size, n = e820 type
  last_pfn,     // size = max_arch_pfn, which shows the architecture; what comes before it is a result
  reserve,      // base, size, caller; masked: size only; flag: the range makes no sense
  add,
  remove,  // base, size, caller
  free,    // base, size, caller; masked: size, or size and ref+offset; flag as above
  request, // function, caller, size, align, nid, base = from, end = max_addr; masked: function, caller[, size, align]
  doubled, // an array grew
  dump,    // header of a MEMBLOCK configuration block
  dump_sizes,  // base = memory size, size = reserved size
  dump_count,  // n = count; list
  dump_region, // base, size, end = its bytes as printed beside it, nid, flags; list
  ramdisk,     // base, size
  reserving,   // text = ACPI table name, base, size
  mp_table,    // base, size
  ioapic,
  gbpages,
  intel,
  srat_mem, // nid, base, size; flag = hotplug
  srat_cpu, // nid
  slit,
  no_numa,
  distance_table,
  node_data, // nid, base, size; masked: size only
  zone_ranges,
  movable_starts,
  node_ranges,   // headers of the lists that follow
  fact,          // a result line (fact), text
  memory,        // "Memory:" base/size/end = available, total, reserved KiB; parts[] = the build's amounts
  cpus,          // n
  percpu,        // "percpu: Embedded": n = pages, size = unit bytes; parts[0..2] = static, reserved, dynamic
  percpu_groups, // text
  freeing,       // text = what, n = KiB
  nr_cpus,       // n = CONFIG_NR_CPUS
  smp_up,
  node_cpus, // ".... node #1, CPUs: #2 #3": nid, n = how many; the boot CPU is not among them
  deferred,
  devtmpfs,
  hugetlb,
  slub_up, // "SLUB: HWalign=…": the page allocator works
  init_started,
  cma, // "cma: Reserved 64 MiB at 0x…": flag set when it failed
};

struct LogLine {
  LogKind kind = LogKind::none;
  LineKind fact{};
  memblock_list list{};
  bool flag = false, masked = false;
  bool has_size = false; // a masked line that still says its size
  bool absolute = false; // a masked free whose address is an input
  i32 nid = no_node;
  u32 flags = 0, n = 0;
  u32 line = 0;   // 1-based
  u32 column = 0; // of the message, 1-based
  u32 ref = 0;    // masked free: line of the request that it gives back
  u64 base = 0, size = 0, end = 0, align = 0;
  u64 parts[5] = {};
  std::string function, caller, text;
};

// Offset of the kernel's message in a raw line, behind levels, syslog heads, timestamps and caller ids.
std::size_t decoration(std::string_view line);
// Without trailing CR, blanks and NULs.
std::string_view without_tail(std::string_view line);

// `section` is the header that indented lines belong to (zone_ranges, movable_starts, node_ranges, dump); the
// caller keeps it from one line to the next: classify() changes it.
LogLine classify(std::string_view message, LogKind &section);

// What a request made by `caller` belongs to: an Op whose command makes it by itself, or false when it is a
// command of its own.
bool made_by_step(std::string_view caller, Op &step);
// "memblock_alloc_range_nid+0xb0/0x13d" of an answer line: the caller is memblock itself.
bool is_answer_caller(std::string_view caller);

} // namespace mmscope
