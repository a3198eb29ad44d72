// functions: questions that count things, of which any of the arguments may be left out.
//
//   free(node=0, zone=DMA32, order>=3, type=Movable)    blocks on free lists
//   free_pages(…)                                       the pages in them
//   pages(state=reserved, node, zone, type)             page frames
//   handed(order=10, node, zone)                        blocks that the memblock_free_all on show has handed over so far
//   reserved_by("mem_map")                              bytes that an owner holds
//
// What is counted is runs and lists' counters: a terabyte is as quick as a megabyte.
#pragma once
#include "query/schema.hpp"

namespace mmscope {

enum class Relation : u8 { equal, unequal, less, at_most, more, at_least };
bool holds(u64 a, Relation relation, u64 b);

// What a condition is about, and how its value is written.
enum class Subject : u8 { node, zone, order, type, state };
inline constexpr unsigned subject_count = 5;
std::string_view subject_name(Subject s);
Words words_of(Subject s);

struct Condition {
  Subject subject{};
  Relation relation{};
  u64 value = 0;
};

struct Function {
  std::string_view name;
  std::span<const Subject> subjects; // none: it takes one text
  QueryUnit unit;
  std::string_view meaning;
};
std::span<const Function> functions();
const Function *find_function(std::string_view name);

// Nothing when the question means nothing at this moment.
QueryValue answer(const Context &c, const Function &f, std::span<const Condition> conditions, std::string_view text);

} // namespace mmscope
