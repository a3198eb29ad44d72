#include "lesson/run.hpp"

#include "base/digest.hpp"
#include "base/prng.hpp"
#include "base/text.hpp"
#include "io/script_text.hpp"

#include <algorithm>

namespace mmscope {

LessonRun::LessonRun(const Lesson &lesson, Lab &lab, u64 seed) : lesson_(lesson), lab_(lab), seed_(seed) {
  progress_.resize(steps() + (lesson.exercise ? 1 : 0));
  const Stay stay(lab_);
  if (const auto at = find_moment(lab_, lesson_.start, {}, {}, trouble_)) start_ = *at;
}

bool LessonRun::enter(std::size_t step) {
  trouble_ = {};
  if (step >= progress_.size()) return false;
  // A step that says nothing stands where the one before it stands.
  {
    const Stay stay(lab_);
    while (places_.size() <= std::min(step, steps() - 1)) {
      const Position before = places_.empty() ? start_ : places_.back();
      const auto at = find_moment(lab_, lesson_.steps[places_.size()].at, before, {}, trouble_);
      if (!at) return false;
      places_.push_back(*at);
    }
  }
  lab_.switch_branch(0);
  current_ = step;
  values_.clear();
  look_.reset();
  variant_ = 0;
  if (step == steps()) {
    const Exercise &e = *lesson_.exercise;
    const auto at = find_moment(lab_, e.at, places_.back(), {}, trouble_);
    if (!at) return false;
    here_ = *at;
    lab_.seek(here_);
    return names_of(e.variants, e.given, "exercise") && (!script_.commands.empty() || start_bench());
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
  return !s.prediction || names_of(s.prediction->variants, s.prediction->given, s.id.text);
}

bool LessonRun::names_of(const std::vector<Named> &variants, const Named &given, std::string_view what) {
  if (!variants.empty()) {
    // Its own chance for each question: another question does not change with it.
    const u64 chance = Prng(Digest().add(seed_).add(what).value()).next();
    variant_ = static_cast<std::size_t>(chance % variants.size());
    if (!compute(lab_, variants[variant_], here_, values_, trouble_)) return false;
  }
  return compute(lab_, given, here_, values_, trouble_);
}

// --- predictions ---

std::optional<Question> LessonRun::question() const {
  if (current_ >= steps() || !lesson_.steps[current_].prediction) return std::nullopt;
  const Prediction &p = *lesson_.steps[current_].prediction;
  return Question{p.kind, p.unit, p.ask.text, p.choices};
}

AnswerForm LessonRun::form() const {
  const Prediction &p = *lesson_.steps[current_].prediction;
  const System &s = lab_.state();
  AnswerForm f{p.kind, p.unit, s.arch->page_size(), s.get(vm_field::max_pfn), {}};
  for (const Prediction::Choice &c : p.choices) f.choices.push_back(c.id.text);
  return f;
}

bool LessonRun::answer_at(Position &at) {
  const Prediction &p = *lesson_.steps[current_].prediction;
  const auto found = find_moment(lab_, p.answer.at, here_, values_, trouble_);
  if (!found) return false;
  at = *found;
  lab_.seek(at);
  return true;
}

// Where the lab stands.
std::optional<QueryValue> LessonRun::true_answer() {
  const Prediction &p = *lesson_.steps[current_].prediction;
  if (p.kind != AnswerKind::choice) {
    auto v = evaluate(lab_, p.answer.value, values_, trouble_);
    if (!v) return std::nullopt;
    const auto kind = p.kind == AnswerKind::truth ? QueryValue::Kind::boolean : QueryValue::Kind::number;
    if (v->kind == kind) {
      if (p.kind != AnswerKind::truth) v->unit = p.unit;
      return v;
    }
    trouble_ = {p.answer.value.path, concat("'", p.answer.value.text, "' is not ",
                                            p.kind == AnswerKind::truth ? "true or false" : "a number", " there")};
    return std::nullopt;
  }
  std::optional<QueryValue> right;
  for (const Prediction::Choice &c : p.choices) {
    const auto holds = evaluate(lab_, c.right, values_, trouble_);
    if (!holds) return std::nullopt;
    if (!holds->truth()) continue;
    if (right) {
      trouble_ = {c.right.path, concat("'", right->text, "' is right as well")};
      return std::nullopt;
    }
    right = QueryValue{.kind = QueryValue::Kind::text, .text = c.id.text};
  }
  if (!right) trouble_ = {p.choices[0].right.path, "no choice is right"};
  return right;
}

void LessonRun::tell(Verdict &v, const WhyNot &why, Position at) {
  v.why = why.why.text;
  v.rule = why.rule.text;
  v.goes_to = at;
  if (!why.goes_to) return;
  const Stay stay(lab_);
  if (const auto to = find_moment(lab_, *why.goes_to, here_, v.values, trouble_)) v.goes_to = to;
}

Verdict LessonRun::answer(std::string_view typed) {
  Verdict v;
  if (!question()) return v;
  trouble_ = {};
  const Prediction &p = *lesson_.steps[current_].prediction;
  std::vector<QueryValue> readings = read_answer(typed, form());
  if (readings.empty()) return v;
  note('a', typed);
  v.understood = true;
  Progress &progress = progress_[current_];

  const Stay stay(lab_);
  Position at;
  std::optional<QueryValue> truth;
  if (answer_at(at)) truth = true_answer();
  if (!truth) {
    v.error = trouble_.reason;
    return v;
  }
  const auto same = [&](const QueryValue &a) {
    if (a.kind != QueryValue::Kind::number) return a.text == truth->text && a.truth() == truth->truth();
    if (truth->negative) return false;
    return (a.number > truth->number ? a.number - truth->number : truth->number - a.number) <= p.tolerance;
  };
  v.values = values_;
  const auto right = std::find_if(readings.begin(), readings.end(), same);
  if (right != readings.end()) {
    v.right = true;
    v.reading = to_text(*right);
    v.values.emplace_back("given", std::move(*right));
    v.values.emplace_back("answer", std::move(*truth));
    v.why = p.right.text;
    v.goes_to = at;
    if (progress.state == StepState::open) progress.state = StepState::solved;
    return v;
  }
  ++progress.tries;
  for (QueryValue &reading : readings) {
    Values names = values_;
    names.emplace_back("given", reading);
    names.emplace_back("answer", *truth);
    for (const WhyNot &w : p.wrong) {
      const auto fits = evaluate(lab_, w.when, names, trouble_);
      if (!fits) {
        v.error = trouble_.reason;
        return v;
      }
      if (!fits->truth()) continue;
      v.reading = to_text(reading);
      names.pop_back();
      v.values = std::move(names);
      tell(v, w, at);
      v.error = trouble_.reason;
      return v;
    }
  }
  v.reading = to_text(readings[0]);
  v.values.emplace_back("given", std::move(readings[0]));
  tell(v, p.otherwise, at);
  v.error = trouble_.reason;
  return v;
}

std::optional<std::string> LessonRun::example(const Term &says) {
  if (!question()) return std::nullopt;
  trouble_ = {};
  const Stay stay(lab_);
  Position at;
  if (!answer_at(at)) return std::nullopt;
  auto truth = true_answer();
  if (!truth) return std::nullopt;
  Values names = values_;
  names.emplace_back("answer", std::move(*truth));
  return fill_in(lab_, says, names, trouble_);
}

Verdict LessonRun::skip() {
  Verdict v;
  if (!question()) return v;
  trouble_ = {};
  note('s', {});
  const Stay stay(lab_);
  Position at;
  std::optional<QueryValue> truth;
  if (answer_at(at)) truth = true_answer();
  if (!truth) {
    v.error = trouble_.reason;
    return v;
  }
  Progress &progress = progress_[current_];
  if (progress.state == StepState::open) progress.state = StepState::skipped;
  v.understood = true;
  v.reading = to_text(*truth);
  v.why = lesson_.steps[current_].prediction->right.text;
  v.goes_to = at;
  v.values = values_;
  v.values.emplace_back("given", *truth);
  v.values.emplace_back("answer", std::move(*truth));
  return v;
}

// --- hints and progress ---

const std::vector<Hint> *LessonRun::hints_of() const {
  if (current_ < steps()) {
    const auto &p = lesson_.steps[current_].prediction;
    return p ? &p->hints : nullptr;
  }
  return in_exercise() && lesson_.exercise ? &lesson_.exercise->hints : nullptr;
}

std::string_view LessonRun::hint() {
  if (hints_left() == 0) return {};
  note('h', {});
  return (*hints_of())[progress_[current_].hints++].text.text;
}

std::vector<std::string_view> LessonRun::hints_shown() const {
  std::vector<std::string_view> shown;
  if (const std::vector<Hint> *all = hints_of())
    for (std::size_t i = 0; i < progress_[current_].hints; ++i) shown.push_back((*all)[i].text.text);
  return shown;
}

std::size_t LessonRun::hints_left() const {
  const std::vector<Hint> *all = hints_of();
  return all == nullptr ? 0 : all->size() - progress_[current_].hints;
}

std::size_t LessonRun::hints_due() const {
  const std::vector<Hint> *all = hints_of();
  if (all == nullptr) return 0;
  const Progress &p = progress_[current_];
  std::size_t n = 0;
  for (std::size_t i = p.hints; i < all->size() && (*all)[i].tries != 0 && (*all)[i].tries <= p.tries; ++i) ++n;
  return n;
}

bool LessonRun::done() const {
  for (std::size_t i = 0; i < progress_.size(); ++i) {
    const bool asks = i == steps() || lesson_.steps[i].prediction;
    if (asks && progress_[i].state == StepState::open) return false;
  }
  return true;
}

void LessonRun::note(char kind, std::string_view what) {
  std::string line = concat(current_, ' ', kind);
  if (!what.empty()) append(line, ' ', what);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  inputs_.push_back(std::move(line));
}

bool LessonRun::replay(std::span<const std::string> inputs) {
  for (const std::string &line : inputs) {
    std::string_view rest = line;
    const auto step = parse_u64(next_word(rest));
    const std::string_view kind = next_word(rest);
    if (!step || *step >= progress_.size() || kind.size() != 1) return false;
    if (*step != current_ && !enter(static_cast<std::size_t>(*step))) return false;
    rest = trim(rest);
    switch (kind[0]) {
    case 'a': answer(rest); break;
    case 's': skip(); break;
    case 'h': hint(); break;
    case 'c': try_call(rest); break;
    case 'u': undo_call(); break;
    default: return false;
    }
  }
  return true;
}

// --- the exercise ---

bool LessonRun::start_bench() {
  const Script &boot = lab_.script();
  script_ = {boot.setup, {}, boot.bindings, boot.assumed, boot.title};
  script_.commands.assign(boot.commands.begin(), boot.commands.begin() + static_cast<std::ptrdiff_t>(here_.call));
  machine_ = std::make_unique<Machine>(script_.setup);
  for (const Command &c : script_.commands) machine_->apply(c, nullptr);
  bench_.reset();
  return true;
}

const Lab &LessonRun::bench() {
  MM_CHECK(in_exercise() && machine_);
  if (!bench_) {
    bench_ = std::make_unique<Lab>(script_);
    bench_->prepare(~u64{0});
    bench_->seek({bench_->size(), 0});
  }
  return *bench_;
}

CallOutcome LessonRun::try_call(std::string_view line) {
  CallOutcome out;
  if (!in_exercise() || !machine_) {
    out.error = "there is no exercise here";
    return out;
  }
  if (calls_.size() == max_calls) {
    out.error = "so many calls are not needed: take some back";
    return out;
  }
  const ParsedCommand parsed = parse_command(line, script_.bindings);
  if (!parsed.command) {
    out.error = parsed.error.reason;
    out.column = parsed.error.column;
    return out;
  }
  Machine next = *machine_;
  const Result r = next.apply(*parsed.command, nullptr);
  if (!r.ok()) {
    out.error = r.error;
    out.column = r.arg < max_args && parsed.place.arg_columns[r.arg] != 0 ? parsed.place.arg_columns[r.arg]
                                                                          : parsed.place.column;
    return out;
  }
  note('c', line);
  bound_.push_back(script_.bindings.size());
  if (parsed.command->bind != no_binding && parsed.command->bind >= script_.bindings.size())
    script_.bindings.push_back(parsed.bind_name);
  script_.commands.push_back(*parsed.command);
  *machine_ = std::move(next);
  calls_.emplace_back(line);
  bench_.reset();
  out.made = true;
  out.result = r.value;
  out.result_is_address = returns_address(parsed.command->op);

  Progress &progress = progress_[steps()];
  if (solved()) {
    if (progress.state == StepState::open) progress.state = StepState::solved;
    return out;
  }
  // What went wrong, if something did: a way that is not at its end is no wrong way.
  const Exercise &e = *lesson_.exercise;
  const auto told = [&](const WhyNot &w) {
    out.why = w.why.text;
    out.rule = w.rule.text;
    out.goes_to = bench_->position();
    if (w.goes_to) {
      const Stay stay(*bench_);
      if (const auto to = find_moment(*bench_, *w.goes_to, here_, values_, trouble_)) out.goes_to = to;
    }
    ++progress.tries;
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
  if (!in_exercise() || calls_.empty()) return false;
  note('u', {});
  calls_.pop_back();
  script_.commands.pop_back();
  script_.bindings.resize(bound_.back());
  bound_.pop_back();
  bench_.reset();
  machine_ = std::make_unique<Machine>(script_.setup);
  for (const Command &c : script_.commands) machine_->apply(c, nullptr);
  return true;
}

std::vector<GoalState> LessonRun::goals() {
  std::vector<GoalState> all;
  if (!in_exercise() || !machine_) return all;
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

} // namespace mmscope
