#include "lab/slab_old_calls.hpp"

#include "base/text.hpp"
#include "mm/old_slabs.hpp"

#include <bit>

namespace mmscope {

namespace page_calls { // the same half of the program (web/hosting/split.mjs)

namespace {

constexpr u64 most_cpus = 64, most_size = u64{32} << 20, most_line = 1024;

const OldSlabs *old(const CallSite &c) { return c.s.old_slabs.get(); }
const SlabHeap *slab(const CallSite &c) { return old(c) && old(c)->slab ? &*old(c)->slab : nullptr; }
const SlobHeap *slob(const CallSite &c) { return old(c) && old(c)->slob ? &*old(c)->slob : nullptr; }

CallFault fault_if(std::string why, unsigned arg = ~0u) {
  return why.empty() ? CallFault{} : CallFault{std::move(why), arg};
}
gfp_t gfp_of(const CallSite &c) {
  const unsigned at = c.index_of("gfp");
  return at < max_args && c.given(at) ? static_cast<gfp_t>(c.v[at]) : gfp::KERNEL;
}
i32 node_of(const CallSite &c) {
  const unsigned at = c.index_of("nid");
  return at < max_args && c.given(at) ? static_cast<i32>(static_cast<i64>(c.v[at])) : no_node;
}
u32 cpu_of(const CallSite &c) {
  const unsigned at = c.index_of("cpu");
  return at < max_args ? static_cast<u32>(c.v[at]) : 0;
}

// A call to SLAB; the pages are the machine's.
template <class F> auto with_slab(CallSite &c, F &&fn) {
  SlabHeap &h = *c.s.old_slabs.edit().slab;
  SystemPages pages(c.s, h.machine().pairs);
  return fn(h, SlabHeapEnv{pages, c.t, cpu_of(c)});
}
template <class F> auto with_slob(CallSite &c, F &&fn) {
  SlobHeap &h = *c.s.old_slabs.edit().slob;
  SystemPages pages(c.s, h.rules().pairs);
  return fn(h, SlobEnv{pages, c.t, 0});
}

CallFault check_gfp(const CallSite &c) {
  const unsigned at = c.index_of("gfp");
  if (at >= max_args || !c.given(at)) return {};
  if (c.v[at] > gfp::all_bits) return {concat("there are no such gfp flags: ", c.v[at]), at};
  if ((c.v[at] & (gfp::HIGHMEM | gfp::MOVABLE)) != 0)
    return {"objects lie in memory that the kernel maps at all times, and do not move", at};
  return {};
}

// --- SLAB ---

// Those that are named, else those of the machine's era; null: none.
const SlabRules *rules_of(const CallSite &c) {
  return c.c.text.empty() ? slab_rules_of_version(c.s.era->major, c.s.era->minor) : find_slab_rules(c.c.text);
}

CallFault check_slab_init(const CallSite &c) {
  if (slab(c)) return {"slab_init has run already"};
  if (!rules_of(c)) {
    std::string names;
    for (const SlabRules &r : all_slab_rules()) append(names, names.empty() ? "" : ", ", r.name);
    return {
        concat(c.c.text.empty() ? "this era has no SLAB that is known; rules: " : "there are no such rules: ", names),
        0};
  }
  if (c.v[1] > most_cpus) return {concat("there are ", most_cpus, " CPUs at most here"), 1};
  if (c.given(2) && (c.v[2] < 16 || c.v[2] > most_line || !std::has_single_bit(c.v[2])))
    return {"a cache line is a power of two, from 16 to 1024 bytes", 2};
  return fault_if(why_no_pages(c.s));
}
CallOutcome slab_begin(CallSite &c) {
  slab_init(c.s, c.t, *rules_of(c), static_cast<u32>(c.v[1]), static_cast<u32>(c.v[2]));
  return {slab(c)->chain().size()};
}
CallFault check_slab(const CallSite &c) {
  if (!slab(c)) return {"SLAB does not run: slab_init starts it"};
  if (const unsigned at = c.index_of("cpu"); at < max_args && c.v[at] >= slab(c)->machine().cpu_node.size())
    return {concat("SLAB has ", slab(c)->machine().cpu_node.size(), " CPUs, from 0"), at};
  if (const unsigned at = c.index_of("nid"); at < max_args && c.given(at) && c.v[at] != field(no_node))
    if (c.v[at] >= slab(c)->machine().nr_nodes) return {concat("SLAB has no lists for node ", c.v[at]), at};
  return check_gfp(c);
}
CallFault check_late(const CallSite &c) {
  if (CallFault f = check_slab(c); !f.reason.empty()) return f;
  return fault_if(slab(c)->is_late() ? "the arrays have their size already" : "");
}
CallOutcome slab_late(CallSite &c) {
  with_slab(c, [](SlabHeap &h, const SlabHeapEnv &e) { h.late(e); });
  return {};
}
CallFault check_create(const CallSite &c) {
  if (CallFault f = check_slab(c); !f.reason.empty()) return f;
  if (c.c.text.empty()) return {"a cache needs a name", 0};
  if (c.v[1] == 0 || c.v[1] > most_size) return {concat("size goes from 1 byte to 32 MiB, not ", c.v[1]), 1};
  if (c.v[2] > c.s.arch->page_size()) return {"align is at most a page", 2};
  if (c.v[3] > c.s.arch->page_size()) return {"offset, the distance of two colours, is at most a page", 3};
  if (c.v[4] > slab_flag::PERMITTED || (c.v[4] & ~u64{slab_flag::PERMITTED}) != 0)
    return {"a cache has no such flags", 4};
  if ((c.v[4] & slab_flag::DEBUG_FLAGS) != 0) return {"debugging is not modelled here: SLUB's caches have it", 4};
  return {};
}
CallOutcome slab_make(CallSite &c) {
  const SlabHeap::Created made = with_slab(c, [&](SlabHeap &h, const SlabHeapEnv &e) {
    return h.create(e, {c.c.text,
                        {.size = static_cast<u32>(c.v[1]),
                         .align = static_cast<u32>(c.v[2]),
                         .offset = static_cast<u32>(c.v[3]),
                         .flags = static_cast<slab_flags_t>(c.v[4]),
                         .ctor = c.v[5] != 0}});
  });
  return made.cache ? CallOutcome{*made.cache} : CallOutcome{0, made.why_not};
}
CallFault check_cache(const CallSite &c) {
  if (CallFault f = check_slab(c); !f.reason.empty()) return f;
  return fault_if(slab(c)->has_cache(c.v[0]) ? "" : concat("there is no cache ", c.v[0]), 0);
}
CallOutcome slab_take(CallSite &c) {
  return with_slab(c, [&](SlabHeap &h, const SlabHeapEnv &e) {
    return CallOutcome{h.alloc(e, static_cast<u32>(c.v[0]), gfp_of(c), node_of(c)).v};
  });
}
CallFault check_free(const CallSite &c) {
  if (CallFault f = check_cache(c); !f.reason.empty()) return f;
  return fault_if(slab(c)->why_not_free(static_cast<u32>(c.v[0]), phys_addr_t{c.v[1]}), 1);
}
CallOutcome slab_give(CallSite &c) {
  with_slab(c, [&](SlabHeap &h, const SlabHeapEnv &e) { h.free(e, static_cast<u32>(c.v[0]), phys_addr_t{c.v[1]}); });
  return {};
}
CallFault check_bytes(const CallSite &c) {
  if (CallFault f = check_slab(c); !f.reason.empty()) return f;
  if (c.v[0] == 0) return {"size is 0", 0};
  if (slab(c)->general_cache(c.v[0], gfp_of(c)) == SlabHeap::nobody)
    return {concat("no general cache has objects of ", c.v[0], " bytes"), 0};
  return {};
}
CallOutcome bytes_take(CallSite &c) {
  return with_slab(
      c, [&](SlabHeap &h, const SlabHeapEnv &e) { return CallOutcome{h.kmalloc(e, c.v[0], gfp_of(c), node_of(c)).v}; });
}
CallFault check_kfree(const CallSite &c) {
  if (CallFault f = check_slab(c); !f.reason.empty()) return f;
  return fault_if(slab(c)->why_not_free(std::nullopt, phys_addr_t{c.v[0]}), 0);
}
CallOutcome bytes_give(CallSite &c) {
  with_slab(c, [&](SlabHeap &h, const SlabHeapEnv &e) { h.kfree(e, phys_addr_t{c.v[0]}); });
  return {};
}
CallOutcome slab_go_round(CallSite &c) {
  return with_slab(
      c, [&](SlabHeap &h, const SlabHeapEnv &e) { return CallOutcome{h.reap(e, !c.given(1) || c.v[1] != 0)}; });
}
CallOutcome slab_less(CallSite &c) {
  return with_slab(
      c, [&](SlabHeap &h, const SlabHeapEnv &e) { return CallOutcome{h.shrink(e, static_cast<u32>(c.v[0]))}; });
}
CallFault check_destroy(const CallSite &c) {
  if (CallFault f = check_cache(c); !f.reason.empty()) return f;
  return fault_if(slab(c)->why_not_destroy(static_cast<u32>(c.v[0])), 0);
}
CallOutcome slab_end(CallSite &c) {
  with_slab(c, [&](SlabHeap &h, const SlabHeapEnv &e) { h.destroy(e, static_cast<u32>(c.v[0])); });
  return {};
}

// --- SLOB ---

CallFault check_slob_init(const CallSite &c) {
  return fault_if(slob(c) ? std::string("slob_init has run already") : why_no_pages(c.s));
}
CallOutcome slob_begin(CallSite &c) {
  slob_init(c.s, c.t, !c.given(0) || c.v[0] != 0);
  return {};
}
CallFault check_slob(const CallSite &c) {
  return slob(c) ? check_gfp(c) : CallFault{"SLOB does not run: slob_init starts it"};
}
CallFault check_slob_alloc(const CallSite &c) {
  if (CallFault f = check_slob(c); !f.reason.empty()) return f;
  if (c.v[0] == 0 || c.v[0] >= c.s.arch->page_size())
    return {concat("size goes from 1 byte to less than a page here, not ", c.v[0]), 0};
  if (c.given(1) && (c.v[1] > c.s.arch->page_size() || c.v[1] == 1)) return {"align goes from 2 bytes to a page", 1};
  return {};
}
CallOutcome slob_take(CallSite &c) {
  return with_slob(c, [&](SlobHeap &h, const SlobEnv &e) {
    return CallOutcome{h.alloc(e, c.v[0], static_cast<u32>(c.v[1]), gfp_of(c)).v};
  });
}
CallFault check_slob_free(const CallSite &c) {
  if (CallFault f = check_slob(c); !f.reason.empty()) return f;
  return fault_if(slob(c)->why_not_free(phys_addr_t{c.v[0]}, c.v[1]), 0);
}
CallOutcome slob_give(CallSite &c) {
  with_slob(c, [&](SlobHeap &h, const SlobEnv &e) { h.free(e, phys_addr_t{c.v[0]}, c.v[1]); });
  return {};
}
CallFault check_slob_bytes(const CallSite &c) {
  if (CallFault f = check_slob(c); !f.reason.empty()) return f;
  return fault_if(c.v[0] == 0 || c.v[0] > most_size ? "size goes from 1 byte to 32 MiB" : "", 0);
}
CallOutcome slob_bytes_take(CallSite &c) {
  return with_slob(c, [&](SlobHeap &h, const SlobEnv &e) { return CallOutcome{h.kmalloc(e, c.v[0], gfp_of(c)).v}; });
}
CallFault check_slob_kfree(const CallSite &c) {
  if (CallFault f = check_slob(c); !f.reason.empty()) return f;
  return fault_if(slob(c)->why_not_kfree(phys_addr_t{c.v[0]}), 0);
}
CallOutcome slob_bytes_give(CallSite &c) {
  with_slob(c, [&](SlobHeap &h, const SlobEnv &e) { h.kfree(e, phys_addr_t{c.v[0]}); });
  return {};
}

constexpr CallRow rows[] = {
    {Op::slab_init, check_slab_init, slab_begin},
    {Op::slab_init_late, check_late, slab_late},
    {Op::slab_create, check_create, slab_make},
    {Op::slab_alloc, check_cache, slab_take},
    {Op::slab_free, check_free, slab_give},
    {Op::slab_kmalloc, check_bytes, bytes_take},
    {Op::slab_kfree, check_kfree, bytes_give},
    {Op::slab_reap, check_slab, slab_go_round},
    {Op::slab_shrink, check_cache, slab_less},
    {Op::slab_destroy, check_destroy, slab_end},
    {Op::slob_init, check_slob_init, slob_begin},
    {Op::slob_alloc, check_slob_alloc, slob_take},
    {Op::slob_free, check_slob_free, slob_give},
    {Op::slob_kmalloc, check_slob_bytes, slob_bytes_take},
    {Op::slob_kfree, check_slob_kfree, slob_bytes_give},
};

} // namespace
} // namespace page_calls

std::span<const CallRow> slab_old_call_rows() { return page_calls::rows; }

} // namespace mmscope
