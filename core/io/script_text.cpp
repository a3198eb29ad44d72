#include "io/script_text.hpp"

#include "base/check.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace mmscope {

namespace {

constexpr std::size_t max_name_bytes = 64, max_value_bytes = 4096;
constexpr std::size_t max_script_bindings = 65'536;

struct FlagName {
  std::string_view name;
  u64 bit;
};
constexpr FlagName flag_names[] = {{"hotplug", MEMBLOCK_HOTPLUG},
                                   {"mirror", MEMBLOCK_MIRROR},
                                   {"nomap", MEMBLOCK_NOMAP},
                                   {"driver_managed", MEMBLOCK_DRIVER_MANAGED},
                                   {"kern", MEMBLOCK_RSRV_KERN}};

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name(std::string_view s) {
  return !s.empty() && s.size() <= max_name_bytes && is_name_start(s[0]) &&
         std::all_of(s.begin(), s.end(), [](char c) { return is_name_start(c) || is_digit(c); });
}
// Needs no quotes. An empty text does.
bool is_plain(std::string_view s) {
  return !s.empty() && std::all_of(s.begin(), s.end(), [](char c) {
    return is_name_start(c) || is_digit(c) || c == '.' || c == '/' || c == ':' || c == '+' || c == '-';
  });
}

// What a message quotes: short and printable.
std::string quoted(std::string_view s) {
  std::string out = "'";
  for (const char c : s.substr(0, 40)) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      out += '?';
    else
      out += c;
  }
  if (s.size() > 40) out += "...";
  out += '\'';
  return out;
}

// --- words ---

struct Word {
  u32 column = 0;
  std::string_view key; // of key=value; "" = a bare word
  std::string value;    // quotes and escapes undone
  u32 value_column = 0;
  bool was_quoted = false;
};

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Splits one line into words, without its comment. On a bad character or quote fills in `error`.
std::vector<Word> split(std::string_view line, std::optional<ScriptError> &error) {
  std::vector<Word> words;
  const auto column = [](std::size_t i) { return static_cast<u32>(i + 1); };
  const auto fail = [&](std::size_t i, std::string reason) { error = ScriptError{0, column(i), std::move(reason)}; };
  std::size_t i = 0;
  while (i < line.size()) {
    const char c = line[i];
    if (c == ' ' || c == '\t') {
      ++i;
      continue;
    }
    if (c == '#') break;
    Word w;
    w.column = w.value_column = column(i);
    const std::size_t start = i;
    bool quotes = false;
    for (; i < line.size() && (quotes || (line[i] != ' ' && line[i] != '\t' && line[i] != '#')); ++i) {
      const char d = line[i];
      if (static_cast<unsigned char>(d) < 0x20 && d != '\t') {
        fail(i, "a control character");
        return words;
      }
      if (d == '"') {
        quotes = !quotes;
        w.was_quoted = true;
      } else if (d == '\\' && quotes) {
        const char e = i + 1 < line.size() ? line[i + 1] : '\0';
        if (e == '"' || e == '\\') {
          w.value += e;
          ++i;
        } else if (e == 'n' || e == 't') {
          w.value += e == 'n' ? '\n' : '\t';
          ++i;
        } else if (e == 'x' && i + 3 < line.size() && hex_digit(line[i + 2]) >= 0 && hex_digit(line[i + 3]) >= 0) {
          w.value += static_cast<char>(hex_digit(line[i + 2]) * 16 + hex_digit(line[i + 3]));
          i += 3;
        } else {
          fail(i, "only \\\" \\\\ \\n \\t and \\xHH may follow a backslash");
          return words;
        }
      } else if (d == '=' && !quotes && w.key.empty() && !w.was_quoted && is_name(line.substr(start, i - start))) {
        w.key = line.substr(start, i - start);
        w.value.clear();
        w.value_column = column(i + 1);
      } else {
        w.value += d;
      }
    }
    if (quotes) {
      fail(start, "a quote is not closed");
      return words;
    }
    if (w.value.size() > max_value_bytes) {
      fail(start, "a word is too long");
      return words;
    }
    words.push_back(std::move(w));
  }
  return words;
}

// --- one command ---

struct CommandParser {
  std::span<const std::string> bindings;                          // names so far
  const std::map<std::string, u32, std::less<>> *slots = nullptr; // the same, for long scripts
  ScriptError error;
  Command c;
  CommandPlace place;
  std::string bind_name;

  bool fail(u32 column, std::string reason) {
    error = {0, column, std::move(reason)};
    return false;
  }
  std::optional<u32> slot(std::string_view name) const {
    if (slots != nullptr) {
      const auto it = slots->find(name);
      return it == slots->end() ? std::nullopt : std::optional<u32>(it->second);
    }
    const auto it = std::find(bindings.begin(), bindings.end(), name);
    if (it == bindings.end()) return std::nullopt;
    return static_cast<u32>(it - bindings.begin());
  }

  bool number(const Word &w, std::string_view text, u64 &out) {
    if (const auto n = parse_size(text)) {
      out = *n;
      return true;
    }
    const bool starts = !text.empty() && is_digit(text[0]);
    const std::string_view digits = text.substr(0, text.find_first_not_of("0123456789"));
    const bool long_number = starts && digits.size() == text.size();
    if (long_number) return fail(w.value_column, "a number beyond 64 bits: " + quoted(text));
    return fail(w.value_column, "not a number: " + quoted(text));
  }

  bool value(unsigned i, const Word &w) {
    const ArgInfo &info = op_info(c.op).args[i];
    Arg &a = c.args[i];
    if (a.given) return fail(w.column, concat(info.name, " is given twice"));
    a.given = true;
    place.arg_columns[i] = w.value_column;
    const std::string_view text = w.value;
    switch (info.kind) {
    case ArgKind::text: c.text = w.value; return true;
    case ArgKind::addr:
    case ArgKind::size:
    case ArgKind::num:
    case ArgKind::boolean:
      if (is_name(text) && slot(text))
        return fail(w.value_column, concat(info.name, " must be a number, not a result's name"));
      return number(w, text, a.value);
    case ArgKind::nid:
      if (text == "-1") {
        a.value = field(no_node);
        return true;
      }
      return number(w, text, a.value);
    case ArgKind::flags: return flags(w, a.value);
    case ArgKind::gfp: return gfp_flags(w, a.value);
    case ArgKind::slab:
      if (!w.value.empty() && is_digit(w.value[0])) return number(w, w.value, a.value);
      if (const auto f = parse_slab_flags(w.value)) {
        a.value = *f;
        return true;
      }
      return fail(w.value_column,
                  concat("unknown slab flags ", quoted(w.value), " (SLAB_HWCACHE_ALIGN, SLAB_PANIC …)"));
    case ArgKind::value:
    case ArgKind::page: return bound(w, a);
    }
    return true;
  }

  bool flags(const Word &w, u64 &out) {
    if (!w.value.empty() && is_digit(w.value[0])) return number(w, w.value, out);
    std::string_view rest = w.value;
    u32 column = w.value_column;
    for (;;) {
      const std::string_view name = rest.substr(0, rest.find('|'));
      const auto *const flag =
          std::find_if(std::begin(flag_names), std::end(flag_names), [&](const FlagName &f) { return f.name == name; });
      if (flag == std::end(flag_names)) {
        std::vector<std::string_view> names;
        for (const FlagName &f : flag_names) names.push_back(f.name);
        return fail(column, concat("unknown flag ", quoted(name), did_you_mean(name, names),
                                   " (hotplug, mirror, nomap, driver_managed, kern, joined by |)"));
      }
      out |= flag->bit;
      if (name.size() == rest.size()) return true;
      rest.remove_prefix(name.size() + 1);
      column += static_cast<u32>(name.size()) + 1;
    }
  }

  bool gfp_flags(const Word &w, u64 &out) {
    if (!w.value.empty() && is_digit(w.value[0]) && w.value.find('|') == w.value.npos) return number(w, w.value, out);
    if (const std::optional<gfp_t> g = parse_gfp(w.value)) {
      out = *g;
      return true;
    }
    std::vector<std::string_view> names;
    for (const GfpName &n : gfp_names()) names.push_back(n.name);
    std::string_view rest = w.value;
    u32 column = w.value_column;
    while (rest.find('|') != rest.npos && parse_gfp(rest.substr(0, rest.find('|')))) { // up to the name that is wrong
      column += static_cast<u32>(rest.find('|')) + 1;
      rest.remove_prefix(rest.find('|') + 1);
    }
    const std::string_view name = rest.substr(0, rest.find('|'));
    return fail(column, concat("unknown gfp flag ", quoted(name), did_you_mean(name, names)));
  }

  // NUMBER, NAME or NAME+NUMBER.
  bool bound(const Word &w, Arg &a) {
    const std::string_view text = w.value;
    if (text.empty() || !is_name_start(text[0])) return number(w, text, a.value);
    const std::size_t plus = text.find('+');
    const std::string_view name = text.substr(0, plus);
    const auto s = slot(name);
    if (!s) {
      // The latest ones: a script of thousands of names is not searched for each mistake in it.
      const auto latest = bindings.last(std::min<std::size_t>(bindings.size(), 64));
      const std::vector<std::string_view> names(latest.begin(), latest.end());
      return fail(w.value_column, concat("unknown name ", quoted(name), did_you_mean(name, names)));
    }
    a.binding = *s;
    if (plus == std::string_view::npos) return true;
    return number(w, text.substr(plus + 1), a.value);
  }

  bool provenance(const Word &w, bool &taken) {
    taken = true;
    if (w.key == "caller")
      c.caller = w.value;
    else if (w.key == "owner")
      c.owner = w.value;
    else if (w.key == "phase") {
      c.phase = phase_of(w.value);
      if (c.phase == Phase::none) {
        std::vector<std::string_view> names;
        for (unsigned i = 1; i < phase_count; ++i) names.push_back(phase_name(static_cast<Phase>(i)));
        return fail(w.value_column, concat("unknown phase ", quoted(w.value), did_you_mean(w.value, names)));
      }
    } else
      taken = false;
    return true;
  }

  bool parse(const std::vector<Word> &words) {
    const Word &head = words[0];
    const std::optional<Op> op = head.key.empty() && !head.was_quoted ? find_op(head.value) : std::nullopt;
    if (!op) {
      std::vector<std::string_view> names{"machine"};
      for (unsigned i = 0; i < op_count; ++i) names.push_back(op_info(static_cast<Op>(i)).name);
      const std::string_view word = head.key.empty() ? std::string_view(head.value) : head.key;
      return fail(head.column, concat("unknown command ", quoted(word), did_you_mean(word, names)));
    }
    c.op = *op;
    place.column = head.column;
    const OpInfo &info = op_info(*op);
    unsigned next = 0; // first argument that a bare word may be
    for (std::size_t i = 1; i < words.size(); ++i) {
      const Word &w = words[i];
      if (w.key.empty() && !w.was_quoted && w.value.starts_with("->")) {
        if (!result_name(words, i)) return false;
        break;
      }
      if (!w.key.empty()) {
        const auto arg =
            std::find_if(info.args.begin(), info.args.end(), [&](const ArgInfo &a) { return a.name == w.key; });
        if (arg != info.args.end()) {
          if (!value(static_cast<unsigned>(arg - info.args.begin()), w)) return false;
          continue;
        }
        bool taken = false;
        if (!provenance(w, taken)) return false;
        if (taken) continue;
        std::vector<std::string_view> names{"caller", "owner", "phase"};
        for (const ArgInfo &a : info.args) names.push_back(a.name);
        return fail(w.column, concat(info.name, " has no argument ", quoted(w.key), did_you_mean(w.key, names)));
      }
      while (next < info.args.size() && (!info.args[next].must || c.args[next].given)) ++next;
      if (next == info.args.size()) return fail(w.column, too_many(info, w));
      if (!value(next, w)) return false;
    }
    for (unsigned i = 0; i < info.args.size(); ++i)
      if (info.args[i].must && !c.args[i].given)
        return fail(head.column, concat(info.name, " needs ", info.args[i].name));
    return true;
  }

  static std::string too_many(const OpInfo &info, const Word &w) {
    std::string s = concat("one argument too many for ", info.name, ": ", quoted(w.value));
    bool first = true;
    for (const ArgInfo &a : info.args) {
      if (a.must) continue;
      append(s, first ? " (by name only: " : ", ", a.name, '=');
      first = false;
    }
    if (!first) s += ')';
    return s;
  }

  bool result_name(const std::vector<Word> &words, std::size_t i) {
    const bool attached = words[i].value.size() > 2;
    const std::size_t at = attached ? i : i + 1;
    if (at >= words.size()) return fail(words[i].column, "a name must follow ->");
    bind_name = attached ? words[at].value.substr(2) : words[at].value;
    if (!words[at].key.empty() || !is_name(bind_name))
      return fail(words[at].column,
                  concat("not a name: ", quoted(bind_name), " (letters, digits and _, at most ", max_name_bytes, ')'));
    if (at + 1 < words.size()) return fail(words[at + 1].column, "nothing may follow the result's name");
    const auto s = slot(bind_name);
    if (!s && bindings.size() >= max_script_bindings) return fail(words[at].column, "too many result names");
    c.bind = s.value_or(static_cast<u32>(bindings.size()));
    return true;
  }
};

// --- the machine line ---

// Of several builds of that flavour the one of the era, if there is one.
const KernelConfig *config_named(std::string_view name, const Era *era) {
  if (const KernelConfig *c = find_config(name)) return c;
  const KernelConfig *found = nullptr;
  for (const KernelConfig *c : all_configs()) {
    if (c->flavour != name && !(c->flavour.starts_with('-') && c->flavour.substr(1) == name)) continue;
    if (era != nullptr && is_of(*c, *era)) return c;
    if (found == nullptr) found = c;
  }
  return found;
}
// The era's build for the architecture, else for any.
const KernelConfig *config_of(const Era &era, const Arch &arch) {
  const KernelConfig *any = nullptr;
  for (const KernelConfig *c : all_configs()) {
    if (!is_of(*c, era)) continue;
    if (c->arch == arch.name) return c;
    if (any == nullptr) any = c;
  }
  return any;
}

std::optional<ScriptError> parse_machine(const std::vector<Word> &words, SystemSetup &setup) {
  const Word *build = nullptr;
  const auto unknown = [](const Word &w, std::string_view what, const std::vector<std::string_view> &names) {
    std::string s = concat("unknown ", what, ' ', quoted(w.value), did_you_mean(w.value, names), " (there is");
    for (const std::string_view n : names) append(s, ' ', n);
    return ScriptError{0, w.value_column, s + ')'};
  };
  const Era *era = nullptr;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const Word &w = words[i];
    if (w.key == "era") {
      era = find_era(w.value);
      std::vector<std::string_view> names;
      for (const Era &e : all_eras()) names.push_back(e.name);
      if (era == nullptr) return unknown(w, "era", names);
    } else if (w.key == "arch") {
      setup.arch = find_arch(w.value);
      std::vector<std::string_view> names;
      for (const Arch *a : all_arches()) names.push_back(a->name);
      if (setup.arch == nullptr) return unknown(w, "architecture", names);
    } else if (w.key == "config") {
      build = &w;
      std::vector<std::string_view> names;
      for (const KernelConfig *c : all_configs())
        names.push_back(c->flavour.substr(c->flavour.starts_with('-') ? 1 : 0));
      if (config_named(w.value, nullptr) == nullptr) return unknown(w, "build", names);
    } else if (w.key == "cmdline") {
      setup.command_line = w.value;
    } else {
      const std::string_view word = w.key.empty() ? std::string_view(w.value) : w.key;
      const std::array<std::string_view, 4> names{"era", "arch", "config", "cmdline"};
      return ScriptError{
          0, w.column,
          concat("a machine has no ", quoted(word), did_you_mean(word, names), " (era= arch= config= cmdline=)")};
    }
  }
  if (era != nullptr) setup.era = era;
  const KernelConfig *config =
      build != nullptr ? config_named(build->value, setup.era) : config_of(*setup.era, *setup.arch);
  if (config != nullptr) setup.config = *config;
  return std::nullopt;
}

// --- printing ---

void append_quoted(std::string &out, std::string_view s) {
  if (is_plain(s)) {
    out += s;
    return;
  }
  out += '"';
  for (const char c : s) {
    if (c == '"' || c == '\\')
      append(out, '\\', c);
    else if (c == '\n')
      out += "\\n";
    else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\x";
      append_hex(out, static_cast<unsigned char>(c), 2);
    } else
      out += c;
  }
  out += '"';
}

void append_number(std::string &out, u64 v) {
  if (v < 10) {
    append_dec(out, v);
  } else {
    out += "0x";
    append_hex(out, v);
  }
}

void append_slot(std::string &out, u32 slot, std::span<const std::string> bindings) {
  if (slot < bindings.size() && is_name(bindings[slot]))
    out += bindings[slot];
  else
    append(out, "result", slot);
}

void append_value(std::string &out, const Command &c, unsigned i, std::span<const std::string> bindings) {
  const Arg &a = c.args[i];
  if (a.binding != no_binding) {
    append_slot(out, a.binding, bindings);
    if (a.value != 0) {
      out += '+';
      append_number(out, a.value);
    }
    return;
  }
  switch (op_info(c.op).args[i].kind) {
  case ArgKind::addr:
  case ArgKind::size:
  case ArgKind::value:
  case ArgKind::page: append_number(out, a.value); break;
  case ArgKind::slab:
    if (const auto f = static_cast<slab_flags_t>(a.value); f != a.value || parse_slab_flags(slab_flags_text(f)) != f)
      append_number(out, a.value); // a flag without a name
    else
      out += slab_flags_text(static_cast<slab_flags_t>(a.value));
    break;
  case ArgKind::gfp:
    if (a.value > gfp::all_bits)
      append_number(out, a.value);
    else
      out += gfp_text(static_cast<gfp_t>(a.value));
    break;
  case ArgKind::num:
  case ArgKind::boolean: append_dec(out, a.value); break;
  case ArgKind::nid:
    if (a.value == field(no_node))
      out += "-1";
    else
      append_dec(out, a.value);
    break;
  case ArgKind::text: append_quoted(out, c.text); break;
  case ArgKind::flags: {
    u64 left = a.value;
    std::string names;
    for (const FlagName &f : flag_names) {
      if ((left & f.bit) == 0) continue;
      left &= ~f.bit;
      append(names, names.empty() ? "" : "|", f.name);
    }
    if (left == 0 && !names.empty())
      out += names;
    else
      append_number(out, a.value);
    break;
  }
  }
}

} // namespace

std::string to_text(const ScriptError &e, std::string_view file) {
  return concat(file, ':', e.line, ':', e.column, ": ", e.reason);
}

SystemSetup default_setup() {
  const Era &era = pivot_era();
  const Arch *const arch = all_arches()[0];
  const KernelConfig *config = config_of(era, *arch);
  MM_CHECK(config != nullptr);
  return {arch, &era, *config, {}};
}

ParsedScript parse_script(std::string_view text, const ScriptLimits &limits) {
  ParsedScript p;
  p.script.setup = default_setup();
  std::map<std::string, u32, std::less<>> slots;
  u32 line_number = 0;
  bool machine_possible = true;
  const auto fail = [&](ScriptError e) {
    e.line = line_number;
    p.errors.push_back(std::move(e));
  };
  std::string_view rest = text.substr(0, limits.text_bytes);
  while (!rest.empty()) {
    ++line_number;
    const std::size_t newline = rest.find('\n');
    std::string_view line = rest.substr(0, newline);
    const bool last = newline == std::string_view::npos;
    rest.remove_prefix(last ? rest.size() : newline + 1);
    if (last && text.size() > limits.text_bytes) {
      fail({0, 1, concat("the script is longer than ", limits.text_bytes, " bytes: the rest is not read")});
      break;
    }
    if (p.errors.size() >= limits.errors) {
      fail({0, 1, "too many errors: the rest is not read"});
      break;
    }
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() > limits.line_bytes) {
      fail({0, static_cast<u32>(limits.line_bytes + 1),
            concat("the line is longer than ", limits.line_bytes, " bytes")});
      continue;
    }
    std::optional<ScriptError> error;
    const std::vector<Word> words = split(line, error);
    if (error) {
      fail(std::move(*error));
      continue;
    }
    if (words.empty()) continue;
    if (words[0].key.empty() && words[0].value == "machine") {
      if (!machine_possible)
        fail({0, words[0].column, "the machine must be chosen before the first call"});
      else if (auto e = parse_machine(words, p.script.setup)) {
        p.script.setup = default_setup();
        fail(std::move(*e));
      }
      machine_possible = false;
      continue;
    }
    machine_possible = false;
    if (p.script.commands.size() >= limits.commands) {
      fail({0, words[0].column, concat("a script has at most ", limits.commands, " commands: the rest is not read")});
      break;
    }
    CommandParser parser;
    parser.bindings = p.script.bindings;
    parser.slots = &slots;
    if (!parser.parse(words)) {
      fail(std::move(parser.error));
      continue;
    }
    parser.c.line = parser.place.line = line_number;
    if (!parser.bind_name.empty() && parser.c.bind == p.script.bindings.size()) {
      slots.emplace(parser.bind_name, parser.c.bind);
      p.script.bindings.push_back(parser.bind_name);
    }
    p.script.commands.push_back(std::move(parser.c));
    p.places.push_back(parser.place);
  }
  return p;
}

ParsedCommand parse_command(std::string_view line, std::span<const std::string> bindings) {
  ParsedCommand p;
  const auto fail = [&](ScriptError e) {
    e.line = 1;
    p.error = std::move(e);
    return p;
  };
  const ScriptLimits limits;
  if (line.size() > limits.line_bytes) return fail({0, 1, "the line is too long"});
  std::optional<ScriptError> error;
  const std::vector<Word> words = split(line, error);
  if (error) return fail(std::move(*error));
  if (words.empty()) return fail({0, 1, "there is no command"});
  CommandParser parser;
  parser.bindings = bindings;
  if (!parser.parse(words)) return fail(std::move(parser.error));
  p.command = std::move(parser.c);
  p.bind_name = std::move(parser.bind_name);
  p.place = parser.place;
  p.place.line = 1;
  return p;
}

std::string call_text(const Command &c, std::span<const std::string> bindings) {
  const OpInfo &info = op_info(c.op);
  std::string s(info.name);
  bool in_order = true; // bare words as long as none is left out
  for (unsigned i = 0; i < info.args.size(); ++i) {
    if (!c.args[i].given) {
      in_order = in_order && !info.args[i].must;
      continue;
    }
    s += ' ';
    if (!in_order || !info.args[i].must) append(s, info.args[i].name, '=');
    append_value(s, c, i, bindings);
  }
  return s;
}

std::string to_text(const Command &c, std::span<const std::string> bindings) {
  std::string s = call_text(c, bindings);
  const auto named = [&](std::string_view key, std::string_view value) {
    if (value.empty()) return;
    append(s, ' ', key, '=');
    append_quoted(s, value);
  };
  named("caller", c.caller);
  named("owner", c.owner);
  named("phase", phase_name(c.phase));
  if (c.bind != no_binding) {
    s += " -> ";
    append_slot(s, c.bind, bindings);
  }
  return s;
}

std::string to_text(const Script &s) {
  std::string out;
  const auto comment = [&](std::string_view text) {
    out += "# ";
    for (const char c : text) out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    out += '\n';
  };
  if (!s.title.empty()) comment(s.title);
  for (const std::string &a : s.assumed) comment("assumed: " + a);
  append(out, "machine era=", s.setup.era->name, " arch=", s.setup.arch->name);
  const std::string_view flavour = s.setup.config.flavour;
  if (config_named(flavour, s.setup.era) != nullptr)
    append(out, " config=", flavour.substr(flavour.starts_with('-') ? 1 : 0));
  if (!s.setup.command_line.empty()) {
    out += " cmdline=";
    append_quoted(out, s.setup.command_line);
  }
  out += '\n';
  for (const Command &c : s.commands) append(out, to_text(c, s.bindings), '\n');
  return out;
}

} // namespace mmscope
