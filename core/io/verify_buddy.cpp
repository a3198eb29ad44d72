#include "io/verify_buddy.hpp"

#include "base/text.hpp"
#include "io/dmesg_lines.hpp"

#include <algorithm>
#include <array>
#include <list>
#include <map>
#include <tuple>

namespace mmscope {

namespace {

std::string upper(std::string_view s) {
  std::string out(s);
  for (char &c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

u64 number(std::string_view s) { return parse_u64(s).value_or(0); }

std::vector<u64> comma_list(std::string_view s) {
  std::vector<u64> out;
  while (!s.empty()) {
    const std::size_t comma = std::min(s.find(','), s.size());
    out.push_back(number(s.substr(0, comma)));
    s.remove_prefix(std::min(comma + 1, s.size()));
  }
  return out;
}

void read_node(FrozenBuddy &b, std::string_view rest) {
  FrozenNode n;
  n.nid = static_cast<i32>(number(next_word(rest)));
  for (std::string_view key = next_word(rest); !key.empty(); key = next_word(rest)) {
    const u64 v = number(next_word(rest));
    if (key == "pgdat")
      n.pgdat = v;
    else if (key == "start_pfn")
      n.start_pfn = v;
    else if (key == "present")
      n.present = v;
    else if (key == "spanned")
      n.spanned = v;
    else if (key == "first_deferred_pfn")
      n.first_deferred_pfn = v;
  }
  b.nodes.push_back(n);
}

void read_zone(FrozenBuddy &b, std::string_view rest) {
  if (b.nodes.empty()) return;
  FrozenZone z;
  z.nid = b.nodes.back().nid;
  next_word(rest); // its number
  z.name = next_word(rest);
  for (std::string_view key = next_word(rest); !key.empty(); key = next_word(rest)) {
    const std::string_view v = next_word(rest);
    if (key == "start_pfn")
      z.start_pfn = number(v);
    else if (key == "spanned")
      z.spanned = number(v);
    else if (key == "present")
      z.present = number(v);
    else if (key == "managed")
      z.managed = number(v);
    else if (key == "nr_free_pages")
      z.nr_free_pages = number(v);
    else if (key == "watermark")
      z.watermark = comma_list(v);
    else if (key == "lowmem_reserve")
      z.lowmem_reserve = comma_list(v);
  }
  b.zones.push_back(std::move(z));
}

void read_list(FrozenBuddy &b, std::string_view rest) { // "8 UNMOVABLE n 1 : 100"
  if (b.zones.empty()) return;
  FrozenList l;
  l.order = static_cast<unsigned>(std::min<u64>(number(next_word(rest)), max_orders));
  l.type = next_word(rest);
  next_word(rest);
  next_word(rest);
  next_word(rest);
  for (std::string_view w = next_word(rest); !w.empty(); w = next_word(rest))
    l.pfns.push_back(parse_hex(w).value_or(0));
  b.zones.back().lists.push_back(std::move(l));
}

std::string list_text(std::span<const u64> pfns) {
  std::string s = concat(pfns.size(), ":");
  for (u64 p : pfns) {
    s += ' ';
    append_hex(s, p);
  }
  return s;
}

std::vector<u64> list_of(const System &s, i32 nid, unsigned zid, unsigned order, migratetype type) {
  std::vector<u64> out;
  s.pages.for_each_block(nid, zid, order_t{order}, type, [&](FreeBlock b) {
    for (u64 i = 0; i < b.count; ++i) out.push_back(b.pfn.v + (i << order));
  });
  return out;
}

// Free lists the simplest way: a set of free blocks, looked up one by one, and a list of PFNs for each list.
class NaiveBuddy {
public:
  explicit NaiveBuddy(const System &s) : s_(s) {
    for (const pglist_data &n : s.pages.nodes())
      for (unsigned z = 0; z < s.arch->zones.size(); ++z)
        for (unsigned o = 0; o <= s.pages.rules().max_order.v; ++o)
          for (unsigned t = 0; t < migratetype_count; ++t) {
            const Key key{n.nid, z, o, static_cast<migratetype>(t)};
            for (const u64 pfn : list_of(s, n.nid, z, o, static_cast<migratetype>(t))) {
              std::list<u64> &l = lists_[key];
              l.push_back(pfn);
              blocks_[pfn] = {o, key, std::prev(l.end())};
            }
          }
  }

  void free(u64 pfn, unsigned order) {
    const PageInfo home = s_.pages.page(pfn_t{pfn});
    const unsigned top = static_cast<unsigned>(s_.pages.rules().max_order.v);
    while (order < top) {
      const u64 buddy = pfn ^ (u64{1} << order);
      const auto it = blocks_.find(buddy);
      if (it == blocks_.end() || it->second.order != order) break;
      const PageInfo other = s_.pages.page(pfn_t{buddy});
      if (other.nid != home.nid || other.zone != home.zone) break;
      lists_[it->second.key].erase(it->second.at);
      blocks_.erase(it);
      pfn &= ~(u64{1} << order);
      ++order;
    }
    const migratetype type = s_.pages.page(pfn_t{pfn}).block_type;
    const Key key{home.nid, home.zone, order, type};
    std::list<u64> &l = lists_[key];
    l.push_back(pfn);
    blocks_[pfn] = {order, key, std::prev(l.end())};
  }

  // The first list that `s` has otherwise, in words, or "".
  std::string difference(const System &s) const {
    for (const pglist_data &n : s.pages.nodes())
      for (unsigned z = 0; z < s.arch->zones.size(); ++z)
        for (unsigned o = 0; o <= s.pages.rules().max_order.v; ++o)
          for (unsigned t = 0; t < migratetype_count; ++t) {
            const auto type = static_cast<migratetype>(t);
            const std::vector<u64> got = list_of(s, n.nid, z, o, type);
            const auto it = lists_.find(Key{n.nid, z, o, type});
            const std::vector<u64> want =
                it == lists_.end() ? std::vector<u64>{} : std::vector<u64>(it->second.begin(), it->second.end());
            if (got != want)
              return concat("node ", n.nid, " zone ", s.arch->zones[z].name, " order ", o, ' ', migratetype_name(type),
                            ": ", list_text(got), " instead of ", list_text(want));
          }
    return {};
  }

private:
  using Key = std::tuple<i32, unsigned, unsigned, migratetype>;
  struct Block {
    unsigned order;
    Key key;
    std::list<u64>::iterator at;
  };
  const System &s_;
  std::map<u64, Block> blocks_;
  std::map<Key, std::list<u64>> lists_;
};

} // namespace

FrozenBuddy read_buddy(std::string_view text) {
  FrozenBuddy b;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view rest = without_tail(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string_view first = next_word(rest);
    if (first == "_totalram_pages")
      b.totalram = number(trim(rest));
    else if (first == "node")
      read_node(b, rest);
    else if (first == "zone")
      read_zone(b, rest);
    else if (first == "order")
      read_list(b, rest);
    else if (first == "pageblock_flags" && !b.zones.empty()) // "(pageblock_order assumed 9) 1011…"
      b.zones.back().pageblocks = trim(rest.substr(rest.rfind(' ') == rest.npos ? 0 : rest.rfind(' ')));
  }
  return b;
}

std::string zone_pageblocks(const System &s, i32 nid, unsigned zid) {
  const zone &z = s.pages.zone_of(nid, zid);
  const u64 block = u64{1} << s.config.pageblock_order, first = round_down(z.start_pfn.v, block);
  const u64 blocks = div_round_up(z.end_pfn().v - first, block);
  std::string types;
  for (u64 i = 0; i < round_up(blocks, 2); ++i) {
    const u64 b = i ^ 1; // the second of a byte is printed first
    const pfn_t pfn{std::max(first + b * block, z.start_pfn.v)};
    types += static_cast<char>('0' + (b < blocks ? static_cast<unsigned>(s.pages.page(pfn).block_type) : 0));
  }
  return types;
}

void compare_lists(const FrozenZone &expected, unsigned zid, const System &s, std::string_view where,
                   const Compare &item) {
  std::array<u64, max_orders> nr_free{};
  for (unsigned o = 0; o <= s.pages.rules().max_order.v; ++o)
    for (unsigned t = 0; t < migratetype_count; ++t) {
      const auto type = static_cast<migratetype>(t);
      const std::vector<u64> got = list_of(s, expected.nid, zid, o, type);
      const std::string name = upper(migratetype_name(type));
      const auto it = std::find_if(expected.lists.begin(), expected.lists.end(),
                                   [&](const FrozenList &l) { return l.order == o && l.type == name; });
      const std::vector<u64> want = it == expected.lists.end() ? std::vector<u64>{} : it->pfns;
      nr_free[o] += want.size();
      if (!got.empty() || !want.empty()) item(concat(where, " order ", o, ' ', name), list_text(want), list_text(got));
    }
  const zone &z = s.pages.zone_of(expected.nid, zid);
  for (unsigned o = 0; o <= s.pages.rules().max_order.v; ++o)
    if (nr_free[o] != 0 || z.areas[o].nr_free() != 0)
      item(concat(where, " order ", o, " nr_free"), concat(nr_free[o]), concat(z.areas[o].nr_free()));
}

void check_on_the_way(const System &before, std::span<const Event> events, const Compare &item) {
  u64 total = 0;
  for (const Event &e : events)
    if (e.kind == EventKind::lab_hand_over) total += e.f[2];
  std::vector<u64> stops{1, 2, 7, total / 7, total / 3, total / 2, total - total / 5, total > 1 ? total - 1 : 0, total};
  std::sort(stops.begin(), stops.end());
  stops.erase(std::unique(stops.begin(), stops.end()), stops.end());

  const Trace no_texts; // texts matter to kernel lines only, and the handoff prints none
  System s = before;
  NaiveBuddy naive(before);
  u64 handed = 0, order = 0;
  std::size_t at = 0;
  auto next_stop = stops.begin();
  while (next_stop != stops.end() && *next_stop == 0) ++next_stop;
  for (; next_stop != stops.end() && *next_stop <= total; ++next_stop) {
    // Whole hand-overs up to the stop …
    u64 part = 0;
    for (; at < events.size(); ++at) {
      const Event &e = events[at];
      if (e.kind == EventKind::lab_hand_over) {
        if (handed + e.f[2] > *next_stop) {
          part = *next_stop - handed;
          break;
        }
        order = e.f[1];
        for (u64 i = 0; i < e.f[2]; ++i) naive.free(e.f[0] + (i << order), static_cast<unsigned>(order));
        handed += e.f[2];
      }
      fold(s, e, no_texts);
    }
    std::string difference;
    if (part == 0) {
      difference = naive.difference(s);
    } else { // … and the first blocks of the run that comes next, on copies
      System inside = s;
      NaiveBuddy so_far(before);
      u64 left = *next_stop;
      for (const Event &e : events) {
        if (e.kind != EventKind::lab_hand_over || left == 0) continue;
        const u64 n = std::min(left, e.f[2]);
        for (u64 i = 0; i < n; ++i) so_far.free(e.f[0] + (i << e.f[1]), static_cast<unsigned>(e.f[1]));
        left -= n;
      }
      for (std::size_t i = at; i < events.size(); ++i) {
        fold(inside, events[i], no_texts, events[i].kind == EventKind::lab_free_list_add ? part : 0);
        if (events[i].kind == EventKind::lab_free_list_add) break;
      }
      difference = so_far.difference(inside);
    }
    item(concat("after block ", *next_stop, " of ", total), "as a naive allocator has it",
         difference.empty() ? std::string("as a naive allocator has it") : difference);
  }
}

} // namespace mmscope
