// The slab allocator's part of the boot (start_kernel, mm_init).
#include "mm/boot.hpp"

#include "base/text.hpp"
#include "mm/direct_map.hpp"

#include <algorithm>

namespace mmscope {

namespace {

// Structure sizes and options are those of Debian's builds, which are alike in this.
SlubRules slub_rules(const System &s) {
  SlubRules r;
  r.page_shift = s.arch->page_shift;
  r.cache_line = static_cast<u32>(s.arch->cache_line);
  r.max_order = s.config.max_order;
  r.direct_map_base = direct_map_base(s);
  r.zone_dma =
      std::any_of(s.arch->zones.begin(), s.arch->zones.end(), [](const ZoneRow &z) { return z.name == "DMA"; });
  read_slub_era(r, *s.era);
  read_slub_params(r, s.params.text);
  return r;
}

} // namespace

bool fold_slub(System &s, const Event &e, const Trace &texts) {
  if (e.kind == EventKind::lab_slab_setup) s.slub = Slub(slub_rules(s));
  return s.slub.fold(e, texts);
}

void kmem_cache_init(System &s, Trace *t) {
  s.slub = Slub(slub_rules(s));
  SlubMachine machine;
  machine.nr_cpu_ids = machine.present_cpus = static_cast<u32>(std::max<u64>(s.get(vm_field::nr_cpus), 1));
  machine.nr_node_ids = static_cast<u32>(std::max<std::size_t>(s.pages.nodes().size(), 1));
  machine.normal_nodes.clear();
  for (const pglist_data &n : s.pages.nodes()) {
    // N_NORMAL_MEMORY: any zone up to Normal has pages.
    bool normal = false;
    for (unsigned z = 0; z <= s.pages.rules().zone_normal && z < s.arch->zones.size(); ++z)
      normal = normal || n.zones[z].populated();
    if (n.online && normal) machine.normal_nodes.push_back(n.nid);
  }
  s.slub.kmem_cache_init({s.pages, t, 0}, machine);
  const SlubRules &r = s.slub.rules();
  s.print(t, concat("SLUB: HWalign=", r.cache_line, ", Order=", r.slub_min_order, '-', r.slub_max_order,
                    ", MinObjects=", r.slub_min_objects, ", CPUs=", r.nr_cpu_ids, ", Nodes=", r.nr_node_ids));
}

} // namespace mmscope
