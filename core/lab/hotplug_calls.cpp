#include "lab/hotplug_calls.hpp"

#include "base/text.hpp"
#include "mm/memory_hotplug.hpp"

namespace mmscope {

namespace page_calls { // the same half of the program (web/hosting/split.mjs)

namespace {

constexpr u64 most_at_once = u64{64} << 30; // its blocks are events that are kept while the call is on show

CallFault fault_if(std::string why, unsigned arg = 0) {
  return why.empty() ? CallFault{} : CallFault{std::move(why), arg};
}
i32 node_of(const CallSite &c) { return c.given(2) ? static_cast<i32>(static_cast<i64>(c.v[2])) : 0; }
OnlineType type_of(const CallSite &c) { return online_type_of(c.c.text).value_or(OnlineType::online); }
std::string too_much(u64 bytes) {
  return bytes > most_at_once ? concat("64 GiB at most in one call, not ", bytes >> 30) : std::string();
}
std::string wraps(const CallSite &c) { // page and number of pages
  const u64 end = u64{1} << (c.s.arch->max_physmem_bits - c.s.arch->page_shift);
  if (c.v[0] >= end || c.v[1] > end - c.v[0]) return "the range ends beyond physical memory";
  return too_much(c.v[1] << c.s.arch->page_shift);
}

CallFault check_add(const CallSite &c) {
  if (std::string why = too_much(c.v[1]); !why.empty()) return {std::move(why), 1};
  return fault_if(why_not_add_memory(c.s, node_of(c), phys_addr_t{c.v[0]}, c.v[1]));
}
CallOutcome add(CallSite &c) {
  add_memory(c.s, c.t, node_of(c), phys_addr_t{c.v[0]}, c.v[1]);
  return {};
}
CallFault check_online(const CallSite &c) {
  if (!c.c.text.empty() && !online_type_of(c.c.text))
    return {concat("type is online, online_kernel or online_movable, not '", c.c.text, "'"), 2};
  if (std::string why = wraps(c); !why.empty()) return {std::move(why), 1};
  return fault_if(why_not_online(c.s, pfn_t{c.v[0]}, c.v[1]));
}
CallOutcome online(CallSite &c) {
  online_pages(c.s, c.t, pfn_t{c.v[0]}, c.v[1], type_of(c));
  return {};
}
CallFault check_offline(const CallSite &c) {
  if (std::string why = wraps(c); !why.empty()) return {std::move(why), 1};
  return fault_if(why_not_offline(c.s, pfn_t{c.v[0]}, c.v[1]));
}
CallOutcome offline(CallSite &c) {
  offline_pages(c.s, c.t, pfn_t{c.v[0]}, c.v[1]);
  return {};
}
CallFault check_remove(const CallSite &c) {
  if (std::string why = too_much(c.v[1]); !why.empty()) return {std::move(why), 1};
  return fault_if(why_not_remove_memory(c.s, phys_addr_t{c.v[0]}, c.v[1]));
}
CallOutcome remove(CallSite &c) {
  remove_memory(c.s, c.t, phys_addr_t{c.v[0]}, c.v[1]);
  return {};
}

constexpr CallRow rows[] = {
    {Op::add_memory, check_add, add},
    {Op::online_pages, check_online, online},
    {Op::offline_pages, check_offline, offline},
    {Op::remove_memory, check_remove, page_calls::remove},
};

} // namespace
} // namespace page_calls

std::span<const CallRow> hotplug_call_rows() { return page_calls::rows; }

} // namespace mmscope
