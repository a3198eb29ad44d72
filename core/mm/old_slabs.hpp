// old_slabs: what a System does with SLAB and SLOB (slab_old.hpp, slob.hpp), if a script has started them. Their pages come
// from the zones with pair bitmaps when the machine has such zones, else from its own page allocator.
//
//   if (why_not_slab(s).empty()) slab_init(s, trace, rules, cpus, cache_line);
//   SystemPages pages(s, s.old_slabs.get()->slab->machine().pairs);
//   s.old_slabs.edit().slab->alloc({pages, trace, cpu}, cache, gfp::KERNEL);
#pragma once
#include "mm/slab_old.hpp"
#include "mm/slob.hpp"
#include "mm/system.hpp"

#include <optional>
#include <string>

namespace mmscope {

struct OldSlabs {
  std::optional<SlabHeap> slab;
  std::optional<SlobHeap> slob;
};

class SystemPages final : public PageSource {
public:
  SystemPages(System &s, bool pairs) : s_(s), pairs_(pairs) {}
  std::optional<pfn_t> get(Trace *t, const PageWish &w) override;
  void give(Trace *t, pfn_t pfn, order_t order, u32 cpu) override;
  i32 node_of(pfn_t pfn) const override;
  std::vector<i32> nodes_from(i32 nid) const override;

private:
  System &s_;
  bool pairs_;
};

// Why there are no pages to stand on; "" when there are.
std::string why_no_pages(const System &s);
// cpus, cache_line 0: the machine's own.
void slab_init(System &s, Trace *t, const SlabRules &rules, u32 cpus, u32 cache_line);
void slob_init(System &s, Trace *t, bool natural_align);

// System's fold, digest and verify of this part.
bool fold_old_slabs(System &s, const Event &e, const Trace &texts);
void add_old_slabs_to(const System &s, Digest &d);
std::string verify_old_slabs(const System &s);
u64 old_slabs_bytes(const System &s); // heap held

} // namespace mmscope
