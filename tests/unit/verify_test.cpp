#include "io/verify.hpp"

#include "base/text.hpp"
#include "io/dmesg.hpp"
#include "support/small_log.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace mmscope;
using namespace mmscope::test;

namespace {

const CaptureFile no_files = [](std::string_view) { return std::optional<std::string>(); };

std::string text_of(const VerifyReport &r) {
  std::string s;
  append_report(s, r);
  return s;
}
const FactRow &row(const VerifyReport &r, std::string_view fact) {
  const auto it = std::find_if(r.rows.begin(), r.rows.end(), [&](const FactRow &f) { return f.fact == fact; });
  REQUIRE(it != r.rows.end());
  return *it;
}
std::string status(const VerifyReport &r) { // "= = ? = …", F1 to F8
  std::string s;
  for (const FactRow &f : r.rows)
    s += f.status == FactStatus::equal ? '=' : f.status == FactStatus::unknown ? '?' : '!';
  return s;
}

constexpr std::string_view memory_a =
    "memory cnt 2 max 128 total_size 0x7f7ec00\n"
    "memory[0] 0x0000000000001000 0x000000000009efff size 0x9e000 flags 0x0 nid 0\n"
    "memory[1] 0x0000000000100000 0x0000000007fdffff size 0x7ee0000 flags 0x0 nid 0\n";
constexpr std::string_view zoneinfo =
    "Node 0, zone      DMA\n  pages free     3712\n        spanned  4095\n"
    "        present  3998\n        managed  3840\n        protection: (0, 77, 77, 77, 77)\n"
    "  pagesets\n    cpu: 0\n              high:  56\n  start_pfn:           1\n";

} // namespace

TEST_CASE("verify: a log's facts are equal, and what no file shows is unknown") {
  const VerifyReport r = verify_log(small_log, no_files);
  CAPTURE(text_of(r));
  CHECK(r.error.empty());
  CHECK(r.ok());
  CHECK(status(r) == "===?==???");
  CHECK(row(r, "F2").total == 10);
  CHECK(row(r, "F3").total == 6);
  CHECK(row(r, "F6").total == 3);
}

TEST_CASE("verify: a wrong result is found in its fact alone, and does not move the prediction") {
  const VerifyReport good = verify_log(small_log, no_files);
  const struct {
    std::string_view from, to, status;
  } lies[] = {
      {"memblock_add: [0x0000000000100000-0x0000000007fdffff]", "memblock_add: [0x0000000000200000-0x0000000007fdffff]",
       "!==?==???"},
      {"memblock_reserve: [0x0000000000098000-0x000000000009efff]",
       "memblock_reserve: [0x0000000000097000-0x000000000009dfff]", "!==?==???"},
      {"memblock_phys_free: [0x0000000007c00000", "memblock_phys_free: [0x0000000007b00000", "!==?==???"},
      {"memblock_reserve: [0x0000000007db9000", "memblock_reserve: [0x0000000007da9000", "!==?==???"},
      {"NODE_DATA(0) allocated [mem 0x07db9000", "NODE_DATA(0) allocated [mem 0x07da9000", "!==?==???"},
      {"memory size = 0x0000000007f7ec00", "memory size = 0x0000000007f7ec01", "!==?==???"},
      {"reserved[0x2]\t[0x0000000007db9000", "reserved[0x2]\t[0x0000000007db8000", "!==?==???"},
      {"reserved.cnt  = 0x5", "reserved.cnt  = 0x6", "!==?==???"},
      {"memblock_reserve: [0x0000000007a00000-0x0000000007bfffff]",
       "memblock_reserve: [0x0000000007800000-0x00000000079fffff]", "!==?==???"},
      {"  DMA      [mem 0x0000000000001000", "  DMA      [mem 0x0000000000002000", "=!=?==???"},
      {"  node   0: [mem 0x0000000000100000", "  node   0: [mem 0x0000000000110000", "=!=?==???"},
      {"Initmem setup node 0 [mem 0x0000000000001000", "Initmem setup node 0 [mem 0x0000000000000000", "=!=?==???"},
      {"zone DMA: 97 pages", "zone DMA: 96 pages", "=!=?==???"},
      {"memblock_alloc_try_nid: 56 bytes align=0x40 nid=0", "memblock_alloc_try_nid: 56 bytes align=0x40 nid=1",
       "==!?==???"},
      {"Fallback order for Node 0: 0", "Fallback order for Node 0: 0 1", "===?!=???"},
      {"Total pages: 31968", "Total pages: 31969", "===?!=???"},
      {"Policy zone: DMA32", "Policy zone: Normal", "===?!=???"},
      {"Memory: 71552K/", "Memory: 71556K/", "===?=!???"},
      {"58744K reserved", "58740K reserved", "===?=!???"},
  };
  for (const auto &lie : lies) {
    CAPTURE(lie.from);
    std::string log(small_log);
    const std::size_t at = log.rfind(lie.from);
    REQUIRE(at != std::string::npos);
    log.replace(at, lie.from.size(), lie.to);
    const VerifyReport r = verify_log(log, no_files);
    CHECK(r.error.empty());
    CHECK(status(r) == lie.status);
    CHECK(r.digest == good.digest);
  }
}

TEST_CASE("verify: files of a capture are compared with their moment of the boot") {
  const auto with = [](std::string_view a, std::string_view zones) {
    return verify_log(small_log, [=](std::string_view name) -> std::optional<std::string> {
      if (name == "freeze_A_memblock") return std::string(a);
      if (name == "zoneinfo") return std::string(zones);
      return std::nullopt;
    });
  };
  // Without the step before which the files were taken, nothing is said about zoneinfo.
  const VerifyReport good = with(memory_a, zoneinfo);
  CAPTURE(text_of(good));
  CHECK(row(good, "F1").status == FactStatus::equal);
  CHECK(row(good, "F1").total > row(verify_log(small_log, no_files), "F1").total);
  CHECK(row(good, "F4").equal == 4);
  std::string wrong(memory_a);
  wrong.replace(wrong.find("flags 0x0"), 9, "flags 0x1");
  CHECK(row(with(wrong, zoneinfo), "F1").status == FactStatus::differs);
  wrong = zoneinfo;
  wrong.replace(wrong.find("3998"), 4, "3999");
  const VerifyReport bad = with(memory_a, wrong);
  CHECK(row(bad, "F4").where == "zoneinfo, node 0 zone DMA present");
  CHECK(row(bad, "F4").expected == "3999");
  CHECK(row(bad, "F4").got == "3998");
}

TEST_CASE("verify: the report names fact, items, expected and got") {
  std::string log(small_log);
  log.replace(log.find("Total pages: 31968"), 18, "Total pages: 31969");
  const std::string s = text_of(verify_log(log, no_files));
  CHECK(s.find("  F1 equal ") != std::string::npos);
  CHECK(s.find("  F5 differs 2/3  zonelists\n     line 1\n       expected Built 1 zonelists, mobility grouping on.  "
               "Total pages: 31969\n"
               "       got      Built 1 zonelists, mobility grouping on.  Total pages: 31968\n") != std::string::npos);
  CHECK(s.find("  F7 unknown 0/0") != std::string::npos);
}

TEST_CASE("verify: a log that cannot be imported is an error, not a difference") {
  const VerifyReport r = verify_log("nothing\n", no_files);
  CHECK(r.error.starts_with("dmesg:1:0: no usable line"));
  CHECK_FALSE(r.ok());
  CHECK(r.rows.empty());
}

TEST_CASE("verify: every allocation stands beside the address that the log shows") {
  const ImportResult log = import_dmesg(small_log);
  Machine m(log.script.setup);
  Trace trace;
  AllocTable t;
  for (u32 i = 0; i < log.script.commands.size(); ++i) {
    const Result r = m.apply(log.script.commands[i], &trace);
    t.add(i, log.script.commands[i], r, trace.events(), trace);
    trace.clear();
  }
  t.match(log.facts);
  REQUIRE(t.rows().size() == 13);
  for (const AllocRow &r : t.rows()) {
    CHECK(r.logged == r.addr);
    CHECK(r.logged_size == r.size);
  }
  const AllocRow &map = t.rows()[7];
  CHECK(map.inside);
  CHECK(map.function == "memblock_alloc_exact_nid_raw");
  CHECK(map.caller == "sparse_init_nid");
  CHECK(map.align == 0x200000);
  CHECK(map.from == phys_addr_t{0x1000000});
  CHECK(log.script.commands[map.command].op == Op::sparse_init);
}
