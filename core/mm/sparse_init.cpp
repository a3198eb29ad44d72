// Sections get their struct pages (mm/sparse.c, mm/sparse-vmemmap.c, arch/x86/mm/{init,init_64}.c, v6.1).
//
//   for each stretch of memory    root pages, sections marked present
//   for each node's sections      usage array │ one big mem_map buffer │ page tables where vmemmap needs a new one
#include "base/check.hpp"
#include "mm/boot.hpp"
#include "mm/boot_request.hpp"
#include "mm/direct_map.hpp"

#include <algorithm>
#include <set>

namespace mmscope {

namespace {

// memblocks_present: any RAM in a section makes all of it present.
void mark_present(System &s, Trace *t) {
  const Arch &arch = *s.arch;
  const unsigned shift = arch.section_size_bits;
  const u64 sections = u64{1} << (arch.max_physmem_bits - shift);
  // A static table is one root that is there from the start.
  const u64 per_root = s.config.sparse_extreme ? arch.page_size() / s.config.sizeof_mem_section : sections;
  const u64 roots_bytes = div_round_up(sections, per_root) * arch.word;
  std::set<u64> have;
  const auto regions = s.memblock.memory.regions; // the arrays do not change, but allocations may reallocate them
  for (const memblock_region &r : regions) {
    const pfn_t first = to_pfn_up(r.base, arch.page_shift), last = to_pfn_down(r.end(), arch.page_shift);
    if (first >= last) continue;
    if (s.config.sparse_extreme && s.sparse.roots_bytes == 0) {
      const phys_addr_t at =
          boot_request(s, t,
                       {.name = "memblock_alloc_try_nid",
                        .caller = s.era->alloc_or_panic ? "__memblock_alloc_or_panic" : "sparse_init",
                        .size = roots_bytes,
                        .align = arch.internode_align});
      s.sparse.set_roots(t, at, roots_bytes);
    }
    const u64 per_section = arch.pages_per_section();
    const u64 begin = first.v / per_section, end = std::min(div_round_up(last.v, per_section), sections);
    for (u64 at = begin; at < end;) {
      const u64 root = at / per_root;
      if (s.config.sparse_extreme && have.insert(root).second) {
        const phys_addr_t page = boot_request(s, t,
                                              {.name = "memblock_alloc_try_nid",
                                               .caller = "sparse_index_alloc",
                                               .size = per_root * s.config.sizeof_mem_section,
                                               .align = arch.cache_line,
                                               .nid = s.memblock.node_of(r)});
        s.sparse.add_root(t, root, page);
      }
      const u64 stop = std::min(end, (root + 1) * per_root);
      s.sparse.mark_present(t, at, stop - at, s.memblock.node_of(r));
      at = stop;
    }
  }
}

// The usage array, wanted in the section that holds the node's NODE_DATA, so that neither pins the other's section,
// where sections can be removed.
phys_addr_t alloc_usage(System &s, Trace *t, i32 nid, u64 bytes) {
  if (!s.era->usage_near_pgdat || !s.config.memory_hotremove)
    return boot_request(s, t,
                        {.name = "memblock_alloc_try_nid",
                         .caller = "sparse_init_nid",
                         .size = bytes,
                         .align = s.memblock.rules.cache_line,
                         .nid = nid});
  const phys_addr_t pgdat = s.pages.node(nid).pgdat;
  const phys_addr_t goal{round_down(pgdat.v, s.arch->section_bytes())};
  const int at = s.memblock.search(memblock_list::memory, goal);
  const i32 goal_nid = at < 0 ? 0 : s.memblock.memory.regions[static_cast<std::size_t>(at)].nid;
  BootRequest r{.name = "memblock_alloc_try_nid",
                .caller = "sparse_init_nid",
                .size = bytes,
                .align = s.arch->cache_line,
                .min_addr = goal,
                .max_addr = goal + s.arch->section_bytes(),
                .nid = goal_nid};
  phys_addr_t usage = boot_request(s, t, r);
  if (usage.v == 0) {
    r.max_addr = phys_addr_t{0};
    usage = boot_request(s, t, r);
  }
  return usage;
}

// Page-table pages that vmemmap has so far, by the index of what they map.
struct VmemmapTables {
  std::set<u64> p4d, pud, pmd, pte;
};

// Bits of a kernel address that page tables resolve; with few, the level of PUDs falls away.
unsigned address_bits(const System &s) { return s.config.direct_map.bits != 0 ? s.config.direct_map.bits + 1 : 48; }

// A page-table page for each P4D (with five levels), PUD and PMD table that [start, end) of vmemmap needs and does not
// have yet.
void populate_tables(System &s, Trace *t, VmemmapTables &have, u64 start, u64 end, i32 nid) {
  const unsigned entries = s.arch->page_shift - 3; // log2 of what a table has, 8 bytes each
  const unsigned pud_shift = s.arch->pmd_shift + entries, p4d_shift = pud_shift + entries;
  const unsigned pgd_shift = p4d_shift + entries;
  const auto table = [&](u64 level) {
    const phys_addr_t at = boot_request(s, t,
                                        {.name = "memblock_alloc_try_nid_raw",
                                         .caller = s.config.table_caller,
                                         .size = s.arch->page_size(),
                                         .align = s.arch->page_size(),
                                         .min_addr = low_limit(s),
                                         .max_addr = phys_addr_t{s.era->mem_map_max_addr},
                                         .nid = nid});
    s.sparse.add_table(t, level, at);
  };
  for (u64 i = start >> pud_shift; i <= (end - 1) >> pud_shift; ++i) {
    const u64 at = i << pud_shift;
    if (pgd_shift < address_bits(s) && have.p4d.insert(at >> pgd_shift).second) table(4);
    if (p4d_shift < address_bits(s) && have.pud.insert(at >> p4d_shift).second) table(3);
    if (have.pmd.insert(i).second) table(2);
  }
  if (s.arch->vmemmap_pmd) return;
  for (u64 i = start >> s.arch->pmd_shift; i <= (end - 1) >> s.arch->pmd_shift; ++i)
    if (have.pte.insert(i).second) table(1);
}

// Room for struct pages outside of the buffer, or where there is none.
phys_addr_t alloc_map(System &s, Trace *t, u64 bytes, i32 nid) {
  return boot_request(s, t,
                      {.name = "memblock_alloc_try_nid_raw",
                       .caller = s.era->sparse_map_buffer ? "vmemmap_alloc_block" : s.config.map_caller,
                       .size = bytes,
                       .align = bytes,
                       .min_addr = low_limit(s),
                       .max_addr = phys_addr_t{s.era->mem_map_max_addr},
                       .nid = nid});
}

// vmemmap_populate_basepages for one section: a table where one is missing, then the page. Later pages lie lower as a
// rule; the lowest is returned, 0 when there is no room.
phys_addr_t populate_pages(System &s, Trace *t, VmemmapTables &have, u64 section, i32 nid) {
  const u64 page = s.arch->page_size(), map_bytes = s.config.sizeof_page * s.arch->pages_per_section();
  const u64 start = vmemmap_base(s) + section * map_bytes;
  phys_addr_t lowest{0};
  for (u64 at = round_down(start, page); at < start + map_bytes; at += page) {
    populate_tables(s, t, have, at, at + page, nid);
    const phys_addr_t got = alloc_map(s, t, page, nid);
    if (got.v == 0) return got;
    if (lowest.v == 0 || got < lowest) lowest = got;
  }
  return lowest;
}

// What is left of a node's buffer for struct pages.
struct MapBuffer {
  phys_addr_t next{}, end{};
};
// sparse_buffer_alloc: a section's map begins at a multiple of its size, as an address of the kernel. What alignment
// skips goes back, and so the buffer may be too short for the last one: 0.
phys_addr_t take_from(System &s, Trace *t, MapBuffer &buffer, u64 bytes) {
  const u64 shift = direct_map_base(s);
  const phys_addr_t at{round_up_any(shift + buffer.next.v, bytes) - shift};
  if (at + bytes > buffer.end) return phys_addr_t{0};
  if (buffer.next < at) s.memblock.phys_free(t, buffer.next, at - buffer.next);
  buffer.next = at + bytes;
  return at;
}

// sparse_init_nid over the sections of one node between two others' (`runs`, all of node `nid`).
void init_nid(System &s, Trace *t, VmemmapTables &tables, i32 nid, const std::vector<SectionRun> &runs) {
  u64 count = 0;
  for (const SectionRun &r : runs) count += r.count;
  const u64 last = runs.back().first + runs.back().count - 1;
  Call call(t, "sparse_init_nid", "sparse_init", {field(nid), runs.front().first, last, count});
  const u64 usage_bytes = s.config.sizeof_section_usage;
  const u64 map_bytes = s.config.sizeof_page * s.arch->pages_per_section();
  const bool virtual_map = s.config.memory_model == MemoryModel::vmemmap;
  const u64 map_step = round_up(map_bytes, virtual_map ? u64{1} << s.arch->pmd_shift : s.arch->page_size());
  const u64 map_kept = s.arch->vmemmap_pmd ? map_step : map_bytes; // of a step, what a section's map takes
  const phys_addr_t low = low_limit(s);

  phys_addr_t usage = alloc_usage(s, t, nid, usage_bytes * count);
  if (usage.v == 0) return;
  phys_addr_t map{0};
  if (s.era->sparse_map_buffer)
    map = boot_request(s, t,
                       {.name = "memblock_alloc_exact_nid_raw",
                        .caller = s.config.map_caller,
                        .size = map_step * count,
                        .align = map_step,
                        .min_addr = low,
                        .nid = nid,
                        .exact = true});
  MapBuffer buffer{map, map + map_step * count};
  // Without the buffer, every section looks for a place of its own; so does one that alignment leaves no room in it.
  const bool no_buffer = map.v == 0, aligned = no_buffer || (map_step & (map_step - 1)) == 0;
  const bool one_by_one = no_buffer || !aligned;
  for (const SectionRun &r : runs) {
    // As many sections at a time as one PMD table maps, so that tables and maps come in the kernel's order.
    const u64 table_bytes =
        u64{1} << (s.arch->vmemmap_pmd ? s.arch->pmd_shift + s.arch->page_shift - 3 : s.arch->pmd_shift);
    const u64 per_table = one_by_one ? 1 : std::max<u64>(1, table_bytes / map_bytes);
    for (u64 at = r.first; at < r.first + r.count;) {
      const u64 stop = std::min(r.first + r.count, (at / per_table + 1) * per_table);
      const u64 n = stop - at;
      if (virtual_map && (!one_by_one || s.arch->vmemmap_pmd))
        populate_tables(s, t, tables, vmemmap_base(s) + at * map_bytes, vmemmap_base(s) + stop * map_bytes, nid);
      if (one_by_one) {
        const bool by_page = virtual_map && !s.arch->vmemmap_pmd;
        map = aligned ? phys_addr_t{0} : take_from(s, t, buffer, map_step);
        if (map.v == 0) map = by_page ? populate_pages(s, t, tables, at, nid) : alloc_map(s, t, map_step, nid);
        if (map.v == 0) return;
      }
      s.sparse.init(t, at, n, usage, map);
      usage += usage_bytes * n;
      map += map_kept * n;
      at = stop;
    }
  }
  // sparse_buffer_fini
  if (!aligned && buffer.next < buffer.end) s.memblock.phys_free(t, buffer.next, buffer.end - buffer.next);
  if (!one_by_one && map_kept != map_step) s.memblock.phys_free(t, map, (map_step - map_kept) * count);
}

} // namespace

void memblock_find_dma_reserve(System &s, Trace *t) {
  if (s.arch->dma_reserve_end == 0) return;
  const unsigned shift = s.arch->page_shift;
  const pfn_t limit{s.arch->dma_reserve_end >> shift};
  u64 pages = 0, free = 0;
  for (const memblock_region &r : s.memblock.memory.regions) {
    const pfn_t a = std::min(to_pfn_up(r.base, shift), limit), b = std::min(to_pfn_down(r.end(), shift), limit);
    if (a < b) pages += b - a;
  }
  for (const FreeRange &r : s.memblock.free_ranges()) {
    if (r.base.v >= s.arch->dma_reserve_end) break;
    const pfn_t a = std::min(to_pfn_up(r.base, shift), limit), b = std::min(to_pfn_down(r.end, shift), limit);
    if (a < b) free += b - a;
  }
  s.set(t, vm_field::dma_reserve, pages - free);
}

void sparse_init(System &s, Trace *t) {
  Call call(t, "sparse_init", "paging_init");
  mark_present(s, t);
  VmemmapTables tables;
  const std::vector<SectionRun> all = s.sparse.sections;
  for (std::size_t i = 0; i < all.size();) {
    std::vector<SectionRun> group;
    const i32 nid = all[i].nid;
    for (; i < all.size() && all[i].nid == nid; ++i) group.push_back(all[i]);
    init_nid(s, t, tables, nid, group);
  }
}

} // namespace mmscope
