#include "lab/page_bytes.hpp"

#include <algorithm>
#include <bit>

namespace mmscope {

namespace {

// What the model knows of the page, in the words of struct page.
struct Known {
  PageUse use = PageUse::any;
  bool reserved = false, compound_head = false, slab = false, lru = false, free = false;
  std::optional<u64> refcount;
  u64 order = 0;
  migratetype type = migratetype::UNMOVABLE;
  u64 head = 0; // of a tail's compound page
};

Known known_of(const System &s, pfn_t pfn) {
  Known k;
  const PageInfo info = s.pages.page(pfn);
  switch (info.state) {
  case PageState::hole:
  case PageState::reserved: k.reserved = true; [[fallthrough]];
  case PageState::init: k.refcount = 1; return k;
  case PageState::free:
    k.refcount = 0;
    if (const auto head = s.pages.free_head(pfn)) {
      k.use = PageUse::free_block;
      k.free = true;
      k.order = head->order.v;
    }
    return k;
  case PageState::pcp:
    k.refcount = 0;
    if (const auto b = s.pages.pcp_block(pfn); b && b->pfn == pfn) {
      k.use = PageUse::pcp;
      k.type = b->type;
    }
    return k;
  default: break;
  }
  const auto b = s.pages.block(pfn);
  if (!b) return k;
  const u64 place = pfn - b->pfn;
  k.order = b->order.v;
  k.head = b->pfn.v;
  k.refcount = place == 0 ? b->refcount : 0;
  k.slab = place == 0 && b->is(BlockUse::slab);
  k.lru = place == 0 && b->lru;
  const bool compound = b->is(BlockUse::compound) && k.order != 0;
  k.compound_head = compound && place == 0;
  if (place == 0)
    k.use = k.slab ? PageUse::slab : k.lru ? PageUse::cache : PageUse::any;
  else if (compound)
    k.use = place == 1 ? PageUse::first_tail : place == 2 ? PageUse::second_tail : PageUse::tail;
  return k;
}

bool holds(const PageRow &row, const PlacedMember &m, PageUse use) {
  if (m.use == use || m.use == PageUse::any) return true;
  if (m.use == PageUse::tail && (use == PageUse::first_tail || use == PageUse::second_tail)) return true;
  return std::any_of(row.meanings.begin(), row.meanings.end(),
                     [&](const PageMeaning &o) { return o.use == use && o.member == m.name; });
}

bool has_struct_page(const System &s, pfn_t pfn) {
  const PageState state = s.pages.page(pfn).state;
  return state != PageState::absent && state != PageState::uninit;
}

} // namespace

PageFlagsWord page_flags_word(const System &s, pfn_t pfn, const PageRow &row, u32 options, AddressModel model) {
  const PageGeometry g = geometry_of(s, row, options);
  PageFlagsWord out{{}, g.flags, std::nullopt};
  const bool sparse = model != AddressModel::flatmem && model != AddressModel::discontigmem;
  out.config.sections_shift = sparse ? g.max_physmem_bits - g.section_size_bits : 0;
  out.config.vmemmap = model == AddressModel::vmemmap;
  out.layout = flags_layout(row.rules, out.config);
  if (!has_struct_page(s, pfn)) return out;
  // Names below, section, node and zone above; nobody has touched the page, so cpupid is -1.
  const PageInfo info = s.pages.page(pfn);
  const Known k = known_of(s, pfn);
  u64 flags = place(out.layout, "section", pfn.v >> (g.section_size_bits - g.page_shift)) |
              place(out.layout, "node", static_cast<u64>(info.nid)) | place(out.layout, "zone", info.zone) |
              place(out.layout, "last_cpupid", ~u64{0});
  if (row.rules.scheme == FlagsScheme::zone_byte)
    flags = place(out.layout, "zone", static_cast<u64>(info.nid) * s.arch->zones.size() + info.zone);
  for (const PlacedFlag &f : page_flags(row, s.arch->word, options)) {
    const bool set = (f.name == "reserved" && k.reserved) || (f.name == "slab" && k.slab) ||
                     ((f.name == "head" || f.name == "compound") && k.compound_head) || (f.name == "lru" && k.lru) ||
                     (f.name == "buddy" && k.free);
    if (set) flags |= u64{1} << f.bit;
  }
  out.value = flags;
  return out;
}

u32 options_of_machine(const System &s, const PageRow &row) {
  std::vector<u32> changes{0}; // sets of options, those of fewest first
  const u32 known = options_of(row);
  for (const PageOptionInfo &o : page_options()) {
    if ((known & o.bit) == 0) continue;
    const std::size_t n = changes.size();
    for (std::size_t i = 0; i < n; ++i) changes.push_back(changes[i] | o.bit);
  }
  std::stable_sort(changes.begin(), changes.end(), [](u32 a, u32 b) { return std::popcount(a) < std::popcount(b); });
  for (const u32 change : changes)
    if (page_layout(row, s.arch->word, row.usual ^ change).size == s.config.sizeof_page) return row.usual ^ change;
  return row.usual;
}

PageBytes page_bytes(const System &s, pfn_t pfn, const PageRow &row, u32 options) {
  PageBytes out;
  if (!has_struct_page(s, pfn)) {
    out.error = s.pages.page(pfn).state == PageState::absent ? "this frame has no struct page"
                                                             : "its struct page waits to be initialised";
    return out;
  }
  const Known k = known_of(s, pfn);
  const unsigned word = s.arch->word;
  const PageLayout layout = page_layout(row, word, options);
  const PageGeometry g = geometry_of(s, row, options);
  const bool vmemmap = s.config.memory_model == MemoryModel::vmemmap;
  out.use = k.use;
  out.size = layout.size;
  out.at = vmemmap ? g.vmemmap_base + pfn.v * layout.size : 0;
  const u64 flags = page_flags_word(s, pfn, row, options, model_of(s)).value.value_or(0);

  u64 type = 0xffffffff;
  for (const PageType &t : row.types)
    if ((k.free && t.name == "buddy") || (k.slab && t.name == "slab")) type = t.stored;
  const bool counts_from_minus_one = row.rules.scheme == FlagsScheme::nodezone; // 2.6.11
  const auto value = [&](const PlacedMember &m) -> std::optional<u64> {
    const std::string_view n = m.name;
    if (n == "flags" || n == "__page_flags") return flags;
    if (n == "_mapcount" || n == "page_type" || n == "__page_type") {
      if (row.types.empty() && k.free && row.rules.generations) return std::nullopt; // 7.2: not known
      return type;
    }
    if (n == "_refcount" || n == "_count" || n == "count" || n == "__page_refcount") {
      if (!k.refcount) return std::nullopt;
      return (*k.refcount - counts_from_minus_one) & 0xffffffff;
    }
    if (n == "private" && k.free) return k.order;
    if (n == "index" && k.use == PageUse::pcp) return static_cast<u64>(k.type);
    if (n == "compound_head" || n == "_head_1" || n == "_head_2")
      return vmemmap ? std::optional(g.vmemmap_base + k.head * layout.size + 1) : std::nullopt;
    if (n == "compound_order") return k.order;
    if (n == "compound_nr" || n == "_folio_nr_pages" || n == "_nr_pages") return u64{1} << k.order;
    return std::nullopt;
  };
  for (const PlacedMember &m : layout.members)
    if (holds(row, m, k.use)) out.members.push_back({m, meaning_of(row, m, k.use), value(m)});
  std::stable_sort(out.members.begin(), out.members.end(),
                   [](const LiveMember &a, const LiveMember &b) { return a.member.offset < b.member.offset; });
  return out;
}

} // namespace mmscope
