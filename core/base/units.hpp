// units.hpp: numbers as the canvas writes them, short and exact where they can be.
//
//     bytes_text(16 << 20)        "16 MiB"
//     hex_text(0x3dc00000)        "0x3dc00000"
//     range_text(0x1000, 0x9e000) "0x1000–0x9efff"      the last byte included, as the kernel prints ranges
#pragma once

#include <string>

#include "base/types.hpp"

namespace mmscope {

std::string bytes_text(u64 bytes);
std::string hex_text(u64 n, unsigned digits = 1);
std::string range_text(u64 base, u64 size);
std::string count_text(u64 n); ///< "262 144"

} // namespace mmscope
