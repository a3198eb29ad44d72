// page_address_text: the way from a page frame to its struct page and back in a memory model, as text and as JSON.
//
//   append_conversions(s, AddressModel::vmemmap, addresses, pfn);
#pragma once
#include "io/json_writer.hpp"
#include "lab/page_bytes.hpp"
#include "mm/page_address.hpp"

#include <string>

namespace mmscope {

void append_conversions(std::string &out, AddressModel model, const PageAddresses &addresses, pfn_t pfn);
void append_model_cost(std::string &out, const PageAddresses &addresses, u64 ram_bytes);
void append_flags_layout(std::string &out, const FlagsLayout &layout);
// What stands in a page's struct page now.
void append_page_bytes(std::string &out, const PageBytes &bytes, pfn_t pfn);
// A value each.
void write_page_bytes(JsonWriter &w, const PageBytes &bytes, pfn_t pfn);
void write_conversions(JsonWriter &w, AddressModel model, const PageAddresses &addresses, pfn_t pfn, u64 ram_bytes);
void write_flags_layout(JsonWriter &w, const FlagsLayout &layout);

} // namespace mmscope
