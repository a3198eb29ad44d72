// failure_zones: which zone types a kernel has, from the zones that its report shows. A report numbers zones by their
// place among the types (lowmem_reserve[]), but shows only those that have pages, and since 6.1 none above the request's.
//
//   zone_types({{"DMA"}, {"DMA32"}}, 5, true)      DMA DMA32 Normal Movable Device
//   zone_types({{"DMA"}, {"HighMem"}}, 4, false)   DMA Normal HighMem Movable
#pragma once
#include <cstddef>
#include <span>
#include <string_view>

namespace mmscope {

bool is_zone_name(std::string_view word);

struct SeenZone {
  std::string_view name;
  // A zone keeps nothing from requests for itself and for the zones below: its place is among these first zeros of its
  // lowmem_reserve[].
  std::size_t zeros = ~std::size_t{0};
};
// `count`: how many types lowmem_reserve[] has, 0 = not known; `nodes`: lines begin with a node, which 32-bit kernels
// without NUMA leave out. Every name there is when nothing fits.
std::span<const std::string_view> zone_types(std::span<const SeenZone> seen, std::size_t count, bool nodes);

} // namespace mmscope
