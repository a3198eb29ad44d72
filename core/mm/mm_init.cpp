// Nodes, zones and page frames take shape (mm/page_alloc.c: free_area_init and what it calls, v6.1).
//
//   zone borders   [1 .. 1000) DMA   [1000 .. 100000) DMA32   [100000 .. end) Normal
//   × nodes        spanned = the node's part of it, present = that minus holes
//   mem_map        RAM frames initialised, holes in present sections marked reserved, the rest of the last
//                  zone left for later (deferred)
#include "base/text.hpp"
#include "mm/boot.hpp"
#include "mm/flatmem.hpp"
#include "mm/lowmem.hpp"
#include "mm/old_boot.hpp"

#include <algorithm>
#include <set>

namespace mmscope {

namespace {

struct MemRange { // half-open pages of one memblock region
  pfn_t start, end;
  i32 nid;
  u32 flags;
  u64 pages() const { return end - start; }
};

std::vector<MemRange> mem_pfn_ranges(const System &s) {
  std::vector<MemRange> out;
  if (!s.era->zones_know_holes) return {{pfn_t{0}, pfn_t{s.get(vm_field::max_pfn)}, 0, 0}};
  for (const memblock_region &r : s.memblock.memory.regions) {
    const pfn_t a = to_pfn_up(r.base, s.arch->page_shift), b = to_pfn_down(r.end(), s.arch->page_shift);
    if (a < b) out.push_back({a, b, s.memblock.node_of(r), r.flags});
  }
  return out;
}

pfn_t clamp_pfn(pfn_t p, pfn_t lo, pfn_t hi) { return std::clamp(p, lo, hi); }

std::string mem_text(pfn_t start, pfn_t end, unsigned shift) {
  std::string s = "[mem 0x";
  append_hex(s, to_phys(start, shift).v, 16);
  s += "-0x";
  append_hex(s, to_phys(end, shift).v - 1, 16);
  s += ']';
  return s;
}

struct ZoneInit {
  System &s;
  Trace *t;
  std::vector<MemRange> ranges;
  std::vector<pfn_t> lowest, highest; // arch_zone_{lowest,highest}_possible_pfn
  std::vector<u64> movable_pfn;       // zone_movable_pfn[nid]
  unsigned movable = 0;               // index of ZONE_MOVABLE
  unsigned movable_zone = 0;          // the zone it is carved from
  std::set<i32> nodes_with_memory;

  ZoneInit(System &system, Trace *trace) : s(system), t(trace), ranges(mem_pfn_ranges(system)) {
    for (const MemRange &r : ranges) nodes_with_memory.insert(r.nid);
    const i32 last_node = nodes_with_memory.empty() ? 0 : *nodes_with_memory.rbegin();
    movable_pfn.assign(static_cast<std::size_t>(std::max(last_node, 0)) + 1, 0);
  }

  unsigned zone_count() const { return static_cast<unsigned>(s.arch->zones.size()); }
  std::string_view zone_name(unsigned z) const { return s.arch->zones[z].name; }
  u64 max_order_pages() const { return u64{1} << s.config.max_order; }
  u64 pageblock_pages() const { return u64{1} << s.config.pageblock_order; }

  void find_borders() {
    const pfn_t max_low{s.get(vm_field::max_low_pfn)}, max_pfn{s.get(vm_field::max_pfn)};
    pfn_t start = to_pfn_down(s.memblock.start_of_dram(), s.arch->page_shift);
    for (unsigned z = 0; z < zone_count(); ++z) {
      const ZoneRow &row = s.arch->zones[z];
      pfn_t max{0};
      if (row.kind == ZoneLimit::address) max = std::min(pfn_t{row.limit >> s.arch->page_shift}, max_low);
      if (row.kind == ZoneLimit::mask) max = to_pfn_down(max_zone_phys(s, row.limit), s.arch->page_shift);
      if (row.kind == ZoneLimit::low) max = max_low;
      if (row.kind == ZoneLimit::end) max = max_pfn;
      if (row.kind == ZoneLimit::movable) {
        movable = z;
        lowest.push_back(pfn_t{0});
        highest.push_back(pfn_t{0});
        continue;
      }
      const pfn_t end = std::max(max, start);
      lowest.push_back(start);
      highest.push_back(end);
      start = end;
    }
    for (unsigned z = 0; z < zone_count(); ++z)
      if (z != movable && highest[z] > lowest[z]) movable_zone = z;
    s.set(t, vm_field::movable_zone, movable_zone);
  }

  // [start, end) of a node's memory.
  std::pair<pfn_t, pfn_t> node_range(i32 nid) const {
    pfn_t a{~u64{0}}, b{0};
    for (const MemRange &r : ranges)
      if (r.nid == nid) a = std::min(a, r.start), b = std::max(b, r.end);
    if (b.v == 0) return {pfn_t{0}, pfn_t{0}};
    return {a, b};
  }

  u64 &movable_of(i32 nid) { return movable_pfn[static_cast<std::size_t>(nid)]; }
  u64 movable_of(i32 nid) const {
    const auto n = static_cast<std::size_t>(nid);
    return n < movable_pfn.size() ? movable_pfn[n] : 0;
  }

  // find_zone_movable_pfns_for_nodes: where ZONE_MOVABLE begins on each node; 0 = nowhere.
  void find_movable() {
    const BootParams &p = s.params;
    if (p.movable_node) {
      for (const MemRange &r : ranges)
        if ((r.flags & MEMBLOCK_HOTPLUG) != 0) lower(r.nid, r.start.v);
      return round_movable();
    }
    if (p.kernelcore_mirror) {
      const u64 four_gib = (u64{1} << 32) >> s.arch->page_shift;
      for (const MemRange &r : ranges)
        if ((r.flags & MEMBLOCK_MIRROR) == 0 && r.start.v >= four_gib) lower(r.nid, r.start.v);
      return round_movable();
    }
    u64 total = 0;
    for (const MemRange &r : ranges) total += r.pages();
    u64 kernelcore = p.kernelcore.percent != 0 ? total * p.kernelcore.percent / 100 : p.kernelcore.pages;
    u64 movablecore = p.movablecore.percent != 0 ? total * p.movablecore.percent / 100 : p.movablecore.pages;
    if (movablecore != 0) {
      movablecore = std::min(total, round_up(movablecore, max_order_pages()));
      kernelcore = std::max(kernelcore, total - movablecore);
    }
    if (kernelcore == 0 || kernelcore >= total) return;
    spread_kernelcore(kernelcore);
    round_movable();
  }

  void lower(i32 nid, u64 pfn) {
    u64 &m = movable_of(nid);
    m = m != 0 ? std::min(m, pfn) : pfn;
  }

  // Kernel memory is spread evenly over the nodes; what a node cannot give, the others must.
  void spread_kernelcore(u64 required) {
    const u64 usable_start = lowest[movable_zone].v;
    for (u64 usable_nodes = nodes_with_memory.size(); usable_nodes != 0;) {
      u64 share = required / usable_nodes;
      for (const i32 nid : nodes_with_memory) {
        if (required < share) share = required / usable_nodes;
        u64 remaining = share;
        for (const MemRange &r : ranges) {
          if (r.nid != nid) continue;
          u64 start = std::max(r.start.v, movable_of(nid));
          if (start >= r.end.v) continue;
          if (start < usable_start) { // only kernel memory can lie here
            const u64 kernel = std::min(r.end.v, usable_start) - start;
            remaining -= std::min(kernel, remaining);
            required -= std::min(kernel, required);
            if (r.end.v <= usable_start) {
              movable_of(nid) = r.end.v;
              continue;
            }
            start = usable_start;
          }
          const u64 taken = std::min(r.end.v - start, remaining);
          movable_of(nid) = start + taken;
          required -= std::min(required, taken);
          remaining -= taken;
          if (remaining == 0) break;
        }
      }
      --usable_nodes;
      if (required <= usable_nodes) break;
    }
  }

  void round_movable() {
    for (std::size_t n = 0; n < movable_pfn.size(); ++n) {
      movable_pfn[n] = movable_pfn[n] == 0 ? 0 : round_up(movable_pfn[n], max_order_pages());
      if (movable_pfn[n] >= node_range(static_cast<i32>(n)).second.v) movable_pfn[n] = 0;
    }
  }

  void print_borders() {
    const unsigned shift = s.arch->page_shift;
    s.print(t, "Zone ranges:");
    for (unsigned z = 0; z < zone_count(); ++z) {
      if (z == movable || (s.arch->zones[z].kind == ZoneLimit::device && !s.config.zone_device)) continue;
      std::string line = "  ";
      line += zone_name(z);
      line.append(line.size() < 10 ? 10 - line.size() : 0, ' ');
      line += ' ';
      line += lowest[z] == highest[z] ? "empty" : mem_text(lowest[z], highest[z], shift);
      s.print(t, std::move(line));
    }
    s.print(t, "Movable zone start for each node");
    for (std::size_t n = 0; n < movable_pfn.size(); ++n) {
      if (movable_pfn[n] == 0) continue;
      std::string line = concat("  Node ", n, ": 0x");
      append_hex(line, movable_pfn[n] << shift, 16);
      s.print(t, std::move(line));
    }
    s.print(t, "Early memory node ranges");
    for (const MemRange &r : ranges) {
      std::string line = "  node ";
      append_padded(line, static_cast<u64>(r.nid), 3);
      append(line, ": ", mem_text(r.start, r.end, shift));
      s.print(t, std::move(line));
    }
  }

  // Start and end of a node's part of a zone, ZONE_MOVABLE taken out or put in; start == end when it has none.
  std::pair<pfn_t, pfn_t> zone_part(i32 nid, unsigned z, pfn_t node_start, pfn_t node_end) const {
    pfn_t a = clamp_pfn(node_start, lowest[z], highest[z]), b = clamp_pfn(node_end, lowest[z], highest[z]);
    const pfn_t m{movable_of(nid)};
    if (m.v != 0) {
      if (z == movable) {
        a = m;
        b = std::min(node_end, highest[movable_zone]);
      } else if (!s.params.kernelcore_mirror && a < m && b > m) {
        b = m;
      } else if (a >= m) {
        a = b;
      }
    }
    return {a, b};
  }

  u64 absent(i32 nid, unsigned z, pfn_t a, pfn_t b) const {
    u64 n = b - a;
    for (const MemRange &r : ranges) {
      const u64 part = clamp_pfn(r.end, a, b) - clamp_pfn(r.start, a, b);
      if (r.nid == nid) n -= part;
      // With kernelcore=mirror the two zones overlap: what belongs to the other one is absent here.
      if (s.params.kernelcore_mirror && movable_of(nid) != 0) {
        const bool mirrored = (r.flags & MEMBLOCK_MIRROR) != 0;
        if ((z == movable && mirrored) || (z == movable - 1 && !mirrored)) n += part;
      }
    }
    return n;
  }

  struct Part { // of a node in a zone
    pfn_t start;
    u64 spanned = 0, present = 0;
  };
  // free_area_init_node: spans, then the estimate of what will be free.
  void init_node(i32 nid) {
    const auto [start, end] = node_range(nid);
    if (s.era->zones_know_holes)
      s.print(t, start == end ? concat("Initmem setup node ", nid, " as memoryless")
                              : concat("Initmem setup node ", nid, " ", mem_text(start, end, s.arch->page_shift)));
    std::vector<Part> parts(zone_count());
    u64 spanned = 0, present = 0;
    for (unsigned z = 0; z < zone_count() && start != end; ++z) {
      auto [a, b] = zone_part(nid, z, start, end);
      if (b < start || a > end) continue;
      b = std::min(b, end);
      a = std::max(a, start);
      if (a >= b) continue;
      parts[z] = {a, b - a, b - a - absent(nid, z, a, b)};
      spanned += parts[z].spanned;
      present += parts[z].present;
    }
    s.pages.init_node(t, nid, start, end - start, present, s.pages.node(nid).pgdat);
    if (!s.era->zones_know_holes) old_totals(s, t, present);
    if (flat()) alloc_node_mem_map(s, t, nid);
    for (unsigned z = 0; z < zone_count(); ++z) {
      Part &p = parts[z];
      if (s.era->present_less_map) p.present -= old_map_pages(s, p.present, p.spanned);
      if (p.spanned != 0) s.pages.init_zone(t, nid, z, p.start, p.spanned, p.present);
      estimate_zone(nid, z, p);
      if (!s.era->zones_know_holes) old_zone(s, t, z, p.present);
      if (flat() && p.spanned != 0 && s.era->pageblock_bits != 0) setup_usemap(s, t, nid, z);
      if (p.spanned != 0 && s.era->zone_wait_queues != 0) zone_wait_table_init(s, t, p.spanned);
    }
    if (present != 0) {
      if (movable_of(nid) != 0) s.pages.set_node(t, nid, node_field::movable_start_pfn, movable_of(nid));
      s.set(t, vm_field::physpages, s.get(vm_field::physpages) + present);
    }
  }

  // What the zone may manage, until pages are freed and counted.
  void estimate_zone(i32 nid, unsigned z, const Part &p) {
    u64 estimate = p.present;
    if (!s.era->zones_know_holes) {
      count_kernel_pages(is_highmem(s, z), estimate, 0);
      s.set(t, vm_field::nr_all_pages, s.get(vm_field::nr_all_pages) + estimate);
    } else if (s.era->zone_estimate == ZoneEstimate::without_mem_map) {
      const u64 map_pages = memmap_pages(p.spanned, p.present);
      const bool high = is_highmem(s, z); // its pages cannot hold the map
      if (!high && estimate >= map_pages) estimate -= map_pages;
      const u64 dma_reserve = s.get(vm_field::dma_reserve);
      if (z == 0 && estimate > dma_reserve) estimate -= dma_reserve;
      count_kernel_pages(high, estimate, map_pages);
      s.set(t, vm_field::nr_all_pages, s.get(vm_field::nr_all_pages) + estimate);
    }
    if (p.spanned != 0) s.pages.set_zone(t, nid, z, zone_field::managed, estimate);
  }
  bool flat() const { return s.config.memory_model == MemoryModel::flatmem; }

  // The map of high memory is low memory too, and is charged to what there is of that.
  void count_kernel_pages(bool high, u64 estimate, u64 map_pages) {
    const u64 now = s.get(vm_field::nr_kernel_pages);
    if (!high)
      s.set(t, vm_field::nr_kernel_pages, now + estimate);
    else if (now > 2 * map_pages)
      s.set(t, vm_field::nr_kernel_pages, now - map_pages);
  }

  // calc_nr_kernel_pages: whole pages that nobody has reserved so far; the kernel's own are those below high memory.
  void count_free_pages() {
    const pfn_t max_low{s.get(vm_field::max_low_pfn)};
    u64 all = 0, low = 0;
    for (const FreeRange &r : s.memblock.free_ranges()) {
      const pfn_t a = to_pfn_up(r.base, s.arch->page_shift), b = to_pfn_down(r.end, s.arch->page_shift);
      if (a < b) all += b - a;
      if (a < std::min(b, max_low)) low += std::min(b, max_low) - a;
    }
    s.set(t, vm_field::nr_kernel_pages, low);
    s.set(t, vm_field::nr_all_pages, all);
  }

  // calc_memmap_size: with sections and large holes, the struct pages of what is present; else of the whole span.
  u64 memmap_pages(u64 spanned, u64 present) const {
    const u64 pages = !flat() && spanned > present + (present >> 4) ? present : spanned;
    return div_round_up(pages * s.config.sizeof_page, s.arch->page_size());
  }

  // --- memmap_init ---
  pfn_t counted_zone_end{0}; // of the zone whose initialised pages are being counted
  u64 counted = 0;

  // defer_init for [start, end) of one zone: the first page that must wait, or end.
  pfn_t first_deferred(i32 nid, pfn_t start, pfn_t end, pfn_t zone_end) {
    if (!s.config.deferred_struct_pages) return end;
    if (counted_zone_end != zone_end) {
      counted_zone_end = zone_end;
      counted = 0;
    }
    const pglist_data &node = s.pages.node(nid);
    if (zone_end < node.start_pfn + node.spanned_pages) return end; // not the node's last zone
    if (node.first_deferred_pfn != never_deferred) return start;
    // The first section-aligned page after more than a section's worth of them.
    const u64 per_section = s.arch->pages_per_section();
    const u64 need = counted < per_section ? per_section - counted : 0;
    const u64 at = round_up_any(start.v + need, per_section);
    if (at >= end.v) {
      counted += end - start;
      return end;
    }
    s.pages.set_node(t, nid, node_field::first_deferred_pfn, at);
    return pfn_t{at};
  }

  void init_range(i32 nid, unsigned z, pfn_t start, pfn_t end, pfn_t zone_end) {
    const pfn_t cut = first_deferred(nid, start, end, zone_end);
    if (start < cut) {
      // Before memblock every page begins as a reserved one, and bootmem sets free what it gives away.
      const bool old = s.era->boot_allocator == BootAllocator::bootmem;
      s.pages.set_pages(t, start, cut - start, old ? PageState::reserved : PageState::init, nid, z);
      // A flat map's zones have usage maps of their own: a pageblock on a border has a type on either side.
      const u64 a = round_up_any(start.v, pageblock_pages()), end_of_block = round_up_any(cut.v, pageblock_pages());
      const u64 b = flat() ? std::min(end_of_block, zone_end.v) : end_of_block;
      if (a < b && s.era->pageblock_bits != 0) s.pages.set_pageblocks(t, pfn_t{a}, b - a, migratetype::MOVABLE);
    }
    if (cut < end) s.pages.set_pages(t, cut, end - cut, PageState::uninit, nid, z);
  }

  // init_unavailable_range: frames without RAM that have a struct page; reserved for good.
  void init_hole(i32 nid, unsigned z, pfn_t start, pfn_t end) {
    u64 pages = 0;
    const auto init = [&](pfn_t a, pfn_t b) {
      if (a >= b) return;
      s.pages.set_pages(t, a, b - a, PageState::hole, nid, z);
      pages += b - a;
    };
    if (flat()) {
      const PfnRange valid = flat_pages_valid(s, start, end);
      init(valid.start, valid.end);
    }
    const u64 per_section = s.arch->pages_per_section();
    for (const SectionRun &r : s.sparse.sections)
      init(std::max(start, pfn_t{r.first * per_section}), std::min(end, pfn_t{(r.first + r.count) * per_section}));
    if (pages != 0 && (!flat() || s.era->flat_holes_initialised))
      s.print(t, concat("On node ", nid, ", zone ", zone_name(z), ": ", pages, " pages in unavailable ranges"));
  }

  void memmap_init() {
    Call call(t, "memmap_init", "free_area_init");
    pfn_t hole{0}, last_end{0};
    i32 last_nid = 0;
    unsigned last_zone = 0;
    for (const MemRange &r : ranges) {
      for (unsigned z = 0; z < zone_count(); ++z) {
        const zone &zn = s.pages.zone_of(r.nid, z);
        if (!zn.populated()) continue;
        const pfn_t zone_start = zn.start_pfn, zone_end = zn.end_pfn();
        const pfn_t a = clamp_pfn(r.start, zone_start, zone_end), b = clamp_pfn(r.end, zone_start, zone_end);
        last_zone = z;
        if (a >= b) continue;
        const bool skip = s.params.kernelcore_mirror && z == movable && (r.flags & MEMBLOCK_MIRROR) != 0;
        if (!skip) init_range(r.nid, z, a, b, zone_end);
        if (hole < a) init_hole(r.nid, z, hole, a);
        hole = b;
      }
      last_nid = r.nid;
      last_end = r.end;
    }
    const pfn_t end = flat() ? last_end : pfn_t{round_up_any(last_end.v, s.arch->pages_per_section())};
    if (hole < end) init_hole(last_nid, last_zone, hole, end);
  }

  void run() {
    find_borders();
    find_movable();
    if (s.era->zones_know_holes) print_borders();
    std::set<i32> possible = nodes_with_memory;
    for (std::size_t n = 0; n < s.numa.cpus.size(); ++n)
      if (s.numa.cpus[n] != 0) possible.insert(static_cast<i32>(n));
    u64 online = 0;
    for (const i32 nid : possible) {
      const bool known = static_cast<std::size_t>(nid) < s.pages.nodes().size() && s.pages.node(nid).online;
      if (!known) {
        if (s.era->announces_memoryless) s.print(t, concat("Initializing node ", nid, " as memoryless"));
        const u64 bytes = s.config.sizeof_pgdat;
        const std::string_view caller = s.era->alloc_or_panic ? "__memblock_alloc_or_panic" : "free_area_init";
        Call call(t, "memblock_alloc_try_nid", caller, {bytes, s.arch->cache_line, field(no_node), 0, 0});
        const phys_addr_t at = s.memblock.alloc_try_nid(t, {.size = bytes, .align = s.arch->cache_line});
        call.result(at.v);
        s.pages.init_node(t, nid, pfn_t{0}, 0, 0, at);
        s.pages.set_node(t, nid, node_field::memoryless, 1);
      } else {
        ++online;
      }
      init_node(nid);
    }
    if (s.era->zone_estimate == ZoneEstimate::present) count_free_pages();
    memmap_init();
    online += init_cpu_to_node();
    s.set(t, vm_field::nr_online_nodes, online);
  }

  // Somewhat later in setup_arch: a node without memory comes online all the same if it has CPUs. Returns how many did.
  u64 init_cpu_to_node() {
    u64 more = 0;
    for (std::size_t n = 0; n < s.numa.cpus.size() && n < s.pages.nodes().size(); ++n) {
      if (s.numa.cpus[n] == 0 || s.pages.nodes()[n].online) continue;
      s.pages.set_node(t, static_cast<i32>(n), node_field::online, 1);
      ++more;
    }
    return more;
  }
};

} // namespace

void free_area_init(System &s, Trace *t) {
  Call call(t, "free_area_init", "zone_sizes_init");
  ZoneInit(s, t).run();
}

// --- zonelists ----------------------------------------------------------------------------------------------------

namespace {

// find_next_best_node: near first, then the next higher node, then the one that fewer chose before.
i32 next_best_node(const System &s, i32 from, const std::set<i32> &used, const std::vector<u64> &load) {
  const bool skip_local = s.era->memoryless_falls_back && s.pages.node(from).present_pages == 0;
  if (!used.contains(from) && !skip_local) return from;
  i32 best = no_node;
  u64 best_value = ~u64{0};
  for (const pglist_data &n : s.pages.nodes()) {
    if (n.present_pages == 0 || used.contains(n.nid)) continue;
    u64 value = s.numa.distance_of(from, n.nid);
    value += n.nid < from ? 1 : 0;
    value = value * s.config.max_numnodes + load[static_cast<std::size_t>(n.nid)];
    if (value < best_value) {
      best_value = value;
      best = n.nid;
    }
  }
  return best;
}

} // namespace

namespace {
void burden(u64 &load, NodeLoad rule, u64 to_come) {
  load = rule == NodeLoad::counted ? load + 1 : rule == NodeLoad::by_place ? to_come : load + to_come;
}

std::string zonelist_line(const System &s, bool grouping_off, u64 total) {
  std::string line = concat("Built ", s.get(vm_field::nr_online_nodes), " zonelists");
  // Nodes of a machine with 64 bits have zones enough for all uses; else, and without nodes, it is zones first.
  if (s.era->names_zonelist_order) line += s.config.numa && s.arch->word == 8 ? " in Node order" : " in Zone order";
  if (s.era->pageblock_bits != 0)
    append(line, ", mobility grouping ", grouping_off ? "off" : "on", ".  Total pages: ", total);
  return line;
}
} // namespace

void build_all_zonelists(System &s, Trace *t) {
  Call call(t, "build_all_zonelists", "start_kernel");
  std::vector<u64> load(s.pages.nodes().size());
  std::vector<i32> nids;
  for (const pglist_data &n : s.pages.nodes())
    if (n.online || n.memoryless) nids.push_back(n.nid);
  for (const i32 local : nids) {
    std::set<i32> used;
    i32 previous = local;
    std::string line = concat("Fallback order for Node ", local, ": ");
    u64 to_come = nids.size();
    u64 position = 0; // from the beginning: memory that came later may have changed the order
    for (i32 node; (node = next_best_node(s, local, used, load)) != no_node;) {
      used.insert(node);
      // The first of a group at one distance is burdened, so that the next node starts with another.
      if (s.numa.distance_of(local, node) != s.numa.distance_of(local, previous))
        burden(load[static_cast<std::size_t>(node)], s.era->node_load, to_come);
      --to_come;
      s.pages.set_fallback(t, local, position++, node);
      append(line, node, ' ');
      previous = node;
    }
    if (s.config.numa && s.era->prints_fallback_order) s.print(t, std::move(line));
  }
  u64 total = 0;
  unsigned policy = 0;
  for (const pglist_data &n : s.pages.nodes())
    for (unsigned z = 0; z < s.arch->zones.size(); ++z) {
      const zone &zn = n.zones[z];
      if (!zn.populated()) continue;
      const u64 high = zn.watermark[static_cast<std::size_t>(watermark::high)];
      if (zn.managed_pages > high) total += zn.managed_pages - high;
      if (s.arch->zones[z].kind != ZoneLimit::movable) policy = std::max(policy, z);
    }
  const u64 types = s.era->migratetypes + (s.config.cma ? 1 : 0);
  const bool off = s.era->pageblock_bits == 0 || total < (types << s.config.pageblock_order);
  s.set(t, vm_field::total_pages, total);
  s.set(t, vm_field::mobility_off, off ? 1 : 0);
  s.set(t, vm_field::policy_zone, policy);
  s.print(t, zonelist_line(s, off, total));
  if (s.config.numa) s.print(t, concat("Policy zone: ", s.arch->zones[policy].name));
}

} // namespace mmscope
