// biography.hpp: the life of one page frame, from the firmware's map to the end of the boot.
//
//     Biography life(lab, pfn_t{0x3c000});
//     while (!life.advance(200)) report(life.progress());
//     for (const LifeEvent &e : life.events()) { life_name(e.what); lab.seek(e.at); life.future(e); }
//
//     firmware    0x100000–0x3ffdffff  usable                 e820_add
//     memory      0x100000–0x3ffdffff                         memblock_add by e820__memblock_setup
//     node        node 0                                      memblock_set_node by numa_init
//     handed      0x10000000–0x103fffff  order 10             memblock_free_all
//     free        order 10, Movable, DMA32                    memblock_free_all
//
// What only concerns the arrays (a region that merges with its neighbour, the node of a reservation) and what was only
// tried (candidates, searches that failed) are no part of a page's life. What follows on each other within one call and is of one sort is one entry:
// a block that merges from order 0 to order 10 is told once, with both orders.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lab/replay.hpp"

namespace mmscope {

enum class Life : u8 {
  firmware,         // a line of the firmware's map; number = its type
  firmware_changed, // its type changed; number = the new one, 0 = gone
  memory,           // it became RAM of memblock.memory
  no_memory,        // … and left it
  reserved,         // it became reserved; owner
  unreserved,       // … and free again
  node,             // its node was set
  flags,            // its region's flags were set; number = the flags
  firmware_node,    // the firmware said which node it is of
  section,          // its section is present
  section_map,      // … and has its part of mem_map
  node_span,        // it lies in a node's span
  zone,             // it lies in a zone's span
  page,             // its struct page changed; state
  pageblock,        // its pageblock got a migratetype; list
  waits,            // its struct page is not initialised yet, so its block must wait
  handed,           // memblock handed its block over; order
  merged,           // its block and the buddy became one; from_order → order
  free,             // its block is on a free list; order, list
  taken,            // … and left it
  split,            // its block was cut into halves; from_order → order, if that is still the page's
  stolen,           // its block changed to another migratetype's list, list; number = from which
  on_cpu,           // its block joined a CPU's page list; number = the CPU
  drained,          // … and went back from there to the free lists
  allocated,        // a request got its block; number = the request's gfp flags
  references,       // its block has so many references; number
  freed,            // its block was given back
  lru,              // reclaim may free it
  no_lru,           // … no more
};
inline constexpr unsigned life_count = 29;
std::string_view life_name(Life what); // the key of its words: "handed"

struct LifeEvent {
  Position at;  // right after it has happened, as it is shown
  u64 call = 0; // that did it
  Life what{};
  u64 base = 0, end = 0;        // bytes: the range, region or block that it happened to, together with the page
  std::string function, caller; // who did it, who asked for that ("" = not known)
  std::string owner;            // of a reservation
  i32 nid = no_node;
  u8 zone = no_zone;
  u8 from_order = 0, order = 0;
  u8 list = 0; // migratetype
  PageState state{};
  u64 number = 0;
  u32 count = 1; // events that this one stands for
  static constexpr u8 no_zone = 0xff;
};

class Biography {
public:
  /// `lab` must be prepared and must outlive it.
  Biography(const Lab &lab, pfn_t pfn);

  pfn_t pfn() const { return pfn_; }
  /// Looks at up to `calls` further calls; true when it is through. In a branch that has grown it goes on, in another
  /// branch it starts over.
  bool advance(u64 calls);
  double progress() const { return replay_.progress(); }
  std::span<const LifeEvent> events() const { return events_; } // in order of time
  bool future(const LifeEvent &e) const { return e.at > lab_.position(); }
  bool cut() const { return cut_; } // there were more than are kept

private:
  void see(u64 call, const Command &c, const CallRecord &r);
  void see_memblock(const Event &e, LifeEvent entry, std::size_t index);
  void add(LifeEvent entry);

  const Lab &lab_;
  Replay replay_;
  pfn_t pfn_;
  u64 base_ = 0, end_ = 0; // the page's bytes
  struct memblock arrays_; // before the event at hand
  std::vector<LifeEvent> events_;
  bool cut_ = false;
};

inline constexpr std::size_t max_life_events = 4096;

} // namespace mmscope
