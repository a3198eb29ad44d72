#include "lesson/place_names.hpp"

#include "base/text.hpp"
#include "base/units.hpp"

#include <algorithm>
#include <array>

namespace mmscope {

namespace {

struct ListName {
  std::string_view path, word; // "memblock.memory.regions", "memory"
};
constexpr std::array<ListName, 3> lists{
    {{"memblock.memory.regions", "memory"}, {"memblock.reserved.regions", "reserved"}, {"e820.entries", "e820"}}};

// Runs of letters, or of digits, in small letters: "node[1].zone[DMA32]" is node 1 zone dma32.
std::vector<std::string> words_of(std::string_view s) {
  std::vector<std::string> all;
  bool open = false;
  for (const char ch : s) {
    const char c = ch >= 'A' && ch <= 'Z' ? static_cast<char>(ch - 'A' + 'a') : ch;
    const bool part = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (part && !open) all.emplace_back();
    if (part) all.back() += c;
    open = part;
  }
  return all;
}

bool same_name(std::string_view word, std::string_view name) {
  return word.size() == name.size() && std::equal(word.begin(), word.end(), name.begin(), [](char a, char b) {
           return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b - 'A' + 'a') : b);
         });
}

} // namespace

std::vector<RegionName> regions_of(const System &s, RegionList of) {
  std::vector<RegionName> all;
  const auto add = [&](u64 base, u64 size) {
    all.push_back({concat(lists[static_cast<std::size_t>(of)].path, '[', all.size(), ']'), base, base + size});
  };
  if (of == RegionList::e820)
    for (const e820_entry &e : s.e820.entries) add(e.addr.v, e.size);
  else
    for (const memblock_region &r : (of == RegionList::memory ? s.memblock.memory : s.memblock.reserved).regions)
      add(r.base.v, r.size);
  return all;
}

const RegionName *region_at(std::span<const RegionName> regions, u64 address) {
  const auto it =
      std::find_if(regions.begin(), regions.end(), [&](const auto &r) { return address >= r.base && address < r.end; });
  return it == regions.end() ? nullptr : &*it;
}

const RegionName *read_region(std::string_view typed, std::span<const RegionName> regions, RegionList of, bool &other) {
  other = false;
  typed = trim(typed);
  for (std::size_t list = 0; list < lists.size(); ++list)
    for (const std::string_view name : {lists[list].path, lists[list].word}) {
      std::string_view rest = typed;
      if (rest.size() <= name.size() || !same_name(rest.substr(0, name.size()), name)) continue;
      rest = trim(rest.substr(name.size()));
      if (rest.starts_with('[')) rest.remove_prefix(1);
      const auto index = parse_u64(trim(rest.substr(0, std::min(rest.find(']'), rest.size()))));
      if (!index) continue;
      other = list != static_cast<std::size_t>(of) || *index >= regions.size();
      return other ? nullptr : &regions[static_cast<std::size_t>(*index)];
    }
  return nullptr;
}

std::vector<ZoneName> zones_of(const System &s) {
  std::vector<ZoneName> all;
  for (const pglist_data &node : s.pages.nodes()) {
    if (!node.online) continue;
    for (std::size_t z = 0; z < s.arch->zones.size(); ++z) {
      const std::string_view name = s.arch->zones[z].name;
      const zone &its = node.zones[z];
      all.push_back({concat("node[", node.nid, "].zone[", name, ']'), name, node.nid, its.start_pfn.v, its.end_pfn().v});
    }
  }
  return all;
}

const ZoneName *zone_at(const Lab &lab, std::span<const ZoneName> zones, u64 pfn) {
  const ZoneName *first = nullptr;
  const std::string said = inspect(lab, concat("page[", hex_text(pfn), "].zone")).path;
  for (const ZoneName &z : zones) {
    if (pfn < z.start || pfn >= z.end) continue;
    if (z.path == said) return &z;
    if (first == nullptr) first = &z;
  }
  return first;
}

const ZoneName *read_zone(std::string_view typed, std::span<const ZoneName> zones) {
  std::optional<u64> nid;
  std::string name;
  const std::vector<std::string> words = words_of(typed);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "node" && i + 1 < words.size() && parse_u64(words[i + 1])) {
      nid = parse_u64(words[++i]);
    } else if (word.starts_with("node") && parse_u64(word.substr(4))) {
      nid = parse_u64(word.substr(4));
    } else if (std::any_of(zones.begin(), zones.end(), [&](const ZoneName &z) { return same_name(word, z.name); })) {
      if (!name.empty()) return nullptr;
      name = word;
      if (typed.find('[') != std::string_view::npos) break; // a path may go on to what is in the zone
    } else if (word != "zone" && word != "on" && word != "of" && word != "in" && word != "the") {
      return nullptr;
    }
  }
  const ZoneName *found = nullptr;
  for (const bool spanning : {true, false}) {
    for (const ZoneName &z : zones) {
      if (!same_name(name, z.name) || (nid && *nid != static_cast<u64>(z.nid)) || (z.end > z.start) != spanning) continue;
      if (found != nullptr) return nullptr;
      found = &z;
    }
    if (found != nullptr) return found;
  }
  return nullptr;
}

} // namespace mmscope
