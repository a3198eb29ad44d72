#include "mm/e820.hpp"

#include <algorithm>
#include <array>

namespace mmscope {

namespace {

struct TypeName {
  u32 type;
  std::string_view name;
};
constexpr std::array<TypeName, 10> type_names{{
    {E820_TYPE_RAM, "usable"},
    {E820_TYPE_RESERVED, "reserved"},
    {E820_TYPE_ACPI, "ACPI data"},
    {E820_TYPE_NVS, "ACPI NVS"},
    {E820_TYPE_UNUSABLE, "unusable"},
    {E820_TYPE_PMEM, "persistent (type 7)"},
    {E820_TYPE_PRAM, "persistent (type 12)"},
    {E820_TYPE_SOFT_RESERVED, "soft reserved"},
    {E820_TYPE_RAM, "System RAM"}, // how 7.2 prints them
    {E820_TYPE_RESERVED, "device reserved"},
}};

// What e820__update_table leaves: sorted, disjoint (the larger type wins), neighbours of one type joined.
void normalise(std::vector<e820_entry> &entries) {
  std::vector<u64> cuts;
  for (const e820_entry &e : entries) {
    cuts.push_back(e.addr.v);
    cuts.push_back(e.addr.v + e.size);
  }
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  std::vector<e820_entry> out;
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    u32 type = 0;
    for (const e820_entry &e : entries)
      if (e.addr.v <= cuts[i] && cuts[i] < e.addr.v + e.size) type = std::max(type, e.type);
    if (type == 0) continue;
    if (!out.empty() && out.back().type == type && out.back().addr.v + out.back().size == cuts[i])
      out.back().size += cuts[i + 1] - cuts[i];
    else
      out.push_back({phys_addr_t{cuts[i]}, cuts[i + 1] - cuts[i], type});
  }
  entries = std::move(out);
}

u64 capped(phys_addr_t addr, u64 size) { return std::min(size, ~u64{0} - addr.v); }

} // namespace

std::string_view e820_type_name(u32 type) {
  for (const TypeName &t : type_names)
    if (t.type == type) return t.name;
  return "type unknown";
}

u32 e820_type_of(std::string_view text) {
  for (const TypeName &t : type_names)
    if (t.name == text) return t.type;
  return 0;
}

void e820_table::add(Trace *t, phys_addr_t addr, u64 size, u32 type) {
  size = capped(addr, size);
  if (size == 0) return;
  entries.push_back({addr, size, type});
  normalise(entries);
  emit(t, EventKind::lab_e820_add, {addr.v, size, type});
}

void e820_table::update(Trace *t, phys_addr_t addr, u64 size, u32 from, u32 to) {
  size = capped(addr, size);
  const phys_addr_t end = addr + size;
  std::vector<e820_entry> out;
  for (const e820_entry &e : entries) {
    const phys_addr_t e_end = e.addr + e.size;
    const phys_addr_t a = std::max(addr, e.addr), b = std::min(end, e_end);
    if (a >= b || (from != 0 && e.type != from)) {
      out.push_back(e);
      continue;
    }
    if (e.addr < a) out.push_back({e.addr, a - e.addr, e.type});
    if (to != 0) out.push_back({a, b - a, to});
    if (b < e_end) out.push_back({b, e_end - b, e.type});
  }
  entries = std::move(out);
  normalise(entries);
  emit(t, EventKind::lab_e820_update, {addr.v, size, from, to});
}

pfn_t e820_table::end_of_ram(pfn_t limit, unsigned page_shift) const {
  pfn_t last{0};
  for (const e820_entry &e : entries) {
    if (e.type != E820_TYPE_RAM) continue;
    const pfn_t start = to_pfn_down(e.addr, page_shift), end = to_pfn_down(e.addr + e.size, page_shift);
    if (start >= limit) continue;
    last = std::max(last, std::min(end, limit));
  }
  return last;
}

bool e820_table::fold(const Event &e) {
  switch (e.kind) {
  case EventKind::lab_e820_add: add(nullptr, phys_addr_t{e.f[0]}, e.f[1], static_cast<u32>(e.f[2])); return true;
  case EventKind::lab_e820_update:
    update(nullptr, phys_addr_t{e.f[0]}, e.f[1], static_cast<u32>(e.f[2]), static_cast<u32>(e.f[3]));
    return true;
  default: return false;
  }
}

void e820_table::add_to(Digest &d) const {
  d.add(entries.size());
  for (const e820_entry &e : entries) d.add(e.addr).add(e.size).add(e.type);
}

} // namespace mmscope
