// Recorded boots of device-tree machines (tests/data/captures_arm): every fact, and that none is echoed.
#include "io/verify.hpp"

#include "base/text.hpp"
#include "io/capture.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

namespace {

const std::string folder = MMSCOPE_TEST_DATA "/captures_arm/";

CaptureFile files_of(const std::string &name) {
  return [name](std::string_view file) {
    std::string error;
    return read_file(concat(folder, name, "/", file), error);
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

struct Lie {
  std::string_view fact, from, to;
};

void check_lies(const std::string &name, std::initializer_list<Lie> lies) {
  const std::string log = *files_of(name)("dmesg");
  const VerifyReport good = verify_log(log, files_of(name));
  for (const Lie &lie : lies) {
    std::string wrong = log;
    const std::size_t at = wrong.find(lie.from);
    CAPTURE(lie.from);
    REQUIRE(at != std::string::npos);
    wrong.replace(at, lie.from.size(), lie.to);
    const VerifyReport r = verify_log(wrong, files_of(name));
    CAPTURE(text_of(r));
    CHECK(differing(r) == lie.fact);
    CHECK(r.digest == good.digest);
  }
}

} // namespace

TEST_CASE("fidelity: every fact of recorded boots of arm64 and arm is equal") {
  for (const char *name : {"arm64-6.1-512M", "armhf-6.1-256M"}) {
    const VerifyReport r = verify_capture(folder + name);
    CAPTURE(text_of(r));
    CHECK(r.ok());
    for (const FactRow &f : r.rows) CHECK((f.status == FactStatus::equal || f.fact == "F7"));
  }
}

TEST_CASE("fidelity: one wrong result line of an arm64 log turns exactly its fact red") {
  check_lies("arm64-6.1-512M",
             {{"F1", "memblock_reserve: [0x000000005fffe000", "memblock_reserve: [0x000000005fff6000"},
              {"F1", "NUMA: NODE_DATA [mem 0x5fef0380", "NUMA: NODE_DATA [mem 0x5fef0340"},
              {"F1", "memblock_reserve: [0x000000005b600000", "memblock_reserve: [0x000000005a600000"},
              {"F2", "DMA      [mem 0x0000000040000000", "DMA      [mem 0x0000000050000000"},
              {"F2", "Initmem setup node 0 [mem 0x0000000040000000", "Initmem setup node 0 [mem 0x0000000040001000"},
              {"F3", "131072 bytes align=0x40 nid=-1", "131072 bytes align=0x80 nid=-1"},
              {"F5", "Total pages: 1", "Total pages: 2"},
              {"F6", "Memory: 98324K", "Memory: 98328K"}});
}

TEST_CASE("fidelity: one wrong result line of an arm log turns exactly its fact red") {
  check_lies("armhf-6.1-256M", {{"F2", "HighMem  empty", "HighMem  [mem 0x0000000070000000-0x000000007fffffff]"},
                                {"F5", "mobility grouping on", "mobility grouping off"},
                                {"F6", "Memory: 217488K", "Memory: 217484K"}});
}
