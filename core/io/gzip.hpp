// gunzip: the whole of a small compressed file as a string, and never more than the caller allows.
//
//   auto text = gunzip(file_bytes, 64 << 20);   // nullopt: damaged, cut off, or larger than 64 MiB
//
// Bytes that do not begin like a gzip file come back as they are (under the same limit), so a caller can take
// FILE and FILE.gz alike.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mmscope {

bool is_gzip(std::string_view bytes);
std::optional<std::string> gunzip(std::string_view bytes, std::size_t max_bytes);

} // namespace mmscope
