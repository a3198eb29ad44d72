// notation: what a person typed, as the numbers it may mean. A right answer is right in any sensible notation.
//
//     pages      256   1M   1 MiB   1,048,576 bytes   0x100   order 8   256 pages   ~256
//     pfn        0x4800   4800 (decimal or hex)   18432   page[0x4800]   72M (an address: too large for a pfn)
//     truth      yes   no   true   n
//     region     reserved[3]   0x1000000 (an address inside)       zone   DMA32   node 1 Normal
//     sequence   the ids in their order   2 3 1 (as they are shown)
//
//     for (const QueryValue &v : read_answer("1 MiB", form)) …      the likeliest first; none = not understood
#pragma once

#include "lesson/place_names.hpp"

namespace mmscope {

struct AnswerForm {
  AnswerKind kind{};
  QueryUnit unit = QueryUnit::none;
  u64 page_size = 4096;
  u64 pfn_end = 0;                       ///< one past the machine's last page frame: what is above it is an address
  std::vector<std::string_view> choices; ///< ids; of a sequence, in the order in which they are shown
  RegionList of{};
  std::vector<RegionName> regions; ///< of a region
  std::vector<ZoneName> zones;     ///< of a zone
};

inline constexpr std::size_t max_answer_bytes = 200;

/// A region is the address of its first byte, a zone its path, a sequence its ids with blanks between.
std::vector<QueryValue> read_answer(std::string_view typed, const AnswerForm &form);
/// As we write it ourselves: read_answer() takes it for the same.
std::string answer_text(const QueryValue &answer, const AnswerForm &form);

} // namespace mmscope
