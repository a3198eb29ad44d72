// The running page allocator as simply as it can be said: who has each frame. No lists, no orders, no CPUs: a frame is
// somebody's (a number), or idle (free or on some CPU's list), or was never the allocator's. The oracle for what requests
// and frees may do, whatever way they take.
//
//   NaivePages n(page_alloc);            // as it is now: everything that waits is idle
//   n.give(pfn, pages, owner);           // "" or what is wrong: it was somebody's, two zones, …
//   n.take_back(pfn, pages, owner);
//   n.difference(page_alloc);            // "" = every frame is where it should be
//
// Frames that nobody has touched are as they were at the beginning, so a terabyte costs nothing.
#pragma once
#include "base/text.hpp"
#include "mm/page_alloc.hpp"

#include <map>
#include <string>
#include <vector>

namespace mmscope {

class NaivePages {
public:
  static constexpr u64 idle = 0, never = 1, first_owner = 2;

  explicit NaivePages(const PageAlloc &pa) : start_(pa) {
    for (const pglist_data &n : pa.nodes())
      for (unsigned zid = 0; zid < pa.rules().zone_types; ++zid)
        zones_.push_back({n.nid, zid, n.zones[zid].start_pfn.v, n.zones[zid].end_pfn().v, waiting(pa, n.zones[zid])});
  }

  // A block is handed out: aligned, idle in every frame, inside one zone.
  std::string give(pfn_t pfn, u64 pages, u64 owner) {
    if ((pages & (pages - 1)) == 0 && pfn.v % pages != 0) return concat("block ", pfn.v, " is not aligned");
    Zone *const z = zone_of(pfn.v);
    if (z == nullptr || zone_of(pfn.v + pages - 1) != z) return concat("block ", pfn.v, " is not in one zone");
    for (u64 p = pfn.v; p < pfn.v + pages; ++p) {
      u64 &o = owner_of(p);
      if (o != idle) return concat("frame ", p, " is handed out, but it is owner ", o, "'s");
      o = owner;
    }
    z->waiting -= pages;
    return "";
  }
  std::string take_back(pfn_t pfn, u64 pages, u64 owner) {
    for (u64 p = pfn.v; p < pfn.v + pages; ++p) {
      u64 &o = owner_of(p);
      if (o != owner) return concat("frame ", p, " is freed by ", owner, ", but it is owner ", o, "'s");
      o = idle;
    }
    zone_of(pfn.v)->waiting += pages;
    return "";
  }

  // Of every zone: free + on CPUs' lists + handed out + never the allocator's = present. Cheap.
  std::string count_difference(const PageAlloc &pa) const {
    for (const Zone &z : zones_)
      if (const u64 got = waiting(pa, pa.zone_of(z.nid, z.zid)); got != z.waiting)
        return concat("node ", z.nid, " zone ", z.zid, ": ", got, " frames wait, not ", z.waiting);
    return "";
  }
  // Also of every frame of every block touched: idle = free or on a CPU's list, somebody's = allocated.
  std::string difference(const PageAlloc &pa) const {
    if (std::string s = count_difference(pa); !s.empty()) return s;
    for (const auto &touched : owners_) {
      const std::vector<u64> &owners = touched.second;
      const u64 first = touched.first * owners.size();
      std::string bad;
      pa.for_each_run(pfn_t{first}, pfn_t{first + owners.size()}, [&](const PageRun &r) {
        const bool waits = r.info.state == PageState::free || r.info.state == PageState::pcp;
        for (u64 p = r.start.v; p < r.start.v + r.count && bad.empty(); ++p)
          if (waits != (owners[static_cast<std::size_t>(p - first)] == idle))
            bad = concat("frame ", p, " reads ", page_state_name(r.info.state), ", but it is ",
                         waits ? "somebody's" : "idle");
      });
      if (!bad.empty()) return bad;
    }
    return "";
  }
  u64 touched_blocks() const { return owners_.size(); }

private:
  struct Zone {
    i32 nid;
    unsigned zid;
    u64 start, end, waiting; // frames
  };
  static u64 waiting(const PageAlloc &pa, const zone &z) {
    u64 n = 0;
    for (u64 order = 0; order <= pa.rules().max_order.v; ++order) n += z.areas[order].nr_free() << order;
    for (const per_cpu_pages &p : z.pcp) n += p.count;
    return n;
  }
  // Zones may interleave over nodes: the page says which is its own.
  Zone *zone_of(u64 pfn) {
    const PageInfo p = start_.page(pfn_t{pfn});
    for (Zone &z : zones_)
      if (z.nid == p.nid && z.zid == p.zone && pfn >= z.start && pfn < z.end) return &z;
    return nullptr;
  }
  u64 &owner_of(u64 pfn) {
    const u64 size = pages_of(start_.rules().max_order), block = pfn / size;
    std::vector<u64> &owners = owners_[block];
    if (owners.empty()) {
      owners.resize(static_cast<std::size_t>(size), never);
      start_.for_each_run(pfn_t{block * size}, pfn_t{(block + 1) * size}, [&](const PageRun &r) {
        const bool waits = r.info.state == PageState::free || r.info.state == PageState::pcp;
        for (u64 p = r.start.v; waits && p < r.start.v + r.count; ++p)
          owners[static_cast<std::size_t>(p - block * size)] = idle;
      });
    }
    return owners[static_cast<std::size_t>(pfn - block * size)];
  }

  PageAlloc start_;
  std::vector<Zone> zones_;
  std::map<u64, std::vector<u64>> owners_; // by max-order block
};

} // namespace mmscope
