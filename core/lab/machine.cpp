#include "lab/machine.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "lab/hotplug_calls.hpp"
#include "lab/old_calls.hpp"
#include "lab/page_calls.hpp"
#include "lab/slab_calls.hpp"
#include "lab/slab_old_calls.hpp"
#include "lab/workload_calls.hpp"
#include "mm/boot.hpp"
#include "mm/old_boot.hpp"
#include "mm/old_slabs.hpp"

#include <algorithm>

namespace mmscope {

namespace {

// More than any firmware gives; the maps are put in order anew with each line.
constexpr std::size_t max_e820_entries = 512, max_numa_blocks = 4096;
// An initrd lies below 2 GiB. Some ten events a page of it are as many as one call may have.
constexpr u64 most_freed_singly = u64{2} << 30;
constexpr u64 all_memblock_flags =
    MEMBLOCK_HOTPLUG | MEMBLOCK_MIRROR | MEMBLOCK_NOMAP | MEMBLOCK_DRIVER_MANAGED | MEMBLOCK_RSRV_KERN;

// Through a pointer: in the page it comes with the second half of the program (web/hosting/split.mjs).
u64 (*volatile const slabs_bytes)(const System &) = old_slabs_bytes;

constexpr bool power_of_two(u64 x) { return x != 0 && (x & (x - 1)) == 0; }
constexpr u64 as_result(int r) { return static_cast<u64>(static_cast<i64>(r)); }

// The order of the boot: a step needs the one before it, and most happen once.
struct StepRule {
  Op op, after;
  bool once;
};
constexpr StepRule step_rules[] = {
    {Op::e820_finish, Op::e820_add, true},
    {Op::e820__memblock_setup, Op::e820_finish, true},
    {Op::numa_init, Op::e820__memblock_setup, true},
    {Op::arm64_memblock_init, Op::memblock_add, true},
    {Op::arch_numa_init, Op::arm64_memblock_init, true},
    {Op::adjust_lowmem_bounds, Op::memblock_add, false},
    {Op::bootmem_init, Op::adjust_lowmem_bounds, true},
    {Op::dma_contiguous_reserve, Op::memblock_add, true},
    {Op::free_highpages, Op::memblock_free_all, true},
    {Op::initmem_init, Op::e820__memblock_setup, true},
    {Op::sparse_init, Op::numa_init, true},
    {Op::free_area_init, Op::sparse_init, true},
    {Op::set_highmem_pages_init, Op::build_all_zonelists, true},
    {Op::build_all_zonelists, Op::free_area_init, true},
    {Op::mem_init, Op::memblock_free_all, true},
    {Op::page_alloc_init_late, Op::mem_init, true},
    {Op::cma_init_reserved_areas, Op::mem_init, true},
    {Op::init_per_zone_wmark_min, Op::mem_init, false},
    {Op::hugetlb_init, Op::mem_init, false},
    {Op::hugepage_init, Op::init_per_zone_wmark_min, true},
    {Op::free_reserved_area, Op::memblock_free_all, false},
    {Op::write_sysctl, Op::init_per_zone_wmark_min, false},
    {Op::setup_per_cpu_pageset, Op::mem_init, true},
    {Op::kmem_cache_init, Op::mem_init, true},
    {Op::workload, Op::init_per_zone_wmark_min, false},
};

// Asks memblock, or what was made for it.
bool needs_memblock(Op op) {
  return op_info(op).name.starts_with("memblock_") || op == Op::e820__memblock_setup || op == Op::numa_init ||
         op == Op::sparse_init || op == Op::page_alloc_init_late;
}

// Something is asked of the page allocator, or given back to it.
const CallRow *row_of(Op op) {
  for (const std::span<const CallRow> rows : {page_call_rows(), slab_call_rows(), workload_call_rows(),
                                              hotplug_call_rows(), old_call_rows(), slab_old_call_rows()})
    for (const CallRow &row : rows)
      if (row.op == op) return &row;
  return nullptr;
}
// Is for the allocators before memblock: they stand beside the boot, and nothing of it has to come first.
bool is_old(Op op) {
  for (const std::span<const CallRow> rows : {old_call_rows(), slab_old_call_rows()})
    for (const CallRow &row : rows)
      if (row.op == op) return true;
  return false;
}
bool is_request(Op op) { return row_of(op) != nullptr && !is_old(op); }
// Asks the page allocator of later eras, or settles something of it.
bool needs_page_alloc(Op op) {
  return is_request(op) || op == Op::build_all_zonelists || op == Op::setup_per_cpu_pageset ||
         op == Op::init_per_zone_wmark_min || op == Op::hugepage_init || op == Op::hugetlb_init ||
         op == Op::write_sysctl || op == Op::kmem_cache_init;
}

// A build without nodes or without sections has other steps, or none, in their place; so has an era before memblock.
Op of_build(Op op, const System &s) {
  if (s.era->boot_allocator == BootAllocator::bootmem) {
    if (op == Op::e820__memblock_setup) return Op::init_bootmem;
    if (op == Op::memblock_free_all) return Op::free_all_bootmem;
    if (op == Op::build_all_zonelists && s.on_pair_zones()) return Op::free_area_init;
  }
  if (op == Op::sparse_init && s.config.memory_model == MemoryModel::flatmem) op = Op::numa_init;
  if (op == Op::memblock_add && s.arch->firmware == Firmware::e820) return Op::e820__memblock_setup;
  if (op != Op::numa_init) return op;
  const bool device_tree = s.arch->firmware == Firmware::device_tree;
  if (!s.config.numa) return device_tree ? Op::bootmem_init : Op::initmem_init;
  return device_tree ? Op::arch_numa_init : op;
}
// Why a build has no such step; "" when it has.
std::string_view not_built(Op op, const System &s) {
  if (op == Op::kmem_cache_init && !s.era->slub) return "SLUB came with 2.6.22, and slab_init makes this kernel's SLAB";
  if (s.era->boot_allocator == BootAllocator::bootmem) {
    if (needs_memblock(op)) return "memblock came later: bootmem gives memory";
    if (s.on_pair_zones() && needs_page_alloc(op) && op != Op::alloc_pages && op != Op::free_pages)
      return "zones of pair bitmaps know alloc_pages and free_pages, and one by one rmqueue and free_pages_ok";
  }
  switch (op) {
  case Op::numa_init:
    if (s.arch->firmware == Firmware::device_tree) return "on device-tree machines it is arch_numa_init";
    return s.config.numa ? "" : "this kernel is built without CONFIG_NUMA";
  case Op::initmem_init: return s.config.numa ? "this kernel is built with CONFIG_NUMA" : "";
  case Op::sparse_init:
    return s.config.memory_model == MemoryModel::flatmem ? "this kernel is built with CONFIG_FLATMEM" : "";
  case Op::adjust_lowmem_bounds:
  case Op::bootmem_init:
    return s.arch->low_memory == LowMemory::arm_vmalloc ? "" : "this architecture has no such step";
  case Op::arm64_memblock_init:
  case Op::arch_numa_init:
    return s.arch->firmware == Firmware::device_tree && s.config.numa ? "" : "this architecture has no such step";
  case Op::free_highpages:
    return s.arch->highmem_free == HighmemFree::after ? "" : "this architecture has no such step";
  case Op::set_highmem_pages_init:
    return s.arch->highmem_free == HighmemFree::first ? "" : "this architecture has no such step";
  default: return "";
  }
}

// What happens to pages: memblock is behind it, zones are needed.
bool is_about_pages(Op op) {
  switch (op) {
  case Op::mem_init:
  case Op::page_alloc_init_late:
  case Op::cma_init_reserved_areas:
  case Op::free_highpages:
  case Op::init_per_zone_wmark_min:
  case Op::hugetlb_init:
  case Op::hugepage_init:
  case Op::free_reserved_area:
  case Op::write_sysctl:
  case Op::setup_per_cpu_pageset: return true;
  default: return is_request(op);
  }
}
bool is_numa_fact(Op op) { return op == Op::numa_add_memblk || op == Op::numa_set_distance || op == Op::numa_set_cpus; }
// Says that RAM is somewhere, so the place must exist.
// The firmware of a machine with 64 bits names more than a kernel with 32 can reach; that kernel leaves it out.
bool describes_ram(Op op, const Arch &arch) {
  return op == Op::memblock_add || (op == Op::e820_add && arch.word == 8) || op == Op::numa_add_memblk;
}

// The span that the machine opens around a call; "" = the function opens its own.
std::string_view span_name(Op op) {
  switch (op) {
  case Op::memblock_alloc_try_nid:
  case Op::memblock_alloc_try_nid_raw:
  case Op::memblock_alloc_exact_nid_raw:
  case Op::memblock_phys_alloc_range:
  case Op::memblock_phys_alloc_try_nid:
  case Op::numa_add_memblk:
  case Op::numa_set_distance: return op_info(op).name;
  case Op::numa_set_cpus: return "numa_set_node";
  case Op::e820_add: return "e820__range_add";
  case Op::movable_node: return "cmdline_parse_movable_node";
  case Op::setup_per_cpu_pageset: return op_info(op).name;
  default: return row_of(op) != nullptr ? op_info(op).name : std::string_view();
  }
}

} // namespace

struct Machine::Site {
  const Command &c;
  const OpInfo &info;
  std::array<u64, max_args> v{};
  Result bad; // the first thing that is wrong

  bool given(unsigned i) const { return c.args[i].given; }
  phys_addr_t addr(unsigned i) const { return phys_addr_t{v[i]}; }
  // An argument that was left out means: no node.
  i32 nid(unsigned i) const { return given(i) ? static_cast<i32>(static_cast<i64>(v[i])) : no_node; }
  bool failed() const { return !bad.error.empty(); }
  template <class... Parts> void fail(unsigned arg, const Parts &...parts) {
    if (failed()) return;
    bad.error = concat(parts...);
    bad.arg = arg;
  }
  void fail_if(const std::string &why, unsigned arg) {
    if (!why.empty()) fail(arg, why);
  }

  // Looks up bindings, then asks of every argument what its kind and name ask.
  void resolve(const Machine &m);

private:
  void check(const Machine &m, unsigned i);
};

void Machine::Site::resolve(const Machine &m) {
  for (unsigned i = 0; i < info.args.size(); ++i) {
    const ArgInfo &arg = info.args[i];
    const Arg &a = c.args[i];
    if (!a.given) {
      if (arg.must) fail(i, arg.name, " is missing");
      continue;
    }
    v[i] = a.value;
    if (a.binding != no_binding) {
      const std::optional<u64> value = m.bound(a.binding);
      if (!value)
        fail(i, arg.name, " names a result that no call has given yet");
      else if (*value == 0 && c.op == Op::hugetlb_init)
        v[i] = 0; // a gigantic page that memblock could not find is counted by nobody
      else if (*value == 0 && c.op != Op::free_pages_ok) // a block there may begin at page 0
        fail(i, arg.name, " names the result of an allocation that failed");
      else if (*value + a.value < *value)
        fail(i, arg.name, " wraps around: the offset is too large");
      else
        v[i] = *value + a.value;
    }
    check(m, i);
  }
  if (c.bind != no_binding && c.bind >= max_bindings) fail(no_arg, "more results are named than a machine keeps");
}

void Machine::Site::check(const Machine &m, unsigned i) {
  const ArgInfo &arg = info.args[i];
  const Arch &arch = *m.system_.arch;
  const u64 physical = u64{1} << arch.max_physmem_bits;
  switch (arg.kind) {
  case ArgKind::nid: {
    const u64 nodes = std::max<u64>(m.system_.config.max_numnodes, 1);
    const bool none_is_fine = !is_numa_fact(c.op);
    if (v[i] == field(no_node) ? !none_is_fine : v[i] >= nodes)
      fail(i, "there is no node ", static_cast<i64>(v[i]), ": ids go from ", none_is_fine ? -1 : 0, " to ", nodes - 1);
    break;
  }
  case ArgKind::boolean:
    if (v[i] > 1) fail(i, arg.name, " must be 0 or 1, not ", v[i]);
    break;
  case ArgKind::flags:
    if ((v[i] & ~all_memblock_flags) != 0) fail(i, "a memblock region has no such flag: ", v[i]);
    break;
  default: break;
  }
  if (arg.name == "size" && i > 0 && info.args[i - 1].name == "base") {
    if (v[i - 1] + v[i] < v[i - 1])
      fail(i, "the range wraps around: base + size is beyond 64 bits");
    else if (describes_ram(c.op, arch) && v[i - 1] + v[i] > physical)
      fail(v[i - 1] >= physical ? i - 1 : i, "the range ends beyond the ", arch.max_physmem_bits,
           " bits of physical address that ", arch.name, " has");
  }
  // A request may leave the alignment to the kernel with 0.
  if (arg.name == "align" && !power_of_two(v[i]) && (v[i] != 0 || c.op == Op::memblock_trim_memory))
    fail(i, "align must be a power of two, not ", v[i]);
}

void Machine::check_order(Site &site) const {
  const Op op = site.c.op;
  const std::string_view name = site.info.name;
  const Op handoff = of_build(Op::memblock_free_all, system_);
  const bool high_last = handoff == Op::free_all_bootmem && op == Op::set_highmem_pages_init;
  if (made(handoff)) {
    if (op == Op::memblock_free_all)
      site.fail(no_arg, "memblock_free_all has run already: the page allocator has this memory, and would get free "
                        "pages a second time");
    else if (!is_about_pages(op) && !is_old(op) && !high_last)
      site.fail(no_arg, name, " comes too late: ", op_info(handoff).name,
                " has given the memory to the page allocator, and from "
                "there on the kernel neither asks nor changes memblock");
  }
  if (op == Op::e820_add && made(Op::e820_finish))
    site.fail(no_arg, "e820_add comes too late: e820_finish has closed the firmware's map");
  if (is_numa_fact(op) && made(of_build(Op::numa_init, system_)))
    site.fail(no_arg, name, " comes too late: numa_init has settled the nodes");
  if (const std::string_view why = not_built(op, system_); !why.empty())
    site.fail(no_arg, "there is no ", name, " in this boot: ", why);
  for (const StepRule &rule : step_rules) {
    if (rule.op != op) continue;
    if (rule.once && made(op)) site.fail(no_arg, name, " has run already: it happens once in a boot");
    const Op after = of_build(rule.after, system_);
    if (!made(after)) site.fail(no_arg, name, " comes too early: ", op_info(after).name, " has not run");
  }
  if (is_about_pages(op) && !made(Op::free_area_init))
    site.fail(no_arg, name, " needs zones, and free_area_init has not run");
  if (is_request(op) && made(Op::free_area_init) && !made(handoff))
    site.fail(no_arg, name, " comes too early: the page allocator has nothing before ", op_info(handoff).name);
  if (high_last && !made(handoff)) site.fail(no_arg, name, " comes too early: ", op_info(handoff).name, " has not run");
  if (op == Op::free_all_bootmem && handoff == op && made(Op::free_area_init) &&
      !made(of_build(Op::build_all_zonelists, system_)))
    site.fail(no_arg, name, " comes too early: build_all_zonelists has not run");
  if (op == Op::memblock_free_all && made(Op::free_area_init) && !made(Op::build_all_zonelists))
    site.fail(no_arg, "memblock_free_all comes too early: build_all_zonelists has not run");
}

void Machine::check_facts(Site &site) const {
  const auto &v = site.v;
  switch (site.c.op) {
  case Op::set_highmem_pages_init:
    if (system_.on_pair_zones()) {
      const pfn_t low{system_.get(vm_field::max_low_pfn)}, end{system_.get(vm_field::max_pfn)};
      site.fail_if(why_not_free_to_pair_zones(const_cast<System &>(system_), low, end), no_arg);
      break;
    }
    [[fallthrough]];
  case Op::free_highpages: {
    // The later way minds no zone's end.
    const pfn_t low{system_.get(vm_field::max_low_pfn)};
    const pfn_t end{site.c.op == Op::free_highpages ? ~u64{0} : system_.get(vm_field::max_pfn)};
    site.fail_if(why_not_handed_over(system_, low, end), no_arg);
    break;
  }
  case Op::memblock_free_all:
    if (made(Op::free_area_init))
      site.fail_if(why_not_handed_over(system_, pfn_t{0}, pfn_t{system_.get(vm_field::max_low_pfn)}), no_arg);
    break;
  case Op::free_area_init:
    if (system_.on_pair_zones() && system_.get(vm_field::max_pfn) > most_pair_pages)
      site.fail(no_arg, "zones of pair bitmaps have at most ", most_pair_pages, " pages here");
    [[fallthrough]];
  case Op::sparse_init:
    for (const memblock_region &r : system_.memblock.memory.regions)
      if (const i32 nid = system_.memblock.node_of(r);
          nid < 0 || static_cast<std::size_t>(nid) >= system_.pages.nodes().size()) {
        std::string where;
        append_range(where, r.base, r.size);
        site.fail(no_arg, "RAM at ", where, " belongs to no node: it came after numa_init");
      }
    break;
  case Op::e820_add:
    if (v[2] == 0 || v[2] > ~u32{0}) site.fail(2, "the firmware's map has no type ", v[2]);
    if (system_.e820.entries.size() >= max_e820_entries) site.fail(no_arg, "the firmware's map is full");
    break;
  case Op::numa_add_memblk:
    if (system_.numa.blocks.size() >= max_numa_blocks) site.fail(no_arg, "the firmware's list of node memory is full");
    break;
  case Op::numa_set_distance:
    if (v[2] > 255 || v[2] < 10 || (v[0] == v[1] && v[2] != 10))
      site.fail(2, "a distance is 10 from a node to itself and at most 255, not ", v[2]);
    break;
  case Op::numa_set_cpus:
    if (v[1] > std::max<u64>(system_.config.nr_cpus_max, 1))
      site.fail(1, "this kernel is built for at most ", system_.config.nr_cpus_max, " CPUs");
    break;
  case Op::hugetlb_init:
  case Op::free_reserved_area: {
    if (site.c.op == Op::hugetlb_init && v[0] == 0) break;
    const unsigned shift = system_.arch->page_shift;
    const pfn_t first = to_pfn_up(site.addr(0), shift), last = to_pfn_down(site.addr(0) + v[1], shift);
    if (v[0] + v[1] > u64{1} << system_.arch->max_physmem_bits)
      site.fail(1, "the range ends beyond physical memory");
    else if (site.c.op == Op::free_reserved_area && v[1] > most_freed_singly)
      site.fail(1, "its pages are freed one by one, so 2G at most in one call");
    else if (system_.on_pair_zones())
      site.fail_if(why_not_free_to_pair_zones(const_cast<System &>(system_), first, last), 0);
    else
      system_.pages.for_each_run(first, last, [&](const PageRun &r) {
        if (r.info.state != PageState::reserved)
          site.fail(0, "page ", r.start.v, " is not reserved but ", page_state_name(r.info.state),
                    ", and this call is about reserved pages");
      });
    break;
  }
  case Op::write_sysctl:
    if (site.c.text == "watermark_scale_factor" ? v[1] < 1 || v[1] > 3000 : v[1] > 0x7fffffff)
      site.fail(1, "the kernel refuses this value: ", v[1]);
    break;
  default:
    if (const CallRow *row = row_of(site.c.op)) {
      // A check changes nothing; the site is the one that the call is made with.
      const CallFault fault = row->check(
          {const_cast<System &>(system_), nullptr, site.c, v, const_cast<std::optional<Workload> &>(workload_)});
      if (!fault.reason.empty()) site.fail(fault.arg, fault.reason);
    }
    break;
  }
}

Machine::Machine(const SystemSetup &setup)
    : system_([&] {
        MM_CHECK(setup.arch != nullptr && setup.era != nullptr);
        return make_system(setup);
      }()) {}

Result Machine::apply(const Command &c, Trace *t) {
  Site site{c, op_info(c.op), {}, {}};
  site.resolve(*this);
  if (!site.failed()) check_order(site);
  if (!site.failed()) check_facts(site);
  if (site.failed()) return site.bad;

  const std::size_t events = t == nullptr ? 0 : t->events().size();
  const Result r = make(site, t);
  if (!r.ok()) {
    if (t != nullptr) t->cut(events); // it has not happened
    return r;
  }
  made_.set(static_cast<std::size_t>(c.op));
  if (c.bind != no_binding) {
    if (bound_.size() <= c.bind) bound_.resize(std::size_t{c.bind} + 1);
    bound_[c.bind] = r.value;
  }
  if constexpr (MMSCOPE_VERIFY != 0) {
    const std::string broken = system_.verify();
    if (!broken.empty()) check_failed(concat("after ", site.info.name, ": ", broken).c_str(), __FILE__, __LINE__);
  }
  return r;
}

Result Machine::make(const Site &site, Trace *t) {
  System &s = system_;
  struct memblock &mb = s.memblock;
  const Command &c = site.c;
  const auto &v = site.v;
  // The one call that finds out by itself whether it can be made; nothing has changed when it cannot.
  if (c.op == Op::write_sysctl && c.text != "min_free_kbytes" && c.text != "watermark_scale_factor")
    return {0, concat("there is no /proc/sys/vm/", c.text, " in the model: min_free_kbytes or watermark_scale_factor"),
            0};

  if (c.phase != Phase::none) s.set_phase(t, c.phase);
  std::optional<Call> span;
  const auto enter = [&](std::initializer_list<u64> args) { span.emplace(t, span_name(c.op), c.caller, args); };
  const auto leave = [&](u64 value) {
    if (span) span->result(value);
    return Result{value, {}, no_arg};
  };
  const auto done = [&] { return leave(0); };

  switch (c.op) {
  case Op::memblock_add:
    if (!site.given(2) && !site.given(3)) return leave(as_result(mb.add(t, site.addr(0), v[1])));
    return leave(as_result(mb.add_node(t, site.addr(0), v[1], site.nid(2), static_cast<u32>(v[3]))));
  case Op::memblock_remove: return leave(as_result(mb.remove(t, site.addr(0), v[1])));
  case Op::memblock_reserve: return leave(as_result(mb.reserve(t, site.addr(0), v[1], static_cast<u32>(v[2]))));
  case Op::memblock_phys_free: return leave(as_result(mb.phys_free(t, site.addr(0), v[1])));
  case Op::memblock_mark_hotplug: return leave(as_result(mb.mark_hotplug(t, site.addr(0), v[1])));
  case Op::memblock_clear_hotplug: return leave(as_result(mb.clear_hotplug(t, site.addr(0), v[1])));
  case Op::memblock_mark_mirror: return leave(as_result(mb.mark_mirror(t, site.addr(0), v[1])));
  case Op::memblock_mark_nomap: return leave(as_result(mb.mark_nomap(t, site.addr(0), v[1])));
  case Op::memblock_clear_kho_scratch: return leave(as_result(mb.clear_kho_scratch(t, site.addr(0), v[1])));
  case Op::memblock_clear_nomap: return leave(as_result(mb.clear_nomap(t, site.addr(0), v[1])));
  case Op::memblock_set_node:
    return leave(as_result(mb.set_node(t, site.addr(0), v[1], memblock_list::memory, site.nid(2))));
  case Op::memblock_set_bottom_up: mb.set(t, memblock_setting::bottom_up, v[0]); return done();
  case Op::memblock_set_current_limit: mb.set(t, memblock_setting::current_limit, v[0]); return done();
  case Op::memblock_trim_memory: mb.trim_memory(t, v[0]); return done();
  case Op::movable_node:
    enter({});
    mb.set(t, memblock_setting::movable_node, v[0]);
    return done();
  case Op::memblock_cap_memory_range: mb.cap_memory_range(t, site.addr(0), v[1]); return done();
  case Op::memblock_enforce_memory_limit: mb.enforce_memory_limit(t, v[0]); return done();
  case Op::memblock_allow_resize: mb.set(t, memblock_setting::can_resize, 1); return done();

  case Op::memblock_alloc_range_nid:
    return leave(mb.alloc_range_nid(t, {.size = v[0],
                                        .align = v[1],
                                        .min_addr = site.addr(2),
                                        .max_addr = site.addr(3),
                                        .nid = site.nid(4),
                                        .exact_nid = v[5] != 0})
                     .v);
  case Op::memblock_alloc_try_nid:
  case Op::memblock_alloc_try_nid_raw:
  case Op::memblock_alloc_exact_nid_raw:
    enter({v[0], v[1], field(site.nid(2)), v[3], v[4]});
    return leave(mb.alloc_try_nid(t, {.size = v[0],
                                      .align = v[1],
                                      .min_addr = site.addr(3),
                                      .max_addr = site.addr(4),
                                      .nid = site.nid(2),
                                      .exact_nid = c.op == Op::memblock_alloc_exact_nid_raw})
                     .v);
  case Op::memblock_phys_alloc_range:
    enter({v[0], v[1], v[2], v[3]});
    return leave(
        mb.alloc_range_nid(t, {.size = v[0], .align = v[1], .min_addr = site.addr(2), .max_addr = site.addr(3)}).v);
  case Op::memblock_phys_alloc_try_nid:
    enter({v[0], v[1], field(site.nid(2))});
    return leave(mb.alloc_range_nid(t, {.size = v[0], .align = v[1], .nid = site.nid(2)}).v);
  case Op::memblock_free_all: memblock_free_all(s, t); return done();

  case Op::e820_add:
    enter({v[0], v[1], v[2]});
    s.e820.add(t, site.addr(0), v[1], static_cast<u32>(v[2]));
    return done();
  case Op::numa_add_memblk:
    enter({v[0], v[1], v[2]});
    s.add_numa_memblk(t, site.nid(0), site.addr(1), v[2], v[3] != 0);
    return done();
  case Op::numa_set_distance:
    enter({v[0], v[1], v[2]});
    s.set_numa_distance(t, site.nid(0), site.nid(1), v[2]);
    return done();
  case Op::numa_set_cpus:
    enter({v[0], v[1]});
    s.set_node_cpus(t, site.nid(0), v[1]);
    return done();
  case Op::e820_finish: e820_finish(s, t); return done();

  case Op::e820__memblock_setup: e820__memblock_setup(s, t); return done();
  case Op::numa_init: numa_init(s, t); return done();
  case Op::arm64_memblock_init: arm64_memblock_init(s, t); return done();
  case Op::arch_numa_init: arch_numa_init(s, t); return done();
  case Op::adjust_lowmem_bounds: adjust_lowmem_bounds(s, t); return done();
  case Op::bootmem_init: bootmem_init(s, t); return done();
  case Op::free_highpages: free_highpages(s, t); return done();
  case Op::dma_contiguous_reserve: dma_contiguous_reserve(s, t, cma_limit(s)); return done();
  case Op::cma_init_reserved_areas: cma_init_reserved_areas(s, t); return done();
  case Op::initmem_init: initmem_init(s, t); return done();
  case Op::sparse_init:
    memblock_find_dma_reserve(s, t);
    sparse_init(s, t);
    return done();
  case Op::free_area_init: s.on_pair_zones() ? free_area_init_core(s, t) : free_area_init(s, t); return done();
  case Op::build_all_zonelists: build_all_zonelists(s, t); return done();
  case Op::set_highmem_pages_init: set_highmem_pages_init(s, t); return done();
  case Op::mem_init: mem_init(s, t); return done();
  case Op::page_alloc_init_late: page_alloc_init_late(s, t); return done();
  case Op::init_per_zone_wmark_min: init_per_zone_wmark_min(s, t); return done();
  case Op::hugetlb_init:
    if (v[0] != 0) hugetlb_init(s, t, site.addr(0), v[1]);
    return done();
  case Op::hugepage_init: hugepage_init(s, t); return done();
  case Op::free_reserved_area: {
    const unsigned shift = s.arch->page_shift;
    const u64 first = to_pfn_up(site.addr(0), shift).v, last = to_pfn_down(site.addr(0) + v[1], shift).v;
    free_reserved_area(s, t, site.addr(0), v[1], c.owner);
    return leave(first < last ? last - first : 0);
  }
  case Op::write_sysctl: MM_CHECK(write_sysctl(s, t, c.text, v[1])); return done();
  case Op::setup_per_cpu_pageset:
    enter({});
    setup_per_cpu_pageset(s, t);
    return done();
  default: { // every other Op returned above
    enter({v[0], v[1], v[2], v[3]});
    CallSite call{s, t, c, v, workload_};
    CallOutcome o = row_of(c.op)->make(call);
    if (!o.error.empty()) return {0, std::move(o.error), no_arg};
    return leave(o.value);
  }
  }
}

u64 Machine::digest() const {
  Digest d;
  d.add(system_.digest()).add(bound_.size());
  for (const std::optional<u64> &b : bound_) d.add(b.has_value() ? 1 : 0).add(b.value_or(0));
  for (std::size_t i = 0; i < made_.size(); ++i) d.add(made_[i] ? 1 : 0);
  if (workload_) workload_->add_to(d);
  return d.value();
}

std::size_t Machine::bytes() const {
  const auto held = [](const auto &vec) { return vec.capacity() * sizeof(vec[0]); };
  const System &s = system_;
  std::size_t n = sizeof *this + held(bound_) + held(s.e820.entries) + held(s.memblock.memory.regions) +
                  held(s.memblock.reserved.regions) + held(s.numa.blocks) + held(s.numa.distance) + held(s.numa.cpus) +
                  held(s.sparse.roots) + held(s.sparse.sections) + held(s.sparse.tables) + held(s.lines) +
                  held(s.params.memmap) + held(s.params.hugepages) + held(s.params.ignored) + s.params.text.capacity();
  for (const auto &row : s.numa.distance) n += held(row);
  for (const std::string &line : s.lines) n += line.capacity();
  if (workload_) n += workload_->bytes();
  if (s.bootmem) n += static_cast<std::size_t>(s.bootmem->memory_bytes());
  n += held(s.pair_zones);
  for (const PairZone &z : s.pair_zones) n += static_cast<std::size_t>(z.memory_bytes());
  if (s.old_slabs) n += static_cast<std::size_t>(slabs_bytes(s));
  return n + static_cast<std::size_t>(s.pages.memory_bytes() + s.slub.memory_bytes());
}

CallRecord play(Machine &m, const Command &c, Trace &texts) {
  MM_CHECK(texts.events().empty());
  CallRecord r;
  r.result = m.apply(c, &texts);
  r.events = texts.take_events();
  r.events.shrink_to_fit();
  // mm/ does not know who calls it: the span of the call itself is the first one.
  for (Event &e : r.events) {
    if (e.kind != EventKind::lab_call) continue;
    if (!c.caller.empty() && texts.text(e.f[1]).empty()) e.f[1] = texts.text_id(c.caller);
    break;
  }
  return r;
}

u64 handed_count(std::span<const Event> events) {
  u64 n = 0;
  for (const Event &e : events)
    if (e.kind == EventKind::lab_hand_over) n += e.f[2];
  return n;
}

std::vector<HandedBlock> handed_blocks(std::span<const Event> events) {
  std::vector<HandedBlock> blocks;
  blocks.reserve(static_cast<std::size_t>(handed_count(events)));
  for (const Event &e : events)
    if (e.kind == EventKind::lab_hand_over)
      for (u64 i = 0; i < e.f[2]; ++i) blocks.push_back({pfn_t{e.f[0]} + (i << e.f[1]), order_t{e.f[1]}});
  return blocks;
}

} // namespace mmscope
