// place_names: the regions and zones that a learner may name, at one moment of a boot.
//
//     memory[1]   reserved[3]   e820[2]   memblock.reserved.regions[3]   0x1000000        a region, or an address inside
//     DMA32   node 1 Normal   node[1].zone[Normal]   page[0x4800]                         a zone, or a page frame inside
//
//     const auto regions = regions_of(lab.state(), RegionList::reserved);
//     region_at(regions, 0x1000000)->path;              "memblock.reserved.regions[1]"
#pragma once

#include "lesson/lesson.hpp"

namespace mmscope {

struct RegionName {
  std::string path;
  u64 base = 0, end = 0; ///< bytes, half-open
};
std::vector<RegionName> regions_of(const System &s, RegionList of);
const RegionName *region_at(std::span<const RegionName> regions, u64 address);
/// What is named by its index: null when `typed` names none, or `other` of another list or one that is not there.
const RegionName *read_region(std::string_view typed, std::span<const RegionName> regions, RegionList of, bool &other);

struct ZoneName {
  std::string path;
  std::string_view name;
  i32 nid = 0;
  u64 start = 0, end = 0; ///< pfns, half-open; 0, 0 = it spans nothing
};
std::vector<ZoneName> zones_of(const System &s);
/// The zone of a page frame. Where the spans of two nodes cross, the page itself says it.
const ZoneName *zone_at(const Lab &lab, std::span<const ZoneName> zones, u64 pfn);
/// A name alone must leave no doubt about the node.
const ZoneName *read_zone(std::string_view typed, std::span<const ZoneName> zones);

} // namespace mmscope
