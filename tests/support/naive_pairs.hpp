// NaivePairs: the 2.4 buddy allocator by its definition: a set of free blocks, lists of them as they came, and every
// pair's bit computed anew from who is on the list.
#pragma once
#include "mm/pair_buddy.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace mmscope {

class NaivePairs {
public:
  explicit NaivePairs(const PairRules &r) : rules_(r), lists_(r.orders) {}

  std::optional<u64> take(u64 order) {
    u64 found = order;
    while (found < lists_.size() && lists_[found].empty()) ++found;
    if (found == lists_.size()) return std::nullopt;
    u64 block = lists_[found].back();
    lists_[found].pop_back();
    while (found-- > order) {
      const u64 half = u64{1} << found;
      const bool upper = rules_.take == PairTake::upper;
      lists_[found].push_back(upper ? block : block + half);
      if (upper) block += half;
    }
    return rules_.start.v + block;
  }
  void give(u64 page, u64 order) {
    u64 block = page - rules_.start.v;
    for (; order + 1 < lists_.size(); ++order) {
      auto &list = lists_[order];
      const u64 size = u64{1} << order;
      const auto buddy = std::find(list.begin(), list.end(), block % (2 * size) == 0 ? block + size : block - size);
      if (buddy == list.end()) break;
      list.erase(buddy);
      block -= block % (2 * size);
    }
    lists_[order].push_back(block);
  }
  bool has(u64 order, u64 block) const {
    return std::find(lists_[order].begin(), lists_[order].end(), block) != lists_[order].end();
  }
  // "5 10 | 2 5" for each order: the list head first, the pairs whose bit is 1; the highest order has no bits.
  std::string text() const {
    std::string s;
    for (u64 o = 0; o < lists_.size(); ++o) {
      for (auto it = lists_[o].rbegin(); it != lists_[o].rend(); ++it) s += std::to_string(rules_.start.v + *it) + ' ';
      s += '|';
      for (u64 pair = 0; o + 1 < lists_.size() && (pair << (o + 1)) < rules_.pages; ++pair)
        if (has(o, pair << (o + 1)) != has(o, (pair << (o + 1)) + (u64{1} << o))) s += ' ' + std::to_string(pair);
      s += '\n';
    }
    return s;
  }

private:
  PairRules rules_;
  std::vector<std::vector<u64>> lists_; // from the zone's first page; the head is the last
};

inline std::string pairs_text(const PairZone &z) {
  std::string s;
  for (unsigned o = 0; o < z.rules().orders; ++o) {
    z.for_each_block(order_t{o}, [&](pfn_t p) { s += std::to_string(p.v) + ' '; });
    s += '|';
    for (u64 pair = 0; z.has_map(order_t{o}) && pair < z.pairs(order_t{o}); ++pair)
      if (z.bit(order_t{o}, pair)) s += ' ' + std::to_string(pair);
    s += '\n';
  }
  return s;
}

} // namespace mmscope
