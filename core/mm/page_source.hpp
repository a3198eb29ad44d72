// page_source: where an allocator that stands on pages gets them, and who gets them back: two functions, so that a slab
// allocator runs on the machine's page allocator as well as on zones with pair bitmaps (mm/old_mem.hpp).
//
//   std::optional<pfn_t> p = source.get(trace, {.gfp = gfp::KERNEL, .order = order_t{1}});
//   source.give(trace, *p, order_t{1}, cpu);
#pragma once
#include "desc/gfp.hpp"
#include "trace/trace.hpp"

#include <optional>
#include <vector>

namespace mmscope {

struct PageWish {
  gfp_t gfp = gfp::KERNEL;
  order_t order;
  i32 nid = no_node; // where to begin; with __GFP_THISNODE nowhere else
  u32 cpu = 0;
  bool slab = true; // PG_slab: objects lie in it
};

class PageSource {
public:
  // The first page of a block; nothing when there is none.
  virtual std::optional<pfn_t> get(Trace *t, const PageWish &w) = 0;
  virtual void give(Trace *t, pfn_t pfn, order_t order, u32 cpu) = 0;
  virtual i32 node_of(pfn_t) const { return 0; }
  // Where node nid looks for memory, in order, itself first.
  virtual std::vector<i32> nodes_from(i32 nid) const { return {nid}; }

protected:
  ~PageSource() = default;
};

} // namespace mmscope
