// small_lesson: a whole lesson on a boot of four calls, its prose, and changes to them by text.
#pragma once

#include <doctest/doctest.h>

#include "io/script_text.hpp"
#include "lesson/check.hpp"

namespace mmscope {

// 64 MiB with 1 MiB reserved at its start and one odd range; no zones, which a bare memblock does not have.
inline constexpr std::string_view small_boot = "memblock_add 0 64M nid=0\n"
                                               "memblock_reserve 0 1M caller=setup_arch\n"
                                               "memblock_reserve 0x301000 8 caller=reserve_it\n"
                                               "memblock_free_all\n";

inline constexpr std::string_view good = R"({
  "format": 1, "id": "small", "title": "title",
  "machine": {"script": "memblock_add 0 64M"},
  "start": {"before": "memblock_free_all"},
  "steps": [
    {"id": "one", "prose": "one", "function": "memblock_reserve", "file": "mm/memblock.c",
     "values": {"n": "memblock.reserved.cnt", "twice": "$n * 2"},
     "truth": ["memblock.reserved.cnt == 2"],
     "prediction": {
       "kind": "number", "unit": "pages", "ask": "one.ask",
       "variants": [{"list": {"value": "memblock.reserved.regions[0].size", "unit": "bytes"}},
                    {"list": {"value": "memblock.memory.regions[0].size", "unit": "bytes"}}],
       "answer": "$list / 4K",
       "wrong": [{"when": "$given == $list", "why": "one.bytes", "rule": "one.rule", "goto": {"after": "memblock_add"}}],
       "otherwise": {"why": "one.other"},
       "right": "one.right", "hints": [{"level": "nudge", "text": "one.hint"}, {"level": "nudge", "tries": 2, "text": "one.hint"}],
       "try": [{"says": "{$answer}", "right": true}, {"says": "{$list} pages", "why": "one.bytes"},
               {"says": "7", "why": "one.other"}]}},
    {"id": "two", "prose": "two", "function": "memblock_free_all", "file": "mm/memblock.c",
     "at": {"call_where": "memblock.reserved.cnt == 2"},
     "prediction": {
       "kind": "choice", "ask": "two.ask", "answer": {"at": {"after": "memblock_free_all"}},
       "choices": [{"id": "gone", "text": "two.gone", "right": "memblock.reserved.total_size == 0"},
                   {"id": "kept", "text": "two.kept", "right": "memblock.reserved.total_size > 0"}],
       "otherwise": {"why": "one.other"}, "right": "one.right", "hints": [{"level": "nudge", "text": "one.hint"}],
       "try": [{"says": "kept", "right": true}, {"says": "1", "why": "one.other"}]}}
  ],
  "exercise": {
    "prose": "do", "function": "memblock_free_all", "file": "mm/memblock.c", "at": {"before": "memblock_free_all"},
    "given": {"ram": "memblock.memory.total_size", "fork": "call.n"},
    "goals": [{"id": "kept", "text": "do.kept", "holds": "memblock.reserved.total_size == 1M + 8 + 2M"},
              {"id": "ram", "text": "do.ram", "holds": "memblock.memory.total_size == $ram"}],
    "wrong": [{"when": "memblock.memory.total_size < $ram", "why": "do.removed",
               "goto": {"call_where": "memblock.memory.total_size < $ram && call.n > $fork"}},
              {"when": "memblock.reserved.total_size < 1M", "why": "do.freed"}],
    "otherwise": {"why": "do.other"}, "finished": "memblock.reserved.total_size > 3M + 8",
    "hints": [{"level": "nudge", "text": "do.hint"}],
    "solution": ["memblock_reserve 8M 2M"],
    "alternatives": [["memblock_reserve 8M 1M", "memblock_reserve 9M 1M"],
                     ["memblock_phys_alloc_range 2M 2M -> mine", "memblock_reserve mine 1M"]],
    "wrong_ways": [{"calls": ["memblock_remove 8M 2M"], "why": "do.removed"},
                   {"calls": ["memblock_phys_free 0 1M"], "why": "do.freed"},
                   {"calls": ["memblock_reserve 8M 4M"], "why": "do.other"}]}
})";

inline constexpr std::string_view prose = R"(# Small

## one
There are {n} ranges, twice that is {twice}. See [two](step:two).

## one.ask
How many pages are {list}?

## one.bytes
{given} would be bytes.

## one.rule
A page is 4 KiB.

## one.other
No.

## one.right
Yes.

## one.hint
Divide.

## two
And then?

## two.ask
What now?

## two.gone
Gone.

## two.kept
Kept.

## do
Keep {ram}.

## do.kept
Kept.

## do.ram
All of it.

## do.removed
Removed.

## do.freed
Freed.

## do.other
No.

## do.hint
Reserve.
)";

inline std::string with(std::string_view from, std::string_view to, std::string_view text = good) {
  std::string s(text);
  const std::size_t at = s.find(from);
  REQUIRE(at != std::string::npos);
  return s.replace(at, from.size(), to);
}

struct Small {
  Lesson lesson;
  Lab lab{parse_script(small_boot).script};
  explicit Small(std::string_view text = good) {
    ParsedLesson p = parse_lesson(text);
    REQUIRE(p.lesson.has_value());
    lesson = std::move(*p.lesson);
    lab.prepare(~u64{0});
  }
  LessonReport check(std::string_view text = good) {
    LessonCheck c(lesson, text);
    c.play(lab);
    return c.report();
  }
};

inline std::string refused(std::string_view text) {
  const ParsedLesson p = parse_lesson(text);
  return p.error ? to_text(*p.error, "l") : std::string("read");
}

} // namespace mmscope
