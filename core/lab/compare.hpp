// compare: two to five boots side by side. They step together: a moment is a step that one or more of them make
// (lab/align.hpp), and at a moment every boot stands behind its last call up to there.
//
//   moment           …   41              42                43
//   x86_64 6.1       …   numa_init       –                 sparse_init
//   i386 5.10        …   initmem_init    –                 –  (one flat array)
//   arm64 7.2        …   arch_numa_init  memblock_reserve  sparse_init
//
//   Comparison c({make_script(*find_preset("qemu-1g")), make_script(*find_preset("i386-pae-2g"))});
//   while (!c.prepare(200)) …;                    // in slices, so that a page stays alive
//   c.seek(c.moments().size());                   // the end; 0 = before anything
//   for (const ComparedFact &r : c.facts()) if (r.differs) …
//   c.differences().front()                       // what to say in one sentence
#pragma once
#include "lab/align.hpp"
#include "lab/lab.hpp"
#include "lab/machine_facts.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mmscope {

struct ComparedFact {
  Fact head;                              // kind, zone and order; the value says nothing
  std::vector<std::optional<Fact>> cells; // a machine
  bool differs = false;                   // one that has it tells another value, or one has it and another has not
};

// Why one machine's mem_map is larger: of its factors struct_pages = covered / page_size and sizeof_page, the one whose
// ratio is the largest. What it covers is RAM and the holes that its arrays include.
enum class MapReason : u8 { none, sizeof_page, page_size, ram, holes };

// A difference at a moment, between the machine that has most and the one that has least.
struct Difference {
  enum class Kind : u8 {
    allocator, // another allocator is in charge: `more` is farther in its boot
    held,      // an owner holds more bytes: `label` says who
    ram,       // RAM that the kernel uses
    fact,      // no bytes differ, but this row of the table does
  };
  Kind kind = Kind::fact;
  unsigned more = 0, less = 0; // machines
  u64 more_bytes = 0, less_bytes = 0;
  PartKind part = PartKind::owner;
  std::string label;   // of the owner
  bool is_map = false; // the owner's bytes are the array of struct page; then `reason` is told
  MapReason reason = MapReason::none;
  u64 more_reason = 0, less_reason = 0; // what the reason counts: bytes
  Fact fact;
};

class Comparison {
public:
  explicit Comparison(std::vector<Script> scripts); // 1 to max_compared; the rest is dropped

  // Plays at most `calls` further calls of the boots; true when all are through and aligned. Only then the rest.
  bool prepare(u64 calls);
  double progress() const;

  unsigned size() const { return static_cast<unsigned>(labs_.size()); }
  const Lab &machine(unsigned i) const { return *labs_[i]; }
  const std::vector<AlignedMoment> &moments() const { return moments_; }

  u64 position() const { return position_; } // so many moments are over
  void seek(u64 position);                   // clamped
  // Works for at most `calls` calls towards it; true when all machines are there.
  bool seek_some(u64 position, u64 calls);
  // Its call at this moment; nothing when it makes none, or at the beginning.
  std::optional<u64> call_of(unsigned i) const;

  std::vector<ComparedFact> facts() const;
  // What is worth a sentence: another allocator in charge, then whose bytes differ most, then RAM; a row of the table when
  // there is none of these. What a kernel is by itself (FactGroup::machine) is no difference of a moment.
  std::vector<Difference> differences() const;

private:
  std::vector<std::unique_ptr<Lab>> labs_;
  std::vector<AlignedMoment> moments_;
  std::size_t position_ = 0;
  bool ready_ = false;
};

// By what a step of a boot is known in another one: what is reserved, by its owner; any other call by its function. What
// architectures do under names of their own has one name.
std::string step_name(const Lab &lab, std::size_t call);

// Why a machine with `more` has a larger map than one with `less`; `more_ram` and `less_ram` in bytes. Nothing when it is
// not larger.
struct MapWhy {
  MapReason reason = MapReason::none;
  u64 more = 0, less = 0; // bytes
};
MapWhy why_larger(const MapSize &more, u64 more_ram, const MapSize &less, u64 less_ram);

} // namespace mmscope
