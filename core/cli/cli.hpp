// cli: the command line, as a function: words in, text out, an exit status back.
//
//   Io io{.out = …, .err = …, .read = …};
//   const std::string_view args[] = {"boot", "--machine", "qemu-1g", "--show", "zoneinfo"};
//   return run(args, io);
//
// Status: 0 done; 1 a script's command cannot be made or read, or `verify` found a difference; 2 unusable input or
// a command line that cannot be understood. What has been computed is printed in any case.
#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mmscope {

struct Io {
  std::function<void(std::string_view)> out;
  std::function<void(std::string_view)> err;
  // A file's content, gunzipped; "-" is standard input. nullopt and a reason when it cannot be read.
  std::function<std::optional<std::string>(const std::string &path, std::string &error)> read;
  // Names of what lies in a folder, sorted; none when it cannot be read.
  std::function<std::vector<std::string>(const std::string &path)> list = {};
};

int run(std::span<const std::string_view> args, const Io &io);

} // namespace mmscope
