// The firmware's map becomes memblock.memory (arch/x86/kernel/{e820,setup}.c, v6.1).
#include "mm/boot.hpp"
#include "mm/lowmem.hpp"

namespace mmscope {

namespace {
constexpr phys_addr_t bios_begin{0xa0000}, bios_end{0x100000};

// parse_memopt and parse_memmap_one, in that order of kinds; userdef maps are sorted out once at the end.
void apply_params(System &s, Trace *t) {
  const BootParams &p = s.params;
  if (p.mem_limit != 0) s.e820.update(t, phys_addr_t{p.mem_limit}, ~u64{0} - p.mem_limit, E820_TYPE_RAM, 0);
  if (p.exactmap) s.e820.update(t, phys_addr_t{0}, ~u64{0}, 0, 0);
  for (const MemmapParam &m : p.memmap) {
    switch (m.kind) {
    case MemmapKind::usable: s.e820.add(t, m.base, m.size, E820_TYPE_RAM); break;
    case MemmapKind::reserved: s.e820.add(t, m.base, m.size, E820_TYPE_RESERVED); break;
    case MemmapKind::acpi: s.e820.add(t, m.base, m.size, E820_TYPE_ACPI); break;
    case MemmapKind::persistent: s.e820.add(t, m.base, m.size, E820_TYPE_PRAM); break;
    case MemmapKind::remove: s.e820.update(t, m.base, m.size, E820_TYPE_RAM, 0); break;
    }
  }
}

// e820_add_kernel_range: a kernel that does not lie on RAM makes its place RAM.
void add_kernel_range(System &s, Trace *t) {
  const phys_addr_t start{s.config.image_base}, end{s.config.image_end + s.config.brk_size};
  if (start >= end) return;
  phys_addr_t covered = start;
  for (const e820_entry &e : s.e820.entries)
    if (e.type == E820_TYPE_RAM && e.addr <= covered && covered < e.addr + e.size) covered = e.addr + e.size;
  if (covered >= end) return;
  s.print(t, ".text .data .bss are not marked as E820_TYPE_RAM!");
  s.e820.update(t, start, end - start, 0, E820_TYPE_RAM);
  s.e820.add(t, start, end - start, E820_TYPE_RAM);
}
} // namespace

void e820_finish(System &s, Trace *t) {
  Call call(t, "setup_arch", "start_kernel");
  apply_params(s, t);
  if (s.params.movable_node) {
    s.memblock.set(t, memblock_setting::movable_node, 1);
    s.memblock.set(t, memblock_setting::bottom_up, 1);
  }
  add_kernel_range(s, t);
  if (s.era->trims_bios_range) {
    s.e820.update(t, phys_addr_t{0}, s.arch->page_size(), E820_TYPE_RAM, E820_TYPE_RESERVED);
    s.e820.update(t, bios_begin, bios_end - bios_begin, E820_TYPE_RAM, 0);
  }
  const pfn_t max_arch{u64{1} << (s.arch->max_physmem_bits - s.arch->page_shift)};
  const pfn_t max_pfn = s.e820.end_of_ram(max_arch, s.arch->page_shift);
  LowPfnRange low = find_low_pfn_range(s, max_pfn.v);
  for (std::string &note : low.notes) s.print(t, std::move(note));
  s.set(t, vm_field::max_pfn, low.max_pfn);
  s.set(t, vm_field::max_low_pfn, low.max_low_pfn);
}

void e820__memblock_setup(System &s, Trace *t) {
  Call call(t, "e820__memblock_setup", "setup_arch");
  s.memblock.set(t, memblock_setting::can_resize, 1);
  for (const e820_entry &e : s.e820.entries) {
    // What a 32-bit phys_addr_t cannot name is left out, a range that ends at 4 GiB too.
    if (s.arch->phys_addr_size == 4 && (e.addr + e.size).v >> 32 != 0) continue;
    if (e.type == E820_TYPE_SOFT_RESERVED) s.memblock.reserve(t, e.addr, e.size);
    if (e.type == E820_TYPE_RAM) s.memblock.add(t, e.addr, e.size);
  }
  s.memblock.trim_memory(t, s.arch->page_size());
  if (s.era->marks_first_mib) s.memblock.mark_kho_scratch(t, phys_addr_t{0}, u64{1} << 20);
}

} // namespace mmscope
