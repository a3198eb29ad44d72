// question: one prediction, put to a boot: what is true there, and what a typed answer may mean.
//
//     const auto truth = truth_of(lab, prediction, here, names, trouble);      the lab must show the recorded boot
//     for (const QueryValue &v : readings(lab, here, typed, truth->form)) is_right(prediction, v, truth->value);
//
// What a learner may point at is what the picture shows where the step stands; what is true is computed where the answer
// lies. Zones exist late in a boot: those are looked up where the answer lies.
#pragma once

#include "lesson/moment.hpp"
#include "lesson/notation.hpp"

namespace mmscope {

struct Truth {
  QueryValue value; ///< $answer
  Position at;      ///< where it shows; of a sequence, the last item's moment
  AnswerForm form;
  std::vector<Position> moments; ///< of a sequence's items, as the lesson lists them
};

/// `shown`: the ids of the choices, or of a sequence's items in the order in which the learner sees them. Afterwards the
/// lab stands at the truth's moment.
std::optional<Truth> truth_of(Lab &lab, const Prediction &p, Position here, std::span<const std::string_view> shown,
                              const Values &names, Trouble &trouble);

/// The items of a sequence as a learner with this seed sees them: never in the right order.
std::vector<std::size_t> shuffled(const Prediction &p, std::span<const Position> moments, u64 chance);
/// When they happen in the boot; no two at once.
std::optional<std::vector<Position>> moments_of(Lab &lab, const Prediction &p, Position here, const Values &names,
                                                Trouble &trouble);

/// The likeliest first. A thing of the picture may be named by its path: it is meant by where it begins.
std::vector<QueryValue> readings(Lab &lab, Position here, std::string_view typed, const AnswerForm &form);
bool is_right(const Prediction &p, const QueryValue &reading, const QueryValue &truth);
/// The first place, from 1, at which two orders of ids differ.
u64 first_wrong(std::string_view given, std::string_view answer);

} // namespace mmscope
