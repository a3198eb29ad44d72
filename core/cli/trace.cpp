#include "cli/trace.hpp"

#include "base/text.hpp"
#include "desc/arch.hpp"
#include "io/json.hpp"
#include "io/trace_run.hpp"

namespace mmscope {

namespace {

// The recorded runs are of this architecture (docs/fidelity.md).
std::span<const ZoneRow> recorded_zones() { return find_arch("x86_64")->zones; }

void write_pcp_lists(JsonWriter &w, const PageAlloc &pages) {
  w.begin_array();
  for (const pglist_data &node : pages.nodes())
    for (unsigned zid = 0; zid < pages.rules().zone_types; ++zid)
      for (u32 cpu = 0; cpu < node.zones[zid].pcp.size(); ++cpu) {
        const zone &z = node.zones[zid];
        w.begin_object().key("node").number_signed(node.nid).key("zone").string(recorded_zones()[zid].name);
        w.key("cpu").number(cpu).key("count").number(z.pcp[cpu].count).key("high").number(z.pcp_high);
        w.key("batch").number(z.pcp_batch).key("free_factor").number(z.pcp[cpu].free_factor);
        w.key("lists").begin_array();
        for (unsigned index = 0; index < pages.pcp_lists(); ++index) {
          w.begin_array();
          pages.for_each_pcp(node.nid, zid, cpu, index, [&](const PcpBlock &b) { w.number(b.pfn.v); });
          w.end_array();
        }
        w.end_array().end_object();
      }
  w.end_array();
}

void show_json(const Io &io, const TraceResult &r) {
  std::string buffer;
  JsonWriter w(buffer, [&](std::string &s) {
    io.out(s);
    s.clear();
  });
  w.begin_object().key("schema").number(1).key("operations").number(r.operations);
  w.key("allocated").number(r.allocs).key("allocated_equal").number(r.allocs_equal);
  w.key("items").number(r.lists).key("items_equal").number(r.lists_equal);
  w.key("pfns").begin_array();
  for (const std::optional<u64> &pfn : r.pfns) {
    if (pfn)
      w.number(*pfn);
    else
      w.null();
  }
  w.end_array().key("free_lists");
  write_free_lists(w, r.pages, recorded_zones());
  w.key("pcp");
  write_pcp_lists(w, r.pages);
  w.key("differences").begin_array();
  for (const TraceDifference &d : r.differences)
    w.begin_object()
        .key("where")
        .string(d.where)
        .key("kernel")
        .string(d.expected)
        .key("ours")
        .string(d.got)
        .end_object();
  w.end_array();
  if (!r.error.empty()) w.key("error").string(r.error);
  w.end_object();
  buffer += '\n';
  io.out(buffer);
}

void show_text(const Io &io, const TraceResult &r) {
  u64 refused = 0;
  for (const std::optional<u64> &pfn : r.pfns) refused += !pfn.has_value();
  std::string s = concat(r.operations, " operations\n", r.allocs_equal, " of ", r.allocs,
                         " requests answered as the kernel did (", refused, " attempts refused)\n", r.lists_equal,
                         " of ", r.lists, " lists and counters of the final state equal\n");
  for (const TraceDifference &d : r.differences)
    append(s, d.where, ": the kernel ", d.expected, ", ours ", d.got, '\n');
  for (const pglist_data &node : r.pages.nodes())
    for (unsigned zid = 0; zid < r.pages.rules().zone_types; ++zid) {
      const zone &z = node.zones[zid];
      if (!z.populated()) continue;
      append(s, "node ", node.nid, " zone ", recorded_zones()[zid].name, ": ", z.free_pages(), " pages free, ",
             z.pcp.empty() ? 0 : z.pcp[0].count, " on the CPU's lists\n");
    }
  io.out(s);
}

} // namespace

int replay_recorded_trace(const Io &io, const std::string &dir, bool json) {
  TraceFiles files;
  if (const std::string error = read_trace(dir, files); !error.empty()) {
    io.err(concat("mmscope: ", error, '\n'));
    return 2;
  }
  const TraceResult r = replay_trace(files);
  (json ? show_json : show_text)(io, r);
  if (!r.error.empty()) {
    io.err(concat(dir, '/', r.error, '\n'));
    return 2;
  }
  return r.allocs_equal == r.allocs && r.lists_equal == r.lists && r.differences.empty() ? 0 : 1;
}

} // namespace mmscope
