// dmesg_lowmem: the lines by which a 32-bit kernel tells where low memory ends, and which architecture a log is of.
// Internal to the importer.
#pragma once
#include "desc/arch.hpp"
#include "io/dmesg_lines.hpp"

namespace mmscope {

// "143MB HIGHMEM available.", "  low ram: 0 - 36ffe000", "Initializing HighMem for node 0 (…)", what of highmem= was
// ignored; or kind none. "-MB LOWMEM available." is what strip_results() leaves of such a line.
LogLine lowmem_line(std::string_view message);
// Marks of where the boot is: their results go, they stay.
std::string strip_lowmem(const LogLine &l);

// The architecture of a log, by the release's build if that is known, else by max_arch_pfn (0: the log has no such
// line), else by the flavour's name; null when nothing says. `why_not` is set to the name of one that is not modelled.
const Arch *arch_of_log(std::string_view release, u64 max_arch_pfn, std::string &why_not);

} // namespace mmscope
