#include "compare.hpp"

#include <algorithm>

#include <emscripten/bind.h>

#include "desc/era.hpp"
#include "io/json_writer.hpp"
#include "io/script_text.hpp"
#include "lab/machine_choice.hpp"
#include "lab/memory_strip.hpp"

namespace mmscope {
namespace {

constexpr unsigned strip_columns = 240;
constexpr std::size_t uses_shown = 8; // lines of the accounting

void fact_json(JsonWriter &j, const Fact &f) {
  const FactInfo &info = fact_info(f.kind);
  j.key("kind").string(info.name).key("group").string(group_name(info.group));
  if (!f.zone.empty()) j.key("zone").string(f.zone).key("nid").number_signed(f.nid);
  if (f.kind == FactKind::free_blocks) j.key("order").number(f.order);
}

std::string_view unit_name(FactUnit u) {
  static constexpr std::string_view names[] = {"text", "bytes", "address", "count", "permille"};
  return names[static_cast<std::size_t>(u)];
}

void facts_json(JsonWriter &j, const Comparison &c) {
  j.begin_array();
  for (const ComparedFact &row : c.facts()) {
    j.begin_object();
    fact_json(j, row.head);
    j.key("unit").string(unit_name(fact_info(row.head.kind).unit)).key("differs").boolean(row.differs);
    j.key("cells").begin_array();
    for (const auto &cell : row.cells) {
      if (!cell)
        j.null();
      else if (fact_info(row.head.kind).unit == FactUnit::text)
        j.string(cell->text);
      else
        j.number(cell->value);
    }
    j.end_array().end_object();
  }
  j.end_array();
}

void differences_json(JsonWriter &j, const Comparison &c) {
  static constexpr std::string_view kinds[] = {"allocator", "held", "ram", "fact"};
  static constexpr std::string_view reasons[] = {"", "sizeof_page", "page_size", "ram", "holes"};
  static constexpr std::string_view parts[] = {"owner",   "free_memblock", "free_buddy", "pcp",
                                               "waiting", "allocated",     "cut_off"};
  j.begin_array();
  for (const Difference &d : c.differences()) {
    j.begin_object().key("kind").string(kinds[static_cast<std::size_t>(d.kind)]);
    j.key("more").number(d.more).key("less").number(d.less);
    switch (d.kind) {
    case Difference::Kind::allocator:
      j.key("moreText").string(allocator_name(static_cast<Allocator>(d.more_bytes)));
      j.key("lessText").string(allocator_name(static_cast<Allocator>(d.less_bytes)));
      break;
    case Difference::Kind::fact:
      j.key("fact").begin_object();
      fact_json(j, d.fact);
      j.end_object();
      break;
    case Difference::Kind::held:
      j.key("part").string(parts[static_cast<std::size_t>(d.part)]).key("label").string(d.label);
      j.key("isMap").boolean(d.is_map).key("reason").string(reasons[static_cast<std::size_t>(d.reason)]);
      j.key("moreReason").number(d.more_reason).key("lessReason").number(d.less_reason);
      [[fallthrough]];
    case Difference::Kind::ram: j.key("moreBytes").number(d.more_bytes).key("lessBytes").number(d.less_bytes); break;
    }
    j.end_object();
  }
  j.end_array();
}

void strip_json(JsonWriter &j, const Lab &lab, u64 end) {
  const std::vector<StripKind> strip = memory_strip(lab, end, strip_columns);
  j.key("strip").begin_array(); // [columns, kind]
  for (std::size_t i = 0; i < strip.size();) {
    std::size_t next = i;
    while (next < strip.size() && strip[next] == strip[i]) ++next;
    j.begin_array().number(next - i).string(strip_kind_name(strip[i])).end_array();
    i = next;
  }
  j.end_array().key("zones").begin_array();
  for (const pglist_data &node : lab.state().pages.nodes())
    for (unsigned z = 0; z < node.zones.size() && z < lab.state().arch->zones.size(); ++z) {
      const zone &zone = node.zones[z];
      if (!zone.populated()) continue;
      const unsigned shift = lab.state().arch->page_shift;
      j.begin_object().key("name").string(lab.state().arch->zones[z].name).key("nid").number_signed(node.nid);
      j.key("base").number(zone.start_pfn.v << shift).key("end").number(zone.end_pfn().v << shift).end_object();
    }
  for (const PairZone &zone : lab.state().pair_zones) {
    if (zone.id() >= lab.state().arch->zones.size()) continue;
    const unsigned shift = lab.state().arch->page_shift;
    j.begin_object().key("name").string(lab.state().arch->zones[zone.id()].name).key("nid").number(0);
    j.key("base").number(zone.rules().start.v << shift).key("end").number(zone.end().v << shift).end_object();
  }
  j.end_array();
}

void uses_json(JsonWriter &j, const Lab &lab) {
  const Accounting sums = lab.accounting();
  u64 owners = 0, others = 0;
  j.key("uses").begin_array();
  for (const Part &p : sums.parts) {
    if (p.owner != nobody && owners++ >= uses_shown) {
      others += p.bytes;
      continue;
    }
    j.begin_object();
    if (p.owner != nobody) {
      const Owner &owner = lab.index().owners()[p.owner];
      static constexpr std::string_view kinds[] = {"reserved", "kernel", "mem_map", "misc"};
      j.key("label").string(owner.label).key("kind").string(kinds[static_cast<std::size_t>(owner.kind)]);
    } else {
      j.key("label").string("").key("kind");
      j.string(p.kind == PartKind::free_memblock ? "memory" : p.kind == PartKind::free_buddy ? "free" : "rest");
    }
    j.key("bytes").number(p.bytes).end_object();
  }
  if (others != 0)
    j.begin_object().key("label").string("").key("kind").string("others").key("bytes").number(others).end_object();
  j.end_array();
}

void machine_json(JsonWriter &j, const Comparison &c, unsigned i, u64 end) {
  const Lab &lab = c.machine(i);
  const u64 made = lab.position().call;
  j.begin_object().key("made").number(made).key("calls").number(lab.index().calls().size());
  j.key("here").boolean(c.call_of(i).has_value());
  if (made != 0) {
    const Command &command = lab.command(made - 1);
    j.key("name").string(op_info(command.op).name).key("text").string(call_text(command, lab.bindings()));
    j.key("caller").string(std::string_view(command.caller).substr(0, command.caller.find('+')));
    j.key("owner").string(command.owner);
  }
  uses_json(j, lab);
  strip_json(j, lab, end);
  j.end_object();
}

u64 address_end(const Comparison &c) {
  u64 end = 0;
  for (unsigned i = 0; i < c.size(); ++i) end = std::max(end, c.machine(i).index().address_end());
  return end;
}

} // namespace

std::string Compare::choices() const {
  std::string out;
  JsonWriter j(out);
  j.begin_object().key("least").number(choice_least).key("most").number(choice_most).key("cpus").number(choice_cpus);
  j.key("text").number(choice_text).key("machines").number(max_compared).key("presets").begin_array();
  for (const MachineSpec &m : presets())
    j.begin_object().key("name").string(m.name).key("title").string(m.title).end_object();
  j.end_array().key("builds").begin_array();
  for (const KernelBuild &b : kernel_builds()) {
    j.begin_object().key("release").string(b.release).key("arch").string(b.arch->name).key("era").string(b.era->name);
    j.key("flavour").string(b.config->flavour).end_object();
  }
  j.end_array().end_object();
  return out;
}

std::string Compare::eras() const {
  std::string out;
  JsonWriter j(out);
  j.begin_array();
  for (const Era &e : all_eras()) j.string(e.name);
  j.end_array();
  return out;
}

std::string Compare::changes(const std::string &from, const std::string &to) const {
  const Era *a = find_era(from), *b = find_era(to);
  if (a == nullptr || b == nullptr) return "null";
  const bool backwards = b < a; // rows are in order of time
  std::vector<EraStep> steps = era_steps(*a, *b);
  if (backwards) std::reverse(steps.begin(), steps.end());
  std::string out;
  JsonWriter j(out);
  j.begin_array();
  for (const EraStep &s : steps) {
    const Era &before = backwards ? *s.younger : *s.older, &after = backwards ? *s.older : *s.younger;
    j.begin_object().key("from").string(before.name).key("to").string(after.name);
    j.key("younger").string(s.younger->name).key("changes").begin_array();
    for (const EraChange &c : s.changes) {
      const EraFieldInfo &field = era_fields()[static_cast<std::size_t>(c.field)];
      j.begin_object().key("field").string(field.name).key("about").string(field.text);
      j.key("before").string(era_value_text(before, c.field)).key("after").string(era_value_text(after, c.field));
      j.key("what").string(c.what).key("source").string(c.source).end_object();
    }
    j.end_array().end_object();
  }
  j.end_array();
  return out;
}

void Compare::clear() {
  boots_.reset();
  scripts_->clear();
}

std::string Compare::add(Script script) {
  if (scripts_->size() >= max_compared) return "no more machines fit beside each other";
  scripts_->push_back(std::move(script));
  return "";
}

std::string Compare::add_preset(const std::string &name) {
  const MachineSpec *spec = find_preset(name);
  return spec == nullptr ? "there is no such machine" : add(make_script(*spec));
}

std::string Compare::add_build(const std::string &release, double ram, unsigned cpus, const std::string &parameters) {
  if (!(ram >= 0) || ram > static_cast<double>(choice_most)) ram = 0;
  Script script;
  std::string wrong =
      make_choice({.build = release, .ram = static_cast<u64>(ram), .cpus = cpus, .parameters = parameters}, script);
  return wrong.empty() ? add(std::move(script)) : wrong;
}

std::string Compare::add_script(const std::string &text, const std::string &title) {
  ParsedScript parsed = parse_script(text);
  if (!parsed.errors.empty()) return to_text(parsed.errors.front(), "script");
  parsed.script.title = title;
  return add(std::move(parsed.script));
}

std::string Compare::log_finish() {
  if (!importer_) return "no log";
  ImportResult r = importer_->finish();
  importer_.reset();
  if (r.error) return to_text(*r.error, "log");
  return add(std::move(r.script));
}

double Compare::play(unsigned calls) {
  if (!boots_) {
    if (scripts_->empty()) return 1;
    boots_.reset(new Comparison(std::move(*scripts_)));
    scripts_->clear();
  }
  boots_->prepare(calls);
  return boots_->progress();
}

std::string Compare::machines() const {
  if (!ready()) return "null";
  std::string out;
  JsonWriter j(out);
  j.begin_object().key("moments").number(boots_->moments().size()).key("end").number(address_end(*boots_));
  j.key("machines").begin_array();
  for (unsigned i = 0; i < boots_->size(); ++i) {
    const Lab &lab = boots_->machine(i);
    j.begin_object().key("title").string(lab.script().title).key("arch").string(lab.state().arch->name);
    j.key("era").string(lab.state().era->name).key("flavour").string(lab.state().config.flavour);
    j.key("calls").number(lab.index().calls().size()).key("stopped").string(lab.index().error()).end_object();
  }
  j.end_array().key("phases").begin_array(); // of the moments
  Phase phase = Phase::none;
  for (std::size_t m = 0; m < boots_->moments().size(); ++m) {
    if (m != 0 && boots_->moments()[m].phase == phase) continue;
    phase = boots_->moments()[m].phase;
    j.begin_object().key("name").string(phase_name(phase)).key("first").number(m).end_object();
  }
  j.end_array().end_object();
  return out;
}

bool Compare::seek(double moment, unsigned calls) {
  return !ready() || boots_->seek_some(moment > 0 ? static_cast<u64>(std::min(moment, 1e9)) : 0, calls);
}

double Compare::shared(int direction) const {
  if (!ready()) return 0;
  const std::size_t n = boots_->moments().size(), at = static_cast<std::size_t>(boots_->position());
  const u32 all = (u32{1} << boots_->size()) - 1;
  if (direction > 0) {
    for (std::size_t m = at; m < n; ++m)
      if (boots_->moments()[m].who == all) return static_cast<double>(m + 1);
    return static_cast<double>(n);
  }
  for (std::size_t m = at; m-- > 1;)
    if (boots_->moments()[m - 1].who == all) return static_cast<double>(m);
  return 0;
}

double Compare::after(const std::string &function) const {
  if (!ready()) return -1;
  const auto &all = boots_->moments();
  for (std::size_t m = 0; m < all.size(); ++m)
    for (unsigned i = 0; i < boots_->size(); ++i)
      if (all[m].has(i) && op_info(boots_->machine(i).command(all[m].made[i] - 1).op).name == function)
        return static_cast<double>(m + 1);
  return -1;
}

std::string Compare::moment() const {
  if (!ready()) return "null";
  const Comparison &c = *boots_;
  std::string out;
  JsonWriter j(out);
  j.begin_object().key("at").number(c.position()).key("phase");
  j.string(c.position() == 0 ? "" : phase_name(c.moments()[static_cast<std::size_t>(c.position() - 1)].phase));
  j.key("machines").begin_array();
  for (unsigned i = 0; i < c.size(); ++i) machine_json(j, c, i, address_end(c));
  j.end_array().key("facts");
  facts_json(j, c);
  j.key("differences");
  differences_json(j, c);
  j.end_object();
  return out;
}

std::string Compare::script(unsigned machine) const {
  return ready() && machine < boots_->size() ? to_text(boots_->machine(machine).script()) : "";
}

void bind_compare() {
  emscripten::class_<Compare>("Compare")
      .constructor<>()
      .function("choices", &Compare::choices)
      .function("eras", &Compare::eras)
      .function("changes", &Compare::changes)
      .function("clear", &Compare::clear)
      .function("addPreset", &Compare::add_preset)
      .function("addBuild", &Compare::add_build)
      .function("addScript", &Compare::add_script)
      .function("logBegin", &Compare::log_begin)
      .function("logFeed", &Compare::log_feed)
      .function("logFinish", &Compare::log_finish)
      .function("play", &Compare::play)
      .function("moments", &Compare::moments)
      .function("machines", &Compare::machines)
      .function("seek", &Compare::seek)
      .function("moment", &Compare::moment)
      .function("shared", &Compare::shared)
      .function("after", &Compare::after)
      .function("script", &Compare::script);
}

} // namespace mmscope
