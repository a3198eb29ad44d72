// table_rows.hpp: a window of a table as JSON, for those who write tables.
//
//     Rows rows(0, 50);
//     for (…) { if (!rows.wanted()) continue; rows.row("changed").number(7).string("DMA32"); rows.end_row(); }
//     rows.finish();                                  {"from":0,"rows":[["changed",7,"DMA32"],…],"total":13}
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "io/json_writer.hpp"

namespace mmscope::facts {

/// Writes the rows of one window and counts all of them.
class Rows {
public:
  Rows(u64 from, u64 count) : j_(out_), from_(from), to_(from + count) {
    j_.begin_object().key("from").number(from).key("rows").begin_array();
  }
  /// True if the next row is in the window: then it must be written, from row() on.
  bool wanted() {
    const u64 n = total_++;
    return n >= from_ && n < to_;
  }
  JsonWriter &row(std::string_view mark) { return j_.begin_array().string(mark); }
  void end_row() { j_.end_array(); }
  std::string finish() {
    j_.end_array().key("total").number(total_).end_object();
    return std::move(out_);
  }

private:
  std::string out_;
  JsonWriter j_;
  u64 from_, to_, total_ = 0;
};

} // namespace mmscope::facts
