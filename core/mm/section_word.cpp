#include "mm/section_word.hpp"

#include "mm/direct_map.hpp"

namespace mmscope {
namespace {
constexpr std::string_view flag_names[SectionWord::flag_bits] = {"MARKED_PRESENT", "HAS_MEM_MAP", "IS_ONLINE",
                                                                 "IS_EARLY", "TAINT_ZONE_DEVICE"};
constexpr u64 bit(unsigned n) { return u64{1} << n; }
} // namespace

SectionWord section_word(const System &s, u64 section) {
  const SectionRun *run = s.sparse.find(section);
  if (run == nullptr) return {};
  SectionWord w{.value = bit(0) | bit(2), .ready = run->initialised, .nid = run->nid};
  if (w.ready)
    w.value |= vmemmap_base(s) | bit(1) | bit(3);
  else
    w.value |= static_cast<u64>(static_cast<u32>(run->nid)) << SectionWord::flag_bits;
  return w;
}

std::string_view section_flag_name(unsigned n) { return n < SectionWord::flag_bits ? flag_names[n] : ""; }

} // namespace mmscope
