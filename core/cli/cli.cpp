#include "cli/cli.hpp"

#include "base/text.hpp"
#include "base/units.hpp"
#include "cli/grade.hpp"
#include "cli/lessons.hpp"
#include "cli/pages.hpp"
#include "cli/trace.hpp"
#include "io/autopsy_view.hpp"
#include "io/dmesg.hpp"
#include "io/eras_text.hpp"
#include "io/failure_text.hpp"
#include "io/json.hpp"
#include "io/machine_file.hpp"
#include "io/script_text.hpp"
#include "io/verify.hpp"
#include "io/views.hpp"
#include "lab/autopsy.hpp"
#include "lab/lab.hpp"
#include "lab/machine.hpp"
#include "lab/presets.hpp"
#include "query/query.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace mmscope {

namespace {

constexpr int ok = 0, failed = 1, unusable = 2;

constexpr std::string_view usage =
    R"(mmscope computes what Linux's boot memory code computes.

mmscope boot --dmesg FILE          replay a real boot from its kernel log ("-" reads standard input)
mmscope boot --machine NAME        boot a preset, or a machine described in FILE.json
mmscope run SCRIPT                 apply a script of kernel calls; "-" reads standard input. With --machine NAME
                                   they follow that machine's boot
mmscope trace DIR                  plays a recorded run of a real page allocator again, from its first snapshot
mmscope verify DIR|FILE...         predictions against recorded boots, page allocator runs or memblock vectors;
                                   status 1 if any differs
mmscope query BOOT EXPRESSION...   asks a boot: a preset, FILE.json or a script (docs/query.md)
mmscope inspect BOOT PATH...       everything about a thing: "page[0x1234]", "node[0].zone[DMA32]"
mmscope autopsy FILE               why a "page allocation failure" or OOM report failed; "-" reads standard input
mmscope machines                   the presets
mmscope eras [FROM TO]             the kernel versions that are known; what changed from one to another
mmscope page-layout                struct page byte by byte, in any era; with --against ERA what changed
mmscope pfn PFN                    from a page frame to its struct page and back, step by step in each memory model
mmscope lessons check [FOLDER...]  play lessons, right and wrong; without a folder all of web/lessons
mmscope lessons key FOLDER         the right answers of a seed, and what wrong ones are told; JSON
mmscope grade RECEIPT...           does again what learners handed in; a gradebook as CSV
mmscope help                       this text
mmscope --version

boot, run, trace, autopsy, page-layout and pfn take
  --format text|json    json: one object with everything
boot and run also take
  --show VIEW...        memblock zones zoneinfo buddyinfo pagetypeinfo iomem free-lists sections slabinfo bootmem pairs
                        slob log digest
  --events              also what happened inside every call
boot also takes
  --until PHASE         memblock numa sparse zones zonelists handoff slab deferred done
query and inspect take
  --at CALL[:EVENT]     before that call, or so many events inside it, from 0; the end of the boot otherwise
page-layout and pfn take
  --era E               whose struct page: 2.4.22 2.6.11 2.6.20 2.6.24 4.9 5.10 5.15 6.1 6.12 7.2; 6.1, or the machine's
  --options A,B         what the kernel is configured with, or none; what usual kernels have otherwise
  --machine NAME        whose memory: for pfn qemu-1g otherwise
page-layout also takes
  --bits 32|64          the word's size
  --against E           the era to compare with
  --page PFN            of that machine: what stands in its struct page after the boot
pfn also takes
  --model M             flatmem, discontigmem, sparsemem-static, sparsemem-extreme or vmemmap alone
lessons key takes
  --seed N              which questions; 1 otherwise
grade takes
  --lessons DIR         where the lessons are; web/lessons otherwise

Logs and scripts may be gzipped. Status: 0 done, 1 a call that cannot be made, a difference found
or a receipt refused, 2 unusable input.
)";

struct Options {
  std::string_view verb;
  std::vector<std::string_view> words; // what is no option
  std::optional<std::string_view> dmesg, machine, lessons;
  std::vector<View> show;
  std::optional<Position> at;
  Phase until = Phase::done;
  bool json = false, events = false;
  u64 seed = 1;
  PageQuestion page;
};

int misuse(const Io &io, std::string_view what) {
  io.err(concat("mmscope: ", what, "\nmmscope help says what there is\n"));
  return unusable;
}

// --- the command line ---

struct Flag {
  std::string_view name;
  std::array<std::string_view, 6> verbs; // that take it
};
constexpr Flag known_flags[] = {{"--dmesg", {"boot"}},
                                {"--machine", {"boot", "run", "page-layout", "pfn"}},
                                {"--until", {"boot"}},
                                {"--show", {"boot", "run"}},
                                {"--format", {"boot", "run", "trace", "autopsy", "page-layout", "pfn"}},
                                {"--events", {"boot", "run"}},
                                {"--at", {"query", "inspect"}},
                                {"--era", {"page-layout", "pfn"}},
                                {"--options", {"page-layout", "pfn"}},
                                {"--bits", {"page-layout"}},
                                {"--against", {"page-layout"}},
                                {"--page", {"page-layout"}},
                                {"--model", {"pfn"}},
                                {"--lessons", {"grade"}},
                                {"--seed", {"lessons"}}};

// Reads everything after the verb. Returns what is wrong, or "".
std::string parse_options(std::span<const std::string_view> args, Options &o) {
  for (std::size_t i = 0; i < args.size(); ++i) {
    const std::string_view word = args[i];
    if (!word.starts_with("--") || word == "--") {
      if (word != "--") o.words.push_back(word);
      continue;
    }
    const std::size_t equals = word.find('=');
    const std::string_view flag = word.substr(0, equals);
    const auto known =
        std::find_if(std::begin(known_flags), std::end(known_flags), [&](const Flag &f) { return f.name == flag; });
    if (known == std::end(known_flags)) {
      std::vector<std::string_view> names;
      for (const Flag &f : known_flags) names.push_back(f.name);
      return concat("unknown option ", word, did_you_mean(flag, names));
    }
    if (std::find(known->verbs.begin(), known->verbs.end(), o.verb) == known->verbs.end())
      return concat(o.verb, " takes no ", flag);
    if (flag == "--events") {
      o.events = true;
      continue;
    }
    std::string_view value;
    if (equals != std::string_view::npos)
      value = word.substr(equals + 1);
    else if (i + 1 < args.size() && !args[i + 1].starts_with("--"))
      value = args[++i];
    else
      return concat(flag, " needs a value");

    if (flag == "--at") {
      const std::size_t colon = value.find(':');
      const auto call = parse_u64(value.substr(0, colon));
      const auto event = colon == std::string_view::npos ? std::optional<u64>(0) : parse_u64(value.substr(colon + 1));
      if (!call || !event) return concat("not a place in a boot: '", value, "' (CALL or CALL:EVENT)");
      o.at = Position{*call, *event, 0};
    } else if (flag == "--seed") {
      const auto seed = parse_u64(value);
      if (!seed) return concat("not a seed: '", value, '\'');
      o.seed = *seed;
    } else if (flag == "--bits") {
      const auto bits = parse_u64(value);
      if (!bits) return concat("not a number of bits: '", value, '\'');
      o.page.bits = *bits;
    } else if (flag == "--era")
      o.page.era = value;
    else if (flag == "--options")
      o.page.options = value;
    else if (flag == "--against")
      o.page.against = value;
    else if (flag == "--page")
      o.page.page = value;
    else if (flag == "--model")
      o.page.model = value;
    else if (flag == "--dmesg")
      o.dmesg = value;
    else if (flag == "--lessons")
      o.lessons = value;
    else if (flag == "--machine")
      o.machine = value;
    else if (flag == "--until") {
      o.until = phase_of(value);
      std::vector<std::string_view> names;
      for (unsigned p = 1; p < phase_count; ++p) names.push_back(phase_name(static_cast<Phase>(p)));
      if (o.until == Phase::none) return concat("there is no phase '", value, "'", did_you_mean(value, names));
    } else if (flag == "--format") {
      if (value != "text" && value != "json") return concat("there is no format '", value, "': text or json");
      o.json = o.page.json = value == "json";
    } else {
      // Views follow as long as words are views: a script's name may come after them.
      for (;;) {
        const auto view = find_view(value);
        if (!view) return concat("there is no view '", value, "'", did_you_mean(value, view_names()));
        if (std::find(o.show.begin(), o.show.end(), *view) == o.show.end()) o.show.push_back(*view);
        if (i + 1 >= args.size() || !find_view(args[i + 1])) break;
        value = args[++i];
      }
    }
  }
  return {};
}

// --- playing ---

struct Failure {
  std::size_t command;
  Result result;
};

// Plays a script and keeps what the output needs, no more.
struct Player {
  explicit Player(const Script &s) : script(s), machine(s.setup) {}

  const Script &script;
  Machine machine;
  Trace texts;
  AllocTable allocations;
  u64 calls = 0; // commands taken, those that could not be made included
  std::vector<CommandResult> results;
  std::optional<std::vector<HandedRun>> handed;
  std::optional<Failure> failure; // the first

  // Makes the next command. False when it could not be made.
  bool next() {
    const Command &c = script.commands[calls];
    CallRecord r = play(machine, c, texts);
    allocations.add(static_cast<u32>(calls), c, r.result, r.events, texts);
    if (c.op == Op::memblock_free_all && r.result.ok()) handed = handed_runs(r.events);
    const bool made = r.result.ok();
    if (!made && !failure) failure = Failure{calls, r.result};
    results.push_back({std::move(r.result), returns_address(c.op)});
    ++calls;
    return made;
  }
};

void show_text(const Io &io, const Options &o, const Player &p) {
  if (o.events) {
    Machine m(p.script.setup);
    Trace texts;
    for (u64 i = 0; i < p.calls; ++i) {
      std::string s = concat(to_text(p.script.commands[i], p.script.bindings), '\n');
      for (const Event &e : play(m, p.script.commands[i], texts).events) append(s, "  ", to_text(texts, e), '\n');
      io.out(s);
    }
  }
  for (const View v : o.show) {
    std::string s;
    // One view alone is a file that can be compared with the kernel's.
    if (o.show.size() > 1) append(s, "== ", view_names()[static_cast<std::size_t>(v)], " ==\n");
    append_view(s, v, p.machine);
    io.out(s);
  }
}

void show_json(const Io &io, const JsonReport &report) {
  std::string buffer;
  JsonWriter w(buffer, [&](std::string &s) {
    io.out(s);
    s.clear();
  });
  write_json(w, report);
  buffer += '\n';
  io.out(buffer);
}

void note_assumed(const Io &io, const std::vector<std::string> &assumed) {
  for (const std::string &a : assumed) io.err(concat("mmscope: assumed: ", a, '\n'));
}

std::string summary(const Player &p) {
  std::string s;
  if (!p.script.title.empty()) append(s, p.script.title, '\n');
  append(s, p.calls, " calls, phase ", phase_name(p.machine.system().phase), "\n");
  append_view(s, View::zones, p.machine);
  s += "digest ";
  append_view(s, View::digest, p.machine);
  return s;
}

// The script of a preset or of a machine file's boot, and its kernel.
int load_machine(const Io &io, const std::string &file, Script &script, std::string &kernel) {
  MachineSpec spec;
  if (file.ends_with(".json") || file.ends_with(".json.gz")) {
    std::string error;
    const auto text = io.read(file, error);
    if (!text) {
      io.err(concat("mmscope: ", file, ": ", error, '\n'));
      return unusable;
    }
    ParsedMachine parsed = parse_machine_file(*text);
    if (!parsed.spec) {
      io.err(parsed.error.line == 0 ? concat(file, ": ", parsed.error.reason, '\n')
                                    : concat(to_text(parsed.error, file), '\n'));
      return unusable;
    }
    spec = std::move(*parsed.spec);
  } else {
    const MachineSpec *preset = find_preset(file);
    if (preset == nullptr) {
      std::vector<std::string_view> names;
      for (const MachineSpec &m : presets()) names.push_back(m.name);
      return misuse(io, concat("there is no machine '", file, "'", did_you_mean(file, names),
                               " (mmscope machines lists them; a file's name ends in .json)"));
    }
    spec = *preset;
  }
  script = make_script(spec);
  kernel = spec.release;
  if (!script.commands.empty()) return ok;
  note_assumed(io, script.assumed);
  io.err(concat("mmscope: ", file, ": no boot is known for kernel ", spec.release, '\n'));
  return unusable;
}

// --- verbs ---

int boot(const Io &io, const Options &o) {
  if (o.dmesg.has_value() == o.machine.has_value()) return misuse(io, "boot needs --dmesg FILE or --machine NAME");
  if (!o.words.empty()) return misuse(io, concat("unexpected argument '", o.words[0], "'"));

  Script script;
  std::string kernel;
  std::string file; // where the script's line numbers point
  LoggedFacts facts;
  if (o.dmesg) {
    file = *o.dmesg;
    std::string error;
    const auto log = io.read(file, error);
    if (!log) {
      io.err(concat("mmscope: ", file, ": ", error, '\n'));
      return unusable;
    }
    ImportResult r = import_dmesg(*log);
    if (r.error) {
      io.err(concat(to_text(*r.error, file), '\n'));
      return unusable;
    }
    script = std::move(r.script);
    kernel = std::move(r.release);
    facts = std::move(r.facts);
  } else {
    file = *o.machine;
    if (const int status = load_machine(io, file, script, kernel); status != ok) return status;
  }
  if (kernel.empty()) kernel = script.setup.era->name;

  Player p(script);
  Phase phase = Phase::none;
  while (p.calls < script.commands.size()) {
    if (const Phase own = script.commands[p.calls].phase; own != Phase::none) phase = own;
    if (phase > o.until || !p.next()) break;
  }
  p.allocations.match(facts);

  if (o.json) {
    show_json(io, {.machine = p.machine,
                   .kernel = kernel,
                   .allocations = p.allocations.rows(),
                   .assumed = script.assumed,
                   .events_of = o.events ? &script : nullptr,
                   .events_calls = p.calls});
  } else {
    if (o.show.empty() && !o.events) io.out(summary(p));
    show_text(io, o, p);
    note_assumed(io, script.assumed);
  }
  if (!p.failure) return ok;
  const Command &c = script.commands[p.failure->command];
  io.err(concat(file, ':', c.line, ":1: ", p.failure->result.error, " (", call_text(c, script.bindings), ")\n"));
  return failed;
}

int run_script(const Io &io, const Options &o) {
  if (o.words.size() != 1) return misuse(io, "run needs one script (- reads standard input)");
  const std::string path(o.words[0]), file = path == "-" ? "<stdin>" : path;
  std::string error;
  const auto text = io.read(path, error);
  if (!text) {
    io.err(concat("mmscope: ", file, ": ", error, '\n'));
    return unusable;
  }
  // After a machine's boot: that is a script too, and what it says is not told again.
  std::string whole;
  u64 booted = 0;
  if (o.machine) {
    Script boot;
    std::string kernel;
    if (const int status = load_machine(io, std::string(*o.machine), boot, kernel); status != ok) return status;
    whole = to_text(boot);
    booted = boot.commands.size();
  }
  const u32 before = static_cast<u32>(std::count(whole.begin(), whole.end(), '\n'));
  whole += *text;
  const ParsedScript parsed = parse_script(whole);
  const Script &script = parsed.script;

  // Lines that cannot be read take their turn among those that can.
  Player p(script);
  std::vector<CommandResult> results;
  std::optional<ScriptError> first;
  const auto wrong = [&](ScriptError e) {
    e.line -= std::min(before, e.line);
    results.push_back({Result{0, e.reason, no_arg}, false});
    if (!first) first = std::move(e);
  };
  std::size_t bad = 0;
  const auto goes_on = [&] { return o.json || !first; };
  while (goes_on() && (p.calls < script.commands.size() || bad < parsed.errors.size())) {
    const bool bad_is_next = bad < parsed.errors.size() && (p.calls >= script.commands.size() ||
                                                            parsed.errors[bad].line < script.commands[p.calls].line);
    if (bad_is_next) {
      wrong(parsed.errors[bad++]);
      continue;
    }
    const CommandPlace &place = parsed.places[p.calls];
    if (p.next()) {
      if (p.calls > booted) results.push_back(p.results.back());
      continue;
    }
    const Result &r = p.results.back().result;
    const u32 column = r.arg < max_args && place.arg_columns[r.arg] != 0 ? place.arg_columns[r.arg] : place.column;
    wrong({place.line, column, r.error});
  }

  if (o.json) {
    show_json(io, {.machine = p.machine,
                   .kernel = script.setup.era->name,
                   .allocations = p.allocations.rows(),
                   .assumed = script.assumed,
                   .results = &results,
                   .handed = p.handed ? &*p.handed : nullptr,
                   .events_of = o.events ? &script : nullptr,
                   .events_calls = p.calls});
  } else {
    if (o.show.empty() && !o.events) {
      std::string s;
      for (u64 i = booted; i < p.calls; ++i) {
        const Result &r = p.results[i].result;
        if (!r.ok()) continue;
        append(s, script.commands[i].line - before, ": ", call_text(script.commands[i], script.bindings), " = ");
        if (p.results[i].is_address) {
          s += "0x";
          append_hex(s, r.value);
        } else {
          append_signed(s, static_cast<i64>(r.value));
        }
        s += '\n';
      }
      append_view(s, View::memblock, p.machine);
      s += "digest ";
      append_view(s, View::digest, p.machine);
      io.out(s);
    }
    show_text(io, o, p);
  }
  if (!first) return ok;
  io.err(concat(to_text(*first, file), '\n'));
  return failed;
}

int examine_report(const Io &io, const Options &o) {
  if (o.words.size() != 1) return misuse(io, "autopsy needs one file with a report (- reads standard input)");
  const std::string path(o.words[0]), file = path == "-" ? "<stdin>" : path;
  std::string error;
  const auto text = io.read(path, error);
  if (!text) {
    io.err(concat("mmscope: ", file, ": ", error, '\n'));
    return unusable;
  }
  const ParsedFailure parsed = parse_failure(*text);
  if (!parsed.report) {
    io.err(concat(to_text(parsed.error, file), '\n'));
    return unusable;
  }
  const Autopsy a = autopsy(*parsed.report);
  std::string s;
  if (o.json) {
    JsonWriter w(s);
    write_autopsy(w, *parsed.report, a, to_text);
    s += '\n';
  } else {
    append_autopsy(s, *parsed.report, a);
  }
  io.out(s);
  return ok;
}

int verify(const Io &io, const Options &o) {
  if (o.words.empty()) return misuse(io, "verify needs a folder of a capture or of a run, or a vectors file");
  int status = ok;
  for (const std::string_view path : o.words) {
    const VerifyReport r = verify_path(std::string(path));
    std::string s;
    append_report(s, r);
    io.out(s);
    if (!r.error.empty())
      status = unusable;
    else if (!r.ok() && status == ok)
      status = failed;
  }
  return status;
}

int trace(const Io &io, const Options &o) {
  if (o.words.size() != 1) return misuse(io, "trace needs the folder of one recorded run");
  return replay_recorded_trace(io, std::string(o.words[0]), o.json);
}

// The lab of `query` and `inspect`: a machine or a script, at the moment asked for.
int load_lab(const Io &io, const Options &o, std::optional<Lab> &lab) {
  if (o.words.size() < 2) return misuse(io, concat(o.verb, " needs a machine or a script, and what to ask"));
  const std::string file(o.words[0]);
  Script script;
  if (find_preset(file) != nullptr || file.ends_with(".json") || file.ends_with(".json.gz")) {
    std::string kernel;
    if (const int status = load_machine(io, file, script, kernel); status != ok) return status;
  } else {
    std::string error;
    const auto text = io.read(file, error);
    if (!text) {
      std::vector<std::string_view> names;
      for (const MachineSpec &m : presets()) names.push_back(m.name);
      return misuse(io, concat(file, ": ", error, " (and no machine of that name", did_you_mean(file, names), ')'));
    }
    ParsedScript parsed = parse_script(*text);
    if (!parsed.errors.empty()) {
      io.err(concat(to_text(parsed.errors[0], file), '\n'));
      return unusable;
    }
    script = std::move(parsed.script);
  }
  lab.emplace(std::move(script));
  while (!lab->prepare(~u64{0}))
    ;
  lab->seek(o.at.value_or(Position{lab->size(), 0, 0}));
  if (!lab->index().error().empty()) io.err(concat("mmscope: ", file, ": ", lab->index().error(), '\n'));
  return ok;
}

// As people read it, and exactly where that is something else.
std::string exact_text(const QueryValue &v) {
  std::string s = to_text(v);
  if (v.kind == QueryValue::Kind::number && !v.negative && s != concat(v.number)) append(s, " (", v.number, ')');
  return s;
}

int query(const Io &io, const Options &o) {
  std::optional<Lab> lab;
  if (const int status = load_lab(io, o, lab); status != ok) return status;
  int status = lab->index().error().empty() ? ok : failed;
  for (std::size_t i = 1; i < o.words.size(); ++i) {
    const QueryAnswer a = ask(*lab, o.words[i]);
    if (a.ok()) {
      io.out(concat(o.words[i], " = ", exact_text(a.value), '\n'));
      continue;
    }
    io.err(concat(o.words[i], ":1:", a.column, ": ", a.error, '\n'));
    status = unusable;
  }
  return status;
}

int inspect_things(const Io &io, const Options &o) {
  std::optional<Lab> lab;
  if (const int status = load_lab(io, o, lab); status != ok) return status;
  int status = lab->index().error().empty() ? ok : failed;
  for (std::size_t i = 1; i < o.words.size(); ++i) {
    const Sheet sheet = inspect(*lab, o.words[i]);
    if (sheet.path.empty()) {
      io.err(concat(o.words[i], ": ", sheet.error, '\n'));
      status = unusable;
      continue;
    }
    std::string s = concat(sheet.title, "  ", sheet.path, '\n');
    if (sheet.end != 0) append(s, "  bytes ", range_text(sheet.base, sheet.end - sheet.base), '\n');
    for (const SheetField &f : sheet.fields) append(s, "  ", f.name, " = ", exact_text(f.value), '\n');
    for (const SheetBits &bits : sheet.bits) {
      append(s, "  ", bits.name, ' ', hex_text(bits.word), '\n');
      for (const SheetBits::Part &p : bits.parts)
        append(s, "    ", p.high, p.high == p.low ? std::string() : concat("-", p.low), ' ', p.about, ' ', p.text,
               '\n');
    }
    for (const SheetLink &l : sheet.links) append(s, "  ", l.relation, " -> ", l.path, "  ", l.text, '\n');
    if (!sheet.source.empty()) append(s, "  source: ", sheet.source, '\n');
    for (const std::string &line : sheet.at_home) append(s, "  # ", line, '\n');
    io.out(s);
  }
  return status;
}

int machines(const Io &io, const Options &o) {
  if (!o.words.empty()) return misuse(io, concat("unexpected argument '", o.words[0], "'"));
  std::size_t width = 0;
  for (const MachineSpec &m : presets()) width = std::max(width, m.name.size());
  std::string s;
  for (const MachineSpec &m : presets()) append(s, m.name, std::string(width + 2 - m.name.size(), ' '), m.title, '\n');
  io.out(s);
  return ok;
}

int eras(const Io &io, const Options &o) {
  if (o.words.empty()) {
    io.out(eras_text());
    return ok;
  }
  if (o.words.size() != 2) return misuse(io, "eras takes two of them, or none");
  std::array<const Era *, 2> ends{};
  for (std::size_t i = 0; i < ends.size(); ++i)
    if ((ends[i] = find_era(o.words[i])) == nullptr) {
      std::vector<std::string_view> names;
      for (const Era &e : all_eras()) names.push_back(e.name);
      return misuse(io, concat("unknown era '", o.words[i], "'", did_you_mean(o.words[i], names)));
    }
  io.out(era_changes_text(*ends[0], *ends[1]));
  return ok;
}

// A machine at the end of its boot, for what is asked of its memory.
int boot_machine(const Io &io, std::string_view name, std::optional<Machine> &machine) {
  Script script;
  std::string kernel;
  if (const int status = load_machine(io, std::string(name), script, kernel); status != ok) return status;
  machine.emplace(script.setup);
  for (const Command &c : script.commands)
    if (const Result r = machine->apply(c, nullptr); !r.ok()) {
      io.err(concat("mmscope: ", name, ": ", r.error, '\n'));
      return failed;
    }
  return ok;
}

int page_layouts(const Io &io, const Options &o) {
  if (!o.words.empty()) return misuse(io, concat("unexpected argument '", o.words[0], "'"));
  std::optional<Machine> machine;
  if (o.machine)
    if (const int status = boot_machine(io, *o.machine, machine); status != ok) return status;
  const std::string wrong = show_page_layout(io, o.page, machine ? &machine->system() : nullptr);
  return wrong.empty() ? ok : misuse(io, wrong);
}

int page_addresses(const Io &io, const Options &o) {
  if (o.words.size() != 1) return misuse(io, "pfn needs one page frame number");
  std::optional<Machine> machine;
  if (const int status = boot_machine(io, o.machine.value_or("qemu-1g"), machine); status != ok) return status;
  const std::string wrong = show_page_address(io, o.page, o.words[0], machine->system());
  return wrong.empty() ? ok : misuse(io, wrong);
}

int lessons(const Io &io, const Options &o) {
  if (!o.words.empty() && o.words[0] == "check") return check_lessons(io, std::span(o.words).subspan(1));
  if (o.words.size() == 2 && o.words[0] == "key") return write_lesson_key(io, std::string(o.words[1]), o.seed);
  return misuse(io, "lessons takes check and perhaps folders, or key and a folder");
}

int grade_receipts(const Io &io, const Options &o) {
  if (o.words.empty()) return misuse(io, "grade takes receipts");
  return grade(io, o.lessons.value_or(lessons_folder), o.words);
}

} // namespace

int run(std::span<const std::string_view> args, const Io &io) {
  if (args.empty()) {
    io.err(usage);
    return unusable;
  }
  Options o;
  o.verb = args[0];
  const auto rest = args.subspan(1);
  if (o.verb == "help" || o.verb == "--help" || o.verb == "-h" ||
      std::find(rest.begin(), rest.end(), "--help") != rest.end()) {
    io.out(usage);
    return ok;
  }
  if (o.verb == "--version") {
    io.out("mmscope " MMSCOPE_VERSION "\n");
    return ok;
  }
  struct Verb {
    std::string_view name;
    int (*run)(const Io &, const Options &);
  };
  static constexpr std::array<Verb, 13> verbs{{{"boot", boot},
                                               {"run", run_script},
                                               {"trace", trace},
                                               {"verify", verify},
                                               {"query", query},
                                               {"inspect", inspect_things},
                                               {"autopsy", examine_report},
                                               {"machines", machines},
                                               {"eras", eras},
                                               {"page-layout", page_layouts},
                                               {"pfn", page_addresses},
                                               {"lessons", lessons},
                                               {"grade", grade_receipts}}};
  const auto verb = std::find_if(verbs.begin(), verbs.end(), [&](const Verb &v) { return v.name == o.verb; });
  if (verb == verbs.end()) {
    std::vector<std::string_view> names{"help"};
    for (const Verb &v : verbs) names.push_back(v.name);
    return misuse(io, concat("unknown verb '", o.verb, "'", did_you_mean(o.verb, names)));
  }
  if (const std::string wrong = parse_options(rest, o); !wrong.empty()) return misuse(io, wrong);
  return verb->run(io, o);
}

} // namespace mmscope
