// A memblock_alloc_* call that a step of the boot makes: visible in the trace with its arguments, as a log shows it. In
// eras before memblock it is bootmem that is asked, above the memory for old devices' DMA.
//
//   phys_addr_t at = boot_request(s, t, {.name = "memblock_alloc_try_nid", .caller = "setup_usemap", .size = 4,
//                                        .align = 64, .nid = 0});      // 0 = failed
//
// Sizes and addresses are bytes; what is left out means what it means to the kernel's function.
#pragma once
#include "mm/system.hpp"

namespace mmscope {

struct BootRequest {
  std::string_view name, caller;
  u64 size = 0, align = 0;
  phys_addr_t min_addr{}, max_addr{};
  i32 nid = no_node;
  bool exact = false;
};
phys_addr_t bootmem_request(System &s, Trace *t, const BootRequest &r); // old_boot.cpp
inline phys_addr_t boot_request(System &s, Trace *t, const BootRequest &r) {
  if (s.era->boot_allocator == BootAllocator::bootmem) return bootmem_request(s, t, r);
  Call call(t, r.name, r.caller, {r.size, r.align, field(r.nid), r.min_addr.v, r.max_addr.v});
  const phys_addr_t at = s.memblock.alloc_try_nid(t, {.size = r.size,
                                                      .align = r.align,
                                                      .min_addr = r.min_addr,
                                                      .max_addr = r.max_addr,
                                                      .nid = r.nid,
                                                      .exact_nid = r.exact});
  call.result(at.v);
  return at;
}

} // namespace mmscope
