#include "io/failure_text.hpp"

#include "base/text.hpp"
#include "io/dmesg_lines.hpp"
#include "io/failure_gfp.hpp"
#include "io/failure_zones.hpp"
#include "lab/autopsy.hpp"

#include <algorithm>
#include <array>

namespace mmscope {

namespace {

constexpr std::size_t max_text = std::size_t{16} << 20, max_zones = 512, max_orders = 20, max_task = 64;
constexpr u64 max_kb = u64{1} << 50;
constexpr unsigned max_order = 30, max_node = 65535;

constexpr std::string_view failure_words = "page allocation failure", oom_words = " invoked oom-killer";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A zone's amounts before the page size is known: it stands in the buddy lines, which come last.
struct RawZone {
  i32 nid = 0;
  std::string_view name;
  bool stated = false, with_node = false;
  u32 line = 0;
  enum Key {
    free,
    boost,
    min,
    low,
    high,
    reserved_highatomic,
    free_highatomic,
    active_anon,
    inactive_anon,
    active_file,
    inactive_file,
    managed,
    free_pcp,
    free_cma,
    keys
  };
  std::array<std::optional<u64>, keys> kb;
  std::vector<u64> lowmem_reserve;
  std::vector<ReportBlocks> blocks;
};
constexpr std::array<std::string_view, RawZone::keys> zone_keys{"free",
                                                                "boost",
                                                                "min",
                                                                "low",
                                                                "high",
                                                                "reserved_highatomic",
                                                                "free_highatomic",
                                                                "active_anon",
                                                                "inactive_anon",
                                                                "active_file",
                                                                "inactive_file",
                                                                "managed",
                                                                "free_pcp",
                                                                "free_cma"};

class Reader {
public:
  explicit Reader(std::string_view text) : text_(text) {}
  ParsedFailure read();

private:
  bool fail(std::string_view at, std::string reason) {
    if (error_.reason.empty()) error_ = {line_, column(at), std::move(reason)};
    return false;
  }
  u32 column(std::string_view at) const { return static_cast<u32>(at.data() - raw_.data()) + 1; }
  void assume(Saying s) {
    s.line = line_;
    if (report_.assumed.size() < 256) report_.assumed.push_back(std::move(s));
  }

  bool take(std::string_view message);
  bool header(std::string_view message);
  bool request_gfp(std::string_view value);
  bool cpuset(std::string_view m);
  bool zone_line(std::string_view message);
  bool zone_values(RawZone &z, std::string_view rest);
  bool reserve_line(std::string_view rest);
  bool buddy_line(RawZone &z, std::string_view rest);
  bool letters(std::string_view word, u8 &lists);
  bool total_lines(std::string_view message);
  bool nodes(std::string_view value, NodeList &list);
  std::optional<u64> number(std::string_view digits, u64 max);
  RawZone *zone(i32 nid, std::string_view name, bool with_node);
  bool finish();
  void name_zones();
  ReportZone converted(const RawZone &raw);

  std::string_view text_, raw_;
  u32 line_ = 0, header_line_ = 0;
  FailureReport report_;
  std::optional<std::string_view> gfp_names_;
  u64 gfp_number_ = 0;
  unsigned reports_ = 0, page_kb_ = 0;
  std::optional<u64> ram_, reserved_;
  std::vector<RawZone> zones_;
  std::size_t last_zone_ = 0;
  ScriptError error_;
};

// Where the value of `name` begins, after ':' or '='; the name must be a word of its own.
std::optional<std::string_view> field(std::string_view line, std::string_view name) {
  for (std::size_t at = line.find(name); at != std::string_view::npos; at = line.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    if (at != 0 && line[at - 1] != ' ' && line[at - 1] != ',' && line[at - 1] != ':') continue;
    if (end < line.size() && (line[end] == ':' || line[end] == '=')) return line.substr(end + 1);
  }
  return std::nullopt;
}

std::string_view digits_of(std::string_view s) {
  std::size_t n = 0;
  while (n < s.size() && (is_digit(s[n]) || (s[n] >= 'a' && s[n] <= 'f') || s[n] == 'x')) ++n;
  return s.substr(0, n);
}

std::string printable(std::string_view s) {
  std::string out(s.substr(0, max_task));
  for (char &c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return out;
}

std::optional<u64> Reader::number(std::string_view digits, u64 max) {
  const std::optional<u64> n = parse_u64(digits);
  if (!n || *n > max) {
    fail(digits, n ? concat("there is no machine with so many: ", digits)
                   : concat("'", printable(digits), "' is not a number"));
    return std::nullopt;
  }
  return n;
}

bool Reader::nodes(std::string_view value, NodeList &list) {
  list.ranges.clear();
  while (!value.empty() && is_digit(value.front())) {
    std::size_t n = 0;
    while (n < value.size() && is_digit(value[n])) ++n;
    const auto first = number(value.substr(0, n), max_node);
    if (!first) return false;
    auto last = first;
    value.remove_prefix(n);
    if (value.size() > 1 && value[0] == '-' && is_digit(value[1])) {
      n = 1;
      while (n < value.size() && is_digit(value[n])) ++n;
      last = number(value.substr(1, n - 1), max_node);
      if (!last) return false;
      if (*last < *first) return fail(value, "the last node comes before the first");
      value.remove_prefix(n);
    }
    if (list.ranges.size() == 64) return fail(value, "too many ranges of nodes");
    list.ranges.push_back({static_cast<u32>(*first), static_cast<u32>(*last)});
    if (value.size() < 2 || value[0] != ',' || !is_digit(value[1])) break;
    value.remove_prefix(1);
  }
  return true;
}

bool Reader::request_gfp(std::string_view value) {
  const std::string_view digits = digits_of(value);
  const auto n = number(digits, 0xffffffff);
  if (!n) return false;
  gfp_number_ = *n;
  value.remove_prefix(digits.size());
  if (value.starts_with('(')) {
    value.remove_prefix(1);
    gfp_names_ = value.substr(0, value.find(')'));
  }
  return true;
}

bool Reader::header(std::string_view m) {
  const std::size_t oom = m.find(oom_words), at = oom != std::string_view::npos ? oom : m.find(failure_words);
  if (++reports_ > 1) return true;
  header_line_ = line_;
  report_.kind = oom != std::string_view::npos ? FailureReport::Kind::oom : FailureReport::Kind::failure;
  std::string_view task = trim(m.substr(0, at));
  if (task.ends_with(':')) task.remove_suffix(1);
  report_.task = printable(task);
  const std::string_view rest = m.substr(at);
  const auto order = field(rest, "order"), mode = field(rest, oom != std::string_view::npos ? "gfp_mask" : "mode");
  if (!order) return fail(rest, "the line of the request has no order");
  if (!mode) return fail(rest, "the line of the request has no flags (mode or gfp_mask)");
  const auto n = number(digits_of(*order), max_order);
  if (!n) return false;
  report_.order = order_t{*n};
  if (!request_gfp(*mode)) return false;
  if (const auto v = field(rest, "nodemask"); v && !nodes(*v, report_.nodemask)) return false;
  return cpuset(rest);
}

// "cpuset=/web,mems_allowed=0-1"; the root cpuset holds every node.
bool Reader::cpuset(std::string_view m) {
  const auto name = field(m, "cpuset"), mems = field(m, "mems_allowed");
  if (!mems || (name && name->substr(0, name->find_first_of(", ")) == "/")) return true;
  return nodes(*mems, report_.mems_allowed);
}

RawZone *Reader::zone(i32 nid, std::string_view name, bool with_node) {
  for (RawZone &z : zones_)
    if (z.nid == nid && z.name == name) return &z;
  if (zones_.size() == max_zones) return nullptr;
  zones_.push_back({});
  zones_.back().nid = nid;
  zones_.back().name = name;
  zones_.back().with_node = with_node;
  zones_.back().line = line_;
  return &zones_.back();
}

// "free:15104kB", also "shmem_thp: 0kB". The rest of the line after the zone's name.
bool Reader::zone_values(RawZone &z, std::string_view rest) {
  while (true) {
    std::string_view word = next_word(rest);
    if (word.empty()) return true;
    const std::size_t colon = word.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = word.substr(0, colon);
    std::string_view value = word.substr(colon + 1);
    const auto key = std::find(zone_keys.begin(), zone_keys.end(), name);
    if (key == zone_keys.end()) continue;
    if (value.empty()) value = next_word(rest);
    const bool has_unit = value.ends_with("kB") || value.ends_with("KB");
    if (!has_unit && trim(rest).empty()) { // a cut line may end within a number
      assume(say("assumed.cut").with("what", std::string(name)));
      return true;
    }
    if (has_unit) value.remove_suffix(2);
    const auto kb = number(value, max_kb);
    if (!kb) return false;
    auto &place = z.kb[static_cast<std::size_t>(key - zone_keys.begin())];
    if (place) return fail(word, concat(name, " stands twice in this line"));
    place = kb;
  }
}

bool Reader::reserve_line(std::string_view rest) {
  if (zones_.empty()) return true;
  RawZone &z = zones_[last_zone_];
  if (!z.lowmem_reserve.empty()) return true;
  for (std::string_view word = next_word(rest); !word.empty(); word = next_word(rest)) {
    if (z.lowmem_reserve.size() == 8) return fail(word, "more zones than any kernel has");
    const auto pages = number(word, max_kb);
    if (!pages) return false;
    z.lowmem_reserve.push_back(*pages);
  }
  return true;
}

bool Reader::letters(std::string_view word, u8 &lists) {
  for (std::size_t i = 1; i < word.size() && word[i] != ')'; ++i) switch (word[i]) {
    case 'U':
    case 'M':
    case 'E':
    case 'R': // MIGRATE_RESERVE, up to 4.3
      lists |= block_list::ordinary;
      break;
    case 'H': lists |= block_list::highatomic; break;
    case 'C': lists |= block_list::cma; break;
    case 'I': lists |= block_list::isolate; break;
    default: return fail(word.substr(i), concat("no free list has the letter '", printable(word.substr(i, 1)), "'"));
    }
  return true;
}

// "5*4kB (UME) 3*8kB (M) … = 1234kB"
bool Reader::buddy_line(RawZone &z, std::string_view rest) {
  if (!z.blocks.empty()) return fail(rest, concat("the free blocks of zone ", z.name, " stand here twice"));
  u64 sum = 0;
  bool lettered = false, has_blocks = false;
  for (std::string_view word = next_word(rest); !word.empty(); word = next_word(rest)) {
    if (word == "=") {
      std::string_view total = next_word(rest);
      if (!total.ends_with("kB")) break;
      total.remove_suffix(2);
      const auto says = number(total, max_kb);
      if (!says) return false;
      if (*says != sum)
        assume(say("assumed.sum").with("zone", converted(z).label(z.with_node)).with("sum", sum).with("says", *says));
      break;
    }
    if (word.front() == '(') {
      if (z.blocks.empty()) return fail(word, "letters before any block");
      if (!letters(word, z.blocks.back().lists)) return false;
      lettered = true;
      continue;
    }
    const std::size_t star = word.find('*');
    if (star == std::string_view::npos || !word.ends_with("kB")) {
      if (!trim(rest).empty()) return fail(word, concat("'", printable(word), "' is not a count of blocks"));
      assume(say("assumed.cut").with("what", std::string(z.name)));
      break;
    }
    const auto count = number(word.substr(0, star), max_kb);
    if (!count) return false;
    const auto size = number(word.substr(star + 1, word.size() - star - 3), max_kb);
    if (!size) return false;
    const std::size_t order = z.blocks.size();
    if (order == max_orders) return fail(word, "more orders than any kernel has");
    if (order == 0 && page_kb_ == 0) {
      if (*size < 4 || *size > 1024 || (*size & (*size - 1)) != 0)
        return fail(word, concat("no machine has pages of ", *size, " KiB"));
      page_kb_ = static_cast<unsigned>(*size);
    }
    if (*size != u64{page_kb_} << order)
      return fail(word, concat("blocks of order ", order, " are ", u64{page_kb_} << order, " KiB here, not ", *size));
    if (*count > max_kb / *size) return fail(word, "there is no machine with so many");
    z.blocks.push_back({*count, 0});
    has_blocks |= *count != 0;
    sum += *count * *size;
  }
  if (has_blocks && !lettered) {
    assume(say("assumed.no_letters").with("zone", converted(z).label(z.with_node)));
    for (ReportBlocks &b : z.blocks)
      if (b.count != 0) b.lists = block_list::ordinary;
  }
  return true;
}

// "Node 0 DMA32 free:…", "DMA free:…", "Node 0 DMA32: 5*4kB …". True also for what is no such line.
bool Reader::zone_line(std::string_view m) {
  std::string_view rest = m;
  std::string_view word = next_word(rest);
  i32 nid = 0;
  const bool with_node = word == "Node";
  if (with_node) {
    const std::string_view n = next_word(rest);
    const auto parsed = parse_u64(n);
    if (!parsed || *parsed > max_node) return parsed ? fail(n, "there is no machine with so many nodes") : true;
    nid = static_cast<i32>(*parsed);
    word = next_word(rest);
  }
  const bool blocks = word.ends_with(':');
  if (blocks) word.remove_suffix(1);
  if (!is_zone_name(word)) return true;
  std::string_view peek = rest;
  const std::string_view next = next_word(peek);
  if (blocks ? next.find("kB") == std::string_view::npos : !next.starts_with("free:")) return true;
  RawZone *z = zone(nid, word, with_node);
  if (z == nullptr) return fail(word, "more zones than any machine has");
  if (blocks) return buddy_line(*z, rest);
  if (z->stated) return fail(word, concat("zone ", word, " of node ", nid, " stands here twice"));
  z->stated = true;
  last_zone_ = static_cast<std::size_t>(z - zones_.data());
  return zone_values(*z, rest);
}

// Counters of the whole machine.
bool Reader::total_lines(std::string_view m) {
  const auto equals = [&](std::string_view name, std::optional<u64> &out) {
    if (!m.starts_with(name)) return true;
    std::string_view v = trim(m.substr(name.size()));
    if (!v.starts_with('=')) return true;
    v = trim(v.substr(1));
    if (!v.ends_with("kB")) return true;
    out = number(v.substr(0, v.size() - 2), max_kb);
    return out.has_value();
  };
  if (!equals("Free swap", report_.free_swap_kb) || !equals("Total swap", report_.total_swap_kb)) return false;
  const auto pages = [&](std::string_view tail, std::optional<u64> &out) {
    if (!m.ends_with(tail)) return true;
    const std::string_view digits = m.substr(0, m.size() - tail.size());
    if (digits.empty() || !std::all_of(digits.begin(), digits.end(), is_digit)) return true;
    out = number(digits, max_kb);
    return out.has_value();
  };
  if (!pages(" pages RAM", ram_) || !pages(" pages reserved", reserved_)) return false;

  const std::string_view counters = trim(m);
  if (counters.starts_with("free:") && !report_.free) {
    report_.free = number(digits_of(counters.substr(5)), max_kb);
    return report_.free.has_value();
  }
  if (counters.starts_with("slab_reclaimable:"))
    if (const auto v = field(counters, "slab_unreclaimable")) {
      report_.slab_unreclaimable = number(digits_of(*v), max_kb);
      return report_.slab_unreclaimable.has_value();
    }
  if (counters.starts_with("memory: usage ")) {
    std::string_view rest = counters.substr(14);
    std::string_view usage = next_word(rest);
    if (next_word(rest) != "limit" || !usage.ends_with("kB,")) return true;
    std::string_view limit = next_word(rest);
    if (!limit.ends_with("kB,")) return true;
    const auto u = number(usage.substr(0, usage.size() - 3), max_kb * 1024);
    const auto l = u ? number(limit.substr(0, limit.size() - 3), max_kb * 1024) : std::nullopt;
    if (!l) return false;
    report_.kind = FailureReport::Kind::memcg;
    report_.memcg_usage_kb = *u;
    report_.memcg_limit_kb = *l;
  }
  return true;
}

bool Reader::take(std::string_view m) {
  if (m.find(failure_words) != std::string_view::npos || m.find(oom_words) != std::string_view::npos) return header(m);
  if (reports_ == 0 || reports_ > 1) return true;
  if (const std::size_t tainted = m.find("ainted"); m.starts_with("CPU: ") && tainted != std::string_view::npos) {
    std::string_view rest = m.substr(tainted);
    for (std::string_view w = next_word(rest); !w.empty(); w = next_word(rest))
      if (version_of(w).known()) {
        if (report_.kernel.empty()) report_.kernel = printable(w);
        return true;
      }
    return true;
  }
  if (m.find("cpuset=") != std::string_view::npos) return cpuset(m);
  if (trim(m).starts_with("lowmem_reserve[]:")) return reserve_line(trim(m).substr(17));
  return zone_line(m) && total_lines(m);
}

void Reader::name_zones() {
  std::size_t types = 0;
  bool with_node = true;
  std::vector<SeenZone> seen;
  for (const RawZone &z : zones_) {
    types = std::max(types, z.lowmem_reserve.size());
    with_node = with_node && z.with_node;
    seen.push_back({z.name});
    if (const auto &r = z.lowmem_reserve; !r.empty())
      seen.back().zeros =
          static_cast<std::size_t>(std::find_if(r.begin(), r.end(), [](u64 n) { return n != 0; }) - r.begin());
  }
  std::string names;
  for (const std::string_view name : zone_types(seen, types, with_node)) {
    report_.zone_names.emplace_back(name);
    append(names, names.empty() ? "" : " ", name);
  }
  line_ = zones_.front().line;
  assume(say("assumed.zone_types").with("zones", names));
}

ReportZone Reader::converted(const RawZone &raw) {
  ReportZone z;
  z.nid = raw.nid;
  z.name = raw.name;
  const auto pages = [&](RawZone::Key key) {
    return raw.kb[key] ? std::optional(*raw.kb[key] / report_.page_kb) : std::nullopt;
  };
  const auto count = [&](RawZone::Key key) { return pages(key).value_or(0); };
  if (const auto f = pages(RawZone::free)) z.free = static_cast<i64>(*f);
  z.min = pages(RawZone::min);
  z.low = pages(RawZone::low);
  z.high = pages(RawZone::high);
  z.boost = pages(RawZone::boost);
  z.reserved_highatomic = pages(RawZone::reserved_highatomic);
  z.free_highatomic = pages(RawZone::free_highatomic);
  z.free_cma = pages(RawZone::free_cma);
  z.free_pcp = pages(RawZone::free_pcp);
  z.managed = pages(RawZone::managed);
  z.file = count(RawZone::active_file) + count(RawZone::inactive_file);
  z.anon = count(RawZone::active_anon) + count(RawZone::inactive_anon);
  z.lowmem_reserve = raw.lowmem_reserve;
  z.blocks = raw.blocks;
  return z;
}

bool Reader::finish() {
  line_ = header_line_;
  raw_ = {};
  if (reports_ == 0) {
    error_ = {1, 1, "there is no line with \"page allocation failure\" or \"invoked oom-killer\""};
    return false;
  }
  const KernelVersion version = version_of(report_.kernel);
  std::optional<gfp_t> g;
  if (gfp_names_) g = gfp_of_names(*gfp_names_, report_.assumed, header_line_);
  if (!g) g = gfp_of_number(gfp_number_, version, report_.assumed, header_line_);
  if (!g) {
    error_ = {header_line_, 1, "the flags have no names, and how this version numbers them is not known"};
    return false;
  }
  report_.gfp = *g;
  if (report_.kind == FailureReport::Kind::memcg) return true;
  if (zones_.empty()) {
    error_ = {header_line_, 1, "the zones are missing: no line like \"Node 0 DMA32 free:\" follows the request"};
    return false;
  }
  if (reports_ > 1) assume(say("assumed.first").with("reports", reports_));
  if (version.known() && version != KernelVersion{6, 1}) assume(say("assumed.rules").with("kernel", report_.kernel));
  if (page_kb_ == 0) assume(say("assumed.page_size"));
  report_.page_kb = page_kb_ == 0 ? 4 : page_kb_;
  if (ram_ && reserved_ && *reserved_ <= *ram_) report_.managed = *ram_ - *reserved_;

  name_zones();
  if (highest_zone(report_, report_.gfp) == no_zone) {
    error_ = {header_line_, 1, concat("these flags ask for two zones at once: ", gfp_text(report_.gfp))};
    return false;
  }
  for (const RawZone::Key key : {RawZone::reserved_highatomic, RawZone::free_cma, RawZone::boost}) {
    const auto without = [&](const RawZone &z) { return z.stated && !z.kb[key]; };
    const auto first = std::find_if(zones_.begin(), zones_.end(), without);
    // Kernels before 5.0 know no boost.
    if (first == zones_.end() || (key == RawZone::boost && std::all_of(zones_.begin(), zones_.end(), without)))
      continue;
    line_ = first->line;
    assume(say("assumed.zero").with("what", std::string(zone_keys[key])));
  }
  for (const RawZone &raw : zones_) {
    report_.zones.push_back(converted(raw));
    line_ = raw.line;
    const std::string label = report_.zones.back().label(raw.with_node);
    if (raw.stated && raw.lowmem_reserve.empty())
      assume(say("assumed.zero").with("what", concat("lowmem_reserve[] of ", label)));
    if (raw.blocks.empty() && report_.order.v != 0) assume(say("assumed.no_blocks").with("zone", label));
  }
  return true;
}

ParsedFailure Reader::read() {
  if (text_.size() > max_text) return {std::nullopt, {1, 1, "more than 16 MiB of text"}};
  for (std::size_t at = 0; at < text_.size() && error_.reason.empty();) {
    const std::size_t end = std::min(text_.find('\n', at), text_.size());
    raw_ = text_.substr(at, end - at);
    at = end + 1;
    ++line_;
    const std::string_view line = without_tail(raw_);
    if (!take(line.substr(decoration(line)))) break;
  }
  if (error_.reason.empty() && finish()) return {std::move(report_), {}};
  return {std::nullopt, std::move(error_)};
}

} // namespace

ParsedFailure parse_failure(std::string_view text) { return Reader(text).read(); }

} // namespace mmscope
