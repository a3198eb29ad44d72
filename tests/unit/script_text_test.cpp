// The script language: what is read, what is refused and where, and that printing undoes reading.
#include "io/script_text.hpp"

#include "base/prng.hpp"
#include "lab/machine.hpp"
#include "lab/presets.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

namespace {

constexpr u64 KiB = 1024, MiB = 1024 * KiB, GiB = 1024 * MiB;

Script parsed(std::string_view text) {
  const ParsedScript p = parse_script(text);
  for (const ScriptError &e : p.errors) FAIL_CHECK(to_text(e, "script"));
  REQUIRE(p.places.size() == p.script.commands.size());
  return p.script;
}
// The only error of a text, as "LINE:COLUMN: reason".
std::string error_of(std::string_view text) {
  const ParsedScript p = parse_script(text);
  REQUIRE(p.errors.size() == 1);
  return to_text(p.errors[0], "s").substr(2);
}

} // namespace

TEST_CASE("script: numbers in every spelling") {
  const Script s = parsed("memblock_add 0x100000 1G\nmemblock_reserve 4096 size=64K\nmemblock_reserve 0XFF 2m\n");
  REQUIRE(s.commands.size() == 3);
  CHECK(s.commands[0].args[0].value == MiB);
  CHECK(s.commands[0].args[1].value == GiB);
  CHECK(s.commands[1].args[0].value == 4096);
  CHECK(s.commands[1].args[1].value == 64 * KiB);
  CHECK(s.commands[2].args[0].value == 0xff);
  CHECK(s.commands[2].args[1].value == 2 * MiB);
  CHECK(s.commands[2].line == 3);
}

TEST_CASE("script: arguments by position and by name") {
  const Script s = parsed("memblock_set_node nid=3 0 1M\n"
                          "memblock_alloc_range_nid 1K 64 0 0 exact=1 nid=-1\n"
                          "memblock_add size=1M base=2M flags=hotplug|nomap\n"
                          "memblock_add 0 1M flags=2 nid=7\n");
  CHECK(s.commands[0] == [] {
    Command c = command(Op::memblock_set_node, {0, MiB, 3});
    c.line = 1;
    return c;
  }());
  CHECK(s.commands[1].args[4].value == field(no_node));
  CHECK(s.commands[1].args[5].value == 1);
  CHECK(s.commands[2].args[0].value == 2 * MiB);
  CHECK(s.commands[2].args[3].value == (MEMBLOCK_HOTPLUG | MEMBLOCK_NOMAP));
  CHECK(!s.commands[2].args[2].given);
  CHECK(s.commands[3].args[3].value == MEMBLOCK_MIRROR);
}

TEST_CASE("script: results get names that later calls use") {
  const Script s =
      parsed("memblock_alloc_try_nid 8K 4K -> a\nmemblock_alloc_try_nid 8K 4K ->b\n"
             "memblock_phys_free a+4K 4K\nmemblock_reserve base=b size=1\nmemblock_alloc_try_nid 1 1 -> a\n");
  CHECK(s.bindings == std::vector<std::string>{"a", "b"});
  CHECK(s.commands[0].bind == 0);
  CHECK(s.commands[1].bind == 1);
  CHECK(s.commands[2].args[0].binding == 0);
  CHECK(s.commands[2].args[0].value == 4 * KiB);
  CHECK(s.commands[3].args[0].binding == 1);
  CHECK(s.commands[4].bind == 0); // the name moves on
}

TEST_CASE("script: comments and blank lines and line ends of any kind") {
  const Script s = parsed("# a title\r\n\r\n   \t\nmemblock_allow_resize# at once\r\n\tmemblock_free_all   # the end");
  REQUIRE(s.commands.size() == 2);
  CHECK(s.commands[0].line == 4);
  CHECK(s.commands[1].line == 5);
}

TEST_CASE("script: the machine line chooses the machine") {
  const Script plain = parsed("memblock_free_all\n");
  CHECK(plain.setup.arch->name == "x86_64");
  CHECK(plain.setup.config.flavour == "-amd64");
  const Script s = parsed("# first\nmachine era=6.1 arch=x86_64 config=cloud-amd64 cmdline=\"movable_node "
                          "mem=\\\"1G\\\"\"\nmemblock_free_all\n");
  CHECK(s.setup.config.flavour == "-cloud-amd64");
  CHECK(s.setup.command_line == "movable_node mem=\"1G\"");
  CHECK(error_of("machine era=6.0") ==
        "1:13: unknown era '6.0', did you mean '6.1'? (there is 2.4.22 2.6.11 2.6.24 4.9 5.10 5.15 6.1 6.5 6.12 7.2)");
  CHECK(error_of("machine arch=x86").starts_with("1:14: unknown architecture 'x86'"));
  // Builds of several eras have one flavour: the era says which, wherever it stands.
  for (const std::string_view line : {"machine era=5.10 config=amd64", "machine config=amd64 era=5.10"}) {
    const Script old = parsed(line);
    CHECK(old.setup.config.era_major == 5);
    CHECK(parsed(to_text(old)).setup.config.sizeof_pgdat == old.setup.config.sizeof_pgdat);
  }
  CHECK(error_of("machine config=amd46").starts_with("1:16: unknown build 'amd46', did you mean 'amd64'?"));
  CHECK(error_of("machine erra=6.1").starts_with("1:9: a machine has no 'erra', did you mean 'era'?"));
  CHECK(error_of("memblock_free_all\nmachine era=6.1") == "2:1: the machine must be chosen before the first call");
}

TEST_CASE("script: where a call came from may stand behind it") {
  const Script s =
      parsed("memblock_reserve 0 1M caller=setup_arch+0x7e0/0xd4f owner=\"low \\\"1\\\" MiB\" phase=memblock\n");
  CHECK(s.commands[0].caller == "setup_arch+0x7e0/0xd4f");
  CHECK(s.commands[0].owner == "low \"1\" MiB");
  CHECK(s.commands[0].phase == Phase::memblock);
  CHECK(error_of("memblock_free_all phase=handof") == "1:25: unknown phase 'handof', did you mean 'handoff'?");
}

TEST_CASE("script: what cannot be read is told with its place") {
  CHECK(error_of("memblock_reserv 0 1M") == "1:1: unknown command 'memblock_reserv', did you mean 'memblock_reserve'?");
  CHECK(error_of("\n  frobnicate") == "2:3: unknown command 'frobnicate'");
  CHECK(error_of("memblock_reserve 0") == "1:1: memblock_reserve needs size");
  CHECK(error_of("memblock_reserve 0 abc") == "1:20: not a number: 'abc'");
  CHECK(error_of("memblock_reserve 0 12Q") == "1:20: not a number: '12Q'");
  CHECK(error_of("memblock_reserve 0 -1") == "1:20: not a number: '-1'");
  CHECK(error_of("memblock_reserve 0 99999999999999999999") == "1:20: a number beyond 64 bits: '99999999999999999999'");
  CHECK(error_of("memblock_reserve 0 1M size=2M") == "1:23: size is given twice");
  CHECK(error_of("memblock_reserve 0 1M 2M") ==
        "1:23: one argument too many for memblock_reserve: '2M' (by name only: flags=)");
  CHECK(error_of("memblock_add 0 1M 0") ==
        "1:19: one argument too many for memblock_add: '0' (by name only: nid=, flags=)");
  CHECK(error_of("memblock_add 0 1M nide=0") == "1:19: memblock_add has no argument 'nide', did you mean 'nid'?");
  CHECK(error_of("memblock_add 0 1M flags=hotplug|miror")
            .starts_with("1:33: unknown flag 'miror', did you mean 'mirror'?"));
  CHECK(error_of("memblock_phys_free p 4K").starts_with("1:20: unknown name 'p'"));
  CHECK(error_of("memblock_alloc_try_nid 1 1 -> area\nmemblock_phys_free aera 1") ==
        "2:20: unknown name 'aera', did you mean 'area'?");
  CHECK(error_of("memblock_alloc_try_nid 1 1 -> a\nmemblock_phys_free a+x 1") == "2:20: not a number: 'x'");
  CHECK(error_of("memblock_alloc_try_nid 1 1 -> a\nmemblock_add a 1") ==
        "2:14: base must be a number, not a result's name");
  CHECK(error_of("memblock_alloc_try_nid 1 1 ->") == "1:28: a name must follow ->");
  CHECK(error_of("memblock_alloc_try_nid 1 1 -> 7up").starts_with("1:31: not a name: '7up'"));
  CHECK(error_of("memblock_alloc_try_nid 1 1 -> a b") == "1:33: nothing may follow the result's name");
  CHECK(error_of("memblock_reserve 0 1M owner=\"x") == "1:23: a quote is not closed");
  CHECK(error_of("memblock_reserve 0 1M owner=\"\\q\"") ==
        "1:30: only \\\" \\\\ \\n \\t and \\xHH may follow a backslash");
  CHECK(error_of(std::string_view("memblock_reserve 0\0 1M", 22)) == "1:19: a control character");
}

TEST_CASE("script: a bad line does not hide the lines after it") {
  const ParsedScript p = parse_script("memblock_add 0 1M\nnonsense\nmemblock_reserve 0\nmemblock_free_all\n");
  REQUIRE(p.errors.size() == 2);
  CHECK(p.errors[0].line == 2);
  CHECK(p.errors[1].line == 3);
  REQUIRE(p.script.commands.size() == 2);
  CHECK(p.places[1].line == 4);
}

TEST_CASE("script: limits hold") {
  ScriptLimits limits;
  limits.commands = 3;
  ParsedScript p = parse_script(
      "memblock_free_all\nmemblock_free_all\nmemblock_free_all\nmemblock_free_all\nmemblock_free_all\n", limits);
  CHECK(p.script.commands.size() == 3);
  REQUIRE(p.errors.size() == 1);
  CHECK(to_text(p.errors[0], "s") == "s:4:1: a script has at most 3 commands: the rest is not read");
  limits = {};
  limits.errors = 2;
  p = parse_script("x\nx\nx\nx\n", limits);
  CHECK(p.errors.size() == 3);
  CHECK(p.errors[2].reason == "too many errors: the rest is not read");
  limits = {};
  limits.line_bytes = 20;
  p = parse_script("memblock_free_all     \nmemblock_free_all\n", limits);
  REQUIRE(p.errors.size() == 1);
  CHECK(to_text(p.errors[0], "s") == "s:1:21: the line is longer than 20 bytes");
  CHECK(p.script.commands.size() == 1);
  limits = {};
  limits.text_bytes = 20;
  p = parse_script("memblock_free_all\nmemblock_free_all\n", limits);
  CHECK(p.script.commands.size() == 1);
  REQUIRE(p.errors.size() == 1);
  CHECK(p.errors[0].line == 2);
}

TEST_CASE("script: one command typed into a running machine") {
  const std::vector<std::string> names{"a", "b"};
  ParsedCommand p = parse_command("  memblock_phys_free b+4K 4K  # back", names);
  REQUIRE(p.command);
  CHECK(p.command->args[0].binding == 1);
  CHECK(p.place.arg_columns[0] == 22);
  p = parse_command("memblock_alloc_try_nid 1 1 -> c", names);
  REQUIRE(p.command);
  CHECK(p.command->bind == 2);
  CHECK(p.bind_name == "c");
  p = parse_command("memblock_phys_free c 4K", names);
  CHECK(!p.command);
  CHECK(to_text(p.error, "s").starts_with("s:1:20: unknown name 'c'"));
  CHECK(parse_command("", names).error.reason == "there is no command");
  CHECK(parse_command("# nothing", names).error.reason == "there is no command");
}

TEST_CASE("script: calls are printed as they are written") {
  const std::vector<std::string> names{"a"};
  Command c = command(Op::memblock_reserve, {0x1000000, 0x3400000}, "setup_arch");
  CHECK(call_text(c) == "memblock_reserve 0x1000000 0x3400000");
  CHECK(to_text(c) == "memblock_reserve 0x1000000 0x3400000 caller=setup_arch");
  c = command(Op::memblock_phys_free, {16, 4096});
  c.args[0].binding = 0;
  CHECK(to_text(c, names) == "memblock_phys_free a+0x10 0x1000");
  c = command(Op::memblock_alloc_try_nid, {64, 64, field(no_node)});
  c.bind = 0;
  CHECK(to_text(c, names) == "memblock_alloc_try_nid 0x40 0x40 nid=-1 -> a");
  CHECK(to_text(c) == "memblock_alloc_try_nid 0x40 0x40 nid=-1 -> result0");
  c = command(Op::memblock_add, {0, 4096, 1, MEMBLOCK_HOTPLUG | MEMBLOCK_MIRROR});
  CHECK(to_text(c) == "memblock_add 0 0x1000 nid=1 flags=hotplug|mirror");
  c = command(Op::memblock_reserve, {0, 1});
  c.args[0].given = false; // cannot be made, but can be shown
  CHECK(to_text(c) == "memblock_reserve size=1");
}

TEST_CASE("script: printing and reading are each other's inverse") {
  Prng r{99};
  const auto word = [&] {
    static constexpr std::string_view letters = "ab_Z09 \"\\#=->\n\t\x01\xc3\xa4.+/";
    std::string s;
    for (u64 n = r.below(9); n > 0; --n) s += letters[r.below(letters.size())];
    return s;
  };
  for (int round = 0; round < 300; ++round) {
    Script s;
    s.setup = default_setup();
    s.setup.config = *all_configs()[r.below(all_configs().size())];
    s.setup.command_line = word();
    s.title = word();
    s.assumed = {word()};
    for (u64 n = r.below(12); n > 0; --n) {
      Command c;
      c.op = static_cast<Op>(r.below(op_count));
      const auto args = op_info(c.op).args;
      for (unsigned i = 0; i < args.size(); ++i) {
        if (!args[i].must && r.below(2) == 0) continue;
        Arg &a = c.args[i];
        a.given = true;
        a.value = r.below(3) == 0 ? r.next() : r.below(4);
        if (args[i].kind == ArgKind::nid && r.below(2) == 0) a.value = field(no_node);
        if (args[i].kind == ArgKind::text) {
          c.text = word();
          a.value = 0;
        }
        if (args[i].kind == ArgKind::value && !s.bindings.empty() && r.below(2) == 0)
          a.binding = static_cast<u32>(r.below(s.bindings.size()));
      }
      if (r.below(3) == 0) c.caller = word();
      if (r.below(3) == 0) c.owner = word();
      if (r.below(3) == 0) c.phase = static_cast<Phase>(r.below(phase_count));
      if (r.below(3) == 0) {
        c.bind = static_cast<u32>(r.below(s.bindings.size() + 1));
        if (c.bind == s.bindings.size()) s.bindings.push_back("n" + std::to_string(c.bind));
      }
      s.commands.push_back(c);
    }
    const std::string text = to_text(s);
    const ParsedScript p = parse_script(text);
    REQUIRE_MESSAGE(p.errors.empty(), text);
    REQUIRE(p.script.bindings == s.bindings);
    REQUIRE(p.script.setup.command_line == s.setup.command_line);
    REQUIRE(p.script.setup.config.flavour == s.setup.config.flavour);
    REQUIRE(p.script.commands.size() == s.commands.size());
    for (std::size_t i = 0; i < s.commands.size(); ++i) {
      Command got = p.script.commands[i];
      got.line = s.commands[i].line;
      REQUIRE_MESSAGE(got == s.commands[i], text);
    }
  }
}

TEST_CASE("script: a preset written down and read again boots the same machine") {
  const Script s = make_script(*find_preset("qemu-1g"));
  const Script again = parsed(to_text(s));
  Machine a(s.setup), b(again.setup);
  for (const Command &c : s.commands) REQUIRE(a.apply(c, nullptr).ok());
  for (const Command &c : again.commands) REQUIRE(b.apply(c, nullptr).ok());
  CHECK(a.digest() == b.digest());
  CHECK(to_text(again).substr(to_text(again).find("machine")) == to_text(s).substr(to_text(s).find("machine")));
}

TEST_CASE("script: the nearest name is offered only when it is near") {
  const std::array<std::string_view, 3> names{"zoneinfo", "zones", "log"};
  CHECK(closest("zonez", names) == "zones");
  CHECK(closest("zoneinf", names) == "zoneinfo");
  CHECK(closest("lgo", names) == "log");
  CHECK(closest("lox", names) == "log");
  CHECK(closest("xyzzy", names) == "");
  CHECK(did_you_mean("zonez", names) == ", did you mean 'zones'?");
}
