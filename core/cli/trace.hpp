// trace: `mmscope trace DIR [--format text|json]`: a recorded run of a real page allocator, played again by ours.
#pragma once

#include "cli/cli.hpp"

namespace mmscope {

// 0 every PFN and every list is the kernel's, 1 some are not, 2 files that cannot be read. What could be replayed is
// printed in any case.
int replay_recorded_trace(const Io &io, const std::string &dir, bool json);

} // namespace mmscope
