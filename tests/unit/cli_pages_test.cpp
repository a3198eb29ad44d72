// The verbs page-layout and pfn: words in, text or JSON out.
#include "cli/cli.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace mmscope;
using nlohmann::json;

namespace {

struct Outcome {
  int status = -1;
  std::string out, err;
  bool says(std::string_view text) const { return out.find(text) != std::string::npos; }
};
Outcome call(std::initializer_list<std::string_view> words) {
  Outcome o;
  const Io io{.out = [&](std::string_view s) { o.out += s; },
              .err = [&](std::string_view s) { o.err += s; },
              .read = [](const std::string &, std::string &error) -> std::optional<std::string> {
                error = "there is no such file";
                return std::nullopt;
              }};
  const std::vector<std::string_view> args(words);
  o.status = run(args, io);
  return o;
}

} // namespace

TEST_CASE("cli: page-layout shows an era's struct page") {
  const Outcome o = call({"page-layout", "--era", "2.4.22", "--bits", "32", "--options", "virtual"});
  CHECK(o.status == 0);
  CHECK(o.says("struct page of 2.4.22, 32-bit, options virtual: 48 bytes"));
  CHECK(o.says("PG_launder"));
  CHECK(o.says("source: include/linux/mm.h struct page (2.4.22)"));

  const json j = json::parse(call({"page-layout", "--era", "5.15", "--options=none", "--format", "json"}).out);
  CHECK(j["size"] == 56);
  CHECK(j["options"].empty());
  bool found = false;
  for (const json &m : j["members"])
    if (m["name"] == "frozen") {
      found = true;
      CHECK(m["offset"] == 43);
      CHECK(m["bit"] == 31);
      CHECK(m["bits"] == 1);
      CHECK(m["use"] == "slab");
    }
  CHECK(found);
}

TEST_CASE("cli: page-layout compares two eras, also by what they cost") {
  const Outcome o = call({"page-layout", "--era", "6.1", "--against", "6.12", "--machine", "qemu-1g"});
  CHECK(o.status == 0);
  CHECK(o.says("gone   compound_nr (first tail)"));
  CHECK(o.says("moved  PG_writeback 15 to 1"));
  CHECK(o.says("gone   PG_slab 9"));
  CHECK(o.says("with 6.1's 64 bytes: 16 MiB, 1.56 % of RAM"));

  const json j = json::parse(call({"page-layout", "--era=2.6.24", "--against=4.9", "--options", "none", "--format=json",
                                   "--machine", "qemu-1g"})
                                 .out);
  CHECK(j["from"]["size"] == 56);
  CHECK(j["to"]["size"] == 56);
  CHECK(j["mem_map"][0]["bytes"] == 8 * 32768 * 56);
  CHECK(!j["changes"].empty());
  CHECK(!j["flag_changes"].empty());
}

TEST_CASE("cli: page-layout shows what stands in a page of a machine") {
  const auto page = [](std::string_view era, std::string_view pfn) {
    return json::parse(
        call({"page-layout", "--machine", "qemu-1g", "--era", era, "--page", pfn, "--format", "json"}).out)["page"];
  };
  const auto value = [](const json &of, std::string_view name) {
    for (const json &m : of["members"])
      if (m["name"] == name && m.contains("value")) return m["value"].get<std::string>();
    return std::string("none");
  };
  // The first page of a free block of order 10 in node 0's zone 1.
  const json head = page("6.1", "0x12000");
  CHECK(head["use"] == "free block");
  CHECK(head["at"] == "0xffffea0000480000");
  CHECK(value(head, "private") == "0xa");
  CHECK(value(head, "page_type") == "0xffffff7f");
  CHECK(value(head, "_refcount") == "0x0");
  CHECK(value(head, "buddy_list") == "none");       // a link: not known
  CHECK(value(head, "flags") == "0xfffffc0000000"); // zone 1 at bit 51, last_cpupid -1 at bit 30
  CHECK(value(page("6.12", "0x12000"), "page_type") == "0xf0000000");
  CHECK(value(page("4.9", "0x12000"), "_mapcount") == "0xffffff80");
  CHECK(value(page("2.6.11", "0x12000"), "_count") == "0xffffffff"); // counts from -1
  // Inside the block nothing is marked.
  const json inside = page("6.1", "0x12001");
  CHECK(inside["use"] == "any use");
  CHECK(value(inside, "page_type") == "0xffffffff");
  // The kernel's image is reserved, and counts one user.
  const json image = page("6.1", "0x1000");
  CHECK(value(image, "_refcount") == "0x1");
  CHECK(value(image, "flags") == "0xfffffc0001000"); // PG_reserved is bit 12
  CHECK(page("6.1", "0xffffff")["error"] == "this frame has no struct page");
  CHECK(call({"page-layout", "--page", "1"}).status == 2);
}

TEST_CASE("cli: pfn walks to the struct page and back in every model") {
  const json j = json::parse(call({"pfn", "0x12345", "--format", "json"}).out);
  REQUIRE(j["models"].size() == 5);
  for (const json &m : j["models"]) {
    CAPTURE(m["model"].get<std::string>());
    CHECK(m["pfn_valid"] == true);
    CHECK(m["page_to_pfn"]["result"] == "0x12345");
    CHECK(m["pfn_to_page"]["result"] == m["pfn_to_page"]["steps"].back()["value"]);
    CHECK(m["cost"]["map_bytes"] == 16777216);
  }
  const Outcome o = call({"pfn", "0x12345", "--model", "vmemmap", "--era", "4.9", "--options", "none"});
  CHECK(o.status == 0);
  CHECK(o.says("struct page of 56 bytes"));
  CHECK(o.says("= 0xffffea0000000000 + "));
  CHECK(!o.says("flatmem"));
  CHECK(call({"pfn", "0xfffffff", "--model", "vmemmap"}).says("not present"));
}

TEST_CASE("cli: what page-layout and pfn cannot answer is told") {
  CHECK(call({"page-layout", "--era", "6.2"}).err.find("no struct page is known of '6.2'") != std::string::npos);
  CHECK(call({"page-layout", "--bits", "16"}).status == 2);
  CHECK(call({"page-layout", "--options", "memgc"}).err.find("did you mean 'memcg'") != std::string::npos);
  CHECK(call({"page-layout", "--era", "2.4.22", "--options", "memcg"}).status == 2);
  CHECK(call({"page-layout", "6.1"}).status == 2);
  CHECK(call({"pfn"}).status == 2);
  CHECK(call({"pfn", "x"}).status == 2);
  CHECK(call({"pfn", "1", "--model", "sparse"}).status == 2);
  CHECK(call({"pfn", "1", "--machine", "nowhere"}).status == 2);
}
