#include "lab/page_calls.hpp"

#include "base/text.hpp"
#include "lab/old_calls.hpp"
#include "mm/pair_alloc.hpp"

namespace mmscope {

namespace {

constexpr u64 most_bulk = u64{1} << 16, most_exact = u64{1} << 32, most_references = 0xfffe;

std::string pages_text(const BlockInfo &b) {
  return b.order.v == 0 ? concat("page ", b.pfn.v) : concat("block ", b.pfn.v, " of order ", b.order.v);
}

// Why the page at `pfn` is not somebody's, in the words of what the kernel would find.
std::string not_taken(const System &s, pfn_t pfn) {
  switch (s.pages.page(pfn).state) {
  case PageState::absent: return concat("page ", pfn.v, " does not exist: it has no struct page");
  case PageState::uninit: return concat("the struct page of page ", pfn.v, " is not initialised yet");
  case PageState::hole: return concat("page ", pfn.v, " is a hole: PG_reserved, no RAM behind it");
  case PageState::free: {
    const auto b = s.pages.containing_free_block(pfn);
    return concat(
        "double free: page ", pfn.v, " is free already, in block ", b->pfn.v, " of order ", b->order.v,
        ". Its reference count would go from 0 to -1, and the kernel says nothing yet; whoever gets the page next "
        "finds it: BUG: Bad page state, nonzero _refcount");
  }
  case PageState::pcp: {
    const auto b = s.pages.pcp_block(pfn);
    return concat(
        "double free: page ", pfn.v, " is free already, on a CPU's page list as block ", b->pfn.v, " of order ",
        b->order.v,
        ". Its reference count would go from 0 to -1; whoever gets the page next finds it: BUG: Bad page state, "
        "nonzero _refcount");
  }
  case PageState::reserved:
    return concat("page ", pfn.v,
                  " is reserved: nobody has allocated it. BUG: Bad page state, PAGE_FLAGS_CHECK_AT_FREE flag(s) set "
                  "(PG_reserved)");
  case PageState::init:
  case PageState::allocated: break;
  }
  return concat("page ", pfn.v, " is used since the boot, not allocated by a request");
}

// Is pfn the first page of a block that somebody has?
std::string check_block(const System &s, pfn_t pfn, std::optional<BlockInfo> &b) {
  b = s.pages.block(pfn);
  if (!b) return not_taken(s, pfn);
  if (b->pfn == pfn) return {};
  const std::string inside = concat("page ", pfn.v, " is not the first of its block but of ", pages_text(*b));
  if (b->is(BlockUse::compound))
    return inside +
           ": a tail page. Its compound_head is meant; free that. BUG: Bad page state, corrupted mapping in tail page";
  return inside + ": its own reference count is 0 and would go to -1, so nothing is freed, until somebody finds it";
}

std::string check_free_pages(const System &s, pfn_t pfn, u64 order, bool order_given) {
  std::optional<BlockInfo> b;
  if (std::string why = check_block(s, pfn, b); !why.empty()) return why;
  if (b->is(BlockUse::slab))
    return concat(pages_text(*b), " belongs to a slab cache: BUG: Bad page state, PAGE_FLAGS_CHECK_AT_FREE flag(s) set "
                                  "(PG_slab). Free its objects instead");
  if (!order_given || b->order.v == order) return {};
  if (b->is(BlockUse::compound))
    return concat("wrong order: the compound page at ", pfn.v, " has order ", b->order.v, ", not ", order,
                  ". BUG: Bad page state");
  if (order > b->order.v)
    return concat("wrong order: ", pages_text(*b), " is smaller than 2^", order,
                  " pages. The kernel would free its neighbours too, whosever they are");
  return concat("wrong order: ", pages_text(*b), " is larger than 2^", order,
                " pages. The kernel would free the first of them; the rest is lost (split_page first)");
}

} // namespace

namespace page_calls {

// --- what is wrong with a call ---

using Fault = CallFault;

static pfn_t page_of(const CallSite &c) { return pfn_t{c.v[0]}; }

// What requests have in common: gfp flags that go together, a CPU and a node that exist. 2.4 minds two of the flags' bits,
// and has one node.
Fault check_request(const CallSite &c) {
  const PageAlloc &pa = c.s.pages;
  const bool pairs = c.s.on_pair_zones();
  if (pairs && c.s.pair_zones.empty()) return {"there are no zones yet: free_area_init has not run"};
  if (const unsigned at = c.index_of("gfp"); at < max_args) {
    const gfp_t g = static_cast<gfp_t>(c.v[at]);
    if (c.v[at] > gfp::all_bits) return {concat("there are no such gfp flags: ", c.v[at]), at};
    if (!pairs && pa.rules().gfp_zones[g & gfp::zone_bits] == no_zone)
      return {concat(gfp_text(g & gfp::zone_bits), " do not go together: no zone is meant"), at};
    if (gfp_migratetype_index(g) > 2)
      return {"__GFP_MOVABLE and __GFP_RECLAIMABLE do not go together: a page is one or the other", at};
  }
  if (const unsigned at = c.index_of("cpu"); at < max_args && c.v[at] >= std::max<u64>(pa.cpus(), 1))
    return {concat("there is no CPU ", c.v[at], ": ", std::max<u64>(pa.cpus(), 1), " of them, from 0"), at};
  if (const unsigned at = c.index_of("nid"); at < max_args && c.given(at) && c.v[at] != field(no_node))
    if (pairs ? c.v[at] != 0 : c.v[at] >= pa.nodes().size() || !pa.nodes()[static_cast<std::size_t>(c.v[at])].online)
      return {concat("node ", c.v[at], " is not online"), at};
  return {};
}

static Fault check_alloc(const CallSite &c) {
  if (c.v[1] >= 64) return {concat("2^", c.v[1], " pages are more than addresses"), 1};
  return check_request(c);
}
static Fault check_bulk(const CallSite &c) {
  if (c.v[1] == 0 || c.v[1] > most_bulk) return {concat("nr goes from 1 to ", most_bulk, ", not ", c.v[1]), 1};
  return check_request(c);
}
static Fault check_exact(const CallSite &c) {
  if (c.v[0] == 0 || c.v[0] > most_exact) return {concat("size goes from 1 byte to 4 GiB, not ", c.v[0]), 0};
  if ((c.v[1] & (gfp::COMP | gfp::HIGHMEM)) != 0)
    return {"alloc_pages_exact cuts the block up: __GFP_COMP and __GFP_HIGHMEM make no sense", 1};
  return check_request(c);
}
static Fault check_free(const CallSite &c) {
  // Nothing in 2.4 remembers how large a block was: without an order it is __free_page's.
  if (c.s.on_pair_zones()) {
    const Fault f = check_request(c);
    return f.reason.empty() ? check_free_pages_ok(c) : f;
  }
  if (std::string why = check_free_pages(c.s, page_of(c), c.v[1], c.given(1)); !why.empty()) return {why, 0};
  return check_request(c);
}
static Fault check_get(const CallSite &c) {
  std::optional<BlockInfo> b;
  if (std::string why = check_block(c.s, page_of(c), b); !why.empty()) return {why, 0};
  if (b->refcount >= most_references) return {"the model counts no more references than that", 0};
  return {};
}
static Fault check_split(const CallSite &c) {
  std::optional<BlockInfo> b;
  if (std::string why = check_block(c.s, page_of(c), b); !why.empty()) return {why, 0};
  if (b->is(BlockUse::compound)) return {concat(pages_text(*b), " is compound: the kernel stops (VM_BUG_ON_PAGE)"), 0};
  return {};
}
static Fault check_lru(const CallSite &c) {
  std::optional<BlockInfo> b;
  if (std::string why = check_block(c.s, page_of(c), b); !why.empty()) return {why, 0};
  if (b->lru) return {concat(pages_text(*b), " is on an LRU list already"), 0};
  if (b->is(BlockUse::slab)) return {concat(pages_text(*b), " holds slab objects, which reclaim cannot free"), 0};
  return {};
}
static Fault check_isolation(const CallSite &c, bool wanted) {
  const PageInfo page = c.s.pages.page(page_of(c));
  if (page.state == PageState::absent) return {concat("page ", c.v[0], " does not exist"), 0};
  if ((page.block_type == migratetype::ISOLATE) != wanted)
    return {wanted ? "the pageblock is not isolated" : "the pageblock is isolated already (-EBUSY)", 0};
  return {};
}
static Fault check_isolate(const CallSite &c) { return check_isolation(c, false); }
static Fault check_unisolate(const CallSite &c) { return check_isolation(c, true); }

// --- making it ---

static PageRequest request(const CallSite &c, gfp_t g, u64 order) {
  const unsigned cpu = c.index_of("cpu"), nid = c.index_of("nid");
  return {g, order_t{order}, c.given(nid) ? static_cast<i32>(static_cast<i64>(c.v[nid])) : no_node,
          static_cast<u32>(c.v[cpu])};
}
static CallOutcome result(std::optional<pfn_t> pfn) { return {pfn ? pfn->v : 0}; }

static CallOutcome alloc(CallSite &c) {
  if (c.s.on_pair_zones())
    return result(pair_alloc_pages(c.s.pair_zones, c.t, static_cast<gfp_t>(c.v[0]), order_t{c.v[1]}));
  return result(c.s.pages.alloc_pages(c.t, request(c, static_cast<gfp_t>(c.v[0]), c.v[1])));
}
static CallOutcome free(CallSite &c) {
  if (c.s.on_pair_zones()) {
    emit(c.t, EventKind::mm_page_free, {c.v[0], c.v[1]});
    return free_pages_ok(c);
  }
  c.s.pages.free_pages(c.t, page_of(c), c.s.pages.block(page_of(c))->order, static_cast<u32>(c.v[2]));
  return {};
}
static CallOutcome bulk(CallSite &c) {
  return {c.s.pages.alloc_pages_bulk(c.t, request(c, static_cast<gfp_t>(c.v[0]), 0), c.v[1]).size()};
}
static CallOutcome exact(CallSite &c) {
  const u64 pages = div_round_up(c.v[0], c.s.arch->page_size());
  return result(c.s.pages.alloc_pages_exact(c.t, request(c, static_cast<gfp_t>(c.v[1]), 0), pages));
}
static CallOutcome get(CallSite &c) {
  c.s.pages.get_page(c.t, page_of(c));
  return {};
}
static CallOutcome split(CallSite &c) {
  c.s.pages.split_page(c.t, page_of(c));
  return {};
}
static CallOutcome lru(CallSite &c) {
  c.s.pages.lru_add(c.t, page_of(c));
  return {};
}
static CallOutcome drain_all(CallSite &c) {
  c.s.pages.drain_all_pages(c.t);
  return {};
}
static CallOutcome drain_local(CallSite &c) {
  for (const pglist_data &n : c.s.pages.nodes())
    for (unsigned zid = 0; zid < c.s.arch->zones.size(); ++zid)
      c.s.pages.drain_pages_zone(c.t, n.nid, zid, static_cast<u32>(c.v[0]));
  return {};
}
static CallOutcome balance(CallSite &c) {
  return {c.s.pages.balance_pgdat(c.t, static_cast<i32>(c.v[0]), static_cast<u32>(c.v[1]))};
}
static CallOutcome tell_counters(CallSite &c) {
  c.s.pages.refresh_cpu_vm_stats(c.t, static_cast<u32>(c.v[0]));
  return {};
}
static CallOutcome isolate(CallSite &c) {
  c.s.pages.set_migratetype_isolate(c.t, page_of(c));
  return {};
}
static CallOutcome unisolate(CallSite &c) {
  c.s.pages.unset_migratetype_isolate(c.t, page_of(c), migratetype::MOVABLE);
  return {};
}

} // namespace page_calls

namespace {

using namespace page_calls;
constexpr CallRow rows[] = {
    {Op::alloc_pages, check_alloc, alloc},
    {Op::free_pages, check_free, page_calls::free},
    {Op::alloc_pages_bulk, check_bulk, bulk},
    {Op::alloc_pages_exact, check_exact, exact},
    {Op::get_page, check_get, get},
    {Op::split_page, check_split, split},
    {Op::folio_add_lru, check_lru, lru},
    {Op::drain_all_pages, check_request, drain_all},
    {Op::drain_local_pages, check_request, drain_local},
    {Op::balance_pgdat, check_request, balance},
    {Op::refresh_cpu_vm_stats, check_request, tell_counters},
    {Op::set_migratetype_isolate, check_isolate, isolate},
    {Op::unset_migratetype_isolate, check_unisolate, unisolate},
};

} // namespace

std::span<const CallRow> page_call_rows() { return rows; }

} // namespace mmscope
