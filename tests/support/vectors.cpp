#include "support/vectors.hpp"

#include "io/gzip.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

namespace mmscope {

std::string read_test_data(const std::string &name) {
  std::ifstream file(std::string(MMSCOPE_TEST_DATA "/") + name, std::ios::binary);
  REQUIRE_MESSAGE(file.good(), name);
  const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const auto text = gunzip(bytes, std::size_t{64} << 20);
  REQUIRE_MESSAGE(text.has_value(), name);
  return *text;
}

std::string vectors_text() { return read_test_data("vectors/memblock-v6.1-public.jsonl.gz"); }

} // namespace mmscope
