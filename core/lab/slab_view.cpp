#include "lab/slab_view.hpp"

#include "trace/event.hpp"

namespace mmscope {

std::string_view slab_where_name(SlabWhere w) {
  static constexpr std::string_view names[] = {"CPU slab", "CPU partial", "node partial", "full", "isolated"};
  return names[static_cast<std::size_t>(w)];
}

std::vector<SlabRow> slab_rows(const Slub &slub, cache_id id) {
  std::vector<SlabRow> rows;
  const KmemCache &cache = slub.cache(id);
  for (u32 cpu = 0; cpu < cache.cpus.size(); ++cpu) {
    if (cache.cpus[cpu].slab != 0) rows.push_back({cache.cpus[cpu].slab, SlabWhere::cpu, cpu});
    slub.for_each_in(cache.cpus[cpu].partial, [&](u32 index, const Slab &) {
      rows.push_back({index, SlabWhere::cpu_partial, cpu});
    });
  }
  for (const SlabNode &node : cache.nodes)
    slub.for_each_in(node.partial.head, [&](u32 index, const Slab &) {
      rows.push_back({index, SlabWhere::node_partial, 0});
    });
  slub.for_each_slab([&](u32 index, const Slab &s) {
    if (s.cache != id || s.place == SlabPlace::cpu || s.place == SlabPlace::cpu_partial ||
        s.place == SlabPlace::partial)
      return;
    rows.push_back({index, s.place == SlabPlace::isolated ? SlabWhere::isolated : SlabWhere::full, 0});
  });
  return rows;
}

std::vector<u16> free_order(const Slub &slub, u32 index) {
  std::vector<u16> order;
  const Slab &s = slub.slab(index);
  const auto add = [&](u16 object) { order.push_back(object); };
  if (s.place == SlabPlace::cpu) slub.for_each_free(slub.cache(s.cache).cpus[s.cpu].freelist, s, add);
  slub.for_each_free(s.freelist, s, add);
  return order;
}

SlabStep slab_step(std::span<const Event> events) {
  SlabStep step;
  for (std::size_t i = events.size(); i-- > 0 && !(step.cache && step.pfn && step.object);) {
    const Event &e = events[i];
    const EventInfo &info = event_info(e.kind);
    if (!info.name.starts_with("lab_slab_")) continue;
    for (std::size_t f = 0; f < info.fields.size(); ++f) {
      const FieldInfo &field = info.fields[f];
      if (field.name == "cache" && !step.cache) step.cache = static_cast<cache_id>(e.f[f]);
      if (field.name == "slab" && !step.pfn) step.pfn = e.f[f];
      if (field.name == "object" && field.unit == FieldUnit::index && !step.object)
        step.object = static_cast<u16>(e.f[f]);
    }
  }
  return step;
}

} // namespace mmscope
