#include "lab/fragmentation_history.hpp"

#include "mm/fragmentation.hpp"

namespace mmscope {

bool FragmentationHistory::advance(u64 events) {
  const auto restarted = [&] {
    samples_.clear();
    stride_ = 1;
  };
  u64 seen = 0;
  const auto look = [&](u64 call, const Command &, const CallRecord &r) {
    seen += r.events.size() + 1;
    see(call + 1);
  };
  while (!replay_.advance(1, restarted, look))
    if (seen >= events) return false;
  return true;
}

void FragmentationHistory::see(u64 call) {
  if (call % stride_ != 0) return;
  const PageAlloc &pa = replay_.machine().system().pages;
  Sample s{call, {}};
  bool any = false;
  for (const pglist_data &node : pa.nodes())
    for (const zone &z : node.zones) {
      const bool given = z.free_pages() != 0 || !z.pcp.empty();
      any |= given && z.managed_pages != 0;
      const unsigned order = static_cast<unsigned>(pa.rules().pageblock_order.v);
      s.unusable.push_back(given && z.managed_pages != 0 ? static_cast<u16>(unusable_free_index(free_blocks(z), order))
                                                         : no_value);
    }
  if (!any) return; // before the handoff there is nothing to tell
  if (samples_.size() == most_samples) {
    std::size_t kept = 0;
    stride_ *= 2;
    for (Sample &sample : samples_)
      if (sample.call % stride_ == 0) samples_[kept++] = std::move(sample);
    samples_.resize(kept);
    if (call % stride_ != 0) return;
  }
  samples_.push_back(std::move(s));
}

} // namespace mmscope
