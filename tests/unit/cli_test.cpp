// The command line: words in, text and status out. Native only (it reads JSON and gzip).
#include "cli/cli.hpp"
#include "cli/grade.hpp"

#include "base/text.hpp"
#include "io/capture.hpp"
#include "io/script_text.hpp"
#include "lab/presets.hpp"
#include "lesson/receipt.hpp"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

using namespace mmscope;
using nlohmann::json;

namespace {

struct Outcome {
  int status = -1;
  std::string out, err;
};

// Files that exist for one call.
std::map<std::string, std::string> files;

Outcome call(std::initializer_list<std::string_view> words) {
  Outcome o;
  const Io io{.out = [&](std::string_view s) { o.out += s; },
              .err = [&](std::string_view s) { o.err += s; },
              .read = [](const std::string &path, std::string &error) -> std::optional<std::string> {
                if (const auto it = files.find(path); it != files.end()) return it->second;
                if (path.starts_with(MMSCOPE_TEST_DATA)) return read_file(path, error);
                error = "there is no such file";
                return std::nullopt;
              },
              .list =
                  [](const std::string &folder) {
                    std::set<std::string> names;
                    for (const auto &[path, text] : files)
                      if (path.starts_with(folder + '/')) {
                        const std::string below = path.substr(folder.size() + 1);
                        names.insert(below.substr(0, below.find('/')));
                      }
                    return std::vector<std::string>(names.begin(), names.end());
                  }};
  const std::vector<std::string_view> args(words);
  o.status = run(args, io);
  return o;
}
Outcome script(std::string_view text, std::initializer_list<std::string_view> more = {}) {
  files = {{"s.txt", std::string(text)}};
  std::vector<std::string_view> words{"run", "s.txt"};
  words.insert(words.end(), more);
  Outcome o;
  const Io io{
      .out = [&](std::string_view s) { o.out += s; },
      .err = [&](std::string_view s) { o.err += s; },
      .read = [](const std::string &path, std::string &) -> std::optional<std::string> { return files.at(path); }};
  o.status = run(words, io);
  return o;
}

std::vector<std::string> captures() {
  std::vector<std::string> dirs;
  for (const auto &e : std::filesystem::directory_iterator(MMSCOPE_TEST_DATA "/captures"))
    dirs.push_back(e.path().string());
  std::sort(dirs.begin(), dirs.end());
  return dirs;
}
std::optional<std::string> capture_file(const std::string &dir, std::string_view name) {
  std::string error;
  return read_file(concat(dir, '/', name), error);
}
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

} // namespace

TEST_CASE("cli: help, version and what is no command line") {
  CHECK(call({"help"}).status == 0);
  CHECK(call({"help"}).out.find("mmscope verify") != std::string::npos);
  CHECK(call({"boot", "--help"}).out == call({"help"}).out);
  CHECK(call({"--version"}).out.starts_with("mmscope "));
  CHECK(call({}).status == 2);
  CHECK(call({}).err == call({"help"}).out);
  Outcome o = call({"boots"});
  CHECK(o.status == 2);
  CHECK(o.err == "mmscope: unknown verb 'boots', did you mean 'boot'?\nmmscope help says what there is\n");
  CHECK(o.out.empty());
}

TEST_CASE("cli: options that cannot be understood") {
  const auto says = [](std::initializer_list<std::string_view> words, std::string_view why) {
    const Outcome o = call(words);
    CHECK(o.status == 2);
    CHECK(o.out.empty());
    CHECK_MESSAGE(o.err.find(why) != std::string::npos, o.err);
  };
  says({"boot"}, "boot needs --dmesg FILE or --machine NAME");
  says({"boot", "--machine", "qemu-1g", "--dmesg", "x"}, "boot needs --dmesg FILE or --machine NAME");
  says({"boot", "--machine", "qemu-1g", "--untli", "zones"}, "unknown option --untli, did you mean '--until'?");
  says({"boot", "--machine", "qemu-1g", "--until", "zone"}, "there is no phase 'zone', did you mean 'zones'?");
  says({"boot", "--machine", "qemu-1g", "--format", "xml"}, "there is no format 'xml'");
  says({"boot", "--machine", "qemu-1g", "--show", "zonneinfo"},
       "there is no view 'zonneinfo', did you mean 'zoneinfo'?");
  says({"boot", "--machine", "qemu-1g", "--show"}, "--show needs a value");
  says({"boot", "--machine", "qemu-1g", "more"}, "unexpected argument 'more'");
  says({"boot", "--machine", "qemu-2g"}, "there is no machine 'qemu-2g', did you mean 'qemu-1g'?");
  says({"run"}, "run needs one script");
  says({"run", "a", "b"}, "run needs one script");
  says({"run", "a", "--until", "zones"}, "run takes no --until");
  says({"verify"}, "verify needs");
  says({"verify", "x", "--show", "zones"}, "verify takes no --show");
  says({"machines", "x"}, "unexpected argument 'x'");
}

TEST_CASE("cli: machines lists the presets") {
  const Outcome o = call({"machines"});
  CHECK(o.status == 0);
  for (const MachineSpec &m : presets()) CHECK(o.out.find(m.name + " ") != std::string::npos);
}

TEST_CASE("cli: a script runs and shows results and memblock") {
  const Outcome o = script("memblock_add 1M 64K\nmemblock_alloc_try_nid 4K 4K -> a\nmemblock_phys_free a 4K\n");
  CHECK(o.status == 0);
  CHECK(o.err.empty());
  CHECK(o.out.starts_with("1: memblock_add 0x100000 0x10000 = 0\n"
                          "2: memblock_alloc_try_nid 0x1000 0x1000 = 0x10f000\n"
                          "3: memblock_phys_free a 0x1000 = 0\n"
                          "MEMBLOCK configuration:\n"));
  CHECK(script("memblock_free_all\n", {"--show", "memblock"}).out.starts_with("MEMBLOCK configuration:\n"));
  // Views may come before the script, and several of them have headings.
  const Outcome several = call({"run", "--show", "memblock", "digest", "s.txt"});
  CHECK(several.status == 0);
  CHECK(several.out.starts_with("== memblock ==\nMEMBLOCK"));
  CHECK(several.out.find("\n== digest ==\n") != std::string::npos);
}

TEST_CASE("cli: a command that fails stops a text run and nothing before it is lost") {
  Outcome o = script("memblock_add 1M 64K\nmemblock_reserve 1M 4K\n  memblock_trim_memory 3\nmemblock_reserve 0 1\n");
  CHECK(o.status == 1);
  CHECK(o.err == "s.txt:3:24: align must be a power of two, not 3\n");
  CHECK(o.out.find("2: memblock_reserve 0x100000 0x1000 = 0\n") != std::string::npos);
  CHECK(o.out.find("reserved.cnt  = 0x1\n reserved[0x0]\t[0x0000000000100000-") != std::string::npos);
  o = script("memblock_add 1M 64K\nmemblock_free_all\nmemblock_free_all\n");
  CHECK(o.status == 1);
  CHECK(o.err.starts_with("s.txt:3:1: memblock_free_all has run already"));
  o = script("memblock_add 1M 64K\nmemblock_ad 1M 64K\nmemblock_reserve 1M 4K\n", {"--show", "memblock"});
  CHECK(o.status == 1);
  CHECK(o.err == "s.txt:2:1: unknown command 'memblock_ad', did you mean 'memblock_add'?\n");
  CHECK(o.out.find("memory.cnt  = 0x1\n memory[0x0]\t[0x0000000000100000-") != std::string::npos);
  CHECK(o.out.find("reserved size = 0x0000000000000000") != std::string::npos);
}

TEST_CASE("cli: JSON has an entry for each command, wrong ones included") {
  const Outcome o =
      script("machine era=6.1 arch=x86_64\n# comment\nmemblock_add 1M 64K\nnonsense\nmemblock_alloc_try_nid 4K 3\n"
             "memblock_alloc_try_nid 4K 4K -> a\nmemblock_alloc_try_nid 1G 4K\nmemblock_free_all\n",
             {"--format", "json"});
  CHECK(o.status == 1);
  CHECK(o.err == "s.txt:4:1: unknown command 'nonsense'\n");
  const json j = json::parse(o.out);
  CHECK(j["schema"] == 1);
  CHECK(j["kernel"] == "6.1");
  REQUIRE(j["results"].size() == 6);
  CHECK(j["results"][0] == 0);
  CHECK(j["results"][1]["error"] == "unknown command 'nonsense'");
  CHECK(j["results"][2]["error"] == "align must be a power of two, not 3");
  CHECK(j["results"][3] == 0x10f000);
  CHECK(j["results"][4] == 0); // an allocation that fails is a result
  CHECK(j["handed"] == json::parse("[[256,3],[264,2],[268,1],[270,0]]"));
  CHECK(j["allocations"].size() >= 1);
  CHECK(!json::parse(script("memblock_allow_resize\n", {"--format", "json"}).out).contains("handed"));
}

TEST_CASE("cli: events can be asked for") {
  const Outcome text = script("memblock_add 1M 64K\nmemblock_trim_memory 3\n", {"--events"});
  CHECK(text.status == 1);
  CHECK(text.out.starts_with("memblock_add 0x100000 0x10000\n  lab_call name=memblock_add "));
  const json j = json::parse(script("memblock_add 1M 64K\n", {"--events", "--format", "json"}).out);
  REQUIRE(j["events"].size() == 1);
  CHECK(j["events"][0][0]["event"] == "lab_call");
  CHECK(j["events"][0][1]["event"] == "lab_memblock_insert");
  CHECK(j["events"][0][1]["base"] == 0x100000);
}

TEST_CASE("cli: input that cannot be used") {
  files.clear();
  Outcome o = call({"run", "nowhere"});
  CHECK(o.status == 2);
  CHECK(o.err == "mmscope: nowhere: there is no such file\n");
  o = call({"boot", "--dmesg", "nowhere"});
  CHECK(o.status == 2);
  CHECK(o.err == "mmscope: nowhere: there is no such file\n");
  files = {{"log", "hello\nthis is not a kernel log\n"}};
  o = call({"boot", "--dmesg", "log"});
  CHECK(o.status == 2);
  CHECK(o.err.starts_with("log:"));
  CHECK(o.out.empty());
  CHECK(call({"verify", "/nowhere/at/all"}).status == 2);
}

TEST_CASE("cli: presets boot to any phase") {
  for (const MachineSpec &m : presets()) {
    if (m.name == "server-1t") continue; // as the others, only longer in a checked build
    const Outcome o = call({"boot", "--machine", m.name, "--show", "digest"});
    CHECK(o.status == 0);
    CHECK(o.out.size() == 17);
  }
  const auto phase = [](std::string_view until) {
    return json::parse(call({"boot", "--machine", "qemu-1g", "--until", until, "--format", "json"}).out);
  };
  json j = phase("memblock");
  CHECK(j["phase"] == "memblock");
  CHECK(j["zones"].empty());
  CHECK(!j["allocations"].empty());
  j = phase("handoff");
  CHECK(j["phase"] == "handoff");
  CHECK(j["kernel"] == "6.1.0-50-amd64");
  CHECK(j["zones"][1]["managed"] == 48111);
  CHECK(j["allocations"][0]["logged"].is_null());
  CHECK(phase("done")["zones"][1]["managed"] == 240947);
}

TEST_CASE("cli: a boot can be asked at any moment") {
  const Outcome end = call({"query", "tiny-128m", "phase == done", "1 + 1", "node[0].zone[DMA].spanned_pages"});
  CHECK(end.status == 0);
  CHECK(end.out == "phase == done = yes\n1 + 1 = 2\nnode[0].zone[DMA].spanned_pages = 4\u00a0095\u00a0pages (4095)\n");
  CHECK(call({"query", "tiny-128m", "--at", "0", "call.name"}).out == "call.name = nothing\n");
  CHECK(call({"query", "tiny-128m", "call.events", "call.n", "--at=3:1"}).out == "call.events = 1\ncall.n = 3\n");
  const Outcome wrong = call({"query", "tiny-128m", "1 +", "2"});
  CHECK(wrong.status == 2);
  CHECK(wrong.err == "1 +:1:4: a value is missing\n");
  CHECK(wrong.out == "2 = 2\n");
  files = {{"s.txt", "memblock_add 0 1G\nmemblock_reserve 0x1000000 52M\n"}, {"bad.txt", "memblock_add\n"}};
  CHECK(call({"query", "s.txt", "memblock.reserved.regions[0].end"}).out ==
        "memblock.reserved.regions[0].end = 0x4400000 (71303168)\n");
  CHECK(call({"query", "s.txt", "--at", "1", "memblock.reserved.total_size"}).out ==
        "memblock.reserved.total_size = 0 B (0)\n");
  CHECK(call({"query", "bad.txt", "1"}).status == 2);
  CHECK(call({"query", "tiny-128k", "1"}).err.find("did you mean 'tiny-128m'?") != std::string::npos);
  CHECK(call({"query", "tiny-128m"}).status == 2);
  CHECK(call({"query", "tiny-128m", "1", "--at", "x"}).status == 2);
  CHECK(call({"boot", "--machine", "tiny-128m", "--at", "3"}).status == 2);
}

TEST_CASE("cli: a thing is inspected") {
  const Outcome o = call({"inspect", "tiny-128m", "section[0]"});
  CHECK(o.status == 0);
  CHECK(o.out.starts_with("section 0  section[0]\n  bytes 0x0–0x7ffffff\n  present = yes\n"));
  CHECK(o.out.find("    3 section_mem_map.is_early SECTION_IS_EARLY\n") != std::string::npos);
  CHECK(call({"inspect", "tiny-128m", "nod[0]"}).err == "nod[0]: not a thing, did you mean 'node'? (column 1)\n");
  CHECK(call({"inspect", "tiny-128m", "node[5]"}).status == 2);
}

TEST_CASE("cli: a machine can be described in JSON") {
  const auto boot = [](std::string_view text, std::string_view until = "done") {
    files = {{"m.json", std::string(text)}};
    return call({"boot", "--machine", "m.json", "--until", until, "--show", "zones"});
  };
  CHECK(boot(R"({"like":"qemu-1g"})").out == call({"boot", "--machine", "qemu-1g", "--show", "zones"}).out);
  const Outcome less = boot(R"({"like":"qemu-1g","command_line":"nokaslr memblock=debug mem=512M"})");
  CHECK(less.status == 0);
  CHECK(less.out.find("zone    DMA32  start_pfn 4096  spanned 126976  ") != std::string::npos);
  const auto refused = [&](std::string_view text, std::string_view why) {
    const Outcome o = boot(text);
    CHECK(o.status == 2);
    CHECK(o.out.empty());
    CHECK_MESSAGE(o.err.find(why) != std::string::npos, o.err);
  };
  refused("{\n  \"cpus\": 1,,\n}", "m.json:2:13: this is not JSON from here on");
  refused("", "m.json:1:1: this is not JSON from here on");
  refused("[]", "the machine: not an object");
  refused(R"({"e820":[[0,"1M","usable"]]})", "m.json: ");
  refused(R"({"like":"qemu-1h"})", "there is no preset 'qemu-1h', did you mean 'qemu-1g'?");
  refused(R"({"cpu":1})", "the machine.cpu: there is no such field, did you mean 'cpus'?");
  refused(R"({"like":"qemu-1g","cpus":-1})", "the machine.cpus: not a number");
  refused(R"({"like":"qemu-1g","e820":[[0,"64K"]]})", "the machine.e820[0]: not [base, size, type]");
  refused(R"({"like":"qemu-1g","e820":[[0,"64K","usable "]]})", "no such type");
  refused(R"({"like":"qemu-1g","node_memory":[{"nid":0,"bse":0}]})",
          "the machine.node_memory[0].bse: there is no such field, did you mean 'base'?");
}

TEST_CASE("cli: a real log boots and its allocations meet the logged addresses") {
  const std::string log = MMSCOPE_TEST_DATA "/captures/x64-6.1-1G/dmesg";
  const Outcome o = call({"boot", "--dmesg", log, "--format", "json"});
  CHECK(o.status == 0);
  const json j = json::parse(o.out);
  CHECK(j["phase"] == "done");
  u64 logged = 0;
  for (const json &a : j["allocations"]) {
    if (a["logged"].is_null()) continue;
    ++logged;
    CHECK(a["addr"] == a["logged"]);
  }
  CHECK(logged > 40);
  CHECK(call({"verify", MMSCOPE_TEST_DATA "/captures/x64-6.1-1G"}).status == 0);
}

TEST_CASE("cli: trace plays a recorded run and tells every PFN that it predicted") {
  const std::string run = MMSCOPE_TEST_DATA "/traces/a_tiny";
  const Outcome text = call({"trace", run});
  CHECK(text.status == 0);
  CHECK(text.out.find("223 of 223 requests answered as the kernel did") != std::string::npos);
  const Outcome o = call({"trace", run, "--format", "json"});
  CHECK(o.status == 0);
  const json j = json::parse(o.out, nullptr, false);
  REQUIRE(j.is_object());
  CHECK(j["schema"] == 1);
  CHECK(j["pfns"].size() == 223);
  CHECK(j["pfns"][0].is_number_unsigned());
  CHECK(j["differences"].empty());
  u64 free = 0;
  for (const json &l : j["free_lists"]) free += l["pfns"].size() << l["order"].get<u64>();
  CHECK(free > 10000);
  REQUIRE(j["pcp"].size() >= 2);
  CHECK(j["pcp"][1]["lists"].size() == 14);
  CHECK(call({"trace", MMSCOPE_TEST_DATA "/captures/x64-6.1-1G"}).status == 2); // no run
  CHECK(call({"trace"}).status == 2);
}

TEST_CASE("cli: the example scripts of the allocators before memblock run") {
  const std::string sixteen = MMSCOPE_TEST_DATA "/scripts/sixteen-pages.txt";
  const Outcome text = call({"run", sixteen, "--show", "pairs"});
  CHECK(text.status == 0);
  CHECK(text.out == "zone 0: pages 0-15, 9 free, the upper half is given out\n"
                    "order 0  list 5  pairs 0 0 1 0 0 0 0 0\n"
                    "order 1  list -  pairs 0 0 0 0\n"
                    "order 2  list -  pairs 0 0\n"
                    "order 3  list 8  pairs 1\n"
                    "order 4  list -  no map\n");
  const Outcome events = call({"run", sixteen, "--events"});
  CHECK(events.out.find("lab_pair_toggle zone=0 order=1 pair=3 value=1\n") != std::string::npos);
  const json j = json::parse(call({"run", sixteen, "--format", "json"}).out, nullptr, false);
  CHECK(j["pair_zones"][0]["orders"][3]["list"] == json({8}));
  CHECK(j["results"][6] == 14);
  const Outcome bits = call({"run", MMSCOPE_TEST_DATA "/scripts/bootmem-64M.txt", "--show", "bootmem", "pairs"});
  CHECK(bits.status == 0);
  CHECK(bits.out.find("== pairs ==\nzone 0: pages 0-4095, 3325 free,") != std::string::npos);
}

TEST_CASE("cli: verify ends with 1 when a fact differs") {
  const std::filesystem::path dir = std::filesystem::temp_directory_path() / "mmscope_cli_test_capture";
  std::filesystem::create_directories(dir);
  std::string log = *capture_file(MMSCOPE_TEST_DATA "/captures/x64-6.1-1G", "dmesg");
  const std::string_view fact = "zone DMA: 1 pages in unavailable";
  REQUIRE(log.find(fact) != std::string::npos);
  log.replace(log.find(fact) + 10, 1, "2");
  std::ofstream(dir / "dmesg") << log;
  const Outcome o = call({"verify", MMSCOPE_TEST_DATA "/captures/x64-6.1-1G", dir.string()});
  std::filesystem::remove_all(dir);
  CHECK(o.status == 1);
  CHECK(o.out.find("F2 differs") != std::string::npos);
}

TEST_CASE("cli: zoneinfo of every recorded boot differs from the kernel's in counters only") {
  for (const std::string &dir : captures()) {
    const auto theirs = capture_file(dir, "zoneinfo");
    if (!theirs || !capture_file(dir, "dmesg")) continue;
    const Outcome o = call({"boot", "--dmesg", dir + "/dmesg", "--show", "zoneinfo"});
    REQUIRE_MESSAGE(o.status == 0, dir, o.err);
    // Free pages are what the running system left of them.
    const auto kept = [](std::string_view text) {
      std::vector<std::string> lines;
      for (const std::string &l : lines_of(text))
        if (l.starts_with("Node ") || l.starts_with("        ") || l.starts_with("  start_pfn:"))
          if (!l.starts_with("              ")) lines.push_back(l); // page sets
      return lines;
    };
    CHECK_MESSAGE(kept(o.out) == kept(*theirs), dir);
    // And no line of ours is unknown to the kernel's format.
    for (const std::string &l : lines_of(o.out)) {
      const std::string_view head = std::string_view(l).substr(0, 17);
      CHECK_MESSAGE(theirs->find(head) != std::string::npos, dir, ": ", l);
    }
  }
}

TEST_CASE("cli: free lists at the handoff are the kernel's, line by line") {
  u64 compared = 0;
  for (const std::string &dir : captures()) {
    const auto theirs = capture_file(dir, "freeze_B_buddy");
    if (!theirs) continue;
    const Outcome o = call({"boot", "--dmesg", dir + "/dmesg", "--until", "handoff", "--show", "free-lists"});
    REQUIRE_MESSAGE(o.status == 0, dir, o.err);
    const auto orders = [](std::string_view text) {
      std::vector<std::string> lines;
      for (const std::string &l : lines_of(text))
        if (l.starts_with("  order ")) lines.push_back(l);
      return lines;
    };
    CHECK_MESSAGE(orders(o.out) == orders(*theirs), dir);
    ++compared;
  }
  CHECK(compared > 3);
}

TEST_CASE("cli: lessons are checked and what is wrong has its place") {
  CHECK(call({"lessons"}).status == 2);
  CHECK(call({"lessons", "check"}).err.find("there are no lessons") != std::string::npos);
  Outcome o = call({"lessons", "check", "nowhere"});
  CHECK(o.status == 2);
  CHECK(o.err.find("nowhere/lesson.json: there is no such file") != std::string::npos);
  const std::string head = R"({"format": 1, "id": "l", "title": "title", "start": {"before": "memblock_add"},
 "steps": [{"id": "s", "prose": "p", "function": "f", "file": "m.c"}], "machine": )";
  files = {{"l/lesson.json", "{\n  \"format\": 2}"}};
  o = call({"lessons", "check", "l"});
  CHECK(o.status == 1);
  CHECK(o.err == "l/lesson.json:1:1: \"format\" must be 1\n");
  files = {{"l/lesson.json", head + R"({"preset": "no-such"}})"}};
  CHECK(call({"lessons", "check", "l"}).err == "l/lesson.json:2:94: machine.preset: there is no preset 'no-such'\n");
  files = {{"l/lesson.json", head + R"({"script": "memblock_add 0 1M"}})"}, {"l/en.md", "# L\n\n## p\nSee {x}.\n"}};
  o = call({"lessons", "check", "l"});
  CHECK(o.status == 1);
  CHECK(o.err == "l/en.md:4:1: p: there is no value {x} for steps[0].prose\n");
  CHECK(o.out.find("FAILED l: 1 steps") == 0);
  files["l/en.md"] = "# L\n\n## p\nSee.\n";
  o = call({"lessons", "check", "l"});
  CHECK(o.status == 0);
  CHECK(o.out.find("ok     l: 1 steps") == 0);
  // Without a folder: those of web/lessons, and what else lies there is none.
  files = {{"web/lessons/01-l/lesson.json", files["l/lesson.json"]},
           {"web/lessons/01-l/en.md", files["l/en.md"]},
           {"web/lessons/lesson.schema.json", "{}"}};
  o = call({"lessons", "check"});
  CHECK(o.err.empty());
  CHECK(o.status == 0);
  // A log of the page, also for a lesson that does not lie beside it.
  std::string text = files["web/lessons/01-l/lesson.json"];
  text.replace(text.find("{\"script\""), std::string::npos, "{\"capture\": \"c\"}}");
  files["elsewhere/l/lesson.json"] = text;
  files["elsewhere/l/en.md"] = files["web/lessons/01-l/en.md"];
  CHECK(call({"lessons", "check", "elsewhere/l"}).err.find("web/page/assets/captures/c.gz: ") != std::string::npos);
  files["web/page/assets/captures/c.gz"] = "[    0.000000] Linux version 6.1.0\n";
  CHECK(call({"lessons", "check", "elsewhere/l"}).err.find("there is no such file") == std::string::npos);
}

TEST_CASE("cli: the answer key of a lesson is what its own questions take for right") {
  files = {{"l/lesson.json", R"({"format": 1, "id": "l", "title": "title", "machine": {"script": "memblock_add 0 64M"},
  "start": {"after": "memblock_add"},
  "steps": [{"id": "s", "prose": "p", "function": "f", "file": "m.c", "prediction": {
    "kind": "number", "unit": "bytes", "ask": "p",
    "variants": [{"n": "1M"}, {"n": "2M"}, {"n": "3M"}, {"n": "4M"}],
    "answer": "memblock.memory.total_size - $n", "otherwise": {"why": "p"}, "right": "p",
    "hints": [{"level": "nudge", "text": "p"}],
    "try": [{"says": "{$answer}", "right": true}, {"says": "{$n}", "why": "p"}]}}],
  "exercise": {"prose": "p", "function": "f", "file": "m.c", "at": {"after": "memblock_add"}, "given": {"size": "1M"},
    "goals": [{"id": "g", "text": "p", "holds": "memblock.reserved.total_size == $size"}],
    "wrong": [{"when": "memblock.reserved.total_size > $size", "why": "p"}], "finished": "true", "otherwise": {"why": "p"}, "hints": [{"level": "nudge", "text": "p"}],
    "solution": ["memblock_reserve 0 {$size}"],
    "alternatives": [["memblock_reserve 4K {$size}"], ["memblock_reserve 8K {$size}"]],
    "wrong_ways": [{"calls": ["memblock_reserve 0 4K"], "why": "p"}, {"calls": ["memblock_reserve 0 8K"], "why": "p"},
                   {"calls": ["memblock_reserve 0 2M"], "why": "p"}]}})"}};
  std::set<std::string> answers;
  for (const std::string_view seed : {"1", "2", "3", "4", "5", "6", "7", "8"}) {
    const Outcome o = call({"lessons", "key", "l", "--seed", seed});
    INFO(o.err);
    REQUIRE(o.status == 0);
    const json key = json::parse(o.out);
    CHECK(key["machine"]["script"] == "memblock_add 0 64M");
    const json &step = key["steps"][0];
    CHECK(step["tries"][0]["right"] == true);
    CHECK(step["tries"][1]["why"] == "p");
    CHECK(key["exercise"]["solution"][0] == "memblock_reserve 0 1048576");
    CHECK(key["exercise"]["wrong_ways"].size() == 3);
    answers.insert(step["answer"].get<std::string>());
  }
  CHECK(answers.size() > 1);
  for (const std::string &answer : answers) CHECK(answer.ends_with(" MiB"));
  CHECK(call({"lessons", "key", "l", "--seed", "many"}).status == 2);
  CHECK(call({"lessons", "key"}).status == 2);
  CHECK(call({"lessons", "key", "elsewhere"}).status == 2);
}

TEST_CASE("cli: an autopsy of a report, as text and as JSON") {
  CHECK(call({"autopsy"}).status == 2);
  CHECK(call({"autopsy", "a", "b"}).err.find("autopsy needs one file with a report") != std::string::npos);
  CHECK(call({"autopsy", "gone"}).err == "mmscope: gone: there is no such file\n");
  CHECK(call({"autopsy", "x", "--events"}).err.find("autopsy takes no --events") != std::string::npos);
  files = {{"no.txt", "one\ntwo\n"}, {"-", "x\napp: page allocation failure: order:x, mode:0xcc0(GFP_KERNEL)\n"}};
  Outcome o = call({"autopsy", "no.txt"});
  CHECK(o.status == 2);
  CHECK(o.out.empty());
  CHECK(o.err == "no.txt:1:1: there is no line with \"page allocation failure\" or \"invoked oom-killer\"\n");
  o = call({"autopsy", "-"});
  CHECK(o.status == 2);
  CHECK(o.err == "<stdin>:2:37: 'x' is not a number\n");

  o = call({"autopsy", MMSCOPE_TEST_DATA "/autopsy/this_node.txt"});
  CHECK(o.status == 0);
  CHECK(o.err.empty());
  CHECK(o.out.find("\n__GFP_THISNODE keeps the request on node 0, which has too little, while node 1 Normal on another "
                   "node would give the pages.\n") != std::string::npos);
  CHECK(o.out.find("\n  295 more free pages in node 0 DMA32\n") != std::string::npos);
  o = call({"autopsy", MMSCOPE_TEST_DATA "/autopsy/this_node.txt", "--format", "json"});
  CHECK(o.status == 0);
  const json a = json::parse(o.out);
  CHECK(a["kind"] == "page allocation failure");
  CHECK(a["cause"]["id"] == "cause.this_node");
  CHECK(a["cause"]["values"]["node"] == 0);
  CHECK(a["order"] == 0);
  CHECK(a["gfp"] == "GFP_ATOMIC|__GFP_THISNODE");
  const json &zones = a["attempts"][a["deciding"].get<std::size_t>()]["zones"];
  CHECK(zones.size() == 4);
  CHECK(zones[0]["label"] == "node 0 DMA32");
  CHECK(zones[0]["needed"].get<int>() - zones[0]["usable"].get<int>() == 295);
  CHECK(zones[3]["needed"].is_null());
}

TEST_CASE("cli: receipts become a gradebook") {
  const std::string boot = "memblock_add 0 64M\nmemblock_reserve 0 1M";
  const std::string lesson = R"({"format": 1, "id": "l", "title": "title", "start": {"after": "memblock_add"},
 "steps": [{"id": "s", "prose": "p", "function": "f", "file": "m.c", "prediction": {"kind": "number", "unit": "bytes",
 "ask": "a", "answer": {"at": {"after": "memblock_reserve"}, "value": "memblock.reserved.total_size"},
 "otherwise": {"why": "w"}, "right": "r", "hints": [{"level": "nudge", "text": "h"}],
 "try": [{"says": "1M", "right": true}, {"says": "2M", "why": "w"}]}}],
 "machine": [{"script": "memblock_add 0 64M\nmemblock_reserve 0 1M"}, {"script": "memblock_add 0 64M\nmemblock_reserve 0 2M"}]})";
  const ParsedLesson parsed = parse_lesson(lesson);
  REQUIRE(parsed.lesson);
  // Both machines are picked by some seed; the same answer is right on one of them.
  const auto receipt = [&](u64 seed, std::string_view name, bool right) {
    std::string script(boot);
    if (machine_of(*parsed.lesson, seed) == 1) script.replace(script.size() - 2, 1, "2");
    Lab lab(parse_script(script).script);
    lab.prepare(~u64{0});
    LessonRun run(*parsed.lesson, lab, seed, Mode::exam);
    REQUIRE(run.enter(0));
    run.answer((machine_of(*parsed.lesson, seed) == 1) == right ? "2M" : "1M");
    REQUIRE(run.finish());
    std::string out;
    JsonWriter w(out);
    write_receipt(w, *receipt_of(run, lesson, name));
    return out;
  };
  u64 seeds[2] = {};
  for (u64 seed = 1; seeds[0] == 0 || seeds[1] == 0; ++seed) seeds[machine_of(*parsed.lesson, seed)] = seed;

  CHECK(call({"grade"}).status == 2);
  files = {{"a.json", receipt(seeds[0], "Ann", true)}};
  Outcome o = call({"grade", "--lessons", "nowhere", "a.json"});
  CHECK(o.status == 2);
  CHECK(o.err == "mmscope: there are no lessons in nowhere\n");

  files = {{"web/lessons/01-l/lesson.json", lesson},
           {"web/lessons/notes.txt", "x"},
           {"a.json", receipt(seeds[0], "Ann", true)},
           {"b.json", receipt(seeds[1], "=cmd|' /C calc'!A0", false)}};
  o = call({"grade", "a.json", "b.json"});
  CHECK(o.err == "");
  CHECK(o.status == 0);
  CHECK(o.out == concat("receipt,name,lesson,seed,mode,points,of,percent,status,reason\n", "a.json,Ann,l,", seeds[0],
                        ",exam,1,1,100,accepted,\n", "b.json,'=cmd|' /C calc'!A0,l,", seeds[1],
                        ",exam,0,1,0,accepted,\n"));

  std::string forged = files["b.json"];
  forged.replace(forged.find("\"points\":0"), 10, "\"points\":1");
  files["c.json"] = concat("[", files["a.json"], ",", forged, ",\n{}]");
  o = call({"grade", "--lessons=web/lessons", "c.json"});
  CHECK(o.status == 1);
  CHECK(o.out.find("c.json[0],Ann,l,") != std::string::npos);
  CHECK(o.out.find(",refused,\"it says 1 of 1 points, its inputs give 0 of 1\"\n") != std::string::npos);
  CHECK(o.out.find("c.json[2],,,,,,,,refused,not a receipt:2:1: [2]: \"\"mmscope\"\" is missing") == std::string::npos);
  CHECK(o.out.find("c.json[2],,,,,,,,refused,\"not a receipt:2:1: [2]: \"\"mmscope\"\" is missing\"\n") !=
        std::string::npos);
  files["d.json"] = "no";
  o = call({"grade", "d.json", "gone.json", "a.json"});
  CHECK(o.status == 2);
  CHECK(o.out.find("d.json,,,,,,,,refused,") != std::string::npos);
  CHECK(o.out.find("a.json,Ann,l,") != std::string::npos);
  CHECK(o.err == "mmscope: gone.json: there is no such file\n");
  std::string other = files["a.json"];
  other.replace(other.find("\"lesson\":\"l\""), 12, "\"lesson\":\"x\"");
  files["e.json"] = other;
  CHECK(call({"grade", "e.json"}).out.find("there is no lesson 'x'") != std::string::npos);

  CHECK(csv_field("a,b") == "\"a,b\"");
  CHECK(csv_field("say \"x\"") == "\"say \"\"x\"\"\"");
  for (const char c : std::string_view("=+-@")) CHECK(csv_field(concat(c, "1")) == concat("'", c, "1"));
  CHECK(csv_field("a=1") == "a=1");
}
