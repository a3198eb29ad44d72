#include "lab/align.hpp"

#include <algorithm>

namespace mmscope {
namespace {

using Names = std::span<const u32>;

/// Pairs of two sequences, with where they begin.
struct Matcher {
  std::vector<AlignPair> pairs;

  void match(Names a, Names b, u32 at_a, u32 at_b, unsigned depth) {
    while (!a.empty() && !b.empty() && a.front() == b.front()) {
      pairs.push_back({at_a++, at_b++});
      a = a.subspan(1);
      b = b.subspan(1);
    }
    std::size_t same_end = 0;
    while (same_end < a.size() && same_end < b.size() && a[a.size() - 1 - same_end] == b[b.size() - 1 - same_end])
      ++same_end;
    middle(a.first(a.size() - same_end), b.first(b.size() - same_end), at_a, at_b, depth);
    const u32 end_a = at_a + static_cast<u32>(a.size() - same_end),
              end_b = at_b + static_cast<u32>(b.size() - same_end);
    for (u32 i = 0; i < same_end; ++i) pairs.push_back({end_a + i, end_b + i});
  }

private:
  void middle(Names a, Names b, u32 at_a, u32 at_b, unsigned depth) {
    if (a.empty() || b.empty()) return;
    if (u64{a.size()} * b.size() <= align_cells) return table(a, b, at_a, at_b);
    const std::vector<AlignPair> cuts = depth == 0 ? std::vector<AlignPair>{} : anchors(a, b);
    if (cuts.empty()) return pieces(a, b, at_a, at_b);
    u32 i = 0, j = 0;
    for (const AlignPair &cut : cuts) {
      match(a.subspan(i, cut.a - i), b.subspan(j, cut.b - j), at_a + i, at_b + j, depth - 1);
      pairs.push_back({at_a + cut.a, at_b + cut.b});
      i = cut.a + 1;
      j = cut.b + 1;
    }
    match(a.subspan(i), b.subspan(j), at_a + i, at_b + j, depth - 1);
  }

  /// Longest common subsequence: most[i][j] of what follows a[i] and b[j].
  void table(Names a, Names b, u32 at_a, u32 at_b) {
    const std::size_t width = b.size() + 1;
    std::vector<u32> most((a.size() + 1) * width);
    for (std::size_t i = a.size(); i-- > 0;)
      for (std::size_t j = b.size(); j-- > 0;)
        most[i * width + j] = a[i] == b[j] ? most[(i + 1) * width + j + 1] + 1
                                           : std::max(most[(i + 1) * width + j], most[i * width + j + 1]);
    for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
      if (a[i] == b[j])
        pairs.push_back({at_a + static_cast<u32>(i++), at_b + static_cast<u32>(j++)});
      else if (most[(i + 1) * width + j] >= most[i * width + j + 1])
        ++i;
      else
        ++j;
    }
  }

  /// Piece by piece, as if what is common were spread evenly.
  void pieces(Names a, Names b, u32 at_a, u32 at_b) {
    const std::size_t n = std::max(a.size(), b.size()) / align_piece + 1;
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t from_a = i * a.size() / n, from_b = i * b.size() / n;
      table(a.subspan(from_a, (i + 1) * a.size() / n - from_a), b.subspan(from_b, (i + 1) * b.size() / n - from_b),
            at_a + static_cast<u32>(from_a), at_b + static_cast<u32>(from_b));
    }
  }

  /// Where in `names` stands what occurs once, by name.
  static std::vector<std::pair<u32, u32>> once(Names names) {
    std::vector<std::pair<u32, u32>> all, single; // name, place
    for (u32 i = 0; i < names.size(); ++i) all.emplace_back(names[i], i);
    std::sort(all.begin(), all.end());
    for (std::size_t i = 0; i < all.size(); ++i)
      if ((i == 0 || all[i - 1].first != all[i].first) && (i + 1 == all.size() || all[i + 1].first != all[i].first))
        single.push_back(all[i]);
    return single;
  }

  /// Steps that both have once, as many as stand in the same order in both.
  static std::vector<AlignPair> anchors(Names a, Names b) {
    const auto in_a = once(a), in_b = once(b);
    std::vector<AlignPair> both;
    for (auto i = in_a.begin(), j = in_b.begin(); i != in_a.end() && j != in_b.end();) {
      if (i->first == j->first)
        both.push_back({(i++)->second, (j++)->second});
      else
        ++(i->first < j->first ? i : j);
    }
    std::sort(both.begin(), both.end(), [](const AlignPair &x, const AlignPair &y) { return x.a < y.a; });
    // Longest ascending run of b: last[n] ends one of length n + 1.
    std::vector<u32> last, before(both.size());
    for (u32 i = 0; i < both.size(); ++i) {
      const auto at =
          std::lower_bound(last.begin(), last.end(), both[i].b, [&](u32 k, u32 end) { return both[k].b < end; });
      before[i] = at == last.begin() ? ~u32{0} : *(at - 1);
      if (at == last.end())
        last.push_back(i);
      else
        *at = i;
    }
    std::vector<AlignPair> rising;
    for (u32 i = last.empty() ? ~u32{0} : last.back(); i != ~u32{0}; i = before[i]) rising.push_back(both[i]);
    std::reverse(rising.begin(), rising.end());
    return rising;
  }
};

struct Span { // of one phase: [first, end)
  Phase phase;
  u32 first, end;
};

template <class Step> std::vector<Span> spans_of(const std::vector<Step> &steps) {
  std::vector<Span> spans;
  for (u32 i = 0; i < steps.size(); ++i) {
    if (spans.empty() || spans.back().phase != steps[i].phase) spans.push_back({steps[i].phase, i, i});
    spans.back().end = i + 1;
  }
  return spans;
}

std::vector<u32> phases_of(const std::vector<Span> &spans) {
  std::vector<u32> phases;
  for (const Span &s : spans) phases.push_back(static_cast<u32>(s.phase));
  return phases;
}

template <class Step> std::vector<u32> names_of(const std::vector<Step> &steps, const Span &s) {
  std::vector<u32> names;
  for (u32 i = s.first; i < s.end; ++i) names.push_back(steps[i].name);
  return names;
}

/// The steps of one more boot come into the list. Each moment's made[boot] holds the call's own number until the end.
class Merge {
public:
  Merge(std::vector<AlignedMoment> list, const std::vector<AlignStep> &steps, unsigned boot)
      : list_(std::move(list)), steps_(steps), boot_(boot) {}

  std::vector<AlignedMoment> run() {
    const std::vector<Span> here = spans_of(list_), there = spans_of(steps_);
    u32 i = 0, j = 0;
    for (const AlignPair &both : common_steps(phases_of(here), phases_of(there))) {
      apart(here, i, both.a, there, j, both.b);
      within(here[both.a], there[both.b]);
      i = both.a + 1;
      j = both.b + 1;
    }
    apart(here, i, static_cast<u32>(here.size()), there, j, static_cast<u32>(there.size()));
    return std::move(made_);
  }

private:
  void old(u32 first, u32 end) {
    for (u32 i = first; i < end; ++i) made_.push_back(list_[i]);
  }
  void add(u32 first, u32 end) {
    for (u32 i = first; i < end; ++i) {
      made_.push_back({steps_[i].phase, steps_[i].name, 0, {}});
      take(i);
    }
  }
  void take(u32 call) {
    made_.back().who |= u32{1} << boot_;
    made_.back().made[boot_] = call;
  }
  /// Phases that only one side has: in the order of the boot.
  void apart(const std::vector<Span> &here, u32 i, u32 end_i, const std::vector<Span> &there, u32 j, u32 end_j) {
    while (i < end_i || j < end_j) {
      if (j == end_j || (i < end_i && here[i].phase <= there[j].phase)) {
        old(here[i].first, here[i].end);
        ++i;
      } else {
        add(there[j].first, there[j].end);
        ++j;
      }
    }
  }
  void within(const Span &here, const Span &there) {
    u32 i = here.first, j = there.first;
    for (const AlignPair &both : common_steps(names_of(list_, here), names_of(steps_, there))) {
      old(i, here.first + both.a);
      add(j, there.first + both.b);
      i = here.first + both.a;
      j = there.first + both.b;
      old(i, i + 1);
      take(j);
      ++i;
      ++j;
    }
    old(i, here.end);
    add(j, there.end);
  }

  const std::vector<AlignedMoment> list_;
  const std::vector<AlignStep> &steps_;
  const unsigned boot_;
  std::vector<AlignedMoment> made_;
};

} // namespace

std::vector<AlignPair> common_steps(std::span<const u32> a, std::span<const u32> b) {
  Matcher m;
  m.match(a, b, 0, 0, align_depth);
  return std::move(m.pairs);
}

std::vector<AlignedMoment> align(std::span<const std::vector<AlignStep>> boots) {
  std::vector<AlignedMoment> list;
  for (unsigned boot = 0; boot < boots.size() && boot < max_compared; ++boot)
    list = Merge(std::move(list), boots[boot], boot).run();
  std::array<u32, max_compared> made{};
  for (AlignedMoment &m : list) {
    for (unsigned boot = 0; boot < max_compared; ++boot)
      if (m.has(boot)) made[boot] = m.made[boot] + 1;
    m.made = made;
  }
  return list;
}

} // namespace mmscope
