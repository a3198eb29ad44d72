#include "objects.hpp"

#include <algorithm>
#include <vector>

#include "base/text.hpp"
#include "io/json_writer.hpp"

namespace mmscope::objects {
namespace {

std::string_view place_name(SlabPlace p) {
  static constexpr std::string_view names[] = {"loose", "cpu", "cpu_partial", "partial", "full", "isolated"};
  return names[static_cast<std::size_t>(p)];
}
std::string_view kind_name(Slub::ByteKind k) {
  static constexpr std::string_view names[] = {"unknown",  "object",  "poison", "red_zone", "free_pointer",
                                               "metadata", "padding", "written"};
  return names[static_cast<std::size_t>(k)];
}

void counts(JsonWriter &j, const Slub &slub, cache_id id, const KmemCache &c) {
  const Slub::Counts n = slub.counts(id);
  j.key("id").number(id).key("name").string(c.name).key("objectSize").number(c.layout.object_size);
  j.key("size").number(c.layout.size).key("order").number(c.layout.order).key("perSlab").number(c.layout.objects);
  j.key("active").number(n.active_objs).key("objects").number(n.num_objs).key("slabs").number(n.num_slabs);
}

/// Free objects in the order in which they will be given: those that a CPU has taken, then the slab's own.
std::vector<u16> free_order(const Slub &slub, const KmemCache &c, u32 index, const Slab &s) {
  std::vector<u16> order;
  const auto add = [&](u16 o) { order.push_back(o); };
  if (s.place == SlabPlace::cpu && c.cpus[s.cpu].slab == index) slub.for_each_free(c.cpus[s.cpu].freelist, s, add);
  slub.for_each_free(s.freelist, s, add);
  return order;
}

void slab(JsonWriter &j, const Slub &slub, const KmemCache &c, u32 index, const Slab &s) {
  unsigned used = 0;
  std::string map;
  for (u16 o = 0; o < s.objects; ++o) {
    const bool in_use = slub.in_use(s, o);
    used += in_use ? 1 : 0;
    map += in_use ? '#' : '.';
  }
  j.begin_object().key("pfn").number(s.pfn).key("place").string(place_name(s.place)).key("cpu").number(s.cpu);
  j.key("nid").number_signed(s.nid).key("order").number(s.order).key("used").number(used).key("map").string(map);
  j.key("first").number(s.objects != 0 ? slub.address_of(s, 0).v : 0).key("free").begin_array();
  for (const u16 o : free_order(slub, c, index, s)) j.number(o);
  j.end_array().end_object();
}

} // namespace

std::string caches(const Lab &lab) {
  const Slub &slub = lab.state().slub;
  std::string out;
  JsonWriter j(out);
  j.begin_object().key("ready").boolean(slub.state() >= slab_state::UP).key("caches").begin_array();
  slub.for_each_cache([&](cache_id id, const KmemCache &c) {
    counts(j.begin_object(), slub, id, c);
    j.end_object();
  });
  j.end_array().end_object();
  return out;
}

std::string cache(const Lab &lab, unsigned id, unsigned most) {
  const Slub &slub = lab.state().slub;
  if (id >= slub.caches().size() || !slub.caches()[id].alive) return "null";
  const KmemCache &c = slub.cache(id);
  std::string out;
  JsonWriter j(out);
  counts(j.begin_object(), slub, id, c);
  j.key("aliases").begin_array();
  for (const std::string &alias : c.aliases) j.string(alias);
  j.end_array().key("flags").string(slab_flags_text(c.layout.flags)).key("debug").boolean(c.layout.debug());
  j.key("minPartial").number(c.layout.min_partial).key("cpuPartial").number(c.layout.cpu_partial);
  j.key("inuse").number(c.layout.inuse).key("offset").number(c.layout.offset).key("redLeft").number(c.layout.red_left_pad);
  j.key("nodes").begin_array();
  for (const SlabNode &n : c.nodes) j.number(n.nr_partial);
  // A CPU's own first, then what is partly used, then the full ones.
  std::vector<u32> slabs;
  slub.for_each_slab([&](u32 index, const Slab &s) {
    if (s.cache == id) slabs.push_back(index);
  });
  const auto rank = [&](u32 index) { return slub.slab(index).place == SlabPlace::loose ? 9u : static_cast<unsigned>(slub.slab(index).place); };
  std::stable_sort(slabs.begin(), slabs.end(), [&](u32 a, u32 b) { return rank(a) < rank(b); });
  j.end_array().key("list").begin_array();
  for (std::size_t i = 0; i < slabs.size() && i < most; ++i) slab(j, slub, c, slabs[i], slub.slab(slabs[i]));
  j.end_array().end_object();
  return out;
}

std::string object(const Lab &lab, u64 address) {
  const Slub &slub = lab.state().slub;
  const Slub::ObjectAt at = slub.object_at(phys_addr_t{address});
  if (at.slab == 0 || at.object >= slub.slab(at.slab).objects) return "null";
  const Slab &s = slub.slab(at.slab);
  const KmemCache &c = slub.cache(s.cache);
  std::string out;
  JsonWriter j(out);
  j.begin_object().key("address").number(slub.address_of(s, at.object).v).key("index").number(at.object);
  j.key("slab").number(s.pfn).key("cache").number(s.cache).key("name").string(c.name);
  j.key("inUse").boolean(slub.in_use(s, at.object)).key("redLeft").number(c.layout.red_left_pad);
  // Bytes of one kind and value that lie side by side.
  j.key("runs").begin_array();
  const std::vector<Slub::SlotByte> bytes = slub.slot_bytes(s, at.object);
  for (std::size_t i = 0; i < bytes.size();) {
    std::size_t end = i + 1;
    const auto same = [&](const Slub::SlotByte &b) {
      return b.kind == bytes[i].kind && (b.value == bytes[i].value || b.kind == Slub::ByteKind::unknown);
    };
    const bool word = bytes[i].kind == Slub::ByteKind::free_pointer || bytes[i].kind == Slub::ByteKind::metadata;
    while (end < bytes.size() && (word ? bytes[end].kind == bytes[i].kind : same(bytes[end]))) ++end;
    j.begin_object().key("at").number(i).key("length").number(end - i).key("kind").string(kind_name(bytes[i].kind));
    std::string hex;
    for (std::size_t k = i; k < end && k < i + (word ? 8u : 1u); ++k) append_hex(hex, bytes[k].value, 2);
    j.key("hex").string(bytes[i].kind == Slub::ByteKind::unknown ? std::string() : hex).end_object();
    i = end;
  }
  j.end_array().end_object();
  return out;
}

} // namespace mmscope::objects
