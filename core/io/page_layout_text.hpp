// page_layout_text: struct page of an era, or the way from one era to another, as text and as JSON.
//
//   PageAsked a{find_page_row("6.1"), 8, options};
//   append_page_layout(s, a);
//   append_page_changes(s, a, b);
#pragma once
#include "desc/page_layout.hpp"
#include "io/json_writer.hpp"

#include <string>

namespace mmscope {

struct PageAsked {
  const PageRow *row;
  unsigned word; // bytes
  u32 options;
};

void append_page_layout(std::string &out, const PageAsked &asked);
void append_page_changes(std::string &out, const PageAsked &from, const PageAsked &to);
// Keys of an object that is open.
void write_page_layout(JsonWriter &w, const PageAsked &asked);
void write_page_changes(JsonWriter &w, const PageAsked &from, const PageAsked &to);

// "1.56 %" of a share in 1/10000.
std::string share_text(u64 share);
// Names of options, in their order; "none" when there are none.
std::string options_text(u32 options);

} // namespace mmscope
