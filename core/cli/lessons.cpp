#include "cli/lessons.hpp"

#include "base/text.hpp"
#include "io/dmesg.hpp"
#include "io/script_text.hpp"
#include "lab/presets.hpp"
#include "lesson/answer_key.hpp"
#include "lesson/check.hpp"

#include <algorithm>
#include <memory>

namespace mmscope {

namespace {

constexpr int ok = 0, failed = 1, unusable = 2;
} // namespace

std::optional<Script> lesson_boot(const Io &io, const std::string &folder, const MachineOfLesson &m,
                                  std::string &error) {
  switch (m.kind) {
  case MachineOfLesson::Kind::preset: {
    const MachineSpec *spec = find_preset(m.text.text);
    if (spec == nullptr) {
      error = concat("there is no preset '", m.text.text, "'");
      return std::nullopt;
    }
    return make_script(*spec);
  }
  case MachineOfLesson::Kind::script: {
    ParsedScript p = parse_script(m.text.text);
    if (p.errors.empty()) return std::move(p.script);
    error = to_text(p.errors[0], "script");
    return std::nullopt;
  }
  case MachineOfLesson::Kind::capture: break;
  }
  // Where the page has them too: beside the lessons, or of the checkout that a lesson from elsewhere is checked in.
  std::string path = concat(folder, "/../../page/assets/captures/", m.text.text, ".gz");
  auto log = io.read(path, error);
  if (!log) {
    path = concat("web/page/assets/captures/", m.text.text, ".gz");
    log = io.read(path, error);
  }
  if (!log) {
    error = concat(path, ": ", error);
    return std::nullopt;
  }
  ImportResult r = import_dmesg(*log);
  if (!r.error) return std::move(r.script);
  error = to_text(*r.error, path);
  return std::nullopt;
}

namespace {

// A lesson of a folder, as it was read; without one, the status says what kind of failure was told.
struct Opened {
  std::string folder, file, text;
  std::optional<Lesson> lesson;
  int status = ok;
};

Opened open_lesson(const Io &io, const std::string &folder) {
  Opened o{folder, concat(folder, "/lesson.json"), {}, {}, unusable};
  std::string error;
  auto text = io.read(o.file, error);
  if (!text) {
    io.err(concat("mmscope: ", o.file, ": ", error, '\n'));
    return o;
  }
  o.text = std::move(*text);
  ParsedLesson parsed = parse_lesson(o.text);
  o.status = parsed.error ? failed : ok;
  if (parsed.error)
    io.err(concat(to_text(*parsed.error, o.file), '\n'));
  else
    o.lesson = std::move(parsed.lesson);
  return o;
}

// One of its machines, booted; null when it cannot be had, which was told.
std::unique_ptr<Lab> open_lab(const Io &io, const Opened &o, const MachineOfLesson &m) {
  std::string error;
  auto script = lesson_boot(io, o.folder, m, error);
  if (!script) {
    io.err(concat(to_text(place_of(o.text, m.text.path, error), o.file), '\n'));
    return nullptr;
  }
  auto lab = std::make_unique<Lab>(std::move(*script));
  lab->prepare(~u64{0});
  return lab;
}

int check_lesson_folder(const Io &io, const std::string &folder) {
  const Opened opened = open_lesson(io, folder);
  if (!opened.lesson) return opened.status;
  const Lesson &lesson = *opened.lesson;
  const std::string &file = opened.file, &text = opened.text;
  std::string error;
  LessonCheck check(lesson, text);
  for (std::size_t m = 0; m < lesson.machines.size(); ++m) {
    const auto lab = open_lab(io, opened, lesson.machines[m]);
    if (!lab) return failed;
    check.play(*lab, m);
  }
  LessonReport report = check.report();

  std::size_t wrong = 0;
  std::vector<std::string> languages;
  for (const std::string &name : io.list ? io.list(folder) : std::vector<std::string>{})
    if (name.ends_with(".md")) languages.push_back(name);
  if (std::find(languages.begin(), languages.end(), "en.md") == languages.end())
    languages.insert(languages.begin(), "en.md");
  for (const std::string &name : languages) {
    const std::string path = concat(folder, '/', name);
    const auto prose = io.read(path, error);
    if (!prose) {
      io.err(concat("mmscope: ", path, ": ", error, '\n'));
      return unusable;
    }
    check_prose(lesson, text, *prose, report);
    for (const LessonError &e : report.prose) io.err(concat(to_text(e, path), '\n'));
    wrong += report.prose.size();
  }
  for (const LessonError &e : report.errors) io.err(concat(to_text(e, file), '\n'));
  wrong += report.errors.size();

  std::size_t predictions = 0;
  for (const LessonStep &s : lesson.steps) predictions += s.prediction.has_value();
  io.out(concat(wrong == 0 ? "ok     " : "FAILED ", lesson.id.text, ": ", lesson.steps.size(), " steps, ", predictions,
                " predictions, ", report.answers, " answers, ", report.ways, " ways through the exercise, ",
                checked_seeds, " seeds", wrong == 0 ? std::string() : concat(", ", wrong, " wrong"), '\n'));
  return wrong == 0 ? ok : failed;
}

} // namespace

int write_lesson_key(const Io &io, const std::string &folder, u64 seed) {
  const Opened opened = open_lesson(io, folder);
  if (!opened.lesson) return opened.status;
  const Lesson &lesson = *opened.lesson;
  const auto lab = open_lab(io, opened, lesson.machines[machine_of(lesson, seed)]);
  if (!lab) return failed;
  std::string out;
  JsonWriter w(out);
  LessonRun run(lesson, *lab, seed);
  if (run.trouble() || !write_answer_key(w, run, *lab)) {
    io.err(concat(to_text(place_of(opened.text, run.trouble().path, run.trouble().reason), opened.file), '\n'));
    return failed;
  }
  io.out(concat(out, '\n'));
  return ok;
}

int check_lessons(const Io &io, std::span<const std::string_view> folders) {
  std::vector<std::string> all(folders.begin(), folders.end());
  if (all.empty() && io.list)
    for (const std::string &name : io.list(std::string(lessons_folder)))
      if (std::string folder = concat(lessons_folder, '/', name); !io.list(folder).empty()) // the schema is a file
        all.push_back(std::move(folder));
  if (all.empty()) {
    io.err(concat("mmscope: there are no lessons in ", lessons_folder, '\n'));
    return unusable;
  }
  int status = ok;
  for (const std::string &folder : all) status = std::max(status, check_lesson_folder(io, folder));
  return status;
}

} // namespace mmscope
