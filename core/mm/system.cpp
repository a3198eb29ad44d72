#include "mm/system.hpp"

#include "base/text.hpp"
#include "mm/boot.hpp"
#include "mm/old_mem.hpp"
#include "mm/old_slabs.hpp"

#include <numeric>

namespace mmscope {

namespace {
u8 zone_index(const Arch &arch, std::string_view name) {
  for (std::size_t i = 0; i < arch.zones.size(); ++i)
    if (arch.zones[i].name == name) return static_cast<u8>(i);
  return no_zone;
}

// sizeof(struct memblock_region): base, size, flags, and the node if there are nodes.
u64 region_bytes(const Arch &arch, const KernelConfig &config) {
  return round_up(u64{2} * arch.phys_addr_size + sizeof(u32) + (config.numa ? sizeof(i32) : 0), arch.phys_addr_align);
}

constexpr std::array<std::string_view, phase_count> phase_names{"",          "memblock", "numa", "sparse",   "zones",
                                                                "zonelists", "handoff",  "slab", "deferred", "done"};
} // namespace

std::string_view phase_name(Phase p) { return phase_names[static_cast<std::size_t>(p)]; }

Phase phase_of(std::string_view name) {
  for (unsigned i = 1; i < phase_count; ++i)
    if (phase_names[i] == name) return static_cast<Phase>(i);
  return Phase::none;
}

u8 NumaInfo::distance_of(i32 from, i32 to) const {
  const auto f = static_cast<std::size_t>(from), to_index = static_cast<std::size_t>(to);
  if (f < distance.size() && to_index < distance[f].size() && distance[f][to_index] != 0) return distance[f][to_index];
  return from == to ? 10 : 20; // LOCAL_DISTANCE, REMOTE_DISTANCE
}

void System::set(Trace *t, vm_field f, u64 value) {
  u64 &slot = vm[static_cast<std::size_t>(f)];
  if (slot == value) return;
  slot = value;
  if (f == vm_field::mobility_off) pages.set_mobility(value == 0);
  emit(t, EventKind::lab_vm_set, {static_cast<u64>(f), value});
}

void System::set_phase(Trace *t, Phase p) {
  if (phase == p) return;
  phase = p;
  emit(t, EventKind::lab_phase, {static_cast<u64>(p)});
}

void System::print(Trace *t, std::string line) {
  if (t != nullptr) t->emit(EventKind::lab_line, {t->text_id(line)});
  lines.push_back(std::move(line));
}

void System::add_numa_memblk(Trace *t, i32 nid, phys_addr_t start, u64 size, bool hotplug) {
  numa.blocks.push_back({nid, start, start + size, hotplug});
  emit(t, EventKind::lab_numa_memblk, {field(nid), start.v, size, hotplug ? 1u : 0u});
}

void System::reset_numa(Trace *t) {
  numa.blocks.clear();
  emit(t, EventKind::lab_numa_reset, {});
}

void System::set_numa_distance(Trace *t, i32 from, i32 to, u64 distance) {
  const auto f = static_cast<std::size_t>(from), to_index = static_cast<std::size_t>(to);
  if (numa.distance.size() <= f) numa.distance.resize(f + 1);
  if (numa.distance[f].size() <= to_index) numa.distance[f].resize(to_index + 1);
  numa.distance[f][to_index] = static_cast<u8>(distance);
  emit(t, EventKind::lab_numa_distance, {field(from), field(to), distance});
}

void System::clear_numa_distances(Trace *t) {
  if (numa.distance.empty()) return;
  numa.distance.clear();
  emit(t, EventKind::lab_numa_distances_clear, {});
}

void System::set_node_cpus(Trace *t, i32 nid, u64 cpus) {
  const auto n = static_cast<std::size_t>(nid);
  if (numa.cpus.size() <= n) numa.cpus.resize(n + 1);
  numa.cpus[n] = cpus;
  emit(t, EventKind::lab_cpu_node, {field(nid), cpus});
  set(t, vm_field::nr_cpus, std::accumulate(numa.cpus.begin(), numa.cpus.end(), u64{0}));
}

namespace {
// Through pointers: in the page these come with the second half of the program (web/hosting/split.mjs).
bool (*volatile const slub_fold)(System &, const Event &, const Trace &) = fold_slub;
bool (*volatile const old_fold)(System &, const Event &) = fold_old;
void (*volatile const old_digest)(const System &, Digest &) = add_old_to;
std::string (*volatile const old_verify)(const System &) = verify_old;
bool (*volatile const old_slabs_fold)(System &, const Event &, const Trace &) = fold_old_slabs;
void (*volatile const old_slabs_digest)(const System &, Digest &) = add_old_slabs_to;
std::string (*volatile const old_slabs_verify)(const System &) = verify_old_slabs;
} // namespace

u64 System::digest() const {
  Digest d;
  e820.add_to(d);
  memblock.add_to(d);
  d.add(numa.blocks.size());
  for (const numa_memblk &b : numa.blocks) d.add_signed(b.nid).add(b.start).add(b.end).add(b.hotplug ? 1 : 0);
  d.add(numa.distance.size());
  for (const auto &row : numa.distance) {
    d.add(row.size());
    for (u8 x : row) d.add(x);
  }
  d.add(numa.cpus.size());
  for (u64 c : numa.cpus) d.add(c);
  sparse.add_to(d);
  pages.add_to(d);
  if (!slub.caches().empty()) slub.add_to(d);
  for (u64 v : vm) d.add(v);
  d.add(lines.size());
  for (const std::string &l : lines) d.add(l);
  d.add(static_cast<u64>(phase));
  if (bootmem || !pair_zones.empty()) old_digest(*this, d);
  if (old_slabs) old_slabs_digest(*this, d);
  return d.value();
}

std::string System::verify() const {
  if (std::string s = memblock.verify(); !s.empty()) return "memblock: " + s;
  if (std::string s = pages.verify(); !s.empty()) return "page allocator: " + s;
  if (std::string s = slub.verify(); !s.empty()) return "slab allocator: " + s;
  if (bootmem || !pair_zones.empty())
    if (std::string s = old_verify(*this); !s.empty()) return s;
  if (old_slabs)
    if (std::string s = old_slabs_verify(*this); !s.empty()) return s;
  u64 end = 0;
  for (const SectionRun &r : sparse.sections) {
    if (r.count == 0 || r.first < end) return concat("sections: run at ", r.first, " is empty or out of order");
    end = r.first + r.count;
  }
  return {};
}

System make_system(const SystemSetup &setup) {
  System s;
  s.arch = setup.arch;
  s.era = setup.era;
  s.config = setup.config;
  s.params = parse_boot_params(setup.command_line, setup.arch->page_shift);
  s.memblock.rules = {.region_bytes = region_bytes(*setup.arch, setup.config),
                      .page_shift = setup.arch->page_shift,
                      .cache_line = setup.config.cache_line != 0 ? setup.config.cache_line : setup.arch->cache_line,
                      .alloc_flags = setup.era->marks_kernel_reservations ? MEMBLOCK_RSRV_KERN : MEMBLOCK_NONE,
                      .alloc_keeps_nid = setup.era->reservations_know_node,
                      .numa = setup.config.numa};
  s.memblock.memory.max = setup.arch->memory_regions;
  if (setup.arch->region_for_each_cpu) s.memblock.reserved.max += setup.config.nr_cpus_max + 1;
  s.pages = PageAlloc(BuddyRules{.max_order = order_t{setup.config.max_order},
                                 .pageblock_order = order_t{setup.config.pageblock_order},
                                 .zone_types = static_cast<unsigned>(setup.arch->zones.size()),
                                 .thp = setup.config.thp,
                                 .cma = setup.config.cma,
                                 .zone_normal = zone_index(*setup.arch, "Normal"),
                                 .zone_dma32 = zone_index(*setup.arch, "DMA32"),
                                 .gfp_zones = gfp_zone_table(setup.arch->zones),
                                 .boot_to = setup.era->boot_pages_last ? FreeTo::tail : FreeTo::head,
                                 .expects_merges = setup.era->expects_merges,
                                 .watermark_boost_factor = setup.era->boost_factor,
                                 .order_test = setup.era->order_test,
                                 .fallback = setup.era->fallback,
                                 .avoids_mixing = setup.era->avoids_mixing,
                                 .highatomic_reserve = setup.era->highatomic_reserve,
                                 .pcp_lists = setup.era->pcp_lists,
                                 .pcp_high = setup.era->pcp_high,
                                 .pcp_most_pages = (setup.era->pcp_most_kib << 10) >> setup.arch->page_shift,
                                 .mib_pages = (u64{1} << 20) >> setup.arch->page_shift});
  s.vm[static_cast<std::size_t>(vm_field::watermark_scale_factor)] = setup.era->watermark_scale;
  return s;
}

void fold(System &s, const Event &e, const Trace &texts, u64 part) {
  if (event_info(e.kind).role == EventRole::info) return;
  Event applied = e;
  if (e.kind == EventKind::lab_free_list_add && part > 0 && part < e.f[5]) applied.f[5] = part;
  if (s.memblock.fold(applied) || s.pages.fold(applied) || s.sparse.fold(applied) || s.e820.fold(applied)) return;
  if (e.kind >= EventKind::lab_slab_setup && e.kind <= EventKind::lab_slab_path && slub_fold(s, applied, texts)) return;
  if (e.kind >= EventKind::lab_bootmem_init && e.kind <= EventKind::lab_pair_toggle && old_fold(s, applied)) return;
  if (e.kind >= EventKind::lab_oldslab_setup && e.kind <= EventKind::lab_slob_large &&
      old_slabs_fold(s, applied, texts))
    return;
  switch (e.kind) {
  case EventKind::lab_phase: s.set_phase(nullptr, static_cast<Phase>(e.f[0])); break;
  case EventKind::lab_line: s.print(nullptr, std::string(texts.text(e.f[0]))); break;
  case EventKind::lab_numa_memblk:
    s.add_numa_memblk(nullptr, e.node(0), phys_addr_t{e.f[1]}, e.f[2], e.f[3] != 0);
    break;
  case EventKind::lab_numa_reset: s.reset_numa(nullptr); break;
  case EventKind::lab_numa_distance: s.set_numa_distance(nullptr, e.node(0), e.node(1), e.f[2]); break;
  case EventKind::lab_numa_distances_clear: s.clear_numa_distances(nullptr); break;
  case EventKind::lab_cpu_node: s.set_node_cpus(nullptr, e.node(0), e.f[1]); break;
  case EventKind::lab_vm_set: s.set(nullptr, static_cast<vm_field>(e.f[0]), e.f[1]); break;
  default: break;
  }
}

} // namespace mmscope
