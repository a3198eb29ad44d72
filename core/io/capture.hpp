// capture: files of a recorded boot, read whole and gunzipped on the way.
//
//   std::string error;
//   auto text = read_file("captures/x/dmesg", error);   // takes dmesg or dmesg.gz
#pragma once
#include "base/types.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mmscope {

// The file's content, gunzipped if it is gzip. Tries PATH, then PATH.gz. nullopt and a reason when it cannot be read
// or is larger than `limit` bytes once unpacked.
std::optional<std::string> read_file(const std::string &path, std::string &error, u64 limit = u64{256} << 20);
bool is_directory(const std::string &path);
// Names of what lies in a folder, sorted; none when it cannot be read.
std::vector<std::string> list_directory(const std::string &path);

} // namespace mmscope
