// slub: the slab allocator's state and the kernel's calls that change it (mm/slub.c, mm/slab_common.c, v6.1).
//
//   kmem_cache ─┬─ per CPU:   slab ─► freelist: o o o          its own, no lock
//               │             partial ─► slab ─► slab          frozen too: nobody else takes them
//               └─ per node:  partial ⇄ slab ⇄ slab            for all CPUs
//                             (full slabs are on no list; with slub_debug=U on one)
//
//   alloc: CPU's freelist → what came back to its slab → its partial slabs → the node's → another node's → new pages
//   free:  to the CPU's freelist if it is of its slab, else to the slab's own; a full slab joins the CPU's partial
//          ones, an empty one goes back to the page allocator once its node has min_partial others
//
//   kmem_cache_init(slub, pages, {.nr_cpu_ids = 4, …}, t);
//   CreateResult c = slub.kmem_cache_create({pages, t, 0}, {.name = "dentry", .size = 192});
//   SlabResult o = slub.kmem_cache_alloc({pages, t, 0}, c.cache, gfp::KERNEL);
//   slub.kmem_cache_free({pages, t, 0}, c.cache, o.object);
//   o.report                                             // the kernel's lines, when it noticed something
//
// It is a value, like PageAlloc: copy it to keep a moment; links are indices. An object costs 2 bytes: its free
// pointer, or that it is allocated. Objects are named by physical address. Every change is a primitive that emits
// one state event, so that folding a call's events over the state before gives the state after.
#pragma once
#include "mm/kmalloc.hpp"
#include "mm/page_alloc.hpp"
#include "mm/slub_layout.hpp"

#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mmscope {

using cache_id = u32; // never used again
inline constexpr cache_id no_cache = ~u32{0};
inline constexpr u16 no_object = 0xffff, object_in_use = 0xfffe;

enum class slab_state : u8 { DOWN, PARTIAL, PARTIAL_NODE, UP, FULL };

// Where a slab is.
enum class SlabPlace : u8 {
  loose,       // on no list: full, or between two steps
  cpu,         // a CPU's slab
  cpu_partial, // in a CPU's chain
  partial,     // on its node's list
  full,        // on its node's list of full ones (slub_debug=U)
  isolated,    // failed a check
};

struct Slab {
  u64 pfn = 0;
  cache_id cache = no_cache;
  u32 prev = 0, next = 0; // in its list or chain
  u32 links = 0;          // its first object's entry in the pool of free pointers
  i32 nid = no_node;
  u16 objects = 0, inuse = 0; // inuse counts those of a CPU's freelist too
  u16 freelist = no_object;   // its own; what a CPU has taken is in SlabCpu
  u16 slabs = 0;              // in a chain: how many from here to the end when it joined
  u16 cpu = 0;                // whose, at place cpu and cpu_partial
  u8 order = 0;
  SlabPlace place = SlabPlace::loose;
  bool frozen = false;
};

struct SlabCpu { // kmem_cache_cpu
  u32 slab = 0;
  u32 partial = 0;
  u16 freelist = no_object;
};
struct SlabList {
  u32 head = 0, tail = 0;
};
struct SlabNode {     // kmem_cache_node
  phys_addr_t object; // its own place; 0: the cache has no lists for this node
  SlabList partial, full;
  u64 nr_partial = 0, nr_slabs = 0, total_objects = 0;
};

struct KmemCache {
  std::string name;
  std::vector<std::string> aliases; // merged into it, oldest first
  SlabLayout layout;
  bool alive = false, listed = false, ctor = false;
  i32 refcount = 0;
  u32 useroffset = 0, usersize = 0;
  phys_addr_t self;          // its struct kmem_cache, an object of the cache "kmem_cache"; 0: static
  u64 random = 0;            // what stored free pointers are mixed with
  phys_addr_t random_object; // where the kernel keeps the sequence
  std::vector<u16> random_seq;
  std::vector<SlabCpu> cpus;   // nr_cpu_ids
  std::vector<SlabNode> nodes; // by node id
};
// The `which` of lab_slab_cache_set.
enum class cache_field : u8 { refcount, self, min_partial, cpu_partial };

struct CacheRequest {
  std::string_view name;
  u32 size = 0, align = 0; // bytes
  slab_flags_t flags = 0;
  bool ctor = false;
  u32 useroffset = 0, usersize = 0;
};
struct CreateResult {
  cache_id cache = no_cache;
  bool merged = false; // into a cache that was there
  std::string refusal; // as the kernel says it; "" when made
};

enum class SlabPath : u8 { fast, refill, cpu_partial, node_partial, other_node, new_slab, large };
std::string_view slab_path_name(SlabPath p);

enum class SlabVerdict : u8 {
  done,
  no_memory, // the page allocator gave nothing
  reported,  // misuse noticed; what was asked for did not happen
  noticed,   // misuse noticed; done all the same
  bug,       // the kernel stops the caller: kernel BUG
  unnoticed, // misuse that this kernel does not see: memory would be corrupt. The lab does not do it; `why` says
             // which option would have shown it
  refused,   // not a call that can be made
};
std::string_view slab_verdict_name(SlabVerdict v);

struct SlabResult {
  phys_addr_t object; // 0: none. 16: ZERO_SIZE_PTR
  SlabVerdict verdict = SlabVerdict::done;
  SlabPath path = SlabPath::fast;
  std::string why;                 // "" when done
  std::vector<std::string> report; // lines of the kernel's log
  bool ok() const { return verdict == SlabVerdict::done || verdict == SlabVerdict::noticed; }
};
inline constexpr phys_addr_t zero_size_ptr{16};

struct SlabEnv { // who calls
  PageAlloc &pages;
  Trace *t = nullptr;
  u32 cpu = 0;
};

struct SlubMachine { // what the boot tells the slab allocator
  u32 nr_cpu_ids = 1, present_cpus = 1, nr_node_ids = 1;
  std::vector<i32> normal_nodes{0}; // N_NORMAL_MEMORY, ascending
  bool memcg_kmem_disabled = false; // cgroup.memory=nokmem
};

class Slub {
public:
  explicit Slub(SlubRules rules = {});

  // === the kernel's calls; a cache number or CPU that does not exist is our own bug ===

  // kmem_cache_init: the two caches that caches are made of, then kmalloc's.
  void kmem_cache_init(const SlabEnv &e, const SlubMachine &machine);
  void slab_sysfs_init(Trace *t); // everything works from now on
  CreateResult kmem_cache_create(const SlabEnv &e, const CacheRequest &r);
  // ok() even if it only dropped one of several references; reported when objects are left.
  SlabResult kmem_cache_destroy(const SlabEnv &e, cache_id id);
  bool kmem_cache_shrink(const SlabEnv &e, cache_id id); // true when no slab is left
  SlabResult kmem_cache_alloc(const SlabEnv &e, cache_id id, gfp_t gfp, i32 nid = no_node);
  SlabResult kmem_cache_free(const SlabEnv &e, cache_id id, phys_addr_t object);
  SlabResult kmalloc(const SlabEnv &e, u64 size, gfp_t gfp, i32 nid = no_node);
  SlabResult kfree(const SlabEnv &e, phys_addr_t object);
  void cpu_dead(const SlabEnv &e, u32 cpu); // slub_cpu_dead: gives back what an offline CPU holds, of all caches
  // Someone writes `length` bytes from `address` on. What matters is only what a check may find.
  SlabResult write_object(const SlabEnv &e, phys_addr_t address, u64 length, u8 value);

  // === questions ===
  const SlubRules &rules() const { return rules_; }
  slab_state state() const { return state_; }
  std::span<const KmemCache> caches() const { return caches_; } // index = cache_id; those not alive are gone
  const KmemCache &cache(cache_id id) const;
  // Every cache on the list, newest first, as /proc/slabinfo does.
  template <class Fn> void for_each_cache(Fn &&fn) const {
    for (std::size_t i = order_.size(); i-- != 0;) fn(order_[i], caches_[order_[i]]);
  }
  std::optional<cache_id> find_cache(std::string_view name) const; // also by an alias
  cache_id kmalloc_cache(u64 size, gfp_t gfp) const;               // no_cache: none (0 bytes, too large, too early)
  const Slab &slab(u32 index) const { return slabs_[index]; }
  u32 slab_at(pfn_t pfn) const; // 0: that page is in no slab
  // A slab's free objects in order: its CPU's freelist if it has one, and its own. fn(object).
  template <class Fn> void for_each_free(u16 first, const Slab &s, Fn &&fn) const {
    for (u16 o = first; o != no_object; o = links_[s.links + o]) fn(o);
  }
  // fn(index, slab) for a list or chain, from its head on, and for every slab of a cache, ascending by address.
  template <class Fn> void for_each_in(u32 head, Fn &&fn) const {
    for (u32 i = head; i != 0; i = slabs_[i].next) fn(i, slabs_[i]);
  }
  template <class Fn> void for_each_slab(Fn &&fn) const;
  bool in_use(const Slab &s, u16 object) const { return links_[s.links + object] == object_in_use; }
  phys_addr_t address_of(const Slab &s, u16 object) const; // of the object, behind its red zone
  struct ObjectAt {
    u32 slab = 0; // 0: in no slab
    u16 object = 0;
    i64 offset = 0; // from the object's start; 0: exactly an object. Behind the last slot: object = slab's count
  };
  ObjectAt object_at(phys_addr_t address) const;
  u64 virtual_of(phys_addr_t a) const { return rules_.direct_map_base + a.v; }
  // The word that is stored as a free object's free pointer (mixed with `random` if hardened).
  u64 stored_free_pointer(const Slab &s, u16 object) const;
  // The bytes of one slot, from its first (red zone included): what a learner would see in memory.
  enum class ByteKind : u8 { unknown, object, poison, red_zone, free_pointer, metadata, padding, written };
  struct SlotByte {
    u8 value = 0;
    ByteKind kind = ByteKind::unknown;
  };
  std::vector<SlotByte> slot_bytes(const Slab &s, u16 object) const;
  struct Counts { // as get_slabinfo counts
    u64 active_objs = 0, num_objs = 0, num_slabs = 0;
  };
  Counts counts(cache_id id) const;
  u64 memory_bytes() const; // heap held
  u64 reports() const { return reports_; }

  bool fold(const Event &e, const Trace &texts); // applies one state event of ours; other kinds give false
  void add_to(Digest &d) const;
  friend bool operator==(const Slub &a, const Slub &b); // equal digests
  std::string verify() const;                           // the first broken invariant in words, or ""

private:
  struct Write { // bytes that someone wrote to a slot, oldest first
    u64 slab = 0;
    i32 offset = 0; // from the object's start
    u32 length = 0;
    u16 object = 0;
    u8 value = 0;
  };
  struct Large {
    u64 pfn = 0;
    u8 order = 0;
  };

  // The two caches that caches are made of are the first ones there are.
  static constexpr cache_id node_cache = 0, cache_cache = 1;

  // --- primitives: one change and one state event each (slub_state.cpp) ---
  void set_machine(Trace *t, u32 nr_cpu_ids, u32 present, u32 nr_node_ids);
  void add_node(Trace *t, i32 nid);
  void set_state(Trace *t, slab_state s);
  cache_id add_cache(Trace *t, const CacheRequest &r, u32 align, const SlabLayout &layout);
  void set_cache(Trace *t, cache_id id, cache_field which, u64 value);
  void set_cache_node(Trace *t, cache_id id, i32 nid, phys_addr_t object, u64 slabs);
  void set_random_seq(Trace *t, cache_id id, phys_addr_t object);
  void add_alias(Trace *t, cache_id id, std::string_view name, u32 object_size);
  void list_cache(Trace *t, cache_id id, bool listed);
  void drop_cache(Trace *t, cache_id id);
  void set_kmalloc(Trace *t, u32 type, u32 index, cache_id id);
  u32 add_slab(Trace *t, cache_id id, pfn_t pfn, u32 order, i32 nid);
  void drop_slab(Trace *t, u32 index);
  void list_add(Trace *t, u32 index, bool full, bool tail);
  void list_del(Trace *t, u32 index);
  void freeze(Trace *t, u32 index, bool frozen);
  void cpu_load(Trace *t, cache_id id, u32 cpu, u32 index);
  void cpu_forget(Trace *t, cache_id id, u32 cpu);
  void cpu_unload(Trace *t, cache_id id, u32 cpu);
  void cpu_partial_push(Trace *t, cache_id id, u32 cpu, u32 index);
  void cpu_partial_pop(Trace *t, cache_id id, u32 cpu);
  u32 cpu_partial_cut(Trace *t, cache_id id, u32 cpu);
  u16 pop_cpu(Trace *t, cache_id id, u32 cpu);
  void push_cpu(Trace *t, cache_id id, u32 cpu, u16 object);
  u16 pop(Trace *t, u32 index);
  void push(Trace *t, u32 index, u16 object, bool freeze);
  void isolate(Trace *t, u32 index);
  void add_write(Trace *t, u32 index, u16 object, i64 offset, u64 length, u8 value);
  void clean(Trace *t, u32 index, u16 object);
  void add_report(Trace *t, cache_id id, u32 index, u16 object, std::string_view line);
  void set_large(Trace *t, pfn_t pfn, u32 order, bool given);

  // --- parts of the state ---
  u64 draw(); // the next random number
  u32 take_links(u32 objects);
  void give_links(u32 first, u32 objects);
  u16 &link(const Slab &s, u16 object) { return links_[s.links + object]; }
  u32 &table_entry(u64 pfn);
  KmemCache &cache_ref(cache_id id);
  SlabNode &node_of(const Slab &s) { return caches_[s.cache].nodes[static_cast<u32>(s.nid)]; }
  const SlabNode &node_of(const Slab &s) const { return caches_[s.cache].nodes[static_cast<u32>(s.nid)]; }
  bool has_node(i32 nid) const;
  bool has_cpu_partial(const KmemCache &s) const { return rules_.cpu_partial && !s.layout.debug(); }
  gfp_t allowed(gfp_t gfp) const;
  u16 count_free(const Slab &s, u16 first) const;

  // --- allocation (slub.cpp) ---
  phys_addr_t slab_alloc(const SlabEnv &e, cache_id id, gfp_t gfp, i32 nid, SlabResult &r);
  phys_addr_t slab_alloc_slow(const SlabEnv &e, cache_id id, gfp_t gfp, i32 nid, SlabResult &r);
  phys_addr_t alloc_debug(const SlabEnv &e, cache_id id, gfp_t gfp, i32 nid, SlabResult &r);
  phys_addr_t alloc_single(const SlabEnv &e, u32 index, SlabResult &r);
  u32 get_partial_node(const SlabEnv &e, cache_id id, i32 nid, phys_addr_t *object, SlabResult &r);
  u32 get_partial(const SlabEnv &e, cache_id id, gfp_t gfp, i32 nid, phys_addr_t *object, SlabResult &r);
  static std::optional<pfn_t> take_pages(const SlabEnv &e, gfp_t gfp, u32 order, i32 nid);
  static void mark_pages(const SlabEnv &e, pfn_t pfn, bool slab); // PG_slab
  u32 new_slab(const SlabEnv &e, cache_id id, gfp_t gfp, i32 nid);
  void out_of_memory(cache_id id, gfp_t gfp, i32 nid, SlabResult &r) const;
  void deactivate_slab(const SlabEnv &e, cache_id id, u32 cpu);
  void put_cpu_partial(const SlabEnv &e, u32 index, bool drain);
  void unfreeze_partials(const SlabEnv &e, cache_id id, u32 cpu);
  void discard_slab(const SlabEnv &e, u32 index);
  void flush_cpu(const SlabEnv &e, cache_id id, u32 cpu);
  void flush_all(const SlabEnv &e, cache_id id);
  i32 mem_node(const SlabEnv &e) const; // numa_mem_id
  // --- freeing ---
  void slab_free(const SlabEnv &e, const ObjectAt &o, SlabResult &r);
  void slab_free_slow(const SlabEnv &e, u32 index, u16 object, SlabResult &r);
  void free_debug(const SlabEnv &e, cache_id id, const ObjectAt &o, phys_addr_t address, SlabResult &r);
  void free_object(const SlabEnv &e, cache_id id, const ObjectAt &o, phys_addr_t address, SlabResult &r);
  // --- caches (slub_caches.cpp) ---
  cache_id find_mergeable(const CacheRequest &r) const;
  cache_id create_boot_cache(const SlabEnv &e, const CacheRequest &r, phys_addr_t self);
  bool open_cache(const SlabEnv &e, cache_id id);
  bool init_random_seq(const SlabEnv &e, cache_id id);
  void release_cache(const SlabEnv &e, cache_id id);
  void create_kmalloc_caches(const SlabEnv &e, bool memcg_kmem_disabled);
  // --- checks (slub_debug.cpp) ---
  struct Fault {
    i64 from = 0, to = 0; // bytes, from the object's start; half-open
    u8 first = 0;
  };
  std::optional<Fault> find_fault(u32 index, u16 object, i64 from, i64 to, u8 expected) const;
  bool check_bytes(const SlabEnv &e, u32 index, u16 object, std::string_view what, i64 from, i64 to, u8 expected,
                   SlabResult &r);
  bool check_object(const SlabEnv &e, u32 index, u16 object, bool active, SlabResult &r);
  void check_slab_padding(const SlabEnv &e, u32 index, SlabResult &r);
  bool alloc_consistency_checks(const SlabEnv &e, u32 index, u16 object, SlabResult &r);
  bool free_consistency_checks(const SlabEnv &e, cache_id id, const ObjectAt &o, phys_addr_t address, SlabResult &r);
  void report_object(const SlabEnv &e, u32 index, u16 object, std::string_view what, std::string_view bytes,
                     SlabResult &r);
  void report_slab(const SlabEnv &e, cache_id id, u32 index, std::string_view what, SlabResult &r);
  std::string slab_line(u32 index) const;
  bool written(u32 index, u16 object) const;
  // --- verify (slub_verify.cpp) ---
  std::string verify_cache(cache_id id, std::vector<u8> &seen) const;
  std::string verify_slab(u32 index) const;

  SlubRules rules_;
  slab_state state_ = slab_state::DOWN;
  std::vector<KmemCache> caches_;
  std::vector<cache_id> order_; // the list of caches, oldest first
  std::vector<u8> nodes_;       // by node id: has normal memory
  KmallocTable kmalloc_;
  std::vector<Slab> slabs_;                  // [0] unused
  u32 slab_free_ = 0;                        // first unused slab, linked by next
  std::vector<u16> links_;                   // free pointers: spans of a power of two entries
  std::vector<std::vector<u32>> link_spans_; // unused spans by log2 of their length
  std::vector<u32> table_dir_, table_;       // page → slab: 1024 pages a leaf, leaves from 1 on
  std::vector<Write> writes_;
  std::vector<Large> large_; // ascending
  u64 draws_ = 0, reports_ = 0;
};

template <class Fn> void Slub::for_each_slab(Fn &&fn) const {
  for (std::size_t d = 0; d < table_dir_.size(); ++d) {
    if (table_dir_[d] == 0) continue;
    for (u32 i = 0; i < 1024; ++i) {
      const u32 index = table_[std::size_t{table_dir_[d]} * 1024 + i];
      if (index != 0 && slabs_[index].pfn == u64{d} * 1024 + i) fn(index, slabs_[index]);
    }
  }
}

} // namespace mmscope
