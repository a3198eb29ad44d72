// The one list of commands: what the table says of each.
#include "lab/command.hpp"

#include <doctest/doctest.h>
#include <set>

using namespace mmscope;

TEST_CASE("command: every operation is found by its name and by no other") {
  std::set<std::string_view> names;
  for (unsigned i = 0; i < op_count; ++i) {
    const auto op = static_cast<Op>(i);
    const OpInfo &info = op_info(op);
    CHECK(names.insert(info.name).second);
    CHECK(!info.summary.empty());
    CHECK(find_op(info.name) == op);
  }
  CHECK(!find_op(""));
  CHECK(!find_op("memblock_ad"));
  CHECK(!find_op("memblock_add "));
}

TEST_CASE("command: the arguments that must be given come first") {
  for (unsigned i = 0; i < op_count; ++i) {
    bool optional_seen = false;
    std::set<std::string_view> names;
    for (const ArgInfo &a : op_info(static_cast<Op>(i)).args) {
      CHECK(names.insert(a.name).second);
      CHECK_FALSE((a.must && optional_seen));
      optional_seen = optional_seen || !a.must;
      // Words that may stand behind any call (io/script_text.hpp).
      CHECK(a.name != "caller");
      CHECK(a.name != "owner");
      CHECK(a.name != "phase");
    }
  }
}

TEST_CASE("command: values are taken in the order of the arguments") {
  const Command c = command(Op::memblock_set_node, {0x1000, 0x2000, 3}, "numa_init", Phase::numa);
  CHECK(c.args[0].value == 0x1000);
  CHECK(c.args[2].value == 3);
  CHECK(c.args[2].given);
  CHECK(!c.args[3].given);
  CHECK(c.caller == "numa_init");
  CHECK(c.phase == Phase::numa);
  CHECK(c.bind == no_binding);
}

TEST_CASE("command: the allocating calls are those that return an address") {
  for (unsigned i = 0; i < op_count; ++i) {
    const auto op = static_cast<Op>(i);
    CHECK(returns_address(op) ==
          ((op_info(op).name.find("_alloc_") != std::string_view::npos && op != Op::page_alloc_init_late) ||
           op == Op::alloc_bootmem || op == Op::kmem_cache_alloc || op == Op::kmalloc || op == Op::slab_alloc ||
           op == Op::slab_kmalloc || op == Op::slob_alloc || op == Op::slob_kmalloc));
  }
}
