// mmscope: the command line program. What it does is in cli.cpp; here is where its text goes.
#include "cli/cli.hpp"

#include "io/capture.hpp"
#include "io/gzip.hpp"

#include <cstdio>
#include <vector>

namespace {

constexpr std::size_t max_input = std::size_t{256} << 20; // bytes, unpacked

void write(std::FILE *to, std::string_view s) { std::fwrite(s.data(), 1, s.size(), to); }

std::optional<std::string> read_standard_input(std::string &error) {
  std::string all;
  std::vector<char> chunk(std::size_t{1} << 16);
  for (std::size_t n; (n = std::fread(chunk.data(), 1, chunk.size(), stdin)) > 0;) {
    all.append(chunk.data(), n);
    if (all.size() > max_input) {
      error = "more than 256 MiB";
      return std::nullopt;
    }
  }
  auto text = mmscope::gunzip(all, max_input);
  if (!text) error = "damaged gzip data";
  return text;
}

} // namespace

int main(int argc, char **argv) {
  const std::vector<std::string_view> args(argv + (argc > 0 ? 1 : 0), argv + argc);
  const mmscope::Io io{
      .out = [](std::string_view s) { write(stdout, s); },
      .err =
          [](std::string_view s) {
            std::fflush(stdout);
            write(stderr, s);
          },
      .read =
          [](const std::string &path, std::string &error) {
            return path == "-" ? read_standard_input(error) : mmscope::read_file(path, error, max_input);
          },
      .list = mmscope::list_directory,
  };
  const int status = mmscope::run(args, io);
  // A full disk is not success.
  return std::fflush(stdout) == 0 && std::ferror(stdout) == 0 ? status : 2;
}
