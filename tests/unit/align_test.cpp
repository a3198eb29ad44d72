// The moments of several boots: what is common stands together, nothing is lost, and long boots stay affordable.
#include "lab/align.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace mmscope;

namespace {

using Steps = std::vector<AlignStep>;

Steps steps(std::initializer_list<std::pair<Phase, const char *>> spans) {
  Steps s;
  for (const auto &[phase, names] : spans)
    for (const char *c = names; *c != 0; ++c) s.push_back({phase, static_cast<u32>(*c)});
  return s;
}

/// "ab|c-": a and b of both, …: which boots have each moment, as digits, and its name.
std::string drawn(const std::vector<AlignedMoment> &all) {
  std::string text;
  for (const AlignedMoment &m : all) {
    text += static_cast<char>(m.name);
    for (unsigned i = 0; i < max_compared; ++i)
      if (m.has(i)) text += static_cast<char>('0' + i);
    text += ' ';
  }
  return text;
}

void check_whole(const std::vector<AlignedMoment> &all, const std::vector<Steps> &boots) {
  for (unsigned i = 0; i < boots.size(); ++i) {
    u32 made = 0;
    for (const AlignedMoment &m : all) {
      if (m.has(i)) {
        REQUIRE(made < boots[i].size());
        REQUIRE(boots[i][made].name == m.name);
        REQUIRE(boots[i][made].phase == m.phase);
        ++made;
      }
      REQUIRE(m.made[i] == made);
    }
    REQUIRE(made == boots[i].size());
  }
}

u64 shared(const std::vector<AlignedMoment> &all, u32 who) {
  return static_cast<u64>(std::count_if(all.begin(), all.end(), [&](const AlignedMoment &m) { return m.who == who; }));
}

} // namespace

TEST_CASE("align: one boot is its own list, equal boots share every moment") {
  const std::vector<Steps> one{steps({{Phase::memblock, "aab"}, {Phase::zones, "z"}})};
  CHECK(drawn(align(one)) == "a0 a0 b0 z0 ");
  const std::vector<Steps> same{one[0], one[0], one[0]};
  CHECK(drawn(align(same)) == "a012 a012 b012 z012 ");
  CHECK(align(std::vector<Steps>{{}, {}}).empty());
}

TEST_CASE("align: what one boot alone does has a moment of its own, in its place") {
  const std::vector<Steps> boots{steps({{Phase::memblock, "aabc"}, {Phase::sparse, "s"}, {Phase::zones, "z"}}),
                                 steps({{Phase::memblock, "axc"}, {Phase::zones, "zy"}}),
                                 steps({{Phase::memblock, "xbc"}, {Phase::sparse, "ts"}, {Phase::zones, "y"}})};
  const auto all = align(boots);
  check_whole(all, boots);
  CHECK(shared(all, 7) == 1); // c
  CHECK(drawn(all).find("s02 z01 y12") != std::string::npos);
}

TEST_CASE("align: phases come first: equal names in different phases are not the same step") {
  const std::vector<Steps> boots{steps({{Phase::memblock, "r"}, {Phase::zones, "z"}}), steps({{Phase::zones, "zr"}})};
  CHECK(drawn(align(boots)) == "r0 z01 r1 ");
}

TEST_CASE("align: common_steps finds a longest common subsequence") {
  const std::vector<u32> a{1, 2, 3, 4, 1, 5}, b{2, 4, 3, 1, 1, 5, 6};
  const auto pairs = common_steps(a, b);
  CHECK(pairs.size() == 4); // 2 3 1 5 or 2 4 1 5
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    CHECK(a[pairs[i].a] == b[pairs[i].b]);
    if (i != 0) {
      CHECK(pairs[i - 1].a < pairs[i].a);
      CHECK(pairs[i - 1].b < pairs[i].b);
    }
  }
}

TEST_CASE("align: boots of a hundred thousand calls are cut where they can be, and nothing is lost") {
  // Few names, many times, with landmarks; and without any.
  for (const bool landmarks : {true, false}) {
    std::vector<Steps> boots(2);
    u32 random = 12345;
    for (u32 boot = 0; boot < 2; ++boot)
      for (u32 i = 0; i < 100'000; ++i) {
        random = random * 1664525 + 1013904223;
        boots[boot].push_back({Phase::memblock, random >> 30});
        if (landmarks && i % 500 == 0) boots[boot].push_back({Phase::memblock, 1000 + i});
      }
    const auto all = align(boots);
    check_whole(all, boots);
    CHECK(shared(all, 3) > (landmarks ? 60'000 : 50'000));
  }
}
