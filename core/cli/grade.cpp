#include "cli/grade.hpp"

#include "base/text.hpp"
#include "cli/lessons.hpp"
#include "lesson/receipt.hpp"

#include <map>
#include <memory>

namespace mmscope {

namespace {

constexpr int ok = 0, failed = 1, unusable = 2;

// The lessons of a folder by their ids, with the machines that were needed so far.
class Shelf {
public:
  Shelf(const Io &io, std::string_view folder) : io_(io) {
    for (const std::string &name : io.list ? io.list(std::string(folder)) : std::vector<std::string>{}) {
      Book book{.folder = concat(folder, '/', name)};
      std::string error;
      const auto text = io.read(concat(book.folder, "/lesson.json"), error);
      if (!text) continue; // another file
      ParsedLesson parsed = parse_lesson(*text);
      if (parsed.error) {
        io.err(concat(to_text(*parsed.error, concat(book.folder, "/lesson.json")), '\n'));
        continue;
      }
      book.text = *text;
      book.lesson = std::make_unique<Lesson>(std::move(*parsed.lesson));
      book.labs.resize(book.lesson->machines.size());
      std::string id = book.lesson->id.text;
      books_.insert_or_assign(std::move(id), std::move(book));
    }
  }
  bool empty() const { return books_.empty(); }

  Grade grade(const Receipt &r) {
    const auto it = books_.find(r.lesson);
    if (it == books_.end()) return {false, concat("there is no lesson '", r.lesson, "'"), 0, 0};
    Book &book = it->second;
    const std::size_t m = machine_of(*book.lesson, r.seed);
    if (!book.labs[m]) {
      std::string error;
      auto script = lesson_boot(io_, book.folder, book.lesson->machines[m], error);
      if (!script) return {false, error, 0, 0};
      book.labs[m] = std::make_unique<Lab>(std::move(*script));
      book.labs[m]->prepare(~u64{0});
    }
    return regrade(r, *book.lesson, book.text, *book.labs[m]);
  }

private:
  struct Book {
    std::string folder, text;
    std::unique_ptr<Lesson> lesson;
    std::vector<std::unique_ptr<Lab>> labs;
  };
  const Io &io_;
  std::map<std::string, Book, std::less<>> books_;
};

} // namespace

std::string csv_field(std::string_view text) {
  std::string s;
  if (!text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos) s += '\'';
  s += text;
  if (s.find_first_of(",\"\r\n") == std::string::npos) return s;
  std::string quoted = "\"";
  for (const char c : s) append(quoted, c == '"' ? "\"" : "", c);
  return quoted += '"';
}

int grade(const Io &io, std::string_view lessons, std::span<const std::string_view> files) {
  Shelf shelf(io, lessons);
  if (shelf.empty()) {
    io.err(concat("mmscope: there are no lessons in ", lessons, '\n'));
    return unusable;
  }
  int status = ok;
  io.out("receipt,name,lesson,seed,mode,points,of,percent,status,reason\n");
  for (const std::string_view file : files) {
    std::string error;
    const auto text = io.read(std::string(file), error);
    if (!text) {
      io.err(concat("mmscope: ", file, ": ", error, '\n'));
      status = unusable;
      continue;
    }
    const std::vector<ParsedReceipt> all = parse_receipts(*text);
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto &[receipt, wrong] = all[i];
      const Grade g = receipt ? shelf.grade(*receipt) : Grade{false, to_text(*wrong, "not a receipt"), 0, 0};
      const Receipt r = receipt.value_or(Receipt{});
      const std::string place = all.size() == 1 ? std::string(file) : concat(file, '[', i, ']');
      std::string line = concat(csv_field(place), ',', csv_field(r.name), ',', csv_field(r.lesson), ',');
      if (receipt) append(line, r.seed, ',', mode_names[static_cast<std::size_t>(r.mode)]);
      if (!receipt) line += ',';
      if (g.accepted)
        append(line, ',', g.points, ',', g.of, ',', g.of == 0 ? 0 : (200 * g.points + g.of) / (2 * g.of), ",accepted,");
      else
        append(line, ",,,,refused,", csv_field(g.reason));
      io.out(concat(line, '\n'));
      if (!g.accepted && status == ok) status = failed;
    }
  }
  return status;
}

} // namespace mmscope
