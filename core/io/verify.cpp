#include "io/verify.hpp"

#include "base/text.hpp"
#include "io/dmesg.hpp"
#include "io/dmesg_head.hpp"
#include "io/dmesg_lines.hpp"
#include "io/verify_buddy.hpp"
#include "io/verify_slab.hpp"
#include "io/verify_slab_old.hpp"
#include "mm/direct_map.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace mmscope {

namespace {

std::string hex(u64 n) {
  std::string s = "0x";
  append_hex(s, n);
  return s;
}
std::string node_text(i32 nid) { return nid == no_node ? std::string("none") : concat(nid); }

std::string region_text(const memblock_region &r) {
  std::string s;
  append_range(s, r.base, r.size);
  append(s, " flags ", hex(r.flags), " node ", node_text(r.nid));
  return s;
}

// --- items of a fact ---

class Fact {
public:
  Fact(std::string name, std::string about) {
    row_.fact = std::move(name);
    row_.about = std::move(about);
  }
  void item(std::string_view where, std::string_view expected, std::string_view got) {
    ++row_.total;
    if (expected == got) {
      ++row_.equal;
      return;
    }
    if (row_.status != FactStatus::differs) {
      row_.where = where;
      row_.expected = expected;
      row_.got = got;
    }
    row_.status = FactStatus::differs;
  }
  void number(std::string_view where, u64 expected, u64 got) { item(where, concat(expected), concat(got)); }
  void address(std::string_view where, u64 expected, u64 got) { item(where, hex(expected), hex(got)); }
  // Two lists, place by place; what one has more is an item that differs.
  void lists(std::string_view where, const std::vector<std::string> &expected, const std::vector<std::string> &got) {
    for (std::size_t i = 0; i < std::max(expected.size(), got.size()); ++i)
      item(concat(where, " ", i), i < expected.size() ? std::string_view(expected[i]) : "(nothing)",
           i < got.size() ? std::string_view(got[i]) : "(nothing)");
  }
  FactRow finish() && {
    if (row_.total != 0 && row_.status == FactStatus::unknown) row_.status = FactStatus::equal;
    return std::move(row_);
  }

private:
  FactRow row_;
};

// --- what the lab predicts ---

struct Moment { // the machine before a dump's next command
  u32 commands = 0;
  struct memblock memblock;
};

struct Prediction {
  AllocTable allocs;
  std::vector<std::pair<u32, Range64>> adds; // memblock_add inside steps: command, range
  std::vector<Moment> dumps;
  std::optional<System> handoff_entry, handoff_return; // around memblock_free_all
  std::optional<System> initmem;                       // before the first part of the kernel image is given back
  std::vector<PfnRange> late;                          // what was given back until then
  std::vector<Event> handoff_events;
  std::vector<Range64> freed; // by command index; empty = not a free
  std::optional<Machine> end;
  std::vector<std::string> errors;
};

// Of a free_reserved_area; empty if it cannot be made.
PfnRange given_back(const Trace &trace, unsigned page_shift) {
  for (const Event &e : trace.events())
    if (e.kind == EventKind::lab_call && trace.text(e.f[0]) == "free_reserved_area")
      return {to_pfn_up(phys_addr_t{e.f[2]}, page_shift), to_pfn_down(phys_addr_t{e.f[3]}, page_shift)};
  return {};
}

Prediction play_script(const Script &script, const LoggedFacts &facts) {
  Prediction p;
  Machine m(script.setup);
  Trace trace;
  p.freed.resize(script.commands.size());
  std::size_t next_dump = 0;
  const auto pass_dumps = [&](u32 commands) {
    for (; next_dump < facts.dumps.size() && facts.dumps[next_dump].commands <= commands; ++next_dump)
      p.dumps.push_back({commands, m.system().memblock});
  };
  for (u32 i = 0; i < script.commands.size(); ++i) {
    pass_dumps(i);
    const Command &c = script.commands[i];
    const bool hands_over = c.op == Op::memblock_free_all;
    if (hands_over) p.handoff_entry = m.system();
    if (!p.initmem && c.op == Op::free_reserved_area && c.owner.starts_with("unused ")) p.initmem = m.system();
    const Result r = m.apply(c, &trace);
    if (!r.ok()) p.errors.push_back(concat("line ", c.line, ": ", op_info(c.op).name, ": ", r.error));
    if (c.op == Op::free_reserved_area && !p.initmem)
      p.late.push_back(given_back(trace, script.setup.arch->page_shift));
    p.allocs.add(i, c, r, trace.events(), trace);
    for (const Event &e : trace.events()) {
      if (e.kind != EventKind::lab_call) continue;
      const std::string_view name = trace.text(e.f[0]);
      if (name == "memblock_add" && c.op == Op::e820__memblock_setup) p.adds.emplace_back(i, Range64{e.f[2], e.f[3]});
      if (name == "memblock_phys_free" && c.op == Op::memblock_phys_free) p.freed[i] = {e.f[2], e.f[3]};
    }
    if (hands_over) {
      p.handoff_return = m.system();
      p.handoff_events = trace.events();
    }
    trace.clear();
  }
  pass_dumps(static_cast<u32>(script.commands.size()));
  p.end = std::move(m);
  return p;
}

// --- text files of a capture ---

template <class Fn> void for_each_line(std::string_view text, Fn &&fn) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    fn(without_tail(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// The value behind "name " in "… name value …"; nullopt when it is not there.
std::optional<std::string_view> word_after(std::string_view line, std::string_view name) {
  for (std::string_view w = next_word(line); !w.empty(); w = next_word(line))
    if (w == name) {
      const std::string_view v = next_word(line);
      return v.empty() ? std::nullopt : std::optional(v);
    }
  return std::nullopt;
}
std::optional<u64> number_after(std::string_view line, std::string_view name) {
  const auto w = word_after(line, name);
  return w ? parse_u64(*w) : std::nullopt;
}
std::vector<u64> numbers(std::string_view list) { // "1,2,3" or "(0, 2938, 3891)"
  std::vector<u64> out;
  u64 n = 0;
  bool in = false;
  for (char c : list) {
    if (c >= '0' && c <= '9') {
      n = n * 10 + static_cast<u64>(c - '0');
      in = true;
    } else if (in) {
      out.push_back(std::exchange(n, 0));
      in = false;
    }
  }
  if (in) out.push_back(n);
  return out;
}
std::string join(const std::vector<u64> &list) {
  std::string s;
  for (u64 n : list) append(s, s.empty() ? "" : ",", n);
  return s;
}

// freeze_*_memblock: "memory[0] 0x… 0x… size 0x… flags 0x0 nid 0"
struct MemblockDump {
  std::optional<u64> bottom_up, current_limit;
  struct List {
    bool seen = false;
    u64 cnt = 0, max = 0, total = 0;
    std::vector<memblock_region> regions;
  };
  std::array<List, 2> lists;
};
MemblockDump read_memblock(std::string_view text, i64 no_node_region) {
  MemblockDump d;
  for_each_line(text, [&](std::string_view line) {
    std::string_view rest = line;
    const std::string_view first = next_word(rest);
    if (first == "bottom_up") d.bottom_up = parse_u64(trim(rest));
    if (first == "current_limit") d.current_limit = parse_u64(trim(rest));
    const bool reserved = first.starts_with("reserved");
    if (!reserved && !first.starts_with("memory")) return;
    MemblockDump::List &l = d.lists[reserved ? 1 : 0];
    if (first == "memory" || first == "reserved") {
      l.seen = true;
      l.cnt = number_after(rest, "cnt").value_or(0);
      l.max = number_after(rest, "max").value_or(0);
      l.total = number_after(rest, "total_size").value_or(0);
    } else if (first.find('[') != std::string_view::npos) {
      memblock_region r;
      r.base = phys_addr_t{parse_u64(next_word(rest)).value_or(0)};
      r.size = number_after(rest, "size").value_or(0);
      r.flags = static_cast<u32>(number_after(rest, "flags").value_or(0));
      const auto nid = word_after(rest, "nid");
      r.nid = !nid || nid->starts_with('-') ? no_node : static_cast<i32>(parse_u64(*nid).value_or(0));
      if (r.nid == no_node_region) r.nid = no_node;
      if (r.size != 0) l.regions.push_back(r); // the dummy of an empty list is no region
    }
  });
  return d;
}

std::vector<std::string> region_texts(const std::vector<memblock_region> &regions) {
  std::vector<std::string> out;
  out.reserve(regions.size());
  for (const memblock_region &r : regions) out.push_back(region_text(r));
  return out;
}

// zoneinfo and freeze_*_buddy, what they have in common.
struct ZoneFacts {
  i32 nid = 0;
  std::string name;
  std::map<std::string, u64, std::less<>> values; // "spanned", "managed", "min" …
  std::vector<u64> protection;
  struct PageSet {
    u64 high = 0, batch = 0, threshold = 0; // threshold: of the counters ("vm stats threshold")
    std::optional<u64> high_min;            // printed where the traffic tunes `high`
  };
  std::vector<PageSet> pagesets; // of each CPU
  u64 on_cpus = 0;               // pages on all CPUs' lists
};
std::vector<ZoneFacts> read_zoneinfo(std::string_view text) {
  std::vector<ZoneFacts> zones;
  for_each_line(text, [&](std::string_view line) {
    std::string_view rest = line;
    const std::string_view first = next_word(rest);
    if (first == "Node") {
      std::string_view id = next_word(rest);
      if (id.ends_with(',')) id.remove_suffix(1);
      if (next_word(rest) != "zone") return;
      ZoneFacts z;
      z.nid = static_cast<i32>(parse_u64(id).value_or(0));
      z.name = next_word(rest);
      zones.push_back(std::move(z));
      return;
    }
    if (zones.empty()) return;
    ZoneFacts &z = zones.back();
    static constexpr std::string_view wanted[] = {"min", "low", "high", "spanned", "present", "managed", "start_pfn:"};
    if (first == "protection:") z.protection = numbers(rest);
    // "high:" of a CPU's page list and "high" of the zone differ in the colon.
    if (first == "cpu:") z.pagesets.emplace_back();
    if (!z.pagesets.empty()) {
      ZoneFacts::PageSet &set = z.pagesets.back();
      if (first == "count:") z.on_cpus += parse_u64(trim(rest)).value_or(0);
      if (first == "high:") set.high = parse_u64(trim(rest)).value_or(0);
      if (first == "high_min:") set.high_min = parse_u64(trim(rest)).value_or(0);
      if (first == "batch:") set.batch = parse_u64(trim(rest)).value_or(0);
      if (line.find("vm stats threshold: ") != std::string_view::npos)
        set.threshold = parse_u64(trim(line.substr(line.find(':') + 1))).value_or(0);
    }
    for (const std::string_view name : wanted)
      if (first == name && !z.values.contains(name))
        if (const auto n = parse_u64(trim(rest))) z.values.emplace(std::string(name), *n);
  });
  return zones;
}

const zone *find_zone(const System &s, i32 nid, std::string_view name, unsigned *index = nullptr) {
  if (nid < 0 || static_cast<std::size_t>(nid) >= s.pages.nodes().size()) return nullptr;
  for (unsigned z = 0; z < s.arch->zones.size(); ++z)
    if (s.arch->zones[z].name == name) {
      if (index != nullptr) *index = z;
      return &s.pages.nodes()[static_cast<std::size_t>(nid)].zones[z];
    }
  return nullptr;
}

// --- the comparison ---

class Verifier {
public:
  Verifier(const ImportResult &log, const Prediction &p, const CaptureFile &file) : log_(log), p_(p), file_(file) {}

  void run(std::vector<FactRow> &rows) {
    read_freezes();
    rows.push_back(memblock());
    rows.push_back(lines("F2", "zone ranges, holes",
                         {LineKind::lowmem, LineKind::highmem_init, LineKind::zone_range, LineKind::movable_start,
                          LineKind::node_range, LineKind::initmem, LineKind::unavailable}));
    rows.push_back(sections());
    rows.push_back(zones());
    rows.push_back(lines("F5", "zonelists", {LineKind::fallback, LineKind::built, LineKind::policy}));
    rows.push_back(memory());
    rows.push_back(buddy());
    rows.push_back(watermarks());
  }

private:
  static std::string request_text(std::string_view caller, u64 size, u64 align, i32 nid, phys_addr_t from,
                                  phys_addr_t max) {
    return concat(caller, ": ", size, " bytes align=", hex(align), " nid=", nid, " from=", hex(from.v),
                  " max_addr=", hex(max.v));
  }

  void read_freezes() {
    if (const auto text = file_("freeze_B_buddy")) b_ = read_buddy(*text);
    if (const auto text = file_("freeze_D_buddy")) d_ = read_buddy(*text);
    if (const auto text = file_("zoneinfo")) zoneinfo_ = read_zoneinfo(*text);
  }

  // F1: what every call made of the arrays.
  FactRow memblock() {
    Fact f("F1", "memblock");
    AllocTable predicted = p_.allocs;
    predicted.match(log_.facts);
    for (const AllocRow &r : predicted.rows())
      if (r.logged)
        f.item(concat("line ", r.line, ", ", r.caller), concat(r.logged_size, " bytes at ", hex(r.logged->v)),
               concat(r.addr.v == 0 ? 0 : r.size, " bytes at ", hex(r.addr.v)));
    // Answers that no predicted allocation took.
    for (const LoggedAlloc &a : log_.facts.allocs)
      if (a.addr && !predicted.took(a.line))
        f.item(concat("line ", a.line, ", ", a.caller), concat(a.size, " bytes at ", hex(a.addr->v)),
               "(no such request)");

    std::size_t next = 0;
    for (const LoggedRange &a : log_.facts.adds) {
      const Range64 got = next < p_.adds.size() ? p_.adds[next].second : Range64{};
      ++next;
      f.item(concat("line ", a.line, ", memblock_add"), range(a.base.v, a.size), range(got.base, got.size));
    }
    for (const LoggedRange &r : log_.facts.frees)
      if (r.command < p_.freed.size())
        f.item(concat("line ", r.line, ", memblock_phys_free"), range(r.base.v, r.size),
               range(p_.freed[r.command].base, p_.freed[r.command].size));
    text_lines(f, {LineKind::node_data});
    for (std::size_t i = 0; i < std::min(log_.facts.dumps.size(), p_.dumps.size()); ++i) dump(f, i);
    if (p_.handoff_entry)
      if (const auto text = file_("freeze_A_memblock")) frozen_memblock(f, *text);
    // Without nodes the one there is lies in the kernel image.
    if (b_ && p_.handoff_return && log_.script.setup.config.numa)
      for (const FrozenNode &n : b_->nodes)
        if (const pglist_data *node = node_of(*p_.handoff_return, n.nid); node != nullptr && n.pgdat != 0)
          f.address(concat("freeze_B_buddy, node ", n.nid, " pgdat"), n.pgdat,
                    node->pgdat.v + direct_map_base(*p_.handoff_return));
    return std::move(f).finish();
  }
  static std::string range(u64 base, u64 size) {
    std::string s;
    append_range(s, phys_addr_t{base}, size);
    return s;
  }
  void dump(Fact &f, std::size_t i) const {
    const LoggedDump &d = log_.facts.dumps[i];
    if (!d.whole) return;
    const struct memblock &mb = p_.dumps[i].memblock;
    const std::string where = concat("MEMBLOCK configuration at line ", d.line);
    if (d.memory_size) f.address(where + ", memory size", *d.memory_size, mb.memory.total_size);
    if (d.memory_cnt) f.number(where + ", memory.cnt", *d.memory_cnt, mb.memory.cnt());
    f.lists(where + ", memory", region_texts(d.memory), region_texts(mb.memory.regions));
    if (i == 0) return; // its reservations are an input
    if (d.reserved_size) f.address(where + ", reserved size", *d.reserved_size, mb.reserved.total_size);
    if (d.reserved_cnt) f.number(where + ", reserved.cnt", *d.reserved_cnt, mb.reserved.cnt());
    f.lists(where + ", reserved", region_texts(d.reserved), region_texts(mb.reserved.regions));
  }
  void frozen_memblock(Fact &f, std::string_view text) const {
    const System &s = *p_.handoff_entry;
    const MemblockDump d =
        read_memblock(text, s.era->no_node_region < 0 ? -1 : static_cast<i64>(s.config.max_numnodes));
    const std::string where = "freeze_A_memblock";
    if (d.bottom_up) f.number(where + " bottom_up", *d.bottom_up, s.memblock.bottom_up ? 1 : 0);
    if (d.current_limit) f.address(where + " current_limit", *d.current_limit, s.memblock.current_limit.v);
    for (const memblock_list l : {memblock_list::memory, memblock_list::reserved}) {
      const MemblockDump::List &e = d.lists[static_cast<std::size_t>(l)];
      if (!e.seen) continue;
      const memblock_type &g = s.memblock.type(l);
      const std::string list = where + (l == memblock_list::memory ? " memory" : " reserved");
      f.number(list + ".cnt", e.cnt, g.cnt());
      f.number(list + ".max", e.max, g.max);
      f.address(list + ".total_size", e.total, g.total_size);
      f.lists(list, region_texts(e.regions), region_texts(g.regions));
    }
  }

  // Kernel lines of these kinds, in the kernel's words and order.
  void text_lines(Fact &f, std::initializer_list<LineKind> kinds) const {
    const auto wanted = [&](LineKind k) { return std::find(kinds.begin(), kinds.end(), k) != kinds.end(); };
    std::vector<std::string> expected, got;
    for (const LoggedLine &l : log_.facts.lines)
      if (wanted(l.kind)) expected.push_back(l.text);
    if (expected.empty()) return;
    LogKind section = LogKind::none;
    for (const std::string &line : p_.end->system().lines) {
      const LogLine l = classify(line, section);
      if ((l.kind == LogKind::fact || l.kind == LogKind::node_data) && wanted(l.fact)) got.emplace_back(l.text);
    }
    // A log that ends early has fewer lines than the steps that it began.
    if (!log_.facts.memory && got.size() > expected.size()) got.resize(expected.size());
    f.lists("line", expected, got);
  }
  FactRow lines(std::string name, std::string about, std::initializer_list<LineKind> kinds) const {
    Fact f(std::move(name), std::move(about));
    text_lines(f, kinds);
    return std::move(f).finish();
  }

  // F3: the requests of sparse_init, in order; what the sections look like before the handoff. Without sections: the
  // requests for mem_map and usage maps, and the pageblocks of each zone. Who makes a request is compared with vmemmap
  // only: elsewhere it is the compiler's inlining.
  FactRow sections() const {
    Fact f("F3", "sections");
    std::vector<std::string> expected, got;
    const bool flat = log_.script.setup.config.memory_model == MemoryModel::flatmem;
    const Op map_step = flat ? Op::free_area_init : Op::sparse_init;
    const auto is_sparse = [&](u32 command) {
      return command < log_.script.commands.size() && log_.script.commands[command].op == map_step;
    };
    const bool inlined = log_.script.setup.config.memory_model != MemoryModel::vmemmap;
    const auto caller = [&](const std::string &name) { return inlined ? std::string_view() : std::string_view(name); };
    for (const LoggedAlloc &a : log_.facts.allocs)
      if (a.inside && is_sparse(a.command))
        expected.push_back(request_text(caller(a.caller), a.size, a.align, a.nid, a.from, a.max_addr));
    for (const AllocRow &r : p_.allocs.rows())
      if (r.inside && is_sparse(r.command))
        got.push_back(request_text(caller(r.caller), r.size, r.align, r.nid, r.from, r.max_addr));
    if (!expected.empty()) {
      // A log that begins within the step has its last requests.
      if (is_sparse(log_.facts.cut_step) && got.size() > expected.size())
        got.erase(got.begin(), got.end() - static_cast<std::ptrdiff_t>(expected.size()));
      if (!log_.facts.memory && got.size() > expected.size()) got.resize(expected.size());
      f.lists("request", expected, got);
    }
    if (p_.handoff_entry)
      if (const auto text = file_(flat ? "freeze_A_buddy" : "freeze_A_sections"))
        flat ? frozen_pageblocks(f, read_buddy(*text)) : frozen_sections(f, *text);
    return std::move(f).finish();
  }
  void frozen_sections(Fact &f, std::string_view text) const {
    const System &s = *p_.handoff_entry;
    const Arch &arch = *s.arch;
    const u64 blocks = u64{1} << (arch.section_size_bits - arch.page_shift - s.config.pageblock_order);
    const u64 block_pages = u64{1} << s.config.pageblock_order;
    // Four bits a block; eight where the usage array has a byte for each, and the record shows the first of them.
    const bool byte_each = s.era->pageblock_bits == 8;
    std::size_t shown = 0;
    std::vector<std::string> expected, got;
    for_each_line(text, [&](std::string_view line) {
      if (const auto size = number_after(line, "sizeof_mem_section"))
        f.number("sizeof_mem_section", *size, s.config.sizeof_mem_section);
      if (const auto n = number_after(line, "sections_per_root"))
        f.number("sections_per_root", *n, arch.page_size() / s.config.sizeof_mem_section);
      if (!line.starts_with("section ")) return;
      const auto flags = number_after(line, "flags"), map = number_after(line, "map"),
                 usage = number_after(line, "usage");
      const auto nr = number_after(line, "section");
      const auto types = word_after(line, "pageblock_flags");
      if (!nr || !flags || !map || !usage) return;
      if (types) shown = types->size();
      expected.push_back(section_text(*nr, *flags, *map, *usage, types ? std::string(*types) : std::string()));
    });
    for (const SectionRun &r : s.sparse.sections)
      for (u64 i = 0; i < r.count; ++i) {
        const u64 nr = r.first + i;
        std::string types;
        for (u64 i4 = 0; i4 < blocks && (!byte_each || types.size() < shown); ++i4) {
          const u64 b = byte_each ? i4 : i4 ^ 1; // printed byte by byte: the second of a byte comes first
          const pfn_t pfn{nr * arch.pages_per_section() + b * block_pages};
          if (byte_each) types += '0';
          types += static_cast<char>('0' + static_cast<unsigned>(s.pages.pageblock(pfn)));
        }
        types.resize(round_up(types.size(), 16), '0'); // whole words of 64 bits
        // present, has a map, online, early; the map's pointer is coded so that it is vmemmap's base in every section
        got.push_back(section_text(
            nr, r.initialised ? 0xf : 0x5, r.initialised ? vmemmap_base(s) : 0,
            r.initialised ? direct_map_base(s) + r.usage.v + i * s.config.sizeof_section_usage : 0, types));
      }
    f.lists("freeze_A_sections", expected, got);
  }
  void frozen_pageblocks(Fact &f, const FrozenBuddy &file) const {
    const System &s = *p_.handoff_entry;
    for (const FrozenZone &z : file.zones) {
      unsigned zid = 0;
      if (find_zone(s, z.nid, z.name, &zid) == nullptr || z.pageblocks.empty()) continue;
      f.item(concat("freeze_A_buddy, node ", z.nid, " zone ", z.name, " pageblocks"), z.pageblocks,
             zone_pageblocks(s, z.nid, zid));
    }
  }
  static std::string section_text(u64 nr, u64 flags, u64 map, u64 usage, const std::string &types) {
    return concat("section ", nr, " flags ", hex(flags), " map ", hex(map), " usage ", hex(usage), " pageblocks ",
                  types);
  }

  // F4: spans, and how many pages the buddy allocator manages at three moments.
  FactRow zones() const {
    Fact f("F4", "zones");
    const auto frozen = [&](const char *name, const std::optional<FrozenBuddy> &file,
                            const std::optional<System> &state) {
      if (!file || !state) return;
      for (const FrozenNode &n : file->nodes) {
        const pglist_data *node = node_of(*state, n.nid);
        if (node == nullptr) continue;
        const std::string where = concat(name, ", node ", n.nid);
        if (n.present != 0) f.number(where + " start_pfn", n.start_pfn, node->start_pfn.v);
        f.number(where + " present", n.present, node->present_pages);
        f.number(where + " spanned", n.spanned, node->spanned_pages);
      }
      for (const FrozenZone &z : file->zones) {
        const zone *got = find_zone(*state, z.nid, z.name);
        if (got == nullptr) continue;
        const std::string where = concat(name, ", node ", z.nid, " zone ", z.name);
        if (z.spanned != 0) f.number(where + " start_pfn", z.start_pfn, got->start_pfn.v);
        f.number(where + " spanned", z.spanned, got->spanned_pages);
        f.number(where + " present", z.present, got->present_pages);
        f.number(where + " managed", z.managed, got->managed_pages);
      }
    };
    frozen("freeze_B_buddy", b_, p_.handoff_return);
    frozen("freeze_D_buddy", d_, p_.initmem);
    // Where nobody else frees, nothing that was given back late is on a free list until the CPU's list drains.
    if (d_ && p_.initmem)
      for (const PfnRange &r : p_.late) {
        const PageAlloc &pages = p_.initmem->pages;
        const zone *z = r.start < r.end ? pages.zone_at(r.start) : nullptr;
        if (z == nullptr || has_drained(*z)) continue;
        const PageInfo page = pages.map().at(r.start);
        if (!below_another(*p_.initmem, page.nid, p_.initmem->arch->zones[page.zone].name)) continue;
        u64 expected = 0;
        for (const FrozenZone &zone : d_->zones)
          for (const FrozenList &l : zone.lists)
            for (const u64 pfn : l.pfns) {
              const u64 first = std::max(pfn, r.start.v), end = std::min(pfn + (u64{1} << l.order), r.end.v);
              if (first < end) expected += end - first;
            }
        f.number(concat("freeze_D_buddy, free pages of pfn ", r.start.v, "..", r.end.v), expected,
                 pages.map().count_state(r.start, r.end, PageState::free));
      }
    if (complete())
      for (const ZoneFacts &z : zoneinfo_) {
        const zone *got = find_zone(p_.end->system(), z.nid, z.name);
        if (got == nullptr) continue;
        const auto value = [&](std::string_view name, u64 have) {
          if (const auto it = z.values.find(name); it != z.values.end())
            f.number(concat("zoneinfo, node ", z.nid, " zone ", z.name, ' ', name), it->second, have);
        };
        value("spanned", got->spanned_pages);
        value("present", got->present_pages);
        value("managed", got->managed_pages);
        if (got->spanned_pages != 0) value("start_pfn:", got->start_pfn.v);
      }
    return std::move(f).finish();
  }
  // The factor grows with the first drain, and only a request makes it smaller.
  static bool has_drained(const zone &z) { return !z.pcp.empty() && z.pcp[0].free_factor != 0; }
  // The script goes to the end of the boot, so that files read later show the same state.
  bool complete() const { return p_.initmem.has_value(); }

  // F6: the numbers of the "Memory:" line that the model determines.
  FactRow memory() const {
    Fact f("F6", "Memory: line");
    if (log_.facts.memory) {
      LogLine got;
      LogKind section = LogKind::none;
      for (const std::string &line : p_.end->system().lines)
        if (LogLine l = classify(line, section); l.kind == LogKind::memory) got = std::move(l);
      const LoggedMemory &m = *log_.facts.memory;
      // Late in the boot, "available" lacks all that the kernel has taken by then, which no log tells.
      if (!p_.end->system().era->memory_line_late) f.number("available K", m.available_kb, got.base);
      f.number("total K", m.total_kb, got.size);
      f.number("reserved K", m.reserved_kb, got.end);
    }
    return std::move(f).finish();
  }

  // F7: the free lists, in order, when memblock_free_all returns, and on the way there.
  FactRow buddy() const {
    Fact f("F7", "free lists");
    if (b_ && p_.handoff_return) {
      const System &s = *p_.handoff_return;
      f.number("_totalram_pages", b_->totalram, s.get(vm_field::totalram_pages));
      for (const FrozenNode &n : b_->nodes)
        if (const pglist_data *node = node_of(s, n.nid); node != nullptr && s.config.deferred_struct_pages)
          f.number(concat("node ", n.nid, " first_deferred_pfn"), n.first_deferred_pfn, node->first_deferred_pfn);
      for (const FrozenZone &z : b_->zones) {
        unsigned zid = 0;
        const zone *got = find_zone(s, z.nid, z.name, &zid);
        if (got == nullptr) continue;
        const std::string where = concat("node ", z.nid, " zone ", z.name);
        f.number(where + " nr_free_pages", z.nr_free_pages, got->free_pages());
        compare_lists(z, zid, s, where,
                      [&](std::string_view w, std::string_view e, std::string_view g) { f.item(w, e, g); });
      }
      check_on_the_way(*p_.handoff_entry, p_.handoff_events,
                       [&](std::string_view w, std::string_view e, std::string_view g) { f.item(w, e, g); });
    }
    return std::move(f).finish();
  }

  // F8: what init_per_zone_wmark_min, THP and sysctls made of it.
  FactRow watermarks() const {
    Fact f("F8", "watermarks");
    if (d_ && p_.initmem)
      for (const FrozenZone &z : d_->zones) {
        const zone *got = find_zone(*p_.initmem, z.nid, z.name);
        if (got == nullptr || z.watermark.size() < 3) continue;
        const std::string where = concat("freeze_D_buddy, node ", z.nid, " zone ", z.name);
        f.item(where + " watermark", join({z.watermark.begin(), z.watermark.begin() + 3}),
               join({got->watermark.begin(), got->watermark.end()}));
        f.item(where + " lowmem_reserve", join(z.lowmem_reserve), join(reserves(*got, z.lowmem_reserve.size())));
      }
    if (complete()) {
      const System &s = p_.end->system();
      for (const ZoneFacts &z : zoneinfo_) {
        const zone *got = find_zone(s, z.nid, z.name);
        if (got == nullptr) continue;
        const std::string where = concat("zoneinfo, node ", z.nid, " zone ", z.name);
        static constexpr std::string_view names[] = {"min", "low", "high"};
        for (std::size_t i = 0; i < 3; ++i)
          if (const auto it = z.values.find(names[i]); it != z.values.end())
            f.number(concat(where, ' ', names[i]), it->second, got->watermark[i]);
        if (!z.protection.empty())
          f.item(where + " protection", join(z.protection), join(reserves(*got, z.protection.size())));
        for (std::size_t cpu = 0; cpu < z.pagesets.size(); ++cpu) {
          const ZoneFacts::PageSet &want = z.pagesets[cpu];
          const std::string set = concat(where, " pageset ", cpu);
          // Where the traffic tunes it, `high` tells what happened since, and only its least value follows.
          const bool tuned = s.era->pcp_high == PcpHigh::tuned;
          if (!tuned || want.high_min)
            f.number(set + (tuned ? " high_min" : " high"), want.high_min.value_or(want.high), got->pcp_high);
          f.item(set + " batch, threshold", join({want.batch, want.threshold}),
                 join({got->pcp_batch, got->stat_threshold}));
        }
        // Nobody asks for pages below a zone of the same node that has some: what was given back late is still there. (The
        // lab has one CPU do it all, which makes a difference once a list drains.)
        // Only the lists that are limited by the low watermark drain as the lab's do.
        if (s.era->pcp_high == PcpHigh::low_watermark && !z.pagesets.empty() && below_another(s, z.nid, z.name) &&
            !got->pcp.empty() && (z.pagesets.size() == 1 || !has_drained(*got)))
          f.number(where + " pages on CPUs' lists", z.on_cpus, got->pcp[0].count);
      }
      if (const auto vm = file_("vm"))
        for_each_line(*vm, [&](std::string_view line) {
          if (line.starts_with("min_free_kbytes = "))
            f.item("vm min_free_kbytes", line.substr(18), concat(s.get(vm_field::min_free_kbytes)));
        });
    }
    return std::move(f).finish();
  }
  static bool below_another(const System &s, i32 nid, std::string_view zone_name) {
    const zone *normal = find_zone(s, nid, "Normal");
    return zone_name == "DMA32" && normal != nullptr && normal->managed_pages != 0;
  }
  static std::vector<u64> reserves(const zone &z, std::size_t n) {
    return {z.lowmem_reserve.begin(),
            z.lowmem_reserve.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(n, max_zone_types))};
  }
  static const pglist_data *node_of(const System &s, i32 nid) {
    return nid >= 0 && static_cast<std::size_t>(nid) < s.pages.nodes().size() ? &s.pages.node(nid) : nullptr;
  }

  const ImportResult &log_;
  const Prediction &p_;
  const CaptureFile &file_;
  std::optional<FrozenBuddy> b_, d_;
  std::vector<ZoneFacts> zoneinfo_;
};

// The firmware's distances, which no log shows: "## node0 cpulist=0 distance=10 20".
ImportHints read_hints(const CaptureFile &file) {
  ImportHints h;
  if (const auto version = file("version")) { // "Linux version 6.1.0-50-arm64 (…"
    std::string_view rest = *version;
    if (next_word(rest) == "Linux" && next_word(rest) == "version") h.release = next_word(rest);
  }
  if (const auto meminfo = file("meminfo")) // has its lines by what is built in
    h.thp = meminfo->find("\nAnonHugePages:") != std::string::npos;
  if (const auto debugfs = file("debugfs")) read_memblock_debugfs(*debugfs, h);
  const auto text = file("nodes");
  if (!text) return h;
  for_each_line(*text, [&](std::string_view line) {
    const std::size_t at = line.find(" distance=");
    if (line.starts_with("## node") && at != std::string_view::npos) h.distance.push_back(numbers(line.substr(at)));
  });
  return h;
}

bool same_script(const Script &a, const Script &b) {
  return a.commands == b.commands && a.bindings == b.bindings && a.setup.command_line == b.setup.command_line;
}

} // namespace

std::string_view fact_status_name(FactStatus s) {
  switch (s) {
  case FactStatus::equal: return "equal";
  case FactStatus::differs: return "differs";
  case FactStatus::unknown: break;
  }
  return "unknown";
}

bool VerifyReport::ok() const {
  return error.empty() &&
         std::none_of(rows.begin(), rows.end(), [](const FactRow &r) { return r.status == FactStatus::differs; });
}

// --- entries ---

VerifyReport verify_log(std::string_view log, const CaptureFile &file) {
  VerifyReport report;
  const ImportHints hints = read_hints(file);
  const ImportResult whole = import_dmesg(log, hints);
  if (whole.error) {
    report.error = to_text(*whole.error, "dmesg");
    return report;
  }
  // The engine gets the log without its results.
  const ImportResult given = import_dmesg(strip_results(log, hints), hints);
  if (given.error) {
    report.error = concat("without its results the log cannot be imported: ", to_text(*given.error, "dmesg"));
    return report;
  }
  if (!same_script(given.script, whole.script)) {
    report.error = "without its results the log gives another script: the importer would echo them";
    return report;
  }
  const Prediction p = play_script(given.script, whole.facts);
  report.assumed = given.script.assumed;
  report.assumed.insert(report.assumed.end(), p.errors.begin(), p.errors.end());
  Digest d;
  report.digest = d.add(p.end->digest()).hex();
  Verifier(whole, p, file).run(report.rows);
  Fact slab("F9", "slab caches");
  const Compare item = [&](std::string_view w, std::string_view e, std::string_view g) { slab.item(w, e, g); };
  check_slab(log, file, item);
  check_old_slab(log, file, *given.script.setup.arch, item);
  report.rows.push_back(std::move(slab).finish());
  return report;
}

void append_report(std::string &out, const VerifyReport &r) {
  const auto shorten = [](std::string_view s) {
    return s.size() <= 120 ? std::string(s) : concat(s.substr(0, 117), "...");
  };
  append(out, r.name, r.name.empty() ? "" : "\n");
  if (!r.error.empty()) {
    append(out, "  error: ", r.error, '\n');
    return;
  }
  for (const FactRow &f : r.rows) {
    append(out, "  ", f.fact, ' ', fact_status_name(f.status), ' ', f.equal, '/', f.total, "  ", f.about, '\n');
    if (f.status == FactStatus::differs)
      append(out, "     ", f.where, "\n       expected ", shorten(f.expected), "\n       got      ", shorten(f.got),
             '\n');
  }
  if (!r.digest.empty()) append(out, "  digest ", r.digest, '\n');
  for (const std::string &a : r.assumed) append(out, "  assumed: ", a, '\n');
}

} // namespace mmscope
