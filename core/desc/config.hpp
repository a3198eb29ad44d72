// KernelConfig: what a *build* fixes: options, structure sizes, image layout.
// Looked up by kernel release ("6.1.0-50-amd64"), else inferred from a log and
// listed as assumed.
#pragma once
#include "base/types.hpp"
#include "desc/era.hpp"

#include <string_view>
#include <vector>

namespace mmscope {

// How a page frame number becomes a struct page (include/asm-generic/memory_model.h).
enum class MemoryModel : u8 {
  flatmem,   // one array for all frames
  sparsemem, // an array a section
  vmemmap,   // an array a section, side by side in the kernel's addresses
};

// What 32-bit x86 keeps at the top of its addresses: decides where vmalloc ends, and with it low memory.
struct FixedAreas {
  u64 fixmap_pages = 0;         // permanent fixed mappings, those of kmap left out
  u64 kmap_slots = 0;           // a CPU: KM_MAX_IDX (KM_TYPE_NR up to 5.10)
  u64 cpu_entry_area_pages = 0; // a CPU
};

// A part of the kernel image that goes back to the page allocator late in the boot; page aligned, half-open.
struct ImagePart {
  u64 base = 0; // physical, without KASLR; bytes
  u64 size = 0; // bytes; 0 = the build has none
  friend bool operator==(const ImagePart &, const ImagePart &) = default;
};

// Where kernel addresses of physical memory lie, when the build decides it; zeros: as the architecture's row says.
struct KernelMap {
  u64 base = 0, vmemmap = 0; // virtual addresses, of memstart_addr and its struct page
  unsigned bits = 0;         // log2 of what the direct map can hold
  u64 lowered = 0;           // bytes that memstart_addr goes down on a CPU with fewer address bits than the build has
};

struct KernelConfig {
  std::string_view flavour; // suffix of the release this row serves: "-amd64", "-cloud-amd64"
  std::string_view arch;    // name of its Arch
  unsigned era_major, era_minor, era_patch = 0;
  unsigned debian = 0;      // how the release is written: "6.1.0-50-amd64" (0), or "6.12.107+deb13-amd64" (13)
  u64 sizeof_page;          // struct page
  u64 sizeof_mem_section;   // 16, or 32 with PAGE_EXTENSION
  u64 sizeof_section_usage; // struct mem_section_usage with its pageblock flags
  u64 sizeof_pgdat;         // pg_data_t; NODE_DATA rounds it up to pages
  unsigned max_order;       // the largest order
  unsigned pageblock_order;
  u64 max_numnodes;
  bool deferred_struct_pages; // CONFIG_DEFERRED_STRUCT_PAGE_INIT
  bool thp;                   // TRANSPARENT_HUGEPAGE built in and not `never` by default
  bool numa;
  bool cma = false;  // CONFIG_CMA: one migratetype more
  u64 cma_bytes = 0; // CONFIG_CMA_SIZE_MBYTES: the default area
  MemoryModel memory_model;
  bool sparse_extreme = true;   // SPARSEMEM_EXTREME: roots of sections are allocated, not static
  bool memory_hotremove = true; // CONFIG_MEMORY_HOTREMOVE
  bool zone_device = true;      // CONFIG_ZONE_DEVICE: without it the zone has no line in "Zone ranges"
  u64 cache_line = 0;           // SMP_CACHE_BYTES; 0 = the architecture's
  u64 image_base, image_end;    // [_text, __end_of_kernel_reserve): reserved before anything else, without KASLR
  u64 brk_size;                 // bytes reserved behind it
  u64 text_kb, rwdata_kb, rodata_kb, init_kb, bss_kb; // as the "Memory:" line prints them
  u64 percpu_static, percpu_reserved, percpu_dynamic; // bytes of the first chunk
  u64 nr_cpus_max;                                    // CONFIG_NR_CPUS
  bool cpumask_offstack;                              // CONFIG_CPUMASK_OFFSTACK: masks of CPUs are allocated
  unsigned log_buf_shift, log_cpu_max_buf_shift;      // CONFIG_LOG_BUF_SHIFT, CONFIG_LOG_CPU_MAX_BUF_SHIFT
  u64 sizeof_prb_desc, sizeof_printk_info;            // of printk's ring buffer, one each a record
  u64 sizeof_pcpu_chunk;                              // struct pcpu_chunk without populated[]
  u64 sizeof_io_tlb_slot, sizeof_io_tlb_area;         // swiotlb; 0 = not built, or without areas
  u64 sizeof_io_tlb_list = 0;                         // a table of its own beside the slots' (up to 5.13)
  u64 pcpu_chunk_types = 1;       // chunks with memory counted by a cgroup had lists of their own (up to 5.13)
  u64 pcpu_extra_slots = 4;       // lists beside those by size: the last of these, sidelined, free, to-depopulate
  u64 boot_cpumasks = 4;          // masks of CPUs that are allocated at boot, besides one a node
  u64 sizeof_wait_queue_head = 0; // where zones have tables of them (2.4, 2.6)
  u64 sizeof_resource, sizeof_firmware_map_entry, sizeof_nosave_region;
  u64 trampoline_bytes;   // real mode blob, below 1 MiB
  u64 brk_pgt_bytes;      // INIT_PGT_BUF_SIZE: page tables that come out of the brk first
  bool numa_emulation;    // CONFIG_NUMA_EMU
  bool debug_memory_init; // CONFIG_DEBUG_MEMORY_INIT: mminit_loglevel= is a parameter
  FixedAreas fixed_areas; // 32-bit x86 only
  // Freed late, in this order (init memory of the initrd comes after the first).
  ImagePart smp_locks, decrypted_unused, initmem, text_gap, rodata_gap;
  KernelMap direct_map = {};
  // Who asks for mem_map and vmemmap's tables, as far as the compiler left these functions standing.
  std::string_view map_caller = "sparse_init_nid", table_caller = "vmemmap_alloc_block_zero";
  std::string_view source;
};

// Was the row's build made of a kernel that the era's own version names?
bool is_of(const KernelConfig &config, const Era &era);

// The row for a release string, or null.
const KernelConfig *find_config(std::string_view release);
std::vector<const KernelConfig *> all_configs();

} // namespace mmscope
