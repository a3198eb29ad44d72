// facts_table: predicted, logged, equal: every allocation that the lab made while
// it played a log's script, beside the address that the kernel's log shows.
//
//   AllocTable t;
//   for (u32 i = 0; …; ++i) { Result r = m.apply(c[i], &trace); t.add(i, c[i], r, trace.events(), trace); trace.clear(); }
//   t.match(facts);
//   for (const AllocRow &row : t.rows()) row.addr, row.logged
#pragma once
#include "io/facts.hpp"
#include "lab/machine.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mmscope {

// An allocation that the lab made while it played a script, and what the log says to it.
struct AllocRow {
  u32 command = no_command; // index in the script
  bool inside = false;      // made inside a boot step
  std::string function, caller;
  u64 size = 0, align = 0; // bytes
  i32 nid = no_node;
  phys_addr_t from, max_addr;
  phys_addr_t addr; // predicted; 0 = failed
  std::optional<phys_addr_t> logged;
  u64 logged_size = 0; // bytes, of the logged answer; 0 with address 0: the kernel found nothing
  u32 line = 0;        // of the logged answer
};
// Collects them call by call: add() after each Machine::apply with that call's events, then match().
class AllocTable {
public:
  void add(u32 index, const Command &c, const Result &r, std::span<const Event> events, const Trace &texts);
  void match(const LoggedFacts &facts);
  const std::vector<AllocRow> &rows() const { return rows_; }
  bool took(u32 line) const; // the request of this log line has its row (after match)

private:
  std::vector<AllocRow> rows_;
  std::vector<u32> taken_; // lines of matched requests, ascending
};

} // namespace mmscope
