// lesson_json: a lesson and a run as the page gets them. Every function writes one JSON value.
//
// Keys ("handoff.ask") name prose of en.md, which the page has as nodes (web/hosting/lessons.mjs); {name} in it stands
// for values[name], a text that a person can read. A POSITION is {"call":N,"event":N,"part":N}.
//
//   write_machine   {"capture"|"preset"|"script":TEXT}  the machine that the seed picks
//   write_lesson    {"id":"the-handoff", "digest":HEX, "title":KEY, "machine":{…}, as write_machine
//                    "steps":[{"id":TEXT, "function":TEXT, "file":TEXT, "asks":BOOL}…],     the exercise is the last one
//                    "exercise":BOOL}                                                       and has the id "exercise"
//   write_step      {"mode":"practice"|"exam", "step":N, "id":TEXT, "prose":KEY, "home":KEY|null,
//                    "function":TEXT, "file":TEXT,
//                    "position":POSITION,                where the lab stands now
//                    "panel":TEXT|null, "select":QUERY_PATH|null, "look":{"from":BYTES,"to":BYTES}|null,
//                    "values":{NAME:TEXT…},
//                    "question":null | {"kind":"number"|"pfn"|"address"|"truth"|"choice"|"block"|"region"|"zone"|"page"|"sequence",
//                                       "unit":"pages"|"bytes"|"order"|"node"|"count"|"pfn"|"address"|null,
//                                       "of":"memblock.memory"|"memblock.reserved"|"e820"|null,       of a region
//                                       "ask":KEY, "choices":[{"id":TEXT,"text":KEY}…],     an answer to a choice is its id
//                                       "items":[{"id":TEXT,"text":KEY}…]},                 to a sequence "id id id"
//                    "hints":[KEY…], "hint_levels":["nudge"|"rule"…],                       shown so far
//                    "hints_left":N, "hints_due":N,      due: call hint() that often without being asked
//                    "tries":N,                          wrong ones
//                    "progress":["open"|"solved"|"skipped"|"answered"…],                    one for each step; in an exam
//                                                        answered, after its end solved or (wrongly) answered
//                    "done":BOOL}                        there are results
//   write_verdict   {"understood":BOOL, "right":BOOL,
//                    "reading":TEXT|null,                what the answer was taken for: "256 pages"
//                    "why":KEY|null, "rule":KEY|null, "goto":POSITION|null, "values":{NAME:TEXT…}, "error":TEXT|null}
//                   in an exam without "right", "why", "rule" and "goto"
//   write_call      {"made":BOOL, "error":TEXT|null, "column":N,
//                    "result":TEXT|null,                 "0x6000000", "-22", "242009"
//                    "why":KEY|null, "rule":KEY|null, "goto":POSITION|null}                 of the exercise's own boot
//   write_exercise  {"calls":[TEXT…], "goals":[{"id":TEXT,"text":KEY,"met":BOOL}…], "solved":BOOL,
//                    "digest":TEXT}                      of the exercise's state: 16 hex digits
//                   in an exam without "met" and "solved"
//   write_results   null while write_step's "done" is false; then
//                   {"mode":"practice"|"exam", "points":N, "of":N,
//                    "questions":[{"step":N, "id":TEXT, "kind":TEXT, "ask":KEY, "right":BOOL,
//                                  "given":TEXT|null,    as it was understood; null = not answered
//                                  "answer":TEXT,        the true one
//                                  "why":KEY|null, "rule":KEY|null, "goto":POSITION|null,   as in a verdict
//                                  "values":{NAME:TEXT…}}…],                                also given and answer
//                    "exercise":null | {"right":BOOL, "calls":[TEXT…], "goals":[{"id":TEXT,"text":KEY,"met":BOOL}…]}}
//   write_report    {"ok":BOOL, "done":BOOL,            done: every machine was played
//                    "answers":N, "ways":N, "errors":[ERROR…], "prose":[ERROR…]}
//                   an ERROR is {"line":N,"column":N,"path":TEXT,"reason":TEXT}, of lesson.json and of the prose
//
// All of them for the step where the run is; write_exercise only in the exercise.
#pragma once

#include "io/json_writer.hpp"
#include "lesson/check.hpp"

namespace mmscope {

void write_machine(JsonWriter &w, const Lesson &lesson, u64 seed);
/// digest: lesson_digest() of its text (lesson/receipt.hpp).
void write_lesson(JsonWriter &w, const Lesson &lesson, u64 seed, u64 digest);
void write_step(JsonWriter &w, const LessonRun &run);
void write_verdict(JsonWriter &w, const LessonRun &run, const Verdict &v);
void write_call(JsonWriter &w, const TriedCall &c);
void write_exercise(JsonWriter &w, LessonRun &run);
void write_results(JsonWriter &w, LessonRun &run);
void write_report(JsonWriter &w, const LessonReport &r, bool done);

} // namespace mmscope
