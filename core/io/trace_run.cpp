#include "io/trace_run.hpp"

#include "base/text.hpp"
#include "io/capture.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace mmscope {

namespace {

using nlohmann::json;

constexpr std::size_t max_differences = 20;
constexpr u64 max_pfn = u64{1} << 34, max_pages = u64{1} << 26; // a snapshot describes page by page: 256 GiB at most
constexpr u64 no_deferred = ~u64{0};
constexpr unsigned recorded_types = 5; // the recorded kernel has no CMA: 3 is HighAtomic, 4 is Isolate

// Reading JSON from outside: a field that is not what it should be is a reason, and reads as nothing.
class Fields {
public:
  explicit Fields(std::string &why) : why_(why) {}
  bool ok() const { return why_.empty(); }

protected:
  template <class... Parts> void fail(const Parts &...parts) {
    if (ok()) why_ = concat(parts...);
  }
  const json &at(const json &j, const char *name) {
    static const json nothing;
    if (j.is_object())
      if (const auto it = j.find(name); it != j.end()) return *it;
    fail(name, " is missing");
    return nothing;
  }
  u64 number(const json &j, const char *name, u64 most = ~u64{0}) {
    const json &v = at(j, name);
    if (v.is_number_unsigned() && v.get<u64>() <= most) return v.get<u64>();
    fail(name, " is no number up to ", most);
    return 0;
  }
  i64 integer(const json &j, const char *name) {
    const json &v = at(j, name);
    if (v.is_number_integer()) return v.get<i64>();
    fail(name, " is no integer");
    return 0;
  }
  const json &array(const json &j, const char *name, std::size_t least = 0) {
    static const json nothing = json::array();
    const json &v = at(j, name);
    if (v.is_array() && v.size() >= least) return v;
    fail(name, " is no array of ", least, " or more");
    return nothing;
  }
  u64 item(const json &j, std::size_t i, u64 most) {
    if (j.is_array() && i < j.size() && j[i].is_number_unsigned() && j[i].get<u64>() <= most) return j[i].get<u64>();
    fail("element ", i, " is no number up to ", most);
    return 0;
  }
  bool is(const json &j, const char *name, std::string_view text) {
    const json &v = at(j, name);
    return v.is_string() && v.get_ref<const std::string &>() == text;
  }

private:
  std::string &why_;
};

migratetype type_of(u64 recorded) { return recorded == 4 ? migratetype::ISOLATE : static_cast<migratetype>(recorded); }

// --- snapshot A ---

class Loader : Fields {
public:
  Loader(const json &snapshot, std::string &why) : Fields(why), j_(snapshot), rules_(rules()), pages_(rules_) {}

  PageAlloc load() {
    for (const json &n : array(j_, "nodes", 1)) node(n);
    fallbacks_exist();
    if (!ok()) return std::move(pages_);
    for (const json &run : array(at(j_, "pageblocks"), "runs")) pageblocks(run);
    pages_.set_cpu_node(nullptr, 0, pages_.nodes()[0].nid);
    for (const json &n : array(j_, "nodes"))
      for (const json &z : array(n, "zones"))
        if (ok()) lists(static_cast<i32>(number(n, "node", 1023)), z);
    for (const json &run : array(j_, "page_lru")) {
      const u64 first = item(run, 0, max_pfn), count = item(run, 1, max_pages);
      for (u64 i = 0; i < count; ++i) movable(pfn_t{first + i});
    }
    return std::move(pages_);
  }

private:
  BuddyRules rules() {
    const json &consts = at(j_, "consts");
    BuddyRules r;
    r.max_order = order_t{std::max<u64>(number(consts, "MAX_ORDER", 16), 1) - 1};
    r.pageblock_order = order_t{number(consts, "pageblock_order", 15)};
    r.thp = number(consts, "NR_PCP_LISTS", 14) == 14;
    if (number(consts, "MAX_ORDER") < 5 || r.pageblock_order > r.max_order || r.pageblock_order.v <= costly_order) {
      fail("consts: orders that no kernel has");
      return {};
    }
    r.watermark_boost_factor = number(at(j_, "globals"), "watermark_boost_factor", 1000000);
    return r;
  }

  void node(const json &n) {
    const i32 nid = static_cast<i32>(number(n, "node", 1023));
    pages_.init_node(nullptr, nid, pfn_t{number(n, "node_start_pfn", max_pfn)}, number(n, "spanned", max_pages),
                     number(n, "present", max_pages), phys_addr_t{});
    pages_.set_node(nullptr, nid, node_field::online, 1);
    if (number(n, "first_deferred_pfn") != no_deferred) fail("a node with deferred pages");
    for (const json &list : array(n, "zonelists")) {
      if (!is(list, "kind", "fallback")) continue;
      std::set<u64> seen;
      for (const json &z : array(list, "zones"))
        if (seen.insert(item(z, 0, 1023)).second) pages_.add_fallback(nullptr, nid, static_cast<i32>(item(z, 0, 1023)));
    }
    for (const json &z : array(n, "zones"))
      if (ok()) zone_of(nid, z);
  }

  void fallbacks_exist() {
    const auto &nodes = pages_.nodes();
    for (const pglist_data &node : nodes)
      for (const i32 nid : node.fallback)
        if (static_cast<std::size_t>(nid) >= nodes.size() || !nodes[static_cast<std::size_t>(nid)].online)
          return fail("zonelists: there is no node ", nid);
  }

  void zone_of(i32 nid, const json &z) {
    const unsigned zid = static_cast<unsigned>(number(z, "idx", rules_.zone_types - 1));
    const pfn_t start{number(z, "start_pfn", max_pfn)};
    const u64 spanned = number(z, "spanned", max_pages);
    for (const PfnRange &r : spans_)
      if (start < r.end && r.start < start + spanned) return fail("zones that overlap");
    spans_.push_back({start, start + spanned});
    pages_.init_zone(nullptr, nid, zid, start, spanned, number(z, "present", max_pages));
    const auto set = [&](zone_field f, u64 v) { pages_.set_zone(nullptr, nid, zid, f, v); };
    set(zone_field::managed, number(z, "managed", max_pages));
    const json &marks = array(z, "watermark", 3), &reserve = array(z, "lowmem_reserve");
    set(zone_field::min, item(marks, 0, max_pages));
    set(zone_field::low, item(marks, 1, max_pages));
    set(zone_field::high, item(marks, 2, max_pages));
    for (unsigned i = 0; i < reserve.size() && i < max_zone_types; ++i)
      set(lowmem_reserve_for(i), item(reserve, i, max_pages));
    set(zone_field::watermark_boost, number(z, "watermark_boost", max_pages));
    set(zone_field::nr_reserved_highatomic, number(z, "nr_reserved_highatomic", max_pages));
    set(zone_field::boosted, number(z, "flags", 3) & 1);
    set(zone_field::reclaim_active, number(z, "flags", 3) >> 1);
    set(zone_field::nr_isolate_pageblock, number(z, "nr_isolate_pageblock", max_pages));
    set(zone_field::pcp_cpus, 1);
    set(zone_field::pcp_high, number(z, "pageset_high", max_pages));
    const u64 batch = number(z, "pageset_batch", max_pages);
    if (batch == 0) return fail("pageset_batch: no kernel that records has lists without a batch");
    set(zone_field::pcp_batch, batch);
    set(zone_field::stat_threshold, number(z, "stat_threshold", 1000));
    pages_.set_pages(nullptr, start, spanned, PageState::allocated, nid, zid);
  }

  void pageblocks(const json &run) {
    const u64 block = pages_of(rules_.pageblock_order);
    const u64 first = item(run, 0, max_pfn / block), count = item(run, 1, max_pages / block);
    const migratetype type = type_of(item(run, 2, recorded_types - 1));
    const pfn_t begin{first * block}, end{(first + count) * block};
    for (const PfnRange &r : spans_) {
      const pfn_t a = std::max(begin, r.start), b = std::min(end, r.end);
      if (a < b) pages_.set_pageblocks(nullptr, a, b - a, type);
    }
  }

  // A block of a list must be aligned, of that zone, and not free yet.
  bool check(i32 nid, unsigned zid, pfn_t pfn, order_t order) {
    if ((pfn.v & (pages_of(order) - 1)) != 0) fail("block ", pfn.v, " is not aligned");
    for (u64 i = 0; i < pages_of(order); ++i) {
      const PageInfo p = pages_.page(pfn + i);
      if (p.state != PageState::allocated || p.nid != nid || p.zone != zid)
        fail("page ", pfn.v + i, " is free twice or of another zone");
    }
    return ok();
  }

  void lists(i32 nid, const json &z) {
    const unsigned zid = static_cast<unsigned>(number(z, "idx"));
    for (const json &area : array(z, "free_area")) {
      const order_t order{number(area, "order", rules_.max_order.v)};
      const json &free = array(area, "free_list", recorded_types);
      for (unsigned type = 0; ok() && type < recorded_types; ++type)
        for (std::size_t i = 0; i < free[type].size(); ++i) {
          const pfn_t pfn{item(free[type], i, max_pfn)};
          if (!check(nid, zid, pfn, order)) return;
          pages_.list_add(nullptr, nid, zid, order, type_of(type), pfn, 1, FreeTo::tail);
        }
    }
    const json &pcp = at(z, "pcp"), &blocks = array(pcp, "lists"), &types = array(pcp, "page_mt", blocks.size());
    if (!ok()) return;
    if (blocks.size() != pages_.pcp_lists()) return fail("pcp: another number of lists than NR_PCP_LISTS");
    for (unsigned index = 0; index < blocks.size(); ++index)
      for (std::size_t i = 0; i < blocks[index].size(); ++i) {
        const PcpBlock b{pfn_t{item(blocks[index], i, max_pfn)}, pages_.pcp_order(index),
                         type_of(item(types[index], i, recorded_types - 1))};
        if (!check(nid, zid, b.pfn, b.order)) return;
        pages_.pcp_add(nullptr, nid, zid, 0, index, b, FreeTo::tail);
      }
    pages_.set_pcp(nullptr, nid, zid, 0, pcp_field::free_factor, static_cast<i64>(number(pcp, "free_factor", 64)));
    pages_.set_pcp(nullptr, nid, zid, 0, pcp_field::stat_diff, integer(at(z, "vm_stat_diff"), "NR_FREE_PAGES"));
  }

  void movable(pfn_t pfn) {
    if (pages_.page(pfn).state != PageState::allocated || pages_.block(pfn)) return;
    pages_.set_block(nullptr, {pfn, order_t{0}, 1, static_cast<u32>(BlockUse::movable)});
  }

  const json &j_;
  BuddyRules rules_;
  PageAlloc pages_;
  std::vector<PfnRange> spans_;
};

// --- operations ---

class Replay : Fields {
public:
  Replay(PageAlloc pages, TraceResult &result, std::string &why) : Fields(why), pages_(std::move(pages)), r_(result) {}

  void apply(const json &op) {
    const json &kind = at(op, "k");
    if (!kind.is_string()) return fail("k is no text");
    const std::string &k = kind.get_ref<const std::string &>();
    ++r_.operations;
    if (k == "alloc") return alloc(op);
    if (k == "bulk") return bulk(op);
    if (k == "prep") return prep(op);
    if (k == "free" || k == "bfree") return free(op, k == "bfree");
    if (k == "drain_zone") return drain(op);
    if (k == "fold") return pages_.refresh_cpu_vm_stats(nullptr, 0);
    if (k == "isolate") return isolate(op);
    if (k == "wakek") {
      const u64 nid = item(at(op, "zone"), 0, 1023);
      if (!known_node(nid)) return fail("zone: no such node");
      woken_node_ = static_cast<i32>(nid);
      return;
    }
    if (k == "balp") return begin_balance(op);
    if (k == "balpret") return end_balance(op);
    if (k == "drain_remote" || k == "captured" || k == "wm" || k == "unres" || k == "putb" || k == "splitf")
      fail(k, ": an operation that this replay does not know");
  }

  PageAlloc take() { return std::move(pages_); }

private:
  bool known_node(u64 nid) const { return nid < pages_.nodes().size() && pages_.nodes()[nid].online; }
  // Is it somebody's, all of it, and could it be freed at that order?
  bool is_taken(pfn_t pfn, order_t order) const {
    if (order > pages_.rules().max_order || (pfn.v & (pages_of(order) - 1)) != 0) return false;
    bool taken = true;
    pages_.for_each_run(pfn, pfn + pages_of(order),
                        [&](const PageRun &run) { taken = taken && run.info.state == PageState::allocated; });
    return taken;
  }

  void differs(std::string where, std::string expected, std::string got) {
    if (r_.differences.size() < max_differences)
      r_.differences.push_back({std::move(where), std::move(expected), std::move(got)});
  }
  static std::string text(const std::optional<pfn_t> &pfn) { return pfn ? concat(pfn->v) : std::string("refused"); }

  AllocAttempt attempt(const json &op) {
    AllocAttempt a;
    a.gfp = static_cast<gfp_t>(number(op, "gfp", gfp::all_bits));
    a.order = order_t{number(op, "order", pages_.rules().max_order.v)};
    a.type = type_of(number(op, "mt", 2));
    a.highest_zone = static_cast<unsigned>(number(op, "hzi", pages_.rules().zone_types - 1));
    a.flags = static_cast<u32>(number(op, "aflags", 0xfff));
    if ((a.flags & alloc_flag::WMARK_MASK) == 3) fail("aflags: there is no such watermark");
    const json &zonelist = array(op, "zl", 2);
    const u64 nid = item(zonelist, 0, 1023);
    if (!known_node(nid)) fail("zl: no such node");
    a.nid = static_cast<i32>(nid);
    if (item(zonelist, 1, 1) == 1) a.gfp |= gfp::THISNODE;
    return a;
  }

  void alloc(const json &op) {
    AllocAttempt a = attempt(op);
    if (!ok()) return;
    const json *obs = op.contains("obs") && op["obs"].is_array() ? &op["obs"] : nullptr;
    bool refilled = false;
    if (obs != nullptr)
      for (const json &o : *obs) refilled = refilled || is(o, "o", "refill");
    a.pcp_locked = is(op, "via", "buddy") && pages_.pcp_allowed(a.order) && !refilled;
    const std::optional<pfn_t> got = pages_.get_page_from_freelist(nullptr, a);
    const json &recorded = at(op, "pfn");
    if (!recorded.is_null() && !recorded.is_number_unsigned()) return fail("pfn is no number");
    const std::optional<pfn_t> expected =
        recorded.is_null() ? std::nullopt : std::optional<pfn_t>(pfn_t{recorded.get<u64>()});
    r_.pfns.push_back(got ? std::optional<u64>(got->v) : std::nullopt);
    count(got, expected);
    if (got) own(*got, a);
  }

  void count(const std::optional<pfn_t> &got, const std::optional<pfn_t> &expected) {
    ++r_.allocs;
    if (got == expected)
      ++r_.allocs_equal;
    else
      differs(concat("operation ", r_.operations), text(expected), text(got));
  }

  void own(pfn_t pfn, const AllocAttempt &a) {
    const u32 use = (a.gfp & gfp::MOVABLE) != 0 ? static_cast<u32>(BlockUse::movable) : 0;
    pages_.set_block(nullptr, {pfn, a.order, 1, use});
  }

  void bulk(const json &op) {
    AllocAttempt a;
    a.gfp = static_cast<gfp_t>(number(op, "gfp", gfp::all_bits));
    const u64 nid = number(op, "nid", 1023);
    if (!known_node(nid)) return fail("nid: no such node");
    const auto first = pages_.first_attempt({a.gfp, order_t{0}, static_cast<i32>(nid), 0});
    if (!first) return fail("gfp: no zone");
    const json &recorded = array(op, "pfns");
    if (recorded.empty()) return; // nothing came from the list; the single page it then asks for is an `alloc`
    const std::vector<pfn_t> got = pages_.bulk_from_pcp(nullptr, *first, recorded.size());
    for (std::size_t i = 0; i < recorded.size(); ++i)
      count(i < got.size() ? std::optional<pfn_t>(got[i]) : std::nullopt, pfn_t{item(recorded, i, max_pfn)});
  }

  void prep(const json &op) {
    const pfn_t pfn{number(op, "pfn", max_pfn)};
    const order_t order{number(op, "order", pages_.rules().max_order.v)};
    if (!is_taken(pfn, order)) return; // an earlier difference; the free tells
    preparing_[pfn.v] = {order, pages_.free_prepare(nullptr, pfn, order)};
  }

  void free(const json &op, bool direct) {
    const pfn_t pfn{number(op, "pfn", max_pfn)};
    const order_t order{number(op, "order", pages_.rules().max_order.v)};
    const auto it = preparing_.find(pfn.v);
    if (it == preparing_.end() || it->second.first != order || !is_taken(pfn, order))
      return differs(concat("operation ", r_.operations), concat("page ", pfn.v, " is freed"), "it is not somebody's");
    const migratetype type = it->second.second;
    preparing_.erase(it);
    if (direct)
      pages_.free_to_buddy(nullptr, pfn, order, type, 0);
    else
      pages_.free_commit(nullptr, pfn, order, type, 0);
  }

  void drain(const json &op) {
    const json &z = array(op, "zone", 2);
    const u64 nid = item(z, 0, 1023), zid = item(z, 1, pages_.rules().zone_types - 1);
    if (!known_node(nid)) return fail("zone: no such node");
    pages_.drain_pages_zone(nullptr, static_cast<i32>(nid), static_cast<unsigned>(zid), 0);
  }

  void isolate(const json &op) {
    const pfn_t pfn{number(op, "pfn", max_pfn)};
    const bool expected = number(op, "ret", max_pages) != 0;
    const auto head = pages_.free_head(pfn);
    const bool got = head && head->order.v == number(op, "order") && pages_.isolate_free_page(nullptr, pfn, 0);
    if (got != expected)
      differs(concat("operation ", r_.operations), concat("isolate ", pfn.v, expected ? " done" : " refused"),
              got ? "done" : "refused");
  }

  // One kswapd a node: which one runs shows in who it is, once it has been woken for a node.
  void begin_balance(const json &op) {
    const i32 nid = kswapd_.try_emplace(number(op, "pid"), woken_node_).first->second;
    const unsigned highest = static_cast<unsigned>(std::min<u64>(number(op, "hzi"), pages_.rules().zone_types - 1));
    Balance &b = balance_[nid];
    b.highest = highest;
    for (unsigned zid = 0; zid <= highest; ++zid) b.boost[zid] = pages_.zone_of(nid, zid).watermark_boost;
    pages_.begin_balance(nullptr, nid, highest);
  }
  void end_balance(const json &op) {
    const auto who = kswapd_.find(number(op, "pid"));
    if (who == kswapd_.end()) return;
    const Balance b = balance_[who->second];
    pages_.end_balance(nullptr, who->second, b.highest);
    pages_.end_boosts(nullptr, who->second, b.boost);
  }

  struct Balance {
    unsigned highest = 0;
    std::array<u64, max_zone_types> boost{};
  };
  PageAlloc pages_;
  TraceResult &r_;
  std::map<u64, std::pair<order_t, migratetype>> preparing_;
  i32 woken_node_ = 0;
  std::map<u64, i32> kswapd_; // process → node
  std::map<i32, Balance> balance_;
};

// --- snapshot B ---

class Compare : Fields {
public:
  Compare(const json &snapshot, TraceResult &result, std::string &why)
      : Fields(why), j_(snapshot), pages_(result.pages), r_(result) {}

  void run() {
    for (const json &n : array(j_, "nodes", 1))
      for (const json &z : array(n, "zones")) {
        const i32 nid = static_cast<i32>(number(n, "node", 1023));
        if (static_cast<u64>(nid) >= pages_.nodes().size()) return fail("nodes: another machine than snapshot A");
        zone_of(nid, z);
      }
    for (const json &run : array(at(j_, "pageblocks"), "runs")) pageblocks(run);
  }

private:
  template <class A, class B> void same(const std::string &where, const A &expected, const B &got) {
    ++r_.lists;
    if (expected == got) {
      ++r_.lists_equal;
      return;
    }
    if (r_.differences.size() < max_differences) r_.differences.push_back({where, text(expected), text(got)});
  }
  static std::string text(u64 n) { return concat(n); }
  static std::string text(i64 n) { return concat(n); }
  static std::string text(const std::vector<u64> &list) {
    std::string s = concat(list.size(), ':');
    for (std::size_t i = 0; i < list.size() && i < 12; ++i) append(s, ' ', list[i]);
    return s;
  }
  std::vector<u64> list_of(const json &j) {
    std::vector<u64> v;
    for (std::size_t i = 0; i < j.size(); ++i) v.push_back(item(j, i, max_pfn));
    return v;
  }

  void zone_of(i32 nid, const json &z) {
    const unsigned zid = static_cast<unsigned>(number(z, "idx", pages_.rules().zone_types - 1));
    const zone &ours = pages_.zone_of(nid, zid);
    const std::string where = concat("node ", nid, " zone ", zid);
    for (const json &area : array(z, "free_area")) {
      const order_t order{number(area, "order", pages_.rules().max_order.v)};
      const json &free = array(area, "free_list", recorded_types);
      for (unsigned type = 0; ok() && type < recorded_types; ++type) {
        std::vector<u64> got;
        pages_.for_each_block(nid, zid, order, type_of(type), [&](FreeBlock b) {
          for (u64 i = 0; i < b.count; ++i) got.push_back(b.pfn.v + (i << order.v));
        });
        same(concat(where, " order ", order.v, ' ', migratetype_name(type_of(type))), list_of(free[type]), got);
      }
    }
    const json &pcp = at(z, "pcp"), &lists = array(pcp, "lists"), &types = array(pcp, "page_mt", lists.size());
    if (ours.pcp.empty()) return fail("a zone that snapshot A does not have");
    for (unsigned index = 0; ok() && index < lists.size() && index < pages_.pcp_lists(); ++index) {
      std::vector<u64> pfns, kinds, expected;
      pages_.for_each_pcp(nid, zid, 0, index, [&](const PcpBlock &b) {
        pfns.push_back(b.pfn.v);
        kinds.push_back(static_cast<u64>(b.type));
      });
      for (std::size_t i = 0; i < types[index].size(); ++i)
        expected.push_back(static_cast<u64>(type_of(item(types[index], i, recorded_types - 1))));
      same(concat(where, " cpu 0 list ", index), list_of(lists[index]), pfns);
      same(concat(where, " cpu 0 list ", index, " types"), expected, kinds);
    }
    same(concat(where, " pcp count"), number(pcp, "count"), u64{ours.pcp[0].count});
    same(concat(where, " free_factor"), number(pcp, "free_factor"), u64{ours.pcp[0].free_factor});
    same(concat(where, " NR_FREE_PAGES"), integer(at(z, "vm_stat"), "NR_FREE_PAGES"), ours.vm_stat_free_pages());
    same(concat(where, " NR_FREE_PAGES difference"), integer(at(z, "vm_stat_diff"), "NR_FREE_PAGES"),
         ours.pcp[0].stat_diff);
    same(concat(where, " watermark_boost"), number(z, "watermark_boost"), ours.watermark_boost);
    same(concat(where, " nr_reserved_highatomic"), number(z, "nr_reserved_highatomic"), ours.nr_reserved_highatomic);
  }

  void pageblocks(const json &run) {
    const u64 block = pages_of(pages_.rules().pageblock_order);
    const u64 first = item(run, 0, max_pfn / block), count = item(run, 1, max_pages / block);
    const migratetype type = type_of(item(run, 2, recorded_types - 1));
    for (u64 b = first; b < first + count; ++b)
      for (pfn_t pfn{b * block}; pfn.v < (b + 1) * block; pfn += block / 2) // a zone may begin inside
        if (pages_.page(pfn).state != PageState::absent) {
          same(concat("pageblock ", b), std::string(migratetype_name(type)),
               std::string(migratetype_name(pages_.pageblock(pfn))));
          break;
        }
  }
  static std::string text(const std::string &s) { return s; }

  const json &j_;
  const PageAlloc &pages_;
  TraceResult &r_;
};

} // namespace

TraceResult replay_trace(const TraceFiles &files) {
  TraceResult r;
  std::string place = "snapshotA.json", why;
  const auto finish = [&]() -> TraceResult & {
    if (!why.empty()) r.error = concat(place, ": ", why);
    return r;
  };
  const auto parse = [&](std::string_view text) {
    json j = json::parse(text, nullptr, false);
    if (j.is_discarded()) why = "not JSON";
    return j;
  };
  const json a = parse(files.snapshot_a);
  if (!why.empty()) return finish();
  PageAlloc pages = Loader(a, why).load();
  if (why.empty()) why = pages.verify(false); // numbers that do not go together
  if (!why.empty()) return finish();
  Replay replay(std::move(pages), r, why);
  u64 line = 0;
  for (std::string_view rest = files.events; !rest.empty() && why.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view text = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    place = concat("events.jsonl:", ++line);
    if (trim(text).empty()) continue;
    const json op = parse(text);
    if (why.empty()) replay.apply(op);
  }
  r.pages = replay.take();
  if (!why.empty() || files.snapshot_b.empty()) return finish();
  place = "snapshotB.json";
  const json b = parse(files.snapshot_b);
  if (why.empty()) Compare(b, r, why).run();
  return finish();
}

bool is_trace_folder(const std::string &dir) {
  const std::vector<std::string> names = list_directory(dir);
  return std::any_of(names.begin(), names.end(), [](const std::string &n) { return n.starts_with("snapshotA.json"); });
}

std::string read_trace(const std::string &dir, TraceFiles &files) {
  std::string error;
  const auto read = [&](const char *name, std::string &to) {
    if (auto text = read_file(concat(dir, "/", name), error)) to = std::move(*text);
  };
  read("snapshotA.json", files.snapshot_a);
  if (error.empty()) read("events.jsonl", files.events);
  if (!error.empty()) return error;
  read("snapshotB.json", files.snapshot_b);
  return {};
}

VerifyReport verify_trace(const std::string &dir) {
  VerifyReport r;
  std::string_view name = dir;
  while (name.ends_with('/')) name.remove_suffix(1);
  r.name = name.substr(name.rfind('/') + 1);
  TraceFiles files;
  r.error = read_trace(dir, files);
  if (!r.error.empty()) return r;
  const TraceResult t = replay_trace(files);
  r.error = t.error;
  FactRow row;
  row.fact = "F10";
  row.about = "page allocator";
  row.equal = t.allocs_equal + t.lists_equal;
  row.total = t.allocs + t.lists;
  if (row.total != 0)
    row.status = row.equal == row.total && t.differences.empty() ? FactStatus::equal : FactStatus::differs;
  if (!t.differences.empty()) {
    row.where = t.differences[0].where;
    row.expected = t.differences[0].expected;
    row.got = t.differences[0].got;
  }
  r.rows.push_back(std::move(row));
  return r;
}

} // namespace mmscope
