// receipt: what somebody hands in: who, which lesson, which seed, and everything that was typed. Nothing in it is believed:
// a receipt is graded by doing it all again.
//
//     const auto r = receipt_of(run, lesson_text, "A. Learner");          when the run is done()
//     write_receipt(w, *r);
//
//     for (const ParsedReceipt &p : parse_receipts(text))                 one receipt, or a list of them
//       if (p.receipt) Grade g = regrade(*p.receipt, lesson, lesson_text, lab);     g.accepted, or g.reason
//
// The file is JSON: {"mmscope":"receipt", "version":1, "lesson":ID, "lesson_digest":HEX, "seed":N, "mode":"practice"|"exam",
// "name":TEXT, "inputs":[TEXT…], "points":N, "of":N, "digest":HEX}; HEX has 16 digits, the name may be missing. `digest`
// covers all the others and the state in which the exercise was left: a line that was changed by hand is noticed, be it one
// that was typed or the points. It is no signature: whoever can program can do the lesson with a program.
#pragma once

#include "io/json_writer.hpp"
#include "lesson/run.hpp"

namespace mmscope {

inline constexpr std::size_t max_name_bytes = 80;

struct Receipt {
  std::string lesson;    ///< its id
  u64 lesson_digest = 0; ///< of lesson.json
  u64 seed = 0;
  Mode mode{};
  std::string name; ///< "" = nobody's
  std::vector<std::string> inputs;
  u64 points = 0, of = 0;
  u64 digest = 0;
};

u64 lesson_digest(std::string_view lesson_text);
/// Nothing while the run is not done(). A name that is too long is cut.
std::optional<Receipt> receipt_of(LessonRun &run, std::string_view lesson_text, std::string_view name);
void write_receipt(JsonWriter &w, const Receipt &r);

struct ParsedReceipt {
  std::optional<Receipt> receipt; ///< nothing: see error
  std::optional<LessonError> error;
};
/// At least one. What is no JSON at all is one that is refused.
std::vector<ParsedReceipt> parse_receipts(std::string_view text);

/// What inputs() were, as a JSON list of texts, for replay(); nothing when it is none.
std::optional<std::vector<std::string>> parse_inputs(std::string_view json);

struct Grade {
  bool accepted = false;
  std::string reason; ///< of a refusal
  u64 points = 0, of = 0;
};
/// `lab` has played the machine that the seed picks; it is moved.
Grade regrade(const Receipt &r, const Lesson &lesson, std::string_view lesson_text, Lab &lab);
/// {"ok":BOOL, "reason":TEXT|null, "points":N, "of":N, "name":TEXT, "lesson":ID, "seed":N, "mode":TEXT}
void write_grade(JsonWriter &w, const Receipt &r, const Grade &g);

} // namespace mmscope
