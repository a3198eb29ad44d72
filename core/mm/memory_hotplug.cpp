#include "mm/memory_hotplug.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "mm/boot.hpp"
#include "mm/direct_map.hpp"

#include <algorithm>
#include <array>

namespace mmscope {

namespace {

constexpr u64 most_block = u64{2} << 30, large_machine = u64{64} << 30; // MAX_BLOCK_SIZE, MEM_SIZE_FOR_LARGE_BLOCK
// vmemmap_alloc_block: GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN
constexpr gfp_t map_gfp = gfp::KERNEL | gfp::RETRY_MAYFAIL | gfp::NOWARN;

bool is_kernel_zone(const System &s, unsigned zid) {
  const ZoneLimit kind = s.arch->zones[zid].kind;
  return kind != ZoneLimit::movable && kind != ZoneLimit::device && !s.arch->zones[zid].high;
}
unsigned movable_zone_of(const System &s) {
  for (unsigned z = 0; z < s.arch->zones.size(); ++z)
    if (s.arch->zones[z].kind == ZoneLimit::movable) return z;
  return 0;
}
bool intersects(const zone &z, pfn_t pfn, u64 nr_pages) {
  return z.spanned_pages != 0 && pfn < z.end_pfn() && z.start_pfn < pfn + nr_pages;
}

std::string range_text(pfn_t pfn, u64 nr_pages) { return concat("pages ", pfn.v, " to ", pfn.v + nr_pages - 1); }

// fn(first, count) for the sections of a range of pages.
template <class Fn> void for_each_section(const System &s, pfn_t pfn, u64 nr_pages, Fn &&fn) {
  const u64 per = s.arch->pages_per_section();
  for (u64 n = pfn.v / per; n < (pfn.v + nr_pages) / per; ++n) fn(n);
}
std::string not_blocks(const System &s, pfn_t pfn, u64 nr_pages) {
  const u64 block = memory_block_bytes(s) >> s.arch->page_shift;
  if (nr_pages == 0 || pfn.v % block != 0 || nr_pages % block != 0)
    return concat("memory comes and goes in blocks of ", memory_block_bytes(s) >> 20, " MiB");
  return {};
}
std::string not_added(const System &s, pfn_t pfn, u64 nr_pages) {
  if (std::string why = not_blocks(s, pfn, nr_pages); !why.empty()) return why;
  std::string why;
  for_each_section(s, pfn, nr_pages, [&](u64 n) {
    const SectionRun *r = s.sparse.find(n);
    if (why.empty() && (r == nullptr || !r->initialised)) why = concat("section ", n, " is not there");
  });
  return why;
}

// Does a section that has struct pages share the table (of PMD entries) that this one's map needs?
bool has_table(const System &s, u64 section) {
  const unsigned shift = s.arch->pmd_shift + s.arch->page_shift - 3;
  const u64 map_bytes = s.config.sizeof_page * s.arch->pages_per_section();
  const auto table = [&](u64 n) { return (vmemmap_base(s) + n * map_bytes) >> shift; };
  return std::any_of(s.sparse.sections.begin(), s.sparse.sections.end(), [&](const SectionRun &r) {
    return r.initialised && table(r.first) <= table(section) && table(section) <= table(r.first + r.count - 1);
  });
}

void resize_zone(System &s, Trace *t, i32 nid, unsigned zid, pfn_t start, u64 spanned, u64 present) {
  s.pages.init_zone(t, nid, zid, spanned == 0 ? pfn_t{0} : start, spanned, present);
}
void resize_node(System &s, Trace *t, i32 nid) {
  pfn_t start{~u64{0}}, end{0};
  u64 present = 0;
  for (const zone &z : s.pages.node(nid).zones) {
    if (z.spanned_pages == 0) continue;
    start = std::min(start, z.start_pfn);
    end = std::max(end, z.end_pfn());
    present += z.present_pages;
  }
  if (end.v == 0) start = end;
  s.pages.init_node(t, nid, start, end - start, present, s.pages.node(nid).pgdat);
}

// The span that is left of a zone: shrink_zone_span looks for its first and last page.
void shrink_zone(System &s, Trace *t, i32 nid, unsigned zid, u64 present) {
  const zone &z = s.pages.zone_of(nid, zid);
  pfn_t first{~u64{0}}, end{0};
  s.pages.for_each_run(z.start_pfn, z.end_pfn(), [&](const PageRun &r) {
    if (r.info.state == PageState::absent || r.info.nid != nid || r.info.zone != zid) return;
    first = std::min(first, r.start);
    end = std::max(end, r.start + r.count);
  });
  if (end.v == 0) first = end;
  resize_zone(s, t, nid, zid, first, end - first, present);
}

void isolate_each(System &s, Trace *t, pfn_t pfn, u64 nr_pages, bool isolate) {
  const u64 pageblock = u64{1} << s.config.pageblock_order;
  for (pfn_t p = pfn; p < pfn + nr_pages; p += pageblock)
    isolate ? s.pages.set_migratetype_isolate(t, p) : s.pages.unset_migratetype_isolate(t, p, migratetype::MOVABLE);
}

void set_totalram(System &s, Trace *t, i64 more) {
  s.set(t, vm_field::totalram_pages, static_cast<u64>(static_cast<i64>(s.get(vm_field::totalram_pages)) + more));
}

} // namespace

std::optional<OnlineType> online_type_of(std::string_view name) {
  constexpr std::array<std::string_view, 3> names{"online", "online_kernel", "online_movable"};
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == name) return static_cast<OnlineType>(i);
  return std::nullopt;
}

u64 memory_block_bytes(const System &s) {
  const u64 section = s.arch->section_bytes();
  const u64 end = s.get(vm_field::max_pfn) << s.arch->page_shift;
  if (s.arch->firmware != Firmware::e820 || end < large_machine) return section;
  u64 bytes = most_block;
  while (bytes > section && end % bytes != 0) bytes >>= 1;
  return std::max(bytes, section);
}

unsigned zone_for_online(const System &s, i32 nid, pfn_t pfn, u64 nr_pages, OnlineType type) {
  const unsigned movable = movable_zone_of(s);
  unsigned kernel = 0;
  bool found = false;
  for (unsigned z = 0; z < s.arch->zones.size(); ++z) {
    if (!is_kernel_zone(s, z)) continue;
    if (found) break;
    kernel = z; // the last one, unless one has pages around there
    found = intersects(s.pages.zone_of(nid, z), pfn, nr_pages);
  }
  if (type == OnlineType::online_kernel) return kernel;
  if (type == OnlineType::online_movable) return movable;
  const bool in_movable = intersects(s.pages.zone_of(nid, movable), pfn, nr_pages);
  if (found != in_movable) return found ? kernel : movable;
  return s.params.movable_node ? movable : kernel;
}

std::string why_not_add_memory(const System &s, i32 nid, phys_addr_t start, u64 size) {
  const u64 map_bytes = s.config.sizeof_page * s.arch->pages_per_section();
  if (s.config.memory_model != MemoryModel::vmemmap || !s.arch->vmemmap_pmd || map_bytes != u64{1} << s.arch->pmd_shift)
    return "only sections whose struct pages fill one large page come and go here";
  if (s.get(vm_field::total_reserve_pages) == 0) return "the watermarks are not there yet: the boot is not over";
  if (nid < 0 || static_cast<std::size_t>(nid) >= s.pages.nodes().size() || !s.pages.node(nid).online)
    return concat("there is no node ", nid);
  if (start.v + size > s.arch->physical_bytes() || start.v + size < start.v)
    return concat("the range ends beyond the ", s.arch->max_physmem_bits, " bits of physical address");
  const unsigned shift = s.arch->page_shift;
  const pfn_t pfn = to_pfn_down(start, shift);
  if (size % s.arch->page_size() != 0 || start.v % s.arch->page_size() != 0) return not_blocks(s, pfn, 0);
  if (std::string why = not_blocks(s, pfn, size >> shift); !why.empty()) return why;
  std::string why;
  for_each_section(s, pfn, size >> shift, [&](u64 n) {
    if (why.empty() && s.sparse.present(n)) why = concat("section ", n, " is there already");
  });
  return why;
}

void add_memory(System &s, Trace *t, i32 nid, phys_addr_t start, u64 size) {
  Call call(t, "add_memory", "acpi_memory_enable_device", {field(nid), start.v, size});
  const unsigned shift = s.arch->page_shift, map_order = s.arch->pmd_shift - shift;
  for_each_section(s, to_pfn_down(start, shift), size >> shift, [&](u64 n) {
    Call section(t, "sparse_add_section", "__add_pages", {field(nid), n});
    const auto ask = [&](order_t order) {
      return s.pages.alloc_pages(t, {.gfp = map_gfp, .order = order, .nid = nid});
    };
    if (!has_table(s, n))
      if (const auto table = ask(order_t{0})) s.sparse.add_table(t, 2, to_phys(*table, shift));
    // A failed request is told by its events; the section has no struct pages then.
    const std::optional<pfn_t> map = ask(order_t{map_order});
    if (!map) return;
    s.sparse.mark_present(t, n, 1, nid);
    s.sparse.init(t, n, 1, phys_addr_t{0}, to_phys(*map, shift));
  });
  s.set(t, vm_field::max_pfn, std::max(s.get(vm_field::max_pfn), to_pfn_down(start + size, shift).v));
}

std::string why_not_online(const System &s, pfn_t pfn, u64 nr_pages) {
  if (std::string why = not_added(s, pfn, nr_pages); !why.empty()) return why;
  std::string why;
  s.pages.for_each_run(pfn, pfn + nr_pages, [&](const PageRun &r) {
    if (why.empty() && r.info.state != PageState::absent)
      why = concat(range_text(r.start, r.count), " are online already");
  });
  return why;
}

void online_pages(System &s, Trace *t, pfn_t pfn, u64 nr_pages, OnlineType type) {
  const i32 nid = s.sparse.find(pfn.v / s.arch->pages_per_section())->nid;
  const unsigned zid = zone_for_online(s, nid, pfn, nr_pages, type);
  Call call(t, "online_pages", "memory_block_online", {pfn.v, nr_pages, zid});
  const zone z = s.pages.zone_of(nid, zid); // as it was
  const bool was_empty = z.present_pages == 0;
  {
    Call move(t, "move_pfn_range_to_zone", "online_pages", {pfn.v, nr_pages, zid});
    const pfn_t start = z.spanned_pages == 0 ? pfn : std::min(z.start_pfn, pfn);
    const pfn_t end = z.spanned_pages == 0 ? pfn + nr_pages : std::max(z.end_pfn(), pfn + nr_pages);
    resize_zone(s, t, nid, zid, start, end - start, z.present_pages);
    resize_node(s, t, nid);
    s.pages.set_pages(t, pfn, nr_pages, PageState::reserved, nid, zid);
    s.pages.set_pageblocks(t, pfn, nr_pages, migratetype::ISOLATE);
  }
  const u64 blocks = nr_pages >> s.config.pageblock_order;
  s.pages.set_zone(t, nid, zid, zone_field::nr_isolate_pageblock, z.nr_isolate_pageblock + blocks);
  if (was_empty) s.pages.set_zone(t, nid, zid, zone_field::pcp_cpus, s.pages.cpus());
  s.pages.free_core(t, pfn, s.pages.rules().max_order, nr_pages >> s.config.max_order);
  set_totalram(s, t, static_cast<i64>(nr_pages));
  resize_zone(s, t, nid, zid, s.pages.zone_of(nid, zid).start_pfn, s.pages.zone_of(nid, zid).spanned_pages,
              z.present_pages + nr_pages);
  resize_node(s, t, nid);
  if (was_empty) build_all_zonelists(s, t);
  isolate_each(s, t, pfn, nr_pages, false);
  init_per_zone_wmark_min(s, t);
  hugepage_init(s, t); // khugepaged_min_free_kbytes_update
}

std::string why_not_offline(const System &s, pfn_t pfn, u64 nr_pages) {
  if (std::string why = not_added(s, pfn, nr_pages); !why.empty()) return why;
  const PageInfo first = s.pages.page(pfn);
  std::string why;
  s.pages.for_each_run(pfn, pfn + nr_pages, [&](const PageRun &r) {
    if (!why.empty()) return;
    if (r.info.state == PageState::absent)
      why = concat(range_text(r.start, r.count), " are offline already");
    else if (r.info.nid != first.nid || r.info.zone != first.zone)
      why = "the range lies in more than one zone";
    else if (r.info.state != PageState::free && r.info.state != PageState::pcp)
      why = concat(range_text(r.start, r.count), " are ", page_state_name(r.info.state),
                   ": they would have to be moved elsewhere, which is not modelled");
  });
  return why;
}

void offline_pages(System &s, Trace *t, pfn_t pfn, u64 nr_pages) {
  const PageInfo at = s.pages.page(pfn);
  Call call(t, "offline_pages", "memory_block_offline", {pfn.v, nr_pages, at.zone});
  for (u32 cpu = 0; cpu < s.pages.cpus(); ++cpu) s.pages.drain_pages_zone(t, at.nid, at.zone, cpu); // zone_pcp_disable
  isolate_each(s, t, pfn, nr_pages, true);
  for (pfn_t p = pfn; p < pfn + nr_pages;) { // __offline_isolated_pages
    const auto b = s.pages.containing_free_block(p);
    MM_CHECK(b && b->pfn == p);
    s.pages.list_del(t, at.nid, at.zone, b->order, b->list, p);
    p += pages_of(b->order);
  }
  const zone &z = s.pages.zone_of(at.nid, at.zone);
  s.pages.set_zone(t, at.nid, at.zone, zone_field::nr_isolate_pageblock,
                   z.nr_isolate_pageblock - (nr_pages >> s.config.pageblock_order));
  s.pages.set_zone(t, at.nid, at.zone, zone_field::managed, z.managed_pages - nr_pages);
  set_totalram(s, t, -static_cast<i64>(nr_pages));
  const u64 present = z.present_pages - nr_pages;
  {
    Call away(t, "remove_pfn_range_from_zone", "offline_pages", {pfn.v, nr_pages});
    s.pages.set_pageblocks(t, pfn, nr_pages, migratetype::UNMOVABLE);
    s.pages.set_pages(t, pfn, nr_pages, PageState::absent, no_node, 0);
    shrink_zone(s, t, at.nid, at.zone, present);
    resize_node(s, t, at.nid);
  }
  init_per_zone_wmark_min(s, t);
  hugepage_init(s, t);
  if (present == 0) build_all_zonelists(s, t);
}

std::string why_not_remove_memory(const System &s, phys_addr_t start, u64 size) {
  const unsigned shift = s.arch->page_shift;
  const pfn_t pfn = to_pfn_down(start, shift);
  if (start.v + size < start.v || start.v % s.arch->page_size() != 0 || size % s.arch->page_size() != 0)
    return not_blocks(s, pfn, 0);
  if (std::string why = not_added(s, pfn, size >> shift); !why.empty()) return why;
  std::string why;
  s.pages.for_each_run(pfn, pfn + (size >> shift), [&](const PageRun &r) {
    if (why.empty() && r.info.state != PageState::absent)
      why = concat(range_text(r.start, r.count), " are online: they go offline first");
  });
  return why;
}

void remove_memory(System &s, Trace *t, phys_addr_t start, u64 size) {
  Call call(t, "remove_memory", "acpi_memory_remove_memory", {start.v, size});
  const unsigned shift = s.arch->page_shift, map_order = s.arch->pmd_shift - shift;
  for_each_section(s, to_pfn_down(start, shift), size >> shift, [&](u64 n) {
    Call section(t, "sparse_remove_section", "__remove_pages", {n});
    const phys_addr_t map = s.sparse.find(n)->map;
    s.sparse.remove(t, n, 1, s.config.sizeof_section_usage, s.config.sizeof_page * s.arch->pages_per_section());
    // vmemmap_free; what the boot allocator gave stays where it is.
    const pfn_t page = to_pfn_down(map, shift);
    if (s.pages.page(page).state == PageState::allocated) s.pages.free_pages(t, page, order_t{map_order}, 0);
  });
}

} // namespace mmscope
