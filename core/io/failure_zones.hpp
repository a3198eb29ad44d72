// failure_zones: which zone types a kernel has, from the zones that its report shows. A report numbers zones by their
// place among the types (lowmem_reserve[]), but shows only those that have pages, and since 6.1 none above the request's.
//
//   zone_types({"DMA", "DMA32"}, 5, true)      DMA DMA32 Normal Movable Device
//   zone_types({"DMA", "HighMem"}, 4, false)   DMA Normal HighMem Movable
#pragma once
#include <span>
#include <string_view>

namespace mmscope {

bool is_zone_name(std::string_view word);

// `seen`: the zones shown; `count`: how many types lowmem_reserve[] has, 0 = not known; `nodes`: lines begin with a node,
// which 32-bit kernels without NUMA leave out. Every name there is when nothing fits.
std::span<const std::string_view> zone_types(std::span<const std::string_view> seen, std::size_t count, bool nodes);

} // namespace mmscope
