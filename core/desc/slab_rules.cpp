#include "desc/slab_rules.hpp"

namespace mmscope {

namespace {

constexpr SlabRules rules_2_4_22{
    .name = "2.4.22",
    .source = "mm/slab.c (v2.4.22)",
    .kernels = {2, 4, 2, 4},
    .books = SlabBooks::chain,
    .head_bytes = 8, // inuse, free
    .off_limit = OffSlabLimit::general_cache,
    .half_line_is_enough = false,
    .books_fill_lines = true,
    .reclaimable_stays_small = false,
    .enough_order = {1, 2},
    .most_order = 5,
    .least_align = 0,
    .nodes = false,
    .array_limit = {0, 0, 60, 124, 252},
    .first_refill = 0,
    .flush_newest = true,
    .shared_factor = 0,
    .refill_touches_shared = false,
    .colour_steps_first = false,
    .new_slab_serves_first = false,
    .frees_then_destroys = false,
    .percpu_arrays = false,
    .lists_move_early = false,
    .full_arrays_at_once = false,
    .names = GeneralNames::size,
    .odd_sizes = false,
    .least_of_large_pages = 64,
    .largest = 131072,
    .general_naturally_aligned = false,
    .kmalloc_align = 0,
    .kmem_cache = {244, 432}, // with arrays for 32 CPUs
    .kmem_list = {0, 0},
    .array_cache = {8, 8},
};

constexpr SlabRules rules_2_6_24 = [] {
  SlabRules r = rules_2_4_22;
  r.name = "2.6.24";
  r.source = "mm/slab.c, include/linux/kmalloc_sizes.h (v2.6.24)";
  r.kernels = {2, 6, 2, 6};
  r.head_bytes = 10; // and the node
  r.off_limit = OffSlabLimit::own_object;
  r.half_line_is_enough = true;
  r.books_fill_lines = false;
  r.reclaimable_stays_small = true;
  r.enough_order = {0, 1};
  r.most_order = 0;
  r.nodes = true;
  r.array_limit = {1, 8, 24, 54, 120};
  r.first_refill = 16;
  r.flush_newest = false;
  r.shared_factor = 8;
  r.full_arrays_at_once = true;
  r.odd_sizes = true;
  r.largest = 0;
  r.kmalloc_align = 8;
  r.kmem_cache = {200, 360}; // with arrays for 32 CPUs
  r.kmem_list = {56, 104};
  r.array_cache = {20, 24};
  return r;
}();

constexpr SlabRules rules_4_9 = [] {
  SlabRules r = rules_2_6_24;
  r.name = "4.9";
  r.source = "mm/slab.c, mm/slab_common.c (v4.9)";
  r.kernels = {4, 6, 4, 19}; // from the first with lists in objects to the last with names in bytes
  r.books = SlabBooks::indexes;
  r.head_bytes = 0;
  r.least_align = 8;
  r.refill_touches_shared = true;
  r.colour_steps_first = true;
  r.new_slab_serves_first = true;
  r.frees_then_destroys = true;
  r.percpu_arrays = true;
  r.lists_move_early = true;
  r.full_arrays_at_once = false;
  r.names = GeneralNames::kmalloc_bytes;
  r.least_of_large_pages = 32;
  r.kmem_cache = {88, 120};
  r.kmem_list = {60, 112};
  r.array_cache = {16, 16};
  return r;
}();

constexpr SlabRules rules_5_15 = [] {
  SlabRules r = rules_4_9;
  r.name = "5.15";
  r.source = "mm/slab.c, mm/slab_common.c (v5.15); recorded boots: /proc/slabinfo";
  r.kernels = {5, 4, 6, 0}; // until kmalloc has caches of two pages at most
  r.names = GeneralNames::kmalloc;
  r.general_naturally_aligned = true;
  r.kmem_cache = {96, 128};
  r.kmem_list = {64, 120};
  return r;
}();

constexpr SlabRules rows[] = {rules_2_4_22, rules_2_6_24, rules_4_9, rules_5_15};

} // namespace

const SlabRules *find_slab_rules(std::string_view name) {
  for (const SlabRules &r : rows)
    if (r.name == name) return &r;
  return nullptr;
}
const SlabRules *slab_rules_of_version(unsigned major, unsigned minor) {
  const auto number = [](unsigned a, unsigned b) { return u64{a} << 32 | b; };
  for (const SlabRules &r : rows)
    if (number(major, minor) >= number(r.kernels.first_major, r.kernels.first_minor) &&
        number(major, minor) <= number(r.kernels.last_major, r.kernels.last_minor))
      return &r;
  return nullptr;
}
std::span<const SlabRules> all_slab_rules() { return rows; }

} // namespace mmscope
