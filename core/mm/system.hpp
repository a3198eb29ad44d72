// System: a whole machine's physical memory, as one value: rows that describe
// it (architecture, era, build, command line) and everything the kernel has made
// of it so far. Copy it and there are two machines.
//
//   firmware ─► e820 ─► memblock ─► numa ─► sparse ─► nodes/zones/mem_map ─► free lists ─► slabs
//
//   System s = make_system({...});
//   e820__memblock_setup(s, trace);      // mm/boot.hpp: the boot, in order
//   s.digest();
#pragma once
#include "base/cow.hpp"
#include "desc/arch.hpp"
#include "desc/config.hpp"
#include "desc/era.hpp"
#include "mm/boot_params.hpp"
#include "mm/bootmem.hpp"
#include "mm/e820.hpp"
#include "mm/memblock.hpp"
#include "mm/page_alloc.hpp"
#include "mm/pair_buddy.hpp"
#include "mm/slub.hpp"
#include "mm/sparse.hpp"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace mmscope {

// System-wide numbers; the `which` of lab_vm_set.
enum class vm_field : u8 {
  max_pfn,         // one past the last page of RAM
  max_low_pfn,     // likewise, of what the kernel maps at all times
  nr_kernel_pages, // estimate that sizes hash tables
  nr_all_pages,
  dma_reserve,  // pages below 16 MiB that are not free (zone DMA's estimate leaves them out)
  total_pages,  // vm_total_pages: "Total pages" of the zonelist line
  mobility_off, // page_group_by_mobility_disabled
  policy_zone,
  movable_zone, // zone that ZONE_MOVABLE is carved from
  totalram_pages,
  physpages, // get_num_physpages
  min_free_kbytes,
  user_min_free_kbytes, // + 1; 0 = the user gave none
  watermark_scale_factor,
  total_reserve_pages,
  nr_cpus,
  nr_online_nodes,
  numa_distance_cnt,  // the distance table covers node ids below this
  numa_distance_addr, // where it lies
  vmalloc_tables,     // pages taken for top-level page tables after the handoff
  memstart_addr,      // physical address that the direct map begins with (arm64)
  cma_base,           // the default CMA area: its address
  totalcma_pages,     // … and its pages
  count_
};

struct numa_memblk {
  i32 nid = no_node;
  phys_addr_t start, end; // half-open, bytes
  bool hotplug = false;   // the firmware says it may be unplugged
  friend bool operator==(const numa_memblk &, const numa_memblk &) = default;
};
struct NumaInfo {
  std::vector<numa_memblk> blocks;       // numa_meminfo, in the firmware's order until numa_init sorts it out
  std::vector<std::vector<u8>> distance; // [from][to]; empty = 10 / 20
  std::vector<u64> cpus;                 // CPUs of each node
  u8 distance_of(i32 from, i32 to) const;
  friend bool operator==(const NumaInfo &, const NumaInfo &) = default;
};

enum class Phase : u8 { none, memblock, numa, sparse, zones, zonelists, handoff, slab, deferred, done };
inline constexpr unsigned phase_count = 10;
std::string_view phase_name(Phase p);  // "memblock" …; "" for none
Phase phase_of(std::string_view name); // none when unknown

struct OldSlabs;

struct System {
  const Arch *arch = nullptr; // rows are static: a pointer to one is a value
  const Era *era = nullptr;
  KernelConfig config;
  BootParams params;

  e820_table e820;
  struct memblock memblock;
  NumaInfo numa;
  SparseMem sparse;
  PageAlloc pages{BuddyRules{}};
  Slub slub;
  std::array<u64, static_cast<std::size_t>(vm_field::count_)> vm{};
  std::vector<std::string> lines; // kernel lines that the model printed, in order, without timestamps
  Phase phase = Phase::none;      // the phase of the last call
  // The allocators of 2.4 and 2.6, for who asks for them (mm/old_mem.hpp).
  std::optional<bootmem_data> bootmem;
  std::vector<PairZone> pair_zones;
  // 2.4: those are the machine's own zones. Elsewhere a script may make some beside it.
  bool on_pair_zones() const { return era->buddy_marks == BuddyMarks::pair_bits; }
  Cow<OldSlabs> old_slabs; // SLAB and SLOB, likewise (mm/old_slabs.hpp)

  u64 get(vm_field f) const { return vm[static_cast<std::size_t>(f)]; }
  void set(Trace *t, vm_field f, u64 value);
  void set_phase(Trace *t, Phase p);
  void print(Trace *t, std::string line); // a kernel line
  // NUMA facts from the firmware, before numa_init.
  void add_numa_memblk(Trace *t, i32 nid, phys_addr_t start, u64 size, bool hotplug);
  void reset_numa(Trace *t); // forgets the ranges; numa_init enters the cleaned-up ones
  void set_numa_distance(Trace *t, i32 from, i32 to, u64 distance);
  void clear_numa_distances(Trace *t);
  void set_node_cpus(Trace *t, i32 nid, u64 cpus);

  u64 digest() const;         // over every field of the state (not of the static rows)
  std::string verify() const; // first broken invariant in words, or ""
};

struct SystemSetup {
  const Arch *arch;
  const Era *era;
  KernelConfig config;
  std::string command_line;
};
System make_system(const SystemSetup &setup);

// Applies one state event of a call (see events.def) to the state before it; info events change nothing.
// `texts` is the trace that the event came from. Within a run of blocks (lab_free_list_add, count n) the first
// `part` are applied when part > 0, so that a handoff can be watched block by block.
void fold(System &s, const Event &e, const Trace &texts, u64 part = 0);

} // namespace mmscope
