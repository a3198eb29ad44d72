#include "mm/lowmem.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <optional>

namespace mmscope {

namespace {

constexpr u64 MiB = u64{1} << 20;
constexpr u64 isa_end = MiB;            // mapped first, RAM or not
constexpr u64 fixaddr_top = 0xfffff000; // __FIXADDR_TOP
constexpr u64 btmaps = 512;             // TOTAL_FIX_BTMAPS: early_ioremap's, all in one page table
constexpr u64 vmalloc_offset = 8 * MiB; // the hole below vmalloc
constexpr u64 default_vmalloc_reserve = 128 * MiB;
constexpr u64 least_lowmem = 64 * MiB; // highmem= leaves at least this

// __end_of_fixed_addresses: the permanent mappings, early_ioremap's from the next page table on if they would straddle
// two, one page for the test of write protection.
u64 fixmap_pages(const KernelConfig &config, u64 entries_a_table) {
  const FixedAreas &areas = config.fixed_areas;
  u64 pages = areas.fixmap_pages + areas.kmap_slots * config.nr_cpus_max;
  if (pages / entries_a_table != (pages + btmaps - 1) / entries_a_table) pages += btmaps - pages % btmaps;
  return pages + btmaps + 1;
}

// All of RAM has an address: highmem= may still take some of it away.
void lowmem_pfn_init(LowPfnRange &r, u64 highmem, unsigned shift) {
  r.max_low_pfn = r.max_pfn;
  const u64 pages_a_mb = MiB >> shift;
  if (highmem >= r.max_pfn) {
    r.notes.push_back(concat("highmem size (", highmem / pages_a_mb, "MB) is bigger than pages available (",
                             r.max_pfn / pages_a_mb, "MB)!"));
    highmem = 0;
  }
  if (highmem != 0 && r.max_pfn - highmem < least_lowmem >> shift) {
    r.notes.push_back(concat("highmem size (", highmem / pages_a_mb, "MB) results in <64MB lowmem, ignoring it!"));
    highmem = 0;
  }
  r.max_low_pfn -= highmem;
}

// More RAM than addresses: what is beyond is high memory, at most as much as highmem= says.
void highmem_pfn_init(LowPfnRange &r, u64 maxmem, std::optional<u64> wanted, unsigned shift) {
  r.max_low_pfn = maxmem;
  const u64 highmem = wanted.value_or(r.max_pfn - maxmem);
  if (highmem + maxmem < r.max_pfn) r.max_pfn = maxmem + highmem;
  const u64 pages_a_mb = MiB >> shift;
  if (highmem + maxmem > r.max_pfn)
    r.notes.push_back(concat("only ", (r.max_pfn - maxmem) / pages_a_mb,
                             "MB highmem pages available, ignoring highmem size of ", highmem / pages_a_mb, "MB!"));
}

} // namespace

X86Areas x86_areas(const Arch &arch, const KernelConfig &config) {
  const u64 page = arch.page_size(), pmd = u64{1} << arch.pmd_shift;
  X86Areas a{};
  a.fixmap = fixaddr_top - page * fixmap_pages(config, pmd / page);
  const u64 cpu_entry_bytes = page * (config.nr_cpus_max * config.fixed_areas.cpu_entry_area_pages + 1); // with the IDT
  a.cpu_entry_area = round_down(a.fixmap - cpu_entry_bytes, pmd);
  a.cpu_entry_area_end = a.cpu_entry_area + cpu_entry_bytes;
  a.ldt = round_down(a.cpu_entry_area - page, pmd);
  a.pkmap = round_down(a.ldt - page, pmd);
  a.vmalloc_end = a.pkmap - 2 * page;
  return a;
}

LowPfnRange find_low_pfn_range(const System &s, u64 max_pfn) {
  LowPfnRange r{.max_low_pfn = max_pfn, .max_pfn = max_pfn, .notes = {}};
  const Arch &arch = *s.arch;
  if (arch.low_memory == LowMemory::all) return r;
  const u64 reserve = s.params.vmalloc ? *s.params.vmalloc + vmalloc_offset : default_vmalloc_reserve;
  const u64 top = s.era->lowmem_below_areas ? x86_areas(arch, s.config).vmalloc_end : u64{1} << 32;
  const u64 room = top - arch.direct_map_base;
  const u64 maxmem = (room > reserve ? room - reserve : 0) >> arch.page_shift;
  std::optional<u64> highmem;
  if (s.params.highmem) highmem = *s.params.highmem >> arch.page_shift;
  if (max_pfn <= maxmem)
    lowmem_pfn_init(r, highmem.value_or(0), arch.page_shift);
  else
    highmem_pfn_init(r, maxmem, highmem, arch.page_shift);
  return r;
}

u64 max_mapped(const System &s) {
  const u64 low_end = s.get(vm_field::max_low_pfn) << s.arch->page_shift;
  u64 end = isa_end;
  for (const memblock_region &r : s.memblock.memory.regions)
    if (r.base.v < low_end) end = std::max(end, std::min(r.end().v, low_end));
  return end;
}

bool is_highmem(const System &s, unsigned zid) {
  const ZoneRow &row = s.arch->zones[zid];
  if (row.kind != ZoneLimit::movable) return row.high;
  if (s.config.numa || s.era->movable_high_by_zone) return s.arch->zones[s.get(vm_field::movable_zone)].high;
  return zid > 0 && s.arch->zones[zid - 1].high;
}

u64 totalhigh_pages(const System &s) {
  u64 n = 0;
  for (const pglist_data &node : s.pages.nodes())
    for (unsigned z = 0; z < s.arch->zones.size(); ++z)
      if (is_highmem(s, z)) n += node.zones[z].managed_pages;
  return n;
}

} // namespace mmscope
