#include "mm/mmzone.hpp"

namespace mmscope {

u64 zone::sum_free_pages() const {
  u64 n = 0;
  for (unsigned order = 0; order < max_orders; ++order)
    for (unsigned type = 0; type < migratetype_count; ++type)
      if (static_cast<migratetype>(type) != migratetype::ISOLATE) n += areas[order].free_list[type].nr << order;
  return n;
}

u64 zone::sum_free_cma() const {
  u64 n = 0;
  for (unsigned order = 0; order < max_orders; ++order)
    n += areas[order].free_list[static_cast<unsigned>(migratetype::CMA)].nr << order;
  return n;
}

void add_to(Digest &d, const zone &z) {
  d.add(z.start_pfn).add(z.spanned_pages).add(z.present_pages).add(z.managed_pages);
  for (u64 pages : z.watermark) d.add(pages);
  for (u64 pages : z.lowmem_reserve) d.add(pages);
  d.add(z.pcp_high).add(z.pcp_batch).add(z.nr_free_pages);
  d.add(z.watermark_boost).add(z.nr_reserved_highatomic).add(z.nr_isolate_pageblock).add(z.stat_threshold);
  d.add(z.pageblock_flags).add(z.boosted).add(z.reclaim_active).add(z.pcp.size());
  for (const per_cpu_pages &p : z.pcp) d.add(p.count).add(p.free_factor).add_signed(p.stat_diff);
}

void add_to(Digest &d, const pglist_data &node) {
  d.add_signed(node.nid).add(node.online).add(node.memoryless).add(node.pgdat);
  d.add(node.start_pfn).add(node.spanned_pages).add(node.present_pages);
  d.add(node.first_deferred_pfn).add(node.movable_start_pfn).add(node.cpus);
  d.add(node.mem_map)
      .add(node.cma_base)
      .add(node.kswapd_awake)
      .add(node.kswapd_highest_zoneidx)
      .add(node.kswapd_failures);
  d.add(node.fallback.size());
  for (i32 nid : node.fallback) d.add_signed(nid);
  for (const zone &z : node.zones) add_to(d, z);
}

} // namespace mmscope
