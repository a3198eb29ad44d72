// pages: `mmscope page-layout` and `mmscope pfn`: struct page of any era, and the way to it in any memory model.
#pragma once
#include "cli/cli.hpp"
#include "mm/system.hpp"

#include <optional>

namespace mmscope {

struct PageQuestion {
  std::optional<std::string_view> era, against, options, model, page; // as written
  u64 bits = 64;
  bool json = false;
};

// What is wrong with the question, or "". `machine`: booted, for what mem_map costs there and for one of its pages;
// null = not asked.
std::string show_page_layout(const Io &io, const PageQuestion &q, const System *machine);
// `pfn` as written; the machine's own layout unless an era is named.
std::string show_page_address(const Io &io, const PageQuestion &q, std::string_view pfn, const System &machine);

} // namespace mmscope
