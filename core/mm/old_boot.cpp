#include "mm/old_boot.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "mm/boot.hpp"
#include "mm/lowmem.hpp"
#include "mm/old_mem.hpp"

#include <algorithm>
#include <bit>

namespace mmscope {

namespace {

constexpr u64 pages_per_wait_queue = 256, most_wait_queues = 4096; // PAGES_PER_WAITQUEUE, wait_table_size
constexpr u64 least_mark = 20, most_mark = 255, mark_ratio = 128;  // zone_balance_{min,max,ratio}

// fn(first, end) for the whole pages of RAM within [start, end), as page_is_ram finds them in the firmware's map.
template <class Fn> void for_each_ram(const System &s, pfn_t start, pfn_t end, Fn &&fn) {
  for (const e820_entry &e : s.e820.entries) {
    if (e.type != E820_TYPE_RAM) continue;
    const pfn_t a = std::max(to_pfn_up(e.addr, s.arch->page_shift), start);
    const pfn_t b = std::min(to_pfn_down(e.addr + e.size, s.arch->page_shift), end);
    if (a < b) fn(a, b);
  }
}

u64 free_pages_now(const System &s) {
  u64 n = 0;
  for (const PairZone &z : s.pair_zones) n += z.free_pages();
  for (const pglist_data &node : s.pages.nodes())
    for (const zone &z : node.zones) n += z.free_pages();
  return n;
}

bool is_free(System &s, pfn_t pfn) {
  if (const PairZone *z = pair_zone_of(s, pfn)) return z->containing(pfn).has_value();
  return s.pages.page(pfn).state == PageState::free;
}

} // namespace

[[gnu::noinline]] phys_addr_t bootmem_request(System &s, Trace *t, const BootRequest &r) {
  MM_CHECK(s.bootmem && !s.bootmem->is_gone()); // Machine sees to the order
  const u64 line = s.config.cache_line != 0 ? s.config.cache_line : s.arch->cache_line;
  Call call(t, "alloc_bootmem_node", r.caller, {field(r.nid), r.size});
  const auto at = s.bootmem->alloc(t, {.size = r.size, .align = line, .goal = phys_addr_t{s.arch->low_limit}});
  if (!at) s.print(t, concat("bootmem alloc of ", r.size, " bytes failed!"));
  call.result(at ? at->v : 0);
  return at.value_or(phys_addr_t{0});
}

u64 wait_table_entries(u64 pages, u64 least) {
  const u64 wanted = std::bit_ceil(std::max<u64>(pages / pages_per_wait_queue, 1));
  return std::max(std::min(wanted, most_wait_queues), least);
}

[[gnu::noinline]] void zone_wait_table_init(System &s, Trace *t, u64 pages) {
  const u64 entries = wait_table_entries(pages, s.era->zone_wait_queues);
  boot_request(
      s, t,
      {.name = "", .caller = "zone_wait_table_init", .size = entries * s.config.sizeof_wait_queue_head, .nid = 0});
}

[[gnu::noinline]] void old_totals(System &s, Trace *t, u64 pages) {
  s.print(t, concat("On node 0 totalpages: ", pages));
}

[[gnu::noinline]] void old_zone(System &s, Trace *t, unsigned zid, u64 pages) {
  if (s.arch->zones[zid].kind == ZoneLimit::movable) return;
  s.print(
      t, concat("  ", s.arch->zones[zid].name, " zone: ", pages, " pages, LIFO batch:", s.pages.zone_batchsize(pages)));
}

[[gnu::noinline]] u64 old_map_pages(const System &s, u64 present, u64 spanned) {
  const u64 pages = spanned * s.config.sizeof_page >> s.arch->page_shift;
  return pages <= present ? pages : 0;
}

// The kernel asks for all of this in one function; the callers' names say what each request is for. The highest order has
// no map. Watermarks come from the size alone.
[[gnu::noinline]] void free_area_init_core(System &s, Trace *t) {
  Call call(t, "free_area_init_core", "free_area_init");
  const unsigned shift = s.arch->page_shift;
  const u64 max_pfn = s.get(vm_field::max_pfn), max_low = s.get(vm_field::max_low_pfn);
  old_totals(s, t, max_pfn);
  const auto ask = [&](u64 bytes, std::string_view what) {
    return boot_request(s, t, {.name = "", .caller = what, .size = bytes, .nid = 0});
  };
  s.pages.set_node(t, 0, node_field::mem_map, ask((max_pfn + 1) * s.config.sizeof_page, "alloc_node_mem_map").v);
  u64 start = 0;
  unsigned number = 0;
  for (const ZoneRow &row : s.arch->zones) {
    if (row.kind == ZoneLimit::movable) continue;
    const u64 end = row.kind == ZoneLimit::end   ? max_pfn
                    : row.kind == ZoneLimit::low ? max_low
                                                 : std::min(row.limit >> shift, max_low);
    const u64 pages = end > start ? end - start : 0;
    s.print(t, concat("zone(", number++, "): ", pages, " pages."));
    if (pages == 0) continue;
    zone_wait_table_init(s, t, pages);
    const u32 id = static_cast<u32>(s.pair_zones.size());
    PairZone &z = s.pair_zones.emplace_back(t, id,
                                            PairRules{.start = pfn_t{start},
                                                      .pages = pages,
                                                      .orders = s.config.max_order + 1,
                                                      .take = PairTake::upper,
                                                      .long_bytes = s.arch->word});
    for (unsigned o = 0; o <= s.config.max_order; ++o)
      if (z.has_map(order_t{o})) ask(z.map_bytes(order_t{o}), "pair_bitmap");
    const u64 mark = std::clamp(pages / mark_ratio, least_mark, most_mark);
    z.set_marks(t, mark, 2 * mark, 3 * mark);
    start = end;
  }
  s.set(t, vm_field::physpages, max_pfn);
}

[[gnu::noinline]] void old_highmem_init(System &s, Trace *t) {
  Call call(t, "one_highpage_init", "mem_init");
  u64 pages = 0;
  for_each_ram(s, pfn_t{s.get(vm_field::max_low_pfn)}, pfn_t{s.get(vm_field::max_pfn)}, [&](pfn_t a, pfn_t b) {
    if (s.on_pair_zones())
      free_to_pair_zones(s, t, a, b);
    else
      s.pages.free_reserved(t, a, b - a);
    pages += b - a;
  });
  s.set(t, vm_field::totalram_pages, s.get(vm_field::totalram_pages) + pages);
  call.result(pages);
}

[[gnu::noinline]] void free_to_pair_zones(System &s, Trace *t, pfn_t first, pfn_t end) {
  for (pfn_t p = first; p < end; p += 1) {
    PairZone *z = pair_zone_of(s, p);
    MM_CHECK(z != nullptr);
    z->free_pages_ok(t, p, order_t{0});
  }
}

std::string why_not_free_to_pair_zones(System &s, pfn_t first, pfn_t end) {
  for (pfn_t p = first; p < end; p += 1) {
    const PairZone *z = pair_zone_of(s, p);
    std::string why = z == nullptr ? concat("no zone has page ", p.v) : z->why_not_free(p, order_t{0});
    if (!why.empty()) return why;
  }
  return {};
}

[[gnu::noinline]] void print_old_memory_line(System &s, Trace *t) {
  // Reserved are pages of RAM that the kernel maps and that nobody was given; holes are not counted.
  u64 reserved = 0;
  const pfn_t low{s.get(vm_field::max_low_pfn)};
  for_each_ram(s, pfn_t{0}, low, [&](pfn_t a, pfn_t b) {
    for (pfn_t p = a; p < b; p += 1) reserved += is_free(s, p) ? 0u : 1u;
  });
  const unsigned kb = s.arch->page_shift - 10;
  const u64 high = s.get(vm_field::max_pfn) - low.v;
  s.print(t, concat("Memory: ", free_pages_now(s) << kb, "k/", s.get(vm_field::max_pfn) << kb, "k available (",
                    s.config.text_kb, "k kernel code, ", reserved << kb, "k reserved, ", s.config.rwdata_kb, "k data, ",
                    s.config.init_kb, "k init, ", high << kb, "k highmem)"));
}

} // namespace mmscope
