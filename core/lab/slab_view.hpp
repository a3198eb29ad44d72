// slab_view: a cache's slabs in the order in which an allocation would look for one, and a slab's free objects in the order
// in which they would be handed out. For views; it asks the slab allocator and keeps nothing.
//
//   for (const SlabRow &r : slab_rows(slub, id)) r.where, r.cpu, slub.slab(r.slab).inuse
//   for (u16 object : free_order(slub, index)) …          // the CPU's freelist first, then what came back to the slab
#pragma once
#include "mm/slub.hpp"

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace mmscope {

enum class SlabWhere : u8 { cpu, cpu_partial, node_partial, full, isolated };
std::string_view slab_where_name(SlabWhere w); // "CPU slab", "CPU partial", "node partial", "full", "isolated"

struct SlabRow {
  u32 slab = 0; // Slub::slab()
  SlabWhere where{};
  u32 cpu = 0; // of the first two
};

// CPUs' slabs with their partial ones, nodes' partial lists from the head, then the full ones by address.
std::vector<SlabRow> slab_rows(const Slub &slub, cache_id id);
std::vector<u16> free_order(const Slub &slub, u32 slab);
// The cache, slab (first page) and object that such events were about last.
struct SlabStep {
  std::optional<cache_id> cache;
  std::optional<u64> pfn;
  std::optional<u16> object;
};
SlabStep slab_step(std::span<const Event> events);

} // namespace mmscope
