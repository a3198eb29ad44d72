// LessonRun: what it says to an answer.
#include "base/text.hpp"
#include "lesson/run.hpp"

#include <algorithm>

namespace mmscope {

std::optional<Question> LessonRun::question() const {
  if (current_ >= steps() || !lesson_.steps[current_].prediction) return std::nullopt;
  Question q{*lesson_.steps[current_].prediction, {}};
  for (const std::size_t i : shown_) q.items.push_back(&q.prediction.items[i]);
  return q;
}

// The lab, which must show the recorded boot, stands at the answer's moment afterwards.
std::optional<Truth> LessonRun::truth() {
  const Prediction &p = *lesson_.steps[current_].prediction;
  std::vector<std::string_view> ids;
  for (const Prediction::Choice &c : p.choices) ids.push_back(c.id.text);
  for (const std::size_t i : shown_) ids.push_back(p.items[i].id.text);
  return truth_of(lab_, p, here_, ids, values_, trouble_);
}

void LessonRun::tell(Verdict &v, const WhyNot &why, const Truth &t) {
  v.why = why.why.text;
  v.rule = why.rule.text;
  v.goes_to = t.at;
  if (why.goes_to) {
    const Stay stay(lab_);
    if (const auto to = find_moment(lab_, *why.goes_to, here_, v.values, trouble_)) v.goes_to = to;
  } else if (!t.moments.empty()) { // where the item happens that was put into the first wrong place
    std::string_view given = v.values[v.values.size() - 2].second.text;
    std::string_view id;
    for (u64 n = v.values.back().second.number; n != 0; --n) id = next_word(given);
    const Prediction &p = *lesson_.steps[current_].prediction;
    for (std::size_t i = 0; i < p.items.size(); ++i)
      if (p.items[i].id.text == id) v.goes_to = t.moments[i];
  }
  v.error = trouble_.reason;
}

Verdict LessonRun::judge(std::string_view typed, std::optional<Truth> &t) {
  Verdict v;
  const Prediction &p = *lesson_.steps[current_].prediction;
  t = truth();
  if (!t) {
    v.error = trouble_.reason;
    return v;
  }
  std::vector<QueryValue> all = readings(lab_, here_, typed, t->form);
  if (all.empty()) return v;
  v.understood = true;
  v.values = values_;
  const auto right = std::find_if(all.begin(), all.end(), [&](const auto &r) { return is_right(p, r, t->value); });
  if (right != all.end()) {
    v.right = true;
    v.reading = answer_text(*right, t->form);
    v.values.emplace_back("given", std::move(*right));
    v.values.emplace_back("answer", t->value);
    v.why = p.right.text;
    v.goes_to = t->at;
    return v;
  }
  // The reading that a why-not knows, or else the likeliest.
  const auto names_for = [&](const QueryValue &reading) {
    Values names = values_;
    names.emplace_back("given", reading);
    if (p.kind == AnswerKind::sequence)
      names.emplace_back("first_wrong", QueryValue{.kind = QueryValue::Kind::number,
                                                   .number = first_wrong(reading.text, t->value.text)});
    return names;
  };
  for (const QueryValue &reading : all)
    for (const WhyNot &w : p.wrong) {
      Values names = names_for(reading);
      names.emplace_back("answer", t->value);
      const auto fits = evaluate(lab_, w.when, names, trouble_);
      if (!fits) {
        v.error = trouble_.reason;
        return v;
      }
      if (!fits->truth()) continue;
      names.pop_back();
      v.reading = answer_text(reading, t->form);
      v.values = std::move(names);
      tell(v, w, *t);
      return v;
    }
  v.reading = answer_text(all[0], t->form);
  v.values = names_for(all[0]);
  tell(v, p.otherwise, *t);
  return v;
}

Verdict LessonRun::answer(std::string_view text) {
  if (!question() || closed()) return {};
  const std::string typed = one_line(text);
  trouble_ = {};
  std::optional<Truth> t;
  const Stay stay(lab_);
  Verdict v = judge(typed, t);
  if (!t || !v.understood) return v;
  note('a', typed);
  Progress &progress = progress_[current_];
  if (silent() || progress.state != StepState::solved) {
    progress.last = {current_, v.right, v.reading, answer_text(t->value, t->form), v.why, v.rule, v.goes_to, v.values};
    if (!v.right) progress.last->values.emplace_back("answer", t->value);
  }
  if (silent()) {
    // The likeliest reading: another would tell that it is the right one.
    Verdict said;
    said.understood = true;
    const QueryValue likeliest = readings(lab_, here_, typed, t->form)[0];
    said.reading = answer_text(likeliest, t->form);
    said.values = values_;
    said.values.emplace_back("given", likeliest);
    progress.state = v.right ? StepState::solved : StepState::answered;
    return said;
  }
  if (v.right) {
    if (progress.state == StepState::open) progress.state = StepState::solved;
  } else {
    ++progress.tries;
    progress.told.push_back(v.why);
  }
  return v;
}

std::optional<std::string> LessonRun::example(const Term &says) {
  if (!question()) return std::nullopt;
  trouble_ = {};
  const Stay stay(lab_);
  auto t = truth();
  if (!t) return std::nullopt;
  Values names = values_;
  names.emplace_back("answer", std::move(t->value));
  return fill_in(lab_, says, names, trouble_);
}

Verdict LessonRun::skip() {
  Verdict v;
  if (!question() || silent()) return v;
  trouble_ = {};
  const Stay stay(lab_);
  const auto t = truth();
  if (!t) {
    v.error = trouble_.reason;
    return v;
  }
  if (!closed()) {
    note('s');
    Progress &progress = progress_[current_];
    if (progress.state == StepState::open) progress.state = StepState::skipped;
  }
  v.understood = true;
  v.reading = answer_text(t->value, t->form);
  v.why = lesson_.steps[current_].prediction->right.text;
  v.goes_to = t->at;
  v.values = values_;
  v.values.emplace_back("given", t->value);
  v.values.emplace_back("answer", t->value);
  return v;
}

} // namespace mmscope
