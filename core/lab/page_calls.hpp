// page_calls: the script's commands about pages: what is wrong with one, and making it.
//
//   alloc_pages GFP_KERNEL order=2 -> p     result: number of the first page, 0 = refused
//   free_pages p
//   free_pages p                            cannot be made: p is free already. What the kernel would have noticed, and when
//
// A misuse is content: each has words of its own, and the machine stays as it was. What the kernel would not notice, and
// what it would break, is said too.
#pragma once
#include "lab/command.hpp"
#include "mm/system.hpp"

#include <array>
#include <string>

namespace mmscope {

struct PageCallFault {
  std::string reason; // "" = the call can be made
  unsigned arg = ~0u; // index of the argument at fault
};
using ArgValues = std::array<u64, max_args>; // resolved; what was left out is 0: see Command::args[i].given

PageCallFault check_page_call(const System &s, Op op, const ArgValues &v, const Command &c);
// Of a call that check_page_call has no fault with. Returns its result.
u64 make_page_call(System &s, Trace *t, Op op, const ArgValues &v, const Command &c);

} // namespace mmscope
