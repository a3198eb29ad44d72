// Real boots are the judge: every recorded boot in tests/data/captures, fact by fact.
#include "io/verify.hpp"

#include "base/prng.hpp"
#include "base/text.hpp"
#include "io/capture.hpp"
#include "io/dmesg.hpp"
#include "io/verify_slab.hpp"
#include "io/verify_slab_old.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <set>

using namespace mmscope;

namespace {

std::vector<std::string> captures() {
  std::vector<std::string> dirs;
  for (const auto &entry : std::filesystem::directory_iterator(MMSCOPE_TEST_DATA "/captures"))
    dirs.push_back(entry.path().string());
  std::sort(dirs.begin(), dirs.end());
  return dirs;
}
std::string log_of(const std::string &dir) {
  std::string error;
  auto text = read_file(dir + "/dmesg", error);
  REQUIRE_MESSAGE(text.has_value(), error);
  return std::move(*text);
}
CaptureFile files_of(const std::string &dir) {
  return [dir](std::string_view name) {
    std::string error;
    return read_file(concat(dir, "/", name), error);
  };
}
std::string text_of(const VerifyReport &r) {
  std::string s;
  append_report(s, r);
  return s;
}
std::string differing(const VerifyReport &r) {
  std::string s;
  for (const FactRow &f : r.rows)
    if (f.status == FactStatus::differs) append(s, s.empty() ? "" : " ", f.fact);
  return s;
}
bool has_debug(const std::string &log) { return log.find("memblock_reserve: ") != std::string::npos; }

// The n-th line that holds all of these words: its start and end in the text.
std::pair<std::size_t, std::size_t> find_line(const std::string &text, std::initializer_list<std::string_view> words,
                                              std::size_t n = 0) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = std::string_view(text).substr(at, end - at);
    if (std::all_of(words.begin(), words.end(),
                    [&](std::string_view w) { return line.find(w) != std::string_view::npos; }) &&
        n-- == 0)
      return {at, end};
    at = end + 1;
  }
  return {std::string::npos, 0};
}

// Changes the number that follows `before` in a line: its last digit becomes another one.
void change_number(std::string &text, std::pair<std::size_t, std::size_t> line, std::string_view before) {
  std::size_t at = text.find(before, line.first);
  REQUIRE(at < line.second);
  at += before.size();
  const std::size_t begin = at;
  while (at < line.second && std::isxdigit(static_cast<unsigned char>(text[at])) != 0) ++at;
  REQUIRE(at > begin);
  // A page, a digit or a node: whichever digit it is, another value of the same length. The fourth of an address
  // keeps it aligned.
  const std::size_t digit = at - begin > 8 ? at - 4 : at - 1;
  text[digit] = text[digit] == '7' ? '6' : '7';
}

} // namespace

TEST_CASE("fidelity: every fact of every recorded boot is equal") {
  std::size_t facts = 0;
  std::set<std::string> seen;
  for (const std::string &dir : captures()) {
    const VerifyReport r = verify_capture(dir);
    CAPTURE(text_of(r));
    CHECK(r.ok());
    for (const FactRow &f : r.rows)
      if (f.status == FactStatus::equal) {
        ++facts;
        seen.insert(f.fact);
      }
    // A log with memblock's lines leaves only what needs a frozen free list unknown.
    if (has_debug(log_of(dir)))
      for (const FactRow &f : r.rows) CHECK((f.status != FactStatus::unknown || f.fact == "F7"));
  }
  CHECK(seen == std::set<std::string>{"F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9"});
  CHECK(facts > 250);
}

TEST_CASE("fidelity: one wrong result line turns exactly its fact red and moves no prediction") {
  struct Lie {
    std::string_view fact;
    std::vector<std::string_view> words;
    std::string_view before; // of the number to change
    std::size_t nth = 0;
  };
  const Lie lies[] = {
      {"F1", {"memblock_add:", "e820__memblock_setup"}, "memblock_add: [0x"},
      {"F1", {"memblock_reserve:", "memblock_alloc_range_nid"}, "memblock_reserve: [0x"},
      {"F1", {"memblock_reserve:", "memblock_alloc_range_nid"}, "memblock_reserve: [0x", 9},
      {"F1", {"memblock_reserve:", "memblock_alloc_range_nid"}, "memblock_reserve: [0x", 25},
      {"F1", {"memblock_phys_free:", "init_mem_mapping"}, "memblock_phys_free: [0x"},
      {"F1", {"memblock_phys_free:", "pcpu_embed_first_chunk"}, "memblock_phys_free: [0x", 1},
      {"F1", {"NODE_DATA(", "allocated"}, "[mem 0x"},
      {"F1", {" memory size = 0x"}, "memory size = 0x"},
      {"F1", {" memory size = 0x"}, "reserved size = 0x", 1},
      {"F1", {" memory[0x1]"}, "[0x1]\t[0x"},
      {"F1", {" reserved[0x1]"}, "[0x1]\t[0x", 1},
      {"F2", {"  DMA      [mem"}, "[mem 0x"},
      {"F2", {"  node   ", ": [mem"}, "[mem 0x"},
      {"F2", {"Initmem setup node ", "[mem"}, "[mem 0x"},
      {"F2", {"On node ", "zone DMA:", "pages in unavailable"}, "zone DMA: "},
      {"F3", {"bytes align=", "sparse_index_alloc"}, "_nid: "},
      {"F3", {"bytes align=", "sparse_init_nid"}, "align=0x"},
      {"F5", {"Fallback order for Node"}, "Node 0: "},
      {"F5", {"Built ", "zonelists"}, "Total pages: "},
      {"F6", {"Memory: "}, "Memory: "},
      {"F6", {"Memory: "}, "bss, "},
      {"F2", {"MB LOWMEM available."}, "] "},
      {"F2", {"  mapped low ram: 0 - "}, "0 - "},
      {"F2", {"Initializing HighMem for node 0"}, "("},
      {"F3", {"bytes align=", "setup_usemap"}, "_nid: "},
      {"F3", {"bytes align=", "memmap_alloc"}, "align=0x"},
  };
  std::vector<unsigned> told(std::size(lies)); // in how many logs
  for (const std::string &dir : captures()) {
    const std::string log = log_of(dir);
    if (!has_debug(log)) continue;
    CAPTURE(dir);
    const VerifyReport good = verify_log(log, files_of(dir));
    for (const Lie &lie : lies) {
      std::pair<std::size_t, std::size_t> line{std::string::npos, 0};
      std::string wrong = log;
      std::size_t skip = lie.nth;
      for (std::size_t n = 0;; ++n) {
        switch (lie.words.size()) {
        case 1: line = find_line(log, {lie.words[0]}, n); break;
        case 2: line = find_line(log, {lie.words[0], lie.words[1]}, n); break;
        default: line = find_line(log, {lie.words[0], lie.words[1], lie.words[2]}, n); break;
        }
        if (skip-- == 0) break;
      }
      if (line.first == std::string::npos) continue; // not a line of every kernel
      ++told[static_cast<std::size_t>(&lie - lies)];
      change_number(wrong, line, lie.before);
      CAPTURE(wrong.substr(line.first, line.second - line.first));
      const VerifyReport r = verify_log(wrong, files_of(dir));
      CHECK(r.error.empty());
      CHECK(differing(r) == lie.fact);
      CHECK(r.digest == good.digest);
    }
  }
  for (const unsigned n : told) CHECK(n != 0);
}

TEST_CASE("fidelity: files of a capture are judged each in its fact") {
  struct Lie {
    std::string_view file, from, to, fact;
    std::string_view beside{}; // only where the file has this, too
  };
  const Lie lies[] = {
      {"freeze_A_memblock", "nid 1024", "nid 1", "F1"},
      {"freeze_A_memblock", "max 128", "max 256", "F1"},
      {"freeze_A_sections", "section 1 flags 0xf", "section 1 flags 0x7", "F3"},
      {"freeze_A_sections", "pageblock_flags 10", "pageblock_flags 11", "F3"},
      {"freeze_A_buddy", "9) 10111111\n", "9) 11111111\n", "F3"},   // pageblock 0 of zone DMA
      {"freeze_B_buddy", " 37400 37000\n", " 37000 37400\n", "F7"}, // high memory: the list descends
      {"freeze_B_buddy", " : 400 800 c00", " : 400 c00 800", "F7"},
      {"freeze_B_buddy", "order 8 UNMOVABLE", "order 8 MOVABLE", "F7"},
      {"freeze_B_buddy", "managed 3840", "managed 3841", "F4"},
      {"freeze_D_buddy", "managed 3840", "managed 3839", "F4"},
      {"freeze_D_buddy", " bbe00\n", " bff00\n", "F4", " Normal start_pfn"}, // the initrd's
      {"zoneinfo", "present  3998", "present  3999", "F4"},
      {"zoneinfo", "protection: (0, ", "protection: (1, ", "F8"},
      {"zoneinfo", "              batch: 1\n", "              batch: 2\n", "F8"},
      {"zoneinfo", "              count: 2266\n", "              count: 2267\n", "F8"},
      {"zoneinfo", "              count: 1321\n", "              count: 1258\n", "F8"}, // after four drains
      {"vm", "\nmin_free_kbytes = ", "\nmin_free_kbytes = 1", "F8"},
      {"slab_sysfs", "task_struct 6208 6208 ", "task_struct 6216 6208 ",
       "F9"}, // an input: what follows from it differs
      {"slab_sysfs", "task_struct 6208 6208 64 5 3 6 6 ", "task_struct 6208 6208 64 5 3 6 52 ", "F9"},
      {"slabinfo", "    704   11    2 :", "    704   12    2 :", "F9"},
      {"slabinfo", "kmalloc-96  ", "kmalloc-95  ", "F9"},
  };
  unsigned tried = 0;
  for (const std::string &dir : captures()) {
    const CaptureFile file = files_of(dir);
    const std::string log = log_of(dir);
    for (const Lie &lie : lies) {
      auto text = file(lie.file);
      if (!text) continue;
      const std::size_t at = text->find(lie.from);
      if (at == std::string::npos || text->find(lie.beside) == std::string::npos) continue;
      ++tried;
      text->replace(at, lie.from.size(), lie.to);
      const VerifyReport r =
          verify_log(log, [&](std::string_view name) { return name == lie.file ? text : file(name); });
      CAPTURE(dir);
      CAPTURE(lie.to);
      CHECK(differing(r) == lie.fact);
    }
  }
  CHECK(tried > 100);
}

TEST_CASE("fidelity: nothing is echoed: a log without its results gives the same calls") {
  for (const std::string &dir : captures()) {
    CAPTURE(dir);
    const std::string log = log_of(dir), given = strip_results(log);
    const ImportResult a = import_dmesg(log), b = import_dmesg(given);
    REQUIRE_FALSE(a.error);
    REQUIRE_FALSE(b.error);
    CHECK(a.script.commands == b.script.commands);
    CHECK(a.script.bindings == b.script.bindings);
    // No address that a request was answered with is left in it.
    for (const LoggedAlloc &x : a.facts.allocs) {
      if (!x.addr || x.addr->v == 0) continue;
      std::string addr = "0x";
      append_hex(addr, x.addr->v, 16);
      const std::size_t at = given.find("[" + addr);
      CHECK_MESSAGE(at == std::string::npos, addr);
    }
    CHECK(b.facts.lines.empty());
    CHECK(b.facts.dumps.size() <= 2);
    CHECK_FALSE(b.facts.memory);
  }
}

TEST_CASE("fidelity: a log cut anywhere is replayed as far as it goes") {
  for (const std::string &dir : captures()) {
    const std::string log = log_of(dir);
    for (unsigned part = 1; part < 50; ++part) {
      const std::string cut = log.substr(0, log.size() * part / 50);
      const VerifyReport r = verify_log(cut, [](std::string_view) { return std::optional<std::string>(); });
      CAPTURE(dir);
      CAPTURE(part);
      CAPTURE(text_of(r));
      // It is refused only while there is nothing about memory in it.
      if (r.error.empty())
        CHECK(differing(r).empty());
      else
        CHECK((part <= 2 || !has_debug(log)));
    }
  }
}

TEST_CASE("fidelity: a mutated log never stops the importer or the machine") {
  Prng rng{2024};
  for (const std::string &dir : captures()) {
    const std::string log = log_of(dir);
    for (unsigned round = 0; round < 3; ++round) {
      std::string wrong = log;
      for (unsigned i = 0; i < 200; ++i) {
        const auto at = static_cast<std::size_t>(rng.below(wrong.size()));
        switch (rng.below(4)) {
        case 0: wrong[at] = static_cast<char>(rng.below(256)); break;
        case 1: wrong[at] = static_cast<char>('0' + rng.below(10)); break;
        case 2: wrong.erase(at, static_cast<std::size_t>(rng.below(80))); break;
        default: wrong.insert(at, wrong.substr(static_cast<std::size_t>(rng.below(wrong.size())), 60)); break;
        }
      }
      const VerifyReport r = verify_log(wrong, files_of(dir));
      CHECK((!r.error.empty() || r.rows.size() == 9));
    }
  }
}

// Kernels whose boot the lab does not play yet, but whose caches it lays out: other word and page sizes.
TEST_CASE("fidelity: every cache of every recorded 6.1 kernel, whatever its architecture") {
  std::size_t items = 0;
  std::set<std::string> kernels;
  for (const auto &entry : std::filesystem::directory_iterator(MMSCOPE_TEST_DATA "/slab")) {
    const std::string dir = entry.path().string();
    std::string error;
    const auto log = read_file(dir + "/log", error);
    REQUIRE_MESSAGE(log, error);
    CAPTURE(dir);
    const std::size_t before = items;
    check_slab(*log, files_of(dir), [&](std::string_view where, std::string_view expected, std::string_view got) {
      ++items;
      CAPTURE(where);
      CHECK(expected == got);
    });
    CHECK(items > before + 200);
    kernels.insert(entry.path().filename().string());
  }
  CHECK(kernels == std::set<std::string>{"4kc-malta", "5kc-malta", "686", "686-pae", "arm64", "armmp", "armmp-lpae",
                                         "loongson-3"});
}

// The same of SLAB: what is compared is what the rules give, not what stands there.
TEST_CASE("fidelity: every cache of two recorded 5.15 kernels with SLAB") {
  for (const auto &[name, arch] : {std::pair{"x64", "x86_64"}, std::pair{"i386", "i386"}}) {
    CAPTURE(std::string(name));
    const std::string dir = concat(MMSCOPE_TEST_DATA "/slab_old/", name);
    std::string error;
    const auto log = read_file(dir + "/log", error);
    REQUIRE_MESSAGE(log, error);
    const CaptureFile file = files_of(dir);
    const auto differing_items = [&](const CaptureFile &files, std::string_view text) {
      std::string s;
      unsigned items = 0;
      check_old_slab(text, files, *find_arch(arch),
                     [&](std::string_view where, std::string_view a, std::string_view b) {
                       ++items;
                       if (a != b) append(s, where, ": ", a, " not ", b, '\n');
                     });
      CHECK((items == 97 || items == 0));
      return items == 0 ? std::string("nothing compared") : s;
    };
    CHECK(differing_items(file, *log) == "");
    const auto lie = [&](std::string_view from, std::string_view to) {
      std::string info = file("slabinfo").value_or("");
      const std::size_t at = info.find(from);
      REQUIRE(at != std::string::npos);
      info.replace(at, from.size(), to);
      return differing_items([&](std::string_view f) { return f == "slabinfo" ? std::optional(info) : file(f); }, *log);
    };
    CHECK(lie("32  124    1 :", "32  125    1 :").find(": 125 on 1 page") != std::string::npos);
    CHECK(lie("tunables   54   27", "tunables   54   28").find("tunables 54 28") != std::string::npos);
    CHECK(lie("kmalloc-rcl-2k ", "kmalloc-rcl-3k ").find("kmalloc-rcl-3k of 2048") != std::string::npos);
    CHECK(lie("kmalloc-64  ", "kmalloc-63  ").find("kmalloc-63 of 64") != std::string::npos);
    // Another allocator, another version: not compared.
    CHECK(differing_items(file, *log + "SLUB: HWalign=64\n") == "nothing compared");
    std::string other = *log;
    other.replace(other.find("5.15.0"), 6, "6.12.0");
    CHECK(differing_items(file, other) == "nothing compared");
  }
}
