#include "io/dmesg_small.hpp"

#include "base/text.hpp"
#include "mm/boot.hpp"
#include "mm/flatmem.hpp"
#include "mm/lowmem.hpp"

namespace mmscope {

namespace {

struct Seen {
  u64 map_bytes = 0, usage_bytes = 0; // of the first request for struct pages, and for usage
  u64 alignment = 0;                  // of a request that names none
  bool sections = false, vmemmap = false, huge_pages = false, complete = false;
  u64 locks_kb = 0;
};
Seen look(std::span<const LogLine> lines) {
  Seen seen;
  for (const LogLine &l : lines) {
    if (l.kind == LogKind::hugetlb) seen.huge_pages = true;
    if (l.kind == LogKind::init_started) seen.complete = true;
    if (l.kind == LogKind::freeing && l.text == "SMP alternatives") seen.locks_kb = l.n;
    if (l.kind != LogKind::request || !l.has_size) continue;
    if (l.caller == "start_kernel" && seen.alignment == 0) seen.alignment = l.align;
    if (l.caller.starts_with("vmemmap_")) seen.vmemmap = true;
    if (l.caller == "sparse_init_nid" && seen.usage_bytes == 0) {
      seen.sections = true;
      seen.usage_bytes = l.size;
    } else if (seen.map_bytes == 0 && (l.caller == "memmap_alloc" || l.caller == "alloc_node_mem_map" ||
                                       l.caller.starts_with("free_area_init") || l.caller == "sparse_init_nid")) {
      seen.map_bytes = l.size;
    }
  }
  return seen;
}

// The machine as memblock knows it before the first request.
System memory_of(std::span<const e820_entry> map, const SystemSetup &setup) {
  System s = make_system(setup);
  for (const e820_entry &e : map)
    if (e.type != 0) s.e820.add(nullptr, e.addr, e.size, e.type);
  e820_finish(s, nullptr);
  e820__memblock_setup(s, nullptr);
  return s;
}
u64 section_count(const System &s) {
  u64 n = 0, next = 0;
  for (const memblock_region &r : s.memblock.memory.regions) {
    const u64 first = std::max(r.base.v / s.arch->section_bytes(), next);
    next = std::max(next, div_round_up(r.end().v, s.arch->section_bytes()));
    n += next > first ? next - first : 0;
  }
  return n;
}

} // namespace

[[gnu::noinline]] void infer_small_build(std::span<const LogLine> lines, std::span<const e820_entry> map,
                                         SystemSetup &setup, const std::function<void(std::string)> &assume) {
  const Arch &arch = *setup.arch;
  KernelConfig &c = setup.config;
  const Seen seen = look(lines);
  if (seen.alignment != 0 && seen.alignment != c.cache_line) {
    c.cache_line = seen.alignment;
    assume(concat("SMP_CACHE_BYTES is ", seen.alignment, ": the alignment of the kernel's first small request"));
  }
  if (seen.sections) {
    c.memory_model = seen.vmemmap ? MemoryModel::vmemmap : MemoryModel::sparsemem;
    assume("the memory model has sections: sparse_init asks for their usage maps");
  }
  if (seen.complete) {
    c.thp = seen.huge_pages;
    c.pageblock_order = seen.huge_pages ? arch.pmd_shift - arch.page_shift : c.max_order;
    if (!seen.huge_pages) assume("no huge page size is registered: taken for a build without huge pages of any kind");
  }

  const System s = memory_of(map, setup);
  u64 frames = 0;
  if (seen.sections) {
    frames = section_count(s) * arch.pages_per_section();
    if (section_count(s) != 0) c.sizeof_section_usage = seen.usage_bytes / section_count(s);
  } else if (!s.memblock.memory.regions.empty()) {
    const pfn_t start = to_pfn_up(s.memblock.start_of_dram(), arch.page_shift);
    const pfn_t end = to_pfn_down(s.memblock.end_of_dram(), arch.page_shift);
    KernelConfig one = c;
    one.sizeof_page = 1;
    frames = flat_mem_map_bytes(one, start, end - start);
  }
  if (frames != 0 && seen.map_bytes % frames == 0 && seen.map_bytes / frames >= 32 && seen.map_bytes / frames <= 128) {
    c.sizeof_page = seen.map_bytes / frames;
    assume(concat("sizeof(struct page) is ", c.sizeof_page, ": its array has ", seen.map_bytes, " bytes"));
  }

  // The image ends with its bss; before that lie the locks' places, and before them init memory.
  const u64 page = arch.page_size();
  const u64 bss = c.image_end - round_up(c.bss_kb << 10, page), locks = bss - (seen.locks_kb << 10);
  c.smp_locks = {locks, seen.locks_kb << 10};
  c.initmem = {locks - (c.init_kb << 10), c.init_kb << 10};
  c.text_gap = c.rodata_gap = {};
}

} // namespace mmscope
