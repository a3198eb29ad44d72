// run: one person going through one lesson. The page, the command line and whoever grades later all use this, so that
// they agree: same lesson, same seed, same inputs, same grade.
//
//     LessonRun run(lesson, lab, seed);          // lab.prepare() is through
//     run.enter(2);                              // the lab stands where the step stands
//     Verdict v = run.answer("256 pages");       // right, or which rule it broke and where
//     run.enter(run.steps());                    // the exercise
//     CallOutcome o = run.try_call("memblock_reserve 96M 2M");
//     run.goals();
//
// The lab that is shown is only moved, never edited: the exercise's calls are made on a boot of its own, bench(), which
// is the recorded one up to the exercise's start and goes on with what was typed. (Positions in it are those of a branch
// of the lab with the same calls.) A step shows the recorded boot; questions are about that, whatever branch is on show.
// inputs() is all that a run consists of; replay() gives the same run.
#pragma once

#include <memory>

#include "lab/machine.hpp"
#include "lesson/moment.hpp"
#include "lesson/notation.hpp"

namespace mmscope {

enum class StepState : u8 { open, solved, skipped };

struct Question {
  AnswerKind kind{};
  QueryUnit unit = QueryUnit::none;
  std::string_view ask; ///< key
  std::span<const Prediction::Choice> choices;
};

struct Verdict {
  bool understood = false, right = false;
  std::string reading;        ///< what the answer was taken to be: "256 pages"; "" when not understood
  std::string_view why, rule; ///< keys; "" = none
  std::optional<Position> goes_to;
  Values values;     ///< for the prose: the step's, given, and answer when it is right
  std::string error; ///< the lesson itself is at fault (mmscope lessons check finds these)
};

struct CallOutcome {
  bool made = false;
  std::string error; ///< why the line is no call, or the call cannot be made
  u32 column = 0;    ///< of the error, from 1; 0 = the whole line
  u64 result = 0;
  bool result_is_address = false;
  std::string_view why, rule;      ///< keys, when this way does not lead there
  std::optional<Position> goes_to; ///< in bench()
};

struct GoalState {
  std::string_view id, text; ///< text: key
  bool met = false;
};

class LessonRun {
public:
  static constexpr std::size_t max_calls = 200; ///< of the exercise

  LessonRun(const Lesson &lesson, Lab &lab, u64 seed);

  const Lesson &lesson() const { return lesson_; }
  u64 seed() const { return seed_; }
  /// The last thing that a lesson that passed its check cannot do, or "".
  const Trouble &trouble() const { return trouble_; }

  // --- steps ---
  std::size_t steps() const { return lesson_.steps.size(); } ///< the exercise, if there is one, comes behind
  std::size_t current() const { return current_; }
  bool in_exercise() const { return current_ == steps(); }
  bool enter(std::size_t step);                                     ///< false: no such step, or trouble()
  Position place() const { return here_; }                          ///< where the step stands
  const Values &values() const { return values_; }                  ///< of the prose and the question, by name
  std::optional<std::pair<u64, u64>> look() const { return look_; } ///< bytes to show, half-open

  // --- its prediction ---
  std::optional<Question> question() const;
  Verdict answer(std::string_view typed);
  /// `{EXPRESSION}` replaced at the moment of the answer, where $answer is known: what the check types.
  std::optional<std::string> example(const Term &says);
  /// Shown, not solved: the verdict that a right answer gets.
  Verdict skip();
  /// The key of the next hint, "" when there are no more.
  std::string_view hint();
  std::vector<std::string_view> hints_shown() const;
  std::size_t hints_left() const;
  std::size_t hints_due() const; ///< hints that the number of tries brings up by themselves
  StepState state(std::size_t step) const { return progress_[step].state; }
  u32 tries(std::size_t step) const { return progress_[step].tries; }
  bool done() const; ///< nothing is open

  // --- the exercise ---
  CallOutcome try_call(std::string_view line);
  bool undo_call();
  const std::vector<std::string> &calls() const { return calls_; }
  std::vector<GoalState> goals();
  bool solved();
  const Lab &bench(); ///< only in the exercise

  // --- all of it, small ---
  /// One line each: "2 a 256 pages", "2 s", "2 h", "7 c memblock_free_all", "7 u".
  const std::vector<std::string> &inputs() const { return inputs_; }
  bool replay(std::span<const std::string> inputs); ///< on a fresh run; false at a line that is none

  std::size_t variant() const {
    return variant_;
  } ///< which the seed picked for the current step; 0 when there are none

private:
  struct Progress {
    StepState state = StepState::open;
    u32 tries = 0, hints = 0;
  };
  const std::vector<Hint> *hints_of() const;
  bool names_of(const std::vector<Named> &variants, const Named &given, std::string_view what);
  bool answer_at(Position &at); // moves the lab there
  std::optional<QueryValue> true_answer();
  AnswerForm form() const;
  void tell(Verdict &v, const WhyNot &why, Position at);
  void note(char kind, std::string_view what);
  bool start_bench();

  const Lesson &lesson_;
  Lab &lab_;
  u64 seed_;
  Trouble trouble_;
  std::vector<Progress> progress_;        // steps, then the exercise
  std::vector<Position> places_;          // of the steps, found so far
  std::size_t current_ = ~std::size_t{0}; // none yet
  std::size_t variant_ = 0;
  Position start_, here_;
  Values values_;
  std::optional<std::pair<u64, u64>> look_;
  std::vector<std::string> inputs_, calls_;

  Script script_;                    // the exercise's: the boot so far, and what was typed
  std::vector<std::size_t> bound_;   // number of result names before each typed call
  std::unique_ptr<Machine> machine_; // after all of script_
  std::unique_ptr<Lab> bench_;       // null: to be made again
};

} // namespace mmscope
