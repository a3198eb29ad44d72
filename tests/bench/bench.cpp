// mmscope_bench: time, peak heap and events of booting machines from 1 GiB to
// 16 TiB, and how long a seek takes. Figures go to standard output as one JSON
// array, words to standard error; tests/support/bench.mjs runs it natively and
// in WebAssembly and puts the two side by side.
//
//   mmscope_bench [--only NAME] [--once]     NAME: boot/1g, boot/1t, seek/4g, pages/pair …
//
// A boot is everything from the machine's description to the last freed page:
// the calls are made from it, each is played with all its events recorded, and
// then the whole boot once more by a Timeline with its keyframes, as the page
// does it. Time is the first two, the fastest of many runs; heap is the most that
// either of them held.
#include "base/prng.hpp"
#include "base/text.hpp"
#include "bench/figure.hpp"
#include "bench/heap.hpp"
#include "bench/pages.hpp"
#include "lab/machine.hpp"
#include "lab/presets.hpp"
#include "lab/timeline.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace mmscope::bench {

namespace {

constexpr u64 GiB = u64{1} << 30, TiB = u64{1} << 40;

double quantile(std::vector<double> sorted, double q) {
  std::sort(sorted.begin(), sorted.end());
  const auto i = static_cast<std::size_t>(q * static_cast<double>(sorted.size() - 1) + 0.5);
  return sorted[i];
}

struct Boot {
  u64 calls = 0, events = 0;
  std::string error;
  double time = 0; // ms
  std::string digest;
};

Boot play_boot(const MachineSpec &spec) {
  const auto start = std::chrono::steady_clock::now();
  const Script script = make_script(spec);
  Machine machine(script.setup);
  Trace texts;
  Boot b;
  for (const std::string &what : script.assumed)
    if (what.starts_with("the boot stops")) b.error = what;
  for (const Command &c : script.commands) {
    const CallRecord r = play(machine, c, texts);
    if (!r.result.ok()) b.error = concat(op_info(c.op).name, ": ", r.result.error);
    ++b.calls;
    b.events += r.events.size();
  }
  b.time = milliseconds(std::chrono::steady_clock::now() - start);
  append_hex(b.digest, machine.digest(), 16);
  return b;
}

bool bench_boot(std::string_view name, const MachineSpec &spec, bool once, std::vector<Figure> &out) {
  const std::size_t before = heap_now();
  reset_heap_peak();
  std::vector<double> times;
  Boot boot;
  double total = 0;
  do {
    boot = play_boot(spec);
    times.push_back(boot.time);
    total += times.back();
  } while (!once && (times.size() < 5 || (total < 500 && times.size() < 2000)));
  if (!boot.error.empty()) {
    std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(name.size()), name.data(), boot.error.c_str());
    return false;
  }
  std::string end_digest;
  if (!once) {
    Timeline timeline(make_script(spec));
    timeline.seek({timeline.size(), 0, 0});
    append_hex(end_digest, timeline.machine().digest(), 16);
  }
  const std::size_t peak = heap_peak() - before;
  // The fastest: what else the machine does meanwhile is not the boot's cost.
  out.push_back({concat(name, "/time"), quantile(times, 0), "ms"});
  out.push_back({concat(name, "/peak_heap"), static_cast<double>(peak), "bytes"});
  out.push_back({concat(name, "/events"), static_cast<double>(boot.events), "events"});
  std::fprintf(stderr, "  %-9.*s %6llu calls, digest %s, %s\n", static_cast<int>(name.size()), name.data(),
               static_cast<unsigned long long>(boot.calls), boot.digest.c_str(), spec.title.c_str());
  if (!once && end_digest != boot.digest) {
    std::fprintf(stderr, "%.*s: the timeline ends with digest %s\n", static_cast<int>(name.size()), name.data(),
                 end_digest.c_str());
    return false;
  }
  return true;
}

bool bench_seek(std::string_view name, const MachineSpec &spec, bool once, std::vector<Figure> &out) {
  Timeline timeline(make_script(spec));
  timeline.seek({timeline.size(), 0, 0});
  std::vector<u64> events; // of each call
  for (u64 call = 0; call < timeline.size(); ++call) events.push_back(timeline.record(call).events.size());

  Prng random(1);
  std::vector<double> times;
  const unsigned steps = once ? 10 : 1000;
  for (unsigned i = 0; i < steps; ++i) {
    Position to;
    to.call = random.below(timeline.size() + 1);
    if (to.call < events.size()) to.event = random.below(events[static_cast<std::size_t>(to.call)] + 1);
    const auto start = std::chrono::steady_clock::now();
    timeline.seek(to);
    times.push_back(milliseconds(std::chrono::steady_clock::now() - start));
    if (!timeline.error().empty()) {
      std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(name.size()), name.data(), timeline.error().c_str());
      return false;
    }
  }
  out.push_back({concat(name, "/median"), quantile(times, 0.5), "ms"});
  out.push_back({concat(name, "/p99"), quantile(times, 0.99), "ms"});
  std::string digest;
  append_hex(digest, timeline.digest(), 16);
  std::fprintf(stderr, "  %-9.*s %6u steps, digest %s, %s\n", static_cast<int>(name.size()), name.data(), steps,
               digest.c_str(), spec.title.c_str());
  return true;
}

int run(int argc, char **argv) {
  std::string_view only;
  bool once = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    if (arg == "--once")
      once = true;
    else if (arg == "--only" && i + 1 < argc)
      only = argv[++i];
    else {
      std::fprintf(stderr, "usage: mmscope_bench [--only NAME] [--once]\n");
      return 2;
    }
  }
  MachineSpec four = qemu_pc(4 * GiB, 1);
  four.title = "QEMU PC, 1 CPU, 4 GiB";
  struct Row {
    std::string_view name;
    MachineSpec spec;
    bool seek;
  };
  const Row rows[] = {
      {"boot/1g", *find_preset("qemu-1g"), false},
      {"boot/64g", *find_preset("numa-2x32g"), false},
      {"boot/1t", *find_preset("server-1t"), false},
      {"boot/16t", machine_of_size(16 * TiB, 16), false},
      {"seek/4g", four, true},
  };
  std::vector<Figure> figures;
  bool good = true, any = false;
  for (const Row &row : rows) {
    if (!only.empty() && only != row.name) continue;
    any = true;
    good = (row.seek ? bench_seek : bench_boot)(row.name, row.spec, once, figures) && good;
  }
  for (const PagesBench &p : pages_benches()) {
    if (!only.empty() && only != p.name) continue;
    any = true;
    p.run(once, figures);
  }
  if (!any) {
    std::fprintf(stderr, "mmscope_bench: nothing is called that\n");
    return 2;
  }
  std::printf("[");
  for (std::size_t i = 0; i < figures.size(); ++i)
    std::printf("%s\n {\"name\":\"%s\",\"value\":%.*f,\"unit\":\"%.*s\"}", i == 0 ? "" : ",", figures[i].name.c_str(),
                figures[i].unit == "ms"   ? 4
                : figures[i].unit == "ns" ? 1
                                          : 0,
                figures[i].value, static_cast<int>(figures[i].unit.size()), figures[i].unit.data());
  std::printf("\n]\n");
  return good ? 0 : 1;
}

} // namespace

} // namespace mmscope::bench

int main(int argc, char **argv) { return mmscope::bench::run(argc, argv); }
