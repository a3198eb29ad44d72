// boot_model: the boot as a list of calls. Builds what the kernel would ask for
// on a machine, by the kernel's formulas: nothing here comes from one log.
//
//   firmware, early reserves ─► e820 ─► direct map's page tables ─► log buffer, ACPI tables
//   ─► numa ─► sparse ─► zones ─► small arrays ─► per-CPU chunk ─► zonelists ─► hash tables
//   ─► swiotlb ─► handoff ─► page_alloc_init_late ─► watermarks ─► freed init memory
//
// While it writes the list it plays it on a machine of its own, because later
// requests depend on earlier results (where the probe for the direct map landed,
// how many pages the hash tables may count on).
//
// make_script() of lab/presets.hpp is the way in. The parts below are here to be
// tested on their own.
#pragma once
#include "base/types.hpp"
#include "desc/config.hpp"
#include "lab/presets.hpp"

#include <functional>
#include <string_view>
#include <vector>

namespace mmscope {

// A half-open range of RAM, bytes, whole pages.
struct RamRange {
  phys_addr_t base, end;
};

// The page tables of the direct map as init_mem_mapping builds them (arch/x86/mm/init.c, init_64.c): only what is
// needed to know when a page for a table is wanted, and between which addresses.
class DirectMap {
public:
  struct Setup {
    std::vector<RamRange> ram; // memblock.memory, ascending
    phys_addr_t max_addr;      // max_pfn
    bool gbpages = false;
    phys_addr_t brk_tables;  // where the pages from the brk begin …
    u64 brk_table_pages = 0; // … and how many there are
    phys_addr_t kernel_end;  // _end: bottom-up mapping begins here
    // memblock_phys_alloc_range(4096, 4096, from, max) by alloc_low_pages.
    std::function<void(phys_addr_t from, phys_addr_t max)> alloc_page;
  };
  explicit DirectMap(Setup setup) : s_(std::move(setup)) {}

  // The ISA range, which is always mapped.
  void map_isa();
  // From `real_end` (end of the 2 MiB that the probe found) down to 1 MiB, then what is above it.
  void map_top_down(phys_addr_t real_end);
  void map_bottom_up();
  phys_addr_t max_mapped() const { return phys_addr_t{max_mapped_}; }
  u64 brk_pages_used() const { return brk_used_; }
  u64 tables() const { return tables_; } // pages for tables in all, the brk's included

private:
  struct Piece {
    u64 start, end;  // bytes
    bool huge, giga; // may use 2 MiB, 1 GiB pages
  };
  enum class Entry : u8 { none, table, page };
  struct Gigabyte { // a PUD entry and, with a table, its 512 PMD entries
    Entry entry = Entry::none;
    std::vector<Entry> pmd;
  };

  bool is_ram(u64 start, u64 end) const;
  std::vector<Piece> split(u64 start, u64 end) const;
  void map_range(u64 start, u64 end); // init_memory_mapping
  u64 map_ram(u64 start, u64 end);    // init_range_memory_mapping: bytes of RAM mapped
  u64 map_piece(const Piece &p);      // kernel_physical_mapping_init: last address mapped
  u64 map_pmds(Gigabyte &g, u64 start, u64 end, bool huge);
  void bottom_up(u64 start, u64 end);
  void want_page();

  Setup s_;
  std::vector<bool> pgd_;
  std::vector<Gigabyte> gigabytes_;
  u64 min_mapped_ = 0, max_mapped_ = 0; // bytes
  u64 brk_used_ = 0, tables_ = 0;
  bool can_use_brk_ = true;
};

// alloc_large_system_hash: bytes of a table whose buckets are a pointer each, one bucket for 2^scale bytes.
// `high_limit` 0 = no limit but a sixteenth of memory, and on large machines fewer buckets.
u64 large_hash_bytes(const Arch &arch, u64 nr_kernel_pages, u64 nr_all_pages, unsigned scale, u64 low_limit,
                     u64 high_limit);
// swiotlb: slots of 2 KiB and areas for so many CPUs.
struct SwiotlbSize {
  u64 slots, areas;
};
SwiotlbSize swiotlb_size(u64 cpus);
// The last log_buf_len that setup_log_buf(early) would use; 0 = the static buffer stays.
u64 wanted_log_buf(const KernelConfig &config, u64 log_buf_len_param, u64 cpus, bool early);
// Bytes that print_unknown_bootoptions asks for: parameters that go to user space, each after a space, and a NUL;
// 0 = there are none.
u64 unknown_options_bytes(const KernelConfig &config, std::string_view command_line);
// Page-table pages for the CPUs' entry areas (spp_getpage).
u64 entry_area_tables(u64 cpus, bool intel);
// The same of 32-bit x86: those that are not in the brk. `max_mapped`: where the direct map ends, bytes.
u64 late_x86_tables(const Arch &arch, const KernelConfig &config, u64 max_mapped);

} // namespace mmscope
