#include "lab/owners.hpp"

#include <iterator>

namespace mmscope {
namespace {

struct Row {
  std::string_view caller;   // the kernel function that asked; "*" at the end: any that begins so
  std::string_view function; // what it called; "" = whatever it was
  OwnerKind kind;
  std::string_view label;
};

// Callers in Linux. The first row that fits counts.
// clang-format off
constexpr Row rows[] = {
    {"sparse_init_nid", "memblock_alloc_exact_nid_raw", OwnerKind::mem_map, "mem_map"},
    {"sparse_buffer_init", "", OwnerKind::mem_map, "mem_map"},
    {"sparse_init_nid", "", OwnerKind::mem_map, "section usage"},
    {"sparse_index_alloc", "", OwnerKind::mem_map, "section root"},
    {"sparse_init", "", OwnerKind::mem_map, "mem_section[]"},
    {"memory_present", "", OwnerKind::mem_map, "mem_section[]"},
    {"memblocks_present", "", OwnerKind::mem_map, "mem_section[]"},
    {"vmemmap_populate_hugepages", "", OwnerKind::mem_map, "mem_map"},
    {"vmemmap_*", "", OwnerKind::mem_map, "vmemmap page tables"},
    {"__earlyonly_bootmem_alloc", "", OwnerKind::mem_map, "vmemmap page tables"},
    {"usemap_*", "", OwnerKind::mem_map, "section usage"},
    {"alloc_node_mem_map", "", OwnerKind::mem_map, "mem_map"},
    {"node_alloc_mem_map", "", OwnerKind::mem_map, "mem_map"},
    {"pair_bitmap", "", OwnerKind::mem_map, "pair bitmaps"},
    {"zone_wait_table_init", "", OwnerKind::misc, "wait tables"},
    {"memmap_alloc", "", OwnerKind::mem_map, "mem_map"},
    {"free_area_init", "", OwnerKind::mem_map, "mem_map"},
    {"setup_usemap", "", OwnerKind::mem_map, "pageblock flags"},
    {"alloc_node_data", "", OwnerKind::misc, "NODE_DATA"},
    {"numa_*", "", OwnerKind::misc, "NODE_DATA"},
    {"setup_log_buf", "", OwnerKind::reserved, "log buffer"},
    {"pcpu_*", "", OwnerKind::reserved, "per-CPU"},
    {"alloc_large_system_hash", "", OwnerKind::reserved, "hash tables"},
    {"reserve_real_mode", "", OwnerKind::misc, "real-mode trampoline"},
    {"reserve_crashkernel", "", OwnerKind::reserved, "crash kernel"},
    {"smp_scan_config", "", OwnerKind::misc, "MP table"},
    {"acpi_*", "", OwnerKind::misc, "ACPI tables"},
    {"firmware_map_*", "", OwnerKind::misc, "firmware map"},
    {"e820_*", "", OwnerKind::misc, "firmware map"},
    {"register_nosave_region", "", OwnerKind::misc, "nosave regions"},
    {"io_apic_*", "", OwnerKind::misc, "I/O APIC"},
    {"start_kernel", "", OwnerKind::misc, "command line copies"},
    {"alloc_bootmem_huge_page", "", OwnerKind::reserved, "huge pages"},
    {"memblock_double_array", "", OwnerKind::misc, "memblock's own array"},
    {"swiotlb_*", "", OwnerKind::reserved, "swiotlb"},
    {"init_mem_mapping", "", OwnerKind::misc, "page tables"},
    {"alloc_low_pages", "", OwnerKind::misc, "page tables"},
};
// clang-format on

bool fits(std::string_view pattern, std::string_view name) {
  if (pattern.ends_with('*')) return name.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == name;
}

bool has_word(std::string_view text, std::string_view word) { return text.find(word) != std::string_view::npos; }

/// By the words that the importer and the boot model use.
OwnerKind kind_of_words(std::string_view said) {
  constexpr std::string_view kernel[] = {"kernel image", "kernel text", "kernel data", "brk"};
  constexpr std::string_view map[] = {"mem_map", "mem_section", "section", "vmemmap", "usage"};
  constexpr std::string_view misc[] = {"initrd", "node data", "NODE_DATA", "first ", "low ",
                                       "BIOS",   "real-mode", "MP table",  "ACPI"};
  const auto any = [&](const auto &words) {
    for (const std::string_view word : words)
      if (has_word(said, word)) return true;
    return false;
  };
  if (any(kernel)) return OwnerKind::kernel;
  if (any(map)) return OwnerKind::mem_map;
  if (any(misc)) return OwnerKind::misc;
  return OwnerKind::reserved;
}

} // namespace

Owner owner_of(std::string_view function, std::string_view caller, std::string_view said) {
  const std::string_view name = caller.substr(0, caller.find_first_of("+. "));
  if (!said.empty()) {
    for (const Row &row : rows)
      if (fits(row.caller, name) && row.label == said) return {row.kind, std::string(said)};
    return {kind_of_words(said), std::string(said)};
  }
  for (const Row &row : rows)
    if (fits(row.caller, name) && (row.function.empty() || row.function == function))
      return {row.kind, std::string(row.label)};
  return {OwnerKind::reserved, std::string(name.empty() ? std::string_view("unknown") : name)};
}

void OwnerMap::set(u64 base, u64 end, u32 owner) {
  if (base >= end) return;
  auto it = held_.lower_bound(base);
  if (it != held_.begin()) {
    const auto before = std::prev(it);
    const Held old = before->second;
    if (old.end > base) {
      before->second.end = base;
      if (old.end > end) it = held_.emplace(end, old).first;
    }
  }
  while (it != held_.end() && it->first < end) {
    const Held old = it->second;
    it = held_.erase(it);
    if (old.end > end) it = held_.emplace(end, old).first;
  }
  if (owner != nobody) held_[base] = {end, owner};
}

u32 OwnerMap::at(u64 address) const {
  auto it = held_.upper_bound(address);
  if (it == held_.begin()) return nobody;
  --it;
  return address < it->second.end ? it->second.owner : nobody;
}

} // namespace mmscope
