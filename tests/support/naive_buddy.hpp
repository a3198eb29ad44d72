// The buddy allocator as simply as it can be said: one record a page, one
// std::list for each free list, every loop page by page or block by block as the
// kernel's. The oracle for core/mm/page_alloc.cpp.
//
//   NaiveBuddy n(BuddyRules{order_t{4}, order_t{2}}, 256);
//   n.free_one(…); n.difference(page_alloc)   // "" = the same
#pragma once
#include "base/text.hpp"
#include "mm/page_alloc.hpp"

#include <algorithm>
#include <list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mmscope {

struct NaiveBuddy {
  struct Page {
    PageInfo info;
    int head = -1; // order of the free block that starts here
    migratetype list = migratetype::UNMOVABLE;
  };
  struct Where {
    i32 nid = 0;
    unsigned zid = 0, order = 0;
    migratetype list = migratetype::UNMOVABLE;
    friend auto operator<=>(const Where &, const Where &) = default;
  };

  struct Pages {
    std::vector<Page> all;
    explicit Pages(u64 n) : all(static_cast<std::size_t>(n)) {}
    Page &operator[](u64 pfn) { return all[static_cast<std::size_t>(pfn)]; }
    const Page &operator[](u64 pfn) const { return all[static_cast<std::size_t>(pfn)]; }
    u64 size() const { return all.size(); }
  };

  unsigned max_order, pageblock_order;
  Pages pages;
  std::map<Where, std::list<u64>> lists;
  std::map<std::pair<i32, unsigned>, u64> managed, zone_end;

  NaiveBuddy(BuddyRules rules, u64 nr_pages)
      : max_order(static_cast<unsigned>(rules.max_order.v)),
        pageblock_order(static_cast<unsigned>(rules.pageblock_order.v)), pages(nr_pages) {}

  void set_pages(u64 pfn, u64 count, PageState state, i32 nid, unsigned zid) {
    for (u64 p = pfn; p < pfn + count; ++p) {
      PageInfo &i = pages[p].info;
      i.state = state;
      i.nid = state == PageState::absent ? no_node : nid;
      i.zone = state == PageState::absent ? u8{0} : static_cast<u8>(zid);
    }
  }
  void set_pageblocks(u64 pfn, u64 count, migratetype type) {
    for (u64 p = pfn; p < pfn + count; ++p) pages[p].info.block_type = type;
  }
  void list_add(unsigned order, migratetype list, u64 pfn, bool tail) {
    Page &head = pages[pfn];
    std::list<u64> &l = lists[{head.info.nid, head.info.zone, order, list}];
    if (tail)
      l.push_back(pfn);
    else
      l.push_front(pfn);
    head.head = static_cast<int>(order);
    head.list = list;
    for (u64 p = pfn; p < pfn + (u64{1} << order); ++p) pages[p].info.state = PageState::free;
  }
  void list_del(u64 pfn) {
    Page &head = pages[pfn];
    const unsigned order = static_cast<unsigned>(head.head);
    lists[{head.info.nid, head.info.zone, order, head.list}].remove(pfn);
    head.head = -1;
    for (u64 p = pfn; p < pfn + (u64{1} << order); ++p) pages[p].info.state = PageState::allocated;
  }

  bool is_buddy(u64 page, u64 buddy, unsigned order) const {
    const Page &b = pages[buddy];
    return b.head == static_cast<int>(order) && b.info.nid == pages[page].info.nid &&
           b.info.zone == pages[page].info.zone;
  }
  void free_one(u64 pfn, unsigned order, bool to_tail, std::optional<migratetype> given = std::nullopt) {
    const migratetype type = given.value_or(pages[pfn].info.block_type);
    while (order < max_order) {
      const u64 buddy = pfn ^ (u64{1} << order);
      if (!is_buddy(pfn, buddy, order)) break;
      if (order >= pageblock_order) {
        const migratetype other = pages[buddy].info.block_type;
        if (type != other && (type > migratetype::RECLAIMABLE || other > migratetype::RECLAIMABLE)) break;
      }
      list_del(buddy);
      pfn = std::min(pfn, buddy);
      ++order;
    }
    if (!to_tail && order + 1 < max_order) {
      const u64 buddy = pfn ^ (u64{1} << order), pair = std::min(pfn, buddy);
      to_tail = is_buddy(pair, pair ^ (u64{1} << (order + 1)), order + 1);
    }
    list_add(order, type, pfn, to_tail);
  }
  void core_block(u64 pfn, unsigned order) {
    managed[{pages[pfn].info.nid, pages[pfn].info.zone}] += u64{1} << order;
    free_one(pfn, order, true);
  }
  void free_core(u64 pfn, unsigned order, u64 count) {
    for (; count > 0; --count, pfn += u64{1} << order)
      if (pages[pfn].info.state != PageState::uninit) core_block(pfn, order);
  }
  void free_reserved(u64 pfn, u64 count) {
    for (u64 p = pfn; p < pfn + count; ++p) {
      free_one(p, 0, false);
      ++managed[{pages[p].info.nid, pages[p].info.zone}];
    }
  }

  // One max-order block after the other: initialise every page of its ranges, then free them.
  void free_deferred(i32 nid, std::span<const PfnRange> ranges) {
    u64 first = ~u64{0}, last = 0;
    for (const PfnRange &r : ranges)
      if (r.start < r.end) first = std::min(first, r.start.v), last = std::max(last, r.end.v);
    if (first >= last) return;
    unsigned zid = 0;
    while (first >= zone_end[{nid, zid}]) ++zid;
    const u64 size = u64{1} << max_order;
    for (u64 block = first / size * size; block < last; block += size) {
      const auto each = [&](auto &&fn) {
        for (const PfnRange &r : ranges) {
          const u64 a = std::max(r.start.v, block), b = std::min(r.end.v, block + size);
          if (a < b) fn(a, b);
        }
      };
      each([&](u64 a, u64 b) { set_pages(a, b - a, PageState::init, nid, zid); });
      each([&](u64 a, u64 b) { deferred_free_pages(a, b); });
    }
  }
  void deferred_free_pages(u64 a, u64 b) {
    const u64 size = u64{1} << pageblock_order;
    u64 n = 0;
    for (u64 p = a; p < b; ++p, ++n)
      if (p % size == 0) {
        deferred_free_range(p - n, n);
        n = 0;
      }
    deferred_free_range(b - n, n);
  }
  void deferred_free_range(u64 pfn, u64 n) {
    const u64 size = u64{1} << pageblock_order;
    const auto tag = [&](u64 p) { set_pageblocks(p, std::min<u64>(size, pages.size() - p), migratetype::MOVABLE); };
    if (n == size && pfn % size == 0) {
      tag(pfn);
      core_block(pfn, pageblock_order);
      return;
    }
    for (u64 p = pfn; p < pfn + n; ++p) {
      if (p % size == 0) tag(p);
      core_block(p, 0);
    }
  }

  // The first difference to the clever one, or "".
  std::string list_difference(const PageAlloc &pa) const {
    static const std::list<u64> none;
    for (const pglist_data &node : pa.nodes())
      for (unsigned zid = 0; zid < pa.rules().zone_types; ++zid) {
        for (unsigned order = 0; order <= max_order; ++order)
          for (unsigned type = 0; type < migratetype_count; ++type) {
            const migratetype list = static_cast<migratetype>(type);
            const auto found = lists.find({node.nid, zid, order, list});
            const std::list<u64> &want = found == lists.end() ? none : found->second;
            auto it = want.begin();
            std::string bad;
            pa.for_each_block(node.nid, zid, order_t{order}, list, [&](FreeBlock b) {
              for (u64 i = 0; i < b.count; ++i) {
                const u64 pfn = b.pfn.v + (i << order);
                if (bad.empty() && (it == want.end() || *it != pfn))
                  bad = concat("got block ", pfn, it == want.end() ? " at the end" : " too early");
                if (it != want.end()) ++it;
              }
            });
            if (bad.empty() && it != want.end()) bad = concat("missing block ", *it);
            if (bad.empty() && node.zones[zid].areas[order].free_list[type].nr != want.size()) bad = "wrong count";
            if (!bad.empty())
              return concat("node ", node.nid, " zone ", zid, " order ", order, ' ', migratetype_name(list), ": ", bad);
          }
        const auto m = managed.find({node.nid, zid});
        if ((m == managed.end() ? 0 : m->second) != node.zones[zid].managed_pages)
          return concat("node ", node.nid, " zone ", zid, ": managed ", node.zones[zid].managed_pages);
      }
    return "";
  }
  std::string page_difference(const PageAlloc &pa) const {
    std::string bad;
    pa.for_each_run(pfn_t{}, pfn_t{pages.size()}, [&](const PageRun &r) {
      for (u64 p = r.start.v; p < r.start.v + r.count && bad.empty(); ++p)
        if (!(pages[p].info == r.info) || !(pa.page(pfn_t{p}) == r.info))
          bad = concat("page ", p, ": ", page_state_name(r.info.state), " not ", page_state_name(pages[p].info.state));
    });
    return bad;
  }
};

} // namespace mmscope
