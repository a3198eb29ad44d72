#include "desc/era.hpp"

#include <algorithm>

namespace mmscope {

namespace {

constexpr Era eras[] = {
    {
        .name = "6.1",
        .major = 6,
        .minor = 1,
        .migratetypes = 5,
        .min_free_floor_kb = 128,
        .min_free_cap_kb = 262144,
        .movable_grouping_types = 5,
        .memblock_region_bytes = 24,
        .thp_zone_factor = 2 + 3 * 3,
        .thp_cap_divisor = 20,
        .thp_min_pages_bytes = u64{512} << 20,
        .no_node_region = 1024,
        .source = "include/linux/mmzone.h enum migratetype, mm/page_alloc.c "
                  "calculate_min_free_kbytes, mm/khugepaged.c set_recommended_min_free_kbytes, "
                  "mm/huge_memory.c hugepage_init, include/linux/memblock.h (v6.1)",
    },
};

constexpr bool consistent(const Era &e) {
  return e.min_free_floor_kb < e.min_free_cap_kb && e.thp_cap_divisor != 0 && e.memblock_region_bytes % 8 == 0 &&
         e.migratetypes <= e.movable_grouping_types + 1;
}
static_assert(std::all_of(std::begin(eras), std::end(eras), consistent));
static_assert(std::is_sorted(std::begin(eras), std::end(eras), [](const Era &a, const Era &b) {
  return a.major != b.major ? a.major < b.major : a.minor < b.minor;
}));

} // namespace

std::span<const Era> all_eras() { return eras; }

const Era *find_era(std::string_view name) {
  for (const Era &e : eras)
    if (e.name == name) return &e;
  return nullptr;
}

const Era *era_of_version(unsigned major, unsigned minor) {
  // What the next row would say is not known: the newest row serves its own version only.
  for (const Era &e : eras)
    if (e.major == major && e.minor == minor) return &e;
  return nullptr;
}

} // namespace mmscope
