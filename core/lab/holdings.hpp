// holdings: the blocks that a script's calls have got from the page allocator and still have.
//
//   alloc_pages GFP_KERNEL order=2 -> p      p: 4 pages
//   split_page p                             p, p+1, p+2, p+3: a page each         what they were asked for stays known
//   free_pages p                             p+1, p+2, p+3
//
//   Holdings mine;
//   for (const Holding &h : mine.at(lab)) h.pfn, h.order, h.gfp, h.call     at the playhead, by pfn
//
// 2.4 keeps no books of what it gave (mm/pair_alloc.hpp): there the requests and frees themselves are counted.
//
// What a call has done is read once and kept, so a move costs as much as the calls before it have blocks.
#pragma once
#include "lab/lab.hpp"

#include <map>
#include <vector>

namespace mmscope {

struct Holding {
  pfn_t pfn;
  order_t order;
  u64 call = 0; // that got it
  gfp_t gfp = 0;
  u32 cpu = 0;
  u32 slot = no_binding; // the result that names it: its first page is what that call gave
};

class Holdings {
public:
  std::vector<Holding> at(const Lab &lab);

private:
  struct Change {
    u64 pfn = 0;
    u8 order = 0;
    bool taken = false; // else nobody's any more
  };
  const std::vector<Change> &changes(const Lab &lab, u64 call);
  static std::vector<Change> read(Op op, std::span<const Event> events, bool pairs);

  std::map<std::pair<u32, u64>, std::vector<Change>> known_; // branch that made the call, call
};

} // namespace mmscope
