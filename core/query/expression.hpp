// expression: what is typed, read and answered in one pass.
//
//   expression   or-and-not of comparisons of sums of products of values
//   value        number | "text" | true | false | nothing | $name | path | function( conditions ) | ( expression )
//
//   FoundThing t = find_thing(context, "node[0].zone[DMA32]");   t.ref, or t.error and t.column
#pragma once
#include "query/schema.hpp"

namespace mmscope {

struct FoundThing {
  Ref ref;           // of a thing that is there
  std::string error; // "" = found
  u32 column = 0;
};
// The thing at a path, or the one that a field's path belongs to.
FoundThing find_thing(const Context &c, std::string_view path);

} // namespace mmscope
