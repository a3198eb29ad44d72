#include "lesson/check.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <map>

namespace mmscope {

namespace {

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
      if (!s.home.empty()) need(s.home, names);
      if (!s.prediction) continue;
      const Prediction &p = *s.prediction;
      need(p.ask, names);
      for (const Prediction::Choice &c : p.choices) need(c.text, names);
      for (const Prediction::Item &i : p.items) need(i.text, names);
      for (const Hint &h : p.hints) need(h.text, names);
      std::set<std::string> told = names;
      told.insert("given");
      if (p.kind == AnswerKind::sequence) told.insert("first_wrong");
      for (const WhyNot &w : p.wrong) need(w, told);
      need(p.otherwise, told);
      told.insert("answer");
      told.erase("first_wrong");
      need(p.right, told);
    }
    if (l_.exercise) {
      const Exercise &e = *l_.exercise;
      std::set<std::string> names;
      if (!e.variants.empty()) add(names, e.variants[0]);
      add(names, e.given);
      need(e.prose, names);
      if (!e.home.empty()) need(e.home, names);
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

void check_prose(const Lesson &lesson, std::string_view text, std::string_view prose, LessonReport &report) {
  report.prose.clear();
  ProseChecker(lesson, text, prose, report).run();
}

} // namespace mmscope
