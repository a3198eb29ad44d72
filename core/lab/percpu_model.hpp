// percpu_model: how the first chunk of per-CPU data is laid out
// (mm/percpu.c pcpu_build_alloc_info and pcpu_embed_first_chunk, v6.1).
//
// CPUs of one node form a group; each group is one block of memory on its node,
// a multiple of 2 MiB (in 32 bits: of a page), cut into units. A unit holds one CPU's data at its start,
// the rest of it goes back to memblock:
//
//   group 0  |data....      |data....      |data....      |(no CPU)      |
//             unit 0  freed  unit 1  freed  unit 2  freed  freed whole
#pragma once
#include "base/types.hpp"
#include "desc/arch.hpp"
#include "desc/config.hpp"

#include <span>
#include <vector>

namespace mmscope {

struct PercpuGroup {
  i32 nid = 0; // node of the group's first CPU
  u64 cpus = 0;
  u64 units = 0; // at least `cpus`
};
struct PercpuLayout {
  u64 used_bytes = 0; // of each unit: static + reserved + dynamic
  u64 unit_bytes = 0;
  u64 atom_bytes = 0;              // alignment of a group's block
  std::vector<PercpuGroup> groups; // in order of their first CPU
  u64 info_bytes = 0;              // struct pcpu_alloc_info, whole pages
  u64 areas_bytes = 0;             // the array of group addresses, whole pages
  u64 slots_bytes = 0;             // pcpu_chunk_lists
};
// The node of every possible CPU, by CPU number; at least one.
PercpuLayout percpu_layout(const KernelConfig &config, const Arch &arch, std::span<const i32> node_of_cpu);

// The four arrays of one chunk that serves `region_bytes` of the first chunk.
struct PercpuChunk {
  u64 chunk_bytes, alloc_map_bytes, bound_map_bytes, blocks_bytes;
};
PercpuChunk percpu_chunk(const KernelConfig &config, const Arch &arch, u64 region_bytes);

} // namespace mmscope
