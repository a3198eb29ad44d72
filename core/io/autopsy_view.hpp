// autopsy_view: an autopsy as people read it, and as JSON.
//
//   page allocation failure: app, order 2, GFP_ATOMIC …
//   Memory is fragmented: DMA32 has 5000 usable pages and needs 2100, but no block of order 2.
//   zone   free   not counted  usable   mark  lowered  reserve  needed  verdict
//   DMA32  5003             3    5000   5600     2100        0    2101  no block that large
//   …
//
//   {"kind","task","kernel","order","gfp","page_kb","zone_names","highest","deciding",
//    "attempts":[{"id","flags","zones":[{"node","zone","label","verdict","free","uncounted","usable","mark","lowered",
//                                        "reserve","needed"}]}],
//    "cause":{"id","text","values":{…}},"remedies":[…],"assumed":[{…,"line"}]}
//   amounts in pages; a zone that was not asked has null for usable, lowered, reserve, needed and uncounted.
#pragma once
#include "io/json_writer.hpp"
#include "lab/autopsy.hpp"

#include <string>

namespace mmscope {

void append_autopsy(std::string &out, const FailureReport &report, const Autopsy &a);
// "text" is what `text` makes of a sentence: to_text, or none for who has words of its own.
using SayingText = std::string (*)(const Saying &);
void write_autopsy(JsonWriter &w, const FailureReport &report, const Autopsy &a, SayingText text = nullptr);

} // namespace mmscope
