#include "lesson/check.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace mmscope {

namespace {

class Checker {
public:
  Checker(const Lesson &lesson, std::string_view text, Lab &lab, LessonReport &report)
      : l_(lesson), text_(text), lab_(lab), report_(report) {}

  void run() {
    for (u64 seed = 0; seed < checked_seeds; ++seed) {
      LessonRun r(l_, lab_, seed);
      if (trouble(r)) return;
      for (std::size_t step = 0; step < r.steps(); ++step) {
        if (!r.enter(step)) return void(trouble(r));
        if (seed == 0) truths(r, l_.steps[step]);
        if (l_.steps[step].prediction && seen_.insert({step, r.variant()}).second)
          prediction(r, l_.steps[step], *l_.steps[step].prediction);
      }
      if (l_.exercise) {
        if (!r.enter(r.steps())) return void(trouble(r));
        if (seen_.insert({r.steps(), r.variant()}).second) exercise(r, seed, *l_.exercise);
      }
    }
    for (std::size_t step = 0; step < l_.steps.size(); ++step)
      if (const auto &p = l_.steps[step].prediction) {
        all_variants(step, p->variants);
        dead(p->wrong, "no answer of \"try\" is told this");
        if (!told_.contains(p->otherwise.why.path)) fail(p->otherwise.why, "no answer of \"try\" is told this");
      }
    if (!l_.exercise) return;
    all_variants(l_.steps.size(), l_.exercise->variants);
    dead(l_.exercise->wrong, "no wrong way is told this");
  }

private:
  void fail(const Term &where, std::string reason) {
    for (const LessonError &e : report_.errors)
      if (e.path == where.path && e.reason == reason) return;
    report_.errors.push_back(place_of(text_, where.path, std::move(reason)));
  }
  bool trouble(const LessonRun &r) {
    if (r.trouble()) fail({"", r.trouble().path}, r.trouble().reason);
    return static_cast<bool>(r.trouble());
  }
  void all_variants(std::size_t step, const std::vector<Named> &variants) {
    for (std::size_t v = 0; v < variants.size(); ++v)
      if (!seen_.contains({step, v}) && !variants[v].empty())
        fail(variants[v][0].first, concat("none of ", checked_seeds, " seeds picks this variant"));
  }
  void dead(const std::vector<WhyNot> &all, std::string_view reason) {
    for (const WhyNot &w : all)
      if (!told_.contains(w.why.path)) fail(w.why, std::string(reason));
  }

  void truths(const LessonRun &r, const LessonStep &s) {
    for (const Term &t : s.truth) {
      Trouble trouble;
      const auto holds = evaluate(lab_, t, r.values(), trouble);
      if (!holds)
        fail(t, trouble.reason);
      else if (!holds->truth())
        fail(t, "this does not hold where the step stands");
    }
    if (s.select.empty()) return;
    if (const Sheet sheet = inspect(lab_, s.select.text); !sheet.error.empty()) fail(s.select, sheet.error);
  }

  void prediction(LessonRun &r, const LessonStep &s, const Prediction &p) {
    // The true answer, as we write it ourselves, must be taken for right.
    const Verdict truth = r.skip();
    if (!truth.error.empty()) return void(trouble(r));
    const std::string ours = p.kind == AnswerKind::choice ? truth.values.back().second.text : truth.reading;
    if (!r.answer(ours).right) fail(p.ask, concat("the true answer, written '", ours, "', is not taken for right"));
    for (const Prediction::Try &t : p.tries) {
      if (t.variant && *t.variant != r.variant()) continue;
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
    if (p.hints.empty()) fail(s.id, "a prediction has at least one hint");
  }
  void told(const std::vector<WhyNot> &wrong, const WhyNot &otherwise, std::string_view why) {
    for (const WhyNot &w : wrong)
      if (w.why.text == why) told_.insert(w.why.path);
    if (otherwise.why.text == why) told_.insert(otherwise.why.path);
  }

  // Makes the calls on a fresh run. The why-nots that it was told, without repetitions.
  std::optional<std::vector<std::string>> play(u64 seed, const Exercise::Calls &calls, bool &solved) {
    LessonRun r(l_, lab_, seed);
    if (!r.enter(r.steps())) return std::nullopt;
    ++report_.ways;
    std::vector<std::string> whys;
    for (const Term &line : calls) {
      Trouble t;
      const auto filled = fill_in(lab_, line, r.values(), t);
      if (!filled) {
        fail(line, t.reason);
        return std::nullopt;
      }
      const CallOutcome o = r.try_call(*filled);
      if (trouble(r)) return std::nullopt;
      if (!o.made) {
        fail(line, concat("'", *filled, "': ", o.error));
        return std::nullopt;
      }
      if (!o.why.empty() && (whys.empty() || whys.back() != o.why)) whys.emplace_back(o.why);
      if (!o.why.empty()) told(l_.exercise->wrong, l_.exercise->otherwise, o.why);
    }
    solved = r.solved();
    return whys;
  }
  void exercise(LessonRun &r, u64 seed, const Exercise &e) {
    const std::vector<GoalState> goals = r.goals();
    if (trouble(r)) return;
    if (std::all_of(goals.begin(), goals.end(), [](const GoalState &g) { return g.met; }))
      fail(e.prose, "every goal is met before anything was done");
    const auto reaches = [&](const Exercise::Calls &calls, std::string_view what) {
      bool solved = false;
      const auto whys = play(seed, calls, solved);
      if (!whys) return;
      if (!solved) fail(calls[0], concat("the ", what, " does not reach the goals", unmet(seed, calls)));
      if (!whys->empty()) fail(calls[0], concat("the ", what, " is told ", whys->front(), " on its way"));
    };
    reaches(e.solution, "solution");
    for (const Exercise::Calls &a : e.alternatives) reaches(a, "alternative");
    for (const Exercise::WrongWay &w : e.wrong_ways) {
      bool solved = false;
      const auto whys = play(seed, w.calls, solved);
      if (!whys) continue;
      if (solved)
        fail(w.why, "this way reaches the goals");
      else if (whys->size() != 1 || whys->front() != w.why.text)
        fail(w.why,
             whys->empty() ? std::string("this way is told nothing") : concat("this way is told ", whys->front()));
    }
    if (e.hints.empty()) fail(e.prose, "an exercise has at least one hint");
  }
  std::string unmet(u64 seed, const Exercise::Calls &calls) {
    LessonRun r(l_, lab_, seed);
    if (!r.enter(r.steps())) return {};
    Trouble t;
    for (const Term &line : calls)
      if (const auto filled = fill_in(lab_, line, r.values(), t)) r.try_call(*filled);
    std::string s;
    for (const GoalState &g : r.goals())
      if (!g.met) append(s, s.empty() ? ": " : ", ", g.id);
    return s;
  }

  const Lesson &l_;
  std::string_view text_;
  Lab &lab_;
  LessonReport &report_;
  std::set<std::pair<std::size_t, std::size_t>> seen_; // step and variant
  std::set<std::string> told_;                         // paths of why keys
};

// --- prose ---

struct Piece { // of prose, under its heading
  u32 line = 0;
  std::vector<std::pair<std::string, u32>> names; // {name} and its line
  std::vector<std::pair<std::string, u32>> steps; // (step:id)
  bool empty = true, used = false;
};

// "# …" is the title, "## key" begins the prose of a key.
std::map<std::string, Piece, std::less<>> pieces_of(std::string_view prose, LessonReport &report) {
  std::map<std::string, Piece, std::less<>> all;
  Piece *piece = nullptr;
  u32 line = 0;
  while (!prose.empty()) {
    ++line;
    const std::size_t end = std::min(prose.find('\n'), prose.size());
    std::string_view s = prose.substr(0, end);
    prose.remove_prefix(std::min(end + 1, prose.size()));
    const bool title = s.starts_with("# ");
    if (title || s.starts_with("## ")) {
      const std::string key(title ? std::string_view("title") : trim(s.substr(3)));
      const auto [it, fresh] = all.try_emplace(key);
      if (!fresh) report.prose.push_back({line, 1, key, "this key has its prose already"});
      piece = &it->second;
      piece->line = line;
      piece->empty = !title;
      continue;
    }
    if (trim(s).empty()) continue;
    if (piece == nullptr) {
      report.prose.push_back({line, 1, "", "text before the first heading"});
      continue;
    }
    piece->empty = false;
    const auto each = [&](std::string_view open, char close, auto &into) {
      for (std::size_t at = s.find(open); at != std::string_view::npos; at = s.find(open, at + 1)) {
        const std::size_t to = s.find(close, at);
        if (to == std::string_view::npos) break;
        into.emplace_back(std::string(s.substr(at + open.size(), to - at - open.size())), line);
      }
    };
    each("{", '}', piece->names);
    each("](step:", ')', piece->steps);
  }
  return all;
}

class ProseChecker {
public:
  ProseChecker(const Lesson &lesson, std::string_view text, std::string_view prose, LessonReport &report)
      : l_(lesson), text_(text), report_(report), pieces_(pieces_of(prose, report)) {}

  void run() {
    need(l_.title, {});
    for (const LessonStep &s : l_.steps) {
      std::set<std::string> names;
      add(names, s.values);
      // The prose stands beside the question, so it may speak of what is asked about.
      if (const auto &p = s.prediction) {
        if (!p->variants.empty()) add(names, p->variants[0]);
        add(names, p->given);
      }
      need(s.prose, names);
      if (!s.prediction) continue;
      const Prediction &p = *s.prediction;
      need(p.ask, names);
      for (const Prediction::Choice &c : p.choices) need(c.text, names);
      for (const Hint &h : p.hints) need(h.text, names);
      std::set<std::string> told = names;
      told.insert("given");
      for (const WhyNot &w : p.wrong) need(w, told);
      need(p.otherwise, told);
      told.insert("answer");
      need(p.right, told);
    }
    if (l_.exercise) {
      const Exercise &e = *l_.exercise;
      std::set<std::string> names;
      if (!e.variants.empty()) add(names, e.variants[0]);
      add(names, e.given);
      need(e.prose, names);
      for (const Exercise::Goal &g : e.goals) need(g.text, names);
      for (const Hint &h : e.hints) need(h.text, names);
      for (const WhyNot &w : e.wrong) need(w, names);
      need(e.otherwise, names);
    }
    for (const auto &[key, piece] : pieces_)
      if (!piece.used) report_.prose.push_back({piece.line, 1, key, "the lesson has no such key"});
  }

private:
  static void add(std::set<std::string> &names, const Named &more) {
    for (const auto &[name, what] : more) names.insert(name.text);
  }
  void need(const WhyNot &w, const std::set<std::string> &names) {
    need(w.why, names);
    if (!w.rule.empty()) need(w.rule, names);
  }
  void need(const Term &key, const std::set<std::string> &names) {
    const auto it = pieces_.find(key.text);
    if (it == pieces_.end()) {
      report_.errors.push_back(place_of(text_, key.path, concat("there is no prose for '", key.text, "'")));
      return;
    }
    Piece &p = it->second;
    p.used = true;
    if (p.empty) report_.prose.push_back({p.line, 1, key.text, "there is nothing under this heading"});
    for (const auto &[name, line] : p.names)
      if (!names.contains(name))
        report_.prose.push_back({line, 1, key.text, concat("there is no value {", name, "} for ", key.path)});
    for (const auto &[id, line] : p.steps) {
      const std::string_view wanted = id;
      const auto is = [&](const LessonStep &s) { return s.id.text == wanted; };
      if (wanted != "exercise" && std::none_of(l_.steps.begin(), l_.steps.end(), is))
        report_.prose.push_back({line, 1, key.text, concat("there is no step '", id, "'")});
    }
  }

  const Lesson &l_;
  std::string_view text_;
  LessonReport &report_;
  std::map<std::string, Piece, std::less<>> pieces_;
};

} // namespace

LessonReport check_lesson(const Lesson &lesson, std::string_view text, Lab &lab) {
  LessonReport report;
  Checker(lesson, text, lab, report).run();
  return report;
}

void check_prose(const Lesson &lesson, std::string_view text, std::string_view prose, LessonReport &report) {
  report.prose.clear();
  ProseChecker(lesson, text, prose, report).run();
}

} // namespace mmscope
