// lesson: a lesson as its author writes it (lesson.json; docs/authoring.md explains every field), read and bounded.
//
//   steps      where the boot stands, what to look at, the key of the prose, and perhaps a prediction
//   prediction a question whose answer the core computes at a moment of the boot, and the wrong answers it knows about
//   exercise   goals over the state, reached with kernel calls that the learner types
//
//     ParsedLesson p = parse_lesson(text);
//     if (p.error) to_text(*p.error, "lesson.json");        // "lesson.json:12:7: steps[0].at: …"
//     LessonRun run(*p.lesson, lab, seed);                  // lesson/run.hpp plays it
//
// A moment is written in words that survive another log, {"before": "memblock_free_all"}; a number never is an answer:
// an expression of the query language (query/query.hpp) is. Prose lies elsewhere (en.md, …): here are only its keys.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "query/query.hpp"

namespace mmscope {

/// A text of the lesson and the field that it stands in, for whoever must point at it: "steps[2].prediction.ask".
struct Term {
  std::string text, path;
  bool empty() const { return text.empty(); }
};

/// A moment of the boot.
struct Moment {
  enum class Kind : u8 {
    here,       ///< where the step stands
    before,     ///< {"before": "memblock_free_all"}: the first call of that function is about to be made
    after,      ///< {"after": "memblock_free_all"}: it has returned
    call_where, ///< {"call_where": EXPRESSION}: after the first call for which that holds
    event_where ///< {"in": "memblock_free_all", "event_where": EXPRESSION}: after the first such event of the first call
  } kind = Kind::here;
  Term call, where;
};

/// A value that the core computes: "EXPRESSION", or {"at": MOMENT, "value": "EXPRESSION", "unit": UNIT}.
struct Computed {
  Moment at;
  Term value;
  std::optional<QueryUnit> unit; ///< how it is written, where the expression leaves that open: "pfn"
};
using Named = std::vector<std::pair<Term, Computed>>; ///< `$name`, in the order in which they were written

/// What a wrong answer, or a wrong way of the exercise, is told.
struct WhyNot {
  Term when;                     ///< EXPRESSION over $given, $answer and the state; empty: for any other
  Term why, rule;                ///< keys; no rule: ""
  std::optional<Moment> goes_to; ///< where reality parted from the answer
};

/// Comes by itself after so many wrong answers, or once a why-not has been told; or else when asked for. The third level,
/// the answer, is nobody's to write: LessonRun::skip().
struct Hint {
  enum class Level : u8 { nudge, rule } level{}; ///< where to look; the law that decides
  u32 tries = 0;                                 ///< 0: not by their number
  Term after;                                    ///< key of the why-not, or ""
  Term text;                                     ///< key
};

enum class AnswerKind : u8 { number, pfn, address, truth, choice, block, region, zone, page, sequence };
/// Their names in lesson.json, in that order.
inline constexpr std::array<std::string_view, 10> answer_kinds{"number", "pfn",    "address", "truth", "choice",
                                                               "block",  "region", "zone",    "page",  "sequence"};
enum class RegionList : u8 { memory, reserved, e820 }; ///< whose regions are asked about

struct Prediction {
  AnswerKind kind{};
  QueryUnit unit = QueryUnit::none; ///< of a number
  RegionList of{};                  ///< of a region
  Term ask;                         ///< key
  std::vector<Named> variants;      ///< the seed picks one
  Named given;                      ///< then these, which may use the variant's
  Computed answer;                  ///< a choice has only its moment, a sequence none of it
  struct Choice {
    Term id, text; ///< text: key
    Term right;    ///< EXPRESSION, at answer.at; it holds for exactly one
  };
  std::vector<Choice> choices;
  struct Item { ///< of a sequence: the boot says in which order they come
    Term id, text; ///< text: key
    Moment at;
  };
  std::vector<Item> items;
  u64 tolerance = 0; ///< in the unit
  std::vector<WhyNot> wrong;
  WhyNot otherwise;
  Term right; ///< key: what is said to a right answer
  std::vector<Hint> hints;
  struct Try { ///< for the check alone: what is typed, and what must be said to it
    Term says; ///< `{EXPRESSION}` stands for a value
    bool right = false;
    Term why;
    std::optional<u64> variant, machine; ///< only when the seed picked that one
  };
  std::vector<Try> tries;
};

struct LessonStep {
  Term id, prose, home;    ///< keys: what is told, and how to see it on a machine of one's own
  Term function, file;     ///< of the kernel: "reserve_bootmem_region", "mm/page_alloc.c"
  Moment at;               ///< "here" is where the step before stands
  std::string panel;       ///< "strip", "memblock", "zones", "buddy", "timeline", "sections"; "" = as it was
  Term select;             ///< query path of the thing to look at, or ""
  Computed from, to;       ///< bytes to show, half-open; empty = leave the view alone
  Named values;            ///< what the prose shows as {name}
  std::vector<Term> truth; ///< EXPRESSIONS that the prose relies on; the check says if one does not hold
  std::optional<Prediction> prediction;
};

struct Exercise {
  Term prose, home, function, file;
  Moment at;
  std::vector<Named> variants;
  Named given;
  struct Goal {
    Term id, text, holds;
  };
  std::vector<Goal> goals;
  std::vector<WhyNot> wrong;
  WhyNot otherwise; ///< only when memory has been handed over and goals are left
  std::vector<Hint> hints;
  using Calls = std::vector<Term>; ///< lines of a script; `{name}` stands for a value
  Calls solution;
  std::vector<Calls> alternatives;
  struct WrongWay {
    Calls calls;
    Term why;
    std::optional<u64> machine; ///< only on that one
  };
  std::vector<WrongWay> wrong_ways;
  Term finished; ///< EXPRESSION: from here on, goals that are not met are a failure
};

struct MachineOfLesson {
  enum class Kind : u8 { capture, preset, script } kind{};
  Term text; ///< name of a capture or preset, or a script
};

struct Lesson {
  Term id, title;                        ///< title: key
  u64 number = 0;                        ///< its place in the course; 0: it has none
  u64 minutes = 0;                       ///< that it takes
  std::vector<Term> needs;               ///< ids of lessons that come before
  std::vector<MachineOfLesson> machines; ///< the seed picks one
  Moment start;
  std::vector<LessonStep> steps;
  std::optional<Exercise> exercise;
};

/// The index in lesson.machines of the one that this seed picks.
std::size_t machine_of(const Lesson &lesson, u64 seed);

struct LessonError {
  u32 line = 0, column = 0; ///< from 1, in bytes
  std::string path, reason;
};
std::string to_text(const LessonError &e, std::string_view file); ///< "FILE:LINE:COLUMN: PATH: REASON"

struct ParsedLesson {
  std::optional<Lesson> lesson; ///< nothing: see error
  std::optional<LessonError> error;
};
ParsedLesson parse_lesson(std::string_view text);

/// Line and column of a field of a JSON text that parse_lesson could read.
LessonError place_of(std::string_view text, std::string_view path, std::string reason);

} // namespace mmscope
