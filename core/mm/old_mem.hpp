// old_mem: what a System does with the allocators of before memblock, if it has them: the boot bitmap (bootmem.hpp) and
// the zones with pair bitmaps (pair_buddy.hpp). Where an era boots with them (old_boot.hpp) they are the machine's own;
// anywhere else they stand beside it and touch nothing of it.
//
//   if (why_not_free_all_bootmem(s).empty()) free_all_bootmem(s, trace);
#pragma once
#include "mm/system.hpp"

#include <string>

namespace mmscope {

// The zone that a page lies in; null when there is none.
PairZone *pair_zone_of(System &s, pfn_t pfn);

// What has to be so before each free block of the bitmap can go to the zone that it lies in; "" when it is.
std::string why_not_free_all_bootmem(System &s);
// Returns the number of pages that the zones were given, those of the bitmap included.
u64 free_all_bootmem(System &s, Trace *t);

// System's fold, digest and verify of this part.
bool fold_old(System &s, const Event &e);
void add_old_to(const System &s, Digest &d);
std::string verify_old(const System &s);

} // namespace mmscope
