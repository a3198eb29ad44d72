#include "lab/workload.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace mmscope {

namespace {

constexpr gfp_t cache_gfp = gfp::HIGHUSER_MOVABLE, slab_gfp = gfp::KERNEL, inode_gfp = gfp::KERNEL | gfp::RECLAIMABLE;
constexpr u64 kswapd_every = 64, counters_every = 1024; // calls
constexpr u32 process_slots = 64;                       // blocks of one process

constexpr std::array<std::string_view, workload_mixes> names{"mixed", "fragment", "network", "files", "forks"};

} // namespace

std::string_view workload_mix_name(WorkloadMix m) { return names[static_cast<std::size_t>(m)]; }

std::optional<WorkloadMix> find_workload_mix(std::string_view name) {
  const auto it = std::find(names.begin(), names.end(), name);
  if (it == names.end()) return std::nullopt;
  return static_cast<WorkloadMix>(it - names.begin());
}

// One sort of request of a mix.
struct Workload::Kind {
  u64 share; // of 100
  gfp_t gfp;
  u64 least, most; // orders; larger ones are rarer, each half as often
  bool short_lived = false, cache = false;
};

Workload::Workload(const WorkloadSpec &spec) : spec_(spec), chance_(spec.seed) {
  spec_.cpus = std::max<u32>(spec.cpus, 1);
  spec_.slots = std::clamp<u32>(spec.slots, process_slots, 65536) / process_slots * process_slots;
  slots_.resize(spec_.slots);
}

u64 Workload::run(PageAlloc &pages, Trace *t, u64 calls) {
  const u64 before = refused_;
  for (u64 i = 0; i < calls; ++i) {
    step(pages, t);
    ++calls_;
    if (calls_ % kswapd_every == 0)
      for (const pglist_data &n : pages.nodes())
        if (n.kswapd_awake != 0) pages.balance_pgdat(t, n.nid, any_cpu(pages));
    if (calls_ % counters_every == 0) pages.refresh_cpu_vm_stats(t, any_cpu(pages));
  }
  return refused_ - before;
}

void Workload::stop(PageAlloc &pages, Trace *t) {
  for (u64 i = 0; i < slots_.size(); ++i)
    if (taken(i)) give_back(pages, t, i, any_cpu(pages));
}

void Workload::step(PageAlloc &pages, Trace *t) {
  static constexpr Kind mixed[] = {{25, slab_gfp, 0, 3},
                                   {14, inode_gfp, 0, 2},
                                   {33, gfp::HIGHUSER_MOVABLE, 0, 0},
                                   {14, cache_gfp, 0, 0, false, true},
                                   {8, gfp::ATOMIC, 0, 2, true},
                                   {5, gfp::KERNEL | gfp::COMP | gfp::NORETRY, 2, 5, true},
                                   {1, gfp::TRANSHUGE_LIGHT, 9, 9}};
  static constexpr Kind files[] = {
      {80, cache_gfp, 0, 0, false, true}, {10, inode_gfp, 0, 1}, {6, slab_gfp, 0, 1}, {4, gfp::NOFS, 0, 0, true}};
  switch (spec_.mix) {
  case WorkloadMix::mixed: return step_kinds(pages, t, mixed, std::size(mixed));
  case WorkloadMix::files: return step_kinds(pages, t, files, std::size(files));
  case WorkloadMix::fragment: return step_fragment(pages, t);
  case WorkloadMix::network: return step_network(pages, t);
  case WorkloadMix::forks: return step_forks(pages, t);
  }
}

void Workload::step_kinds(PageAlloc &pages, Trace *t, const Kind *kinds, std::size_t n) {
  u64 dice = chance_.below(100);
  const Kind *k = kinds;
  while (dice >= k->share && k + 1 < kinds + n) dice -= k++->share;
  const u32 cpu = any_cpu(pages);
  if (k->cache) { // files are read more often than they are deleted
    if (chance_.below(8) != 0 || !drop_cache(pages, t, cpu)) take(pages, t, 0, k->gfp, 0, cpu, true);
    return;
  }
  const u64 few = slots_.size() / 32;
  const u64 slot = k->short_lived ? chance_.below(few) : few + chance_.below(slots_.size() - few);
  if (taken(slot)) return give_back(pages, t, slot, cpu);
  u64 order = k->least;
  while (order < k->most && chance_.below(2) == 0) ++order;
  take(pages, t, slot, k->gfp, std::min(order, pages.rules().max_order.v), cpu);
}

// Over all slots, again and again: fill; free the odd ones; larger blocks into the odd ones; free the even ones.
void Workload::step_fragment(PageAlloc &pages, Trace *t) {
  const u32 cpu = any_cpu(pages);
  for (u64 looked = 0; looked < 4 * slots_.size(); ++looked) {
    const u64 slot = cursor_, phase = phase_;
    if (++cursor_ == slots_.size()) {
      cursor_ = 0;
      phase_ = (phase_ + 1) % 4;
    }
    const bool odd = slot % 2 == 1, frees = phase % 2 == 1;
    if (frees ? !taken(slot) || odd != (phase == 1) : taken(slot) || (phase == 2 && !odd)) continue;
    if (frees) return give_back(pages, t, slot, cpu);
    const gfp_t gfp = chance_.below(3) == 0 ? slab_gfp : gfp::HIGHUSER_MOVABLE;
    take(pages, t, slot, phase == 0 ? gfp : slab_gfp | gfp::NORETRY, phase == 0 ? 0 : 1 + chance_.below(3), cpu);
    return;
  }
}

// A ring of slots: a burst comes in on one CPU, and is worked off, oldest first, on another.
void Workload::step_network(PageAlloc &pages, Trace *t) {
  const bool arrives = phase_ == 0;
  if (left_ == 0) {
    phase_ = arrives && held_ != 0 ? 1 : 0;
    left_ = 1 + (phase_ == 0 ? chance_.below(slots_.size() / 2 - held_ / 2) : chance_.below(held_));
    cpu_ = any_cpu(pages);
  }
  --left_;
  const u64 oldest = (cursor_ + slots_.size() - held_) % slots_.size();
  if (phase_ == 1 || held_ == slots_.size()) {
    if (held_ != 0) give_back(pages, t, oldest, cpu_);
    return;
  }
  u64 order = 0;
  while (order < 3 && chance_.below(4) == 0) ++order;
  const gfp_t gfp = gfp::ATOMIC | (order != 0 ? gfp::COMP | gfp::NOWARN : 0);
  if (!take(pages, t, cursor_, gfp, std::min(order, pages.rules().max_order.v), cpu_)) return;
  cursor_ = (cursor_ + 1) % slots_.size();
}

// A process has `process_slots` slots: a stack of four pages, page tables, the rest memory of its own. It grows page by
// page, and one that is drawn exits: all of it goes, single pages as one list.
void Workload::step_forks(PageAlloc &pages, Trace *t) {
  const u64 processes = slots_.size() / process_slots;
  if (left_ == 0) { // fork: another process is born, into the place of one that exits
    phase_ = chance_.below(processes);
    left_ = process_slots / 4 + chance_.below(process_slots * 3 / 4);
    cursor_ = 0;
    cpu_ = any_cpu(pages);
    std::vector<pfn_t> singles;
    for (u64 i = 0; i < process_slots; ++i) {
      u64 &slot = slots_[static_cast<std::size_t>(phase_ * process_slots + i)];
      if (slot == 0) continue;
      if (((slot - 1) & 0xff) != 0) {
        give_back(pages, t, phase_ * process_slots + i, cpu_);
        continue;
      }
      singles.push_back(pfn_t{(slot - 1) >> 8});
      slot = 0;
      --held_;
    }
    pages.free_pages_list(t, singles, cpu_);
    return;
  }
  --left_;
  const u64 nth = cursor_++, slot = phase_ * process_slots + nth;
  if (taken(slot)) return give_back(pages, t, slot, cpu_);
  if (nth == 0)
    take(pages, t, slot, gfp::KERNEL_ACCOUNT, 2, cpu_);
  else
    take(pages, t, slot, nth % 8 == 1 ? gfp::KERNEL_ACCOUNT | gfp::ZERO : gfp::HIGHUSER_MOVABLE, 0, cpu_);
}

// --- taking and giving ---

u32 Workload::any_cpu(const PageAlloc &pages) {
  const u32 there = std::min(spec_.cpus, std::max<u32>(pages.cpus(), 1));
  return static_cast<u32>(chance_.below(there));
}

bool Workload::take(PageAlloc &pages, Trace *t, u64 slot, gfp_t gfp, u64 order, u32 cpu, bool cache) {
  const auto pfn = pages.alloc_pages(t, {.gfp = gfp, .order = order_t{order}, .cpu = cpu});
  if (!pfn) {
    ++refused_;
    make_room(pages, t, cpu);
    return false;
  }
  if (cache) {
    pages.lru_add(t, *pfn);
    return true;
  }
  slots_[static_cast<std::size_t>(slot)] = (pfn->v << 8 | order) + 1;
  ++held_;
  return true;
}

void Workload::give_back(PageAlloc &pages, Trace *t, u64 slot, u32 cpu) {
  const u64 block = std::exchange(slots_[static_cast<std::size_t>(slot)], 0) - 1;
  --held_;
  pages.free_pages(t, pfn_t{block >> 8}, order_t{block & 0xff}, cpu);
}

bool Workload::drop_cache(PageAlloc &pages, Trace *t, u32 cpu) {
  const auto nodes = pages.nodes();
  const u64 first = chance_.below(nodes.size());
  for (u64 i = 0; i < nodes.size(); ++i)
    if (const auto pfn = pages.lru_oldest(nodes[static_cast<std::size_t>((first + i) % nodes.size())].nid)) {
      pages.free_pages(t, *pfn, pages.block(*pfn)->order, cpu);
      return true;
    }
  return false;
}

void Workload::make_room(PageAlloc &pages, Trace *t, u32 cpu) {
  if (spec_.mix == WorkloadMix::network) { // its ring is worked off
    phase_ = 1;
    left_ = held_ / 2;
    return;
  }
  const u64 first = chance_.below(slots_.size());
  unsigned freed = 0;
  for (u64 i = 0; i < slots_.size() && freed < 16; ++i) {
    const u64 slot = (first + i) % slots_.size();
    if (!taken(slot)) continue;
    give_back(pages, t, slot, cpu);
    ++freed;
  }
  while (freed < 16 && drop_cache(pages, t, cpu)) ++freed;
}

void Workload::add_to(Digest &d) const {
  Prng next = chance_;
  d.add(spec_.seed).add(static_cast<u64>(spec_.mix)).add(spec_.cpus).add(spec_.slots);
  d.add(next.next()).add(calls_).add(held_).add(refused_).add(cursor_).add(phase_).add(left_).add(cpu_);
  for (const u64 slot : slots_) d.add(slot);
}

} // namespace mmscope
