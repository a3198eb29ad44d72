#include "mm/mmzone.hpp"

namespace mmscope {

u64 zone::sum_free_pages() const {
  u64 n = 0;
  for (unsigned order = 0; order < max_orders; ++order)
    for (unsigned type = 0; type < migratetype_count; ++type)
      if (static_cast<migratetype>(type) != migratetype::ISOLATE) n += areas[order].free_list[type].nr << order;
  return n;
}

void add_to(Digest &d, const zone &z) {
  d.add(z.start_pfn).add(z.spanned_pages).add(z.present_pages).add(z.managed_pages);
  for (u64 pages : z.watermark) d.add(pages);
  for (u64 pages : z.lowmem_reserve) d.add(pages);
  d.add(z.pcp_high).add(z.pcp_batch).add(z.nr_free_pages);
}

void add_to(Digest &d, const pglist_data &node) {
  d.add_signed(node.nid).add(node.online).add(node.memoryless).add(node.pgdat);
  d.add(node.start_pfn).add(node.spanned_pages).add(node.present_pages);
  d.add(node.first_deferred_pfn).add(node.movable_start_pfn).add(node.cpus);
  d.add(node.fallback.size());
  for (i32 nid : node.fallback) d.add_signed(nid);
  for (const zone &z : node.zones) add_to(d, z);
}

} // namespace mmscope
