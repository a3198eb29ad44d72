// old_views: the allocators before memblock as text and as JSON (mm/old_mem.hpp).
//
//   zone 0: pages 0-15, 8 free, the upper half is given out
//   order 0  list 5 10  pairs 0 0 1 0 0 1 0 0
//   …
//   order 4  list -  no map
//
//   bootmem: pages 0-16383, bitmap of 2048 bytes at page 0x3a0, last_pos 4095, last_offset 0x80
//   reserved 0-0
//   free     1-158
#pragma once
#include "io/json_writer.hpp"
#include "mm/system.hpp"

#include <string>

namespace mmscope {

void append_pairs(std::string &out, const System &s);   // head of each list first, pair 0 first
void append_bootmem(std::string &out, const System &s); // runs of pages, in decimal
// "pair_zones" and "bootmem" of the object that is open, each only if the machine has it.
void write_old(JsonWriter &w, const System &s);

} // namespace mmscope
