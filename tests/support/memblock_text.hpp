// memblock states as short text, for the expected side of a test.
//
//   CHECK(text(mb.memory) == "[1000,3000) [6000,7000) node 1 nomap");   // hex, half-open
#pragma once
#include "base/text.hpp"
#include "mm/memblock.hpp"

#include <string>

namespace mmscope {

inline phys_addr_t operator""_pa(unsigned long long v) { return phys_addr_t{v}; }

inline std::string text(phys_addr_t base, phys_addr_t end) {
  std::string s = "[";
  append_hex(s, base.v);
  s += ',';
  append_hex(s, end.v);
  return s += ')';
}

inline std::string text(const memblock_type &type) {
  std::string s;
  for (const memblock_region &r : type.regions) {
    if (!s.empty()) s += ' ';
    s += text(r.base, r.end());
    if (r.nid != no_node) append(s, " node ", r.nid);
    if ((r.flags & MEMBLOCK_HOTPLUG) != 0) s += " hotplug";
    if ((r.flags & MEMBLOCK_MIRROR) != 0) s += " mirror";
    if ((r.flags & MEMBLOCK_NOMAP) != 0) s += " nomap";
    if ((r.flags & MEMBLOCK_DRIVER_MANAGED) != 0) s += " driver";
  }
  return s;
}

inline std::string text(const std::vector<FreeRange> &ranges) {
  std::string s;
  for (const FreeRange &r : ranges) {
    if (!s.empty()) s += ' ';
    s += text(r.base, r.end);
    if (r.nid != no_node) append(s, " node ", r.nid);
  }
  return s;
}

} // namespace mmscope
