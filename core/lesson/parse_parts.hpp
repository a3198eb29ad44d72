// parse_parts: the things of a lesson that stand in several places of it: moments, values, why-nots, hints, machines.
// parse.cpp puts steps, predictions and the exercise together from them.
#pragma once

#include "lesson/json_reader.hpp"

namespace mmscope {

class LessonParts : public JsonReader {
protected:
  MachineOfLesson machine(const In &in);
  Moment moment(const In &in);
  QueryUnit unit(const In &in);
  Computed computed(const In &in);
  Named named(const In &in);
  std::vector<Named> variants(const In &in);
  WhyNot why_not(const In &in, bool conditional);
  std::vector<Hint> hints(const In &in);

private:
  Term variable(const In &in, std::string_view key);
  Term function(const In &in); ///< a call of a script, which is a kernel function's name
};

} // namespace mmscope
