// BootParams: the kernel command line, as far as physical memory cares.
//
//   BootParams p = parse_boot_params("mem=900M movablecore=512M transparent_hugepage=never", 12);
//   p.mem_limit;      // 943718400
//
// Parsing follows the kernel: a later parameter overrides or adds as there, an
// unreadable value is ignored and named in `ignored`.
#pragma once
#include "base/types.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mmscope {

enum class MemmapKind : u8 { usable, reserved, acpi, persistent, remove };
struct MemmapParam { // memmap=SIZE@BASE ($ reserved, # ACPI data, ! persistent, %…)
  MemmapKind kind;
  phys_addr_t base;
  u64 size; // bytes
  friend bool operator==(const MemmapParam &, const MemmapParam &) = default;
};
struct HugepagesParam { // hugepagesz=SIZE hugepages=N (in pairs; size 0 = default size)
  u64 size;             // bytes
  u64 count;            // pages of that size
  friend bool operator==(const HugepagesParam &, const HugepagesParam &) = default;
};
// kernelcore= / movablecore=: an amount in pages or a percentage of all pages.
struct CoreParam {
  u64 pages = 0;
  u64 percent = 0;
  friend bool operator==(const CoreParam &, const CoreParam &) = default;
};

struct CmaParam { // cma=SIZE[@BASE[-LIMIT]], bytes
  bool given = false;
  u64 size = 0, base = 0, limit = 0;
  friend bool operator==(const CmaParam &, const CmaParam &) = default;
};

struct BootParams {
  std::string text;      // the whole line
  u64 mem_limit = 0;     // mem=, bytes; 0 = none
  bool exactmap = false; // memmap=exactmap
  std::vector<MemmapParam> memmap;
  CoreParam kernelcore, movablecore;
  bool kernelcore_mirror = false;
  bool movable_node = false;
  CmaParam cma;
  bool node_cma_given = false; // numa_cma= or cma_pernuma=, whose areas are not modelled
  std::string numa_fake;       // text after numa=fake=
  bool numa_off = false;
  bool thp_never = false, thp_given = false;
  std::vector<HugepagesParam> hugepages;
  u64 log_buf_len = 0;                 // bytes
  std::optional<u64> vmalloc, highmem; // bytes; 32 bits only
  u64 min_free_kbytes = 0;             // sysctl.vm.*, 0 = not given
  u64 watermark_scale_factor = 0;
  std::vector<std::string> ignored; // memory parameters that could not be read
  friend bool operator==(const BootParams &, const BootParams &) = default;
};

// `page_shift` turns byte amounts of kernelcore= and movablecore= into pages.
BootParams parse_boot_params(std::string_view line, unsigned page_shift);

} // namespace mmscope
