#include "mm/section_word.hpp"

#include "mm/direct_map.hpp"

namespace mmscope {
namespace {
constexpr std::string_view flag_names[SectionWord::flag_bits] = {"MARKED_PRESENT", "HAS_MEM_MAP", "IS_ONLINE",
                                                                 "IS_EARLY", "TAINT_ZONE_DEVICE"};
constexpr u64 bit(unsigned n) { return u64{1} << n; }

// Adding a page frame number to it gives that frame's struct page: with vmemmap the same in every section, else from
// where the section's own array lies.
u64 map_pointer(const System &s, const SectionRun &run, u64 section) {
  if (s.config.memory_model == MemoryModel::vmemmap) return vmemmap_base(s);
  const u64 first_pfn = section * s.arch->pages_per_section();
  const u64 map = run.map.v + (section - run.first) * s.arch->pages_per_section() * s.config.sizeof_page;
  const u64 word = direct_map_base(s) + map - first_pfn * s.config.sizeof_page;
  return s.arch->word == 4 ? word & 0xffffffff : word;
}
} // namespace

SectionWord section_word(const System &s, u64 section) {
  const SectionRun *run = s.sparse.find(section);
  if (run == nullptr) return {};
  SectionWord w{.value = bit(0) | bit(2), .ready = run->initialised, .nid = run->nid};
  if (w.ready)
    w.value |= map_pointer(s, *run, section) | bit(1) | bit(3);
  else
    w.value |= static_cast<u64>(static_cast<u32>(run->nid)) << SectionWord::flag_bits;
  return w;
}

std::string_view section_flag_name(unsigned n) { return n < SectionWord::flag_bits ? flag_names[n] : ""; }

} // namespace mmscope
