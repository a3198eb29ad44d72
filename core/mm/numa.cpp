// NUMA start-up: which node owns which range (arch/x86/mm/numa.c and numa_emulation.c, v6.1).
//
//   firmware:  node 0 [0, a0000) [100000, 40000000)    node 1 [40000000, c0000000) [100000000, 140000000)
//   merged:    node 0 [0, 40000000)                    node 1 [40000000, 140000000)   no other node in between
//   then:      nodes set on memory and reserved, NODE_DATA allocated on each node
#include "base/text.hpp"
#include "mm/boot.hpp"

#include <algorithm>
#include <set>

namespace mmscope {

namespace {

// Smallest unit of a node that numa=fake makes (FAKE_NODE_MIN_SIZE).
constexpr u64 fake_node_min_size = u64{32} << 20;
constexpr u64 dma32_end = u64{1} << 32;

std::string range_text(phys_addr_t start, phys_addr_t end, unsigned width) {
  std::string s = "[mem 0x";
  append_hex(s, start.v, width);
  s += "-0x";
  append_hex(s, end.v - 1, width);
  s += ']';
  return s;
}
// The kernel's %#010Lx: at least eight digits.
std::string range10(phys_addr_t start, phys_addr_t end) { return range_text(start, end, 8); }
std::string range18(phys_addr_t start, phys_addr_t end) { return range_text(start, end, 16); }

// Bytes of [start, end) that are not RAM, counted in whole pages (mem_hole_size).
u64 mem_hole_size(const System &s, u64 start, u64 end) {
  const unsigned shift = s.arch->page_shift;
  const u64 start_pfn = to_pfn_up(phys_addr_t{start}, shift).v, end_pfn = to_pfn_down(phys_addr_t{end}, shift).v;
  if (start_pfn >= end_pfn) return 0;
  u64 absent = end_pfn - start_pfn;
  for (const memblock_region &r : s.memblock.memory.regions) {
    const u64 a = std::clamp(to_pfn_up(r.base, shift).v, start_pfn, end_pfn);
    const u64 b = std::clamp(to_pfn_down(r.end(), shift).v, start_pfn, end_pfn);
    if (a < b) absent -= b - a;
  }
  return absent << shift;
}

bool overlaps_memory(const System &s, phys_addr_t start, phys_addr_t end) {
  return std::any_of(s.memblock.memory.regions.begin(), s.memblock.memory.regions.end(),
                     [&](const memblock_region &r) { return r.base < end && start < r.end(); });
}

// numa_cleanup_meminfo: ranges without RAM go, the others are cut at max_pfn (later also at both ends of the RAM), and
// ranges of one node are joined where no other node lies between. False when ranges of two nodes overlap.
bool cleanup(System &s, Trace *t, std::vector<numa_memblk> &blocks) {
  const bool dram = s.era->numa_within_dram;
  const phys_addr_t low = dram ? s.memblock.start_of_dram() : phys_addr_t{0};
  const phys_addr_t high =
      dram ? s.memblock.end_of_dram() : to_phys(pfn_t{s.get(vm_field::max_pfn)}, s.arch->page_shift);
  std::erase_if(blocks, [&](numa_memblk &b) {
    if (!overlaps_memory(s, b.start, b.end)) return true;
    b.start = std::max(b.start, low);
    b.end = std::min(b.end, high);
    return b.start >= b.end;
  });
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    for (std::size_t j = i + 1; j < blocks.size(); ++j) {
      const numa_memblk bi = blocks[i], bj = blocks[j];
      if (bi.end > bj.start && bi.start < bj.end && bi.nid != bj.nid) {
        s.print(t, concat("node ", bi.nid, " ", range10(bi.start, bi.end), " overlaps with node ", bj.nid, " ",
                          range10(bj.start, bj.end)));
        return false;
      }
      if (bi.nid != bj.nid) continue;
      const phys_addr_t start = std::min(bi.start, bj.start), end = std::max(bi.end, bj.end);
      const bool foreign_between = std::any_of(blocks.begin(), blocks.end(), [&](const numa_memblk &k) {
        return k.nid != bi.nid && start < k.end && end > k.start;
      });
      if (foreign_between) continue;
      s.print(t, concat("NUMA: Node ", bi.nid, " ", range10(bi.start, bi.end), " + ", range10(bj.start, bj.end), " -> ",
                        range10(start, end)));
      blocks[i].start = start;
      blocks[i].end = end;
      blocks.erase(blocks.begin() + static_cast<std::ptrdiff_t>(j));
      --j;
    }
  }
  return true;
}

// numa_meminfo_cover_memory: at most 1 MiB of RAM may be in no node's range.
bool covers_memory(const System &s, const std::vector<numa_memblk> &blocks) {
  const unsigned shift = s.arch->page_shift;
  i64 numa_pages = 0;
  for (const numa_memblk &b : blocks) {
    const i64 pages = static_cast<i64>(to_pfn_down(b.end, shift) - to_pfn_down(b.start, shift));
    numa_pages += pages - static_cast<i64>(mem_hole_size(s, b.start.v, b.end.v) >> shift);
  }
  const u64 max_pfn = s.get(vm_field::max_pfn);
  const i64 ram_pages = static_cast<i64>(max_pfn - (mem_hole_size(s, 0, max_pfn << shift) >> shift));
  return ram_pages - numa_pages < static_cast<i64>((u64{1} << 20) >> shift);
}

// memblock_phys_alloc_range(size, PAGE_SIZE, 0, end of mapped memory)
phys_addr_t alloc_mapped(System &s, Trace *t, u64 bytes, std::string_view caller) {
  Call call(t, "memblock_phys_alloc_range", caller, {bytes, s.arch->page_size(), 0, s.memblock.current_limit.v});
  const phys_addr_t at = s.memblock.alloc_range_nid(
      t, {.size = bytes, .align = s.arch->page_size(), .max_addr = s.memblock.current_limit});
  call.result(at.v);
  return at;
}

// numa_set_distance: the first one allocates the table, a byte for each pair of node ids.
void set_distance(System &s, Trace *t, const std::vector<numa_memblk> &blocks, i32 from, i32 to, u64 distance) {
  if (s.get(vm_field::numa_distance_cnt) == 0) {
    u64 count = s.numa.cpus.size();
    for (const numa_memblk &b : blocks) count = std::max(count, static_cast<u64>(b.nid) + 1);
    const phys_addr_t at = alloc_mapped(s, t, count * count, "numa_alloc_distance");
    if (at.v == 0) return;
    s.set(t, vm_field::numa_distance_cnt, count);
    s.set(t, vm_field::numa_distance_addr, at.v);
  }
  s.set_numa_distance(t, from, to, distance);
}

// numa_reset_distance: the table goes back to memblock.
void reset_distance(System &s, Trace *t) {
  const u64 count = s.get(vm_field::numa_distance_cnt);
  if (count != 0) s.memblock.phys_free(t, phys_addr_t{s.get(vm_field::numa_distance_addr)}, count * count);
  s.set(t, vm_field::numa_distance_cnt, 0);
  s.set(t, vm_field::numa_distance_addr, 0);
  s.clear_numa_distances(t);
}

// numa=fake: physical ranges are cut into more nodes.
struct Emulation {
  System &s;
  Trace *t;
  std::vector<numa_memblk> physical; // what is left of the real ranges
  std::vector<numa_memblk> fake;
  std::vector<i32> physical_of; // emulated node → the real node it began on

  int find_physical(i32 nid) const {
    for (std::size_t i = 0; i < physical.size(); ++i)
      if (physical[i].nid == nid) return static_cast<int>(i);
    return -1;
  }

  // emu_setup_memblk: `size` bytes from the front of a physical range become part of fake node `nid`.
  void take(i32 nid, std::size_t index, u64 size) {
    numa_memblk &p = physical[index];
    const phys_addr_t end = p.start + size;
    fake.push_back({nid, p.start, end, p.hotplug});
    const auto n = static_cast<std::size_t>(nid);
    if (physical_of.size() <= n) physical_of.resize(n + 1, no_node);
    if (physical_of[n] == no_node) physical_of[n] = p.nid;
    s.print(t, concat("Faking node ", nid, " at ", range18(p.start, end), " (", size >> 20, "MB)"));
    p.start = end;
    if (p.start >= p.end) physical.erase(physical.begin() + static_cast<std::ptrdiff_t>(index));
  }

  std::set<i32> physical_nodes() const {
    std::set<i32> nodes;
    for (const numa_memblk &b : physical) nodes.insert(b.nid);
    for (std::size_t n = 0; n < s.numa.cpus.size(); ++n)
      if (s.numa.cpus[n] != 0) nodes.insert(static_cast<i32>(n));
    return nodes;
  }

  // Extends [start, end) until it holds `size` bytes of RAM, in steps, not beyond `limit`.
  u64 extend(u64 start, u64 end, u64 size, u64 limit) const {
    while (end - start - mem_hole_size(s, start, end) < size) {
      end += fake_node_min_size;
      if (end > limit) return limit;
    }
    return end;
  }
  // A border moves to 4 GiB when less than a unit of RAM would be left below it …
  u64 keep_dma32_whole(u64 end) const {
    const bool sliver = end < dma32_end && dma32_end - end - mem_hole_size(s, end, dma32_end) < fake_node_min_size;
    return sliver ? dma32_end : end;
  }
  // … and to the end of the range when the rest would not make a node. (Unsigned on purpose: an end beyond the
  // limit leaves a huge rest, and the caller cuts it.)
  u64 keep_rest_whole(u64 end, u64 size, u64 limit) const {
    return limit - end - mem_hole_size(s, end, limit) < size ? limit : end;
  }

  // split_nodes_interleave: n nodes of equal RAM.
  bool split_count(u64 n) {
    if (n == 0) return false;
    n = std::min(n, s.config.max_numnodes);
    const u64 max_addr = s.get(vm_field::max_pfn) << s.arch->page_shift;
    u64 size = max_addr - mem_hole_size(s, 0, max_addr);
    size = ((size >> s.arch->page_shift) / n) << s.arch->page_shift;
    const u64 big = (size % fake_node_min_size) * n / fake_node_min_size; // so many nodes get one unit more
    size = round_down(size, fake_node_min_size);
    if (size == 0) {
      s.print(t, "Not enough memory for each node.  NUMA emulation disabled.");
      return false;
    }
    u64 nid = 0;
    std::set<i32> nodes = physical_nodes();
    while (!nodes.empty()) {
      for (auto it = nodes.begin(); it != nodes.end();) {
        const int index = find_physical(*it);
        if (index < 0) {
          it = nodes.erase(it);
          continue;
        }
        const numa_memblk p = physical[static_cast<std::size_t>(index)];
        const u64 limit = p.end.v;
        u64 end = p.start.v + size + (nid < big ? fake_node_min_size : 0);
        end = keep_rest_whole(keep_dma32_whole(extend(p.start.v, end, size, limit)), size, limit);
        take(static_cast<i32>(nid++ % n), static_cast<std::size_t>(index), std::min(end, limit) - p.start.v);
        ++it;
      }
    }
    return true;
  }

  // split_nodes_size_interleave_uniform: nodes of `size` bytes, from the ranges of `nodes`, numbered from `nid`. With
  // `parts` > 0 the first range of the one node is cut into that many equal pieces, holes ignored; otherwise `size`
  // counts RAM only. Returns the next node number.
  u64 split_size(u64 size, std::set<i32> nodes, u64 parts, u64 nid) {
    const unsigned shift = s.arch->page_shift;
    u64 min_size;
    if (parts != 0) {
      const numa_memblk &p = physical.front();
      min_size = size = ((p.end - p.start) >> shift) / parts << shift;
    } else {
      const u64 max_addr = s.get(vm_field::max_pfn) << shift;
      min_size = ((max_addr - mem_hole_size(s, 0, max_addr)) >> shift) / s.config.max_numnodes << shift;
    }
    min_size = round_up(std::max(min_size, fake_node_min_size), fake_node_min_size);
    if (size < min_size) {
      s.print(t, concat("Fake node size ", size >> 20, "MB too small, increasing to ", min_size >> 20, "MB"));
      size = min_size;
    }
    size = round_down(size, fake_node_min_size);
    while (!nodes.empty()) {
      for (auto it = nodes.begin(); it != nodes.end();) {
        const int index = find_physical(*it);
        if (index < 0) {
          it = nodes.erase(it);
          continue;
        }
        const numa_memblk p = physical[static_cast<std::size_t>(index)];
        const u64 limit = p.end.v;
        u64 end = parts != 0 ? p.start.v + size : extend(p.start.v, p.start.v + size, size, limit);
        end = keep_dma32_whole(end);
        if (parts == 0) end = keep_rest_whole(end, size, limit);
        take(static_cast<i32>(nid++ % s.config.max_numnodes), static_cast<std::size_t>(index),
             std::min(end, limit) - p.start.v);
        ++it;
      }
    }
    return nid;
  }

  // NU: every real node is cut into n parts; all must come out.
  bool split_uniform(u64 n) {
    if (n == 0) return false;
    u64 nid = 0;
    for (const i32 node : physical_nodes()) {
      if (physical.empty() || find_physical(node) < 0) continue;
      const u64 next = split_size(0, {node}, n, nid);
      if (next == nid) continue;
      if (next - nid < n) return false;
      nid = next;
    }
    return nid != 0;
  }
};

// numa_emulation: true when the fake nodes are to be used; then `blocks` holds them.
bool emulate(System &s, Trace *t, std::vector<numa_memblk> &blocks) {
  const std::string_view text = s.params.numa_fake;
  Emulation emu{s, t, blocks, {}, {}};
  bool made = false;
  std::string_view amount = text.substr(0, text.find(':'));
  if (amount.find('U') != std::string_view::npos) {
    made = emu.split_uniform(parse_u64(amount.substr(0, amount.find('U'))).value_or(0));
  } else if (amount.find('M') != std::string_view::npos || amount.find('G') != std::string_view::npos) {
    const u64 size = parse_size(amount).value_or(0);
    made = size != 0;
    if (made) emu.split_size(size, emu.physical_nodes(), 0, 0);
  } else {
    made = emu.split_count(parse_u64(amount).value_or(0));
  }
  if (!made || !cleanup(s, t, emu.fake)) return false;

  // The firmware's distances are copied aside while the table is made anew.
  const u64 known = s.get(vm_field::numa_distance_cnt);
  phys_addr_t copy{0};
  if (known != 0) {
    copy = alloc_mapped(s, t, known * known, "numa_emulation");
    if (copy.v == 0) return false;
  }
  const NumaInfo physical = s.numa;
  blocks = std::move(emu.fake);
  reset_distance(s, t);
  const i32 nodes = static_cast<i32>(emu.physical_of.size());
  for (i32 i = 0; i < nodes; ++i)
    for (i32 j = 0; j < nodes; ++j) {
      const auto of = [&](i32 n) { return std::max(emu.physical_of[static_cast<std::size_t>(n)], 0); };
      set_distance(s, t, blocks, i, j, physical.distance_of(of(i), of(j)));
    }
  // CPUs follow the first fake node that began on their real node.
  for (std::size_t n = 0; n < physical.cpus.size(); ++n) s.set_node_cpus(t, static_cast<i32>(n), 0);
  for (std::size_t n = 0; n < physical.cpus.size(); ++n) {
    if (physical.cpus[n] == 0) continue;
    const auto it = std::find(emu.physical_of.begin(), emu.physical_of.end(), static_cast<i32>(n));
    const auto target = it == emu.physical_of.end() ? 0 : it - emu.physical_of.begin();
    s.set_node_cpus(t, static_cast<i32>(target), physical.cpus[n]);
  }
  if (copy.v != 0) s.memblock.phys_free(t, copy, known * known);
  return true;
}

// alloc_node_data: local memory first, any node otherwise.
void alloc_node_data(System &s, Trace *t, i32 nid) {
  const u64 granule = s.era->node_data_whole_pages ? s.arch->page_size() : s.arch->cache_line;
  const u64 bytes = round_up(s.config.sizeof_pgdat, granule);
  Call call(t, "alloc_node_data", "numa_register_memblks", {field(nid), bytes});
  const phys_addr_t at = s.memblock.alloc_range_nid(t, {.size = bytes, .align = s.arch->cache_line, .nid = nid});
  call.result(at.v);
  if (at.v == 0) { // the kernel would not get far; the lab's node goes on without
    s.print(t, concat("Cannot find ", bytes, " bytes in any node (initial node: ", nid, ")"));
    s.pages.init_node(t, nid, pfn_t{0}, 0, 0, phys_addr_t{0});
    s.pages.set_node(t, nid, node_field::online, 1);
    return;
  }
  s.print(t, concat("NODE_DATA(", nid, ") allocated ", range10(at, at + bytes)));
  s.pages.init_node(t, nid, pfn_t{0}, 0, 0, at);
  s.pages.set_node(t, nid, node_field::online, 1);
}

} // namespace

void numa_init(System &s, Trace *t) {
  Call call(t, "numa_init", "x86_numa_init");
  const phys_addr_t high = to_phys(pfn_t{s.get(vm_field::max_pfn)}, s.arch->page_shift);
  std::vector<numa_memblk> blocks = s.numa.blocks;

  // x86_acpi_numa_init: the firmware's ranges (SRAT), then its distances (SLIT). When they are missing or contradict
  // each other, one node holds everything.
  bool usable = !blocks.empty() && !s.params.numa_off;
  if (usable) {
    for (const numa_memblk &b : blocks)
      if (b.hotplug) s.memblock.mark_hotplug(t, b.start, b.end - b.start);
    const auto slit = s.numa.distance;
    for (std::size_t i = 0; i < slit.size(); ++i)
      for (std::size_t j = 0; j < slit[i].size(); ++j)
        if (slit[i][j] != 0) set_distance(s, t, blocks, static_cast<i32>(i), static_cast<i32>(j), slit[i][j]);
    s.memblock.set(t, memblock_setting::bottom_up, 0);
    usable = cleanup(s, t, blocks) && covers_memory(s, blocks);
    if (!usable) {
      s.memblock.clear_hotplug(t, phys_addr_t{0}, ~u64{0});
      reset_distance(s, t);
    }
  }
  if (!usable) {
    s.print(t, s.params.numa_off ? "NUMA turned off" : "No NUMA configuration found");
    s.print(t, "Faking a node at " + range18(phys_addr_t{0}, high));
    u64 cpus = 0;
    for (std::size_t n = 0; n < s.numa.cpus.size(); ++n) {
      cpus += s.numa.cpus[n];
      if (n != 0 && s.numa.cpus[n] != 0) s.set_node_cpus(t, static_cast<i32>(n), 0);
    }
    if (cpus != 0) s.set_node_cpus(t, 0, cpus);
    blocks = {{0, phys_addr_t{0}, high, false}};
    s.memblock.set(t, memblock_setting::bottom_up, 0);
    cleanup(s, t, blocks);
  }
  if (!s.params.numa_fake.empty() && !s.params.numa_off) {
    std::vector<numa_memblk> faked = blocks;
    if (emulate(s, t, faked)) blocks = std::move(faked);
  }

  // numa_register_memblks
  s.reset_numa(t);
  for (const numa_memblk &b : blocks) s.add_numa_memblk(t, b.nid, b.start, b.end - b.start, b.hotplug);
  for (const numa_memblk &b : blocks) s.memblock.set_node(t, b.start, b.end - b.start, memblock_list::memory, b.nid);
  for (const numa_memblk &b : blocks) s.memblock.set_node(t, b.start, b.end - b.start, memblock_list::reserved, b.nid);

  // A node that holds kernel memory cannot be unplugged.
  std::set<i32> kernel_nodes;
  for (const memblock_region &r : s.memblock.reserved.regions)
    if (r.nid != no_node) kernel_nodes.insert(r.nid);
  for (const numa_memblk &b : blocks)
    if (kernel_nodes.contains(b.nid)) s.memblock.clear_hotplug(t, b.start, b.end - b.start);

  std::set<i32> nodes;
  for (const numa_memblk &b : blocks) nodes.insert(b.nid);
  for (const i32 nid : nodes) alloc_node_data(s, t, nid);
}

} // namespace mmscope
