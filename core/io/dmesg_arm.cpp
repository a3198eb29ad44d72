#include "io/dmesg_arm.hpp"

#include "lab/machine.hpp"

#include <algorithm>

namespace mmscope {

namespace {

constexpr BootPhase arm64_phases[] = {
    {BootStep::setup_memory, Op::arm64_memblock_init, "setup_arch", Phase::memblock},
    {BootStep::map_memory, Op::memblock_allow_resize, "paging_init", Phase::memblock},
    {BootStep::init_numa, Op::arch_numa_init, "bootmem_init", Phase::numa},
    {BootStep::init_sparse, Op::sparse_init, "bootmem_init", Phase::sparse},
    {BootStep::init_zones, Op::free_area_init, "zone_sizes_init", Phase::zones},
    {BootStep::build_zonelists, Op::build_all_zonelists, "start_kernel", Phase::zonelists},
    {BootStep::hand_over, Op::memblock_free_all, "mem_init", Phase::handoff},
    {BootStep::hand_over, Op::mem_init, "mm_init", Phase::slab},
    {BootStep::hand_over, Op::setup_per_cpu_pageset, "start_kernel", Phase::slab},
    {BootStep::init_deferred, Op::page_alloc_init_late, "kernel_init_freeable", Phase::deferred},
    {BootStep::init_watermarks, Op::cma_init_reserved_areas, "do_initcalls", Phase::done},
    {BootStep::init_watermarks, Op::init_per_zone_wmark_min, "do_initcalls", Phase::done},
    {BootStep::init_huge, Op::hugepage_init, "do_initcalls", Phase::done},
};

constexpr BootPhase arm_phases[] = {
    {BootStep::setup_memory, Op::adjust_lowmem_bounds, "setup_arch", Phase::memblock},
    {BootStep::init_numa, Op::bootmem_init, "paging_init", Phase::numa},
    {BootStep::init_zones, Op::free_area_init, "zone_sizes_init", Phase::zones},
    {BootStep::build_zonelists, Op::build_all_zonelists, "start_kernel", Phase::zonelists},
    {BootStep::hand_over, Op::memblock_free_all, "mem_init", Phase::handoff},
    {BootStep::hand_over, Op::free_highpages, "mem_init", Phase::slab},
    {BootStep::hand_over, Op::mem_init, "mm_init", Phase::slab},
    {BootStep::hand_over, Op::setup_per_cpu_pageset, "start_kernel", Phase::slab},
    {BootStep::init_deferred, Op::page_alloc_init_late, "kernel_init_freeable", Phase::deferred},
    {BootStep::init_watermarks, Op::cma_init_reserved_areas, "do_initcalls", Phase::done},
    {BootStep::init_watermarks, Op::init_per_zone_wmark_min, "do_initcalls", Phase::done},
    {BootStep::init_huge, Op::hugepage_init, "do_initcalls", Phase::done},
};

// Bytes that the first requests take from the top of free memory, one right below the other.
u64 first_stretch(std::span<const Command> commands) {
  u64 taken = 0; // below a page border
  for (const Command &c : commands) {
    if (c.op == Op::arch_numa_init || c.op == Op::bootmem_init) break; // it leaves room above its table
    if (!returns_address(c.op)) continue;
    const u64 size = c.args[0].value, align = std::max<u64>(c.args[1].value, 1);
    const u64 next = round_up(taken + size, align);
    if (next != taken + size) break; // room is left above it
    taken = next;
  }
  return taken;
}

std::vector<ByteRange> merged(std::vector<ByteRange> ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const ByteRange &a, const ByteRange &b) { return a.base < b.base; });
  std::vector<ByteRange> out;
  for (const ByteRange &r : ranges) {
    if (r.size == 0) continue;
    if (!out.empty() && out.back().end() >= r.base && out.back().flags == r.flags)
      out.back().size = std::max(out.back().end(), r.end()) - out.back().base;
    else
      out.push_back(r);
  }
  return out;
}

} // namespace

[[gnu::noinline]] std::span<const BootPhase> device_tree_phases(const Arch &arch) {
  if (arch.low_memory == LowMemory::arm_vmalloc) return arm_phases;
  return arm64_phases;
}

[[gnu::noinline]] std::vector<ByteRange> reserved_before(const Script &script, u32 commands,
                                                         std::span<const ByteRange> block, bool lost) {
  const std::span<const Command> made(script.commands.data(), std::min<std::size_t>(commands, script.commands.size()));
  std::vector<ByteRange> early;
  // The first known requests end somewhere in the topmost region that can hold them all; what lies above them in it
  // was taken by requests whose lines are lost.
  const u64 stretch = lost ? first_stretch(made) : 0;
  for (std::size_t i = block.size(); i-- > 0;)
    if (block[i].size >= stretch) {
      if (stretch != 0 && block[i].size > stretch)
        early.push_back({block[i].base + stretch, block[i].size - stretch, block[i].flags});
      break;
    }
  Machine m(script.setup);
  for (const ByteRange &r : early) m.apply(command(Op::memblock_reserve, {r.base, r.size}), nullptr);
  for (const Command &c : made) {
    m.apply(c, nullptr);
    // Given back, though no request of the log had taken it.
    if (c.op == Op::memblock_phys_free && c.args[0].binding == no_binding)
      early.push_back({c.args[0].value, c.args[1].value});
  }
  const auto &taken = m.system().memblock.reserved.regions;
  for (const ByteRange &r : block) {
    u64 at = r.base;
    for (const memblock_region &t : taken) {
      if (t.end().v <= at || t.base.v >= r.end()) continue;
      if (t.base.v > at) early.push_back({at, t.base.v - at, r.flags});
      at = t.end().v;
    }
    if (at < r.end()) early.push_back({at, r.end() - at, r.flags});
  }
  return merged(std::move(early));
}

} // namespace mmscope
