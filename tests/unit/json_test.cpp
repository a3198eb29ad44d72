// JSON out: the writer, the one object of the command line, its parts.
#include "io/json.hpp"

#include "lab/presets.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

namespace {

constexpr u64 KiB = 1024, MiB = 1024 * KiB;

std::string text_of(const std::string &s) {
  std::string out;
  JsonWriter w(out);
  w.string(s);
  return out;
}

Machine bare() { return Machine({all_arches()[0], &pivot_era(), *all_configs()[0], ""}); }

} // namespace

TEST_CASE("json: commas and nesting") {
  std::string out;
  JsonWriter w(out);
  w.begin_object().key("a").number(1).key("b").begin_array().number(2).begin_array().end_array().null().boolean(true);
  w.number_signed(-12).end_array().key("c").begin_object().end_object().key("d").string("x").end_object();
  CHECK(out == R"({"a":1,"b":[2,[],null,true,-12],"c":{},"d":"x"})");
}

TEST_CASE("json: texts of any bytes are valid") {
  CHECK(text_of("a\"b\\c/") == R"("a\"b\\c/")");
  CHECK(text_of(std::string("\0\n\t\x1f\x7f", 5)) == "\"\\u0000\\n\\t\\u001f\x7f\"");
  CHECK(text_of("\xc3\xa4 \xe2\x86\x92 \xf0\x9f\x98\x80") == "\"\xc3\xa4 \xe2\x86\x92 \xf0\x9f\x98\x80\"");
  // A lone continuation, a cut sequence, a form that is too long, a surrogate, beyond U+10FFFF.
  CHECK(text_of("\x80") == "\"\xef\xbf\xbd\"");
  CHECK(text_of("\xc3") == "\"\xef\xbf\xbd\"");
  CHECK(text_of("\xc0\xaf") == "\"\xef\xbf\xbd\xef\xbf\xbd\"");
  CHECK(text_of("\xed\xa0\x80") == "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
  CHECK(text_of("\xf4\x90\x80\x80").size() == 2 + 4 * 3);
}

TEST_CASE("json: a large document goes out in pieces") {
  std::string buffer, all;
  std::size_t most = 0;
  {
    JsonWriter w(buffer, [&](std::string &s) {
      most = std::max(most, s.size());
      all += s;
      s.clear();
    });
    w.begin_array();
    for (u64 i = 0; i < 100'000; ++i) w.number(i);
    w.end_array();
  }
  all += buffer;
  CHECK(most < 70'000);
  CHECK(all.size() == 588'891);
  CHECK(all.ends_with(",99998,99999]"));
}

TEST_CASE("json: the object of a bare machine") {
  Machine m = bare();
  std::vector<CommandResult> results;
  std::vector<HandedRun> handed;
  Trace texts;
  for (const Command &c :
       {command(Op::memblock_add, {MiB, 64 * KiB, 2}), command(Op::memblock_alloc_try_nid, {4096, 4096}),
        command(Op::memblock_trim_memory, {3}), command(Op::memblock_free_all, {})}) {
    const CallRecord r = play(m, c, texts);
    results.push_back({r.result, returns_address(c.op)});
    if (c.op == Op::memblock_free_all) handed = handed_runs(r.events);
  }
  results.push_back({Result{static_cast<u64>(-12), {}, no_arg}, false});
  std::string out;
  JsonWriter w(out);
  const std::vector<std::string> assumed{"a \"thing\""};
  write_json(w, {.machine = m, .kernel = "6.1", .assumed = assumed, .results = &results, .handed = &handed});
  const std::string digest = out.substr(out.find("\"digest\":\"") + 10, 16);
  CHECK(out ==
        R"({"schema":1,"kernel":"6.1","arch":"x86_64","phase":"","memblock":{"memory":[[1048576,65536,0,2]],)"
        R"("reserved":[[1110016,4096,0,null]]},"allocations":[],"zones":[],"free_lists":[],"lines":[],"slabs":[],)"
        R"("results":[0,1110016,{"error":"align must be a power of two, not 3"},0,-12],)"
        R"("handed":[[256,3],[264,2],[268,1],[270,0]],"assumed":["a \"thing\""],"digest":")" +
            digest + "\"}");
}

TEST_CASE("json: zones and free lists and events of a boot") {
  const Script s = make_script(*find_preset("tiny-128m"));
  Machine m(s.setup);
  for (const Command &c : s.commands) REQUIRE(m.apply(c, nullptr).ok());
  std::string out;
  JsonWriter zones(out);
  write_zones(zones, m.system());
  CHECK(
      out.starts_with(R"([{"node":0,"name":"DMA","start_pfn":1,"spanned":4095,"present":3998,"managed":3840,"free":)"));
  CHECK(out.find(R"("protection":[0,)") != std::string::npos);
  std::string lists;
  JsonWriter w(lists);
  write_free_lists(w, m.system().pages, m.system().arch->zones);
  CHECK(lists.find(R"({"node":0,"zone":"DMA","order":10,"migratetype":"Movable","pfns":[1024,2048,3072]})") !=
        std::string::npos);
  std::string with_events;
  JsonWriter e(with_events);
  write_json(e, {.machine = m, .kernel = "k", .events_of = &s, .events_calls = 3});
  const std::size_t at = with_events.find("\"events\":[[");
  REQUIRE(at != std::string::npos);
  CHECK(with_events.find(R"({"event":"lab_call","name":"e820__range_add","caller":)", at) != std::string::npos);
  CHECK(with_events.find(R"("event":"lab_memblock_insert")", at) == std::string::npos); // comes later than three calls
}

TEST_CASE("json: a huge list of handed blocks is cut and says so") {
  Machine m = bare();
  const std::vector<HandedRun> handed{{pfn_t{0}, order_t{10}, max_handed_blocks + 5}};
  u64 size = 0;
  std::string buffer, last;
  JsonWriter w(buffer, [&](std::string &s) {
    size += s.size();
    s.clear();
  });
  write_json(w, {.machine = m, .kernel = "k", .handed = &handed});
  CHECK(buffer.find("\"handed_left_out\":5") != std::string::npos);
  CHECK(size > max_handed_blocks * 10);
}
