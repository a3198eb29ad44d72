// NUMA from a device tree, or one node for all (drivers/base/arch_numa.c, v6.1).
//
//   distance table (node ids squared) ─► nodes on memory ─► NODE_DATA of each node, on it
//   When the device tree names no nodes the table is given back, and made anew for the one node that is faked.
#include "base/text.hpp"
#include "mm/boot.hpp"

#include <set>

namespace mmscope {

namespace {

std::string range10(phys_addr_t a, phys_addr_t b) { // %#010Lx: "[mem 0x7fdf0380-0x7fdf2fff]"
  std::string s = "[mem 0x";
  append_hex(s, a.v, 8);
  s += "-0x";
  append_hex(s, b.v - 1, 8);
  return s += ']';
}

void alloc_distance(System &s, Trace *t) {
  const u64 bytes = s.config.max_numnodes * s.config.max_numnodes, align = s.arch->page_size();
  Call call(t, "memblock_alloc_try_nid", "numa_init", {bytes, align, field(no_node), 0, 0});
  const phys_addr_t at = s.memblock.alloc_try_nid(t, {.size = bytes, .align = align});
  call.result(at.v);
  s.set(t, vm_field::numa_distance_cnt, s.config.max_numnodes);
  s.set(t, vm_field::numa_distance_addr, at.v);
}

void free_distance(System &s, Trace *t) {
  Call call(t, "numa_free_distance", "numa_init");
  const u64 bytes = s.config.max_numnodes * s.config.max_numnodes;
  if (const u64 at = s.get(vm_field::numa_distance_addr); at != 0) s.memblock.phys_free(t, phys_addr_t{at}, bytes);
  s.set(t, vm_field::numa_distance_cnt, 0);
  s.set(t, vm_field::numa_distance_addr, 0);
}

// Every kernel makes it, or only one that is told distances.
bool has_table(const System &s) { return !s.era->numa_memblks || !s.numa.distance.empty(); }

// Every piece of RAM has a node; else the device tree's word is not taken.
bool covers_memory(const System &s) {
  for (const memblock_region &r : s.memblock.memory.regions)
    if (r.nid == no_node) return false;
  return true;
}

void setup_node_data(System &s, Trace *t, i32 nid) {
  const u64 bytes = round_up(s.config.sizeof_pgdat, s.arch->cache_line);
  Call call(t, "setup_node_data", "numa_register_nodes", {field(nid), bytes});
  const phys_addr_t at = s.memblock.alloc_range_nid(t, {.size = bytes, .align = s.arch->cache_line, .nid = nid});
  call.result(at.v);
  const std::string range = range10(at, at + bytes);
  if (at.v != 0)
    s.print(t, s.era->numa_memblks ? concat("NODE_DATA(", nid, ") allocated ", range) : "NUMA: NODE_DATA " + range);
  s.pages.init_node(t, nid, pfn_t{0}, 0, 0, at);
  s.pages.set_node(t, nid, node_field::online, 1);
}

} // namespace

[[gnu::noinline]] void arch_numa_init(System &s, Trace *t) {
  Call call(t, "arch_numa_init", "bootmem_init");
  if (has_table(s)) alloc_distance(s, t);
  const auto set_nodes = [&] {
    for (const memblock_list list : {memblock_list::memory, memblock_list::reserved})
      for (const numa_memblk &b : s.numa.blocks)
        if (list == memblock_list::memory || s.era->numa_memblks)
          s.memblock.set_node(t, b.start, b.end - b.start, list, b.nid);
  };
  const bool off = s.params.numa_off;
  if (!off) set_nodes();
  if (off || s.numa.blocks.empty() || !covers_memory(s)) {
    if (has_table(s)) free_distance(s, t);
    s.print(t, off ? "NUMA: NUMA disabled" : "NUMA: No NUMA configuration found");
    const phys_addr_t start = s.memblock.start_of_dram(), end = s.memblock.end_of_dram();
    if (!s.era->numa_memblks) alloc_distance(s, t);
    std::string line = "NUMA: Faking a node at [mem 0x";
    append_hex(line, start.v, 16);
    line += "-0x";
    append_hex(line, end.v - 1, 16);
    s.print(t, line + "]");
    s.reset_numa(t);
    s.add_numa_memblk(t, 0, start, end - start, false);
    u64 cpus = 0;
    for (std::size_t n = 0; n < s.numa.cpus.size(); ++n) {
      cpus += s.numa.cpus[n];
      if (n != 0 && s.numa.cpus[n] != 0) s.set_node_cpus(t, static_cast<i32>(n), 0);
    }
    if (cpus != 0) s.set_node_cpus(t, 0, cpus);
    set_nodes();
  }
  std::set<i32> nodes;
  for (const numa_memblk &b : s.numa.blocks) nodes.insert(b.nid);
  for (const i32 nid : nodes) setup_node_data(s, t, nid);
}

} // namespace mmscope
