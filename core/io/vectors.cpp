#include "io/vectors.hpp"

#include "base/text.hpp"

#include <nlohmann/json.hpp>

namespace mmscope {

namespace {

using nlohmann::json;

constexpr std::size_t max_differences = 20;

using Args = const u64 (&)[6];
phys_addr_t addr(u64 v) { return phys_addr_t{v}; }
i32 node(u64 v) { return static_cast<i32>(static_cast<i64>(v)); }

struct VectorCall {
  std::string_view name;
  unsigned args;
  i64 (*apply)(memblock &, Trace *, Args);
};

constexpr auto memory_list = memblock_list::memory;

constexpr VectorCall calls[] = {
    {"add", 2, [](memblock &m, Trace *t, Args a) -> i64 { return m.add(t, addr(a[0]), a[1]); }},
    {"add_node", 4,
     [](memblock &m, Trace *t, Args a) -> i64 {
       return m.add_node(t, addr(a[0]), a[1], node(a[2]), static_cast<u32>(a[3]));
     }},
    {"remove", 2, [](memblock &m, Trace *t, Args a) -> i64 { return m.remove(t, addr(a[0]), a[1]); }},
    {"reserve", 2, [](memblock &m, Trace *t, Args a) -> i64 { return m.reserve(t, addr(a[0]), a[1]); }},
    {"free", 2, [](memblock &m, Trace *t, Args a) -> i64 { return m.phys_free(t, addr(a[0]), a[1]); }},
    {"mark_hotplug", 2, [](memblock &m, Trace *t, Args a) -> i64 { return m.mark_hotplug(t, addr(a[0]), a[1]); }},
    {"clear_hotplug", 2, [](memblock &m, Trace *t, Args a) -> i64 { return m.clear_hotplug(t, addr(a[0]), a[1]); }},
    {"mark_mirror", 2, [](memblock &m, Trace *t, Args a) -> i64 { return m.mark_mirror(t, addr(a[0]), a[1]); }},
    {"mark_nomap", 2, [](memblock &m, Trace *t, Args a) -> i64 { return m.mark_nomap(t, addr(a[0]), a[1]); }},
    {"clear_nomap", 2, [](memblock &m, Trace *t, Args a) -> i64 { return m.clear_nomap(t, addr(a[0]), a[1]); }},
    {"set_node", 3,
     [](memblock &m, Trace *t, Args a) -> i64 { return m.set_node(t, addr(a[0]), a[1], memory_list, node(a[2])); }},
    {"bottom_up", 1,
     [](memblock &m, Trace *t, Args a) -> i64 { return m.set(t, memblock_setting::bottom_up, a[0]), 0; }},
    {"limit", 1,
     [](memblock &m, Trace *t, Args a) -> i64 { return m.set(t, memblock_setting::current_limit, a[0]), 0; }},
    {"movable_node", 1,
     [](memblock &m, Trace *t, Args a) -> i64 { return m.set(t, memblock_setting::movable_node, a[0]), 0; }},
    {"trim", 1, [](memblock &m, Trace *t, Args a) -> i64 { return m.trim_memory(t, a[0]), 0; }},
    {"cap_range", 2, [](memblock &m, Trace *t, Args a) -> i64 { return m.cap_memory_range(t, addr(a[0]), a[1]), 0; }},
    {"alloc", 6,
     [](memblock &m, Trace *t, Args a) -> i64 {
       const AllocRequest r{a[0], a[1], addr(a[2]), addr(a[3]), node(a[4]), a[5] != 0};
       return static_cast<i64>(m.alloc_range_nid(t, r).v);
     }},
    {"free_all", 0, [](memblock &m, Trace *t, Args) -> i64 { return m.clear_hotplug(t, {}, phys_addr_max.v), 0; }},
};

std::optional<u64> parse_number(std::string_view s) {
  const bool negative = s.starts_with('-');
  if (negative) s.remove_prefix(1);
  const auto n = parse_u64(s);
  return n && negative ? std::optional<u64>(~*n + 1) : n;
}

void append_region(std::string &out, u64 base, u64 size, u64 flags, i64 nid) {
  append(out, '[', base, ',', size, ',', flags, ',');
  if (nid == no_node)
    out += "null";
  else
    append(out, nid);
  out += ']';
}

std::string to_text(const memblock_type &type) {
  std::string s = "[";
  for (const memblock_region &r : type.regions) {
    if (s.size() > 1) s += ',';
    append_region(s, r.base.v, r.size, r.flags, r.nid);
  }
  return s += ']';
}

// Is `j` an array of rows, each of `width` numbers (or, where allowed, null)?
bool is_table(const json &j, std::size_t width, bool null_last) {
  if (!j.is_array()) return false;
  for (const json &row : j) {
    if (!row.is_array() || row.size() != width) return false;
    for (std::size_t i = 0; i < width; ++i) {
      const bool null_ok = null_last && i + 1 == width && row[i].is_null();
      if (!null_ok && !row[i].is_number_unsigned()) return false;
    }
  }
  return true;
}

bool same(const json &rows, const memblock_type &type) {
  if (rows.size() != type.regions.size()) return false;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const json &row = rows[i];
    const memblock_region &r = type.regions[i];
    if (row[0].get<u64>() != r.base.v || row[1].get<u64>() != r.size || row[2].get<u64>() != r.flags) return false;
    if (row[3].is_null() ? r.nid != no_node : r.nid < 0 || row[3].get<u64>() != static_cast<u64>(r.nid)) return false;
  }
  return true;
}

// The first field of a vector that is not what it should be, or null.
const char *malformed(const json &v) {
  if (!v.is_object()) return "not an object";
  for (const char *name : {"id", "ops", "ret", "states", "memory", "reserved", "handed"})
    if (!v.contains(name)) return name;
  if (!v["id"].is_string()) return "id";
  if (!v["ops"].is_array() || v["ops"].empty()) return "ops";
  for (const json &op : v["ops"])
    if (!op.is_string()) return "ops";
  const std::size_t before_last = v["ops"].size() - 1;
  if (!v["ret"].is_array() || v["ret"].size() != before_last) return "ret";
  for (const json &ret : v["ret"])
    if (!ret.is_number_integer()) return "ret";
  if (!v["states"].is_array() || v["states"].size() != before_last) return "states";
  for (const json &s : v["states"]) {
    if (!s.is_object() || !s.contains("memory") || !s.contains("reserved")) return "states";
    if (!is_table(s["memory"], 4, true) || !is_table(s["reserved"], 4, true)) return "states";
  }
  if (!is_table(v["memory"], 4, true)) return "memory";
  if (!is_table(v["reserved"], 4, true)) return "reserved";
  if (!is_table(v["handed"], 2, false)) return "handed";
  return nullptr;
}

class Check {
public:
  explicit Check(VectorResult &result) : result_(result) {}

  void item(std::size_t op, const char *what, bool equal, auto &&expected, auto &&got) {
    ++result_.compared;
    result_.equal += equal;
    if (!equal && result_.differences.size() < max_differences)
      result_.differences.push_back({op, what, expected(), got()});
  }
  void list(std::size_t op, const char *what, const json &expected, const memblock_type &got) {
    item(
        op, what, same(expected, got), [&] { return expected.dump(); }, [&] { return to_text(got); });
  }
  // Runs of blocks are compared without being written out: memory may be large, the line is not.
  void handed(std::size_t op, const json &expected, const memblock &mb) {
    const unsigned shift = mb.rules.page_shift;
    std::size_t next = 0;
    std::string first_wrong;
    for (const FreeRange &r : mb.free_ranges()) {
      const auto block_run = [&](pfn_t pfn, order_t order, u64 count) {
        for (u64 i = 0; i < count && first_wrong.empty(); ++i, ++next, pfn += pages_of(order)) {
          if (next < expected.size() && expected[next][0].get<u64>() == pfn.v &&
              expected[next][1].get<u64>() == order.v)
            continue;
          first_wrong = concat("block ", next, ": [", pfn.v, ',', order.v, ']');
        }
      };
      chop_into_blocks(to_pfn_up(r.base, shift), to_pfn_down(r.end, shift), order_t{10}, block_run);
      if (!first_wrong.empty()) break;
    }
    const bool equal = first_wrong.empty() && next == expected.size();
    if (first_wrong.empty()) first_wrong = concat("block ", next, ": none");
    item(
        op, "handed", equal,
        [&] { return concat("block ", next, ": ", next < expected.size() ? expected[next].dump() : "none"); },
        [&] { return first_wrong; });
  }

private:
  VectorResult &result_;
};

} // namespace

std::optional<VectorOp> parse_vector_op(std::string_view text) {
  const std::string_view name = next_word(text);
  VectorOp op;
  for (const VectorCall &call : calls) {
    if (call.name != name) {
      ++op.call;
      continue;
    }
    for (unsigned i = 0; i < call.args; ++i) {
      const auto n = parse_number(next_word(text));
      if (!n) return std::nullopt;
      op.args[i] = *n;
    }
    if (!next_word(text).empty()) return std::nullopt;
    return op;
  }
  return std::nullopt;
}

i64 apply_vector_op(memblock &mb, Trace *t, const VectorOp &op) { return calls[op.call].apply(mb, t, op.args); }

VectorResult check_vector(std::string_view line) {
  VectorResult result;
  const json v = json::parse(line.begin(), line.end(), nullptr, false);
  if (v.is_discarded()) {
    result.error = "not JSON";
    return result;
  }
  if (const char *field = malformed(v); field != nullptr) {
    result.error = concat("missing or malformed: ", field);
    return result;
  }
  result.id = v["id"].get<std::string>();
  const json &ops = v["ops"];
  std::vector<VectorOp> parsed;
  for (const json &text : ops) {
    const auto op = parse_vector_op(text.get_ref<const std::string &>());
    if (!op) {
      result.error = concat("op ", parsed.size(), " is no memblock call: ", text.get_ref<const std::string &>());
      return result;
    }
    parsed.push_back(*op);
  }

  memblock mb;
  Check check(result);
  const std::size_t last = parsed.size() - 1;
  for (std::size_t i = 0; i < last; ++i) {
    const i64 got = apply_vector_op(mb, nullptr, parsed[i]);
    const json &ret = v["ret"][i];
    // An address and an errno have the same 64 bits here as in the kernel.
    const bool equal = ret.is_number_unsigned() ? ret.get<u64>() == static_cast<u64>(got) : ret.get<i64>() == got;
    check.item(
        i, "ret", equal, [&] { return ret.dump(); }, [&] { return concat(got); });
    check.list(i, "memory", v["states"][i]["memory"], mb.memory);
    check.list(i, "reserved", v["states"][i]["reserved"], mb.reserved);
  }
  check.list(last, "memory", v["memory"], mb.memory);
  check.list(last, "reserved", v["reserved"], mb.reserved);
  apply_vector_op(mb, nullptr, parsed[last]);
  check.handed(last, v["handed"], mb);
  return result;
}

std::vector<VectorResult> check_vectors(std::string_view lines) {
  std::vector<VectorResult> results;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = trim(lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
    if (!line.empty()) results.push_back(check_vector(line));
  }
  return results;
}

} // namespace mmscope
