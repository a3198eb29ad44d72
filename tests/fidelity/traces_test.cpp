// The kernel's own page allocator is the judge (F10): seven recorded runs come out PFN for PFN and list for list, and one
// changed input is noticed.
#include "io/trace_run.hpp"

#include "base/text.hpp"
#include "io/capture.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

namespace {

constexpr std::string_view runs[] = {"a_tiny", "b_tmpfs16", "d_order", "e_fill", "h_thp", "i_numa2", "l_highatomic"};

TraceFiles files_of(std::string_view run) {
  TraceFiles files;
  const std::string error = read_trace(concat(MMSCOPE_TEST_DATA "/traces/", run), files);
  REQUIRE_MESSAGE(error.empty(), error);
  return files;
}
bool exact(const TraceResult &r) {
  return r.error.empty() && r.differences.empty() && r.allocs == r.allocs_equal && r.lists == r.lists_equal;
}
std::string text_of(const TraceResult &r) {
  std::string s = r.error;
  for (const TraceDifference &d : r.differences) append(s, '\n', d.where, ": ", d.expected, ", got ", d.got);
  return s;
}

// The n-th line of the record that holds `word`: where it begins and ends.
std::pair<std::size_t, std::size_t> line_with(const std::string &text, std::string_view word, std::size_t n) {
  std::size_t at = 0;
  for (std::size_t found = text.find(word); found != std::string::npos; found = text.find(word, at)) {
    const std::size_t begin = text.rfind('\n', found) + 1;
    at = std::min(text.find('\n', found), text.size());
    if (n-- == 0) return {begin, at};
  }
  return {std::string::npos, 0};
}
// Within that line, the text behind `key` up to the next , or } becomes `value`.
bool change(std::string &text, std::string_view word, std::size_t n, std::string_view key, std::string_view value) {
  const auto [begin, end] = line_with(text, word, n);
  if (begin == std::string::npos) return false;
  const std::string field = concat('"', key, "\":");
  std::size_t at = text.find(field, begin);
  if (at >= end) return false;
  at += field.size();
  while (text[at] == ' ') ++at;
  text.replace(at, text.find_first_of(",}", at) - at, value);
  return true;
}

// Everywhere in a snapshot. Returns how often.
unsigned change_all(std::string &text, std::string_view key, std::string_view value) {
  const std::string field = concat('"', key, "\":");
  unsigned n = 0;
  for (std::size_t at = text.find(field); at != std::string::npos; at = text.find(field, at + 1), ++n) {
    const std::size_t from = at + field.size();
    const std::size_t to = text[from] == '[' ? text.find(']', from) + 1 : text.find_first_of(",}", from);
    text.replace(from, to - from, value);
  }
  return n;
}

} // namespace

TEST_CASE("traces: every run is exact: each PFN, each free list and each CPU list") {
  u64 requests = 0;
  for (const std::string_view run : runs) {
    const TraceResult r = replay_trace(files_of(run));
    CAPTURE(run);
    CAPTURE(text_of(r));
    CHECK(exact(r));
    CHECK(r.allocs > 200);
    CHECK(r.lists > 100);
    CHECK(r.pages.verify(false) == "");
    requests += r.allocs;
  }
  CHECK(requests == 223 + 4217 + 9918 + 92154 + 6283 + 74597 + 40746); // as many as the kernel answered
}

TEST_CASE("traces: nothing is echoed: without the kernel's answers the predictions are the same") {
  for (const std::string_view run : {"a_tiny", "d_order", "h_thp"}) {
    TraceFiles files = files_of(run);
    const TraceResult good = replay_trace(files);
    // every recorded answer becomes another number, and what the kernel did inside is taken out of allocs
    std::string told;
    for (std::string_view rest = files.events; !rest.empty();) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      std::string line(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (line.find("\"alloc\"") != std::string::npos) change(line, "\"alloc\"", 0, "pfn", "1");
      told += line + '\n';
    }
    files.events = told;
    const TraceResult r = replay_trace(files);
    CAPTURE(run);
    CHECK(r.pfns == good.pfns);
    CHECK(r.allocs_equal < r.allocs / 2); // bulk lines keep theirs
    CHECK(r.lists_equal == r.lists);
  }
}

TEST_CASE("traces: one changed input of a record is noticed") {
  struct Lie {
    std::string_view run, word, key, value;
    std::size_t nth;
  };
  const Lie lies[] = {
      {"d_order", "\"k\":\"alloc\"", "pfn", "77", 100},      // what the kernel chose
      {"d_order", "\"k\":\"alloc\"", "order", "7", 100},     // what was asked for
      {"d_order", "\"k\":\"alloc\"", "mt", "2", 40},         //
      {"d_order", "\"k\":\"alloc\"", "hzi", "0", 100},       //
      {"d_order", "\"k\":\"alloc\"", "via", "\"buddy\"", 5}, // the list was locked
      {"d_order", "\"k\":\"prep\"", "pfn", "5", 200},        // what was freed
      {"d_order", "\"k\":\"free\"", "pfn", "5", 200},        //
      {"e_fill", "\"k\":\"prep\"", "order", "1", 400},       //
  };
  for (const Lie &lie : lies) {
    TraceFiles files = files_of(lie.run);
    CAPTURE(lie.word);
    CAPTURE(lie.key);
    REQUIRE(change(files.events, lie.word, lie.nth, lie.key, lie.value));
    CHECK_FALSE(exact(replay_trace(files)));
  }
}

TEST_CASE("traces: one changed number of the first snapshot is noticed, and one of the last is exactly that") {
  struct Lie {
    std::string_view run, key, value;
  };
  // What a run reacts to: the state that requests meet. And the state at the end, item by item.
  for (const Lie &lie : {Lie{"d_order", "free_factor", "5"}, Lie{"l_highatomic", "nr_reserved_highatomic", "100000"},
                         Lie{"d_order", "pageset_batch", "62"}, Lie{"d_order", "pageset_high", "63"}}) {
    TraceFiles files = files_of(lie.run);
    CAPTURE(lie.key);
    CHECK(change_all(files.snapshot_a, lie.key, lie.value) > 0);
    const TraceResult r = replay_trace(files);
    CHECK_FALSE(exact(r));
  }
  for (const std::string_view key : {"free_factor", "watermark_boost", "nr_reserved_highatomic"}) {
    TraceFiles files = files_of("a_tiny");
    const TraceResult good = replay_trace(files);
    CAPTURE(key);
    REQUIRE(change(files.snapshot_b, concat('"', key, '"'), 0, key, "31"));
    const TraceResult r = replay_trace(files);
    CHECK(r.allocs_equal == r.allocs);
    CHECK(r.lists_equal == r.lists - 1);
    CHECK(r.pfns == good.pfns);
    REQUIRE(r.differences.size() == 1);
    CHECK(r.differences[0].where.find(key) != std::string::npos);
  }
}

TEST_CASE("traces: a rule left out goes wrong in the runs that need it, and in no other") {
  struct Row {
    std::string_view run, key, value;
    bool right; // every PFN is right all the same (the table of ../shared/traces/FINDINGS.md)
  };
  const Row rows[] = {
      {"e_fill", "lowmem_reserve", "[0,0,0,0,0]", true},
      {"i_numa2", "lowmem_reserve", "[0,0,0,0,0]", false},
      {"l_highatomic", "lowmem_reserve", "[0,0,0,0,0]", false},
      {"d_order", "lowmem_reserve", "[0,0,0,0,0]", true},
      {"e_fill", "watermark", "[0,0,0,0]", false},
      {"d_order", "watermark", "[0,0,0,0]", true},
      {"e_fill", "stat_threshold", "0", true},
      {"i_numa2", "stat_threshold", "0", false},
      {"l_highatomic", "stat_threshold", "0", false},
      {"i_numa2", "watermark_boost_factor", "0", true},
  };
  for (const Row &row : rows) {
    TraceFiles files = files_of(row.run);
    CHECK(change_all(files.snapshot_a, row.key, row.value) > 0);
    const TraceResult r = replay_trace(files);
    CAPTURE(row.run);
    CAPTURE(row.key);
    CHECK(r.error == "");
    CHECK((r.allocs_equal == r.allocs) == row.right);
  }
}

TEST_CASE("traces: damaged files are refused with their place and reason") {
  const TraceFiles good = files_of("a_tiny");
  const auto error = [&](auto &&damage) {
    TraceFiles files = good;
    damage(files);
    return replay_trace(files).error;
  };
  CHECK(error([](TraceFiles &f) { f.snapshot_a = "{"; }) == "snapshotA.json: not JSON");
  CHECK(error([](TraceFiles &f) { f.snapshot_a = "{}"; }).starts_with("snapshotA.json: "));
  CHECK(error([](TraceFiles &f) {
          const std::string_view zones = "\"zones\":[[0,";
          f.snapshot_a.replace(f.snapshot_a.find(zones), zones.size(), "\"zones\":[[7,");
        }) == "snapshotA.json: zonelists: there is no node 7");
  CHECK(error([](TraceFiles &f) {
          const std::string_view batch = "\"pageset_batch\":";
          f.snapshot_a.replace(f.snapshot_a.find(batch), batch.size() + 1, "\"pageset_batch\":0,\"was\":1");
        }) == "snapshotA.json: pageset_batch: no kernel that records has lists without a batch");
  CHECK(error([](TraceFiles &f) { f.events = "{\"k\":\"alloc\"}\n"; }) == "events.jsonl:1: gfp is missing");
  CHECK(error([](TraceFiles &f) { f.events.insert(f.events.find('\n') + 1, "[]\n"); }).starts_with("events.jsonl:2: "));
  CHECK(error([](TraceFiles &f) { f.snapshot_b = "[1]"; }).starts_with("snapshotB.json: "));
  CHECK(error([](TraceFiles &f) { f.snapshot_b.clear(); }) == "");
}
