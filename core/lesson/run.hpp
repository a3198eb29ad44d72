// run: one person going through one lesson. The page, the command line and whoever grades later all use this, so that
// they agree: same lesson, same seed, same inputs, same grade.
//
//     LessonRun run(lesson, lab, seed);          // lab.prepare() is through
//     run.enter(2);                              // the lab stands where the step stands
//     Verdict v = run.answer("256 pages");       // right, or which rule it broke and where
//     run.enter(run.steps());                    // the exercise
//     TriedCall o = run.try_call("memblock_reserve 96M 2M");
//     run.goals();
//
// In Mode::exam it is silent: answers are taken and not judged, goals not shown, there are no hints, and who enters a step
// leaves those before it for good. finish() ends that; results() then tells everything.
//
// The lab that is shown is only moved, never edited: the exercise has a boot of its own (lesson/bench.hpp). A step shows
// the recorded boot; questions are about that, whatever branch is on show. inputs() is all that a run consists of;
// replay() gives the same run.
#pragma once

#include <memory>

#include "lesson/bench.hpp"
#include "lesson/question.hpp"

namespace mmscope {

enum class Mode : u8 { practice, exam };
inline constexpr std::array<std::string_view, 2> mode_names{"practice", "exam"};

/// Of an exam that is not finished a step is open or answered; later it is open, answered (wrongly) or solved.
enum class StepState : u8 { open, solved, skipped, answered };

struct Question {
  const Prediction &prediction;
  std::vector<const Prediction::Item *> items; ///< of a sequence, in the order in which they are shown
};

struct Verdict {
  bool understood = false, right = false;
  std::string reading;        ///< what the answer was taken to be: "256 pages"; "" when not understood
  std::string_view why, rule; ///< keys; "" = none
  std::optional<Position> goes_to;
  Values values;     ///< for the prose: the step's, given, and answer when it is right
  std::string error; ///< the lesson itself is at fault (mmscope lessons check finds these)
};

struct GoalState {
  std::string_view id, text; ///< text: key
  bool met = false;
};

struct Results {
  struct Answered {
    std::size_t step = 0;
    bool right = false;
    std::string given, answer; ///< as they were understood; given: "" when there was none
    std::string_view why, rule;
    std::optional<Position> goes_to;
    Values values; ///< for the prose of the question and of why; with given and answer
  };
  std::vector<Answered> questions;
  bool exercise = false; ///< its goals were reached
  std::vector<GoalState> goals;
  std::size_t points = 0, of = 0; ///< one for each question, one for the exercise
};

class LessonRun {
public:
  static constexpr std::size_t max_inputs = 1000;

  LessonRun(const Lesson &lesson, Lab &lab, u64 seed, Mode mode = Mode::practice);

  const Lesson &lesson() const { return lesson_; }
  u64 seed() const { return seed_; }
  Mode mode() const { return mode_; }
  /// An exam that is not finished.
  bool silent() const { return mode_ == Mode::exam && !finished_; }
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
  std::size_t variant() const { return variant_; } ///< which the seed picked for this step; 0 when there are none

  // --- its prediction ---
  std::optional<Question> question() const;
  Verdict answer(std::string_view text);
  /// `{EXPRESSION}` replaced at the moment of the answer, where $answer is known: what the check types.
  std::optional<std::string> example(const Term &says);
  /// Shown, not solved: the verdict that a right answer gets.
  Verdict skip();

  // --- hints and progress ---
  const Hint *hint(); ///< shows the next one; null when there are no more
  std::vector<const Hint *> hints_shown() const;
  std::size_t hints_left() const;
  std::size_t hints_due() const; ///< hints that come by themselves now; hint() gives them first
  StepState state(std::size_t step) const;
  u32 tries(std::size_t step) const { return progress_[step].tries; }
  bool done() const; ///< nothing is open; of an exam: it is finished

  // --- the exercise ---
  TriedCall try_call(std::string_view text);
  bool undo_call();
  std::vector<std::string> calls() const;
  std::vector<GoalState> goals();
  bool solved();
  Lab &bench();          ///< only in the exercise
  u64 exercise_digest(); ///< of its state; 0 when it was not begun

  // --- the end ---
  /// Ends an exam. Of practice: whether it is done().
  bool finish();
  /// When done().
  std::optional<Results> results();

  // --- all of it, small ---
  /// At most max_inputs and the end of an exam. One line each: "2 a 256 pages", "2 s", "2 h", "7 c memblock_free_all", "7 u"; of an exam also "2 e" and "7 f".
  const std::vector<std::string> &inputs() const { return inputs_; }
  /// On a fresh run. How many lines could be taken; it stops at the first that could not.
  std::size_t replay(std::span<const std::string> inputs);

private:
  struct Progress {
    StepState state = StepState::open;
    u32 tries = 0;
    std::vector<std::size_t> hints; // shown, by index
    std::vector<std::string_view> told;
    std::optional<Results::Answered> last;
  };

  bool load(std::size_t step); // the run's own idea of a step; the lab stays where it is
  bool names_of(const std::vector<Named> &variants, const Named &given, std::string_view what);
  u64 chance(std::string_view what) const;
  std::optional<Truth> truth();
  Verdict judge(std::string_view typed, std::optional<Truth> &t);
  void tell(Verdict &v, const WhyNot &why, const Truth &t);
  const std::vector<Hint> *hints_of() const;
  std::optional<std::size_t> next_hint() const;
  bool is_due(std::size_t hint) const;
  bool asks(std::size_t step) const;
  bool closed() const { return finished_ || inputs_.size() >= max_inputs; } // no more is taken
  bool take(std::string_view line);
  Results all_results();
  static std::string one_line(std::string_view typed); // as it is noted: the replay must read the same
  void note(char kind, std::string_view what = {});

  const Lesson &lesson_;
  Lab &lab_;
  u64 seed_;
  Mode mode_;
  bool finished_ = false;
  Trouble trouble_;
  std::vector<Progress> progress_;        // steps, then the exercise
  std::vector<Position> places_;          // of the steps, found so far
  std::size_t current_ = ~std::size_t{0}; // none yet
  std::size_t variant_ = 0;
  Position start_, here_;
  Values values_;
  std::optional<std::pair<u64, u64>> look_;
  std::vector<std::size_t> shown_; // of a sequence: its items as they are shown
  std::vector<std::string> inputs_;
  std::unique_ptr<Bench> bench_;
  std::optional<Results> results_; // of an exam, from its end
};

} // namespace mmscope
