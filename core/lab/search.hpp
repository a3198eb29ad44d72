// search.hpp: finds calls and events in the whole of a boot. It plays the branch on show once more on a machine of its
// own, in slices, so that a page stays alive while a terabyte boots.
//
//     Search search(lab, "sparse_init reserve");
//     while (!search.advance(200)) report(search.progress(), search.total());
//     lab.seek(search.hits()[0].at);   search.next(lab.position());
//
// A query is words and keys, separated by spaces; all of them must fit, capitals do not matter.
//
//     memblock_reserve setup_arch    a word is part of: a function, its caller, what the memory is for, a phase, the
//                                    kind of an event, a line that the kernel prints
//     function: caller: owner: phase: kind: line:     the same, but only there:  kind:lab_buddy_merge
//     pfn:0x1234   0x1234p           an event about that page frame
//     addr:0x3ffe0000   0x3ffe0000   an event about the byte there
//     order:10 nid:0 zone:DMA32 type:Movable state:reserved …    a field of an event (events.def) by its name or unit;
//                                    zones, migrate types and page states have names
//
// A space may stand for the colon before a number: "order 10". A call that all words fit is one hit, and its events are
// not listed. Otherwise each event is a hit that something fits by itself, if its call and the functions that are open
// around it fit the rest.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lab/replay.hpp"

namespace mmscope {

struct SearchHit {
  Position at; // right after it has happened, as it is shown
  bool event = false;
  std::string text; // "lab_buddy_merge pfn=0x100 buddy=0x101 order=0", "memblock_reserve by setup_arch for initrd"
};

inline constexpr std::size_t max_search_bytes = 256, max_search_terms = 16;
inline constexpr std::size_t max_search_places = std::size_t{1} << 20; // that next() and previous() know

class Search {
public:
  /// `lab` must be prepared and must outlive the search. `most`: hits that are kept with their text.
  Search(const Lab &lab, std::string_view query, std::size_t most = 500);

  const std::string &error() const { return error_; } // of the query, in words, or ""
  /// Looks at up to `calls` further calls; true when it is through. In a branch that has grown it goes on, in another
  /// branch it starts over.
  bool advance(u64 calls);
  double progress() const { return replay_.progress(); }

  u64 total() const { return total_; }                      // all hits so far
  std::span<const SearchHit> hits() const { return hits_; } // the first ones, in order of time
  /// The next or previous hit from a position, among all so far.
  std::optional<Position> next(Position from) const;
  std::optional<Position> previous(Position from) const;

private:
  using Terms = u32; // a bit for each term
  enum Source : u8 { in_function, in_caller, in_owner, in_phase, in_kind, in_line };
  static constexpr unsigned source_count = 6;
  struct Field { // a value that a field of a kind of event must have
    EventKind kind{};
    u8 field = 0;
    u64 value = 0;
    Terms term = 0;
  };
  struct PlaceTerm {
    u64 base = 0, end = 0;
    Terms term = 0;
  };

  void read(std::string_view query);
  bool read_key(std::string_view key, std::string_view value);
  bool read_number(std::string_view key, std::string_view value);
  Terms bit() const { return Terms{1} << terms_; }
  void word(std::string_view text, unsigned sources);
  Terms fits(std::string_view text, Source source) const;
  Terms fits_id(u64 text, Source source);
  Terms fits_event(const Event &e, u64 call, std::size_t index);
  void see(u64 call, const Command &c, const CallRecord &r);
  void hit(Position at, bool event, std::string text);

  const Lab &lab_;
  Replay replay_;
  std::size_t most_;
  std::string error_;

  unsigned terms_ = 0;
  Terms all_ = 0;
  std::vector<std::pair<std::string, Terms>> words_; // lower case
  Terms may_[source_count] = {};
  Terms kinds_[event_kind_count] = {}; // words that fit the name of a kind
  std::vector<Field> fields_;
  std::vector<PlaceTerm> places_;
  std::vector<Terms> known_; // by text id: words that it holds; all bits set = not looked at
  struct memblock arrays_;   // before the event at hand, for events that name a region by its index

  u64 total_ = 0;
  std::vector<SearchHit> hits_;
  std::vector<std::pair<u32, u32>> at_; // call and event of each hit, up to max_search_places
};

} // namespace mmscope
