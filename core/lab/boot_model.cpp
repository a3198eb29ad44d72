#include "lab/boot_model.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "lab/bootmem_model.hpp"
#include "lab/machine.hpp"
#include "lab/percpu_model.hpp"
#include "mm/lowmem.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace mmscope {

namespace {

constexpr u64 KiB = 1024, MiB = 1024 * KiB, GiB = 1024 * MiB;
constexpr u64 page_bytes = 4096, huge_bytes = 2 * MiB, giga_bytes = GiB, pgd_bytes = 512 * GiB;
constexpr u64 isa_end = MiB; // ISA_END_ADDRESS
constexpr u64 four_gigabytes = 4 * GiB;

u64 power_of_two_up(u64 x) { return std::bit_ceil(std::max<u64>(x, 1)); }

} // namespace

// --- the direct map ------------------------------------------------------------------------------------------------

void DirectMap::want_page() {
  ++tables_;
  if (can_use_brk_ && brk_used_ < s_.brk_table_pages) {
    ++brk_used_;
    return;
  }
  if (min_mapped_ < max_mapped_ && s_.alloc_page) s_.alloc_page(phys_addr_t{min_mapped_}, phys_addr_t{max_mapped_});
}

bool DirectMap::is_ram(u64 start, u64 end) const {
  for (const RamRange &r : s_.ram)
    if (r.base.v <= start && end <= r.end.v) return true;
  return false;
}

// split_mem_range: 4 KiB head, 2 MiB up to the next gigabyte, gigabytes, 2 MiB, 4 KiB tail; then small pieces whose
// surroundings are RAM too may use the larger page.
std::vector<DirectMap::Piece> DirectMap::split(u64 start, u64 end) const {
  std::vector<Piece> out;
  const auto save = [&](u64 a, u64 b, bool huge, bool giga) {
    if (a < b) out.push_back({a, b, huge, giga && s_.gbpages});
  };
  const u64 limit = round_down(end, page_bytes);
  u64 at = round_down(start, page_bytes);
  u64 stop = std::min(round_up(at, huge_bytes), limit);
  if (at < stop) {
    save(at, stop, false, false);
    at = stop;
  }
  u64 from = round_up(at, huge_bytes);
  stop = std::min(round_up(at, giga_bytes), round_down(limit, huge_bytes));
  if (from < stop) {
    save(from, stop, true, false);
    at = stop;
  }
  from = round_up(at, giga_bytes);
  stop = round_down(limit, giga_bytes);
  if (from < stop) {
    save(from, stop, true, true);
    at = stop;
  }
  from = round_up(at, huge_bytes);
  stop = round_down(limit, huge_bytes);
  if (from < stop) {
    save(from, stop, true, false);
    at = stop;
  }
  save(at, limit, false, false);

  for (Piece &p : out) {
    if (!p.huge && is_ram(round_down(p.start, huge_bytes), round_up(p.end, huge_bytes))) p.huge = true;
    if (s_.gbpages && !p.giga && is_ram(round_down(p.start, giga_bytes), round_up(p.end, giga_bytes))) p.giga = true;
  }
  std::vector<Piece> merged;
  for (const Piece &p : out) {
    if (!merged.empty() && merged.back().end == p.start && merged.back().huge == p.huge && merged.back().giga == p.giga)
      merged.back().end = p.end;
    else
      merged.push_back(p);
  }
  return merged;
}

// phys_pmd_init
u64 DirectMap::map_pmds(Gigabyte &g, u64 start, u64 end, bool huge) {
  u64 last = end;
  for (u64 at = start; at < end; at = round_down(at, huge_bytes) + huge_bytes) {
    Entry &e = g.pmd[static_cast<std::size_t>(at % giga_bytes / huge_bytes)];
    const u64 next = round_down(at, huge_bytes) + huge_bytes;
    if (huge && e != Entry::table) {
      e = Entry::page;
      last = next;
      continue;
    }
    if (e != Entry::table) want_page();
    e = Entry::table; // its entries of 4 KiB need no page of their own
    last = std::min(end, next);
  }
  return last;
}

// __kernel_physical_mapping_init, phys_pud_init
u64 DirectMap::map_piece(const Piece &p) {
  u64 last = p.end;
  for (u64 at = p.start; at < p.end; at = round_down(at, giga_bytes) + giga_bytes) {
    const auto top = static_cast<std::size_t>(at / pgd_bytes);
    if (top >= pgd_.size()) pgd_.resize(top + 1);
    if (!pgd_[top]) {
      want_page();
      pgd_[top] = true;
    }
    const auto index = static_cast<std::size_t>(at / giga_bytes);
    if (index >= gigabytes_.size()) gigabytes_.resize(index + 1);
    Gigabyte &g = gigabytes_[index];
    const u64 next = round_down(at, giga_bytes) + giga_bytes;
    if (g.entry != Entry::table) {
      if (p.giga) {
        g.entry = Entry::page;
        last = next;
        continue;
      }
      want_page();
      g.entry = Entry::table;
      g.pmd.assign(512, Entry::none);
    }
    last = map_pmds(g, at, std::min(p.end, next), p.huge);
  }
  return last;
}

void DirectMap::map_range(u64 start, u64 end) {
  u64 last = 0;
  for (const Piece &p : split(start, end)) last = map_piece(p);
  max_mapped_ = std::max(max_mapped_, last);
}

u64 DirectMap::map_ram(u64 start, u64 end) {
  u64 mapped = 0;
  for (const RamRange &r : s_.ram) {
    const u64 a = std::clamp(r.base.v, start, end), b = std::clamp(r.end.v, start, end);
    if (a >= b) continue;
    // The unused tables in the brk must be mapped before they can be written to.
    const u64 brk_end = s_.brk_tables.v + s_.brk_table_pages * page_bytes;
    const u64 brk_next = s_.brk_tables.v + brk_used_ * page_bytes;
    can_use_brk_ = std::max(a, brk_next) >= std::min(b, brk_end);
    map_range(a, b);
    mapped += b - a;
    can_use_brk_ = true;
  }
  return mapped;
}

void DirectMap::map_isa() { map_range(0, isa_end); }

namespace {
// get_new_step_size: one page of tables maps 512 times as much; half of that leaves room for the worst case.
constexpr u64 larger_step(u64 step) { return step << 8; }
} // namespace

void DirectMap::map_top_down(phys_addr_t real_end) {
  u64 step = huge_bytes, mapped = 0, last = real_end.v;
  max_mapped_ = 0;
  min_mapped_ = real_end.v;
  while (last > isa_end) {
    u64 start = isa_end;
    if (last > step) start = std::max(round_down(last - 1, step), isa_end);
    mapped += map_ram(start, last);
    last = start;
    min_mapped_ = last;
    if (mapped >= step) step = larger_step(step);
  }
  if (real_end < s_.max_addr) map_ram(real_end.v, s_.max_addr.v);
}

void DirectMap::bottom_up(u64 start, u64 end) {
  u64 step = huge_bytes, mapped = 0;
  min_mapped_ = start;
  while (start < end) {
    const u64 next = step != 0 && end - start > step ? std::min(round_up(start + 1, step), end) : end;
    mapped += map_ram(start, next);
    start = next;
    if (mapped >= step) step = larger_step(step);
  }
}

void DirectMap::map_bottom_up() {
  bottom_up(s_.kernel_end.v, s_.max_addr.v);
  bottom_up(isa_end, s_.kernel_end.v);
}

// --- amounts -------------------------------------------------------------------------------------------------------

u64 large_hash_bytes(const Arch &arch, u64 nr_kernel_pages, u64 nr_all_pages, unsigned scale, u64 low_limit,
                     u64 high_limit) {
  const u64 bucket = arch.word, page = arch.page_size();
  const unsigned page_shift = arch.page_shift;
  u64 n = round_up_any(nr_kernel_pages, MiB / page);
  if (high_limit == 0 && arch.word == 8) // from 64 GiB on, a quarter of the buckets for four times the memory
    for (u64 adapt = 64 * GiB / page; adapt < n; adapt <<= 2) ++scale;
  if (scale > page_shift)
    n >>= scale - page_shift;
  else
    n <<= page_shift - scale;
  if (n * bucket < page) n = page / bucket;
  n = power_of_two_up(n);
  u64 most = high_limit == 0 ? (nr_all_pages << page_shift >> 4) / bucket : high_limit;
  most = std::min<u64>(most, 0x80000000);
  n = std::min(std::max(n, low_limit), most);
  return bucket * std::bit_floor(std::max<u64>(n, 1));
}

SwiotlbSize swiotlb_size(u64 cpus) {
  constexpr u64 default_slots = 64 * MiB / (2 * KiB), segment = 128; // IO_TLB_DEFAULT_SIZE, IO_TLB_SEGSIZE
  const u64 areas = power_of_two_up(cpus);
  return {std::max(default_slots, segment * areas), areas};
}

u64 wanted_log_buf(const KernelConfig &config, u64 log_buf_len_param, u64 cpus, bool early) {
  const u64 built_in = u64{1} << config.log_buf_shift;
  const auto update = [&](u64 size) {
    size = std::min<u64>(size, u64{1} << 31);
    if (size != 0) size = power_of_two_up(size);
    return size > built_in ? size : 0;
  };
  const u64 param = update(log_buf_len_param);
  if (param != 0 || early || cpus == 1) return param;
  const u64 extra = (cpus - 1) << config.log_cpu_max_buf_shift;
  return extra <= built_in / 2 ? 0 : update(extra + built_in);
}

namespace {

// Parameters that this kernel consumes itself, of those a person is likely to write; sorted. Any other name goes to
// user space, unless it has a dot (a module's).
// clang-format off
constexpr std::string_view kernel_parameters[] = {
    "acpi", "acpi_osi", "acpi_rsdp", "add_efi_memmap", "amd_iommu", "amd_pstate", "apic", "apparmor", "audit",
    "boot_delay", "cgroup_disable", "clocksource", "console", "crashkernel", "debug", "debug_pagealloc",
    "default_hugepagesz", "dhash_entries", "disable_mtrr_cleanup", "dyndbg", "earlycon", "earlyprintk", "efi",
    "enable_mtrr_cleanup", "enforcing", "fbcon", "gbpages", "hashdist", "hpet", "hugepages", "hugepagesz", "idle",
    "ignore_loglevel", "ihash_entries", "init", "init_on_alloc", "init_on_free", "initcall_debug", "intel_iommu",
    "intel_pstate", "iommu", "isolcpus", "kernelcore", "kfence", "l1tf", "lapic", "log_buf_len", "loglevel", "lsm",
    "maxcpus", "mce", "mds", "mem", "memblock", "memhp_default_state", "memmap", "memory_hotplug", "memtest",
    "mitigations", "movable_node", "movablecore", "net", "nmi_watchdog", "no_console_suspend", "noapic", "noefi",
    "nogbpages", "nohlt", "nohugeiomap", "nohz", "nohz_full", "noinitrd", "nolapic", "nomodeset", "nopti",
    "norandmaps", "noresume", "nosmap", "nosmp", "nosmt", "nospec_store_bypass_disable", "nospectre_v1",
    "nospectre_v2", "nowatchdog", "nox2apic", "nr_cpus", "numa", "numa_balancing", "numa_zonelist_order", "oops",
    "panic", "pci", "pcie_aspm", "possible_cpus", "preempt", "printk", "pti", "quiet", "ramdisk_size",
    "randomize_kstack_offset", "rcu_nocbs", "rdinit", "reboot", "reserve", "resume", "resume_offset", "retbleed",
    "ro", "root", "rootdelay", "rootflags", "rootfstype", "rootwait", "rw", "security", "selinux", "slab_merge",
    "slab_nomerge", "slub_debug", "slub_max_order", "slub_merge", "slub_min_objects", "slub_min_order",
    "slub_nomerge", "spec_store_bypass_disable", "spectre_v2", "swapaccount", "swiotlb", "sysrq_always_enabled",
    "threadirqs", "transparent_hugepage", "tsc", "tsx", "vdso", "vga", "video", "vsyscall", "x2apic_phys", "zswap",
};
// clang-format on
static_assert(std::is_sorted(std::begin(kernel_parameters), std::end(kernel_parameters)));

bool kernel_knows(const KernelConfig &config, std::string_view name) {
  if (name == "mminit_loglevel") return config.debug_memory_init;
  if (name.find('.') != name.npos) return true;
  // The kernel takes '-' for '_'.
  std::string plain(name);
  std::replace(plain.begin(), plain.end(), '-', '_');
  return std::binary_search(std::begin(kernel_parameters), std::end(kernel_parameters), std::string_view(plain));
}

std::string_view parameter(std::string_view command_line, std::string_view name) {
  std::string_view rest = command_line, value;
  for (std::string_view word = next_word(rest); !word.empty(); word = next_word(rest))
    if (word.starts_with(name) && word.substr(name.size()).starts_with('=')) value = word.substr(name.size() + 1);
  return value;
}
bool has_parameter(std::string_view command_line, std::string_view name) {
  std::string_view rest = command_line;
  for (std::string_view word = next_word(rest); !word.empty(); word = next_word(rest))
    if (word.substr(0, word.find('=')) == name) return true;
  return false;
}

} // namespace

u64 unknown_options_bytes(const KernelConfig &config, std::string_view command_line) {
  u64 bytes = 0;
  std::string_view rest = command_line;
  for (std::string_view word = next_word(rest); !word.empty(); word = next_word(rest)) {
    if (word == "--") break; // the rest is for init
    if (!kernel_knows(config, word.substr(0, word.find('=')))) bytes += 1 + word.size();
  }
  return bytes == 0 ? 0 : bytes + 1;
}

u64 entry_area_tables(u64 cpus, bool intel) {
  // struct cpu_entry_area in pages: GDT, entry stack, TSS with its I/O bitmap, stacks with guard pages, debug store
  // and its buffers. The guard pages stay unmapped; the debug store is mapped on Intel only.
  struct Part {
    u64 first, pages;
    bool intel_only;
  };
  constexpr u64 area_pages = 59;
  constexpr Part parts[] = {{0, 7, false},                                                 // GDT, entry stack, TSS
                            {8, 2, false}, {11, 2, false}, {14, 2, false}, {17, 2, false}, // DF, NMI, DB, MCE
                            {26, 33, true}};                                               // debug store, its buffers
  u64 tables = 0, last_pte = ~u64{0}, last_pmd = ~u64{0}, last_pud = ~u64{0};
  for (u64 cpu = 0; cpu < cpus; ++cpu)
    for (const Part &p : parts) {
      if (p.intel_only && !intel) continue;
      for (const u64 page : {1 + cpu * area_pages + p.first, cpu * area_pages + p.first + p.pages}) {
        // Pages ascend, so a table is new exactly when its number differs from the last one's.
        const u64 pte = page / 512, pmd = pte / 512, pud = pmd / 512;
        tables += (pte != last_pte) + (pmd != last_pmd) + (pud != last_pud);
        last_pte = pte, last_pmd = pmd, last_pud = pud;
      }
    }
  return tables;
}

u64 late_x86_tables(const Arch &arch, const KernelConfig &config, u64 max_mapped) {
  const u64 table = u64{1} << arch.pmd_shift; // addresses that one serves
  const X86Areas areas = x86_areas(arch, config);
  // The direct map's end, if it is no whole table; fixed mappings; kmap; then the entry areas, whose last table may be
  // one that the fixed mappings have already.
  const u64 fixmap = round_down(areas.fixmap, table), entry_end = std::min(areas.cpu_entry_area_end, fixmap);
  const u64 early = (max_mapped % table != 0) + ((u64{1} << 32) - fixmap) / table + 1;
  const u64 entry = div_round_up(entry_end - areas.cpu_entry_area, table);
  const u64 brk = config.brk_pgt_bytes / arch.page_size();
  return entry - std::min(entry, brk - std::min(brk, early));
}

// --- the boot ------------------------------------------------------------------------------------------------------

namespace {

class BootModel {
public:
  explicit BootModel(const MachineSpec &spec, const SystemSetup &setup)
      : m_(spec), config_(setup.config), machine_(setup), params_(machine_.system().params) {
    script_.setup = setup;
    script_.title = concat("Linux ", spec.release, ", ", spec.title);
  }

  Script run() {
    firmware();
    early_reserve_memory();
    setup_arch();
    start_kernel();
    mm_init();
    late_boot();
    return std::move(script_);
  }

private:
  // --- one command each ---

  // Notes the command; while memblock is alive also makes the call, for its result.
  u64 issue(Command c, std::string_view caller, std::string_view owner = {}) {
    c.caller = caller;
    c.owner = owner;
    c.phase = phase_;
    if (stopped_) return 0;
    u64 value = 0;
    if (playing_) {
      const Result r = machine_.apply(c, nullptr);
      if (!r.ok()) {
        stop(concat(op_info(c.op).name, ": ", r.error));
        return 0;
      }
      value = r.value;
    }
    script_.commands.push_back(std::move(c));
    return value;
  }
  // No further calls: the real kernel panics here.
  void stop(std::string why) {
    if (!stopped_) script_.assumed.push_back(concat("the boot stops: ", why));
    stopped_ = true;
  }
  void step(Op op, std::string_view caller) { issue(command(op, {}), caller); }
  u32 new_binding(std::string name) {
    script_.bindings.push_back(std::move(name));
    return static_cast<u32>(script_.bindings.size() - 1);
  }
  static void give(Command &c, unsigned arg, u64 value) {
    c.args[arg].value = value;
    c.args[arg].given = true;
  }

  void reserve(u64 base, u64 size, std::string_view caller, std::string_view owner) {
    issue(command(Op::memblock_reserve, {base, size}), caller, owner);
  }
  // memblock_reserve_kern: what the kernel itself lies in.
  void reserve_kern(u64 base, u64 size, std::string_view caller, std::string_view owner) {
    Command c = command(Op::memblock_reserve, {base, size});
    if (machine_.system().era->marks_kernel_reservations) give(c, 2, MEMBLOCK_RSRV_KERN);
    issue(std::move(c), caller, owner);
  }
  // memblock_alloc: anywhere, any node. 0 = no memory.
  u64 try_alloc(u64 size, u64 align, std::string_view caller, std::string_view owner, u32 bind = no_binding) {
    Command c = command(Op::memblock_alloc_try_nid, {size, align});
    c.bind = bind;
    return issue(std::move(c), caller, owner);
  }
  // The same, where the kernel cannot do without.
  u64 alloc(u64 size, u64 align, std::string_view caller, std::string_view owner, u32 bind = no_binding) {
    const u64 addr = try_alloc(size, align, caller, owner, bind);
    if (addr == 0) stop(concat("no memory for ", owner));
    return addr;
  }
  u64 alloc_range(u64 size, u64 align, u64 from, u64 max, std::string_view caller, std::string_view owner,
                  u32 bind = no_binding) {
    Command c = command(Op::memblock_phys_alloc_range, {size, align, from, max});
    c.bind = bind;
    return issue(std::move(c), caller, owner);
  }
  // `owner`: what the memory was for.
  void free_bound(u32 binding, u64 offset, u64 size, std::string_view caller, std::string_view owner) {
    Command c = command(Op::memblock_phys_free, {offset, size});
    c.args[0].binding = binding;
    issue(std::move(c), caller, owner);
  }

  // --- the boot, in order ---

  void firmware() {
    for (const e820_entry &e : m_.e820) issue(command(Op::e820_add, {e.addr.v, e.size, e.type}), "e820__memory_setup");
    firmware_entries_ = machine_.system().e820.entries.size();
  }

  u64 initrd_end() const { return initrd_base_ + round_up_any(m_.initrd_bytes, page_bytes); }

  void early_reserve_memory() {
    reserve_kern(config_.image_base, config_.image_end - config_.image_base, "early_reserve_memory", "kernel image");
    reserve(0, 64 * KiB, "early_reserve_memory", "first 64 KiB");
    if (m_.initrd_bytes != 0) {
      initrd_base_ = initrd_place(m_);
      reserve_kern(initrd_base_, initrd_end() - initrd_base_, "early_reserve_initrd", "initrd");
    }
    // The BIOS says where low memory ends; what it says is believed between 128 KiB and 636 KiB.
    const u64 bios = m_.bios_start >= 0x20000 && m_.bios_start < 0x9f000 ? m_.bios_start : 0x9f000;
    reserve(bios, MiB - bios, "reserve_bios_regions", "BIOS");
  }

  void setup_arch() {
    if (params_.movable_node) {
      issue(command(Op::movable_node, {1}), "parse_early_param");
      issue(command(Op::memblock_set_bottom_up, {1}), "setup_arch");
    }
    step(Op::e820_finish, "setup_arch");
    for (const FirmwareRange &r : m_.mp_table) reserve(r.base, r.size, "smp_scan_config", "MP table");
    reserve_kern(config_.image_end, config_.brk_size, "setup_arch", "brk");
    issue(command(Op::memblock_set_current_limit, {isa_end}), "setup_arch");
    step(Op::e820__memblock_setup, "setup_arch");
    alloc_range(config_.trampoline_bytes, page_bytes, 0, MiB, "reserve_real_mode", "real-mode trampoline");
    if (machine_.system().era->first_mib == FirstMiB::whole) reserve(0, MiB, "setup_arch", "first MiB");
    if (machine_.system().era->marks_first_mib)
      issue(command(Op::memblock_clear_kho_scratch, {0, isa_end}), "setup_arch");
    init_mem_mapping();
    setup_log_buf(true);
    reserve_initrd();
    for (const FirmwareTable &t : m_.acpi)
      reserve(t.addr, t.size, "acpi_reserve_initial_tables", concat("ACPI table ", t.name));
    initmem_init();
    if (has_cma()) step(Op::dma_contiguous_reserve, "setup_arch");
    const bool late_zones = machine_.system().era->zones_behind_setup_arch;
    if (!late_zones) sections_and_zones();
    const bool hpet =
        std::any_of(m_.acpi.begin(), m_.acpi.end(), [](const FirmwareTable &t) { return t.name == "HPET"; });
    if (hpet) alloc(config_.sizeof_resource + 9, line_, "acpi_parse_hpet", "HPET resource");
    if (m_.ioapics != 0)
      alloc(m_.ioapics * (config_.sizeof_resource + 11), line_, "io_apic_init_mappings", "I/O APIC resources");
    e820_resources();
    if (late_zones) sections_and_zones();
  }

  void sections_and_zones() {
    phase_ = Phase::sparse;
    if (config_.memory_model != MemoryModel::flatmem) step(Op::sparse_init, "paging_init");
    phase_ = Phase::zones;
    step(Op::free_area_init, "zone_sizes_init");
  }

  bool has_cma() const { return config_.cma && (params_.cma.given ? params_.cma.size : config_.cma_bytes) != 0; }

  void init_mem_mapping() {
    if (arch().low_memory == LowMemory::x86_areas) return map_low_memory();
    const System &s = machine_.system();
    DirectMap::Setup setup;
    for (const memblock_region &r : s.memblock.memory.regions) setup.ram.push_back({r.base, r.end()});
    setup.max_addr = to_phys(pfn_t{s.get(vm_field::max_pfn)}, 12);
    setup.gbpages = m_.gbpages && !has_parameter(params_.text, "nogbpages");
    // The brk's last user is early_alloc_pgt_buf.
    setup.brk_tables = phys_addr_t{config_.image_end + config_.brk_size - config_.brk_pgt_bytes};
    setup.brk_table_pages = config_.brk_pgt_bytes / page_bytes;
    setup.kernel_end = phys_addr_t{config_.image_end + config_.brk_size};
    setup.alloc_page = [this](phys_addr_t from, phys_addr_t max) {
      if (alloc_range(page_bytes, page_bytes, from.v, max.v, "alloc_low_pages", "page table of the direct map") == 0)
        stop("no memory for a page table of the direct map");
    };
    const u64 max_addr = setup.max_addr.v;
    DirectMap map(std::move(setup));
    map.map_isa();
    if (s.memblock.bottom_up) {
      map.map_bottom_up();
    } else {
      // Where the topmost 2 MiB lie that can be used; given back at once.
      const u32 probe = new_binding("direct_map_top");
      const u64 found =
          alloc_range(huge_bytes, huge_bytes, isa_end, max_addr, "init_mem_mapping", "probe for the direct map", probe);
      if (found != 0) free_bound(probe, 0, huge_bytes, "init_mem_mapping", "probe for the direct map");
      map.map_top_down(
          phys_addr_t{found != 0 ? found + huge_bytes : std::max(isa_end, round_down(max_addr, huge_bytes))});
    }
    max_mapped_ = map.max_mapped().v;
    issue(command(Op::memblock_set_current_limit, {max_mapped_}), "setup_arch");
  }

  // 32 bits: the tables come out of the brk, as far as they reach; see entry_area_tables().
  void map_low_memory() {
    const u64 huge = u64{1} << arch().pmd_shift, end = machine_.system().get(vm_field::max_low_pfn) * page_bytes;
    const u32 probe = new_binding("direct_map_top");
    if (alloc_range(huge, huge, isa_end, end, "init_mem_mapping", "probe for the direct map", probe) != 0)
      free_bound(probe, 0, huge, "init_mem_mapping", "probe for the direct map");
    max_mapped_ = max_mapped(machine_.system());
    issue(command(Op::memblock_set_current_limit, {max_mapped_}), "setup_arch");
  }
  // Page tables of the CPUs' entry areas that the brk has no room for any more.
  void map_entry_areas() {
    if (arch().low_memory == LowMemory::x86_areas) {
      const u64 tables = late_x86_tables(arch(), config_, max_mapped_);
      for (u64 i = 0; i < tables; ++i)
        alloc_range(page_bytes, page_bytes, isa_end, max_mapped_, "alloc_low_pages",
                    "page table of the CPU entry area");
      return;
    }
    const u64 tables = entry_area_tables(cpu_count(m_), m_.intel);
    for (u64 i = 0; i < tables; ++i) alloc(page_bytes, page_bytes, "spp_getpage", "page table of the CPU entry area");
  }
  const Arch &arch() const { return *machine_.system().arch; }

  void setup_log_buf(bool early) {
    if (have_log_buf_) return;
    const u64 bytes = wanted_log_buf(config_, params_.log_buf_len, cpu_count(m_), early);
    if (bytes == 0) return;
    const u64 records = bytes >> 5; // 32 characters a record
    struct Part {
      u64 bytes;
      std::string_view owner;
    };
    const Part parts[] = {{bytes, "kernel log buffer"},
                          {records * config_.sizeof_prb_desc, "kernel log buffer: descriptors"},
                          {records * config_.sizeof_printk_info, "kernel log buffer: records"}};
    std::array<u32, 3> taken{};
    for (unsigned i = 0; i < 3; ++i) {
      taken[i] = new_binding(concat("log_buf", i));
      if (try_alloc(parts[i].bytes, arch().word, "setup_log_buf", parts[i].owner, taken[i]) != 0) continue;
      // Not all of it: what was taken goes back, last first, and the built-in buffer stays.
      while (i-- > 0) free_bound(taken[i], 0, parts[i].bytes, "setup_log_buf", parts[i].owner);
      return;
    }
    have_log_buf_ = true;
  }

  // An initrd above what the kernel keeps (mem=) or has mapped is copied down.
  void reserve_initrd() {
    if (m_.initrd_bytes == 0) return;
    const System &s = machine_.system();
    const phys_addr_t base{initrd_base_}, end{initrd_end()};
    const auto &ram = s.memblock.memory.regions;
    if (std::any_of(ram.begin(), ram.end(),
                    [&](const memblock_region &r) { return r.base <= base && end <= r.end() && end.v <= max_mapped_; }))
      return;
    const u32 copy = new_binding("initrd");
    initrd_binding_ = copy;
    if (alloc_range(end - base, page_bytes, 0, max_mapped_, "setup_arch", "initrd, moved down", copy) == 0)
      return stop("no memory for the initrd");
    issue(command(Op::memblock_phys_free, {base.v, end - base}), "setup_arch", "initrd");
  }

  void initmem_init() {
    phase_ = Phase::numa;
    if (config_.numa && !params_.numa_off) {
      for (const NodeMemory &n : m_.node_memory) {
        Command c = command(Op::numa_add_memblk, {static_cast<u64>(n.nid), n.base, n.size});
        if (n.hotplug) give(c, 3, 1);
        issue(std::move(c), "acpi_numa_memory_affinity_init");
      }
      for (std::size_t from = 0; from < m_.distances.size(); ++from)
        for (std::size_t to = 0; to < m_.distances[from].size(); ++to)
          issue(command(Op::numa_set_distance, {from, to, m_.distances[from][to]}), "acpi_numa_slit_init");
    }
    if (!config_.numa || params_.numa_off || m_.node_cpus.empty()) {
      issue(command(Op::numa_set_cpus, {0, cpu_count(m_)}), "init_cpu_to_node");
    } else {
      for (std::size_t nid = 0; nid < m_.node_cpus.size(); ++nid)
        issue(command(Op::numa_set_cpus, {nid, m_.node_cpus[nid]}), "init_cpu_to_node");
    }
    if (!config_.numa) return step(Op::initmem_init, "setup_arch");
    step(Op::numa_init, "x86_numa_init");
    if (params_.movable_node) issue(command(Op::memblock_set_bottom_up, {0}), "numa_init");
  }

  void e820_resources() {
    const System &s = machine_.system();
    const auto &entries = s.e820.entries;
    alloc(entries.size() * config_.sizeof_resource, line_, "e820__reserve_resources", "firmware map as resources");
    for (std::size_t i = 0; i < firmware_entries_; ++i)
      alloc(config_.sizeof_firmware_map_entry, line_, "firmware_map_add_early", "firmware map for sysfs");
    // Gaps between RAM, in whole pages: hibernation leaves them out. Neighbours share an entry.
    u64 last = 0, previous_end = ~u64{0};
    const auto gap = [&](u64 first_pfn, u64 end_pfn) {
      if (first_pfn >= end_pfn) return;
      if (previous_end != first_pfn)
        alloc(config_.sizeof_nosave_region, line_, "register_nosave_region", "hibernation's no-save list");
      previous_end = end_pfn;
    };
    for (const e820_entry &e : entries) {
      if (e.type != E820_TYPE_RAM) continue;
      if (last < e.addr.v) gap(last / page_bytes, div_round_up(e.addr.v, page_bytes));
      last = e.addr.v + e.size;
    }
    gap(last / page_bytes, s.get(vm_field::max_pfn));
  }

  void start_kernel() {
    const u64 line_bytes = params_.text.size() + 1;
    alloc(line_bytes, line_, "start_kernel", "command line, for /proc/cmdline");
    alloc(line_bytes, line_, "start_kernel", "command line, for parsing");
    setup_per_cpu_areas();
    phase_ = Phase::zonelists;
    step(Op::build_all_zonelists, "start_kernel");
    if (const u64 bytes = unknown_options_bytes(config_, params_.text); bytes != 0) {
      const u32 text = new_binding("unknown_options");
      alloc(bytes, line_, "start_kernel", "parameters for user space, to be printed", text);
      free_bound(text, 0, bytes, "start_kernel", "parameters for user space, to be printed");
    }
    setup_log_buf(false);
    // With memory on several nodes these tables come later, from vmalloc, spread over the nodes.
    if (nodes_with_memory() <= 1) {
      alloc_hash(hash(13, 2, 0), "dentry hash");
      alloc_hash(hash(14, 0, 0), "inode hash");
    }
    map_entry_areas();
  }

  u64 hash(unsigned scale, u64 low, u64 high) const {
    const System &s = machine_.system();
    return large_hash_bytes(arch(), s.get(vm_field::nr_kernel_pages), s.get(vm_field::nr_all_pages), scale, low, high);
  }
  // Half as large, and half of that, until it fits.
  void alloc_hash(u64 bytes, std::string_view owner) {
    while (!stopped_ && try_alloc(bytes, line_, "alloc_large_system_hash", owner) == 0) {
      if (bytes <= page_bytes) return stop(concat("no memory for ", owner));
      bytes /= 2;
    }
  }
  u64 nodes_with_memory() const {
    std::vector<i32> nodes;
    for (const memblock_region &r : machine_.system().memblock.memory.regions) nodes.push_back(r.nid);
    std::sort(nodes.begin(), nodes.end());
    return static_cast<u64>(std::unique(nodes.begin(), nodes.end()) - nodes.begin());
  }

  // The node of each CPU: the firmware's, else the nodes take turns (numa_init_array).
  std::vector<i32> nodes_of_cpus() const {
    std::vector<i32> out;
    if (!params_.numa_off && !m_.node_cpus.empty() && params_.numa_fake.empty()) {
      for (std::size_t nid = 0; nid < m_.node_cpus.size(); ++nid)
        out.insert(out.end(), static_cast<std::size_t>(m_.node_cpus[nid]), static_cast<i32>(nid));
      if (!out.empty()) return out;
    }
    std::vector<i32> nodes;
    for (const numa_memblk &b : machine_.system().numa.blocks)
      if (std::find(nodes.begin(), nodes.end(), b.nid) == nodes.end()) nodes.push_back(b.nid);
    std::sort(nodes.begin(), nodes.end());
    if (nodes.empty()) nodes.push_back(0);
    for (u64 cpu = 0; cpu < cpu_count(m_); ++cpu) out.push_back(nodes[static_cast<std::size_t>(cpu % nodes.size())]);
    return out;
  }
  u64 node_id_count() const { // nr_node_ids
    i32 highest = 0;
    for (const numa_memblk &b : machine_.system().numa.blocks) highest = std::max(highest, b.nid);
    u64 n = static_cast<u64>(highest) + 1;
    if (!params_.numa_off && params_.numa_fake.empty()) {
      n = std::max<u64>(n, m_.node_cpus.size());
      for (const NodeMemory &r : m_.node_memory) n = std::max<u64>(n, static_cast<u64>(r.nid) + 1);
    }
    return n;
  }

  void setup_per_cpu_areas() {
    const Arch &arch = this->arch();
    const u64 cpus = cpu_count(m_);
    const PercpuLayout layout = percpu_layout(config_, arch, nodes_of_cpus());
    const u64 groups = layout.groups.size();

    const u32 info = new_binding("pcpu_info"), areas = new_binding("pcpu_areas");
    alloc(layout.info_bytes, page_bytes, "pcpu_build_alloc_info", "per-CPU layout", info);
    alloc(layout.areas_bytes, line_, "pcpu_embed_first_chunk", "per-CPU group addresses", areas);
    std::vector<u32> blocks;
    for (std::size_t i = 0; i < layout.groups.size(); ++i) {
      const PercpuGroup &g = layout.groups[i];
      Command c = command(Op::memblock_alloc_try_nid,
                          {g.units * layout.unit_bytes, layout.atom_bytes, field(g.nid), arch.low_limit});
      c.bind = new_binding(concat("percpu", i));
      blocks.push_back(c.bind);
      const std::string owner = groups == 1 ? "per-CPU first chunk" : concat("per-CPU first chunk of node ", g.nid);
      if (issue(std::move(c), "pcpu_fc_alloc", owner) == 0) return stop(concat("no memory for ", owner));
    }
    for (std::size_t i = 0; i < layout.groups.size(); ++i)
      for (u64 unit = 0; unit < layout.groups[i].units; ++unit) {
        // A unit without a CPU goes back whole, the others without what their data takes.
        const u64 used = unit < layout.groups[i].cpus ? layout.used_bytes : 0;
        if (used < layout.unit_bytes)
          free_bound(blocks[i], unit * layout.unit_bytes + used, layout.unit_bytes - used, "pcpu_embed_first_chunk",
                     used == 0 ? "per-CPU unit without a CPU" : "rest of a per-CPU unit");
      }

    const auto small = [&](u64 size, std::string_view owner) { alloc(size, line_, "pcpu_setup_first_chunk", owner); };
    small(groups * arch.word, "per-CPU group offsets");
    small(groups * arch.word, "per-CPU group sizes");
    small(cpus * 4, "per-CPU unit map");
    small(cpus * arch.word, "per-CPU unit offsets");
    small(layout.slots_bytes, "per-CPU chunk lists");
    const auto chunk = [&](u64 region, std::string_view which) {
      const PercpuChunk sizes = percpu_chunk(config_, arch, region);
      alloc(sizes.chunk_bytes, line_, "pcpu_alloc_first_chunk", concat(which, " per-CPU chunk: its record"));
      alloc(sizes.alloc_map_bytes, line_, "pcpu_alloc_first_chunk", concat(which, " per-CPU chunk: allocation map"));
      alloc(sizes.bound_map_bytes, line_, "pcpu_alloc_first_chunk", concat(which, " per-CPU chunk: boundary map"));
      alloc(sizes.blocks_bytes, line_, "pcpu_alloc_first_chunk", concat(which, " per-CPU chunk: block records"));
    };
    // A region begins where the one before it ended, inside a page that both share.
    const u64 in_use = config_.percpu_static + config_.percpu_reserved;
    if (config_.percpu_reserved != 0) chunk(config_.percpu_static % page_bytes + config_.percpu_reserved, "reserved");
    chunk(in_use % page_bytes + layout.used_bytes - in_use, "first");
    free_bound(info, 0, layout.info_bytes, "pcpu_embed_first_chunk", "per-CPU layout");
    free_bound(areas, 0, layout.areas_bytes, "pcpu_embed_first_chunk", "per-CPU group addresses");

    if (!config_.cpumask_offstack) return;
    const u64 mask_bytes = div_round_up(cpus, 64) * 8;
    const u64 nodes = node_id_count();
    for (u64 nid = 0; nid < nodes; ++nid)
      alloc(mask_bytes, line_, "alloc_bootmem_cpumask_var", concat("CPUs of node ", nid));
    constexpr std::array<std::string_view, 4> masks{"initialised CPUs", "CPUs called in", "CPUs called out",
                                                    "CPU siblings"};
    for (std::size_t i = masks.size() - static_cast<std::size_t>(std::min<u64>(config_.boot_cpumasks, masks.size()));
         i < masks.size(); ++i)
      alloc(mask_bytes, line_, "alloc_bootmem_cpumask_var", masks[i]);
  }

  void mm_init() {
    // slub_debug with user tracking keeps call stacks from the start.
    if (parameter(params_.text, "slub_debug").find('U') != std::string_view::npos)
      alloc_hash(hash(14, 1 << 12, 1 << 20), "stack depot hash");
    swiotlb();
    playing_ = false; // nothing that follows depends on a result
    phase_ = Phase::handoff;
    if (arch().highmem_free == HighmemFree::first) step(Op::set_highmem_pages_init, "mem_init");
    step(Op::memblock_free_all, "mem_init");
    phase_ = Phase::slab;
    step(Op::mem_init, "mm_init");
    step(Op::setup_per_cpu_pageset, "start_kernel");
  }

  // Bounce buffers, when memory (or what may be plugged in) reaches beyond 4 GiB.
  void swiotlb() {
    if (config_.sizeof_io_tlb_slot == 0) return;
    const std::string_view given = parameter(params_.text, "swiotlb");
    if (given.find("noforce") != given.npos) return;
    u64 max_possible = to_phys(pfn_t{machine_.system().get(vm_field::max_pfn)}, 12).v;
    if (!params_.numa_off)
      for (const NodeMemory &n : m_.node_memory) max_possible = std::max(max_possible, n.base + n.size);
    if (max_possible <= four_gigabytes && given.find("force") == given.npos) return;
    const SwiotlbSize size = swiotlb_size(cpu_count(m_));
    constexpr u64 slot_bytes = 2 * KiB, min_slots = MiB / slot_bytes;
    for (u64 slots = size.slots;; slots = round_up_any(slots / 2, 128)) {
      Command c = command(Op::memblock_alloc_try_nid, {slots * slot_bytes, page_bytes});
      give(c, 4, 0xffffffff);
      if (issue(std::move(c), "swiotlb_init_remap", "software IO TLB") != 0) {
        const auto table = [&](u64 bytes, std::string_view owner) {
          alloc(round_up_any(slots * bytes, page_bytes), page_bytes, "swiotlb_init_remap", owner);
        };
        if (config_.sizeof_io_tlb_list != 0) table(config_.sizeof_io_tlb_list, "software IO TLB: list");
        table(config_.sizeof_io_tlb_slot, "software IO TLB: slots");
        if (config_.sizeof_io_tlb_area != 0)
          alloc(size.areas * config_.sizeof_io_tlb_area, line_, "swiotlb_init_remap", "software IO TLB: areas");
        return;
      }
      if (slots <= min_slots) return;
    }
  }

  void free_part(const ImagePart &p, std::string_view caller, std::string_view what) {
    if (p.size != 0) issue(command(Op::free_reserved_area, {p.base, p.size}), caller, what);
  }

  void late_boot() {
    const bool locks_late = machine_.system().era->alternatives_late;
    if (!locks_late) free_part(config_.smp_locks, "alternative_instructions", "SMP alternatives");
    phase_ = Phase::deferred;
    step(Op::page_alloc_init_late, "kernel_init_freeable");
    phase_ = Phase::done;
    if (has_cma()) step(Op::cma_init_reserved_areas, "do_one_initcall");
    step(Op::init_per_zone_wmark_min, "do_one_initcall");
    if (locks_late) free_part(config_.smp_locks, "do_one_initcall", "SMP alternatives");
    step(Op::hugepage_init, "do_one_initcall");
    if (m_.initrd_bytes != 0) {
      Command c = command(Op::free_reserved_area, {initrd_base_, initrd_end() - initrd_base_});
      if (initrd_binding_ != no_binding) {
        c.args[0].value = 0;
        c.args[0].binding = initrd_binding_;
      }
      issue(std::move(c), "free_initrd_mem", "initrd");
    }
    free_part(config_.decrypted_unused, "mem_encrypt_free_decrypted_mem", "unused decrypted");
    free_part(config_.initmem, "free_initmem", "unused kernel image (initmem)");
    free_part(config_.text_gap, "mark_rodata_ro", "unused kernel image (text/rodata gap)");
    free_part(config_.rodata_gap, "mark_rodata_ro", "unused kernel image (rodata/data gap)");
    sysctl("min_free_kbytes", params_.min_free_kbytes);
    sysctl("watermark_scale_factor", params_.watermark_scale_factor);
  }
  void sysctl(std::string_view name, u64 value) {
    if (value == 0) return;
    Command c = command(Op::write_sysctl, {0, value});
    c.text = name;
    issue(std::move(c), "do_sysctl_args");
  }

  const MachineSpec &m_;
  const KernelConfig config_;
  Machine machine_;
  const BootParams &params_;
  const u64 line_ = machine_.system().memblock.rules.cache_line;
  Script script_;
  Phase phase_ = Phase::memblock;
  bool playing_ = true; // calls are made on our own machine too
  bool stopped_ = false;
  u64 firmware_entries_ = 0;
  u64 initrd_base_ = 0;
  u32 initrd_binding_ = no_binding;
  u64 max_mapped_ = 0;
  bool have_log_buf_ = false;
};

} // namespace

Script make_script(const MachineSpec &m) {
  const KernelConfig *config = find_config(m.release);
  const Arch *arch = config == nullptr ? nullptr : find_arch(config->arch);
  const Era *era =
      config == nullptr ? nullptr : era_of_version(config->era_major, config->era_minor, config->era_patch);
  if (config == nullptr || arch == nullptr || era == nullptr) {
    Script none;
    none.title = m.title;
    none.assumed.push_back(concat("there is no row for kernel ", m.release, ": its sizes are not known"));
    return none;
  }
  const SystemSetup setup{arch, era, *config, m.command_line};
  if (era->boot_allocator == BootAllocator::bootmem) return bootmem_script(m, setup);
  Script s = BootModel(m, setup).run();
  if (!has_parameter(m.command_line, "nokaslr"))
    s.assumed.push_back("KASLR is off: the kernel image lies where it was linked to");
  for (const std::string_view name : {"crashkernel", "hugetlb_cma", "efi"})
    if (has_parameter(m.command_line, name))
      s.assumed.push_back(concat(name, "= is not modelled for a machine without a log"));
  return s;
}

} // namespace mmscope
