#include "lab/page_calls.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "mm/boot.hpp"

namespace mmscope {

namespace {

constexpr u64 most_bulk = u64{1} << 16, most_exact = u64{1} << 32;

// Where an operation's argument of that name stands; max_args when it has none.
unsigned index_of(Op op, std::string_view name) {
  const auto args = op_info(op).args;
  for (unsigned i = 0; i < args.size(); ++i)
    if (args[i].name == name) return i;
  return max_args;
}
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

std::string check_free(const System &s, pfn_t pfn, u64 order, bool order_given) {
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

PageCallFault check_page_call(const System &s, Op op, const ArgValues &v, const Command &c) {
  const PageAlloc &pa = s.pages;
  const unsigned gfp_at = index_of(op, "gfp"), cpu_at = index_of(op, "cpu"), nid_at = index_of(op, "nid");
  if (gfp_at < max_args) {
    const gfp_t g = static_cast<gfp_t>(v[gfp_at]);
    if (v[gfp_at] > gfp::all_bits) return {concat("there are no such gfp flags: ", v[gfp_at]), gfp_at};
    if (pa.rules().gfp_zones[g & gfp::zone_bits] == no_zone)
      return {concat(gfp_text(g & gfp::zone_bits), " do not go together: no zone is meant"), gfp_at};
    if (gfp_migratetype_index(g) > 2)
      return {"__GFP_MOVABLE and __GFP_RECLAIMABLE do not go together: a page is one or the other", gfp_at};
  }
  if (cpu_at < max_args && v[cpu_at] >= std::max<u64>(pa.cpus(), 1))
    return {concat("there is no CPU ", v[cpu_at], ": ", std::max<u64>(pa.cpus(), 1), " of them, from 0"), cpu_at};
  if (nid_at < max_args && c.args[nid_at].given && v[nid_at] != field(no_node) &&
      (v[nid_at] >= pa.nodes().size() || !pa.nodes()[static_cast<std::size_t>(v[nid_at])].online))
    return {concat("node ", v[nid_at], " is not online"), nid_at};

  const pfn_t pfn{v[0]};
  std::optional<BlockInfo> b;
  switch (op) {
  case Op::alloc_pages:
    if (v[1] >= 64) return {concat("2^", v[1], " pages are more than addresses"), 1};
    break;
  case Op::alloc_pages_bulk:
    if (v[1] == 0 || v[1] > most_bulk) return {concat("nr goes from 1 to ", most_bulk, ", not ", v[1]), 1};
    break;
  case Op::alloc_pages_exact:
    if (v[0] == 0 || v[0] > most_exact) return {concat("size goes from 1 byte to 4 GiB, not ", v[0]), 0};
    if ((v[1] & (gfp::COMP | gfp::HIGHMEM)) != 0)
      return {"alloc_pages_exact cuts the block up: __GFP_COMP and __GFP_HIGHMEM make no sense", 1};
    break;
  case Op::free_pages: return {check_free(s, pfn, v[1], c.args[1].given), 0};
  case Op::get_page:
    if (std::string why = check_block(s, pfn, b); !why.empty()) return {why, 0};
    if (b->refcount >= 0xfffe) return {"the model counts no more references than that", 0};
    break;
  case Op::split_page:
    if (std::string why = check_block(s, pfn, b); !why.empty()) return {why, 0};
    if (b->is(BlockUse::compound))
      return {concat(pages_text(*b), " is compound: the kernel stops (VM_BUG_ON_PAGE)"), 0};
    break;
  case Op::folio_add_lru:
    if (std::string why = check_block(s, pfn, b); !why.empty()) return {why, 0};
    if (b->lru) return {concat(pages_text(*b), " is on an LRU list already"), 0};
    if (b->is(BlockUse::slab)) return {concat(pages_text(*b), " holds slab objects, which reclaim cannot free"), 0};
    break;
  case Op::set_migratetype_isolate:
  case Op::unset_migratetype_isolate: {
    const PageInfo page = pa.page(pfn);
    if (page.state == PageState::absent) return {concat("page ", pfn.v, " does not exist"), 0};
    const bool isolated = page.block_type == migratetype::ISOLATE;
    if (isolated == (op == Op::set_migratetype_isolate))
      return {isolated ? "the pageblock is isolated already (-EBUSY)" : "the pageblock is not isolated", 0};
    break;
  }
  default: break;
  }
  return {};
}

u64 make_page_call(System &s, Trace *t, Op op, const ArgValues &v, const Command &c) {
  PageAlloc &pa = s.pages;
  const unsigned cpu_at = index_of(op, "cpu"), nid_at = index_of(op, "nid");
  const u32 cpu = cpu_at < max_args ? static_cast<u32>(v[cpu_at]) : 0;
  const i32 nid = nid_at < max_args && c.args[nid_at].given ? static_cast<i32>(static_cast<i64>(v[nid_at])) : no_node;
  const pfn_t page{v[0]};
  const auto result = [](std::optional<pfn_t> pfn) { return pfn ? pfn->v : 0; };
  switch (op) {
  case Op::setup_per_cpu_pageset: setup_per_cpu_pageset(s, t); break;
  case Op::alloc_pages: return result(pa.alloc_pages(t, {static_cast<gfp_t>(v[0]), order_t{v[1]}, nid, cpu}));
  case Op::alloc_pages_bulk:
    return pa.alloc_pages_bulk(t, {static_cast<gfp_t>(v[0]), order_t{0}, nid, cpu}, v[1]).size();
  case Op::alloc_pages_exact: {
    const u64 pages = div_round_up(v[0], s.arch->page_size());
    return result(pa.alloc_pages_exact(t, {static_cast<gfp_t>(v[1]), order_t{0}, nid, cpu}, pages));
  }
  case Op::free_pages: pa.free_pages(t, page, pa.block(page)->order, cpu); break;
  case Op::get_page: pa.get_page(t, page); break;
  case Op::split_page: pa.split_page(t, page); break;
  case Op::folio_add_lru: pa.lru_add(t, page); break;
  case Op::drain_all_pages: pa.drain_all_pages(t); break;
  case Op::drain_local_pages:
    for (const pglist_data &n : pa.nodes())
      for (unsigned zid = 0; zid < s.arch->zones.size(); ++zid) pa.drain_pages_zone(t, n.nid, zid, cpu);
    break;
  case Op::balance_pgdat: return pa.balance_pgdat(t, nid, cpu);
  case Op::refresh_cpu_vm_stats: pa.refresh_cpu_vm_stats(t, cpu); break;
  case Op::set_migratetype_isolate: pa.set_migratetype_isolate(t, page); break;
  case Op::unset_migratetype_isolate: pa.unset_migratetype_isolate(t, page, migratetype::MOVABLE); break;
  default: MM_CHECK(false);
  }
  return 0;
}

} // namespace mmscope
