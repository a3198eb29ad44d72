// libFuzzer: bytes as calls of the running page allocator, each checked against the naive model and every invariant;
// the events of all of them fold to the state they lead to.
#include "base/check.hpp"
#include "support/random_pages.hpp"
#include "support/small_pages.hpp"

#include <cstdint>

using namespace mmscope;

namespace {

// Numbers from the input; at its end, nothing but 0.
class Bytes {
public:
  Bytes(const std::uint8_t *data, std::size_t size) : data_(data), size_(size) {}
  bool empty() const { return at_ == size_; }
  u64 below(u64 n) {
    u64 x = 0;
    for (u64 most = n - 1; most != 0; most >>= 8) x = x << 8 | (at_ < size_ ? data_[at_++] : 0);
    return x % n;
  }

private:
  const std::uint8_t *data_;
  std::size_t size_, at_ = 0;
};

constexpr unsigned most_calls = 600; // a run stays within milliseconds

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  Bytes bytes(data, size);
  BuddyRules rules = test::small_rules();
  const u32 cpus = static_cast<u32>(bytes.below(4));
  rules.cma = bytes.below(2) != 0;
  rules.thp = bytes.below(2) != 0;
  const u64 batch = 1 + bytes.below(8), high = 4 * batch + bytes.below(32);
  PageAlloc pages = test::small_pages({{0, 128}, {128, 256, test::zone_normal}, {384, 128, test::zone_normal, 1}}, cpus,
                                      rules, batch, high);
  for (const auto &[nid, zid] : {std::pair{0, test::zone_dma32}, {0, test::zone_normal}, {1, test::zone_normal}}) {
    const u64 min = bytes.below(32);
    pages.set_zone(nullptr, nid, zid, zone_field::min, min);
    pages.set_zone(nullptr, nid, zid, zone_field::low, min + min / 4);
    pages.set_zone(nullptr, nid, zid, zone_field::high, min + min / 2);
    pages.set_zone(nullptr, nid, zid, zone_field::stat_threshold, bytes.below(10));
  }
  PageAlloc folded = pages;
  RandomPages calls(pages, std::max<u32>(cpus, 1), 200);
  Trace t;
  const bool told = bytes.below(2) != 0;
  for (unsigned i = 0; i < most_calls && !bytes.empty(); ++i) {
    t.clear();
    const std::string bad = calls.call(bytes, told ? &t : nullptr, i % 16 == 0);
    if (!bad.empty()) check_failed(bad.c_str(), __FILE__, __LINE__);
    for (const Event &e : t.events()) folded.fold(e);
  }
  MM_CHECK(!told || folded == pages);
  const std::string bad = calls.end();
  if (!bad.empty()) check_failed(bad.c_str(), __FILE__, __LINE__);
  return 0;
}
