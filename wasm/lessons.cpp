#include "lessons.hpp"

#include "io/script_text.hpp"
#include "lesson/lesson_json.hpp"
#include "lesson/receipt.hpp"

namespace mmscope {
namespace {

template <class Write> std::string json(Write &&write) {
  std::string out;
  JsonWriter w(out);
  write(w);
  return out;
}

std::string error_json(std::string_view reason) {
  return json([&](JsonWriter &w) { w.begin_object().key("error").string(reason).end_object(); });
}

} // namespace

std::string Lessons::machine(const std::string &text, unsigned seed) {
  const ParsedLesson parsed = parse_lesson(text);
  if (parsed.error) return error_json(to_text(*parsed.error, "lesson.json"));
  return json([&](JsonWriter &w) { write_machine(w, *parsed.lesson, seed); });
}

std::string Lessons::begin(const std::string &text, unsigned seed, const std::string &mode) {
  end();
  Lab *lab = session_.lab();
  if (lab == nullptr) return error_json("no machine");
  ParsedLesson parsed = parse_lesson(text);
  if (parsed.error) return error_json(to_text(*parsed.error, "lesson.json"));
  lesson_ = std::make_unique<Lesson>(std::move(*parsed.lesson));
  text_ = text;
  run_ = std::make_unique<LessonRun>(*lesson_, *lab, seed, mode == "exam" ? Mode::exam : Mode::practice);
  machine_ = session_.machines();
  return json([&](JsonWriter &w) { write_lesson(w, *lesson_, seed, lesson_digest(text)); });
}

void Lessons::end() {
  run_.reset();
  lesson_.reset();
  branch_.reset();
}

LessonRun *Lessons::run() {
  if (run_ && machine_ != session_.machines()) end(); // its lab is gone
  return run_.get();
}

std::string Lessons::enter(unsigned step) {
  if (run() == nullptr) return "null";
  session_.lab()->switch_branch(0);
  branch_.reset();
  if (!run_->enter(step)) return error_json(run_->trouble().reason);
  session_.lab()->seek(run_->place());
  if (run_->in_exercise() && !run_->calls().empty()) rebuild();
  return this->step();
}

std::string Lessons::step() {
  if (run() == nullptr) return "null";
  return json([&](JsonWriter &w) { write_step(w, *run_); });
}

std::string Lessons::answer(const std::string &typed) {
  if (run() == nullptr) return "null";
  const Verdict v = run_->answer(typed);
  return json([&](JsonWriter &w) { write_verdict(w, *run_, v); });
}

std::string Lessons::skip() {
  if (run() == nullptr) return "null";
  const Verdict v = run_->skip();
  return json([&](JsonWriter &w) { write_verdict(w, *run_, v); });
}

std::string Lessons::hint() {
  if (run() != nullptr) run_->hint();
  return step();
}

std::string Lessons::call(const std::string &line) {
  if (run() == nullptr) return "null";
  const TriedCall outcome = run_->try_call(line);
  if (outcome.made) make(line);
  return json([&](JsonWriter &w) { write_call(w, outcome); });
}

std::string Lessons::undo() {
  if (run() == nullptr) return "null";
  if (run_->undo_call()) rebuild();
  return exercise();
}

std::string Lessons::exercise() {
  if (run() == nullptr || !run_->in_exercise()) return "null";
  return json([&](JsonWriter &w) { write_exercise(w, *run_); });
}

std::string Lessons::finish() {
  if (run() != nullptr) run_->finish();
  return results();
}

std::string Lessons::results() {
  if (run() == nullptr) return "null";
  return json([&](JsonWriter &w) { write_results(w, *run_); });
}

std::string Lessons::inputs() {
  if (run() == nullptr) return "null";
  return json([&](JsonWriter &w) {
    w.begin_array();
    for (const std::string &line : run_->inputs()) w.string(line);
    w.end_array();
  });
}

std::string Lessons::replay(const std::string &inputs) {
  if (run() == nullptr) return "null";
  const auto lines = parse_inputs(inputs);
  if (!lines) return error_json("these are no inputs");
  const std::size_t taken = run_->replay(*lines);
  return json(
      [&](JsonWriter &w) { w.begin_object().key("taken").number(taken).key("of").number(lines->size()).end_object(); });
}

std::string Lessons::receipt(const std::string &name) {
  if (run() == nullptr) return "null";
  const auto r = receipt_of(*run_, text_, name);
  return r ? json([&](JsonWriter &w) { write_receipt(w, *r); }) : "null";
}

std::string Lessons::grade(const std::string &receipt, const std::string &lesson) {
  Lab *lab = session_.lab();
  if (lab == nullptr) return error_json("no machine");
  const ParsedLesson parsed = parse_lesson(lesson);
  if (parsed.error) return error_json(to_text(*parsed.error, "lesson.json"));
  const std::vector<ParsedReceipt> all = parse_receipts(receipt);
  Grade g{false, "one receipt at a time", 0, 0};
  const Receipt r = all[0].receipt.value_or(Receipt{});
  if (all[0].error) {
    g.reason = to_text(*all[0].error, "receipt");
  } else if (all.size() == 1) {
    const Stay stay(*lab);
    g = regrade(r, *parsed.lesson, lesson, *lab);
  }
  return json([&](JsonWriter &w) { write_grade(w, r, g); });
}

std::string Lessons::check(const std::string &text, unsigned machine, const std::string &prose) {
  Lab *lab = session_.lab();
  if (lab == nullptr) return error_json("no machine");
  if (machine == 0) {
    ParsedLesson parsed = parse_lesson(text);
    if (parsed.error) return error_json(to_text(*parsed.error, "lesson.json"));
    checked_ = std::make_unique<Checked>(std::move(*parsed.lesson), text);
  }
  if (!checked_ || machine >= checked_->lesson.machines.size()) return error_json("no such machine");
  {
    const Stay stay(*lab);
    checked_->check.play(*lab, machine);
  }
  const bool done = machine + 1 == checked_->lesson.machines.size();
  LessonReport report = done ? checked_->check.report() : checked_->check.so_far();
  check_prose(checked_->lesson, text, prose, report);
  if (done) checked_.reset();
  return json([&](JsonWriter &w) { write_report(w, report, done); });
}

void Lessons::show(double call, double event) {
  if (run() == nullptr) return;
  session_.lab()->switch_branch(run_->in_exercise() ? branch_.value_or(0) : 0);
  session_.seek(call, event);
}

void Lessons::look(const std::string &path, double from, double to) {
  canvas::Desk &desk = session_.desk();
  if (!desk.lab) return;
  if (const Sheet sheet = inspect(*desk.lab, path); path.empty() || sheet.path.empty())
    desk.clear_selection();
  else
    desk.select(sheet.path, sheet.title, sheet.base, sheet.end);
  if (to > from)
    desk.axis.set_view(from, to);
  else
    desk.axis.show_all();
}

bool Lessons::make(const std::string &line) {
  Lab &lab = *session_.lab();
  if (branch_) {
    lab.switch_branch(*branch_);
    lab.seek({lab.size(), 0, 0});
  } else {
    lab.switch_branch(0);
    lab.seek(run_->place());
  }
  ParsedCommand parsed = parse_command(line, lab.bindings());
  if (!parsed.command) return false;
  if (!parsed.bind_name.empty()) parsed.command->bind = lab.binding_slot(parsed.bind_name);
  if (!lab.branch(*parsed.command).ok()) return false;
  branch_ = lab.current_branch();
  return true;
}

void Lessons::rebuild() {
  branch_.reset();
  session_.lab()->switch_branch(0);
  session_.lab()->seek(run_->place());
  for (const std::string &line : run_->calls())
    if (!make(line)) return;
}

} // namespace mmscope
