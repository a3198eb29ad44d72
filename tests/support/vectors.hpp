// The recorded memblock vectors of tests/data/vectors, decompressed.
#pragma once
#include <string>

namespace mmscope {
std::string read_test_data(const std::string &name); // below tests/data; gunzipped; fails the test if missing
std::string vectors_text();
} // namespace mmscope
