// layouts.hpp: struct page, page->flags, the memory models and the allocators before memblock in JSON, for the side "Page"
// (web/page/page_choice.ts has the shapes).
#pragma once

#include <string>

#include "lab/lab.hpp"

namespace mmscope::layouts {

/// Eras with their options, and which of them is the machine's own.
std::string choices(const Lab &lab);
/// struct page of an era; `options` as "memcg,aligned", `bits` of a word. With what stands there for a page of the
/// machine, what the array of them costs, and what another era changes ("" = none). "null" for an unknown era.
std::string layout(const Lab &lab, const std::string &era, unsigned bits, const std::string &options, u64 pfn,
                   const std::string &against);
/// The word of flags in a memory model ("vmemmap"), field by field.
std::string flags(const Lab &lab, const std::string &era, const std::string &options, u64 pfn,
                  const std::string &model);
/// From the page frame to its struct page and back, in each memory model.
std::string models(const Lab &lab, const std::string &era, const std::string &options, u64 pfn);
/// Pair bitmaps and the boot bitmap, and the last events of the call on show.
std::string old(const Lab &lab);

} // namespace mmscope::layouts
