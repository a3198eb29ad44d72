// The default area of the contiguous memory allocator (kernel/dma/contiguous.c, mm/cma.c, v6.1).
//
//   boot memory   [ … ][ default area, reserved ][ … ]     dma_contiguous_reserve
//   much later         [ CMA │ CMA │ CMA │ CMA ]           cma_init_reserved_areas: pageblocks of their own type
#include "base/text.hpp"
#include "mm/boot.hpp"
#include "mm/lowmem.hpp"

#include <algorithm>

namespace mmscope {

namespace {

struct Area { // what is asked for, bytes
  u64 size = 0, base = 0, limit = 0;
  bool fixed = false;
};

// cma_declare_contiguous_nid: where it comes to lie; 0 = nowhere.
phys_addr_t declare(System &s, Trace *t, Area a) {
  struct memblock &mb = s.memblock;
  const u64 align = u64{1} << (s.config.pageblock_order + s.arch->page_shift);
  const phys_addr_t end = mb.end_of_dram();
  if (a.fixed && a.base % align != 0) return {};
  a.base = round_up(a.base, align);
  a.size = round_up(a.size, align);
  a.limit = round_down(a.limit, align);
  if (a.base == 0) a.fixed = false;
  if (a.limit == 0 || a.limit > end.v) a.limit = end.v;
  if (a.base + a.size > a.limit) return {};
  if (a.fixed) {
    const phys_addr_t base{a.base};
    for (const memblock_region &r : mb.reserved.regions)
      if (r.base <= base && base + a.size <= r.end()) return {};
    return mb.reserve(t, base, a.size) == 0 ? base : phys_addr_t{};
  }
  const auto find = [&](u64 from) {
    return mb.alloc_range_nid(t, {.size = a.size,
                                  .align = align,
                                  .min_addr = phys_addr_t{from},
                                  .max_addr = phys_addr_t{a.limit},
                                  .exact_nid = true});
  };
  // It must not lie half in high memory: there first.
  const u64 high = s.get(vm_field::max_low_pfn) << s.arch->page_shift;
  phys_addr_t at{};
  if (s.arch->low_memory != LowMemory::all && a.base < high && a.limit > high) {
    at = find(high);
    a.limit = high;
  }
  // With much memory the area goes to the start of what lies above 4 GiB, if it may.
  const u64 four_gib = u64{1} << 32;
  if (at.v == 0 && !mb.bottom_up && end.v >= four_gib + a.size && a.limit > four_gib) {
    mb.set(t, memblock_setting::bottom_up, 1);
    at = find(four_gib);
    mb.set(t, memblock_setting::bottom_up, 0);
  }
  return at.v != 0 ? at : find(a.base);
}

} // namespace

phys_addr_t cma_limit(const System &s) {
  return s.arch->firmware == Firmware::e820 ? phys_addr_t{max_mapped(s)} : dma_phys_limit(s);
}

[[gnu::noinline]] void dma_contiguous_reserve(System &s, Trace *t, phys_addr_t limit) {
  if (!s.config.cma) return;
  Call call(t, "dma_contiguous_reserve", "setup_arch", {limit.v});
  Area a{.size = s.config.cma_bytes, .base = 0, .limit = limit.v, .fixed = false};
  if (const CmaParam &p = s.params.cma; p.given) {
    a = {p.size, p.base, p.limit != 0 ? std::min(p.limit, limit.v) : limit.v,
         p.limit != 0 && p.base + p.size == p.limit};
  }
  if (a.size == 0) return;
  a.size = round_up(a.size, u64{1} << (s.config.pageblock_order + s.arch->page_shift));
  const phys_addr_t at = declare(s, t, a);
  call.result(at.v);
  if (at.v == 0) {
    s.print(t, concat("cma: Failed to reserve ", a.size >> 20, " MiB"));
    return;
  }
  s.set(t, vm_field::cma_base, at.v);
  s.set(t, vm_field::totalcma_pages, a.size >> s.arch->page_shift);
  std::string line = concat("cma: Reserved ", a.size >> 20, " MiB at 0x");
  append_hex(line, at.v, 2 * sizeof(u64));
  s.print(t, std::move(line));
}

[[gnu::noinline]] void cma_init_reserved_areas(System &s, Trace *t) {
  const u64 pages = s.get(vm_field::totalcma_pages);
  if (pages == 0) return;
  const pfn_t first = to_pfn_down(phys_addr_t{s.get(vm_field::cma_base)}, s.arch->page_shift);
  Call call(t, "cma_init_reserved_areas", "do_initcalls", {first.v, pages});
  // An area that lies in two zones cannot be used as one: its pages become ordinary ones.
  const PageInfo head = s.pages.page(first);
  bool one_zone = true;
  s.pages.for_each_run(first, first + pages, [&](const PageRun &r) {
    one_zone = one_zone && r.info.nid == head.nid && r.info.zone == head.zone && r.info.state == PageState::reserved;
  });
  if (one_zone) {
    s.pages.init_cma_reserved(t, first, pages);
  } else {
    s.pages.free_reserved(t, first, pages);
    s.set(t, vm_field::totalcma_pages, 0);
  }
  s.set(t, vm_field::totalram_pages, s.get(vm_field::totalram_pages) + pages);
}

} // namespace mmscope
