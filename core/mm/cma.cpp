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
  i32 nid = no_node;
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
                                  .nid = a.nid,
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

namespace {

// Sets an area aside and tells of it; 0 = there is no room.
phys_addr_t reserve_area(System &s, Trace *t, const Area &a) {
  const phys_addr_t at = declare(s, t, a);
  std::string line = concat(at.v == 0 ? "cma: Failed to reserve " : "cma: Reserved ", a.size >> 20, " MiB");
  if (at.v != 0) append_hex(line += " at 0x", at.v, 2 * sizeof(u64));
  s.print(t, std::move(line));
  if (at.v != 0) s.set(t, vm_field::totalcma_pages, s.get(vm_field::totalcma_pages) + (a.size >> s.arch->page_shift));
  return at;
}

} // namespace

[[gnu::noinline]] void dma_contiguous_reserve(System &s, Trace *t, phys_addr_t limit) {
  if (!s.config.cma) return;
  Call call(t, "dma_contiguous_reserve", "setup_arch", {limit.v});
  Area a{.size = s.config.cma_bytes, .base = 0, .limit = limit.v, .fixed = false, .nid = no_node};
  if (const CmaParam &p = s.params.cma; p.given) {
    a = {p.size, p.base, p.limit != 0 ? std::min(p.limit, limit.v) : limit.v,
         p.limit != 0 && p.base + p.size == p.limit, no_node};
  }
  if (a.size == 0) return;
  a.size = round_up(a.size, u64{1} << (s.config.pageblock_order + s.arch->page_shift));
  const phys_addr_t at = reserve_area(s, t, a);
  call.result(at.v);
  if (at.v == 0) return;
  s.set(t, vm_field::cma_base, at.v);
  // dma_numa_cma_reserve
  std::vector<i32> online;
  for (const pglist_data &n : s.pages.nodes())
    if (n.online) online.push_back(n.nid);
  if (!s.era->cma_for_each_node || s.params.node_cma_given || online.size() < 2) return;
  for (const i32 nid : online) {
    const phys_addr_t own = reserve_area(s, t, {.size = a.size, .base = 0, .limit = 0, .fixed = false, .nid = nid});
    if (own.v != 0) s.pages.set_node(t, nid, node_field::cma_base, own.v);
  }
}

namespace {

// cma_activate_area
void activate(System &s, Trace *t, pfn_t first, u64 pages) {
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
    s.set(t, vm_field::totalcma_pages, s.get(vm_field::totalcma_pages) - pages);
  }
  s.set(t, vm_field::totalram_pages, s.get(vm_field::totalram_pages) + pages);
}

} // namespace

[[gnu::noinline]] void cma_init_reserved_areas(System &s, Trace *t) {
  if (s.get(vm_field::totalcma_pages) == 0) return;
  std::vector<phys_addr_t> areas{phys_addr_t{s.get(vm_field::cma_base)}};
  for (const pglist_data &n : s.pages.nodes())
    if (n.cma_base.v != 0) areas.push_back(n.cma_base);
  const u64 pages = s.get(vm_field::totalcma_pages) / areas.size(); // all are of one size
  for (const phys_addr_t base : areas) activate(s, t, to_pfn_down(base, s.arch->page_shift), pages);
}

} // namespace mmscope
