// slab_old: SLAB, the slab allocator of Linux before SLUB and beside it (mm/slab.c up to 6.7), running. Its eras differ
// by rows of rules (desc/slab_rules.hpp); what they share:
//
//   cache ── node ── full     slab ─ slab            every object is given out (or waits in an array)
//     │        │──── partial  slab ─ slab            taken from here first
//     │        │──── free     slab                   then from here; these can go back to the page allocator
//     │        └──── shared   array of objects, for all CPUs of the node
//     └──── CPU 0             array of objects: kmem_cache_alloc takes the newest, kmem_cache_free adds one.
//                             Empty: refilled with a batch; full: a batch goes back
//
//   a slab's books, as a chain      free 2   [1 -> END] [2 -> 4] [4 -> 0] [0 -> 1]      next free object each
//                   as indexes      active 2   7 3 | 0 1 2 4 5 6                        free ones behind the bar
//
//   SlabHeap h;
//   h.boot({pages, trace}, *find_slab_rules("2.4.22"), machine);   // kmem_cache_init and the general caches
//   h.late({pages, trace});                                        // arrays for the CPUs
//   auto c = h.create(env, {.name = "inode_cache", .shape = {.size = 480}});
//   phys_addr_t a = h.alloc(env, *c.cache, gfp::KERNEL);           // 0: no memory
//   h.free(env, *c.cache, a);                                      // ask why_not_free first
//
// The allocator's own structures (struct kmem_cache, arrays, lists, books off the slab) are objects of its caches, as in
// the kernel. Left out: debugging, merging of caches (as with slab_nomerge), random order of free objects, and arrays for
// other nodes' objects (as with noaliencache: they go straight to their node's lists). All CPUs are there when the arrays
// get their size. Where a kernel is built for several CPUs the machine has more than one.
//
// Caches are numbers, never given twice; the first is the cache of caches. Addresses are physical.
#pragma once
#include "base/digest.hpp"
#include "mm/page_source.hpp"
#include "mm/slab_layout.hpp"
#include "trace/trace.hpp"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mmscope {

enum class OldSlabList : u8 { none, full, partial, free };
inline constexpr unsigned slab_lists = 4;
enum class ObjectIs : u8 { free, waiting, used }; // in its slab, in an array, somebody's

// The `which` of lab_oldslab_set, lab_oldslab_cache_set and lab_oldslab_node_set.
enum class heap_field : u8 { late, clock, count_ };
enum class old_cache_field : u8 { limit, batchcount, shared, grown, self, count_ };
enum class old_node_field : u8 { there, self, free_limit, colour_next, free_touched, count_ };

struct ArrayCache { // struct array_cache, cpucache_t
  u32 limit = 0;    // 0: there is none
  u32 batchcount = 0;
  bool touched = false;
  phys_addr_t self;       // where it lies; 0: in the kernel image or in per-CPU memory
  std::vector<u64> entry; // addresses of objects, the oldest first
};
struct SlabNodeLists { // kmem_list3, kmem_cache_node; without nodes, the cache's own three lists
  static constexpr u32 none = ~u32{0};
  std::array<u32, slab_lists> head{none, none, none, none}, tail = head, length{}; // by OldSlabList
  u64 free_objects = 0;                                                            // of slabs, not of arrays
  std::array<u64, static_cast<std::size_t>(old_node_field::count_)> fields{};
  ArrayCache shared;
  u64 get(old_node_field f) const { return fields[static_cast<std::size_t>(f)]; }
};
struct OldCache {
  std::string name;
  SlabShape shape;
  CacheLayout layout;
  bool alive = true, no_reap = false;
  std::array<u64, static_cast<std::size_t>(old_cache_field::count_)> fields{};
  std::vector<SlabNodeLists> nodes; // by node id
  std::vector<ArrayCache> cpus;
  u64 get(old_cache_field f) const { return fields[static_cast<std::size_t>(f)]; }
};
struct OldSlab {
  pfn_t pfn;
  u32 cache = 0;
  i32 nid = 0;
  u32 colour = 0;    // bytes in front
  phys_addr_t books; // off the slab: where they lie
  u32 inuse = 0;
  u16 free = 0;   // chain: the first free object
  u16 holder = 0; // in an object: the free object that the indexes lie in
  OldSlabList list = OldSlabList::none;
  u32 prev = 0, next = 0;
  std::vector<u16> index;   // chain: the next free object; indexes: given out first, free ones behind
  std::vector<ObjectIs> is; // by object
};

struct SlabHeapEnv {
  PageSource &pages;
  Trace *t = nullptr;
  u32 cpu = 0;
};
struct SlabHeapMachine {
  SlabMachine layout;
  std::vector<i32> cpu_node{0}; // of each CPU; one at least
  u32 nr_nodes = 1;             // ids from 0 on, all with lists
  bool pairs = false;           // its pages come from zones with pair bitmaps
};
struct OldCacheRequest {
  std::string name;
  SlabShape shape;
};

class SlabHeap {
public:
  static constexpr u32 nobody = ~u32{0};
  static constexpr u16 end_of_chain = 0xffff; // BUFCTL_END; with indexes: no object holds them

  // --- boot ---
  void boot(const SlabHeapEnv &e, const SlabRules &rules, const SlabHeapMachine &machine); // once
  void late(const SlabHeapEnv &e); // kmem_cpucache_init, kmem_cache_init_late; nothing where boot has done it
  // --- calls ---
  struct Created {
    std::optional<u32> cache;
    std::string why_not; // when there is none
  };
  Created create(const SlabHeapEnv &e, const OldCacheRequest &r);
  phys_addr_t alloc(const SlabHeapEnv &e, u32 cache, gfp_t gfp, i32 nid = no_node);
  void free(const SlabHeapEnv &e, u32 cache, phys_addr_t object);
  phys_addr_t kmalloc(const SlabHeapEnv &e, u64 size, gfp_t gfp, i32 nid = no_node);
  void kfree(const SlabHeapEnv &e, phys_addr_t object);
  u64 shrink(const SlabHeapEnv &e, u32 cache); // kmem_cache_shrink: slabs given back
  // kmem_cache_reap (2.4): pages given back, by the one cache that has most. Later cache_reap: what one CPU's timer does
  // every two seconds, every other time (`lists`) with its node's shared arrays and free slabs.
  u64 reap(const SlabHeapEnv &e, bool lists = true);
  std::string why_not_destroy(u32 cache) const;
  void destroy(const SlabHeapEnv &e, u32 cache);
  // Why the kernel would stop, or go wrong unnoticed; "" = the call can be made. no cache: kfree's.
  std::string why_not_free(std::optional<u32> cache, phys_addr_t object) const;

  // --- what there is ---
  const SlabRules &rules() const { return *rules_; }
  const SlabHeapMachine &machine() const { return machine_; }
  const std::vector<OldCache> &caches() const { return caches_; }
  const std::vector<u32> &chain() const { return chain_; } // the list of caches, newest first, the first cache last
  bool is_late() const { return get(heap_field::late) != 0; }
  bool has_cache(u64 cache) const { return cache < caches_.size() && caches_[static_cast<std::size_t>(cache)].alive; }
  const OldSlab &slab(u32 index) const { return slabs_[index]; }
  u32 slab_at(phys_addr_t a) const; // nobody: no slab has this address
  phys_addr_t address_of(const OldSlab &s, u32 object) const;
  u32 general_cache(u64 size, gfp_t gfp) const; // nobody: none is large enough
  // fn(slab) for a list, head first, and for all slabs, ascending by page.
  template <class Fn> void for_each_in(const SlabNodeLists &n, OldSlabList list, Fn &&fn) const {
    for (u32 i = n.head[static_cast<std::size_t>(list)]; i != nobody; i = slabs_[i].next) fn(slabs_[i]);
  }
  template <class Fn> void for_each_slab(Fn &&fn) const {
    for (const auto &[pfn, i] : by_page_) fn(slabs_[i]);
  }
  struct Counts { // as /proc/slabinfo has them
    u64 active_objs = 0, num_objs = 0, active_slabs = 0, num_slabs = 0, shared_avail = 0;
  };
  Counts counts(u32 cache) const;

  bool fold(const Event &e, const Trace &texts); // applies one state event of ours; other kinds give false
  void add_to(Digest &d) const;
  std::string verify() const; // the first broken invariant in words, or ""

private:
  struct ArrayAt { // a CPU's array, or a node's shared one
    u32 cache;
    bool shared;
    u32 at;
  };

  // --- primitives: one change and one state event each (slab_old_state.cpp) ---
  void setup(Trace *t, const SlabRules &rules, const SlabHeapMachine &machine);
  void set(Trace *t, heap_field which, u64 value);
  u32 add_cache(Trace *t, std::string_view name, const SlabShape &shape, bool no_reap);
  void drop_cache(Trace *t, u32 cache);
  void set_general(Trace *t, u32 cache, u32 size, GeneralType type);
  void set_cache(Trace *t, u32 cache, old_cache_field which, u64 value);
  void set_node(Trace *t, u32 cache, i32 nid, old_node_field which, u64 value);
  void set_array(Trace *t, const ArrayAt &a, phys_addr_t self, u32 limit, u32 batchcount); // keeps its objects
  void touch(Trace *t, const ArrayAt &a, bool touched);
  void push(Trace *t, const ArrayAt &a, u64 object);
  std::vector<u64> cut(Trace *t, const ArrayAt &a, u64 from, u64 count); // these leave, the others move together
  u32 add_slab(Trace *t, u32 cache, pfn_t pfn, i32 nid, u32 colour, phys_addr_t books);
  void drop_slab(Trace *t, u32 slab);
  void move(Trace *t, u32 slab, OldSlabList list, bool tail);
  u32 take(Trace *t, u32 slab); // the first free object
  void put(Trace *t, u32 slab, u32 object);

  // --- requests (slab_old.cpp) ---
  phys_addr_t alloc_local(const SlabHeapEnv &e, u32 cache, gfp_t gfp);
  phys_addr_t alloc_on_node(const SlabHeapEnv &e, u32 cache, gfp_t gfp, i32 nid, bool fall_back);
  phys_addr_t refill(const SlabHeapEnv &e, u32 cache, gfp_t gfp);
  u32 first_slab(const SlabHeapEnv &e, u32 cache, i32 nid);
  u32 take_some(const SlabHeapEnv &e, const ArrayAt &a, u32 slab, u32 batch);
  void fix_list(const SlabHeapEnv &e, u32 slab);
  u32 grow(const SlabHeapEnv &e, u32 cache, gfp_t gfp, i32 nid);
  u32 step_colour(const SlabHeapEnv &e, u32 cache, i32 nid);
  void free_block(const SlabHeapEnv &e, u32 cache, i32 nid, const std::vector<u64> &objects);
  void flush(const SlabHeapEnv &e, const ArrayAt &a);
  void give_back(const SlabHeapEnv &e, u32 slab);
  void free_quietly(const SlabHeapEnv &e, phys_addr_t object);
  void free_local(const SlabHeapEnv &e, u32 cache, phys_addr_t object);
  // --- caches (slab_old_caches.cpp) ---
  u32 make_cache(const SlabHeapEnv &e, std::string_view name, const SlabShape &shape, bool no_reap);
  void open(const SlabHeapEnv &e, u32 cache, bool static_array, bool static_lists);
  void move_static_arrays(const SlabHeapEnv &e);
  void move_static_lists(const SlabHeapEnv &e);
  void enable_cpucache(const SlabHeapEnv &e, u32 cache);
  phys_addr_t array_memory(const SlabHeapEnv &e, u32 limit, i32 nid);
  // --- going back (slab_old_reap.cpp) ---
  u64 reap_one(const SlabHeapEnv &e);
  u64 reap_timer(const SlabHeapEnv &e, bool lists);
  void drain(const SlabHeapEnv &e, const ArrayAt &a, i32 nid, u64 count);
  void drain_part(const SlabHeapEnv &e, const ArrayAt &a, i32 nid);
  u64 drain_freelist(const SlabHeapEnv &e, u32 cache, i32 nid, u64 most);
  std::string verify_cache(u32 cache) const;
  std::string verify_slab(const OldSlab &s) const;

  bool is_chain() const { return rules_->books == SlabBooks::chain; }
  u64 get(heap_field f) const { return fields_[static_cast<std::size_t>(f)]; }
  i32 node_of_cpu(u32 cpu) const { return rules_->nodes ? machine_.cpu_node[cpu] : 0; }
  i32 nodes() const { return rules_->nodes ? static_cast<i32>(machine_.nr_nodes) : 1; }
  u32 cpus_of(i32 nid) const;
  SlabNodeLists &lists_of(u32 cache, i32 nid) { return caches_[cache].nodes[static_cast<std::size_t>(nid)]; }
  const SlabNodeLists &lists_of(u32 cache, i32 nid) const {
    return caches_[cache].nodes[static_cast<std::size_t>(nid)];
  }
  ArrayCache &array(const ArrayAt &a);
  const ArrayCache &array(const ArrayAt &a) const;
  struct ObjectAt {
    u32 slab = nobody, object = 0;
    bool exact = false;
  };
  ObjectAt object_at(phys_addr_t a) const;

  const SlabRules *rules_ = nullptr; // rows are static
  SlabHeapMachine machine_;
  std::array<u64, static_cast<std::size_t>(heap_field::count_)> fields_{};
  std::vector<OldCache> caches_;
  std::vector<u32> chain_;
  std::map<std::array<u32, 2>, u32> general_; // by type and size
  std::vector<OldSlab> slabs_;
  std::vector<u32> unused_;    // of slabs_
  std::map<u64, u32> by_page_; // a slab's first page: its index
};

} // namespace mmscope
