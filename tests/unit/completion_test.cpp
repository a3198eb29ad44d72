// What may come next while a kernel call is typed.
#include "io/completion.hpp"

#include "base/prng.hpp"
#include "io/script_text.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace mmscope;

namespace {

const std::vector<std::string> results{"log_buf", "pgdat", "usage"};

std::vector<std::string> offered(std::string_view line, std::size_t most = 200) {
  std::vector<std::string> texts;
  for (const CompletionCandidate &c : complete_call(line, results, most).candidates) texts.push_back(c.text);
  return texts;
}
bool has(const std::vector<std::string> &all, std::string_view text) {
  return std::find(all.begin(), all.end(), text) != all.end();
}
std::string current(std::string_view line) {
  const Completion c = complete_call(line, results);
  return c.current < 0 ? "" : std::string(c.signature[static_cast<std::size_t>(c.current)].name);
}

} // namespace

TEST_CASE("completion: an empty line offers every call with its summary") {
  const Completion c = complete_call("", results, 1000);
  REQUIRE(c.candidates.size() == op_count);
  for (unsigned i = 0; i < op_count; ++i) {
    CHECK(c.candidates[i].text == op_info(static_cast<Op>(i)).name);
    CHECK(c.candidates[i].about == op_info(static_cast<Op>(i)).summary);
  }
  CHECK(c.call.empty());
  CHECK(complete_call("", results, 7).candidates.size() == 7);
}

TEST_CASE("completion: names that begin so come before names that hold it") {
  CHECK(offered("numa_set") == std::vector<std::string>{"numa_set_distance", "numa_set_cpus"});
  const auto reserve = offered("reserve"); // "reserve_bootmem" begins so
  REQUIRE(reserve.size() > 2);
  CHECK(reserve[0] == "reserve_bootmem");
  CHECK(has(reserve, "memblock_reserve"));
  CHECK(has(reserve, "free_reserved_area"));
  const auto free = offered("free");
  REQUIRE(free.size() > 2);
  CHECK(free[0] == "free_area_init");
  CHECK(has(free, "free_reserved_area"));
  CHECK(has(free, "memblock_free_all"));
  CHECK(offered("no_such_call").empty());
  CHECK(offered("no_such_call 1 ").empty());
}

TEST_CASE("completion: the signature says which argument is being typed") {
  CHECK(current("memblock_reserve ") == "base");
  CHECK(current("memblock_reserve 16M") == "base");
  CHECK(current("memblock_reserve 16M ") == "size");
  CHECK(current("memblock_reserve size=2M ") == "base");
  CHECK(current("memblock_reserve 16M base=") == ""); // given already
  CHECK(current("memblock_add 0 1G nid=0") == "nid");
  CHECK(current("memblock_add 0 1G ") == ""); // the others have to be named
  CHECK(current("memblock_reserve 16M 2M caller=") == "");
  const Completion c = complete_call("  memblock_add 0 ", results);
  CHECK(c.call == "memblock_add");
  CHECK(c.summary == "RAM exists here");
  REQUIRE(c.signature.size() == 4);
  CHECK(c.signature[0].given);
  CHECK_FALSE(c.signature[1].given);
  CHECK_FALSE(c.signature[2].must);
  CHECK(c.from == 17);
}

TEST_CASE("completion: names of arguments and what stands behind any call") {
  const auto all = offered("memblock_add 0 1G ");
  CHECK(all == std::vector<std::string>{"nid=", "flags=", "caller=", "owner=", "phase="});
  CHECK(offered("memblock_add 0 1G n") == std::vector<std::string>{"nid="});
  CHECK_FALSE(has(offered("memblock_add 0 1G caller=x "), "caller="));
  CHECK(offered("memblock_add 0 1G phase=zone") == std::vector<std::string>{"zones", "zonelists"});
  CHECK(offered("memblock_add 0 1G flags=mirror|h") == std::vector<std::string>{"hotplug"});
  CHECK(complete_call("memblock_add 0 1G flags=mirror|h", results).from == 31);
}

TEST_CASE("completion: results are offered where a result may stand") {
  CHECK(offered("memblock_phys_free p") == std::vector<std::string>{"pgdat", "phase="});
  CHECK(offered("memblock_phys_free base=") == std::vector<std::string>{"usage", "pgdat", "log_buf"});
  CHECK(complete_call("memblock_phys_free base=us", results).from == 24);
  CHECK_FALSE(has(offered("memblock_add "), "pgdat")); // a number only
  CHECK(offered("memblock_alloc_try_nid 4K 64 -> ").empty());
  CHECK(offered("memblock_alloc_try_nid 4K 64 ->a").empty());
}

TEST_CASE("completion: comments and open quotes offer nothing of their own") {
  CHECK(offered("memblock_add 0 1G # n").empty());
  CHECK(offered("memblock_add 0 1G owner=\"two words ").empty());
  CHECK(offered("memblock_add 0 1G owner=\"two words\" n") == std::vector<std::string>{"nid="});
}

TEST_CASE("completion: whatever is offered leads on and never past what was typed") {
  // Typing the first candidate again and again ends; every candidate keeps what was typed before it.
  for (unsigned i = 0; i < op_count; ++i) {
    const std::string name(op_info(static_cast<Op>(i)).name);
    for (std::size_t n = 0; n <= name.size(); ++n)
      CHECK((n == name.size() ? !has(offered(name), name) : has(offered(name.substr(0, n)), name)));
    const Completion c = complete_call(name + " ", results, 200);
    CHECK(c.call == name);
    CHECK(c.from == name.size() + 1);
  }
  Prng r{5};
  const std::string_view pieces[] = {"memblock_add", " ", "=", "\"", "\\", "#", "nid", "|", "->", "0x", "flags=", "p"};
  for (int i = 0; i < 3000; ++i) {
    std::string line;
    for (u64 n = r.below(12); n > 0; --n) line += pieces[r.below(std::size(pieces))];
    const Completion c = complete_call(line, results);
    REQUIRE(c.from <= line.size());
    REQUIRE(c.candidates.size() <= 20);
    REQUIRE(c.current < static_cast<int>(c.signature.size()));
  }
}
