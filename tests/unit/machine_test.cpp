// Machine: what a command does, and what it answers when it cannot be made.
#include "lab/machine.hpp"
#include "support/machines.hpp"

#include "lab/presets.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

namespace {

constexpr u64 KiB = 1024, MiB = 1024 * KiB, GiB = 1024 * MiB;

SystemSetup setup() { return {all_arches()[0], &pivot_era(), *all_configs()[0], ""}; }

// A machine with 1 MiB .. 65 MiB of RAM.
Machine with_memory() {
  Machine m(setup());
  REQUIRE(m.apply(command(Op::memblock_add, {MiB, 64 * MiB}), nullptr).ok());
  return m;
}

// The command cannot be made, says why, and leaves everything as it was.
void refuses(Machine &m, const Command &c, std::string_view why, unsigned arg = no_arg) {
  const u64 before = m.digest();
  Trace t;
  const Result r = m.apply(c, &t);
  CHECK(r.error == why);
  CHECK(r.arg == arg);
  CHECK(m.digest() == before);
  CHECK(t.events().empty());
}

Machine booted(std::string_view preset, Op until) {
  const MachineSpec *spec = find_preset(preset);
  REQUIRE(spec != nullptr);
  const Script s = make_script(*spec);
  Machine m(s.setup);
  for (const Command &c : s.commands) {
    const Result r = m.apply(c, nullptr);
    REQUIRE_MESSAGE(r.ok(), r.error);
    if (c.op == until) break;
  }
  return m;
}

} // namespace

TEST_CASE("machine: memblock calls answer as the kernel's do") {
  Machine m(setup());
  CHECK(m.apply(command(Op::memblock_add, {MiB, 64 * MiB}), nullptr).value == 0);
  CHECK(m.apply(command(Op::memblock_alloc_range_nid, {8 * KiB, 4 * KiB, 0, 0}), nullptr).value == 65 * MiB - 8 * KiB);
  CHECK(m.apply(command(Op::memblock_alloc_try_nid, {64 * MiB, 64}), nullptr).value == 0); // nothing so large is free
  CHECK(m.apply(command(Op::memblock_set_bottom_up, {1}), nullptr).value == 0);
  CHECK(m.apply(command(Op::memblock_alloc_try_nid, {64, 64}), nullptr).value == MiB);
  // The array is full and may not grow: -ENOMEM is a result.
  for (u64 i = 0; i < 125; ++i)
    REQUIRE(m.apply(command(Op::memblock_reserve, {2 * MiB + i * 8 * KiB, 4 * KiB}), nullptr).value == 0);
  const Result full = m.apply(command(Op::memblock_reserve, {60 * MiB, KiB}), nullptr);
  CHECK(full.ok());
  CHECK(static_cast<i64>(full.value) <= 0);
}

TEST_CASE("machine: optional arguments left out mean what the kernel's defaults mean") {
  Machine a(setup()), b(setup());
  for (Machine *m : {&a, &b}) {
    REQUIRE(m->apply(command(Op::memblock_add, {MiB, MiB, 0}), nullptr).ok());
    REQUIRE(m->apply(command(Op::memblock_add, {4 * MiB, MiB, 1}), nullptr).ok());
  }
  CHECK(a.apply(command(Op::memblock_alloc_try_nid, {4096, 4096}), nullptr).value == 5 * MiB - 4096);
  CHECK(b.apply(command(Op::memblock_alloc_try_nid, {4096, 4096, field(no_node), 0, 0}), nullptr).value ==
        5 * MiB - 4096);
  CHECK(a.digest() == b.digest());
  CHECK(a.apply(command(Op::memblock_alloc_try_nid, {4096, 4096, 0}), nullptr).value == 2 * MiB - 4096);
  // memblock_add without a node leaves none; flags alone do not make one.
  REQUIRE(a.apply(command(Op::memblock_add, {8 * MiB, MiB}), nullptr).ok());
  CHECK(a.system().memblock.memory.regions.back().nid == no_node);
  Command flags = command(Op::memblock_add, {16 * MiB, MiB});
  flags.args[3] = {MEMBLOCK_HOTPLUG, no_binding, true};
  REQUIRE(a.apply(flags, nullptr).ok());
  CHECK(a.system().memblock.memory.regions.back() ==
        memblock_region{phys_addr_t{16 * MiB}, MiB, MEMBLOCK_HOTPLUG, no_node});
}

TEST_CASE("machine: arguments that cannot be are refused one cause a message") {
  Machine m = with_memory();
  refuses(m, command(Op::memblock_reserve, {4096}), "size is missing", 1);
  refuses(m, command(Op::memblock_reserve, {4096, ~u64{0}}), "the range wraps around: base + size is beyond 64 bits",
          1);
  refuses(m, command(Op::memblock_add, {0, u64{1} << 60}),
          "the range ends beyond the 46 bits of physical address that x86_64 has", 1);
  refuses(m, command(Op::memblock_add, {u64{1} << 50, 4096}),
          "the range ends beyond the 46 bits of physical address that x86_64 has", 0);
  refuses(m, command(Op::memblock_alloc_try_nid, {4096, 24}), "align must be a power of two, not 24", 1);
  refuses(m, command(Op::memblock_trim_memory, {0}), "align must be a power of two, not 0", 0);
  refuses(m, command(Op::memblock_set_node, {0, 4096, 1024}), "there is no node 1024: ids go from -1 to 1023", 2);
  refuses(m, command(Op::memblock_alloc_try_nid, {64, 64, field(-2)}), "there is no node -2: ids go from -1 to 1023",
          2);
  refuses(m, command(Op::numa_set_cpus, {field(no_node), 1}), "there is no node -1: ids go from 0 to 1023", 0);
  refuses(m, command(Op::memblock_set_bottom_up, {2}), "enable must be 0 or 1, not 2", 0);
  refuses(m, command(Op::memblock_add, {0, 4096, 0, 16}), "a memblock region has no such flag: 16", 3);
  refuses(m, command(Op::e820_add, {0, 4096, 0}), "the firmware's map has no type 0", 2);
  refuses(m, command(Op::numa_set_distance, {0, 0, 20}),
          "a distance is 10 from a node to itself and at most 255, not 20", 2);
  refuses(m, command(Op::numa_set_distance, {0, 1, 256}),
          "a distance is 10 from a node to itself and at most 255, not 256", 2);
  // 0 leaves the alignment of an allocation to the kernel; huge sizes are requests that find nothing.
  CHECK(m.apply(command(Op::memblock_alloc_try_nid, {64, 0}), nullptr).value != 0);
  CHECK(m.apply(command(Op::memblock_alloc_try_nid, {~u64{0}, u64{1} << 63}), nullptr).value == 0);
}

TEST_CASE("machine: memblock is behind us after memblock_free_all") {
  Machine m = with_memory();
  REQUIRE(m.apply(command(Op::memblock_free_all, {}), nullptr).ok());
  refuses(
      m, command(Op::memblock_free_all, {}),
      "memblock_free_all has run already: the page allocator has this memory, and would get free pages a second time");
  refuses(m, command(Op::memblock_reserve, {0, 4096}),
          "memblock_reserve comes too late: memblock_free_all has given the memory to the page allocator, and from "
          "there on "
          "the kernel neither asks nor changes memblock");
  refuses(m, command(Op::free_reserved_area, {0, 4096}),
          "free_reserved_area needs zones, and free_area_init has not run");
}

TEST_CASE("machine: steps of the boot come in the boot's order and once") {
  Machine m(setup());
  refuses(m, command(Op::numa_init, {}), "numa_init comes too early: e820__memblock_setup has not run");
  refuses(m, command(Op::e820_finish, {}), "e820_finish comes too early: e820_add has not run");
  refuses(m, command(Op::mem_init, {}), "mem_init comes too early: memblock_free_all has not run");
  REQUIRE(m.apply(command(Op::e820_add, {MiB, GiB, E820_TYPE_RAM}), nullptr).ok());
  REQUIRE(m.apply(command(Op::e820_finish, {}), nullptr).ok());
  refuses(m, command(Op::e820_finish, {}), "e820_finish has run already: it happens once in a boot");
  refuses(m, command(Op::e820_add, {0, 4096, 1}), "e820_add comes too late: e820_finish has closed the firmware's map");
  REQUIRE(m.apply(command(Op::e820__memblock_setup, {}), nullptr).ok());
  REQUIRE(m.apply(command(Op::numa_init, {}), nullptr).ok());
  refuses(m, command(Op::numa_add_memblk, {0, 0, 4096}),
          "numa_add_memblk comes too late: numa_init has settled the nodes");
  REQUIRE(m.apply(command(Op::sparse_init, {}), nullptr).ok());
  REQUIRE(m.apply(command(Op::free_area_init, {}), nullptr).ok());
  refuses(m, command(Op::memblock_free_all, {}), "memblock_free_all comes too early: build_all_zonelists has not run");
}

TEST_CASE("machine: only reserved pages can be given back") {
  Machine m = booted("tiny-128m", Op::init_per_zone_wmark_min);
  u64 free_pfn = 0;
  m.system().pages.for_each_run(pfn_t{0}, m.system().pages.map().end(), [&](const PageRun &r) {
    if (r.info.state == PageState::free) free_pfn = r.start.v;
  });
  REQUIRE(free_pfn != 0);
  const std::string why =
      "page " + std::to_string(free_pfn) + " is not reserved but free, and this call is about reserved pages";
  refuses(m, command(Op::free_reserved_area, {free_pfn << 12, 4096}), why, 0);
  refuses(m, command(Op::hugetlb_init, {free_pfn << 12, 4096}), why, 0);
  refuses(m, command(Op::free_reserved_area, {u64{1} << 40, (u64{2} << 30) + 4096}),
          "its pages are freed one by one, so 2G at most in one call", 1);
  refuses(m, command(Op::free_reserved_area, {u64{1} << 40, u64{2} << 30}),
          "page 268435456 is not reserved but absent, and this call is about reserved pages", 0);
  refuses(m, command(Op::write_sysctl, {0, 1}),
          "there is no /proc/sys/vm/ in the model: min_free_kbytes or watermark_scale_factor", 0);
  Command scale = command(Op::write_sysctl, {0, 3001});
  scale.text = "watermark_scale_factor";
  refuses(m, scale, "the kernel refuses this value: 3001", 1);
}

TEST_CASE("machine: results can be named and used with an offset") {
  Machine m = with_memory();
  Command alloc = command(Op::memblock_alloc_try_nid, {8 * KiB, 4 * KiB});
  alloc.bind = 2;
  const u64 at = m.apply(alloc, nullptr).value;
  CHECK(m.bound(2) == at);
  CHECK(!m.bound(0));
  CHECK(!m.bound(3));
  Command free = command(Op::memblock_phys_free, {4 * KiB, 4 * KiB});
  free.args[0].binding = 2;
  REQUIRE(m.apply(free, nullptr).ok());
  CHECK(m.system().memblock.reserved.regions == std::vector<memblock_region>{{phys_addr_t{at}, 4 * KiB, 0, no_node}});
  free.args[0].binding = 1;
  refuses(m, free, "base names a result that no call has given yet", 0);
  free.args[0].binding = 2;
  free.args[0].value = ~u64{0};
  refuses(m, free, "base wraps around: the offset is too large", 0);
  alloc.args[0].value = GiB; // fails
  REQUIRE(m.apply(alloc, nullptr).ok());
  free.args[0].value = 0;
  refuses(m, free, "base names the result of an allocation that failed", 0);
  alloc.bind = max_bindings;
  refuses(m, alloc, "more results are named than a machine keeps");
}

TEST_CASE("machine: the digest covers results that have a name and calls made") {
  Machine a = with_memory(), b = with_memory();
  Command c = command(Op::memblock_alloc_try_nid, {64, 64});
  REQUIRE(a.apply(c, nullptr).ok());
  c.bind = 0;
  REQUIRE(b.apply(c, nullptr).ok());
  CHECK(a.system().digest() == b.system().digest());
  CHECK(a.digest() != b.digest());
  // The same two results under each other's names.
  Machine x = with_memory(), y = with_memory();
  for (u32 slot = 0; slot < 2; ++slot) {
    c.bind = slot;
    REQUIRE(x.apply(c, nullptr).ok());
    c.bind = 1 - slot;
    REQUIRE(y.apply(c, nullptr).ok());
  }
  CHECK(x.system().digest() == y.system().digest());
  CHECK(x.digest() != y.digest());
  Machine d = with_memory(), e = with_memory();
  REQUIRE(d.apply(command(Op::memblock_clear_nomap, {0, 0}), nullptr).ok()); // changes nothing
  CHECK(d.system().digest() == e.system().digest());
  CHECK(d.digest() != e.digest());
}

TEST_CASE("machine: what a call does lies in spans and no span holds one of its name") {
  for (const char *preset : {"qemu-1g", "numa-2x32g"}) {
    const Script s = make_script(*find_preset(preset));
    Machine m(s.setup);
    Trace texts;
    for (const Command &c : s.commands) {
      const CallRecord r = play(m, c, texts);
      REQUIRE_MESSAGE(r.result.ok(), r.result.error);
      std::vector<std::string_view> open;
      u64 outermost = 0;
      for (const Event &e : r.events) {
        if (e.kind == EventKind::lab_call) {
          const std::string_view name = texts.text(e.f[0]);
          outermost += open.empty();
          if (open.empty() && !c.caller.empty()) CHECK(!texts.text(e.f[1]).empty());
          if (!open.empty()) CHECK_MESSAGE(open.back() != name, name);
          open.push_back(name);
        } else if (e.kind == EventKind::lab_return) {
          REQUIRE(!open.empty());
          open.pop_back();
        } else if (open.empty()) {
          // Numbers that the kernel notes in passing before it gets to the call.
          const bool passing = e.kind == EventKind::lab_phase || e.kind == EventKind::lab_vm_set;
          CHECK_MESSAGE(passing, op_info(c.op).name, ": ", to_text(texts, e));
        }
      }
      CHECK(open.empty());
      CHECK_MESSAGE(outermost == 1, op_info(c.op).name);
      CHECK(r.events.back().kind == EventKind::lab_return);
    }
  }
}

TEST_CASE("machine: recording changes nothing") {
  const Script s = make_script(*find_preset("tiny-128m"));
  Machine recorded(s.setup), plain(s.setup);
  Trace texts;
  for (const Command &c : s.commands) {
    CHECK(play(recorded, c, texts).result.value == plain.apply(c, nullptr).value);
    REQUIRE(recorded.digest() == plain.digest());
  }
}

TEST_CASE("machine: the phase of a command is entered before its call") {
  Machine m(setup());
  Trace texts;
  const CallRecord r = play(m, command(Op::memblock_add, {0, 4096}, "e820__memblock_setup", Phase::memblock), texts);
  REQUIRE(r.events.size() > 2);
  CHECK(r.events[0].kind == EventKind::lab_phase);
  CHECK(r.events[1].kind == EventKind::lab_call);
  CHECK(texts.text(r.events[1].f[1]) == "e820__memblock_setup");
  CHECK(m.system().phase == Phase::memblock);
}

TEST_CASE("machine: blocks handed over by a bare memblock") {
  //   memory    [1M ................ 9M)       free [1M, 3M) and [3M + 4K, 9M), less what is not a whole page
  //   reserved         [3M, 3M + 4K)
  Machine m(setup());
  Trace texts;
  REQUIRE(m.apply(command(Op::memblock_add, {MiB, 8 * MiB + 100}), nullptr).ok());
  REQUIRE(m.apply(command(Op::memblock_reserve, {3 * MiB, 4 * KiB}), nullptr).ok());
  const CallRecord r = play(m, command(Op::memblock_free_all, {}), texts);
  REQUIRE(r.result.ok());
  const std::vector<HandedBlock> blocks = handed_blocks(r.events);
  CHECK(blocks.front() == HandedBlock{pfn_t{256}, order_t{8}});
  CHECK(handed_count(r.events) == blocks.size());
  u64 pages = 0, last_end = 0;
  for (const HandedBlock &b : blocks) {
    CHECK(b.pfn.v >= last_end);
    last_end = b.pfn.v + pages_of(b.order);
    pages += pages_of(b.order);
  }
  CHECK(pages == 8 * MiB / 4096 - 1);
}

TEST_CASE("machine: a run is handed over as its blocks") {
  const Event e{EventKind::lab_hand_over, {1024, 10, 3}};
  const std::vector<Event> events{e};
  CHECK(handed_blocks(events) ==
        std::vector<HandedBlock>{{pfn_t{1024}, order_t{10}}, {pfn_t{2048}, order_t{10}}, {pfn_t{3072}, order_t{10}}});
}

TEST_CASE("machine: what a copy costs is counted with what it holds") {
  Machine m = with_memory();
  const std::size_t before = m.bytes();
  CHECK(before >= sizeof(Machine));
  REQUIRE(m.apply(command(Op::memblock_allow_resize, {}), nullptr).ok());
  for (u64 i = 0; i < 1000; ++i)
    REQUIRE(m.apply(command(Op::memblock_reserve, {2 * MiB + i * 8 * KiB, 4 * KiB}), nullptr).ok());
  CHECK(m.bytes() >= before + 1000 * sizeof(memblock_region));
}

TEST_CASE("machine: a gigantic page that memblock could not find is counted by nobody") {
  System booted = test::machine(test::pc(512 * test::MiB));
  Script script{.setup = {booted.arch, booted.era, booted.config, {}},
                .commands = {},
                .bindings = {"p"},
                .assumed = {},
                .title = {}};
  Machine m(script.setup);
  const auto run = [&](Op op, std::initializer_list<u64> v) { REQUIRE(m.apply(command(op, v), nullptr).ok()); };
  run(Op::e820_add, {0x100000, 511 * test::MiB, 1});
  run(Op::e820_finish, {});
  run(Op::e820__memblock_setup, {});
  run(Op::numa_set_cpus, {0, 1});
  Command alloc = command(Op::memblock_alloc_try_nid_raw, {1 * test::GiB, 1 * test::GiB});
  alloc.bind = 0;
  CHECK(m.apply(alloc, nullptr).value == 0);
  for (Op op : {Op::numa_init, Op::sparse_init, Op::free_area_init, Op::build_all_zonelists, Op::memblock_free_all,
                Op::mem_init})
    run(op, {});
  const u64 total = m.system().get(vm_field::totalram_pages);
  Command count = command(Op::hugetlb_init, {0, 1 * test::GiB});
  count.args[0].binding = 0;
  CHECK(m.apply(count, nullptr).ok());
  CHECK(m.system().get(vm_field::totalram_pages) == total);
}
