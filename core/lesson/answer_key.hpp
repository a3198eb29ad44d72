// answer_key: all that a seed's questions want to hear, for whoever prepares a class (`mmscope lessons key`) and for tests
// that take a lesson as a learner would.
//
//   {"lesson":"the-handoff", "seed":N, "machine":{"capture"|"preset"|"script":TEXT},
//    "steps":[{"id":TEXT, "kind":TEXT, "answer":TEXT,                          as it can be typed
//              "tries":[{"says":TEXT, "right":BOOL, "why":KEY|null}…]}…],       only steps that ask
//    "exercise":null | {"solution":[CALL…], "alternatives":[[CALL…]…], "wrong_ways":[{"calls":[CALL…], "why":KEY}…]}}
#pragma once

#include "io/json_writer.hpp"
#include "lesson/run.hpp"

namespace mmscope {

/// Goes through all steps of a fresh run. False: trouble of the run says why, and nothing of use was written.
bool write_answer_key(JsonWriter &w, LessonRun &run, const Lab &lab);

} // namespace mmscope
