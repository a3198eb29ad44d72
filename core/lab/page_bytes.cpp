#include "lab/page_bytes.hpp"

#include "mm/page_address.hpp"

#include <algorithm>

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

} // namespace

PageBytes page_bytes(const System &s, pfn_t pfn, const PageRow &row, u32 options) {
  PageBytes out;
  const PageInfo info = s.pages.page(pfn);
  if (info.state == PageState::absent || info.state == PageState::uninit) {
    out.error =
        info.state == PageState::absent ? "this frame has no struct page" : "its struct page waits to be initialised";
    return out;
  }
  const Known k = known_of(s, pfn);
  const unsigned word = s.arch->word;
  const PageLayout layout = page_layout(row, word, options);
  PageGeometry g = geometry_of(s);
  g.sizeof_page = layout.size;
  const bool vmemmap = s.config.memory_model == MemoryModel::vmemmap;
  out.use = k.use;
  out.size = layout.size;
  out.at = vmemmap ? g.vmemmap_base + pfn.v * layout.size : 0;

  // The word of flags: names below, section, node and zone above; nobody has touched the page, so cpupid is -1.
  g.flags.sections_shift = s.config.memory_model == MemoryModel::flatmem ? 0 : g.max_physmem_bits - g.section_size_bits;
  g.flags.vmemmap = vmemmap;
  g.flags.pageflags = nr_pageflags(row, word, options);
  const FlagsLayout bits = flags_layout(row.rules, g.flags);
  u64 flags = place(bits, "section", pfn.v >> (g.section_size_bits - g.page_shift)) |
              place(bits, "node", static_cast<u64>(info.nid)) | place(bits, "zone", info.zone) |
              place(bits, "last_cpupid", ~u64{0});
  if (row.rules.scheme == FlagsScheme::zone_byte)
    flags = place(bits, "zone", static_cast<u64>(info.nid) * s.arch->zones.size() + info.zone);
  for (const PlacedFlag &f : page_flags(row, word, options)) {
    const bool set = (f.name == "reserved" && k.reserved) || (f.name == "slab" && k.slab) ||
                     ((f.name == "head" || f.name == "compound") && k.compound_head) || (f.name == "lru" && k.lru) ||
                     (f.name == "buddy" && k.free);
    if (set) flags |= u64{1} << f.bit;
  }

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
