// page_calls: the script's commands about pages, one row each: what is wrong with a call, and making it.
//
//   alloc_pages GFP_KERNEL order=2 -> p     result: number of the first page, 0 = refused
//   free_pages p
//   free_pages p                            cannot be made: p is free already. What the kernel would notice, and when
//
// A misuse is content: each has words of its own, and the machine stays as it was. What the kernel would not notice, and
// what it would break, is said too.
//
// Machine finds a command's row by its Op and calls through it: no boot makes such a call, so in the page these functions
// come with the second half of the program (web/hosting/split.mjs knows the namespace page_calls).
#pragma once
#include "lab/call_rows.hpp"

namespace mmscope {

std::span<const CallRow> page_call_rows();

namespace page_calls {
// What requests have in common: gfp flags that go together, a CPU and a node that exist.
CallFault check_request(const CallSite &c);
} // namespace page_calls

} // namespace mmscope
