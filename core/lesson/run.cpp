#include "lesson/run.hpp"

#include "base/digest.hpp"
#include "base/prng.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace mmscope {

LessonRun::LessonRun(const Lesson &lesson, Lab &lab, u64 seed, Mode mode)
    : lesson_(lesson), lab_(lab), seed_(seed), mode_(mode) {
  progress_.resize(steps() + (lesson.exercise ? 1 : 0));
  const Stay stay(lab_);
  if (const auto at = find_moment(lab_, lesson_.start, {}, {}, trouble_)) start_ = *at;
}

// --- steps ---

bool LessonRun::enter(std::size_t step) {
  trouble_ = {};
  if (step >= progress_.size()) return false;
  const std::size_t before = current_;
  const bool moves = before != step, begun = before < progress_.size();
  if (silent() && begun && step < before) {
    trouble_ = {"", "an exam goes forwards only"};
    return false;
  }
  if (silent() && moves && closed()) return false;
  {
    const Stay stay(lab_);
    current_ = step;
    if (!load(step)) {
      const Trouble why = trouble_;
      current_ = before;
      if (begun) load(before);
      trouble_ = why;
      return false;
    }
  }
  if (silent() && moves) note('e');
  lab_.switch_branch(0);
  lab_.seek(here_);
  return true;
}

bool LessonRun::load(std::size_t step) {
  // A step that says nothing stands where the one before it stands.
  while (places_.size() <= std::min(step, steps() - 1)) {
    const Position before = places_.empty() ? start_ : places_.back();
    const auto at = find_moment(lab_, lesson_.steps[places_.size()].at, before, {}, trouble_);
    if (!at) return false;
    places_.push_back(*at);
  }
  values_.clear();
  look_.reset();
  variant_ = 0;
  shown_.clear();
  if (step == steps()) {
    const Exercise &e = *lesson_.exercise;
    const auto at = find_moment(lab_, e.at, places_.back(), {}, trouble_);
    if (!at) return false;
    here_ = *at;
    lab_.seek(here_);
    if (!names_of(e.variants, e.given, "exercise")) return false;
    if (!bench_) bench_ = std::make_unique<Bench>(lab_.script(), here_.call);
    return true;
  }
  const LessonStep &s = lesson_.steps[step];
  here_ = places_[step];
  lab_.seek(here_);
  if (!compute(lab_, s.values, here_, values_, trouble_)) return false;
  if (!s.from.value.empty()) {
    const auto from = compute(lab_, s.from, here_, values_, trouble_),
               to = compute(lab_, s.to, here_, values_, trouble_);
    if (!from || !to) return false;
    look_ = {from->number, to->number};
  }
  if (!s.prediction) return true;
  const Prediction &p = *s.prediction;
  if (!names_of(p.variants, p.given, s.id.text)) return false;
  if (p.kind != AnswerKind::sequence) return true;
  const auto moments = moments_of(lab_, p, here_, values_, trouble_);
  if (moments) shown_ = shuffled(p, *moments, chance(concat(s.id.text, " items")));
  return moments.has_value();
}

// Its own for each question: another question does not change with it.
u64 LessonRun::chance(std::string_view what) const { return Prng(Digest().add(seed_).add(what).value()).next(); }

bool LessonRun::names_of(const std::vector<Named> &variants, const Named &given, std::string_view what) {
  if (!variants.empty()) {
    variant_ = static_cast<std::size_t>(chance(what) % variants.size());
    if (!compute(lab_, variants[variant_], here_, values_, trouble_)) return false;
  }
  return compute(lab_, given, here_, values_, trouble_);
}

// --- hints ---

const std::vector<Hint> *LessonRun::hints_of() const {
  if (mode_ == Mode::exam) return nullptr;
  if (current_ < steps()) {
    const auto &p = lesson_.steps[current_].prediction;
    return p ? &p->hints : nullptr;
  }
  return in_exercise() && lesson_.exercise ? &lesson_.exercise->hints : nullptr;
}

bool LessonRun::is_due(std::size_t hint) const {
  const Hint &h = (*hints_of())[hint];
  const Progress &p = progress_[current_];
  if (std::find(p.hints.begin(), p.hints.end(), hint) != p.hints.end()) return false;
  if (h.tries != 0 && p.tries >= h.tries) return true;
  return !h.after.empty() && std::find(p.told.begin(), p.told.end(), h.after.text) != p.told.end();
}

std::optional<std::size_t> LessonRun::next_hint() const {
  const std::vector<Hint> *all = hints_of();
  if (all == nullptr) return std::nullopt;
  const std::vector<std::size_t> &shown = progress_[current_].hints;
  std::optional<std::size_t> first;
  for (std::size_t i = 0; i < all->size(); ++i) {
    if (is_due(i)) return i;
    if (!first && std::find(shown.begin(), shown.end(), i) == shown.end()) first = i;
  }
  return first;
}

const Hint *LessonRun::hint() {
  const auto next = next_hint();
  if (!next || closed()) return nullptr;
  note('h');
  progress_[current_].hints.push_back(*next);
  return &(*hints_of())[*next];
}

std::vector<const Hint *> LessonRun::hints_shown() const {
  std::vector<const Hint *> shown;
  if (const std::vector<Hint> *all = hints_of())
    for (const std::size_t i : progress_[current_].hints) shown.push_back(&(*all)[i]);
  return shown;
}

std::size_t LessonRun::hints_left() const {
  const std::vector<Hint> *all = hints_of();
  return all == nullptr ? 0 : all->size() - progress_[current_].hints.size();
}

std::size_t LessonRun::hints_due() const {
  const std::vector<Hint> *all = hints_of();
  std::size_t n = 0;
  for (std::size_t i = 0; all != nullptr && i < all->size(); ++i) n += is_due(i);
  return n;
}

// --- progress ---

bool LessonRun::asks(std::size_t step) const { return step == steps() || lesson_.steps[step].prediction; }

StepState LessonRun::state(std::size_t step) const {
  const StepState s = progress_[step].state;
  return silent() && s == StepState::solved ? StepState::answered : s;
}

bool LessonRun::done() const {
  if (mode_ == Mode::exam) return finished_;
  for (std::size_t i = 0; i < progress_.size(); ++i)
    if (asks(i) && progress_[i].state == StepState::open) return false;
  return true;
}

// --- inputs ---

std::string LessonRun::one_line(std::string_view typed) {
  std::string line(typed);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return std::string(trim(line));
}

void LessonRun::note(char kind, std::string_view what) {
  inputs_.push_back(concat(current_, ' ', kind, what.empty() ? "" : " ", what));
}

bool LessonRun::take(std::string_view line) {
  const auto step = parse_u64(next_word(line));
  const std::string_view kind = next_word(line);
  if (!step || *step >= progress_.size() || kind.size() != 1) return false;
  if (*step != current_ && !enter(static_cast<std::size_t>(*step))) return false;
  line = trim(line);
  switch (kind[0]) {
  case 'a': return answer(line).understood;
  case 's': return !silent() && skip().understood;
  case 'h': return hint() != nullptr;
  case 'c': return try_call(line).made;
  case 'u': return undo_call();
  case 'e': return mode_ == Mode::exam;
  case 'f': return mode_ == Mode::exam && finish();
  default: return false;
  }
}

std::size_t LessonRun::replay(std::span<const std::string> inputs) {
  std::size_t taken = 0;
  while (taken < inputs.size() && take(inputs[taken])) ++taken;
  return taken;
}

} // namespace mmscope
