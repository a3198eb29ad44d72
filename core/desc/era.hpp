// Era: the rules of a kernel version, as data. 6.1 is the pivot and whole; every other era is a list of differences
// from its neighbour on the way to the pivot, so that "what changed" can be printed from those lists:
//
//   2.4.22 ─► 2.6.11 ─► 2.6.24 ─► 4.9 ─► 5.10 ─► 5.15 ─► 6.1 ◄─ 6.5 ◄─ 6.12 ◄─ 7.2        ─► "differs from"
//
// Only parameters and policies exist (era_fields.def). A mechanism asks the field, never for an era by its name:
//
//   const Era *e = era_of_version(5, 10);
//   if (e->memory_line_late) …
//   for (const EraStep &step : era_steps(*find_era("5.10"), *find_era("6.1")))
//     for (const EraChange &c : step.changes) …       // field, values in both, sentence, source
#pragma once
#include "base/types.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mmscope {

// --- policies ---

// What gives memory before the page allocator runs.
enum class BootAllocator : u8 {
  bootmem,  // a bit for each page of low memory (mm/bootmem.hpp)
  memblock, // lists of regions
};
// Where bootmem's search for a request with a goal begins.
enum class BootmemResume : u8 {
  no,                // at the goal
  from_last_success, // not below the place that was found last
  lowered_by_free,   // likewise, but free_bootmem brings that place down to what it frees
};
// What tells the page allocator that a block's buddy is free.
enum class BuddyMarks : u8 {
  pair_bits, // a bit for each pair of buddies: exactly one of the two is free (mm/pair_buddy.hpp)
  frames,    // a free block's first struct page says so
};
// How the first node of a group at one distance is burdened, so that the next node's list begins with another.
enum class NodeLoad : u8 {
  counted,  // by one each time
  by_place, // by how many nodes were still to come, whatever it was burdened with before
  summed_up // likewise, on top of that
};
// How a zone's watermarks are computed.
enum class Watermarks : u8 {
  clamped,    // a 128th of the zone, 20 to 255 pages; low and high are two and three times that
  from_min,   // min is the zone's share of min_free_kbytes; low and high are 5/4 and 6/4 of it
  from_share, // likewise, but low and high lie above min by a part of the share, or of the zone
};

enum class FirstMiB : u8 {
  whole,     // [0, 1 MiB) is reserved once the real-mode trampoline has its place
  as_needed, // the first 64 KiB, the BIOS area and the trampoline; the rest is ordinary memory
};
enum class ZoneEstimate : u8 {
  without_mem_map, // present pages less those of their struct pages and the DMA reserve
  present,
};

// How long a CPU's page list may grow before it is drained.
enum class PcpHigh : u8 {
  six_batches,   // six batches
  low_watermark, // the CPUs of a node together hold as much as lies below the low watermark
  tuned,         // from there up to an eighth of the zone, as the traffic goes
};
// For a block of more than one page: when enough pages are free, what else must be so (zone_watermark_ok).
enum class OrderTest : u8 {
  listed,     // a block that large is on a list that the request may use
  any_harder, // likewise; who cannot wait may use every list
  halves,     // without the pages of smaller blocks, order by order, half as many must be left each time
};
// What is done when no block of the wanted type is free (__rmqueue_fallback).
enum class FallbackRule : u8 {
  spares,   // the largest block of another type, its pageblock's free pages too; for movable pages rather the smallest
  largest,  // always the largest; what is left of it becomes the wanted type's
  by_order, // the largest; what is left of a small one stays what it was, unless reclaimable pages are wanted
};
// What a CPU's page lists keep, and how they are filled and drained.
enum class PcpLists : u8 {
  by_order,   // blocks up to order 3 and huge pages, a list for each order and type; drains grow with the traffic
  by_type,    // single pages, a list for each type; a batch goes back at a time, taken round and round
  one,        // single pages of all types in one list; a batch goes back at a time
  one_stocked // likewise, and filled up before it is empty: at two batches
};
// Which order a slab gets when none holds enough objects at little waste.
enum class SlabOrder : u8 {
  fewer_objects, // one object less, and the same limits of waste again
  more_waste,    // up to half of the slab may be wasted
};
// What create_kmalloc_caches makes.
enum class KmallocCaches : u8 {
  dma_twins,   // normal, reclaimable; then a DMA twin of each size, by index
  cgroup,      // normal, counted by cgroup, reclaimable, DMA
  dma_cgroup,  // normal, reclaimable, DMA, counted by cgroup
  cgroup_last, // likewise; of each type 96 and 192 first; then a cache of buckets
};

// --- an era ---

struct Era {
  std::string_view name; // "6.1"
  unsigned major, minor; // kernel versions from this one up to the next row's
  unsigned patch;        // of 2.x versions, whose third number tells more than the second; else 0
#define ERA_FIELD(type, name, text) type name;
#include "desc/era_fields.def"
#undef ERA_FIELD
  std::string_view source;
};

enum class EraField : u8 {
#define ERA_FIELD(type, name, text) name,
#include "desc/era_fields.def"
#undef ERA_FIELD
};
struct EraFieldInfo {
  std::string_view name, text;
};
std::span<const EraFieldInfo> era_fields();                 // by EraField
std::string era_value_text(const Era &era, EraField field); // "262144", "yes", "present"

const Era *find_era(std::string_view name); // "6.1"; null when unknown
std::span<const Era> all_eras();            // oldest first
const Era &pivot_era();                     // the one that the others differ from
// The row that covers a version: its own, or the nearest older one if the versions behind it are known to follow the
// same rules. Null when none does.
const Era *era_of_version(unsigned major, unsigned minor, unsigned patch = 0);
const Era *era_of_release(std::string_view release); // "6.1.0-50-amd64"

// "6.1.0-50-amd64" is 6 and 1; false when it does not begin with two numbers.
bool version_of_release(std::string_view release, unsigned &major, unsigned &minor);

// --- what changed ---

// One difference between neighbours. The sentence tells what the newer of the two does differently, in present tense.
struct EraChange {
  EraField field;
  u64 value; // of the field in the era farther from the pivot
  std::string_view what;
  std::string_view source; // file, function and version, or the record that shows it
};
// An era made of its neighbour and a list of differences, as the table's own are: docs/adding-an-era.md.
struct EraName {
  std::string_view name;
  unsigned major = 0, minor = 0, patch = 0;
  std::string_view source;
};
Era era_from(const Era &neighbour, const EraName &name, std::span<const EraChange> changes);

struct EraStep { // from one era to the next younger one
  const Era *older, *younger;
  std::span<const EraChange> changes;
};
// The steps between two eras in order of time; empty when they are the same.
std::vector<EraStep> era_steps(const Era &from, const Era &to);

} // namespace mmscope
