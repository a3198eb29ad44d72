// json: what the lab knows, as the one JSON object of the command line
// (docs/fidelity.md, "schema":1), and its parts for others who write JSON.
//
//   std::string out;
//   JsonWriter w(out);
//   write_json(w, {.machine = machine, .kernel = "6.1.0-50-amd64"});
//
// Addresses and sizes are bytes, pfns and zone sizes pages; a region without a node has null.
#pragma once
#include "io/json_writer.hpp"
#include "io/verify.hpp"
#include "lab/machine.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mmscope {

struct CommandResult { // what a command of a script came to
  Result result;
  bool is_address = false; // else a number with a sign
};

// Blocks that memblock_free_all handed over, as runs: a terabyte is one record.
struct HandedRun {
  pfn_t pfn;
  order_t order;
  u64 count = 1;
};
std::vector<HandedRun> handed_runs(std::span<const Event> events);

struct JsonReport {
  const Machine &machine;
  std::string_view kernel; // release, or the era's name
  std::span<const AllocRow> allocations = {};
  std::span<const std::string> assumed = {};
  const std::vector<CommandResult> *results = nullptr; // of a script: "results"
  const std::vector<HandedRun> *handed = nullptr;      // after memblock_free_all: "handed"
  const Script *events_of = nullptr;                   // "events": the script is played once more, call by call
  u64 events_calls = ~u64{0};                          // of so many of its commands
};
void write_json(JsonWriter &w, const JsonReport &r);

// "handed" lists at most so many blocks (16 TiB in blocks of 4 MiB); the rest is counted in "handed_left_out".
inline constexpr u64 max_handed_blocks = u64{4} << 20;

// --- parts; each writes one value ---
void write_regions(JsonWriter &w, const memblock_type &type); // [[base,size,flags,nid|null],…]
void write_zones(JsonWriter &w, const System &s);             // [{"node":0,"name":"DMA",…},…]
// [{…,"pfns":[…]},…], head first
void write_free_lists(JsonWriter &w, const PageAlloc &pages, std::span<const ZoneRow> zones);
void write_event(JsonWriter &w, const Event &e, const Trace &texts); // {"event":"lab_page_run","pfn":1,…}
void write_events(JsonWriter &w, std::span<const Event> events, const Trace &texts);

} // namespace mmscope
