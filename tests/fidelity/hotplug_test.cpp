// A module of 1 GiB is plugged into a running machine, as the recorded boot x64-6.1-1G-hotplug-movable did: the boot is
// replayed from its log, then come the calls that the recording made. Expected numbers are those of the recording's
// /proc/zoneinfo after all blocks were online (h2) and after the last one was offline again (h3), and of its log.
#include "io/capture.hpp"
#include "io/dmesg.hpp"
#include "lab/machine.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

using namespace mmscope;

namespace {

constexpr u64 block = 0x8000, first = 0x100000; // pages

struct Zone {
  unsigned zid;
  u64 spanned, present, managed, min, low, high, pcp_high;
  std::array<u64, 5> protection;
};
constexpr Zone h2[] = {
    {0, 4095, 3998, 3840, 88, 110, 132, 110, {0, 876, 876, 1900, 1900}},
    {1, 258016, 258016, 224371, 5154, 6442, 7730, 6442, {0, 0, 0, 1024, 1024}},
    {3, 262144, 262144, 262144, 6021, 7526, 9031, 7526, {0, 0, 0, 0, 0}},
};
constexpr Zone h3[] = {
    {0, 4095, 3998, 3840, 94, 117, 140, 117, {0, 876, 876, 1772, 1772}},
    {1, 258016, 258016, 224371, 5523, 6903, 8283, 6903, {0, 0, 0, 896, 896}},
    {3, 229376, 229376, 229376, 5646, 7057, 8468, 7057, {0, 0, 0, 0, 0}},
};

void check(const System &s, std::span<const Zone> zones) {
  for (const Zone &want : zones) {
    CAPTURE(want.zid);
    const zone &z = s.pages.zone_of(0, want.zid);
    CHECK(z.spanned_pages == want.spanned);
    CHECK(z.present_pages == want.present);
    CHECK(z.managed_pages == want.managed);
    CHECK(z.watermark[0] == want.min);
    CHECK(z.watermark[1] == want.low);
    CHECK(z.watermark[2] == want.high);
    CHECK(z.pcp_high == want.pcp_high);
    for (std::size_t j = 0; j < want.protection.size(); ++j) CHECK(z.lowmem_reserve[j] == want.protection[j]);
  }
}

bool make(Machine &m, const Command &c) {
  Trace trace;
  System folded = m.system();
  const Result r = m.apply(c, &trace);
  INFO(op_info(c.op).name, ": ", r.error);
  CHECK(r.ok());
  for (const Event &e : trace.events()) fold(folded, e, trace);
  CHECK(folded.digest() == m.system().digest());
  return r.ok();
}
Command online(u64 pfn, std::string_view type) {
  Command c = command(Op::online_pages, {pfn, block});
  c.text = type;
  return c;
}

Machine booted() {
  std::string error;
  const auto log = read_file(MMSCOPE_TEST_DATA "/captures/x64-6.1-1G-hotplug-movable/dmesg", error);
  REQUIRE_MESSAGE(log, error);
  const ImportResult r = import_dmesg(*log);
  REQUIRE(!r.script.commands.empty());
  Machine m(r.script.setup);
  for (const Command &c : r.script.commands) REQUIRE(m.apply(c, nullptr).ok());
  return m;
}

} // namespace

TEST_CASE("hotplug: a gibibyte goes online as movable memory, and its last block offline again") {
  Machine m = booted();
  const u64 ram = m.system().get(vm_field::totalram_pages);
  REQUIRE(make(m, command(Op::add_memory, {first << 12, u64{1} << 30})));
  u64 sections = 0;
  for (const SectionRun &r : m.system().sparse.sections) sections += r.count;
  CHECK(sections == 16);
  CHECK(m.system().get(vm_field::totalram_pages) == ram); // offline

  for (u64 i = 0; i < 8; ++i) {
    REQUIRE(make(m, online(first + i * block, "online_movable")));
    // The zone's first pages made the kernel build its zonelists anew.
    const auto &lines = m.system().lines;
    CHECK(std::find(lines.begin(), lines.end(), "Built 1 zonelists, mobility grouping on.  Total pages: 244144") !=
          lines.end());
  }
  CHECK(m.system().pages.node(0).fallback == std::vector<i32>{0}); // built anew, not longer
  check(m.system(), h2);
  CHECK(m.system().get(vm_field::totalram_pages) == ram + 8 * block);
  CHECK(m.system().pages.zone_of(0, 3).free_pages() == 8 * block);

  REQUIRE(make(m, command(Op::offline_pages, {first + 7 * block, block})));
  check(m.system(), h3);
  CHECK(m.system().verify() == "");

  REQUIRE(make(m, command(Op::remove_memory, {(first + 7 * block) << 12, block << 12})));
  CHECK(!m.system().sparse.present((first + 7 * block) >> 15));
  CHECK(m.system().sparse.present((first + 6 * block) >> 15));
  CHECK(m.system().verify() == "");
}

TEST_CASE("hotplug: struct pages come from the page allocator and go back to it") {
  Machine m = booted();
  const auto free = [&] {
    u64 n = 0;
    for (const zone &z : m.system().pages.node(0).zones) {
      n += z.free_pages();
      for (const per_cpu_pages &p : z.pcp) n += p.count;
    }
    return n;
  };
  const u64 before = free();
  REQUIRE(make(m, command(Op::add_memory, {first << 12, u64{1} << 30})));
  CHECK(free() == before - 8 * 512); // 2 MiB a section of 128 MiB; the table for them is there
  for (u64 i = 0; i < 8; ++i) REQUIRE(make(m, command(Op::remove_memory, {(first + i * block) << 12, block << 12})));
  CHECK(free() == before);
  CHECK(m.system().verify() == "");
}

TEST_CASE("hotplug: what cannot be done is refused and changes nothing") {
  Machine m = booted();
  const auto refused = [&](const Command &c, std::string_view why) {
    const u64 digest = m.digest();
    const Result r = m.apply(c, nullptr);
    CHECK_MESSAGE(r.error.find(why) != std::string::npos, r.error);
    CHECK(m.digest() == digest);
  };
  refused(command(Op::add_memory, {first << 12, u64{64} << 20}), "blocks of 128 MiB");
  refused(command(Op::add_memory, {0x8000000, u64{128} << 20}), "is there already");
  refused(online(first, "online"), "is not there");
  refused(command(Op::offline_pages, {0x38000, block}), "moved elsewhere"); // mem_map lies there
  refused(command(Op::remove_memory, {0x38000000, u64{128} << 20}), "go offline first");
  REQUIRE(make(m, command(Op::add_memory, {first << 12, u64{256} << 20})));
  refused(online(first, "online_sideways"), "online_kernel");
  REQUIRE(make(m, online(first, "online_kernel")));
  CHECK(m.system().pages.zone_of(0, 2).managed_pages == block); // zone Normal, for no kernel zone is near
  refused(online(first, "online"), "online already");
  // Next to it, plain "online" follows.
  REQUIRE(make(m, online(first + block, "online")));
  CHECK(m.system().pages.zone_of(0, 2).managed_pages == 2 * block);
  refused(command(Op::offline_pages, {first, u64{1} << 40}), "beyond physical memory");
}
