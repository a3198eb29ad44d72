#include "io/failure_zones.hpp"

#include <algorithm>

namespace mmscope {

namespace {

constexpr std::string_view every_zone[] = {"DMA", "DMA32", "Normal", "HighMem", "Movable", "Device"};

// What kernels are built with, the more frequent first.
constexpr std::string_view dma_dma32_device[] = {"DMA", "DMA32", "Normal", "Movable", "Device"};
constexpr std::string_view dma_dma32[] = {"DMA", "DMA32", "Normal", "Movable"};
constexpr std::string_view dma_highmem[] = {"DMA", "Normal", "HighMem", "Movable"};
constexpr std::string_view only_dma32[] = {"DMA32", "Normal", "Movable"};
constexpr std::string_view only_dma32_device[] = {"DMA32", "Normal", "Movable", "Device"};
constexpr std::string_view dma[] = {"DMA", "Normal", "Movable"};
constexpr std::string_view dma_device[] = {"DMA", "Normal", "Movable", "Device"};
constexpr std::string_view highmem[] = {"Normal", "HighMem", "Movable"};
constexpr std::string_view plain[] = {"Normal", "Movable"};
constexpr std::string_view plain_device[] = {"Normal", "Movable", "Device"};
constexpr std::string_view dma_dma32_highmem[] = {"DMA", "DMA32", "Normal", "HighMem", "Movable"};
constexpr std::span<const std::string_view> sets[] = {
    dma_dma32_device, dma_dma32, dma_highmem, only_dma32,   only_dma32_device, dma,
    dma_device,       highmem,   plain,       plain_device, dma_dma32_highmem};

bool holds(std::span<const std::string_view> set, std::string_view name) {
  return std::find(set.begin(), set.end(), name) != set.end();
}

} // namespace

bool is_zone_name(std::string_view word) { return holds(every_zone, word); }

std::span<const std::string_view> zone_types(std::span<const SeenZone> seen, std::size_t count, bool nodes) {
  const auto fits = [&](std::span<const std::string_view> set) {
    return (count == 0 || set.size() == count) && std::all_of(seen.begin(), seen.end(), [&](const SeenZone &z) {
             const auto place = static_cast<std::size_t>(std::find(set.begin(), set.end(), z.name) - set.begin());
             return place < set.size() && place < z.zeros;
           });
  };
  // A kernel without nodes is one for 32 bits, which has HighMem where others have DMA32.
  const bool dma32 = std::any_of(seen.begin(), seen.end(), [](const SeenZone &z) { return z.name == "DMA32"; });
  if (!nodes && !dma32)
    for (const auto &set : sets)
      if (holds(set, "HighMem") && fits(set)) return set;
  for (const auto &set : sets)
    if (fits(set)) return set;
  return every_zone;
}

} // namespace mmscope
