#include "desc/page_layout.hpp"

#include "base/text.hpp"
#include "desc/page_rows.hpp"

#include <algorithm>
#include <array>

namespace mmscope {

namespace {

constexpr PageOptionInfo option_rows[] = {
    {page_option::memcg, "memcg", "memory cgroups: whom the page is charged to"},
    {page_option::virtual_address, "virtual",
     "WANT_PAGE_VIRTUAL: the page's kernel address is kept (2.4: also HIGHMEM)"},
    {page_option::last_cpupid, "last_cpupid", "NUMA balancing without room for it in flags"},
    {page_option::aligned, "aligned", "aligned to two words, so that one instruction exchanges them (cmpxchg_double)"},
    {page_option::big_locks, "debug-locks", "locks with debugging do not fit: ptl points to one"},
    {page_option::kmemcheck, "kmemcheck", "KMEMCHECK: where the shadow of the page is"},
    {page_option::kmsan, "kmsan", "KMSAN: shadow and origins of the page"},
    {page_option::int_flags, "int-flags", "flags are an int on a 64-bit machine (ARCH_HAS_ATOMIC_UNSIGNED)"},
    {page_option::uncached, "uncached", "PG_uncached"},
    {page_option::hwpoison, "hwpoison", "MEMORY_FAILURE: PG_hwpoison"},
    {page_option::idle, "idle", "PAGE_IDLE_FLAG: PG_young and PG_idle"},
    {page_option::arch_2, "arch_2", "PG_arch_2, for the architecture's own use"},
    {page_option::arch_3, "arch_3", "PG_arch_3, likewise"},
    {page_option::kasan_tags, "kasan-tags", "KASAN_HW_TAGS: PG_skip_kasan_poison"},
};

constexpr std::array<std::string_view, static_cast<std::size_t>(PageUse::count_)> use_names = {
    "any use",
    "page cache or anonymous",
    "mlocked",
    "free block",
    "on a CPU's list",
    "page_pool",
    "slab",
    "tail page",
    "first tail",
    "second tail",
    "third tail",
    "page table",
    "ZONE_DEVICE",
    "waits for RCU",
};

struct Shape {
  u64 size, align; // bytes
};

struct Context {
  std::span<const PageMember> members;
  unsigned word;
  u32 options; // the word's size among them

  bool there(const PageMember &m) const { return (m.when & ~options) == 0 && (m.unless & options) == 0; }

  Shape of(const PageMember &m) const {
    const u64 w = word;
    switch (m.type) {
    case MemberType::word:
      if ((options & page_option::int_flags) != 0 && m.name == "flags") return {4, 4};
      return {w, w};
    case MemberType::pointer: return {w, w};
    case MemberType::list:
    case MemberType::rcu:
    case MemberType::words: return {2 * w, w};
    case MemberType::integer:
    case MemberType::bits: return {4, 4};
    case MemberType::half: return {w / 2, w / 2};
    case MemberType::byte: return {1, 1};
    case MemberType::spinlock: return (options & page_option::big_locks) != 0 ? Shape{w, w} : Shape{4, 4};
    case MemberType::pair: return {2 * w, w == 8 ? 16 : w};
    case MemberType::begin_struct:
    case MemberType::begin_union:
    case MemberType::end: break;
    }
    return {0, 1};
  }
};

bool opens(MemberType t) { return t == MemberType::begin_struct || t == MemberType::begin_union; }

// Behind the `end` of what opens at `at`.
std::size_t behind(const Context &c, std::size_t at) {
  std::size_t depth = 0;
  do {
    if (opens(c.members[at].type)) ++depth;
    if (c.members[at].type == MemberType::end) --depth;
    ++at;
  } while (depth != 0);
  return at;
}

struct Where {
  u64 base;
  unsigned depth;
  PageUse use;
  std::string_view structure;
};

// Lays the members from `at` up to the end that closes them (or the last). Without `out` they are only measured.
Shape lay(const Context &c, std::size_t at, bool is_union, const Where &where, std::vector<PlacedMember> *out) {
  u64 end = 0, align = 1, used = 0; // `used` bits of the int that ends at `end`
  while (at < c.members.size() && c.members[at].type != MemberType::end) {
    const PageMember &m = c.members[at];
    const std::size_t next = opens(m.type) ? behind(c, at) : at + 1;
    if (!c.there(m)) {
      at = next;
      continue;
    }
    const bool inner_union = m.type == MemberType::begin_union;
    const Shape shape = opens(m.type) ? lay(c, at + 1, inner_union, {}, nullptr) : c.of(m);
    const bool packs = m.type == MemberType::bits && used != 0 && used + m.bits <= 8 * shape.size && !is_union;
    const u64 offset = is_union ? 0 : packs ? end - shape.size : round_up_any(end, shape.align);
    const PageUse use = m.use == PageUse::any ? where.use : m.use;
    if (out != nullptr) {
      if (opens(m.type)) {
        lay(c, at + 1, inner_union, {where.base + offset, where.depth + 1, use, where.structure}, out);
      } else {
        const u64 bit = packs ? used : 0;
        out->push_back({.structure = where.structure,
                        .name = m.name,
                        .what = m.what,
                        .type = m.type,
                        .use = use,
                        .depth = where.depth,
                        .offset = where.base + offset + bit / 8,
                        .size = shape.size,
                        .bit = static_cast<u8>(bit),
                        .bits = m.bits});
      }
    }
    used = m.type == MemberType::bits ? (packs ? used : 0) + m.bits : 0;
    end = std::max(end, offset + shape.size);
    align = std::max(align, shape.align);
    at = next;
  }
  return {round_up_any(end, align), align};
}

u32 options_with_word(unsigned word, u32 options) {
  return options | (word == 8 ? page_option::word_64 : page_option::word_32);
}

} // namespace

std::span<const PageOptionInfo> page_options() { return option_rows; }
std::string_view page_use_name(PageUse use) { return use_names[static_cast<std::size_t>(use)]; }

std::string_view member_type_name(MemberType t) {
  switch (t) {
  case MemberType::word: return "unsigned long";
  case MemberType::pointer: return "pointer";
  case MemberType::list: return "list";
  case MemberType::rcu: return "rcu_head";
  case MemberType::integer: return "int";
  case MemberType::half: return "half word";
  case MemberType::byte: return "byte";
  case MemberType::spinlock: return "spinlock";
  case MemberType::bits: return "bits";
  case MemberType::words: return "two words";
  case MemberType::pair: return "aligned pair";
  case MemberType::begin_struct:
  case MemberType::begin_union:
  case MemberType::end: break;
  }
  return "";
}

std::span<const PageRow *const> page_rows() { return desc::page_row_list; }

const PageRow *find_page_row(std::string_view name) {
  for (const PageRow *row : page_rows())
    if (row->name == name) return row;
  return nullptr;
}

u32 options_of(const PageRow &row) {
  u32 all = row.usual;
  for (const PageMember &m : row.members) {
    all |= m.when;
    if (m.type == MemberType::spinlock) all |= page_option::big_locks;
  }
  for (const PageOverlay &o : row.overlays)
    for (const PageMember &m : o.members) all |= m.when;
  for (const PageFlag &f : row.flags) all |= f.when;
  return all & ~(page_option::word_32 | page_option::word_64);
}

PageLayout page_layout(const PageRow &row, unsigned word, u32 options) {
  // What the row does not know changes nothing.
  const u32 set = options_with_word(word, options & options_of(row));
  PageLayout l;
  const Context c{row.members, word, set};
  const Shape shape = lay(c, 0, false, {0, 0, PageUse::any, "page"}, &l.members);
  l.align = (set & page_option::aligned) != 0 ? 2 * u64{word} : shape.align;
  l.size = round_up_any(shape.size, l.align);

  std::vector<bool> taken(l.size);
  for (const PlacedMember &m : l.members)
    for (u64 b = m.offset; b < m.offset + (m.bits == 0 ? m.size : 1); ++b) taken[b] = true;
  for (u64 b = 0; b < l.size; ++b)
    if (!taken[b]) l.unused.push_back(b);

  for (const PageOverlay &o : row.overlays)
    if ((o.when & ~set) == 0) lay({o.members, word, set}, 0, false, {0, 0, o.use, o.name}, &l.members);
  return l;
}

std::string_view meaning_of(const PageRow &row, const PlacedMember &member, PageUse use) {
  for (const PageMeaning &m : row.meanings)
    if (m.use == use && m.member == member.name) return m.what;
  return member.what;
}

std::vector<MemberChange> compare(const PageLayout &from, const PageLayout &to) {
  using Kind = MemberChange::Kind;
  const auto find = [](const PageLayout &l, const PlacedMember &m) -> const PlacedMember * {
    const auto it = std::find_if(l.members.begin(), l.members.end(),
                                 [&](const PlacedMember &o) { return o.use == m.use && o.name == m.name; });
    return it == l.members.end() ? nullptr : &*it;
  };
  std::vector<MemberChange> changes;
  for (const PlacedMember &m : from.members) {
    const PlacedMember *other = find(to, m);
    if (other == nullptr)
      changes.push_back({Kind::gone, &m, nullptr});
    else if (other->offset != m.offset || other->size != m.size || other->bits != m.bits)
      changes.push_back({Kind::moved, &m, other});
  }
  for (const PlacedMember &m : to.members)
    if (find(from, m) == nullptr) changes.push_back({Kind::added, nullptr, &m});
  return changes;
}

MemMapCost mem_map_cost(u64 sizeof_page, u64 pages, u64 ram_bytes) {
  const u64 bytes = sizeof_page * pages;
  return {bytes, ram_bytes == 0 ? 0 : (bytes * 10000 + ram_bytes / 2) / ram_bytes};
}

} // namespace mmscope
