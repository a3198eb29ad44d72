#include "desc/era.hpp"

#include "base/text.hpp"
#include "desc/era_rows.hpp"

#include <algorithm>
#include <array>

namespace mmscope {

namespace {

using namespace desc;

constexpr EraFieldInfo fields[] = {
#define ERA_FIELD(type, name, text) {#name, text},
#include "desc/era_fields.def"
#undef ERA_FIELD
};

constexpr void set_field(Era &e, EraField field, u64 value) {
  switch (field) {
#define ERA_FIELD(type, name, text)                                                                                    \
  case EraField::name:                                                                                                 \
    e.name = static_cast<type>(value);                                                                                 \
    break;
#include "desc/era_fields.def"
#undef ERA_FIELD
  }
}
constexpr u64 get_field(const Era &e, EraField field) {
  switch (field) {
#define ERA_FIELD(type, name, text)                                                                                    \
  case EraField::name:                                                                                                 \
    return static_cast<u64>(e.name);
#include "desc/era_fields.def"
#undef ERA_FIELD
  }
  return 0;
}

constexpr std::size_t rows = std::size(era_rows);
constexpr std::size_t pivot_index = [] {
  for (std::size_t i = 0; i < rows; ++i)
    if (era_rows[i].name == pivot_name) return i;
  return rows;
}();

// Each row from its neighbour towards the pivot.
constexpr std::array<Era, rows> built = [] {
  std::array<Era, rows> eras{};
  const auto apply = [&](std::size_t i, const Era &neighbour) {
    eras[i] = neighbour;
    eras[i].name = era_rows[i].name;
    eras[i].major = era_rows[i].major;
    eras[i].minor = era_rows[i].minor;
    eras[i].source = era_rows[i].source;
    for (const EraChange &c : era_rows[i].changes) set_field(eras[i], c.field, c.value);
  };
  eras[pivot_index] = pivot_row;
  for (std::size_t i = pivot_index; i-- > 0;) apply(i, eras[i + 1]);
  for (std::size_t i = pivot_index + 1; i < rows; ++i) apply(i, eras[i - 1]);
  return eras;
}();

// Beside the rows, whose sentences only era_steps needs: the page begins without them (web/hosting/split.mjs).
constexpr std::array<unsigned, rows> last_minors = [] {
  std::array<unsigned, rows> all{};
  for (std::size_t i = 0; i < rows; ++i) all[i] = era_rows[i].last_minor;
  return all;
}();

constexpr bool consistent(const Era &e) {
  return e.min_free_floor_kb < e.min_free_cap_kb && e.thp_cap_divisor != 0 && e.migratetypes >= 4 &&
         e.cpu_partial_page <= e.cpu_partial_small;
}
// A difference must differ, or "what changed" would print something that did not.
constexpr bool changes_change(std::size_t i) {
  if (i == pivot_index) return true;
  const Era &neighbour = built[i < pivot_index ? i + 1 : i - 1];
  for (const EraChange &c : era_rows[i].changes) {
    if (get_field(neighbour, c.field) == c.value || c.what.empty() || c.source.empty()) return false;
    u64 same = 0;
    for (const EraChange &d : era_rows[i].changes) same += c.field == d.field;
    if (same != 1) return false;
  }
  return true;
}
static_assert(pivot_index < rows && built[pivot_index].name == era_rows[pivot_index].name);
static_assert(std::all_of(built.begin(), built.end(), consistent));
static_assert([] {
  for (std::size_t i = 0; i < rows; ++i)
    if (!changes_change(i)) return false;
  return true;
}());
static_assert(std::is_sorted(built.begin(), built.end(), [](const Era &a, const Era &b) {
  return a.major != b.major ? a.major < b.major : a.minor < b.minor;
}));

std::string text_of(u64 n) { return concat(n); }
std::string text_of(i64 n) { return n < 0 ? concat("-", static_cast<u64>(-n)) : concat(static_cast<u64>(n)); }
std::string text_of(bool b) { return b ? "yes" : "no"; }
std::string text_of(FirstMiB v) { return v == FirstMiB::whole ? "whole" : "as needed"; }
std::string text_of(PcpHigh v) {
  static constexpr std::string_view names[] = {"six batches", "low watermark over CPUs", "tuned"};
  return std::string(names[static_cast<std::size_t>(v)]);
}
std::string text_of(SlabOrder v) { return v == SlabOrder::more_waste ? "more waste" : "fewer objects"; }
std::string text_of(KmallocCaches v) {
  static constexpr std::string_view names[] = {"DMA twins last", "with cgroup", "cgroup last",
                                               "cgroup last, and buckets"};
  return std::string(names[static_cast<std::size_t>(v)]);
}
std::string text_of(ZoneEstimate v) { return v == ZoneEstimate::present ? "present pages" : "without mem_map"; }

} // namespace

std::span<const EraFieldInfo> era_fields() { return fields; }

std::string era_value_text(const Era &era, EraField field) {
  switch (field) {
#define ERA_FIELD(type, name, text)                                                                                    \
  case EraField::name:                                                                                                 \
    return text_of(era.name);
#include "desc/era_fields.def"
#undef ERA_FIELD
  }
  return {};
}

std::span<const Era> all_eras() { return built; }
const Era &pivot_era() { return built[pivot_index]; }

const Era *find_era(std::string_view name) {
  for (const Era &e : built)
    if (e.name == name) return &e;
  return nullptr;
}

const Era *era_of_version(unsigned major, unsigned minor) {
  for (std::size_t i = 0; i < rows; ++i)
    if (built[i].major == major && minor >= built[i].minor && minor <= last_minors[i]) return &built[i];
  return nullptr;
}

bool version_of_release(std::string_view release, unsigned &major, unsigned &minor) {
  const auto number = [&](unsigned &out) {
    std::size_t n = 0;
    out = 0;
    while (n < release.size() && n < 4 && release[n] >= '0' && release[n] <= '9')
      out = out * 10 + static_cast<unsigned>(release[n++] - '0');
    release.remove_prefix(n);
    return n != 0;
  };
  if (!number(major) || !release.starts_with('.')) return false;
  release.remove_prefix(1);
  return number(minor);
}

std::vector<EraStep> era_steps(const Era &from, const Era &to) {
  auto a = static_cast<std::size_t>(&from - built.data()), b = static_cast<std::size_t>(&to - built.data());
  if (a > b) std::swap(a, b);
  std::vector<EraStep> steps;
  for (; a < b; ++a) // the list is the one of the row farther from the pivot
    steps.push_back({&built[a], &built[a + 1], era_rows[a < pivot_index ? a : a + 1].changes});
  return steps;
}

} // namespace mmscope
