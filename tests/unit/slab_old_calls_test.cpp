// The commands of SLAB and SLOB, as scripts, on pair zones and on a machine's own page allocator.
#include "lab/slab_old_calls.hpp"

#include "base/text.hpp"
#include "io/json.hpp"
#include "io/script_text.hpp"
#include "io/views.hpp"
#include "lab/machine.hpp"
#include "lab/presets.hpp"
#include "mm/old_slabs.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

using namespace mmscope;

namespace {

constexpr std::string_view zones = "pair_buddy_init 4096 10\nfree_pages_ok 512 9\nfree_pages_ok 1024 9\n";

std::string view(View v, const Machine &m) {
  std::string s;
  append_view(s, v, m);
  return s;
}

struct Played {
  explicit Played(const Script &s) : machine(s.setup) {
    for (const Command &c : s.commands) next(c);
  }
  explicit Played(std::string_view text) : Played(parsed(text)) {}
  static Script parsed(std::string_view text) {
    const ParsedScript p = parse_script(std::string(text));
    REQUIRE_MESSAGE(p.errors.empty(), text);
    return p.script;
  }
  // The events of the call are the whole of it.
  void next(const Command &c) {
    const bool look = machine.system().old_slabs || op_info(c.op).name.starts_with("sl");
    std::optional<System> folded;
    if (look) folded = machine.system();
    CallRecord r = play(machine, c, texts);
    REQUIRE_MESSAGE(r.result.ok(), r.result.error);
    results.push_back(r.result.value);
    if (!look) return;
    for (const Event &e : r.events) fold(*folded, e, texts);
    CHECK(folded->digest() == machine.system().digest());
    CHECK(machine.system().verify() == "");
  }
  Machine machine;
  Trace texts;
  std::vector<u64> results;
};

// Why a line cannot be played after those before it; nothing changes then.
std::string refusal(std::string_view before, std::string_view line) {
  const Script s = Played::parsed(concat(before, '\n', line, '\n'));
  Machine m(s.setup);
  Result r;
  u64 digest = 0;
  for (const Command &c : s.commands) {
    REQUIRE_MESSAGE(r.ok(), r.error);
    digest = m.digest();
    r = m.apply(c, nullptr);
  }
  CHECK(m.digest() == digest);
  return r.error;
}

} // namespace

TEST_CASE("slab_old calls: the example of 2.4") {
  std::ifstream in(MMSCOPE_TEST_DATA "/scripts/slab-2.4.txt", std::ios::binary);
  REQUIRE(in.good());
  const Played p(std::string(std::istreambuf_iterator<char>(in), {}));
  const std::string info = view(View::slabinfo, p.machine);
  CHECK(info.starts_with("slabinfo - version: 1.1 (SMP)\nkmem_cache "));
  CHECK(info.find("\nthree                  0      0   1304    0    0    1 :   60   30\nsize-131072 ") !=
        std::string::npos);
  CHECK(info.find("\nsize-8192              0      0   8192    0    0    2 :    0    0\n") != std::string::npos);
  // What CPU 1 gave back came out first.
  CHECK(p.results[11] == p.results[7]);
}

TEST_CASE("slab_old calls: a copy of a machine has slabs of its own") {
  Played p(concat(zones, "slab_init rules=2.6.24\nslab_create c 100 -> c\nslab_alloc c -> a\n"));
  const System before = p.machine.system();
  const u64 digest = before.digest();
  p.next(Played::parsed("slab_kmalloc 100 -> b").commands[0]);
  CHECK(p.machine.system().digest() != digest);
  CHECK(before.digest() == digest);
}

TEST_CASE("slab_old calls: on a machine's own pages, beside SLUB") {
  const MachineSpec *preset = find_preset("qemu-1g");
  REQUIRE(preset != nullptr);
  Script s = make_script(*preset);
  const Script more =
      Played::parsed("slab_init rules=5.15 cpus=2 -> n\nslab_init_late\nslab_create c 2000 -> c\n"
                     "slab_alloc c -> a\nslab_alloc c cpu=1 -> b\nslab_free c a\nslab_kmalloc 5000 -> k\n"
                     "slab_kfree k\nslab_reap\nslab_shrink c\nslob_init\nslob_kmalloc 100 -> p\n"
                     "slob_kmalloc 9000 -> q\nslob_kfree q\nslob_kfree p\nslob_alloc 40 align=8 -> r\n"
                     "slob_free r 40\n");
  u32 slots = 0;
  for (const Command &c : s.commands)
    if (c.bind != no_binding) slots = std::max(slots, c.bind + 1);
  for (Command c : more.commands) {
    if (c.bind != no_binding) c.bind += slots;
    for (Arg &a : c.args)
      if (a.binding != no_binding) a.binding += slots;
    s.commands.push_back(c);
  }
  const Played p(s);
  const std::string info = view(View::slabinfo, p.machine);
  CHECK(info.starts_with("slabinfo - version: 2.1\n# name"));
  CHECK(info.find("\nkmalloc-32 ") != std::string::npos);
  CHECK(info.find(" : tunables  120   60    8 : slabdata ") != std::string::npos);
  CHECK(view(View::slob, p.machine) == "slob: 0 pages, 0 of them full\nsmall   -\nmedium  -\nlarge   -\n");
}

TEST_CASE("slab_old calls: the eras that boot with it") {
  for (const auto &[machine, first] :
       {std::pair{"pc-256m-2.4.22", "slabinfo - version: 1.1\nkmem_cache "},
        std::pair{"pc-256m-2.6.24", "slabinfo - version: 2.1\n"}, std::pair{"pc-256m-4.9", "slabinfo - version: 2.1\n"},
        std::pair{"pc-256m-5.15", "slabinfo - version: 2.1\n"}}) {
    const std::string name = machine;
    CAPTURE(name);
    const MachineSpec *preset = find_preset(name);
    REQUIRE(preset != nullptr);
    Script s = make_script(*preset);
    const Script more = Played::parsed("slab_init\nslab_kmalloc 5000\nslab_kmalloc 100 gfp=GFP_KERNEL|__GFP_DMA\n");
    s.commands.insert(s.commands.end(), more.commands.begin(), more.commands.end());
    const Played p(s);
    CHECK(p.results.back() != 0);
    CHECK(p.results.back() < 16 << 20); // zone DMA
    CHECK(view(View::slabinfo, p.machine).starts_with(first));
  }
}

TEST_CASE("slab_old calls: SLOB on pair zones") {
  const Played p(concat(zones, "slob_init\nslob_kmalloc 100 -> a\nslob_alloc 300 -> b\nslob_kmalloc 64 -> c\n"
                               "slob_kfree a\nslob_kmalloc 8192 -> d\n"));
  CHECK(view(View::slob, p.machine) == "slob: 2 pages, 0 of them full\n"
                                       "small   0x5ff: 2012 units free: 0+60 [60 96] 96+1952 [1952 2048]\n"
                                       "medium  0x5fe: 1898 units free: 150+1898 [1898 2048]\n"
                                       "large   -\n"
                                       "pages   0x5fc: order 1\n");
  std::string json;
  JsonWriter w(json);
  write_json(w, {.machine = p.machine, .kernel = {}});
  CHECK(json.find("\"slob\":{\"unit\":2,\"pages\":[") != std::string::npos);
}

TEST_CASE("slab_old calls: what cannot be done is said") {
  CHECK(refusal("", "slab_init rules=2.4.22").starts_with("there are no pages to stand on yet"));
  CHECK(refusal("", "slob_init").starts_with("there are no pages to stand on yet"));
  CHECK(refusal(zones, "slab_init rules=2.5") == "there are no such rules: 2.4.22, 2.6.24, 4.9, 5.15");
  CHECK(refusal(zones, "slab_init") == "this era has no SLAB that is known; rules: 2.4.22, 2.6.24, 4.9, 5.15"); // 6.1
  CHECK(refusal(zones, "slab_init rules=2.4.22 cpus=65") == "there are 64 CPUs at most here");
  CHECK(refusal(zones, "slab_init rules=2.4.22 cache_line=48").starts_with("a cache line is a power of two"));
  CHECK(refusal(zones, "slab_alloc 1") == "SLAB does not run: slab_init starts it");
  CHECK(refusal(zones, "slob_alloc 1") == "SLOB does not run: slob_init starts it");
  const std::string slab = concat(zones, "slab_init rules=2.4.22 cpus=2\nslab_create c 100 -> c\nslab_alloc c -> a\n");
  CHECK(refusal(slab, "slab_init rules=2.4.22") == "slab_init has run already");
  CHECK(refusal(slab, "slab_alloc 99") == "there is no cache 99");
  CHECK(refusal(slab, "slab_alloc c cpu=2") == "SLAB has 2 CPUs, from 0");
  CHECK(refusal(slab, "slab_create c 100") == "there is a cache of this name: c");
  CHECK(refusal(slab, "slab_create d 0").starts_with("size goes from 1 byte"));
  CHECK(refusal(slab, "slab_free c a+4").starts_with("this is not where an object of c begins"));
  CHECK(refusal(concat(slab, "slab_free c a\n"), "slab_free c a").starts_with("double free"));
  CHECK(refusal(slab, "slab_destroy c").starts_with("kmem_cache_destroy: Can't free all objects: 1 of c"));
  CHECK(refusal(slab, "slab_kmalloc 200000") == "no general cache has objects of 200000 bytes");
  const std::string slob = concat(zones, "slob_init\nslob_alloc 100 -> a\n");
  CHECK(refusal(slob, "slob_free a 50").starts_with("the object has 100 bytes, not 50"));
  CHECK(refusal(slob, "slob_alloc 5000").starts_with("size goes from 1 byte to less than a page here"));
  CHECK(refusal(slob, "slob_kfree a").starts_with("kmalloc has not given this"));
}
