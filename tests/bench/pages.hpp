// pages: what a call of the running page allocator costs. On the preset qemu-1g after its boot, one CPU unless said.
//
//   pages/pair       one page by the CPU's list, allocated and freed at once
//   pages/slots      65 536 slots, a random one a call: freed if it is taken, else filled with a block of order 0..9,
//                    each order half as likely as the one below; GFP_KERNEL. Half of the slots are taken in the end
//   pages/workload   a million calls of the workload "mixed" on four CPUs, and the same with every event recorded
//   pages/touched    heap for each max-order block (4 MiB) that the workload's calls have touched
//
// For instructions: valgrind --tool=callgrind --toggle-collect='*page_pairs*' build/release/mmscope_bench --only
// pages/pair --once, and '*page_slots*' likewise; each makes as many calls as the bench says.
#pragma once
#include "bench/figure.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace mmscope::bench {

struct PagesBench {
  std::string_view name;
  void (*run)(bool once, std::vector<Figure> &out);
};
std::span<const PagesBench> pages_benches();

} // namespace mmscope::bench
