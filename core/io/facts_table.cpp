#include "io/facts_table.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <string_view>
#include <utility>

namespace mmscope {

namespace {
constexpr std::string_view alloc_calls[] = {
    "memblock_alloc_try_nid",    "memblock_alloc_try_nid_raw", "memblock_alloc_exact_nid_raw",
    "memblock_phys_alloc_range", "memblock_alloc_range_nid",   "memblock_phys_alloc_try_nid",
    "memblock_alloc_internal",
};
bool is_alloc_call(std::string_view name) {
  return std::find(std::begin(alloc_calls), std::end(alloc_calls), name) != std::end(alloc_calls);
}
} // namespace

void AllocTable::add(u32 index, const Command &c, const Result &r, std::span<const Event> events, const Trace &texts) {
  const bool request = returns_address(c.op);
  if (request && !r.ok()) return;
  std::vector<std::string_view> open; // names of the calls that are open
  std::size_t alloc_depth = 0;        // of the outermost allocation that is open; 0 = none
  bool has_args = false;
  AllocRow row;
  for (const Event &e : events) {
    if (e.kind == EventKind::lab_call) {
      const std::string_view name = texts.text(e.f[0]), caller = texts.text(e.f[1]);
      if (alloc_depth == 0 && is_alloc_call(name)) {
        row = {};
        row.command = index;
        row.inside = !request;
        row.function = name;
        row.caller = !caller.empty() ? caller
                     : request       ? std::string_view(c.caller)
                     : open.empty()  ? std::string_view()
                                     : open.back();
        has_args = false;
        alloc_depth = open.size() + 1;
      }
      // The inner two agree on the order of their arguments.
      if (alloc_depth != 0 && !has_args && (name == "memblock_alloc_internal" || name == "memblock_alloc_range_nid")) {
        row.size = e.f[2];
        row.align = e.f[3];
        row.from = phys_addr_t{e.f[4]};
        row.max_addr = phys_addr_t{e.f[5]};
        row.nid = e.node(6);
        has_args = true;
      }
      open.push_back(name);
    } else if (e.kind == EventKind::lab_return && !open.empty()) {
      if (open.size() == alloc_depth) {
        row.addr = phys_addr_t{e.f[0]};
        rows_.push_back(row);
        alloc_depth = 0;
      }
      open.pop_back();
    }
  }
}

void AllocTable::match(const LoggedFacts &facts) {
  // Per command, in order: a request has one answer, a boot step as many as it makes.
  std::map<std::pair<u32, bool>, std::vector<const LoggedAlloc *>> by_command;
  for (const LoggedAlloc &a : facts.allocs)
    if (a.command != no_command) by_command[{a.command, a.inside}].push_back(&a);
  std::map<std::pair<u32, bool>, std::size_t> next;
  u64 lost = 0; // of the step that the log begins in
  if (const auto cut = by_command.find({facts.cut_step, true}); cut != by_command.end()) {
    for (const AllocRow &r : rows_) lost += r.inside && r.command == facts.cut_step;
    lost -= std::min<u64>(lost, cut->second.size());
  }
  taken_.clear();
  for (AllocRow &r : rows_) {
    r.logged.reset();
    const auto it = by_command.find({r.command, r.inside});
    if (it == by_command.end()) continue;
    if (r.inside && r.command == facts.cut_step && lost != 0) {
      --lost;
      continue;
    }
    std::size_t &n = next[{r.command, r.inside}];
    if (n >= it->second.size()) continue;
    // What has no request line shows in the log only when it succeeds.
    if (r.inside && r.addr.v == 0 && it->second[n]->function.empty()) continue;
    const LoggedAlloc &a = *it->second[n++];
    taken_.push_back(a.line);
    if (!a.addr) continue;
    r.logged = a.addr;
    r.logged_size = a.answer_size;
    r.line = a.answer_line != 0 ? a.answer_line : a.line;
  }
  std::sort(taken_.begin(), taken_.end());
}

bool AllocTable::took(u32 line) const { return std::binary_search(taken_.begin(), taken_.end(), line); }

} // namespace mmscope
