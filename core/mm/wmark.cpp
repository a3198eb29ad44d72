// Watermarks and reserves (mm/page_alloc.c, mm/khugepaged.c, v6.1).
//
//   zone DMA32   |··· free pages ···|high|low|min|  ← reclaim wakes at low, stops at high; below min only the needy
//   lowmem_reserve[j]: what a zone keeps from requests that could have had zone j
#include "base/text.hpp"
#include "mm/boot.hpp"
#include "mm/lowmem.hpp"

#include <algorithm>

namespace mmscope {

namespace {

u64 int_sqrt(u64 x) { // largest r with r * r <= x
  u64 r = 0;
  for (u64 bit = u64{1} << 31; bit != 0; bit >>= 1)
    if ((r + bit) * (r + bit) <= x) r += bit;
  return r;
}

template <class Fn> void for_each_zone(const System &s, Fn &&fn) {
  for (const pglist_data &n : s.pages.nodes())
    for (unsigned z = 0; z < s.arch->zones.size(); ++z)
      if (n.online) fn(n, z, n.zones[z]);
}

// Zones that GFP_USER may use: those with addresses of their own.
bool for_user(const System &s, unsigned z) {
  const ZoneRow &row = s.arch->zones[z];
  return !row.high && row.kind != ZoneLimit::movable && row.kind != ZoneLimit::device;
}

// What a zone's size is to the formulas; before there were managed pages, what it was told to have.
u64 zone_pages(const System &s, const zone &z) { return s.era->zones_know_holes ? z.managed_pages : z.present_pages; }

// nr_free_buffer_pages: managed pages above the high watermarks.
u64 free_buffer_pages(const System &s) {
  u64 n = 0;
  for_each_zone(s, [&](const pglist_data &, unsigned z, const zone &zn) {
    const u64 high = zn.watermark[static_cast<std::size_t>(watermark::high)], pages = zone_pages(s, zn);
    if (for_user(s, z) && pages > high) n += pages - high;
  });
  return n;
}

void calculate_min_free_kbytes(System &s, Trace *t) {
  const u64 kb = free_buffer_pages(s) << (s.arch->page_shift - 10);
  const u64 value = int_sqrt(kb * 16);
  const u64 user = s.get(vm_field::user_min_free_kbytes);
  if (user != 0 && value <= user - 1) {
    s.print(t, concat("min_free_kbytes is not updated to ", value, " because user defined value ", user - 1,
                      " is preferred"));
    return;
  }
  s.set(t, vm_field::min_free_kbytes, std::clamp(value, s.era->min_free_floor_kb, s.era->min_free_cap_kb));
}

void setup_lowmem_reserve(System &s, Trace *t) {
  for (std::size_t n = 0; n < s.pages.nodes().size(); ++n) {
    if (!s.pages.nodes()[n].online) continue;
    for (unsigned i = 0; i + 1 < s.arch->zones.size(); ++i) {
      const u64 ratio = s.arch->zones[i].reserve_ratio;
      u64 above = 0;
      for (unsigned j = i + 1; j < s.arch->zones.size(); ++j) {
        const pglist_data &node = s.pages.nodes()[n];
        above += zone_pages(s, node.zones[j]);
        const bool none = ratio == 0 || zone_pages(s, node.zones[i]) == 0;
        const u64 value = none ? 0 : above / ratio;
        if (node.zones[i].lowmem_reserve[j] != value)
          s.pages.set_zone(t, static_cast<i32>(n), i, lowmem_reserve_for(j), value);
      }
    }
  }
}

// Zones whose pages the kernel can do without get a small reserve of their own.
bool has_small_reserve(const System &s, unsigned z) {
  return is_highmem(s, z) || (s.arch->zones[z].kind == ZoneLimit::movable && !s.era->movable_is_lowmem);
}

void setup_wmarks(System &s, Trace *t) {
  const u64 pages_min = s.get(vm_field::min_free_kbytes) >> (s.arch->page_shift - 10);
  const u64 scale = s.get(vm_field::watermark_scale_factor);
  u64 lowmem = 0;
  for_each_zone(s, [&](const pglist_data &, unsigned z, const zone &zn) {
    if (!has_small_reserve(s, z)) lowmem += zone_pages(s, zn);
  });
  if (lowmem == 0) return;
  for (std::size_t n = 0; n < s.pages.nodes().size(); ++n) {
    if (!s.pages.nodes()[n].online) continue;
    for (unsigned z = 0; z < s.arch->zones.size(); ++z) {
      const u64 managed = zone_pages(s, s.pages.nodes()[n].zones[z]);
      const u64 share = pages_min * managed / lowmem;
      // Requests in need seldom ask for high memory: little is kept there. The distance of the marks stays.
      const u64 min = has_small_reserve(s, z) ? std::clamp<u64>(managed / 1024, 32, 128) : share;
      const u64 step = std::max(share / 4, managed / 10000 * scale + managed % 10000 * scale / 10000); // mult_frac
      u64 low = min + step, high = min + 2 * step;
      if (scale == 0) high = min + share / 2; // before the distance had a least, the halves were not of quarters
      if (s.era->watermarks == Watermarks::from_min) low = min * 5 / 4, high = min * 6 / 4;
      const std::array<std::pair<zone_field, u64>, 3> marks{
          {{zone_field::min, min}, {zone_field::low, low}, {zone_field::high, high}}};
      for (std::size_t i = 0; i < marks.size(); ++i)
        if (s.pages.nodes()[n].zones[z].watermark[i] != marks[i].second)
          s.pages.set_zone(t, static_cast<i32>(n), z, marks[i].first, marks[i].second);
    }
  }
  s.pages.update_pcp_limits(t); // zone_pcp_update
  // totalreserve_pages: what no user can count on.
  u64 reserve = 0;
  for_each_zone(s, [&](const pglist_data &, unsigned z, const zone &zn) {
    u64 most = 0;
    for (unsigned j = z; j < s.arch->zones.size(); ++j) most = std::max(most, zn.lowmem_reserve[j]);
    reserve += std::min(zone_pages(s, zn), most + zn.watermark[static_cast<std::size_t>(watermark::high)]);
  });
  s.set(t, vm_field::total_reserve_pages, reserve);
}

} // namespace

void managed_pages_changed(System &s, Trace *t) {
  if (s.era->reserves_follow_managed && s.get(vm_field::total_reserve_pages) != 0) setup_lowmem_reserve(s, t);
}

void init_per_zone_wmark_min(System &s, Trace *t) {
  Call call(t, "init_per_zone_wmark_min", "do_one_initcall");
  calculate_min_free_kbytes(s, t);
  setup_wmarks(s, t);
  setup_lowmem_reserve(s, t);
  setup_wmarks(s, t); // totalreserve_pages follows the reserves; the marks stay as they are
}

void hugetlb_init(System &s, Trace *t, phys_addr_t base, u64 size) {
  Call call(t, "gather_bootmem_prealloc", "hugetlb_init", {base.v, size});
  const u64 pages = size >> s.arch->page_shift;
  const PageInfo at = s.pages.page(to_pfn_down(base, s.arch->page_shift));
  if (at.state == PageState::absent) return;
  s.pages.set_zone(t, at.nid, at.zone, zone_field::managed, s.pages.zone_of(at.nid, at.zone).managed_pages + pages);
  s.set(t, vm_field::totalram_pages, s.get(vm_field::totalram_pages) + pages);
}

void hugepage_init(System &s, Trace *t) {
  Call call(t, "hugepage_init", "do_one_initcall");
  if (!s.config.thp) return;
  if (s.get(vm_field::totalram_pages) < s.era->thp_min_pages_bytes >> s.arch->page_shift) return;
  if (s.params.thp_never) {
    calculate_min_free_kbytes(s, t); // once more, now with watermarks in place
  } else {
    u64 zones = 0;
    for_each_zone(s, [&](const pglist_data &, unsigned z, const zone &zn) {
      zones += zn.populated() && (for_user(s, z) || s.era->thp_counts_all_zones);
    });
    u64 pages = (zones * s.era->thp_zone_factor) << s.config.pageblock_order;
    pages = std::min(pages, free_buffer_pages(s) / s.era->thp_cap_divisor);
    const u64 kb = pages << (s.arch->page_shift - 10);
    if (kb > s.get(vm_field::min_free_kbytes)) s.set(t, vm_field::min_free_kbytes, kb);
  }
  setup_wmarks(s, t);
}

bool write_sysctl(System &s, Trace *t, std::string_view name, u64 value) {
  if (name == "min_free_kbytes") {
    Call call(t, "min_free_kbytes_sysctl_handler", "do_sysctl_args", {value});
    s.set(t, vm_field::min_free_kbytes, value);
    s.set(t, vm_field::user_min_free_kbytes, value + 1);
    setup_wmarks(s, t);
    return true;
  }
  if (name == "watermark_scale_factor") {
    Call call(t, "watermark_scale_factor_sysctl_handler", "do_sysctl_args", {value});
    s.set(t, vm_field::watermark_scale_factor, value);
    setup_wmarks(s, t);
    return true;
  }
  return false;
}

} // namespace mmscope
