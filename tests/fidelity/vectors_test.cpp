// The kernel's own memblock is the judge: 300 recorded sequences of calls (tests/data/vectors) come out equal.
#include "support/vectors.hpp"

#include "io/vectors.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

namespace {

std::string_view next_line(std::string_view &rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

// The quoted calls of a vector's line, without a JSON parser.
std::vector<VectorOp> ops_of(std::string_view line) {
  std::vector<VectorOp> ops;
  line.remove_prefix(line.find("\"ops\""));
  line.remove_prefix(line.find('[') + 1);
  for (line = line.substr(0, line.find(']')); line.find('"') != std::string_view::npos;) {
    line.remove_prefix(line.find('"') + 1);
    const auto op = parse_vector_op(line.substr(0, line.find('"')));
    REQUIRE(op.has_value());
    ops.push_back(*op);
    line.remove_prefix(line.find('"') + 1);
  }
  return ops;
}

constexpr std::string_view small =
    R"({"id":"small","ops":["add 4096 16384","reserve 8192 100","alloc 4096 4096 0 0 -1 0","free_all"],)"
    R"("ret":[0,0,16384],"states":[{"memory":[[4096,16384,0,null]],"reserved":[]},)"
    R"({"memory":[[4096,16384,0,null]],"reserved":[[8192,100,0,null]]},)"
    R"({"memory":[[4096,16384,0,null]],"reserved":[[8192,100,0,null],[16384,4096,0,null]]}],)"
    R"("memory":[[4096,16384,0,null]],"reserved":[[8192,100,0,null],[16384,4096,0,null]],)"
    R"("handed":[[1,0],[3,0]]})";

std::string changed(std::string_view from, std::string_view to) {
  std::string s(small);
  REQUIRE(s.find(from) != std::string::npos);
  return s.replace(s.find(from), from.size(), to);
}

} // namespace

TEST_CASE("vectors: every recorded sequence comes out equal") {
  const std::string text = vectors_text();
  const std::vector<VectorResult> results = check_vectors(text);
  CHECK(results.size() == 300);
  std::size_t compared = 0;
  for (const VectorResult &r : results) {
    CAPTURE(r.id);
    CHECK(r.error == "");
    CHECK(r.equal == r.compared);
    compared += r.compared;
    for (const VectorDifference &d : r.differences)
      MESSAGE(r.id, " op ", d.op, ' ', d.what, "\nexpected ", d.expected, "\ngot      ", d.got);
  }
  CHECK(compared == 24006);
}

TEST_CASE("vectors: folding the events of every call gives the state after it") {
  const std::string text = vectors_text();
  std::size_t calls = 0, events = 0;
  for (std::string_view rest = text; !rest.empty();) {
    memblock mb;
    Trace t;
    for (const VectorOp &op : ops_of(next_line(rest))) {
      memblock folded = mb;
      t.clear();
      apply_vector_op(mb, &t, op);
      for (const Event &e : t.events()) REQUIRE(folded.fold(e) == (event_info(e.kind).role == EventRole::state));
      REQUIRE(folded == mb);
      REQUIRE(mb.verify() == "");
      ++calls;
      events += t.events().size();
    }
  }
  CHECK(calls == 8002);
  CHECK(events > 3 * calls);
}

TEST_CASE("vectors: a state does not depend on being traced") {
  const std::string text = vectors_text();
  for (std::string_view rest = text; !rest.empty();) {
    memblock traced, untraced;
    Trace t;
    for (const VectorOp &op : ops_of(next_line(rest)))
      REQUIRE(apply_vector_op(traced, &t, op) == apply_vector_op(untraced, nullptr, op));
    REQUIRE(traced == untraced);
  }
}

TEST_CASE("vectors: each kind of wrong expectation is seen and nothing else") {
  CHECK(check_vector(small).equal == 12);
  struct Case {
    std::string_view from, to, what;
    std::size_t op;
  };
  const Case cases[] = {
      {"\"ret\":[0,0,16384]", "\"ret\":[0,0,12288]", "ret", 2},
      {"\"ret\":[0,0,", "\"ret\":[0,-12,", "ret", 1},
      {"[{\"memory\":[[4096,16384,0,null]]", "[{\"memory\":[[4096,16385,0,null]]", "memory", 0},
      {"[{\"memory\":[[4096,16384,0,null]]", "[{\"memory\":[[4096,16384,1,null]]", "memory", 0},
      {"[{\"memory\":[[4096,16384,0,null]]", "[{\"memory\":[[4096,16384,0,0]]", "memory", 0},
      {"[{\"memory\":[[4096,16384,0,null]]", "[{\"memory\":[]", "memory", 0},
      {"\"reserved\":[[8192,100,0,null]]}", "\"reserved\":[[8192,101,0,null]]}", "reserved", 1},
      {"],\"memory\":[[4096", "],\"memory\":[[4097", "memory", 3},
      {"[3,0]]}", "[3,1]]}", "handed", 3},
      {"[3,0]]}", "[2,0]]}", "handed", 3},
      {",[3,0]]}", "]}", "handed", 3},
      {"[3,0]]}", "[3,0],[4,0]]}", "handed", 3},
  };
  for (const Case &c : cases) {
    CAPTURE(std::string(c.to));
    const VectorResult r = check_vector(changed(c.from, c.to));
    CHECK(r.error == "");
    CHECK(r.compared == 12);
    CHECK(r.equal == 11);
    CHECK(r.differences.size() == 1);
    CHECK(r.differences[0].what == c.what);
    CHECK(r.differences[0].op == c.op);
  }
}

TEST_CASE("vectors: what is no vector gets a reason") {
  CHECK(check_vector("").error == "not JSON");
  CHECK(check_vector("[]").error == "missing or malformed: not an object");
  CHECK(check_vector("{").error == "not JSON");
  CHECK(check_vector("{}").error == "missing or malformed: id");
  CHECK(check_vector(std::string(100000, '[')).error == "not JSON");
  CHECK(check_vector(changed("\"small\"", "7")).error == "missing or malformed: id");
  CHECK(check_vector(changed("\"free_all\"]", "7]")).error == "missing or malformed: ops");
  CHECK(check_vector(changed("[0,0,16384]", "[0,0]")).error == "missing or malformed: ret");
  CHECK(check_vector(changed("[0,0,16384]", "[0,0,1.5]")).error == "missing or malformed: ret");
  CHECK(check_vector(changed("[{\"memory\":[[4096,", "[{\"memory\":[[-1,")).error == "missing or malformed: states");
  CHECK(check_vector(changed("[3,0]]}", "[3]]}")).error == "missing or malformed: handed");
  CHECK(check_vector(changed("add 4096 16384", "add 4096")).error == "op 0 is no memblock call: add 4096");
  CHECK(check_vector(changed("add 4096 16384", "add 4096 1 1")).error == "op 0 is no memblock call: add 4096 1 1");
  CHECK(check_vector(changed("add 4096 16384", "ad 4096 16384")).error == "op 0 is no memblock call: ad 4096 16384");
  CHECK(check_vector(changed("free_all", "")).error == "op 3 is no memblock call: ");
}

TEST_CASE("vectors: huge numbers cost no time") {
  // 2^64 bytes are 2^42 blocks: the comparison stops at the first that is not expected.
  const VectorResult r = check_vector(changed("add 4096 16384", "add 0 18446744073709551615"));
  CHECK(r.error == "");
  CHECK(r.equal < r.compared);
}

TEST_CASE("vectors: blank lines and CRLF are no vectors") {
  const std::string twice = std::string(small) + "\r\n\n" + std::string(small);
  const std::vector<VectorResult> results = check_vectors(twice);
  CHECK(results.size() == 2);
  CHECK(results[1].equal == 12);
  CHECK(check_vectors("").empty());
}
