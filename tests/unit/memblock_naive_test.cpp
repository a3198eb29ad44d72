// Random calls on the real memblock and on the naive one (support/naive_memblock.hpp): equal after every call.
#include "support/memblock_text.hpp"
#include "support/naive_memblock.hpp"

#include "base/prng.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

namespace {

struct Pair {
  memblock real;
  NaiveMemblock naive;
  Prng prng;
  std::string call; // the last one, for the report of a difference
  u64 got = 0, expected = 0;

  explicit Pair(u64 seed) : prng(seed) {
    real.rules.page_shift = NaiveMemblock::page_shift;
    real.memory.max = real.reserved.max = 100000;
  }

  u64 cell(u64 n) { return prng.below(n) * NaiveMemblock::cell_bytes; }
  u64 address() { return cell(NaiveMemblock::cells); }
  u64 size() { return prng.below(8) == 0 ? cell(120) : cell(16); }
  i32 node() { return static_cast<i32>(prng.below(4)) - 1; }

  void step(Trace *t) {
    const u64 base = address(), bytes = std::min(size(), NaiveMemblock::cells * NaiveMemblock::cell_bytes - base);
    const phys_addr_t a{base};
    const i32 nid = node();
    got = expected = 0;
    const auto named = [&](const char *name) { call = concat(name, ' ', base, ' ', bytes, " nid ", nid); };
    const auto result = [&](int r) { got = static_cast<u64>(r); };
    switch (prng.below(24)) {
    case 0:
    case 1:
      named("add");
      result(real.add(t, a, bytes));
      naive.add(memblock_list::memory, base, bytes, no_node, 0);
      break;
    case 2:
    case 3:
    case 4: {
      const u32 flags = prng.below(3) == 0 ? static_cast<u32>(prng.below(16)) : 0;
      named("add_node");
      append(call, " flags ", flags);
      result(real.add_node(t, a, bytes, nid, flags));
      naive.add(memblock_list::memory, base, bytes, nid, flags);
      break;
    }
    case 5:
      named("remove");
      result(real.remove(t, a, bytes));
      naive.remove(memblock_list::memory, base, bytes);
      break;
    case 6:
    case 7:
    case 8:
      named("reserve");
      result(real.reserve(t, a, bytes));
      naive.add(memblock_list::reserved, base, bytes, no_node, 0);
      break;
    case 9:
    case 10:
      named("phys_free");
      result(real.phys_free(t, a, bytes));
      naive.remove(memblock_list::reserved, base, bytes);
      break;
    case 11:
      named("mark_hotplug");
      result(real.mark_hotplug(t, a, bytes));
      naive.set_flag(base, bytes, MEMBLOCK_HOTPLUG, true);
      break;
    case 12:
      named("clear_hotplug");
      result(real.clear_hotplug(t, a, bytes));
      naive.set_flag(base, bytes, MEMBLOCK_HOTPLUG, false);
      break;
    case 13:
      named("mark_mirror");
      if (prng.below(8) != 0) break;
      result(real.mark_mirror(t, a, bytes));
      naive.mirror = true;
      naive.set_flag(base, bytes, MEMBLOCK_MIRROR, true);
      break;
    case 14:
      named("mark_nomap");
      result(real.mark_nomap(t, a, bytes));
      naive.set_flag(base, bytes, MEMBLOCK_NOMAP, true);
      break;
    case 15:
      named("clear_nomap");
      result(real.clear_nomap(t, a, bytes));
      naive.set_flag(base, bytes, MEMBLOCK_NOMAP, false);
      break;
    case 16: {
      const auto l = static_cast<memblock_list>(prng.below(2));
      named(l == memblock_list::memory ? "set_node memory" : "set_node reserved");
      result(real.set_node(t, a, bytes, l, nid));
      naive.set_node(l, base, bytes, nid);
      break;
    }
    case 17: settings(t); break;
    case 18: shrink(t); break;
    default: allocate(t); break;
    }
  }

  void settings(Trace *t) {
    const u64 on = prng.below(2);
    call = "settings";
    switch (prng.below(4)) {
    case 0:
      real.set(t, memblock_setting::bottom_up, on);
      naive.bottom_up = on != 0;
      break;
    case 1:
      real.set(t, memblock_setting::movable_node, on);
      naive.movable_node = on != 0;
      break;
    case 2:
      naive.limit = on != 0 ? ~u64{0} : 0x400 + address();
      real.set(t, memblock_setting::current_limit, naive.limit);
      break;
    default:
      real.set(t, memblock_setting::mirror, 0);
      naive.mirror = false;
      break;
    }
  }

  void shrink(Trace *t) {
    const u64 base = address(), bytes = cell(300);
    if (prng.below(5) != 0) return; // rare, or there would never be much memory
    switch (prng.below(4)) {
    case 0:
      call = "trim";
      real.trim_memory(t, 256);
      naive.trim(256);
      break;
    case 1:
      call = concat("cap ", base, ' ', bytes);
      real.cap_memory_range(t, phys_addr_t{base}, bytes);
      naive.cap(base, bytes);
      break;
    case 2:
      call = concat("enforce ", bytes);
      real.enforce_memory_limit(t, bytes);
      naive.enforce(bytes);
      break;
    default:
      call = concat("remove_map ", bytes);
      real.mem_limit_remove_map(t, bytes);
      naive.remove_map(bytes);
      break;
    }
  }

  void allocate(Trace *t) {
    AllocRequest r;
    r.size = 64 + cell(10);
    r.align = u64{64} << prng.below(5);
    if (prng.below(3) == 0) r.min_addr = phys_addr_t{address()};
    if (prng.below(3) == 0) r.max_addr = phys_addr_t{address()};
    r.nid = node();
    r.exact_nid = prng.below(2) == 0;
    const u64 from = r.min_addr.v, to = r.max_addr.v;
    call = concat("alloc ", r.size, ' ', r.align, ' ', from, ' ', to, " nid ", r.nid, " exact ", r.exact_nid);
    if (prng.below(4) != 0) {
      expected = naive.alloc(r.size, r.align, from, to, r.nid, r.exact_nid);
      got = real.alloc_range_nid(t, r).v;
    } else {
      expected = naive.alloc_try(r.size, r.align, from, to, r.nid, r.exact_nid);
      got = real.alloc_try_nid(t, r).v;
    }
  }

  bool equal() const {
    return got == expected && real.memory.regions == naive.regions(memblock_list::memory) &&
           real.reserved.regions == naive.regions(memblock_list::reserved) &&
           real.memory.total_size == naive.lists[0].total_size &&
           real.reserved.total_size == naive.lists[1].total_size && real.free_ranges() == naive.free_ranges();
  }
};

} // namespace

TEST_CASE("naive: 24000 random calls come out equal and fold") {
  u64 allocated = 0, refused = 0, unmerged = 0;
  for (u64 seed = 0; seed < 120; ++seed) {
    Pair p(seed);
    Trace trace;
    for (int i = 0; i < 200; ++i) {
      memblock folded = p.real;
      p.step(&trace);
      for (const Event &e : trace.events()) folded.fold(e);
      trace.clear();
      if (p.equal() && folded == p.real && p.real.verify().empty()) {
        if (p.call.starts_with("alloc")) ++(p.got != 0 ? allocated : refused);
        unmerged += p.real.memory.unmerged != 0;
        continue;
      }
      INFO("seed ", seed, " call ", i, ": ", p.call);
      CHECK(p.got == p.expected);
      CHECK(p.real.verify() == "");
      CHECK(folded == p.real);
      memblock_type memory, reserved;
      memory.regions = p.naive.regions(memblock_list::memory);
      reserved.regions = p.naive.regions(memblock_list::reserved);
      CHECK(text(p.real.memory) == text(memory));
      CHECK(text(p.real.reserved) == text(reserved));
      CHECK(p.real.memory.total_size == p.naive.lists[0].total_size);
      CHECK(p.real.reserved.total_size == p.naive.lists[1].total_size);
      CHECK(text(p.real.free_ranges()) == text(p.naive.free_ranges()));
      return;
    }
  }
  // The calls are worth something only if both outcomes happen often.
  CHECK(allocated > 1000);
  CHECK(refused > 500);
  CHECK(unmerged > 20);
}
