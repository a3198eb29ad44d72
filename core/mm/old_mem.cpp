#include "mm/old_mem.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "mm/boot.hpp"

namespace mmscope {

PairZone *pair_zone_of(System &s, pfn_t pfn) {
  for (PairZone &z : s.pair_zones)
    if (z.contains(pfn)) return &z;
  return nullptr;
}

std::string why_not_free_all_bootmem(System &s) {
  if (!s.bootmem) return "init_bootmem has not run";
  if (std::string why = s.bootmem->why_not_free_all(); !why.empty()) return why;
  std::string why;
  s.bootmem->for_each_gift([&](pfn_t first, order_t order) {
    if (!why.empty()) return;
    if (s.pair_zones.empty() && s.get(vm_field::nr_online_nodes) != 0) {
      if (first + pages_of(order) > pfn_t{s.get(vm_field::max_pfn)}) why = concat("no zone has page ", first.v);
      return;
    }
    const PairZone *z = pair_zone_of(s, first);
    why = z == nullptr ? concat("no zone has page ", first.v, ": pair_buddy_init makes one")
                       : z->why_not_free(first, order);
  });
  return why;
}

u64 free_all_bootmem(System &s, Trace *t) {
  if (s.pair_zones.empty()) { // 2.6: the zones that the boot has made
    reset_all_zones_managed_pages(s, t);
    const u64 pages = s.bootmem->free_all(t, [&](pfn_t first, order_t order) { s.pages.free_core(t, first, order); });
    s.set(t, vm_field::totalram_pages, s.get(vm_field::totalram_pages) + pages);
    return pages;
  }
  const u64 pages = s.bootmem->free_all(t, [&](pfn_t first, order_t order) {
    PairZone *z = pair_zone_of(s, first);
    MM_CHECK(z != nullptr);
    z->free_pages_ok(t, first, order);
  });
  s.set(t, vm_field::totalram_pages, s.get(vm_field::totalram_pages) + pages);
  return pages;
}

bool fold_old(System &s, const Event &e) {
  const auto zone = [&]() -> PairZone & { return s.pair_zones[static_cast<std::size_t>(e.f[0])]; };
  switch (e.kind) {
  case EventKind::lab_bootmem_init:
    s.bootmem.emplace(nullptr,
                      BootmemRules{.page_shift = static_cast<unsigned>(e.f[5]),
                                   .long_bytes = static_cast<unsigned>(e.f[6]),
                                   .resume = static_cast<BootmemResume>(e.f[3]),
                                   .whole_longs = e.f[4] != 0},
                      pfn_t{e.f[0]}, pfn_t{e.f[1]}, pfn_t{e.f[2]});
    return true;
  case EventKind::lab_bootmem_bits:
    s.bootmem->set_bits(nullptr, pfn_t{e.f[0]} - s.bootmem->start(), e.f[1], e.f[2] != 0);
    return true;
  case EventKind::lab_bootmem_last: s.bootmem->set_last(nullptr, e.f[0], e.f[1], e.f[2]); return true;
  case EventKind::lab_bootmem_gone: s.bootmem->drop_map(nullptr); return true;
  case EventKind::lab_pair_zone:
    s.pair_zones.emplace_back(nullptr, static_cast<u32>(e.f[0]),
                              PairRules{.start = pfn_t{e.f[1]},
                                        .pages = e.f[2],
                                        .orders = static_cast<unsigned>(e.f[3]),
                                        .take = static_cast<PairTake>(e.f[4]),
                                        .long_bytes = static_cast<unsigned>(e.f[5])});
    return true;
  case EventKind::lab_pair_marks: zone().set_marks(nullptr, e.f[1], e.f[2], e.f[3]); return true;
  case EventKind::lab_pair_list_add: zone().list_add(nullptr, order_t{e.f[1]}, pfn_t{e.f[2]}); return true;
  case EventKind::lab_pair_list_del: zone().list_del(nullptr, order_t{e.f[1]}, pfn_t{e.f[2]}); return true;
  case EventKind::lab_pair_toggle: zone().toggle(nullptr, order_t{e.f[1]}, e.f[2]); return true;
  default: return false;
  }
}

void add_old_to(const System &s, Digest &d) {
  d.add(s.bootmem ? 1 : 0);
  if (s.bootmem) s.bootmem->add_to(d);
  d.add(s.pair_zones.size());
  for (const PairZone &z : s.pair_zones) z.add_to(d);
}

std::string verify_old(const System &s) {
  if (s.bootmem)
    if (std::string why = s.bootmem->verify(); !why.empty()) return "bootmem: " + why;
  for (const PairZone &z : s.pair_zones)
    if (std::string why = z.verify(); !why.empty()) return concat("pair zone ", z.id(), ": ", why);
  return {};
}

} // namespace mmscope
