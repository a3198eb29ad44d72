// Workload: somebody who uses the machine: requests and frees by the thousand, as programs, files, the network and forks
// would make them. Seeded: the same spec on the same machine makes the same calls.
//
//   slots   [blk][   ][blk][blk]…[   ][blk][   ][   ][   ][blk]…       a slot that comes up is emptied if it is taken,
//            └ a few: come up often ─┘ └ many: come up rarely ┘        filled if not: few slots are short lives, many
//            short lives               long lives                      are long ones
//   pages of files hang on the nodes' LRU lists, not in slots: reclaim, too, takes them
//
//   Workload w({.seed = 7, .mix = WorkloadMix::files, .cpus = 4});
//   u64 refused = w.run(pages, trace, 1000);      // 1000 calls; kswapd works in between
//
// A refused request makes it give something back. It holds its live blocks itself and is a value, like the machine it
// runs on: copy both, and both go on alike.
#pragma once
#include "base/digest.hpp"
#include "base/prng.hpp"
#include "mm/page_alloc.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace mmscope {

enum class WorkloadMix : u8 {
  mixed,    // a bit of everything
  fragment, // fills memory with single pages, frees every other one, asks for larger blocks
  network,  // bursts of GFP_ATOMIC, order 0..3, freed on another CPU
  files,    // page cache: movable pages that reclaim may free, and what the kernel keeps about them
  forks,    // processes: stacks, page tables and memory of their own, all freed at exit
};
inline constexpr unsigned workload_mixes = 5;
std::string_view workload_mix_name(WorkloadMix m);
std::optional<WorkloadMix> find_workload_mix(std::string_view name);

struct WorkloadSpec {
  u64 seed = 1;
  WorkloadMix mix = WorkloadMix::mixed;
  u32 cpus = 1;     // uses CPUs 0 … of those that are online; at least 1
  u32 slots = 4096; // blocks held at most, 64 … 65536, besides those on LRU lists
  friend bool operator==(const WorkloadSpec &, const WorkloadSpec &) = default;
};

class Workload {
public:
  explicit Workload(const WorkloadSpec &spec);

  // Makes so many calls, each a request or a free. Returns how many requests were refused.
  u64 run(PageAlloc &pages, Trace *t, u64 calls);
  // Gives everything back that it holds; what hangs on LRU lists stays.
  void stop(PageAlloc &pages, Trace *t);

  const WorkloadSpec &spec() const { return spec_; }
  u64 calls() const { return calls_; }
  u64 held() const { return held_; } // blocks
  u64 refused() const { return refused_; }
  void add_to(Digest &d) const;
  std::size_t bytes() const { return sizeof *this + slots_.capacity() * sizeof(u64); }

private:
  struct Kind;

  void step(PageAlloc &pages, Trace *t);
  void step_kinds(PageAlloc &pages, Trace *t, const Kind *kinds, std::size_t n);
  void step_fragment(PageAlloc &pages, Trace *t);
  void step_network(PageAlloc &pages, Trace *t);
  void step_forks(PageAlloc &pages, Trace *t);

  u32 any_cpu(const PageAlloc &pages);
  // Into an empty slot, or (cache) onto an LRU list. False: refused, and something has been given back.
  bool take(PageAlloc &pages, Trace *t, u64 slot, gfp_t gfp, u64 order, u32 cpu, bool cache = false);
  void give_back(PageAlloc &pages, Trace *t, u64 slot, u32 cpu);
  bool drop_cache(PageAlloc &pages, Trace *t, u32 cpu); // the oldest page of a file goes
  void make_room(PageAlloc &pages, Trace *t, u32 cpu);
  bool taken(u64 slot) const { return slots_[static_cast<std::size_t>(slot)] != 0; }

  WorkloadSpec spec_;
  Prng chance_;
  std::vector<u64> slots_; // (pfn << 8 | order) + 1; 0 = empty
  u64 calls_ = 0, held_ = 0, refused_ = 0;
  u64 cursor_ = 0, phase_ = 0, left_ = 0; // of the mixes that go in order
  u32 cpu_ = 0;
};

} // namespace mmscope
