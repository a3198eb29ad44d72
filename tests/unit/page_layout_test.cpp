// struct page of every era: sizes and offsets against a table of their own (what a compiler made of the declarations,
// 32 and 64 bits) and against the BTF of real kernels.
#include "base/text.hpp"
#include "desc/page_layout.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <fstream>
#include <set>

using namespace mmscope;
namespace po = page_option;

namespace {

const PageRow &row_of(std::string_view name) {
  const PageRow *row = find_page_row(name);
  REQUIRE_MESSAGE(row != nullptr, name);
  return *row;
}

const PlacedMember *member_of(const PageLayout &l, std::string_view name, std::string_view structure = "page") {
  for (const PlacedMember &m : l.members)
    if (m.name == name && m.structure == structure) return &m;
  return nullptr;
}

struct SizeRow {
  std::string_view era;
  u32 options;
  u64 bytes_32, bytes_64; // 0 = not told
};
constexpr SizeRow sizes[] = {
    {"2.4.22", 0, 44, 88},
    {"2.4.22", po::virtual_address, 48, 96},
    {"2.6.11", 0, 32, 56},
    {"2.6.11", po::virtual_address, 36, 64},
    {"2.6.11", po::int_flags, 32, 56},
    {"2.6.20", 0, 32, 56},
    {"2.6.20", po::virtual_address, 36, 64},
    {"2.6.24", 0, 32, 56},
    {"2.6.24", po::virtual_address, 36, 64},
    {"4.9", 0, 32, 56},
    {"4.9", po::memcg, 36, 64},
    {"4.9", po::memcg | po::last_cpupid, 40, 72},
    {"4.9", po::aligned, 32, 64},
    {"4.9", po::memcg | po::aligned, 40, 64},
    {"4.9", po::memcg | po::last_cpupid | po::aligned, 40, 80},
    {"5.10", po::memcg | po::aligned, 40, 64},
    {"5.15", 0, 32, 56},
    {"5.15", po::memcg, 36, 64},
    {"5.15", po::memcg | po::aligned, 40, 64},
    {"5.15", po::aligned, 32, 64},
    {"5.15", po::memcg | po::aligned | po::last_cpupid, 40, 80},
    {"6.1", 0, 32, 56},
    {"6.1", po::memcg, 36, 64},
    {"6.1", po::memcg | po::aligned, 40, 64},
    {"6.1", po::aligned, 32, 64},
    {"6.1", po::memcg | po::aligned | po::last_cpupid, 40, 80},
    {"6.12", po::memcg, 36, 64},
    {"6.12", po::memcg | po::aligned, 0, 64},
    {"7.2", po::memcg, 36, 64},
    {"7.2", po::memcg | po::aligned, 0, 64},
};

struct MemberRow {
  std::string_view era, name;
  u64 offset_32, size_32, offset_64, size_64; // bytes
  std::string_view structure = "page";
  u32 options = 0;
};
constexpr u32 all = po::memcg | po::virtual_address;
constexpr u64 none = ~u64{0}; // the word size has no such member
constexpr MemberRow members[] = {
    {"2.4.22", "list", 0, 8, 0, 16},
    {"2.4.22", "mapping", 8, 4, 16, 8},
    {"2.4.22", "index", 12, 4, 24, 8},
    {"2.4.22", "next_hash", 16, 4, 32, 8},
    {"2.4.22", "count", 20, 4, 40, 4},
    {"2.4.22", "flags", 24, 4, 48, 8},
    {"2.4.22", "lru", 28, 8, 56, 16},
    {"2.4.22", "pprev_hash", 36, 4, 72, 8},
    {"2.4.22", "buffers", 40, 4, 80, 8},
    {"2.4.22", "virtual", 44, 4, 88, 8, "page", all},
    {"2.6.11", "flags", 0, 4, 0, 8},
    {"2.6.11", "_count", 4, 4, 8, 4},
    {"2.6.11", "_mapcount", 8, 4, 12, 4},
    {"2.6.11", "private", 12, 4, 16, 8},
    {"2.6.11", "mapping", 16, 4, 24, 8},
    {"2.6.11", "index", 20, 4, 32, 8},
    {"2.6.11", "lru", 24, 8, 40, 16},
    {"2.6.11", "flags", 0, 4, 0, 4, "page", po::int_flags},
    {"2.6.11", "_count", 4, 4, 4, 4, "page", po::int_flags},
    {"2.6.20", "flags", 0, 4, 0, 8},
    {"2.6.20", "_count", 4, 4, 8, 4},
    {"2.6.20", "_mapcount", 8, 4, 12, 4},
    {"2.6.20", "private", 12, 4, 16, 8},
    {"2.6.20", "ptl", 12, 4, 16, 4},
    {"2.6.20", "mapping", 16, 4, 24, 8},
    {"2.6.20", "index", 20, 4, 32, 8},
    {"2.6.20", "lru", 24, 8, 40, 16},
    {"2.6.24", "flags", 0, 4, 0, 8},
    {"2.6.24", "_count", 4, 4, 8, 4},
    {"2.6.24", "_mapcount", 8, 4, 12, 4},
    {"2.6.24", "inuse", 8, 4, 12, 4},
    {"2.6.24", "private", 12, 4, 16, 8},
    {"2.6.24", "slab", 12, 4, 16, 8},
    {"2.6.24", "first_page", 12, 4, 16, 8},
    {"2.6.24", "mapping", 16, 4, 24, 8},
    {"2.6.24", "index", 20, 4, 32, 8},
    {"2.6.24", "freelist", 20, 4, 32, 8},
    {"2.6.24", "lru", 24, 8, 40, 16},
    {"2.6.24", "virtual", 32, 4, 56, 8, "page", all},
    {"4.9", "flags", 0, 4, 0, 8},
    {"4.9", "mapping", 4, 4, 8, 8},
    {"4.9", "s_mem", 4, 4, 8, 8},
    {"4.9", "compound_mapcount", 4, 4, 8, 4},
    {"4.9", "index", 8, 4, 16, 8},
    {"4.9", "freelist", 8, 4, 16, 8},
    {"4.9", "counters", 12, 4, 24, 4},
    {"4.9", "counters", 12, 4, 24, 8, "page", po::aligned},
    {"4.9", "_mapcount", 12, 4, 24, 4},
    {"4.9", "active", 12, 4, 24, 4},
    {"4.9", "inuse", 12, 4, 24, 4},
    {"4.9", "objects", 14, 4, 26, 4},
    {"4.9", "frozen", 15, 4, 27, 4},
    {"4.9", "units", 12, 4, 24, 4},
    {"4.9", "_refcount", 16, 4, 28, 4},
    {"4.9", "lru", 20, 8, 32, 16},
    {"4.9", "next", 20, 4, 32, 8},
    {"4.9", "pages", 24, 2, 40, 4},
    {"4.9", "pobjects", 26, 2, 44, 4},
    {"4.9", "rcu_head", 20, 8, 32, 16},
    {"4.9", "compound_head", 20, 4, 32, 8},
    {"4.9", "compound_dtor", 24, 2, 40, 4},
    {"4.9", "compound_order", 26, 2, 44, 4},
    {"4.9", "pgmap", 20, 4, 32, 8},
    {"4.9", "pmd_huge_pte", 24, 4, 40, 8},
    {"4.9", "private", 28, 4, 48, 8},
    {"4.9", "ptl", 28, 4, 48, 4},
    {"4.9", "ptl", 28, 4, 48, 8, "page", po::big_locks},
    {"4.9", "slab_cache", 28, 4, 48, 8},
    {"4.9", "mem_cgroup", 32, 4, 56, 8, "page", all},
    {"4.9", "virtual", 36, 4, 64, 8, "page", all},
    {"4.9", "_last_cpupid", 36, 4, 64, 4, "page", po::memcg | po::last_cpupid},
    {"5.15", "lru", 4, 8, 8, 16},
    {"5.15", "mapping", 12, 4, 24, 8},
    {"5.15", "index", 16, 4, 32, 8},
    {"5.15", "private", 20, 4, 40, 8},
    {"5.15", "pp_magic", 4, 4, 8, 8},
    {"5.15", "pp", 8, 4, 16, 8},
    {"5.15", "_pp_mapping_pad", 12, 4, 24, 8},
    {"5.15", "dma_addr", 16, 4, 32, 8},
    {"5.15", "dma_addr_upper", 20, 4, 40, 8},
    {"5.15", "pp_frag_count", 20, 4, 40, 8},
    {"5.15", "slab_list", 4, 8, 8, 16},
    {"5.15", "next", 4, 4, 8, 8},
    {"5.15", "pages", 8, 2, 16, 4},
    {"5.15", "pobjects", 10, 2, 20, 4},
    {"5.15", "slab_cache", 12, 4, 24, 8},
    {"5.15", "freelist", 16, 4, 32, 8},
    {"5.15", "counters", 20, 4, 40, 8},
    {"5.15", "s_mem", 20, 4, 40, 8},
    {"5.15", "compound_head", 4, 4, 8, 8},
    {"5.15", "compound_dtor", 8, 1, 16, 1},
    {"5.15", "compound_order", 9, 1, 17, 1},
    {"5.15", "compound_mapcount", 12, 4, 20, 4},
    {"5.15", "compound_nr", 16, 4, 24, 4},
    {"5.15", "hpage_pinned_refcount", 8, 4, 16, 4},
    {"5.15", "deferred_list", 12, 8, 24, 16},
    {"5.15", "pmd_huge_pte", 8, 4, 16, 8},
    {"5.15", "pt_mm", 16, 4, 32, 8},
    {"5.15", "pt_frag_refcount", 16, 4, 32, 4},
    {"5.15", "ptl", 20, 4, 40, 4},
    {"5.15", "pgmap", 4, 4, 8, 8},
    {"5.15", "zone_device_data", 8, 4, 16, 8},
    {"5.15", "rcu_head", 4, 8, 8, 16},
    {"5.15", "_mapcount", 24, 4, 48, 4},
    {"5.15", "page_type", 24, 4, 48, 4},
    {"5.15", "active", 24, 4, 48, 4},
    {"5.15", "units", 24, 4, 48, 4},
    {"5.15", "_refcount", 28, 4, 52, 4},
    {"5.15", "memcg_data", 32, 4, 56, 8, "page", all},
    {"5.15", "virtual", 36, 4, 64, 8, "page", all},
    {"6.1", "buddy_list", 4, 8, 8, 16},
    {"6.1", "pcp_list", 4, 8, 8, 16},
    {"6.1", "compound_pincount", 16, 4, 24, 4},
    {"6.1", "compound_nr", none, 0, 28, 4},
    {"6.1", "_private_1", none, 0, 32, 8},
    {"6.1", "deferred_list", 12, 8, 24, 16},
    {"6.1", "slab_list", 4, 8, 8, 16, "slab"},
    {"6.1", "slabs", 8, 4, 16, 4, "slab"},
    {"6.1", "slab_cache", 12, 4, 24, 8, "slab"},
    {"6.1", "freelist", 16, 4, 32, 8, "slab"},
    {"6.1", "counters", 20, 4, 40, 8, "slab"},
    {"6.1", "__unused", 24, 4, 48, 4, "slab"},
    {"6.1", "__page_refcount", 28, 4, 52, 4, "slab"},
    {"6.1", "memcg_data", 32, 4, 56, 8, "slab", all},
};

// --- BTF ---

struct BtfMember {
  u64 offset, size, bits;
  std::string name;
  unsigned indent;
};
struct Btf {
  u64 size = 0;
  std::vector<BtfMember> members;
};

// "struct NAME size N" and the lines below it; the flags' line when name is "pageflags".
Btf read_btf(const std::string &release, const std::string &name) {
  std::ifstream file(concat(MMSCOPE_TEST_DATA "/structs/", release, ".txt"));
  REQUIRE(file.is_open());
  Btf btf;
  bool here = false;
  for (std::string line; std::getline(file, line);) {
    std::string_view rest = line;
    const auto indent = static_cast<unsigned>(line.find_first_not_of(' '));
    const std::string_view first = next_word(rest);
    if (first == "struct") {
      here = next_word(rest) == name;
      next_word(rest);
      if (here) btf.size = *parse_u64(trim(rest));
      continue;
    }
    if (!here || first.empty() || first == "enum") continue;
    const u64 offset = *parse_u64(first), size = *parse_u64(next_word(rest));
    const std::string_view member = next_word(rest);
    u64 bits = 0;
    if (const std::string_view more = next_word(rest); more.starts_with(':')) bits = *parse_u64(more.substr(1));
    btf.members.push_back({offset, size, bits, std::string(member), indent});
  }
  return btf;
}

std::vector<std::pair<std::string, u64>> read_flags(const std::string &release) {
  std::ifstream file(concat(MMSCOPE_TEST_DATA "/structs/", release, ".txt"));
  REQUIRE(file.is_open());
  std::vector<std::pair<std::string, u64>> flags;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("enum pageflags ")) continue;
    std::string_view rest = std::string_view(line).substr(15);
    for (std::string_view word = next_word(rest); !word.empty(); word = next_word(rest)) {
      const std::size_t equals = word.find('=');
      flags.emplace_back(std::string(word.substr(0, equals)), *parse_u64(word.substr(equals + 1)));
    }
  }
  return flags;
}

// A member of ours by BTF's name for it: the type rcu_head is a macro for callback_head.
std::string_view btf_name(std::string_view name) { return name == "rcu_head" ? "callback_head" : name; }

// What BTF tells of a member's type, not of the structure; and what only another name of whole pages.
bool inner(std::string_view name) {
  return name == "(anon)" || name == "counter" || name == "prev" || name == "func" || name == "rlock" || name == "f" ||
         name == "val" || name == "first" || name == "full" || name == "next";
}

struct Kernel {
  std::string_view era;
  const char *release;
  unsigned word;
  u32 options;
};
constexpr u32 debian = po::memcg | po::aligned;
constexpr Kernel kernels[] = {
    {"5.10", "5.10.0-32-amd64", 8, debian | po::uncached | po::hwpoison},
    {"6.1", "6.1.0-50-amd64", 8, debian | po::uncached | po::hwpoison},
    {"6.1", "6.1.0-50-686-pae", 4, debian | po::uncached | po::hwpoison},
    {"6.1", "6.1.0-50-armmp", 4, po::memcg},
    {"6.12", "6.12.107+deb13-amd64", 8, debian | po::hwpoison | po::idle | po::arch_2},
    {"7.2", "7.2.13+deb14-amd64", 8, debian | po::hwpoison | po::idle | po::arch_2},
    {"7.2", "7.2.13+deb14-arm64", 8, debian | po::hwpoison | po::idle | po::arch_2 | po::arch_3},
};

// Both ways: each member of ours is in BTF where we say, and BTF has none that we lack.
void compare_with_btf(const Kernel &k, const PageLayout &l, std::string_view structure, const Btf &btf, u64 base) {
  u64 found = 0;
  for (const PlacedMember &m : l.members) {
    if (m.structure != structure) continue;
    const bool there = std::any_of(btf.members.begin(), btf.members.end(), [&](const BtfMember &b) {
      return b.name == btf_name(m.name) && b.offset == base + m.offset && b.size == m.size && b.bits == m.bits;
    });
    CHECK_MESSAGE(there, std::string(k.release), " has no ", structure, ".", m.name, " at ", m.offset, " of ", m.size,
                  " bytes");
    ++found;
  }
  CHECK(found > 0);
}
void compare_with_ours(const Kernel &k, const PageLayout &l, std::string_view structure, const Btf &btf) {
  for (const BtfMember &b : btf.members) {
    if (inner(b.name)) continue;
    const bool there = std::any_of(l.members.begin(), l.members.end(), [&](const PlacedMember &m) {
      return m.structure == structure && b.name == btf_name(m.name) && b.offset == m.offset && b.size == m.size;
    });
    CHECK_MESSAGE(there, "only ", std::string(k.release), " has ", structure, ".", b.name, " at ", b.offset);
  }
}

} // namespace

TEST_CASE("page_layout: total sizes of every era, word size and option") {
  for (const SizeRow &s : sizes) {
    CAPTURE(std::string(s.era));
    CAPTURE(s.options);
    const PageRow &row = row_of(s.era);
    CHECK((s.options & ~options_of(row)) == 0);
    if (s.bytes_32 != 0) CHECK(page_layout(row, 4, s.options).size == s.bytes_32);
    if (s.bytes_64 != 0) CHECK(page_layout(row, 8, s.options).size == s.bytes_64);
  }
  for (const PageRow *row : page_rows())
    CHECK(std::any_of(std::begin(sizes), std::end(sizes), [&](const SizeRow &s) { return s.era == row->name; }));
}

TEST_CASE("page_layout: offsets and sizes of the members") {
  for (const MemberRow &e : members) {
    for (const unsigned word : {4u, 8u}) {
      CAPTURE(std::string(e.era));
      CAPTURE(std::string(e.name));
      CAPTURE(word);
      const PageLayout l = page_layout(row_of(e.era), word, e.options);
      const PlacedMember *m = member_of(l, e.name, e.structure);
      const u64 offset = word == 4 ? e.offset_32 : e.offset_64;
      CHECK((m == nullptr) == (offset == none));
      if (m == nullptr) continue;
      CHECK(m->offset == offset);
      CHECK(m->size == (word == 4 ? e.size_32 : e.size_64));
    }
  }
}

TEST_CASE("page_layout: as the BTF of real kernels has it") {
  for (const Kernel &k : kernels) {
    CAPTURE(std::string(k.release));
    const PageLayout l = page_layout(row_of(k.era), k.word, k.options);
    const Btf page = read_btf(k.release, "page"), slab = read_btf(k.release, "slab");
    CHECK(l.size == page.size);
    compare_with_btf(k, l, "page", page, 0);
    compare_with_ours(k, l, "page", page);
    if (!slab.members.empty()) {
      compare_with_btf(k, l, "slab", slab, 0);
      compare_with_ours(k, l, "slab", slab);
    }
    // Where the folio's own members lie beyond struct page, page by page.
    const Btf folio = read_btf(k.release, "folio");
    for (const PageOverlay &o : row_of(k.era).overlays)
      if (o.name.starts_with("folio")) compare_with_btf(k, l, o.name, folio, o.page * page.size);
  }
}

TEST_CASE("page_layout: PG_ flags and their second names, as BTF has them") {
  for (const Kernel &k : kernels) {
    CAPTURE(std::string(k.release));
    const PageRow &row = row_of(k.era);
    const auto flags = page_flags(row, k.word, k.options);
    const auto bit_of = [&](std::string_view name) -> u64 {
      for (const PlacedFlag &f : flags)
        if (f.name == name) return f.bit;
      for (const PageFlagAlias &a : row.aliases)
        if (a.name == name)
          for (const PlacedFlag &f : flags)
            if (f.name == a.of) return f.bit;
      return ~u64{0};
    };
    u64 named = 0;
    for (const auto &[read_name, bit] : read_flags(k.release)) {
      const std::string name(read_name);
      CAPTURE(name);
      if (name == "__NR_PAGEFLAGS") {
        CHECK(nr_pageflags(row, k.word, k.options) == bit);
        CHECK(flags.size() == bit);
      } else {
        CHECK(bit_of(std::string_view(name).substr(3)) == bit);
        ++named;
      }
    }
    CHECK(named > 20);
  }
}

TEST_CASE("page_layout: PG_ flags of kernels without BTF") {
  const auto bit = [](std::string_view era, unsigned word, std::string_view name) {
    for (const PlacedFlag &f : page_flags(row_of(era), word, 0))
      if (f.name == name) return static_cast<int>(f.bit);
    return -1;
  };
  CHECK(bit("2.4.22", 4, "dirty") == 4);
  CHECK(bit("2.4.22", 4, "lru") == 6);
  CHECK(bit("2.4.22", 4, "highmem") == 11);
  CHECK(bit("2.4.22", 4, "fs_1") == 16);
  CHECK(bit("2.6.11", 4, "reserved") == 11);
  CHECK(bit("2.6.11", 4, "compound") == 15);
  CHECK(bit("2.6.11", 4, "nosave_free") == 19);
  CHECK(bit("2.6.11", 4, "buddy") == -1);
  CHECK(bit("2.6.20", 4, "nosave") == 13);
  CHECK(bit("2.6.24", 4, "nosave") == -1);
  CHECK(bit("2.6.24", 4, "buddy") == 19);
  CHECK(bit("2.6.24", 4, "uncached") == -1);
  CHECK(bit("2.6.24", 8, "uncached") == 31);
  CHECK(bit("4.9", 8, "head") == 14);
  CHECK(bit("4.9", 8, "mlocked") == 20);
  CHECK(bit("5.15", 8, "arch_2") == 22);
  CHECK(bit("5.15", 4, "arch_2") == -1);
  CHECK(nr_pageflags(row_of("6.1"), 8, po::idle | po::uncached | po::hwpoison | po::kasan_tags) == 28);
}

TEST_CASE("page_layout: what a page is, from _mapcount's word") {
  CHECK(page_type_of(row_of("6.1"), 0xffffffff) == "");
  CHECK(page_type_of(row_of("6.1"), 0xffffff7f) == "buddy"); // -129
  CHECK(page_type_of(row_of("6.1"), 0xfffffdff) == "table");
  CHECK(page_type_of(row_of("5.10"), 0xfffffdff) == "kmemcg");
  CHECK(page_type_of(row_of("6.1"), 3) == ""); // four mappings
  CHECK(page_type_of(row_of("4.9"), 0xffffff80) == "buddy");
  CHECK(page_type_of(row_of("4.9"), 0xffffffff) == "");
  CHECK(page_type_of(row_of("6.12"), 0xf5000003) == "slab");
  CHECK(page_type_of(row_of("2.6.24"), 0xffffffff) == "");
}

TEST_CASE("page_layout: every row names its source, every member and flag what it is") {
  std::set<std::string_view> options;
  for (const PageRow *row : page_rows()) {
    CAPTURE(std::string(row->name));
    CHECK(!row->source.empty());
    CHECK(!row->flags_source.empty());
    CHECK(!row->free_mark.empty());
    for (const PageOverlay &o : row->overlays) CHECK_MESSAGE(!o.source.empty(), o.name);
    const PageLayout l = page_layout(*row, 8, ~u32{0});
    for (const PlacedMember &m : l.members) {
      CHECK_MESSAGE(!m.what.empty(), m.name);
      CHECK(!member_type_name(m.type).empty());
      CHECK(m.offset + (m.bits == 0 ? m.size : 1) <= l.size);
    }
    for (const PlacedFlag &f : page_flags(*row, 8, ~u32{0})) CHECK_MESSAGE(!f.what.empty(), f.name);
    for (const PageMeaning &m : row->meanings) CHECK_MESSAGE(member_of(l, m.member) != nullptr, m.member);
    for (const PageOptionInfo &o : page_options())
      if ((options_of(*row) & o.bit) != 0) options.insert(o.name);
  }
  CHECK(options.size() == page_options().size()); // none that changes nothing anywhere
}

TEST_CASE("page_layout: bytes that no member has") {
  CHECK(page_layout(row_of("6.1"), 8, po::memcg).unused.empty());
  const PageLayout plain = page_layout(row_of("6.1"), 8, po::aligned);
  REQUIRE(plain.unused.size() == 8);
  CHECK(plain.unused.front() == 56);
  const PageLayout old = page_layout(row_of("2.4.22"), 8, 0); // count is an int before a word
  REQUIRE(old.unused.size() == 4);
  CHECK(old.unused.front() == 44);
}

TEST_CASE("page_layout: a member means what the page's use makes of it") {
  const PageRow &row = row_of("6.1");
  const PageLayout l = page_layout(row, 8, row.usual);
  const PlacedMember *priv = member_of(l, "private");
  REQUIRE(priv != nullptr);
  CHECK(meaning_of(row, *priv, PageUse::free_block) == "the block's order, in its first page");
  CHECK(meaning_of(row, *priv, PageUse::cache) == priv->what);
}

TEST_CASE("page_layout: two eras compared") {
  using Kind = MemberChange::Kind;
  const PageRow &a = row_of("5.15"), &b = row_of("6.1");
  const PageLayout from = page_layout(a, 8, a.usual), to = page_layout(b, 8, b.usual);
  const auto changes = compare(from, to);
  const auto change = [&](std::string_view name) {
    for (const MemberChange &c : changes)
      if ((c.from != nullptr ? c.from : c.to)->name == name) return &c;
    return static_cast<const MemberChange *>(nullptr);
  };
  REQUIRE(change("compound_nr") != nullptr);
  CHECK(change("compound_nr")->kind == Kind::moved);
  CHECK(change("compound_nr")->from->offset == 24);
  CHECK(change("compound_nr")->to->offset == 28);
  REQUIRE(change("hpage_pinned_refcount") != nullptr);
  CHECK(change("hpage_pinned_refcount")->kind == Kind::gone);
  REQUIRE(change("compound_pincount") != nullptr);
  CHECK(change("compound_pincount")->kind == Kind::added);
  CHECK(change("mapping") == nullptr);
  CHECK(change("freelist") == nullptr); // in another structure, at the same place
  CHECK(compare(from, from).empty());
}

TEST_CASE("page_layout: what mem_map costs") {
  const MemMapCost c = mem_map_cost(64, u64{1} << 20, u64{4} << 30);
  CHECK(c.bytes == u64{64} << 20);
  CHECK(c.share == 156); // 1/64 is 1.5625 %
  CHECK(mem_map_cost(40, 262144, u64{1} << 30).share == 98);
  CHECK(mem_map_cost(64, 1, 0).share == 0);
}
