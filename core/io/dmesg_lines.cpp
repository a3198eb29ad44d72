#include "io/dmesg_lines.hpp"

#include "base/text.hpp"
#include "io/dmesg_lowmem.hpp"
#include "mm/e820.hpp"

#include <algorithm>

namespace mmscope {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// A reader over one message: every step takes what it names, or fails and stays failed.
class Scan {
public:
  explicit Scan(std::string_view s) : s_(s) {}
  bool ok() const { return ok_; }
  std::string_view rest() const { return s_; }
  bool at(std::string_view text) const { return s_.starts_with(text); }

  bool take(std::string_view text) { // optional text
    if (!ok_ || !s_.starts_with(text)) return false;
    s_.remove_prefix(text.size());
    return true;
  }
  Scan &lit(std::string_view text) {
    if (ok_ && !take(text)) ok_ = false;
    return *this;
  }
  Scan &blanks() {
    while (!s_.empty() && (s_.front() == ' ' || s_.front() == '\t')) s_.remove_prefix(1);
    return *this;
  }
  Scan &dec(u64 &out) { return number(out, is_digit, false); }
  Scan &hex(u64 &out) { return number(out, is_hex, true); }
  Scan &prefixed(u64 &out) { return lit("0x").hex(out); }
  Scan &dec32(u32 &out) {
    u64 n = 0;
    dec(n);
    if (n > 0xffffffffu) ok_ = false;
    out = static_cast<u32>(n);
    return *this;
  }
  Scan &node(i32 &out) {
    const bool negative = take("-");
    u64 n = 0;
    dec(n);
    if (n > 0xffff) ok_ = false;
    out = negative ? no_node : static_cast<i32>(n);
    return *this;
  }
  // "0xA-0xB" with both ends inside; an empty range is "0xA-0x(A-1)".
  Scan &bounds(u64 &base, u64 &size) {
    u64 last = 0;
    prefixed(base).lit("-").prefixed(last);
    size = last - base + 1;
    if (last < base && size != 0) ok_ = false;
    if (last >= base && size == 0) size = ~u64{0}; // all there is
    return *this;
  }
  Scan &range(u64 &base, u64 &size) { return lit("[").bounds(base, size).lit("]"); }
  Scan &mem_range(u64 &base, u64 &size) { return lit("[mem ").bounds(base, size).lit("]"); }
  // "setup_arch+0x797/0xd4f": the function.
  Scan &function(std::string &out) {
    blanks();
    std::size_t n = 0;
    while (n < s_.size() && s_[n] != '+' && s_[n] != ' ') ++n;
    if (n == 0) ok_ = false;
    std::string_view name = s_.substr(0, n);
    // Compilers append .constprop.0, .isra.0, .part.0, .cold.
    if (const std::size_t dot = name.find('.'); dot != 0 && dot != std::string_view::npos) name = name.substr(0, dot);
    for (char c : name)
      if (!is_digit(c) && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && c != '_') ok_ = false;
    out = name;
    return *this;
  }

private:
  template <class Is> Scan &number(u64 &out, Is is, bool hex) {
    std::size_t n = 0;
    while (n < s_.size() && is(s_[n])) ++n;
    const auto v = hex ? parse_hex(s_.substr(0, n)) : parse_u64(s_.substr(0, n));
    if (!v)
      ok_ = false;
    else
      out = *v;
    s_.remove_prefix(n);
    return *this;
  }

  std::string_view s_;
  bool ok_ = true;
};

// "[    0.000000]", "[    T0]", "[Thu Nov 21 10:00:00 2024]": length with brackets, or 0.
std::size_t bracket(std::string_view s, bool first) {
  if (s.size() < 3 || s[0] != '[') return 0;
  const std::size_t close = s.substr(0, 40).find(']');
  if (close == std::string_view::npos) return 0;
  std::string_view in = s.substr(1, close - 1);
  while (!in.empty() && in.front() == ' ') in.remove_prefix(1);
  if (in.empty()) return 0;
  if (in.front() == 'T' || in.front() == 'C') { // caller id
    const std::string_view id = in.substr(1);
    if (!id.empty() && std::all_of(id.begin(), id.end(), is_digit)) return close + 1;
  }
  const std::size_t dot = in.find('.');
  if (dot != std::string_view::npos && dot != 0 && dot + 1 < in.size() &&
      std::all_of(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(dot), is_digit) &&
      std::all_of(in.begin() + static_cast<std::ptrdiff_t>(dot) + 1, in.end(), is_digit))
    return close + 1;
  // dmesg -T
  if (first && in.size() >= 20 && in.find(':') != std::string_view::npos) {
    static constexpr std::string_view days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    for (const std::string_view d : days)
      if (in.starts_with(d)) return close + 1;
  }
  return 0;
}

// The first "[12345.678901]" anywhere: what is left of it is a console's noise.
std::size_t find_timestamp(std::string_view s) {
  for (std::size_t i = s.find('['); i != std::string_view::npos; i = s.find('[', i + 1))
    if (s.substr(i, 40).find('.') != std::string_view::npos && bracket(s.substr(i), false) != 0) return i;
  return std::string_view::npos;
}

LogLine made(LogKind kind) {
  LogLine l;
  l.kind = kind;
  return l;
}
LogLine fact_line(LineKind kind, std::string_view message, bool masked = false) {
  LogLine l = made(LogKind::fact);
  l.masked = masked;
  l.fact = kind;
  l.text = message;
  return l;
}

// --- memblock= debug lines ---

LogLine region_call(Scan s, LogKind kind) {
  LogLine l = made(kind);
  if (s.at("[")) {
    u64 last = 0;
    s.lit("[").prefixed(l.base).lit("-").prefixed(last).lit("]");
    l.size = last - l.base + 1;
    if (last >= l.base && l.size == 0) l.size = ~u64{0}; // all there is
    l.has_size = true;
    if (s.take(" nid=")) { // __memblock_reserve
      u64 flags = 0;
      s.node(l.nid).lit(" flags=").hex(flags);
      l.flags = static_cast<u32>(flags);
    }
    if (last + 1 < l.base) { // no range; but that the call was made can still be told
      l.flag = true;
      l.size = 0;
    }
  } else { // strip_results: "4096 bytes" [" at line 12+0x3e000" or " at 0x1000"]
    l.masked = l.has_size = true;
    s.dec(l.size).lit(" bytes");
    l.flag = kind == LogKind::free && l.size == 0; // its range could not be read, and still cannot
    if (kind == LogKind::free && s.take(" at line ")) {
      s.dec32(l.ref).lit("+").prefixed(l.base);
    } else if (kind == LogKind::free && s.take(" at ")) {
      s.prefixed(l.base);
      l.absolute = true;
    }
  }
  s.function(l.caller);
  if (l.flag && kind != LogKind::free && !(kind == LogKind::reserve && is_answer_caller(l.caller))) return {};
  return s.ok() ? l : LogLine{};
}

LogLine request(Scan s, std::string_view function, bool with_nid) {
  LogLine l = made(LogKind::request);
  l.function = function;
  if (s.take("masked")) {
    l.masked = true;
    if (s.take(" ") && !s.rest().empty() && is_digit(s.rest().front())) {
      s.dec(l.size).lit(" bytes align=").prefixed(l.align);
      l.has_size = true;
    }
  } else {
    l.has_size = true;
    s.dec(l.size).lit(" bytes align=").prefixed(l.align);
    if (with_nid) s.lit(" nid=").node(l.nid);
    s.lit(" from=").prefixed(l.base).lit(" max_addr=").prefixed(l.end);
  }
  s.function(l.caller);
  return s.ok() ? l : LogLine{};
}

struct RequestName {
  std::string_view name;
  bool with_nid;
};
constexpr RequestName request_names[] = {
    {"memblock_alloc_try_nid", true},         {"memblock_alloc_try_nid_raw", true},
    {"memblock_alloc_exact_nid_raw", true},   {"memblock_phys_alloc_range", false},
    {"memblock_alloc_try_nid_nopanic", true},
};

LogLine memblock_line(std::string_view m) {
  const std::size_t colon = m.find(": ");
  if (colon == std::string_view::npos) return {};
  const std::string_view name = m.substr(0, colon);
  Scan s(m.substr(colon + 2));
  if (name == "memblock_reserve" || name == "__memblock_reserve") return region_call(s, LogKind::reserve);
  if (name == "memblock_add") return region_call(s, LogKind::add);
  if (name == "memblock_remove") return region_call(s, LogKind::remove);
  if (name == "memblock_phys_free" || name == "memblock_free") return region_call(s, LogKind::free);
  for (const RequestName &r : request_names)
    if (r.name == name) return request(s, r.name, r.with_nid);
  if (name == "memblock" && m.find(" is doubled to ") != std::string_view::npos) return made(LogKind::doubled);
  return {};
}

LogLine dump_line(std::string_view m) {
  Scan s(m);
  s.lit(" ");
  if (s.at("memory size = ")) {
    LogLine l = made(LogKind::dump_sizes);
    s.lit("memory size = ").prefixed(l.base).lit(" reserved size = ").prefixed(l.size);
    return s.ok() ? l : LogLine{};
  }
  LogLine l;
  if (s.take("memory"))
    l.list = memblock_list::memory;
  else if (s.take("reserved"))
    l.list = memblock_list::reserved;
  else
    return {};
  if (s.take(".cnt")) {
    l.kind = LogKind::dump_count;
    u64 n = 0;
    s.blanks().lit("= ").prefixed(n);
    l.n = static_cast<u32>(std::min<u64>(n, 0xffffffff));
    return s.ok() ? l : LogLine{};
  }
  l.kind = LogKind::dump_region;
  u64 index = 0, bytes = 0, flags = 0;
  s.lit("[").prefixed(index).lit("]").blanks().range(l.base, l.size).lit(", ").prefixed(bytes).lit(" bytes");
  if (s.take(" on node ")) s.node(l.nid);
  s.lit(" flags: ").prefixed(flags);
  l.flags = static_cast<u32>(flags);
  l.end = bytes;
  return s.ok() ? l : LogLine{};
}

LogLine memory_line(Scan s) {
  LogLine l = made(LogKind::memory);
  const auto amount = [&](u64 &out) {
    if (s.take("-"))
      l.masked = true;
    else
      s.dec(out);
    s.lit("K");
  };
  amount(l.base);
  s.lit("/");
  amount(l.size);
  s.lit(" available (");
  static constexpr std::string_view names[] = {" kernel code, ", " rwdata, ", " rodata, ", " init, ", " bss, "};
  for (std::size_t i = 0; i < std::size(names); ++i) {
    amount(l.parts[i]);
    s.lit(names[i]);
  }
  amount(l.end);
  s.lit(" reserved");
  return s.ok() ? l : LogLine{};
}

LogLine percpu_line(Scan s) {
  LogLine l = made(LogKind::percpu);
  s.dec32(l.n)
      .lit(" pages/cpu s")
      .dec(l.parts[0])
      .lit(" r")
      .dec(l.parts[1])
      .lit(" d")
      .dec(l.parts[2])
      .lit(" u")
      .dec(l.size);
  return s.ok() ? l : LogLine{};
}

LogLine srat_line(Scan s) { // behind "ACPI: SRAT: " or "SRAT: "
  if (s.take("Node ")) {
    LogLine l = made(LogKind::srat_mem);
    u64 pxm = 0;
    s.node(l.nid).lit(" PXM ").dec(pxm).lit(" ").mem_range(l.base, l.size);
    l.flag = s.rest().find("hotplug") != std::string_view::npos;
    return s.ok() ? l : LogLine{};
  }
  if (s.take("PXM ")) {
    LogLine l = made(LogKind::srat_cpu);
    u64 pxm = 0, apic = 0;
    s.dec(pxm).lit(" -> APIC ").prefixed(apic).lit(" -> Node ").node(l.nid);
    return s.ok() ? l : LogLine{};
  }
  return {};
}

LogLine node_data_line(Scan s, std::string_view whole) {
  LogLine l = made(LogKind::node_data);
  l.fact = LineKind::node_data;
  l.text = whole;
  s.node(l.nid).lit(") allocated ");
  if (s.at("["))
    s.mem_range(l.base, l.size);
  else {
    l.masked = true;
    s.dec(l.size).lit(" bytes");
  }
  return s.ok() ? l : LogLine{};
}

// "NUMA: …" of device-tree machines.
LogLine arch_numa_line(Scan s, std::string_view whole) {
  if (s.at("No NUMA configuration found") || s.at("NUMA disabled")) return made(LogKind::no_numa);
  if (!s.take("NODE_DATA ")) return {};
  LogLine l = made(LogKind::node_data);
  l.fact = LineKind::node_data;
  l.text = whole;
  if (s.at("["))
    s.mem_range(l.base, l.size);
  else {
    l.masked = true;
    s.dec(l.size).lit(" bytes");
  }
  return s.ok() ? l : LogLine{};
}

LogLine node_cpus_line(Scan s) { // behind ".... node "
  LogLine l = made(LogKind::node_cpus);
  s.blanks().lit("#").node(l.nid).lit(", CPUs:");
  l.n = static_cast<u32>(std::count(s.rest().begin(), s.rest().end(), '#'));
  return s.ok() && l.nid >= 0 ? l : LogLine{};
}

// "2 present CPUs plus 0 hotplug CPUs"
LogLine allowed_cpus_line(Scan s) {
  LogLine l = made(LogKind::cpus);
  u32 hotplug = 0;
  s.dec32(l.n).lit(" present CPUs plus ").dec32(hotplug);
  l.n += hotplug;
  return s.ok() ? l : LogLine{};
}

LogLine with_number(LogKind kind, Scan s) {
  LogLine l = made(kind);
  s.dec32(l.n);
  return s.ok() ? l : LogLine{};
}

// Names that only other architectures' logs have, with what they show.
constexpr struct {
  std::string_view start, arch;
} foreign[] = {
    {"Booting Linux on physical CPU 0x", "arm64 or arm"},
    {"CPU features: detected: ", "arm64"},
    {"psci: ", "arm64 or arm"},
    {"Detected VIPT I-cache", "arm64"},
    {"Detected PIPT I-cache", "arm64"},
    {"Machine model: ", "a device tree machine"},
    {"OF: fdt: Machine model: ", "a device tree machine"},
    {"SBI specification ", "riscv64"},
    {"Linux/PA-RISC", "parisc"},
};

LogLine indented(std::string_view m, LogKind section) {
  switch (section) {
  case LogKind::dump: return dump_line(m);
  case LogKind::zone_ranges:
    if (m.starts_with("  ") && (m.find("[mem 0x") != std::string_view::npos || m.ends_with(" empty")))
      return fact_line(LineKind::zone_range, m);
    break;
  case LogKind::movable_starts:
    if (m.starts_with("  Node ")) return fact_line(LineKind::movable_start, m);
    break;
  case LogKind::node_ranges:
    if (m.starts_with("  node ")) return fact_line(LineKind::node_range, m);
    break;
  default: break;
  }
  return {};
}

LogLine outdented(std::string_view m) {
  Scan s(m);
  switch (m.front()) {
  case 'm':
    if (m.starts_with("memblock")) return memblock_line(m);
    break;
  case '_':
    if (m.starts_with("__memblock_reserve: ")) return memblock_line(m);
    break;
  case 'M':
    if (m == "MEMBLOCK configuration:") return made(LogKind::dump);
    if (m == "Movable zone start for each node") return made(LogKind::movable_starts);
    if (s.take("Memory: ")) return memory_line(s);
    break;
  case 'B':
    if (s.take("BIOS-e820: ") || s.take("BIOS-88: ") || s.take("BIOS-e801: ")) {
      LogLine l = made(LogKind::e820);
      s.mem_range(l.base, l.size).lit(" ");
      l.n = s.ok() ? e820_type_of(trim(s.rest())) : 0;
      return s.ok() && l.size != 0 ? l : LogLine{};
    }
    if (m.starts_with("Built ") && m.find(" zonelists") != std::string_view::npos)
      return fact_line(LineKind::built, m, m == "Built - zonelists");
    break;
  case 'L':
    if (s.take("Linux version ")) {
      LogLine l = made(LogKind::version);
      std::string_view rest = s.rest();
      l.text = next_word(rest);
      return l;
    }
    break;
  case '.':
    if (s.take(".... node ")) return node_cpus_line(s);
    break;
  case 'C':
    if (s.take("CPU topo: Allowing ")) return allowed_cpus_line(s);
    if (s.take("Command line: ")) {
      LogLine l = made(LogKind::command_line);
      l.text = s.rest();
      return l;
    }
    break;
  case 'K':
    if (s.take("Kernel command line: ")) {
      LogLine l = made(LogKind::command_line);
      l.text = s.rest();
      l.flag = true;
      return l;
    }
    break;
  case 'R':
    if (s.take("RAMDISK: ")) {
      LogLine l = made(LogKind::ramdisk);
      s.mem_range(l.base, l.size);
      return s.ok() ? l : LogLine{};
    }
    if (m.starts_with("Run ") && m.find(" as init process") != std::string_view::npos)
      return made(LogKind::init_started);
    break;
  case 'A':
    if (s.take("ACPI: SRAT: ")) return srat_line(s);
    if (s.take("ACPI: SLIT 0x")) return made(LogKind::slit);
    if (s.take("ACPI: Reserving ")) {
      LogLine l = made(LogKind::reserving);
      std::string_view rest = s.rest();
      l.text = next_word(rest);
      Scan where(trim(rest));
      where.lit("table memory at ").mem_range(l.base, l.size);
      if (!where.ok()) l.base = l.size = 0;
      return l;
    }
    break;
  case 'S':
    if (s.take("SRAT: ")) return srat_line(s);
    if (s.take("SLUB: HWalign=")) {
      const std::size_t at = s.rest().find(" CPUs=");
      return at == std::string_view::npos ? made(LogKind::slub_up)
                                          : with_number(LogKind::slub_up, Scan(s.rest().substr(at + 6)));
    }
    break;
  case 'f':
    if (s.take("found SMP MP-table at ")) {
      LogLine l = made(LogKind::mp_table);
      s.mem_range(l.base, l.size);
      return s.ok() ? l : LogLine{};
    }
    break;
  case 'U':
    if (m == "Using GB pages for direct mapping") return made(LogKind::gbpages);
    break;
  case 'N':
    if (s.take("NODE_DATA(")) return node_data_line(s, m);
    if (m == "No NUMA configuration found" || m == "NUMA turned off") return made(LogKind::no_numa);
    if (s.take("NUMA: Initialized distance table")) return made(LogKind::distance_table);
    if (s.take("NUMA: ")) return arch_numa_line(s, m);
    break;
  case 'Z':
    if (m == "Zone ranges:") return made(LogKind::zone_ranges);
    break;
  case 'E':
    if (m == "Early memory node ranges") return made(LogKind::node_ranges);
    break;
  case 'I':
    if (m.starts_with("IOAPIC[")) return made(LogKind::ioapic);
    if (m.starts_with("Initmem setup node ") || m.starts_with("Initializing node "))
      return fact_line(LineKind::initmem, m);
    break;
  case 'O':
    if (m.starts_with("On node ") && m.ends_with(" pages in unavailable ranges"))
      return fact_line(LineKind::unavailable, m);
    break;
  case 'F':
    if (m.starts_with("Fallback order for Node "))
      return fact_line(LineKind::fallback, m, m == "Fallback order for Node -");
    if (s.take("Freeing ")) {
      const std::string_view rest = s.rest();
      const std::size_t at = rest.rfind(" memory: ");
      if (at == std::string_view::npos) break;
      LogLine l = made(LogKind::freeing);
      l.text = rest.substr(0, at);
      Scan amount(rest.substr(at + 9));
      amount.dec32(l.n).lit("K");
      return amount.ok() ? l : LogLine{};
    }
    break;
  case 'P':
    if (m.starts_with("Policy zone: ")) return fact_line(LineKind::policy, m);
    break;
  case 'H':
    if (m.starts_with("HugeTLB: registered ")) return made(LogKind::hugetlb);
    break;
  case 'l':
    if (const std::size_t at = m.find(" max_arch_pfn = "); m.starts_with("last_pfn = ") && at != m.npos) {
      LogLine l = made(LogKind::last_pfn);
      Scan arch(m.substr(at + 16));
      arch.prefixed(l.size);
      return arch.ok() ? l : LogLine{};
    }
    break;
  case 'n':
    if (m.starts_with("node ") && m.find(" deferred pages initialised in ") != std::string_view::npos)
      return made(LogKind::deferred);
    break;
  case 'c':
    if (m.starts_with("cma: Reserved ")) return made(LogKind::cma);
    break;
  case 'd':
    if (m == "devtmpfs: initialized") return made(LogKind::devtmpfs);
    break;
  case 'p':
    if (s.take("percpu: Embedded ")) return percpu_line(s);
    if (s.take("pcpu-alloc: [")) {
      LogLine l = made(LogKind::percpu_groups);
      l.text = m.substr(12);
      return l;
    }
    break;
  case 's':
    if (s.take("smpboot: Allowing ")) return with_number(LogKind::cpus, s);
    if (m.starts_with("setup_percpu: NR_CPUS:")) return with_number(LogKind::nr_cpus, Scan(m.substr(22)));
    if (m.starts_with("smp: Brought up ")) return made(LogKind::smp_up);
    if (m.starts_with("smpboot: CPU0: Intel")) return made(LogKind::intel);
    break;
  default: break;
  }
  if (m.starts_with("x86/") || m.starts_with("smpboot: ") || m.starts_with("e820: ")) return made(LogKind::x86);
  for (const auto &f : foreign)
    if (m.starts_with(f.start)) {
      LogLine l = made(LogKind::foreign_arch);
      l.text = f.arch;
      return l;
    }
  return {};
}

// Callers whose requests are part of a boot step.
constexpr struct {
  std::string_view caller;
  bool prefix;
  Op step;
} step_callers[] = {
    {"numa_alloc_distance", false, Op::numa_init},
    {"numa_reset_distance", false, Op::numa_init},
    {"numa_emulation", false, Op::numa_init},
    {"numa_init", false, Op::numa_init},
    {"alloc_node_data", false, Op::numa_init},
    {"numa_free_distance", false, Op::numa_init},
    {"setup_node_data", false, Op::numa_init},
    {"__earlyonly_bootmem_alloc", false, Op::sparse_init},
    {"numa_set_distance", false, Op::numa_init},
    {"sparse_", true, Op::sparse_init},
    {"vmemmap_", true, Op::sparse_init},
    {"__populate_section_memmap", false, Op::sparse_init},
    {"free_area_init", true, Op::free_area_init},
    {"mm_core_init_early", false, Op::free_area_init}, // which may have the function above inlined
    {"alloc_node_mem_map", false, Op::free_area_init},
    {"memmap_alloc", false, Op::free_area_init},
    {"setup_usemap", false, Op::free_area_init},
};

} // namespace

std::string_view without_tail(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t' || line.back() == '\0'))
    line.remove_suffix(1);
  return line;
}

std::size_t decoration(std::string_view line) {
  std::size_t at = 0;
  const auto rest = [&] { return line.substr(at); };
  // "<6>", "kern  :info  : "
  if (rest().size() > 3 && rest()[0] == '<') {
    const std::size_t close = rest().substr(0, 6).find('>');
    if (close != std::string_view::npos && close > 1 &&
        std::all_of(rest().begin() + 1, rest().begin() + static_cast<std::ptrdiff_t>(close), is_digit))
      at += close + 1;
  }
  std::size_t n = bracket(rest(), true);
  if (n == 0) {
    // A syslog or journal head ends with "kernel: "; a console's noise ends where the timestamp begins.
    const std::size_t head = rest().substr(0, 200).find(" kernel: ");
    const std::size_t stamp = find_timestamp(rest());
    if (stamp != std::string_view::npos)
      at += stamp;
    else if (head != std::string_view::npos)
      at += head + 9;
    n = bracket(rest(), true);
  }
  for (; n != 0; n = bracket(rest(), false)) {
    at += n;
    // Stamps of printk.time and of a caller id may touch; one blank ends them.
    if (rest().starts_with(' ') && bracket(rest().substr(1), false) == 0) {
      ++at;
      break;
    }
    if (rest().starts_with(' ')) ++at;
  }
  // journalctl -o short-monotonic: "[    0.000000] host kernel: message"
  if (at != 0) {
    const std::size_t head = rest().substr(0, 100).find(" kernel: ");
    if (head != std::string_view::npos && rest().substr(0, head).find(' ') == std::string_view::npos) at += head + 9;
  }
  return at;
}

LogLine classify(std::string_view message, LogKind &section) {
  const std::string_view m = without_tail(message);
  if (m.empty()) return {};
  if (LogLine l = lowmem_line(m); l.kind != LogKind::none) {
    section = LogKind::none;
    return l;
  }
  if (m.front() == ' ') return indented(m, section);
  LogLine l = outdented(m);
  switch (l.kind) {
  case LogKind::none: break; // other lines may come in between
  case LogKind::dump:
  case LogKind::zone_ranges:
  case LogKind::movable_starts:
  case LogKind::node_ranges: section = l.kind; break;
  default: section = LogKind::none; break;
  }
  return l;
}

bool made_by_step(std::string_view caller, Op &step) {
  for (const auto &c : step_callers)
    if (c.prefix ? caller.starts_with(c.caller) : caller == c.caller) {
      step = c.step;
      return true;
    }
  return false;
}

bool is_answer_caller(std::string_view caller) { return caller.starts_with("memblock_"); }

} // namespace mmscope
