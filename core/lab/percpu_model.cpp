#include "lab/percpu_model.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <bit>

namespace mmscope {

namespace {

constexpr u64 min_unit_bytes = 32 << 10;    // PCPU_MIN_UNIT_SIZE
constexpr u64 min_dynamic_bytes = 12 << 10; // PERCPU_DYNAMIC_EARLY_SIZE
constexpr u64 min_alloc_bytes = 4;          // PCPU_MIN_ALLOC_SIZE: what one bit of a map stands for
constexpr u64 alloc_info_words = 8;         // struct pcpu_alloc_info without its groups
constexpr u64 group_info_words = 3;         // struct pcpu_group_info
constexpr u64 sizeof_block_md = 32;         // struct pcpu_block_md
constexpr unsigned slot_base_shift = 5;     // PCPU_SLOT_BASE_SHIFT

u64 longs_for_bits(u64 bits, unsigned word) { return div_round_up(bits, u64{8} * word) * word; }

// __pcpu_size_to_slot
u64 slot_of(u64 bytes) {
  const int s = static_cast<int>(std::bit_width(bytes)) - static_cast<int>(slot_base_shift) + 2;
  return static_cast<u64>(std::max(s, 1));
}

} // namespace

PercpuLayout percpu_layout(const KernelConfig &config, const Arch &arch, std::span<const i32> node_of_cpu) {
  MM_CHECK(!node_of_cpu.empty());
  const u64 page = arch.page_size();
  const u64 possible = node_of_cpu.size();
  PercpuLayout out;
  out.atom_bytes = arch.word == 8 ? u64{1} << arch.pmd_shift : page;
  out.used_bytes = round_up(
      config.percpu_static + config.percpu_reserved + std::max(config.percpu_dynamic, min_dynamic_bytes), page);

  // Groups: CPUs of one node, in the order in which their first CPU comes.
  for (const i32 nid : node_of_cpu) {
    auto it = std::find_if(out.groups.begin(), out.groups.end(), [nid](const PercpuGroup &g) { return g.nid == nid; });
    if (it == out.groups.end()) it = out.groups.insert(it, {nid, 0, 0});
    ++it->cpus;
  }

  // Units per allocation: as many as fit, then fewer while that wastes no more than a third of the CPUs and takes no
  // more allocations.
  const u64 min_unit = std::max(out.used_bytes, min_unit_bytes);
  const u64 alloc = round_up_any(min_unit, out.atom_bytes);
  const auto divides = [&](u64 units) { return alloc % units == 0 && (alloc / units) % page == 0; };
  u64 most = alloc / min_unit;
  while (!divides(most)) --most;
  u64 best = 0, last_allocs = ~u64{0};
  for (u64 units = most; units != 0; --units) {
    if (!divides(units)) continue;
    u64 allocs = 0, wasted = 0;
    for (const PercpuGroup &g : out.groups) {
      const u64 n = div_round_up(g.cpus, units);
      allocs += n;
      wasted += n * units - g.cpus;
    }
    if (wasted > possible / 3) continue;
    if (allocs > last_allocs) break;
    last_allocs = allocs;
    best = units;
  }
  MM_CHECK(best != 0); // one unit an allocation wastes nothing

  out.unit_bytes = alloc / best;
  u64 units = 0;
  for (PercpuGroup &g : out.groups) {
    g.units = round_up_any(g.cpus, best);
    units += g.units;
  }
  const u64 groups = out.groups.size();
  out.info_bytes = round_up((alloc_info_words + groups * group_info_words) * arch.word + units * 4, page);
  out.areas_bytes = round_up(groups * arch.word, page);
  out.slots_bytes =
      (slot_of(out.unit_bytes) + config.pcpu_extra_slots) * config.pcpu_chunk_types * 2 * arch.word; // a list_head each
  return out;
}

PercpuChunk percpu_chunk(const KernelConfig &config, const Arch &arch, u64 region_bytes) {
  const u64 page = arch.page_size();
  const unsigned word = arch.word;
  const u64 pages = div_round_up(region_bytes, page);
  const u64 bits = pages * page / min_alloc_bytes;
  return {config.sizeof_pcpu_chunk + longs_for_bits(pages, word), longs_for_bits(bits, word),
          longs_for_bits(bits + 1, word), pages * sizeof_block_md};
}

} // namespace mmscope
