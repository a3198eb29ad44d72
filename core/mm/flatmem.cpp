#include "mm/flatmem.hpp"

#include "mm/boot_request.hpp"

#include <algorithm>

namespace mmscope {

u64 flat_mem_map_bytes(const KernelConfig &config, pfn_t start, u64 spanned) {
  const u64 block = u64{1} << config.max_order;
  return (round_up(start.v + spanned, block) - round_down(start.v, block)) * config.sizeof_page;
}

u64 usemap_bytes(const KernelConfig &config, const Era &era, unsigned word, pfn_t zone_start, u64 spanned) {
  const u64 block = u64{1} << config.pageblock_order;
  const u64 blocks = round_up(spanned + zone_start.v % block, block) / block;
  return round_up(blocks * era.pageblock_bits, u64{8} * word) / 8;
}

[[gnu::noinline]] void alloc_node_mem_map(System &s, Trace *t, i32 nid) {
  const pglist_data &node = s.pages.node(nid);
  if (node.spanned_pages == 0) return;
  const u64 bytes = s.era->flat_map_aligned ? flat_mem_map_bytes(s.config, node.start_pfn, node.spanned_pages)
                                            : (node.spanned_pages + 1) * s.config.sizeof_page;
  const phys_addr_t at = boot_request(s, t,
                                      {.name = "memblock_alloc_try_nid_raw",
                                       .caller = s.config.map_caller,
                                       .size = bytes,
                                       .align = s.memblock.rules.cache_line,
                                       .max_addr = phys_addr_t{s.era->mem_map_max_addr},
                                       .nid = nid});
  s.pages.set_node(t, nid, node_field::mem_map, at.v);
}

[[gnu::noinline]] void setup_usemap(System &s, Trace *t, i32 nid, unsigned zid) {
  const zone &z = s.pages.zone_of(nid, zid);
  const phys_addr_t at =
      boot_request(s, t,
                   {.name = "memblock_alloc_try_nid",
                    .caller = "setup_usemap",
                    .size = usemap_bytes(s.config, *s.era, s.arch->word, z.start_pfn, z.spanned_pages),
                    .align = s.memblock.rules.cache_line,
                    .nid = nid});
  s.pages.set_zone(t, nid, zid, zone_field::pageblock_flags, at.v);
}

[[gnu::noinline]] PfnRange flat_pages_valid(const System &s, pfn_t start, pfn_t end) {
  const u64 max_mapnr = s.get(vm_field::max_pfn);
  const pfn_t last{round_up(max_mapnr, u64{1} << s.config.pageblock_order)};
  // Where RAM does not begin at 0, neither does the array (ARCH_PFN_OFFSET).
  start = std::max(start, to_pfn_down(phys_addr_t{s.get(vm_field::memstart_addr)}, s.arch->page_shift));
  return {start, std::max(start, std::min(end, last))};
}

} // namespace mmscope
