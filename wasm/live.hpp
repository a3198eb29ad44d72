// live.hpp: the running page allocator in JSON, for web/page/allocate.ts and the sentences about its events
// (web/page/telling.ts has the shapes).
#pragma once

#include <string>

#include "lab/holdings.hpp"

namespace mmscope::live {

/// What there is to allocate with, and the blocks that calls have got and still have: at most `count` from the `from`th.
std::string state(const Lab &lab, Holdings &holdings, unsigned from, unsigned count);
/// Who uses the machine (`workload`), and how fragmented each zone is by now.
std::string usage(const Lab &lab);
/// The block among them that the page lies in, or "null".
std::string holding(const Lab &lab, Holdings &holdings, u64 pfn);
/// What a request's flags mean on this machine: {"ok","text","zone","type","words":[{"name","about"}]}
std::string gfp(const Lab &lab, const std::string &text);
/// The words that flags are made of: [{"name","about"}]
std::string gfp_words();
/// The way of the call on show, in the order of its events, and, if a request was refused, what would have helped.
std::string walk(const Lab &lab);
/// The event on show with its values in words, or "null".
std::string told(const Lab &lab);

} // namespace mmscope::live
