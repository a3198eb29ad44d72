// notation: what a person typed, as the numbers it may mean. A right answer is right in any sensible notation.
//
//     pages      256   1M   1 MiB   1,048,576 bytes   0x100   order 8   256 pages   ~256
//     pfn        0x4800   4800 (decimal or hex)   18432   page[0x4800]   72M (an address: too large for a pfn)
//     truth      yes   no   true   n
//
//     for (const QueryValue &v : read_answer("1 MiB", form)) …      the likeliest first; none = not understood
#pragma once

#include "lesson/lesson.hpp"

namespace mmscope {

struct AnswerForm {
  AnswerKind kind{};
  QueryUnit unit = QueryUnit::none;
  u64 page_size = 4096;
  u64 pfn_end = 0;                       ///< one past the machine's last page frame: what is above it is an address
  std::vector<std::string_view> choices; ///< ids
};

inline constexpr std::size_t max_answer_bytes = 200;

std::vector<QueryValue> read_answer(std::string_view typed, const AnswerForm &form);

} // namespace mmscope
