#include "desc/flags_layout.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace mmscope {

namespace {

unsigned bits_for(unsigned values) {
  unsigned bits = 0;
  while ((1u << bits) < values) ++bits;
  return bits;
}
u64 mask(unsigned width) { return width >= 64 ? ~u64{0} : (u64{1} << width) - 1; }

// Lays the widths from the top down.
void stack(FlagsLayout &l, std::initializer_list<FlagsField> fields) {
  unsigned at = l.word_bits;
  for (const FlagsField &f : fields) {
    at -= std::min(at, f.width);
    l.fields.push_back({f.name, f.width, f.width == 0 ? 0 : at});
  }
  l.unused = at > l.pageflags ? at - l.pageflags : 0;
}

constexpr unsigned zone_byte_bits = 8;      // 2.4: ZONE_SHIFT is BITS_PER_LONG - 8
constexpr unsigned max_zones_shift_2_6 = 2; // 2.6.11: MAX_ZONES_SHIFT
// 2.6.11: MAX_NODES_SHIFT, which is not the machine's number of nodes but what the word keeps for it.
unsigned max_nodes_shift(const FlagsConfig &c) { return c.long_bits == 64 ? 10 : c.numa ? 6 : 1; }
constexpr unsigned pid_bits = 8; // LAST__PID_SHIFT

} // namespace

const FlagsField *FlagsLayout::find(std::string_view name) const {
  const auto it = std::find_if(fields.begin(), fields.end(), [&](const FlagsField &f) { return f.name == name; });
  return it == fields.end() ? nullptr : &*it;
}

FlagsLayout flags_layout(const FlagsRules &rules, const FlagsConfig &c) {
  FlagsLayout l;
  l.pageflags = c.pageflags;
  l.word_bits = c.word_bits;
  if (rules.scheme == FlagsScheme::zone_byte) {
    stack(l, {{"zone", zone_byte_bits, 0}});
    l.zoneid_shift = l.fields[0].pgshift;
    l.zoneid_bits = zone_byte_bits;
    l.zone_lookup = "zone_table[page->flags >> ZONE_SHIFT]";
    return l;
  }
  if (rules.scheme == FlagsScheme::nodezone) {
    const unsigned nodes = max_nodes_shift(c);
    stack(l, {{"node", nodes, 0}, {"zone", max_zones_shift_2_6, 0}});
    l.zoneid_shift = c.word_bits - nodes - max_zones_shift_2_6;
    l.zoneid_bits = nodes + max_zones_shift_2_6;
    l.zone_lookup = "zone_table[page->flags >> NODEZONE_SHIFT]";
    return l;
  }

  const unsigned fixed = c.long_bits == 64 ? rules.reserved_64 : rules.reserved_32;
  const unsigned room = fixed != 0 ? fixed : c.word_bits - std::min(c.word_bits, c.pageflags);
  const unsigned zone = bits_for(c.zones);
  const unsigned section = c.vmemmap ? 0 : c.sections_shift;
  const unsigned gen = rules.generations ? c.gen_bits : 0;
  unsigned used = zone + gen + section;
  const unsigned node = used + c.nodes_shift <= room ? c.nodes_shift : 0;
  l.node_outside = c.nodes_shift != 0 && node == 0;
  if (l.node_outside && c.vmemmap) l.error = "vmemmap needs the node in page->flags, and there is no room for it";
  used += node + c.kasan_bits;
  const unsigned wanted = c.cpu_bits == 0 ? 0 : pid_bits + c.cpu_bits;
  const unsigned cpupid = used + wanted <= room ? wanted : 0;
  l.cpupid_outside = wanted != 0 && cpupid == 0;
  used += cpupid;
  if (used > room) l.error = concat("the fields take ", used, " bits and there is room for ", room);
  const unsigned tier = rules.generations ? std::min(c.tier_bits, room - std::min(room, used)) : 0;
  stack(l, {{"section", section, 0},
            {"node", node, 0},
            {"zone", zone, 0},
            {"last_cpupid", cpupid, 0},
            {"kasan_tag", c.kasan_bits, 0},
            {"gen", gen, 0},
            {"tier", tier, 0}});
  // Without the node in the word, the section tells two nodes' zones apart.
  const unsigned other = l.node_outside ? section : node;
  l.zoneid_bits = other + zone;
  l.zoneid_shift = c.word_bits - (l.node_outside ? 0 : section) - l.zoneid_bits;
  if (l.zoneid_bits == 0) l.zoneid_shift = 0;
  l.zone_lookup = "&NODE_DATA(nid)->node_zones[zone]";
  return l;
}

u64 place(const FlagsLayout &l, std::string_view field, u64 value) {
  const FlagsField *f = l.find(field);
  return f == nullptr ? 0 : (value & mask(f->width)) << f->pgshift;
}

u64 take(const FlagsLayout &l, std::string_view field, u64 word) {
  const FlagsField *f = l.find(field);
  return f == nullptr ? 0 : (word >> f->pgshift) & mask(f->width);
}

} // namespace mmscope
