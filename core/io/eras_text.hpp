// eras_text: the eras that are known, and what changed between two of them, as text. Made from the rows alone
// (desc/era.hpp): a difference that is not in a row cannot be printed.
#pragma once
#include "desc/era.hpp"

#include <string>

namespace mmscope {

std::string eras_text(); // one line an era
// Step by step from one era to the other, in the order asked for: field, its two values, the sentence, the source.
std::string era_changes_text(const Era &from, const Era &to);

} // namespace mmscope
