// json_text: where things stand in a JSON text, which a parsed document no longer knows.
//
//     json_offset(text, "steps[2].prediction.ask")      offset of that value; 0 when there is none
//     line_and_column(text, offset)
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

#include "base/types.hpp"

namespace mmscope {

/// The text must be JSON. A path is field names and [indices].
std::size_t json_offset(std::string_view text, std::string_view path);
std::pair<u32, u32> line_and_column(std::string_view text, std::size_t offset); ///< from 1, in bytes

} // namespace mmscope
