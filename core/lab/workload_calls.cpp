#include "lab/workload_calls.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace mmscope {

namespace page_calls { // the same half of the program (web/hosting/split.mjs)

namespace {

constexpr u64 most_calls = 100'000; // of one command: its events are kept while it is on show

u64 cpus_of(const CallSite &c) { return std::max<u64>(c.s.pages.cpus(), 1); }

CallFault check_workload(const CallSite &c) {
  if (!find_workload_mix(c.c.text)) {
    std::string names;
    for (unsigned i = 0; i < workload_mixes; ++i)
      append(names, i == 0 ? "" : ", ", workload_mix_name(static_cast<WorkloadMix>(i)));
    return {concat("there is no mix '", c.c.text, "': ", names), 0};
  }
  if (c.v[1] == 0 || c.v[1] > most_calls) return {concat("calls goes from 1 to ", most_calls), 1};
  if (c.v[3] > cpus_of(c)) return {concat("there are ", cpus_of(c), " CPUs"), 3};
  return {};
}

CallOutcome workload(CallSite &c) {
  WorkloadSpec spec{.seed = c.given(2) ? c.v[2] : 1, .mix = *find_workload_mix(c.c.text)};
  spec.cpus = static_cast<u32>(c.given(3) && c.v[3] != 0 ? c.v[3] : cpus_of(c));
  // Another user: the one before gives back what it has.
  if (c.workload && !(c.workload->spec() == spec)) {
    c.workload->stop(c.s.pages, c.t);
    c.workload.reset();
  }
  if (!c.workload) c.workload.emplace(spec);
  return {c.workload->run(c.s.pages, c.t, c.v[1])};
}

constexpr CallRow rows[] = {{Op::workload, check_workload, workload}};

} // namespace
} // namespace page_calls

std::span<const CallRow> workload_call_rows() { return page_calls::rows; }

} // namespace mmscope
