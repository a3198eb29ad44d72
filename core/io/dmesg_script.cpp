#include "io/dmesg_script.hpp"

#include "base/text.hpp"
#include "io/dmesg_arm.hpp"
#include "io/dmesg_head.hpp"
#include "io/dmesg_lowmem.hpp"
#include "io/dmesg_small.hpp"
#include "lab/presets.hpp"
#include "mm/boot.hpp"
#include "mm/flatmem.hpp"
#include "mm/lowmem.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace mmscope {

namespace {

struct Range { // bytes, half-open
  u64 base = 0, size = 0;
  u32 flags = 0; // of a memblock region
  u64 end() const { return base + size; }
  bool holds(u64 a) const { return a >= base && a - base < size; }
  friend bool operator==(const Range &, const Range &) = default;
};

std::string hex_text(u64 n) {
  std::string s = "0x";
  append_hex(s, n);
  return s;
}

// What a request or a reservation is for, by the function that makes it.
struct Purpose {
  std::string_view caller, owner;
};
constexpr Purpose purposes[] = {
    {"smp_scan_config", "MP table"},
    {"reserve_real_mode", "real-mode trampoline"},
    {"init_mem_mapping", "probe for the direct map"},
    {"alloc_low_pages", "page table of the direct map"},
    {"setup_log_buf", "kernel log buffer"},
    {"reserve_crashkernel", "crash kernel"},
    {"reserve_crashkernel_low", "crash kernel, low part"},
    {"acpi_parse_hpet", "HPET resource"},
    {"io_apic_init_mappings", "I/O APIC resources"},
    {"e820__reserve_resources", "firmware map as resources"},
    {"firmware_map_add_early", "firmware map for sysfs"},
    {"register_nosave_region", "hibernation's no-save list"},
    {"pcpu_alloc_alloc_info", "per-CPU layout"},
    {"pcpu_build_alloc_info", "per-CPU layout"},
    {"pcpu_embed_first_chunk", "per-CPU group addresses"},
    {"pcpu_fc_alloc", "per-CPU first chunk"},
    {"pcpu_setup_first_chunk", "per-CPU chunk tables"},
    {"pcpu_alloc_first_chunk", "per-CPU chunk tables"},
    {"alloc_bootmem_cpumask_var", "CPU mask"},
    {"alloc_large_system_hash", "hash table"},
    {"alloc_bootmem_huge_page", "gigantic page"},
    {"spp_getpage", "page table of the CPU entry area"},
    {"swiotlb_init_remap", "software IO TLB"},
    {"start_kernel", "command line"},
};
std::string_view purpose_of(std::string_view caller) {
  for (const Purpose &p : purposes)
    if (p.caller == caller) return p.owner;
  return {};
}

// Whose allocations a function gives back whole, in this order: the latest of each first.
struct FreeRule {
  std::string_view freed_by, allocated_by;
  bool first = false; // the earliest of them, not the latest
};
constexpr FreeRule free_rules[] = {
    {"init_mem_mapping", "init_mem_mapping"}, // the probe
    {"pcpu_free_alloc_info", "pcpu_build_alloc_info"},
    {"pcpu_free_alloc_info", "pcpu_alloc_alloc_info"},
    {"pcpu_embed_first_chunk", "pcpu_alloc_alloc_info"},        // its name up to 5.13
    {"pcpu_embed_first_chunk", "pcpu_build_alloc_info"},        // after the tails the layout, then the group addresses
    {"pcpu_embed_first_chunk", "pcpu_embed_first_chunk", true}, // the layout too, where it is one function
    {"start_kernel", "start_kernel"},                           // unknown parameters, once they are printed
};

// Where the kernel searches and reserves in two calls, only the second leaves a line.
struct SilentSearch {
  std::string_view caller;
  u64 below; // highest address plus one; 0 = what the direct map covers
};
constexpr SilentSearch silent_searches[] = {{"reserve_real_mode", u64{1} << 20}, {"alloc_low_pages", 0}};
const SilentSearch *silent_search_of(const Era &era, std::string_view caller) {
  if (era.finds_then_reserves)
    for (const SilentSearch &s : silent_searches)
      if (s.caller == caller) return &s;
  return nullptr;
}

// Units of the first per-CPU chunk: each group is one allocation of so many units, some of them without a CPU.
struct PercpuLayout {
  u64 unit = 0, used = 0;                // bytes of a unit, and of it in use
  std::vector<std::vector<bool>> groups; // [group][unit]: has a CPU
};

class Builder {
public:
  Builder(const LogText &log, const ImportHints &hints, BuildNotes *notes) : log_(log), hints_(hints), notes_(notes) {}

  ImportResult run() {
    gather();
    if (!check()) return refused();
    choose_config();
    if (out_.error) return refused();
    if (lost_)
      look_at_hints();
    else if (device_tree() && !trial_)
      look_back();
    out_.script.setup = setup_;
    out_.release = release_;
    out_.lines = log_.line_count;
    out_.cpus = cpus_;
    if (requests_ == 0 && first_dump_ == 0) {
      from_model();
      if (out_.error) return refused();
      facts_of_model();
    } else {
      make_title();
      firmware();
      boot();
    }
    general_notes();
    if (notes_ != nullptr) {
      notes_->first_dump = first_dump_;
      notes_->second_dump = second_dump_;
      notes_->config_known = config_known_;
      notes_->has_e820 = !e820_.empty();
    }
    return std::move(out_);
  }

private:
  bool device_tree() const { return setup_.arch->firmware == Firmware::device_tree; }
  const std::vector<LogLine> &lines() const { return log_.lines; }
  void assume(std::string text) {
    if (out_.script.assumed.size() < max_assumed)
      out_.script.assumed.push_back(std::move(text));
    else
      ++more_assumed_;
  }
  ImportResult refused() {
    ImportResult r;
    r.error = std::move(out_.error);
    r.lines = log_.line_count;
    return r;
  }
  void fail(u32 line, u32 column, std::string reason) { out_.error = ImportError{line, column, std::move(reason)}; }

  // --- first pass: what the log says, wherever it says it ---

  void gather() {
    PercpuLayout pcpu;
    u32 last_group = ~u32{0};
    const LogLine *before = nullptr; // the line before, if it matters
    for (const LogLine &l : lines()) {
      switch (l.kind) {
      case LogKind::version:
        if (release_.empty()) {
          release_ = l.text;
          release_line_ = l.line;
        }
        break;
      case LogKind::foreign_arch:
        if (foreign_.empty()) {
          foreign_ = l.text;
          foreign_line_ = l.line;
        }
        break;
      case LogKind::command_line:
        if (command_line_.empty()) command_line_ = l.text;
        break;
      case LogKind::e820:
        // The kernel prints its own map again when parameters changed it ("user: …"), never this one twice.
        if (e820_.size() == max_map) {
          if (std::exchange(map_full_, true)) break;
          assume(concat("line ", l.line, " and later BIOS-e820 lines are left out: more than ", max_map));
          break;
        }
        e820_.push_back({phys_addr_t{l.base}, l.size, l.n});
        e820_lines_.push_back(l.line);
        break;
      case LogKind::request: ++requests_; break;
      case LogKind::dump:
        if (first_dump_ == 0)
          first_dump_ = l.line;
        else if (second_dump_ == 0)
          second_dump_ = l.line;
        break;
      case LogKind::dump_region:
        if (first_dump_ != 0 && second_dump_ == 0) {
          (l.list == memblock_list::memory ? dump_memory_ : dump_reserved_).push_back({l.base, l.size, l.flags});
          if (l.list == memblock_list::memory) dump_nodes_.push_back(l.nid);
        }
        break;
      case LogKind::free:
        // What keeps memblock tells it where the initrd was.
        if (l.caller == "free_initrd_mem" && ramdisk_.size == 0) ramdisk_ = {l.base, l.size};
        break;
      case LogKind::slub_up: slab_cpus_ = l.n; break;
      case LogKind::reserve:
        // reserve_brk() is the only reservation of setup_arch before the first configuration block.
        if (first_dump_ == 0 && l.caller == "setup_arch" && !l.masked) brk_ = {l.base, l.size};
        if (l.caller == "reserve_initrd_mem" && !l.masked) ramdisk_ = {l.base, l.size};
        break;
      case LogKind::ramdisk: ramdisk_ = {l.base, l.size}; break;
      case LogKind::reserving:
        if (l.size != 0) acpi_.push_back({l.text, l.base, l.size});
        break;
      case LogKind::fact:
        if (l.fact == LineKind::lowmem && l.flag) splits_memory_ = is_x86_ = true; // what is no mark is a result
        break;
      case LogKind::last_pfn: max_arch_pfn_ = l.size; break;
      case LogKind::nr_cpus: nr_cpus_ = l.n; break;
      case LogKind::mp_table: mp_ = {l.base, l.size}; break;
      case LogKind::ioapic: ++ioapics_; break;
      case LogKind::gbpages: gbpages_ = true; break;
      case LogKind::intel: intel_ = is_x86_ = true; break;
      case LogKind::srat_mem:
        if (l.nid >= 0 && l.nid < max_nodes && srat_.size() < 4096) srat_.push_back(&l);
        break;
      case LogKind::srat_cpu:
        if (l.nid >= 0 && l.nid < max_nodes) {
          const auto n = static_cast<std::size_t>(l.nid);
          if (node_cpus_.size() <= n) node_cpus_.resize(n + 1);
          ++node_cpus_[n];
        }
        break;
      case LogKind::node_cpus:
        if (l.nid < max_nodes) {
          const auto n = static_cast<std::size_t>(l.nid);
          if (brought_up_.size() <= n) brought_up_.resize(n + 1);
          brought_up_[n] += l.n;
        }
        break;
      case LogKind::slit: slit_ = true; break;
      case LogKind::node_data:
        see_node_data(l.size);
        if (before != nullptr && before->kind == LogKind::reserve) see_node_data(before->size);
        break;
      case LogKind::x86: is_x86_ = true; break;
      case LogKind::cpus:
        cpus_ = l.n;
        is_x86_ = true;
        break;
      case LogKind::percpu:
        pcpu.unit = l.size;
        pcpu.used = l.n; // pages, until the architecture is known
        percpu_ = &l;
        break;
      case LogKind::percpu_groups: read_groups(l.text, pcpu, last_group); break;
      case LogKind::memory: memory_ = &l; break;
      default: break;
      }
      if (!only_a_result(l)) before = &l;
    }
    // Without CPU lines of the firmware's table, the nodes of those that came up tell; the boot CPU is on node 0.
    if (node_cpus_.empty() && !srat_.empty() && !brought_up_.empty()) {
      node_cpus_ = brought_up_;
      ++node_cpus_[0];
    }
    percpu_layout_ = std::move(pcpu);
    if (release_.empty()) release_ = hints_.release;
    if (command_line_.empty()) assume("the log has no command line: no parameters");
    if (percpu_layout_.unit == 0) percpu_layout_.groups.clear();
  }

  // The size of NODE_DATA is an input, but only where all lines agree: one that was tampered with decides nothing.
  void see_node_data(u64 bytes) {
    if (node_data_bytes_ == 0)
      node_data_bytes_ = bytes;
    else if (node_data_bytes_ != bytes)
      node_data_differs_ = true;
  }

  // "[0] 0 1 [0] 2 - [1] 3 4": a group's units, allocation by allocation.
  static void read_groups(std::string_view text, PercpuLayout &pcpu, u32 &last_group) {
    for (std::string_view word = next_word(text); !word.empty(); word = next_word(text)) {
      if (word.front() == '[') {
        const auto n = parse_u64(word.substr(1, word.size() < 2 ? 0 : word.size() - 2));
        if (!n || *n > 4096) return;
        if (pcpu.groups.empty() || last_group != static_cast<u32>(*n)) pcpu.groups.emplace_back();
        last_group = static_cast<u32>(*n);
      } else if (!pcpu.groups.empty() && pcpu.groups.back().size() < 65536) {
        pcpu.groups.back().push_back(word.front() != '-');
      }
    }
  }

  [[gnu::noinline]] void refuse_arch(u32 line, std::string_view foreign) {
    std::string known;
    for (const Arch *a : all_arches()) append(known, known.empty() ? "" : ", ", a->name);
    fail(line, 0,
         concat("a log of ", foreign, release_.empty() ? "" : ", Linux ", release_, ": this version models ", known,
                " only"));
  }
  bool check() {
    std::string by_release;
    setup_.arch = arch_of_log(release_, max_arch_pfn_, by_release);
    const std::string_view foreign = !by_release.empty() ? by_release : std::string_view(foreign_);
    // What marks a device-tree machine is at home in a log of one.
    if (!foreign.empty() && (setup_.arch == nullptr || !device_tree())) {
      refuse_arch(by_release.empty() ? foreign_line_ : release_line_, foreign);
      return false;
    }
    if (setup_.arch == nullptr) {
      setup_.arch = find_arch(splits_memory_ ? "i386" : "x86_64");
      if (splits_memory_ || !release_.empty())
        assume(concat("the log does not name its architecture: taken for ", setup_.arch->name));
    }
    if (device_tree() && cpus_ == 0) cpus_ = slab_cpus_;
    percpu_layout_.used <<= setup_.arch->page_shift;
    unsigned major = 0, minor = 0;
    version_of_release(release_, major, minor);
    if (release_.empty()) {
      setup_.era = &pivot_era();
      assume(concat("the log does not name its kernel: taken for Linux ", setup_.era->name));
    } else if ((setup_.era = era_of_release(release_)) == nullptr ||
               setup_.era->boot_allocator != BootAllocator::memblock) {
      std::string known;
      for (const Era &e : all_eras()) // a log of bootmem's days says too little
        if (e.boot_allocator == BootAllocator::memblock) append(known, known.empty() ? "" : ", ", e.name);
      fail(release_line_, 0, concat("Linux ", release_, ": this version models Linux ", known, " only"));
      return false;
    }
    if (!release_.empty() && (setup_.era->major != major || setup_.era->minor != minor))
      assume(concat("Linux ", major, '.', minor, " has no row of its own: taken for ", setup_.era->name));
    if (e820_.empty() && dump_memory_.empty() && begins_in_sparse_init() && !hints_.memory.empty()) {
      lost_ = true;
      for (const HintRegion &r : hints_.memory) {
        dump_memory_.push_back({r.base, r.size});
        dump_nodes_.push_back(r.nid);
      }
    }
    if (e820_.empty() && dump_memory_.empty()) {
      fail(static_cast<u32>(std::min<u64>(log_.line_count, 0xffffffff)), 0,
           "no usable line about memory: no BIOS-e820 line and no MEMBLOCK configuration in the whole log");
      return false;
    }
    if (device_tree() && !e820_.empty()) return refuse_e820();
    if (!e820_.empty() &&
        std::none_of(e820_.begin(), e820_.end(), [](const e820_entry &e) { return e.type == E820_TYPE_RAM; })) {
      fail(e820_lines_.front(), 0, "the firmware's map has no usable range");
      return false;
    }
    if (!device_tree() && e820_.empty() && !is_x86_ && release_.find("amd64") == std::string::npos) {
      fail(first_dump_, 0, "no BIOS-e820 line, and nothing else in the log says that it is one of an x86_64 kernel");
      return false;
    }
    return true;
  }

  [[gnu::noinline]] bool refuse_e820() {
    fail(e820_lines_.front(), 0, "a BIOS-e820 line, but this kernel has its memory from a device tree");
    return false;
  }

  // The log of an arm64 kernel whose first request is one of sparse_init: what comes before it is lost.
  bool begins_in_sparse_init() const {
    if (!device_tree() || setup_.arch->low_memory != LowMemory::all) return false;
    const auto first =
        std::find_if(lines().begin(), lines().end(), [](const LogLine &l) { return l.kind == LogKind::request; });
    if (first == lines().end()) return false;
    Op step{};
    return first->caller == "memmap_alloc" || (made_by_step(first->caller, step) && step == Op::sparse_init);
  }

  // --- the build ---

  // Null: no build for that architecture is known, and the log is refused.
  [[gnu::noinline]] const KernelConfig *nearest_config() {
    const std::vector<const KernelConfig *> all = all_configs();
    const KernelConfig *row = nullptr; // the pivot's first build, or the first of another era
    for (const KernelConfig *c : all)
      if (c->arch == setup_.arch->name && (row == nullptr || (is_of(*c, pivot_era()) && !is_of(*row, pivot_era()))))
        row = c;
    if (row == nullptr)
      fail(release_line_, 0,
           concat("no build for ", setup_.arch->name, " is in the table: all sizes would be guesses"));
    for (const KernelConfig *c : all)
      if (c->arch == setup_.arch->name && is_of(*c, *setup_.era) && release_.ends_with(c->flavour) &&
          (row->flavour.size() < c->flavour.size() || !release_.ends_with(row->flavour) || !is_of(*row, *setup_.era)))
        row = c;
    return row;
  }
  void choose_config() {
    const KernelConfig *row = find_config(release_);
    config_known_ = row != nullptr;
    if (row == nullptr) row = nearest_config();
    if (row == nullptr) return;
    KernelConfig &config = setup_.config;
    config = *row;
    setup_.command_line = command_line_;
    if (!config_known_)
      assume(concat("the build of Linux ",
                    release_.empty() ? std::string_view("(unknown)") : std::string_view(release_),
                    " is not in the table: its configuration is taken from ", config.era_major, '.', config.era_minor,
                    config.flavour, " and from the sizes of the log's requests"));

    if (memory_ != nullptr) {
      config.text_kb = memory_->parts[0];
      config.rwdata_kb = memory_->parts[1];
      config.rodata_kb = memory_->parts[2];
      config.init_kb = memory_->parts[3];
      config.bss_kb = memory_->parts[4];
    }
    if (percpu_ != nullptr) {
      config.percpu_static = percpu_->parts[0];
      config.percpu_reserved = percpu_->parts[1];
      config.percpu_dynamic = percpu_->parts[2];
    }
    const bool whole_pages = setup_.era->node_data_whole_pages && !device_tree();
    const u64 granule = whole_pages ? setup_.arch->page_size() : setup_.arch->cache_line;
    if (node_data_bytes_ != 0 && !node_data_differs_ && node_data_bytes_ % granule == 0 &&
        node_data_bytes_ >> 30 == 0 && node_data_bytes_ != round_up(config.sizeof_pgdat, granule))
      config.sizeof_pgdat = node_data_bytes_;
    if (!config_known_ && nr_cpus_ != 0) config.nr_cpus_max = nr_cpus_;
    place_image();
    if (!config_known_ && setup_.arch->low_memory == LowMemory::x86_areas)
      infer_small_build(lines(), e820_, setup_, [this](std::string text) { assume(std::move(text)); });
    else if (!config_known_) {
      infer_options();
      infer_sizes();
    }
  }

  // A whole boot of an unknown build tells by what is missing which options it lacks.
  [[gnu::noinline]] void infer_options() {
    bool complete = false, deferred = false, huge = false, nodes = false;
    u64 locks_kb = 0;
    for (const LogLine &l : lines()) {
      complete = complete || l.kind == LogKind::init_started;
      deferred = deferred || l.kind == LogKind::deferred;
      huge = huge || l.kind == LogKind::hugetlb;
      nodes = nodes || l.kind == LogKind::node_data;
      if (l.kind == LogKind::freeing && l.text == "SMP alternatives") locks_kb = l.n;
    }
    KernelConfig &config = setup_.config;
    if (!complete || deferred) return;
    // The image ends with its bss; before that lie the locks' places, and before them init memory.
    const u64 bss = config.image_end - round_up(config.bss_kb << 10, setup_.arch->page_size());
    config.smp_locks = {bss - (locks_kb << 10), locks_kb << 10};
    config.initmem = {config.smp_locks.base - (config.init_kb << 10), config.init_kb << 10};
    config.deferred_struct_pages = config.memory_hotremove = config.zone_device = false;
    assume("no line says that struct pages were deferred: taken for a build without that, without hot plug of memory "
           "and without ZONE_DEVICE");
    if (!huge) {
      config.thp = hints_.thp.value_or(false);
      config.pageblock_order = config.max_order;
      assume(config.thp ? "no huge page size is registered: taken for a build with transparent huge pages only"
                        : "no huge page size is registered: taken for a build without huge pages of any kind");
    }
    if (!nodes) {
      config.numa = false;
      config.max_numnodes = 1;
      assume("no NODE_DATA is allocated: taken for a build without NUMA");
    }
  }

  // Structure sizes that the requests of sparse_init give away.
  [[gnu::noinline]] void infer_sizes() {
    const Arch &arch = *setup_.arch;
    KernelConfig &config = setup_.config;
    const u64 sections = u64{1} << (arch.max_physmem_bits - arch.section_size_bits);
    u64 usage = 0;
    for (const LogLine &l : lines()) {
      if (l.kind != LogKind::request || !l.has_size) continue;
      if (l.caller == "sparse_init" && l.size >= 8) {
        const u64 per_root = sections * 8 / l.size;
        const u64 bytes = per_root == 0 ? 0 : arch.page_size() / per_root;
        if (bytes == 16 || bytes == 32) {
          config.sizeof_mem_section = bytes;
          assume(concat("sizeof(struct mem_section) is ", bytes, ": read off line ", l.line));
        }
      } else if (l.caller == "sparse_init_nid") {
        if (usage == 0) {
          usage = l.size;
        } else {
          // vmemmap maps whole PMDs; an array is as long as it must be.
          if (l.align % (u64{1} << arch.pmd_shift) != 0 && l.align % arch.pages_per_section() == 0) {
            config.memory_model = MemoryModel::sparsemem;
            config.sizeof_page = l.align / arch.pages_per_section();
            assume(concat("each section has an array of its own, sizeof(struct page) is ", config.sizeof_page,
                          ": read off line ", l.line));
          }
          const u64 map = round_up(config.sizeof_page * arch.pages_per_section(), arch.page_size());
          const u64 count = l.size / map;
          if (count != 0 && usage % count == 0 && usage / count >= 16 && usage / count <= 256) {
            config.sizeof_section_usage = usage / count;
            assume(
                concat("struct mem_section_usage with its flags is ", usage / count, " bytes: read off line ", l.line));
          }
          break;
        }
      }
    }
  }

  // Where the kernel lies: behind it begins its brk, which is reserved on its own.
  void place_image() {
    KernelConfig &config = setup_.config;
    const u64 old_base = config.image_base, old_size = config.image_end - config.image_base;
    if (brk_.size != 0) {
      for (const Range &r : dump_reserved_)
        if (r.holds(brk_.base) || r.end() == brk_.base) {
          const u64 base = brk_.base > old_size && config_known_ ? brk_.base - old_size : r.base;
          if (base < r.base) break;
          config.image_base = base;
          config.image_end = brk_.base;
          config.brk_size = brk_.size;
        }
    }
    const u64 shift = config.image_base - old_base; // KASLR
    const u64 page = setup_.arch->page_size();
    for (ImagePart *p :
         {&config.smp_locks, &config.decrypted_unused, &config.initmem, &config.text_gap, &config.rodata_gap})
      p->base += shift;
    if (!config_known_ && memory_ != nullptr) {
      // Text, then read-only data and data, each from the next 2 MiB on.
      const u64 text_end = config.image_base + round_up(config.text_kb << 10, page);
      const u64 rodata = round_up(text_end, u64{2} << 20);
      const u64 rodata_end = rodata + round_up(config.rodata_kb << 10, page);
      config.text_gap = {text_end, rodata - text_end};
      config.rodata_gap = {rodata_end, round_up(rodata_end, u64{2} << 20) - rodata_end};
    }
  }

  // What a device-tree kernel had reserved before the first line of the log, and where in it the kernel lies.
  [[gnu::noinline]] void look_back() {
    Builder trial(log_, hints_, nullptr);
    trial.trial_ = true;
    const ImportResult r = trial.run();
    if (r.error || r.facts.dumps.empty()) return;
    std::vector<ByteRange> block;
    for (const Range &d : dump_reserved_) block.push_back({d.base, d.size, d.flags});
    early_.clear();
    for (const ByteRange &b : reserved_before(r.script, r.facts.dumps.front().commands, block, release_line_ == 0))
      early_.push_back({b.base, b.size, b.flags});
    KernelConfig &config = setup_.config;
    const u64 size = config.image_end - config.image_base;
    std::vector<Range> candidates = early_;
    for (const Command &c : r.script.commands)
      if (c.op == Op::memblock_reserve) candidates.push_back({c.args[0].value, c.args[1].value});
    if (ramdisk_.size == 0) find_initrd(candidates);
    for (const Range &e : candidates)
      if (round_up(e.size, setup_.arch->page_size()) == size) {
        move_image(e.base);
        return;
      }
    assume("the log does not show where the kernel lies: taken for where its build is usually loaded");
  }

  [[gnu::noinline]] void look_at_hints() {
    head_ = lost_head(setup_, hints_.memory, hints_.reserved, initrd_freed());
    assume("the log has lost its beginning: memory, and what the loader had put there, as the running system shows it");
    if (head_.tree_bytes == 0) assume("the size of the unpacked device tree is not known: left out");
    KernelConfig &config = setup_.config;
    if (head_.image_base == 0)
      assume("nothing shows where the kernel lies: taken for where its build is usually loaded");
    else
      move_image(head_.image_base);
    ramdisk_ = {head_.initrd.base, head_.initrd.size};
    early_ = {{config.image_base, config.image_end - config.image_base}};
    for (const ByteRange &r : head_.loaded) early_.push_back({r.base, r.size});
  }
  void move_image(u64 base) {
    KernelConfig &config = setup_.config;
    const u64 shift = base - config.image_base;
    config.image_base += shift;
    config.image_end += shift;
    config.initmem.base += shift;
  }

  // What every such boot does before sparse_init.
  [[gnu::noinline]] void play_lost_head() {
    const KernelConfig &config = setup_.config;
    const u64 page = setup_.arch->page_size(), line = setup_.arch->cache_line;
    const auto request = [&](u64 bytes, u64 align, std::string_view caller, std::string_view owner) {
      emit(Op::memblock_alloc_try_nid, {bytes, align}, caller, phase(), 0, owner);
    };
    ensure(setup_memory, 0);
    for (u64 i = 0; i < head_.page_tables; ++i)
      emit(Op::memblock_phys_alloc_range, {page, page}, "early_pgtable_alloc", phase(), 0,
           "page table of the direct map");
    ensure(map_memory, 0);
    if (head_.tree_bytes != 0) request(head_.tree_bytes, 8, "unflatten_device_tree", "device tree");
    ensure(init_numa, 0);
    i32 last = 0;
    for (const i32 nid : dump_nodes_) last = std::max(last, nid);
    for (i32 nid = 0; config.cpumask_offstack && nid <= last; ++nid)
      request(div_round_up(config.nr_cpus_max, 64) * 8, line, "alloc_bootmem_cpumask_var",
              concat("CPUs of node ", nid));
    if (config.cma) emit(Op::dma_contiguous_reserve, {}, "setup_arch", phase(), 0);
    request(dump_memory_.size() * config.sizeof_resource, line, "setup_arch", "memory as resources");
  }

  u64 initrd_freed() const {
    u64 bytes = 0;
    for (const LogLine &l : lines())
      if (l.kind == LogKind::freeing && l.text == "initrd") bytes = u64{l.n} << 10;
    return bytes;
  }
  // From 7.2 on no line says where the initrd was, only how much of it is given back: its whole pages.
  void find_initrd(const std::vector<Range> &candidates) {
    const u64 bytes = initrd_freed();
    if (bytes == 0) return;
    const u64 page = setup_.arch->page_size();
    for (const Range &e : candidates)
      if (e.flags == 0 && e.base % page == 0 && (e.size == bytes || round_up(e.size, page) == bytes + page)) {
        ramdisk_ = {e.base, e.size};
        assume(concat("the initrd lies at ", hex_text(e.base), ": of what was reserved first, this has its size"));
        return;
      }
  }

  void make_title() {
    u64 ram = 0;
    for (const e820_entry &e : e820_)
      if (e.type == E820_TYPE_RAM) ram += e.size;
    if (e820_.empty())
      for (const Range &r : dump_memory_) ram += r.size;
    const u64 mib = (ram + (u64{1} << 20) - 1) >> 20; // the BIOS keeps some KiB for itself
    std::string &t = out_.script.title;
    t = release_.empty() ? "Linux" : concat("Linux ", release_);
    if (mib >= 1024)
      append(t, ", ", (mib + 512) >> 10, " GiB");
    else
      append(t, ", ", mib, " MiB");
  }

  // --- emitting ---

  Command &emit(Op op, std::initializer_list<u64> values, std::string_view caller, Phase phase, u32 line,
                std::string_view owner = {}) {
    out_.script.commands.push_back(command(op, values, caller, phase));
    Command &c = out_.script.commands.back();
    c.line = line;
    c.owner = owner;
    return c;
  }
  u32 count() const { return static_cast<u32>(out_.script.commands.size()); }

  [[gnu::noinline]] void device_tree_memory() {
    if (!lost_) assume("the device tree's memory is taken from the first MEMBLOCK configuration");
    for (const Range &r : dump_memory_)
      emit(Op::memblock_add, {r.base, r.size}, "early_init_dt_add_memory_arch", Phase::memblock, first_dump_);
  }

  void firmware() {
    if (device_tree()) {
      device_tree_memory();
      if (!trial_) early_reserves();
      return;
    }
    std::vector<e820_entry> map = e820_;
    std::vector<u32> at = e820_lines_;
    if (map.empty()) {
      assume("the log begins behind the firmware's map: memory as the first MEMBLOCK configuration shows it");
      for (const Range &r : dump_memory_) {
        map.push_back({phys_addr_t{r.base}, r.size, E820_TYPE_RAM});
        at.push_back(first_dump_);
      }
    }
    for (std::size_t i = 0; i < map.size(); ++i)
      if (map[i].type != 0)
        emit(Op::e820_add, {map[i].addr.v, map[i].size, map[i].type}, "e820__memory_setup", Phase::memblock, at[i]);
    emit(Op::e820_finish, {}, "start_kernel", Phase::memblock, at.back());
    map_ = std::move(map);
    early_reserves();
  }

  // What had been reserved before the first line about it: the first configuration block shows it merged. Cut where
  // one thing ends and another begins, so that each piece has its owner.
  void early_reserves() {
    std::vector<Range> reserved = device_tree() ? early_ : dump_reserved_;
    u32 line = first_dump_;
    const KernelConfig &config = setup_.config;
    const Range image{config.image_base, config.image_end - config.image_base};
    if (reserved.empty() && !device_tree()) {
      assume("the log does not show what was reserved first: taken for the first 64 KiB, the BIOS area, the kernel "
             "image and the initrd");
      reserved = {{0, 0x10000}, {0x9f000, 0x61000}, image};
      if (ramdisk_.size != 0) reserved.push_back(ramdisk_);
      if (brk_.size == 0) reserved.push_back({config.image_end, config.brk_size});
      line = 0;
    }
    for (const Range &r : reserved) {
      std::set<u64> cuts{r.base, r.end()};
      for (const Range &part : {brk_, ramdisk_, image})
        for (const u64 cut : {part.base, part.end()})
          if (part.size != 0 && cut > r.base && cut < r.end()) cuts.insert(cut);
      for (auto it = cuts.begin(); std::next(it) != cuts.end(); ++it) {
        const Range piece{*it, *std::next(it) - *it};
        if (brk_.size != 0 && brk_.holds(piece.base)) continue; // has a line of its own
        emit(Op::memblock_reserve, {piece.base, piece.size}, "early_reserve_memory", Phase::memblock, line,
             early_owner(piece, image))
            .args[2] = {.value = r.flags, .given = r.flags != 0};
      }
    }
  }
  std::string_view early_owner(const Range &piece, const Range &image) const {
    if (image.holds(piece.base)) return "kernel image";
    if (ramdisk_.size != 0 && ramdisk_.holds(piece.base)) return "initrd";
    if (piece.base == 0) return "first 64 KiB";
    if (piece.end() == 0x100000) return "BIOS area";
    return "reserved before the log";
  }

  // get_max_mapped(): the end of the RAM that the direct map covers.
  u64 mapped_end() const {
    System s = make_system(setup_);
    for (const e820_entry &e : map_)
      if (e.type != 0) s.e820.add(nullptr, e.addr, e.size, e.type);
    e820_finish(s, nullptr);
    e820__memblock_setup(s, nullptr);
    return max_mapped(s);
  }

  // --- the boot, line by line ---

  // Steps of the model, made once, in this order, when the log shows that they are due.
  enum Step : unsigned {
    setup_memory,
    map_memory,
    init_numa,
    init_sparse,
    init_zones,
    build_zonelists,
    hand_over,
    init_deferred,
    init_watermarks,
    init_huge
  };

  void ensure(Step step, u32 line) {
    while (done_ <= step) {
      if (device_tree()) {
        make_phase(static_cast<Step>(done_++), line);
        continue;
      }
      switch (static_cast<Step>(done_++)) {
      case setup_memory:
        emit(Op::memblock_set_current_limit, {isa_end}, "setup_arch", Phase::memblock, line);
        emit(Op::e820__memblock_setup, {}, "setup_arch", Phase::memblock, line);
        break;
      case map_memory:
        if (setup_.era->marks_first_mib)
          emit(Op::memblock_clear_kho_scratch, {0, isa_end}, "setup_arch", Phase::memblock, line);
        emit(Op::memblock_set_current_limit, {mapped_end()}, "setup_arch", Phase::memblock, line);
        break;
      case init_numa:
        numa_facts(line);
        step_[static_cast<std::size_t>(init_numa)] = count();
        if (setup_.config.numa)
          emit(Op::numa_init, {}, "x86_numa_init", Phase::numa, line);
        else
          emit(Op::initmem_init, {}, "setup_arch", Phase::numa, line);
        break;
      case init_sparse:
        if (flat()) break;
        step_[static_cast<std::size_t>(init_sparse)] = count();
        emit(Op::sparse_init, {}, "paging_init", Phase::sparse, line);
        break;
      case init_zones:
        step_[static_cast<std::size_t>(init_zones)] = count();
        emit(Op::free_area_init, {}, "zone_sizes_init", Phase::zones, line);
        break;
      case build_zonelists: emit(Op::build_all_zonelists, {}, "start_kernel", Phase::zonelists, line); break;
      case hand_over:
        if (setup_.arch->highmem_free == HighmemFree::first)
          emit(Op::set_highmem_pages_init, {}, "mem_init", Phase::handoff, line);
        emit(Op::memblock_free_all, {}, "mem_init", Phase::handoff, line);
        emit(Op::mem_init, {}, "mm_init", Phase::slab, line);
        emit(Op::setup_per_cpu_pageset, {}, "start_kernel", Phase::slab, line);
        break;
      case init_deferred: emit(Op::page_alloc_init_late, {}, "kernel_init_freeable", Phase::deferred, line); break;
      case init_watermarks:
        if (cma_command_ != no_command) emit(Op::cma_init_reserved_areas, {}, "do_initcalls", Phase::done, line);
        emit(Op::init_per_zone_wmark_min, {}, "do_initcalls", Phase::done, line);
        break;
      case init_huge:
        gigantic_pages(line);
        emit(Op::hugepage_init, {}, "do_initcalls", Phase::done, line);
        break;
      }
    }
  }
  [[gnu::noinline]] void make_phase(Step step, u32 line) {
    if (step == init_numa) numa_facts(line);
    if (step == init_huge) gigantic_pages(line);
    for (const BootPhase &p : device_tree_phases(*setup_.arch)) {
      if (static_cast<unsigned>(p.step) != step) continue;
      if (step < step_.size()) step_[step] = count();
      emit(p.op, {}, p.caller, p.phase, line);
    }
  }
  Phase phase() const {
    static constexpr Phase of[] = {Phase::memblock, Phase::memblock, Phase::memblock,  Phase::numa,
                                   Phase::sparse,   Phase::zones,    Phase::zonelists, Phase::slab,
                                   Phase::deferred, Phase::done,     Phase::done};
    return of[done_];
  }
  bool flat() const { return setup_.config.memory_model == MemoryModel::flatmem; }
  Step step_of(Op op, std::string_view caller) const {
    // mem_map is asked for in one place or the other.
    if (caller == "memmap_alloc" && setup_.config.memory_model != MemoryModel::flatmem) return init_sparse;
    return op == Op::numa_init ? init_numa : op == Op::sparse_init ? init_sparse : init_zones;
  }

  // The device tree's nodes, as the first configuration block shows them, and the CPUs of each.
  [[gnu::noinline]] void device_tree_nodes(u32 line) {
    const bool several = std::any_of(dump_nodes_.begin(), dump_nodes_.end(), [](i32 n) { return n > 0; });
    for (std::size_t i = 0; several && i < dump_memory_.size(); ++i)
      if (dump_nodes_[i] >= 0 && static_cast<u64>(dump_nodes_[i]) < setup_.config.max_numnodes)
        emit(Op::numa_add_memblk, {static_cast<u64>(dump_nodes_[i]), dump_memory_[i].base, dump_memory_[i].size},
             "of_numa_parse_memory_nodes", Phase::numa, first_dump_);
    const auto &groups = percpu_layout_.groups; // one a node that has CPUs
    for (std::size_t n = 0; several && n < groups.size() && n < setup_.config.max_numnodes; ++n)
      if (const auto cpus = std::count(groups[n].begin(), groups[n].end(), true); cpus != 0)
        emit(Op::numa_set_cpus, {n, std::min(static_cast<u64>(cpus), max_cpus())}, "of_node_to_nid", Phase::numa, line);
    if (!several || groups.empty()) {
      if (cpus_ == 0) assume("the log does not say how many CPUs there are: taken for 1");
      emit(Op::numa_set_cpus, {0, std::clamp<u64>(cpus_, 1, max_cpus())}, "of_node_to_nid", Phase::numa, line);
    }
    // A device tree need not name distances; what is not other than the default is taken for not named.
    const auto nodes = static_cast<u64>(several ? hints_.distance.size() : 0);
    bool named = false;
    for (u64 i = 0; i < nodes; ++i)
      for (u64 j = 0; j < nodes; ++j) named = named || distance(i, j) != (i == j ? 10 : 20);
    for (u64 i = 0; named && i < nodes && nodes <= 64; ++i)
      for (u64 j = 0; j < nodes; ++j)
        emit(Op::numa_set_distance, {i, j, distance(i, j)}, "of_numa_parse_distance_map", Phase::numa, line);
  }

  void numa_facts(u32 line) {
    if (device_tree()) return device_tree_nodes(line);
    for (const LogLine *l : srat_) {
      Command &c = emit(Op::numa_add_memblk, {static_cast<u64>(l->nid), l->base, l->size},
                        "acpi_numa_memory_affinity_init", Phase::numa, l->line);
      if (l->flag) c.args[3] = {.value = 1, .given = true};
    }
    if (slit_ && !srat_.empty()) {
      i32 last = 0;
      for (const LogLine *l : srat_) last = std::max(last, l->nid);
      if (hints_.distance.empty()) assume("the firmware has a SLIT that the log does not show: distances 10 and 20");
      const auto nodes = static_cast<u64>(std::min(last, 63)) + 1;
      for (u64 i = 0; i < nodes; ++i)
        for (u64 j = 0; j < nodes; ++j)
          emit(Op::numa_set_distance, {i, j, distance(i, j)}, "acpi_numa_slit_init", Phase::numa, line);
    }
    if (node_cpus_.empty()) {
      if (cpus_ == 0) assume("the log does not say how many CPUs there are: taken for 1");
      emit(Op::numa_set_cpus, {0, std::clamp<u64>(cpus_, 1, max_cpus())}, "init_cpu_to_node", Phase::numa, line);
    }
    for (std::size_t n = 0; n < node_cpus_.size(); ++n)
      if (node_cpus_[n] != 0)
        emit(Op::numa_set_cpus, {n, std::min(node_cpus_[n], max_cpus())}, "init_cpu_to_node", Phase::numa, line);
  }
  u64 max_cpus() const { return std::max<u64>(setup_.config.nr_cpus_max, 1); }
  u64 distance(u64 from, u64 to) const {
    if (from == to) return 10;
    if (from < hints_.distance.size() && to < hints_.distance[from].size()) {
      const u64 d = hints_.distance[from][to];
      if (d >= 10 && d <= 255) return d;
    }
    return 20;
  }

  // Such lines are not there when results are stripped: they must part nothing.
  static bool only_a_result(const LogLine &l) {
    return (l.kind >= LogKind::dump_sizes && l.kind <= LogKind::dump_region) || l.kind == LogKind::remove ||
           l.kind == LogKind::doubled || l.kind == LogKind::no_numa || l.kind == LogKind::distance_table ||
           (l.kind == LogKind::fact && !l.flag && l.fact != LineKind::fallback && l.fact != LineKind::built);
  }

  void boot() {
    if (lost_) play_lost_head();
    const auto &all = lines();
    for (std::size_t i = 0; i < all.size(); ++i) {
      const LogLine &l = all[i];
      std::size_t behind = i + 1;
      while (behind < all.size() && only_a_result(all[behind])) ++behind;
      const LogLine *next = behind < all.size() ? &all[behind] : nullptr;
      if (is_memblock(l.kind) && done_ > hand_over) { // memblock is gone, or of no interest any more
        if (l.kind == LogKind::free && l.caller == "free_initrd_mem") add_note({.line = l.line, .keep = true});
        continue;
      }
      if (l.kind != LogKind::dump_sizes && l.kind != LogKind::dump_count && l.kind != LogKind::dump_region) end_dump();
      switch (l.kind) {
      case LogKind::add: add(l); break;
      case LogKind::reserve: reserve(l, next); break;
      case LogKind::request: request(l, request_behind(all, i)); break;
      case LogKind::free: free(l); break;
      case LogKind::dump: dump(l); break;
      case LogKind::dump_sizes:
      case LogKind::dump_count:
      case LogKind::dump_region: dump_part(l); break;
      case LogKind::reserving: reserving_ = &l; break;
      case LogKind::node_data:
        ensure(init_numa, l.line);
        if (!l.masked) out_.facts.lines.push_back({LineKind::node_data, l.line, l.text});
        break;
      case LogKind::zone_ranges: ensure(init_zones, l.line); break;
      case LogKind::fact:
        if (l.fact == LineKind::fallback || l.fact == LineKind::built) ensure(build_zonelists, l.line);
        if (l.fact == LineKind::lowmem && l.flag) ensure(init_numa, l.line);
        if (l.fact == LineKind::highmem_init) ensure(hand_over, l.line);
        if ((done_ > init_zones || l.fact == LineKind::lowmem) && !l.masked)
          out_.facts.lines.push_back({l.fact, l.line, l.text});
        break;
      case LogKind::memory:
        ensure(setup_.era->memory_line_late ? init_deferred : hand_over, l.line);
        if (!l.masked) out_.facts.memory = LoggedMemory{l.line, l.base, l.size, l.end};
        break;
      case LogKind::slub_up: ensure(hand_over, l.line); break;
      case LogKind::deferred:
        if (done_ > hand_over) ensure(init_deferred, l.line);
        break;
      case LogKind::devtmpfs:
        if (done_ > hand_over) ensure(init_watermarks, l.line);
        break;
      case LogKind::hugetlb:
        if (done_ > hand_over) ensure(init_huge, l.line);
        break;
      case LogKind::freeing:
        if (done_ > hand_over) freeing(l);
        break;
      case LogKind::init_started:
        if (done_ > hand_over) {
          ensure(init_huge, l.line);
          sysctls(l.line);
        }
        break;
      default: break;
      }
    }
    pending_ = no_command; // the log ends: an answer that is missing is not known
    if (done_ <= hand_over)
      assume("the log ends before the page allocator takes over");
    else if (done_ <= init_huge)
      assume("the log ends before the boot is complete");
  }
  static const LogLine *request_behind(const std::vector<LogLine> &all, std::size_t i) {
    while (++i < all.size() && (all[i].kind == LogKind::reserve || only_a_result(all[i]))) {}
    return i < all.size() ? &all[i] : nullptr;
  }
  static bool is_memblock(LogKind k) {
    return k == LogKind::add || k == LogKind::reserve || k == LogKind::request || k == LogKind::free ||
           k == LogKind::dump || k == LogKind::dump_sizes || k == LogKind::dump_count || k == LogKind::dump_region;
  }

  void add(const LogLine &l) {
    ensure(setup_memory, l.line);
    if (l.masked) return;
    if (l.caller != "e820__memblock_setup") {
      emit(Op::memblock_add, {l.base, l.size}, l.caller, phase(), l.line);
      return;
    }
    LoggedRange r{phys_addr_t{l.base}, l.size, "memblock_add", l.caller, l.line, no_command};
    for (u32 i = count(); i-- > 0;)
      if (out_.script.commands[i].op == Op::e820__memblock_setup) {
        r.command = i;
        break;
      }
    out_.facts.adds.push_back(std::move(r));
  }

  // Where memblock_alloc_or_panic stands for the caller, what follows and the size tell the step.
  bool part_of_step(const LogLine &l, const LogLine *next, Op &step) const {
    if (made_by_step(l.caller, step)) return true;
    if (!setup_.era->alloc_or_panic || l.caller != "__memblock_alloc_or_panic" || l.masked) return false;
    if (next != nullptr && next->kind == LogKind::request && next->caller == "sparse_index_alloc") {
      step = Op::sparse_init;
      return true;
    }
    step = Op::free_area_init;
    return l.size == setup_.config.sizeof_pgdat;
  }

  void request(const LogLine &l, const LogLine *next) {
    close_pending();
    LoggedAlloc a{.function = l.function,
                  .caller = l.caller,
                  .size = l.size,
                  .align = l.align,
                  .nid = l.nid,
                  .from = phys_addr_t{l.base},
                  .max_addr = phys_addr_t{l.end},
                  .addr = {},
                  .line = l.line};
    Op step{};
    if (part_of_step(l, next, step)) {
      if (l.caller == "memmap_alloc" && !flat()) step = Op::sparse_init;
      // A distance table is the only request of numa_init that has a line; the rest of that step comes later.
      ensure(step_of(step, l.caller), l.line);
      a.command = step_[static_cast<std::size_t>(step_of(step, l.caller))];
      a.inside = true;
      if (lost_ && out_.facts.cut_step == no_command) out_.facts.cut_step = a.command;
      if (l.masked) return;
    } else {
      if (l.masked || l.size == 0 || l.size >> 52 != 0 || (l.align & (l.align - 1)) != 0) {
        assume(concat("line ", l.line, " could not be used: a request of ", l.size, " bytes, align ", l.align));
        return;
      }
      const auto op = find_op(l.function);
      if (!op) return;
      const bool mapping = l.caller == "early_pgtable_alloc" || l.caller == "reserve_real_mode" ||
                           l.caller == "init_mem_mapping" || l.caller == "alloc_low_pages";
      ensure(mapping ? setup_memory : map_memory, l.line);
      a.command = count();
      Command &c = emit(*op, {l.size, l.align}, l.caller, phase(), l.line, owner_of(l));
      const std::size_t first = *op == Op::memblock_phys_alloc_range ? 2 : 3;
      if (first == 3 && l.nid != no_node) c.args[2] = {.value = static_cast<u64>(l.nid), .given = true};
      if (l.base != 0) c.args[first] = {.value = l.base, .given = true};
      if (l.end != 0) c.args[first + 1] = {.value = l.end, .given = true};
      const bool gigantic =
          l.caller.find("bootmem_huge_page") != std::string::npos || (l.size == l.align && l.size >> 30 != 0);
      if (gigantic && gigantic_.size() < recent) gigantic_.push_back(live_.size());
      // Only the chunk's groups must lie above what devices of old can reach; their function may be inlined.
      const bool chunk = l.caller == "pcpu_fc_alloc" || (l.caller == "pcpu_embed_first_chunk" && l.base != 0);
      if (chunk) chunks_.push_back(live_.size());
      live_.push_back({.command = a.command,
                       .line = l.line,
                       .caller = chunk ? std::string_view("pcpu_fc_alloc") : std::string_view(l.caller),
                       .size = l.size,
                       .fact = out_.facts.allocs.size()});
    }
    pending_ = static_cast<u32>(out_.facts.allocs.size());
    out_.facts.allocs.push_back(std::move(a));
  }
  std::string_view owner_of(const LogLine &l) const {
    if (l.caller == "setup_arch" && ramdisk_.size != 0 && l.size == round_up(ramdisk_.size, setup_.arch->page_size()))
      return "initrd, moved down";
    return purpose_of(l.caller);
  }

  // A request without an answer line found nothing; at the end of a log it is not known.
  void close_pending() {
    if (pending_ == no_command) return;
    if (!out_.facts.allocs[pending_].addr) out_.facts.allocs[pending_].addr = phys_addr_t{0};
    pending_ = no_command;
  }

  void reserve(const LogLine &l, const LogLine *next) {
    if (const SilentSearch *s = silent_search_of(*setup_.era, l.caller)) return found(l, *s);
    if (Op step{}; !is_answer_caller(l.caller) && made_by_step(l.caller, step)) {
      // Up to 5.12 device-tree machines searched for their distance table and reserved it in two calls.
      close_pending();
      ensure(step_of(step, l.caller), l.line);
      if (l.masked) return;
      out_.facts.allocs.push_back({.function = {},
                                   .caller = l.caller,
                                   .size = l.size,
                                   .align = 0,
                                   .nid = no_node,
                                   .from = {},
                                   .max_addr = {},
                                   .addr = phys_addr_t{l.base},
                                   .answer_size = l.size,
                                   .line = l.line,
                                   .answer_line = l.line,
                                   .command = step_[static_cast<std::size_t>(step_of(step, l.caller))],
                                   .inside = true});
      return;
    }
    if (!is_answer_caller(l.caller)) {
      close_pending();
      if (l.caller == "e820__memblock_setup" || l.masked) return;
      const bool image = device_tree() && l.base == setup_.config.image_base;
      const std::string_view owner = reserving_ != nullptr ? std::string_view(acpi_owner())
                                     : image               ? std::string_view("kernel image")
                                                           : purpose_of(l.caller);
      const bool first_mib = l.base == 0 && l.size == isa_end;
      if (l.size != 0)
        emit(Op::memblock_reserve, {l.base, l.size}, l.caller, phase(), l.line,
             first_mib                               ? std::string_view("first MiB")
             : l.base == brk_.base && brk_.size != 0 ? std::string_view("brk")
                                                     : owner)
            .args[2] = {.value = l.flags, .given = l.flags != 0};
      reserving_ = nullptr;
      return;
    }
    // Answers what the log has lost; the step that asked makes the request again.
    if (lost_ && out_.facts.cut_step == no_command) return;
    const bool node_data = next != nullptr && next->kind == LogKind::node_data;
    const bool cma = next != nullptr && next->kind == LogKind::cma;
    if (pending_ != no_command && !l.masked) {
      LoggedAlloc &a = out_.facts.allocs[pending_];
      if (l.size == a.size || !node_data) {
        a.addr = phys_addr_t{l.base};
        a.answer_size = l.size;
        a.answer_line = l.line;
        pending_ = no_command;
        return;
      }
    }
    if (l.caller == "memblock_double_array") return; // follows from the call that filled the array
    if (notes_ != nullptr) notes_->bare.push_back(l.line);
    LoggedAlloc a{.function = {},
                  .caller = {},
                  .size = l.size,
                  .align = 0,
                  .nid = no_node,
                  .from = {},
                  .max_addr = {},
                  .addr = {},
                  .line = l.line};
    if (!l.masked) {
      a.addr = phys_addr_t{l.base};
      a.answer_size = l.size;
      a.answer_line = l.line;
    }
    if (node_data) {
      ensure(init_numa, l.line);
      a.command = step_[static_cast<std::size_t>(init_numa)];
      a.inside = true;
    } else if (cma) {
      // When the area is set aside differs from kernel to kernel: where the log has its line.
      ensure(device_tree() ? setup_memory : init_numa, l.line);
      a.inside = true;
      a.command = cma_command_ != no_command ? cma_command_ : count();
      // The nodes' areas come with the first.
      if (std::exchange(cma_command_, a.command) == no_command)
        emit(Op::dma_contiguous_reserve, {}, "setup_arch", phase(), l.line);
    } else if (ramdisk_.size != 0 && !initrd_moved_ && l.size == round_up(ramdisk_.size, setup_.arch->page_size())) {
      // Up to 5.12 relocate_initrd looks for a place by itself.
      ensure(map_memory, l.line);
      a.command = count();
      a.function = "memblock_phys_alloc_range";
      emit(Op::memblock_phys_alloc_range, {l.size, setup_.arch->page_size()}, "setup_arch", phase(), l.line,
           "initrd, moved down");
      live_.push_back({.command = a.command,
                       .line = l.line,
                       .caller = "setup_arch",
                       .size = l.size,
                       .fact = out_.facts.allocs.size()});
    } else if (l.size != 0 && l.size >> 52 == 0) {
      ensure(device_tree() ? setup_memory : map_memory, l.line);
      assume(concat("line ", l.line,
                    " shows a reservation without its request: taken for memblock_phys_alloc_try_nid with "
                    "the alignment of a cache line"));
      a.command = count();
      a.function = "memblock_phys_alloc_try_nid";
      emit(Op::memblock_phys_alloc_try_nid, {l.size, setup_.arch->cache_line}, {}, phase(), l.line);
      live_.push_back(
          {.command = a.command, .line = l.line, .caller = {}, .size = l.size, .fact = out_.facts.allocs.size()});
    }
    if (a.command != no_command && !(a.inside && l.masked)) out_.facts.allocs.push_back(std::move(a));
  }
  // The reservation tells the size of what was searched for, and the answer.
  void found(const LogLine &l, const SilentSearch &s) {
    close_pending();
    if (l.size == 0 || l.size >> 52 != 0) return;
    ensure(setup_memory, l.line);
    if (notes_ != nullptr) notes_->bare.push_back(l.line);
    LoggedAlloc a{.function = "memblock_phys_alloc_range",
                  .caller = l.caller,
                  .size = l.size,
                  .align = setup_.arch->page_size(),
                  .nid = no_node,
                  .from = {},
                  .max_addr = phys_addr_t{s.below != 0 ? s.below : mapped_end()},
                  .addr = {},
                  .line = l.line,
                  .command = count()};
    Command &c =
        emit(Op::memblock_phys_alloc_range, {a.size, a.align}, l.caller, phase(), l.line, purpose_of(l.caller));
    c.args[3] = {.value = a.max_addr.v, .given = true};
    if (!l.masked) {
      a.addr = phys_addr_t{l.base};
      a.answer_size = l.size;
      a.answer_line = l.line;
    }
    out_.facts.allocs.push_back(std::move(a));
  }
  const std::string &acpi_owner() {
    acpi_owner_ = concat("ACPI table ", reserving_->text);
    return acpi_owner_;
  }

  // --- frees: whose memory it is ---

  struct Live { // an allocation of the script that has not been given back
    u32 command = 0, line = 0;
    std::string_view caller;
    u64 size = 0;
    std::size_t fact = 0;
    bool freed = false;
    u64 tails = 0; // units of a per-CPU chunk given back in part so far
  };

  struct Found {
    Live *live = nullptr;
    u64 offset = 0, size = 0; // bytes, of the part that goes
  };

  void free(const LogLine &l) {
    close_pending();
    Op step{};
    FreeNote note{.line = l.line};
    if (made_by_step(l.caller, step)) {
      ensure(step_of(step, l.caller), l.line);
      add_note(note);
      return;
    }
    if (l.size == 0 && !l.flag) {
      add_note(note);
      return;
    }
    ensure(setup_memory, l.line);
    Found f;
    if (l.masked && !l.absolute) {
      if (l.ref != 0) f = {live_at(l.ref), l.base, l.size};
      if (f.live == nullptr) return;
    } else if (!l.absolute && Range{l.base, l.size} != page_aligned(ramdisk_)) {
      f = resolve(l);
    }
    const u32 index = count();
    if (f.live == nullptr && l.flag) {
      assume(concat("line ", l.line, " could not be used: a free of no range"));
      add_note(note);
      return;
    }
    if (f.live == nullptr) {
      note.keep = true;
      const bool initrd = Range{l.base, l.size} == page_aligned(ramdisk_);
      if (initrd)
        initrd_moved_ = true;
      else
        assume(concat("line ", l.line, ": ", l.caller, " frees ", l.size, " bytes at ", hex_text(l.base),
                      ", which no request of the log returned: taken as it stands"));
      emit(Op::memblock_phys_free, {l.base, l.size}, l.caller, phase(), l.line,
           initrd ? std::string_view("initrd") : std::string_view());
    } else {
      note.ref = f.live->line;
      note.offset = f.offset;
      note.size = f.size;
      const u32 slot = bind(*f.live);
      const std::string owner = out_.script.commands[f.live->command].owner;
      Command &c = emit(Op::memblock_phys_free, {f.offset, f.size}, l.caller, phase(), l.line, owner);
      c.args[0].binding = slot;
      if (f.offset == 0 && f.size == f.live->size) f.live->freed = true;
    }
    if (!l.masked)
      out_.facts.frees.push_back({phys_addr_t{l.base}, l.size, "memblock_phys_free", l.caller, l.line, index});
    add_note(note);
  }
  Range page_aligned(const Range &r) const {
    if (r.size == 0) return {~u64{0}, 0};
    const u64 page = setup_.arch->page_size();
    const u64 base = round_down(r.base, page);
    return {base, round_up(r.end(), page) - base};
  }
  void add_note(const FreeNote &n) {
    if (notes_ != nullptr) notes_->frees.push_back(n);
  }
  Live *live_at(u32 line) {
    const auto a = std::lower_bound(live_.begin(), live_.end(), line, [](const Live &x, u32 n) { return x.line < n; });
    return a != live_.end() && a->line == line ? &*a : nullptr;
  }
  // A free gives back something recent; a log that says otherwise must not cost a walk over all of it each time.
  std::vector<Live>::reverse_iterator oldest() {
    return live_.size() <= recent ? live_.rend() : live_.rbegin() + static_cast<std::ptrdiff_t>(recent);
  }

  // By structure first: which allocation this function gives back follows from what the kernel does, not from the
  // address that the log shows.
  Found resolve(const LogLine &l) {
    if (const Found f = percpu_tail(l); f.live != nullptr) return f;
    if (l.caller != "pcpu_embed_first_chunk" || percpu_layout_whole())
      for (const FreeRule &r : free_rules)
        if (r.freed_by == l.caller)
          if (Live *a = r.first ? earliest(r.allocated_by) : latest(r.allocated_by)) return {a, 0, a->size};
    if (l.size == 0) return {};
    if (l.caller == "memblock_free") // by pointer, and not inlined: whoever gives back that much
      for (const FreeRule &r : free_rules)
        if (Live *a = latest(r.allocated_by, l.size)) return {a, 0, l.size};
    if (Live *a = latest(l.caller, l.size)) return {a, 0, l.size};
    // By the logged addresses second.
    for (auto a = live_.rbegin(); a != oldest(); ++a) {
      const std::optional<phys_addr_t> &addr = out_.facts.allocs[a->fact].addr;
      if (a->freed || !addr || addr->v == 0) continue;
      if (l.base >= addr->v && l.base + l.size <= addr->v + a->size) return {&*a, l.base - addr->v, l.size};
    }
    return {};
  }
  Live *earliest(std::string_view caller) {
    for (auto a = oldest().base(); a != live_.end(); ++a)
      if (!a->freed && a->caller == caller) return &*a;
    return nullptr;
  }
  Live *latest(std::string_view caller, u64 size = 0) { // size 0: any
    for (auto a = live_.rbegin(); a != oldest(); ++a)
      if (!a->freed && a->caller == caller && (size == 0 || a->size == size)) return &*a;
    return nullptr;
  }

  // A log that ends within these lines does not say which unit has a CPU.
  bool percpu_layout_whole() const {
    const PercpuLayout &p = percpu_layout_;
    if (p.unit == 0 || p.groups.size() != chunks_.size()) return false;
    for (std::size_t i = 0; i < chunks_.size(); ++i)
      if (p.groups[i].size() * p.unit != live_[chunks_[i]].size) return false;
    return true;
  }
  // The unused tails of the first chunk's units, group by group, unit by unit; a unit without a CPU goes whole.
  Found percpu_tail(const LogLine &l) {
    if (l.caller != "pcpu_embed_first_chunk" || !percpu_layout_whole()) return {};
    const PercpuLayout &p = percpu_layout_;
    std::size_t group = 0;
    for (const std::size_t index : chunks_) {
      Live &a = live_[index];
      const std::vector<bool> &units = p.groups[group++];
      if (a.tails >= units.size()) continue;
      const bool used = units[static_cast<std::size_t>(a.tails)];
      const u64 skip = used ? p.used : 0;
      const u64 offset = a.tails * p.unit + skip;
      if (skip >= p.unit || offset + p.unit - skip > a.size) return {};
      ++a.tails;
      return {&a, offset, p.unit - skip};
    }
    return {};
  }

  // Result slot of an allocation, made when something refers to it.
  u32 bind(const Live &a) {
    Command &c = out_.script.commands[a.command];
    if (c.bind == no_binding) {
      std::string name(a.caller.empty() ? std::string_view("reservation") : a.caller);
      u64 &n = names_[name];
      if (++n > 1) append(name, '_', n);
      c.bind = static_cast<u32>(out_.script.bindings.size());
      out_.script.bindings.push_back(std::move(name));
    }
    return c.bind;
  }

  // --- configuration blocks ---

  void dump(const LogLine &l) {
    close_pending();
    if (dumps_ == 0)
      ensure(setup_memory, l.line);
    else if (dumps_ == 1)
      ensure(init_numa, l.line);
    ++dumps_;
    LoggedDump d;
    d.line = l.line;
    d.commands = count();
    out_.facts.dumps.push_back(std::move(d));
    in_dump_ = true;
  }
  void dump_part(const LogLine &l) {
    if (!in_dump_) return;
    LoggedDump &d = out_.facts.dumps.back();
    const bool memory = l.list == memblock_list::memory;
    if (l.kind == LogKind::dump_sizes) {
      d.memory_size = l.base;
      d.reserved_size = l.size;
    } else if (l.kind == LogKind::dump_count) {
      (memory ? d.memory_cnt : d.reserved_cnt) = l.n;
    } else if (l.end != 0) { // an empty list prints its dummy
      // The printed range and the size beside it say the same, unless the line was tampered with.
      (memory ? d.memory : d.reserved).push_back({phys_addr_t{l.base}, l.end, l.flags, l.nid});
    }
  }
  void end_dump() {
    if (!std::exchange(in_dump_, false)) return;
    out_.facts.dumps.back().whole = true;
  }

  // --- after the handoff ---

  void freeing(const LogLine &l) {
    const u64 bytes = u64{l.n} << 10;
    const KernelConfig &config = setup_.config;
    const bool early = l.text == "SMP alternatives";
    if (!early) ensure(init_huge, l.line);
    const auto part = [&](const ImagePart &p, bool from_end) {
      u64 base = p.base;
      if (p.size != bytes) {
        if (from_end && p.size != 0 && p.base + p.size >= bytes) base = p.base + p.size - bytes;
        assume(concat("line ", l.line, ": ", l.n, "K of \"", l.text, "\" lie at ", hex_text(base)));
      }
      if (base == 0 || bytes == 0) return;
      emit(Op::free_reserved_area, {base, bytes}, "free_init_pages", early ? Phase::slab : Phase::done, l.line, l.text);
    };
    if (early)
      part(config.smp_locks, false);
    else if (l.text == "unused decrypted")
      part(config.decrypted_unused, true);
    else if (l.text == "unused kernel image (initmem)" || l.text == "unused kernel")
      part(config.initmem, false);
    else if (l.text == "unused kernel image (text/rodata gap)")
      part(config.text_gap, true);
    else if (l.text == "unused kernel image (rodata/data gap)")
      part(config.rodata_gap, true);
    else if (l.text == "initrd")
      free_initrd(l, bytes);
  }
  void free_initrd(const LogLine &l, u64 bytes) {
    const u64 page = setup_.arch->page_size();
    if (initrd_moved_)
      for (auto a = live_.rbegin(); a != live_.rend(); ++a)
        if (a->caller == "setup_arch" && a->size == round_up(ramdisk_.size, page)) {
          const u32 slot = bind(*a);
          Command &c = emit(Op::free_reserved_area, {0, bytes}, "free_initrd_mem", Phase::done, l.line, l.text);
          c.args[0].binding = slot;
          return;
        }
    if (ramdisk_.size == 0) {
      assume(concat("line ", l.line, ": the initrd is given back, but the log does not show where it is"));
      return;
    }
    emit(Op::free_reserved_area, {round_up(ramdisk_.base, page), bytes}, "free_initrd_mem", Phase::done, l.line,
         l.text);
  }

  // gather_bootmem_prealloc: each gigantic page that the boot allocator gave is counted, the last one first.
  void gigantic_pages(u32 line) {
    for (auto it = gigantic_.rbegin(); it != gigantic_.rend(); ++it) {
      const u64 size = live_[*it].size;
      const u32 slot = bind(live_[*it]);
      Command &c = emit(Op::hugetlb_init, {0, size}, "do_initcalls", Phase::done, line, "gigantic page");
      c.args[0].binding = slot;
    }
  }

  void sysctls(u32 line) {
    if (sysctls_done_) return;
    sysctls_done_ = true;
    const BootParams p = parse_boot_params(command_line_, setup_.arch->page_shift);
    const auto write = [&](std::string_view name, u64 value) {
      if (value == 0) return;
      Command &c = emit(Op::write_sysctl, {0, value}, "do_sysctl_args", Phase::done, line);
      c.text = name;
    };
    write("min_free_kbytes", p.min_free_kbytes);
    write("watermark_scale_factor", p.watermark_scale_factor);
  }

  // --- a log without memblock=debug ---

  // Everything that the kernel asked for comes from the boot model; the log gives the machine.
  void from_model() {
    MachineSpec m;
    m.name = "log";
    m.release = release_;
    m.command_line = command_line_;
    m.e820 = e820_;
    for (const Acpi &t : acpi_) m.acpi.push_back({t.name, t.at.base, t.at.size});
    if (mp_.size != 0) m.mp_table.push_back({mp_.base, mp_.size});
    m.cpus = std::clamp<u64>(cpus_, 1, max_cpus());
    m.node_cpus = node_cpus_;
    m.gbpages = gbpages_;
    m.intel = intel_;
    m.ioapics = std::max<u64>(ioapics_, 1);
    for (const LogLine *l : srat_) m.node_memory.push_back({l->nid, l->base, l->size, l->flag});
    if (slit_ && !srat_.empty()) {
      i32 last = 0;
      for (const LogLine *l : srat_) last = std::max(last, l->nid);
      const auto nodes = static_cast<std::size_t>(std::min(last, 63)) + 1;
      m.distances.assign(nodes, std::vector<u8>(nodes));
      for (std::size_t i = 0; i < nodes; ++i)
        for (std::size_t j = 0; j < nodes; ++j) m.distances[i][j] = static_cast<u8>(distance(i, j));
      if (hints_.distance.empty()) assume("the firmware has a SLIT that the log does not show: distances 10 and 20");
    }
    if (ramdisk_.size != 0) {
      m.initrd_base = ramdisk_.base;
      m.initrd_bytes = ramdisk_.size;
    }
    // Low RAM ends where the BIOS area begins.
    for (const e820_entry &e : e820_)
      if (e.type == E820_TYPE_RAM && e.addr.v == 0 && e.size < 0xa0000) m.bios_start = e.size;

    const std::string wrong = check_spec(m);
    if (!wrong.empty()) {
      fail(e820_lines_.empty() ? 0 : e820_lines_.front(), 0,
           concat("the log was written without memblock=debug, and the boot model cannot take its place: ", wrong));
      return;
    }
    std::vector<std::string> assumed = std::move(out_.script.assumed);
    out_.script = make_script(m);
    assumed.insert(assumed.end(), out_.script.assumed.begin(), out_.script.assumed.end());
    out_.script.assumed = std::move(assumed);
    make_title();
    assume("the log was written without memblock=debug: the kernel's requests come from the model of this boot");
  }
  void facts_of_model() {
    const auto at = [&](Op op) {
      for (u32 i = 0; i < count(); ++i)
        if (out_.script.commands[i].op == op) return i;
      return no_command;
    };
    bool zones = false;
    for (const LogLine &l : lines()) {
      if (l.kind == LogKind::zone_ranges) zones = true;
      if (l.kind == LogKind::fact && (zones || l.fact == LineKind::lowmem) && !l.masked)
        out_.facts.lines.push_back({l.fact, l.line, l.text});
      if (l.kind == LogKind::node_data && !l.masked) {
        out_.facts.lines.push_back({LineKind::node_data, l.line, l.text});
        LoggedAlloc a{.function = {},
                      .caller = {},
                      .size = l.size,
                      .align = 0,
                      .nid = l.nid,
                      .from = {},
                      .max_addr = {},
                      .addr = phys_addr_t{l.base},
                      .answer_size = l.size,
                      .line = l.line,
                      .answer_line = l.line,
                      .command = at(Op::numa_init),
                      .inside = true};
        out_.facts.allocs.push_back(std::move(a));
      }
      if (l.kind == LogKind::memory && !l.masked) out_.facts.memory = LoggedMemory{l.line, l.base, l.size, l.end};
    }
  }

  void general_notes() {
    if (more_assumed_ != 0) out_.script.assumed.push_back(concat("and ", more_assumed_, " more of the kind"));
    if (log_.cut) assume(concat("line ", log_.line_count + 1, " was cut and is left out"));
    if (log_.second_boot != 0)
      assume(concat("another boot begins at line ", log_.second_boot, ": only the first is used"));
  }

  static constexpr u64 isa_end = 0x100000;
  static constexpr i32 max_nodes = 1024;
  static constexpr std::size_t recent = 4096, max_assumed = 200;
  static constexpr std::size_t max_map = 512; // lines of the firmware's map, as the machine takes them

  const LogText &log_;
  const ImportHints &hints_;
  BuildNotes *notes_;
  ImportResult out_;

  // gathered
  std::string release_, command_line_, foreign_;
  u32 release_line_ = 0, foreign_line_ = 0, first_dump_ = 0, second_dump_ = 0;
  std::vector<e820_entry> e820_, map_;
  std::vector<u32> e820_lines_;
  std::vector<Range> dump_memory_, dump_reserved_, early_;
  std::vector<i32> dump_nodes_;
  Range brk_, ramdisk_, mp_;
  struct Acpi {
    std::string name;
    Range at;
    Acpi(std::string n, u64 base, u64 size) : name(std::move(n)), at{base, size} {}
  };
  std::vector<Acpi> acpi_;
  std::vector<const LogLine *> srat_;
  std::vector<u64> node_cpus_, brought_up_; // of each node: CPUs by the firmware's table; those that came up later
  bool lost_ = false;                       // the log begins within sparse_init
  LostHead head_;
  u32 cma_command_ = no_command; // that sets the areas of contiguous memory aside
  bool trial_ = false;           // only to find out what was reserved before
  u64 slab_cpus_ = 0;
  u64 max_arch_pfn_ = 0, nr_cpus_ = 0;
  u64 more_assumed_ = 0, requests_ = 0, cpus_ = 0, node_data_bytes_ = 0, ioapics_ = 0;
  bool splits_memory_ = false; // has low and high memory, so it is a 32-bit kernel
  bool is_x86_ = false, map_full_ = false, node_data_differs_ = false, slit_ = false, gbpages_ = false, intel_ = false,
       config_known_ = false;
  const LogLine *memory_ = nullptr, *percpu_ = nullptr;
  PercpuLayout percpu_layout_;
  SystemSetup setup_{};

  // emitting
  unsigned done_ = setup_memory;               // steps before this one are in the script
  std::array<u32, 6> step_{};                  // where numa_init, sparse_init, free_area_init are
  std::vector<Live> live_;                     // by line
  std::vector<std::size_t> chunks_, gigantic_; // of those, the per-CPU chunk's groups, gigantic pages
  std::map<std::string, u64> names_;
  u32 pending_ = no_command; // index into facts.allocs of the request that waits for its answer
  const LogLine *reserving_ = nullptr;
  std::string acpi_owner_;
  unsigned dumps_ = 0;
  bool in_dump_ = false;
  bool initrd_moved_ = false, sysctls_done_ = false;
};

} // namespace

ImportResult build_script(const LogText &log, const ImportHints &hints, BuildNotes *notes) {
  return Builder(log, hints, notes).run();
}

} // namespace mmscope
