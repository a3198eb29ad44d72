#include "io/capture.hpp"

#include "base/text.hpp"
#include "io/gzip.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>

namespace mmscope {

namespace {

std::optional<std::string> read_raw(const std::string &path, u64 limit) {
  std::FILE *f = std::fopen(path.c_str(), "rb");
  if (f == nullptr) return std::nullopt;
  std::string out;
  char block[65536];
  bool whole = true;
  for (std::size_t n; (n = std::fread(block, 1, sizeof block, f)) != 0;) {
    if (out.size() + n > limit) {
      whole = false;
      break;
    }
    out.append(block, n);
  }
  whole = whole && std::ferror(f) == 0;
  std::fclose(f);
  if (!whole) return std::nullopt;
  return out;
}

} // namespace

bool is_directory(const std::string &path) {
  std::error_code ec;
  return std::filesystem::is_directory(path, ec);
}

std::vector<std::string> list_directory(const std::string &path) {
  std::vector<std::string> names;
  std::error_code ec;
  for (std::filesystem::directory_iterator it(path, ec), end; !ec && it != end; it.increment(ec))
    names.push_back(it->path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<std::string> read_file(const std::string &path, std::string &error, u64 limit) {
  std::error_code ec;
  std::string found = path;
  if (!std::filesystem::exists(found, ec) && std::filesystem::exists(path + ".gz", ec)) found += ".gz";
  if (!std::filesystem::exists(found, ec)) {
    error = concat(path, ": no such file");
    return std::nullopt;
  }
  if (std::filesystem::is_directory(found, ec)) {
    error = concat(found, ": is a directory");
    return std::nullopt;
  }
  const auto raw = read_raw(found, limit);
  if (!raw) {
    error = concat(found, ": cannot be read, or is larger than ", limit >> 20, " MiB");
    return std::nullopt;
  }
  auto text = gunzip(*raw, static_cast<std::size_t>(limit));
  if (!text) error = concat(found, ": damaged gzip, or larger than ", limit >> 20, " MiB unpacked");
  return text;
}

} // namespace mmscope
