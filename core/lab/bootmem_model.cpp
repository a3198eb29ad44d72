#include "lab/bootmem_model.hpp"

#include "base/text.hpp"
#include "lab/boot_model.hpp"
#include "lab/machine.hpp"

#include <algorithm>

namespace mmscope {

namespace {

constexpr u64 KiB = 1024, MiB = 1024 * KiB;
constexpr u64 page_bytes = 4096, table_reach = 4 * MiB; // what a page of page tables maps
constexpr u64 high_memory = MiB;                        // HIGH_MEMORY
constexpr u64 map_beyond_end = 128 * KiB;               // INIT_MAP_BEYOND_END

class BootmemModel {
public:
  BootmemModel(const MachineSpec &spec, const SystemSetup &setup) : m_(spec), machine_(setup) {
    script_.setup = setup;
    script_.title = concat("Linux ", spec.release, ", ", spec.title);
  }

  Script run() {
    for (const e820_entry &e : m_.e820) issue(command(Op::e820_add, {e.addr.v, e.size, e.type}), "setup_memory_region");
    step(Op::e820_finish, "setup_arch");
    setup_memory();
    paging_init();
    register_memory();
    start_kernel();
    mem_init();
    return std::move(script_);
  }

private:
  const System &s() const { return machine_.system(); }
  const KernelConfig &config() const { return s().config; }
  const Era &era() const { return *s().era; }
  bool pairs() const { return era().buddy_marks == BuddyMarks::pair_bits; }

  u64 issue(Command c, std::string_view caller, std::string_view owner = {}) {
    c.caller = caller;
    c.owner = owner;
    c.phase = phase_;
    if (stopped_) return 0;
    const Result r = machine_.apply(c, nullptr);
    if (!r.ok()) {
      script_.assumed.push_back(concat("the boot stops: ", op_info(c.op).name, ": ", r.error));
      stopped_ = true;
      return 0;
    }
    script_.commands.push_back(std::move(c));
    return r.value;
  }
  void step(Op op, std::string_view caller) { issue(command(op, {}), caller); }
  void reserve(u64 base, u64 size, std::string_view caller, std::string_view owner) {
    issue(command(Op::reserve_bootmem, {base, size}), caller, owner);
  }
  // alloc_bootmem_low: from the beginning of memory on.
  void alloc_low(u64 size, u64 align, std::string_view caller, std::string_view owner) {
    issue(command(Op::alloc_bootmem, {size, align, 0}), caller, owner);
  }

  // setup_memory (2.4: inside setup_arch): the bitmap lies behind the image, which 2.6 ends with its first page tables.
  void setup_memory() {
    const u64 end = config().image_end + (pairs() ? 0 : initial_page_tables(config().image_end) * page_bytes);
    const u64 start_pfn = div_round_up(end, page_bytes), max_low = s().get(vm_field::max_low_pfn);
    const u64 map_bytes = issue(command(Op::init_bootmem, {start_pfn, max_low}), "setup_memory");
    for (const e820_entry &e : s().e820.entries) { // register_bootmem_low_pages
      if (e.type != E820_TYPE_RAM) continue;
      const u64 first = div_round_up(e.addr.v, page_bytes);
      const u64 last = std::min((e.addr.v + e.size) / page_bytes, max_low);
      if (first < last)
        issue(command(Op::free_bootmem, {first * page_bytes, (last - first) * page_bytes}),
              "register_bootmem_low_pages");
    }
    // From 1 MiB to the end of the bitmap, and up to a page more than it needs.
    reserve(high_memory, start_pfn * page_bytes + map_bytes + page_bytes - 1 - high_memory, "setup_memory",
            "kernel image and bitmap");
    reserve(0, page_bytes, "setup_memory", "page 0");
    // 2.6 keeps the BIOS's extended data area, whose segment the BIOS tells.
    if (!pairs() && m_.bios_start != 0 && m_.bios_start < 0xa0000)
      reserve(m_.bios_start, page_bytes, "reserve_ebda_region", "BIOS data");
  }

  // Large pages map all of low memory; only the fixed mappings and kmap need page tables.
  void paging_init() {
    alloc_low(page_bytes, page_bytes, "fixrange_init", "page table of the fixed mappings");
    alloc_low(page_bytes, page_bytes, "fixrange_init", "page table of kmap");
    phase_ = Phase::zones;
    step(Op::initmem_init, "setup_arch");
    step(Op::free_area_init, "zone_sizes_init");
  }

  // One struct resource for each line of the firmware's map.
  void register_memory() {
    const u64 line = config().cache_line;
    for (std::size_t i = 0; i < s().e820.entries.size(); ++i)
      alloc_low(config().sizeof_resource, line, "register_memory", "firmware map as resources");
  }

  void start_kernel() {
    if (pairs()) return; // 2.4 allocates its hash tables from the page allocator, later
    phase_ = Phase::zonelists;
    step(Op::build_all_zonelists, "start_kernel");
    for (const auto &[scale, owner] : {std::pair{13u, "dentry hash"}, std::pair{14u, "inode hash"}}) {
      const u64 bytes =
          large_hash_bytes(*s().arch, s().get(vm_field::nr_kernel_pages), s().get(vm_field::nr_all_pages), scale, 0, 0);
      issue(command(Op::alloc_bootmem, {bytes}), "alloc_large_system_hash", owner);
    }
  }

  void mem_init() {
    phase_ = Phase::handoff;
    step(Op::free_all_bootmem, "mem_init");
    if (s().get(vm_field::max_pfn) > s().get(vm_field::max_low_pfn)) step(Op::set_highmem_pages_init, "mem_init");
    step(Op::mem_init, "start_kernel");
    phase_ = Phase::done;
    if (!pairs()) step(Op::setup_per_cpu_pageset, "start_kernel");
    if (!pairs()) step(Op::init_per_zone_wmark_min, "do_initcalls");
    issue(command(Op::free_reserved_area, {config().initmem.base, config().initmem.size}), "free_initmem",
          "unused kernel memory");
  }

  const MachineSpec &m_;
  Machine machine_;
  Script script_;
  Phase phase_ = Phase::memblock;
  bool stopped_ = false;
};

} // namespace

u64 initial_page_tables(u64 image_end) {
  u64 tables = 1;
  while (tables * table_reach < round_up(image_end, page_bytes) + tables * page_bytes + map_beyond_end) ++tables;
  return tables;
}

Script bootmem_script(const MachineSpec &spec, const SystemSetup &setup) { return BootmemModel(spec, setup).run(); }

} // namespace mmscope
