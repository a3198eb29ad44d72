// tools.hpp: what the learner does beside stepping: kernel calls of one's own with their branches, and the view of the
// desk as a link keeps it. JSON, as facts.hpp writes it.
//
//     tools::completion(lab, "memblock_reserve 16M s")     what may come next, how the call is written
//     tools::make_call(lab, "memblock_reserve 16M 4K")     {"ok":true,"call":41,…} or the column and the reason
//     tools::view(desk)                                    panel, focus, axis, selection, the exact position
#pragma once

#include <string>

#include "canvas/lab_app.hpp"

namespace mmscope::tools {

std::string completion(const Lab &lab, const std::string &line);
/// Makes the call at the playhead, in a branch of its own, and puts the playhead behind it.
std::string make_call(Lab &lab, const std::string &line);
/// All branches, and the calls of the one on show that are not of the recorded boot.
std::string branches(const Lab &lab);

std::string view(const canvas::Desk &desk);

} // namespace mmscope::tools
