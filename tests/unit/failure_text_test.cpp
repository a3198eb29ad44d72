// Reading reports of failed allocations: heads of any log, kernels of any age, pieces missing, and text that is none.
#include "io/failure_text.hpp"

#include "base/text.hpp"
#include "io/failure_gfp.hpp"
#include "io/failure_zones.hpp"
#include "lab/autopsy.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace mmscope;

namespace {

// Of a kernel 6.1 with 1 GiB.
const std::string request = "app: page allocation failure: order:2, mode:0xa20(GFP_ATOMIC), nodemask=(null),cpuset=/,"
                            "mems_allowed=0\n";
const std::string kernel = "CPU: 0 PID: 7 Comm: app Tainted: G        W  O       6.1.0-50-amd64 #1 Debian\n";
const std::string zone_line = "Node 0 DMA32 free:4096kB boost:0kB min:44336kB low:55420kB high:66504kB "
                              "reserved_highatomic:2048KB active_anon:4kB inactive_anon:8kB active_file:16kB "
                              "inactive_file:32kB unevictable:0kB writepending:0kB present:1032064kB managed:965596kB "
                              "mlocked:0kB bounce:0kB free_pcp:64kB local_pcp:12kB free_cma:128kB\n";
const std::string reserve = "lowmem_reserve[]: 0 0 942 942 942\n";
const std::string buddy = "Node 0 DMA32: 512*4kB (UME) 128*8kB (MH) 64*16kB (C) 0*32kB 0*64kB 0*128kB 0*256kB 0*512kB "
                          "0*1024kB 0*2048kB 0*4096kB = 4096kB\n";
const std::string whole = request + kernel + "Mem-Info:\n" + zone_line + reserve + buddy;

FailureReport report_of(std::string_view text) {
  ParsedFailure p = parse_failure(text);
  REQUIRE_MESSAGE(p.report.has_value(), p.error.line, ":", p.error.column, ": ", p.error.reason);
  return std::move(*p.report);
}
std::string refusal(std::string_view text) {
  const ParsedFailure p = parse_failure(text);
  return p.report ? "" : concat(p.error.line, ':', p.error.column, ": ", p.error.reason);
}
std::string changed(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  REQUIRE_MESSAGE(at != std::string::npos, from);
  return text.replace(at, from.size(), to);
}
std::string assumed(const FailureReport &r) {
  std::string s;
  for (const Saying &a : r.assumed) append(s, s.empty() ? "" : "\n", a.line, ": ", to_text(a));
  return s;
}
std::string headed(std::string_view text, std::string_view head) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    append(out, head, text.substr(0, end), "\r\n");
    text.remove_prefix(end + 1);
  }
  return out;
}

} // namespace

TEST_CASE("failure text: everything that counts is read") {
  const FailureReport r = report_of(whole);
  CHECK(r.kind == FailureReport::Kind::failure);
  CHECK(r.task == "app");
  CHECK(r.kernel == "6.1.0-50-amd64");
  CHECK(r.order == order_t{2});
  CHECK(r.gfp == gfp::ATOMIC);
  CHECK(r.nodemask.ranges.empty());
  CHECK(r.mems_allowed.ranges.empty()); // of the root cpuset: no bound
  REQUIRE(r.zones.size() == 1);
  const ReportZone &z = r.zones[0];
  CHECK(z.label(true) == "node 0 DMA32");
  CHECK(z.free == 1024);
  CHECK(z.min == 11084u);
  CHECK(z.low == 13855u);
  CHECK(z.high == 16626u);
  CHECK(z.boost == 0u);
  CHECK(z.reserved_highatomic == 512u);
  CHECK_FALSE(z.free_highatomic);
  CHECK(z.free_cma == 32u);
  CHECK(z.free_pcp == 16u);
  CHECK(z.managed == 241399u);
  CHECK(z.anon == 3);
  CHECK(z.file == 12);
  CHECK(z.lowmem_reserve == std::vector<u64>{0, 0, 942, 942, 942});
  REQUIRE(z.blocks.size() == 11);
  CHECK(z.blocks[0] == ReportBlocks{512, block_list::ordinary});
  CHECK(z.blocks[1] == ReportBlocks{128, block_list::ordinary | block_list::highatomic});
  CHECK(z.blocks[2] == ReportBlocks{64, block_list::cma});
  CHECK(z.blocks[3] == ReportBlocks{});
  CHECK(assumed(r) == "4: The kernel’s zone types are taken to be DMA DMA32 Normal Movable Device.");
}

TEST_CASE("failure text: the head of a line does not matter, nor what stands around the report") {
  const FailureReport plain = report_of(whole);
  for (const std::string_view head :
       {"[ 8123.456789] ", "<4>[    0.000000][    C0] ", "[  917.004][ T1203] ",
        "Mar 14 03:12:09 box kernel: ", "Mar 14 03:12:09 box kernel: [ 8123.456789] ", "<4>"}) {
    INFO(head);
    const FailureReport r = report_of(headed(concat("something else\n", whole, "and more\n"), head));
    CHECK(r.task == plain.task);
    CHECK(r.gfp == plain.gfp);
    CHECK(r.kernel == plain.kernel);
    REQUIRE(r.zones.size() == 1);
    CHECK(r.zones[0].free == plain.zones[0].free);
    CHECK(r.zones[0].blocks == plain.zones[0].blocks);
    CHECK(r.zones[0].lowmem_reserve == plain.zones[0].lowmem_reserve);
  }
  // Keys in another order and new ones among them.
  const FailureReport r =
      report_of(changed(whole, "boost:0kB min:44336kB", "zspages:9kB min:44336kB new: 3kB boost:0kB"));
  CHECK(r.zones[0].min == 11084u);
  CHECK(r.zones[0].boost == 0u);
  // Of several reports the first.
  const FailureReport two = report_of(whole + changed(whole, "order:2", "order:5"));
  CHECK(two.order == order_t{2});
  CHECK(assumed(two).find("There are 2 reports; this is the first.") != std::string::npos);
}

TEST_CASE("failure text: the OOM killer's words") {
  const std::string oom =
      "my app invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), nodemask=0-1,3, "
      "order=0, oom_score_adj=-17\n";
  const std::string old = "x cpuset=batch mems_allowed=0,2-3\n";
  const std::string swap = "Free swap  = 12kB\nTotal swap = 1048572kB\n262014 pages RAM\n16775 pages reserved\n";
  const std::string counters = " slab_reclaimable:2742 slab_unreclaimable:1489\n free:1024 free_pcp:22 free_cma:0\n";
  const FailureReport r = report_of(oom + old + counters + zone_line + reserve + buddy + swap);
  CHECK(r.kind == FailureReport::Kind::oom);
  CHECK(r.task == "my app");
  CHECK(r.order == order_t{0});
  CHECK(r.nodemask.ranges == decltype(r.nodemask.ranges){{0, 1}, {3, 3}});
  CHECK(r.mems_allowed.ranges == decltype(r.nodemask.ranges){{0, 0}, {2, 3}});
  CHECK(r.nodemask.holds(1));
  CHECK_FALSE(r.nodemask.holds(2));
  CHECK(r.free_swap_kb == 12u);
  CHECK(r.total_swap_kb == 1048572u);
  CHECK(r.managed == 262014u - 16775u);
  CHECK(r.free == 1024u);
  CHECK(r.slab_unreclaimable == 1489u);

  const FailureReport m = report_of("x invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n"
                                    "memory: usage 262140kB, limit 262144kB, failcnt 310\n");
  CHECK(m.kind == FailureReport::Kind::memcg);
  CHECK(m.memcg_usage_kb == 262140);
  CHECK(m.memcg_limit_kb == 262144);
}

TEST_CASE("failure text: what is missing is assumed and told, with its line") {
  const auto told = [](std::string_view from, std::string_view to) {
    return assumed(report_of(changed(whole, from, to)));
  };
  CHECK(told(reserve, "").find("4: lowmem_reserve[] of node 0 DMA32 is not in the report: taken as 0.") !=
        std::string::npos);
  CHECK(told(buddy, "").find("4: node 0 DMA32 has no buddy line: a block is taken to be there.") != std::string::npos);
  CHECK(told(buddy, "").find("No buddy line says the page size: taken as 4 KiB.") != std::string::npos);
  CHECK(told("reserved_highatomic:2048KB ", "").find("4: reserved_highatomic is not in the report") !=
        std::string::npos);
  CHECK(told(" free_cma:128kB", "").find("4: free_cma is not in the report") != std::string::npos);
  CHECK(told(" free_cma:128kB", " free_cma:12").find("4: free_cma is cut off") != std::string::npos);
  CHECK(told("= 4096kB", "= 4100kB").find("6: The blocks of node 0 DMA32 add up to 4096 KiB, its line says 4100 KiB") !=
        std::string::npos);
  CHECK(told("6.1.0-50-amd64", "5.10.0-32-amd64").find("The rules are those of Linux 6.1; this is 5.10.0-32-amd64.") !=
        std::string::npos);
  CHECK(told("GFP_ATOMIC)", "GFP_ATOMIC|__GFP_NEWER|__GFP_SKIP_KASAN)") ==
        "1: The flag __GFP_NEWER is not known and left out.\n"
        "4: The kernel’s zone types are taken to be DMA DMA32 Normal Movable Device.");
  CHECK(told(" (UME) 128*8kB (MH) 64*16kB (C)", " 128*8kB 64*16kB")
            .find("6: The buddy line of node 0 DMA32 has no "
                  "letters") != std::string::npos);
  // A boost is no loss before there were boosts.
  CHECK(told("boost:0kB ", "").find("boost") == std::string::npos);
  // Cut anywhere after the request it is a report or refused in words, and never more than there is.
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const ParsedFailure p = parse_failure(std::string_view(whole).substr(0, n));
    if (p.report)
      CHECK(p.report->zones.size() <= 1);
    else
      CHECK_FALSE(p.error.reason.empty());
  }
}

TEST_CASE("failure text: what is no report is refused, with its place") {
  CHECK(refusal("") == "1:1: there is no line with \"page allocation failure\" or \"invoked oom-killer\"");
  CHECK(refusal(zone_line + buddy).starts_with("1:1: there is no line"));
  CHECK(refusal(request) == "1:1: the zones are missing: no line like \"Node 0 DMA32 free:\" follows the request");
  CHECK(refusal("x\napp: page allocation failure: mode:0xcc0(GFP_KERNEL)\n") ==
        "2:6: the line of the request has no order");
  CHECK(refusal("app: page allocation failure: order:1\n").ends_with("has no flags (mode or gfp_mask)"));
  const auto at = [](std::string_view from, std::string_view to) { return refusal(changed(whole, from, to)); };
  CHECK(at("free:4096kB", "free:4x96kB") == "4:19: '4x96' is not a number");
  CHECK(at("free:4096kB", "free:99999999999999999999kB") == "4:19: '99999999999999999999' is not a number");
  CHECK(at("free:4096kB", "free:9999999999999999kB").starts_with("4:19: there is no machine with so many"));
  CHECK(at("free:4096kB", "free:4096kB free:4kB") == "4:26: free stands twice in this line");
  CHECK(at("order:2", "order:31").starts_with("1:37: there is no machine"));
  CHECK(at("order:2", "order:-1") == "1:37: '' is not a number");
  CHECK(at("0xa20(GFP_ATOMIC)", "0xa20").size() == 0); // the number will do
  CHECK(at("0xa20(GFP_ATOMIC)", "GFP_ATOMIC").ends_with("is not a number"));
  CHECK(at("(GFP_ATOMIC)", "(GFP_DMA|GFP_DMA32)") == "1:1: these flags ask for two zones at once: GFP_DMA32|GFP_DMA");
  CHECK(at("512*4kB", "512*5kB") == "6:15: no machine has pages of 5 KiB");
  CHECK(at("128*8kB", "128*16kB") == "6:29: blocks of order 1 are 8 KiB here, not 16");
  CHECK(at("(UME)", "(UMZ)") == "6:26: no free list has the letter 'Z'");
  CHECK(at("0*32kB", "some") == "6:54: 'some' is not a count of blocks");
  CHECK(at("942 942\n", "942 many\n").ends_with("'many' is not a number"));
  CHECK(refusal(whole + zone_line) == "7:8: zone DMA32 of node 0 stands here twice");
  CHECK(refusal(whole + buddy).starts_with("7:14: the free blocks of zone DMA32 stand here twice"));
  CHECK(at("nodemask=(null)", "nodemask=3-1").find("the last node comes before the first") != std::string::npos);
  std::string nodes = request;
  for (int n = 0; n < 600; ++n) append(nodes, "Node ", n, " DMA free:4kB min:0kB\n");
  CHECK(refusal(nodes) == "514:10: more zones than any machine has");
}

TEST_CASE("failure text: kernels of other ages and pages of other sizes") {
  std::vector<Saying> none;
  // Only the number, up to 4.5.
  const std::string old = "swapper: page allocation failure. order:1, mode:0x20\n"
                          "CPU: 0 PID: 0 Comm: swapper Not tainted 3.16.0-4-amd64 #1\n"
                          "Node 0 Normal free:1024kB min:44336kB low:55420kB high:66504kB present:965596kB "
                          "managed:965596kB pages_scanned:0 all_unreclaimable? no\n"
                          "lowmem_reserve[]: 0 0 0 0\n"
                          "Node 0 Normal: 200*4kB (UEM) 28*8kB (R) = 1024kB\n";
  const FailureReport r = report_of(old);
  CHECK(r.gfp == gfp::ATOMIC);
  CHECK(r.task == "swapper");
  CHECK(r.zones[0].blocks[1] == ReportBlocks{28, block_list::ordinary});
  CHECK(r.zone_names == std::vector<std::string>{"DMA", "DMA32", "Normal", "Movable"});
  CHECK(assumed(r).find("the number is read as Linux 2.6.24 to 4.3 counts the bits") != std::string::npos);
  CHECK(gfp_of_number(0xd0, {3, 16}, none, 1) == gfp::KERNEL);
  CHECK(gfp_of_number(0x200da, {2, 6}, none, 1) == gfp::HIGHUSER_MOVABLE);
  CHECK(gfp_of_number(0x2204020, {3, 2}, none, 1) == (gfp::ATOMIC | gfp::COMP));
  CHECK(gfp_of_number(0x24000c0, {4, 9}, none, 1) == gfp::KERNEL);
  CHECK(gfp_of_number(0x2080020, {4, 9}, none, 1) == gfp::ATOMIC);
  CHECK(gfp_of_number(0x24280ca, {4, 9}, none, 1) == (gfp::HIGHUSER_MOVABLE | gfp::ZERO));
  CHECK(gfp_of_number(0xcc0, {5, 10}, none, 1) == gfp::KERNEL);
  CHECK_FALSE(gfp_of_number(0x6000c0, {4, 19}, none, 1));
  CHECK(gfp_of_names("GFP_KERNEL|__GFP_REPEAT|__GFP_COLD", none, 1) == (gfp::KERNEL | gfp::RETRY_MAYFAIL));
  CHECK_FALSE(gfp_of_names("nothing", none, 1));
  CHECK(version_of("6.12.107+deb13") == KernelVersion{6, 12});
  CHECK_FALSE(version_of("#1").known());
  CHECK_FALSE(version_of("x.y").known());

  // 64 KiB pages: everything in kB is divided by that.
  std::string large = whole;
  for (unsigned k = 11; k-- > 0;) large = changed(large, concat("*", 4u << k, "kB"), concat("*", 64u << k, "kB"));
  const FailureReport l = report_of(changed(large, "= 4096kB", "= 65536kB"));
  CHECK(l.page_kb == 64);
  CHECK(l.zones[0].free == 64);
  CHECK(l.zones[0].min == 692u);
}

TEST_CASE("failure text: which zone types a kernel has") {
  const auto types = [](std::initializer_list<SeenZone> seen, std::size_t count, bool nodes) {
    std::string s;
    for (const std::string_view name : zone_types(std::vector(seen), count, nodes))
      append(s, s.empty() ? "" : " ", name);
    return s;
  };
  CHECK(types({{"DMA"}, {"DMA32"}, {"Normal"}}, 5, true) == "DMA DMA32 Normal Movable Device");
  CHECK(types({{"DMA"}}, 4, true) == "DMA DMA32 Normal Movable");    // arm64
  CHECK(types({{"DMA"}}, 4, false) == "DMA Normal HighMem Movable"); // arm
  CHECK(types({{"DMA"}, {"Normal"}, {"HighMem"}}, 4, false) == "DMA Normal HighMem Movable");
  CHECK(types({{"DMA"}, {"DMA32"}}, 4, false) == "DMA DMA32 Normal Movable"); // mips
  CHECK(types({{"DMA32"}}, 4, true) == "DMA DMA32 Normal Movable");
  CHECK(types({{"DMA32", 2}}, 4, true) == "DMA DMA32 Normal Movable");
  CHECK(types({{"DMA32", 1}}, 4, true) == "DMA32 Normal Movable Device"); // riscv
  CHECK(types({{"DMA32"}}, 3, true) == "DMA32 Normal Movable");
  CHECK(types({{"Normal"}}, 2, false) == "Normal Movable");
  CHECK(types({{"Normal"}, {"HighMem"}}, 0, false) == "DMA Normal HighMem Movable");
  CHECK(types({{"DMA"}, {"Device"}}, 8, true) == "DMA DMA32 Normal HighMem Movable Device"); // none that is known
}
