// moment: finds the moments that a lesson speaks of in a boot, and computes values there.
//
//     std::string error;
//     find_moment(lab, step.at, here, names, error);          Position, or nothing and the reason
//     compute(lab, prediction.answer, here, names, error);    QueryValue; the lab stands where it stood before
//
// A search plays the boot forwards from its beginning, or through one call, and asks the expression at each position:
// `call.name`, `event.kind` and the state are those of that position.
#pragma once

#include "lesson/lesson.hpp"

namespace mmscope {

/// Names with their values, in order; `$name` in an expression, {name} in a text.
using Values = std::vector<std::pair<std::string, QueryValue>>;
std::vector<QueryVariable> variables(const Values &values); ///< they refer to it

/// The reason, with the field of the lesson that it is about.
struct Trouble {
  std::string path, reason;
  explicit operator bool() const { return !reason.empty(); }
};

/// Lessons speak of the recorded boot: shows that, and afterwards what was on show, branch and playhead.
class Stay {
public:
  explicit Stay(Lab &lab) : lab_(lab), branch_(lab.current_branch()), at_(lab.position()) { lab_.switch_branch(0); }
  ~Stay() {
    lab_.switch_branch(branch_);
    if (lab_.position() != at_) lab_.seek(at_);
  }
  Stay(const Stay &) = delete;
  Stay &operator=(const Stay &) = delete;

private:
  Lab &lab_;
  u32 branch_;
  Position at_;
};

/// Where that moment is in the recorded boot, which must be on show; the playhead moves.
std::optional<Position> find_moment(Lab &lab, const Moment &m, Position here, const Values &names, Trouble &trouble);

/// An expression where the playhead is. A value that does not exist there (QueryValue::Kind::nothing) is an answer.
std::optional<QueryValue> evaluate(const Lab &lab, const Term &expression, const Values &names, Trouble &trouble);
std::optional<QueryValue> compute(Lab &lab, const Computed &c, Position here, const Values &names, Trouble &trouble);
/// Adds named values one after the other; each may use those before it.
bool compute(Lab &lab, const Named &named, Position here, Values &names, Trouble &trouble);

/// `{EXPRESSION}` in a text replaced by its value as a script writes it: "memblock_reserve 0x6000000 2097152".
std::optional<std::string> fill_in(const Lab &lab, const Term &text, const Values &names, Trouble &trouble);

} // namespace mmscope
