// heap: how much is allocated now, and the most that was since reset_peak().
// Counts what operator new hands out; the bench program replaces it.
#pragma once
#include <cstddef>

namespace mmscope::bench {

std::size_t heap_now();  // bytes
std::size_t heap_peak(); // bytes
void reset_heap_peak();  // the peak becomes what is allocated now

} // namespace mmscope::bench
