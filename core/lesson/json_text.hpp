// json_text: where things stand in a JSON text, which a parsed document no longer knows.
//
//     json_offset(text, "steps[2].prediction.ask")      offset of that value; 0 when there is none
#pragma once

#include <cstddef>
#include <string_view>

#include "base/types.hpp"

namespace mmscope {

/// The text must be JSON. A path is field names and [indices].
std::size_t json_offset(std::string_view text, std::string_view path);

} // namespace mmscope
