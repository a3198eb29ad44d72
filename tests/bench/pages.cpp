#include "bench/pages.hpp"

#include "base/prng.hpp"
#include "base/text.hpp"
#include "bench/heap.hpp"
#include "lab/machine.hpp"
#include "lab/presets.hpp"
#include "lab/workload.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace mmscope::bench {

namespace {

constexpr u64 pairs = 1'000'000, slot_calls = 1'000'000, workload_calls = 1'000'000, few_calls = 100'000;

PageAlloc booted(u32 cpus) {
  const Script script = make_script(*find_preset("qemu-1g"));
  Machine machine(script.setup);
  for (const Command &c : script.commands) machine.apply(c, nullptr);
  PageAlloc pages = machine.system().pages;
  for (u32 cpu = 0; cpu < cpus; ++cpu) pages.set_cpu_node(nullptr, cpu, 0);
  pages.setup_per_cpu_pageset(nullptr);
  return pages;
}

template <class Fn> double fastest(bool once, Fn &&fn) { // ms
  double best = 0;
  for (unsigned i = 0; i < (once ? 1u : 5u); ++i) {
    const auto start = std::chrono::steady_clock::now();
    fn();
    const double now = milliseconds(std::chrono::steady_clock::now() - start);
    best = i == 0 ? now : std::min(best, now);
  }
  return best;
}
void tell(std::string_view name, u64 calls, const PageAlloc &pages) {
  Digest d;
  pages.add_to(d);
  std::string digest;
  append_hex(digest, d.value(), 16);
  std::fprintf(stderr, "  %-14.*s %8llu calls, digest %s\n", static_cast<int>(name.size()), name.data(),
               static_cast<unsigned long long>(calls), digest.c_str());
}

[[gnu::noinline]] void page_pairs(PageAlloc &pages, u64 n) {
  for (u64 i = 0; i < n; ++i) {
    const auto pfn = pages.alloc_pages(nullptr, {.gfp = gfp::KERNEL});
    pages.free_pages(nullptr, *pfn, order_t{0}, 0);
  }
}
void bench_pair(bool once, std::vector<Figure> &out) {
  PageAlloc pages = booted(1);
  page_pairs(pages, 1); // the list is filled
  const u64 n = pairs;
  const double ms = fastest(once, [&] { page_pairs(pages, n); });
  out.push_back({"pages/pair", ms * 1e6 / static_cast<double>(n), "ns"});
  tell("pages/pair", n, pages);
}

struct SlotCall {
  u32 slot;
  u8 order;
};
std::vector<SlotCall> slot_trace(u64 n) {
  Prng chance(1);
  std::vector<SlotCall> calls;
  for (u64 i = 0; i < n; ++i) {
    const u64 dice = chance.next();
    u8 order = 0;
    while (order < 9 && ((dice >> (16 + order)) & 1) != 0) ++order;
    calls.push_back({static_cast<u32>(dice & 0xffff), order});
  }
  return calls;
}
[[gnu::noinline]] void page_slots(PageAlloc &pages, std::span<const SlotCall> calls, std::vector<u64> &slots) {
  for (const SlotCall &c : calls) {
    u64 &slot = slots[c.slot]; // pfn * 16 + order + 1
    if (slot != 0) {
      pages.free_pages(nullptr, pfn_t{(slot - 1) >> 4}, order_t{(slot - 1) & 15}, 0);
      slot = 0;
    } else if (const auto pfn = pages.alloc_pages(nullptr, {.gfp = gfp::KERNEL, .order = order_t{c.order}})) {
      slot = (pfn->v << 4 | c.order) + 1;
    }
  }
}
void bench_slots(bool once, std::vector<Figure> &out) {
  const u64 n = slot_calls;
  const std::vector<SlotCall> calls = slot_trace(n);
  const PageAlloc start = booted(1);
  PageAlloc pages = start;
  std::vector<u64> slots;
  const double ms = fastest(once, [&] {
    pages = start;
    slots.assign(65536, 0);
    page_slots(pages, calls, slots);
  });
  out.push_back({"pages/slots", ms * 1e6 / static_cast<double>(n), "ns"});
  tell("pages/slots", n, pages);
}

void bench_workload(bool once, std::vector<Figure> &out) {
  const u64 n = workload_calls;
  const PageAlloc start = booted(4);
  PageAlloc pages = start;
  const double silent = fastest(once, [&] {
    pages = start;
    Workload w({.seed = 1, .cpus = 4});
    w.run(pages, nullptr, n);
  });
  u64 events = 0;
  const double told = fastest(once, [&] {
    PageAlloc again = start;
    Workload w({.seed = 1, .cpus = 4});
    Trace t;
    events = 0;
    for (u64 done = 0; done < n; done += 1000) { // a command makes a thousand
      w.run(again, &t, 1000);
      events += t.events().size();
      t.clear();
    }
  });
  out.push_back({"pages/workload", silent, "ms"});
  out.push_back({"pages/workload/traced", told, "ms"});
  out.push_back({"pages/workload/events", static_cast<double>(events), "events"});
  tell("pages/workload", n, pages);
}

void bench_touched(bool, std::vector<Figure> &out) {
  const PageAlloc start = booted(4);
  reset_heap_peak();
  const std::size_t before = heap_now();
  PageAlloc pages = start;
  const std::size_t copied = heap_now() - before;
  const u64 blocks = pages.map().mixed_blocks();
  Workload w({.seed = 1, .cpus = 4});
  w.run(pages, nullptr, few_calls);
  const std::size_t now = heap_now() - before - w.bytes();
  const u64 touched = pages.map().mixed_blocks() - blocks;
  out.push_back(
      {"pages/touched", static_cast<double>(now - copied) / static_cast<double>(std::max<u64>(touched, 1)), "bytes"});
  std::fprintf(stderr, "  %-14s %8llu blocks touched, %llu bytes in all\n", "pages/touched",
               static_cast<unsigned long long>(touched), static_cast<unsigned long long>(now));
}

constexpr std::array<PagesBench, 4> benches{{{"pages/pair", bench_pair},
                                             {"pages/slots", bench_slots},
                                             {"pages/workload", bench_workload},
                                             {"pages/touched", bench_touched}}};

} // namespace

std::span<const PagesBench> pages_benches() { return benches; }

} // namespace mmscope::bench
