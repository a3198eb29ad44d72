#include "lab/slab_calls.hpp"

#include "base/text.hpp"
#include "lab/page_calls.hpp"
#include "mm/boot.hpp"

namespace mmscope {

namespace page_calls { // the same half of the program (web/hosting/split.mjs)

namespace {

constexpr u64 most_bytes = u64{1} << 22, most_write = 4096;

SlabEnv env(CallSite &c) {
  const unsigned cpu = c.index_of("cpu");
  return {c.s.pages, c.t, cpu < max_args ? static_cast<u32>(c.v[cpu]) : 0};
}
gfp_t gfp_of(const CallSite &c, unsigned at) { return c.given(at) ? static_cast<gfp_t>(c.v[at]) : gfp::KERNEL; }
i32 node_of(const CallSite &c, unsigned at) {
  return c.given(at) ? static_cast<i32>(static_cast<i64>(c.v[at])) : no_node;
}

// The slab allocator runs, and the CPU or node that is named exists.
CallFault check_running(const CallSite &c) {
  if (c.s.slub.state() < slab_state::UP)
    return {concat(op_info(c.c.op).name, " comes too early: kmem_cache_init has not run")};
  return check_request(c);
}
CallFault check_cache(const CallSite &c) {
  if (CallFault f = check_running(c); !f.reason.empty()) return f;
  if (c.v[0] >= c.s.slub.caches().size() || !c.s.slub.caches()[static_cast<std::size_t>(c.v[0])].alive)
    return {concat("there is no cache ", c.v[0]), 0};
  return {};
}
CallFault check_init(const CallSite &) { return {}; }
CallFault check_create(const CallSite &c) {
  if (CallFault f = check_running(c); !f.reason.empty()) return f;
  if (c.c.text.empty()) return {"a cache needs a name", 0};
  if (c.v[1] == 0 || c.v[1] > most_bytes) return {concat("size goes from 1 byte to 4 MiB, not ", c.v[1]), 1};
  if (c.v[2] > c.s.arch->page_size()) return {"align is at most a page", 2};
  if (c.v[3] > ~slab_flags_t{0}) return {"a cache has no such flags", 3};
  if (c.v[5] > c.v[1]) return {"usersize lies inside the object", 5};
  return {};
}
CallFault check_write(const CallSite &c) {
  if (CallFault f = check_running(c); !f.reason.empty()) return f;
  if (c.v[1] == 0 || c.v[1] > most_write) return {concat("length goes from 1 to ", most_write, " bytes"), 1};
  if (c.v[2] > 0xff) return {"value is one byte", 2};
  return {};
}

// What was not done and not seen is no call; all else happened, and the events tell it.
CallOutcome outcome(const SlabResult &r, u64 value) {
  if (r.verdict == SlabVerdict::refused || r.verdict == SlabVerdict::unnoticed) return {0, r.why};
  return {r.ok() ? value : 0};
}

CallOutcome init(CallSite &c) {
  kmem_cache_init(c.s, c.t);
  return {};
}
CallOutcome create(CallSite &c) {
  const CreateResult r = c.s.slub.kmem_cache_create(env(c), {.name = c.c.text,
                                                             .size = static_cast<u32>(c.v[1]),
                                                             .align = static_cast<u32>(c.v[2]),
                                                             .flags = static_cast<slab_flags_t>(c.v[3]),
                                                             .ctor = c.v[4] != 0,
                                                             .usersize = static_cast<u32>(c.v[5])});
  if (!r.refusal.empty()) return {0, r.refusal};
  return {r.cache};
}
CallOutcome cache_alloc(CallSite &c) {
  const SlabResult r = c.s.slub.kmem_cache_alloc(env(c), static_cast<cache_id>(c.v[0]), gfp_of(c, 1), node_of(c, 2));
  return outcome(r, r.object.v);
}
CallOutcome cache_free(CallSite &c) {
  return outcome(c.s.slub.kmem_cache_free(env(c), static_cast<cache_id>(c.v[0]), phys_addr_t{c.v[1]}), 0);
}
CallOutcome bytes_alloc(CallSite &c) {
  const SlabResult r = c.s.slub.kmalloc(env(c), c.v[0], gfp_of(c, 1), node_of(c, 2));
  return outcome(r, r.object.v);
}
CallOutcome bytes_free(CallSite &c) { return outcome(c.s.slub.kfree(env(c), phys_addr_t{c.v[0]}), 0); }
CallOutcome shrink(CallSite &c) {
  return {c.s.slub.kmem_cache_shrink(env(c), static_cast<cache_id>(c.v[0])) ? u64{1} : u64{0}};
}
CallOutcome destroy(CallSite &c) {
  return outcome(c.s.slub.kmem_cache_destroy(env(c), static_cast<cache_id>(c.v[0])), 0);
}
CallOutcome write(CallSite &c) {
  return outcome(c.s.slub.write_object(env(c), phys_addr_t{c.v[0]}, c.v[1], static_cast<u8>(c.v[2])), 0);
}

constexpr CallRow rows[] = {
    {Op::kmem_cache_init, check_init, init},          {Op::kmem_cache_create, check_create, create},
    {Op::kmem_cache_alloc, check_cache, cache_alloc}, {Op::kmem_cache_free, check_cache, cache_free},
    {Op::kmalloc, check_running, bytes_alloc},        {Op::kfree, check_running, bytes_free},
    {Op::kmem_cache_shrink, check_cache, shrink},     {Op::kmem_cache_destroy, check_cache, destroy},
    {Op::write_object, check_write, write},
};

} // namespace
} // namespace page_calls

std::span<const CallRow> slab_call_rows() { return page_calls::rows; }

} // namespace mmscope
