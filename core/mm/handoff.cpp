// memblock gives way to the buddy allocator (mm/memblock.c, mm/page_alloc.c, arch/x86/mm/init_64.c, v6.1).
//
//   memory    [=========================================]
//   reserved     [==]        [======]             [=]        → PG_reserved, from the page it starts in to the one it ends in
//   free      [=]    [======]        [===========]   [==]    → whole pages only, in blocks as large as alignment allows
#include "base/text.hpp"
#include "mm/boot.hpp"
#include "mm/lowmem.hpp"
#include "mm/old_boot.hpp"

#include <algorithm>

namespace mmscope {

namespace {

// reserve_bootmem_region: frames of [base, end) that have a struct page are initialised if need be, and reserved.
void reserve_region(System &s, Trace *t, phys_addr_t base, phys_addr_t end) {
  const pfn_t first = to_pfn_down(base, s.arch->page_shift), last = to_pfn_up(end, s.arch->page_shift);
  std::vector<PageRun> runs;
  s.pages.for_each_run(first, last, [&](const PageRun &r) {
    if (r.info.state == PageState::init || r.info.state == PageState::uninit) runs.push_back(r);
  });
  for (const PageRun &r : runs) {
    const pfn_t a = std::max(first, r.start), b = std::min(last, r.start + r.count);
    if (a < b) s.pages.set_pages(t, a, b - a, PageState::reserved, r.info.nid, r.info.zone);
  }
}

} // namespace

// The first run of [first, end) without struct pages.
[[gnu::noinline]] std::string no_struct_pages(const System &s, pfn_t first, pfn_t end) {
  std::string why;
  s.pages.for_each_run(first, end, [&](const PageRun &run) {
    if (!why.empty() || run.info.state != PageState::absent) return;
    why = "RAM at ";
    append_range(why, to_phys(run.start, s.arch->page_shift), run.count << s.arch->page_shift);
    why += " has no struct pages: it came after they were laid out";
  });
  return why;
}

std::string why_not_handed_over(const System &s, pfn_t first, pfn_t end) {
  for (const FreeRange &r : s.memblock.free_ranges()) {
    const pfn_t a = std::max(to_pfn_up(r.base, s.arch->page_shift), first);
    const pfn_t b = std::min(to_pfn_down(r.end, s.arch->page_shift), end);
    if (a < b && !s.pages.map().has_all(a, b)) return no_struct_pages(s, a, b);
  }
  return {};
}

void reset_all_zones_managed_pages(System &s, Trace *t) {
  if (s.get(vm_field::totalram_pages) != 0) return; // high memory has arrived, or something from before the zones
  for (std::size_t n = 0; n < s.pages.nodes().size(); ++n)
    for (unsigned z = 0; z < s.arch->zones.size(); ++z)
      if (s.pages.nodes()[n].zones[z].managed_pages != 0)
        s.pages.set_zone(t, static_cast<i32>(n), z, zone_field::managed, 0);
}

void memblock_free_all(System &s, Trace *t) {
  Call call(t, "memblock_free_all", "mem_init");
  const bool with_zones = s.get(vm_field::nr_online_nodes) != 0;
  if (with_zones) reset_all_zones_managed_pages(s, t);
  s.memblock.clear_hotplug(t, phys_addr_t{0}, ~u64{0});
  if (with_zones) {
    for (const memblock_region &r : s.memblock.reserved.regions) reserve_region(s, t, r.base, r.end());
    for (const memblock_region &r : s.memblock.memory.regions)
      if ((r.flags & MEMBLOCK_NOMAP) != 0) reserve_region(s, t, r.base, r.end());
  }
  // A bare memblock, without an architecture's limit, hands over all it has.
  const pfn_t max_low = with_zones ? pfn_t{s.get(vm_field::max_low_pfn)} : pfn_t{~u64{0}};
  u64 pages = 0;
  for (const FreeRange &r : s.memblock.free_ranges()) {
    const pfn_t start = to_pfn_up(r.base, s.arch->page_shift);
    const pfn_t end = std::min(to_pfn_down(r.end, s.arch->page_shift), max_low);
    if (start >= end) continue;
    Call range(t, "__free_memory_core", "memblock_free_all", {start.v, end.v});
    chop_into_blocks(start, end, s.pages.rules().max_order, [&](pfn_t pfn, order_t order, u64 count) {
      if (with_zones)
        s.pages.free_core(t, pfn, order, count);
      else
        emit(t, EventKind::lab_hand_over, {pfn.v, order.v, count});
    });
    pages += end - start;
  }
  s.set(t, vm_field::totalram_pages, s.get(vm_field::totalram_pages) + pages);
  call.result(pages);
}

namespace {
void mem_init_print_info(System &s, Trace *t) {
  u64 free = 0;
  for (const pglist_data &n : s.pages.nodes())
    for (const zone &z : n.zones) free += z.free_pages();
  free -= std::min(free, s.get(vm_field::vmalloc_tables));
  const unsigned kb = s.arch->page_shift - 10;
  const u64 physpages = s.get(vm_field::physpages), total = s.get(vm_field::totalram_pages);
  const u64 cma = s.get(vm_field::totalcma_pages);
  std::string high;
  if (s.arch->highmem_free != HighmemFree::none) high = concat(", ", totalhigh_pages(s) << kb, "K highmem");
  s.print(t, concat("Memory: ", free << kb, "K/", physpages << kb, "K available (", s.config.text_kb, "K kernel code, ",
                    s.config.rwdata_kb, "K rwdata, ", s.config.rodata_kb, "K rodata, ", s.config.init_kb, "K init, ",
                    s.config.bss_kb, "K bss, ", (physpages - total - cma) << kb, "K reserved, ", cma << kb,
                    "K cma-reserved", high, ")"));
}
} // namespace

void mem_init(System &s, Trace *t) {
  Call call(t, "mem_init", "mm_init");
  if (s.era->boot_allocator == BootAllocator::bootmem) return print_old_memory_line(s, t);
  s.set(t, vm_field::vmalloc_tables, s.arch->vmalloc_top_tables);
  if (!s.era->memory_line_late) mem_init_print_info(s, t);
}

void setup_per_cpu_pageset(System &s, Trace *t) {
  u32 cpu = 0;
  for (std::size_t n = 0; n < s.numa.cpus.size(); ++n)
    for (u64 i = 0; i < s.numa.cpus[n] && n < s.pages.nodes().size(); ++i) {
      // CPUs of a node without memory have NODE_DATA all the same; one that does not exist lends them the first.
      const i32 nid = s.pages.nodes()[n].online ? static_cast<i32>(n) : s.pages.nodes()[0].nid;
      s.pages.set_cpu_node(t, cpu++, nid);
    }
  if (cpu == 0) s.pages.set_cpu_node(t, 0, s.pages.nodes()[0].nid);
  s.pages.setup_per_cpu_pageset(t);
}

void page_alloc_init_late(System &s, Trace *t) {
  Call call(t, "page_alloc_init_late", "kernel_init_freeable");
  for (std::size_t n = 0; n < s.pages.nodes().size(); ++n) {
    const pglist_data &node = s.pages.nodes()[n];
    if (node.first_deferred_pfn == never_deferred || node.present_pages == 0) continue;
    const i32 nid = node.nid;
    Call init(t, "deferred_init_memmap", "page_alloc_init_late", {field(nid), node.first_deferred_pfn});
    const pfn_t first{node.first_deferred_pfn};
    unsigned z = 0;
    while (z + 1 < s.arch->zones.size() && first >= node.zones[z].end_pfn()) ++z;
    const pfn_t zone_start = node.zones[z].start_pfn, zone_end = node.zones[z].end_pfn();
    std::vector<PfnRange> ranges;
    for (const FreeRange &r : s.memblock.free_ranges(nid)) {
      const pfn_t a = std::max({to_pfn_up(r.base, s.arch->page_shift), zone_start, first});
      const pfn_t b = std::min(to_pfn_down(r.end, s.arch->page_shift), zone_end);
      if (a < b) ranges.push_back({a, b});
    }
    s.pages.set_node(t, nid, node_field::first_deferred_pfn, never_deferred);
    init.result(s.pages.free_deferred(t, nid, ranges));
  }
  if (s.era->memory_line_late) mem_init_print_info(s, t);
  if (s.arch->keep_memblock) return;
  // memblock_discard: arrays that had outgrown their first place are given back.
  for (const memblock_list l : {memblock_list::reserved, memblock_list::memory}) {
    const memblock_type &type = s.memblock.type(l);
    if (type.array.v == 0) continue;
    const u64 bytes = round_up(type.max * s.memblock.rules.region_bytes, s.arch->page_size());
    Call free(t, "memblock_free_late", "memblock_discard", {type.array.v, bytes});
    const pfn_t first = to_pfn_up(type.array, s.arch->page_shift);
    const pfn_t end = to_pfn_down(type.array + bytes, s.arch->page_shift);
    for (pfn_t p = first; p < end; p += 1) s.pages.free_core(t, p, order_t{0});
    s.set(t, vm_field::totalram_pages, s.get(vm_field::totalram_pages) + (end - first));
  }
}

void free_reserved_area(System &s, Trace *t, phys_addr_t base, u64 size, std::string_view what) {
  const pfn_t first = to_pfn_up(base, s.arch->page_shift), end = to_pfn_down(base + size, s.arch->page_shift);
  Call call(t, "free_reserved_area", what, {base.v, base.v + size});
  if (first >= end) return;
  if (s.on_pair_zones())
    free_to_pair_zones(s, t, first, end);
  else
    s.pages.free_reserved(t, first, end - first);
  managed_pages_changed(s, t);
  s.set(t, vm_field::totalram_pages, s.get(vm_field::totalram_pages) + (end - first));
  call.result(end - first);
}

} // namespace mmscope
