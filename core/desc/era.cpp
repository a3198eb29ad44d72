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

constexpr Era changed(Era e, const EraName &name, std::span<const EraChange> changes) {
  e.name = name.name;
  e.major = name.major;
  e.minor = name.minor;
  e.patch = name.patch;
  e.source = name.source;
  for (const EraChange &c : changes) set_field(e, c.field, c.value);
  return e;
}

// Each row from its neighbour towards the pivot.
constexpr std::array<Era, rows> built = [] {
  std::array<Era, rows> eras{};
  const auto apply = [&](std::size_t i, const Era &neighbour) {
    const EraRow &r = era_rows[i];
    eras[i] = changed(neighbour, {r.name, r.major, r.minor, r.patch, r.source}, r.changes);
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
  return std::array{a.major, a.minor, a.patch} < std::array{b.major, b.minor, b.patch};
}));

std::string text_of(u64 n) { return concat(n); }
std::string text_of(i64 n) { return n < 0 ? concat("-", static_cast<u64>(-n)) : concat(static_cast<u64>(n)); }
std::string text_of(bool b) { return b ? "yes" : "no"; }
std::string text_of(BootAllocator v) { return v == BootAllocator::bootmem ? "bootmem" : "memblock"; }
std::string text_of(BootmemResume v) {
  static constexpr std::string_view names[] = {"the goal", "the last success", "the last success or a later free"};
  return std::string(names[static_cast<std::size_t>(v)]);
}
std::string text_of(BuddyMarks v) { return v == BuddyMarks::pair_bits ? "a bit for each pair" : "its struct page"; }
std::string text_of(Watermarks v) {
  static constexpr std::string_view names[] = {"a 128th of the zone, clamped", "multiples of min", "min and parts"};
  return std::string(names[static_cast<std::size_t>(v)]);
}
std::string text_of(FirstMiB v) { return v == FirstMiB::whole ? "whole" : "as needed"; }
std::string text_of(PcpHigh v) {
  static constexpr std::string_view names[] = {"six batches", "low watermark over CPUs", "tuned"};
  return std::string(names[static_cast<std::size_t>(v)]);
}
std::string text_of(NodeLoad v) {
  static constexpr std::string_view names[] = {"by one", "by its place", "by its place, summed up"};
  return std::string(names[static_cast<std::size_t>(v)]);
}
std::string text_of(OrderTest v) {
  static constexpr std::string_view names[] = {"a block is on a list for it", "likewise, or who asks cannot wait",
                                               "half as many each order up"};
  return std::string(names[static_cast<std::size_t>(v)]);
}
std::string text_of(FallbackRule v) {
  static constexpr std::string_view names[] = {"the largest of another type, or the smallest", "the largest, claimed",
                                               "the largest, claimed if large"};
  return std::string(names[static_cast<std::size_t>(v)]);
}
std::string text_of(PcpLists v) {
  static constexpr std::string_view names[] = {"blocks by order and type", "pages by type", "pages in one list",
                                               "pages in one list, always filled up"};
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

Era era_from(const Era &neighbour, const EraName &name, std::span<const EraChange> changes) {
  return changed(neighbour, name, changes);
}

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

const Era *era_of_version(unsigned major, unsigned minor, unsigned patch) {
  for (std::size_t i = 0; i < rows; ++i) {
    const Era &e = built[i];
    if (e.major != major || minor < e.minor || minor > last_minors[i]) continue;
    if (e.patch == 0 || e.patch == patch) return &e;
  }
  return nullptr;
}

namespace {
// Up to `most` numbers with points between them; returns how many there were.
std::size_t leading_numbers(std::string_view text, unsigned *out, std::size_t most) {
  for (std::size_t i = 0; i < most; ++i) {
    std::size_t n = 0;
    out[i] = 0;
    while (n < text.size() && n < 4 && text[n] >= '0' && text[n] <= '9')
      out[i] = out[i] * 10 + static_cast<unsigned>(text[n++] - '0');
    if (n == 0) return i;
    text.remove_prefix(n);
    if (!text.starts_with('.')) return i + 1;
    text.remove_prefix(1);
  }
  return most;
}
} // namespace

bool version_of_release(std::string_view release, unsigned &major, unsigned &minor) {
  std::array<unsigned, 2> n{};
  const bool two = leading_numbers(release, n.data(), n.size()) == n.size();
  major = n[0];
  minor = n[1];
  return two;
}

const Era *era_of_release(std::string_view release) {
  std::array<unsigned, 3> n{};
  return leading_numbers(release, n.data(), n.size()) < 2 ? nullptr : era_of_version(n[0], n[1], n[2]);
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
