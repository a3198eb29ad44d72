// old_calls: the script's commands about the allocators before memblock, one row each (see call_rows.hpp).
//
//   init_bootmem 0x3a0 16384                the bitmap of pages 0 to 16383 lies at page 0x3a0; result: its bytes
//   free_bootmem 0 0x9f000                  RAM
//   reserve_bootmem 0 4K
//   alloc_bootmem 100 goal=0 -> a           result: the address, 0 = no room. Without a goal: 16 MiB
//   pair_buddy_init 4096 10                 zone 0, pages 0 to 4095, orders 0 to 9; result: the zone's number
//   pair_buddy_init 12288 10 start=4096
//   free_all_bootmem                        result: pages given
//   rmqueue 1 zone=1 -> p                   result: the first page, -ENOMEM = no block is large enough
//   free_pages_ok p 1
//
// Without rules init_bootmem follows 2.4.22; bootmem.hpp says which rules are whose. Without `zone` rmqueue takes from
// the zone that was made last, the highest one in a kernel's order.
#pragma once
#include "lab/call_rows.hpp"

namespace mmscope {

std::span<const CallRow> old_call_rows();

namespace page_calls {
// free_pages_ok PFN ORDER, and 2.4's free_pages.
CallFault check_free_pages_ok(const CallSite &c);
CallOutcome free_pages_ok(CallSite &c);
} // namespace page_calls

} // namespace mmscope
