#include "bench/heap.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace {

std::size_t now = 0, peak = 0;

// The size stands in front of the block; 16 bytes keep the block aligned for any type.
constexpr std::size_t header = 16;
static_assert(header >= alignof(std::max_align_t));

void *take(std::size_t size) {
  auto *p = static_cast<std::byte *>(std::malloc(size + header));
  if (p == nullptr) std::abort();
  *reinterpret_cast<std::size_t *>(p) = size;
  now += size;
  peak = std::max(peak, now);
  return p + header;
}
void give(void *p) {
  if (p == nullptr) return;
  auto *block = static_cast<std::byte *>(p) - header;
  now -= *reinterpret_cast<std::size_t *>(block);
  std::free(block);
}

} // namespace

void *operator new(std::size_t size) { return take(size); }
void *operator new[](std::size_t size) { return take(size); }
void operator delete(void *p) noexcept { give(p); }
void operator delete[](void *p) noexcept { give(p); }
void operator delete(void *p, std::size_t) noexcept { give(p); }
void operator delete[](void *p, std::size_t) noexcept { give(p); }

namespace mmscope::bench {

std::size_t heap_now() { return now; }
std::size_t heap_peak() { return peak; }
void reset_heap_peak() { peak = now; }

} // namespace mmscope::bench
