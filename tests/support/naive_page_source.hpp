// naive_page_source: pages for allocators that stand on pages: the lowest aligned run of free ones. Two nodes share the
// pages half and half if asked for.
#pragma once
#include "mm/page_source.hpp"

#include <vector>

namespace mmscope {

class LowestPages final : public PageSource {
public:
  explicit LowestPages(u64 pages, i32 nodes = 1) : used_(static_cast<std::size_t>(pages)), nodes_(nodes) {}

  std::optional<pfn_t> get(Trace *, const PageWish &w) override {
    if (const auto p = on_node(w, w.nid == no_node ? 0 : w.nid)) return p;
    if ((w.gfp & gfp::THISNODE) != 0) return std::nullopt;
    for (i32 nid = 0; nid < nodes_; ++nid)
      if (const auto p = on_node(w, nid)) return p;
    return std::nullopt;
  }
  void give(Trace *, pfn_t pfn, order_t order, u32) override {
    for (u64 i = 0; i < pages_of(order); ++i) {
      if (!used_[at(pfn.v + i)]) twice = true;
      used_[at(pfn.v + i)] = false;
    }
  }
  i32 node_of(pfn_t pfn) const override { return static_cast<i32>(pfn.v * static_cast<u64>(nodes_) / used_.size()); }
  std::vector<i32> nodes_from(i32 nid) const override {
    return nodes_ == 1 ? std::vector<i32>{nid} : std::vector<i32>{nid, 1 - nid};
  }

  u64 used() const {
    u64 n = 0;
    for (const bool b : used_) n += b ? 1u : 0u;
    return n;
  }
  bool is_used(pfn_t pfn) const { return used_[at(pfn.v)]; }
  bool twice = false; // a page came back that was not out

private:
  static std::size_t at(u64 i) { return static_cast<std::size_t>(i); }
  std::optional<pfn_t> on_node(const PageWish &w, i32 nid) {
    const u64 n = pages_of(w.order);
    for (u64 p = n; p + n <= used_.size(); p += n) { // page 0 is nobody's
      bool free = node_of(pfn_t{p}) == nid;
      for (u64 i = 0; i < n; ++i) free = free && !used_[at(p + i)];
      if (!free) continue;
      for (u64 i = 0; i < n; ++i) used_[at(p + i)] = true;
      return pfn_t{p};
    }
    return std::nullopt;
  }
  std::vector<bool> used_;
  i32 nodes_;
};

} // namespace mmscope
