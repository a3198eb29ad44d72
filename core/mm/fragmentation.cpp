#include "mm/fragmentation.hpp"

namespace mmscope {

u64 FreeBlocks::pages() const {
  u64 n = 0;
  for (unsigned o = 0; o < max_orders; ++o) n += nr[o] << o;
  return n;
}
u64 FreeBlocks::blocks() const {
  u64 n = 0;
  for (u64 count : nr) n += count;
  return n;
}
u64 FreeBlocks::suitable(unsigned order) const {
  u64 n = 0;
  for (unsigned o = order; o < max_orders; ++o) n += nr[o] << (o - order);
  return n;
}
std::optional<unsigned> FreeBlocks::largest() const {
  for (unsigned o = max_orders; o-- > 0;)
    if (nr[o] != 0) return o;
  return std::nullopt;
}

FreeBlocks free_blocks(const zone &z) {
  FreeBlocks f;
  for (unsigned o = 0; o < max_orders; ++o) f.nr[o] = z.areas[o].nr_free();
  return f;
}

unsigned unusable_free_index(const FreeBlocks &f, unsigned order) {
  const u64 free = f.pages();
  if (free == 0) return 1000;
  return static_cast<unsigned>((free - (f.suitable(order) << order)) * 1000 / free);
}

int fragmentation_index(const FreeBlocks &f, unsigned order) {
  const u64 blocks = f.blocks();
  if (blocks == 0) return 0;
  if (f.suitable(order) != 0) return -1000;
  return 1000 - static_cast<int>((1000 + (f.pages() * 1000 >> order)) / blocks);
}

} // namespace mmscope
