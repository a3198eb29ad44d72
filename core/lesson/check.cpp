#include "lesson/check.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace mmscope {

void LessonCheck::play(Lab &lab, std::size_t machine) {
  lab_ = &lab;
  machine_ = machine;
  seen_.clear();
  for (u64 seed = 0; seed < checked_seeds; ++seed) {
    LessonRun r(l_, lab, seed);
    if (trouble(r)) return;
    for (std::size_t step = 0; step < r.steps(); ++step) {
      if (!r.enter(step)) return void(trouble(r));
      if (seed == 0) truths(r, l_.steps[step]);
      if (l_.steps[step].prediction && seen_.insert({step, r.variant()}).second)
        prediction(r, *l_.steps[step].prediction);
    }
    if (l_.exercise) {
      if (!r.enter(r.steps())) return void(trouble(r));
      if (seen_.insert({r.steps(), r.variant()}).second) exercise(r, seed, *l_.exercise);
    }
  }
  played_.insert(seen_.begin(), seen_.end());
}

LessonReport LessonCheck::report() {
  lab_ = nullptr;
  if (!played_.empty()) {
    for (std::size_t step = 0; step < l_.steps.size(); ++step)
      if (const auto &p = l_.steps[step].prediction) {
        all_variants(step, p->variants);
        dead(p->wrong, "no answer of \"try\" is told this");
        if (!told_.contains(p->otherwise.why.path)) fail(p->otherwise.why, "no answer of \"try\" is told this");
      }
    if (l_.exercise) {
      all_variants(l_.steps.size(), l_.exercise->variants);
      dead(l_.exercise->wrong, "no wrong way is told this");
    }
  }
  return report_;
}

void LessonCheck::fail(const Term &where, std::string reason) {
  if (l_.machines.size() > 1 && lab_ != nullptr) append(reason, " (machine ", machine_, ')');
  for (const LessonError &e : report_.errors)
    if (e.path == where.path && e.reason == reason) return;
  report_.errors.push_back(place_of(text_, where.path, std::move(reason)));
}

bool LessonCheck::trouble(const LessonRun &r) {
  if (r.trouble()) fail({"", r.trouble().path}, r.trouble().reason);
  return static_cast<bool>(r.trouble());
}

// What needs no machine: that everything is there.
void LessonCheck::written() {
  for (const LessonStep &s : l_.steps)
    if (s.prediction) hints(s.id, s.prediction->hints, s.prediction->wrong, s.prediction->otherwise);
  if (l_.exercise) hints(l_.exercise->prose, l_.exercise->hints, l_.exercise->wrong, l_.exercise->otherwise);
  if (l_.number == 0) return; // not in the course
  if (l_.minutes == 0) fail(l_.id, "\"minutes\" is missing: how long does it take?");
  for (const LessonStep &s : l_.steps)
    if (s.home.empty()) fail(s.id, "\"home\" is missing: how is this seen on a machine of one's own?");
  if (l_.exercise && l_.exercise->home.empty())
    fail(l_.exercise->prose, "\"home\" is missing: how is this seen on a machine of one's own?");
}

void LessonCheck::hints(const Term &where, const std::vector<Hint> &hints, const std::vector<WhyNot> &wrong,
                        const WhyNot &otherwise) {
  const auto is = [](Hint::Level level) { return [=](const Hint &h) { return h.level == level; }; };
  if (std::none_of(hints.begin(), hints.end(), is(Hint::Level::nudge))) fail(where, "there is no hint of level nudge");
  if (l_.number != 0 && std::none_of(hints.begin(), hints.end(), is(Hint::Level::rule)))
    fail(where, "there is no hint of level rule");
  if (!std::is_sorted(hints.begin(), hints.end(), [](const Hint &a, const Hint &b) { return a.level < b.level; }))
    fail(hints[0].text, "nudges come before rules");
  for (const Hint &h : hints) {
    const auto its = [&](const WhyNot &w) { return w.why.text == h.after.text; };
    if (!h.after.empty() && !its(otherwise) && std::none_of(wrong.begin(), wrong.end(), its))
      fail(h.after, "nobody is told this here");
  }
}

void LessonCheck::all_variants(std::size_t step, const std::vector<Named> &variants) {
  for (std::size_t v = 0; v < variants.size(); ++v)
    if (!played_.contains({step, v}) && !variants[v].empty())
      fail(variants[v][0].first, concat("none of ", checked_seeds, " seeds picks this variant"));
}

void LessonCheck::dead(const std::vector<WhyNot> &all, std::string_view reason) {
  for (const WhyNot &w : all)
    if (!told_.contains(w.why.path)) fail(w.why, std::string(reason));
}

void LessonCheck::truths(const LessonRun &r, const LessonStep &s) {
  for (const Term &t : s.truth) {
    Trouble trouble;
    const auto holds = evaluate(*lab_, t, r.values(), trouble);
    if (!holds)
      fail(t, trouble.reason);
    else if (!holds->truth())
      fail(t, "this does not hold where the step stands");
  }
  if (s.select.empty()) return;
  if (const Sheet sheet = inspect(*lab_, s.select.text); !sheet.error.empty()) fail(s.select, sheet.error);
}

void LessonCheck::prediction(LessonRun &r, const Prediction &p) {
  // The true answer, as we write it ourselves, must be taken for right.
  const Verdict truth = r.skip();
  if (!truth.error.empty()) return void(trouble(r));
  if (!r.answer(truth.reading).right)
    fail(p.ask, concat("the true answer, written '", truth.reading, "', is not taken for right"));
  for (const Prediction::Try &t : p.tries) {
    if ((t.variant && *t.variant != r.variant()) || (t.machine && *t.machine != machine_)) continue;
    const auto says = r.example(t.says);
    if (!says) return void(trouble(r));
    const Verdict v = r.answer(*says);
    ++report_.answers;
    if (!v.error.empty())
      trouble(r);
    else if (!v.understood)
      fail(t.says, concat("'", *says, "' is not understood"));
    else if (t.right != v.right)
      fail(t.says, concat("'", *says, "' is ", v.right ? "right" : "wrong, and is told ", v.right ? "" : v.why));
    else if (!t.right && v.why != t.why.text)
      fail(t.says, concat("'", *says, "' is told ", v.why));
    if (v.understood && !v.right) told(p.wrong, p.otherwise, v.why);
  }
}

void LessonCheck::told(const std::vector<WhyNot> &wrong, const WhyNot &otherwise, std::string_view why) {
  for (const WhyNot &w : wrong)
    if (w.why.text == why) told_.insert(w.why.path);
  if (otherwise.why.text == why) told_.insert(otherwise.why.path);
}

// Makes the calls on a fresh run.
LessonCheck::Way LessonCheck::way(u64 seed, const Exercise::Calls &calls) {
  Way w;
  LessonRun r(l_, *lab_, seed);
  if (!r.enter(r.steps())) return w;
  ++report_.ways;
  for (const Term &line : calls) {
    Trouble t;
    const auto filled = fill_in(*lab_, line, r.values(), t);
    if (!filled) {
      fail(line, t.reason);
      return w;
    }
    const TriedCall o = r.try_call(*filled);
    if (trouble(r)) return w;
    if (!o.made) {
      fail(line, concat("'", *filled, "': ", o.error));
      return w;
    }
    if (!o.why.empty() && (w.whys.empty() || w.whys.back() != o.why)) w.whys.emplace_back(o.why);
    if (!o.why.empty()) told(l_.exercise->wrong, l_.exercise->otherwise, o.why);
  }
  w.made = true;
  w.solved = r.solved();
  for (const GoalState &g : r.goals())
    if (!g.met) w.unmet.emplace_back(g.id);
  return w;
}

void LessonCheck::exercise(LessonRun &r, u64 seed, const Exercise &e) {
  const std::vector<GoalState> goals = r.goals();
  if (trouble(r)) return;
  if (std::all_of(goals.begin(), goals.end(), [](const GoalState &g) { return g.met; }))
    fail(e.prose, "every goal is met before anything was done");
  const auto reaches = [&](const Exercise::Calls &calls, std::string_view what) {
    const Way w = way(seed, calls);
    if (!w.made) return;
    std::string unmet;
    for (const std::string &id : w.unmet) append(unmet, unmet.empty() ? ": " : ", ", id);
    if (!w.solved) fail(calls[0], concat("the ", what, " does not reach the goals", unmet));
    if (!w.whys.empty()) fail(calls[0], concat("the ", what, " is told ", w.whys.front(), " on its way"));
  };
  reaches(e.solution, "solution");
  for (const Exercise::Calls &a : e.alternatives) reaches(a, "alternative");
  for (const Exercise::WrongWay &wrong : e.wrong_ways) {
    if (wrong.machine && *wrong.machine != machine_) continue;
    const Way w = way(seed, wrong.calls);
    if (!w.made) continue;
    if (w.solved)
      fail(wrong.why, "this way reaches the goals");
    else if (w.whys.size() != 1 || w.whys.front() != wrong.why.text)
      fail(wrong.why,
           w.whys.empty() ? std::string("this way is told nothing") : concat("this way is told ", w.whys.front()));
  }
}

} // namespace mmscope
