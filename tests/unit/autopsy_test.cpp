// Reports of failed allocations (tests/data/autopsy, each made from a recorded kernel's own Mem-Info): the verdict of every
// zone, the cause, and that every remedy is one when the report itself is changed so.
#include "lab/autopsy.hpp"

#include "base/text.hpp"
#include "io/autopsy_view.hpp"
#include "io/failure_text.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

using namespace mmscope;

namespace {

std::string text_of(std::string_view name) {
  std::ifstream in(concat(MMSCOPE_TEST_DATA "/autopsy/", name, ".txt"), std::ios::binary);
  REQUIRE_MESSAGE(in.good(), name);
  return {std::istreambuf_iterator<char>(in), {}};
}
FailureReport report_of(std::string_view text) {
  ParsedFailure p = parse_failure(text);
  REQUIRE_MESSAGE(p.report.has_value(), p.error.line, ":", p.error.column, ": ", p.error.reason);
  return std::move(*p.report);
}
std::string verdicts(const FailureReport &r, const Attempt &a) {
  std::string s;
  for (const ZoneFinding &f : a.zones) {
    append(s, s.empty() ? "" : ", ", concat(r.zones[f.zone].nid), ' ', r.zones[f.zone].name, ' ',
           verdict_id(f.verdict).substr(8));
    if (was_asked(f.verdict)) append(s, ' ', f.check.usable, '/', f.check.needed());
  }
  return s;
}
std::string cause_of(const FailureReport &r) { return autopsy(r).cause.id.substr(6); }
std::string cause_of(std::string_view text) { return cause_of(report_of(text)); }

std::string changed(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  REQUIRE_MESSAGE(at != std::string::npos, from);
  return text.replace(at, from.size(), to);
}

struct Golden {
  std::string_view file, cause, zones;
};
// Usable and needed pages of every zone, at the last attempt before the kernel gave up.
constexpr Golden golden[] = {
    {"boosted", "boosted", "0 DMA32 low 16304/19278, 0 DMA low 25/1120"},
    {"cannot_wait", "cannot_wait", "0 DMA low 270/326"},
    {"cma_only", "cma_only", "0 DMA low 441/5633"},
    {"costly", "costly", "0 Normal no_block 213729/13766, 0 DMA32 no_block 53385/16141, 0 DMA low 3265/15996"},
    {"fragmented", "fragmented", "0 Normal no_block 6313/1541, 0 DMA32 no_block 37688/5722, 0 DMA low 3705/3920"},
    {"highatomic_only", "highatomic_only", "0 DMA32 no_block 14713/11088, 0 DMA low 18/1124"},
    {"highmem_plenty", "zone_exhausted", "0 HighMem above, 0 Normal low 1283/10438, 0 DMA low 25/1020"},
    {"lowmem_reserve", "lowmem_reserve", "0 Normal low 1398/1541, 0 DMA32 low 5300/5722, 0 DMA low 3712/3920"},
    {"memcg", "memcg", ""},
    {"no_swap", "no_swap", "0 DMA32 low 8189/11178, 0 DMA low 803/2034"},
    {"nodemask", "nodemask", "1 Normal low 1737/5594, 1 DMA32 low 4481/12402, 0 DMA32 nodemask, 0 DMA nodemask"},
    {"nodes_unseen", "nodes_unseen", "1 DMA32 low 4285/7263"},
    {"noretry", "noretry", "0 DMA no_block 5973/3094"},
    {"order_too_large", "order_too_large", "0 DMA32 no_block 233903/11081, 0 DMA no_block 1898/1128"},
    {"out_of_memory", "out_of_memory", "0 DMA32 low 5936/11086, 0 DMA low 13/1120"},
    {"pcp_lists", "pcp_lists", "0 DMA32 low 512/651, 0 DMA low 7/460"},
    {"race", "race", "0 DMA32 ok 19613/4159, 0 DMA ok 3805/1010"},
    {"reclaim_failed", "reclaim_failed", "0 DMA32 low 724/2903"},
    {"slab", "slab", "0 DMA32 low 4184/5633"},
    {"swap_full", "swap_full", "0 Normal low 3467/4103, 0 DMA32 low 7368/13675, 0 DMA low 3849/3967"},
    {"this_node", "this_node", "0 DMA32 low 1737/2032, 0 DMA low 4/981, 1 Normal this_node, 1 DMA32 this_node"},
    {"zone_exhausted", "zone_exhausted", "0 Normal above, 0 DMA32 low 448/6268, 0 DMA low 25/2984"},
    {"zone_exhausted_unseen", "zone_exhausted_unseen", "0 DMA low 8/65"},
};

u64 value(const Saying &s, std::string_view name) {
  for (const Saying::Value &v : s.values)
    if (v.name == name) return v.number;
  FAIL("no value " << name << " in " << s.id);
  return 0;
}
std::size_t zone_of(const FailureReport &r, const Saying &s) {
  for (const Saying::Value &v : s.values)
    for (std::size_t i = 0; v.name == "zone" && i < r.zones.size(); ++i)
      if (r.zones[i].label(true) == v.text || r.zones[i].name == v.text) return i;
  FAIL("no zone in " << s.id);
  return 0;
}
bool succeeds(const FailureReport &r) { return cause_of(r) == "race"; }

} // namespace

TEST_CASE("autopsy: every report has its cause, and every zone its verdict") {
  for (const Golden &g : golden) {
    INFO(g.file);
    const FailureReport r = report_of(text_of(g.file));
    const Autopsy a = autopsy(r);
    CHECK(a.cause.id.substr(6) == g.cause);
    CHECK((a.attempts.empty() ? "" : verdicts(r, a.last())) == g.zones);
    // A sentence with all of its values: no gap is left open, and no id shows.
    for (const Saying &s : a.remedies) CHECK(to_text(s).find_first_of("{}") == std::string::npos);
    CHECK(to_text(a.cause) != a.cause.id);
    // The reports are whole: what is assumed is what no report says.
    static constexpr std::string_view unsaid[] = {"assumed.rules", "assumed.zone_types", "assumed.local_node",
                                                  "assumed.this_node"};
    for (const Saying &s : a.assumed) CHECK(std::find(std::begin(unsaid), std::end(unsaid), s.id) != std::end(unsaid));
  }
}

TEST_CASE("autopsy: the numbers of the data agree with one another") {
  for (const Golden &g : golden) {
    INFO(g.file);
    const std::string text = text_of(g.file);
    const FailureReport r = report_of(text);
    for (const ReportZone &z : r.zones) {
      u64 sum = 0;
      for (std::size_t o = 0; o < z.blocks.size(); ++o) sum += z.blocks[o].count << o;
      // What the kernel printed itself has a moment between the two lines.
      if (g.file != "order_too_large" && g.file != "zone_exhausted") CHECK(sum == static_cast<u64>(*z.free));
      CHECK(sum <= *z.managed);
      CHECK(*z.min <= *z.low);
      CHECK(z.file + z.anon + sum <= *z.managed);
    }
  }
}

TEST_CASE("autopsy: one number changed changes the verdict that depends on it, and no other") {
  struct Edit {
    std::string_view file, from, to;
    std::string_view zone; // whose verdict
    ZoneVerdict was, is;
  };
  const Edit edits[] = {
      {"fragmented", "0*32kB 0*64kB 0*128kB 0*256kB 0*512kB 0*1024kB 0*2048kB 0*4096kB = 150780kB",
       "1*32kB (M) 0*64kB 0*128kB 0*256kB 0*512kB 0*1024kB 0*2048kB 0*4096kB = 150812kB", "DMA32",
       ZoneVerdict::no_block, ZoneVerdict::ok},
      {"fragmented", "lowmem_reserve[]: 0 2947 3895 3895 3895", "lowmem_reserve[]: 0 2947 95 3895 3895", "DMA",
       ZoneVerdict::low, ZoneVerdict::ok},
      {"fragmented", "Normal free:25280kB", "Normal free:6000kB", "Normal", ZoneVerdict::no_block, ZoneVerdict::low},
      {"pcp_lists", "min:2600kB", "min:2040kB", "DMA32", ZoneVerdict::low, ZoneVerdict::ok},
      {"boosted", "boost:32768kB min:77108kB", "boost:32768kB min:65212kB", "DMA32", ZoneVerdict::low, ZoneVerdict::ok},
      {"cma_only", "free_cma:89600kB", "free_cma:600kB", "DMA", ZoneVerdict::low, ZoneVerdict::ok},
      {"highatomic_only", "(EH)", "(H)", "DMA32", ZoneVerdict::no_block, ZoneVerdict::no_block},
      {"highatomic_only", "60*32kB (H)", "60*32kB (UH)", "DMA32", ZoneVerdict::no_block, ZoneVerdict::ok},
      {"race", "min:44340kB", "min:99340kB", "DMA32", ZoneVerdict::ok, ZoneVerdict::ok},
      {"race", "min:44340kB", "min:249340kB", "DMA32", ZoneVerdict::ok, ZoneVerdict::low},
      {"this_node", "Node 0 DMA32 free:6948kB", "Node 0 DMA32 free:8130kB", "DMA32", ZoneVerdict::low,
       ZoneVerdict::ok}};
  for (const Edit &e : edits) {
    const std::string text = text_of(e.file);
    INFO(e.file << ": " << e.to);
    const Autopsy before = autopsy(report_of(text)), after = autopsy(report_of(changed(text, e.from, e.to)));
    const FailureReport r = report_of(text);
    bool seen = false;
    for (std::size_t i = 0; i < before.last().zones.size(); ++i) {
      const ZoneFinding &was = before.last().zones[i], &is = after.last().zones[i];
      if (!seen && r.zones[was.zone].name == e.zone) {
        CHECK(was.verdict == e.was);
        CHECK(is.verdict == e.is);
        seen = true;
      } else {
        CHECK(was == is);
      }
    }
    CHECK(seen);
  }
}

TEST_CASE("autopsy: a number of a zone's lines matters to that zone alone") {
  for (const Golden &g : golden) {
    const std::string text = text_of(g.file);
    const FailureReport r = report_of(text);
    const Autopsy before = autopsy(r);
    if (before.attempts.empty()) continue;
    std::string_view label; // the zone that the lines are about
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      const std::string_view line = std::string_view(text).substr(at, end - at);
      for (const ReportZone &z : r.zones)
        for (const std::string &head : {concat("Node ", z.nid, ' ', z.name), z.name})
          for (const char c : {' ', ':'}) {
            const std::size_t found = line.find(concat(' ', head, c));
            if (found != std::string_view::npos || line.starts_with(concat(head, c))) label = std::string_view(z.name);
          }
      const bool about = line.find("kB") != std::string_view::npos && line.find("free:") != std::string_view::npos &&
                         line.find("min:") != std::string_view::npos;
      for (std::size_t i = at; about && i + 1 < end; ++i) {
        if (text[i] != ':' || text[i + 1] < '1' || text[i + 1] > '9') continue;
        std::string other = text;
        other.insert(i + 1, "1"); // far more than it was
        const ParsedFailure p = parse_failure(other);
        REQUIRE(p.report);
        const Autopsy after = autopsy(*p.report);
        REQUIRE(after.last().zones.size() == before.last().zones.size());
        std::size_t differing = 0;
        for (std::size_t z = 0; z < before.last().zones.size(); ++z)
          if (!(before.last().zones[z] == after.last().zones[z])) {
            ++differing;
            CHECK(r.zones[before.last().zones[z].zone].name == label);
          }
        CHECK(differing <= 1);
      }
      at = end + 1;
    }
  }
}

TEST_CASE("autopsy: what would have let it succeed does, and a page less does not") {
  std::set<std::string> tried;
  for (const Golden &g : golden) {
    const FailureReport r = report_of(text_of(g.file));
    const Autopsy a = autopsy(r);
    INFO(g.file);
    if (g.cause != "memcg") CHECK(a.remedies.empty() == (g.cause == "race"));
    for (const Saying &s : a.remedies) {
      INFO(to_text(s));
      FailureReport with = r, without = r;
      const std::string id = s.id.substr(7);
      tried.insert(id);
      const auto zone = [&]() -> ReportZone & { return with.zones[zone_of(r, s)]; };
      bool has_less = true;
      if (id == "free_pages" || id == "free_pages_and_block") {
        const auto n = static_cast<i64>(value(s, "pages"));
        without.zones[zone_of(r, s)].free = *zone().free + n - 1;
        if (id == "free_pages_and_block") {
          ReportZone blocks = zone();
          blocks.blocks[r.order.v] = {1, block_list::ordinary};
          without.zones[zone_of(r, s)].blocks = blocks.blocks;
          zone().blocks = blocks.blocks;
        }
        zone().free = *zone().free + n;
      } else if (id == "free_block") {
        if (g.cause == "order_too_large") continue; // no kernel has such a list
        zone().blocks[r.order.v] = {1, block_list::ordinary};
      } else if (id == "smaller_order" || id == "single_pages") {
        with.order = order_t{id == "single_pages" ? 0 : value(s, "order")};
        without.order = order_t{with.order.v + 1};
      } else if (id == "no_lowmem_reserve") {
        zone().lowmem_reserve.clear();
      } else if (id == "no_boost") {
        zone().min = *zone().min - *zone().boost;
        zone().boost = 0;
      } else if (id == "no_highatomic") {
        zone().reserved_highatomic = 0;
        zone().free_highatomic.reset();
        for (ReportBlocks &b : zone().blocks)
          if ((b.lists & block_list::highatomic) != 0) b.lists |= block_list::ordinary;
      } else if (id == "drain_pcp") {
        zone().free = *zone().free + static_cast<i64>(*zone().free_pcp);
        has_less = false;
      } else if (id == "lower_mark") {
        zone().min = value(s, "pages");
        without.zones[zone_of(r, s)].min = value(s, "pages") + 1;
      } else if (id == "may_use_reserve") {
        with.gfp |= gfp::HIGH;
      } else if (id == "may_wait" || id == "swap") {
        for (ReportZone &z : with.zones) z.free = *z.free + static_cast<i64>(z.file + z.anon);
        has_less = false;
      } else if (id == "movable") {
        with.gfp = (r.gfp & ~(gfp::DMA | gfp::DMA32)) | gfp::HIGHMEM | gfp::MOVABLE;
      } else if (id == "any_node") {
        with.gfp &= ~gfp::THISNODE;
        with.nodemask = with.mems_allowed = {};
      } else if (id == "any_zone") {
        with.gfp &= ~(gfp::DMA | gfp::DMA32);
        if (g.file == "highmem_plenty") with.gfp |= gfp::HIGHMEM;
      } else {
        FAIL("nothing tries " << id);
      }
      CHECK(succeeds(with));
      if (has_less) CHECK_FALSE(succeeds(without));
    }
  }
  // Each kind that there is was tried.
  for (const AutopsySentence &s : autopsy_sentences())
    if (s.id.starts_with("remedy.")) CHECK_MESSAGE(tried.count(std::string(s.id.substr(7))) == 1, s.id);
}

TEST_CASE("autopsy: the causes that no file shows") {
  // Reclaim would have been enough, but the flags end the tries early.
  const std::string waits = text_of("cannot_wait");
  CHECK(cause_of(changed(waits, "0xa20(GFP_ATOMIC)", "0x10cc0(GFP_KERNEL|__GFP_NORETRY)")) == "noretry_low");
  CHECK(cause_of(changed(changed(waits, "0xa20(GFP_ATOMIC)", "0xcc0(GFP_KERNEL)"), "order:0", "order:4")) ==
        "costly_low");
  // The cpuset binds who has __GFP_HARDWALL, and in the root cpuset nobody.
  const std::string policy = changed(text_of("nodemask"), "nodemask=1,cpuset=/,mems_allowed=0-1",
                                     "nodemask=(null),cpuset=/batch,mems_allowed=1");
  CHECK(cause_of(policy) == "cpuset");
  const std::string soft = changed(policy, "0x100800(GFP_NOWAIT|__GFP_HARDWALL)", "0x800(GFP_NOWAIT)");
  CHECK(cause_of(soft) == "race");
  const Autopsy a = autopsy(report_of(soft));
  CHECK(std::any_of(a.assumed.begin(), a.assumed.end(), [](const Saying &s) { return s.id == "assumed.no_cpuset"; }));
  CHECK(cause_of(changed(policy, "cpuset=/batch", "cpuset=/")) == "race");
  // Who cannot wait and may use the reserve is not held to either.
  CHECK(cause_of(changed(text_of("nodemask"), "0x100800(GFP_NOWAIT|__GFP_HARDWALL)",
                         "0x100a20(GFP_ATOMIC|__GFP_HARDWALL)")) == "race");
  // A zone that says nothing, and a request that no zone of the report is for.
  const std::string cut = text_of("pcp_lists");
  CHECK(cause_of(changed(changed(cut, "min:2600kB ", ""), "min:88kB ", "")) == "unknown");
  CHECK(cause_of("x: page allocation failure: order:0, mode:0xcc1(GFP_KERNEL|GFP_DMA)\n"
                 "Node 0 Normal free:4kB min:8kB low:8kB high:8kB managed:400kB\n"
                 "lowmem_reserve[]: 0 0 0 0 0\n") == "no_zone");
  // Every cause is shown by a file or here.
  std::set<std::string> shown{"noretry_low", "costly_low", "cpuset", "unknown", "no_zone"};
  for (const Golden &g : golden) shown.insert(std::string(g.cause));
  for (const AutopsySentence &s : autopsy_sentences())
    if (s.id.starts_with("cause.")) CHECK_MESSAGE(shown.count(std::string(s.id.substr(6))) == 1, s.id);
}

TEST_CASE("autopsy: requests that may take what they find") {
  // No watermark for who frees memory by it; what is there is taken, also below the mark.
  const std::string text = text_of("out_of_memory");
  const std::string memalloc = changed(text, "0xcc0(GFP_KERNEL)", "0x20cc0(GFP_KERNEL|__GFP_MEMALLOC)");
  CHECK(cause_of(memalloc) == "race");
  CHECK(autopsy(report_of(memalloc)).last().id == "attempt.reserves");
  CHECK(cause_of(changed(memalloc, "order=0", "order=5")) == "costly");
  CHECK(cause_of(changed(text, "0xcc0(GFP_KERNEL)", "0xa0cc0(GFP_KERNEL|__GFP_MEMALLOC|__GFP_NOMEMALLOC)")) ==
        "out_of_memory");
  // A single GFP_ATOMIC page is held to the mark without its boost.
  const std::string boosted =
      changed(changed(text_of("boosted"), "0x800(GFP_NOWAIT)", "0xa20(GFP_ATOMIC)"), "free:65216kB", "free:25216kB");
  const FailureReport r = report_of(boosted);
  CHECK(verdicts(r, autopsy(r).last()).starts_with("0 DMA32 ok 6304/4159"));
}

TEST_CASE("autopsy: text and JSON say the same") {
  const FailureReport r = report_of(text_of("fragmented"));
  const Autopsy a = autopsy(r);
  std::string text, json;
  append_autopsy(text, r, a);
  JsonWriter w(json);
  write_autopsy(w, r, a, to_text);
  CHECK(text.find("page allocation failure: swapper/0, order 3 (8 pages), GFP_ATOMIC, highest zone Normal") == 0);
  CHECK(text.find("(WMARK_MIN|NON_BLOCK|MIN_RESERVE|HIGHATOMIC|KSWAPD), in pages:\n") != std::string::npos);
  CHECK(text.find("\nNormal   6320            7    6313   4105     1540        0    1541  no block that large\n") !=
        std::string::npos);
  CHECK(text.find(to_text(a.cause)) != std::string::npos);
  CHECK(json.find(R"("cause":{"id":"cause.fragmented","text":"Memory is fragmented: Normal has 6313 usable pages and )"
                  R"(needs 1541, but no block of order 3.","values":{"zone":"Normal","pages":6313,"needed":1541,)"
                  R"("order":3}})") != std::string::npos);
  CHECK(json.find(R"({"node":0,"zone":"Normal","label":"Normal","verdict":"verdict.no_block","free":6320,"mark":4105,)"
                  R"("uncounted":7,"usable":6313,"lowered":1540,"reserve":0,"needed":1541})") != std::string::npos);
}
