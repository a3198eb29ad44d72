#include "desc/config.hpp"

#include <algorithm>

namespace mmscope {

namespace {

constexpr u64 KiB = 1024;

constexpr KernelConfig debian_6_1_amd64{
    .flavour = "-amd64",
    .era_major = 6,
    .era_minor = 1,
    .sizeof_page = 64,
    .sizeof_mem_section = 32,
    .sizeof_section_usage = 56,
    .sizeof_pgdat = 174208,
    .max_order = 10,
    .pageblock_order = 9,
    .max_numnodes = 1024,
    .deferred_struct_pages = true,
    .thp = true,
    .numa = true,
    .image_base = 0x1000000,
    .image_end = 0x4400000,
    .brk_size = 0x11000,
    .text_kb = 14343,
    .rwdata_kb = 2338,
    .rodata_kb = 9116,
    .init_kb = 2820,
    .bss_kb = 17356,
    .percpu_static = 217088,
    .percpu_reserved = 8 * KiB,
    .percpu_dynamic = 28 * KiB,
    .nr_cpus_max = 8192,
    .log_buf_shift = 17,
    .log_cpu_max_buf_shift = 12,
    .sizeof_prb_desc = 24,
    .sizeof_printk_info = 88,
    .sizeof_pcpu_chunk = 136,
    .sizeof_io_tlb_slot = 24,
    .sizeof_io_tlb_area = 16,
    .sizeof_resource = 64,
    .sizeof_firmware_map_entry = 104,
    .sizeof_nosave_region = 32,
    .trampoline_bytes = 28 * KiB,
    .brk_pgt_bytes = 16 * 4096, // five levels (INIT_PGD_PAGE_TABLES 4) and KASLR of memory
    .numa_emulation = true,
    .debug_memory_init = true,
    .smp_locks = {0x3303000, 36 * KiB},
    .decrypted_unused = {0x4203000, 2036 * KiB},
    .initmem = {0x3042000, 2820 * KiB},
    .text_gap = {0x1e02000, 2040 * KiB},
    .rodata_gap = {0x28e7000, 1124 * KiB},
    .source = "Debian 6.1.176-1 amd64: its config and BTF; image layout, request and freed sizes as "
              "its boots print them (6.1.0-50-amd64)",
};

// The cloud build differs from amd64 in what it leaves out.
constexpr KernelConfig cloud_of(KernelConfig c) {
  c.flavour = "-cloud-amd64";
  c.sizeof_mem_section = 16; // no PAGE_EXTENSION
  c.image_end = 0x3800000;
  c.text_kb = 14343;
  c.rwdata_kb = 2327;
  c.rodata_kb = 8332;
  c.init_kb = 2600;
  c.bss_kb = 5456;
  c.percpu_static = 212992;
  c.numa_emulation = false;
  c.debug_memory_init = false;
  c.smp_locks = {0x32a2000, 36 * KiB};
  c.decrypted_unused = {0x3603000, 2036 * KiB};
  c.initmem = {0x3018000, 2600 * KiB};
  c.text_gap = {0x1e02000, 2040 * KiB};
  c.rodata_gap = {0x2823000, 1908 * KiB};
  c.source = "Debian 6.1.176-1 cloud-amd64: its config; image layout, request and freed sizes as "
             "its boots print them (6.1.0-50-cloud-amd64); structure sizes not seen in a log as amd64";
  return c;
}

constexpr KernelConfig configs[] = {
    debian_6_1_amd64,
    cloud_of(debian_6_1_amd64),
};

constexpr u64 page = 4096;

constexpr bool inside(const KernelConfig &c, const ImagePart &p) {
  return p.base % page == 0 && p.size % page == 0 && p.base >= c.image_base && p.base + p.size <= c.image_end;
}
constexpr bool consistent(const KernelConfig &c) {
  const auto power = [](u64 x) { return x != 0 && (x & (x - 1)) == 0; };
  return c.image_base < c.image_end && c.image_base % page == 0 && c.image_end % page == 0 && c.brk_size % page == 0 &&
         c.brk_pgt_bytes <= c.brk_size && power(c.sizeof_mem_section) && c.sizeof_page == 64 &&
         c.pageblock_order <= c.max_order && power(c.max_numnodes) &&
         // the first chunk fills whole pages
         (c.percpu_static + c.percpu_reserved + c.percpu_dynamic) % page == 0 && c.init_kb * KiB == c.initmem.size &&
         inside(c, c.smp_locks) && inside(c, c.decrypted_unused) && inside(c, c.initmem) && inside(c, c.text_gap) &&
         inside(c, c.rodata_gap) && c.initmem.base + c.initmem.size == c.smp_locks.base;
}
static_assert(std::all_of(std::begin(configs), std::end(configs), consistent));

bool is_digit(char ch) { return ch >= '0' && ch <= '9'; }

// "6.1.0-50" of "6.1.0-50-amd64": MAJOR.MINOR.PATCH-ABI, the way Debian numbers its builds.
bool take_number(std::string_view &s, unsigned &out) {
  std::size_t n = 0;
  unsigned value = 0;
  while (n < s.size() && n < 6 && is_digit(s[n])) value = value * 10 + static_cast<unsigned>(s[n++] - '0');
  if (n == 0 || (n < s.size() && is_digit(s[n]))) return false;
  s.remove_prefix(n);
  out = value;
  return true;
}
bool take(std::string_view &s, char ch) {
  if (s.empty() || s.front() != ch) return false;
  s.remove_prefix(1);
  return true;
}

} // namespace

std::span<const KernelConfig> all_configs() { return configs; }

const KernelConfig *find_config(std::string_view release) {
  unsigned major = 0, minor = 0, patch = 0, abi = 0;
  std::string_view rest = release;
  if (!take_number(rest, major) || !take(rest, '.') || !take_number(rest, minor) || !take(rest, '.') ||
      !take_number(rest, patch) || patch != 0 || !take(rest, '-') || !take_number(rest, abi))
    return nullptr;
  for (const KernelConfig &c : configs)
    if (c.era_major == major && c.era_minor == minor && c.flavour == rest) return &c;
  return nullptr;
}

} // namespace mmscope
