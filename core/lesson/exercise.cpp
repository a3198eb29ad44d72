// LessonRun: the exercise, and the end of a run.
#include "base/text.hpp"
#include "lesson/run.hpp"

#include <algorithm>

namespace mmscope {

Lab &LessonRun::bench() {
  MM_CHECK(in_exercise() && bench_);
  return bench_->lab();
}

std::vector<std::string> LessonRun::calls() const { return bench_ ? bench_->calls() : std::vector<std::string>(); }

TriedCall LessonRun::try_call(std::string_view text) {
  TriedCall out;
  const std::string line = one_line(text);
  if (!in_exercise() || !bench_ || closed()) {
    out.error = closed() ? "this is over" : "there is no exercise here";
    return out;
  }
  out = bench_->make(line);
  if (!out.made) return out;
  note('c', line);
  Progress &progress = progress_[steps()];
  if (silent()) {
    progress.state = StepState::answered;
    return out;
  }
  if (solved()) {
    if (progress.state == StepState::open) progress.state = StepState::solved;
    return out;
  }
  // What went wrong, if something did: a way that is not at its end is no wrong way.
  const Exercise &e = *lesson_.exercise;
  const auto told = [&](const WhyNot &w) {
    out.why = w.why.text;
    out.rule = w.rule.text;
    out.goes_to = bench().position();
    if (w.goes_to) {
      const Stay stay(bench());
      if (const auto to = find_moment(bench(), *w.goes_to, here_, values_, trouble_)) out.goes_to = to;
    }
    ++progress.tries;
    progress.told.push_back(out.why);
  };
  for (const WhyNot &w : e.wrong) {
    const auto fits = evaluate(bench(), w.when, values_, trouble_);
    if (fits && fits->truth()) {
      told(w);
      return out;
    }
  }
  const auto finished = evaluate(bench(), e.finished, values_, trouble_);
  if (finished && finished->truth()) told(e.otherwise);
  return out;
}

bool LessonRun::undo_call() {
  if (!in_exercise() || !bench_ || closed() || !bench_->undo()) return false;
  note('u');
  if (silent() && bench_->calls().empty()) progress_[steps()].state = StepState::open;
  return true;
}

std::vector<GoalState> LessonRun::goals() {
  std::vector<GoalState> all;
  if (!in_exercise() || !bench_) return all;
  for (const Exercise::Goal &g : lesson_.exercise->goals) {
    const auto holds = evaluate(bench(), g.holds, values_, trouble_);
    all.push_back({g.id.text, g.text.text, holds && holds->truth()});
  }
  return all;
}

bool LessonRun::solved() {
  const std::vector<GoalState> all = goals();
  return !all.empty() && std::all_of(all.begin(), all.end(), [](const GoalState &g) { return g.met; });
}

u64 LessonRun::exercise_digest() { return bench_ ? bench_->lab().digest() : 0; }

// --- the end ---

bool LessonRun::finish() {
  if (mode_ == Mode::practice || finished_) return done();
  if (current_ >= progress_.size()) return false;
  note('f');
  finished_ = true;
  results_ = all_results();
  return true;
}

std::optional<Results> LessonRun::results() {
  if (!done()) return std::nullopt;
  return results_ ? results_ : all_results();
}

Results LessonRun::all_results() {
  Results r;
  const std::size_t back = current_;
  const Stay stay(lab_);
  for (std::size_t step = 0; step < progress_.size(); ++step) {
    if (!asks(step)) continue;
    Progress &progress = progress_[step];
    ++r.of;
    current_ = step;
    if (step == steps()) {
      if (load(step)) r.goals = goals();
      // In practice the goals were reached once; an exam is what it is at its end.
      const bool met = !r.goals.empty() && std::all_of(r.goals.begin(), r.goals.end(), [](auto &g) { return g.met; });
      if (mode_ == Mode::exam && met && !calls().empty()) progress.state = StepState::solved;
      r.exercise = progress.state == StepState::solved;
      r.points += r.exercise;
      continue;
    }
    Results::Answered a{.step = step};
    if (progress.last) {
      a = *progress.last;
    } else if (load(step)) {
      a.values = values_;
      if (const auto t = truth()) {
        a.answer = answer_text(t->value, t->form);
        a.goes_to = t->at;
        a.values.emplace_back("answer", t->value);
      }
    }
    a.right = progress.state == StepState::solved;
    r.points += a.right;
    r.questions.push_back(std::move(a));
  }
  current_ = back;
  if (back < progress_.size()) load(back);
  return r;
}

} // namespace mmscope
