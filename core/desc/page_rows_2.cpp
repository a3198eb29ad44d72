// struct page of 2.4 and 2.6: fixed members whose meaning depends on the owner, hardly a union.
#include "desc/page_rows.hpp"

namespace mmscope::desc {

namespace {

using namespace page_option;
using U = PageUse;

// --- 2.4.22 ---

constexpr PageMember members_2_4_22[] = {
    list("list", "link in the file's list of clean, dirty or locked pages"),
    pointer("mapping", "the file's address_space"),
    word("index", "the page's place in the file, or its swap entry"),
    pointer("next_hash", "next page of the same bucket of the page cache's hash table"),
    integer("count", "users: the page cache, its buffers and each page table entry count; 0 = free"),
    word("flags", "PG_ flags, and at the top an index of zone_table[]"),
    list("lru", "link in the active or the inactive list"),
    pointer("pprev_hash", "what points to this page in its bucket"),
    pointer("buffers", "ring of buffer heads"),
    pointer("virtual", say::virtual_, virtual_address),
};
constexpr PageFlag flags_2_4_22[] = {
    {"locked", 0},   {"error", 1},   {"referenced", 2}, {"uptodate", 3}, {"dirty", 4},
    {"lru", 6},      {"active", 7},  {"slab", 8},       {"skip", 10},    {"highmem", 11},
    {"checked", 12}, {"arch_1", 13}, {"reserved", 14},  {"launder", 15}, {"fs_1", 16},
};
constexpr PageMeaning meanings_2_4_22[] = {
    {U::free_block, "list", "link in the free list of the block's order, in the block's first page"},
    {U::slab, "list", "next: the cache; prev: the slab"},
    {U::free_block, "index", "the order, while the page waits on current->local_pages"},
};

// --- 2.6.11 ---

constexpr std::string_view count_from_minus_one = "users, less one: -1 while the page is free";

constexpr PageMember members_2_6_11[] = {
    word("flags", "PG_ flags, and at the top node and zone as an index of zone_table[]"),
    integer("_count", count_from_minus_one),
    integer("_mapcount", say::mapcount),
    word("private", say::private_),
    pointer("mapping", say::mapping),
    word("index", say::index),
    list("lru", say::lru),
    pointer("virtual", say::virtual_, virtual_address),
};
// The type of flags is int on machines that change an int atomically (ARCH_HAS_ATOMIC_UNSIGNED).
constexpr PageFlag flags_2_6_11[] = {
    {"locked", 0},    {"error", 1},      {"referenced", 2},    {"uptodate", 3},   {"dirty", 4},
    {"lru", 5},       {"active", 6},     {"slab", 7},          {"highmem", 8},    {"checked", 9},
    {"arch_1", 10},   {"reserved", 11},  {"private", 12},      {"writeback", 13}, {"nosave", 14},
    {"compound", 15}, {"swapcache", 16}, {"mappedtodisk", 17}, {"reclaim", 18},   {"nosave_free", 19},
};
constexpr PageMeaning meanings_2_6[] = {
    {U::free_block, "private", "the block's order, in its first page"},
    {U::free_block, "lru", "link in the free list of the block's order"},
    {U::pcp, "lru", "link in the CPU's list"},
    {U::slab, "lru", "SLAB: next is the cache, prev the slab"},
    {U::tail, "private", "the first page of the compound page"},
    {U::first_tail, "lru", "next: the function that frees the compound page; prev: its order"},
};

// --- 2.6.20 ---

constexpr PageMember members_2_6_20[] = {
    word("flags", say::flags),
    integer("_count", say::refcount),
    integer("_mapcount", say::mapcount),
    one_of(),
    together(),
    word("private", say::private_),
    pointer("mapping", say::mapping),
    end(),
    when_used(U::table, spinlock("ptl", say::ptl)),
    end(),
    word("index", say::index),
    list("lru", say::lru),
    pointer("virtual", say::virtual_, virtual_address),
};
constexpr PageFlag flags_2_6_20[] = {
    {"locked", 0},       {"error", 1},         {"referenced", 2},
    {"uptodate", 3},     {"dirty", 4},         {"lru", 5},
    {"active", 6},       {"slab", 7},          {"checked", 8},
    {"arch_1", 9},       {"reserved", 10},     {"private", 11},
    {"writeback", 12},   {"nosave", 13},       {"compound", 14},
    {"swapcache", 15},   {"mappedtodisk", 16}, {"reclaim", 17},
    {"nosave_free", 18}, {"buddy", 19},        {"uncached", 31, word_64},
};

// --- 2.6.24 ---

constexpr PageMember members_2_6_24[] = {
    word("flags", say::flags),
    integer("_count", say::refcount),
    one_of(),
    integer("_mapcount", say::mapcount),
    when_used(U::slab, integer("inuse", "SLUB: objects handed out")),
    end(),
    one_of(),
    together(),
    word("private", say::private_),
    pointer("mapping", say::mapping),
    end(),
    when_used(U::table, spinlock("ptl", say::ptl)),
    when_used(U::slab, pointer("slab", "SLUB: the cache")),
    when_used(U::tail, pointer("first_page", "the first page of the compound page")),
    end(),
    one_of(),
    word("index", say::index),
    when_used(U::slab, pointer("freelist", "SLUB: the first free object")),
    end(),
    list("lru", say::lru),
    pointer("virtual", say::virtual_, virtual_address),
};
constexpr PageFlag flags_2_6_24[] = {
    {"locked", 0},        {"error", 1},    {"referenced", 2}, {"uptodate", 3},           {"dirty", 4},
    {"lru", 5},           {"active", 6},   {"slab", 7},       {"owner_priv_1", 8},       {"arch_1", 9},
    {"reserved", 10},     {"private", 11}, {"writeback", 12}, {"compound", 14},          {"swapcache", 15},
    {"mappedtodisk", 16}, {"reclaim", 17}, {"buddy", 19},     {"uncached", 31, word_64},
};
constexpr PageFlagAlias aliases_2_6_24[] = {{"readahead", "reclaim"}};

// --- 4.9 ---

constexpr PageMember members_4_9[] = {
    word("flags", say::flags),
    one_of(),
    pointer("mapping", say::mapping),
    when_used(U::slab, pointer("s_mem", "SLAB: the first object")),
    when_used(U::first_tail, integer("compound_mapcount", "mappings of the compound page as a whole, less one")),
    end(),
    one_of(),
    word("index", say::index),
    when_used(U::slab, pointer("freelist", "SLUB: the first free object; SLAB: indices of the free ones")),
    end(),
    one_of(),
    when_used(U::slab, word("counters", "SLUB: its counts, and _refcount with them, as one word", aligned)),
    without(aligned, when_used(U::slab, integer("counters", "SLUB: its counts as one word"))),
    together(),
    one_of(),
    integer("_mapcount", "page table entries that map the page, less one; or what the page is, below -1"),
    when_used(U::slab, integer("active", "SLAB: objects handed out")),
    in_use(U::slab),
    bits("inuse", 16, say::inuse),
    bits("objects", 15, say::objects),
    bits("frozen", 1, say::frozen),
    end(),
    when_used(U::slab, integer("units", "SLOB: free units in the page")),
    end(),
    integer("_refcount", say::refcount),
    end(),
    end(),
    one_of(),
    list("lru", say::lru),
    when_used(U::device, pointer("pgmap", say::pgmap)),
    in_use(U::slab),
    pointer("next", "SLUB: next slab of the CPU's partial list"),
    half("pages", "… slabs on that list"),
    half("pobjects", "… about so many free objects in them"),
    end(),
    when_used(U::rcu, rcu("rcu_head", say::rcu)),
    in_use(U::first_tail),
    when_used(U::tail, word("compound_head", say::head)),
    half("compound_dtor", "which function frees the compound page"),
    half("compound_order", "order of the compound page"),
    end(),
    in_use(U::table),
    word("__pad", "where compound_head would be: not a tail"),
    pointer("pmd_huge_pte", say::pmd_huge_pte),
    end(),
    end(),
    one_of(),
    word("private", say::private_),
    when_used(U::table, spinlock("ptl", say::ptl)),
    when_used(U::slab, pointer("slab_cache", say::slab_cache)),
    end(),
    pointer("mem_cgroup", "the group that the page is charged to", memcg),
    pointer("virtual", say::virtual_, virtual_address),
    pointer("shadow", "which bytes of the page have been written", kmemcheck),
    integer("_last_cpupid", say::cpupid, last_cpupid),
};
constexpr PageFlag flags_4_9[] = {
    {"locked", 0},
    {"error", 1},
    {"referenced", 2},
    {"uptodate", 3},
    {"dirty", 4},
    {"lru", 5},
    {"active", 6},
    {"slab", 7},
    {"owner_priv_1", 8},
    {"arch_1", 9},
    {"reserved", 10},
    {"private", 11},
    {"private_2", 12},
    {"writeback", 13},
    {"head", 14},
    {"swapcache", 15},
    {"mappedtodisk", 16},
    {"reclaim", 17},
    {"swapbacked", 18},
    {"unevictable", 19},
    {"mlocked", 20},
    {"uncached", PageFlag::next_bit, uncached},
    {"hwpoison", PageFlag::next_bit, hwpoison},
    {"young", PageFlag::next_bit, idle | word_64},
    {"idle", PageFlag::next_bit, idle | word_64},
};
constexpr PageFlagAlias aliases_4_9[] = {{"readahead", "reclaim"}};
constexpr PageType types_4_9[] = {
    {"buddy", 0xffffff80, 0xffffffff, 0xffffff80},   // -128
    {"balloon", 0xffffff00, 0xffffffff, 0xffffff00}, // -256
    {"kmemcg", 0xfffffe00, 0xffffffff, 0xfffffe00},  // -512
};
constexpr PageMeaning meanings_4_9[] = {
    {U::free_block, "private", "the block's order, in its first page"},
    {U::free_block, "lru", "link in the free list of its order and migratetype"},
    {U::free_block, "_mapcount", "-128 in the block's first page"},
    {U::pcp, "lru", "link in the CPU's list"},
    {U::pcp, "index", "the migratetype"},
    {U::slab, "lru", "link in the node's list of partial slabs"},
};

} // namespace

const PageRow page_2_4_22{
    .name = "2.4.22",
    .members = members_2_4_22,
    .overlays = {},
    .flags = flags_2_4_22,
    .aliases = {},
    .types = {},
    .meanings = meanings_2_4_22,
    .free_mark = "none in the page: count is 0, and a bit of the pair's in free_area.map tells which buddy is free",
    .rules = {.scheme = FlagsScheme::zone_byte},
    .map = {.whole_blocks = false, .roots_allocated = false, .section_flag_bits = 2},
    .usual = 0,
    .source = "include/linux/mm.h struct page (2.4.22)",
    .flags_source = "include/linux/mm.h PG_*, ZONE_SHIFT (2.4.22)",
};

const PageRow page_2_6_11{
    .name = "2.6.11",
    .members = members_2_6_11,
    .overlays = {},
    .flags = flags_2_6_11,
    .aliases = {},
    .types = {},
    .meanings = meanings_2_6,
    .free_mark = "PG_private with the order in private, while no one uses the page and it is not reserved",
    .rules = {.scheme = FlagsScheme::nodezone},
    .map = {.whole_blocks = false, .roots_allocated = false, .section_flag_bits = 2},
    .usual = int_flags,
    .source = "include/linux/mm.h struct page, page_flags_t (2.6.11)",
    .flags_source = "include/linux/page-flags.h, include/linux/mm.h NODEZONE (2.6.11)",
};

const PageRow page_2_6_20{
    .name = "2.6.20",
    .members = members_2_6_20,
    .overlays = {},
    .flags = flags_2_6_20,
    .aliases = {},
    .types = {},
    .meanings = meanings_2_6,
    .free_mark = "PG_buddy, with the order in private",
    .rules = {.reserved_32 = 9, .reserved_64 = 32},
    .map = {.roots_allocated = false, .section_flag_bits = 2},
    .usual = 0,
    .source = "include/linux/mm_types.h struct page (2.6.20)",
    .flags_source = "include/linux/page-flags.h, include/linux/mm.h FLAGS_RESERVED (2.6.20)",
};

const PageRow page_2_6_24{
    .name = "2.6.24",
    .members = members_2_6_24,
    .overlays = {},
    .flags = flags_2_6_24,
    .aliases = aliases_2_6_24,
    .types = {},
    .meanings = meanings_2_6,
    .free_mark = "PG_buddy, with the order in private",
    .rules = {.reserved_32 = 9, .reserved_64 = 32},
    .map = {.roots_allocated = false, .section_flag_bits = 2},
    .usual = 0,
    .source = "include/linux/mm_types.h struct page (2.6.24)",
    .flags_source = "include/linux/page-flags.h, include/linux/mm.h FLAGS_RESERVED (2.6.24)",
};

const PageRow page_4_9{
    .name = "4.9",
    .members = members_4_9,
    .overlays = {},
    .flags = flags_4_9,
    .aliases = aliases_4_9,
    .types = types_4_9,
    .meanings = meanings_4_9,
    .free_mark = "_mapcount is -128, with the order in private",
    .rules = {},
    .map = {.roots_allocated = false, .section_flag_bits = 2},
    .usual = memcg | aligned | uncached | hwpoison,
    .source = "include/linux/mm_types.h struct page (4.9)",
    .flags_source = "include/linux/page-flags.h, include/linux/page-flags-layout.h (4.9)",
};

} // namespace mmscope::desc
