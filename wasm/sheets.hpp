// sheets.hpp: what is asked of a boot, as JSON for the page: sheets of the inspector, answers, completions, the life of a
// page frame, what a search finds. A 64-bit number crosses as text, as a person reads it; a number that JavaScript must
// count with (a position, a place on the axis) crosses as a number. The words are the page's (web/page/locale).
//
//     sheets::sheet(inspect(lab, "page[0x1234]"), 12)  {"path","kind","title","base","end","fields":[…],"links":[…],…}
//     sheets::answer(ask(lab, "memblock.memory.cnt"))  {"ok":true,"text":"2","unit":"count"}, or an error with its column
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "facts.hpp"
#include "lab/biography.hpp"
#include "lab/search.hpp"
#include "query/query.hpp"

namespace mmscope::sheets {

std::string sheet(const Sheet &sheet, unsigned page_shift);
std::string answer(const QueryAnswer &answer);
std::string words(const std::vector<std::string> &words);

/// {"pfn","cut","entries":[{"call","event","what",…}]}: where each is shown, and its facts.
std::string life(const Lab &lab, const Biography &biography);
/// {"total","hits":[{"call","event","text"}]}: those of [from, from + count).
std::string hits(const Search &search, u64 from, u64 count);
/// {"call","event"}, or null.
std::string place(const std::optional<Position> &at);

/// [{"part","label"}]: what the filter lets through, named as in the accounting of facts::story.
std::string filter(const Lab &lab, const std::vector<canvas::Chosen> &chosen);
/// Takes what bears this name in or out of the filter.
std::vector<canvas::Chosen> toggled(const Lab &lab, std::vector<canvas::Chosen> chosen, std::string_view part,
                                    std::string_view label);
/// The largest range that owners of this label hold, or 0, 0.
std::pair<u64, u64> largest_range(const Lab &lab, std::string_view label);

} // namespace mmscope::sheets
